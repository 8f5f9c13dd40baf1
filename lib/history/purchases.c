/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each customer's purchases at an as-of:

       log --groups.h--> groups of customers --a group at a time, in parallel--> grouped by customer --> ptn_customer

   Customers are kept in an array, or go to a sink some at a time, where it is known before who has a row.

   Within a customer, entries are sorted by time to see the orders, the days and, where asked for, the habits. Lines of
   an order mostly lie together then; where they do not, entries are sorted by order first, as they are by everything
   that makes lines duplicates. */
#include "history/purchases.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/utf8.h"
#include "history/as_of.h"
#include "history/briefs.h"
#include "history/cancelled.h"
#include "history/duplicates.h"
#include "history/entries.h"
#include "history/groups.h"
#include "history/habits.h"
#include "history/history.h"
#include "history/orders.h"
#include "history/prices.h"
#include "history/rank.h"
#include "history/running.h"
#include "history/runs.h"

/* Entries in a group that a worker groups in memory of its own; the few larger groups are done one at a time. Rows of
   the sink that are touched together. */
enum { LARGE_GROUP = 1 << 17, TOUCHED_ROWS = 32 * PTN_SINK_ROWS };

/* The kinds a line can become, from PTN_KIND_COUNT on. */
enum { MOVES = PTN_KIND_END - PTN_KIND_COUNT };
static const uint8_t move_fates[MOVES] = {PATRON_FATE_DUPLICATE, PATRON_FATE_CANCELLED, PATRON_FATE_CANCELLATION};

/* What a group adds to the audit. */
typedef struct group_sums {
    ptn_customer_sums customers;
    int64_t beyond;                       /* customer whose money overflowed, of several the first by id; -1: none */
    int64_t moved[MOVES][PTN_KIND_COUNT]; /* lines that became another kind, by the kind they were */
    int64_t first_s, last_s;              /* of the kept ones, where cancellations are matched */
} group_sums;

/* Customers on their way to the sink, in a worker's cache. */
typedef struct tray {
    int64_t row, end; /* of the first; after the last of the group */
    int64_t count;
    int64_t until; /* rows touched */
    ptn_customer customers[PTN_SINK_ROWS];
    ptn_habits habits[PTN_SINK_ROWS]; /* what is not asked for stays 0 */
} tray;

/* A worker's own. */
typedef struct bench {
    ptn_entry *entries; /* a group's, by customer */
    uint32_t *ends;     /* by customer of the group */
    uint32_t *closing;  /* of a customer's entries, those that give its orders their times */
    ptn_seasons seasons;
    ptn_habit_bench habits;
    tray *tray; /* or NULL */
} bench;

typedef struct job {
    const patron_history *history;
    const ptn_groups *groups;
    const ptn_purchases *purchases;
    const int32_t *order;     /* as ptn_purchases' */
    const ptn_sink *sink;     /* NULL, or who takes the customers */
    ptn_customer *customers;  /* all, unless there is a sink */
    ptn_habits *habits;       /* or NULL; likewise */
    ptn_question question;    /* its as_of_s is the one used */
    uint8_t *line_fates;      /* or NULL */
    group_sums *sums;         /* of each group */
    ptn_customer_sums closed; /* of the customers of `running` that are not odd */
    bench *benches;           /* of each worker */
    int64_t first;            /* group of this round */
    bool large;               /* groups over LARGE_GROUP are done now, not the others */
} job;

/* The history's number of a customer. */
static int32_t number_of(const job *j, int64_t customer)
{
    return j->order == NULL ? (int32_t)customer : j->order[customer];
}

/* The entry, which was of kind `from`, is counted as of another. */
static void count_move(const job *j, group_sums *sums, const ptn_entry *e, uint8_t from, const int64_t *lines)
{
    int32_t to = e->kind - PTN_KIND_COUNT;
    sums->moved[to][from]++;
    if (j->line_fates != NULL) j->line_fates[lines[e->at]] = move_fates[to];
}

/* Of equal lines the first appended stays. */
static void mark_duplicates(const job *j, group_sums *sums, ptn_entry *entries, int64_t count,
                            const ptn_detail *details, const int64_t *lines)
{
    ptn_duplicates_sort(entries, count, details);
    for (int64_t i = 1, kept = 0; i < count; i++) {
        if (!ptn_duplicates_are(&entries[kept], &entries[i], details)) {
            kept = i;
            continue;
        }
        entries[kept].marks |= entries[i].marks;
        uint8_t from = entries[i].kind;
        entries[i].kind = PTN_KIND_DUPLICATE;
        count_move(j, sums, &entries[i], from, lines);
    }
}

/* Purchases that were cancelled, and what cancelled them. A purchase that makes no order has no quantity above 0, so
   it is in no pair. */
static void match_cancellations(const job *j, bench *b, group_sums *sums, ptn_entry *entries, int64_t count,
                                const ptn_detail *details, const int64_t *lines)
{
    ptn_cancel(entries, count, details, lines, b->habits.numbers, j->history);
    for (int64_t i = 0; i < count; i++) {
        const ptn_entry *e = &entries[i];
        if (e->kind == PTN_KIND_CANCELLED) count_move(j, sums, e, PTN_KIND_ORDER, lines);
        if (e->kind == PTN_KIND_CANCELLATION) count_move(j, sums, e, PTN_KIND_RETURN, lines);
        if (e->kind < PTN_KIND_RETURN || e->kind >= PTN_KIND_COUNT) continue;
        if (e->time_s < sums->first_s) sums->first_s = e->time_s;
        if (e->time_s > sums->last_s) sums->last_s = e->time_s;
    }
}

/* The customer of the two whose id comes first; `first` may be -1, which is none. */
static int64_t first_by_id(const job *j, int64_t first, int64_t customer)
{
    uint8_t first_text[PTN_KEY_TEXT], text[PTN_KEY_TEXT];
    const uint8_t *id, *bytes;
    if (first < 0) return customer;
    int64_t length = ptn_intern_get(&id, first_text, &j->history->customers, number_of(j, first)),
            size = ptn_intern_get(&bytes, text, &j->history->customers, number_of(j, customer));
    return ptn_compare_texts(bytes, size, id, length) < 0 ? customer : first;
}

static void add_customer(const job *j, group_sums *sums, int64_t customer, const ptn_customer *c)
{
    if (c->overflow != 0) sums->beyond = first_by_id(j, sums->beyond, customer);
    ptn_customer_add(&sums->customers, c->orders, c->overflow == 0 ? c->gross : 0, c->overflow == 0 ? c->returns : 0,
                     j->question.min_orders);
}

/* Entries of a group, grouped by customer: a counting sort that keeps their order. ends[c] is where customer c's end.
 */
static void sort_group(const bench *b, const ptn_gathered *gathered, int64_t count, int64_t customers)
{
    uint32_t *ends = b->ends, at = 0;
    memset(ends, 0, (size_t)customers * sizeof *ends);
    for (int64_t i = 0; i < count; i++) ends[ptn_gathered_customer(&gathered[i])]++;
    for (int64_t c = 0; c < customers; c++) {
        uint32_t of = ends[c];
        ends[c] = at;
        at += of;
    }
    for (int64_t i = 0; i < count; i++)
        b->entries[ends[ptn_gathered_customer(&gathered[i])]++] = ptn_gathered_entry(&gathered[i], (uint32_t)i);
}

/* `together`: the purchase lines of each order lie so. */
static void see_habits(const job *j, bench *b, ptn_habits *habits, ptn_entry *entries, int64_t count, int64_t orders,
                       int64_t first_line, const ptn_detail *details, bool together)
{
    ptn_habits_see(habits, &b->habits, entries, count, b->closing, orders, first_line, details, j->history,
                   &j->question);
    habits->best_quarter = b->seasons.best;
    if ((j->question.habits & PTN_HABIT_CHANNELS) == 0) return;
    if (!together && b->habits.channels != NULL) ptn_orders_sort(entries, count);
    ptn_habits_see_channels(habits, &b->habits, entries, count, details, j->history);
}

/* The customer, and its habits (or NULL) where it is ranked. */
static void see_customer(const job *j, bench *b, group_sums *sums, int64_t customer, ptn_customer *c,
                         ptn_habits *habits, ptn_entry *entries, int64_t count, const ptn_detail *details,
                         const int64_t *lines)
{
    c->orders = 0;
    if (b->tray == NULL) memset(c, 0, sizeof *c);
    sums->customers.customers += count > 0 || ptn_groups_saw(j->groups, customer);
    if (count == 0) return;
    if (j->history->options.duplicates == PATRON_DUPLICATES_DROP)
        mark_duplicates(j, sums, entries, count, details, lines);
    if (j->history->options.match_cancellations != 0) match_cancellations(j, b, sums, entries, count, details, lines);
    const patron_history_options *options = &j->history->options;
    int64_t first_line = entries[0].at; /* of briefs: entries are sorted next */
    bool together = ptn_orders_see(c, b->closing, entries, count, options->order_gap_s, j->groups->unscramble);
    if (c->orders == 0) return;
    ptn_seasons *seasons = (j->question.habits & PTN_HABIT_SEASONS) != 0 ? &b->seasons : NULL;
    ptn_orders_see_days(c, seasons, entries, count, options->utc_offset_s);
    if (habits != NULL && c->orders >= j->question.min_orders) {
        if (b->tray == NULL || c->overflow != 0) memset(habits, 0, sizeof *habits);
        if (c->overflow == 0) see_habits(j, b, habits, entries, count, c->orders, first_line, details, together);
    }
    add_customer(j, sums, customer, c);
}

/* The tray's customers go to the sink. */
static void empty_tray(const job *j, bench *b)
{
    tray *t = b->tray;
    ptn_habits_finish(&b->habits);
    if (t->count == 0) return;
    if (t->row + t->count > t->until) {
        int64_t left = t->end - t->until, rows = left < TOUCHED_ROWS ? left : TOUCHED_ROWS;
        j->sink->touch(j->sink->user, t->until, rows);
        t->until += rows;
    }
    j->sink->take(j->sink->user, t->row, t->customers, j->question.habits == PTN_HABIT_NONE ? NULL : t->habits,
                  t->count);
    t->row += t->count;
    t->count = 0;
}

/* How many ranked customers there are before this one. */
static int64_t row_of(const ptn_purchases *p, int64_t customer)
{
    int64_t group = customer >> PTN_PURCHASES_SHIFT, word = group << (PTN_PURCHASES_SHIFT - 6), row = p->ranked[group];
    for (; word < customer / 64; word++) row += ptn_run_count(p->rows[word]);
    return row + ptn_run_count(p->rows[word] & ((UINT64_C(1) << (customer % 64)) - 1));
}

/* An empty one for the customers first … end - 1. */
static void lay_tray(const ptn_purchases *p, tray *t, int64_t first, int64_t end)
{
    t->row = t->until = row_of(p, first);
    t->end = row_of(p, end);
    t->count = 0;
}

/* Where a customer is seen. */
static ptn_customer *place_of(const job *j, bench *b, int64_t customer, ptn_habits **habits)
{
    tray *t = b->tray;
    *habits = NULL;
    if (j->question.habits != PTN_HABIT_NONE) *habits = t != NULL ? &t->habits[t->count] : &j->habits[customer];
    return t != NULL ? &t->customers[t->count] : &j->customers[customer];
}

static void see_group(void *argument, int64_t block, int32_t worker)
{
    const job *j = argument;
    const ptn_groups *g = j->groups;
    bench *b = &j->benches[worker];
    int64_t group = j->first + block;
    int64_t first = group << g->shift, end = (group + 1) << g->shift, from = 0;
    int64_t start = g->units != NULL ? 0 : g->starts[group] - g->base,
            count = g->units != NULL ? ptn_briefs_most(g, group) : g->starts[group + 1] - g->starts[group];
    if (end > g->customers) end = g->customers;
    if ((count > LARGE_GROUP) != j->large) return;
    memset(&j->sums[group], 0, sizeof *j->sums);
    j->sums[group].beyond = -1;
    j->sums[group].first_s = INT64_MAX;
    j->sums[group].last_s = INT64_MIN;
    if (j->customers != NULL) ptn_touch(&j->customers[first], (size_t)(end - first) * sizeof *j->customers);
    if (j->habits != NULL) ptn_touch(&j->habits[first], (size_t)(end - first) * sizeof *j->habits);
    if (b->tray != NULL) lay_tray(j->purchases, b->tray, first, end);
    if (g->units != NULL) {
        int64_t entries = ptn_briefs_sort(b->entries, b->ends, g, group, end - first);
        ptn_habits_settle(&b->habits, b->entries, entries, ptn_briefs_of(g), &g->form);
    } else {
        sort_group(b, g->entries + start, count, end - first);
    }
    for (int64_t c = first; c < end; c++) {
        int64_t to = b->ends[c - first];
        ptn_habits *habits;
        ptn_customer *customer = place_of(j, b, c, &habits);
        see_customer(j, b, &j->sums[group], c, customer, habits, b->entries + from, to - from,
                     g->details == NULL ? NULL : g->details + start, g->lines == NULL ? NULL : g->lines + start);
        from = to;
        if (b->tray != NULL && customer->orders > 0 && ++b->tray->count == PTN_SINK_ROWS) empty_tray(j, b);
    }
    if (b->tray != NULL)
        empty_tray(j, b);
    else
        ptn_habits_finish(&b->habits);
}

static patron_status fail_overflow(const job *j, int64_t customer, patron_error *error)
{
    uint8_t text[PTN_KEY_TEXT];
    const uint8_t *id;
    int64_t length = ptn_intern_get(&id, text, &j->history->customers, number_of(j, customer));
    int shown = length < 80 ? (int)length : 80;
    while (shown > 0 && shown < length && (id[shown] & 0xC0) == 0x80) shown--;
    return ptn_fail(error, PATRON_OUT_OF_RANGE,
                    "customer %.*s%s: money is beyond 922,337,203,685,477.5807; check its unit", shown,
                    (const char *)id, shown < length ? "…" : "");
}

/* The sums of all groups, and where each group's customers with an order begin. */
static patron_status add_groups(ptn_purchases *p, const job *j, int64_t moved[MOVES][PTN_KIND_COUNT], int64_t kept_s[2],
                                patron_error *error)
{
    patron_audit *audit = &p->audit;
    ptn_customer_sums all = j->closed;
    int64_t beyond = -1;
    for (int64_t g = 0; j->groups != NULL && g < j->groups->count; g++)
        if (j->sums[g].beyond >= 0) beyond = first_by_id(j, beyond, j->sums[g].beyond);
    if (beyond >= 0) return fail_overflow(j, beyond, error);
    for (int64_t g = 0; j->groups != NULL && g < j->groups->count; g++) {
        const group_sums *s = &j->sums[g];
        ptn_customer_sums_add(&all, &s->customers);
        for (int32_t m = 0; m < MOVES; m++)
            for (int32_t k = 0; k < PTN_KIND_COUNT; k++) moved[m][k] += s->moved[m][k];
        if (s->first_s < kept_s[0]) kept_s[0] = s->first_s;
        if (s->last_s > kept_s[1]) kept_s[1] = s->last_s;
    }
    audit->customers = all.customers;
    audit->customers_with_order = all.with_order;
    audit->customers_below_min_orders = all.with_order - all.ranked;
    audit->orders = all.orders;
    audit->gross = all.gross;
    audit->returns = all.returns;
    if (!all.shop) return PATRON_OK;
    return ptn_fail(error, PATRON_OUT_OF_RANGE, "the shop's money is beyond 922,337,203,685,477.5807; check its unit");
}

/* As the audit has it. */
static int64_t used_as_of(const job *j) { return j->question.as_of_s == INT64_MAX ? 0 : j->question.as_of_s; }

static patron_status fill_audit(ptn_purchases *p, const job *j, patron_error *error)
{
    const patron_history *h = j->history;
    const ptn_line_sums *lines = p->running != NULL ? &p->running->sums : &j->groups->sums;
    const int64_t *kinds = lines->kinds;
    patron_audit *audit = &p->audit;
    int64_t *fates = audit->fates, moved[MOVES][PTN_KIND_COUNT] = {{0}}, kept_s[2] = {INT64_MAX, INT64_MIN};
    audit->size = sizeof *audit;
    audit->as_of_s = used_as_of(j);
    patron_status status = add_groups(p, j, moved, kept_s, error);
    if (status != PATRON_OK) return status;
    if (h->options.match_cancellations == 0) {
        kept_s[0] = lines->first_s;
        kept_s[1] = lines->last_s;
    }
    if (kept_s[0] <= kept_s[1]) {
        audit->first_s = kept_s[0];
        audit->last_s = kept_s[1];
    }
    audit->rows_read = ptn_history_rows(h);
    fates[PATRON_FATE_UNREADABLE] = h->unreadable;
    fates[PATRON_FATE_NO_CUSTOMER] = h->no_customer;
    for (int32_t k = 0; k < PTN_KIND_COUNT; k++) {
        fates[ptn_fate_of_kind(k)] += kinds[k];
        if (k == PTN_KIND_ADJUSTMENT) audit->adjustments = kinds[k];
        for (int32_t m = 0; m < MOVES; m++) {
            fates[ptn_fate_of_kind(k)] -= moved[m][k];
            fates[move_fates[m]] += moved[m][k];
            if (k == PTN_KIND_ADJUSTMENT) audit->adjustments -= moved[m][k];
        }
    }
    audit->rows_kept = fates[PATRON_FATE_RETURN] + fates[PATRON_FATE_PURCHASE];
    audit->amounts_rounded = h->amounts_rounded;
    audit->rejected_listed = ptn_history_listed(h);
    audit->customers_without_order = audit->customers - audit->customers_with_order;
    audit->net = audit->gross - audit->returns;
    return PATRON_OK;
}

/* Memory for `workers` workers to group in; the first's has room for the largest group. */
static patron_status make_benches(job *j, int32_t workers, ptn_memory *memory, patron_error *error)
{
    int64_t customers = INT64_C(1) << j->groups->shift, largest = j->groups->largest;
    void *block;
    patron_status status = ptn_allocate_zero(&block, memory, workers, sizeof *j->benches, "workers", error);
    if (status != PATRON_OK) return status;
    j->benches = block;
    for (int32_t w = 0; w < workers; w++) {
        bench *b = &j->benches[w];
        const ptn_wanted of_sink = {&b->tray, 1, sizeof *b->tray, "a group's customers"};
        int64_t room = w > 0 && largest > LARGE_GROUP ? LARGE_GROUP : largest;
        const ptn_wanted wanted[] = {{&b->entries, room, sizeof *b->entries, "a group's lines"},
                                     {&b->ends, customers, sizeof *b->ends, "a group's customers"},
                                     {&b->closing, room + 1, sizeof *b->closing, "a group's lines"}};
        bool habits = j->question.habits != PTN_HABIT_NONE || j->history->options.match_cancellations != 0;
        status = ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, memory, error);
        int64_t lines = ptn_groups_lines(j->groups, room);
        if (status == PATRON_OK && j->sink != NULL) status = ptn_allocate_each(&of_sink, 1, true, memory, error);
        if (status == PATRON_OK && habits)
            status = ptn_habit_bench_open(&b->habits, j->history, j->question.habits, lines, memory, error);
        if (status == PATRON_OK && j->groups->units != NULL)
            status = ptn_habit_bench_settle(&b->habits, lines, memory, error);
        if (status != PATRON_OK) return status;
    }
    return PATRON_OK;
}

static void free_benches(job *j, int32_t workers, ptn_memory *memory)
{
    for (int32_t w = 0; j->benches != NULL && w < workers; w++) {
        ptn_habit_bench_free(&j->benches[w].habits, memory);
        ptn_free(memory, j->benches[w].tray);
        ptn_free(memory, j->benches[w].closing);
        ptn_free(memory, j->benches[w].ends);
        ptn_free(memory, j->benches[w].entries);
    }
    ptn_free(memory, j->benches);
}

static patron_status make_customers(ptn_purchases *p, job *j, patron_error *error)
{
    const ptn_groups *g = j->groups;
    const ptn_memory *memory = &p->memory;
    const ptn_wanted sums = {&j->sums, g->count, sizeof *j->sums, "groups of customers"};
    const ptn_wanted wanted[] = {
        {&p->customers, g->customers + 1, sizeof *p->customers, "customers"},
        {&p->habits, g->customers + 1, sizeof *p->habits, "customers"},
    };
    patron_status status = ptn_allocate_each(&sums, 1, false, memory, error);
    if (status == PATRON_OK && j->sink != NULL) return j->sink->open(j->sink->user, p, error);
    if (status == PATRON_OK)
        status = ptn_allocate_each(wanted, j->question.habits == PTN_HABIT_NONE ? 1 : 2, false, memory, error);
    if (status != PATRON_OK) return status;
    j->customers = p->customers;
    j->habits = p->habits;
    return PATRON_OK;
}

/* Where each group's ranked customers begin, from the bits of those with an order, of whom each worker saw some. */
static void count_ordered(ptn_purchases *p, const ptn_grouping *grouping, int32_t workers)
{
    enum { WORDS = 1 << (PTN_PURCHASES_SHIFT - 6) };
    for (int64_t word = 0; word < grouping->words; word++) {
        p->rows[word] = 0;
        for (int32_t w = 0; w < workers; w++) p->rows[word] |= grouping->ordered[w * grouping->words + word];
        p->ranked[word / WORDS + 1] += ptn_run_count(p->rows[word]);
    }
    for (int64_t g = 0; g < p->groups; g++) p->ranked[g + 1] += p->ranked[g];
}

/* What waits for all lines to have been met. */
static patron_status begin_seeing(ptn_purchases *p, job *j, const ptn_grouping *grouping, double **prices,
                                  int32_t workers, patron_error *error)
{
    patron_status status = PATRON_OK;
    if (j->sink != NULL) count_ordered(p, grouping, workers);
    if (grouping->price_sums != NULL)
        status = ptn_prices_of(prices, grouping->price_sums, grouping->categories, workers, &p->memory, error);
    j->question.prices = *prices;
    if (status == PATRON_OK) status = make_benches(j, workers, &p->memory, error);
    return status == PATRON_OK ? make_customers(p, j, error) : status;
}

/* Gathers the groups of each round and sees their customers. */
static patron_status see_rounds(ptn_purchases *p, job *j, ptn_groups *g, const ptn_grouping *grouping, double **prices,
                                ptn_team *team, const char *stage, double from, double until, patron_error *error)
{
    double step = (until - from) / (double)g->rounds;
    for (int64_t round = 0; round < g->rounds; round++, from += step) {
        int64_t groups = g->ranges[round + 1] - g->ranges[round];
        patron_status status = ptn_groups_gather(g, grouping, round, team, stage, from, from + 0.4 * step, error);
        j->first = g->ranges[round];
        j->large = false;
        if (status == PATRON_OK && round == 0)
            status = begin_seeing(p, j, grouping, prices, team->context->threads, error);
        if (status == PATRON_OK)
            status = ptn_team_run(team, stage, from + 0.4 * step, from + step, groups, see_group, j, error);
        if (status != PATRON_OK) return status;
        j->large = true;
        for (int64_t i = 0; g->largest > LARGE_GROUP && i < groups; i++) see_group(j, i, 0);
    }
    return PATRON_OK;
}

/* The categories' prices. Where other lines decide which ones count, those are found first. */
static patron_status find_prices(double **prices, const job *j, const ptn_grouping *grouping, ptn_team *team,
                                 const char *stage, patron_error *error)
{
    const patron_history *h = j->history;
    bool alone = h->options.duplicates != PATRON_DUPLICATES_DROP && h->options.match_cancellations == 0;
    ptn_question question = j->question;
    ptn_purchases purchases;
    void *fates = NULL;
    if (question.as_of_s == INT64_MAX) return PATRON_OK; /* no line is kept */
    if (alone || h->category.items == NULL) return ptn_prices_make(prices, grouping, NULL, team, stage, error);
    const ptn_memory *memory = &team->context->memory;
    patron_status status = ptn_allocate(&fates, memory, ptn_history_lines(h), 1, "order lines' fates", error);
    if (status != PATRON_OK) return status;
    question.habits = PTN_HABIT_NONE;
    question.by_id = false;
    question.sink = NULL;
    status = ptn_purchases_build(&purchases, fates, h, &question, team, stage, 0.0, error);
    if (status == PATRON_OK) {
        ptn_purchases_free(&purchases);
        status = ptn_prices_make(prices, grouping, fates, team, stage, error);
    }
    ptn_free(memory, fates);
    return status;
}

/* By what lines are gathered: *owners, the caller's to free, is NULL where it is the customer they have. */
static patron_status find_owners(const ptn_purchases *p, int32_t **owners, const patron_history *h, patron_error *error)
{
    void *block;
    *owners = NULL;
    if (p->order == NULL && h->merged.count == 0) return PATRON_OK;
    patron_status status = ptn_allocate(&block, &p->memory, p->count, sizeof **owners, "customers", error);
    if (status != PATRON_OK) return status;
    int32_t *places = *owners = block, *roots;
    for (int64_t c = 0; p->order != NULL && c < p->count; c++) places[p->order[c]] = (int32_t)c;
    if (h->merged.count == 0) return PATRON_OK;
    status = ptn_allocate(&block, &p->memory, p->count, sizeof *roots, "merged customer ids", error);
    if (status != PATRON_OK) return status;
    roots = block;
    ptn_history_roots(roots, h);
    for (int64_t c = 0; p->order != NULL && c < p->count; c++) roots[c] = places[roots[c]];
    ptn_free(&p->memory, places);
    *owners = roots;
    return PATRON_OK;
}

static patron_status make_ranked(ptn_purchases *p, patron_error *error)
{
    p->groups = (p->count >> PTN_PURCHASES_SHIFT) + 1;
    const ptn_wanted wanted[] = {{&p->ranked, p->groups + 1, sizeof *p->ranked, "groups of customers"},
                                 {&p->rows, p->count / 64 + 1, sizeof *p->rows, "customers"}};
    return ptn_allocate_each(wanted, 2, true, &p->memory, error);
}

/* Gathers the lines and sees their customers. j->groups is the caller's to free, on failure too, as is j->sums. */
static patron_status see_gathered(ptn_purchases *p, job *j, ptn_groups *groups, const ptn_grouping *grouping,
                                  ptn_team *team, const char *stage, double from, double until, patron_error *error)
{
    double *prices = NULL, counted = from + 0.04 * (until - from);
    int32_t workers = team->context->threads;
    ptn_grouping asked = *grouping;
    bool priced = (j->question.habits & PTN_HABIT_PRICES) != 0;
    patron_status status = ptn_groups_count(groups, grouping, team, stage, from, counted, error);
    if (status != PATRON_OK) return status;
    j->groups = groups;
    asked.categories = j->history->category.items == NULL ? 0 : ptn_intern_count(&j->history->categories);
    const ptn_wanted sums = {&asked.price_sums, workers * asked.categories, sizeof *asked.price_sums, "categories"};
    if (priced && groups->units == NULL)
        status = find_prices(&prices, j, grouping, team, stage, error);
    else if (priced && asked.categories > 0)
        status = ptn_allocate_each(&sums, 1, true, &p->memory, error);
    if (status == PATRON_OK) status = see_rounds(p, j, groups, &asked, &prices, team, stage, counted, until, error);
    free_benches(j, workers, &p->memory);
    ptn_free(&p->memory, asked.price_sums);
    ptn_free(&p->memory, prices);
    return status;
}

/* Reads the customers' sums while the log is read; p->running is NULL where that is not enough. */
static patron_status run_through(ptn_purchases *p, job *j, const ptn_grouping *grouping, ptn_team *team,
                                 const char *stage, double from, double until, patron_error *error)
{
    void *block;
    bool done;
    patron_status status = ptn_allocate(&block, &p->memory, 1, sizeof *p->running, "customers", error);
    if (status != PATRON_OK) return status;
    p->running = block;
    status = ptn_running_read(p->running, &done, grouping, &j->question, team, stage, from, until, error);
    if (status == PATRON_OK && done) return PATRON_OK;
    ptn_free(&p->memory, p->running);
    p->running = NULL;
    return status;
}

/* The bits of a group's ranked customers, and how many there are. */
static void mark_ranked(void *argument, int64_t group, int32_t worker)
{
    ptn_purchases *p = argument;
    int64_t end = ptn_purchases_end(p, group), count = 0;
    (void)worker;
    for (int64_t from = group << PTN_PURCHASES_SHIFT; from < end; from += 64) {
        uint64_t bits = 0;
        for (int64_t c = from; c < end && c < from + 64; c++) {
            int64_t number = p->order == NULL ? c : p->order[c];
            uint64_t ranks = p->running == NULL ? p->customers[c].orders >= p->min_orders
                                                : p->running->ranked[number / 64] >> (number % 64) & 1u;
            bits |= ranks << (c - from);
            count += (int64_t)ranks;
        }
        p->rows[from / 64] = bits;
    }
    p->ranked[group + 1] = count;
}

/* Which customers are ranked, and where each group's begin. */
static patron_status find_ranked(ptn_purchases *p, ptn_team *team, const char *stage, double until, patron_error *error)
{
    int64_t odd = p->running == NULL ? 0 : p->running->odd_count;
    if (p->taken) return PATRON_OK;
    patron_status status = make_ranked(p, error);
    if (status != PATRON_OK) return status;
    for (int64_t i = 0; i < odd; i++) {
        int32_t c = p->running->odd[i];
        if (p->customers[i].orders >= p->min_orders) p->running->ranked[c / 64] |= UINT64_C(1) << (c % 64);
    }
    status = ptn_team_run(team, stage, until, until, p->groups, mark_ranked, p, error);
    p->ranked[0] = 0;
    for (int64_t g = 0; status == PATRON_OK && g < p->groups; g++) p->ranked[g + 1] += p->ranked[g];
    return status;
}

/* Where a line that makes an order is enough for a customer to be ranked, and no other undoes it, it is known who is
   before customers are seen. grouping->ordered is the caller's to free. */
static patron_status open_sink(ptn_purchases *p, job *j, ptn_grouping *grouping, int32_t workers, patron_error *error)
{
    grouping->words = p->count / 64 + 1;
    const ptn_wanted ordered = {&grouping->ordered, workers * grouping->words, sizeof *grouping->ordered, "customers"};
    j->sink = j->question.sink;
    p->taken = true;
    p->audit.as_of_s = used_as_of(j);
    patron_status status = make_ranked(p, error);
    if (status == PATRON_OK) status = ptn_allocate_each(&ordered, 1, true, &p->memory, error);
    return status;
}

patron_status ptn_purchases_build(ptn_purchases *purchases, uint8_t *line_fates, const patron_history *history,
                                  const ptn_question *question, ptn_team *team, const char *stage, double until,
                                  patron_error *error)
{
    job j = {.history = history, .purchases = purchases, .line_fates = line_fates, .question = *question};
    ptn_grouping grouping = {.history = history, .line_fates = line_fates, .round_bytes = question->round_bytes};
    ptn_groups groups;
    int32_t *owners = NULL;
    memset(purchases, 0, sizeof *purchases);
    memset(&groups, 0, sizeof groups);
    purchases->memory = groups.memory = team->context->memory;
    purchases->count = ptn_intern_count(&history->customers);
    if (j.question.min_orders < 1) j.question.min_orders = 1;
    purchases->min_orders = j.question.min_orders;
    patron_status status = ptn_as_of_find(&j.question.as_of_s, history, question->as_of_s, error);
    if (status != PATRON_OK) return status;
    grouping.as_of_s = j.question.as_of_s;
    grouping.before_s = ptn_as_of_window(grouping.as_of_s, question->window_days);
    bool drops = history->options.duplicates == PATRON_DUPLICATES_DROP,
         matches = history->options.match_cancellations != 0;
    grouping.details = (question->habits & PTN_HABIT_OF_LINES) != 0 || drops || matches;
    grouping.lines = (line_fates != NULL && drops) || matches;
    double ranked = 0.06 * until, read = ranked, closed = until;
    if (question->by_id)
        status = ptn_rank(&purchases->order, &purchases->lengths, &history->customers, team, stage, 0.0, ranked, error);
    if (status == PATRON_OK && ptn_running_fits(&grouping, &j.question)) {
        read = 0.8 * until;
        closed = 0.85 * until;
        status = run_through(purchases, &j, &grouping, team, stage, ranked, read, error);
    }
    j.question.habits &= ~PTN_HABIT_LARGEST;
    const ptn_runnings *running = purchases->running;
    if (running != NULL) {
        j.order = running->odd;
        grouping.owners = running->owners;
        grouping.owned = running->odd_count;
    } else if (status == PATRON_OK) {
        j.order = purchases->order;
        status = find_owners(purchases, &owners, history, error);
        grouping.owners = owners;
    }
    if (status == PATRON_OK && running == NULL && !matches && j.question.min_orders == 1 && question->sink != NULL)
        status = open_sink(purchases, &j, &grouping, team->context->threads, error);
    if (status == PATRON_OK && (running == NULL || running->odd_count > 0))
        status = see_gathered(purchases, &j, &groups, &grouping, team, stage, read, closed, error);
    purchases->audit.as_of_s = used_as_of(&j);
    if (status == PATRON_OK) status = find_ranked(purchases, team, stage, closed, error);
    if (status == PATRON_OK && running != NULL)
        status = ptn_running_close(&j.closed, purchases, question->sink, team, stage, closed, until, error);
    if (status == PATRON_OK) status = fill_audit(purchases, &j, error);
    ptn_free(&purchases->memory, j.sums);
    ptn_free(&purchases->memory, owners);
    ptn_free(&purchases->memory, grouping.ordered);
    ptn_groups_free(&groups);
    if (status != PATRON_OK) ptn_purchases_free(purchases);
    return status;
}

void ptn_purchases_free(ptn_purchases *purchases)
{
    ptn_memory memory = purchases->memory;
    if (purchases->running != NULL) ptn_running_free(purchases->running);
    ptn_free(&memory, purchases->running);
    ptn_free(&memory, purchases->habits);
    ptn_free(&memory, purchases->customers);
    ptn_free(&memory, purchases->ranked);
    ptn_free(&memory, purchases->rows);
    ptn_free(&memory, purchases->lengths);
    ptn_free(&memory, purchases->order);
    memset(purchases, 0, sizeof *purchases);
}
