/* SPDX-License-Identifier: GPL-3.0-or-later */
/* History: who bought what, when, and for how much.

   Order lines are appended as borrowed columns, in any order and any number of batches; what is built from a history
   does not depend on either. Nothing is dropped silently: patron_history_audit gives every row exactly one fate.

   Money is exact: int64_t in 1/10,000 of the currency unit. Times are int64_t seconds since 1970-01-01T00:00:00 UTC;
   the history's utc_offset_s is added where a local calendar day is needed.

   Daylight saving. utc_offset_s is one number for all lines. With instants (UTC) and the offset of one half of the
   year, days, weekends, evenings and quarters of the other half begin an hour off; what is elapsed (recency, gaps,
   windows) is exact. With local times given as if they were UTC, and offset 0, calendar days are exact all year; the
   nights of the change make gaps and recency across them an hour off, and the hour that comes twice in autumn is one.
   For both to be exact a shop that changes its clock would need its time zone, which is not read. */
#ifndef PATRON_HISTORY_H
#define PATRON_HISTORY_H

#include <patron/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The instant that means "the last kept line's". */
#define PATRON_AS_OF_LAST INT64_MIN

/* 1/10,000 currency units to the unit. */
#define PATRON_MONEY_UNIT 10000

/* The largest time, either sign, in seconds (some 8,200 years, so that milliseconds are told from seconds), and the
   largest quantity, either sign. */
#define PATRON_MOST_TIME_S   INT64_C(260000000000)
#define PATRON_MOST_QUANTITY 1e12

/* The longest code of a currency. */
#define PATRON_MOST_CURRENCY_BYTES 15

/* A borrowed text column as Arrow holds it: row i is bytes offsets[i] … offsets[i + 1] - 1, UTF-8, no NUL needed.
   offsets == NULL: the column is absent. */
typedef struct patron_text {
    const uint8_t *bytes;    /* may be NULL when every text is empty */
    const int64_t *offsets;  /* rows + 1, >= 0, never falling */
    const uint8_t *validity; /* bit i % 8 of byte i / 8 is 1 where row i has a value; NULL: all have */
} patron_text;

/* The columns a row can be rejected for. */
#define PATRON_FIELD_LIST(X)                                                                                           \
    X(PATRON_FIELD_NONE, 0, "")                                                                                        \
    X(PATRON_FIELD_ROW, 1, "row")                                                                                      \
    X(PATRON_FIELD_CUSTOMER, 2, "customer")                                                                            \
    X(PATRON_FIELD_ORDER, 3, "order")                                                                                  \
    X(PATRON_FIELD_TIME, 4, "time")                                                                                    \
    X(PATRON_FIELD_QUANTITY, 5, "quantity")                                                                            \
    X(PATRON_FIELD_AMOUNT, 6, "amount")                                                                                \
    X(PATRON_FIELD_PRICE, 7, "price")                                                                                  \
    X(PATRON_FIELD_PRODUCT, 8, "product")                                                                              \
    X(PATRON_FIELD_CATEGORY, 9, "category")                                                                            \
    X(PATRON_FIELD_DISCOUNT, 10, "discount")                                                                           \
    X(PATRON_FIELD_CURRENCY, 11, "currency")                                                                           \
    X(PATRON_FIELD_CHANNEL, 12, "channel")

/* Why a row was rejected. */
#define PATRON_REASON_LIST(X)                                                                                          \
    X(PATRON_REASON_NONE, 0, "")                                                                                       \
    X(PATRON_REASON_UNREADABLE, 1, "unreadable")                                                                       \
    X(PATRON_REASON_MISSING, 2, "missing")                                                                             \
    X(PATRON_REASON_TOO_FEW_FIELDS, 3, "too few fields")                                                               \
    X(PATRON_REASON_NOT_UTF8, 4, "not UTF-8")                                                                          \
    X(PATRON_REASON_OUT_OF_RANGE, 5, "out of range")                                                                   \
    X(PATRON_REASON_OTHER_CURRENCY, 6, "other currency")

/* What became of a row: the first that applies, in this order. */
#define PATRON_FATE_LIST(X)                                                                                            \
    X(PATRON_FATE_UNREADABLE, 0, "unreadable")                                                                         \
    X(PATRON_FATE_NO_CUSTOMER, 1, "no_customer")                                                                       \
    X(PATRON_FATE_AFTER_AS_OF, 2, "after_as_of")                                                                       \
    X(PATRON_FATE_BEFORE_WINDOW, 3, "before_window")                                                                   \
    X(PATRON_FATE_IGNORED_PRODUCT, 4, "ignored_product")                                                               \
    X(PATRON_FATE_DUPLICATE, 5, "duplicate")                                                                           \
    X(PATRON_FATE_ZERO_AMOUNT, 6, "zero_amount")                                                                       \
    X(PATRON_FATE_CANCELLED, 7, "cancelled")                                                                           \
    X(PATRON_FATE_CANCELLATION, 8, "cancellation")                                                                     \
    X(PATRON_FATE_RETURN, 9, "return_or_adjustment")                                                                   \
    X(PATRON_FATE_PURCHASE, 10, "purchase")

#define PATRON_NAMED_ENUM(name, number, text) name = number,
enum { PATRON_FIELD_LIST(PATRON_NAMED_ENUM) PATRON_FIELD_COUNT = 13 };
enum { PATRON_REASON_LIST(PATRON_NAMED_ENUM) PATRON_REASON_COUNT = 7 };
enum { PATRON_FATE_LIST(PATRON_NAMED_ENUM) PATRON_FATE_COUNT = 11 };
#undef PATRON_NAMED_ENUM

/* The names in the lists above ("customer", "too few fields", "return_or_adjustment"); "" for a number that is none.
   Constant strings. Never fail. Thread-safe. */
PATRON_API const char *patron_field_name(int32_t field);
PATRON_API const char *patron_reason_text(int32_t reason);
PATRON_API const char *patron_fate_name(int32_t fate);

/* A batch of order lines: borrowed columns of `rows` values each, never written, never kept.

   Needed: one customer column, time_s, and one of amount, amount_value, unit_price, unit_price_value.
   Where several money columns are given, the first of that list wins; a unit price is multiplied by the quantity.
   Money given as double (…_value, in currency units) is rounded half to even to four decimals, and so is
   price x quantity; each row that was not exact is counted (patron_audit.amounts_rounded).

   A negative quantity, or is_return, makes the line a return; its value is |amount|. A negative amount with a quantity
   >= 0 is an adjustment. An order is known by its id within its customer; a row with no order id (no column, NULL or
   empty text) belongs to the order of that customer's local day, or see patron_history_options.order_gap_s. */
typedef struct patron_orders {
    size_t size;                      /* sizeof(patron_orders) */
    int64_t rows;                     /* >= 0 */
    patron_text customer_id;          /* this, or customer_number; NULL and empty texts have no customer */
    const int64_t *customer_number;   /* the same customer as the text of its decimal digits */
    const uint8_t *customer_validity; /* for customer_number, bits as patron_text.validity; NULL: all have one */
    patron_text order_id;             /* optional; this or order_number */
    const int64_t *order_number;      /* optional */
    const uint8_t *order_validity;    /* for order_number, bits as patron_text.validity; NULL: all have one */
    const int64_t *time_s;            /* seconds since the epoch, UTC; |time_s| <= PATRON_MOST_TIME_S */
    const double *quantity; /* optional: NULL is 1 everywhere; finite, may be fractional, |q| <= PATRON_MOST_QUANTITY */
    const int64_t *amount;  /* line total, 1/10,000 currency units, signed like the quantity */
    const double *amount_value;     /* line total, currency units */
    const int64_t *unit_price;      /* 1/10,000 currency units */
    const double *unit_price_value; /* currency units */
    patron_text product;            /* optional */
    patron_text category;           /* optional */
    const int64_t *discount; /* optional: what the line was reduced by, 1/10,000 currency units; its sign is dropped */
    const double *discount_value; /* optional, in currency units; `discount` wins */
    const uint8_t *is_return;     /* optional: not 0 marks a return whatever its sign */
    const int64_t *line;          /* optional: the caller's line number of each row, for messages and lists */
    const uint8_t *fault;       /* optional: not 0 says that the caller could not read this row: the PATRON_REASON_…;
                                   of its other columns only the customer's is looked at, and text offsets:
                                   the row belongs to that customer, and is forgotten with it. Where fault_field is
                                   PATRON_FIELD_CUSTOMER, or the column has none or no UTF-8, it is nobody's */
    const uint8_t *fault_field; /* optional, with fault: the PATRON_FIELD_… at fault */
    patron_text channel;        /* optional: where the order was placed, as web, shop, app. An order's channel is that
                                   of its purchase lines; of several the one whose bytes come first */
    patron_text currency;       /* optional: the code of the currency of the row's money, compared byte by byte; NULL
                                   and empty: the history's. See patron_history_options.only_currency */
} patron_orders;

/* Zeroes the columns and sets the size. NULL is ignored. Never fails. Thread-safe. */
PATRON_API void patron_orders_init(patron_orders *orders, size_t size);

enum { PATRON_ZERO_AMOUNT_DROP = 0, PATRON_ZERO_AMOUNT_KEEP = 1 };
enum { PATRON_DUPLICATES_KEEP = 0, PATRON_DUPLICATES_DROP = 1 };

typedef struct patron_history_options {
    size_t size;             /* sizeof(patron_history_options) */
    int32_t zero_amount;     /* PATRON_ZERO_AMOUNT_DROP; KEEP: a line of amount 0 counts as a purchase (return if its
                                quantity is negative or it is flagged) and, with a quantity > 0, makes an order */
    int32_t duplicates;      /* PATRON_DUPLICATES_KEEP; DROP: of lines equal in customer, order, time, quantity, amount,
                                product, category, channel, discount and return flag, one is kept: the first appended */
    int32_t strict;          /* 0; 1: the first row that would be rejected fails the append with PATRON_ROW_REJECTED */
    int32_t rejected_listed; /* 100: how many rejected rows patron_history_rejected lists, the first ones; >= 0 */
    int32_t match_cancellations; /* 0; 1: a line with a negative quantity cancels the purchase line of the same customer
                                    and product whose quantity is the opposite: of those at or before its time and not
                                    yet cancelled, the latest. Both then make no purchase, return or order, and have
                                    fates of their own. A line without a product is in no pair. Of several lines at one
                                    instant the greater goes by amount, discount, order id, category, channel (not by
                                    when it was appended): of purchases it is cancelled first, of cancellations it
                                    cancels last */
    int32_t reserved;            /* 0 */
    int64_t order_gap_s; /* 0: lines without an order id are one order a local day; else a purchase line without one
                            belongs to the order of the customer's previous such line if it is at most so many
                            seconds later, and begins an order if not; >= 0 */
    const char *only_currency; /* NULL: all lines have to be in one currency, and a column with two codes fails the
                                  append with PATRON_INVALID_ARGUMENT. Else the code of the history's: rows with another
                                  are rejected as PATRON_FIELD_CURRENCY, PATRON_REASON_OTHER_CURRENCY */
    int64_t utc_offset_s;      /* 0: seconds to add to a time for the store's local time; |offset| <= 86,400 */
} patron_history_options;

/* The defaults named above. NULL is ignored. Never fails. Thread-safe. */
PATRON_API void patron_history_options_init(patron_history_options *options, size_t size);

typedef struct patron_history patron_history;

/* Makes an empty history; *history is the caller's, to be freed. PATRON_INVALID_ARGUMENT, PATRON_OUT_OF_MEMORY. */
PATRON_API patron_status patron_history_create(patron_history **history, const patron_history_options *options,
                                               const patron_context *context, patron_error *error);

/* Appends a batch: all of it, or on failure none. Rows without a customer and with texts that are not UTF-8 are
   rejected, counted and listed (with `strict`, PATRON_ROW_REJECTED instead). Text and number ids may be mixed.
   PATRON_INVALID_ARGUMENT (a needed column is missing, offsets fall, …), PATRON_NOT_FINITE and PATRON_OUT_OF_RANGE (a
   number in row error->row), PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. Not thread-safe: one writer. */
PATRON_API patron_status patron_history_append(patron_history *history, const patron_orders *orders,
                                               const patron_context *context, patron_error *error);

/* Rows appended so far, rejected ones included; 0 for NULL. Never fails. Thread-safe. */
PATRON_API int64_t patron_history_row_count(const patron_history *history);

/* What became of the rows at an as-of: a cancellation later than it has not cancelled anything yet. rows_read is the
   sum of `fates`; rows_kept = fates of returns and purchases. */
typedef struct patron_audit {
    size_t size;     /* sizeof(patron_audit) */
    int64_t as_of_s; /* as used, never PATRON_AS_OF_LAST; 0 when no line was kept and none was given */
    int64_t first_s; /* of the kept lines, the first one's instant; 0 when none was kept */
    int64_t last_s;  /* likewise the last one's */
    int64_t rows_read;
    int64_t rows_kept;
    int64_t fates[16];               /* by PATRON_FATE_…; 0 beyond PATRON_FATE_COUNT */
    int64_t adjustments;             /* lines among PATRON_FATE_RETURN that are adjustments, not returns */
    int64_t amounts_rounded;         /* readable rows whose money had more than four decimals */
    int64_t customers;               /* ids seen in readable rows */
    int64_t customers_with_order;    /* of those, with at least one order by the as-of */
    int64_t customers_without_order; /* the others */
    int64_t orders;
    int64_t gross;                      /* of customers_with_order, 1/10,000 currency units: purchases */
    int64_t returns;                    /* likewise, >= 0: returns and adjustments */
    int64_t net;                        /* gross - returns */
    int64_t rejected_listed;            /* rows that patron_history_rejected can give */
    int64_t customers_below_min_orders; /* of customers_with_order, those that patron_features_options.min_orders left
                                           without a row; 0 from patron_history_audit */
} patron_audit;

/* Fills *audit, whose `size` must be set, at as_of_s (inclusive, on the scale of patron_orders.time_s, within
   PATRON_MOST_TIME_S; PATRON_AS_OF_LAST: the instant of the last line that is kept, or cancelled, or a cancellation).
   PATRON_INVALID_ARGUMENT, PATRON_OUT_OF_RANGE (sums beyond int64_t), PATRON_OUT_OF_MEMORY, PATRON_CANCELLED.
   Thread-safe. */
PATRON_API patron_status patron_history_audit(patron_audit *audit, const patron_history *history, int64_t as_of_s,
                                              const patron_context *context, patron_error *error);

/* The fate of each row at an as-of, in the order they were appended: patron_history_row_count bytes, the caller's.
   Errors as for patron_history_audit. Thread-safe. */
PATRON_API patron_status patron_history_fates(uint8_t *fates, const patron_history *history, int64_t as_of_s,
                                              const patron_context *context, patron_error *error);

/* Forgets a customer: *history becomes what it would be had that customer's rows never been appended. What is then
   built from it, and its audit, fates and list of rejected rows, equal to the bit those of a history without them: rows
   are numbered anew, and a later rejected row may move up into the list (`line` stays what the caller gave).

   `bytes` is the id as its column held it (a number: its decimal digits), `length` bytes, NUL bytes allowed. All rows
   with it go: lines, those later than any as-of too, and rejected rows whose customer could be read. The id, and order
   ids, products and categories that only those rows had, are overwritten in all memory that the history has held;
   numbers (times, amounts) may stay in memory that the allocator took back before, without an id. The same id may be
   appended again, as a new customer.

   Not reached: what was built before (features, segmentations, documents), which is the caller's; patron_features_free
   overwrites the ids it held.

   All or nothing: on failure the history is as it was. PATRON_UNKNOWN_CUSTOMER (no row has this id, and it was not
   merged), PATRON_INVALID_ARGUMENT (NULL, or an empty id), PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. Takes a pass over
   all rows and texts. Not thread-safe: one writer. */
PATRON_API patron_status patron_history_forget(patron_history *history, const uint8_t *bytes, int64_t length,
                                               const patron_context *context, patron_error *error);

/* Merges two ids of one customer: from now on `bytes` is another id of the customer whose id is `into`, as if all its
   rows, those to come too, had that one. Ids are given as for patron_history_forget and need no rows yet. An id that
   others are merged into may be merged itself: the customer's id in what is built is the last of such a chain. The
   order of merges, appends and builds does not matter; what is built equals, to the bit, what a history is built from
   whose rows had the last id. Forgetting any of the ids forgets all of them, and that they were merged.

   PATRON_INVALID_ARGUMENT (NULL, an empty id, one that is not UTF-8; an id merged into another already; a circle, of
   which an id with itself is one), PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY; on failure the history is as it was. To
   merge what is merged so already changes nothing. Not thread-safe: one writer. */
PATRON_API patron_status patron_history_merge(patron_history *history, const uint8_t *bytes, int64_t length,
                                              const uint8_t *into, int64_t into_length, const patron_context *context,
                                              patron_error *error);

/* Adds to the products that are none: postage, vouchers, fees and the like, as the shop's codes have them. Lines with
   them make no purchase, return or order, and have the fate PATRON_FATE_IGNORED_PRODUCT. products has `count` texts,
   compared with patron_orders.product byte by byte, borrowed for the call; missing and empty ones are skipped. They
   need no rows yet, and the order of these calls and appends does not matter. Forgetting a customer forgets none of
   them.

   PATRON_INVALID_ARGUMENT (NULL, a negative count, offsets that fall, a text that is not UTF-8: error->row),
   PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY; on failure the history is as it was. Not thread-safe: one writer. */
PATRON_API patron_status patron_history_ignore_products(patron_history *history, const patron_text *products,
                                                        int64_t count, const patron_context *context,
                                                        patron_error *error);

/* A rejected row (unreadable, or no customer). */
typedef struct patron_rejected {
    size_t size;    /* sizeof(patron_rejected) */
    int64_t row;    /* as appended, from 0 over all batches */
    int64_t line;   /* patron_orders.line, or -1 */
    int32_t field;  /* PATRON_FIELD_… */
    int32_t reason; /* PATRON_REASON_… */
} patron_rejected;

/* The rejected row `index`, from 0, in the order they were read. PATRON_INVALID_ARGUMENT: NULL, or beyond
   patron_audit.rejected_listed. Thread-safe. */
PATRON_API patron_status patron_history_rejected(patron_rejected *rejected, const patron_history *history,
                                                 int64_t index, patron_error *error);

/* Frees it; NULL is fine. What was built from it stays valid. */
PATRON_API void patron_history_free(patron_history *history);

#ifdef __cplusplus
}
#endif

#endif
