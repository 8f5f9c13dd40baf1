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

/* Texts, told apart without a branch where they have 8 to 16 bytes: where a run of lines ends nothing foretells. */
static void gather_texts(ptn_wants *w, const patron_text *texts, int64_t row, int32_t rows)
{
    const uint8_t *last = NULL;
    int64_t last_length = -1;
    int32_t count = 0;
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

void ptn_wants_read(ptn_wants *w, const ptn_ids *ids, int64_t from, int32_t rows, bool hashed,
                    const ptn_kernels *kernels)
{
    const ptn_intern *intern = ids->intern;
    w->asked = 0;
    if (ids->numbers == NULL)
        gather_texts(w, ids->text, from, rows);
    else if (ids->validity == NULL)
        gather_numbers(w, ids->numbers + from, rows);
    else
        gather_some_numbers(w, ids->numbers, ids->validity, from, rows);
    if (hashed) {
        const uint64_t key[2] = {intern->key.k0, intern->key.k1};
        kernels->hashes(w->hashes, w->bits, w->kinds, w->count, key);
        for (int32_t t = 0; t < w->count; t++) w->hashes[t] &= intern->hash_mask;
    }
    for (int32_t t = 0; ids->numbers == NULL && t < w->count; t++)
        if (w->kinds[t] == PTN_KEY_LONG)
            w->hashes[t] = w->bits[t] = ptn_siphash(&intern->key, w->bytes[t], w->lengths[t]) & intern->hash_mask;
}
