/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels that read packed rows: norms, scatter, sums, step_sums, nearest. */
#include "kernels/harness.h"

#include <math.h>
#include <string.h>

#include "oracle/oracle_kernels.h"

enum { COLS = 40, MOST_K = 64 };

/* Kinds of packed rows that differ: any step, few steps, the smallest step, the most steps. */
static kind packed_kind(int64_t number)
{
    static const kind kinds[] = {PLAIN, TIES, DENORMAL, LARGE, MIXED};
    return kinds[number % 5];
}

static void tiles_case(const char *kernel, const tile_rows *t, kind what, int32_t k)
{
    case_is(kernel, "%lld tiles, %lld rows x %lld, kind %d, %s, k = %d", (long long)t->tiles, (long long)t->rows,
            (long long)t->cols, (int)what, t->weights != NULL ? "weights" : "no weights", (int)k);
}

void check_norms(const ptn_kernels *table)
{
    for (int64_t number = 0; number < 10 * COLS; number++) {
        kind what = packed_kind(number);
        tile_rows t = tiles_make(what, draw_from(1, 20), number / 10 + 1, false);
        int64_t all = t.tiles * PTN_TILE;
        float *out = SPACE(float, all), *reference = SPACE(float, all), *plain = SPACE(float, all);
        tiles_case("norms", &t, what, 0);
        table->norms(out, t.values, t.tiles, t.cols);
        ptn_kernels_scalar.norms(reference, t.values, t.tiles, t.cols);
        for (int64_t i = 0; i < all; i++) plain[i] = oracle_norm(t.plain + i * t.cols, t.cols);
        same("norms", out, reference, all, sizeof *out);
        same("norms (oracle)", out, plain, all, sizeof *out);
        space_check();
    }
}

static void check_products(const tile_rows *t, const double *products, const double *sum, const double *start,
                           bool squares)
{
    int64_t all = t->tiles * PTN_TILE;
    for (int64_t a = 0; a < t->cols; a++) {
        double whole = (double)oracle_steps(t->plain, all, t->cols, t->weights, NULL, 0, a, t->step[a]) * t->step[a];
        near("a sum", sum[a], whole + t->step[a], 0.0);
        for (int64_t b = squares ? a : 0; b <= a; b++) {
            int64_t e = squares ? a : a * (a + 1) / 2 + b;
            oracle_sum wanted = oracle_product(t->plain, all, t->cols, t->weights, a, b);
            near("a product", products[e], start[e] + (double)wanted.value,
                 ((double)all + 8.0) * 0x1p-52 * ((double)wanted.size + fabs(start[e])));
        }
    }
}

void check_scatter(const ptn_kernels *table)
{
    for (int64_t number = 0; number < 20 * COLS; number++) {
        kind what = packed_kind(number);
        bool squares = number / 5 % 2, weighted = number / 10 % 2;
        tile_rows t = tiles_make(what, draw_from(1, 8), number / 20 + 1, weighted);
        int64_t cols = t.cols, many = squares ? cols : cols * (cols + 1) / 2;
        double *start = SPACE(double, many), *products[2], *sum[2];
        tiles_case("scatter", &t, what, squares);
        for (int64_t e = 0; e < many; e++) start[e] = draw() & 1 ? 0.0 : draw_unit() * 0x1p-40;
        for (int v = 0; v < 2; v++) {
            products[v] = COPY(double, start, many);
            sum[v] = COPY(double, t.step, cols); /* one step is there before */
            (v == 0 ? table : &ptn_kernels_scalar)
                ->scatter(products[v], sum[v], t.values, t.weights, t.tiles, cols, squares);
        }
        same("products", products[0], products[1], many, sizeof(double));
        same("sums", sum[0], sum[1], cols, sizeof(double));
        check_products(&t, products[0], sum[0], start, squares);
        space_check();
    }
}

/* Labels below k, of which some may be missing, or all be the same. */
static uint8_t *make_labels(int64_t count, int32_t k)
{
    uint8_t *labels = SPACE(uint8_t, count);
    int64_t least = draw_from(0, 9) == 0 ? k - 1 : 0, most = draw_from(least, k - 1);
    for (int64_t i = 0; i < count; i++) labels[i] = (uint8_t)draw_from(least, most);
    return labels;
}

/* `sums` must be three steps more than the labels' sums; nothing at label 0. */
static void check_label_sums(const tile_rows *t, const double *sums, const uint8_t *labels, int32_t k)
{
    for (int32_t j = 0; j < k; j++)
        for (int64_t c = 0; c < t->cols; c++) {
            int64_t steps =
                j == 0 ? 0 : oracle_steps(t->plain, t->tiles * PTN_TILE, t->cols, t->weights, labels, j, c, t->step[c]);
            near("a sum", sums[j * t->cols + c], (double)(steps + 3) * t->step[c], 0.0);
        }
}

static double *three_steps(const tile_rows *t, int32_t k)
{
    double *sums = SPACE(double, k * t->cols);
    for (int64_t e = 0; e < k * t->cols; e++) sums[e] = 3.0 * t->step[e % t->cols];
    return sums;
}

static void sums_case(const ptn_kernels *table, int64_t cols, int32_t k, int64_t tiles, bool weighted)
{
    kind what = packed_kind(draw_from(0, 4));
    tile_rows t = tiles_make(what, tiles, cols, weighted);
    uint8_t *labels = make_labels(t.tiles * PTN_TILE, k);
    double *sums = three_steps(&t, k), *reference = three_steps(&t, k);
    tiles_case("sums", &t, what, k);
    table->sums(sums, t.values, labels, t.weights, t.tiles, cols, k);
    ptn_kernels_scalar.sums(reference, t.values, labels, t.weights, t.tiles, cols, k);
    same("sums", sums, reference, k * cols, sizeof(double));
    check_label_sums(&t, sums, labels, k);
    space_check();
}

void check_sums(const ptn_kernels *table)
{
    for (int64_t cols = 1; cols <= COLS; cols++)
        for (int32_t k = 1; k <= MOST_K; k++) sums_case(table, cols, k, draw_from(1, 3), (cols + k) % 2);
    for (int weighted = 0; weighted < 2; weighted++) {
        sums_case(table, 5, 256, 40, weighted);
        sums_case(table, 130, 9, 20, weighted);
        sums_case(table, 7, 4, 128, weighted);
    }
}

static void step_sums_case(const ptn_kernels *table, tile_rows *t, kind what, int32_t k, const uint8_t *labels)
{
    double *sums = three_steps(t, k), *reference = three_steps(t, k);
    double *counts = SPACE(double, k), *reference_counts = SPACE(double, k);
    for (int32_t j = 0; j < k; j++) counts[j] = reference_counts[j] = (double)j;
    tiles_case("step_sums", t, what, k);
    table->step_sums(sums, counts, t->values, labels, t->step, t->tiles, t->cols, k);
    ptn_kernels_scalar.step_sums(reference, reference_counts, t->values, labels, t->step, t->tiles, t->cols, k);
    same("sums", sums, reference, k * t->cols, sizeof(double));
    same("counts", counts, reference_counts, k, sizeof(double));
    check_label_sums(t, sums, labels, k);
    for (int32_t j = 0; j < k; j++)
        near("a count", counts[j], (double)(j + (j == 0 ? 0 : oracle_count(labels, t->tiles * PTN_TILE, j))), 0.0);
    space_check();
}

void check_step_sums(const ptn_kernels *table)
{
    for (int64_t number = 0; number < 4 * COLS * PTN_FEW; number++) {
        int32_t k = (int32_t)(number % PTN_FEW) + 1;
        kind what = packed_kind(number);
        tile_rows t = tiles_make(what, number % 37 == 0 ? 128 : draw_from(1, 6), number / PTN_FEW % COLS + 1, false);
        step_sums_case(table, &t, what, k, make_labels(t.tiles * PTN_TILE, k));
    }
    for (int sign = -1; sign <= 1; sign += 2) { /* the most that a lane's sum can be */
        tile_rows t = tiles_make(PLAIN, 128, 2, false);
        uint8_t *labels = SPACE(uint8_t, t.tiles * PTN_TILE);
        memset(labels, 1, (size_t)(t.tiles * PTN_TILE));
        for (int64_t e = 0; e < t.tiles * PTN_TILE * 2; e++)
            t.values[e] = t.plain[e] = (float)(sign * 0x1p23 * t.step[0]);
        step_sums_case(table, &t, LARGE, 2, labels);
    }
}

typedef struct found {
    float *out;
    double *mass, *lanes;
} found;

/* Against the oracle: distances and lanes to the last bit, tile masses as sums of sixteen. */
static void check_found(const found *f, const tile_rows *t, const ptn_seeding_step *step, const float *before)
{
    double lanes[PTN_TILE] = {0.0};
    for (int64_t tile = 0; tile < t->tiles; tile++) {
        double mass = 0.0;
        for (int64_t l = 0; l < PTN_TILE; l++) {
            int64_t i = tile * PTN_TILE + l;
            float square = oracle_distance(t->plain + i * t->cols, step->point, t->cols);
            if (!step->first && !(square < before[i])) square = before[i];
            lanes[l] += (double)square * step->weights[i];
            mass += (double)square * step->weights[i];
            if (f->out != NULL) same("distances (oracle)", f->out + i, &square, 1, sizeof square);
        }
        if (f->mass != NULL) near("a tile's mass", f->mass[tile], mass, 32.0 * 0x1p-53 * mass);
    }
    same("lanes (oracle)", f->lanes, lanes, PTN_TILE, sizeof *lanes);
}

void check_nearest(const ptn_kernels *table)
{
    for (int64_t number = 0; number < 20 * COLS; number++) {
        kind what = packed_kind(number);
        tile_rows t = tiles_make(what, draw_from(1, 12), number / 20 + 1, false);
        int64_t all = t.tiles * PTN_TILE, like = draw_from(0, all - 1);
        double *weights = SPACE(double, all);
        float *point = SPACE(float, t.cols), *before = SPACE(float, all);
        bool first = number / 5 % 2, wanted = draw_from(0, 3) != 0, in_place = draw() & 1;
        tiles_case("nearest", &t, what, 0);
        for (int64_t c = 0; c < t.cols; c++)
            point[c] = draw() & 1 ? t.plain[like * t.cols + c] : (float)((double)draw_from(-100, 100) * t.step[c]);
        for (int64_t i = 0; i < all; i++) {
            weights[i] = i >= t.rows || draw_from(0, 4) == 0 ? 0.0 : draw() & 1 ? 1.0 : fabs(draw_unit()) * 1e6;
            before[i] = first ? NAN : draw_from(0, 5) == 0 ? 0.0f : (float)fabs(draw_unit()) * (float)t.cols * 0.1f;
        }
        ptn_seeding_step step = {t.values, weights, point, t.cols, t.tiles, first};
        found f[2];
        for (int v = 0; v < 2; v++) {
            const float *from = before;
            f[v] = (found){wanted ? COPY(float, before, all) : NULL, wanted ? SPACE(double, t.tiles) : NULL,
                           SPACE(double, PTN_TILE)};
            if (wanted && in_place) from = f[v].out;
            (v == 0 ? table : &ptn_kernels_scalar)->nearest(f[v].out, from, f[v].mass, f[v].lanes, &step);
        }
        if (wanted) same("distances", f[0].out, f[1].out, all, sizeof(float));
        if (wanted) same("masses", f[0].mass, f[1].mass, t.tiles, sizeof(double));
        same("lanes", f[0].lanes, f[1].lanes, PTN_TILE, sizeof(double));
        check_found(&f[0], &t, &step, before);
        space_check();
    }
}
