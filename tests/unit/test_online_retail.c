/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UCI Online Retail through history and features: every fate, customer, order and money figure known of it. */
#include <csv.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <patron/patron.h>

#include "support/audit.h"
#include "support/suite.h"
#include "support/text_column.h"

enum { ROWS = 541909, COLUMNS = 8 };
enum { INVOICE, STOCK_CODE, DESCRIPTION, QUANTITY, INVOICE_DATE, UNIT_PRICE, CUSTOMER_ID };

/* 2011-12-10T12:50:00, a day after the last line. */
#define AS_OF_S INT64_C(1323521400)

/* The file, column by column; read once. */
static struct sheet {
    text_column customer, order, product;
    int64_t *time_s, *line;
    double *quantity, *price;
    int64_t rows, column;
    bool header;
} sheet;

/* "2010-12-01 08:26:00" */
static int64_t seconds_of(const char *text)
{
    static const int days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int year, month, day, hour, minute, second;
    need(sscanf(text, "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour, &minute, &second) == 6);
    need(year == 2010 || year == 2011);
    int64_t days = 14610 + 365 * (year - 2010) + days_before[month - 1] + day - 1;
    return days * 86400 + hour * 3600 + minute * 60 + second;
}

static void take_field(void *text, size_t length, void *unused)
{
    char field[128];
    (void)unused;
    int64_t column = sheet.column++, row = sheet.rows;
    if (!sheet.header) return;
    snprintf(field, sizeof field, "%.*s", (int)length, (const char *)text);
    if (column == CUSTOMER_ID) text_column_add(&sheet.customer, length == 0 ? NULL : text, (int64_t)length);
    if (column == INVOICE) text_column_add(&sheet.order, text, (int64_t)length);
    if (column == STOCK_CODE) text_column_add(&sheet.product, text, (int64_t)length);
    if (column == INVOICE_DATE) sheet.time_s[row] = seconds_of(field);
    if (column == QUANTITY) sheet.quantity[row] = strtod(field, NULL);
    if (column == UNIT_PRICE) sheet.price[row] = strtod(field, NULL);
}

static void take_row(int end, void *unused)
{
    (void)end, (void)unused;
    need(sheet.column == COLUMNS && sheet.rows < ROWS);
    sheet.column = 0;
    if (sheet.header) {
        sheet.line[sheet.rows] = sheet.rows + 2;
        sheet.rows++;
    }
    sheet.header = true;
}

static bool read_sheet(void)
{
    char block[65536];
    struct csv_parser parser;
    char *path = data_file_unpacked("online_retail.csv");
    if (path == NULL) return false;
    FILE *file = fopen(path, "rb");
    need(file != NULL);
    text_column_open(&sheet.customer);
    text_column_open(&sheet.order);
    text_column_open(&sheet.product);
    sheet.time_s = calloc(ROWS, sizeof *sheet.time_s);
    sheet.line = calloc(ROWS, sizeof *sheet.line);
    sheet.quantity = calloc(ROWS, sizeof *sheet.quantity);
    sheet.price = calloc(ROWS, sizeof *sheet.price);
    csv_init(&parser, CSV_APPEND_NULL);
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;)
        need(csv_parse(&parser, block, got, take_field, take_row, NULL) == got);
    csv_fini(&parser, take_field, take_row, NULL);
    csv_free(&parser);
    fclose(file);
    remove(path);
    free(path);
    return true;
}

static void close_sheet(void)
{
    text_column_free(&sheet.customer);
    text_column_free(&sheet.order);
    text_column_free(&sheet.product);
    free(sheet.time_s);
    free(sheet.line);
    free(sheet.quantity);
    free(sheet.price);
}

static patron_history *history_of(int32_t zero_amount, int32_t duplicates)
{
    patron_history *history;
    patron_history_options options;
    patron_orders orders;
    patron_error error;
    patron_history_options_init(&options, sizeof options);
    options.zero_amount = zero_amount;
    options.duplicates = duplicates;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, &error), PATRON_OK);
    patron_orders_init(&orders, sizeof orders);
    orders.rows = sheet.rows;
    orders.customer_id = text_column_view(&sheet.customer);
    orders.order_id = text_column_view(&sheet.order);
    orders.product = text_column_view(&sheet.product);
    orders.time_s = sheet.time_s;
    orders.line = sheet.line;
    orders.quantity = sheet.quantity;
    orders.unit_price_value = sheet.price;
    ck_assert_msg(patron_history_append(history, &orders, NULL, &error) == PATRON_OK, "%s", error.message);
    return history;
}

/* The text of row i, as the library would read it. */
static bool is_text(const text_column *column, int64_t i, const char *text)
{
    int64_t from = column->offsets[i], length = column->offsets[i + 1] - from;
    return length == (int64_t)strlen(text) && memcmp(column->bytes + from, text, (size_t)length) == 0;
}

static void copy_text(text_column *to, const text_column *from, int64_t i)
{
    text_column_add(to, from->bytes + from->offsets[i], from->offsets[i + 1] - from->offsets[i]);
}

/* A history of the rows that are not this customer's. */
static patron_history *history_without(const char *id)
{
    struct sheet all = sheet;
    text_column_open(&sheet.customer);
    text_column_open(&sheet.order);
    text_column_open(&sheet.product);
    sheet.time_s = calloc(ROWS, sizeof *sheet.time_s);
    sheet.line = calloc(ROWS, sizeof *sheet.line);
    sheet.quantity = calloc(ROWS, sizeof *sheet.quantity);
    sheet.price = calloc(ROWS, sizeof *sheet.price);
    sheet.rows = 0;
    for (int64_t i = 0; i < all.rows; i++) {
        if (is_text(&all.customer, i, id)) continue;
        copy_text(&sheet.customer, &all.customer, i);
        copy_text(&sheet.order, &all.order, i);
        copy_text(&sheet.product, &all.product, i);
        sheet.time_s[sheet.rows] = all.time_s[i];
        sheet.line[sheet.rows] = all.line[i];
        sheet.quantity[sheet.rows] = all.quantity[i];
        sheet.price[sheet.rows++] = all.price[i];
    }
    patron_history *history = history_of(PATRON_ZERO_AMOUNT_DROP, PATRON_DUPLICATES_DROP);
    close_sheet();
    sheet = all;
    return history;
}

START_TEST(test_every_row_has_its_known_fate)
{
    patron_history *history = history_of(PATRON_ZERO_AMOUNT_DROP, PATRON_DUPLICATES_KEEP);
    patron_audit audit = audit_of(history, AS_OF_S);
    ck_assert_int_eq(audit.rows_read, ROWS);
    ck_assert_int_eq(audit.fates[PATRON_FATE_UNREADABLE], 0);
    ck_assert_int_eq(audit.fates[PATRON_FATE_NO_CUSTOMER], 135080);
    ck_assert_int_eq(audit.fates[PATRON_FATE_AFTER_AS_OF], 0);
    ck_assert_int_eq(audit.fates[PATRON_FATE_DUPLICATE], 0);
    ck_assert_int_eq(audit.fates[PATRON_FATE_ZERO_AMOUNT], 40);
    ck_assert_int_eq(audit.fates[PATRON_FATE_RETURN], 8905);
    ck_assert_int_eq(audit.fates[PATRON_FATE_PURCHASE], 397884);
    ck_assert_int_eq(audit.adjustments, 0);
    ck_assert_int_eq(audit.rows_kept, 8905 + 397884);
    ck_assert_int_eq(audit.amounts_rounded, 0);
    ck_assert_int_eq(audit.customers, 4372);
    ck_assert_int_eq(audit.customers_with_order, 4338);
    ck_assert_int_eq(audit.customers_without_order, 34);
    ck_assert_int_eq(audit.orders, 18532);
    ck_assert_int_eq(audit.gross, INT64_C(89114079040));
    ck_assert_int_eq(audit.returns, INT64_C(6009308500));
    ck_assert_int_eq(audit.net, INT64_C(83104770540));
    ck_assert_int_eq(audit_of(history, PATRON_AS_OF_LAST).as_of_s, AS_OF_S - 86400);
    patron_history_free(history);
}
END_TEST

static void expect_customer(const patron_features *features, const char *id, double recency, double orders,
                            double gross)
{
    int64_t row = patron_features_find(features, (const uint8_t *)id, (int64_t)strlen(id));
    ck_assert_int_ge(row, 0);
    const double *values = patron_matrix_values(patron_features_matrix(features)) + 3 * row;
    ck_assert_double_eq(values[0], recency);
    ck_assert_double_eq(values[1], orders);
    ck_assert_double_eq(values[2], gross);
}

START_TEST(test_known_customers_and_negative_nets)
{
    patron_history *history = history_of(PATRON_ZERO_AMOUNT_DROP, PATRON_DUPLICATES_KEEP);
    patron_features *features;
    patron_features_options options;
    patron_error error;
    patron_features_options_init(&options, sizeof options);
    options.as_of_s = AS_OF_S;
    options.columns = "rfm";
    ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, &error), PATRON_OK);
    patron_history_free(history);
    ck_assert_int_eq(patron_features_customer_count(features), 4338);
    expect_customer(features, "12347.0", 2, 7, 4310.00);
    expect_customer(features, "12348.0", 75, 4, 1797.24);
    expect_customer(features, "14646.0", 2, 73, 280206.02);
    expect_customer(features, "12748.0", 1, 209, 33719.73);
    int64_t negative = 0;
    for (int64_t row = 0; row < 4338; row++) {
        patron_customer_value value = {.size = sizeof value};
        ck_assert_int_eq(patron_features_value(&value, features, row, NULL), PATRON_OK);
        ck_assert_int_eq(value.net, value.gross - value.returns);
        negative += value.net < 0;
    }
    ck_assert_int_eq(negative, 8);
    patron_features_free(features);
}
END_TEST

/* One-time buyers included, and without a fill. */
START_TEST(test_behaviour_needs_no_fill)
{
    patron_history *history = history_of(PATRON_ZERO_AMOUNT_DROP, PATRON_DUPLICATES_KEEP);
    patron_segmentation *segmentation;
    patron_segment_options options;
    patron_error error;
    patron_segment_options_init(&options, sizeof options);
    options.features = "behaviour";
    options.as_of_s = AS_OF_S;
    options.recent_days = 30;
    ck_assert_msg(patron_segment(&segmentation, history, &options, NULL, &error) == PATRON_OK, "%s", error.message);
    const patron_features *features = patron_segmentation_features(segmentation);
    const patron_matrix *matrix = patron_features_matrix(features);
    ck_assert_int_eq(patron_features_customer_count(features), 4338);
    ck_assert_int_ge(patron_segmentation_count(segmentation), 2);
    ck_assert_double_gt(patron_segmentation_silhouette(segmentation), 0.3);
    int64_t column = patron_matrix_find(matrix, "recent_orders"), orders = 0;
    for (int64_t row = 0; row < 4338; row++)
        orders += (int64_t)patron_matrix_values(matrix)[row * patron_matrix_column_count(matrix) + column];
    ck_assert_int_eq(orders, 2634);
    ck_assert_int_eq(patron_segmentation_options(&options, segmentation, &error), PATRON_OK);
    ck_assert_int_eq(options.recent_days, 30);
    patron_segmentation_free(segmentation);
    patron_history_free(history);
}
END_TEST

START_TEST(test_customers_without_an_order_are_explained)
{
    patron_history *history = history_of(PATRON_ZERO_AMOUNT_DROP, PATRON_DUPLICATES_KEEP);
    patron_history *kept = history_of(PATRON_ZERO_AMOUNT_KEEP, PATRON_DUPLICATES_KEEP);
    patron_audit audit = audit_of(kept, AS_OF_S);
    ck_assert_int_eq(audit.customers_with_order, 4339);
    ck_assert_int_eq(audit.customers_without_order, 33);
    ck_assert_int_eq(audit.orders, 18536);
    ck_assert_int_eq(audit.gross, audit_of(history, AS_OF_S).gross);
    patron_history_free(kept);
    patron_history_free(history);
}
END_TEST

/* The shop's best customer. */
START_TEST(test_forgotten_customer_was_never_there)
{
    static const char id[] = "14646.0";
    patron_history *history = history_of(PATRON_ZERO_AMOUNT_DROP, PATRON_DUPLICATES_DROP), *other = history_without(id);
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)id, 7, NULL, NULL), PATRON_OK);
    patron_audit audit = audit_of(history, AS_OF_S), want = audit_of(other, AS_OF_S);
    ck_assert_int_lt(audit.rows_read, ROWS - 2000);
    ck_assert_mem_eq(&audit, &want, sizeof audit);
    patron_segmentation *a, *b;
    patron_segment_options options;
    patron_segment_options_init(&options, sizeof options);
    options.as_of_s = AS_OF_S;
    ck_assert_int_eq(patron_segment(&a, history, &options, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_segment(&b, other, &options, NULL, NULL), PATRON_OK);
    patron_history_free(other);
    patron_history_free(history);
    const patron_features *x = patron_segmentation_features(a), *y = patron_segmentation_features(b);
    const patron_matrix *m = patron_features_matrix(x), *n = patron_features_matrix(y);
    ck_assert_int_eq(patron_features_customer_count(x), 4337);
    ck_assert_int_eq(patron_features_customer_count(y), 4337);
    ck_assert_int_eq(patron_features_find(x, (const uint8_t *)id, 7), -1);
    ck_assert_mem_eq(patron_matrix_values(m), patron_matrix_values(n),
                     (size_t)(4337 * patron_matrix_column_count(m)) * sizeof(double));
    ck_assert_uint_eq(patron_fingerprint(a), patron_fingerprint(b));
    patron_segmentation_free(a);
    patron_segmentation_free(b);
}
END_TEST

START_TEST(test_duplicates_dropped)
{
    patron_history *history = history_of(PATRON_ZERO_AMOUNT_DROP, PATRON_DUPLICATES_DROP);
    patron_audit audit = audit_of(history, AS_OF_S);
    uint8_t *fates = malloc(ROWS);
    int64_t counts[PATRON_FATE_COUNT] = {0};
    ck_assert_int_eq(audit.fates[PATRON_FATE_PURCHASE], 392690);
    ck_assert_int_eq(patron_history_fates(fates, history, AS_OF_S, NULL, NULL), PATRON_OK);
    for (int64_t i = 0; i < ROWS; i++) counts[fates[i]]++;
    for (int32_t f = 0; f < PATRON_FATE_COUNT; f++) ck_assert_int_eq(counts[f], audit.fates[f]);
    free(fates);
    patron_history_free(history);
}
END_TEST

int main(void)
{
    if (!read_sheet()) return SKIPPED;
    Suite *suite = suite_create("online retail");
    TCase *tests = tcase_create("online retail");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_every_row_has_its_known_fate);
    tcase_add_test(tests, test_known_customers_and_negative_nets);
    tcase_add_test(tests, test_behaviour_needs_no_fill);
    tcase_add_test(tests, test_customers_without_an_order_are_explained);
    tcase_add_test(tests, test_forgotten_customer_was_never_there);
    tcase_add_test(tests, test_duplicates_dropped);
    int code = run_suite(suite);
    close_sheet();
    return code;
}
