/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means on many rows, where starts are screened on a sample: what holds for few rows holds there too. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "support/fitted.h"
#include "support/suite.h"

enum { MANY = 150000 };

static patron_error error;

static patron_kmeans_options few_starts(int32_t strict)
{
    patron_kmeans_options options = starts(3);
    options.strict = strict;
    return options;
}

START_TEST(test_same_bits_for_any_number_of_threads)
{
    static const int32_t threads[] = {1, 2, 3, 8, 1};
    table t = table_make(MANY, 4, 5, 3);
    patron_rows rows = table_view(&t);
    for (int32_t strict = 0; strict < 2; strict++) {
        patron_kmeans_options options = few_starts(strict);
        uint64_t first = 0;
        for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
            fitted f = fit(&rows, 4, &options, threads[i]);
            if (i == 0) first = f.result.fingerprint;
            ck_assert_uint_eq(f.result.fingerprint, first);
            if (i == 0) check_promises(&f, &t, NULL);
            release(&f);
        }
    }
    table_free(&t);
}
END_TEST

START_TEST(test_float32_and_strides_change_nothing)
{
    enum { COLS = 3, STRIDE = 4 };
    table t = table_make(MANY, COLS, 4, 5);
    float *narrow = malloc((size_t)MANY * STRIDE * sizeof *narrow);
    for (int64_t i = 0; i < MANY; i++) {
        narrow[i * STRIDE + COLS] = (float)NAN;
        for (int64_t c = 0; c < COLS; c++)
            t.values[i * COLS + c] = (double)(narrow[i * STRIDE + c] = (float)t.values[i * COLS + c]);
    }
    patron_rows wide = table_view(&t), strided = table_view(&t);
    strided.values = narrow;
    strided.type = PATRON_FLOAT32;
    strided.row_stride = STRIDE;
    for (int32_t strict = 0; strict < 2; strict++) {
        patron_kmeans_options options = few_starts(strict);
        fitted a = fit(&wide, 4, &options, 1), b = fit(&strided, 4, &options, 2);
        ck_assert_uint_eq(a.result.fingerprint, b.result.fingerprint);
        release(&a);
        release(&b);
    }
    free(narrow);
    table_free(&t);
}
END_TEST

START_TEST(test_sweep_is_a_fit_for_each_k)
{
    table t = table_make(MANY, 3, 4, 2);
    patron_rows rows = table_view(&t);
    int32_t *labels = malloc(3 * (size_t)MANY * sizeof *labels);
    for (int32_t strict = 0; strict < 2; strict++) {
        patron_kmeans *handles[3];
        patron_kmeans_options options = few_starts(strict);
        ck_assert_int_eq(patron_kmeans_sweep(handles, labels, &rows, 2, 4, &options, NULL, NULL), PATRON_OK);
        for (int32_t i = 0; i < 3; i++) {
            patron_kmeans_result result = {.size = sizeof result};
            fitted f = fit(&rows, 2 + i, &options, 2);
            ck_assert_int_eq(patron_kmeans_result_get(&result, handles[i], NULL), PATRON_OK);
            ck_assert_uint_eq(result.fingerprint, f.result.fingerprint);
            ck_assert_double_eq(result.inertia_lower_bound, f.result.inertia_lower_bound);
            ck_assert_int_eq(result.best_start, f.result.best_start);
            ck_assert(memcmp(labels + (int64_t)MANY * i, f.labels, (size_t)MANY * sizeof *labels) == 0);
            patron_kmeans_free(handles[i]);
            release(&f);
        }
    }
    free(labels);
    table_free(&t);
}
END_TEST

START_TEST(test_strict_changes_nothing_on_few_rows)
{
    table t = table_make(2000, 3, 4, 2);
    patron_rows rows = table_view(&t);
    for (int32_t k = 1; k <= 6; k++) {
        patron_kmeans_options loose = few_starts(0), strict = few_starts(1);
        fitted a = fit(&rows, k, &loose, 1), b = fit(&rows, k, &strict, 2);
        ck_assert_uint_eq(a.result.fingerprint, b.result.fingerprint);
        release(&a);
        release(&b);
    }
    table_free(&t);
}
END_TEST

/* Each row as often as its weight says, and the same rows backwards: the same partition. */
START_TEST(test_weights_are_copies_and_order_does_not_matter)
{
    enum { ROWS = 100000, COLS = 3 };
    table t = table_make(ROWS, COLS, 4, 6);
    double *weights = malloc(ROWS * sizeof *weights), *backwards = malloc(ROWS * sizeof *weights);
    int64_t copies = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        copies += (int64_t)(weights[i] = (double)((i * 7) % 5));
        backwards[ROWS - 1 - i] = weights[i];
    }
    table longer = {malloc((size_t)(copies * COLS) * sizeof(double)), 0, COLS};
    table turned = {malloc((size_t)ROWS * COLS * sizeof(double)), ROWS, COLS};
    for (int64_t i = 0; i < ROWS; i++) {
        memcpy(turned.values + COLS * (ROWS - 1 - i), t.values + COLS * i, COLS * sizeof(double));
        for (int64_t w = 0; w < (int64_t)weights[i]; w++)
            memcpy(longer.values + COLS * longer.rows++, t.values + COLS * i, COLS * sizeof(double));
    }
    patron_rows weighted = table_view(&t), copied = table_view(&longer), reversed = table_view(&turned);
    weighted.weights = weights;
    reversed.weights = backwards;
    for (int32_t k = 2; k <= 5; k++) {
        patron_kmeans_options options = starts(1);
        options.initial_centroids = t.values + COLS;
        fitted a = fit(&weighted, k, &options, 1), b = fit(&copied, k, &options, 2), c = fit(&reversed, k, &options, 1);
        check_promises(&a, &t, weights);
        ck_assert_double_eq_tol(a.result.inertia, b.result.inertia, 1e-12 * b.result.inertia);
        ck_assert_double_eq_tol(a.result.inertia, c.result.inertia, 1e-12 * c.result.inertia);
        ck_assert_double_eq_tol(a.result.inertia_lower_bound, b.result.inertia_lower_bound, 1e-9 * b.result.inertia);
        for (int64_t i = 0, row = 0; i < ROWS; row += (int64_t)weights[i++]) {
            ck_assert_int_eq(a.labels[i], c.labels[ROWS - 1 - i]);
            if (weights[i] > 0.0) ck_assert_int_eq(a.labels[i], b.labels[row]);
        }
        release(&a);
        release(&b);
        release(&c);
    }
    free(weights);
    free(backwards);
    table_free(&longer);
    table_free(&turned);
    table_free(&t);
}
END_TEST

/* The status of a fit, screened or strict, which must be the same. */
static patron_status status_of(const patron_rows *rows, int32_t k, const double *initial)
{
    patron_status statuses[2];
    int64_t places[2];
    for (int32_t strict = 0; strict < 2; strict++) {
        patron_kmeans *handle = (patron_kmeans *)&error;
        patron_kmeans_options options = few_starts(strict);
        options.initial_centroids = initial;
        statuses[strict] = patron_kmeans_fit(&handle, NULL, rows, k, &options, NULL, &error);
        places[strict] = error.row;
        if (statuses[strict] != PATRON_OK) ck_assert_ptr_null(handle);
        patron_kmeans_free(handle);
    }
    ck_assert_int_eq(statuses[0], statuses[1]);
    ck_assert_int_eq(places[0], places[1]);
    return statuses[0];
}

START_TEST(test_what_is_wrong_in_the_last_row_is_found)
{
    table t = table_make(MANY, 2, 3, 1);
    double *weights = malloc((size_t)MANY * sizeof *weights), last = t.values[2 * MANY - 1];
    double initial[] = {0, 0, 1, 1, 2, (double)NAN}, far_off[] = {0, 0, 1, 1, 1e200, 2};
    const double bad[] = {(double)NAN, HUGE_VAL, -HUGE_VAL};
    patron_rows rows = table_view(&t);
    for (int b = 0; b < 3; b++) {
        t.values[2 * MANY - 1] = bad[b];
        ck_assert_int_eq(status_of(&rows, 3, NULL), PATRON_NOT_FINITE);
        ck_assert_int_eq(error.row, MANY - 1);
    }
    t.values[2 * MANY - 1] = 1e308;
    ck_assert_int_eq(status_of(&rows, 3, NULL), PATRON_OUT_OF_RANGE);
    t.values[2 * MANY - 1] = last;
    ck_assert_int_eq(status_of(&rows, 3, initial), PATRON_NOT_FINITE);
    ck_assert_int_eq(status_of(&rows, 3, far_off), PATRON_OUT_OF_RANGE);
    ck_assert_int_eq(status_of(&rows, MANY + 1, NULL), PATRON_TOO_FEW_DISTINCT);

    rows.weights = weights;
    for (int64_t i = 0; i < MANY; i++) weights[i] = 0.0;
    ck_assert_int_eq(status_of(&rows, 3, NULL), PATRON_INVALID_ARGUMENT);
    weights[MANY - 1] = -1.0;
    ck_assert_int_eq(status_of(&rows, 3, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(error.row, MANY - 1);
    weights[MANY - 1] = HUGE_VAL;
    ck_assert_int_eq(status_of(&rows, 3, NULL), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, MANY - 1);
    weights[MANY - 1] = 1.0;
    ck_assert_int_eq(status_of(&rows, 2, NULL), PATRON_TOO_FEW_DISTINCT);
    ck_assert_int_eq(status_of(&rows, 1, NULL), PATRON_OK);
    free(weights);
    table_free(&t);
}
END_TEST

/* Nearly all rows equal, the others a handful that a sample would miss. */
START_TEST(test_rare_rows_make_clusters)
{
    table t = {malloc(2 * (size_t)MANY * sizeof(double)), MANY, 2};
    double *weights = calloc(MANY, sizeof *weights);
    patron_rows rows = table_view(&t);
    for (int64_t i = 0; i < MANY; i++) {
        t.values[2 * i] = i % 2 ? 0.0 : -0.0;
        t.values[2 * i + 1] = 7.5;
    }
    ck_assert_int_eq(status_of(&rows, 1, NULL), PATRON_OK);
    ck_assert_int_eq(status_of(&rows, 2, NULL), PATRON_TOO_FEW_DISTINCT); /* -0 is 0 */
    t.values[2 * 70001] = 1e-3;
    t.values[2 * 99999 + 1] = 7.5 + 1e-6;
    ck_assert_int_eq(status_of(&rows, 4, NULL), PATRON_TOO_FEW_DISTINCT);
    for (int32_t strict = 0; strict < 2; strict++) {
        patron_kmeans_options options = few_starts(strict);
        for (int32_t k = 1; k <= 3; k++) {
            fitted f = fit(&rows, k, &options, 2);
            check_promises(&f, &t, NULL);
            if (k == 3) ck_assert_double_eq(f.result.inertia, 0.0);
            release(&f);
        }
        rows.weights = weights; /* of all rows three count, by as little as can be */
        weights[5] = weights[70001] = weights[99999] = 0x1p-1074;
        fitted f = fit(&rows, 3, &options, 1);
        check_promises(&f, &t, weights);
        ck_assert_double_eq(f.result.inertia, 0.0);
        release(&f);
        rows.weights = NULL;
    }
    free(weights);
    table_free(&t);
}
END_TEST

START_TEST(test_flat_columns_and_weights_of_any_size)
{
    table t = table_make(MANY, 4, 3, 8);
    double *weights = malloc((size_t)MANY * sizeof *weights);
    for (int64_t i = 0; i < MANY; i++) {
        t.values[4 * i + 1] = 0.1;
        t.values[4 * i + 3] = -1e9;
        weights[i] = i % 3 == 0 ? 1e-280 : 3e285;
    }
    patron_rows rows = table_view(&t);
    for (int32_t strict = 0; strict < 2; strict++) {
        patron_kmeans_options options = few_starts(strict);
        fitted f = fit(&rows, 3, &options, 1);
        check_promises(&f, &t, NULL);
        release(&f);
    }
    rows.weights = weights;
    ck_assert_int_eq(status_of(&rows, 3, NULL), PATRON_OK);
    free(weights);
    table_free(&t);
}
END_TEST

/* Whole weights whose sum is beyond what whole numbers are kept to: a power of two of them, and of the inertia. */
START_TEST(test_heavy_whole_weights_are_those_of_any_unit)
{
    table t = table_make(MANY, 3, 4, 9);
    double *weights = malloc((size_t)MANY * sizeof *weights), *heavy = malloc((size_t)MANY * sizeof *heavy);
    for (int64_t i = 0; i < MANY; i++) {
        weights[i] = (double)(1 + i % 4);
        heavy[i] = weights[i] * 0x1p24;
    }
    patron_rows rows = table_view(&t);
    for (int32_t strict = 0; strict < 2; strict++) {
        patron_kmeans_options options = few_starts(strict);
        rows.weights = weights;
        fitted a = fit(&rows, 4, &options, 1);
        rows.weights = heavy;
        fitted b = fit(&rows, 4, &options, 2);
        check_promises(&b, &t, heavy);
        ck_assert(memcmp(a.labels, b.labels, (size_t)MANY * sizeof *a.labels) == 0);
        ck_assert_double_eq_tol(b.result.inertia, 0x1p24 * a.result.inertia, 1e-12 * b.result.inertia);
        release(&a);
        release(&b);
    }
    free(heavy);
    free(weights);
    table_free(&t);
}
END_TEST

START_TEST(test_the_smallest_and_the_largest_numbers)
{
    table t = {malloc((size_t)MANY * sizeof(double)), MANY, 1};
    patron_rows rows = table_view(&t);
    for (int32_t strict = 0; strict < 2; strict++) {
        patron_kmeans_options options = few_starts(strict);
        for (int large = 0; large < 2; large++) {
            double unit = large ? 1e145 : 0x1p-1074;
            for (int64_t i = 0; i < MANY; i++) t.values[i] = unit * (double)(i % 3 == 0 ? i % 5 : 900 + i % 7);
            fitted f = fit(&rows, 2, &options, 1);
            for (int64_t i = 0; i < MANY; i++) ck_assert_int_eq(f.labels[i], i % 3 != 0);
            release(&f);
        }
    }
    table_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kmeans_many");
    TCase *tests = tcase_create("kmeans_many");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, test_same_bits_for_any_number_of_threads);
    tcase_add_test(tests, test_float32_and_strides_change_nothing);
    tcase_add_test(tests, test_sweep_is_a_fit_for_each_k);
    tcase_add_test(tests, test_strict_changes_nothing_on_few_rows);
    tcase_add_test(tests, test_weights_are_copies_and_order_does_not_matter);
    tcase_add_test(tests, test_what_is_wrong_in_the_last_row_is_found);
    tcase_add_test(tests, test_rare_rows_make_clusters);
    tcase_add_test(tests, test_flat_columns_and_weights_of_any_size);
    tcase_add_test(tests, test_heavy_whole_weights_are_those_of_any_unit);
    tcase_add_test(tests, test_the_smallest_and_the_largest_numbers);
    return run_suite(suite);
}
