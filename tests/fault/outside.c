/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For test_fault: malloc is malloc, and nothing but the context's allocator is refused. */
#include <stdlib.h>

#include "fault/fault.h"

void (*const fault_prove_inside)(void) = NULL;

void *fault_real_malloc(size_t bytes) { return malloc(bytes); }

void *fault_real_realloc(void *block, size_t bytes) { return realloc(block, bytes); }

void fault_real_free(void *block) { free(block); }
