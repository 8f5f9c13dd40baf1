/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cheap stand-in for the silhouette of every row: the score that follows from what distances to groups of rows, the
   nodes, are expected to be (kernels.h: ptn_nodes). Any fixed one makes an unbiased estimate; a good one a narrow one.

   Nodes are found by splits and a short k-means within each cell, on some of the rows, and measured on more of them.
   All choices are made from the rows alone, so scores are the same bits at any number of threads and any level of
   instructions. */
#ifndef PTN_CLUSTER_SURROGATE_H
#define PTN_CLUSTER_SURROGATE_H

#include "cluster/joint.h"

#define PTN_SURROGATE_STEP 0x1p-32 /* scores are multiples of it, so that sums of them need no order */

typedef struct ptn_surrogate {
    ptn_joint *joint;
    const ptn_kernels *kernels;
    int64_t nodes, form; /* form: numbers in a covariance */
    int64_t rows;        /* nodes are measured on about so many */
    bool full;
    int64_t *first; /* cells + 1: in nodes */
    float *means, *slopes, *forms, *spreads, *rests, *shares;
    double *cell_weight;      /* cells: of all their rows; and */
    double *total;            /* clusters: of theirs */
    int64_t *far, *far_first; /* far rows by cell; cells + 1 */
    double *scratch;          /* cols + 2 */
    double *distances;        /* clusters x PTN_TILE, for each worker */
    float *seen;              /* means as seen from a cell, for each worker; and */
    int32_t *from;            /* that cell */
} ptn_surrogate;

/* Finds the nodes, some `each` for a cluster, and measures them on about `rows` rows. To be closed, also after a
   failure; the joint stays open as long. PATRON_OUT_OF_MEMORY, PATRON_TOO_LARGE, PATRON_CANCELLED. */
patron_status ptn_surrogate_open(ptn_surrogate *surrogate, ptn_joint *joint, int32_t each, int64_t rows,
                                 patron_error *error);
void ptn_surrogate_close(ptn_surrogate *surrogate);

/* Moves and stretches the nodes of each cell, if the joint is of some of the rows, until the mean of all rows and their
   mean square distance to it are met: most of what is wrong by chance goes with that. sums: for each cell of the rows
   in tiles weight, weight x y (cols), weight x |y|^2. */
void ptn_surrogate_calibrate(ptn_surrogate *surrogate, const double *sums);

/* Adds the same sums over tiles first … end - 1, of `cols` columns. */
void ptn_surrogate_measure(double *sums, const float *values, const float *weights, int64_t first, int64_t end,
                           int64_t cols);

/* Scores of the rows of a tile of a cell, for each labeling one after the other: from -1 to 1, 0 where there is none. A
   row has the same in any tile. */
void ptn_surrogate_scores(double *scores, ptn_surrogate *surrogate, const float *tile, int32_t cell, int32_t worker);

#endif
