/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Features: the catalogue, and that nothing but the set of lines matters. Their values: test_features_oracle.c. */
#include <fenv.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "features/catalogue.h"
#include "features/features.h"
#include "support/code_texts.h"
#include "support/order_lines.h"
#include "support/range.h"
#include "support/suite.h"

static patron_history *history_with(bool keep_zero, bool drop_duplicates, int64_t utc_offset_s)
{
    patron_history *history;
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    options.zero_amount = keep_zero ? PATRON_ZERO_AMOUNT_KEEP : PATRON_ZERO_AMOUNT_DROP;
    options.duplicates = drop_duplicates ? PATRON_DUPLICATES_DROP : PATRON_DUPLICATES_KEEP;
    options.utc_offset_s = utc_offset_s;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, NULL), PATRON_OK);
    return history;
}

static patron_history *history_of(const oracle_line *lines, int64_t count)
{
    patron_history *history = history_with(false, false, 0);
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
    const patron_matrix *matrix = patron_features_matrix(features);
    int64_t column = patron_matrix_find(matrix, name);
    ck_assert_int_ge(column, 0);
    return patron_matrix_values(matrix)[column];
}

/* A shop large enough for several blocks of work; ids sort differently as numbers and as texts. */
enum { SHOP_LINES = 60000, SHOP_CUSTOMERS = 3000 };

static oracle_line *shop(char (**names)[12])
{
    uint64_t state = 99;
    oracle_line *lines = calloc(SHOP_LINES, sizeof *lines);
    *names = calloc(SHOP_CUSTOMERS, sizeof **names);
    ck_assert(lines != NULL && *names != NULL);
    random_lines(lines, SHOP_LINES, &state);
    for (int64_t c = 0; c < SHOP_CUSTOMERS; c++) snprintf((*names)[c], 12, "%d", (int)(c * 7919 % 1000003));
    for (int64_t i = 0; i < SHOP_LINES; i++) {
        /* One customer has a third of the lines. */
        int64_t c = i % 3 == 0 ? 5 : test_below(&state, SHOP_CUSTOMERS);
        lines[i].customer = (*names)[c];
        lines[i].time_s = test_below(&state, 400 * 86400) - 100 * 86400;
        if (i % 5 == 0) lines[i] = lines[i / 2];
    }
    return lines;
}

/* With every policy. */
static patron_history *shop_history(void)
{
    patron_history *history;
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    options.duplicates = PATRON_DUPLICATES_DROP;
    options.utc_offset_s = 7200;
    options.order_gap_s = 40000;
    options.match_cancellations = 1;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, NULL), PATRON_OK);
    ignore_product(history, "cup");
    return history;
}

/* With every option that changes what counts. */
static patron_features *shop_features(const oracle_line *lines, int64_t batch, bool with_numbers, int32_t threads)
{
    patron_context context;
    patron_features *features;
    patron_features_options options;
    patron_history *history = shop_history();
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    for (int64_t at = 0; at < SHOP_LINES; at += batch) {
        int64_t rows = SHOP_LINES - at < batch ? SHOP_LINES - at : batch;
        ck_assert_int_eq(append_lines(history, lines + at, rows, with_numbers, &context, NULL), PATRON_OK);
    }
    patron_features_options_init(&options, sizeof options);
    options.as_of_s = 250 * 86400;
    options.window_days = 300;
    options.min_orders = 2;
    ck_assert_int_eq(patron_features_build(&features, history, &options, &context, NULL), PATRON_OK);
    patron_history_free(history);
    return features;
}

static void expect_same(const patron_features *a, const patron_features *b)
{
    int64_t rows = patron_features_customer_count(a);
    ck_assert_int_eq(rows, patron_features_customer_count(b));
    ck_assert_mem_eq(a->id_ends, b->id_ends, (size_t)(rows + 1) * sizeof *a->id_ends);
    ck_assert_mem_eq(a->id_bytes, b->id_bytes, (size_t)a->id_ends[rows]);
    ck_assert_mem_eq(a->values, b->values, (size_t)rows * sizeof *a->values);
    ck_assert_mem_eq(patron_matrix_values(a->matrix), patron_matrix_values(b->matrix),
                     (size_t)(rows * PTN_FEATURE_COUNT) * sizeof(double));
    ck_assert_mem_eq(&a->audit, &b->audit, sizeof a->audit);
    ck_assert(same_code_texts(a, b));
}

START_TEST(test_features_same_for_any_thread_count_order_of_lines_and_batches)
{
    static const int32_t threads[] = {1, 2, 3, 4, 8};
    static const int64_t batches[] = {SHOP_LINES, 7777, 1000, SHOP_LINES, 59999};
    char(*names)[12];
    uint64_t state = 5;
    oracle_line *lines = shop(&names);
    patron_features *first = shop_features(lines, SHOP_LINES, false, 1);
    ck_assert_int_gt(first->audit.fates[PATRON_FATE_DUPLICATE], 1000);
    ck_assert_int_gt(first->audit.fates[PATRON_FATE_AFTER_AS_OF], 1000);
    ck_assert_int_gt(first->audit.fates[PATRON_FATE_BEFORE_WINDOW], 1000);
    ck_assert_int_gt(first->audit.fates[PATRON_FATE_CANCELLATION], 100);
    ck_assert_int_gt(first->audit.fates[PATRON_FATE_IGNORED_PRODUCT], 1000);
    ck_assert_int_gt(first->rows, 1500);
    ck_assert_int_gt(first->audit.customers_below_min_orders, 10);
    ck_assert_int_eq(first->rows + first->audit.customers_below_min_orders, first->audit.customers_with_order);
    for (int i = 0; i < 5; i++) {
        patron_features *same = shop_features(lines, batches[i], i % 2 == 1, threads[i]);
        expect_same(first, same);
        patron_features_free(same);
        shuffle_lines(lines, SHOP_LINES, &state);
        patron_features *shuffled = shop_features(lines, batches[i], i % 2 == 0, threads[i]);
        expect_same(first, shuffled);
        patron_features_free(shuffled);
    }
    patron_features_free(first);
    free(lines);
    free(names);
}
END_TEST

START_TEST(test_min_orders_are_counted_and_checked)
{
    oracle_line lines[] = {{.customer = "a", .order = "1", .amount = 10000, .quantity = 1},
                           {.customer = "b", .order = "1", .amount = 10000, .quantity = 1},
                           {.customer = "b", .order = "2", .amount = 10000, .quantity = 1},
                           {.customer = "c", .order = "3", .amount = 10000, .quantity = -1}};
    patron_history *history = history_of(lines, 4);
    patron_features *features;
    patron_features_options options;
    patron_error error;
    patron_features_options_init(&options, sizeof options);
    ck_assert_int_eq(options.min_orders, 1);
    options.min_orders = 2;
    ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_customer_count(features), 1);
    ck_assert_int_eq(patron_features_find(features, (const uint8_t *)"b", 1), 0);
    ck_assert_int_eq(features->audit.customers_below_min_orders, 1);
    ck_assert_int_eq(features->audit.customers_with_order, 2);
    ck_assert_int_eq(features->audit.gross, 30000);
    patron_features_free(features);
    options.min_orders = 3;
    ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, &error), PATRON_NO_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "lower min_orders"));
    options.min_orders = 0;
    ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "min_orders is 0"));
    patron_history_free(history);
}
END_TEST

/* A window is the history of its lines alone. */
START_TEST(test_a_window_is_as_if_the_history_began_there)
{
    enum { DAYS = 120 };
    char(*names)[12];
    const int64_t as_of_s = 250 * 86400, begin_s = as_of_s - DAYS * 86400;
    oracle_line *lines = shop(&names);
    patron_features *windowed, *alone;
    patron_features_options options;
    patron_error error;
    patron_history *history = history_of(lines, SHOP_LINES);
    patron_features_options_init(&options, sizeof options);
    ck_assert_int_eq(options.window_days, 0);
    options.as_of_s = as_of_s;
    options.window_days = DAYS;
    ck_assert_int_eq(patron_features_build(&windowed, history, &options, NULL, NULL), PATRON_OK);
    int64_t kept = 0;
    for (int64_t i = 0; i < SHOP_LINES; i++)
        if (lines[i].time_s > begin_s) lines[kept++] = lines[i];
    patron_history *rest = history_of(lines, kept);
    options.window_days = 0;
    ck_assert_int_eq(patron_features_build(&alone, rest, &options, NULL, NULL), PATRON_OK);
    ck_assert_int_gt(windowed->audit.fates[PATRON_FATE_BEFORE_WINDOW], 10000);
    ck_assert_int_eq(windowed->window_days, DAYS);
    /* Customers and rows that have gone are counted still. */
    alone->audit = windowed->audit;
    expect_same(windowed, alone);
    options.window_days = -1;
    patron_features_free(alone);
    ck_assert_int_eq(patron_features_build(&alone, rest, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(alone);
    ck_assert_ptr_nonnull(strstr(error.message, "window_days is -1"));
    options.window_days = 1;
    options.as_of_s = 100000 * (int64_t)86400;
    ck_assert_int_eq(patron_features_build(&alone, rest, &options, NULL, &error), PATRON_NO_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "longer window"));
    patron_features_free(windowed);
    patron_history_free(history);
    patron_history_free(rest);
    free(lines);
    free(names);
}
END_TEST

START_TEST(test_host_rounding_does_not_change_features)
{
    static const int modes[] = {FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    oracle_line lines[200];
    uint64_t state = 31;
    random_lines(lines, 200, &state);
    lines[0].amount = INT64_C(9007199254740993); /* has no double of its own */
    patron_history *history = history_of(lines, 200);
    patron_features *nearest = features_of(history, PATRON_AS_OF_LAST, NULL);
    for (int i = 0; i < 3; i++) {
        fesetround(modes[i]);
        patron_features *other = features_of(history, PATRON_AS_OF_LAST, NULL);
        int mode = fegetround();
        fesetround(FE_TONEAREST);
        ck_assert_int_eq(mode, modes[i]);
        expect_same(nearest, other);
        patron_features_free(other);
    }
    patron_features_free(nearest);
    patron_history_free(history);
}
END_TEST

START_TEST(test_catalogue_says_what_each_feature_is)
{
    enum { COUNT = 38 };
    static const char *const names[] = {"recency_days",
                                        "tenure_days",
                                        "frequency",
                                        "monetary_gross",
                                        "monetary_returns",
                                        "monetary_net",
                                        "monetary_recurring",
                                        "average_order_value",
                                        "btyd_x",
                                        "btyd_t_x",
                                        "btyd_T",
                                        "btyd_spend",
                                        "days_between_mean",
                                        "days_between_median",
                                        "days_between_variation",
                                        "recent_orders",
                                        "items_per_order",
                                        "distinct_products",
                                        "category_count",
                                        "category_entropy",
                                        "top_category_share",
                                        "discount_share",
                                        "return_rate",
                                        "return_value_share",
                                        "weekend_share",
                                        "overdue_ratio",
                                        "days_since_previous_order",
                                        "order_trend",
                                        "best_quarter_share",
                                        "evening_share",
                                        "repeat_product_share",
                                        "discount_depth",
                                        "largest_order_share",
                                        "top_channel_share",
                                        "channel_entropy",
                                        "price_level",
                                        "cohort_month",
                                        "first_category"};
    ck_assert_int_eq(patron_feature_count(), COUNT);
    for (int64_t i = 0; i < COUNT; i++) {
        patron_column column = {.size = sizeof column};
        ck_assert_int_eq(patron_feature_info(&column, i, NULL), PATRON_OK);
        ck_assert_str_eq(column.name, names[i]);
        ck_assert_int_eq(column.role, PATRON_ROLE_PROFILE);
        ck_assert_int_eq(column.kind, i == 36 ? PATRON_KIND_MONTH : i == 37 ? PATRON_KIND_CODE : PATRON_KIND_NUMBER);
        ck_assert(column.unit[0] != '\0' && column.definition[0] != '\0' && column.missing[0] != '\0');
        range_holds(column.range, 1.0); /* can be read */
    }
    patron_column column = {.size = sizeof column};
    patron_error error;
    ck_assert_int_eq(patron_feature_info(&column, COUNT, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_feature_info(&column, -1, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_feature_info(NULL, 0, &error), PATRON_INVALID_ARGUMENT);
    column.size = 0;
    ck_assert_int_eq(patron_feature_info(&column, 0, &error), PATRON_INVALID_ARGUMENT);
}
END_TEST

START_TEST(test_columns_are_chosen_by_name_and_in_the_order_written)
{
    oracle_line line = {.customer = "a", .time_s = 0, .amount = 10000, .quantity = 1};
    patron_history *history = history_of(&line, 1);
    patron_features *features = features_of(history, 10 * 86400 - 1, " btyd_T ,rfm,\tbtyd_spend");
    const patron_matrix *matrix = patron_features_matrix(features);
    static const char *const names[] = {"btyd_T", "recency_days", "frequency", "monetary_gross", "btyd_spend"};
    const double values[] = {9, 9, 1, 1.0};
    ck_assert_int_eq(patron_matrix_column_count(matrix), 5);
    for (int64_t i = 0; i < 5; i++) ck_assert_int_eq(patron_matrix_find(matrix, names[i]), i);
    for (int64_t i = 0; i < 4; i++) ck_assert_double_eq(patron_matrix_values(matrix)[i], values[i]);
    ck_assert_double_nan(patron_matrix_values(matrix)[4]);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_a_list_of_columns_that_makes_no_sense_is_refused)
{
    static const struct {
        const char *list;
        patron_status status;
        const char *says;
    } cases[] = {{"", PATRON_INVALID_ARGUMENT, "empty name"},
                 {"rfm,,btyd_x", PATRON_INVALID_ARGUMENT, "empty name"},
                 {"rfm,", PATRON_INVALID_ARGUMENT, "empty name"},
                 {"rfm,frequency", PATRON_INVALID_ARGUMENT, "frequency is chosen twice"},
                 {"btyd_x, btyd_x", PATRON_INVALID_ARGUMENT, "btyd_x is chosen twice"},
                 {"recency", PATRON_UNKNOWN_NAME, "\"recency\"; there are the presets rfm, behaviour and recency_days"},
                 {"RFM", PATRON_UNKNOWN_NAME, "btyd_spend"}};
    oracle_line line = {.customer = "a", .amount = 10000, .quantity = 1};
    patron_history *history = history_of(&line, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        patron_features *features = (patron_features *)1;
        patron_features_options options;
        patron_error error;
        patron_features_options_init(&options, sizeof options);
        options.columns = cases[i].list;
        ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, &error), cases[i].status);
        ck_assert_ptr_null(features);
        ck_assert_msg(strstr(error.message, cases[i].says) != NULL, "%s", error.message);
    }
    patron_history_free(history);
}
END_TEST

START_TEST(test_recency_is_elapsed_days_and_age_is_calendar_days)
{
    /* Bought at 23:00 local of day 0 and seen at 01:00 of day 2: 26 hours are one day, two calendar days. */
    oracle_line line = {.customer = "a", .time_s = 22 * 3600, .amount = 10000, .quantity = 1};
    patron_history *history = history_with(false, false, 3600);
    ck_assert_int_eq(append_lines(history, &line, 1, false, NULL, NULL), PATRON_OK);
    patron_features *features = features_of(history, 2 * 86400, NULL);
    ck_assert_double_eq(value_of(features, "recency_days"), 1);
    ck_assert_double_eq(value_of(features, "btyd_T"), 2);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_order_s_time_is_its_last_purchase_line_s)
{
    oracle_line lines[] = {{.customer = "a", .order = "1", .time_s = 0, .amount = 10000, .quantity = 1},
                           {.customer = "a", .order = "1", .time_s = 86400 * 3, .amount = 10000, .quantity = 1},
                           {.customer = "a", .order = "1", .time_s = 86400 * 5, .amount = -10000, .quantity = -1},
                           {.customer = "a", .order = "2", .time_s = 86400 * 2, .amount = 10000, .quantity = 0}};
    patron_history *history = history_of(lines, 4);
    patron_features *features = features_of(history, 10 * 86400, NULL);
    ck_assert_double_eq(value_of(features, "frequency"), 1);
    ck_assert_double_eq(value_of(features, "recency_days"), 7);
    ck_assert_double_eq(value_of(features, "tenure_days"), 7);
    ck_assert_double_eq(value_of(features, "monetary_gross"), 3.0);
    ck_assert_double_eq(value_of(features, "monetary_net"), 2.0);
    ck_assert_double_eq(value_of(features, "monetary_recurring"), 1.0);
    ck_assert_double_eq(value_of(features, "average_order_value"), 3.0);
    ck_assert_double_eq(value_of(features, "btyd_x"), 2);
    ck_assert_double_eq(value_of(features, "btyd_t_x"), 3);
    ck_assert_double_eq(value_of(features, "btyd_spend"), 1.0);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_customer_ids_are_ordered_by_bytes_and_found)
{
    static const char *const ids[] = {"-1",        "10",       "100",         "12345678", "123456780",
                                      "123456789", "12345679", "1234567\x7f", "2",        "\xC3\xA9"};
    oracle_line lines[10];
    memset(lines, 0, sizeof lines);
    for (int i = 0; i < 10; i++) {
        lines[i].customer = ids[i * 7 % 10];
        lines[i].amount = 10000;
        lines[i].quantity = 1;
    }
    patron_history *history = history_of(lines, 10);
    patron_features *features = features_of(history, PATRON_AS_OF_LAST, "frequency");
    for (int64_t i = 0; i < 10; i++)
        ck_assert_int_eq(patron_features_find(features, (const uint8_t *)ids[i], (int64_t)strlen(ids[i])), i);
    ck_assert_int_eq(patron_features_find(features, (const uint8_t *)"1", 1), -1);
    ck_assert_int_eq(patron_features_find(features, (const uint8_t *)"3", 1), -1);
    ck_assert_int_eq(patron_features_find(features, (const uint8_t *)"", 0), -1);
    ck_assert_int_eq(patron_features_find(features, (const uint8_t *)"10", -1), -1);
    ck_assert_int_eq(patron_features_find(features, NULL, 2), -1);
    ck_assert_int_eq(patron_features_find(NULL, (const uint8_t *)"10", 2), -1);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_ids_of_every_length_are_told)
{
    enum { LONGEST = 600 };
    static char texts[LONGEST][LONGEST + 1];
    static oracle_line lines[LONGEST];
    int64_t found, length;
    memset(lines, 0, sizeof lines);
    for (int i = 0; i < LONGEST; i++) {
        memset(texts[i], 'a' + i % 3, (size_t)i + 1);
        lines[i] = (oracle_line){.customer = texts[i], .amount = 10000, .quantity = i % 7 == 6 ? -1 : 1};
    }
    patron_history *history = history_of(lines, LONGEST);
    patron_features *features = features_of(history, PATRON_AS_OF_LAST, "frequency");
    ck_assert_int_eq(patron_features_customer_count(features), LONGEST - LONGEST / 7);
    for (int i = 0; i < LONGEST; i++) {
        const uint8_t *id;
        found = patron_features_find(features, (const uint8_t *)texts[i], i + 1);
        ck_assert((found >= 0) == (i % 7 != 6));
        if (found < 0) continue;
        ck_assert_int_eq(patron_features_customer_id(&id, &length, features, found, NULL), PATRON_OK);
        ck_assert_int_eq(length, i + 1);
        ck_assert_mem_eq(id, texts[i], (size_t)length);
    }
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_money_beyond_int64_names_the_customer)
{
    oracle_line lines[] = {{.customer = "fine", .amount = 1, .quantity = 1},
                           {.customer = "rich", .amount = INT64_MAX, .quantity = 1},
                           {.customer = "rich", .amount = 1, .quantity = 1},
                           {.customer = "only returns", .amount = -INT64_MAX, .quantity = -1},
                           {.customer = "only returns", .amount = -INT64_MAX, .quantity = -1},
                           {.customer = "great", .amount = INT64_MAX, .quantity = 1}};
    patron_features *features;
    patron_error error;
    patron_history *history = history_of(lines, 5);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, &error), PATRON_OUT_OF_RANGE);
    ck_assert_ptr_null(features);
    ck_assert_ptr_nonnull(strstr(error.message, "customer rich: money is beyond"));
    patron_history_free(history);

    lines[1].customer = "other";
    history = history_of(lines, 6);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, &error), PATRON_OUT_OF_RANGE);
    ck_assert_ptr_nonnull(strstr(error.message, "the shop's money"));
    patron_history_free(history);
    history = history_of(lines, 2);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, &error), PATRON_OUT_OF_RANGE);
    patron_history_free(history);
    history = history_of(lines + 1, 1);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, &error), PATRON_OK);
    ck_assert_int_eq(features->values[0].gross, INT64_MAX);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_nothing_bought_by_the_as_of_is_no_data)
{
    oracle_line later = {.customer = "a", .time_s = 100, .amount = 10000, .quantity = 1};
    oracle_line returned = {.customer = "a", .amount = -10000, .quantity = -1};
    patron_features *features;
    patron_features_options options;
    patron_error error;
    patron_features_options_init(&options, sizeof options);
    options.as_of_s = 99;
    for (int i = 0; i < 3; i++) {
        patron_history *history = history_of(i == 1 ? &returned : &later, i == 2 ? 0 : 1);
        ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, &error), PATRON_NO_DATA);
        ck_assert_ptr_null(features);
        patron_history_free(history);
    }
    options.as_of_s = INT64_MAX;
    patron_history *history = history_of(&later, 1);
    ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
    patron_history_free(history);
}
END_TEST

START_TEST(test_null_and_rows_that_are_not_there_are_refused)
{
    oracle_line line = {.customer = "a", .amount = 10000, .quantity = 1};
    patron_history *history = history_of(&line, 1);
    patron_features *features = (patron_features *)1;
    patron_error error;
    const uint8_t *bytes;
    int64_t length;
    patron_customer_value value = {.size = sizeof value};
    patron_audit audit = {.size = sizeof audit};
    ck_assert_int_eq(patron_features_build(NULL, history, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_features_build(&features, NULL, NULL, NULL, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(features);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, &error), PATRON_OK);
    ck_assert_int_eq(error.status, PATRON_OK);
    ck_assert_int_eq(patron_features_customer_id(NULL, &length, features, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_features_customer_id(&bytes, NULL, features, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_features_customer_id(&bytes, &length, features, 1, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(bytes);
    ck_assert_int_eq(patron_features_customer_id(&bytes, &length, NULL, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_features_value(NULL, features, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_features_value(&value, features, -1, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_features_value(&value, NULL, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_features_audit(NULL, features, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_features_audit(&audit, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(patron_features_matrix(NULL));
    ck_assert_int_eq(patron_features_customer_count(NULL), 0);
    patron_features_options_init(NULL, 0);
    patron_features_free(NULL);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

START_TEST(test_copy_is_independent)
{
    oracle_line line = {.customer = "a", .amount = 10000, .quantity = 1};
    patron_history *history = history_of(&line, 1);
    patron_features *features = features_of(history, PATRON_AS_OF_LAST, NULL), *copy;
    ck_assert_int_eq(ptn_features_copy(&copy, features, &features->memory, NULL), PATRON_OK);
    patron_history_free(history);
    patron_features *again = features;
    expect_same(copy, again);
    patron_features_free(features);
    ck_assert_int_eq(patron_features_find(copy, (const uint8_t *)"a", 1), 0);
    ck_assert_double_eq(value_of(copy, "monetary_gross"), 1.0);
    patron_features_free(copy);
}
END_TEST

static int32_t cancel_after(void *user, const char *stage, double fraction)
{
    ck_assert_str_eq(stage, "features");
    ck_assert(fraction >= 0.0 && fraction <= 1.0);
    return (*(int32_t *)user)-- <= 0;
}

START_TEST(test_building_can_be_cancelled_at_every_callback)
{
    oracle_line line = {.customer = "a", .amount = 10000, .quantity = 1};
    patron_history *history = history_of(&line, 1);
    patron_context context;
    patron_features *features = NULL;
    patron_status status = PATRON_CANCELLED;
    patron_context_init(&context, sizeof context);
    context.progress = cancel_after;
    int32_t allowed = 0;
    for (; status == PATRON_CANCELLED && allowed < 100; allowed++) {
        int32_t left = allowed;
        context.progress_user = &left;
        status = patron_features_build(&features, history, NULL, &context, NULL);
        ck_assert(status == PATRON_OK || features == NULL);
    }
    ck_assert_int_eq(status, PATRON_OK);
    ck_assert_int_gt(allowed, 3);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("features");
    TCase *tests = tcase_create("features");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_features_same_for_any_thread_count_order_of_lines_and_batches);
    tcase_add_test(tests, test_min_orders_are_counted_and_checked);
    tcase_add_test(tests, test_a_window_is_as_if_the_history_began_there);
    tcase_add_test(tests, test_host_rounding_does_not_change_features);
    tcase_add_test(tests, test_catalogue_says_what_each_feature_is);
    tcase_add_test(tests, test_columns_are_chosen_by_name_and_in_the_order_written);
    tcase_add_test(tests, test_a_list_of_columns_that_makes_no_sense_is_refused);
    tcase_add_test(tests, test_recency_is_elapsed_days_and_age_is_calendar_days);
    tcase_add_test(tests, test_order_s_time_is_its_last_purchase_line_s);
    tcase_add_test(tests, test_customer_ids_are_ordered_by_bytes_and_found);
    tcase_add_test(tests, test_ids_of_every_length_are_told);
    tcase_add_test(tests, test_money_beyond_int64_names_the_customer);
    tcase_add_test(tests, test_nothing_bought_by_the_as_of_is_no_data);
    tcase_add_test(tests, test_null_and_rows_that_are_not_there_are_refused);
    tcase_add_test(tests, test_copy_is_independent);
    tcase_add_test(tests, test_building_can_be_cancelled_at_every_callback);
    return run_suite(suite);
}
