/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A history's policies beyond zero amounts and duplicates, on lines whose answers are known by hand. The oracle judges
   the same policies on random lines in test_features_oracle.c. */
#include <string.h>

#include <patron/patron.h>

#include "support/audit.h"
#include "support/order_lines.h"
#include "support/suite.h"

static patron_history *history_with(const patron_history_options *options, const oracle_line *lines, int64_t count)
{
    patron_history *history;
    ck_assert_int_eq(patron_history_create(&history, options, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append_lines(history, lines, count, false, NULL, NULL), PATRON_OK);
    return history;
}

START_TEST(test_defaults)
{
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    ck_assert_int_eq(options.order_gap_s, 0);
}
END_TEST

START_TEST(test_a_gap_between_lines_without_order_ends_an_order)
{
    /* 23:00, 23:50 and, on the next day, 0:40 are one order at a gap of 50 minutes; so are the line of order 7 in
       between, which is its own, and the return at 1:30, which leads no further. */
    oracle_line lines[] = {{.customer = "a", .time_s = 82800, .amount = 10000, .quantity = 1},
                           {.customer = "a", .time_s = 85800, .amount = 10000, .quantity = 1},
                           {.customer = "a", .time_s = 88800, .amount = 10000, .quantity = 1},
                           {.customer = "a", .order = "7", .time_s = 86000, .amount = 10000, .quantity = 1},
                           {.customer = "a", .time_s = 91800, .amount = -10000, .quantity = -1},
                           {.customer = "a", .time_s = 94800, .amount = 10000, .quantity = 1}};
    static const struct {
        int64_t gap_s, orders;
    } cases[] = {{0, 3}, {1, 5}, {2999, 5}, {3000, 3}, {5999, 3}, {6000, 2}, {INT64_MAX, 2}};
    patron_history_options options;
    patron_history *history;
    patron_error error;
    patron_history_options_init(&options, sizeof options);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options.order_gap_s = cases[i].gap_s;
        history = history_with(&options, lines, 6);
        ck_assert_int_eq(audit_of(history, PATRON_AS_OF_LAST).orders, cases[i].orders);
        patron_history_free(history);
    }
    options.order_gap_s = -1;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(history);
    ck_assert_ptr_nonnull(strstr(error.message, "order_gap_s is -1"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("policies");
    TCase *tests = tcase_create("policies");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_defaults);
    tcase_add_test(tests, test_a_gap_between_lines_without_order_ends_an_order);
    return run_suite(suite);
}
