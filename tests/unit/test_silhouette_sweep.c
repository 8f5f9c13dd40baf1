/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exact silhouette of many rows, and of several labelings at once: in float, and within its bound of the truth. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "kernels/kernels.h"
#include "oracle/oracle_silhouette.h"
#include "support/suite.h"
#include "support/table.h"

enum { COUNT = 3, ROWS = 1500 };

static patron_error error;
static const int32_t ks[COUNT] = {2, 3, 4};

/* Labels by which of the first k rows is nearest, for k = 2, 3, 4: clusters that mean something, as k-means gives. */
static int32_t *label_all(const table *t)
{
    int32_t *labels = malloc((size_t)t->rows * COUNT * sizeof *labels);
    for (int l = 0; l < COUNT; l++)
        for (int64_t i = 0; i < t->rows; i++) {
            double least = HUGE_VAL;
            for (int32_t j = 0; j < ks[l]; j++) {
                double square = 0.0;
                for (int64_t c = 0; c < t->cols; c++) {
                    double difference = t->values[i * t->cols + c] - t->values[j * t->cols + c];
                    square += difference * difference;
                }
                if (square < least) labels[l * t->rows + i] = j;
                least = square < least ? square : least;
            }
        }
    return labels;
}

static patron_status sweep(patron_silhouette_result results[COUNT], double *scores, const patron_rows *rows,
                           const int32_t *labels, int32_t threads)
{
    patron_context context;
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    for (int l = 0; l < COUNT; l++) results[l].size = sizeof *results;
    return patron_silhouette_sweep(results, scores, NULL, rows, labels, ks, COUNT, &context, &error);
}

/* All labelings at once, and each alone, against the oracle. Returns how many rows were scored in double. */
static int64_t compare(const table *t, const int32_t *labels, double most_mean)
{
    patron_rows rows = table_view(t);
    patron_silhouette_result together[COUNT], alone = {.size = sizeof alone};
    double *scores = malloc((size_t)t->rows * COUNT * sizeof *scores), worst = 0.0, worst_mean = 0.0;
    long double *exact = malloc((size_t)t->rows * sizeof *exact);
    int64_t in_double = 0;
    ck_assert_int_eq(sweep(together, scores, &rows, labels, 2), PATRON_OK);
    for (int l = 0; l < COUNT; l++) {
        double mean = (double)oracle_silhouette(exact, t->values, t->rows, t->cols, labels + l * t->rows, ks[l]);
        worst_mean = fmax(worst_mean, fabs(together[l].mean - mean));
        for (int64_t i = 0; i < t->rows; i++) worst = fmax(worst, fabs(scores[l * t->rows + i] - (double)exact[i]));
        ck_assert_int_eq(patron_silhouette(&alone, scores, NULL, &rows, labels + l * t->rows, ks[l], NULL, &error),
                         PATRON_OK);
        worst_mean = fmax(worst_mean, fabs(alone.mean - mean));
        for (int64_t i = 0; i < t->rows; i++) worst = fmax(worst, fabs(scores[i] - (double)exact[i]));
        in_double += together[l].in_double;
    }
    if (getenv("PATRON_SAY") != NULL)
        printf("%lld x %lld: score %.2e, mean %.2e, in double %lld\n", (long long)t->rows, (long long)t->cols, worst,
               worst_mean, (long long)in_double);
    ck_assert_double_le(worst, 1e-6);
    ck_assert_double_le(worst_mean, most_mean);
    free(exact);
    free(scores);
    return in_double;
}

START_TEST(test_scores_and_means_are_within_the_bound)
{
    static const int64_t cols[] = {1, 2, 3, 8, 17, 64};
    for (size_t s = 0; s < sizeof cols / sizeof *cols; s++) {
        table t = table_make(ROWS, cols[s], 3, s);
        int32_t *labels = label_all(&t);
        ck_assert_int_eq(compare(&t, labels, 1e-8), 0);
        free(labels);
        table_free(&t);
    }
}
END_TEST

START_TEST(test_offsets_do_not_matter)
{
    static const double offsets[] = {1e6, 1.7e9};
    for (size_t s = 0; s < 2; s++) {
        table t = table_make(ROWS, 4, 3, 9);
        for (int64_t e = 0; e < 4 * ROWS; e++) t.values[e] = rint(t.values[e] * 0x1p20) * 0x1p-20 + offsets[s];
        int32_t *labels = label_all(&t);
        ck_assert_int_eq(compare(&t, labels, 1e-8), 0);
        free(labels);
        table_free(&t);
    }
}
END_TEST

/* Tails, outliers and clusters within clusters: what would spoil one step for all rows. Where few rows make up most of
   the distances, fewer rounding errors cancel in the mean. */
START_TEST(test_any_spread_is_within_the_bound)
{
    for (int kind = 0; kind < 5; kind++) {
        table t = table_make(ROWS, 3, 3, 20 + (uint64_t)kind);
        for (int64_t i = 3; i < ROWS; i++) {
            double *x = t.values + 3 * i;
            if (kind == 0) x[0] = exp(x[0]);                                  /* a heavy tail */
            if (kind == 1 && i % 500 == 0) x[1] = 1e6 * (double)(1 + i);      /* a few far away */
            if (kind == 2 && i == 700) x[2] = 1e15;                           /* one very far away */
            if (kind == 3) x[0] += i % 3 == 0 ? 1e5 : 0.0;                    /* two tight groups and a far one */
            if (kind == 4) x[1] += (double)(i % 7) * pow(10.0, (int)(i % 7)); /* clusters of every size */
        }
        int32_t *labels = label_all(&t);
        int64_t in_double = compare(&t, labels, kind == 0 ? 5e-8 : 1e-8);
        ck_assert_int_le(in_double, COUNT * ROWS / 256);
        free(labels);
        table_free(&t);
    }
}
END_TEST

/* Rounding errors that are the same again and again do not cancel. */
START_TEST(test_few_different_rows)
{
    for (int kind = 0; kind < 3; kind++) {
        table t = table_make(ROWS, 2, 3, 30);
        for (int64_t e = 0; e < 2 * ROWS; e++) {
            if (kind == 0) t.values[e] = t.values[e] > 0.0 ? 1.0 : 0.0;
            if (kind == 1) t.values[e] = 0.3 * rint(t.values[e] / 3.0);
            if (kind == 2) t.values[e] = (double)((e / 2) % 2);
        }
        int32_t *labels = label_all(&t);
        for (int64_t i = 0; i < ROWS * COUNT; i++)
            if (i % ROWS < 4) labels[i] = (int32_t)(i % ROWS) % ks[i / ROWS];
        compare(&t, labels, 5e-8);
        free(labels);
        table_free(&t);
    }
}
END_TEST

START_TEST(test_same_bits_for_any_number_of_threads)
{
    table t = table_make(5000, 3, 4, 7);
    patron_rows rows = table_view(&t);
    int32_t *labels = label_all(&t);
    double *scores[2] = {malloc(15000 * sizeof(double)), malloc(15000 * sizeof(double))};
    patron_silhouette_result first[COUNT], result[COUNT];
    ck_assert_int_eq(sweep(first, scores[0], &rows, labels, 1), PATRON_OK);
    for (int32_t threads = 2; threads <= 8; threads *= 2) {
        ck_assert_int_eq(sweep(result, scores[1], &rows, labels, threads), PATRON_OK);
        ck_assert(memcmp(scores[0], scores[1], 15000 * sizeof(double)) == 0);
        for (int l = 0; l < COUNT; l++) {
            ck_assert_double_eq(first[l].mean, result[l].mean);
            ck_assert_double_eq(first[l].mean_macro, result[l].mean_macro);
            ck_assert_double_ge(result[l].seconds, 0.0);
        }
    }
    free(scores[0]);
    free(scores[1]);
    free(labels);
    table_free(&t);
}
END_TEST

/* The tables agree to the bit, whatever runs here. */
START_TEST(test_kernels_give_the_same_bits)
{
    enum { COLS = 5, TILES = 21 };
    const ptn_kernels *best = ptn_kernels_here(), *all[3] = {&ptn_kernels_scalar, best, best};
#if defined(__x86_64__)
    if (best != &ptn_kernels_scalar) all[1] = &ptn_kernels_avx2;
#endif
    table t = table_make(TILES * PTN_TILE, COLS, 3, 5);
    static float values[TILES * PTN_TILE * COLS], weights[TILES * PTN_TILE];
    double query[3][PTN_TILE] = {{0}}, *member[3];
    for (int64_t e = 0; e < TILES * PTN_TILE * COLS; e++) values[e] = (float)t.values[e];
    for (int64_t i = 0; i < TILES * PTN_TILE; i++) weights[i] = (float)(i % 4);
    ptn_pairs pairs = {values, values, weights, weights, COLS, TILES};
    for (int k = 0; k < 3; k++) {
        member[k] = calloc(TILES * PTN_TILE, sizeof(double));
        all[k]->pairs(query[k], member[k], &pairs);
        all[k]->pairs(query[k], NULL, &pairs);
        ck_assert(memcmp(query[0], query[k], sizeof query[0]) == 0);
        ck_assert(memcmp(member[0], member[k], TILES * PTN_TILE * sizeof(double)) == 0);
    }
    for (int64_t i = 0; i < PTN_TILE; i++) {
        double sum = 0.0;
        for (int64_t m = 0; m < TILES * PTN_TILE; m++) {
            double square = 0.0;
            for (int64_t c = 0; c < COLS; c++) {
                double difference = (double)values[(m / 16 * COLS + c) * 16 + m % 16] - (double)values[c * 16 + i];
                square += difference * difference;
            }
            sum += (double)weights[m] * sqrt(square);
        }
        ck_assert_double_eq_tol(query[0][i], 2.0 * sum, 1e-6 * sum);
    }
    for (int k = 0; k < 3; k++) free(member[k]);
    table_free(&t);
}
END_TEST

START_TEST(test_weight_equals_copies)
{
    table t = table_make(1200, 2, 3, 3), copies = {malloc(8000 * sizeof(double)), 0, 2};
    int32_t *labels = label_all(&t), *copied = malloc(4000 * COUNT * sizeof *copied);
    double *weights = malloc(1200 * sizeof *weights), *scores = malloc(12000 * sizeof *scores), *others = scores + 3600;
    for (int64_t i = 0; i < 1200; i++) {
        weights[i] = (double)((i * 5) % 4);
        for (int w = 0; w < (int)weights[i]; w++) copies.rows++;
    }
    for (int64_t i = 0, at = 0; i < 1200; i++)
        for (int w = 0; w < (int)weights[i]; w++, at++) {
            memcpy(copies.values + 2 * at, t.values + 2 * i, 2 * sizeof(double));
            for (int l = 0; l < COUNT; l++) copied[l * copies.rows + at] = labels[l * 1200 + i];
        }
    patron_rows weighted = table_view(&t), plain = table_view(&copies);
    patron_silhouette_result a[COUNT], b[COUNT];
    weighted.weights = weights;
    ck_assert_int_eq(sweep(a, scores, &weighted, labels, 2), PATRON_OK);
    ck_assert_int_eq(sweep(b, others, &plain, copied, 2), PATRON_OK);
    for (int l = 0; l < COUNT; l++) {
        ck_assert_double_eq_tol(a[l].mean, b[l].mean, 1e-8);
        for (int64_t i = 0, at = 0; i < 1200; at += (int64_t)weights[i++])
            if (weights[i] > 0.0)
                ck_assert_double_eq_tol(scores[l * 1200 + i], others[l * copies.rows + at], 1e-6);
            else
                ck_assert(fabs(scores[l * 1200 + i]) <= 1.0);
    }
    weights[3] = 0x1p31; /* more than int64 sums have room for: in double */
    ck_assert_int_eq(sweep(a, NULL, &weighted, labels, 2), PATRON_OK);
    ck_assert_int_eq(a[0].in_double, 1200);
    free(scores);
    free(weights);
    free(copied);
    free(labels);
    table_free(&copies);
    table_free(&t);
}
END_TEST

/* Labelings that do not go together are scored one after the other; those with many labels in double. */
START_TEST(test_many_labels)
{
    enum { MANY = 1300 };
    static const int32_t many[COUNT] = {60, 19, 300};
    table t = table_make(MANY, 2, 3, 8);
    patron_rows rows = table_view(&t);
    int32_t *labels = malloc(MANY * COUNT * sizeof *labels);
    double *scores = malloc(MANY * COUNT * sizeof *scores), means[60 + 19 + 300];
    long double *exact = malloc(MANY * sizeof *exact);
    for (int64_t i = 0; i < MANY * COUNT; i++) labels[i] = (int32_t)(i * i % MANY) % (many[i / MANY] - 1);
    patron_silhouette_result results[COUNT];
    for (int l = 0; l < COUNT; l++) results[l].size = sizeof *results;
    ck_assert_int_eq(patron_silhouette_sweep(results, scores, means, &rows, labels, many, COUNT, NULL, &error),
                     PATRON_OK);
    for (int l = 0; l < COUNT; l++) {
        double mean = (double)oracle_silhouette(exact, t.values, MANY, 2, labels + l * MANY, many[l]);
        ck_assert_double_eq_tol(results[l].mean, mean, 1e-8);
        ck_assert_int_gt(results[l].empty, 0);
        ck_assert_int_eq(results[l].empty + results[l].clusters, many[l]);
        for (int64_t i = 0; i < MANY; i++) ck_assert_double_eq_tol(scores[l * MANY + i], (double)exact[i], 1e-6);
    }
    ck_assert_double_nan(means[59]);
    ck_assert(!isnan(means[60]));
    ck_assert_int_eq(results[1].in_double, 0);
    ck_assert_int_eq(results[2].in_double, MANY);
    free(exact);
    free(scores);
    free(labels);
    table_free(&t);
}
END_TEST

START_TEST(test_what_cannot_be_scored_is_refused)
{
    double values[] = {0, 1, 5, 6};
    int32_t labels[] = {0, 0, 1, 1, 0, 1, 2, 2}, k[] = {2, 3};
    table t = {values, 4, 1};
    patron_rows rows = table_view(&t);
    patron_silhouette_result results[2] = {{.size = sizeof *results}, {.size = sizeof *results}};
    ck_assert_int_eq(patron_silhouette_sweep(results, NULL, NULL, &rows, labels, k, 2, NULL, &error), PATRON_OK);
    ck_assert_int_eq(results[1].clusters, 3);
    ck_assert_int_eq(patron_silhouette_sweep(results, NULL, NULL, &rows, labels, k, 0, NULL, &error),
                     PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_silhouette_sweep(results, NULL, NULL, &rows, labels, NULL, 2, NULL, &error),
                     PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_silhouette_sweep(results, NULL, NULL, &rows, NULL, k, 2, NULL, &error),
                     PATRON_INVALID_ARGUMENT);
    k[1] = 2;
    ck_assert_int_eq(patron_silhouette_sweep(results, NULL, NULL, &rows, labels, k, 2, NULL, &error),
                     PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(error.row, 2);
    k[1] = 0;
    ck_assert_int_eq(patron_silhouette_sweep(results, NULL, NULL, &rows, labels, k, 2, NULL, &error),
                     PATRON_INVALID_ARGUMENT);
    k[1] = 3;
    results[1].size = 24;
    ck_assert_int_eq(patron_silhouette_sweep(results, NULL, NULL, &rows, labels, k, 2, NULL, &error),
                     PATRON_INVALID_ARGUMENT);
}
END_TEST

START_TEST(test_memory_failure_and_cancelling_leave_nothing)
{
    table t = table_make(ROWS, 2, 3, 2);
    patron_rows rows = table_view(&t);
    int32_t *labels = label_all(&t);
    patron_silhouette_result results[COUNT];
    int64_t allowed = 0;
    for (int l = 0; l < COUNT; l++) results[l].size = sizeof *results;
    for (patron_status status = PATRON_OUT_OF_MEMORY; status != PATRON_OK; allowed++) {
        meter m = {.allowed = allowed, .callbacks = INT64_MAX};
        patron_context context = meter_context(&m);
        status = patron_silhouette_sweep(results, NULL, NULL, &rows, labels, ks, COUNT, &context, &error);
        ck_assert(status == PATRON_OK || status == PATRON_OUT_OF_MEMORY);
        ck_assert_int_eq(m.live, 0);
    }
    ck_assert_int_gt(allowed, 10);
    for (int64_t callbacks = 0; callbacks < 3; callbacks++) {
        meter m = {.allowed = INT64_MAX, .callbacks = callbacks};
        patron_context context = meter_context(&m);
        context.threads = 2;
        patron_status status = patron_silhouette_sweep(results, NULL, NULL, &rows, labels, ks, COUNT, &context, &error);
        ck_assert(status == PATRON_CANCELLED || (callbacks == 2 && status == PATRON_OK));
        ck_assert_int_eq(m.live, 0);
    }
    free(labels);
    table_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("silhouette sweep");
    TCase *tests = tcase_create("silhouette sweep");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_scores_and_means_are_within_the_bound);
    tcase_add_test(tests, test_offsets_do_not_matter);
    tcase_add_test(tests, test_any_spread_is_within_the_bound);
    tcase_add_test(tests, test_few_different_rows);
    tcase_add_test(tests, test_same_bits_for_any_number_of_threads);
    tcase_add_test(tests, test_kernels_give_the_same_bits);
    tcase_add_test(tests, test_weight_equals_copies);
    tcase_add_test(tests, test_many_labels);
    tcase_add_test(tests, test_what_cannot_be_scored_is_refused);
    tcase_add_test(tests, test_memory_failure_and_cancelling_leave_nothing);
    return run_suite(suite);
}
