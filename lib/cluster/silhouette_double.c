/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exact silhouette in double, in O(n) memory, one labeling at a time: for few rows and for many clusters.

   Rows are sorted by label into tiles of eight rows, each cluster padded with rows of weight 0 to whole tiles:

       | cluster 0: tile tile … pad | cluster 1: tile … pad | … |

   A block of rows is scored cluster by cluster, against stretches of members that stay in the cache; sums have fixed
   lanes, so the bits do not depend on threads. Distances are sums of squared differences, never the expanded form,
   which cancels; values are brought near 1 by a power of two first, so they do not overflow (a silhouette has no unit).
   Preconditions: none beyond the header's. Source: Rousseeuw 1987. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "cluster/silhouette.h"
#include "cluster/tile.h"

/* Rows scored together, and members they go through before the next: these stay in the cache for all of them. */
enum { BLOCK_ROWS = 32, STRETCH = 256 };

typedef struct sorted_rows {
    int64_t rows, cols, padded; /* padded: places in the sorted order, a whole number of vectors for each cluster */
    int32_t k;
    double *values;      /* padded x cols, in tiles */
    double *weights;     /* padded */
    int64_t *source;     /* padded: row, or -1 */
    int64_t *start;      /* k + 1: places of the clusters */
    const double *total; /* k: weight */
    double *scores;      /* padded */
} sorted_rows;

/* Where clusters begin. */
static void place_clusters(sorted_rows *sorted, const int32_t *labels)
{
    memset(sorted->start, 0, (size_t)(sorted->k + (int64_t)1) * sizeof *sorted->start);
    for (int64_t i = 0; i < sorted->rows; i++) sorted->start[labels[i] + (int64_t)1]++;
    for (int32_t j = 0; j < sorted->k; j++) {
        int64_t places = (sorted->start[j + (int64_t)1] + PTN_LANES - 1) / PTN_LANES * PTN_LANES;
        sorted->start[j + (int64_t)1] = sorted->start[j] + places;
    }
    sorted->padded = sorted->start[sorted->k];
}

/* Counting sort by label, rows of a cluster in their order. start[j] is moved to the cluster's end, and back. */
static void sort_rows(sorted_rows *sorted, const int32_t *labels, const ptn_scored *scored)
{
    memset(sorted->values, 0, (size_t)(sorted->cols * sorted->padded) * sizeof *sorted->values);
    memset(sorted->weights, 0, (size_t)sorted->padded * sizeof *sorted->weights);
    memset(sorted->source, 0xFF, (size_t)sorted->padded * sizeof *sorted->source);
    for (int64_t i = 0; i < sorted->rows; i++) {
        int64_t place = sorted->start[labels[i]]++;
        sorted->source[place] = i;
        sorted->weights[place] = ptn_scored_weight(scored, i);
        for (int64_t c = 0; c < sorted->cols; c++)
            sorted->values[(place / PTN_LANES * sorted->cols + c) * PTN_LANES + place % PTN_LANES] =
                ptn_scored_at(scored, i, c);
    }
    for (int32_t j = sorted->k - 1; j > 0; j--)
        sorted->start[j] = (sorted->start[j - 1] + PTN_LANES - 1) / PTN_LANES * PTN_LANES;
    sorted->start[0] = 0;
}

/* Weighted sum of distances from place `from` to `count` members (whole tiles) at place `to`. */
static double sum_members(const sorted_rows *sorted, int64_t from, int64_t to, int64_t count)
{
    double squares[PTN_LANES], sum[PTN_LANES] = {0};
    int64_t tile = sorted->cols * PTN_LANES;
    const double *point = sorted->values + from / PTN_LANES * tile + from % PTN_LANES;
    for (int64_t m = to; m < to + count; m += PTN_LANES) {
        ptn_tile_distances(squares, sorted->values + m / PTN_LANES * tile, point, PTN_LANES, sorted->cols);
        for (int64_t l = 0; l < PTN_LANES; l++) sum[l] += sorted->weights[m + l] * sqrt(squares[l]);
    }
    return ptn_add_lanes(sum);
}

static int32_t cluster_at(const sorted_rows *sorted, int64_t place)
{
    int32_t low = 0, high = sorted->k;
    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        if (sorted->start[middle] <= place)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void score_block(void *opaque, int64_t block, int32_t worker)
{
    sorted_rows *sorted = opaque;
    int64_t from = block * BLOCK_ROWS, count = sorted->padded - from < BLOCK_ROWS ? sorted->padded - from : BLOCK_ROWS;
    double own[BLOCK_ROWS] = {0}, nearest[BLOCK_ROWS];
    int32_t label[BLOCK_ROWS];
    (void)worker;
    for (int64_t q = 0; q < count; q++) {
        nearest[q] = HUGE_VAL;
        label[q] = cluster_at(sorted, from + q);
    }
    for (int32_t j = 0; j < sorted->k; j++) {
        double sum[BLOCK_ROWS] = {0};
        if (!(sorted->total[j] > 0.0)) continue;
        for (int64_t to = sorted->start[j]; to < sorted->start[j + (int64_t)1]; to += STRETCH) {
            int64_t left = sorted->start[j + (int64_t)1] - to, size = left < STRETCH ? left : STRETCH;
            for (int64_t q = 0; q < count; q++) sum[q] += sum_members(sorted, from + q, to, size);
        }
        for (int64_t q = 0; q < count; q++) {
            double mean = sum[q] / sorted->total[j];
            if (label[q] == j)
                own[q] = sum[q];
            else if (mean < nearest[q])
                nearest[q] = mean;
        }
    }
    for (int64_t q = 0; q < count; q++)
        sorted->scores[from + q] =
            ptn_silhouette_score(own[q], sorted->total[label[q]], sorted->weights[from + q], nearest[q]);
}

static patron_status allocate_sorted(sorted_rows *sorted, const ptn_memory *memory, patron_error *error)
{
    void *values = NULL, *weights = NULL, *source = NULL, *scores = NULL;
    int64_t elements;
    if (!ptn_mul_i64(&elements, sorted->padded, sorted->cols))
        return ptn_fail(error, PATRON_TOO_LARGE, "rows of %lld x %lld are more than memory can address",
                        (long long)sorted->rows, (long long)sorted->cols);
    patron_status status = ptn_allocate(&values, memory, elements, sizeof(double), "values", error);
    if (status == PATRON_OK) status = ptn_allocate(&weights, memory, sorted->padded, sizeof(double), "weights", error);
    if (status == PATRON_OK)
        status = ptn_allocate(&source, memory, sorted->padded, sizeof(int64_t), "row numbers", error);
    if (status == PATRON_OK) status = ptn_allocate(&scores, memory, sorted->padded, sizeof(double), "scores", error);
    sorted->values = values;
    sorted->weights = weights;
    sorted->source = source;
    sorted->scores = scores;
    return status;
}

patron_status ptn_silhouette_double(ptn_labeling *labeling, const ptn_scored *scored, patron_error *error)
{
    const ptn_memory *memory = &scored->team->context->memory;
    void *start = NULL;
    sorted_rows sorted = {
        .rows = scored->rows.rows, .cols = scored->rows.cols, .k = labeling->k, .total = labeling->total};
    patron_status status =
        ptn_allocate(&start, memory, labeling->k + (int64_t)1, sizeof(int64_t), "cluster starts", error);
    sorted.start = start;
    if (status != PATRON_OK) goto cleanup;
    place_clusters(&sorted, labeling->labels);
    status = allocate_sorted(&sorted, memory, error);
    if (status != PATRON_OK) goto cleanup;
    sort_rows(&sorted, labeling->labels, scored);
    status = ptn_team_run(scored->team, "silhouette", scored->from, scored->to,
                          (sorted.padded + BLOCK_ROWS - 1) / BLOCK_ROWS, score_block, &sorted, error);
    if (status != PATRON_OK) goto cleanup;
    for (int64_t p = 0; p < sorted.padded; p++)
        if (sorted.source[p] >= 0) labeling->scores[sorted.source[p]] = sorted.scores[p];
    labeling->in_double = sorted.rows;

cleanup:
    ptn_free(memory, sorted.scores);
    ptn_free(memory, sorted.source);
    ptn_free(memory, sorted.weights);
    ptn_free(memory, sorted.values);
    ptn_free(memory, start);
    return status;
}
