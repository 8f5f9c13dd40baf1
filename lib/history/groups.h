/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines gathered by customer, first coarsely: a radix partition by the upper bits of the customer's number.

       log       c9 c1 c4 c8 c1 c5 …          in blocks of lines, several threads
                  \  |  \  …                    1. each block counts its lines of each group
       groups    | c1 c1 c0 … | c4 c5 … |       2. sums over groups, then blocks, say where each block's go
                                                3. each block puts them there

   Lines keep their order within a group, whatever the number of threads. A group is some 16,384 lines, or the lines of
   2^shift customers if that is more, so that what follows finds it in the cache of one core.

   Where single lines are not asked for (no details), neighbours in the log of one customer, time and order are gathered
   as one entry for what was bought and one for what came back. Where details are, but no line is compared with another,
   and the log's columns are narrow, so are they, a few lines to an entry, with a brief of each, and without the first
   two steps: briefs.h.

   Many lines are gathered in up to four rounds, a range of groups each, in the same memory: fresh memory costs more
   than reading the customers' column again. */
#ifndef PTN_HISTORY_GROUPS_H
#define PTN_HISTORY_GROUPS_H

#include "base/threads.h"
#include "history/entries.h"
#include "history/history.h"

enum { PTN_GROUPS_ROUNDS = 4 };

/* See briefs.h. */
typedef union ptn_unit ptn_unit;
typedef struct ptn_page ptn_page;
typedef struct ptn_chain ptn_chain;

/* What a category's lines that make orders come to, where the log's columns are narrow. */
typedef struct ptn_price_sum {
    int64_t amount, quantity;
} ptn_price_sum;

/* What is found of some lines, to begin PTN_LINE_SUMS. */
typedef struct ptn_line_sums {
    int64_t kinds[PTN_KIND_COUNT]; /* lines, duplicates included */
    int64_t first_s, last_s;       /* of the kept ones; first_s > last_s: none */
} ptn_line_sums;

#define PTN_LINE_SUMS ((ptn_line_sums){.first_s = INT64_MAX, .last_s = INT64_MIN})

/* Lines of a time, kept or not. */
static inline void ptn_line_sums_meet(ptn_line_sums *sums, int64_t time_s, bool kept)
{
    sums->first_s = kept && time_s < sums->first_s ? time_s : sums->first_s;
    sums->last_s = kept && time_s > sums->last_s ? time_s : sums->last_s;
}

static inline void ptn_line_sums_add(ptn_line_sums *sums, const ptn_line_sums *more)
{
    for (int32_t k = 0; k < PTN_KIND_COUNT; k++) sums->kinds[k] += more->kinds[k];
    if (more->first_s < sums->first_s) sums->first_s = more->first_s;
    if (more->last_s > sums->last_s) sums->last_s = more->last_s;
}

typedef struct ptn_groups {
    ptn_memory memory;
    int64_t customers;
    int32_t shift;   /* group g has customers g << shift … */
    int64_t count;   /* of groups */
    int64_t *starts; /* count + 1: entries of group g are starts[g] … starts[g + 1] - 1; with briefs of no meaning */
    int64_t rounds;
    int64_t ranges[PTN_GROUPS_ROUNDS + 1]; /* round r gathers groups ranges[r] … ranges[r + 1] - 1 */
    int64_t base;                          /* entries before this round's, which are not there */
    int64_t largest;                       /* entries of the largest; with briefs, at most, from the first round on */
    ptn_gathered *entries;                 /* of lines, or runs of them, that matter to their customer */
    ptn_detail *details;                   /* of each entry's line; or NULL */
    int64_t *lines;                        /* of each entry, its place in the log; or NULL */
    int64_t *places;                       /* blocks of lines x groups: where a block's next line of a group goes */
    int64_t block, blocks;                 /* lines in a block; blocks */
    uint64_t scramble, unscramble;         /* odd; what order keys are multiplied by, and the way back */
    void *block_of_units;                  /* NULL, or all that is gathered where that is briefs: */
    ptn_unit *units;                       /* in it, from a line of the cache on */
    ptn_page *pages;                       /* of units */
    ptn_chain *chains;                     /* blocks of lines x groups: a block's pages of a group */
    int64_t piece, touched;                /* pages that a worker takes at a time; pages that have been in use */
    ptn_brief_form form;                   /* the briefs' */
    uint64_t *seen;                        /* a bit for each customer: has a line that did not become an entry */
    ptn_line_sums sums;                    /* of all lines */
} ptn_groups;

/* What is asked for. */
typedef struct ptn_grouping {
    const patron_history *history;
    const int32_t *owners; /* of each customer, the number that its lines are gathered by; NULL: its own */
    int64_t owned;         /* 0: these are numbers of customers; else as many, and -1 is of lines that are left out,
                              which can be asked where no details are */
    int64_t as_of_s;       /* INT64_MAX: no line is later */
    int64_t before_s;      /* lines until then are before the window; INT64_MIN: none is */
    bool details, lines;   /* wanted */
    int64_t round_bytes;   /* gathered at a time at most, before there are more rounds; 0: groups.c's choice */
    uint8_t *line_fates;   /* NULL, or room for each line's PATRON_FATE_…, duplicates not known yet */
    uint64_t *ordered;     /* NULL, or of each worker `words` with a bit for each owner, 0 to begin: set where a line
                              makes an order, which a duplicate may */
    int64_t words;
    ptn_price_sum *price_sums; /* NULL, or with briefs of each worker `categories`, 0 to begin */
    int64_t categories;
} ptn_grouping;

/* Counts the lines of each group and says where they go. With briefs, what is known of lines comes with the first
   round: `seen`, `sums` and `largest`, and what the grouping asks for. PATRON_TOO_LARGE,
   PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_groups_count(ptn_groups *groups, const ptn_grouping *grouping, ptn_team *team, const char *stage,
                               double from, double until, patron_error *error);

/* Gathers the groups of a round, each round once. PATRON_CANCELLED. */
patron_status ptn_groups_gather(ptn_groups *groups, const ptn_grouping *grouping, int64_t round, ptn_team *team,
                                const char *stage, double from, double until, patron_error *error);

void ptn_groups_free(ptn_groups *groups);

/* Whether details come as briefs of the lines of runs. */
bool ptn_groups_brief(const ptn_grouping *grouping);

/* Lines of a group of up to so many entries, at most. */
static inline int64_t ptn_groups_lines(const ptn_groups *groups, int64_t entries)
{
    return groups->units == NULL ? entries : 2 * entries; /* a unit each */
}

/* From the counts of blocks of lines x groups: where each group begins, and where in it each block's lines go. The most
   of one group. */
int64_t ptn_groups_lay_out(int64_t *starts, int64_t *places, int64_t groups, int64_t blocks);

/* Ranges of groups for the rounds, with about as many entries each; those of the largest. */
int64_t ptn_groups_choose_ranges(ptn_groups *groups);

/* Where a block of lines ends. */
static inline int64_t ptn_groups_end(const ptn_groups *groups, const patron_history *history, int64_t block)
{
    int64_t lines = ptn_history_lines(history), end = (block + 1) * groups->block;
    return end < lines ? end : lines;
}

/* What the entries of a line's run have in common in `packed`. */
static inline int64_t ptn_groups_packed(const ptn_groups *groups, int64_t stamp, uint32_t customer)
{
    uint32_t within = (1u << groups->shift) - 1u;
    return ptn_stamp_time(stamp) * (INT64_C(1) << PTN_GATHERED_TIME) +
           (int64_t)(ptn_stamp_order(stamp) | (customer & within) << PTN_GATHERED_CUSTOMER);
}

/* What lines of an order have in common, within their customer. */
static inline uint64_t ptn_groups_order(const ptn_groups *groups, const patron_history *h, int64_t line, int64_t stamp)
{
    return ptn_stamp_order(stamp) == PTN_KEY_NONE
               ? (uint64_t)ptn_local_day(ptn_stamp_time(stamp), h->options.utc_offset_s)
               : ptn_line_order(h, line) * groups->scramble;
}

/* Whether more decides what a line is than an as-of, its amount and its flags. */
static inline bool ptn_groups_special(const ptn_grouping *grouping)
{
    return grouping->before_s > INT64_MIN || grouping->history->ignores;
}

/* What a line of the log is by itself, PTN_KIND_…. */
uint8_t ptn_groups_kind(const ptn_grouping *grouping, int64_t line);

/* The fate of a kind. */
uint8_t ptn_fate_of_kind(int32_t kind);

/* For ptn_groups.scramble and unscramble. */
void ptn_scramble_make(uint64_t *scramble, uint64_t *unscramble);

/* The customer has a line that is no entry: its bit is set. Several threads may. */
static inline void ptn_see_aside(uint64_t *seen, uint32_t customer)
{
    uint64_t bit = UINT64_C(1) << (customer % 64), *word = &seen[customer / 64];
    if ((__atomic_load_n(word, __ATOMIC_RELAXED) & bit) == 0) __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
}

/* The same where no other thread does. */
static inline void ptn_see_order(uint64_t *ordered, uint32_t customer)
{
    ordered[customer / 64] |= UINT64_C(1) << (customer % 64);
}

static inline bool ptn_groups_saw(const ptn_groups *groups, int64_t customer)
{
    return (groups->seen[customer / 64] >> (customer % 64) & 1u) != 0;
}

#endif
