/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "property/made_shop.h"

#include <stdlib.h>
#include <string.h>

#include "shop/shop.h"
#include "support/order_lines.h"
#include "support/suite.h"

static void *block(int64_t rows, size_t each)
{
    void *made = malloc((size_t)rows * each + 1);
    if (made == NULL) abort();
    return made;
}

/* Adds a shop's lines: customers moved by `shift`, money times `factor`, times moved by `later_s`. */
static void add(made_shop *all, const shop_ledger *shop, int64_t shift, int64_t factor, int64_t later_s)
{
    for (int64_t i = 0; i < shop->rows; i++) {
        int64_t at = all->rows++;
        all->customer[at] = shop->customer[i] + shift;
        all->order[at] = shop->order[i];
        all->time_s[at] = shop->time_s[i] + later_s;
        all->amount[at] = shop->amount[i] * factor;
        all->discount[at] = shop->discount[i] * factor;
        all->quantity[at] = shop->quantity[i];
    }
}

made_shop made_shop_of(uint64_t seed)
{
    uint64_t state = seed;
    made_shop all = {0};
    shop_ledger first, second = {0};
    shop_options options;
    shop_options_init(&options);
    options.seed = seed;
    options.customers = 40 + test_below(&state, 81);
    options.days = 60 + test_below(&state, 671);
    need(shop_make(&first, &options));
    if (seed % 3 == 0) {
        options.seed = seed + 1000000;
        options.customers = 10 + test_below(&state, 60);
        options.days = 60 + test_below(&state, 671);
        need(shop_make(&second, &options));
    }
    int64_t rows = first.rows + second.rows;
    all.customer = block(rows, sizeof *all.customer);
    all.order = block(rows, sizeof *all.order);
    all.time_s = block(rows, sizeof *all.time_s);
    all.amount = block(rows, sizeof *all.amount);
    all.discount = block(rows, sizeof *all.discount);
    all.quantity = block(rows, sizeof *all.quantity);
    add(&all, &first, 0, 1, 0);
    add(&all, &second, 5000, 1 + test_below(&state, 30), 86400 * test_below(&state, 300));
    shop_free(&first);
    if (second.rows > 0) shop_free(&second);
    return all;
}

void made_shop_free(made_shop *shop)
{
    free(shop->customer);
    free(shop->order);
    free(shop->time_s);
    free(shop->amount);
    free(shop->discount);
    free(shop->quantity);
}

patron_history *made_shop_history(const made_shop *shop)
{
    patron_history *history;
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    orders.rows = shop->rows;
    orders.customer_number = shop->customer;
    orders.order_number = shop->order;
    orders.time_s = shop->time_s;
    orders.quantity = shop->quantity;
    orders.amount = shop->amount;
    orders.discount = shop->discount;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    return history;
}
