/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Surrogates of all rows: totals, the first phase, its plan. */
#include "cluster/control.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "cluster/nodes.h"

enum {
    NODES = 32,            /* of the fine one, for each cluster */
    FINE_ROWS = 1 << 20,   /* its nodes are measured on */
    COARSE_ROWS = 1 << 16, /* likewise those of the coarse one, one for each cell */
    PLAN_TIMES = 8,        /* an eighth of the pilot's rows plan the first phase, and are its least */
    CHUNKS = 16,           /* of the first phase */
    SMALL_ROWS = 512,      /* fewer in the first phase make a small cluster; there are twice as many for each */
    FEW_TIMES = 8          /* a first phase of an eighth of the rows is no gain */
};

/* The first phase is planned to have 1/16 of the variance that the half-width allows, of three deviations. */
#define PLAN   (16.0 * 9.0)

#define STREAM 0x636f6e74726f6cu /* of random numbers; and for those of the plan the one after */

static int32_t label_of(const ptn_control *c, int32_t cell)
{
    return (int32_t)c->whole->columns[cell * (int64_t)c->whole->count];
}

static bool has_fine(const ptn_control *c, int32_t label) { return !c->phases || c->small[label] != 0; }

/* A tile's weights x scores join the totals. */
static void add_tile(ptn_control *c, ptn_surrogate *surrogate, const ptn_block *b, int64_t tile, int32_t cell,
                     int32_t worker)
{
    const ptn_joint *whole = c->whole;
    double *scores = c->scores + worker * (int64_t)whole->count * 2 * PTN_TILE;
    int64_t *sums = c->sums + worker * whole->clusters;
    ptn_surrogate_scores(scores, surrogate, b->values + tile * whole->cols * PTN_TILE, cell, worker);
    for (int32_t l = 0; l < whole->count; l++) {
        int64_t sum = 0;
        for (int64_t r = 0; r < PTN_TILE; r++)
            sum += (int64_t)((double)b->weights[tile * PTN_TILE + r] * scores[l * PTN_TILE + r] *
                             (1.0 / PTN_SURROGATE_STEP));
        sums[whole->columns[cell * (int64_t)whole->count + l]] += sum;
    }
}

/* The rows of a block whose surrogate is the fine one, or (not `fine`) the coarse one. */
static void add_rows(ptn_control *c, const ptn_block *b, bool fine, int32_t worker)
{
    for (int32_t cell = 0; cell < c->whole->cells; cell++) {
        if (has_fine(c, label_of(c, cell)) != fine) continue;
        for (int64_t t = b->first[cell]; t < b->first[cell + (int64_t)1]; t++) {
            if (ptn_team_poll(c->whole->scored->team, worker)) return;
            add_tile(c, fine ? &c->fine : &c->coarse, b, t, cell, worker);
        }
    }
}

void ptn_control_add(ptn_control *c, int64_t block, const ptn_block *b, int32_t worker)
{
    int64_t cols = c->whole->cols, cells = c->whole->cells;
    for (int64_t cell = 0; c->blocks != NULL && cell < cells; cell++)
        ptn_surrogate_measure(c->blocks + (block * cells + cell) * (cols + 2), b->values, b->weights, b->first[cell],
                              b->first[cell + 1], cols);
    add_rows(c, b, false, worker);
}

/* Rows near their cells' means whose surrogate is the fine one. */
static void add_fine(void *opaque, int64_t block, int32_t worker)
{
    ptn_control *c = opaque;
    add_rows(c, ptn_stream_pack(c->stream, block, worker), true, worker);
}

static void add_far(void *opaque, int64_t block, int32_t worker)
{
    ptn_control *c = opaque;
    ptn_stream *s = c->stream;
    int64_t from = block * s->each, left = c->whole->far_count - from, count = left < s->each ? left : s->each;
    memcpy(s->block[worker].list, c->whole->far + from, (size_t)count * sizeof *c->whole->far);
    const ptn_block *b = ptn_stream_pack_list(s, count, worker);
    add_rows(c, b, true, worker);
    add_rows(c, b, false, worker);
}

static void calibrate(ptn_control *c)
{
    int64_t numbers = c->whole->cells * (c->whole->cols + 2);
    for (int64_t block = 1; block < c->stream->count; block++)
        for (int64_t e = 0; e < numbers; e++) c->blocks[e] += c->blocks[block * numbers + e];
    ptn_surrogate_calibrate(&c->fine, c->blocks);
}

patron_status ptn_control_total(ptn_control *c, patron_error *error)
{
    const ptn_joint *whole = c->whole;
    ptn_team *team = whole->scored->team;
    int64_t far = (whole->far_count + c->stream->each - 1) / c->stream->each;
    double at = whole->scored->to;
    bool fine = false;
    if (c->blocks != NULL) calibrate(c);
    for (int32_t j = 0; j < whole->labelings[0].k; j++) fine |= whole->labelings[0].total[j] > 0.0 && has_fine(c, j);
    patron_status status = PATRON_OK;
    if (fine) status = ptn_team_run(team, "silhouette", at, at, c->stream->count, add_fine, c, error);
    if (status == PATRON_OK) status = ptn_team_run(team, "silhouette", at, at, far, add_far, c, error);
    for (int64_t e = 0; status == PATRON_OK && e < whole->clusters; e++) {
        int64_t sum = 0;
        for (int64_t w = 0; w < team->context->threads; w++) sum += c->sums[w * whole->clusters + e];
        c->totals[e] = (double)sum * PTN_SURROGATE_STEP;
    }
    return status;
}

/* What a tile of the first phase says. */
static void add_differences(ptn_control *c, const ptn_block *b, int64_t tile, int32_t cell, int64_t chunk,
                            int32_t worker)
{
    int32_t count = c->whole->count, k = c->whole->labelings[0].k, label = label_of(c, cell);
    double *fine = c->scores + worker * (int64_t)count * 2 * PTN_TILE, *coarse = fine + count * (int64_t)PTN_TILE;
    double *sums = c->differences + (chunk * k + label) * count,
           *products = c->products + (chunk * k + label) * count * count;
    const float *values = b->values + tile * c->whole->cols * PTN_TILE;
    ptn_surrogate_scores(fine, &c->fine, values, cell, worker);
    ptn_surrogate_scores(coarse, &c->coarse, values, cell, worker);
    for (int64_t r = 0; r < PTN_TILE; r++) {
        if (b->row[tile * PTN_TILE + r] < 0) continue;
        double weight = (double)b->weights[tile * PTN_TILE + r];
        for (int32_t l = 0; l < count; l++) {
            fine[l * PTN_TILE + r] = weight * (fine[l * PTN_TILE + r] - coarse[l * PTN_TILE + r]);
            sums[l] += fine[l * PTN_TILE + r];
            for (int32_t m = 0; m <= l; m++) products[l * count + m] += fine[l * PTN_TILE + r] * fine[m * PTN_TILE + r];
        }
    }
}

/* Draws a chunk of the first phase: a row at random from each of equal stretches of all rows. */
static void draw_chunk(void *opaque, int64_t chunk, int32_t worker)
{
    ptn_control *c = opaque;
    ptn_stream *s = c->stream;
    const int32_t *labels = c->whole->labelings[0].labels;
    int64_t *list = s->block[worker].list, *drawn = c->drawn + chunk * c->whole->labelings[0].k;
    int64_t next = c->drawing * chunk / CHUNKS, end = c->drawing * (chunk + 1) / CHUNKS;
    while (next < end) {
        int64_t count = 0;
        for (; next < end && count < s->each; next++) {
            list[count] = ptn_nodes_pick(next, c->drawing, c->whole->rows, c->seed, c->draw);
            if (c->marks[list[count]] == PTN_LEFT_OUT) continue;
            drawn[labels[list[count++]]]++;
        }
        if (ptn_team_poll(c->whole->scored->team, worker)) return;
        const ptn_block *b = ptn_stream_pack_list(s, count, worker);
        for (int32_t cell = 0; cell < c->whole->cells; cell++)
            for (int64_t t = b->first[cell]; t < b->first[cell + (int64_t)1]; t++)
                add_differences(c, b, t, cell, chunk, worker);
    }
}

static patron_status draw(ptn_control *c, int64_t rows, uint64_t seed, uint64_t stream, patron_error *error)
{
    double at = c->whole->scored->to;
    int64_t k = c->whole->labelings[0].k, sums = k * c->whole->count, products = sums * c->whole->count;
    c->drawing = rows;
    c->seed = seed;
    c->draw = stream;
    memset(c->drawn, 0, (size_t)(CHUNKS * k) * sizeof *c->drawn);
    memset(c->differences, 0, (size_t)(CHUNKS * sums) * sizeof *c->differences);
    memset(c->products, 0, (size_t)(CHUNKS * products) * sizeof *c->products);
    patron_status status = ptn_team_run(c->whole->scored->team, "silhouette", at, at, CHUNKS, draw_chunk, c, error);
    for (int64_t chunk = 1; status == PATRON_OK && chunk < CHUNKS; chunk++) {
        for (int64_t e = 0; e < k; e++) c->drawn[e] += c->drawn[chunk * k + e];
        for (int64_t e = 0; e < sums; e++) c->differences[e] += c->differences[chunk * sums + e];
        for (int64_t e = 0; e < products; e++) c->products[e] += c->products[chunk * products + e];
    }
    return status;
}

patron_status ptn_control_draw(ptn_control *c, int32_t look, uint64_t seed, patron_error *error)
{
    if (!c->phases) return PATRON_OK;
    double rows = ldexp((double)c->first, look - 1), most = 0.5 * (double)c->whole->rows;
    return draw(c, (int64_t)(rows < most ? rows : most), seed, STREAM + (uint64_t)look, error);
}

/* Of what was drawn of a cluster: the mean difference, and the sum of squared differences to it. */
static void moments_of(double *mean, double *square, const ptn_control *c, int32_t label, int32_t l, int32_t less)
{
    int64_t count = c->whole->count;
    const double *sums = c->differences + label * count, *products = c->products + label * count * count;
    double drawn = (double)(c->drawn[label] > 0 ? c->drawn[label] : 1), sum = sums[l];
    *square = products[l * count + l];
    if (less >= 0) {
        sum -= sums[less];
        *square += products[less * count + less];
        *square -= 2.0 * (l > less ? products[l * count + less] : products[less * count + l]);
    }
    *mean = sum / drawn;
    *square = fmax(0.0, *square - sum * *mean);
}

void ptn_control_sum(ptn_sum_estimate *sum, const ptn_control *c, int32_t l, int32_t less, int32_t cluster)
{
    double mean, square;
    int64_t before = 0;
    for (int32_t other = 0; other < c->whole->count; before += c->whole->labelings[other++].k)
        for (int32_t j = 0; j < c->whole->labelings[other].k; j++) {
            if (cluster >= 0 && (other != 0 || j != cluster)) continue;
            if (other == l) sum->sum += c->totals[before + j];
            if (other == less) sum->sum -= c->totals[before + j];
        }
    for (int32_t j = 0; j < c->whole->labelings[0].k; j++) {
        if (c->counts[j] == 0 || has_fine(c, j) || (cluster >= 0 && j != cluster)) continue;
        ptn_stratum stratum = {.rows = c->counts[j], .drawn = c->drawn[j]};
        moments_of(&mean, &square, c, j, l, less);
        ptn_sum_add_stratum(sum, &stratum, mean, square);
    }
}

const double *ptn_control_row(ptn_control *c, int64_t row, bool fine, int32_t worker)
{
    const ptn_joint *whole = c->whole;
    double *scores = c->scores + worker * (int64_t)whole->count * 2 * PTN_TILE;
    float *tile = c->tile + worker * whole->cols * PTN_TILE;
    int32_t cell = ptn_stream_cell(c->stream, row);
    memset(scores, 0, (size_t)whole->count * PTN_TILE * sizeof *scores);
    if (cell < 0) return scores;
    memset(tile, 0, (size_t)(whole->cols * PTN_TILE) * sizeof *tile);
    ptn_stream_place(tile, PTN_TILE, c->stream, row, cell);
    ptn_surrogate_scores(scores, fine || has_fine(c, label_of(c, cell)) ? &c->fine : &c->coarse, tile, cell, worker);
    for (int32_t l = 1; l < whole->count; l++) scores[l] = scores[l * (int64_t)PTN_TILE];
    return scores;
}

/* How many rows the first phase takes, and which clusters go without it: by rows that do not depend on the seed. */
static patron_status plan(ptn_control *c, double half_width, patron_error *error)
{
    int64_t rows = c->whole->rows, least = c->fine.joint->rows / PLAN_TIMES;
    double weight = c->whole->scored->weight, worst = 0.0, mean, square;
    patron_status status = draw(c, least, 0, STREAM, error);
    if (status != PATRON_OK) return status;
    for (int32_t l = 0; l < c->whole->count; l++) {
        double variance = 0.0;
        for (int32_t j = 0; j < c->whole->labelings[0].k; j++) {
            if (c->drawn[j] < 2) continue;
            moments_of(&mean, &square, c, j, l, -1);
            variance += (double)c->counts[j] * (square / (double)(c->drawn[j] - 1));
        }
        worst = fmax(worst, (double)rows * variance / (weight * weight));
    }
    double wanted = fmax(PLAN * worst / (half_width * half_width), (double)least);
    wanted = fmax(wanted, 2.0 * SMALL_ROWS * (double)c->whole->labelings[0].k);
    c->phases = wanted < (double)rows / FEW_TIMES;
    if (!c->phases) return PATRON_OK;
    c->first = (int64_t)wanted;
    for (int32_t j = 0; j < c->whole->labelings[0].k; j++)
        c->small[j] = (double)c->counts[j] * (wanted / (double)rows) < SMALL_ROWS;
    return PATRON_OK;
}

static patron_status allocate_phase(ptn_control *c, const ptn_memory *memory, patron_error *error)
{
    int64_t k = c->whole->labelings[0].k, sums = CHUNKS * k * c->whole->count, products;
    if (!ptn_mul_i64(&products, sums, c->whole->count)) products = -1;
    const ptn_wanted list[] = {{&c->small, k, sizeof *c->small, "sampled rows"},
                               {&c->drawn, CHUNKS * k, sizeof *c->drawn, "sampled rows"},
                               {&c->differences, sums, sizeof *c->differences, "sampled rows"},
                               {&c->products, products, sizeof *c->products, "sampled rows"}};
    return ptn_allocate_each(list, sizeof list / sizeof *list, true, memory, error);
}

static patron_status allocate_blocks(ptn_control *c, const ptn_memory *memory, patron_error *error)
{
    int64_t numbers;
    if (!ptn_mul_i64(&numbers, c->stream->count * c->whole->cells, c->whole->cols + 2)) numbers = -1;
    const ptn_wanted wanted = {&c->blocks, numbers, sizeof *c->blocks, "sampled rows"};
    return ptn_allocate_each(&wanted, 1, true, memory, error);
}

patron_status ptn_control_open(ptn_control *c, ptn_stream *stream, ptn_joint *model, int64_t *counts,
                               const uint8_t *marks, double half_width, patron_error *error)
{
    const ptn_memory *memory = &stream->scored->team->context->memory;
    int64_t threads = stream->scored->team->context->threads, cols = model->cols, scores = threads * model->count;
    *c = (ptn_control){.stream = stream, .whole = &stream->whole, .counts = counts, .marks = marks};
    const ptn_wanted list[] = {{&c->totals, model->clusters, sizeof *c->totals, "sampled rows"},
                               {&c->sums, threads * model->clusters, sizeof *c->sums, "sampled rows"},
                               {&c->scores, scores * 2 * PTN_TILE, sizeof *c->scores, "sampled rows"},
                               {&c->tile, threads * cols * PTN_TILE, sizeof *c->tile, "sampled rows"}};
    patron_status status = ptn_allocate_each(list, sizeof list / sizeof *list, true, memory, error);
    if (status == PATRON_OK && model->rows < c->whole->rows) status = allocate_blocks(c, memory, error);
    if (status == PATRON_OK) status = ptn_surrogate_open(&c->fine, model, NODES, FINE_ROWS, error);
    if (status != PATRON_OK || model->rows == c->whole->rows || !(half_width > 0.0)) return status;
    status = allocate_phase(c, memory, error);
    if (status == PATRON_OK) status = ptn_surrogate_open(&c->coarse, model, 1, COARSE_ROWS, error);
    return status == PATRON_OK ? plan(c, half_width, error) : status;
}

void ptn_control_close(ptn_control *c)
{
    const ptn_memory *memory = &c->whole->scored->team->context->memory;
    if (c->coarse.joint != NULL) ptn_surrogate_close(&c->coarse);
    if (c->fine.joint != NULL) ptn_surrogate_close(&c->fine);
    ptn_free(memory, c->products);
    ptn_free(memory, c->differences);
    ptn_free(memory, c->drawn);
    ptn_free(memory, c->small);
    ptn_free(memory, c->tile);
    ptn_free(memory, c->scores);
    ptn_free(memory, c->sums);
    ptn_free(memory, c->blocks);
    ptn_free(memory, c->totals);
}
