/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single-row moves.

   Moving weight u at x from cluster A to B changes the inertia by
       u W_B / (W_B + u) |x - c_B|^2 - u W_A / (W_A - u) |x - c_A|^2,
   the centroids moving along. A row of weight w is judged by one copy, u = min(w, 1), and moves as a whole: if the
   first copy gains, the others gain more; rows that are equal move together, so that copies are weights. A pass finds
   all rows that would gain, by the filter with a wider margin: only a row whose two nearest centroids are nearly
   equally far can. They are then tried in the order of their gain (then of their values), against centroids and weights
   as the moves before have left them. Source: Hartigan & Wong 1979; Telgarsky & Vattani 2010. */
#include "cluster/moves.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

/* A move must gain this share of what the row costs, far above rounding, so that moves end. */
#define LEAST_GAIN 1e-9

/* On many rows, those are looked at whose squared distance is at most so many times the mean. */
#define USUAL 64.0

enum { MANY_ROWS = 65536, MOST_CANDIDATES = 1 << 20 };

typedef struct candidate {
    double gain;
    int64_t row;
} candidate;

typedef struct moves_job {
    ptn_passes *passes;
    ptn_run *run;
    const double *cluster_weights, *cluster_rows; /* of the clusters */
    const double *weights;                        /* of rows, or NULL */
    const double *centroids;
    int64_t *counts;       /* for each block; then where its candidates begin */
    candidate *candidates; /* NULL: they are counted */
} moves_job;

static double weight_of(const moves_job *job, int64_t row) { return job->weights == NULL ? 1.0 : job->weights[row]; }

/* What a copy of the row gains by going where it costs least; 0 where that is nowhere. */
static double judge(int32_t *target, const moves_job *job, int64_t row)
{
    const ptn_packed *packed = job->passes->packed;
    int32_t from = job->run->labels[row];
    double weight = weight_of(job, row), unit = weight < 1.0 ? weight : 1.0, least = 0.0;
    *target = -1;
    if (!(weight > 0.0) || job->cluster_rows[from] < 2.0 || !(job->cluster_weights[from] > unit)) return 0.0;
    double own = ptn_decide_distance(packed, job->centroids + from * packed->cols, row);
    double leave = unit * own * job->cluster_weights[from] / (job->cluster_weights[from] - unit);
    for (int32_t j = 0; j < job->run->k; j++) {
        if (j == from) continue;
        double distance = ptn_decide_distance(packed, job->centroids + j * packed->cols, row);
        double cost = unit * distance * job->cluster_weights[j] / (job->cluster_weights[j] + unit);
        if (*target >= 0 && !(cost < least)) continue;
        least = cost;
        *target = j;
    }
    return leave - least > LEAST_GAIN * leave ? leave - least : 0.0;
}

static void look_at(moves_job *job, int64_t block, int64_t row)
{
    int32_t target;
    double gain = judge(&target, job, row);
    if (!(gain > 0.0)) return;
    if (job->candidates != NULL) {
        if (job->counts[block] >= MOST_CANDIDATES) return;
        job->candidates[job->counts[block]] = (candidate){gain, row};
    }
    job->counts[block]++;
}

static void find_block(void *opaque, int64_t block, int32_t worker)
{
    moves_job *job = opaque;
    const ptn_packed *packed = job->passes->packed;
    ptn_active *active = job->passes->active + (int64_t)worker * PTN_CHUNK;
    int64_t from, to;
    ptn_packed_range(packed, block, &from, &to);
    for (int64_t t = from; t < to; t += PTN_CHUNK) {
        int64_t end = t + PTN_CHUNK < to ? t + PTN_CHUNK : to;
        int32_t found =
            packed->kernels->assign(active, &job->run->filter, packed->values + t * packed->cols * PTN_TILE,
                                    job->run->labels + t * PTN_TILE, job->run->bounds + t, (int32_t)(end - t));
        for (int32_t a = 0; a < found; a++)
            for (uint32_t lanes = active[a].doubt; lanes != 0; lanes &= lanes - 1) {
                int64_t row = (t + active[a].tile) * PTN_TILE + __builtin_ctz(lanes);
                if (row >= packed->rows || (packed->exception_count > 0 && ptn_packed_excepts(packed, row))) continue;
                look_at(job, block, row);
            }
    }
}

static bool goes_before(const candidate *a, const candidate *b, const ptn_packed *packed)
{
    if (a->gain != b->gain) return a->gain > b->gain;
    for (int64_t c = 0; c < packed->cols; c++) {
        double x = ptn_rows_at(&packed->given, a->row, c), y = ptn_rows_at(&packed->given, b->row, c);
        if (x != y) return x < y;
    }
    return a->row < b->row;
}

#define SORT_NAME                sort_candidates
#define SORT_TYPE                candidate
#define SORT_CONTEXT             ptn_packed
#define SORT_LESS(a, b, context) goes_before(a, b, context)
#include "base/sort_template.h"

static bool same_values(const ptn_packed *packed, int64_t a, int64_t b)
{
    for (int64_t c = 0; c < packed->cols; c++)
        if (ptn_rows_at(&packed->given, a, c) != ptn_rows_at(&packed->given, b, c)) return false;
    return true;
}

/* A centroid after a row of weight `by` has joined (or, negative, left) a cluster of weight `weight`. */
static void shift(double *centroid, const ptn_packed *packed, int64_t row, double weight, double by)
{
    for (int64_t c = 0; c < packed->cols; c++)
        centroid[c] += by * (ptn_rows_at(&packed->given, row, c) - centroid[c]) / (weight + by);
}

/* Tries the candidates in order; copies of a row lie side by side. */
static int64_t try_all(moves_job *job, double *centroids, double *weights, double *rows, int64_t count)
{
    const ptn_packed *packed = job->passes->packed;
    ptn_run *run = job->run;
    int64_t moved = 0, cols = packed->cols;
    for (int64_t i = 0, end; i < count; i = end) {
        int64_t row = job->candidates[i].row;
        int32_t from = run->labels[row], target;
        double weight = 0.0;
        for (end = i; end < count && run->labels[job->candidates[end].row] == from &&
                      same_values(packed, job->candidates[end].row, row);
             end++)
            weight += weight_of(job, job->candidates[end].row);
        if (!(judge(&target, job, row) > 0.0)) continue;
        if (!(rows[from] > (double)(end - i)) || !(weights[from] > weight)) continue;
        shift(centroids + from * cols, packed, row, weights[from], -weight);
        shift(centroids + target * cols, packed, row, weights[target], weight);
        weights[from] -= weight;
        weights[target] += weight;
        rows[from] -= (double)(end - i);
        rows[target] += (double)(end - i);
        for (int64_t m = i; m < end; m++) ptn_run_relabel(run, packed, job->candidates[m].row, target);
        moved += end - i;
    }
    ptn_run_sum_exceptions(run, packed);
    return moved;
}

/* What a row's squared distances to two clusters can differ by at most for a move between them to gain, as the sum of a
   number for each of them. With D to the row's own cluster A of weight W, F the largest there is, and D' to B of weight
   W', a gain needs D' - D < D' u / (W' + u) + D u / (W - u) and D' < D W / (W - u) (W' + u) / W'; so for W >= 2 u the
   first term is at most 2 F u / W'. */
static void find_margins(double *margins, const ptn_run *run, const ptn_packed *packed, const ptn_figures *figures,
                         const double *weights)
{
    double unit = weights == NULL ? 1.0 : 0.0, farthest;
    for (int64_t i = 0; weights != NULL && unit < 1.0 && i < packed->rows; i++)
        unit = fmax(unit, fmin(weights[i], 1.0));
    farthest = ptn_filter_farthest(&packed->frame, run->centroids, run->k);
    if (packed->rows > MANY_ROWS) farthest = fmin(farthest, USUAL * run->inertia / packed->total_weight);
    for (int32_t j = 0; j < run->k; j++) {
        double weight = figures->weights[j], leave = 0.0;
        if (figures->rows[j] >= 2.0) leave = weight >= 2.0 * unit ? unit / (weight - unit) : HUGE_VAL;
        margins[j] = farthest * (leave + 2.0 * unit / weight);
    }
}

patron_status ptn_moves(int64_t *moved, ptn_passes *passes, ptn_run *run, const ptn_figures *figures,
                        const double *weights, patron_error *error)
{
    const ptn_packed *packed = passes->packed;
    const ptn_memory *memory = &passes->team->context->memory;
    int64_t k = run->k, blocks = packed->blocks, total = 0;
    void *counts = NULL, *candidates = NULL, *state = NULL;
    double from, to;
    *moved = 0;
    patron_status status = ptn_allocate_zero(&counts, memory, blocks + 1, sizeof(int64_t), "blocks", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&state, memory, k * (packed->cols + 3), sizeof(double), "centroids", error);
    if (status != PATRON_OK) goto cleanup;
    double *centroids = state, *cluster_weights = centroids + k * packed->cols, *cluster_rows = cluster_weights + k,
           *margins = cluster_rows + k;
    memcpy(centroids, run->centroids, (size_t)(k * packed->cols) * sizeof(double));
    memcpy(cluster_weights, figures->weights, (size_t)k * sizeof(double));
    memcpy(cluster_rows, figures->rows, (size_t)k * sizeof(double));
    moves_job job = {passes, run, cluster_weights, cluster_rows, weights, centroids, counts, NULL};
    find_margins(margins, run, packed, figures, weights);
    ptn_filter_set(&run->filter, &packed->frame, run->centroids, run->travelled, margins, passes->scratch);
    for (int pass = 0; pass < 2; pass++) {
        ptn_passes_progress(passes, &from, &to);
        status = ptn_team_run(passes->team, "kmeans", from, to, blocks, find_block, &job, error);
        if (status != PATRON_OK) goto cleanup;
        for (int64_t e = 0; e < packed->exception_count; e++) look_at(&job, blocks, packed->exceptions[e]);
        if (pass == 1) break;
        for (int64_t b = 0; b <= blocks; b++) { /* counts become places */
            int64_t here = job.counts[b];
            job.counts[b] = total;
            total += here;
        }
        if (total == 0) goto cleanup;
        if (total > MOST_CANDIDATES) total = MOST_CANDIDATES;
        status = ptn_allocate(&candidates, memory, total, sizeof(candidate), "moves", error);
        if (status != PATRON_OK) goto cleanup;
        job.candidates = candidates;
    }
    sort_candidates(candidates, total, packed);
    *moved = try_all(&job, centroids, cluster_weights, cluster_rows, total);

cleanup:
    ptn_free(memory, candidates);
    ptn_free(memory, state);
    ptn_free(memory, counts);
    return status;
}
