/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle_scores.h"

#include <math.h>
#include <stdlib.h>

#pragma GCC diagnostic ignored "-Wdouble-promotion" /* an oracle is more precise on purpose */

enum { MOST_CLUSTERS = 16 };

static int64_t size_of(const oracle_labeled *data, int32_t cluster)
{
    int64_t count = 0;
    for (int64_t i = 0; i < data->rows; i++) count += data->labels[i] == cluster;
    return count;
}

static long double centroid_at(const oracle_labeled *data, int32_t cluster, int64_t col)
{
    long double sum = 0.0L;
    for (int64_t i = 0; i < data->rows; i++)
        if (data->labels[i] == cluster) sum += (long double)data->values[i * data->cols + col];
    return sum / (long double)size_of(data, cluster);
}

/* k x cols; NaN for a cluster without rows. */
static long double *centroids_of(const oracle_labeled *data)
{
    long double *centroids = malloc((size_t)data->k * (size_t)data->cols * sizeof *centroids);
    for (int32_t j = 0; j < data->k; j++)
        for (int64_t c = 0; c < data->cols; c++) centroids[j * data->cols + c] = centroid_at(data, j, c);
    return centroids;
}

static long double square_between(const oracle_labeled *data, int64_t i, const long double *point)
{
    long double sum = 0.0L;
    for (int64_t c = 0; c < data->cols; c++) {
        long double difference = (long double)data->values[i * data->cols + c] - point[c];
        sum += difference * difference;
    }
    return sum;
}

static long double pair_square(const oracle_labeled *data, int64_t i, int64_t m)
{
    long double sum = 0.0L;
    for (int64_t c = 0; c < data->cols; c++) {
        long double difference =
            (long double)data->values[i * data->cols + c] - (long double)data->values[m * data->cols + c];
        sum += difference * difference;
    }
    return sum;
}

static long double score_of(const long double *means, const oracle_labeled *data, int64_t i)
{
    long double a = means[data->labels[i]], b = HUGE_VALL;
    if (size_of(data, data->labels[i]) < 2) return 0.0L;
    for (int32_t j = 0; j < data->k; j++)
        if (j != data->labels[i] && size_of(data, j) > 0 && means[j] < b) b = means[j];
    long double larger = a > b ? a : b;
    return larger == 0.0L ? 0.0L : (b - a) / larger;
}

long double oracle_silhouette_squared(long double *scores, const oracle_labeled *data)
{
    long double total = 0.0L;
    for (int64_t i = 0; i < data->rows; i++) {
        long double means[MOST_CLUSTERS] = {0};
        for (int64_t m = 0; m < data->rows; m++) means[data->labels[m]] += pair_square(data, i, m);
        for (int32_t j = 0; j < data->k; j++) means[j] /= (long double)(size_of(data, j) - (j == data->labels[i]));
        total += scores[i] = score_of(means, data, i);
    }
    return total / (long double)data->rows;
}

long double oracle_silhouette_simplified(long double *scores, const oracle_labeled *data)
{
    long double total = 0.0L, *centroids = centroids_of(data);
    for (int64_t i = 0; i < data->rows; i++) {
        long double means[MOST_CLUSTERS];
        for (int32_t j = 0; j < data->k; j++) means[j] = sqrtl(square_between(data, i, centroids + j * data->cols));
        total += scores[i] = score_of(means, data, i);
    }
    free(centroids);
    return total / (long double)data->rows;
}

long double oracle_calinski_harabasz(const oracle_labeled *data)
{
    long double between = 0.0L, within = 0.0L, *centroids = centroids_of(data);
    int32_t clusters = 0;
    for (int32_t j = 0; j < data->k; j++) {
        clusters += size_of(data, j) > 0;
        for (int64_t c = 0; c < data->cols && size_of(data, j) > 0; c++) {
            long double mean = 0.0L;
            for (int64_t i = 0; i < data->rows; i++) mean += (long double)data->values[i * data->cols + c];
            mean = centroids[j * data->cols + c] - mean / (long double)data->rows;
            between += (long double)size_of(data, j) * mean * mean;
        }
    }
    for (int64_t i = 0; i < data->rows; i++)
        within += square_between(data, i, centroids + data->labels[i] * data->cols);
    free(centroids);
    return between / (long double)(clusters - 1) / (within / (long double)(data->rows - clusters));
}

long double oracle_davies_bouldin(const oracle_labeled *data)
{
    long double sum = 0.0L, width[MOST_CLUSTERS] = {0}, *centroids = centroids_of(data);
    int32_t clusters = 0;
    for (int64_t i = 0; i < data->rows; i++)
        width[data->labels[i]] += sqrtl(square_between(data, i, centroids + data->labels[i] * data->cols)) /
                                  (long double)size_of(data, data->labels[i]);
    for (int32_t i = 0; i < data->k; i++) {
        long double worst = 0.0L;
        if (size_of(data, i) == 0) continue;
        clusters++;
        for (int32_t j = 0; j < data->k; j++) {
            long double apart = 0.0L;
            if (j == i || size_of(data, j) == 0) continue;
            for (int64_t c = 0; c < data->cols; c++) {
                long double difference = centroids[i * data->cols + c] - centroids[j * data->cols + c];
                apart += difference * difference;
            }
            long double ratio = (width[i] + width[j]) / sqrtl(apart);
            if (ratio > worst) worst = ratio;
        }
        sum += worst;
    }
    free(centroids);
    return sum / (long double)clusters;
}
