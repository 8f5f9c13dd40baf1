/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host programs share. They are programs as a store would write them, not Check suites: no framework stands
   between them and the library. */
#ifndef PATRON_TEST_HOST_H
#define PATRON_TEST_HOST_H

#include <stdio.h>
#include <stdlib.h>

#include <patron/patron.h>

#include "shop/shop.h"

enum { HOST_SKIPPED = 77 };

/* Where a failed check is told, also while the standard streams are watched. */
static int host_complaints = 2;

#define CHECK(condition)                                                                                               \
    ((condition) ? (void)0 : (dprintf(host_complaints, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition), exit(1)))

/* The sample shop's lines as columns; they stay the shop's. */
static inline patron_orders host_orders(const shop_ledger *shop)
{
    patron_orders orders = {.size = sizeof orders};
    orders.rows = shop->rows;
    orders.customer_number = shop->customer;
    orders.order_number = shop->order;
    orders.time_s = shop->time_s;
    orders.quantity = shop->quantity;
    orders.amount = shop->amount;
    return orders;
}

/* Rows for k-means: `rows` x `cols` numbers without much of a shape. */
static inline double *host_numbers(int64_t rows, int64_t cols)
{
    double *numbers = malloc((size_t)(rows * cols) * sizeof *numbers);
    CHECK(numbers != NULL);
    for (int64_t i = 0; i < rows * cols; i++) numbers[i] = (double)((i * 7919 + i / 13 * 104729) % 1009) / 37.0;
    return numbers;
}

#endif
