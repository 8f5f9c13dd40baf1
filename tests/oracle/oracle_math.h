/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log1p and expm1 by their plain series in 113-bit numbers: slow, and sharing nothing with the library. */
#ifndef PATRON_ORACLE_MATH_H
#define PATRON_ORACLE_MATH_H

__extension__ typedef __float128 oracle_quad;

oracle_quad oracle_log1p(double x); /* x > -1 */
oracle_quad oracle_expm1(double x);

/* |value - exact| in units of the last place that a correctly rounded double would have. */
double oracle_ulps(double value, oracle_quad exact);

#endif
