/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times silhouettes through the public interface, the exact one or an estimate. Labels come from files, or from
   k-means, which is not timed.

   Every labeling by itself (patron_silhouette) and all of them together (patron_silhouette_sweep) where they are exact,
   each once to warm up and then `repeats` times. Means must agree from run to run, to the bit. Pairs are ordered: rows
   x (rows - 1) for each labeling, however few of them are computed; rows scored x (rows - 1) for an estimate. */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "data.h"
#include "roots.h"
#include "support.h"

enum { MOST_REPEATS = 1000, MOST_K = 64 };

static const char usage[] =
    "usage: bench_silhouette [options]\n"
    "  --rows N --cols N        40000 x 8\n" BENCH_DATA_USAGE
    "  --labels FILE            a label for each row, a byte each; again for further labelings; without: k-means\n"
    "  --k MIN..MAX             2..4; also one number\n"
    "  --estimate HALF_WIDTH    estimates instead, until intervals are as narrow\n"
    "  --level LEVEL            of those: 0.99\n"
    "  --roots                  also: how many square roots these threads make at all, in turns with exact scores\n"
    "  --threads N --seed N     0: one thread for each core; 0\n"
    "  --repeats N              7, after one warm-up\n"
    "  --json                   one line of JSON for each labeling, and for the sweep\n";

typedef struct bench {
    patron_context context;
    bench_data data;
    patron_silhouette_estimate_options options;
    int32_t k_min, k_max, repeats, threads, count, k[MOST_K];
    bool json, estimate, roots;
    const char *files[MOST_K];
    int32_t *labels; /* rows for each labeling */
    double *scores;
} bench;

/* A call, timed: labelings `first` … `first` + count - 1. */
typedef struct timed {
    int32_t first, count;
    double seconds[MOST_REPEATS], median, peak_mib; /* seconds are sorted in the end */
    const char *peak_from;
    double score[MOST_K], half_width, level;
    int64_t rows_used, in_double;
    double roots_per_second[MOST_REPEATS], roots_median; /* of square roots alone */
} timed;

/* The exact scores of the call's labelings, or the estimate of its one. */
static void score(const bench *b, timed *t, double found[MOST_K])
{
    patron_silhouette_result results[MOST_K];
    patron_silhouette_estimate_result estimate = {.size = sizeof estimate};
    patron_error error;
    const int32_t *labels = b->labels + t->first * b->data.rows.rows;
    for (int32_t i = 0; i < t->count; i++) results[i].size = sizeof *results;
    t->rows_used = b->data.rows.rows;
    t->level = 1.0;
    if (!b->estimate) {
        bench_need(patron_silhouette_sweep(results, b->scores, NULL, &b->data.rows, labels, b->k + t->first, t->count,
                                           &b->context, &error),
                   &error);
        for (int32_t i = 0; i < t->count; i++) found[i] = results[i].mean;
        t->in_double = results[0].in_double;
        return;
    }
    patron_status status = patron_silhouette_estimate(&estimate, NULL, NULL, &b->data.rows, labels, b->k[t->first],
                                                      &b->options, &b->context, &error);
    if (status != PATRON_BUDGET_SPENT) bench_need(status, &error);
    found[0] = estimate.mean;
    t->half_width = estimate.half_width;
    t->level = estimate.level;
    t->rows_used = estimate.rows_used;
}

/* Repeat -1 is the warm-up: its memory counts, its time does not. */
static void run_once(const bench *b, timed *t, int32_t repeat)
{
    double found[MOST_K];
    bench_peak peak;
    bench_peak_start(&peak);
    double start = bench_now();
    score(b, t, found);
    double seconds = bench_now() - start, mib = bench_peak_mib(&peak);
    if (repeat < 0 || mib > t->peak_mib) t->peak_mib = mib;
    t->peak_from = peak.from;
    for (int32_t i = 0; i < t->count; i++) {
        if (repeat >= 0 && memcmp(&found[i], &t->score[i], sizeof found[i]) != 0)
            bench_fail("k = %d came to %.17g and then to %.17g", (int)b->k[t->first + i], t->score[i], found[i]);
        t->score[i] = found[i];
    }
    if (repeat >= 0) t->seconds[repeat] = seconds;
    if (repeat >= 0 && b->roots) t->roots_per_second[repeat] = bench_roots_per_second(b->threads, 0.3);
}

static void measure(const bench *b, timed *t, int32_t first, int32_t count)
{
    t->first = first;
    t->count = count;
    for (int32_t repeat = -1; repeat < b->repeats; repeat++) run_once(b, t, repeat);
    t->median = bench_median(t->seconds, b->repeats);
    if (b->roots) t->roots_median = bench_median(t->roots_per_second, b->repeats);
}

static double pairs_per_second(const bench *b, const timed *t)
{
    return (double)t->rows_used * (double)(b->data.rows.rows - 1) * (double)t->count / t->median;
}

static void print_json(const bench *b, const timed *t)
{
    const char *comma = "", *work = b->estimate ? "silhouette_estimate" : "silhouette";
    bool list = t->count > 1;
    printf("{\"work\": \"%s\", \"data\": \"%s\", \"rows\": %" PRId64 ", \"cols\": %" PRId64 ", ",
           list ? "silhouette_sweep" : work, bench_data_name(&b->data), b->data.rows.rows, b->data.rows.cols);
    if (list)
        printf("\"k\": \"%d..%d\", ", (int)b->k[0], (int)b->k[b->count - 1]);
    else
        printf("\"k\": %d, ", (int)b->k[t->first]);
    printf("\"labels\": \"%s\", ", b->files[0] == NULL ? "kmeans" : list ? "files" : b->files[t->first]);
    printf("\"threads\": %d, \"dtype\": \"%s\", \"repeats\": %d, \"seconds_min\": %.6f, \"seconds_median\": %.6f, "
           "\"seconds_max\": %.6f, \"pairs_per_second\": %.6g, \"peak_mib\": %.2f, \"peak_from\": \"%s\", \"score\": ",
           (int)b->threads, bench_data_type(&b->data), (int)b->repeats, t->seconds[0], t->median,
           t->seconds[b->repeats - 1], pairs_per_second(b, t), t->peak_mib, t->peak_from);
    for (int32_t i = 0; i < t->count; i++, comma = ", ") printf("%s%.17g", list && i == 0 ? "[" : comma, t->score[i]);
    printf("%s, \"half_width\": %.17g, \"level\": %.17g, \"rows_used\": %" PRId64 ", \"in_double\": %" PRId64 "}\n",
           list ? "]" : "", t->half_width, t->level, t->rows_used, t->in_double);
}

static void print_table(const bench *b, const timed *t)
{
    char k[32];
    snprintf(k, sizeof k, t->count > 1 ? "%d..%d" : "%d", (int)b->k[t->first], (int)b->k[b->count - 1]);
    printf("%6s %9.4f %9.4f %9.4f %12.4g %9.2f", k, t->median, t->seconds[0], t->seconds[b->repeats - 1],
           pairs_per_second(b, t), t->peak_mib);
    for (int32_t i = 0; i < t->count; i++) printf(" %.8f", t->score[i]);
    if (b->estimate) printf(" +- %.2e, %" PRId64 " rows", t->half_width, t->rows_used);
    printf("\n");
}

/* One root serves both orders of a pair: half as many as pairs are the least that an exact score takes. */
static void print_roots(const bench *b, const timed *t)
{
    double share = 0.5 * pairs_per_second(b, t) / t->roots_median;
    if (b->json)
        printf("{\"work\": \"roots\", \"instructions\": \"%s\", \"threads\": %d, \"roots_per_second\": %.6g, "
               "\"pairs_per_second\": %.6g, \"share\": %.4f}\n",
               bench_roots_name(), (int)b->threads, t->roots_median, pairs_per_second(b, t), share);
    else
        printf("%.4g square roots a second (%s) and nothing else: of their time the scores take no less than %.0f %%\n",
               t->roots_median, bench_roots_name(), 100.0 * share);
}

/* Labels that a file has, a byte each. */
static void read_labels(bench *b, int32_t labeling)
{
    size_t rows = (size_t)b->data.rows.rows, bytes;
    uint8_t *read = bench_read_file(b->files[labeling], rows, &bytes);
    int32_t *to = b->labels + labeling * b->data.rows.rows;
    b->k[labeling] = 1;
    for (size_t i = 0; i < rows; i++) {
        to[i] = read[i];
        if (to[i] >= b->k[labeling]) b->k[labeling] = to[i] + 1;
    }
    free(read);
}

static void find_labels(bench *b)
{
    patron_kmeans *fits[MOST_K];
    patron_kmeans_options options;
    patron_error error;
    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = 3;
    bench_need(patron_kmeans_sweep(fits, b->labels, &b->data.rows, b->k_min, b->k_max, &options, &b->context, &error),
               &error);
    for (int32_t i = 0; i < b->count; i++) {
        b->k[i] = b->k_min + i;
        patron_kmeans_free(fits[i]);
    }
}

static void make_rows(bench *b)
{
    bench_data_make(&b->data, b->threads);
    if (b->data.rows.rows < 2) bench_refuse("a silhouette needs two rows at least");
    if (b->files[0] == NULL) b->count = b->k_max - b->k_min + 1;
    size_t labels = (size_t)b->data.rows.rows * (size_t)b->count;
    b->labels = bench_memory(labels, sizeof *b->labels);
    if (!b->estimate) {
        b->scores = bench_memory(labels, sizeof *b->scores);
        memset(b->scores, -1, labels * sizeof *b->scores); /* resident */
    }
    if (b->files[0] == NULL) find_labels(b);
    for (int32_t i = 0; b->files[0] != NULL && i < b->count; i++) read_labels(b, i);
}

static const struct option known[] = {BENCH_DATA_OPTIONS,
                                      {"labels", required_argument, NULL, 'l'},
                                      {"k", required_argument, NULL, 'k'},
                                      {"estimate", required_argument, NULL, 'e'},
                                      {"level", required_argument, NULL, 'L'},
                                      {"roots", no_argument, NULL, 'Q'},
                                      {"threads", required_argument, NULL, 't'},
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
    if (option == 'k') bench_read_k(&b->k_min, &b->k_max, text, 2, MOST_K);
    if (option == 't') b->context.threads = (int32_t)bench_whole("threads", text, 0, 1024);
    if (option == 'R') b->repeats = (int32_t)bench_whole("repeats", text, 0, MOST_REPEATS);
    if (option == 'j') b->json = true;
    if (option == 'Q') b->roots = true;
    if (option == 'L') b->options.level = bench_number("level", text, 0.5, 0.999999);
    if (option == 'l') {
        if (b->count == MOST_K) bench_refuse("--labels %s is one too many; at most %d", text, (int)MOST_K);
        b->files[b->count++] = text;
    }
    if (option == 'e') {
        b->estimate = true;
        b->options.half_width = bench_number("estimate", text, 1e-12, 1.0);
    }
    bench_data_take(&b->data, option, text);
}

int main(int count, char **arguments)
{
    static bench b = {.k_min = 2, .k_max = 4, .repeats = 7};
    static timed t;
    bench_name = "bench_silhouette";
    patron_context_init(&b.context, sizeof b.context);
    patron_silhouette_estimate_options_init(&b.options, sizeof b.options);
    bench_data_init(&b.data, 40000);
    b.context.threads = 0;
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) take_option(&b, option, optarg);
    if (optind < count) bench_refuse("%s is no option; see --help", arguments[optind]);
    bench_data_check(&b.data, b.repeats);
    b.options.seed = b.data.seed;
    b.threads = bench_threads(b.context.threads);
    if (b.roots && b.estimate) bench_refuse("--roots is for exact scores, not for --estimate");
    if (b.repeats == 0) {
        bench_data_make(&b.data, b.threads);
    } else {
        make_rows(&b);
    }
    if (!b.json && b.repeats > 0) {
        printf("%s, %" PRId64 " x %" PRId64 " %s, %d threads, %d repeats after a warm-up; seconds\n",
               bench_data_name(&b.data), b.data.rows.rows, b.data.rows.cols, bench_data_type(&b.data), (int)b.threads,
               (int)b.repeats);
        printf("%6s %9s %9s %9s %12s %9s %s\n", "k", "median", "min", "max", "pairs/s", "peak MiB", "score");
    }
    for (int32_t i = 0; b.repeats > 0 && i < b.count + (b.count > 1 && !b.estimate); i++) {
        measure(&b, &t, i < b.count ? i : 0, i < b.count ? 1 : b.count);
        b.json ? print_json(&b, &t) : print_table(&b, &t);
        if (b.roots && t.count == 1) print_roots(&b, &t);
        fflush(stdout);
    }
    free(b.scores);
    free(b.labels);
    free((void *)(uintptr_t)b.data.rows.values);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
