/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows sorted by joint label and packed in float, and scores made of what is summed over them.

   How wrong a mean distance D of a row to a cell can be is worked out in silhouette_pairs.c. */
#include "cluster/joint.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

enum {
    CELL_ROWS = 64,  /* on average at least so many rows in a cell, or padding costs too much */
    FAR = 32,        /* mean deviations in its cell that make a row a far one */
    FAR_SHARE = 256, /* at most one row in so many is */
    FAR_PASSES = 6
};

#define MOST_SHIFT 8e-7    /* of a score, by packing and int64 */
#define LEAST_MEAN 0x1p-40 /* below, squares lose digits */

/* Tells rows apart by one labeling more; false, with nothing changed, where there are too many cells. */
static bool refine_cells(ptn_joint *job, int32_t l, int32_t most)
{
    const ptn_labeling *labeling = &job->labelings[l];
    int64_t k = labeling->k, size = job->cells * k, cells = 0;
    if (k > PTN_MOST_LABELS) return false;
    memset(job->refined, 0, (size_t)size * sizeof *job->refined);
    for (int64_t i = 0; i < job->rows; i++) job->refined[job->cell[i] * k + labeling->labels[i]] = 1;
    for (int64_t c = 0; c < size; c++) cells += job->refined[c];
    if (cells > most || cells * CELL_ROWS > job->rows) return false;
    cells = 0;
    for (int64_t c = 0; c < size; c++) job->refined[c] = job->refined[c] != 0 ? (int32_t)cells++ : -1;
    for (int64_t i = 0; i < job->rows; i++) job->cell[i] = job->refined[job->cell[i] * k + labeling->labels[i]];
    job->cells = (int32_t)cells;
    return true;
}

/* Cells of as many labelings as go together. */
static void find_cells(ptn_joint *job, int32_t count, int32_t most)
{
    memset(job->cell, 0, (size_t)job->rows * sizeof *job->cell);
    job->cells = 1;
    for (job->count = 0; job->count < count && refine_cells(job, job->count, most);) job->count++;
}

/* Which clusters the cells are part of, as the first row of each says. */
static void find_columns(ptn_joint *job)
{
    bool seen[PTN_MOST_CELLS] = {false};
    int32_t left = job->cells;
    for (int64_t i = 0; i < job->rows && left > 0; i++) {
        int64_t before = 0;
        if (seen[job->cell[i]]) continue;
        seen[job->cell[i]] = true;
        left--;
        for (int32_t l = 0; l < job->count; before += job->labelings[l++].k)
            job->columns[job->cell[i] * (int64_t)job->count + l] = before + job->labelings[l].labels[i];
    }
}

/* Where cells begin, and how many tiles and stripes they fill. */
static void place_cells(ptn_joint *job)
{
    memset(job->cell_first, 0, (PTN_MOST_CELLS + 1) * sizeof *job->cell_first);
    job->stripes = 0;
    for (int32_t c = 0; c < job->cells; c++) {
        int64_t count = 0;
        for (int64_t chunk = 0; chunk < job->chunks.count; chunk++) count += job->chunk_counts[chunk * job->cells + c];
        int64_t tiles = (count + PTN_TILE - 1) / PTN_TILE;
        job->cell_first[c + (int64_t)1] = job->cell_first[c] + tiles;
        job->stripes += (tiles + PTN_STRIPE - 1) / PTN_STRIPE;
    }
    job->tiles = job->cell_first[job->cells];
}

static void cut_stripes(ptn_joint *job)
{
    int64_t s = 0;
    for (int32_t c = 0; c < job->cells; c++)
        for (int64_t t = job->cell_first[c]; t < job->cell_first[c + (int64_t)1]; t += PTN_STRIPE) {
            int64_t left = job->cell_first[c + (int64_t)1] - t;
            job->stripe[s++] = (ptn_stripe){t, left < PTN_STRIPE ? left : PTN_STRIPE, c};
        }
}

static void sum_chunk(void *opaque, int64_t chunk, int32_t worker)
{
    ptn_joint *job = opaque;
    int64_t *counts = job->chunk_counts + chunk * job->cells;
    double *sums = job->chunk_sums + chunk * job->cells * job->cols;
    (void)worker;
    memset(counts, 0, (size_t)job->cells * sizeof *counts);
    memset(sums, 0, (size_t)(job->cells * job->cols) * sizeof *sums);
    for (int64_t i = ptn_chunk_from(&job->chunks, chunk); i < ptn_chunk_end(&job->chunks, chunk); i++) {
        if (job->cell[i] < 0) continue;
        double *sum = sums + job->cell[i] * job->cols;
        for (int64_t c = 0; c < job->cols; c++) sum[c] += ptn_scored_at(job->scored, i, c);
        counts[job->cell[i]]++;
    }
}

/* Rows' distances to their cells' means. */
static void measure_chunk(void *opaque, int64_t chunk, int32_t worker)
{
    ptn_joint *job = opaque;
    double *sums = job->chunk_deviations + chunk * job->cells;
    (void)worker;
    memset(sums, 0, (size_t)job->cells * sizeof *sums);
    for (int64_t i = ptn_chunk_from(&job->chunks, chunk); i < ptn_chunk_end(&job->chunks, chunk); i++) {
        int32_t cell = job->cell[i];
        double square = 0.0;
        if (cell < 0) continue;
        for (int64_t c = 0; c < job->cols; c++) {
            double y = ptn_scored_at(job->scored, i, c) - job->centre[cell * job->cols + c];
            square += y * y;
        }
        job->deviation[i] = (float)sqrt(square);
        sums[cell] += sqrt(square);
    }
}

/* Means of the cells, and of their rows' distances to them. */
static patron_status find_centres(ptn_joint *job, patron_error *error)
{
    int64_t counts[PTN_MOST_CELLS] = {0}, numbers = job->cells * job->cols;
    double from = job->scored->from;
    patron_status status =
        ptn_team_run(job->scored->team, "silhouette", from, from, job->chunks.count, sum_chunk, job, error);
    if (status != PATRON_OK) return status;
    memset(job->centre, 0, (size_t)numbers * sizeof *job->centre);
    for (int64_t chunk = 0; chunk < job->chunks.count; chunk++) {
        for (int32_t c = 0; c < job->cells; c++) counts[c] += job->chunk_counts[chunk * job->cells + c];
        for (int64_t e = 0; e < numbers; e++) job->centre[e] += job->chunk_sums[chunk * numbers + e];
    }
    for (int64_t e = 0; e < numbers; e++)
        if (counts[e / job->cols] > 0) job->centre[e] /= (double)counts[e / job->cols];
    status = ptn_team_run(job->scored->team, "silhouette", from, from, job->chunks.count, measure_chunk, job, error);
    if (status != PATRON_OK) return status;
    memset(job->mean, 0, sizeof job->mean);
    for (int32_t c = 0; c < job->cells; c++) {
        for (int64_t chunk = 0; chunk < job->chunks.count; chunk++)
            job->mean[c] += job->chunk_deviations[chunk * job->cells + c];
        if (counts[c] > 0) job->mean[c] /= (double)counts[c];
    }
    return PATRON_OK;
}

static bool is_far(const ptn_joint *job, int64_t i, double times)
{
    return job->cell[i] >= 0 && (double)job->deviation[i] > times * job->mean[job->cell[i]];
}

/* The zoom: no two rows of the tiles are farther apart than twice what they are from the first cell's mean. */
static void find_zoom(ptn_joint *job)
{
    double widest = 0.0, between = 0.0;
    for (int64_t i = 0; i < job->rows; i++)
        if (job->cell[i] >= 0 && (double)job->deviation[i] > widest) widest = (double)job->deviation[i];
    for (int32_t cell = 1; cell < job->cells; cell++) {
        double square = 0.0;
        for (int64_t c = 0; c < job->cols; c++) {
            double apart = job->centre[cell * job->cols + c] - job->centre[c];
            square += apart * apart;
        }
        between = fmax(between, sqrt(square));
    }
    int exponent = 0;
    frexp(widest + between, &exponent);
    job->zoom = ldexp(1.0, -exponent);
    frexp(job->scored->weight * 2.001, &exponent);
    job->scale = ldexp(1.0, 61 - exponent);
}

/* Centres without far rows, which hide one another: they are looked for again and again. */
static patron_status find_far(ptn_joint *job, patron_error *error)
{
    for (int pass = 0;; pass++) {
        int64_t found = INT64_MAX, most = job->rows / FAR_SHARE - job->far_count;
        patron_status status = find_centres(job, error);
        if (status != PATRON_OK) return status;
        double times = FAR / 2.0;
        while (found > most) {
            found = 0;
            times *= 2.0;
            for (int64_t i = 0; i < job->rows; i++) found += is_far(job, i, times);
        }
        job->times = times;
        if (found == 0 || pass == FAR_PASSES) break;
        for (int64_t i = 0; i < job->rows; i++)
            if (is_far(job, i, times)) job->cell[i] = -1 - job->cell[i];
        job->far_count += found;
    }
    find_zoom(job);
    return PATRON_OK;
}

/* Counting sort by cell, rows of a cell in their order. */
static void pack_chunk(void *opaque, int64_t chunk, int32_t worker)
{
    ptn_joint *job = opaque;
    int64_t next[PTN_MOST_CELLS];
    double *sums = job->chunk_deviations + chunk * job->cells;
    (void)worker;
    for (int32_t c = 0; c < job->cells; c++) {
        next[c] = job->cell_first[c] * PTN_TILE;
        for (int64_t b = 0; b < chunk; b++) next[c] += job->chunk_counts[b * job->cells + c];
    }
    memset(sums, 0, (size_t)job->cells * sizeof *sums);
    for (int64_t i = ptn_chunk_from(&job->chunks, chunk); i < ptn_chunk_end(&job->chunks, chunk); i++) {
        int32_t cell = job->cell[i];
        if (cell < 0) continue;
        int64_t place = next[cell]++;
        const double *centre = job->centre + cell * job->cols;
        float *to = job->values + place / PTN_TILE * job->cols * PTN_TILE + place % PTN_TILE;
        double square = 0.0, weight = ptn_scored_weight(job->scored, i);
        for (int64_t c = 0; c < job->cols; c++) {
            double y = (ptn_scored_at(job->scored, i, c) - centre[c]) * job->zoom;
            to[c * PTN_TILE] = (float)y;
            square += y * y;
        }
        job->source[place] = i;
        job->weights[place] = (float)weight;
        sums[cell] += weight * sqrt(square);
    }
}

/* Zeros behind the last row of each cell. */
static void pad_cells(ptn_joint *job)
{
    for (int32_t c = 0; c < job->cells; c++) {
        int64_t end = job->cell_first[c] * PTN_TILE;
        for (int64_t chunk = 0; chunk < job->chunks.count; chunk++) end += job->chunk_counts[chunk * job->cells + c];
        for (; end % PTN_TILE != 0; end++) {
            float *to = job->values + end / PTN_TILE * job->cols * PTN_TILE + end % PTN_TILE;
            for (int64_t col = 0; col < job->cols; col++) to[col * PTN_TILE] = 0.0f;
            job->weights[end] = 0.0f;
            job->source[end] = -1;
        }
    }
}

static patron_status pack_rows(ptn_joint *job, patron_error *error)
{
    double from = job->scored->from;
    int64_t far = 0;
    patron_status status =
        ptn_team_run(job->scored->team, "silhouette", from, from, job->chunks.count, pack_chunk, job, error);
    if (status != PATRON_OK) return status;
    pad_cells(job);
    for (int64_t i = 0; i < job->rows && far < job->far_count; i++)
        if (job->cell[i] < 0) job->far[far++] = i;
    for (int32_t cell = 0; cell < job->cells; cell++) {
        double sum = 0.0;
        for (int64_t chunk = 0; chunk < job->chunks.count; chunk++)
            sum += job->chunk_deviations[chunk * job->cells + cell];
        for (int32_t l = 0; l < job->count; l++) job->reach[job->columns[cell * (int64_t)job->count + l]] += sum;
    }
    return PATRON_OK;
}

/* What is known of clusters before any distance. */
static void measure_clusters(ptn_joint *job)
{
    int64_t at = 0;
    for (int64_t s = 0; s < job->stripes; s++)
        for (int32_t l = 0; l < job->count; l++)
            job->grain[job->columns[job->stripe[s].cell * (int64_t)job->count + l]] += 0.5 / job->scale;
    for (int32_t l = 0; l < job->count; l++)
        for (int32_t j = 0; j < job->labelings[l].k; j++, at++) {
            double total = job->labelings[l].total[j];
            job->reach[at] = total > 0.0 ? job->reach[at] / total : 0.0;
            job->grain[at] = total > 0.0 ? job->grain[at] / total : 0.0;
        }
}

static patron_status allocate_packed(ptn_joint *job, const ptn_memory *memory, patron_error *error)
{
    int64_t places = job->tiles * PTN_TILE, threads = job->scored->team->context->threads, values;
    if (!ptn_mul_i64(&values, places, job->cols)) values = -1;
    const ptn_wanted rows[] = {{&job->values, values, sizeof *job->values, "rows to score"},
                               {&job->weights, places, sizeof *job->weights, "rows to score"},
                               {&job->source, places, sizeof *job->source, "rows to score"},
                               {&job->stripe, job->stripes, sizeof *job->stripe, "rows to score"},
                               {&job->far, job->far_count, sizeof *job->far, "rows to score"}};
    const ptn_wanted zeros[] = {{&job->moved, threads * job->cols * PTN_TILE, sizeof *job->moved, "rows to score"},
                                {&job->reach, job->clusters, sizeof *job->reach, "rows to score"},
                                {&job->grain, job->clusters, sizeof *job->grain, "rows to score"},
                                {&job->scratch, 2 * threads * job->clusters, sizeof *job->scratch, "rows to score"},
                                {&job->in_double, threads * job->count, sizeof *job->in_double, "rows to score"}};
    patron_status status = ptn_allocate_each(rows, sizeof rows / sizeof *rows, false, memory, error);
    if (status != PATRON_OK) return status;
    return ptn_allocate_each(zeros, sizeof zeros / sizeof *zeros, true, memory, error);
}

static patron_status allocate_cells(ptn_joint *job, const ptn_memory *memory, patron_error *error)
{
    int64_t numbers, each;
    if (!ptn_mul_i64(&numbers, job->cells, job->cols)) numbers = -1;
    if (!ptn_mul_i64(&each, numbers, job->chunks.count)) each = -1;
    const ptn_wanted list[] = {
        {&job->columns, job->cells * (int64_t)job->count, sizeof *job->columns, "rows to score"},
        {&job->centre, numbers, sizeof *job->centre, "rows to score"},
        {&job->deviation, job->rows, sizeof *job->deviation, "rows to score"},
        {&job->chunk_counts, job->cells * job->chunks.count, sizeof *job->chunk_counts, "rows to score"},
        {&job->chunk_deviations, job->cells * job->chunks.count, sizeof *job->chunk_deviations, "rows to score"},
        {&job->chunk_sums, each, sizeof *job->chunk_sums, "rows to score"}};
    return ptn_allocate_each(list, sizeof list / sizeof *list, true, memory, error);
}

patron_status ptn_joint_open(ptn_joint *job, ptn_labeling *labelings, int32_t count, int32_t most,
                             const ptn_scored *scored, patron_error *error)
{
    const ptn_memory *memory = &scored->team->context->memory;
    memset(job, 0, sizeof *job);
    job->scored = scored;
    job->labelings = labelings;
    job->rows = scored->rows.rows;
    job->cols = scored->rows.cols;
    if (job->rows <= PTN_FEW_ROWS || scored->weight > PTN_MOST_WEIGHT) return PATRON_OK;
    const ptn_wanted list[] = {{&job->cell, job->rows, sizeof *job->cell, "rows to score"},
                               {&job->refined, most * (int64_t)PTN_MOST_LABELS, sizeof *job->refined, "rows to score"},
                               {&job->cell_first, PTN_MOST_CELLS + 1, sizeof *job->cell_first, "rows to score"}};
    patron_status status = ptn_allocate_each(list, sizeof list / sizeof *list, false, memory, error);
    if (status != PATRON_OK) return status;
    find_cells(job, count, most);
    if (job->count == 0) return PATRON_OK;
    for (int32_t l = 0; l < job->count; l++) job->clusters += labelings[l].k;
    job->chunks = ptn_chunks_of(job->rows);
    status = allocate_cells(job, memory, error);
    if (status != PATRON_OK) return status;
    find_columns(job);
    status = find_far(job, error);
    if (status != PATRON_OK) return status;
    place_cells(job);
    status = allocate_packed(job, memory, error);
    if (status != PATRON_OK) return status;
    cut_stripes(job);
    status = pack_rows(job, error);
    if (status == PATRON_OK) measure_clusters(job);
    return status;
}

void ptn_joint_close(ptn_joint *job)
{
    const ptn_memory *memory = &job->scored->team->context->memory;
    ptn_free(memory, job->in_double);
    ptn_free(memory, job->scratch);
    ptn_free(memory, job->grain);
    ptn_free(memory, job->reach);
    ptn_free(memory, job->moved);
    ptn_free(memory, job->far);
    ptn_free(memory, job->stripe);
    ptn_free(memory, job->source);
    ptn_free(memory, job->weights);
    ptn_free(memory, job->values);
    ptn_free(memory, job->chunk_sums);
    ptn_free(memory, job->chunk_deviations);
    ptn_free(memory, job->chunk_counts);
    ptn_free(memory, job->deviation);
    ptn_free(memory, job->centre);
    ptn_free(memory, job->columns);
    ptn_free(memory, job->cell_first);
    ptn_free(memory, job->refined);
    ptn_free(memory, job->cell);
}

const float *ptn_joint_move(ptn_joint *job, const float *tile, int32_t from, int32_t to, int32_t worker)
{
    if (from == to) return tile;
    float *moved = job->moved + worker * job->cols * PTN_TILE;
    for (int64_t c = 0; c < job->cols; c++) {
        double shift = (job->centre[from * job->cols + c] - job->centre[to * job->cols + c]) * job->zoom;
        for (int64_t r = 0; r < PTN_TILE; r++)
            moved[c * PTN_TILE + r] = (float)((double)tile[c * PTN_TILE + r] + shift);
    }
    return moved;
}

double ptn_joint_score_double(ptn_joint *job, int64_t i, int32_t l, int32_t worker)
{
    const ptn_labeling *labeling = &job->labelings[l];
    double *sums = job->scratch + 2 * worker * job->clusters, nearest = HUGE_VAL;
    memset(sums, 0, (size_t)labeling->k * sizeof *sums);
    if (ptn_team_poll(job->scored->team, worker)) return (double)NAN;
    for (int64_t m = 0; m < job->rows; m++) {
        double square = 0.0;
        for (int64_t c = 0; c < job->cols; c++) {
            double difference = ptn_scored_at(job->scored, i, c) - ptn_scored_at(job->scored, m, c);
            square += difference * difference;
        }
        sums[labeling->labels[m]] += ptn_scored_weight(job->scored, m) * sqrt(square);
    }
    int32_t own = labeling->labels[i];
    for (int32_t j = 0; j < labeling->k; j++)
        if (j != own && labeling->total[j] > 0.0 && sums[j] / labeling->total[j] < nearest)
            nearest = sums[j] / labeling->total[j];
    job->in_double[worker * (int64_t)job->count + l]++;
    return ptn_silhouette_score(sums[own], labeling->total[own], ptn_scored_weight(job->scored, i), nearest);
}

const double *ptn_joint_far(ptn_joint *job, int64_t i, int32_t worker)
{
    double *sums = job->scratch + (2 * worker + 1) * job->clusters;
    memset(sums, 0, (size_t)job->clusters * sizeof *sums);
    for (int64_t f = 0; f < job->far_count; f++) {
        int64_t m = job->far[f], before = 0;
        double square = 0.0;
        for (int64_t c = 0; c < job->cols; c++) {
            double difference = ptn_scored_at(job->scored, i, c) - ptn_scored_at(job->scored, m, c);
            square += difference * difference;
        }
        for (int32_t l = 0; l < job->count; before += job->labelings[l++].k)
            sums[before + job->labelings[l].labels[m]] += ptn_scored_weight(job->scored, m) * sqrt(square) * job->zoom;
    }
    return sums;
}

double ptn_joint_score(ptn_joint *job, int64_t i, int32_t l, int64_t before, const int64_t *sums, int64_t stride,
                       const double *far, double norm, int32_t worker)
{
    const ptn_labeling *labeling = &job->labelings[l];
    int64_t near = before, at = before;
    int32_t own = labeling->labels[i];
    double weight = ptn_scored_weight(job->scored, i), nearest = HUGE_VAL;
    double sum_own = (double)sums[(before + own) * stride] / job->scale + far[before + own];
    for (int32_t j = 0; j < labeling->k; j++, at++) {
        double mean = ((double)sums[at * stride] / job->scale + far[at]) / labeling->total[j];
        if (j == own || !(labeling->total[j] > 0.0) || !(mean < nearest)) continue;
        nearest = mean;
        near = at;
    }
    double others = weight > 0.0 ? labeling->total[own] - 1.0 : labeling->total[own];
    if (!(others > 0.0)) return 0.0;
    double share = labeling->total[own] / others, larger = fmax(sum_own / others, nearest);
    double packing = 0x1p-24 * (2.0 * norm + nearest + job->reach[near] + share * (norm + job->reach[before + own]));
    double rounding = job->grain[near] + share * job->grain[before + own];
    if (larger < LEAST_MEAN || packing + rounding > MOST_SHIFT * larger)
        return ptn_joint_score_double(job, i, l, worker);
    return ptn_silhouette_score(sum_own, labeling->total[own], weight, nearest);
}

void ptn_joint_count_double(ptn_joint *job)
{
    for (int64_t w = 0; w < job->scored->team->context->threads; w++)
        for (int32_t l = 0; l < job->count; l++) job->labelings[l].in_double += job->in_double[w * job->count + l];
}
