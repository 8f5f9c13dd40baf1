/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of rows read step by step; their texts looked up. */
#include "history/reader.h"

#include "base/utf8.h"
#include "history/batch.h"
#include "history/currency.h"
#include "history/memo.h"
#include "history/step.h"

/* Rows read together; steps that their numbers are asked for ahead. */
enum { STEP = PTN_WANTS, EARLY = 3 };

static ptn_ids texts_of(const patron_text *text, const patron_orders *o, ptn_intern *intern)
{
    return (ptn_ids){.text = text, .end = text->offsets == NULL ? 0 : text->offsets[o->rows], .intern = intern};
}

static ptn_ids source_of(patron_history *h, const patron_orders *o, int32_t text)
{
    ptn_ids ids;
    switch (text) {
    case PTN_TEXT_CUSTOMER:
        ids = texts_of(&o->customer_id, o, &h->customers);
        ids.numbers = o->customer_number;
        ids.validity = o->customer_validity;
        return ids;
    case PTN_TEXT_ORDER:
        ids = texts_of(&o->order_id, o, &h->orders);
        ids.numbers = o->order_number;
        ids.validity = o->order_validity;
        return ids;
    case PTN_TEXT_PRODUCT:
        return texts_of(&o->product, o, &h->products);
    case PTN_TEXT_CATEGORY:
        return texts_of(&o->category, o, &h->categories);
    default:
        return texts_of(&o->channel, o, &h->channels);
    }
}

static void remember(const ptn_step *s, int32_t text, const ptn_wanted_text *w, int32_t i)
{
    s->fresh[text][s->block->fresh[text]++] =
        (ptn_fresh){w->bits, w->hash, (int32_t)(s->at + i - s->rows->base), w->kind};
}

/* The number of a text, or what else it is. It is added where all rows that want it count. */
static inline int32_t number_of(const ptn_wanted_text *w, ptn_intern *intern, bool add, ptn_intern_range *range)
{
    if (w->kind == PTN_KEY_NONE) return PTN_INTERN_MISSING;
    int32_t number = ptn_intern_meet(intern, w, add, range);
    if (number >= 0) return number;
    return w->kind == PTN_KEY_LONG && !ptn_utf8_valid(w->bytes, w->length) ? PTN_INTERN_NOT_UTF8 : PTN_INTERN_NEW;
}

static void reject(ptn_step *s, int32_t i, int32_t field, int32_t reason)
{
    s->fine = false;
    if (s->verdicts[i] == 0) s->verdicts[i] = ptn_verdict(field, reason);
}

/* Whether the row's text in this column counts: of a row that the caller could not read, only its customer. */
static bool counts(const ptn_step *s, int32_t text, int32_t i)
{
    if (s->verdicts[i] == 0) return true;
    return text == PTN_TEXT_CUSTOMER && ptn_verdict_field(s->verdicts[i]) != PATRON_FIELD_CUSTOMER;
}

static void find_customers(ptn_step *s)
{
    ptn_wants *w = s->customers;
    const ptn_ids from = source_of(s->rows->history, s->orders, PTN_TEXT_CUSTOMER);
    const ptn_array *column = &s->rows->history->customer;
    int32_t *codes = (int32_t *)column->items + s->at;
    int32_t least = 0, top = s->block->top;
    if (from.text->offsets == NULL && from.numbers == NULL) {
        for (int32_t i = 0; i < s->count; i++) codes[i] = PTN_INTERN_MISSING;
        s->everyone = false;
        return;
    }
    ptn_wants_ask(w, from.intern, STEP);
    for (int32_t t = 0; t < w->count; t++) {
        int32_t number = ptn_intern_glance(from.intern, w->bits[t], w->hashes[t], w->kinds[t]);
        if (number < 0) {
            const ptn_wanted_text text = ptn_wants_text(w, t);
            number = number_of(&text, from.intern, s->fine, s->range);
            s->everyone &= number != PTN_INTERN_MISSING;
            if (number < least) least = number;
        }
        w->numbers[t] = number;
        top = number > top ? number : top;
    }
    s->block->top = top;
    for (int32_t i = 0; i < s->count; i++) codes[i] = w->numbers[w->of[i]];
    if (least >= PTN_INTERN_MISSING && s->fine) return;
    for (int32_t i = 0; i < s->count; i++) {
        if (!counts(s, PTN_TEXT_CUSTOMER, i)) codes[i] = PTN_INTERN_MISSING;
        if (codes[i] == PTN_INTERN_NEW) {
            const ptn_wanted_text text = ptn_wants_text(w, w->of[i]);
            remember(s, PTN_TEXT_CUSTOMER, &text, i);
        }
        if (codes[i] == PTN_INTERN_NOT_UTF8) reject(s, i, PATRON_FIELD_CUSTOMER, PATRON_REASON_NOT_UTF8);
    }
}

/* The numbers of those of the step's texts that a memo keeps; returns how many others there are, and which. */
static int32_t recall_texts(int32_t *codes, uint8_t unknown[STEP], const ptn_step *s, const ptn_ids *ids,
                            const ptn_memo *known)
{
    const patron_text *texts = ids->text;
    int32_t left = 0;
    if (texts->offsets == NULL) {
        for (int32_t i = 0; i < s->count; i++) codes[i] = PTN_INTERN_MISSING;
        return 0;
    }
    /* Up to there eight bytes may be read from any text's first on. */
    int64_t roomy = ids->end - 8, length = ptn_wants_length(ids, s->row, s->count);
    if (length > 0) {
        const uint8_t *bytes = texts->bytes + texts->offsets[s->row];
        return length > 8 ? ptn_memo_find_each(codes, unknown, known, bytes, length, s->count)
                          : ptn_memo_find_each(codes, unknown, known, bytes, length, s->count);
    }
    for (int32_t i = 0; i < s->count; i++) {
        const uint8_t *bytes;
        codes[i] = PTN_INTERN_MISSING;
        if (!ptn_batch_text(&bytes, &length, texts, s->row + i)) continue;
        codes[i] = ptn_memo_find(known, bytes, length, texts->offsets[s->row + i] <= roomy);
        unknown[left] = (uint8_t)i;
        left += codes[i] < 0;
    }
    return left;
}

/* Numbers of texts to their column, of the width that it has; below 0: none, which may get one yet. */
static void put_texts(const ptn_step *s, const ptn_array *column, uint32_t bit, const int32_t *codes)
{
    size_t each = ptn_text_width(s->rows->history, column);
    uint32_t all = 0;
    if (each == 1) {
        uint8_t *out = (uint8_t *)column->items + s->at;
        for (int32_t i = 0; i < s->count; i++) {
            uint32_t more = codes[i] < 0 ? 0 : (uint32_t)codes[i] + 1;
            out[i] = (uint8_t)more;
            all |= more;
        }
        if (all > UINT8_MAX) s->block->wide |= bit;
    } else if (each == 2) {
        uint16_t *out = (uint16_t *)column->items + s->at;
        for (int32_t i = 0; i < s->count; i++) {
            uint32_t more = codes[i] < 0 ? 0 : (uint32_t)codes[i] + 1;
            out[i] = (uint16_t)more;
            all |= more;
        }
        if (all > UINT16_MAX) s->block->wide |= bit;
    } else {
        memcpy((int32_t *)column->items + s->at, codes, (size_t)s->count * sizeof *codes);
    }
}

/* Numbers of products, categories or channels, of which there are few. */
static void find_few_texts(int32_t *codes, ptn_step *s, int32_t text, int32_t field, const ptn_memo *known)
{
    ptn_wanted_text wanted[STEP];
    uint8_t rows[STEP];
    const ptn_ids from = source_of(s->rows->history, s->orders, text);
    int32_t least = 0;
    int32_t unknown = recall_texts(codes, rows, s, &from, known);
    for (int32_t t = 0; t < unknown; t++) {
        ptn_wanted_text *w = &wanted[t];
        ptn_batch_text(&w->bytes, &w->length, from.text, s->row + rows[t]);
        ptn_intern_want(w, from.intern, w->bytes, w->length);
        ptn_intern_prefetch(from.intern, w->hash);
    }
    for (int32_t t = 0; t < unknown; t++) {
        int32_t number = codes[rows[t]] = number_of(&wanted[t], from.intern, s->fine, NULL);
        if (number < least) least = number;
        if (number >= 0) ptn_memo_keep(known, wanted[t].bytes, wanted[t].length, number);
    }
    if (least >= PTN_INTERN_MISSING && s->fine) return;
    for (int32_t i = 0; !s->fine && i < s->count; i++)
        if (!counts(s, text, i)) codes[i] = PTN_INTERN_MISSING;
    for (int32_t t = 0; t < unknown; t++) {
        if (codes[rows[t]] == PTN_INTERN_NEW) remember(s, text, &wanted[t], rows[t]);
        if (codes[rows[t]] == PTN_INTERN_NOT_UTF8) reject(s, rows[t], field, PATRON_REASON_NOT_UTF8);
    }
}

static void find_labels(ptn_step *s, const ptn_memo *known)
{
    patron_history *h = s->rows->history;
    const ptn_array *columns[PTN_READER_MEMOS] = {&h->product, &h->category, &h->channel};
    static const int32_t fields[PTN_READER_MEMOS] = {PATRON_FIELD_PRODUCT, PATRON_FIELD_CATEGORY, PATRON_FIELD_CHANNEL};
    int32_t codes[STEP];
    for (int32_t m = 0; m < PTN_READER_MEMOS; m++) {
        if (columns[m]->items == NULL) continue;
        find_few_texts(codes, s, PTN_TEXT_PRODUCT + m, fields[m], &known[m]);
        put_texts(s, columns[m], (uint32_t)PTN_WIDE_PRODUCT << m, codes);
    }
}

/* Order ids: the key itself, or of a LONG one its number. */
static void find_orders(ptn_step *s)
{
    ptn_wants w;
    const ptn_ids from = source_of(s->rows->history, s->orders, PTN_TEXT_ORDER);
    uint64_t orders[STEP];
    memset(s->order_flags, PTN_KEY_NONE << PTN_LINE_ORDER_SHIFT, sizeof s->order_flags);
    if (s->rows->history->order.items == NULL) return;
    if (from.text->offsets == NULL && from.numbers == NULL) {
        memset(orders, 0, sizeof orders);
        ptn_step_put_orders(s, orders);
        return;
    }
    if (from.numbers != NULL && from.validity == NULL && s->fine) {
        memset(s->order_flags, PTN_KEY_NUMBER << PTN_LINE_ORDER_SHIFT, sizeof s->order_flags);
        ptn_step_put_orders(s, (const uint64_t *)from.numbers + s->row);
        return;
    }
    ptn_wants_read(&w, &from, s->row, s->count, false, s->rows->kernels);
    bool plain = s->fine;
    for (int32_t t = 0; t < w.count; t++) plain &= w.kinds[t] == PTN_KEY_NUMBER || w.kinds[t] == PTN_KEY_SHORT;
    for (int32_t i = 0; plain && i < s->count; i++) {
        s->order_flags[i] = (uint8_t)(w.kinds[w.of[i]] << PTN_LINE_ORDER_SHIFT);
        orders[i] = w.bits[w.of[i]];
    }
    if (plain) {
        ptn_step_put_orders(s, orders);
        return;
    }
    for (int32_t t = 0; t < w.count; t++) {
        if (w.kinds[t] != PTN_KEY_LONG) continue;
        const ptn_wanted_text text = ptn_wants_text(&w, t);
        w.numbers[t] = number_of(&text, from.intern, false, NULL);
    }
    for (int32_t i = 0; i < s->count; i++) {
        int32_t t = w.of[i];
        orders[i] = 0;
        if (w.kinds[t] == PTN_KEY_NONE || !counts(s, PTN_TEXT_ORDER, i)) continue;
        s->order_flags[i] = (uint8_t)(w.kinds[t] << PTN_LINE_ORDER_SHIFT);
        orders[i] = w.bits[t];
        if (w.kinds[t] != PTN_KEY_LONG) continue;
        const ptn_wanted_text text = ptn_wants_text(&w, t);
        int32_t number = w.numbers[t];
        orders[i] = number < 0 ? 0 : (uint64_t)number;
        if (number == PTN_INTERN_NEW) remember(s, PTN_TEXT_ORDER, &text, i);
        if (number == PTN_INTERN_NOT_UTF8) reject(s, i, PATRON_FIELD_ORDER, PATRON_REASON_NOT_UTF8);
    }
    ptn_step_put_orders(s, orders);
}

/* What the caller says of rows that could not be read. */
static void find_faults(ptn_step *s)
{
    const patron_orders *o = s->orders;
    s->fine = s->everyone = true;
    memset(s->verdicts, 0, (size_t)s->count);
    for (int32_t i = 0; o->fault != NULL && i < s->count; i++) {
        if (o->fault[s->row + i] == 0) continue;
        s->fine = false;
        int32_t field = o->fault_field == NULL ? PATRON_FIELD_NONE : o->fault_field[s->row + i];
        s->verdicts[i] = ptn_verdict(field == PATRON_FIELD_NONE ? PATRON_FIELD_ROW : field, o->fault[s->row + i]);
    }
}

/* Rows of another currency than the one asked for, and codes that are no texts. */
static void find_currencies(ptn_step *s)
{
    const patron_text *codes = &s->orders->currency;
    const patron_history *h = s->rows->history;
    for (int32_t i = 0; i < s->count; i++) {
        int64_t row = s->row + i;
        if (h->currency.length > 0 && ptn_currency_is(&h->currency, codes, row)) continue;
        if (h->options.only_currency != NULL)
            reject(s, i, PATRON_FIELD_CURRENCY, PATRON_REASON_OTHER_CURRENCY);
        else if (!ptn_currency_readable(codes, row))
            reject(s, i, PATRON_FIELD_CURRENCY, PATRON_REASON_NOT_UTF8);
    }
}

/* The currency that lines name, where none was asked for; the first row of the step that names another, or -1. */
static int32_t store_currencies(const ptn_step *s)
{
    const patron_text *codes = &s->orders->currency;
    int64_t *stamps = (int64_t *)s->rows->history->stamp.items + s->at, length;
    const uint8_t *bytes;
    for (int32_t i = 0; i < s->count; i++) {
        if (s->verdicts[i] != 0 || !ptn_batch_text(&bytes, &length, codes, s->row + i)) continue;
        stamps[i] |= PTN_LINE_CURRENCY;
        if (s->block->currency_row < 0) s->block->currency_row = s->rows->from + s->at - s->rows->base + i;
        if (!ptn_currency_meet(&s->block->currency, codes, s->row + i)) return i;
    }
    return -1;
}

/* The block's rows from the source; false where they cannot be had: those of a block before are no matter then. */
static bool convert(patron_orders *made, const uint8_t **rounded, const ptn_reader *r, int64_t block, int32_t worker,
                    int64_t from, int64_t count)
{
    ptn_reader_failure *failure = &r->failures[worker];
    if (failure->block < 0 || block < failure->block) {
        patron_status status = r->source->convert(made, rounded, r->source->user, worker, from, count, &failure->error);
        if (status == PATRON_OK) return true;
        failure->status = status;
        failure->block = block;
    }
    r->blocks[block].failed = true;
    return false;
}

static void touch_columns(patron_history *h, int64_t line, int64_t count)
{
    ptn_column columns[PTN_HISTORY_COLUMNS];
    ptn_history_columns(columns, h);
    for (int i = 0; i < PTN_HISTORY_COLUMNS; i++)
        if (columns[i].array->items != NULL)
            ptn_touch((uint8_t *)columns[i].array->items + columns[i].each * (size_t)line,
                      columns[i].each * (size_t)count);
}

/* Makes the step that begins with row `at` of the chunk; `first` is its block's, which ends before `end`. */
static void open_step(ptn_step *s, int64_t at, int64_t first, int64_t end)
{
    const ptn_reader *r = s->rows;
    s->row = r->source == NULL ? r->from + at : at - first;
    s->at = r->base + at;
    s->count = end - at < STEP ? (int32_t)(end - at) : STEP;
    s->verdicts = r->verdicts + at;
}

/* The customers of the step after, if there is one. */
static void look_ahead(ptn_step *s, const ptn_ids *ids, int64_t at, int64_t first, int64_t end)
{
    ptn_step next = {.rows = s->rows};
    s->ahead = NULL;
    if (at >= end || (ids->text->offsets == NULL && ids->numbers == NULL)) return;
    open_step(&next, at, first, end);
    s->ahead = s->customers == &s->wants[0] ? &s->wants[1] : &s->wants[0];
    ptn_wants_read(s->ahead, ids, next.row, next.count, true, s->rows->kernels);
}

/* Asks for the numbers of a step of rows to come: processors do not ask beyond a page by themselves, and wait at each
   one, column by column. */
static void ask_numbers(const patron_orders *o, int64_t row)
{
    const void *const columns[] = {o->customer_number, o->order_number,    o->time_s,   o->quantity,
                                   o->amount,          o->amount_value,    o->discount, o->discount_value,
                                   o->unit_price,      o->unit_price_value};
    enum { EACH = 8, LINE = 64 };
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (int32_t i = 0; columns[c] != NULL && i < STEP * EACH; i += LINE)
            __builtin_prefetch((const char *)columns[c] + row * EACH + i);
}

void ptn_reader_read(void *argument, int64_t block, int32_t worker)
{
    const ptn_reader *r = argument;
    ptn_reader_block *b = &r->blocks[block];
    int64_t first = block * PTN_READER_BLOCK,
            end = first + PTN_READER_BLOCK < r->count ? first + PTN_READER_BLOCK : r->count;
    ptn_wants wants[2];
    ptn_step s = {.rows = r,
                  .block = b,
                  .orders = r->orders,
                  .customers = &wants[1],
                  .range = &r->ranges[worker],
                  .wants = wants};
    patron_orders made;
    b->bad = b->currency_row = -1;
    b->last_s = INT64_MIN;
    if (r->source != NULL) {
        if (!convert(&made, &s.rounded, r, block, worker, r->from + first, end - first)) return;
        s.orders = &made;
    }
    touch_columns(r->history, r->base + first, end - first);
    for (int32_t t = 0; t < PTN_TEXTS; t++) s.fresh[t] = r->fresh[t] == NULL ? NULL : r->fresh[t] + first;
    const ptn_memo *known = r->memos + worker * PTN_READER_MEMOS;
    const ptn_ids customers = source_of(r->history, s.orders, PTN_TEXT_CUSTOMER);
    s.asked = customers.intern;
    look_ahead(&s, &customers, first, first, end);
    for (int64_t at = first; at < end; at += STEP) {
        if (s.ahead != NULL) s.customers = s.ahead;
        look_ahead(&s, &customers, at + STEP, first, end);
        open_step(&s, at, first, end);
        if (at + (EARLY + 1) * STEP <= end) ask_numbers(s.orders, s.row + EARLY * STEP);
        find_faults(&s);
        if (s.orders->currency.offsets != NULL) find_currencies(&s);
        find_customers(&s);
        ptn_step_ask(&s);
        find_orders(&s);
        ptn_step_ask(&s);
        find_labels(&s, known);
        int32_t bad = ptn_step_store(&s);
        if (bad < 0 && s.orders->currency.offsets != NULL && r->history->options.only_currency == NULL)
            bad = store_currencies(&s);
        if (bad < 0) continue;
        b->bad = r->from + at + bad;
        return;
    }
}

patron_status ptn_reader_orders(patron_orders *orders, int64_t *at, const ptn_reader *r, int64_t row,
                                patron_error *error)
{
    *orders = *r->orders;
    *at = row;
    if (r->source == NULL) return PATRON_OK;
    const uint8_t *rounded;
    int64_t in_chunk = row - r->from, first = in_chunk - in_chunk % PTN_READER_BLOCK,
            count = r->count - first < PTN_READER_BLOCK ? r->count - first : PTN_READER_BLOCK;
    *at = in_chunk - first;
    return r->source->convert(orders, &rounded, r->source->user, 0, r->from + first, count, error);
}

patron_status ptn_reader_texts(patron_text *texts, int64_t *first, const ptn_reader *r, int32_t text, int64_t block,
                               patron_error *error)
{
    const patron_text *given[PTN_TEXTS] = {&r->orders->customer_id, &r->orders->order_id, &r->orders->product,
                                           &r->orders->category, &r->orders->channel};
    int64_t from = block * PTN_READER_BLOCK, count = r->count - from;
    *texts = *given[text];
    *first = r->from + from;
    if (r->source == NULL) return PATRON_OK;
    *first = 0;
    return r->source->convert_text(texts, r->source->user, text, r->from + from,
                                   count < PTN_READER_BLOCK ? count : PTN_READER_BLOCK, error);
}
