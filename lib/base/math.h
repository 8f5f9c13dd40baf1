/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log1p and expm1 of our own: the same bits on any machine, compiler and optimisation level, which libm does not give
   (it has other last bits with and without FMA). Correctly rounded but for about one argument in 10^8. */
#ifndef PTN_BASE_MATH_H
#define PTN_BASE_MATH_H

/* log(1 + x). -inf at -1, NaN below it and for NaN. */
double ptn_log1p(double x);

/* exp(x) - 1. +inf where it overflows, NaN for NaN. */
double ptn_expm1(double x);

#endif
