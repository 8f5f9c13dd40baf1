/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/ids.h"

#include <stdlib.h>

#include "segment/failure.h"

int ids_add(struct ids *ids, struct text text, int64_t line)
{
    if (ids->count == ids->capacity) {
        size_t capacity = 2 * ids->capacity + 16;
        struct id *more = realloc(ids->ids, capacity * sizeof *more);
        if (more == NULL) return fail_memory();
        ids->ids = more;
        ids->capacity = capacity;
    }
    char *bytes = malloc(text.length);
    if (bytes == NULL) return fail_memory();
    memcpy(bytes, text.bytes, text.length);
    ids->ids[ids->count++] = (struct id){bytes, text.length, line};
    return 0;
}

static int visit(const struct record *record, void *user)
{
    struct ids *ids = user;
    if (record->malformed)
        return fail(EXIT_DATA, "%s: line %lld: the quotes do not fit", ids->name, (long long)record->line);
    for (size_t i = 1; i < record->fields; i++) {
        if (text_trim(record_field(record, i)).length > 0)
            return fail(EXIT_DATA, "%s: line %lld: give one id a line; one that holds the delimiter in quotes",
                        ids->name, (long long)record->line);
    }
    struct text id = text_trim(record_field(record, 0));
    return id.length == 0 ? 0 : ids_add(ids, id, record->line);
}

int ids_read(struct ids *ids, const char *path, struct csv_form form)
{
    ids->name = csv_file_name(path);
    return csv_file_read(path, form, visit, ids);
}

void ids_free(struct ids *ids)
{
    for (size_t i = 0; i < ids->count; i++) free(ids->ids[i].bytes);
    free(ids->ids);
    *ids = (struct ids){0};
}
