/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One footing for all columns. */
#include "cluster/footing.h"

#include <math.h>

static void widen(double *low, double *high, double value)
{
    if (value < *low) *low = value;
    if (value > *high) *high = value;
}

static patron_status find_extremes(double *low, double *high, const patron_rows *rows, const double *extra,
                                   int64_t more, patron_error *error)
{
    for (int64_t c = 0; c < rows->cols; c++) {
        low[c] = HUGE_VAL;
        high[c] = -HUGE_VAL;
    }
    for (int64_t i = 0; i < rows->rows; i++) {
        for (int64_t c = 0; c < rows->cols; c++) {
            double value = ptn_rows_at(rows, i, c);
            if (!isfinite(value)) return ptn_rows_check_finite(rows, i, i + 1, error);
            widen(&low[c], &high[c], value);
        }
    }
    for (int64_t i = 0; i < more; i++)
        for (int64_t c = 0; c < rows->cols; c++) widen(&low[c], &high[c], extra[i * rows->cols + c]);
    return PATRON_OK;
}

patron_status ptn_footing_find(ptn_footing *footing, double *low, double *high, const patron_rows *rows,
                               const double *extra, int64_t more, patron_error *error)
{
    patron_status status = find_extremes(low, high, rows, extra, more, error);
    if (status != PATRON_OK) return status;
    double widest = 0.0; /* half the widest spread, as the whole of it may overflow */
    footing->square = 0.0;
    for (int64_t c = 0; c < rows->cols; c++) {
        double half = high[c] / 2.0 - low[c] / 2.0, spread = high[c] - low[c];
        if (half < spread && half == 0.0) half = spread; /* between denormals */
        if (half > widest) widest = half;
        footing->square += spread * spread;
        footing->offset[c] = 0.0;
        if (low[c] > 0.0 && high[c] / 2.0 <= low[c]) footing->offset[c] = low[c];
        if (high[c] < 0.0 && low[c] / 2.0 >= high[c]) footing->offset[c] = high[c];
    }
    int exponent = 0;
    if (widest > 0.0) frexp(widest, &exponent);
    exponent = exponent > 1000 ? 1000 : exponent < -1000 ? -1000 : exponent;
    footing->unit = ldexp(1.0, exponent);
    footing->inverse_unit = ldexp(1.0, -exponent);
    return PATRON_OK;
}
