/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines gathered as briefs say, to the bit, what lines gathered whole do, up to the last number that a brief holds; and
   each of the log's lines is in its customer's records once, in the log's order. */
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "base/threads.h"
#include "features/features.h"
#include "history/briefs.h"
#include "matrix/matrix.h"
#include "support/order_lines.h"
#include "support/suite.h"

enum { CUSTOMERS = 3000, DIGITS = 6 };

/* How many texts there are of each kind; 0: the column is not given. */
typedef struct numbers {
    int64_t products, categories, channels;
    bool brief; /* they fit */
} numbers;

/* `count` texts of DIGITS digits, each of `of` texts in turn, a few lines of them missing. */
static patron_text texts(int64_t count, int64_t of)
{
    uint8_t *bytes = malloc((size_t)(count * DIGITS));
    int64_t *offsets = malloc((size_t)(count + 1) * sizeof *offsets), at = 0;
    patron_text text = {.bytes = bytes, .offsets = offsets};
    for (int64_t i = 0; i < count; i++) {
        int64_t number = i % of;
        offsets[i] = at;
        if (i >= of && i % 7 == 0) continue;
        for (int d = DIGITS; d-- > 0; number /= 10) bytes[at + d] = (uint8_t)('0' + number % 10);
        at += DIGITS;
    }
    offsets[count] = at;
    return text;
}

static void free_texts(const patron_text *text)
{
    free((void *)(uintptr_t)text->bytes);
    free((void *)(uintptr_t)text->offsets);
}

/* Runs of up to nine lines. The last line is of a customer of its own, without texts; its quantity is not whole where
   `halves`, so that no briefs are made. */
static patron_history *history_of(const numbers *n, bool halves)
{
    int64_t most = n->products > n->categories ? n->products : n->categories;
    if (n->channels > most) most = n->channels;
    int64_t lines = most + 20000, *columns = malloc((size_t)(4 * lines) * sizeof *columns);
    double *quantity = malloc((size_t)lines * sizeof *quantity);
    uint64_t state = 11;
    patron_history *history;
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    patron_text product = texts(lines, n->products > 0 ? n->products : 1),
                category = texts(lines, n->categories > 0 ? n->categories : 1),
                channel = texts(lines, n->channels > 0 ? n->channels : 1);
    for (int64_t i = 0; i < lines; i++) {
        bool again = i > 0 && i % 9 != 0 && test_below(&state, 3) > 0;
        columns[i] = again ? columns[i - 1] : 1 + test_below(&state, CUSTOMERS);
        columns[lines + i] = again ? columns[lines + i - 1] : test_below(&state, 1000 * 86400);
        columns[2 * lines + i] = (test_below(&state, 9) == 0 ? -1 : 1) * test_below(&state, INT32_MAX);
        columns[3 * lines + i] = test_below(&state, 3) == 0 ? test_below(&state, INT32_MAX) : 0;
        quantity[i] = test_below(&state, 20) == 0 ? -(double)test_below(&state, 9) : (double)test_below(&state, 32767);
    }
    columns[lines - 1] = CUSTOMERS + 1;
    ((int64_t *)(uintptr_t)product.offsets)[lines] = product.offsets[lines - 1];
    ((int64_t *)(uintptr_t)category.offsets)[lines] = category.offsets[lines - 1];
    ((int64_t *)(uintptr_t)channel.offsets)[lines] = channel.offsets[lines - 1];
    columns[3 * lines - 1] = 10000;
    quantity[lines - 1] = halves ? 1.5 : 1.0;
    orders.rows = lines;
    orders.customer_number = columns;
    orders.time_s = columns + lines;
    orders.amount = columns + 2 * lines;
    orders.discount = columns + 3 * lines;
    orders.quantity = quantity;
    if (n->products > 0) orders.product = product;
    if (n->categories > 0) orders.category = category;
    if (n->channels > 0) orders.channel = channel;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    free_texts(&product);
    free_texts(&category);
    free_texts(&channel);
    free(quantity);
    free(columns);
    return history;
}

START_TEST(test_briefs_say_what_lines_do)
{
    static const numbers all[] = {
        {0, 0, 0, true},
        {1, 1, 1, true},
        {0, 3, 0, true},
        {7, 0, 4, true},
        {500, 8, 7, true},
        {131071, 16383, 16383, true},  /* 17 + 14 + 14 bits, all that there are */
        {16383, 16383, 131071, true},  /* with the widest numbers at the upper end */
        {131072, 16383, 16383, false}, /* a bit more */
        {131071, 16384, 16383, false},
        {131071, 16383, 16384, false},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        patron_history *histories[2];
        patron_features *features[2];
        for (int halves = 0; halves < 2; halves++) {
            histories[halves] = history_of(&all[i], halves != 0);
            const ptn_grouping grouping = {.history = histories[halves], .details = true};
            ck_assert(ptn_groups_brief(&grouping) == (all[i].brief && halves == 0));
            ck_assert_int_eq(patron_features_build(&features[halves], histories[halves], NULL, NULL, NULL), PATRON_OK);
        }
        const patron_matrix *a = features[0]->matrix, *b = features[1]->matrix;
        ck_assert_int_eq(a->rows, b->rows);
        ck_assert_int_gt(a->rows, CUSTOMERS / 2);
        int64_t other = -1; /* the row of the line that differs */
        for (int64_t r = 0; r < a->rows; r++) {
            if (memcmp(a->values + r * a->cols, b->values + r * b->cols, (size_t)a->cols * sizeof *a->values) == 0)
                continue;
            ck_assert_int_lt(other, 0);
            other = r;
        }
        ck_assert_int_ge(other, 0);
        ck_assert_int_eq(features[0]->id_ends[other + 1] - features[0]->id_ends[other], 4);
        ck_assert_mem_eq(features[0]->id_bytes + features[0]->id_ends[other], "3001", 4);
        for (int halves = 0; halves < 2; halves++) {
            patron_features_free(features[halves]);
            patron_history_free(histories[halves]);
        }
    }
}
END_TEST

/* The lines of each customer that were bought (1) or came back (0), in the log's order; -1: none. */
typedef struct log_lines {
    int64_t *first[2], *next[2];
    bool *aside; /* by customer: has another line */
} log_lines;

static log_lines lines_of(const ptn_grouping *g)
{
    int64_t lines = ptn_history_lines(g->history), customers = ptn_intern_count(&g->history->customers);
    log_lines l = {.aside = calloc((size_t)customers, sizeof *l.aside)};
    for (int bought = 0; bought < 2; bought++) {
        l.first[bought] = malloc((size_t)customers * sizeof **l.first);
        l.next[bought] = malloc((size_t)lines * sizeof **l.next);
        for (int64_t c = 0; c < customers; c++) l.first[bought][c] = -1;
    }
    for (int64_t i = lines; i-- > 0;) {
        int32_t customer = ((const int32_t *)g->history->customer.items)[i];
        uint8_t kind = ptn_groups_kind(g, i);
        int bought = kind >= PTN_KIND_PURCHASE;
        if (kind < PTN_KIND_RETURN) {
            l.aside[customer] = true;
            continue;
        }
        l.next[bought][i] = l.first[bought][customer];
        l.first[bought][customer] = i;
    }
    return l;
}

/* Whether an entry and its briefs are the next lines of its customer. */
static bool has_lines(log_lines *l, const ptn_groups *groups, const ptn_grouping *g, const ptn_entry *e, int64_t c)
{
    const patron_history *h = g->history;
    bool order = false, same = true;
    int64_t sum = 0;
    int bought = ptn_entry_bought(e);
    for (int64_t b = 0; b <= e->more; b++) {
        int64_t line = l->first[bought][c];
        if (line < 0) return false;
        int64_t amount = ptn_line_amount(h, line), stamp = ((const int64_t *)h->stamp.items)[line];
        const ptn_brief *brief = &groups->units[e->at + b].brief;
        l->first[bought][c] = l->next[bought][line];
        /* One assertion for all: each takes sanitizers long. */
        same &= e->time_s == ptn_stamp_time(stamp) && e->order == ptn_groups_order(groups, h, line, stamp) &&
                brief->amount == amount && brief->discount == ptn_line_discount(h, line) &&
                ptn_brief_quantity(brief) == (int64_t)ptn_line_quantity(h, line) &&
                ptn_brief_product(brief, &groups->form) == ptn_line_product(h, line) &&
                ptn_brief_category(brief, &groups->form) == ptn_line_category(h, line) &&
                ptn_brief_channel(brief, &groups->form) == ptn_line_channel(h, line);
        order |= ptn_groups_kind(g, line) == PTN_KIND_ORDER;
        sum += bought || amount >= 0 ? amount : -amount;
    }
    return same && (e->kind == PTN_KIND_ORDER) == order && e->amount == sum && e->marks == 0;
}

static void expect_groups(log_lines *l, const ptn_groups *groups, const ptn_grouping *g, int64_t round)
{
    uint32_t *ends = malloc(sizeof *ends << groups->shift);
    for (int64_t group = groups->ranges[round]; group < groups->ranges[round + 1]; group++) {
        int64_t first = group << groups->shift, most = ptn_briefs_most(groups, group), at = 0, wrong = 0,
                count = groups->customers - first < 1 << groups->shift ? groups->customers - first : 1 << groups->shift;
        ptn_entry *entries = malloc((size_t)(most + 1) * sizeof *entries);
        int64_t records = ptn_briefs_sort(entries, ends, groups, group, count);
        ck_assert_int_le(records, most);
        for (int64_t c = 0; c < count; c++)
            for (; at < ends[c]; at++) wrong += !has_lines(l, groups, g, &entries[at], first + c);
        ck_assert_int_eq(wrong, 0);
        ck_assert_int_eq(at, records);
        free(entries);
    }
    free(ends);
}

START_TEST(test_each_line_is_in_one_record)
{
    static const numbers many = {200000, 8, 7, true};
    static const int64_t bytes[] = {0, 1 << 20};
    patron_history *history = history_of(&many, false);
    for (int i = 0; i < 6; i++) {
        ptn_grouping g = {.history = history, .details = true, .before_s = INT64_MIN, .round_bytes = bytes[i % 2]};
        g.as_of_s = i < 3 ? INT64_C(900) * 86400 : INT64_MAX; /* a tenth of the lines is later; none */
        patron_context options = {.size = sizeof options, .threads = 1 + i / 2};
        ptn_context context;
        ptn_team team;
        ptn_groups groups;
        log_lines l = lines_of(&g);
        ck_assert_int_eq(ptn_context_read(&context, &options, NULL), PATRON_OK);
        ptn_team_open(&team, &context);
        ck_assert_int_eq(ptn_groups_count(&groups, &g, &team, "", 0.0, 0.0, NULL), PATRON_OK);
        ck_assert_int_eq(groups.rounds, i % 2 == 0 ? 1 : PTN_GROUPS_ROUNDS);
        ck_assert_int_gt(groups.blocks, 1);
        for (int64_t round = 0; round < groups.rounds; round++) {
            ck_assert_int_eq(ptn_groups_gather(&groups, &g, round, &team, "", 0.0, 0.0, NULL), PATRON_OK);
            expect_groups(&l, &groups, &g, round);
        }
        for (int64_t c = 0; c < groups.customers; c++) {
            bool all = ptn_groups_saw(&groups, c) == l.aside[c] && l.first[0][c] < 0 && l.first[1][c] < 0;
            if (!all) ck_abort_msg("customer %lld", (long long)c);
        }
        ptn_groups_free(&groups);
        ptn_team_close(&team);
        for (int bought = 0; bought < 2; bought++) {
            free(l.first[bought]);
            free(l.next[bought]);
        }
        free(l.aside);
    }
    patron_history_free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("briefs");
    TCase *tests = tcase_create("briefs");
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_briefs_say_what_lines_do);
    tcase_add_test(tests, test_each_line_is_in_one_record);
    return run_suite(suite);
}
