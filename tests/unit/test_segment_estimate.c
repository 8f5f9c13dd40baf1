/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The choice of k where exact silhouettes would cost too much: the same choice, said to be an estimate. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "support/suite.h"

enum { CUSTOMERS = 6000, LINES = 5 * CUSTOMERS };

static int64_t customers[LINES], times[LINES], amounts[LINES];
static patron_error error;

static uint64_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Three kinds of customers: many, some and few orders, of large, middling and small amounts. */
static patron_features *features_of(void)
{
    patron_history *history;
    patron_features *features;
    patron_orders orders;
    uint64_t state = 7;
    patron_orders_init(&orders, sizeof orders);
    for (int64_t i = 0; i < CUSTOMERS; i++) {
        int64_t kind = i % 3, count = 1 + 2 * kind;
        for (int64_t o = 0; o < count; o++) {
            customers[orders.rows] = i;
            times[orders.rows] = 86400 * (int64_t)(100 + 60 * kind + (int64_t)(draw(&state) % 90));
            amounts[orders.rows++] = PATRON_MONEY_UNIT * (int64_t)(5 + draw(&state) % (uint64_t)(20 + 80 * kind));
        }
    }
    orders.customer_number = customers;
    orders.time_s = times;
    orders.amount = amounts;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, &error), PATRON_OK);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, &error), PATRON_OK);
    patron_history_free(history);
    return features;
}

static patron_segmentation *segment(const patron_features *features, int64_t exact_pairs, double smallest_share,
                                    int32_t threads)
{
    patron_segmentation *segmentation;
    patron_segment_options options;
    patron_context context;
    patron_segment_options_init(&options, sizeof options);
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    options.exact_pairs = exact_pairs;
    options.smallest_share = smallest_share;
    ck_assert_msg(patron_segmentation_fit(&segmentation, features, &options, &context, &error) == PATRON_OK, "%s",
                  error.message);
    return segmentation;
}

static patron_choice choice_of(const patron_segmentation *segmentation)
{
    patron_choice choice = {.size = sizeof choice};
    ck_assert_int_eq(patron_segmentation_choice(&choice, segmentation, &error), PATRON_OK);
    return choice;
}

static patron_candidate candidate_of(const patron_segmentation *segmentation, int32_t index)
{
    patron_candidate candidate = {.size = sizeof candidate};
    ck_assert_int_eq(patron_segmentation_candidate(&candidate, segmentation, index, &error), PATRON_OK);
    return candidate;
}

static bool in_summary(const patron_segmentation *segmentation, const char *text)
{
    patron_document *document;
    ck_assert_int_eq(patron_report_json(&document, segmentation, NULL, NULL, &error), PATRON_OK);
    bool found = strstr(patron_document_text(document), text) != NULL;
    patron_document_free(document);
    return found;
}

START_TEST(test_the_estimate_chooses_what_exact_silhouettes_choose)
{
    patron_features *features = features_of();
    patron_segmentation *exact = segment(features, (int64_t)CUSTOMERS * CUSTOMERS, 0.02, 1);
    patron_segmentation *estimated = segment(features, (int64_t)CUSTOMERS * CUSTOMERS - 1, 0.02, 2);
    patron_choice a = choice_of(exact), b = choice_of(estimated);
    ck_assert_int_eq(a.estimated, 0);
    ck_assert_int_eq(a.certain, 1);
    ck_assert_double_eq(a.level, 1.0);
    ck_assert_double_eq(a.half_width, 0.0);
    ck_assert_int_eq(a.rows_used, CUSTOMERS);
    ck_assert_int_eq(b.estimated, 1);
    ck_assert_int_eq(b.certain, 1);
    ck_assert_double_eq(b.level, 0.99);
    ck_assert_int_lt(b.rows_used, CUSTOMERS / 2);
    ck_assert_int_eq(a.rival_k, b.rival_k);
    ck_assert_double_eq_tol(a.difference, b.difference, 2.0 * b.half_width);
    ck_assert_double_gt(b.difference, b.half_width);
    for (int32_t i = 0; i < 3; i++) {
        patron_candidate x = candidate_of(exact, i), y = candidate_of(estimated, i);
        ck_assert_int_eq(x.chosen, y.chosen);
        ck_assert_double_eq_tol(x.silhouette, y.silhouette, 2.0 * y.silhouette_half_width);
        ck_assert_double_eq(x.silhouette_half_width, 0.0);
        ck_assert_double_gt(y.silhouette_half_width, 0.0);
        ck_assert_double_le(y.silhouette_half_width, 1e-3);
    }
    for (int32_t id = 0; id < patron_segmentation_count(exact); id++) {
        patron_segment_info x = {.size = sizeof x}, y = {.size = sizeof y};
        ck_assert_int_eq(patron_segmentation_segment(&x, exact, id, &error), PATRON_OK);
        ck_assert_int_eq(patron_segmentation_segment(&y, estimated, id, &error), PATRON_OK);
        ck_assert_int_eq(x.customers, y.customers);
        ck_assert_double_eq_tol(x.silhouette, y.silhouette, 2.0 * y.silhouette_half_width + 1e-6);
        ck_assert_double_eq(x.silhouette_half_width, 0.0);
    }
    ck_assert(memcmp(patron_segmentation_labels(exact), patron_segmentation_labels(estimated),
                     CUSTOMERS * sizeof(int32_t)) == 0);
    for (int64_t i = 0; i < CUSTOMERS; i++) {
        ck_assert(!isnan(patron_segmentation_silhouettes(exact)[i]));
        ck_assert_double_nan(patron_segmentation_silhouettes(estimated)[i]);
    }
    ck_assert(in_summary(exact, "\"method\": \"exact\"") && in_summary(estimated, "\"method\": \"estimate\""));
    patron_segmentation *again = segment(features, 0, 0.02, 3);
    ck_assert_uint_eq(patron_fingerprint(again), patron_fingerprint(estimated));
    ck_assert_uint_ne(patron_fingerprint(again), patron_fingerprint(exact));
    patron_segmentation_free(again);
    patron_segmentation_free(estimated);
    patron_segmentation_free(exact);
    patron_features_free(features);
}
END_TEST

/* Candidates that cannot be chosen are estimated alone, and have no part in the comparison. */
START_TEST(test_only_feasible_candidates_are_compared)
{
    patron_features *features = features_of();
    patron_segmentation *all = segment(features, 0, 0.02, 1);
    double least = 1.0, next = 1.0;
    for (int32_t i = 0; i < 3; i++) {
        double share = candidate_of(all, i).smallest_share;
        next = share < least ? least : share < next ? share : next;
        least = share < least ? share : least;
    }
    patron_segmentation *some = segment(features, 0, least + 1e-6, 1), *one = segment(features, 0, next + 1e-6, 1);
    int32_t feasible = 0, chosen = 0;
    for (int32_t i = 0; i < 3; i++) {
        patron_candidate candidate = candidate_of(some, i);
        ck_assert(isfinite(candidate.silhouette));
        ck_assert_double_eq_tol(candidate.silhouette, candidate_of(all, i).silhouette, 2e-3);
        feasible += candidate.feasible;
        chosen += candidate.chosen;
        if (!candidate.feasible) ck_assert_int_ne(choice_of(some).rival_k, candidate.k);
    }
    ck_assert_int_eq(feasible, 2);
    ck_assert_int_eq(chosen, 1);
    patron_choice choice = choice_of(one);
    ck_assert_int_eq(choice.rival_k, 0);
    ck_assert_int_eq(choice.certain, 1);
    ck_assert_double_nan(choice.difference);
    ck_assert_int_eq(patron_segmentation_choice(NULL, one, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_segmentation_choice(&choice, NULL, &error), PATRON_INVALID_ARGUMENT);
    patron_segmentation_free(one);
    patron_segmentation_free(some);
    patron_segmentation_free(all);
    patron_features_free(features);
}
END_TEST

START_TEST(test_the_default_is_exact_up_to_two_hundred_thousand)
{
    patron_segment_options options;
    patron_segmentation *segmentation;
    patron_features *features = features_of();
    patron_segment_options_init(&options, sizeof options);
    ck_assert_int_eq(options.exact_pairs, INT64_C(200000) * 200000);
    options.exact_pairs = -1;
    ck_assert_int_eq(patron_segmentation_fit(&segmentation, features, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(segmentation);
    patron_features_free(features);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("segment_estimate");
    TCase *tests = tcase_create("segment_estimate");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, test_the_estimate_chooses_what_exact_silhouettes_choose);
    tcase_add_test(tests, test_only_feasible_candidates_are_compared);
    tcase_add_test(tests, test_the_default_is_exact_up_to_two_hundred_thousand);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
