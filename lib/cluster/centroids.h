/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Centroids, k x cols: their order, and how far they move. */
#ifndef PTN_CLUSTER_CENTROIDS_H
#define PTN_CLUSTER_CENTROIDS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether centroid a comes before centroid b in lexicographic order; of equal ones neither does. */
static inline bool ptn_centroid_before(const double *a, const double *b, int64_t cols)
{
    for (int64_t c = 0; c < cols; c++)
        if (a[c] != b[c]) return a[c] < b[c];
    return false;
}

/* How far the two centroids that move most move, added up: what bounds are counted by. Distances are in the centroids'
   unit x inverse_unit, rounded up. *movement: the sum of the squares of all. */
static inline double ptn_centroids_travel(double *movement, const double *from, const double *to, int32_t k,
                                          int64_t cols, double inverse_unit)
{
    double first = 0.0, second = 0.0;
    *movement = 0.0;
    for (int64_t j = 0; j < k; j++) {
        double square = 0.0;
        for (int64_t e = j * cols; e < (j + 1) * cols; e++) {
            double shift = (to[e] - from[e]) * inverse_unit;
            square += shift * shift;
        }
        *movement += square;
        double distance = sqrt(square) * (1.0 + 0x1p-30);
        second = fmax(second, fmin(distance, first));
        first = fmax(first, distance);
    }
    return first + second;
}

#endif
