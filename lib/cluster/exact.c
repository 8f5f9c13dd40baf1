/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes over the caller's rows.

   Runs are summed together: the labels of several make one joint label, a cell, and each row is added to one cell; a
   run's cluster is the union of its cells. In the same pass each run's inertia about its old centroids c is made; about
   the new ones c', with W and m a cluster's weight and mean, it is less by W (|m - c|^2 - |m - c'|^2), which is small
   where centroids hardly move, so that nothing cancels. A run's figures do not depend on which others are summed with
   it: sums in twice the precision are rounded once. */
#include "cluster/exact.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "cluster/centroids.h"
#include "cluster/sums.h"
#include "cluster/tile.h"

/* Rows in a stretch, which stay in the cache; rows whose squares are added before they join a sum of twice the
   precision. */
enum { STRETCH = 2048, FEW_ROWS = 64, MOST_CELLS = 256 };

typedef struct exact_job {
    const ptn_packed *packed;
    ptn_run **runs;
    int32_t count;
    int64_t cells;
    const double *weights;
    double *parts;        /* for each span, cells x (2 cols + 3): see cell_part */
    ptn_dd *inertia;      /* for each span and run */
    const uint8_t *ranks; /* 256 for each run: new labels */
} exact_job;

/* Where a span's numbers are. */
typedef struct cell_part {
    double *hi, *lo;                   /* cells x cols: sums of values */
    double *weight, *weight_lo, *rows; /* cells */
} cell_part;

static cell_part part_of(const exact_job *job, int64_t span)
{
    int64_t each = job->cells * job->packed->cols;
    double *at = job->parts + span * (2 * each + 3 * job->cells), *weights = at + 2 * each;
    return (cell_part){at, at + each, weights, weights + job->cells, weights + 2 * job->cells};
}

/* Adds the inertia of rows about each run's centroids. */
static void add_inertia(ptn_dd *sums, const exact_job *job, int64_t from, int64_t to)
{
    const ptn_packed *packed = job->packed;
    for (int32_t first = 0; first < job->count; first += PTN_TOGETHER) {
        int32_t together = job->count - first < PTN_TOGETHER ? job->count - first : PTN_TOGETHER;
        for (int64_t row = from; row < to; row += FEW_ROWS) {
            double lanes[PTN_TOGETHER][8] = {{0}};
            ptn_clusters clusters[PTN_TOGETHER];
            for (int32_t r = 0; r < together; r++)
                clusters[r] = (ptn_clusters){job->runs[first + r]->labels + row, job->runs[first + r]->centroids};
            packed->kernels->inertia(lanes[0], &packed->source, row, row + FEW_ROWS < to ? FEW_ROWS : to - row,
                                     clusters, together, job->weights == NULL ? NULL : job->weights + row,
                                     packed->frame.inverse_unit);
            for (int32_t r = 0; r < together; r++) ptn_sum_add(&sums[first + r], ptn_add_lanes(lanes[r]));
        }
    }
}

static void add_weights(const cell_part *part, const uint8_t *cells, const double *given, int64_t count,
                        int64_t cell_count)
{
    int64_t counts[MOST_CELLS] = {0};
    if (given == NULL) ptn_count_labels(counts, cells, count, (int32_t)cell_count);
    for (int64_t i = 0; given != NULL && i < count; i++) {
        ptn_dd sum = ptn_two_sum(part->weight[cells[i]], given[i]);
        counts[cells[i]] += given[i] > 0.0;
        part->weight[cells[i]] = sum.hi;
        part->weight_lo[cells[i]] += sum.lo;
    }
    for (int64_t g = 0; g < cell_count; g++) {
        if (counts[g] == 0) continue;
        part->rows[g] += (double)counts[g];
        if (given == NULL) part->weight[g] += (double)counts[g];
    }
}

/* Cells of rows: label of the first run + k of it x (label of the second + …). */
static void join_labels(uint8_t *cells, const exact_job *job, int64_t from, int64_t count)
{
    uint32_t stride = 1;
    memset(cells, 0, (size_t)count);
    for (int32_t r = 0; r < job->count; r++) {
        const uint8_t *labels = job->runs[r]->labels + from;
        for (int64_t i = 0; i < count; i++) cells[i] = (uint8_t)(cells[i] + stride * labels[i]);
        stride *= (uint32_t)job->runs[r]->k;
    }
}

static int32_t label_of(const exact_job *job, int32_t run, int64_t cell)
{
    for (int32_t r = 0; r < run; r++) cell /= job->runs[r]->k;
    return (int32_t)(cell % job->runs[run]->k);
}

static void sum_span(void *opaque, int64_t span, int32_t worker)
{
    exact_job *job = opaque;
    const ptn_packed *packed = job->packed;
    int64_t from, to, each = job->cells * packed->cols;
    cell_part part = part_of(job, span);
    ptn_dd *inertia = job->inertia + span * job->count;
    uint8_t cells[STRETCH];
    (void)worker;
    ptn_packed_span(packed, span, &from, &to);
    memset(part.hi, 0, (size_t)(2 * each + 3 * job->cells) * sizeof(double));
    memset(inertia, 0, (size_t)job->count * sizeof *inertia);
    for (int64_t row = from; row < to; row += STRETCH) {
        int64_t count = row + STRETCH < to ? STRETCH : to - row;
        const double *weights = job->weights == NULL ? NULL : job->weights + row;
        join_labels(cells, job, row, count);
        packed->kernels->exact_sums(part.hi, part.lo, &packed->source, row, count, cells, weights);
        add_weights(&part, cells, weights, count, job->cells);
        add_inertia(inertia, job, row, row + count);
    }
}

/* The spans' figures, added in order, into those of the first span. */
static void add_spans(exact_job *job)
{
    int64_t each = job->cells * job->packed->cols;
    cell_part all = part_of(job, 0);
    for (int64_t s = 1; s < job->packed->spans; s++) {
        cell_part part = part_of(job, s);
        for (int64_t e = 0; e < each; e++) {
            ptn_dd sum = ptn_dd_add(ptn_two_sum(all.hi[e], all.lo[e]), ptn_two_sum(part.hi[e], part.lo[e]));
            all.hi[e] = sum.hi;
            all.lo[e] = sum.lo;
        }
        for (int64_t g = 0; g < job->cells; g++) {
            ptn_dd weight = ptn_dd_add(ptn_two_sum(all.weight[g], all.weight_lo[g]),
                                       ptn_two_sum(part.weight[g], part.weight_lo[g]));
            all.weight[g] = weight.hi;
            all.weight_lo[g] = weight.lo;
            all.rows[g] += part.rows[g];
        }
        for (int32_t r = 0; r < job->count; r++)
            job->inertia[r] = ptn_dd_add(job->inertia[r], job->inertia[s * job->count + r]);
    }
}

/* The mean of cluster j of a run in column c. */
static ptn_dd mean_of(const exact_job *job, int32_t r, int32_t j, int64_t c, ptn_dd weight)
{
    const cell_part all = part_of(job, 0);
    ptn_dd sum = {0};
    for (int64_t g = 0; g < job->cells; g++) {
        int64_t e = g * job->packed->cols + c;
        if (label_of(job, r, g) == j) sum = ptn_dd_add(sum, ptn_two_sum(all.hi[e], all.lo[e]));
    }
    return ptn_dd_divide(sum, weight);
}

/* Means of a run's clusters into run->next, and its figures. */
static void find_means(exact_job *job, int32_t r, ptn_figures *figures)
{
    const ptn_packed *packed = job->packed;
    const cell_part all = part_of(job, 0);
    ptn_run *run = job->runs[r];
    ptn_dd inertia = job->inertia[r];
    double before_all = ptn_sum_value(inertia);
    for (int32_t j = 0; j < run->k; j++) {
        ptn_dd weight = {0};
        figures->rows[j] = 0.0;
        for (int64_t g = 0; g < job->cells; g++) {
            if (label_of(job, r, g) != j) continue;
            weight = ptn_dd_add(weight, ptn_two_sum(all.weight[g], all.weight_lo[g]));
            figures->rows[j] += all.rows[g];
        }
        figures->weights[j] = ptn_sum_value(weight);
        for (int64_t c = 0; c < packed->cols; c++) {
            int64_t e = j * packed->cols + c;
            bool constant = !(packed->frame.reach[c] > 0.0);
            ptn_dd mean = constant ? (ptn_dd){packed->frame.centre[c], 0.0} : mean_of(job, r, j, c, weight);
            run->next[e] = mean.hi + mean.lo;
            double before = ((mean.hi - run->centroids[e]) + mean.lo) * packed->frame.inverse_unit;
            double after = ((mean.hi - run->next[e]) + mean.lo) * packed->frame.inverse_unit;
            ptn_sum_add(&inertia, -(weight.hi * ((before - after) * (before + after))));
        }
    }
    figures->inertia = ptn_sum_value(inertia);
    if (!(figures->inertia > 0.99 * before_all)) figures->inertia = -1.0;
}

/* The clusters' places in the lexicographic order of run->next; whether any moves. */
static bool rank_clusters(uint8_t *ranks, const ptn_run *run, int64_t cols)
{
    bool moved = false;
    for (int32_t i = 0; i < run->k; i++) {
        int32_t rank = 0;
        const double *own = run->next + i * cols, *other = run->next;
        for (int32_t j = 0; j < run->k; j++, other += cols)
            rank += ptn_centroid_before(other, own, cols) || (j < i && !ptn_centroid_before(own, other, cols));
        ranks[i] = (uint8_t)rank;
        moved = moved || rank != i;
    }
    return moved;
}

static void permute(double *values, double *scratch, const uint8_t *ranks, int32_t k, int64_t each)
{
    memcpy(scratch, values, (size_t)(k * each) * sizeof *values);
    for (int32_t j = 0; j < k; j++) memcpy(values + ranks[j] * each, scratch + j * each, (size_t)each * sizeof *values);
}

static void relabel_span(void *opaque, int64_t span, int32_t worker)
{
    exact_job *job = opaque;
    int64_t from, to;
    (void)worker;
    ptn_packed_span(job->packed, span, &from, &to);
    if (from < to && to == job->packed->rows) to = job->packed->tiles * PTN_TILE; /* the last that has any */
    for (int32_t r = 0; r < job->count; r++) {
        const uint8_t *ranks = job->ranks + (int64_t)r * PTN_MOST_CLUSTERS;
        uint8_t *labels = job->runs[r]->labels;
        for (int64_t i = from; ranks[0] != ranks[1] && i < to; i++) labels[i] = ranks[labels[i]];
    }
}

/* Puts clusters in order; ranks[0] == ranks[1] says that a run's labels stay. */
static patron_status sort_clusters(exact_job *job, ptn_passes *passes, ptn_figures **figures, double *scratch,
                                   uint8_t *ranks, patron_error *error)
{
    int64_t cols = job->packed->cols;
    bool any = false;
    memset(ranks, 0, (size_t)job->count * PTN_MOST_CLUSTERS);
    for (int32_t r = 0; r < job->count; r++) {
        ptn_run *run = job->runs[r];
        uint8_t *rank = ranks + (int64_t)r * PTN_MOST_CLUSTERS;
        if (!rank_clusters(rank, run, cols)) {
            rank[0] = rank[1] = 0;
            continue;
        }
        any = true;
        permute(run->next, scratch, rank, run->k, cols);
        permute(run->centroids, scratch, rank, run->k, cols);
        permute(run->sums, scratch, rank, run->k, cols);
        permute(run->apart_sums, scratch, rank, run->k, cols);
        permute(run->weights, scratch, rank, run->k, 1);
        permute(run->apart_weights, scratch, rank, run->k, 1);
        permute(figures[r]->weights, scratch, rank, run->k, 1);
        permute(figures[r]->rows, scratch, rank, run->k, 1);
    }
    if (!any) return PATRON_OK;
    double from, to;
    job->ranks = ranks;
    ptn_passes_progress(passes, &from, &to);
    return ptn_team_run(passes->team, "kmeans", from, to, job->packed->spans, relabel_span, job, error);
}

/* Runs whose joint labels make few enough cells. */
static patron_status sum_runs(ptn_passes *passes, ptn_run **runs, ptn_figures **figures, int32_t count, int64_t cells,
                              const double *weights, patron_error *error)
{
    const ptn_packed *packed = passes->packed;
    const ptn_memory *memory = &passes->team->context->memory;
    exact_job job = {.packed = packed, .runs = runs, .count = count, .cells = cells, .weights = weights};
    void *parts = NULL, *inertia = NULL, *scratch = NULL, *ranks = NULL;
    int64_t numbers = cells * (2 * packed->cols + 3);
    double from, to;
    patron_status status = ptn_allocate(&parts, memory, packed->spans * numbers, sizeof(double), "sums", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&inertia, memory, packed->spans * count, sizeof(ptn_dd), "sums", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&scratch, memory, cells * packed->cols, sizeof(double), "sums", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&ranks, memory, (int64_t)count * PTN_MOST_CLUSTERS, 1, "labels", error);
    if (status != PATRON_OK) goto cleanup;
    job.parts = parts;
    job.inertia = inertia;
    ptn_passes_progress(passes, &from, &to);
    status = ptn_team_run(passes->team, "kmeans", from, to, packed->spans, sum_span, &job, error);
    if (status != PATRON_OK) goto cleanup;
    add_spans(&job);
    for (int32_t r = 0; r < count; r++) find_means(&job, r, figures[r]);
    status = sort_clusters(&job, passes, figures, scratch, ranks, error);
    for (int32_t r = 0; status == PATRON_OK && r < count; r++) ptn_run_move(runs[r], packed);

cleanup:
    ptn_free(memory, ranks);
    ptn_free(memory, scratch);
    ptn_free(memory, inertia);
    ptn_free(memory, parts);
    return status;
}

patron_status ptn_exact_means(ptn_passes *passes, ptn_run **runs, ptn_figures **figures, int32_t count,
                              const double *weights, patron_error *error)
{
    patron_status status = PATRON_OK;
    for (int32_t first = 0, last; status == PATRON_OK && first < count; first = last) {
        int64_t cells = runs[first]->k;
        last = first + 1;
        /* Products with weights fill both parts of a sum: how it is cut shows where a mean lies half way between two
           doubles. */
        for (; weights == NULL && last < count && cells * runs[last]->k <= MOST_CELLS / 4; last++)
            cells *= runs[last]->k;
        status = sum_runs(passes, runs + first, figures + first, last - first, cells, weights, error);
    }
    return status;
}

static void inertia_span(void *opaque, int64_t span, int32_t worker)
{
    exact_job *job = opaque;
    int64_t from, to;
    (void)worker;
    ptn_packed_span(job->packed, span, &from, &to);
    job->inertia[span] = (ptn_dd){0};
    add_inertia(&job->inertia[span], job, from, to);
}

patron_status ptn_exact_inertia(double *inertia, ptn_passes *passes, ptn_run *run, const double *weights,
                                patron_error *error)
{
    const ptn_packed *packed = passes->packed;
    const ptn_memory *memory = &passes->team->context->memory;
    exact_job job = {.packed = packed, .runs = &run, .count = 1, .weights = weights};
    void *parts;
    double from, to;
    patron_status status = ptn_allocate(&parts, memory, packed->spans, sizeof(ptn_dd), "inertia", error);
    if (status != PATRON_OK) return status;
    job.inertia = parts;
    ptn_passes_progress(passes, &from, &to);
    status = ptn_team_run(passes->team, "kmeans", from, to, packed->spans, inertia_span, &job, error);
    ptn_dd sum = {0};
    for (int64_t s = 0; status == PATRON_OK && s < packed->spans; s++) sum = ptn_dd_add(sum, job.inertia[s]);
    *inertia = ptn_sum_value(sum);
    ptn_free(memory, parts);
    return status;
}
