/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Short texts and their numbers, as far as there is room: products, categories and channels are few, and come again and
   again. Each has one place, which it loses to the next text that is led there. A worker has its own. */
#ifndef PTN_HISTORY_MEMO_H
#define PTN_HISTORY_MEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "history/intern.h"

enum { PTN_MEMO_BYTES = 16 };

typedef struct ptn_memo_text {
    uint64_t head, tail; /* the first eight bytes, zeros beyond the end; of longer texts the last eight, else 0 */
    int32_t length;      /* 0: none */
    int32_t number;
} ptn_memo_text;

/* Zero the places to begin. */
typedef struct ptn_memo {
    ptn_memo_text *places;
    int32_t bits; /* 2^bits places, bits > 0 */
} ptn_memo;

static inline uint64_t ptn_memo_word(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Of texts of one length. */
static inline bool ptn_memo_same(const uint8_t *a, const uint8_t *b, int64_t length)
{
    if (length < 8 || length > 16) return memcmp(a, b, (size_t)length) == 0;
    return ((ptn_memo_word(a) ^ ptn_memo_word(b)) | (ptn_memo_word(a + length - 8) ^ ptn_memo_word(b + length - 8))) ==
           0;
}

/* A text of 1 … PTN_MEMO_BYTES bytes, but for its number; `roomy` where eight bytes may be read from its first on. */
static inline ptn_memo_text ptn_memo_text_of(const uint8_t *bytes, int64_t length, bool roomy)
{
    static const uint64_t ones = UINT64_MAX;
    ptn_memo_text t = {.length = (int32_t)length};
    if (length > 8) {
        t.head = ptn_memo_word(bytes);
        t.tail = ptn_memo_word(bytes + length - 8);
    } else if (roomy) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        t.head = ptn_memo_word(bytes) & ones << (64 - 8 * length);
#else
        t.head = ptn_memo_word(bytes) & ones >> (64 - 8 * length);
#endif
    } else {
        memcpy(&t.head, bytes, (size_t)length);
    }
    return t;
}

static inline ptn_memo_text *ptn_memo_place(const ptn_memo *memo, const ptn_memo_text *t)
{
    uint64_t mixed = t->head * UINT64_C(0x9E3779B97F4A7C15) ^ t->tail * UINT64_C(0xD1B54A32D192ED03);
    return &memo->places[(mixed ^ mixed >> 32) * UINT64_C(0x9E3779B97F4A7C15) >> (64 - memo->bits)];
}

/* Its number, or PTN_INTERN_NEW where it is not kept. */
static inline int32_t ptn_memo_find(const ptn_memo *memo, const uint8_t *bytes, int64_t length, bool roomy)
{
    if (length > PTN_MEMO_BYTES) return PTN_INTERN_NEW;
    const ptn_memo_text t = ptn_memo_text_of(bytes, length, roomy), *kept = ptn_memo_place(memo, &t);
    uint64_t other = (kept->head ^ t.head) | (kept->tail ^ t.tail) | (uint64_t)(kept->length ^ t.length);
    return other == 0 ? kept->number : PTN_INTERN_NEW;
}

static inline void ptn_memo_keep(const ptn_memo *memo, const uint8_t *bytes, int64_t length, int32_t number)
{
    if (length > PTN_MEMO_BYTES) return;
    ptn_memo_text t = ptn_memo_text_of(bytes, length, false);
    t.number = number;
    *ptn_memo_place(memo, &t) = t;
}

#endif
