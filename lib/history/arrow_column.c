/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrow arrays: what they say checked, and their layouts read. The layouts are those of the Arrow columnar format. */
#include "history/arrow_column.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "history/batch.h"

/* A view: length, then the text where it has at most 12 bytes, else 4 bytes of it, a buffer's number, an offset. */
typedef struct view {
    int32_t length;
    uint8_t prefix[4];
    int32_t buffer, offset;
} view;

enum { INLINE_FROM = 4, INLINE_BYTES = 12, VIEW_BUFFERS_FROM = 2, MOST_BYTES_A_ROW = 64 };

PTN_PRINTF(3, 4)
static patron_status fail_array(patron_error *error, const char *name, const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return ptn_fail(error, PATRON_INVALID_ARGUMENT, "column '%.60s' is not in order: %s", name, text);
}

patron_status ptn_arrow_check_shape(const struct ArrowArray *array, const char *name, patron_error *error)
{
    int64_t end;
    size_t bytes;
    if (array->length < 0) return fail_array(error, name, "its length is %lld", (long long)array->length);
    if (array->offset < 0) return fail_array(error, name, "its offset is %lld", (long long)array->offset);
    if (array->null_count < -1 || array->null_count > array->length)
        return fail_array(error, name, "it has %lld nulls in %lld rows", (long long)array->null_count,
                          (long long)array->length);
    if (!ptn_add_i64(&end, array->length, array->offset) || !ptn_bytes(&bytes, end, MOST_BYTES_A_ROW))
        return ptn_fail(error, PATRON_TOO_LARGE,
                        "column '%.60s' has %lld rows from %lld on, more than memory can "
                        "address",
                        name, (long long)array->length, (long long)array->offset);
    if (array->n_buffers < 0 || (array->n_buffers > 0 && array->buffers == NULL))
        return fail_array(error, name, "it has %lld buffers%s", (long long)array->n_buffers,
                          array->buffers == NULL ? " at NULL" : "");
    return PATRON_OK;
}

static bool aligned(const void *buffer, int32_t width)
{
    uintptr_t mask = width >= 8 ? 7 : width > 1 ? (uintptr_t)width - 1 : 0;
    return ((uintptr_t)buffer & mask) == 0;
}

static patron_status check_buffers(const struct ArrowArray *array, ptn_arrow_type type, const char *name,
                                   patron_error *error)
{
    bool views = type.kind == PTN_ARROW_VIEW, texts = ptn_arrow_in(type, PTN_ARROW_SET_TEXTS);
    int64_t least = views ? 3 : texts ? 3 : 2;
    int32_t width = type.kind == PTN_ARROW_TEXT32 ? 4 : texts ? 8 : ptn_arrow_width(type);
    if (views ? array->n_buffers < least : array->n_buffers != least)
        return fail_array(error, name, "it has %lld buffers, not %lld", (long long)array->n_buffers, (long long)least);
    if (array->length == 0) return PATRON_OK;
    if (array->null_count > 0 && array->buffers[0] == NULL)
        return fail_array(error, name, "it has %lld nulls, but no validity buffer", (long long)array->null_count);
    if (array->buffers[1] == NULL) return fail_array(error, name, "buffer 1 is NULL");
    if (views && array->n_buffers > 3 && array->buffers[array->n_buffers - 1] == NULL)
        return fail_array(error, name, "it has no buffer of lengths");
    if (!aligned(array->buffers[1], width) || (views && !aligned(array->buffers[array->n_buffers - 1], 8)))
        return fail_array(error, name, "a buffer is not aligned to its values; copy the array");
    return PATRON_OK;
}

static patron_status check_array(const struct ArrowArray *array, ptn_arrow_type type, const char *name,
                                 patron_error *error)
{
    patron_status status = ptn_arrow_check_shape(array, name, error);
    if (status != PATRON_OK) return status;
    if (array->n_children != 0) return fail_array(error, name, "it has %lld children", (long long)array->n_children);
    return type.kind == PTN_ARROW_NULLS ? PATRON_OK : check_buffers(array, type, name, error);
}

patron_status ptn_arrow_bind(ptn_arrow_column *column, const struct ArrowArray *array, int64_t length,
                             patron_error *error)
{
    const ptn_arrow_field *f = &column->field;
    column->array = NULL;
    if (array == NULL) return fail_array(error, f->name, "it is NULL");
    patron_status status = check_array(array, f->dictionary ? f->index : f->type, f->name, error);
    if (status != PATRON_OK) return status;
    if (array->length < length)
        return fail_array(error, f->name, "it has %lld rows, its batch %lld", (long long)array->length,
                          (long long)length);
    if (f->dictionary != (array->dictionary != NULL))
        return fail_array(error, f->name, "%s", f->dictionary ? "its dictionary is NULL" : "it has a dictionary");
    if (f->dictionary) status = check_array(array->dictionary, f->type, f->name, error);
    if (status == PATRON_OK) column->array = array;
    return status;
}

const uint8_t *ptn_arrow_bits(uint8_t *block, const void *bits, int64_t start, int64_t rows)
{
    const uint8_t *from = (const uint8_t *)bits + start / 8;
    int64_t shift = start % 8, bytes = (rows + 7) / 8, last = (shift + rows - 1) / 8;
    if (shift == 0) return from;
    for (int64_t i = 0; i < bytes; i++) {
        uint32_t high = i + 1 <= last ? from[i + 1] : 0;
        block[i] = (uint8_t)((from[i] | high << 8) >> shift);
    }
    return block;
}

patron_status ptn_arrow_block(void **block, ptn_arrow_column *column, int32_t which, int64_t bytes,
                              const ptn_arrow_part *part)
{
    ptn_array *array = &column->blocks[which];
    *block = NULL;
    if (bytes > array->capacity) {
        patron_status status =
            ptn_array_reserve_wiping(array, part->memory, bytes, 1, "an Arrow column's values", part->error);
        if (status != PATRON_OK) return status;
    }
    *block = array->items;
    return PATRON_OK;
}

static bool has(const uint8_t *validity, int64_t row) { return ptn_batch_has(validity, row); }

#define INDICES(kind, type)                                                                                            \
    case kind:                                                                                                         \
        for (int64_t i = 0; i < rows; i++) out[i] = (int64_t)((const type *)from)[i];                                  \
        break;

/* The index column's numbers, whatever their width. An unsigned one beyond int64_t becomes negative: out of range. */
static void read_indices(int64_t *out, const void *values, ptn_arrow_type type, int64_t start, int64_t rows)
{
    const void *from = (const uint8_t *)values + start * ptn_arrow_width(type);
    switch (type.kind) {
        INDICES(PTN_ARROW_INT8, int8_t)
        INDICES(PTN_ARROW_UINT8, uint8_t)
        INDICES(PTN_ARROW_INT16, int16_t)
        INDICES(PTN_ARROW_UINT16, uint16_t)
        INDICES(PTN_ARROW_INT32, int32_t)
        INDICES(PTN_ARROW_UINT32, uint32_t)
        INDICES(PTN_ARROW_INT64, int64_t)
        INDICES(PTN_ARROW_UINT64, uint64_t)
    default:
        break;
    }
}
#undef INDICES

static bool bit_at(const void *bits, int64_t at) { return (((const uint8_t *)bits)[at / 8] >> (at % 8) & 1) != 0; }

/* The rows' places in the dictionary, into the column's block; rows without a value, or whose value is null there, are
   taken out of `bits`. */
static patron_status read_places(uint8_t *bits, ptn_arrow_column *column, const ptn_arrow_part *part)
{
    const struct ArrowArray *array = column->array, *d = array->dictionary;
    const void *there =
        column->field.type.kind == PTN_ARROW_NULLS || d->null_count == 0 || d->length == 0 ? NULL : d->buffers[0];
    void *block;
    patron_status status = ptn_arrow_block(&block, column, PTN_BLOCK_INDEX, part->rows * 8, part);
    if (status != PATRON_OK) return status;
    int64_t *places = block;
    read_indices(places, array->buffers[1], column->field.index, array->offset + part->start, part->rows);
    for (int64_t i = 0; i < part->rows; i++) {
        if (!has(bits, i)) continue;
        if (places[i] < 0 || places[i] >= d->length)
            return ptn_fail_row(part->error, PATRON_INVALID_ARGUMENT, part->first + i, -1,
                                "row %lld: column '%.60s' has the index %lld into a dictionary of %lld values",
                                (long long)(part->first + i), column->field.name, (long long)places[i],
                                (long long)d->length);
        if (there != NULL && !bit_at(there, d->offset + places[i])) bits[i / 8] &= (uint8_t) ~(1u << (i % 8));
    }
    return PATRON_OK;
}

patron_status ptn_arrow_validity(const uint8_t **validity, ptn_arrow_column *column, const ptn_arrow_part *part)
{
    const struct ArrowArray *array = column->array;
    bool nulls = column->field.type.kind == PTN_ARROW_NULLS, dictionary = column->field.dictionary;
    bool own = (!nulls || dictionary) && array->null_count != 0 && array->buffers[0] != NULL;
    int64_t bytes = (part->rows + 7) / 8;
    void *block;
    *validity = part->validity;
    if (!nulls && !own && !dictionary) return PATRON_OK;
    patron_status status = ptn_arrow_block(&block, column, PTN_BLOCK_VALIDITY, bytes, part);
    if (status != PATRON_OK) return status;
    uint8_t *bits = block;
    if (own) {
        const uint8_t *found = ptn_arrow_bits(bits, array->buffers[0], array->offset + part->start, part->rows);
        if (part->validity == NULL && !dictionary && !nulls) {
            *validity = found;
            return PATRON_OK;
        }
        if (found != bits) memcpy(bits, found, (size_t)bytes);
    } else {
        memset(bits, 0xFF, (size_t)bytes);
    }
    for (int64_t i = 0; part->validity != NULL && i < bytes; i++) bits[i] &= part->validity[i];
    *validity = bits;
    if (dictionary && (status = read_places(bits, column, part)) != PATRON_OK) return status;
    if (nulls) memset(bits, 0, (size_t)bytes);
    return PATRON_OK;
}

/* Copied as bytes: they are read as what they are. */
#define GATHER(bytes)                                                                                                  \
    case bytes:                                                                                                        \
        for (int64_t i = 0; i < rows; i++)                                                                             \
            if (has(validity, i)) memcpy(to + (bytes)*i, values + (bytes) * (offset + places[i]), bytes);              \
        break;

static void gather(void *out, const struct ArrowArray *from, ptn_arrow_type type, const int64_t *places,
                   const uint8_t *validity, int64_t rows)
{
    const uint8_t *values = from->length == 0 ? NULL : from->buffers[1];
    uint8_t *to = out;
    int64_t offset = from->offset;
    memset(out, 0, (size_t)(rows * ptn_arrow_width(type)));
    if (type.kind == PTN_ARROW_BOOL) {
        for (int64_t i = 0; i < rows; i++) to[i] = has(validity, i) && bit_at(values, offset + places[i]);
        return;
    }
    switch (ptn_arrow_width(type)) {
        GATHER(1)
        GATHER(2)
        GATHER(4)
        GATHER(8)
        GATHER(16)
    default:
        break;
    }
}
#undef GATHER

patron_status ptn_arrow_values(const void **values, ptn_arrow_column *column, const uint8_t *validity,
                               const ptn_arrow_part *part)
{
    const struct ArrowArray *array = column->array;
    ptn_arrow_type type = column->field.type;
    int32_t width = ptn_arrow_width(type);
    int64_t start = array->offset + part->start;
    void *block;
    if (!column->field.dictionary && type.kind != PTN_ARROW_NULLS && type.kind != PTN_ARROW_BOOL) {
        *values = (const uint8_t *)array->buffers[1] + start * width;
        return PATRON_OK;
    }
    patron_status status = ptn_arrow_block(&block, column, PTN_BLOCK_VALUES, part->rows * 16, part);
    if (status != PATRON_OK) return status;
    *values = block;
    if (type.kind == PTN_ARROW_NULLS)
        memset(block, 0, (size_t)part->rows * 8);
    else if (column->field.dictionary)
        gather(block, array->dictionary, type, column->blocks[PTN_BLOCK_INDEX].items, validity, part->rows);
    else
        for (int64_t i = 0; i < part->rows; i++) ((uint8_t *)block)[i] = bit_at(array->buffers[1], start + i);
    return PATRON_OK;
}

static patron_status fail_text(const ptn_arrow_column *column, const ptn_arrow_part *part, int64_t row,
                               const char *what)
{
    return ptn_fail_row(part->error, PATRON_INVALID_ARGUMENT, part->first + row, -1,
                        "row %lld: column '%.60s' is not in order: %s", (long long)(part->first + row),
                        column->field.name, what);
}

static const char falls[] = "its offsets fall, or are negative";

/* One text of an array, at `at` counted from its first buffer element; false where it cannot be. */
static bool text_at(const uint8_t **bytes, int64_t *length, const struct ArrowArray *array, ptn_arrow_type type,
                    int64_t at)
{
    if (type.kind == PTN_ARROW_VIEW) {
        const view *v = (const view *)array->buffers[1] + at;
        const int64_t *sizes = array->buffers[array->n_buffers - 1];
        *length = v->length;
        *bytes = (const uint8_t *)v + INLINE_FROM;
        if (v->length < 0) return false;
        if (v->length <= INLINE_BYTES) return true;
        if (v->buffer < 0 || v->buffer >= array->n_buffers - VIEW_BUFFERS_FROM - 1 || v->offset < 0) return false;
        *bytes = array->buffers[VIEW_BUFFERS_FROM + v->buffer];
        if (*bytes == NULL || (int64_t)v->offset + v->length > sizes[v->buffer]) return false;
        *bytes += v->offset;
        return true;
    }
    int64_t start, end;
    if (type.kind == PTN_ARROW_TEXT32) {
        start = ((const int32_t *)array->buffers[1])[at];
        end = ((const int32_t *)array->buffers[1])[at + 1];
    } else {
        start = ((const int64_t *)array->buffers[1])[at];
        end = ((const int64_t *)array->buffers[1])[at + 1];
    }
    if (start < 0 || end < start) return false;
    *bytes = array->buffers[2];
    *length = end - start;
    if (*length == 0) return true;
    if (*bytes == NULL) return false;
    *bytes += start;
    return true;
}

/* Texts that lie apart, one after the other: lengths first, then room for all, then bytes. */
static patron_status copy_texts(ptn_arrow_texts *texts, ptn_arrow_column *column, const uint8_t *validity,
                                int64_t *offsets, const ptn_arrow_part *part)
{
    const struct ArrowArray *array = column->array;
    const struct ArrowArray *from = column->field.dictionary ? array->dictionary : array;
    const int64_t *places = column->field.dictionary ? column->blocks[PTN_BLOCK_INDEX].items : NULL;
    int64_t start = from->offset + (places == NULL ? part->start : 0), total = 0;
    const uint8_t *bytes;
    void *block;
    for (int64_t i = 0; i < part->rows; i++) {
        int64_t length = 0;
        offsets[i] = total;
        if (!has(validity, i)) continue;
        if (!text_at(&bytes, &length, from, column->field.type, start + (places == NULL ? i : places[i])))
            return fail_text(column, part, i,
                             column->field.type.kind == PTN_ARROW_VIEW ? "a view lies outside of its buffer" : falls);
        if (!ptn_add_i64(&total, total, length))
            return ptn_fail(part->error, PATRON_TOO_LARGE, "column '%.60s' has more text than memory can address",
                            column->field.name);
    }
    offsets[part->rows] = total;
    patron_status status = ptn_arrow_block(&block, column, PTN_BLOCK_BYTES, total, part);
    if (status != PATRON_OK) return status;
    *texts = (ptn_arrow_texts){block, offsets};
    for (int64_t i = 0; i < part->rows; i++) {
        int64_t length = offsets[i + 1] - offsets[i];
        if (length == 0) continue;
        text_at(&bytes, &length, from, column->field.type, start + (places == NULL ? i : places[i]));
        memcpy((uint8_t *)block + offsets[i], bytes, (size_t)length);
    }
    return PATRON_OK;
}

/* 32-bit offsets as 64-bit ones, into the same bytes. */
static patron_status widen_offsets(const ptn_arrow_column *column, int64_t *offsets, const int32_t *from,
                                   const ptn_arrow_part *part)
{
    bool fine = true;
    for (int64_t at = 0; at < part->rows; at += PTN_ARROW_STEP) {
        int64_t rows = ptn_arrow_ask(from, at, part->rows, sizeof *from);
        fine &= part->kernels->offsets(offsets + at, from + at, rows);
    }
    for (int64_t i = 0; !fine && i < part->rows; i++)
        if (from[i] < 0 || from[i + 1] < from[i]) return fail_text(column, part, i, falls);
    return PATRON_OK;
}

static patron_status check_offsets(const ptn_arrow_column *column, const int64_t *offsets, const ptn_arrow_part *part)
{
    bool wrong = offsets[0] < 0;
    for (int64_t i = 0; i < part->rows; i++) wrong |= offsets[i + 1] < offsets[i];
    for (int64_t i = 0; wrong && i < part->rows; i++)
        if (offsets[i] < 0 || offsets[i + 1] < offsets[i]) return fail_text(column, part, i, falls);
    return PATRON_OK;
}

patron_status ptn_arrow_text(ptn_arrow_texts *texts, ptn_arrow_column *column, const uint8_t *validity,
                             const ptn_arrow_part *part)
{
    const struct ArrowArray *array = column->array;
    int64_t start = array->offset + part->start;
    bool plain = !column->field.dictionary, narrow = column->field.type.kind == PTN_ARROW_TEXT32;
    patron_status status;
    void *block;
    *texts = (ptn_arrow_texts){NULL, NULL};
    if (plain && column->field.type.kind == PTN_ARROW_TEXT64) {
        *texts = (ptn_arrow_texts){array->buffers[2], (const int64_t *)array->buffers[1] + start};
        status = check_offsets(column, texts->offsets, part);
    } else {
        status = ptn_arrow_block(&block, column, PTN_BLOCK_OFFSETS, (part->rows + 1) * 8, part);
        if (status != PATRON_OK) return status;
        if (!plain || !narrow) return copy_texts(texts, column, validity, block, part);
        *texts = (ptn_arrow_texts){array->buffers[2], block};
        status = widen_offsets(column, block, (const int32_t *)array->buffers[1] + start, part);
    }
    if (status == PATRON_OK && texts->bytes == NULL && texts->offsets[part->rows] > texts->offsets[0])
        return fail_text(column, part, 0, "it has no bytes, but its offsets say there is text");
    return status;
}

bool ptn_arrow_scattered(const ptn_arrow_column *column)
{
    ptn_arrow_type type = column->field.type;
    return ptn_arrow_in(type, PTN_ARROW_SET_TEXTS) && (column->field.dictionary || type.kind == PTN_ARROW_VIEW);
}

int64_t ptn_arrow_text_bytes(ptn_arrow_column *column, const ptn_arrow_part *part)
{
    const struct ArrowArray *array = column->array;
    const struct ArrowArray *from = column->field.dictionary ? array->dictionary : array;
    const uint8_t *validity, *bytes;
    int64_t total = 0, length;
    if (ptn_arrow_validity(&validity, column, part) != PATRON_OK) return 0;
    const int64_t *places = column->field.dictionary ? column->blocks[PTN_BLOCK_INDEX].items : NULL;
    int64_t start = from->offset + (places == NULL ? part->start : 0);
    for (int64_t i = 0; i < part->rows; i++) {
        if (!has(validity, i)) continue;
        if (!text_at(&bytes, &length, from, column->field.type, start + (places == NULL ? i : places[i])) ||
            !ptn_add_i64(&total, total, length))
            return 0;
    }
    return total;
}

patron_status ptn_arrow_make_blocks(ptn_arrow_column *column, const ptn_memory *memory, patron_error *error)
{
    enum { BITS = PTN_ARROW_PART / 8, EIGHT = PTN_ARROW_PART * 8, TEXT = PTN_ARROW_PART * PTN_ARROW_DIGITS };
    const ptn_arrow_field *f = &column->field;
    const ptn_arrow_part part = {.memory = memory, .error = error};
    bool texts = ptn_arrow_in(f->type, PTN_ARROW_SET_TEXTS);
    bool label = f->field == PATRON_FIELD_PRODUCT || f->field == PATRON_FIELD_CATEGORY;
    bool id = label || f->field == PATRON_FIELD_CUSTOMER || f->field == PATRON_FIELD_ORDER;
    bool whole = id && ptn_arrow_in(f->type, PTN_ARROW_SET_FLOATS);
    bool written =
        !texts &&
        (label || (id && (f->type.kind == PTN_ARROW_UINT64 || ptn_arrow_in(f->type, PTN_ARROW_SET_DECIMALS))));
    const int64_t bytes[PTN_BLOCKS] = {
        [PTN_BLOCK_VALIDITY] = BITS,
        [PTN_BLOCK_INDEX] = f->dictionary ? EIGHT : 0,
        [PTN_BLOCK_VALUES] = !texts && (f->dictionary || ptn_arrow_width(f->type) <= 1) ? 2 * EIGHT : 0,
        [PTN_BLOCK_NUMBERS] = texts ? 0 : EIGHT,
        [PTN_BLOCK_OFFSETS] = texts || written ? EIGHT + 8 : 0,
        [PTN_BLOCK_BYTES] = written ? TEXT
                            : texts ? 0
                                    : PTN_ARROW_PART,
        [PTN_BLOCK_WHOLE] = whole ? EIGHT : 0,
        [PTN_BLOCK_THERE] = whole ? BITS : 0,
    };
    for (int32_t which = 0; which < PTN_BLOCKS; which++) {
        void *block;
        patron_status status = PATRON_OK;
        if (bytes[which] > 0) status = ptn_arrow_block(&block, column, which, bytes[which], &part);
        if (status != PATRON_OK) return status;
    }
    return PATRON_OK;
}

void ptn_arrow_column_free(ptn_arrow_column *column, const ptn_memory *memory)
{
    for (int i = 0; i < PTN_BLOCKS; i++) {
        ptn_wipe(column->blocks[i].items, (size_t)column->blocks[i].capacity);
        ptn_array_free(&column->blocks[i], memory);
    }
}
