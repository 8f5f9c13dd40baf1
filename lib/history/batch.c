/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checking a batch of order lines. */
#include "history/batch.h"

#include "base/checked.h"
#include "base/context.h"
#include "base/error.h"

/* Bytes the log needs at most for a line. */
enum { BYTES_PER_LINE = 64 };

patron_status ptn_batch_read(patron_orders *out, const patron_orders *orders, patron_error *error)
{
    size_t bytes;
    patron_orders_init(out, sizeof *out);
    if (orders == NULL) return ptn_fail_null(error, "orders");
    patron_status status = ptn_struct_read(out, sizeof *out, orders, "orders", error);
    if (status != PATRON_OK) return status;
    if (out->rows < 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "orders has %lld rows; give 0 or more", (long long)out->rows);
    if (!ptn_bytes(&bytes, out->rows, BYTES_PER_LINE))
        return ptn_fail(error, PATRON_TOO_LARGE, "%lld order lines are more than memory can address; use fewer rows",
                        (long long)out->rows);
    if (out->customer_id.offsets != NULL && out->customer_number != NULL)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "orders has customer_id and customer_number; give one of them");
    if (out->order_id.offsets != NULL && out->order_number != NULL)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "orders has order_id and order_number; give one of them");
    if (out->rows == 0) return PATRON_OK;
    if (out->customer_id.offsets == NULL && out->customer_number == NULL)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "orders has no customer column; give customer_id or customer_number");
    if (out->time_s == NULL)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "orders has no time_s; give when each line was bought");
    if (out->amount == NULL && out->amount_value == NULL && out->unit_price == NULL && out->unit_price_value == NULL)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "orders has no money; give amount, amount_value, unit_price or unit_price_value");
    return PATRON_OK;
}

patron_status ptn_batch_check_text(const patron_text *text, const char *name, int64_t rows, patron_error *error)
{
    if (text->offsets == NULL) return PATRON_OK;
    if (text->offsets[0] < 0)
        return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, 0, -1, "%s: offsets begin at %lld; give offsets >= 0", name,
                            (long long)text->offsets[0]);
    for (int64_t i = 0; i < rows; i++)
        if (text->offsets[i + 1] < text->offsets[i])
            return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, i, -1,
                                "%s: offsets fall from %lld to %lld at row %lld; give offsets that never fall", name,
                                (long long)text->offsets[i], (long long)text->offsets[i + 1], (long long)i);
    if (text->bytes == NULL && text->offsets[rows] > text->offsets[0])
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "%s: bytes is NULL, but its offsets say there is text", name);
    return PATRON_OK;
}

static patron_status check_faults(const patron_orders *orders, patron_error *error)
{
    for (int64_t i = 0; i < orders->rows && orders->fault != NULL; i++) {
        if (orders->fault[i] == 0) continue;
        if (orders->fault[i] >= PATRON_REASON_COUNT)
            return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, i, -1,
                                "fault of row %lld is %d, which is no reason; give a PATRON_REASON_…", (long long)i,
                                (int)orders->fault[i]);
        if (orders->fault_field != NULL && orders->fault_field[i] >= PATRON_FIELD_COUNT)
            return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, i, -1,
                                "fault_field of row %lld is %d, which is no column; give a PATRON_FIELD_…",
                                (long long)i, (int)orders->fault_field[i]);
    }
    return PATRON_OK;
}

patron_status ptn_batch_check_columns(const patron_orders *orders, patron_error *error)
{
    const struct {
        const patron_text *text;
        const char *name;
    } texts[] = {{&orders->customer_id, "customer_id"}, {&orders->order_id, "order_id"},
                 {&orders->product, "product"},         {&orders->category, "category"},
                 {&orders->channel, "channel"},         {&orders->currency, "currency"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        patron_status status = ptn_batch_check_text(texts[i].text, texts[i].name, orders->rows, error);
        if (status != PATRON_OK) return status;
    }
    return check_faults(orders, error);
}
