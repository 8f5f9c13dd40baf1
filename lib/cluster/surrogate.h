/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cheap stand-in for the silhouette of every row: the score that follows from what distances to groups of rows, the
   nodes, are expected to be (kernels.h: ptn_nodes). Any fixed one makes an unbiased estimate; a good one a narrow one.

   Nodes are found by splits and a short k-means within each cell, on some of the rows, and measured on more of them.
   All choices are made from the rows alone, so scores are the same bits at any number of threads and any level of
   instructions. */
#ifndef PTN_CLUSTER_SURROGATE_H
#define PTN_CLUSTER_SURROGATE_H

#include "cluster/joint.h"

typedef struct ptn_surrogate {
    ptn_joint *joint;
    const ptn_kernels *kernels;
    int64_t nodes, form; /* form: numbers in a covariance */
    bool full;
    int64_t *first; /* cells + 1: in nodes */
    float *means, *slopes, *forms, *spreads, *rests, *shares;
    double *cell_weight;      /* cells: of all their rows */
    int64_t *far, *far_first; /* far rows by cell; cells + 1 */
    float *tiles;             /* a tile for each worker */
    double *distances;        /* clusters x PTN_TILE, for each worker */
    int64_t *totals;          /* clusters, for each worker: of weight x score, in 2^-32 */
} ptn_surrogate;

/* Finds the nodes: some `each` for a cluster. To be closed, also after a failure; the joint stays open as long.
   PATRON_OUT_OF_MEMORY, PATRON_TOO_LARGE, PATRON_CANCELLED. */
patron_status ptn_surrogate_open(ptn_surrogate *surrogate, ptn_joint *joint, int32_t each, patron_error *error);
void ptn_surrogate_close(ptn_surrogate *surrogate);

/* totals[c]: of weight x score over the rows of each of the joint's clusters. PATRON_CANCELLED. */
patron_status ptn_surrogate_total(double *totals, ptn_surrogate *surrogate, double from, double to,
                                  patron_error *error);

/* Scores of a row, one for each labeling, to the bit what the totals have of it. */
void ptn_surrogate_row(double *scores, ptn_surrogate *surrogate, int64_t row, int32_t worker);

#endif
