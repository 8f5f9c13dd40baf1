/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money from doubles and from price x quantity. */
#include "history/money.h"

#include <math.h>

#include <patron/history.h>

__extension__ typedef __int128 int128;

/* Integers up to here have doubles of their own. (Up to 10^15 the product below finds the numerator always, beyond it
   often; where it does not, the quotient tells.) */
#define EXACT 0x1p53

/* number = numerator / scale */
typedef struct decimal {
    int64_t numerator, scale;
} decimal;

/* Whether `number` is the double nearest to numerator / scale: then that is the decimal it was written as. */
static bool as_decimal(decimal *out, double number, int64_t scale)
{
    double numerator = nearbyint(number * (double)scale);
    if (!(fabs(numerator) <= EXACT) || numerator / (double)scale != number) return false;
    out->numerator = (int64_t)numerator;
    out->scale = scale;
    return true;
}

static bool multiply(int64_t *money, bool *rounded, decimal price, decimal quantity)
{
    int128 product = (int128)price.numerator * quantity.numerator;
    int128 divisor = (int128)price.scale * quantity.scale / PATRON_MONEY_UNIT;
    int128 units = product / divisor, rest = product % divisor;
    int128 twice = 2 * (rest < 0 ? -rest : rest);
    *rounded = rest != 0;
    if (twice > divisor || (twice == divisor && units % 2 != 0)) units += product < 0 ? -1 : 1;
    if (units > INT64_MAX || units < -INT64_MAX) return false;
    *money = (int64_t)units;
    return true;
}

static bool value_as_decimal(decimal *out, double value)
{
    return as_decimal(out, value, PATRON_MONEY_UNIT) || as_decimal(out, value, 100000000);
}

bool ptn_money_from_value(int64_t *money, bool *rounded, double value)
{
    decimal exact;
    if (as_decimal(&exact, value, PATRON_MONEY_UNIT)) {
        *money = exact.numerator;
        *rounded = false;
        return true;
    }
    if (as_decimal(&exact, value, 100000000)) return multiply(money, rounded, exact, (decimal){1, 1});
    double units = nearbyint(value * PATRON_MONEY_UNIT);
    if (!(fabs(units) < 0x1p63)) return false;
    *money = (int64_t)units;
    *rounded = (double)*money / PATRON_MONEY_UNIT != value;
    return true;
}

static bool quantity_as_decimal(decimal *out, double quantity)
{
    return as_decimal(out, quantity, 1) || as_decimal(out, quantity, 1000000);
}

static bool multiply_inexactly(int64_t *money, bool *rounded, double price, double quantity)
{
    if (!ptn_money_from_value(money, rounded, price * quantity)) return false;
    *rounded = true;
    return true;
}

bool ptn_money_from_price(int64_t *money, bool *rounded, int64_t price, double quantity)
{
    decimal p = {price, PATRON_MONEY_UNIT}, q;
    int64_t product;
    if (as_decimal(&q, quantity, 1) && !__builtin_mul_overflow(price, q.numerator, &product) && product > INT64_MIN) {
        *money = product;
        *rounded = false;
        return true;
    }
    if (quantity_as_decimal(&q, quantity)) return multiply(money, rounded, p, q);
    return multiply_inexactly(money, rounded, (double)price / PATRON_MONEY_UNIT, quantity);
}

bool ptn_money_from_price_value(int64_t *money, bool *rounded, double price, double quantity)
{
    decimal p, q;
    int64_t product;
    if (as_decimal(&p, price, PATRON_MONEY_UNIT) && as_decimal(&q, quantity, 1) &&
        !__builtin_mul_overflow(p.numerator, q.numerator, &product) && product > INT64_MIN) {
        *money = product;
        *rounded = false;
        return true;
    }
    if (value_as_decimal(&p, price) && quantity_as_decimal(&q, quantity)) return multiply(money, rounded, p, q);
    return multiply_inexactly(money, rounded, price, quantity);
}
