/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a customer buys: rhythm, baskets, returns, products and categories, from the same entries as the money.

   Sums are exact integers, or are added in an order that the values decide, so that nothing depends on the order of the
   lines, on batches or on how texts are numbered. */
#ifndef PTN_HISTORY_HABITS_H
#define PTN_HISTORY_HABITS_H

#include "history/entries.h"
#include "history/prices.h"
#include "history/purchases.h"
#include "kernels/kernels.h"

/* Orders up to which the terms of entropies by channel are kept. Parts of sums whose logarithms are taken together, and
 * the sums. */
enum { PTN_KNOWN_ORDERS = 16, PTN_WAITING_PARTS = 2048, PTN_WAITING_SUMS = 512 };

/* What a customer bought of a category. */
typedef struct ptn_category_sum {
    ptn_quantity_sum quantity;
    int64_t amount;
    int64_t paid; /* in lines that make orders */
    int64_t lines;
} ptn_category_sum;

/* An entropy that waits for its logarithms: that of the next `parts` parts. */
typedef struct ptn_waiting_sum {
    double *entropy;
    int64_t parts, total;
} ptn_waiting_sum;

/* What a worker sees customers with. Sums by number are 0 between customers. */
typedef struct ptn_habit_bench {
    const ptn_kernels *kernels;
    const ptn_brief *briefs; /* of the group's lines by customer, in place of details: `settled`; or NULL */
    ptn_brief *settled;
    ptn_brief_form form;          /* theirs */
    uint64_t *numbers;            /* as many as a customer has lines at most */
    ptn_category_sum *categories; /* of each; or NULL */
    uint64_t *products;           /* a bit for each; or NULL */
    int64_t product_words;
    int64_t *channels;           /* orders of each; or NULL */
    double *logs;                /* `room`: what logarithms are taken of */
    int64_t *parts;              /* `room` */
    int64_t room, waiting, sums; /* parts and sums in use */
    ptn_waiting_sum sum[PTN_WAITING_SUMS];
    double terms[PTN_KNOWN_ORDERS + 1]
                [PTN_KNOWN_ORDERS + 1]; /* by all orders, then those of a channel, with channels */
} ptn_habit_bench;

/* Memory for customers of up to `lines` lines. *bench is all zero, and on failure to be freed too. */
patron_status ptn_habit_bench_open(ptn_habit_bench *bench, const patron_history *history, int32_t habits, int64_t lines,
                                   ptn_memory *memory, patron_error *error);
void ptn_habit_bench_free(ptn_habit_bench *bench, const ptn_memory *memory);

/* Memory for briefs of up to `lines` lines, where a group's lines come so. Failing is as above. */
patron_status ptn_habit_bench_settle(ptn_habit_bench *bench, int64_t lines, ptn_memory *memory, patron_error *error);

/* Where a group's lines come as briefs of runs: theirs are put in the order of the `entries`, which are sorted by
   customer, so that what follows finds a customer's side by side. */
void ptn_habits_settle(ptn_habit_bench *bench, ptn_entry *entries, int64_t count, const ptn_brief *briefs,
                       const ptn_brief_form *form);

/* Fills in the parts of *habits that question->habits asks for, channels and seasons aside, and leaves the others as
   they are. Its entropies come with ptn_habits_finish at the latest. `entries` are those of a customer with an order,
   sorted by time, and `closing` those that give its `orders` their times. `details` are NULL where there are briefs:
   those from `first_line` on are the customer's. Allocates nothing. */
void ptn_habits_see(ptn_habits *habits, ptn_habit_bench *bench, const ptn_entry *entries, int64_t count,
                    const uint32_t *closing, int64_t orders, int64_t first_line, const ptn_detail *details,
                    const patron_history *history, const ptn_question *question);

/* The same for channels, from entries among which the purchase lines of each order lie together. */
void ptn_habits_see_channels(ptn_habits *habits, ptn_habit_bench *bench, const ptn_entry *entries, int64_t count,
                             const ptn_detail *details, const patron_history *history);

/* The entropies that wait. */
void ptn_habits_finish(ptn_habit_bench *bench);

#endif
