/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs: neighbours in the log of one customer, time and order, added up. Lines of one order lie side by side in most
   logs.

   A tile of lines is read at a time. What is said of its lines are sums over all lines before, so that where runs begin
   and end is no branch, and what a run has is the difference of two sums. */
#ifndef PTN_HISTORY_RUNS_H
#define PTN_HISTORY_RUNS_H

#include "history/groups.h"

enum { PTN_RUN_LINES = 128, PTN_TALLY_BITS = 8 /* of each kind's count in a word */, PTN_RUN_PLACES = 32 };

typedef struct ptn_run_tile {
    int32_t runs;
    uint8_t starts[PTN_RUN_LINES + 1]; /* of each run among the tile's lines; of the last one, also its end */
    int32_t owners[PTN_RUN_LINES];     /* of each run, the number that it is gathered by */
    /* Over the lines before: */
    uint64_t tally[PTN_RUN_LINES + 1];  /* how many of each kind, PTN_TALLY_BITS each */
    uint64_t bought[PTN_RUN_LINES + 1]; /* magnitudes of purchases, mod 2^64; those of a run are <= INT64_MAX */
    uint64_t back[PTN_RUN_LINES + 1];   /* and of returns and adjustments */
    /* By what a line looks like: one of its kind; all ones where its magnitude counts; its fate. */
    uint64_t one[PTN_RUN_PLACES], is_bought[PTN_RUN_PLACES], is_back[PTN_RUN_PLACES];
    uint8_t fates[PTN_RUN_PLACES];
} ptn_run_tile;

/* The kinds in a tally: some of these kinds, of which `first` is the lowest and there are `count`. */
static inline uint64_t ptn_tally_of(uint64_t tally, int32_t first, int32_t count)
{
    return tally >> (first * PTN_TALLY_BITS) & (~UINT64_C(0) >> (64 - count * PTN_TALLY_BITS));
}

static inline uint64_t ptn_tally_bought(uint64_t tally) { return ptn_tally_of(tally, PTN_KIND_PURCHASE, 2); }
static inline uint64_t ptn_tally_back(uint64_t tally) { return ptn_tally_of(tally, PTN_KIND_RETURN, 2); }
static inline uint64_t ptn_tally_aside(uint64_t tally) { return ptn_tally_of(tally, PTN_KIND_LATER, 4); }

/* Once, before tiles are read with this grouping. */
void ptn_runs_open(ptn_run_tile *tile, const ptn_grouping *grouping);

/* Reads `lines` lines (1 … PTN_RUN_LINES) from line `from` on; their money only with `sums`. */
void ptn_runs_read(ptn_run_tile *tile, const ptn_grouping *grouping, int64_t from, int32_t lines, bool sums);

#endif
