/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/batch.h"

#include <stdlib.h>

enum { ROWS = 1 << 16, MOST_BYTES = 1 << 26 };

/* A text column that grows: row i is bytes offsets[i] … offsets[i + 1] - 1. */
struct text_column {
    uint8_t *bytes;
    size_t capacity;
    int64_t offsets[ROWS + 1];
};

struct batch {
    bool present[PATRON_FIELD_COUNT];
    int64_t rows;
    struct text_column customer, order, product, category, channel, currency;
    int64_t line[ROWS];
    int64_t time_s[ROWS];
    double quantity[ROWS], amount[ROWS], price[ROWS], discount[ROWS];
    uint8_t fault[ROWS], fault_field[ROWS];
};

struct batch *batch_create(const struct columns *columns)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) return NULL;
    for (int role = 0; role < PATRON_FIELD_COUNT; role++) batch->present[role] = columns->index[role] >= 0;
    return batch;
}

static bool add_text(struct text_column *column, int64_t row, struct text text)
{
    size_t used = (size_t)column->offsets[row], needed = used + text.length;
    if (needed > column->capacity) {
        size_t capacity = 2 * needed + (1 << 16);
        uint8_t *bytes = realloc(column->bytes, capacity);
        if (bytes == NULL) return false;
        column->bytes = bytes;
        column->capacity = capacity;
    }
    if (text.length > 0) memcpy(column->bytes + used, text.bytes, text.length);
    column->offsets[row + 1] = (int64_t)needed;
    return true;
}

bool batch_add(struct batch *batch, const struct row *row)
{
    int64_t at = batch->rows;
    if (!add_text(&batch->customer, at, row->customer) || !add_text(&batch->order, at, row->order) ||
        !add_text(&batch->product, at, row->product) || !add_text(&batch->category, at, row->category) ||
        !add_text(&batch->channel, at, row->channel) || !add_text(&batch->currency, at, row->currency))
        return false;
    batch->line[at] = row->line;
    batch->time_s[at] = row->time_s;
    batch->quantity[at] = row->quantity;
    batch->amount[at] = row->amount;
    batch->price[at] = row->price;
    batch->discount[at] = row->discount;
    batch->fault[at] = row->fault;
    batch->fault_field[at] = row->fault_field;
    batch->rows++;
    return true;
}

bool batch_full(const struct batch *batch)
{
    int64_t at = batch->rows;
    return at == ROWS || batch->customer.offsets[at] + batch->order.offsets[at] + batch->product.offsets[at] +
                                 batch->category.offsets[at] + batch->channel.offsets[at] +
                                 batch->currency.offsets[at] >
                             MOST_BYTES;
}

bool batch_empty(const struct batch *batch) { return batch->rows == 0; }

static patron_text text_of_column(const struct text_column *column, bool present)
{
    patron_text text = {0};
    if (present) text = (patron_text){.bytes = column->bytes, .offsets = column->offsets};
    return text;
}

patron_status batch_append(patron_history *history, struct batch *batch, const patron_context *context,
                           patron_error *error)
{
    const bool *present = batch->present;
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    orders.rows = batch->rows;
    orders.line = batch->line;
    orders.customer_id = text_of_column(&batch->customer, true);
    orders.order_id = text_of_column(&batch->order, present[PATRON_FIELD_ORDER]);
    orders.product = text_of_column(&batch->product, present[PATRON_FIELD_PRODUCT]);
    orders.category = text_of_column(&batch->category, present[PATRON_FIELD_CATEGORY]);
    orders.channel = text_of_column(&batch->channel, present[PATRON_FIELD_CHANNEL]);
    orders.currency = text_of_column(&batch->currency, present[PATRON_FIELD_CURRENCY]);
    orders.time_s = batch->time_s;
    orders.quantity = present[PATRON_FIELD_QUANTITY] ? batch->quantity : NULL;
    orders.amount_value = present[PATRON_FIELD_AMOUNT] ? batch->amount : NULL;
    orders.unit_price_value = present[PATRON_FIELD_PRICE] ? batch->price : NULL;
    orders.discount_value = present[PATRON_FIELD_DISCOUNT] ? batch->discount : NULL;
    orders.fault = batch->fault;
    orders.fault_field = batch->fault_field;
    patron_status status = patron_history_append(history, &orders, context, error);
    if (status == PATRON_OK) batch->rows = 0;
    return status;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL) return;
    free(batch->customer.bytes);
    free(batch->order.bytes);
    free(batch->product.bytes);
    free(batch->category.bytes);
    free(batch->channel.bytes);
    free(batch->currency.bytes);
    free(batch);
}
