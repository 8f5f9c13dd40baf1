/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A history's policies beyond zero amounts and duplicates, on lines whose answers are known by hand. The oracle judges
   the same policies on random lines in test_features_oracle.c. */
#include <string.h>

#include <patron/patron.h>

#include "support/audit.h"
#include "support/order_lines.h"
#include "support/suite.h"
#include "support/text_column.h"

static patron_history *history_with(const patron_history_options *options, const oracle_line *lines, int64_t count)
{
    patron_history *history;
    ck_assert_int_eq(patron_history_create(&history, options, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append_lines(history, lines, count, false, NULL, NULL), PATRON_OK);
    return history;
}

START_TEST(test_defaults)
{
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    ck_assert_int_eq(options.order_gap_s, 0);
    ck_assert_int_eq(options.match_cancellations, 0);
    ck_assert_ptr_null(options.only_currency);
}
END_TEST

START_TEST(test_a_gap_between_lines_without_order_ends_an_order)
{
    /* 23:00, 23:50 and, on the next day, 0:40 are one order at a gap of 50 minutes; so are the line of order 7 in
       between, which is its own, and the return at 1:30, which leads no further. */
    oracle_line lines[] = {{.customer = "a", .time_s = 82800, .amount = 10000, .quantity = 1},
                           {.customer = "a", .time_s = 85800, .amount = 10000, .quantity = 1},
                           {.customer = "a", .time_s = 88800, .amount = 10000, .quantity = 1},
                           {.customer = "a", .order = "7", .time_s = 86000, .amount = 10000, .quantity = 1},
                           {.customer = "a", .time_s = 91800, .amount = -10000, .quantity = -1},
                           {.customer = "a", .time_s = 94800, .amount = 10000, .quantity = 1}};
    static const struct {
        int64_t gap_s, orders;
    } cases[] = {{0, 3}, {1, 5}, {2999, 5}, {3000, 3}, {5999, 3}, {6000, 2}, {INT64_MAX, 2}};
    patron_history_options options;
    patron_history *history;
    patron_error error;
    patron_history_options_init(&options, sizeof options);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        options.order_gap_s = cases[i].gap_s;
        history = history_with(&options, lines, 6);
        ck_assert_int_eq(audit_of(history, PATRON_AS_OF_LAST).orders, cases[i].orders);
        patron_history_free(history);
    }
    options.order_gap_s = -1;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(history);
    ck_assert_ptr_nonnull(strstr(error.message, "order_gap_s is -1"));
}
END_TEST

/* Six rows of two customers, with these codes, in batches of so many rows. */
static patron_status append_codes(patron_history *history, const char *const codes[6], int64_t batch,
                                  patron_error *error)
{
    static const int64_t customers[] = {1, 1, 1, 2, 2, 2}, times[] = {1, 2, 3, 4, 5, 6}, amounts[] = {1, 1, 1, 1, 1, 1};
    static const uint8_t there = 0x2F; /* the fifth row has no customer */
    patron_status status = PATRON_OK;
    for (int64_t at = 0; at < 6 && status == PATRON_OK; at += batch) {
        patron_orders orders;
        text_column column;
        text_column_open(&column);
        for (int64_t i = at; i < at + batch; i++)
            text_column_add(&column, codes[i], codes[i] == NULL ? 0 : (int64_t)strlen(codes[i]));
        patron_orders_init(&orders, sizeof orders);
        uint8_t validity = (uint8_t)(there >> at);
        orders.rows = batch;
        orders.customer_number = customers + at;
        orders.customer_validity = &validity;
        orders.time_s = times + at;
        orders.amount = amounts + at;
        orders.currency = text_column_view(&column);
        status = patron_history_append(history, &orders, NULL, error);
        text_column_free(&column);
    }
    return status;
}

START_TEST(test_a_history_has_one_currency)
{
    static const char *const two[6] = {NULL, "EUR", "", "EUR", "USD", "USD"}, *const one[6] = {"",    "EUR", "EUR",
                                                                                               "EUR", "USD", NULL};
    patron_history_options options;
    patron_history *history;
    patron_error error;
    patron_history_options_init(&options, sizeof options);
    for (int64_t batch = 1; batch <= 6; batch = batch == 3 ? 6 : batch + 1) {
        /* A row without a customer says nothing. */
        ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(append_codes(history, one, batch, &error), PATRON_OK);
        ck_assert_int_eq(audit_of(history, 9).fates[PATRON_FATE_PURCHASE], 5);
        ck_assert_int_eq(append_codes(history, two, batch, &error), PATRON_INVALID_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(error.message, "USD"));
        ck_assert_ptr_nonnull(strstr(error.message, "EUR"));
        ck_assert_int_eq(error.row, 5 % batch);
        /* Only customer 2's rows and none's are left of EUR, then none: the currency is open again. */
        ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"1", 1, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(append_codes(history, two, 6, &error), PATRON_INVALID_ARGUMENT);
        ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"2", 1, NULL, NULL), PATRON_OK);
        static const char *const pounds[6] = {"GBP", "GBP", "GBP", "GBP", "GBP", "GBP"};
        ck_assert_int_eq(append_codes(history, pounds, batch, &error), PATRON_OK);
        patron_history_free(history);
    }
    options.only_currency = "EUR";
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append_codes(history, two, 3, NULL), PATRON_OK);
    patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
    patron_rejected rejected = {.size = sizeof rejected};
    ck_assert_int_eq(audit.fates[PATRON_FATE_PURCHASE], 4);
    ck_assert_int_eq(audit.fates[PATRON_FATE_UNREADABLE], 2);
    ck_assert_int_eq(audit.as_of_s, 4);
    ck_assert_int_eq(patron_history_rejected(&rejected, history, 1, NULL), PATRON_OK);
    ck_assert_int_eq(rejected.row, 5);
    ck_assert_int_eq(rejected.field, PATRON_FIELD_CURRENCY);
    ck_assert_int_eq(rejected.reason, PATRON_REASON_OTHER_CURRENCY);
    ck_assert_str_eq(patron_reason_text(rejected.reason), "other currency");
    patron_history_free(history);
}
END_TEST

START_TEST(test_currencies_that_cannot_be)
{
    static const char *const long_one[6] = {"EUR", "EUR", "EUR", "a code too long", "a code too long!", "EUR"},
                             *const bytes[6] = {"\xFF", "EUR", "EUR", "EUR", "EUR", "EUR"},
                             *const longest[6] = {"a code too long!", "EUR", "EUR", "EUR", "EUR", "EUR"};
    static const char *const bad[] = {"", "a code too long!", "\xFF"};
    patron_history_options options;
    patron_history *history;
    patron_error error;
    patron_history_options_init(&options, sizeof options);
    for (int i = 0; i < 3; i++) {
        options.only_currency = bad[i];
        ck_assert_int_eq(patron_history_create(&history, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
        ck_assert_ptr_null(history);
    }
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append_codes(history, long_one, 6, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(append_codes(history, longest, 6, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "16 bytes"));
    ck_assert_int_eq(patron_history_row_count(history), 0);
    ck_assert_int_eq(append_codes(history, bytes, 6, &error), PATRON_OK);
    ck_assert_int_eq(audit_of(history, 9).fates[PATRON_FATE_UNREADABLE], 1);
    patron_history_free(history);
}
END_TEST

#define LINE(product_, at, quantity_)                                                                                  \
    {                                                                                                                  \
        .customer = "a", .product = product_, .time_s = at, .amount = 10000 * (quantity_), .quantity = quantity_       \
    }

START_TEST(test_a_cancellation_takes_the_latest_purchase_before_it)
{
    oracle_line lines[] = {LINE("tea", 1, 2),  LINE("tea", 2, 2), LINE("tea", 3, -2), LINE("tea", 4, -2),
                           LINE("tea", 5, -2), LINE("tea", 6, 2), LINE("tea", 3, -1), LINE("cup", 3, -2),
                           LINE(NULL, 7, 2),   LINE(NULL, 8, -2), LINE("pot", 9, -1), LINE("pot", 9, 1)};
    enum {
        PAID = PATRON_FATE_PURCHASE,
        BACK = PATRON_FATE_RETURN,
        GONE = PATRON_FATE_CANCELLED,
        TOOK = PATRON_FATE_CANCELLATION,
        LATER = PATRON_FATE_AFTER_AS_OF
    };
    static const uint8_t want[] = {GONE, GONE, TOOK, TOOK, BACK, PAID, BACK, BACK, PAID, BACK, TOOK, GONE},
                         at_3[] = {PAID, GONE, TOOK, LATER, LATER, LATER, BACK, BACK, LATER, LATER, LATER, LATER};
    patron_history_options options;
    patron_history *history;
    patron_error error;
    uint8_t fates[12];
    patron_history_options_init(&options, sizeof options);
    options.match_cancellations = 1;
    history = history_with(&options, lines, 12);
    ck_assert_int_eq(patron_history_fates(fates, history, PATRON_AS_OF_LAST, NULL, NULL), PATRON_OK);
    ck_assert_mem_eq(fates, want, sizeof want);
    patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
    ck_assert_int_eq(audit.as_of_s, 9);
    ck_assert_int_eq(audit.first_s, 3);
    ck_assert_int_eq(audit.last_s, 8);
    ck_assert_int_eq(audit.gross, 40000);
    ck_assert_int_eq(patron_history_fates(fates, history, 3, NULL, NULL), PATRON_OK);
    ck_assert_mem_eq(fates, at_3, sizeof at_3);
    patron_history_free(history);
    options.match_cancellations = 2;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "match_cancellations is 2"));
}
END_TEST

START_TEST(test_ignored_products_make_nothing)
{
    oracle_line lines[] = {
        {.customer = "a", .product = "tea", .time_s = 1, .amount = 10000, .quantity = 1},
        {.customer = "a", .product = "a product of a long name", .time_s = 9, .amount = 5, .quantity = 1},
        {.customer = "b", .product = "post", .time_s = 7, .amount = 20000, .quantity = 1},
        {.customer = "b", .product = "post", .time_s = 8, .amount = -20000, .quantity = -1},
        {.customer = "b", .product = "postal", .time_s = 6, .amount = 10000, .quantity = 1}};
    static const uint8_t bytes[] = "posta product of a long name\xFF";
    const int64_t offsets[] = {0, 4, 4, 28, 29};
    const uint8_t there = 13; /* the second is missing */
    patron_history *history = history_with(NULL, lines, 5), *early;
    patron_text products = {bytes, offsets, &there};
    patron_error error;
    /* The last is not UTF-8: nothing is taken. */
    ck_assert_int_eq(patron_history_ignore_products(history, &products, 4, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(error.row, 3);
    ck_assert_int_eq(audit_of(history, PATRON_AS_OF_LAST).fates[PATRON_FATE_IGNORED_PRODUCT], 0);
    ck_assert_int_eq(patron_history_ignore_products(history, &products, 3, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_ignore_products(history, &products, 3, NULL, NULL), PATRON_OK);
    patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
    ck_assert_int_eq(audit.as_of_s, 6);
    ck_assert_int_eq(audit.fates[PATRON_FATE_AFTER_AS_OF], 3);
    audit = audit_of(history, 100);
    ck_assert_int_eq(audit.fates[PATRON_FATE_IGNORED_PRODUCT], 3);
    ck_assert_int_eq(audit.rows_kept, 2);
    ck_assert_int_eq(audit.orders, 2);
    ck_assert_int_eq(audit.gross, 20000);
    /* Told before the rows came, and kept when their customer goes. */
    ck_assert_int_eq(patron_history_create(&early, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_ignore_products(early, &products, 3, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append_lines(early, lines, 5, false, NULL, NULL), PATRON_OK);
    patron_audit again = audit_of(early, 100);
    ck_assert_mem_eq(&audit, &again, sizeof audit);
    ck_assert_int_eq(patron_history_forget(early, (const uint8_t *)"b", 1, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append_lines(early, lines, 5, false, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(audit_of(early, 100).fates[PATRON_FATE_IGNORED_PRODUCT], 4);
    patron_history_free(early);
    patron_history_free(history);
}
END_TEST

START_TEST(test_products_that_cannot_be_ignored)
{
    const int64_t offsets[] = {3, 2};
    patron_text products = {NULL, NULL, NULL};
    patron_error error;
    patron_history *history = history_with(NULL, NULL, 0);
    ck_assert_int_eq(patron_history_ignore_products(NULL, &products, 0, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_ignore_products(history, NULL, 0, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_ignore_products(history, &products, 1, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "have no offsets"));
    ck_assert_int_eq(patron_history_ignore_products(history, &products, -1, NULL, &error), PATRON_INVALID_ARGUMENT);
    products.offsets = offsets;
    ck_assert_int_eq(patron_history_ignore_products(history, &products, 1, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "fall"));
    ck_assert_int_eq(patron_history_ignore_products(history, &products, 0, NULL, &error), PATRON_OK);
    patron_history_free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("policies");
    TCase *tests = tcase_create("policies");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_defaults);
    tcase_add_test(tests, test_a_gap_between_lines_without_order_ends_an_order);
    tcase_add_test(tests, test_a_cancellation_takes_the_latest_purchase_before_it);
    tcase_add_test(tests, test_a_history_has_one_currency);
    tcase_add_test(tests, test_currencies_that_cannot_be);
    tcase_add_test(tests, test_ignored_products_make_nothing);
    tcase_add_test(tests, test_products_that_cannot_be_ignored);
    return run_suite(suite);
}
