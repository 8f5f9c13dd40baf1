/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A way back: how long everything in a history was, so that appends after it can be undone. */
#ifndef PTN_HISTORY_MARK_H
#define PTN_HISTORY_MARK_H

#include "history/history.h"

enum { PTN_MARK_ARRAYS = 11, PTN_MARK_INTERNS = 4 };

typedef struct ptn_mark {
    int64_t counts[PTN_MARK_ARRAYS]; /* -1: not there */
    int64_t texts[PTN_MARK_INTERNS];
    int64_t unreadable, no_customer, amounts_rounded;
} ptn_mark;

ptn_mark ptn_mark_take(patron_history *history);

/* The history is as it was at the mark, if nothing but appends came after it. Texts that came since are overwritten.
   Cannot fail. */
void ptn_mark_return(patron_history *history, const ptn_mark *mark);

#endif
