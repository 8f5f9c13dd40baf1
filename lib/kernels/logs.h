/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ptn_log1p of eight numbers at a time, step for step as base/math.c has it, so that its bits come out; written once
   over the operations that template.h names, vd_div, and vd_rest: a * b - product, exactly, fused or not. None of the
   products here is so small that a part of it were lost. */
#include "base/math_tables.h"

typedef struct vdd {
    vd hi, lo;
} vdd;

INLINE vdd vdd_two_sum(vd a, vd b)
{
    vd sum = vd_add(a, b), part = vd_sub(sum, a);
    return (vdd){sum, vd_add(vd_sub(a, vd_sub(sum, part)), vd_sub(b, part))};
}

INLINE vdd vdd_fast_two_sum(vd a, vd b)
{
    vd sum = vd_add(a, b);
    return (vdd){sum, vd_sub(b, vd_sub(sum, a))};
}

INLINE vdd vdd_two_product(vd a, vd b)
{
    vd product = vd_mul(a, b);
    return (vdd){product, vd_rest(product, a, b)};
}

INLINE vdd vdd_divide(vdd a, vdd b)
{
    vd quotient = vd_div(a.hi, b.hi);
    vdd back = vdd_two_product(quotient, b.hi);
    vd rest = vd_sub(vd_add(vd_sub(vd_sub(a.hi, back.hi), back.lo), a.lo), vd_mul(quotient, b.lo));
    return vdd_fast_two_sum(quotient, vd_div(rest, b.hi));
}

INLINE vdd vdd_multiply(vdd a, vdd b)
{
    vdd product = vdd_two_product(a.hi, b.hi);
    return vdd_fast_two_sum(product.hi, vd_add(product.lo, vd_add(vd_mul(a.hi, b.lo), vd_mul(a.lo, b.hi))));
}

INLINE vdd vdd_add(vdd a, vdd b)
{
    vdd high = vdd_two_sum(a.hi, b.hi), low = vdd_two_sum(a.lo, b.lo);
    high = vdd_fast_two_sum(high.hi, vd_add(high.lo, low.hi));
    return vdd_fast_two_sum(high.hi, vd_add(high.lo, low.lo));
}

INLINE vd log1p_eight(vd x)
{
    double given[8], lane[8], unit[8], exponent[8], nearest[8], high[8], low[8];
    vdd y = vdd_two_sum(vd_set(1.0), x);
    vd_store(given, x);
    vd_store(lane, y.hi);
    for (int l = 0; l < 8; l++) {
        uint64_t bits;
        memcpy(&bits, &lane[l], sizeof bits);
        uint64_t power =
            (bits + (UINT64_C(0xFFFFFFFFFFFFF) - UINT64_C(0x6A09E667F3BCD))) >> 52; /* sqrt 2 and on: one more */
        uint64_t inverse = (2046 - power) << 52;
        exponent[l] = (double)((int32_t)power - 1023);
        memcpy(&unit[l], &inverse, sizeof inverse);
    }
    vd scale = vd_load(unit), e = vd_load(exponent);
    vdd m = {vd_mul(y.hi, scale), vd_mul(y.lo, scale)};
    vd_store(lane, m.hi);
    for (int l = 0; l < 8; l++) {
        int32_t j = (int32_t)(lane[l] * 128.0 + 0.5) - 128;
        nearest[l] = 1.0 + (double)j * 0x1p-7;
        high[l] = LOG_TABLE[j - LOG_TABLE_LOW].hi;
        low[l] = LOG_TABLE[j - LOG_TABLE_LOW].lo;
    }
    vd c = vd_load(nearest);
    vdd numerator = vdd_two_sum(vd_sub(m.hi, c), m.lo), denominator = vdd_two_sum(m.hi, c);
    denominator = vdd_fast_two_sum(denominator.hi, vd_add(denominator.lo, m.lo));
    vdd s = vdd_divide(numerator, denominator), square = vdd_multiply(s, s);
    vd z = square.hi, tail = vd_add(vd_set(1.0 / 9.0), vd_mul(z, vd_set(1.0 / 11.0)));
    tail = vd_add(vd_set(1.0 / 7.0), vd_mul(z, tail));
    tail = vd_mul(z, vd_add(vd_set(1.0 / 5.0), vd_mul(z, tail)));
    vdd series = vdd_fast_two_sum(vd_set(THIRD.hi), vd_add(vd_set(THIRD.lo), tail));
    vdd twice = {vd_mul(vd_set(2.0), s.hi), vd_mul(vd_set(2.0), s.lo)};
    vdd result = vdd_add(twice, vdd_multiply(twice, vdd_multiply(square, series)));
    vdd middle = vdd_two_product(e, vd_set(LN2_MIDDLE)), zero = {vd_mul(e, vd_set(LN2_HIGH)), vd_set(0.0)};
    middle.lo = vd_add(middle.lo, vd_mul(e, vd_set(LN2_LOW)));
    vdd large = vdd_add(vdd_add(zero, middle), (vdd){vd_load(high), vd_load(low)});
    result = vdd_add(large, result);
    vd_store(lane, vd_add(result.hi, result.lo));
    for (int l = 0; l < 8; l++) lane[l] = given[l] < 0x1p-54 ? given[l] : lane[l];
    return vd_load(lane);
}

static void logs(double *values, int64_t count)
{
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) vd_store(values + i, log1p_eight(vd_load(values + i)));
    if (i < count) vd_store_part(values + i, log1p_eight(vd_load_part(values + i, count - i)), count - i);
}
