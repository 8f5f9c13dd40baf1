/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A made-up shop: the order lines of three kinds of customers, and the truth of who is of which kind.

   A customer buys as BG/NBD says (Fader, Hardie & Lee 2005): purchases arrive at a gamma-distributed rate, and after
   each the customer leaves for good with a beta-distributed probability. What a basket comes to is gamma-gamma. What is
   in it, at what discount, and what is brought back, depends on the kind:

       regulars          come every other week, fill a larder of coffee and staples, rarely at a discount
       bargain hunters   come every seven weeks or so, for small baskets of what is on offer
       gift buyers       come once, seldom twice, mostly before Christmas, for something costly

   Every number is drawn from (seed, customer, purpose, step), so a customer's purchases do not depend on how many
   customers there are. Only + - x / and square roots are used, in a fixed order: the same seed gives the same bytes on
   any machine. Money is in whole cents. */
#ifndef SHOP_H
#define SHOP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { SHOP_REGULAR, SHOP_BARGAIN_HUNTER, SHOP_GIFT_BUYER, SHOP_KINDS };

/* The first customer's number; the others follow. */
enum { SHOP_FIRST_CUSTOMER = 10001 };

typedef struct shop_options {
    int64_t customers; /* 3000; 0 … 100,000,000 */
    int64_t days;      /* 730: how long the shop is open, from 2023-07-01; 30 … 3650 */
    uint64_t seed;     /* 1 */
} shop_options;

/* The order lines by rising time, as columns of `rows` numbers (what patron_orders borrows), and the truth. */
typedef struct shop_ledger {
    int64_t rows;
    int64_t *customer;   /* customer number */
    int64_t *order;      /* order number; a return has the number of the order it goes back on */
    int64_t *time_s;     /* seconds since the epoch */
    int32_t *product;    /* see shop_product */
    double *quantity;    /* whole; negative for a return */
    int64_t *unit_price; /* 1/10,000 currency units, after discount, > 0 */
    int64_t *amount;     /* quantity x unit_price, 1/10,000 currency units */
    int64_t *discount;   /* what the line was reduced by, 1/10,000 currency units; 0 for a return */
    int64_t customers;
    uint8_t *kind; /* of customer SHOP_FIRST_CUSTOMER + i; `customers` of them */
    uint64_t seed;
} shop_ledger;

/* A text column as bytes and offsets: row i is bytes offsets[i] … offsets[i + 1] - 1. */
typedef struct shop_text {
    uint8_t *bytes;
    int64_t *offsets; /* rows + 1 */
} shop_text;

/* What is sold. */
typedef struct shop_product {
    const char *name;
    const char *category;
    int32_t price_cents; /* list price */
} shop_product;

/* The defaults named above. */
void shop_options_init(shop_options *options);

/* Makes the shop; false (and *shop all zero) when there is no memory or an option is out of range. */
bool shop_make(shop_ledger *shop, const shop_options *options);
void shop_free(shop_ledger *shop);

/* The catalogue: number of products, and product `index`. */
int32_t shop_product_count(void);
const shop_product *shop_product_get(int32_t index);

/* The product names (or their categories) as a text column; false when there is no memory. */
bool shop_product_text(shop_text *text, const shop_ledger *shop, bool category);
void shop_text_free(shop_text *text);

/* "regular", "bargain hunter", "gift buyer". */
const char *shop_kind_name(int32_t kind);

/* Writes the lines as CSV: customer_id,order_id,timestamp,product_id,category,quantity,unit_price,discount. With
   `dirty`, a few lines in a thousand are as real exports have them: no customer id, written twice, a price of 0 or that
   cannot be read, a product name that is not UTF-8. False when writing failed. */
bool shop_write_orders(FILE *file, const shop_ledger *shop, bool dirty);

/* Writes the truth as CSV: customer_id,kind. */
bool shop_write_kinds(FILE *file, const shop_ledger *shop);

#endif
