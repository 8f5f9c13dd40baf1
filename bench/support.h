/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What benchmark programs share: clocks, memory, options. All of them end the program when something is wrong. */
#ifndef BENCH_SUPPORT_H
#define BENCH_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include <patron/status.h>

/* Printed before every message; set by main. */
extern const char *bench_name;

/* Prints a message and ends the program: with 2 where an option is wrong, with 1 where work failed. */
_Noreturn void bench_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program unless the library's call went well. */
void bench_need(patron_status status, const patron_error *error);

/* count x each zeroed bytes, never NULL. */
void *bench_memory(size_t count, size_t each);

/* The value of an option that must be a whole number, or a number, within limits. */
int64_t bench_whole(const char *option, const char *text, int64_t least, int64_t most);
double bench_number(const char *option, const char *text, double least, double most);

/* Seconds of a clock that only goes forward. */
double bench_now(void);

/* Sorts them, and says which is in the middle (the upper one of two). */
double bench_median(double *seconds, int32_t count);

/* The peak of resident memory between a start and an end, beyond what was resident at the start. Where the kernel's
   peak can be reset (Linux, /proc/self/clear_refs) it is that of this stretch; elsewhere it is the whole process's, and
   a peak before the start hides one within. */
typedef struct bench_peak {
    double resident_mib;
    const char *from; /* "VmHWM" or "ru_maxrss" */
} bench_peak;

void bench_peak_start(bench_peak *peak);
double bench_peak_mib(const bench_peak *peak);

/* GB/s at which `threads` threads read `bytes` bytes in order and do nothing but add them: the median of `repeats`. */
double bench_sum_gb_s(size_t bytes, int32_t threads, int32_t repeats);

/* Threads that a context's number means: 0 is one for each core. */
int32_t bench_threads(int32_t threads);

#endif
