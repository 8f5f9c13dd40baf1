/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line as its customer's pass sees it: what the passes of purchases.c and habits.c sort and walk. */
#ifndef PTN_HISTORY_ENTRIES_H
#define PTN_HISTORY_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

/* What a line is, duplicates aside. */
enum {
    PTN_KIND_LATER,      /* after the as-of */
    PTN_KIND_ZERO,       /* amount 0, and such lines are dropped */
    PTN_KIND_RETURN,     /* negative quantity, or flagged */
    PTN_KIND_ADJUSTMENT, /* negative amount */
    PTN_KIND_PURCHASE,
    PTN_KIND_ORDER, /* a purchase that makes its order one */
    PTN_KIND_COUNT,
    PTN_KIND_DUPLICATE = PTN_KIND_COUNT
};

enum {
    PTN_MARK_DISCOUNT = 1, /* it, or an equal line dropped for it, came with a discount column */
    PTN_MARK_CLOSES = 2    /* its time is its order's; one such line for each order */
};

typedef struct ptn_entry {
    int64_t time_s;
    int64_t amount; /* signed */
    int64_t line;   /* its place in the log */
    int32_t order;
    int16_t kind;
    int16_t marks;
} ptn_entry;

static inline bool ptn_entry_bought(const ptn_entry *e)
{
    return e->kind == PTN_KIND_PURCHASE || e->kind == PTN_KIND_ORDER;
}

#endif
