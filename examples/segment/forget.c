/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/forget.h"

#include <stdint.h>
#include <stdlib.h>

#include "segment/failure.h"
#include "segment/ids.h"
#include "segment/shown.h"

static int forget_one(patron_history *history, const struct ids *list, size_t at, const patron_context *context)
{
    patron_error error;
    const struct id *id = &list->ids[at];
    patron_status status =
        patron_history_forget(history, (const uint8_t *)id->bytes, (int64_t)id->length, context, &error);
    if (status == PATRON_OK) return 0;
    if (status != PATRON_UNKNOWN_CUSTOMER) return fail_library("--forget", &error);
    for (size_t before = 0; before < at; before++) {
        if (text_equal(id_text(&list->ids[before]), id_text(id))) return 0;
    }
    struct text shown = id_text(id);
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
    const struct ids *list = user;
    const struct id id = {.bytes = (char *)(uintptr_t)text.bytes, .length = text.length};
    return bsearch(&id, list->ids, list->count, sizeof id, compare) != NULL;
}

int forget_customers(patron_history *history, struct join *join, const struct options *options,
                     const patron_context *context)
{
    struct ids list = {0};
    int code = 0;
    for (size_t i = 0; i < options->forget_count && code == 0; i++)
        code = ids_add(&list, text_trim(text_of(options->forget[i])), 0);
    if (code == 0 && options->forget_file != NULL) code = ids_read(&list, options->forget_file, options->form);
    for (size_t i = 0; i < list.count && code == 0; i++) code = forget_one(history, &list, i, context);
    if (code == 0 && list.count > 0) {
        qsort(list.ids, list.count, sizeof *list.ids, compare);
        join_leave_out(join, listed, &list);
    }
    ids_free(&list);
    return code;
}
