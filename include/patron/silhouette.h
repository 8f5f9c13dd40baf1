/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Silhouette: how well each row sits in its own cluster rather than in the next best one (Rousseeuw 1987).

   s(i) = (b - a) / max(a, b): a is the mean Euclidean distance of row i to the other rows of its cluster, b the lowest
   mean distance to the rows of another cluster. s runs from -1 to 1; 0 for a row alone in its cluster, and where a = b
   = 0. */
#ifndef PATRON_SILHOUETTE_H
#define PATRON_SILHOUETTE_H

#include <patron/matrix.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct patron_silhouette_result {
    size_t size;       /* sizeof(patron_silhouette_result) */
    double mean;       /* over rows (micro), weighted */
    double mean_macro; /* mean of the clusters' means (Pavlopoulos et al. 2024), over clusters that have rows */
    int32_t clusters;  /* clusters that have rows */
    int32_t reserved;  /* 0 */
} patron_silhouette_result;

/* The exact silhouette of `labels` (rows->rows numbers 0 … k - 1): the figures into *result, whose `size` must be set;
   each row's into `scores` (rows->rows numbers) and each cluster's mean into `cluster_means` (k numbers, NaN where a
   cluster has no row), the caller's buffers, either may be NULL. O(n^2 d) time, O(n) memory. Weights must be whole
   numbers and count as copies: a row's own distance is left out once; a row of weight 0 gets the score it
   would have by joining its cluster (a is over all members; 0 if there are none) and counts for nothing.
   PATRON_INVALID_ARGUMENT (a label out of range, error->row; weights that are not whole), PATRON_NO_DATA,
   PATRON_NOT_FINITE, PATRON_ONE_CLUSTER, PATRON_OUT_OF_RANGE, PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY, PATRON_CANCELLED.
   The same bits at any number of threads. Thread-safe. */
PATRON_API patron_status patron_silhouette(patron_silhouette_result *result, double *scores, double *cluster_means,
                                           const patron_rows *rows, const int32_t *labels, int32_t k,
                                           const patron_context *context, patron_error *error);

#ifdef __cplusplus
}
#endif

#endif
