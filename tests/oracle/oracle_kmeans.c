/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle_kmeans.h"

#include <math.h>
#include <stdlib.h>

int32_t oracle_nearest(const double *row, const double *centroids, int32_t k, int64_t cols)
{
    int32_t label = 0;
    double best = HUGE_VAL;
    for (int32_t j = 0; j < k; j++) {
        double sum = 0.0;
        for (int64_t c = 0; c < cols; c++) {
            double difference = row[c] - centroids[j * cols + c];
            sum = sum + difference * difference;
        }
        if (sum < best) {
            best = sum;
            label = j;
        }
    }
    return label;
}

enum { TOGETHER = 64, MOST_COLUMNS = 64 };

void oracle_nearest_rows(int32_t *labels, const double *values, int64_t rows, int64_t cols, const double *centroids,
                         int32_t k, double scale)
{
    double x[MOST_COLUMNS][TOGETHER] = {{0}};
    if (cols > MOST_COLUMNS) abort();
    for (int64_t from = 0; from < rows; from += TOGETHER) {
        int64_t count = rows - from < TOGETHER ? rows - from : TOGETHER;
        double best[TOGETHER], sum[TOGETHER];
        int64_t label[TOGETHER] = {0}; /* as wide as a double, so that both are chosen alike */
        for (int64_t r = 0; r < count; r++)
            for (int64_t c = 0; c < cols; c++) x[c][r] = values[(from + r) * cols + c];
        for (int r = 0; r < TOGETHER; r++) best[r] = HUGE_VAL;
        for (int32_t j = 0; j < k; j++) {
            for (int r = 0; r < TOGETHER; r++) sum[r] = 0.0;
            for (int64_t c = 0; c < cols; c++) {
                for (int r = 0; r < TOGETHER; r++) {
                    double difference = (x[c][r] - centroids[j * cols + c]) * scale;
                    sum[r] = sum[r] + difference * difference;
                }
            }
            for (int r = 0; r < TOGETHER; r++) {
                label[r] = sum[r] < best[r] ? j : label[r];
                best[r] = sum[r] < best[r] ? sum[r] : best[r];
            }
        }
        for (int64_t r = 0; r < count; r++) labels[from + r] = (int32_t)label[r];
    }
}

static long double weight_of(const double *weights, int64_t row)
{
    return weights == 0 ? 1.0L : (long double)weights[row];
}

long double oracle_inertia(const double *values, const double *weights, int64_t rows, int64_t cols,
                           const int32_t *labels, const double *centroids)
{
    long double sum = 0.0L;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t c = 0; c < cols; c++) {
            long double difference = (long double)values[i * cols + c] - (long double)centroids[labels[i] * cols + c];
            sum += weight_of(weights, i) * difference * difference;
        }
    }
    return sum;
}

long double oracle_mean(const double *values, const double *weights, int64_t rows, int64_t cols, const int32_t *labels,
                        int32_t label, int64_t col)
{
    long double sum = 0.0L, weight = 0.0L;
    for (int64_t i = 0; i < rows; i++) {
        if (labels[i] != label) continue;
        sum += weight_of(weights, i) * (long double)values[i * cols + col];
        weight += weight_of(weights, i);
    }
    return sum / weight;
}

static long double partition_inertia(const double *values, const double *weights, int64_t rows, int64_t cols, int32_t k,
                                     const int32_t *labels)
{
    long double sum = 0.0L;
    for (int32_t j = 0; j < k; j++) {
        for (int64_t c = 0; c < cols; c++) {
            long double mean = oracle_mean(values, weights, rows, cols, labels, j, c);
            for (int64_t i = 0; i < rows; i++) {
                long double difference = (long double)values[i * cols + c] - mean;
                if (labels[i] == j) sum += weight_of(weights, i) * difference * difference;
            }
        }
    }
    return sum;
}

long double oracle_optimum(const double *values, const double *weights, int64_t rows, int64_t cols, int32_t k)
{
    int32_t labels[12] = {0};
    long double best = HUGE_VALL;
    for (;;) { /* labels as a number in base k; a partition comes up once for each numbering, which does no harm */
        uint32_t seen = 0;
        for (int64_t i = 0; i < rows; i++) seen |= 1u << labels[i];
        if (seen == (1u << k) - 1u) {
            long double inertia = partition_inertia(values, weights, rows, cols, k, labels);
            if (inertia < best) best = inertia;
        }
        int64_t digit = 0;
        while (digit < rows && ++labels[digit] == k) labels[digit++] = 0;
        if (digit == rows) return best;
    }
}
