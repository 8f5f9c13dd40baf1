/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Short texts and their numbers, as far as there is room: products, categories and channels are few, and come again and
   again. Each has one place, which it loses to the next text that is led there. */
#ifndef PTN_HISTORY_MEMO_H
#define PTN_HISTORY_MEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "history/intern.h"

enum { PTN_MEMO_PLACE_BITS = 10, PTN_MEMO_BYTES = 16 };

/* Zero it to begin. */
typedef struct ptn_memo {
    struct ptn_memo_text {
        uint64_t head, tail; /* the first and last eight bytes, which may overlap; of shorter texts what there is */
        int32_t length;      /* 0: none */
        int32_t number;
    } texts[1 << PTN_MEMO_PLACE_BITS];
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

/* A text of 1 … PTN_MEMO_BYTES bytes, but for its number. */
static inline struct ptn_memo_text ptn_memo_text_of(const uint8_t *bytes, int64_t length)
{
    struct ptn_memo_text t = {.length = (int32_t)length};
    if (length >= 8) {
        t.head = ptn_memo_word(bytes);
        t.tail = ptn_memo_word(bytes + length - 8);
    } else if (length >= 4) {
        uint32_t head, tail;
        memcpy(&head, bytes, sizeof head);
        memcpy(&tail, bytes + length - 4, sizeof tail);
        t.head = head;
        t.tail = tail;
    } else {
        t.head = bytes[0];
        t.tail = (uint64_t)bytes[length / 2] << 8 | bytes[length - 1];
    }
    return t;
}

static inline uint64_t ptn_memo_place(const struct ptn_memo_text *t)
{
    uint64_t mixed = t->head * UINT64_C(0x9E3779B97F4A7C15) ^ t->tail * UINT64_C(0xD1B54A32D192ED03);
    return (mixed ^ mixed >> 32) * UINT64_C(0x9E3779B97F4A7C15) >> (64 - PTN_MEMO_PLACE_BITS);
}

/* Its number, or PTN_INTERN_NEW where it is not kept. */
static inline int32_t ptn_memo_find(const ptn_memo *memo, const uint8_t *bytes, int64_t length)
{
    if (length > PTN_MEMO_BYTES) return PTN_INTERN_NEW;
    const struct ptn_memo_text t = ptn_memo_text_of(bytes, length), *kept = &memo->texts[ptn_memo_place(&t)];
    return kept->head == t.head && kept->tail == t.tail && kept->length == t.length ? kept->number : PTN_INTERN_NEW;
}

static inline void ptn_memo_keep(ptn_memo *memo, const uint8_t *bytes, int64_t length, int32_t number)
{
    if (length > PTN_MEMO_BYTES) return;
    struct ptn_memo_text t = ptn_memo_text_of(bytes, length);
    t.number = number;
    memo->texts[ptn_memo_place(&t)] = t;
}

#endif
