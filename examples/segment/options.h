/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line. */
#ifndef SEGMENT_OPTIONS_H
#define SEGMENT_OPTIONS_H

#include <patron/patron.h>
#include <stdbool.h>

#include "segment/csv_file.h"

struct options {
    const char *input;                       /* "-": standard input */
    const char *columns[PATRON_FIELD_COUNT]; /* names given, by role; NULL: find it */
    const char *time_format;                 /* NULL: ISO 8601 */
    const char *json;                        /* NULL: none; "-": standard output */
    const char *segments;                    /* NULL: none */
    const char *join;                        /* NULL: none */
    const char *join_id, *cluster, *ignore;  /* column names of that file; NULL: none */
    const char *forget_file;                 /* NULL: none */
    const char *ignore_products;             /* a list; NULL: none */
    const char *ignore_products_file;        /* NULL: none */
    const char **forget;                     /* ids, forget_count of them */
    size_t forget_count;
    bool bom;         /* the segments' file begins with a byte order mark */
    bool as_of_zoned; /* --as-of was given with a zone */
    bool as_of_local; /* it was given without one */
    bool utc_offset;  /* --utc-offset was given */
    struct csv_form form;
    char decimal;
    int32_t threads;
    patron_history_options history;
    patron_segment_options segment;
};

/* Reads the command line. True: go on. False: it is all done or all wrong, and *code is the exit code.
   Free with options_free in either case. */
bool options_parse(struct options *options, int argc, char **argv, int *code);

void options_free(struct options *options);

#endif
