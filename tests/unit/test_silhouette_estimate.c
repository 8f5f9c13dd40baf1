/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Estimated silhouettes: near the exact ones, the same bits always, stopped as said, and refused as said. How often
   intervals hold is another test's matter (tests/estimate). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "cluster/interval.h"
#include "kernels/kernels.h"
#include "numeric/student.h"
#include "support/suite.h"
#include "support/table.h"

enum { ROWS = 9000, K = 3 };

static patron_error error;

/* Labels by which of the first k rows is nearest. */
static void label(int32_t *labels, const table *t, int32_t k)
{
    for (int64_t i = 0; i < t->rows; i++) {
        double least = HUGE_VAL;
        for (int32_t j = 0; j < k; j++) {
            double square = 0.0;
            for (int64_t c = 0; c < t->cols; c++) {
                double difference = t->values[i * t->cols + c] - t->values[j * t->cols + c];
                square += difference * difference;
            }
            if (square < least) labels[i] = j;
            least = square < least ? square : least;
        }
    }
}

static patron_silhouette_estimate_options defaults(void)
{
    patron_silhouette_estimate_options options;
    patron_silhouette_estimate_options_init(&options, sizeof options);
    return options;
}

static patron_silhouette_estimate_result result_of_size(void)
{
    return (patron_silhouette_estimate_result){.size = sizeof(patron_silhouette_estimate_result)};
}

/* With one thread and the default seed; must go well. */
static patron_silhouette_estimate_result estimate(double *means, double *half_widths, const patron_rows *rows,
                                                  const int32_t *labels, int32_t k)
{
    patron_silhouette_estimate_result result = result_of_size();
    ck_assert_msg(patron_silhouette_estimate(&result, means, half_widths, rows, labels, k, NULL, NULL, &error) ==
                      PATRON_OK,
                  "%s", error.message);
    return result;
}

static patron_silhouette_result exact(double *means, const patron_rows *rows, const int32_t *labels, int32_t k)
{
    patron_silhouette_result result = {.size = sizeof result};
    ck_assert_int_eq(patron_silhouette(&result, NULL, means, rows, labels, k, NULL, &error), PATRON_OK);
    return result;
}

START_TEST(test_defaults_are_as_stated)
{
    patron_silhouette_estimate_options options = defaults();
    ck_assert_int_eq(options.size, sizeof options);
    ck_assert_double_eq(options.half_width, 1e-3);
    ck_assert_double_eq(options.level, 0.99);
    ck_assert_int_eq(options.most_rows, 0);
    ck_assert_int_eq(options.seed, 0);
}
END_TEST

/* Twice the half-width, as an interval may miss; a surrogate that is any good makes it narrow. */
START_TEST(test_near_the_exact_one_in_any_number_of_columns)
{
    static const int64_t cols[] = {1, 2, 5, 8, 16, 17, 40};
    static int32_t labels[ROWS];
    for (size_t s = 0; s < sizeof cols / sizeof *cols; s++) {
        table t = table_make(ROWS, cols[s], K, s + 1);
        patron_rows rows = table_view(&t);
        double means[K], true_means[K], half_widths[K];
        label(labels, &t, K);
        patron_silhouette_result truth = exact(true_means, &rows, labels, K);
        patron_silhouette_estimate_result result = estimate(means, half_widths, &rows, labels, K);
        ck_assert_double_eq_tol(result.mean, truth.mean, 2.0 * result.half_width + 1e-7);
        ck_assert_double_le(result.half_width, 1e-3);
        ck_assert_double_gt(result.half_width, 0.0);
        ck_assert_int_eq(result.interval, PATRON_INTERVAL_CLT);
        ck_assert_int_eq(result.clusters, truth.clusters);
        ck_assert_double_eq(result.level, 0.99);
        ck_assert_int_le(result.rows_used, ROWS / 2);
        for (int32_t j = 0; j < K; j++) ck_assert_double_eq_tol(means[j], true_means[j], 2.0 * half_widths[j] + 1e-6);
        table_free(&t);
    }
}
END_TEST

START_TEST(test_few_rows_are_scored_in_full)
{
    static int32_t labels[ROWS];
    static const int64_t few[] = {3, 1000, 4096};
    for (int f = 0; f < 3; f++) {
        table t = table_make(few[f], 2, K, 4);
        patron_rows rows = table_view(&t);
        double means[K], true_means[K], half_widths[K];
        label(labels, &t, K);
        patron_silhouette_result truth = exact(true_means, &rows, labels, K);
        patron_silhouette_estimate_result result = estimate(means, half_widths, &rows, labels, K);
        ck_assert_double_eq(result.mean, truth.mean);
        ck_assert_double_eq(result.half_width, 0.0);
        ck_assert_int_eq(result.interval, PATRON_INTERVAL_EXACT);
        ck_assert_int_eq(result.looks, 0);
        ck_assert_int_eq(result.rows_used, few[f]);
        for (int32_t j = 0; j < K; j++) {
            ck_assert_double_eq(means[j], true_means[j]);
            ck_assert_double_eq(half_widths[j], 0.0);
        }
        table_free(&t);
    }
}
END_TEST

/* A segment of 5 customers is no matter of luck; an unused label is allowed, and said. */
START_TEST(test_tiny_segments_are_exact)
{
    static int32_t labels[ROWS];
    table t = table_make(ROWS, 3, 2, 6);
    patron_rows rows = table_view(&t);
    double means[4], true_means[4], half_widths[4];
    label(labels, &t, 2);
    for (int64_t i = 0; i < 5; i++) {
        t.values[3 * (100 * i + 7)] += 30.0;
        labels[100 * i + 7] = 3;
    }
    exact(true_means, &rows, labels, 4);
    patron_silhouette_estimate_result result = estimate(means, half_widths, &rows, labels, 4);
    ck_assert_double_eq_tol(means[3], true_means[3], 1e-6);
    ck_assert_double_eq(half_widths[3], 0.0);
    ck_assert_double_nan(means[2]);
    ck_assert_double_nan(half_widths[2]);
    ck_assert_int_eq(result.clusters, 3);
    ck_assert_int_eq(result.empty, 1);
    table_free(&t);
}
END_TEST

START_TEST(test_weights_count_as_copies)
{
    static int32_t labels[ROWS], copied[4 * ROWS];
    static double weights[ROWS], values[4 * ROWS * 2];
    table t = table_make(ROWS, 2, K, 11), copies = {values, 0, 2};
    patron_rows rows = table_view(&t);
    double means[K], copied_means[K], half_widths[K];
    label(labels, &t, K);
    for (int64_t i = 0; i < ROWS; i++) {
        weights[i] = i == 77 ? 300.0 : (double)(i % 4);
        for (int w = 0; w < (int)weights[i] && weights[i] < 4.0; w++) {
            memcpy(values + 2 * copies.rows, t.values + 2 * i, 2 * sizeof *values);
            copied[copies.rows++] = labels[i];
        }
    }
    for (int w = 0; w < 300; w++) {
        memcpy(values + 2 * copies.rows, t.values + 2 * 77, 2 * sizeof *values);
        copied[copies.rows++] = labels[77];
    }
    rows.weights = weights;
    patron_rows plain = table_view(&copies);
    patron_silhouette_result truth = exact(copied_means, &plain, copied, K);
    patron_silhouette_estimate_result result = estimate(means, half_widths, &rows, labels, K);
    ck_assert_double_eq_tol(result.mean, truth.mean, 2.0 * result.half_width + 1e-7);
    ck_assert_double_le(result.half_width, 1e-3);
    for (int32_t j = 0; j < K; j++) ck_assert_double_eq_tol(means[j], copied_means[j], 2.0 * half_widths[j] + 1e-6);
    table_free(&t);
}
END_TEST

START_TEST(test_offsets_and_outliers_do_no_harm)
{
    static int32_t labels[ROWS];
    for (int kind = 0; kind < 4; kind++) {
        table t = table_make(ROWS, 3, K, 21);
        patron_rows rows = table_view(&t);
        label(labels, &t, K);
        for (int64_t i = 0; i < ROWS; i++) {
            double *x = t.values + 3 * i;
            for (int c = 0; c < 3 && kind == 0; c++) x[c] = rint(x[c] * 0x1p20) * 0x1p-20 + 1.7e9;
            if (kind == 1 && i % 700 == 3) x[1] *= 1e5;
            if (kind == 2 && i == 4000) x[2] = 1e300;
            if (kind == 3) x[0] = x[1] = x[2] = 5.0; /* the same in every segment */
        }
        patron_silhouette_result truth = exact(NULL, &rows, labels, K);
        patron_silhouette_estimate_result result = result_of_size();
        patron_status status = patron_silhouette_estimate(&result, NULL, NULL, &rows, labels, K, NULL, NULL, &error);
        ck_assert(status == PATRON_OK || status == PATRON_BUDGET_SPENT);
        ck_assert_double_eq_tol(result.mean, truth.mean, 2.0 * result.half_width + 1e-6);
        if (kind == 3) ck_assert_double_eq_tol(result.mean, 0.0, 1e-9);
        table_free(&t);
    }
}
END_TEST

START_TEST(test_same_bits_for_any_number_of_threads)
{
    static int32_t labels[2 * ROWS];
    static const int32_t k[] = {K, K + 1}, threads[] = {2, 3, 8};
    table t = table_make(ROWS, 3, 4, 9);
    patron_rows rows = table_view(&t);
    patron_silhouette_estimate_options options = defaults();
    patron_silhouette_comparison first = {.size = sizeof first}, comparison = first;
    double means[4][2 * K];
    label(labels, &t, K);
    label(labels + ROWS, &t, K + 1);
    t.values[100] = 1e7; /* a far row */
    options.half_width = 1e-7;
    options.most_rows = 3000;
    options.seed = 5;
    for (int i = -1; i < 3; i++) {
        patron_context context;
        patron_silhouette_estimate_result result = result_of_size();
        patron_context_init(&context, sizeof context);
        context.threads = i < 0 ? 1 : threads[i];
        patron_silhouette_estimate(&result, means[i + 1], means[i + 1] + K, &rows, labels, K, &options, &context,
                                   &error);
        ck_assert_int_gt(result.looks, 1);
        ck_assert_int_eq(patron_silhouette_compare(i < 0 ? &first : &comparison, NULL, &rows, labels, k, 2, &options,
                                                   &context, &error),
                         PATRON_OK);
        if (i < 0) continue;
        ck_assert(memcmp(means[0], means[i + 1], sizeof means[0]) == 0);
        ck_assert_double_eq(first.difference, comparison.difference);
        ck_assert_double_eq(first.half_width, comparison.half_width);
    }
    options.seed = 6;
    patron_silhouette_estimate_result other = result_of_size();
    patron_silhouette_estimate(&other, means[1], NULL, &rows, labels, K, &options, NULL, &error);
    ck_assert(memcmp(means[0], means[1], K * sizeof(double)) != 0);
    table_free(&t);
}
END_TEST

/* Rows enough for a pilot of some of them, and for two phases, with the options that lead there. */
enum { MANY = 300000, COLS = 2 };

static table many_rows(int32_t **labels, patron_silhouette_estimate_options *options)
{
    table t = table_make(MANY, COLS, 3, 8);
    *labels = malloc(MANY * sizeof **labels);
    *options = defaults();
    options->half_width = 1e-2;
    options->most_rows = 1000; /* few enough for a first phase of an eighth of the rows to pay */
    for (int64_t e = 0; e < MANY * COLS; e++) t.values[e] = (double)(float)t.values[e];
    for (int64_t i = 0; i < MANY; i++) (*labels)[i] = (t.values[i * COLS] > 0.0) + (t.values[i * COLS + 1] > 1.0);
    return t;
}

START_TEST(test_two_phases_have_the_same_bits)
{
    patron_silhouette_estimate_options options;
    int32_t *labels;
    table t = many_rows(&labels, &options);
    float *narrow = malloc(MANY * COLS * sizeof *narrow);
    double means[3][2 * K];
    patron_silhouette_estimate_result results[3];
    for (int64_t e = 0; e < MANY * COLS; e++) narrow[e] = (float)t.values[e];
    for (int i = 0; i < 3; i++) {
        patron_rows rows = table_view(&t);
        patron_context context;
        patron_context_init(&context, sizeof context);
        context.threads = 1 + i;
        if (i == 2) {
            rows.values = narrow;
            rows.type = PATRON_FLOAT32;
        }
        results[i] = result_of_size();
        ck_assert_int_eq(patron_silhouette_estimate(&results[i], means[i], means[i] + K, &rows, labels, K, &options,
                                                    &context, &error),
                         PATRON_OK);
        ck_assert(memcmp(means[0], means[i], sizeof means[0]) == 0);
        ck_assert_double_eq(results[0].mean, results[i].mean);
        ck_assert_double_eq(results[0].half_width, results[i].half_width);
        ck_assert_double_le(results[i].half_width, options.half_width);
        ck_assert_int_lt(results[i].rows_used, MANY / 100);
    }
    free(narrow);
    free(labels);
    table_free(&t);
}
END_TEST

/* Rows enough to be packed by several chunks. */
START_TEST(test_many_rows)
{
    enum { SEVERAL = 150000 };
    table t = table_make(SEVERAL, 2, K, 51);
    patron_rows rows = table_view(&t);
    int32_t *labels = malloc(SEVERAL * sizeof *labels);
    double means[2][K];
    label(labels, &t, K);
    for (int32_t i = 0; i < 2; i++) {
        patron_silhouette_estimate_result result = result_of_size();
        patron_context context;
        patron_context_init(&context, sizeof context);
        context.threads = 1 + 2 * i;
        ck_assert_int_eq(patron_silhouette_estimate(&result, means[i], NULL, &rows, labels, K, NULL, &context, &error),
                         PATRON_OK);
        ck_assert_int_le(result.rows_used, SEVERAL / 100);
    }
    ck_assert(memcmp(means[0], means[1], sizeof means[0]) == 0);
    free(labels);
    table_free(&t);
}
END_TEST

START_TEST(test_a_spent_budget_is_a_status_with_the_best_there_is)
{
    static int32_t labels[ROWS];
    table t = table_make(ROWS, 2, K, 31);
    patron_rows rows = table_view(&t);
    patron_silhouette_estimate_options options = defaults();
    patron_silhouette_estimate_result result = result_of_size();
    double means[K];
    label(labels, &t, K);
    options.half_width = 1e-9;
    options.most_rows = 1234;
    ck_assert_int_eq(patron_silhouette_estimate(&result, means, NULL, &rows, labels, K, &options, NULL, &error),
                     PATRON_BUDGET_SPENT);
    ck_assert_int_le(result.rows_used, 1234);
    ck_assert_int_ge(result.rows_used, 1200);
    ck_assert_double_gt(result.half_width, 1e-9);
    ck_assert(strstr(error.message, "most_rows") != NULL);
    ck_assert_int_eq(error.status, PATRON_BUDGET_SPENT);
    ck_assert_double_eq_tol(result.mean, exact(NULL, &rows, labels, K).mean, 2.0 * result.half_width + 1e-7);

    options.most_rows = 200; /* a smaller first look */
    result = result_of_size();
    patron_silhouette_estimate(&result, NULL, NULL, &rows, labels, K, &options, NULL, &error);
    ck_assert_int_le(result.rows_used, 200);
    options.most_rows = 20;
    ck_assert_int_eq(patron_silhouette_estimate(&result, NULL, NULL, &rows, labels, K, &options, NULL, &error),
                     PATRON_INVALID_ARGUMENT);
    options.most_rows = ROWS; /* everything may be scored, and is */
    options.half_width = 1e-300;
    ck_assert_int_eq(patron_silhouette_estimate(&result, NULL, NULL, &rows, labels, K, &options, NULL, &error),
                     PATRON_OK);
    ck_assert_int_eq(result.interval, PATRON_INTERVAL_EXACT);
    ck_assert_int_eq(result.rows_used, ROWS);
    ck_assert_double_eq_tol(result.mean, exact(NULL, &rows, labels, K).mean, 1e-8);
    table_free(&t);
}
END_TEST

START_TEST(test_labelings_are_compared)
{
    static int32_t labels[3 * ROWS];
    static const int32_t k[] = {2, 3, 3};
    table t = table_make(ROWS, 2, 3, 41);
    patron_rows rows = table_view(&t);
    patron_silhouette_estimate_options options = defaults();
    patron_silhouette_comparison comparison = {.size = sizeof comparison};
    patron_silhouette_estimate_result results[3];
    double truth[3];
    for (int l = 0; l < 3; l++) {
        label(labels + l * ROWS, &t, k[l]);
        results[l] = result_of_size();
    }
    for (int64_t i = 0; i < 40; i++) labels[2 * ROWS + 50 * i] = 0; /* nearly the second */
    for (int l = 0; l < 3; l++) truth[l] = exact(NULL, &rows, labels + l * ROWS, k[l]).mean;
    ck_assert_int_eq(patron_silhouette_compare(&comparison, results, &rows, labels, k, 3, &options, NULL, &error),
                     PATRON_OK);
    int32_t best = 0;
    for (int32_t l = 1; l < 3; l++) best = truth[l] > truth[best] ? l : best;
    ck_assert_int_eq(comparison.best, best);
    ck_assert_int_eq(comparison.certain, 1);
    ck_assert_int_eq(comparison.ended, PATRON_COMPARED_CERTAIN);
    ck_assert_double_gt(comparison.difference, comparison.half_width);
    ck_assert_double_eq_tol(comparison.difference, truth[best] - truth[comparison.rival],
                            2.0 * comparison.half_width + 1e-7);
    ck_assert_double_eq_tol(comparison.difference, results[best].mean - results[comparison.rival].mean, 1e-12);
    for (int l = 0; l < 3; l++) ck_assert_double_eq_tol(results[l].mean, truth[l], 2.0 * results[l].half_width + 1e-7);
    ck_assert_double_lt(comparison.half_width, results[best].half_width + results[comparison.rival].half_width);
    table_free(&t);
}
END_TEST

/* A labeling and a very little changed copy of it: a tie to any half-width that is asked, and never certain. */
START_TEST(test_ties_are_said_to_be_ties)
{
    static int32_t labels[2 * ROWS];
    static const int32_t k[] = {2, 2};
    table t = table_make(ROWS, 2, 2, 43);
    patron_rows rows = table_view(&t);
    patron_silhouette_estimate_options options = defaults();
    patron_silhouette_comparison comparison = {.size = sizeof comparison};
    label(labels, &t, 2);
    for (int64_t i = 0; i < ROWS; i++) labels[ROWS + i] = 1 - labels[i]; /* the same, by other names */
    ck_assert_int_eq(patron_silhouette_compare(&comparison, NULL, &rows, labels, k, 2, &options, NULL, &error),
                     PATRON_OK);
    ck_assert_int_eq(comparison.certain, 0);
    ck_assert_int_eq(comparison.ended, PATRON_COMPARED_CLOSE);
    ck_assert_double_le(comparison.difference, 1e-9);
    for (int64_t i = 0; i < ROWS; i++) labels[ROWS + i] = i % 1000 == 1 ? 1 - labels[i] : labels[i];
    options.half_width = 0.0;
    options.most_rows = 500;
    ck_assert_int_eq(patron_silhouette_compare(&comparison, NULL, &rows, labels, k, 2, &options, NULL, &error),
                     PATRON_OK);
    ck_assert(comparison.ended == PATRON_COMPARED_CERTAIN || comparison.ended == PATRON_COMPARED_BUDGET);
    ck_assert_int_le(comparison.rows_used, 500);
    table_free(&t);
}
END_TEST

START_TEST(test_what_cannot_be_estimated_is_refused)
{
    static int32_t labels[2 * ROWS];
    static const int32_t k[] = {2, 3};
    static double weights[ROWS];
    table t = table_make(ROWS, 2, 2, 3);
    patron_rows rows = table_view(&t);
    patron_silhouette_estimate_options options = defaults();
    patron_silhouette_estimate_result result = result_of_size();
    patron_silhouette_comparison comparison = {.size = sizeof comparison};
    label(labels, &t, 2);
    label(labels + ROWS, &t, 3);
#define ESTIMATE(k_given)                                                                                              \
    patron_silhouette_estimate(&result, NULL, NULL, &rows, labels, (k_given), &options, NULL, &error)
    static const double bad_widths[] = {0.0, -1.0, (double)NAN}, bad_levels[] = {0.0, 0.4, 1.0, (double)NAN};
    for (int i = 0; i < 3; i++) {
        options.half_width = bad_widths[i];
        ck_assert_int_eq(ESTIMATE(2), PATRON_INVALID_ARGUMENT);
    }
    options = defaults();
    for (int i = 0; i < 4; i++) {
        options.level = bad_levels[i];
        ck_assert_int_eq(ESTIMATE(2), PATRON_INVALID_ARGUMENT);
    }
    options = defaults();
    options.most_rows = -1;
    ck_assert_int_eq(ESTIMATE(2), PATRON_INVALID_ARGUMENT);
    options = defaults();
    ck_assert_int_eq(ESTIMATE(0), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(ESTIMATE(257), PATRON_TOO_LARGE);
    labels[3000] = 2;
    ck_assert_int_eq(ESTIMATE(2), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(error.row, 3000);
    labels[3000] = 0;
    t.values[17] = (double)NAN;
    ck_assert_int_eq(ESTIMATE(2), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, 8);
    t.values[17] = 0.0;
    for (int64_t i = 0; i < ROWS; i++) weights[i] = 1.0;
    rows.weights = weights;
    weights[5] = 1.5;
    ck_assert_int_eq(ESTIMATE(2), PATRON_INVALID_ARGUMENT);
    weights[5] = 0x1p31;
    ck_assert_int_eq(ESTIMATE(2), PATRON_OUT_OF_RANGE);
    for (int64_t i = 0; i < ROWS; i++) weights[i] = labels[i] == 0;
    ck_assert_int_eq(ESTIMATE(2), PATRON_ONE_CLUSTER);
    rows.weights = NULL;
    rows.rows = 1;
    ck_assert_int_eq(ESTIMATE(2), PATRON_ONE_CLUSTER);
    rows.rows = 0;
    ck_assert_int_eq(ESTIMATE(2), PATRON_NO_DATA);
    rows.rows = ROWS;
    ck_assert_int_eq(patron_silhouette_estimate(NULL, NULL, NULL, &rows, labels, 2, NULL, NULL, &error),
                     PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_silhouette_estimate(&result, NULL, NULL, NULL, labels, 2, NULL, NULL, &error),
                     PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_silhouette_estimate(&result, NULL, NULL, &rows, NULL, 2, NULL, NULL, &error),
                     PATRON_INVALID_ARGUMENT);
#define COMPARE(labels_given, k_given, count)                                                                          \
    patron_silhouette_compare(&comparison, NULL, &rows, labels_given, k_given, count, NULL, NULL, &error)
    ck_assert_int_eq(COMPARE(labels, k, 1), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(COMPARE(NULL, k, 2), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(COMPARE(labels, NULL, 2), PATRON_INVALID_ARGUMENT);
    static const int32_t many[] = {8, 8, 8};
    static int32_t crossed[3 * ROWS]; /* 512 groups of 17 or 18 rows */
    for (int64_t i = 0; i < ROWS; i++)
        for (int64_t l = 0; l < 3; l++) crossed[l * ROWS + i] = (int32_t)(i >> (3 * l)) % 8;
    ck_assert_int_eq(COMPARE(crossed, many, 3), PATRON_TOO_LARGE);
    table_free(&t);
}
END_TEST

/* Every row alone, and many small segments. */
START_TEST(test_many_labels)
{
    static int32_t labels[ROWS];
    table t = table_make(ROWS, 1, 2, 3);
    patron_rows rows = table_view(&t);
    for (int32_t k = 4; k <= 256; k *= 8) {
        for (int64_t i = 0; i < ROWS; i++) labels[i] = (int32_t)(i * k / ROWS);
        patron_silhouette_estimate_result result = estimate(NULL, NULL, &rows, labels, k);
        ck_assert_double_eq_tol(result.mean, exact(NULL, &rows, labels, k).mean, 2.0 * result.half_width + 1e-7);
    }
    rows.rows = 200;
    for (int32_t i = 0; i < 200; i++) labels[i] = i;
    patron_silhouette_estimate_result result = estimate(NULL, NULL, &rows, labels, 200);
    ck_assert_double_eq(result.mean, 0.0);
    ck_assert_int_eq(result.clusters, 200);
    table_free(&t);
}
END_TEST

START_TEST(test_memory_failure_and_cancelling_leave_nothing)
{
    static int32_t labels[2 * ROWS];
    static const int32_t k[] = {2, 3};
    table t = table_make(4200, 2, 3, 2);
    patron_rows rows = table_view(&t);
    patron_silhouette_comparison comparison = {.size = sizeof comparison};
    patron_silhouette_estimate_result results[2] = {result_of_size(), result_of_size()};
    label(labels, &t, 2);
    label(labels + 4200, &t, 3);
    int64_t allowed = 0;
    for (patron_status status = PATRON_OUT_OF_MEMORY; status != PATRON_OK; allowed++) {
        meter m = {.allowed = allowed, .callbacks = INT64_MAX};
        patron_context context = meter_context(&m);
        status = patron_silhouette_compare(&comparison, results, &rows, labels, k, 2, NULL, &context, &error);
        ck_assert(status == PATRON_OK || status == PATRON_OUT_OF_MEMORY);
        ck_assert_int_eq(m.live, 0);
    }
    ck_assert_int_gt(allowed, 40);
    int64_t callbacks = 0;
    for (patron_status status = PATRON_CANCELLED; status != PATRON_OK; callbacks++) {
        meter m = {.allowed = INT64_MAX, .callbacks = callbacks};
        patron_context context = meter_context(&m);
        status = patron_silhouette_estimate(results, NULL, NULL, &rows, labels, 2, NULL, &context, &error);
        ck_assert(status == PATRON_OK || status == PATRON_CANCELLED);
        ck_assert_int_eq(m.live, 0);
    }
    ck_assert_int_gt(callbacks, 5);
    table_free(&t);
}
END_TEST

START_TEST(test_memory_failure_and_cancelling_in_two_phases_leave_nothing)
{
    patron_silhouette_estimate_options options;
    int32_t *labels;
    table t = many_rows(&labels, &options);
    patron_rows rows = table_view(&t);
    patron_silhouette_estimate_result result = result_of_size();
    patron_status status = PATRON_OUT_OF_MEMORY;
    int64_t allowed = 0, callbacks = 0;
    /* Ever farther apart: what comes last has all the work before it, and there are as many callbacks as blocks. */
    for (; status != PATRON_OK; allowed += 1 + allowed / 8) {
        meter m = {.allowed = allowed, .callbacks = INT64_MAX};
        patron_context context = meter_context(&m);
        status = patron_silhouette_estimate(&result, NULL, NULL, &rows, labels, K, &options, &context, &error);
        ck_assert(status == PATRON_OK || status == PATRON_OUT_OF_MEMORY);
        ck_assert_int_eq(m.live, 0);
    }
    ck_assert_int_gt(allowed, 40);
    for (status = PATRON_CANCELLED; status != PATRON_OK; callbacks += 1 + callbacks) {
        meter m = {.allowed = INT64_MAX, .callbacks = callbacks};
        patron_context context = meter_context(&m);
        status = patron_silhouette_estimate(&result, NULL, NULL, &rows, labels, K, &options, &context, &error);
        ck_assert(status == PATRON_OK || status == PATRON_CANCELLED);
        ck_assert_int_eq(m.live, 0);
    }
    ck_assert_int_gt(callbacks, 5);
    free(labels);
    table_free(&t);
}
END_TEST

/* Against the formula in double, and the tables against one another to the bit. */
START_TEST(test_expected_distances)
{
    enum { MOST = 20, NODES = 3 };
    const ptn_kernels *best = ptn_kernels_here(), *all[3] = {&ptn_kernels_scalar, best, best};
#if defined(__x86_64__)
    if (best != &ptn_kernels_scalar) all[1] = &ptn_kernels_avx2;
#endif
    for (int64_t cols = 1; cols <= MOST; cols += cols < 9 ? 1 : 4) {
        bool full = cols <= PTN_FULL_COLS;
        int64_t form = full ? cols * (cols + 1) / 2 : cols;
        static float tile[MOST * PTN_TILE], means[NODES * MOST], slopes[NODES * MOST], forms[NODES * 210];
        float spreads[NODES] = {0.2f, 1.0f, 3.0f}, rests[NODES] = {0.01f, 0.1f, 0.0f},
              shares[NODES] = {0.2f, 0.5f, 0.3f};
        float got[3][PTN_TILE];
        table t = table_make(PTN_TILE + 3 * NODES, cols, 3, (uint64_t)cols);
        for (int64_t c = 0; c < cols; c++) {
            for (int64_t r = 0; r < PTN_TILE; r++) tile[c * PTN_TILE + r] = (float)t.values[r * cols + c];
            for (int64_t v = 0; v < NODES; v++) {
                means[v * cols + c] = (float)t.values[(PTN_TILE + v) * cols + c];
                slopes[v * cols + c] = (float)t.values[(PTN_TILE + NODES + v) * cols + c] / 20.0f;
            }
        }
        for (int64_t e = 0; e < NODES * form; e++) forms[e] = (float)(e % 7) / 40.0f;
        ptn_nodes nodes = {means, slopes, forms, spreads, rests, shares, cols, NODES, full};
        for (int a = 0; a < 3; a++) {
            all[a]->expected(got[a], tile, &nodes);
            ck_assert(memcmp(got[0], got[a], sizeof got[0]) == 0);
        }
        for (int64_t r = 0; r < PTN_TILE; r++) {
            double sum = 0.0;
            for (int64_t v = 0; v < NODES; v++) {
                double e[MOST], square = (double)spreads[v], variance = (double)rests[v];
                for (int64_t c = 0; c < cols; c++) {
                    e[c] = (double)tile[c * PTN_TILE + r] - (double)means[v * cols + c];
                    square += e[c] * e[c];
                    variance += (double)slopes[v * cols + c] * e[c];
                    for (int64_t b = full ? 0 : c; b <= c; b++) {
                        int64_t at = full ? c * (c + 1) / 2 + b : c;
                        variance += (double)forms[v * form + at] * e[c] * e[b];
                    }
                }
                sum += (double)shares[v] * fmax(0.0, sqrt(square) * (1.0 - variance / (square * square)));
            }
            ck_assert_double_eq_tol((double)got[0][r], sum, 1e-4 * (1.0 + sum));
        }
        table_free(&t);
    }
}
END_TEST

START_TEST(test_samples_are_planned_beforehand)
{
    ptn_stratum strata[] = {
        {.rows = 10000, .least = 200}, {.rows = 1000, .least = 200}, {.rows = 300, .least = 200}, {.rows = 0}};
    ck_assert_int_eq(ptn_strata_plan(strata, 4, 1, 100000), 200 + 200 + 300);
    ck_assert_int_eq(ptn_strata_plan(strata, 4, 3, 100000), 800 + 200 + 300);
    ck_assert_int_eq(ptn_strata_plan(strata, 4, 5, 100000), 3200 + 320 + 300);
    ck_assert_int_eq(strata[1].wanted, 320);
    ck_assert_int_le(ptn_strata_plan(strata, 4, 5, 2000), 2000);
    ck_assert_int_ge(ptn_strata_plan(strata, 4, 5, 2000), 1990);
    ck_assert_int_eq(ptn_strata_plan(strata, 4, 6, 2000), ptn_strata_plan(strata, 4, 5, 2000));
    ck_assert_int_eq(ptn_strata_plan(strata, 4, 60, 100000), 11300);
}
END_TEST

/* Two strata by hand: 100 rows of which 4 have squares 12 in all, 50 of which 5 have 10. */
START_TEST(test_intervals_follow_cochran)
{
    ptn_stratum strata[] = {{.rows = 100, .drawn = 4}, {.rows = 50, .drawn = 5}, {.rows = 7, .drawn = 7}};
    ptn_sum_estimate sum = {0};
    ptn_sum_add_stratum(&sum, &strata[0], 2.0, 12.0);
    ptn_sum_add_stratum(&sum, &strata[1], 3.0, 10.0);
    ptn_sum_add_stratum(&sum, &strata[2], 1.0, 5.0);
    double a = 100.0 * 96.0 * (12.0 / 3.0) / 4.0, b = 50.0 * 45.0 * (10.0 / 4.0) / 5.0;
    double freedom = (a + b) * (a + b) / (a * a / 3.0 + b * b / 4.0);
    ck_assert_double_eq_tol(sum.sum, 357.0, 1e-12);
    ck_assert_double_eq_tol(sum.variance, a + b, 1e-9);
    ck_assert_double_eq_tol(sum.freedom, freedom, 1e-9);
    ck_assert_double_eq_tol(ptn_sum_half_width(&sum, 0.98, 1), ptn_student_outside(0.01, freedom) * sqrt(a + b), 1e-9);
    ck_assert_double_gt(ptn_sum_half_width(&sum, 0.98, 2), ptn_sum_half_width(&sum, 0.98, 1));
    /* From a table of t. */
    ck_assert_double_eq_tol(ptn_student_outside(0.01, 10.0), 3.169273, 2e-6);
    ck_assert_double_eq_tol(ptn_student_outside(0.05, 1.0), 12.706205, 2e-6);
    ck_assert_double_eq_tol(ptn_student_outside(0.01, 1e9), 2.575829, 2e-6);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("silhouette_estimate");
    TCase *tests = tcase_create("silhouette_estimate"), *numbers = tcase_create("numbers");
    tcase_set_tags(numbers, "numbers"); /* one thread's, and long: run.sh leaves them out under TSan */
    tcase_set_timeout(numbers, 0);
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, test_defaults_are_as_stated);
    tcase_add_test(numbers, test_near_the_exact_one_in_any_number_of_columns);
    tcase_add_test(tests, test_few_rows_are_scored_in_full);
    tcase_add_test(tests, test_tiny_segments_are_exact);
    tcase_add_test(tests, test_weights_count_as_copies);
    tcase_add_test(numbers, test_offsets_and_outliers_do_no_harm);
    tcase_add_test(tests, test_same_bits_for_any_number_of_threads);
    tcase_add_test(tests, test_two_phases_have_the_same_bits);
    tcase_add_test(tests, test_many_rows);
    tcase_add_test(tests, test_a_spent_budget_is_a_status_with_the_best_there_is);
    tcase_add_test(tests, test_labelings_are_compared);
    tcase_add_test(tests, test_ties_are_said_to_be_ties);
    tcase_add_test(tests, test_what_cannot_be_estimated_is_refused);
    tcase_add_test(tests, test_many_labels);
    tcase_add_test(tests, test_memory_failure_and_cancelling_leave_nothing);
    tcase_add_test(numbers, test_memory_failure_and_cancelling_in_two_phases_leave_nothing);
    tcase_add_test(tests, test_expected_distances);
    tcase_add_test(tests, test_samples_are_planned_beforehand);
    tcase_add_test(tests, test_intervals_follow_cochran);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, numbers);
    return run_suite(suite);
}
