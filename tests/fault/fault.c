/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop over allowances. `test_fault --list` prints the functions covered, for the script that compares them with
 * the exports. */
#include "fault/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

enum { MOST_ALLOWED = 10000, LEAST_INJECTED = 1000 };

fault_allocator *fault_armed;
static int64_t injected_in_all, injected_inside, functions;

bool fault_grant(fault_allocator *allocator)
{
    int64_t call = allocator->calls++;
    bool granted = allocator->once ? call != allocator->allowed : call < allocator->allowed;
    allocator->refused += !granted;
    return granted;
}

static void *fault_allocate(void *user, size_t bytes)
{
    fault_allocator *allocator = user;
    if (!fault_grant(allocator)) return NULL;
    allocator->live++;
    return fault_real_malloc(bytes);
}

static void *fault_reallocate(void *user, void *block, size_t bytes)
{
    return fault_grant(user) ? fault_real_realloc(block, bytes) : NULL;
}

static void fault_deallocate(void *user, void *block)
{
    ((fault_allocator *)user)->live--;
    fault_real_free(block);
}

int64_t fault_inject(const fault_case *one, int32_t threads, bool once)
{
    int64_t injected = 0;
    for (int64_t allowed = 0; allowed < MOST_ALLOWED; allowed++) {
        fault_allocator allocator = {.allowed = allowed, .once = once};
        patron_context context;
        patron_error error = {.status = -1};
        patron_context_init(&context, sizeof context);
        context.allocate = fault_allocate;
        context.reallocate = fault_reallocate;
        context.deallocate = fault_deallocate;
        context.allocator_user = &allocator;
        context.threads = threads;
        fault_armed = &allocator;
        patron_status status = one->run(&context, &error);
        fault_armed = NULL;
        ck_assert_msg(allocator.live == 0 && allocator.live_inside == 0,
                      "%s leaks %lld blocks, %lld of malloc, after %lld allocations", one->function,
                      (long long)allocator.live, (long long)allocator.live_inside, (long long)allowed);
        if (status == PATRON_OK && allocator.refused == 0) {
            injected_inside += allocator.inside;
            return injected;
        }
        injected++;
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

static void inject_all(int32_t threads, bool once)
{
    int64_t injected = 0;
    functions = 0;
    fault_begin();
    for (const fault_case *one = fault_cases; one->function != NULL; one++, functions++)
        injected += fault_inject(one, threads, once);
    fault_end();
    injected_in_all += injected;
    ck_assert_int_ge(injected, 100);
}

START_TEST(test_out_of_memory_leaks_nothing_and_leaves_null) { inject_all(1, false); }
END_TEST

START_TEST(test_one_refusal_alone_is_told) { inject_all(1, true); }
END_TEST

START_TEST(test_out_of_memory_with_threads)
{
    inject_all(2, false);
    inject_all(2, true);
}
END_TEST

START_TEST(test_dependencies_are_refused_too)
{
    if (fault_prove_inside != NULL) fault_prove_inside();
}
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
    tcase_add_test(tests, test_one_refusal_alone_is_told);
    tcase_add_test(tests, test_out_of_memory_with_threads);
    tcase_add_test(tests, test_dependencies_are_refused_too);
    int code = run_suite(suite);
    printf("%lld memory failures injected into %lld public functions, %lld of them into GSL and jansson\n",
           (long long)injected_in_all, (long long)functions, (long long)injected_inside);
    if (code == 0 && injected_in_all < LEAST_INJECTED) {
        printf("at least %d are wanted\n", LEAST_INJECTED);
        return 1;
    }
    return code;
}
