/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantiles of a column as it lies: nothing is sorted, nothing allocated. */
#ifndef PTN_MATRIX_QUANTILE_H
#define PTN_MATRIX_QUANTILE_H

#include <stdint.h>

/* A column's values; NaN ones and those of weight 0 are not there. A whole weight counts as that many copies. */
typedef struct ptn_sample {
    const double *values;  /* `rows`, none infinite */
    const double *weights; /* likewise, finite and >= 0; NULL: each counts once */
    int64_t rows;
} ptn_sample;

/* The weight of what is there; 0 where nothing is. */
double ptn_sample_weight(const ptn_sample *sample);

/* The quantile at p (0 … 1) of a sample of weight `weight` > 0: type 7 of Hyndman & Fan 1996, the default of R and
   numpy, linear between the two values around position p * (weight - 1). */
double ptn_quantile(const ptn_sample *sample, double weight, double p);

/* The middle value, or the mean of the two middle ones. */
double ptn_median(const ptn_sample *sample, double weight);

#endif
