/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens when memory runs out: a public function is run with its 1st, 2nd, 3rd … allocation refused, alone and
   with all that follow, until it asks for no more.

   Each time it must say PATRON_OUT_OF_MEMORY, leave NULL in its output handles, and give back everything it had taken.
   test_fault refuses what is asked of the context's allocator, through the shared library; test_fault_inside also what
   GSL and jansson ask of malloc (inside.c). */
#ifndef PATRON_FAULT_H
#define PATRON_FAULT_H

#include <patron/patron.h>

#include <stdbool.h>

/* An allocator that counts, and refuses what comes after its allowance: once, or from then on. */
typedef struct fault_allocator {
    int64_t allowed;
    bool once;
    int64_t calls;
    int64_t refused;
    int64_t live;        /* blocks not yet given back */
    int64_t live_inside; /* likewise, of malloc: see inside.c */
    int64_t inside;      /* calls that were of malloc */
} fault_allocator;

/* The allocator of the call that is being made; NULL between calls. */
extern fault_allocator *fault_armed;

/* Whether one more block may be had. */
bool fault_grant(fault_allocator *allocator);

/* How blocks are had and given back without anyone counting. */
void *fault_real_malloc(size_t bytes);
void *fault_real_realloc(void *block, size_t bytes);
void fault_real_free(void *block);

/* What inside.c adds: NULL where it is not linked. Proves that what GSL and jansson ask for goes through it. */
extern void (*const fault_prove_inside)(void);

/* Runs one public function with `context` and frees what it made; asserts that handles are NULL on failure. */
typedef patron_status (*fault_run)(const patron_context *context, patron_error *error);

typedef struct fault_case {
    const char *function; /* the public function it stands for */
    fault_run run;
} fault_case;

/* Runs a case with rising allowances, on `threads` threads; returns the number of failures injected. */
int64_t fault_inject(const fault_case *one, int32_t threads, bool once);

/* The cases, ending with a NULL function; they need fault_begin before and fault_end after. */
extern const fault_case fault_cases[];
void fault_begin(void);
void fault_end(void);

#endif
