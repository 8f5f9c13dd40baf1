/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Features of how customers buy: rhythm, baskets, categories, returns, on orders whose answers are known by hand. The
   oracle judges the same features on random lines in test_features.c. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <patron/patron.h>

#include "base/exact.h"
#include "base/math.h"
#include "features/catalogue.h"
#include "features/features.h"
#include "history/habits.h"
#include "matrix/matrix.h"
#include "support/order_lines.h"
#include "support/suite.h"

static patron_history *history_of(const oracle_line *lines, int64_t count)
{
    patron_history *history;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append_lines(history, lines, count, false, NULL, NULL), PATRON_OK);
    return history;
}

static patron_features *features_of(const patron_history *history, int64_t as_of_s, const char *columns)
{
    patron_features *features;
    patron_features_options options;
    patron_error error;
    patron_features_options_init(&options, sizeof options);
    options.as_of_s = as_of_s;
    options.columns = columns;
    ck_assert_msg(patron_features_build(&features, history, &options, NULL, &error) == PATRON_OK, "%s", error.message);
    return features;
}

/* The value of a named feature in row 0. */
static double value_of(const patron_features *features, const char *name)
{
    int64_t column = patron_matrix_find(features->matrix, name);
    ck_assert_int_ge(column, 0);
    return features->matrix->values[column];
}

START_TEST(test_rhythm_of_known_orders)
{
    /* Orders on days 0, 0 (the same instant), 2, 12; seen 40 days after the last. Day 2 after 1970-01-01 was a
     * Saturday. */
    oracle_line lines[] = {{.customer = "a", .order = "1", .time_s = 0, .amount = 10000, .quantity = 3},
                           {.customer = "a", .order = "2", .time_s = 0, .amount = 10000, .quantity = 0.5},
                           {.customer = "a", .order = "3", .time_s = 2 * 86400, .amount = 10000, .quantity = 1},
                           {.customer = "a", .order = "4", .time_s = 12 * 86400, .amount = 10000, .quantity = 1}};
    patron_history *history = history_of(lines, 4);
    patron_features *features = features_of(history, 52 * 86400, NULL);
    ck_assert_double_eq(value_of(features, "days_between_mean"), 4.0);
    ck_assert_double_eq(value_of(features, "days_between_median"), 2.0);
    ck_assert_double_eq_tol(value_of(features, "days_between_variation"), sqrt(56.0 / 3.0) / 4.0, 1e-15);
    ck_assert_double_eq(value_of(features, "overdue_ratio"), 10.0);
    ck_assert_double_eq(value_of(features, "weekend_share"), 0.25);
    ck_assert_double_eq(value_of(features, "items_per_order"), 5.5 / 4.0);
    ck_assert_double_eq(value_of(features, "recent_orders"), 4.0);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_orders_at_one_instant_have_no_rhythm)
{
    oracle_line lines[] = {{.customer = "a", .order = "1", .amount = 10000, .quantity = 1},
                           {.customer = "a", .order = "2", .amount = 10000, .quantity = 1},
                           {.customer = "a", .order = "3", .amount = 10000, .quantity = 1}};
    for (int64_t orders = 1; orders <= 3; orders++) {
        patron_history *history = history_of(lines, orders);
        patron_features *features = features_of(history, 86400, NULL);
        double none = orders == 1 ? (double)NAN : 0.0;
        ck_assert(value_of(features, "days_between_mean") == none || isnan(none));
        ck_assert(value_of(features, "days_between_median") == none || isnan(none));
        ck_assert_int_eq(isnan(value_of(features, "days_between_mean")) != 0, orders == 1);
        ck_assert_int_eq(isnan(value_of(features, "days_between_median")) != 0, orders == 1);
        ck_assert_double_nan(value_of(features, "days_between_variation"));
        ck_assert_double_nan(value_of(features, "overdue_ratio"));
        patron_features_free(features);
        patron_history_free(history);
    }
}
END_TEST

/* Orders 6 million years apart: squares of gaps are beyond int64_t. */
START_TEST(test_rhythm_at_the_limits_of_time)
{
    oracle_line lines[] = {{.customer = "a", .order = "1", .time_s = -PATRON_MOST_TIME_S, .amount = 1, .quantity = 1},
                           {.customer = "a", .order = "2", .time_s = PATRON_MOST_TIME_S, .amount = 1, .quantity = 1},
                           {.customer = "a", .order = "3", .time_s = PATRON_MOST_TIME_S, .amount = 1, .quantity = 1}};
    patron_history *history = history_of(lines, 3);
    patron_features *features = features_of(history, PATRON_AS_OF_LAST, NULL);
    ck_assert_double_eq(value_of(features, "days_between_mean"), (double)PATRON_MOST_TIME_S / 86400.0);
    ck_assert_double_eq(value_of(features, "days_between_variation"), 1.0);
    ck_assert_double_eq(value_of(features, "overdue_ratio"), 0.0);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_recent_is_less_than_so_many_days_ago)
{
    oracle_line lines[] = {{.customer = "a", .order = "1", .time_s = 0, .amount = 10000, .quantity = 1},
                           {.customer = "a", .order = "2", .time_s = 1, .amount = 10000, .quantity = 1},
                           {.customer = "a", .order = "3", .time_s = 90 * 86400, .amount = 10000, .quantity = 1}};
    static const struct {
        int64_t days;
        double orders;
    } cases[] = {{1, 1}, {90, 2}, {91, 3}, {INT64_MAX, 3}};
    patron_history *history = history_of(lines, 3);
    patron_features *features;
    patron_features_options options;
    patron_error error;
    patron_features_options_init(&options, sizeof options);
    ck_assert_int_eq(options.recent_days, 90);
    options.as_of_s = 90 * 86400;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options.recent_days = cases[i].days;
        ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, &error), PATRON_OK);
        ck_assert_double_eq(value_of(features, "recent_orders"), cases[i].orders);
        patron_features_free(features);
    }
    for (options.recent_days = -1; options.recent_days <= 0; options.recent_days++) {
        ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
        ck_assert_ptr_null(features);
        ck_assert_ptr_nonnull(strstr(error.message, "give 1 day or more"));
    }
    patron_history_free(history);
}
END_TEST

START_TEST(test_entropy_is_of_money_and_exact_at_its_ends)
{
    static const char *const categories[] = {"a", "b", "c", "d", NULL};
    oracle_line lines[5];
    memset(lines, 0, sizeof lines);
    for (int i = 0; i < 5; i++)
        lines[i] = (oracle_line){.customer = "a", .amount = 70001, .quantity = 1, .category = categories[i]};
    for (int64_t count = 1; count <= 4; count++) {
        /* The line without a category does not count. */
        oracle_line shown[5];
        memcpy(shown, lines, sizeof shown);
        shown[count] = lines[4];
        patron_history *history = history_of(shown, count + 1);
        patron_features *features = features_of(history, PATRON_AS_OF_LAST, NULL);
        double entropy = value_of(features, "category_entropy");
        ck_assert_double_eq(value_of(features, "category_count"), (double)count);
        ck_assert_double_eq(value_of(features, "top_category_share"), 1.0 / (double)count);
        if (count == 1)
            ck_assert_double_eq(entropy, 0.0);
        else
            ck_assert_double_eq_tol(entropy, log((double)count), 1e-15);
        patron_features_free(features);
        patron_history_free(history);
    }
    lines[0].amount = 0;
    patron_history *history;
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    options.zero_amount = PATRON_ZERO_AMOUNT_KEEP;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append_lines(history, lines, 1, false, NULL, NULL), PATRON_OK);
    patron_features *features = features_of(history, PATRON_AS_OF_LAST, NULL);
    ck_assert_double_eq(value_of(features, "category_count"), 1);
    ck_assert_double_nan(value_of(features, "category_entropy"));
    ck_assert_double_nan(value_of(features, "top_category_share"));
    ck_assert_double_nan(value_of(features, "return_value_share"));
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

/* One column at a time asks for less of the passes than all of them. */
START_TEST(test_each_feature_alone_is_as_among_all)
{
    oracle_line lines[400];
    uint64_t state = 77;
    random_lines(lines, 400, &state);
    patron_history *history = history_of(lines, 400);
    patron_features *all = features_of(history, PATRON_AS_OF_LAST, NULL);
    for (int64_t i = 0; i < PTN_FEATURE_COUNT; i++) {
        patron_features *one = features_of(history, PATRON_AS_OF_LAST, ptn_catalogue()[i].name);
        for (int64_t row = 0; row < all->rows; row++)
            ck_assert_mem_eq(&one->matrix->values[row], &all->matrix->values[row * PTN_FEATURE_COUNT + i], 8);
        patron_features_free(one);
    }
    patron_features_free(all);
    patron_history_free(history);
}
END_TEST

/* Sums of such quantities in double differ with their order. */
START_TEST(test_fractional_quantities_add_up_in_any_order)
{
    enum { COUNT = 500 };
    oracle_line lines[COUNT];
    uint64_t state = 3;
    memset(lines, 0, sizeof lines);
    for (int i = 0; i < COUNT; i++) {
        lines[i] = (oracle_line){.customer = "a", .amount = 10000, .order = "1"};
        lines[i].quantity = (double)(test_random(&state) >> 11) * (i % 7 == 0 ? 1e-4 : 1e-17);
    }
    lines[0].quantity = 0.1;
    patron_history *history = history_of(lines, COUNT);
    patron_features *first = features_of(history, PATRON_AS_OF_LAST, NULL);
    patron_history_free(history);
    for (int round = 0; round < 10; round++) {
        shuffle_lines(lines, COUNT, &state);
        history = history_of(lines, COUNT);
        patron_features *again = features_of(history, PATRON_AS_OF_LAST, NULL);
        ck_assert_mem_eq(first->matrix->values, again->matrix->values, PTN_FEATURE_COUNT * sizeof(double));
        patron_features_free(again);
        patron_history_free(history);
    }
    patron_features_free(first);
}
END_TEST

/* Parts so unlike that their sums are rounded on the way: they are added by rising part, whatever the lines' order. */
START_TEST(test_parts_of_all_sizes_add_up_in_any_order)
{
    static const int64_t amounts[] = {1, 7, 31, 5000001, 77777777777, 300000000000000001, 600000000000000003};
    enum { COUNT = sizeof amounts / sizeof *amounts };
    static const char names[COUNT][2] = {"a", "b", "c", "d", "e", "f", "g"};
    oracle_line lines[COUNT];
    uint64_t state = 5;
    int64_t total = 0;
    ptn_dd sum = {0.0, 0.0};
    memset(lines, 0, sizeof lines);
    for (int i = 0; i < COUNT; i++) {
        lines[i] = (oracle_line){.customer = "a", .order = "1", .amount = amounts[i], .category = names[i]};
        lines[i].quantity = 1;
        total += amounts[i];
    }
    for (int i = 0; i < COUNT; i++)
        ptn_sum_add(&sum,
                    (double)amounts[i] / (double)total * ptn_log1p((double)(total - amounts[i]) / (double)amounts[i]));
    for (int round = 0; round < 20; round++) {
        shuffle_lines(lines, COUNT, &state);
        patron_history *history = history_of(lines, COUNT);
        patron_features *features = features_of(history, PATRON_AS_OF_LAST, "category_entropy,price_level");
        ck_assert_double_eq(features->matrix->values[0], ptn_sum_value(sum));
        ck_assert_double_eq(features->matrix->values[1], 1.0);
        patron_features_free(features);
        patron_history_free(history);
    }
}
END_TEST

/* Few orders' entropies by channel are made of terms that are kept, others' not: of one to four channels, an order to
   the first of them, two to the next and so on, then to the last. */
START_TEST(test_entropy_by_channel_of_few_and_of_many_orders)
{
    enum { ORDERS = 2 * PTN_KNOWN_ORDERS };
    static const char *const names[] = {"d", "b", "c", "a"};
    char ids[ORDERS][4];
    oracle_line lines[ORDERS];
    memset(lines, 0, sizeof lines);
    for (int64_t channels = 1; channels <= 4; channels++)
        for (int64_t orders = 1; orders <= ORDERS; orders++) {
            int64_t parts[4] = {0}, at = 0, most = 0;
            ptn_dd sum = {0.0, 0.0};
            for (int64_t i = 0; i < orders; i++) {
                while (at + 1 < channels && parts[at] == at + 1) at++;
                parts[at]++;
                snprintf(ids[i], sizeof ids[i], "%d", (int)(i * 7 % ORDERS));
                lines[i] = (oracle_line){.customer = "a", .order = ids[i], .channel = names[at], .amount = 1};
                lines[i].time_s = i * 7 % 5;
                lines[i].quantity = 1;
            }
            for (int64_t part = 1; part <= orders; part++)
                for (int64_t i = 0; i <= at; i++) {
                    if (parts[i] != part) continue;
                    most = part;
                    ptn_sum_add(&sum,
                                (double)part / (double)orders * ptn_log1p((double)(orders - part) / (double)part));
                }
            patron_history *history = history_of(lines, orders);
            patron_features *features = features_of(history, PATRON_AS_OF_LAST, "channel_entropy,top_channel_share");
            ck_assert_double_eq(features->matrix->values[0], ptn_sum_value(sum));
            ck_assert_double_eq(features->matrix->values[1], (double)most / (double)orders);
            patron_features_free(features);
            patron_history_free(history);
        }
}
END_TEST

/* An order's channel is the one whose bytes come first, on whichever of its lines that is; other orders have "b". */
START_TEST(test_channel_of_an_order_with_several)
{
    enum { LINES = 2 * PTN_BRIEF_LINES + 1 };
    oracle_line lines[LINES];
    for (int64_t count = 1; count < LINES; count++)
        for (int64_t other = 0; other < count; other++) {
            memset(lines, 0, sizeof lines);
            for (int64_t i = 0; i <= count; i++) {
                lines[i] = (oracle_line){.customer = "a", .order = "1", .channel = "b", .amount = 1, .quantity = 1};
                if (i == count) lines[i].order = "2";
            }
            lines[other].channel = "a";
            patron_history *history = history_of(lines, count + 1);
            patron_features *features = features_of(history, PATRON_AS_OF_LAST, "top_channel_share");
            ck_assert_double_eq(features->matrix->values[0], 0.5);
            patron_features_free(features);
            patron_history_free(history);
        }
}
END_TEST

/* Costs of 2^53, 1 and four of 2^-53, in 1/10,000: by rising cost the four count, and the sum is beyond 2^53 + 1, which
   rounds to 2^53 + 2; by falling cost each is lost, and it would be 2^53. */
START_TEST(test_costs_are_added_by_rising_cost)
{
    static const char *const small[] = {"c", "d", "e", "f"};
    oracle_line lines[10] = {
        {.customer = "a", .order = "1", .category = "a", .amount = INT64_C(1) << 53, .quantity = 2},
        {.customer = "a", .order = "1", .category = "b", .amount = 1, .quantity = 1}};
    for (int i = 0; i < 4; i++) {
        lines[2 + i] =
            (oracle_line){.customer = "a", .order = "1", .category = small[i], .amount = 1, .quantity = 0x1p-52};
        lines[6 + i] = (oracle_line){.customer = "b", .order = "2", .category = small[i], .amount = 1, .quantity = 4};
    }
    patron_history *history = history_of(lines, 10);
    patron_features *features = features_of(history, PATRON_AS_OF_LAST, "price_level");
    ck_assert_double_eq(features->matrix->values[0], (0x1p53 + 4.0) / (0x1p53 + 2.0));
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

/* Order ids that rise with time, fall, or do neither, of few orders and many: the same orders. */
START_TEST(test_ids_of_orders_need_not_rise)
{
    enum { MOST = 101, LINES = 3 * MOST };
    oracle_line lines[LINES];
    char ids[3][MOST][8];
    for (int i = 0; i < MOST; i++) {
        snprintf(ids[0][i], sizeof ids[0][i], "%d", 100 + i);
        snprintf(ids[1][i], sizeof ids[1][i], "%d", 900 - i);
        snprintf(ids[2][i], sizeof ids[2][i], "%d", 100 + i * 37 % MOST);
    }
    for (int orders = 5; orders <= MOST; orders += 16) {
        patron_features *found[3];
        for (int kind = 0; kind < 3; kind++) {
            memset(lines, 0, sizeof lines);
            for (int i = 0; i < 3 * orders; i++) {
                int order = i / 3;
                lines[i] = (oracle_line){.customer = "a", .order = ids[kind][order], .amount = 10000 + i * i};
                lines[i].time_s = order * order * 7001 + i % 3;
                lines[i].quantity = 1 + i % 4;
            }
            patron_history *history = history_of(lines, 3 * orders);
            found[kind] = features_of(history, PATRON_AS_OF_LAST, NULL);
            ck_assert_double_eq(value_of(found[kind], "frequency"), orders);
            ck_assert_mem_eq(found[kind]->matrix->values, found[0]->matrix->values, PTN_FEATURE_COUNT * sizeof(double));
            patron_history_free(history);
        }
        for (int kind = 0; kind < 3; kind++) patron_features_free(found[kind]);
        /* The last line is of the first order: it is later, and there is one order less. */
        lines[3 * orders - 1].order = lines[3 * orders - 2].order = lines[3 * orders - 3].order = lines[0].order;
        patron_history *history = history_of(lines, 3 * orders);
        patron_features *features = features_of(history, PATRON_AS_OF_LAST, "frequency,recency_days");
        ck_assert_double_eq(features->matrix->values[0], orders - 1);
        ck_assert_double_eq(features->matrix->values[1], 0.0);
        patron_features_free(features);
        patron_history_free(history);
    }
}
END_TEST

START_TEST(test_discounts_and_returns_of_known_lines)
{
    oracle_line lines[] = {
        {.customer = "a", .order = "1", .amount = 40000, .quantity = 1, .discount = 500},
        {.customer = "a", .order = "1", .amount = 40000, .quantity = 1},
        {.customer = "a", .order = "1", .amount = 40000, .quantity = 1, .no_discount_column = true},
        {.customer = "a", .order = "1", .amount = -30000, .quantity = -1, .no_discount_column = true},
        {.customer = "a", .order = "1", .amount = -10000, .quantity = 1, .no_discount_column = true}};
    patron_history *history = history_of(lines, 2);
    ck_assert_int_eq(append_lines(history, lines + 2, 3, false, NULL, NULL), PATRON_OK);
    patron_features *features = features_of(history, PATRON_AS_OF_LAST, NULL);
    ck_assert_double_eq(value_of(features, "discount_share"), 0.5);
    ck_assert_double_eq(value_of(features, "return_rate"), 0.25);
    ck_assert_double_eq(value_of(features, "return_value_share"), 0.25);
    ck_assert_double_eq(value_of(features, "monetary_returns"), 4.0);
    patron_features_free(features);
    patron_history_free(history);
    history = history_of(lines + 2, 3);
    features = features_of(history, PATRON_AS_OF_LAST, NULL);
    ck_assert_double_nan(value_of(features, "discount_share"));
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_price_level_against_the_category_s_mean)
{
    /* Tea costs (30 + 10) / (2 + 2) = 10 a unit on the mean, cups 8: a paid 30 + 8 for 2 x 10 + 8. */
    oracle_line lines[] = {{.customer = "a", .order = "1", .category = "tea", .amount = 300000, .quantity = 2},
                           {.customer = "a", .order = "1", .category = "cup", .amount = 80000, .quantity = 1},
                           {.customer = "a", .order = "1", .amount = 990000, .quantity = 1},
                           {.customer = "a", .order = "1", .category = "tea", .amount = -10000, .quantity = -1},
                           {.customer = "b", .order = "1", .category = "tea", .amount = 100000, .quantity = 2}};
    patron_history *history = history_of(lines, 5);
    patron_features *features = features_of(history, PATRON_AS_OF_LAST, "price_level");
    ck_assert_double_eq(features->matrix->values[0], 38.0 / 28.0);
    ck_assert_double_eq(features->matrix->values[1], 0.5);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_recent_days_is_passed_on_and_checked)
{
    oracle_line lines[40];
    uint64_t state = 12;
    patron_segmentation *segmentation;
    patron_features *features;
    patron_segment_options options;
    patron_features_options known;
    patron_error error;
    random_lines(lines, 40, &state);
    patron_history *history = history_of(lines, 40);
    patron_segment_options_init(&options, sizeof options);
    ck_assert_int_eq(options.recent_days, 90);
    options.recent_days = 0;
    ck_assert_int_eq(patron_segment(&segmentation, history, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(segmentation);
    /* A caller that does not know the field yet has the default. */
    patron_features_options_init(&known, sizeof known);
    known.recent_days = 0;
    known.size = offsetof(patron_features_options, recent_days);
    ck_assert_int_eq(patron_features_build(&features, history, &known, NULL, &error), PATRON_OK);
    ck_assert_int_eq(features->recent_days, 90);
    ck_assert_int_eq(patron_segmentation_fit(&segmentation, features, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(segmentation);
    ck_assert_ptr_nonnull(strstr(error.message, "recent_days is 0"));
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

/* Two orders of 3 and 1, on two days drawn over all years there are; the C library's calendar is the judge. */
START_TEST(test_best_quarter_of_days_in_all_years)
{
    enum { CUSTOMERS = 4000 };
    static char ids[CUSTOMERS][8];
    static oracle_line lines[2 * CUSTOMERS];
    static double want[CUSTOMERS];
    uint64_t state = 9;
    for (int64_t i = 0; i < CUSTOMERS; i++) {
        int month[2];
        snprintf(ids[i], sizeof ids[i], "%d", (int)(1000 + i));
        for (int64_t k = 0; k < 2; k++) {
            time_t day = (time_t)(test_below(&state, 2 * (PATRON_MOST_TIME_S / 86400)) - PATRON_MOST_TIME_S / 86400);
            struct tm parts;
            time_t time_s = day * 86400 + test_below(&state, 86400);
            ck_assert_ptr_nonnull(gmtime_r(&time_s, &parts));
            month[k] = parts.tm_mon;
            lines[2 * i + k] = (oracle_line){.customer = ids[i],
                                             .order = k == 0 ? "1" : "2",
                                             .time_s = time_s,
                                             .amount = k == 0 ? 30000 : 10000,
                                             .quantity = 1};
        }
        want[i] = month[0] / 3 == month[1] / 3 ? 1.0 : 0.75;
    }
    patron_history *history = history_of(lines, (int64_t)2 * CUSTOMERS);
    patron_features *features = features_of(history, PATRON_MOST_TIME_S, "best_quarter_share");
    for (int64_t i = 0; i < CUSTOMERS; i++) {
        int64_t row = patron_features_find(features, (const uint8_t *)ids[i], (int64_t)strlen(ids[i]));
        ck_assert_int_ge(row, 0);
        ck_assert_double_eq(features->matrix->values[row], want[i]);
    }
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("habits");
    TCase *tests = tcase_create("habits");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_rhythm_of_known_orders);
    tcase_add_test(tests, test_orders_at_one_instant_have_no_rhythm);
    tcase_add_test(tests, test_rhythm_at_the_limits_of_time);
    tcase_add_test(tests, test_recent_is_less_than_so_many_days_ago);
    tcase_add_test(tests, test_entropy_is_of_money_and_exact_at_its_ends);
    tcase_add_test(tests, test_each_feature_alone_is_as_among_all);
    tcase_add_test(tests, test_fractional_quantities_add_up_in_any_order);
    tcase_add_test(tests, test_parts_of_all_sizes_add_up_in_any_order);
    tcase_add_test(tests, test_entropy_by_channel_of_few_and_of_many_orders);
    tcase_add_test(tests, test_channel_of_an_order_with_several);
    tcase_add_test(tests, test_costs_are_added_by_rising_cost);
    tcase_add_test(tests, test_ids_of_orders_need_not_rise);
    tcase_add_test(tests, test_discounts_and_returns_of_known_lines);
    tcase_add_test(tests, test_price_level_against_the_category_s_mean);
    tcase_add_test(tests, test_recent_days_is_passed_on_and_checked);
    tcase_add_test(tests, test_best_quarter_of_days_in_all_years);
    return run_suite(suite);
}
