/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An Arrow stream appended: who owns what, batch by batch, part by part, all of it or nothing. */
#include <patron/arrow.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/floating.h"
#include "history/arrow_convert.h"
#include "history/mark.h"
#include "history/money.h"

/* A stream on its way in. */
typedef struct stream_reader {
    patron_history *history;
    struct ArrowArrayStream stream; /* moved from the caller's */
    ptn_arrow_reader reader;
    uint8_t *validity; /* of a part's rows, PTN_ARROW_PART bits */
    const patron_context *context;
    ptn_memory memory;
    int64_t children; /* that the schema has */
    int64_t rows;     /* appended so far */
    patron_error *error;
} stream_reader;

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

/* A message that names a row of the part names the stream's. */
static void count_from_the_start(patron_error *error, int64_t first)
{
    char here[40], *found, rest[sizeof error->message];
    if (error == NULL || error->row < 0 || first == 0) return;
    int length = snprintf(here, sizeof here, "row %" PRId64, error->row);
    found = strstr(error->message, here);
    error->row += first;
    if (found == NULL || (found[length] >= '0' && found[length] <= '9')) return;
    memcpy(rest, found + length, strlen(found + length) + 1);
    size_t room = sizeof error->message - (size_t)(found - error->message);
    snprintf(found, room, "row %" PRId64 "%.440s", error->row, rest);
}

/* Tells the history which of the rows just appended had an amount that was rounded before: those that it has not
   counted for their discount. `rejected` and `line` are how many there were before. */
static void tell_rounded(patron_history *h, const patron_orders *orders, const uint8_t *rounded, int64_t rejected,
                         int64_t line)
{
    const ptn_rejection *r = h->rejected.items;
    int64_t *stamps = h->stamp.items, first = ptn_history_rows(h) - orders->rows;
    for (int64_t i = 0; i < orders->rows; i++) {
        bool aside = rejected < h->rejected.count && r[rejected].row == first + i, counted = false;
        int64_t discount;
        if (rounded[i] != 0 && !(aside && r[rejected].fate == PATRON_FATE_UNREADABLE)) {
            if (orders->discount_value != NULL) ptn_money_from_value(&discount, &counted, orders->discount_value[i]);
            h->amounts_rounded += !counted;
            if (!aside) stamps[line] |= PTN_LINE_ROUNDED;
        }
        rejected += aside;
        line += !aside;
    }
}

/* `left`: rows for which room is made at once, so that columns are not moved again and again; 0 where it is there. */
static patron_status append_part(stream_reader *r, const ptn_arrow_part *part, int64_t left)
{
    patron_orders orders;
    fenv_t host;
    int64_t rejected = r->history->rejected.count, line = ptn_history_lines(r->history);
    ptn_floating_enter(&host);
    patron_status status = ptn_arrow_convert(&orders, &r->reader, part);
    ptn_floating_leave(&host);
    if (status == PATRON_OK && left > part->rows) {
        patron_orders rest = orders;
        rest.rows = left;
        status = ptn_history_reserve(r->history, &rest, r->error);
    }
    if (status != PATRON_OK) return status;
    status = patron_history_append(r->history, &orders, r->context, r->error);
    if (status != PATRON_OK) {
        count_from_the_start(r->error, part->first);
        return status;
    }
    if (!r->reader.any_rounded) return PATRON_OK;
    ptn_floating_enter(&host);
    tell_rounded(r->history, &orders, r->reader.rounded, rejected, line);
    ptn_floating_leave(&host);
    return PATRON_OK;
}

/* Checks a record batch as a struct, and each of its columns that is used. */
static patron_status bind_batch(stream_reader *r, const struct ArrowArray *batch)
{
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
        ptn_arrow_column *column = &r->reader.columns[role];
        if (column->field.child < 0) continue;
        status = ptn_arrow_bind(column, batch->children[column->field.child], batch->offset + batch->length, r->error);
    }
    return status;
}

static patron_status append_batch(stream_reader *r, const struct ArrowArray *batch)
{
    patron_status status = bind_batch(r, batch);
    bool gaps = status == PATRON_OK && batch->null_count != 0 && batch->buffers[0] != NULL;
    for (int64_t at = 0; status == PATRON_OK && at < batch->length; at += PTN_ARROW_PART) {
        int64_t left = batch->length - at;
        ptn_arrow_part part = {.start = batch->offset + at,
                               .rows = left < PTN_ARROW_PART ? left : PTN_ARROW_PART,
                               .first = r->rows,
                               .memory = &r->memory,
                               .error = r->error};
        if (gaps) part.validity = ptn_arrow_bits(r->validity, batch->buffers[0], part.start, part.rows);
        status = append_part(r, &part, at == 0 ? left : 0);
        r->rows += part.rows;
    }
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

static patron_status allocate(stream_reader *r)
{
    const ptn_wanted wanted[] = {{&r->reader.fault, PTN_ARROW_PART, 1, "an Arrow stream's faults"},
                                 {&r->reader.fault_field, PTN_ARROW_PART, 1, "an Arrow stream's faults"},
                                 {&r->reader.rounded, PTN_ARROW_PART, 1, "an Arrow stream's roundings"},
                                 {&r->validity, PTN_ARROW_PART / 8, 1, "an Arrow stream's validity"}};
    return ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, &r->memory, r->error);
}

/* The schema stays until the last batch: the columns' names are its own. */
static patron_status append_stream(stream_reader *r, const patron_arrow_columns *columns)
{
    struct ArrowSchema schema = {.release = NULL};
    ptn_arrow_field fields[PTN_ROLES];
    ptn_mark mark = ptn_mark_take(r->history);
    int code = r->stream.get_schema(&r->stream, &schema);
    if (code != 0) return fail_stream(r, code, "schema");
    if (schema.release == NULL)
        return ptn_fail(r->error, PATRON_SOURCE_FAILED, "the stream's schema has been released; give a fresh stream");
    r->children = schema.n_children;
    patron_status status = ptn_arrow_find(fields, &schema, columns, r->error);
    if (status == PATRON_OK) status = allocate(r);
    if (status == PATRON_OK) {
        for (int32_t role = 0; role < PTN_ROLES; role++) r->reader.columns[role].field = fields[role];
        status = append_batches(r);
        if (status != PATRON_OK) ptn_mark_return(r->history, &mark);
    }
    for (int32_t role = 0; role < PTN_ROLES; role++) ptn_arrow_column_free(&r->reader.columns[role], &r->memory);
    ptn_free(&r->memory, r->validity);
    ptn_free(&r->memory, r->reader.rounded);
    ptn_free(&r->memory, r->reader.fault_field);
    ptn_free(&r->memory, r->reader.fault);
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

static patron_status append_moved(stream_reader *r, const patron_arrow_columns *columns)
{
    patron_arrow_columns read;
    ptn_context known;
    if (r->history == NULL) return ptn_fail_null(r->error, "history");
    if (r->stream.release == NULL || r->stream.get_schema == NULL || r->stream.get_next == NULL)
        return ptn_fail(r->error, PATRON_INVALID_ARGUMENT, "the stream has no %s; give one that is not released",
                        r->stream.release == NULL      ? "release"
                        : r->stream.get_schema == NULL ? "get_schema"
                                                       : "get_next");
    patron_status status = ptn_context_read(&known, r->context, r->error);
    if (status == PATRON_OK) status = read_columns(&read, columns, r->error);
    if (status != PATRON_OK) return status;
    r->memory = known.memory;
    r->reader.naive_offset_s = read.naive_time == PATRON_NAIVE_UTC ? 0 : r->history->options.utc_offset_s;
    return append_stream(r, &read);
}

patron_status patron_history_append_arrow(patron_history *history, struct ArrowArrayStream *stream,
                                          const patron_arrow_columns *columns, const patron_context *context,
                                          patron_error *error)
{
    stream_reader r = {.history = history, .context = context, .error = error};
    ptn_ok(error);
    if (stream == NULL) return ptn_fail_null(error, "stream");
    r.stream = *stream;
    stream->release = NULL;
    patron_status status = append_moved(&r, columns);
    if (r.stream.release != NULL) r.stream.release(&r.stream);
    return status;
}
