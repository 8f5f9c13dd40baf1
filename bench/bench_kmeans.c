/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times k-means through the public interface: from the caller's array to labels, centroids and inertia.

   Every k by itself (patron_kmeans_fit) and all of them together (patron_kmeans_sweep), each once to warm up and then
   `repeats` times. The fingerprints of all runs of a fit must agree. Peak memory is what the call needed beyond what
   was resident before it, input and the caller's labels included in the latter. */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "data.h"
#include "support.h"

enum { MOST_REPEATS = 1000, MOST_K = 64, DEFAULT_REPEATS = 7, MIB = 1 << 20 };

/* What is timed of a call: all of it, and the stages that the library reports. */
enum { WHOLE, PACK, SCREEN, POLISH, FINISH, TIMES };

static const char usage[] =
    "usage: bench_kmeans [options]\n"
    "  --rows N --cols N        1000000 x 8\n" BENCH_DATA_USAGE "  --k MIN..MAX             2..4; also one number\n"
    "  --n-init N --max-iter N --tol X --strict    as in patron_kmeans_options\n"
    "  --init FILE              initial centroids: raw float64, k x cols; one k only\n"
    "  --only fits|sweep        times one of them\n"
    "  --threads N --seed N     0: one thread for each core; 0\n"
    "  --repeats N              7, after one warm-up\n"
    "  --bandwidth              also: how fast memory is read, and how fast one run to convergence goes through it,\n"
    "                           and labels of new rows\n"
    "  --json                   one line of JSON for each k, and for the sweep\n";

typedef struct bench {
    patron_context context;
    patron_kmeans_options options;
    bench_data data;
    int32_t k_min, k_max, repeats, threads;
    bool json, bandwidth, no_fits, no_sweep;
    const char *init;
    double *centroids;
    int32_t *labels;
} bench;

/* A call, timed: seconds, and what each k came to. */
typedef struct timed {
    int32_t k_min, k_max;
    double seconds[TIMES][MOST_REPEATS]; /* sorted in the end */
    double median[TIMES];
    double peak_mib;
    const char *peak_from;
    patron_kmeans_result results[MOST_K];
} timed;

static void call(const bench *b, timed *t, patron_kmeans **fits)
{
    patron_error error;
    patron_status status =
        t->k_min == t->k_max
            ? patron_kmeans_fit(fits, b->labels, &b->data.rows, t->k_min, &b->options, &b->context, &error)
            : patron_kmeans_sweep(fits, b->labels, &b->data.rows, t->k_min, t->k_max, &b->options, &b->context, &error);
    bench_need(status, &error);
}

/* Repeat -1 is the warm-up: its memory counts, its time does not. */
static void run_once(const bench *b, timed *t, int32_t repeat)
{
    patron_kmeans *fits[MOST_K];
    patron_error error;
    bench_peak peak;
    bench_peak_start(&peak);
    double start = bench_now();
    call(b, t, fits);
    double seconds = bench_now() - start, mib = bench_peak_mib(&peak);
    if (repeat < 0 || mib > t->peak_mib) t->peak_mib = mib;
    t->peak_from = peak.from;
    for (int32_t i = 0; i <= t->k_max - t->k_min; i++) {
        patron_kmeans_result result = {.size = sizeof result};
        bench_need(patron_kmeans_result_get(&result, fits[i], &error), &error);
        if (repeat >= 0 && result.fingerprint != t->results[i].fingerprint)
            bench_fail("k = %d came to %016" PRIx64 " and then to %016" PRIx64, (int)result.k,
                       t->results[i].fingerprint, result.fingerprint);
        t->results[i] = result;
        patron_kmeans_free(fits[i]);
    }
    if (repeat < 0) return;
    const patron_kmeans_result *first = &t->results[0];
    t->seconds[WHOLE][repeat] = seconds;
    t->seconds[PACK][repeat] = first->pack_s;
    t->seconds[SCREEN][repeat] = first->screen_s;
    t->seconds[POLISH][repeat] = first->polish_s;
    t->seconds[FINISH][repeat] = first->finish_s;
}

static void measure(const bench *b, timed *t, int32_t k_min, int32_t k_max)
{
    t->k_min = k_min;
    t->k_max = k_max;
    for (int32_t repeat = -1; repeat < b->repeats; repeat++) run_once(b, t, repeat);
    for (int i = 0; i < TIMES; i++) t->median[i] = bench_median(t->seconds[i], b->repeats);
}

static size_t input_bytes(const bench *b)
{
    return (size_t)(b->data.rows.rows * b->data.rows.cols) * bench_data_value(&b->data);
}

/* What every line of JSON begins with. */
static void print_work(const bench *b, const char *work, const char *k)
{
    printf("{\"work\": \"%s\", \"data\": \"%s\", \"rows\": %" PRId64 ", \"cols\": %" PRId64 ", \"k\": %s, ", work,
           bench_data_name(&b->data), b->data.rows.rows, b->data.rows.cols, k);
    printf("\"n_init\": %d, \"threads\": %d, \"dtype\": \"%s\", \"fine\": %s, \"strict\": %s, \"tol\": %g, "
           "\"max_iter\": %d, \"repeats\": %d, ",
           (int)b->options.n_init, (int)b->threads, bench_data_type(&b->data), b->data.fine ? "true" : "false",
           b->options.strict != 0 ? "true" : "false", b->options.tol, (int)b->options.max_iter, (int)b->repeats);
}

enum { INERTIA, LOWER_BOUND, ITERATIONS, CONVERGED, FINGERPRINT };

/* A figure of each k: a number for one, a list for a sweep. */
static void print_figures(const timed *t, const char *name, int figure)
{
    bool list = t->k_max > t->k_min;
    printf(", \"%s\": %s", name, list ? "[" : "");
    for (int32_t i = 0; i <= t->k_max - t->k_min; i++) {
        const patron_kmeans_result *r = &t->results[i];
        if (i > 0) fputs(", ", stdout);
        if (figure == INERTIA) printf("%.17g", r->inertia);
        if (figure == LOWER_BOUND) printf("%.17g", r->inertia_lower_bound);
        if (figure == ITERATIONS) printf("%d", (int)r->iterations);
        if (figure == CONVERGED) fputs(r->converged != 0 ? "true" : "false", stdout);
        if (figure == FINGERPRINT) printf("\"%016" PRIx64 "\"", r->fingerprint);
    }
    if (list) fputc(']', stdout);
}

static void print_json(const bench *b, const timed *t)
{
    char k[32];
    bool sweep = t->k_max > t->k_min;
    if (sweep)
        snprintf(k, sizeof k, "\"%d..%d\"", (int)t->k_min, (int)t->k_max);
    else
        snprintf(k, sizeof k, "%d", (int)t->k_min);
    print_work(b, sweep ? "kmeans_sweep" : "kmeans_fit", k);
    printf("\"seconds_min\": %.6f, \"seconds_median\": %.6f, \"seconds_max\": %.6f, \"pack_s\": %.6f, "
           "\"screen_s\": %.6f, \"polish_s\": %.6f, \"finish_s\": %.6f",
           t->seconds[WHOLE][0], t->median[WHOLE], t->seconds[WHOLE][b->repeats - 1], t->median[PACK],
           t->median[SCREEN], t->median[POLISH], t->median[FINISH]);
    print_figures(t, "inertia", INERTIA);
    print_figures(t, "inertia_lower_bound", LOWER_BOUND);
    print_figures(t, "iterations", ITERATIONS);
    print_figures(t, "converged", CONVERGED);
    print_figures(t, "fingerprint", FINGERPRINT);
    printf(", \"screened\": %s, \"sample_rows\": %" PRId64 ", \"polished\": %d",
           t->results[0].screened != 0 ? "true" : "false", t->results[0].sample_rows, (int)t->results[0].polished);
    printf(", \"peak_mib\": %.2f, \"memory_ratio\": %.3f, \"peak_from\": \"%s\"}\n", t->peak_mib,
           t->peak_mib * MIB / (double)input_bytes(b), t->peak_from);
}

static void print_table_head(const bench *b)
{
    printf("%s, %" PRId64 " x %" PRId64 " %s%s, n_init %d%s, tol %g, %d threads, %d repeats after a warm-up; seconds\n",
           b->data.input != NULL ? b->data.input : generate_name(b->data.kind), b->data.rows.rows, b->data.rows.cols,
           bench_data_type(&b->data), b->data.fine ? " (fine)" : "", (int)b->options.n_init,
           b->options.strict != 0 ? ", strict" : "", b->options.tol, (int)b->threads, (int)b->repeats);
    printf("%6s %9s %9s %9s %8s %8s %8s %8s %15s %7s %6s %9s %8s\n", "k", "median", "min", "max", "pack", "screen",
           "polish", "finish", "inertia", "/bound", "passes", "peak MiB", "x input");
}

static void print_table(const bench *b, const timed *t)
{
    char k[32];
    bool sweep = t->k_max > t->k_min;
    snprintf(k, sizeof k, sweep ? "%d..%d" : "%d", (int)t->k_min, (int)t->k_max);
    printf("%6s %9.4f %9.4f %9.4f %8.4f %8.4f %8.4f %8.4f", k, t->median[WHOLE], t->seconds[WHOLE][0],
           t->seconds[WHOLE][b->repeats - 1], t->median[PACK], t->median[SCREEN], t->median[POLISH], t->median[FINISH]);
    const patron_kmeans_result *r = &t->results[0];
    char above[32] = "-";
    if (r->inertia_lower_bound > 0.0) snprintf(above, sizeof above, "%.3f", r->inertia / r->inertia_lower_bound);
    if (sweep)
        printf(" %15s %7s %6s", "", "", "");
    else
        printf(" %15.8g %7s %5d%c", r->inertia, above, (int)r->iterations, r->converged != 0 ? ' ' : '+');
    printf(" %9.2f %8.3f\n", t->peak_mib, t->peak_mib * MIB / (double)input_bytes(b));
}

/* How fast new rows are labelled, beside how fast their bytes are read. */
static void print_predict(bench *b)
{
    static double all[MOST_REPEATS];
    patron_kmeans *fit;
    patron_error error;
    bench_need(patron_kmeans_fit(&fit, NULL, &b->data.rows, b->k_max, &b->options, &b->context, &error), &error);
    for (int32_t repeat = -1; repeat < b->repeats; repeat++) {
        double start = bench_now();
        bench_need(patron_kmeans_predict(b->labels, fit, &b->data.rows, &b->context, &error), &error);
        if (repeat >= 0) all[repeat] = bench_now() - start;
    }
    patron_kmeans_free(fit);
    size_t bytes = input_bytes(b);
    double median = bench_median(all, b->repeats), sum = bench_sum_gb_s(bytes, b->threads, b->repeats);
    double rate = 1e-9 * (double)bytes / median;
    if (!b->json) {
        printf("adding %zu bytes up: %.2f GB/s; labels of as many, k = %d: %.6f s, %.2f GB/s, %.0f %%\n", bytes, sum,
               (int)b->k_max, median, rate, 100.0 * rate / sum);
        return;
    }
    char k[32];
    snprintf(k, sizeof k, "%d", (int)b->k_max);
    print_work(b, "predict", k);
    printf("\"bytes\": %zu, \"sum_gb_s\": %.3f, \"seconds_median\": %.6f, \"gb_s\": %.3f, \"share\": %.4f}\n", bytes,
           sum, median, rate, rate / sum);
}

/* How close one run to convergence, on all rows, comes to what memory gives: packed rows are four bytes a value, and
   each pass reads them once unless it can leave rows out. */
static void print_bandwidth(bench *b, timed *t)
{
    b->options.n_init = 1;
    b->options.strict = 1;
    measure(b, t, b->k_max, b->k_max);
    size_t bytes = (size_t)(b->data.rows.rows * b->data.rows.cols) * sizeof(float);
    double sum = bench_sum_gb_s(bytes, b->threads, b->repeats);
    const patron_kmeans_result *r = &t->results[0];
    double all = t->median[WHOLE] / r->iterations, pass = t->median[POLISH] / r->iterations;
    double rate = 1e-9 * (double)bytes / (pass > 0.0 ? pass : all);
    if (!b->json) {
        printf("adding %zu bytes up: %.2f GB/s; one run, k = %d: %d passes, %.6f s each with all else, ", bytes, sum,
               (int)r->k, (int)r->iterations, all);
        printf("%.6f s (%s) each: %.2f GB/s, %.0f %%\n", pass > 0.0 ? pass : all, pass > 0.0 ? "polish" : "whole", rate,
               100.0 * rate / sum);
        return;
    }
    char k[32];
    snprintf(k, sizeof k, "%d", (int)r->k);
    print_work(b, "bandwidth", k);
    printf("\"bytes\": %zu, \"sum_gb_s\": %.3f, \"seconds_median\": %.6f, \"iterations\": %d, "
           "\"seconds_per_iteration\": %.9f, \"pass_s\": %.9f, \"pass_from\": \"%s\", \"pass_gb_s\": %.3f, "
           "\"share\": %.4f}\n",
           bytes, sum, t->median[WHOLE], (int)r->iterations, all, pass > 0.0 ? pass : all,
           pass > 0.0 ? "polish_s" : "seconds", rate, rate / sum);
}

static void make_rows(bench *b)
{
    bench_data_make(&b->data, b->threads);
    if (b->init != NULL) {
        size_t bytes;
        b->centroids = bench_read_file(b->init, sizeof(double) * (size_t)(b->k_min * b->data.rows.cols), &bytes);
        b->options.initial_centroids = b->centroids;
    }
    size_t labels = (size_t)b->data.rows.rows * (size_t)(b->k_max - b->k_min + 1);
    b->labels = bench_memory(labels, sizeof *b->labels);
    memset(b->labels, -1, labels * sizeof *b->labels); /* resident, so that it does not count as the call's */
}

static const struct option known[] = {BENCH_DATA_OPTIONS,
                                      {"k", required_argument, NULL, 'k'},
                                      {"n-init", required_argument, NULL, 'n'},
                                      {"threads", required_argument, NULL, 't'},
                                      {"strict", no_argument, NULL, 'S'},
                                      {"repeats", required_argument, NULL, 'R'},
                                      {"tol", required_argument, NULL, 'T'},
                                      {"max-iter", required_argument, NULL, 'm'},
                                      {"init", required_argument, NULL, 'I'},
                                      {"only", required_argument, NULL, 'O'},
                                      {"bandwidth", no_argument, NULL, 'b'},
                                      {"json", no_argument, NULL, 'j'},
                                      {"help", no_argument, NULL, 'h'},
                                      {NULL, 0, NULL, 0}};

static void take_option(bench *b, int option, const char *text)
{
    if (option == '?') {
        fputs(usage, stderr);
        exit(2);
    }
    if (option == 'h') {
        fputs(usage, stdout);
        exit(EXIT_SUCCESS);
    }
    if (option == 'k') bench_read_k(&b->k_min, &b->k_max, text, 1, MOST_K);
    if (option == 'n') b->options.n_init = (int32_t)bench_whole("n-init", text, 0, INT32_MAX);
    if (option == 't') b->context.threads = (int32_t)bench_whole("threads", text, 0, 1024);
    if (option == 'S') b->options.strict = 1;
    if (option == 'R') b->repeats = (int32_t)bench_whole("repeats", text, 0, MOST_REPEATS);
    if (option == 'T') b->options.tol = bench_number("tol", text, 0.0, HUGE_VAL);
    if (option == 'm') b->options.max_iter = (int32_t)bench_whole("max-iter", text, 1, INT32_MAX);
    if (option == 'I') b->init = text;
    if (option == 'b') b->bandwidth = true;
    if (option == 'j') b->json = true;
    if (option == 'O') {
        if (strcmp(text, "fits") != 0 && strcmp(text, "sweep") != 0)
            bench_refuse("--only is %s; give fits or sweep", text);
        b->no_sweep = strcmp(text, "fits") == 0;
        b->no_fits = !b->no_sweep;
    }
    bench_data_take(&b->data, option, text);
}

static void read_options(bench *b, int count, char **arguments)
{
    patron_context_init(&b->context, sizeof b->context);
    patron_kmeans_options_init(&b->options, sizeof b->options);
    bench_data_init(&b->data, 1000000);
    b->options.n_init = 10;
    b->context.threads = 0;
    b->k_min = 2;
    b->k_max = 4;
    b->repeats = DEFAULT_REPEATS;
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) take_option(b, option, optarg);
    if (optind < count) bench_refuse("%s is no option; see --help", arguments[optind]);
    if (b->init != NULL && b->k_min != b->k_max) bench_refuse("--init gives centroids for one k; give one with --k");
    if (b->no_fits && b->k_min == b->k_max) bench_refuse("--only sweep needs more than one k");
    b->options.seed = b->data.seed;
    b->threads = bench_threads(b->context.threads);
    bench_data_check(&b->data, b->repeats);
}

int main(int count, char **arguments)
{
    static bench b;
    static timed t;
    bench_name = "bench_kmeans";
    read_options(&b, count, arguments);
    make_rows(&b);
    if (b.repeats > 0 && !b.json) print_table_head(&b);
    for (int32_t k = b.k_min; b.repeats > 0 && k <= b.k_max + 1; k++) {
        bool sweep = k > b.k_max;
        if (sweep ? b.no_sweep || b.k_min == b.k_max : b.no_fits) continue;
        measure(&b, &t, sweep ? b.k_min : k, sweep ? b.k_max : k);
        b.json ? print_json(&b, &t) : print_table(&b, &t);
        fflush(stdout);
    }
    if (b.repeats > 0 && b.bandwidth) {
        print_bandwidth(&b, &t);
        print_predict(&b);
    }
    free(b.labels);
    free(b.centroids);
    free((void *)(uintptr_t)b.data.rows.values);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
