/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An Arrow stream appended: who owns what, batch by batch, all of it or nothing. Parts of a batch are converted by the
   threads that read them. */
#include <patron/arrow.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/floating.h"
#include "history/append.h"
#include "history/arrow_convert.h"
#include "history/mark.h"

/* What a worker converts with. */
typedef struct converter {
    ptn_arrow_reader reader;
    uint8_t *validity;          /* of a part's rows, PTN_ARROW_PART bits */
    int64_t longest[PTN_ROLES]; /* bytes of texts that lie apart, of the parts it has measured */
} converter;

/* A stream on its way in. */
typedef struct stream_reader {
    patron_history *history;
    struct ArrowArrayStream stream; /* moved from the caller's */
    ptn_arrow_field fields[PTN_ROLES];
    converter *converters; /* of each worker */
    const struct ArrowArray *batch;
    const ptn_kernels *kernels;
    ptn_memos memos;
    ptn_team team;
    ptn_memory memory;
    int64_t children; /* that the schema has */
    int64_t rows;     /* appended so far */
    patron_error *error;
} stream_reader;

static_assert((int)PTN_ARROW_PART == (int)PTN_READER_BLOCK, "a part is what is read at a time");

void patron_arrow_columns_init(patron_arrow_columns *columns, size_t size)
{
    patron_arrow_columns defaults;
    memset(&defaults, 0, sizeof defaults);
    ptn_struct_init(columns, size, &defaults, sizeof defaults);
}

/* A callback of the stream has failed. */
static patron_status fail_stream(stream_reader *r, int code, const char *what)
{
    const char *text = r->stream.get_last_error == NULL ? NULL : r->stream.get_last_error(&r->stream);
    patron_status status = code == ENOMEM ? PATRON_OUT_OF_MEMORY : PATRON_SOURCE_FAILED;
    return ptn_fail(r->error, status, "the stream has no %s from row %" PRId64 " on: error %d%s%.300s", what, r->rows,
                    code, text == NULL ? "" : ": ", text == NULL ? "" : text);
}

/* Rows from … of the batch. */
static ptn_arrow_part part_of(const stream_reader *r, const converter *c, int64_t from, int64_t count,
                              patron_error *error)
{
    const struct ArrowArray *batch = r->batch;
    ptn_arrow_part part = {.kernels = r->kernels,
                           .start = batch->offset + from,
                           .rows = count,
                           .first = r->rows + from,
                           .memory = &r->memory,
                           .error = error};
    if (batch->null_count != 0 && batch->buffers[0] != NULL)
        part.validity = ptn_arrow_bits(c->validity, batch->buffers[0], part.start, part.rows);
    return part;
}

static patron_status convert(patron_orders *orders, const uint8_t **rounded, void *user, int32_t worker, int64_t from,
                             int64_t count, patron_error *error)
{
    const stream_reader *r = user;
    converter *c = &r->converters[worker];
    const ptn_arrow_part part = part_of(r, c, from, count, error);
    patron_status status = ptn_arrow_convert(orders, &c->reader, &part);
    *rounded = c->reader.any_rounded ? c->reader.rounded : NULL;
    return status;
}

static patron_status convert_text(patron_text *texts, void *user, int32_t text, int64_t from, int64_t count,
                                  patron_error *error)
{
    static const int32_t roles[PTN_TEXTS] = {PTN_ROLE_CUSTOMER, PTN_ROLE_ORDER, PTN_ROLE_PRODUCT, PTN_ROLE_CATEGORY,
                                             PTN_ROLE_CHANNEL};
    const stream_reader *r = user;
    const ptn_arrow_part part = part_of(r, r->converters, from, count, error);
    return ptn_arrow_convert_text(texts, &r->converters->reader, roles[text], &part);
}

/* How many bytes the texts of a part have that lie apart. */
static void measure(void *argument, int64_t block, int32_t worker)
{
    const stream_reader *r = argument;
    converter *c = &r->converters[worker];
    patron_error error;
    int64_t from = block * PTN_ARROW_PART, left = r->batch->length - from;
    const ptn_arrow_part part = part_of(r, c, from, left < PTN_ARROW_PART ? left : PTN_ARROW_PART, &error);
    for (int32_t role = 0; role < PTN_ROLES; role++) {
        ptn_arrow_column *column = &c->reader.columns[role];
        if (column->array == NULL || !ptn_arrow_scattered(column)) continue;
        int64_t bytes = ptn_arrow_text_bytes(column, &part);
        if (bytes > c->longest[role]) c->longest[role] = bytes;
    }
}

/* Room for every worker to convert any part of the batch. */
static patron_status make_room(stream_reader *r)
{
    int32_t workers = r->team.context->threads;
    bool any = false;
    for (int32_t role = 0; role < PTN_ROLES; role++)
        any |= r->fields[role].child >= 0 && ptn_arrow_scattered(&r->converters->reader.columns[role]);
    if (!any) return PATRON_OK;
    patron_status status = ptn_team_run(&r->team, "history", 0.0, 0.0,
                                        (r->batch->length + PTN_ARROW_PART - 1) / PTN_ARROW_PART, measure, r, r->error);
    const ptn_arrow_part part = {.memory = &r->memory, .error = r->error};
    for (int32_t role = 0; status == PATRON_OK && role < PTN_ROLES; role++) {
        int64_t longest = 0;
        void *block;
        for (int32_t w = 0; w < workers; w++)
            if (r->converters[w].longest[role] > longest) longest = r->converters[w].longest[role];
        for (int32_t w = 0; status == PATRON_OK && longest > 0 && w < workers; w++)
            status = ptn_arrow_block(&block, &r->converters[w].reader.columns[role], PTN_BLOCK_BYTES, longest, &part);
    }
    return status;
}

/* Checks a record batch as a struct, and each of its columns that is used. */
static patron_status bind_batch(stream_reader *r, const struct ArrowArray *batch)
{
    int32_t workers = r->team.context->threads;
    patron_status status = ptn_arrow_check_shape(batch, "of rows", r->error);
    if (status != PATRON_OK) return status;
    if (batch->n_children != r->children || (batch->n_children > 0 && batch->children == NULL))
        return ptn_fail(r->error, PATRON_INVALID_ARGUMENT,
                        "the batch at row %" PRId64 " is not in order: it has %" PRId64 " columns, its schema %" PRId64,
                        r->rows, batch->n_children, r->children);
    if (batch->dictionary != NULL || batch->n_buffers != 1 || (batch->null_count > 0 && batch->buffers[0] == NULL))
        return ptn_fail(r->error, PATRON_INVALID_ARGUMENT,
                        "the batch at row %" PRId64 " is not in order: it is no struct as Arrow lays it out", r->rows);
    for (int32_t role = 0; status == PATRON_OK && role < PTN_ROLES; role++) {
        ptn_arrow_column *column = &r->converters->reader.columns[role];
        if (column->field.child < 0) continue;
        status = ptn_arrow_bind(column, batch->children[column->field.child], batch->offset + batch->length, r->error);
        for (int32_t w = 1; w < workers; w++) r->converters[w].reader.columns[role].array = column->array;
    }
    return status;
}

/* Which columns there are. */
static patron_orders columns_given(const stream_reader *r)
{
    static const int64_t there = 0;
    static const double some = 0.0;
    const ptn_arrow_field *f = r->fields;
    patron_orders o;
    patron_orders_init(&o, sizeof o);
    o.customer_id.offsets = &there;
    if (f[PTN_ROLE_ORDER].child >= 0) o.order_id.offsets = &there;
    if (f[PTN_ROLE_PRODUCT].child >= 0) o.product.offsets = &there;
    if (f[PTN_ROLE_CATEGORY].child >= 0) o.category.offsets = &there;
    if (f[PTN_ROLE_CHANNEL].child >= 0) o.channel.offsets = &there;
    if (f[PTN_ROLE_CURRENCY].child >= 0) o.currency.offsets = &there;
    if (f[PTN_ROLE_QUANTITY].child >= 0) o.quantity = &some;
    if (f[PTN_ROLE_DISCOUNT].child >= 0 || f[PTN_ROLE_DISCOUNT_EXACT].child >= 0) o.discount = &there;
    if (f[PTN_ROLE_LINE].child >= 0) o.line = &there;
    return o;
}

static patron_status append_batch(stream_reader *r, const struct ArrowArray *batch)
{
    const ptn_batch_source source = {r, convert, convert_text};
    patron_orders given = columns_given(r);
    fenv_t host;
    patron_status status = bind_batch(r, batch);
    if (status != PATRON_OK || batch->length == 0) return status;
    r->batch = batch;
    given.rows = batch->length;
    ptn_floating_enter(&host);
    status = make_room(r);
    if (status == PATRON_OK) status = ptn_append(r->history, &given, &source, r->rows, &r->memos, &r->team, r->error);
    ptn_floating_leave(&host);
    r->rows += batch->length;
    return status;
}

/* Every batch, each released when it is done with. */
static patron_status append_batches(stream_reader *r)
{
    for (;;) {
        struct ArrowArray batch = {.release = NULL};
        int code = r->stream.get_next(&r->stream, &batch);
        if (code != 0) return fail_stream(r, code, "batch");
        if (batch.release == NULL) return PATRON_OK;
        patron_status status = append_batch(r, &batch);
        if (batch.release != NULL) batch.release(&batch);
        if (status != PATRON_OK) return status;
    }
}

static patron_status make_converters(stream_reader *r, int64_t naive_offset_s)
{
    void *block;
    int32_t workers = r->team.context->threads;
    patron_status status =
        ptn_allocate_zero(&block, &r->memory, workers, sizeof *r->converters, "an Arrow stream's columns", r->error);
    r->converters = block;
    for (int32_t w = 0; status == PATRON_OK && w < workers; w++) {
        converter *c = &r->converters[w];
        const ptn_wanted wanted[] = {{&c->reader.fault, PTN_ARROW_PART, 1, "an Arrow stream's faults"},
                                     {&c->reader.fault_field, PTN_ARROW_PART, 1, "an Arrow stream's faults"},
                                     {&c->reader.rounded, PTN_ARROW_PART, 1, "an Arrow stream's roundings"},
                                     {&c->validity, PTN_ARROW_PART / 8, 1, "an Arrow stream's validity"}};
        c->reader.naive_offset_s = naive_offset_s;
        for (int32_t role = 0; role < PTN_ROLES; role++) c->reader.columns[role].field = r->fields[role];
        status = ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, &r->memory, r->error);
        for (int32_t role = 0; status == PATRON_OK && role < PTN_ROLES; role++)
            if (r->fields[role].child >= 0)
                status = ptn_arrow_make_blocks(&c->reader.columns[role], &r->memory, r->error);
    }
    return status;
}

static void free_converters(stream_reader *r)
{
    for (int32_t w = 0; r->converters != NULL && w < r->team.context->threads; w++) {
        converter *c = &r->converters[w];
        for (int32_t role = 0; role < PTN_ROLES; role++) ptn_arrow_column_free(&c->reader.columns[role], &r->memory);
        ptn_free(&r->memory, c->validity);
        ptn_free(&r->memory, c->reader.rounded);
        ptn_free(&r->memory, c->reader.fault_field);
        ptn_free(&r->memory, c->reader.fault);
    }
    ptn_free(&r->memory, r->converters);
}

/* The schema stays until the last batch: the columns' names are its own. */
static patron_status append_stream(stream_reader *r, const patron_arrow_columns *columns, int64_t naive_offset_s)
{
    struct ArrowSchema schema = {.release = NULL};
    ptn_mark mark = ptn_mark_take(r->history);
    int code = r->stream.get_schema(&r->stream, &schema);
    if (code != 0) return fail_stream(r, code, "schema");
    if (schema.release == NULL)
        return ptn_fail(r->error, PATRON_SOURCE_FAILED, "the stream's schema has been released; give a fresh stream");
    r->children = schema.n_children;
    patron_status status = ptn_arrow_find(r->fields, &schema, columns, r->error);
    if (status == PATRON_OK) status = make_converters(r, naive_offset_s);
    if (status == PATRON_OK) {
        status = append_batches(r);
        if (status != PATRON_OK) ptn_mark_return(r->history, &mark);
    }
    ptn_memos_close(&r->memos, &r->memory);
    free_converters(r);
    schema.release(&schema);
    return status;
}

static patron_status read_columns(patron_arrow_columns *out, const patron_arrow_columns *columns, patron_error *error)
{
    patron_arrow_columns_init(out, sizeof *out);
    patron_status status = ptn_struct_read(out, sizeof *out, columns, "columns", error);
    if (status != PATRON_OK) return status;
    if (out->naive_time == PATRON_NAIVE_LOCAL || out->naive_time == PATRON_NAIVE_UTC) return PATRON_OK;
    return ptn_fail(error, PATRON_INVALID_ARGUMENT, "naive_time is %d; give PATRON_NAIVE_LOCAL or PATRON_NAIVE_UTC",
                    (int)out->naive_time);
}

static patron_status append_moved(stream_reader *r, const patron_arrow_columns *columns, const patron_context *context)
{
    patron_arrow_columns read;
    ptn_context known;
    if (r->history == NULL) return ptn_fail_null(r->error, "history");
    if (r->stream.release == NULL || r->stream.get_schema == NULL || r->stream.get_next == NULL)
        return ptn_fail(r->error, PATRON_INVALID_ARGUMENT, "the stream has no %s; give one that is not released",
                        r->stream.release == NULL      ? "release"
                        : r->stream.get_schema == NULL ? "get_schema"
                                                       : "get_next");
    patron_status status = ptn_context_read(&known, context, r->error);
    if (status == PATRON_OK) status = read_columns(&read, columns, r->error);
    if (status != PATRON_OK) return status;
    r->memory = known.memory;
    ptn_team_open(&r->team, &known);
    status = append_stream(r, &read, read.naive_time == PATRON_NAIVE_UTC ? 0 : r->history->options.utc_offset_s);
    ptn_team_close(&r->team);
    return status;
}

patron_status patron_history_append_arrow(patron_history *history, struct ArrowArrayStream *stream,
                                          const patron_arrow_columns *columns, const patron_context *context,
                                          patron_error *error)
{
    stream_reader r = {.history = history, .kernels = ptn_kernels_here(), .error = error};
    ptn_ok(error);
    if (stream == NULL) return ptn_fail_null(error, "stream");
    r.stream = *stream;
    stream->release = NULL;
    patron_status status = append_moved(&r, columns, context);
    if (r.stream.release != NULL) r.stream.release(&r.stream);
    return status;
}
