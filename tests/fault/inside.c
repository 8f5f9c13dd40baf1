/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For test_fault_inside: the library's objects and the members of libgsl.a, libjansson.a and libopenblas.a that they
   need are linked into one object with --wrap=malloc and so on, which makes their malloc __wrap_malloc. What they ask
   for while a public function runs is counted, and refused, together with what is asked of the context's allocator. */
#include <gsl/gsl_vector.h>
#include <jansson.h>
#include <stdlib.h>

#include "fault/fault.h"
#include "support/suite.h"

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t each);
void *__wrap_realloc(void *block, size_t bytes);
void __wrap_free(void *block);

void *fault_real_malloc(size_t bytes) { return malloc(bytes); }

void *fault_real_realloc(void *block, size_t bytes) { return realloc(block, bytes); }

void fault_real_free(void *block) { free(block); }

/* Whether to go on; nothing is counted between calls. `block` is one more that lives. */
static bool grant(bool more)
{
    if (fault_armed == NULL) return true;
    fault_armed->inside++;
    if (!fault_grant(fault_armed)) return false;
    fault_armed->live_inside += more;
    return true;
}

void *__wrap_malloc(size_t bytes) { return grant(true) ? malloc(bytes) : NULL; }

void *__wrap_calloc(size_t count, size_t each) { return grant(true) ? calloc(count, each) : NULL; }

void *__wrap_realloc(void *block, size_t bytes) { return grant(block == NULL) ? realloc(block, bytes) : NULL; }

void __wrap_free(void *block)
{
    if (fault_armed != NULL && block != NULL) fault_armed->live_inside--;
    free(block);
}

/* GSL and jansson, called as the library calls them, get their memory here and are refused here. */
static void prove_inside(void)
{
    fault_allocator allocator = {.allowed = 100};
    fault_armed = &allocator;
    gsl_vector *vector = gsl_vector_alloc(3);
    int64_t of_gsl = allocator.inside;
    json_t *json = json_pack("{s: [i, i]}", "a", 1, 2);
    int64_t of_jansson = allocator.inside - of_gsl, lived = allocator.live_inside;
    json_decref(json);
    gsl_vector_free(vector);
    bool had = vector != NULL && json != NULL;
    allocator.allowed = 0;
    vector = gsl_vector_alloc(3);
    json = json_object();
    fault_armed = NULL;
    ck_assert(had && of_gsl >= 2 && of_jansson >= 3 && lived >= 5);
    ck_assert_int_eq(allocator.live_inside, 0);
    ck_assert(vector == NULL && json == NULL);
    ck_assert_int_ge(allocator.refused, 2);
}

void (*const fault_prove_inside)(void) = prove_inside;
