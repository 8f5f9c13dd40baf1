/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products, categories and channels lie in one or two bytes a line until there are too many of them: which width a
   column has, and when it became wide, has no effect. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "history/history.h"
#include "support/suite.h"
#include "support/table.h"
#include "support/text_column.h"

enum { LABELS = 3, TEXT = 64, CUSTOMERS = 50, FEW = 2000, FORGOTTEN = 7 };

/* Lines of a batch: `most` products, categories and channels come in turns. */
typedef struct batch {
    int64_t from, rows, most[LABELS];
    bool longer; /* texts that are no short keys */
    bool fails;  /* the last row's time cannot be */
} batch;

/* Some of the first rows have no text. */
static bool is_missing(int32_t which, int64_t row) { return row < 3 * FEW && row % 11 == which; }

static int label(char text[TEXT], const batch *b, int32_t which, int64_t row)
{
    return snprintf(text, TEXT, b->longer ? "%c, which is no short key: %d" : "%c%d", "pgh"[which],
                    (int)(row % b->most[which]));
}

static patron_status append(patron_history *history, const batch *b, const patron_context *context)
{
    patron_orders orders;
    text_column texts[LABELS];
    int64_t *customers = calloc((size_t)b->rows, sizeof *customers), *times = calloc((size_t)b->rows, sizeof *times),
            *amounts = calloc((size_t)b->rows, sizeof *amounts);
    for (int32_t w = 0; w < LABELS; w++) text_column_open(&texts[w]);
    for (int64_t i = 0; i < b->rows; i++) {
        int64_t row = b->from + i;
        char text[TEXT];
        customers[i] = row % CUSTOMERS;
        times[i] = b->fails && i == b->rows - 1 ? INT64_MAX : row / 3 * 1000;
        amounts[i] = 1 + row * 7919 % 1000;
        for (int32_t w = 0; w < LABELS; w++) {
            int length = label(text, b, w, row);
            text_column_add(&texts[w], is_missing(w, row) ? NULL : text, length);
        }
    }
    patron_orders_init(&orders, sizeof orders);
    orders.rows = b->rows;
    orders.customer_number = customers;
    orders.time_s = times;
    orders.amount = amounts;
    orders.product = text_column_view(&texts[0]);
    orders.category = text_column_view(&texts[1]);
    orders.channel = text_column_view(&texts[2]);
    patron_status status = patron_history_append(history, &orders, context, NULL);
    for (int32_t w = 0; w < LABELS; w++) text_column_free(&texts[w]);
    free(amounts);
    free(times);
    free(customers);
    return status;
}

/* Lines from `line` on are those of the batch, but for what was forgotten; the line after them. */
static int64_t check(const patron_history *h, int64_t line, const batch *b, bool forgotten)
{
    const ptn_intern *interns[LABELS] = {&h->products, &h->categories, &h->channels};
    for (int64_t row = b->from; row < b->from + b->rows; row++) {
        if (forgotten && row % CUSTOMERS == FORGOTTEN) continue;
        const int32_t numbers[LABELS] = {ptn_line_product(h, line), ptn_line_category(h, line),
                                         ptn_line_channel(h, line)};
        for (int32_t w = 0; w < LABELS; w++) {
            char wanted[TEXT];
            uint8_t room[PTN_KEY_TEXT];
            const uint8_t *bytes;
            bool fine = (numbers[w] < 0) == is_missing(w, row);
            if (fine && numbers[w] >= 0) {
                int64_t length = label(wanted, b, w, row);
                fine = ptn_intern_get(&bytes, room, interns[w], numbers[w]) == length &&
                       memcmp(bytes, wanted, (size_t)length) == 0;
            }
            if (!fine) ck_abort_msg("row %d: text %d has number %d", (int)row, (int)w, (int)numbers[w]);
        }
        line++;
    }
    return line;
}

static patron_features *features_of(const patron_history *history, int32_t threads)
{
    patron_features *features;
    patron_features_options options;
    patron_context context;
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    patron_features_options_init(&options, sizeof options);
    options.as_of_s = 100000000;
    ck_assert_int_eq(patron_features_build(&features, history, &options, &context, NULL), PATRON_OK);
    return features;
}

/* Features of the history as it is, and with all columns wide, are the same. */
static void check_features(patron_history *history)
{
    const uint32_t texts = PTN_WIDE_PRODUCT | PTN_WIDE_CATEGORY | PTN_WIDE_CHANNEL;
    patron_features *narrow = features_of(history, 1), *wide;
    ck_assert_int_eq(ptn_history_widen(history, texts, ptn_history_lines(history), NULL), PATRON_OK);
    ck_assert_uint_eq(history->wide & texts, texts);
    wide = features_of(history, 2);
    const patron_matrix *a = patron_features_matrix(narrow), *b = patron_features_matrix(wide);
    int64_t rows = patron_features_customer_count(narrow), cols = patron_matrix_column_count(a);
    ck_assert_int_eq(rows, patron_features_customer_count(wide));
    ck_assert_mem_eq(patron_matrix_values(a), patron_matrix_values(b), (size_t)(rows * cols) * sizeof(double));
    patron_features_free(narrow);
    patron_features_free(wide);
}

static patron_history *create(int32_t duplicates, const patron_context *context)
{
    patron_history *history;
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    options.duplicates = duplicates;
    ck_assert_int_eq(patron_history_create(&history, &options, context, NULL), PATRON_OK);
    return history;
}

/* As many texts as narrow columns hold, and one more; short ones, which threads number, and long ones; after a batch
   with few of them. */
START_TEST(test_columns_become_wide_for_one_text_more)
{
    static const int64_t narrow[LABELS] = {UINT16_MAX, UINT8_MAX, UINT8_MAX};
    for (int32_t turn = 0; turn < 4; turn++) {
        bool longer = turn % 2 != 0, more = turn > 1;
        const batch few = {0, FEW, {200, 100, 3}, longer, false};
        const batch most = {
            FEW, UINT16_MAX + 3 * FEW, {narrow[0] + more, narrow[1] + more, narrow[2] + more}, longer, false};
        patron_context context;
        patron_context_init(&context, sizeof context);
        context.threads = 1 + turn;
        patron_history *history = create(PATRON_DUPLICATES_KEEP, &context);
        ck_assert_int_eq(append(history, &few, &context), PATRON_OK);
        ck_assert_uint_eq(history->wide, 0);
        check(history, 0, &few, false);
        ck_assert_int_eq(append(history, &most, &context), PATRON_OK);
        ck_assert_int_eq(ptn_intern_count(&history->products), narrow[0] + more);
        ck_assert_int_eq(ptn_intern_count(&history->categories), narrow[1] + more);
        ck_assert_int_eq(ptn_intern_count(&history->channels), narrow[2] + more);
        ck_assert_uint_eq(history->wide, more ? PTN_WIDE_PRODUCT | PTN_WIDE_CATEGORY | PTN_WIDE_CHANNEL : 0);
        check(history, check(history, 0, &few, false), &most, false);
        ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"7", 1, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(check(history, check(history, 0, &few, true), &most, true), ptn_history_lines(history));
        check_features(history);
        patron_history_free(history);
    }
}
END_TEST

/* Where single lines are gathered, and where an append fails after it has made columns wide. */
START_TEST(test_a_batch_that_fails_leaves_the_labels)
{
    for (int32_t longer = 0; longer < 2; longer++) {
        const batch few = {0, FEW, {20, 10, 3}, longer != 0, false};
        const batch bad = {FEW, 40000, {70000, 300, 300}, longer != 0, true};
        patron_history *history = create(PATRON_DUPLICATES_DROP, NULL);
        ck_assert_int_eq(append(history, &few, NULL), PATRON_OK);
        ck_assert_int_eq(append(history, &bad, NULL), PATRON_OUT_OF_RANGE);
        ck_assert_uint_ne(history->wide & PTN_WIDE_CATEGORY, 0);
        ck_assert_int_eq(check(history, 0, &few, false), ptn_history_lines(history));
        ck_assert_int_eq(ptn_intern_count(&history->categories), few.most[1]);
        batch next = few;
        next.from = FEW;
        ck_assert_int_eq(append(history, &next, NULL), PATRON_OK);
        ck_assert_int_eq(check(history, check(history, 0, &few, false), &next, false), ptn_history_lines(history));
        check_features(history);
        patron_history_free(history);
    }
}
END_TEST

/* Lines without labels come before the columns are there, and after they are wide. */
START_TEST(test_lines_without_labels_have_none)
{
    static const int64_t customers[] = {1, 2}, times[] = {0, 1}, amounts[] = {10000, 20000};
    const batch few = {0, FEW, {20, 10, 3}, false, false}, many = {FEW, FEW, {900, 400, 300}, false, false};
    patron_history *history = create(PATRON_DUPLICATES_DROP, NULL);
    patron_orders bare;
    patron_orders_init(&bare, sizeof bare);
    bare.rows = 2;
    bare.customer_number = customers;
    bare.time_s = times;
    bare.amount = amounts;
    ck_assert_int_eq(patron_history_append(history, &bare, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append(history, &few, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &bare, NULL, NULL), PATRON_OK);
    ck_assert_uint_eq(history->wide, 0);
    ck_assert_int_eq(append(history, &many, NULL), PATRON_OK);
    ck_assert_uint_eq(history->wide, PTN_WIDE_CATEGORY | PTN_WIDE_CHANNEL);
    ck_assert_int_eq(patron_history_append(history, &bare, NULL, NULL), PATRON_OK);
    for (int64_t i = 0; i < 2; i++) {
        const int64_t lines[] = {i, 2 + FEW + i, 4 + 2 * FEW + i};
        for (int32_t l = 0; l < 3; l++) {
            ck_assert_int_eq(ptn_line_product(history, lines[l]), -1);
            ck_assert_int_eq(ptn_line_category(history, lines[l]), -1);
            ck_assert_int_eq(ptn_line_channel(history, lines[l]), -1);
        }
    }
    check(history, check(history, 2, &few, false) + 2, &many, false);
    check_features(history);
    patron_history_free(history);
}
END_TEST

START_TEST(test_memory_failure_while_labels_become_wide_leaves_them)
{
    for (int32_t longer = 0; longer < 2; longer++) {
        const batch few = {0, FEW, {20, 10, 3}, longer != 0, false},
                    many = {FEW, FEW, {900, 400, 300}, longer != 0, false};
        meter m = {.allowed = INT64_MAX, .callbacks = INT64_MAX};
        int32_t failures = 0;
        patron_context context = meter_context(&m);
        patron_history *history = create(PATRON_DUPLICATES_KEEP, &context);
        ck_assert_int_eq(append(history, &few, &context), PATRON_OK);
        for (int32_t allowed = 0;; allowed++) {
            m.allowed = allowed;
            patron_status status = append(history, &many, &context);
            m.allowed = INT64_MAX;
            if (status == PATRON_OK) break;
            ck_assert_int_eq(status, PATRON_OUT_OF_MEMORY);
            ck_assert_int_eq(check(history, 0, &few, false), ptn_history_lines(history));
            failures++;
        }
        ck_assert_int_gt(failures, 8);
        check(history, check(history, 0, &few, false), &many, false);
        patron_history_free(history);
        ck_assert_int_eq(m.live, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("labels of lines");
    TCase *tests = tcase_create("labels of lines");
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_columns_become_wide_for_one_text_more);
    tcase_add_test(tests, test_a_batch_that_fails_leaves_the_labels);
    tcase_add_test(tests, test_lines_without_labels_have_none);
    tcase_add_test(tests, test_memory_failure_while_labels_become_wide_leaves_them);
    return run_suite(suite);
}
