/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A step of a block: the rows that are read together, on their way from the orders to the columns. */
#ifndef PTN_HISTORY_STEP_H
#define PTN_HISTORY_STEP_H

#include "history/reader.h"
#include "history/wants.h"

/* Rows of one step: from `row` of the orders, to go to the columns from `at`. */
typedef struct ptn_step {
    const ptn_reader *rows;
    const patron_orders *orders;
    const uint8_t *rounded; /* of the orders' rows, or NULL */
    ptn_reader_block *block;
    ptn_fresh *fresh[PTN_TEXTS]; /* where the block's next goes, less what it has */
    int64_t row, at;
    int32_t count;
    bool fine; /* no row is rejected so far */
    uint8_t *verdicts;
    bool everyone;                  /* each row has a customer */
    uint8_t order_flags[PTN_WANTS]; /* of its stamp: the kind of its order's key */
    ptn_wants *customers;           /* of the step: one of the block's two */
    ptn_wants *ahead;               /* of the step after: the other one, or NULL */
    const ptn_intern *asked;        /* the table of both */
    ptn_intern_range *range;        /* of numbers for new ones */
    ptn_wants *wants;
} ptn_step;

/* Slots asked for between the parts of a step. */
enum { PTN_ASKED = 9 };

/* A part of a step is done: while memory is not needed for it, some of what the next one needs is asked for. */
static inline void ptn_step_ask(const ptn_step *s)
{
    if (s->ahead != NULL) ptn_wants_ask(s->ahead, s->asked, PTN_ASKED);
}

/* Stores the orders' keys. */
void ptn_step_put_orders(const ptn_step *step, const uint64_t *orders);

/* Checks the rows' numbers and stores them; the first row that fails the append, or -1. */
int32_t ptn_step_store(const ptn_step *step);

#endif
