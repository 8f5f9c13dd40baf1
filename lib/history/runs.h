/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs: neighbours in the log of one customer, time and order, added up. Lines of one order lie side by side in most
   logs.

   A tile of lines is read at a time. What is said of its lines are bits, a word for each thing, so that where runs
   begin and end is no branch; a run's lines are the bits of a stretch. Money is summed up over all lines before, and
   what a run has is the difference of two sums. */
#ifndef PTN_HISTORY_RUNS_H
#define PTN_HISTORY_RUNS_H

#include "history/groups.h"
#include "kernels/kernels.h"

enum { PTN_RUN_LINES = PTN_LINES };

typedef struct ptn_run_tile {
    int32_t runs;
    uint8_t starts[PTN_RUN_LINES + 1]; /* of each run among the tile's lines; of the last one, also its end */
    int32_t owners[PTN_RUN_LINES];     /* of each run, the number that it is gathered by */
    uint64_t kinds[PTN_KIND_COUNT];    /* a bit for each line of the kind */
    uint64_t bought, back, aside;      /* likewise for what kinds come to */
    /* Purchases over the lines before, mod 2^64; those of a run are <= INT64_MAX. */
    uint64_t sums[PTN_RUN_LINES + 1];
    int64_t amounts[PTN_RUN_LINES];
    const ptn_kernels *kernels;
    ptn_lines lines;
    bool special, drops;
} ptn_run_tile;

/* The bits of lines from … until - 1 of a tile; there is one at least. */
static inline uint64_t ptn_run_span(int32_t from, int32_t until)
{
    return ~UINT64_C(0) >> (64 - (until - from)) << from;
}

/* The bits of a run's lines. */
static inline uint64_t ptn_run_bits(const ptn_run_tile *tile, int32_t run)
{
    return ptn_run_span(tile->starts[run], tile->starts[run + 1]);
}

/* How many bits are set: few machines' own instruction can be counted on (Warren, Hacker's Delight, 5-1). */
static inline int64_t ptn_run_count(uint64_t x)
{
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (int64_t)(x * UINT64_C(0x0101010101010101) >> 56);
}

/* A run's purchases. */
static inline int64_t ptn_run_bought(const ptn_run_tile *tile, int32_t run)
{
    return (int64_t)(tile->sums[tile->starts[run + 1]] - tile->sums[tile->starts[run]]);
}

/* The returns and adjustments of those lines, as a number >= 0; few runs have any. */
static inline int64_t ptn_run_back(const ptn_run_tile *tile, uint64_t bits)
{
    int64_t sum = 0;
    for (uint64_t left = tile->back & bits; left != 0; left &= left - 1) {
        int64_t amount = tile->amounts[__builtin_ctzll(left)];
        sum += amount < 0 ? -amount : amount;
    }
    return sum;
}

/* Once, before tiles are read with this grouping. */
void ptn_runs_open(ptn_run_tile *tile, const ptn_grouping *grouping);

/* Reads `lines` lines (1 … PTN_RUN_LINES) from line `from` on; their money only with `sums`. Adds each kind's to
   `kinds`. */
void ptn_runs_read(ptn_run_tile *tile, int64_t kinds[PTN_KIND_COUNT], const ptn_grouping *grouping, int64_t from,
                   int32_t lines, bool sums);

#endif
