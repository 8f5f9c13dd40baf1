/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes over the caller's rows. */
#include "cluster/exact.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

/* Rows whose squares are added before they join the span's sum. */
enum { FEW_ROWS = 64 };

typedef struct exact_job {
    const ptn_packed *packed;
    ptn_run **runs;
    int32_t count;
    const double *weights;
    double *parts; /* for each span and run: k x cols high and low, k weights high and low, k rows */
    int64_t part;  /* doubles of a span */
    ptn_dd *inertia;
    int32_t *labels;
    const uint8_t *ranks; /* 256 for each run: new labels */
} exact_job;

static void add_weights(double *weights, double *rest, double *rows, const uint8_t *labels, const double *given,
                        int64_t count)
{
    int64_t counts[PTN_MOST_CLUSTERS] = {0};
    for (int64_t i = 0; given == NULL && i < count; i++) counts[labels[i]]++;
    for (int64_t i = 0; given != NULL && i < count; i++) {
        int32_t label = labels[i];
        ptn_dd sum = ptn_two_sum(weights[label], given[i]);
        counts[label] += given[i] > 0.0;
        weights[label] = sum.hi;
        rest[label] += sum.lo;
    }
    for (int32_t j = 0; j < PTN_MOST_CLUSTERS; j++) {
        if (counts[j] == 0) continue;
        rows[j] += (double)counts[j];
        if (given == NULL) weights[j] += (double)counts[j];
    }
}

static void sum_span(void *opaque, int64_t span, int32_t worker)
{
    exact_job *job = opaque;
    const ptn_packed *packed = job->packed;
    int64_t from, to;
    double *part = job->parts + span * job->part;
    (void)worker;
    ptn_packed_span(packed, span, &from, &to);
    memset(part, 0, (size_t)job->part * sizeof *part);
    for (int64_t row = from; row < to; row += 4096) { /* so that all runs find the rows in the cache */
        int64_t count = row + 4096 < to ? 4096 : to - row;
        const double *weights = job->weights == NULL ? NULL : job->weights + row;
        double *out = part;
        for (int32_t r = 0; r < job->count; r++) {
            int64_t k = job->runs[r]->k, each = k * packed->cols;
            const uint8_t *labels = job->runs[r]->labels + row;
            packed->kernels->exact_sums(out, out + each, &packed->source, row, count, labels, weights);
            add_weights(out + 2 * each, out + 2 * each + k, out + 2 * each + 2 * k, labels, weights, count);
            out += 2 * each + 3 * k;
        }
    }
}

/* The spans' sums, added in order, as means into run->next. */
static void find_means(exact_job *job, int32_t r, int64_t offset, ptn_figures *figures)
{
    const ptn_packed *packed = job->packed;
    ptn_run *run = job->runs[r];
    int64_t k = run->k, cols = packed->cols, each = k * cols;
    for (int64_t j = 0; j < k; j++) {
        ptn_dd weight = {0};
        figures->rows[j] = 0.0;
        for (int64_t s = 0; s < packed->spans; s++) {
            const double *part = job->parts + s * job->part + offset + 2 * each;
            weight = ptn_dd_add(weight, ptn_two_sum(part[j], part[k + j]));
            figures->rows[j] += part[2 * k + j];
        }
        figures->weights[j] = ptn_sum_value(weight);
        for (int64_t c = 0; c < cols; c++) {
            ptn_dd sum = {0};
            for (int64_t s = 0; s < packed->spans; s++) {
                const double *part = job->parts + s * job->part + offset + j * cols + c;
                sum = ptn_dd_add(sum, ptn_two_sum(part[0], part[each]));
            }
            ptn_dd mean = ptn_dd_divide(sum, weight);
            run->next[j * cols + c] = packed->frame.reach[c] > 0.0 ? mean.hi + mean.lo : packed->frame.centre[c];
        }
    }
}

static bool comes_before(const double *a, int32_t first, const double *b, int32_t second, int64_t cols)
{
    for (int64_t c = 0; c < cols; c++)
        if (a[c] != b[c]) return a[c] < b[c];
    return first < second;
}

/* The clusters' places in the lexicographic order of run->next; whether any moves. */
static bool rank_clusters(uint8_t *ranks, const ptn_run *run, int64_t cols)
{
    bool moved = false;
    for (int32_t i = 0; i < run->k; i++) {
        int32_t rank = 0;
        for (int32_t j = 0; j < run->k; j++)
            rank += j != i && comes_before(run->next + j * cols, j, run->next + i * cols, i, cols);
        ranks[i] = (uint8_t)rank;
        moved = moved || rank != i;
    }
    return moved;
}

static void permute(double *values, double *scratch, const uint8_t *ranks, int32_t k, int64_t each)
{
    memcpy(scratch, values, (size_t)(k * each) * sizeof *values);
    for (int32_t j = 0; j < k; j++)
        memcpy(values + ranks[j] * each, scratch + j * each, (size_t)each * sizeof *values);
}

static void relabel_span(void *opaque, int64_t span, int32_t worker)
{
    exact_job *job = opaque;
    int64_t from, to;
    (void)worker;
    ptn_packed_span(job->packed, span, &from, &to);
    if (to == job->packed->rows) to = job->packed->tiles * PTN_TILE;
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

patron_status ptn_exact_means(ptn_passes *passes, ptn_run **runs, ptn_figures **figures, int32_t count,
                              const double *weights, patron_error *error)
{
    const ptn_packed *packed = passes->packed;
    const ptn_memory *memory = &passes->team->context->memory;
    exact_job job = {.packed = packed, .runs = runs, .count = count, .weights = weights};
    void *parts = NULL, *scratch = NULL, *ranks = NULL;
    int64_t offset = 0, largest = 0;
    double from, to;
    for (int32_t r = 0; r < count; r++) {
        job.part += (2 * packed->cols + 3) * runs[r]->k;
        if (runs[r]->k > largest) largest = runs[r]->k;
    }
    patron_status status = ptn_allocate(&parts, memory, packed->spans * job.part, sizeof(double), "sums", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&scratch, memory, largest * packed->cols, sizeof(double), "sums", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&ranks, memory, (int64_t)count * PTN_MOST_CLUSTERS, 1, "labels", error);
    if (status != PATRON_OK) goto cleanup;
    job.parts = parts;
    ptn_passes_progress(passes, &from, &to);
    status = ptn_team_run(passes->team, "kmeans", from, to, packed->spans, sum_span, &job, error);
    if (status != PATRON_OK) goto cleanup;
    for (int32_t r = 0; r < count; r++) {
        find_means(&job, r, offset, figures[r]);
        offset += (2 * packed->cols + 3) * runs[r]->k;
    }
    status = sort_clusters(&job, passes, figures, scratch, ranks, error);
    for (int32_t r = 0; status == PATRON_OK && r < count; r++) ptn_run_move(runs[r], packed);

cleanup:
    ptn_free(memory, ranks);
    ptn_free(memory, scratch);
    ptn_free(memory, parts);
    return status;
}

static void inertia_span(void *opaque, int64_t span, int32_t worker)
{
    exact_job *job = opaque;
    const ptn_packed *packed = job->packed;
    int64_t from, to;
    ptn_dd *out = job->inertia + span * job->count;
    (void)worker;
    ptn_packed_span(packed, span, &from, &to);
    memset(out, 0, (size_t)job->count * sizeof *out);
    for (int64_t row = from; row < to; row += FEW_ROWS) {
        int64_t count = row + FEW_ROWS < to ? FEW_ROWS : to - row;
        for (int32_t r = 0; r < job->count; r++) {
            const ptn_run *run = job->runs[r];
            double lanes[8] = {0};
            packed->kernels->inertia(lanes, &packed->source, row, count, run->labels + row,
                                     job->weights == NULL ? NULL : job->weights + row, run->centroids,
                                     packed->frame.inverse_unit);
            ptn_sum_add(&out[r],
                        ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7])));
            if (job->labels == NULL) continue;
            int32_t *labels = job->labels + r * packed->rows + row;
            for (int64_t i = 0; i < count; i++) labels[i] = run->labels[row + i];
        }
    }
}

patron_status ptn_exact_inertia(double *inertia, int32_t *labels, ptn_passes *passes, ptn_run **runs, int32_t count,
                                const double *weights, patron_error *error)
{
    const ptn_packed *packed = passes->packed;
    const ptn_memory *memory = &passes->team->context->memory;
    exact_job job = {.packed = packed, .runs = runs, .count = count, .weights = weights, .labels = labels};
    void *parts;
    double from, to;
    patron_status status = ptn_allocate(&parts, memory, packed->spans * count, sizeof(ptn_dd), "inertia", error);
    if (status != PATRON_OK) return status;
    job.inertia = parts;
    ptn_passes_progress(passes, &from, &to);
    status = ptn_team_run(passes->team, "kmeans", from, to, packed->spans, inertia_span, &job, error);
    for (int32_t r = 0; status == PATRON_OK && r < count; r++) {
        ptn_dd sum = {0};
        for (int64_t s = 0; s < packed->spans; s++) sum = ptn_dd_add(sum, ((ptn_dd *)parts)[s * count + r]);
        inertia[r] = ptn_sum_value(sum);
    }
    ptn_free(memory, parts);
    return status;
}
