/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The feature catalogue: what can be said of a customer, each with its name, unit, meaning and formula; and lists of
   column names as callers write them. */
#ifndef PTN_FEATURES_CATALOGUE_H
#define PTN_FEATURES_CATALOGUE_H

#include <patron/features.h>

#include "history/purchases.h"

enum { PTN_FEATURE_COUNT = 38 };

/* The catalogue, PTN_FEATURE_COUNT columns in order. Constant for good. */
const patron_column *ptn_catalogue(void);

/* What a feature may depend on besides the customer. */
typedef struct ptn_feature_clock {
    int64_t as_of_s;
    int64_t as_of_day; /* local */
} ptn_feature_clock;

/* What feature `index` needs of the habits: PTN_HABIT_…. */
int32_t ptn_feature_needs(int32_t index);

/* Customers with at least one order each. Habits may be NULL for features that need none. */
enum { PTN_FEATURE_ROWS = 64 };
typedef struct ptn_feature_rows {
    int64_t count;
    const ptn_customer *customers[PTN_FEATURE_ROWS];
    const ptn_habits *habits[PTN_FEATURE_ROWS];
} ptn_feature_rows;

/* Feature `index` of each into values[0], values[stride], …: a formula at a time, so that it is chosen once for many.
   A code is the history's number of its text still. */
void ptn_feature_fill(double *values, int64_t stride, int32_t index, const ptn_feature_rows *rows,
                      const ptn_feature_clock *clock);

/* Reads a list "name, preset, …" over `count` columns, which all have different names: indices[0 … *chosen - 1] are the
   columns in the order written. Blanks around names are fine; NULL chooses all. `indices` has room for `count`.
   PATRON_INVALID_ARGUMENT: an empty list, an empty name, a column chosen twice. PATRON_UNKNOWN_NAME: the message says
   which names there are. */
patron_status ptn_columns_choose(int64_t *indices, int64_t *chosen, const char *list, const patron_column *columns,
                                 int64_t count, patron_error *error);

#endif
