/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order statistics, by GSL: its sort is a heapsort, which needs no memory and has no bad case. */
#include "numeric/order.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

void ptn_sort(double *values, int64_t count) { gsl_sort(values, 1, (size_t)count); }

double ptn_median_sorted(const double *values, int64_t count)
{
    return count == 0 ? (double)NAN : gsl_stats_median_from_sorted_data(values, 1, (size_t)count);
}
