/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a row costs in each kernel: the least of many repeats over rows that stay in the cache. */
#include "kernels/harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cluster/filter.h"

enum { TILES = 64, ROWS = TILES * PTN_TILE, REPEATS = 400 };

typedef struct inputs {
    int32_t k;
    given_rows given;
    tile_rows tiles;
    uint8_t *labels;
    ptn_filter filter;
    double *doubles, *centre, *limit, *masses, *centroids;
    float *floats;
    ptn_active *active;
} inputs;

typedef void (*work)(const ptn_kernels *table, const inputs *in);

static void do_measure(const ptn_kernels *table, const inputs *in)
{
    double *d = in->doubles;
    int64_t cols = in->tiles.cols;
    table->measure(d, d + cols, d + 2 * cols, d + 4 * cols, &in->given.source, in->given.first, ROWS, NULL, in->centre);
}

static void do_pack(const ptn_kernels *table, const inputs *in)
{
    int64_t cols = in->tiles.cols;
    for (int64_t t = 0; t < TILES; t++)
        table->pack(in->floats + t * cols * PTN_TILE, &in->given.source, in->given.first + t * PTN_TILE, PTN_TILE,
                    in->centre, 1.0, in->tiles.step, in->limit);
}

static void do_norms(const ptn_kernels *table, const inputs *in)
{
    table->norms(in->floats, in->tiles.values, TILES, in->tiles.cols);
}

static void do_scatter(const ptn_kernels *table, const inputs *in)
{
    table->scatter(in->doubles + in->tiles.cols, in->doubles, in->tiles.values, NULL, TILES, in->tiles.cols, false);
}

static void do_assign(const ptn_kernels *table, const inputs *in)
{
    table->assign(in->active, &in->filter, in->tiles.values, in->labels, NULL, TILES);
}

static void do_assign_bounds(const ptn_kernels *table, const inputs *in)
{
    for (int64_t t = 0; t < TILES; t++) in->floats[t] = -HUGE_VALF;
    table->assign(in->active, &in->filter, in->tiles.values, in->labels, in->floats, TILES);
}

static void do_sums(const ptn_kernels *table, const inputs *in)
{
    table->sums(in->doubles, in->tiles.values, in->labels, NULL, TILES, in->tiles.cols, in->k);
}

static void do_step_sums(const ptn_kernels *table, const inputs *in)
{
    if (in->k > PTN_FEW) return;
    table->step_sums(in->doubles, in->doubles + in->k * in->tiles.cols, in->tiles.values, in->labels, in->tiles.step,
                     TILES, in->tiles.cols, in->k);
}

static void do_nearest(const ptn_kernels *table, const inputs *in)
{
    double lanes[PTN_TILE];
    ptn_seeding_step step = {in->tiles.values, in->masses, in->floats + ROWS, in->tiles.cols, TILES, false};
    table->nearest(in->floats, in->floats, in->doubles, lanes, &step);
}

static void do_exact_sums(const ptn_kernels *table, const inputs *in)
{
    table->exact_sums(in->doubles, in->doubles + in->k * in->tiles.cols, &in->given.source, in->given.first, ROWS,
                      in->labels, NULL);
}

static void do_inertia(const ptn_kernels *table, const inputs *in)
{
    ptn_clusters clusters = {in->labels, in->centroids};
    table->inertia(in->doubles, &in->given.source, in->given.first, ROWS, &clusters, 1, NULL, 1.0);
}

static void do_logs(const ptn_kernels *table, const inputs *in)
{
    for (int64_t i = 0; i < ROWS; i++) in->masses[i] = 1.0 + (double)in->labels[i];
    table->logs(in->masses, ROWS);
}

static double seconds(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static double nanoseconds(work what, const ptn_kernels *table, const inputs *in)
{
    double least = HUGE_VAL;
    int64_t each = (in->k + 2) * in->tiles.cols * 2, products = in->tiles.cols * in->tiles.cols;
    for (int r = 0; r < REPEATS; r++) {
        memset(in->doubles, 0, (size_t)(each + products + TILES) * sizeof(double));
        double from = seconds();
        what(table, in);
        least = fmin(least, seconds() - from);
    }
    return 1e9 * least / ROWS;
}

static inputs make_inputs(int64_t cols, int32_t k)
{
    inputs in = {.k = k, .given = given_make(PLAIN, ROWS, cols, false, false)};
    ptn_frame frame;
    in.tiles = tiles_make(PLAIN, TILES, cols, false);
    in.labels = SPACE(uint8_t, ROWS);
    in.doubles = SPACE(double, 2 * (k + 2) * cols + cols * cols + TILES);
    in.centre = SPACE(double, cols);
    in.limit = SPACE(double, cols);
    in.masses = SPACE(double, ROWS);
    in.centroids = SPACE(double, (k * cols));
    in.floats = SPACE(float, ROWS *cols + ROWS + cols);
    in.active = SPACE(ptn_active, TILES);
    for (int64_t i = 0; i < ROWS; i++) {
        in.labels[i] = (uint8_t)draw_from(0, k - 1);
        in.masses[i] = 1.0;
    }
    for (int64_t e = 0; e < ROWS + cols; e++) in.floats[e] = (float)fabs(draw_unit());
    for (int64_t c = 0; c < cols; c++) {
        in.centre[c] = 0.0;
        in.limit[c] = 1.0;
    }
    for (int64_t e = 0; e < k * cols; e++) in.centroids[e] = draw_unit();
    frame = (ptn_frame){cols, 1.0, in.centre, in.tiles.step, in.limit};
    ptn_filter_place(&in.filter, SPACE(float, ptn_filter_floats(k, cols)), k, cols);
    ptn_filter_set(&in.filter, &frame, in.centroids, 0.0, NULL, SPACE(double, cols));
    return in;
}

void bench_all(const ptn_kernels *const *tables, int32_t count)
{
    static const struct {
        const char *name;
        work what;
    } works[] = {{"measure", do_measure}, {"pack", do_pack},
                 {"norms", do_norms},     {"scatter", do_scatter},
                 {"assign", do_assign},   {"assign, bounds", do_assign_bounds},
                 {"sums", do_sums},       {"step_sums", do_step_sums},
                 {"nearest", do_nearest}, {"exact_sums", do_exact_sums},
                 {"inertia", do_inertia}, {"logs", do_logs}};
    static const struct {
        int64_t cols;
        int32_t k;
    } shapes[] = {{3, 3}, {8, 4}, {8, 16}, {32, 8}, {32, 64}};
    printf("nanoseconds for a row; rows of doubles where a kernel reads the caller's\n");
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        draw_begin(1);
        spaces_apart();
        inputs in = make_inputs(shapes[s].cols, shapes[s].k);
        printf("\n%-16s", "");
        for (int32_t t = 0; t < count; t++)
            if (tables[t] != NULL) printf("%10s", tables[t]->name);
        printf("    %lld columns, k = %d\n", (long long)shapes[s].cols, (int)shapes[s].k);
        for (size_t w = 0; w < sizeof works / sizeof *works; w++) {
            if (works[w].what == do_step_sums && in.k > PTN_FEW) continue;
            printf("%-16s", works[w].name);
            for (int32_t t = 0; t < count; t++)
                if (tables[t] != NULL) printf("%10.3f", nanoseconds(works[w].what, tables[t], &in));
            printf("\n");
        }
        space_check();
    }
}
