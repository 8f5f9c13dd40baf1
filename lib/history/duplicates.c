/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes lines of one customer duplicates. */
#include "history/duplicates.h"

#define COMPARE(a, b) ((a) < (b) ? -1 : (a) > (b))

/* -1, 0, 1 by everything that makes lines of one customer duplicates. */
static int compare_lines(const ptn_entry *a, const ptn_entry *b, const ptn_detail *details)
{
    const ptn_detail *m = &details[a->at], *n = &details[b->at];
    int sign = COMPARE(a->order_kind, b->order_kind);
    if (sign == 0) sign = COMPARE(a->order, b->order);
    if (sign == 0) sign = COMPARE(a->time_s, b->time_s);
    if (sign == 0) sign = COMPARE(a->amount, b->amount);
    if (sign == 0) sign = COMPARE(m->quantity, n->quantity);
    if (sign == 0) sign = COMPARE(a->marks & PTN_MARK_RETURN, b->marks & PTN_MARK_RETURN);
    if (sign == 0) sign = COMPARE(m->product, n->product);
    if (sign == 0) sign = COMPARE(m->category, n->category);
    if (sign == 0) sign = COMPARE(m->channel, n->channel);
    if (sign == 0) sign = COMPARE(m->discount, n->discount);
    return sign;
}

/* Of equal lines the one appended first comes first: details are in the log's order. */
static bool by_everything(const ptn_entry *a, const ptn_entry *b, const ptn_detail *details)
{
    int sign = compare_lines(a, b, details);
    return sign != 0 ? sign < 0 : a->at < b->at;
}

#define SORT_NAME    sort_by_everything
#define SORT_TYPE    ptn_entry
#define SORT_CONTEXT ptn_detail
#define SORT_LESS    by_everything
#include "base/sort_template.h"

void ptn_duplicates_sort(ptn_entry *entries, int64_t count, const ptn_detail *details)
{
    sort_by_everything(entries, count, details);
}

bool ptn_duplicates_are(const ptn_entry *a, const ptn_entry *b, const ptn_detail *details)
{
    return compare_lines(a, b, details) == 0;
}
