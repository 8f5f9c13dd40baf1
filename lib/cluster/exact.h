/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of runs: centroids, labels and inertia from the caller's own values, not from packed ones.

   Means are sums in twice the precision, rounded once, so that a cluster of equal rows has exactly their value. Labels
   are then decided again, by the rule, against these centroids, and both again until no label changes. Passes over the
   caller's rows are cut into spans whose results are added in order: the same bits from any number of threads. */
#ifndef PTN_CLUSTER_EXACT_H
#define PTN_CLUSTER_EXACT_H

#include "cluster/lloyd.h"

/* Figures of a run that only exact passes know. */
typedef struct ptn_figures {
    double *weights; /* k: true weights of the clusters */
    double *rows;    /* k: their rows of weight > 0 */
    double inertia;  /* of the labels about their means, packed units; -1: too far from that about the last centroids */
} ptn_figures;

/* Exact means of `count` runs into their centroids, clusters in lexicographic order of these (labels follow), and their
   figures. No cluster may be empty. PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_exact_means(ptn_passes *passes, ptn_run **runs, ptn_figures **figures, int32_t count,
                              const double *weights, patron_error *error);

/* The inertia of a run's labels about its centroids, packed units, where these are not the labels' means. */
patron_status ptn_exact_inertia(double *inertia, ptn_passes *passes, ptn_run *run, const double *weights,
                                patron_error *error);

#endif
