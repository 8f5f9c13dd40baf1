/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scaler. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "support/suite.h"
#include "support/table.h"

static patron_error error;

static patron_scaler_options plain(int32_t fill, int32_t transform, int32_t scale)
{
    patron_scaler_options options;
    patron_scaler_options_init(&options, sizeof options);
    options.fill = fill;
    options.transform = transform;
    options.scale = scale;
    return options;
}

static patron_scaler *fit(const patron_rows *rows, const patron_scaler_options *options)
{
    patron_scaler *scaler = NULL;
    patron_status status = patron_scaler_fit(&scaler, rows, options, NULL, &error);
    ck_assert_msg(status == PATRON_OK, "%s", error.message);
    return scaler;
}

static patron_scaler_column column(const patron_scaler *scaler, int64_t index)
{
    patron_scaler_column c = {.size = sizeof c};
    ck_assert_int_eq(patron_scaler_column_get(&c, scaler, index, NULL), PATRON_OK);
    return c;
}

static patron_status refused(const patron_rows *rows, const patron_scaler_options *options)
{
    patron_scaler *scaler = (patron_scaler *)&error;
    patron_status status = patron_scaler_fit(&scaler, rows, options, NULL, &error);
    ck_assert_ptr_null(scaler);
    ck_assert_int_eq(error.status, status);
    return status;
}

START_TEST(test_defaults_are_as_stated)
{
    patron_scaler_options options;
    patron_scaler_options_init(&options, sizeof options);
    ck_assert_uint_eq(options.size, sizeof options);
    ck_assert_int_eq(options.fill, PATRON_FILL_REJECT);
    ck_assert_int_eq(options.transform, PATRON_TRANSFORM_LOG1P);
    ck_assert_int_eq(options.scale, PATRON_SCALE_ZSCORE);
    ck_assert_ptr_null(options.column_transforms);
    patron_scaler_options_init(NULL, sizeof options);
}
END_TEST

START_TEST(test_scaled_columns_have_mean_0_and_sd_1)
{
    table t = table_make(10000, 4, 3, 1);
    for (int64_t i = 0; i < t.rows; i++) {
        t.values[4 * i + 1] = exp(3.0 * t.values[4 * i + 1]);
        t.values[4 * i + 2] += 1.7e9;
        t.values[4 * i + 3] *= 1e-300;
    }
    int32_t transforms[] = {1, 1, 0, 0};
    patron_scaler_options options = plain(PATRON_FILL_REJECT, 1, 1);
    options.column_transforms = transforms;
    patron_rows rows = table_view(&t);
    double *scaled = malloc(40000 * sizeof *scaled);
    patron_scaler *scaler = fit(&rows, &options);
    ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, NULL), PATRON_OK);
    for (int64_t c = 0; c < 4; c++) {
        long double sum = 0.0L, squares = 0.0L;
        for (int64_t i = 0; i < t.rows; i++) {
            long double value = (long double)scaled[4 * i + c];
            sum += value;
            squares += value * value;
        }
        /* beside 1.7e9 the centre itself has an ulp of 2^-22 */
        ck_assert_double_eq_tol((double)(sum / t.rows), 0.0, c == 2 ? 1e-7 : 1e-13);
        ck_assert_double_eq_tol((double)(squares / t.rows), 1.0, c == 2 ? 1e-12 : 1e-13);
        ck_assert_int_eq(column(scaler, c).transform, transforms[c]);
    }
    ck_assert_int_eq(patron_scaler_column_count(scaler), 4);
    patron_scaler_free(scaler);
    free(scaled);
    table_free(&t);
}
END_TEST

START_TEST(test_logarithm_keeps_the_sign_and_inverse_undoes_it)
{
    double values[] = {-1e6, -3.0, -0.5, -0.0, 0.0, 1e-300, 0.25, 7.0, 1e12}, scaled[9], back[9];
    table t = {values, 9, 1}, s = {scaled, 9, 1};
    patron_rows rows = table_view(&t), again = table_view(&s);
    patron_scaler_options options = plain(PATRON_FILL_REJECT, PATRON_TRANSFORM_LOG1P, PATRON_SCALE_NONE);
    patron_scaler *scaler = fit(&rows, &options);
    ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, NULL), PATRON_OK);
    for (int i = 0; i < 9; i++) ck_assert_double_eq_tol(scaled[i], copysign(log1p(fabs(values[i])), values[i]), 1e-14);
    ck_assert_int_eq(patron_scaler_inverse(back, scaler, &again, NULL, NULL), PATRON_OK);
    for (int i = 0; i < 9; i++) ck_assert_double_le(fabs(back[i] - values[i]), 1e-14 * fabs(values[i]));
    patron_scaler_free(scaler);

    scaler = fit(&rows, NULL);
    ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_scaler_inverse(back, scaler, &again, NULL, NULL), PATRON_OK);
    for (int i = 0; i < 9; i++) ck_assert_double_le(fabs(back[i] - values[i]), 1e-13 * (1.0 + fabs(values[i])));
    patron_scaler_free(scaler);
}
END_TEST

START_TEST(test_constant_column_becomes_exactly_0)
{
    double constants[] = {0.1, 1.7e9 + 0.3, 1e308, 0x1p-1074, 0.0, -1.0 / 3.0};
    for (size_t v = 0; v < sizeof constants / sizeof *constants; v++) {
        double values[7], weights[7] = {1, 0.3, 0.7, 2, 1e-9, 5, 1}, scaled[7];
        for (int i = 0; i < 7; i++) values[i] = constants[v];
        table t = {values, 7, 1};
        patron_rows rows = table_view(&t);
        rows.weights = weights;
        for (int32_t transform = 0; transform < 2; transform++) {
            patron_scaler_options options = plain(PATRON_FILL_MEAN, transform, PATRON_SCALE_ZSCORE);
            patron_scaler *scaler = fit(&rows, &options);
            ck_assert_double_eq(column(scaler, 0).scale, 1.0);
            ck_assert_double_eq(column(scaler, 0).fill, constants[v]);
            ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, NULL), PATRON_OK);
            for (int i = 0; i < 7; i++) ck_assert_double_eq(scaled[i], 0.0);
            patron_scaler_free(scaler);
        }
    }
}
END_TEST

START_TEST(test_weight_equals_copies)
{
    table t = table_make(200, 2, 3, 3), copies = {malloc(2000 * sizeof(double)), 0, 2};
    double weights[200];
    for (int64_t i = 0; i < 200; i++) {
        weights[i] = (double)(i % 4);
        for (int w = 0; w < (int)weights[i]; w++)
            memcpy(copies.values + 2 * copies.rows++, t.values + 2 * i, 2 * sizeof(double));
    }
    patron_rows weighted = table_view(&t), copied = table_view(&copies);
    weighted.weights = weights;
    patron_scaler *a = fit(&weighted, NULL), *b = fit(&copied, NULL);
    for (int64_t c = 0; c < 2; c++) {
        ck_assert_double_eq_tol(column(a, c).center, column(b, c).center, 1e-14);
        ck_assert_double_eq_tol(column(a, c).scale, column(b, c).scale, 1e-14);
    }
    patron_scaler_free(a);
    patron_scaler_free(b);
    free(copies.values);
    table_free(&t);
}
END_TEST

START_TEST(test_missing_values_are_filled_as_asked)
{
    double nan = (double)NAN, values[] = {4.0, nan, 1.0, 10.0, 3.0}, weights[] = {1, 5, 1, 2, 0}, scaled[5];
    static const double fills[][2] = {{0, 0}, {0, 0}, {4.5, 25.0 / 4.0}, {3.5, 3.5}}; /* [fill][weighted] */
    table t = {values, 5, 1};
    patron_rows rows = table_view(&t);
    patron_scaler_options options;
    for (int32_t fill = PATRON_FILL_ZERO; fill <= PATRON_FILL_MEDIAN; fill++) {
        for (int weighted = 0; weighted < 2; weighted++) {
            rows.weights = weighted ? weights : NULL;
            options = plain(fill, PATRON_TRANSFORM_NONE, PATRON_SCALE_NONE);
            patron_scaler *scaler = fit(&rows, &options);
            ck_assert_double_eq_tol(column(scaler, 0).fill, fills[fill][weighted], 1e-15);
            ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, NULL), PATRON_OK);
            ck_assert_double_eq_tol(scaled[1], fills[fill][weighted], 1e-15);
            ck_assert_double_eq(scaled[3], 10.0);
            patron_scaler_free(scaler);
        }
    }
    rows.weights = NULL;
    options = plain(PATRON_FILL_REJECT, 0, 0);
    ck_assert_int_eq(refused(&rows, &options), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, 1);
    ck_assert_ptr_nonnull(strstr(error.message, "row 1, column 0"));
    rows.values = values + 2;
    rows.rows = 3;
    patron_scaler *scaler = fit(&rows, &options);
    ck_assert_double_nan(column(scaler, 0).fill);
    rows.values = values;
    ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, &error), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, 1);
    patron_scaler_free(scaler);

    double none[] = {nan, nan};
    rows.values = none;
    rows.rows = 2;
    for (int32_t fill = PATRON_FILL_MEAN; fill <= PATRON_FILL_MEDIAN; fill++) {
        options = plain(fill, 0, 1);
        ck_assert_int_eq(refused(&rows, &options), PATRON_NO_DATA);
    }
    options = plain(PATRON_FILL_ZERO, 0, 1);
    patron_scaler_free(fit(&rows, &options));
}
END_TEST

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

START_TEST(test_median_is_the_sorted_middle)
{
    for (int64_t n = 1; n < 60; n++) {
        table t = table_make(n, 1, 3, (uint64_t)n);
        for (int64_t i = 0; i < n; i += 3) t.values[i] = i % 2 ? -t.values[i] : rint(t.values[i]);
        patron_rows rows = table_view(&t);
        patron_scaler_options options = plain(PATRON_FILL_MEDIAN, 0, 0);
        patron_scaler *scaler = fit(&rows, &options);
        qsort(t.values, (size_t)n, sizeof(double), by_value);
        ck_assert_double_eq(column(scaler, 0).fill, (t.values[(n - 1) / 2] + t.values[n / 2]) / 2.0);
        patron_scaler_free(scaler);
        table_free(&t);
    }
}
END_TEST

START_TEST(test_same_bits_for_threads_type_and_stride)
{
    table t = table_make(30000, 2, 3, 4);
    float *narrow = malloc(30000 * 3 * sizeof *narrow);
    for (int64_t i = 0; i < t.rows; i++) {
        narrow[3 * i + 2] = (float)NAN;
        for (int64_t c = 0; c < 2; c++) t.values[2 * i + c] = (double)(narrow[3 * i + c] = (float)t.values[2 * i + c]);
    }
    patron_rows rows = table_view(&t), strided = table_view(&t);
    strided.values = narrow;
    strided.type = PATRON_FLOAT32;
    strided.row_stride = 3;
    double *one = malloc(60000 * sizeof *one), *other = malloc(60000 * sizeof *other);
    patron_context context;
    patron_context_init(&context, sizeof context);
    patron_scaler *scaler = fit(&rows, NULL);
    ck_assert_int_eq(patron_scaler_transform(one, scaler, &rows, NULL, NULL), PATRON_OK);
    patron_scaler_free(scaler);
    for (context.threads = 1; context.threads <= 8; context.threads *= 2) {
        ck_assert_int_eq(patron_scaler_fit(&scaler, &strided, NULL, &context, NULL), PATRON_OK);
        ck_assert_int_eq(patron_scaler_transform(other, scaler, &strided, &context, NULL), PATRON_OK);
        ck_assert(memcmp(one, other, 60000 * sizeof *one) == 0);
        patron_scaler_free(scaler);
    }
    free(one);
    free(other);
    free(narrow);
    table_free(&t);
}
END_TEST

START_TEST(test_values_at_the_ends_of_the_range)
{
    double far[] = {-1.7e308, 1.7e308}, wide[] = {-8e307, 8e307, 0.0}, near[] = {0.0, 0x1p-1074}, scaled[3], back[3];
    table t = {far, 2, 1};
    patron_rows rows = table_view(&t);
    patron_scaler_options options = plain(0, PATRON_TRANSFORM_NONE, PATRON_SCALE_ZSCORE);
    ck_assert_int_eq(refused(&rows, &options), PATRON_OUT_OF_RANGE);
    patron_scaler *scaler = fit(&rows, NULL); /* by logarithms it is ordinary */
    ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, NULL), PATRON_OK);
    ck_assert_double_eq_tol(scaled[1], 1.0, 1e-15);
    double beyond[] = {1.0, 1e6};
    rows.values = beyond;
    ck_assert_int_eq(patron_scaler_inverse(back, scaler, &rows, NULL, &error), PATRON_OUT_OF_RANGE);
    ck_assert_int_eq(error.row, 1);
    patron_scaler_free(scaler);

    t = (table){wide, 3, 1};
    rows = table_view(&t);
    scaler = fit(&rows, &options);
    ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, NULL), PATRON_OK);
    ck_assert_double_eq_tol(scaled[1], sqrt(1.5), 1e-15);
    patron_scaler_free(scaler);

    t = (table){near, 2, 1};
    rows = table_view(&t);
    scaler = fit(&rows, &options);
    ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, NULL), PATRON_OK);
    ck_assert_double_ne(scaled[0], scaled[1]);
    rows.values = far;
    ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, &error), PATRON_OUT_OF_RANGE);
    ck_assert_int_eq(error.row, 0);
    patron_scaler_free(scaler);
}
END_TEST

START_TEST(test_what_makes_no_sense_is_refused)
{
    double values[] = {1, 2, 3, 4}, out[4], infinite[] = {1, 2, 3, HUGE_VAL};
    int32_t wrong_column[] = {0, 5};
    table t = {values, 2, 2};
    patron_rows rows = table_view(&t), other = rows;
    patron_scaler *scaler = fit(&rows, NULL);
    patron_scaler_column c = {.size = sizeof c};
    patron_scaler_options options;
    ck_assert_int_eq(patron_scaler_fit(NULL, &rows, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(refused(NULL, NULL), PATRON_INVALID_ARGUMENT);
    for (int field = 0; field < 6; field++) {
        options = plain(0, 1, 1);
        if (field == 0) options.fill = 4;
        if (field == 1) options.transform = -1;
        if (field == 2) options.scale = 3;
        if (field == 3) options.reserved = 1;
        if (field == 4) options.column_transforms = wrong_column;
        if (field == 5) options.size = 1;
        ck_assert_int_eq(refused(&rows, &options), PATRON_INVALID_ARGUMENT);
    }
    other.rows = 0;
    ck_assert_int_eq(refused(&other, NULL), PATRON_NO_DATA);
    ck_assert_int_eq(patron_scaler_transform(out, scaler, &other, NULL, &error), PATRON_NO_DATA);
    other.rows = INT64_C(1) << 61;
    ck_assert_int_eq(refused(&other, NULL), PATRON_TOO_LARGE);
    ck_assert_int_eq(patron_scaler_transform(out, scaler, &other, NULL, &error), PATRON_TOO_LARGE);
    other = rows;
    other.values = infinite;
    options = plain(PATRON_FILL_MEAN, 1, 1);
    ck_assert_int_eq(refused(&other, &options), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, 1);
    ck_assert_int_eq(patron_scaler_transform(out, scaler, &other, NULL, &error), PATRON_NOT_FINITE);
    ck_assert_int_eq(patron_scaler_inverse(out, scaler, &other, NULL, &error), PATRON_NOT_FINITE);
    infinite[3] = (double)NAN;
    ck_assert_int_eq(patron_scaler_inverse(out, scaler, &other, NULL, &error), PATRON_NOT_FINITE);
    other = rows;
    other.cols = 1;
    ck_assert_int_eq(patron_scaler_transform(out, scaler, &other, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_scaler_transform(NULL, scaler, &rows, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_scaler_transform(out, NULL, &rows, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_scaler_inverse(out, scaler, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_scaler_column_get(&c, scaler, 2, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_scaler_column_get(&c, scaler, -1, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_scaler_column_get(&c, NULL, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_scaler_column_get(NULL, scaler, 0, &error), PATRON_INVALID_ARGUMENT);
    c.size = 0;
    ck_assert_int_eq(patron_scaler_column_get(&c, scaler, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_scaler_column_count(NULL), 0);
    patron_scaler_free(NULL);
    patron_scaler_free(scaler);
}
END_TEST

START_TEST(test_memory_failure_and_cancelling_leave_nothing)
{
    table t = table_make(50, 2, 3, 2);
    patron_rows rows = table_view(&t);
    double out[100];
    int64_t allowed = 0, callbacks = 0;
    for (patron_status status = PATRON_OUT_OF_MEMORY; status != PATRON_OK; allowed++) {
        meter m = {.allowed = allowed, .callbacks = INT64_MAX};
        patron_context context = meter_context(&m);
        patron_scaler *scaler = (patron_scaler *)&m;
        status = patron_scaler_fit(&scaler, &rows, NULL, &context, &error);
        if (status == PATRON_OK) status = patron_scaler_transform(out, scaler, &rows, &context, &error);
        if (status == PATRON_OK) status = patron_scaler_inverse(out, scaler, &rows, &context, &error);
        ck_assert(status == PATRON_OK || status == PATRON_OUT_OF_MEMORY);
        if (allowed < 4) ck_assert_ptr_null(scaler);
        patron_scaler_free(scaler);
        ck_assert_int_eq(m.live, 0);
    }
    for (patron_status status = PATRON_CANCELLED; status != PATRON_OK; callbacks++) {
        meter m = {.allowed = INT64_MAX, .callbacks = callbacks};
        patron_context context = meter_context(&m);
        patron_scaler *scaler = (patron_scaler *)&m;
        status = patron_scaler_fit(&scaler, &rows, NULL, &context, &error);
        if (status != PATRON_OK) ck_assert_ptr_null(scaler);
        ck_assert(status == PATRON_OK || status == PATRON_CANCELLED);
        patron_scaler_free(scaler);
        ck_assert_int_eq(m.live, 0);
    }
    ck_assert_int_gt(callbacks, 4);
    table_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scaler");
    TCase *tests = tcase_create("scaler");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_defaults_are_as_stated);
    tcase_add_test(tests, test_scaled_columns_have_mean_0_and_sd_1);
    tcase_add_test(tests, test_logarithm_keeps_the_sign_and_inverse_undoes_it);
    tcase_add_test(tests, test_constant_column_becomes_exactly_0);
    tcase_add_test(tests, test_weight_equals_copies);
    tcase_add_test(tests, test_missing_values_are_filled_as_asked);
    tcase_add_test(tests, test_median_is_the_sorted_middle);
    tcase_add_test(tests, test_same_bits_for_threads_type_and_stride);
    tcase_add_test(tests, test_values_at_the_ends_of_the_range);
    tcase_add_test(tests, test_what_makes_no_sense_is_refused);
    tcase_add_test(tests, test_memory_failure_and_cancelling_leave_nothing);
    return run_suite(suite);
}
