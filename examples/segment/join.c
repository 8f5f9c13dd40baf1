/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/join.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "segment/columns.h"
#include "segment/decimal.h"
#include "segment/failure.h"
#include "segment/shown.h"

struct reading {
    const struct options *options;
    const char *name;
    struct join *join;
    bool header_read;
    size_t fields;     /* of the header */
    int64_t id_column; /* of the file, from 0 */
    int64_t *sources;  /* the file's column of each joined one */
    int64_t capacity;  /* rows there is room for */
    size_t id_capacity;
};

static bool grow_rows(struct reading *reading)
{
    struct join *join = reading->join;
    size_t capacity = 2 * (size_t)reading->capacity + 1024;
    int64_t *offsets = realloc(join->id_offsets, (capacity + 1) * sizeof *offsets);
    if (offsets == NULL) return false;
    join->id_offsets = offsets;
    int64_t *lines = realloc(join->lines, capacity * sizeof *lines);
    if (lines == NULL) return false;
    join->lines = lines;
    double *values = realloc(join->values, capacity * (size_t)join->cols * sizeof *values);
    if (values == NULL) return false;
    join->values = values;
    if (reading->capacity == 0) offsets[0] = 0;
    reading->capacity = (int64_t)capacity;
    return true;
}

static bool room_for_row(struct reading *reading, size_t id_length)
{
    struct join *join = reading->join;
    if (join->rows == reading->capacity && !grow_rows(reading)) return false;
    size_t needed = (size_t)join->id_offsets[join->rows] + id_length;
    if (join->ids != NULL && needed <= reading->id_capacity) return true;
    size_t capacity = 2 * needed + 4096;
    uint8_t *ids = realloc(join->ids, capacity);
    if (ids == NULL) return false;
    join->ids = ids;
    reading->id_capacity = capacity;
    return true;
}

/* Marks each column that a list names with its role; roles[c] is -1 where none is given yet. */
static int take_roles(const struct reading *reading, const struct record *header, int32_t *roles, const char *list,
                      const char *option, int32_t role)
{
    while (list != NULL) {
        const char *comma = strchr(list, ',');
        struct text name = comma == NULL ? text_of(list) : (struct text){list, (size_t)(comma - list)};
        int64_t index = -1;
        int code = columns_find_named(&index, header, name, option, reading->name);
        if (code != 0) return code;
        if (index == reading->id_column)
            return fail(EXIT_DATA, "%s: --%s: column %s is the customers' id", reading->name, option, SHOWN(name, 60));
        if (roles[index] >= 0 && roles[index] != role)
            return fail(EXIT_USAGE, "--%s: column %s is in --cluster and in --ignore", option, SHOWN(name, 60));
        roles[index] = role;
        list = comma == NULL ? NULL : comma + 1;
    }
    return 0;
}

/* The columns to join: every one that has a name and is not ignored. */
static int take_columns(struct reading *reading, const struct record *header, const int32_t *roles)
{
    struct join *join = reading->join;
    size_t bytes = header->ends[header->fields - 1] + 1;
    join->names = malloc(bytes);
    join->name_offsets = calloc(header->fields + 1, sizeof *join->name_offsets);
    join->roles = calloc(header->fields, sizeof *join->roles);
    reading->sources = calloc(header->fields, sizeof *reading->sources);
    if (join->names == NULL || join->name_offsets == NULL || join->roles == NULL || reading->sources == NULL)
        return fail_memory();
    for (size_t i = 0; i < header->fields; i++) {
        struct text name = text_trim(record_field(header, i));
        if ((int64_t)i == reading->id_column || name.length == 0 || roles[i] == PATRON_ROLE_IGNORE) continue;
        int64_t at = join->name_offsets[join->cols];
        memcpy(join->names + at, name.bytes, name.length);
        reading->sources[join->cols] = (int64_t)i;
        join->roles[join->cols++] = roles[i] < 0 ? PATRON_ROLE_PROFILE : roles[i];
        join->name_offsets[join->cols] = at + (int64_t)name.length;
    }
    if (join->cols > 0) return 0;
    return fail(EXIT_DATA, "%s: has no column to join besides the customers' id", reading->name);
}

static int read_header(struct reading *reading, const struct record *header)
{
    const struct options *options = reading->options;
    if (header->malformed)
        return fail(EXIT_DATA, "%s: line %lld: the header's quotes do not fit", reading->name, (long long)header->line);
    int code = columns_find_customer(&reading->id_column, header, options->join_id,
                                     options->columns[PATRON_FIELD_CUSTOMER], reading->name);
    if (code != 0) return code;
    int32_t *roles = malloc(header->fields * sizeof *roles);
    if (roles == NULL) return fail_memory();
    for (size_t i = 0; i < header->fields; i++) roles[i] = -1;
    code = take_roles(reading, header, roles, options->cluster, "cluster", PATRON_ROLE_CLUSTER);
    if (code == 0) code = take_roles(reading, header, roles, options->ignore, "ignore", PATRON_ROLE_IGNORE);
    if (code == 0) code = take_columns(reading, header, roles);
    free(roles);
    reading->fields = header->fields;
    reading->header_read = true;
    return code;
}

static int check_fields(const struct reading *reading, const struct record *record)
{
    if (record->malformed)
        return fail(EXIT_DATA, "%s: line %lld: the quotes do not fit", reading->name, (long long)record->line);
    bool more = false;
    for (size_t i = reading->fields; i < record->fields; i++) more |= text_trim(record_field(record, i)).length > 0;
    if (record->fields >= reading->fields && !more) return 0;
    return fail(EXIT_DATA, "%s: line %lld: has %zu fields, the header has %zu", reading->name, (long long)record->line,
                record->fields, reading->fields);
}

static int read_values(const struct reading *reading, const struct record *record, double *values)
{
    const struct join *join = reading->join;
    for (int64_t c = 0; c < join->cols; c++) {
        struct text text = text_trim(record_field(record, (size_t)reading->sources[c]));
        int reason = PATRON_REASON_NONE;
        values[c] = (double)NAN;
        if (text.length > 0) reason = decimal_parse(&values[c], text, reading->options->decimal);
        if (reason == PATRON_REASON_NONE) continue;
        struct text name = {(const char *)join->names + join->name_offsets[c],
                            (size_t)(join->name_offsets[c + 1] - join->name_offsets[c])};
        return fail(EXIT_DATA, "%s: line %lld, column %s: %s is %s; give a number, or nothing, or --ignore %s",
                    reading->name, (long long)record->line, SHOWN(name, 60), SHOWN(text, 40),
                    reason == PATRON_REASON_UNREADABLE ? "no number" : patron_reason_text(reason), SHOWN(name, 60));
    }
    return 0;
}

static int visit(const struct record *record, void *user)
{
    struct reading *reading = user;
    struct join *join = reading->join;
    if (!reading->header_read) return read_header(reading, record);
    int code = check_fields(reading, record);
    if (code != 0) return code;
    struct text id = text_trim(record_field(record, (size_t)reading->id_column));
    if (!room_for_row(reading, id.length)) return fail_memory();
    code = read_values(reading, record, join->values + join->rows * join->cols);
    if (code != 0) return code;
    int64_t at = join->id_offsets[join->rows];
    if (id.length > 0) memcpy(join->ids + at, id.bytes, id.length);
    join->lines[join->rows++] = record->line;
    join->id_offsets[join->rows] = at + (int64_t)id.length;
    return 0;
}

int join_read(struct join *join, const struct options *options)
{
    *join = (struct join){.path = options->join, .found = {.size = sizeof join->found}};
    if (join->path == NULL) return 0;
    struct reading reading = {.options = options, .name = csv_file_name(join->path), .join = join};
    int code = csv_file_read(join->path, options->form, visit, &reading);
    if (code == 0 && !reading.header_read)
        code = fail(EXIT_DATA, "%s: is empty; the first line has to name the columns", reading.name);
    if (code == 0 && join->rows == 0) code = fail(EXIT_DATA, "%s: has a header, but no rows to join", reading.name);
    free(reading.sources);
    return code;
}

void join_leave_out(struct join *join, bool (*named)(struct text id, void *user), void *user)
{
    int64_t kept = 0, *offsets = join->id_offsets;
    size_t cols = (size_t)join->cols;
    int64_t begin = 0; /* of a row's id, before its offset is overwritten */
    for (int64_t row = 0; row < join->rows; row++) {
        int64_t end = offsets[row + 1];
        size_t length = (size_t)(end - begin);
        const uint8_t *id = join->ids + begin;
        begin = end;
        if (named((struct text){(const char *)id, length}, user)) continue;
        memmove(join->ids + offsets[kept], id, length);
        memmove(join->values + (size_t)kept * cols, join->values + (size_t)row * cols, cols * sizeof *join->values);
        join->lines[kept] = join->lines[row];
        offsets[kept + 1] = offsets[kept] + (int64_t)length;
        kept++;
    }
    join->rows = kept;
}

/* The library counts rows; people look for lines. */
static int fail_join(const struct join *join, const patron_error *error)
{
    const char *name = csv_file_name(join->path);
    if (error->row < 0 || error->row >= join->rows) return fail_library(name, error);
    const int64_t *offsets = join->id_offsets;
    struct text id = {(const char *)join->ids + offsets[error->row],
                      (size_t)(offsets[error->row + 1] - offsets[error->row])};
    for (int64_t row = 0; row < error->row; row++) {
        struct text other = {(const char *)join->ids + offsets[row], (size_t)(offsets[row + 1] - offsets[row])};
        if (text_equal(id, other))
            return fail(EXIT_DATA, "%s: lines %lld and %lld have the same customer id, %s; keep one of them", name,
                        (long long)join->lines[row], (long long)join->lines[error->row], SHOWN(id, 60));
    }
    return fail(EXIT_DATA, "%s: line %lld: %s", name, (long long)join->lines[error->row], error->message);
}

int join_apply(patron_features **features, struct join *join, const patron_context *context)
{
    patron_features *joined = NULL;
    patron_attributes table;
    patron_error error;
    if (join->path == NULL) return 0;
    if (join->rows == 0)
        return fail(EXIT_DATA, "%s: has no rows to join besides those of customers who are forgotten",
                    csv_file_name(join->path));
    patron_attributes_init(&table, sizeof table);
    table.rows = join->rows;
    table.cols = join->cols;
    table.customer_id = (patron_text){.bytes = join->ids, .offsets = join->id_offsets};
    table.names = (patron_text){.bytes = join->names, .offsets = join->name_offsets};
    table.values = join->values;
    table.roles = join->roles;
    if (patron_features_join(&joined, &join->found, *features, &table, context, &error) != PATRON_OK)
        return fail_join(join, &error);
    patron_features_free(*features);
    *features = joined;
    return 0;
}

void join_free(struct join *join)
{
    free(join->roles);
    free(join->name_offsets);
    free(join->names);
    free(join->values);
    free(join->lines);
    free(join->id_offsets);
    free(join->ids);
    *join = (struct join){0};
}
