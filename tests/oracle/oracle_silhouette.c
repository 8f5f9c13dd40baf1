/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle_silhouette.h"

#include <math.h>

#pragma GCC diagnostic ignored "-Wdouble-promotion" /* an oracle is more precise on purpose */

static long double distance(const double *a, const double *b, int64_t cols)
{
    long double sum = 0.0L;
    for (int64_t c = 0; c < cols; c++) {
        long double difference = (long double)a[c] - (long double)b[c];
        sum += difference * difference;
    }
    return sqrtl(sum);
}

/* Mean distance of row i to the other rows of a cluster; negative where there are none. */
static long double mean_distance(const double *values, int64_t rows, int64_t cols, const int32_t *labels, int64_t i,
                                 int32_t cluster)
{
    long double sum = 0.0L;
    int64_t count = 0;
    for (int64_t m = 0; m < rows; m++) {
        if (m == i || labels[m] != cluster) continue;
        sum += distance(values + i * cols, values + m * cols, cols);
        count++;
    }
    return count == 0 ? -1.0L : sum / (long double)count;
}

long double oracle_silhouette(long double *scores, const double *values, int64_t rows, int64_t cols,
                              const int32_t *labels, int32_t k)
{
    long double total = 0.0L;
    for (int64_t i = 0; i < rows; i++) {
        long double a = mean_distance(values, rows, cols, labels, i, labels[i]), b = HUGE_VALL;
        for (int32_t j = 0; j < k; j++) {
            long double mean = mean_distance(values, rows, cols, labels, i, j);
            if (j != labels[i] && mean >= 0.0L && mean < b) b = mean;
        }
        long double larger = a > b ? a : b;
        scores[i] = a < 0.0L || larger == 0.0L ? 0.0L : (b - a) / larger;
        total += scores[i];
    }
    return total / (long double)rows;
}
