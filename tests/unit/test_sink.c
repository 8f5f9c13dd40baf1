/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Customers that a sink takes as they are seen are, to the bit and row by row, those kept in arrays. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "base/hash.h"
#include "base/threads.h"
#include "features/features.h"
#include "history/purchases.h"
#include "matrix/matrix.h"
#include "support/order_lines.h"
#include "support/suite.h"
#include "support/table.h"

enum { ALL = 511, DAY_S = 86400 };

/* What a log is like: customers 1 … customers, those of `silent` … `until` without a purchase. */
typedef struct shop {
    int64_t lines, customers;
    int64_t silent, until;
    int64_t one; /* line in so many is of customer 1; 0: none in particular */
    bool large;  /* an amount that is not narrow, so that no briefs are made */
} shop;

static patron_history *history_of(const shop *s, const patron_history_options *options, uint64_t *state)
{
    patron_history *history;
    patron_orders orders;
    int64_t *numbers = malloc((size_t)(5 * s->lines) * sizeof *numbers), n = s->lines;
    double *quantity = malloc((size_t)n * sizeof *quantity);
    patron_orders_init(&orders, sizeof orders);
    orders.rows = n;
    orders.customer_number = numbers;
    orders.order_number = numbers + n;
    orders.time_s = numbers + 2 * n;
    orders.amount = numbers + 3 * n;
    orders.discount = numbers + 4 * n;
    orders.quantity = quantity;
    for (int64_t i = 0; i < n; i++) {
        bool again = i > 0 && test_below(state, 3) > 0;
        int64_t customer = 1 + test_below(state, s->customers);
        if (s->one > 0 && test_below(state, s->one) == 0) customer = 1;
        numbers[i] = again ? numbers[i - 1] : customer;
        numbers[n + i] = again ? numbers[n + i - 1] : 1 + test_below(state, n);
        numbers[2 * n + i] = again ? numbers[2 * n + i - 1] : test_below(state, 1000 * DAY_S);
        bool back = numbers[i] >= s->silent && numbers[i] < s->until;
        back |= test_below(state, 15) == 0;
        numbers[3 * n + i] = (back ? -1 : 1) * (1 + test_below(state, 1000000));
        numbers[4 * n + i] = test_below(state, 3) == 0 ? test_below(state, 1000) : 0;
        quantity[i] = back && test_below(state, 2) == 0 ? -1.0 : (double)test_below(state, 4);
    }
    if (s->large) numbers[3 * n] = INT64_C(1) << 40;
    ck_assert_int_eq(patron_history_create(&history, options, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    free(quantity);
    free(numbers);
    return history;
}

/* What a sink has been given. */
typedef struct taken {
    int64_t rows;
    ptn_customer *customers;
    ptn_habits *habits;
    uint8_t *times, *touched; /* each row was taken, touched */
    bool opened;
} taken;

static patron_status open_taken(void *user, const ptn_purchases *p, patron_error *error)
{
    taken *t = user;
    (void)error;
    ck_assert(!t->opened);
    t->opened = true;
    t->rows = p->ranked[p->groups];
    t->customers = calloc((size_t)t->rows + 1, sizeof *t->customers);
    t->habits = calloc((size_t)t->rows + 1, sizeof *t->habits);
    t->times = calloc((size_t)t->rows + 1, 1);
    t->touched = calloc((size_t)t->rows + 1, 1);
    return PATRON_OK;
}

static void touch_taken(void *user, int64_t row, int64_t count)
{
    const taken *t = user;
    for (int64_t r = row; r < row + count; r++) t->touched[r]++;
}

static void take_taken(void *user, int64_t row, const ptn_customer *customers, const ptn_habits *habits, int64_t count)
{
    const taken *t = user;
    for (int64_t i = 0; i < count; i++) {
        t->times[row + i]++;
        if (t->touched[row + i] != 1) t->times[row + i]++;
        t->customers[row + i] = customers[i];
        if (habits != NULL) t->habits[row + i] = habits[i];
    }
}

static patron_status purchases_of(ptn_purchases *p, const patron_history *history, const ptn_question *question,
                                  int32_t threads, patron_error *error)
{
    ptn_context context;
    ptn_team team;
    ck_assert_int_eq(ptn_context_read(&context, NULL, NULL), PATRON_OK);
    context.threads = threads;
    ptn_team_open(&team, &context);
    patron_status status = ptn_purchases_build(p, NULL, history, question, &team, "test", 1.0, error);
    ptn_team_close(&team);
    return status;
}

/* With a sink and without; whether it was asked. */
static bool expect_same(const patron_history *history, const ptn_question *asked, int32_t threads)
{
    ptn_question question = *asked;
    taken t = {.rows = 0};
    const ptn_sink sink = {&t, open_taken, touch_taken, take_taken};
    ptn_purchases kept, given;
    ck_assert_int_eq(purchases_of(&kept, history, &question, 1, NULL), PATRON_OK);
    question.sink = &sink;
    ck_assert_int_eq(purchases_of(&given, history, &question, threads, NULL), PATRON_OK);
    ck_assert_mem_eq(&kept.audit, &given.audit, sizeof kept.audit);
    ck_assert_mem_eq(kept.rows, given.rows, (size_t)(kept.count / 64 + 1) * sizeof *kept.rows);
    ck_assert_mem_eq(kept.ranked, given.ranked, (size_t)(kept.groups + 1) * sizeof *kept.ranked);
    ck_assert(given.taken == t.opened);
    if (t.opened) {
        ck_assert(given.customers == NULL && given.habits == NULL);
        ck_assert_int_eq(t.rows, kept.audit.customers_with_order);
        for (int64_t c = 0, row = 0; c < kept.count; c++) {
            if (!ptn_purchases_ranks(&kept, c)) continue;
            ck_assert_int_eq(t.times[row], 1);
            ck_assert_mem_eq(&t.customers[row], &kept.customers[c], sizeof *t.customers);
            if (kept.habits != NULL) ck_assert_mem_eq(&t.habits[row], &kept.habits[c], sizeof *t.habits);
            row++;
        }
    }
    free(t.touched);
    free(t.times);
    free(t.habits);
    free(t.customers);
    ptn_purchases_free(&given);
    ptn_purchases_free(&kept);
    return t.opened;
}

START_TEST(test_a_sink_has_what_arrays_have)
{
    static const shop shops[] = {
        {.lines = 1, .customers = 1},
        {.lines = 40, .customers = 1},
        {.lines = 30, .customers = 9, .silent = 1, .until = 10},           /* nobody is ranked */
        {.lines = 40000, .customers = 20},                                 /* a group each */
        {.lines = 40000, .customers = 20000},                              /* more than are taken at a time */
        {.lines = 40000, .customers = 40000, .silent = 1, .until = 20000}, /* groups without any */
        {.lines = 40000, .customers = 9000, .silent = 5, .until = 8990, .large = true},
        {.lines = 40000, .customers = 9000, .one = 2, .large = true},
        {.lines = 300000, .customers = 500, .one = 2}, /* one group is large */
    };
    uint64_t state = 5;
    for (size_t i = 0; i < sizeof shops / sizeof *shops; i++)
        for (int drops = 0; drops < (shops[i].lines > 100000 ? 1 : 2); drops++) {
            patron_history_options options;
            patron_history_options_init(&options, sizeof options);
            options.duplicates = drops ? PATRON_DUPLICATES_DROP : PATRON_DUPLICATES_KEEP;
            patron_history *history = history_of(&shops[i], &options, &state);
            ptn_question question = {.as_of_s = PATRON_AS_OF_LAST, .recent_days = 90, .habits = ALL, .by_id = true};
            ck_assert(expect_same(history, &question, 3));
            question.round_bytes = 100000;
            ck_assert(expect_same(history, &question, 2));
            question.window_days = 300;
            ck_assert(expect_same(history, &question, 1));
            question.habits = PTN_HABIT_RHYTHM;
            ck_assert(expect_same(history, &question, 2));
            question.as_of_s = -1;
            ck_assert(expect_same(history, &question, 2));
            patron_history_free(history);
        }
}
END_TEST

START_TEST(test_no_sink_where_who_is_ranked_is_not_known_early)
{
    const shop s = {.lines = 3000, .customers = 500};
    ptn_question question = {.as_of_s = PATRON_AS_OF_LAST, .recent_days = 90, .habits = ALL, .by_id = true};
    patron_history_options options;
    uint64_t state = 6;
    patron_history_options_init(&options, sizeof options);
    patron_history *history = history_of(&s, &options, &state);
    question.min_orders = 2;
    ck_assert(!expect_same(history, &question, 2));
    question.min_orders = 1;
    ck_assert(expect_same(history, &question, 2));
    patron_history_free(history);
    options.match_cancellations = 1;
    history = history_of(&s, &options, &state);
    ck_assert(!expect_same(history, &question, 2));
    patron_history_free(history);
}
END_TEST

/* Of several customers whose money is beyond int64_t the one whose id comes first, wherever its group is. */
START_TEST(test_overflow_names_the_first_customer)
{
    enum { CUSTOMERS = 40000 };
    static int64_t customers[2 * CUSTOMERS], times[2 * CUSTOMERS], amounts[2 * CUSTOMERS];
    static const int64_t rich[] = {31111, 4, 39999, 20000};
    patron_error error;
    patron_history *history;
    patron_features *features;
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    orders.rows = 2 * CUSTOMERS;
    orders.customer_number = customers;
    orders.time_s = times;
    orders.amount = amounts;
    for (int64_t i = 0; i < 2 * CUSTOMERS; i++) {
        customers[i] = i % CUSTOMERS;
        times[i] = i;
        amounts[i] = 10000;
        for (size_t r = 0; r < sizeof rich / sizeof *rich; r++)
            if (customers[i] == rich[r]) amounts[i] = INT64_MAX - 5;
    }
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, &error), PATRON_OUT_OF_RANGE);
    ck_assert_ptr_nonnull(strstr(error.message, "customer 20000: money is beyond"));
    ck_assert_ptr_null(features);
    patron_audit audit = {.size = sizeof audit};
    ck_assert_int_eq(patron_history_audit(&audit, history, PATRON_AS_OF_LAST, NULL, &error), PATRON_OUT_OF_RANGE);
    ck_assert_ptr_nonnull(strstr(error.message, "customer 20000: money is beyond"));
    patron_history_free(history);
}
END_TEST

/* A build with so many allocations and so many questions to the caller. */
static patron_status build_with(const patron_history *history, int64_t allocations, int64_t questions,
                                uint64_t *fingerprint)
{
    meter m = {.allowed = allocations, .callbacks = questions};
    patron_context context = meter_context(&m);
    patron_features *features;
    context.threads = 2;
    patron_status status = patron_features_build(&features, history, NULL, &context, NULL);
    ck_assert((status == PATRON_OK) == (features != NULL));
    if (status == PATRON_OK)
        *fingerprint = ptn_hash_doubles(0, features->matrix->values, features->rows * features->matrix->cols);
    patron_features_free(features);
    ck_assert_int_eq(m.live, 0);
    return status;
}

START_TEST(test_an_interrupted_build_leaves_nothing)
{
    const shop s = {.lines = 90000, .customers = 30000};
    uint64_t state = 7, whole = 0, again = 0;
    int64_t refused = 0, cancelled = 0;
    patron_history *history = history_of(&s, NULL, &state);
    ck_assert_int_eq(build_with(history, INT64_MAX, INT64_MAX, &whole), PATRON_OK);
    for (;; refused++) {
        patron_status status = build_with(history, refused, INT64_MAX, &again);
        if (status == PATRON_OK) break;
        ck_assert_int_eq(status, PATRON_OUT_OF_MEMORY);
    }
    for (;; cancelled++) {
        patron_status status = build_with(history, INT64_MAX, cancelled, &again);
        if (status == PATRON_OK) break;
        ck_assert_int_eq(status, PATRON_CANCELLED);
    }
    ck_assert_int_gt(refused, 20);
    ck_assert_int_gt(cancelled, 5);
    ck_assert_uint_eq(build_with(history, INT64_MAX, INT64_MAX, &again), PATRON_OK);
    ck_assert_uint_eq(whole, again);
    patron_history_free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sink");
    TCase *tests = tcase_create("sink");
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_a_sink_has_what_arrays_have);
    tcase_add_test(tests, test_no_sink_where_who_is_ranked_is_not_known_early);
    tcase_add_test(tests, test_overflow_names_the_first_customer);
    tcase_add_test(tests, test_an_interrupted_build_leaves_nothing);
    return run_suite(suite);
}
