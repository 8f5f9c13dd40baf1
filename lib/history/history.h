/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order log: one column per property of a line, one byte per row read.

       rows    0 1 2 3 4 …        every row read, in the order appended: a line, unreadable, no customer
               | |   | |
       lines   0 1   2 3 …        rows that are readable and have a customer: customer, time, amount, …

   Fates other than the two above depend on the as-of and are worked out when asked for. Ids are interned; a text that
   no line uses (a rejected row's) has no effect. */
#ifndef PTN_HISTORY_HISTORY_H
#define PTN_HISTORY_HISTORY_H

#include <patron/history.h>

#include <stdbool.h>

#include "base/context.h"
#include "history/intern.h"

/* What the log says of a row. */
enum { PTN_ROW_LINE = 0, PTN_ROW_UNREADABLE = 1, PTN_ROW_NO_CUSTOMER = 2 };

/* What the log says of a line, as bits: marked as a return by the caller; came with a discount column, so that a
   discount of 0 is known to be none; its money was rounded. */
enum { PTN_LINE_RETURN = 1, PTN_LINE_DISCOUNT = 2, PTN_LINE_ROUNDED = 4 };

/* A row that is no line. All of them are remembered, whatever options.rejected_listed: which are listed changes when
   a customer is forgotten. */
typedef struct ptn_rejection {
    int64_t row;
    int64_t line;     /* the caller's, or -1 */
    int32_t customer; /* whose row it was, or PTN_INTERN_MISSING */
    uint8_t field, reason;
} ptn_rejection;

struct patron_history {
    ptn_memory memory;
    patron_history_options options;
    ptn_intern customers, orders, products, categories;

    ptn_array rows; /* uint8_t, PTN_ROW_… */

    /* Columns of lines, all of the same count. */
    ptn_array customer; /* int32_t */
    ptn_array order;    /* int32_t, -1: none */
    ptn_array time_s;   /* int64_t, |t| <= PATRON_MOST_TIME_S */
    ptn_array quantity; /* double, finite, never -0 */
    ptn_array amount;   /* int64_t, signed, > INT64_MIN */
    ptn_array flagged;  /* uint8_t, PTN_LINE_… */
    /* Not there (items == NULL) until a batch brings them. */
    ptn_array product;  /* int32_t, -1: none */
    ptn_array category; /* int32_t, -1: none */
    ptn_array discount; /* int64_t >= 0 */

    ptn_array rejected;      /* ptn_rejection, one for each row that is no line, by row */
    int64_t unreadable;      /* rows */
    int64_t no_customer;     /* rows */
    int64_t amounts_rounded; /* rows that are not unreadable */
};

static inline int64_t ptn_history_lines(const patron_history *history) { return history->time_s.count; }

/* Room for orders->rows lines more in every column that the orders have. PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY. */
patron_status ptn_history_reserve(patron_history *history, const patron_orders *orders, patron_error *error);

/* How many rejected rows a caller can read. */
static inline int64_t ptn_history_listed(const patron_history *history)
{
    int64_t most = history->options.rejected_listed;
    return history->rejected.count < most ? history->rejected.count : most;
}

/* The options it was made with, every default filled in. */
const patron_history_options *ptn_history_options_of(const patron_history *history);

/* The number of the day a time falls in, in the store's local time, from 1970-01-01. */
static inline int64_t ptn_local_day(int64_t time_s, int64_t utc_offset_s)
{
    int64_t local = time_s + utc_offset_s, day = local / 86400;
    return local % 86400 < 0 ? day - 1 : day;
}

#endif
