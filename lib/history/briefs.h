/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines gathered by customer as briefs of runs, in one pass over the log: nothing is counted before.

       log        r1 r1 r1 r2 r2 …        r: runs; the second line of r1 came back
       records    [r1 bought, 2 lines] l1 l3   [r1 back, 1 line] l2   [r2 bought, 2 lines] l4 l5 …

   A record is a head and up to eight briefs, one of each line. A block of lines writes those of a group into pages, one
   after another, and starts a new page where a record does not fit. Read page by page and block by block, a group's
   records come in the log's order, whatever the number of threads:

       group 0    block 0: page 0 -> page 7      block 1: page 40       …
       group 1    block 0: page 1                block 1: page 41 -> page 52

   Pages lie in one stretch of memory, of which each worker takes the next piece. How long it must be at most is known
   from the number of lines; what is not needed is never touched. */
#ifndef PTN_HISTORY_BRIEFS_H
#define PTN_HISTORY_BRIEFS_H

#include "history/groups.h"

enum { PTN_PAGE_UNITS = 128 };

/* Of the page after a page of the same block and group, where there is one, and after its own last record. */
struct ptn_page {
    uint32_t after; /* its number */
    uint32_t end;   /* in units from the first page's start */
};

/* A block's pages of a group. */
struct ptn_chain {
    uint32_t first; /* page */
    uint32_t pages;
    uint32_t at, end; /* units: the next record's place, and the last page's end */
};

/* What stands before the briefs of an entry: `packed` as ptn_gathered's. */
typedef struct ptn_head {
    int64_t packed;
    uint64_t order;
} ptn_head;

union ptn_unit {
    ptn_head head;
    ptn_brief brief;
};

/* Where entries have their `at`. */
static inline const ptn_brief *ptn_briefs_of(const ptn_groups *groups) { return &groups->units->brief; }

/* Whether the numbers of products, categories and channels fit into a brief, and where. */
bool ptn_briefs_form(ptn_brief_form *form, const patron_history *history);

/* Decides rounds, and takes memory. On failure what there is is groups.c's to free. PATRON_TOO_LARGE,
   PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_briefs_plan(ptn_groups *groups, const ptn_grouping *grouping, ptn_team *team, const char *stage,
                              double from, double until, patron_error *error);

/* As ptn_groups_gather. The first round also finds what is known of all lines. */
patron_status ptn_briefs_gather(ptn_groups *groups, const ptn_grouping *grouping, int64_t round, ptn_team *team,
                                const char *stage, double from, double until, patron_error *error);

/* Entries of a group that was gathered: at most so many. */
int64_t ptn_briefs_most(const ptn_groups *groups, int64_t group);

/* A group's records become entries, by customer of the group, of whom there are so many, and in their order;
   ends[c] is where customer c's end. Their `at` is a place among groups->units. How many. */
int64_t ptn_briefs_sort(ptn_entry *entries, uint32_t *ends, const ptn_groups *groups, int64_t group, int64_t customers);

#endif
