/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of runs, gathered into pages. */
#include "history/briefs.h"

#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "history/prices.h"
#include "history/runs.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    MOST_BLOCKS = 32, /* each leaves half a page of every group empty */
    FEW = 4,          /* briefs that are written together, needed or not */
    RECORD = 1 + PTN_BRIEF_LINES,
    TOUCHED = 256, /* pages at a time */
    PIECE = 1024,  /* pages that a worker takes: some MB, as threads wait for each other within a table of pages */
    AHEAD = 2,     /* pages whose memory is asked for before they are read */
    LINE = 64      /* bytes of cache */
};

/* Bytes gathered in a round, if all lines were records of their own, before there are more rounds: to read lines once
   more is dearer than fresh memory (a fifth of the whole catalogue's time for 1e7 lines; 1e8 take 9.1 to 9.7 s in two
   rounds and 9.6 to 9.7 in four, and 570 MiB more; measured). */
#define ROUND_BYTES (INT64_C(1600) << 20)

/* A worker's piece: its next page, the one after those touched, and the one after the last. */
typedef struct piece {
    uint32_t page, touched, end;
    uint8_t apart[LINE - 3 * sizeof(uint32_t)]; /* from others' in the cache */
} piece;

typedef struct job {
    ptn_groups *groups;
    const ptn_grouping *asked;
    ptn_line_sums *sums;   /* of each block */
    piece *pieces;         /* of each worker */
    _Atomic uint32_t next; /* page that nobody has taken */
    uint32_t each;         /* pages of a piece */
    uint32_t touched;      /* pages before it were, in rounds before */
    uint32_t first, count; /* groups of this round */
    bool begins;           /* it is the first */
} job;

/* Bits that hold 0 … count. */
static uint32_t bits_of(int64_t count)
{
    uint32_t bits = 0;
    while (count >> bits != 0) bits++;
    return bits;
}

bool ptn_briefs_form(ptn_brief_form *form, const patron_history *h)
{
    uint32_t products = h->product.items == NULL ? 0 : bits_of(ptn_intern_count(&h->products)),
             categories = h->category.items == NULL ? 0 : bits_of(ptn_intern_count(&h->categories)),
             channels = h->channel.items == NULL ? 0 : bits_of(ptn_intern_count(&h->channels));
    form->category = PTN_BRIEF_PRODUCT + products;
    form->channel = form->category + categories;
    form->product_mask = (UINT64_C(1) << products) - 1;
    form->category_mask = (UINT64_C(1) << categories) - 1;
    form->channel_mask = (UINT64_C(1) << channels) - 1;
    return products + categories + channels <= PTN_BRIEF_NUMBERS;
}

/* What stands in for columns that are not there. */
typedef struct absent {
    int32_t zero[PTN_RUN_LINES];
    int16_t one[PTN_RUN_LINES];
} absent;

/* Numbers of lines' texts and 1 more, 0 where there is none. */
static void read_texts(uint32_t out[PTN_RUN_LINES], const patron_history *h, const ptn_array *column, int64_t from,
                       int32_t count)
{
    size_t each = ptn_text_width(h, column);
    if (column->items == NULL) {
        memset(out, 0, PTN_RUN_LINES * sizeof *out);
    } else if (each == 1) {
        const uint8_t *texts = (const uint8_t *)column->items + from;
        for (int32_t i = 0; i < count; i++) out[i] = texts[i];
    } else if (each == 2) {
        const uint16_t *texts = (const uint16_t *)column->items + from;
        for (int32_t i = 0; i < count; i++) out[i] = texts[i];
    } else {
        const int32_t *texts = (const int32_t *)column->items + from;
        for (int32_t i = 0; i < count; i++) out[i] = (uint32_t)(texts[i] + 1);
    }
}

/* `categories` get those of the lines, and 1 more. */
static void make_briefs(ptn_brief *briefs, const patron_history *h, const ptn_brief_form *form, const ptn_run_tile *t,
                        int64_t from, int32_t count, const absent *a, uint32_t categories[PTN_RUN_LINES])
{
    const int64_t *stamps = (const int64_t *)h->stamp.items + from;
    const int32_t *amounts = (const int32_t *)h->amount.items + from,
                  *discounts = h->discount.items == NULL ? a->zero : (const int32_t *)h->discount.items + from;
    uint32_t products[PTN_RUN_LINES], channels[PTN_RUN_LINES];
    const int16_t *quantities = h->quantity.items == NULL ? a->one : (const int16_t *)h->quantity.items + from;
    const uint32_t category = form->category, channel = form->channel;
    _Static_assert(PTN_LINE_DISCOUNT * 2 == PTN_BRIEF_MARKED, "the flag moves by a bit");
    read_texts(products, h, &h->product, from, count);
    read_texts(categories, h, &h->category, from, count);
    read_texts(channels, h, &h->channel, from, count);
    for (int32_t i = 0; i < count; i++) {
        uint64_t packed = (uint64_t)quantities[i] << PTN_BRIEF_QUANTITY | (uint64_t)products[i] << PTN_BRIEF_PRODUCT |
                          (uint64_t)categories[i] << category | (uint64_t)channels[i] << channel |
                          ((uint64_t)stamps[i] & PTN_LINE_DISCOUNT) << 1 | (PTN_KIND_ORDER - PTN_KIND_RETURN);
        briefs[i] = (ptn_brief){amounts[i], discounts[i], packed};
    }
    for (uint32_t k = PTN_KIND_RETURN; k < PTN_KIND_ORDER; k++) /* most are of orders */
        for (uint64_t left = t->kinds[k]; left != 0; left &= left - 1)
            briefs[__builtin_ctzll(left)].packed -= PTN_KIND_ORDER - k;
}

static void make_absent(absent *a)
{
    for (int32_t i = 0; i < PTN_RUN_LINES; i++) a->zero[i] = 0, a->one[i] = 1;
}

/* What a tile's lines that make orders add to their categories, which are told as make_briefs does. */
static void add_prices(ptn_price_sum *sums, const patron_history *h, const ptn_run_tile *t, int64_t from, int32_t count,
                       const absent *a, const uint32_t *categories)
{
    const int32_t *amounts = (const int32_t *)h->amount.items + from;
    const int16_t *quantities = h->quantity.items == NULL ? a->one : (const int16_t *)h->quantity.items + from;
    uint64_t counts = t->kinds[PTN_KIND_ORDER];
    for (int32_t i = 0; i < count; i++) {
        if (categories[i] == 0 || (counts >> i & 1u) == 0) continue;
        ptn_price_sum *s = &sums[categories[i] - 1];
        s->amount += amounts[i];
        s->quantity += quantities[i];
    }
}

/* A worker's next page. */
static uint32_t take_page(job *j, piece *p)
{
    if (p->page == p->end) {
        p->page = p->touched = atomic_fetch_add_explicit(&j->next, j->each, memory_order_relaxed);
        p->end = p->page + j->each;
    }
    if (p->page == p->touched) {
        uint32_t pages = p->end - p->page < TOUCHED ? p->end - p->page : TOUCHED;
        if (p->page >= j->touched)
            ptn_touch(j->groups->units + (int64_t)p->page * PTN_PAGE_UNITS,
                      (size_t)pages * PTN_PAGE_UNITS * sizeof *j->groups->units);
        p->touched += pages;
    }
    return p->page++;
}

/* The chain goes on in another page. */
static __attribute__((noinline)) void turn_page(job *j, piece *p, ptn_chain *c)
{
    uint32_t page = take_page(j, p);
    if (c->pages == 0)
        c->first = page;
    else
        j->groups->pages[c->end / PTN_PAGE_UNITS - 1] = (ptn_page){page, c->at};
    c->at = page * PTN_PAGE_UNITS;
    c->end = c->at + PTN_PAGE_UNITS;
    c->pages++;
}

/* A record of `lines` briefs, whose copy goes beyond them by up to FEW. */
INLINE void put_record(job *j, piece *p, ptn_unit *units, ptn_chain *c, ptn_head head, const ptn_brief *briefs,
                       uint32_t lines)
{
    _Static_assert(PTN_BRIEF_LINES == 2 * FEW, "briefs come in two parts");
    uint32_t needed = lines <= FEW ? 1 + FEW : RECORD;
    if (c->end - c->at < needed) turn_page(j, p, c);
    ptn_unit *to = units + c->at;
    to->head = head;
    memcpy(to + 1, briefs, FEW * sizeof *briefs);
    if (lines > FEW) memcpy(to + 1 + FEW, briefs + FEW, FEW * sizeof *briefs);
    c->at += 1 + lines;
}

/* The records of lines from … until - 1 of a tile, which are of one run and PTN_BRIEF_LINES at most; `head` has what
   they share. */
INLINE void put_lines(job *j, piece *p, ptn_unit *units, ptn_chain *c, const ptn_run_tile *t, const ptn_brief *briefs,
                      int32_t from, int32_t until, ptn_head head)
{
    ptn_brief sorted[2 * PTN_BRIEF_LINES];
    uint64_t bits = ptn_run_span(from, until), orders = t->kinds[PTN_KIND_ORDER] & bits;
    if (orders == bits) { /* most are */
        head.packed |= PTN_KIND_ORDER << PTN_GATHERED_KIND | (int64_t)(until - from - 1) << PTN_GATHERED_MARKS;
        put_record(j, p, units, c, head, briefs + from, (uint32_t)(until - from));
        return;
    }
    for (int back = 0; back < 2; back++) {
        uint32_t kind = back ? PTN_KIND_RETURN : orders != 0 ? PTN_KIND_ORDER : PTN_KIND_PURCHASE, lines = 0;
        for (uint64_t left = (back ? t->back : t->bought) & bits; left != 0; left &= left - 1)
            sorted[lines++] = briefs[from + __builtin_ctzll(left >> from)];
        if (lines == 0) continue;
        memset(sorted + lines, 0, FEW * sizeof *sorted);
        ptn_head its = {head.packed | kind << PTN_GATHERED_KIND | (int64_t)(lines - 1) << PTN_GATHERED_MARKS,
                        head.order};
        put_record(j, p, units, c, its, sorted, lines);
    }
}

/* What is known of a run in the first round, in which all are met. */
INLINE void meet_run(const job *j, ptn_line_sums *s, uint64_t *ordered, const ptn_run_tile *t, uint64_t bits,
                     uint32_t customer, int64_t time_s)
{
    if ((t->aside & bits) != 0) ptn_see_aside(j->groups->seen, customer);
    if (ordered != NULL && (t->kinds[PTN_KIND_ORDER] & bits) != 0) ptn_see_order(ordered, customer);
    ptn_line_sums_meet(s, time_s, ((t->bought | t->back) & bits) != 0);
}

static void gather_block(void *argument, int64_t block, int32_t worker)
{
    job *j = argument;
    const ptn_grouping *g = j->asked;
    const patron_history *h = g->history;
    const ptn_groups copy = *j->groups, *groups = &copy; /* what records are written to cannot change it */
    const int64_t *stamps = h->stamp.items;
    ptn_chain *chains = groups->chains + block * groups->count;
    uint64_t *ordered = g->ordered == NULL ? NULL : g->ordered + worker * g->words;
    ptn_price_sum *prices = g->price_sums == NULL || !j->begins ? NULL : g->price_sums + worker * g->categories;
    piece p = j->pieces[worker];
    ptn_line_sums s = PTN_LINE_SUMS;
    ptn_brief briefs[PTN_RUN_LINES + PTN_BRIEF_LINES];
    uint32_t categories[PTN_RUN_LINES];
    ptn_run_tile t;
    absent a;
    make_absent(&a);
    memset(briefs, 0, sizeof briefs);
    memset(chains, 0, (size_t)groups->count * sizeof *chains);
    ptn_runs_open(&t, g);
    for (int64_t at = block * groups->block, end = ptn_groups_end(j->groups, j->asked->history, block); at < end;
         at += PTN_RUN_LINES) {
        int32_t lines = end - at < PTN_RUN_LINES ? (int32_t)(end - at) : PTN_RUN_LINES;
        ptn_runs_read(&t, s.kinds, g, at, lines, false);
        for (int32_t r = 0; r < t.runs; r++) {
            const ptn_chain *c = &chains[(uint32_t)t.owners[r] >> groups->shift];
            __builtin_prefetch(groups->units + c->at + LINE / sizeof *groups->units, 1);
        }
        make_briefs(briefs, h, &groups->form, &t, at, lines, &a, categories);
        if (prices != NULL) add_prices(prices, h, &t, at, lines, &a, categories);
        for (int32_t r = 0; r < t.runs; r++) {
            int64_t line = at + t.starts[r];
            uint32_t customer = (uint32_t)t.owners[r], group = customer >> groups->shift;
            if (j->begins) meet_run(j, &s, ordered, &t, ptn_run_bits(&t, r), customer, ptn_stamp_time(stamps[line]));
            if (group - j->first >= j->count) continue;
            ptn_head head = {ptn_groups_packed(groups, stamps[line], customer),
                             ptn_groups_order(groups, h, line, stamps[line])};
            for (int32_t from = t.starts[r], until; from < t.starts[r + 1]; from = until) {
                until = t.starts[r + 1] - from < PTN_BRIEF_LINES ? t.starts[r + 1] : from + PTN_BRIEF_LINES;
                put_lines(j, &p, groups->units, &chains[group], &t, briefs, from, until, head);
            }
        }
    }
    for (int64_t i = 0; i < groups->count; i++)
        if (chains[i].pages > 0) groups->pages[chains[i].end / PTN_PAGE_UNITS - 1].end = chains[i].at;
    j->pieces[worker] = p;
    j->sums[block] = s;
}

/* The lines of each group, those that make no record too. */
static void count_owners(void *argument, int64_t block, int32_t worker)
{
    const job *j = argument;
    const ptn_grouping *g = j->asked;
    const int32_t *customers = g->history->customer.items;
    int64_t *counts = j->groups->places + block * j->groups->count;
    (void)worker;
    memset(counts, 0, (size_t)j->groups->count * sizeof *counts);
    for (int64_t i = block * j->groups->block; i < ptn_groups_end(j->groups, j->asked->history, block); i++)
        counts[(uint32_t)(g->owners == NULL ? customers[i] : g->owners[customers[i]]) >> j->groups->shift]++;
}

/* Lines of the largest round. */
static patron_status plan_rounds(ptn_groups *g, int64_t *most, const ptn_grouping *asked, ptn_team *team,
                                 const char *stage, double from, double until, patron_error *error)
{
    const int64_t lines = ptn_history_lines(asked->history), each = 2 * sizeof *g->units;
    job j = {.groups = g, .asked = asked};
    *most = lines;
    g->rounds = lines / ((asked->round_bytes > 0 ? asked->round_bytes : ROUND_BYTES) / each + 1) + 1;
    if (g->rounds > PTN_GROUPS_ROUNDS) g->rounds = PTN_GROUPS_ROUNDS;
    g->ranges[1] = g->count;
    if (g->rounds == 1) return PATRON_OK;
    const ptn_wanted wanted[] = {{&g->starts, g->count + 1, sizeof *g->starts, "groups of customers"},
                                 {&g->places, g->blocks * g->count, sizeof *g->places, "groups of customers"}};
    patron_status status = ptn_allocate_each(wanted, 2, false, &g->memory, error);
    if (status == PATRON_OK) status = ptn_team_run(team, stage, from, until, g->blocks, count_owners, &j, error);
    if (status != PATRON_OK) return status;
    g->largest = ptn_groups_lay_out(g->starts, g->places, g->count, g->blocks);
    *most = ptn_groups_choose_ranges(g);
    return PATRON_OK;
}

patron_status ptn_briefs_plan(ptn_groups *g, const ptn_grouping *asked, ptn_team *team, const char *stage, double from,
                              double until, patron_error *error)
{
    const int64_t lines = ptn_history_lines(asked->history), workers = team->context->threads;
    int64_t most;
    if (g->block < (lines + MOST_BLOCKS - 1) / MOST_BLOCKS) g->block = (lines + MOST_BLOCKS - 1) / MOST_BLOCKS;
    g->blocks = lines == 0 ? 1 : (lines + g->block - 1) / g->block;
    ptn_briefs_form(&g->form, asked->history);
    patron_status status = plan_rounds(g, &most, asked, team, stage, from, until, error);
    if (status != PATRON_OK) return status;
    /* A page is left where a record does not fit. */
    int64_t pages = 2 * most / (PTN_PAGE_UNITS - RECORD + 1) + g->blocks * g->count + 1;
    g->piece = pages / (8 * workers) < PIECE ? pages / (8 * workers) + 1 : PIECE;
    pages += g->piece * workers;
    const ptn_wanted wanted[] = {{&g->block_of_units, pages * PTN_PAGE_UNITS + LINE / (int64_t)sizeof *g->units,
                                  sizeof *g->units, "order lines by customer"},
                                 {&g->pages, pages, sizeof *g->pages, "order lines by customer"},
                                 {&g->chains, g->blocks * g->count, sizeof *g->chains, "groups of customers"}};
    status = ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, &g->memory, error);
    if (status != PATRON_OK) return status;
    g->units = (ptn_unit *)(((uintptr_t)g->block_of_units + LINE - 1) & ~(uintptr_t)(LINE - 1));
    return PATRON_OK;
}

int64_t ptn_briefs_most(const ptn_groups *g, int64_t group)
{
    int64_t pages = 0;
    for (int64_t b = 0; b < g->blocks; b++) pages += g->chains[b * g->count + group].pages;
    return pages * (PTN_PAGE_UNITS / 2);
}

/* What the first round found. */
static void finish_first(ptn_groups *g, const ptn_line_sums *sums)
{
    for (int64_t b = 0; b < g->blocks; b++) ptn_line_sums_add(&g->sums, &sums[b]);
    for (int64_t i = 0; g->rounds == 1 && i < g->count; i++) {
        int64_t most = ptn_briefs_most(g, i);
        if (most > g->largest) g->largest = most;
    }
}

patron_status ptn_briefs_gather(ptn_groups *g, const ptn_grouping *asked, int64_t round, ptn_team *team,
                                const char *stage, double from, double until, patron_error *error)
{
    int32_t workers = team->context->threads;
    job j = {.groups = g, .asked = asked, .each = (uint32_t)g->piece, .touched = (uint32_t)g->touched};
    const ptn_wanted wanted[] = {{&j.sums, g->blocks, sizeof *j.sums, "groups of customers"},
                                 {&j.pieces, workers, sizeof *j.pieces, "workers"}};
    j.begins = round == 0;
    j.first = (uint32_t)g->ranges[round];
    j.count = (uint32_t)(g->ranges[round + 1] - g->ranges[round]);
    patron_status status = ptn_allocate_each(wanted, 2, true, &g->memory, error);
    if (status == PATRON_OK) status = ptn_team_run(team, stage, from, until, g->blocks, gather_block, &j, error);
    if (status == PATRON_OK && round == 0) finish_first(g, j.sums);
    if (j.next > g->touched) g->touched = j.next;
    ptn_free(&g->memory, j.pieces);
    ptn_free(&g->memory, j.sums);
    return status;
}

/* One of a group's pages, in the log's order. */
typedef struct place {
    const ptn_groups *groups;
    const ptn_chain *chain; /* its block's */
    int64_t blocks;         /* after that */
    uint32_t page, left;    /* its number; pages of the chain from it on */
} place;

/* Where the chain has no page, to the next that has. */
static inline bool find_page(place *p)
{
    while (p->left == 0) {
        if (p->blocks == 0) return false;
        p->chain += p->groups->count;
        p->blocks--;
        p->page = p->chain->first;
        p->left = p->chain->pages;
    }
    return true;
}

/* To the next page; false where there is none. */
static inline bool turn(place *p)
{
    if (p->left > 0 && --p->left > 0) p->page = p->groups->pages[p->page].after;
    return find_page(p);
}

/* What the first FEW briefs after a head come to, of which those beyond `more` are another record's or nobody's, and
   without a branch: how many there are, nothing foretells. */
INLINE int64_t sum_few(const ptn_unit *briefs, int64_t more, bool back)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < FEW; i++) {
        int64_t amount = briefs[i].brief.amount, its = back && amount < 0 ? -amount : amount;
        sum += its & -(int64_t)(i <= more);
    }
    return sum;
}

static inline ptn_entry entry_of(const ptn_unit *units, uint32_t at)
{
    const ptn_gathered g = {units[at].head.packed, 0, units[at].head.order};
    const ptn_unit *briefs = units + at + 1;
    ptn_entry e = ptn_gathered_entry(&g, at + 1);
    bool back = e.kind == PTN_KIND_RETURN;
    e.more = e.marks;
    e.marks = 0;
    e.amount = back ? sum_few(briefs, e.more, true) : sum_few(briefs, e.more, false);
    if (e.more >= FEW) e.amount += sum_few(briefs + FEW, e.more - FEW, back);
    return e;
}

/* Each record of a group, in the log's order: `count`, a constant, counts them by customer, and asks for the memory of
   pages some way on; else they are placed. */
INLINE int64_t walk(ptn_entry *entries, uint32_t *ends, const ptn_groups *g, int64_t group, bool count)
{
    const ptn_unit *units = g->units;
    const ptn_chain *c = &g->chains[group];
    place here = {g, c, g->blocks - 1, c->first, c->pages}, ahead = here;
    int64_t records = 0;
    bool more = find_page(&here) && find_page(&ahead);
    for (int32_t i = 0; count && i < AHEAD; i++) turn(&ahead);
    for (; more; more = turn(&here)) {
        const ptn_unit *asked = units + (int64_t)ahead.page * PTN_PAGE_UNITS;
        uint32_t at = here.page * PTN_PAGE_UNITS, end = g->pages[here.page].end;
        for (; at < end; records++) {
            const ptn_gathered head = {units[at].head.packed, 0, 0};
            uint32_t customer = ptn_gathered_customer(&head);
            if (count) {
                __builtin_prefetch(asked + at % PTN_PAGE_UNITS);
                __builtin_prefetch(asked + at % PTN_PAGE_UNITS + LINE / sizeof *units);
                ends[customer]++;
            } else {
                entries[ends[customer]++] = entry_of(units, at);
            }
            at += ptn_gathered_more(&head) + 2u;
        }
        if (count) turn(&ahead);
    }
    return records;
}

int64_t ptn_briefs_sort(ptn_entry *entries, uint32_t *ends, const ptn_groups *g, int64_t group, int64_t customers)
{
    uint32_t at = 0;
    memset(ends, 0, (size_t)customers * sizeof *ends);
    int64_t records = walk(entries, ends, g, group, true);
    for (int64_t c = 0; c < customers; c++) {
        uint32_t of = ends[c];
        ends[c] = at;
        at += of;
    }
    walk(entries, ends, g, group, false);
    return records;
}
