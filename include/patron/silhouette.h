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
    int32_t clusters;  /* clusters that have rows of weight > 0 */
    int32_t reserved;  /* 0 */
    int64_t in_double; /* rows whose score was computed in double throughout, see patron_silhouette */
    double seconds;    /* wall-clock time of the whole call; not the same from call to call */
    int32_t empty;     /* labels from 0 to k - 1 that no row of weight > 0 has: allowed, and left out */
    int32_t reserved2; /* 0 */
} patron_silhouette_result;

/* The exact silhouette of `labels` (rows->rows numbers 0 … k - 1): the figures into *result, whose `size` must be set;
   each row's into `scores` (rows->rows numbers) and each cluster's mean into `cluster_means` (k numbers, NaN where a
   cluster has no row), the caller's buffers, either may be NULL. O(n^2 d) time, O(n) memory. Weights must be whole
   numbers and count as copies: a row's own distance is left out once; a row of weight 0 gets the score it
   would have by joining its cluster (a is over all members; 0 if there are none) and counts for nothing.
   Up to 1,024 rows, with over 256 labels, or with weights of over 2^30 in all, scores are computed in double. Otherwise
   distances are in float32 and their sums in int64: a score is wrong by less than 1e-6, their mean by less than 1e-8,
   or by less than 5e-8 where few different distances make up most of it (rows of few different values, tails so heavy
   that some rows outweigh the rest). lib/cluster/silhouette_pairs.c has the bound; outliers are scored in double.
   PATRON_INVALID_ARGUMENT (a label out of range, error->row; weights that are not whole), PATRON_NO_DATA,
   PATRON_NOT_FINITE, PATRON_ONE_CLUSTER, PATRON_OUT_OF_RANGE, PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY, PATRON_CANCELLED.
   The same bits at any number of threads and on any instruction set. Thread-safe. */
PATRON_API patron_status patron_silhouette(patron_silhouette_result *result, double *scores, double *cluster_means,
                                           const patron_rows *rows, const int32_t *labels, int32_t k,
                                           const patron_context *context, patron_error *error);

/* The same for `count` ways of labelling the same rows, in about the time of one: labeling l has k[l] clusters and the
   labels from labels + l * rows->rows; its figures go to results[l] (all with the same `size`, set in each), its scores
   to scores + l * rows->rows, its clusters' means behind those of the labelings before it. Scores may differ from those
   of patron_silhouette within the bound. Errors as above. Thread-safe. */
PATRON_API patron_status patron_silhouette_sweep(patron_silhouette_result *results, double *scores,
                                                 double *cluster_means, const patron_rows *rows, const int32_t *labels,
                                                 const int32_t *k, int32_t count, const patron_context *context,
                                                 patron_error *error);

/* Other scores of a labeling, each under its own name, in O(n k d) time and O(n + k d) memory. They are no substitutes
   for one another: only a score compared with the same score of other labelings says anything. */

/* The silhouette of squared Euclidean distances, exact: a and b are mean squared distances, from W |x - m|^2 + S, the
   sum of those from x to a cluster of weight W and mean m whose squared distances to m add up to S. What Spark's
   ClusteringEvaluator calls silhouette, but from centred moments, where Spark expands the square and loses
   digits to an offset. Arguments, weights, results and errors as for
   patron_silhouette. */
PATRON_API patron_status patron_silhouette_squared(patron_silhouette_result *result, double *scores,
                                                   double *cluster_means, const patron_rows *rows,
                                                   const int32_t *labels, int32_t k, const patron_context *context,
                                                   patron_error *error);

/* The simplified silhouette: a is the Euclidean distance to the mean of the row's own cluster, b that to the nearest
   other one; 0 for a row whose cluster has no other weight (Hruschka, de Castro & Campello 2004; Vendramin, Campello &
   Hruschka 2010). Means are those of the labeled rows, weighted. Arguments, weights, results and errors as for
   patron_silhouette. */
PATRON_API patron_status patron_silhouette_simplified(patron_silhouette_result *result, double *scores,
                                                      double *cluster_means, const patron_rows *rows,
                                                      const int32_t *labels, int32_t k, const patron_context *context,
                                                      patron_error *error);

/* The variance ratio (Calinski & Harabasz 1974): B / (k - 1) over W / (n - k), with B the weighted sum of squared
   distances of the clusters' means to the mean of all, W that of rows to their cluster's mean, n the weight of all
   rows, and k the number of clusters that have any. Higher is better. Infinite where W is 0 (NaN where B is too).
   Weights must be whole numbers and count as copies. *value is NaN on failure. PATRON_INVALID_ARGUMENT (a label out of
   range, error->row; weights that are not whole), PATRON_NO_DATA, PATRON_NOT_FINITE, PATRON_ONE_CLUSTER,
   PATRON_OUT_OF_RANGE, PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. Thread-safe. */
PATRON_API patron_status patron_calinski_harabasz(double *value, const patron_rows *rows, const int32_t *labels,
                                                  int32_t k, const patron_context *context, patron_error *error);

/* The index of Davies & Bouldin 1979 (p = 2, q = 1): the mean over clusters i of the highest (s_i + s_j) / |m_i - m_j|
   over the others j, s the mean distance of a cluster's rows to its mean m. Lower is better. Infinite where two
   clusters that are wider than a point have the same mean. Weights may be any numbers. The rest as above. */
PATRON_API patron_status patron_davies_bouldin(double *value, const patron_rows *rows, const int32_t *labels, int32_t k,
                                               const patron_context *context, patron_error *error);

#ifdef __cplusplus
}
#endif

#endif
