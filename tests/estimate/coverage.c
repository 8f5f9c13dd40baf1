/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coverage of the intervals of patron_silhouette_estimate and patron_silhouette_compare: how often they hold the truth,
   which the exact engine tells. For each kind of data several tables, each estimated with many seeds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "generate.h"
#include "support/suite.h"

enum { ROWS = 20000, COLS = 8, K = 3, KINDS = 6, SMALL = 5, TINY = 1000 };

#define LEVEL 0.99

static const char *const names[KINDS] = {"purchase", "blobs", "gaussian", "heavy tail", "heavier tail", "5 customers"};

static double values[ROWS * COLS];
static int32_t labels[2 * ROWS]; /* the second is to be compared with the first */
static patron_rows rows;
static patron_error error;

/* What came of a kind of data. */
typedef struct tally {
    int64_t tried, held, clusters, clusters_held, compared, wrong, close;
    double width, widest, used; /* used: the share of rows scored, clusters of fewer than TINY aside */
} tally;

static void make_rows(int kind, uint64_t seed)
{
    static const int generated[KINDS] = {GENERATE_PURCHASE, GENERATE_BLOBS,    GENERATE_GAUSSIAN,
                                         GENERATE_GAUSSIAN, GENERATE_GAUSSIAN, GENERATE_PURCHASE};
    static generator g;
    generate_open(&g, generated[kind], seed, COLS, true);
    need(generate_rows(values, &g, ROWS, true, 1));
    for (int64_t e = 0; e < ROWS * COLS; e++) {
        if (kind == 3) values[e] = exp(1.2 * values[e]);
        if (kind == 5 && e / COLS < SMALL) values[e] = 25.0 + values[e] / 4.0;
    }
}

/* A tail so heavy that there is no variance: multiplied by a number whose tail is Pareto's of index 2. */
static void stretch_rows(void)
{
    for (int64_t i = 0; i < ROWS; i++) {
        double factor = exp(values[i * COLS] * values[i * COLS] / 4.0);
        for (int64_t c = 0; c < COLS; c++) values[i * COLS + c] *= factor;
    }
}

/* Labels by k-means for K and K + 1 clusters; the small segment has a number of its own. */
static void make_labels(int kind, int32_t k[2])
{
    patron_kmeans *fits[2];
    patron_kmeans_options options;
    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = 1;
    int64_t first = kind == 5 ? SMALL : 0;
    patron_rows others = rows;
    others.values = values + first * COLS;
    others.rows -= first;
    static int32_t found[2 * ROWS];
    need(patron_kmeans_sweep(fits, found, &others, K, K + 1, &options, NULL, &error) == PATRON_OK);
    for (int32_t l = 0; l < 2; l++) {
        k[l] = K + l + (first > 0);
        for (int64_t i = 0; i < ROWS; i++)
            labels[l * ROWS + i] = i < first ? K + l : found[l * others.rows + i - first];
        patron_kmeans_free(fits[l]);
    }
}

/* One table with as many seeds. */
static void study(tally *t, int kind, uint64_t table, int64_t seeds, double half_width)
{
    double means[2][K + 2], estimated[K + 2], half_widths[K + 2];
    int64_t sizes[K + 2] = {0}, tiny = 0;
    int32_t k[2];
    patron_silhouette_estimate_options options;
    patron_silhouette_result exact[2] = {{.size = sizeof *exact}, {.size = sizeof *exact}};
    make_rows(kind, table);
    patron_rows_init(&rows, sizeof rows);
    rows.values = values;
    rows.rows = ROWS;
    rows.cols = COLS;
    make_labels(kind, k);
    if (kind == 4) stretch_rows();
    for (int l = 0; l < 2; l++)
        need(patron_silhouette(&exact[l], NULL, means[l], &rows, labels + l * ROWS, k[l], NULL, &error) == PATRON_OK);
    for (int64_t i = 0; i < ROWS; i++) sizes[labels[i]]++;
    for (int32_t j = 0; j < k[0]; j++) tiny += sizes[j] < TINY ? sizes[j] : 0;
    patron_silhouette_estimate_options_init(&options, sizeof options);
    options.level = LEVEL;
    options.half_width = half_width;
    for (int64_t s = 0; s < seeds; s++) {
        patron_silhouette_estimate_result result = {.size = sizeof result};
        patron_silhouette_comparison comparison = {.size = sizeof comparison};
        options.seed = table * 1000000 + (uint64_t)s;
        need(patron_silhouette_estimate(&result, estimated, half_widths, &rows, labels, k[0], &options, NULL, &error) ==
             PATRON_OK);
        t->tried++;
        t->held += fabs(result.mean - exact[0].mean) <= result.half_width + 1e-7;
        t->width += result.half_width;
        t->widest = fmax(t->widest, result.half_width);
        t->used += (double)(result.rows_used - tiny) / ROWS;
        for (int32_t j = 0; j < k[0]; j++) {
            t->clusters++;
            t->clusters_held += fabs(estimated[j] - means[0][j]) <= half_widths[j] + 1e-6;
        }
        if (s % 4 != 0) continue;
        need(patron_silhouette_compare(&comparison, NULL, &rows, labels, k, 2, &options, NULL, &error) == PATRON_OK);
        t->compared++;
        t->close += comparison.certain == 0;
        t->wrong += comparison.certain != 0 && exact[comparison.best].mean < exact[comparison.rival].mean;
    }
}

static double percent(int64_t part, int64_t all) { return 100.0 * (double)part / (double)all; }

int main(void)
{
    int64_t seeds = asked_for("PATRON_COVERAGE_SEEDS", 20), tables = seeds >= 500 ? 20 : 2;
    double half_width = 1e-3 * (double)asked_for("PATRON_COVERAGE_WIDTH", 1000) / 1000.0;
    bool good = true;
    printf("%-13s %6s %8s %9s %10s %10s %8s %9s %7s %6s\n", "data", "tried", "held %", "bar %", "half-width", "widest",
           "rows %", "clusters%", "wrong %", "close");
    for (int kind = 0; kind < KINDS; kind++) {
        tally t = {0};
        for (int64_t table = 0; table < tables; table++) study(&t, kind, (uint64_t)table, seeds / tables, half_width);
        double n = (double)t.tried, bar = LEVEL - 3.0 * sqrt(LEVEL * (1.0 - LEVEL) / n);
        printf("%-13s %6lld %8.2f %9.2f %10.2e %10.2e %8.2f %9.2f %7.2f %6.2f\n", names[kind], (long long)t.tried,
               percent(t.held, t.tried), 100.0 * bar, t.width / n, t.widest, 100.0 * t.used / n,
               percent(t.clusters_held, t.clusters), percent(t.wrong, t.compared), percent(t.close, t.compared));
        fflush(stdout);
        good &= (double)t.held >= bar * n && t.width / n <= 2e-3 && t.used / n <= 0.05;
        good &= (double)t.clusters_held >= (bar - 0.005) * (double)t.clusters;
        good &= (double)t.wrong <= (1.0 - bar) * (double)t.compared;
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
