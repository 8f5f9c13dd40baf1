/* SPDX-License-Identifier: GPL-3.0-or-later */
/* More lines than fit into one block, group or bucket: the same features from any number of threads, order of rows,
   batches and kinds of id columns, and equal to those of a plain reference that sorts the lines. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "base/hash.h"
#include "history/purchases.h"
#include "support/order_lines.h"
#include "support/suite.h"
#include "support/text_column.h"

enum { LINES = 70000, CUSTOMERS = 9000, AS_OF_S = 200000000, MOST_BATCHES = 9 };

/* A line by numbers; texts are made of them. */
typedef struct plain {
    int32_t customer, order;
    int64_t time_s, amount;
    bool rejected; /* has no customer, or an id that is not UTF-8 */
} plain;

static plain shop[LINES];

/* The id of a customer or order: digits, digits with a sign, a short text, a long one. Digits of one and the same
   number never come from two numbers. */
static int64_t id_of(char text[48], int32_t number)
{
    static const char *const before[] = {"", "-", "c_", "customer n\xC2\xB0 "};
    return snprintf(text, 48, "%s%d%s", before[number % 4], (int)number + (number % 7 == 0 ? 1000000000 : 1),
                    number % 4 == 3 ? " of the shop" : "");
}

static void make_shop(void)
{
    uint64_t state = 17;
    for (int64_t i = 0; i < LINES; i++) {
        plain *p = &shop[i];
        /* A few customers with very many lines, many with few. */
        p->customer = (int32_t)(test_below(&state, 4) == 0 ? test_below(&state, 5) : test_below(&state, CUSTOMERS));
        p->order = (int32_t)test_below(&state, 3) + 3 * (int32_t)test_below(&state, 1 + p->customer % 20);
        p->time_s = test_below(&state, AS_OF_S);
        p->amount = 1 + test_below(&state, 1000000);
        p->rejected = false;
    }
}

/* Appends rows order[from …] as texts, or as numbers what is digits. */
static patron_status append_rows(patron_history *history, const int32_t *order, int64_t from, int64_t rows,
                                 bool numbers, const patron_context *context)
{
    text_column customers, orders;
    patron_orders batch;
    int64_t *times = calloc((size_t)rows + 1, 8), *amounts = calloc((size_t)rows + 1, 8);
    int64_t *ids = calloc((size_t)rows + 1, 8);
    char text[48];
    bool digits = numbers;
    text_column_open(&customers);
    text_column_open(&orders);
    for (int64_t i = 0; i < rows; i++) {
        const plain *p = &shop[order[from + i]];
        int64_t length = id_of(text, p->customer);
        if (p->rejected)
            text_column_add(&customers, p->customer % 2 == 0 ? NULL : "\xFF\xFE", 2);
        else
            text_column_add(&customers, text, length);
        digits = digits && p->customer % 4 < 2 && !p->rejected;
        ids[i] = strtoll(text, NULL, 10);
        text_column_add(&orders, text, id_of(text, p->order));
        times[i] = p->time_s;
        amounts[i] = p->amount;
    }
    patron_orders_init(&batch, sizeof batch);
    batch.rows = rows;
    batch.customer_id = text_column_view(&customers);
    if (digits) {
        batch.customer_id.offsets = NULL;
        batch.customer_number = ids;
    }
    batch.order_id = text_column_view(&orders);
    batch.time_s = times;
    batch.amount = amounts;
    patron_status status = patron_history_append(history, &batch, context, NULL);
    text_column_free(&orders);
    text_column_free(&customers);
    free(ids);
    free(amounts);
    free(times);
    return status;
}

static uint64_t fingerprint(const patron_features *features)
{
    patron_rows rows;
    patron_text ids;
    patron_audit audit = {.size = sizeof audit};
    patron_rows_init(&rows, sizeof rows);
    ck_assert_int_eq(patron_matrix_view(&rows, patron_features_matrix(features), NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_customer_ids(&ids, features, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_audit(&audit, features, NULL), PATRON_OK);
    uint64_t hash = ptn_hash_doubles(PTN_HASH_START, rows.values, rows.rows * rows.cols);
    hash = ptn_hash_bytes(hash, (const uint8_t *)ids.offsets, 8 * (rows.rows + 1));
    hash = ptn_hash_bytes(hash, ids.bytes, ids.offsets[rows.rows]);
    return ptn_hash_bytes(hash, (const uint8_t *)&audit, sizeof audit);
}

/* Features of the shop, its rows in this order, in so many batches. */
static patron_features *build(const int32_t *order, int64_t batches, bool numbers, int32_t threads,
                              const patron_history_options *options, uint8_t *fates)
{
    patron_history *history;
    patron_features *features;
    patron_context context;
    patron_features_options wanted;
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    patron_features_options_init(&wanted, sizeof wanted);
    wanted.as_of_s = AS_OF_S;
    ck_assert_int_eq(patron_history_create(&history, options, &context, NULL), PATRON_OK);
    for (int64_t b = 0; b < batches; b++) {
        int64_t from = LINES * b / batches, end = LINES * (b + 1) / batches;
        ck_assert_int_eq(append_rows(history, order, from, end - from, numbers, &context), PATRON_OK);
    }
    ck_assert_int_eq(patron_history_row_count(history), LINES);
    ck_assert_int_eq(patron_features_build(&features, history, &wanted, &context, NULL), PATRON_OK);
    if (fates != NULL) ck_assert_int_eq(patron_history_fates(fates, history, AS_OF_S, &context, NULL), PATRON_OK);
    patron_history_free(history);
    return features;
}

static void in_order(int32_t *order)
{
    for (int32_t i = 0; i < LINES; i++) order[i] = i;
}

static void shuffle(int32_t *order, uint64_t *state)
{
    in_order(order);
    for (int64_t i = LINES - 1; i > 0; i--) {
        int64_t j = test_below(state, i + 1);
        int32_t t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
}

/* By the bytes of the id, then order, then time. */
static int by_line(const void *a, const void *b)
{
    const plain *x = a, *y = b;
    char m[48], n[48];
    if (x->customer != y->customer) {
        id_of(m, x->customer);
        id_of(n, y->customer);
        return strcmp(m, n);
    }
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return (x->time_s > y->time_s) - (x->time_s < y->time_s);
}

static double value(const patron_features *features, int64_t row, const char *name)
{
    patron_rows rows;
    const patron_matrix *matrix = patron_features_matrix(features);
    patron_rows_init(&rows, sizeof rows);
    ck_assert_int_eq(patron_matrix_view(&rows, matrix, NULL), PATRON_OK);
    return ((const double *)rows.values)[row * rows.cols + patron_matrix_find(matrix, name)];
}

START_TEST(test_features_are_those_of_sorted_lines)
{
    static int32_t order[LINES];
    static plain sorted[LINES];
    in_order(order);
    patron_features *features = build(order, 3, true, 2, NULL, NULL);
    memcpy(sorted, shop, sizeof shop);
    qsort(sorted, LINES, sizeof *sorted, by_line);
    int64_t row = 0;
    for (int64_t i = 0, end; i < LINES; i = end, row++) {
        int64_t orders = 0, gross = 0, first_s = INT64_MAX, last_s = INT64_MIN, length;
        char text[48];
        const uint8_t *id;
        for (end = i; end < LINES && sorted[end].customer == sorted[i].customer; end++) {
            gross += sorted[end].amount;
            if (end + 1 < LINES && sorted[end + 1].customer == sorted[i].customer &&
                sorted[end + 1].order == sorted[end].order)
                continue;
            orders++;
            if (sorted[end].time_s < first_s) first_s = sorted[end].time_s;
            if (sorted[end].time_s > last_s) last_s = sorted[end].time_s;
        }
        ck_assert_int_eq(patron_features_customer_id(&id, &length, features, row, NULL), PATRON_OK);
        ck_assert_int_eq(length, id_of(text, sorted[i].customer));
        ck_assert_mem_eq(id, text, (size_t)length);
        ck_assert_int_eq(patron_features_find(features, id, length), row);
        ck_assert_double_eq(value(features, row, "frequency"), (double)orders);
        ck_assert_double_eq(value(features, row, "monetary_gross"), (double)gross / 10000);
        ck_assert_double_eq(value(features, row, "recency_days"), (double)((AS_OF_S - last_s) / 86400));
        ck_assert_double_eq(value(features, row, "tenure_days"), (double)((AS_OF_S - first_s) / 86400));
    }
    ck_assert_int_eq(row, patron_features_customer_count(features));
    patron_features_free(features);
}
END_TEST

START_TEST(test_features_do_not_depend_on_threads_batches_order_or_columns)
{
    static const int32_t threads[] = {1, 2, 3, 8};
    static int32_t order[LINES];
    uint64_t state = 3;
    in_order(order);
    patron_features *features = build(order, 1, false, 1, NULL, NULL);
    uint64_t want = fingerprint(features);
    patron_features_free(features);
    for (int32_t i = 0; i < 4; i++) {
        if (i > 0) shuffle(order, &state);
        features = build(order, i == 0 ? 1 : 1 + test_below(&state, MOST_BATCHES), i % 2 == 1, threads[i], NULL, NULL);
        ck_assert_uint_eq(fingerprint(features), want);
        patron_features_free(features);
    }
}
END_TEST

/* Whole batches of numbers, so that the same customers come as numbers and as digits. */
START_TEST(test_numbers_are_their_digits)
{
    static int32_t order[LINES];
    in_order(order);
    for (int32_t i = 0; i < LINES; i++) shop[i].customer -= shop[i].customer % 4 / 2 * 2;
    patron_features *features = build(order, 1, false, 2, NULL, NULL);
    uint64_t want = fingerprint(features);
    patron_features_free(features);
    features = build(order, 4, true, 2, NULL, NULL);
    ck_assert_uint_eq(fingerprint(features), want);
    patron_features_free(features);
    make_shop();
}
END_TEST

START_TEST(test_rejected_rows_and_duplicates_have_their_fates_anywhere)
{
    static int32_t order[LINES];
    static uint8_t fates[LINES], others[LINES];
    patron_history_options options;
    uint64_t state = 5;
    patron_history_options_init(&options, sizeof options);
    options.duplicates = PATRON_DUPLICATES_DROP;
    for (int64_t i = 0; i < LINES; i++) {
        if (i >= LINES / 2 && i % 2 == 0) shop[i] = shop[i - LINES / 2];
        shop[i].rejected = test_below(&state, 5) == 0;
    }
    in_order(order);
    patron_features *one = build(order, 1, false, 1, &options, fates);
    patron_features *two = build(order, 7, false, 3, &options, others);
    ck_assert_uint_eq(fingerprint(one), fingerprint(two));
    ck_assert_mem_eq(fates, others, LINES);
    int64_t duplicates = 0;
    for (int64_t i = 0; i < LINES; i++) {
        bool again = i >= LINES / 2 && i % 2 == 0 && !shop[i].rejected && !shop[i - LINES / 2].rejected;
        int want = again ? PATRON_FATE_DUPLICATE : PATRON_FATE_PURCHASE;
        if (shop[i].rejected) want = shop[i].customer % 2 == 0 ? PATRON_FATE_NO_CUSTOMER : PATRON_FATE_UNREADABLE;
        duplicates += again;
        ck_assert_int_eq(fates[i], want);
    }
    ck_assert_int_gt(duplicates, 1000);
    patron_features_free(two);
    patron_features_free(one);
    make_shop();
}
END_TEST

/* One customer's lines are a group too large for a worker's own memory; then as many customers as lines. */
START_TEST(test_one_customer_with_many_lines_and_many_with_one)
{
    enum { MANY = 300000 };
    int64_t *ids = calloc(MANY, 8), *times = calloc(MANY, 8), *amounts = calloc(MANY, 8), *orders = calloc(MANY, 8);
    for (int turn = 0; turn < 2; turn++) {
        patron_history *history;
        patron_features *features;
        patron_orders batch;
        patron_context context;
        patron_context_init(&context, sizeof context);
        context.threads = 2;
        for (int64_t i = 0; i < MANY; i++) {
            ids[i] = turn == 0 ? 7 : i * 7919 % MANY;
            times[i] = i * 7919 % MANY * 10;
            amounts[i] = i + 1;
            orders[i] = i % 1000;
        }
        patron_orders_init(&batch, sizeof batch);
        batch.rows = MANY;
        batch.customer_number = ids;
        batch.order_number = orders;
        batch.time_s = times;
        batch.amount = amounts;
        ck_assert_int_eq(patron_history_create(&history, NULL, &context, NULL), PATRON_OK);
        ck_assert_int_eq(patron_history_append(history, &batch, &context, NULL), PATRON_OK);
        ck_assert_int_eq(patron_features_build(&features, history, NULL, &context, NULL), PATRON_OK);
        ck_assert_int_eq(patron_features_customer_count(features), turn == 0 ? 1 : MANY);
        patron_audit audit = {.size = sizeof audit};
        ck_assert_int_eq(patron_features_audit(&audit, features, NULL), PATRON_OK);
        ck_assert_int_eq(audit.gross, (int64_t)MANY * (MANY + 1) / 2);
        ck_assert_int_eq(audit.orders, turn == 0 ? 1000 : MANY);
        ck_assert_int_eq(audit.last_s, (int64_t)(MANY - 1) * 10);
        patron_features_free(features);
        patron_history_free(history);
    }
    free(orders);
    free(amounts);
    free(times);
    free(ids);
}
END_TEST

static void expect_rounds_change_nothing(int32_t habits, const patron_history_options *options, int64_t window_days)
{
    static int32_t order[LINES];
    patron_history *history;
    ptn_context context;
    ptn_purchases one, other;
    ptn_team team;
    const ptn_question question = {.as_of_s = AS_OF_S, .recent_days = 90, .habits = habits, .window_days = window_days};
    in_order(order);
    ck_assert_int_eq(patron_history_create(&history, options, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append_rows(history, order, 0, LINES, true, NULL), PATRON_OK);
    ck_assert_int_eq(append_rows(history, order, LINES / 2, LINES / 8, true, NULL), PATRON_OK); /* once more */
    ck_assert_int_eq(ptn_context_read(&context, NULL, NULL), PATRON_OK);
    context.threads = 3;
    ptn_team_open(&team, &context);
    ck_assert_int_eq(ptn_purchases_build(&one, NULL, history, &question, &team, "test", 1.0, NULL), PATRON_OK);
    for (int64_t bytes = 1; bytes < 10000000; bytes *= 10) {
        ptn_question small = question;
        small.round_bytes = bytes;
        ck_assert_int_eq(ptn_purchases_build(&other, NULL, history, &small, &team, "test", 1.0, NULL), PATRON_OK);
        ck_assert_mem_eq(&one.audit, &other.audit, sizeof one.audit);
        ck_assert_mem_eq(one.customers, other.customers, (size_t)one.count * sizeof *one.customers);
        for (int64_t c = 0; c < one.count; c++)
            if (one.customers[c].orders > 0) ck_assert_mem_eq(&one.habits[c], &other.habits[c], sizeof *one.habits);
        ptn_purchases_free(&other);
    }
    ptn_purchases_free(&one);
    ptn_team_close(&team);
    patron_history_free(history);
}

START_TEST(test_rounds_change_nothing)
{
    const int32_t of_lines = PTN_HABIT_RHYTHM | PTN_HABIT_LINES | PTN_HABIT_CHANNELS;
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    expect_rounds_change_nothing(PTN_HABIT_RHYTHM, &options, 0);
    expect_rounds_change_nothing(PTN_HABIT_RHYTHM, &options, 1000);
    expect_rounds_change_nothing(of_lines, &options, 0); /* by briefs */
    options.duplicates = PATRON_DUPLICATES_DROP;         /* by lines */
    expect_rounds_change_nothing(of_lines, &options, 0);
    options.match_cancellations = 1;
    expect_rounds_change_nothing(of_lines, &options, 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("history at scale");
    TCase *tests = tcase_create("history at scale");
    make_shop();
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_features_are_those_of_sorted_lines);
    tcase_add_test(tests, test_features_do_not_depend_on_threads_batches_order_or_columns);
    tcase_add_test(tests, test_numbers_are_their_digits);
    tcase_add_test(tests, test_rejected_rows_and_duplicates_have_their_fates_anywhere);
    tcase_add_test(tests, test_one_customer_with_many_lines_and_many_with_one);
    tcase_add_test(tests, test_rounds_change_nothing);
    return run_suite(suite);
}
