/* SPDX-License-Identifier: GPL-3.0-or-later */
/* History when memory ends or the caller cancels: an append is all or nothing, and nothing leaks. */
#include <stdbool.h>
#include <string.h>

#include <patron/patron.h>

#include "support/order_lines.h"
#include "support/suite.h"
#include "support/table.h"

enum { ROWS = 3 };

/* Appends, audits and builds with so many allocations; tells whether all of it worked. */
static bool live_on(int64_t allocations, const oracle_line *lines, int64_t count)
{
    meter m = {.allowed = allocations, .callbacks = INT64_MAX};
    patron_context context = meter_context(&m);
    patron_history_options options;
    patron_history *history = NULL;
    patron_features *features = NULL;
    patron_error error;
    patron_history_options_init(&options, sizeof options);
    options.duplicates = PATRON_DUPLICATES_DROP;
    patron_status status = patron_history_create(&history, &options, &context, &error);
    ck_assert_int_eq(status == PATRON_OK, history != NULL);
    for (int64_t at = 0; status == PATRON_OK && at < count; at += count / 2) {
        status = append_lines(history, lines + at, count / 2, false, &context, &error);
        if (status == PATRON_OK) continue;
        /* As before, and still good for the same batch. */
        ck_assert_int_eq(patron_history_row_count(history), at);
        m.allowed = 1000;
        patron_audit audit = {.size = sizeof audit};
        ck_assert_int_eq(patron_history_audit(&audit, history, PATRON_AS_OF_LAST, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(audit.rows_read, at);
        ck_assert_int_eq(append_lines(history, lines + at, count / 2, false, &context, NULL), PATRON_OK);
        ck_assert_int_eq(patron_history_row_count(history), at + count / 2);
    }
    if (status == PATRON_OK) {
        status = patron_features_build(&features, history, NULL, &context, &error);
        ck_assert_int_eq(status == PATRON_OK, features != NULL);
    }
    ck_assert(status == PATRON_OK || (status == PATRON_OUT_OF_MEMORY && error.status == status));
    patron_features_free(features);
    patron_history_free(history);
    ck_assert_int_eq(m.live, 0);
    return status == PATRON_OK;
}

START_TEST(test_append_is_all_or_nothing_when_memory_ends)
{
    oracle_line lines[200];
    uint64_t state = 23;
    int64_t allocations = 0;
    random_lines(lines, 200, &state);
    while (!live_on(allocations, lines, 200)) allocations++;
    ck_assert_int_gt(allocations, 20);
}
END_TEST

static int32_t count_down(void *user, const char *stage, double fraction)
{
    (void)fraction;
    ck_assert(strcmp(stage, "history") == 0 || strcmp(stage, "audit") == 0);
    return (*(int32_t *)user)-- <= 0;
}

START_TEST(test_append_audit_and_fates_can_be_cancelled)
{
    static const oracle_line lines[ROWS] = {{.customer = "a", .amount = 10000, .quantity = 1},
                                            {.customer = "b", .amount = 10000, .quantity = 1},
                                            {.customer = "c", .amount = 10000, .quantity = 1}};
    patron_history *history;
    patron_audit audit = {.size = sizeof audit};
    patron_context context;
    uint8_t fates[ROWS];
    int32_t left = 0;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    patron_context_init(&context, sizeof context);
    context.progress = count_down;
    context.progress_user = &left;
    ck_assert_int_eq(append_lines(history, lines, ROWS, false, &context, NULL), PATRON_CANCELLED);
    ck_assert_int_eq(patron_history_row_count(history), 0);
    ck_assert_int_eq(append_lines(history, lines, ROWS, false, NULL, NULL), PATRON_OK);
    for (int32_t i = 0; i < 3; i++) {
        left = i;
        ck_assert_int_eq(patron_history_audit(&audit, history, 0, &context, NULL), PATRON_CANCELLED);
        left = i;
        ck_assert_int_eq(patron_history_fates(fates, history, 0, &context, NULL), PATRON_CANCELLED);
    }
    left = 1000;
    ck_assert_int_eq(patron_history_audit(&audit, history, 0, &context, NULL), PATRON_OK);
    patron_history_free(history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("history, interrupted");
    TCase *tests = tcase_create("history, interrupted");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_append_is_all_or_nothing_when_memory_ends);
    tcase_add_test(tests, test_append_audit_and_fates_can_be_cancelled);
    return run_suite(suite);
}
