/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each customer bought by an as-of, exactly: the one pass that the audit and every feature are made of.

   Everything in it is an integer, and every definition depends on the set of lines only, so it is the same for any
   order of the lines, any batches and any number of threads. Customers are numbered as interned. */
#ifndef PTN_HISTORY_PURCHASES_H
#define PTN_HISTORY_PURCHASES_H

#include <patron/history.h>

#include "base/context.h"
#include "base/threads.h"

/* One customer. Money in 1/10,000 currency units; days are local, counted from 1970-01-01. Without an order, the fields
   below `orders` are of no meaning. */
typedef struct ptn_customer {
    int64_t lines; /* in the log, whatever their fate */
    int64_t orders;
    int64_t first_order_s, last_order_s; /* an order's time is its last purchase line's */
    int64_t gross;                       /* purchases */
    int64_t returns;                     /* returns and adjustments, >= 0 */
    int64_t recurring;                   /* net of the lines on days after first_day */
    int64_t repeat_gross;                /* purchases on days after first_day */
    int64_t purchase_days;               /* distinct days with a purchase line */
    int64_t first_day, last_day;         /* of them */
    int64_t overflow;                    /* not 0: its money is beyond int64_t */
} ptn_customer;

typedef struct ptn_purchases {
    ptn_memory memory;
    int64_t count; /* of customers, some of whom may have no lines */
    ptn_customer *customers;
    patron_audit audit; /* as_of_s is the one used */
} ptn_purchases;

/* Works it out at as_of_s (or PATRON_AS_OF_LAST). line_fates: NULL, or room for each line's PATRON_FATE_….
   Progress goes from 0 to `until`.
   PATRON_INVALID_ARGUMENT (as_of_s), PATRON_OUT_OF_RANGE, PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_purchases_build(ptn_purchases *purchases, uint8_t *line_fates, const patron_history *history,
                                  int64_t as_of_s, ptn_team *team, const char *stage, double until,
                                  patron_error *error);

void ptn_purchases_free(ptn_purchases *purchases);

#endif
