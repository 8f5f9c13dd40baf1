/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Customers with too few orders, set apart as a segment of their own. */
#include <math.h>
#include <string.h>

#include <patron/patron.h>

#include "support/suite.h"

#define DAY INT64_C(86400)

enum { MOST_LINES = 1000, FREQUENT = 20, SECOND = 20, ONCE = 60, ALL = FREQUENT + SECOND + ONCE };

static patron_error error;

/* Order lines under construction: one order each. */
typedef struct shop {
    int64_t customers[MOST_LINES], times[MOST_LINES], amounts[MOST_LINES];
    int64_t lines;
} shop;

static void buy(shop *s, int64_t customer, int64_t day, int64_t amount)
{
    ck_assert_int_lt(s->lines, MOST_LINES);
    s->customers[s->lines] = customer;
    s->times[s->lines] = day * DAY;
    s->amounts[s->lines] = amount * PATRON_MONEY_UNIT;
    s->lines++;
}

/* 100 customers: i % 5 == 0 orders fifteen times, 1 twice, 2-4 once, for the most money of all. */
static void three_kinds(shop *s)
{
    memset(s, 0, sizeof *s);
    for (int64_t i = 0; i < ALL; i++) {
        int64_t orders = i % 5 == 0 ? 15 : i % 5 == 1 ? 2 : 1;
        for (int64_t o = 0; o < orders; o++)
            buy(s, 1000 + i, 20000 + 7 * o + i % 3, i % 5 == 0 ? 40 + i % 4 : i % 5 == 1 ? 90 + i % 7 : 900 + i);
    }
}

static patron_features *features_of(const shop *s, const char *columns)
{
    patron_history *history;
    patron_features *features;
    patron_features_options options;
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    orders.rows = s->lines;
    orders.customer_number = s->customers;
    orders.time_s = s->times;
    orders.amount = s->amounts;
    patron_features_options_init(&options, sizeof options);
    options.columns = columns;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, NULL), PATRON_OK);
    patron_history_free(history);
    return features;
}

static patron_status fit(patron_segmentation **segmentation, const patron_features *features, int32_t minimum,
                         const char *list)
{
    patron_segment_options options;
    patron_segment_options_init(&options, sizeof options);
    options.minimum_orders = minimum;
    options.features = list;
    patron_status status = patron_segmentation_fit(segmentation, features, &options, NULL, &error);
    ck_assert((status == PATRON_OK) == (*segmentation != NULL));
    return status;
}

static patron_segmentation *segmentation_of(const shop *s, int32_t minimum, const char *list)
{
    patron_features *features = features_of(s, NULL);
    patron_segmentation *segmentation;
    ck_assert_msg(fit(&segmentation, features, minimum, list) == PATRON_OK, "%s", error.message);
    patron_features_free(features);
    return segmentation;
}

static patron_segment_info info_of(const patron_segmentation *segmentation, int32_t id)
{
    patron_segment_info info = {.size = sizeof info};
    ck_assert_int_eq(patron_segmentation_segment(&info, segmentation, id, NULL), PATRON_OK);
    return info;
}

static patron_candidate chosen_of(const patron_segmentation *segmentation)
{
    patron_candidate candidate = {.size = sizeof candidate};
    for (int32_t i = 0; i < patron_segmentation_candidate_count(segmentation) && !candidate.chosen; i++)
        ck_assert_int_eq(patron_segmentation_candidate(&candidate, segmentation, i, NULL), PATRON_OK);
    return candidate;
}

START_TEST(test_one_time_buyers_are_a_segment_of_their_own_the_last)
{
    shop s;
    three_kinds(&s);
    patron_segmentation *segmentation = segmentation_of(&s, 2, NULL);
    patron_candidate chosen = chosen_of(segmentation);
    int32_t count = patron_segmentation_count(segmentation);
    ck_assert_int_eq(chosen.k, 2);
    ck_assert_int_eq(count, 3);
    ck_assert_double_eq(chosen.smallest_share, 0.5); /* of the 40 that are clustered */
    for (int32_t id = 0; id < count; id++) ck_assert_int_eq(info_of(segmentation, id).set_apart, id == 2);
    patron_segment_info apart = info_of(segmentation, 2);
    ck_assert_int_eq(apart.customers, ONCE);
    ck_assert_double_eq(apart.share, 0.6);
    ck_assert(apart.revenue_share > 0.5); /* the most, and last all the same */
    ck_assert(isnan(apart.silhouette));
    ck_assert_double_eq(apart.recurring_mean, 0.0);
    ck_assert_str_eq(apart.name, "One-Time Otto");
    double mean, median;
    const patron_features *features = patron_segmentation_features(segmentation);
    int64_t frequency = patron_matrix_find(patron_features_matrix(features), "frequency");
    ck_assert_int_eq(patron_segmentation_statistic(&mean, &median, segmentation, 2, frequency, NULL), PATRON_OK);
    ck_assert_double_eq(mean, 1.0);
    ck_assert_double_eq(median, 1.0);

    const int32_t *labels = patron_segmentation_labels(segmentation);
    const double *silhouettes = patron_segmentation_silhouettes(segmentation);
    double sum = 0.0;
    for (int64_t i = 0; i < ALL; i++) {
        ck_assert_int_eq(labels[i], i % 5 == 0 ? 0 : i % 5 == 1 ? 1 : 2);
        ck_assert_int_eq(!isnan(silhouettes[i]), i % 5 < 2);
        if (i % 5 < 2) sum += silhouettes[i];
    }
    ck_assert_double_eq_tol(sum / 40.0, patron_segmentation_silhouette(segmentation), 1e-12);
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_the_others_are_clustered_as_if_they_were_alone)
{
    shop s, rest;
    three_kinds(&s);
    memset(&rest, 0, sizeof rest);
    for (int64_t i = 0; i < s.lines; i++)
        if (s.customers[i] % 5 < 2) buy(&rest, s.customers[i], s.times[i] / DAY, s.amounts[i] / PATRON_MONEY_UNIT);
    patron_segmentation *with = segmentation_of(&s, 2, NULL), *alone = segmentation_of(&rest, 1, NULL);
    patron_candidate a = chosen_of(with), b = chosen_of(alone);
    ck_assert_int_eq(a.k, b.k);
    ck_assert_double_eq(a.inertia, b.inertia);
    ck_assert_double_eq(a.silhouette, b.silhouette);
    ck_assert_uint_ne(patron_fingerprint(with), patron_fingerprint(alone));
    patron_segmentation_free(with);
    patron_segmentation_free(alone);
}
END_TEST

START_TEST(test_the_claim_says_what_set_them_apart)
{
    shop s;
    three_kinds(&s);
    for (int32_t minimum = 2; minimum <= 3; minimum++) {
        patron_segmentation *segmentation = segmentation_of(&s, minimum, NULL);
        int32_t last = patron_segmentation_count(segmentation) - 1;
        patron_claim claim = {.size = sizeof claim};
        ck_assert_int_eq(patron_persona_claim_count(segmentation, last), 1);
        ck_assert_int_eq(patron_persona_claim(&claim, segmentation, last, 0, NULL), PATRON_OK);
        ck_assert_str_eq(claim.word, minimum == 2 ? "One-Time" : "Seldom");
        ck_assert_str_eq(claim.feature, "frequency");
        ck_assert_int_eq(claim.kind, PATRON_CLAIM_BELOW);
        ck_assert_double_eq(claim.bound, minimum);
        ck_assert_double_eq(claim.segment_median, 1.0);
        ck_assert_double_eq(claim.shop_median, 1.0); /* most of the shop is like that */
        ck_assert_int_eq(claim.direction, 0);
        for (int32_t id = 0; id < last; id++) {
            ck_assert_int_eq(patron_persona_claim(&claim, segmentation, id, 0, NULL), PATRON_OK);
            ck_assert_int_eq(claim.kind, PATRON_CLAIM_MEDIAN);
            ck_assert(isnan(claim.bound));
        }
        patron_segmentation_free(segmentation);
    }
    /* Where it is not, the medians differ. */
    memset(&s, 0, sizeof s);
    for (int64_t c = 0; c < 40; c++)
        for (int64_t o = 0; o < (c < 5 ? 1 : c < 20 ? 3 : 9); o++) buy(&s, c, 20000 + 10 * o + c % 3, 50 + c);
    patron_segmentation *segmentation = segmentation_of(&s, 2, NULL);
    patron_claim claim = {.size = sizeof claim};
    int32_t last = patron_segmentation_count(segmentation) - 1;
    ck_assert_int_eq(patron_persona_claim(&claim, segmentation, last, 0, NULL), PATRON_OK);
    ck_assert_int_eq(claim.direction, -1);
    ck_assert(claim.segment_median < claim.shop_median);
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_a_feature_that_needs_two_orders_can_be_grouped_by)
{
    shop s;
    patron_segmentation *segmentation;
    three_kinds(&s);
    patron_features *features = features_of(&s, NULL);
    ck_assert_int_eq(fit(&segmentation, features, 1, "btyd_spend,frequency"), PATRON_NOT_FINITE);
    ck_assert_int_eq(fit(&segmentation, features, 2, "btyd_spend,frequency"), PATRON_OK);
    int32_t again[ALL];
    ck_assert_int_eq(patron_segmentation_assign_features(again, segmentation, features, NULL, &error), PATRON_OK);
    ck_assert_mem_eq(again, patron_segmentation_labels(segmentation), sizeof again);
    patron_segmentation_free(segmentation);
    patron_features_free(features);
}
END_TEST

START_TEST(test_new_customers_with_too_few_orders_are_set_apart_too)
{
    shop s, other;
    three_kinds(&s);
    patron_segmentation *segmentation = segmentation_of(&s, 2, NULL);
    memset(&other, 0, sizeof other);
    for (int64_t o = 0; o < 15; o++) buy(&other, 2, 20000 + 7 * o, 40);
    buy(&other, 1, 20000, 900);
    buy(&other, 3, 20000, 900);
    patron_features *features = features_of(&other, NULL), *once;
    int32_t segments[3];
    ck_assert_int_eq(patron_segmentation_assign_features(segments, segmentation, features, NULL, &error), PATRON_OK);
    ck_assert_int_eq(segments[0], 2);
    ck_assert_int_eq(segments[1], 0);
    ck_assert_int_eq(segments[2], 2);
    memset(&other, 0, sizeof other);
    buy(&other, 1, 20000, 900);
    once = features_of(&other, NULL);
    ck_assert_int_eq(patron_segmentation_assign_features(segments, segmentation, once, NULL, &error), PATRON_OK);
    ck_assert_int_eq(segments[0], 2);

    double raw[] = {90.0, 1.0, 900.0}; /* rows say nothing of orders: the nearest that is clustered */
    patron_rows rows;
    patron_rows_init(&rows, sizeof rows);
    rows.values = raw;
    rows.rows = 1;
    rows.cols = 3;
    ck_assert_int_eq(patron_segmentation_assign(segments, segmentation, &rows, NULL, &error), PATRON_OK);
    ck_assert_int_lt(segments[0], 2);
    patron_features_free(once);
    patron_features_free(features);
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_nobody_to_set_apart_leaves_an_empty_segment)
{
    shop s;
    memset(&s, 0, sizeof s);
    for (int64_t c = 0; c < 40; c++)
        for (int64_t o = 0; o < (c < 20 ? 3 : 12); o++) buy(&s, c, 20000 + 10 * o + c % 3, 50 + c);
    patron_segmentation *segmentation = segmentation_of(&s, 2, NULL), *plain = segmentation_of(&s, 1, NULL);
    int32_t last = patron_segmentation_count(segmentation) - 1;
    patron_segment_info info = info_of(segmentation, last);
    double mean;
    ck_assert_int_eq(last, patron_segmentation_count(plain));
    ck_assert_int_eq(info.set_apart, 1);
    ck_assert_int_eq(info.customers, 0);
    ck_assert_double_eq(info.share, 0.0);
    ck_assert_double_eq(info.revenue_share, 0.0);
    ck_assert(isnan(info.recurring_mean) && isnan(info.silhouette));
    ck_assert_int_eq(patron_segmentation_statistic(&mean, NULL, segmentation, last, 0, NULL), PATRON_OK);
    ck_assert(isnan(mean));
    ck_assert_uint_eq(patron_fingerprint(segmentation), patron_fingerprint(plain)); /* the same labels and scores */
    patron_segmentation_free(segmentation);
    patron_segmentation_free(plain);
}
END_TEST

START_TEST(test_too_few_left_is_a_status)
{
    shop s;
    patron_segmentation *segmentation;
    three_kinds(&s);
    patron_features *features = features_of(&s, NULL);
    ck_assert_int_eq(fit(&segmentation, features, 16, NULL), PATRON_NO_SEGMENTS);
    ck_assert_ptr_nonnull(strstr(error.message, "none of the 100 customers has 16 orders"));
    ck_assert_int_eq(fit(&segmentation, features, 0, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(fit(&segmentation, features, -5, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "minimum_orders"));
    patron_features_free(features);
    for (int64_t o = 0; o < 30; o++) buy(&s, 5000, 20000 + o, 10);
    features = features_of(&s, NULL);
    ck_assert_int_eq(fit(&segmentation, features, 16, NULL), PATRON_NO_SEGMENTS);
    ck_assert_ptr_nonnull(strstr(error.message, "only 1 distinct customer"));
    patron_features_free(features);
}
END_TEST

START_TEST(test_features_without_frequency_still_know_the_orders)
{
    shop s;
    patron_segmentation *segmentation;
    patron_claim claim = {.size = sizeof claim};
    three_kinds(&s);
    patron_features *features = features_of(&s, "recency_days,monetary_gross");
    ck_assert_int_eq(fit(&segmentation, features, 2, "recency_days,monetary_gross"), PATRON_OK);
    int32_t last = patron_segmentation_count(segmentation) - 1;
    ck_assert_int_eq(info_of(segmentation, last).customers, ONCE);
    ck_assert_int_eq(patron_persona_claim(&claim, segmentation, last, 0, NULL), PATRON_OK);
    ck_assert(isnan(claim.segment_median) && isnan(claim.shop_median));
    patron_segmentation_free(segmentation);
    patron_features_free(features);
}
END_TEST

START_TEST(test_segments_without_a_feature_to_claim_are_numbered)
{
    shop s;
    patron_segmentation *segmentation;
    three_kinds(&s);
    patron_features *features = features_of(&s, "btyd_x,btyd_t_x");
    ck_assert_int_eq(fit(&segmentation, features, 2, "btyd_x,btyd_t_x"), PATRON_OK);
    int32_t last = patron_segmentation_count(segmentation) - 1;
    ck_assert_str_eq(info_of(segmentation, 0).name, "Group 1");
    ck_assert_str_eq(info_of(segmentation, 1).name, "Group 2");
    ck_assert_str_eq(info_of(segmentation, last).name, "One-Time Otto");
    ck_assert_int_eq(patron_persona_claim_count(segmentation, 0), 0);

    patron_segment_info info = {.size = sizeof info};
    patron_candidate candidate = {.size = sizeof candidate};
    ck_assert_int_eq(patron_segmentation_segment(&info, segmentation, last + 1, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_segmentation_segment(&info, segmentation, -1, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_segmentation_candidate(&candidate, segmentation, 3, NULL), PATRON_INVALID_ARGUMENT);
    patron_segmentation_free(segmentation);
    patron_features_free(features);
}
END_TEST

START_TEST(test_the_summary_says_who_is_set_apart)
{
    shop s;
    patron_document *document;
    three_kinds(&s);
    patron_segmentation *segmentation = segmentation_of(&s, 2, NULL);
    ck_assert_int_eq(patron_report_json(&document, segmentation, NULL, NULL, NULL), PATRON_OK);
    const char *text = patron_document_text(document);
    ck_assert_ptr_nonnull(strstr(text, "\"minimum_orders\": 2"));
    ck_assert_ptr_nonnull(strstr(text, "\n  \"k\": 2,"));
    const char *apart = strstr(text, "\"set_apart\": true");
    ck_assert_ptr_nonnull(apart);
    ck_assert_ptr_nonnull(strstr(text, "\"set_apart\": false"));
    ck_assert_ptr_nonnull(strstr(apart, "\"bound\": 2.0"));
    ck_assert_ptr_nonnull(strstr(apart, "\"silhouette\": null"));
    patron_document_free(document);
    patron_segmentation_free(segmentation);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("set_apart");
    TCase *tests = tcase_create("set_apart");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_one_time_buyers_are_a_segment_of_their_own_the_last);
    tcase_add_test(tests, test_the_others_are_clustered_as_if_they_were_alone);
    tcase_add_test(tests, test_the_claim_says_what_set_them_apart);
    tcase_add_test(tests, test_a_feature_that_needs_two_orders_can_be_grouped_by);
    tcase_add_test(tests, test_new_customers_with_too_few_orders_are_set_apart_too);
    tcase_add_test(tests, test_nobody_to_set_apart_leaves_an_empty_segment);
    tcase_add_test(tests, test_too_few_left_is_a_status);
    tcase_add_test(tests, test_features_without_frequency_still_know_the_orders);
    tcase_add_test(tests, test_segments_without_a_feature_to_claim_are_numbered);
    tcase_add_test(tests, test_the_summary_says_who_is_set_apart);
    return run_suite(suite);
}
