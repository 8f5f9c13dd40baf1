/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A column of an Arrow array, checked, and read in parts: validity bits, values of one width, texts. Where the layout
   allows, a part is the producer's own memory; else it is made in blocks that the column keeps for the next part. */
#ifndef PTN_HISTORY_ARROW_COLUMN_H
#define PTN_HISTORY_ARROW_COLUMN_H

#include "base/context.h"
#include "history/arrow_types.h"
#include "kernels/kernels.h"

/* Rows of a part: few enough for its blocks to stay in a cache of one core. */
enum { PTN_ARROW_PART = 8192 };

/* The longest decimal text of a number of 128 bits, with its sign. */
enum { PTN_ARROW_DIGITS = 40 };

/* The blocks a column may need, each as large as was asked for so far. */
enum {
    PTN_BLOCK_VALIDITY,
    PTN_BLOCK_INDEX,
    PTN_BLOCK_VALUES,
    PTN_BLOCK_NUMBERS,
    PTN_BLOCK_OFFSETS,
    PTN_BLOCK_BYTES,
    PTN_BLOCK_WHOLE,
    PTN_BLOCK_THERE,
    PTN_BLOCKS
};

typedef struct ptn_arrow_column {
    ptn_arrow_field field;
    const struct ArrowArray *array; /* bound; NULL: nothing has this role */
    ptn_array blocks[PTN_BLOCKS];   /* bytes */
} ptn_arrow_column;

/* Rows of the stream that are being read. */
typedef struct ptn_arrow_part {
    const ptn_kernels *kernels;
    int64_t start;           /* in the column's array, before its own offset */
    int64_t rows;            /* 1 … PTN_ARROW_PART */
    int64_t first;           /* row of the stream, for messages */
    const uint8_t *validity; /* of the rows themselves; NULL: all are there */
    const ptn_memory *memory;
    patron_error *error;
} ptn_arrow_part;

/* Rows of a step through a part, and how many steps ahead values are asked for: see ptn_arrow_ask. */
enum { PTN_ARROW_STEP = 128, PTN_ARROW_AHEAD = 3 };

/* The rows of the step from row `at` on. Values of `each` bytes of a step to come are asked for: a processor does not
   by itself ask beyond a page. */
static inline int64_t ptn_arrow_ask(const void *values, int64_t at, int64_t rows, size_t each)
{
    enum { LINE = 64 };
    int64_t ahead = at + PTN_ARROW_AHEAD * PTN_ARROW_STEP;
    if (ahead + PTN_ARROW_STEP <= rows)
        for (size_t i = 0; i < PTN_ARROW_STEP * each; i += LINE)
            __builtin_prefetch((const char *)values + (size_t)ahead * each + i);
    return rows - at < PTN_ARROW_STEP ? rows - at : PTN_ARROW_STEP;
}

/* What a text is in memory: row i is bytes offsets[i] … offsets[i + 1] - 1. */
typedef struct ptn_arrow_texts {
    const uint8_t *bytes;
    const int64_t *offsets;
} ptn_arrow_texts;

/* Checks the array that holds the column's values, of at least `length` rows, and binds it. PATRON_INVALID_ARGUMENT,
   PATRON_TOO_LARGE. */
patron_status ptn_arrow_bind(ptn_arrow_column *column, const struct ArrowArray *array, int64_t length,
                             patron_error *error);

/* Checks what is said of any array: length, offset, null_count. `name` is for messages. */
patron_status ptn_arrow_check_shape(const struct ArrowArray *array, const char *name, patron_error *error);

/* Bits of rows start … start + rows - 1 at bit 0: the array's own where they lie so, else copied into `block` (of
   (rows + 7) / 8 bytes). */
const uint8_t *ptn_arrow_bits(uint8_t *block, const void *bits, int64_t start, int64_t rows);

/* `bytes` bytes of a block of the column, not initialised. */
patron_status ptn_arrow_block(void **block, ptn_arrow_column *column, int32_t which, int64_t bytes,
                              const ptn_arrow_part *part);

/* Which rows of the part have a value: NULL for all. To be called before the two below. */
patron_status ptn_arrow_validity(const uint8_t **validity, ptn_arrow_column *column, const ptn_arrow_part *part);

/* The part's values one after the other, ptn_arrow_width bytes each, booleans a byte each; those of rows that have none
   are of no meaning. For kinds that are no texts. */
patron_status ptn_arrow_values(const void **values, ptn_arrow_column *column, const uint8_t *validity,
                               const ptn_arrow_part *part);

/* The part's texts; for kinds that are. */
patron_status ptn_arrow_text(ptn_arrow_texts *texts, ptn_arrow_column *column, const uint8_t *validity,
                             const ptn_arrow_part *part);

/* Makes the blocks that reading any part takes, so that only texts that lie apart ask for more (PTN_BLOCK_BYTES): see
   ptn_arrow_text_bytes. */
patron_status ptn_arrow_make_blocks(ptn_arrow_column *column, const ptn_memory *memory, patron_error *error);

/* Whether texts lie apart. */
bool ptn_arrow_scattered(const ptn_arrow_column *column);

/* Bytes of the part's texts where they do; 0 where they are not in order. */
int64_t ptn_arrow_text_bytes(ptn_arrow_column *column, const ptn_arrow_part *part);

/* Overwrites the blocks and gives them back. */
void ptn_arrow_column_free(ptn_arrow_column *column, const ptn_memory *memory);

#endif
