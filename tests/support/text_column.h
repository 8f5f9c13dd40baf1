/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text column that grows row by row, for tests that make batches of order lines. */
#ifndef PATRON_TEST_TEXT_COLUMN_H
#define PATRON_TEST_TEXT_COLUMN_H

#include <patron/history.h>

typedef struct text_column {
    uint8_t *bytes;
    int64_t *offsets; /* rows + 1 */
    uint8_t *validity;
    int64_t rows;
} text_column;

void text_column_open(text_column *column);

/* Adds a row; text == NULL adds one without a value. */
void text_column_add(text_column *column, const void *text, int64_t length);

/* The column as the library takes it; valid until the next addition. */
patron_text text_column_view(const text_column *column);

void text_column_free(text_column *column);

#endif
