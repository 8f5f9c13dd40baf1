/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: checks, starts, and what is handed back.

   Rows are packed once for all k. Where a start is long, its passes are shared among threads; where it is short, whole
   starts are, each thread with a state of its own, and the winner is run once more. Both give the same bits. */
#include "cluster/kmeans.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/floating.h"
#include "base/hash.h"
#include "cluster/bound.h"
#include "cluster/distinct.h"
#include "cluster/lloyd.h"

/* A pass over fewer rows x columns x k than this is shorter than waking threads for it, or than a cancelling caller
   should wait for some dozens. */
static const double SHORT_PASS = 0x1p20;

/* What a public function was given, checked. */
typedef struct fit_job {
    patron_rows rows;
    patron_kmeans_options options;
    ptn_context context;
    ptn_packed data;
    ptn_bound bound;
    double variance;
    ptn_team team;
    double from, to; /* progress of this k */
} fit_job;

void patron_kmeans_options_init(patron_kmeans_options *options, size_t size)
{
    patron_kmeans_options defaults;
    memset(&defaults, 0, sizeof defaults);
    defaults.max_iter = 300;
    ptn_struct_init(options, size, &defaults, sizeof defaults);
}

/* Some 2^18 rows' worth of starts: on 1,000 rows 262, from 26,214 on 10. */
int32_t patron_kmeans_default_n_init(int64_t rows)
{
    int64_t starts = rows > 0 ? (INT64_C(1) << 18) / rows : 1000;
    return starts < 10 ? 10 : starts > 1000 ? 1000 : (int32_t)starts;
}

static patron_status read_options(patron_kmeans_options *out, const patron_kmeans_options *options, patron_error *error)
{
    patron_kmeans_options_init(out, sizeof *out);
    patron_status status = ptn_struct_read(out, sizeof *out, options, "k-means options", error);
    if (status != PATRON_OK) return status;
    if (out->n_init < 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "k-means options: n_init is %d; give 0 (by rows) or more",
                        (int)out->n_init);
    if (out->max_iter < 1)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "k-means options: max_iter is %d; give at least 1",
                        (int)out->max_iter);
    if (!isfinite(out->tol) || out->tol < 0.0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "k-means options: tol is %g; give a number >= 0", out->tol);
    return PATRON_OK;
}

static patron_status check_initial(const fit_job *job, int32_t k, patron_error *error)
{
    int64_t elements;
    if (job->options.initial_centroids == NULL) return PATRON_OK;
    if (!ptn_mul_i64(&elements, k, job->rows.cols))
        return ptn_fail(error, PATRON_TOO_LARGE, "%d centroids of %lld columns are more than memory can address",
                        (int)k, (long long)job->rows.cols);
    for (int64_t e = 0; e < elements; e++)
        if (!isfinite(job->options.initial_centroids[e]))
            return ptn_fail(error, PATRON_NOT_FINITE, "initial centroid %lld, column %lld is not finite",
                            (long long)(e / job->rows.cols), (long long)(e % job->rows.cols));
    return PATRON_OK;
}

/* Mean of the columns' (weighted) variances, in packed units. */
static double mean_variance(const ptn_packed *data)
{
    double total = 0.0;
    for (int64_t c = 0; c < data->cols; c++) {
        double weight = 0.0, mean = 0.0, squares = 0.0;
        for (int64_t i = 0; i < data->rows; i++) {
            weight += data->weights[i];
            mean += data->weights[i] * ptn_packed_at(data, i, c);
        }
        mean /= weight;
        for (int64_t i = 0; i < data->rows; i++) {
            double deviation = ptn_packed_at(data, i, c) - mean;
            squares += data->weights[i] * deviation * deviation;
        }
        total += squares / weight;
    }
    return total / (double)data->cols;
}

/* Everything that does not depend on k but for the largest. */
static patron_status prepare(fit_job *job, const patron_rows *rows, int32_t k_max, const patron_kmeans_options *options,
                             patron_error *error)
{
    int64_t distinct;
    const ptn_memory *memory = &job->context.memory;
    patron_status status = ptn_rows_read(&job->rows, rows, error);
    if (status != PATRON_OK) return status;
    status = read_options(&job->options, options, error);
    if (status != PATRON_OK) return status;
    if (job->options.n_init == 0) job->options.n_init = patron_kmeans_default_n_init(job->rows.rows);
    if (k_max < 1) return ptn_fail(error, PATRON_INVALID_ARGUMENT, "k is %d; give at least 1", (int)k_max);
    if (job->rows.rows == 0)
        return ptn_fail(error, PATRON_NO_DATA, "there are no rows to cluster; give at least k of them");
    if (k_max > job->rows.rows)
        return ptn_fail(error, PATRON_TOO_FEW_DISTINCT, "%lld rows cannot make %d clusters; ask for fewer",
                        (long long)job->rows.rows, (int)k_max);
    status = check_initial(job, k_max, error);
    if (status != PATRON_OK) return status;
    const double *initial = job->options.initial_centroids;
    status = ptn_pack(&job->data, &job->rows, initial, initial == NULL ? 0 : k_max, memory, error);
    if (status != PATRON_OK) return status;
    status = ptn_kmeans_distinct(&distinct, &job->rows, k_max, memory, error);
    if (status != PATRON_OK) return status;
    if (distinct < k_max)
        return ptn_fail(error, PATRON_TOO_FEW_DISTINCT,
                        "only %lld distinct rows (of weight > 0) for %d clusters; ask for fewer", (long long)distinct,
                        (int)k_max);
    if (job->options.tol > 0.0) job->variance = mean_variance(&job->data);
    return ptn_bound_open(&job->bound, &job->data, memory, error);
}

/* Short starts: each worker has its own state and remembers its best. */
typedef struct search_job {
    ptn_lloyd *states;
    double *inertia; /* for each start */
    ptn_lloyd_plan plan;
    uint64_t seed;
} search_job;

static void search_start(void *opaque, int64_t start, int32_t worker)
{
    search_job *job = opaque;
    ptn_lloyd *lloyd = &job->states[worker];
    ptn_lloyd_end end;
    /* Without a team and a trace only a start that cannot keep k clusters fails: it never wins. */
    patron_status status = ptn_lloyd_seed(lloyd, job->seed, (uint64_t)start, NULL);
    if (status == PATRON_OK) status = ptn_lloyd_run(&end, lloyd, &job->plan, NULL);
    job->inertia[start] = status == PATRON_OK ? lloyd->inertia : HUGE_VAL;
}

static ptn_lloyd_plan plan_for(const fit_job *job, ptn_array *trace)
{
    return (ptn_lloyd_plan){job->options.max_iter, job->options.tol, trace, &job->context.memory};
}

/* The start with the lowest inertia, the first of equals. */
static patron_status search(int32_t *best, fit_job *job, int32_t k, patron_error *error)
{
    const ptn_memory *memory = &job->context.memory;
    int32_t n_init = job->options.n_init, workers = job->context.threads;
    void *states = NULL, *inertia = NULL;
    patron_status status = ptn_allocate_zero(&states, memory, workers, sizeof(ptn_lloyd), "states", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&inertia, memory, n_init, sizeof(double), "results of starts", error);
    if (status != PATRON_OK) goto cleanup;
    for (int32_t w = 0; w < workers; w++) {
        status = ptn_lloyd_open((ptn_lloyd *)states + w, &job->data, k, memory, error);
        if (status != PATRON_OK) goto cleanup;
        ((ptn_lloyd *)states)[w].variance = job->variance;
    }
    search_job work = {states, inertia, plan_for(job, NULL), job->options.seed};
    status = ptn_team_run(&job->team, "kmeans", job->from, 0.1 * job->from + 0.9 * job->to, n_init, search_start, &work,
                          error);
    if (status != PATRON_OK) goto cleanup;
    *best = 0;
    for (int32_t s = 1; s < n_init; s++)
        if (work.inertia[s] < work.inertia[*best]) *best = s;

cleanup:
    for (int32_t w = 0; states != NULL && w < workers; w++) ptn_lloyd_close((ptn_lloyd *)states + w, memory);
    ptn_free(memory, inertia);
    ptn_free(memory, states);
    return status;
}

/* The best of starts first … last - 1, run one after the other: its centroids, trace and figures. */
typedef struct winner {
    double *centroids; /* packed */
    ptn_array trace;
    ptn_lloyd_end end;
    double inertia;
    int32_t start; /* -1: none yet */
} winner;

static patron_status run_starts(winner *best, ptn_lloyd *lloyd, const fit_job *job, int32_t first, int32_t last,
                                patron_error *error)
{
    ptn_array trace = {0};
    patron_status status = PATRON_OK;
    size_t bytes = (size_t)(lloyd->k * lloyd->data->cols) * sizeof(double);
    best->start = -1;
    for (int32_t s = first; status == PATRON_OK && s < last; s++) {
        ptn_lloyd_plan plan = plan_for(job, &trace);
        ptn_lloyd_end end;
        double width = (job->to - lloyd->from) / (double)(last - s);
        trace.count = 0;
        lloyd->to = lloyd->from + width;
        lloyd->passes = 0;
        if (job->options.initial_centroids != NULL)
            ptn_lloyd_take(lloyd, job->options.initial_centroids);
        else
            status = ptn_lloyd_seed(lloyd, job->options.seed, (uint64_t)s, error);
        if (status == PATRON_OK) status = ptn_lloyd_run(&end, lloyd, &plan, error);
        if (status == PATRON_OUT_OF_RANGE && (best->start >= 0 || s + 1 < last)) { /* another start may do */
            status = ptn_ok(error);
            continue;
        }
        lloyd->from = lloyd->to;
        if (status != PATRON_OK || (best->start >= 0 && !(lloyd->inertia < best->inertia))) continue;
        ptn_array kept = best->trace;
        best->trace = trace;
        trace = kept;
        best->start = s;
        best->end = end;
        best->inertia = lloyd->inertia;
        memcpy(best->centroids, lloyd->centroids, bytes);
    }
    ptn_array_free(&trace, &job->context.memory);
    return status;
}

/* A packed (weighted) square in the caller's unit: by one power of two, so that no step in between can round. */
static double to_caller(double square, const ptn_packed *data)
{
    return ldexp(square, ilogb(data->weight_unit) + 2 * ilogb(data->footing.unit));
}

/* The handle for a winner whose labels are lloyd's. */
static patron_status keep(patron_kmeans **kmeans, int32_t *labels, winner *best, const ptn_lloyd *lloyd,
                          const fit_job *job, patron_error *error)
{
    const ptn_memory *memory = &job->context.memory;
    void *block = NULL, *sizes = NULL, *centroids = NULL;
    int64_t k = lloyd->k, rows = lloyd->data->rows, cols = lloyd->data->cols;
    patron_status status = ptn_allocate_zero(&block, memory, 1, sizeof(patron_kmeans), "a k-means", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate_zero(&sizes, memory, k, sizeof(int64_t), "sizes", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&centroids, memory, k * cols, sizeof(double), "centroids", error);
    if (status != PATRON_OK) goto cleanup;

    patron_kmeans *made = block;
    made->memory = *memory;
    made->centroids = centroids;
    made->sizes = sizes;
    made->trace = best->trace.items;
    made->inverse_unit = lloyd->data->footing.inverse_unit;
    memset(&best->trace, 0, sizeof best->trace);
    ptn_lloyd_give(made->centroids, lloyd);
    for (int64_t i = 0; i < rows; i++) made->sizes[lloyd->labels[i]]++;
    for (int32_t i = 0; i < best->end.iterations; i++) made->trace[i] = to_caller(made->trace[i], lloyd->data);
    made->result = (patron_kmeans_result){
        .size = sizeof(patron_kmeans_result),
        .rows = rows,
        .cols = cols,
        .k = lloyd->k,
        .iterations = best->end.iterations,
        .converged = best->end.converged,
        .best_start = best->start,
        .inertia = to_caller(best->inertia, lloyd->data),
        /* Whatever rounding did to it, no bound lies above what was reached. */
        .inertia_lower_bound = to_caller(fmin(ptn_bound_for(&job->bound, lloyd->k), best->inertia), lloyd->data),
    };
    uint64_t hash = ptn_hash_labels(PTN_HASH_START, lloyd->labels, rows);
    hash = ptn_hash_doubles(hash, made->centroids, k * cols);
    made->result.fingerprint = ptn_hash_doubles(hash, &made->result.inertia, 1);
    if (labels != NULL) memcpy(labels, lloyd->labels, (size_t)rows * sizeof *labels);
    *kmeans = made;
    return PATRON_OK;

cleanup:
    ptn_free(memory, centroids);
    ptn_free(memory, sizes);
    ptn_free(memory, block);
    return status;
}

static patron_status fit_one(patron_kmeans **kmeans, int32_t *labels, fit_job *job, int32_t k, patron_error *error)
{
    const ptn_memory *memory = &job->context.memory;
    bool given = job->options.initial_centroids != NULL;
    int32_t first = 0, last = given ? 1 : job->options.n_init;
    bool brief = (double)job->data.rows * (double)job->data.cols * (double)k <= SHORT_PASS;
    winner best = {.start = -1};
    ptn_lloyd lloyd;
    void *centroids = NULL;
    patron_status status = ptn_lloyd_open(&lloyd, &job->data, k, memory, error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&centroids, memory, k * job->data.cols, sizeof(double), "centroids", error);
    if (status != PATRON_OK) goto cleanup;
    best.centroids = centroids;
    lloyd.variance = job->variance;
    lloyd.team = &job->team;
    lloyd.from = job->from;
    if (brief && last > 1) {
        status = search(&first, job, k, error);
        if (status != PATRON_OK) goto cleanup;
        last = first + 1;
        lloyd.from = 0.1 * job->from + 0.9 * job->to;
    }
    status = run_starts(&best, &lloyd, job, first, last, error);
    if (status != PATRON_OK) goto cleanup;
    if (best.start != last - 1) { /* the labels at hand are another start's */
        memcpy(lloyd.centroids, best.centroids, (size_t)(k * job->data.cols) * sizeof(double));
        status = ptn_lloyd_label(&lloyd, error);
        if (status != PATRON_OK) goto cleanup;
    }
    status = keep(kmeans, labels, &best, &lloyd, job, error);

cleanup:
    ptn_array_free(&best.trace, memory);
    ptn_free(memory, centroids);
    ptn_lloyd_close(&lloyd, memory);
    return status;
}

static patron_status fit_range(patron_kmeans **kmeans, int32_t *labels, const patron_rows *rows, int32_t k_min,
                               int32_t k_max, const patron_kmeans_options *options, const ptn_context *context,
                               patron_error *error)
{
    fit_job job;
    memset(&job, 0, sizeof job);
    job.context = *context;
    ptn_team_open(&job.team, &job.context);
    patron_status status = prepare(&job, rows, k_max, options, error);
    double count = (double)k_max - (double)k_min + 1.0;
    for (int32_t i = 0; status == PATRON_OK && i <= k_max - k_min; i++) {
        job.from = (double)i / count;
        job.to = (double)(i + 1) / count;
        status = fit_one(&kmeans[i], labels == NULL ? NULL : labels + i * job.rows.rows, &job, k_min + i, error);
    }
    for (int32_t i = 0; status != PATRON_OK && i <= k_max - k_min; i++) {
        patron_kmeans_free(kmeans[i]);
        kmeans[i] = NULL;
    }
    ptn_team_close(&job.team);
    ptn_bound_close(&job.bound, &context->memory);
    ptn_packed_free(&job.data, &context->memory);
    return status;
}

patron_status patron_kmeans_fit(patron_kmeans **kmeans, int32_t *labels, const patron_rows *rows, int32_t k,
                                const patron_kmeans_options *options, const patron_context *context,
                                patron_error *error)
{
    ptn_context read;
    fenv_t host;
    ptn_ok(error);
    if (kmeans == NULL) return ptn_fail_null(error, "kmeans");
    *kmeans = NULL;
    patron_status status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    ptn_floating_enter(&host);
    status = fit_range(kmeans, labels, rows, k, k, options, &read, error);
    ptn_floating_leave(&host);
    return status;
}

patron_status patron_kmeans_sweep(patron_kmeans **kmeans, int32_t *labels, const patron_rows *rows, int32_t k_min,
                                  int32_t k_max, const patron_kmeans_options *options, const patron_context *context,
                                  patron_error *error)
{
    ptn_context read;
    patron_kmeans_options chosen;
    fenv_t host;
    ptn_ok(error);
    if (kmeans == NULL) return ptn_fail_null(error, "kmeans");
    for (int64_t i = 0; i <= (int64_t)k_max - k_min; i++) kmeans[i] = NULL;
    if (k_min < 1 || k_max < k_min)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "k runs from %d to %d; give 1 <= k_min <= k_max", (int)k_min,
                        (int)k_max);
    patron_status status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    status = read_options(&chosen, options, error);
    if (status != PATRON_OK) return status;
    if (chosen.initial_centroids != NULL)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "initial_centroids are for one k; leave them NULL, or fit each k by itself");
    ptn_floating_enter(&host);
    status = fit_range(kmeans, labels, rows, k_min, k_max, options, &read, error);
    ptn_floating_leave(&host);
    return status;
}

patron_status patron_kmeans_result_get(patron_kmeans_result *result, const patron_kmeans *kmeans, patron_error *error)
{
    ptn_ok(error);
    if (kmeans == NULL) return ptn_fail_null(error, "kmeans");
    return ptn_struct_write(result, &kmeans->result, sizeof *result, "result", error);
}

const double *patron_kmeans_centroids(const patron_kmeans *kmeans) { return kmeans == NULL ? NULL : kmeans->centroids; }

const int64_t *patron_kmeans_sizes(const patron_kmeans *kmeans) { return kmeans == NULL ? NULL : kmeans->sizes; }

const double *patron_kmeans_trace(const patron_kmeans *kmeans) { return kmeans == NULL ? NULL : kmeans->trace; }

void patron_kmeans_free(patron_kmeans *kmeans)
{
    if (kmeans == NULL) return;
    ptn_memory memory = kmeans->memory;
    ptn_free(&memory, kmeans->trace);
    ptn_free(&memory, kmeans->sizes);
    ptn_free(&memory, kmeans->centroids);
    ptn_free(&memory, kmeans);
}
