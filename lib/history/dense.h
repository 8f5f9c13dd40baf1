/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Customers whose ids are numbers without many gaps, as shops count them: nothing needs to be sorted. A table says
   whose each number is, and a walk through the numbers in the order of their digits meets all of them:

       0 1 10 100 1000 1001 … 101 1010 …     a number comes before those that begin with its digits

   The walk is cut where three digits are told: 1,000 pieces, the numbers of each counted before. */
#ifndef PTN_HISTORY_DENSE_H
#define PTN_HISTORY_DENSE_H

#include "base/threads.h"
#include "history/intern.h"

/* Whether that is worth it for so many numbers from 0 to `most`. */
static inline bool ptn_dense(int64_t count, uint64_t most) { return most / 4 < (uint64_t)count; }

/* As ptn_rank, whose *order and *lengths are there, where all ids are NUMBERs from 0 to `most`. PATRON_OUT_OF_MEMORY,
   PATRON_CANCELLED. */
patron_status ptn_dense_rank(int32_t *order, uint8_t *lengths, const ptn_intern *ids, uint64_t most, ptn_team *team,
                             const char *stage, double from, double to, patron_error *error);

#endif
