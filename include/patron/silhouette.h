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

/* How an interval was made. */
enum {
    PATRON_INTERVAL_EXACT = 0, /* every row was scored: there is nothing to estimate */
    PATRON_INTERVAL_CLT = 1    /* central limit theorem: Student's t about a stratified mean, see below */
};

typedef struct patron_silhouette_estimate_options {
    size_t size;       /* sizeof(patron_silhouette_estimate_options) */
    double half_width; /* 1e-3: narrow enough; > 0, in patron_silhouette_compare also 0 */
    double level;      /* 0.99: of the interval; 0.5 to 0.999999 */
    int64_t most_rows; /* 0: 100,000, or what the first look needs if that is more; else rows that may be scored */
    uint64_t seed;     /* 0: chooses the sample */
} patron_silhouette_estimate_options;

/* The defaults named above. NULL is ignored. Never fails. Thread-safe. */
PATRON_API void patron_silhouette_estimate_options_init(patron_silhouette_estimate_options *options, size_t size);

typedef struct patron_silhouette_estimate_result {
    size_t size;       /* sizeof(patron_silhouette_estimate_result) */
    double mean;       /* over rows, weighted: an estimate of patron_silhouette's */
    double half_width; /* mean - half_width to mean + half_width is the interval; 0 where exact */
    double level;      /* at which that holds, the rule of stopping included */
    int32_t interval;  /* PATRON_INTERVAL_…: the method it was made by */
    int32_t looks;     /* times the interval was looked at; 0 where exact */
    int64_t rows_used; /* rows whose silhouettes were computed, all of them exactly */
    int32_t clusters;  /* clusters that have rows of weight > 0 */
    int32_t empty;     /* labels from 0 to k - 1 that no row of weight > 0 has: allowed, and left out */
    double seconds;    /* wall-clock time of the whole call; not the same from call to call */
} patron_silhouette_estimate_result;

/* The mean of patron_silhouette, estimated with an interval, in time proportional to the rows: the mean over all rows
   of a surrogate (the score that follows from distances to some 32 groups of rows in each cluster, by their moments),
   and the mean over a sample of exact score less surrogate, which makes it unbiased however good the surrogate is. Of
   over 262,144 rows most may get a coarse surrogate, of one group in each cluster, and a large sample the difference
   to the other: how large follows from half_width and the rows alone, and its variance is part of the interval
   (double sampling, Cochran 1977, ch. 12). Each cluster's mean goes into `cluster_means` and the half-width of its own
   interval, at the same level, into `cluster_half_widths` (k numbers each, NaN where a cluster has no row), the
   caller's buffers, either may be NULL. O(n) memory: a byte a row, and what 262,144 rows take.

   The sample is drawn without replacement from each cluster; clusters of fewer than 1,000 rows, rows with much of their
   cluster's weight, and all of up to 4,096 rows are scored in full. Sizes are fixed before the first draw: 200 rows of
   a cluster (fewer beyond some millions of rows, but 32) and 50 more of those far from its midst, and at each further
   look twice as many of the largest. Look number j may be wrong with probability (1 - level) / (j (j + 1)), which adds
   up to 1 - level: the level holds whenever one stops. An interval is that of the central limit theorem for stratified
   samples: Student's t with the degrees of freedom of Satterthwaite 1946, and the correction for a finite population
   (Cochran 1977, 5.4 and 5.9); rounding of the exact scores (see patron_silhouette) is not part of it.

   PATRON_BUDGET_SPENT: most_rows were scored and the half-width was not reached; everything is filled with the best
   there is. PATRON_TOO_LARGE also for over 256 labels, PATRON_OUT_OF_RANGE for weights of over 2^30 in all, where more
   than 4,096 rows are given; PATRON_INVALID_ARGUMENT also for an option out of its range, or most_rows too few for a
   first look of 30 rows of a cluster. Other arguments and errors as for patron_silhouette. The estimate is the same
   bits at any number of threads and on any instruction set for the same call and seed. Thread-safe. */
PATRON_API patron_status patron_silhouette_estimate(patron_silhouette_estimate_result *result, double *cluster_means,
                                                    double *cluster_half_widths, const patron_rows *rows,
                                                    const int32_t *labels, int32_t k,
                                                    const patron_silhouette_estimate_options *options,
                                                    const patron_context *context, patron_error *error);

/* How a comparison ended. */
enum {
    PATRON_COMPARED_CERTAIN = 0, /* the best labeling is the best, at the level */
    PATRON_COMPARED_CLOSE = 1,   /* no difference to the best is known by more than half_width: a tie, to that */
    PATRON_COMPARED_BUDGET = 2   /* most_rows were scored */
};

typedef struct patron_silhouette_comparison {
    size_t size;       /* sizeof(patron_silhouette_comparison) */
    int32_t best;      /* the labeling with the highest mean, the first of equals */
    int32_t rival;     /* the other one that is most nearly as good */
    double difference; /* best less rival, >= 0 */
    double half_width; /* of that difference's interval; 0 where exact */
    double level;      /* at which all intervals of differences hold together */
    int32_t certain;   /* 1: every other labeling is worse, at the level */
    int32_t ended;     /* PATRON_COMPARED_… */
    int32_t interval;  /* PATRON_INTERVAL_… */
    int32_t looks;
    int64_t rows_used;
    double seconds;
} patron_silhouette_comparison;

/* Which of `count` >= 2 labelings of the same rows has the highest mean silhouette: the differences are estimated on
   the same sampled rows, so that most of what is uncertain cancels. Labels and k as for patron_silhouette_sweep;
   `results` (count of them, all with the same `size`, set in each; or NULL) gets each labeling's own estimate. Stops
   when the best is certain, when all differences to it are known to half_width (0: never), or when the budget is
   spent, and says which; none of them is an error. Strata are those of the first labeling; the rest, and errors, as for
   patron_silhouette_estimate; PATRON_TOO_LARGE also where the labelings tell more than 1,024 groups of rows apart, or
   groups of fewer than 64 on average. Thread-safe. */
PATRON_API patron_status patron_silhouette_compare(patron_silhouette_comparison *comparison,
                                                   patron_silhouette_estimate_result *results, const patron_rows *rows,
                                                   const int32_t *labels, const int32_t *k, int32_t count,
                                                   const patron_silhouette_estimate_options *options,
                                                   const patron_context *context, patron_error *error);

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
