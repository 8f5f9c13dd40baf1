/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checked arithmetic: every size that reaches the allocator, and every sum of money, goes through here.
   Each function returns false, and leaves *out alone, where the exact result does not fit. */
#ifndef PTN_BASE_CHECKED_H
#define PTN_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool ptn_add_i64(int64_t *out, int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return false;
    *out = sum;
    return true;
}

static inline bool ptn_sub_i64(int64_t *out, int64_t a, int64_t b)
{
    int64_t difference;
    if (__builtin_sub_overflow(a, b, &difference)) return false;
    *out = difference;
    return true;
}

static inline bool ptn_mul_i64(int64_t *out, int64_t a, int64_t b)
{
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *out = product;
    return true;
}

/* Bytes for `count` things of `each` bytes; false for a negative count too, and beyond PTRDIFF_MAX. */
static inline bool ptn_bytes(size_t *out, int64_t count, size_t each)
{
    size_t bytes;
    if (count < 0 || __builtin_mul_overflow((uint64_t)count, each, &bytes) || bytes > PTRDIFF_MAX) return false;
    *out = bytes;
    return true;
}

#endif
