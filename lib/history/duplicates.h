/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of one customer that say the same. */
#ifndef PTN_HISTORY_DUPLICATES_H
#define PTN_HISTORY_DUPLICATES_H

#include "history/entries.h"

/* Duplicates come to lie together, the one appended first before the others. Order ids come together, too. */
void ptn_duplicates_sort(ptn_entry *entries, int64_t count, const ptn_detail *details);

/* Whether two entries are of lines that say the same. */
bool ptn_duplicates_are(const ptn_entry *a, const ptn_entry *b, const ptn_detail *details);

#endif
