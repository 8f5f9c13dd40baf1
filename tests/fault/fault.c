/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop over allowances. `test_fault --list` prints the functions covered, for the script that compares them with
 * the exports. */
#include "fault/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

enum { MOST_ALLOWED = 10000 };

static int grant(fault_allocator *allocator)
{
    if (allocator->calls >= allocator->allowed) {
        allocator->refused++;
        return 0;
    }
    allocator->calls++;
    return 1;
}

static void *fault_allocate(void *user, size_t bytes)
{
    fault_allocator *allocator = user;
    if (!grant(allocator)) return NULL;
    allocator->live++;
    return malloc(bytes);
}

static void *fault_reallocate(void *user, void *block, size_t bytes)
{
    return grant(user) ? realloc(block, bytes) : NULL;
}

static void fault_deallocate(void *user, void *block)
{
    ((fault_allocator *)user)->live--;
    free(block);
}

int64_t fault_inject(const fault_case *one, int32_t threads)
{
    int64_t injected = 0;
    for (int64_t allowed = 0; allowed < MOST_ALLOWED; allowed++) {
        fault_allocator allocator = {.allowed = allowed};
        patron_context context;
        patron_error error = {.status = -1};
        patron_context_init(&context, sizeof context);
        context.allocate = fault_allocate;
        context.reallocate = fault_reallocate;
        context.deallocate = fault_deallocate;
        context.allocator_user = &allocator;
        context.threads = threads;
        patron_status status = one->run(&context, &error);
        ck_assert_msg(allocator.live == 0, "%s leaks %lld blocks after %lld allocations", one->function,
                      (long long)allocator.live, (long long)allowed);
        injected += allocator.refused > 0;
        if (status == PATRON_OK && allocator.refused == 0) return injected;
        /* Threads may be done without: a refusal need not fail the call. */
        ck_assert_msg(status == PATRON_OUT_OF_MEMORY || (status == PATRON_OK && threads > 1),
                      "%s says %s after %lld allocations (%s)", one->function, patron_status_name(status),
                      (long long)allowed, error.message);
        ck_assert_msg(error.status == status || error.status == -1, "%s: error->status is not what it returned",
                      one->function);
    }
    ck_abort_msg("%s never succeeds", one->function);
    return injected;
}

static void inject_all(int32_t threads)
{
    int64_t injected = 0, functions = 0;
    fault_begin();
    for (const fault_case *one = fault_cases; one->function != NULL; one++, functions++)
        injected += fault_inject(one, threads);
    fault_end();
    printf("%lld memory failures injected into %lld public functions on %d thread%s\n", (long long)injected,
           (long long)functions, (int)threads, threads == 1 ? "" : "s");
    ck_assert_int_ge(injected, 100);
}

START_TEST(test_out_of_memory_leaks_nothing_and_leaves_null) { inject_all(1); }
END_TEST

START_TEST(test_out_of_memory_with_threads) { inject_all(2); }
END_TEST

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--list") == 0) {
        for (const fault_case *one = fault_cases; one->function != NULL; one++) puts(one->function);
        return 0;
    }
    Suite *suite = suite_create("fault");
    TCase *tests = tcase_create("fault");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_out_of_memory_leaks_nothing_and_leaves_null);
    tcase_add_test(tests, test_out_of_memory_with_threads);
    return run_suite(suite);
}
