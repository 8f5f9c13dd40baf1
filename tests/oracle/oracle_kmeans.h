/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What k-means promises, computed plainly: slow, and sharing nothing with the library. Rows are row-major doubles;
   weights may be NULL. */
#ifndef PATRON_ORACLE_KMEANS_H
#define PATRON_ORACLE_KMEANS_H

#include <stdint.h>

/* The nearest centroid of one row: squared differences added in column order in double, the lowest number on ties. */
int32_t oracle_nearest(const double *row, const double *centroids, int32_t k, int64_t cols);

/* The same for many rows, differences times `scale` (a power of two) before they are squared; plain loops over 64 rows
   at a time, which a compiler makes fast without changing what is computed. */
void oracle_nearest_rows(int32_t *labels, const double *values, int64_t rows, int64_t cols, const double *centroids,
                         int32_t k, double scale);

/* Weighted squared distances of rows to their label's centroid, in long double. */
long double oracle_inertia(const double *values, const double *weights, int64_t rows, int64_t cols,
                           const int32_t *labels, const double *centroids);

/* Weighted mean of column `col` over the rows labelled `label`. */
long double oracle_mean(const double *values, const double *weights, int64_t rows, int64_t cols, const int32_t *labels,
                        int32_t label, int64_t col);

/* The least inertia of all partitions of at most 12 rows into exactly k parts. */
long double oracle_optimum(const double *values, const double *weights, int64_t rows, int64_t cols, int32_t k);

#endif
