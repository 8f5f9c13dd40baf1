/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products by CBLAS (GSL declares the same functions, so its headers stay out of this file). */
#include "numeric/blas.h"

#include <limits.h>

#include <cblas.h>

#include "base/error.h"

patron_status ptn_scatter_add(double *scatter, const double *rows, int64_t count, int64_t order, patron_error *error)
{
    if (count < 0 || count > INT_MAX || order < 1 || order > INT_MAX)
        return ptn_fail(error, PATRON_TOO_LARGE, "a product of %lld x %lld numbers is beyond what BLAS counts with",
                        (long long)count, (long long)order);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)order, (int)count, 1.0, rows, (int)order, 1.0, scatter,
                (int)order);
    return PATRON_OK;
}
