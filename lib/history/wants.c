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

static void gather_texts(ptn_wants *w, const patron_text *texts, int64_t row, int32_t rows)
{
    w->count = 0;
    for (int32_t i = 0; i < rows; i++) {
        int32_t t = w->count, last = t > 0 ? t - 1 : 0;
        w->lengths[t] = 0;
        bool there = ptn_batch_text(&w->bytes[t], &w->lengths[t], texts, row + i);
        if (t == 0 || w->lengths[last] != w->lengths[t] ||
            (there && !ptn_memo_same(w->bytes[last], w->bytes[t], w->lengths[t]))) {
            w->bits[t] = 0;
            w->kinds[t] = there ? (uint8_t)ptn_key_of_text(&w->bits[t], w->bytes[t], w->lengths[t]) : PTN_KEY_NONE;
            w->count++;
        }
        w->of[i] = (uint8_t)(w->count - 1);
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
