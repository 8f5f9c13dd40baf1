/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exact silhouette in O(n) memory.

   Rows are sorted by label into tiles of eight rows, each cluster padded with rows of weight 0 to whole tiles:

       | cluster 0: tile tile … pad | cluster 1: tile … pad | … |

   A block of rows is scored cluster by cluster, against stretches of members that stay in the cache; sums have fixed
   lanes, so the bits do not depend on threads. Distances are sums of squared differences, never the expanded form,
   which cancels; values are brought near 1 by a power of two first, so they do not overflow (a silhouette has no unit).

   With w_i the row's weight, W its cluster's: a = sum / (W - 1), as its copies but one are its neighbours; 0 where W
   <= 1. A row of weight 0 asks where it would sit: a = sum / W, no copy of it being there to leave out; 0 where no row
   of weight has its label. Preconditions: none beyond the header's. Source: Rousseeuw 1987. */
#include <patron/silhouette.h>

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/exact.h"
#include "base/floating.h"
#include "base/threads.h"
#include "cluster/footing.h"
#include "cluster/tile.h"

/* Rows scored together, and members they go through before the next: these stay in the cache for all of them. */
enum { BLOCK_ROWS = 32, STRETCH = 256 };

typedef struct sorted_rows {
    int64_t rows, cols, padded; /* padded: places in the sorted order, a whole number of vectors for each cluster */
    int32_t k;
    double *values;  /* padded x cols, in tiles */
    double *weights; /* padded */
    int64_t *source; /* padded: row, or -1 */
    int64_t *start;  /* k + 1: places of the clusters */
    double *total;   /* k: weight */
    double *scores;  /* padded */
} sorted_rows;

static patron_status check_labels(const int32_t *labels, const patron_rows *rows, int32_t k, patron_error *error)
{
    for (int64_t i = 0; i < rows->rows; i++) {
        if (labels[i] < 0 || labels[i] >= k)
            return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, i, -1, "row %lld: label %d is not one of 0 to %d",
                                (long long)i, (int)labels[i], (int)k - 1);
        if (rows->weights != NULL && rows->weights[i] != floor(rows->weights[i]))
            return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, i, -1,
                                "row %lld: weight %g is not a whole number; a silhouette counts copies", (long long)i,
                                rows->weights[i]);
    }
    return PATRON_OK;
}

/* Clusters' weights, and how many clusters have any. */
static patron_status count_clusters(sorted_rows *sorted, int32_t *clusters, const int32_t *labels,
                                    const patron_rows *rows, patron_error *error)
{
    double all = 0.0;
    *clusters = 0;
    memset(sorted->start, 0, (size_t)(sorted->k + (int64_t)1) * sizeof *sorted->start);
    memset(sorted->total, 0, (size_t)sorted->k * sizeof *sorted->total);
    for (int64_t i = 0; i < rows->rows; i++) {
        double weight = rows->weights == NULL ? 1.0 : rows->weights[i];
        sorted->start[labels[i] + (int64_t)1]++;
        sorted->total[labels[i]] += weight;
        all += weight;
    }
    if (all > 0x1p53)
        return ptn_fail(error, PATRON_OUT_OF_RANGE, "the weights add up to %g, beyond what is counted exactly (2^53)",
                        all);
    for (int32_t j = 0; j < sorted->k; j++) {
        int64_t places = (sorted->start[j + (int64_t)1] + PTN_LANES - 1) / PTN_LANES * PTN_LANES;
        sorted->start[j + (int64_t)1] = sorted->start[j] + places;
        *clusters += sorted->total[j] > 0.0;
    }
    sorted->padded = sorted->start[sorted->k];
    if (*clusters < 2)
        return ptn_fail(error, PATRON_ONE_CLUSTER, "all rows are in one cluster; a silhouette needs two");
    return PATRON_OK;
}

/* Counting sort by label, rows of a cluster in their order. start[j] is moved to the cluster's end, and back. */
static void sort_rows(sorted_rows *sorted, const int32_t *labels, const patron_rows *rows, const ptn_footing *footing)
{
    memset(sorted->values, 0, (size_t)(sorted->cols * sorted->padded) * sizeof *sorted->values);
    memset(sorted->weights, 0, (size_t)sorted->padded * sizeof *sorted->weights);
    memset(sorted->source, 0xFF, (size_t)sorted->padded * sizeof *sorted->source);
    for (int64_t i = 0; i < rows->rows; i++) {
        int64_t place = sorted->start[labels[i]]++;
        sorted->source[place] = i;
        sorted->weights[place] = rows->weights == NULL ? 1.0 : rows->weights[i];
        for (int64_t c = 0; c < sorted->cols; c++)
            sorted->values[(place / PTN_LANES * sorted->cols + c) * PTN_LANES + place % PTN_LANES] =
                (ptn_rows_at(rows, i, c) - footing->offset[c]) * footing->inverse_unit;
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

static double score(double sum_own, double total_own, double weight, double nearest)
{
    double others = weight > 0.0 ? total_own - 1.0 : total_own;
    if (!(others > 0.0)) return 0.0;
    double a = sum_own / others, larger = a > nearest ? a : nearest;
    return larger > 0.0 ? (nearest - a) / larger : 0.0;
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
        sorted->scores[from + q] = score(own[q], sorted->total[label[q]], sorted->weights[from + q], nearest[q]);
}

static void give(patron_silhouette_result *result, double *scores, double *cluster_means, const sorted_rows *sorted,
                 int32_t clusters)
{
    ptn_dd all = {0.0, 0.0}, macro = {0.0, 0.0};
    double weight = 0.0;
    for (int32_t j = 0; j < sorted->k; j++) {
        ptn_dd sum = {0.0, 0.0};
        for (int64_t p = sorted->start[j]; p < sorted->start[j + (int64_t)1]; p++) {
            if (sorted->source[p] < 0) continue;
            if (scores != NULL) scores[sorted->source[p]] = sorted->scores[p];
            ptn_dd product = ptn_two_product(sorted->weights[p], sorted->scores[p]);
            ptn_sum_add(&sum, product.hi);
            sum.lo += product.lo;
        }
        ptn_sum_add(&all, sum.hi);
        all.lo += sum.lo;
        weight += sorted->total[j];
        double mean = sorted->total[j] > 0.0 ? ptn_sum_value(sum) / sorted->total[j] : (double)NAN;
        if (sorted->total[j] > 0.0) ptn_sum_add(&macro, mean);
        if (cluster_means != NULL) cluster_means[j] = mean;
    }
    result->mean = ptn_sum_value(all) / weight;
    result->mean_macro = ptn_sum_value(macro) / (double)clusters;
    result->clusters = clusters;
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

static patron_status silhouette(patron_silhouette_result *result, double *scores, double *cluster_means,
                                const patron_rows *rows, const int32_t *labels, int32_t k, const ptn_context *context,
                                patron_error *error)
{
    const ptn_memory *memory = &context->memory;
    void *start = NULL, *total = NULL, *footing_space = NULL;
    sorted_rows sorted = {.rows = rows->rows, .cols = rows->cols, .k = k};
    ptn_footing footing = {0};
    ptn_team team;
    int32_t clusters;
    int64_t thrice;
    ptn_team_open(&team, context);
    patron_status status = check_labels(labels, rows, k, error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&start, memory, k + (int64_t)1, sizeof(int64_t), "cluster starts", error);
    sorted.start = start;
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&total, memory, k, sizeof(double), "cluster weights", error);
    sorted.total = total;
    if (status != PATRON_OK) goto cleanup;
    if (!ptn_mul_i64(&thrice, 3, rows->cols)) thrice = -1;
    status = ptn_allocate(&footing_space, memory, thrice, sizeof(double), "extremes", error);
    if (status != PATRON_OK) goto cleanup;
    footing.offset = footing_space;
    status =
        ptn_footing_find(&footing, footing.offset + rows->cols, footing.offset + 2 * rows->cols, rows, NULL, 0, error);
    if (status != PATRON_OK) goto cleanup;
    status = count_clusters(&sorted, &clusters, labels, rows, error);
    if (status != PATRON_OK) goto cleanup;
    status = allocate_sorted(&sorted, memory, error);
    if (status != PATRON_OK) goto cleanup;
    sort_rows(&sorted, labels, rows, &footing);
    status = ptn_team_run(&team, "silhouette", 0.0, 1.0, (sorted.padded + BLOCK_ROWS - 1) / BLOCK_ROWS, score_block,
                          &sorted, error);
    if (status == PATRON_OK) give(result, scores, cluster_means, &sorted, clusters);

cleanup:
    ptn_team_close(&team);
    ptn_free(memory, sorted.scores);
    ptn_free(memory, sorted.source);
    ptn_free(memory, sorted.weights);
    ptn_free(memory, sorted.values);
    ptn_free(memory, footing_space);
    ptn_free(memory, total);
    ptn_free(memory, start);
    return status;
}

patron_status patron_silhouette(patron_silhouette_result *result, double *scores, double *cluster_means,
                                const patron_rows *rows, const int32_t *labels, int32_t k,
                                const patron_context *context, patron_error *error)
{
    patron_silhouette_result found = {.size = sizeof found};
    patron_rows view;
    ptn_context read;
    fenv_t host;
    ptn_ok(error);
    if (labels == NULL) return ptn_fail_null(error, "labels");
    patron_status status = ptn_struct_write(result, &found, sizeof found, "result", error);
    if (status == PATRON_OK) status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    ptn_floating_enter(&host);
    status = ptn_rows_read(&view, rows, error);
    if (status == PATRON_OK && view.rows == 0)
        status = ptn_fail(error, PATRON_NO_DATA, "there are no rows to score; give at least two");
    if (status == PATRON_OK && k < 1)
        status = ptn_fail(error, PATRON_INVALID_ARGUMENT, "k is %d; give at least 1", (int)k);
    if (status == PATRON_OK) status = silhouette(&found, scores, cluster_means, &view, labels, k, &read, error);
    if (status == PATRON_OK) status = ptn_struct_write(result, &found, sizeof found, "result", error);
    ptn_floating_leave(&host);
    return status;
}
