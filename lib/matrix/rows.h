/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The caller's rows, checked once at a public function's door. */
#ifndef PTN_MATRIX_ROWS_H
#define PTN_MATRIX_ROWS_H

#include <patron/matrix.h>

#include "base/context.h"

/* Checks shape, stride, type, weights (finite, >= 0, not all 0) and that rows x cols doubles can be addressed; copies
   the view with row_stride filled in. 0 rows are fine. Values are not looked at. PATRON_INVALID_ARGUMENT,
   PATRON_NOT_FINITE (a weight), PATRON_TOO_LARGE. */
patron_status ptn_rows_read(patron_rows *out, const patron_rows *rows, patron_error *error);

/* That rows from … to - 1 hold finite numbers alone. PATRON_NOT_FINITE: the first value that is not. */
patron_status ptn_rows_check_finite(const patron_rows *rows, int64_t from, int64_t to, patron_error *error);

/* Value (row, col) as double. */
static inline double ptn_rows_at(const patron_rows *rows, int64_t row, int64_t col)
{
    int64_t index = row * rows->row_stride + col;
    return rows->type == PATRON_FLOAT32 ? (double)((const float *)rows->values)[index]
                                        : ((const double *)rows->values)[index];
}

#endif
