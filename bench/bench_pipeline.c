/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times each station of the line on a made-up shop: from columns in memory to named segments.

   usage: bench_pipeline [--customers N] [--threads N] [--repeats N] [--seed N] [--json]

   One warm-up, then `repeats` runs; the median of each station's seconds is what is printed, as a table or, with
   --json, as one line of JSON for each station. */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <patron/patron.h>

#include "shop/shop.h"
#include "support.h"

enum { APPEND, FEATURES, SCALE, KMEANS, SILHOUETTE, WHOLE, STATIONS, MOST_REPEATS = 1000, K_MIN = 2, K_MAX = 4 };

static const char *const station_names[STATIONS] = {"append", "features", "scale", "kmeans", "silhouette", "whole"};

typedef struct bench {
    shop_options shop;
    patron_context context;
    int32_t repeats;
    bool json;
    int64_t lines, customers;
    uint64_t fingerprint;
    double seconds[STATIONS][MOST_REPEATS];
} bench;

/* Scale, k-means and silhouette over the rfm columns, as the pipeline calls them. */
static void time_engines(bench *b, const patron_features *features, double seconds[STATIONS])
{
    patron_error error;
    patron_rows rows;
    patron_scaler *scaler;
    patron_kmeans *fits[K_MAX - K_MIN + 1];
    patron_rows_init(&rows, sizeof rows);
    bench_need(patron_matrix_view(&rows, patron_features_matrix(features), &error), &error);
    int64_t n = rows.rows;
    double *scaled = bench_memory((size_t)(n * rows.cols), sizeof *scaled),
           *scores = bench_memory((size_t)n, sizeof *scores);
    int32_t *labels = bench_memory((size_t)n * (K_MAX - K_MIN + 1), sizeof *labels);

    double start = bench_now();
    bench_need(patron_scaler_fit(&scaler, &rows, NULL, &b->context, &error), &error);
    bench_need(patron_scaler_transform(scaled, scaler, &rows, &b->context, &error), &error);
    seconds[SCALE] = bench_now() - start;

    rows.values = scaled;
    start = bench_now();
    bench_need(patron_kmeans_sweep(fits, labels, &rows, K_MIN, K_MAX, NULL, &b->context, &error), &error);
    seconds[KMEANS] = bench_now() - start;

    start = bench_now();
    for (int32_t k = K_MIN; k <= K_MAX; k++) {
        patron_silhouette_result result = {.size = sizeof result};
        bench_need(patron_silhouette(&result, scores, NULL, &rows, labels + (k - K_MIN) * n, k, &b->context, &error),
                   &error);
    }
    seconds[SILHOUETTE] = bench_now() - start;

    for (int32_t i = 0; i <= K_MAX - K_MIN; i++) patron_kmeans_free(fits[i]);
    patron_scaler_free(scaler);
    free(labels);
    free(scores);
    free(scaled);
}

static void run(bench *b, const patron_orders *orders, double seconds[STATIONS])
{
    patron_error error;
    patron_history *history;
    patron_features *features;
    patron_features_options options;
    patron_segmentation *segmentation;
    double start = bench_now();
    bench_need(patron_history_create(&history, NULL, &b->context, &error), &error);
    bench_need(patron_history_append(history, orders, &b->context, &error), &error);
    seconds[APPEND] = bench_now() - start;

    patron_features_options_init(&options, sizeof options);
    options.columns = "rfm";
    start = bench_now();
    bench_need(patron_features_build(&features, history, &options, &b->context, &error), &error);
    seconds[FEATURES] = bench_now() - start;
    time_engines(b, features, seconds);

    start = bench_now();
    bench_need(patron_segment(&segmentation, history, NULL, &b->context, &error), &error);
    seconds[WHOLE] = bench_now() - start + seconds[APPEND];
    b->customers = patron_features_customer_count(features);
    b->fingerprint = patron_fingerprint(segmentation);
    patron_segmentation_free(segmentation);
    patron_features_free(features);
    patron_history_free(history);
}

static void print(bench *b)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (!b->json)
        printf("%" PRId64 " order lines, %" PRId64 " customers, %d threads, fingerprint %016" PRIx64
               ", peak %.0f MiB\n",
               b->lines, b->customers, (int)b->context.threads, b->fingerprint, (double)usage.ru_maxrss / 1024.0);
    for (int s = 0; s < STATIONS; s++) {
        double *all = b->seconds[s];
        double median = bench_median(all, b->repeats);
        if (b->json)
            printf("{\"work\": \"%s\", \"lines\": %" PRId64 ", \"customers\": %" PRId64 ", \"threads\": %d, "
                   "\"seconds_min\": %.6f, \"seconds_median\": %.6f, \"seconds_max\": %.6f, \"fingerprint\": "
                   "\"%016" PRIx64 "\", \"peak_mib\": %.1f}\n",
                   station_names[s], b->lines, b->customers, (int)b->context.threads, all[0], median,
                   all[b->repeats - 1], b->fingerprint, (double)usage.ru_maxrss / 1024.0);
        else
            printf("%-11s %10.3f ms   (%.3f to %.3f)\n", station_names[s], 1e3 * median, 1e3 * all[0],
                   1e3 * all[b->repeats - 1]);
    }
}

static void read_options(bench *b, int count, char **arguments)
{
    static const struct option known[] = {{"customers", required_argument, NULL, 'c'},
                                          {"threads", required_argument, NULL, 't'},
                                          {"repeats", required_argument, NULL, 'r'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"json", no_argument, NULL, 'j'},
                                          {NULL, 0, NULL, 0}};
    shop_options_init(&b->shop);
    patron_context_init(&b->context, sizeof b->context);
    b->repeats = 7;
    for (int c; (c = getopt_long(count, arguments, "", known, NULL)) != -1;) {
        switch (c) {
        case 'c':
            b->shop.customers = bench_whole("customers", optarg, 1, 100000000);
            break;
        case 't':
            b->context.threads = (int32_t)bench_whole("threads", optarg, 0, 1024);
            break;
        case 'r':
            b->repeats = (int32_t)bench_whole("repeats", optarg, 1, MOST_REPEATS);
            break;
        case 's':
            b->shop.seed = (uint64_t)bench_whole("seed", optarg, 0, INT64_MAX);
            break;
        case 'j':
            b->json = true;
            break;
        default:
            fputs("usage: bench_pipeline [--customers N] [--threads N] [--repeats N] [--seed N] [--json]\n", stderr);
            exit(2);
        }
    }
}

int main(int count, char **arguments)
{
    static bench b;
    shop_ledger shop;
    patron_orders orders;
    bench_name = "bench_pipeline";
    read_options(&b, count, arguments);
    if (!shop_make(&shop, &b.shop)) bench_fail("no memory for the shop");
    patron_orders_init(&orders, sizeof orders);
    orders.rows = b.lines = shop.rows;
    orders.customer_number = shop.customer;
    orders.order_number = shop.order;
    orders.time_s = shop.time_s;
    orders.quantity = shop.quantity;
    orders.amount = shop.amount;
    for (int32_t i = -1; i < b.repeats; i++) {
        double seconds[STATIONS];
        run(&b, &orders, seconds);
        for (int s = 0; i >= 0 && s < STATIONS; s++) b.seconds[s][i] = seconds[s];
    }
    print(&b);
    shop_free(&shop);
    return EXIT_SUCCESS;
}
