/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows packed for distances: in tiles of eight rows, column by column, so that a loop over the eight fills vectors.

       tile 0                                  tile 1
       | c0: r0 r1 … r7 | c1: r0 … r7 | … |    | c0: r8 … r15 | … |        the last one is padded with rows of weight 0

   A packed value is (x - offset of its column) / unit. The offset is the column's extreme nearest 0 where all its
   values are within a factor 2 of each other, else 0, so the subtraction is exact (Sterbenz); the unit is a power of
   two near the widest column's spread. Hence |packed value| <= 4, squared distances neither overflow nor vanish, an
   offset such as epoch seconds costs no digits, and packed distances are the originals' to the bit, times unit^2. */
#ifndef PTN_CLUSTER_FOOTING_H
#define PTN_CLUSTER_FOOTING_H

#include "base/threads.h"
#include "matrix/rows.h"

/* How columns are brought to one footing. */
typedef struct ptn_footing {
    double *offset;      /* one for each column */
    double unit;         /* 2^e, 2^-1000 … 2^1000 */
    double inverse_unit; /* 2^-e */
    double square;       /* sum over columns of the spread squared: no squared distance is more; may be inf */
} ptn_footing;

/* Checks that every value is finite and chooses the footing. footing->offset has room for the columns; `low` and `high`
   (cols numbers each) are scratch. PATRON_NOT_FINITE (error->row), PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_footing_find(ptn_footing *footing, double *low, double *high, const patron_rows *rows, ptn_team *team,
                               patron_error *error);

#endif
