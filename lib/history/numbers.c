/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A step's numbers checked and stored. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "history/currency.h"
#include "history/money.h"
#include "history/step.h"

enum { STEP = PTN_WANTS };

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

/* Values of a column, of the width that it has. */
static void put_numbers(const ptn_step *s, const ptn_array *column, uint32_t bit, const int64_t *values)
{
    if ((s->rows->history->wide & bit) != 0) {
        memcpy((int64_t *)column->items + s->at, values, (size_t)s->count * sizeof *values);
        return;
    }
    if (!s->rows->kernels->narrow((int32_t *)column->items + s->at, values, s->count)) s->block->wide |= bit;
}

void ptn_step_put_orders(const ptn_step *s, const uint64_t *orders)
{
    const patron_history *h = s->rows->history;
    if ((h->wide & PTN_WIDE_ORDER) != 0)
        memcpy((uint64_t *)h->order.items + s->at, orders, (size_t)s->count * sizeof *orders);
    else if (!s->rows->kernels->narrow_keys((uint32_t *)h->order.items + s->at, orders, s->count))
        s->block->wide |= PTN_WIDE_ORDER;
}

static void put_quantities(const ptn_step *s, const double *quantities)
{
    const patron_history *h = s->rows->history;
    if (h->quantity.items == NULL) return;
    if ((h->wide & PTN_WIDE_QUANTITY) != 0) {
        memcpy((double *)h->quantity.items + s->at, quantities, (size_t)s->count * sizeof *quantities);
        return;
    }
    if (!s->rows->kernels->whole((int16_t *)h->quantity.items + s->at, quantities, s->count))
        s->block->wide |= PTN_WIDE_QUANTITY;
}

static bool is_faulty(const patron_orders *o, int64_t row) { return o->fault != NULL && o->fault[row] != 0; }

/* Money of the rows in the log's unit: as given, or made of values that are decimals of at most four places; NULL where
   some are not, or where there is none. */
static const int64_t *plain_money(int64_t made[STEP], const ptn_step *s, const int64_t *exact, const double *values)
{
    if (exact != NULL) return exact + s->row;
    bool plain = values != NULL && s->rows->kernels->money(made, values + s->row, s->count, PATRON_MONEY_UNIT);
    return plain ? made : NULL;
}

/* Money to its column; false where some does not fit. */
static bool put_money(const ptn_step *s, const ptn_array *column, uint32_t bit, const int64_t *values)
{
    int64_t *wide = (int64_t *)column->items + s->at;
    int32_t wrong = 0;
    if ((s->rows->history->wide & bit) == 0)
        return s->rows->kernels->narrow((int32_t *)column->items + s->at, values, s->count);
    for (int32_t i = 0; i < s->count; i++) {
        wrong |= values[i] == INT64_MIN;
        wide[i] = values[i];
    }
    return wrong == 0;
}

static bool put_plain_discounts(const ptn_step *s)
{
    const patron_orders *o = s->orders;
    const ptn_array *column = &s->rows->history->discount;
    int64_t made[STEP];
    if (column->items == NULL) return true;
    if (o->discount == NULL && o->discount_value == NULL) {
        memset(made, 0, sizeof made);
        return put_money(s, column, PTN_WIDE_DISCOUNT, made);
    }
    const int64_t *given = plain_money(made, s, o->discount, o->discount_value);
    if (given == NULL) return false;
    for (int32_t i = 0; i < s->count; i++) made[i] = given[i] < 0 && given[i] > INT64_MIN ? -given[i] : given[i];
    return put_money(s, column, PTN_WIDE_DISCOUNT, made);
}

/* Quantities to their column, and what the stamps say of them: as 16 bits for all lines together, else by `flags`. */
static bool put_plain_quantities(const ptn_step *s, ptn_stamps *stamps, uint8_t flags[STEP])
{
    const patron_history *h = s->rows->history;
    const double *given = s->orders->quantity;
    int32_t wrong = 0;
    if (given == NULL) stamps->all |= PTN_LINE_SOME;
    if (h->quantity.items == NULL) return true; /* no batch has brought any */
    int16_t *narrow = (int16_t *)h->quantity.items + s->at;
    double *wide = (double *)h->quantity.items + s->at;
    if (given == NULL) {
        for (int32_t i = 0; i < s->count; i++) {
            if ((h->wide & PTN_WIDE_QUANTITY) != 0)
                wide[i] = 1.0;
            else
                narrow[i] = 1;
        }
        return true;
    }
    if ((h->wide & PTN_WIDE_QUANTITY) == 0) {
        stamps->quantities = narrow;
        return s->rows->kernels->whole(narrow, given + s->row, s->count);
    }
    for (int32_t i = 0; i < s->count; i++) {
        double quantity = given[s->row + i] + 0.0; /* -0 becomes 0 */
        wrong |= !(fabs(quantity) <= PATRON_MOST_QUANTITY);
        flags[i] =
            (uint8_t)(s->order_flags[i] | (quantity > 0.0 ? PTN_LINE_SOME : 0) | (quantity < 0.0 ? PTN_LINE_BACK : 0));
        wide[i] = quantity;
    }
    stamps->flags = flags;
    return wrong == 0;
}

/* Stores the numbers where every row is a line, nothing is wrong with it and nothing is rounded: what store_rows does,
   without a branch a row. False where that is not so, and then what is written is of no meaning. */
static bool store_plain(const ptn_step *s)
{
    const patron_orders *o = s->orders;
    const patron_history *h = s->rows->history;
    const ptn_kernels *kernels = s->rows->kernels;
    int64_t made[STEP], reach[2] = {INT64_MAX, INT64_MIN}, last_s = s->block->last_s;
    uint8_t flags[STEP];
    ptn_stamps stamps = {.times = o->time_s + s->row,
                         .flags = s->order_flags,
                         .all = o->discount != NULL || o->discount_value != NULL ? PTN_LINE_DISCOUNT : 0,
                         .above = PTN_LINE_SOME,
                         .below = PTN_LINE_BACK,
                         .bits = PTN_LINE_BITS,
                         .zeros = h->options.zero_amount == PATRON_ZERO_AMOUNT_KEEP};
    if (!s->fine || !s->everyone || s->rounded != NULL || o->is_return != NULL) return false;
    stamps.amounts = plain_money(made, s, o->amount, o->amount_value);
    if (stamps.amounts == NULL || !put_money(s, &h->amount, PTN_WIDE_AMOUNT, stamps.amounts)) return false;
    ptn_step_ask(s);
    if (!put_plain_discounts(s) || !put_plain_quantities(s, &stamps, flags)) return false;
    ptn_step_ask(s);
    kernels->stamps((int64_t *)h->stamp.items + s->at, reach, &last_s, &stamps, s->count);
    if (reach[0] < -PATRON_MOST_TIME_S || reach[1] > PATRON_MOST_TIME_S) return false;
    s->block->last_s = last_s;
    return true;
}

/* Stores the numbers; the first row of the step that fails the append, or -1. */
static int32_t store_rows(const ptn_step *s)
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
        stamps[i] = ptn_stamp(n.time_s, n.flags | s->order_flags[i]);
        amounts[i] = n.amount;
        quantities[i] = n.quantity;
        discounts[i] = n.discount;
    }
    put_numbers(s, &h->amount, PTN_WIDE_AMOUNT, amounts);
    if (h->discount.items != NULL) put_numbers(s, &h->discount, PTN_WIDE_DISCOUNT, discounts);
    put_quantities(s, quantities);
    return -1;
}

int32_t ptn_step_store(const ptn_step *s) { return store_plain(s) ? -1 : store_rows(s); }

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
