/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a customer buys: rhythm, baskets, returns, products and categories, from the same entries as the money.

   Sums are exact integers, or are added in an order that the values decide, so that nothing depends on the order of the
   lines, on batches or on how texts are numbered. */
#ifndef PTN_HISTORY_HABITS_H
#define PTN_HISTORY_HABITS_H

#include "history/entries.h"
#include "history/purchases.h"

/* Fills in the parts of *habits that question->habits asks for; the others are of no meaning. `entries` are those of a
   customer with an order, sorted by time, orders closed (PTN_MARK_CLOSES); they are used up, `details` are only read.
   Allocates nothing. */
void ptn_habits_see(ptn_habits *habits, ptn_entry *entries, int64_t count, const ptn_detail *details,
                    const patron_history *history, const ptn_question *question);

#endif
