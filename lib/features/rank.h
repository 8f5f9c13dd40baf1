/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The customers with an order, by the bytes of their ids. */
#ifndef PTN_FEATURES_RANK_H
#define PTN_FEATURES_RANK_H

#include "base/threads.h"
#include "history/intern.h"
#include "history/purchases.h"

/* A customer to be sorted: `prefix` decides most comparisons, `length` what it leaves open between numbers. */
typedef struct ptn_ranked {
    uint64_t prefix;
    int32_t customer;
    uint32_t length;
} ptn_ranked;

/* *ranked gets the ranked customers in memcmp order of their ids (of equal beginnings the shorter first):
   ranked[groups] of them, for ptn_rank_free. PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_rank(ptn_ranked **ranked, const ptn_purchases *purchases, const ptn_intern *ids, ptn_team *team,
                       const char *stage, double from, double to, patron_error *error);

/* Frees them, ids' beginnings overwritten. */
void ptn_rank_free(ptn_ranked *ranked, int64_t count, const ptn_memory *memory);

#endif
