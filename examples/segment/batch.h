/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order lines as the columns that patron_history_append takes, filled row by row and used again for every batch. */
#ifndef SEGMENT_BATCH_H
#define SEGMENT_BATCH_H

#include <patron/patron.h>

#include "segment/columns.h"

/* One order line; what a column that is not there would say is ignored. */
struct row {
    int64_t line;
    struct text customer, order, product, category, channel, currency;
    int64_t time_s;
    double quantity, amount, price, discount;
    uint8_t fault, fault_field; /* PATRON_REASON_…, PATRON_FIELD_… */
};

struct batch;

/* An empty batch for the columns there are; NULL without memory. */
struct batch *batch_create(const struct columns *columns);

/* Adds a row; false without memory. */
bool batch_add(struct batch *batch, const struct row *row);

/* Whether it is large enough to be handed on, and whether it holds nothing. */
bool batch_full(const struct batch *batch);
bool batch_empty(const struct batch *batch);

/* Appends the rows to a history and empties the batch. */
patron_status batch_append(patron_history *history, struct batch *batch, const patron_context *context,
                           patron_error *error);

void batch_free(struct batch *batch);

#endif
