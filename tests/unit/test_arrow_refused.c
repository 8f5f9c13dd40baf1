/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrow streams that are wrong: each is refused with a status and a message that names what is wrong, the history is as
   it was, and everything is released once. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "support/arrow_stream.h"
#include "support/audit.h"
#include "support/suite.h"
#include "support/table.h"

enum { ROWS = 6, COLUMNS = 6 };

static arrow_cell customers[ROWS], times[ROWS], amounts[ROWS], products[ROWS], views[ROWS], flags[ROWS];
static arrow_made_column columns[COLUMNS];

/* A table that is in order, with columns of six layouts. */
static arrow_source fresh(void)
{
    static const char *const ids[ROWS] = {"anna", "bert", "anna", "carl", "bert", "anna"};
    for (int i = 0; i < ROWS; i++) {
        customers[i] = (arrow_cell){.text = ids[i]};
        times[i] = (arrow_cell){.whole = 86400 * i};
        amounts[i] = (arrow_cell){.whole = 100 * i + 100, .real = i + 1.0};
        products[i] = (arrow_cell){.text = i % 2 == 0 ? "cup" : "teapot"};
        views[i] = (arrow_cell){.text = "a category of more than twelve bytes"};
        flags[i] = (arrow_cell){.whole = i == 4};
    }
    columns[0] = (arrow_made_column){"customer", "u", NULL, customers};
    columns[1] = (arrow_made_column){"time", "tss:UTC", NULL, times};
    columns[2] = (arrow_made_column){"amount", "d:18,2", NULL, amounts};
    columns[3] = (arrow_made_column){"product", "U", NULL, products};
    columns[4] = (arrow_made_column){"category", "vu", NULL, views};
    columns[5] = (arrow_made_column){"is_return", "b", "i", flags};
    return (arrow_source){.columns = columns, .cols = COLUMNS, .rows = ROWS, .batch = 3};
}

/* One that has rows. */
static patron_history *good_history(void)
{
    static const int64_t ids[ROWS] = {1, 2, 1, 3, 2, 1}, when[ROWS] = {0, 1, 2, 3, 4, 5},
                         money[ROWS] = {10000, 20000, 30000, 40000, 50000, 60000};
    patron_history *history;
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    orders.rows = ROWS;
    orders.customer_number = ids;
    orders.time_s = when;
    orders.amount = money;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    return history;
}

/* Appends to a history that has rows; it must fail as said and leave no trace, and the same rows must still go in. */
static patron_error refused(arrow_source *source, const patron_arrow_columns *roles, patron_status status,
                            const char *part)
{
    patron_history *history = good_history();
    patron_audit before = audit_of(history, PATRON_AS_OF_LAST);
    struct ArrowArrayStream stream;
    patron_error error;
    memset(&error, 0x55, sizeof error);
    arrow_source given = *source;
    arrow_stream_open(&stream, &given);
    patron_status said = patron_history_append_arrow(history, &stream, roles, NULL, &error);
    ck_assert_msg(said == status, "%s: %s", patron_status_name(said), error.message);
    ck_assert_int_eq(error.status, said);
    ck_assert_msg(strstr(error.message, part) != NULL, "\"%s\" is not in: %s", part, error.message);
    ck_assert(stream.release == NULL);
    ck_assert_int_eq(given.live, 0);
    patron_audit after = audit_of(history, PATRON_AS_OF_LAST);
    ck_assert_mem_eq(&before, &after, sizeof before);
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"zoe", 3, NULL, NULL), PATRON_UNKNOWN_CUSTOMER);
    patron_history_free(history);
    return error;
}

/* As above, with a change to the second batch or to the schema. */
static patron_error spoilt(void (*spoil)(struct ArrowArray *, int64_t), void (*schema)(struct ArrowSchema *),
                           patron_status status, const char *part)
{
    arrow_source source = fresh();
    source.spoil = spoil;
    source.spoil_schema = schema;
    customers[0].text = "zoe"; /* in the first batch, which is good */
    patron_history *history;
    patron_error error;
    struct ArrowArrayStream stream;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    arrow_stream_open(&stream, &source);
    patron_status said = patron_history_append_arrow(history, &stream, NULL, NULL, &error);
    ck_assert_msg(said == status, "%s: %s", patron_status_name(said), error.message);
    ck_assert_msg(strstr(error.message, part) != NULL, "\"%s\" is not in: %s", part, error.message);
    ck_assert_int_eq(source.live, 0);
    ck_assert_int_eq(patron_history_row_count(history), 0);
    ck_assert_int_eq(audit_of(history, PATRON_AS_OF_LAST).rows_read, 0);
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"zoe", 3, NULL, NULL), PATRON_UNKNOWN_CUSTOMER);
    /* It takes the good ones afterwards. */
    source = fresh();
    arrow_stream_open(&stream, &source);
    ck_assert_int_eq(patron_history_append_arrow(history, &stream, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(audit_of(history, PATRON_AS_OF_LAST).fates[PATRON_FATE_PURCHASE], ROWS - 1);
    ck_assert_int_eq(audit_of(history, PATRON_AS_OF_LAST).customers, 3);
    patron_history_free(history);
    return error;
}

START_TEST(test_an_error_of_the_stream_half_way)
{
    arrow_source source = fresh();
    customers[0].text = "zoe";
    source.fail_after = 1;
    source.code = EIO;
    source.last_error = "the disk is on fire";
    refused(&source, NULL, PATRON_SOURCE_FAILED, "the disk is on fire");
    source.last_error = NULL;
    refused(&source, NULL, PATRON_SOURCE_FAILED, "error 5");
    source.code = ENOMEM;
    refused(&source, NULL, PATRON_OUT_OF_MEMORY, "error 12");
    source.code = 0;
    source.schema_code = EINVAL;
    source.last_error = "no such table";
    refused(&source, NULL, PATRON_SOURCE_FAILED, "no such table");
}
END_TEST

START_TEST(test_streams_without_what_they_need)
{
    patron_history *history = good_history();
    patron_error error;
    struct ArrowArrayStream stream;
    patron_arrow_columns roles;
    arrow_source source = fresh();
    ck_assert_int_eq(patron_history_append_arrow(history, NULL, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    memset(&stream, 0, sizeof stream);
    ck_assert_int_eq(patron_history_append_arrow(history, &stream, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert(strstr(error.message, "no release") != NULL);
    arrow_stream_open(&stream, &source);
    stream.get_next = NULL;
    ck_assert_int_eq(patron_history_append_arrow(history, &stream, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert(strstr(error.message, "no get_next") != NULL);
    ck_assert_int_eq(source.live, 0);
    arrow_stream_open(&stream, &source);
    stream.get_schema = NULL;
    ck_assert_int_eq(patron_history_append_arrow(history, &stream, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert(strstr(error.message, "no get_schema") != NULL);
    ck_assert_int_eq(source.live, 0);
    /* No history, wrong options: released all the same. */
    arrow_stream_open(&stream, &source);
    ck_assert_int_eq(patron_history_append_arrow(NULL, &stream, NULL, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(source.live, 0);
    patron_arrow_columns_init(&roles, sizeof roles);
    roles.naive_time = 2;
    arrow_stream_open(&stream, &source);
    ck_assert_int_eq(patron_history_append_arrow(history, &stream, &roles, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(source.live, 0);
    /* No get_last_error. */
    source.schema_code = EIO;
    arrow_stream_open(&stream, &source);
    stream.get_last_error = NULL;
    ck_assert_int_eq(patron_history_append_arrow(history, &stream, NULL, NULL, &error), PATRON_SOURCE_FAILED);
    ck_assert_int_eq(source.live, 0);
    ck_assert_int_eq(patron_history_row_count(history), ROWS);
    patron_history_free(history);
}
END_TEST

START_TEST(test_columns_that_are_missing_or_meant_twice)
{
    patron_arrow_columns roles;
    arrow_source source = fresh();
    patron_arrow_columns_init(&roles, sizeof roles);
    roles.customer = "client";
    refused(&source, &roles, PATRON_UNKNOWN_NAME, "'client', which customer names; there are: customer, time, amount");
    roles.customer = "";
    refused(&source, &roles, PATRON_INVALID_ARGUMENT, "no column 'customer'");
    roles.customer = NULL;
    roles.amount = roles.unit_price = "amount";
    refused(&source, &roles, PATRON_INVALID_ARGUMENT, "amount and unit_price are both named");
    roles.amount = roles.unit_price = "";
    refused(&source, &roles, PATRON_INVALID_ARGUMENT, "no column 'amount'");
    roles.amount = roles.unit_price = NULL;
    columns[5].name = "time";
    source.columns = columns;
    refused(&source, &roles, PATRON_INVALID_ARGUMENT, "two columns 'time', 1 and 5");
}
END_TEST

static const char *spoilt_format;
static int64_t spoilt_child;

static void spoil_format(struct ArrowSchema *schema) { schema->children[spoilt_child]->format = spoilt_format; }

START_TEST(test_types_that_are_not_read_are_named)
{
    static const struct {
        int64_t child;
        const char *format, *message;
    } wrong[] = {{2, "+s", "column 'amount' (amount) is a column of type struct ('+s'); give numbers"},
                 {2, "u", "is a column of type text; give numbers"},
                 {2, "b", "of type boolean"},
                 {2, "tss:", "of type timestamp"},
                 {2, "e", "float16"},
                 {2, "d:76,2,256", "decimal of a width"},
                 {2, "d:18", "decimal of a width"},
                 {2, "d:99,2", "decimal of a width"},
                 {2, "d:18,99", "decimal of a width"},
                 {2, "d:18,2,128x", "decimal of a width"},
                 {2, "d:18,2,", "decimal of a width"},
                 {2, "d:,,", "decimal of a width"},
                 {2, "", "unknown"},
                 {2, NULL, "unknown"},
                 {2, "x", "unknown"},
                 {0, "+l", "list"},
                 {0, "+r", "run-end encoded"},
                 {0, "w:16", "fixed-size binary"},
                 {0, "d:18,2", "decimals with 2 places; ids are whole numbers"},
                 {0, "b", "boolean"},
                 {1, "u", "of type text; give timestamps"},
                 {1, "ttu", "time of day"},
                 {1, "tDs", "duration"},
                 {1, "g", "float"},
                 {5, "g", "a dictionary whose index is of type float"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        spoilt_format = wrong[i].format;
        spoilt_child = wrong[i].child;
        spoilt(NULL, spoil_format, PATRON_INVALID_ARGUMENT, wrong[i].message);
    }
}
END_TEST

static void schema_no_struct(struct ArrowSchema *schema) { schema->format = "l"; }
static void schema_null_name(struct ArrowSchema *schema) { schema->children[0]->name = NULL; }
static void schema_no_format(struct ArrowSchema *schema) { schema->format = NULL; }
static void schema_fewer_than_none(struct ArrowSchema *schema) { schema->n_children = -1; }
static void schema_many(struct ArrowSchema *schema) { schema->n_children = INT64_MAX; }
static void schema_no_children(struct ArrowSchema *schema) { schema->children = NULL; }
static void schema_null_child(struct ArrowSchema *schema) { schema->children[2] = NULL; }
static void schema_released(struct ArrowSchema *schema) { schema->release(schema); }

START_TEST(test_schemas_that_are_not_in_order)
{
    spoilt(NULL, schema_no_struct, PATRON_INVALID_ARGUMENT, "the stream is of type integer");
    spoilt(NULL, schema_null_name, PATRON_INVALID_ARGUMENT, "no column 'customer'");
    spoilt(NULL, schema_no_format, PATRON_INVALID_ARGUMENT, "the stream is of type");
    spoilt(NULL, schema_fewer_than_none, PATRON_INVALID_ARGUMENT, "not in order: it has -1 children");
    spoilt(NULL, schema_many, PATRON_INVALID_ARGUMENT, "not in order: it has 9223372036854775807 children");
    spoilt(NULL, schema_no_children, PATRON_INVALID_ARGUMENT, "not in order: it has 6 children at NULL");
    spoilt(NULL, schema_null_child, PATRON_INVALID_ARGUMENT, "not in order: child 2 is NULL");
    spoilt(NULL, schema_released, PATRON_SOURCE_FAILED, "schema has been released");
}
END_TEST

/* What can be wrong with the second batch. */
static int spoilt_how;
static int32_t narrow[8];
static int64_t wide[8];

static void spoil_batch(struct ArrowArray *batch)
{
    static struct ArrowArray *no_children[COLUMNS];
    switch (spoilt_how) {
    case 0:
        batch->length = -1;
        break;
    case 1:
        batch->offset = -1;
        break;
    case 2:
        batch->length = INT64_MAX;
        break;
    case 3:
        batch->n_children = 2;
        break;
    case 4:
        batch->children = NULL;
        break;
    case 5:
        batch->n_buffers = 0;
        break;
    case 6:
        batch->null_count = 2;
        break;
    case 7:
        batch->null_count = 99;
        break;
    case 8:
        batch->children = no_children;
        break;
    case 32:
        batch->dictionary = batch->children[5]->dictionary;
        break;
    default:
        break;
    }
}

static void spoil_column(struct ArrowArray *time, struct ArrowArray *flag, const void **buffers)
{
    switch (spoilt_how) {
    case 9:
        time->length = 2;
        break;
    case 10:
        time->length = -3;
        break;
    case 11:
        time->offset = -3;
        break;
    case 12:
        time->null_count = -2;
        break;
    case 13:
        time->null_count = 1;
        break;
    case 14:
        time->n_buffers = 3;
        break;
    case 15:
        time->buffers = NULL;
        break;
    case 16:
        time->buffers = buffers;
        break;
    case 17:
        time->n_children = 1;
        break;
    case 18:
        time->dictionary = flag->dictionary;
        break;
    case 19:
        flag->dictionary = NULL;
        break;
    case 29:
        buffers[1] = (const char *)narrow + 1;
        time->buffers = buffers;
        break;
    case 30:
        time->length = INT64_MAX - 1;
        time->offset = INT64_MAX - 1;
        break;
    default:
        break;
    }
}

static void spoil_texts(struct ArrowArray *customer, struct ArrowArray *product, const void **buffers)
{
    switch (spoilt_how) {
    case 20:
        narrow[1] = 3;
        narrow[2] = 1;
        buffers[1] = narrow;
        buffers[2] = "abcdef";
        customer->buffers = buffers;
        break;
    case 21:
        narrow[0] = -1;
        buffers[1] = narrow;
        buffers[2] = "abcdef";
        customer->buffers = buffers;
        break;
    case 22:
        narrow[3] = 1;
        buffers[1] = narrow;
        customer->buffers = buffers;
        break;
    case 23:
        wide[1] = 2;
        buffers[1] = wide;
        buffers[2] = "abcdef";
        product->buffers = buffers;
        break;
    default:
        break;
    }
}

static void spoil_view(struct ArrowArray *view, struct ArrowArray *flag, const void **buffers)
{
    switch (spoilt_how) {
    case 24:
        view->n_buffers = 2;
        break;
    case 25:
        view->n_buffers = 4; /* the sizes are then those of the second buffer of text, and there is one less */
        memcpy(buffers, view->buffers, 4 * sizeof *buffers);
        buffers[3] = wide;
        view->buffers = buffers;
        break;
    case 26:
        memcpy(buffers, view->buffers, 5 * sizeof *buffers);
        buffers[4] = NULL;
        view->buffers = buffers;
        break;
    case 27:
        narrow[1] = 99;
        buffers[1] = narrow;
        flag->buffers = buffers;
        break;
    case 28:
        narrow[1] = -1;
        buffers[1] = narrow;
        flag->buffers = buffers;
        break;
    case 33: /* the last view ends one byte beyond what its buffer is said to hold */
        memcpy(buffers, view->buffers, 5 * sizeof *buffers);
        memcpy(wide, view->buffers[4], 2 * sizeof *wide);
        wide[0]--;
        buffers[4] = wide;
        view->buffers = buffers;
        break;
    case 31:
        narrow[0] = -5; /* the length of a view */
        memcpy(buffers, view->buffers, 5 * sizeof *buffers);
        buffers[1] = narrow;
        view->buffers = buffers;
        break;
    default:
        break;
    }
}

static void spoil_second(struct ArrowArray *batch, int64_t number)
{
    static const void *buffers[8];
    struct ArrowArray **columns_of = batch->children;
    if (number != 1) return;
    memset(narrow, 0, sizeof narrow);
    memset(wide, 0, sizeof wide);
    memset(buffers, 0, sizeof buffers);
    spoil_column(columns_of[1], columns_of[5], buffers);
    spoil_texts(columns_of[0], columns_of[3], buffers);
    spoil_view(columns_of[4], columns_of[5], buffers);
    spoil_batch(batch);
}

START_TEST(test_arrays_that_are_not_in_order)
{
    static const struct {
        patron_status status;
        const char *message;
    } wrong[] = {{PATRON_INVALID_ARGUMENT, "its length is -1"},
                 {PATRON_INVALID_ARGUMENT, "its offset is -1"},
                 {PATRON_TOO_LARGE, "more than memory can address"},
                 {PATRON_INVALID_ARGUMENT, "at row 3 is not in order: it has 2 columns, its schema 6"},
                 {PATRON_INVALID_ARGUMENT, "is not in order"},
                 {PATRON_INVALID_ARGUMENT, "no struct"},
                 {PATRON_INVALID_ARGUMENT, "no struct"},
                 {PATRON_INVALID_ARGUMENT, "it has 99 nulls in 3 rows"},
                 {PATRON_INVALID_ARGUMENT, "column 'customer' is not in order: it is NULL"},
                 {PATRON_INVALID_ARGUMENT, "column 'time' is not in order: it has 2 rows, its batch 3"},
                 {PATRON_INVALID_ARGUMENT, "its length is -3"},
                 {PATRON_INVALID_ARGUMENT, "its offset is -3"},
                 {PATRON_INVALID_ARGUMENT, "it has -2 nulls"},
                 {PATRON_INVALID_ARGUMENT, "no validity buffer"},
                 {PATRON_INVALID_ARGUMENT, "it has 3 buffers, not 2"},
                 {PATRON_INVALID_ARGUMENT, "2 buffers at NULL"},
                 {PATRON_INVALID_ARGUMENT, "buffer 1 is NULL"},
                 {PATRON_INVALID_ARGUMENT, "it has 1 children"},
                 {PATRON_INVALID_ARGUMENT, "it has a dictionary"},
                 {PATRON_INVALID_ARGUMENT, "its dictionary is NULL"},
                 {PATRON_INVALID_ARGUMENT, "row 4: column 'customer' is not in order: its offsets fall"},
                 {PATRON_INVALID_ARGUMENT, "row 3: column 'customer' is not in order: its offsets fall"},
                 {PATRON_INVALID_ARGUMENT, "it has no bytes"},
                 {PATRON_INVALID_ARGUMENT, "row 4: column 'product' is not in order: its offsets fall"},
                 {PATRON_INVALID_ARGUMENT, "column 'category' is not in order: it has 2 buffers"},
                 {PATRON_INVALID_ARGUMENT, "a view lies outside of its buffer"},
                 {PATRON_INVALID_ARGUMENT, "no buffer of lengths"},
                 {PATRON_INVALID_ARGUMENT, "row 4: column 'is_return' has the index 99 into a dictionary of 3 values"},
                 {PATRON_INVALID_ARGUMENT, "has the index -1"},
                 {PATRON_INVALID_ARGUMENT, "not aligned"},
                 {PATRON_TOO_LARGE, "more than memory can address"},
                 {PATRON_INVALID_ARGUMENT, "a view lies outside of its buffer"},
                 {PATRON_INVALID_ARGUMENT, "no struct"},
                 {PATRON_INVALID_ARGUMENT, "row 5: column 'category' is not in order: a view lies outside"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        spoilt_how = (int)i;
        patron_error error = spoilt(spoil_second, NULL, wrong[i].status, wrong[i].message);
        if (strncmp(wrong[i].message, "row 4", 5) == 0) ck_assert_int_eq(error.row, 4);
    }
}
END_TEST

enum { MANY = 40000 };

/* Offsets of the text column of many rows: where it goes wrong, and how. */
static int64_t fall_at, fall_by;
static void spoil_far(struct ArrowArray *batch, int64_t number)
{
    struct ArrowArray *texts = batch->children[0];
    (void)number;
    void *offsets = (void *)(uintptr_t)texts->buffers[1];
    int64_t at = texts->offset + fall_at;
    if (columns[0].format[0] == 'u')
        ((int32_t *)offsets)[at] -= (int32_t)fall_by;
    else
        ((int64_t *)offsets)[at] -= fall_by;
}

/* The first row, of those of all threads' parts, is named; and nothing stays behind. */
START_TEST(test_offsets_that_fall_far_into_a_column)
{
    static arrow_cell ids[MANY], when[MANY], money[MANY];
    static const int64_t places[] = {1, 127, 128, 8191, 8192, 8193, 17000, 16384 + 8192, MANY - 1, MANY};
    patron_context context;
    patron_context_init(&context, sizeof context);
    context.threads = 3;
    for (int64_t i = 0; i < MANY; i++) {
        ids[i] = (arrow_cell){.text = i % 3 == 0 ? "anna" : "bert"};
        when[i].whole = i;
        money[i].whole = 100;
    }
    for (size_t p = 0; p < 2 * sizeof places / sizeof *places; p++) {
        arrow_source source = fresh();
        struct ArrowArrayStream stream;
        patron_history *history = good_history();
        patron_audit before = audit_of(history, PATRON_AS_OF_LAST);
        patron_error error;
        columns[0] = (arrow_made_column){"customer", p % 2 == 0 ? "u" : "U", NULL, ids};
        columns[1].cells = when;
        columns[2].cells = money;
        source = (arrow_source){.columns = columns, .cols = 3, .rows = MANY, .pad = (int64_t)p, .spoil = spoil_far};
        fall_at = places[p / 2];
        fall_by = 5; /* more than a text has */
        arrow_stream_open(&stream, &source);
        ck_assert_int_eq(patron_history_append_arrow(history, &stream, NULL, &context, &error),
                         PATRON_INVALID_ARGUMENT);
        ck_assert_msg(strstr(error.message, "column 'customer' is not in order: its offsets fall") != NULL, "%s",
                      error.message);
        ck_assert_int_eq(error.row, fall_at - 1);
        ck_assert_int_eq(source.live, 0);
        patron_audit after = audit_of(history, PATRON_AS_OF_LAST);
        ck_assert_mem_eq(&before, &after, sizeof before);
        patron_history_free(history);
    }
}
END_TEST

START_TEST(test_values_beyond_their_range_fail_with_the_row_of_the_stream)
{
    static arrow_cell more[ROWS];
    arrow_source source = fresh();
    amounts[4].whole = INT64_MAX;
    ck_assert_int_eq(refused(&source, NULL, PATRON_OUT_OF_RANGE, "row 4: column 'amount' makes money beyond").row, 4);
    amounts[4].whole = (arrow_wide)1 << 100;
    ck_assert_int_eq(refused(&source, NULL, PATRON_OUT_OF_RANGE, "row 4").row, 4);
    source = fresh();
    source.batch = 2;
    times[5].whole = INT64_MAX;
    ck_assert_int_eq(refused(&source, NULL, PATRON_OUT_OF_RANGE, "row 5: time is beyond 2.6e11").row, 5);
    times[5].whole = INT64_MIN;
    columns[1].format = "tss:";
    refused(&source, NULL, PATRON_OUT_OF_RANGE, "row 5: time");
    source = fresh();
    columns[2].format = "d:38,6"; /* more places than money has: still too much without them */
    for (int sign = -1; sign <= 1; sign += 2) {
        amounts[3].whole = sign * ((arrow_wide)1 << 100);
        refused(&source, NULL, PATRON_OUT_OF_RANGE, "row 3: column 'amount' makes money beyond");
    }
    columns[2].format = "d:38,-30";
    for (int i = 0; i < ROWS; i++) amounts[i].whole = 0; /* at any scale */
    amounts[3].whole = 1;
    refused(&source, NULL, PATRON_OUT_OF_RANGE, "row 3: column 'amount' makes money beyond");
    columns[2].format = "d:38,2";
    amounts[3].whole = -((arrow_wide)1 << 62);
    refused(&source, NULL, PATRON_OUT_OF_RANGE, "row 3: column 'amount' makes money beyond");
    source = fresh();
    columns[1].format = "L";
    times[3].whole = UINT64_MAX;
    ck_assert_int_eq(refused(&source, NULL, PATRON_OUT_OF_RANGE, "row 3: column 'time' is beyond int64").row, 3);
    source = fresh();
    columns[2].format = "g";
    amounts[3].real = (double)INFINITY;
    ck_assert_int_eq(refused(&source, NULL, PATRON_NOT_FINITE, "row 3: amount is infinite").row, 3);
    amounts[3].real = 1e300;
    ck_assert_int_eq(refused(&source, NULL, PATRON_OUT_OF_RANGE, "row 3: amount makes money").row, 3);
    source = fresh();
    columns[0].format = "g";
    customers[5].real = 0.5;
    ck_assert_int_eq(refused(&source, NULL, PATRON_INVALID_ARGUMENT, "row 5: column 'customer' is a number that").row,
                     5);
    source = fresh();
    columns[4] = (arrow_made_column){"quantity", "d:38,0", NULL, more};
    for (int i = 0; i < ROWS; i++) more[i].whole = 1;
    more[4].whole = (arrow_wide)1 << 90;
    patron_history *history;
    struct ArrowArrayStream stream;
    patron_error error;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    arrow_stream_open(&stream, &source);
    ck_assert_int_eq(patron_history_append_arrow(history, &stream, NULL, NULL, &error), PATRON_OUT_OF_RANGE);
    ck_assert_int_eq(error.row, 4);
    ck_assert_int_eq(patron_history_row_count(history), 0);
    patron_history_free(history);
}
END_TEST

/* A column that only a failed stream had is gone again: rows before it have 1 of each when it comes. */
START_TEST(test_a_column_of_a_failed_stream_may_come_again)
{
    static arrow_cell more[ROWS];
    patron_history *history = good_history(), *other = good_history();
    struct ArrowArrayStream stream;
    patron_audit audits[2];
    arrow_source source = fresh();
    columns[4] = (arrow_made_column){"quantity", "g", NULL, more};
    for (int i = 0; i < ROWS; i++) more[i].real = 0.25;
    source.fail_after = 1;
    source.code = EIO;
    arrow_stream_open(&stream, &source);
    ck_assert_int_eq(patron_history_append_arrow(history, &stream, NULL, NULL, NULL), PATRON_SOURCE_FAILED);
    for (int i = 0; i < ROWS; i++) more[i].real = i - 2.0;
    for (int h = 0; h < 2; h++) {
        patron_features *features;
        patron_features_options options;
        source = (arrow_source){.columns = columns, .cols = COLUMNS, .rows = ROWS, .batch = 2};
        arrow_stream_open(&stream, &source);
        ck_assert_int_eq(patron_history_append_arrow(h == 0 ? history : other, &stream, NULL, NULL, NULL), PATRON_OK);
        audits[h] = audit_of(h == 0 ? history : other, PATRON_AS_OF_LAST);
        patron_features_options_init(&options, sizeof options);
        options.columns = "items_per_order";
        ck_assert_int_eq(patron_features_build(&features, h == 0 ? history : other, &options, NULL, NULL), PATRON_OK);
        const double *values = patron_matrix_values(patron_features_matrix(features));
        ck_assert_double_eq(values[0], 3.0); /* customer 1, three lines of before in one order */
        patron_features_free(features);
    }
    ck_assert_mem_eq(&audits[0], &audits[1], sizeof audits[0]);
    patron_history_free(other);
    patron_history_free(history);
}
END_TEST

START_TEST(test_strict_names_the_row_of_the_stream)
{
    patron_history_options options;
    patron_history *history;
    patron_error error;
    struct ArrowArrayStream stream;
    arrow_source source = fresh();
    patron_history_options_init(&options, sizeof options);
    options.strict = 1;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, NULL), PATRON_OK);
    amounts[5].null = true;
    arrow_stream_open(&stream, &source);
    ck_assert_int_eq(patron_history_append_arrow(history, &stream, NULL, NULL, &error), PATRON_ROW_REJECTED);
    ck_assert_int_eq(error.row, 5);
    ck_assert_msg(strstr(error.message, "row 5: amount is missing") != NULL, "%s", error.message);
    ck_assert_int_eq(source.live, 0);
    ck_assert_int_eq(patron_history_row_count(history), 0);
    patron_history_free(history);
}
END_TEST

START_TEST(test_cancelling_leaves_the_history_and_releases)
{
    for (int64_t callbacks = 0; callbacks < 2; callbacks++) {
        meter m = {.allowed = INT64_MAX, .callbacks = callbacks};
        patron_context context = meter_context(&m);
        patron_history *history = good_history();
        patron_error error;
        struct ArrowArrayStream stream;
        arrow_source source = fresh();
        arrow_stream_open(&stream, &source);
        ck_assert_int_eq(patron_history_append_arrow(history, &stream, NULL, &context, &error), PATRON_CANCELLED);
        ck_assert_int_eq(source.live, 0);
        ck_assert_int_eq(m.live, 0);
        ck_assert_int_eq(patron_history_row_count(history), ROWS);
        patron_history_free(history);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arrow_refused");
    TCase *tests = tcase_create("arrow_refused");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_an_error_of_the_stream_half_way);
    tcase_add_test(tests, test_streams_without_what_they_need);
    tcase_add_test(tests, test_columns_that_are_missing_or_meant_twice);
    tcase_add_test(tests, test_types_that_are_not_read_are_named);
    tcase_add_test(tests, test_schemas_that_are_not_in_order);
    tcase_add_test(tests, test_arrays_that_are_not_in_order);
    tcase_add_test(tests, test_offsets_that_fall_far_into_a_column);
    tcase_add_test(tests, test_values_beyond_their_range_fail_with_the_row_of_the_stream);
    tcase_add_test(tests, test_a_column_of_a_failed_stream_may_come_again);
    tcase_add_test(tests, test_strict_names_the_row_of_the_stream);
    tcase_add_test(tests, test_cancelling_leaves_the_history_and_releases);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
