/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marking a history, and going back. */
#include "history/mark.h"

/* Everything whose length grows with appends. */
typedef struct parts {
    ptn_array *arrays[PTN_MARK_ARRAYS];
    ptn_intern *interns[PTN_MARK_INTERNS];
} parts;

static parts parts_of(patron_history *h)
{
    return (parts){{&h->rows, &h->customer, &h->order, &h->time_s, &h->quantity, &h->amount, &h->flagged, &h->product,
                    &h->category, &h->discount, &h->rejected},
                   {&h->customers, &h->orders, &h->products, &h->categories}};
}

ptn_mark ptn_mark_take(patron_history *history)
{
    parts p = parts_of(history);
    ptn_mark mark = {.unreadable = history->unreadable,
                     .no_customer = history->no_customer,
                     .amounts_rounded = history->amounts_rounded};
    for (int i = 0; i < PTN_MARK_ARRAYS; i++) mark.counts[i] = p.arrays[i]->items == NULL ? -1 : p.arrays[i]->count;
    for (int i = 0; i < PTN_MARK_INTERNS; i++) mark.texts[i] = ptn_intern_count(p.interns[i]);
    return mark;
}

void ptn_mark_return(patron_history *history, const ptn_mark *mark)
{
    parts p = parts_of(history);
    for (int i = 0; i < PTN_MARK_ARRAYS; i++) {
        if (mark->counts[i] < 0)
            ptn_array_free(p.arrays[i], &history->memory);
        else
            p.arrays[i]->count = mark->counts[i];
    }
    for (int i = 0; i < PTN_MARK_INTERNS; i++) ptn_intern_truncate(p.interns[i], mark->texts[i]);
    history->unreadable = mark->unreadable;
    history->no_customer = mark->no_customer;
    history->amounts_rounded = mark->amounts_rounded;
}
