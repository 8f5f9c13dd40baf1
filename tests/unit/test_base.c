/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ground everything stands on: statuses, errors, struct sizes, memory, threads, random numbers. */
#include <fenv.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "base/checked.h"
#include "base/context.h"
#include "base/error.h"
#include "base/floating.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/threads.h"
#include "support/suite.h"

START_TEST(test_every_status_has_a_name_and_a_text)
{
    for (patron_status s = PATRON_OK; s <= PATRON_NUMERIC; s++) {
        ck_assert_str_ne(patron_status_text(s), "unknown status");
        ck_assert_int_eq(strncmp(patron_status_name(s), "PATRON_", 7), 0);
    }
    ck_assert_str_eq(patron_status_text(-1), "unknown status");
    ck_assert_str_eq(patron_status_name(1000), "PATRON_UNKNOWN");
}
END_TEST

START_TEST(test_long_message_is_cut_on_a_character)
{
    patron_error error;
    char text[700];
    for (int shift = 0; shift < 4; shift++) {
        memset(text, 'x', sizeof text);
        for (size_t i = (size_t)shift; i + 2 < sizeof text; i += 2) memcpy(text + i, "\xC3\xA9", 2);
        text[sizeof text - 1] = '\0';
        ptn_fail(&error, PATRON_NO_DATA, "%s", text);
        size_t length = strlen(error.message);
        ck_assert_uint_ge(length, sizeof error.message - 3);
        ck_assert(((length - (size_t)shift) & 1) == 0);
        ck_assert_int_eq(error.row, -1);
    }
}
END_TEST

typedef struct small {
    size_t size;
    int32_t first, second;
    double third;
} small;

START_TEST(test_struct_of_an_older_caller_keeps_new_defaults)
{
    struct {
        size_t size;
        int32_t first, second;
    } older = {sizeof older, 7, 8};
    small out = {sizeof out, 1, 2, 3.0};
    ck_assert_int_eq(ptn_struct_read(&out, sizeof out, &older, "x", NULL), PATRON_OK);
    ck_assert_int_eq(out.first, 7);
    ck_assert_int_eq(out.second, 8);
    ck_assert_double_eq(out.third, 3.0);
    ck_assert_uint_eq(out.size, sizeof out);
}
END_TEST

START_TEST(test_struct_of_a_newer_caller_must_end_in_zeros)
{
    struct {
        small known;
        int64_t unknown;
    } newer = {{sizeof newer, 7, 8, 9.0}, 0};
    small out = {sizeof out, 1, 2, 3.0};
    patron_error error;
    ck_assert_int_eq(ptn_struct_read(&out, sizeof out, &newer, "x", &error), PATRON_OK);
    newer.unknown = 1;
    ck_assert_int_eq(ptn_struct_read(&out, sizeof out, &newer, "x", &error), PATRON_INVALID_ARGUMENT);
    newer.known.size = 0;
    ck_assert_int_eq(ptn_struct_read(&out, sizeof out, &newer, "x", &error), PATRON_INVALID_ARGUMENT);
    newer.known.size = sizeof newer.known - 3; /* no struct has it: a pointer would be cut in two */
    ck_assert_int_eq(ptn_struct_read(&out, sizeof out, &newer, "x", &error), PATRON_INVALID_ARGUMENT);
    newer.known.size = SIZE_MAX;
    ck_assert_int_eq(ptn_struct_read(&out, sizeof out, &newer, "x", &error), PATRON_INVALID_ARGUMENT);
}
END_TEST

START_TEST(test_result_struct_is_filled_up_to_its_size)
{
    small from = {sizeof from, 4, 5, 6.0}, out = {offsetof(small, third), 0, 0, -1.0};
    ck_assert_int_eq(ptn_struct_write(&out, &from, sizeof from, "x", NULL), PATRON_OK);
    ck_assert_int_eq(out.second, 5);
    ck_assert_double_eq(out.third, -1.0);
    ck_assert_uint_eq(out.size, offsetof(small, third));
    out.size = 0;
    ck_assert_int_eq(ptn_struct_write(&out, &from, sizeof from, "x", NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(ptn_struct_write(NULL, &from, sizeof from, "x", NULL), PATRON_INVALID_ARGUMENT);
}
END_TEST

START_TEST(test_context_that_makes_no_sense_is_refused)
{
    ptn_context read;
    patron_context context;
    patron_context_init(&context, sizeof context);
    ck_assert_int_eq(ptn_context_read(&read, &context, NULL), PATRON_OK);
    ck_assert_int_eq(read.threads, 1);
    context.threads = -1;
    ck_assert_int_eq(ptn_context_read(&read, &context, NULL), PATRON_INVALID_ARGUMENT);
    context.threads = 1025;
    ck_assert_int_eq(ptn_context_read(&read, &context, NULL), PATRON_INVALID_ARGUMENT);
    context.threads = 0;
    ck_assert_int_eq(ptn_context_read(&read, &context, NULL), PATRON_OK);
    ck_assert_int_ge(read.threads, 1);
    context.deallocate = (patron_deallocate)abort;
    ck_assert_int_eq(ptn_context_read(&read, &context, NULL), PATRON_INVALID_ARGUMENT);
}
END_TEST

START_TEST(test_sizes_beyond_memory_are_a_status)
{
    ptn_context context;
    void *block;
    ptn_array array = {0};
    ck_assert_int_eq(ptn_context_read(&context, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(ptn_allocate(&block, &context.memory, INT64_MAX, 8, "x", NULL), PATRON_TOO_LARGE);
    ck_assert_ptr_null(block);
    ck_assert_int_eq(ptn_allocate(&block, &context.memory, -1, 8, "x", NULL), PATRON_TOO_LARGE);
    ck_assert_int_eq(ptn_array_reserve(&array, &context.memory, INT64_MAX, 8, "x", NULL), PATRON_TOO_LARGE);
    array.count = INT64_MAX;
    ck_assert_int_eq(ptn_array_reserve(&array, &context.memory, 1, 1, "x", NULL), PATRON_TOO_LARGE);
    int64_t out = 5;
    ck_assert(!ptn_add_i64(&out, INT64_MAX, 1) && !ptn_sub_i64(&out, INT64_MIN, 1) && !ptn_mul_i64(&out, INT64_MAX, 2));
    ck_assert_int_eq(out, 5);
}
END_TEST

START_TEST(test_array_grows_and_keeps_its_items)
{
    ptn_context context;
    ptn_array array = {0};
    ck_assert_int_eq(ptn_context_read(&context, NULL, NULL), PATRON_OK);
    for (int32_t i = 0; i < 1000; i++) {
        ck_assert_int_eq(ptn_array_reserve(&array, &context.memory, 1, sizeof i, "x", NULL), PATRON_OK);
        ((int32_t *)array.items)[array.count++] = i;
    }
    for (int32_t i = 0; i < 1000; i++) ck_assert_int_eq(((int32_t *)array.items)[i], i);
    ptn_array_free(&array, &context.memory);
}
END_TEST

/* The known-answer vectors of the Random123 distribution for philox4x32-10: counter 0 and key 0; all ones. */
START_TEST(test_random_numbers_are_philox)
{
    ck_assert_uint_eq(ptn_random(0, 0, 0), UINT64_C(0xe169c58d6627e8d5));
    ck_assert_uint_eq(ptn_random(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_C(0x41c83b0e408f276d));
}
END_TEST

START_TEST(test_random_units_are_uniform)
{
    double sum = 0.0, squares = 0.0;
    int64_t n = 100000;
    for (int64_t i = 0; i < n; i++) {
        double u = ptn_random_unit(42, 7, (uint64_t)i);
        ck_assert(u >= 0.0 && u < 1.0);
        sum += u;
        squares += u * u;
    }
    ck_assert_double_eq_tol(sum / (double)n, 0.5, 0.005);
    ck_assert_double_eq_tol(squares / (double)n, 1.0 / 3.0, 0.005);
}
END_TEST

typedef struct sums {
    _Atomic int64_t total;
    int32_t seen[64];
    int32_t done[200]; /* by block */
} sums;

static void add_block(void *job, int64_t block, int32_t worker)
{
    sums *s = job;
    atomic_fetch_add(&s->total, block);
    s->seen[worker]++;
    s->done[block]++;
}

START_TEST(test_every_block_is_done_once_by_any_number_of_threads)
{
    int32_t counts[] = {1, 2, 3, 8};
    for (int32_t i = 0; i < 4; i++) {
        patron_context given;
        ptn_context context;
        ptn_team team;
        patron_context_init(&given, sizeof given);
        given.threads = counts[i];
        ck_assert_int_eq(ptn_context_read(&context, &given, NULL), PATRON_OK);
        ptn_team_open(&team, &context);
        for (int64_t r = 0; r < 14; r++) {
            sums s = {0};
            int64_t blocks = r / 2 * 33;
            ck_assert_int_eq(
                (r % 2 == 0 ? ptn_team_run : ptn_team_run_apart)(&team, "test", 0.0, 1.0, blocks, add_block, &s, NULL),
                PATRON_OK);
            for (int64_t b = 0; b < 200; b++) ck_assert_int_eq(s.done[b], b < blocks);
            ck_assert_int_eq(s.total, blocks * (blocks - 1) / 2);
            int64_t done = 0;
            for (int32_t w = 0; w < 64; w++) done += s.seen[w];
            ck_assert_int_eq(done, blocks);
            for (int32_t w = counts[i]; w < 64; w++) ck_assert_int_eq(s.seen[w], 0);
        }
        ptn_team_close(&team);
    }
}
END_TEST

static int32_t cancel_at_once(void *user, const char *stage, double fraction)
{
    ck_assert_str_eq(stage, "test");
    ck_assert(fraction >= 0.25 && fraction <= 0.75);
    return --*(int32_t *)user < 0;
}

START_TEST(test_callback_cancels)
{
    patron_context given;
    ptn_context context;
    ptn_team team;
    patron_error error;
    sums s = {0};
    int32_t calls = 0;
    patron_context_init(&given, sizeof given);
    given.threads = 2;
    given.progress = cancel_at_once;
    given.progress_user = &calls;
    ck_assert_int_eq(ptn_context_read(&context, &given, NULL), PATRON_OK);
    ptn_team_open(&team, &context);
    ck_assert_int_eq(ptn_team_run(&team, "test", 0.25, 0.75, 10, add_block, &s, &error), PATRON_CANCELLED);
    ck_assert_int_eq(error.status, PATRON_CANCELLED);
    calls = 1000000;
    ck_assert_int_eq(ptn_team_run(&team, "test", 0.25, 0.75, 10, add_block, &s, &error), PATRON_OK);
    ptn_team_close(&team);
}
END_TEST

START_TEST(test_host_rounding_is_set_right_and_given_back)
{
    fenv_t host;
    volatile double one = 1.0, three = 3.0, nearest = one / three, tiny = 0x1p-1022;
    fesetround(FE_UPWARD);
    feclearexcept(FE_ALL_EXCEPT);
    ptn_floating_enter(&host);
    volatile double inside = one / three, denormal = tiny / 2.0;
    ptn_floating_leave(&host);
    ck_assert_int_eq(fegetround(), FE_UPWARD);
    ck_assert_int_eq(fetestexcept(FE_ALL_EXCEPT), 0);
    fesetround(FE_TONEAREST);
    ck_assert(inside == nearest);
    ck_assert(denormal == 0x1p-1023);
}
END_TEST

#if defined(__SSE2__)
#include <xmmintrin.h>
START_TEST(test_flush_to_zero_of_the_host_is_undone_inside)
{
    fenv_t host;
    volatile double tiny = 0x1p-1022;
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040u); /* flush to zero, denormals are zero */
    ptn_floating_enter(&host);
    volatile double denormal = tiny / 2.0;
    ptn_floating_leave(&host);
    unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    ck_assert(denormal > 0.0);
    ck_assert_uint_eq(after & 0x8040u, 0x8040u);
}
END_TEST
#endif

START_TEST(test_fingerprint_sees_order_and_sign_but_not_minus_zero)
{
    double a[] = {1.0, 2.0}, b[] = {2.0, 1.0}, c[] = {0.0}, d[] = {-0.0};
    int32_t labels[] = {0, 1}, others[] = {1, 0};
    ck_assert_uint_ne(ptn_hash_doubles(1, a, 2), ptn_hash_doubles(1, b, 2));
    ck_assert_uint_eq(ptn_hash_doubles(1, c, 1), ptn_hash_doubles(1, d, 1));
    ck_assert_uint_ne(ptn_hash_labels(1, labels, 2), ptn_hash_labels(1, others, 2));
}
END_TEST

START_TEST(test_version_is_the_header_s) { ck_assert_str_eq(patron_version(), PATRON_VERSION); }
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *tests = tcase_create("base");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_every_status_has_a_name_and_a_text);
    tcase_add_test(tests, test_long_message_is_cut_on_a_character);
    tcase_add_test(tests, test_struct_of_an_older_caller_keeps_new_defaults);
    tcase_add_test(tests, test_struct_of_a_newer_caller_must_end_in_zeros);
    tcase_add_test(tests, test_result_struct_is_filled_up_to_its_size);
    tcase_add_test(tests, test_context_that_makes_no_sense_is_refused);
    tcase_add_test(tests, test_sizes_beyond_memory_are_a_status);
    tcase_add_test(tests, test_array_grows_and_keeps_its_items);
    tcase_add_test(tests, test_random_numbers_are_philox);
    tcase_add_test(tests, test_random_units_are_uniform);
    tcase_add_test(tests, test_every_block_is_done_once_by_any_number_of_threads);
    tcase_add_test(tests, test_callback_cancels);
    tcase_add_test(tests, test_host_rounding_is_set_right_and_given_back);
#if defined(__SSE2__)
    tcase_add_test(tests, test_flush_to_zero_of_the_host_is_undone_inside);
#endif
    tcase_add_test(tests, test_fingerprint_sees_order_and_sign_but_not_minus_zero);
    tcase_add_test(tests, test_version_is_the_header_s);
    return run_suite(suite);
}
