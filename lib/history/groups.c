/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The radix partition of lines by customer. */
#include "history/groups.h"

#include <string.h>

#include "base/error.h"

enum { LINES_A_GROUP = 1 << 14, MOST_GROUPS = 1 << 12, LEAST_BLOCK = 1 << 16, MOST_BLOCKS = 64 };

/* What a block of lines found. */
typedef struct block_sums {
    int64_t kinds[PTN_KIND_COUNT];
    int64_t first_s, last_s;
} block_sums;

typedef struct job {
    ptn_groups *groups;
    const ptn_grouping *asked;
    uint64_t scramble; /* odd */
    int64_t block;     /* lines in one */
    int64_t *places;   /* blocks x groups: first how many, then where the next goes */
    block_sums *sums;
} job;

uint8_t ptn_fate_of_kind(int32_t kind)
{
    static const uint8_t fates[PTN_KIND_COUNT] = {
        [PTN_KIND_LATER] = PATRON_FATE_AFTER_AS_OF, [PTN_KIND_ZERO] = PATRON_FATE_ZERO_AMOUNT,
        [PTN_KIND_RETURN] = PATRON_FATE_RETURN,     [PTN_KIND_ADJUSTMENT] = PATRON_FATE_RETURN,
        [PTN_KIND_PURCHASE] = PATRON_FATE_PURCHASE, [PTN_KIND_ORDER] = PATRON_FATE_PURCHASE,
    };
    return fates[kind];
}

static inline uint8_t kind_of(const ptn_grouping *g, int64_t stamp, int64_t amount)
{
    uint32_t flags = ptn_stamp_flags(stamp);
    if (ptn_stamp_time(stamp) > g->as_of_s) return PTN_KIND_LATER;
    if (amount == 0 && ptn_history_drops(g->history, amount)) return PTN_KIND_ZERO;
    if ((flags & (PTN_LINE_BACK | PTN_LINE_RETURN)) != 0) return PTN_KIND_RETURN;
    if (amount < 0) return PTN_KIND_ADJUSTMENT;
    return (flags & PTN_LINE_SOME) != 0 ? PTN_KIND_ORDER : PTN_KIND_PURCHASE;
}

/* Lines whose kind matters to their customer: dropped ones only where they may be duplicates. */
static inline bool enters(const ptn_grouping *g, uint8_t kind)
{
    return kind >= PTN_KIND_RETURN ||
           (kind == PTN_KIND_ZERO && g->history->options.duplicates == PATRON_DUPLICATES_DROP);
}

static int64_t block_end(const job *j, int64_t block)
{
    int64_t lines = ptn_history_lines(j->asked->history), end = (block + 1) * j->block;
    return end < lines ? end : lines;
}

static void count_block(void *argument, int64_t block, int32_t worker)
{
    job *j = argument;
    const ptn_grouping *g = j->asked;
    const int32_t *customers = g->history->customer.items;
    const int64_t *stamps = g->history->stamp.items, *amounts = g->history->amount.items;
    int64_t *counts = j->places + block * j->groups->count;
    int32_t shift = j->groups->shift;
    block_sums s = {.first_s = INT64_MAX, .last_s = INT64_MIN};
    (void)worker;
    memset(counts, 0, (size_t)j->groups->count * sizeof *counts);
    for (int64_t i = block * j->block; i < block_end(j, block); i++) {
        uint8_t kind = kind_of(g, stamps[i], amounts[i]);
        int64_t time_s = ptn_stamp_time(stamps[i]);
        s.kinds[kind]++;
        if (g->line_fates != NULL) g->line_fates[i] = ptn_fate_of_kind(kind);
        if (enters(g, kind)) {
            counts[customers[i] >> shift]++;
        } else {
            uint64_t bit = UINT64_C(1) << (customers[i] % 64), *word = &j->groups->seen[customers[i] / 64];
            if ((__atomic_load_n(word, __ATOMIC_RELAXED) & bit) == 0) __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
        }
        if (kind < PTN_KIND_RETURN) continue;
        if (time_s < s.first_s) s.first_s = time_s;
        if (time_s > s.last_s) s.last_s = time_s;
    }
    j->sums[block] = s;
}

static void place_block(void *argument, int64_t block, int32_t worker)
{
    job *j = argument;
    const ptn_grouping *g = j->asked;
    const patron_history *h = g->history;
    const int32_t *customers = h->customer.items, *products = h->product.items, *categories = h->category.items;
    const int64_t *stamps = h->stamp.items, *amounts = h->amount.items, *discounts = h->discount.items;
    const uint64_t *orders = h->order.items;
    const double *quantities = h->quantity.items;
    int64_t *places = j->places + block * j->groups->count;
    int32_t shift = j->groups->shift;
    uint32_t within = (1u << shift) - 1u;
    (void)worker;
    for (int64_t i = block * j->block; i < block_end(j, block); i++) {
        int64_t stamp = stamps[i], amount = amounts[i];
        uint32_t flags = ptn_stamp_flags(stamp);
        uint8_t kind = kind_of(g, stamp, amount);
        if (!enters(g, kind)) continue;
        int64_t to = places[customers[i] >> shift]++;
        int64_t time_s = ptn_stamp_time(stamp);
        uint32_t order_kind = ptn_stamp_order(stamp);
        uint32_t low = order_kind | (uint32_t)kind << PTN_GATHERED_KIND |
                       ((flags & PTN_LINE_DISCOUNT) != 0 ? PTN_MARK_DISCOUNT << PTN_GATHERED_MARKS : 0u) |
                       ((flags & PTN_LINE_RETURN) != 0 ? PTN_MARK_RETURN << PTN_GATHERED_MARKS : 0u) |
                       ((uint32_t)customers[i] & within) << PTN_GATHERED_CUSTOMER;
        j->groups->entries[to] =
            (ptn_gathered){time_s * (INT64_C(1) << PTN_GATHERED_TIME) + (int64_t)low, amount,
                           order_kind == PTN_KEY_NONE ? (uint64_t)ptn_local_day(time_s, h->options.utc_offset_s)
                                                      : orders[i] * j->scramble};
        if (j->groups->lines != NULL) j->groups->lines[to] = i;
        if (j->groups->details != NULL)
            j->groups->details[to] =
                (ptn_detail){quantities == NULL ? 1.0 : quantities[i], discounts == NULL ? 0 : discounts[i],
                             products == NULL ? -1 : products[i], categories == NULL ? -1 : categories[i]};
    }
}

/* From the blocks' counts: where each group begins, and where in it each block's lines go. */
static void plan(job *j, int64_t blocks)
{
    ptn_groups *g = j->groups;
    int64_t at = 0;
    for (int64_t group = 0; group < g->count; group++) {
        g->starts[group] = at;
        for (int64_t b = 0; b < blocks; b++) {
            int64_t *place = &j->places[b * g->count + group], count = *place;
            *place = at;
            at += count;
        }
        if (at - g->starts[group] > g->largest) g->largest = at - g->starts[group];
    }
    g->starts[g->count] = at;
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
}

static patron_status group(job *j, int64_t blocks, ptn_team *team, const char *stage, double until, patron_error *error)
{
    ptn_groups *g = j->groups;
    const ptn_memory *memory = &g->memory;
    const ptn_wanted wanted[] = {{&g->starts, g->count + 1, sizeof *g->starts, "groups of customers"},
                                 {&j->places, blocks * g->count, sizeof *j->places, "groups of customers"},
                                 {&j->sums, blocks, sizeof *j->sums, "groups of customers"}};
    patron_status status = ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, memory, error);
    if (status != PATRON_OK) return status;
    void *block;
    status = ptn_allocate_zero(&block, memory, g->customers / 64 + 1, sizeof *g->seen, "customers", error);
    if (status != PATRON_OK) return status;
    g->seen = block;
    status = ptn_team_run(team, stage, 0.0, 0.3 * until, blocks, count_block, j, error);
    if (status != PATRON_OK) return status;
    plan(j, blocks);
    if (g->largest > UINT32_MAX)
        return ptn_fail(error, PATRON_TOO_LARGE, "%lld lines of one customer and its neighbours; split the history",
                        (long long)g->largest);

    int64_t entries = g->starts[g->count];
    status = ptn_allocate(&block, memory, entries, sizeof *g->entries, "order lines by customer", error);
    if (status != PATRON_OK) return status;
    g->entries = block;
    ptn_advise(memory, block, (size_t)entries * sizeof *g->entries);
    if (j->asked->details) {
        status = ptn_allocate(&block, memory, entries, sizeof *g->details, "order lines by customer", error);
        if (status != PATRON_OK) return status;
        g->details = block;
        ptn_advise(memory, block, (size_t)entries * sizeof *g->details);
    }
    if (j->asked->lines) {
        status = ptn_allocate(&block, memory, entries, sizeof *g->lines, "order lines by customer", error);
        if (status != PATRON_OK) return status;
        g->lines = block;
    }
    return ptn_team_run(team, stage, 0.3 * until, until, blocks, place_block, j, error);
}

patron_status ptn_groups_build(ptn_groups *groups, const ptn_grouping *grouping, ptn_team *team, const char *stage,
                               double until, patron_error *error)
{
    int64_t lines = ptn_history_lines(grouping->history);
    ptn_siphash_key key;
    job j = {.groups = groups, .asked = grouping, .block = (lines + MOST_BLOCKS - 1) / MOST_BLOCKS};
    memset(groups, 0, sizeof *groups);
    groups->memory = team->context->memory;
    groups->customers = ptn_intern_count(&grouping->history->customers);
    ptn_siphash_key_make(&key);
    j.scramble = key.k0 | 1;
    if (j.block < LEAST_BLOCK) j.block = LEAST_BLOCK;
    choose_groups(groups, lines);
    patron_status status = group(&j, (lines + j.block - 1) / j.block, team, stage, until, error);
    ptn_free(&groups->memory, j.places);
    ptn_free(&groups->memory, j.sums);
    if (status != PATRON_OK) ptn_groups_free(groups);
    return status;
}

void ptn_groups_free(ptn_groups *groups)
{
    ptn_memory memory = groups->memory;
    ptn_free(&memory, groups->lines);
    ptn_free(&memory, groups->details);
    ptn_free(&memory, groups->entries);
    ptn_free(&memory, groups->seen);
    ptn_free(&memory, groups->starts);
    memset(groups, 0, sizeof *groups);
}
