/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling the caller's patron_error. A message says what, where, and what to do. */
#ifndef PTN_BASE_ERROR_H
#define PTN_BASE_ERROR_H

#include <patron/status.h>

#if defined(__GNUC__)
#define PTN_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define PTN_PRINTF(text, first)
#endif

/* Sets PATRON_OK, no place and an empty message; returns PATRON_OK. `error` may be NULL, here and below. */
patron_status ptn_ok(patron_error *error);

/* Sets status and message and returns the status. */
patron_status ptn_fail(patron_error *error, patron_status status, const char *format, ...) PTN_PRINTF(3, 4);

/* The same with a row, and the caller's line of it (-1: none). */
patron_status ptn_fail_row(patron_error *error, patron_status status, int64_t row, int64_t line, const char *format,
                           ...) PTN_PRINTF(5, 6);

/* PATRON_INVALID_ARGUMENT: "NAME is NULL; …". */
patron_status ptn_fail_null(patron_error *error, const char *name);

/* PATRON_OUT_OF_MEMORY for `bytes` bytes of WHAT. */
patron_status ptn_fail_memory(patron_error *error, size_t bytes, const char *what);

#endif
