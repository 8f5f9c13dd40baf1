/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Customers by the bytes of their ids, whatever the ids look like: against qsort of the texts. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/dense.h"
#include "history/rank.h"
#include "support/order_lines.h"
#include "support/suite.h"

enum { TEXT = 320 };

/* How ids are written: the i-th of them. */
typedef int (*spelling)(char *text, int64_t i, int64_t step);

static int number(char *text, int64_t i, int64_t step)
{
    return snprintf(text, TEXT, "%lld", (long long)(i * step + (step > 1 ? i % step : 0)));
}

static int negative(char *text, int64_t i, int64_t step)
{
    return snprintf(text, TEXT, "%lld", (long long)(i * step - 5000));
}

static int short_one(char *text, int64_t i, int64_t step)
{
    return snprintf(text, TEXT, i % 5 == 0 ? "%lld" : "c-%lld", (long long)(i * step));
}

static int long_one(char *text, int64_t i, int64_t step)
{
    int length = snprintf(text, TEXT, "%lld", (long long)(i * step));
    for (int to = length + (int)(i % 3 == 0 ? i % (TEXT - 20) : 0); length < to; length++) text[length] = '!';
    text[length] = '\0';
    return length;
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The texts, interned in any order, come back in theirs. */
static void expect_any(spelling spell, int64_t count, int64_t step, int32_t threads, const char *what, bool indexed)
{
    patron_context asked;
    ptn_context context;
    ptn_siphash_key key;
    ptn_intern ids;
    ptn_team team;
    int32_t *order, number;
    uint8_t *lengths;
    uint64_t state = 11;
    char *texts = malloc((size_t)count * TEXT), **sorted = malloc((size_t)count * sizeof *sorted);
    for (int64_t i = 0; i < count; i++) spell(sorted[i] = texts + i * TEXT, i, step);
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t other = test_below(&state, i + 1);
        char *text = sorted[i];
        sorted[i] = sorted[other];
        sorted[other] = text;
    }
    patron_context_init(&asked, sizeof asked);
    asked.threads = threads;
    ck_assert_int_eq(ptn_context_read(&context, &asked, NULL), PATRON_OK);
    ptn_siphash_key_make(&key);
    ptn_intern_open(&ids, "customer ids", &key);
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *text = (const uint8_t *)sorted[i];
        patron_status status = ptn_intern_text(&number, &ids, text, (int64_t)strlen(sorted[i]), &context.memory, NULL);
        if (status != PATRON_OK || number != i) ck_abort_msg("%s: text %lld", what, (long long)i);
    }
    if (indexed) ck_assert_int_eq(ptn_intern_make_index(&ids, &context.memory, NULL), PATRON_OK);
    ptn_team_open(&team, &context);
    ck_assert_int_eq(ptn_rank(&order, &lengths, &ids, &team, "test", 0.0, 1.0, NULL), PATRON_OK);
    ptn_team_close(&team);
    qsort(sorted, (size_t)count, sizeof *sorted, by_bytes);
    int64_t wrong = -1; /* an assertion each takes sanitizers long */
    for (int64_t i = 0; i < count && wrong < 0; i++) {
        uint8_t short_text[PTN_KEY_TEXT];
        const uint8_t *bytes;
        int64_t length = ptn_intern_get(&bytes, short_text, &ids, order[i]), right = (int64_t)strlen(sorted[i]);
        bool same = length == right && memcmp(bytes, sorted[i], (size_t)length) == 0 &&
                    lengths[i] == (right < PTN_RANK_LONG ? right : PTN_RANK_LONG);
        if (!same) wrong = i;
    }
    ck_assert_msg(wrong < 0, "%s: place %lld", what, (long long)wrong);
    ptn_free(&context.memory, lengths);
    ptn_free(&context.memory, order);
    ptn_intern_free(&ids, &context.memory);
    free(sorted);
    free(texts);
}

static void expect_order(spelling spell, int64_t count, int64_t step, int32_t threads, const char *what)
{
    expect_any(spell, count, step, threads, what, false);
    if (spell == number || spell == negative) expect_any(spell, count, step, threads, what, true);
}

START_TEST(test_numbers_without_gaps)
{
    static const int64_t counts[] = {8193, 9999, 10000, 10001, 10010, 11112, 20000, 99999, 100000, 100001, 123456};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        expect_order(number, counts[i], 1, i % 3 == 0 ? 1 : 3, "without gaps");
}
END_TEST

START_TEST(test_numbers_with_gaps)
{
    static const int64_t steps[] = {2, 3, 4, 5, 10, 1000, 100000000000};
    ck_assert(ptn_dense(10000, 39999) && !ptn_dense(10000, 40000));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) expect_order(number, 20000, steps[i], 2, "with gaps");
}
END_TEST

START_TEST(test_few_and_other_ids)
{
    for (int64_t count = 1; count < 3000; count = count * 3 + 1) expect_order(number, count, 1, 2, "few");
    expect_order(negative, 20000, 1, 2, "negative");
    expect_order(negative, 20000, 7, 2, "negative, with gaps");
    expect_order(short_one, 20000, 3, 2, "short");
    expect_order(long_one, 20000, 3, 2, "long");
    expect_order(long_one, 100, 3, 2, "few and long");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rank");
    TCase *tests = tcase_create("rank");
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_numbers_without_gaps);
    tcase_add_test(tests, test_numbers_with_gaps);
    tcase_add_test(tests, test_few_and_other_ids);
    return run_suite(suite);
}
