/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Anderson acceleration over a few pairs. With f = g - x and the last pair p, coefficients c minimise
   |f_p - sum c_i (f_p - f_i)|, by the normal equations; then out = g_p - sum c_i (g_p - g_i). */
#include "cluster/accelerate.h"

#include <math.h>
#include <string.h>

/* Added to the diagonal, relatively, so that pairs that say nearly the same do not cancel each other. */
#define RIDGE 1e-8

/* Coefficients beyond this are no extrapolation but a guess. */
#define LARGEST 32.0

int64_t ptn_history_doubles(int64_t size) { return 2 * PTN_PAIRS * size; }

void ptn_history_place(ptn_history *history, double *block, int64_t size)
{
    memset(history, 0, sizeof *history);
    history->size = size;
    history->x = block;
    history->g = block + PTN_PAIRS * size;
}

void ptn_history_last(double *out, const ptn_history *history)
{
    int32_t last = (history->next + PTN_PAIRS - 1) % PTN_PAIRS;
    memcpy(out, history->g + last * history->size, (size_t)history->size * sizeof *out);
}

void ptn_history_clear(ptn_history *history) { history->pairs = history->next = 0; }

/* Solves a symmetric positive system of `count` unknowns in place, by elimination without pivoting; false where it is
   singular to the last digits. */
static bool solve(double a[PTN_PAIRS][PTN_PAIRS], double *b, int32_t count)
{
    double largest = 0.0;
    for (int32_t i = 0; i < count; i++) largest = fmax(largest, a[i][i]);
    for (int32_t i = 0; i < count; i++) {
        if (!(a[i][i] > 1e-12 * largest)) return false;
        for (int32_t r = i + 1; r < count; r++) {
            double factor = a[r][i] / a[i][i];
            for (int32_t c = i; c < count; c++) a[r][c] -= factor * a[i][c];
            b[r] -= factor * b[i];
        }
    }
    for (int32_t i = count - 1; i >= 0; i--) {
        for (int32_t c = i + 1; c < count; c++) b[i] -= a[i][c] * b[c];
        b[i] /= a[i][i];
        if (!(fabs(b[i]) <= LARGEST)) return false;
    }
    return true;
}

bool ptn_history_step(double *out, ptn_history *history, const double *x, const double *g, const double *scale,
                      int64_t cols)
{
    int64_t size = history->size;
    int32_t last = history->next, others[PTN_PAIRS], count = 0;
    double a[PTN_PAIRS][PTN_PAIRS] = {{0}}, b[PTN_PAIRS] = {0};
    memcpy(history->x + last * size, x, (size_t)size * sizeof *x);
    memcpy(history->g + last * size, g, (size_t)size * sizeof *g);
    history->next = (last + 1) % PTN_PAIRS;
    if (history->pairs < PTN_PAIRS) history->pairs++;
    for (int32_t p = 1; p < history->pairs; p++) others[count++] = (last + PTN_PAIRS - p) % PTN_PAIRS;
    if (count == 0) return false;
    for (int64_t e = 0; e < size; e++) {
        double weight = scale[e / cols], f = g[e] - x[e], difference[PTN_PAIRS];
        for (int32_t i = 0; i < count; i++)
            difference[i] = f - (history->g[others[i] * size + e] - history->x[others[i] * size + e]);
        for (int32_t i = 0; i < count; i++) {
            b[i] += weight * difference[i] * f;
            for (int32_t j = 0; j <= i; j++) a[i][j] += weight * difference[i] * difference[j];
        }
    }
    for (int32_t i = 0; i < count; i++) {
        a[i][i] *= 1.0 + RIDGE;
        for (int32_t j = i + 1; j < count; j++) a[i][j] = a[j][i];
    }
    if (!solve(a, b, count)) {
        ptn_history_clear(history);
        return false;
    }
    for (int64_t e = 0; e < size; e++) {
        double there = g[e];
        for (int32_t i = 0; i < count; i++) there -= b[i] * (g[e] - history->g[others[i] * size + e]);
        out[e] = there;
    }
    return true;
}
