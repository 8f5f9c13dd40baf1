/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs of a tile of lines. */
#include "history/runs.h"

#include <assert.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

static_assert(PTN_KIND_LATER == 0 && PTN_KIND_RETURN == 4 && PTN_KIND_ADJUSTMENT == 5 && PTN_KIND_PURCHASE == 6 &&
                  PTN_KIND_ORDER == 7 && PTN_KIND_COUNT * PTN_TALLY_BITS == 64,
              "kinds come in this order in a tally");
static_assert(PTN_RUN_LINES < 1 << PTN_TALLY_BITS, "a tally has room for a tile");

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

/* What there is to know of a line for what it adds to the sums: bits of its place in the tables. */
enum {
    IS_BACK = 1, /* a quantity below 0, or marked as a return */
    IS_NEGATIVE = 2,
    IS_ZERO = 4,
    IS_SOME = PTN_LINE_SOME, /* a quantity above 0 */
    IS_LATER = 16,
    PLACES = 32
};

static_assert((int)IS_SOME == 8, "a bit of its own");

static_assert((int)PLACES == (int)PTN_RUN_PLACES, "as many as a tile's tables have");

static uint8_t kind_at(uint32_t place, bool drops)
{
    if ((place & IS_LATER) != 0) return PTN_KIND_LATER;
    if ((place & IS_ZERO) != 0 && drops) return PTN_KIND_ZERO;
    if ((place & IS_BACK) != 0) return PTN_KIND_RETURN;
    if ((place & IS_NEGATIVE) != 0) return PTN_KIND_ADJUSTMENT;
    return (place & IS_SOME) != 0 ? PTN_KIND_ORDER : PTN_KIND_PURCHASE;
}

void ptn_runs_open(ptn_run_tile *t, const ptn_grouping *g)
{
    bool special = ptn_groups_special(g), drops = ptn_history_drops(g->history, 0);
    for (uint32_t place = 0; place < PLACES; place++) {
        uint8_t kind = !special ? kind_at(place, drops) : place < PTN_KIND_COUNT ? (uint8_t)place : PTN_KIND_LATER;
        t->one[place] = UINT64_C(1) << (kind * PTN_TALLY_BITS);
        t->is_bought[place] = kind >= PTN_KIND_PURCHASE ? UINT64_MAX : 0;
        t->is_back[place] = kind == PTN_KIND_RETURN || kind == PTN_KIND_ADJUSTMENT ? UINT64_MAX : 0;
        t->fates[place] = ptn_fate_of_kind(kind);
    }
}

/* Lines' places: kinds themselves where more decides than the bits above. */
static void find_special(uint8_t *places, const ptn_grouping *g, int64_t from, int32_t count)
{
    for (int32_t i = 0; i < count; i++) places[i] = ptn_groups_kind(g, from + i);
}

INLINE void find_places(uint8_t *places, const int64_t *stamps, const int64_t *wide, const int32_t *narrow,
                        int64_t last, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        uint32_t flags = (uint32_t)stamps[i];
        int64_t amount = wide != NULL ? wide[i] : narrow[i];
        uint32_t back = (flags & (PTN_LINE_BACK | PTN_LINE_RETURN)) != 0 ? IS_BACK : 0;
        uint32_t negative = amount < 0 ? IS_NEGATIVE : 0, zero = amount == 0 ? IS_ZERO : 0,
                 later = stamps[i] > last ? IS_LATER : 0;
        places[i] = (uint8_t)(back | negative | zero | later | (flags & IS_SOME));
    }
}

INLINE void add_up(ptn_run_tile *t, const uint8_t *places, const int64_t *wide, const int32_t *narrow, int32_t count,
                   bool sums)
{
    uint64_t tally = 0, bought = 0, back = 0;
    for (int32_t i = 0; i < count; i++) {
        t->tally[i] = tally;
        tally += t->one[places[i]];
        if (!sums) continue;
        int64_t amount = wide != NULL ? wide[i] : narrow[i];
        uint64_t magnitude = (uint64_t)(amount < 0 ? -amount : amount);
        t->bought[i] = bought;
        t->back[i] = back;
        bought += magnitude & t->is_bought[places[i]];
        back += magnitude & t->is_back[places[i]];
    }
    t->tally[count] = tally;
    t->bought[count] = bought;
    t->back[count] = back;
}

/* Whether the sum of so many magnitudes could be beyond INT64_MAX. */
static bool may_overflow(const int64_t *amounts, int32_t count)
{
    uint64_t all = 0;
    for (int32_t i = 0; i < count; i++) all |= (uint64_t)(amounts[i] < 0 ? -amounts[i] : amounts[i]);
    return all > INT64_MAX / PTN_RUN_LINES;
}

/* With amounts of one width, as a constant. */
INLINE void read_tile(ptn_run_tile *tile, const ptn_grouping *g, const int64_t *wide, const int32_t *narrow,
                      int64_t from, int32_t count, bool sums)
{
    const patron_history *h = g->history;
    const int64_t *stamps = (const int64_t *)h->stamp.items + from;
    uint8_t places[PTN_RUN_LINES];
    if (ptn_groups_special(g))
        find_special(places, g, from, count);
    else
        find_places(places, stamps, wide, narrow,
                    g->as_of_s == INT64_MAX ? INT64_MAX : ptn_stamp(g->as_of_s, (1u << PTN_LINE_BITS) - 1u), count);
    if (sums)
        add_up(tile, places, wide, narrow, count, true);
    else
        add_up(tile, places, wide, narrow, count, false);
    for (int32_t i = 0; g->line_fates != NULL && i < count; i++) g->line_fates[from + i] = tile->fates[places[i]];
}

void ptn_runs_read(ptn_run_tile *tile, const ptn_grouping *g, int64_t from, int32_t count, bool sums)
{
    const patron_history *h = g->history;
    bool apart = false;
    if ((h->wide & PTN_WIDE_AMOUNT) != 0) {
        const int64_t *amounts = (const int64_t *)h->amount.items + from;
        read_tile(tile, g, amounts, NULL, from, count, sums);
        apart = may_overflow(amounts, count);
    } else {
        read_tile(tile, g, NULL, (const int32_t *)h->amount.items + from, from, count, sums);
    }
    tile->runs = count;
    if (apart)
        for (int32_t i = 0; i < count; i++) tile->starts[i] = (uint8_t)i;
    else
        tile->runs = find_runs(tile->starts, h, from, count);
    tile->starts[tile->runs] = (uint8_t)count;
    /* One after the other, so that none waits for the one before. */
    const int32_t *customers = (const int32_t *)h->customer.items + from;
    for (int32_t r = 0; r < tile->runs; r++) {
        int32_t customer = customers[tile->starts[r]];
        tile->owners[r] = g->owners == NULL ? customer : g->owners[customer];
    }
}
