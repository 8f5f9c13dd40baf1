/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A customer's orders and days, from entries. Lines of an order mostly lie together when entries are sorted by time;
   where they do not, entries are sorted by order first. */
#include "history/orders.h"

#include "base/checked.h"
#include "history/history.h"

/* Orders of a customer that are told apart by looking at each pair. */
enum { FEW_ORDERS = 24 };

static bool by_order(const ptn_entry *a, const ptn_entry *b, const void *none)
{
    (void)none;
    if (a->order_kind != b->order_kind) return a->order_kind < b->order_kind;
    return a->order != b->order ? a->order < b->order : a->time_s < b->time_s;
}

static bool by_time(const ptn_entry *a, const ptn_entry *b, const void *none)
{
    (void)none;
    return a->time_s < b->time_s;
}

#define SORT_NAME    sort_by_order
#define SORT_TYPE    ptn_entry
#define SORT_CONTEXT void
#define SORT_LESS    by_order
#include "base/sort_template.h"

#define SORT_NAME    sort_by_time
#define SORT_TYPE    ptn_entry
#define SORT_CONTEXT void
#define SORT_LESS    by_time
#include "base/sort_template.h"

void ptn_orders_sort(ptn_entry *entries, int64_t count) { sort_by_order(entries, count, NULL); }

static void begin_orders(ptn_customer *c) { c->orders = c->largest_order = c->first_order_s = c->last_order_s = 0; }

/* An order of so much, whose time is that of `last`. Of a sum that has wrapped nothing is read: the customer's has too.
 */
static void close_order(ptn_customer *c, ptn_entry *last, uint64_t amount)
{
    c->largest_order = (int64_t)amount > c->largest_order ? (int64_t)amount : c->largest_order;
    last->marks |= PTN_MARK_CLOSES;
    if (c->orders == 0 || last->time_s < c->first_order_s) c->first_order_s = last->time_s;
    if (c->orders == 0 || last->time_s > c->last_order_s) c->last_order_s = last->time_s;
    c->orders++;
}

/* From entries sorted by order and time. Lines without an order id are one order a day. Marks the line that gives an
   order its time. */
static void see_sorted_orders(ptn_customer *c, ptn_entry *entries, int64_t count)
{
    int64_t last = 0;
    uint64_t amount = 0;
    bool is_order = false;
    begin_orders(c);
    for (int64_t i = 0; i < count; i++) {
        if (ptn_entry_bought(&entries[i])) {
            last = i;
            amount += (uint64_t)entries[i].amount;
        }
        is_order |= entries[i].kind == PTN_KIND_ORDER;
        if (i + 1 < count && ptn_entry_same_order(&entries[i], &entries[i + 1])) continue;
        if (is_order) close_order(c, &entries[last], amount);
        is_order = false;
        amount = 0;
    }
}

/* Where order ids rise with time, as most shops' do, an order's key is beyond all before it. */
typedef struct keys_seen {
    uint64_t unscramble, highest; /* of the keys of `kind` */
    uint8_t kind;
    int64_t orders, starts[FEW_ORDERS]; /* entries that begin the first orders */
} keys_seen;

/* Whether the entry's order is not one of those seen; false, too, where there are more than are worth comparing. */
static bool is_new_order(keys_seen *seen, const ptn_entry *entries, int64_t at)
{
    const ptn_entry *e = &entries[at];
    uint64_t key = e->order_kind == PTN_KEY_NONE ? e->order ^ UINT64_C(1) << 63 : e->order * seen->unscramble;
    int64_t orders = seen->orders;
    if (orders == 0) seen->kind = e->order_kind;
    if (orders > 0 && (e->order_kind != seen->kind || key <= seen->highest)) {
        if (orders > FEW_ORDERS) return false;
        for (int64_t o = 0; o < orders; o++)
            if (ptn_entry_same_order(&entries[seen->starts[o]], e)) return false;
    }
    if (e->order_kind == seen->kind && (orders == 0 || key > seen->highest)) seen->highest = key;
    if (orders < FEW_ORDERS) seen->starts[orders] = at;
    seen->orders++;
    return true;
}

/* The same from entries sorted by time, where the purchase lines of each order lie together: false, and nothing done,
   where they do not. */
static bool see_orders_together(ptn_customer *c, ptn_entry *entries, int64_t count, uint64_t unscramble)
{
    keys_seen seen; /* its starts are set before they are read */
    seen.unscramble = unscramble;
    seen.highest = 0;
    seen.kind = 0;
    seen.orders = 0;
    ptn_entry *last = NULL;
    uint64_t amount = 0;
    bool is_order = false;
    begin_orders(c);
    for (int64_t i = 0; i < count; i++) {
        if (!ptn_entry_bought(&entries[i])) continue;
        if (last == NULL || !ptn_entry_same_order(last, &entries[i])) {
            if (is_order) close_order(c, last, amount);
            if (!is_new_order(&seen, entries, i)) {
                for (int64_t k = 0; k < i; k++) entries[k].marks &= (uint8_t)~PTN_MARK_CLOSES;
                return false;
            }
            is_order = false;
            amount = 0;
        }
        last = &entries[i];
        amount += (uint64_t)entries[i].amount;
        is_order |= entries[i].kind == PTN_KIND_ORDER;
    }
    if (is_order) close_order(c, last, amount);
    return true;
}

/* From entries sorted by time: purchase lines without an order id are one order while none comes more than gap_s after
   the one before. Lines of one instant are of one order, so their order among each other is of no matter. */
static void number_orders(ptn_entry *entries, int64_t count, int64_t gap_s)
{
    int64_t before_s = 0;
    uint64_t orders = 0;
    for (int64_t i = 0; i < count; i++) {
        ptn_entry *e = &entries[i];
        if (e->order_kind != PTN_KEY_NONE || !ptn_entry_bought(e)) continue;
        if (orders == 0 || e->time_s - before_s > gap_s) orders++;
        before_s = e->time_s;
        e->order = orders;
    }
}

bool ptn_orders_see(ptn_customer *c, ptn_entry *entries, int64_t count, int64_t gap_s, uint64_t unscramble)
{
    sort_by_time(entries, count, NULL);
    if (gap_s > 0) number_orders(entries, count, gap_s);
    if (see_orders_together(c, entries, count, unscramble)) return true;
    sort_by_order(entries, count, NULL);
    see_sorted_orders(c, entries, count);
    sort_by_time(entries, count, NULL);
    return false;
}

/* Parts of a sum that fits do fit, so only the totals are checked. */
void ptn_orders_see_days(ptn_customer *c, const ptn_entry *entries, int64_t count, int64_t utc_offset_s)
{
    int64_t first_day = INT64_MAX, last_day = INT64_MIN, days = 0, gross = 0, returns = 0;
    uint64_t repeat_gross = 0, later_returns = 0; /* of no meaning where a total overflows */
    bool fits = true;
    for (int64_t i = 0; i < count; i++) {
        const ptn_entry *e = &entries[i];
        int64_t day = ptn_local_day(e->time_s, utc_offset_s);
        if (ptn_entry_bought(e)) {
            first_day = first_day == INT64_MAX ? day : first_day;
            days += day > last_day;
            last_day = day;
            fits &= ptn_add_i64(&gross, gross, e->amount);
            repeat_gross += day > first_day ? (uint64_t)e->amount : 0;
        } else if (e->kind == PTN_KIND_RETURN || e->kind == PTN_KIND_ADJUSTMENT) {
            int64_t value = e->amount < 0 ? -e->amount : e->amount;
            fits &= ptn_add_i64(&returns, returns, value);
            later_returns += day > first_day ? (uint64_t)value : 0;
        }
    }
    c->purchase_days = days;
    c->first_day = first_day;
    c->last_day = last_day;
    c->gross = gross;
    c->returns = returns;
    c->overflow = !fits;
    c->repeat_gross = fits ? (int64_t)repeat_gross : 0;
    c->recurring = fits ? c->repeat_gross - (int64_t)later_returns : 0;
}
