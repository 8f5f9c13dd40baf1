/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A customer's orders and days, from its entries. */
#ifndef PTN_HISTORY_ORDERS_H
#define PTN_HISTORY_ORDERS_H

#include "history/entries.h"
#include "history/purchases.h"

/* Days whose quarters are remembered. */
enum { PTN_KNOWN_DAYS = 1024 };

/* What customers' quarters are seen with. All zero to begin. */
typedef struct ptn_seasons {
    int64_t known[PTN_KNOWN_DAYS]; /* 4 x day + quarter, at the day modulo so many; 0 is true of day 0 */
    int64_t best;                  /* of the last customer, its purchases in the quarter with most */
} ptn_seasons;

/* The customer's orders. Lines without an order id are one order a day, or with gap_s > 0 while none comes more than
   that after the one before. `unscramble`: ptn_groups'. Whether the purchase lines of each order lie together. Entries
   are sorted by time then, and closing[0 … orders - 1] are those that give the orders their times, which rise; it has
   room for one more than there are entries. */
bool ptn_orders_see(ptn_customer *customer, uint32_t *closing, ptn_entry *entries, int64_t count, int64_t gap_s,
                    uint64_t unscramble);

/* From entries sorted by time: days and money; and seasons unless it is NULL. */
void ptn_orders_see_days(ptn_customer *customer, ptn_seasons *seasons, const ptn_entry *entries, int64_t count,
                         int64_t utc_offset_s);

/* By order, then time. */
void ptn_orders_sort(ptn_entry *entries, int64_t count);

#endif
