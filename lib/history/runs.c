/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs of a tile of lines. */
#include "history/runs.h"

#include <assert.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

static_assert(PTN_KIND_LATER == 0 && PTN_KIND_RETURN == 4 && PTN_KIND_ADJUSTMENT == 5 && PTN_KIND_PURCHASE == 6 &&
                  PTN_KIND_ORDER == 7 && PTN_KIND_COUNT * PTN_TALLY_BITS == 64,
              "kinds come in this order in a tally");
static_assert(PTN_TILE < 1 << PTN_TALLY_BITS, "a tally has room for a tile");

/* What is made of a tile's lines. */
typedef struct lines {
    int64_t amounts[PTN_TILE];
    uint8_t kinds[PTN_TILE];
} lines;

/* False where the sum of so many magnitudes could be beyond INT64_MAX. */
static bool load_amounts(int64_t *out, const patron_history *h, int64_t from, int32_t count)
{
    uint64_t all = 0;
    if ((h->wide & PTN_WIDE_AMOUNT) == 0) {
        const int32_t *items = (const int32_t *)h->amount.items + from;
        for (int32_t i = 0; i < count; i++) out[i] = items[i];
        return true;
    }
    memcpy(out, (const int64_t *)h->amount.items + from, (size_t)count * sizeof *out);
    for (int32_t i = 0; i < count; i++) all |= (uint64_t)(out[i] < 0 ? -out[i] : out[i]);
    return all <= INT64_MAX / PTN_TILE;
}

/* Where runs begin, with no branch a line. `wide` and `narrow`: the lines' orders, one of them or none. */
INLINE int32_t find_starts(uint8_t *starts, const int32_t *customers, const int64_t *stamps, const uint64_t *wide,
                           const uint32_t *narrow, int32_t count)
{
    int32_t runs = 1;
    starts[0] = 0;
    for (int32_t i = 1; i < count; i++) {
        uint64_t differs = (uint64_t)(stamps[i] ^ stamps[i - 1]) >> PTN_LINE_ORDER_SHIFT;
        differs |= (uint32_t)(customers[i] ^ customers[i - 1]);
        if (wide != NULL) differs |= wide[i] ^ wide[i - 1];
        if (narrow != NULL) differs |= narrow[i] ^ narrow[i - 1];
        starts[runs] = (uint8_t)i;
        runs += differs != 0;
    }
    return runs;
}

static int32_t find_runs(uint8_t *starts, const patron_history *h, int64_t from, int32_t count)
{
    const int32_t *customers = (const int32_t *)h->customer.items + from;
    const int64_t *stamps = (const int64_t *)h->stamp.items + from;
    if (h->order.items == NULL) return find_starts(starts, customers, stamps, NULL, NULL, count);
    if ((h->wide & PTN_WIDE_ORDER) != 0)
        return find_starts(starts, customers, stamps, (const uint64_t *)h->order.items + from, NULL, count);
    return find_starts(starts, customers, stamps, NULL, (const uint32_t *)h->order.items + from, count);
}

/* What a line is that is not later than the as-of, by its flags and its amount: 1 for a quantity below 0 or a return, 2
   for an amount below 0, 4 for an amount of 0, 8 for a quantity above 0. */
static void make_kinds(uint8_t table[16], bool drops)
{
    for (uint32_t i = 0; i < 16; i++) {
        uint8_t kind = (i & 8) != 0 ? PTN_KIND_ORDER : PTN_KIND_PURCHASE;
        if ((i & 2) != 0) kind = PTN_KIND_ADJUSTMENT;
        if ((i & 1) != 0) kind = PTN_KIND_RETURN;
        if ((i & 4) != 0 && drops) kind = PTN_KIND_ZERO;
        table[i] = kind;
    }
}

static void find_kinds(uint8_t *kinds, const int64_t *stamps, const int64_t *amounts, int64_t as_of_s, bool drops,
                       int32_t count)
{
    uint8_t table[16];
    int64_t last = as_of_s == INT64_MAX ? INT64_MAX : ptn_stamp(as_of_s, (1u << PTN_LINE_BITS) - 1u);
    make_kinds(table, drops);
    for (int32_t i = 0; i < count; i++) {
        uint32_t flags = ptn_stamp_flags(stamps[i]);
        uint32_t at = ((flags & (PTN_LINE_BACK | PTN_LINE_RETURN)) != 0 ? 1u : 0u) | (amounts[i] < 0 ? 2u : 0u) |
                      (amounts[i] == 0 ? 4u : 0u) | (flags & PTN_LINE_SOME);
        kinds[i] = stamps[i] > last ? PTN_KIND_LATER : table[at];
    }
}

/* Sums of magnitudes before each line. */
static void add_up(ptn_tile *t, const lines *l, int32_t count)
{
    uint64_t bought = 0, back = 0;
    for (int32_t i = 0; i < count; i++) {
        int64_t amount = l->amounts[i];
        uint64_t magnitude = (uint64_t)(amount < 0 ? -amount : amount);
        t->bought[i] = bought;
        t->back[i] = back;
        bought += l->kinds[i] >= PTN_KIND_PURCHASE ? magnitude : 0;
        back += (l->kinds[i] | 1) == PTN_KIND_ADJUSTMENT ? magnitude : 0;
    }
    t->bought[count] = bought;
    t->back[count] = back;
}

void ptn_runs_read(ptn_tile *tile, const ptn_grouping *g, int64_t from, int32_t count, bool sums)
{
    const patron_history *h = g->history;
    lines l;
    bool fits = load_amounts(l.amounts, h, from, count);
    if (ptn_groups_special(g))
        for (int32_t i = 0; i < count; i++) l.kinds[i] = ptn_groups_kind(g, from + i);
    else
        find_kinds(l.kinds, (const int64_t *)h->stamp.items + from, l.amounts, g->as_of_s, ptn_history_drops(h, 0),
                   count);
    uint64_t tally = 0;
    for (int32_t i = 0; i < count; i++) {
        tile->tally[i] = tally;
        tally += UINT64_C(1) << (l.kinds[i] * PTN_TALLY_BITS);
    }
    tile->tally[count] = tally;
    tile->runs = count;
    if (fits)
        tile->runs = find_runs(tile->starts, h, from, count);
    else
        for (int32_t i = 0; i < count; i++) tile->starts[i] = (uint8_t)i;
    tile->starts[tile->runs] = (uint8_t)count;
    if (sums) add_up(tile, &l, count);
    for (int32_t i = 0; g->line_fates != NULL && i < count; i++) g->line_fates[from + i] = ptn_fate_of_kind(l.kinds[i]);
}
