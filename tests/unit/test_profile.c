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

enum { CUSTOMERS = 90 };

/* Two thirds buy often and began with tea in March; of the others 4 began with cups, the rest with a name that JSON
   must take care of, all in months of their own. */
static patron_features *segmented_shop(const char *columns)
{
    static char ids[CUSTOMERS][8];
    static oracle_line lines[4 * CUSTOMERS];
    int64_t count = 0;
    memset(lines, 0, sizeof lines);
    for (int64_t i = 0; i < CUSTOMERS; i++) {
        bool often = i % 3 != 0;
        snprintf(ids[i], sizeof ids[i], "%d", (int)(100 + i));
        for (int64_t order = 0; order < (often ? 4 : 1); order++)
            lines[count++] = (oracle_line){.customer = ids[i],
                                           .time_s = often ? MARCH + (30 * order + i % 20) * DAY : MARCH - 31 * i * DAY,
                                           .category = often    ? "tea"
                                                       : i < 12 ? "cup"
                                                                : "\"tea\"\n\\",
                                           .amount = often ? 900000 + 10000 * (i % 7) : 10000 + 100 * (i % 7),
                                           .quantity = 1};
    }
    patron_history *history = history_of(lines, count, false);
    patron_features *features = features_of(history, PATRON_AS_OF_LAST, 0, columns);
    patron_history_free(history);
    return features;
}

static patron_segmentation *segment_by(const patron_features *features, const char *names)
{
    patron_segmentation *segmentation;
    patron_segment_options options;
    patron_segment_options_init(&options, sizeof options);
    options.features = names;
    options.k_max = 2;
    ck_assert_msg(patron_segmentation_fit(&segmentation, features, &options, NULL, &error) == PATRON_OK, "%s",
                  error.message);
    return segmentation;
}

START_TEST(test_segments_are_the_same_with_and_without_them)
{
    patron_features *without = segmented_shop("rfm"), *with = segmented_shop("cohort_month,rfm,first_category"),
                    *all = segmented_shop(NULL);
    patron_segmentation *a = segment_by(without, "rfm"), *b = segment_by(with, "rfm"), *c = segment_by(all, "rfm");
    ck_assert_mem_eq(patron_segmentation_labels(a), patron_segmentation_labels(b), CUSTOMERS * sizeof(int32_t));
    ck_assert_mem_eq(patron_segmentation_labels(a), patron_segmentation_labels(c), CUSTOMERS * sizeof(int32_t));
    ck_assert_uint_eq(patron_fingerprint(a), patron_fingerprint(b));
    ck_assert_uint_eq(patron_fingerprint(a), patron_fingerprint(c));
    for (int64_t column = 0; column < patron_matrix_column_count(patron_features_matrix(all)); column++) {
        patron_column seen = {.size = sizeof seen};
        const patron_matrix *matrix = patron_features_matrix(patron_segmentation_features(c));
        ck_assert_int_eq(patron_matrix_column(&seen, matrix, column, NULL), PATRON_OK);
        if (seen.kind != PATRON_KIND_NUMBER) ck_assert_int_eq(seen.role, PATRON_ROLE_PROFILE);
    }
    ck_assert(same_code_texts(all, patron_segmentation_features(c)));
    patron_segmentation_free(c);
    patron_segmentation_free(b);
    patron_segmentation_free(a);
    patron_features_free(all);
    patron_features_free(with);
    patron_features_free(without);
}
END_TEST

START_TEST(test_customers_are_not_grouped_by_them)
{
    static const char *const lists[] = {"cohort_month", "rfm,first_category"};
    static const char *const said[] = {"column cohort_month has months, which describe customers and cannot group them",
                                       "column first_category has codes, which describe customers and cannot group"};
    patron_features *features = segmented_shop(NULL);
    for (int i = 0; i < 2; i++) {
        patron_segmentation *segmentation = (patron_segmentation *)&error;
        patron_segment_options options;
        patron_segment_options_init(&options, sizeof options);
        options.features = lists[i];
        ck_assert_int_eq(patron_segmentation_fit(&segmentation, features, &options, NULL, &error),
                         PATRON_INVALID_ARGUMENT);
        ck_assert_ptr_null(segmentation);
        ck_assert_ptr_nonnull(strstr(error.message, said[i]));
    }
    patron_features_free(features);
}
END_TEST

static patron_common_value common_of(const patron_segmentation *s, int32_t id, const char *name)
{
    patron_common_value common = {.size = sizeof common};
    double mean = 0.0, median = 0.0;
    int64_t column = patron_matrix_find(patron_features_matrix(patron_segmentation_features(s)), name);
    ck_assert_int_eq(patron_segmentation_most_common(&common, s, id, column, NULL), PATRON_OK);
    ck_assert_int_eq(patron_segmentation_statistic(&mean, &median, s, id, column, NULL), PATRON_OK);
    ck_assert_int_eq(isnan(mean) != 0, strcmp(name, "frequency") != 0);
    ck_assert_int_eq(isnan(median) != 0, strcmp(name, "frequency") != 0);
    return common;
}

static void expect_common(patron_common_value got, double value, int64_t customers, int64_t known)
{
    ck_assert_double_eq(got.value, value);
    ck_assert_int_eq(got.customers, customers);
    ck_assert_int_eq(got.known, known);
}

/* The codes: what is quoted comes first, then cups, then tea. */
START_TEST(test_segments_are_described_by_what_is_most_common)
{
    patron_features *features = segmented_shop("rfm, cohort_month, first_category");
    patron_segmentation *s = segment_by(features, "rfm");
    patron_common_value common = {.size = sizeof common};
    ck_assert_int_eq(patron_segmentation_count(s), 2);
    expect_common(common_of(s, 0, "cohort_month"), 202603.0, 60, 60);
    expect_common(common_of(s, 0, "first_category"), 2.0, 60, 60);
    expect_common(common_of(s, 1, "first_category"), 0.0, 26, 30);
    expect_common(common_of(s, 1, "frequency"), 1.0, 30, 30);
    /* Each month has one customer; of several as common the lowest is told. */
    ck_assert_int_eq(common_of(s, 1, "cohort_month").customers, 1);
    ck_assert_double_le(common_of(s, 1, "cohort_month").value, 201908.0);
    expect_common(common_of(s, -1, "cohort_month"), 202603.0, 61, 90);
    expect_common(common_of(s, -1, "first_category"), 2.0, 60, 90);
    ck_assert_int_eq(patron_segmentation_most_common(&common, s, 2, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_segmentation_most_common(&common, s, 0, 5, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_segmentation_most_common(&common, NULL, 0, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_segmentation_most_common(NULL, s, 0, 0, &error), PATRON_INVALID_ARGUMENT);
    common.size = 0;
    ck_assert_int_eq(patron_segmentation_most_common(&common, s, 0, 0, &error), PATRON_INVALID_ARGUMENT);
    patron_segmentation_free(s);
    patron_features_free(features);
}
END_TEST

START_TEST(test_the_summary_tells_names_not_means_and_nothing_of_fewer_than_five)
{
    patron_features *features = segmented_shop("rfm, cohort_month, first_category");
    patron_segmentation *s = segment_by(features, "rfm");
    patron_document *document;
    ck_assert_int_eq(patron_report_json(&document, s, NULL, NULL, NULL), PATRON_OK);
    const char *first = strstr(patron_document_text(document), "\"mean\""), *second = strstr(first, "\"id\": 1");
    static const char *const told[] = {"\"most_common\": {", "\"cohort_month\": {", "\"value\": 202603,",
                                       "\"customers\": 60,", "\"share\": 1.0",      "\"first_category\": {",
                                       "\"value\": \"tea\","};
    static const char *const next[] = {"\"mean\": {",
                                       "\"most_common\": {",
                                       "\"cohort_month\": null,",
                                       "\"first_category\": {",
                                       "\"value\": \"\\\"tea\\\"\\n\\\\\",",
                                       "\"customers\": 26,"};
    const char *common = strstr(first, "\"most_common\"");
    ck_assert(common != NULL && second != NULL && common < second);
    ck_assert(strstr(first, "cohort_month") > common && strstr(first, "first_category") > common);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        first = strstr(first, told[i]);
        ck_assert_msg(first != NULL && first < second, "%s", told[i]);
    }
    for (size_t i = 0; i < sizeof next / sizeof *next; i++) {
        second = strstr(second, next[i]);
        ck_assert_msg(second != NULL, "%s", next[i]);
    }
    patron_document_free(document);
    patron_segmentation_free(s);
    patron_features_free(features);
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
    tcase_add_test(tests, test_segments_are_the_same_with_and_without_them);
    tcase_add_test(tests, test_customers_are_not_grouped_by_them);
    tcase_add_test(tests, test_segments_are_described_by_what_is_most_common);
    tcase_add_test(tests, test_the_summary_tells_names_not_means_and_nothing_of_fewer_than_five);
    return run_suite(suite);
}
