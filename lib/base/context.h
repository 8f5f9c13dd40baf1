/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The context as the library uses it: read once at a public function's door, checked, defaults filled in.
   Also the two rules for structs that carry their size. */
#ifndef PTN_BASE_CONTEXT_H
#define PTN_BASE_CONTEXT_H

#include <stdbool.h>

#include <patron/context.h>

/* Where memory comes from; kept by value in every handle. */
typedef struct ptn_memory {
    patron_allocate allocate;
    patron_reallocate reallocate;
    patron_deallocate deallocate;
    void *user;
} ptn_memory;

typedef struct ptn_context {
    ptn_memory memory;
    patron_progress progress; /* or NULL */
    void *progress_user;
    int32_t threads; /* >= 1 */
} ptn_context;

/* Checks the caller's context (NULL: defaults) and copies it. PATRON_INVALID_ARGUMENT. */
patron_status ptn_context_read(ptn_context *out, const patron_context *context, patron_error *error);

/* Calls the callback; PATRON_CANCELLED when it says so. By the calling thread only. */
patron_status ptn_progress(const ptn_context *context, const char *stage, double fraction, patron_error *error);

/* count x each bytes of `what`, not initialised; count 0 gives a block too. PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY; on
   failure *block is NULL. */
patron_status ptn_allocate(void **block, const ptn_memory *memory, int64_t count, size_t each, const char *what,
                           patron_error *error);

/* The same, all bytes 0. */
patron_status ptn_allocate_zero(void **block, const ptn_memory *memory, int64_t count, size_t each, const char *what,
                                patron_error *error);

/* A block wanted. */
typedef struct ptn_wanted {
    void *pointer; /* the pointer to set, of whatever type */
    int64_t count;
    size_t each;
    const char *what;
} ptn_wanted;

/* Sets each of the pointers to its block, not initialised, or with `zero` all bytes 0; a count below 0 is one that has
   overflowed. On failure those before it are set, and it is NULL. Errors as for ptn_allocate. */
patron_status ptn_allocate_each(const ptn_wanted *wanted, size_t count, bool zero, const ptn_memory *memory,
                                patron_error *error);

/* Says that `bytes` from `block` on are about to be written: their pages are had from the system together, where it
   knows how, rather than one by one as they are written. A hint; for pieces of some 16 KiB to 1 MiB, by the thread that
   writes them. The pages that begin in a piece are its own, so pieces that follow each other share none. */
void ptn_touch(void *block, size_t bytes);

/* Frees; NULL is fine. */
void ptn_free(const ptn_memory *memory, void *block);

/* Overwrites with zeros; a compiler does not leave it out because the block is freed next. NULL with 0 bytes is fine.
 */
void ptn_wipe(void *block, size_t bytes);

/* A growable array of things of `each` bytes: items[0 … count - 1] are in use. Zero it to begin. */
typedef struct ptn_array {
    void *items;
    int64_t count;
    int64_t capacity;
} ptn_array;

/* Room for `more` more things, at least doubling; on failure the array is as it was. PATRON_TOO_LARGE,
 * PATRON_OUT_OF_MEMORY. */
patron_status ptn_array_reserve(ptn_array *array, const ptn_memory *memory, int64_t more, size_t each, const char *what,
                                patron_error *error);

/* The same for what must not be left behind in memory given back: a block that becomes too small is wiped. */
patron_status ptn_array_reserve_wiping(ptn_array *array, const ptn_memory *memory, int64_t more, size_t each,
                                       const char *what, patron_error *error);

/* Overwrites what lies beyond the count. */
void ptn_array_wipe_rest(ptn_array *array, size_t each);

void ptn_array_free(ptn_array *array, const ptn_memory *memory);

/* Takes an input struct that begins with its size over *out, which holds the defaults: a smaller struct leaves the last
   fields at their defaults; a larger one must hold zeros beyond `known` bytes. NULL leaves all defaults.
   PATRON_INVALID_ARGUMENT: "WHAT …". */
patron_status ptn_struct_read(void *out, size_t known, const void *in, const char *what, patron_error *error);

/* Fills an output struct, whose first member says how many bytes the caller has, from *from (`known` bytes): its size
   stays, bytes beyond `known` become 0. PATRON_INVALID_ARGUMENT: NULL, or a size too small to hold the size and one
   field, or over 65,536. */
patron_status ptn_struct_write(void *out, const void *from, size_t known, const char *what, patron_error *error);

/* For patron_X_init: zeroes `size` bytes, takes the defaults of `known` bytes as far as they fit, and sets the size. */
void ptn_struct_init(void *out, size_t size, const void *defaults, size_t known);

#endif
