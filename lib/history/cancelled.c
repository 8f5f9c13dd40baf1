/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each cancellation cancels the latest purchase before it that is not cancelled yet. Among lines of one product and one
   quantity (but for its sign), by time, purchases go onto a stack and a cancellation takes the topmost:

       time       1  2  3  4  5  6
       line       +  +  -  -  -  +      pairs: (2, 3) and (1, 4); 5 finds none, 6 comes too late

   Lines of one instant are ordered by what they say, purchases before cancellations, so that the pairs depend on the
   set of lines only; where they say the same, by when they were appended, which makes no difference to what is built.
 */
#include "history/cancelled.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"
/* What the order of lines is read from. */
typedef struct source {
    const ptn_detail *details;
    const int64_t *lines;
    const patron_history *history;
} source;

#define COMPARE(a, b) ((a) < (b) ? -1 : (a) > (b))

/* The text of a line's order id; 0 bytes where it has none. */
static int64_t order_text(const uint8_t **bytes, uint8_t text[PTN_KEY_TEXT], const patron_history *h, int64_t line)
{
    uint32_t kind = ptn_stamp_order(((const int64_t *)h->stamp.items)[line]);
    *bytes = text;
    if (kind == PTN_KEY_NONE) return 0;
    uint64_t bits = ptn_line_order(h, line);
    return kind == PTN_KEY_LONG ? ptn_intern_get(bytes, text, &h->orders, (int32_t)bits)
                                : ptn_key_text(text, kind, bits);
}

/* Lines of one instant, product, quantity and kind, by all else that they say. */
static int compare_equals(const ptn_entry *a, const ptn_entry *b, const source *s)
{
    const ptn_detail *m = &s->details[a->at], *n = &s->details[b->at];
    uint8_t a_text[PTN_KEY_TEXT], b_text[PTN_KEY_TEXT];
    const uint8_t *a_bytes, *b_bytes;
    int sign = COMPARE(a->amount, b->amount);
    if (sign == 0) sign = COMPARE(m->discount, n->discount);
    if (sign == 0) sign = COMPARE(a->marks, b->marks);
    if (sign != 0) return sign;
    int64_t a_length = order_text(&a_bytes, a_text, s->history, s->lines[a->at]);
    int64_t b_length = order_text(&b_bytes, b_text, s->history, s->lines[b->at]);
    sign = ptn_compare_texts(a_bytes, a_length, b_bytes, b_length);
    if (sign == 0) sign = ptn_intern_compare(&s->history->categories, m->category, n->category);
    return sign != 0 ? sign : ptn_intern_compare(&s->history->channels, m->channel, n->channel);
}

static bool is_cancellation(const ptn_entry *e, const source *s)
{
    return e->kind == PTN_KIND_RETURN && s->details[e->at].quantity < 0.0;
}

/* Lines without a product are in no pair. */
static bool may_pair(const ptn_entry *e, const source *s)
{
    return s->details[e->at].product >= 0 && (ptn_entry_bought(e) || is_cancellation(e, s));
}

/* Those that may pair first, then by product, quantity, time, purchases before cancellations. */
static bool in_pairing_order(const ptn_entry *a, const ptn_entry *b, const source *s)
{
    const ptn_detail *m = &s->details[a->at], *n = &s->details[b->at];
    int sign = COMPARE(!may_pair(a, s), !may_pair(b, s));
    if (sign == 0) sign = COMPARE(m->product, n->product);
    if (sign == 0) sign = COMPARE(fabs(m->quantity), fabs(n->quantity));
    if (sign == 0) sign = COMPARE(a->time_s, b->time_s);
    if (sign == 0) sign = COMPARE(is_cancellation(a, s), is_cancellation(b, s));
    if (sign == 0 && may_pair(a, s)) sign = compare_equals(a, b, s);
    return sign != 0 ? sign < 0 : a->at < b->at;
}

#define SORT_NAME    sort_to_pair
#define SORT_TYPE    ptn_entry
#define SORT_CONTEXT source
#define SORT_LESS    in_pairing_order
#include "base/sort_template.h"

void ptn_cancel(ptn_entry *entries, int64_t count, const ptn_detail *details, const int64_t *lines, uint64_t *numbers,
                const patron_history *history)
{
    const source s = {details, lines, history};
    int64_t cancellations = 0, open = 0;
    for (int64_t i = 0; i < count; i++) cancellations += may_pair(&entries[i], &s) && is_cancellation(&entries[i], &s);
    if (cancellations == 0) return;
    sort_to_pair(entries, count, &s);
    const ptn_detail *before = NULL;
    for (int64_t i = 0; i < count && may_pair(&entries[i], &s); i++) {
        const ptn_detail *d = &details[entries[i].at];
        if (before == NULL || d->product != before->product || fabs(d->quantity) != fabs(before->quantity)) open = 0;
        before = d;
        if (!is_cancellation(&entries[i], &s)) {
            numbers[open++] = (uint64_t)i;
        } else if (open > 0) {
            entries[numbers[--open]].kind = PTN_KIND_CANCELLED;
            entries[i].kind = PTN_KIND_CANCELLATION;
        }
    }
}
