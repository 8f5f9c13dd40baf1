/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Customers' sums, kept while the log is read once, in its order. Nothing is gathered and nothing sorted:

       log --runs.h--> runs --a round of them, by range of customers--> each range's customers add theirs up

   A round is some 500,000 lines. Several threads first read its blocks, each of which spreads its runs over ranges of
   customers; then each range adds up what the blocks have for it, block by block, so that a customer meets its runs in
   the log's order, whatever the number of threads, and memory of one round serves all.

   That is enough where a customer's orders come one after the other, each with a key beyond those before, and its days
   in order or nearly so. A customer of which that is not so is odd, and is left to be made from its gathered lines
   (groups.h). What is found does not depend on which way a customer went. */
#ifndef PTN_HISTORY_RUNNING_H
#define PTN_HISTORY_RUNNING_H

#include "history/groups.h"
#include "history/purchases.h"

/* A customer's sums. Times and days are counted back from the as-of. */
typedef struct ptn_running {
    uint64_t key;          /* of its last order, which is the highest; once all lines are read: of an odd one, which */
    int64_t gross;         /* purchases */
    int64_t first_gross;   /* of them, those on the first day */
    int64_t returns;       /* returns and adjustments, >= 0 */
    int64_t later_returns; /* of them, those on days after the first */
    uint32_t open_s;       /* the last order's last purchase */
    uint32_t first_s, last_s, orders; /* of the orders before the last one; once it is closed: of all */
    uint16_t days;                    /* distinct, with a purchase */
    uint16_t first_day, last_day;     /* of them; while there is none, first_day is the last with a return */
    uint8_t before;                   /* days from the last but one to the last; 0: there is none, 255: or more */
    uint8_t flags;
} ptn_running;

/* Its orders' money, where the largest order is asked for. */
typedef struct ptn_running_order {
    int64_t open, largest;
} ptn_running_order;

/* All customers, by the numbers of their ids. */
typedef struct ptn_runnings {
    ptn_memory memory;
    int64_t count;
    void *block;
    ptn_running *customers;    /* in it, each in a line of the cache */
    ptn_running_order *orders; /* or NULL */
    uint64_t *seen;            /* a bit for each: has a line that is neither a purchase nor a return */
    uint64_t *ranked;          /* a bit for each: has enough orders, and is not odd */
    bool closed;               /* all of them: no key is left */
    int32_t *owners;           /* of each, its place among the odd ones, or -1; NULL where none is odd */
    int32_t *odd;              /* those, in the order of their numbers */
    int64_t odd_count;
    int64_t as_of_s, as_of_day;
    ptn_line_sums sums; /* of all lines, whoever's */
} ptn_runnings;

/* Whether that can be tried: single lines, and habits, are not wanted. */
bool ptn_running_fits(const ptn_grouping *grouping, const ptn_question *question);

/* Reads the log. *done is false where too many are odd; then there is nothing to free, as on failure. The grouping's
   owners are not used. PATRON_OUT_OF_MEMORY, PATRON_TOO_LARGE, PATRON_CANCELLED. */
patron_status ptn_running_read(ptn_runnings *all, bool *done, const ptn_grouping *grouping,
                               const ptn_question *question, ptn_team *team, const char *stage, double from,
                               double until, patron_error *error);

void ptn_running_free(ptn_runnings *all);

/* Ends what purchases->running has left open, which stays; ranked customers go to the sink (or NULL), odd ones as
   purchases->customers has them. The others are added up. PATRON_OUT_OF_MEMORY, PATRON_CANCELLED, what the sink says.
 */
patron_status ptn_running_close(ptn_customer_sums *sums, ptn_purchases *purchases, const ptn_sink *sink, ptn_team *team,
                                const char *stage, double from, double until, patron_error *error);

#endif
