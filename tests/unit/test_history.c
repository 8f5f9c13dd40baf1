/* SPDX-License-Identifier: GPL-3.0-or-later */
/* History: what an append takes, refuses and rejects, and what the audit says of it. */
#include <fenv.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "history/history.h"
#include "support/audit.h"
#include "support/order_lines.h"
#include "support/suite.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

enum { ROWS = 3 };

/* A good batch of three rows to spoil: customers "a", "b", "é"; one unit of 1.00 each at 0, 10, 20 s. */
typedef struct batch {
    uint8_t bytes[4];
    int64_t offsets[ROWS + 1];
    int64_t number[ROWS], time_s[ROWS], amount[ROWS], line[ROWS];
    double quantity[ROWS], value[ROWS];
    uint8_t fault[ROWS], field[ROWS];
    patron_orders orders;
} batch;

static void good_batch(batch *b)
{
    static const batch good = {.bytes = {'a', 'b', 0xC3, 0xA9},
                               .offsets = {0, 1, 2, 4},
                               .number = {1, 2, 3},
                               .time_s = {0, 10, 20},
                               .amount = {10000, 10000, 10000},
                               .line = {2, 3, 4},
                               .quantity = {1, 1, 1},
                               .value = {1, 1, 1}};
    *b = good;
    patron_orders_init(&b->orders, sizeof b->orders);
    b->orders.rows = ROWS;
    b->orders.customer_id.bytes = b->bytes;
    b->orders.customer_id.offsets = b->offsets;
    b->orders.time_s = b->time_s;
    b->orders.amount = b->amount;
    b->orders.line = b->line;
}

static patron_history *make(const patron_history_options *options)
{
    patron_history *history;
    ck_assert_int_eq(patron_history_create(&history, options, NULL, NULL), PATRON_OK);
    return history;
}

/* The batch fails so, says so, and leaves the history as it was. */
static void expect_failure(const batch *b, patron_status status, int64_t row, const char *says)
{
    patron_error error;
    batch before;
    patron_history *history = make(NULL);
    good_batch(&before);
    ck_assert_int_eq(patron_history_append(history, &before.orders, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &b->orders, NULL, &error), status);
    ck_assert_int_eq(error.status, status);
    ck_assert_int_eq(error.row, row);
    ck_assert_msg(strstr(error.message, says) != NULL, "%s", error.message);
    ck_assert_int_eq(patron_history_row_count(history), ROWS);
    patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
    ck_assert_int_eq(audit.rows_read, ROWS);
    ck_assert_int_eq(audit.customers, ROWS);
    ck_assert_int_eq(audit.rejected_listed, 0);
    ck_assert_int_eq(audit.gross, 30000);
    patron_history_free(history);
}

START_TEST(test_defaults_are_the_stated_ones)
{
    patron_history_options options;
    patron_orders orders;
    memset(&orders, 0xFF, sizeof orders);
    patron_history_options_init(&options, sizeof options);
    ck_assert_int_eq(options.zero_amount, PATRON_ZERO_AMOUNT_DROP);
    ck_assert_int_eq(options.duplicates, PATRON_DUPLICATES_KEEP);
    ck_assert_int_eq(options.strict, 0);
    ck_assert_int_eq(options.rejected_listed, 100);
    ck_assert_int_eq(options.utc_offset_s, 0);
    patron_history *history = make(NULL);
    ck_assert_mem_eq(ptn_history_options_of(history), &options, sizeof options);
    patron_history_free(history);
    patron_orders_init(&orders, sizeof orders);
    ck_assert_int_eq(orders.rows, 0);
    ck_assert_ptr_null(orders.customer_id.offsets);
    ck_assert_ptr_null(orders.fault_field);
    patron_orders_init(NULL, 0);
    patron_history_options_init(NULL, 0);
    patron_history_free(NULL);
}
END_TEST

START_TEST(test_options_that_make_no_sense_are_refused)
{
    for (int i = 0; i < 9; i++) {
        patron_history *history = (patron_history *)1;
        patron_history_options options;
        patron_error error;
        patron_history_options_init(&options, sizeof options);
        if (i == 0) options.zero_amount = 2;
        if (i == 1) options.zero_amount = -1;
        if (i == 2) options.duplicates = 2;
        if (i == 3) options.strict = -1;
        if (i == 4) options.rejected_listed = -1;
        if (i == 5) options.utc_offset_s = 86401;
        if (i == 6) options.utc_offset_s = INT64_MIN;
        if (i == 7) options.size = 0;
        if (i == 8) options.strict = 2;
        ck_assert_int_eq(patron_history_create(&history, &options, NULL, &error), PATRON_INVALID_ARGUMENT);
        ck_assert_ptr_null(history);
        ck_assert(error.message[0] != '\0');
    }
    ck_assert_int_eq(patron_history_create(NULL, NULL, NULL, NULL), PATRON_INVALID_ARGUMENT);
}
END_TEST

START_TEST(test_names_of_fields_reasons_and_fates)
{
    ck_assert_str_eq(patron_field_name(PATRON_FIELD_CUSTOMER), "customer");
    ck_assert_str_eq(patron_field_name(PATRON_FIELD_DISCOUNT), "discount");
    ck_assert_str_eq(patron_reason_text(PATRON_REASON_NOT_UTF8), "not UTF-8");
    ck_assert_str_eq(patron_fate_name(PATRON_FATE_NO_CUSTOMER), "no_customer");
    ck_assert_str_eq(patron_field_name(-1), "");
    ck_assert_str_eq(patron_field_name(PATRON_FIELD_COUNT), "");
    ck_assert_str_eq(patron_reason_text(PATRON_REASON_COUNT), "");
    ck_assert_str_eq(patron_fate_name(PATRON_FATE_COUNT), "");
}
END_TEST

START_TEST(test_null_is_refused_everywhere)
{
    patron_history *history = make(NULL);
    patron_audit audit = {.size = sizeof audit};
    patron_rejected rejected = {.size = sizeof rejected};
    uint8_t fates[1];
    patron_error error;
    batch b;
    good_batch(&b);
    ck_assert_int_eq(patron_history_append(NULL, &b.orders, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_append(history, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_audit(NULL, history, 0, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_audit(&audit, NULL, 0, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_fates(NULL, history, 0, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_fates(fates, NULL, 0, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_rejected(NULL, history, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_rejected(&rejected, NULL, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_rejected(&rejected, history, 0, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_rejected(&rejected, history, -1, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_row_count(NULL), 0);
    audit.size = 0;
    ck_assert_int_eq(patron_history_audit(&audit, history, 0, NULL, &error), PATRON_INVALID_ARGUMENT);
    patron_history_free(history);
}
END_TEST

START_TEST(test_no_rows_need_no_columns)
{
    patron_history *history = make(NULL);
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
    ck_assert_int_eq(audit.as_of_s, 0);
    ck_assert_int_eq(audit.rows_read + audit.customers + audit.orders + audit.net, 0);
    ck_assert_int_eq(audit_of(history, 77).as_of_s, 77);
    patron_history_free(history);
}
END_TEST

/* Lines 0 and 1 share order number 5, which line 1 does not really have: it belongs to its day's order. */
START_TEST(test_order_numbers_that_are_not_valid_are_none)
{
    static const int64_t customer[] = {1, 1, 1}, order[] = {5, 5, 5}, time_s[] = {0, 86400, 172800};
    static const int64_t amount[] = {10000, 10000, 10000};
    static const uint8_t all = 0x07, first_and_last = 0x05;
    const uint8_t *validity[] = {NULL, &all, &first_and_last};
    for (int i = 0; i < 3; i++) {
        patron_history *history;
        patron_orders orders;
        patron_audit audit = {.size = sizeof audit};
        patron_orders_init(&orders, sizeof orders);
        orders.rows = 3;
        orders.customer_number = customer;
        orders.order_number = order;
        orders.order_validity = validity[i];
        orders.time_s = time_s;
        orders.amount = amount;
        ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(patron_history_audit(&audit, history, PATRON_AS_OF_LAST, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(audit.orders, i < 2 ? 1 : 2);
        patron_history_free(history);
    }
}
END_TEST

START_TEST(test_a_batch_without_what_is_needed_is_refused)
{
    static const int64_t sizes[] = {-1, INT64_MIN, INT64_MAX, INT64_C(1) << 60};
    batch b;
    good_batch(&b);
    b.orders.customer_id.offsets = NULL;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, -1, "customer_id or customer_number");
    b.orders.rows = INT64_C(1) << 31;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, -1, "no customer column");
    good_batch(&b);
    b.orders.customer_number = b.number;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, -1, "one of them");
    good_batch(&b);
    b.orders.order_id = b.orders.customer_id;
    b.orders.order_number = b.number;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, -1, "one of them");
    good_batch(&b);
    b.orders.time_s = NULL;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, -1, "no time_s");
    good_batch(&b);
    b.orders.amount = NULL;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, -1, "no money");
    good_batch(&b);
    b.orders.size = 3;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, -1, "size 3");
    for (int i = 0; i < 4; i++) {
        good_batch(&b);
        b.orders.rows = sizes[i];
        expect_failure(&b, i < 2 ? PATRON_INVALID_ARGUMENT : PATRON_TOO_LARGE, -1, i < 2 ? "give 0 or more" : "memory");
    }
}
END_TEST

START_TEST(test_offsets_that_fall_are_refused)
{
    batch b;
    good_batch(&b);
    b.offsets[2] = 0;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, 1, "offsets fall from 1 to 0");
    good_batch(&b);
    b.offsets[0] = -1;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, 0, "offsets begin at -1");
    good_batch(&b);
    b.offsets[3] = INT64_MIN;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, 2, "offsets fall");
    good_batch(&b);
    b.orders.customer_id.bytes = NULL;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, -1, "bytes is NULL");
    good_batch(&b);
    b.orders.product = b.orders.customer_id;
    static const int64_t falling[ROWS + 1] = {3, 2, 2, 2};
    b.orders.product.offsets = falling;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, 0, "product: offsets");
}
END_TEST

START_TEST(test_numbers_that_are_none_are_refused)
{
    static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    static const char *const names[] = {"quantity", "amount", "price", "discount"};
    for (int column = 0; column < 4; column++)
        for (int i = 0; i < 3; i++) {
            char says[64];
            batch b;
            good_batch(&b);
            b.value[1] = bad[i];
            if (column == 0) b.orders.quantity = b.value;
            if (column == 1 || column == 2) b.orders.amount = NULL;
            if (column == 1) b.orders.amount_value = b.value;
            if (column == 2) b.orders.unit_price_value = b.value;
            if (column == 3) b.orders.discount_value = b.value;
            snprintf(says, sizeof says, "line 3 (row 1): %s is %s", names[column], i == 0 ? "NaN" : "infinite");
            expect_failure(&b, PATRON_NOT_FINITE, 1, says);
        }
}
END_TEST

START_TEST(test_numbers_out_of_range_are_refused)
{
    batch b;
    good_batch(&b);
    b.time_s[2] = INT64_C(100000000000001);
    expect_failure(&b, PATRON_OUT_OF_RANGE, 2, "line 4 (row 2): time is beyond 2.6e11 seconds");
    b.time_s[2] = INT64_MIN;
    expect_failure(&b, PATRON_OUT_OF_RANGE, 2, "time");
    good_batch(&b);
    b.amount[0] = INT64_MIN;
    expect_failure(&b, PATRON_OUT_OF_RANGE, 0, "amount");
    good_batch(&b);
    b.orders.amount = NULL;
    b.orders.unit_price = b.amount;
    b.orders.quantity = b.quantity;
    b.quantity[1] = -1.1e12;
    expect_failure(&b, PATRON_OUT_OF_RANGE, 1, "quantity is beyond 1e12");
    b.quantity[1] = -1e12;
    b.amount[1] = INT64_MAX;
    expect_failure(&b, PATRON_OUT_OF_RANGE, 1, "price makes money beyond");
    good_batch(&b);
    b.orders.amount = NULL;
    b.orders.amount_value = b.value;
    b.value[2] = 1e300;
    expect_failure(&b, PATRON_OUT_OF_RANGE, 2, "amount makes money beyond");
    good_batch(&b);
    b.orders.discount_value = b.value;
    b.value[2] = 1e300;
    expect_failure(&b, PATRON_OUT_OF_RANGE, 2, "discount is beyond");
    good_batch(&b);
    b.orders.discount = b.number;
    b.number[0] = INT64_MIN;
    expect_failure(&b, PATRON_OUT_OF_RANGE, 0, "discount is beyond");
    good_batch(&b);
    b.orders.fault = b.fault;
    b.fault[1] = PATRON_REASON_COUNT;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, 1, "which is no reason");
    b.fault[1] = PATRON_REASON_MISSING;
    b.orders.fault_field = b.field;
    b.field[1] = PATRON_FIELD_COUNT;
    expect_failure(&b, PATRON_INVALID_ARGUMENT, 1, "which is no column");
}
END_TEST

static void expect_rejected(const patron_history *history, int64_t index, int64_t row, int64_t line, int32_t field,
                            int32_t reason)
{
    patron_rejected rejected = {.size = sizeof rejected};
    ck_assert_int_eq(patron_history_rejected(&rejected, history, index, NULL), PATRON_OK);
    ck_assert_int_eq(rejected.row, row);
    ck_assert_int_eq(rejected.line, line);
    ck_assert_int_eq(rejected.field, field);
    ck_assert_int_eq(rejected.reason, reason);
}

START_TEST(test_rows_without_a_customer_or_with_broken_text_are_rejected_and_listed)
{
    static const uint8_t bits[] = {0x05};
    static const uint8_t wanted[] = {PATRON_FATE_PURCHASE,   PATRON_FATE_NO_CUSTOMER, PATRON_FATE_UNREADABLE,
                                     PATRON_FATE_UNREADABLE, PATRON_FATE_UNREADABLE,  PATRON_FATE_NO_CUSTOMER};
    uint8_t fates[6];
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    options.rejected_listed = 4;
    patron_history *history = make(&options);
    batch b;
    good_batch(&b);
    b.orders.customer_id.validity = bits;
    b.bytes[3] = 'x';
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);

    /* A faulty row's numbers are not looked at; an empty id is none; a broken product outdoes a missing customer. */
    static const int64_t empty[ROWS + 1] = {0, 1, 1, 1};
    static const uint8_t product[] = {0xFF};
    static const int64_t products[ROWS + 1] = {0, 0, 1, 1};
    good_batch(&b);
    b.orders.line = NULL;
    b.orders.customer_id.offsets = empty;
    b.orders.product.bytes = product;
    b.orders.product.offsets = products;
    b.orders.quantity = b.quantity;
    b.quantity[0] = (double)NAN;
    b.time_s[0] = INT64_MAX;
    b.fault[0] = PATRON_REASON_TOO_FEW_FIELDS;
    b.orders.fault = b.fault;
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);

    patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
    ck_assert_int_eq(audit.fates[PATRON_FATE_UNREADABLE], 3);
    ck_assert_int_eq(audit.fates[PATRON_FATE_NO_CUSTOMER], 2);
    ck_assert_int_eq(audit.customers, 1);
    ck_assert_int_eq(audit.rejected_listed, 4);
    ck_assert_int_eq(patron_history_fates(fates, history, PATRON_AS_OF_LAST, NULL, NULL), PATRON_OK);
    ck_assert_mem_eq(fates, wanted, sizeof wanted);
    expect_rejected(history, 0, 1, 3, PATRON_FIELD_CUSTOMER, PATRON_REASON_MISSING);
    expect_rejected(history, 1, 2, 4, PATRON_FIELD_CUSTOMER, PATRON_REASON_NOT_UTF8);
    expect_rejected(history, 2, 3, -1, PATRON_FIELD_ROW, PATRON_REASON_TOO_FEW_FIELDS);
    expect_rejected(history, 3, 4, -1, PATRON_FIELD_PRODUCT, PATRON_REASON_NOT_UTF8);
    patron_history_free(history);
}
END_TEST

/* The text of whichever column: the row is rejected for it, and for the first of several. */
START_TEST(test_broken_text_in_any_column_rejects_its_row)
{
    static const int32_t fields[] = {PATRON_FIELD_ORDER, PATRON_FIELD_PRODUCT, PATRON_FIELD_CATEGORY,
                                     PATRON_FIELD_CHANNEL};
    static const uint8_t bytes[] = {'o', 0xC3, 'p'};
    static const int64_t offsets[ROWS + 1] = {0, 1, 2, 3};
    for (int32_t from = 0; from < 4; from++)
        for (int32_t until = from; until < 4; until++) {
            patron_history_options options;
            patron_history_options_init(&options, sizeof options);
            options.rejected_listed = 3;
            patron_history *history = make(&options);
            batch b;
            good_batch(&b);
            patron_text *const columns[] = {&b.orders.order_id, &b.orders.product, &b.orders.category,
                                            &b.orders.channel};
            for (int32_t c = from; c <= until; c++) *columns[c] = (patron_text){bytes, offsets, NULL};
            ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);
            patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
            ck_assert_int_eq(audit.fates[PATRON_FATE_PURCHASE], 2);
            ck_assert_int_eq(audit.fates[PATRON_FATE_UNREADABLE], 1);
            expect_rejected(history, 0, 1, 3, fields[from], PATRON_REASON_NOT_UTF8);
            ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"b", 1, NULL, NULL), PATRON_OK);
            ck_assert_int_eq(patron_history_row_count(history), 2);
            patron_history_free(history);
        }
}
END_TEST

START_TEST(test_strict_fails_on_the_first_rejected_row)
{
    static const uint8_t bits[] = {0x05};
    patron_history_options options;
    patron_error error;
    patron_history_options_init(&options, sizeof options);
    options.strict = 1;
    patron_history *history = make(&options);
    batch b;
    good_batch(&b);
    b.orders.customer_id.validity = bits;
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, &error), PATRON_ROW_REJECTED);
    ck_assert_str_eq(error.message, "line 3 (row 1): no customer id; give one, or turn strict off to have such rows "
                                    "rejected and counted");
    ck_assert_int_eq(error.row, 1);
    ck_assert_int_eq(error.line, 3);
    ck_assert_int_eq(patron_history_row_count(history), 0);
    b.orders.customer_id.validity = NULL;
    b.bytes[3] = 'x';
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, &error), PATRON_ROW_REJECTED);
    ck_assert_ptr_nonnull(strstr(error.message, "line 4 (row 2): customer is not UTF-8; "));
    good_batch(&b);
    b.fault[1] = PATRON_REASON_TOO_FEW_FIELDS;
    b.orders.fault = b.fault;
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, &error), PATRON_ROW_REJECTED);
    ck_assert_msg(strstr(error.message, "line 3 (row 1): row is short: ") != NULL, "%s", error.message);
    good_batch(&b);
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, &error), PATRON_OK);
    /* What the failed appends left behind is no customer. */
    ck_assert_int_eq(audit_of(history, PATRON_AS_OF_LAST).customers, 3);
    patron_history_free(history);
}
END_TEST

START_TEST(test_ids_of_a_failed_append_are_no_customers)
{
    patron_history *history = make(NULL);
    batch b;
    good_batch(&b);
    b.bytes[0] = 'z';
    b.time_s[2] = INT64_MAX;
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OUT_OF_RANGE);
    good_batch(&b);
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);
    patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
    ck_assert_int_eq(audit.customers, 3);
    ck_assert_int_eq(audit.customers_without_order, 0);
    patron_history_free(history);
}
END_TEST

START_TEST(test_number_and_its_digits_are_one_customer)
{
    static const uint8_t text[] = "12-9223372036854775808";
    static const int64_t offsets[] = {0, 2, 22, 22};
    patron_history *history = make(NULL);
    batch b;
    good_batch(&b);
    b.orders.rows = 2;
    b.orders.customer_id.bytes = text;
    b.orders.customer_id.offsets = offsets;
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);
    good_batch(&b);
    b.orders.rows = 2;
    b.orders.customer_id.offsets = NULL;
    b.orders.customer_number = b.number;
    b.number[0] = INT64_MIN;
    b.number[1] = 12;
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(audit_of(history, PATRON_AS_OF_LAST).customers, 2);
    patron_history_free(history);
}
END_TEST

START_TEST(test_ids_may_hold_nul_and_be_huge)
{
    static const uint8_t nul[] = {'a', 0, 'b', 'a', 0, 'c', 'a'};
    static const int64_t offsets[] = {0, 3, 6, 7};
    enum { LONG_ID = 10000000 };
    patron_history *history = make(NULL);
    patron_features *features;
    const uint8_t *bytes;
    int64_t length;
    batch b;
    good_batch(&b);
    b.orders.customer_id.bytes = nul;
    b.orders.customer_id.offsets = offsets;
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);
    uint8_t *huge = malloc(LONG_ID);
    ck_assert_ptr_nonnull(huge);
    memset(huge, 'x', LONG_ID);
    const int64_t ends[] = {0, LONG_ID, LONG_ID, LONG_ID};
    b.orders.rows = 1;
    b.orders.customer_id.bytes = huge;
    b.orders.customer_id.offsets = ends;
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_customer_count(features), 4);
    ck_assert_int_eq(patron_features_find(features, nul + 6, 1), 0);
    ck_assert_int_eq(patron_features_find(features, nul, 3), 1);
    ck_assert_int_eq(patron_features_customer_id(&bytes, &length, features, 3, NULL), PATRON_OK);
    ck_assert_int_eq(length, LONG_ID);
    ck_assert_int_eq(memcmp(bytes, huge, LONG_ID), 0);
    free(huge);
    patron_features_free(features);
    patron_history_free(history);
}
END_TEST

/* The gross of a batch whose every row is given as told. */
static int64_t gross_of(const batch *b, int64_t *rounded)
{
    patron_history *history = make(NULL);
    ck_assert_int_eq(patron_history_append(history, &b->orders, NULL, NULL), PATRON_OK);
    patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
    *rounded = audit.amounts_rounded;
    patron_history_free(history);
    return audit.gross;
}

START_TEST(test_first_money_column_of_the_list_wins)
{
    int64_t rounded;
    batch b;
    good_batch(&b);
    double amounts[ROWS] = {0.1, 0.2, 0.3}, prices[ROWS] = {0.1, 0.70001, 1.15};
    int64_t unit_prices[ROWS] = {7, 8, 9};
    double quantities[ROWS] = {3, 0.5, 100};
    b.orders.quantity = quantities;
    b.orders.unit_price_value = prices;
    b.orders.unit_price = unit_prices;
    b.orders.amount_value = amounts;
    ck_assert_int_eq(gross_of(&b, &rounded), 30000);
    b.orders.amount = NULL;
    ck_assert_int_eq(gross_of(&b, &rounded), 6000);
    ck_assert_int_eq(rounded, 0);
    b.orders.amount_value = NULL;
    ck_assert_int_eq(gross_of(&b, &rounded), 21 + 4 + 900);
    b.orders.unit_price = NULL;
    /* 0.1 x 3; 0.70001 x 0.5 = 0.350005, to 0.35; 1.15 x 100 */
    ck_assert_int_eq(gross_of(&b, &rounded), 3000 + 3500 + 1150000);
    ck_assert_int_eq(rounded, 1);
}
END_TEST

START_TEST(test_host_rounding_does_not_change_money)
{
    int64_t rounded;
    batch b;
    good_batch(&b);
    double values[ROWS] = {0.1, 1.00006, 2.675};
    b.orders.amount = NULL;
    b.orders.amount_value = values;
    int64_t nearest = gross_of(&b, &rounded);
    ck_assert_int_eq(nearest, 1000 + 10001 + 26750);
    fesetround(FE_DOWNWARD);
    int64_t down = gross_of(&b, &rounded);
    fesetround(FE_TONEAREST);
    ck_assert_int_eq(down, nearest);
    ck_assert_int_eq(rounded, 1);
}
END_TEST

#if defined(__SSE2__)
/* Flush to zero makes a quantity of 5e-324 nothing in the host; not in the audit. */
START_TEST(test_host_flushing_to_zero_does_not_change_fates)
{
    static const int64_t customer[] = {1, 2, 3}, time_s[] = {0, 0, 0}, amount[] = {1, 1, 1};
    static const double quantity[] = {1.0, 5e-324, -5e-324};
    patron_history *history;
    patron_orders orders;
    patron_audit audit = {.size = sizeof audit};
    uint8_t fates[3];
    patron_orders_init(&orders, sizeof orders);
    orders.rows = 3;
    orders.customer_number = customer;
    orders.time_s = time_s;
    orders.amount = amount;
    orders.quantity = quantity;
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040u);
    patron_history_create(&history, NULL, NULL, NULL);
    patron_status status = patron_history_append(history, &orders, NULL, NULL);
    if (status == PATRON_OK) status = patron_history_audit(&audit, history, PATRON_AS_OF_LAST, NULL, NULL);
    if (status == PATRON_OK) status = patron_history_fates(fates, history, PATRON_AS_OF_LAST, NULL, NULL);
    unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    ck_assert_int_eq(status, PATRON_OK);
    ck_assert_uint_eq(after, before | 0x8040u);
    ck_assert_int_eq(audit.orders, 2);
    ck_assert_int_eq(fates[1], PATRON_FATE_PURCHASE);
    ck_assert_int_eq(fates[2], PATRON_FATE_RETURN);
    patron_history_free(history);
}
END_TEST
#endif

START_TEST(test_default_as_of_is_the_last_kept_line_s)
{
    oracle_line lines[] = {{.customer = "a", .time_s = 100, .amount = 10000, .quantity = 1},
                           {.customer = "a", .time_s = 200, .amount = -10000, .quantity = 1},
                           {.customer = "a", .time_s = 300, .amount = 0, .quantity = 1},
                           {.customer = NULL, .time_s = 400, .amount = 10000, .quantity = 1}};
    patron_history *history = make(NULL);
    ck_assert_int_eq(append_lines(history, lines + 2, 2, false, NULL, NULL), PATRON_OK);
    patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
    ck_assert_int_eq(audit.as_of_s, 0);
    ck_assert_int_eq(audit.fates[PATRON_FATE_ZERO_AMOUNT], 1);
    ck_assert_int_eq(append_lines(history, lines, 2, false, NULL, NULL), PATRON_OK);
    audit = audit_of(history, PATRON_AS_OF_LAST);
    ck_assert_int_eq(audit.as_of_s, 200);
    ck_assert_int_eq(audit.adjustments, 1);
    ck_assert_int_eq(audit.fates[PATRON_FATE_AFTER_AS_OF], 1);
    ck_assert_int_eq(audit_of(history, 100).fates[PATRON_FATE_AFTER_AS_OF], 2);
    ck_assert_int_eq(audit_of(history, 99).customers_with_order, 0);
    patron_history_free(history);
}
END_TEST

START_TEST(test_optional_columns_may_come_and_go)
{
    static const uint8_t tea[] = "tea";
    static const int64_t second_only[ROWS + 1] = {0, 0, 3, 3};
    static const int64_t none[ROWS] = {0, 0, 0};
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    options.duplicates = PATRON_DUPLICATES_DROP;
    patron_history *history = make(&options);
    uint8_t fates[4 * ROWS];
    batch b;
    good_batch(&b);
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);
    b.orders.product.bytes = tea;
    b.orders.product.offsets = second_only;
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);
    b.orders.category = b.orders.product;
    b.orders.discount = none;
    b.orders.quantity = b.quantity;
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);
    good_batch(&b);
    ck_assert_int_eq(patron_history_append(history, &b.orders, NULL, NULL), PATRON_OK);
    /* Lines without a product are equal whether the column was there or not; the two kinds of tea differ. */
    static const bool kept[4 * ROWS] = {true, true, true, false, true, false, false, true, false, false, false, false};
    ck_assert_int_eq(patron_history_fates(fates, history, PATRON_AS_OF_LAST, NULL, NULL), PATRON_OK);
    for (int i = 0; i < 4 * ROWS; i++)
        ck_assert_int_eq(fates[i], kept[i] ? PATRON_FATE_PURCHASE : PATRON_FATE_DUPLICATE);
    patron_history_free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("history");
    TCase *tests = tcase_create("history");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_defaults_are_the_stated_ones);
    tcase_add_test(tests, test_options_that_make_no_sense_are_refused);
    tcase_add_test(tests, test_names_of_fields_reasons_and_fates);
    tcase_add_test(tests, test_null_is_refused_everywhere);
    tcase_add_test(tests, test_no_rows_need_no_columns);
    tcase_add_test(tests, test_order_numbers_that_are_not_valid_are_none);
    tcase_add_test(tests, test_a_batch_without_what_is_needed_is_refused);
    tcase_add_test(tests, test_offsets_that_fall_are_refused);
    tcase_add_test(tests, test_numbers_that_are_none_are_refused);
    tcase_add_test(tests, test_numbers_out_of_range_are_refused);
    tcase_add_test(tests, test_rows_without_a_customer_or_with_broken_text_are_rejected_and_listed);
    tcase_add_test(tests, test_broken_text_in_any_column_rejects_its_row);
    tcase_add_test(tests, test_strict_fails_on_the_first_rejected_row);
    tcase_add_test(tests, test_ids_of_a_failed_append_are_no_customers);
    tcase_add_test(tests, test_number_and_its_digits_are_one_customer);
    tcase_add_test(tests, test_ids_may_hold_nul_and_be_huge);
    tcase_add_test(tests, test_first_money_column_of_the_list_wins);
    tcase_add_test(tests, test_host_rounding_does_not_change_money);
#if defined(__SSE2__)
    tcase_add_test(tests, test_host_flushing_to_zero_does_not_change_fates);
#endif
    tcase_add_test(tests, test_default_as_of_is_the_last_kept_line_s);
    tcase_add_test(tests, test_optional_columns_may_come_and_go);
    return run_suite(suite);
}
