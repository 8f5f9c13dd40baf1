/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: distances of rows to centroids, and what transform refuses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "support/fitted.h"
#include "support/suite.h"

static patron_error error;

/* distances (rows x k) are what the definition says, and the least is at predict's label. */
static void check_distances(const double *distances, const fitted *f, const table *t, const patron_rows *rows)
{
    const double *centroids = patron_kmeans_centroids(f->handle);
    int32_t k = f->result.k, *labels = malloc((size_t)t->rows * sizeof *labels);
    ck_assert_int_eq(patron_kmeans_predict(labels, f->handle, rows, NULL, &error), PATRON_OK);
    for (int64_t i = 0; i < t->rows; i++) {
        for (int32_t j = 0; j < k; j++) {
            long double sum = 0.0L;
            for (int64_t c = 0; c < t->cols; c++) {
                long double difference =
                    (long double)t->values[i * t->cols + c] - (long double)centroids[j * t->cols + c];
                sum += difference * difference;
            }
            double wanted = (double)sqrtl(sum);
            ck_assert_double_le(fabs(distances[i * k + j] - wanted), 1e-15 * (double)(t->cols + 2) * wanted);
            ck_assert_double_ge(distances[i * k + j], distances[i * k + labels[i]]);
        }
    }
    free(labels);
}

START_TEST(test_distances_are_what_the_definition_says)
{
    static const int64_t shapes[][2] = {{1, 1}, {7, 3}, {8, 2}, {9, 4}, {4097, 5}, {9001, 3}, {300, 41}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        for (int power = -900; power <= 400; power += 650) { /* squares of the first and the last leave the range */
            table t = table_make(shapes[s][0], shapes[s][1], 4, s);
            for (int64_t e = 0; e < t.rows * t.cols; e++) t.values[e] = ldexp(t.values[e], power);
            patron_rows rows = table_view(&t);
            for (int32_t k = 1; k <= 5 && k <= t.rows; k += 2) {
                patron_kmeans_options options = starts(2);
                fitted f = fit(&rows, k, &options, 1);
                double *distances = malloc((size_t)(t.rows * k) * sizeof *distances);
                ck_assert_int_eq(patron_kmeans_transform(distances, f.handle, &rows, NULL, &error), PATRON_OK);
                check_distances(distances, &f, &t, &rows);
                free(distances);
                release(&f);
            }
            table_free(&t);
        }
    }
}
END_TEST

START_TEST(test_same_bits_from_threads_strides_and_float32)
{
    enum { ROWS = 20011, COLS = 3, K = 4, STRIDE = 5 };
    table t = table_make(ROWS, COLS, 4, 9);
    float *narrow = malloc(ROWS * STRIDE * sizeof *narrow);
    double *wanted = malloc(ROWS * K * sizeof *wanted), *got = malloc(ROWS * K * sizeof *got);
    for (int64_t i = 0; i < ROWS; i++) {
        for (int64_t c = 0; c < STRIDE; c++) narrow[i * STRIDE + c] = (float)NAN;
        for (int64_t c = 0; c < COLS; c++)
            t.values[i * COLS + c] = (double)(narrow[i * STRIDE + c] = (float)t.values[i * COLS + c]);
    }
    patron_rows rows = table_view(&t), strided = table_view(&t);
    strided.values = narrow;
    strided.type = PATRON_FLOAT32;
    strided.row_stride = STRIDE;
    patron_kmeans_options options = starts(2);
    fitted f = fit(&rows, K, &options, 1);
    ck_assert_int_eq(patron_kmeans_transform(wanted, f.handle, &rows, NULL, &error), PATRON_OK);
    patron_context context;
    patron_context_init(&context, sizeof context);
    for (context.threads = 1; context.threads <= 8; context.threads *= 2) {
        memset(got, 0, ROWS * K * sizeof *got);
        ck_assert_int_eq(patron_kmeans_transform(got, f.handle, &strided, &context, &error), PATRON_OK);
        ck_assert(memcmp(got, wanted, ROWS * K * sizeof *got) == 0);
    }
    for (int64_t i = 0; i < 40; i++) { /* a row's distances do not depend on the rows beside it */
        patron_rows one = rows;
        one.values = t.values + i * COLS;
        one.rows = 1;
        ck_assert_int_eq(patron_kmeans_transform(got, f.handle, &one, NULL, &error), PATRON_OK);
        ck_assert(memcmp(got, wanted + i * K, K * sizeof *got) == 0);
    }
    release(&f);
    free(narrow);
    free(wanted);
    free(got);
    table_free(&t);
}
END_TEST

START_TEST(test_what_cannot_be_measured_is_refused)
{
    double values[] = {0, 1, 10, 11}, fresh[] = {1, 1e200, 3, (double)NAN}, distances[8];
    table t = {values, 4, 1};
    patron_rows rows = table_view(&t), ask = table_view(&t);
    fitted f = fit(&rows, 2, NULL, 1);
    ck_assert_int_eq(patron_kmeans_transform(NULL, f.handle, &rows, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_kmeans_transform(distances, NULL, &rows, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_kmeans_transform(distances, f.handle, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ask.values = fresh;
    ck_assert_int_eq(patron_kmeans_transform(distances, f.handle, &ask, NULL, &error), PATRON_OUT_OF_RANGE);
    ck_assert_int_eq(error.row, 1);
    ck_assert_ptr_nonnull(strstr(error.message, "row 1: its squared distance to a centroid overflows"));
    fresh[1] = 2.0;
    ck_assert_int_eq(patron_kmeans_transform(distances, f.handle, &ask, NULL, &error), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, 3);
    ck_assert_ptr_nonnull(strstr(error.message, "row 3, column 0: the value is NaN"));
    fresh[2] = -HUGE_VAL;
    ck_assert_int_eq(patron_kmeans_transform(distances, f.handle, &ask, NULL, &error), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, 2);
    ask.cols = 2;
    ck_assert_int_eq(patron_kmeans_transform(distances, f.handle, &ask, NULL, &error), PATRON_INVALID_ARGUMENT);
    ask.cols = 1;
    ask.rows = 0;
    ck_assert_int_eq(patron_kmeans_transform(distances, f.handle, &ask, NULL, &error), PATRON_NO_DATA);
    ask.rows = INT64_C(1) << 59;
    ck_assert_int_eq(patron_kmeans_transform(distances, f.handle, &ask, NULL, &error), PATRON_TOO_LARGE);
    release(&f);
}
END_TEST

/* Two centroids far apart: a row by one of them can be labelled, but not measured from the other. */
START_TEST(test_one_distance_that_overflows_is_enough)
{
    double values[] = {0.0, 1e150}, far_off[] = {-1.5e154, 1.0}, distances[4];
    int32_t labels[2];
    table t = {values, 2, 1}, other = {far_off, 2, 1};
    patron_rows rows = table_view(&t), ask = table_view(&other);
    fitted f = fit(&rows, 2, NULL, 1);
    ck_assert_int_eq(patron_kmeans_transform(distances, f.handle, &ask, NULL, &error), PATRON_OK);
    ck_assert_double_eq_tol(distances[0], 1.5e154, 1e139);
    far_off[0] = -1.7e308; /* beyond, where what is added is not seen */
    ck_assert_int_eq(patron_kmeans_transform(distances, f.handle, &ask, NULL, &error), PATRON_OUT_OF_RANGE);
    ck_assert_int_eq(error.row, 0);
    ck_assert_int_eq(patron_kmeans_predict(labels, f.handle, &ask, NULL, &error), PATRON_OUT_OF_RANGE);
    release(&f);
}
END_TEST

START_TEST(test_transform_can_be_cancelled_and_runs_out_of_memory)
{
    table t = table_make(30000, 2, 3, 1);
    patron_rows rows = table_view(&t);
    patron_kmeans_options options = starts(1);
    fitted f = fit(&rows, 3, &options, 1);
    double *distances = malloc(30000 * 3 * sizeof *distances);
    patron_status status = PATRON_CANCELLED;
    for (int64_t callbacks = 0; status != PATRON_OK; callbacks++) {
        meter m = {.allowed = INT64_MAX, .callbacks = callbacks};
        patron_context context = meter_context(&m);
        status = patron_kmeans_transform(distances, f.handle, &rows, &context, &error);
        ck_assert(status == PATRON_CANCELLED || (status == PATRON_OK && callbacks > 0));
        ck_assert_int_eq(m.live, 0);
    }
    for (int64_t allowed = 0; allowed == 0 || status != PATRON_OK; allowed++) {
        meter m = {.allowed = allowed, .callbacks = INT64_MAX};
        patron_context context = meter_context(&m);
        status = patron_kmeans_transform(distances, f.handle, &rows, &context, &error);
        ck_assert(status == PATRON_OUT_OF_MEMORY || (status == PATRON_OK && allowed > 0));
        ck_assert_int_eq(m.live, 0);
    }
    free(distances);
    release(&f);
    table_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kmeans_transform");
    TCase *tests = tcase_create("kmeans_transform");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_distances_are_what_the_definition_says);
    tcase_add_test(tests, test_same_bits_from_threads_strides_and_float32);
    tcase_add_test(tests, test_what_cannot_be_measured_is_refused);
    tcase_add_test(tests, test_one_distance_that_overflows_is_enough);
    tcase_add_test(tests, test_transform_can_be_cancelled_and_runs_out_of_memory);
    return run_suite(suite);
}
