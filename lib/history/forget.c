/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forgetting a customer. First everything that can fail: the customer is found, and for each text that another
   customer's lines use a new number is set aside. Then what cannot: rows, lines and texts close the gaps in place, and
   what lay behind them is overwritten.

       before   lines  a b a c b      customers  a b c
       forget a        b c b                     b c        and zeros up to the capacity

   An id that is known has a row, or was merged: what an append interned before it failed was taken back. A customer is
   all ids that are merged into one. */
#include <string.h>

#include "base/error.h"
#include "history/history.h"

enum { ROWS_BETWEEN_CALLBACKS = 1 << 20, TEXTS = 5 };

/* Texts' new numbers, by old number; -1: no text any more. Whose they are that go: `root`'s; NULL roots: each its own.
 */
typedef struct renumbering {
    int32_t *customers, *orders, *products, *categories, *channels;
    const int32_t *roots;
    int32_t root;
} renumbering;

static bool goes(const renumbering *new, int32_t customer)
{
    return customer >= 0 && (new->roots == NULL ? customer : new->roots[customer]) == new->root;
}

static void keep_order(int32_t *numbers, const patron_history *h, int64_t line)
{
    if (ptn_stamp_order(((const int64_t *)h->stamp.items)[line]) == PTN_KEY_LONG) numbers[ptn_line_order(h, line)] = 0;
}

static void keep_text(int32_t *numbers, int32_t text)
{
    if (text >= 0) numbers[text] = 0;
}

/* Marks the texts that other customers' rows use. */
static patron_status mark(renumbering *new, const patron_history *h, const ptn_context *context, patron_error *error)
{
    const int32_t *customers = h->customer.items;
    const ptn_rejection *rejected = h->rejected.items;
    int64_t lines = ptn_history_lines(h);
    for (int64_t i = 0; i < lines; i++) {
        if (i % ROWS_BETWEEN_CALLBACKS == 0 &&
            ptn_progress(context, "forget", (double)i / (double)lines, error) != PATRON_OK)
            return ptn_fail(error, PATRON_CANCELLED, "cancelled by the caller; nothing was forgotten");
        if (goes(new, customers[i])) continue;
        new->customers[customers[i]] = 0;
        keep_order(new->orders, h, i);
        keep_text(new->products, ptn_line_product(h, i));
        keep_text(new->categories, ptn_line_category(h, i));
        keep_text(new->channels, ptn_line_channel(h, i));
    }
    for (int64_t i = 0; i < h->rejected.count; i++)
        if (rejected[i].customer >= 0 && !goes(new, rejected[i].customer)) new->customers[rejected[i].customer] = 0;
    for (int64_t i = 0; i < h->ignored.count; i++)
        if (((const uint8_t *)h->ignored.items)[i] != 0) new->products[i] = 0;
    for (int32_t i = 0; i < h->merged.count; i++) {
        int32_t into = ((const int32_t *)h->merged.items)[i];
        if (into >= 0 && !goes(new, i)) new->customers[i] = new->customers[into] = 0;
    }
    return PATRON_OK;
}

static void number_anew(int32_t *numbers, int64_t count)
{
    int32_t next = 0;
    for (int64_t i = 0; i < count; i++)
        if (numbers[i] >= 0) numbers[i] = next++;
}

/* The rejected rows; the lines must still be there. A row's place falls by the rows before it that go: lines, of which
   `line` were looked at, and rejected ones. */
static void close_rejected(patron_history *h, const renumbering *new)
{
    const int32_t *customers = h->customer.items;
    ptn_rejection *rejected = h->rejected.items;
    int64_t line = 0, gone = 0, listed = 0;
    for (int64_t i = 0; i < h->rejected.count; i++) {
        ptn_rejection r = rejected[i];
        for (; line < r.row - i; line++) gone += goes(new, customers[line]);
        if (goes(new, r.customer)) {
            h->unreadable--;
            gone++;
            continue;
        }
        if (r.customer >= 0) r.customer = new->customers[r.customer];
        r.row -= gone;
        rejected[listed++] = r;
    }
    h->rejected.count = listed;
    ptn_array_wipe_rest(&h->rejected, sizeof(ptn_rejection));
}

/* A new number is never above the old one, so it fits. */
static void move_text(const patron_history *h, ptn_array *column, int64_t to, int64_t from, const int32_t *numbers)
{
    if (column->items == NULL) return;
    int32_t text = ptn_line_text(h, column, from);
    ptn_text_put(column->items, ptn_text_width(h, column), to, text < 0 ? text : numbers[text]);
}

static void move_number(const ptn_column *column, int64_t to, int64_t from)
{
    uint8_t *items = column->array->items;
    size_t each = column->each;
    if (items != NULL) memmove(items + each * (size_t)to, items + each * (size_t)from, each);
}

static void close_lines(patron_history *h, const renumbering *new)
{
    ptn_column columns[PTN_HISTORY_COLUMNS];
    int64_t *stamps = h->stamp.items, kept = 0;
    int32_t *customers = h->customer.items;
    bool named = h->options.only_currency != NULL;
    h->last_s = INT64_MIN;
    ptn_history_columns(columns, h);
    for (int64_t i = 0; i < ptn_history_lines(h); i++) {
        if (goes(new, customers[i])) {
            h->amounts_rounded -= (ptn_stamp_flags(stamps[i]) & PTN_LINE_ROUNDED) != 0;
            continue;
        }
        for (int c = 0; c < PTN_HISTORY_COLUMNS; c++)
            if (columns[c].array != &h->customer && columns[c].array != &h->product &&
                columns[c].array != &h->category && columns[c].array != &h->channel)
                move_number(&columns[c], kept, i);
        if (ptn_stamp_order(stamps[kept]) == PTN_KEY_LONG)
            ptn_line_set_order(h, kept, (uint64_t) new->orders[ptn_line_order(h, kept)]);
        named |= (ptn_stamp_flags(stamps[kept]) & PTN_LINE_CURRENCY) != 0;
        customers[kept] = new->customers[customers[i]];
        move_text(h, &h->product, kept, i, new->products);
        move_text(h, &h->category, kept, i, new->categories);
        move_text(h, &h->channel, kept, i, new->channels);
        if (ptn_stamp_time(stamps[kept]) > h->last_s && !ptn_history_drops(h, ptn_line_amount(h, kept)))
            h->last_s = ptn_stamp_time(stamps[kept]);
        kept++;
    }
    if (!named) memset(&h->currency, 0, sizeof h->currency);
    for (int c = 0; c < PTN_HISTORY_COLUMNS; c++) {
        if (columns[c].array->items == NULL) continue;
        columns[c].array->count = kept;
        ptn_history_wipe_rest(h, &columns[c]);
    }
}

/* Merges among those who stay; a new number is never above the old one. */
static void close_merged(patron_history *h, const renumbering *new)
{
    int32_t *merged = h->merged.items, last = 0;
    for (int32_t i = 0; i < h->merged.count; i++) {
        if (new->customers[i] < 0) continue;
        merged[new->customers[i]] = merged[i] < 0 ? -1 : new->customers[merged[i]];
        last = new->customers[i] + 1;
    }
    h->merged.count = last;
}

/* The products that stay ignored, all of which are kept; a new number is never above the old one. */
static void close_ignored(patron_history *h, const renumbering *new)
{
    uint8_t *ignored = h->ignored.items;
    int64_t count = 0;
    for (int64_t i = 0; i < h->ignored.count; i++) {
        if (new->products[i] < 0) continue;
        ignored[new->products[i]] = ignored[i];
        count = new->products[i] + 1;
    }
    h->ignored.count = count;
}

static patron_status forget(patron_history *h, int32_t customer, const ptn_context *context, patron_error *error)
{
    ptn_intern *interns[TEXTS] = {&h->customers, &h->orders, &h->products, &h->categories, &h->channels};
    int64_t starts[TEXTS + 1] = {0}, roots = h->merged.count > 0 ? ptn_intern_count(&h->customers) : 0;
    void *block;
    for (int i = 0; i < TEXTS; i++) starts[i + 1] = starts[i] + ptn_intern_count(interns[i]);
    patron_status status =
        ptn_allocate(&block, &context->memory, starts[TEXTS] + roots, sizeof(int32_t), "texts by number", error);
    if (status != PATRON_OK) return status;
    int32_t *numbers = block;
    memset(numbers, 0xFF, (size_t)starts[TEXTS] * sizeof *numbers);
    renumbering new = {
        numbers, numbers + starts[1], numbers + starts[2], numbers + starts[3], numbers + starts[4], NULL, customer};
    if (roots > 0) {
        ptn_history_roots(numbers + starts[TEXTS], h);
        new.roots = numbers + starts[TEXTS];
        new.root = new.roots[customer];
    }
    status = mark(&new, h, context, error);
    if (status == PATRON_OK) {
        for (int i = 0; i < TEXTS; i++) number_anew(numbers + starts[i], ptn_intern_count(interns[i]));
        close_rejected(h, &new);
        close_lines(h, &new);
        close_merged(h, &new);
        close_ignored(h, &new);
        for (int i = 0; i < TEXTS; i++) ptn_intern_keep(interns[i], numbers + starts[i]);
    }
    ptn_free(&context->memory, block);
    return status;
}

patron_status patron_history_forget(patron_history *history, const uint8_t *bytes, int64_t length,
                                    const patron_context *context, patron_error *error)
{
    ptn_context known;
    ptn_ok(error);
    if (history == NULL) return ptn_fail_null(error, "history");
    if (bytes == NULL) return ptn_fail_null(error, "bytes");
    if (length <= 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "the id has %lld bytes; give the id of a customer",
                        (long long)length);
    patron_status status = ptn_context_read(&known, context, error);
    if (status != PATRON_OK) return status;
    int32_t customer = ptn_intern_find(&history->customers, bytes, length);
    if (customer < 0)
        return ptn_fail(error, PATRON_UNKNOWN_CUSTOMER,
                        "no customer has this id of %lld bytes; give it as it was appended, a number as its digits",
                        (long long)length);
    return forget(history, customer, &known, error);
}
