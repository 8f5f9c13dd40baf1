/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The passes over one customer's entries that see how it buys. Entries are only read; what must be sorted is written as
   numbers of 64 bits into memory that the worker has for it. */
#include "history/habits.h"

#include <math.h>
#include <string.h>

#include "base/exact.h"
#include "base/math.h"
#include "history/history.h"
#include "history/prices.h"

__extension__ typedef unsigned __int128 uint128;

/* 18:00, in seconds of the day. */
enum { EVENING_S = 64800 };

static bool by_number(const uint64_t *a, const uint64_t *b, const void *none)
{
    (void)none;
    return *a < *b;
}

#define SORT_NAME    sort_numbers
#define SORT_TYPE    uint64_t
#define SORT_CONTEXT void
#define SORT_LESS    by_number
#include "base/sort_template.h"

static void see_lines(ptn_habits *h, const ptn_entry *entries, int64_t count, const ptn_detail *details)
{
    uint128 items = 0, reduced = 0, full = 0;
    for (int64_t i = 0; i < count; i++) {
        const ptn_entry *e = &entries[i];
        if (e->kind == PTN_KIND_RETURN) {
            h->return_lines++;
            h->return_value += e->amount < 0 ? -e->amount : e->amount;
        }
        if (!ptn_entry_bought(e)) continue;
        h->purchase_lines++;
        items += ptn_in_steps(details[e->at].quantity);
        if ((e->marks & PTN_MARK_DISCOUNT) == 0) continue;
        h->discount_lines++;
        h->discounted_lines += details[e->at].discount > 0;
        reduced += (uint64_t)details[e->at].discount;
        full += (uint64_t)details[e->at].discount + (uint128)e->amount;
    }
    h->items = (double)items * 0x1p-52;
    h->discount_depth = full > 0 ? (double)reduced / (double)full : (double)NAN;
}

/* Entries come by time; of the categories of one instant the one whose bytes come first. */
static void see_first(ptn_habits *h, const ptn_entry *entries, int64_t count, const ptn_detail *details,
                      const patron_history *history)
{
    int64_t first_s = 0;
    h->first_category = -1;
    for (int64_t i = 0; i < count; i++) {
        const ptn_entry *e = &entries[i];
        int32_t category = ptn_entry_bought(e) ? details[e->at].category : -1;
        if (h->first_category >= 0 && e->time_s > first_s) return;
        if (category < 0 || category == h->first_category) continue;
        if (h->first_category < 0 || ptn_intern_compare(&history->categories, category, h->first_category) < 0)
            h->first_category = category;
        first_s = e->time_s;
    }
}

/* The calendar quarter, 0 … 3, of a day counted from 1970-01-01, in the Gregorian calendar carried back. Years begin in
   March here, so that a leap day is their last, and five months have 153 days (as in Hinnant's date algorithms, 2013).
 */
static int32_t quarter_of(int64_t day)
{
    int64_t cycle = (day + 719468) % 146097; /* days since a 1 March of a year that 400 divides */
    if (cycle < 0) cycle += 146097;
    int64_t year = (cycle - cycle / 1460 + cycle / 36524 - cycle / 146096) / 365;
    int64_t of_year = cycle - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153; /* 0 is March */
    return (int32_t)((month + 2) % 12 / 3);
}

/* By time, so that each day is looked up once. */
static void see_seasons(ptn_habits *h, const ptn_entry *entries, int64_t count, int64_t utc_offset_s)
{
    int64_t spent[4] = {0}, known = INT64_MIN;
    int32_t quarter = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!ptn_entry_bought(&entries[i])) continue;
        int64_t day = ptn_local_day(entries[i].time_s, utc_offset_s);
        if (day != known) quarter = quarter_of(day);
        known = day;
        spent[quarter] += entries[i].amount;
    }
    for (int32_t q = 0; q < 4; q++)
        if (spent[q] > h->best_quarter) h->best_quarter = spent[q];
}

/* Orders come by time. With gaps g between n + 1 of them, S their sum and Q that of their squares:
   sd / mean = sqrt(Q / n - (S / n)^2) / (S / n) = sqrt(n Q - S^2) / S, exact up to the root. Q <= S^2 <= 2^96. */
static void see_rhythm(ptn_habits *h, uint64_t *gaps_s, const ptn_entry *entries, int64_t count, int64_t utc_offset_s,
                       const ptn_question *q)
{
    int64_t orders = 0, first_s = 0, previous_s = 0, sum_s = 0;
    uint128 squares = 0;
    for (int64_t i = 0; i < count; i++) {
        if ((entries[i].marks & PTN_MARK_CLOSES) == 0) continue;
        int64_t time_s = entries[i].time_s, day = ptn_local_day(time_s, utc_offset_s), weekday = (day % 7 + 7) % 7;
        if (orders == 0) first_s = time_s;
        h->recent_orders += (q->as_of_s - time_s) / 86400 < q->recent_days;
        h->weekend_orders += weekday == 2 || weekday == 3; /* day 0 was a Thursday */
        h->evening_orders += time_s + utc_offset_s - day * 86400 >= EVENING_S;
        h->late_orders += time_s - first_s > q->as_of_s - time_s;
        if (orders > 0) {
            int64_t gap_s = time_s - previous_s;
            h->last_gap_s = gap_s;
            gaps_s[orders - 1] = (uint64_t)gap_s;
            sum_s += gap_s;
            squares += (uint128)gap_s * (uint128)gap_s;
        }
        previous_s = time_s;
        orders++;
    }
    int64_t gaps = orders - 1;
    h->gap_variation = (double)NAN;
    if (gaps < 1) return;
    sort_numbers(gaps_s, gaps, NULL);
    h->twice_median_gap_s = (int64_t)(gaps_s[(gaps - 1) / 2] + gaps_s[gaps / 2]);
    if (gaps < 2 || sum_s == 0) return;
    uint128 spread = (uint128)gaps * squares - (uint128)sum_s * (uint128)sum_s;
    h->gap_variation = sqrt((double)spread) / (double)sum_s;
}

/* For each purchase line that has a text in this column: the text's number above, the entry's place below, sorted;
   returns how many. Which text is which number decides their order, and nothing else. */
static int64_t sort_texts(uint64_t *texts, const ptn_entry *entries, int64_t count, const ptn_detail *details,
                          bool category)
{
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        const ptn_detail *d = &details[entries[i].at];
        int32_t text = category ? d->category : d->product;
        if (text >= 0 && ptn_entry_bought(&entries[i])) texts[found++] = (uint64_t)text << 32 | (uint64_t)i;
    }
    sort_numbers(texts, found, NULL);
    return found;
}

static void see_products(ptn_habits *h, uint64_t *texts, const ptn_entry *entries, int64_t count,
                         const ptn_detail *details)
{
    h->product_lines = sort_texts(texts, entries, count, details, false);
    for (int64_t i = 0; i < h->product_lines; i++) h->products += i == 0 || texts[i] >> 32 != texts[i - 1] >> 32;
}

/* Of parts g that make up G = total > 0: entropy = sum of p ln(1 / p) = sum of p log1p((G - g) / g), p = g / G: terms
   >= 0, so that nothing cancels, and exactly 0 for one part. They are added by rising g. And the largest share. */
static void see_shares(double *entropy, double *top, uint64_t *parts, int64_t count, int64_t total)
{
    ptn_dd sum = {0.0, 0.0};
    sort_numbers(parts, count, NULL);
    for (int64_t i = 0; i < count; i++) {
        double part = (double)(int64_t)parts[i];
        if (part > 0.0) ptn_sum_add(&sum, part / (double)total * ptn_log1p((double)(total - (int64_t)parts[i]) / part));
    }
    *entropy = ptn_sum_value(sum);
    *top = (double)(int64_t)parts[count - 1] / (double)total;
}

static void see_categories(ptn_habits *h, uint64_t *texts, const ptn_entry *entries, int64_t count,
                           const ptn_detail *details)
{
    int64_t found = sort_texts(texts, entries, count, details, true), total = 0, groups = 0;
    uint64_t before = 0;
    /* The sums take the texts' place, behind which they stay. */
    for (int64_t i = 0; i < found; i++) {
        uint64_t text = texts[i] >> 32;
        int64_t amount = entries[texts[i] & UINT32_MAX].amount;
        bool starts = i == 0 || text != before;
        total += amount;
        before = text;
        if (starts)
            texts[groups++] = (uint64_t)amount;
        else
            texts[groups - 1] += (uint64_t)amount;
    }
    h->categories = groups;
    h->category_entropy = h->top_category_share = (double)NAN;
    if (total == 0) return;
    see_shares(&h->category_entropy, &h->top_category_share, texts, groups, total);
}

/* Quantities are summed up exactly for each category; what they would have cost is added by rising cost. */
static void see_prices(ptn_habits *h, uint64_t *texts, const ptn_entry *entries, int64_t count,
                       const ptn_detail *details, const double *prices)
{
    int64_t found = sort_texts(texts, entries, count, details, true), paid = 0, groups = 0;
    ptn_uint128 quantity = 0;
    ptn_dd cost = {0.0, 0.0};
    h->price_level = (double)NAN;
    if (prices == NULL) return;
    for (int64_t i = 0; i < found; i++) {
        uint64_t category = texts[i] >> 32;
        const ptn_entry *e = &entries[texts[i] & UINT32_MAX];
        if (e->kind == PTN_KIND_ORDER) {
            quantity += ptn_in_steps(details[e->at].quantity);
            paid += e->amount;
        }
        if (i + 1 < found && texts[i + 1] >> 32 == category) continue;
        double at_price = quantity > 0 ? (double)quantity * 0x1p-52 * prices[category] : 0.0;
        memcpy(&texts[groups++], &at_price, sizeof at_price);
        quantity = 0;
    }
    sort_numbers(texts, groups, NULL); /* the bits of numbers >= 0 are in their order */
    for (int64_t i = 0; i < groups; i++) {
        double at_price;
        memcpy(&at_price, &texts[i], sizeof at_price);
        ptn_sum_add(&cost, at_price);
    }
    if (ptn_sum_value(cost) > 0.0) h->price_level = (double)paid / ptn_sum_value(cost);
}

void ptn_habits_see_channels(ptn_habits *h, uint64_t *numbers, const ptn_entry *entries, int64_t count,
                             const ptn_detail *details, const patron_history *history)
{
    int64_t orders = 0, groups = 0;
    int32_t channel = -1;
    bool is_order = false;
    for (int64_t i = 0; i < count; i++) {
        const ptn_entry *e = &entries[i];
        int32_t its = ptn_entry_bought(e) ? details[e->at].channel : -1;
        /* The one whose bytes come first: channels are numbered as they came. */
        if (its >= 0 && its != channel && (channel < 0 || ptn_intern_compare(&history->channels, its, channel) < 0))
            channel = its;
        is_order |= e->kind == PTN_KIND_ORDER;
        if (i + 1 < count && ptn_entry_same_order(e, &entries[i + 1])) continue;
        if (is_order && channel >= 0) numbers[orders++] = (uint64_t)channel;
        channel = -1;
        is_order = false;
    }
    h->channel_entropy = h->top_channel_share = (double)NAN;
    if (orders == 0) return;
    sort_numbers(numbers, orders, NULL);
    /* The counts take the channels' place. */
    for (int64_t i = 0, from = 0; i < orders; i++) {
        if (i + 1 < orders && numbers[i + 1] == numbers[i]) continue;
        numbers[groups++] = (uint64_t)(i + 1 - from);
        from = i + 1;
    }
    see_shares(&h->channel_entropy, &h->top_channel_share, numbers, groups, orders);
}

void ptn_habits_see(ptn_habits *habits, uint64_t *numbers, const ptn_entry *entries, int64_t count,
                    const ptn_detail *details, const patron_history *history, const ptn_question *question)
{
    int64_t offset_s = history->options.utc_offset_s;
    if ((question->habits & PTN_HABIT_FIRST) != 0) see_first(habits, entries, count, details, history);
    if ((question->habits & PTN_HABIT_LINES) != 0) see_lines(habits, entries, count, details);
    if ((question->habits & PTN_HABIT_SEASONS) != 0) see_seasons(habits, entries, count, offset_s);
    if ((question->habits & PTN_HABIT_RHYTHM) != 0) see_rhythm(habits, numbers, entries, count, offset_s, question);
    if ((question->habits & PTN_HABIT_PRODUCTS) != 0) see_products(habits, numbers, entries, count, details);
    if ((question->habits & PTN_HABIT_CATEGORIES) != 0) see_categories(habits, numbers, entries, count, details);
    if ((question->habits & PTN_HABIT_PRICES) != 0)
        see_prices(habits, numbers, entries, count, details, question->prices);
}
