/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a unit costs in each category, over all customers: money over quantity of the purchase lines that have a
   category and a quantity above 0. Sums are exact, so that neither the order of lines nor the threads matter. */
#ifndef PTN_HISTORY_PRICES_H
#define PTN_HISTORY_PRICES_H

#include <math.h>

#include "history/groups.h"

__extension__ typedef unsigned __int128 ptn_uint128;

/* A quantity in steps of 2^-52: exact from 1 on, below that off by half a step at most. At most 2^92, so that 2^36 of
   them fit into a sum that needs no order. */
static inline ptn_uint128 ptn_in_steps(double quantity) { return (ptn_uint128)rint(quantity * 0x1p52); }

/* A sum of quantities, exact. Most shops sell whole things, which are added without the 128 bits that others need. */
typedef struct ptn_quantity_sum {
    ptn_uint128 steps; /* of those that are not whole, or large */
    int64_t whole;     /* of them up to 2^36 fit, below 2^26 each */
} ptn_quantity_sum;

/* A quantity >= 0. */
static inline void ptn_quantity_add(ptn_quantity_sum *sum, double quantity)
{
    int32_t whole = quantity < 0x1p26 ? (int32_t)quantity : -1;
    if ((double)whole == quantity)
        sum->whole += whole;
    else
        sum->steps += ptn_in_steps(quantity);
}

/* The bits of (double)(the sum in steps) x 2^-52. */
static inline double ptn_quantity_value(const ptn_quantity_sum *sum)
{
    if (sum->steps == 0) return (double)sum->whole;
    return (double)(sum->steps + ((ptn_uint128)sum->whole << 52)) * 0x1p-52;
}

/* The same as ptn_prices_make where each worker has summed up its lines. Neither column nor categories are missing.
   PATRON_OUT_OF_MEMORY. */
patron_status ptn_prices_of(double **prices, const ptn_price_sum *sums, int64_t categories, int32_t workers,
                            const ptn_memory *memory, patron_error *error);

/* *prices gets one for each category, in 1/10,000 currency units, NaN where there is no such line; NULL where there are
   no categories. To be freed. fates: of each line, or NULL where what a line is by itself decides.
   PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_prices_make(double **prices, const ptn_grouping *grouping, const uint8_t *fates, ptn_team *team,
                              const char *stage, patron_error *error);

#endif
