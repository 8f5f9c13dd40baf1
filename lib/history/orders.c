/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A customer's orders and days, from entries. Lines of an order mostly lie together when entries are sorted by time;
   where they do not, entries are sorted by order first. */
#include "history/orders.h"

#include "base/calendar.h"
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

/* Orders as they are seen. */
typedef struct orders_seen {
    int64_t count, largest;
    int64_t last;    /* entry that was bought, of the order being read */
    uint64_t amount; /* of that order; where it has wrapped nothing is read of it: the customer's has too */
    bool is_order;
} orders_seen;

static inline void add_to_order(orders_seen *seen, const ptn_entry *entries, int64_t at)
{
    seen->last = at;
    seen->amount += (uint64_t)entries[at].amount;
    seen->is_order |= entries[at].kind == PTN_KIND_ORDER;
}

/* The entry that closes the order is closing[…]. */
static inline void close_order(orders_seen *seen, uint32_t *closing)
{
    closing[seen->count] = (uint32_t)seen->last;
    seen->count += seen->is_order;
    if (seen->is_order && (int64_t)seen->amount > seen->largest) seen->largest = (int64_t)seen->amount;
    seen->is_order = false;
    seen->amount = 0;
}

/* From entries by time. */
static void tell_orders(ptn_customer *c, const orders_seen *seen, const ptn_entry *entries, const uint32_t *closing)
{
    c->orders = seen->count;
    c->largest_order = seen->largest;
    if (seen->count == 0) return;
    c->first_order_s = entries[closing[0]].time_s;
    c->last_order_s = entries[closing[seen->count - 1]].time_s;
}

/* From entries sorted by order and time, which are sorted by time then. */
static void see_sorted_orders(ptn_customer *c, uint32_t *closing, ptn_entry *entries, int64_t count)
{
    orders_seen seen = {.count = 0};
    for (int64_t i = 0; i < count; i++) {
        if (ptn_entry_bought(&entries[i])) add_to_order(&seen, entries, i);
        if (i + 1 < count && ptn_entry_same_order(&entries[i], &entries[i + 1])) continue;
        if (seen.is_order) entries[seen.last].marks |= PTN_MARK_CLOSES;
        close_order(&seen, closing);
    }
    sort_by_time(entries, count, NULL);
    for (int64_t i = 0, orders = 0; i < count; i++) {
        closing[orders] = (uint32_t)i;
        orders += (entries[i].marks & PTN_MARK_CLOSES) != 0;
    }
    tell_orders(c, &seen, entries, closing);
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

/* How a customer's entries are found to lie. */
typedef enum order_places {
    TOGETHER, /* by time, the purchase lines of each order side by side */
    APART,    /* not side by side */
    UNSORTED  /* not by time */
} order_places;

/* The customer's orders, where its entries lie TOGETHER. */
static order_places see_orders_together(ptn_customer *c, uint32_t *closing, const ptn_entry *entries, int64_t count,
                                        uint64_t unscramble)
{
    orders_seen seen = {.last = -1};
    int64_t before_s = INT64_MIN;
    keys_seen keys; /* its starts are set before they are read */
    keys.unscramble = unscramble;
    keys.highest = 0;
    keys.kind = 0;
    keys.orders = 0;
    for (int64_t i = 0; i < count; i++) {
        const ptn_entry *e = &entries[i];
        if (e->time_s < before_s) return UNSORTED;
        before_s = e->time_s;
        if (!ptn_entry_bought(e)) continue;
        if (seen.last < 0 || !ptn_entry_same_order(&entries[seen.last], e)) {
            close_order(&seen, closing);
            if (!is_new_order(&keys, entries, i)) return APART;
        }
        add_to_order(&seen, entries, i);
    }
    close_order(&seen, closing);
    tell_orders(c, &seen, entries, closing);
    return TOGETHER;
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

bool ptn_orders_see(ptn_customer *c, uint32_t *closing, ptn_entry *entries, int64_t count, int64_t gap_s,
                    uint64_t unscramble)
{
    if (gap_s > 0) {
        sort_by_time(entries, count, NULL);
        number_orders(entries, count, gap_s);
    }
    order_places lie = see_orders_together(c, closing, entries, count, unscramble);
    if (lie == UNSORTED) {
        sort_by_time(entries, count, NULL);
        lie = see_orders_together(c, closing, entries, count, unscramble);
    }
    if (lie == TOGETHER) return true;
    sort_by_order(entries, count, NULL);
    see_sorted_orders(c, closing, entries, count);
    return false;
}

/* The calendar quarter, 0 … 3, of a day counted from 1970-01-01. */
static int32_t quarter_of(int64_t day)
{
    int64_t year;
    int32_t month, of_month;
    ptn_civil(day, &year, &month, &of_month);
    return (month - 1) / 3;
}

static inline int32_t known_quarter(ptn_seasons *seasons, int64_t day)
{
    int64_t *place = &seasons->known[day & (PTN_KNOWN_DAYS - 1)];
    if (*place >> 2 != day) *place = day * 4 + quarter_of(day);
    return (int32_t)(*place & 3);
}

/* Parts of a sum that fits do fit, so only the totals are checked. */
void ptn_orders_see_days(ptn_customer *c, ptn_seasons *seasons, const ptn_entry *entries, int64_t count,
                         int64_t utc_offset_s)
{
    int64_t first_day = INT64_MAX, last_day = INT64_MIN, days = 0, gross = 0, returns = 0;
    uint64_t repeat_gross = 0, later_returns = 0, spent[4] = {0}; /* of no meaning where a total overflows */
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
            if (seasons != NULL) spent[known_quarter(seasons, day)] += (uint64_t)e->amount;
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
    if (seasons == NULL) return;
    seasons->best = 0;
    for (int32_t q = 0; q < 4; q++)
        if ((int64_t)spent[q] > seasons->best) seasons->best = (int64_t)spent[q];
}
