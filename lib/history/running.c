/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "history/running.h"

#include <assert.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "history/key.h"
#include "history/runs.h"

static_assert(sizeof(ptn_running) == 64, "a line of the cache");
static_assert(PTN_SINK_ROWS == 64, "a word of bits");

#define INLINE static inline __attribute__((always_inline))

enum {
    BLOCK = 1 << 14,               /* lines */
    ROUND = 32,                    /* blocks */
    RANGES = 32,                   /* of customers: neighbours of CHUNK go to the next */
    CHUNK = 256,                   /* customers */
    PAGE = 256,                    /* runs */
    PAGES = BLOCK / PAGE + RANGES, /* of a block, at most */
    AHEAD = 16,                    /* runs whose customers are asked for ahead */
    SLICE = 1 << 12,               /* customers */
    MOST_ODD = 8,
    FEW_ODD = 1024 /* one in so many may be odd, and so many besides */
};

/* ptn_running.flags: the kind of the last order's key, and */
enum {
    KIND = 3,
    BEGUN = 4, /* has an order's key */
    OPENS = 8, /* the last order has a line that makes it one */
    MET = 16,  /* has a purchase or a return */
    ODD = 32
};

/* What a run has, or half of it: what was bought, or what came back. */
enum { RUN_KIND = 3, RUN_BOUGHT = 4, RUN_OPENS = 8, RUN_FAR = 16 /* too far from the as-of */ };
typedef struct run {
    uint64_t key; /* of its order, scrambled, so that no id is left in memory */
    int64_t amount;
    uint32_t customer;
    uint32_t ago_s; /* before the as-of */
    uint16_t ago_days;
    uint8_t what;
} run;

static_assert(PAGES <= UINT16_MAX, "pages are numbered by 16 bits");

/* What a block of lines found. Its runs lie in pages, those of each range one after another in pages of their own. */
typedef struct block_sums {
    ptn_line_sums lines;
    uint32_t used;          /* pages */
    uint32_t next[RANGES];  /* where the range's next run goes */
    uint16_t first[RANGES]; /* page of the range */
    uint16_t after[PAGES];  /* the range's page after this one */
} block_sums;

typedef struct job {
    ptn_runnings *all;
    const ptn_grouping *asked;
    const int32_t *roots; /* of merged customers; or NULL */
    int64_t min_orders;
    uint64_t scramble, unscramble; /* as ptn_groups' */
    uint32_t past_s;               /* from the as-of's local midnight to it, less a day and a second: to tell days */
    int64_t lines, first;          /* of the log; this round's */
    run *runs;                     /* PAGES x PAGE for each block of the round */
    block_sums *blocks;
    int64_t odd[RANGES];
} job;

static uint32_t range_of(uint32_t customer) { return customer / CHUNK % RANGES; }

/* Room for a range's next run: a new page where its last one is full. */
INLINE run *next_run(block_sums *s, run *runs, uint32_t customer)
{
    uint32_t range = range_of(customer), at = s->next[range]++;
    if (at % PAGE == PAGE - 1) {
        s->after[at / PAGE] = (uint16_t)s->used;
        s->next[range] = PAGE * s->used++;
    }
    return &runs[at];
}

/* The half of a run. */
INLINE void tell_run(run *out, const job *j, int64_t line, int64_t stamp, uint32_t customer, int64_t amount,
                     uint32_t what)
{
    uint64_t ago_s = (uint64_t)(j->all->as_of_s - ptn_stamp_time(stamp)), ago_days = (ago_s + j->past_s) / 86400;
    uint32_t kind = ptn_stamp_order(stamp);
    uint64_t day = (uint64_t)(j->all->as_of_day - (int64_t)ago_days) ^ UINT64_C(1) << 63;
    *out = (run){(kind == PTN_KEY_NONE ? day : ptn_line_order(j->asked->history, line)) * j->scramble,
                 amount,
                 customer,
                 (uint32_t)ago_s,
                 (uint16_t)ago_days,
                 (uint8_t)(what | kind | (ago_s > UINT32_MAX ? RUN_FAR : 0u))};
}

/* Reads a block's runs. */
static void read_block(void *argument, int64_t block, int32_t worker)
{
    job *j = argument;
    block_sums *s = &j->blocks[block];
    const int64_t *stamps = j->asked->history->stamp.items;
    int64_t from = j->first + block * BLOCK, end = from + BLOCK < j->lines ? from + BLOCK : j->lines;
    run *runs = j->runs + block * PAGES * PAGE;
    ptn_run_tile t;
    (void)worker;
    s->used = RANGES;
    for (uint32_t r = 0; r < RANGES; r++) {
        s->first[r] = (uint16_t)r;
        s->next[r] = r * PAGE;
    }
    ptn_runs_open(&t, j->asked);
    for (int64_t at = from; at < end; at += PTN_RUN_LINES) {
        int32_t lines = end - at < PTN_RUN_LINES ? (int32_t)(end - at) : PTN_RUN_LINES;
        ptn_runs_read(&t, s->lines.kinds, j->asked, at, lines, true);
        for (int32_t r = 0; r < t.runs; r++) {
            int64_t line = at + t.starts[r], stamp = stamps[line], time_s = ptn_stamp_time(stamp);
            uint64_t bits = ptn_run_bits(&t, r);
            bool bought = (t.bought & bits) != 0, back = (t.back & bits) != 0;
            uint32_t customer = (uint32_t)(j->roots == NULL ? t.owners[r] : j->roots[t.owners[r]]);
            if (bought)
                tell_run(next_run(s, runs, customer), j, line, stamp, customer, ptn_run_bought(&t, r),
                         RUN_BOUGHT | ((t.kinds[PTN_KIND_ORDER] & bits) != 0 ? RUN_OPENS : 0u));
            if (back) tell_run(next_run(s, runs, customer), j, line, stamp, customer, ptn_run_back(&t, bits), 0);
            if ((t.aside & bits) != 0) ptn_see_aside(j->all->seen, customer);
            ptn_line_sums_meet(&s->lines, time_s, bought || back);
        }
    }
}

/* Ends the last order. */
INLINE void close_order(ptn_running *c, ptn_running_order *order)
{
    if ((c->flags & OPENS) == 0) return;
    if (c->orders == 0 || c->open_s > c->first_s) c->first_s = c->open_s;
    if (c->orders == 0 || c->open_s < c->last_s) c->last_s = c->open_s;
    c->orders++;
    c->flags &= (uint8_t)~OPENS;
    if (order != NULL && order->open > order->largest) order->largest = order->open;
}

/* A day with a purchase: false where it comes too late to tell whether it is one of those before. */
INLINE bool add_day(ptn_running *c, uint16_t day, int64_t amount)
{
    if (c->days == 0) {
        if (c->returns != 0 && c->first_day < day) return false;
        c->first_day = c->last_day = day;
        c->first_gross = amount;
        c->days = 1;
        return true;
    }
    if (day < c->last_day) {
        int32_t step = c->last_day - day;
        c->before = (uint8_t)(step < 255 ? step : 255);
        c->last_day = day;
        c->days++;
    } else if (day > c->last_day) {
        int32_t step = day - c->last_day;
        if (c->days == 1 && c->returns == 0) { /* a new first day */
            c->first_day = day;
            c->first_gross = 0;
            c->before = (uint8_t)(step < 255 ? step : 255);
            c->days = 2;
        } else if (step < c->before) { /* between the last two */
            c->before = (uint8_t)step;
            c->days++;
        } else if (step > c->before || step == 255) {
            return false;
        }
    }
    c->first_gross += day == c->first_day ? amount : 0;
    return true;
}

/* Neighbours share a word, which is no other range's. */
INLINE void rank(ptn_runnings *all, uint32_t customer, bool is)
{
    uint64_t bit = UINT64_C(1) << (customer % 64);
    all->ranked[customer / 64] = (all->ranked[customer / 64] & ~bit) | (is ? bit : 0);
}

/* False where the customer is odd by it. */
INLINE bool add_bought(const job *j, ptn_running *c, ptn_running_order *order, const run *r, uint64_t key)
{
    uint32_t kind = r->what & RUN_KIND;
    bool begun = (c->flags & BEGUN) != 0;
    if (!begun || key != c->key || kind != (c->flags & KIND)) {
        if (begun && (kind != (c->flags & KIND) || key < c->key)) return false;
        close_order(c, order);
        c->key = key;
        c->flags = (uint8_t)((c->flags & ~KIND) | kind | BEGUN);
        c->open_s = r->ago_s;
        if (order != NULL) order->open = 0;
    }
    if (!ptn_add_i64(&c->gross, c->gross, r->amount) || !add_day(c, r->ago_days, r->amount)) return false;
    if (r->ago_s < c->open_s) c->open_s = r->ago_s;
    if ((r->what & RUN_OPENS) != 0 && (c->flags & OPENS) == 0) {
        c->flags |= OPENS;
        if (c->orders + INT64_C(1) == j->min_orders) rank(j->all, r->customer, true);
    }
    if (order != NULL) order->open += r->amount;
    return true;
}

/* The same. A return before the first day is of no matter, unless that day comes to be an earlier one. */
INLINE bool add_back(ptn_running *c, const run *r)
{
    bool first = c->returns == 0;
    if (!ptn_add_i64(&c->returns, c->returns, r->amount)) return false;
    if (c->days == 0 && (first || r->ago_days < c->first_day)) c->first_day = r->ago_days;
    if (c->days > 0 && r->ago_days < c->first_day) c->later_returns += r->amount; /* part of a sum that fits */
    return true;
}

/* The runs of a page; how many turned odd. */
static int64_t add_page(const job *j, const run *runs, uint32_t count)
{
    ptn_running *customers = j->all->customers;
    int64_t odd = 0;
    for (uint32_t i = 0; i < count && i < AHEAD; i++) __builtin_prefetch(&customers[runs[i].customer], 1);
    for (uint32_t i = 0; i < count; i++) {
        const run *r = &runs[i];
        ptn_running *c = &customers[r->customer];
        if (i + AHEAD < count) __builtin_prefetch(&customers[runs[i + AHEAD].customer], 1);
        if ((c->flags & ODD) != 0) continue;
        c->flags |= MET;
        bool fine = (r->what & RUN_FAR) == 0 &&
                    ((r->what & RUN_BOUGHT) == 0
                         ? add_back(c, r)
                         : add_bought(j, c, j->all->orders == NULL ? NULL : &j->all->orders[r->customer], r,
                                      r->key * j->unscramble));
        if (fine) continue;
        c->flags |= ODD;
        rank(j->all, r->customer, false);
        odd++;
    }
    return odd;
}

static void add_range(void *argument, int64_t range, int32_t worker)
{
    job *j = argument;
    int64_t lines = j->lines - j->first;
    (void)worker;
    for (int64_t b = 0; b < ROUND && b * BLOCK < lines; b++) {
        const block_sums *s = &j->blocks[b];
        const run *runs = j->runs + b * PAGES * PAGE;
        uint32_t page = s->first[range], last = s->next[range] / PAGE;
        for (; page != last; page = s->after[page]) j->odd[range] += add_page(j, runs + page * PAGE, PAGE);
        j->odd[range] += add_page(j, runs + page * PAGE, s->next[range] % PAGE);
    }
}

/* Makes a slice's customers all 0. */
static void begin_slice(void *argument, int64_t slice, int32_t worker)
{
    job *j = argument;
    int64_t from = slice * SLICE, count = j->all->count - from < SLICE ? j->all->count - from : SLICE;
    size_t bytes = (size_t)count * sizeof *j->all->customers;
    (void)worker;
    ptn_touch(&j->all->customers[from], bytes);
    memset(&j->all->customers[from], 0, bytes);
    if (j->all->orders != NULL) memset(&j->all->orders[from], 0, (size_t)count * sizeof *j->all->orders);
}

/* `roots`: as the job's. */
static patron_status list_odd(ptn_runnings *all, const int32_t *roots, patron_error *error)
{
    int32_t place = 0;
    const ptn_wanted wanted[] = {{&all->owners, all->count, sizeof *all->owners, "customers"},
                                 {&all->odd, all->odd_count, sizeof *all->odd, "customers"}};
    if (all->odd_count == 0) return PATRON_OK;
    patron_status status = ptn_allocate_each(wanted, 2, false, &all->memory, error);
    if (status != PATRON_OK) return status;
    for (int64_t c = 0; c < all->count; c++) {
        all->owners[c] = -1;
        if ((all->customers[c].flags & ODD) == 0) continue;
        all->owners[c] = place;
        all->odd[place] = (int32_t)c;
        all->customers[c].key = (uint64_t)place++;
    }
    for (int64_t c = 0; roots != NULL && c < all->count; c++) all->owners[c] = all->owners[roots[c]];
    return PATRON_OK;
}

static patron_status make_room(job *j, bool largest, patron_error *error)
{
    ptn_runnings *all = j->all;
    int64_t words = all->count / 64 + 1;
    int64_t blocks = (j->lines + BLOCK - 1) / BLOCK;
    const ptn_wanted wanted[] = {
        {&all->block, all->count + 1, sizeof *all->customers, "customers"},
        {&j->blocks, ROUND, sizeof *j->blocks, "blocks of order lines"},
        {&j->runs, (blocks < ROUND ? blocks : ROUND) * PAGES * PAGE, sizeof *j->runs, "order lines"},
        {&all->orders, all->count, sizeof *all->orders, "customers"}};
    const ptn_wanted bits[] = {{&all->seen, words, sizeof *all->seen, "customers"},
                               {&all->ranked, words, sizeof *all->ranked, "customers"}};
    patron_status status =
        ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted - (largest ? 0 : 1), false, &all->memory, error);
    if (status == PATRON_OK) status = ptn_allocate_each(bits, 2, true, &all->memory, error);
    if (status != PATRON_OK) return status;
    all->customers =
        (ptn_running *)(((uintptr_t)all->block + sizeof *all->customers - 1) & ~(sizeof *all->customers - 1));
    return PATRON_OK;
}

/* Reads the rounds; *done is false where it gave up. */
static patron_status read_rounds(job *j, bool *done, ptn_team *team, const char *stage, double from, double until,
                                 patron_error *error)
{
    int64_t each = (int64_t)ROUND * BLOCK;
    *done = false;
    for (j->first = 0; j->first < j->lines; j->first += each) {
        int64_t end = j->lines - j->first < each ? j->lines : j->first + each, odd = 0;
        double to = from + (until - from) * ((double)end / (double)j->lines);
        patron_status status =
            ptn_team_run(team, stage, to, to, (end - j->first + BLOCK - 1) / BLOCK, read_block, j, error);
        if (status == PATRON_OK) status = ptn_team_run(team, stage, to, to, RANGES, add_range, j, error);
        if (status != PATRON_OK) return status;
        for (int32_t r = 0; r < RANGES; r++) odd += j->odd[r];
        double share = (double)end / (double)j->lines;
        if (odd > FEW_ODD + (int64_t)((double)j->all->count / MOST_ODD * share)) return PATRON_OK;
    }
    *done = true;
    return PATRON_OK;
}

bool ptn_running_fits(const ptn_grouping *g, const ptn_question *question)
{
    return !g->details && !g->lines && g->history->options.order_gap_s == 0 && g->as_of_s != INT64_MAX &&
           (question->habits & ~PTN_HABIT_LARGEST) == 0 && ptn_history_lines(g->history) > 0 &&
           ptn_history_lines(g->history) <= UINT32_MAX;
}

static patron_status read_all(job *j, bool *done, ptn_team *team, const char *stage, double from, double until,
                              patron_error *error)
{
    ptn_runnings *all = j->all;
    int64_t slices = (all->count + SLICE - 1) / SLICE;
    patron_status status = ptn_team_run_apart(team, stage, from, from, slices, begin_slice, j, error);
    all->sums = PTN_LINE_SUMS;
    for (int32_t b = 0; b < ROUND; b++) j->blocks[b] = (block_sums){.lines = PTN_LINE_SUMS};
    if (status == PATRON_OK) status = read_rounds(j, done, team, stage, from, until, error);
    if (status != PATRON_OK || !*done) return status;
    for (int32_t b = 0; b < ROUND; b++) ptn_line_sums_add(&all->sums, &j->blocks[b].lines);
    for (int32_t r = 0; r < RANGES; r++) all->odd_count += j->odd[r];
    return list_odd(all, j->roots, error);
}

patron_status ptn_running_read(ptn_runnings *all, bool *done, const ptn_grouping *grouping,
                               const ptn_question *question, ptn_team *team, const char *stage, double from,
                               double until, patron_error *error)
{
    const patron_history *h = grouping->history;
    ptn_grouping asked = *grouping;
    int32_t *roots = NULL;
    job j = {.all = all, .asked = &asked, .lines = ptn_history_lines(h), .min_orders = question->min_orders};
    memset(all, 0, sizeof *all);
    *done = false;
    asked.owners = NULL;
    all->memory = team->context->memory;
    all->count = ptn_intern_count(&h->customers);
    all->as_of_s = grouping->as_of_s;
    all->as_of_day = ptn_local_day(all->as_of_s, h->options.utc_offset_s);
    j.past_s = (uint32_t)(86399 - (all->as_of_s + h->options.utc_offset_s - all->as_of_day * 86400));
    ptn_scramble_make(&j.scramble, &j.unscramble);
    const ptn_wanted merged = {&roots, all->count, sizeof *roots, "merged customer ids"};
    patron_status status = make_room(&j, (question->habits & PTN_HABIT_LARGEST) != 0, error);
    if (status == PATRON_OK && h->merged.count > 0) {
        status = ptn_allocate_each(&merged, 1, false, &all->memory, error);
        if (status == PATRON_OK) ptn_history_roots(roots, h);
    }
    j.roots = roots;
    if (status == PATRON_OK) status = read_all(&j, done, team, stage, from, until, error);
    ptn_free(&all->memory, roots);
    ptn_free(&all->memory, j.runs);
    ptn_free(&all->memory, j.blocks);
    if (status != PATRON_OK || !*done) ptn_running_free(all);
    return status;
}

/* Keys are ids. */
void ptn_running_free(ptn_runnings *all)
{
    ptn_memory memory = all->memory;
    if (!all->closed && all->customers != NULL) ptn_wipe(all->customers, (size_t)all->count * sizeof *all->customers);
    ptn_free(&memory, all->odd);
    ptn_free(&memory, all->owners);
    ptn_free(&memory, all->orders);
    ptn_free(&memory, all->ranked);
    ptn_free(&memory, all->seen);
    ptn_free(&memory, all->block);
    memset(all, 0, sizeof *all);
}

/* The customer as purchases.h has it. */
static void tell(ptn_customer *out, const ptn_runnings *all, const ptn_running *c, const ptn_running_order *order)
{
    int64_t repeat_gross = c->gross - c->first_gross;
    *out = (ptn_customer){
        .orders = c->orders,
        .first_order_s = all->as_of_s - c->first_s,
        .last_order_s = all->as_of_s - c->last_s,
        .gross = c->gross,
        .largest_order = order == NULL ? 0 : order->largest,
        .returns = c->returns,
        .recurring = repeat_gross - c->later_returns,
        .repeat_gross = repeat_gross,
        .purchase_days = c->days,
        .first_day = all->as_of_day - c->first_day,
        .last_day = all->as_of_day - c->last_day,
    };
}

typedef struct closing {
    ptn_purchases *purchases;
    const ptn_sink *sink;
    ptn_customer_sums *sums; /* of each of ptn_purchases' groups */
} closing;

/* Closes customers from … end - 1, 64 at most, and tells those whose bit is in `told`. */
static void close_some(ptn_customer_sums *sums, ptn_customer *out, const ptn_purchases *p, int64_t from, int64_t end,
                       uint64_t told)
{
    ptn_runnings *all = p->running;
    for (int64_t i = from; i < end; i++, told >>= 1) {
        int64_t number = p->order == NULL ? i : p->order[i];
        ptn_running *c = &all->customers[number];
        ptn_running_order *order = all->orders == NULL ? NULL : &all->orders[number];
        if (i + AHEAD < all->count)
            __builtin_prefetch(&all->customers[p->order == NULL ? i + AHEAD : p->order[i + AHEAD]], 1);
        if ((c->flags & ODD) != 0) {
            if ((told & 1u) != 0) *out++ = p->customers[c->key];
            continue;
        }
        close_order(c, order);
        c->key = 0;
        sums->customers += (c->flags & MET) != 0 || (all->seen[number / 64] >> (number % 64) & 1u) != 0;
        ptn_customer_add(sums, c->orders, c->gross, c->returns, p->min_orders);
        if ((told & 1u) != 0) tell(out++, all, c, order);
    }
}

static void close_group(void *argument, int64_t group, int32_t worker)
{
    const closing *j = argument;
    const ptn_purchases *p = j->purchases;
    ptn_customer told[PTN_SINK_ROWS];
    ptn_customer_sums sums = {.shop = false};
    int64_t row = p->ranked[group], rows = p->ranked[group + 1] - row, end = ptn_purchases_end(p, group);
    (void)worker;
    if (j->sink != NULL && rows > 0) j->sink->touch(j->sink->user, row, rows);
    for (int64_t from = group << PTN_PURCHASES_SHIFT; from < end; from += PTN_SINK_ROWS) {
        uint64_t bits = j->sink == NULL ? 0 : p->rows[from / 64];
        close_some(&sums, told, p, from, end - from < PTN_SINK_ROWS ? end : from + PTN_SINK_ROWS, bits);
        if (bits == 0) continue;
        int64_t count = ptn_run_count(bits);
        j->sink->take(j->sink->user, row, told, NULL, count);
        row += count;
    }
    j->sums[group] = sums;
}

patron_status ptn_running_close(ptn_customer_sums *sums, ptn_purchases *p, const ptn_sink *sink, ptn_team *team,
                                const char *stage, double from, double until, patron_error *error)
{
    closing j = {p, sink, NULL};
    const ptn_wanted wanted = {&j.sums, p->groups, sizeof *j.sums, "groups of customers"};
    patron_status status = ptn_allocate_each(&wanted, 1, false, &p->memory, error);
    if (status == PATRON_OK && sink != NULL) {
        status = sink->open(sink->user, p, error);
        p->taken = true;
    }
    if (status == PATRON_OK) status = ptn_team_run_apart(team, stage, from, until, p->groups, close_group, &j, error);
    memset(sums, 0, sizeof *sums);
    for (int64_t g = 0; status == PATRON_OK && g < p->groups; g++) ptn_customer_sums_add(sums, &j.sums[g]);
    p->running->closed = status == PATRON_OK;
    ptn_free(&p->memory, j.sums);
    return status;
}
