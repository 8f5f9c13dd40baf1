/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small made-up shops for properties, and the histories of their order lines. */
#ifndef PATRON_TEST_MADE_SHOP_H
#define PATRON_TEST_MADE_SHOP_H

#include <patron/patron.h>

/* Order lines; free with made_shop_free. Customers are numbers of five or six digits, without gaps in no order. */
typedef struct made_shop {
    int64_t rows;
    int64_t *customer, *order, *time_s, *amount, *discount;
    double *quantity;
} made_shop;

/* Shop `seed`: 40 to 120 customers over 60 to 730 days; every third one is two shops that merged, whose prices and ages
   differ. */
made_shop made_shop_of(uint64_t seed);
void made_shop_free(made_shop *shop);

/* Its history, the customers by number. */
patron_history *made_shop_history(const made_shop *shop);

#endif
