/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small tables of numbers for tests: read from a data file, or made up. */
#ifndef PATRON_TEST_TABLE_H
#define PATRON_TEST_TABLE_H

#include <patron/context.h>
#include <patron/matrix.h>

typedef struct table {
    double *values; /* rows x cols */
    int64_t rows, cols;
} table;

/* Rows of `cols` numbers between blanks; lines that begin with # and empty lines are left out. Rows is 0 where the file
   is not there, after a line that says so. Free with table_free. */
table table_read(const char *name, int64_t cols);

/* Numbers around 0 in `groups` round groups, from a seed. */
table table_make(int64_t rows, int64_t cols, int64_t groups, uint64_t seed);
void table_free(table *t);

patron_rows table_view(const table *t);

/* Memory that fails from the allocation number `allowed` (from 0) on, counts what is not freed, and fails for a
   callback too: a callback cancels when `callbacks` (counted down) is used up. */
typedef struct meter {
    int64_t allowed, live;
    int64_t callbacks;
    int64_t called;
} meter;

/* A context over the meter. */
patron_context meter_context(meter *m);

#endif
