/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Customers summed up while the log is read are, to the bit, those made of their gathered lines, which a question about
   rhythm asks for; customers whose lines come in odd order too. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "features/features.h"
#include "history/purchases.h"
#include "history/running.h"
#include "matrix/matrix.h"
#include "support/order_lines.h"
#include "support/suite.h"

enum { MOST_LINES = 40000, DAY_S = 86400 };

/* None of these needs the gathered lines. */
#define PLAIN                                                                                                          \
    "recency_days,tenure_days,frequency,monetary_gross,monetary_returns,monetary_net,monetary_recurring,"              \
    "average_order_value,btyd_x,btyd_t_x,btyd_T,btyd_spend,days_between_mean,overdue_ratio,cohort_month,"              \
    "largest_order_share"

typedef struct lines {
    int64_t customer[MOST_LINES], order[MOST_LINES], time_s[MOST_LINES], amount[MOST_LINES];
    double quantity[MOST_LINES];
    int64_t count;
} lines;

/* How a shop's log comes. */
typedef struct shop {
    int64_t lines, customers;
    bool ordered;    /* lines have an order id */
    int64_t late_s;  /* a line comes so much late at most */
    int64_t reused;  /* one order in so many has the id of an earlier one; 0: none */
    int64_t returns; /* one line in so many; 0: none */
    int64_t far;     /* one line in so many is of another age; 0: none */
    int64_t large;   /* one amount in so many is near the most there is; 0: none */
    int64_t step_s;  /* from order to order, at most */
} shop;

static void make_lines(lines *l, const shop *s, uint64_t *state)
{
    int64_t customer = 1, order = 1, now_s = 0, time_s = 0, open = 1;
    l->count = s->lines;
    for (int64_t i = 0; i < s->lines; i++) {
        if (i == 0 || test_below(state, 3) == 0) {
            customer = 1 + test_below(state, s->customers);
            open = s->reused > 0 && test_below(state, s->reused) == 0 ? 1 + test_below(state, order) : ++order;
            now_s += test_below(state, s->step_s + 1);
            time_s = now_s - test_below(state, s->late_s + 1);
            if (s->far > 0 && test_below(state, s->far) == 0) time_s -= INT64_C(6000000000);
        }
        l->customer[i] = customer;
        l->order[i] = open;
        l->time_s[i] = time_s + (test_below(state, 8) == 0 ? test_below(state, 100) : 0);
        l->quantity[i] = (double)(test_below(state, 12) == 0 ? 0 : 1 + test_below(state, 3));
        l->amount[i] = test_below(state, 10) == 0 ? 0 : 1 + test_below(state, 1000000);
        if (s->large > 0 && test_below(state, s->large) == 0) l->amount[i] = INT64_MAX / 2;
        if (s->returns > 0 && test_below(state, s->returns) == 0) {
            l->amount[i] = -l->amount[i];
            if (test_below(state, 2) == 0) l->quantity[i] = -l->quantity[i];
        }
    }
}

static void append(patron_history *history, lines *l, int64_t from, int64_t count, bool ordered)
{
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    orders.rows = count;
    orders.customer_number = l->customer + from;
    orders.order_number = ordered ? l->order + from : NULL;
    orders.time_s = l->time_s + from;
    orders.quantity = l->quantity + from;
    orders.amount = l->amount + from;
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
}

static void merge_some(patron_history *history, const shop *s, uint64_t *state)
{
    for (int64_t i = 0; i < s->customers / 4; i++) {
        char id[24], into[24];
        int length = snprintf(id, sizeof id, "%d", (int)(1 + test_below(state, s->customers))),
            other = snprintf(into, sizeof into, "%d", (int)(1 + test_below(state, s->customers)));
        (void)patron_history_merge(history, (const uint8_t *)id, length, (const uint8_t *)into, other, NULL, NULL);
    }
}

/* The plain columns and the audit, read at once and from gathered lines. */
static void expect_same_features(const patron_history *history, const patron_features_options *options, int32_t threads)
{
    patron_features_options other = *options;
    patron_features *at_once, *gathered;
    patron_context context;
    patron_error error, same;
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    patron_status status = patron_features_build(&gathered, history, &other, NULL, &error);
    other.columns = PLAIN;
    ck_assert_int_eq(patron_features_build(&at_once, history, &other, &context, &same), status);
    if (status != PATRON_OK) {
        ck_assert_str_eq(error.message, same.message);
        return;
    }
    ck_assert_mem_eq(&at_once->audit, &gathered->audit, sizeof gathered->audit);
    ck_assert_int_eq(at_once->rows, gathered->rows);
    ck_assert_mem_eq(at_once->id_ends, gathered->id_ends, (size_t)(gathered->rows + 1) * sizeof *gathered->id_ends);
    ck_assert_mem_eq(at_once->id_bytes, gathered->id_bytes, (size_t)gathered->id_ends[gathered->rows]);
    ck_assert_mem_eq(at_once->values, gathered->values, (size_t)gathered->rows * sizeof *gathered->values);
    int64_t cols = at_once->matrix->cols, wide = gathered->matrix->cols;
    ck_assert_int_eq(wide, cols + 1);
    for (int64_t row = 0; row < gathered->rows; row++)
        ck_assert_mem_eq(at_once->matrix->values + row * cols, gathered->matrix->values + row * wide,
                         (size_t)cols * sizeof(double));
    patron_features_free(at_once);
    patron_features_free(gathered);
}

/* How the history is read without asking for rhythm: 0 gathered, 1 at once, 2 at once with odd customers. */
static int32_t way_of(const patron_history *history)
{
    const ptn_question question = {.as_of_s = PATRON_AS_OF_LAST, .by_id = true};
    ptn_purchases purchases;
    ptn_context context;
    ptn_team team;
    ck_assert_int_eq(ptn_context_read(&context, NULL, NULL), PATRON_OK);
    ptn_team_open(&team, &context);
    patron_status status = ptn_purchases_build(&purchases, NULL, history, &question, &team, "test", 1.0, NULL);
    ptn_team_close(&team);
    if (status != PATRON_OK) return 2;
    int32_t way = purchases.running == NULL ? 0 : purchases.running->odd_count > 0 ? 2 : 1;
    ptn_purchases_free(&purchases);
    return way;
}

/* A shop of `s` under several questions; its way. */
static int32_t compare(const shop *s, uint64_t *state)
{
    static lines l;
    patron_history *history;
    patron_history_options how;
    patron_features_options options;
    patron_history_options_init(&how, sizeof how);
    how.utc_offset_s = (int32_t)test_below(state, 3) * 3600 - 3600;
    how.zero_amount = test_below(state, 2) == 0 ? PATRON_ZERO_AMOUNT_KEEP : PATRON_ZERO_AMOUNT_DROP;
    make_lines(&l, s, state);
    ck_assert_int_eq(patron_history_create(&history, &how, NULL, NULL), PATRON_OK);
    int64_t first = test_below(state, l.count + 1);
    append(history, &l, 0, first, s->ordered);
    append(history, &l, first, l.count - first, s->ordered && test_below(state, 4) != 0);
    if (test_below(state, 4) == 0) merge_some(history, s, state);
    for (int32_t turn = 0; turn < 4; turn++) {
        patron_features_options_init(&options, sizeof options);
        options.columns = PLAIN ",recent_orders";
        options.min_orders = 1 + turn % 2;
        if (turn > 1) options.as_of_s = l.time_s[test_below(state, l.count)];
        if (turn > 2) options.window_days = 1 + test_below(state, 30);
        expect_same_features(history, &options, turn % 2 == 0 ? 1 : 3);
    }
    int32_t way = way_of(history);
    patron_history_free(history);
    return way;
}

START_TEST(test_logs_in_order_and_out_of_it_say_the_same)
{
    uint64_t state = 20;
    int32_t ways[3] = {0, 0, 0};
    for (int32_t i = 0; i < 400; i++) {
        shop s = {.lines = 1 + test_below(&state, 400), .customers = 1 + test_below(&state, 40)};
        s.ordered = test_below(&state, 3) != 0;
        s.late_s = test_below(&state, 2) == 0 ? 0 : test_below(&state, 5 * DAY_S);
        s.reused = test_below(&state, 3) == 0 ? 1 + test_below(&state, 60) : 0;
        s.returns = test_below(&state, 3) == 0 ? 0 : 1 + test_below(&state, 10);
        s.far = test_below(&state, 6) == 0 ? 30 : 0;
        s.large = test_below(&state, 8) == 0 ? 50 : 0;
        s.step_s = 1 + test_below(&state, 2 * DAY_S);
        ways[compare(&s, &state)]++;
    }
    ck_assert_int_gt(ways[1], 50);
    ck_assert_int_gt(ways[2], 50);
}
END_TEST

START_TEST(test_large_logs_go_either_way)
{
    uint64_t state = 21;
    const shop fine = {.lines = 40000, .customers = 9000, .ordered = true, .returns = 30, .step_s = 600};
    const shop late = {.lines = 40000, .customers = 9000, .ordered = true, .late_s = 3 * DAY_S, .step_s = 6000};
    const shop wild = {.lines = 40000, .customers = 3000, .ordered = true, .reused = 2, .step_s = 600};
    ck_assert_int_eq(compare(&fine, &state), 1);
    ck_assert_int_eq(compare(&late, &state), 2);
    ck_assert_int_eq(compare(&wild, &state), 0);
}
END_TEST

/* Lines of customer 1 at these days of the log, each an order, and a later one of customer 2. */
static patron_history *history_of_days(const int64_t *days, int64_t count)
{
    static lines l;
    patron_history *history;
    l.count = count + 1;
    for (int64_t i = 0; i <= count; i++) {
        l.customer[i] = i < count ? 1 : 2;
        l.order[i] = i + 1;
        l.time_s[i] = (i < count ? days[i] : 3000) * DAY_S + 1000;
        l.quantity[i] = 1.0;
        l.amount[i] = 10000 * (i + 1);
    }
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    append(history, &l, 0, l.count, true);
    return history;
}

/* How far apart the last two days are is known to 254 days: a line that comes late is told for another day or the same
   one, or its customer is odd. */
START_TEST(test_days_that_come_late)
{
    static const int64_t steps[] = {1, 2, 253, 254, 255, 256, 300, 510, 1000};
    enum { STEPS = sizeof steps / sizeof *steps };
    patron_features_options options;
    int32_t ways[3] = {0, 0, 0};
    patron_features_options_init(&options, sizeof options);
    options.columns = PLAIN ",recent_orders";
    for (int32_t a = 0; a < STEPS; a++)
        for (int32_t b = 0; b < STEPS; b++) {
            for (int64_t by = -1; by <= 1; by++) {
                int64_t last = 1100 + steps[a], late = last - steps[b] + by;
                const int64_t days[] = {1100, last, late > last ? last : late, last};
                patron_history *history = history_of_days(days, 4);
                expect_same_features(history, &options, 1);
                ways[way_of(history)]++;
                patron_history_free(history);
            }
        }
    ck_assert_int_gt(ways[1], 50);
    ck_assert_int_gt(ways[2], 50);
}
END_TEST

/* A day without an order id and an order's number may have one key: they are two orders all the same. */
START_TEST(test_keys_of_days_and_numbers_are_apart)
{
    static const uint8_t one[] = {0x05}, other[] = {0x0A}, both[] = {0x0F};
    static const uint8_t *const orders_of[] = {one, other, both};
    static const int64_t wanted[] = {2, 2, 1};
    for (int32_t turn = 0; turn < 3; turn++) {
        const int64_t customers[] = {1, 1, 1, 1}, times[] = {86400, 86401, 86402, 86403};
        const int64_t amounts[] = {10000, 20000, 30000, 40000};
        const int64_t numbers[] = {INT64_MIN + 1, INT64_MIN + 1, INT64_MIN + 1, INT64_MIN + 1};
        patron_history *history;
        patron_orders orders;
        patron_features_options options;
        patron_features *features;
        patron_orders_init(&orders, sizeof orders);
        orders.rows = 4;
        orders.customer_number = customers;
        orders.order_number = numbers;
        orders.order_validity = orders_of[turn];
        orders.time_s = times;
        orders.amount = amounts;
        ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
        patron_features_options_init(&options, sizeof options);
        options.columns = PLAIN ",recent_orders";
        expect_same_features(history, &options, 1);
        options.columns = PLAIN;
        ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(features->audit.orders, wanted[turn]);
        patron_features_free(features);
        patron_history_free(history);
    }
}
END_TEST

/* Money that is too much: returns of one customer, sums of the shop's; said of the customer whose id comes first. */
START_TEST(test_money_beyond_int64_is_said_of_whom_it_is)
{
    static const char *const first = "ab";
    char longer[100];
    memset(longer, 'z', sizeof longer);
    memcpy(longer + 76, "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC", 9);
    for (int32_t turn = 0; turn < 8; turn++) {
        /* Turns, and again where lines are gathered: purchases of both; returns of both; a purchase each, too much
         * together; returns each, together. */
        enum { LINES = 6 };
        const int64_t most = INT64_MAX / 2 + 100;
        bool of_shop = turn % 4 > 1, returns = turn % 2 == 1;
        uint8_t bytes[LINES * 100];
        int64_t offsets[LINES + 1] = {0}, times[LINES], amounts[LINES];
        patron_history *history;
        patron_history_options how;
        patron_orders orders;
        patron_audit audit = {.size = sizeof audit};
        patron_error error;
        patron_features_options options;
        patron_features *features;
        patron_history_options_init(&how, sizeof how);
        if (turn > 3) how.duplicates = PATRON_DUPLICATES_DROP;
        for (int64_t i = 0; i < LINES; i++) {
            const char *id = i % 2 == 0 ? longer : first;
            int64_t length = i % 2 == 0 ? (int64_t)sizeof longer : 2;
            memcpy(bytes + offsets[i], id, (size_t)length);
            offsets[i + 1] = offsets[i] + length;
            times[i] = i * 100;
            amounts[i] = i < 2 ? 10000 : of_shop && i > 3 ? 1 : returns ? -most : most;
        }
        patron_orders_init(&orders, sizeof orders);
        orders.rows = LINES;
        orders.customer_id = (patron_text){bytes, offsets, NULL};
        orders.time_s = times;
        orders.amount = amounts;
        ck_assert_int_eq(patron_history_create(&history, &how, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
        const char *said = of_shop ? "the shop's money is beyond" : "customer ab: money is beyond";
        ck_assert_int_eq(patron_history_audit(&audit, history, PATRON_AS_OF_LAST, NULL, &error), PATRON_OUT_OF_RANGE);
        ck_assert_msg(strncmp(error.message, said, strlen(said)) == 0, "%s", error.message);
        patron_features_options_init(&options, sizeof options);
        for (int32_t gathered = 0; gathered < 2; gathered++) {
            options.columns = gathered ? PLAIN ",recent_orders" : PLAIN;
            ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, &error), PATRON_OUT_OF_RANGE);
            ck_assert_msg(strncmp(error.message, said, strlen(said)) == 0, "%s", error.message);
        }
        if (!of_shop) { /* the other one's id, up to the last whole character of 80 bytes */
            ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)first, 2, NULL, NULL), PATRON_OK);
            ck_assert_int_eq(patron_history_audit(&audit, history, 1000, NULL, &error), PATRON_OUT_OF_RANGE);
            ck_assert_msg(strncmp(error.message, "customer zzzz", 13) == 0, "%s", error.message);
            ck_assert_msg(strstr(error.message, "zz\xE2\x82\xAC\xE2\x80\xA6: money") != NULL, "%s", error.message);
        }
        patron_history_free(history);
    }
}
END_TEST

/* Of customers that are added up apart from one another. */
START_TEST(test_the_shop_s_money_is_added_up_over_all_customers)
{
    enum { MANY = 30000 };
    for (int32_t turn = 0; turn < 4; turn++) {
        bool returns = turn % 2 == 1;
        int64_t *customers = calloc(2 * MANY, sizeof *customers), *times = calloc(2 * MANY, sizeof *times),
                *amounts = calloc(2 * MANY, sizeof *amounts);
        patron_history *history;
        patron_history_options how;
        patron_orders orders;
        patron_audit audit = {.size = sizeof audit};
        patron_error error;
        for (int64_t i = 0; i < 2 * MANY; i++) {
            customers[i] = 1 + i % MANY;
            times[i] = i * 1000;
            amounts[i] = 1;
        }
        int64_t sign = returns ? -1 : 1;
        amounts[MANY] = amounts[2 * MANY - 1] = sign * (INT64_MAX / 2);
        patron_orders_init(&orders, sizeof orders);
        orders.rows = 2 * MANY;
        orders.customer_number = customers;
        orders.time_s = times;
        orders.amount = amounts;
        patron_history_options_init(&how, sizeof how);
        if (turn > 1) how.duplicates = PATRON_DUPLICATES_DROP;
        /* With the first lines, 1 each, it is one too much or just not. */
        for (int32_t too_much = 0; too_much < 2; too_much++) {
            if (returns)
                amounts[MANY + 1] = -1 - too_much;
            else
                amounts[MANY] = INT64_MAX / 2 - (2 * MANY - 2) + 1 + too_much;
            ck_assert_int_eq(patron_history_create(&history, &how, NULL, NULL), PATRON_OK);
            ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
            patron_status status = patron_history_audit(&audit, history, PATRON_AS_OF_LAST, NULL, &error);
            if (too_much != 0) {
                ck_assert_int_eq(status, PATRON_OUT_OF_RANGE);
                ck_assert_ptr_nonnull(strstr(error.message, "the shop's money is beyond"));
            } else {
                ck_assert_int_eq(status, PATRON_OK);
                ck_assert_int_eq(returns ? audit.returns : audit.gross, INT64_MAX);
            }
            patron_history_free(history);
        }
        free(amounts);
        free(times);
        free(customers);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("running");
    TCase *tests = tcase_create("running");
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_logs_in_order_and_out_of_it_say_the_same);
    tcase_add_test(tests, test_large_logs_go_either_way);
    tcase_add_test(tests, test_days_that_come_late);
    tcase_add_test(tests, test_keys_of_days_and_numbers_are_apart);
    tcase_add_test(tests, test_the_shop_s_money_is_added_up_over_all_customers);
    tcase_add_test(tests, test_money_beyond_int64_is_said_of_whom_it_is);
    return run_suite(suite);
}
