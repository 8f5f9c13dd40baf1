/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: what it finds. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "oracle/oracle_kmeans.h"
#include "support/fitted.h"
#include "support/suite.h"

START_TEST(test_known_optima_are_found)
{
    static const struct {
        const char *name;
        int64_t cols, rows;
        double optimum[4];
    } known[] = {
        {"clustering/iris.txt", 4, 150, {152.347951760358, 78.8514414261460, 57.2284732142857, 46.4461820512821}},
        {"clustering/ruspini.txt", 2, 75, {89337.832142857, 51063.4750456705, 12881.0512361466, 10126.7197881828}},
        {"clustering/german_postal.txt",
         3,
         89,
         {6.025472220938822e11, 2.94506562778027e11, 1.04474664100716e11, 5.97615267205269e10}},
    };
    patron_kmeans_options options = starts(100);
    for (size_t d = 0; d < sizeof known / sizeof *known; d++) {
        table t = table_read(known[d].name, known[d].cols);
        if (t.rows == 0) continue;
        ck_assert_int_eq(t.rows, known[d].rows);
        patron_rows rows = table_view(&t);
        for (int32_t k = 2; k <= 5; k++) {
            fitted f = fit(&rows, k, &options, 2);
            ck_assert_double_eq_tol(f.result.inertia, known[d].optimum[k - 2], 1e-9 * known[d].optimum[k - 2]);
            check_promises(&f, &t, NULL);
            release(&f);
        }
        table_free(&t);
    }
}
END_TEST

START_TEST(test_tiny_data_reach_the_optimum_of_all_partitions)
{
    double weights[8] = {1, 2, 0.5, 1, 3, 1, 0.25, 1};
    patron_kmeans_options options = starts(60);
    for (uint64_t seed = 0; seed < 6; seed++) {
        table t = table_make(8, 2, 3, seed);
        for (int32_t k = 1; k <= 4; k++) {
            for (int weighted = 0; weighted < 2; weighted++) {
                patron_rows rows = table_view(&t);
                rows.weights = weighted ? weights : NULL;
                double best = (double)oracle_optimum(t.values, rows.weights, t.rows, t.cols, k);
                fitted f = fit(&rows, k, &options, 1);
                ck_assert_double_eq_tol(f.result.inertia, best, 1e-12 * best);
                check_promises(&f, &t, rows.weights);
                release(&f);
            }
        }
        table_free(&t);
    }
}
END_TEST

START_TEST(test_labels_centroids_and_inertia_fit_together)
{
    static const int64_t shapes[][2] = {{1, 1}, {7, 3}, {8, 1}, {9, 2}, {500, 5}, {5000, 3}, {3000, 17}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        table t = table_make(shapes[s][0], shapes[s][1], 4, s);
        double *weights = malloc((size_t)t.rows * sizeof *weights);
        for (int64_t i = 0; i < t.rows; i++) weights[i] = i % 7 == 3 ? 0.0 : 0.25 + (double)(i % 5);
        for (int32_t k = 1; k <= 6 && k <= t.rows; k++) {
            patron_rows rows = table_view(&t);
            patron_kmeans_options options = starts(3);
            fitted f = fit(&rows, k, &options, 1);
            check_promises(&f, &t, NULL);
            ck_assert_int_eq(f.result.converged, 1);
            release(&f);
            rows.weights = weights;
            if (t.rows < 8) continue;
            f = fit(&rows, k, &options, 1);
            check_promises(&f, &t, weights);
            release(&f);
        }
        free(weights);
        table_free(&t);
    }
}
END_TEST

START_TEST(test_seed_decides_and_other_seeds_start_elsewhere)
{
    table t = table_make(400, 2, 1, 9);
    patron_rows rows = table_view(&t);
    patron_kmeans_options options = starts(1);
    int different = 0;
    fitted first = fit(&rows, 5, &options, 1), again = fit(&rows, 5, &options, 1);
    ck_assert_uint_eq(first.result.fingerprint, again.result.fingerprint);
    for (options.seed = 1; options.seed < 10; options.seed++) {
        fitted f = fit(&rows, 5, &options, 1);
        different += f.result.fingerprint != first.result.fingerprint;
        release(&f);
    }
    ck_assert_int_gt(different, 0);
    release(&first);
    release(&again);
    table_free(&t);
}
END_TEST

START_TEST(test_ties_go_to_the_lower_number)
{
    double values[] = {0.0, 2.0, 4.0, 6.0}, middle[] = {3.0, 1.0, 5.0};
    int32_t labels[3];
    table t = {values, 4, 1}, new_rows = {middle, 3, 1};
    patron_rows rows = table_view(&t), ask = table_view(&new_rows);
    fitted f = fit(&rows, 2, NULL, 1);
    ck_assert_int_eq(patron_kmeans_predict(labels, f.handle, &ask, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(labels[0], 0);
    ck_assert_int_eq(labels[1], 0);
    ck_assert_int_eq(labels[2], 1);
    check_promises(&f, &t, NULL);
    release(&f);
}
END_TEST

/* Points of a small lattice: most distances tie, many rows are equal. */
START_TEST(test_ties_and_equal_rows_keep_every_promise)
{
    for (uint64_t seed = 0; seed < 150; seed++) {
        table t = table_make(12 + (int64_t)(seed % 40), 1 + (int64_t)(seed % 3), 3, seed);
        double *weights = malloc((size_t)t.rows * sizeof *weights);
        for (int64_t e = 0; e < t.rows * t.cols; e++) t.values[e] = rint(t.values[e] / 2.0);
        for (int64_t i = 0; i < t.rows; i++) weights[i] = (double)((i + (int64_t)seed) % 3);
        patron_rows rows = table_view(&t);
        rows.weights = seed % 2 ? weights : NULL;
        for (int32_t k = 1; k <= 12; k++) {
            patron_kmeans_options options = starts(2);
            patron_kmeans *handle = NULL;
            patron_status status = patron_kmeans_fit(&handle, NULL, &rows, k, &options, NULL, NULL);
            patron_kmeans_free(handle);
            if (status == PATRON_TOO_FEW_DISTINCT) break;
            options.max_iter = seed % 4 == 3 ? 1 : 300;
            fitted f = fit(&rows, k, &options, 1);
            check_promises(&f, &t, rows.weights);
            ck_assert_int_eq(f.result.converged || options.max_iter == 1, 1);
            release(&f);
        }
        free(weights);
        table_free(&t);
    }
}
END_TEST

START_TEST(test_small_and_flat_data)
{
    double one[] = {3.5, -2.0}, flat[] = {5, 1, 5, 2, 5, 3, 5, 1e9, 5, 1, 5, 1}, ulps[] = {1.0, 1.0 + DBL_EPSILON, 2.0};
    table t = {one, 1, 2};
    patron_rows rows = table_view(&t);
    fitted f = fit(&rows, 1, NULL, 1);
    ck_assert_double_eq(f.result.inertia, 0.0);
    ck_assert_double_eq(patron_kmeans_centroids(f.handle)[1], -2.0);
    release(&f);

    t = (table){flat, 6, 2}; /* one column constant; four distinct rows, one three times */
    rows = table_view(&t);
    for (int32_t k = 1; k <= 4; k++) {
        f = fit(&rows, k, NULL, 1);
        check_promises(&f, &t, NULL);
        if (k == 4) ck_assert_double_eq(f.result.inertia, 0.0);
        release(&f);
    }
    t = (table){ulps, 3, 1};
    rows = table_view(&t);
    f = fit(&rows, 3, NULL, 1);
    ck_assert_double_eq(f.result.inertia, 0.0);
    check_promises(&f, &t, NULL);
    release(&f);

    t = table_make(40, 3, 2, 1); /* k = n: each row its own */
    rows = table_view(&t);
    f = fit(&rows, 40, NULL, 2);
    ck_assert_double_eq(f.result.inertia, 0.0);
    for (int32_t j = 0; j < 40; j++) ck_assert_int_eq(patron_kmeans_sizes(f.handle)[j], 1);
    release(&f);
    table_free(&t);
}
END_TEST

START_TEST(test_denormals_and_minus_zero_are_numbers)
{
    double least = 0x1p-1074, values[] = {least, 3 * least, -0.0, 0.0, 900 * least, 901 * least};
    table t = {values, 6, 1};
    patron_rows rows = table_view(&t);
    fitted f = fit(&rows, 2, NULL, 1);
    ck_assert_int_eq(f.labels[0], f.labels[2]);
    ck_assert_int_eq(f.labels[0], f.labels[3]);
    ck_assert_int_eq(f.labels[4], f.labels[5]);
    ck_assert_int_ne(f.labels[0], f.labels[4]);
    release(&f);
    patron_error error;
    ck_assert_int_eq(patron_kmeans_fit(&f.handle, NULL, &rows, 6, NULL, NULL, &error), PATRON_TOO_FEW_DISTINCT);
}
END_TEST

START_TEST(test_no_cluster_is_empty_whatever_the_start)
{
    table t = table_make(60, 2, 3, 4);
    patron_rows rows = table_view(&t);
    double same[10] = {0}, far_off[10] = {1e6, 1e6, 2e6, 2e6, 3e6, 3e6, 4e6, 4e6, 5e6, 5e6};
    const double *begins[] = {same, far_off};
    for (int b = 0; b < 2; b++) {
        for (int32_t max_iter = 1; max_iter <= 5; max_iter++) {
            patron_kmeans_options options = starts(1);
            options.initial_centroids = begins[b];
            options.max_iter = max_iter;
            fitted f = fit(&rows, 5, &options, 1);
            for (int32_t j = 0; j < 5; j++) ck_assert_int_gt(patron_kmeans_sizes(f.handle)[j], 0);
            ck_assert_int_le(f.result.iterations, max_iter);
            f.result.converged = 0; /* centroids need not be means yet */
            check_promises(&f, &t, NULL);
            release(&f);
        }
    }
    table_free(&t);
}
END_TEST

START_TEST(test_max_iter_and_tol_end_early)
{
    table t = table_make(5000, 3, 1, 4);
    patron_rows rows = table_view(&t);
    patron_kmeans_options options = starts(1);
    fitted full = fit(&rows, 4, &options, 1);
    ck_assert_int_eq(full.result.converged, 1);
    ck_assert_int_gt(full.result.iterations, 5);
    options.max_iter = 1;
    fitted f = fit(&rows, 4, &options, 1);
    ck_assert_int_eq(f.result.converged, 0);
    ck_assert_int_eq(f.result.iterations, 1);
    check_promises(&f, &t, NULL);
    release(&f);
    options.max_iter = 300;
    options.tol = 0.01;
    f = fit(&rows, 4, &options, 1);
    ck_assert_int_eq(f.result.converged, 1);
    ck_assert_int_lt(f.result.iterations, full.result.iterations);
    release(&f);
    release(&full);
    table_free(&t);
}
END_TEST

START_TEST(test_sweep_is_a_fit_for_each_k)
{
    table t = table_make(500, 3, 4, 2);
    patron_rows rows = table_view(&t);
    patron_kmeans *handles[4];
    int32_t *labels = malloc(4 * 500 * sizeof *labels);
    ck_assert_int_eq(patron_kmeans_sweep(handles, labels, &rows, 2, 5, NULL, NULL, NULL), PATRON_OK);
    for (int32_t i = 0; i < 4; i++) {
        patron_kmeans_result result = {.size = sizeof result};
        fitted f = fit(&rows, 2 + i, NULL, 1);
        ck_assert_int_eq(patron_kmeans_result_get(&result, handles[i], NULL), PATRON_OK);
        ck_assert_uint_eq(result.fingerprint, f.result.fingerprint);
        ck_assert_double_eq(result.inertia_lower_bound, f.result.inertia_lower_bound);
        ck_assert(memcmp(labels + 500 * i, f.labels, 500 * sizeof *labels) == 0);
        patron_kmeans_free(handles[i]);
        release(&f);
    }
    free(labels);
    table_free(&t);
}
END_TEST

START_TEST(test_predict_gives_the_fit_s_labels_to_its_rows)
{
    table t = table_make(9000, 3, 4, 2);
    patron_rows rows = table_view(&t);
    int32_t *labels = malloc(9000 * sizeof *labels);
    patron_context context;
    patron_context_init(&context, sizeof context);
    for (context.threads = 1; context.threads <= 4; context.threads += 3) {
        for (int power = -1000; power <= 0; power += 500) {
            table scaled = table_make(9000, 3, 4, 2);
            for (int64_t e = 0; e < 27000; e++) scaled.values[e] = ldexp(scaled.values[e], power);
            rows = table_view(&scaled);
            fitted f = fit(&rows, 4, NULL, 1);
            ck_assert_int_eq(patron_kmeans_predict(labels, f.handle, &rows, &context, NULL), PATRON_OK);
            ck_assert(memcmp(labels, f.labels, 9000 * sizeof *labels) == 0);
            release(&f);
            table_free(&scaled);
        }
    }
    free(labels);
    table_free(&t);
}
END_TEST

/* Orders, recency and spend of a shop lie on such skewed scales: the bound must hold there too. */
START_TEST(test_lower_bound_never_exceeds_the_inertia)
{
    for (uint64_t seed = 0; seed < 12; seed++) {
        table t = table_make(30 + 40 * (int64_t)seed, 1 + (int64_t)seed % 5, 3, seed);
        for (int64_t e = 0; e < t.rows * t.cols; e++) t.values[e] = exp(t.values[e]) + (seed % 3 == 0 ? 1.7e9 : 0.0);
        patron_rows rows = table_view(&t);
        for (int32_t k = 1; k <= 8; k++) {
            fitted f = fit(&rows, k, NULL, 1);
            ck_assert_double_le(f.result.inertia_lower_bound, f.result.inertia);
            if (k == 1) ck_assert_double_ge(f.result.inertia_lower_bound, f.result.inertia * (1.0 - 1e-10));
            release(&f);
        }
        table_free(&t);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kmeans");
    TCase *tests = tcase_create("kmeans");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_known_optima_are_found);
    tcase_add_test(tests, test_tiny_data_reach_the_optimum_of_all_partitions);
    tcase_add_test(tests, test_labels_centroids_and_inertia_fit_together);
    tcase_add_test(tests, test_seed_decides_and_other_seeds_start_elsewhere);
    tcase_add_test(tests, test_ties_go_to_the_lower_number);
    tcase_add_test(tests, test_ties_and_equal_rows_keep_every_promise);
    tcase_add_test(tests, test_small_and_flat_data);
    tcase_add_test(tests, test_denormals_and_minus_zero_are_numbers);
    tcase_add_test(tests, test_no_cluster_is_empty_whatever_the_start);
    tcase_add_test(tests, test_max_iter_and_tol_end_early);
    tcase_add_test(tests, test_sweep_is_a_fit_for_each_k);
    tcase_add_test(tests, test_predict_gives_the_fit_s_labels_to_its_rows);
    tcase_add_test(tests, test_lower_bound_never_exceeds_the_inertia);
    return run_suite(suite);
}
