/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ids that are other ids of a customer: a forest over the customers' numbers, kept beside the lines, which stay as they
   were appended. Whoever builds from the log goes by roots, so the order of merges, appends and builds does not matter.
 */
#include <string.h>

#include "base/error.h"
#include "history/history.h"

int32_t ptn_history_root(const patron_history *history, int32_t customer)
{
    const int32_t *merged = history->merged.items;
    while (customer < history->merged.count && merged[customer] >= 0) customer = merged[customer];
    return customer;
}

void ptn_history_roots(int32_t *roots, const patron_history *history)
{
    const int32_t *merged = history->merged.items;
    int64_t count = ptn_intern_count(&history->customers);
    memset(roots, 0xFF, (size_t)count * sizeof *roots);
    for (int64_t c = 0; c < count; c++) {
        /* Up to a root or what leads to a known one, then the same way again: long chains are walked twice, not often.
         */
        int32_t at = (int32_t)c, root;
        while (roots[at] < 0 && at < history->merged.count && merged[at] >= 0) at = merged[at];
        root = roots[at] < 0 ? at : roots[at];
        for (at = (int32_t)c; roots[at] < 0; at = merged[at]) {
            roots[at] = root;
            if (at == root) break;
        }
    }
}

static patron_status intern_id(int32_t *number, patron_history *h, const uint8_t *bytes, int64_t length,
                               patron_error *error)
{
    patron_status status = ptn_intern_text(number, &h->customers, bytes, length, &h->memory, error);
    if (status != PATRON_OK || *number >= 0) return status;
    return ptn_fail(error, PATRON_INVALID_ARGUMENT, "an id of %lld bytes is not UTF-8; convert the ids first",
                    (long long)length);
}

static patron_status merge(patron_history *h, int32_t other, int32_t into, patron_error *error)
{
    if (ptn_history_root(h, into) == other)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "the ids would make a circle: the one to merge into is an id of the other; leave one out");
    int64_t count = ptn_intern_count(&h->customers);
    patron_status status = ptn_array_reserve(&h->merged, &h->memory, count - h->merged.count, sizeof(int32_t),
                                             "merged customer ids", error);
    if (status != PATRON_OK) return status;
    int32_t *merged = h->merged.items;
    for (; h->merged.count < count; h->merged.count++) merged[h->merged.count] = -1;
    if (merged[other] == into) return PATRON_OK;
    if (merged[other] >= 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "the id is merged into another already; merge that one, or forget the customer first");
    merged[other] = into;
    return PATRON_OK;
}

patron_status patron_history_merge(patron_history *history, const uint8_t *bytes, int64_t length, const uint8_t *into,
                                   int64_t into_length, const patron_context *context, patron_error *error)
{
    ptn_context known;
    int32_t other, target;
    ptn_ok(error);
    if (history == NULL) return ptn_fail_null(error, "history");
    if (bytes == NULL) return ptn_fail_null(error, "bytes");
    if (into == NULL) return ptn_fail_null(error, "into");
    if (length <= 0 || into_length <= 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "an id has %lld bytes; give ids of customers",
                        (long long)(length <= 0 ? length : into_length));
    patron_status status = ptn_context_read(&known, context, error);
    if (status != PATRON_OK) return status;
    int64_t before = ptn_intern_count(&history->customers);
    status = intern_id(&other, history, bytes, length, error);
    if (status == PATRON_OK) status = intern_id(&target, history, into, into_length, error);
    if (status == PATRON_OK) status = merge(history, other, target, error);
    if (status == PATRON_OK) return PATRON_OK;
    if (history->merged.count > before) history->merged.count = before;
    ptn_intern_truncate(&history->customers, before);
    return status;
}
