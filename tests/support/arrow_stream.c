/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/arrow_stream.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BLOCKS = 40 };

/* What a schema or array holds beside itself: as it was made, whatever a test has done to the struct since. */
typedef struct holding {
    arrow_source *source;
    struct ArrowSchema *schemas; /* children and dictionary */
    struct ArrowArray *arrays;
    int64_t within; /* of them */
    void *blocks[MOST_BLOCKS];
    int32_t count;
} holding;

static void need(bool condition)
{
    if (!condition) abort();
}

static void *block_of(holding *h, int64_t bytes)
{
    void *block = calloc(1, bytes > 0 ? (size_t)bytes : 1);
    need(block != NULL && h->count < MOST_BLOCKS);
    return h->blocks[h->count++] = block;
}

static holding *hold(arrow_source *source)
{
    holding *h = calloc(1, sizeof *h);
    need(h != NULL);
    h->source = source;
    source->live++;
    return h;
}

static void let_go(holding *h)
{
    h->source->live--;
    h->source->released++;
    for (int32_t i = 0; i < h->count; i++) free(h->blocks[i]);
    free(h);
}

/* What is released was not before. */
static void release_schema(struct ArrowSchema *schema)
{
    holding *h = schema->private_data;
    need(schema->release == release_schema);
    for (int64_t i = 0; i < h->within; i++) h->schemas[i].release(&h->schemas[i]);
    schema->release = NULL;
    let_go(h);
}

static void release_array(struct ArrowArray *array)
{
    holding *h = array->private_data;
    need(array->release == release_array);
    for (int64_t i = 0; i < h->within; i++) h->arrays[i].release(&h->arrays[i]);
    array->release = NULL;
    let_go(h);
}

static holding *open_schema(struct ArrowSchema *schema, arrow_source *source, const char *format, const char *name)
{
    holding *h = hold(source);
    memset(schema, 0, sizeof *schema);
    schema->format = strcpy(block_of(h, (int64_t)strlen(format) + 1), format);
    schema->name = strcpy(block_of(h, (int64_t)strlen(name) + 1), name);
    schema->flags = ARROW_FLAG_NULLABLE;
    schema->release = release_schema;
    schema->private_data = h;
    return h;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    arrow_source *source = stream->private_data;
    if (source->schema_code != 0) return source->schema_code;
    holding *h = open_schema(out, source, "+s", "");
    out->n_children = source->cols;
    out->children = block_of(h, source->cols * (int64_t)sizeof *out->children);
    h->within = source->cols;
    h->schemas = block_of(h, source->cols * (int64_t)sizeof *h->schemas);
    for (int64_t i = 0; i < source->cols; i++) {
        const arrow_made_column *c = &source->columns[i];
        out->children[i] = &h->schemas[i];
        holding *child = open_schema(out->children[i], source, c->index != NULL ? c->index : c->format, c->name);
        if (c->index == NULL) continue;
        child->within = 1;
        out->children[i]->dictionary = child->schemas = block_of(child, sizeof *child->schemas);
        open_schema(child->schemas, source, c->format, "");
    }
    if (source->spoil_schema != NULL) source->spoil_schema(out);
    return 0;
}

/* Bytes of a value; 16 for formats that are not known. */
static int width_of(const char *format)
{
    static const char *const known[] = {"c", "C", "s", "S", "i", "I", "f", "tdD", "l", "L", "g", "tdm"};
    static const int widths[] = {1, 1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8};
    const char *bits = strrchr(format, ',');
    for (int i = 0; i < 12; i++)
        if (strcmp(format, known[i]) == 0) return widths[i];
    if (strncmp(format, "ts", 2) == 0) return 8;
    if (format[0] != 'd' || bits == NULL || bits == strchr(format, ',')) return 16;
    return strcmp(bits, ",32") == 0 ? 4 : strcmp(bits, ",64") == 0 ? 8 : 16;
}

static bool is_text(const char *format) { return strlen(format) == 1 && strchr("uUzZ", format[0]) != NULL; }

static void write_bits(uint8_t *bits, int64_t at, bool on) { bits[at / 8] |= (uint8_t)((on ? 1 : 0) << (at % 8)); }

static void fill_view(struct ArrowArray *out, holding *h, const arrow_cell *cells)
{
    int64_t total[2] = {0, 0};
    uint8_t *views = block_of(h, 16 * out->length);
    for (int64_t i = 0; i < out->length; i++)
        if (cells[i].text != NULL) total[i % 2] += (int64_t)strlen(cells[i].text);
    uint8_t *data[2] = {block_of(h, total[0]), block_of(h, total[1])};
    int64_t *sizes = block_of(h, 16);
    for (int64_t i = 0; i < out->length; i++) {
        int32_t length = cells[i].text == NULL ? 0 : (int32_t)strlen(cells[i].text), buffer = (int32_t)(i % 2);
        memcpy(views + 16 * i, &length, 4);
        if (cells[i].null || length == 0) continue;
        if (length <= 12) {
            memcpy(views + 16 * i + 4, cells[i].text, (size_t)length);
            continue;
        }
        int32_t offset = (int32_t)sizes[buffer];
        memcpy(views + 16 * i + 4, cells[i].text, 4);
        memcpy(views + 16 * i + 8, &buffer, 4);
        memcpy(views + 16 * i + 12, &offset, 4);
        memcpy(data[buffer] + offset, cells[i].text, (size_t)length);
        sizes[buffer] += length;
    }
    out->n_buffers = 5;
    out->buffers[1] = views;
    out->buffers[2] = data[0];
    out->buffers[3] = data[1];
    out->buffers[4] = sizes;
}

static void fill_text(struct ArrowArray *out, holding *h, const char *format, const arrow_cell *cells)
{
    bool wide = format[0] == 'U' || format[0] == 'Z';
    int64_t total = 0;
    for (int64_t i = 0; i < out->length; i++)
        if (cells[i].text != NULL) total += (int64_t)strlen(cells[i].text);
    uint8_t *offsets = block_of(h, (out->length + 1) * (wide ? 8 : 4)), *bytes = block_of(h, total);
    total = 0;
    for (int64_t i = 0; i <= out->length; i++) {
        int32_t narrow = (int32_t)total;
        if (wide)
            memcpy(offsets + 8 * i, &total, 8);
        else
            memcpy(offsets + 4 * i, &narrow, 4);
        if (i == out->length || cells[i].text == NULL) continue;
        memcpy(bytes + total, cells[i].text, strlen(cells[i].text));
        total += (int64_t)strlen(cells[i].text);
    }
    out->n_buffers = 3;
    out->buffers[1] = offsets;
    out->buffers[2] = bytes;
}

static void fill_fixed(struct ArrowArray *out, holding *h, const char *format, const arrow_cell *cells)
{
    int width = width_of(format);
    uint8_t *values = block_of(h, out->length * width);
    out->n_buffers = 2;
    out->buffers[1] = values;
    for (int64_t i = 0; i < out->length; i++) {
        float single = (float)cells[i].real;
        if (strcmp(format, "b") == 0)
            write_bits(values, i, cells[i].whole != 0);
        else if (strcmp(format, "f") == 0)
            memcpy(values + 4 * i, &single, 4);
        else if (strcmp(format, "g") == 0)
            memcpy(values + 8 * i, &cells[i].real, 8);
        else
            memcpy(values + width * i, &cells[i].whole, (size_t)width);
    }
}

/* An array of these cells as they stand. */
static holding *fill_array(struct ArrowArray *out, arrow_source *source, const char *format, const arrow_cell *cells,
                           int64_t length)
{
    holding *h = hold(source);
    memset(out, 0, sizeof *out);
    out->length = length;
    out->release = release_array;
    out->private_data = h;
    out->buffers = block_of(h, 6 * (int64_t)sizeof *out->buffers);
    int64_t nulls = 0;
    for (int64_t i = 0; i < length; i++) nulls += cells[i].null;
    out->null_count = source->count_nulls ? nulls : -1;
    if (strcmp(format, "n") == 0) return h;
    if (nulls > 0) {
        uint8_t *bits = block_of(h, (length + 7) / 8);
        for (int64_t i = 0; i < length; i++) write_bits(bits, i, !cells[i].null);
        out->buffers[0] = bits;
    }
    if (strcmp(format, "vu") == 0)
        fill_view(out, h, cells);
    else if (is_text(format))
        fill_text(out, h, format, cells);
    else
        fill_fixed(out, h, format, cells);
    return h;
}

/* The same values as an index into a dictionary that holds them backwards, behind one of junk. Every other null is
   one of the dictionary's. */
static void fill_dictionary(struct ArrowArray *out, arrow_source *source, const arrow_made_column *column,
                            const arrow_cell *cells, int64_t length)
{
    arrow_cell *values = calloc((size_t)length + 1, sizeof *values), *index = calloc((size_t)length + 1, sizeof *index);
    need(values != NULL && index != NULL);
    values[0] = (arrow_cell){.null = true, .text = "junk"};
    for (int64_t i = 0; i < length; i++) {
        values[1 + i] = cells[length - 1 - i];
        index[i] = (arrow_cell){.null = cells[i].null && i % 2 == 0, .whole = length - 1 - i};
        if (index[i].null) index[i].whole = -7;
    }
    holding *h = fill_array(out, source, column->index, index, length);
    h->within = 1;
    out->dictionary = h->arrays = block_of(h, sizeof *h->arrays);
    fill_array(out->dictionary, source, column->format, values, length + 1);
    out->dictionary->offset = 1;
    out->dictionary->length = length;
    if (source->count_nulls) out->dictionary->null_count = -1;
    free(values);
    free(index);
}

/* Rows first … first + length - 1 of a column, with junk around. */
static void fill_column(struct ArrowArray *out, arrow_source *source, const arrow_made_column *column, int64_t first,
                        int64_t rows)
{
    int64_t around = source->pad + source->struct_pad, length = rows + 2 * around;
    arrow_cell *cells = calloc((size_t)length + 1, sizeof *cells);
    need(cells != NULL);
    for (int64_t i = 0; i < length; i++) {
        cells[i] = (arrow_cell){.null = i % 3 == 0, .whole = 1 + i % 100, .real = -3.0, .text = "junk around the rows"};
        if (i >= around && i < around + rows) cells[i] = column->cells[first + i - around];
    }
    if (column->index != NULL)
        fill_dictionary(out, source, column, cells, length);
    else
        fill_array(out, source, column->format, cells, length);
    out->offset = source->pad;
    out->length = length - 2 * source->pad;
    if (source->count_nulls && source->pad > 0) {
        out->null_count = 0;
        for (int64_t i = 0; i < out->length; i++)
            out->null_count += column->format[0] == 'n' || (cells[source->pad + i].null && out->buffers[0] != NULL);
        if (column->index != NULL) out->null_count = -1;
    }
    free(cells);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    arrow_source *source = stream->private_data;
    int64_t at = source->batches, each = source->batch > 0 ? source->batch : source->rows;
    int64_t first = at * each + at * (at - 1) / 2 * source->grows, most = each + at * source->grows;
    int64_t rows = source->rows - first < most ? source->rows - first : most;
    memset(out, 0, sizeof *out);
    if (source->code != 0 && source->batches == source->fail_after) return source->code;
    if (first > source->rows || (rows == 0 && source->batches > 0)) return 0;
    holding *h = hold(source);
    out->release = release_array;
    out->private_data = h;
    out->length = rows;
    out->offset = source->struct_pad;
    out->n_buffers = 1;
    out->buffers = block_of(h, sizeof *out->buffers);
    out->null_count = 0;
    if (source->gone != NULL) {
        uint8_t *bits = block_of(h, (rows + source->struct_pad + 7) / 8);
        for (int64_t i = 0; i < rows; i++) write_bits(bits, source->struct_pad + i, !source->gone[first + i]);
        out->buffers[0] = bits;
        out->null_count = -1;
    }
    out->n_children = source->cols;
    out->children = block_of(h, source->cols * (int64_t)sizeof *out->children);
    h->within = source->cols;
    h->arrays = block_of(h, source->cols * (int64_t)sizeof *h->arrays);
    for (int64_t i = 0; i < source->cols; i++) {
        out->children[i] = &h->arrays[i];
        fill_column(&h->arrays[i], source, &source->columns[i], first, rows);
    }
    if (source->spoil != NULL) source->spoil(out, source->batches);
    source->batches++;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    return ((arrow_source *)stream->private_data)->last_error;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    arrow_source *source = stream->private_data;
    need(stream->release == release_stream);
    stream->release = NULL;
    source->live--;
    source->released++;
}

void arrow_stream_open(struct ArrowArrayStream *stream, arrow_source *source)
{
    *stream = (struct ArrowArrayStream){.get_schema = get_schema,
                                        .get_next = get_next,
                                        .get_last_error = get_last_error,
                                        .release = release_stream,
                                        .private_data = source};
    source->live = 1;
    source->released = source->batches = 0;
}
