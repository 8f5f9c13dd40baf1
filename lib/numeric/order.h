/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order statistics, by GSL. */
#ifndef PTN_NUMERIC_ORDER_H
#define PTN_NUMERIC_ORDER_H

#include <stdint.h>

/* Sorts `count` finite numbers, smallest first, in place and without memory. */
void ptn_sort(double *values, int64_t count);

/* The median of sorted values: the middle one, or the mean of the two middle ones; NaN when there are none. */
double ptn_median_sorted(const double *values, int64_t count);

#endif
