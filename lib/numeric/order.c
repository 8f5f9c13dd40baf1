/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order statistics, by GSL: its sort is a heapsort, which needs no memory and has no bad case. */
#include "numeric/order.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

void ptn_sort(double *values, int64_t count) { gsl_sort(values, 1, (size_t)count); }

double ptn_median_sorted(const double *values, int64_t count)
{
    if (count == 0) return (double)NAN;
    double median = gsl_stats_median_from_sorted_data(values, 1, (size_t)count);
    if (isfinite(median)) return median;
    return values[(count - 1) / 2] / 2.0 + values[count / 2] / 2.0; /* the middle two add up beyond a double */
}
