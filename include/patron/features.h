/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Features: what a history says of each customer, as a matrix of named columns.

   One row for each customer with at least one order (option min_orders) by the as-of, in the order of their ids' bytes
   (numbers as their decimal digits), so that the same purchases give the same matrix, bit for bit. */
#ifndef PATRON_FEATURES_H
#define PATRON_FEATURES_H

#include <patron/history.h>
#include <patron/matrix.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The catalogue: number of features, and what feature `index` is. The strings are constant for good; `role` is
   PATRON_ROLE_PROFILE. PATRON_INVALID_ARGUMENT: NULL, no such feature, or a size that is not one. Thread-safe. */
PATRON_API int64_t patron_feature_count(void);
PATRON_API patron_status patron_feature_info(patron_column *column, int64_t index, patron_error *error);

/* A window of days (window_days) makes all features what they would be had the history begun with it: tenure and the
   time since the first order count from the first order within, so do btyd_T, btyd_x and order_trend; customers without
   an order within have no row; a return whose purchase lies before counts, as any return. With as_of_s this looks at
   the shop as one could have then, for back-tests. Lines before the window are counted as PATRON_FATE_BEFORE_WINDOW in
   patron_features_audit; patron_history_audit knows no window.

   Presets, which stand for columns wherever a list of columns is read:

     rfm        recency_days, frequency, monetary_gross: how lately, how often, for how much
     behaviour  recency_days, frequency, items_per_order: how people buy rather than for how much; no value is ever
                missing. Shares such as return_rate or weekend_share are left to the caller to add, since they are
                0 or 1 for most one-time buyers and would make groups of chance; gaps between orders are missing
                for them. The measurements behind this are told in the source, lib/features/catalogue.c. */
typedef struct patron_features_options {
    size_t size;         /* sizeof(patron_features_options) */
    int64_t as_of_s;     /* PATRON_AS_OF_LAST; inclusive. Later lines are left out and counted */
    const char *columns; /* NULL: the whole catalogue. Else names or presets, comma-separated, in the order wanted */
    int64_t recent_days; /* 90: recent_orders counts orders less than so many days before the as-of; > 0 */
    int64_t window_days; /* 0: the whole history. Else only lines less than so many days of 86,400 seconds before the
                            as-of are known, those in (as_of_s - window_days x 86,400, as_of_s]; >= 0 */
    int64_t min_orders;  /* 1: customers with fewer orders have no row; patron_features_audit counts them, their orders
                            and money as ever, and says how many they are (customers_below_min_orders); >= 1.
                            patron_segment_options.minimum_orders keeps such customers, as a segment apart */
} patron_features_options;

/* The defaults named above. NULL is ignored. Never fails. Thread-safe. */
PATRON_API void patron_features_options_init(patron_features_options *options, size_t size);

typedef struct patron_features patron_features;

/* Builds the features; *features is the caller's, to be freed, and does not need the history any more.
   PATRON_INVALID_ARGUMENT, PATRON_UNKNOWN_NAME, PATRON_NO_DATA (no customer has an order by the as-of),
   PATRON_OUT_OF_RANGE (a customer's money beyond int64_t), PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY, PATRON_CANCELLED.
   Thread-safe. */
PATRON_API patron_status patron_features_build(patron_features **features, const patron_history *history,
                                               const patron_features_options *options, const patron_context *context,
                                               patron_error *error);

/* The matrix of the columns asked for, then any joined ones, owned by `features`; NULL for NULL. Its values are NaN
   where the catalogue says so. Never fails. Thread-safe. */
PATRON_API const patron_matrix *patron_features_matrix(const patron_features *features);

/* Number of customers (rows); 0 for NULL. Never fails. Thread-safe. */
PATRON_API int64_t patron_features_customer_count(const patron_features *features);

/* The id of the customer in `row`: *bytes (not NUL-terminated, owned by `features`) and *length.
   PATRON_INVALID_ARGUMENT: NULL or no such row. Thread-safe. */
PATRON_API patron_status patron_features_customer_id(const uint8_t **bytes, int64_t *length,
                                                     const patron_features *features, int64_t row, patron_error *error);

/* All ids at once: *ids lends the bytes and offsets of every row's id, owned by `features`. PATRON_INVALID_ARGUMENT:
   NULL. Thread-safe. */
PATRON_API patron_status patron_features_customer_ids(patron_text *ids, const patron_features *features,
                                                      patron_error *error);

/* The row of the customer with this id (a number as its decimal digits), or -1. O(log n). Never fails. Thread-safe. */
PATRON_API int64_t patron_features_find(const patron_features *features, const uint8_t *bytes, int64_t length);

/* The texts that the codes in `column` of the matrix stand for: text i of *texts is that of code i, 0 … *count - 1;
   UTF-8 as it was appended. There is one for each code that a customer has, and they come in the order of their bytes;
   codes of other features are others, so compare texts. Owned by `features`, constant while it lives.
   PATRON_INVALID_ARGUMENT: NULL, no such column, or one whose kind is not PATRON_KIND_CODE. Thread-safe. */
PATRON_API patron_status patron_features_code_texts(patron_text *texts, int64_t *count, const patron_features *features,
                                                    int64_t column, patron_error *error);

/* A customer's exact money, 1/10,000 currency units. */
typedef struct patron_customer_value {
    size_t size;       /* sizeof(patron_customer_value) */
    int64_t gross;     /* purchases */
    int64_t returns;   /* returns and adjustments, >= 0 */
    int64_t net;       /* gross - returns; can be negative */
    int64_t recurring; /* net after the local day of the first purchase */
    int64_t orders;
} patron_customer_value;

/* The money of the customer in `row`. PATRON_INVALID_ARGUMENT: NULL, no such row, or a size that is not one.
   Thread-safe. */
PATRON_API patron_status patron_features_value(patron_customer_value *value, const patron_features *features,
                                               int64_t row, patron_error *error);

/* The audit of the history at this as-of, as patron_history_audit gives it. PATRON_INVALID_ARGUMENT: NULL, or a size
   that is not one. Thread-safe. */
PATRON_API patron_status patron_features_audit(patron_audit *audit, const patron_features *features,
                                               patron_error *error);

/* A table of numbers about customers, from wherever the shop keeps them: borrowed for the call, never written, never
   kept. Needed: one customer column, cols, names, values. */
typedef struct patron_attributes {
    size_t size;                      /* sizeof(patron_attributes) */
    int64_t rows;                     /* >= 0 */
    patron_text customer_id;          /* this, or customer_number; NULL and empty texts have no customer */
    const int64_t *customer_number;   /* the same customer as the text of its decimal digits */
    const uint8_t *customer_validity; /* for customer_number, bits as patron_text.validity; NULL: all have one */
    int64_t cols;                     /* >= 1 */
    patron_text names;                /* `cols` texts: not empty, without comma, NUL, or blanks at either end, and no
                                         name of the catalogue, a preset, or another column */
    const double *values;             /* rows x cols, row-major; NaN is missing */
    const int32_t *roles;             /* cols numbers PATRON_ROLE_…; NULL: PATRON_ROLE_PROFILE for all */
} patron_attributes;

/* Zeroes the table and sets its size. NULL is ignored. Never fails. Thread-safe. */
PATRON_API void patron_attributes_init(patron_attributes *attributes, size_t size);

/* Who was found on both sides. rows = customers_matched + ids_without_order + rows_without_id. */
typedef struct patron_join {
    size_t size;                   /* sizeof(patron_join) */
    int64_t rows;                  /* of the table */
    int64_t customers_matched;     /* customers that have a row */
    int64_t customers_without_row; /* customers that have none: their joined values are NaN */
    int64_t ids_without_order;     /* rows whose id is no customer with an order: left out */
    int64_t rows_without_id;       /* left out */
} patron_join;

/* Joins columns by customer id: *joined has the matrix of `features` followed by the table's columns, each with its
   role: patron_segmentation_fit groups by those of PATRON_ROLE_CLUSTER, describes by those of PATRON_ROLE_PROFILE and
   leaves those of PATRON_ROLE_IGNORE alone. Their names are owned by *joined, their unit is "". *joined is the
   caller's, to be freed; `features` may be freed before it, and may be joined itself. *report, whose `size` must be
   set, may be NULL. PATRON_INVALID_ARGUMENT (no customer column, an id twice: error->row and the message say where, an
   id or name that is not UTF-8, a name that is empty, taken or cannot be listed, a role that is none, …),
   PATRON_NO_DATA (no row has an id), PATRON_NOT_FINITE (an infinity, error->row), PATRON_TOO_LARGE,
   PATRON_OUT_OF_MEMORY. Thread-safe. */
PATRON_API patron_status patron_features_join(patron_features **joined, patron_join *report,
                                              const patron_features *features, const patron_attributes *attributes,
                                              const patron_context *context, patron_error *error);

/* Frees it, its ids overwritten; NULL is fine. */
PATRON_API void patron_features_free(patron_features *features);

#ifdef __cplusplus
}
#endif

#endif
