/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores from centroids and moments. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "oracle/oracle_scores.h"
#include "support/suite.h"
#include "support/table.h"

typedef patron_status (*silhouette_function)(patron_silhouette_result *, double *, double *, const patron_rows *,
                                             const int32_t *, int32_t, const patron_context *, patron_error *);
typedef patron_status (*index_function)(double *, const patron_rows *, const int32_t *, int32_t, const patron_context *,
                                        patron_error *);
typedef long double (*silhouette_oracle)(long double *, const oracle_labeled *);
typedef long double (*index_oracle)(const oracle_labeled *);

static const silhouette_function silhouettes[2] = {patron_silhouette_squared, patron_silhouette_simplified};
static const silhouette_oracle silhouette_oracles[2] = {oracle_silhouette_squared, oracle_silhouette_simplified};
static const index_function indices[2] = {patron_calinski_harabasz, patron_davies_bouldin};
static const index_oracle index_oracles[2] = {oracle_calinski_harabasz, oracle_davies_bouldin};

static patron_error error;

static void label(int32_t *labels, const table *t, int32_t k)
{
    for (int64_t i = 0; i < t->rows; i++)
        labels[i] = (int32_t)fmin(fmax(floor(t->values[i * t->cols] / 3.0) + k / 2, 0.0), k - 1.0);
    labels[0] = 0;
    labels[1] = k - 1;
}

static void compare(const table *t, const int32_t *labels, int32_t k, double most)
{
    patron_rows rows = table_view(t);
    oracle_labeled data = {t->values, t->rows, t->cols, labels, k};
    double *scores = malloc((size_t)t->rows * sizeof *scores), value;
    long double *exact = malloc((size_t)t->rows * sizeof *exact);
    for (int f = 0; f < 2; f++) {
        patron_silhouette_result result = {.size = sizeof result};
        long double mean = silhouette_oracles[f](exact, &data);
        ck_assert_int_eq(silhouettes[f](&result, scores, NULL, &rows, labels, k, NULL, &error), PATRON_OK);
        ck_assert_double_eq_tol(result.mean, (double)mean, most);
        ck_assert_int_eq(result.clusters + result.empty, k);
        ck_assert_int_eq(result.in_double, t->rows);
        for (int64_t i = 0; i < t->rows; i++) ck_assert_double_eq_tol(scores[i], (double)exact[i], most);
        ck_assert_int_eq(indices[f](&value, &rows, labels, k, NULL, &error), PATRON_OK);
        double expected = (double)index_oracles[f](&data);
        ck_assert_double_eq_tol(value, expected, most * (1.0 + expected));
    }
    free(exact);
    free(scores);
}

START_TEST(test_they_are_their_definitions)
{
    static const int64_t shapes[][2] = {{9, 2}, {33, 3}, {300, 5}, {700, 1}, {60, 40}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        table t = table_make(shapes[s][0], shapes[s][1], 3, s);
        int32_t labels[700];
        for (int32_t k = 2; k <= 8; k += 3) {
            label(labels, &t, k);
            compare(&t, labels, k, 1e-12);
        }
        table_free(&t);
    }
}
END_TEST

START_TEST(test_offsets_change_nothing)
{
    static const double offsets[] = {0.0, 1e6, 1.7e9};
    table t = table_make(400, 3, 3, 4), shifted = table_make(400, 3, 3, 4);
    int32_t labels[400];
    double values[3][4];
    for (int64_t e = 0; e < 1200; e++) t.values[e] = rint(t.values[e] * 0x1p20) * 0x1p-20;
    label(labels, &t, 3);
    for (int o = 0; o < 3; o++) {
        patron_rows rows = table_view(&shifted);
        for (int64_t e = 0; e < 1200; e++) shifted.values[e] = t.values[e] + offsets[o];
        compare(&shifted, labels, 3, 1e-9);
        for (int f = 0; f < 2; f++) {
            patron_silhouette_result result = {.size = sizeof result};
            ck_assert_int_eq(silhouettes[f](&result, NULL, NULL, &rows, labels, 3, NULL, &error), PATRON_OK);
            values[o][f] = result.mean;
            ck_assert_int_eq(indices[f](&values[o][2 + f], &rows, labels, 3, NULL, &error), PATRON_OK);
        }
        for (int v = 0; v < 4; v++) ck_assert_double_eq_tol(values[o][v], values[0][v], 1e-12 * (1.0 + values[0][v]));
    }
    table_free(&t);
    table_free(&shifted);
}
END_TEST

START_TEST(test_weight_equals_copies)
{
    table t = table_make(120, 2, 3, 3);
    int32_t labels[120], copied_labels[200];
    double weights[120], values[400], scores[120], copied_scores[200], a, b;
    table copies = {values, 0, 2};
    label(labels, &t, 3);
    for (int64_t i = 0; i < 120; i++) {
        weights[i] = (double)((i * 5) % 4);
        for (int w = 0; w < (int)weights[i]; w++) {
            memcpy(values + 2 * copies.rows, t.values + 2 * i, 2 * sizeof *values);
            copied_labels[copies.rows++] = labels[i];
        }
    }
    patron_rows weighted = table_view(&t), copied = table_view(&copies);
    weighted.weights = weights;
    for (int f = 0; f < 2; f++) {
        patron_silhouette_result one = {.size = sizeof one}, other = {.size = sizeof other};
        double means[3], others[3];
        ck_assert_int_eq(silhouettes[f](&one, scores, means, &weighted, labels, 3, NULL, &error), PATRON_OK);
        ck_assert_int_eq(silhouettes[f](&other, copied_scores, others, &copied, copied_labels, 3, NULL, &error),
                         PATRON_OK);
        ck_assert_double_eq_tol(one.mean, other.mean, 1e-13);
        ck_assert_double_eq_tol(one.mean_macro, other.mean_macro, 1e-13);
        for (int j = 0; j < 3; j++) ck_assert_double_eq_tol(means[j], others[j], 1e-13);
        for (int64_t i = 0, row = 0; i < 120; row += (int64_t)weights[i++])
            if (weights[i] > 0.0)
                ck_assert_double_eq_tol(scores[i], copied_scores[row], 1e-13);
            else
                ck_assert(fabs(scores[i]) <= 1.0);
        ck_assert_int_eq(indices[f](&a, &weighted, labels, 3, NULL, &error), PATRON_OK);
        ck_assert_int_eq(indices[f](&b, &copied, copied_labels, 3, NULL, &error), PATRON_OK);
        ck_assert_double_eq_tol(a, b, 1e-12 * (1.0 + b));
    }
    table_free(&t);
}
END_TEST

START_TEST(test_singletons_points_and_what_has_no_width)
{
    double values[] = {1, 1, 1, 1, 9}, apart[] = {0, 1, 5, 7, 20}, scores[5], value;
    int32_t labels[] = {0, 0, 1, 1, 2}, alone[] = {0, 1, 2, 3, 4}, two[] = {0, 0, 0, 0, 1};
    table t = {values, 5, 1}, distinct = {apart, 5, 1};
    patron_rows rows = table_view(&t), spread = table_view(&distinct);
    for (int f = 0; f < 2; f++) {
        patron_silhouette_result result = {.size = sizeof result};
        ck_assert_int_eq(silhouettes[f](&result, scores, NULL, &rows, labels, 3, NULL, &error), PATRON_OK);
        for (int i = 0; i < 5; i++) ck_assert_double_eq(scores[i], 0.0);
        ck_assert_int_eq(silhouettes[f](&result, scores, NULL, &spread, alone, 5, NULL, &error), PATRON_OK);
        ck_assert_double_eq(result.mean, 0.0);
        ck_assert_int_eq(silhouettes[f](&result, scores, NULL, &rows, two, 3, NULL, &error), PATRON_OK);
        ck_assert_double_eq(scores[0], 1.0);
        ck_assert_int_eq(result.empty, 1);
    }
    ck_assert_int_eq(patron_calinski_harabasz(&value, &spread, alone, 5, NULL, &error), PATRON_OK);
    ck_assert(isinf(value) && value > 0.0);
    ck_assert_int_eq(patron_davies_bouldin(&value, &spread, alone, 5, NULL, &error), PATRON_OK);
    ck_assert_double_eq(value, 0.0);
    ck_assert_int_eq(patron_davies_bouldin(&value, &rows, labels, 3, NULL, &error), PATRON_OK);
    ck_assert_double_eq(value, 0.0);
}
END_TEST

/* Each function with the same arguments. */
static patron_status call(int f, const patron_rows *rows, const int32_t *labels, int32_t k,
                          const patron_context *context)
{
    patron_silhouette_result result = {.size = sizeof result};
    double value = 0.0;
    if (f < 2) return silhouettes[f](&result, NULL, NULL, rows, labels, k, context, &error);
    patron_status status = indices[f - 2](&value, rows, labels, k, context, &error);
    ck_assert((status == PATRON_OK) == !isnan(value));
    return status;
}

START_TEST(test_what_cannot_be_scored_is_refused)
{
    double values[] = {0, 1, 5, 6, 9, 9}, weights[] = {1, 1, 1, 1, 1, 1};
    int32_t labels[] = {0, 0, 1, 1, 2, 2}, same[6] = {0};
    table t = {values, 6, 1}, one = {values, 1, 1}, none = {values, 0, 1};
    patron_rows rows = table_view(&t), single = table_view(&one), nothing = table_view(&none);
    for (int f = 0; f < 4; f++) {
        ck_assert_int_eq(call(f, &rows, labels, 3, NULL), PATRON_OK);
        ck_assert_int_eq(call(f, &rows, labels, 2, NULL), PATRON_INVALID_ARGUMENT);
        ck_assert_int_eq(error.row, 4);
        ck_assert_int_eq(call(f, &rows, labels, 0, NULL), PATRON_INVALID_ARGUMENT);
        ck_assert_int_eq(call(f, &rows, NULL, 3, NULL), PATRON_INVALID_ARGUMENT);
        ck_assert_int_eq(call(f, NULL, labels, 3, NULL), PATRON_INVALID_ARGUMENT);
        ck_assert_int_eq(call(f, &rows, same, 3, NULL), PATRON_ONE_CLUSTER);
        ck_assert_int_eq(call(f, &single, labels, 3, NULL), PATRON_ONE_CLUSTER);
        ck_assert_int_eq(call(f, &nothing, labels, 3, NULL), PATRON_NO_DATA);
        rows.weights = weights;
        weights[2] = 1.5;
        ck_assert_int_eq(call(f, &rows, labels, 3, NULL), f == 3 ? PATRON_OK : PATRON_INVALID_ARGUMENT);
        weights[2] = 0x1p60;
        ck_assert_int_eq(call(f, &rows, labels, 3, NULL), f == 3 ? PATRON_OK : PATRON_OUT_OF_RANGE);
        for (int i = 0; i < 6; i++) weights[i] = i < 2;
        ck_assert_int_eq(call(f, &rows, labels, 3, NULL), PATRON_ONE_CLUSTER);
        for (int i = 0; i < 6; i++) weights[i] = 0.0;
        ck_assert_int_eq(call(f, &rows, labels, 3, NULL), PATRON_INVALID_ARGUMENT);
        for (int i = 0; i < 6; i++) weights[i] = 1.0;
        rows.weights = NULL;
        values[2] = (double)NAN;
        ck_assert_int_eq(call(f, &rows, labels, 3, NULL), PATRON_NOT_FINITE);
        ck_assert_int_eq(error.row, 2);
        values[2] = 5;
    }
    ck_assert_int_eq(patron_davies_bouldin(NULL, &rows, labels, 3, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_silhouette_squared(NULL, NULL, NULL, &rows, labels, 3, NULL, &error),
                     PATRON_INVALID_ARGUMENT);
}
END_TEST

START_TEST(test_memory_failure_and_cancelling_leave_nothing)
{
    table t = table_make(3000, 2, 3, 2);
    patron_rows rows = table_view(&t);
    int32_t labels[3000];
    label(labels, &t, 3);
    for (int f = 0; f < 4; f++) {
        int64_t allowed = 0;
        for (patron_status status = PATRON_OUT_OF_MEMORY; status != PATRON_OK; allowed++) {
            meter m = {.allowed = allowed, .callbacks = INT64_MAX};
            patron_context context = meter_context(&m);
            status = call(f, &rows, labels, 3, &context);
            ck_assert(status == PATRON_OK || status == PATRON_OUT_OF_MEMORY);
            ck_assert_int_eq(m.live, 0);
        }
        ck_assert_int_gt(allowed, 3);
        meter m = {.allowed = INT64_MAX, .callbacks = 0};
        patron_context context = meter_context(&m);
        ck_assert_int_eq(call(f, &rows, labels, 3, &context), PATRON_CANCELLED);
        ck_assert_int_eq(m.live, 0);
    }
    table_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scores");
    TCase *tests = tcase_create("scores");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_they_are_their_definitions);
    tcase_add_test(tests, test_offsets_change_nothing);
    tcase_add_test(tests, test_weight_equals_copies);
    tcase_add_test(tests, test_singletons_points_and_what_has_no_width);
    tcase_add_test(tests, test_what_cannot_be_scored_is_refused);
    tcase_add_test(tests, test_memory_failure_and_cancelling_leave_nothing);
    return run_suite(suite);
}
