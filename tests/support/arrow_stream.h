/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrow streams made by hand, in every layout, that count what is released. Buffers have exactly the bytes they need,
   so that a sanitizer sees one too far. */
#ifndef PATRON_TEST_ARROW_STREAM_H
#define PATRON_TEST_ARROW_STREAM_H

#include <patron/arrow.h>

#include <stdbool.h>

__extension__ typedef __int128 arrow_wide;

/* A value; which member counts is the format's affair. */
typedef struct arrow_cell {
    bool null;
    arrow_wide whole;
    double real;
    const char *text;
} arrow_cell;

typedef struct arrow_made_column {
    const char *name, *format;
    const char *index; /* format of the index of a dictionary; NULL: none */
    const arrow_cell *cells;
} arrow_made_column;

/* A stream's source. Zero it, then set what is wanted. */
typedef struct arrow_source {
    const arrow_made_column *columns;
    int64_t cols, rows;
    int64_t batch;          /* rows of a batch; 0: all in one */
    int64_t grows;          /* rows that each batch has more than the one before */
    int64_t pad;            /* rows of junk before and behind each column's own (sliced arrays) */
    int64_t struct_pad;     /* likewise before and behind the batch's */
    const bool *gone;       /* rows that are null as rows; NULL: none */
    bool count_nulls;       /* say how many nulls there are, instead of -1 */
    int64_t fail_after;     /* batches after which get_next fails with `code` */
    int code;               /* 0: never */
    int schema_code;        /* of get_schema */
    const char *last_error; /* what get_last_error says */
    /* Called on each batch before it is handed out, to spoil it. */
    void (*spoil)(struct ArrowArray *batch, int64_t number);
    void (*spoil_schema)(struct ArrowSchema *schema);
    /* counted */
    int64_t live, released, batches;
} arrow_source;

/* A stream over the source, which must outlive it. */
void arrow_stream_open(struct ArrowArrayStream *stream, arrow_source *source);

#endif
