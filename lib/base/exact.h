/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error-free transforms: the rounding error of a sum or product of doubles is itself a double.

   No FMA, so that every machine gives the same bits; round to nearest is needed (base/floating.h). Products need
   factors below 2^996 and a product that stays clear of the denormals for their error to be exact. Source: Dekker 1971;
   Ogita, Rump & Oishi 2005 (the running sum: as if summed in twice the precision, rounded once). */
#ifndef PTN_BASE_EXACT_H
#define PTN_BASE_EXACT_H

#include <float.h>

/* 1 and 16 widen float or narrower only. */
_Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1 || FLT_EVAL_METHOD == 16,
               "doubles must be computed in double (x86: with SSE2)");

/* The unevaluated sum hi + lo. */
typedef struct ptn_dd {
    double hi, lo;
} ptn_dd;

/* a + b exactly. */
static inline ptn_dd ptn_two_sum(double a, double b)
{
    double sum = a + b, part = sum - a;
    return (ptn_dd){sum, (a - (sum - part)) + (b - part)};
}

/* a + b exactly, for |a| >= |b| or a = 0. */
static inline ptn_dd ptn_fast_two_sum(double a, double b)
{
    double sum = a + b;
    return (ptn_dd){sum, b - (sum - a)};
}

/* Splits a 53-bit number into two of 26 bits. */
static inline ptn_dd ptn_split(double a)
{
    double c = 0x1.0000002p27 * a, high = c - (c - a);
    return (ptn_dd){high, a - high};
}

/* a * b exactly. */
static inline ptn_dd ptn_two_product(double a, double b)
{
    double product = a * b;
    ptn_dd x = ptn_split(a), y = ptn_split(b);
    return (ptn_dd){product, x.lo * y.lo - (((product - x.hi * y.hi) - x.lo * y.hi) - x.hi * y.lo)};
}

/* Adds a number to a running sum {0, 0}; lo gathers the errors. */
static inline void ptn_sum_add(ptn_dd *sum, double value)
{
    ptn_dd s = ptn_two_sum(sum->hi, value);
    sum->hi = s.hi;
    sum->lo += s.lo;
}

static inline double ptn_sum_value(ptn_dd sum) { return sum.hi + sum.lo; }

/* Whether the sum of `count` numbers >= 0 is exact, and its value so the same for any order of adding. `least` is the
   least of those above 0: all are multiples of q = 2^-53 least at the finest, errors of two_sum too, which add up to
   less than 2^-52 count sum.hi: a double holds them while that is at most 2^53 q. */
static inline int ptn_sum_exact(ptn_dd sum, long long count, double least)
{
    return (double)count * 0x1p-52 * sum.hi <= least;
}

/* (a.hi + a.lo) / (b.hi + b.lo), to about 100 bits. */
static inline ptn_dd ptn_dd_divide(ptn_dd a, ptn_dd b)
{
    double quotient = a.hi / b.hi;
    ptn_dd back = ptn_two_product(quotient, b.hi);
    double rest = (((a.hi - back.hi) - back.lo) + a.lo) - quotient * b.lo;
    return ptn_fast_two_sum(quotient, rest / b.hi);
}

static inline ptn_dd ptn_dd_multiply(ptn_dd a, ptn_dd b)
{
    ptn_dd product = ptn_two_product(a.hi, b.hi);
    return ptn_fast_two_sum(product.hi, product.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline ptn_dd ptn_dd_add(ptn_dd a, ptn_dd b)
{
    ptn_dd high = ptn_two_sum(a.hi, b.hi), low = ptn_two_sum(a.lo, b.lo);
    high = ptn_fast_two_sum(high.hi, high.lo + low.hi);
    return ptn_fast_two_sum(high.hi, high.lo + low.lo);
}

#endif
