/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scaler's quantiles: winsorising, median and quartiles, column weights, and the way back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "support/suite.h"
#include "support/table.h"

static patron_error error;

static patron_scaler_options plain(int32_t scale)
{
    patron_scaler_options options;
    patron_scaler_options_init(&options, sizeof options);
    options.transform = PATRON_TRANSFORM_NONE;
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

static patron_status refused(const patron_rows *rows, const patron_scaler_options *options)
{
    patron_scaler *scaler = (patron_scaler *)&error;
    patron_status status = patron_scaler_fit(&scaler, rows, options, NULL, &error);
    ck_assert_ptr_null(scaler);
    return status;
}

static patron_scaler_column column(const patron_scaler *scaler, int64_t index)
{
    patron_scaler_column c = {.size = sizeof c};
    ck_assert_int_eq(patron_scaler_column_get(&c, scaler, index, NULL), PATRON_OK);
    return c;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Type 7 as Hyndman & Fan write it: x[j] + (h - j)(x[j + 1] - x[j]) at h = (n - 1)p. */
static double type_7(const double *sorted, int64_t n, double p)
{
    double h = (double)(n - 1) * p;
    int64_t j = (int64_t)h;
    return j + 1 < n ? sorted[j] + (h - (double)j) * (sorted[j + 1] - sorted[j]) : sorted[n - 1];
}

START_TEST(test_defaults_leave_values_alone)
{
    double values[] = {1, 2, 3, 1000}, out, far = 1e6;
    table t = {values, 4, 1}, beyond = {&far, 1, 1};
    patron_rows rows = table_view(&t), other = table_view(&beyond);
    patron_scaler_options options;
    patron_scaler_options_init(&options, sizeof options);
    ck_assert_double_eq(options.winsor_low, 0.0);
    ck_assert_double_eq(options.winsor_high, 1.0);
    ck_assert_ptr_null(options.column_weights);
    options = plain(PATRON_SCALE_NONE);
    patron_scaler *scaler = fit(&rows, &options);
    ck_assert_double_eq(column(scaler, 0).low, -(double)INFINITY);
    ck_assert_double_eq(column(scaler, 0).high, (double)INFINITY);
    ck_assert_double_eq(column(scaler, 0).weight, 1.0);
    ck_assert_int_eq(patron_scaler_transform(&out, scaler, &other, NULL, NULL), PATRON_OK);
    ck_assert_double_eq(out, far);
    patron_scaler_free(scaler);
}
END_TEST

/* 1 1 2 3 3 4 5 5 5 6 7 8 9 9 93: what R's quantile() and numpy.quantile give. */
START_TEST(test_quantiles_are_those_of_r_and_numpy)
{
    double values[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 93};
    static const double known[][2] = {{0.1, 1.4}, {0.25, 3.0}, {0.5, 5.0}, {0.75, 7.5}, {0.9, 9.0}, {0.95, 34.2}};
    table t = {values, 15, 1};
    patron_rows rows = table_view(&t);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        patron_scaler_options options = plain(PATRON_SCALE_NONE);
        options.winsor_high = known[i][0];
        patron_scaler *scaler = fit(&rows, &options);
        ck_assert_double_eq_tol(column(scaler, 0).high, known[i][1], 1e-14 * known[i][1]);
        patron_scaler_free(scaler);
    }
    patron_scaler_options options = plain(PATRON_SCALE_ROBUST);
    patron_scaler *scaler = fit(&rows, &options);
    ck_assert_double_eq(column(scaler, 0).center, 5.0);
    ck_assert_double_eq(column(scaler, 0).scale, 4.5);
    patron_scaler_free(scaler);
}
END_TEST

START_TEST(test_quantiles_of_many_columns)
{
    static const double points[] = {0.01, 0.05, 1.0 / 3.0, 0.5, 0.8, 0.99};
    for (int64_t n = 1; n < 80; n += 3) {
        table t = table_make(n, 1, 3, (uint64_t)n);
        for (int64_t i = 0; i < n; i += 4) t.values[i] = rint(t.values[i]);
        patron_rows rows = table_view(&t);
        double low[5], high[5];
        for (int i = 0; i < 5; i++) {
            patron_scaler_options options = plain(PATRON_SCALE_NONE);
            options.winsor_low = points[i];
            options.winsor_high = points[i + 1];
            patron_scaler *scaler = fit(&rows, &options);
            low[i] = column(scaler, 0).low;
            high[i] = column(scaler, 0).high;
            patron_scaler_free(scaler);
        }
        qsort(t.values, (size_t)n, sizeof(double), by_value);
        for (int i = 0; i < 5; i++) {
            ck_assert_double_eq_tol(low[i], type_7(t.values, n, points[i]), 1e-12);
            ck_assert_double_eq_tol(high[i], type_7(t.values, n, points[i + 1]), 1e-12);
            ck_assert(low[i] <= high[i]);
        }
        table_free(&t);
    }
}
END_TEST

START_TEST(test_winsorised_values_stay_at_their_bounds)
{
    double values[101], scaled[101], back[101];
    for (int i = 0; i <= 100; i++) values[i] = i;
    values[100] = 1e9;
    table t = {values, 101, 1}, s = {scaled, 101, 1};
    patron_rows rows = table_view(&t), there = table_view(&s);
    for (int32_t scale = PATRON_SCALE_NONE; scale <= PATRON_SCALE_ROBUST; scale++)
        for (int32_t transform = 0; transform < 2; transform++) {
            patron_scaler_options options = plain(scale);
            options.transform = transform;
            options.winsor_low = 0.05;
            options.winsor_high = 0.95;
            patron_scaler *scaler = fit(&rows, &options);
            ck_assert_double_eq(column(scaler, 0).low, 5.0);
            ck_assert_double_eq(column(scaler, 0).high, 95.0);
            ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, NULL), PATRON_OK);
            ck_assert_int_eq(patron_scaler_inverse(back, scaler, &there, NULL, NULL), PATRON_OK);
            for (int i = 0; i <= 100; i++) ck_assert_double_eq_tol(back[i], fmin(fmax((double)i, 5.0), 95.0), 1e-11);
            ck_assert_double_eq(scaled[0], scaled[5]);
            ck_assert_double_eq(scaled[100], scaled[95]);
            patron_scaler_free(scaler);
        }
}
END_TEST

START_TEST(test_mean_and_sd_are_of_the_winsorised_values)
{
    double values[] = {0, 10, 10, 10, 20, 1e12};
    table t = {values, 6, 1};
    patron_rows rows = table_view(&t);
    patron_scaler_options options = plain(PATRON_SCALE_ZSCORE);
    options.winsor_high = 0.8;
    patron_scaler *scaler = fit(&rows, &options);
    ck_assert_double_eq(column(scaler, 0).high, 20.0);
    ck_assert_double_eq_tol(column(scaler, 0).center, 70.0 / 6.0, 1e-13);
    ck_assert_double_eq_tol(column(scaler, 0).scale, sqrt(1100.0 / 6.0 - 4900.0 / 36.0), 1e-13);
    patron_scaler_free(scaler);
}
END_TEST

START_TEST(test_filled_values_are_winsorised_too)
{
    double nan = (double)NAN, values[] = {10, nan, 20, 30, 40}, scaled[5];
    table t = {values, 5, 1};
    patron_rows rows = table_view(&t);
    patron_scaler_options options = plain(PATRON_SCALE_NONE);
    options.fill = PATRON_FILL_ZERO;
    options.winsor_low = 0.25;
    patron_scaler *scaler = fit(&rows, &options);
    ck_assert_double_eq(column(scaler, 0).fill, 0.0);
    ck_assert_double_eq(column(scaler, 0).low, 10.0); /* of 0 10 20 30 40 */
    ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, NULL), PATRON_OK);
    ck_assert_double_eq(scaled[1], 10.0);
    patron_scaler_free(scaler);
}
END_TEST

START_TEST(test_equal_quartiles_only_centre)
{
    double values[] = {7, 7, 7, 7, 7, 7, 9}, scaled[7];
    table t = {values, 7, 1};
    patron_rows rows = table_view(&t);
    patron_scaler_options options = plain(PATRON_SCALE_ROBUST);
    patron_scaler *scaler = fit(&rows, &options);
    ck_assert_double_eq(column(scaler, 0).scale, 1.0);
    ck_assert_int_eq(patron_scaler_transform(scaled, scaler, &rows, NULL, NULL), PATRON_OK);
    ck_assert_double_eq(scaled[0], 0.0);
    ck_assert_double_eq(scaled[6], 2.0);
    patron_scaler_free(scaler);
}
END_TEST

START_TEST(test_weights_are_copies_in_quantiles)
{
    for (uint64_t seed = 1; seed < 20; seed++) {
        table t = table_make(60, 1, 3, seed), copies = {malloc(300 * sizeof(double)), 0, 1};
        double weights[60];
        for (int64_t i = 0; i < 60; i++) {
            weights[i] = (double)(((uint64_t)(i * i) + seed) % 5);
            for (int w = 0; w < (int)weights[i]; w++) copies.values[copies.rows++] = t.values[i];
        }
        patron_rows weighted = table_view(&t), copied = table_view(&copies);
        weighted.weights = weights;
        patron_scaler_options options = plain(PATRON_SCALE_ROBUST);
        options.winsor_low = 0.03;
        options.winsor_high = 0.9;
        patron_scaler *a = fit(&weighted, &options), *b = fit(&copied, &options);
        patron_scaler_column x = column(a, 0), y = column(b, 0);
        ck_assert_double_eq(x.low, y.low);
        ck_assert_double_eq(x.high, y.high);
        ck_assert_double_eq(x.center, y.center);
        ck_assert_double_eq(x.scale, y.scale);
        patron_scaler_free(a);
        patron_scaler_free(b);
        free(copies.values);
        table_free(&t);
    }
}
END_TEST

START_TEST(test_weights_that_are_not_whole_find_a_value_too)
{
    double values[] = {1, 2, 3, 4, 5}, weights[] = {0.1, 0.1, 0.1, 0.1, 0.1};
    table t = {values, 5, 1};
    patron_rows rows = table_view(&t);
    rows.weights = weights;
    patron_scaler_options options = plain(PATRON_SCALE_ROBUST);
    options.winsor_low = 0.5;
    options.winsor_high = 1.0 - 0x1p-53;
    for (double factor = 1e-300; factor < 1e300; factor *= 1e6) {
        for (int i = 0; i < 5; i++) weights[i] = 0.1 * factor;
        patron_scaler *scaler = fit(&rows, &options);
        ck_assert(column(scaler, 0).low >= 1.0 && column(scaler, 0).low <= 5.0);
        ck_assert(column(scaler, 0).high >= column(scaler, 0).low && column(scaler, 0).high <= 5.0);
        ck_assert(column(scaler, 0).center >= 1.0 && column(scaler, 0).center <= 5.0);
        patron_scaler_free(scaler);
    }
}
END_TEST

START_TEST(test_column_weights_multiply_and_are_undone)
{
    table t = table_make(200, 3, 3, 4);
    double weights[] = {1.0, 3.0, 1e-3}, plainly[600], weighted[600], back[600];
    patron_rows rows = table_view(&t), there;
    patron_scaler_options options = plain(PATRON_SCALE_ZSCORE);
    patron_scaler *a = fit(&rows, &options);
    options.column_weights = weights;
    patron_scaler *b = fit(&rows, &options);
    ck_assert_int_eq(patron_scaler_transform(plainly, a, &rows, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_scaler_transform(weighted, b, &rows, NULL, NULL), PATRON_OK);
    for (int i = 0; i < 600; i++) ck_assert_double_eq(weighted[i], plainly[i] * weights[i % 3]);
    table s = {weighted, 200, 3};
    there = table_view(&s);
    ck_assert_int_eq(patron_scaler_inverse(back, b, &there, NULL, NULL), PATRON_OK);
    for (int i = 0; i < 600; i++) ck_assert_double_eq_tol(back[i], t.values[i], 1e-12);
    ck_assert_double_eq(column(b, 1).weight, 3.0);
    patron_scaler_free(a);
    patron_scaler_free(b);
    table_free(&t);
}
END_TEST

START_TEST(test_same_bits_for_any_number_of_threads)
{
    table t = table_make(20000, 2, 3, 9);
    patron_rows rows = table_view(&t);
    patron_scaler_options options = plain(PATRON_SCALE_ROBUST);
    options.winsor_low = 0.01;
    options.winsor_high = 0.99;
    patron_scaler *one = fit(&rows, &options);
    for (int32_t threads = 2; threads <= 8; threads *= 2) {
        patron_context context;
        patron_scaler *many;
        patron_context_init(&context, sizeof context);
        context.threads = threads;
        ck_assert_int_eq(patron_scaler_fit(&many, &rows, &options, &context, NULL), PATRON_OK);
        for (int64_t c = 0; c < 2; c++) {
            patron_scaler_column x = column(one, c), y = column(many, c);
            ck_assert_mem_eq(&x, &y, sizeof x);
        }
        patron_scaler_free(many);
    }
    patron_scaler_free(one);
    table_free(&t);
}
END_TEST

START_TEST(test_what_makes_no_sense_is_refused)
{
    double values[] = {1, 2, 3, 4}, inf = (double)INFINITY, nan = (double)NAN, weights[2];
    table t = {values, 2, 2};
    patron_rows rows = table_view(&t);
    const double quantiles[][2] = {{0.5, 0.5}, {0.9, 0.1}, {1.0, 1.0}, {0.0, 0.0}, {-0.1, 1.0},
                                   {0.0, 1.1}, {nan, 1.0}, {0.0, nan}, {0.0, inf}};
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        patron_scaler_options options = plain(PATRON_SCALE_ZSCORE);
        options.winsor_low = quantiles[i][0];
        options.winsor_high = quantiles[i][1];
        ck_assert_int_eq(refused(&rows, &options), PATRON_INVALID_ARGUMENT);
        if (i < 4) ck_assert_ptr_nonnull(strstr(error.message, "quantiles cross"));
    }
    const struct {
        double weight;
        patron_status status;
    } bad[] = {{0.0, PATRON_INVALID_ARGUMENT},
               {-1.0, PATRON_INVALID_ARGUMENT},
               {inf, PATRON_NOT_FINITE},
               {-inf, PATRON_NOT_FINITE},
               {nan, PATRON_NOT_FINITE}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        patron_scaler_options options = plain(PATRON_SCALE_ZSCORE);
        weights[0] = 1.0;
        weights[1] = bad[i].weight;
        options.column_weights = weights;
        ck_assert_int_eq(refused(&rows, &options), bad[i].status);
        ck_assert_ptr_nonnull(strstr(error.message, "column 1"));
        rows.weights = weights; /* of rows; a weight of 0 is fine there */
        options.column_weights = NULL;
        if (i > 0) ck_assert_int_eq(refused(&rows, &options), bad[i].status);
        rows.weights = NULL;
    }
    double far[] = {-1e308, -1e308, 1e308, 1e308, 1e308};
    table wide = {far, 5, 1};
    patron_scaler_options options = plain(PATRON_SCALE_ROBUST);
    rows = table_view(&wide);
    ck_assert_int_eq(refused(&rows, &options), PATRON_OUT_OF_RANGE);
    far[2] = inf;
    options.winsor_high = 0.9;
    ck_assert_int_eq(refused(&rows, &options), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, 2);
}
END_TEST

START_TEST(test_an_infinity_is_refused_not_drawn_in)
{
    double values[] = {1, 2, 3, 4, 5}, out[5];
    table t = {values, 5, 1};
    patron_rows rows = table_view(&t);
    patron_scaler_options options = plain(PATRON_SCALE_ZSCORE);
    options.winsor_high = 0.5;
    patron_scaler *scaler = fit(&rows, &options);
    values[3] = (double)INFINITY;
    ck_assert_int_eq(patron_scaler_transform(out, scaler, &rows, NULL, &error), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, 3);
    patron_scaler_free(scaler);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scaler_quantiles");
    TCase *tests = tcase_create("scaler_quantiles");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_defaults_leave_values_alone);
    tcase_add_test(tests, test_quantiles_are_those_of_r_and_numpy);
    tcase_add_test(tests, test_quantiles_of_many_columns);
    tcase_add_test(tests, test_winsorised_values_stay_at_their_bounds);
    tcase_add_test(tests, test_mean_and_sd_are_of_the_winsorised_values);
    tcase_add_test(tests, test_filled_values_are_winsorised_too);
    tcase_add_test(tests, test_equal_quartiles_only_centre);
    tcase_add_test(tests, test_weights_are_copies_in_quantiles);
    tcase_add_test(tests, test_weights_that_are_not_whole_find_a_value_too);
    tcase_add_test(tests, test_column_weights_multiply_and_are_undone);
    tcase_add_test(tests, test_same_bits_for_any_number_of_threads);
    tcase_add_test(tests, test_what_makes_no_sense_is_refused);
    tcase_add_test(tests, test_an_infinity_is_refused_not_drawn_in);
    return run_suite(suite);
}
