/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Empty clusters: each gets the row that its centroid serves worst. It takes the inertia down by that row's share, so
   iterations that repair still end. Deterministic: the farthest row, the lowest number among equals; from a cluster
   that keeps another row; at most one row for each cluster, its copies with it, so that copies are weights. */
#include <string.h>

#include "base/error.h"
#include "cluster/lloyd.h"

/* The farthest row of a span of rows. */
typedef struct farthest {
    double distance;
    int64_t row; /* -1: none may go */
} farthest;

typedef struct repair_job {
    const ptn_packed *packed;
    const ptn_run *run;
    farthest *found;                   /* for each span */
    int64_t counts[PTN_MOST_CLUSTERS]; /* rows of weight > 0 */
    bool given[PTN_MOST_CLUSTERS];     /* has just been given a row */
} repair_job;

static bool counts_for_something(const ptn_packed *packed, int64_t row)
{
    return packed->given.weights == NULL || packed->given.weights[row] > 0.0;
}

static void search_span(void *opaque, int64_t span, int32_t worker)
{
    repair_job *job = opaque;
    const ptn_packed *packed = job->packed;
    farthest best = {0.0, -1};
    int64_t from, to;
    (void)worker;
    ptn_packed_span(packed, span, &from, &to);
    for (int64_t row = from; row < to; row++) {
        int32_t label = job->run->labels[row];
        if (job->given[label] || job->counts[label] < 2 || !counts_for_something(packed, row)) continue;
        double distance = ptn_decide_distance(packed, job->run->centroids + label * packed->cols, row);
        if (best.row >= 0 && !(distance > best.distance)) continue;
        best.distance = distance;
        best.row = row;
    }
    job->found[span] = best;
}

static bool same_rows(const ptn_packed *packed, int64_t a, int64_t b)
{
    for (int64_t c = 0; c < packed->cols; c++)
        if (ptn_rows_at(&packed->given, a, c) != ptn_rows_at(&packed->given, b, c)) return false;
    return true;
}

/* Gives a row and its copies to cluster j; without the copies where they are all its cluster has. */
static void take(repair_job *job, ptn_run *run, int64_t row, int32_t j)
{
    const ptn_packed *packed = job->packed;
    int32_t from = run->labels[row];
    int64_t copies = 0;
    for (int64_t i = 0; i < packed->rows; i++)
        copies += run->labels[i] == from && counts_for_something(packed, i) && same_rows(packed, i, row);
    bool all = copies == job->counts[from];
    for (int64_t i = all ? row : 0; i < (all ? row + 1 : packed->rows); i++) {
        if (run->labels[i] != from || !same_rows(packed, i, row)) continue;
        job->counts[from] -= counts_for_something(packed, i);
        job->counts[j] += counts_for_something(packed, i);
        ptn_run_relabel(run, packed, i, j);
    }
    ptn_run_sum_exceptions(run, packed);
}

patron_status ptn_lloyd_fail_close(const ptn_run *run, patron_error *error)
{
    return ptn_fail(error, PATRON_OUT_OF_RANGE,
                    "rows lie too close together, beside the spread of all, for %d clusters; leave out the farthest "
                    "rows, or ask for fewer clusters",
                    (int)run->k);
}

patron_status ptn_lloyd_repair(ptn_passes *passes, ptn_run *run, patron_error *error)
{
    const ptn_packed *packed = passes->packed;
    const ptn_memory *memory = &passes->team->context->memory;
    repair_job job = {.packed = packed, .run = run};
    void *found;
    patron_status status = ptn_allocate(&found, memory, packed->spans, sizeof(farthest), "rows", error);
    if (status != PATRON_OK) return status;
    job.found = found;
    for (int64_t i = 0; i < packed->rows; i++) job.counts[run->labels[i]] += counts_for_something(packed, i);
    bool stuck = false;
    for (int32_t j = 0; status == PATRON_OK && !stuck && j < run->k; j++) {
        double from, to;
        farthest best = {0.0, -1};
        if (job.counts[j] > 0) continue;
        ptn_passes_progress(passes, &from, &to);
        status = ptn_team_run(passes->team, "kmeans", from, to, packed->spans, search_span, &job, error);
        for (int64_t s = 0; status == PATRON_OK && s < packed->spans; s++)
            if (job.found[s].row >= 0 && (best.row < 0 || job.found[s].distance > best.distance)) best = job.found[s];
        stuck = best.row < 0;
        if (status == PATRON_OK && !stuck) take(&job, run, best.row, j);
        job.given[j] = true;
    }
    ptn_free(memory, found);
    return status == PATRON_OK && stuck ? ptn_lloyd_fail_close(run, error) : status;
}
