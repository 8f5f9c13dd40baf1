/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fuzz targets share: an input is a tape of choices. Past its end every choice is 0, so any bytes are a valid
   input, and a short one is a small case. */
#ifndef PATRON_TEST_FUZZ_H
#define PATRON_TEST_FUZZ_H

#include <patron/patron.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A promise: ends the program where it does not hold. */
#define HOLDS(condition)                                                                                               \
    ((condition) ? (void)0 : (printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition), fflush(stdout), abort()))

/* What libFuzzer calls, and replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct tape {
    const uint8_t *data;
    size_t size, at;
} tape;

static inline uint8_t take_byte(tape *t) { return t->at < t->size ? t->data[t->at++] : 0; }

/* 0 … limit - 1, limit <= 256 */
static inline int32_t take_below(tape *t, int32_t limit) { return take_byte(t) % limit; }

static inline uint64_t take_bits(tape *t)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) bits = bits << 8 | take_byte(t);
    return bits;
}

/* A whole number: mostly small, sometimes at an edge or any. */
static inline int64_t take_whole(tape *t)
{
    static const int64_t edges[] = {INT64_MIN, INT64_MAX, INT64_MIN + 1, INT32_MAX, INT32_MIN, 1 << 16, -1, 0};
    uint8_t kind = take_byte(t);
    if (kind < 200) return (int64_t)kind - 20;
    if (kind < 230) return (int64_t)kind * 10007;
    return kind < 245 ? edges[kind % 8] : (int64_t)take_bits(t);
}

/* A number: mostly small with cents, sometimes at an edge or any. */
static inline double take_number(tape *t)
{
    static const double edges[] = {0.0, -0.0, 1e308, -1e308, 5e-324, 1e12, 9.2e14, 0.00005};
    uint8_t kind = take_byte(t);
    double number;
    if (kind < 220) return ((double)kind - 20.0) / 4.0;
    if (kind < 245) return edges[kind % 8];
    uint64_t bits = take_bits(t);
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* A block of exactly this size, so that a sanitizer sees one byte too far; never NULL. */
static inline void *exactly(size_t bytes)
{
    void *block = calloc(1, bytes > 0 ? bytes : 1);
    HOLDS(block != NULL);
    return block;
}

/* An allocator with a limit for a block, as a small machine has. */
enum { LARGEST_BLOCK = 1 << 24 };

static inline void *fuzz_allocate(void *user, size_t bytes)
{
    (void)user;
    return bytes > LARGEST_BLOCK ? NULL : malloc(bytes);
}

static inline void *fuzz_reallocate(void *user, void *block, size_t bytes)
{
    (void)user;
    return bytes > LARGEST_BLOCK ? NULL : realloc(block, bytes);
}

static inline void fuzz_deallocate(void *user, void *block)
{
    (void)user;
    free(block);
}

/* Cancels once it was asked often enough: no choice of options runs for long. */
static inline int32_t fuzz_patience(void *user, const char *stage, double fraction)
{
    (void)stage;
    (void)fraction;
    return --*(int64_t *)user < 0;
}

static inline patron_context fuzz_context(int32_t threads, int64_t *patience)
{
    patron_context context;
    patron_context_init(&context, sizeof context);
    context.allocate = fuzz_allocate;
    context.reallocate = fuzz_reallocate;
    context.deallocate = fuzz_deallocate;
    context.progress = fuzz_patience;
    context.progress_user = patience;
    context.threads = threads;
    return context;
}

/* A failure names itself, and says what happened. */
static inline bool fuzz_ok(patron_status status, const patron_error *error)
{
    HOLDS(status == error->status);
    HOLDS((status == PATRON_OK) == (error->message[0] == '\0'));
    HOLDS(memchr(error->message, 0, sizeof error->message) != NULL);
    HOLDS(strcmp(patron_status_name(status), "PATRON_UNKNOWN") != 0);
    return status == PATRON_OK;
}

#endif
