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
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <patron/patron.h>

#include "shop/shop.h"

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

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need(patron_status status, const patron_error *error)
{
    if (status == PATRON_OK) return;
    fprintf(stderr, "bench_pipeline: %s\n", error->message);
    exit(EXIT_FAILURE);
}

static void *need_memory(size_t count, size_t each)
{
    void *block = calloc(count == 0 ? 1 : count, each);
    if (block == NULL) {
        fputs("bench_pipeline: no memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return block;
}

/* Scale, k-means and silhouette over the rfm columns, as the pipeline calls them. */
static void time_engines(bench *b, const patron_features *features, double seconds[STATIONS])
{
    patron_error error;
    patron_rows rows;
    patron_scaler *scaler;
    patron_kmeans *fits[K_MAX - K_MIN + 1];
    patron_rows_init(&rows, sizeof rows);
    need(patron_matrix_view(&rows, patron_features_matrix(features), &error), &error);
    int64_t n = rows.rows;
    double *scaled = need_memory((size_t)(n * rows.cols), sizeof *scaled),
           *scores = need_memory((size_t)n, sizeof *scores);
    int32_t *labels = need_memory((size_t)n * (K_MAX - K_MIN + 1), sizeof *labels);

    double start = now_s();
    need(patron_scaler_fit(&scaler, &rows, NULL, &b->context, &error), &error);
    need(patron_scaler_transform(scaled, scaler, &rows, &b->context, &error), &error);
    seconds[SCALE] = now_s() - start;

    rows.values = scaled;
    start = now_s();
    need(patron_kmeans_sweep(fits, labels, &rows, K_MIN, K_MAX, NULL, &b->context, &error), &error);
    seconds[KMEANS] = now_s() - start;

    start = now_s();
    for (int32_t k = K_MIN; k <= K_MAX; k++) {
        patron_silhouette_result result = {.size = sizeof result};
        need(patron_silhouette(&result, scores, NULL, &rows, labels + (k - K_MIN) * n, k, &b->context, &error), &error);
    }
    seconds[SILHOUETTE] = now_s() - start;

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
    double start = now_s();
    need(patron_history_create(&history, NULL, &b->context, &error), &error);
    need(patron_history_append(history, orders, &b->context, &error), &error);
    seconds[APPEND] = now_s() - start;

    patron_features_options_init(&options, sizeof options);
    options.columns = "rfm";
    start = now_s();
    need(patron_features_build(&features, history, &options, &b->context, &error), &error);
    seconds[FEATURES] = now_s() - start;
    time_engines(b, features, seconds);

    start = now_s();
    need(patron_segment(&segmentation, history, NULL, &b->context, &error), &error);
    seconds[WHOLE] = now_s() - start + seconds[APPEND];
    b->customers = patron_features_customer_count(features);
    b->fingerprint = patron_fingerprint(segmentation);
    patron_segmentation_free(segmentation);
    patron_features_free(features);
    patron_history_free(history);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
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
        qsort(all, (size_t)b->repeats, sizeof *all, ascending);
        if (b->json)
            printf("{\"work\": \"%s\", \"lines\": %" PRId64 ", \"customers\": %" PRId64 ", \"threads\": %d, "
                   "\"seconds_min\": %.6f, \"seconds_median\": %.6f, \"seconds_max\": %.6f, \"fingerprint\": "
                   "\"%016" PRIx64 "\", \"peak_mib\": %.1f}\n",
                   station_names[s], b->lines, b->customers, (int)b->context.threads, all[0], all[b->repeats / 2],
                   all[b->repeats - 1], b->fingerprint, (double)usage.ru_maxrss / 1024.0);
        else
            printf("%-11s %10.3f ms   (%.3f to %.3f)\n", station_names[s], 1e3 * all[b->repeats / 2], 1e3 * all[0],
                   1e3 * all[b->repeats - 1]);
    }
}

static int64_t number(const char *text, int64_t least, int64_t most)
{
    char *end;
    long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < least || value > most) {
        fprintf(stderr, "bench_pipeline: %s is not a whole number from %" PRId64 " to %" PRId64 "\n", text, least,
                most);
        exit(2);
    }
    return value;
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
            b->shop.customers = number(optarg, 1, 100000000);
            break;
        case 't':
            b->context.threads = (int32_t)number(optarg, 0, 1024);
            break;
        case 'r':
            b->repeats = (int32_t)number(optarg, 1, MOST_REPEATS);
            break;
        case 's':
            b->shop.seed = (uint64_t)number(optarg, 0, INT64_MAX);
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
    read_options(&b, count, arguments);
    if (!shop_make(&shop, &b.shop)) {
        fputs("bench_pipeline: no memory for the shop\n", stderr);
        return EXIT_FAILURE;
    }
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
