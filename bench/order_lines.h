/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order lines of a made-up shop, as many as are wanted: line i is made from (seed, i) alone, so that any stretch of
   them can be had without the others.

   Lines come by rising time, as a shop's log does, three or so to an order. How active customers are follows a power
   law: the share of the busiest x of them is x^0.4, so that of 1,000,000 customers the busiest has 0.4 % of the orders.
   A few lines in a hundred are returns, one in ten is discounted. Money is in whole cents. Only + - x / and square
   roots are used: the same numbers on any machine. */
#ifndef BENCH_ORDER_LINES_H
#define BENCH_ORDER_LINES_H

#include <stdint.h>

enum { ORDER_LINES_PRODUCTS = 5000, ORDER_LINES_CATEGORIES = 20, ORDER_LINES_CHANNELS = 4, ORDER_LINES_ID_BYTES = 10 };

typedef struct order_lines_shop {
    int64_t lines;
    int64_t customers;
    uint64_t seed;
} order_lines_shop;

/* Columns of a stretch. */
typedef struct order_lines {
    int64_t *customer; /* 1 … customers */
    int64_t *order;    /* the same number for the lines of one order */
    int64_t *time_s;   /* seconds since the epoch, over some two years */
    double *quantity;  /* whole; negative for a return */
    int64_t *amount;   /* 1/10,000 currency units, signed as the quantity */
    int64_t *discount; /* 1/10,000 currency units; mostly 0 */
    int32_t *product;  /* 0 … ORDER_LINES_PRODUCTS - 1; its category is that modulo ORDER_LINES_CATEGORIES */
    int32_t *channel;  /* 0 … ORDER_LINES_CHANNELS - 1, the same for the lines of one order */
} order_lines;

/* Room for so many lines; ends the program where there is none. */
order_lines order_lines_room(int64_t lines);
void order_lines_free(order_lines *columns);

/* Lines first … first + count - 1. */
void order_lines_make(order_lines *columns, const order_lines_shop *shop, int64_t first, int64_t count);

/* Ids as texts of ORDER_LINES_ID_BYTES bytes each, a letter and digits. */
void order_lines_ids(uint8_t *bytes, char letter, const int64_t *numbers, int64_t count);

#endif
