/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrow streams of many rows, some of them wrong: which row is told when several threads read. */
#include <stdlib.h>

#include <patron/patron.h>

#include "support/arrow_stream.h"
#include "support/suite.h"

/* Of rows that several threads find wrong, one near the end of each block from some block on, the first is told. */
START_TEST(test_the_first_of_several_wrong_rows_is_told)
{
    enum { BLOCK = 8192, BLOCKS = 16, OF_BLOCKS = BLOCKS * BLOCK };
    arrow_cell *ids = calloc(OF_BLOCKS, sizeof *ids), *when = calloc(OF_BLOCKS, sizeof *when),
               *money = calloc(OF_BLOCKS, sizeof *money);
    const arrow_made_column three[] = {
        {"customer", "l", NULL, ids}, {"time", "l", NULL, when}, {"amount", "d:38,2", NULL, money}};
    patron_history *history;
    patron_context context;
    struct ArrowArrayStream stream;
    patron_context_init(&context, sizeof context);
    context.threads = 4;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    for (int64_t i = 0; i < OF_BLOCKS; i++) {
        ids[i].whole = i % 1000;
        when[i].whole = i;
        money[i].whole = 100;
    }
    /* With as many lines before them, all rows are read together. */
    for (int64_t good = BLOCKS; good > 0; good--) {
        arrow_source source = {.columns = three, .cols = 3, .rows = OF_BLOCKS};
        patron_error error;
        if (good < BLOCKS) money[(good + 1) * BLOCK - good].whole = (arrow_wide)1 << 100;
        arrow_stream_open(&stream, &source);
        patron_status status = patron_history_append_arrow(history, &stream, NULL, &context, &error);
        ck_assert_int_eq(status, good == BLOCKS ? PATRON_OK : PATRON_OUT_OF_RANGE);
        if (good < BLOCKS) ck_assert_int_eq(error.row, (good + 1) * BLOCK - good);
        ck_assert_int_eq(source.live, 0);
        ck_assert_int_eq(patron_history_row_count(history), OF_BLOCKS);
    }
    patron_history_free(history);
    free(money);
    free(when);
    free(ids);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arrow_rows");
    TCase *tests = tcase_create("arrow_rows");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_the_first_of_several_wrong_rows_is_told);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
