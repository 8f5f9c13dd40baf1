/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products by CBLAS. Not of the same bits on any machine: never part of a fingerprint. */
#ifndef PTN_NUMERIC_BLAS_H
#define PTN_NUMERIC_BLAS_H

#include <patron/status.h>

/* scatter += rows' rows: `rows` is count x order, row-major; only the lower triangle of `scatter` (order x order,
   row-major) is written. PATRON_TOO_LARGE: a size beyond what BLAS counts with. */
patron_status ptn_scatter_add(double *scatter, const double *rows, int64_t count, int64_t order, patron_error *error);

#endif
