/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A customer's orders and days, from its entries. */
#ifndef PTN_HISTORY_ORDERS_H
#define PTN_HISTORY_ORDERS_H

#include "history/entries.h"
#include "history/purchases.h"

/* The customer's orders; marks the entry that gives each its time. Lines without an order id are one
   order a day, or with gap_s > 0 while none comes more than that after the one before. `unscramble`: ptn_groups'.
   Whether the purchase lines of each order lie together. Entries are sorted by time then. */
bool ptn_orders_see(ptn_customer *customer, ptn_entry *entries, int64_t count, int64_t gap_s, uint64_t unscramble);

/* From entries sorted by time: days and money. */
void ptn_orders_see_days(ptn_customer *customer, const ptn_entry *entries, int64_t count, int64_t utc_offset_s);

/* By order, then time. */
void ptn_orders_sort(ptn_entry *entries, int64_t count);

#endif
