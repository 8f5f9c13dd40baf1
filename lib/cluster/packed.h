/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows packed for k-means: half the bytes, and sums that need no order.

   A packed value is (x - centre of its column) / unit, rounded to a multiple of the column's step, as a float. The unit
   is a power of two, the same for all columns, so that no value is above 1; the step is a power of two such that a
   value is at most 2^23 steps. Then

     - every packed value is exact in float, and so is the difference of two of a column (2^24 steps);
     - a sum of w_i x_i is exact in double, in whatever order it is made, while the weights w_i are whole numbers that
       add up to at most 2^30: all partial sums are whole numbers of steps below 2^23 2^30 = 2^53. With more rows than
       that the step is made larger. Threads may add in any order; labels that change are moved from one sum to the
       other, exactly, for ever;
     - |packed value - exact value| <= step / 2, which the filter of labels allows for.

   The centre is the column's mean, rounded so coarsely that the order of rows cannot be seen in it. The step follows
   how far the column reaches, but where that is beyond 32 standard deviations, few rows may do it: rows beyond a
   2^-10th (2^-20th, …) of that reach, if they are at most one in 2,048 x columns, would make the step too coarse for
   the others. They are exceptions: their place in the tiles is all zeros, and they are labelled and added one by one
   from the caller's rows.

   The caller's rows are borrowed until the end of the call: what the packed rows leave in doubt is decided there. */
#ifndef PTN_CLUSTER_PACKED_H
#define PTN_CLUSTER_PACKED_H

#include "base/exact.h"
#include "base/threads.h"
#include "kernels/kernels.h"
#include "matrix/rows.h"

/* Where packed values come from: what the filter of labels must know. */
typedef struct ptn_frame {
    int64_t cols;
    double inverse_unit; /* a power of two */
    double *centre;      /* cols; in the caller's unit */
    double *step;        /* cols; in packed units, as what follows */
    double *reach;       /* cols; no packed value is larger */
} ptn_frame;

typedef struct ptn_packed {
    const ptn_kernels *kernels;
    patron_rows given; /* the caller's, checked */
    ptn_source source; /* the same for kernels */
    int64_t rows, cols, tiles;
    ptn_frame frame;
    double unit;
    float *values; /* tiles x cols x PTN_TILE */

    int64_t block_tiles, blocks; /* how passes over packed rows are cut: fixed by the shape */
    int64_t spans;               /* how passes over the caller's rows are cut: at most 256 */
    double *mass;                /* for each block: weight x squared norm of its packed rows */

    int32_t *weights;         /* tiles x PTN_TILE whole numbers, 0 for padding and exceptions; NULL: all are 1 */
    double total_weight;      /* of all rows, in these numbers */
    double weight_sum;        /* of all rows, in the caller's */
    double *total;            /* cols: weighted sums of the packed values, exact; exceptions aside */
    double *products;         /* of columns a >= b, at a (a + 1) / 2 + b; exceptions aside; NULL: over 64 columns */
    double square;            /* weighted sum of squared norms, exceptions included */
    double variance;          /* mean of the columns' variances, packed units */
    int64_t *exceptions;      /* row numbers, ascending */
    double *exception_weight; /* whole numbers */
    int64_t exception_count;
    void *block; /* what centre, step, … lie in */
    bool whole;  /* weights are the caller's, or all 1 */
} ptn_packed;

/* Packs checked rows (ptn_rows_read); `extra` are `more` further rows that must be in range too (row-major). To be
   freed with ptn_packed_free, also after a failure. PATRON_NOT_FINITE, PATRON_OUT_OF_RANGE (squared distances, times
   the weights, overflow), PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_pack(ptn_packed *packed, const patron_rows *rows, const double *extra, int64_t more,
                       const ptn_kernels *kernels, ptn_team *team, patron_error *error);
void ptn_packed_free(ptn_packed *packed, const ptn_memory *memory);

/* Where block `block` begins and ends, in tiles. */
void ptn_packed_range(const ptn_packed *packed, int64_t block, int64_t *from, int64_t *to);

/* Where span `span` begins and ends, in rows. */
void ptn_packed_span(const ptn_packed *packed, int64_t span, int64_t *from, int64_t *to);

/* Whether a row is an exception. */
bool ptn_packed_excepts(const ptn_packed *packed, int64_t row);

/* A row's value in packed units, not rounded to a step. */
static inline double ptn_packed_exact(const ptn_packed *packed, int64_t row, int64_t col)
{
    return (ptn_rows_at(&packed->given, row, col) - packed->frame.centre[col]) * packed->frame.inverse_unit;
}

#endif
