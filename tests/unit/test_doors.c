/* SPDX-License-Identifier: GPL-3.0-or-later */
/* At the door of every public function: what is missing, or is not one of its kind, is refused with a message, and
   handles stay NULL; a function that cannot fail gives nothing for nothing. */
#include <limits.h>
#include <math.h>
#include <patron/patron.h>
#include <string.h>

#include "support/suite.h"

enum { LINES = 24, ROWS = 6 };

static patron_history *history;
static patron_features *features;
static patron_segmentation *segmentation;
static patron_kmeans *kmeans;
static patron_scaler *scaler;
static patron_error error;
static double points[2 * ROWS] = {0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 9.0, 9.0, 8.0, 9.0, 9.0, 8.0};

static patron_rows some_rows(void)
{
    patron_rows rows;
    patron_rows_init(&rows, sizeof rows);
    rows.values = points;
    rows.rows = ROWS;
    rows.cols = 2;
    return rows;
}

static void open_doors(void)
{
    int64_t customers[LINES], times[LINES], amounts[LINES];
    patron_orders orders;
    patron_rows rows = some_rows();
    for (int i = 0; i < LINES; i++) {
        customers[i] = i < 18 ? 1 + i % 3 : i;
        times[i] = (19000 + 11 * i) * INT64_C(86400);
        amounts[i] = i < 18 ? 900000 + 1000 * i : 40000;
    }
    patron_orders_init(&orders, sizeof orders);
    orders.rows = LINES;
    orders.customer_number = customers;
    orders.time_s = times;
    orders.amount = amounts;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_segment(&segmentation, history, NULL, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_kmeans_fit(&kmeans, NULL, &rows, 2, NULL, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_scaler_fit(&scaler, &rows, NULL, NULL, &error), PATRON_OK);
}

static void close_doors(void)
{
    patron_scaler_free(scaler);
    patron_kmeans_free(kmeans);
    patron_segmentation_free(segmentation);
    patron_features_free(features);
    patron_history_free(history);
}

/* The call gives this status, its error says so and why; without an error to fill it gives the same. */
#define REFUSED(wanted, call)                                                                                          \
    do {                                                                                                               \
        ck_assert_int_eq(call, wanted);                                                                                \
        ck_assert_int_eq(error.status, wanted);                                                                        \
        ck_assert(error.message[0] != '\0');                                                                           \
    } while (0)
#define INVALID(call) REFUSED(PATRON_INVALID_ARGUMENT, call)

START_TEST(test_handles_that_are_not_there)
{
    patron_features *f = features;
    patron_segmentation *s = segmentation;
    patron_kmeans *k = kmeans;
    patron_scaler *c = scaler;
    patron_document *d = (patron_document *)(uintptr_t)1;
    patron_history *h = history;
    patron_rows rows = some_rows();
    double numbers[2 * ROWS];
    int32_t labels[ROWS] = {0};
    uint8_t fates[LINES];
    INVALID(patron_history_create(NULL, NULL, NULL, &error));
    INVALID(patron_history_append(NULL, NULL, NULL, &error));
    INVALID(patron_history_append(h, NULL, NULL, &error));
    INVALID(patron_history_fates(NULL, h, PATRON_AS_OF_LAST, NULL, &error));
    INVALID(patron_history_fates(fates, NULL, PATRON_AS_OF_LAST, NULL, &error));
    INVALID(patron_features_build(NULL, h, NULL, NULL, &error));
    INVALID(patron_features_build(&f, NULL, NULL, NULL, &error));
    INVALID(patron_segment(NULL, h, NULL, NULL, &error));
    INVALID(patron_segment(&s, NULL, NULL, NULL, &error));
    ck_assert(f == NULL && s == NULL);
    INVALID(patron_segmentation_fit(NULL, features, NULL, NULL, &error));
    s = segmentation;
    INVALID(patron_segmentation_fit(&s, NULL, NULL, NULL, &error));
    INVALID(patron_report_json(NULL, segmentation, NULL, NULL, &error));
    INVALID(patron_report_json(&d, NULL, NULL, NULL, &error));
    ck_assert(s == NULL && d == NULL);
    INVALID(patron_kmeans_fit(NULL, NULL, &rows, 2, NULL, NULL, &error));
    INVALID(patron_kmeans_fit(&k, NULL, NULL, 2, NULL, NULL, &error));
    INVALID(patron_kmeans_sweep(NULL, NULL, &rows, 2, 3, NULL, NULL, &error));
    INVALID(patron_kmeans_predict(NULL, kmeans, &rows, NULL, &error));
    INVALID(patron_kmeans_predict(labels, NULL, &rows, NULL, &error));
    INVALID(patron_scaler_fit(NULL, &rows, NULL, NULL, &error));
    INVALID(patron_scaler_fit(&c, NULL, NULL, NULL, &error));
    ck_assert(k == NULL && c == NULL);
    INVALID(patron_scaler_transform(NULL, scaler, &rows, NULL, &error));
    INVALID(patron_scaler_transform(numbers, NULL, &rows, NULL, &error));
    INVALID(patron_scaler_inverse(NULL, scaler, &rows, NULL, &error));
    INVALID(patron_scaler_inverse(numbers, NULL, &rows, NULL, &error));
    INVALID(patron_segmentation_assign(NULL, segmentation, &rows, NULL, &error));
    INVALID(patron_segmentation_assign(labels, NULL, &rows, NULL, &error));
    INVALID(patron_segmentation_assign(labels, segmentation, &rows, NULL, &error)); /* two columns, not three */
    INVALID(patron_segmentation_assign_features(NULL, segmentation, features, NULL, &error));
    INVALID(patron_segmentation_assign_features(labels, NULL, features, NULL, &error));
    INVALID(patron_segmentation_assign_features(labels, segmentation, NULL, NULL, &error));
}
END_TEST

/* A result struct of this kind: NULL, no handle, a size that is none, a number that is none; then one that is right. */
#define RESULT(type, of_result, of_none, of_number)                                                                    \
    do {                                                                                                               \
        type sized = {.size = sizeof sized}, unsized = {.size = 0}, *result = NULL;                                    \
        int64_t number = 0;                                                                                            \
        INVALID(of_result);                                                                                            \
        result = &unsized;                                                                                             \
        INVALID(of_result);                                                                                            \
        result = &sized;                                                                                               \
        INVALID(of_none);                                                                                              \
        for (number = -2; number < 1000; number += 1001) INVALID(of_number);                                           \
        number = 0;                                                                                                    \
        ck_assert_int_eq(of_result, PATRON_OK);                                                                        \
        ck_assert_uint_eq(sized.size, sizeof sized);                                                                   \
    } while (0)

START_TEST(test_results_and_numbers_that_are_not_there)
{
    const patron_matrix *matrix = patron_features_matrix(features);
    const int32_t no_id = 64;
    double mean;
    RESULT(patron_audit, patron_history_audit(result, history, PATRON_AS_OF_LAST, NULL, &error),
           patron_history_audit(result, NULL, PATRON_AS_OF_LAST, NULL, &error),
           patron_history_audit(result, history, number < 0 ? INT64_MIN + 1 : INT64_MAX, NULL, &error));
    RESULT(patron_audit, patron_features_audit(result, features, &error), patron_features_audit(result, NULL, &error),
           patron_features_audit(NULL, features, &error));
    RESULT(patron_column, patron_feature_info(result, number, &error), patron_feature_info(result, -1, &error),
           patron_feature_info(result, number, &error));
    RESULT(patron_column, patron_matrix_column(result, matrix, number, &error),
           patron_matrix_column(result, NULL, number, &error), patron_matrix_column(result, matrix, number, &error));
    RESULT(patron_rows, patron_matrix_view(result, matrix, &error), patron_matrix_view(result, NULL, &error),
           patron_matrix_view(NULL, matrix, &error));
    RESULT(patron_customer_value, patron_features_value(result, features, number, &error),
           patron_features_value(result, NULL, number, &error),
           patron_features_value(result, features, number, &error));
    RESULT(patron_scaler_column, patron_scaler_column_get(result, scaler, number, &error),
           patron_scaler_column_get(result, NULL, number, &error),
           patron_scaler_column_get(result, scaler, number, &error));
    RESULT(patron_kmeans_result, patron_kmeans_result_get(result, kmeans, &error),
           patron_kmeans_result_get(result, NULL, &error), patron_kmeans_result_get(NULL, kmeans, &error));
    RESULT(patron_segment_info, patron_segmentation_segment(result, segmentation, (int32_t)number, &error),
           patron_segmentation_segment(result, NULL, 0, &error),
           patron_segmentation_segment(result, segmentation, (int32_t)number, &error));
    RESULT(patron_candidate, patron_segmentation_candidate(result, segmentation, (int32_t)number, &error),
           patron_segmentation_candidate(result, NULL, 0, &error),
           patron_segmentation_candidate(result, segmentation, (int32_t)number, &error));
    RESULT(patron_common_value, patron_segmentation_most_common(result, segmentation, 0, number, &error),
           patron_segmentation_most_common(result, NULL, 0, 0, &error),
           patron_segmentation_most_common(result, segmentation, 0, number, &error));
    RESULT(patron_segment_options, patron_segmentation_options(result, segmentation, &error),
           patron_segmentation_options(result, NULL, &error), patron_segmentation_options(NULL, segmentation, &error));
    RESULT(patron_claim, patron_persona_claim(result, segmentation, 0, (int32_t)number, &error),
           patron_persona_claim(result, NULL, 0, 0, &error),
           patron_persona_claim(result, segmentation, number < 0 ? -1 : no_id, 0, &error));
    INVALID(patron_segmentation_statistic(&mean, NULL, NULL, 0, 0, &error));
    for (int64_t bad = -2; bad < 1000; bad += 1001) {
        INVALID(patron_segmentation_statistic(&mean, NULL, segmentation, (int32_t)bad, 0, &error));
        INVALID(patron_segmentation_statistic(&mean, NULL, segmentation, 0, bad, &error));
    }
    ck_assert_int_eq(patron_segmentation_statistic(NULL, NULL, segmentation, 0, 0, &error), PATRON_OK);
}
END_TEST

START_TEST(test_nothing_for_nothing)
{
    const uint8_t *bytes;
    int64_t length;
    ck_assert_int_eq(patron_history_row_count(NULL), 0);
    ck_assert_ptr_null(patron_features_matrix(NULL));
    ck_assert_int_eq(patron_features_customer_count(NULL), 0);
    ck_assert_int_eq(patron_features_find(NULL, (const uint8_t *)"1", 1), -1);
    ck_assert_int_eq(patron_features_find(features, NULL, 1), -1);
    ck_assert_int_eq(patron_features_find(features, (const uint8_t *)"1", -1), -1);
    INVALID(patron_features_customer_ids(NULL, features, &error));
    INVALID(patron_features_customer_ids(&(patron_text){0}, NULL, &error));
    INVALID(patron_features_customer_id(&bytes, &length, NULL, 0, &error));
    INVALID(patron_features_customer_id(NULL, &length, features, 0, &error));
    INVALID(patron_features_customer_id(&bytes, NULL, features, 0, &error));
    INVALID(patron_features_customer_id(&bytes, &length, features, -1, &error));
    INVALID(patron_features_customer_id(&bytes, &length, features, 1000, &error));
    ck_assert_int_eq(patron_matrix_row_count(NULL), 0);
    ck_assert_int_eq(patron_matrix_column_count(NULL), 0);
    ck_assert_int_eq(patron_matrix_find(NULL, "frequency"), -1);
    ck_assert_int_eq(patron_matrix_find(patron_features_matrix(features), NULL), -1);
    ck_assert_ptr_null(patron_matrix_values(NULL));
    ck_assert_int_eq(patron_scaler_column_count(NULL), 0);
    ck_assert_ptr_null(patron_kmeans_centroids(NULL));
    ck_assert_ptr_null(patron_kmeans_sizes(NULL));
    ck_assert_ptr_null(patron_kmeans_trace(NULL));
    ck_assert_int_eq(patron_segmentation_count(NULL), 0);
    ck_assert_ptr_null(patron_segmentation_features(NULL));
    ck_assert_ptr_null(patron_segmentation_labels(NULL));
    ck_assert_ptr_null(patron_segmentation_silhouettes(NULL));
    ck_assert_int_eq(patron_segmentation_candidate_count(NULL), 0);
    ck_assert(isnan(patron_segmentation_silhouette(NULL)));
    ck_assert_uint_eq(patron_fingerprint(NULL), 0);
    ck_assert_int_eq(patron_persona_claim_count(NULL, 0), 0);
    ck_assert_int_eq(patron_persona_claim_count(segmentation, -1), 0);
    ck_assert_int_eq(patron_persona_claim_count(segmentation, 64), 0);
    ck_assert_ptr_null(patron_document_text(NULL));
    ck_assert_int_eq(patron_document_length(NULL), 0);
    ck_assert_str_eq(patron_status_text(-1), "unknown status");
    ck_assert_str_eq(patron_status_name(1000), "PATRON_UNKNOWN");
}
END_TEST

static void refuse_rows(patron_status status, patron_rows rows)
{
    patron_kmeans *made = kmeans;
    REFUSED(status, patron_kmeans_fit(&made, NULL, &rows, 2, NULL, NULL, &error));
    ck_assert_ptr_null(made);
    ck_assert_int_eq(patron_kmeans_fit(&made, NULL, &rows, 2, NULL, NULL, NULL), status);
}

START_TEST(test_rows_of_no_shape)
{
    double weights[ROWS] = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0}, holes[2 * ROWS];
    patron_rows rows = some_rows();
    rows.rows = -1;
    refuse_rows(PATRON_INVALID_ARGUMENT, rows);
    rows = some_rows();
    rows.cols = 0;
    refuse_rows(PATRON_INVALID_ARGUMENT, rows);
    rows = some_rows();
    rows.row_stride = 1;
    refuse_rows(PATRON_INVALID_ARGUMENT, rows);
    rows = some_rows();
    rows.type = 7;
    refuse_rows(PATRON_INVALID_ARGUMENT, rows);
    rows = some_rows();
    rows.values = NULL;
    refuse_rows(PATRON_INVALID_ARGUMENT, rows);
    rows = some_rows();
    rows.rows = INT64_MAX / 2;
    refuse_rows(PATRON_TOO_LARGE, rows);
    rows.row_stride = INT64_MAX / 2;
    refuse_rows(PATRON_TOO_LARGE, rows);
    const double bad[] = {(double)NAN, (double)INFINITY, -1.0, 1.7e308};
    const patron_status told[] = {PATRON_NOT_FINITE, PATRON_NOT_FINITE, PATRON_INVALID_ARGUMENT, PATRON_OUT_OF_RANGE};
    for (int i = 0; i < 4; i++) {
        rows = some_rows();
        rows.weights = weights;
        weights[2] = weights[3] = bad[i];
        refuse_rows(told[i], rows);
    }
    memset(weights, 0, sizeof weights);
    refuse_rows(PATRON_INVALID_ARGUMENT, rows);
    memcpy(holes, points, sizeof holes);
    rows = some_rows();
    rows.values = holes;
    for (int i = 0; i < 2; i++) {
        holes[5] = bad[i];
        refuse_rows(PATRON_NOT_FINITE, rows);
    }
}
END_TEST

START_TEST(test_a_context_of_no_shape)
{
    patron_history *made = history;
    patron_context context;
    patron_context_init(&context, sizeof context);
    for (int32_t threads = -1; threads < 2000; threads += 1026) {
        context.threads = threads;
        INVALID(patron_history_create(&made, NULL, &context, &error));
        ck_assert_ptr_null(made);
        patron_document *document = (patron_document *)(uintptr_t)1;
        INVALID(patron_report_json(&document, segmentation, NULL, &context, &error));
        ck_assert_ptr_null(document);
    }
}
END_TEST

/* Options that are not the defaults, as the summary shows them; and each customer's silhouette against the mean. */
START_TEST(test_options_and_silhouettes_are_told_as_used)
{
    patron_history *kept = NULL;
    patron_segmentation *made = NULL;
    patron_document *document = NULL;
    patron_history_options options;
    patron_segment_options how;
    int64_t numbers[9] = {1, 1, 1, 2, 2, 2, 3, 4, 5}, times[9], amounts[9] = {9, 9, 9, 8, 8, 8, 1, 1, 0};
    uint8_t fault[9] = {0, 0, 0, 0, 0, 0, 0, 0, PATRON_REASON_UNREADABLE};
    patron_orders orders;
    patron_history_options_init(&options, sizeof options);
    options.zero_amount = PATRON_ZERO_AMOUNT_KEEP;
    options.duplicates = PATRON_DUPLICATES_DROP;
    patron_segment_options_init(&how, sizeof how);
    how.seed = UINT64_MAX;
    for (int i = 0; i < 9; i++) times[i] = (19000 + 5 * i) * INT64_C(86400);
    patron_orders_init(&orders, sizeof orders);
    orders.rows = 9;
    orders.customer_number = numbers;
    orders.time_s = times;
    orders.amount = amounts;
    orders.fault = fault;
    ck_assert_int_eq(patron_history_create(&kept, &options, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_history_append(kept, &orders, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_segment(&made, kept, &how, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_report_json(&document, made, kept, NULL, &error), PATRON_OK);
    const char *text = patron_document_text(document);
    ck_assert(strstr(text, "\"seed\": \"18446744073709551615\"") != NULL);
    ck_assert(strstr(text, "\"duplicates\": \"drop\"") != NULL && strstr(text, "\"zero_amount\": \"keep\"") != NULL);
    ck_assert(strstr(text, "\"reason\": \"unreadable\"") != NULL);
    double sum = 0.0;
    int64_t customers = patron_features_customer_count(patron_segmentation_features(made));
    for (int64_t i = 0; i < customers; i++) sum += patron_segmentation_silhouettes(made)[i];
    ck_assert_double_eq_tol(sum / (double)customers, patron_segmentation_silhouette(made), 1e-12);
    patron_document_free(document);
    patron_segmentation_free(made);
    patron_history_free(kept);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("doors");
    TCase *tests = tcase_create("doors");
    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, open_doors, close_doors);
    tcase_add_test(tests, test_handles_that_are_not_there);
    tcase_add_test(tests, test_results_and_numbers_that_are_not_there);
    tcase_add_test(tests, test_nothing_for_nothing);
    tcase_add_test(tests, test_rows_of_no_shape);
    tcase_add_test(tests, test_a_context_of_no_shape);
    tcase_add_test(tests, test_options_and_silhouettes_are_told_as_used);
    return run_suite(suite);
}
