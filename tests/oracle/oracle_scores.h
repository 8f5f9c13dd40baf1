/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores of a labeling by their definitions, in long double, without weights. Labels 0 … k - 1, k at most 16. */
#ifndef PATRON_ORACLE_SCORES_H
#define PATRON_ORACLE_SCORES_H

#include <stdint.h>

/* rows x cols values and a label for each row. */
typedef struct oracle_labeled {
    const double *values;
    int64_t rows, cols;
    const int32_t *labels;
    int32_t k;
} oracle_labeled;

/* The silhouette of squared distances, pair by pair (O(n^2)): scores of all rows; returns their mean. */
long double oracle_silhouette_squared(long double *scores, const oracle_labeled *data);

/* The simplified silhouette, from centroids. */
long double oracle_silhouette_simplified(long double *scores, const oracle_labeled *data);

long double oracle_calinski_harabasz(const oracle_labeled *data);
long double oracle_davies_bouldin(const oracle_labeled *data);

#endif
