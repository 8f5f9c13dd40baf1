/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows packed for distances. */
#include "cluster/packed.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

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
            if (!isfinite(value))
                return ptn_fail_row(error, PATRON_NOT_FINITE, i, -1,
                                    "row %lld, column %lld: the value is %s; fill or leave out such rows first",
                                    (long long)i, (long long)c, isnan(value) ? "NaN" : "infinite");
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

/* Weights of extreme size are brought near 1 by a power of two, so that products with them stay exact; one that is
   2^-700 of the largest or less counts as that much. */
static void pack_weights(ptn_packed *packed, const patron_rows *rows)
{
    double largest = 0.0;
    int exponent = 0;
    memset(packed->weights, 0, (size_t)(packed->tiles * PTN_LANES) * sizeof(double));
    packed->weighted = false;
    for (int64_t i = 0; rows->weights != NULL && i < rows->rows; i++) {
        if (rows->weights[i] > largest) largest = rows->weights[i];
        if (rows->weights[i] != 1.0) packed->weighted = true;
    }
    if (packed->weighted && (largest > 0x1p300 || largest < 0x1p-300)) frexp(largest, &exponent);
    packed->weight_unit = ldexp(1.0, exponent > 1000 ? 1000 : exponent);
    for (int64_t i = 0; i < rows->rows; i++) {
        double weight = rows->weights == NULL ? 1.0 : rows->weights[i];
        packed->weights[i] = weight == 0.0 ? 0.0 : fmax(weight / packed->weight_unit, 0x1p-700);
    }
}

static void pack_values(ptn_packed *packed, const patron_rows *rows)
{
    int64_t cols = packed->cols;
    for (int64_t t = 0; t < packed->tiles; t++) {
        double *tile = packed->values + t * cols * PTN_LANES;
        for (int64_t l = 0; l < PTN_LANES; l++) {
            int64_t row = t * PTN_LANES + l;
            for (int64_t c = 0; c < cols; c++)
                tile[c * PTN_LANES + l] = row >= rows->rows ? 0.0
                                                            : (ptn_rows_at(rows, row, c) - packed->footing.offset[c]) *
                                                                  packed->footing.inverse_unit;
        }
    }
}

static patron_status check_range(const ptn_packed *packed, const patron_rows *rows, patron_error *error)
{
    double weight = rows->weights == NULL ? (double)rows->rows : 0.0;
    for (int64_t i = 0; rows->weights != NULL && i < rows->rows; i++) weight += rows->weights[i];
    if (isfinite(4.0 * packed->footing.square * fmax(weight, 1.0))) return PATRON_OK;
    return ptn_fail(error, PATRON_OUT_OF_RANGE,
                    "squared distances between rows overflow; scale the columns, or divide them by a constant");
}

patron_status ptn_pack(ptn_packed *packed, const patron_rows *rows, const double *extra, int64_t more,
                       const ptn_memory *memory, patron_error *error)
{
    void *offset = NULL, *values = NULL, *weights = NULL, *extremes = NULL;
    int64_t padded, elements, twice;
    memset(packed, 0, sizeof *packed);
    packed->rows = rows->rows;
    packed->cols = rows->cols;
    packed->tiles = rows->rows / PTN_LANES + (rows->rows % PTN_LANES != 0);
    if (!ptn_mul_i64(&padded, packed->tiles, PTN_LANES) || !ptn_mul_i64(&elements, padded, rows->cols) ||
        !ptn_mul_i64(&twice, rows->cols, 2))
        return ptn_fail(error, PATRON_TOO_LARGE, "rows of %lld x %lld are more than memory can address",
                        (long long)rows->rows, (long long)rows->cols);

    patron_status status = ptn_allocate(&offset, memory, rows->cols, sizeof(double), "offsets", error);
    packed->footing.offset = offset;
    if (status != PATRON_OK) return status;
    status = ptn_allocate(&extremes, memory, twice, sizeof(double), "extremes", error);
    if (status != PATRON_OK) return status;
    status = ptn_footing_find(&packed->footing, extremes, (double *)extremes + rows->cols, rows, extra, more, error);
    ptn_free(memory, extremes);
    if (status != PATRON_OK) return status;
    status = check_range(packed, rows, error);
    if (status != PATRON_OK) return status;

    status = ptn_allocate(&values, memory, elements, sizeof(double), "values", error);
    packed->values = values;
    if (status != PATRON_OK) return status;
    status = ptn_allocate(&weights, memory, padded, sizeof(double), "weights", error);
    packed->weights = weights;
    if (status != PATRON_OK) return status;
    pack_weights(packed, rows);
    pack_values(packed, rows);
    return PATRON_OK;
}

void ptn_packed_free(ptn_packed *packed, const ptn_memory *memory)
{
    ptn_free(memory, packed->weights);
    ptn_free(memory, packed->values);
    ptn_free(memory, packed->footing.offset);
    memset(packed, 0, sizeof *packed);
}
