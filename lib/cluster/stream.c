/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows packed block by block. */
#include "cluster/stream.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "cluster/tile.h"

enum {
    BLOCK_NUMBERS = 1 << 15, /* of a block: a few tiles of each cell stay in a core's own cache */
    BLOCK_LEAST = 1024,      /* rows; and */
    BLOCK_CELL = 128         /* for each cell, so that padding is little */
};

/* Rows of a model by what labels make of them: from `at`, with one label more. */
static void find_ways(ptn_stream *s)
{
    const ptn_joint *model = s->model;
    int32_t *way = s->ways, made[PTN_MOST_CELLS] = {0};
    for (int32_t l = 0, from = 1, before = 0; l < model->count; before += model->labelings[l++].k) {
        int32_t k = model->labelings[l].k, next = 0;
        for (int64_t w = 0; w < (int64_t)from * k; w++) way[w] = -1;
        for (int32_t c = 0; c < model->cells; c++) {
            int64_t at = made[c] * (int64_t)k + model->columns[c * (int64_t)model->count + l] - before;
            if (way[at] < 0) way[at] = l + 1 < model->count ? next++ : c;
            made[c] = way[at];
        }
        way += (l == 0 ? 1 : model->cells) * (int64_t)k;
        from = next;
    }
}

int32_t ptn_stream_cell(const ptn_stream *s, int64_t row)
{
    const ptn_joint *whole = &s->whole;
    const int32_t *way = s->ways;
    int64_t at = 0;
    for (int32_t l = 0; l < whole->count; l++) {
        int32_t k = whole->labelings[l].k;
        at = way[at * k + whole->labelings[l].labels[row]];
        if (at < 0) return -1;
        way += (l == 0 ? 1 : whole->cells) * (int64_t)k;
    }
    return (int32_t)at;
}

typedef float float_pair __attribute__((vector_size(8)));

/* Two columns at a time: compilers do not find the pairs by themselves. */
#define PLACE(type, pair)                                                                                              \
    do {                                                                                                               \
        const type *x = (const type *)s->scored->rows.values + row * s->scored->rows.row_stride;                       \
        for (; c + 1 < cols; c += 2) {                                                                                 \
            pair value;                                                                                                \
            memcpy(&value, x + c, sizeof value);                                                                       \
            ptn_pair y = __builtin_convertvector(value, ptn_pair) - ptn_pair_load(offset + c);                         \
            y = (y * inverse - ptn_pair_load(centre + c)) * zoom;                                                      \
            squares += y * y;                                                                                          \
            float_pair packed = __builtin_convertvector(y, float_pair);                                                \
            to[c * stride] = packed[0];                                                                                \
            to[(c + 1) * stride] = packed[1];                                                                          \
        }                                                                                                              \
        if (c < cols) last = ((double)x[c] - offset[c]) * inverse;                                                     \
    } while (0)

static inline double place_row(float *to, int64_t stride, const ptn_stream *s, int64_t row, int32_t cell)
{
    int64_t cols = s->whole.cols, c = 0;
    const double *offset = s->scored->footing.offset, *centre = s->whole.centre + cell * cols;
    double inverse = s->scored->footing.inverse_unit, zoom = s->whole.zoom, last = 0.0;
    ptn_pair squares = {0};
    if (s->scored->rows.type == PATRON_FLOAT32)
        PLACE(float, float_pair);
    else
        PLACE(double, ptn_pair);
    if (c < cols) {
        last = (last - centre[c]) * zoom;
        to[c * stride] = (float)last;
    }
    return squares[0] + squares[1] + last * last;
}

double ptn_stream_place(float *to, int64_t stride, const ptn_stream *s, int64_t row, int32_t cell)
{
    return place_row(to, stride, s, row, cell);
}

bool ptn_stream_near(double *norm, const ptn_stream *s, int64_t row, int32_t cell)
{
    float dropped;
    double square = place_row(&dropped, 0, s, row, cell);
    *norm = sqrt(square);
    return square <= s->limit[cell];
}

/* Rows whose cells the worker's scratch has, into tiles; far ones too, or (not `far`) in no tile. */
static const ptn_block *place_rows(ptn_stream *s, ptn_block *b, const int64_t *list, int64_t from, int64_t count,
                                   bool far)
{
    int64_t cols = s->whole.cols, next[PTN_MOST_CELLS + 1] = {0};
    int32_t cells = s->whole.cells;
    for (int64_t r = 0; r < count; r++) next[b->cell[r] < 0 ? cells : b->cell[r]]++;
    b->first[0] = b->far_count = 0;
    for (int32_t c = 0; c < cells; c++) {
        int64_t tiles = (next[c] + PTN_TILE - 1) / PTN_TILE, first = b->first[c], end = (first + tiles) * PTN_TILE;
        if (tiles > 0) memset(b->values + (first + tiles - 1) * cols * PTN_TILE, 0, sizeof(float) * cols * PTN_TILE);
        for (int64_t place = first * PTN_TILE + next[c]; place < end; place++) {
            b->weights[place] = 0.0f;
            b->row[place] = -1;
        }
        b->first[c + (int64_t)1] = first + tiles;
        next[c] = first * PTN_TILE;
        b->reach[c] = 0.0;
    }
    for (int64_t r = 0; r < count; r++) {
        int32_t cell = b->cell[r];
        int64_t row = list == NULL ? from + r : list[r];
        if (cell < 0) {
            b->far[b->far_count++] = row;
            continue;
        }
        int64_t place = next[cell]++;
        float *to = b->values + place / PTN_TILE * cols * PTN_TILE + place % PTN_TILE;
        double square = place_row(to, PTN_TILE, s, row, cell), weight = ptn_scored_weight(s->scored, row);
        bool taken = far || square <= s->limit[cell];
        b->weights[place] = taken ? (float)weight : 0.0f;
        b->row[place] = taken ? row : -1;
        if (taken) {
            b->reach[cell] += weight * sqrt(square);
            continue;
        }
        for (int64_t c = 0; c < cols; c++) to[c * PTN_TILE] = 0.0f;
        b->far[b->far_count++] = row;
    }
    return b;
}

const ptn_block *ptn_stream_pack(ptn_stream *s, int64_t block, int32_t worker)
{
    ptn_block *b = &s->block[worker];
    int64_t from = block * s->each, rows = s->scored->rows.rows, count = rows - from < s->each ? rows - from : s->each;
    for (int64_t r = 0; r < count; r++) b->cell[r] = ptn_stream_cell(s, from + r);
    return place_rows(s, b, NULL, from, count, false);
}

const ptn_block *ptn_stream_pack_list(ptn_stream *s, int64_t count, int32_t worker)
{
    ptn_block *b = &s->block[worker];
    for (int64_t r = 0; r < count; r++) b->cell[r] = ptn_stream_cell(s, b->list[r]);
    return place_rows(s, b, b->list, 0, count, true);
}

static void list_far(void *opaque, int64_t block, int32_t worker)
{
    ptn_stream *s = opaque;
    int64_t from = s->far_from[block], count = s->far_from[block + 1] - from;
    if (count == 0) return;
    const ptn_block *b = ptn_stream_pack(s, block, worker);
    memcpy(s->whole.far + from, b->far, (size_t)count * sizeof *b->far);
}

patron_status ptn_stream_find_far(ptn_stream *s, patron_error *error)
{
    const ptn_memory *memory = &s->scored->team->context->memory;
    for (int64_t b = 0; b < s->count; b++) s->far_from[b + 1] += s->far_from[b];
    s->whole.far_count = s->far_from[s->count];
    const ptn_wanted wanted = {&s->whole.far, s->whole.far_count, sizeof *s->whole.far, "rows to score"};
    patron_status status = ptn_allocate_each(&wanted, 1, false, memory, error);
    if (status != PATRON_OK) return status;
    return ptn_team_run(s->scored->team, "silhouette", s->scored->to, s->scored->to, s->count, list_far, s, error);
}

/* The view of all rows that scores are made by. */
static patron_status open_whole(ptn_stream *s, ptn_labeling *labelings, const ptn_memory *memory, patron_error *error)
{
    ptn_joint *whole = &s->whole;
    int64_t threads = s->scored->team->context->threads;
    int exponent;
    *whole = (ptn_joint){.scored = s->scored,
                         .labelings = labelings,
                         .count = s->model->count,
                         .cells = s->model->cells,
                         .rows = s->scored->rows.rows,
                         .cols = s->model->cols,
                         .clusters = s->model->clusters,
                         .columns = s->model->columns,
                         .centre = s->model->centre,
                         .zoom = s->model->zoom,
                         .times = s->model->times};
    memcpy(whole->mean, s->model->mean, sizeof whole->mean);
    frexp(s->scored->weight * 2.001, &exponent);
    whole->scale = ldexp(1.0, 61 - exponent);
    const ptn_wanted list[] = {
        {&whole->reach, whole->clusters, sizeof *whole->reach, "rows to score"},
        {&whole->grain, whole->clusters, sizeof *whole->grain, "rows to score"},
        {&whole->scratch, 2 * threads * whole->clusters, sizeof *whole->scratch, "rows to score"},
        {&whole->in_double, threads * whole->count, sizeof *whole->in_double, "rows to score"}};
    return ptn_allocate_each(list, sizeof list / sizeof *list, true, memory, error);
}

/* A worker's part of what there is for all. */
static void share_blocks(ptn_stream *s, int64_t places, int64_t threads)
{
    int64_t cols = s->whole.cols, cells = s->whole.cells;
    for (int64_t w = 0; w < threads; w++)
        s->block[w] = (ptn_block){.values = s->values + w * places * cols,
                                  .weights = s->weights + w * places,
                                  .row = s->row + w * places,
                                  .first = s->first + w * (cells + 1),
                                  .reach = s->reach + w * cells,
                                  .far = s->far + w * s->each,
                                  .cell = s->cell + w * s->each,
                                  .list = s->list + w * s->each};
}

patron_status ptn_stream_open(ptn_stream *s, const ptn_joint *model, ptn_labeling *labelings, const ptn_scored *scored,
                              patron_error *error)
{
    const ptn_memory *memory = &scored->team->context->memory;
    int64_t threads = scored->team->context->threads, cells = model->cells, ways = 0, places, values, rows;
    memset(s, 0, sizeof *s);
    s->scored = scored;
    s->model = model;
    s->each = BLOCK_NUMBERS / model->cols;
    if (s->each < BLOCK_LEAST) s->each = BLOCK_LEAST;
    if (s->each < BLOCK_CELL * cells) s->each = BLOCK_CELL * cells;
    s->count = (scored->rows.rows + s->each - 1) / s->each;
    for (int32_t l = 0; l < model->count; l++) ways += (l == 0 ? 1 : cells) * labelings[l].k;
    places = s->each + cells * PTN_TILE;
    if (!ptn_mul_i64(&rows, s->each, threads)) rows = -1;
    if (!ptn_mul_i64(&places, places, threads)) places = -1;
    if (!ptn_mul_i64(&values, places, model->cols)) values = -1;
    const ptn_wanted list[] = {{&s->ways, ways, sizeof *s->ways, "rows to score"},
                               {&s->far_from, s->count + 1, sizeof *s->far_from, "rows to score"},
                               {&s->block, threads, sizeof *s->block, "rows to score"},
                               {&s->values, values, sizeof *s->values, "rows to score"},
                               {&s->weights, places, sizeof *s->weights, "rows to score"},
                               {&s->row, places, sizeof *s->row, "rows to score"},
                               {&s->first, threads * (cells + 1), sizeof *s->first, "rows to score"},
                               {&s->reach, threads * cells, sizeof *s->reach, "rows to score"},
                               {&s->far, rows, sizeof *s->far, "rows to score"},
                               {&s->limit, cells, sizeof *s->limit, "rows to score"},
                               {&s->cell, rows, sizeof *s->cell, "rows to score"},
                               {&s->list, rows, sizeof *s->list, "rows to score"}};
    patron_status status = ptn_allocate_each(list, sizeof list / sizeof *list, false, memory, error);
    if (status == PATRON_OK) status = open_whole(s, labelings, memory, error);
    if (status != PATRON_OK) return status;
    s->far_from[0] = 0;
    find_ways(s);
    for (int32_t c = 0; c < model->cells; c++) {
        double most = fmin(model->times * model->mean[c] * model->zoom, 1.0);
        s->limit[c] = most * most;
    }
    share_blocks(s, places / threads, threads);
    return PATRON_OK;
}

void ptn_stream_close(ptn_stream *s)
{
    const ptn_memory *memory = &s->scored->team->context->memory;
    ptn_joint *whole = &s->whole;
    ptn_free(memory, whole->far);
    ptn_free(memory, whole->in_double);
    ptn_free(memory, whole->scratch);
    ptn_free(memory, whole->grain);
    ptn_free(memory, whole->reach);
    ptn_free(memory, s->list);
    ptn_free(memory, s->cell);
    ptn_free(memory, s->limit);
    ptn_free(memory, s->far);
    ptn_free(memory, s->reach);
    ptn_free(memory, s->first);
    ptn_free(memory, s->row);
    ptn_free(memory, s->weights);
    ptn_free(memory, s->values);
    ptn_free(memory, s->block);
    ptn_free(memory, s->far_from);
    ptn_free(memory, s->ways);
}
