/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: checks, the way from rows to results, and what is handed back.

       rows ─► packed ─► sample ─► screen ─► polish ─► results
               (once)    (of many   (starts,   (distinct
                          rows)      all k)     optima, all rows)

   A few k at a time are polished together, so that a pass over the packed rows serves them all. */
#include "cluster/kmeans.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/floating.h"
#include "base/hash.h"
#include "cluster/bound.h"
#include "cluster/centroids.h"
#include "cluster/distinct.h"
#include "cluster/polish.h"
#include "cluster/screen.h"
#include "cluster/sums.h"

/* Runs that share passes; labels take a byte a row for each. */
enum { MOST_RUNS = 8, MOST_FINALISTS = 16, FEW_ROWS = 4096 };

/* Rounds of n_init starts on a sample, at most; its optima that go on to all rows, at most, and to a sample so many
   times finer before that, where they are more and clusters are not many. */
enum { MOST_ROUNDS = 8, FEW_OPTIMA = 8, MOST_REFINED = 32, FINER = 8, MANY_CLUSTERS = 16 };

static const uint64_t REFINED_SEED = UINT64_C(0x9E3779B97F4A7C15);

/* What a public function was given, checked, and what is made of it. */
typedef struct fit_job {
    patron_rows rows;
    patron_kmeans_options options;
    ptn_context context;
    ptn_team team;
    ptn_packed data;
    ptn_passes passes;
    ptn_bound bound;
    ptn_sample sample;
    ptn_screen screen;
    const double *weights; /* of rows, brought to ordinary size; NULL */
    double *own_weights;   /* that, where it is a copy */
    int weight_exponent;   /* the caller's weight = weight * 2^this */
    double pack_s, screen_s, polish_s, finish_s;
    double from, to; /* progress of the present group of k */
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
    if (out->strict != 0 && out->strict != 1)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "k-means options: strict is %d; give 0 or 1", (int)out->strict);
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

/* Weights of extreme size are brought near 1 by a power of two, so that products with them stay exact. */
static patron_status take_weights(fit_job *job, patron_error *error)
{
    double largest = 0.0;
    void *block;
    job->weights = job->rows.weights;
    for (int64_t i = 0; job->weights != NULL && i < job->rows.rows; i++) largest = fmax(largest, job->weights[i]);
    if (job->weights == NULL || (largest <= 0x1p300 && largest >= 0x1p-300)) return PATRON_OK;
    patron_status status = ptn_allocate(&block, &job->context.memory, job->rows.rows, sizeof(double), "weights", error);
    if (status != PATRON_OK) return status;
    frexp(largest, &job->weight_exponent);
    job->own_weights = block;
    for (int64_t i = 0; i < job->rows.rows; i++) {
        double weight = ldexp(job->weights[i], -job->weight_exponent);
        job->own_weights[i] = job->weights[i] > 0.0 ? fmax(weight, 0x1p-700) : 0.0;
    }
    job->weights = job->own_weights;
    return PATRON_OK;
}

static patron_status check_shape(const fit_job *job, int32_t k_max, patron_error *error)
{
    if (k_max < 1) return ptn_fail(error, PATRON_INVALID_ARGUMENT, "k is %d; give at least 1", (int)k_max);
    if (job->rows.rows == 0)
        return ptn_fail(error, PATRON_NO_DATA, "there are no rows to cluster; give at least k of them");
    if (k_max > job->rows.rows)
        return ptn_fail(error, PATRON_TOO_FEW_DISTINCT, "%lld rows cannot make %d clusters; ask for fewer",
                        (long long)job->rows.rows, (int)k_max);
    if (k_max > PTN_MOST_CLUSTERS)
        return ptn_fail(error, PATRON_TOO_LARGE, "k is %d; at most %d clusters can be made", (int)k_max,
                        (int)PTN_MOST_CLUSTERS);
    return check_initial(job, k_max, error);
}

/* Everything that does not depend on k but for the largest. */
static patron_status prepare(fit_job *job, const patron_rows *rows, int32_t k_max, const patron_kmeans_options *options,
                             patron_error *error)
{
    int64_t distinct;
    double began_s = ptn_now_s();
    patron_status status = ptn_rows_read(&job->rows, rows, error);
    if (status != PATRON_OK) return status;
    status = read_options(&job->options, options, error);
    if (status != PATRON_OK) return status;
    if (job->options.n_init == 0) job->options.n_init = patron_kmeans_default_n_init(job->rows.rows);
    status = check_shape(job, k_max, error);
    if (status != PATRON_OK) return status;
    const double *initial = job->options.initial_centroids;
    if (initial != NULL) job->options.n_init = 1;
    status = take_weights(job, error);
    if (status != PATRON_OK) return status;
    patron_rows scaled = job->rows;
    scaled.weights = job->weights;
    status = ptn_pack(&job->data, &scaled, initial, initial == NULL ? 0 : k_max, ptn_kernels_here(), &job->team, error);
    if (status != PATRON_OK) return status;
    status = ptn_kmeans_distinct(&distinct, &job->rows, k_max, &job->context.memory, error);
    if (status != PATRON_OK) return status;
    if (distinct < k_max)
        return ptn_fail(error, PATRON_TOO_FEW_DISTINCT,
                        "only %lld distinct rows (of weight > 0) for %d clusters; ask for fewer", (long long)distinct,
                        (int)k_max);
    status = ptn_passes_open(&job->passes, &job->data, &job->team, error);
    if (status != PATRON_OK) return status;
    status = ptn_bound_open(&job->bound, &job->data, &job->context, error);
    job->pack_s = ptn_now_s() - began_s;
    return status;
}

static ptn_screen_plan plan_of(const fit_job *job, int32_t k_min, int32_t k_max)
{
    return (ptn_screen_plan){.k_min = k_min,
                             .k_max = k_max,
                             .starts = job->options.n_init,
                             .rounds = job->options.strict || job->sample.whole ? 1 : MOST_ROUNDS,
                             .max_iter = job->options.max_iter,
                             .seed = job->options.seed};
}

static patron_status screen(fit_job *job, int32_t k_min, int32_t k_max, patron_error *error)
{
    double began_s = ptn_now_s();
    ptn_screen_close(&job->screen, &job->context.memory);
    ptn_sample_free(&job->sample, &job->context.memory);
    int64_t wanted = ptn_sample_rows(job->data.rows, job->data.cols, k_max, 1);
    patron_status status = ptn_sample_draw(&job->sample, &job->data, wanted, job->options.seed, &job->team, error);
    if (status != PATRON_OK) return status;
    ptn_screen_plan plan = plan_of(job, k_min, k_max);
    status = ptn_screen_run(&job->screen, &job->sample, &plan, &job->team, error);
    job->screen_s += ptn_now_s() - began_s;
    return status;
}

/* Centroids in the caller's unit from packed ones. */
static void unpack(double *out, const double *packed, int32_t k, const ptn_packed *data)
{
    for (int64_t e = 0; e < k * data->cols; e++) out[e] = data->frame.centre[e % data->cols] + packed[e] * data->unit;
}

/* Where more than a few optima of a sample are nearly as good as the best, a finer sample says which of them are: it
   costs less than to take them all to all rows, and knows more than the first. */
static patron_status refine(int32_t *count, int32_t *ends, fit_job *job, int32_t k, double tolerance,
                            patron_error *error)
{
    double began_s = ptn_now_s();
    int32_t near[MOST_REFINED], found, few = k <= 8 ? FEW_OPTIMA : 2;
    ptn_sample finer = {0};
    ptn_screen_plan plan = plan_of(job, k, k);
    found = ptn_screen_distinct(near, &job->screen, &job->sample, k, MOST_REFINED, tolerance);
    *count = found < few ? found : few;
    memcpy(ends, near, (size_t)*count * sizeof *ends);
    if (found <= few || k > MANY_CLUSTERS) return PATRON_OK;
    int64_t wanted = ptn_sample_rows(job->data.rows, job->data.cols, k, FINER);
    patron_status status =
        ptn_sample_draw(&finer, &job->data, wanted, job->options.seed + REFINED_SEED, &job->team, error);
    if (status == PATRON_OK) status = ptn_screen_refine(&job->screen, &finer, k, near, found, &plan, &job->team, error);
    if (status == PATRON_OK) {
        *count = ptn_screen_distinct(ends, &job->screen, &finer, k, few, tolerance / 4.0);
        ptn_screen_keep(&job->screen, k, ends, *count); /* who asks again gets the same */
    }
    ptn_sample_free(&finer, &job->context.memory);
    job->screen_s += ptn_now_s() - began_s;
    return status;
}

/* The ends of runs for k that go on to all rows: how many, and which. */
static patron_status finalists(int32_t *count, int32_t *ends, fit_job *job, int32_t k, patron_error *error)
{
    const ptn_sample *sample = &job->sample;
    if (!sample->whole) return refine(count, ends, job, k, k <= 8 ? 0.03 : 0.01, error);
    bool few = sample->rows <= FEW_ROWS;
    *count = ptn_screen_distinct(ends, &job->screen, sample, k, few ? MOST_FINALISTS : 6, few ? 0.2 : 0.05);
    return PATRON_OK;
}

/* The runs and figures of a group of k, and room for what they are made of. */
typedef struct group {
    ptn_run runs[MOST_RUNS + MOST_FINALISTS];
    ptn_figures figures[MOST_RUNS + MOST_FINALISTS];
    void *numbers[MOST_RUNS + MOST_FINALISTS]; /* of the figures */
    int32_t count;
    int32_t polished[MOST_RUNS + MOST_FINALISTS]; /* of each run's k */
} group;

static void close_run(group *g, int32_t r, const ptn_memory *memory)
{
    ptn_run_close(&g->runs[r], memory);
    ptn_free(memory, g->numbers[r]);
    g->numbers[r] = NULL;
}

/* Into lexicographic order, in which they will end most often: labels need not be changed then. */
static void sort_centroids(double *centroids, int32_t k, int64_t cols)
{
    for (int32_t i = 1; i < k; i++)
        for (double *row = centroids + i * cols; row > centroids; row -= cols) {
            if (!ptn_centroid_before(row, row - cols, cols)) break;
            for (int64_t c = 0; c < cols; c++) {
                double value = row[c];
                row[c] = row[c - cols];
                row[c - cols] = value;
            }
        }
}

/* A further run for k from packed centroids, or from the caller's. */
static patron_status add_run(group *g, fit_job *job, int32_t k, int32_t start, const double *packed,
                             patron_error *error)
{
    const ptn_memory *memory = &job->context.memory;
    int32_t r = g->count++;
    patron_status status = ptn_run_open(&g->runs[r], &job->data, k, job->context.threads, memory, error);
    if (status != PATRON_OK) return status;
    status = ptn_allocate_zero(&g->numbers[r], memory, 2 * k, sizeof(double), "clusters", error);
    if (status != PATRON_OK) return status;
    g->figures[r].weights = g->numbers[r];
    g->figures[r].rows = g->figures[r].weights + k;
    g->runs[r].start = start;
    if (packed != NULL) {
        unpack(g->runs[r].centroids, packed, k, &job->data);
        sort_centroids(g->runs[r].centroids, k, job->data.cols);
    } else {
        memcpy(g->runs[r].centroids, job->options.initial_centroids, (size_t)(k * job->data.cols) * sizeof(double));
    }
    return PATRON_OK;
}

/* Takes the group's runs to their end; closed ones are left out. */
static patron_status polish(group *g, fit_job *job, patron_error *error)
{
    double began_s = ptn_now_s();
    bool few = job->data.rows <= FEW_ROWS;
    ptn_polish_plan plan = {.max_iter = job->options.max_iter,
                            .tol = job->options.tol,
                            .weights = job->weights,
                            .keep = few ? 0.05 : 0.0,
                            .accelerate = job->screen.starts > 0 && !few,
                            .race = !few};
    patron_status status = ptn_polish(g->runs, g->figures, g->count, &job->passes, &plan, error);
    int32_t left = 0;
    for (int32_t r = 0; r < g->count; r++) {
        if (g->runs[r].k == 0) {
            close_run(g, r, &job->context.memory);
            continue;
        }
        g->runs[left] = g->runs[r];
        g->figures[left] = g->figures[r];
        g->numbers[left++] = g->numbers[r];
    }
    for (int32_t r = left; r < g->count; r++) {
        memset(&g->runs[r], 0, sizeof g->runs[r]);
        g->numbers[r] = NULL;
    }
    g->count = left;
    job->polish_s += ptn_now_s() - began_s;
    return status;
}

/* Every start for k on all rows, from where it ended on the sample, a few at a time; the best of those so far stays in
   the group. */
static patron_status polish_all(group *g, fit_job *job, int32_t k, patron_error *error)
{
    patron_status status = PATRON_OK;
    int32_t starts = job->options.n_init;
    for (int32_t first = 0; status == PATRON_OK && first < starts; first += MOST_RUNS) {
        group more = {.count = 0};
        int32_t last = starts - first < MOST_RUNS ? starts : first + MOST_RUNS;
        job->passes.from = job->from + (job->to - job->from) * first / starts;
        job->passes.to = job->from + (job->to - job->from) * last / starts;
        job->passes.done = 0;
        for (int32_t s = first; status == PATRON_OK && s < last; s++)
            status = add_run(&more, job, k, s, ptn_screen_centroids(&job->screen, s, k), error);
        if (status == PATRON_OK) status = polish(&more, job, error);
        if (status == PATRON_OK && (g->count == 0 || more.runs[0].inertia < g->runs[0].inertia)) {
            group worse = *g;
            *g = more;
            more = worse;
        }
        for (int32_t r = 0; r < more.count; r++) close_run(&more, r, &job->context.memory);
    }
    if (status == PATRON_OK) g->polished[0] = starts;
    return status;
}

/* A packed (weighted) square in the caller's unit: by one power of two, so that no step in between can round. */
static double to_caller(double square, const fit_job *job)
{
    return ldexp(square, job->weight_exponent + 2 * ilogb(job->data.unit));
}

/* What a span of labels adds to a result. */
typedef struct label_part {
    uint64_t hash;
    int64_t sizes[PTN_MOST_CLUSTERS];
} label_part;

typedef struct label_job {
    const ptn_packed *data;
    const uint8_t *labels;
    int32_t *out; /* or NULL */
    label_part *parts;
    int32_t k;
} label_job;

static void count_span(void *opaque, int64_t span, int32_t worker)
{
    label_job *job = opaque;
    label_part *part = &job->parts[span];
    int64_t from, to;
    (void)worker;
    ptn_packed_span(job->data, span, &from, &to);
    memset(part, 0, sizeof *part);
    part->hash = ptn_hash_bytes(PTN_HASH_START, job->labels + from, to - from);
    ptn_count_labels(part->sizes, job->labels + from, to - from, job->k);
    for (int64_t i = from; job->out != NULL && i < to; i++) job->out[i] = job->labels[i];
}

/* Sizes, the labels' fingerprint, and labels for the caller. */
static patron_status give_labels(patron_kmeans *made, int32_t *labels, uint64_t *hash, const ptn_run *run, fit_job *job,
                                 patron_error *error)
{
    const ptn_memory *memory = &job->context.memory;
    double from, to;
    void *parts;
    patron_status status = ptn_allocate(&parts, memory, job->data.spans, sizeof(label_part), "labels", error);
    if (status != PATRON_OK) return status;
    label_job work = {&job->data, run->labels, labels, parts, run->k};
    ptn_passes_progress(&job->passes, &from, &to);
    status = ptn_team_run(&job->team, "kmeans", from, to, job->data.spans, count_span, &work, error);
    *hash = ptn_hash_u64(PTN_HASH_START, (uint64_t)job->data.rows);
    for (int64_t s = 0; status == PATRON_OK && s < job->data.spans; s++) {
        *hash = ptn_hash_u64(*hash, work.parts[s].hash);
        for (int32_t j = 0; j < run->k; j++) made->sizes[j] += work.parts[s].sizes[j];
    }
    ptn_free(memory, parts);
    return status;
}

/* What labels new rows: the frame and the filter of the final centroids. */
static patron_status keep_filter(patron_kmeans *made, const ptn_run *run, fit_job *job, patron_error *error)
{
    const ptn_memory *memory = &job->context.memory;
    int64_t cols = job->data.cols;
    void *columns;
    patron_status status = ptn_allocate(&columns, memory, 3 * cols, sizeof(double), "columns", error);
    if (status != PATRON_OK) return status;
    made->frame = job->data.frame;
    made->frame.centre = columns;
    made->frame.step = made->frame.centre + cols;
    made->frame.reach = made->frame.step + cols;
    memcpy(made->frame.centre, job->data.frame.centre, (size_t)cols * sizeof(double));
    memcpy(made->frame.step, job->data.frame.step, (size_t)cols * sizeof(double));
    memcpy(made->frame.reach, job->data.frame.reach, (size_t)cols * sizeof(double));
    status = ptn_allocate(&made->filter_block, memory, ptn_filter_floats(run->k, cols), sizeof(float), "scores", error);
    if (status != PATRON_OK) return status;
    ptn_filter_place(&made->filter, made->filter_block, run->k, cols);
    ptn_filter_set(&made->filter, &made->frame, run->centroids, 0.0, NULL, job->passes.scratch);
    return PATRON_OK;
}

/* One cluster has no other inertia than that about its mean, which the centroid is rounded from. */
static double least_of_one(const ptn_run *run, const fit_job *job)
{
    double squares = 0.0;
    for (int64_t c = 0; c < job->data.cols; c++) {
        double rounded = (fabs(run->centroids[c]) * 0x1p-53 + 0x1p-1074) * job->data.frame.inverse_unit;
        squares += rounded * rounded;
    }
    return fmax(0.0, run->inertia * (1.0 - 0x1p-40) - 1.01 * job->data.weight_sum * squares);
}

/* The handle for a finished run. */
static patron_status keep(patron_kmeans **kmeans, int32_t *labels, ptn_run *run, int32_t polished, fit_job *job,
                          patron_error *error)
{
    const ptn_memory *memory = &job->context.memory;
    void *block = NULL, *sizes = NULL, *centroids = NULL;
    patron_kmeans *made = NULL;
    int64_t k = run->k, cols = job->data.cols;
    uint64_t hash;
    double began_s = ptn_now_s();
    if (!isfinite(to_caller(*(const double *)run->trace.items, job))) /* the largest; weights were scaled till here */
        return ptn_fail(error, PATRON_OUT_OF_RANGE,
                        "squared distances times the weights overflow; divide the weights by a constant");
    patron_status status = ptn_allocate_zero(&block, memory, 1, sizeof(patron_kmeans), "a k-means", error);
    if (status != PATRON_OK) return status;
    made = block;
    made->memory = *memory;
    status = ptn_allocate_zero(&sizes, memory, k, sizeof(int64_t), "sizes", error);
    made->sizes = sizes;
    if (status == PATRON_OK) status = ptn_allocate(&centroids, memory, k * cols, sizeof(double), "centroids", error);
    made->centroids = centroids;
    if (status == PATRON_OK) status = keep_filter(made, run, job, error);
    if (status == PATRON_OK) status = give_labels(made, labels, &hash, run, job, error);
    if (status != PATRON_OK) {
        patron_kmeans_free(made);
        return status;
    }
    made->trace = run->trace.items;
    memset(&run->trace, 0, sizeof run->trace);
    memcpy(made->centroids, run->centroids, (size_t)(k * cols) * sizeof(double));
    for (int32_t i = 0; i < run->iterations; i++) made->trace[i] = to_caller(made->trace[i], job);
    /* Whatever rounding did to it, no bound lies above what was reached. */
    double bound = fmin(k == 1 ? least_of_one(run, job) : ptn_bound_for(&job->bound, run->k), run->inertia);
    bool screened = job->screen.starts > 0 && !job->sample.whole && !job->options.strict;
    made->result = (patron_kmeans_result){
        .size = sizeof(patron_kmeans_result),
        .rows = job->data.rows,
        .cols = cols,
        .k = run->k,
        .iterations = run->iterations,
        .converged = run->converged,
        .best_start = run->start,
        .inertia = to_caller(run->inertia, job),
        .inertia_lower_bound = to_caller(bound, job),
        .n_init = job->screen.starts > 0 ? job->screen.tried[k - job->screen.k_min] : 1,
        .screened = screened,
        .sample_rows = screened ? job->sample.rows : 0,
        .polished = polished,
    };
    hash = ptn_hash_doubles(hash, made->centroids, k * cols);
    made->result.fingerprint = ptn_hash_doubles(hash, &made->result.inertia, 1);
    job->finish_s += ptn_now_s() - began_s;
    *kmeans = made;
    return PATRON_OK;
}

/* The runs of as many k from `k` as share passes; *next is the k after them. */
static patron_status fill_group(group *g, int32_t *next, fit_job *job, int32_t k, int32_t k_max, patron_error *error)
{
    patron_status status = PATRON_OK;
    for (; status == PATRON_OK && k <= k_max; k++) {
        int32_t ends[MOST_FINALISTS], count;
        status = finalists(&count, ends, job, k, error);
        if (status != PATRON_OK) break;
        if (g->count > 0 && g->count + count > MOST_RUNS) break;
        for (int32_t i = 0; status == PATRON_OK && i < count; i++) {
            g->polished[g->count] = count;
            status = add_run(g, job, k, ptn_screen_start(&job->screen, ends[i], k),
                             job->sample.whole ? ptn_screen_seeds(&job->screen, ends[i])
                                               : ptn_screen_centroids(&job->screen, ends[i], k),
                             error);
        }
    }
    *next = k;
    return status;
}

/* From `first` to `last`, of a range that begins at k_min and has `range` k. */
static patron_status fit_groups(patron_kmeans **kmeans, int32_t *labels, fit_job *job, int32_t first, int32_t last,
                                int32_t k_min, double range, patron_error *error)
{
    patron_status status = PATRON_OK;
    for (int32_t k = first, next; status == PATRON_OK && k <= last; k = next) {
        group g = {.count = 0};
        int32_t polished[PTN_MOST_CLUSTERS + 1] = {0};
        job->from = 0.3 + 0.7 * (double)(k - k_min) / range;
        job->to = 0.3 + 0.7 * (double)(k + 1 - k_min) / range;
        job->passes.from = job->from;
        job->passes.to = job->to;
        job->passes.done = 0;
        next = k + 1;
        if (job->options.initial_centroids != NULL) {
            status = add_run(&g, job, k, 0, NULL, error);
            polished[k] = 1;
            if (status == PATRON_OK) status = polish(&g, job, error);
        } else if (job->options.strict && !job->sample.whole) {
            status = polish_all(&g, job, k, error);
            polished[k] = g.polished[0];
        } else {
            status = fill_group(&g, &next, job, k, last, error);
            for (int32_t r = 0; r < g.count; r++)
                polished[g.runs[r].k] = job->sample.whole ? job->options.n_init : g.polished[r];
            if (status == PATRON_OK) status = polish(&g, job, error);
        }
        for (int32_t r = 0; status == PATRON_OK && r < g.count; r++) {
            int32_t at = g.runs[r].k - k_min;
            status = keep(&kmeans[at], labels == NULL ? NULL : labels + at * job->rows.rows, &g.runs[r],
                          polished[g.runs[r].k], job, error);
        }
        for (int32_t r = 0; r < g.count; r++) close_run(&g, r, &job->context.memory);
    }
    return status;
}

static patron_status fit_range(patron_kmeans **kmeans, int32_t *labels, const patron_rows *rows, int32_t k_min,
                               int32_t k_max, const patron_kmeans_options *options, const ptn_context *context,
                               patron_error *error)
{
    fit_job job;
    memset(&job, 0, sizeof job);
    job.context = *context;
    const ptn_memory *memory = &job.context.memory;
    ptn_team_open(&job.team, &job.context);
    patron_status status = prepare(&job, rows, k_max, options, error);
    for (int32_t first = k_min, last; status == PATRON_OK && first <= k_max; first = last + 1) {
        /* What is drawn for a k does not depend on the others of the range. */
        last = ptn_sample_tier(first) < k_max ? ptn_sample_tier(first) : k_max;
        if (job.options.initial_centroids == NULL) status = screen(&job, first, last, error);
        if (status == PATRON_OK)
            status = fit_groups(kmeans, labels, &job, first, last, k_min, (double)k_max - (double)k_min + 1.0, error);
    }
    for (int32_t i = 0; i <= k_max - k_min; i++) {
        if (status != PATRON_OK) {
            patron_kmeans_free(kmeans[i]);
            kmeans[i] = NULL;
            continue;
        }
        kmeans[i]->result.pack_s = job.pack_s;
        kmeans[i]->result.screen_s = job.screen_s;
        kmeans[i]->result.polish_s = job.polish_s;
        kmeans[i]->result.finish_s = job.finish_s;
    }
    ptn_screen_close(&job.screen, memory);
    ptn_sample_free(&job.sample, memory);
    ptn_bound_close(&job.bound, memory);
    ptn_passes_close(&job.passes);
    ptn_packed_free(&job.data, memory);
    ptn_free(memory, job.own_weights);
    ptn_team_close(&job.team);
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
    ptn_free(&memory, kmeans->filter_block);
    ptn_free(&memory, kmeans->frame.centre);
    ptn_free(&memory, kmeans->trace);
    ptn_free(&memory, kmeans->sizes);
    ptn_free(&memory, kmeans->centroids);
    ptn_free(&memory, kmeans);
}
