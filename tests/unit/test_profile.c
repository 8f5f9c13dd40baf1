/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Features that describe customers and never group them: the month and the category they began with. The oracle judges
   the same features on random lines in test_features_oracle.c. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <patron/patron.h>

#include "features/features.h"
#include "matrix/matrix.h"
#include "support/order_lines.h"
#include "support/suite.h"

static patron_error error;

/* At -5 hours where `west`. */
static patron_history *history_of(const oracle_line *lines, int64_t count, bool west)
{
    patron_history *history;
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    options.utc_offset_s = west ? -5 * 3600 : 0;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append_lines(history, lines, count, false, NULL, NULL), PATRON_OK);
    return history;
}

static patron_features *features_of(const patron_history *history, int64_t as_of_s, int64_t window_days,
                                    const char *columns)
{
    patron_features *features;
    patron_features_options options;
    patron_features_options_init(&options, sizeof options);
    options.as_of_s = as_of_s;
    options.window_days = window_days;
    options.columns = columns;
    ck_assert_msg(patron_features_build(&features, history, &options, NULL, &error) == PATRON_OK, "%s", error.message);
    return features;
}

/* A customer's value in the only column. */
static double value_of(const patron_features *features, const char *customer)
{
    int64_t row = patron_features_find(features, (const uint8_t *)customer, (int64_t)strlen(customer));
    ck_assert_int_ge(row, 0);
    return features->matrix->values[row];
}

static double month_of(const patron_history *history, int64_t as_of_s, int64_t window_days, const char *customer)
{
    patron_features *features = features_of(history, as_of_s, window_days, "cohort_month");
    double month = value_of(features, customer);
    patron_features_free(features);
    return month;
}

#define DAY INT64_C(86400)

/* 2026-03-01T00:00:00 UTC. */
#define MARCH INT64_C(1772323200)

START_TEST(test_cohort_is_the_local_month_of_the_first_known_purchase)
{
    oracle_line lines[] = {
        {.customer = "a", .order = "1", .time_s = MARCH + 40 * DAY, .amount = 10000, .quantity = 1},
        {.customer = "a", .order = "2", .time_s = MARCH, .amount = 10000, .quantity = 1},
        {.customer = "a", .order = "3", .time_s = MARCH - 90 * DAY, .amount = -10000, .quantity = -1}, /* a return */
        {.customer = "b", .order = "4", .time_s = MARCH - 1, .amount = 10000, .quantity = 1},
        /* An order has the time of its last line; the first one was in March. */
        {.customer = "c", .order = "5", .time_s = MARCH + 30 * DAY, .amount = 10000, .quantity = 1},
        {.customer = "c", .order = "5", .time_s = MARCH + 33 * DAY, .amount = 10000, .quantity = 1},
        {.customer = "d", .order = "6", .time_s = MARCH + 31 * DAY + 4 * 3600, .amount = 10000, .quantity = 1}};
    patron_history *history = history_of(lines, 7, false), *west = history_of(lines, 7, true);
    ck_assert_double_eq(month_of(history, PATRON_AS_OF_LAST, 0, "a"), 202603.0);
    ck_assert_double_eq(month_of(history, PATRON_AS_OF_LAST, 0, "b"), 202602.0);
    ck_assert_double_eq(month_of(history, PATRON_AS_OF_LAST, 0, "c"), 202603.0);
    ck_assert_double_eq(month_of(history, PATRON_AS_OF_LAST, 0, "d"), 202604.0);
    /* Where it is still February, and still March. */
    ck_assert_double_eq(month_of(west, PATRON_AS_OF_LAST, 0, "a"), 202602.0);
    ck_assert_double_eq(month_of(west, PATRON_AS_OF_LAST, 0, "d"), 202603.0);
    /* A window knows nothing of what lay before. */
    ck_assert_double_eq(month_of(history, MARCH + 41 * DAY, 30, "a"), 202604.0);
    ck_assert_double_eq(month_of(history, MARCH + 41 * DAY, 41, "a"), 202604.0);
    ck_assert_double_eq(month_of(history, MARCH + 41 * DAY, 42, "a"), 202603.0);
    /* What comes after the as-of changes nothing. */
    ck_assert_double_eq(month_of(history, MARCH, 0, "a"), 202603.0);
    patron_history_free(west);
    patron_history_free(history);
}
END_TEST

/* The C library's calendar is the judge. */
START_TEST(test_cohort_of_days_in_all_years)
{
    enum { CUSTOMERS = 4000 };
    static char ids[CUSTOMERS][8];
    static oracle_line lines[CUSTOMERS];
    static double want[CUSTOMERS];
    uint64_t state = 10;
    for (int64_t i = 0; i < CUSTOMERS; i++) {
        time_t day = (time_t)(test_below(&state, 2 * (PATRON_MOST_TIME_S / 86400)) - PATRON_MOST_TIME_S / 86400);
        struct tm parts;
        if (i == 0) day = (time_t)(PATRON_MOST_TIME_S / 86400);
        if (i == 1) day = (time_t)(-PATRON_MOST_TIME_S / 86400);
        time_t time_s = day * 86400;
        ck_assert_ptr_nonnull(gmtime_r(&time_s, &parts));
        want[i] = (double)((parts.tm_year + INT64_C(1900)) * 100 + parts.tm_mon + 1);
        snprintf(ids[i], sizeof ids[i], "%d", (int)(1000 + i));
        lines[i] = (oracle_line){.customer = ids[i], .time_s = time_s, .amount = 10000, .quantity = 1};
    }
    patron_history *history = history_of(lines, CUSTOMERS, false);
    patron_features *features = features_of(history, PATRON_MOST_TIME_S, 0, "cohort_month");
    for (int64_t i = 0; i < CUSTOMERS; i++) ck_assert_double_eq(value_of(features, ids[i]), want[i]);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile");
    TCase *tests = tcase_create("profile");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_cohort_is_the_local_month_of_the_first_known_purchase);
    tcase_add_test(tests, test_cohort_of_days_in_all_years);
    return run_suite(suite);
}
