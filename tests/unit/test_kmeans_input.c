/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: what it refuses, what it gives back when it fails or is cancelled. */
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "base/context.h"
#include "cluster/distinct.h"
#include "support/suite.h"
#include "support/table.h"

static patron_error error;

/* The status of a fit that must fail, and leaves NULL. */
static patron_status refused(const patron_rows *rows, int32_t k, const patron_kmeans_options *options)
{
    patron_kmeans *handle = (patron_kmeans *)&error;
    patron_status status = patron_kmeans_fit(&handle, NULL, rows, k, options, NULL, &error);
    if (status != PATRON_OK) ck_assert_ptr_null(handle);
    ck_assert_int_eq(error.status, status);
    patron_kmeans_free(handle);
    ck_assert_int_eq(patron_kmeans_fit(&handle, NULL, rows, k, options, NULL, NULL), status);
    patron_kmeans_free(handle);
    return status;
}

static patron_kmeans_options defaults(void)
{
    patron_kmeans_options options;
    patron_kmeans_options_init(&options, sizeof options);
    return options;
}

START_TEST(test_defaults_are_as_stated)
{
    patron_kmeans_options options = defaults();
    ck_assert_uint_eq(options.size, sizeof options);
    ck_assert_int_eq(options.n_init, 0);
    ck_assert_int_eq(options.max_iter, 300);
    ck_assert_double_eq(options.tol, 0.0);
    ck_assert_uint_eq(options.seed, 0);
    ck_assert_ptr_null(options.initial_centroids);
    ck_assert_int_eq(options.strict, 0);
    patron_kmeans_options_init(NULL, sizeof options);
}
END_TEST

START_TEST(test_default_number_of_starts_falls_with_the_rows)
{
    int32_t before = patron_kmeans_default_n_init(1);
    for (int64_t rows = 1; rows <= INT64_C(1) << 40; rows += 1 + rows / 7) {
        int32_t here = patron_kmeans_default_n_init(rows);
        ck_assert_int_le(here, before);
        ck_assert_int_ge(here, 10);
        before = here;
    }
    ck_assert_int_gt(patron_kmeans_default_n_init(100), 10);
    ck_assert_int_eq(patron_kmeans_default_n_init(1000000), 10);
    ck_assert_int_eq(patron_kmeans_default_n_init(INT64_MAX), 10);
    ck_assert_int_ge(patron_kmeans_default_n_init(0), 10);
    ck_assert_int_ge(patron_kmeans_default_n_init(INT64_MIN), 10);

    table t = table_make(300, 2, 5, 3);
    patron_rows rows = table_view(&t);
    patron_kmeans_options options = defaults();
    uint64_t fingerprints[2];
    for (int named = 0; named < 2; named++) { /* 0 is that number */
        patron_kmeans *handle;
        patron_kmeans_result result = {.size = sizeof result};
        options.n_init = named ? patron_kmeans_default_n_init(300) : 0;
        ck_assert_int_eq(patron_kmeans_fit(&handle, NULL, &rows, 4, &options, NULL, &error), PATRON_OK);
        ck_assert_int_eq(patron_kmeans_result_get(&result, handle, NULL), PATRON_OK);
        fingerprints[named] = result.fingerprint;
        patron_kmeans_free(handle);
    }
    ck_assert_uint_eq(fingerprints[0], fingerprints[1]);
    table_free(&t);
}
END_TEST

START_TEST(test_nulls_are_refused)
{
    table t = table_make(20, 2, 2, 1);
    patron_rows rows = table_view(&t), none = rows;
    patron_kmeans *handle = NULL;
    patron_kmeans_result result = {.size = sizeof result};
    int32_t labels[20];
    none.values = NULL;
    ck_assert_int_eq(patron_kmeans_fit(NULL, NULL, &rows, 2, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(refused(NULL, 2, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(refused(&none, 2, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_kmeans_sweep(NULL, NULL, &rows, 2, 3, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_kmeans_fit(&handle, NULL, &rows, 2, NULL, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_kmeans_predict(NULL, handle, &rows, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_kmeans_predict(labels, NULL, &rows, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_kmeans_predict(labels, handle, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_kmeans_result_get(NULL, handle, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_kmeans_result_get(&result, NULL, &error), PATRON_INVALID_ARGUMENT);
    result.size = 0;
    ck_assert_int_eq(patron_kmeans_result_get(&result, handle, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(patron_kmeans_centroids(NULL));
    ck_assert_ptr_null(patron_kmeans_sizes(NULL));
    ck_assert_ptr_null(patron_kmeans_trace(NULL));
    patron_kmeans_free(NULL);
    patron_kmeans_free(handle);
    table_free(&t);
}
END_TEST

START_TEST(test_options_that_make_no_sense_are_refused)
{
    table t = table_make(20, 2, 2, 1);
    patron_rows rows = table_view(&t), wrong = rows;
    double infinite[] = {0, 0, HUGE_VAL, 0};
    patron_kmeans_options options = defaults();
    ck_assert_int_eq(refused(&rows, 0, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(refused(&rows, INT32_MIN, NULL), PATRON_INVALID_ARGUMENT);
    options.n_init = -1;
    ck_assert_int_eq(refused(&rows, 2, &options), PATRON_INVALID_ARGUMENT);
    options = defaults();
    options.max_iter = 0;
    ck_assert_int_eq(refused(&rows, 2, &options), PATRON_INVALID_ARGUMENT);
    options = defaults();
    options.tol = -1.0;
    ck_assert_int_eq(refused(&rows, 2, &options), PATRON_INVALID_ARGUMENT);
    options.tol = (double)NAN;
    ck_assert_int_eq(refused(&rows, 2, &options), PATRON_INVALID_ARGUMENT);
    options = defaults();
    options.initial_centroids = infinite;
    ck_assert_int_eq(refused(&rows, 2, &options), PATRON_NOT_FINITE);
    infinite[2] = (double)NAN;
    ck_assert_int_eq(refused(&rows, 2, &options), PATRON_NOT_FINITE);
    options = defaults();
    options.size = 3;
    ck_assert_int_eq(refused(&rows, 2, &options), PATRON_INVALID_ARGUMENT);
    wrong.cols = 0;
    ck_assert_int_eq(refused(&wrong, 2, NULL), PATRON_INVALID_ARGUMENT);
    wrong = rows;
    wrong.row_stride = 1;
    ck_assert_int_eq(refused(&wrong, 2, NULL), PATRON_INVALID_ARGUMENT);
    wrong = rows;
    wrong.type = 7;
    ck_assert_int_eq(refused(&wrong, 2, NULL), PATRON_INVALID_ARGUMENT);
    wrong = rows;
    wrong.rows = 0;
    ck_assert_int_eq(refused(&wrong, 2, NULL), PATRON_NO_DATA);
    table_free(&t);
}
END_TEST

/* As compiled before `strict` and what follows `fingerprint` were there: what lies beyond is not read, nor written. */
START_TEST(test_shorter_structs_are_taken)
{
    table t = table_make(20, 2, 2, 1);
    patron_rows rows = table_view(&t);
    patron_kmeans *handle;
    patron_kmeans_options options = defaults();
    options.size = offsetof(patron_kmeans_options, strict);
    options.strict = options.reserved = 7;
    ck_assert_int_eq(patron_kmeans_fit(&handle, NULL, &rows, 2, &options, NULL, &error), PATRON_OK);
    patron_kmeans_result result;
    memset(&result, 0x55, sizeof result);
    result.size = offsetof(patron_kmeans_result, n_init);
    ck_assert_int_eq(patron_kmeans_result_get(&result, handle, &error), PATRON_OK);
    ck_assert_uint_eq(result.size, offsetof(patron_kmeans_result, n_init));
    ck_assert_int_eq(result.k, 2);
    ck_assert_int_eq(result.n_init, 0x55555555);
    patron_kmeans_free(handle);
    table_free(&t);
}
END_TEST

START_TEST(test_sweep_fails_as_a_whole)
{
    double values[] = {1, 2, 3, 3, 3, 2};
    table t = {values, 6, 1};
    patron_rows rows = table_view(&t);
    patron_kmeans *handles[4];
    patron_kmeans_options options = defaults();
    memset(handles, 0xFF, sizeof handles);
    ck_assert_int_eq(patron_kmeans_sweep(handles, NULL, &rows, 1, 4, NULL, NULL, &error), PATRON_TOO_FEW_DISTINCT);
    for (int i = 0; i < 4; i++) ck_assert_ptr_null(handles[i]);
    ck_assert_int_eq(patron_kmeans_sweep(handles, NULL, &rows, 0, 3, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_kmeans_sweep(handles, NULL, &rows, 3, 2, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    options.initial_centroids = values;
    ck_assert_int_eq(patron_kmeans_sweep(handles, NULL, &rows, 2, 3, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
}
END_TEST

START_TEST(test_numbers_that_are_not_finite_are_named)
{
    table t = table_make(20, 2, 2, 1);
    patron_rows rows = table_view(&t);
    double bad[] = {(double)NAN, HUGE_VAL, -HUGE_VAL};
    for (int b = 0; b < 3; b++) {
        double before = t.values[2 * 17 + 1];
        t.values[2 * 17 + 1] = bad[b];
        ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_NOT_FINITE);
        patron_kmeans *handle;
        patron_kmeans_fit(&handle, NULL, &rows, 2, NULL, NULL, &error);
        ck_assert_int_eq(error.row, 17);
        ck_assert_ptr_nonnull(strstr(error.message, "row 17, column 1"));
        t.values[2 * 17 + 1] = before;
    }
    table_free(&t);
}
END_TEST

START_TEST(test_squares_that_overflow_are_out_of_range)
{
    double values[] = {1e308, -1e308, 0.0, 5e307}, far_off[] = {1e200, 0.0},
           near[] = {1e308, 1e308, 1e308, 1.0000001e308};
    table t = {values, 4, 1};
    patron_rows rows = table_view(&t);
    ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_OUT_OF_RANGE);
    for (int i = 0; i < 4; i++) values[i] *= 1e-158;
    ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_OK);
    patron_kmeans_options options = defaults();
    options.initial_centroids = far_off;
    ck_assert_int_eq(refused(&rows, 2, &options), PATRON_OUT_OF_RANGE);
    t.values = near;
    rows = table_view(&t);
    ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_OUT_OF_RANGE);

    /* a new row too far off to compare */
    int32_t labels[4];
    patron_kmeans *handle;
    double ordinary[] = {0, 1, 10, 11}, fresh[] = {1, 1e200, 3, (double)NAN};
    t.values = ordinary;
    rows = table_view(&t);
    ck_assert_int_eq(patron_kmeans_fit(&handle, NULL, &rows, 2, NULL, NULL, &error), PATRON_OK);
    rows.values = fresh;
    ck_assert_int_eq(patron_kmeans_predict(labels, handle, &rows, NULL, &error), PATRON_OUT_OF_RANGE);
    ck_assert_int_eq(error.row, 1);
    fresh[1] = 2.0;
    ck_assert_int_eq(patron_kmeans_predict(labels, handle, &rows, NULL, &error), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, 3);
    rows.cols = 2;
    ck_assert_int_eq(patron_kmeans_predict(labels, handle, &rows, NULL, &error), PATRON_INVALID_ARGUMENT);
    rows.cols = 1;
    rows.rows = 0;
    ck_assert_int_eq(patron_kmeans_predict(labels, handle, &rows, NULL, &error), PATRON_NO_DATA);
    patron_kmeans_free(handle);
}
END_TEST

/* A scatter matrix whose small entries underflow: the eigenvalues of the bound must still be found. */
START_TEST(test_columns_of_very_different_size_end)
{
    static const double points[] = {
        2.2780502869600736e+149,  0.11747757378612,    1.3342746932489823e-07, 5,
        -4.2639537367043093e+149, 0.11410801488982214, 3.1224320257293832e-09, 5.0000000000000009};
    static const double weights[] = {3, 1};
    patron_rows rows;
    patron_kmeans *kmeans;
    patron_rows_init(&rows, sizeof rows);
    rows.values = points;
    rows.rows = 2;
    rows.cols = 4;
    rows.weights = weights;
    ck_assert_int_eq(patron_kmeans_fit(&kmeans, NULL, &rows, 2, NULL, NULL, &error), PATRON_OK);
    patron_kmeans_free(kmeans);
}
END_TEST

START_TEST(test_bound_never_lies_above_the_inertia)
{
    static const double points[] = {.1, .1, .1, -.7}, weights[] = {1, 1, 1, 0};
    patron_rows rows;
    patron_kmeans *kmeans;
    patron_kmeans_result result = {.size = sizeof result};
    patron_rows_init(&rows, sizeof rows);
    rows.values = points;
    rows.rows = 4;
    rows.cols = 1;
    rows.weights = weights;
    ck_assert_int_eq(patron_kmeans_fit(&kmeans, NULL, &rows, 1, NULL, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_kmeans_result_get(&result, kmeans, NULL), PATRON_OK);
    ck_assert_double_eq(result.inertia, 0.0);
    ck_assert_double_eq(result.inertia_lower_bound, 0.0);
    patron_kmeans_free(kmeans);
}
END_TEST

START_TEST(test_rows_closer_than_squares_can_show_end_in_a_status)
{
    double values[] = {0.0, 1e-200, 1e100, 2e-200};
    table t = {values, 4, 1};
    patron_rows rows = table_view(&t);
    ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_OK);
    ck_assert_int_eq(refused(&rows, 4, NULL), PATRON_OUT_OF_RANGE);
}
END_TEST

START_TEST(test_weights_are_checked)
{
    table t = table_make(20, 2, 2, 1);
    patron_rows rows = table_view(&t);
    double weights[20];
    rows.weights = weights;
    for (int i = 0; i < 20; i++) weights[i] = 1.0;
    weights[7] = (double)NAN;
    ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_NOT_FINITE);
    weights[7] = -1.0;
    ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_INVALID_ARGUMENT);
    for (int i = 0; i < 20; i++) weights[i] = 0.0;
    ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_INVALID_ARGUMENT);
    weights[3] = 1.0;
    ck_assert_int_eq(refused(&rows, 1, NULL), PATRON_OK);
    ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_TOO_FEW_DISTINCT);
    for (int i = 0; i < 20; i++) weights[i] = i % 2 ? 1e-300 : 3e290;
    ck_assert_int_eq(refused(&rows, 4, NULL), PATRON_OK);
    for (int i = 0; i < 20; i++) weights[i] = 0x1p-1074;
    ck_assert_int_eq(refused(&rows, 4, NULL), PATRON_OK);
    table_free(&t);
}
END_TEST

START_TEST(test_sizes_beyond_memory_are_refused_untouched)
{
    double value = 1.0;
    table t = {&value, INT64_C(1) << 61, 1};
    patron_rows rows = table_view(&t);
    ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_TOO_LARGE);
    rows.rows = INT64_C(1) << 31;
    rows.cols = INT64_C(1) << 32;
    ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_TOO_LARGE);
    rows.rows = INT64_MAX;
    rows.cols = INT64_MAX;
    ck_assert_int_eq(refused(&rows, 2, NULL), PATRON_TOO_LARGE);
    rows.rows = 1;
    rows.cols = 1;
    ck_assert_int_eq(refused(&rows, INT32_MAX, NULL), PATRON_TOO_FEW_DISTINCT);
}
END_TEST

START_TEST(test_distinct_rows_are_counted_up_to_the_cap)
{
    double values[] = {1, 2, 1, 2, -0.0, 0, 0.0, -0.0, 5, 6, 1, 2}, weights[] = {1, 1, 1, 1, 0, 1};
    table t = {values, 6, 2};
    patron_rows rows = table_view(&t);
    ptn_context context;
    int64_t distinct;
    rows.row_stride = 2;
    ck_assert_int_eq(ptn_context_read(&context, NULL, NULL), PATRON_OK);
    for (int64_t cap = 0; cap < 8; cap++) {
        ck_assert_int_eq(ptn_kmeans_distinct(&distinct, &rows, cap, &context.memory, NULL), PATRON_OK);
        ck_assert_int_eq(distinct, cap < 3 ? cap : 3);
    }
    rows.weights = weights;
    ck_assert_int_eq(ptn_kmeans_distinct(&distinct, &rows, 8, &context.memory, NULL), PATRON_OK);
    ck_assert_int_eq(distinct, 2);
}
END_TEST

/* Every allocation fails once: a status, NULL handles, nothing leaked. */
START_TEST(test_memory_failure_leaves_nothing)
{
    table t = table_make(30, 2, 3, 2);
    patron_rows rows = table_view(&t);
    int32_t labels[60];
    for (int given = 0; given < 2; given++) {
        int64_t allowed = 0;
        for (patron_status status = PATRON_OUT_OF_MEMORY; status != PATRON_OK; allowed++) {
            meter m = {.allowed = allowed, .callbacks = INT64_MAX};
            patron_context context = meter_context(&m);
            patron_kmeans *handles[2] = {(patron_kmeans *)&m, (patron_kmeans *)&m};
            context.threads = given + 1;
            status = given ? patron_kmeans_fit(handles, labels, &rows, 3, NULL, &context, &error)
                           : patron_kmeans_sweep(handles, labels, &rows, 2, 3, NULL, &context, &error);
            ck_assert(status == PATRON_OK || status == PATRON_OUT_OF_MEMORY);
            if (status == PATRON_OK) {
                patron_kmeans_free(handles[0]);
                if (!given) patron_kmeans_free(handles[1]);
            } else {
                ck_assert_ptr_null(handles[0]);
                if (!given) ck_assert_ptr_null(handles[1]);
            }
            ck_assert_int_eq(m.live, 0);
            ck_assert_int_lt(allowed, 500);
        }
        ck_assert_int_gt(allowed, 10);
    }
    table_free(&t);
}
END_TEST

START_TEST(test_cancelling_at_any_callback_leaves_nothing)
{
    table t = table_make(3000, 3, 4, 2), wide = table_make(2000, 150, 4, 2);
    const table *tables[] = {&t, &wide}; /* searched start by start; pass by pass */
    patron_kmeans_options options = defaults();
    for (int d = 0; d < 2; d++) {
        patron_rows rows = table_view(tables[d]);
        options.n_init = d == 0 ? 4 : 2;
        options.max_iter = d == 0 ? 10 : 3;
        int64_t callbacks = 0;
        for (patron_status status = PATRON_CANCELLED; status != PATRON_OK; callbacks++) {
            meter m = {.allowed = INT64_MAX, .callbacks = callbacks};
            patron_context context = meter_context(&m);
            patron_kmeans *handles[2];
            context.threads = 1 + (int32_t)(callbacks % 2);
            status = patron_kmeans_sweep(handles, NULL, &rows, 3, 4, &options, &context, &error);
            ck_assert(status == PATRON_OK || status == PATRON_CANCELLED);
            for (int i = 0; i < 2; i++) {
                if (status != PATRON_OK) ck_assert_ptr_null(handles[i]);
                patron_kmeans_free(handles[i]);
            }
            ck_assert_int_eq(m.live, 0);
            ck_assert_int_lt(callbacks, 100000);
        }
        ck_assert_int_gt(callbacks, 3);
    }
    table_free(&t);
    table_free(&wide);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kmeans_input");
    TCase *tests = tcase_create("kmeans_input");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_defaults_are_as_stated);
    tcase_add_test(tests, test_default_number_of_starts_falls_with_the_rows);
    tcase_add_test(tests, test_nulls_are_refused);
    tcase_add_test(tests, test_options_that_make_no_sense_are_refused);
    tcase_add_test(tests, test_shorter_structs_are_taken);
    tcase_add_test(tests, test_sweep_fails_as_a_whole);
    tcase_add_test(tests, test_numbers_that_are_not_finite_are_named);
    tcase_add_test(tests, test_squares_that_overflow_are_out_of_range);
    tcase_add_test(tests, test_bound_never_lies_above_the_inertia);
    tcase_add_test(tests, test_columns_of_very_different_size_end);
    tcase_add_test(tests, test_rows_closer_than_squares_can_show_end_in_a_status);
    tcase_add_test(tests, test_weights_are_checked);
    tcase_add_test(tests, test_sizes_beyond_memory_are_refused_untouched);
    tcase_add_test(tests, test_distinct_rows_are_counted_up_to_the_cap);
    tcase_add_test(tests, test_memory_failure_leaves_nothing);
    tcase_add_test(tests, test_cancelling_at_any_callback_leaves_nothing);
    return run_suite(suite);
}
