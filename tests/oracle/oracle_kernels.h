/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each kernel of clustering promises, computed plainly, row by row, sharing nothing with the library.

   Rows are dense row-major numbers, `cols` to a row, not tiles. Sums that may be made in any order come in long double,
   with the sum of absolute values beside them, so that the caller can say how much rounding is fair; what kernels must
   find to the last bit comes as they hold it. `weights` may be NULL everywhere. */
#ifndef PATRON_ORACLE_KERNELS_H
#define PATRON_ORACLE_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

/* A sum, and what its rounding is measured by. */
typedef struct oracle_sum {
    long double value, size;
} oracle_sum;

/* Low, high (cols each), sums and sums of squares (2 x cols each: even rows, odd rows) of value - shift, added to what
   is there; rows of weight 0 count for nothing. To the last bit. */
void oracle_measure(double *low, double *high, double *sum, double *square, const double *rows, int64_t count,
                    int64_t cols, const double *weights, const double *shift);

/* A row's packed values: (value - centre) * inverse_unit to the nearest multiple of the step, even ones on ties.
   Returns whether one is beyond its limit, or is none; then all are 0. */
bool oracle_pack(float *out, const double *row, int64_t cols, const double *centre, double inverse_unit,
                 const double *step, const double *limit);

/* A row's squared norm in float, in column order. */
float oracle_norm(const float *row, int64_t cols);

/* A row's squared distance to a point in float, in column order. */
float oracle_distance(const float *row, const float *point, int64_t cols);

/* A row's distance to another in float: squares added by fused multiplications in column order, the root rounded. */
float oracle_root(const float *row, const float *other, int64_t cols);

/* A group of rows by its moments, as a kernel gets them: mean, -q / 2, S / 2 (its lower triangle, what is off the
   diagonal twice; or the diagonal alone), tr S, an eighth of the variance of squared distances to the mean. */
typedef struct oracle_node {
    const float *mean, *slope, *form;
    double spread, rest;
    bool full;
} oracle_node;

/* The mean distance of a row at e from the mean to a group's rows: with m = |e|^2 + tr S it is
   sqrt(m) - (4 e'Se - 4 e'q + Var) / (8 m sqrt(m)), and not below 0. */
oracle_sum oracle_expected(const float *row, const oracle_node *node, int64_t cols);

/* The weighted sum of products of columns a and b. */
oracle_sum oracle_product(const float *rows, int64_t count, int64_t cols, const int32_t *weights, int64_t a, int64_t b);

/* The weighted sum of a column over rows with the label, all rows where `labels` is NULL, in whole steps: exact. */
int64_t oracle_steps(const float *rows, int64_t count, int64_t cols, const int32_t *weights, const uint8_t *labels,
                     int32_t label, int64_t col, double step);

/* The number of rows with the label. */
int64_t oracle_count(const uint8_t *labels, int64_t count, int32_t label);

/* hi + lo less the exact weighted sum of a column over rows with the label and `start`, and the sum's size. */
oracle_sum oracle_exact_error(double hi, double lo, double start, const double *rows, int64_t count, int64_t cols,
                              const uint8_t *labels, const double *weights, int32_t label, int64_t col);

/* The inertia of columns lane, lane + 8, … about the labels' centroids; differences times inverse_unit. */
oracle_sum oracle_lane_inertia(const double *rows, int64_t count, int64_t cols, const uint8_t *labels,
                               const double *weights, const double *centroids, double inverse_unit, int lane);

#endif
