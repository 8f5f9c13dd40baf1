/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/ignored.h"

#include "segment/failure.h"
#include "segment/ids.h"

/* The names of a list with commas in between. */
static int add_list(struct ids *ids, const char *list)
{
    for (const char *at = list;; at++) {
        size_t length = strcspn(at, ",");
        struct text name = text_trim((struct text){at, length});
        int code = name.length == 0 ? 0 : ids_add(ids, name, 0);
        if (code != 0) return code;
        at += length;
        if (*at == '\0') return 0;
    }
}

int ignore_products(patron_history *history, const struct options *options, const patron_context *context)
{
    struct ids ids = {0};
    patron_error error;
    int code = options->ignore_products == NULL ? 0 : add_list(&ids, options->ignore_products);
    if (code == 0 && options->ignore_products_file != NULL)
        code = ids_read(&ids, options->ignore_products_file, options->form);
    for (size_t i = 0; i < ids.count && code == 0; i++) {
        const int64_t offsets[2] = {0, (int64_t)ids.ids[i].length};
        const patron_text product = {(const uint8_t *)ids.ids[i].bytes, offsets, NULL};
        if (patron_history_ignore_products(history, &product, 1, context, &error) != PATRON_OK)
            code = fail_library("--ignore-products", &error);
    }
    ids_free(&ids);
    return code;
}
