/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: k groups of rows that lie close to their group's mean.

   Minimises inertia, the (weighted) sum of squared Euclidean distances of rows to their cluster's centroid, by Lloyd's
   algorithm (Lloyd 1982) from n_init k-means++ seedings (Arthur & Vassilvitskii 2007), and on up to 524,288 rows then
   by moves of single rows (Hartigan & Wong 1979). More than 24,576 rows (98,304 for k > 16, 393,216 for k > 64; down to
   a quarter of that beyond 128, 32 and 8 columns) are screened first: the starts, and swaps of single centroids of the
   best (Franti 2018), run on a weighted sample of them (a lightweight coreset, Bachem, Lucic & Krause 2018), and the
   distinct optima found there go on to convergence on all rows; with `strict` every start does. On more than
   4,096 rows iterations from seeds are accelerated (Anderson's method); from initial_centroids they are Lloyd's own.
   The same rows, options and seed give the same bits at any number of threads, on any instruction set, and whether
   values come as float64 or, where they fit, float32. Clusters are numbered in the lexicographic order of their
   centroids. */
#ifndef PATRON_KMEANS_H
#define PATRON_KMEANS_H

#include <patron/matrix.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct patron_kmeans_options {
    size_t size;      /* sizeof(patron_kmeans_options) */
    int32_t n_init;   /* 0: as many as the rows ask for, from 10 up (see patron_kmeans_default_n_init); else seedings
                         tried, >= 1; the one with the lowest inertia is kept, the first of equals. On a sample up to 8
                         times as many are tried while they disagree about the best */
    int32_t max_iter; /* 300: passes for each seeding, >= 1 */
    double tol;       /* 0: stop when no label changes; > 0: also when the squared movement of the centroids is at
                         most tol times the mean variance of the columns */
    uint64_t seed;    /* 0 */
    const double *initial_centroids; /* NULL; else k x cols, row-major, finite: the one start, and n_init is not used */
    int32_t strict;                  /* 0; 1: every start is run to its end on all rows, however many there are */
    int32_t reserved;                /* 0 */
} patron_kmeans_options;

/* The number of seedings that n_init = 0 stands for: more on few rows, where they cost little and optima differ much;
   10 on many. Never fails. Thread-safe. */
PATRON_API int32_t patron_kmeans_default_n_init(int64_t rows);

/* The defaults named above. NULL is ignored. Never fails. Thread-safe. */
PATRON_API void patron_kmeans_options_init(patron_kmeans_options *options, size_t size);

/* What a fit came to. */
typedef struct patron_kmeans_result {
    size_t size; /* sizeof(patron_kmeans_result) */
    int64_t rows;
    int64_t cols;
    int32_t k;
    int32_t iterations; /* of the start that won, on all rows */
    int32_t converged;  /* 1: no label changed any more (or tol was met); 0: max_iter */
    int32_t best_start; /* which seeding won, from 0 */
    double inertia;     /* of the returned labels and centroids */
    double
        inertia_lower_bound; /* no clustering of these rows into k has less: the scatter's trace less its k - 1
                                largest eigenvalues, rounded down (Ding & He 2004); >= 0, often loose; 0 where it
                                would cost more than the fit (over 256 columns; over 64 and 2^33 rows x cols^2),
                                where weights are not whole numbers or add up to more than 2^30, and where k > cols */
    uint64_t fingerprint;    /* over labels, centroids and inertia */
    int32_t n_init;          /* seedings tried; 1 with initial_centroids */
    int32_t screened;        /* 1: they ran on a sample, and `polished` of the optima found there on all rows */
    int64_t sample_rows;     /* rows of that sample; 0 without */
    int32_t polished;        /* starts that were run to their end on all rows */
    int32_t reserved;        /* 0 */
    double pack_s;           /* wall-clock time of reading and packing the rows, in seconds; in a sweep these four */
    double screen_s;         /* are of the whole sweep: ... of seeding, and of starts on the sample */
    double polish_s;         /* ... of passes over all packed rows */
    double finish_s;         /* ... of exact centroids, labels and inertia */
} patron_kmeans_result;

typedef struct patron_kmeans patron_kmeans;

/* Fits k clusters to rows. *kmeans is the caller's, to be freed; `labels` is the caller's buffer of rows->rows numbers
   0 … k - 1, or NULL. Each label is the nearest returned centroid's (the lowest number on ties), each centroid the mean
   of its rows (up to max_iter), and no cluster is empty. Rows of weight 0 get a label and count for nothing.
   PATRON_INVALID_ARGUMENT (k < 1, n_init < 0, …), PATRON_NO_DATA, PATRON_NOT_FINITE (error->row), PATRON_OUT_OF_RANGE
   (squared distances overflow), PATRON_TOO_FEW_DISTINCT, PATRON_TOO_LARGE (k > 256), PATRON_OUT_OF_MEMORY,
   PATRON_CANCELLED. Thread-safe. */
PATRON_API patron_status patron_kmeans_fit(patron_kmeans **kmeans, int32_t *labels, const patron_rows *rows, int32_t k,
                                           const patron_kmeans_options *options, const patron_context *context,
                                           patron_error *error);

/* Fits every k from k_min to k_max: kmeans[i] and, where `labels` is not NULL, labels[i * rows … ] belong to k_min + i.
   kmeans is the caller's array of k_max - k_min + 1 handles, all to be freed, all NULL on failure; initial_centroids
   must be NULL. Errors as for patron_kmeans_fit. Thread-safe. */
PATRON_API patron_status patron_kmeans_sweep(patron_kmeans **kmeans, int32_t *labels, const patron_rows *rows,
                                             int32_t k_min, int32_t k_max, const patron_kmeans_options *options,
                                             const patron_context *context, patron_error *error);

/* The result's figures. PATRON_INVALID_ARGUMENT: NULL, or a size that is not one. Thread-safe. */
PATRON_API patron_status patron_kmeans_result_get(patron_kmeans_result *result, const patron_kmeans *kmeans,
                                                  patron_error *error);

/* The centroids, k x cols, row-major, owned by the handle; NULL for NULL. Never fails. Thread-safe. */
PATRON_API const double *patron_kmeans_centroids(const patron_kmeans *kmeans);

/* Rows with each label, whatever their weight: k numbers, owned by the handle; NULL for NULL. Never fails.
   Thread-safe. */
PATRON_API const int64_t *patron_kmeans_sizes(const patron_kmeans *kmeans);

/* The inertia after each iteration of the winning start, `iterations` numbers, owned by the handle; NULL for NULL.
   Never fails. Thread-safe. */
PATRON_API const double *patron_kmeans_trace(const patron_kmeans *kmeans);

/* The nearest centroid of each row: `labels` is the caller's buffer of rows->rows numbers. Errors as for the fit.
   Thread-safe. */
PATRON_API patron_status patron_kmeans_predict(int32_t *labels, const patron_kmeans *kmeans, const patron_rows *rows,
                                               const patron_context *context, patron_error *error);

/* The Euclidean distance of each row to each centroid: `distances` is the caller's buffer of rows->rows x k numbers,
   row-major, in the rows' own unit. Errors as for the fit. Thread-safe. */
PATRON_API patron_status patron_kmeans_transform(double *distances, const patron_kmeans *kmeans,
                                                 const patron_rows *rows, const patron_context *context,
                                                 patron_error *error);

/* Frees it; NULL is fine. */
PATRON_API void patron_kmeans_free(patron_kmeans *kmeans);

#ifdef __cplusplus
}
#endif

#endif
