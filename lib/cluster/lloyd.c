/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lloyd's algorithm on packed rows.

   Each iteration: centroids become the means of their rows (sums in twice the precision, rounded once, so a cluster of
   equal rows has exactly their value), then each row gets the nearest one. Preconditions: at least k distinct rows of
   weight > 0. Source: Lloyd 1982. */
#include "cluster/lloyd.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

/* Single-row moves pay on small data only: what one row changes falls with the size of its cluster. */
enum { MOST_ROWS_TO_MOVE = 65536, MOST_EXTRA_PASSES = 100 };

int64_t ptn_lloyd_block_tiles(int64_t tiles, int32_t k)
{
    int64_t least = 256; /* 2048 rows */
    if (tiles / 256 + 1 > least) least = tiles / 256 + 1;
    if (k / 2 > least) least = k / 2; /* partial sums stay as small as the rows */
    return least;
}

typedef struct pass_job {
    ptn_lloyd *lloyd;
    ptn_lloyd_task task;
} pass_job;

static void do_block(void *opaque, int64_t block, int32_t worker)
{
    pass_job *job = opaque;
    (void)worker;
    job->task(job->lloyd, block);
}

patron_status ptn_lloyd_pass(ptn_lloyd *lloyd, ptn_lloyd_task task, patron_error *error)
{
    if (lloyd->team == NULL) {
        for (int64_t b = 0; b < lloyd->blocks; b++) task(lloyd, b);
        return PATRON_OK;
    }
    pass_job job = {lloyd, task};
    /* How many passes there will be is not known: pass p takes progress from p/(p + 30) to (p + 1)/(p + 31). */
    double p = (double)lloyd->passes++, width = lloyd->to - lloyd->from;
    return ptn_team_run(lloyd->team, "kmeans", lloyd->from + width * (p / (p + 30.0)),
                        lloyd->from + width * ((p + 1.0) / (p + 31.0)), lloyd->blocks, do_block, &job, error);
}

void ptn_lloyd_row(double *out, const ptn_packed *data, int64_t row)
{
    for (int64_t c = 0; c < data->cols; c++) out[c] = ptn_packed_at(data, row, c);
}

static void block_range(const ptn_lloyd *lloyd, int64_t block, int64_t *from, int64_t *to)
{
    *from = block * lloyd->block_tiles;
    *to = *from + lloyd->block_tiles < lloyd->data->tiles ? *from + lloyd->block_tiles : lloyd->data->tiles;
}

/* Labels and inertia of a block's rows. The label is kept as a double while it is chosen, so that vectors hold both. */
static void assign_block(ptn_lloyd *lloyd, int64_t block)
{
    const ptn_packed *data = lloyd->data;
    int64_t from, to, changed = 0;
    double inertia = 0.0;
    block_range(lloyd, block, &from, &to);
    for (int64_t t = from; t < to; t++) {
        const double *tile = data->values + t * data->cols * PTN_LANES, *weights = data->weights + t * PTN_LANES;
        double best[PTN_LANES], where[PTN_LANES] = {0}, distance[PTN_LANES];
        ptn_tile_distances(best, tile, lloyd->centroids, 1, data->cols);
        for (int32_t j = 1; j < lloyd->k; j++) {
            double number = (double)j;
            ptn_tile_distances(distance, tile, lloyd->centroids + j * data->cols, 1, data->cols);
            for (int l = 0; l < PTN_LANES; l++) {
                where[l] = distance[l] < best[l] ? number : where[l];
                best[l] = distance[l] < best[l] ? distance[l] : best[l];
            }
        }
        int32_t *labels = lloyd->labels + t * PTN_LANES;
        for (int l = 0; l < PTN_LANES; l++) {
            int32_t label = (int32_t)where[l];
            changed += label != labels[l] && weights[l] > 0.0;
            labels[l] = label;
            inertia += weights[l] * best[l];
        }
    }
    lloyd->block[block].inertia = inertia;
    lloyd->block[block].changed = changed;
}

/* A block's sums of weights and of weighted values by cluster. */
static void sum_block(ptn_lloyd *lloyd, int64_t block)
{
    const ptn_packed *data = lloyd->data;
    int64_t from, to, cols = data->cols, k = lloyd->k;
    ptn_dd *sums = lloyd->block_sums + block * k * cols, *weights = lloyd->block_weights + block * k;
    int64_t *counts = lloyd->block_counts + block * k;
    memset(sums, 0, (size_t)(k * cols) * sizeof *sums);
    memset(weights, 0, (size_t)k * sizeof *weights);
    memset(counts, 0, (size_t)k * sizeof *counts);
    block_range(lloyd, block, &from, &to);
    for (int64_t i = from * PTN_LANES; i < to * PTN_LANES; i++) {
        double weight = data->weights[i];
        if (weight == 0.0) continue;
        const double *values = data->values + i / PTN_LANES * cols * PTN_LANES + i % PTN_LANES;
        int32_t label = lloyd->labels[i];
        ptn_dd *sum = sums + label * cols;
        counts[label]++;
        if (!data->weighted) {
            weights[label].hi += 1.0;
            for (int64_t c = 0; c < cols; c++) ptn_sum_add(&sum[c], values[c * PTN_LANES]);
            continue;
        }
        ptn_sum_add(&weights[label], weight);
        for (int64_t c = 0; c < cols; c++) {
            ptn_dd product = ptn_two_product(weight, values[c * PTN_LANES]);
            ptn_sum_add(&sum[c], product.hi);
            sum[c].lo += product.lo;
        }
    }
}

static void add_counts(ptn_lloyd *lloyd)
{
    int64_t k = lloyd->k;
    memset(lloyd->counts, 0, (size_t)k * sizeof *lloyd->counts);
    for (int64_t b = 0; b < lloyd->blocks; b++)
        for (int64_t j = 0; j < k; j++) lloyd->counts[j] += lloyd->block_counts[b * k + j];
}

static bool any_empty(const ptn_lloyd *lloyd)
{
    for (int32_t j = 0; j < lloyd->k; j++)
        if (lloyd->counts[j] == 0) return true;
    return false;
}

/* A packed value, moved by less than an ulp to one that the caller's unit can hold. */
static double returnable(const ptn_packed *data, int64_t col, double value)
{
    double given = data->footing.offset[col] + value * data->footing.unit;
    return (given - data->footing.offset[col]) * data->footing.inverse_unit;
}

static void add_to(ptn_dd *total, ptn_dd more)
{
    ptn_sum_add(total, more.hi);
    total->lo += more.lo;
}

/* The means of the blocks' sums into lloyd->next. */
static void find_means(ptn_lloyd *lloyd)
{
    int64_t k = lloyd->k, cols = lloyd->data->cols;
    for (int64_t j = 0; j < k; j++) {
        ptn_dd weight = {0.0, 0.0};
        for (int64_t b = 0; b < lloyd->blocks; b++) add_to(&weight, lloyd->block_weights[b * k + j]);
        weight = ptn_fast_two_sum(weight.hi, weight.lo);
        lloyd->weights[j] = weight;
        for (int64_t c = 0; c < cols; c++) {
            ptn_dd sum = {0.0, 0.0};
            for (int64_t b = 0; b < lloyd->blocks; b++) add_to(&sum, lloyd->block_sums[(b * k + j) * cols + c]);
            ptn_dd mean = ptn_dd_divide(ptn_fast_two_sum(sum.hi, sum.lo), weight);
            lloyd->next[j * cols + c] = returnable(lloyd->data, c, mean.hi + mean.lo);
        }
    }
}

static bool comes_before(const double *a, int32_t first, const double *b, int32_t second, int64_t cols)
{
    for (int64_t c = 0; c < cols; c++)
        if (a[c] != b[c]) return a[c] < b[c];
    return first < second;
}

void ptn_lloyd_sort(ptn_lloyd *lloyd, bool relabel)
{
    int64_t cols = lloyd->data->cols;
    int32_t k = lloyd->k, *order = lloyd->order, *rank = lloyd->order + k, gap = 1;
    bool moved = false;
    for (int32_t j = 0; j < k; j++) order[j] = j;
    while (gap < k / 3) gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3) {
        for (int32_t j = gap; j < k; j++) {
            int32_t item = order[j], at = j;
            for (; at >= gap && comes_before(lloyd->centroids + item * cols, item,
                                             lloyd->centroids + order[at - gap] * cols, order[at - gap], cols);
                 at -= gap)
                order[at] = order[at - gap];
            order[at] = item;
            moved = moved || at != j;
        }
    }
    if (!moved) return;
    for (int32_t j = 0; j < k; j++) {
        rank[order[j]] = j;
        memcpy(lloyd->next + j * cols, lloyd->centroids + order[j] * cols, (size_t)cols * sizeof(double));
    }
    double *sorted = lloyd->next;
    lloyd->next = lloyd->centroids;
    lloyd->centroids = sorted;
    for (int64_t i = 0; relabel && i < lloyd->data->rows; i++) lloyd->labels[i] = rank[lloyd->labels[i]];
    for (int32_t j = 0; relabel && j < k; j++) { /* counts and weights follow, by way of the sums' scratch */
        lloyd->block_counts[j] = lloyd->counts[order[j]];
        lloyd->block_weights[j] = lloyd->weights[order[j]];
    }
    if (!relabel) return;
    memcpy(lloyd->counts, lloyd->block_counts, (size_t)k * sizeof *lloyd->counts);
    memcpy(lloyd->weights, lloyd->block_weights, (size_t)k * sizeof *lloyd->weights);
}

/* Centroids become means; *movement is the sum of their squared shifts. */
static patron_status update(double *movement, ptn_lloyd *lloyd, patron_error *error)
{
    patron_status status = ptn_lloyd_pass(lloyd, sum_block, error);
    if (status != PATRON_OK) return status;
    add_counts(lloyd);
    if (any_empty(lloyd)) {
        ptn_lloyd_repair(lloyd);
        status = ptn_lloyd_pass(lloyd, sum_block, error);
        if (status != PATRON_OK) return status;
        add_counts(lloyd);
        if (any_empty(lloyd))
            return ptn_fail(error, PATRON_OUT_OF_RANGE,
                            "rows lie too close together, beside the spread of all, for %d clusters; leave out the "
                            "farthest rows, or ask for fewer clusters",
                            (int)lloyd->k);
    }
    find_means(lloyd);
    *movement = 0.0;
    for (int64_t e = 0; e < lloyd->k * lloyd->data->cols; e++) {
        double shift = lloyd->next[e] - lloyd->centroids[e];
        *movement += shift * shift;
    }
    double *means = lloyd->next;
    lloyd->next = lloyd->centroids;
    lloyd->centroids = means;
    ptn_lloyd_sort(lloyd, true);
    return PATRON_OK;
}

static patron_status assign(int64_t *changed, ptn_lloyd *lloyd, patron_error *error)
{
    patron_status status = ptn_lloyd_pass(lloyd, assign_block, error);
    if (status != PATRON_OK) return status;
    *changed = 0;
    lloyd->inertia = 0.0;
    for (int64_t b = 0; b < lloyd->blocks; b++) {
        *changed += lloyd->block[b].changed;
        lloyd->inertia += lloyd->block[b].inertia;
    }
    return PATRON_OK;
}

patron_status ptn_lloyd_label(ptn_lloyd *lloyd, patron_error *error)
{
    int64_t changed;
    return assign(&changed, lloyd, error);
}

static patron_status note(const ptn_lloyd *lloyd, const ptn_lloyd_plan *plan, bool again, patron_error *error)
{
    if (plan->trace == NULL) return PATRON_OK;
    if (!again) {
        patron_status status = ptn_array_reserve(plan->trace, plan->memory, 1, sizeof(double), "iterations", error);
        if (status != PATRON_OK) return status;
        plan->trace->count++;
    }
    ((double *)plan->trace->items)[plan->trace->count - 1] = lloyd->inertia;
    return PATRON_OK;
}

/* After a start that was cut off: labels may leave a cluster empty. Further iterations, which only improve, until not.
 */
static patron_status settle(ptn_lloyd *lloyd, const ptn_lloyd_plan *plan, patron_error *error)
{
    for (int64_t pass = 0; pass < MOST_EXTRA_PASSES + (int64_t)lloyd->k; pass++) {
        double movement;
        int64_t changed;
        memset(lloyd->counts, 0, (size_t)lloyd->k * sizeof *lloyd->counts);
        for (int64_t i = 0; i < lloyd->data->rows; i++)
            lloyd->counts[lloyd->labels[i]] += lloyd->data->weights[i] > 0.0;
        if (!any_empty(lloyd)) return pass == 0 ? PATRON_OK : note(lloyd, plan, true, error);
        patron_status status = update(&movement, lloyd, error);
        if (status == PATRON_OK) status = assign(&changed, lloyd, error);
        if (status != PATRON_OK) return status;
    }
    return ptn_fail(error, PATRON_OUT_OF_RANGE,
                    "rows lie too close together, beside the spread of all, for %d clusters; leave out the farthest "
                    "rows, or ask for fewer clusters",
                    (int)lloyd->k);
}

patron_status ptn_lloyd_run(ptn_lloyd_end *end, ptn_lloyd *lloyd, const ptn_lloyd_plan *plan, patron_error *error)
{
    bool may_move = lloyd->k > 1 && lloyd->k <= PTN_MOST_CLUSTERS_TO_MOVE && lloyd->data->rows <= MOST_ROWS_TO_MOVE;
    int64_t changed;
    end->iterations = 0;
    end->converged = false;
    memset(lloyd->labels, 0xFF, (size_t)(lloyd->data->tiles * PTN_LANES) * sizeof *lloyd->labels);
    patron_status status = assign(&changed, lloyd, error);
    while (status == PATRON_OK && end->iterations < plan->max_iter) {
        double movement = 0.0;
        status = update(&movement, lloyd, error);
        if (status == PATRON_OK) status = assign(&changed, lloyd, error);
        if (status != PATRON_OK) break;
        end->iterations++;
        status = note(lloyd, plan, false, error);
        if (status != PATRON_OK) break;
        if (changed == 0) {
            bool moved = false;
            end->converged = true;
            if (may_move && end->iterations < plan->max_iter) status = ptn_lloyd_move(&moved, lloyd, error);
            if (!moved) break;
            end->converged = false;
        } else if (plan->tol > 0.0 && movement <= plan->tol * lloyd->variance) {
            end->converged = true;
            break;
        }
    }
    if (status == PATRON_OK && changed != 0) status = settle(lloyd, plan, error);
    return status;
}

void ptn_lloyd_take(ptn_lloyd *lloyd, const double *centroids)
{
    const ptn_footing *footing = &lloyd->data->footing;
    int64_t cols = lloyd->data->cols;
    for (int64_t j = 0; j < lloyd->k; j++)
        for (int64_t c = 0; c < cols; c++)
            lloyd->centroids[j * cols + c] = (centroids[j * cols + c] - footing->offset[c]) * footing->inverse_unit;
    ptn_lloyd_sort(lloyd, false);
}

void ptn_lloyd_give(double *centroids, const ptn_lloyd *lloyd)
{
    const ptn_footing *footing = &lloyd->data->footing;
    int64_t cols = lloyd->data->cols;
    for (int64_t j = 0; j < lloyd->k; j++)
        for (int64_t c = 0; c < cols; c++)
            centroids[j * cols + c] = footing->offset[c] + lloyd->centroids[j * cols + c] * footing->unit;
}

patron_status ptn_lloyd_open(ptn_lloyd *lloyd, const ptn_packed *data, int32_t k, const ptn_memory *memory,
                             patron_error *error)
{
    int64_t elements, sums, parts;
    memset(lloyd, 0, sizeof *lloyd);
    lloyd->data = data;
    lloyd->k = k;
    lloyd->block_tiles = ptn_lloyd_block_tiles(data->tiles, k);
    lloyd->blocks = (data->tiles + lloyd->block_tiles - 1) / lloyd->block_tiles;
    if (!ptn_mul_i64(&elements, k, data->cols) || !ptn_mul_i64(&sums, elements, lloyd->blocks))
        return ptn_fail(error, PATRON_TOO_LARGE, "%d clusters of %lld columns are more than memory can address", (int)k,
                        (long long)data->cols);
    parts = k * lloyd->blocks;
    int64_t rows = data->tiles * PTN_LANES;
    const struct {
        void *pointer; /* the member to set */
        int64_t count;
        size_t each;
        const char *what;
    } wanted[] = {
        {&lloyd->centroids, elements, sizeof(double), "centroids"},
        {&lloyd->next, elements, sizeof(double), "centroids"},
        {&lloyd->labels, rows, sizeof(int32_t), "labels"},
        {&lloyd->nearest, rows, sizeof(double), "distances"},
        {&lloyd->counts, k, sizeof(int64_t), "counts"},
        {&lloyd->weights, k, sizeof(ptn_dd), "weights"},
        {&lloyd->order, 2 * (int64_t)k, sizeof(int32_t), "an order"},
        {&lloyd->candidates, PTN_MOST_TRIALS * data->cols, sizeof(double), "candidates"},
        {&lloyd->block, lloyd->blocks, sizeof(ptn_lloyd_block), "partial sums"},
        {&lloyd->block_sums, sums, sizeof(ptn_dd), "partial sums"},
        {&lloyd->block_weights, parts, sizeof(ptn_dd), "partial sums"},
        {&lloyd->block_counts, parts, sizeof(int64_t), "partial sums"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *block;
        patron_status status = ptn_allocate(&block, memory, wanted[i].count, wanted[i].each, wanted[i].what, error);
        if (status != PATRON_OK) return status;
        memcpy(wanted[i].pointer, &block, sizeof block);
    }
    return PATRON_OK;
}

void ptn_lloyd_close(ptn_lloyd *lloyd, const ptn_memory *memory)
{
    ptn_free(memory, lloyd->block_counts);
    ptn_free(memory, lloyd->block_weights);
    ptn_free(memory, lloyd->block_sums);
    ptn_free(memory, lloyd->block);
    ptn_free(memory, lloyd->candidates);
    ptn_free(memory, lloyd->order);
    ptn_free(memory, lloyd->weights);
    ptn_free(memory, lloyd->counts);
    ptn_free(memory, lloyd->nearest);
    ptn_free(memory, lloyd->labels);
    ptn_free(memory, lloyd->next);
    ptn_free(memory, lloyd->centroids);
    memset(lloyd, 0, sizeof *lloyd);
}
