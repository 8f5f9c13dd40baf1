/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The radix partition of lines by customer. */
#include "history/groups.h"

#include <string.h>

#include "base/error.h"
#include "history/runs.h"
#include "history/stage.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    LINES_A_GROUP = 1 << 14,
    MOST_GROUPS = 1 << 12,
    LEAST_BLOCK = 1 << 16,
    MOST_BLOCKS = 64,
    TOUCHED = 1 << 17 /* entries at a time: some MB, as threads wait for each other within a table of pages */
};

/* Bytes gathered in a round, before there are more rounds. More with briefs: to read lines once more is dearer then
   than fresh memory (a fifth of the whole catalogue's time for 1e7 lines, measured). */
#define ROUND_BYTES       (INT64_C(256) << 20)
#define BRIEF_ROUND_BYTES (INT64_C(512) << 20)

/* What a block of lines found. */
typedef struct block_sums {
    int64_t kinds[PTN_KIND_COUNT];
    int64_t first_s, last_s;
} block_sums;

typedef struct job {
    ptn_groups *groups;
    const ptn_grouping *asked;
    block_sums *sums;
    uint32_t first, count; /* groups of this round */
} job;

uint8_t ptn_fate_of_kind(int32_t kind)
{
    static const uint8_t fates[PTN_KIND_COUNT] = {
        [PTN_KIND_LATER] = PATRON_FATE_AFTER_AS_OF,       [PTN_KIND_BEFORE] = PATRON_FATE_BEFORE_WINDOW,
        [PTN_KIND_IGNORED] = PATRON_FATE_IGNORED_PRODUCT, [PTN_KIND_ZERO] = PATRON_FATE_ZERO_AMOUNT,
        [PTN_KIND_RETURN] = PATRON_FATE_RETURN,           [PTN_KIND_ADJUSTMENT] = PATRON_FATE_RETURN,
        [PTN_KIND_PURCHASE] = PATRON_FATE_PURCHASE,       [PTN_KIND_ORDER] = PATRON_FATE_PURCHASE,
    };
    return fates[kind];
}

/* `special` is constant in each loop over a block's lines, so that nothing is paid for what is not asked for. */
static inline uint8_t kind_of(const ptn_grouping *g, int64_t line, int64_t stamp, int64_t amount, bool special)
{
    uint32_t flags = ptn_stamp_flags(stamp);
    if (ptn_stamp_time(stamp) > g->as_of_s) return PTN_KIND_LATER;
    if (special && ptn_stamp_time(stamp) <= g->before_s) return PTN_KIND_BEFORE;
    if (special && ptn_history_ignores(g->history, line)) return PTN_KIND_IGNORED;
    if (amount == 0 && ptn_history_drops(g->history, amount)) return PTN_KIND_ZERO;
    if ((flags & (PTN_LINE_BACK | PTN_LINE_RETURN)) != 0) return PTN_KIND_RETURN;
    if (amount < 0) return PTN_KIND_ADJUSTMENT;
    return (flags & PTN_LINE_SOME) != 0 ? PTN_KIND_ORDER : PTN_KIND_PURCHASE;
}

uint8_t ptn_groups_kind(const ptn_grouping *g, int64_t line)
{
    return kind_of(g, line, ((const int64_t *)g->history->stamp.items)[line], ptn_line_amount(g->history, line), true);
}

/* Lines whose kind matters to their customer: dropped ones only where they may be duplicates. */
static inline bool enters(const ptn_grouping *g, uint8_t kind)
{
    return kind >= PTN_KIND_RETURN ||
           (kind == PTN_KIND_ZERO && g->history->options.duplicates == PATRON_DUPLICATES_DROP);
}

/* The number that the line is gathered by. */
static inline uint32_t owner(const ptn_grouping *g, int32_t customer)
{
    return (uint32_t)(g->owners == NULL ? customer : g->owners[customer]);
}

static int64_t block_end(const job *j, int64_t block)
{
    int64_t lines = ptn_history_lines(j->asked->history), end = (block + 1) * j->groups->block;
    return end < lines ? end : lines;
}

INLINE void count_lines(job *j, int64_t block, int32_t worker, bool special)
{
    const ptn_grouping *g = j->asked;
    const int32_t *customers = g->history->customer.items;
    const int64_t *stamps = g->history->stamp.items;
    int64_t *counts = j->groups->places + block * j->groups->count;
    uint64_t *ordered = g->ordered == NULL ? NULL : g->ordered + worker * g->words;
    int32_t shift = j->groups->shift;
    block_sums s = {.first_s = INT64_MAX, .last_s = INT64_MIN};
    memset(counts, 0, (size_t)j->groups->count * sizeof *counts);
    for (int64_t i = block * j->groups->block; i < block_end(j, block); i++) {
        uint8_t kind = kind_of(g, i, stamps[i], ptn_line_amount(g->history, i), special);
        int64_t time_s = ptn_stamp_time(stamps[i]);
        s.kinds[kind]++;
        if (g->line_fates != NULL) g->line_fates[i] = ptn_fate_of_kind(kind);
        uint32_t customer = owner(g, customers[i]);
        if (enters(g, kind))
            counts[customer >> shift]++;
        else
            ptn_see_aside(j->groups->seen, customer);
        if (ordered != NULL && kind == PTN_KIND_ORDER) ptn_see_order(ordered, customer);
        if (kind < PTN_KIND_RETURN) continue;
        if (time_s < s.first_s) s.first_s = time_s;
        if (time_s > s.last_s) s.last_s = time_s;
    }
    j->sums[block] = s;
}

/* What lines of an order have in common, within their customer. */
static inline uint64_t order_of(const ptn_groups *g, const patron_history *h, int64_t line, int64_t stamp)
{
    return ptn_stamp_order(stamp) == PTN_KEY_NONE
               ? (uint64_t)ptn_local_day(ptn_stamp_time(stamp), h->options.utc_offset_s)
               : ptn_line_order(h, line) * g->scramble;
}

INLINE void place_lines(job *j, int64_t block, int32_t worker, bool special)
{
    const ptn_grouping *g = j->asked;
    const patron_history *h = g->history;
    const int32_t *customers = h->customer.items;
    const int64_t *stamps = h->stamp.items;
    int64_t *places = j->groups->places + block * j->groups->count, base = j->groups->base;
    int32_t shift = j->groups->shift;
    uint32_t within = (1u << shift) - 1u;
    (void)worker;
    for (int64_t i = block * j->groups->block; i < block_end(j, block); i++) {
        uint32_t customer = owner(g, customers[i]), group = customer >> shift;
        if (group - j->first >= j->count) continue;
        int64_t stamp = stamps[i], amount = ptn_line_amount(h, i);
        uint32_t flags = ptn_stamp_flags(stamp);
        uint8_t kind = kind_of(g, i, stamp, amount, special);
        if (!enters(g, kind)) continue;
        int64_t to = places[group]++ - base;
        int64_t time_s = ptn_stamp_time(stamp);
        uint32_t order_kind = ptn_stamp_order(stamp);
        uint32_t low = order_kind | (uint32_t)kind << PTN_GATHERED_KIND |
                       ((flags & PTN_LINE_DISCOUNT) != 0 ? PTN_MARK_DISCOUNT << PTN_GATHERED_MARKS : 0u) |
                       ((flags & PTN_LINE_RETURN) != 0 ? PTN_MARK_RETURN << PTN_GATHERED_MARKS : 0u) |
                       (customer & within) << PTN_GATHERED_CUSTOMER;
        j->groups->entries[to] = (ptn_gathered){time_s * (INT64_C(1) << PTN_GATHERED_TIME) + (int64_t)low, amount,
                                                order_of(j->groups, h, i, stamp)};
        if (j->groups->lines != NULL) j->groups->lines[to] = i;
        if (j->groups->details != NULL)
            j->groups->details[to] =
                (ptn_detail){ptn_line_quantity(h, i), ptn_line_discount(h, i), ptn_line_product(h, i),
                             ptn_line_category(h, i), ptn_line_channel(h, i),  0};
    }
}

/* Where an entry that begins at line `from` of a run ends at the latest. */
static inline int32_t span_end(int32_t from, int32_t until)
{
    return until - from < PTN_BRIEF_LINES ? until : from + PTN_BRIEF_LINES;
}

/* Where nobody asks for single lines, those of a run become two entries at most: what was bought, and what came back.
   Entries are added up anyway, so it makes no difference where a run ends. With `brief`, a constant, the lines of each
   entry are counted too, of which there are a few at most. */
INLINE void count_entries(job *j, int64_t block, int32_t worker, bool brief)
{
    const ptn_grouping *g = j->asked;
    const int64_t *stamps = g->history->stamp.items;
    int64_t *counts = j->groups->places + block * j->groups->count, end = block_end(j, block);
    uint64_t *ordered = g->ordered == NULL ? NULL : g->ordered + worker * g->words;
    int64_t *briefs = brief ? j->groups->brief_places + block * j->groups->count : NULL;
    int32_t shift = j->groups->shift;
    block_sums s = {.first_s = INT64_MAX, .last_s = INT64_MIN};
    ptn_run_tile t;
    memset(counts, 0, (size_t)j->groups->count * sizeof *counts);
    if (brief) memset(briefs, 0, (size_t)j->groups->count * sizeof *briefs);
    ptn_runs_open(&t, g);
    for (int64_t at = block * j->groups->block; at < end; at += PTN_RUN_LINES) {
        int32_t lines = end - at < PTN_RUN_LINES ? (int32_t)(end - at) : PTN_RUN_LINES;
        ptn_runs_read(&t, s.kinds, g, at, lines, false);
        for (int32_t r = 0; r < t.runs; r++) {
            int64_t time_s = ptn_stamp_time(stamps[at + t.starts[r]]), entries = 0, seen = 0;
            uint32_t customer = (uint32_t)t.owners[r];
            if (t.owners[r] < 0) continue;
            for (int32_t from = t.starts[r], until; from < t.starts[r + 1]; from = until) {
                until = brief ? span_end(from, t.starts[r + 1]) : t.starts[r + 1];
                uint64_t bits = ptn_run_span(from, until), kept = (t.bought | t.back) & bits;
                entries += ((t.bought & bits) != 0) + ((t.back & bits) != 0);
                if (brief) seen += kept == bits ? until - from : ptn_run_count(kept);
                if (kept != bits) ptn_see_aside(j->groups->seen, customer);
            }
            if (ordered != NULL && (t.kinds[PTN_KIND_ORDER] & ptn_run_bits(&t, r)) != 0)
                ptn_see_order(ordered, customer);
            counts[customer >> shift] += entries;
            if (brief) briefs[customer >> shift] += seen;
            s.first_s = entries > 0 && time_s < s.first_s ? time_s : s.first_s;
            s.last_s = entries > 0 && time_s > s.last_s ? time_s : s.last_s;
        }
    }
    j->sums[block] = s;
}

static void count_runs(void *argument, int64_t block, int32_t worker) { count_entries(argument, block, worker, false); }

static void count_briefs(void *argument, int64_t block, int32_t worker)
{
    count_entries(argument, block, worker, true);
}

/* What the entries of a line's run have in common in ptn_gathered.packed. */
static inline int64_t packed_of(const ptn_groups *g, int64_t stamp, uint32_t customer)
{
    uint32_t within = (1u << g->shift) - 1u;
    return ptn_stamp_time(stamp) * (INT64_C(1) << PTN_GATHERED_TIME) +
           (int64_t)(ptn_stamp_order(stamp) | (customer & within) << PTN_GATHERED_CUSTOMER);
}

static void place_runs(void *argument, int64_t block, int32_t worker)
{
    job *j = argument;
    const ptn_grouping *g = j->asked;
    const patron_history *h = g->history;
    const int64_t *stamps = h->stamp.items;
    int64_t *places = j->groups->places + block * j->groups->count, base = j->groups->base, end = block_end(j, block);
    ptn_gathered *entries = j->groups->entries;
    int32_t shift = j->groups->shift;
    int64_t kinds[PTN_KIND_COUNT] = {0}; /* counted before */
    ptn_run_tile t;
    (void)worker;
    ptn_runs_open(&t, g);
    for (int64_t at = block * j->groups->block; at < end; at += PTN_RUN_LINES) {
        ptn_runs_read(&t, kinds, g, at, end - at < PTN_RUN_LINES ? (int32_t)(end - at) : PTN_RUN_LINES, true);
        for (int32_t r = 0; r < t.runs; r++) {
            uint32_t group = (uint32_t)t.owners[r] >> shift;
            if (group - j->first < j->count) __builtin_prefetch(&entries[places[group] - base], 1);
        }
        for (int32_t r = 0; r < t.runs; r++) {
            uint64_t bits = ptn_run_bits(&t, r);
            uint32_t customer = (uint32_t)t.owners[r], group = customer >> shift;
            if (group - j->first >= j->count) continue;
            int64_t line = at + t.starts[r], to = places[group] - base;
            int64_t common = packed_of(j->groups, stamps[line], customer);
            uint64_t order = order_of(j->groups, h, line, stamps[line]);
            if ((t.bought & bits) != 0) {
                uint32_t kind = (t.kinds[PTN_KIND_ORDER] & bits) != 0 ? PTN_KIND_ORDER : PTN_KIND_PURCHASE;
                entries[to++] = (ptn_gathered){common | kind << PTN_GATHERED_KIND, ptn_run_bought(&t, r), order};
            }
            if ((t.back & bits) != 0)
                entries[to++] =
                    (ptn_gathered){common | PTN_KIND_RETURN << PTN_GATHERED_KIND, ptn_run_back(&t, bits), order};
            places[group] = to + base;
        }
    }
}

/* Bits that hold 0 … count. */
static uint32_t bits_of(int64_t count)
{
    uint32_t bits = 0;
    while (count >> bits != 0) bits++;
    return bits;
}

/* Whether the numbers fit. */
static bool make_form(ptn_brief_form *form, const patron_history *h)
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

bool ptn_groups_brief(const ptn_grouping *g)
{
    const patron_history *h = g->history;
    ptn_brief_form form;
    return g->details && h->options.duplicates != PATRON_DUPLICATES_DROP && h->options.match_cancellations == 0 &&
           (h->wide & (PTN_WIDE_AMOUNT | PTN_WIDE_QUANTITY | PTN_WIDE_DISCOUNT)) == 0 && make_form(&form, h);
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

static void make_briefs(ptn_brief *briefs, const patron_history *h, const ptn_brief_form *form, const ptn_run_tile *t,
                        int64_t from, int32_t count, const absent *a)
{
    const int64_t *stamps = (const int64_t *)h->stamp.items + from;
    const int32_t *amounts = (const int32_t *)h->amount.items + from,
                  *discounts = h->discount.items == NULL ? a->zero : (const int32_t *)h->discount.items + from;
    uint32_t products[PTN_RUN_LINES], categories[PTN_RUN_LINES], channels[PTN_RUN_LINES];
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

/* The briefs of a tile's lines, those of what was bought first; how many. */
static uint32_t sort_briefs(ptn_brief sorted[PTN_BRIEF_LINES], const ptn_brief *briefs, uint64_t bought, uint64_t back)
{
    uint32_t count = 0;
    for (; bought != 0; bought &= bought - 1) sorted[count++] = briefs[__builtin_ctzll(bought)];
    for (; back != 0; back &= back - 1) sorted[count++] = briefs[__builtin_ctzll(back)];
    return count;
}

/* Bytes of the stages of a group: a line and what can be put at a time. */
enum {
    ENTRY_STAGE = 2 * PTN_STAGE_LINE,
    BRIEF_STAGE = 4 * PTN_STAGE_LINE,
    STAGES = ENTRY_STAGE + BRIEF_STAGE,
    HEADS = 2 /* and one byte of each more */
};
_Static_assert(PTN_STAGE_LINE + sizeof(ptn_gathered) + PTN_STAGE_STEP <= ENTRY_STAGE, "an entry is put");
_Static_assert(PTN_STAGE_LINE + PTN_BRIEF_LINES * sizeof(ptn_brief) + PTN_STAGE_STEP <= BRIEF_STAGE, "a run is put");

/* A worker's stages: of each group one for entries and one for briefs, and their heads. */
typedef struct desk {
    uint8_t *bytes, *heads;
} desk;

static int64_t stage_bytes(const ptn_groups *g) { return g->count * (STAGES + HEADS) + PTN_STAGE_LINE; }

static desk desk_of(const ptn_groups *g, int32_t worker)
{
    uint8_t *bytes = g->stages + worker * stage_bytes(g);
    bytes += (PTN_STAGE_LINE - ptn_stage_within(bytes)) % PTN_STAGE_LINE;
    return (desk){bytes, bytes + g->count * STAGES};
}

/* What places of a block's entries and briefs in a group are, with their stages. */
typedef struct placing {
    ptn_gathered *entry;
    ptn_brief *brief;
    uint8_t *stage, *heads;
} placing;

static inline placing placing_of(const ptn_groups *g, const desk *d, int64_t group, int64_t place, int64_t brief_place)
{
    return (placing){g->entries + (place - g->base), g->briefs + (brief_place - g->brief_base),
                     d->bytes + group * STAGES, d->heads + group * HEADS};
}

INLINE void put_entry(placing *p, int64_t packed, int64_t amount, uint64_t order)
{
    const ptn_gathered entry[2] = {{packed, amount, order}, {0, 0, 0}};
    ptn_stage_put(p->stage, &p->heads[0], p->entry++, entry, sizeof *entry);
}

INLINE void put_briefs(placing *p, const ptn_brief *briefs, uint32_t count)
{
    ptn_stage_put(p->stage + ENTRY_STAGE, &p->heads[1], p->brief, briefs, count * (uint32_t)sizeof *briefs);
    p->brief += count;
}

/* The entries of a run, and their briefs; `common` is what their `packed` share. */
static inline void place_run(placing *p, const ptn_run_tile *t, const ptn_brief *briefs, int32_t run, int64_t common,
                             uint64_t order)
{
    for (int32_t from = t->starts[run], until; from < t->starts[run + 1]; from = until) {
        until = span_end(from, t->starts[run + 1]);
        uint64_t bits = ptn_run_span(from, until), sum = t->sums[until] - t->sums[from];
        if ((t->kinds[PTN_KIND_ORDER] & bits) == bits) { /* most are orders' lines alone */
            int32_t lines = until - from;
            put_entry(p, common | PTN_KIND_ORDER << PTN_GATHERED_KIND | (int64_t)(lines - 1) << PTN_GATHERED_MARKS,
                      (int64_t)sum, order);
            put_briefs(p, briefs + from, (uint32_t)lines);
            continue;
        }
        ptn_brief sorted[PTN_BRIEF_LINES + 1];
        int64_t bought = ptn_run_count(t->bought & bits), back = ptn_run_count(t->back & bits);
        if (bought > 0) {
            uint32_t kind = (t->kinds[PTN_KIND_ORDER] & bits) != 0 ? PTN_KIND_ORDER : PTN_KIND_PURCHASE;
            put_entry(p, common | kind << PTN_GATHERED_KIND | (bought - 1) << PTN_GATHERED_MARKS, (int64_t)sum, order);
        }
        if (back > 0)
            put_entry(p, common | PTN_KIND_RETURN << PTN_GATHERED_KIND | (back - 1) << PTN_GATHERED_MARKS,
                      ptn_run_back(t, bits), order);
        put_briefs(p, sorted, sort_briefs(sorted, briefs, t->bought & bits, t->back & bits));
    }
}

static void place_briefs(void *argument, int64_t block, int32_t worker)
{
    job *j = argument;
    const ptn_grouping *g = j->asked;
    const patron_history *h = g->history;
    const int64_t *stamps = h->stamp.items;
    const ptn_groups copy = *j->groups, *groups = &copy; /* what entries are written to cannot change it */
    const desk d = desk_of(groups, worker);
    int64_t *places = groups->places + block * groups->count,
            *brief_places = groups->brief_places + block * groups->count, end = block_end(j, block);
    int64_t kinds[PTN_KIND_COUNT] = {0}; /* counted before */
    ptn_brief briefs[PTN_RUN_LINES + 1];
    ptn_run_tile t;
    absent a;
    ptn_runs_open(&t, g);
    memset(&briefs[PTN_RUN_LINES], 0, sizeof *briefs);
    for (int32_t i = 0; i < PTN_RUN_LINES; i++) a.zero[i] = 0, a.one[i] = 1;
    for (int64_t i = j->first; i < (int64_t)j->first + j->count; i++) {
        placing p = placing_of(groups, &d, i, places[i], brief_places[i]);
        p.heads[0] = (uint8_t)ptn_stage_within(p.entry);
        p.heads[1] = (uint8_t)ptn_stage_within(p.brief);
    }
    for (int64_t at = block * groups->block; at < end; at += PTN_RUN_LINES) {
        int32_t lines = end - at < PTN_RUN_LINES ? (int32_t)(end - at) : PTN_RUN_LINES;
        ptn_runs_read(&t, kinds, g, at, lines, true);
        make_briefs(briefs, h, &groups->form, &t, at, lines, &a);
        for (int32_t r = 0; r < t.runs; r++) {
            uint32_t customer = (uint32_t)t.owners[r], group = customer >> groups->shift;
            if (group - j->first >= j->count) continue;
            int64_t line = at + t.starts[r];
            placing p = placing_of(groups, &d, group, places[group], brief_places[group]);
            place_run(&p, &t, briefs, r, packed_of(groups, stamps[line], customer),
                      order_of(groups, h, line, stamps[line]));
            places[group] = p.entry - groups->entries + groups->base;
            brief_places[group] = p.brief - groups->briefs + groups->brief_base;
        }
    }
    for (int64_t i = j->first; i < (int64_t)j->first + j->count; i++) {
        placing p = placing_of(groups, &d, i, places[i], brief_places[i]);
        ptn_stage_end(p.stage, p.heads[0], p.entry);
        ptn_stage_end(p.stage + ENTRY_STAGE, p.heads[1], p.brief);
    }
    ptn_stage_settle();
}

/* `special` as a constant. */
#define BY_SPECIAL(name, loop)                                                                                         \
    static void name(void *argument, int64_t block, int32_t worker)                                                    \
    {                                                                                                                  \
        job *j = argument;                                                                                             \
        if (ptn_groups_special(j->asked))                                                                              \
            loop(j, block, worker, true);                                                                              \
        else                                                                                                           \
            loop(j, block, worker, false);                                                                             \
    }

BY_SPECIAL(count_block, count_lines)
BY_SPECIAL(place_block, place_lines)

/* Counts become places. The most of one group. */
static int64_t lay_out(int64_t *starts, int64_t *places, int64_t groups, int64_t blocks)
{
    int64_t at = 0, most = 0;
    for (int64_t group = 0; group < groups; group++) {
        starts[group] = at;
        for (int64_t b = 0; b < blocks; b++) {
            int64_t *place = &places[b * groups + group], count = *place;
            *place = at;
            at += count;
        }
        if (at - starts[group] > most) most = at - starts[group];
    }
    starts[groups] = at;
    return most;
}

/* From the blocks' counts: where each group begins, and where in it each block's lines go. */
static void plan(job *j, int64_t blocks)
{
    ptn_groups *g = j->groups;
    g->largest = lay_out(g->starts, g->places, g->count, blocks);
    if (g->brief_starts != NULL) g->most_briefs = lay_out(g->brief_starts, g->brief_places, g->count, blocks);
    g->first_s = INT64_MAX;
    g->last_s = INT64_MIN;
    for (int64_t b = 0; b < blocks; b++) {
        for (int32_t k = 0; k < PTN_KIND_COUNT; k++) g->kinds[k] += j->sums[b].kinds[k];
        if (j->sums[b].first_s < g->first_s) g->first_s = j->sums[b].first_s;
        if (j->sums[b].last_s > g->last_s) g->last_s = j->sums[b].last_s;
    }
}

/* Groups of some LINES_A_GROUP lines, each of 2^shift customers. */
static void choose_groups(ptn_groups *g, int64_t lines)
{
    int64_t wanted = lines / LINES_A_GROUP + 1;
    if (wanted > MOST_GROUPS) wanted = MOST_GROUPS;
    while (g->customers >> g->shift > wanted && g->shift < PTN_GATHERED_TIME - PTN_GATHERED_CUSTOMER) g->shift++;
    g->count = (g->customers >> g->shift) + 1;
    g->block = (lines + MOST_BLOCKS - 1) / MOST_BLOCKS;
    if (g->block < LEAST_BLOCK) g->block = LEAST_BLOCK;
}

/* Ranges of groups with about as many entries each; the entries of the largest, and its briefs. */
static int64_t choose_rounds(ptn_groups *g, int64_t bytes, size_t each, int64_t *most_briefs)
{
    int64_t entries = g->starts[g->count], most = 0;
    int64_t briefs = g->brief_starts == NULL ? 0 : g->brief_starts[g->count];
    int64_t all = entries + briefs * (int64_t)sizeof *g->briefs / (int64_t)each;
    if (bytes <= 0) bytes = briefs > 0 ? BRIEF_ROUND_BYTES : ROUND_BYTES;
    g->rounds = all / (bytes / (int64_t)each + 1) + 1;
    if (g->rounds > PTN_GROUPS_ROUNDS) g->rounds = PTN_GROUPS_ROUNDS;
    for (int64_t r = 0, group = 0; r < g->rounds; r++) {
        g->ranges[r] = group;
        while (group < g->count && (r + 1 == g->rounds || g->starts[group + 1] <= entries / g->rounds * (r + 1)))
            group++;
        g->ranges[r + 1] = group;
        int64_t here = g->starts[group] - g->starts[g->ranges[r]];
        if (here > most) most = here;
        if (briefs == 0) continue;
        here = g->brief_starts[group] - g->brief_starts[g->ranges[r]];
        if (here > *most_briefs) *most_briefs = here;
    }
    return most;
}

static patron_status make_room(ptn_groups *g, const ptn_grouping *asked, int32_t workers, patron_error *error)
{
    bool of_lines = asked->details && g->brief_starts == NULL;
    size_t each = sizeof *g->entries + (of_lines ? sizeof *g->details : 0) + (asked->lines ? sizeof *g->lines : 0);
    int64_t most_briefs = 0, most = choose_rounds(g, asked->round_bytes, each, &most_briefs);
    const ptn_wanted entries = {&g->entries, most, sizeof *g->entries, "order lines by customer"},
                     details = {&g->details, most, sizeof *g->details, "order lines by customer"},
                     briefs = {&g->briefs, most_briefs, sizeof *g->briefs, "order lines by customer"},
                     stages = {&g->stages, workers, (size_t)stage_bytes(g), "order lines by customer"},
                     lines = {&g->lines, most, sizeof *g->lines, "order lines by customer"};
    patron_status status = ptn_allocate_each(&entries, 1, false, &g->memory, error);
    if (status == PATRON_OK && of_lines) status = ptn_allocate_each(&details, 1, false, &g->memory, error);
    if (status == PATRON_OK && g->brief_starts != NULL)
        status = ptn_allocate_each(&briefs, 1, false, &g->memory, error);
    if (status == PATRON_OK && g->brief_starts != NULL) status = ptn_allocate_each(&stages, 1, true, &g->memory, error);
    if (status == PATRON_OK && asked->lines) status = ptn_allocate_each(&lines, 1, false, &g->memory, error);
    return status;
}

static patron_status count(job *j, int64_t blocks, ptn_team *team, const char *stage, double from, double until,
                           patron_error *error)
{
    ptn_groups *g = j->groups;
    const ptn_wanted wanted[] = {{&g->starts, g->count + 1, sizeof *g->starts, "groups of customers"},
                                 {&g->places, blocks * g->count, sizeof *g->places, "groups of customers"},
                                 {&j->sums, blocks, sizeof *j->sums, "groups of customers"}};
    const ptn_wanted of_briefs[] = {{&g->brief_starts, g->count + 1, sizeof *g->brief_starts, "groups of customers"},
                                    {&g->brief_places, blocks * g->count, sizeof *g->places, "groups of customers"}};
    bool brief = ptn_groups_brief(j->asked) && make_form(&g->form, j->asked->history);
    ptn_task task = brief ? count_briefs : j->asked->details ? count_block : count_runs;
    const ptn_wanted seen = {&g->seen, g->customers / 64 + 1, sizeof *g->seen, "customers"};
    patron_status status = ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, &g->memory, error);
    if (status == PATRON_OK) status = ptn_allocate_each(&seen, 1, true, &g->memory, error);
    if (status == PATRON_OK && brief)
        status = ptn_allocate_each(of_briefs, sizeof of_briefs / sizeof *of_briefs, false, &g->memory, error);
    if (status == PATRON_OK) status = ptn_team_run(team, stage, from, until, blocks, task, j, error);
    if (status != PATRON_OK) return status;
    plan(j, blocks);
    int64_t lines = ptn_groups_lines(g, g->largest);
    if (lines > UINT32_MAX)
        return ptn_fail(error, PATRON_TOO_LARGE, "%lld lines of one customer and its neighbours; split the history",
                        (long long)lines);
    return make_room(g, j->asked, team->context->threads, error);
}

static int64_t blocks_of(const ptn_groups *g, const ptn_grouping *grouping)
{
    return (ptn_history_lines(grouping->history) + g->block - 1) / g->block;
}

/* Modulo 2^64, of an odd number, by Newton's method: an odd number is its own inverse modulo 8, and each step doubles
   the bits that are right. */
static uint64_t inverse_of(uint64_t odd)
{
    uint64_t inverse = odd;
    for (int bits = 3; bits < 64; bits *= 2) inverse *= 2 - odd * inverse;
    return inverse;
}

void ptn_scramble_make(uint64_t *scramble, uint64_t *unscramble)
{
    ptn_siphash_key key;
    ptn_siphash_key_make(&key);
    *scramble = key.k0 | 1;
    *unscramble = inverse_of(*scramble);
}

patron_status ptn_groups_count(ptn_groups *groups, const ptn_grouping *grouping, ptn_team *team, const char *stage,
                               double from, double until, patron_error *error)
{
    job j = {.groups = groups, .asked = grouping};
    memset(groups, 0, sizeof *groups);
    groups->memory = team->context->memory;
    groups->customers = grouping->owned > 0 ? grouping->owned : ptn_intern_count(&grouping->history->customers);
    ptn_scramble_make(&groups->scramble, &groups->unscramble);
    choose_groups(groups, ptn_history_lines(grouping->history));
    patron_status status = count(&j, blocks_of(groups, grouping), team, stage, from, until, error);
    ptn_free(&groups->memory, j.sums);
    if (status != PATRON_OK) ptn_groups_free(groups);
    return status;
}

/* Blocks of lines write all over them, so they are not touched by who writes them. */
static void touch_entries(void *argument, int64_t block, int32_t worker)
{
    const job *j = argument;
    (void)worker;
    ptn_touch(j->groups->entries + block * TOUCHED, TOUCHED * sizeof *j->groups->entries);
}

static void touch_briefs(void *argument, int64_t block, int32_t worker)
{
    const job *j = argument;
    (void)worker;
    ptn_touch(j->groups->briefs + block * TOUCHED, TOUCHED * sizeof *j->groups->briefs);
}

patron_status ptn_groups_gather(ptn_groups *groups, const ptn_grouping *grouping, int64_t round, ptn_team *team,
                                const char *stage, double from, double until, patron_error *error)
{
    job j = {.groups = groups, .asked = grouping};
    j.first = (uint32_t)groups->ranges[round];
    j.count = (uint32_t)(groups->ranges[round + 1] - groups->ranges[round]);
    groups->base = groups->starts[groups->ranges[round]];
    if (groups->brief_starts != NULL) groups->brief_base = groups->brief_starts[groups->ranges[round]];
    ptn_task task = groups->brief_starts != NULL ? place_briefs : grouping->details ? place_block : place_runs;
    int64_t entries = groups->starts[groups->ranges[round + 1]] - groups->base;
    patron_status status = PATRON_OK;
    if (round == 0 && task != place_block && entries >= 2 * TOUCHED)
        status = ptn_team_run(team, stage, from, from, entries / TOUCHED, touch_entries, &j, error);
    if (status == PATRON_OK && round == 0 && task == place_briefs && entries >= 2 * TOUCHED) {
        int64_t briefs = groups->brief_starts[groups->ranges[1]];
        status = ptn_team_run(team, stage, from, from, briefs / TOUCHED, touch_briefs, &j, error);
    }
    if (status != PATRON_OK) return status;
    return ptn_team_run(team, stage, from, until, blocks_of(groups, grouping), task, &j, error);
}

void ptn_groups_free(ptn_groups *groups)
{
    ptn_memory memory = groups->memory;
    ptn_free(&memory, groups->lines);
    ptn_free(&memory, groups->stages);
    ptn_free(&memory, groups->briefs);
    ptn_free(&memory, groups->brief_places);
    ptn_free(&memory, groups->brief_starts);
    ptn_free(&memory, groups->details);
    ptn_free(&memory, groups->entries);
    ptn_free(&memory, groups->seen);
    ptn_free(&memory, groups->places);
    ptn_free(&memory, groups->starts);
    memset(groups, 0, sizeof *groups);
}
