/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Short texts and their numbers, as far as there is room: products, categories and channels are few, and come again and
   again. Each has a place of its own where no other came before, which it keeps; else one of two places side by side:
   of three that are led there, the first to come has lost its own. A worker has its own memos. */
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

/* Texts of up to so many bytes are kept as one word more: the number below, above it the bytes and their length. Such a
   word stays where it is, and a text that finds its place taken has those of the others. */
enum { PTN_MEMO_SHORT = 3, PTN_MEMO_SHORT_BITS = 10 };

/* Zero the places to begin. 2^… of each, all > 0. */
typedef struct ptn_memo {
    ptn_memo_text *firsts; /* of texts that keep theirs */
    ptn_memo_text *places; /* of the others, in twos */
    uint64_t *words;       /* of short texts */
    int32_t first_bits, bits, word_bits;
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

static inline uint64_t ptn_memo_mix(uint64_t head, uint64_t tail)
{
    return head * UINT64_C(0x9E3779B97F4A7C15) + tail * UINT64_C(0xD1B54A32D192ED03);
}

/* The first of a text's two places. */
static inline ptn_memo_text *ptn_memo_place(const ptn_memo *memo, uint64_t head, uint64_t tail)
{
    return &memo->places[ptn_memo_mix(head, tail) >> (65 - memo->bits) << 1];
}

/* The place that it keeps, if it is the one that came first. */
static inline ptn_memo_text *ptn_memo_first(const ptn_memo *memo, uint64_t head, uint64_t tail)
{
    return &memo->firsts[ptn_memo_mix(head, tail) >> (64 - memo->first_bits)];
}

/* A short text's bytes and length; four bytes can be read. */
static inline uint32_t ptn_memo_short(const uint8_t *bytes, int64_t length)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word >>= 32 - 8 * length;
#else
    word &= UINT32_MAX >> (32 - 8 * length);
#endif
    return word | (uint32_t)length << 24;
}

static inline uint64_t *ptn_memo_word_of(const ptn_memo *memo, uint32_t word)
{
    return &memo->words[(word * UINT32_C(0x9E3779B1)) >> (32 - memo->word_bits)];
}

/* The number of a text, or PTN_INTERN_NEW where none of its two places holds it. Without a branch: which place it has
   nothing foretells. */
static inline int32_t ptn_memo_look(const ptn_memo *memo, uint64_t head, uint64_t tail, int32_t length)
{
    const ptn_memo_text *t = ptn_memo_place(memo, head, tail);
    uint64_t first = (t[0].head ^ head) | (t[0].tail ^ tail) | (uint64_t)(t[0].length ^ length);
    uint64_t second = (t[1].head ^ head) | (t[1].tail ^ tail) | (uint64_t)(t[1].length ^ length);
    int32_t is_first = -(int32_t)(first == 0), is_second = -(int32_t)(second == 0);
    return (t[0].number & is_first) | (t[1].number & is_second) | (PTN_INTERN_NEW & ~(is_first | is_second));
}

static inline int32_t ptn_memo_find(const ptn_memo *memo, const uint8_t *bytes, int64_t length, bool roomy)
{
    if (length > PTN_MEMO_BYTES) return PTN_INTERN_NEW;
    const ptn_memo_text t = ptn_memo_text_of(bytes, length, roomy), *first = ptn_memo_first(memo, t.head, t.tail);
    uint64_t differs = (first->head ^ t.head) | (first->tail ^ t.tail) | (uint64_t)(first->length ^ t.length);
    return differs == 0 ? first->number : ptn_memo_look(memo, t.head, t.tail, t.length);
}

/* The numbers of those that are not in their first place; how many are kept nowhere, and which. */
static inline int32_t ptn_memo_find_rest(int32_t *numbers, uint8_t *unknown, int32_t left, const ptn_memo *memo,
                                         const uint8_t *bytes, int64_t length)
{
    int32_t rest = 0;
    for (int32_t t = 0; t < left; t++) {
        int32_t i = unknown[t];
        numbers[i] = ptn_memo_find(memo, bytes + i * length, length, true);
        unknown[rest] = (uint8_t)i;
        rest += numbers[i] < 0;
    }
    return rest;
}

/* The numbers of texts of one length that lie one behind the other, eight bytes to be read from the last one's first
   on; returns how many are not kept, and which. */
static inline int32_t ptn_memo_find_short(int32_t *numbers, uint8_t *unknown, const ptn_memo *memo,
                                          const uint8_t *bytes, int64_t length, int32_t count)
{
    int32_t left = 0;
    for (int32_t i = 0; i < count; i++) {
        uint32_t word = ptn_memo_short(bytes + i * length, length);
        uint64_t kept = *ptn_memo_word_of(memo, word);
        numbers[i] = kept >> 32 == word ? (int32_t)(uint32_t)kept : PTN_INTERN_NEW;
        unknown[left] = (uint8_t)i;
        left += kept >> 32 != word;
    }
    return ptn_memo_find_rest(numbers, unknown, left, memo, bytes, length);
}

static inline int32_t ptn_memo_find_each(int32_t *numbers, uint8_t *unknown, const ptn_memo *memo, const uint8_t *bytes,
                                         int64_t length, int32_t count)
{
    int32_t left = 0;
    if (length <= PTN_MEMO_SHORT) return ptn_memo_find_short(numbers, unknown, memo, bytes, length, count);
    for (int32_t i = 0; i < count; i++) {
        const ptn_memo_text t = ptn_memo_text_of(bytes + i * length, length, true);
        const ptn_memo_text *first = ptn_memo_first(memo, t.head, t.tail);
        uint64_t differs =
            (first->head ^ t.head) | (first->tail ^ t.tail) | (uint64_t)(uint32_t)(first->length ^ t.length);
        numbers[i] = differs == 0 ? first->number : PTN_INTERN_NEW;
        unknown[left] = (uint8_t)i;
        left += differs != 0;
    }
    return ptn_memo_find_rest(numbers, unknown, left, memo, bytes, length);
}

static inline void ptn_memo_keep(const ptn_memo *memo, const uint8_t *bytes, int64_t length, int32_t number)
{
    if (length > PTN_MEMO_BYTES) return;
    ptn_memo_text t = ptn_memo_text_of(bytes, length, false), *place = ptn_memo_place(memo, t.head, t.tail),
                  *first = ptn_memo_first(memo, t.head, t.tail);
    t.number = number;
    if (ptn_memo_find(memo, bytes, length, false) >= 0) return;
    if (first->length == 0) {
        *first = t;
    } else {
        place[1] = place[0];
        place[0] = t;
    }
    if (length > PTN_MEMO_SHORT) return;
    uint8_t four[4] = {0};
    memcpy(four, bytes, (size_t)length);
    uint32_t word = ptn_memo_short(four, length);
    uint64_t *kept = ptn_memo_word_of(memo, word);
    if (*kept == 0) *kept = (uint64_t)word << 32 | (uint32_t)number;
}

#endif
