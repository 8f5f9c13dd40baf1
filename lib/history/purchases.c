/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each customer's purchases at an as-of:

       lines --classify--> entries, grouped by customer (counting sort) --per customer, in parallel--> ptn_customer

   Within a customer, entries are sorted by order and time to see the orders (and duplicates, which are equal in both),
   then by time to see the days and, where asked for, the habits. */
#include "history/purchases.h"

#include <stdatomic.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "history/entries.h"
#include "history/habits.h"
#include "history/history.h"

/* Customers in a block of parallel work, and lines between two callbacks. */
enum { BLOCK = 256, LINES_BETWEEN_CALLBACKS = 1 << 20 };

typedef struct job {
    const patron_history *history;
    int64_t as_of_s; /* INT64_MAX: no line is later */
    int64_t *ends;   /* count + 1: entries of customer c are ends[c] … ends[c + 1] - 1 when grouped */
    ptn_entry *entries;
    ptn_customer *customers;
    ptn_habits *habits;    /* or NULL */
    ptn_question question; /* its as_of_s is the one above */
    int64_t count;
    uint8_t *line_fates;                        /* or NULL */
    int64_t kinds[PTN_KIND_COUNT];              /* lines, duplicates included */
    int64_t first_s, last_s;                    /* of the kept ones; first_s > last_s: none */
    _Atomic int64_t duplicates[PTN_KIND_COUNT]; /* of them */
} job;

static int16_t kind_of(const job *j, int64_t line)
{
    const patron_history *h = j->history;
    int64_t amount = ((const int64_t *)h->amount.items)[line];
    double quantity = ((const double *)h->quantity.items)[line];
    bool keep_zero = h->options.zero_amount == PATRON_ZERO_AMOUNT_KEEP;
    if (((const int64_t *)h->time_s.items)[line] > j->as_of_s) return PTN_KIND_LATER;
    if (amount == 0 && !keep_zero) return PTN_KIND_ZERO;
    if (quantity < 0.0 || (((const uint8_t *)h->flagged.items)[line] & PTN_LINE_RETURN) != 0) return PTN_KIND_RETURN;
    if (amount < 0) return PTN_KIND_ADJUSTMENT;
    return quantity > 0.0 ? PTN_KIND_ORDER : PTN_KIND_PURCHASE;
}

/* Lines whose kind matters to their customer: dropped ones only where they may be duplicates. */
static bool enters(const job *j, int32_t kind)
{
    return kind >= PTN_KIND_RETURN ||
           (kind == PTN_KIND_ZERO && j->history->options.duplicates == PATRON_DUPLICATES_DROP);
}

static bool by_order(const ptn_entry *a, const ptn_entry *b, const patron_history *h)
{
    (void)h;
    return a->order != b->order ? a->order < b->order : a->time_s < b->time_s;
}

static bool by_time(const ptn_entry *a, const ptn_entry *b, const patron_history *h)
{
    (void)h;
    return a->time_s < b->time_s;
}

#define COMPARE(a, b) ((a) < (b) ? -1 : (a) > (b))

/* -1, 0, 1 by everything that makes lines of one customer duplicates. */
static int compare_lines(const ptn_entry *a, const ptn_entry *b, const patron_history *h)
{
    const double *quantity = h->quantity.items;
    const uint8_t *flagged = h->flagged.items;
    const int32_t *product = h->product.items, *category = h->category.items;
    const int64_t *discount = h->discount.items;
    int64_t m = a->line, n = b->line;
    int sign = COMPARE(a->order, b->order);
    if (sign == 0) sign = COMPARE(a->time_s, b->time_s);
    if (sign == 0) sign = COMPARE(a->amount, b->amount);
    if (sign == 0) sign = COMPARE(quantity[m], quantity[n]);
    if (sign == 0) sign = COMPARE(flagged[m] & PTN_LINE_RETURN, flagged[n] & PTN_LINE_RETURN);
    if (sign == 0 && product != NULL) sign = COMPARE(product[m], product[n]);
    if (sign == 0 && category != NULL) sign = COMPARE(category[m], category[n]);
    if (sign == 0 && discount != NULL) sign = COMPARE(discount[m], discount[n]);
    return sign;
}

static bool by_everything(const ptn_entry *a, const ptn_entry *b, const patron_history *h)
{
    int sign = compare_lines(a, b, h);
    return sign != 0 ? sign < 0 : a->line < b->line;
}

#define SORT_NAME    sort_by_order
#define SORT_TYPE    ptn_entry
#define SORT_CONTEXT patron_history
#define SORT_LESS    by_order
#include "base/sort_template.h"

#define SORT_NAME    sort_by_time
#define SORT_TYPE    ptn_entry
#define SORT_CONTEXT patron_history
#define SORT_LESS    by_time
#include "base/sort_template.h"

#define SORT_NAME    sort_by_everything
#define SORT_TYPE    ptn_entry
#define SORT_CONTEXT patron_history
#define SORT_LESS    by_everything
#include "base/sort_template.h"

/* Of equal lines the first appended stays. Leaves the entries sorted by order and time. */
static void mark_duplicates(job *j, ptn_entry *entries, int64_t count)
{
    int64_t found[PTN_KIND_COUNT] = {0};
    sort_by_everything(entries, count, j->history);
    for (int64_t i = 1, kept = 0; i < count; i++) {
        if (compare_lines(&entries[kept], &entries[i], j->history) != 0) {
            kept = i;
            continue;
        }
        entries[kept].marks |= entries[i].marks;
        found[entries[i].kind]++;
        entries[i].kind = PTN_KIND_DUPLICATE;
        if (j->line_fates != NULL) j->line_fates[entries[i].line] = PATRON_FATE_DUPLICATE;
    }
    for (int32_t k = 0; k < PTN_KIND_COUNT; k++)
        if (found[k] > 0) atomic_fetch_add_explicit(&j->duplicates[k], found[k], memory_order_relaxed);
}

/* From entries sorted by order and time. Lines without an order id share -1 and are one order a day. Marks the line
   that gives an order its time. */
static void see_orders(ptn_customer *c, ptn_entry *entries, int64_t count, int64_t utc_offset_s)
{
    int64_t last = 0;
    bool is_order = false;
    for (int64_t i = 0; i < count; i++) {
        const ptn_entry *e = &entries[i], *next = e + 1;
        if (ptn_entry_bought(e)) last = i;
        is_order |= e->kind == PTN_KIND_ORDER;
        if (i + 1 < count && next->order == e->order &&
            (e->order >= 0 || ptn_local_day(next->time_s, utc_offset_s) == ptn_local_day(e->time_s, utc_offset_s)))
            continue;
        if (is_order) {
            int64_t order_s = entries[last].time_s;
            entries[last].marks |= PTN_MARK_CLOSES;
            if (c->orders == 0 || order_s < c->first_order_s) c->first_order_s = order_s;
            if (c->orders == 0 || order_s > c->last_order_s) c->last_order_s = order_s;
            c->orders++;
        }
        is_order = false;
    }
}

/* From entries sorted by time: days and money. Parts of a sum that fits do fit, so only the totals are checked. */
static void see_days(ptn_customer *c, const ptn_entry *entries, int64_t count, int64_t utc_offset_s)
{
    int64_t recurring_returns = 0;
    for (int64_t i = 0; i < count; i++) {
        const ptn_entry *e = &entries[i];
        int64_t day = ptn_local_day(e->time_s, utc_offset_s);
        bool later = c->purchase_days > 0 && day > c->first_day;
        if (ptn_entry_bought(e)) {
            if (c->purchase_days == 0) c->first_day = day;
            if (c->purchase_days == 0 || day > c->last_day) c->purchase_days++;
            c->last_day = day;
            if (!ptn_add_i64(&c->gross, c->gross, e->amount)) c->overflow = 1;
            if (later && c->overflow == 0) c->repeat_gross += e->amount;
        } else if (e->kind == PTN_KIND_RETURN || e->kind == PTN_KIND_ADJUSTMENT) {
            int64_t value = e->amount < 0 ? -e->amount : e->amount;
            if (!ptn_add_i64(&c->returns, c->returns, value)) c->overflow = 1;
            if (later && c->overflow == 0) recurring_returns += value;
        }
    }
    c->recurring = c->repeat_gross - recurring_returns;
}

static void see_customers(void *argument, int64_t block, int32_t worker)
{
    job *j = argument;
    int64_t end = (block + 1) * BLOCK < j->count ? (block + 1) * BLOCK : j->count;
    int64_t offset_s = j->history->options.utc_offset_s;
    (void)worker;
    for (int64_t c = block * BLOCK; c < end; c++) {
        ptn_entry *entries = j->entries + j->ends[c];
        int64_t count = j->ends[c + 1] - j->ends[c];
        if (j->history->options.duplicates == PATRON_DUPLICATES_DROP)
            mark_duplicates(j, entries, count);
        else
            sort_by_order(entries, count, j->history);
        see_orders(&j->customers[c], entries, count, offset_s);
        if (j->customers[c].orders == 0) continue;
        sort_by_time(entries, count, j->history);
        see_days(&j->customers[c], entries, count, offset_s);
        if (j->habits != NULL && j->customers[c].overflow == 0)
            ptn_habits_see(&j->habits[c], entries, count, j->history, &j->question);
    }
}

/* The as-of as used: the last kept line's instant unless given. INT64_MAX where there is no such line. */
static patron_status find_as_of(job *j, int64_t as_of_s, patron_error *error)
{
    j->as_of_s = INT64_MAX;
    if (as_of_s != PATRON_AS_OF_LAST && (as_of_s > PATRON_MOST_TIME_S || as_of_s < -PATRON_MOST_TIME_S))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "as_of_s is %lld; give seconds since 1970 within 2.6e11, or PATRON_AS_OF_LAST",
                        (long long)as_of_s);
    int64_t last = INT64_MIN;
    const int64_t *time_s = j->history->time_s.items;
    for (int64_t i = 0; as_of_s == PATRON_AS_OF_LAST && i < ptn_history_lines(j->history); i++)
        if (time_s[i] > last && kind_of(j, i) != PTN_KIND_ZERO) last = time_s[i];
    if (as_of_s != PATRON_AS_OF_LAST) last = as_of_s;
    if (last != INT64_MIN) j->as_of_s = last;
    return PATRON_OK;
}

static const uint8_t fate_of_kind[PTN_KIND_COUNT] = {
    [PTN_KIND_LATER] = PATRON_FATE_AFTER_AS_OF, [PTN_KIND_ZERO] = PATRON_FATE_ZERO_AMOUNT,
    [PTN_KIND_RETURN] = PATRON_FATE_RETURN,     [PTN_KIND_ADJUSTMENT] = PATRON_FATE_RETURN,
    [PTN_KIND_PURCHASE] = PATRON_FATE_PURCHASE, [PTN_KIND_ORDER] = PATRON_FATE_PURCHASE,
};

/* Counts each kind, each customer's lines and the entries to come: ends[c + 1] is customer c's number of entries. */
static patron_status count_lines(job *j, const ptn_context *context, const char *stage, double until,
                                 patron_error *error)
{
    int64_t lines = ptn_history_lines(j->history);
    const int32_t *customer = j->history->customer.items;
    const int64_t *time_s = j->history->time_s.items;
    j->first_s = INT64_MAX;
    j->last_s = INT64_MIN;
    for (int64_t i = 0; i < lines; i++) {
        if (i % LINES_BETWEEN_CALLBACKS == 0) {
            patron_status status = ptn_progress(context, stage, until * (double)i / (double)lines, error);
            if (status != PATRON_OK) return status;
        }
        int16_t kind = kind_of(j, i);
        j->kinds[kind]++;
        j->customers[customer[i]].lines++;
        if (j->line_fates != NULL) j->line_fates[i] = fate_of_kind[kind];
        if (enters(j, kind)) j->ends[customer[i] + 1]++;
        if (kind < PTN_KIND_RETURN) continue;
        if (time_s[i] < j->first_s) j->first_s = time_s[i];
        if (time_s[i] > j->last_s) j->last_s = time_s[i];
    }
    return PATRON_OK;
}

/* Puts each line that enters with its customer's; ends[c] must be where the first of customer c's goes, and moves to
   one past the last. */
static patron_status group_lines(job *j, const ptn_context *context, const char *stage, double from, double until,
                                 patron_error *error)
{
    const patron_history *h = j->history;
    int64_t lines = ptn_history_lines(h);
    const int32_t *customer = h->customer.items;
    for (int64_t i = 0; i < lines; i++) {
        if (i % LINES_BETWEEN_CALLBACKS == 0) {
            double share = (double)i / (double)lines;
            patron_status status = ptn_progress(context, stage, from + (until - from) * share, error);
            if (status != PATRON_OK) return status;
        }
        int16_t kind = kind_of(j, i);
        if (!enters(j, kind)) continue;
        ptn_entry *e = &j->entries[j->ends[customer[i]]++];
        e->time_s = ((const int64_t *)h->time_s.items)[i];
        e->amount = ((const int64_t *)h->amount.items)[i];
        e->line = i;
        e->order = ((const int32_t *)h->order.items)[i];
        e->kind = kind;
        e->marks = (((const uint8_t *)h->flagged.items)[i] & PTN_LINE_DISCOUNT) != 0 ? PTN_MARK_DISCOUNT : 0;
    }
    return PATRON_OK;
}

/* The customer whose money overflowed; of several, the one whose id comes first. */
static patron_status fail_overflow(const job *j, patron_error *error)
{
    const uint8_t *id = NULL;
    int64_t length = 0;
    for (int64_t c = 0; c < j->count; c++) {
        const uint8_t *bytes;
        if (j->customers[c].orders == 0 || j->customers[c].overflow == 0) continue;
        int64_t size = ptn_intern_get(&bytes, &j->history->customers, (int32_t)c);
        int sign = id == NULL ? -1 : memcmp(bytes, id, (size_t)(size < length ? size : length));
        if (sign > 0 || (sign == 0 && size >= length)) continue;
        id = bytes;
        length = size;
    }
    int shown = length < 80 ? (int)length : 80;
    while (shown > 0 && shown < length && (id[shown] & 0xC0) == 0x80) shown--;
    return ptn_fail(error, PATRON_OUT_OF_RANGE,
                    "customer %.*s%s: money is beyond 922,337,203,685,477.5807; check its unit", shown,
                    (const char *)id, shown < length ? "…" : "");
}

static patron_status fill_audit(ptn_purchases *p, job *j, patron_error *error)
{
    const patron_history *h = j->history;
    patron_audit *audit = &p->audit;
    int64_t *fates = audit->fates;
    audit->size = sizeof *audit;
    audit->as_of_s = j->as_of_s == INT64_MAX ? 0 : j->as_of_s;
    if (j->first_s <= j->last_s) {
        audit->first_s = j->first_s;
        audit->last_s = j->last_s;
    }
    audit->rows_read = h->rows.count;
    fates[PATRON_FATE_UNREADABLE] = h->unreadable;
    fates[PATRON_FATE_NO_CUSTOMER] = h->no_customer;
    for (int32_t k = 0; k < PTN_KIND_COUNT; k++) {
        int64_t duplicates = atomic_load_explicit(&j->duplicates[k], memory_order_relaxed);
        fates[fate_of_kind[k]] += j->kinds[k] - duplicates;
        fates[PATRON_FATE_DUPLICATE] += duplicates;
        if (k == PTN_KIND_ADJUSTMENT) audit->adjustments = j->kinds[k] - duplicates;
    }
    audit->rows_kept = fates[PATRON_FATE_RETURN] + fates[PATRON_FATE_PURCHASE];
    audit->amounts_rounded = h->amounts_rounded;
    audit->rejected_listed = ptn_history_listed(h);
    for (int64_t i = 0; i < j->count; i++) {
        const ptn_customer *c = &j->customers[i];
        audit->customers += c->lines > 0;
        if (c->orders == 0) continue;
        if (c->overflow != 0) return fail_overflow(j, error);
        audit->customers_with_order++;
        audit->orders += c->orders;
        if (!ptn_add_i64(&audit->gross, audit->gross, c->gross) ||
            !ptn_add_i64(&audit->returns, audit->returns, c->returns))
            return ptn_fail(error, PATRON_OUT_OF_RANGE,
                            "the shop's money is beyond 922,337,203,685,477.5807; check its unit");
    }
    audit->customers_without_order = audit->customers - audit->customers_with_order;
    audit->net = audit->gross - audit->returns;
    return PATRON_OK;
}

static patron_status build(ptn_purchases *p, job *j, ptn_team *team, const char *stage, double until,
                           patron_error *error)
{
    const ptn_context *context = team->context;
    void *block;
    patron_status status =
        ptn_allocate_zero(&block, &context->memory, j->count + 1, sizeof(ptn_customer), "customers", error);
    if (status != PATRON_OK) return status;
    p->customers = j->customers = block;
    if (j->question.habits != PTN_HABIT_NONE) {
        status = ptn_allocate_zero(&block, &context->memory, j->count + 1, sizeof(ptn_habits), "customers", error);
        if (status != PATRON_OK) return status;
        p->habits = j->habits = block;
    }
    status = ptn_allocate_zero(&block, &context->memory, j->count + 2, sizeof(int64_t), "customers' lines", error);
    if (status != PATRON_OK) return status;
    j->ends = block;
    status = count_lines(j, context, stage, 0.2 * until, error);
    if (status != PATRON_OK) return status;

    for (int64_t c = 0; c < j->count; c++) j->ends[c + 1] += j->ends[c];
    status =
        ptn_allocate(&block, &context->memory, j->ends[j->count], sizeof(ptn_entry), "order lines by customer", error);
    if (status != PATRON_OK) return status;
    j->entries = block;
    status = group_lines(j, context, stage, 0.2 * until, 0.5 * until, error);
    if (status != PATRON_OK) return status;
    /* Each start has moved to its end, which is the next one's start. */
    memmove(j->ends + 1, j->ends, (size_t)j->count * sizeof *j->ends);
    j->ends[0] = 0;
    status = ptn_team_run(team, stage, 0.5 * until, until, (j->count + BLOCK - 1) / BLOCK, see_customers, j, error);
    return status != PATRON_OK ? status : fill_audit(p, j, error);
}

patron_status ptn_purchases_build(ptn_purchases *purchases, uint8_t *line_fates, const patron_history *history,
                                  const ptn_question *question, ptn_team *team, const char *stage, double until,
                                  patron_error *error)
{
    job j;
    memset(purchases, 0, sizeof *purchases);
    memset(&j, 0, sizeof j);
    purchases->memory = team->context->memory;
    purchases->count = ptn_intern_count(&history->customers);
    j.history = history;
    j.count = purchases->count;
    j.line_fates = line_fates;
    patron_status status = find_as_of(&j, question->as_of_s, error);
    j.question = *question;
    j.question.as_of_s = j.as_of_s;
    if (status == PATRON_OK) status = build(purchases, &j, team, stage, until, error);
    ptn_free(&purchases->memory, j.entries);
    ptn_free(&purchases->memory, j.ends);
    if (status != PATRON_OK) ptn_purchases_free(purchases);
    return status;
}

void ptn_purchases_free(ptn_purchases *purchases)
{
    ptn_memory memory = purchases->memory;
    if (purchases->habits != NULL) ptn_free(&memory, purchases->habits);
    if (purchases->customers != NULL) ptn_free(&memory, purchases->customers);
    memset(purchases, 0, sizeof *purchases);
}
