/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Features as kept: rows are customers with an order, ordered by the bytes of their ids. */
#ifndef PTN_FEATURES_FEATURES_H
#define PTN_FEATURES_FEATURES_H

#include <patron/features.h>

#include <stdbool.h>

#include "base/context.h"

/* What patron_features_value says of a customer. */
typedef struct ptn_value {
    int64_t gross, returns, recurring, orders;
} ptn_value;

struct patron_features {
    ptn_memory memory;
    int64_t rows;
    uint8_t *id_bytes;                      /* all ids one after the other */
    int64_t *id_ends;                       /* rows + 1: id of row r is bytes id_ends[r] … id_ends[r + 1] - 1 */
    ptn_value *values;                      /* rows */
    patron_audit audit;                     /* of the history, at audit.as_of_s */
    patron_history_options history_options; /* the history's policies; only_currency is NULL */
    char currency[PATRON_MOST_CURRENCY_BYTES + 1]; /* the history's, "" where none is known */
    bool only_currency;                            /* it was asked for */
    int64_t recent_days;                           /* of recent_orders */
    int64_t window_days;                           /* 0: the whole history */
    patron_matrix *matrix;                         /* rows x the columns asked for, then the joined ones */
    int64_t joined;                                /* the matrix's last columns that were joined */
    char *names;                                   /* their names, each ending in NUL; NULL when there are none */
    int64_t name_bytes;
    int64_t codes;       /* texts of the column of codes, of which there is one at most */
    uint8_t *code_bytes; /* all of them one after the other; NULL, as is the next, where there is no such column */
    int64_t *code_ends;  /* codes + 1, as id_ends */
};

/* A copy, with memory of its own. On failure *copy is NULL. PATRON_OUT_OF_MEMORY. */
patron_status ptn_features_copy(patron_features **copy, const patron_features *features, const ptn_memory *memory,
                                patron_error *error);

/* The rules for every recent_days and window_days option. PATRON_INVALID_ARGUMENT. */
patron_status ptn_days_check(int64_t recent_days, int64_t window_days, patron_error *error);

/* Lets the matrix's joined columns point to `names`. */
void ptn_features_point_names(patron_features *features);

#endif
