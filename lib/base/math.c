/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log1p and expm1 in double-double, rounded once.

   Fixed sequences of + - * / (base/exact.h), tables of constants, and no libm. Preconditions: round to nearest, and
   denormals kept (base/floating.h). Both reduce by a table, so that a short series of a small argument is left; a term
   of the series is a double where its share of the result is below 2^-27, so the sum is good to about 2^-80, where
   2^-53 is what a double holds. Source: the table-driven method of Tang 1989, 1990. */
#include "base/math.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/math_tables.h"

/* 2^exponent for -1022 … 1023. */
static double power_of_two(int64_t exponent)
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* x * 2^exponent in two steps, as 2^1024 is no double. */
static double scale(double x, int64_t exponent)
{
    int64_t half = exponent / 2;
    return x * power_of_two(half) * power_of_two(exponent - half);
}

/* 1 + x = 2^e m, m in [0.7, 1.42); c = 1 + j/128 is nearest m:
   log(1 + x) = e ln 2 + log c + 2 atanh(s), s = (m - c) / (m + c), |s| <= 2^-8.5; 2 atanh(s) = 2s + 2s (s^2/3 + …). */
double ptn_log1p(double x)
{
    if (!(x > -1.0)) return x == -1.0 ? -HUGE_VAL : (double)NAN;
    if (fabs(x) < 0x1p-54 || x == HUGE_VAL) return x;

    ptn_dd y = ptn_two_sum(1.0, x);
    uint64_t bits;
    memcpy(&bits, &y.hi, sizeof bits);
    int64_t exponent = (int64_t)(bits >> 52) - 1023;
    if ((bits & UINT64_C(0xFFFFFFFFFFFFF)) > UINT64_C(0x6A09E667F3BCD)) exponent++; /* m beyond sqrt 2 */
    ptn_dd m = {scale(y.hi, -exponent), scale(y.lo, -exponent)};

    int j = (int)(m.hi * 128.0 + 0.5) - 128;
    double c = 1.0 + (double)j * 0x1p-7;
    ptn_dd numerator = ptn_two_sum(m.hi - c, m.lo); /* m.hi - c is exact */
    ptn_dd denominator = ptn_two_sum(m.hi, c);
    denominator = ptn_fast_two_sum(denominator.hi, denominator.lo + m.lo);
    ptn_dd s = ptn_dd_divide(numerator, denominator);

    ptn_dd square = ptn_dd_multiply(s, s);
    double z = square.hi, tail = z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0))));
    ptn_dd series = ptn_fast_two_sum(THIRD.hi, THIRD.lo + tail);
    ptn_dd twice = {2.0 * s.hi, 2.0 * s.lo};
    ptn_dd result = ptn_dd_add(twice, ptn_dd_multiply(twice, ptn_dd_multiply(square, series)));

    double e = (double)exponent;
    ptn_dd middle = ptn_two_product(e, LN2_MIDDLE);
    middle.lo += e * LN2_LOW;
    ptn_dd large = ptn_dd_add(ptn_dd_add((ptn_dd){e * LN2_HIGH, 0.0}, middle), LOG_TABLE[j - LOG_TABLE_LOW]);
    result = ptn_dd_add(large, result);
    return result.hi + result.lo;
}

/* x = (64 e + j) ln 2 / 64 + r, |r| <= 2^-7.5: exp(x) = 2^e 2^(j/64) exp(r). */
double ptn_expm1(double x)
{
    if (x != x || fabs(x) < 0x1p-54) return x;
    if (x > 710.0) return HUGE_VAL;
    if (x < -40.0) return -1.0;

    double scaled = x * 0x1.71547652b82fep6; /* 64 / ln 2 */
    int64_t n = (int64_t)(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5), j = n & 63, exponent = (n - j) / 64;
    double count = (double)n;
    ptn_dd r = ptn_two_sum(x, -(count * LN2_64_HIGH)); /* the product is exact */
    ptn_dd middle = ptn_two_product(count, LN2_64_MIDDLE);
    middle.lo += count * LN2_64_LOW;
    r = ptn_dd_add(r, (ptn_dd){-middle.hi, -middle.lo});

    double z = r.hi;
    double tail =
        z * (1.0 / 24 +
             z * (1.0 / 120 +
                  z * (1.0 / 720 + z * (1.0 / 5040 + z * (1.0 / 40320 + z * (1.0 / 362880 + z * (1.0 / 3628800)))))));
    ptn_dd series = ptn_fast_two_sum(SIXTH.hi, SIXTH.lo + tail);
    series = ptn_dd_add((ptn_dd){0.5, 0.0}, ptn_dd_multiply(r, series));
    ptn_dd small = ptn_dd_add(r, ptn_dd_multiply(ptn_dd_multiply(r, r), series)); /* exp(r) - 1 */

    ptn_dd table = EXP_TABLE[j];
    ptn_dd grown = ptn_dd_multiply(table, small);
    if (exponent > 110) { /* the 1 is far below the last bit */
        ptn_dd all = ptn_dd_add(table, grown);
        return scale(all.hi + all.lo, exponent);
    }
    double unit = power_of_two(exponent);
    ptn_dd less = ptn_dd_add((ptn_dd){table.hi * unit, table.lo * unit}, (ptn_dd){-1.0, 0.0});
    ptn_dd result = ptn_dd_add(less, (ptn_dd){grown.hi * unit, grown.lo * unit});
    return result.hi + result.lo;
}
