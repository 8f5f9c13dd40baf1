/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows along the border of two clusters, moved together.

   A run of k-means ends where no single row is nearer to another centroid. Where many rows have nearly the same values,
   as in a column of few distinct numbers that outweighs the others, it so ends at each cut between two such values,
   though with all of them on the other side the sum of squares would be lower: both centroids would follow. Which rows
   gain by that is found by trying: for each pair of clusters those of one are taken in the order of how near they are
   to the other, and the sum of squares is known after each of them from the sums. */
#ifndef PTN_CLUSTER_BORDER_H
#define PTN_CLUSTER_BORDER_H

#include "cluster/screen.h"

/* A row that may be moved. */
typedef struct ptn_border_row {
    double ratio; /* of its squared distances: to the other centroid, to its own */
    int32_t row;
    int16_t from, to;
} ptn_border_row;

/* Of the rows that two clusters could exchange in one direction, those that lower the inertia most: moves them, labels,
   sums and weights, and returns by how much; where that is no more than `least`, nothing is moved, and it is 0.
   trial->centroids must be those that the labels are of; trial->next is overwritten. */
double ptn_border_move(ptn_trial *trial, int32_t k, double least);

/* Whether inertia is lower with one set of centroids than with another for all rows that the sample stands for, not for
   the sample alone: by the rows' differences, of which it is the sum. */
bool ptn_border_certain(const ptn_sample *sample, const double *before, const double *after, int32_t k);

#endif
