/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The customers by the bytes of their ids. */
#ifndef PTN_HISTORY_RANK_H
#define PTN_HISTORY_RANK_H

#include "base/threads.h"
#include "history/intern.h"

/* An id's length that is not told: longer than 254 bytes. */
enum { PTN_RANK_LONG = 255 };

/* *order gets the numbers of all ids in memcmp order of their texts (of equal beginnings the shorter first), *lengths
   the bytes of each in that order, or PTN_RANK_LONG; both belong to the caller, on failure too. PATRON_OUT_OF_MEMORY,
   PATRON_CANCELLED. */
patron_status ptn_rank(int32_t **order, uint8_t **lengths, const ptn_intern *ids, ptn_team *team, const char *stage,
                       double from, double to, patron_error *error);

#endif
