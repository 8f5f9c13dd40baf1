/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle_features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool same(const char *a, const char *b) { return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0; }

static int64_t day_of(int64_t time_s, const oracle_options *options)
{
    return (int64_t)floorl((long double)(time_s + options->utc_offset_s) / 86400.0L);
}

static bool equal_lines(const oracle_line *a, const oracle_line *b)
{
    return same(a->customer, b->customer) && same(a->order, b->order) && same(a->product, b->product) &&
           same(a->category, b->category) && same(a->channel, b->channel) && a->time_s == b->time_s &&
           a->amount == b->amount && a->discount == b->discount && a->quantity == b->quantity &&
           a->flagged == b->flagged;
}

/* The fate of line i; `late` counts too. */
static uint8_t fate_of(const oracle_line *lines, int64_t i, const oracle_options *options, int64_t as_of_s)
{
    const oracle_line *l = &lines[i];
    if (l->unreadable) return PATRON_FATE_UNREADABLE;
    if (l->customer == NULL) return PATRON_FATE_NO_CUSTOMER;
    if (l->time_s > as_of_s) return PATRON_FATE_AFTER_AS_OF;
    if (options->window_days > 0 && as_of_s < INT64_MAX &&
        (double)l->time_s <= (double)as_of_s - 86400.0 * (double)options->window_days)
        return PATRON_FATE_BEFORE_WINDOW;
    if (options->ignored != NULL && same(l->product, options->ignored)) return PATRON_FATE_IGNORED_PRODUCT;
    for (int64_t j = 0; options->drop_duplicates && j < i; j++)
        if (!lines[j].unreadable && lines[j].customer != NULL && equal_lines(&lines[j], l))
            return PATRON_FATE_DUPLICATE;
    if (l->amount == 0 && !options->keep_zero) return PATRON_FATE_ZERO_AMOUNT;
    if (l->quantity < 0 || l->flagged || l->amount < 0) return PATRON_FATE_RETURN;
    return PATRON_FATE_PURCHASE;
}

typedef struct view {
    const oracle_line *lines;
    const uint8_t *fates;
    int64_t count;
    const oracle_options *options;
    int64_t as_of_s;
} view;

static bool bought(const view *v, int64_t i, const char *customer)
{
    return v->fates[i] == PATRON_FATE_PURCHASE && same(v->lines[i].customer, customer);
}

/* Whether a purchase line without order id at or after `from_s` and before `to_s` leads on by at most the gap: so on
   until `to_s` itself is reached. */
static bool gap_leads(const view *v, const char *customer, int64_t from_s, int64_t to_s)
{
    while (to_s - from_s > v->options->order_gap_s) {
        int64_t next_s = from_s;
        for (int64_t i = 0; i < v->count; i++) {
            int64_t time_s = v->lines[i].time_s;
            if (bought(v, i, customer) && v->lines[i].order == NULL && time_s - from_s <= v->options->order_gap_s &&
                time_s > next_s)
                next_s = time_s;
        }
        if (next_s == from_s) return false;
        from_s = next_s;
    }
    return true;
}

/* Two purchase lines of one customer in one order. */
static bool same_order(const view *v, const oracle_line *a, const oracle_line *b)
{
    if (!same(a->customer, b->customer) || !same(a->order, b->order)) return false;
    if (a->order != NULL) return true;
    if (v->options->order_gap_s == 0) return day_of(a->time_s, v->options) == day_of(b->time_s, v->options);
    return a->time_s < b->time_s ? gap_leads(v, a->customer, a->time_s, b->time_s)
                                 : gap_leads(v, a->customer, b->time_s, a->time_s);
}

static bool makes_order(const view *v, int64_t i)
{
    return v->lines[i].quantity > 0 && (v->lines[i].amount > 0 || v->options->keep_zero);
}

/* Each order is seen at its first line that makes it one; times_s has room for all of them. */
static void count_orders(oracle_customer *c, const view *v, int64_t *times_s)
{
    for (int64_t i = 0; i < v->count; i++) {
        bool known = false;
        if (!bought(v, i, c->id) || !makes_order(v, i)) continue;
        for (int64_t j = 0; j < i; j++)
            known = known || (bought(v, j, c->id) && makes_order(v, j) && same_order(v, &v->lines[j], &v->lines[i]));
        if (known) continue;
        int64_t time_s = v->lines[i].time_s;
        for (int64_t j = 0; j < v->count; j++)
            if (bought(v, j, c->id) && same_order(v, &v->lines[j], &v->lines[i]) && v->lines[j].time_s > time_s)
                time_s = v->lines[j].time_s;
        times_s[c->orders++] = time_s;
    }
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool is_weekend(int64_t time_s, const oracle_options *options)
{
    time_t local = (time_t)(time_s + options->utc_offset_s);
    struct tm parts;
    if (gmtime_r(&local, &parts) == NULL) abort();
    return parts.tm_wday == 0 || parts.tm_wday == 6;
}

static struct tm local_time(int64_t time_s, const oracle_options *options)
{
    time_t local = (time_t)(time_s + options->utc_offset_s);
    struct tm parts;
    if (gmtime_r(&local, &parts) == NULL) abort();
    return parts;
}

/* cohort_month, and the text of first_category. */
static void describe_beginning(oracle_customer *c, const view *v)
{
    int64_t first_s = INT64_MAX, category_s = INT64_MAX;
    for (int64_t i = 0; i < v->count; i++) {
        const oracle_line *l = &v->lines[i];
        if (!bought(v, i, c->id)) continue;
        if (l->time_s < first_s) first_s = l->time_s;
        if (l->category == NULL || l->time_s > category_s) continue;
        if (l->time_s < category_s || strcmp(l->category, c->first_category) < 0) c->first_category = l->category;
        category_s = l->time_s;
    }
    struct tm first = local_time(first_s, v->options);
    c->features[36] = 100.0 * (first.tm_year + 1900) + first.tm_mon + 1;
}

/* days_since_previous_order, order_trend, evening_share. */
static void describe_times(oracle_customer *c, const view *v, const int64_t *times_s)
{
    int64_t n = c->orders;
    double late = 0, evening = 0, middle_s = ((double)times_s[0] + (double)v->as_of_s) / 2;
    for (int64_t i = 0; i < n; i++) {
        late += (double)times_s[i] > middle_s;
        evening += local_time(times_s[i], v->options).tm_hour >= 18;
    }
    c->features[26] = n < 2 ? (double)NAN : (double)(times_s[n - 1] - times_s[n - 2]) / 86400.0;
    c->features[27] = n < 2 ? (double)NAN : (late - ((double)n - late)) / (double)n;
    c->features[29] = evening / (double)n;
}

/* best_quarter_share, largest_order_share. An order is told by its first line. */
static void describe_parts(oracle_customer *c, const view *v)
{
    double quarters[4] = {0}, best = 0, largest = 0;
    for (int64_t i = 0; i < v->count; i++) {
        double order = 0;
        bool is_order = false;
        if (!bought(v, i, c->id)) continue;
        quarters[local_time(v->lines[i].time_s, v->options).tm_mon / 3] += (double)v->lines[i].amount;
        for (int64_t j = 0; j < v->count; j++) {
            if (!bought(v, j, c->id) || !same_order(v, &v->lines[i], &v->lines[j])) continue;
            order += (double)v->lines[j].amount;
            is_order = is_order || makes_order(v, j);
        }
        if (is_order && order > largest) largest = order;
    }
    for (int q = 0; q < 4; q++) best = quarters[q] > best ? quarters[q] : best;
    c->features[28] = c->orders < 2 || c->gross == 0 ? (double)NAN : best / (double)c->gross;
    c->features[32] = c->gross == 0 ? (double)NAN : largest / (double)c->gross;
}

/* days_between_mean … recent_orders, weekend_share, overdue_ratio. */
static void describe_rhythm(oracle_customer *c, const view *v, const int64_t *times_s)
{
    double *f = c->features, *gaps = calloc((size_t)c->orders, sizeof *gaps);
    int64_t n = c->orders - 1, recent = 0, weekend = 0;
    if (gaps == NULL) abort();
    double mean = 0, square = 0, days_ago = (double)(v->as_of_s - times_s[n]) / 86400.0;
    for (int64_t i = 0; i <= n; i++) {
        recent += v->as_of_s - times_s[i] < v->options->recent_days * 86400;
        weekend += is_weekend(times_s[i], v->options);
        if (i == 0) continue;
        gaps[i - 1] = (double)(times_s[i] - times_s[i - 1]) / 86400.0;
        mean += gaps[i - 1] / (double)n;
    }
    for (int64_t i = 0; i < n; i++) square += (gaps[i] - mean) * (gaps[i] - mean) / (double)n;
    qsort(gaps, (size_t)n, sizeof *gaps, by_double);
    f[12] = n < 1 ? (double)NAN : mean;
    f[13] = n < 1 ? (double)NAN : n % 2 == 1 ? gaps[n / 2] : (gaps[n / 2 - 1] + gaps[n / 2]) / 2;
    f[14] = n < 2 || mean == 0 ? (double)NAN : sqrt(square) / mean;
    f[15] = (double)recent;
    f[24] = (double)weekend / (double)(n + 1);
    f[25] = n < 1 || mean == 0 ? (double)NAN : days_ago / mean;
    free(gaps);
}

/* The channel of the order that line i is the first of; NULL where it is not, or the order none, or has none. */
static const char *channel_of(const view *v, int64_t i, const char *customer)
{
    const char *channel = NULL;
    bool is_order = false;
    if (!bought(v, i, customer)) return NULL;
    for (int64_t j = 0; j < v->count; j++) {
        if (!bought(v, j, customer) || !same_order(v, &v->lines[i], &v->lines[j])) continue;
        if (j < i) return NULL;
        is_order = is_order || makes_order(v, j);
        const char *its = v->lines[j].channel;
        if (its != NULL && (channel == NULL || strcmp(its, channel) < 0)) channel = its;
    }
    return is_order ? channel : NULL;
}

/* top_channel_share, channel_entropy. */
static void describe_channels(oracle_customer *c, const view *v)
{
    double orders = 0, top = 0, entropy = 0;
    for (int64_t i = 0; i < v->count; i++) orders += channel_of(v, i, c->id) != NULL;
    for (int64_t i = 0; i < v->count; i++) {
        const char *channel = channel_of(v, i, c->id);
        double share = 0;
        bool first = channel != NULL;
        for (int64_t j = 0; j < v->count && channel != NULL; j++) {
            bool equal = channel_of(v, j, c->id) != NULL && same(channel_of(v, j, c->id), channel);
            share += equal ? 1 / orders : 0;
            if (equal && j < i) first = false;
        }
        if (first) entropy -= share * log(share);
        if (share > top) top = share;
    }
    c->features[33] = orders == 0 ? (double)NAN : top;
    c->features[34] = orders == 0 ? (double)NAN : entropy;
}

/* Whether line i tells a price of its category. */
static bool is_priced(const view *v, int64_t i)
{
    return v->fates[i] == PATRON_FATE_PURCHASE && v->lines[i].category != NULL && v->lines[i].quantity > 0;
}

/* price_level. */
static void describe_prices(oracle_customer *c, const view *v)
{
    double paid = 0, cost = 0;
    for (int64_t i = 0; i < v->count; i++) {
        double money = 0, units = 0;
        if (!is_priced(v, i) || !same(v->lines[i].customer, c->id)) continue;
        for (int64_t j = 0; j < v->count; j++) {
            if (!is_priced(v, j) || !same(v->lines[i].category, v->lines[j].category)) continue;
            money += (double)v->lines[j].amount;
            units += v->lines[j].quantity;
        }
        paid += (double)v->lines[i].amount;
        cost += v->lines[i].quantity * money / units;
    }
    c->features[35] = cost == 0 ? (double)NAN : paid / cost;
}

/* Line i's category, or its product. */
static const char *text_of(const view *v, int64_t i, bool category)
{
    return category ? v->lines[i].category : v->lines[i].product;
}

static bool is_first_of_its_text(const view *v, int64_t i, const char *customer, bool category)
{
    for (int64_t j = 0; j < i; j++)
        if (bought(v, j, customer) && same(text_of(v, j, category), text_of(v, i, category))) return false;
    return bought(v, i, customer) && text_of(v, i, category) != NULL;
}

/* distinct_products, category_count, category_entropy, top_category_share. */
static void describe_range(oracle_customer *c, const view *v)
{
    int64_t products = 0, categories = 0, named = 0;
    double spent = 0, entropy = 0, top = 0;
    for (int64_t i = 0; i < v->count; i++) {
        products += is_first_of_its_text(v, i, c->id, false);
        named += bought(v, i, c->id) && v->lines[i].product != NULL;
        categories += is_first_of_its_text(v, i, c->id, true);
        if (bought(v, i, c->id) && v->lines[i].category != NULL) spent += (double)v->lines[i].amount;
    }
    for (int64_t i = 0; i < v->count; i++) {
        double share = 0;
        if (!is_first_of_its_text(v, i, c->id, true)) continue;
        for (int64_t j = 0; j < v->count; j++)
            if (bought(v, j, c->id) && same(v->lines[j].category, v->lines[i].category))
                share += (double)v->lines[j].amount / spent;
        if (share > 0) entropy -= share * log(share);
        if (share > top) top = share;
    }
    c->features[17] = products == 0 ? (double)NAN : (double)products;
    c->features[30] = named == 0 ? (double)NAN : 1.0 - (double)products / (double)named;
    c->features[18] = categories == 0 ? (double)NAN : (double)categories;
    c->features[19] = spent == 0 ? (double)NAN : entropy;
    c->features[20] = spent == 0 ? (double)NAN : top;
}

/* A line dropped as a duplicate may have told its twin's discount. */
static bool discount_is_known(const view *v, int64_t i)
{
    bool known = !v->lines[i].no_discount_column;
    for (int64_t j = 0; j < v->count && v->options->drop_duplicates; j++)
        known = known ||
                (!v->lines[j].unreadable && !v->lines[j].no_discount_column && equal_lines(&v->lines[i], &v->lines[j]));
    return known;
}

/* items_per_order, discount_share, return_rate, return_value_share. */
static void describe_lines(oracle_customer *c, const view *v)
{
    double items = 0, purchases = 0, returns = 0, value = 0, known = 0, reduced = 0, less = 0, list = 0;
    for (int64_t i = 0; i < v->count; i++) {
        const oracle_line *l = &v->lines[i];
        if (v->fates[i] == PATRON_FATE_RETURN && same(l->customer, c->id) && (l->quantity < 0 || l->flagged)) {
            returns++;
            value += fabs((double)l->amount) / 1e4;
        }
        if (!bought(v, i, c->id)) continue;
        purchases++;
        items += l->quantity;
        known += discount_is_known(v, i);
        reduced += discount_is_known(v, i) && l->discount != 0;
        less += discount_is_known(v, i) ? fabs((double)l->discount) : 0;
        list += discount_is_known(v, i) ? fabs((double)l->discount) + (double)l->amount : 0;
    }
    c->features[16] = items / (double)c->orders;
    c->features[21] = known == 0 ? (double)NAN : reduced / known;
    c->features[31] = list == 0 ? (double)NAN : less / list;
    c->features[22] = returns / (returns + purchases);
    c->features[23] = c->gross == 0 ? (double)NAN : value / ((double)c->gross / 1e4);
}

static void describe(oracle_customer *c, const view *v)
{
    int64_t first_day = INT64_MAX, last_day = INT64_MIN, days = 0, repeat = 0;
    int64_t *times_s = calloc((size_t)v->count + 1, sizeof *times_s);
    if (times_s == NULL) abort();
    count_orders(c, v, times_s);
    if (c->orders == 0) {
        free(times_s);
        return;
    }
    qsort(times_s, (size_t)c->orders, sizeof *times_s, by_number);
    int64_t first_s = times_s[0], last_s = times_s[c->orders - 1];
    for (int64_t i = 0; i < v->count; i++) {
        int64_t day = day_of(v->lines[i].time_s, v->options);
        bool seen = false;
        if (!bought(v, i, c->id)) continue;
        for (int64_t j = 0; j < i; j++)
            seen = seen || (bought(v, j, c->id) && day_of(v->lines[j].time_s, v->options) == day);
        if (!seen) days++;
        if (day < first_day) first_day = day;
        if (day > last_day) last_day = day;
    }
    for (int64_t i = 0; i < v->count; i++) {
        int64_t amount = v->lines[i].amount;
        bool later = day_of(v->lines[i].time_s, v->options) > first_day;
        if (!same(v->lines[i].customer, c->id)) continue;
        if (v->fates[i] == PATRON_FATE_PURCHASE) {
            c->gross += amount;
            if (later) repeat += amount;
            if (later) c->recurring += amount;
        } else if (v->fates[i] == PATRON_FATE_RETURN) {
            c->returns += llabs(amount);
            if (later) c->recurring -= llabs(amount);
        }
    }
    const double features[] = {floor((double)(v->as_of_s - last_s) / 86400.0),
                               floor((double)(v->as_of_s - first_s) / 86400.0),
                               (double)c->orders,
                               (double)c->gross / 1e4,
                               (double)c->returns / 1e4,
                               (double)(c->gross - c->returns) / 1e4,
                               (double)c->recurring / 1e4,
                               (double)c->gross / 1e4 / (double)c->orders,
                               (double)(days - 1),
                               (double)(last_day - first_day),
                               (double)(day_of(v->as_of_s, v->options) - first_day),
                               days == 1 ? (double)NAN : (double)repeat / 1e4 / (double)(days - 1)};
    memcpy(c->features, features, sizeof features);
    describe_rhythm(c, v, times_s);
    describe_times(c, v, times_s);
    describe_parts(c, v);
    describe_lines(c, v);
    describe_range(c, v);
    describe_channels(c, v);
    describe_prices(c, v);
    describe_beginning(c, v);
    free(times_s);
}

/* Whether of two lines of one customer, instant, product and size a stands after b. */
static bool stands_after(const view *v, int64_t a, int64_t b)
{
    const oracle_line *x = &v->lines[a], *y = &v->lines[b];
    if (x->time_s != y->time_s) return x->time_s > y->time_s;
    if (x->amount != y->amount) return x->amount > y->amount;
    if (x->discount != y->discount) return x->discount > y->discount;
    int marks = 4 * x->flagged + discount_is_known(v, a) - 4 * y->flagged - discount_is_known(v, b);
    if (marks != 0) return marks > 0;
    int sign = strcmp(x->order == NULL ? "" : x->order, y->order == NULL ? "" : y->order);
    if (sign == 0) sign = strcmp(x->category == NULL ? "" : x->category, y->category == NULL ? "" : y->category);
    if (sign == 0) sign = strcmp(x->channel == NULL ? "" : x->channel, y->channel == NULL ? "" : y->channel);
    return sign != 0 ? sign > 0 : a > b;
}

/* The earliest cancellation that was not looked at yet, and the latest purchase it can cancel; until there is none. */
static void match_cancellations(const view *v, uint8_t *fates)
{
    bool *seen = calloc((size_t)v->count + 1, sizeof *seen);
    if (seen == NULL) abort();
    for (;;) {
        int64_t next = -1, found = -1;
        for (int64_t i = 0; i < v->count; i++)
            if (!seen[i] && fates[i] == PATRON_FATE_RETURN && v->lines[i].quantity < 0 && v->lines[i].product != NULL &&
                (next < 0 || !stands_after(v, i, next)))
                next = i;
        if (next < 0) break;
        seen[next] = true;
        const oracle_line *l = &v->lines[next];
        for (int64_t i = 0; i < v->count; i++)
            if (fates[i] == PATRON_FATE_PURCHASE && same(v->lines[i].customer, l->customer) &&
                same(v->lines[i].product, l->product) && v->lines[i].quantity == -l->quantity &&
                v->lines[i].time_s <= l->time_s && (found < 0 || stands_after(v, i, found)))
                found = i;
        if (found < 0) continue;
        fates[found] = PATRON_FATE_CANCELLED;
        fates[next] = PATRON_FATE_CANCELLATION;
    }
    free(seen);
}

/* first_category: how many different ones come before it. */
static void number_categories(oracle_result *result)
{
    for (int64_t i = 0; i < result->rows; i++) {
        const char *own = result->customers[i].first_category;
        double before = 0;
        for (int64_t j = 0; j < result->rows && own != NULL; j++) {
            const char *other = result->customers[j].first_category;
            bool counted = other == NULL;
            for (int64_t k = 0; k < j; k++) counted = counted || same(result->customers[k].first_category, other);
            before += !counted && strcmp(other, own) < 0;
        }
        result->customers[i].features[37] = own == NULL ? (double)NAN : before;
    }
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const oracle_customer *)a)->id, ((const oracle_customer *)b)->id);
}

static int64_t last_kept(const oracle_line *lines, int64_t count, const oracle_options *options)
{
    int64_t last = INT64_MIN;
    for (int64_t i = 0; i < count; i++) {
        uint8_t fate = fate_of(lines, i, options, INT64_MAX);
        if ((fate == PATRON_FATE_RETURN || fate == PATRON_FATE_PURCHASE) && lines[i].time_s > last)
            last = lines[i].time_s;
    }
    return last;
}

void oracle_build(oracle_result *result, const oracle_line *lines, int64_t count, const oracle_options *options)
{
    memset(result, 0, sizeof *result);
    result->fates = calloc((size_t)count + 1, 1);
    result->customers = calloc((size_t)count + 1, sizeof *result->customers);
    if (result->fates == NULL || result->customers == NULL) abort();
    patron_audit *audit = &result->audit;
    int64_t as_of_s = options->as_of_s == PATRON_AS_OF_LAST ? last_kept(lines, count, options) : options->as_of_s;
    audit->as_of_s = as_of_s == INT64_MIN ? 0 : as_of_s;
    if (as_of_s == INT64_MIN) as_of_s = INT64_MAX;
    audit->rows_read = count;
    view v = {lines, result->fates, count, options, as_of_s};
    for (int64_t i = 0; i < count; i++) result->fates[i] = fate_of(lines, i, options, as_of_s);
    if (options->match_cancellations) match_cancellations(&v, result->fates);
    for (int64_t i = 0; i < count; i++) {
        uint8_t fate = result->fates[i];
        audit->fates[fate]++;
        if (fate != PATRON_FATE_RETURN && fate != PATRON_FATE_PURCHASE) continue;
        if (audit->rows_kept == 0 || lines[i].time_s < audit->first_s) audit->first_s = lines[i].time_s;
        if (audit->rows_kept == 0 || lines[i].time_s > audit->last_s) audit->last_s = lines[i].time_s;
        audit->rows_kept++;
        audit->adjustments += fate == PATRON_FATE_RETURN && lines[i].quantity >= 0 && !lines[i].flagged;
    }
    for (int64_t i = 0; i < count; i++) {
        bool seen = lines[i].unreadable || lines[i].customer == NULL;
        for (int64_t j = 0; j < i; j++)
            seen = seen || (!lines[j].unreadable && same(lines[i].customer, lines[j].customer));
        if (seen) continue;
        oracle_customer c = {.id = lines[i].customer};
        audit->customers++;
        describe(&c, &v);
        if (c.orders == 0) {
            audit->customers_without_order++;
            continue;
        }
        audit->orders += c.orders;
        audit->gross += c.gross;
        audit->returns += c.returns;
        audit->customers_with_order++;
        if (c.orders >= options->min_orders)
            result->customers[result->rows++] = c;
        else
            audit->customers_below_min_orders++;
    }
    audit->net = audit->gross - audit->returns;
    number_categories(result);
    qsort(result->customers, (size_t)result->rows, sizeof *result->customers, by_id);
}

void oracle_free(oracle_result *result)
{
    free(result->fates);
    free(result->customers);
    memset(result, 0, sizeof *result);
}
