/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The choice of k, the numbering by recurring value, statistics, assignment, names and the summary. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "support/suite.h"

#define DAY INT64_C(86400)

enum { MOST_LINES = 4000 };

/* Order lines under construction: one order each. */
typedef struct shop {
    int64_t customers[MOST_LINES], times[MOST_LINES], amounts[MOST_LINES];
    double quantities[MOST_LINES];
    int64_t lines;
} shop;

static void buy(shop *s, int64_t customer, int64_t day, int64_t amount)
{
    ck_assert_int_lt(s->lines, MOST_LINES);
    s->customers[s->lines] = customer;
    s->times[s->lines] = day * DAY;
    s->amounts[s->lines] = amount * PATRON_MONEY_UNIT;
    s->quantities[s->lines] = amount < 0 ? -1.0 : 1.0;
    s->lines++;
}

static patron_history *history_of(const shop *s)
{
    patron_history *history;
    patron_orders orders;
    patron_error error;
    patron_orders_init(&orders, sizeof orders);
    orders.rows = s->lines;
    orders.customer_number = s->customers;
    orders.time_s = s->times;
    orders.amount = s->amounts;
    orders.quantity = s->quantities;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, &error), PATRON_OK);
    ck_assert_msg(patron_history_append(history, &orders, NULL, &error) == PATRON_OK, "%s", error.message);
    return history;
}

static patron_segmentation *segmentation_of(const shop *s, const patron_segment_options *options)
{
    patron_history *history = history_of(s);
    patron_segmentation *segmentation;
    patron_error error;
    patron_status status = patron_segment(&segmentation, history, options, NULL, &error);
    ck_assert_msg(status == PATRON_OK, "%s", error.message);
    patron_history_free(history);
    return segmentation;
}

static patron_status status_of(const shop *s, const patron_segment_options *options, patron_error *error)
{
    patron_history *history = history_of(s);
    patron_segmentation *segmentation = (patron_segmentation *)(uintptr_t)1;
    patron_status status = patron_segment(&segmentation, history, options, NULL, error);
    ck_assert((status == PATRON_OK) == (segmentation != NULL));
    patron_segmentation_free(segmentation);
    patron_history_free(history);
    return status;
}

/* Customers 0-19 come every ten days and spend about 50; 100-139 came once, 300 days ago, and spent about 20. */
static void two_kinds(shop *s)
{
    memset(s, 0, sizeof *s);
    for (int64_t c = 0; c < 20; c++)
        for (int64_t d = 0; d < 30; d++) buy(s, c, 20000 + 10 * d + c % 7, 50 + c % 5);
    for (int64_t c = 100; c < 140; c++) buy(s, c, 20000 + c % 11, 20 + c % 3);
}

START_TEST(test_two_plain_kinds_are_found_and_the_better_comes_first)
{
    shop s;
    two_kinds(&s);
    patron_segmentation *segmentation = segmentation_of(&s, NULL);
    patron_segment_info info = {.size = sizeof info}, other = {.size = sizeof other};
    ck_assert_int_eq(patron_segmentation_count(segmentation), 2);
    ck_assert_int_eq(patron_segmentation_segment(&info, segmentation, 0, NULL), PATRON_OK);
    ck_assert_int_eq(patron_segmentation_segment(&other, segmentation, 1, NULL), PATRON_OK);
    ck_assert_int_eq(info.customers, 20);
    ck_assert_int_eq(other.customers, 40);
    ck_assert_double_eq_tol(info.share, 20.0 / 60.0, 1e-15);
    ck_assert_double_eq(other.recurring_mean, 0.0);
    ck_assert_int_eq(info.revenue_gross, info.revenue_net);
    ck_assert_double_eq_tol(info.revenue_share + other.revenue_share, 1.0, 1e-15);
    const int32_t *labels = patron_segmentation_labels(segmentation);
    const patron_features *features = patron_segmentation_features(segmentation);
    for (int64_t i = 0; i < 60; i++) {
        const uint8_t *id;
        int64_t length;
        ck_assert_int_eq(patron_features_customer_id(&id, &length, features, i, NULL), PATRON_OK);
        ck_assert_int_eq(labels[i], length == 3);
    }
    patron_segmentation_free(segmentation);
}
END_TEST

/* A customer who buys for a fortune once and gives it all back, among one-timers, against modest regulars. */
START_TEST(test_one_large_order_that_was_returned_does_not_make_a_segment_the_best)
{
    shop s;
    two_kinds(&s);
    buy(&s, 139, 20020, 168472);
    buy(&s, 139, 20021, -168472);
    patron_segmentation *segmentation = segmentation_of(&s, NULL);
    int64_t row = patron_features_find(patron_segmentation_features(segmentation), (const uint8_t *)"5", 1);
    ck_assert_int_eq(patron_segmentation_labels(segmentation)[row], 0);
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_statistics_are_the_customers_own)
{
    shop s;
    two_kinds(&s);
    patron_segmentation *segmentation = segmentation_of(&s, NULL);
    const patron_matrix *matrix = patron_features_matrix(patron_segmentation_features(segmentation));
    int64_t frequency = patron_matrix_find(matrix, "frequency"), spend = patron_matrix_find(matrix, "btyd_spend");
    double mean, median;
    ck_assert_int_eq(patron_segmentation_statistic(&mean, &median, segmentation, 0, frequency, NULL), PATRON_OK);
    ck_assert_double_eq(mean, 30.0);
    ck_assert_double_eq(median, 30.0);
    ck_assert_int_eq(patron_segmentation_statistic(&mean, &median, segmentation, -1, frequency, NULL), PATRON_OK);
    ck_assert_double_eq_tol(mean, (20.0 * 30.0 + 40.0) / 60.0, 1e-12);
    ck_assert_double_eq(median, 1.0);
    /* Nobody in segment 1 bought again: a spend on repeat days does not exist. */
    ck_assert_int_eq(patron_segmentation_statistic(&mean, &median, segmentation, 1, spend, NULL), PATRON_OK);
    ck_assert(isnan(mean) && isnan(median));
    ck_assert_int_eq(patron_segmentation_statistic(&mean, NULL, segmentation, 2, spend, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_segmentation_statistic(&mean, NULL, segmentation, 0, 999, NULL), PATRON_INVALID_ARGUMENT);
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_every_candidate_is_reported)
{
    shop s;
    two_kinds(&s);
    patron_segmentation *segmentation = segmentation_of(&s, NULL);
    int32_t chosen = 0;
    double best = -2.0, picked = -2.0;
    ck_assert_int_eq(patron_segmentation_candidate_count(segmentation), 3);
    for (int32_t i = 0; i < 3; i++) {
        patron_candidate candidate = {.size = sizeof candidate};
        ck_assert_int_eq(patron_segmentation_candidate(&candidate, segmentation, i, NULL), PATRON_OK);
        ck_assert_int_eq(candidate.k, i + 2);
        ck_assert(candidate.inertia >= candidate.inertia_lower_bound);
        chosen += candidate.chosen;
        if (candidate.feasible && candidate.silhouette > best) best = candidate.silhouette;
        if (candidate.chosen) picked = candidate.silhouette;
        ck_assert_int_eq(candidate.feasible, candidate.reason[0] == '\0');
    }
    ck_assert_int_eq(chosen, 1);
    ck_assert_double_eq(best, picked);
    ck_assert_double_eq(best, patron_segmentation_silhouette(segmentation));
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_a_segment_that_is_too_small_is_not_feasible)
{
    shop s;
    memset(&s, 0, sizeof s);
    for (int64_t c = 100; c < 199; c++) buy(&s, c, 20000 + c % 11, 20 + c % 3);
    for (int64_t d = 0; d < 30; d++) buy(&s, 1, 20000 + 10 * d, 5000);
    patron_segment_options options;
    patron_error error;
    patron_segment_options_init(&options, sizeof options);
    options.k_max = 2;
    ck_assert_int_eq(status_of(&s, &options, &error), PATRON_NO_SEGMENTS);
    ck_assert_ptr_nonnull(strstr(error.message, "k = 2: the smallest segment has 1 of 100 customers, below 2 %"));
    options.smallest_share = 0.01;
    ck_assert_int_eq(status_of(&s, &options, &error), PATRON_OK);
}
END_TEST

START_TEST(test_one_customer_or_identical_ones_have_no_segments)
{
    shop s;
    patron_error error;
    memset(&s, 0, sizeof s);
    buy(&s, 1, 20000, 10);
    ck_assert_int_eq(status_of(&s, NULL, &error), PATRON_NO_SEGMENTS);
    ck_assert_ptr_nonnull(strstr(error.message, "only 1 distinct customer"));
    for (int64_t c = 2; c < 50; c++) buy(&s, c, 20000, 10);
    ck_assert_int_eq(status_of(&s, NULL, &error), PATRON_NO_SEGMENTS);
    /* Two kinds of identical customers: k = 2 is the only one there can be. */
    for (int64_t c = 50; c < 100; c++) buy(&s, c, 20100, 90);
    patron_segmentation *segmentation = segmentation_of(&s, NULL);
    patron_candidate candidate = {.size = sizeof candidate};
    ck_assert_int_eq(patron_segmentation_count(segmentation), 2);
    ck_assert_double_eq(patron_segmentation_silhouette(segmentation), 1.0);
    ck_assert_int_eq(patron_segmentation_candidate(&candidate, segmentation, 1, NULL), PATRON_OK);
    ck_assert_str_eq(candidate.reason, "only 2 distinct customers");
    ck_assert(isnan(candidate.inertia) && isnan(candidate.silhouette) && isnan(candidate.smallest_share));
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_bad_calls_are_a_status)
{
    shop s;
    patron_segment_options options;
    patron_error error;
    patron_segmentation *segmentation = (patron_segmentation *)(uintptr_t)1;
    memset(&s, 0, sizeof s);
    ck_assert_int_eq(status_of(&s, NULL, &error), PATRON_NO_DATA);
    ck_assert_int_eq(patron_segment(&segmentation, NULL, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(segmentation);
    ck_assert_int_eq(patron_segment(NULL, NULL, NULL, NULL, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_segmentation_fit(&segmentation, NULL, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);

    two_kinds(&s);
    struct {
        int32_t k_min, k_max, n_init, max_iter;
        double share, tol;
    } bad[] = {{1, 4, 10, 300, 0.02, 0.0},  {3, 2, 10, 300, 0.02, 0.0},
               {2, 65, 10, 300, 0.02, 0.0}, {2, 4, 0, 300, 0.02, 0.0},
               {2, 4, 10, 0, 0.02, 0.0},    {2, 4, 10, 300, 0.51, 0.0},
               {2, 4, 10, 300, -0.1, 0.0},  {2, 4, 10, 300, (double)NAN, 0.0},
               {2, 4, 10, 300, 0.02, -1.0}, {2, 4, 10, 300, 0.02, (double)INFINITY}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        patron_segment_options_init(&options, sizeof options);
        options.k_min = bad[i].k_min;
        options.k_max = bad[i].k_max;
        options.n_init = bad[i].n_init;
        options.max_iter = bad[i].max_iter;
        options.smallest_share = bad[i].share;
        options.tol = bad[i].tol;
        ck_assert_int_eq(status_of(&s, &options, &error), PATRON_INVALID_ARGUMENT);
    }
    patron_segment_options_init(&options, sizeof options);
    options.features = "recency_days,shoe_size";
    ck_assert_int_eq(status_of(&s, &options, &error), PATRON_UNKNOWN_NAME);
    ck_assert_ptr_nonnull(strstr(error.message, "shoe_size"));
    options.features =
        "x\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"
        "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4";
    ck_assert_int_eq(status_of(&s, &options, &error), PATRON_UNKNOWN_NAME);
    ck_assert_ptr_nonnull(strstr(error.message, "\xC3\xA4\"; there are")); /* cut on a character */
    options.features = "x\xFF";
    ck_assert_int_eq(status_of(&s, &options, &error), PATRON_UNKNOWN_NAME);
    ck_assert_ptr_null(strchr(error.message, '\xFF'));
    options.features = "";
    ck_assert_int_ne(status_of(&s, &options, &error), PATRON_OK);
    options.features = "rfm";
    options.fill = 17;
    ck_assert_int_eq(status_of(&s, &options, &error), PATRON_INVALID_ARGUMENT);
    options.fill = PATRON_FILL_REJECT;
    options.winsor_low = options.winsor_high = 0.5;
    ck_assert_int_eq(status_of(&s, &options, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "quantiles cross"));
}
END_TEST

START_TEST(test_a_missing_value_is_refused_by_name_unless_a_fill_is_chosen)
{
    shop s;
    patron_segment_options options;
    patron_error error;
    two_kinds(&s);
    patron_segment_options_init(&options, sizeof options);
    options.features = "recency_days,btyd_spend";
    ck_assert_int_eq(status_of(&s, &options, &error), PATRON_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(error.message, "btyd_spend"));
    ck_assert_int_ge(error.row, 0);
    for (int32_t fill = PATRON_FILL_ZERO; fill <= PATRON_FILL_MEDIAN; fill++) {
        options.fill = fill;
        ck_assert_int_eq(status_of(&s, &options, &error), PATRON_OK);
    }
}
END_TEST

START_TEST(test_assigning_the_customers_again_gives_their_own_segments)
{
    shop s;
    two_kinds(&s);
    patron_segmentation *segmentation = segmentation_of(&s, NULL);
    const patron_features *features = patron_segmentation_features(segmentation);
    int64_t n = patron_features_customer_count(features);
    int32_t again[60];
    ck_assert_int_eq(n, 60);
    ck_assert_int_eq(patron_segmentation_assign_features(again, segmentation, features, NULL, NULL), PATRON_OK);
    ck_assert_mem_eq(again, patron_segmentation_labels(segmentation), sizeof again);

    double raw[2 * 3] = {5.0, 25.0, 1400.0, 290.0, 1.0, 22.0};
    patron_rows rows;
    patron_error error;
    patron_rows_init(&rows, sizeof rows);
    rows.values = raw;
    rows.rows = 2;
    rows.cols = 3;
    ck_assert_int_eq(patron_segmentation_assign(again, segmentation, &rows, NULL, &error), PATRON_OK);
    ck_assert_int_eq(again[0], 0);
    ck_assert_int_eq(again[1], 1);
    raw[2] = (double)NAN;
    ck_assert_int_eq(patron_segmentation_assign(again, segmentation, &rows, NULL, &error), PATRON_NOT_FINITE);
    rows.cols = 2;
    ck_assert_int_eq(patron_segmentation_assign(again, segmentation, &rows, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_segmentation_assign(NULL, segmentation, &rows, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_segmentation_assign(again, NULL, &rows, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_segmentation_assign(again, segmentation, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_features_without_the_columns_of_the_segments_are_refused)
{
    shop s;
    two_kinds(&s);
    patron_segmentation *segmentation = segmentation_of(&s, NULL);
    patron_history *history = history_of(&s);
    patron_features *features;
    patron_features_options options;
    patron_error error;
    int32_t segments[60];
    patron_features_options_init(&options, sizeof options);
    options.columns = "tenure_days,frequency";
    ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_segmentation_assign_features(segments, segmentation, features, NULL, &error),
                     PATRON_UNKNOWN_NAME);
    patron_features_free(features);
    patron_history_free(history);
    patron_segmentation_free(segmentation);
}
END_TEST

/* Each word must hold for the medians, recomputed here from the customers. */
static double median_of(const patron_segmentation *segmentation, int32_t id, int64_t column)
{
    const patron_matrix *matrix = patron_features_matrix(patron_segmentation_features(segmentation));
    const int32_t *labels = patron_segmentation_labels(segmentation);
    int64_t n = patron_matrix_row_count(matrix), cols = patron_matrix_column_count(matrix), count = 0;
    double *values = malloc((size_t)n * sizeof *values);
    for (int64_t i = 0; i < n; i++) {
        double value = patron_matrix_values(matrix)[i * cols + column];
        if ((id >= 0 && labels[i] != id) || isnan(value)) continue;
        int64_t at = count++;
        for (; at > 0 && values[at - 1] > value; at--) values[at] = values[at - 1];
        values[at] = value;
    }
    double median = count == 0 ? (double)NAN : (values[(count - 1) / 2] + values[count / 2]) / 2.0;
    free(values);
    return median;
}

START_TEST(test_every_word_of_a_name_is_true_and_names_differ)
{
    shop s;
    patron_segment_options options;
    two_kinds(&s);
    for (int64_t c = 200; c < 230; c++)
        for (int64_t d = 0; d < 3; d++) buy(&s, c, 20100 + 30 * d + c % 5, 900 + c);
    patron_segment_options_init(&options, sizeof options);
    for (int32_t k = 2; k <= 6; k++) {
        options.k_min = options.k_max = k;
        options.smallest_share = 0.0;
        patron_segmentation *segmentation = segmentation_of(&s, &options);
        const patron_matrix *matrix = patron_features_matrix(patron_segmentation_features(segmentation));
        for (int32_t id = 0; id < k; id++) {
            patron_segment_info info = {.size = sizeof info}, other = {.size = sizeof other};
            ck_assert_int_eq(patron_segmentation_segment(&info, segmentation, id, NULL), PATRON_OK);
            ck_assert_int_gt(patron_persona_claim_count(segmentation, id), 0);
            for (int32_t i = 0; i < patron_persona_claim_count(segmentation, id); i++) {
                patron_claim claim = {.size = sizeof claim};
                ck_assert_int_eq(patron_persona_claim(&claim, segmentation, id, i, NULL), PATRON_OK);
                int64_t column = patron_matrix_find(matrix, claim.feature);
                ck_assert_double_eq(claim.segment_median, median_of(segmentation, id, column));
                ck_assert_double_eq(claim.shop_median, median_of(segmentation, -1, column));
                if (claim.direction > 0) ck_assert(claim.segment_median > claim.shop_median);
                if (claim.direction < 0) ck_assert(claim.segment_median < claim.shop_median);
                ck_assert_ptr_nonnull(strstr(info.name, claim.word));
            }
            for (int32_t before = 0; before < id; before++) {
                ck_assert_int_eq(patron_segmentation_segment(&other, segmentation, before, NULL), PATRON_OK);
                ck_assert_str_ne(info.name, other.name);
                ck_assert(other.recurring_mean >= info.recurring_mean);
            }
        }
        patron_segmentation_free(segmentation);
    }
}
END_TEST

/* Where the unit is large, amounts are small: 0.20 is still twenty times 0.01. */
START_TEST(test_words_hold_for_small_amounts_too)
{
    shop s;
    patron_segment_options options;
    memset(&s, 0, sizeof s);
    for (int64_t c = 0; c < 40; c++) {
        buy(&s, c, 20000, 1);
        s.amounts[c] = c < 15 ? 2000 : 100;
    }
    patron_segment_options_init(&options, sizeof options);
    options.features = "monetary_gross";
    patron_segmentation *segmentation = segmentation_of(&s, &options);
    patron_segment_info first = {.size = sizeof first}, second = {.size = sizeof second};
    ck_assert_int_eq(patron_segmentation_segment(&first, segmentation, 0, NULL), PATRON_OK);
    ck_assert_int_eq(patron_segmentation_segment(&second, segmentation, 1, NULL), PATRON_OK);
    ck_assert_str_eq(first.name, "Lavish Lucy");
    ck_assert_str_eq(second.name, "Typical Tina");
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_names_are_the_same_for_any_seed)
{
    shop s;
    patron_segment_options options;
    two_kinds(&s);
    patron_segment_options_init(&options, sizeof options);
    for (uint64_t seed = 0; seed < 5; seed++) {
        options.seed = seed;
        patron_segmentation *segmentation = segmentation_of(&s, &options);
        patron_segment_info first = {.size = sizeof first}, second = {.size = sizeof second};
        patron_segmentation_segment(&first, segmentation, 0, NULL);
        patron_segmentation_segment(&second, segmentation, 1, NULL);
        ck_assert_str_eq(first.name, "Active Lavish Lucy");
        ck_assert_str_eq(second.name, "Typical Tina");
        patron_segmentation_free(segmentation);
    }
}
END_TEST

START_TEST(test_claims_that_do_not_exist_are_a_status)
{
    shop s;
    patron_claim claim = {.size = sizeof claim};
    two_kinds(&s);
    patron_segmentation *segmentation = segmentation_of(&s, NULL);
    ck_assert_int_eq(patron_persona_claim_count(segmentation, -1), 0);
    ck_assert_int_eq(patron_persona_claim_count(segmentation, 2), 0);
    ck_assert_int_eq(patron_persona_claim_count(NULL, 0), 0);
    ck_assert_int_eq(patron_persona_claim(&claim, segmentation, 0, 9, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_persona_claim(&claim, NULL, 0, 0, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_persona_claim(NULL, segmentation, 0, 0, NULL), PATRON_INVALID_ARGUMENT);
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_defaults_are_as_stated_and_reported)
{
    shop s;
    patron_segment_options used = {.size = sizeof used};
    two_kinds(&s);
    patron_segmentation *segmentation = segmentation_of(&s, NULL);
    ck_assert_int_eq(patron_segmentation_options(&used, segmentation, NULL), PATRON_OK);
    ck_assert_str_eq(used.features, "rfm");
    ck_assert_int_eq(used.as_of_s, 20296 * DAY);
    ck_assert_int_eq(used.k_min, 2);
    ck_assert_int_eq(used.k_max, 4);
    ck_assert_double_eq(used.smallest_share, 0.02);
    ck_assert_int_eq(used.fill, PATRON_FILL_REJECT);
    ck_assert_int_eq(used.transform, PATRON_TRANSFORM_LOG1P);
    ck_assert_int_eq(used.scale, PATRON_SCALE_ZSCORE);
    ck_assert_int_eq(used.n_init, 10);
    ck_assert_int_eq(used.max_iter, 300);
    ck_assert_double_eq(used.tol, 0.0);
    ck_assert_uint_eq(used.seed, 0);
    ck_assert_int_eq(used.minimum_orders, 1);
    ck_assert_double_eq(used.winsor_low, 0.0);
    ck_assert_double_eq(used.winsor_high, 1.0);
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_roles_say_what_was_grouped_by)
{
    shop s;
    two_kinds(&s);
    patron_segmentation *segmentation = segmentation_of(&s, NULL);
    const patron_matrix *matrix = patron_features_matrix(patron_segmentation_features(segmentation));
    for (int64_t c = 0; c < patron_matrix_column_count(matrix); c++) {
        patron_column column = {.size = sizeof column};
        ck_assert_int_eq(patron_matrix_column(&column, matrix, c, NULL), PATRON_OK);
        bool grouped = strcmp(column.name, "recency_days") == 0 || strcmp(column.name, "frequency") == 0 ||
                       strcmp(column.name, "monetary_gross") == 0;
        ck_assert_int_eq(column.role, grouped ? PATRON_ROLE_CLUSTER : PATRON_ROLE_PROFILE);
    }
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_fingerprint_is_the_same_for_any_number_of_threads_and_batches)
{
    shop s;
    uint64_t first = 0;
    two_kinds(&s);
    for (int32_t threads = 1; threads <= 8; threads *= 2) {
        patron_context context;
        patron_history *history;
        patron_orders orders;
        patron_segmentation *segmentation;
        patron_context_init(&context, sizeof context);
        context.threads = threads;
        patron_orders_init(&orders, sizeof orders);
        ck_assert_int_eq(patron_history_create(&history, NULL, &context, NULL), PATRON_OK);
        for (int64_t at = s.lines; at > 0;) { /* batches of `threads` lines, the last first */
            orders.rows = at < threads ? at : threads;
            at -= orders.rows;
            orders.customer_number = s.customers + at;
            orders.time_s = s.times + at;
            orders.amount = s.amounts + at;
            orders.quantity = s.quantities + at;
            ck_assert_int_eq(patron_history_append(history, &orders, &context, NULL), PATRON_OK);
        }
        ck_assert_int_eq(patron_segment(&segmentation, history, NULL, &context, NULL), PATRON_OK);
        if (threads == 1) first = patron_fingerprint(segmentation);
        ck_assert_uint_eq(patron_fingerprint(segmentation), first);
        patron_segmentation_free(segmentation);
        patron_history_free(history);
    }
}
END_TEST

static int32_t cancel_later(void *user, const char *stage, double fraction)
{
    (void)stage;
    (void)fraction;
    return --*(int32_t *)user < 0;
}

START_TEST(test_the_whole_way_can_be_cancelled_at_any_callback)
{
    shop s;
    two_kinds(&s);
    patron_history *history = history_of(&s);
    patron_context context;
    patron_status status = PATRON_CANCELLED;
    patron_context_init(&context, sizeof context);
    context.progress = cancel_later;
    int32_t after = 0;
    for (; status == PATRON_CANCELLED; after++) {
        int32_t left = after;
        patron_segmentation *segmentation = (patron_segmentation *)(uintptr_t)1;
        context.progress_user = &left;
        status = patron_segment(&segmentation, history, NULL, &context, NULL);
        ck_assert((status == PATRON_OK) == (segmentation != NULL));
        patron_segmentation_free(segmentation);
    }
    ck_assert_int_eq(status, PATRON_OK);
    ck_assert_int_gt(after, 5);
    patron_history_free(history);
}
END_TEST

START_TEST(test_summary_holds_what_it_says)
{
    shop s;
    two_kinds(&s);
    patron_history *history = history_of(&s);
    patron_segmentation *segmentation;
    patron_document *document;
    static const char *const keys[] = {
        "\"version\"",        "\"fingerprint\"",     "\"as_of\": \"2025-07-27T00:00:00\"",
        "\"options\"",        "\"audit\"",           "\"rows_read\": 640",
        "\"rows_kept\": 640", "\"purchase\": 640",   "\"first_rejected\": []",
        "\"customers\": 60",  "\"recency_days\"",    "\"k\": 2",
        "\"candidates\"",     "\"smallest_share\"",  "\"feasible\": true",
        "\"segments\"",       "\"revenue_gross\"",   "\"revenue_net\"",
        "\"revenue_share\"",  "\"silhouette\"",      "\"mean\"",
        "\"median\"",         "\"btyd_spend\": null"};
    ck_assert_int_eq(patron_segment(&segmentation, history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_report_json(&document, segmentation, history, NULL, NULL), PATRON_OK);
    const char *text = patron_document_text(document);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        ck_assert_msg(strstr(text, keys[i]) != NULL, "%s is not in %s", keys[i], text);
    ck_assert_int_eq(patron_document_length(document), (int64_t)strlen(text));
    patron_document_free(document);
    ck_assert_int_eq(patron_report_json(&document, segmentation, NULL, NULL, NULL), PATRON_OK);
    ck_assert_ptr_null(strstr(patron_document_text(document), "first_rejected"));
    patron_document_free(document);
    ck_assert_int_eq(patron_report_json(&document, NULL, NULL, NULL, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(document);
    ck_assert_int_eq(patron_report_json(NULL, segmentation, NULL, NULL, NULL), PATRON_INVALID_ARGUMENT);
    patron_segmentation_free(segmentation);
    patron_history_free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("segment");
    TCase *tests = tcase_create("segment");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_two_plain_kinds_are_found_and_the_better_comes_first);
    tcase_add_test(tests, test_one_large_order_that_was_returned_does_not_make_a_segment_the_best);
    tcase_add_test(tests, test_statistics_are_the_customers_own);
    tcase_add_test(tests, test_every_candidate_is_reported);
    tcase_add_test(tests, test_a_segment_that_is_too_small_is_not_feasible);
    tcase_add_test(tests, test_one_customer_or_identical_ones_have_no_segments);
    tcase_add_test(tests, test_bad_calls_are_a_status);
    tcase_add_test(tests, test_a_missing_value_is_refused_by_name_unless_a_fill_is_chosen);
    tcase_add_test(tests, test_assigning_the_customers_again_gives_their_own_segments);
    tcase_add_test(tests, test_features_without_the_columns_of_the_segments_are_refused);
    tcase_add_test(tests, test_every_word_of_a_name_is_true_and_names_differ);
    tcase_add_test(tests, test_words_hold_for_small_amounts_too);
    tcase_add_test(tests, test_names_are_the_same_for_any_seed);
    tcase_add_test(tests, test_claims_that_do_not_exist_are_a_status);
    tcase_add_test(tests, test_defaults_are_as_stated_and_reported);
    tcase_add_test(tests, test_roles_say_what_was_grouped_by);
    tcase_add_test(tests, test_fingerprint_is_the_same_for_any_number_of_threads_and_batches);
    tcase_add_test(tests, test_the_whole_way_can_be_cancelled_at_any_callback);
    tcase_add_test(tests, test_summary_holds_what_it_says);
    return run_suite(suite);
}
