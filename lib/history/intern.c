/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table from texts to numbers. */
#include "history/intern.h"

#include <assert.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/utf8.h"
#include "kernels/kernels.h"

enum { FIRST_SLOTS = 64, TOGETHER = 128, MOVED = 1 << 14 /* slots at a time */, PARALLEL = 8 * MOVED };

static_assert(offsetof(ptn_intern_slot, number) == 8 && offsetof(ptn_intern_slot, kind) == 12 &&
                  sizeof(ptn_intern_slot) == 16,
              "number and kind are the word behind the bits");

void ptn_intern_open(ptn_intern *intern, const char *what, const ptn_siphash_key *key)
{
    memset(intern, 0, sizeof *intern);
    intern->key = *key;
    intern->hash_mask = UINT64_MAX;
    intern->what = what;
    intern->most = PTN_INTERN_MOST;
}

void ptn_intern_free(ptn_intern *intern, const ptn_memory *memory)
{
    ptn_array_free(&intern->bits, memory);
    ptn_array_free(&intern->kinds, memory);
    ptn_array_free(&intern->bytes, memory);
    ptn_free(memory, intern->slots);
    ptn_free(memory, intern->index);
    intern->slots = NULL;
    intern->index = NULL;
    intern->slot_count = intern->indexed = intern->index_texts = intern->examined = 0;
}

static const uint8_t *long_text(int64_t *length, const ptn_intern *intern, int32_t number)
{
    const uint8_t *at = (const uint8_t *)intern->bytes.items + ((const uint64_t *)intern->bits.items)[number];
    memcpy(length, at, sizeof *length);
    return at + sizeof *length;
}

int64_t ptn_intern_get(const uint8_t **bytes, uint8_t text[PTN_KEY_TEXT], const ptn_intern *intern, int32_t number)
{
    uint32_t kind = ((const uint8_t *)intern->kinds.items)[number];
    int64_t length;
    if (kind == PTN_KEY_LONG) {
        *bytes = long_text(&length, intern, number);
        return length;
    }
    *bytes = text;
    return ptn_key_text(text, kind, ((const uint64_t *)intern->bits.items)[number]);
}

int ptn_intern_compare(const ptn_intern *intern, int32_t a, int32_t b)
{
    uint8_t a_text[PTN_KEY_TEXT], b_text[PTN_KEY_TEXT];
    const uint8_t *a_bytes = a_text, *b_bytes = b_text;
    int64_t a_length = a < 0 ? 0 : ptn_intern_get(&a_bytes, a_text, intern, a),
            b_length = b < 0 ? 0 : ptn_intern_get(&b_bytes, b_text, intern, b);
    return ptn_compare_texts(a_bytes, a_length, b_bytes, b_length);
}

int64_t ptn_intern_length(const ptn_intern *intern, int32_t number)
{
    uint32_t kind = ((const uint8_t *)intern->kinds.items)[number];
    int64_t length;
    if (kind != PTN_KEY_LONG) return ptn_key_length(kind, ((const uint64_t *)intern->bits.items)[number]);
    long_text(&length, intern, number);
    return length;
}

static void put(ptn_intern_slot *slots, uint64_t mask, uint64_t hash, ptn_intern_slot slot)
{
    uint64_t at = hash & mask;
    while (slots[at].number != 0) at = (at + 1) & mask;
    slots[at] = slot;
}

/* A slot's number and kind are one word, which says that there is a text once its bits are there too. */
enum { BUSY = -1 };

static int64_t word_of(uint32_t number, uint32_t kind)
{
    const uint32_t parts[2] = {number, kind};
    int64_t word;
    memcpy(&word, parts, sizeof word);
    return word;
}

/* How many slots there should be for `texts` in all: at most 3/4 of them are taken. */
static int64_t slots_for(const ptn_intern *intern, int64_t texts)
{
    int64_t wanted = intern->slot_count == 0 ? FIRST_SLOTS : intern->slot_count;
    while (texts > wanted / 4 * 3) wanted *= 2;
    return wanted;
}

/* A table on its way to more slots. */
typedef struct growth {
    const ptn_kernels *kernels;
    const ptn_intern *intern;
    ptn_intern_slot *slots;
    int64_t count;
} growth;

static void clear_slots(void *argument, int64_t block, int32_t worker)
{
    const growth *g = argument;
    int64_t from = block * MOVED, left = g->count - from;
    size_t bytes = (size_t)(left < MOVED ? left : MOVED) * sizeof *g->slots;
    (void)worker;
    ptn_touch(g->slots + from, bytes);
    memset(g->slots + from, 0, bytes);
}

/* Puts a slot among the new ones, while other threads may put others. */
static void move_slot(const growth *g, uint64_t hash, const ptn_intern_slot *slot)
{
    uint64_t mask = (uint64_t)g->count - 1;
    for (uint64_t at = hash & mask;; at = (at + 1) & mask) {
        int64_t none = 0, *word = (int64_t *)(void *)(&g->slots[at].bits + 1);
        if (!__atomic_compare_exchange_n(word, &none, word_of(slot->number, slot->kind), false, __ATOMIC_RELAXED,
                                         __ATOMIC_RELAXED))
            continue;
        g->slots[at].bits = slot->bits;
        return;
    }
}

/* Puts a block's slots among the new ones: some at a time, gathered without a branch and hashed together. */
static void move_slots(void *argument, int64_t block, int32_t worker)
{
    const growth *g = argument;
    const ptn_intern *intern = g->intern;
    const uint64_t key[2] = {intern->key.k0, intern->key.k1};
    int64_t from = block * MOVED, end = intern->slot_count - from < MOVED ? intern->slot_count : from + MOVED;
    (void)worker;
    for (; from < end; from += TOGETHER) {
        uint64_t bits[TOGETHER], hashes[TOGETHER];
        int64_t which[TOGETHER], last = end - from < TOGETHER ? end : from + TOGETHER, count = 0;
        uint8_t kinds[TOGETHER];
        for (int64_t i = from; i < last; i++) {
            bits[count] = intern->slots[i].bits;
            kinds[count] = (uint8_t)intern->slots[i].kind;
            which[count] = i;
            count += intern->slots[i].number != 0;
        }
        g->kernels->hashes(hashes, bits, kinds, count, key);
        for (int64_t i = 0; i < count; i++)
            move_slot(g, kinds[i] == PTN_KEY_LONG ? bits[i] : hashes[i] & intern->hash_mask, &intern->slots[which[i]]);
    }
}

/* By a team's threads, or alone. */
static patron_status run(ptn_team *team, int64_t slots, ptn_task task, growth *g, patron_error *error)
{
    int64_t blocks = (slots + MOVED - 1) / MOVED;
    if (team != NULL) return ptn_team_run_apart(team, "history", 0.0, 0.0, blocks, task, g, error);
    for (int64_t block = 0; block < blocks; block++) task(g, block, 0);
    return PATRON_OK;
}

static patron_status grow(ptn_intern *intern, int64_t texts, const ptn_memory *memory, ptn_team *team,
                          patron_error *error)
{
    void *block;
    growth g = {.kernels = ptn_kernels_here(), .intern = intern, .count = slots_for(intern, texts)};
    if (g.count == intern->slot_count) return PATRON_OK;
    patron_status status = ptn_allocate(&block, memory, g.count, sizeof(ptn_intern_slot), intern->what, error);
    if (status != PATRON_OK) return status;
    g.slots = block;
    if (g.count < PARALLEL) team = NULL;
    status = run(team, g.count, clear_slots, &g, error);
    if (status == PATRON_OK) status = run(team, intern->slot_count, move_slots, &g, error);
    /* Cancelled, the table is as it was. */
    ptn_intern_slot *left = status == PATRON_OK ? intern->slots : g.slots;
    ptn_wipe(left, (size_t)(left == g.slots ? g.count : intern->slot_count) * sizeof *left);
    ptn_free(memory, left);
    if (status != PATRON_OK) return status;
    intern->slots = g.slots;
    intern->slot_count = g.count;
    return PATRON_OK;
}

static int64_t texts_left(const ptn_intern *intern, int64_t texts)
{
    int64_t left = intern->most - ptn_intern_count(intern);
    return texts < left ? texts : left;
}

patron_status ptn_intern_extend(ptn_intern *intern, int64_t texts, const ptn_memory *memory, patron_error *error)
{
    texts = texts_left(intern, texts);
    patron_status status =
        ptn_array_reserve_wiping(&intern->bits, memory, texts, sizeof(uint64_t), intern->what, error);
    if (status == PATRON_OK)
        status = ptn_array_reserve_wiping(&intern->kinds, memory, texts, sizeof(uint8_t), intern->what, error);
    return status;
}

patron_status ptn_intern_widen(ptn_intern *intern, int64_t texts, ptn_team *team, const ptn_memory *memory,
                               patron_error *error)
{
    return grow(intern, ptn_intern_slotted(intern) + texts_left(intern, texts), memory, team, error);
}

patron_status ptn_intern_reserve(ptn_intern *intern, int64_t texts, int64_t bytes, const ptn_memory *memory,
                                 patron_error *error)
{
    patron_status status = ptn_intern_extend(intern, texts, memory, error);
    if (status == PATRON_OK && bytes > 0)
        status = ptn_array_reserve_wiping(&intern->bytes, memory, bytes, 1, intern->what, error);
    return status == PATRON_OK ? ptn_intern_widen(intern, texts, NULL, memory, error) : status;
}

int32_t ptn_intern_add(ptn_intern *intern, const ptn_wanted_text *text)
{
    int32_t number = ptn_intern_probe(intern, text);
    int64_t count = ptn_intern_count(intern);
    if (number >= 0) return number;
    if (count >= intern->most) return PTN_INTERN_MISSING;
    uint64_t bits = text->bits;
    if (text->kind == PTN_KEY_LONG) {
        uint8_t *at = (uint8_t *)intern->bytes.items + intern->bytes.count;
        bits = (uint64_t)intern->bytes.count;
        memcpy(at, &text->length, sizeof text->length);
        memcpy(at + sizeof text->length, text->bytes, (size_t)text->length);
        intern->bytes.count += ptn_intern_long_bytes(text->length);
    }
    ((uint64_t *)intern->bits.items)[count] = bits;
    ((uint8_t *)intern->kinds.items)[count] = (uint8_t)text->kind;
    intern->bits.count = intern->kinds.count = count + 1;
    if (ptn_intern_indexes(intern, text->kind, bits)) {
        intern->index[bits] = (int32_t)count + 1;
        intern->index_texts++;
        return (int32_t)count;
    }
    put(intern->slots, (uint64_t)intern->slot_count - 1, text->hash,
        (ptn_intern_slot){text->bits, (uint32_t)count + 1, text->kind});
    return (int32_t)count;
}

static ptn_intern_slot slot_of(uint64_t bits, int64_t word)
{
    uint32_t parts[2];
    memcpy(parts, &word, sizeof word);
    return (ptn_intern_slot){bits, parts[0], parts[1]};
}

static bool is_text(const ptn_intern *intern, int32_t number, const ptn_wanted_text *wanted)
{
    int64_t length;
    if (wanted->kind != PTN_KEY_LONG) return true;
    const uint8_t *known = long_text(&length, intern, number);
    return length == wanted->length && memcmp(known, wanted->bytes, (size_t)length) == 0;
}

/* The next number of a range, or with NULL of all; more are taken where it has none. -1: there is no room. */
static int64_t take_number(ptn_intern *intern, ptn_intern_range *range)
{
    if (range != NULL && range->next < range->end) return range->next++;
    int64_t count = __atomic_load_n(&intern->shared, __ATOMIC_RELAXED), end;
    do {
        if (count >= intern->room) return -1;
        end = range == NULL ? count + 1 : count - count % PTN_INTERN_RANGE + PTN_INTERN_RANGE;
        if (end > intern->room) end = intern->room;
    } while (!__atomic_compare_exchange_n(&intern->shared, &count, end, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    if (range != NULL) *range = (ptn_intern_range){.next = count + 1, .end = end};
    return count;
}

static void write_key(ptn_intern *intern, int64_t number, const ptn_wanted_text *wanted)
{
    ((uint64_t *)intern->bits.items)[number] = wanted->bits;
    ((uint8_t *)intern->kinds.items)[number] = (uint8_t)wanted->kind;
}

/* Whether one more text may have a slot. Without an index there is room for as many as there is for texts. */
static bool take_slot(ptn_intern *intern)
{
    if (intern->index == NULL) return true;
    if (__atomic_fetch_add(&intern->in_slots, 1, __ATOMIC_RELAXED) < intern->slot_count / 4 * 3) return true;
    __atomic_fetch_sub(&intern->in_slots, 1, __ATOMIC_RELAXED);
    return false;
}

/* Fills a slot that this thread has made busy; false, and the slot free again, where there is no room. */
static bool fill_slot(int32_t *number, ptn_intern *intern, uint64_t *bits, int64_t *word, const ptn_wanted_text *wanted,
                      ptn_intern_range *range)
{
    int64_t taken = take_slot(intern) ? take_number(intern, range) : -1;
    if (taken < 0) {
        __atomic_store_n(word, 0, __ATOMIC_RELEASE);
        return false;
    }
    write_key(intern, taken, wanted);
    __atomic_store_n(bits, wanted->bits, __ATOMIC_RELAXED);
    __atomic_store_n(word, word_of((uint32_t)taken + 1, wanted->kind), __ATOMIC_RELEASE);
    *number = (int32_t)taken;
    return true;
}

static bool has_room(const ptn_intern *intern, const ptn_intern_range *range)
{
    return (range != NULL && range->next < range->end) ||
           __atomic_load_n(&intern->shared, __ATOMIC_RELAXED) < intern->room;
}

/* ptn_intern_meet for a key that the index leads from. */
static int32_t meet_indexed(ptn_intern *intern, const ptn_wanted_text *wanted, bool add, ptn_intern_range *range)
{
    int32_t *place = &intern->index[wanted->bits];
    for (;;) {
        int32_t seen = __atomic_load_n(place, __ATOMIC_ACQUIRE);
        if (seen > 0) return seen - 1;
        if (seen == BUSY) {
            sched_yield();
            continue;
        }
        if (!add || !has_room(intern, range)) return PTN_INTERN_MISSING;
        if (!__atomic_compare_exchange_n(place, &seen, BUSY, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) continue;
        int64_t taken = take_number(intern, range);
        if (taken >= 0) write_key(intern, taken, wanted);
        __atomic_store_n(place, (int32_t)(taken + 1), __ATOMIC_RELEASE);
        return taken < 0 ? PTN_INTERN_MISSING : (int32_t)taken;
    }
}

int32_t ptn_intern_meet(ptn_intern *intern, const ptn_wanted_text *wanted, bool add, ptn_intern_range *range)
{
    uint64_t mask = (uint64_t)intern->slot_count - 1;
    if (ptn_intern_indexes(intern, wanted->kind, wanted->bits)) return meet_indexed(intern, wanted, add, range);
    if (intern->slot_count == 0) return PTN_INTERN_MISSING;
    for (uint64_t at = wanted->hash & mask;;) {
        uint64_t *bits = &intern->slots[at].bits;
        int64_t *word = (int64_t *)(void *)(bits + 1), seen = __atomic_load_n(word, __ATOMIC_ACQUIRE);
        if (seen == BUSY) {
            sched_yield(); /* another thread takes a few instructions to fill it, unless it was interrupted */
            continue;
        }
        if (seen == 0) {
            int32_t number;
            if (!add || wanted->kind == PTN_KEY_LONG || !has_room(intern, range)) return PTN_INTERN_MISSING;
            if (!__atomic_compare_exchange_n(word, &seen, BUSY, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) continue;
            return fill_slot(&number, intern, bits, word, wanted, range) ? number : PTN_INTERN_MISSING;
        }
        const ptn_intern_slot slot = slot_of(__atomic_load_n(bits, __ATOMIC_RELAXED), seen);
        if (slot.bits == wanted->bits && slot.kind == wanted->kind &&
            is_text(intern, (int32_t)(slot.number - 1), wanted))
            return (int32_t)(slot.number - 1);
        at = (at + 1) & mask;
    }
}

static uint32_t kind_at(const ptn_intern *intern, int64_t number)
{
    return ((const uint8_t *)intern->kinds.items)[number];
}

static uint64_t bits_at(const ptn_intern *intern, int64_t number)
{
    return ((const uint64_t *)intern->bits.items)[number];
}

/* A text with a short key gets another number. */
static void renumber(ptn_intern *intern, int64_t from, int64_t to)
{
    uint64_t *bits = intern->bits.items;
    uint8_t *kinds = intern->kinds.items;
    if (ptn_intern_indexes(intern, kinds[from], bits[from])) {
        intern->index[bits[from]] = (int32_t)to + 1;
    } else {
        uint64_t mask = (uint64_t)intern->slot_count - 1, at = ptn_intern_hash(intern, kinds[from], bits[from]) & mask;
        while (intern->slots[at].number != (uint32_t)from + 1) at = (at + 1) & mask;
        intern->slots[at].number = (uint32_t)to + 1;
    }
    bits[to] = bits[from];
    kinds[to] = kinds[from];
}

int64_t ptn_intern_own(ptn_intern *intern, ptn_intern_range *ranges, int32_t count, int32_t *renamed)
{
    int64_t left = 0;
    for (int32_t i = 0; i < count; i++) left += ranges[i].end - ranges[i].next;
    int64_t texts = intern->shared - left, from = left;
    for (int64_t i = 0; i < left; i++) renamed[i] = 0;
    for (int32_t i = 0; i < count; i++)
        for (int64_t n = ranges[i].next; n < ranges[i].end; n++)
            if (n >= texts) renamed[n - texts] = PTN_INTERN_MISSING;
    for (int32_t i = 0; i < count; i++) {
        for (int64_t to = ranges[i].next; to < ranges[i].end && to < texts; to++) {
            do from--;
            while (renamed[from] == PTN_INTERN_MISSING);
            renumber(intern, texts + from, to);
            renamed[from] = (int32_t)to;
        }
        ranges[i].next = ranges[i].end = 0;
    }
    for (int64_t i = ptn_intern_count(intern); intern->index != NULL && i < texts; i++)
        intern->index_texts += ptn_intern_indexes(intern, kind_at(intern, i), bits_at(intern, i));
    intern->bits.count = intern->kinds.count = texts;
    return left;
}

patron_status ptn_intern_fail_full(const ptn_intern *intern, patron_error *error)
{
    return ptn_fail(error, PATRON_TOO_LARGE, "more than %d distinct %s; split the history", (int)intern->most,
                    intern->what);
}

static patron_status intern_wanted(int32_t *number, ptn_intern *intern, const ptn_wanted_text *text,
                                   const ptn_memory *memory, patron_error *error)
{
    *number = ptn_intern_probe(intern, text);
    if (*number >= 0) return PATRON_OK;
    if (text->kind == PTN_KEY_LONG && !ptn_utf8_valid(text->bytes, text->length)) {
        *number = PTN_INTERN_NOT_UTF8;
        return PATRON_OK;
    }
    if (ptn_intern_count(intern) >= intern->most) return ptn_intern_fail_full(intern, error);
    int64_t bytes = text->kind == PTN_KEY_LONG ? ptn_intern_long_bytes(text->length) : 0;
    patron_status status = ptn_intern_reserve(intern, 1, bytes, memory, error);
    if (status == PATRON_OK) *number = ptn_intern_add(intern, text);
    return status;
}

patron_status ptn_intern_text(int32_t *number, ptn_intern *intern, const uint8_t *bytes, int64_t length,
                              const ptn_memory *memory, patron_error *error)
{
    ptn_wanted_text text;
    ptn_intern_want(&text, intern, bytes, length);
    return intern_wanted(number, intern, &text, memory, error);
}

patron_status ptn_intern_integer(int32_t *number, ptn_intern *intern, int64_t value, const ptn_memory *memory,
                                 patron_error *error)
{
    ptn_wanted_text text = {.bits = (uint64_t)value, .kind = PTN_KEY_NUMBER};
    text.hash = ptn_intern_hash(intern, text.kind, text.bits);
    return intern_wanted(number, intern, &text, memory, error);
}

int32_t ptn_intern_find(const ptn_intern *intern, const uint8_t *bytes, int64_t length)
{
    ptn_wanted_text text;
    ptn_intern_want(&text, intern, bytes, length);
    return ptn_intern_probe(intern, &text);
}

/* Leads to all texts anew. */
static void lead(ptn_intern *intern)
{
    ptn_wipe(intern->slots, (size_t)intern->slot_count * sizeof *intern->slots);
    ptn_wipe(intern->index, (size_t)intern->indexed * sizeof *intern->index);
    intern->index_texts = 0;
    for (int64_t i = 0; i < ptn_intern_count(intern); i++) {
        ptn_intern_slot slot = {bits_at(intern, i), (uint32_t)i + 1, kind_at(intern, i)};
        if (ptn_intern_indexes(intern, slot.kind, slot.bits)) {
            intern->index[slot.bits] = (int32_t)i + 1;
            intern->index_texts++;
            continue;
        }
        if (slot.kind == PTN_KEY_LONG) {
            int64_t length;
            const uint8_t *bytes = long_text(&length, intern, (int32_t)i);
            slot.bits = ptn_siphash(&intern->key, bytes, length) & intern->hash_mask;
        }
        uint64_t hash = slot.kind == PTN_KEY_LONG ? slot.bits : ptn_intern_hash(intern, slot.kind, slot.bits);
        put(intern->slots, (uint64_t)intern->slot_count - 1, hash, slot);
    }
}

/* Overwrites what lies beyond the counts, and leads to what is left. */
static void settle(ptn_intern *intern)
{
    ptn_array_wipe_rest(&intern->bytes, 1);
    ptn_array_wipe_rest(&intern->bits, sizeof(uint64_t));
    ptn_array_wipe_rest(&intern->kinds, sizeof(uint8_t));
    intern->examined = 0;
    lead(intern);
}

/* Up to where NUMBERs have few gaps; 0: nowhere. */
static uint64_t last_near(ptn_intern *intern)
{
    int64_t count = ptn_intern_count(intern), near = 0;
    uint64_t last = 0;
    if (intern->examined == 0) {
        memset(intern->widths, 0, sizeof intern->widths);
        memset(intern->tops, 0, sizeof intern->tops);
    }
    for (; intern->examined < count; intern->examined++) {
        uint64_t bits = bits_at(intern, intern->examined);
        if (kind_at(intern, intern->examined) != PTN_KEY_NUMBER || bits >> 63 != 0) continue;
        int width = 64 - __builtin_clzll(bits | 1);
        intern->widths[width]++;
        if (bits > intern->tops[width]) intern->tops[width] = bits;
    }
    for (int width = 1; width < 64; width++) {
        near += intern->widths[width];
        if (near >= PTN_INTERN_FEW && intern->tops[width] / PTN_INTERN_GAPS < (uint64_t)near &&
            intern->tops[width] > last)
            last = intern->tops[width];
    }
    return last;
}

patron_status ptn_intern_make_index(ptn_intern *intern, const ptn_memory *memory, patron_error *error)
{
    uint64_t last = last_near(intern);
    void *block;
    if (last == 0 || last < (uint64_t)intern->indexed) return PATRON_OK;
    int64_t numbers = (int64_t)(last + last / 4 + 1); /* more will come */
    patron_status status = ptn_allocate(&block, memory, numbers, sizeof *intern->index, intern->what, error);
    if (status != PATRON_OK) return status;
    ptn_touch(block, (size_t)numbers * sizeof *intern->index);
    ptn_wipe(intern->index, (size_t)intern->indexed * sizeof *intern->index);
    ptn_free(memory, intern->index);
    intern->index = block;
    intern->indexed = numbers;
    lead(intern);
    return PATRON_OK;
}

void ptn_intern_truncate(ptn_intern *intern, int64_t count)
{
    if (count >= ptn_intern_count(intern)) return;
    for (int64_t i = count; i < ptn_intern_count(intern); i++) {
        if (((const uint8_t *)intern->kinds.items)[i] != PTN_KEY_LONG) continue;
        intern->bytes.count = (int64_t)((const uint64_t *)intern->bits.items)[i]; /* later ones lie behind it */
        break;
    }
    intern->bits.count = intern->kinds.count = count;
    settle(intern);
}

void ptn_intern_keep(ptn_intern *intern, const int32_t *numbers)
{
    uint8_t *bytes = intern->bytes.items, *kinds = intern->kinds.items;
    uint64_t *bits = intern->bits.items;
    int64_t kept = 0, used = 0;
    for (int64_t i = 0; i < ptn_intern_count(intern); i++) {
        if (numbers[i] < 0) continue;
        kinds[kept] = kinds[i];
        bits[kept] = bits[i];
        if (kinds[i] == PTN_KEY_LONG) {
            int64_t length;
            memcpy(&length, bytes + bits[i], sizeof length);
            memmove(bytes + used, bytes + bits[i], (size_t)ptn_intern_long_bytes(length));
            bits[kept] = (uint64_t)used;
            used += ptn_intern_long_bytes(length);
        }
        kept++;
    }
    if (kept == ptn_intern_count(intern)) return;
    intern->bits.count = intern->kinds.count = kept;
    intern->bytes.count = used;
    settle(intern);
}
