/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means on a million rows: the callback comes often enough for a person to cancel, and cancelling leaves nothing.
   The longest silence is printed, not judged: it is the machine's affair too. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <patron/patron.h>

#include "support/suite.h"
#include "support/table.h"

enum { ROWS = 1000000, COLS = 8, K_MIN = 2, K_MAX = 4, COUNT = K_MAX - K_MIN + 1 };

/* What the callback saw, beside the meter that counts memory and cancels. */
typedef struct watch {
    meter meter;
    double last_s, gap_s; /* when the last call was; the longest time between two */
    double return_s;      /* from the last one to the return */
    char stage[64];       /* of the last call, */
    double fraction;      /* which runs up within it */
} watch;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void note_gap(watch *seen)
{
    double now = now_s();
    seen->gap_s = fmax(seen->gap_s, now - seen->last_s);
    seen->last_s = now;
}

static int32_t watch_progress(void *user, const char *stage, double fraction)
{
    watch *seen = user;
    note_gap(seen);
    ck_assert_ptr_nonnull(stage);
    bool on = strcmp(stage, seen->stage) == 0;
    ck_assert(fraction >= (on ? seen->fraction : 0.0) && fraction <= 1.0);
    snprintf(seen->stage, sizeof seen->stage, "%s", stage);
    seen->fraction = fraction;
    seen->meter.called++;
    return seen->meter.callbacks-- <= 0;
}

/* A sweep whose callback number `callbacks` (from 0) cancels. */
static patron_status sweep(watch *seen, const patron_rows *rows, int64_t callbacks, int32_t threads)
{
    patron_kmeans *handles[COUNT];
    patron_kmeans_options options;
    patron_error error;
    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = 2;
    options.max_iter = 8; /* as many passes as show the silences between them */
    *seen = (watch){.meter = {.allowed = INT64_MAX, .callbacks = callbacks}};
    patron_context context = meter_context(&seen->meter);
    context.progress = watch_progress;
    context.progress_user = seen;
    context.threads = threads;
    seen->last_s = now_s();
    patron_status status = patron_kmeans_sweep(handles, NULL, rows, K_MIN, K_MAX, &options, &context, &error);
    seen->return_s = now_s() - seen->last_s;
    note_gap(seen);
    ck_assert_int_eq(error.status, status);
    for (int i = 0; i < COUNT; i++) {
        ck_assert_int_eq(handles[i] == NULL, status != PATRON_OK);
        patron_kmeans_free(handles[i]);
    }
    ck_assert_int_eq(seen->meter.live, 0);
    return status;
}

START_TEST(test_a_sweep_of_a_million_rows_can_be_cancelled)
{
    table t = table_make(ROWS, COLS, 5, 4);
    patron_rows rows = table_view(&t);
    watch seen;
    ck_assert_int_eq(sweep(&seen, &rows, INT64_MAX, 1), PATRON_OK);
    int64_t calls = seen.meter.called;
    printf("%lld callbacks in a sweep of %d x %d, at most %.0f ms apart\n", (long long)calls, ROWS, COLS,
           1000.0 * seen.gap_s);
    ck_assert_int_gt(calls, 3);
    /* The first ones, and then some later: how many there are depends on the time blocks take. */
    double longest = 0.0;
    for (int64_t at = 0; at < calls / 2; at = at < 3 ? at + 1 : 3 * at) {
        ck_assert_int_eq(sweep(&seen, &rows, at, 1 + (int32_t)(at % 2)), PATRON_CANCELLED);
        ck_assert_int_eq(seen.meter.called, at + 1);
        longest = fmax(longest, seen.return_s);
    }
    printf("it returns at most %.0f ms after the callback that cancels\n", 1000.0 * longest);
    table_free(&t);
}
END_TEST

/* Rows without clusters: many optima are nearly as good as the best, and a second sample has to tell them apart. */
START_TEST(test_progress_never_runs_backwards)
{
    table t = table_make(ROWS / 4, COLS, 1, 11);
    patron_rows rows = table_view(&t);
    watch seen;
    for (int32_t threads = 1; threads <= 2; threads++) ck_assert_int_eq(sweep(&seen, &rows, INT64_MAX, threads), 0);
    table_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kmeans_cancel");
    TCase *tests = tcase_create("kmeans_cancel");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_a_sweep_of_a_million_rows_can_be_cancelled);
    tcase_add_test(tests, test_progress_never_runs_backwards);
    return run_suite(suite);
}
