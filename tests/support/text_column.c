/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/text_column.h"

#include <stdlib.h>
#include <string.h>

/* Room for `count` things where there was room for count - 1: doubled at powers of two, since sanitizers move a block
   each time it is reallocated. */
static void *grown(void *block, int64_t count, size_t each)
{
    if (block != NULL && (count & (count - 1)) != 0) return block;
    void *more = realloc(block, 2 * (size_t)count * each);
    if (more == NULL) abort();
    return more;
}

void text_column_open(text_column *column)
{
    memset(column, 0, sizeof *column);
    column->offsets = grown(NULL, 1, sizeof *column->offsets);
    column->offsets[0] = 0;
}

void text_column_add(text_column *column, const void *text, int64_t length)
{
    int64_t row = column->rows++, end = column->offsets[row];
    if (text == NULL) length = 0;
    column->offsets = grown(column->offsets, row + 2, sizeof *column->offsets);
    column->validity = grown(column->validity, row / 8 + 1, 1);
    if (row % 8 == 0) column->validity[row / 8] = 0;
    for (int64_t i = 0; i < length; i++) {
        column->bytes = grown(column->bytes, end + i + 1, 1);
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
