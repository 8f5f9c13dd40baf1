/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every station on several threads, and several of the host's threads on one history: the same bits, and nothing for
   the thread sanitizer to find. The shop is as small as lets each station cut its work into more than one block. */
#include <patron/patron.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "shop/shop.h"
#include "support/suite.h"

enum { CUSTOMERS = 4300, HOSTS = 2 };

static shop_ledger shop;
static patron_history *history;
static patron_features *features;

static patron_context on(int32_t threads)
{
    patron_context context;
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    return context;
}

static void open_shop(void)
{
    patron_context context = on(4);
    patron_orders orders;
    shop_options options;
    shop_options_init(&options);
    options.customers = CUSTOMERS;
    options.days = 60;
    need(shop_make(&shop, &options));
    patron_orders_init(&orders, sizeof orders);
    orders.rows = shop.rows;
    orders.customer_number = shop.customer;
    orders.order_number = shop.order;
    orders.time_s = shop.time_s;
    orders.quantity = shop.quantity;
    orders.amount = shop.amount;
    need(patron_history_create(&history, NULL, &context, NULL) == PATRON_OK);
    need(patron_history_append(history, &orders, &context, NULL) == PATRON_OK);
    need(patron_features_build(&features, history, NULL, &context, NULL) == PATRON_OK);
}

static void close_shop(void)
{
    patron_features_free(features);
    patron_history_free(history);
    shop_free(&shop);
}

/* The features' first columns (recency, frequency, money): rows for the stations that take any. */
static patron_rows first_columns(void)
{
    patron_rows rows;
    patron_rows_init(&rows, sizeof rows);
    ck_assert_int_eq(patron_matrix_view(&rows, patron_features_matrix(features), NULL), PATRON_OK);
    rows.row_stride = rows.cols;
    rows.cols = 3;
    ck_assert_int_gt(rows.rows, 4096);
    return rows;
}

/* What the stations give on so many threads; each array is the caller's to free. */
typedef struct results {
    double *features, *scaled, *scores;
    int32_t *labels, *predicted;
    double silhouette;
    uint64_t fingerprint;
} results;

static results work(int32_t threads)
{
    patron_context context = on(threads);
    patron_rows rows = first_columns(), scaled;
    patron_features *built = NULL;
    patron_scaler *scaler = NULL;
    patron_kmeans *kmeans = NULL;
    patron_kmeans_options options;
    patron_kmeans_result fit = {.size = sizeof fit};
    patron_silhouette_result score = {.size = sizeof score};
    size_t n = (size_t)rows.rows;
    results r = {.features = calloc(n * (size_t)rows.row_stride, sizeof(double)),
                 .scaled = calloc(3 * n, sizeof(double)),
                 .scores = calloc(n, sizeof(double)),
                 .labels = calloc(n, sizeof(int32_t)),
                 .predicted = calloc(n, sizeof(int32_t))};
    ck_assert_int_eq(patron_features_build(&built, history, NULL, &context, NULL), PATRON_OK);
    memcpy(r.features, patron_matrix_values(patron_features_matrix(built)), n * (size_t)rows.row_stride * 8);
    ck_assert_int_eq(patron_scaler_fit(&scaler, &rows, NULL, &context, NULL), PATRON_OK);
    ck_assert_int_eq(patron_scaler_transform(r.scaled, scaler, &rows, &context, NULL), PATRON_OK);
    patron_rows_init(&scaled, sizeof scaled);
    scaled.values = r.scaled;
    scaled.rows = rows.rows;
    scaled.cols = 3;
    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = 3;
    ck_assert_int_eq(patron_kmeans_fit(&kmeans, r.labels, &scaled, 3, &options, &context, NULL), PATRON_OK);
    ck_assert_int_eq(patron_kmeans_result_get(&fit, kmeans, NULL), PATRON_OK);
    ck_assert_int_eq(patron_kmeans_predict(r.predicted, kmeans, &scaled, &context, NULL), PATRON_OK);
    ck_assert_int_eq(patron_silhouette(&score, r.scores, NULL, &scaled, r.labels, 3, &context, NULL), PATRON_OK);
    r.silhouette = score.mean;
    r.fingerprint = fit.fingerprint;
    patron_kmeans_free(kmeans);
    patron_scaler_free(scaler);
    patron_features_free(built);
    return r;
}

static void free_results(results *r)
{
    free(r->predicted);
    free(r->labels);
    free(r->scores);
    free(r->scaled);
    free(r->features);
}

START_TEST(test_every_station_gives_the_same_bits_on_any_number_of_threads)
{
    patron_rows rows = first_columns();
    size_t n = (size_t)rows.rows;
    results one = work(1), four = work(4);
    ck_assert(memcmp(one.features, four.features, n * (size_t)rows.row_stride * 8) == 0);
    ck_assert(memcmp(one.scaled, four.scaled, 3 * n * sizeof(double)) == 0);
    ck_assert(memcmp(one.scores, four.scores, n * sizeof(double)) == 0);
    ck_assert(memcmp(one.labels, four.labels, n * sizeof(int32_t)) == 0);
    ck_assert(memcmp(one.labels, one.predicted, n * sizeof(int32_t)) == 0);
    ck_assert(memcmp(one.labels, four.predicted, n * sizeof(int32_t)) == 0);
    ck_assert(one.silhouette == four.silhouette && one.fingerprint == four.fingerprint);
    free_results(&four);
    free_results(&one);
}
END_TEST

/* One of the host's threads: the whole way from the history that all of them read. */
static void *host(void *result)
{
    patron_context context = on(2);
    patron_segment_options options;
    patron_segmentation *made = NULL;
    patron_document *document = NULL;
    patron_audit audit = {.size = sizeof audit};
    patron_segment_options_init(&options, sizeof options);
    options.n_init = 1;
    options.k_max = 2;
    if (patron_history_audit(&audit, history, PATRON_AS_OF_LAST, &context, NULL) == PATRON_OK &&
        patron_segmentation_fit(&made, features, &options, &context, NULL) == PATRON_OK &&
        patron_report_json(&document, made, history, &context, NULL) == PATRON_OK)
        *(uint64_t *)result = patron_fingerprint(made);
    patron_document_free(document);
    patron_segmentation_free(made);
    return NULL;
}

START_TEST(test_several_threads_of_the_host_read_one_history)
{
    pthread_t threads[HOSTS];
    uint64_t fingerprints[HOSTS] = {0};
    for (int i = 0; i < HOSTS; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, host, &fingerprints[i]), 0);
    for (int i = 0; i < HOSTS; i++) ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < HOSTS; i++) ck_assert(fingerprints[i] != 0 && fingerprints[i] == fingerprints[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("threads");
    TCase *tests = tcase_create("threads");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_unchecked_fixture(tests, open_shop, close_shop);
    tcase_add_test(tests, test_every_station_gives_the_same_bits_on_any_number_of_threads);
    tcase_add_test(tests, test_several_threads_of_the_host_read_one_history);
    return run_suite(suite);
}
