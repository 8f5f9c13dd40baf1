/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: numbers at the edges of what it can hold, where promises once broke. */
#include <math.h>
#include <stdlib.h>

#include <patron/patron.h>

#include "support/fitted.h"
#include "support/suite.h"

START_TEST(test_columns_that_vanish_beside_others_keep_their_means)
{
    double values[] = {0, 1e-300, 1e149, 3e-300, 1e150, 2e-300, 1.1e150, 6e-300};
    table t = {values, 4, 2};
    patron_rows rows = table_view(&t);
    patron_kmeans_options options = starts(5);
    fitted f = fit(&rows, 2, &options, 1);
    const double *centroids = patron_kmeans_centroids(f.handle);
    ck_assert_double_eq(centroids[1], 2e-300);
    ck_assert_double_eq(centroids[3], 4e-300);
    release(&f);
}
END_TEST

START_TEST(test_rows_of_no_weight_too_far_to_measure_are_refused)
{
    static const double far[] = {1e200, -1e200, 1e308, -1e308};
    static const double weights[] = {1, 1, 1, 0, 1};
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        double values[] = {0, 1e-100, 2e-100, far[i], 5e-100};
        table t = {values, 5, 1};
        patron_rows rows = table_view(&t);
        patron_kmeans *handle = NULL;
        patron_error error;
        rows.weights = weights;
        ck_assert_int_eq(patron_kmeans_fit(&handle, NULL, &rows, 2, NULL, NULL, &error), PATRON_OUT_OF_RANGE);
        ck_assert_int_eq(error.row, 3);
        ck_assert_ptr_null(handle);
        values[3] = 1e40;
        fitted f = fit(&rows, 2, NULL, 1);
        check_promises(&f, &t, weights);
        release(&f);
    }
}
END_TEST

START_TEST(test_constant_columns_count_once_centroids_are_means)
{
    double values[] = {0, 5, 1, 5, 4, 5};
    static const double initial[] = {0, 9, 3, 9};
    table t = {values, 3, 2};
    patron_rows rows = table_view(&t);
    patron_kmeans_options options = starts(1);
    options.initial_centroids = initial;
    options.max_iter = 1;
    fitted f = fit(&rows, 2, &options, 1);
    ck_assert_double_eq(f.result.inertia, 0.5);
    check_promises(&f, &t, NULL);
    release(&f);
}
END_TEST

START_TEST(test_the_bound_for_one_cluster_is_about_the_mean_itself)
{
    double values[] = {1e9, 1e9 + 0x1p-23}; /* neighbours: the mean is no double */
    table t = {values, 2, 1};
    patron_rows rows = table_view(&t);
    fitted f = fit(&rows, 1, NULL, 1);
    ck_assert_double_le(f.result.inertia_lower_bound, 0x1p-47);
    check_promises(&f, &t, NULL);
    release(&f);
}
END_TEST

/* Packing is coarse beside clusters that lie close together where one row is far: passes over packed rows alone went
   round in circles there. */
START_TEST(test_fits_converge_where_packing_is_coarse)
{
    for (uint64_t seed = 1; seed <= 500; seed++) {
        table t = table_make(39, 1, 3, seed);
        patron_rows rows = table_view(&t);
        patron_kmeans_options options = starts(2);
        t.values[seed % 39] = pow(10.0, (double)(seed % 9));
        t.values[(7 * seed + 1) % 39] = -pow(10.0, (double)(seed % 7));
        fitted f = fit(&rows, 7, &options, 1);
        ck_assert_int_eq(f.result.converged, 1);
        check_promises(&f, &t, NULL);
        release(&f);
        table_free(&t);
    }
}
END_TEST

START_TEST(test_a_far_first_row_of_no_weight_does_not_blur_the_variance)
{
    table t = table_make(2000, 1, 1, 3);
    patron_rows rows = table_view(&t);
    static const double initial[] = {0, 0.1, 0.2};
    double *weights = malloc((size_t)t.rows * sizeof *weights);
    int32_t iterations = 0;
    patron_kmeans_options options = starts(1);
    options.initial_centroids = initial;
    options.tol = 1e-6;
    for (int64_t i = 0; i < t.rows; i++) weights[i] = i > 0;
    rows.weights = weights;
    for (int far = 0; far < 2; far++) {
        if (far) t.values[0] = 1e12;
        fitted f = fit(&rows, 3, &options, 1);
        if (far) ck_assert_int_eq(f.result.iterations, iterations);
        iterations = f.result.iterations;
        release(&f);
    }
    ck_assert_int_gt(iterations, 3);
    free(weights);
    table_free(&t);
}
END_TEST

START_TEST(test_weights_that_take_the_inertia_out_of_range_are_refused)
{
    static const double weights[] = {0x1p1000, 0x1p1000, 0x1p1000};
    double values[] = {0, 0x1p10, 0x1p20};
    table t = {values, 3, 1};
    patron_rows rows = table_view(&t);
    patron_kmeans *handle = NULL;
    rows.weights = weights;
    ck_assert_int_eq(patron_kmeans_fit(&handle, NULL, &rows, 1, NULL, NULL, NULL), PATRON_OUT_OF_RANGE);
    ck_assert_ptr_null(handle);
    fitted f = fit(&rows, 2, NULL, 1);
    ck_assert_double_eq(f.result.inertia, 0x1p1019);
    release(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kmeans_corners");
    TCase *tests = tcase_create("kmeans_corners");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_columns_that_vanish_beside_others_keep_their_means);
    tcase_add_test(tests, test_rows_of_no_weight_too_far_to_measure_are_refused);
    tcase_add_test(tests, test_constant_columns_count_once_centroids_are_means);
    tcase_add_test(tests, test_the_bound_for_one_cluster_is_about_the_mean_itself);
    tcase_add_test(tests, test_fits_converge_where_packing_is_coarse);
    tcase_add_test(tests, test_a_far_first_row_of_no_weight_does_not_blur_the_variance);
    tcase_add_test(tests, test_weights_that_take_the_inertia_out_of_range_are_refused);
    return run_suite(suite);
}
