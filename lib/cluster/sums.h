/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels counted; a row moved from one sum to another. */
#ifndef PTN_CLUSTER_SUMS_H
#define PTN_CLUSTER_SUMS_H

#include <stdint.h>
#include <string.h>

#include "cluster/filter.h"

/* Adds to counts (k numbers) how many labels there are of each: in four tables by turns, as adding to a number that was
   just added to has to wait for it. */
static inline void ptn_count_labels(int64_t *counts, const uint8_t *labels, int64_t count, int32_t k)
{
    int64_t parts[4][PTN_MOST_CLUSTERS], i = 0;
    for (int p = 0; p < 4; p++) memset(parts[p], 0, (size_t)k * sizeof **parts);
    for (; i + 4 <= count; i += 4)
        for (int p = 0; p < 4; p++) parts[p][labels[i + p]]++;
    for (; i < count; i++) parts[0][labels[i]]++;
    for (int32_t j = 0; j < k; j++) counts[j] += parts[0][j] + parts[1][j] + parts[2][j] + parts[3][j];
}

/* Moves a row of tiles from the sum of one cluster to another's: its values side by side first, so that sums go by
   vectors. */
static inline void ptn_move_values(double *sums, const float *tiles, int64_t cols, int64_t row, double weight,
                                   int32_t from, int32_t to)
{
    enum { BESIDE = 16 };
    double value[BESIDE];
    const float *values = tiles + row / PTN_TILE * cols * PTN_TILE + row % PTN_TILE;
    for (int64_t first = 0; first < cols; first += BESIDE, values += BESIDE * PTN_TILE) {
        int64_t count = cols - first < BESIDE ? cols - first : BESIDE;
        double *away = sums + from * cols + first, *here = sums + to * cols + first;
        for (int64_t c = 0; c < count; c++) value[c] = weight * (double)values[c * PTN_TILE];
        for (int64_t c = 0; c < count; c++) away[c] -= value[c];
        for (int64_t c = 0; c < count; c++) here[c] += value[c];
    }
}

#endif
