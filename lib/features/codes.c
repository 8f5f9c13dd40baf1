/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the history numbers texts depends on the order they came in, and on threads; which ones it knows, on lines that
   are no purchases, lie after the as-of or are another customer's. So the column alone says which texts there are, and
   their bytes say which code each has. */
#include "features/codes.h"

#include <math.h>
#include <string.h>

#include "matrix/matrix.h"

enum { BLOCK = 16384 };

typedef struct coding {
    const patron_matrix *matrix;
    int64_t column;
    const ptn_intern *texts;
    int32_t *codes; /* by number: at first, whether it occurs */
    int32_t *found; /* the numbers that occur */
    int64_t count;  /* of them */
} coding;

static bool text_less(const int32_t *a, const int32_t *b, const ptn_intern *texts)
{
    return ptn_intern_compare(texts, *a, *b) < 0;
}

#define SORT_NAME    sort_by_text
#define SORT_TYPE    int32_t
#define SORT_CONTEXT ptn_intern
#define SORT_LESS    text_less
#include "base/sort_template.h"

static int64_t block_end(const coding *c, int64_t block)
{
    return (block + 1) * BLOCK < c->matrix->rows ? (block + 1) * BLOCK : c->matrix->rows;
}

static double *value_at(const coding *c, int64_t row) { return c->matrix->values + row * c->matrix->cols + c->column; }

static void find_block(void *argument, int64_t block, int32_t worker)
{
    const coding *c = argument;
    (void)worker;
    for (int64_t row = block * BLOCK; row < block_end(c, block); row++) {
        double value = *value_at(c, row);
        if (isnan(value)) continue;
        int32_t *seen = &c->codes[(int32_t)value];
        if (__atomic_load_n(seen, __ATOMIC_RELAXED) == 0) __atomic_store_n(seen, 1, __ATOMIC_RELAXED);
    }
}

static void code_block(void *argument, int64_t block, int32_t worker)
{
    const coding *c = argument;
    (void)worker;
    for (int64_t row = block * BLOCK; row < block_end(c, block); row++) {
        double *value = value_at(c, row);
        if (!isnan(*value)) *value = (double)c->codes[(int32_t)*value];
    }
}

/* The texts that occur, in order, and the code of each. */
static patron_status take_texts(patron_features *features, coding *c, const ptn_memory *memory, patron_error *error)
{
    int64_t known = ptn_intern_count(c->texts), bytes = 0, at = 0;
    for (int64_t number = 0; number < known; number++) {
        if (c->codes[number] == 0) continue;
        c->found[c->count++] = (int32_t)number;
        bytes += ptn_intern_length(c->texts, (int32_t)number);
    }
    sort_by_text(c->found, c->count, c->texts);
    const ptn_wanted wanted[] = {{&features->code_ends, c->count + 1, sizeof *features->code_ends, "texts of codes"},
                                 {&features->code_bytes, bytes, 1, "texts of codes"}};
    patron_status status = ptn_allocate_each(wanted, 2, true, memory, error);
    if (status != PATRON_OK) return status;
    for (int64_t code = 0; code < c->count; code++) {
        const uint8_t *text_bytes;
        uint8_t text[PTN_KEY_TEXT];
        int64_t length = ptn_intern_get(&text_bytes, text, c->texts, c->found[code]);
        memcpy(features->code_bytes + at, text_bytes, (size_t)length);
        features->code_ends[code + 1] = at += length;
        c->codes[c->found[code]] = (int32_t)code;
    }
    features->codes = c->count;
    return PATRON_OK;
}

patron_status ptn_codes_make(patron_features *features, int64_t column, const ptn_intern *texts, ptn_team *team,
                             const char *stage, double from, double to, patron_error *error)
{
    coding c = {.matrix = features->matrix, .column = column, .texts = texts};
    const ptn_memory *memory = &team->context->memory;
    int64_t blocks = (c.matrix->rows + BLOCK - 1) / BLOCK, known = ptn_intern_count(texts);
    const ptn_wanted wanted[] = {{&c.codes, known, sizeof *c.codes, "codes"},
                                 {&c.found, known, sizeof *c.found, "codes"}};
    patron_status status = ptn_allocate_each(wanted, 2, true, memory, error);
    if (status == PATRON_OK) status = ptn_team_run(team, stage, from, 0.5 * (from + to), blocks, find_block, &c, error);
    if (status == PATRON_OK) status = take_texts(features, &c, memory, error);
    if (status == PATRON_OK) status = ptn_team_run(team, stage, 0.5 * (from + to), to, blocks, code_block, &c, error);
    ptn_free(memory, c.found);
    ptn_free(memory, c.codes);
    return status;
}
