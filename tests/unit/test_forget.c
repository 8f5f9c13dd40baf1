/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forgetting a customer: what is left equals, to the bit, a history that never had it, and nothing of it is left in
   memory. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "features/features.h"
#include "matrix/matrix.h"
#include "support/audit.h"
#include "support/code_texts.h"
#include "support/order_lines.h"
#include "support/suite.h"
#include "support/text_column.h"

enum { MOST_LINES = 60, IDS = 8 };

/* Those of random_lines. */
static const char *const ids[IDS] = {"7", "12", "120", "-3", "12345678", "123456789", "1234567891", "none"};

static patron_status forget(patron_history *history, const char *id)
{
    return patron_history_forget(history, (const uint8_t *)id, (int64_t)strlen(id), NULL, NULL);
}

static patron_history *history_with(const patron_history_options *options)
{
    patron_history *history;
    ck_assert_int_eq(patron_history_create(&history, options, NULL, NULL), PATRON_OK);
    return history;
}

static void expect_same_features(const patron_history *a, const patron_history *b, int64_t as_of_s)
{
    patron_features *x, *y;
    patron_features_options options;
    patron_features_options_init(&options, sizeof options);
    options.as_of_s = as_of_s;
    patron_status status = patron_features_build(&x, a, &options, NULL, NULL);
    ck_assert_int_eq(patron_features_build(&y, b, &options, NULL, NULL), status);
    ck_assert(status == PATRON_OK || status == PATRON_NO_DATA);
    if (status == PATRON_OK) {
        int64_t rows = x->rows;
        ck_assert_int_eq(y->rows, rows);
        ck_assert_mem_eq(x->id_ends, y->id_ends, (size_t)(rows + 1) * sizeof *x->id_ends);
        ck_assert_mem_eq(x->id_bytes, y->id_bytes, (size_t)x->id_ends[rows]);
        ck_assert_mem_eq(x->values, y->values, (size_t)rows * sizeof *x->values);
        ck_assert_mem_eq(x->matrix->values, y->matrix->values, (size_t)(rows * patron_feature_count()) * 8);
        ck_assert_mem_eq(&x->audit, &y->audit, sizeof x->audit);
        ck_assert(same_code_texts(x, y));
    }
    patron_features_free(x);
    patron_features_free(y);
}

/* Everything a caller can see, at an as-of. */
static void expect_same(const patron_history *a, const patron_history *b, int64_t as_of_s)
{
    uint8_t x[2 * MOST_LINES], y[2 * MOST_LINES];
    patron_audit audit = audit_of(a, as_of_s), other = audit_of(b, as_of_s);
    int64_t rows = patron_history_row_count(a);
    ck_assert_mem_eq(&audit, &other, sizeof audit);
    ck_assert_int_eq(patron_history_row_count(b), rows);
    ck_assert_int_eq(patron_history_fates(x, a, as_of_s, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_fates(y, b, as_of_s, NULL, NULL), PATRON_OK);
    ck_assert_mem_eq(x, y, (size_t)rows);
    for (int64_t i = 0; i < audit.rejected_listed; i++) {
        patron_rejected p = {.size = sizeof p}, q = {.size = sizeof q};
        ck_assert_int_eq(patron_history_rejected(&p, a, i, NULL), PATRON_OK);
        ck_assert_int_eq(patron_history_rejected(&q, b, i, NULL), PATRON_OK);
        ck_assert_mem_eq(&p, &q, sizeof p);
    }
    patron_rejected beyond = {.size = sizeof beyond};
    ck_assert_int_eq(patron_history_rejected(&beyond, a, audit.rejected_listed, NULL), PATRON_INVALID_ARGUMENT);
    expect_same_features(a, b, as_of_s);
}

/* Lines of random_lines that also have line numbers, inexact money and broken texts. */
static void trying_lines(oracle_line *lines, int64_t count, uint64_t *state)
{
    random_lines(lines, count, state);
    bool discounts = test_below(state, 2) == 0;
    for (int64_t i = 0; i < count; i++) {
        lines[i].line = 1000 + test_below(state, 1000);
        lines[i].inexact = test_below(state, 3) == 0;
        lines[i].no_discount_column = !discounts;
        if (!discounts) lines[i].discount = 0;
        if (test_below(state, 10) == 0) lines[i].product = "\xFF";
    }
}

static bool has(const char *customer, const char *id) { return customer != NULL && strcmp(customer, id) == 0; }

/* A history that is appended to in batches, and what one without the forgotten was given. */
typedef struct story {
    oracle_line lines[MOST_LINES];
    bool there[MOST_LINES];   /* appended, and not forgotten since */
    int64_t ends[MOST_LINES]; /* of batches */
    int64_t batches, forgotten;
} story;

static void forget_one(story *s, patron_history *history, int64_t appended, uint64_t *state)
{
    const char *id = ids[test_below(state, IDS)];
    bool known = false;
    for (int64_t i = 0; i < appended; i++) {
        if (!s->there[i] || !has(s->lines[i].customer, id)) continue;
        known = true;
        s->there[i] = false;
    }
    ck_assert_int_eq(forget(history, id), known ? PATRON_OK : PATRON_UNKNOWN_CUSTOMER);
    s->forgotten += known;
}

static patron_history *tell(story *s, const patron_history_options *options, uint64_t *state)
{
    patron_history *history = history_with(options);
    int64_t count = 1 + test_below(state, MOST_LINES), at = 0;
    memset(s, 0, sizeof *s);
    while (at < count) {
        int64_t rows = 1 + test_below(state, count - at);
        trying_lines(s->lines + at, rows, state);
        ck_assert_int_eq(append_lines(history, s->lines + at, rows, test_below(state, 2) == 0, NULL, NULL), PATRON_OK);
        for (int64_t i = 0; i < rows; i++) s->there[at + i] = true;
        s->ends[s->batches++] = at += rows;
        for (int64_t n = test_below(state, 4); n > 0; n--) forget_one(s, history, at, state);
    }
    return history;
}

static patron_history *never_had(const story *s, const patron_history_options *options, uint64_t *state)
{
    patron_history *history = history_with(options);
    for (int64_t b = 0, at = 0; b < s->batches; b++) {
        oracle_line left[MOST_LINES];
        int64_t rows = 0;
        for (; at < s->ends[b]; at++)
            if (s->there[at]) left[rows++] = s->lines[at];
        ck_assert_int_eq(append_lines(history, left, rows, test_below(state, 2) == 0, NULL, NULL), PATRON_OK);
    }
    return history;
}

START_TEST(test_forgotten_is_never_had)
{
    static const int64_t as_ofs_s[] = {0, 86400, 864000, -86401, 10000000, PATRON_AS_OF_LAST};
    uint64_t state = 2024;
    int64_t forgotten = 0;
    for (int round = 0; round < 10000; round++) {
        patron_history_options options;
        story s;
        patron_history_options_init(&options, sizeof options);
        options.zero_amount = (int32_t)test_below(&state, 2);
        options.duplicates = (int32_t)test_below(&state, 2);
        options.rejected_listed = test_below(&state, 2) == 0 ? 100 : (int32_t)test_below(&state, 6);
        options.utc_offset_s = (test_below(&state, 3) - 1) * 3600;
        patron_history *history = tell(&s, &options, &state), *other = never_had(&s, &options, &state);
        forgotten += s.forgotten;
        expect_same(history, other, as_ofs_s[test_below(&state, 6)]);
        /* Both go on alike. */
        trying_lines(s.lines, MOST_LINES / 2, &state);
        ck_assert_int_eq(append_lines(history, s.lines, MOST_LINES / 2, false, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(append_lines(other, s.lines, MOST_LINES / 2, false, NULL, NULL), PATRON_OK);
        expect_same(history, other, as_ofs_s[test_below(&state, 6)]);
        patron_history_free(history);
        patron_history_free(other);
    }
    ck_assert_int_gt(forgotten, 10000);
}
END_TEST

START_TEST(test_everyone_forgotten_is_an_empty_history)
{
    oracle_line lines[MOST_LINES];
    uint64_t state = 8;
    patron_history *history = history_with(NULL), *empty = history_with(NULL);
    trying_lines(lines, MOST_LINES, &state);
    for (int64_t i = 0; i < MOST_LINES; i++)
        if (lines[i].customer == NULL) lines[i].customer = "7";
    ck_assert_int_eq(append_lines(history, lines, MOST_LINES, false, NULL, NULL), PATRON_OK);
    for (int64_t i = 0; i < MOST_LINES; i++) forget(history, lines[i].customer);
    ck_assert_int_eq(patron_history_row_count(history), 0);
    expect_same(history, empty, 0);
    patron_history_free(empty);
    patron_history_free(history);
}
END_TEST

/* The list is capped at 2: forgetting the first one's customer brings up the third. */
START_TEST(test_later_rejected_rows_move_up_and_keep_their_line)
{
    oracle_line lines[] = {{.customer = "a", .unreadable = true, .line = 11},
                           {.customer = "b", .unreadable = true, .line = 12},
                           {.customer = "a", .amount = 1, .quantity = 1, .line = 13},
                           {.amount = 1, .quantity = 1, .line = 14}};
    patron_history_options options;
    patron_rejected rejected = {.size = sizeof rejected};
    patron_history_options_init(&options, sizeof options);
    options.rejected_listed = 2;
    patron_history *history = history_with(&options);
    ck_assert_int_eq(append_lines(history, lines, 4, false, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(audit_of(history, 0).rejected_listed, 2);
    ck_assert_int_eq(forget(history, "a"), PATRON_OK);
    patron_audit audit = audit_of(history, 0);
    ck_assert_int_eq(audit.rejected_listed, 2);
    ck_assert_int_eq(audit.fates[PATRON_FATE_UNREADABLE], 1);
    ck_assert_int_eq(audit.fates[PATRON_FATE_NO_CUSTOMER], 1);
    ck_assert_int_eq(patron_history_rejected(&rejected, history, 1, NULL), PATRON_OK);
    ck_assert_int_eq(rejected.row, 1);
    ck_assert_int_eq(rejected.line, 14);
    /* Only a faulty row is b's. */
    ck_assert_int_eq(forget(history, "b"), PATRON_OK);
    ck_assert_int_eq(patron_history_row_count(history), 1);
    patron_history_free(history);
}
END_TEST

START_TEST(test_faulty_row_is_nobody_s_when_its_customer_cannot_be_told)
{
    static const int64_t numbers[] = {5, 5, 5, 5};
    static const int64_t zeros[] = {0, 0, 0, 0};
    static const uint8_t fault[] = {0, 1, 1, 1}, field[] = {0, PATRON_FIELD_CUSTOMER, PATRON_FIELD_TIME, 0};
    static const uint8_t validity[] = {0x7};
    patron_orders orders;
    patron_history *history = history_with(NULL);
    patron_orders_init(&orders, sizeof orders);
    orders.rows = 4;
    orders.customer_number = numbers;
    orders.customer_validity = validity;
    orders.time_s = orders.amount = zeros;
    orders.fault = fault;
    orders.fault_field = field;
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(forget(history, "5"), PATRON_OK);
    ck_assert_int_eq(patron_history_row_count(history), 2);
    ck_assert_int_eq(audit_of(history, 0).fates[PATRON_FATE_UNREADABLE], 2);
    patron_history_free(history);
}
END_TEST

/* Appends one line, whatever bytes its id has. */
static void append_one(patron_history *history, const uint8_t *bytes, int64_t length)
{
    static const int64_t number[] = {10000};
    text_column column;
    patron_orders orders;
    text_column_open(&column);
    text_column_add(&column, bytes, length);
    patron_orders_init(&orders, sizeof orders);
    orders.rows = 1;
    orders.customer_id = text_column_view(&column);
    orders.time_s = orders.amount = number;
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    text_column_free(&column);
}

START_TEST(test_long_ids_and_ids_with_nul_bytes)
{
    enum { LONG = 1 << 20 };
    uint8_t *large = malloc(LONG);
    static const uint8_t with_nul[] = "a\0b";
    memset(large, 'x', LONG);
    patron_history *history = history_with(NULL);
    append_one(history, large, LONG);
    append_one(history, large, LONG - 1);
    append_one(history, with_nul, 3);
    append_one(history, with_nul, 1);
    append_one(history, with_nul, 2);
    ck_assert_int_eq(patron_history_forget(history, large, LONG, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_forget(history, large, LONG, NULL, NULL), PATRON_UNKNOWN_CUSTOMER);
    ck_assert_int_eq(patron_history_forget(history, with_nul, 2, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_row_count(history), 3);
    ck_assert_int_eq(patron_history_forget(history, with_nul, 3, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(forget(history, "a"), PATRON_OK);
    ck_assert_int_eq(patron_history_forget(history, large, LONG - 1, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_row_count(history), 0);
    patron_history_free(history);
    free(large);
}
END_TEST

START_TEST(test_bad_ids_and_unknown_customers_are_refused)
{
    patron_history *history = history_with(NULL);
    patron_error error;
    patron_context context;
    append_one(history, (const uint8_t *)"a", 1);
    ck_assert_int_eq(patron_history_forget(NULL, (const uint8_t *)"a", 1, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_forget(history, NULL, 1, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"a", 0, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"a", -1, NULL, &error), PATRON_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "the id has -1 bytes"));
    patron_context_init(&context, sizeof context);
    context.threads = -1;
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"a", 1, &context, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"b", 1, NULL, &error), PATRON_UNKNOWN_CUSTOMER);
    ck_assert_int_eq(error.status, PATRON_UNKNOWN_CUSTOMER);
    ck_assert_int_eq(forget(history, "\xFF"), PATRON_UNKNOWN_CUSTOMER);
    ck_assert_int_eq(patron_history_row_count(history), 1);
    ck_assert_str_eq(patron_status_name(PATRON_UNKNOWN_CUSTOMER), "PATRON_UNKNOWN_CUSTOMER");
    patron_history *empty = history_with(NULL);
    ck_assert_int_eq(forget(empty, "a"), PATRON_UNKNOWN_CUSTOMER);
    patron_history_free(empty);
    patron_history_free(history);
}
END_TEST

static void *refuse(void *user, size_t bytes)
{
    (void)user;
    (void)bytes;
    return NULL;
}

static void *refuse_more(void *user, void *block, size_t bytes)
{
    (void)user;
    (void)block;
    (void)bytes;
    return NULL;
}

static void give_back(void *user, void *block)
{
    (void)user;
    free(block);
}

static int32_t cancel(void *user, const char *stage, double fraction)
{
    (void)user;
    ck_assert_str_eq(stage, "forget");
    ck_assert(fraction >= 0.0 && fraction <= 1.0);
    return 1;
}

START_TEST(test_forgetting_is_all_or_nothing)
{
    oracle_line lines[MOST_LINES];
    uint64_t state = 4;
    patron_context context;
    patron_error error;
    patron_history *history = history_with(NULL), *same = history_with(NULL);
    random_lines(lines, MOST_LINES, &state);
    lines[0].customer = "7";
    ck_assert_int_eq(append_lines(history, lines, MOST_LINES, false, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append_lines(same, lines, MOST_LINES, false, NULL, NULL), PATRON_OK);
    patron_context_init(&context, sizeof context);
    context.progress = cancel;
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"7", 1, &context, &error), PATRON_CANCELLED);
    ck_assert_str_eq(error.message, "cancelled by the caller; nothing was forgotten");
    expect_same(history, same, 1000000);
    context.allocate = refuse;
    context.reallocate = refuse_more;
    context.deallocate = give_back;
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"7", 1, &context, &error), PATRON_OUT_OF_MEMORY);
    expect_same(history, same, 1000000);
    patron_history_free(history);
    patron_history_free(same);
}
END_TEST

/* An allocator that keeps every block it ever handed out, so that what was left in it can be read. */
typedef struct keeper {
    struct {
        uint8_t *bytes;
        size_t size;
    } blocks[20000];
    int64_t count;
} keeper;

static void *keep_new(void *user, size_t bytes)
{
    keeper *k = user;
    ck_assert_int_lt(k->count, 20000);
    uint8_t *block = calloc(1, bytes);
    k->blocks[k->count].bytes = block;
    k->blocks[k->count++].size = bytes;
    return block;
}

static void *keep_moved(void *user, void *block, size_t bytes)
{
    keeper *k = user;
    int64_t old = k->count - 1;
    while (k->blocks[old].bytes != block) old--;
    void *moved = keep_new(user, bytes);
    memcpy(moved, block, bytes < k->blocks[old].size ? bytes : k->blocks[old].size);
    return moved;
}

static void keep_freed(void *user, void *block)
{
    (void)user;
    (void)block;
}

/* In how many places of all those blocks the text lies. */
static int64_t places(const keeper *k, const char *text)
{
    int64_t found = 0;
    size_t length = strlen(text);
    for (int64_t b = 0; b < k->count; b++) {
        const uint8_t *at = k->blocks[b].bytes, *end = at + k->blocks[b].size;
        while ((at = memmem(at, (size_t)(end - at), text, length)) != NULL) found++, at++;
    }
    return found;
}

enum { SHOP = 400, FORGOTTEN = 123 };

/* Line i is customer i's only one, with texts of its own; `broken` fails the append at its last row. */
static patron_status append_shop(patron_history *history, int64_t from, int64_t to, bool broken,
                                 const patron_context *context)
{
    static const int64_t zeros[SHOP];
    static const char *const beginnings[] = {"customer-", "order-of-", "product-of-", "category-of-"};
    double amounts[SHOP];
    text_column columns[4];
    patron_orders orders;
    for (int c = 0; c < 4; c++) {
        text_column_open(&columns[c]);
        for (int64_t i = from; i < to; i++) {
            char text[40];
            int length = snprintf(text, sizeof text, "%s%03d", beginnings[c], (int)i);
            text_column_add(&columns[c], text, length);
        }
    }
    for (int64_t i = from; i < to; i++) amounts[i - from] = broken && i == to - 1 ? (double)NAN : 1.0;
    patron_orders_init(&orders, sizeof orders);
    orders.rows = to - from;
    orders.customer_id = text_column_view(&columns[0]);
    orders.order_id = text_column_view(&columns[1]);
    orders.product = text_column_view(&columns[2]);
    orders.category = text_column_view(&columns[3]);
    orders.time_s = zeros;
    orders.amount_value = amounts;
    patron_status status = patron_history_append(history, &orders, context, NULL);
    for (int c = 0; c < 4; c++) text_column_free(&columns[c]);
    return status;
}

START_TEST(test_nothing_of_it_stays_in_memory)
{
    static keeper k;
    patron_context context;
    patron_history *history;
    patron_features *features;
    patron_context_init(&context, sizeof context);
    context.allocate = keep_new;
    context.reallocate = keep_moved;
    context.deallocate = keep_freed;
    context.allocator_user = &k;
    ck_assert_int_eq(patron_history_create(&history, NULL, &context, NULL), PATRON_OK);
    /* A failed append leaves no text. */
    ck_assert_int_eq(append_shop(history, 0, SHOP, true, &context), PATRON_NOT_FINITE);
    ck_assert_int_eq(places(&k, "customer-"), 0);
    ck_assert_int_eq(places(&k, "order-of-"), 0);
    for (int64_t at = 0; at < SHOP; at += 10)
        ck_assert_int_eq(append_shop(history, at, at + 10, false, &context), PATRON_OK);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, &context, NULL), PATRON_OK);
    ck_assert_int_eq(places(&k, "customer-123"), 2);
    patron_features_free(features);
    ck_assert_int_eq(places(&k, "customer-123"), 1);
    ck_assert_int_eq(places(&k, "remotsuc"), 0); /* a prefix to sort by, as a number */

    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"customer-123", 12, &context, NULL), PATRON_OK);
    ck_assert_int_eq(places(&k, "of-123"), 0);
    ck_assert_int_eq(places(&k, "customer-123"), 0);
    ck_assert_int_eq(places(&k, "customer-"), SHOP - 1);
    ck_assert_int_eq(places(&k, "category-of-"), SHOP - 1);
    /* The others are found as before, and it can come back. */
    ck_assert_int_eq(forget(history, "customer-123"), PATRON_UNKNOWN_CUSTOMER);
    ck_assert_int_eq(append_shop(history, FORGOTTEN, FORGOTTEN + 1, false, &context), PATRON_OK);
    for (int i = 0; i < SHOP; i++) {
        char id[40];
        snprintf(id, sizeof id, "customer-%03d", i);
        ck_assert_int_eq(forget(history, id), PATRON_OK);
        ck_assert_int_eq(patron_history_row_count(history), SHOP - 1 - i);
    }
    ck_assert_int_eq(places(&k, "customer-"), 0);
    ck_assert_int_eq(places(&k, "-of-"), 0);
    patron_history_free(history);
    for (int64_t b = 0; b < k.count; b++) free(k.blocks[b].bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forget");
    TCase *tests = tcase_create("forget");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_forgotten_is_never_had);
    tcase_add_test(tests, test_everyone_forgotten_is_an_empty_history);
    tcase_add_test(tests, test_later_rejected_rows_move_up_and_keep_their_line);
    tcase_add_test(tests, test_faulty_row_is_nobody_s_when_its_customer_cannot_be_told);
    tcase_add_test(tests, test_long_ids_and_ids_with_nul_bytes);
    tcase_add_test(tests, test_bad_ids_and_unknown_customers_are_refused);
    tcase_add_test(tests, test_forgetting_is_all_or_nothing);
    tcase_add_test(tests, test_nothing_of_it_stays_in_memory);
    return run_suite(suite);
}
