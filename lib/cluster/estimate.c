/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sampling and scoring. Sampled rows are scored against all rows in batches, a block of members at a time for all
   queries of the batch, so that memory is read once for each batch; sums are whole numbers, so they need no order. The
   first of these passes adds the surrogates up as well. */
#include "cluster/estimate.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/rng.h"

enum {
    BATCH = 1024,       /* queries */
    TINY_ROWS = 1000,   /* a cluster of fewer is scored in full */
    LEAST = 200,        /* rows of a stratum at the first look, unless */
    LEAST_MANY = 32,    /* all of them would be over */
    LEAST_ASKED = 30,   /* with a budget; and */
    LEAST_ODD = 50,     /* at most so many of odd rows: */
    ODD = 4,            /* so many mean deviations from their cell's mean, where surrogates may be odd too */
    MOST_ROWS = 100000, /* the budget by default */
    PILOT_ROWS = 1 << 18,
    PILOT_LEAST = 1 << 16,
    PILOT_NUMBERS = 1 << 25, /* rows x columns of the pilot, unless that is below its least */
    BUDGET_TIMES = 16,       /* a budget of a sixteenth of the rows pays for the fine surrogate of all */
    DRAWN = 2,               /* a row's mark */
    FEW_ROWS = 4096          /* are all scored */
};

#define MANY_PAIRS 1e9

/* A weight of at least that share of its cluster's is scored in any case. */
#define HEAVY (1.0 / LEAST)

/* The stratum of a row. */
static int32_t stratum_of(const ptn_estimate *e, int64_t row)
{
    int32_t stratum = 2 * e->labelings[0].labels[row], cell;
    double norm;
    if (!e->odd) return stratum;
    cell = ptn_stream_cell(&e->stream, row);
    if (cell < 0 || !ptn_stream_near(&norm, &e->stream, row, cell)) return stratum + 1;
    return stratum + (norm > ODD * e->joint.mean[cell] * e->joint.zoom);
}

/* Passes over all rows, by chunks; what is counted is added up afterwards. */
typedef struct chunks_job {
    ptn_estimate *e;
    ptn_chunks chunks;
    int64_t each;        /* numbers of a chunk */
    int64_t *counts;     /* chunks x each */
    const int64_t *rows; /* of weight in each cluster */
} chunks_job;

static void count_chunk(void *opaque, int64_t chunk, int32_t worker)
{
    chunks_job *job = opaque;
    const ptn_estimate *e = job->e;
    int64_t from = ptn_chunk_from(&job->chunks, chunk), to = ptn_chunk_end(&job->chunks, chunk);
    int64_t *counts = job->counts + chunk * job->each;
    (void)worker;
    for (int32_t l = 0; l < e->count; counts += e->labelings[l++].k)
        for (int64_t i = from; i < to; i++) counts[e->labelings[l].labels[i]] += ptn_scored_weight(e->scored, i) > 0.0;
}

/* Marks the rows that are scored in any case and those that count for nothing; counts the former and, by stratum, the
   others. */
static void mark_chunk(void *opaque, int64_t chunk, int32_t worker)
{
    chunks_job *job = opaque;
    ptn_estimate *e = job->e;
    int64_t from = ptn_chunk_from(&job->chunks, chunk), to = ptn_chunk_end(&job->chunks, chunk);
    int64_t *counts = job->counts + chunk * job->each;
    (void)worker;
    for (int64_t i = from; i < to; i++) {
        double weight = ptn_scored_weight(e->scored, i);
        bool certain = weight >= HEAVY * e->labelings[0].total[e->labelings[0].labels[i]];
        int64_t before = 0;
        for (int32_t l = 0; l < e->count; before += e->labelings[l++].k)
            certain |= job->rows[before + e->labelings[l].labels[i]] < TINY_ROWS;
        e->marks[i] = certain || !(weight > 0.0) ? PTN_LEFT_OUT : 0;
        if (weight > 0.0) counts[certain ? e->strata_count : stratum_of(e, i)]++;
    }
}

static patron_status run_chunks(chunks_job *job, int64_t each, ptn_task task, patron_error *error)
{
    job->each = each;
    memset(job->counts, 0, (size_t)(job->chunks.count * each) * sizeof *job->counts);
    return ptn_team_run(job->e->scored->team, "silhouette", 0.0, 0.0, job->chunks.count, task, job, error);
}

/* Rows of weight in each cluster of all labelings, and how many are in clusters of few of them. */
static patron_status count_rows(chunks_job *job, int64_t *counts, int64_t clusters, int64_t *tiny, patron_error *error)
{
    patron_status status = run_chunks(job, clusters, count_chunk, error);
    *tiny = 0;
    for (int64_t c = 0; c < clusters; c++) {
        for (int64_t chunk = 0; chunk < job->chunks.count; chunk++) counts[c] += job->counts[chunk * clusters + c];
        *tiny += counts[c] < TINY_ROWS ? counts[c] : 0;
    }
    return status;
}

/* Whether the pilot has a row that is odd; where it has none, others are no matter. */
static bool has_odd(const ptn_estimate *e)
{
    const ptn_joint *joint = &e->joint;
    if (!e->pilot.part || joint->far_count > 0) return true;
    for (int64_t i = 0; i < joint->rows; i++)
        if ((double)joint->deviation[i] > ODD * joint->mean[joint->cell[i]]) return true;
    return false;
}

/* The rows that are scored in any case, and how many there are in each stratum. */
static patron_status find_certain(chunks_job *job, int64_t tiny, patron_error *error)
{
    ptn_estimate *e = job->e;
    const ptn_memory *memory = &e->scored->team->context->memory;
    e->odd = has_odd(e);
    if (!e->odd && tiny == 0 && e->scored->rows.weights == NULL) {
        for (int32_t j = 0; j < e->labelings[0].k; j++) e->strata[2 * j].rows = e->rows[j] = job->rows[j];
        return PATRON_OK;
    }
    patron_status status = run_chunks(job, e->strata_count + (int64_t)1, mark_chunk, error);
    for (int64_t chunk = 0; status == PATRON_OK && chunk < job->chunks.count; chunk++) {
        const int64_t *counts = job->counts + chunk * job->each;
        int64_t from = ptn_chunk_from(&job->chunks, chunk), to = ptn_chunk_end(&job->chunks, chunk);
        for (int32_t h = 0; h < e->strata_count; h++) e->strata[h].rows += counts[h];
        if (counts[e->strata_count] == 0) continue;
        status =
            ptn_array_reserve(&e->sample, memory, counts[e->strata_count], sizeof(ptn_sampled), "sampled rows", error);
        for (int64_t i = from; status == PATRON_OK && i < to; i++)
            if (e->marks[i] != 0 && ptn_scored_weight(e->scored, i) > 0.0)
                ((ptn_sampled *)e->sample.items)[e->sample.count++] = (ptn_sampled){i, -1};
    }
    e->certain = e->sample.count;
    for (int32_t j = 0; j < e->labelings[0].k; j++) e->rows[j] = e->strata[2 * j].rows + e->strata[2 * j + 1].rows;
    return status;
}

/* What the first look takes of each stratum when `least` is wanted of those in the midst; all of it. */
static int64_t plan_first(ptn_estimate *e, int64_t least)
{
    for (int32_t h = 0; h < e->strata_count; h++)
        e->strata[h].least = h % 2 != 0 && least > LEAST_ODD ? LEAST_ODD : least;
    return ptn_strata_plan(e->strata, e->strata_count, 1, INT64_MAX);
}

/* How many rows the first look takes, and how many may be scored. */
static patron_status find_budget(ptn_estimate *e, int64_t most, patron_error *error)
{
    int64_t strata = 0, rows = 0, least = LEAST;
    for (int32_t h = 0; h < e->strata_count; h++) {
        strata += h % 2 == 0 && e->strata[h].rows > 0;
        rows += e->strata[h].rows;
    }
    double affordable = MANY_PAIRS / ((double)e->scored->rows.rows * (double)(strata > 0 ? strata : 1));
    if (affordable < LEAST) /* whole tiles of queries */
        least = affordable < LEAST_MANY ? LEAST_MANY : (int64_t)(affordable / PTN_TILE) * PTN_TILE;
    int64_t first = plan_first(e, least);
    while (most > 0 && first > most - e->certain && least > LEAST_ASKED) first = plan_first(e, --least);
    if (most > 0 && first > most - e->certain)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "most_rows is %lld; give at least %lld: %d of each cluster, and %lld scored in any case",
                        (long long)most, (long long)(e->certain + first), (int)LEAST_ASKED, (long long)e->certain);
    e->most = most > 0 ? most : MOST_ROWS;
    if (e->most < e->certain + first) e->most = e->certain + first;
    if (e->most > e->certain + rows) e->most = e->certain + rows;
    return PATRON_OK;
}

static patron_status allocate_batch(ptn_estimate *e, const ptn_memory *memory, patron_error *error)
{
    int64_t threads = e->scored->team->context->threads, numbers, sums;
    if (!ptn_mul_i64(&numbers, BATCH, e->scored->rows.cols)) numbers = -1;
    if (!ptn_mul_i64(&sums, BATCH * threads, e->joint.clusters)) sums = -1;
    const ptn_wanted list[] = {{&e->queries, numbers, sizeof *e->queries, "sampled rows"},
                               {&e->near, BATCH, sizeof *e->near, "sampled rows"},
                               {&e->reach, threads * e->joint.clusters, sizeof *e->reach, "sampled rows"},
                               {&e->sums, sums, sizeof *e->sums, "sampled rows"}};
    return ptn_allocate_each(list, sizeof list / sizeof *list, true, memory, error);
}

static patron_status check_size(const ptn_estimate *e, patron_error *error)
{
    if (e->scored->weight > PTN_MOST_WEIGHT)
        return ptn_fail(error, PATRON_OUT_OF_RANGE, "the weights add up to %g; an estimate takes up to 2^30",
                        e->scored->weight);
    for (int32_t l = 0; l < e->count; l++)
        if (e->labelings[l].k > PTN_MOST_LABELS)
            return ptn_fail(error, PATRON_TOO_LARGE, "%d labels are more than an estimate takes, %d",
                            (int)e->labelings[l].k, (int)PTN_MOST_LABELS);
    return PATRON_OK;
}

/* The pilot packed; PATRON_TOO_LARGE where it cannot be. */
static patron_status open_joint(ptn_estimate *e, int64_t pilot, patron_error *error)
{
    int64_t most = PILOT_NUMBERS / e->scored->rows.cols;
    if (most > PILOT_ROWS) most = PILOT_ROWS;
    if (most < PILOT_LEAST) most = PILOT_LEAST;
    patron_status status =
        ptn_pilot_open(&e->pilot, e->scored, e->labelings, e->count, pilot > 0 ? pilot : most, error);
    if (status == PATRON_OK)
        status = ptn_joint_open(&e->joint, e->pilot.labelings, e->count, PTN_MOST_CELLS, &e->pilot.scored, error);
    if (status != PATRON_OK) return status;
    if (e->joint.count == e->count) return ptn_stream_open(&e->stream, &e->joint, e->labelings, e->scored, error);
    e->whole = e->count == 1; /* clusters of fewer than 64 rows on average */
    if (e->whole) return PATRON_OK;
    return ptn_fail(error, PATRON_TOO_LARGE,
                    "%d labelings tell more than %d groups of rows apart, or groups too small; compare fewer",
                    (int)e->count, (int)PTN_MOST_CELLS);
}

static patron_status open_control(ptn_estimate *e, double half_width, patron_error *error)
{
    patron_status status = allocate_batch(e, &e->scored->team->context->memory, error);
    if (status != PATRON_OK) return status;
    if (e->most > e->scored->rows.rows / BUDGET_TIMES) half_width = 0.0;
    return ptn_control_open(&e->control, &e->stream, &e->joint, e->rows, e->marks, half_width, error);
}

patron_status ptn_estimate_open(ptn_estimate *e, ptn_labeling *labelings, int32_t count, const ptn_scored *scored,
                                const ptn_wish *wish, patron_error *error)
{
    const ptn_memory *memory = &scored->team->context->memory;
    int64_t rows = scored->rows.rows, clusters = 0, *counts = NULL, tiny = 0, numbers;
    chunks_job job = {.e = e, .chunks = ptn_chunks_of(rows)};
    memset(e, 0, sizeof *e);
    e->scored = scored;
    e->labelings = labelings;
    e->count = count;
    e->seed = wish->seed;
    e->whole = rows <= FEW_ROWS;
    if (e->whole) return PATRON_OK;
    patron_status status = check_size(e, error);
    if (status != PATRON_OK) return status;
    for (int32_t l = 0; l < count; l++) clusters += labelings[l].k;
    e->strata_count = 2 * labelings[0].k;
    if (!ptn_mul_i64(&numbers, job.chunks.count, clusters + e->strata_count + 1)) numbers = -1;
    const ptn_wanted list[] = {{&e->strata, e->strata_count, sizeof *e->strata, "sampled rows"},
                               {&e->rows, labelings[0].k, sizeof *e->rows, "sampled rows"},
                               {&e->marks, rows, sizeof *e->marks, "sampled rows"},
                               {&job.counts, numbers, sizeof *job.counts, "sampled rows"},
                               {&counts, clusters, sizeof *counts, "sampled rows"}};
    status = ptn_allocate_each(list, sizeof list / sizeof *list, true, memory, error);
    job.rows = counts;
    if (status == PATRON_OK) status = count_rows(&job, counts, clusters, &tiny, error);
    if (status == PATRON_OK) {
        e->whole = tiny > rows / 2 && (wish->most == 0 || rows <= wish->most);
        if (!e->whole) status = open_joint(e, wish->pilot, error);
    }
    if (status == PATRON_OK && !e->whole) status = find_certain(&job, tiny, error);
    ptn_free(memory, counts);
    ptn_free(memory, job.counts);
    if (status == PATRON_OK && !e->whole) status = find_budget(e, wish->most, error);
    if (status == PATRON_OK && !e->whole) status = open_control(e, wish->half_width, error);
    return status;
}

void ptn_estimate_close(ptn_estimate *e)
{
    const ptn_memory *memory = &e->scored->team->context->memory;
    if (e->control.stream != NULL) ptn_control_close(&e->control);
    if (e->stream.scored != NULL) ptn_stream_close(&e->stream);
    if (e->joint.scored != NULL) ptn_joint_close(&e->joint);
    if (e->pilot.all != NULL) ptn_pilot_close(&e->pilot);
    ptn_free(memory, e->sums);
    ptn_free(memory, e->reach);
    ptn_free(memory, e->near);
    ptn_free(memory, e->queries);
    ptn_array_free(&e->residuals, memory);
    ptn_array_free(&e->sample, memory);
    ptn_free(memory, e->marks);
    ptn_free(memory, e->rows);
    ptn_free(memory, e->strata);
}

/* Draws rows at random, each once at most, until every stratum has what it wants; a stratum wanted whole is taken in
   the order of its rows. Room for them is there. */
static void draw_rows(ptn_estimate *e)
{
    ptn_sampled *sample = e->sample.items;
    int64_t rows = e->scored->rows.rows, missing = 0, whole = 0;
    for (int32_t h = 0; h < e->strata_count; h++) {
        ptn_stratum *s = &e->strata[h];
        if (s->wanted >= s->rows)
            whole += s->rows - s->drawn;
        else
            missing += s->wanted > s->drawn ? s->wanted - s->drawn : 0;
    }
    while (missing > 0) {
        int64_t row = (int64_t)(ptn_random_unit(e->seed, 0, (uint64_t)e->draw++) * (double)rows);
        if (e->marks[row] != 0) continue;
        int32_t h = stratum_of(e, row);
        ptn_stratum *s = &e->strata[h];
        if (s->wanted >= s->rows || s->drawn >= s->wanted) continue;
        e->marks[row] = DRAWN;
        sample[e->sample.count++] = (ptn_sampled){row, h};
        s->drawn++;
        missing--;
    }
    for (int64_t row = 0; row < rows && whole > 0; row++) {
        if (e->marks[row] != 0) continue;
        int32_t h = stratum_of(e, row);
        ptn_stratum *s = &e->strata[h];
        if (s->wanted < s->rows) continue;
        e->marks[row] = DRAWN;
        sample[e->sample.count++] = (ptn_sampled){row, h};
        s->drawn++;
        whole--;
    }
}

/* A tile of the batch as seen from a cell's mean; far rows, which are scored otherwise, are left at it. */
static const float *query_tile(float *tile, const ptn_estimate *e, int64_t first, int32_t cell)
{
    const ptn_joint *joint = &e->joint;
    memset(tile, 0, (size_t)(joint->cols * PTN_TILE) * sizeof *tile);
    for (int64_t r = 0; r < PTN_TILE && first + r < e->batch; r++) {
        if (!e->near[first + r]) continue;
        for (int64_t c = 0; c < joint->cols; c++)
            tile[c * PTN_TILE + r] =
                (float)((e->queries[(first + r) * joint->cols + c] - joint->centre[cell * joint->cols + c]) *
                        joint->zoom);
    }
    return tile;
}

/* Distances of the batch to the rows of a cell of a packed block. */
static void add_cell(ptn_estimate *e, const ptn_block *b, int32_t cell, int32_t worker)
{
    const ptn_joint *joint = &e->stream.whole;
    int64_t *sums = e->sums + worker * joint->clusters * BATCH;
    float *tile = e->joint.moved + worker * joint->cols * PTN_TILE;
    static const float nothing[PTN_TILE];
    for (int64_t first = 0; first < e->batch; first += PTN_TILE) {
        double found[PTN_TILE] = {0};
        if (ptn_team_poll(joint->scored->team, worker)) return;
        ptn_pairs pairs = {.query = query_tile(tile, e, first, cell),
                           .members = b->values + b->first[cell] * joint->cols * PTN_TILE,
                           .query_weights = nothing,
                           .member_weights = b->weights + b->first[cell] * PTN_TILE,
                           .cols = joint->cols,
                           .tiles = b->first[cell + (int64_t)1] - b->first[cell]};
        e->control.fine.kernels->pairs(found, NULL, &pairs);
        for (int64_t r = 0; r < PTN_TILE; r++)
            for (int32_t l = 0; l < joint->count; l++)
                sums[joint->columns[cell * (int64_t)joint->count + l] * BATCH + first + r] +=
                    llrint(found[r] * joint->scale);
    }
}

static void add_block(void *opaque, int64_t block, int32_t worker)
{
    ptn_estimate *e = opaque;
    const ptn_joint *joint = &e->stream.whole;
    int64_t *reach = e->reach + worker * joint->clusters;
    const ptn_block *b = ptn_stream_pack(&e->stream, block, worker);
    for (int32_t cell = 0; cell < joint->cells; cell++)
        if (b->first[cell] < b->first[cell + (int64_t)1]) add_cell(e, b, cell, worker);
    if (e->added) return;
    e->stream.far_from[block + 1] = b->far_count;
    for (int32_t cell = 0; cell < joint->cells; cell++)
        for (int32_t l = 0; l < joint->count; l++)
            reach[joint->columns[cell * (int64_t)joint->count + l]] += llrint(b->reach[cell] * joint->scale);
    ptn_control_add(&e->control, block, b, worker);
}

/* After the first pass: what is known of all rows. */
static patron_status finish_pass(ptn_estimate *e, patron_error *error)
{
    ptn_joint *joint = &e->stream.whole;
    int64_t at = 0;
    e->added = true;
    for (int32_t l = 0; l < joint->count; l++)
        for (int32_t j = 0; j < joint->labelings[l].k; j++, at++) {
            double total = joint->labelings[l].total[j];
            int64_t reach = 0;
            for (int64_t w = 0; w < joint->scored->team->context->threads; w++)
                reach += e->reach[w * joint->clusters + at];
            if (!(total > 0.0)) continue;
            joint->reach[at] = (double)reach / joint->scale / total;
            joint->grain[at] = (double)(e->stream.count * joint->cells) * 0.5 / joint->scale / total;
        }
    patron_status status = ptn_stream_find_far(&e->stream, error);
    if (status == PATRON_OK) status = ptn_control_total(&e->control, error);
    return status == PATRON_OK ? ptn_control_draw(&e->control, 1, e->seed, error) : status;
}

/* Scores row number `block` of the batch. */
static void score_query(void *opaque, int64_t block, int32_t worker)
{
    ptn_estimate *e = opaque;
    ptn_joint *joint = &e->stream.whole;
    const ptn_sampled *sampled = (const ptn_sampled *)e->sample.items + e->from + block;
    int64_t row = sampled->row, before = 0;
    double *residuals = (double *)e->residuals.items + (e->from + block) * e->count, norm = 0.0;
    const double *far = NULL, *surrogates = ptn_control_row(&e->control, row, sampled->stratum >= 0, worker);
    if (e->near[block]) {
        far = ptn_joint_far(joint, row, worker);
        ptn_stream_near(&norm, &e->stream, row, ptn_stream_cell(&e->stream, row));
    }
    for (int32_t l = 0; l < e->count; before += e->labelings[l++].k) {
        double score = far == NULL ? ptn_joint_score_double(joint, row, l, worker)
                                   : ptn_joint_score(joint, row, l, before, e->sums + block, BATCH, far, norm, worker);
        residuals[l] = ptn_scored_weight(e->scored, row) * (score - surrogates[l]);
    }
}

static patron_status score_batch(ptn_estimate *e, double from, double to, patron_error *error)
{
    const ptn_joint *joint = &e->stream.whole;
    const ptn_sampled *sample = e->sample.items;
    int64_t sums = joint->clusters * BATCH;
    ptn_team *team = e->scored->team;
    for (int64_t q = 0; q < e->batch; q++) {
        int64_t row = sample[e->from + q].row;
        int32_t cell = ptn_stream_cell(&e->stream, row);
        double norm;
        for (int64_t c = 0; c < joint->cols; c++) e->queries[q * joint->cols + c] = ptn_scored_at(e->scored, row, c);
        e->near[q] = cell >= 0 && ptn_stream_near(&norm, &e->stream, row, cell);
    }
    memset(e->sums, 0, (size_t)(sums * team->context->threads) * sizeof *e->sums);
    patron_status status = ptn_team_run(team, "silhouette", from, to, e->stream.count, add_block, e, error);
    if (status == PATRON_OK && !e->added) status = finish_pass(e, error);
    if (status != PATRON_OK) return status;
    for (int64_t w = 1; w < team->context->threads; w++)
        for (int64_t s = 0; s < sums; s++) e->sums[s] += e->sums[w * sums + s];
    return ptn_team_run(team, "silhouette", to, to, e->batch, score_query, e, error);
}

patron_status ptn_estimate_look(bool *spent, ptn_estimate *e, int32_t look, patron_error *error)
{
    const ptn_memory *memory = &e->scored->team->context->memory;
    int64_t scored = look == 1 ? 0 : e->sample.count, most = e->most - e->certain;
    int64_t drawn = e->sample.count - e->certain, next;
    next = ptn_strata_plan(e->strata, e->strata_count, look + 1, most);
    int64_t planned = ptn_strata_plan(e->strata, e->strata_count, look, most);
    *spent = next <= planned;
    patron_status status =
        ptn_array_reserve(&e->sample, memory, planned - drawn + 1, sizeof(ptn_sampled), "sampled rows", error);
    if (status == PATRON_OK)
        status = ptn_array_reserve(&e->residuals, memory, (e->certain + planned) * e->count - e->residuals.count,
                                   sizeof(double), "sampled rows", error);
    if (status != PATRON_OK) return status;
    draw_rows(e);
    if (e->added) status = ptn_control_draw(&e->control, look, e->seed, error);
    e->residuals.count = e->sample.count * e->count;
    for (e->from = scored; status == PATRON_OK && e->from < e->sample.count; e->from += e->batch) {
        int64_t left = e->sample.count - e->from;
        e->batch = left < BATCH ? left : BATCH;
        double done = (double)(e->from - scored), all = (double)(e->sample.count - scored);
        status = score_batch(e, done / all, (done + (double)e->batch) / all, error);
    }
    return status;
}

static double residual_of(const ptn_estimate *e, int64_t index, int32_t l, int32_t less)
{
    const double *residuals = (const double *)e->residuals.items + index * e->count;
    return less < 0 ? residuals[l] : residuals[l] - residuals[less];
}

/* Of a stratum's rows drawn: the mean, and the sum of squared differences to it. */
static void moments_of(double *mean, double *square, const ptn_estimate *e, int32_t h, int32_t l, int32_t less)
{
    const ptn_sampled *sample = e->sample.items;
    *mean = *square = 0.0;
    for (int64_t i = e->certain; i < e->sample.count; i++)
        if (sample[i].stratum == h) *mean += residual_of(e, i, l, less);
    *mean /= (double)(e->strata[h].drawn > 0 ? e->strata[h].drawn : 1);
    for (int64_t i = e->certain; i < e->sample.count; i++) {
        if (sample[i].stratum != h) continue;
        double difference = residual_of(e, i, l, less) - *mean;
        *square += difference * difference;
    }
}

ptn_sum_estimate ptn_estimate_sum(const ptn_estimate *e, int32_t l, int32_t less, int32_t cluster)
{
    const ptn_sampled *sample = e->sample.items;
    const int32_t *labels = e->labelings[0].labels;
    ptn_sum_estimate sum = {0};
    double mean, square;
    ptn_control_sum(&sum, &e->control, l, less, cluster);
    for (int64_t i = 0; i < e->certain; i++)
        if (cluster < 0 || labels[sample[i].row] == cluster) sum.sum += residual_of(e, i, l, less);
    for (int32_t h = 0; h < e->strata_count; h++) {
        if (e->strata[h].rows == 0 || (cluster >= 0 && h / 2 != cluster)) continue;
        moments_of(&mean, &square, e, h, l, less);
        ptn_sum_add_stratum(&sum, &e->strata[h], mean, square);
    }
    return sum;
}
