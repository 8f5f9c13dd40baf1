/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times the exact silhouette through the public interface: labels come from k-means, which is not timed.

   Every k by itself (patron_silhouette) and all of them together (patron_silhouette_sweep), each once to warm up and
   then `repeats` times. Means must agree from run to run, to the bit. Pairs are ordered: rows x (rows - 1) for each
   labeling, however few of them are computed. */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "generate.h"
#include "support.h"

enum { MOST_REPEATS = 1000, MOST_K = 64, MIB = 1 << 20 };

static const char usage[] = "usage: bench_silhouette [options]\n"
                            "  --rows N --cols N        40000 x 8\n"
                            "  --data KIND              purchase, blobs, gaussian, far, optima, sorted, periodic,\n"
                            "                           outlier or unequal\n"
                            "  --dtype f32|f64          of the caller's array: f32; both hold the same values\n"
                            "  --k MIN..MAX             2..4; also one number\n"
                            "  --threads N --seed N     0: one thread for each core; 0\n"
                            "  --repeats N              7, after one warm-up\n"
                            "  --json                   one line of JSON for each k, and for the sweep\n";

typedef struct bench {
    patron_context context;
    patron_rows rows;
    int32_t k_min, k_max, kind, repeats, threads, k[MOST_K];
    bool json;
    uint64_t seed;
    int32_t *labels; /* rows for each k */
    double *scores;
} bench;

/* A call, timed: labelings `first` … `first` + count - 1. */
typedef struct timed {
    int32_t first, count;
    double seconds[MOST_REPEATS], median, peak_mib; /* seconds are sorted in the end */
    const char *peak_from;
    patron_silhouette_result results[MOST_K];
} timed;

/* Repeat -1 is the warm-up: its memory counts, its time does not. */
static void run_once(const bench *b, timed *t, int32_t repeat)
{
    patron_silhouette_result results[MOST_K];
    patron_error error;
    bench_peak peak;
    for (int32_t i = 0; i < t->count; i++) results[i].size = sizeof *results;
    bench_peak_start(&peak);
    double start = bench_now();
    bench_need(patron_silhouette_sweep(results, b->scores, NULL, &b->rows, b->labels + t->first * b->rows.rows,
                                       b->k + t->first, t->count, &b->context, &error),
               &error);
    double seconds = bench_now() - start, mib = bench_peak_mib(&peak);
    if (repeat < 0 || mib > t->peak_mib) t->peak_mib = mib;
    t->peak_from = peak.from;
    for (int32_t i = 0; i < t->count; i++) {
        if (repeat >= 0 && memcmp(&results[i].mean, &t->results[i].mean, sizeof results[i].mean) != 0)
            bench_fail("k = %d came to %.17g and then to %.17g", (int)b->k[t->first + i], t->results[i].mean,
                       results[i].mean);
        t->results[i] = results[i];
    }
    if (repeat >= 0) t->seconds[repeat] = seconds;
}

static void measure(const bench *b, timed *t, int32_t first, int32_t count)
{
    t->first = first;
    t->count = count;
    for (int32_t repeat = -1; repeat < b->repeats; repeat++) run_once(b, t, repeat);
    t->median = bench_median(t->seconds, b->repeats);
}

static double pairs_per_second(const bench *b, const timed *t)
{
    return (double)b->rows.rows * (double)(b->rows.rows - 1) * (double)t->count / t->median;
}

static void print_json(const bench *b, const timed *t)
{
    const char *comma = "";
    bool list = t->count > 1;
    printf("{\"work\": \"%s\", \"data\": \"%s\", \"rows\": %" PRId64 ", \"cols\": %" PRId64 ", ",
           list ? "silhouette_sweep" : "silhouette", generate_name(b->kind), b->rows.rows, b->rows.cols);
    if (list)
        printf("\"k\": \"%d..%d\", ", (int)b->k_min, (int)b->k_max);
    else
        printf("\"k\": %d, ", (int)b->k[t->first]);
    printf("\"threads\": %d, \"dtype\": \"%s\", \"repeats\": %d, \"seconds_min\": %.6f, \"seconds_median\": %.6f, "
           "\"seconds_max\": %.6f, \"pairs_per_second\": %.6g, \"peak_mib\": %.2f, \"peak_from\": \"%s\", \"score\": ",
           (int)b->threads, b->rows.type == PATRON_FLOAT64 ? "f64" : "f32", (int)b->repeats, t->seconds[0], t->median,
           t->seconds[b->repeats - 1], pairs_per_second(b, t), t->peak_mib, t->peak_from);
    for (int32_t i = 0; i < t->count; i++, comma = ", ")
        printf("%s%.17g", list && i == 0 ? "[" : comma, t->results[i].mean);
    printf("%s, \"in_double\": %" PRId64 "}\n", list ? "]" : "", t->results[0].in_double);
}

static void print_table(const bench *b, const timed *t)
{
    char k[32];
    snprintf(k, sizeof k, t->count > 1 ? "%d..%d" : "%d", (int)b->k[t->first], (int)b->k_max);
    printf("%6s %9.4f %9.4f %9.4f %12.4g %9.2f", k, t->median, t->seconds[0], t->seconds[b->repeats - 1],
           pairs_per_second(b, t), t->peak_mib);
    for (int32_t i = 0; i < t->count; i++) printf(" %.8f", t->results[i].mean);
    printf("\n");
}

static void make_rows(bench *b)
{
    static generator g;
    patron_kmeans *fits[MOST_K];
    patron_kmeans_options options;
    patron_error error;
    int32_t count = b->k_max - b->k_min + 1;
    size_t value = b->rows.type == PATRON_FLOAT64 ? sizeof(double) : sizeof(float);
    void *values = bench_memory((size_t)(b->rows.rows * b->rows.cols), value);
    generate_open(&g, b->kind, b->seed, b->rows.cols, false);
    if (!generate_rows(values, &g, b->rows.rows, b->rows.type == PATRON_FLOAT64, b->threads))
        bench_fail("no memory or no threads to make rows");
    b->rows.values = values;
    b->labels = bench_memory((size_t)b->rows.rows * (size_t)count, sizeof *b->labels);
    b->scores = bench_memory((size_t)b->rows.rows * (size_t)count, sizeof *b->scores);
    memset(b->scores, -1, (size_t)b->rows.rows * (size_t)count * sizeof *b->scores); /* resident */
    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = 3;
    bench_need(patron_kmeans_sweep(fits, b->labels, &b->rows, b->k_min, b->k_max, &options, &b->context, &error),
               &error);
    for (int32_t i = 0; i < count; i++) {
        b->k[i] = b->k_min + i;
        patron_kmeans_free(fits[i]);
    }
}

static void read_k(bench *b, const char *text)
{
    char first[32];
    const char *dots = strstr(text, "..");
    size_t length = dots == NULL ? strlen(text) : (size_t)(dots - text);
    if (length >= sizeof first) bench_refuse("--k is %s; give MIN..MAX", text);
    memcpy(first, text, length);
    first[length] = '\0';
    b->k_min = (int32_t)bench_whole("k", first, 2, INT32_MAX);
    b->k_max = dots == NULL ? b->k_min : (int32_t)bench_whole("k", dots + 2, b->k_min, INT32_MAX);
    if (b->k_max - b->k_min >= MOST_K) bench_refuse("--k is %s; at most %d at once", text, MOST_K);
}

static const struct option known[] = {{"rows", required_argument, NULL, 'r'},
                                      {"cols", required_argument, NULL, 'c'},
                                      {"k", required_argument, NULL, 'k'},
                                      {"threads", required_argument, NULL, 't'},
                                      {"seed", required_argument, NULL, 's'},
                                      {"dtype", required_argument, NULL, 'd'},
                                      {"data", required_argument, NULL, 'D'},
                                      {"repeats", required_argument, NULL, 'R'},
                                      {"json", no_argument, NULL, 'j'},
                                      {"help", no_argument, NULL, 'h'},
                                      {NULL, 0, NULL, 0}};

static void take_option(bench *b, int option, const char *text)
{
    if (option == '?' || option == 'h') {
        fputs(usage, option == 'h' ? stdout : stderr);
        exit(option == 'h' ? EXIT_SUCCESS : 2);
    }
    if (option == 'r') b->rows.rows = bench_whole("rows", text, 2, INT64_C(1) << 28);
    if (option == 'c') b->rows.cols = bench_whole("cols", text, 1, GENERATE_MOST_COLS);
    if (option == 's') b->seed = (uint64_t)bench_whole("seed", text, 0, INT64_MAX);
    if (option == 'k') read_k(b, text);
    if (option == 't') b->context.threads = (int32_t)bench_whole("threads", text, 0, 1024);
    if (option == 'R') b->repeats = (int32_t)bench_whole("repeats", text, 1, MOST_REPEATS);
    if (option == 'j') b->json = true;
    if (option == 'D' && (b->kind = generate_find(text)) < 0) bench_refuse("--data is %s; see --help", text);
    if (option != 'd') return;
    if (strcmp(text, "f32") != 0 && strcmp(text, "f64") != 0) bench_refuse("--dtype is %s; give f32 or f64", text);
    b->rows.type = strcmp(text, "f64") == 0 ? PATRON_FLOAT64 : PATRON_FLOAT32;
}

int main(int count, char **arguments)
{
    static bench b = {.k_min = 2, .k_max = 4, .repeats = 7};
    static timed t;
    bench_name = "bench_silhouette";
    patron_context_init(&b.context, sizeof b.context);
    patron_rows_init(&b.rows, sizeof b.rows);
    b.rows.rows = 40000;
    b.rows.cols = 8;
    b.rows.type = PATRON_FLOAT32;
    b.context.threads = 0;
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) take_option(&b, option, optarg);
    if (optind < count) bench_refuse("%s is no option; see --help", arguments[optind]);
    b.threads = bench_threads(b.context.threads);
    make_rows(&b);
    if (!b.json) {
        printf("%s, %" PRId64 " x %" PRId64 " %s, %d threads, %d repeats after a warm-up; seconds\n",
               generate_name(b.kind), b.rows.rows, b.rows.cols, b.rows.type == PATRON_FLOAT64 ? "f64" : "f32",
               (int)b.threads, (int)b.repeats);
        printf("%6s %9s %9s %9s %12s %9s %s\n", "k", "median", "min", "max", "pairs/s", "peak MiB", "score");
    }
    int32_t all = b.k_max - b.k_min + 1;
    for (int32_t i = 0; i < all + (all > 1); i++) {
        measure(&b, &t, i < all ? i : 0, i < all ? 1 : all);
        b.json ? print_json(&b, &t) : print_table(&b, &t);
        fflush(stdout);
    }
    free(b.scores);
    free(b.labels);
    free((void *)(uintptr_t)b.rows.values);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
