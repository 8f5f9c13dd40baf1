/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 as Unicode defines it (table 3-7): no overlong forms, no surrogates, nothing beyond U+10FFFF. NUL is fine. */
#ifndef PTN_BASE_UTF8_H
#define PTN_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Where the first byte of a broken sequence lies, or -1. `bytes` may be NULL when length is 0. */
int64_t ptn_utf8_broken_at(const uint8_t *bytes, int64_t length);

static inline bool ptn_utf8_valid(const uint8_t *bytes, int64_t length)
{
    return ptn_utf8_broken_at(bytes, length) < 0;
}

/* Below, at or above 0 as text a comes before b, is b, or comes after it, by their bytes; of equal beginnings the
   shorter comes first. */
static inline int ptn_compare_texts(const uint8_t *a, int64_t a_length, const uint8_t *b, int64_t b_length)
{
    int sign = memcmp(a, b, (size_t)(a_length < b_length ? a_length : b_length));
    return sign != 0 ? sign : a_length < b_length ? -1 : a_length > b_length;
}

#endif
