/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows packed for distances: in tiles of eight rows, column by column, so that a loop over the eight fills vectors.

       tile 0                                  tile 1
       | c0: r0 r1 … r7 | c1: r0 … r7 | … |    | c0: r8 … r15 | … |        the last one is padded with rows of weight 0

   A packed value is (x - offset of its column) / unit. The offset is the column's extreme nearest 0 where all its
   values are within a factor 2 of each other, else 0, so the subtraction is exact (Sterbenz); the unit is a power of
   two near the widest column's spread. Hence |packed value| <= 4, squared distances neither overflow nor vanish, an
   offset such as epoch seconds costs no digits, and packed distances are the originals' to the bit, times unit^2. */
#ifndef PTN_CLUSTER_PACKED_H
#define PTN_CLUSTER_PACKED_H

#include <stdbool.h>

#include "cluster/tile.h"
#include "matrix/rows.h"

/* How columns are brought to one footing. */
typedef struct ptn_footing {
    double *offset;      /* one for each column */
    double unit;         /* 2^e, 2^-1000 … 2^1000 */
    double inverse_unit; /* 2^-e */
    double square;       /* sum over columns of the spread squared: no squared distance is more; may be inf */
} ptn_footing;

/* Checks that every value is finite and chooses the footing for rows and `more` further rows of as many columns
   (row-major in `extra`). footing->offset has room for the columns; `low` and `high` (cols numbers each) are scratch.
   PATRON_NOT_FINITE (error->row). */
patron_status ptn_footing_find(ptn_footing *footing, double *low, double *high, const patron_rows *rows,
                               const double *extra, int64_t more, patron_error *error);

typedef struct ptn_packed {
    int64_t rows, cols, tiles;
    double *values;     /* tiles x cols x PTN_LANES */
    double *weights;    /* tiles x PTN_LANES; 0 for padding */
    double weight_unit; /* the caller's weight = weight * weight_unit; 1 unless weights are of extreme size */
    bool weighted;      /* some weight is not 1 */
    ptn_footing footing;
} ptn_packed;

/* Packs checked rows (ptn_rows_read). To be freed with ptn_packed_free, also after a failure.
   PATRON_NOT_FINITE, PATRON_OUT_OF_RANGE (squared distances, times the weights, overflow), PATRON_TOO_LARGE,
   PATRON_OUT_OF_MEMORY. */
patron_status ptn_pack(ptn_packed *packed, const patron_rows *rows, const double *extra, int64_t more,
                       const ptn_memory *memory, patron_error *error);
void ptn_packed_free(ptn_packed *packed, const ptn_memory *memory);

/* Packed value (row, col). */
static inline double ptn_packed_at(const ptn_packed *packed, int64_t row, int64_t col)
{
    return packed->values[(row / PTN_LANES * packed->cols + col) * PTN_LANES + row % PTN_LANES];
}

/* Whether two rows are copies of each other. */
static inline bool ptn_packed_same(const ptn_packed *packed, int64_t a, int64_t b)
{
    for (int64_t c = 0; c < packed->cols; c++)
        if (ptn_packed_at(packed, a, c) != ptn_packed_at(packed, b, c)) return false;
    return true;
}

#endif
