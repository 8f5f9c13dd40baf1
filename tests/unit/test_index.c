/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of texts with an index of numbers says what one without says, whatever comes, goes or is taken back. */
#include <stdio.h>
#include <string.h>

#include "history/intern.h"
#include "support/suite.h"

/* More texts than have no index, with numbers up to so many. */
enum { TEXTS = 12000, NUMBERS = 30000, TEXT = 32 };

/* Mostly numbers, in any order; some are far away, negative or none. */
static int spell(char text[TEXT], int64_t i)
{
    int64_t number = i * 7919 % NUMBERS;
    if (i % 50 == 7) return snprintf(text, TEXT, "%lld", (long long)number * 1000000007);
    if (i % 50 == 8) return snprintf(text, TEXT, "-%lld", (long long)number + 1);
    if (i % 50 == 9) return snprintf(text, TEXT, "customer %lld", (long long)number);
    if (i % 50 == 10) return snprintf(text, TEXT, "c%lld", (long long)number);
    return snprintf(text, TEXT, "%lld", (long long)number);
}

static int32_t find(const ptn_intern *intern, int64_t i)
{
    char text[TEXT];
    int length = spell(text, i);
    return ptn_intern_find(intern, (const uint8_t *)text, length);
}

static int32_t add(ptn_intern *intern, int64_t i, const ptn_memory *memory)
{
    char text[TEXT];
    int32_t number;
    int length = spell(text, i);
    ck_assert_int_eq(ptn_intern_text(&number, intern, (const uint8_t *)text, length, memory, NULL), PATRON_OK);
    return number;
}

static void open_tables(ptn_intern tables[2], ptn_context *context)
{
    ptn_siphash_key key;
    ck_assert_int_eq(ptn_context_read(context, NULL, NULL), PATRON_OK);
    ptn_siphash_key_make(&key);
    for (int t = 0; t < 2; t++) ptn_intern_open(&tables[t], "texts", &key);
}

static void expect_same(const ptn_intern tables[2])
{
    int64_t indexed = 0, count = ptn_intern_count(&tables[0]);
    ck_assert_int_eq(ptn_intern_count(&tables[1]), count);
    for (int64_t i = 0; i < TEXTS; i++) ck_assert_int_eq(find(&tables[1], i), find(&tables[0], i));
    for (int64_t n = 0; n < tables[1].indexed; n++) indexed += tables[1].index[n] != 0;
    ck_assert_int_eq(indexed, tables[1].index_texts);
    ck_assert_int_eq(ptn_intern_slotted(&tables[0]), count);
    for (int64_t s = 0, slots = 0; s <= tables[1].slot_count; s++) {
        if (s == tables[1].slot_count)
            ck_assert_int_eq(slots, ptn_intern_slotted(&tables[1]));
        else
            slots += tables[1].slots[s].number != 0;
    }
}

START_TEST(test_an_index_changes_nothing)
{
    static int32_t numbers[TEXTS];
    ptn_context context;
    ptn_intern tables[2];
    open_tables(tables, &context);
    for (int64_t i = 0; i < TEXTS; i++) {
        if (i % 1000 == 0) ck_assert_int_eq(ptn_intern_make_index(&tables[1], &context.memory, NULL), PATRON_OK);
        ck_assert((tables[1].index != NULL) == (i > 4999));
        ck_assert_int_eq(add(&tables[1], i, &context.memory), add(&tables[0], i, &context.memory));
    }
    ck_assert_int_ge(tables[1].indexed, NUMBERS - 10);
    ck_assert_int_lt(tables[1].indexed, NUMBERS * 5 / 4 + 10); /* what is far away does not count */
    ck_assert_int_gt(tables[1].index_texts, TEXTS * 9 / 10 - 100);
    expect_same(tables);
    for (int t = 0; t < 2; t++) ptn_intern_truncate(&tables[t], TEXTS - 3000);
    expect_same(tables);
    for (int64_t i = TEXTS - 1; i >= TEXTS - 2000; i--)
        ck_assert_int_eq(add(&tables[1], i, &context.memory), add(&tables[0], i, &context.memory));
    expect_same(tables);
    int64_t count = ptn_intern_count(&tables[0]);
    for (int32_t i = 0, next = 0; i < count; i++) numbers[i] = i % 3 == 0 ? -1 : next++;
    for (int t = 0; t < 2; t++) ptn_intern_keep(&tables[t], numbers);
    expect_same(tables);
    ck_assert_int_eq(ptn_intern_make_index(&tables[1], &context.memory, NULL), PATRON_OK);
    for (int64_t i = 0; i < TEXTS; i++)
        ck_assert_int_eq(add(&tables[1], i, &context.memory), add(&tables[0], i, &context.memory));
    expect_same(tables);
    for (int t = 0; t < 2; t++) ptn_intern_truncate(&tables[t], 0);
    expect_same(tables);
    for (int t = 0; t < 2; t++) ptn_intern_free(&tables[t], &context.memory);
}
END_TEST

/* Far numbers among them make no index, nor do few texts; larger ones to come make a longer one. */
START_TEST(test_an_index_is_as_long_as_numbers_have_few_gaps)
{
    ptn_context context;
    ptn_intern tables[2];
    int32_t number;
    open_tables(tables, &context);
    ptn_intern *intern = &tables[0];
    for (int64_t i = 0; i < PTN_INTERN_FEW - 1; i++)
        ck_assert_int_eq(ptn_intern_integer(&number, intern, i, &context.memory, NULL), PATRON_OK);
    ck_assert_int_eq(ptn_intern_make_index(intern, &context.memory, NULL), PATRON_OK);
    ck_assert_ptr_null(intern->index);
    ck_assert_int_eq(ptn_intern_integer(&number, intern, PTN_INTERN_FEW, &context.memory, NULL), PATRON_OK);
    ck_assert_int_eq(ptn_intern_make_index(intern, &context.memory, NULL), PATRON_OK);
    int64_t indexed = intern->indexed;
    ck_assert_int_eq(indexed, PTN_INTERN_FEW * 5 / 4 + 1);
    ck_assert_int_eq(ptn_intern_integer(&number, intern, indexed, &context.memory, NULL), PATRON_OK);
    ck_assert_int_eq(intern->index_texts, PTN_INTERN_FEW);
    ck_assert_int_eq(ptn_intern_make_index(intern, &context.memory, NULL), PATRON_OK);
    ck_assert_int_eq(intern->index_texts, PTN_INTERN_FEW + 1);
    ck_assert_int_gt(intern->indexed, indexed);
    indexed = intern->indexed;
    ck_assert_int_eq(ptn_intern_integer(&number, intern, INT64_MAX, &context.memory, NULL), PATRON_OK);
    ck_assert_int_eq(ptn_intern_integer(&number, intern, INT64_MIN, &context.memory, NULL), PATRON_OK);
    ck_assert_int_eq(ptn_intern_make_index(intern, &context.memory, NULL), PATRON_OK);
    ck_assert_int_eq(intern->indexed, indexed);
    ck_assert_int_eq(ptn_intern_slotted(intern), 2);
    for (int t = 0; t < 2; t++) ptn_intern_free(&tables[t], &context.memory);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("index");
    TCase *tests = tcase_create("index");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_an_index_changes_nothing);
    tcase_add_test(tests, test_an_index_is_as_long_as_numbers_have_few_gaps);
    return run_suite(suite);
}
