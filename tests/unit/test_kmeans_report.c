/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: what a fit says of how it was made. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <patron/patron.h>

#include "support/fitted.h"
#include "support/suite.h"

enum { MANY = 150000 };

START_TEST(test_strict_is_0_or_1)
{
    static const int32_t wrong[] = {2, -1, INT32_MAX, INT32_MIN};
    table t = table_make(30, 2, 2, 1);
    patron_rows rows = table_view(&t);
    patron_error error;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        patron_kmeans *handles[2] = {(patron_kmeans *)&t, (patron_kmeans *)&t};
        patron_kmeans_options options = starts(2);
        options.strict = wrong[i];
        ck_assert_int_eq(patron_kmeans_fit(handles, NULL, &rows, 2, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
        ck_assert_ptr_null(handles[0]);
        ck_assert_ptr_nonnull(strstr(error.message, "strict"));
        handles[0] = (patron_kmeans *)&t;
        ck_assert_int_eq(patron_kmeans_sweep(handles, NULL, &rows, 2, 3, &options, NULL, &error),
                         PATRON_INVALID_ARGUMENT);
        ck_assert_ptr_null(handles[0]);
        ck_assert_ptr_null(handles[1]);
    }
    table_free(&t);
}
END_TEST

START_TEST(test_starts_tried_are_told)
{
    table t = table_make(1000, 2, 3, 1);
    patron_rows rows = table_view(&t);
    for (int32_t n_init = 0; n_init <= 7; n_init += 7) {
        for (int32_t strict = 0; strict < 2; strict++) {
            patron_kmeans_options options = starts(n_init);
            options.strict = strict;
            fitted f = fit(&rows, 3, &options, 1);
            int32_t tried = n_init == 0 ? patron_kmeans_default_n_init(t.rows) : n_init;
            ck_assert_int_eq(f.result.n_init, tried);
            ck_assert_int_eq(f.result.screened, 0);
            ck_assert_int_eq(f.result.sample_rows, 0);
            ck_assert_int_eq(f.result.polished, tried);
            ck_assert_int_eq(f.result.reserved, 0);
            ck_assert(f.result.best_start >= 0 && f.result.best_start < tried);
            release(&f);
        }
    }
    table_free(&t);
}
END_TEST

START_TEST(test_many_rows_are_screened)
{
    table t = table_make(MANY, 3, 4, 1);
    patron_rows rows = table_view(&t);
    patron_kmeans_options options = starts(0);
    fitted f = fit(&rows, 3, &options, 2);
    ck_assert_int_eq(f.result.screened, 1);
    ck_assert_int_eq(f.result.n_init, 10);
    ck_assert_int_gt(f.result.sample_rows, 0);
    ck_assert_int_lt(f.result.sample_rows, MANY);
    ck_assert_int_ge(f.result.polished, 1);
    ck_assert(f.result.best_start >= 0 && f.result.best_start < 10);
    check_promises(&f, &t, NULL);
    release(&f);
    table_free(&t);
}
END_TEST

START_TEST(test_strict_and_given_starts_are_not_screened)
{
    table t = table_make(MANY, 3, 4, 1);
    patron_rows rows = table_view(&t);
    for (int given = 0; given < 2; given++) {
        patron_kmeans_options options = starts(3);
        options.strict = !given;
        if (given) options.initial_centroids = t.values;
        fitted f = fit(&rows, 3, &options, 2);
        ck_assert_int_eq(f.result.screened, 0);
        ck_assert_int_eq(f.result.sample_rows, 0);
        ck_assert_int_eq(f.result.polished, given ? 1 : 3);
        if (given) ck_assert_int_eq(f.result.best_start, 0);
        release(&f);
    }
    table_free(&t);
}
END_TEST

/* Not how long it took, which is the machine's affair: that the stages lie within the call. */
START_TEST(test_seconds_of_the_stages_are_told)
{
    table t = table_make(MANY, 3, 4, 1);
    patron_rows rows = table_view(&t);
    patron_kmeans *handles[3];
    patron_kmeans_options options = starts(2);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    ck_assert_int_eq(patron_kmeans_sweep(handles, NULL, &rows, 2, 4, &options, NULL, NULL), PATRON_OK);
    clock_gettime(CLOCK_MONOTONIC, &after);
    double whole = (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
    patron_kmeans_result first = {.size = sizeof first};
    for (int i = 0; i < 3; i++) {
        patron_kmeans_result result = {.size = sizeof result};
        ck_assert_int_eq(patron_kmeans_result_get(&result, handles[i], NULL), PATRON_OK);
        ck_assert_double_gt(result.pack_s, 0.0);
        ck_assert_double_ge(result.screen_s, 0.0);
        ck_assert_double_gt(result.polish_s, 0.0);
        ck_assert_double_gt(result.finish_s, 0.0);
        ck_assert_double_le(result.pack_s + result.screen_s + result.polish_s + result.finish_s, whole);
        if (i == 0) first = result;
        ck_assert_double_eq(result.pack_s, first.pack_s);
        ck_assert_double_eq(result.screen_s, first.screen_s);
        ck_assert_double_eq(result.polish_s, first.polish_s);
        ck_assert_double_eq(result.finish_s, first.finish_s);
        patron_kmeans_free(handles[i]);
    }
    table_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kmeans_report");
    TCase *tests = tcase_create("kmeans_report");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_strict_is_0_or_1);
    tcase_add_test(tests, test_starts_tried_are_told);
    tcase_add_test(tests, test_many_rows_are_screened);
    tcase_add_test(tests, test_strict_and_given_starts_are_not_screened);
    tcase_add_test(tests, test_seconds_of_the_stages_are_told);
    return run_suite(suite);
}
