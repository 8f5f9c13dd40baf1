/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels of the silhouette: pairs, expected. */
#include "kernels/harness.h"

#include <math.h>

#include "oracle/oracle_kernels.h"

enum { COLS = 40, MOST_NODES = 20 };

/* From 0 to `most`; one of four is 0. */
static float *make_sizes(int64_t count, double most)
{
    float *sizes = SPACE(float, count);
    for (int64_t i = 0; i < count; i++) sizes[i] = draw_from(0, 3) == 0 ? 0.0f : (float)(fabs(draw_unit()) * most);
    return sizes;
}

/* From -most to `most`. */
static float *make_numbers(int64_t count, double most)
{
    float *numbers = SPACE(float, count);
    for (int64_t i = 0; i < count; i++) numbers[i] = (float)(draw_unit() * most);
    return numbers;
}

/* Each sum against the oracle: in floats of sixteen, and then in doubles. */
static void check_pair_sums(const char *what, const double *sums, const double *start, const float *rows, int64_t count,
                            const float *others, const float *weights, int64_t other_count, int64_t cols)
{
    for (int64_t i = 0; i < count; i++) {
        double sum = 0.0;
        for (int64_t o = 0; o < other_count; o++)
            sum += (double)weights[o] * (double)oracle_root(rows + i * cols, others + o * cols, cols);
        near(what, sums[i], start[i] + sum, 17.0 * 0x1p-24 * sum + 0x1p-50 * start[i]);
    }
}

void check_pairs(const ptn_kernels *table)
{
    static const kind kinds[] = {PLAIN, TIES, DENORMAL, LARGE, MIXED};
    for (int64_t number = 0; number < 5 * COLS; number++) {
        kind what = kinds[number % 5];
        int64_t cols = number / 5 + 1, own = draw_from(0, 1);
        tile_rows members = tiles_make(what, draw_from(1, 20), cols, false);
        tile_rows queries = own ? members : tiles_make(what, 1, cols, false);
        int64_t all = members.tiles * PTN_TILE;
        float *member_weights = make_sizes(all, 9.0), *query_weights = own ? member_weights : make_sizes(PTN_TILE, 9.0);
        double *start = SPACE(double, all), *sums[2], *back[2];
        bool both = draw_from(0, 3) != 0;
        const ptn_pairs pairs = {queries.values, members.values, query_weights, member_weights, cols, members.tiles};
        case_is("pairs", "%lld tiles x %lld, kind %d, own %d, both %d", (long long)members.tiles, (long long)cols,
                (int)what, (int)own, both);
        for (int64_t i = 0; i < all; i++) start[i] = draw_from(0, 1) == 0 ? 0.0 : fabs(draw_unit()) * 1e3;
        for (int v = 0; v < 2; v++) {
            sums[v] = COPY(double, start, PTN_TILE);
            back[v] = COPY(double, start, all);
            (v == 0 ? table : &ptn_kernels_scalar)->pairs(sums[v], both ? back[v] : NULL, &pairs);
        }
        same("sums of queries", sums[0], sums[1], PTN_TILE, sizeof(double));
        same("sums of members", back[0], back[1], all, sizeof(double));
        check_pair_sums("a query's sum", sums[0], start, queries.plain, PTN_TILE, members.plain, member_weights, all,
                        cols);
        if (both)
            check_pair_sums("a member's sum", back[0], start, members.plain, all, queries.plain, query_weights,
                            PTN_TILE, cols);
        else
            same("sums that are not asked for", back[0], start, all, sizeof(double));
        space_check();
    }
}

/* Rows near the nodes and far away, nodes wide and narrow: some are expected to have a distance below 0, which is 0. */
void check_expected(const ptn_kernels *table)
{
    for (int64_t number = 0; number < 8 * COLS; number++) {
        int64_t cols = number / 8 + 1, count = draw_from(1, MOST_NODES);
        bool full = cols <= PTN_FULL_COLS && draw_from(0, 2) != 0;
        tile_rows row = tiles_make(PLAIN, 1, cols, false);
        float *spreads = make_sizes(count, 2.0), *out = SPACE(float, PTN_TILE), *reference = SPACE(float, PTN_TILE);
        ptn_nodes nodes = {.means = make_numbers(count * cols, draw_from(0, 1) == 0 ? 0.1 : 3.0),
                           .slopes = make_numbers(count * cols, 0.1),
                           .forms = make_numbers(count * (full ? cols * (cols + 1) / 2 : cols), 0.2),
                           .spreads = spreads,
                           .rests = make_sizes(count, 0.5),
                           .shares = make_sizes(count, 1.0),
                           .cols = cols,
                           .count = count,
                           .full = full};
        case_is("expected", "%lld nodes x %lld, full %d", (long long)count, (long long)cols, full);
        for (int64_t v = 0; v < count; v++) spreads[v] += 1e-3f;
        table->expected(out, row.values, &nodes);
        ptn_kernels_scalar.expected(reference, row.values, &nodes);
        same("expected", out, reference, PTN_TILE, sizeof *out);
        for (int64_t l = 0; l < PTN_TILE; l++) {
            oracle_sum wanted = {0.0L, 0.0L};
            const float *form = nodes.forms;
            for (int64_t v = 0; v < count; v++) {
                oracle_node node = {nodes.means + v * cols, nodes.slopes + v * cols, form,
                                    (double)spreads[v],     (double)nodes.rests[v],  full};
                oracle_sum one = oracle_expected(row.plain + l * cols, &node, cols);
                wanted.value += (long double)nodes.shares[v] * one.value;
                wanted.size += (long double)nodes.shares[v] * one.size;
                form += full ? cols * (cols + 1) / 2 : cols;
            }
            near("a row's distance", (double)out[l], (double)wanted.value,
                 (double)(4 * cols + count + 16) * 0x1p-24 * (double)wanted.size);
        }
        space_check();
    }
}
