/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle_kernels.h"

#include <math.h>
#include <stddef.h>

/* More than twice a double's digits: 113 bits, in software where the machine has none. */
#if defined(__x86_64__) || defined(__i386__)
__extension__ typedef __float128 wide;
#else
typedef long double wide;
#endif

void oracle_measure(double *low, double *high, double *sum, double *square, const double *rows, int64_t count,
                    int64_t cols, const double *weights, const double *shift)
{
    for (int64_t i = 0; i < count; i++) {
        double weight = weights == NULL ? 1.0 : weights[i];
        int64_t half = i % 2 == 0 ? 0 : cols;
        if (weight == 0.0) continue;
        for (int64_t c = 0; c < cols; c++) {
            double value = rows[i * cols + c], offset = value - shift[c], product = offset * offset;
            if (value < low[c]) low[c] = value;
            if (value > high[c]) high[c] = value;
            sum[half + c] += offset * weight;
            square[half + c] += product * weight;
        }
    }
}

bool oracle_pack(float *out, const double *row, int64_t cols, const double *centre, double inverse_unit,
                 const double *step, const double *limit)
{
    bool beyond = false;
    for (int64_t c = 0; c < cols; c++) {
        double value = (row[c] - centre[c]) * inverse_unit, steps = nearbyint(value / step[c]);
        double packed = fabs(steps) < 0x1p52 ? steps * step[c] : value;
        if (!(fabs(packed) <= limit[c])) beyond = true;
        out[c] = (float)packed;
    }
    for (int64_t c = 0; beyond && c < cols; c++) out[c] = 0.0f;
    return beyond;
}

float oracle_norm(const float *row, int64_t cols)
{
    float sum = 0.0f;
    for (int64_t c = 0; c < cols; c++) {
        float square = row[c] * row[c];
        sum = sum + square;
    }
    return sum;
}

float oracle_distance(const float *row, const float *point, int64_t cols)
{
    float sum = 0.0f;
    for (int64_t c = 0; c < cols; c++) {
        float difference = row[c] - point[c], square = difference * difference;
        sum = sum + square;
    }
    return sum;
}

float oracle_root(const float *row, const float *other, int64_t cols)
{
    float sum = 0.0f;
    for (int64_t c = 0; c < cols; c++) sum = fmaf(row[c] - other[c], row[c] - other[c], sum);
    return sqrtf(sum);
}

oracle_sum oracle_expected(const float *row, const oracle_node *node, int64_t cols)
{
    long double square = (long double)node->spread, spread = (long double)node->rest, size = spread;
    const float *form = node->form;
    for (int64_t a = 0; a < cols; a++) {
        long double e = (long double)row[a] - (long double)node->mean[a], tilt = (long double)node->slope[a] * e;
        square += e * e;
        spread += tilt;
        size += fabsl(tilt);
        for (int64_t b = node->full ? 0 : a; b <= a; b++) {
            long double term = (long double)*form++ * e * ((long double)row[b] - (long double)node->mean[b]);
            spread += term;
            size += fabsl(term);
        }
    }
    long double root = sqrtl(square), distance = root - spread / (square * root);
    return (oracle_sum){distance > 0.0L ? distance : 0.0L, root + size / (square * root)};
}

oracle_sum oracle_product(const float *rows, int64_t count, int64_t cols, const int32_t *weights, int64_t a, int64_t b)
{
    oracle_sum sum = {0.0L, 0.0L};
    for (int64_t i = 0; i < count; i++) {
        long double product = (long double)rows[i * cols + a] * (long double)rows[i * cols + b];
        if (weights != NULL) product *= (long double)weights[i];
        sum.value += product;
        sum.size += fabsl(product);
    }
    return sum;
}

int64_t oracle_steps(const float *rows, int64_t count, int64_t cols, const int32_t *weights, const uint8_t *labels,
                     int32_t label, int64_t col, double step)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++) {
        if (labels != NULL && labels[i] != label) continue;
        sum += (int64_t)((double)rows[i * cols + col] / step) * (weights == NULL ? 1 : weights[i]);
    }
    return sum;
}

int64_t oracle_count(const uint8_t *labels, int64_t count, int32_t label)
{
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) found += labels[i] == label;
    return found;
}

oracle_sum oracle_exact_error(double hi, double lo, double start, const double *rows, int64_t count, int64_t cols,
                              const uint8_t *labels, const double *weights, int32_t label, int64_t col)
{
    wide sum = (wide)start, size = (wide)fabs(start);
    for (int64_t i = 0; i < count; i++) {
        if (labels[i] != label) continue;
        wide value = (wide)rows[i * cols + col] * (weights == NULL ? (wide)1 : (wide)weights[i]);
        sum += value;
        size += value < 0 ? -value : value;
    }
    return (oracle_sum){(long double)((wide)hi + (wide)lo - sum), (long double)size};
}

oracle_sum oracle_lane_inertia(const double *rows, int64_t count, int64_t cols, const uint8_t *labels,
                               const double *weights, const double *centroids, double inverse_unit, int lane)
{
    oracle_sum sum = {0.0L, 0.0L};
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = lane; c < cols; c += 8) {
            double difference = (rows[i * cols + c] - centroids[labels[i] * cols + c]) * inverse_unit;
            sum.value +=
                (long double)difference * (long double)difference * (weights == NULL ? 1.0L : (long double)weights[i]);
        }
    sum.size = sum.value;
    return sum;
}
