/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The context, memory, and structs that carry their size. */
#include "base/context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/error.h"

enum { MOST_THREADS = 1024, LARGEST_STRUCT = 65536, PAGE = 4096 };

/* Linux from 5.14 on; older C libraries do not name it, older systems refuse it. */
#if defined __linux__ && !defined MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static void *default_allocate(void *user, size_t bytes)
{
    (void)user;
    return malloc(bytes);
}

static void *default_reallocate(void *user, void *block, size_t bytes)
{
    (void)user;
    return realloc(block, bytes);
}

static void default_deallocate(void *user, void *block)
{
    (void)user;
    free(block);
}

void patron_context_init(patron_context *context, size_t size)
{
    patron_context defaults;
    memset(&defaults, 0, sizeof defaults);
    defaults.threads = 1;
    ptn_struct_init(context, size, &defaults, sizeof defaults);
}

patron_status ptn_context_read(ptn_context *out, const patron_context *context, patron_error *error)
{
    patron_context given;
    patron_context_init(&given, sizeof given);
    patron_status status = ptn_struct_read(&given, sizeof given, context, "context", error);
    if (status != PATRON_OK) return status;

    int allocators = (given.allocate != NULL) + (given.reallocate != NULL) + (given.deallocate != NULL);
    if (allocators != 0 && allocators != 3)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "context sets only some of allocate, reallocate, deallocate; set all three or none");
    if (given.threads < 0 || given.threads > MOST_THREADS)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "context asks for %d threads; give 1 to %d, or 0 for every core", (int)given.threads,
                        (int)MOST_THREADS);

    memset(out, 0, sizeof *out);
    out->memory.allocate = allocators ? given.allocate : default_allocate;
    out->memory.reallocate = allocators ? given.reallocate : default_reallocate;
    out->memory.deallocate = allocators ? given.deallocate : default_deallocate;
    out->memory.user = allocators ? given.allocator_user : NULL;
    out->progress = given.progress;
    out->progress_user = given.progress_user;
    out->threads = given.threads;
    if (out->threads == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        out->threads = cores < 1 ? 1 : cores > MOST_THREADS ? MOST_THREADS : (int32_t)cores;
    }
    return PATRON_OK;
}

patron_status ptn_progress(const ptn_context *context, const char *stage, double fraction, patron_error *error)
{
    if (context->progress != NULL && context->progress(context->progress_user, stage, fraction) != 0)
        return ptn_fail(error, PATRON_CANCELLED, "cancelled by the caller during %s; nothing was kept", stage);
    return PATRON_OK;
}

patron_status ptn_allocate(void **block, const ptn_memory *memory, int64_t count, size_t each, const char *what,
                           patron_error *error)
{
    size_t bytes;
    *block = NULL;
    if (!ptn_bytes(&bytes, count, each))
        return ptn_fail(error, PATRON_TOO_LARGE, "%lld %s are more than memory can address; use fewer rows or columns",
                        (long long)count, what);
    *block = memory->allocate(memory->user, bytes == 0 ? 1 : bytes);
    return *block == NULL ? ptn_fail_memory(error, bytes, what) : PATRON_OK;
}

patron_status ptn_allocate_zero(void **block, const ptn_memory *memory, int64_t count, size_t each, const char *what,
                                patron_error *error)
{
    patron_status status = ptn_allocate(block, memory, count, each, what, error);
    if (status == PATRON_OK) memset(*block, 0, (size_t)count * each);
    return status;
}

patron_status ptn_allocate_each(const ptn_wanted *wanted, size_t count, bool zero, const ptn_memory *memory,
                                patron_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const ptn_wanted *w = &wanted[i];
        void *block = NULL;
        patron_status status = zero ? ptn_allocate_zero(&block, memory, w->count, w->each, w->what, error)
                                    : ptn_allocate(&block, memory, w->count, w->each, w->what, error);
        memcpy(w->pointer, &block, sizeof block);
        if (status != PATRON_OK) return status;
    }
    return PATRON_OK;
}

void ptn_touch(void *block, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    uintptr_t at = (uintptr_t)block, from = (at + PAGE - 1) / PAGE * PAGE, to = (at + bytes + PAGE - 1) / PAGE * PAGE;
    int saved = errno;
    if (to - from >= 2 * PAGE && to > from) madvise((char *)block + (from - at), to - from, MADV_POPULATE_WRITE);
    errno = saved;
#else
    (void)block, (void)bytes;
#endif
}

void ptn_free(const ptn_memory *memory, void *block)
{
    if (block != NULL) memory->deallocate(memory->user, block);
}

void ptn_wipe(void *block, size_t bytes)
{
    if (bytes > 0) memset(block, 0, bytes);
    __asm__ __volatile__("" : : "r"(block) : "memory");
}

/* The things and bytes to ask for so that `more` fit: at least doubling. */
static patron_status plan_growth(int64_t *capacity, size_t *bytes, const ptn_array *array, int64_t more, size_t each,
                                 const char *what, patron_error *error)
{
    int64_t needed;
    size_t generous;
    if (more < 0 || !ptn_add_i64(&needed, array->count, more) || !ptn_bytes(bytes, needed, each))
        return ptn_fail(error, PATRON_TOO_LARGE, "%lld %s are more than memory can address; use fewer rows",
                        (long long)more, what);
    *capacity = array->capacity;
    if (needed <= array->capacity) return PATRON_OK;
    *capacity = array->capacity < INT64_MAX / 2 ? 2 * array->capacity : needed;
    if (*capacity < needed) *capacity = needed;
    if (*capacity < 16) *capacity = 16;
    if (ptn_bytes(&generous, *capacity, each))
        *bytes = generous;
    else
        *capacity = needed;
    return PATRON_OK;
}

patron_status ptn_array_reserve(ptn_array *array, const ptn_memory *memory, int64_t more, size_t each, const char *what,
                                patron_error *error)
{
    int64_t capacity = 0;
    size_t bytes = 0;
    patron_status status = plan_growth(&capacity, &bytes, array, more, each, what, error);
    if (status != PATRON_OK || capacity == array->capacity) return status;
    void *items = array->items == NULL ? memory->allocate(memory->user, bytes)
                                       : memory->reallocate(memory->user, array->items, bytes);
    if (items == NULL) return ptn_fail_memory(error, bytes, what);
    array->items = items;
    array->capacity = capacity;
    return PATRON_OK;
}

patron_status ptn_array_reserve_wiping(ptn_array *array, const ptn_memory *memory, int64_t more, size_t each,
                                       const char *what, patron_error *error)
{
    int64_t capacity = 0;
    size_t bytes = 0;
    patron_status status = plan_growth(&capacity, &bytes, array, more, each, what, error);
    if (status != PATRON_OK || capacity == array->capacity) return status;
    void *items = memory->allocate(memory->user, bytes);
    if (items == NULL) return ptn_fail_memory(error, bytes, what);
    if (array->items != NULL) {
        memcpy(items, array->items, (size_t)array->count * each);
        ptn_wipe(array->items, (size_t)array->capacity * each);
        memory->deallocate(memory->user, array->items);
    }
    array->items = items;
    array->capacity = capacity;
    return PATRON_OK;
}

void ptn_array_wipe_rest(ptn_array *array, size_t each)
{
    if (array->items == NULL) return;
    ptn_wipe((uint8_t *)array->items + (size_t)array->count * each, (size_t)(array->capacity - array->count) * each);
}

void ptn_array_free(ptn_array *array, const ptn_memory *memory)
{
    ptn_free(memory, array->items);
    memset(array, 0, sizeof *array);
}

patron_status ptn_struct_read(void *out, size_t known, const void *in, const char *what, patron_error *error)
{
    size_t size;
    if (in == NULL) return PATRON_OK;
    memcpy(&size, in, sizeof size);
    /* A size that no struct has would cut a pointer in two. */
    if (size <= sizeof size || size > LARGEST_STRUCT || size % _Alignof(size_t) != 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "%s has size %zu; set it with its patron_…_init function", what,
                        size);
    for (size_t i = known; i < size; i++) {
        if (((const unsigned char *)in)[i] != 0)
            return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                            "%s sets a field that this version of the library does not know (size %zu, known %zu)",
                            what, size, known);
    }
    memcpy(out, in, size < known ? size : known);
    memcpy(out, &known, sizeof known);
    return PATRON_OK;
}

patron_status ptn_struct_write(void *out, const void *from, size_t known, const char *what, patron_error *error)
{
    size_t size;
    if (out == NULL) return ptn_fail_null(error, what);
    memcpy(&size, out, sizeof size);
    if (size <= sizeof size || size > LARGEST_STRUCT || size % sizeof size != 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "%s has size %zu; set it to sizeof before the call", what,
                        size);
    memset((unsigned char *)out + sizeof size, 0, size - sizeof size);
    memcpy((unsigned char *)out + sizeof size, (const unsigned char *)from + sizeof size,
           (size < known ? size : known) - sizeof size);
    return PATRON_OK;
}

void ptn_struct_init(void *out, size_t size, const void *defaults, size_t known)
{
    if (out == NULL || size < sizeof size || size > LARGEST_STRUCT) return;
    memset(out, 0, size);
    memcpy(out, defaults, size < known ? size : known);
    memcpy(out, &size, sizeof size);
}
