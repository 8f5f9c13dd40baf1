/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The adjusted Rand index by its contingency table. */
#include "oracle/adjusted_rand.h"

enum { MOST = 16 };

static double pairs(double count) { return count * (count - 1.0) / 2.0; }

double adjusted_rand(const int32_t *left, const int32_t *right, int64_t rows)
{
    double table[MOST][MOST] = {{0}}, of_left[MOST] = {0}, of_right[MOST] = {0};
    for (int64_t i = 0; i < rows; i++) {
        table[left[i]][right[i]]++;
        of_left[left[i]]++;
        of_right[right[i]]++;
    }
    double together = 0.0, in_left = 0.0, in_right = 0.0;
    for (int a = 0; a < MOST; a++) {
        in_left += pairs(of_left[a]);
        in_right += pairs(of_right[a]);
        for (int b = 0; b < MOST; b++) together += pairs(table[a][b]);
    }
    double by_chance = in_left * in_right / pairs((double)rows);
    double most = (in_left + in_right) / 2.0;
    return most > by_chance ? (together - by_chance) / (most - by_chance) : 1.0;
}
