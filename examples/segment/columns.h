/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which column of the file is what: by the names given, else by the names that shops usually give. */
#ifndef SEGMENT_COLUMNS_H
#define SEGMENT_COLUMNS_H

#include <patron/patron.h>

#include "segment/csv_file.h"

/* Column number (from 0) and name of each role PATRON_FIELD_CUSTOMER … PATRON_FIELD_DISCOUNT; -1 and NULL without. */
struct columns {
    int64_t index[PATRON_FIELD_COUNT];
    char *name[PATRON_FIELD_COUNT];
    size_t count; /* of the file's columns */
};

/* Finds them in the header; given[role] is the name asked for, or NULL. Needed are customer, time, and an amount or a
   price; an amount makes the price unneeded. Returns 0, or an exit code after having said what is missing and what
   there is. Free with columns_free in either case. */
int columns_find(struct columns *columns, const struct record *header, const char *const given[PATRON_FIELD_COUNT],
                 const char *path);

/* The column of this name, as written, else in any case; `option` is the one that named it. Returns as columns_find. */
int columns_find_named(int64_t *index, const struct record *header, struct text name, const char *option,
                       const char *path);

/* The customer's column of another file: `given` by --join-id, else as the orders' is called (`orders_name`, or NULL),
   else by a usual name. Returns as columns_find. */
int columns_find_customer(int64_t *index, const struct record *header, const char *given, const char *orders_name,
                          const char *path);

void columns_free(struct columns *columns);

#endif
