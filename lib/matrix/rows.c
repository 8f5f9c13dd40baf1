/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The caller's rows, checked. */
#include "matrix/rows.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

void patron_rows_init(patron_rows *rows, size_t size)
{
    patron_rows defaults;
    memset(&defaults, 0, sizeof defaults);
    ptn_struct_init(rows, size, &defaults, sizeof defaults);
}

static patron_status check_weights(const patron_rows *rows, patron_error *error)
{
    double total = 0.0;
    for (int64_t i = 0; i < rows->rows; i++) {
        double weight = rows->weights[i];
        if (!isfinite(weight))
            return ptn_fail_row(error, PATRON_NOT_FINITE, i, -1, "row %lld: weight is not finite; give a number >= 0",
                                (long long)i);
        if (weight < 0.0)
            return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, i, -1,
                                "row %lld: weight is negative; give a number >= 0", (long long)i);
        total += weight;
    }
    if (!isfinite(total))
        return ptn_fail(error, PATRON_OUT_OF_RANGE, "the weights' sum overflows; divide them by a constant");
    if (rows->rows > 0 && total <= 0.0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "all weights are 0; give at least one row a weight");
    return PATRON_OK;
}

patron_status ptn_rows_read(patron_rows *out, const patron_rows *rows, patron_error *error)
{
    int64_t elements;
    size_t bytes;
    patron_rows_init(out, sizeof *out);
    if (rows == NULL) return ptn_fail_null(error, "rows");
    patron_status status = ptn_struct_read(out, sizeof *out, rows, "rows", error);
    if (status != PATRON_OK) return status;

    if (out->rows < 0 || out->cols < 1)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "rows has shape %lld x %lld; give rows >= 0 and cols >= 1",
                        (long long)out->rows, (long long)out->cols);
    if (out->row_stride == 0) out->row_stride = out->cols;
    if (out->row_stride < out->cols)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "rows has row_stride %lld, less than its %lld cols",
                        (long long)out->row_stride, (long long)out->cols);
    if (out->type != PATRON_FLOAT64 && out->type != PATRON_FLOAT32)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "rows has type %d; give PATRON_FLOAT64 or PATRON_FLOAT32",
                        (int)out->type);
    if (!ptn_mul_i64(&elements, out->rows, out->row_stride) || !ptn_bytes(&bytes, elements, sizeof(double)))
        return ptn_fail(error, PATRON_TOO_LARGE, "rows of %lld x %lld are more than memory can address",
                        (long long)out->rows, (long long)out->row_stride);
    if (out->rows > 0 && out->values == NULL) return ptn_fail_null(error, "rows->values");
    return out->weights == NULL ? PATRON_OK : check_weights(out, error);
}

patron_status ptn_rows_check_finite(const patron_rows *rows, int64_t from, int64_t to, patron_error *error)
{
    for (int64_t i = from; i < to; i++)
        for (int64_t c = 0; c < rows->cols; c++) {
            double value = ptn_rows_at(rows, i, c);
            if (!isfinite(value))
                return ptn_fail_row(error, PATRON_NOT_FINITE, i, -1,
                                    "row %lld, column %lld: the value is %s; fill or leave out such rows first",
                                    (long long)i, (long long)c, isnan(value) ? "NaN" : "infinite");
        }
    return PATRON_OK;
}
