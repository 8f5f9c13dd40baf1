/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interning: each distinct text gets the next number from 0. The numbers depend on the order texts come in, so nothing
   a caller sees may depend on them. Bytes of texts do not stay behind in memory that was given back. */
#ifndef PTN_HISTORY_INTERN_H
#define PTN_HISTORY_INTERN_H

#include "base/context.h"
#include "base/siphash.h"

enum {
    PTN_INTERN_MISSING = -1,  /* no text */
    PTN_INTERN_NOT_UTF8 = -2, /* a text that is none */
    PTN_INTERN_MOST = INT32_MAX - 1
};

typedef struct ptn_intern {
    ptn_siphash_key key;
    const char *what;   /* "customer ids", for messages */
    int32_t most;       /* distinct texts allowed */
    int32_t last;       /* number given last, -1: none; lines of one order tend to follow each other */
    ptn_array bytes;    /* uint8_t, all texts one after the other */
    ptn_array ends;     /* int64_t: text i is bytes ends[i - 1] (0 for i = 0) … ends[i] - 1 */
    uint64_t *slots;    /* slot_count: upper half the hash's lower 32 bits, lower half number + 1; 0 is free */
    int64_t slot_count; /* 0 or a power of two, over 4/3 of the texts; linear probing */
} ptn_intern;

void ptn_intern_open(ptn_intern *intern, const char *what, const ptn_siphash_key *key);
void ptn_intern_free(ptn_intern *intern, const ptn_memory *memory);

/* The number of this text, new or known; PTN_INTERN_NOT_UTF8 where it is not UTF-8. On failure the texts are as they
   were. PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY. */
patron_status ptn_intern_text(int32_t *number, ptn_intern *intern, const uint8_t *bytes, int64_t length,
                              const ptn_memory *memory, patron_error *error);

/* The number of an integer's decimal text. */
patron_status ptn_intern_integer(int32_t *number, ptn_intern *intern, int64_t value, const ptn_memory *memory,
                                 patron_error *error);

/* The number of a text that is known, or PTN_INTERN_MISSING. */
int32_t ptn_intern_find(const ptn_intern *intern, const uint8_t *bytes, int64_t length);

/* Leaves only the first `count` texts, as if no more had come. The bytes of the others are overwritten. Cannot fail. */
void ptn_intern_truncate(ptn_intern *intern, int64_t count);

/* Leaves only the texts with numbers[i] >= 0, which are their new numbers: 0, 1, … in the old order. The bytes of the
   others are overwritten. Cannot fail. O(bytes). */
void ptn_intern_keep(ptn_intern *intern, const int32_t *numbers);

static inline int64_t ptn_intern_count(const ptn_intern *intern) { return intern->ends.count; }

/* The text of a number; its length is returned, *bytes is owned by `intern` until the next text. */
static inline int64_t ptn_intern_get(const uint8_t **bytes, const ptn_intern *intern, int32_t number)
{
    const int64_t *ends = (const int64_t *)intern->ends.items;
    int64_t start = number == 0 ? 0 : ends[number - 1];
    *bytes = (const uint8_t *)intern->bytes.items + start;
    return ends[number] - start;
}

#endif
