/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The caller's batch, checked once at the door, and its texts and validity bits. */
#ifndef PTN_HISTORY_BATCH_H
#define PTN_HISTORY_BATCH_H

#include <patron/history.h>

#include <stdbool.h>

/* Copies the struct and checks what can be said without looking at a row: shape, which columns are given. A batch of
   no rows needs no columns. PATRON_INVALID_ARGUMENT, PATRON_TOO_LARGE. */
patron_status ptn_batch_read(patron_orders *out, const patron_orders *orders, patron_error *error);

/* Checks the offsets of every text column, and that faults are ones this version knows. PATRON_INVALID_ARGUMENT. */
patron_status ptn_batch_check_columns(const patron_orders *orders, patron_error *error);

/* Checks the offsets of one text column of `rows` rows, called `name` in messages. PATRON_INVALID_ARGUMENT. */
patron_status ptn_batch_check_text(const patron_text *text, const char *name, int64_t rows, patron_error *error);

/* Whether row `row` has a value; NULL says that all have. */
static inline bool ptn_batch_has(const uint8_t *validity, int64_t row)
{
    return validity == NULL || (validity[row / 8] >> (row % 8) & 1) != 0;
}

/* The row's text; false where there is none, or an empty one. */
static inline bool ptn_batch_text(const uint8_t **bytes, int64_t *length, const patron_text *text, int64_t row)
{
    if (text->offsets == NULL || !ptn_batch_has(text->validity, row)) return false;
    *length = text->offsets[row + 1] - text->offsets[row];
    if (*length == 0) return false;
    *bytes = text->bytes + text->offsets[row];
    return true;
}

#endif
