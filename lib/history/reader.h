/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading rows of a batch into the columns, by several threads: a chunk of rows at a time, in blocks.

       rows ─► verdict (a line, or why not), numbers ─► columns, behind the lines so far
            └► texts: known, or short ─► their number  in the column
                      new ─► a list of the block, for the calling thread to intern

   While blocks are read, the tables of texts take short ones, as long as there is room. Rows that are no lines leave a
   gap in the columns, for the calling thread to close. */
#ifndef PTN_HISTORY_READER_H
#define PTN_HISTORY_READER_H

#include "history/batch.h"
#include "history/history.h"
#include "history/memo.h"
#include "kernels/kernels.h"

enum { PTN_READER_BLOCK = 8192, PTN_READER_CHUNK = 1 << 18 };

/* The columns of texts. */
enum { PTN_TEXT_CUSTOMER, PTN_TEXT_ORDER, PTN_TEXT_PRODUCT, PTN_TEXT_CATEGORY, PTN_TEXT_CHANNEL, PTN_TEXTS };

/* Texts of which there are few, and memos of them. */
enum { PTN_READER_MEMOS = PTN_TEXTS - PTN_TEXT_PRODUCT };

/* A text that had no number when its block was read. */
typedef struct ptn_fresh {
    uint64_t bits, hash; /* as ptn_wanted_text */
    int32_t row;         /* of the chunk */
    uint32_t kind;
} ptn_fresh;

/* Rows that are made into columns when they are read, a block at a time. */
typedef struct ptn_batch_source {
    void *user;
    /* Rows from … from + count - 1 of the batch, at most PTN_READER_BLOCK, as columns that are good until the worker's
       next block; *rounded is NULL, or says for each whether its money was rounded on the way. Allocates nothing. */
    patron_status (*convert)(patron_orders *orders, const uint8_t **rounded, void *user, int32_t worker, int64_t from,
                             int64_t count, patron_error *error);
    /* One column of texts of such rows, again. By the calling thread, between blocks. */
    patron_status (*convert_text)(patron_text *texts, void *user, int32_t text, int64_t from, int64_t count,
                                  patron_error *error);
} ptn_batch_source;

/* What a worker could not convert: the lowest of its blocks that failed, or -1. */
typedef struct ptn_reader_failure {
    int64_t block;
    patron_status status;
    patron_error error;
} ptn_reader_failure;

/* What a block found. */
typedef struct ptn_reader_block {
    int64_t bad;   /* the first row of the batch that the append fails for, or -1 */
    bool failed;   /* the source could not convert it; nothing else is known */
    uint32_t wide; /* PTN_WIDE_… of narrow columns that a value did not fit into */
    int64_t rejected, rounded;
    int64_t last_s; /* as patron_history.last_s */
    int64_t fresh[PTN_TEXTS];
    int32_t top;           /* no customer of its lines has a higher number */
    ptn_currency currency; /* that its lines name, where none was asked for */
    int64_t currency_row;  /* the first of the batch that does, or -1 */
} ptn_reader_block;

typedef struct ptn_reader {
    const ptn_kernels *kernels;
    patron_history *history; /* with room in its columns */
    const patron_orders *orders;
    const ptn_batch_source *source; /* or NULL: rows are those of `orders` */
    int64_t first;                  /* the batch's first row, in messages */
    int64_t from, count;            /* rows of the batch in this chunk */
    int64_t base;                   /* the line that the first of them would be */
    /* Room for a chunk: */
    uint8_t *verdicts;           /* 0: a line; else see ptn_verdict_… */
    ptn_fresh *fresh[PTN_TEXTS]; /* block b's begin at b x PTN_READER_BLOCK; NULL: the column is not given */
    ptn_reader_block *blocks;
    ptn_reader_failure *failures; /* of each worker */
    const ptn_memo *memos;        /* of each worker, PTN_READER_MEMOS: products, categories, channels */
    ptn_intern_range *ranges;     /* of each worker, of customers */
} ptn_reader;

/* A verdict: the field and reason a row is rejected for, and the fate. */
enum { PTN_VERDICT_NO_CUSTOMER = 0x80 };

static inline uint8_t ptn_verdict(int32_t field, int32_t reason)
{
    return (uint8_t)(1 + field * PATRON_REASON_COUNT + reason);
}

static inline int32_t ptn_verdict_field(uint8_t verdict)
{
    return ((verdict & ~PTN_VERDICT_NO_CUSTOMER) - 1) / PATRON_REASON_COUNT;
}

static inline int32_t ptn_verdict_reason(uint8_t verdict)
{
    return ((verdict & ~PTN_VERDICT_NO_CUSTOMER) - 1) % PATRON_REASON_COUNT;
}

/* The task for ptn_team_run, over blocks of ptn_reader. */
void ptn_reader_read(void *rows, int64_t block, int32_t worker);

/* Where a row of the batch is: in the caller's orders; or in its block made again, by the calling thread, good until
   another is. *at is its place there. */
patron_status ptn_reader_orders(patron_orders *orders, int64_t *at, const ptn_reader *rows, int64_t row,
                                patron_error *error);

/* Says what is wrong with a block's bad row. */
patron_status ptn_reader_explain(const ptn_reader *rows, int64_t row, patron_error *error);

/* A column of texts of a block's rows, for the calling thread; *first is the place of the block's first row in it. */
patron_status ptn_reader_texts(patron_text *texts, int64_t *first, const ptn_reader *rows, int32_t text, int64_t block,
                               patron_error *error);

#endif
