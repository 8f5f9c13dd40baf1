/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes over packed rows, and means.

   What workers find is worked off tile by tile: rows in doubt by the rule (cluster/filter.h), rows that change moved
   from one of the worker's sums to another. Workers' shares are added at the end; they are exact, so the order of
   everything is free. Precondition: at least k distinct rows of weight > 0. */
#include "cluster/lloyd.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "cluster/centroids.h"
#include "cluster/sums.h"

/* Where more than one row in so many changed its label, the next pass adds up all rows: that costs less than to move
   each from one sum to the other (measured: some 1 and 25 ns a row). */
enum { MANY_CHANGE = 24 };

typedef struct pass_job {
    ptn_passes *passes;
    ptn_run *runs;
    int32_t count;
} pass_job;

/* Works off one tile. `share` is the worker's: k x cols sums, k weights, rows changed. */
static void settle_tile(ptn_run *run, double *share, const ptn_packed *packed, const ptn_active *active, int64_t tile)
{
    uint32_t lanes = (uint32_t)active->changed | active->doubt;
    int64_t cols = packed->cols, k = run->k;
    double *weights = share + k * cols;
    if (run->fresh) {
        uint32_t sure = (uint32_t)active->changed & ~(uint32_t)active->doubt;
        if (tile == packed->tiles - 1) sure &= 0xFFFFu >> (packed->tiles * PTN_TILE - packed->rows); /* no padding */
        weights[k] += (double)__builtin_popcount(sure);
        uint8_t *labels = run->labels + tile * PTN_TILE;
        if (active->doubt == 0) memcpy(labels, active->labels, PTN_TILE);
        for (int lane = 0; active->doubt != 0 && lane < PTN_TILE; lane++)
            if (!(active->doubt >> lane & 1)) labels[lane] = active->labels[lane];
        lanes = active->doubt;
    }
    for (; lanes != 0; lanes &= lanes - 1) {
        int lane = __builtin_ctz(lanes);
        int64_t row = tile * PTN_TILE + lane;
        int32_t label = active->labels[lane], before = run->labels[row];
        if (row >= packed->rows) {
            run->labels[row] = (uint8_t)label;
            continue;
        }
        if (packed->exception_count > 0 && ptn_packed_excepts(packed, row)) continue;
        if (active->doubt >> lane & 1) label = ptn_decide(packed, run->centroids, run->k, row);
        if (label == before) continue;
        run->labels[row] = (uint8_t)label;
        double weight = packed->weights == NULL ? 1.0 : (double)packed->weights[row];
        if (weight == 0.0) continue;
        weights[k] += 1.0;
        if (run->fresh) continue;
        ptn_move_values(share, packed->values, cols, row, weight, before, label);
        weights[before] -= weight;
        weights[label] += weight;
    }
}

/* A stretch's sums and weights for clusters 1 … k - 1, once its labels are made. */
static void sum_fresh(ptn_run *run, double *share, const ptn_packed *packed, int64_t from, int64_t to)
{
    int64_t cols = packed->cols, end = to * PTN_TILE < packed->rows ? to * PTN_TILE : packed->rows;
    double *weights = share + run->k * cols;
    const uint8_t *labels = run->labels;
    if (packed->weights == NULL && run->k <= PTN_FEW) {
        packed->kernels->step_sums(share, weights, packed->values + from * cols * PTN_TILE, labels + from * PTN_TILE,
                                   packed->frame.step, to - from, cols, run->k);
        for (int64_t i = end; i < to * PTN_TILE; i++) weights[labels[i]] -= labels[i] != 0; /* the padding */
        return;
    }
    packed->kernels->sums(share, packed->values + from * cols * PTN_TILE, labels + from * PTN_TILE,
                          packed->weights == NULL ? NULL : packed->weights + from * PTN_TILE, to - from, cols, run->k);
    if (packed->weights != NULL) {
        for (int64_t i = from * PTN_TILE; i < end; i++) weights[labels[i]] += (double)packed->weights[i];
        return;
    }
    int64_t counts[PTN_MOST_CLUSTERS] = {0};
    ptn_count_labels(counts, labels + from * PTN_TILE, end - from * PTN_TILE, run->k);
    for (int32_t j = 0; j < run->k; j++) weights[j] += (double)counts[j];
}

/* Before a run's first look at tiles: in its pass, so that memory is first touched by those who go on with it. */
static void begin_tiles(ptn_run *run, int64_t from, int64_t to)
{
    memset(run->labels + from * PTN_TILE, 0, (size_t)((to - from) * PTN_TILE));
    for (int64_t t = from; t < to; t++) run->bounds[t] = -HUGE_VALF;
}

static void pass_block(void *opaque, int64_t block, int32_t worker)
{
    pass_job *job = opaque;
    const ptn_packed *packed = job->passes->packed;
    ptn_active *active = job->passes->active + (int64_t)worker * PTN_CHUNK;
    int64_t from, to, cols = packed->cols;
    ptn_packed_range(packed, block, &from, &to);
    for (int64_t t = from; t < to; t += PTN_CHUNK) {
        int64_t end = t + PTN_CHUNK < to ? t + PTN_CHUNK : to;
        const float *values = packed->values + t * cols * PTN_TILE;
        for (int32_t r = 0; r < job->count; r++) {
            ptn_run *run = &job->runs[r];
            double *share = run->shares + worker * (run->k * (cols + 1) + 1);
            if (run->ended) continue;
            if (!run->begun) begin_tiles(run, t, end);
            int32_t found = packed->kernels->assign(active, &run->filter, values, run->labels + t * PTN_TILE,
                                                    run->bounds + t, (int32_t)(end - t));
            for (int32_t a = 0; a < found; a++) settle_tile(run, share, packed, &active[a], t + active[a].tile);
            if (run->fresh) sum_fresh(run, share, packed, t, end);
        }
    }
}

/* The first cluster has what the others have not. */
static void take_rest(ptn_run *run, const ptn_packed *packed)
{
    int64_t cols = packed->cols;
    memcpy(run->sums, packed->total, (size_t)cols * sizeof *run->sums);
    run->weights[0] = packed->weights == NULL ? (double)packed->rows : packed->total_weight;
    for (int64_t e = 0; packed->weights != NULL && e < packed->exception_count; e++)
        run->weights[0] -= packed->exception_weight[e];
    for (int64_t j = 1; j < run->k; j++) {
        run->weights[0] -= run->weights[j];
        for (int64_t c = 0; c < cols; c++) run->sums[c] -= run->sums[j * cols + c];
    }
}

/* Adds up what the workers have, and labels the exceptions. */
static void gather(ptn_run *run, const ptn_packed *packed, int32_t workers)
{
    int64_t cols = packed->cols, k = run->k, each = k * (cols + 1) + 1;
    if (run->fresh) {
        memset(run->sums, 0, (size_t)(k * cols) * sizeof *run->sums);
        memset(run->weights, 0, (size_t)k * sizeof *run->weights);
    }
    run->changed = 0;
    for (int32_t w = 0; w < workers; w++) {
        const double *share = run->shares + w * each;
        for (int64_t e = 0; e < k * cols; e++) run->sums[e] += share[e];
        for (int64_t j = 0; j < k; j++) run->weights[j] += share[k * cols + j];
        run->changed += (int64_t)share[each - 1];
    }
    if (run->fresh) take_rest(run, packed);
    for (int64_t e = 0; e < packed->exception_count; e++) {
        int64_t row = packed->exceptions[e];
        int32_t before = run->labels[row], label = ptn_decide(packed, run->centroids, run->k, row);
        if (run->fresh && packed->weights == NULL) run->weights[before] -= 1.0;
        run->changed += label != before && packed->exception_weight[e] > 0.0;
        run->labels[row] = (uint8_t)label;
    }
    ptn_run_sum_exceptions(run, packed);
    if (!run->begun) run->changed = packed->rows;
    run->begun = true;
    run->fresh = packed->weights == NULL && run->k <= PTN_FEW && run->changed > packed->rows / MANY_CHANGE;
}

void ptn_run_sum_exceptions(ptn_run *run, const ptn_packed *packed)
{
    int64_t cols = packed->cols;
    if (packed->exception_count == 0) return;
    memset(run->apart_sums, 0, (size_t)(run->k * cols) * sizeof(double));
    memset(run->apart_weights, 0, (size_t)run->k * sizeof(double));
    for (int64_t e = 0; e < packed->exception_count; e++) {
        int64_t row = packed->exceptions[e], label = run->labels[row];
        double weight = packed->exception_weight[e];
        run->apart_weights[label] += weight;
        for (int64_t c = 0; c < cols; c++)
            run->apart_sums[label * cols + c] += weight * ptn_packed_exact(packed, row, c);
    }
}

/* About the means of the labels: the sum of squares less what the means account for. */
static double inertia_of(const ptn_run *run, const ptn_packed *packed)
{
    ptn_dd rest = {packed->square, 0.0};
    for (int32_t j = 0; j < run->k; j++) {
        double weight = run->weights[j] + run->apart_weights[j], square = 0.0;
        if (!(weight > 0.0)) continue;
        for (int64_t c = 0; c < packed->cols; c++) {
            int64_t e = j * packed->cols + c;
            double sum = run->sums[e] + run->apart_sums[e];
            square += sum * sum;
        }
        ptn_sum_add(&rest, -(square / weight));
    }
    double inertia = ptn_sum_value(rest);
    return inertia > 0.0 ? inertia : 0.0;
}

void ptn_passes_progress(ptn_passes *passes, double *from, double *to)
{
    double p = (double)passes->done++, width = passes->to - passes->from;
    *from = passes->from + width * (p / (p + 30.0));
    *to = passes->from + width * ((p + 1.0) / (p + 31.0));
}

patron_status ptn_lloyd_pass(ptn_passes *passes, ptn_run *runs, int32_t count, patron_error *error)
{
    const ptn_packed *packed = passes->packed;
    int32_t workers = passes->team->context->threads;
    pass_job job = {passes, runs, count};
    double from, to;
    for (int32_t r = 0; r < count; r++) {
        ptn_run *run = &runs[r];
        if (run->ended) continue;
        memset(run->shares, 0, (size_t)(workers * (run->k * (packed->cols + 1) + 1)) * sizeof *run->shares);
        ptn_filter_set(&run->filter, &packed->frame, run->centroids, run->travelled, NULL, passes->scratch);
    }
    ptn_passes_progress(passes, &from, &to);
    patron_status status = ptn_team_run(passes->team, "kmeans", from, to, packed->blocks, pass_block, &job, error);
    for (int32_t r = 0; status == PATRON_OK && r < count; r++) {
        if (runs[r].ended) continue;
        gather(&runs[r], packed, workers);
        runs[r].inertia = inertia_of(&runs[r], packed);
    }
    return status;
}

void ptn_run_relabel(ptn_run *run, const ptn_packed *packed, int64_t row, int32_t label)
{
    int32_t before = run->labels[row];
    double weight = packed->weights == NULL ? 1.0 : (double)packed->weights[row];
    run->labels[row] = (uint8_t)label;
    if (label == before || (packed->exception_count > 0 && ptn_packed_excepts(packed, row))) return;
    ptn_move_values(run->sums, packed->values, packed->cols, row, weight, before, label);
    run->weights[before] -= weight;
    run->weights[label] += weight;
}

void ptn_run_move(ptn_run *run, const ptn_packed *packed)
{
    run->travelled += ptn_centroids_travel(&run->movement, run->centroids, run->next, run->k, packed->cols,
                                           packed->frame.inverse_unit);
    double *means = run->next;
    run->next = run->centroids;
    run->centroids = means;
}

void ptn_run_retreat(ptn_run *run, const ptn_packed *packed)
{
    ptn_history_last(run->next, &run->history);
    ptn_history_clear(&run->history);
    run->ahead = false;
    ptn_run_move(run, packed);
}

bool ptn_run_has_empty(const ptn_run *run)
{
    for (int32_t j = 0; j < run->k; j++)
        if (!(run->weights[j] + run->apart_weights[j] > 0.0)) return true;
    return false;
}

patron_status ptn_lloyd_update(ptn_passes *passes, ptn_run *run, bool accelerate, patron_error *error)
{
    const ptn_packed *packed = passes->packed;
    int64_t cols = packed->cols;
    if (ptn_run_has_empty(run)) {
        ptn_history_clear(&run->history);
        run->plain = true;
        patron_status status = ptn_lloyd_repair(passes, run, error);
        if (status != PATRON_OK) return status;
    }
    for (int64_t j = 0; j < run->k; j++) {
        double weight = run->weights[j] + run->apart_weights[j];
        for (int64_t c = 0; c < cols; c++) {
            double mean = (run->sums[j * cols + c] + run->apart_sums[j * cols + c]) / weight;
            run->next[j * cols + c] = packed->frame.centre[c] + mean * packed->unit;
        }
    }
    run->ahead = false;
    if (accelerate) {
        double *there = run->shares; /* scratch until the next pass */
        bool known = ptn_history_step(there, &run->history, run->centroids, run->next, run->weights, cols);
        run->ahead = known && !run->plain;
        if (run->ahead) memcpy(run->next, there, (size_t)(run->k * cols) * sizeof(double));
    }
    run->plain = false;
    ptn_run_move(run, packed);
    return PATRON_OK;
}

patron_status ptn_run_note(ptn_run *run, const ptn_memory *memory, patron_error *error)
{
    patron_status status = ptn_array_reserve(&run->trace, memory, 1, sizeof(double), "iterations", error);
    if (status == PATRON_OK) ((double *)run->trace.items)[run->trace.count++] = run->inertia;
    return status;
}

patron_status ptn_run_open(ptn_run *run, const ptn_packed *packed, int32_t k, int32_t workers, const ptn_memory *memory,
                           patron_error *error)
{
    int64_t cols = packed->cols, each = k * cols, share = (int64_t)workers * (each + k + 1), doubles;
    memset(run, 0, sizeof *run);
    run->k = k;
    run->fresh = true;
    if (!ptn_add_i64(&doubles, 4 * each + 2 * k + ptn_history_doubles(each), share))
        return ptn_fail(error, PATRON_TOO_LARGE, "%d clusters of %lld columns are more than memory can address", (int)k,
                        (long long)cols);
    void *labels = NULL, *bounds = NULL;
    patron_status status = ptn_allocate_zero(&run->memory_block, memory, doubles, sizeof(double), "centroids", error);
    if (status != PATRON_OK) return status;
    run->centroids = run->memory_block;
    run->next = run->centroids + each;
    run->sums = run->next + each;
    run->apart_sums = run->sums + each;
    run->weights = run->apart_sums + each;
    run->apart_weights = run->weights + k;
    ptn_history_place(&run->history, run->apart_weights + k, each);
    run->shares = run->apart_weights + k + ptn_history_doubles(each);
    status = ptn_allocate(&run->filter_block, memory, ptn_filter_floats(k, cols), sizeof(float), "scores", error);
    if (status != PATRON_OK) return status;
    ptn_filter_place(&run->filter, run->filter_block, k, cols);
    status = ptn_allocate(&labels, memory, packed->tiles * PTN_TILE, 1, "labels", error);
    run->labels = labels;
    if (status != PATRON_OK) return status;
    status = ptn_allocate(&bounds, memory, packed->tiles, sizeof(float), "bounds", error);
    run->bounds = bounds;
    return status;
}

void ptn_run_close(ptn_run *run, const ptn_memory *memory)
{
    ptn_array_free(&run->trace, memory);
    ptn_free(memory, run->bounds);
    ptn_free(memory, run->labels);
    ptn_free(memory, run->filter_block);
    ptn_free(memory, run->memory_block);
    memset(run, 0, sizeof *run);
    run->ended = true;
}

patron_status ptn_passes_open(ptn_passes *passes, const ptn_packed *packed, ptn_team *team, patron_error *error)
{
    const ptn_memory *memory = &team->context->memory;
    void *active = NULL, *scratch = NULL;
    memset(passes, 0, sizeof *passes);
    passes->packed = packed;
    passes->team = team;
    patron_status status =
        ptn_allocate(&active, memory, (int64_t)team->context->threads * PTN_CHUNK, sizeof(ptn_active), "tiles", error);
    passes->active = active;
    if (status != PATRON_OK) return status;
    status = ptn_allocate(&scratch, memory, packed->cols, sizeof(double), "columns", error);
    passes->scratch = scratch;
    return status;
}

void ptn_passes_close(ptn_passes *passes)
{
    if (passes->team == NULL) return;
    ptn_free(&passes->team->context->memory, passes->scratch);
    ptn_free(&passes->team->context->memory, passes->active);
    memset(passes, 0, sizeof *passes);
}
