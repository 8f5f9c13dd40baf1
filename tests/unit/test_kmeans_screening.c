/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: starts that are screened on a sample end no worse than starts that all run on all rows. The data are of the
   kinds on which a careless sample fails. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <patron/patron.h>

#include "support/suite.h"
#include "support/table.h"

enum { ROWS = 200000, K_MIN = 2, K_MAX = 4, COUNT = K_MAX - K_MIN + 1 };

/* The inertia for each k. */
static void sweep(double inertia[COUNT], const patron_rows *rows, int32_t strict, uint64_t seed)
{
    patron_kmeans *handles[COUNT];
    patron_kmeans_options options;
    patron_context context;
    patron_error error;
    patron_kmeans_options_init(&options, sizeof options);
    patron_context_init(&context, sizeof context);
    options.strict = strict;
    options.seed = seed;
    context.threads = 2;
    patron_status status = patron_kmeans_sweep(handles, NULL, rows, K_MIN, K_MAX, &options, &context, &error);
    ck_assert_msg(status == PATRON_OK, "%s", error.message);
    for (int i = 0; i < COUNT; i++) {
        patron_kmeans_result result = {.size = sizeof result};
        ck_assert_int_eq(patron_kmeans_result_get(&result, handles[i], NULL), PATRON_OK);
        inertia[i] = result.inertia;
        patron_kmeans_free(handles[i]);
    }
}

static void no_worse_than_strict(const char *name, const table *t, const double *weights)
{
    patron_rows rows = table_view(t);
    rows.weights = weights;
    double screened[COUNT], strict[COUNT];
    sweep(screened, &rows, 0, 1);
    sweep(strict, &rows, 1, 1);
    for (int i = 0; i < COUNT; i++)
        ck_assert_msg(screened[i] <= strict[i] * (1.0 + 1e-8), "%s, k %d: %.17g, and %.17g when strict", name,
                      K_MIN + i, screened[i], strict[i]);
}

/* 10 rows of 200,000: to leave them in another cluster costs more than half of the inertia. */
START_TEST(test_a_far_cluster_of_few_rows_is_found)
{
    table t = table_make(ROWS, 3, 1, 11);
    for (int64_t i = 0; i < 10; i++)
        for (int64_t c = 0; c < 3; c++) t.values[3 * (777 + 19999 * i) + c] += c == 1 ? -250.0 : 250.0;
    no_worse_than_strict("a far cluster", &t, NULL);
    double inertia[COUNT], within = 0.0;
    patron_rows rows = table_view(&t);
    sweep(inertia, &rows, 0, 2);
    for (int64_t e = 0; e < ROWS * 3; e++) within += t.values[e] * t.values[e]; /* far rows and all */
    ck_assert_double_lt(inertia[0], 0.5 * within);
    table_free(&t);
}
END_TEST

/* Four groups at the corners of a rectangle that is nearly a square: two ways to halve them, four to merge two. */
START_TEST(test_the_best_of_several_near_optima_is_taken)
{
    table t = table_make(ROWS, 2, 1, 12);
    for (int64_t i = 0; i < ROWS; i++) {
        t.values[2 * i] += i * 7 % 4 < 2 ? 0.0 : 8.0;
        t.values[2 * i + 1] += i * 7 % 2 == 0 ? 0.0 : 8.03;
        if (i % 4 == 0) t.values[2 * i] -= 0.02; /* no two of the sides are equal */
    }
    no_worse_than_strict("a rectangle", &t, NULL);
    table_free(&t);
}
END_TEST

static int by_first(const void *a, const void *b)
{
    const double *one = a, *other = b;
    return (*one > *other) - (*one < *other);
}

START_TEST(test_rows_sorted_by_a_column)
{
    table t = table_make(ROWS, 3, 4, 13);
    for (int64_t i = 0; i < ROWS; i++) t.values[3 * i] = exp(0.5 * t.values[3 * i]);
    qsort(t.values, ROWS, 3 * sizeof(double), by_first);
    no_worse_than_strict("sorted rows", &t, NULL);
    table_free(&t);
}
END_TEST

/* Groups that come in turn: a sample by stride would see one of them alone. */
START_TEST(test_rows_that_are_periodic)
{
    table t = table_make(ROWS, 2, 1, 14);
    for (int64_t i = 0; i < ROWS; i++) {
        t.values[2 * i] += i % 64 == 0 ? 30.0 : i % 8 == 5 ? -9.0 : 0.0;
        t.values[2 * i + 1] += i % 512 == 3 ? 40.0 : i % 2 == 0 ? 5.0 : 0.0;
    }
    no_worse_than_strict("periodic rows", &t, NULL);
    table_free(&t);
}
END_TEST

/* What a shop's spend looks like, and rows that count for very different amounts. */
START_TEST(test_heavy_tails_and_weights)
{
    table t = table_make(ROWS, 2, 1, 15);
    double *weights = malloc(ROWS * sizeof *weights);
    for (int64_t i = 0; i < ROWS; i++) {
        t.values[2 * i] = exp(1.5 * t.values[2 * i]);
        weights[i] = i % 1000 == 7 ? 2000.0 : (double)(i % 3);
    }
    no_worse_than_strict("heavy tails", &t, weights);
    free(weights);
    table_free(&t);
}
END_TEST

/* Rows that are all alike but three, each so far away that it is an exception: the sample's last tiles are not full,
   and what fills them is no row. */
START_TEST(test_exceptions_among_equal_rows)
{
    table t = table_make(ROWS, 2, 1, 16);
    double inertia[COUNT];
    patron_rows rows = table_view(&t);
    for (int64_t e = 0; e < ROWS * 2; e++) t.values[e] = 5.0;
    t.values[2 * 999] = 1e6;
    t.values[2 * 70001] = -2e6;
    t.values[2 * 199999 + 1] = 3e6;
    no_worse_than_strict("exceptions", &t, NULL);
    sweep(inertia, &rows, 0, 3);
    ck_assert_double_gt(inertia[0], 1e12); /* one of the three is left, and another */
    ck_assert_double_gt(inertia[1], 1e11);
    ck_assert_double_eq(inertia[2], 0.0);
    table_free(&t);
}
END_TEST

/* The least inertia of k groups of whole numbers below `most`, counted: by dynamic programming over where the groups
   end, as the best groups on a line have no number of another between theirs. */
static double least_on_a_line(const double *counts, int most, int k)
{
    double *weight = calloc((size_t)most + 1, sizeof *weight), *sum = calloc((size_t)most + 1, sizeof *sum);
    double *square = calloc((size_t)most + 1, sizeof *square), *least = calloc((size_t)most + 1, sizeof *least);
    for (int v = 0; v < most; v++) {
        weight[v + 1] = weight[v] + counts[v];
        sum[v + 1] = sum[v] + counts[v] * v;
        square[v + 1] = square[v] + counts[v] * v * v;
        least[v + 1] = HUGE_VAL;
    }
    for (int j = 1; j <= k; j++)
        for (int end = most; end > 0; end--) {
            least[end] = HUGE_VAL;
            for (int from = 0; from < end; from++) {
                double of = weight[end] - weight[from], s = sum[end] - sum[from];
                double rest = j == 1 && from > 0 ? HUGE_VAL : least[from];
                if (of > 0.0) least[end] = fmin(least[end], rest + square[end] - square[from] - s * s / of);
            }
        }
    double found = least[most];
    free(weight);
    free(sum);
    free(square);
    free(least);
    return found;
}

/* A column of few whole numbers that outweighs the others: nearly every cut between two of them is a local optimum. */
START_TEST(test_a_column_of_few_values_that_outweighs_others)
{
    enum { MOST = 400 };
    table t = table_make(ROWS, 3, 1, 17);
    double counts[MOST] = {0}, inertia[COUNT];
    patron_rows rows = table_view(&t);
    for (int64_t i = 0; i < ROWS; i++) {
        double value = fmin(floor(3.0 * exp(2.0 + 0.8 * t.values[3 * i])), MOST - 1.0);
        t.values[3 * i] = 1e6 * value;
        counts[(int)value]++;
    }
    for (uint64_t seed = 0; seed < 4; seed++) {
        sweep(inertia, &rows, 0, seed);
        for (int i = 0; i < COUNT; i++) {
            double least = 1e12 * least_on_a_line(counts, MOST, K_MIN + i);
            ck_assert_msg(inertia[i] <= least * (1.0 + 1e-9), "seed %d, k %d: %.17g, and %.17g can be had", (int)seed,
                          K_MIN + i, inertia[i], least);
        }
    }
    table_free(&t);
}
END_TEST

/* Whether so many rows are screened at all; else there is nothing to compare, and test_kmeans_report says that. */
static bool is_screened(void)
{
    table t = table_make(ROWS, 2, 3, 1);
    patron_rows rows = table_view(&t);
    patron_kmeans *handle;
    patron_kmeans_result result = {.size = sizeof result};
    patron_kmeans_options options;
    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = 2;
    options.max_iter = 2;
    need(patron_kmeans_fit(&handle, NULL, &rows, 2, &options, NULL, NULL) == PATRON_OK);
    need(patron_kmeans_result_get(&result, handle, NULL) == PATRON_OK);
    patron_kmeans_free(handle);
    table_free(&t);
    if (!result.screened) printf("SKIPPED: starts on %d rows are not screened\n", ROWS);
    return result.screened;
}

int main(void)
{
    if (!is_screened()) return SKIPPED;
    Suite *suite = suite_create("kmeans_screening");
    TCase *tests = tcase_create("kmeans_screening");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, test_a_far_cluster_of_few_rows_is_found);
    tcase_add_test(tests, test_the_best_of_several_near_optima_is_taken);
    tcase_add_test(tests, test_rows_sorted_by_a_column);
    tcase_add_test(tests, test_rows_that_are_periodic);
    tcase_add_test(tests, test_heavy_tails_and_weights);
    tcase_add_test(tests, test_exceptions_among_equal_rows);
    tcase_add_test(tests, test_a_column_of_few_values_that_outweighs_others);
    return run_suite(suite);
}
