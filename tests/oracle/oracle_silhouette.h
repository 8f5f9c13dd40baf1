/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The silhouette by its textbook definition (Rousseeuw 1987), O(n^2), in long double, without weights. */
#ifndef PATRON_ORACLE_SILHOUETTE_H
#define PATRON_ORACLE_SILHOUETTE_H

#include <stdint.h>

/* Scores of all rows; returns their mean. */
long double oracle_silhouette(long double *scores, const double *values, int64_t rows, int64_t cols,
                              const int32_t *labels, int32_t k);

#endif
