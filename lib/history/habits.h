/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a customer buys: rhythm, baskets, returns, products and categories, from the same entries as the money.

   Sums are exact integers, or are added in an order that the values decide, so that nothing depends on the order of the
   lines, on batches or on how texts are numbered. */
#ifndef PTN_HISTORY_HABITS_H
#define PTN_HISTORY_HABITS_H

#include "history/entries.h"
#include "history/purchases.h"

/* Fills in the parts of *habits, which is all zero, that question->habits asks for; the others are of no meaning.
   `entries` are those of a customer with an order, sorted by time, orders closed (PTN_MARK_CLOSES); `numbers` is room
   for as many. Allocates nothing. */
void ptn_habits_see(ptn_habits *habits, uint64_t *numbers, const ptn_entry *entries, int64_t count,
                    const ptn_detail *details, const patron_history *history, const ptn_question *question);

/* The same for channels, from the entries sorted by order and numbered as orders. */
void ptn_habits_see_channels(ptn_habits *habits, uint64_t *numbers, const ptn_entry *entries, int64_t count,
                             const ptn_detail *details, const patron_history *history);

#endif
