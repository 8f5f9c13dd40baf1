/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several ids of one customer: in any order with appends and forgets, what is built equals, to the bit, what is built
   from a history whose rows had the last id. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "features/features.h"
#include "history/history.h"
#include "matrix/matrix.h"
#include "support/code_texts.h"
#include "support/order_lines.h"
#include "support/suite.h"

enum { MOST_LINES = 60, IDS = 10 };

/* Those of random_lines, and two that no line has. */
static const char *const ids[IDS] = {"7",         "12",         "120",  "-3",     "12345678",
                                     "123456789", "1234567891", "none", "nobody", "a long id of nobody"};

static patron_status merge(patron_history *history, const char *id, const char *into)
{
    return patron_history_merge(history, (const uint8_t *)id, (int64_t)strlen(id), (const uint8_t *)into,
                                (int64_t)strlen(into), NULL, NULL);
}

static patron_history *fresh(const patron_history_options *options)
{
    patron_history *history;
    ck_assert_int_eq(patron_history_create(&history, options, NULL, NULL), PATRON_OK);
    return history;
}

static void expect_same(const patron_history *a, const patron_history *b, int64_t as_of_s)
{
    uint8_t x[MOST_LINES], y[MOST_LINES];
    patron_features *one, *other;
    patron_features_options options;
    int64_t rows = patron_history_row_count(a);
    ck_assert_int_eq(patron_history_row_count(b), rows);
    ck_assert_int_eq(patron_history_fates(x, a, as_of_s, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_fates(y, b, as_of_s, NULL, NULL), PATRON_OK);
    ck_assert_mem_eq(x, y, (size_t)rows);
    patron_audit audit = {.size = sizeof audit}, same = {.size = sizeof same};
    ck_assert_int_eq(patron_history_audit(&audit, a, as_of_s, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_audit(&same, b, as_of_s, NULL, NULL), PATRON_OK);
    ck_assert_mem_eq(&audit, &same, sizeof audit);
    patron_features_options_init(&options, sizeof options);
    options.as_of_s = as_of_s;
    patron_status status = patron_features_build(&one, a, &options, NULL, NULL);
    ck_assert_int_eq(patron_features_build(&other, b, &options, NULL, NULL), status);
    if (status == PATRON_OK) {
        ck_assert_int_eq(one->rows, other->rows);
        ck_assert_mem_eq(one->id_ends, other->id_ends, (size_t)(one->rows + 1) * sizeof *one->id_ends);
        ck_assert_mem_eq(one->id_bytes, other->id_bytes, (size_t)one->id_ends[one->rows]);
        ck_assert_mem_eq(one->values, other->values, (size_t)one->rows * sizeof *one->values);
        ck_assert_mem_eq(one->matrix->values, other->matrix->values,
                         (size_t)(one->rows * patron_feature_count()) * sizeof(double));
        ck_assert(same_code_texts(one, other));
    }
    patron_features_free(one);
    patron_features_free(other);
}

/* What was told to a history: its lines, which of them are there, and which id is merged into which. */
typedef struct story {
    oracle_line lines[MOST_LINES];
    bool there[MOST_LINES];
    int32_t into[IDS]; /* or -1 */
    int64_t count, merges, circles;
} story;

static int32_t root_of(const story *s, int32_t id)
{
    while (s->into[id] >= 0) id = s->into[id];
    return id;
}

static int32_t number_of(const char *id)
{
    for (int32_t i = 0; id != NULL && i < IDS; i++)
        if (strcmp(ids[i], id) == 0) return i;
    return -1;
}

static void merge_two(story *s, patron_history *history, uint64_t *state)
{
    int32_t a = (int32_t)test_below(state, IDS), b = (int32_t)test_below(state, IDS);
    bool circle = root_of(s, b) == a, taken = s->into[a] >= 0 && s->into[a] != b;
    ck_assert_int_eq(merge(history, ids[a], ids[b]), circle || taken ? PATRON_INVALID_ARGUMENT : PATRON_OK);
    s->circles += circle;
    if (circle || taken) return;
    s->merges += s->into[a] < 0;
    s->into[a] = b;
}

static void forget_one(story *s, patron_history *history, uint64_t *state)
{
    int32_t id = (int32_t)test_below(state, IDS), root = root_of(s, id), roots[IDS];
    bool known = s->into[id] >= 0;
    for (int32_t i = 0; i < IDS; i++) {
        roots[i] = root_of(s, i);
        known = known || s->into[i] == id;
    }
    for (int64_t i = 0; i < s->count; i++) known = known || (s->there[i] && number_of(s->lines[i].customer) == id);
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)ids[id], (int64_t)strlen(ids[id]), NULL, NULL),
                     known ? PATRON_OK : PATRON_UNKNOWN_CUSTOMER);
    for (int64_t i = 0; known && i < s->count; i++) {
        int32_t whose = number_of(s->lines[i].customer);
        if (whose >= 0 && roots[whose] == root) s->there[i] = false;
    }
    for (int32_t i = 0; known && i < IDS; i++)
        if (roots[i] == root) s->into[i] = -1;
}

START_TEST(test_merged_ids_equal_one_id_in_any_order)
{
    uint64_t state = 11;
    int64_t merges = 0, circles = 0;
    for (int round = 0; round < 400; round++) {
        story s = {.count = 0};
        patron_history_options options;
        patron_history_options_init(&options, sizeof options);
        options.duplicates = (int32_t)test_below(&state, 2);
        patron_history *history = fresh(&options), *plain = fresh(&options);
        memset(s.into, 0xFF, sizeof s.into);
        while (s.count < MOST_LINES - 15) {
            int64_t rows = 1 + test_below(&state, 15);
            random_lines(s.lines + s.count, rows, &state);
            ck_assert_int_eq(append_lines(history, s.lines + s.count, rows, false, NULL, NULL), PATRON_OK);
            for (int64_t i = 0; i < rows; i++) s.there[s.count + i] = true;
            s.count += rows;
            for (int64_t n = test_below(&state, 4); n > 0; n--) merge_two(&s, history, &state);
            if (test_below(&state, 4) == 0) forget_one(&s, history, &state);
        }
        for (int64_t i = 0; i < s.count; i++) {
            oracle_line line = s.lines[i];
            int32_t id = number_of(line.customer);
            if (id >= 0) line.customer = ids[root_of(&s, id)];
            if (s.there[i]) ck_assert_int_eq(append_lines(plain, &line, 1, false, NULL, NULL), PATRON_OK);
        }
        expect_same(history, plain, PATRON_AS_OF_LAST);
        expect_same(history, plain, s.lines[0].time_s);
        merges += s.merges;
        circles += s.circles;
        patron_history_free(plain);
        patron_history_free(history);
    }
    ck_assert_int_gt(merges, 400);
    ck_assert_int_gt(circles, 50);
}
END_TEST

START_TEST(test_long_chains_and_bad_merges)
{
    patron_history *history = fresh(NULL);
    oracle_line line = {.customer = "c0", .order = "1", .amount = 10000, .quantity = 1};
    patron_features *features;
    const uint8_t *id;
    int64_t length;
    char from[16], into[16];
    ck_assert_int_eq(append_lines(history, &line, 1, false, NULL, NULL), PATRON_OK);
    for (int i = 0; i < 20000; i++) {
        snprintf(from, sizeof from, "c%d", i);
        snprintf(into, sizeof into, "c%d", i + 1);
        ck_assert_int_eq(merge(history, from, into), PATRON_OK);
    }
    ck_assert_int_eq(merge(history, "c20000", "c0"), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(merge(history, "c5", "c5"), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(merge(history, "x", "x"), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(merge(history, "c5", "c7"), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(merge(history, "c5", "c6"), PATRON_OK);
    ck_assert_int_eq(merge(history, "\xFF", "c6"), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(merge(history, "y", "\xFF"), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(merge(history, "", "c6"), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(merge(NULL, "a", "b"), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_merge(history, NULL, 1, (const uint8_t *)"b", 1, NULL, NULL),
                     PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(patron_history_merge(history, (const uint8_t *)"b", 1, NULL, 1, NULL, NULL),
                     PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(ptn_intern_count(&history->customers), 20001);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_customer_count(features), 1);
    ck_assert_int_eq(patron_features_customer_id(&id, &length, features, 0, NULL), PATRON_OK);
    ck_assert_int_eq(length, 6);
    ck_assert_mem_eq(id, "c20000", 6);
    patron_features_free(features);
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"c9", 2, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_row_count(history), 0);
    ck_assert_int_eq(ptn_intern_count(&history->customers), 0);
    ck_assert_int_eq(history->merged.count, 0);
    patron_history_free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("merge");
    TCase *tests = tcase_create("merge");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_merged_ids_equal_one_id_in_any_order);
    tcase_add_test(tests, test_long_chains_and_bad_merges);
    return run_suite(suite);
}
