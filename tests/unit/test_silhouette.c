/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exact silhouette. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "oracle/oracle_silhouette.h"
#include "support/suite.h"
#include "support/table.h"

static patron_error error;

static patron_status score(patron_silhouette_result *result, double *scores, double *means, const patron_rows *rows,
                           const int32_t *labels, int32_t k)
{
    memset(result, 0, sizeof *result);
    result->size = sizeof *result;
    return patron_silhouette(result, scores, means, rows, labels, k, NULL, &error);
}

static int32_t *label_by(int64_t rows, int32_t k)
{
    int32_t *labels = malloc((size_t)rows * sizeof *labels);
    for (int64_t i = 0; i < rows; i++) labels[i] = (int32_t)((i * 2654435761) >> 7) % k;
    for (int64_t i = 0; i < rows; i++) labels[i] = labels[i] < 0 ? -labels[i] : labels[i];
    return labels;
}

START_TEST(test_known_silhouettes)
{
    static const struct {
        const char *name;
        int64_t cols;
        int32_t k_max;
        double mean[4];
    } known[] = {
        {"clustering/iris.txt", 4, 4, {0.6810461692, 0.5528190124, 0.4980505050}},
        {"clustering/ruspini.txt", 2, 4, {0.5827264208, 0.6327047140, 0.7376569909}},
        {"clustering/german_postal.txt", 3, 5, {0.9026567810, 0.8469417220, 0.6212485279, 0.6203736730}},
    };
    patron_kmeans_options options;
    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = 100;
    for (size_t d = 0; d < sizeof known / sizeof *known; d++) {
        table t = table_read(known[d].name, known[d].cols);
        if (t.rows == 0) continue;
        patron_rows rows = table_view(&t);
        int32_t labels[150];
        for (int32_t k = 2; k <= known[d].k_max; k++) {
            patron_silhouette_result result;
            patron_kmeans *fitted;
            double means[5];
            ck_assert_int_eq(patron_kmeans_fit(&fitted, labels, &rows, k, &options, NULL, &error), PATRON_OK);
            ck_assert_int_eq(score(&result, NULL, means, &rows, labels, k), PATRON_OK);
            ck_assert_double_eq_tol(result.mean, known[d].mean[k - 2], 1e-9);
            ck_assert_int_eq(result.clusters, k);
            if (d == 1 && k == 4) { /* by the clusters' sizes */
                static const double by_size[][2] = {{20, 0.7262347}, {23, 0.7548344}, {17, 0.6691154}, {15, 0.8042285}};
                for (int c = 0; c < 4; c++)
                    for (int j = 0; j < 4; j++)
                        if (patron_kmeans_sizes(fitted)[j] == (int64_t)by_size[c][0])
                            ck_assert_double_eq_tol(means[j], by_size[c][1], 5.1e-8);
            }
            patron_kmeans_free(fitted);
        }
        table_free(&t);
    }
}
END_TEST

START_TEST(test_every_score_is_the_textbook_s)
{
    static const int64_t shapes[][2] = {{2, 1}, {9, 2}, {33, 3}, {300, 5}, {700, 1}, {120, 40}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        table t = table_make(shapes[s][0], shapes[s][1], 3, s);
        patron_rows rows = table_view(&t);
        long double *exact = malloc((size_t)t.rows * sizeof *exact);
        double *scores = malloc((size_t)t.rows * sizeof *scores), means[9];
        for (int32_t k = 2; k <= 9; k++) {
            int32_t *labels = label_by(t.rows, k);
            labels[0] = 0;
            labels[1] = 1;
            patron_silhouette_result result;
            long double mean = oracle_silhouette(exact, t.values, t.rows, t.cols, labels, k);
            ck_assert_int_eq(score(&result, scores, means, &rows, labels, k), PATRON_OK);
            ck_assert_double_eq_tol(result.mean, (double)mean, 1e-13);
            for (int64_t i = 0; i < t.rows; i++) ck_assert_double_eq_tol(scores[i], (double)exact[i], 1e-13);
            double macro = 0.0;
            int32_t seen = 0;
            for (int32_t j = 0; j < k; j++) {
                long double sum = 0.0L;
                int64_t count = 0;
                for (int64_t i = 0; i < t.rows; i++) {
                    sum += labels[i] == j ? exact[i] : 0.0L;
                    count += labels[i] == j;
                }
                if (count == 0) {
                    ck_assert_double_nan(means[j]);
                    continue;
                }
                seen++;
                macro += (double)(sum / (long double)count);
                ck_assert_double_eq_tol(means[j], (double)(sum / (long double)count), 1e-13);
            }
            ck_assert_int_eq(result.clusters, seen);
            ck_assert_double_eq_tol(result.mean_macro, macro / seen, 1e-13);
            free(labels);
        }
        free(scores);
        free(exact);
        table_free(&t);
    }
}
END_TEST

START_TEST(test_same_bits_for_any_number_of_threads)
{
    table t = table_make(3000, 3, 4, 7);
    patron_rows rows = table_view(&t);
    int32_t *labels = label_by(t.rows, 4);
    double *scores[2] = {malloc(3000 * sizeof(double)), malloc(3000 * sizeof(double))};
    patron_silhouette_result first = {.size = sizeof first}, result = {.size = sizeof result};
    patron_context context;
    patron_context_init(&context, sizeof context);
    ck_assert_int_eq(patron_silhouette(&first, scores[0], NULL, &rows, labels, 4, &context, NULL), PATRON_OK);
    for (context.threads = 2; context.threads <= 8; context.threads *= 2) {
        ck_assert_int_eq(patron_silhouette(&result, scores[1], NULL, &rows, labels, 4, &context, NULL), PATRON_OK);
        ck_assert_double_eq(first.mean, result.mean);
        ck_assert_double_eq(first.mean_macro, result.mean_macro);
        ck_assert(memcmp(scores[0], scores[1], 3000 * sizeof(double)) == 0);
    }
    free(scores[0]);
    free(scores[1]);
    free(labels);
    table_free(&t);
}
END_TEST

START_TEST(test_weight_equals_copies_and_weight_0_counts_for_nothing)
{
    table t = table_make(120, 2, 3, 3);
    int32_t *labels = label_by(t.rows, 3), *copied_labels = malloc(1000 * sizeof *labels);
    double weights[120], *values = malloc(2000 * sizeof *values), scores[120], copied_scores[1000], means[3], others[3];
    table copies = {values, 0, 2};
    for (int64_t i = 0; i < 120; i++) {
        weights[i] = (double)((i * 5) % 4);
        for (int w = 0; w < (int)weights[i]; w++) {
            memcpy(values + 2 * copies.rows, t.values + 2 * i, 2 * sizeof *values);
            copied_labels[copies.rows++] = labels[i];
        }
    }
    patron_rows weighted = table_view(&t), copied = table_view(&copies);
    patron_silhouette_result a, b;
    weighted.weights = weights;
    ck_assert_int_eq(score(&a, scores, means, &weighted, labels, 3), PATRON_OK);
    ck_assert_int_eq(score(&b, copied_scores, others, &copied, copied_labels, 3), PATRON_OK);
    ck_assert_double_eq_tol(a.mean, b.mean, 1e-13);
    ck_assert_double_eq_tol(a.mean_macro, b.mean_macro, 1e-13);
    int64_t row = 0;
    for (int64_t i = 0; i < 120; i++) {
        if (weights[i] > 0.0) ck_assert_double_eq_tol(scores[i], copied_scores[row], 1e-13);
        if (weights[i] == 0.0) ck_assert(scores[i] >= -1.0 && scores[i] <= 1.0);
        row += (int64_t)weights[i];
    }
    for (int j = 0; j < 3; j++) ck_assert_double_eq_tol(means[j], others[j], 1e-13);

    /* one of weight 0 at a member's place: its mean distance is over all members, that one's 0 included */
    double line[] = {0.0, 2.0, 10.0, 12.0, 0.0}, count[] = {1, 1, 1, 1, 0}, five[5];
    int32_t where[] = {0, 0, 1, 1, 0};
    table small = {line, 5, 1};
    weighted = table_view(&small);
    weighted.weights = count;
    ck_assert_int_eq(score(&a, five, NULL, &weighted, where, 2), PATRON_OK);
    ck_assert_double_eq_tol(five[0], (11.0 - 2.0) / 11.0, 1e-15);
    ck_assert_double_eq_tol(five[4], (11.0 - 1.0) / 11.0, 1e-15);
    free(values);
    free(copied_labels);
    free(labels);
    table_free(&t);
}
END_TEST

START_TEST(test_singletons_and_equal_rows_score_0)
{
    double values[] = {1, 1, 1, 1, 9}, scores[5];
    int32_t labels[] = {0, 0, 1, 1, 2}, lonely[] = {0, 0, 0, 0, 1};
    table t = {values, 5, 1};
    patron_rows rows = table_view(&t);
    patron_silhouette_result result;
    ck_assert_int_eq(score(&result, scores, NULL, &rows, labels, 3), PATRON_OK);
    for (int i = 0; i < 5; i++) ck_assert_double_eq(scores[i], 0.0);
    ck_assert_int_eq(score(&result, scores, NULL, &rows, lonely, 3), PATRON_OK);
    ck_assert_double_eq(scores[4], 0.0);
    ck_assert_double_eq(scores[0], 1.0);
    ck_assert_int_eq(result.clusters, 2);
}
END_TEST

START_TEST(test_offset_and_size_do_not_matter)
{
    table t = table_make(400, 2, 3, 12), other = table_make(400, 2, 3, 12);
    patron_rows rows = table_view(&t), changed = table_view(&other);
    int32_t *labels = label_by(400, 3);
    patron_silhouette_result a, b;
    for (int64_t e = 0; e < 800; e++) t.values[e] = rint(t.values[e] * 0x1p20) * 0x1p-20;
    ck_assert_int_eq(score(&a, NULL, NULL, &rows, labels, 3), PATRON_OK);
    for (int64_t e = 0; e < 800; e++) other.values[e] = t.values[e] + 1.7e9;
    ck_assert_int_eq(score(&b, NULL, NULL, &changed, labels, 3), PATRON_OK);
    ck_assert_double_eq_tol(a.mean, b.mean, 1e-14);
    for (int power = -1000; power <= 1000; power += 250) {
        for (int64_t e = 0; e < 800; e++) other.values[e] = ldexp(t.values[e], power);
        ck_assert_int_eq(score(&b, NULL, NULL, &changed, labels, 3), PATRON_OK);
        ck_assert_double_eq(a.mean, b.mean);
    }
    double huge[] = {1.7e308, -1.7e308, 1.6e308, -1.6e308}, least = 0x1p-1074,
           tiny[] = {0, least, 40 * least, 41 * least};
    int32_t two[] = {0, 1, 0, 1}, halves[] = {0, 0, 1, 1};
    table four = {huge, 4, 1};
    rows = table_view(&four);
    ck_assert_int_eq(score(&a, NULL, NULL, &rows, two, 2), PATRON_OK);
    ck_assert_double_gt(a.mean, 0.95);
    rows.values = tiny;
    ck_assert_int_eq(score(&a, NULL, NULL, &rows, halves, 2), PATRON_OK);
    ck_assert_double_eq_tol(a.mean, (39.5 / 40.5 + 38.5 / 39.5) / 2.0, 1e-14);
    free(labels);
    table_free(&t);
    table_free(&other);
}
END_TEST

START_TEST(test_float32_and_strides_change_nothing)
{
    table t = table_make(200, 2, 3, 5);
    float *narrow = malloc(200 * 3 * sizeof *narrow);
    for (int64_t i = 0; i < 200; i++) {
        narrow[3 * i + 2] = (float)NAN;
        for (int64_t c = 0; c < 2; c++) t.values[2 * i + c] = (double)(narrow[3 * i + c] = (float)t.values[2 * i + c]);
    }
    patron_rows wide = table_view(&t), strided = table_view(&t);
    strided.values = narrow;
    strided.type = PATRON_FLOAT32;
    strided.row_stride = 3;
    int32_t *labels = label_by(200, 3);
    patron_silhouette_result a, b;
    ck_assert_int_eq(score(&a, NULL, NULL, &wide, labels, 3), PATRON_OK);
    ck_assert_int_eq(score(&b, NULL, NULL, &strided, labels, 3), PATRON_OK);
    ck_assert_double_eq(a.mean, b.mean);
    free(labels);
    free(narrow);
    table_free(&t);
}
END_TEST

START_TEST(test_what_cannot_be_scored_is_refused)
{
    double values[] = {0, 1, 5, 6, 9, 9}, weights[] = {1, 1, 1, 1, 1, 1};
    int32_t labels[] = {0, 0, 1, 1, 2, 2}, same[6] = {0};
    table t = {values, 6, 1};
    patron_rows rows = table_view(&t), wrong;
    patron_silhouette_result result;
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, labels, 3), PATRON_OK);
    ck_assert_int_eq(error.status, PATRON_OK);
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, labels, 2), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(error.row, 4);
    labels[3] = -1;
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, labels, 3), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(error.row, 3);
    labels[3] = 1;
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, labels, 0), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, same, 3), PATRON_ONE_CLUSTER);
    ck_assert_int_eq(score(&result, NULL, NULL, NULL, labels, 3), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, NULL, 3), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_silhouette(NULL, NULL, NULL, &rows, labels, 3, NULL, &error), PATRON_INVALID_ARGUMENT);
    result.size = 0;
    ck_assert_int_eq(patron_silhouette(&result, NULL, NULL, &rows, labels, 3, NULL, &error), PATRON_INVALID_ARGUMENT);

    rows.weights = weights;
    weights[1] = 1.5;
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, labels, 3), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(error.row, 1);
    weights[1] = -1;
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, labels, 3), PATRON_INVALID_ARGUMENT);
    weights[1] = (double)NAN;
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, labels, 3), PATRON_NOT_FINITE);
    weights[1] = 0x1p60;
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, labels, 3), PATRON_OUT_OF_RANGE);
    for (int i = 0; i < 6; i++) weights[i] = i < 2;
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, labels, 3), PATRON_ONE_CLUSTER);
    for (int i = 0; i < 6; i++) weights[i] = 0;
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, labels, 3), PATRON_INVALID_ARGUMENT);
    rows.weights = NULL;

    values[2] = HUGE_VAL;
    ck_assert_int_eq(score(&result, NULL, NULL, &rows, labels, 3), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, 2);
    values[2] = 5;
    wrong = rows;
    wrong.rows = 0;
    ck_assert_int_eq(score(&result, NULL, NULL, &wrong, labels, 3), PATRON_NO_DATA);
    wrong.rows = INT64_C(1) << 61;
    ck_assert_int_eq(score(&result, NULL, NULL, &wrong, labels, 3), PATRON_TOO_LARGE);
}
END_TEST

START_TEST(test_memory_failure_and_cancelling_leave_nothing)
{
    table t = table_make(200, 2, 3, 2), longer = table_make(9000, 20, 3, 2);
    patron_rows rows = table_view(&t), many = table_view(&longer);
    int32_t *labels = label_by(9000, 3);
    int64_t allowed = 0, callbacks = 0;
    for (patron_status status = PATRON_OUT_OF_MEMORY; status != PATRON_OK; allowed++) {
        meter m = {.allowed = allowed, .callbacks = INT64_MAX};
        patron_context context = meter_context(&m);
        patron_silhouette_result result = {.size = sizeof result};
        status = patron_silhouette(&result, NULL, NULL, &rows, labels, 3, &context, &error);
        ck_assert(status == PATRON_OK || status == PATRON_OUT_OF_MEMORY);
        ck_assert_int_eq(m.live, 0);
    }
    ck_assert_int_gt(allowed, 3);
    for (; callbacks < 3; callbacks++) {
        meter m = {.allowed = INT64_MAX, .callbacks = callbacks};
        patron_context context = meter_context(&m);
        patron_silhouette_result result = {.size = sizeof result};
        context.threads = 2;
        ck_assert_int_eq(patron_silhouette(&result, NULL, NULL, &many, labels, 3, &context, &error), PATRON_CANCELLED);
        ck_assert_int_eq(m.live, 0);
    }
    free(labels);
    table_free(&t);
    table_free(&longer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("silhouette");
    TCase *tests = tcase_create("silhouette");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_known_silhouettes);
    tcase_add_test(tests, test_every_score_is_the_textbook_s);
    tcase_add_test(tests, test_same_bits_for_any_number_of_threads);
    tcase_add_test(tests, test_weight_equals_copies_and_weight_0_counts_for_nothing);
    tcase_add_test(tests, test_singletons_and_equal_rows_score_0);
    tcase_add_test(tests, test_offset_and_size_do_not_matter);
    tcase_add_test(tests, test_float32_and_strides_change_nothing);
    tcase_add_test(tests, test_what_cannot_be_scored_is_refused);
    tcase_add_test(tests, test_memory_failure_and_cancelling_leave_nothing);
    return run_suite(suite);
}
