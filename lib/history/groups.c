/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The radix partition of lines by customer. */
#include "history/groups.h"

#include <string.h>

#include "base/error.h"
#include "history/briefs.h"
#include "history/runs.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    LINES_A_GROUP = 1 << 14,
    MOST_GROUPS = 1 << 12,
    LEAST_BLOCK = 1 << 16,
    MOST_BLOCKS = 64,
    TOUCHED = 1 << 17 /* entries at a time: some MB, as threads wait for each other within a table of pages */
};

/* Bytes gathered in a round, before there are more rounds. */
#define ROUND_BYTES (INT64_C(256) << 20)

/* So many lines' briefs are counted by 32 bits, twice over. */
#define MOST_BRIEFS (INT64_C(1) << 30)

typedef struct job {
    ptn_groups *groups;
    const ptn_grouping *asked;
    ptn_line_sums *sums;   /* of each block */
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

INLINE void count_lines(job *j, int64_t block, int32_t worker, bool special)
{
    const ptn_grouping *g = j->asked;
    const int32_t *customers = g->history->customer.items;
    const int64_t *stamps = g->history->stamp.items;
    int64_t *counts = j->groups->places + block * j->groups->count;
    uint64_t *ordered = g->ordered == NULL ? NULL : g->ordered + worker * g->words;
    int32_t shift = j->groups->shift;
    ptn_line_sums s = PTN_LINE_SUMS;
    memset(counts, 0, (size_t)j->groups->count * sizeof *counts);
    for (int64_t i = block * j->groups->block; i < ptn_groups_end(j->groups, j->asked->history, block); i++) {
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
        ptn_line_sums_meet(&s, time_s, kind >= PTN_KIND_RETURN);
    }
    j->sums[block] = s;
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
    for (int64_t i = block * j->groups->block; i < ptn_groups_end(j->groups, j->asked->history, block); i++) {
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
                                                ptn_groups_order(j->groups, h, i, stamp)};
        if (j->groups->lines != NULL) j->groups->lines[to] = i;
        if (j->groups->details != NULL)
            j->groups->details[to] =
                (ptn_detail){ptn_line_quantity(h, i), ptn_line_discount(h, i), ptn_line_product(h, i),
                             ptn_line_category(h, i), ptn_line_channel(h, i),  0};
    }
}

/* Where nobody asks for single lines, those of a run become two entries at most: what was bought, and what came back.
   Entries are added up anyway, so it makes no difference where a run ends. */
static void count_runs(void *argument, int64_t block, int32_t worker)
{
    job *j = argument;
    const ptn_grouping *g = j->asked;
    const int64_t *stamps = g->history->stamp.items;
    int64_t *counts = j->groups->places + block * j->groups->count,
            end = ptn_groups_end(j->groups, j->asked->history, block);
    uint64_t *ordered = g->ordered == NULL ? NULL : g->ordered + worker * g->words;
    int32_t shift = j->groups->shift;
    ptn_line_sums s = PTN_LINE_SUMS;
    ptn_run_tile t;
    memset(counts, 0, (size_t)j->groups->count * sizeof *counts);
    ptn_runs_open(&t, g);
    for (int64_t at = block * j->groups->block; at < end; at += PTN_RUN_LINES) {
        int32_t lines = end - at < PTN_RUN_LINES ? (int32_t)(end - at) : PTN_RUN_LINES;
        ptn_runs_read(&t, s.kinds, g, at, lines, false);
        for (int32_t r = 0; r < t.runs; r++) {
            uint64_t bits = ptn_run_bits(&t, r);
            int64_t time_s = ptn_stamp_time(stamps[at + t.starts[r]]);
            int64_t entries = ((t.bought & bits) != 0) + ((t.back & bits) != 0);
            uint32_t customer = (uint32_t)t.owners[r];
            if (t.owners[r] < 0) continue;
            if ((t.aside & bits) != 0) ptn_see_aside(j->groups->seen, customer);
            if (ordered != NULL && (t.kinds[PTN_KIND_ORDER] & bits) != 0) ptn_see_order(ordered, customer);
            counts[customer >> shift] += entries;
            ptn_line_sums_meet(&s, time_s, entries > 0);
        }
    }
    j->sums[block] = s;
}

static void place_runs(void *argument, int64_t block, int32_t worker)
{
    job *j = argument;
    const ptn_grouping *g = j->asked;
    const patron_history *h = g->history;
    const int64_t *stamps = h->stamp.items;
    int64_t *places = j->groups->places + block * j->groups->count, base = j->groups->base,
            end = ptn_groups_end(j->groups, j->asked->history, block);
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
            int64_t common = ptn_groups_packed(j->groups, stamps[line], customer);
            uint64_t order = ptn_groups_order(j->groups, h, line, stamps[line]);
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

bool ptn_groups_brief(const ptn_grouping *g)
{
    const patron_history *h = g->history;
    ptn_brief_form form;
    return g->details && h->options.duplicates != PATRON_DUPLICATES_DROP && h->options.match_cancellations == 0 &&
           (h->wide & (PTN_WIDE_AMOUNT | PTN_WIDE_QUANTITY | PTN_WIDE_DISCOUNT)) == 0 &&
           ptn_history_lines(h) <= MOST_BRIEFS && ptn_briefs_form(&form, h);
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

int64_t ptn_groups_lay_out(int64_t *starts, int64_t *places, int64_t groups, int64_t blocks)
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
    g->largest = ptn_groups_lay_out(g->starts, g->places, g->count, blocks);
    for (int64_t b = 0; b < blocks; b++) ptn_line_sums_add(&g->sums, &j->sums[b]);
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
    g->blocks = (lines + g->block - 1) / g->block;
}

int64_t ptn_groups_choose_ranges(ptn_groups *g)
{
    int64_t entries = g->starts[g->count], most = 0;
    for (int64_t r = 0, group = 0; r < g->rounds; r++) {
        g->ranges[r] = group;
        while (group < g->count && (r + 1 == g->rounds || g->starts[group + 1] <= entries / g->rounds * (r + 1)))
            group++;
        g->ranges[r + 1] = group;
        int64_t here = g->starts[group] - g->starts[g->ranges[r]];
        if (here > most) most = here;
    }
    return most;
}

static patron_status make_room(ptn_groups *g, const ptn_grouping *asked, patron_error *error)
{
    size_t each =
        sizeof *g->entries + (asked->details ? sizeof *g->details : 0) + (asked->lines ? sizeof *g->lines : 0);
    int64_t bytes = asked->round_bytes > 0 ? asked->round_bytes : ROUND_BYTES;
    g->rounds = g->starts[g->count] / (bytes / (int64_t)each + 1) + 1;
    if (g->rounds > PTN_GROUPS_ROUNDS) g->rounds = PTN_GROUPS_ROUNDS;
    int64_t most = ptn_groups_choose_ranges(g);
    const ptn_wanted entries = {&g->entries, most, sizeof *g->entries, "order lines by customer"},
                     details = {&g->details, most, sizeof *g->details, "order lines by customer"},
                     lines = {&g->lines, most, sizeof *g->lines, "order lines by customer"};
    patron_status status = ptn_allocate_each(&entries, 1, false, &g->memory, error);
    if (status == PATRON_OK && asked->details) status = ptn_allocate_each(&details, 1, false, &g->memory, error);
    if (status == PATRON_OK && asked->lines) status = ptn_allocate_each(&lines, 1, false, &g->memory, error);
    return status;
}

static patron_status count(job *j, ptn_team *team, const char *stage, double from, double until, patron_error *error)
{
    ptn_groups *g = j->groups;
    const int64_t blocks = g->blocks;
    const ptn_wanted wanted[] = {{&g->starts, g->count + 1, sizeof *g->starts, "groups of customers"},
                                 {&g->places, blocks * g->count, sizeof *g->places, "groups of customers"},
                                 {&j->sums, blocks, sizeof *j->sums, "groups of customers"}};
    ptn_task task = j->asked->details ? count_block : count_runs;
    patron_status status = ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, &g->memory, error);
    if (status == PATRON_OK) status = ptn_team_run(team, stage, from, until, blocks, task, j, error);
    if (status != PATRON_OK) return status;
    plan(j, blocks);
    if (g->largest > UINT32_MAX)
        return ptn_fail(error, PATRON_TOO_LARGE, "%lld lines of one customer and its neighbours; split the history",
                        (long long)g->largest);
    return make_room(g, j->asked, error);
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
    groups->sums = PTN_LINE_SUMS;
    groups->customers = grouping->owned > 0 ? grouping->owned : ptn_intern_count(&grouping->history->customers);
    ptn_scramble_make(&groups->scramble, &groups->unscramble);
    choose_groups(groups, ptn_history_lines(grouping->history));
    const ptn_wanted seen = {&groups->seen, groups->customers / 64 + 1, sizeof *groups->seen, "customers"};
    patron_status status = ptn_allocate_each(&seen, 1, true, &groups->memory, error);
    if (status == PATRON_OK)
        status = ptn_groups_brief(grouping) ? ptn_briefs_plan(groups, grouping, team, stage, from, until, error)
                                            : count(&j, team, stage, from, until, error);
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

patron_status ptn_groups_gather(ptn_groups *groups, const ptn_grouping *grouping, int64_t round, ptn_team *team,
                                const char *stage, double from, double until, patron_error *error)
{
    job j = {.groups = groups, .asked = grouping};
    if (groups->units != NULL) return ptn_briefs_gather(groups, grouping, round, team, stage, from, until, error);
    j.first = (uint32_t)groups->ranges[round];
    j.count = (uint32_t)(groups->ranges[round + 1] - groups->ranges[round]);
    groups->base = groups->starts[groups->ranges[round]];
    int64_t entries = groups->starts[groups->ranges[round + 1]] - groups->base;
    patron_status status = PATRON_OK;
    if (round == 0 && !grouping->details && entries >= 2 * TOUCHED)
        status = ptn_team_run(team, stage, from, from, entries / TOUCHED, touch_entries, &j, error);
    if (status != PATRON_OK) return status;
    return ptn_team_run(team, stage, from, until, groups->blocks, grouping->details ? place_block : place_runs, &j,
                        error);
}

void ptn_groups_free(ptn_groups *groups)
{
    ptn_memory memory = groups->memory;
    ptn_free(&memory, groups->lines);
    ptn_free(&memory, groups->chains);
    ptn_free(&memory, groups->pages);
    ptn_free(&memory, groups->block_of_units);
    ptn_free(&memory, groups->details);
    ptn_free(&memory, groups->entries);
    ptn_free(&memory, groups->seen);
    ptn_free(&memory, groups->places);
    ptn_free(&memory, groups->starts);
    memset(groups, 0, sizeof *groups);
}
