/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cancellations and the purchases they cancel, paired within one customer. */
#ifndef PTN_HISTORY_CANCELLED_H
#define PTN_HISTORY_CANCELLED_H

#include "history/entries.h"
#include "history/history.h"

/* Makes the entries of each pair PTN_KIND_CANCELLED and PTN_KIND_CANCELLATION, and sorts the entries anew. `lines` says
   which line of the log each detail is of; `numbers` is room for as many as entries. Allocates nothing. */
void ptn_cancel(ptn_entry *entries, int64_t count, const ptn_detail *details, const int64_t *lines, uint64_t *numbers,
                const patron_history *history);

#endif
