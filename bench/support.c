/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { MOST_THREADS = 1024 };

const char *bench_name = "bench";

static void say(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static void say(const char *format, va_list arguments)
{
    fprintf(stderr, "%s: ", bench_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

_Noreturn void bench_refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    exit(2);
}

_Noreturn void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void bench_need(patron_status status, const patron_error *error)
{
    if (status != PATRON_OK) bench_fail("%s", error->message);
}

void *bench_memory(size_t count, size_t each)
{
    void *block = calloc(count == 0 ? 1 : count, each);
    if (block == NULL) bench_fail("no memory for %zu x %zu bytes", count, each);
    return block;
}

int64_t bench_whole(const char *option, const char *text, int64_t least, int64_t most)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0 || value < least || value > most)
        bench_refuse("--%s is %s; give a whole number from %" PRId64 " to %" PRId64, option, text, least, most);
    return value;
}

double bench_number(const char *option, const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || !(value >= least && value <= most))
        bench_refuse("--%s is %s; give a number from %g to %g", option, text, least, most);
    return value;
}

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *seconds, int32_t count)
{
    qsort(seconds, (size_t)count, sizeof *seconds, ascending);
    return seconds[count / 2];
}

/* A line of /proc/self/status, in MiB; -1 where there is none. */
static double status_mib(const char *field)
{
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL) return -1.0;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0) kib = strtol(line + strlen(field), NULL, 10);
    fclose(file);
    return kib < 0 ? -1.0 : (double)kib / 1024.0;
}

static double usage_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024.0;
}

void bench_peak_start(bench_peak *peak)
{
#ifdef __GLIBC__
    /* Memory that an earlier run has freed and malloc has kept would otherwise be used again unseen. */
    malloc_trim(0);
#endif
    peak->resident_mib = status_mib("VmRSS:");
    peak->from = "ru_maxrss";
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file != NULL) {
        bool written = fputs("5", file) >= 0;
        if (fclose(file) == 0 && written && status_mib("VmHWM:") >= 0.0) peak->from = "VmHWM";
    }
    if (peak->resident_mib < 0.0) peak->resident_mib = usage_mib();
}

double bench_peak_mib(const bench_peak *peak)
{
    double highest = strcmp(peak->from, "VmHWM") == 0 ? status_mib("VmHWM:") : usage_mib();
    return highest > peak->resident_mib ? highest - peak->resident_mib : 0.0;
}

int32_t bench_threads(int32_t threads)
{
    long cores = threads > 0 ? threads : sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > MOST_THREADS ? MOST_THREADS : (int32_t)cores;
}

typedef struct reader {
    pthread_t thread;
    const uint64_t *words;
    size_t count;
    int32_t passes;
    uint64_t sum;
} reader;

static void *read_words(void *given)
{
    reader *r = given;
    for (int32_t pass = 0; pass < r->passes; pass++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < r->count; i++) sum += r->words[i];
        r->sum += sum;
        /* Otherwise a compiler may see that every pass comes to the same. */
        __asm__ volatile("" ::: "memory");
    }
    return NULL;
}

double bench_sum_gb_s(size_t bytes, int32_t threads, int32_t repeats)
{
    static reader readers[MOST_THREADS];
    size_t count = bytes / sizeof(uint64_t) / (size_t)threads;
    if (count == 0) count = 1;
    size_t read = count * sizeof(uint64_t) * (size_t)threads;
    /* A gigabyte or so for each measurement, so that starting threads does not count. */
    int32_t passes = read >= (size_t)1 << 29 ? 2 : (int32_t)(((size_t)1 << 30) / read) + 1;
    uint64_t *words = bench_memory(count * (size_t)threads, sizeof *words);
    for (size_t i = 0; i < count * (size_t)threads; i++) words[i] = i;
    double *rates = bench_memory((size_t)repeats, sizeof *rates);
    for (int32_t repeat = 0; repeat < repeats; repeat++) {
        double start = bench_now();
        for (int32_t t = 0; t < threads; t++) {
            readers[t] = (reader){.words = words + (size_t)t * count, .count = count, .passes = passes};
            if (pthread_create(&readers[t].thread, NULL, read_words, &readers[t]) != 0) bench_fail("no threads");
        }
        for (int32_t t = 0; t < threads; t++) pthread_join(readers[t].thread, NULL);
        rates[repeat] = 1e-9 * (double)read * (double)passes / (bench_now() - start);
    }
    double median = bench_median(rates, repeats);
    free(rates);
    free(words);
    return median;
}
