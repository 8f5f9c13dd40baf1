/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status numbers and the error a caller may pass along.

   Every call that can fail returns a patron_status: PATRON_OK (0), or the number of what went wrong. On failure every
   output handle is NULL, output buffers hold nothing to rely on, inputs are as they were and nothing leaks. Numbers
   never change meaning; new ones are added at the end. */
#ifndef PATRON_STATUS_H
#define PATRON_STATUS_H

#include <stddef.h>
#include <stdint.h>

/* Marks what leaves the shared library; nothing a caller needs to know. */
#if defined(__GNUC__)
#define PATRON_API __attribute__((visibility("default")))
#else
#define PATRON_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* name, number, text */
#define PATRON_STATUS_LIST(X)                                                                                          \
    X(PATRON_OK, 0, "ok")                                                                                              \
    X(PATRON_INVALID_ARGUMENT, 1, "an argument is missing or out of its range")                                        \
    X(PATRON_OUT_OF_MEMORY, 2, "memory could not be had")                                                              \
    X(PATRON_CANCELLED, 3, "cancelled by the caller")                                                                  \
    X(PATRON_TOO_LARGE, 4, "a size is beyond what can be addressed or counted")                                        \
    X(PATRON_NOT_FINITE, 5, "a number is NaN or infinite where a finite one is needed")                                \
    X(PATRON_OUT_OF_RANGE, 6, "a number is beyond what its type can hold")                                             \
    X(PATRON_NO_DATA, 7, "there is no data to work on")                                                                \
    X(PATRON_TOO_FEW_DISTINCT, 8, "fewer distinct rows than clusters")                                                 \
    X(PATRON_UNKNOWN_NAME, 9, "no column, feature or preset has this name")                                            \
    X(PATRON_ROW_REJECTED, 10, "a row was rejected and strict is on")                                                  \
    X(PATRON_ONE_CLUSTER, 11, "a silhouette needs at least two clusters that have rows")                               \
    X(PATRON_NO_SEGMENTS, 12, "no candidate number of segments is feasible")                                           \
    X(PATRON_NUMERIC, 13, "a numerical method failed")                                                                 \
    X(PATRON_UNKNOWN_CUSTOMER, 14, "no customer has this id")                                                          \
    X(PATRON_SOURCE_FAILED, 15, "the source of the rows reported an error")                                            \
    X(PATRON_BUDGET_SPENT, 16, "the budget was spent before the interval was as narrow as asked")

enum {
#define PATRON_STATUS_ENUM(name, number, text) name = number,
    PATRON_STATUS_LIST(PATRON_STATUS_ENUM)
#undef PATRON_STATUS_ENUM
};

typedef int32_t patron_status; /* one of the numbers above */

/* What went wrong, where, and what to do. The caller's own; every function takes NULL instead. 512 bytes, for good.
   Written on failure, and set to PATRON_OK with an empty message on success. */
typedef struct patron_error {
    patron_status status;
    int32_t reserved;  /* 0 */
    int64_t row;       /* row of the array or history, from 0; -1 when there is none */
    int64_t line;      /* the caller's line number of that row (patron_orders.line); -1 when there is none */
    int64_t byte;      /* byte offset within a text; -1 when there is none */
    char message[480]; /* UTF-8, ends in NUL: what, where, what to do */
} patron_error;

/* The sentence for a status, "unknown status" for a number that is none. A constant string. Never fails. Thread-safe.
 */
PATRON_API const char *patron_status_text(patron_status status);

/* The name of a status, as "PATRON_OK"; "PATRON_UNKNOWN" for a number that is none. A constant string. Never fails.
   Thread-safe. */
PATRON_API const char *patron_status_name(patron_status status);

#ifdef __cplusplus
}
#endif

#endif
