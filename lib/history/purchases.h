/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each customer bought by an as-of, exactly: the one pass that the audit and every feature are made of.

   Everything in ptn_customer is an integer, and every definition depends on the set of lines only, so it is the same
   for any order of the lines, any batches and any number of threads. Customers are numbered as interned, or by their
   ids. */
#ifndef PTN_HISTORY_PURCHASES_H
#define PTN_HISTORY_PURCHASES_H

#include <patron/history.h>

#include "base/checked.h"
#include "base/context.h"
#include "base/threads.h"

/* One customer. Money in 1/10,000 currency units; days are local, counted from 1970-01-01. Without an order, the fields
   below `orders` are of no meaning. */
typedef struct ptn_customer {
    int64_t orders;
    int64_t first_order_s, last_order_s; /* an order's time is its last purchase line's */
    int64_t gross;                       /* purchases */
    int64_t largest_order;               /* of them, those of the order with most */
    int64_t returns;                     /* returns and adjustments, >= 0 */
    int64_t recurring;                   /* net of the lines on days after first_day */
    int64_t repeat_gross;                /* purchases on days after first_day */
    int64_t purchase_days;               /* distinct days with a purchase line */
    int64_t first_day, last_day;         /* of them */
    int64_t overflow;                    /* not 0: its money is beyond int64_t */
} ptn_customer;

/* How a customer with an order buys. Purchases and returns are lines kept by the as-of, fewer than 2^32: groups.c. */
typedef struct ptn_habits {
    uint32_t purchase_lines;
    uint32_t return_lines;      /* adjustments are none */
    uint32_t discount_lines;    /* purchase lines that came with a discount column */
    uint32_t discounted_lines;  /* of them, those whose discount is not 0 */
    uint32_t recent_orders;     /* less than recent_days days before the as-of */
    uint32_t weekend_orders;    /* on a local Saturday or Sunday */
    uint32_t evening_orders;    /* from 18:00 local */
    uint32_t late_orders;       /* nearer to the as-of than to the first order */
    uint32_t products;          /* distinct, of purchase lines */
    uint32_t categories;        /* likewise */
    uint32_t product_lines;     /* purchase lines that have a product */
    int64_t return_value;       /* of the returns, >= 0 */
    int64_t twice_median_gap_s; /* between orders; 0 with one order */
    int64_t last_gap_s;         /* between the last two orders; 0 with one */
    int64_t best_quarter;       /* purchases in the calendar quarter, of all years, with most */
    double discount_depth;      /* discounts over what purchases were before them; NaN where neither is known */
    double items;               /* sum of the purchases' quantities */
    double gap_variation;       /* standard deviation of the gaps over their mean; NaN under two gaps, or mean 0 */
    double category_entropy;    /* nats, of purchases by category; NaN where those are 0 */
    double top_category_share;  /* of them; likewise */
    double price_level;         /* paid over what it would have cost at categories' prices; NaN where that is 0 */
    double channel_entropy;     /* nats, of orders by channel; NaN where none has one */
    double top_channel_share;   /* of them; likewise */
    int32_t first_category;     /* bought first, by the history's number; -1: none is known */
} ptn_habits;

/* Parts of it, as bits. */
enum {
    PTN_HABIT_NONE = 0,
    PTN_HABIT_LINES = 1,  /* lines, items, return_value */
    PTN_HABIT_RHYTHM = 2, /* orders, gaps */
    PTN_HABIT_PRODUCTS = 4,
    PTN_HABIT_CATEGORIES = 8,
    PTN_HABIT_SEASONS = 16, /* best_quarter */
    PTN_HABIT_CHANNELS = 32,
    PTN_HABIT_PRICES = 64,
    PTN_HABIT_FIRST = 128,   /* first_category */
    PTN_HABIT_LARGEST = 256, /* ptn_customer's largest_order, which is of no meaning without */
    PTN_HABIT_OF_LINES = PTN_HABIT_LINES | PTN_HABIT_PRODUCTS | PTN_HABIT_CATEGORIES | PTN_HABIT_CHANNELS |
                         PTN_HABIT_PRICES | PTN_HABIT_FIRST /* need each line */
};

/* What some customers add to the audit. */
typedef struct ptn_customer_sums {
    int64_t customers, with_order, ranked, orders, gross, returns;
    bool shop; /* their money is beyond int64_t */
} ptn_customer_sums;

/* Adds a customer, who is counted among `customers` elsewhere. */
static inline void ptn_customer_add(ptn_customer_sums *sums, int64_t orders, int64_t gross, int64_t returns,
                                    int64_t min_orders)
{
    if (orders == 0) return;
    sums->with_order++;
    sums->orders += orders;
    sums->ranked += orders >= min_orders;
    sums->shop |=
        !ptn_add_i64(&sums->gross, sums->gross, gross) || !ptn_add_i64(&sums->returns, sums->returns, returns);
}

static inline void ptn_customer_sums_add(ptn_customer_sums *sums, const ptn_customer_sums *more)
{
    sums->customers += more->customers;
    sums->with_order += more->with_order;
    sums->ranked += more->ranked;
    sums->orders += more->orders;
    sums->shop |= more->shop || !ptn_add_i64(&sums->gross, sums->gross, more->gross) ||
                  !ptn_add_i64(&sums->returns, sums->returns, more->returns);
}

struct ptn_purchases;

/* Who takes ranked customers as they are seen, for their features: neither they nor their habits are kept then. */
enum { PTN_SINK_ROWS = 64 };
typedef struct ptn_sink {
    void *user;
    /* Which customers are ranked is known, and none is seen yet. By the calling thread. */
    patron_status (*open)(void *user, const struct ptn_purchases *purchases, patron_error *error);
    /* These rows, which follow each other, are filled next by this thread. */
    void (*touch)(void *user, int64_t row, int64_t count);
    /* The customers of rows row …, at most PTN_SINK_ROWS. By any thread; habits is NULL where none were asked for. */
    void (*take)(void *user, int64_t row, const ptn_customer *customers, const ptn_habits *habits, int64_t count);
} ptn_sink;

/* What is asked. */
typedef struct ptn_question {
    int64_t as_of_s;      /* or PATRON_AS_OF_LAST */
    int64_t recent_days;  /* > 0, with PTN_HABIT_RHYTHM */
    int64_t window_days;  /* 0: the whole history; else its lines less than so many days before the as-of */
    int64_t min_orders;   /* customers with fewer are not ranked; 0 is 1 */
    int32_t habits;       /* PTN_HABIT_… */
    const double *prices; /* of categories, see prices.h: ptn_purchases_build's own */
    bool by_id;           /* customers are numbered in the order of their ids' bytes */
    int64_t round_bytes;  /* 0, but for tests: ptn_grouping's */
    const ptn_sink *sink; /* NULL, or who takes the customers where it is known early which are ranked */
} ptn_question;

enum { PTN_PURCHASES_SHIFT = 12 };
typedef struct ptn_purchases {
    ptn_memory memory;
    int64_t count;                /* of customers, some of whom may have no lines */
    int32_t *order;               /* with by_id, of each customer its number as interned; else NULL */
    uint8_t *lengths;             /* likewise its id's bytes, as rank.h tells them */
    struct ptn_runnings *running; /* NULL; or where customers were summed up, by the numbers of their ids: running.h */
    bool taken;                   /* the sink has had the customers: there are neither these nor their habits */
    ptn_customer *customers;      /* all; or, beside `running`, those that are odd there */
    ptn_habits *habits;           /* of each ranked customer; NULL where none were asked for */
    int64_t min_orders;           /* >= 1: customers with so many are ranked */
    uint64_t *rows;               /* a bit for each customer: is ranked */
    int64_t groups;               /* of 2^PTN_PURCHASES_SHIFT customers: */
    int64_t *ranked;              /* groups + 1: ranked customers in the groups before */
    patron_audit audit;           /* as_of_s is the one used */
} ptn_purchases;

/* Works it out. line_fates: NULL, or room for each line's PATRON_FATE_…. Progress goes from 0 to `until`.
   PATRON_INVALID_ARGUMENT (as_of_s), PATRON_OUT_OF_RANGE, PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_purchases_build(ptn_purchases *purchases, uint8_t *line_fates, const patron_history *history,
                                  const ptn_question *question, ptn_team *team, const char *stage, double until,
                                  patron_error *error);

/* Where a group's customers end. */
static inline int64_t ptn_purchases_end(const ptn_purchases *purchases, int64_t group)
{
    int64_t end = (group + 1) << PTN_PURCHASES_SHIFT;
    return end < purchases->count ? end : purchases->count;
}

/* Whether a customer is ranked. */
static inline bool ptn_purchases_ranks(const ptn_purchases *purchases, int64_t customer)
{
    return (purchases->rows[customer / 64] >> (customer % 64) & 1u) != 0;
}

void ptn_purchases_free(ptn_purchases *purchases);

#endif
