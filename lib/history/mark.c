/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marking a history, and going back. */
#include "history/mark.h"

ptn_mark ptn_mark_take(patron_history *h)
{
    const ptn_intern *interns[PTN_MARK_INTERNS] = {&h->customers, &h->orders, &h->products, &h->categories,
                                                   &h->channels};
    ptn_column columns[PTN_HISTORY_COLUMNS];
    ptn_mark mark = {.lines = ptn_history_lines(h),
                     .rejected = h->rejected.count,
                     .unreadable = h->unreadable,
                     .no_customer = h->no_customer,
                     .amounts_rounded = h->amounts_rounded,
                     .last_s = h->last_s,
                     .currency = h->currency};
    ptn_history_columns(columns, h);
    for (int i = 0; i < PTN_HISTORY_COLUMNS; i++) mark.there[i] = columns[i].array->items != NULL;
    for (int i = 0; i < PTN_MARK_INTERNS; i++) mark.texts[i] = ptn_intern_count(interns[i]);
    return mark;
}

void ptn_mark_return(patron_history *h, const ptn_mark *mark)
{
    ptn_intern *interns[PTN_MARK_INTERNS] = {&h->customers, &h->orders, &h->products, &h->categories, &h->channels};
    ptn_column columns[PTN_HISTORY_COLUMNS];
    ptn_history_columns(columns, h);
    for (int i = 0; i < PTN_HISTORY_COLUMNS; i++) {
        ptn_array *array = columns[i].array;
        if (array->items == NULL) continue;
        array->count = mark->lines;
        ptn_history_wipe_rest(h, &columns[i]);
        if (!mark->there[i]) ptn_array_free(array, &h->memory);
    }
    for (int i = 0; i < PTN_MARK_INTERNS; i++) ptn_intern_truncate(interns[i], mark->texts[i]);
    h->rejected.count = mark->rejected;
    h->unreadable = mark->unreadable;
    h->no_customer = mark->no_customer;
    h->amounts_rounded = mark->amounts_rounded;
    h->last_s = mark->last_s;
    h->currency = mark->currency;
}
