/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rows want of a table of texts: keys and hashes first, for many rows, then slots asked for, then the numbers. So
   their lines of cache come at the same time, and while something else is done. */
#ifndef PTN_HISTORY_WANTS_H
#define PTN_HISTORY_WANTS_H

#include <patron/history.h>

#include "history/intern.h"
#include "kernels/kernels.h"

/* Rows looked up together. */
enum { PTN_WANTS = 128 };

/* A column of texts or numbers as given. */
typedef struct ptn_ids {
    const patron_text *text;
    int64_t end;             /* of the bytes of its rows */
    const int64_t *numbers;  /* or NULL: texts */
    const uint8_t *validity; /* of the numbers */
    ptn_intern *intern;
} ptn_ids;

/* Lines of one order tend to follow each other, so neighbours that want the same want it once. */
typedef struct ptn_wants {
    uint64_t bits[PTN_WANTS], hashes[PTN_WANTS]; /* of each text wanted, as ptn_wanted_text */
    uint8_t kinds[PTN_WANTS];
    int32_t numbers[PTN_WANTS];      /* of the texts, or PTN_INTERN_… */
    int32_t count, asked;            /* of the texts; slots of the first ones were asked for */
    uint8_t of[PTN_WANTS];           /* which of the texts each row wants */
    const uint8_t *bytes[PTN_WANTS]; /* of texts, not of numbers */
    int64_t lengths[PTN_WANTS];
} ptn_wants;

/* The length of each of the rows' texts where all are there and have the same, 1 to PTN_MEMO_BYTES, and from the first
   byte of any eight can be read; else 0. */
int64_t ptn_wants_length(const ptn_ids *ids, int64_t from, int32_t rows);

/* Which texts rows from … from + rows - 1 want; with `hashed` also those of short keys are for a table. */
void ptn_wants_read(ptn_wants *wants, const ptn_ids *ids, int64_t from, int32_t rows, bool hashed,
                    const ptn_kernels *kernels);

static inline ptn_wanted_text ptn_wants_text(const ptn_wants *w, int32_t t)
{
    bool has_bytes = w->kinds[t] == PTN_KEY_LONG;
    return (ptn_wanted_text){w->bits[t], w->hashes[t], has_bytes ? w->bytes[t] : NULL, has_bytes ? w->lengths[t] : 0,
                             w->kinds[t]};
}

/* Asks for the slots of the next texts, so many at most: a core waits where it has asked for more than a few. */
static inline void ptn_wants_ask(ptn_wants *wants, const ptn_intern *intern, int32_t most)
{
    int32_t end = wants->asked + most < wants->count ? wants->asked + most : wants->count;
    for (; wants->asked < end; wants->asked++)
        ptn_intern_fetch(intern, wants->kinds[wants->asked], wants->bits[wants->asked], wants->hashes[wants->asked]);
}

#endif
