/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Eigenvalues of symmetric matrices. Not of the same bits on any machine: never part of a fingerprint. */
#ifndef PTN_NUMERIC_EIGEN_H
#define PTN_NUMERIC_EIGEN_H

#include "base/context.h"

/* The `order` eigenvalues of a symmetric matrix, largest first. `matrix` (order x order, row-major; the lower triangle
   is read) is destroyed. Error at most a small multiple of order x 2^-52 x the largest one's size.
   PATRON_INVALID_ARGUMENT (order < 1), PATRON_NOT_FINITE (GSL would not end), PATRON_OUT_OF_MEMORY, PATRON_NUMERIC. */
patron_status ptn_symmetric_eigenvalues(double *eigenvalues, double *matrix, int64_t order, const ptn_memory *memory,
                                        patron_error *error);

#endif
