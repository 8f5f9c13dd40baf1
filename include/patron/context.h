/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a call may use of its host: memory, threads, and a callback for progress and cancelling. Nothing else.

   Every call that works takes a `const patron_context *`; NULL means the defaults of patron_context_init. The context
   is copied, so it may be freed or changed as soon as the call returns. A handle keeps the allocator it was made with,
   and the allocator's `user` must live as long as the handle.

   Struct sizes. Option, input and result structs begin with `size`, set by patron_X_init(&x, sizeof x). A library that
   is newer than the caller takes the fields the caller knows, and defaults for the rest; one that is older refuses
   (PATRON_INVALID_ARGUMENT) a struct whose additional bytes are not all zero. A size that no struct can have (0, odd,
   over 65,536) is refused too. Result structs are filled up to `size`.
 */
#ifndef PATRON_CONTEXT_H
#define PATRON_CONTEXT_H

#include <patron/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Called by the thread that called the library, between pieces of work: `stage` names the work ("kmeans", …),
   `fraction` runs from 0 to 1 within it. It is called in the library's floating-point modes (round to nearest). Returns
   0 to go on; anything else cancels the call, which then returns PATRON_CANCELLED. */
typedef int32_t (*patron_progress)(void *user, const char *stage, double fraction);

/* Memory, as malloc, realloc and free behave; blocks are aligned for any C type. They are called by the calling thread
   only. All three or none are set. */
typedef void *(*patron_allocate)(void *user, size_t bytes);
typedef void *(*patron_reallocate)(void *user, void *block, size_t bytes);
typedef void (*patron_deallocate)(void *user, void *block);

typedef struct patron_context {
    size_t size;                  /* sizeof(patron_context) */
    patron_allocate allocate;     /* NULL: malloc */
    patron_reallocate reallocate; /* NULL: realloc */
    patron_deallocate deallocate; /* NULL: free */
    void *allocator_user;         /* handed to those three */
    patron_progress progress;     /* NULL: none */
    void *progress_user;          /* handed to progress */
    int32_t threads;              /* 1 (default) to 1024; 0: one for each core. Results are the same for any number */
    int32_t reserved;             /* 0 */
} patron_context;

/* Sets the defaults: malloc, no callback, one thread. `size` is sizeof(patron_context) as the caller compiled it.
   NULL is ignored. Never fails. Thread-safe. */
PATRON_API void patron_context_init(patron_context *context, size_t size);

#ifdef __cplusplus
}
#endif

#endif
