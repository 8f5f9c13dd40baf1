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
    PTN_MARK_CLOSES = 2,   /* its time is its order's; one such line for each order */
    PTN_MARK_RETURN = 4    /* marked as a return by the caller */
};

/* 32 bytes, which the passes read; what only some of them read lies beside it. */
typedef struct ptn_entry {
    int64_t time_s;
    int64_t amount;     /* signed */
    uint64_t order;     /* equal for lines of one order, with order_kind; scrambled, so that no id is left in memory */
    uint32_t at;        /* the customer within its group; once grouped, the place of the line's details in the group */
    uint8_t order_kind; /* PTN_KEY_… */
    uint8_t kind;
    uint8_t marks;
    uint8_t padding;
} ptn_entry;

typedef struct ptn_detail {
    double quantity;
    int64_t discount;
    int32_t product, category; /* numbers, or -1 */
    int64_t line;              /* its place in the log */
} ptn_detail;

static inline bool ptn_entry_bought(const ptn_entry *e)
{
    return e->kind == PTN_KIND_PURCHASE || e->kind == PTN_KIND_ORDER;
}

static inline bool ptn_entry_same_order(const ptn_entry *a, const ptn_entry *b)
{
    return a->order == b->order && a->order_kind == b->order_kind;
}

#endif
