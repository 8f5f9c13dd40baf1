/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: what must not change its results. */
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "support/fitted.h"
#include "support/suite.h"

START_TEST(test_same_bits_for_any_number_of_threads)
{
    /* the first is searched start by start, the second pass by pass */
    static const int64_t shapes[][2] = {{6000, 5}, {90000, 4}};
    for (size_t s = 0; s < 2; s++) {
        table t = table_make(shapes[s][0], shapes[s][1], 5, 3);
        patron_rows rows = table_view(&t);
        patron_kmeans_options options = starts(3);
        options.max_iter = 40;
        uint64_t first = 0;
        for (int32_t threads = 1; threads <= 8; threads += threads < 4 ? 1 : 4) {
            fitted f = fit(&rows, 4, &options, threads);
            if (threads == 1) first = f.result.fingerprint;
            ck_assert_uint_eq(f.result.fingerprint, first);
            if (threads == 1) check_promises(&f, &t, NULL);
            release(&f);
        }
        table_free(&t);
    }
}
END_TEST

/* Made once; every compiler, optimisation level and machine must find them again. */
START_TEST(test_bits_are_these)
{
    static const uint64_t expected[] = {UINT64_C(0x3f7b41d182a3b5f2), UINT64_C(0xbc7ce90c59ae3ad1),
                                        UINT64_C(0x7796ce4ea2196d9c), UINT64_C(0x1860e20deb06a7a3)};
    table t = table_make(3000, 4, 3, 77);
    double weights[3000];
    for (int64_t i = 0; i < t.rows; i++) {
        weights[i] = 0.1 + (double)(i % 13);
        t.values[4 * i + 1] += 1.7e9;
    }
    patron_rows rows = table_view(&t);
    for (int32_t k = 2; k <= 5; k++) {
        patron_kmeans_options options = starts(10);
        rows.weights = k % 2 ? weights : NULL;
        fitted f = fit(&rows, k, &options, 2);
        ck_assert_uint_eq(f.result.fingerprint, expected[k - 2]);
        release(&f);
    }
    table_free(&t);
}
END_TEST

START_TEST(test_float32_and_strides_change_nothing)
{
    table t = table_make(1000, 3, 4, 5);
    float *narrow = malloc((size_t)t.rows * 5 * sizeof *narrow);
    for (int64_t i = 0; i < t.rows; i++) {
        for (int64_t c = 0; c < 5; c++) narrow[i * 5 + c] = (float)NAN;
        for (int64_t c = 0; c < 3; c++) {
            narrow[i * 5 + c] = (float)t.values[i * 3 + c];
            t.values[i * 3 + c] = (double)narrow[i * 5 + c];
        }
    }
    patron_rows wide = table_view(&t), strided = table_view(&t);
    strided.values = narrow;
    strided.type = PATRON_FLOAT32;
    strided.row_stride = 5;
    fitted a = fit(&wide, 4, NULL, 1), b = fit(&strided, 4, NULL, 1);
    ck_assert_uint_eq(a.result.fingerprint, b.result.fingerprint);
    release(&a);
    release(&b);
    free(narrow);
    table_free(&t);
}
END_TEST

START_TEST(test_weight_equals_copies)
{
    table t = table_make(300, 3, 4, 6);
    double weights[300];
    int64_t copies = 0;
    for (int64_t i = 0; i < 300; i++) copies += (int64_t)(weights[i] = (double)((i * 7) % 5));
    table longer = {malloc((size_t)(copies * 3) * sizeof(double)), 0, 3};
    for (int64_t i = 0; i < 300; i++)
        for (int w = 0; w < (int)weights[i]; w++)
            memcpy(longer.values + 3 * longer.rows++, t.values + 3 * i, 3 * sizeof(double));
    patron_rows weighted = table_view(&t), copied = table_view(&longer);
    weighted.weights = weights;
    for (int32_t k = 1; k <= 5; k++) {
        patron_kmeans_options options = starts(1);
        options.initial_centroids = t.values + 3;
        fitted a = fit(&weighted, k, &options, 1), b = fit(&copied, k, &options, 1);
        ck_assert_double_eq_tol(a.result.inertia, b.result.inertia, 1e-12 * b.result.inertia);
        ck_assert_double_eq_tol(a.result.inertia_lower_bound, b.result.inertia_lower_bound, 1e-9 * b.result.inertia);
        int64_t row = 0;
        for (int64_t i = 0; i < 300; i++) {
            if (weights[i] == 0.0) continue;
            ck_assert_int_eq(a.labels[i], b.labels[row]);
            row += (int64_t)weights[i];
        }
        release(&a);
        release(&b);
    }
    free(longer.values);
    table_free(&t);
}
END_TEST

START_TEST(test_order_shift_and_power_of_two_change_nothing_but_numbers)
{
    table t = table_make(700, 3, 4, 8), other = table_make(700, 3, 4, 8);
    patron_rows rows = table_view(&t), changed = table_view(&other);
    patron_kmeans_options options = starts(1), moved = starts(1);
    double initial[12], shifted[12];
    memcpy(initial, t.values, sizeof initial);
    options.initial_centroids = moved.initial_centroids = initial;
    fitted a = fit(&rows, 4, &options, 1);

    for (int64_t i = 0; i < 700; i++) memcpy(other.values + 3 * i, t.values + 3 * ((i * 11) % 700), 3 * sizeof(double));
    fitted b = fit(&changed, 4, &moved, 1);
    ck_assert_double_eq_tol(a.result.inertia, b.result.inertia, 1e-12 * a.result.inertia);
    for (int64_t i = 0; i < 700; i++) ck_assert_int_eq(b.labels[i], a.labels[(i * 11) % 700]);
    release(&b);

    /* values on a grid of 2^-20 stay exact beside 1.7e9 */
    for (int64_t e = 0; e < 2100; e++) t.values[e] = rint(t.values[e] * 0x1p20) * 0x1p-20;
    memcpy(initial, t.values, sizeof initial);
    fitted c = fit(&rows, 4, &options, 1);
    for (int64_t e = 0; e < 2100; e++) other.values[e] = t.values[e] + 1.7e9;
    for (int e = 0; e < 12; e++) shifted[e] = initial[e] + 1.7e9;
    moved.initial_centroids = shifted;
    b = fit(&changed, 4, &moved, 1);
    check_promises(&b, &other, NULL);
    ck_assert_double_eq_tol(b.result.inertia, c.result.inertia, 1e-12 * c.result.inertia);
    ck_assert(memcmp(b.labels, c.labels, 700 * sizeof(int32_t)) == 0);
    release(&b);
    release(&c);

    for (int power = -900; power <= 400; power += 100) {
        memcpy(other.values, t.values, 2100 * sizeof(double));
        for (int64_t e = 0; e < 2100; e++) other.values[e] = ldexp(t.values[e], power);
        for (int e = 0; e < 12; e++) shifted[e] = ldexp(initial[e], power);
        c = fit(&rows, 4, &options, 1);
        b = fit(&changed, 4, &moved, 1);
        ck_assert(memcmp(b.labels, c.labels, 700 * sizeof(int32_t)) == 0);
        if (power > -500) ck_assert_double_eq(b.result.inertia, ldexp(c.result.inertia, 2 * power));
        release(&b);
        release(&c);
    }
    release(&a);
    table_free(&t);
    table_free(&other);
}
END_TEST

START_TEST(test_order_of_columns_gives_the_same_partition)
{
    table t = table_make(700, 3, 4, 8), other = table_make(700, 3, 4, 8);
    patron_rows rows = table_view(&t), changed = table_view(&other);
    patron_kmeans_options options = starts(1), swapped = starts(1);
    for (int64_t i = 0; i < 700; i++)
        for (int64_t c = 0; c < 3; c++) other.values[3 * i + c] = t.values[3 * i + 2 - c];
    options.initial_centroids = t.values;
    swapped.initial_centroids = other.values;
    fitted a = fit(&rows, 4, &options, 1), b = fit(&changed, 4, &swapped, 1);
    int32_t number[4] = {-1, -1, -1, -1};
    ck_assert_double_eq_tol(a.result.inertia, b.result.inertia, 1e-12 * a.result.inertia);
    for (int64_t i = 0; i < 700; i++) {
        if (number[a.labels[i]] < 0) number[a.labels[i]] = b.labels[i];
        ck_assert_int_eq(number[a.labels[i]], b.labels[i]);
    }
    release(&a);
    release(&b);
    table_free(&t);
    table_free(&other);
}
END_TEST

static void *fit_elsewhere(void *argument)
{
    patron_rows rows = table_view(argument);
    patron_kmeans_result *result = malloc(sizeof *result);
    memset(result, 0, sizeof *result);
    for (int repeat = 0; repeat < 20; repeat++) {
        patron_kmeans *handle = NULL;
        result->size = sizeof *result;
        if (patron_kmeans_fit(&handle, NULL, &rows, 4, NULL, NULL, NULL) == PATRON_OK)
            patron_kmeans_result_get(result, handle, NULL);
        patron_kmeans_free(handle);
    }
    return result;
}

START_TEST(test_calls_from_several_threads_do_not_disturb_each_other)
{
    table t = table_make(800, 9, 4, 21);
    pthread_t threads[4];
    void *results[4];
    for (int i = 0; i < 4; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, fit_elsewhere, &t), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], &results[i]);
    for (int i = 0; i < 4; i++) {
        /* times lie at the end, and differ */
        ck_assert_int_eq(((patron_kmeans_result *)results[i])->k, 4);
        ck_assert(memcmp(results[i], results[0], offsetof(patron_kmeans_result, pack_s)) == 0);
    }
    for (int i = 0; i < 4; i++) free(results[i]);
    table_free(&t);
}
END_TEST

START_TEST(test_host_rounding_changes_nothing)
{
    table t = table_make(3000, 3, 4, 21);
    patron_rows rows = table_view(&t);
    fitted a = fit(&rows, 4, NULL, 2);
    fesetround(FE_UPWARD);
    fitted b = fit(&rows, 4, NULL, 2);
    ck_assert_int_eq(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
    ck_assert_uint_eq(a.result.fingerprint, b.result.fingerprint);
    release(&a);
    release(&b);
    table_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kmeans_same");
    TCase *tests = tcase_create("kmeans_same");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_same_bits_for_any_number_of_threads);
    tcase_add_test(tests, test_bits_are_these);
    tcase_add_test(tests, test_float32_and_strides_change_nothing);
    tcase_add_test(tests, test_weight_equals_copies);
    tcase_add_test(tests, test_order_shift_and_power_of_two_change_nothing_but_numbers);
    tcase_add_test(tests, test_order_of_columns_gives_the_same_partition);
    tcase_add_test(tests, test_calls_from_several_threads_do_not_disturb_each_other);
    tcase_add_test(tests, test_host_rounding_changes_nothing);
    return run_suite(suite);
}
