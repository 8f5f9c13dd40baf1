/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Appending a batch, all or nothing: room for every row is made first, rows are written behind the columns' counts, and
   only when the last one is good do the counts move. Texts are interned at once, and taken back on failure.

   A batch is read in chunks, each by several threads (reader.h); then the calling thread gives numbers to the texts
   that are new, in the order of the rows, lists what was rejected and closes the gaps. The first chunks are small, so
   that most texts are known by the time that most rows are read. */
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/floating.h"
#include "history/append.h"
#include "history/batch.h"
#include "history/currency.h"
#include "history/history.h"

/* New texts that room is made for at once; how many ahead their slots are asked for. */
enum { FRESH_STEP = 1024, AHEAD = 12, EARLY = 4 /* times as many rows left */ };

/* Bytes of a column of orders that are copied to four times the room, of other columns an eighth; of a small column. */
enum { MOST_COPIED = 1 << 28, SMALL = 1 << 24 };

/* A batch on its way in: what is written behind the counts so far. */
typedef struct appender {
    patron_history *history;
    const patron_orders *orders;
    const ptn_context *context;
    ptn_team *team;
    patron_error *error;
    ptn_reader rows;
    ptn_memos *memos;
    int32_t *renamed;         /* customers of a chunk, see ptn_intern_own */
    int64_t known[PTN_TEXTS]; /* texts with slots that there were before the last chunk */
    int64_t lines, rejected, unreadable, no_customer, rounded, last_s;
    ptn_currency currency; /* the history's, or what the lines so far name */
} appender;

static ptn_intern *intern_of(patron_history *h, int32_t text)
{
    ptn_intern *interns[PTN_TEXTS] = {&h->customers, &h->orders, &h->products, &h->categories, &h->channels};
    return interns[text];
}

static bool is_given(const patron_orders *o, int32_t text)
{
    const patron_text *texts[PTN_TEXTS] = {&o->customer_id, &o->order_id, &o->product, &o->category, &o->channel};
    return texts[text]->offsets != NULL || (text == PTN_TEXT_CUSTOMER && o->customer_number != NULL);
}

/* Room for so many more in a column. One that has to move gets four times the room, a small one sixteen times: what is
   copied is touched twice, and room that is not used is not touched at all. Large ones move without a copy, but for
   orders, which are ids: they are copied and wiped. */
static patron_status reserve_column(patron_history *h, ptn_array *column, int64_t more, size_t each, const char *what,
                                    patron_error *error)
{
    bool orders = column == &h->order;
    int64_t roomy = 0, needed, most = (orders ? MOST_COPIED : MOST_COPIED / 8) / (int64_t)each;
    if (column->items != NULL && column->capacity < most)
        roomy = (column->capacity < SMALL / (int64_t)each ? 16 : 4) * column->capacity;
    if (ptn_add_i64(&needed, column->count, more) && needed > column->capacity && needed < roomy)
        more = roomy - column->count;
    return orders ? ptn_array_reserve_wiping(column, &h->memory, more, each, what, error)
                  : ptn_array_reserve(column, &h->memory, more, each, what, error);
}

/* Room for `rows` more in an optional column; one that was not there says "none" for the lines so far. */
static patron_status reserve_optional(patron_history *h, ptn_array *column, bool brought, int64_t rows, size_t each,
                                      int byte, const char *what, patron_error *error)
{
    bool fresh = column->items == NULL;
    if (fresh && !brought) return PATRON_OK;
    if (fresh) column->count = 0;
    int64_t more = fresh ? ptn_history_lines(h) + rows : rows;
    patron_status status = reserve_column(h, column, more, each, what, error);
    if (status != PATRON_OK || !fresh) return status;
    memset(column->items, byte, (size_t)ptn_history_lines(h) * each);
    column->count = ptn_history_lines(h);
    return PATRON_OK;
}

/* Room for the batch in every column. 8-byte columns first: they tell first when a size cannot be. */
patron_status ptn_history_reserve(patron_history *h, const patron_orders *o, patron_error *error)
{
    ptn_column columns[PTN_HISTORY_COLUMNS] = {
        {&h->stamp, 8}, {&h->amount, ptn_history_width(h, &h->amount)}, {&h->customer, 4}};
    for (size_t i = 0; i < 3; i++) {
        patron_status status = reserve_column(h, columns[i].array, o->rows, columns[i].each, "order lines", error);
        if (status != PATRON_OK) return status;
    }
    patron_status status =
        reserve_optional(h, &h->order, o->order_id.offsets != NULL || o->order_number != NULL, o->rows,
                         ptn_history_width(h, &h->order), 0, "order ids of order lines", error);
    if (status != PATRON_OK) return status;
    bool first = h->quantity.items == NULL;
    status = reserve_optional(h, &h->quantity, o->quantity != NULL, o->rows, ptn_history_width(h, &h->quantity), 0,
                              "quantities of order lines", error);
    if (status != PATRON_OK) return status;
    for (int64_t i = 0; first && i < h->quantity.count; i++) {
        if ((h->wide & PTN_WIDE_QUANTITY) != 0)
            ((double *)h->quantity.items)[i] = 1.0;
        else
            ((int16_t *)h->quantity.items)[i] = 1;
    }
    const struct {
        ptn_array *column;
        bool brought;
        const char *what;
    } texts[] = {{&h->product, o->product.offsets != NULL, "products of order lines"},
                 {&h->category, o->category.offsets != NULL, "categories of order lines"},
                 {&h->channel, o->channel.offsets != NULL, "channels of order lines"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t each = ptn_text_width(h, texts[i].column);
        status = reserve_optional(h, texts[i].column, texts[i].brought, o->rows, each, each == 4 ? 0xFF : 0,
                                  texts[i].what, error);
        if (status != PATRON_OK) return status;
    }
    return reserve_optional(h, &h->discount, o->discount != NULL || o->discount_value != NULL, o->rows,
                            ptn_history_width(h, &h->discount), 0, "discounts of order lines", error);
}

/* Memos for each worker, as large as pays for so many rows: products are more than categories and channels. */
static patron_status open_memos(appender *a, int64_t rows)
{
    static const int32_t most[PTN_READER_MEMOS] = {14, 10, 10}, fewer = 2;
    ptn_memos *m = a->memos;
    int64_t places = 0, words = 0;
    int32_t bits[PTN_READER_MEMOS], word_bits[PTN_READER_MEMOS], workers = a->context->threads;
    bool enough = m->memos != NULL;
    void *block;
    for (int32_t t = 0; t < PTN_READER_MEMOS; t++) {
        bits[t] = 0;
        if (!is_given(a->orders, PTN_TEXT_PRODUCT + t)) continue;
        for (bits[t] = 4; bits[t] < most[t] && INT64_C(1) << bits[t] < rows; bits[t]++) {
        }
        enough = enough && m->memos[t].first_bits >= bits[t];
        word_bits[t] = bits[t] < PTN_MEMO_SHORT_BITS ? bits[t] : PTN_MEMO_SHORT_BITS;
        places += (INT64_C(1) << bits[t]) + (INT64_C(1) << (bits[t] - fewer));
        words += INT64_C(1) << word_bits[t];
    }
    if (enough) return PATRON_OK;
    ptn_memos_close(m, &a->context->memory);
    patron_status status =
        ptn_allocate_zero(&block, &a->context->memory, workers * PTN_READER_MEMOS, sizeof *m->memos, "texts", a->error);
    m->memos = block;
    if (status != PATRON_OK || places == 0) return status;
    m->place_count = places * workers;
    m->word_count = words * workers;
    const ptn_wanted wanted[] = {{&m->places, m->place_count, sizeof *m->places, "texts"},
                                 {&m->words, m->word_count, sizeof *m->words, "texts"}};
    status = ptn_allocate_each(wanted, 2, true, &a->context->memory, a->error);
    places = words = 0;
    for (int32_t i = 0; status == PATRON_OK && i < workers * PTN_READER_MEMOS; i++) {
        int32_t t = i % PTN_READER_MEMOS;
        if (bits[t] == 0) continue;
        ptn_memo_text *firsts = m->places + places;
        int64_t of_firsts = INT64_C(1) << bits[t];
        m->memos[i] = (ptn_memo){firsts, firsts + of_firsts, m->words + words, bits[t], bits[t] - fewer, word_bits[t]};
        places += of_firsts + (INT64_C(1) << (bits[t] - fewer));
        words += INT64_C(1) << word_bits[t];
    }
    return status;
}

void ptn_memos_close(ptn_memos *m, const ptn_memory *memory)
{
    if (m->places != NULL) ptn_wipe(m->places, (size_t)m->place_count * sizeof *m->places);
    if (m->words != NULL) ptn_wipe(m->words, (size_t)m->word_count * sizeof *m->words);
    ptn_free(memory, m->words);
    ptn_free(memory, m->places);
    ptn_free(memory, m->memos);
    memset(m, 0, sizeof *m);
}

/* Room to read a chunk. */
static patron_status open_rows(appender *a)
{
    ptn_reader *r = &a->rows;
    int64_t most = a->orders->rows < PTN_READER_CHUNK ? a->orders->rows : PTN_READER_CHUNK;
    ptn_wanted wanted[4 + PTN_TEXTS] = {
        {&r->verdicts, most, 1, "rows"},
        {&r->blocks, (most + PTN_READER_BLOCK - 1) / PTN_READER_BLOCK, sizeof *r->blocks, "rows"},
        {&r->failures, a->context->threads, sizeof *r->failures, "rows"},
        {&a->renamed, (int64_t)a->context->threads * PTN_INTERN_RANGE, sizeof *a->renamed, "new texts"}};
    size_t count = 4;
    void *block;
    r->history = a->history;
    r->orders = a->orders;
    for (int32_t t = 0; t < PTN_TEXTS; t++)
        if (is_given(a->orders, t)) wanted[count++] = (ptn_wanted){&r->fresh[t], most, sizeof **r->fresh, "new texts"};
    patron_status status = ptn_allocate_each(wanted, count, false, &a->context->memory, a->error);
    if (status == PATRON_OK) {
        for (int32_t w = 0; w < a->context->threads; w++) r->failures[w].block = -1;
        status = ptn_allocate_zero(&block, &a->context->memory, a->context->threads, sizeof *r->ranges, "new texts",
                                   a->error);
        r->ranges = block;
    }
    if (status == PATRON_OK) status = open_memos(a, most);
    r->memos = a->memos->memos;
    return status;
}

static void close_rows(appender *a)
{
    ptn_reader *r = &a->rows;
    for (int32_t t = 0; t < PTN_TEXTS; t++) ptn_free(&a->context->memory, r->fresh[t]);
    ptn_free(&a->context->memory, r->ranges);
    ptn_free(&a->context->memory, a->renamed);
    ptn_free(&a->context->memory, r->failures);
    ptn_free(&a->context->memory, r->blocks);
    ptn_free(&a->context->memory, r->verdicts);
}

/* The chunk's lists of new texts are wiped: they hold ids. */
static void wipe_fresh(const ptn_reader *r, int64_t blocks)
{
    for (int64_t b = 0; b < blocks; b++)
        for (int32_t t = 0; t < PTN_TEXTS; t++)
            if (r->blocks[b].fresh[t] > 0)
                ptn_wipe(r->fresh[t] + b * PTN_READER_BLOCK, (size_t)r->blocks[b].fresh[t] * sizeof **r->fresh);
}

static bool any_long(const ptn_fresh *fresh, int64_t count)
{
    bool any = false;
    for (int64_t i = 0; i < count; i++) any |= fresh[i].kind == PTN_KEY_LONG;
    return any;
}

/* A line's text gets its number. */
static patron_status put_text(appender *a, int32_t text, int64_t line, int32_t number)
{
    patron_history *h = a->history;
    if (text == PTN_TEXT_CUSTOMER) {
        ((int32_t *)h->customer.items)[line] = number;
        return PATRON_OK;
    }
    if (text == PTN_TEXT_ORDER) {
        ptn_line_set_order(h, line, (uint64_t)number);
        return PATRON_OK;
    }
    ptn_array *column = text == PTN_TEXT_PRODUCT ? &h->product : text == PTN_TEXT_CATEGORY ? &h->category : &h->channel;
    if (ptn_text_put(column->items, ptn_text_width(h, column), line, number)) return PATRON_OK;
    /* Numbers of the chunk's other lines are in the column by now, and stay. */
    patron_status status = ptn_history_widen(h, (uint32_t)PTN_WIDE_PRODUCT << (text - PTN_TEXT_PRODUCT),
                                             a->rows.base + a->rows.count, a->error);
    if (status == PATRON_OK) ptn_text_put(column->items, ptn_text_width(h, column), line, number);
    return status;
}

/* Gives numbers to new texts of one block. */
static patron_status number_texts(appender *a, int32_t text, int64_t block)
{
    ptn_intern *intern = intern_of(a->history, text);
    const ptn_reader *r = &a->rows;
    const ptn_fresh *fresh = r->fresh[text] + block * PTN_READER_BLOCK;
    int64_t count = r->blocks[block].fresh[text], first = 0;
    patron_text texts = {NULL, NULL, NULL};
    if (any_long(fresh, count)) {
        patron_status status = ptn_reader_texts(&texts, &first, r, text, block, a->error);
        if (status != PATRON_OK) return status;
        first -= block * PTN_READER_BLOCK;
    }
    for (int64_t from = 0; from < count; from += FRESH_STEP) {
        int64_t end = from + FRESH_STEP < count ? from + FRESH_STEP : count, bytes = 0, length;
        const uint8_t *at;
        for (int64_t i = from; i < end; i++)
            if (fresh[i].kind == PTN_KEY_LONG && ptn_batch_text(&at, &length, &texts, first + fresh[i].row))
                bytes += ptn_intern_long_bytes(length);
        patron_status status = ptn_intern_reserve(intern, end - from, bytes, &a->history->memory, a->error);
        if (status != PATRON_OK) return status;
        for (int64_t i = from; i < end; i++) {
            if (i + AHEAD < end) ptn_intern_prefetch(intern, fresh[i + AHEAD].hash);
            ptn_wanted_text w = {fresh[i].bits, fresh[i].hash, NULL, 0, fresh[i].kind};
            if (w.kind == PTN_KEY_LONG) ptn_batch_text(&w.bytes, &w.length, &texts, first + fresh[i].row);
            int32_t number = ptn_intern_add(intern, &w);
            if (number < 0) return ptn_intern_fail_full(intern, a->error);
            status = put_text(a, text, r->base + fresh[i].row, number);
            if (status != PATRON_OK) return status;
        }
    }
    return PATRON_OK;
}

/* The orders of the block that was asked for last. */
typedef struct known_lines {
    patron_orders orders;
    int64_t block, ahead; /* -1: none; places in the orders less rows of the chunk */
} known_lines;

/* The caller's number of a line, or -1. */
static patron_status find_line(int64_t *line, known_lines *known, const appender *a, int64_t row)
{
    int64_t at;
    *line = -1;
    if (a->orders->line == NULL) return PATRON_OK;
    if (known->block != row / PTN_READER_BLOCK) {
        patron_status status = ptn_reader_orders(&known->orders, &at, &a->rows, a->rows.from + row, a->error);
        if (status != PATRON_OK) return status;
        known->block = row / PTN_READER_BLOCK;
        known->ahead = at - row;
    }
    *line = known->orders.line[known->ahead + row];
    return PATRON_OK;
}

/* Lists the chunk's rejected rows, and moves the lines together. */
static patron_status close_gaps(appender *a, int64_t rejected)
{
    patron_history *h = a->history;
    const ptn_reader *r = &a->rows;
    ptn_column columns[PTN_HISTORY_COLUMNS];
    patron_status status = ptn_array_reserve(&h->rejected, &h->memory, a->rejected + rejected, sizeof(ptn_rejection),
                                             "rejected rows", a->error);
    if (status != PATRON_OK) return status;
    ptn_history_columns(columns, h);
    const int32_t *customers = (const int32_t *)h->customer.items + r->base;
    known_lines known = {.block = -1};
    int64_t kept = 0;
    for (int64_t row = 0; row < r->count;) {
        uint8_t verdict = r->verdicts[row];
        if (verdict != 0) {
            ptn_rejection *one = (ptn_rejection *)h->rejected.items + h->rejected.count + a->rejected++;
            bool nobody = (verdict & PTN_VERDICT_NO_CUSTOMER) != 0;
            memset(one, 0, sizeof *one);
            one->row = ptn_history_rows(h) + r->from + row;
            status = find_line(&one->line, &known, a, row);
            if (status != PATRON_OK) return status;
            one->customer = customers[row] < 0 ? PTN_INTERN_MISSING : customers[row];
            one->field = (uint8_t)ptn_verdict_field(verdict);
            one->reason = (uint8_t)ptn_verdict_reason(verdict);
            one->fate = nobody ? PATRON_FATE_NO_CUSTOMER : PATRON_FATE_UNREADABLE;
            a->no_customer += nobody;
            a->unreadable += !nobody;
            row++;
            continue;
        }
        int64_t end = row;
        while (end < r->count && r->verdicts[end] == 0) end++;
        for (int i = 0; kept < row && i < PTN_HISTORY_COLUMNS; i++) {
            if (columns[i].array->items == NULL) continue;
            uint8_t *items = (uint8_t *)columns[i].array->items + (size_t)r->base * columns[i].each;
            memmove(items + (size_t)kept * columns[i].each, items + (size_t)row * columns[i].each,
                    (size_t)(end - row) * columns[i].each);
        }
        kept += end - row;
        row = end;
    }
    return PATRON_OK;
}

/* The first row, by blocks, that the append fails for. */
static patron_status find_failure(const appender *a, int64_t blocks)
{
    const ptn_reader *r = &a->rows;
    for (int64_t b = 0; b < blocks; b++) {
        if (r->blocks[b].bad >= 0) return ptn_reader_explain(r, r->blocks[b].bad, a->error);
        if (!r->blocks[b].failed) continue;
        for (int32_t w = 0; w < a->context->threads; w++) {
            if (r->failures[w].block != b) continue;
            if (a->error != NULL) *a->error = r->failures[w].error;
            return r->failures[w].status;
        }
    }
    return PATRON_OK;
}

/* What is to be done of a chunk once its blocks are read. */
static patron_status settle_chunk(appender *a, int64_t blocks)
{
    ptn_reader *r = &a->rows;
    int64_t rejected = 0;
    patron_status status = find_failure(a, blocks);
    for (int64_t b = 0; status == PATRON_OK && b < blocks; b++) {
        ptn_reader_block *block = &r->blocks[b];
        if (!ptn_currency_join(&a->currency, &block->currency)) {
            block->currency = a->currency;
            return ptn_reader_explain(r, block->currency_row, a->error);
        }
        rejected += block->rejected;
        a->rounded += block->rounded;
        if (block->last_s > a->last_s) a->last_s = block->last_s;
        for (int32_t t = 0; status == PATRON_OK && t < PTN_TEXTS; t++)
            if (block->fresh[t] > 0) status = number_texts(a, t, b);
    }
    if (status == PATRON_OK && rejected > 0) status = close_gaps(a, rejected);
    a->lines += r->count - rejected;
    return status;
}

/* As many texts as there are, or a few, and as there are rows at most. */
static int64_t few_more(int64_t count, int64_t rows)
{
    int64_t texts = count > FRESH_STEP ? count : FRESH_STEP;
    return texts < rows ? texts : rows;
}

/* Room in the tables for as many new texts as there were, or a few, and as there are rows at most. Where a table has to
   grow early in a batch it will have to again, so it grows by more at once: once a whole chunk has been read, for a
   quarter of what would come if it came as in that one, as it comes ever less often. */
static patron_status share_texts(appender *a, int64_t rows)
{
    int64_t left = a->orders->rows - a->rows.from;
    for (int32_t t = 0; t < PTN_TEXTS; t++) {
        ptn_intern *intern = intern_of(a->history, t);
        const ptn_memory *memory = &a->history->memory;
        patron_status status = PATRON_OK;
        if (!is_given(a->orders, t) || t == PTN_TEXT_ORDER) continue;
        if (t == PTN_TEXT_CUSTOMER) status = ptn_intern_make_index(intern, memory, a->error);
        int64_t texts = few_more(ptn_intern_count(intern), rows), slotted = ptn_intern_slotted(intern),
                slots = few_more(slotted, rows);
        if (ptn_intern_grows(intern, slots) && left / EARLY > a->rows.from) {
            int64_t more = (slotted - a->known[t]) * (left / PTN_READER_CHUNK) / 4;
            if (slots < left / 3) slots *= 3;
            if (a->rows.count == PTN_READER_CHUNK && more > slots) slots = more;
        }
        a->known[t] = slotted;
        if (texts < slots) texts = slots;
        if (status == PATRON_OK) status = ptn_intern_widen(intern, slots, a->team, memory, a->error);
        if (status == PATRON_OK) status = ptn_intern_extend(intern, texts, memory, a->error);
        if (status != PATRON_OK) return status;
    }
    for (int32_t t = 0; t < PTN_TEXTS; t++) ptn_intern_share(intern_of(a->history, t));
    return PATRON_OK;
}

/* The tables are the calling thread's again; customers in the lines of the blocks that were read get their last
   numbers. */
static void own_texts(appender *a, int64_t blocks)
{
    ptn_reader *r = &a->rows;
    ptn_intern *customers = &a->history->customers;
    int32_t *codes = (int32_t *)a->history->customer.items + r->base;
    for (int32_t t = 0; t < PTN_TEXTS; t++)
        if (t != PTN_TEXT_CUSTOMER) ptn_intern_own(intern_of(a->history, t), NULL, 0, NULL);
    ptn_intern_own(customers, r->ranges, a->context->threads, a->renamed);
    int32_t count = (int32_t)ptn_intern_count(customers);
    for (int64_t b = 0; b < blocks; b++) {
        int64_t from = b * PTN_READER_BLOCK, end = from + PTN_READER_BLOCK;
        if (end > r->count) end = r->count;
        if (r->blocks[b].failed || r->blocks[b].bad >= 0 || r->blocks[b].top < count) continue;
        for (int64_t i = from; i < end; i++)
            if (codes[i] >= count) codes[i] = a->renamed[codes[i] - count];
    }
}

static patron_status read_chunks(appender *a)
{
    ptn_reader *r = &a->rows;
    int64_t rows = a->orders->rows, most = PTN_READER_BLOCK;
    patron_status status = PATRON_OK;
    while (most < PTN_READER_CHUNK && most < ptn_history_lines(a->history)) most *= 2;
    for (r->from = 0; status == PATRON_OK && r->from < rows; r->from += r->count) {
        int64_t count = rows - r->from < most ? rows - r->from : most;
        status = share_texts(a, count);
        if (status != PATRON_OK) break;
        r->count = count;
        r->base = ptn_history_lines(a->history) + a->lines;
        if (a->history->reached < r->base + count) a->history->reached = r->base + count;
        int64_t blocks = (r->count + PTN_READER_BLOCK - 1) / PTN_READER_BLOCK;
        memset(r->blocks, 0, (size_t)blocks * sizeof *r->blocks);
        status = ptn_team_run_apart(a->team, "history", (double)r->from / (double)rows,
                                    (double)(r->from + r->count) / (double)rows, blocks, ptn_reader_read, r, a->error);
        own_texts(a, status == PATRON_OK ? blocks : 0);
        uint32_t wide = 0;
        for (int64_t b = 0; b < blocks; b++) wide |= r->blocks[b].wide;
        if (status == PATRON_OK && wide != 0) {
            /* The chunk once more, with room for what it has. */
            status = ptn_history_widen(a->history, wide, r->base, a->error);
            wipe_fresh(r, blocks);
            r->count = 0;
            continue;
        }
        if (status == PATRON_OK) status = settle_chunk(a, blocks);
        wipe_fresh(r, blocks);
        if (most < PTN_READER_CHUNK) most *= 2;
    }
    return status;
}

static void commit(const appender *a)
{
    patron_history *h = a->history;
    ptn_column columns[PTN_HISTORY_COLUMNS];
    ptn_history_columns(columns, h);
    for (int i = 0; i < PTN_HISTORY_COLUMNS; i++)
        if (columns[i].array->items != NULL) columns[i].array->count += a->lines;
    h->rejected.count += a->rejected;
    h->unreadable += a->unreadable;
    h->no_customer += a->no_customer;
    h->amounts_rounded += a->rounded;
    if (a->last_s > h->last_s) h->last_s = a->last_s;
    h->currency = a->currency;
}

patron_status ptn_append(patron_history *history, const patron_orders *orders, const ptn_batch_source *source,
                         int64_t first, ptn_memos *memos, ptn_team *team, patron_error *error)
{
    appender a = {.history = history,
                  .orders = orders,
                  .context = team->context,
                  .team = team,
                  .memos = memos,
                  .error = error,
                  .rows = {.kernels = ptn_kernels_here(), .source = source, .first = first},
                  .last_s = INT64_MIN,
                  .currency = history->currency};
    int64_t known[PTN_TEXTS];
    for (int32_t t = 0; t < PTN_TEXTS; t++) known[t] = ptn_intern_count(intern_of(history, t));
    patron_status status = ptn_history_reserve(history, orders, error);
    if (status == PATRON_OK) status = open_rows(&a);
    if (status == PATRON_OK) status = read_chunks(&a);
    close_rows(&a);
    if (status == PATRON_OK)
        commit(&a);
    else
        for (int32_t t = 0; t < PTN_TEXTS; t++) ptn_intern_truncate(intern_of(history, t), known[t]);
    return status;
}

patron_status patron_history_append(patron_history *history, const patron_orders *orders, const patron_context *context,
                                    patron_error *error)
{
    patron_orders read;
    ptn_context known;
    ptn_team team;
    ptn_memos memos = {0};
    fenv_t host;
    ptn_ok(error);
    if (history == NULL) return ptn_fail_null(error, "history");
    patron_status status = ptn_context_read(&known, context, error);
    if (status != PATRON_OK) return status;
    status = ptn_batch_read(&read, orders, error);
    if (status != PATRON_OK || read.rows == 0) return status;

    ptn_floating_enter(&host);
    ptn_team_open(&team, &known);
    status = ptn_batch_check_columns(&read, error);
    if (status == PATRON_OK) status = ptn_append(history, &read, NULL, 0, &memos, &team, error);
    ptn_memos_close(&memos, &known.memory);
    ptn_team_close(&team);
    ptn_floating_leave(&host);
    return status;
}
