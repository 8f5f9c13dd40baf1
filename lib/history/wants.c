/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and hashes of neighbours' ids. */
#include "history/wants.h"

#include "history/batch.h"
#include "history/memo.h"

/* Numbers, all there: written so that which rows are alike is no branch. */
static void gather_numbers(ptn_wants *w, const int64_t *given, int32_t rows)
{
    uint64_t last = ~(uint64_t)given[0];
    int32_t count = -1;
    for (int32_t i = 0; i < rows; i++) {
        uint64_t number = (uint64_t)given[i];
        count += number != last;
        w->bits[count] = last = number;
        w->of[i] = (uint8_t)count;
    }
    w->count = count + 1;
    memset(w->kinds, PTN_KEY_NUMBER, (size_t)w->count);
}

static void gather_some_numbers(ptn_wants *w, const int64_t *given, const uint8_t *validity, int64_t row, int32_t rows)
{
    w->count = 0;
    for (int32_t i = 0; i < rows; i++) {
        bool there = ptn_batch_has(validity, row + i);
        uint64_t bits = there ? (uint64_t)given[row + i] : 0;
        uint8_t kind = there ? PTN_KEY_NUMBER : PTN_KEY_NONE;
        if (w->count == 0 || w->kinds[w->count - 1] != kind || w->bits[w->count - 1] != bits) {
            w->bits[w->count] = bits;
            w->kinds[w->count++] = kind;
        }
        w->of[i] = (uint8_t)(w->count - 1);
    }
}

int64_t ptn_wants_length(const ptn_ids *ids, int64_t from, int32_t rows)
{
    const int64_t *offsets = ids->text->offsets + from;
    int64_t length = offsets[1] - offsets[0], differs = 0;
    if (ids->text->validity != NULL || length > PTN_MEMO_BYTES) return 0;
    for (int32_t i = 0; i < rows; i++) differs |= (offsets[i + 1] - offsets[i]) ^ length;
    return differs == 0 && offsets[rows - 1] <= ids->end - 8 ? length : 0;
}

/* A word of the text's bytes, the first one lowest. */
static inline uint64_t low_word(const uint8_t *bytes)
{
    uint64_t word = ptn_memo_word(bytes);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Texts of one length, as ptn_wants_length says: told apart without a branch, as where a run of lines ends nothing
   foretells, and made keys together. */
static void gather_alike(ptn_wants *w, const uint8_t *bytes, int64_t length, int32_t rows, const ptn_kernels *kernels)
{
    uint64_t heads[PTN_WANTS], tails[PTN_WANTS], odd[PTN_WANTS];
    uint64_t last_head = 0, last_tail = 0, mask = length < 8 ? UINT64_MAX >> (64 - 8 * length) : UINT64_MAX;
    int64_t before = length > 8 ? length - 8 : 0; /* what a tail leaves out */
    int32_t count = 0;
    for (int32_t i = 0; i < rows; i++, bytes += length) {
        uint64_t head = low_word(bytes) & mask, tail = low_word(bytes + before) & mask;
        count += i == 0 || ((head ^ last_head) | (tail ^ last_tail)) != 0;
        heads[count - 1] = last_head = head;
        tails[count - 1] = last_tail = tail;
        w->bytes[count - 1] = bytes;
        w->of[i] = (uint8_t)(count - 1);
    }
    w->count = count;
    for (int32_t t = 0; t < count; t++) w->lengths[t] = length;
    if (length <= PTN_KEY_SHORT_BYTES) {
        for (int32_t t = 0; t < count; t++) tails[t] = length > 8 ? tails[t] >> 8 * (16 - length) : 0;
        kernels->short_keys(w->bits, odd, heads, tails, length, count);
    }
    for (int32_t t = 0; t < count; t++) {
        /* What begins with '-' or a digit may be a number. */
        bool short_one = length <= PTN_KEY_SHORT_BYTES && odd[t] == 0 && w->bytes[t][0] > '9';
        w->kinds[t] = PTN_KEY_SHORT;
        if (short_one) continue;
        w->bits[t] = 0;
        w->kinds[t] = (uint8_t)ptn_key_of_text(&w->bits[t], w->bytes[t], length);
    }
}

/* Texts, told apart without a branch where they have 8 to 16 bytes. */
static void gather_texts(ptn_wants *w, const ptn_ids *ids, int64_t row, int32_t rows, const ptn_kernels *kernels)
{
    const patron_text *texts = ids->text;
    const uint8_t *last = NULL;
    int64_t last_length = ptn_wants_length(ids, row, rows);
    int32_t count = 0;
    if (last_length > 0) {
        gather_alike(w, texts->bytes + texts->offsets[row], last_length, rows, kernels);
        return;
    }
    last_length = -1;
    for (int32_t i = 0; i < rows; i++) {
        const uint8_t *bytes = NULL;
        int64_t length = 0;
        bool alike = !ptn_batch_text(&bytes, &length, texts, row + i);
        if (length == last_length && !alike) alike = ptn_memo_same(last, bytes, length);
        w->bytes[count] = bytes;
        w->lengths[count] = length;
        count += (length != last_length) | !alike;
        w->of[i] = (uint8_t)(count - 1);
        last = bytes;
        last_length = length;
    }
    w->count = count;
    for (int32_t t = 0; t < count; t++) {
        w->bits[t] = 0;
        w->kinds[t] =
            w->lengths[t] > 0 ? (uint8_t)ptn_key_of_text(&w->bits[t], w->bytes[t], w->lengths[t]) : PTN_KEY_NONE;
    }
}

/* Whether no hash is needed. */
static bool all_indexed(const ptn_wants *w, const ptn_intern *intern)
{
    uint64_t most = 0;
    uint32_t others = 0;
    if (intern->index == NULL) return false;
    for (int32_t t = 0; t < w->count; t++) {
        most = w->bits[t] > most ? w->bits[t] : most;
        others |= w->kinds[t] ^ (uint32_t)PTN_KEY_NUMBER;
    }
    return others == 0 && most < (uint64_t)intern->indexed;
}

void ptn_wants_read(ptn_wants *w, const ptn_ids *ids, int64_t from, int32_t rows, bool hashed,
                    const ptn_kernels *kernels)
{
    const ptn_intern *intern = ids->intern;
    w->asked = 0;
    if (ids->numbers == NULL)
        gather_texts(w, ids, from, rows, kernels);
    else if (ids->validity == NULL)
        gather_numbers(w, ids->numbers + from, rows);
    else
        gather_some_numbers(w, ids->numbers, ids->validity, from, rows);
    if (hashed && all_indexed(w, intern)) {
        memset(w->hashes, 0, (size_t)w->count * sizeof *w->hashes);
    } else if (hashed) {
        const uint64_t key[2] = {intern->key.k0, intern->key.k1};
        kernels->hashes(w->hashes, w->bits, w->kinds, w->count, key);
        for (int32_t t = 0; t < w->count; t++) w->hashes[t] &= intern->hash_mask;
    }
    for (int32_t t = 0; ids->numbers == NULL && t < w->count; t++)
        if (w->kinds[t] == PTN_KEY_LONG)
            w->hashes[t] = w->bits[t] = ptn_siphash(&intern->key, w->bytes[t], w->lengths[t]) & intern->hash_mask;
}
