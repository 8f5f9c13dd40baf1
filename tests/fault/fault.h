/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens when memory runs out: a public function is run with 0, 1, 2 … allocations allowed until it succeeds.

   Each time it must say PATRON_OUT_OF_MEMORY, leave NULL in its output handles, and give back everything it had taken.
 */
#ifndef PATRON_FAULT_H
#define PATRON_FAULT_H

#include <patron/patron.h>

/* An allocator that counts, and refuses once its allowance is used up. */
typedef struct fault_allocator {
    int64_t allowed;
    int64_t calls;
    int64_t refused;
    int64_t live; /* blocks not yet given back */
} fault_allocator;

/* Runs one public function with `context` and frees what it made; asserts that handles are NULL on failure. */
typedef patron_status (*fault_run)(const patron_context *context, patron_error *error);

typedef struct fault_case {
    const char *function; /* the public function it stands for */
    fault_run run;
} fault_case;

/* Runs a case with rising allowances, on `threads` threads; returns the number of failures injected. */
int64_t fault_inject(const fault_case *one, int32_t threads);

/* The cases, ending with a NULL function; they need fault_begin before and fault_end after. */
extern const fault_case fault_cases[];
void fault_begin(void);
void fault_end(void);

#endif
