/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/text_column.h"

#include <stdlib.h>
#include <string.h>

void text_column_open(text_column *column)
{
    memset(column, 0, sizeof *column);
    column->offsets = calloc(1, sizeof *column->offsets);
    if (column->offsets == NULL) abort();
}

static void *grown(void *block, int64_t bytes)
{
    /* Only at powers of two, since most rows fit. */
    if (block != NULL && (bytes & (bytes - 1)) != 0) return block;
    void *more = realloc(block, 2 * (size_t)bytes);
    if (more == NULL) abort();
    return more;
}

void text_column_add(text_column *column, const void *text, int64_t length)
{
    int64_t row = column->rows++, end = column->offsets[row];
    if (text == NULL) length = 0;
    column->offsets = realloc(column->offsets, (size_t)(row + 2) * sizeof *column->offsets);
    column->validity = grown(column->validity, row / 8 + 1);
    if (column->offsets == NULL) abort();
    if (row % 8 == 0) column->validity[row / 8] = 0;
    for (int64_t i = 0; i < length; i++) {
        column->bytes = grown(column->bytes, end + i + 1);
        column->bytes[end + i] = ((const uint8_t *)text)[i];
    }
    column->offsets[row + 1] = end + length;
    if (text != NULL) column->validity[row / 8] = (uint8_t)(column->validity[row / 8] | 1u << row % 8);
}

patron_text text_column_view(const text_column *column)
{
    patron_text view = {column->bytes, column->offsets, column->validity};
    return view;
}

void text_column_free(text_column *column)
{
    free(column->bytes);
    free(column->offsets);
    free(column->validity);
    memset(column, 0, sizeof *column);
}
