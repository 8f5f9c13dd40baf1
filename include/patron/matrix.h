/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrices as patron takes and gives them: rows are customers (or anything), columns are features.

   patron_rows is a borrowed view of the caller's numbers; patron_matrix is a handle with named columns that other
   handles own and lend. */
#ifndef PATRON_MATRIX_H
#define PATRON_MATRIX_H

#include <patron/context.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PATRON_FLOAT64 = 0, PATRON_FLOAT32 = 1 };

/* Row-major numbers that stay the caller's: borrowed for the call, never written, never kept. */
typedef struct patron_rows {
    size_t size;           /* sizeof(patron_rows) */
    const void *values;    /* value (r, c) is element r * row_stride + c; aligned as its type asks */
    int64_t rows;          /* >= 0 */
    int64_t cols;          /* >= 1 */
    int64_t row_stride;    /* elements from one row to the next, >= cols; 0: cols */
    int32_t type;          /* PATRON_FLOAT64 (default) or PATRON_FLOAT32 */
    int32_t reserved;      /* 0 */
    const double *weights; /* rows numbers, finite and >= 0, not all 0; NULL: every row counts once */
} patron_rows;

/* Zeroes the view and sets its size. NULL is ignored. Never fails. Thread-safe. */
PATRON_API void patron_rows_init(patron_rows *rows, size_t size);

/* What a column is used for. */
enum {
    PATRON_ROLE_CLUSTER = 0, /* customers are grouped by it */
    PATRON_ROLE_PROFILE = 1, /* segments are described by it, never grouped */
    PATRON_ROLE_IGNORE = 2   /* kept, not used */
};

/* What a column's numbers are. Those that are not plain numbers describe segments, and never group customers: distances
   and means of them say nothing. */
enum {
    PATRON_KIND_NUMBER = 0,
    PATRON_KIND_MONTH = 1, /* a calendar month, year x 100 + month: 202603 is March 2026 */
    PATRON_KIND_CODE = 2   /* 0, 1, …: what patron_features_code_texts has a text for */
};

/* A column's name and meaning; the strings are constant while the matrix lives. */
typedef struct patron_column {
    size_t size;            /* sizeof(patron_column) */
    const char *name;       /* unique within the matrix, as "recency_days" */
    const char *unit;       /* as "days", "orders", "currency", "" for a plain number */
    const char *definition; /* one sentence */
    const char *missing;    /* what makes a value NaN; "never" */
    int32_t role;           /* PATRON_ROLE_… */
    int32_t kind;           /* PATRON_KIND_… */
    const char *range;      /* of its values: "any number", "any whole number", ">= 0", "0 to 1" or
                               "whole numbers, >= 1" */
} patron_column;

typedef struct patron_matrix patron_matrix;

/* Shape. 0 for NULL. Never fails. Thread-safe. */
PATRON_API int64_t patron_matrix_row_count(const patron_matrix *matrix);
PATRON_API int64_t patron_matrix_column_count(const patron_matrix *matrix);

/* The name, unit and meaning of column `index` (from 0) into *column, whose `size` must be set.
   PATRON_INVALID_ARGUMENT: NULL, no such column, or a size that is not one. Thread-safe. */
PATRON_API patron_status patron_matrix_column(patron_column *column, const patron_matrix *matrix, int64_t index,
                                              patron_error *error);

/* The index of the column of this name, or -1 (also for NULL). Never fails. Thread-safe. */
PATRON_API int64_t patron_matrix_find(const patron_matrix *matrix, const char *name);

/* The values, row-major, patron_matrix_column_count doubles a row, NaN where a value is missing. Owned by the matrix,
   constant while it lives; NULL for NULL. Never fails. Thread-safe. */
PATRON_API const double *patron_matrix_values(const patron_matrix *matrix);

/* A view of all its values, for the functions that take rows. PATRON_INVALID_ARGUMENT: NULL, or a size that is not
   one. Thread-safe. */
PATRON_API patron_status patron_matrix_view(patron_rows *rows, const patron_matrix *matrix, patron_error *error);

#ifdef __cplusplus
}
#endif

#endif
