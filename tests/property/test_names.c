/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A name claims nothing false, on a thousand shops: every claim is looked up in the customers' own features, with
   medians computed here, and names are distinct. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "property/made_shop.h"
#include "support/order_lines.h"
#include "support/suite.h"

enum { SHOPS = 1000, MOST_CUSTOMERS = 256, MOST_NAMES = 65 };

/* What "clearly" above or below is: medians shifted by one unit differ by this factor. */
static const double CLEARLY = 1.25;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(const patron_segmentation *s, int32_t id, int64_t column)
{
    const patron_matrix *matrix = patron_features_matrix(patron_segmentation_features(s));
    const int32_t *labels = patron_segmentation_labels(s);
    int64_t n = patron_matrix_row_count(matrix), cols = patron_matrix_column_count(matrix), count = 0;
    double values[MOST_CUSTOMERS];
    ck_assert_int_le(n, MOST_CUSTOMERS);
    for (int64_t i = 0; i < n; i++) {
        double value = patron_matrix_values(matrix)[i * cols + column];
        if ((id == -1 || labels[i] == id) && !isnan(value)) values[count++] = value;
    }
    if (count == 0) return (double)NAN;
    qsort(values, (size_t)count, sizeof *values, by_value);
    return (values[(count - 1) / 2] + values[count / 2]) / 2.0;
}

/* Equal, or neither there. */
static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static void check_below(const patron_segmentation *s, int32_t id, const patron_claim *claim, int64_t column)
{
    const patron_matrix *matrix = patron_features_matrix(patron_segmentation_features(s));
    const int32_t *labels = patron_segmentation_labels(s);
    int64_t cols = patron_matrix_column_count(matrix);
    for (int64_t i = 0; i < patron_matrix_row_count(matrix); i++) {
        double value = patron_matrix_values(matrix)[i * cols + column];
        ck_assert_int_eq(labels[i] == id, value < claim->bound);
        if (labels[i] == id && strcmp(claim->word, "One-Time") == 0) ck_assert_double_eq(value, 1.0);
    }
    if (claim->direction == 0) ck_assert(!(claim->segment_median < claim->shop_median));
    if (claim->direction == -1) ck_assert(claim->segment_median < claim->shop_median);
    ck_assert_int_le(claim->direction, 0);
}

static void check_claim(const patron_segmentation *s, int32_t id, const patron_claim *claim)
{
    const patron_matrix *matrix = patron_features_matrix(patron_segmentation_features(s));
    int64_t column = patron_matrix_find(matrix, claim->feature);
    ck_assert_int_ge(column, 0);
    double segment = median_of(s, id, column), shop = median_of(s, -1, column);
    ck_assert(same(claim->segment_median, segment));
    ck_assert(same(claim->shop_median, shop));
    if (claim->kind == PATRON_CLAIM_BELOW) {
        check_below(s, id, claim, column);
        return;
    }
    ck_assert_int_eq(claim->kind, PATRON_CLAIM_MEDIAN);
    patron_column about = {.size = sizeof about};
    ck_assert_int_eq(patron_matrix_column(&about, matrix, column, NULL), PATRON_OK);
    double step = strcmp(about.unit, "currency") == 0 ? 1.0 / PATRON_MONEY_UNIT : 1.0;
    double ratio = (segment + step) / (shop + step);
    if (claim->direction > 0) ck_assert(segment > shop && ratio >= CLEARLY * (1.0 - 1e-15));
    if (claim->direction < 0) ck_assert(segment < shop && ratio <= (1.0 + 1e-15) / CLEARLY);
    if (claim->direction == 0) ck_assert(ratio < CLEARLY && ratio > 1.0 / CLEARLY);
}

/* The claims' words, in order, then a given name that begins as the last word does. */
static void check_name(const patron_segmentation *s, int32_t id, const char *name)
{
    int32_t claims = patron_persona_claim_count(s, id);
    const char *rest = name;
    char first = 'G'; /* "Group 1" claims nothing */
    for (int32_t i = 0; i < claims; i++) {
        patron_claim claim = {.size = sizeof claim};
        ck_assert_int_eq(patron_persona_claim(&claim, s, id, i, NULL), PATRON_OK);
        check_claim(s, id, &claim);
        ck_assert_int_eq(strncmp(rest, claim.word, strlen(claim.word)), 0);
        rest += strlen(claim.word);
        ck_assert_int_eq(*rest++, ' ');
        first = claim.word[0];
    }
    ck_assert_int_eq(rest[0], first);
    /* Nothing but the given name is left, perhaps with a number. */
    const char *more = strchr(rest, ' ');
    ck_assert(more == NULL || strspn(more + 1, "0123456789") == strlen(more + 1));
}

/* Checks all names; returns how many claims were. */
static int64_t check_names(const patron_segmentation *s)
{
    char names[MOST_NAMES][80];
    int64_t claims = 0;
    for (int32_t id = 0; id < patron_segmentation_count(s); id++) {
        patron_segment_info info = {.size = sizeof info};
        ck_assert_int_eq(patron_segmentation_segment(&info, s, id, NULL), PATRON_OK);
        check_name(s, id, info.name);
        claims += patron_persona_claim_count(s, id);
        snprintf(names[id], sizeof names[id], "%s", info.name);
        for (int32_t other = 0; other < id; other++) ck_assert_str_ne(names[id], names[other]);
    }
    return claims;
}

START_TEST(test_a_name_claims_nothing_false)
{
    static const char *const lists[] = {NULL, "frequency,average_order_value", "tenure_days,monetary_net,recency_days"};
    int64_t named = 0, claims = 0;
    for (uint64_t seed = 1; seed <= SHOPS; seed++) {
        uint64_t state = seed + 77;
        made_shop shop = made_shop_of(seed);
        patron_history *history = made_shop_history(&shop);
        patron_segmentation *segmentation;
        patron_segment_options options;
        patron_error error;
        patron_segment_options_init(&options, sizeof options);
        options.features = lists[test_below(&state, 3)];
        options.minimum_orders = 1 + (int32_t)test_below(&state, 4);
        options.k_max = 2 + (int32_t)test_below(&state, 6);
        if (seed % 4 == 0) options.k_min = options.k_max;
        options.smallest_share = seed % 2 == 0 ? 0.0 : 0.02;
        options.scale = seed % 5 == 0 ? PATRON_SCALE_ROBUST : PATRON_SCALE_ZSCORE;
        options.seed = seed;
        patron_status status = patron_segment(&segmentation, history, &options, NULL, &error);
        ck_assert_msg(status == PATRON_OK || status == PATRON_NO_SEGMENTS, "shop %d: %s", (int)seed, error.message);
        if (status == PATRON_OK) {
            claims += check_names(segmentation);
            named++;
        }
        patron_segmentation_free(segmentation);
        patron_history_free(history);
        made_shop_free(&shop);
    }
    printf("%lld of %d shops have segments; %lld claims hold\n", (long long)named, (int)SHOPS, (long long)claims);
    ck_assert_int_ge(named, SHOPS * 9 / 10);
    ck_assert_int_ge(claims, 3 * named);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("names");
    TCase *tests = tcase_create("names");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 800);
    tcase_add_test(tests, test_a_name_claims_nothing_false);
    return run_suite(suite);
}
