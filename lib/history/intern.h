/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interning: each distinct text gets the next number from 0. The numbers depend on the order texts come in, so nothing
   a caller sees may depend on them. Texts and keys do not stay behind in memory that was given back.

   Threads may look texts up together, and add short ones while they do (ptn_intern_share): which numbers these get then
   depends on the threads.

   A table of slots leads from keys to numbers: 16 bytes hold all of a NUMBER or SHORT key, so that finding one touches
   one line of cache. The hash is keyed, so that nobody can choose ids that collide. NUMBERs without many gaps, as shops
   count their customers, need neither: an index of 4 bytes for each leads there at once. */
#ifndef PTN_HISTORY_INTERN_H
#define PTN_HISTORY_INTERN_H

#include <stdbool.h>
#include <string.h>

#include "base/context.h"
#include "base/siphash.h"
#include "base/threads.h"
#include "history/key.h"

enum {
    PTN_INTERN_MISSING = -1,  /* no text */
    PTN_INTERN_NOT_UTF8 = -2, /* a text that is none */
    PTN_INTERN_NEW = -3,      /* a text with no number yet */
    PTN_INTERN_MOST = INT32_MAX - 1
};

typedef struct ptn_intern_slot {
    uint64_t bits;   /* of the key; of a LONG one the hash */
    uint32_t number; /* + 1; 0 is free */
    uint32_t kind;
} ptn_intern_slot;

typedef struct ptn_intern {
    ptn_siphash_key key;
    uint64_t hash_mask; /* ANDed with every hash: all ones, but for tests that want collisions */
    const char *what;   /* "customer ids", for messages */
    int32_t most;       /* distinct texts allowed */
    ptn_array bits;     /* uint64_t, by number: of the key; of a LONG one where its bytes begin */
    ptn_array kinds;    /* uint8_t, by number: PTN_KEY_… */
    ptn_array bytes;    /* uint8_t: LONG texts, each an int64_t of its length and then its bytes */
    ptn_intern_slot *slots;
    int64_t slot_count; /* 0 or a power of two, over 4/3 of the texts; linear probing */
    int32_t *index;     /* of each NUMBER below indexed its text's number + 1, or 0: they have no slots; or NULL */
    int64_t indexed;
    int64_t index_texts; /* there */
    int64_t examined;    /* texts that are told in what follows */
    int64_t widths[64];  /* NUMBERs from 0 on of so many bits, 1 to 63 */
    uint64_t tops[64];   /* the largest of them */
    int64_t shared;      /* while it is shared, the count, changed by atomic operations */
    int64_t room;        /* likewise, what the count may become */
    int64_t in_slots;    /* likewise the texts with slots, beside an index */
} ptn_intern;

/* Numbers that a thread has taken for texts to come: some at a time, so that what is written by number lies in lines of
   cache of its own, and the count that all share is seldom changed. Zero it to begin. */
enum { PTN_INTERN_RANGE = 64 };

typedef struct ptn_intern_range {
    int64_t next, end;
    uint8_t apart[112]; /* from those of other threads */
} ptn_intern_range;

/* A text looked for: its key and hash, and for a LONG one its bytes. */
typedef struct ptn_wanted_text {
    uint64_t bits, hash;
    const uint8_t *bytes;
    int64_t length;
    uint32_t kind;
} ptn_wanted_text;

void ptn_intern_open(ptn_intern *intern, const char *what, const ptn_siphash_key *key);
void ptn_intern_free(ptn_intern *intern, const ptn_memory *memory);

/* The number of this text (length > 0), new or known; PTN_INTERN_NOT_UTF8 where it is not UTF-8. On failure the texts
   are as they were. PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY. */
patron_status ptn_intern_text(int32_t *number, ptn_intern *intern, const uint8_t *bytes, int64_t length,
                              const ptn_memory *memory, patron_error *error);

/* The number of an integer's decimal text. */
patron_status ptn_intern_integer(int32_t *number, ptn_intern *intern, int64_t value, const ptn_memory *memory,
                                 patron_error *error);

/* The number of a text that is known, or PTN_INTERN_MISSING. */
int32_t ptn_intern_find(const ptn_intern *intern, const uint8_t *bytes, int64_t length);

/* Room for `texts` more, `bytes` more of LONG ones: then ptn_intern_add cannot fail so many times. PATRON_TOO_LARGE,
   PATRON_OUT_OF_MEMORY. */
patron_status ptn_intern_reserve(ptn_intern *intern, int64_t texts, int64_t bytes, const ptn_memory *memory,
                                 patron_error *error);

/* Slots for `texts` more, made by the threads of a team. PATRON_OUT_OF_MEMORY, PATRON_TOO_LARGE, PATRON_CANCELLED. */
patron_status ptn_intern_widen(ptn_intern *intern, int64_t texts, ptn_team *team, const ptn_memory *memory,
                               patron_error *error);

/* Room for `texts` more but for their slots. PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY. */
patron_status ptn_intern_extend(ptn_intern *intern, int64_t texts, const ptn_memory *memory, patron_error *error);

/* Makes an index, or a longer one, where the NUMBERs there are have few gaps: up to seven of eight. No index where
   there are less than PTN_INTERN_FEW texts. PATRON_OUT_OF_MEMORY; the table is as it was then. */
enum { PTN_INTERN_FEW = 4096, PTN_INTERN_GAPS = 8 };
patron_status ptn_intern_make_index(ptn_intern *intern, const ptn_memory *memory, patron_error *error);

/* The number of a text, new or known, valid UTF-8, with room made for it; PTN_INTERN_MISSING where there are `most`
   others already. */
int32_t ptn_intern_add(ptn_intern *intern, const ptn_wanted_text *text);

/* Fails for a table that is full. */
patron_status ptn_intern_fail_full(const ptn_intern *intern, patron_error *error);

/* Leaves only the first `count` texts, as if no more had come. What is known of the others is overwritten. Cannot fail.
 */
void ptn_intern_truncate(ptn_intern *intern, int64_t count);

/* Leaves only the texts with numbers[i] >= 0, which are their new numbers: 0, 1, … in the old order. What is known of
   the others is overwritten. Cannot fail. O(bytes). */
void ptn_intern_keep(ptn_intern *intern, const int32_t *numbers);

static inline int64_t ptn_intern_count(const ptn_intern *intern) { return intern->bits.count; }

/* Texts that have slots. */
static inline int64_t ptn_intern_slotted(const ptn_intern *intern)
{
    return ptn_intern_count(intern) - intern->index_texts;
}

/* Whether room for so many more takes more slots. */
static inline bool ptn_intern_grows(const ptn_intern *intern, int64_t texts)
{
    return ptn_intern_slotted(intern) + texts > intern->slot_count / 4 * 3;
}

/* Whether a key is one that the index leads from. */
static inline bool ptn_intern_indexes(const ptn_intern *intern, uint32_t kind, uint64_t bits)
{
    return kind == PTN_KEY_NUMBER && bits < (uint64_t)intern->indexed;
}

/* Bytes that a LONG text of this length takes. */
static inline int64_t ptn_intern_long_bytes(int64_t length) { return length + (int64_t)sizeof(int64_t); }

/* The text of a number; its length is returned. *bytes is `text`, or owned by `intern` until the next text. */
int64_t ptn_intern_get(const uint8_t **bytes, uint8_t text[PTN_KEY_TEXT], const ptn_intern *intern, int32_t number);

/* ptn_compare_texts of the texts of two numbers; those below 0 have none, which comes first. */
int ptn_intern_compare(const ptn_intern *intern, int32_t a, int32_t b);

/* Its length alone. */
int64_t ptn_intern_length(const ptn_intern *intern, int32_t number);

/* The key's hash; for a LONG one, ptn_siphash of its bytes. */
static inline uint64_t ptn_intern_hash(const ptn_intern *intern, uint32_t kind, uint64_t bits)
{
    return ptn_siphash_word(&intern->key, bits, kind) & intern->hash_mask;
}

static inline void ptn_intern_prefetch(const ptn_intern *intern, uint64_t hash)
{
    if (intern->slot_count > 0) __builtin_prefetch(&intern->slots[hash & (uint64_t)(intern->slot_count - 1)]);
}

/* Says that a text will be looked for. */
static inline void ptn_intern_fetch(const ptn_intern *intern, uint32_t kind, uint64_t bits, uint64_t hash)
{
    if (ptn_intern_indexes(intern, kind, bits))
        __builtin_prefetch(&intern->index[bits], 1);
    else
        ptn_intern_prefetch(intern, hash);
}

/* Fills in what is wanted of a text of length > 0. */
static inline void ptn_intern_want(ptn_wanted_text *wanted, const ptn_intern *intern, const uint8_t *bytes,
                                   int64_t length)
{
    wanted->bytes = bytes;
    wanted->length = length;
    wanted->kind = ptn_key_of_text(&wanted->bits, bytes, length);
    wanted->hash = wanted->kind == PTN_KEY_LONG ? ptn_siphash(&intern->key, bytes, length) & intern->hash_mask
                                                : ptn_intern_hash(intern, wanted->kind, wanted->bits);
    if (wanted->kind == PTN_KEY_LONG) wanted->bits = wanted->hash;
}

/* From here on, until ptn_intern_own, threads may call ptn_intern_meet and ptn_intern_glance, and nothing else but
   ptn_intern_hash, ptn_intern_fetch and ptn_intern_prefetch. */
static inline void ptn_intern_share(ptn_intern *intern)
{
    int64_t room = intern->index == NULL ? intern->slot_count / 4 * 3 : intern->most;
    if (room > intern->bits.capacity) room = intern->bits.capacity;
    if (room > intern->kinds.capacity) room = intern->kinds.capacity;
    intern->room = room > intern->most ? intern->most : room;
    intern->shared = ptn_intern_count(intern);
    intern->in_slots = ptn_intern_slotted(intern);
}

/* The end of that. What is left of ranges is given back: texts with the highest numbers take the places, so that
   numbers are 0, 1, … again; the ranges are zero. Texts from the count on have been renamed: number count + i to
   renamed[i], for i below what is returned. `renamed` has room for `ranges` x PTN_INTERN_RANGE. */
int64_t ptn_intern_own(ptn_intern *intern, ptn_intern_range *ranges, int32_t count, int32_t *renamed);

/* The number of a text in a shared table, known, or new where `add` and there is room; PTN_INTERN_MISSING where there
   is none. Texts with LONG keys are only found. New numbers are of the thread's range, or where that is NULL the next
   one there is. */
int32_t ptn_intern_meet(ptn_intern *intern, const ptn_wanted_text *wanted, bool add, ptn_intern_range *range);

/* The number of a text with a NUMBER or SHORT key that the index has, or that lies in the first slot it is looked for,
   or PTN_INTERN_MISSING: most do. */
static inline int32_t ptn_intern_glance(const ptn_intern *intern, uint64_t bits, uint64_t hash, uint32_t kind)
{
    if (ptn_intern_indexes(intern, kind, bits)) {
        int32_t known = __atomic_load_n(&intern->index[bits], __ATOMIC_ACQUIRE);
        return known > 0 ? known - 1 : PTN_INTERN_MISSING;
    }
    if (intern->slot_count == 0) return PTN_INTERN_MISSING;
    const ptn_intern_slot *slot = &intern->slots[hash & (uint64_t)(intern->slot_count - 1)];
    int64_t word = __atomic_load_n((const int64_t *)(const void *)(&slot->bits + 1), __ATOMIC_ACQUIRE);
    uint32_t parts[2];
    memcpy(parts, &word, sizeof word);
    bool found = parts[1] == kind && __atomic_load_n(&slot->bits, __ATOMIC_RELAXED) == bits;
    return found && kind != PTN_KEY_LONG ? (int32_t)(parts[0] - 1) : PTN_INTERN_MISSING;
}

/* The number of a known text, or PTN_INTERN_MISSING. */
static inline int32_t ptn_intern_probe(const ptn_intern *intern, const ptn_wanted_text *wanted)
{
    uint64_t mask = (uint64_t)intern->slot_count - 1;
    if (ptn_intern_indexes(intern, wanted->kind, wanted->bits)) return intern->index[wanted->bits] - 1;
    if (intern->slot_count == 0) return PTN_INTERN_MISSING;
    for (uint64_t at = wanted->hash & mask;; at = (at + 1) & mask) {
        const ptn_intern_slot *slot = &intern->slots[at];
        if (slot->number == 0) return PTN_INTERN_MISSING;
        if (slot->bits != wanted->bits || slot->kind != wanted->kind) continue;
        int32_t number = (int32_t)(slot->number - 1);
        if (wanted->kind != PTN_KEY_LONG) return number;
        const uint8_t *known = (const uint8_t *)intern->bytes.items + ((const uint64_t *)intern->bits.items)[number];
        int64_t length;
        memcpy(&length, known, sizeof length);
        if (length == wanted->length && memcmp(known + sizeof length, wanted->bytes, (size_t)length) == 0)
            return number;
    }
}

#endif
