/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products that are none: a flag by product number, beside the lines, which stay as they were appended. So the order of
   these calls and appends does not matter. */
#include <string.h>

#include "base/error.h"
#include "history/batch.h"
#include "history/history.h"

/* Numbers for all of them. */
static patron_status intern_all(patron_history *h, const patron_text *products, int64_t count, patron_error *error)
{
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *bytes;
        int64_t length;
        int32_t number;
        if (!ptn_batch_text(&bytes, &length, products, i)) continue;
        patron_status status = ptn_intern_text(&number, &h->products, bytes, length, &h->memory, error);
        if (status != PATRON_OK) return status;
        if (number < 0)
            return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, i, -1,
                                "product %lld to ignore, of %lld bytes, is not UTF-8; convert the list first",
                                (long long)i, (long long)length);
    }
    return PATRON_OK;
}

static patron_status ignore(patron_history *h, const patron_text *products, int64_t count, patron_error *error)
{
    patron_status status = intern_all(h, products, count, error);
    int64_t known = ptn_intern_count(&h->products);
    if (status == PATRON_OK)
        status = ptn_array_reserve(&h->ignored, &h->memory, known - h->ignored.count, 1, "products to ignore", error);
    if (status != PATRON_OK) return status;
    uint8_t *ignored = h->ignored.items;
    for (; h->ignored.count < known; h->ignored.count++) ignored[h->ignored.count] = 0;
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *bytes;
        int64_t length;
        if (!ptn_batch_text(&bytes, &length, products, i)) continue;
        ignored[ptn_intern_find(&h->products, bytes, length)] = 1;
        h->ignores = true;
    }
    return PATRON_OK;
}

patron_status patron_history_ignore_products(patron_history *history, const patron_text *products, int64_t count,
                                             const patron_context *context, patron_error *error)
{
    ptn_context known;
    ptn_ok(error);
    if (history == NULL) return ptn_fail_null(error, "history");
    if (products == NULL) return ptn_fail_null(error, "products");
    patron_status status = ptn_context_read(&known, context, error);
    if (status != PATRON_OK) return status;
    if (count < 0 || (count > 0 && products->offsets == NULL))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "%lld products to ignore%s; give 0 or more, with the offsets of their texts", (long long)count,
                        count > 0 ? " have no offsets" : "");
    if (count == 0) return PATRON_OK;
    status = ptn_batch_check_text(products, "products", count, error);
    if (status != PATRON_OK) return status;
    int64_t before = ptn_intern_count(&history->products);
    status = ignore(history, products, count, error);
    if (status != PATRON_OK) ptn_intern_truncate(&history->products, before);
    return status;
}
