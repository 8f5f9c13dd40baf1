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
#include "support/code_texts.h"
#include "support/order_lines.h"
#include "support/suite.h"
#include "support/text_column.h"

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

#define LONG_ONE "a category whose name is longer than any key of 64 bits"

static bool began_with(const patron_features *features, const char *customer, const char *category)
{
    int64_t row = patron_features_find(features, (const uint8_t *)customer, (int64_t)strlen(customer));
    return row >= 0 && code_stands_for(features, row, category);
}

/* Five customers: b began with what came second, c with two at a time, d with a line without, e with none at all. */
static const oracle_line shop_lines[] = {
    {.customer = "a", .order = "1", .time_s = 7 * DAY, .category = "tea", .amount = 10000, .quantity = 1},
    {.customer = "a", .order = "2", .time_s = 5 * DAY, .category = LONG_ONE, .amount = 10000, .quantity = 1},
    {.customer = "b", .order = "3", .time_s = 9 * DAY, .category = "cup", .amount = 10000, .quantity = 1},
    {.customer = "b", .order = "4", .time_s = 2 * DAY, .category = "gone", .amount = -10000, .quantity = -1},
    {.customer = "c", .order = "5", .time_s = 3 * DAY, .category = "tea", .amount = 10000, .quantity = 1},
    {.customer = "c", .order = "6", .time_s = 3 * DAY, .category = "te", .amount = 10000, .quantity = 1},
    {.customer = "c", .order = "5", .time_s = 3 * DAY, .category = "teapot", .amount = 10000, .quantity = 1},
    {.customer = "d", .order = "7", .time_s = 1 * DAY, .amount = 10000, .quantity = 1},
    {.customer = "d", .order = "8", .time_s = 4 * DAY, .category = "cup", .amount = 10000, .quantity = 1},
    {.customer = "e", .order = "9", .time_s = 1 * DAY, .amount = 10000, .quantity = 1}};
enum { SHOP_LINES = sizeof shop_lines / sizeof *shop_lines };

START_TEST(test_first_category_is_the_earliest_and_of_several_the_first_by_bytes)
{
    oracle_line lines[SHOP_LINES];
    uint64_t state = 17;
    memcpy(lines, shop_lines, sizeof lines);
    for (int round = 0; round < 20; round++) {
        patron_history *history = history_of(lines, SHOP_LINES, false);
        patron_features *features = features_of(history, PATRON_AS_OF_LAST, 0, "first_category");
        ck_assert(began_with(features, "a", LONG_ONE));
        ck_assert(began_with(features, "b", "cup"));
        ck_assert(began_with(features, "c", "te"));
        ck_assert(began_with(features, "d", "cup"));
        ck_assert(began_with(features, "e", NULL));
        /* By bytes; nobody began with tea, and what only came back is no purchase. */
        ck_assert_double_eq(value_of(features, "a"), 0.0);
        ck_assert_double_eq(value_of(features, "b"), 1.0);
        ck_assert_double_eq(value_of(features, "c"), 2.0);
        ck_assert_int_eq(code_count(features), 3);
        patron_features_free(features);
        patron_history_free(history);
        shuffle_lines(lines, SHOP_LINES, &state);
    }
}
END_TEST

/* Nothing is known but what was known then, and within the window. */
START_TEST(test_categories_from_after_the_as_of_or_before_the_window_are_not_there)
{
    patron_history *history = history_of(shop_lines, SHOP_LINES, false);
    patron_features *features = features_of(history, 3 * DAY, 0, "first_category");
    ck_assert(began_with(features, "c", "te"));
    ck_assert(began_with(features, "d", NULL));
    ck_assert_int_eq(code_count(features), 1);
    patron_features_free(features);
    features = features_of(history, 2 * DAY, 0, "first_category");
    ck_assert_int_eq(code_count(features), 0);
    patron_features_free(features);
    features = features_of(history, 9 * DAY, 3, "frequency, first_category");
    ck_assert(began_with(features, "a", "tea"));
    ck_assert(began_with(features, "b", "cup"));
    ck_assert_int_eq(code_count(features), 2);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

/* A customer left out, or forgotten, leaves no name behind. */
START_TEST(test_categories_of_customers_left_out_are_not_there)
{
    patron_history *history = history_of(shop_lines, SHOP_LINES, false);
    patron_features *features;
    patron_features_options options;
    patron_features_options_init(&options, sizeof options);
    options.min_orders = 2;
    ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_customer_count(features), 3); /* a, c, d */
    ck_assert_int_eq(code_count(features), 3);
    ck_assert(began_with(features, "d", "cup"));
    patron_features_free(features);
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"a", 1, NULL, NULL), PATRON_OK);
    features = features_of(history, PATRON_AS_OF_LAST, 0, "first_category");
    ck_assert_int_eq(code_count(features), 2);
    ck_assert(began_with(features, "b", "cup"));
    ck_assert_double_eq(value_of(features, "b"), 0.0);
    ck_assert(began_with(features, "c", "te"));
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_code_texts_stay_with_the_features)
{
    static const double values[] = {5.0};
    text_column ids, names;
    patron_attributes more;
    patron_features *joined, *again;
    text_column_open(&ids);
    text_column_open(&names);
    text_column_add(&ids, "c", 1);
    text_column_add(&names, "age", 3);
    patron_attributes_init(&more, sizeof more);
    more.rows = more.cols = 1;
    more.customer_id = text_column_view(&ids);
    more.names = text_column_view(&names);
    more.values = values;
    patron_history *history = history_of(shop_lines, SHOP_LINES, false);
    patron_features *features = features_of(history, PATRON_AS_OF_LAST, 0, "rfm, first_category, tenure_days");
    patron_history_free(history);
    ck_assert_int_eq(patron_features_join(&joined, NULL, features, &more, NULL, NULL), PATRON_OK);
    text_column_free(&names);
    text_column_open(&names);
    text_column_add(&names, "zip", 3);
    more.names = text_column_view(&names);
    ck_assert_int_eq(patron_features_join(&again, NULL, joined, &more, NULL, NULL), PATRON_OK);
    ck_assert(same_code_texts(features, joined) && same_code_texts(features, again));
    patron_features_free(features);
    patron_features_free(joined);
    ck_assert(began_with(again, "a", LONG_ONE));
    ck_assert(began_with(again, "c", "te"));
    patron_features_free(again);
    text_column_free(&names);
    text_column_free(&ids);
}
END_TEST

START_TEST(test_code_texts_are_those_of_a_column_of_codes)
{
    patron_history *history = history_of(shop_lines, SHOP_LINES, false);
    patron_features *features = features_of(history, PATRON_AS_OF_LAST, 0, "first_category, cohort_month, frequency");
    patron_text texts;
    int64_t count;
    ck_assert_int_eq(patron_features_code_texts(&texts, &count, features, 0, &error), PATRON_OK);
    ck_assert_ptr_null(texts.validity);
    for (int64_t column = -1; column <= 3; column++) {
        if (column == 0) continue;
        count = 7;
        ck_assert_int_eq(patron_features_code_texts(&texts, &count, features, column, &error), PATRON_INVALID_ARGUMENT);
        ck_assert_int_eq(count, 0);
        ck_assert_ptr_null(texts.offsets);
    }
    ck_assert_ptr_nonnull(strstr(error.message, "there is no column 3; there are 3"));
    ck_assert_int_eq(patron_features_code_texts(&texts, &count, features, 2, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "column frequency has numbers, not codes"));
    ck_assert_int_eq(patron_features_code_texts(NULL, &count, features, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_features_code_texts(&texts, NULL, features, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_features_code_texts(&texts, &count, NULL, 0, &error), PATRON_INVALID_ARGUMENT);
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
    tcase_add_test(tests, test_first_category_is_the_earliest_and_of_several_the_first_by_bytes);
    tcase_add_test(tests, test_categories_from_after_the_as_of_or_before_the_window_are_not_there);
    tcase_add_test(tests, test_categories_of_customers_left_out_are_not_there);
    tcase_add_test(tests, test_code_texts_stay_with_the_features);
    tcase_add_test(tests, test_code_texts_are_those_of_a_column_of_codes);
    return run_suite(suite);
}
