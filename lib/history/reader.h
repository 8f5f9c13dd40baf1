/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading rows of a batch into the columns, by several threads: a chunk of rows at a time, in blocks.

       rows ─► verdict (a line, or why not), numbers ─► columns, behind the lines so far
            └► texts: known ─► their number            in the column
                      new   ─► a list of the block, for the calling thread to intern

   While blocks are read, the tables of texts stand still. Rows that are no lines leave a gap in the columns, for the
   calling thread to close. */
#ifndef PTN_HISTORY_READER_H
#define PTN_HISTORY_READER_H

#include "history/history.h"

enum { PTN_READER_BLOCK = 8192, PTN_READER_CHUNK = 1 << 18 };

/* The columns of texts. */
enum { PTN_TEXT_CUSTOMER, PTN_TEXT_ORDER, PTN_TEXT_PRODUCT, PTN_TEXT_CATEGORY, PTN_TEXT_CHANNEL, PTN_TEXTS };

/* A text that had no number when its block was read. */
typedef struct ptn_fresh {
    uint64_t bits, hash; /* as ptn_wanted_text */
    int32_t row;         /* of the chunk */
    uint32_t kind;
} ptn_fresh;

/* What a block found. */
typedef struct ptn_reader_block {
    int64_t bad; /* the first row of the batch that the append fails for, or -1 */
    int64_t rejected, rounded;
    int64_t last_s; /* as patron_history.last_s */
    int64_t fresh[PTN_TEXTS];
    ptn_currency currency; /* that its lines name, where none was asked for */
    int64_t currency_row;  /* the first of the batch that does, or -1 */
} ptn_reader_block;

typedef struct ptn_reader {
    patron_history *history; /* with room in its columns */
    const patron_orders *orders;
    int64_t from, count; /* rows of the batch in this chunk */
    int64_t base;        /* the line that the first of them would be */
    /* Room for a chunk: */
    uint8_t *verdicts;           /* 0: a line; else see ptn_verdict_… */
    ptn_fresh *fresh[PTN_TEXTS]; /* block b's begin at b x PTN_READER_BLOCK; NULL: the column is not given */
    ptn_reader_block *blocks;
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

/* Says what is wrong with a block's bad row. */
patron_status ptn_reader_explain(const ptn_reader *rows, int64_t row, patron_error *error);

/* The bytes of a row's text in one of the columns; false where there is none. */
bool ptn_reader_text(const uint8_t **bytes, int64_t *length, const patron_orders *orders, int32_t text, int64_t row);

#endif
