/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line as its customer's pass sees it: what the passes of purchases.c and habits.c sort and walk. */
#ifndef PTN_HISTORY_ENTRIES_H
#define PTN_HISTORY_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

/* What a line is by itself. */
enum {
    PTN_KIND_LATER,      /* after the as-of */
    PTN_KIND_BEFORE,     /* before the window */
    PTN_KIND_IGNORED,    /* of a product that is none */
    PTN_KIND_ZERO,       /* amount 0, and such lines are dropped */
    PTN_KIND_RETURN,     /* negative quantity, or flagged */
    PTN_KIND_ADJUSTMENT, /* negative amount */
    PTN_KIND_PURCHASE,
    PTN_KIND_ORDER, /* a purchase that makes its order one */
    PTN_KIND_COUNT,
    /* What a line can become then: */
    PTN_KIND_DUPLICATE = PTN_KIND_COUNT,
    PTN_KIND_CANCELLED,    /* a purchase that was */
    PTN_KIND_CANCELLATION, /* what did that */
    PTN_KIND_END
};

enum {
    PTN_MARK_DISCOUNT = 1, /* it, or an equal line dropped for it, came with a discount column */
    PTN_MARK_CLOSES = 2,   /* its time is its order's; one such line for each order */
    PTN_MARK_RETURN = 4,   /* marked as a return by the caller */
    PTN_MARK_CHANNELS = 8  /* a run's entry whose lines are not all of one channel */
};

/* A line gathered with those of its customer's group: 24 bytes, since there are as many of them as lines.

       bits of `packed`    63 … 25     24 … 8                             7 … 5         4 … 2    1 … 0
                           the time    the customer within the group      PTN_MARK_…    kind     kind of the order's key

   `order` is equal for lines of one order (whose key is of one kind), and scrambled, so that no id is left in memory.
 */
typedef struct ptn_gathered {
    int64_t packed;
    int64_t amount; /* signed */
    uint64_t order;
} ptn_gathered;

enum { PTN_GATHERED_TIME = 25, PTN_GATHERED_CUSTOMER = 8, PTN_GATHERED_MARKS = 5, PTN_GATHERED_KIND = 2 };

/* The same with its fields apart. */
typedef struct ptn_entry {
    int64_t time_s;
    int64_t amount;
    uint64_t order;
    uint32_t at;        /* the place of the line's details in the group */
    uint8_t order_kind; /* PTN_KEY_… */
    uint8_t kind;
    uint8_t marks;
    uint8_t more; /* lines of a run after its first: their details follow */
} ptn_entry;

typedef struct ptn_detail {
    double quantity;
    int64_t discount;
    int32_t product, category; /* numbers, or -1 */
    int32_t channel, padding;  /* likewise */
} ptn_detail;

/* The same of a line in a run, where the log's columns are narrow; with what the run's entry has added up.

       bits of `packed`    holds
       63 … 48             quantity
       47 … 3              channel, category, product: number + 1, or 0, each as wide as the history's are
       2                   PTN_MARK_DISCOUNT
       1 … 0               kind, from PTN_KIND_RETURN on */
typedef struct ptn_brief {
    int32_t amount; /* signed */
    int32_t discount;
    uint64_t packed;
} ptn_brief;

enum {
    PTN_BRIEF_LINES = 8, /* of a run in an entry: as many as three bits tell apart, those of PTN_MARK_… until told */
    PTN_BRIEF_MARKED = 4,
    PTN_BRIEF_BOUGHT = 2, /* set in PTN_KIND_PURCHASE and PTN_KIND_ORDER */
    PTN_BRIEF_ORDER = 1,  /* set in the latter of them */
    PTN_BRIEF_PRODUCT = 3,
    PTN_BRIEF_NUMBERS = 45, /* bits */
    PTN_BRIEF_QUANTITY = PTN_BRIEF_PRODUCT + PTN_BRIEF_NUMBERS
};
_Static_assert(PTN_KIND_ORDER - PTN_KIND_RETURN == (PTN_BRIEF_BOUGHT | PTN_BRIEF_ORDER) &&
                   PTN_KIND_PURCHASE - PTN_KIND_RETURN == PTN_BRIEF_BOUGHT,
               "two bits are of the kind");

/* Where a history's briefs have their numbers. */
typedef struct ptn_brief_form {
    uint32_t category, channel; /* from these bits on */
    uint64_t product_mask, category_mask, channel_mask;
} ptn_brief_form;

static inline int64_t ptn_brief_quantity(const ptn_brief *b) { return (int64_t)b->packed >> PTN_BRIEF_QUANTITY; }

/* Numbers, or -1. */
static inline int32_t ptn_brief_product(const ptn_brief *b, const ptn_brief_form *form)
{
    return (int32_t)(b->packed >> PTN_BRIEF_PRODUCT & form->product_mask) - 1;
}

static inline int32_t ptn_brief_category(const ptn_brief *b, const ptn_brief_form *form)
{
    return (int32_t)(b->packed >> form->category & form->category_mask) - 1;
}

static inline int32_t ptn_brief_channel(const ptn_brief *b, const ptn_brief_form *form)
{
    return (int32_t)(b->packed >> form->channel & form->channel_mask) - 1;
}

static inline uint32_t ptn_gathered_customer(const ptn_gathered *g)
{
    return (uint32_t)(g->packed >> PTN_GATHERED_CUSTOMER) & ((1u << (PTN_GATHERED_TIME - PTN_GATHERED_CUSTOMER)) - 1u);
}

/* Where an entry is of a run's lines: how many after the first, where others have PTN_MARK_…. */
static inline uint32_t ptn_gathered_more(const ptn_gathered *g)
{
    return (uint32_t)g->packed >> PTN_GATHERED_MARKS & (PTN_BRIEF_LINES - 1u);
}

static inline ptn_entry ptn_gathered_entry(const ptn_gathered *g, uint32_t at)
{
    uint32_t low = (uint32_t)g->packed & 255u;
    return (ptn_entry){.time_s = g->packed >> PTN_GATHERED_TIME,
                       .amount = g->amount,
                       .order = g->order,
                       .at = at,
                       .order_kind = (uint8_t)(low & 3u),
                       .kind = (uint8_t)(low >> PTN_GATHERED_KIND & 7u),
                       .marks = (uint8_t)(low >> PTN_GATHERED_MARKS)};
}

static inline bool ptn_entry_bought(const ptn_entry *e)
{
    return e->kind == PTN_KIND_PURCHASE || e->kind == PTN_KIND_ORDER;
}

static inline bool ptn_entry_same_order(const ptn_entry *a, const ptn_entry *b)
{
    return a->order == b->order && a->order_kind == b->order_kind;
}

#endif
