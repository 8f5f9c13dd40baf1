/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coverage of two-phase estimates: a pilot of some of the rows, a coarse surrogate for all, the fine one for a sample
   (cluster/control.h). The first phase by itself against the sum of the fine surrogate over all rows, and whole
   intervals against the exact engine, with as few rows of a cluster as there are with the most rows; of one labeling,
   and of the difference of two. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "cluster/estimate.h"
#include "generate.h"
#include "support/suite.h"

enum { ROWS = 50000, COLS = 8, K = 3, KINDS = 4, PILOT = 1 << 14, EACH = 32, SMALL = 1500 };

#define LEVEL 0.99

static const char *const names[KINDS] = {"purchase", "blobs", "gaussian", "weights, a small one"};

static double values[ROWS * COLS], weights[ROWS], extremes[3 * COLS], totals[2 * (K + 2)];
static int32_t labels[2 * ROWS];
static patron_rows rows;
static patron_error error;
static ptn_context context;
static ptn_team team;
static ptn_scored scored;
static ptn_labeling labelings[2];

/* Rows, labels by k-means for K and K + 1 clusters; of the last kind whole weights and a small cluster more. */
static void make_rows(int kind)
{
    static const int generated[KINDS] = {GENERATE_PURCHASE, GENERATE_BLOBS, GENERATE_GAUSSIAN, GENERATE_PURCHASE};
    static generator g;
    patron_kmeans *fits[2];
    patron_kmeans_options options;
    generate_open(&g, generated[kind], 7, COLS, true);
    need(generate_rows(values, &g, ROWS, true, 1));
    patron_rows_init(&rows, sizeof rows);
    rows.values = values;
    rows.rows = ROWS;
    rows.cols = COLS;
    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = 1;
    need(patron_kmeans_sweep(fits, labels, &rows, K, K + 1, &options, NULL, &error) == PATRON_OK);
    for (int32_t l = 0; l < 2; l++) patron_kmeans_free(fits[l]);
    for (int64_t i = 0; i < ROWS; i++) weights[i] = (double)(i % 4);
    for (int64_t i = 0; kind == 3 && i < SMALL; i++) {
        labels[i * 31] = K;
        labels[ROWS + i * 31] = K + 1;
    }
    if (kind == 3) rows.weights = weights;
}

static void open_scored(int kind)
{
    patron_context asked;
    patron_context_init(&asked, sizeof asked);
    need(ptn_context_read(&context, &asked, &error) == PATRON_OK);
    ptn_team_open(&team, &context);
    scored = (ptn_scored){.team = &team};
    need(ptn_rows_read(&scored.rows, &rows, &error) == PATRON_OK);
    need(ptn_silhouette_check_weights(&scored.rows, &scored.weight, &error) == PATRON_OK);
    for (int32_t l = 0; l < 2; l++) {
        labelings[l] =
            (ptn_labeling){.labels = labels + l * ROWS, .k = K + l + (kind == 3), .total = totals + l * (K + 2)};
        need(ptn_silhouette_check_labels(&labelings[l], &scored, &error) == PATRON_OK);
    }
    scored.footing.offset = extremes;
    need(ptn_footing_find(&scored.footing, extremes + COLS, extremes + 2 * COLS, &scored.rows, &team, &error) ==
         PATRON_OK);
}

/* An estimate after its first look; of `count` labelings. */
static void open_estimate(ptn_estimate *e, int32_t count, double half_width, uint64_t seed)
{
    ptn_wish wish = {.half_width = half_width, .most = (EACH + 2) * labelings[0].k, .seed = seed, .pilot = PILOT};
    bool spent;
    need(ptn_estimate_open(e, labelings, count, &scored, &wish, &error) == PATRON_OK);
    need(!e->whole && e->pilot.part);
    need(ptn_estimate_look(&spent, e, 1, &error) == PATRON_OK);
}

/* What is known to be `truth`, as it was estimated: counted where the interval holds it. */
static void count_held(int64_t *tried, int64_t *held, const ptn_sum_estimate *sum, double truth)
{
    *tried += 1;
    *held += fabs(sum->sum - truth) <= ptn_sum_half_width(sum, LEVEL, 1) * (1.0 + 1e-12) + 1e-7 * scored.weight;
}

/* The first phase alone: its sums against those of the fine surrogate. */
static void study_phase(int64_t *tried, int64_t *held, int64_t seeds, double half_width)
{
    ptn_estimate all, some;
    open_estimate(&all, 2, 0.0, 1);
    open_estimate(&some, 2, half_width, 1);
    need(!all.control.phases && some.control.phases);
    for (int64_t s = 0; s < seeds; s++) {
        need(ptn_control_draw(&some.control, 1, 1000 + (uint64_t)s, &error) == PATRON_OK);
        for (int32_t l = 0; l < 2; l++)
            for (int32_t j = -1; j < labelings[0].k; j++) {
                ptn_sum_estimate fine = {0}, sum = {0};
                if (l == 1 && j >= 0) continue;
                ptn_control_sum(&fine, &all.control, 0, l == 0 ? -1 : 1, j);
                ptn_control_sum(&sum, &some.control, 0, l == 0 ? -1 : 1, j);
                need(fine.variance == 0.0);
                need(sum.variance > 0.0 || (j >= 0 && some.control.small[j]));
                count_held(tried, held, &sum, fine.sum);
            }
    }
    ptn_estimate_close(&some);
    ptn_estimate_close(&all);
}

int main(void)
{
    int64_t seeds = asked_for("PATRON_COVERAGE_SEEDS", 5);
    bool good = true;
    printf("%-22s %8s %8s %8s %8s %10s %8s\n", "data", "phase", "held %", "whole", "held %", "half-width", "rows %");
    for (int kind = 0; kind < KINDS; kind++) {
        int64_t tried[2] = {0}, held[2] = {0};
        double width = 0.0, used = 0.0, means[2][K + 2], half_width = 1e-3;
        patron_silhouette_result exact[2] = {{.size = sizeof *exact}, {.size = sizeof *exact}};
        make_rows(kind);
        open_scored(kind);
        for (int l = 0; l < 2; l++)
            need(patron_silhouette(&exact[l], NULL, means[l], &rows, labels + l * ROWS, labelings[l].k, NULL, &error) ==
                 PATRON_OK);
        study_phase(&tried[0], &held[0], 10 * seeds, half_width);
        for (int64_t s = 0; s < seeds; s++) {
            ptn_estimate e;
            open_estimate(&e, 2, half_width, (uint64_t)s);
            need(e.control.phases);
            ptn_sum_estimate sum = ptn_estimate_sum(&e, 0, -1, -1), less = ptn_estimate_sum(&e, 0, 1, -1);
            count_held(&tried[1], &held[1], &sum, exact[0].mean * scored.weight);
            count_held(&tried[1], &held[1], &less, (exact[0].mean - exact[1].mean) * scored.weight);
            for (int32_t j = 0; j < labelings[0].k; j++) {
                ptn_sum_estimate cluster = ptn_estimate_sum(&e, 0, -1, j);
                count_held(&tried[1], &held[1], &cluster, means[0][j] * labelings[0].total[j]);
            }
            width += ptn_sum_half_width(&sum, LEVEL, 1) / scored.weight / (double)seeds;
            used += (double)e.sample.count / ROWS / (double)seeds;
            ptn_estimate_close(&e);
        }
        ptn_team_close(&team);
        printf("%-22s %8lld %8.2f %8lld %8.2f %10.2e %8.2f\n", names[kind], (long long)tried[0],
               100.0 * (double)held[0] / (double)tried[0], (long long)tried[1],
               100.0 * (double)held[1] / (double)tried[1], width, 100.0 * used);
        fflush(stdout);
        for (int p = 0; p < 2; p++) {
            double n = (double)tried[p], bar = LEVEL - 3.0 * sqrt(5.0 * LEVEL * (1.0 - LEVEL) / n);
            good &= (double)held[p] >= bar * n; /* five statements of a draw are far from independent */
        }
        good &= width <= half_width;
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
