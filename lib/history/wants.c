/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and hashes of neighbours' ids. */
#include "history/wants.h"

#include "history/batch.h"
#include "history/memo.h"

/* Numbers, all there: written so that which rows are alike is no branch. */
static void gather_numbers(ptn_wants *w, const int64_t *given, int32_t rows)
{
    int32_t count = 0;
    for (int32_t i = 0; i < rows; i++) {
        count += i == 0 || given[i] != given[i - 1];
        w->of[i] = (uint8_t)(count - 1);
        w->texts[count - 1].bits = (uint64_t)given[i];
        w->texts[count - 1].kind = PTN_KEY_NUMBER;
    }
    w->count = count;
}

static void gather_some_numbers(ptn_wants *w, const int64_t *given, const uint8_t *validity, int64_t row, int32_t rows)
{
    w->count = 0;
    for (int32_t i = 0; i < rows; i++) {
        ptn_wanted_text one = {.kind = PTN_KEY_NONE};
        if (ptn_batch_has(validity, row + i))
            one = (ptn_wanted_text){.bits = (uint64_t)given[row + i], .kind = PTN_KEY_NUMBER};
        const ptn_wanted_text *last = &w->texts[w->count > 0 ? w->count - 1 : 0];
        if (w->count == 0 || last->kind != one.kind || last->bits != one.bits) w->texts[w->count++] = one;
        w->of[i] = (uint8_t)(w->count - 1);
    }
}

static void gather_texts(ptn_wants *w, const patron_text *texts, int64_t row, int32_t rows)
{
    w->count = 0;
    for (int32_t i = 0; i < rows; i++) {
        ptn_wanted_text *next = &w->texts[w->count];
        const ptn_wanted_text *last = &w->texts[w->count > 0 ? w->count - 1 : 0];
        next->length = 0;
        next->kind = PTN_KEY_NONE;
        bool there = ptn_batch_text(&next->bytes, &next->length, texts, row + i);
        if (w->count == 0 || last->length != next->length ||
            (there && !ptn_memo_same(last->bytes, next->bytes, next->length))) {
            if (there) next->kind = ptn_key_of_text(&next->bits, next->bytes, next->length);
            w->count++;
        }
        w->of[i] = (uint8_t)(w->count - 1);
    }
}

void ptn_wants_read(ptn_wants *w, const ptn_ids *ids, int64_t from, int32_t rows, bool hashed)
{
    w->asked = 0;
    if (ids->numbers == NULL)
        gather_texts(w, ids->text, from, rows);
    else if (ids->validity == NULL)
        gather_numbers(w, ids->numbers + from, rows);
    else
        gather_some_numbers(w, ids->numbers, ids->validity, from, rows);
    for (int32_t t = 0; t < w->count; t++) {
        ptn_wanted_text *text = &w->texts[t];
        if (text->kind == PTN_KEY_LONG)
            text->hash = text->bits =
                ptn_siphash(&ids->intern->key, text->bytes, text->length) & ids->intern->hash_mask;
        else if (hashed && text->kind != PTN_KEY_NONE)
            text->hash = ptn_intern_hash(ids->intern, text->kind, text->bits);
    }
}
