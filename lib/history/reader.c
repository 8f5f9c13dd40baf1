/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row's numbers checked and stored, its texts looked up. */
#include "history/reader.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/utf8.h"
#include "history/batch.h"
#include "history/currency.h"
#include "history/memo.h"
#include "history/money.h"
#include "history/wants.h"

/* Rows read together; slots for the step after that are asked for between the parts of a step. */
enum { STEP = PTN_WANTS, ASKED = 9 };

/* What can be wrong with a number. */
enum { FINE, IS_NAN, IS_INFINITE, TIME_FAR, QUANTITY_FAR, MONEY_FAR, DISCOUNT_FAR };

typedef struct problem {
    int32_t what, field;
} problem;

/* A line's numbers. */
typedef struct numbers {
    int64_t time_s, amount, discount;
    double quantity;
    uint32_t flags;
} numbers;

static bool is_finite(problem *p, double value, int32_t field)
{
    if (isfinite(value)) return true;
    *p = (problem){isnan(value) ? IS_NAN : IS_INFINITE, field};
    return false;
}

static bool read_amount(numbers *n, problem *p, const patron_orders *o, int64_t row)
{
    bool fits, rounded = false;
    if (o->amount != NULL) {
        n->amount = o->amount[row];
        fits = n->amount > INT64_MIN;
    } else if (o->unit_price != NULL && o->amount_value == NULL) {
        fits = ptn_money_from_price(&n->amount, &rounded, o->unit_price[row], n->quantity);
    } else {
        bool price = o->amount_value == NULL;
        double value = price ? o->unit_price_value[row] : o->amount_value[row];
        if (!is_finite(p, value, price ? PATRON_FIELD_PRICE : PATRON_FIELD_AMOUNT)) return false;
        fits = price ? ptn_money_from_price_value(&n->amount, &rounded, value, n->quantity)
                     : ptn_money_from_value(&n->amount, &rounded, value);
    }
    if (rounded) n->flags |= PTN_LINE_ROUNDED;
    if (!fits)
        *p = (problem){MONEY_FAR,
                       o->amount != NULL || o->amount_value != NULL ? PATRON_FIELD_AMOUNT : PATRON_FIELD_PRICE};
    return fits;
}

static bool read_discount(numbers *n, problem *p, const patron_orders *o, int64_t row)
{
    bool fits = true, rounded = false;
    n->discount = 0;
    if (o->discount != NULL) {
        n->discount = o->discount[row];
        fits = n->discount > INT64_MIN;
    } else if (o->discount_value != NULL) {
        if (!is_finite(p, o->discount_value[row], PATRON_FIELD_DISCOUNT)) return false;
        fits = ptn_money_from_value(&n->discount, &rounded, o->discount_value[row]);
    }
    if (rounded) n->flags |= PTN_LINE_ROUNDED;
    if (!fits) *p = (problem){DISCOUNT_FAR, PATRON_FIELD_DISCOUNT};
    if (n->discount < 0 && fits) n->discount = -n->discount;
    return fits;
}

/* False, and *p, where a number cannot be. */
static bool read_numbers(numbers *n, problem *p, const patron_orders *o, int64_t row)
{
    n->time_s = o->time_s[row];
    n->quantity = o->quantity == NULL ? 1.0 : o->quantity[row];
    n->flags = o->is_return != NULL && o->is_return[row] != 0 ? PTN_LINE_RETURN : 0;
    if (o->discount != NULL || o->discount_value != NULL) n->flags |= PTN_LINE_DISCOUNT;
    if (n->time_s > PATRON_MOST_TIME_S || n->time_s < -PATRON_MOST_TIME_S) {
        *p = (problem){TIME_FAR, PATRON_FIELD_TIME};
        return false;
    }
    if (!(fabs(n->quantity) <= PATRON_MOST_QUANTITY)) {
        if (is_finite(p, n->quantity, PATRON_FIELD_QUANTITY)) *p = (problem){QUANTITY_FAR, PATRON_FIELD_QUANTITY};
        return false;
    }
    n->quantity += 0.0; /* -0 becomes 0, so that equal quantities have equal bits */
    n->flags |= n->quantity > 0.0 ? PTN_LINE_SOME : n->quantity < 0.0 ? PTN_LINE_BACK : 0;
    return read_amount(n, p, o, row) && read_discount(n, p, o, row);
}

static ptn_ids source_of(patron_history *h, const patron_orders *o, int32_t text)
{
    switch (text) {
    case PTN_TEXT_CUSTOMER:
        return (ptn_ids){&o->customer_id, o->customer_number, o->customer_validity, &h->customers};
    case PTN_TEXT_ORDER:
        return (ptn_ids){&o->order_id, o->order_number, o->order_validity, &h->orders};
    case PTN_TEXT_PRODUCT:
        return (ptn_ids){&o->product, NULL, NULL, &h->products};
    case PTN_TEXT_CATEGORY:
        return (ptn_ids){&o->category, NULL, NULL, &h->categories};
    default:
        return (ptn_ids){&o->channel, NULL, NULL, &h->channels};
    }
}

/* Rows of one step: from `row` of the orders, to go to the columns from `at`. */
typedef struct step {
    const ptn_reader *rows;
    const patron_orders *orders;
    const uint8_t *rounded; /* of the orders' rows, or NULL */
    ptn_reader_block *block;
    ptn_fresh *fresh[PTN_TEXTS]; /* where the block's next goes, less what it has */
    int64_t row, at;
    int32_t count;
    bool fine; /* no row is rejected so far */
    uint8_t *verdicts;
    uint8_t order_kinds[STEP];
    ptn_wants *customers;    /* of the step: one of the block's two */
    ptn_wants *ahead;        /* of the step after: the other one, or NULL */
    const ptn_intern *asked; /* the table of both */
    ptn_wants *wants;
} step;

/* A part of a step is done: while memory is not needed for it, some of what the next one needs is asked for. */
static inline void ask_ahead(const step *s)
{
    if (s->ahead != NULL) ptn_wants_ask(s->ahead, s->asked, ASKED);
}

static void remember(const step *s, int32_t text, const ptn_wanted_text *w, int32_t i)
{
    s->fresh[text][s->block->fresh[text]++] =
        (ptn_fresh){w->bits, w->hash, (int32_t)(s->at + i - s->rows->base), w->kind};
}

/* The number of a text, or what else it is. It is added where all rows that want it count. */
static inline int32_t number_of(const ptn_wanted_text *w, ptn_intern *intern, bool add)
{
    if (w->kind == PTN_KEY_NONE) return PTN_INTERN_MISSING;
    int32_t number = ptn_intern_meet(intern, w, add);
    if (number >= 0) return number;
    return w->kind == PTN_KEY_LONG && !ptn_utf8_valid(w->bytes, w->length) ? PTN_INTERN_NOT_UTF8 : PTN_INTERN_NEW;
}

/* Values of a column, of the width that it has. */
static void put_numbers(const step *s, const ptn_array *column, uint32_t bit, const int64_t *values)
{
    if ((s->rows->history->wide & bit) != 0) {
        memcpy((int64_t *)column->items + s->at, values, (size_t)s->count * sizeof *values);
        return;
    }
    int32_t *items = (int32_t *)column->items + s->at;
    int64_t lost = 0;
    for (int32_t i = 0; i < s->count; i++) {
        items[i] = (int32_t)values[i];
        lost |= values[i] ^ items[i];
    }
    if (lost != 0) s->block->wide |= bit;
}

static void put_orders(const step *s, const uint64_t *orders)
{
    const patron_history *h = s->rows->history;
    if ((h->wide & PTN_WIDE_ORDER) != 0) {
        memcpy((uint64_t *)h->order.items + s->at, orders, (size_t)s->count * sizeof *orders);
        return;
    }
    uint32_t *items = (uint32_t *)h->order.items + s->at;
    uint64_t all = 0;
    for (int32_t i = 0; i < s->count; i++) {
        items[i] = (uint32_t)orders[i];
        all |= orders[i];
    }
    if (all > UINT32_MAX) s->block->wide |= PTN_WIDE_ORDER;
}

static void put_quantities(const step *s, const double *quantities)
{
    const patron_history *h = s->rows->history;
    if (h->quantity.items == NULL) return;
    if ((h->wide & PTN_WIDE_QUANTITY) != 0) {
        memcpy((double *)h->quantity.items + s->at, quantities, (size_t)s->count * sizeof *quantities);
        return;
    }
    int16_t *items = (int16_t *)h->quantity.items + s->at;
    int32_t lost = 0;
    for (int32_t i = 0; i < s->count; i++) {
        int32_t whole = fabs(quantities[i]) <= INT16_MAX ? (int32_t)quantities[i] : 0;
        items[i] = (int16_t)whole;
        lost |= (double)whole != quantities[i];
    }
    if (lost != 0) s->block->wide |= PTN_WIDE_QUANTITY;
}

static void reject(step *s, int32_t i, int32_t field, int32_t reason)
{
    s->fine = false;
    if (s->verdicts[i] == 0) s->verdicts[i] = ptn_verdict(field, reason);
}

/* Whether the row's text in this column counts: of a row that the caller could not read, only its customer. */
static bool counts(const step *s, int32_t text, int32_t i)
{
    if (s->verdicts[i] == 0) return true;
    return text == PTN_TEXT_CUSTOMER && ptn_verdict_field(s->verdicts[i]) != PATRON_FIELD_CUSTOMER;
}

static void find_customers(step *s)
{
    ptn_wants *w = s->customers;
    const ptn_ids from = source_of(s->rows->history, s->orders, PTN_TEXT_CUSTOMER);
    const ptn_array *column = &s->rows->history->customer;
    int32_t *codes = (int32_t *)column->items + s->at;
    int32_t least = 0;
    if (from.text->offsets == NULL && from.numbers == NULL) {
        for (int32_t i = 0; i < s->count; i++) codes[i] = PTN_INTERN_MISSING;
        return;
    }
    ptn_wants_ask(w, from.intern, STEP);
    for (int32_t t = 0; t < w->count; t++) {
        w->numbers[t] = number_of(&w->texts[t], from.intern, s->fine);
        if (w->numbers[t] < least) least = w->numbers[t];
    }
    for (int32_t i = 0; i < s->count; i++) codes[i] = w->numbers[w->of[i]];
    if (least >= PTN_INTERN_MISSING && s->fine) return;
    for (int32_t i = 0; i < s->count; i++) {
        if (!counts(s, PTN_TEXT_CUSTOMER, i)) codes[i] = PTN_INTERN_MISSING;
        if (codes[i] == PTN_INTERN_NEW) remember(s, PTN_TEXT_CUSTOMER, &w->texts[w->of[i]], i);
        if (codes[i] == PTN_INTERN_NOT_UTF8) reject(s, i, PATRON_FIELD_CUSTOMER, PATRON_REASON_NOT_UTF8);
    }
}

/* Products, categories or channels, of which there are few. */
static void find_few_texts(step *s, int32_t text, int32_t field, const ptn_array *column, ptn_memo *known)
{
    ptn_wanted_text wanted[STEP];
    uint8_t rows[STEP];
    const ptn_ids from = source_of(s->rows->history, s->orders, text);
    int32_t *codes = (int32_t *)column->items + s->at;
    int32_t unknown = 0, least = 0;
    if (column->items == NULL) return;
    for (int32_t i = 0; i < s->count; i++) {
        ptn_wanted_text *w = &wanted[unknown];
        codes[i] = PTN_INTERN_MISSING;
        if (!ptn_batch_text(&w->bytes, &w->length, from.text, s->row + i)) continue;
        codes[i] = ptn_memo_find(known, w->bytes, w->length);
        rows[unknown] = (uint8_t)i;
        unknown += codes[i] < 0;
    }
    for (int32_t t = 0; t < unknown; t++) {
        ptn_intern_want(&wanted[t], from.intern, wanted[t].bytes, wanted[t].length);
        ptn_intern_prefetch(from.intern, wanted[t].hash);
    }
    for (int32_t t = 0; t < unknown; t++) {
        int32_t number = codes[rows[t]] = number_of(&wanted[t], from.intern, s->fine);
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

/* Order ids: the key itself, or of a LONG one its number. */
static void find_orders(step *s)
{
    ptn_wants w;
    const ptn_ids from = source_of(s->rows->history, s->orders, PTN_TEXT_ORDER);
    uint64_t orders[STEP];
    memset(s->order_kinds, PTN_KEY_NONE, sizeof s->order_kinds);
    if (s->rows->history->order.items == NULL) return;
    if (from.text->offsets == NULL && from.numbers == NULL) {
        memset(orders, 0, sizeof orders);
        put_orders(s, orders);
        return;
    }
    if (from.numbers != NULL && from.validity == NULL && s->fine) {
        memset(s->order_kinds, PTN_KEY_NUMBER, sizeof s->order_kinds);
        put_orders(s, (const uint64_t *)from.numbers + s->row);
        return;
    }
    ptn_wants_read(&w, &from, s->row, s->count, false);
    for (int32_t t = 0; t < w.count; t++)
        if (w.texts[t].kind == PTN_KEY_LONG) w.numbers[t] = number_of(&w.texts[t], from.intern, false);
    for (int32_t i = 0; i < s->count; i++) {
        const ptn_wanted_text *text = &w.texts[w.of[i]];
        orders[i] = 0;
        if (text->kind == PTN_KEY_NONE || !counts(s, PTN_TEXT_ORDER, i)) continue;
        s->order_kinds[i] = (uint8_t)text->kind;
        orders[i] = text->bits;
        if (text->kind != PTN_KEY_LONG) continue;
        int32_t number = w.numbers[w.of[i]];
        orders[i] = number < 0 ? 0 : (uint64_t)number;
        if (number == PTN_INTERN_NEW) remember(s, PTN_TEXT_ORDER, text, i);
        if (number == PTN_INTERN_NOT_UTF8) reject(s, i, PATRON_FIELD_ORDER, PATRON_REASON_NOT_UTF8);
    }
    put_orders(s, orders);
}

/* What the caller says of rows that could not be read. */
static void find_faults(step *s)
{
    const patron_orders *o = s->orders;
    s->fine = true;
    memset(s->verdicts, 0, (size_t)s->count);
    for (int32_t i = 0; o->fault != NULL && i < s->count; i++) {
        if (o->fault[s->row + i] == 0) continue;
        s->fine = false;
        int32_t field = o->fault_field == NULL ? PATRON_FIELD_NONE : o->fault_field[s->row + i];
        s->verdicts[i] = ptn_verdict(field == PATRON_FIELD_NONE ? PATRON_FIELD_ROW : field, o->fault[s->row + i]);
    }
}

/* Rows of another currency than the one asked for, and codes that are no texts. */
static void find_currencies(step *s)
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
static int32_t store_currencies(const step *s)
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

static bool is_faulty(const patron_orders *o, int64_t row) { return o->fault != NULL && o->fault[row] != 0; }

/* Adding it and taking it away rounds a double to an integer, half to even; the integer is then the difference of the
   sum's bits and its own. For magnitudes up to 2^51. */
#define ROUNDER 0x1.8p52

static inline int64_t bits_of(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Money of the rows where every value is the double nearest to a decimal of at most four places, as
   ptn_money_from_value makes it; else false. */
static bool store_values(int64_t *money, const double *values, int32_t count)
{
    int32_t wrong = 0;
    for (int32_t i = 0; i < count; i++) {
        double units = values[i] * PATRON_MONEY_UNIT, sum = units + ROUNDER;
        wrong |= !(fabs(units) <= 0x1p51) | ((sum - ROUNDER) / PATRON_MONEY_UNIT != values[i]);
        money[i] = bits_of(sum) - bits_of(ROUNDER);
    }
    return wrong == 0;
}

/* Money in the log's unit, where it can be. */
static bool store_money(int64_t *money, const int64_t *given, const double *values, int32_t count)
{
    int32_t wrong = 0;
    if (given == NULL) return values != NULL && store_values(money, values, count);
    for (int32_t i = 0; i < count; i++) {
        wrong |= given[i] == INT64_MIN;
        money[i] = given[i];
    }
    return wrong == 0;
}

/* Stores the numbers where nothing is wrong with any row, and nothing is rounded: what store_numbers does, without a
   branch a row. False where that is not so, or where there are columns it does not know. */
static bool store_fine_numbers(const step *s)
{
    const patron_orders *o = s->orders;
    const patron_history *h = s->rows->history;
    const int32_t *customers = (const int32_t *)h->customer.items + s->at;
    const int64_t *times = o->time_s + s->row;
    const double *given = o->quantity == NULL ? NULL : o->quantity + s->row;
    int64_t *stamps = (int64_t *)h->stamp.items + s->at, last_s = s->block->last_s;
    int64_t amounts[STEP], discounts[STEP];
    double quantities[STEP];
    bool keep = h->options.zero_amount == PATRON_ZERO_AMOUNT_KEEP;
    uint32_t all = o->discount != NULL || o->discount_value != NULL ? PTN_LINE_DISCOUNT : 0;
    int32_t wrong = 0;
    if (!s->fine || s->rounded != NULL || o->is_return != NULL || (o->amount == NULL && o->amount_value == NULL))
        return false;
    if (!store_money(amounts, o->amount == NULL ? NULL : o->amount + s->row,
                     o->amount_value == NULL ? NULL : o->amount_value + s->row, s->count))
        return false;
    ask_ahead(s);
    if (h->discount.items != NULL) {
        if (all == 0)
            memset(discounts, 0, sizeof discounts);
        else if (!store_money(discounts, o->discount == NULL ? NULL : o->discount + s->row,
                              o->discount_value == NULL ? NULL : o->discount_value + s->row, s->count))
            return false;
        for (int32_t i = 0; i < s->count; i++) discounts[i] = discounts[i] < 0 ? -discounts[i] : discounts[i];
    }
    for (int32_t i = 0; i < s->count; i++) {
        double quantity = given == NULL ? 1.0 : given[i] + 0.0;
        uint32_t flags = all | (quantity > 0.0 ? PTN_LINE_SOME : 0) | (quantity < 0.0 ? PTN_LINE_BACK : 0) |
                         (uint32_t)s->order_kinds[i] << PTN_LINE_ORDER_SHIFT;
        int64_t time_s = keep || amounts[i] != 0 ? times[i] : INT64_MIN;
        wrong |= !(fabs(quantity) <= PATRON_MOST_QUANTITY) | (times[i] > PATRON_MOST_TIME_S) |
                 (times[i] < -PATRON_MOST_TIME_S) | (customers[i] == PTN_INTERN_MISSING);
        last_s = time_s > last_s ? time_s : last_s;
        stamps[i] = (int64_t)((uint64_t)times[i] << PTN_LINE_BITS) | (int64_t)flags;
        quantities[i] = quantity;
    }
    if (wrong != 0) return false;
    ask_ahead(s);
    put_numbers(s, &h->amount, PTN_WIDE_AMOUNT, amounts);
    ask_ahead(s);
    if (h->discount.items != NULL) put_numbers(s, &h->discount, PTN_WIDE_DISCOUNT, discounts);
    put_quantities(s, quantities);
    s->block->last_s = last_s;
    return true;
}

/* Stores the numbers; the first row of the step that fails the append, or -1. */
static int32_t store_numbers(const step *s)
{
    const patron_orders *o = s->orders;
    patron_history *h = s->rows->history;
    const int32_t *customers = (const int32_t *)h->customer.items + s->at;
    int64_t *stamps = (int64_t *)h->stamp.items + s->at, amounts[STEP], discounts[STEP];
    double quantities[STEP];
    bool strict = h->options.strict != 0;
    for (int32_t i = 0; i < s->count; i++) {
        numbers n = {0};
        problem p;
        if (!is_faulty(o, s->row + i)) {
            if (!read_numbers(&n, &p, o, s->row + i)) return i;
            if (s->rounded != NULL && s->rounded[s->row + i] != 0) n.flags |= PTN_LINE_ROUNDED;
            if (s->verdicts[i] == 0) {
                s->block->rounded += (n.flags & PTN_LINE_ROUNDED) != 0;
                if (customers[i] == PTN_INTERN_MISSING)
                    s->verdicts[i] =
                        ptn_verdict(PATRON_FIELD_CUSTOMER, PATRON_REASON_MISSING) | PTN_VERDICT_NO_CUSTOMER;
                else if (n.time_s > s->block->last_s && !ptn_history_drops(h, n.amount))
                    s->block->last_s = n.time_s;
            }
        }
        if (s->verdicts[i] != 0) {
            if (strict) return i;
            s->block->rejected++;
        }
        stamps[i] = ptn_stamp(n.time_s, n.flags | (uint32_t)s->order_kinds[i] << PTN_LINE_ORDER_SHIFT);
        amounts[i] = n.amount;
        quantities[i] = n.quantity;
        discounts[i] = n.discount;
    }
    put_numbers(s, &h->amount, PTN_WIDE_AMOUNT, amounts);
    if (h->discount.items != NULL) put_numbers(s, &h->discount, PTN_WIDE_DISCOUNT, discounts);
    put_quantities(s, quantities);
    return -1;
}

/* The block's rows from the source; false where they cannot be had. */
static bool convert(patron_orders *made, const uint8_t **rounded, const ptn_reader *r, int64_t block, int32_t worker,
                    int64_t from, int64_t count)
{
    ptn_reader_failure *failure = &r->failures[worker];
    if (failure->block < 0) {
        failure->status = r->source->convert(made, rounded, r->source->user, worker, from, count, &failure->error);
        if (failure->status == PATRON_OK) return true;
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
static void open_step(step *s, int64_t at, int64_t first, int64_t end)
{
    const ptn_reader *r = s->rows;
    s->row = r->source == NULL ? r->from + at : at - first;
    s->at = r->base + at;
    s->count = end - at < STEP ? (int32_t)(end - at) : STEP;
    s->verdicts = r->verdicts + at;
}

/* The customers of the step after, if there is one. */
static void look_ahead(step *s, const ptn_ids *ids, int64_t at, int64_t first, int64_t end)
{
    step next = {.rows = s->rows};
    s->ahead = NULL;
    if (at >= end || (ids->text->offsets == NULL && ids->numbers == NULL)) return;
    open_step(&next, at, first, end);
    s->ahead = s->customers == &s->wants[0] ? &s->wants[1] : &s->wants[0];
    ptn_wants_read(s->ahead, ids, next.row, next.count, true);
}

void ptn_reader_read(void *argument, int64_t block, int32_t worker)
{
    const ptn_reader *r = argument;
    ptn_reader_block *b = &r->blocks[block];
    int64_t first = block * PTN_READER_BLOCK,
            end = first + PTN_READER_BLOCK < r->count ? first + PTN_READER_BLOCK : r->count;
    ptn_wants wants[2];
    step s = {.rows = r, .block = b, .orders = r->orders, .customers = &wants[1], .wants = wants};
    patron_orders made;
    ptn_memo known[PTN_TEXTS - PTN_TEXT_PRODUCT];
    b->bad = b->currency_row = -1;
    b->last_s = INT64_MIN;
    if (r->source != NULL) {
        if (!convert(&made, &s.rounded, r, block, worker, r->from + first, end - first)) return;
        s.orders = &made;
    }
    touch_columns(r->history, r->base + first, end - first);
    for (int32_t t = 0; t < PTN_TEXTS; t++) s.fresh[t] = r->fresh[t] == NULL ? NULL : r->fresh[t] + first;
    memset(known, 0, sizeof known);
    const ptn_ids customers = source_of(r->history, s.orders, PTN_TEXT_CUSTOMER);
    s.asked = customers.intern;
    look_ahead(&s, &customers, first, first, end);
    for (int64_t at = first; at < end; at += STEP) {
        if (s.ahead != NULL) s.customers = s.ahead;
        look_ahead(&s, &customers, at + STEP, first, end);
        open_step(&s, at, first, end);
        find_faults(&s);
        if (s.orders->currency.offsets != NULL) find_currencies(&s);
        find_customers(&s);
        ask_ahead(&s);
        find_orders(&s);
        ask_ahead(&s);
        find_few_texts(&s, PTN_TEXT_PRODUCT, PATRON_FIELD_PRODUCT, &r->history->product,
                       &known[PTN_TEXT_PRODUCT - PTN_TEXT_PRODUCT]);
        find_few_texts(&s, PTN_TEXT_CATEGORY, PATRON_FIELD_CATEGORY, &r->history->category,
                       &known[PTN_TEXT_CATEGORY - PTN_TEXT_PRODUCT]);
        find_few_texts(&s, PTN_TEXT_CHANNEL, PATRON_FIELD_CHANNEL, &r->history->channel,
                       &known[PTN_TEXT_CHANNEL - PTN_TEXT_PRODUCT]);
        int32_t bad = store_fine_numbers(&s) ? -1 : store_numbers(&s);
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

/* A row that is to be explained: in orders, and as the caller counts. */
typedef struct row_place {
    const patron_orders *orders;
    int64_t at, row;
} row_place;

static int64_t caller_line(const row_place *p) { return p->orders->line == NULL ? -1 : p->orders->line[p->at]; }

/* "line 19 (row 17)", or "row 17" where the caller counts no lines */
static void place(char *text, size_t size, const row_place *p)
{
    int64_t line = caller_line(p);
    if (line >= 0)
        snprintf(text, size, "line %" PRId64 " (row %" PRId64 ")", line, p->row);
    else
        snprintf(text, size, "row %" PRId64, p->row);
}

static patron_status fail_number(const row_place *at, const problem *p, patron_error *error)
{
    static const struct {
        patron_status status;
        const char *text;
    } said[] = {
        [IS_NAN] = {PATRON_NOT_FINITE, "is NaN; give a number, or mark the row with fault"},
        [IS_INFINITE] = {PATRON_NOT_FINITE, "is infinite; give a number, or mark the row with fault"},
        [TIME_FAR] = {PATRON_OUT_OF_RANGE,
                      "is beyond 2.6e11 seconds; give seconds since 1970, not milliseconds or less"},
        [QUANTITY_FAR] = {PATRON_OUT_OF_RANGE, "is beyond 1e12; check its unit"},
        [MONEY_FAR] = {PATRON_OUT_OF_RANGE, "makes money beyond 922,337,203,685,477.5807; check its unit"},
        [DISCOUNT_FAR] = {PATRON_OUT_OF_RANGE, "is beyond 922,337,203,685,477.5807; check its unit"},
    };
    char where[80];
    place(where, sizeof where, at);
    return ptn_fail_row(error, said[p->what].status, at->row, caller_line(at), "%s: %s %s", where,
                        patron_field_name(p->field), said[p->what].text);
}

patron_status ptn_reader_explain(const ptn_reader *r, int64_t row, patron_error *error)
{
    static const char advice[] = "or turn strict off to have such rows rejected and counted";
    char where[80];
    numbers n;
    patron_orders orders;
    row_place at = {.orders = &orders, .row = r->first + row};
    problem p = {FINE, PATRON_FIELD_NONE};
    patron_status status = ptn_reader_orders(&orders, &at.at, r, row, error);
    if (status != PATRON_OK) return status;
    if (!is_faulty(&orders, at.at) && !read_numbers(&n, &p, &orders, at.at)) return fail_number(&at, &p, error);
    uint8_t verdict = r->verdicts[row - r->from];
    int32_t field = ptn_verdict_field(verdict), reason = ptn_verdict_reason(verdict);
    place(where, sizeof where, &at);
    if (verdict == 0) {
        const ptn_currency *other = &r->blocks[(row - r->from) / PTN_READER_BLOCK].currency;
        return ptn_currency_fail(other, &orders.currency, at.at, at.row, caller_line(&at), where, error);
    }
    if (field == PATRON_FIELD_CUSTOMER && reason == PATRON_REASON_MISSING)
        return ptn_fail_row(error, PATRON_ROW_REJECTED, at.row, caller_line(&at), "%s: no customer id; give one, %s",
                            where, advice);
    return ptn_fail_row(error, PATRON_ROW_REJECTED, at.row, caller_line(&at), "%s: %s is %s%s; mend it, %s", where,
                        patron_field_name(field), reason == PATRON_REASON_TOO_FEW_FIELDS ? "short: " : "",
                        patron_reason_text(reason), advice);
}
