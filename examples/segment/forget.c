/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/forget.h"

#include <stdint.h>
#include <stdlib.h>

#include "segment/failure.h"
#include "segment/shown.h"

struct id {
    char *bytes;
    size_t length;
    int64_t line; /* of the file; 0: on the command line */
};

struct list {
    struct id *ids;
    size_t count, capacity;
    const char *name;
};

static int add(struct list *list, struct text text, int64_t line)
{
    if (list->count == list->capacity) {
        size_t capacity = 2 * list->capacity + 16;
        struct id *ids = realloc(list->ids, capacity * sizeof *ids);
        if (ids == NULL) return fail_memory();
        list->ids = ids;
        list->capacity = capacity;
    }
    char *bytes = malloc(text.length);
    if (bytes == NULL) return fail_memory();
    memcpy(bytes, text.bytes, text.length);
    list->ids[list->count++] = (struct id){bytes, text.length, line};
    return 0;
}

static int visit(const struct record *record, void *user)
{
    struct list *list = user;
    if (record->malformed)
        return fail(EXIT_DATA, "%s: line %lld: the quotes do not fit", list->name, (long long)record->line);
    for (size_t i = 1; i < record->fields; i++) {
        if (text_trim(record_field(record, i)).length > 0)
            return fail(EXIT_DATA, "%s: line %lld: give one id a line; one that holds the delimiter in quotes",
                        list->name, (long long)record->line);
    }
    struct text id = text_trim(record_field(record, 0));
    return id.length == 0 ? 0 : add(list, id, record->line);
}

static struct text text_of_id(const struct id *id) { return (struct text){id->bytes, id->length}; }

static int forget_one(patron_history *history, const struct list *list, size_t at, const patron_context *context)
{
    patron_error error;
    const struct id *id = &list->ids[at];
    patron_status status =
        patron_history_forget(history, (const uint8_t *)id->bytes, (int64_t)id->length, context, &error);
    if (status == PATRON_OK) return 0;
    if (status != PATRON_UNKNOWN_CUSTOMER) return fail_library("--forget", &error);
    for (size_t before = 0; before < at; before++) {
        if (text_equal(text_of_id(&list->ids[before]), text_of_id(id))) return 0;
    }
    struct text shown = text_of_id(id);
    if (id->line == 0)
        return fail(EXIT_DATA, "--forget %s: no row of the orders is this customer's; nothing was written",
                    SHOWN(shown, 60));
    return fail(EXIT_DATA, "%s: line %lld: no row of the orders is customer %s's; nothing was written", list->name,
                (long long)id->line, SHOWN(shown, 60));
}

static int compare(const void *a, const void *b)
{
    const struct id *x = a, *y = b;
    size_t common = x->length < y->length ? x->length : y->length;
    int order = common == 0 ? 0 : memcmp(x->bytes, y->bytes, common);
    return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

/* Whether an id is in the list, which is sorted. */
static bool listed(struct text text, void *user)
{
    const struct list *list = user;
    const struct id id = {.bytes = (char *)(uintptr_t)text.bytes, .length = text.length};
    return bsearch(&id, list->ids, list->count, sizeof id, compare) != NULL;
}

int forget_customers(patron_history *history, struct join *join, const struct options *options,
                     const patron_context *context)
{
    struct list list = {0};
    int code = 0;
    for (size_t i = 0; i < options->forget_count && code == 0; i++)
        code = add(&list, text_trim(text_of(options->forget[i])), 0);
    if (code == 0 && options->forget_file != NULL) {
        list.name = csv_file_name(options->forget_file);
        code = csv_file_read(options->forget_file, options->form, visit, &list);
    }
    for (size_t i = 0; i < list.count && code == 0; i++) code = forget_one(history, &list, i, context);
    if (code == 0 && list.count > 0) {
        qsort(list.ids, list.count, sizeof *list.ids, compare);
        join_leave_out(join, listed, &list);
    }
    for (size_t i = 0; i < list.count; i++) free(list.ids[i].bytes);
    free(list.ids);
    return code;
}
