/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order log: one column for each property of a line, 30 bytes a line until a value comes that does not fit:
   amounts, discounts and orders take four bytes and quantities two, products two, categories and channels one. Memory
   that is not touched is the cheapest.

       lines      0 1 2 3 …   rows that are readable and have a customer: customer, time, amount, …, in the order
   appended rejected   0 1 …       the other rows, with their places among all rows: row 17 is a line unless it is here

   Fates other than "unreadable" and "no customer" depend on the as-of and are worked out when asked for. Customers,
   products and categories are interned; a text that no line uses (a rejected row's) has no effect. */
#ifndef PTN_HISTORY_HISTORY_H
#define PTN_HISTORY_HISTORY_H

#include <patron/history.h>

#include <stdbool.h>

#include "base/context.h"
#include "history/intern.h"

/* What the log says of a line, as bits beside its time: marked as a return by the caller; came with a discount column,
   so that a discount of 0 is known to be none; its money was rounded; its quantity is above, or below, 0; it names its
   currency, and none was asked for. In two bits more, which kind of key its order is. */
enum {
    PTN_LINE_RETURN = 1,
    PTN_LINE_DISCOUNT = 2,
    PTN_LINE_ROUNDED = 4,
    PTN_LINE_SOME = 8,
    PTN_LINE_BACK = 16,
    PTN_LINE_ORDER_SHIFT = 5,
    PTN_LINE_CURRENCY = 128,
    PTN_LINE_BITS = 8 /* all of them */
};

/* Columns that are narrow at first. */
enum {
    PTN_WIDE_AMOUNT = 1,
    PTN_WIDE_ORDER = 2,
    PTN_WIDE_QUANTITY = 4,
    PTN_WIDE_DISCOUNT = 8,
    PTN_WIDE_PRODUCT = 16,
    PTN_WIDE_CATEGORY = 32,
    PTN_WIDE_CHANNEL = 64
};

/* A row that is no line. All of them are remembered, whatever options.rejected_listed: which are listed changes when
   a customer is forgotten. */
typedef struct ptn_rejection {
    int64_t row;
    int64_t line;     /* the caller's, or -1 */
    int32_t customer; /* whose row it was, or PTN_INTERN_MISSING */
    uint8_t field, reason, fate;
} ptn_rejection;

/* The code of a currency, NUL at its end; length 0: none. */
typedef struct ptn_currency {
    char code[PATRON_MOST_CURRENCY_BYTES + 1];
    int64_t length;
} ptn_currency;

struct patron_history {
    ptn_memory memory;
    patron_history_options options;                               /* only_currency is NULL, or points to `currency` */
    ptn_currency currency;                                        /* asked for, or what the lines name */
    ptn_intern customers, orders, products, categories, channels; /* orders: only those with a LONG key */

    /* Columns of lines, all of the same count. */
    ptn_array customer; /* int32_t */
    ptn_array stamp;    /* int64_t: time x 2^PTN_LINE_BITS + PTN_LINE_…, |time| <= PATRON_MOST_TIME_S */
    ptn_array amount;   /* int64_t, signed, > INT64_MIN; or int32_t */
    /* Not there (items == NULL) until a batch brings them. */
    ptn_array quantity; /* double, finite, never -0; or int16_t; 1 where it is not there */
    ptn_array order;   /* uint64_t: the bits of its key, of a LONG one its number; or uint32_t; 0 where there is none */
    ptn_array product; /* int32_t, -1: none; or uint16_t: that and 1 more */
    ptn_array category; /* int32_t, -1: none; or uint8_t: that and 1 more */
    ptn_array channel;  /* int32_t, -1: none; or uint8_t: that and 1 more */
    ptn_array discount; /* int64_t >= 0; or int32_t */
    uint32_t wide;      /* PTN_WIDE_… of columns that hold what is named first above */
    int64_t reached;    /* no line from this one on was ever written, counted or not */

    ptn_array
        merged; /* int32_t, by customer: the one it is another id of, or -1; customers beyond its count have none */

    ptn_array ignored; /* uint8_t, by product: 1 where its lines are left out; products beyond its count are kept */
    bool ignores;      /* some are left out */

    ptn_array rejected;      /* ptn_rejection, one for each row that is no line, by row */
    int64_t unreadable;      /* rows */
    int64_t no_customer;     /* rows */
    int64_t amounts_rounded; /* rows that are not unreadable */
    int64_t last_s;          /* of the lines whose amount is not 0, or all with zero_amount KEEP; INT64_MIN: none */
};

static inline int64_t ptn_history_lines(const patron_history *history) { return history->stamp.count; }

static inline int64_t ptn_history_rows(const patron_history *history)
{
    return history->stamp.count + history->rejected.count;
}

static inline int64_t ptn_stamp(int64_t time_s, uint32_t flags)
{
    return time_s * (INT64_C(1) << PTN_LINE_BITS) + (int64_t)flags;
}

/* Shifting a negative number right keeps its sign with every compiler this is built by. */
static inline int64_t ptn_stamp_time(int64_t stamp) { return stamp >> PTN_LINE_BITS; }

static inline uint32_t ptn_stamp_flags(int64_t stamp) { return (uint32_t)stamp & ((1u << PTN_LINE_BITS) - 1u); }

/* The kind of a line's order key, PTN_KEY_…; PTN_KEY_NONE where it has none. */
static inline uint32_t ptn_stamp_order(int64_t stamp) { return ptn_stamp_flags(stamp) >> PTN_LINE_ORDER_SHIFT & 3u; }

/* What the log says of a line, whatever the columns' width. */
static inline int64_t ptn_line_amount(const patron_history *h, int64_t line)
{
    return (h->wide & PTN_WIDE_AMOUNT) != 0 ? ((const int64_t *)h->amount.items)[line]
                                            : ((const int32_t *)h->amount.items)[line];
}

static inline uint64_t ptn_line_order(const patron_history *h, int64_t line)
{
    if (h->order.items == NULL) return 0;
    return (h->wide & PTN_WIDE_ORDER) != 0 ? ((const uint64_t *)h->order.items)[line]
                                           : ((const uint32_t *)h->order.items)[line];
}

static inline void ptn_line_set_order(patron_history *h, int64_t line, uint64_t order)
{
    if ((h->wide & PTN_WIDE_ORDER) != 0)
        ((uint64_t *)h->order.items)[line] = order;
    else
        ((uint32_t *)h->order.items)[line] = (uint32_t)order;
}

static inline double ptn_line_quantity(const patron_history *h, int64_t line)
{
    if (h->quantity.items == NULL) return 1.0;
    return (h->wide & PTN_WIDE_QUANTITY) != 0 ? ((const double *)h->quantity.items)[line]
                                              : (double)((const int16_t *)h->quantity.items)[line];
}

static inline int64_t ptn_line_discount(const patron_history *h, int64_t line)
{
    if (h->discount.items == NULL) return 0;
    return (h->wide & PTN_WIDE_DISCOUNT) != 0 ? ((const int64_t *)h->discount.items)[line]
                                              : ((const int32_t *)h->discount.items)[line];
}

/* Bytes of a value of the column of products, categories or channels. */
static inline size_t ptn_text_width(const patron_history *h, const ptn_array *column)
{
    if (column == &h->product) return (h->wide & PTN_WIDE_PRODUCT) != 0 ? 4 : 2;
    return (h->wide & (uint32_t)(column == &h->category ? PTN_WIDE_CATEGORY : PTN_WIDE_CHANNEL)) != 0 ? 4 : 1;
}

/* The number of a line's text in such a column, of values of `each` bytes; -1: none. */
static inline int32_t ptn_text_at(const void *items, size_t each, int64_t line)
{
    return each == 1   ? ((const uint8_t *)items)[line] - 1
           : each == 2 ? ((const uint16_t *)items)[line] - 1
                       : ((const int32_t *)items)[line];
}

/* Says it; false where it does not fit. */
static inline bool ptn_text_put(void *items, size_t each, int64_t line, int32_t number)
{
    if (each == 1)
        ((uint8_t *)items)[line] = (uint8_t)(number + 1);
    else if (each == 2)
        ((uint16_t *)items)[line] = (uint16_t)(number + 1);
    else
        ((int32_t *)items)[line] = number;
    return ptn_text_at(items, each, line) == number;
}

static inline int32_t ptn_line_text(const patron_history *h, const ptn_array *column, int64_t line)
{
    return column->items == NULL ? -1 : ptn_text_at(column->items, ptn_text_width(h, column), line);
}

static inline int32_t ptn_line_product(const patron_history *h, int64_t line)
{
    return ptn_line_text(h, &h->product, line);
}

static inline int32_t ptn_line_category(const patron_history *h, int64_t line)
{
    return ptn_line_text(h, &h->category, line);
}

static inline int32_t ptn_line_channel(const patron_history *h, int64_t line)
{
    return ptn_line_text(h, &h->channel, line);
}

/* Makes columns wide, PTN_WIDE_…; `lines` of them are in use, counted or not. PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY.
 */
patron_status ptn_history_widen(patron_history *history, uint32_t columns, int64_t lines, patron_error *error);

/* The customer that a customer is another id of, in the end; itself where it is merged into none. */
int32_t ptn_history_root(const patron_history *history, int32_t customer);

/* That of each customer. O(customers). */
void ptn_history_roots(int32_t *roots, const patron_history *history);

/* Whether a line of this amount is left out for it. */
static inline bool ptn_history_drops(const patron_history *history, int64_t amount)
{
    return amount == 0 && history->options.zero_amount != PATRON_ZERO_AMOUNT_KEEP;
}

/* Whether a line is left out for its product. */
static inline bool ptn_history_ignores(const patron_history *history, int64_t line)
{
    if (!history->ignores) return false;
    int32_t product = ptn_line_product(history, line);
    return product >= 0 && product < history->ignored.count && ((const uint8_t *)history->ignored.items)[product] != 0;
}

/* A column, for what treats all alike. */
typedef struct ptn_column {
    ptn_array *array;
    size_t each;
} ptn_column;

enum { PTN_HISTORY_COLUMNS = 9 };

/* All columns of lines. */
static inline void ptn_history_columns(ptn_column columns[PTN_HISTORY_COLUMNS], patron_history *h)
{
    const ptn_column all[PTN_HISTORY_COLUMNS] = {{&h->stamp, 8},
                                                 {&h->amount, (h->wide & PTN_WIDE_AMOUNT) != 0 ? 8 : 4},
                                                 {&h->quantity, (h->wide & PTN_WIDE_QUANTITY) != 0 ? 8 : 2},
                                                 {&h->order, (h->wide & PTN_WIDE_ORDER) != 0 ? 8 : 4},
                                                 {&h->discount, (h->wide & PTN_WIDE_DISCOUNT) != 0 ? 8 : 4},
                                                 {&h->customer, 4},
                                                 {&h->product, ptn_text_width(h, &h->product)},
                                                 {&h->category, ptn_text_width(h, &h->category)},
                                                 {&h->channel, ptn_text_width(h, &h->channel)}};
    for (int i = 0; i < PTN_HISTORY_COLUMNS; i++) columns[i] = all[i];
}

/* Overwrites what was ever written to a column beyond its count. */
static inline void ptn_history_wipe_rest(const patron_history *h, const ptn_column *column)
{
    const ptn_array *array = column->array;
    int64_t end = h->reached < array->capacity ? h->reached : array->capacity;
    if (array->items != NULL && end > array->count)
        ptn_wipe((uint8_t *)array->items + (size_t)array->count * column->each,
                 (size_t)(end - array->count) * column->each);
}

/* Bytes of a value in one of them. */
static inline size_t ptn_history_width(patron_history *h, const ptn_array *column)
{
    ptn_column columns[PTN_HISTORY_COLUMNS];
    ptn_history_columns(columns, h);
    for (int i = 0; i < PTN_HISTORY_COLUMNS; i++)
        if (columns[i].array == column) return columns[i].each;
    return 0;
}

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

/* The number of the day a time falls in, in the store's local time, from 1970-01-01. Of times within
   PATRON_MOST_TIME_S and a day more: divided without a sign, which is cheaper. */
static inline int64_t ptn_local_day(int64_t time_s, int64_t utc_offset_s)
{
    const int64_t before = 4000000; /* days */
    return (int64_t)((uint64_t)(time_s + utc_offset_s + before * 86400) / 86400u) - before;
}

#endif
