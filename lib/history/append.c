/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Appending a batch, all or nothing: room for every row is made first, rows are written behind the columns' counts, and
   only when the last one is good do the counts move. Texts are interned at once, and taken back on failure. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/floating.h"
#include "history/batch.h"
#include "history/history.h"
#include "history/money.h"

enum { ROWS_BETWEEN_CALLBACKS = 65536 };

/* One line, before it goes into the columns. */
typedef struct line {
    int32_t customer, order, product, category;
    int64_t time_s, amount, discount;
    double quantity;
    uint8_t flags; /* PTN_LINE_… */
    bool rounded;
} line;

/* A batch on its way in: what is written behind the counts so far. */
typedef struct appender {
    patron_history *history;
    const patron_orders *orders;
    patron_error *error;
    int64_t lines, rejected, unreadable, no_customer, rounded;
} appender;

static int64_t caller_line(const appender *a, int64_t row)
{
    return a->orders->line == NULL ? -1 : a->orders->line[row];
}

/* "line 19 (row 17)", or "row 17" where the caller counts no lines */
static void place(char *text, size_t size, const appender *a, int64_t row)
{
    int64_t at = caller_line(a, row);
    if (at >= 0)
        snprintf(text, size, "line %" PRId64 " (row %" PRId64 ")", at, row);
    else
        snprintf(text, size, "row %" PRId64, row);
}

static patron_status fail_number(const appender *a, int64_t row, patron_status status, int32_t field, const char *text)
{
    char where[80];
    place(where, sizeof where, a, row);
    return ptn_fail_row(a->error, status, row, caller_line(a, row), "%s: %s %s", where, patron_field_name(field), text);
}

static patron_status reject_strictly(const appender *a, int64_t row, int32_t field, int32_t reason)
{
    static const char advice[] = "or turn strict off to have such rows rejected and counted";
    char where[80];
    place(where, sizeof where, a, row);
    if (field == PATRON_FIELD_CUSTOMER && reason == PATRON_REASON_MISSING)
        return ptn_fail_row(a->error, PATRON_ROW_REJECTED, row, caller_line(a, row), "%s: no customer id; give one, %s",
                            where, advice);
    return ptn_fail_row(a->error, PATRON_ROW_REJECTED, row, caller_line(a, row), "%s: %s is %s%s; mend it, %s", where,
                        patron_field_name(field), reason == PATRON_REASON_TOO_FEW_FIELDS ? "short: " : "",
                        patron_reason_text(reason), advice);
}

/* Writes the row off, and remembers whose it was and why. */
static patron_status reject(appender *a, int64_t row, uint8_t code, int32_t customer, int32_t field, int32_t reason)
{
    patron_history *h = a->history;
    if (h->options.strict != 0) return reject_strictly(a, row, field, reason);
    patron_status status =
        ptn_array_reserve(&h->rejected, &h->memory, a->rejected + 1, sizeof(ptn_rejection), "rejected rows", a->error);
    if (status != PATRON_OK) return status;
    ((uint8_t *)h->rows.items)[h->rows.count + row] = code;
    a->unreadable += code == PTN_ROW_UNREADABLE;
    a->no_customer += code == PTN_ROW_NO_CUSTOMER;

    ptn_rejection *kept = (ptn_rejection *)h->rejected.items + h->rejected.count + a->rejected++;
    memset(kept, 0, sizeof *kept);
    kept->row = h->rows.count + row;
    kept->line = caller_line(a, row);
    kept->customer = customer < 0 ? PTN_INTERN_MISSING : customer;
    kept->field = (uint8_t)field;
    kept->reason = (uint8_t)reason;
    return PATRON_OK;
}

/* A double column's value, which must be finite. */
static patron_status check_finite(const appender *a, int64_t row, int32_t field, double value)
{
    if (isfinite(value)) return PATRON_OK;
    return fail_number(a, row, PATRON_NOT_FINITE, field,
                       isnan(value) ? "is NaN; give a number, or mark the row with fault"
                                    : "is infinite; give a number, or mark the row with fault");
}

static patron_status read_amount(line *l, const appender *a, int64_t row)
{
    const patron_orders *o = a->orders;
    int32_t field = o->amount != NULL || o->amount_value != NULL ? PATRON_FIELD_AMOUNT : PATRON_FIELD_PRICE;
    bool fits;
    if (o->amount != NULL) {
        l->amount = o->amount[row];
        fits = l->amount > INT64_MIN;
    } else if (o->unit_price != NULL && o->amount_value == NULL) {
        fits = ptn_money_from_price(&l->amount, &l->rounded, o->unit_price[row], l->quantity);
    } else {
        double value = o->amount_value != NULL ? o->amount_value[row] : o->unit_price_value[row];
        patron_status status = check_finite(a, row, field, value);
        if (status != PATRON_OK) return status;
        fits = o->amount_value != NULL ? ptn_money_from_value(&l->amount, &l->rounded, value)
                                       : ptn_money_from_price_value(&l->amount, &l->rounded, value, l->quantity);
    }
    if (fits) return PATRON_OK;
    return fail_number(a, row, PATRON_OUT_OF_RANGE, field,
                       "makes money beyond 922,337,203,685,477.5807; check its unit");
}

static patron_status read_discount(line *l, const appender *a, int64_t row)
{
    const patron_orders *o = a->orders;
    bool fits = true, rounded = false;
    l->discount = 0;
    if (o->discount != NULL) {
        l->discount = o->discount[row];
        fits = l->discount > INT64_MIN;
    } else if (o->discount_value != NULL) {
        patron_status status = check_finite(a, row, PATRON_FIELD_DISCOUNT, o->discount_value[row]);
        if (status != PATRON_OK) return status;
        fits = ptn_money_from_value(&l->discount, &rounded, o->discount_value[row]);
        l->rounded |= rounded;
    }
    if (!fits)
        return fail_number(a, row, PATRON_OUT_OF_RANGE, PATRON_FIELD_DISCOUNT,
                           "is beyond 922,337,203,685,477.5807; check its unit");
    if (l->discount < 0) l->discount = -l->discount;
    return PATRON_OK;
}

static patron_status read_numbers(line *l, const appender *a, int64_t row)
{
    const patron_orders *o = a->orders;
    l->time_s = o->time_s[row];
    l->quantity = o->quantity == NULL ? 1.0 : o->quantity[row];
    l->flags = o->is_return != NULL && o->is_return[row] != 0 ? PTN_LINE_RETURN : 0;
    if (o->discount != NULL || o->discount_value != NULL) l->flags |= PTN_LINE_DISCOUNT;
    l->rounded = false;
    if (l->time_s > PATRON_MOST_TIME_S || l->time_s < -PATRON_MOST_TIME_S)
        return fail_number(a, row, PATRON_OUT_OF_RANGE, PATRON_FIELD_TIME,
                           "is beyond 2.6e11 seconds; give seconds since 1970, not milliseconds or less");
    patron_status status = check_finite(a, row, PATRON_FIELD_QUANTITY, l->quantity);
    if (status != PATRON_OK) return status;
    if (fabs(l->quantity) > PATRON_MOST_QUANTITY)
        return fail_number(a, row, PATRON_OUT_OF_RANGE, PATRON_FIELD_QUANTITY, "is beyond 1e12; check its unit");
    l->quantity += 0.0; /* -0 becomes 0, so that equal quantities have equal bits */
    status = read_amount(l, a, row);
    return status != PATRON_OK ? status : read_discount(l, a, row);
}

/* The number of a text of this row: PTN_INTERN_MISSING, PTN_INTERN_NOT_UTF8, or its own. */
static patron_status read_text(int32_t *number, const appender *a, ptn_intern *intern, const patron_text *text,
                               const int64_t *numbers, const uint8_t *validity, int64_t row)
{
    const uint8_t *bytes;
    int64_t length;
    *number = PTN_INTERN_MISSING;
    if (numbers != NULL) {
        if (!ptn_batch_has(validity, row)) return PATRON_OK;
        return ptn_intern_integer(number, intern, numbers[row], &a->history->memory, a->error);
    }
    if (!ptn_batch_text(&bytes, &length, text, row)) return PATRON_OK;
    return ptn_intern_text(number, intern, bytes, length, &a->history->memory, a->error);
}

static patron_status read_texts(line *l, const appender *a, int64_t row)
{
    patron_history *h = a->history;
    const patron_orders *o = a->orders;
    patron_status status =
        read_text(&l->customer, a, &h->customers, &o->customer_id, o->customer_number, o->customer_validity, row);
    if (status != PATRON_OK) return status;
    status = read_text(&l->order, a, &h->orders, &o->order_id, o->order_number, o->order_validity, row);
    if (status != PATRON_OK) return status;
    status = read_text(&l->product, a, &h->products, &o->product, NULL, NULL, row);
    if (status != PATRON_OK) return status;
    return read_text(&l->category, a, &h->categories, &o->category, NULL, NULL, row);
}

static void store(appender *a, const line *l)
{
    patron_history *h = a->history;
    int64_t at = ptn_history_lines(h) + a->lines++;
    ((int32_t *)h->customer.items)[at] = l->customer;
    ((int32_t *)h->order.items)[at] = l->order;
    ((int64_t *)h->time_s.items)[at] = l->time_s;
    ((double *)h->quantity.items)[at] = l->quantity;
    ((int64_t *)h->amount.items)[at] = l->amount;
    ((uint8_t *)h->flagged.items)[at] = l->flags;
    if (h->product.items != NULL) ((int32_t *)h->product.items)[at] = l->product;
    if (h->category.items != NULL) ((int32_t *)h->category.items)[at] = l->category;
    if (h->discount.items != NULL) ((int64_t *)h->discount.items)[at] = l->discount;
}

/* A row that the caller could not read is still its customer's, where that can be told. */
static patron_status append_faulty(appender *a, int64_t row)
{
    const patron_orders *o = a->orders;
    int32_t field = o->fault_field == NULL ? PATRON_FIELD_NONE : o->fault_field[row];
    int32_t customer = PTN_INTERN_MISSING;
    patron_status status = PATRON_OK;
    if (field != PATRON_FIELD_CUSTOMER && a->history->options.strict == 0)
        status = read_text(&customer, a, &a->history->customers, &o->customer_id, o->customer_number,
                           o->customer_validity, row);
    if (status != PATRON_OK) return status;
    return reject(a, row, PTN_ROW_UNREADABLE, customer, field == PATRON_FIELD_NONE ? PATRON_FIELD_ROW : field,
                  o->fault[row]);
}

static patron_status append_row(appender *a, int64_t row)
{
    const patron_orders *o = a->orders;
    line l;
    if (o->fault != NULL && o->fault[row] != 0) return append_faulty(a, row);
    patron_status status = read_numbers(&l, a, row);
    if (status != PATRON_OK) return status;
    status = read_texts(&l, a, row);
    if (status != PATRON_OK) return status;

    const int32_t numbers[] = {l.customer, l.order, l.product, l.category};
    const int32_t fields[] = {PATRON_FIELD_CUSTOMER, PATRON_FIELD_ORDER, PATRON_FIELD_PRODUCT, PATRON_FIELD_CATEGORY};
    for (int i = 0; i < 4; i++)
        if (numbers[i] == PTN_INTERN_NOT_UTF8)
            return reject(a, row, PTN_ROW_UNREADABLE, l.customer, fields[i], PATRON_REASON_NOT_UTF8);
    a->rounded += l.rounded;
    if (l.rounded) l.flags |= PTN_LINE_ROUNDED;
    if (l.customer == PTN_INTERN_MISSING)
        return reject(a, row, PTN_ROW_NO_CUSTOMER, PTN_INTERN_MISSING, PATRON_FIELD_CUSTOMER, PATRON_REASON_MISSING);
    ((uint8_t *)a->history->rows.items)[a->history->rows.count + row] = PTN_ROW_LINE;
    store(a, &l);
    return PATRON_OK;
}

/* Room for `rows` more in an optional column; one that was not there says "none" for the lines so far. */
static patron_status reserve_optional(patron_history *h, ptn_array *column, bool brought, int64_t rows, size_t each,
                                      int byte, const char *what, patron_error *error)
{
    bool fresh = column->items == NULL;
    if (fresh && !brought) return PATRON_OK;
    if (fresh) column->count = 0;
    patron_status status =
        ptn_array_reserve(column, &h->memory, fresh ? ptn_history_lines(h) + rows : rows, each, what, error);
    if (status != PATRON_OK || !fresh) return status;
    memset(column->items, byte, (size_t)ptn_history_lines(h) * each);
    column->count = ptn_history_lines(h);
    return PATRON_OK;
}

/* Room for the batch in every column. 8-byte columns first: they tell first when a size cannot be. */
patron_status ptn_history_reserve(patron_history *h, const patron_orders *o, patron_error *error)
{
    struct {
        ptn_array *array;
        size_t each;
    } columns[] = {{&h->time_s, 8}, {&h->amount, 8}, {&h->quantity, 8}, {&h->customer, 4},
                   {&h->order, 4},  {&h->rows, 1},   {&h->flagged, 1}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        patron_status status =
            ptn_array_reserve(columns[i].array, &h->memory, o->rows, columns[i].each, "order lines", error);
        if (status != PATRON_OK) return status;
    }
    patron_status status = reserve_optional(h, &h->product, o->product.offsets != NULL, o->rows, sizeof(int32_t), 0xFF,
                                            "products of order lines", error);
    if (status != PATRON_OK) return status;
    status = reserve_optional(h, &h->category, o->category.offsets != NULL, o->rows, sizeof(int32_t), 0xFF,
                              "categories of order lines", error);
    if (status != PATRON_OK) return status;
    return reserve_optional(h, &h->discount, o->discount != NULL || o->discount_value != NULL, o->rows, sizeof(int64_t),
                            0, "discounts of order lines", error);
}

static void commit(const appender *a)
{
    patron_history *h = a->history;
    ptn_array *columns[] = {&h->customer, &h->order,   &h->time_s,   &h->quantity, &h->amount,
                            &h->flagged,  &h->product, &h->category, &h->discount};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (columns[i]->items != NULL) columns[i]->count += a->lines;
    h->rows.count += a->orders->rows;
    h->rejected.count += a->rejected;
    h->unreadable += a->unreadable;
    h->no_customer += a->no_customer;
    h->amounts_rounded += a->rounded;
}

static patron_status append(patron_history *history, const patron_orders *orders, const ptn_context *context,
                            patron_error *error)
{
    appender a = {.history = history, .orders = orders, .error = error};
    ptn_intern *interns[] = {&history->customers, &history->orders, &history->products, &history->categories};
    int64_t known[4];
    for (int i = 0; i < 4; i++) known[i] = ptn_intern_count(interns[i]);
    patron_status status = ptn_history_reserve(history, orders, error);
    if (status == PATRON_OK) status = ptn_batch_check_columns(orders, error);
    for (int64_t row = 0; status == PATRON_OK && row < orders->rows; row++) {
        if (row % ROWS_BETWEEN_CALLBACKS == 0)
            status = ptn_progress(context, "history", (double)row / (double)orders->rows, error);
        if (status == PATRON_OK) status = append_row(&a, row);
    }
    if (status == PATRON_OK) {
        commit(&a);
        return PATRON_OK;
    }
    for (int i = 0; i < 4; i++) ptn_intern_truncate(interns[i], known[i]);
    return status;
}

patron_status patron_history_append(patron_history *history, const patron_orders *orders, const patron_context *context,
                                    patron_error *error)
{
    patron_orders read;
    ptn_context known;
    fenv_t host;
    ptn_ok(error);
    if (history == NULL) return ptn_fail_null(error, "history");
    patron_status status = ptn_context_read(&known, context, error);
    if (status != PATRON_OK) return status;
    status = ptn_batch_read(&read, orders, error);
    if (status != PATRON_OK || read.rows == 0) return status;

    ptn_floating_enter(&host);
    status = append(history, &read, &known, error);
    ptn_floating_leave(&host);
    return status;
}
