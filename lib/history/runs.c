/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs of a tile of lines. */
#include "history/runs.h"

#include <string.h>

void ptn_runs_open(ptn_run_tile *t, const ptn_grouping *g)
{
    const patron_history *h = g->history;
    bool wide = (h->wide & PTN_WIDE_AMOUNT) != 0, wide_orders = (h->wide & PTN_WIDE_ORDER) != 0;
    t->kernels = ptn_kernels_here();
    t->special = ptn_groups_special(g);
    t->drops = ptn_history_drops(h, 0);
    t->lines = (ptn_lines){
        .stamps = h->stamp.items,
        .customers = h->customer.items,
        .wide_amounts = wide ? h->amount.items : NULL,
        .amounts = wide ? NULL : h->amount.items,
        .wide_orders = wide_orders ? h->order.items : NULL,
        .orders = wide_orders ? NULL : h->order.items,
        .told_by = ~((INT64_C(1) << PTN_LINE_ORDER_SHIFT) - 1),
        .some = PTN_LINE_SOME,
        .back = PTN_LINE_BACK | PTN_LINE_RETURN,
        .last = g->as_of_s == INT64_MAX ? INT64_MAX : ptn_stamp(g->as_of_s, (1u << PTN_LINE_BITS) - 1u),
    };
}

/* Where more decides than a line's bits. */
static void find_special(ptn_run_tile *t, const ptn_grouping *g, int64_t from, int32_t count)
{
    memset(t->kinds, 0, sizeof t->kinds);
    for (int32_t i = 0; i < count; i++) t->kinds[ptn_groups_kind(g, from + i)] |= UINT64_C(1) << i;
}

static void find_kinds(ptn_run_tile *t, const ptn_line_bits *bits, uint64_t all)
{
    uint64_t zero = t->drops ? bits->zero & ~bits->later : 0, left = all & ~bits->later & ~zero;
    t->kinds[PTN_KIND_LATER] = bits->later;
    t->kinds[PTN_KIND_BEFORE] = t->kinds[PTN_KIND_IGNORED] = 0;
    t->kinds[PTN_KIND_ZERO] = zero;
    t->kinds[PTN_KIND_RETURN] = left & bits->back;
    left &= ~bits->back;
    t->kinds[PTN_KIND_ADJUSTMENT] = left & bits->negative;
    left &= ~bits->negative;
    t->kinds[PTN_KIND_ORDER] = left & bits->some;
    t->kinds[PTN_KIND_PURCHASE] = left & ~bits->some;
}

static void tell_fates(const ptn_run_tile *t, uint8_t *fates)
{
    for (int32_t k = 0; k < PTN_KIND_COUNT; k++)
        for (uint64_t left = t->kinds[k]; left != 0; left &= left - 1)
            fates[__builtin_ctzll(left)] = ptn_fate_of_kind(k);
}

static void add_up(ptn_run_tile *t, int64_t from, int32_t count, uint64_t all)
{
    uint64_t sum = 0;
    if (t->lines.wide_amounts != NULL)
        memcpy(t->amounts, t->lines.wide_amounts + from, (size_t)count * sizeof *t->amounts);
    else
        for (int32_t i = 0; i < count; i++) t->amounts[i] = t->lines.amounts[from + i];
    uint64_t others = all & ~t->bought;
    if (others == 0) {
        for (int32_t i = 0; i < count; i++) {
            t->sums[i] = sum;
            sum += (uint64_t)t->amounts[i];
        }
    } else {
        for (int32_t i = 0; i < count; i++) {
            t->sums[i] = sum;
            sum += (uint64_t)t->amounts[i] & (UINT64_C(0) - (t->bought >> i & 1u));
        }
    }
    t->sums[count] = sum;
}

/* Whether the sum of so many magnitudes could be beyond INT64_MAX. */
static bool may_overflow(const int64_t *amounts, int32_t count)
{
    uint64_t all = 0;
    for (int32_t i = 0; i < count; i++) all |= (uint64_t)(amounts[i] < 0 ? -amounts[i] : amounts[i]);
    return all > INT64_MAX / PTN_RUN_LINES;
}

void ptn_runs_read(ptn_run_tile *t, int64_t kinds[PTN_KIND_COUNT], const ptn_grouping *g, int64_t from, int32_t count,
                   bool sums)
{
    uint64_t all = ~UINT64_C(0) >> (64 - count);
    ptn_line_bits bits;
    t->kernels->line_bits(&bits, &t->lines, from, count);
    if (t->special)
        find_special(t, g, from, count);
    else
        find_kinds(t, &bits, all);
    t->bought = t->kinds[PTN_KIND_PURCHASE] | t->kinds[PTN_KIND_ORDER];
    t->back = t->kinds[PTN_KIND_RETURN] | t->kinds[PTN_KIND_ADJUSTMENT];
    t->aside = all & ~t->bought & ~t->back;
    for (int32_t k = 0; k < PTN_KIND_COUNT; k++)
        if (t->kinds[k] != 0) kinds[k] += ptn_run_count(t->kinds[k]);
    if (g->line_fates != NULL) tell_fates(t, g->line_fates + from);
    if (sums) add_up(t, from, count, all);
    /* So large ones are added up with care, later. */
    if (t->lines.wide_amounts != NULL && may_overflow(t->lines.wide_amounts + from, count)) bits.starts = all;
    t->runs = 0;
    for (uint64_t left = bits.starts; left != 0; left &= left - 1)
        t->starts[t->runs++] = (uint8_t)__builtin_ctzll(left);
    t->starts[t->runs] = (uint8_t)count;
    /* One after the other, so that none waits for the one before. */
    const int32_t *customers = t->lines.customers + from;
    for (int32_t r = 0; r < t->runs; r++) {
        int32_t customer = customers[t->starts[r]];
        t->owners[r] = g->owners == NULL ? customer : g->owners[customer];
    }
}
