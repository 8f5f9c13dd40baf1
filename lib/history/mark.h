/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A way back: how long everything in a history was, so that appends after it can be undone. */
#ifndef PTN_HISTORY_MARK_H
#define PTN_HISTORY_MARK_H

#include "history/history.h"

enum { PTN_MARK_INTERNS = 5 };

typedef struct ptn_mark {
    int64_t lines, rejected;
    bool there[PTN_HISTORY_COLUMNS];
    int64_t texts[PTN_MARK_INTERNS];
    int64_t unreadable, no_customer, amounts_rounded, last_s;
    ptn_currency currency;
} ptn_mark;

ptn_mark ptn_mark_take(patron_history *history);

/* The history is as it was at the mark, if nothing but appends came after it. Texts and order ids that came since are
   overwritten. Cannot fail. */
void ptn_mark_return(patron_history *history, const ptn_mark *mark);

#endif
