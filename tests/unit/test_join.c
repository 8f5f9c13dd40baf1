/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shop's own columns, joined by customer id, and what their roles do to segments. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <patron/patron.h>

#include "support/suite.h"
#include "support/text_column.h"

enum { CUSTOMERS = 40 };

#define DAY INT64_C(86400)

static patron_error error;

/* Customers 100 … 139, four orders each, all alike but for small differences. */
static patron_features *shop_features(void)
{
    int64_t customers[4 * CUSTOMERS], times[4 * CUSTOMERS], amounts[4 * CUSTOMERS];
    patron_history *history;
    patron_features *features;
    patron_orders orders;
    for (int64_t i = 0; i < 4 * CUSTOMERS; i++) {
        customers[i] = 100 + i / 4;
        times[i] = (20000 + 10 * (i % 4) + i / 4 % 3) * DAY;
        amounts[i] = (50 + i / 4 % 5) * PATRON_MONEY_UNIT;
    }
    patron_orders_init(&orders, sizeof orders);
    orders.rows = 4 * CUSTOMERS;
    orders.customer_number = customers;
    orders.time_s = times;
    orders.amount = amounts;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, NULL), PATRON_OK);
    patron_history_free(history);
    return features;
}

/* A table under construction. */
typedef struct sheet {
    text_column ids, names;
    double values[4 * CUSTOMERS];
    int32_t roles[4];
    patron_attributes attributes;
} sheet;

static const patron_attributes *sheet_view(sheet *s)
{
    s->attributes.customer_id = text_column_view(&s->ids);
    s->attributes.names = text_column_view(&s->names);
    s->attributes.rows = s->ids.rows;
    s->attributes.cols = s->names.rows;
    s->attributes.values = s->values;
    s->attributes.roles = s->roles;
    return &s->attributes;
}

/* age (two kinds: 20 and 60, CLUSTER), zip (PROFILE), row (IGNORE), for the even customers and two strangers. */
static void sheet_open(sheet *s)
{
    memset(s, 0, sizeof *s);
    text_column_open(&s->ids);
    text_column_open(&s->names);
    text_column_add(&s->names, "age", 3);
    text_column_add(&s->names, "z\xC3\xADp", 4);
    text_column_add(&s->names, "row number", 10);
    s->roles[1] = PATRON_ROLE_PROFILE;
    s->roles[2] = PATRON_ROLE_IGNORE;
    patron_attributes_init(&s->attributes, sizeof s->attributes);
    for (int i = 0; i < CUSTOMERS; i++) {
        char id[8];
        int length = snprintf(id, sizeof id, "%d", 100 + (CUSTOMERS - 1 - i));
        text_column_add(&s->ids, id, length);
        s->values[3 * i] = (CUSTOMERS - 1 - i) % 2 ? 20.0 + 0.01 * i : 60.0 + 0.01 * i;
        s->values[3 * i + 1] = 1000.0 + i;
        s->values[3 * i + 2] = i;
    }
}

static void sheet_close(sheet *s)
{
    text_column_free(&s->ids);
    text_column_free(&s->names);
}

static patron_status refused(const patron_features *features, const patron_attributes *attributes)
{
    patron_features *joined = (patron_features *)&error;
    patron_status status = patron_features_join(&joined, NULL, features, attributes, NULL, &error);
    ck_assert_ptr_null(joined);
    ck_assert_int_eq(error.status, status);
    return status;
}

static double value_of(const patron_features *features, int64_t row, const char *name)
{
    const patron_matrix *matrix = patron_features_matrix(features);
    return patron_matrix_values(matrix)[row * patron_matrix_column_count(matrix) + patron_matrix_find(matrix, name)];
}

static patron_features *joined_shop(void)
{
    sheet s;
    patron_features *features = shop_features(), *joined;
    sheet_open(&s);
    ck_assert_msg(patron_features_join(&joined, NULL, features, sheet_view(&s), NULL, &error) == PATRON_OK, "%s",
                  error.message);
    sheet_close(&s);
    patron_features_free(features);
    return joined;
}

START_TEST(test_columns_follow_with_their_roles_and_both_sides_are_counted)
{
    sheet s;
    patron_features *features = shop_features(), *joined;
    patron_join report = {.size = sizeof report};
    patron_column column = {.size = sizeof column};
    sheet_open(&s);
    s.ids.rows -= 5; /* 100 … 104 have no row */
    text_column_add(&s.ids, "nobody", 6);
    text_column_add(&s.ids, NULL, 0);
    text_column_add(&s.ids, "", 0);
    ck_assert_int_eq(patron_features_join(&joined, &report, features, sheet_view(&s), NULL, &error), PATRON_OK);
    ck_assert_int_eq(report.rows, CUSTOMERS - 2);
    ck_assert_int_eq(report.customers_matched, CUSTOMERS - 5);
    ck_assert_int_eq(report.customers_without_row, 5);
    ck_assert_int_eq(report.ids_without_order, 1);
    ck_assert_int_eq(report.rows_without_id, 2);

    const patron_matrix *matrix = patron_features_matrix(joined), *old = patron_features_matrix(features);
    int64_t cols = patron_matrix_column_count(old);
    ck_assert_int_eq(patron_matrix_column_count(matrix), cols + 3);
    ck_assert_int_eq(patron_matrix_row_count(matrix), CUSTOMERS);
    static const char *const names[] = {"age", "z\xC3\xADp", "row number"};
    for (int64_t c = 0; c < 3; c++) {
        ck_assert_int_eq(patron_matrix_column(&column, matrix, cols + c, NULL), PATRON_OK);
        ck_assert_str_eq(column.name, names[c]);
        ck_assert_str_eq(column.unit, "");
        ck_assert_int_eq(column.role, c);
    }
    for (int64_t row = 0; row < CUSTOMERS; row++) {
        ck_assert_mem_eq(patron_matrix_values(matrix) + row * (cols + 3), patron_matrix_values(old) + row * cols,
                         (size_t)cols * sizeof(double));
        if (row < 5)
            ck_assert(isnan(value_of(joined, row, "age")) && isnan(value_of(joined, row, "row number")));
        else
            ck_assert_double_eq(value_of(joined, row, "row number"), (double)(CUSTOMERS - 1 - row));
    }
    sheet_close(&s);
    patron_features_free(features);
    ck_assert_int_eq(patron_matrix_find(patron_features_matrix(joined), "age"), cols); /* its names are its own */
    patron_features_free(joined);
}
END_TEST

START_TEST(test_numbers_are_the_texts_of_their_digits)
{
    int64_t numbers[] = {139, 0, 100, -7};
    const uint8_t validity[] = {0x0D};
    double values[] = {1.0, 2.0, (double)NAN, 4.0};
    text_column names;
    patron_attributes attributes;
    patron_join report = {.size = sizeof report};
    patron_features *features = shop_features(), *joined;
    text_column_open(&names);
    text_column_add(&names, "points", 6);
    patron_attributes_init(&attributes, sizeof attributes);
    attributes.rows = 4;
    attributes.customer_number = numbers;
    attributes.customer_validity = validity;
    attributes.cols = 1;
    attributes.names = text_column_view(&names);
    attributes.values = values;
    ck_assert_int_eq(patron_features_join(&joined, &report, features, &attributes, NULL, &error), PATRON_OK);
    ck_assert_int_eq(report.customers_matched, 2);
    ck_assert_int_eq(report.ids_without_order, 1);
    ck_assert_int_eq(report.rows_without_id, 1);
    ck_assert_double_eq(value_of(joined, CUSTOMERS - 1, "points"), 1.0);
    ck_assert(isnan(value_of(joined, 0, "points")));
    patron_column column = {.size = sizeof column};
    const patron_matrix *matrix = patron_features_matrix(joined);
    ck_assert_int_eq(patron_matrix_column(&column, matrix, patron_matrix_column_count(matrix) - 1, NULL), PATRON_OK);
    ck_assert_int_eq(column.role, PATRON_ROLE_PROFILE);
    patron_features_free(joined);
    patron_features_free(features);
    text_column_free(&names);
}
END_TEST

START_TEST(test_a_second_join_keeps_the_first)
{
    int64_t number = 100;
    double value = 5.0;
    text_column names;
    patron_attributes attributes;
    patron_features *once = joined_shop(), *twice;
    text_column_open(&names);
    text_column_add(&names, "points", 6);
    patron_attributes_init(&attributes, sizeof attributes);
    attributes.rows = attributes.cols = 1;
    attributes.customer_number = &number;
    attributes.names = text_column_view(&names);
    attributes.values = &value;
    ck_assert_int_eq(patron_features_join(&twice, NULL, once, &attributes, NULL, &error), PATRON_OK);
    patron_features_free(once);
    ck_assert_double_eq(value_of(twice, 0, "points"), 5.0);
    ck_assert_double_eq(value_of(twice, 1, "row number"), CUSTOMERS - 2.0);
    ck_assert_int_eq(refused(twice, &attributes), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "has the name of column"));
    patron_features_free(twice);
    text_column_free(&names);
}
END_TEST

START_TEST(test_ids_that_cannot_be_joined_are_refused)
{
    sheet s;
    patron_features *features = shop_features();
    int64_t numbers[CUSTOMERS];
    sheet_open(&s);
    text_column_add(&s.ids, "137", 3);
    ck_assert_int_eq(refused(features, sheet_view(&s)), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "rows 2 and 40 have the same customer id"));
    ck_assert_int_eq(error.row, 40);
    s.ids.rows--;
    text_column_add(&s.ids, "\xFF\xFE", 2);
    ck_assert_int_eq(refused(features, sheet_view(&s)), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(error.row, 40);
    s.ids.rows--;

    patron_attributes none = *sheet_view(&s);
    none.customer_id.offsets = NULL;
    ck_assert_int_eq(refused(features, &none), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "no customer column"));
    none = *sheet_view(&s);
    none.customer_number = numbers;
    ck_assert_int_eq(refused(features, &none), PATRON_INVALID_ARGUMENT);
    none = *sheet_view(&s);
    none.rows = 0;
    ck_assert_int_eq(refused(features, &none), PATRON_NO_DATA);
    sheet_close(&s);
    text_column_open(&s.ids);
    text_column_open(&s.names);
    text_column_add(&s.names, "age", 3);
    text_column_add(&s.ids, NULL, 0);
    text_column_add(&s.ids, "", 0);
    ck_assert_int_eq(refused(features, sheet_view(&s)), PATRON_NO_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "none of the 2 rows"));
    sheet_close(&s);
    patron_features_free(features);
}
END_TEST

START_TEST(test_names_that_cannot_be_listed_are_refused)
{
    static const struct {
        const char *name;
        int64_t length;
        const char *says;
    } bad[] = {{"", 0, "empty"},
               {NULL, 0, "empty"},
               {"a,b", 3, "comma"},
               {" a", 2, "blank"},
               {"a\n", 2, "blank"},
               {"a\0b", 3, "NUL"},
               {"\xC3", 1, "UTF-8"},
               {"frequency", 9, "as a feature"},
               {"rfm", 3, "as a feature or preset"},
               {"age", 3, "has the name of column"}};
    patron_features *features = shop_features();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sheet s;
        sheet_open(&s);
        text_column_add(&s.names, bad[i].name, bad[i].length);
        s.ids.rows = 3;
        ck_assert_int_eq(refused(features, sheet_view(&s)), PATRON_INVALID_ARGUMENT);
        ck_assert_msg(strstr(error.message, bad[i].says) != NULL, "%s", error.message);
        sheet_close(&s);
    }
    patron_features_free(features);
}
END_TEST

START_TEST(test_what_makes_no_sense_is_refused)
{
    sheet s;
    patron_features *features = shop_features(), *joined = (patron_features *)&error;
    patron_join report = {.size = 1};
    sheet_open(&s);
    const patron_attributes *good = sheet_view(&s);
    ck_assert_int_eq(patron_features_join(NULL, NULL, features, good, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(refused(NULL, good), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(refused(features, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_features_join(&joined, &report, features, good, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_null(joined);

    const int64_t falling[] = {0, 3, 2, 4};
    for (int field = 0; field < 7; field++) {
        patron_attributes bad = *good;
        if (field == 0) bad.rows = -1;
        if (field == 1) bad.cols = 0;
        if (field == 2) bad.names.offsets = NULL;
        if (field == 3) bad.values = NULL;
        if (field == 4) bad.size = 3;
        if (field == 5) bad.names.offsets = falling;
        if (field == 6) bad.customer_id.offsets = falling, bad.rows = 3;
        ck_assert_int_eq(refused(features, &bad), PATRON_INVALID_ARGUMENT);
    }
    patron_attributes vast = *good;
    vast.rows = INT64_C(1) << 61;
    ck_assert_int_eq(refused(features, &vast), PATRON_TOO_LARGE);
    for (int32_t role = -1; role <= 3; role += 4) {
        s.roles[1] = role;
        ck_assert_int_eq(refused(features, good), PATRON_INVALID_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(error.message, "role of joined column 1"));
    }
    s.roles[1] = PATRON_ROLE_PROFILE;
    s.values[3 * 7 + 1] = -(double)INFINITY;
    ck_assert_int_eq(refused(features, good), PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, 7);
    sheet_close(&s);
    patron_features_free(features);
}
END_TEST

static patron_segmentation *segment_by(const patron_features *features, const char *list)
{
    patron_segment_options options;
    patron_segmentation *segmentation;
    patron_segment_options_init(&options, sizeof options);
    options.features = list;
    patron_status status = patron_segmentation_fit(&segmentation, features, &options, NULL, &error);
    ck_assert_msg(status == PATRON_OK, "%s", error.message);
    return segmentation;
}

static patron_status refused_list(const patron_features *features, const char *list)
{
    patron_segment_options options;
    patron_segmentation *segmentation = (patron_segmentation *)&error;
    patron_segment_options_init(&options, sizeof options);
    options.features = list;
    patron_status status = patron_segmentation_fit(&segmentation, features, &options, NULL, &error);
    ck_assert_ptr_null(segmentation);
    return status;
}

START_TEST(test_customers_are_grouped_by_joined_columns_of_that_role)
{
    patron_features *features = joined_shop();
    patron_segmentation *segmentation = segment_by(features, "");
    patron_segment_options used = {.size = sizeof used};
    ck_assert_int_eq(patron_segmentation_count(segmentation), 2);
    const int32_t *labels = patron_segmentation_labels(segmentation);
    for (int64_t row = 0; row < CUSTOMERS; row++)
        ck_assert_int_eq(labels[row] == labels[0], (value_of(features, row, "age") > 40.0));
    ck_assert_int_eq(patron_segmentation_options(&used, segmentation, NULL), PATRON_OK);
    ck_assert_str_eq(used.features, "age");

    int32_t again[CUSTOMERS];
    ck_assert_int_eq(patron_segmentation_assign_features(again, segmentation, features, NULL, &error), PATRON_OK);
    ck_assert_mem_eq(again, labels, sizeof again);
    patron_features *bare = shop_features();
    ck_assert_int_eq(patron_segmentation_assign_features(again, segmentation, bare, NULL, &error), PATRON_UNKNOWN_NAME);
    patron_features_free(bare);

    /* The options as used give the same again; named once, though its role says it too. */
    patron_segmentation *same = segment_by(features, used.features);
    ck_assert_uint_eq(patron_fingerprint(same), patron_fingerprint(segmentation));
    patron_segmentation_free(same);
    patron_segmentation_free(segmentation);

    segmentation = segment_by(features, NULL);
    ck_assert_int_eq(patron_segmentation_options(&used, segmentation, NULL), PATRON_OK);
    ck_assert_str_eq(used.features, "rfm,age");
    patron_segmentation_free(segmentation);
    segmentation = segment_by(features, "z\xC3\xADp, frequency");
    ck_assert_int_eq(patron_segmentation_options(&used, segmentation, NULL), PATRON_OK);
    ck_assert_str_eq(used.features, "z\xC3\xADp, frequency,age");
    patron_segmentation_free(segmentation);
    patron_features_free(features);
}
END_TEST

START_TEST(test_segments_outlive_the_table_and_the_features)
{
    patron_features *features = joined_shop();
    patron_segmentation *segmentation = segment_by(features, "");
    patron_features_free(features);
    const patron_matrix *matrix = patron_features_matrix(patron_segmentation_features(segmentation));
    static const struct {
        const char *name;
        int32_t role;
    } columns[] = {{"age", PATRON_ROLE_CLUSTER},
                   {"z\xC3\xADp", PATRON_ROLE_PROFILE},
                   {"row number", PATRON_ROLE_IGNORE},
                   {"frequency", PATRON_ROLE_PROFILE}};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        patron_column column = {.size = sizeof column};
        int64_t index = patron_matrix_find(matrix, columns[i].name);
        ck_assert_int_eq(patron_matrix_column(&column, matrix, index, NULL), PATRON_OK);
        ck_assert_int_eq(column.role, columns[i].role);
    }
    patron_document *document;
    ck_assert_int_eq(patron_report_json(&document, segmentation, NULL, NULL, NULL), PATRON_OK);
    const char *text = patron_document_text(document);
    ck_assert_ptr_nonnull(strstr(text, "\"role\": \"ignore\""));
    const char *ignored = strstr(text, "\"row number\"");
    ck_assert_ptr_nonnull(ignored); /* as a column; in no statistics */
    ck_assert_ptr_null(strstr(ignored + 1, "\"row number\""));
    const char *segments = strstr(text, "\"segments\"");
    ck_assert_ptr_nonnull(segments);
    ck_assert_ptr_nonnull(strstr(segments, "\"z\xC3\xADp\""));
    patron_document_free(document);
    patron_segmentation_free(segmentation);
}
END_TEST

START_TEST(test_roles_that_leave_nothing_to_group_by_are_refused)
{
    sheet s;
    patron_features *features = shop_features(), *joined = joined_shop(), *described;
    ck_assert_int_eq(refused_list(features, ""), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "nothing to group by"));
    ck_assert_int_eq(refused_list(joined, "frequency,row number"), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "row number has PATRON_ROLE_IGNORE"));
    ck_assert_int_eq(refused_list(joined, "age,age"), PATRON_INVALID_ARGUMENT);
    sheet_open(&s);
    s.roles[0] = PATRON_ROLE_IGNORE;
    ck_assert_int_eq(patron_features_join(&described, NULL, features, sheet_view(&s), NULL, NULL), PATRON_OK);
    ck_assert_int_eq(refused_list(described, ""), PATRON_INVALID_ARGUMENT);
    sheet_close(&s);
    patron_features_free(described);
    patron_features_free(joined);
    patron_features_free(features);
}
END_TEST

START_TEST(test_a_customer_without_a_value_needs_a_fill)
{
    sheet s;
    patron_features *features = shop_features(), *joined;
    sheet_open(&s);
    s.values[3 * 10] = (double)NAN;
    ck_assert_int_eq(patron_features_join(&joined, NULL, features, sheet_view(&s), NULL, NULL), PATRON_OK);
    ck_assert_int_eq(refused_list(joined, ""), PATRON_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(error.message, "has no age"));
    ck_assert_int_eq(error.row, CUSTOMERS - 1 - 10);
    patron_segment_options options;
    patron_segmentation *segmentation;
    patron_segment_options_init(&options, sizeof options);
    options.features = "";
    options.fill = PATRON_FILL_MEDIAN;
    ck_assert_int_eq(patron_segmentation_fit(&segmentation, joined, &options, NULL, NULL), PATRON_OK);
    patron_segmentation_free(segmentation);
    sheet_close(&s);
    patron_features_free(joined);
    patron_features_free(features);
}
END_TEST

/* Ages without a logarithm, one of them a typing error. */
START_TEST(test_a_new_customer_without_a_value_is_named_by_the_features_row)
{
    sheet s;
    patron_features *features = shop_features(), *joined = joined_shop(), *holes;
    int32_t segments[CUSTOMERS];
    patron_segmentation *segmentation = segment_by(joined, "");
    sheet_open(&s);
    s.values[3 * 10] = (double)NAN;
    ck_assert_int_eq(patron_features_join(&holes, NULL, features, sheet_view(&s), NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_segmentation_assign_features(segments, segmentation, holes, NULL, &error),
                     PATRON_NOT_FINITE);
    ck_assert_int_eq(error.row, CUSTOMERS - 1 - 10);
    ck_assert_ptr_nonnull(strstr(error.message, "has no age"));
    sheet_close(&s);
    patron_segmentation_free(segmentation);
    patron_features_free(holes);
    patron_features_free(joined);
    patron_features_free(features);
}
END_TEST

START_TEST(test_statistics_of_huge_values_are_finite)
{
    sheet s;
    patron_features *features = shop_features(), *joined;
    double mean, median;
    sheet_open(&s);
    for (int i = 0; i < CUSTOMERS; i++) s.values[3 * i + 1] = 1e308;
    ck_assert_int_eq(patron_features_join(&joined, NULL, features, sheet_view(&s), NULL, NULL), PATRON_OK);
    patron_segmentation *segmentation = segment_by(joined, "");
    int64_t column = patron_matrix_find(patron_features_matrix(joined), "z\xC3\xADp");
    ck_assert_int_eq(patron_segmentation_statistic(&mean, &median, segmentation, -1, column, NULL), PATRON_OK);
    ck_assert_double_eq_tol(mean, 1e308, 1e295);
    ck_assert_double_eq(median, 1e308);
    patron_segmentation_free(segmentation);
    sheet_close(&s);
    patron_features_free(joined);
    patron_features_free(features);
}
END_TEST

START_TEST(test_winsorising_keeps_one_value_from_making_a_segment)
{
    sheet s;
    patron_features *features = shop_features(), *joined;
    patron_segment_options options;
    patron_segmentation *segmentation = NULL;
    sheet_open(&s);
    s.values[3 * 10] = 1e9;
    ck_assert_int_eq(patron_features_join(&joined, NULL, features, sheet_view(&s), NULL, NULL), PATRON_OK);
    patron_segment_options_init(&options, sizeof options);
    options.features = "";
    options.transform = PATRON_TRANSFORM_NONE;
    options.k_max = 2;
    options.smallest_share = 0.05;
    ck_assert_int_eq(patron_segmentation_fit(&segmentation, joined, &options, NULL, &error), PATRON_NO_SEGMENTS);
    ck_assert_ptr_nonnull(strstr(error.message, "the smallest segment has 1 of 40 customers"));
    for (int32_t scale = PATRON_SCALE_NONE; scale <= PATRON_SCALE_ROBUST; scale++) {
        patron_document *document;
        options.scale = scale;
        options.winsor_high = 0.95;
        ck_assert_int_eq(patron_segmentation_fit(&segmentation, joined, &options, NULL, &error), PATRON_OK);
        const int32_t *labels = patron_segmentation_labels(segmentation);
        for (int64_t row = 0; row < CUSTOMERS; row++)
            ck_assert_int_eq(labels[row] == labels[0], row == CUSTOMERS - 1 - 10 || row % 2 == 0);
        ck_assert_int_eq(patron_report_json(&document, segmentation, NULL, NULL, NULL), PATRON_OK);
        ck_assert_ptr_nonnull(strstr(patron_document_text(document), "\"winsor_high\": 0.9"));
        if (scale == PATRON_SCALE_ROBUST)
            ck_assert_ptr_nonnull(strstr(patron_document_text(document), "\"scale\": \"robust\""));
        patron_document_free(document);
        patron_segmentation_free(segmentation);
    }
    sheet_close(&s);
    patron_features_free(joined);
    patron_features_free(features);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("join");
    TCase *tests = tcase_create("join");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_columns_follow_with_their_roles_and_both_sides_are_counted);
    tcase_add_test(tests, test_numbers_are_the_texts_of_their_digits);
    tcase_add_test(tests, test_a_second_join_keeps_the_first);
    tcase_add_test(tests, test_ids_that_cannot_be_joined_are_refused);
    tcase_add_test(tests, test_names_that_cannot_be_listed_are_refused);
    tcase_add_test(tests, test_what_makes_no_sense_is_refused);
    tcase_add_test(tests, test_customers_are_grouped_by_joined_columns_of_that_role);
    tcase_add_test(tests, test_segments_outlive_the_table_and_the_features);
    tcase_add_test(tests, test_roles_that_leave_nothing_to_group_by_are_refused);
    tcase_add_test(tests, test_a_customer_without_a_value_needs_a_fill);
    tcase_add_test(tests, test_statistics_of_huge_values_are_finite);
    tcase_add_test(tests, test_a_new_customer_without_a_value_is_named_by_the_features_row);
    tcase_add_test(tests, test_winsorising_keeps_one_value_from_making_a_segment);
    return run_suite(suite);
}
