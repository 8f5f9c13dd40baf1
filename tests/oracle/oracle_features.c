/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle_features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same(const char *a, const char *b) { return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0; }

static int64_t day_of(int64_t time_s, const oracle_options *options)
{
    return (int64_t)floorl((long double)(time_s + options->utc_offset_s) / 86400.0L);
}

static bool equal_lines(const oracle_line *a, const oracle_line *b)
{
    return same(a->customer, b->customer) && same(a->order, b->order) && same(a->product, b->product) &&
           same(a->category, b->category) && a->time_s == b->time_s && a->amount == b->amount &&
           a->discount == b->discount && a->quantity == b->quantity && a->flagged == b->flagged;
}

/* The fate of line i; `late` counts too. */
static uint8_t fate_of(const oracle_line *lines, int64_t i, const oracle_options *options, int64_t as_of_s)
{
    const oracle_line *l = &lines[i];
    if (l->unreadable) return PATRON_FATE_UNREADABLE;
    if (l->customer == NULL) return PATRON_FATE_NO_CUSTOMER;
    if (l->time_s > as_of_s) return PATRON_FATE_AFTER_AS_OF;
    for (int64_t j = 0; options->drop_duplicates && j < i; j++)
        if (!lines[j].unreadable && lines[j].customer != NULL && equal_lines(&lines[j], l))
            return PATRON_FATE_DUPLICATE;
    if (l->amount == 0 && !options->keep_zero) return PATRON_FATE_ZERO_AMOUNT;
    if (l->quantity < 0 || l->flagged || l->amount < 0) return PATRON_FATE_RETURN;
    return PATRON_FATE_PURCHASE;
}

/* Two lines of one customer in one order. */
static bool same_order(const oracle_line *a, const oracle_line *b, const oracle_options *options)
{
    if (!same(a->customer, b->customer) || !same(a->order, b->order)) return false;
    return a->order != NULL || day_of(a->time_s, options) == day_of(b->time_s, options);
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

static bool makes_order(const view *v, int64_t i)
{
    return v->lines[i].quantity > 0 && (v->lines[i].amount > 0 || v->options->keep_zero);
}

/* Each order is seen at its first line that makes it one. */
static void count_orders(oracle_customer *c, const view *v, int64_t *first_s, int64_t *last_s)
{
    for (int64_t i = 0; i < v->count; i++) {
        bool known = false;
        if (!bought(v, i, c->id) || !makes_order(v, i)) continue;
        for (int64_t j = 0; j < i; j++)
            known = known ||
                    (bought(v, j, c->id) && makes_order(v, j) && same_order(&v->lines[j], &v->lines[i], v->options));
        if (known) continue;
        int64_t time_s = v->lines[i].time_s;
        for (int64_t j = 0; j < v->count; j++)
            if (bought(v, j, c->id) && same_order(&v->lines[j], &v->lines[i], v->options) &&
                v->lines[j].time_s > time_s)
                time_s = v->lines[j].time_s;
        if (c->orders == 0 || time_s < *first_s) *first_s = time_s;
        if (c->orders == 0 || time_s > *last_s) *last_s = time_s;
        c->orders++;
    }
}

static void describe(oracle_customer *c, const view *v)
{
    int64_t first_s = 0, last_s = 0, first_day = INT64_MAX, last_day = INT64_MIN, days = 0, repeat = 0;
    count_orders(c, v, &first_s, &last_s);
    if (c->orders == 0) return;
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
    const double features[ORACLE_FEATURES] = {floor((double)(v->as_of_s - last_s) / 86400.0),
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
    for (int64_t i = 0; i < count; i++) {
        uint8_t fate = result->fates[i] = fate_of(lines, i, options, as_of_s);
        audit->fates[fate]++;
        if (fate != PATRON_FATE_RETURN && fate != PATRON_FATE_PURCHASE) continue;
        if (audit->rows_kept == 0 || lines[i].time_s < audit->first_s) audit->first_s = lines[i].time_s;
        if (audit->rows_kept == 0 || lines[i].time_s > audit->last_s) audit->last_s = lines[i].time_s;
        audit->rows_kept++;
        audit->adjustments += fate == PATRON_FATE_RETURN && lines[i].quantity >= 0 && !lines[i].flagged;
    }
    view v = {lines, result->fates, count, options, as_of_s};
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
        result->customers[audit->customers_with_order++] = c;
    }
    audit->net = audit->gross - audit->returns;
    qsort(result->customers, (size_t)audit->customers_with_order, sizeof *result->customers, by_id);
}

void oracle_free(oracle_result *result)
{
    free(result->fates);
    free(result->customers);
    memset(result, 0, sizeof *result);
}
