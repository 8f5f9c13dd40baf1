/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "roots.h"

#include <math.h>
#include <pthread.h>
#include <stddef.h>

#include "support.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Roots of independent numbers, so that none waits for another. */
enum { BESIDE = 8, ROUNDS = 4096, MOST_THREADS = 1024 };

typedef struct worker {
    pthread_t thread;
    double seconds, roots, rate;
    float kept; /* so that nothing is left out */
} worker;

/* Each returns how many roots it made. */
typedef double roots_of(float *kept);

static double plain_roots(float *kept)
{
    float x[BESIDE] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int r = 0; r < ROUNDS; r++)
        for (int i = 0; i < BESIDE; i++) x[i] = sqrtf(x[i]) + 2.0f;
    for (int i = 0; i < BESIDE; i++) *kept += x[i];
    return (double)BESIDE * ROUNDS;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static double avx2_roots(float *kept)
{
    __m256 x[BESIDE];
    for (int i = 0; i < BESIDE; i++) x[i] = _mm256_set1_ps((float)(i + 1));
    for (int r = 0; r < ROUNDS; r++)
        for (int i = 0; i < BESIDE; i++) x[i] = _mm256_add_ps(_mm256_sqrt_ps(x[i]), _mm256_set1_ps(2.0f));
    for (int i = 0; i < BESIDE; i++) *kept += _mm256_cvtss_f32(x[i]);
    return 8.0 * BESIDE * ROUNDS;
}

__attribute__((target("avx512f"))) static double avx512_roots(float *kept)
{
    __m512 x[BESIDE];
    for (int i = 0; i < BESIDE; i++) x[i] = _mm512_set1_ps((float)(i + 1));
    for (int r = 0; r < ROUNDS; r++)
        for (int i = 0; i < BESIDE; i++) x[i] = _mm512_add_ps(_mm512_sqrt_ps(x[i]), _mm512_set1_ps(2.0f));
    for (int i = 0; i < BESIDE; i++) *kept += _mm512_cvtss_f32(x[i]);
    return 16.0 * BESIDE * ROUNDS;
}
#endif

static roots_of *widest(const char **name)
{
    *name = "plain";
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        *name = "avx512";
        return avx512_roots;
    }
    if (__builtin_cpu_supports("avx2")) {
        *name = "avx2";
        return avx2_roots;
    }
#endif
    return plain_roots;
}

static void *serve(void *argument)
{
    worker *w = argument;
    const char *name;
    roots_of *make = widest(&name);
    double start = bench_now(), end = start;
    while (end - start < w->seconds) {
        w->roots += make(&w->kept);
        end = bench_now();
    }
    w->rate = w->roots / (end - start);
    return NULL;
}

double bench_roots_per_second(int32_t threads, double seconds)
{
    static worker workers[MOST_THREADS];
    double rate = 0.0;
    for (int32_t t = 0; t < threads; t++) {
        workers[t] = (worker){.seconds = seconds};
        if (pthread_create(&workers[t].thread, NULL, serve, &workers[t]) != 0) bench_fail("no threads");
    }
    for (int32_t t = 0; t < threads; t++) {
        pthread_join(workers[t].thread, NULL);
        rate += workers[t].rate;
    }
    return rate;
}

const char *bench_roots_name(void)
{
    const char *name;
    widest(&name);
    return name;
}
