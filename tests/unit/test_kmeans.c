/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: what it finds. */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "oracle/oracle_kmeans.h"
#include "support/suite.h"
#include "support/table.h"

/* A fit and all that comes with it. */
typedef struct fitted {
    patron_kmeans *handle;
    patron_kmeans_result result;
    int32_t *labels;
} fitted;

static fitted fit(const patron_rows *rows, int32_t k, const patron_kmeans_options *options, int32_t threads)
{
    fitted f = {.result = {.size = sizeof f.result}, .labels = malloc((size_t)rows->rows * sizeof(int32_t))};
    patron_context context;
    patron_error error;
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    patron_status status = patron_kmeans_fit(&f.handle, f.labels, rows, k, options, &context, &error);
    ck_assert_msg(status == PATRON_OK, "%s", error.message);
    ck_assert_int_eq(patron_kmeans_result_get(&f.result, f.handle, NULL), PATRON_OK);
    return f;
}

static void release(fitted *f)
{
    patron_kmeans_free(f->handle);
    free(f->labels);
}

static patron_kmeans_options starts(int32_t n_init)
{
    patron_kmeans_options options;
    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = n_init;
    return options;
}

/* Everything the header promises of any fit that converged, against the oracle. */
static void check_promises(const fitted *f, const table *t, const double *weights)
{
    const double *centroids = patron_kmeans_centroids(f->handle), *trace = patron_kmeans_trace(f->handle);
    int64_t *sizes = calloc((size_t)f->result.k, sizeof *sizes), counted = 0;
    for (int64_t i = 0; i < t->rows; i++) {
        ck_assert_int_eq(f->labels[i], oracle_nearest(t->values + i * t->cols, centroids, f->result.k, t->cols));
        sizes[f->labels[i]]++;
        counted += weights == NULL || weights[i] > 0.0;
    }
    for (int32_t j = 0; j < f->result.k; j++) {
        ck_assert_int_eq(sizes[j], patron_kmeans_sizes(f->handle)[j]);
        for (int64_t c = 0; f->result.converged && c < t->cols; c++) {
            double mean = (double)oracle_mean(t->values, weights, t->rows, t->cols, f->labels, j, c);
            double got = centroids[j * t->cols + c];
            ck_assert_double_le(fabs(got - mean), 4e-16 * fabs(mean) + 1e-15);
        }
    }
    double inertia = (double)oracle_inertia(t->values, weights, t->rows, t->cols, f->labels, centroids);
    ck_assert_double_le(fabs(f->result.inertia - inertia), 1e-12 * inertia);
    ck_assert_double_le(f->result.inertia_lower_bound, f->result.inertia);
    ck_assert_double_ge(f->result.inertia_lower_bound, 0.0);
    ck_assert_double_eq(trace[f->result.iterations - 1], f->result.inertia);
    for (int32_t i = 1; i < f->result.iterations; i++) ck_assert_double_le(trace[i], trace[i - 1] * (1.0 + 1e-14));
    for (int32_t j = 1; j < f->result.k; j++) { /* lexicographic */
        int64_t c = 0;
        while (c < t->cols && centroids[j * t->cols + c] == centroids[(j - 1) * t->cols + c]) c++;
        ck_assert(c == t->cols || centroids[(j - 1) * t->cols + c] < centroids[j * t->cols + c]);
    }
    ck_assert_int_ge(counted, f->result.k);
    free(sizes);
}

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
    static const uint64_t expected[] = {UINT64_C(0x996850d0e68e7ed6), UINT64_C(0x481678831d62e7e5),
                                        UINT64_C(0x37eb370ffb1fefd3), UINT64_C(0x27d04e1e65dd84c6)};
    table t = table_make(3000, 4, 3, 77);
    double weights[3000];
    for (int64_t i = 0; i < t.rows; i++) {
        weights[i] = 0.1 + (double)(i % 13);
        t.values[4 * i + 1] += 1.7e9;
    }
    patron_rows rows = table_view(&t);
    for (int32_t k = 2; k <= 5; k++) {
        rows.weights = k % 2 ? weights : NULL;
        fitted f = fit(&rows, k, NULL, 2);
        ck_assert_uint_eq(f.result.fingerprint, expected[k - 2]);
        release(&f);
    }
    table_free(&t);
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
        ck_assert_int_eq(((patron_kmeans_result *)results[i])->k, 4);
        ck_assert(memcmp(results[i], results[0], sizeof(patron_kmeans_result)) == 0);
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
    tcase_add_test(tests, test_same_bits_for_any_number_of_threads);
    tcase_add_test(tests, test_bits_are_these);
    tcase_add_test(tests, test_seed_decides_and_other_seeds_start_elsewhere);
    tcase_add_test(tests, test_float32_and_strides_change_nothing);
    tcase_add_test(tests, test_weight_equals_copies);
    tcase_add_test(tests, test_order_shift_and_power_of_two_change_nothing_but_numbers);
    tcase_add_test(tests, test_order_of_columns_gives_the_same_partition);
    tcase_add_test(tests, test_calls_from_several_threads_do_not_disturb_each_other);
    tcase_add_test(tests, test_host_rounding_changes_nothing);
    tcase_add_test(tests, test_ties_go_to_the_lower_number);
    tcase_add_test(tests, test_small_and_flat_data);
    tcase_add_test(tests, test_denormals_and_minus_zero_are_numbers);
    tcase_add_test(tests, test_no_cluster_is_empty_whatever_the_start);
    tcase_add_test(tests, test_max_iter_and_tol_end_early);
    tcase_add_test(tests, test_sweep_is_a_fit_for_each_k);
    tcase_add_test(tests, test_predict_gives_the_fit_s_labels_to_its_rows);
    tcase_add_test(tests, test_lower_bound_never_exceeds_the_inertia);
    return run_suite(suite);
}
