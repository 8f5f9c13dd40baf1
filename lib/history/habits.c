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

/* 18:00, in seconds of the day. More weeks than any day is before 1970. Numbers that are compared with one another
 * rather than sorted. */
enum { EVENING_S = 64800, WEEKS = 1000000, FEW_NUMBERS = 32 };

#define INLINE static inline __attribute__((always_inline))

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

static inline double wide_value(uint128 value) { return value >> 64 == 0 ? (double)(uint64_t)value : (double)value; }

/* What is known of lines: of the two, one is NULL, as a constant where it matters. */
typedef struct known_lines {
    const ptn_detail *details;
    const ptn_brief *briefs;
    const ptn_brief_form *form;
} known_lines;

/* Of line `l` of the entry. */
INLINE int32_t category_of(known_lines k, const ptn_entry *e, int64_t l)
{
    return k.briefs == NULL ? k.details[e->at].category : ptn_brief_category(&k.briefs[e->at + l], k.form);
}

INLINE int32_t channel_of(known_lines k, const ptn_entry *e, int64_t l)
{
    return k.briefs == NULL ? k.details[e->at].channel : ptn_brief_channel(&k.briefs[e->at + l], k.form);
}

/* Entries come by time; of the categories of one instant the one whose bytes come first. */
static void see_first(ptn_habits *h, const ptn_entry *entries, int64_t count, known_lines lines,
                      const patron_history *history)
{
    int64_t first_s = 0;
    h->first_category = -1;
    for (int64_t i = 0; i < count; i++) {
        const ptn_entry *e = &entries[i];
        if (!ptn_entry_bought(e)) continue;
        if (h->first_category >= 0 && e->time_s > first_s) return;
        for (int64_t l = 0; l <= e->more; l++) {
            int32_t category = category_of(lines, e, l);
            if (category < 0 || category == h->first_category) continue;
            if (h->first_category < 0 || ptn_intern_compare(&history->categories, category, h->first_category) < 0)
                h->first_category = category;
            first_s = e->time_s;
        }
    }
}

/* The sum of the middle two, or twice the middle one; of few numbers by how many are below each, without branches that
   nobody can foresee. Numbers are below 2^63. */
static int64_t twice_median(uint64_t *numbers, int64_t count)
{
    int64_t low = (count - 1) / 2, high = count / 2, at_low = 0, at_high = 0;
    int32_t few[FEW_NUMBERS];
    uint64_t bits = 0;
    if (count <= 2) return (int64_t)(numbers[low] + numbers[high]);
    for (int64_t i = 0; i < count; i++) bits |= numbers[i];
    if (count > FEW_NUMBERS || bits >= INT32_MAX) {
        sort_numbers(numbers, count, NULL);
        return (int64_t)(numbers[low] + numbers[high]);
    }
    int64_t padded = (count + 3) / 4 * 4;
    for (int64_t i = 0; i < padded; i++) few[i] = i < count ? (int32_t)numbers[i] : INT32_MAX;
    for (int64_t i = 0; i < count; i++) {
        int32_t number = few[i], below[4] = {0}, until[4] = {0};
        for (int64_t k = 0; k < padded; k += 4)
            for (int l = 0; l < 4; l++) {
                below[l] += few[k + l] < number;
                until[l] += few[k + l] <= number;
            }
        int64_t before = below[0] + below[1] + below[2] + below[3], to = until[0] + until[1] + until[2] + until[3];
        at_low = before <= low && low < to ? number : at_low;
        at_high = before <= high && high < to ? number : at_high;
    }
    return at_low + at_high;
}

/* Orders come by time. With gaps g between n + 1 of them, S their sum and Q that of their squares:
   sd / mean = sqrt(Q / n - (S / n)^2) / (S / n) = sqrt(n Q - S^2) / S, exact up to the root. Q <= S^2 <= 2^96. */
static void see_rhythm(ptn_habits *h, const ptn_habit_bench *b, const ptn_entry *entries, const uint32_t *closing,
                       int64_t orders, int64_t utc_offset_s, const ptn_question *q)
{
    uint64_t *gaps_s = b->numbers;
    int64_t first_s = entries[closing[0]].time_s, previous_s = first_s, sum_s = 0;
    int64_t recent_s = q->recent_days < INT64_MAX / 86400 ? q->recent_days * 86400 : INT64_MAX;
    uint32_t recent = 0, weekend = 0, evening = 0, late = 0;
    uint128 squares = 0;
    for (int64_t i = 0; i < orders; i++) {
        int64_t time_s = entries[closing[i]].time_s, day = ptn_local_day(time_s, utc_offset_s);
        int64_t gap_s = time_s - previous_s, since_s = q->as_of_s - time_s; /* >= 0 */
        recent += since_s < recent_s;
        weekend += (uint64_t)(day + WEEKS * 7 - 2) % 7 < 2; /* day 0 was a Thursday */
        evening += time_s + utc_offset_s - day * 86400 >= EVENING_S;
        late += time_s - first_s > since_s;
        gaps_s[i] = (uint64_t)gap_s; /* the first is none */
        sum_s += gap_s;
        squares += (uint128)gap_s * (uint128)gap_s;
        previous_s = time_s;
    }
    h->recent_orders = recent;
    h->weekend_orders = weekend;
    h->evening_orders = evening;
    h->late_orders = late;
    int64_t gaps = orders - 1;
    h->gap_variation = (double)NAN;
    h->last_gap_s = h->twice_median_gap_s = 0;
    if (gaps < 1) return;
    h->last_gap_s = (int64_t)gaps_s[gaps];
    h->twice_median_gap_s = twice_median(gaps_s + 1, gaps);
    if (gaps < 2 || sum_s == 0) return;
    uint128 spread = (uint128)gaps * squares - (uint128)sum_s * (uint128)sum_s;
    h->gap_variation = sqrt(wide_value(spread)) / (double)sum_s;
}

static double entropy_term(int64_t part, int64_t total, double log) { return (double)part / (double)total * log; }

static double term_of(int64_t part, int64_t total)
{
    return entropy_term(part, total, ptn_log1p((double)(total - part) / (double)part));
}

/* With terms in the order of the parts, which decides where another order might be rounded otherwise. */
static double sorted_entropy(uint64_t *parts, int64_t count, int64_t total)
{
    ptn_dd sum = {0.0, 0.0};
    sort_numbers(parts, count, NULL);
    for (int64_t i = 0; i < count; i++) ptn_sum_add(&sum, term_of((int64_t)parts[i], total));
    return ptn_sum_value(sum);
}

void ptn_habits_finish(ptn_habit_bench *b)
{
    int64_t at = 0;
    if (b->sums == 0) return;
    b->kernels->logs(b->logs, b->waiting);
    for (int64_t s = 0; s < b->sums; s++) {
        const ptn_waiting_sum *w = &b->sum[s];
        double least = HUGE_VAL;
        ptn_dd sum = {0.0, 0.0};
        for (int64_t i = at; i < at + w->parts; i++) {
            double term = entropy_term(b->parts[i], w->total, b->logs[i]);
            least = term < least ? term : least;
            ptn_sum_add(&sum, term);
        }
        *w->entropy = ptn_sum_exact(sum, w->parts, least)
                          ? ptn_sum_value(sum)
                          : sorted_entropy((uint64_t *)b->parts + at, w->parts, w->total);
        at += w->parts;
    }
    b->waiting = b->sums = 0;
}

/* Of parts g > 0 that make up G = total: entropy = sum of p ln(1 / p) = sum of p log1p((G - g) / g), p = g / G: terms
   >= 0, so that nothing cancels, and exactly 0 for one part. They are added by rising g, or as if they were. The parts
   wait at the end of what waits, where there is room. */
static void wait_for_entropy(ptn_habit_bench *b, double *entropy, int64_t parts, int64_t total)
{
    *entropy = 0.0;
    if (parts == 1) return;
    for (int64_t i = b->waiting; i < b->waiting + parts; i++)
        b->logs[i] = (double)(total - b->parts[i]) / (double)b->parts[i];
    b->sum[b->sums++] = (ptn_waiting_sum){entropy, parts, total};
    b->waiting += parts;
}

static void make_way(ptn_habit_bench *b, int64_t parts)
{
    if (b->waiting + parts > b->room || b->sums == PTN_WAITING_SUMS) ptn_habits_finish(b);
}

/* What the customer would have paid at categories' prices is added by rising cost, or as if it were. */
static double sorted_costs(uint64_t *costs, int64_t count)
{
    ptn_dd sum = {0.0, 0.0};
    double cost;
    sort_numbers(costs, count, NULL); /* the bits of numbers >= 0 are in their order */
    for (int64_t i = 0; i < count; i++) {
        memcpy(&cost, &costs[i], sizeof cost);
        ptn_sum_add(&sum, cost);
    }
    return ptn_sum_value(sum);
}

/* What is bought of a category. Which category is which number is of no matter. */
static void finish_categories(ptn_habits *h, ptn_habit_bench *b, int64_t groups, const double *prices)
{
    uint64_t *numbers = b->numbers;
    int64_t total = 0, paid = 0, parts = 0, most = 0;
    ptn_dd costs = {0.0, 0.0};
    double least = HUGE_VAL; /* of the costs above 0 */
    h->categories = (uint32_t)groups;
    h->category_entropy = h->top_category_share = h->price_level = (double)NAN;
    make_way(b, groups);
    for (int64_t i = 0; i < groups; i++) {
        uint64_t category = numbers[i];
        ptn_category_sum *s = &b->categories[category];
        double quantity = ptn_quantity_value(&s->quantity),
               cost = prices != NULL && quantity > 0.0 ? quantity * prices[category] : 0.0;
        double above = cost > 0.0 ? cost : HUGE_VAL;
        least = above < least ? above : least;
        ptn_sum_add(&costs, cost);
        memcpy(&numbers[i], &cost, sizeof cost);
        b->parts[b->waiting + parts] = s->amount;
        parts += s->amount > 0;
        total += s->amount;
        paid += s->paid;
        most = s->amount > most ? s->amount : most;
        *s = (ptn_category_sum){{0, 0}, 0, 0, 0};
    }
    if (total > 0) {
        h->top_category_share = (double)most / (double)total;
        wait_for_entropy(b, &h->category_entropy, parts, total);
    }
    double cost = ptn_sum_exact(costs, groups, least) ? ptn_sum_value(costs) : sorted_costs(numbers, groups);
    if (cost > 0.0) h->price_level = (double)paid / cost;
}

/* Lines 0 … count - 1 of the briefs, or the entries' details. */
static void forget_products(uint64_t *seen, int64_t words, const ptn_entry *entries, int64_t count, known_lines lines)
{
    if (words <= 32 * count) {
        memset(seen, 0, (size_t)words * sizeof *seen);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        int32_t product = lines.briefs == NULL ? lines.details[entries[i].at].product
                                               : ptn_brief_product(&lines.briefs[i], lines.form);
        if (product >= 0) seen[product / 64] = 0;
    }
}

/* What is added up of a customer's lines. */
typedef struct line_sums {
    ptn_quantity_sum items;
    uint128 reduced, full;
    int64_t groups; /* categories, their numbers in the bench */
    int64_t return_value;
    uint32_t bought, returned, discounts, discounted, of_products, different;
} line_sums;

INLINE void add_product(line_sums *s, uint64_t *products, int32_t product)
{
    if (products == NULL || product < 0) return;
    uint64_t *word = &products[(uint32_t)product / 64], bit = UINT64_C(1) << (uint32_t)product % 64;
    s->of_products++;
    s->different += (*word & bit) == 0;
    *word |= bit;
}

INLINE ptn_category_sum *category_at(line_sums *s, ptn_habit_bench *b, int32_t category)
{
    ptn_category_sum *its = &b->categories[category];
    b->numbers[s->groups] = (uint64_t)category;
    s->groups += its->lines == 0;
    its->lines++;
    return its;
}

static line_sums add_lines(ptn_habit_bench *b, const ptn_entry *entries, int64_t count, const ptn_detail *details)
{
    line_sums s = {.bought = 0};
    for (int64_t i = 0; i < count; i++) {
        const ptn_entry *e = &entries[i];
        const ptn_detail *d = &details[e->at];
        if (!ptn_entry_bought(e)) {
            if (e->kind != PTN_KIND_RETURN) continue;
            s.returned++;
            s.return_value += e->amount < 0 ? -e->amount : e->amount;
            continue;
        }
        s.bought++;
        ptn_quantity_add(&s.items, d->quantity);
        if ((e->marks & PTN_MARK_DISCOUNT) != 0) {
            s.discounts++;
            s.discounted += d->discount > 0;
            s.reduced += (uint64_t)d->discount;
            s.full += (uint64_t)d->discount + (uint128)e->amount;
        }
        add_product(&s, b->products, d->product);
        if (b->categories == NULL || d->category < 0) continue;
        ptn_category_sum *its = category_at(&s, b, d->category);
        its->amount += e->amount;
        its->paid += e->kind == PTN_KIND_ORDER ? e->amount : 0;
        ptn_quantity_add(&its->quantity, d->quantity);
    }
    return s;
}

/* The same of briefs, all of a customer's: quantities are whole, and fewer than 2^32 narrow numbers add up to less than
   2^64. */
static line_sums add_briefs(ptn_habit_bench *b, const ptn_brief *briefs, int64_t count, const ptn_brief_form *form)
{
    line_sums s = {.bought = 0};
    uint64_t reduced = 0, full = 0;
    for (const ptn_brief *d = briefs, *end = briefs + count; d < end; d++) {
        bool marked = (d->packed & PTN_BRIEF_MARKED) != 0;
        int64_t quantity = ptn_brief_quantity(d);
        uint64_t discount = marked ? (uint64_t)d->discount : 0;
        if ((d->packed & PTN_BRIEF_BOUGHT) == 0) {
            if ((d->packed & PTN_BRIEF_ORDER) != 0) continue; /* an adjustment */
            s.returned++;
            s.return_value += d->amount < 0 ? -(int64_t)d->amount : d->amount;
            continue;
        }
        s.bought++;
        s.discounts += marked;
        s.discounted += discount > 0;
        reduced += discount;
        full += marked ? discount + (uint64_t)d->amount : 0;
        s.items.whole += quantity;
        add_product(&s, b->products, ptn_brief_product(d, form));
        int32_t category = ptn_brief_category(d, form);
        if (b->categories == NULL || category < 0) continue;
        ptn_category_sum *its = category_at(&s, b, category);
        its->amount += d->amount;
        its->paid += (d->packed & PTN_BRIEF_ORDER) != 0 ? d->amount : 0;
        its->quantity.whole += quantity;
    }
    s.reduced = reduced;
    s.full = full;
    return s;
}

/* All that is seen of single lines, in one pass: of the entries, or of as many briefs. */
static void see_lines(ptn_habits *h, ptn_habit_bench *b, const ptn_entry *entries, int64_t count, known_lines lines,
                      const double *prices)
{
    const line_sums s = lines.briefs == NULL ? add_lines(b, entries, count, lines.details)
                                             : add_briefs(b, lines.briefs, count, lines.form);
    h->purchase_lines = s.bought;
    h->return_lines = s.returned;
    h->return_value = s.return_value;
    h->discount_lines = s.discounts;
    h->discounted_lines = s.discounted;
    h->product_lines = s.of_products;
    h->products = s.different;
    h->items = ptn_quantity_value(&s.items);
    h->discount_depth = s.full > 0 ? wide_value(s.reduced) / wide_value(s.full) : (double)NAN;
    if (b->products != NULL) forget_products(b->products, b->product_words, entries, count, lines);
    finish_categories(h, b, s.groups, prices);
}

/* Of so few orders that the terms are known; the channels are those of the bench's numbers. Terms are 0 with one of
   them, else at least 15 / 16 ln(16 / 15), and their sum at most ln 16, so that it is exact in any order. */
static void see_few_channels(ptn_habits *h, ptn_habit_bench *b, int64_t groups, int64_t orders)
{
    int64_t most = 0;
    ptn_dd sum = {0.0, 0.0};
    for (int64_t i = 0; i < groups; i++) {
        int64_t *its = &b->channels[b->numbers[i]], part = *its;
        *its = 0;
        most = part > most ? part : most;
        ptn_sum_add(&sum, b->terms[orders][part]);
    }
    h->top_channel_share = (double)most / (double)orders;
    h->channel_entropy = ptn_sum_value(sum);
}

void ptn_habits_see_channels(ptn_habits *h, ptn_habit_bench *b, const ptn_entry *entries, int64_t count,
                             const ptn_detail *details, const patron_history *history)
{
    const known_lines lines = {details, b->briefs, &b->form};
    int64_t orders = 0, groups = 0, most = 0;
    const ptn_entry *last = NULL;
    int32_t channel = -1;
    bool is_order = false;
    h->channel_entropy = h->top_channel_share = (double)NAN;
    if (b->channels == NULL) return;
    for (int64_t i = 0; i <= count; i++) {
        const ptn_entry *e = i < count ? &entries[i] : NULL;
        if (e != NULL && !ptn_entry_bought(e)) continue;
        if (e == NULL || (last != NULL && !ptn_entry_same_order(last, e))) {
            if (is_order && channel >= 0) {
                b->numbers[groups] = (uint64_t)channel;
                groups += b->channels[channel] == 0;
                b->channels[channel]++;
                orders++;
            }
            if (e == NULL) break;
            channel = -1;
            is_order = false;
        }
        last = e;
        is_order |= e->kind == PTN_KIND_ORDER;
        int64_t more = (e->marks & PTN_MARK_CHANNELS) != 0 ? e->more : 0; /* most runs have one channel */
        for (int64_t l = 0; l <= more; l++) {
            int32_t its = channel_of(lines, e, l);
            /* The one whose bytes come first: channels are numbered as they came. */
            if (its >= 0 && its != channel && (channel < 0 || ptn_intern_compare(&history->channels, its, channel) < 0))
                channel = its;
        }
    }
    if (orders == 0) return;
    if (orders <= PTN_KNOWN_ORDERS) {
        see_few_channels(h, b, groups, orders);
        return;
    }
    make_way(b, groups);
    for (int64_t i = 0; i < groups; i++) {
        int64_t *its = &b->channels[b->numbers[i]];
        b->parts[b->waiting + i] = *its;
        if (*its > most) most = *its;
        *its = 0;
    }
    h->top_channel_share = (double)most / (double)orders;
    wait_for_entropy(b, &h->channel_entropy, groups, orders);
}

/* The lines of entries. */
static int64_t lines_of(const ptn_entry *entries, int64_t count)
{
    int64_t lines = count;
    for (int64_t i = 0; i < count; i++) lines += entries[i].more;
    return lines;
}

void ptn_habits_see(ptn_habits *habits, ptn_habit_bench *bench, const ptn_entry *entries, int64_t count,
                    const uint32_t *closing, int64_t orders, int64_t first_line, const ptn_detail *details,
                    const patron_history *history, const ptn_question *question)
{
    enum { LINES = PTN_HABIT_LINES | PTN_HABIT_PRODUCTS | PTN_HABIT_CATEGORIES | PTN_HABIT_PRICES };
    const known_lines lines = {details, bench->briefs, &bench->form};
    int64_t offset_s = history->options.utc_offset_s;
    if ((question->habits & PTN_HABIT_FIRST) != 0) see_first(habits, entries, count, lines, history);
    if ((question->habits & LINES) != 0 && details != NULL)
        see_lines(habits, bench, entries, count, (known_lines){details, NULL, NULL}, question->prices);
    if ((question->habits & LINES) != 0 && details == NULL)
        see_lines(habits, bench, NULL, lines_of(entries, count),
                  (known_lines){NULL, bench->briefs + first_line, &bench->form}, question->prices);
    if ((question->habits & PTN_HABIT_RHYTHM) != 0)
        see_rhythm(habits, bench, entries, closing, orders, offset_s, question);
}

/* As many briefs of a run as are copied without a look at how many there are. */
enum { AT_ONCE = 4 };

void ptn_habits_settle(ptn_habit_bench *b, ptn_entry *entries, int64_t count, const ptn_brief *briefs,
                       const ptn_brief_form *form)
{
    const uint64_t channels = form->channel_mask << form->channel;
    ptn_brief *to = b->settled;
    for (int64_t i = 0; i < count; i++) {
        ptn_entry *e = &entries[i];
        const ptn_brief *from = &briefs[e->at];
        uint64_t differs = 0, first = from->packed;
        for (uint32_t l = 0; l < AT_ONCE; l++) {
            to[l] = from[l < e->more ? l : e->more];
            differs |= to[l].packed ^ first;
        }
        for (uint32_t l = AT_ONCE; l <= e->more; l++) {
            to[l] = from[l];
            differs |= to[l].packed ^ first;
        }
        e->at = (uint32_t)(to - b->settled);
        e->marks = (differs & channels) != 0 ? PTN_MARK_CHANNELS : 0;
        to += e->more + 1;
    }
    b->briefs = b->settled;
    b->form = *form;
}

patron_status ptn_habit_bench_settle(ptn_habit_bench *b, int64_t lines, ptn_memory *memory, patron_error *error)
{
    const ptn_wanted settled = {&b->settled, lines + AT_ONCE, sizeof *b->settled, "a group's lines"};
    return ptn_allocate_each(&settled, 1, false, memory, error);
}

patron_status ptn_habit_bench_open(ptn_habit_bench *b, const patron_history *h, int32_t habits, int64_t lines,
                                   ptn_memory *memory, patron_error *error)
{
    int64_t categories = h->category.items == NULL ? 0 : ptn_intern_count(&h->categories),
            channels = h->channel.items == NULL ? 0 : ptn_intern_count(&h->channels),
            products = h->product.items == NULL ? 0 : ptn_intern_count(&h->products), most = 0;
    if ((habits & (PTN_HABIT_CATEGORIES | PTN_HABIT_PRICES)) == 0) categories = 0;
    if ((habits & PTN_HABIT_CHANNELS) == 0) channels = 0;
    if ((habits & PTN_HABIT_PRODUCTS) == 0) products = 0;
    if (categories > most) most = categories;
    if (channels > most) most = channels;
    if (most > lines) most = lines;
    b->kernels = ptn_kernels_here();
    for (int64_t all = 1; channels > 0 && all <= PTN_KNOWN_ORDERS; all++)
        for (int64_t part = 1; part <= all; part++) b->terms[all][part] = term_of(part, all);
    b->room = PTN_WAITING_PARTS + most + 1;
    b->product_words = (products + 63) / 64;
    const ptn_wanted zero[] = {{&b->categories, categories, sizeof *b->categories, "categories"},
                               {&b->channels, channels, sizeof *b->channels, "channels"},
                               {&b->products, b->product_words, sizeof *b->products, "products"}},
                     wanted[] = {{&b->numbers, lines + 1, sizeof *b->numbers, "a group's lines"},
                                 {&b->logs, b->room, sizeof *b->logs, "logarithms"},
                                 {&b->parts, b->room, sizeof *b->parts, "logarithms"}};
    const int64_t counts[] = {categories, channels, products};
    patron_status status = PATRON_OK;
    for (size_t i = 0; status == PATRON_OK && i < sizeof zero / sizeof *zero; i++)
        if (counts[i] > 0) status = ptn_allocate_each(&zero[i], 1, true, memory, error);
    if (status != PATRON_OK) return status;
    return ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, memory, error);
}

void ptn_habit_bench_free(ptn_habit_bench *b, const ptn_memory *memory)
{
    ptn_free(memory, b->settled);
    ptn_free(memory, b->parts);
    ptn_free(memory, b->logs);
    ptn_free(memory, b->numbers);
    ptn_free(memory, b->products);
    ptn_free(memory, b->channels);
    ptn_free(memory, b->categories);
}
