/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a row, or an order line, costs in each kernel: the least of many repeats over rows that stay in the cache. */
#include "kernels/harness.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cluster/filter.h"

enum { TILES = 64, ROWS = TILES * PTN_TILE, REPEATS = 400, LINE_CALLS = 16 };

/* Order lines, three to an order; ROWS of them. */
typedef struct order_lines {
    int64_t *stamps, *times, *wide_amounts, *wide_out;
    uint64_t *wide_orders;
    int32_t *customers, *amounts, *out;
    uint32_t *orders;
    int16_t *quantities, *short_out;
    uint8_t *flags;
    double *money, *whole, *logged;
    int32_t *ends;           /* offsets of texts of ten bytes */
    uint64_t *heads, *tails; /* their first eight bytes, and the last two */
    uint64_t *odd;
} order_lines;

typedef struct inputs {
    int32_t k, calls; /* calls that are timed together */
    given_rows given;
    tile_rows tiles;
    uint8_t *labels;
    ptn_filter filter;
    double *doubles, *centre, *limit, *masses, *centroids;
    float *floats;
    ptn_active *active;
    ptn_pairs pairs;
    ptn_nodes nodes;
    order_lines lines; /* or all of the others */
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

/* A tile against all: what it costs for a row of these, with sixteen distances. */
static void do_pairs(const ptn_kernels *table, const inputs *in)
{
    double query_sums[PTN_TILE] = {0.0};
    table->pairs(query_sums, in->masses, &in->pairs);
}

static void do_expected(const ptn_kernels *table, const inputs *in)
{
    for (int64_t t = 0; t < TILES; t++)
        table->expected(in->floats + t * PTN_TILE, in->tiles.values + t * PTN_TILE * in->tiles.cols, &in->nodes);
}

static void do_logs(const ptn_kernels *table, const inputs *in)
{
    memcpy(in->lines.logged, in->lines.whole, ROWS * sizeof(double));
    table->logs(in->lines.logged, ROWS);
}

static void do_narrow(const ptn_kernels *table, const inputs *in)
{
    table->narrow(in->lines.out, in->lines.wide_amounts, ROWS);
}

static void do_narrow_keys(const ptn_kernels *table, const inputs *in)
{
    table->narrow_keys((uint32_t *)in->lines.out, in->lines.wide_orders, ROWS);
}

static void do_whole(const ptn_kernels *table, const inputs *in)
{
    table->whole(in->lines.short_out, in->lines.whole, ROWS);
}

static void do_money(const ptn_kernels *table, const inputs *in)
{
    table->money(in->lines.wide_out, in->lines.money, ROWS, 10000.0);
}

static void do_stamps(const ptn_kernels *table, const inputs *in)
{
    const order_lines *l = &in->lines;
    const ptn_stamps lines = {l->times, l->wide_amounts, l->flags, l->quantities, 2, 8, 16, 8, false};
    int64_t reach[2] = {INT64_MAX, INT64_MIN}, last = INT64_MIN;
    table->stamps(l->wide_out, reach, &last, &lines, ROWS);
}

static void do_hashes(const ptn_kernels *table, const inputs *in)
{
    static const uint64_t key[2] = {3, 5};
    table->hashes((uint64_t *)in->lines.wide_out, in->lines.wide_orders, in->lines.flags, ROWS, key);
}

/* Microseconds. */
static void do_times(const ptn_kernels *table, const inputs *in)
{
    static const ptn_clock clock = {15625.0, 6, 3600};
    table->times(in->lines.wide_out, in->lines.times, ROWS, &clock);
}

static void do_numbers(const ptn_kernels *table, const inputs *in) { table->numbers(in->lines.money, ROWS); }

static void do_offsets(const ptn_kernels *table, const inputs *in)
{
    table->offsets(in->lines.wide_out, in->lines.ends, ROWS - 1);
}

static void do_short_keys(const ptn_kernels *table, const inputs *in)
{
    table->short_keys((uint64_t *)in->lines.wide_out, in->lines.odd, in->lines.heads, in->lines.tails, 10, ROWS);
}

static void bits_of(const ptn_kernels *table, const inputs *in, bool wide)
{
    const order_lines *l = &in->lines;
    const ptn_lines lines = {.stamps = l->stamps,
                             .customers = l->customers,
                             .wide_amounts = wide ? l->wide_amounts : NULL,
                             .amounts = wide ? NULL : l->amounts,
                             .wide_orders = wide ? l->wide_orders : NULL,
                             .orders = wide ? NULL : l->orders,
                             .told_by = ~INT64_C(31),
                             .some = 8,
                             .back = 17,
                             .last = l->stamps[ROWS / 2]};
    for (int64_t first = 0; first < ROWS; first += PTN_LINES) {
        ptn_line_bits bits;
        table->line_bits(&bits, &lines, first, PTN_LINES);
    }
}

static void do_line_bits(const ptn_kernels *table, const inputs *in) { bits_of(table, in, false); }
static void do_line_bits_wide(const ptn_kernels *table, const inputs *in) { bits_of(table, in, true); }

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
        if (in->doubles != NULL) memset(in->doubles, 0, (size_t)(each + products + TILES) * sizeof(double));
        double from = seconds();
        for (int32_t c = 0; c < in->calls; c++) what(table, in);
        least = fmin(least, seconds() - from);
    }
    return 1e9 * least / (ROWS * in->calls);
}

/* Numbers from 0 to 1. */
static float *make_floats(int64_t count)
{
    float *floats = SPACE(float, count);
    for (int64_t e = 0; e < count; e++) floats[e] = (float)fabs(draw_unit());
    return floats;
}

/* As many nodes as clusters. */
static void make_pairs(inputs *in, int64_t cols, int32_t k)
{
    bool full = cols <= PTN_FULL_COLS;
    const float *weights = make_floats(ROWS);
    in->pairs = (ptn_pairs){in->tiles.values, in->tiles.values, weights, weights, cols, TILES};
    in->nodes = (ptn_nodes){make_floats(k * cols),
                            make_floats(k * cols),
                            make_floats(k * (full ? cols * (cols + 1) / 2 : cols)),
                            make_floats(k),
                            make_floats(k),
                            make_floats(k),
                            cols,
                            k,
                            full};
}

static inputs make_inputs(int64_t cols, int32_t k)
{
    inputs in = {.k = k, .calls = 1, .given = given_make(PLAIN, ROWS, cols, false, false)};
    ptn_frame frame;
    in.tiles = tiles_make(PLAIN, TILES, cols, false);
    in.labels = SPACE(uint8_t, ROWS);
    in.doubles = SPACE(double, 2 * (k + 2) * cols + cols * cols + TILES);
    in.centre = SPACE(double, cols);
    in.limit = SPACE(double, cols);
    in.masses = SPACE(double, ROWS);
    in.centroids = SPACE(double, (k * cols));
    in.floats = make_floats(ROWS * cols + ROWS + cols);
    in.active = SPACE(ptn_active, TILES);
    for (int64_t i = 0; i < ROWS; i++) {
        in.labels[i] = (uint8_t)draw_from(0, k - 1);
        in.masses[i] = 1.0;
    }
    for (int64_t c = 0; c < cols; c++) {
        in.centre[c] = 0.0;
        in.limit[c] = 1.0;
    }
    for (int64_t e = 0; e < k * cols; e++) in.centroids[e] = draw_unit();
    frame = (ptn_frame){cols, 1.0, in.centre, in.tiles.step, in.limit};
    ptn_filter_place(&in.filter, SPACE(float, ptn_filter_floats(k, cols)), k, cols);
    ptn_filter_set(&in.filter, &frame, in.centroids, 0.0, NULL, SPACE(double, cols));
    make_pairs(&in, cols, k);
    return in;
}

static inputs make_lines(void)
{
    inputs in = {.calls = LINE_CALLS};
    order_lines *l = &in.lines;
    l->stamps = SPACE(int64_t, ROWS);
    l->times = SPACE(int64_t, ROWS);
    l->wide_amounts = SPACE(int64_t, ROWS);
    l->wide_out = SPACE(int64_t, ROWS);
    l->wide_orders = SPACE(uint64_t, ROWS);
    l->customers = SPACE(int32_t, ROWS);
    l->amounts = SPACE(int32_t, ROWS);
    l->out = SPACE(int32_t, ROWS);
    l->orders = SPACE(uint32_t, ROWS);
    l->quantities = SPACE(int16_t, ROWS);
    l->short_out = SPACE(int16_t, ROWS);
    l->flags = SPACE(uint8_t, ROWS);
    l->money = SPACE(double, ROWS);
    l->whole = SPACE(double, ROWS);
    l->logged = SPACE(double, ROWS);
    l->ends = SPACE(int32_t, ROWS);
    l->heads = SPACE(uint64_t, ROWS);
    l->tails = SPACE(uint64_t, ROWS);
    l->odd = SPACE(uint64_t, ROWS);
    for (int64_t i = 0; i < ROWS; i++) {
        int64_t order = i / 3;
        l->customers[i] = (int32_t)(order * 7919 % 211);
        l->wide_orders[i] = l->orders[i] = (uint32_t)(500000 + order);
        l->times[i] = INT64_C(1300000000) + order * 977;
        l->flags[i] = (uint8_t)(draw() % 4 << 5);
        l->whole[i] = (double)draw_from(1, 12);
        l->quantities[i] = (int16_t)l->whole[i];
        l->wide_amounts[i] = l->amounts[i] = (int32_t)draw_from(-1000000, 9000000);
        l->money[i] = (double)l->amounts[i] / 10000.0;
        l->stamps[i] = l->times[i] << 8 | l->flags[i] | 8;
        l->ends[i] = (int32_t)(10 * i);
        l->heads[i] = UINT64_C(0x3130303030303043); /* C0000001 */
        l->tails[i] = (uint64_t)('0' + i % 10) << 8 | '7';
    }
    return in;
}

typedef struct bench_row {
    const char *name;
    work what;
} bench_row;

static const bench_row row_works[] = {{"measure", do_measure},  {"pack", do_pack},
                                      {"norms", do_norms},      {"scatter", do_scatter},
                                      {"assign", do_assign},    {"assign, bounds", do_assign_bounds},
                                      {"sums", do_sums},        {"step_sums", do_step_sums},
                                      {"nearest", do_nearest},  {"exact_sums", do_exact_sums},
                                      {"inertia", do_inertia},  {"pairs, with 16", do_pairs},
                                      {"expected", do_expected}};
static const bench_row line_works[] = {{"narrow", do_narrow},
                                       {"narrow_keys", do_narrow_keys},
                                       {"whole", do_whole},
                                       {"money", do_money},
                                       {"stamps", do_stamps},
                                       {"hashes", do_hashes},
                                       {"times", do_times},
                                       {"numbers", do_numbers},
                                       {"offsets", do_offsets},
                                       {"short_keys", do_short_keys},
                                       {"line_bits", do_line_bits},
                                       {"line_bits, wide", do_line_bits_wide},
                                       {"logs", do_logs}};
enum { ROW_WORKS = sizeof row_works / sizeof *row_works, LINE_WORKS = sizeof line_works / sizeof *line_works };

/* assign and line_bits have two. */
_Static_assert(ROW_WORKS + LINE_WORKS == KERNELS + 2, "each kernel of the table has a row here");

static void bench_block(const ptn_kernels *const *tables, int32_t count, const bench_row *works, int32_t rows,
                        const inputs *in, const char *title)
{
    printf("\n%-16s", "");
    for (int32_t t = 0; t < count; t++)
        if (tables[t] != NULL) printf("%10s", tables[t]->name);
    printf("    %s\n", title);
    for (int32_t w = 0; w < rows; w++) {
        if (works[w].what == do_step_sums && in->k > PTN_FEW) continue;
        printf("%-16s", works[w].name);
        for (int32_t t = 0; t < count; t++)
            if (tables[t] != NULL) printf("%10.3f", nanoseconds(works[w].what, tables[t], in));
        printf("\n");
    }
    space_check();
}

void bench_all(const ptn_kernels *const *tables, int32_t count)
{
    static const struct {
        int64_t cols;
        int32_t k;
    } shapes[] = {{3, 3}, {8, 4}, {8, 16}, {32, 8}, {32, 64}};
    inputs in;
    printf("nanoseconds for a row; rows of doubles where a kernel reads the caller's\n");
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        char title[64];
        draw_begin(1);
        spaces_apart();
        in = make_inputs(shapes[s].cols, shapes[s].k);
        snprintf(title, sizeof title, "%d columns, k = %d", (int)shapes[s].cols, (int)shapes[s].k);
        bench_block(tables, count, row_works, ROW_WORKS, &in, title);
    }
    printf("\nnanoseconds for an order line, or a number\n");
    in = make_lines();
    bench_block(tables, count, line_works, LINE_WORKS, &in, "any columns and k");
}
