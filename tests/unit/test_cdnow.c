/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CDNOW's 1/10 sample against the summary that Fader, Hardie & Lee published: what BTYD models are fitted to. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "support/suite.h"

enum { TRANSACTIONS = 6919, CUSTOMERS = 2357 };

/* 1997-09-30T23:59:59 */
#define AS_OF_S (INT64_C(10135) * 86400 - 1)

/* Half a unit of the files' last decimal. */
#define TOLERANCE (0.005 + 1e-9)

static int64_t customer[TRANSACTIONS], time_s[TRANSACTIONS];
static double cds[TRANSACTIONS], dollars[TRANSACTIONS];

static bool read_transactions(void)
{
    static const int days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t rows = 0;
    int date;
    char *path = data_file_unpacked("CDNOW_sample.txt");
    if (path == NULL) return false;
    FILE *file = fopen(path, "r");
    need(file != NULL);
    while (rows < TRANSACTIONS &&
           fscanf(file, "%*d %" SCNd64 " %d %lf %lf", &customer[rows], &date, &cds[rows], &dollars[rows]) == 4) {
        int64_t days = 9862 + 365 * (date / 10000 - 1997) + days_before[date / 100 % 100 - 1] + date % 100 - 1;
        time_s[rows++] = days * 86400;
    }
    need(rows == TRANSACTIONS);
    fclose(file);
    remove(path);
    free(path);
    return true;
}

static patron_features *features_at(int64_t as_of_s)
{
    patron_history *history;
    patron_history_options options;
    patron_features_options wanted;
    patron_features *features;
    patron_orders orders;
    patron_error error;
    patron_history_options_init(&options, sizeof options);
    options.zero_amount = PATRON_ZERO_AMOUNT_KEEP;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, &error), PATRON_OK);
    patron_orders_init(&orders, sizeof orders);
    orders.rows = TRANSACTIONS;
    orders.customer_number = customer;
    orders.time_s = time_s;
    orders.quantity = cds;
    orders.amount_value = dollars;
    ck_assert_msg(patron_history_append(history, &orders, NULL, &error) == PATRON_OK, "%s", error.message);
    patron_features_options_init(&wanted, sizeof wanted);
    wanted.as_of_s = as_of_s;
    wanted.columns = "btyd_x, btyd_t_x, btyd_T, btyd_spend";
    ck_assert_msg(patron_features_build(&features, history, &wanted, NULL, &error) == PATRON_OK, "%s", error.message);
    patron_history_free(history);
    return features;
}

/* The four values of a customer, whose id is the number's decimal digits. */
static const double *values_of(const patron_features *features, int id)
{
    char text[16];
    int length = snprintf(text, sizeof text, "%d", id);
    int64_t row = patron_features_find(features, (const uint8_t *)text, length);
    ck_assert_int_ge(row, 0);
    return patron_matrix_values(patron_features_matrix(features)) + 4 * row;
}

START_TEST(test_repeat_days_recency_age_and_spend_are_the_published_ones)
{
    patron_features *features = features_at(AS_OF_S);
    char *path = data_file("cdnow_customers_summary_with_transactions.csv");
    ck_assert_ptr_nonnull(path);
    FILE *file = fopen(path, "r");
    int id, seen = 0;
    double x, t_x, age, spend;
    ck_assert_int_eq(fscanf(file, "%*[^\n]"), 0);
    for (; fscanf(file, "%d,%lf,%lf,%lf,%lf", &id, &x, &t_x, &age, &spend) == 5; seen++) {
        const double *values = values_of(features, id);
        ck_assert_double_eq(values[0], x);
        ck_assert_double_eq_tol(values[1] / 7.0, t_x, TOLERANCE);
        ck_assert_double_eq_tol(values[2] / 7.0, age, TOLERANCE);
        if (spend == 0.0)
            ck_assert_double_nan(values[3]);
        else
            ck_assert_double_eq_tol(values[3], spend, TOLERANCE);
    }
    ck_assert_int_eq(seen, CUSTOMERS);
    ck_assert_int_eq(patron_features_customer_count(features), CUSTOMERS);
    fclose(file);
    free(path);
    patron_features_free(features);
}
END_TEST

START_TEST(test_the_other_summary_says_the_same)
{
    patron_features *features = features_at(AS_OF_S);
    char *path = data_file("cdnow_customers_summary.csv");
    ck_assert_ptr_nonnull(path);
    FILE *file = fopen(path, "r");
    int id, seen = 0;
    double x, t_x, age;
    ck_assert_int_eq(fscanf(file, "%*[^\n]"), 0);
    for (; fscanf(file, "%d,%lf,%lf,%lf", &id, &x, &t_x, &age) == 4; seen++) {
        const double *values = values_of(features, id);
        ck_assert_double_eq(values[0], x);
        ck_assert_double_eq_tol(values[1] / 7.0, t_x, TOLERANCE);
        ck_assert_double_eq_tol(values[2] / 7.0, age, TOLERANCE);
    }
    ck_assert_int_eq(seen, CUSTOMERS);
    fclose(file);
    free(path);
    patron_features_free(features);
}
END_TEST

int main(void)
{
    if (!read_transactions()) return SKIPPED;
    char *needed[] = {data_file("cdnow_customers_summary_with_transactions.csv"),
                      data_file("cdnow_customers_summary.csv")};
    bool there = needed[0] != NULL && needed[1] != NULL;
    free(needed[0]);
    free(needed[1]);
    if (!there) return SKIPPED;
    Suite *suite = suite_create("CDNOW");
    TCase *tests = tcase_create("CDNOW");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_repeat_days_recency_age_and_spend_are_the_published_ones);
    tcase_add_test(tests, test_the_other_summary_says_the_same);
    return run_suite(suite);
}
