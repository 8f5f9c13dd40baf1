/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money: exact int64_t in 1/10,000 of the currency unit, from what a shop's columns hold.

   Each function returns false where the result is beyond +-INT64_MAX (INT64_MIN is refused too, so that every amount
   has a magnitude), and sets *rounded where the given number had more than four decimals. The caller has called
   ptn_floating_enter. Numbers are finite. */
#ifndef PTN_HISTORY_MONEY_H
#define PTN_HISTORY_MONEY_H

#include <stdbool.h>
#include <stdint.h>

/* Currency units, rounded half to even. The double nearest to a decimal of at most four places and 15
   digits is that decimal. */
bool ptn_money_from_value(int64_t *money, bool *rounded, double value);

/* Price x quantity, rounded once, half to even. The price is in 1/10,000 currency units. */
bool ptn_money_from_price(int64_t *money, bool *rounded, int64_t price, double quantity);

/* The same, with a price in currency units. A price that is the double nearest to a decimal of at most 8 places, and a
   quantity likewise of at most 6 (both of at most 15 digits), are taken as those decimals, so that 0.1 x 3 is 0.3.
   Others are multiplied as doubles, and count as rounded. */
bool ptn_money_from_price_value(int64_t *money, bool *rounded, double price, double quantity);

#endif
