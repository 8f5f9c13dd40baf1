/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table from texts to numbers. */
#include "history/intern.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

enum { FIRST_SLOTS = 64, MOST_DIGITS = 20 };

void ptn_intern_open(ptn_intern *intern, const char *what, const ptn_siphash_key *key)
{
    memset(intern, 0, sizeof *intern);
    intern->key = *key;
    intern->what = what;
    intern->most = PTN_INTERN_MOST;
    intern->last = PTN_INTERN_MISSING;
}

void ptn_intern_free(ptn_intern *intern, const ptn_memory *memory)
{
    ptn_array_free(&intern->bytes, memory);
    ptn_array_free(&intern->ends, memory);
    ptn_free(memory, intern->slots);
    intern->slots = NULL;
    intern->slot_count = 0;
}

static bool same_text(const ptn_intern *intern, int32_t number, const uint8_t *bytes, int64_t length)
{
    const uint8_t *known;
    return ptn_intern_get(&known, intern, number) == length && memcmp(known, bytes, (size_t)length) == 0;
}

/* Room for one more: at most 3/4 of the slots are taken. */
static patron_status grow(ptn_intern *intern, const ptn_memory *memory, patron_error *error)
{
    void *block;
    if ((ptn_intern_count(intern) + 1) * 4 <= intern->slot_count * 3) return PATRON_OK;
    int64_t wanted = intern->slot_count == 0 ? FIRST_SLOTS : 2 * intern->slot_count;
    patron_status status = ptn_allocate_zero(&block, memory, wanted, sizeof(uint64_t), intern->what, error);
    if (status != PATRON_OK) return status;
    uint64_t *slots = block, mask = (uint64_t)wanted - 1;
    for (int64_t i = 0; i < intern->slot_count; i++) {
        if (intern->slots[i] == 0) continue;
        uint64_t at = intern->slots[i] >> 32 & mask;
        while (slots[at] != 0) at = (at + 1) & mask;
        slots[at] = intern->slots[i];
    }
    ptn_wipe(intern->slots, (size_t)intern->slot_count * sizeof *slots);
    ptn_free(memory, intern->slots);
    intern->slots = slots;
    intern->slot_count = wanted;
    return PATRON_OK;
}

static patron_status add(int32_t *number, ptn_intern *intern, uint32_t tag, const uint8_t *bytes, int64_t length,
                         const ptn_memory *memory, patron_error *error)
{
    if (ptn_intern_count(intern) >= intern->most)
        return ptn_fail(error, PATRON_TOO_LARGE, "more than %d distinct %s; split the history", (int)intern->most,
                        intern->what);
    patron_status status = grow(intern, memory, error);
    if (status != PATRON_OK) return status;
    status = ptn_array_reserve(&intern->ends, memory, 1, sizeof(int64_t), intern->what, error);
    if (status != PATRON_OK) return status;
    status = ptn_array_reserve_wiping(&intern->bytes, memory, length, 1, intern->what, error);
    if (status != PATRON_OK) return status;

    uint64_t mask = (uint64_t)intern->slot_count - 1, at = tag & mask;
    while (intern->slots[at] != 0) at = (at + 1) & mask;
    *number = (int32_t)ptn_intern_count(intern);
    intern->slots[at] = (uint64_t)tag << 32 | ((uint32_t)*number + 1);
    memcpy((uint8_t *)intern->bytes.items + intern->bytes.count, bytes, (size_t)length);
    intern->bytes.count += length;
    ((int64_t *)intern->ends.items)[intern->ends.count++] = intern->bytes.count;
    intern->last = *number;
    return PATRON_OK;
}

/* The number of a known text with this hash, or PTN_INTERN_MISSING. */
static int32_t find_tagged(const ptn_intern *intern, uint32_t tag, const uint8_t *bytes, int64_t length)
{
    uint64_t mask = (uint64_t)intern->slot_count - 1;
    for (uint64_t at = tag & mask; intern->slot_count > 0 && intern->slots[at] != 0; at = (at + 1) & mask) {
        int32_t found = (int32_t)(uint32_t)intern->slots[at] - 1;
        if (intern->slots[at] >> 32 == tag && same_text(intern, found, bytes, length)) return found;
    }
    return PTN_INTERN_MISSING;
}

patron_status ptn_intern_text(int32_t *number, ptn_intern *intern, const uint8_t *bytes, int64_t length,
                              const ptn_memory *memory, patron_error *error)
{
    *number = intern->last;
    if (intern->last >= 0 && same_text(intern, intern->last, bytes, length)) return PATRON_OK;
    uint32_t tag = (uint32_t)ptn_siphash(&intern->key, bytes, length);
    *number = find_tagged(intern, tag, bytes, length);
    if (*number >= 0) {
        intern->last = *number;
        return PATRON_OK;
    }
    /* A known text was valid when it was new. */
    *number = PTN_INTERN_NOT_UTF8;
    if (!ptn_utf8_valid(bytes, length)) return PATRON_OK;
    return add(number, intern, tag, bytes, length, memory, error);
}

int32_t ptn_intern_find(const ptn_intern *intern, const uint8_t *bytes, int64_t length)
{
    return find_tagged(intern, (uint32_t)ptn_siphash(&intern->key, bytes, length), bytes, length);
}

/* Overwrites what lies beyond the counts, and hashes anew what is left. */
static void settle(ptn_intern *intern)
{
    uint64_t mask = (uint64_t)intern->slot_count - 1;
    ptn_array_wipe_rest(&intern->bytes, 1);
    ptn_array_wipe_rest(&intern->ends, sizeof(int64_t));
    ptn_wipe(intern->slots, (size_t)intern->slot_count * sizeof *intern->slots);
    for (int64_t i = 0; i < ptn_intern_count(intern); i++) {
        const uint8_t *bytes;
        int64_t length = ptn_intern_get(&bytes, intern, (int32_t)i);
        uint32_t tag = (uint32_t)ptn_siphash(&intern->key, bytes, length);
        uint64_t at = tag & mask;
        while (intern->slots[at] != 0) at = (at + 1) & mask;
        intern->slots[at] = (uint64_t)tag << 32 | (uint32_t)(i + 1);
    }
    intern->last = PTN_INTERN_MISSING;
}

void ptn_intern_truncate(ptn_intern *intern, int64_t count)
{
    if (count >= ptn_intern_count(intern)) return;
    intern->ends.count = count;
    intern->bytes.count = count == 0 ? 0 : ((const int64_t *)intern->ends.items)[count - 1];
    settle(intern);
}

void ptn_intern_keep(ptn_intern *intern, const int32_t *numbers)
{
    uint8_t *bytes = intern->bytes.items;
    int64_t *ends = intern->ends.items, start = 0, kept = 0, used = 0;
    for (int64_t i = 0; i < ptn_intern_count(intern); i++) {
        int64_t length = ends[i] - start;
        if (numbers[i] >= 0) {
            memmove(bytes + used, bytes + start, (size_t)length);
            ends[kept++] = used += length;
        }
        start += length;
    }
    if (kept == ptn_intern_count(intern)) return;
    intern->ends.count = kept;
    intern->bytes.count = used;
    settle(intern);
}

patron_status ptn_intern_integer(int32_t *number, ptn_intern *intern, int64_t value, const ptn_memory *memory,
                                 patron_error *error)
{
    uint8_t digits[MOST_DIGITS];
    int64_t at = MOST_DIGITS;
    uint64_t left = value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (uint8_t)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) digits[--at] = '-';
    return ptn_intern_text(number, intern, digits + at, MOST_DIGITS - at, memory, error);
}
