/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrow in: a history fed from an Arrow C stream, which pyarrow, polars, DuckDB and others hand out.

   The structs are those of the Arrow C data interface and the Arrow C stream interface
   (https://arrow.apache.org/docs/format/CDataInterface.html, …/CStreamInterface.html), inside the guards they ask for,
   so that this header and another that has them can be included together. */
#ifndef PATRON_ARROW_H
#define PATRON_ARROW_H

#include <patron/history.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE           2
#define ARROW_FLAG_MAP_KEYS_SORTED    4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/* What a time without a zone means: the store's local time, or UTC. */
enum { PATRON_NAIVE_LOCAL = 0, PATRON_NAIVE_UTC = 1 };

/* Which column of the stream has which role, by name (UTF-8, borrowed for the call). NULL: the column that is named as
   the role is, if there is one; "": none. Needed: customer, time, and one column of money.

   Of the four columns of money one is used. Where one is named, the others are not looked for; else the first that the
   stream has, in this order. */
typedef struct patron_arrow_columns {
    size_t size;                  /* sizeof(patron_arrow_columns) */
    const char *customer;         /* whole numbers or texts; null and empty have no customer */
    const char *order;            /* whole numbers or texts; null and empty: the customer's day is the order */
    const char *time;             /* timestamps, dates, or whole seconds since 1970 */
    const char *quantity;         /* numbers; without: 1 */
    const char *amount;           /* line total, currency units */
    const char *amount_exact;     /* line total, whole numbers of 1/10,000 currency units */
    const char *unit_price;       /* currency units, multiplied by the quantity */
    const char *unit_price_exact; /* whole numbers of 1/10,000 currency units */
    const char *product;          /* whole numbers or texts */
    const char *category;         /* whole numbers or texts */
    const char *channel;          /* whole numbers or texts */
    const char *currency;         /* texts, or whole numbers; null and empty: the history's */
    const char *discount;         /* currency units; null and NaN are 0 */
    const char *discount_exact;   /* whole numbers of 1/10,000 currency units; null is 0 */
    const char *is_return;        /* booleans, or whole numbers: not 0; null is no */
    const char *line;             /* whole numbers: the caller's line of each row, for messages and lists; null: -1 */
    int32_t naive_time;           /* PATRON_NAIVE_LOCAL */
    int32_t reserved;             /* 0 */
} patron_arrow_columns;

/* Every role the column of its own name; PATRON_NAIVE_LOCAL. NULL is ignored. Never fails. Thread-safe. */
PATRON_API void patron_arrow_columns_init(patron_arrow_columns *columns, size_t size);

/* Appends every row of an Arrow stream of record batches: all of them, or on failure none, also where it fails after
   batches that were good. What is then built is what patron_history_append makes of the same rows.

   The stream is moved: when the call returns, whatever it returns, the stream, its schema and its arrays have been
   released, each once, and stream->release is NULL. Callbacks of the stream are called by the calling thread.

   Types
     ids        (customer, order, product, category, channel, currency) every integer, utf8, large_utf8, utf8_view,
                and binary likewise; floating-point and decimal numbers that are whole, as a column of numbers with
                gaps becomes: the same id as the text of its digits
     time       timestamp[s, ms, us, ns], rounded down to seconds: with a zone they are instants; without one, and
                date32 and date64, which are midnight, they are the store's local time, and its history's utc_offset_s
                is subtracted (PATRON_NAIVE_UTC: they are UTC). Integers are seconds since 1970, UTC
     numbers    every integer, float32, float64, decimal32, decimal64, decimal128. Money becomes 1/10,000 by the rules
                of patron_orders: decimals exactly, rounded half to even, and each row that was not exact is counted;
                a unit price or discount with more than 4 decimals is used as the nearest double
     any        the null type, and dictionaries of all of these (with any integer as index)
   Others are refused: PATRON_INVALID_ARGUMENT names column and type.

   Nulls, NaN: in time, quantity, amount and unit price they reject the row as PATRON_REASON_MISSING, which the audit
   counts and patron_history_rejected lists; a null row of the stream likewise, as PATRON_FIELD_ROW. With `strict`
   PATRON_ROW_REJECTED instead. Infinite numbers and numbers out of range fail as in patron_history_append.

   Everything the interface says of an array is checked before it is used: counts of buffers and children, NULL, sizes
   that overflow, offsets that fall, views beyond their buffer, dictionary indices out of range, alignment. How long
   buffers are is not part of the interface; there the producer is trusted.

   The rows are read in pieces of bounded size, with memory from the context. error->row counts from 0 over the stream.
   The progress callback is called as "history", and its fraction says nothing of the whole stream, whose length is not
   known. Errors: as for patron_history_append, and PATRON_UNKNOWN_NAME (a column that was named is not there),
   PATRON_INVALID_ARGUMENT (two columns of one name, types, arrays that are not in order), PATRON_SOURCE_FAILED (the
   stream reports an error; the message has its text; ENOMEM is PATRON_OUT_OF_MEMORY). Not thread-safe: one writer. */
PATRON_API patron_status patron_history_append_arrow(patron_history *history, struct ArrowArrayStream *stream,
                                                     const patron_arrow_columns *columns, const patron_context *context,
                                                     patron_error *error);

#ifdef __cplusplus
}
#endif

#endif
