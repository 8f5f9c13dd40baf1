/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greedy k-means++ seeding over a sample.

   The first seed is a row drawn by weight; seed j > 1 is the best of 2 + floor(ln j) rows drawn by weight x squared
   distance to the nearest seed so far: the number depends on j alone, so that the seeds for fewer clusters are the
   first of those for more. Draws go through the inverse of the cumulated weights, so a row of weight w is drawn as w
   copies would be. Draw t of seed j is number j * MOST_TRIALS + t of stream `start`, whatever came before. Source:
   Arthur & Vassilvitskii 2007, with the several trials of their section 5. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/rng.h"
#include "cluster/screen.h"

enum { MOST_TRIALS = 24 };

static double mass_of(const ptn_trial *trial, int64_t row, bool first)
{
    return trial->sample->masses[row] * (first ? 1.0 : (double)trial->nearest[row]);
}

/* The row at `unit` (0 … 1) of the cumulated mass, or -1 where there is none. */
static int64_t draw(const ptn_trial *trial, double unit, bool first)
{
    int64_t tiles = trial->sample->tiles, tile = -1, last = -1;
    double total = 0.0, before = 0.0;
    for (int64_t t = 0; t < tiles; t++) total += trial->mass[t];
    for (int64_t t = 0; t < tiles; t++) { /* the tile that holds it; the last with mass if rounding hides it */
        if (!(trial->mass[t] > 0.0)) continue;
        if (tile >= 0) before += trial->mass[tile];
        tile = t;
        if (unit * total < before + trial->mass[t]) break;
    }
    for (int64_t row = tile * PTN_TILE; tile >= 0 && row < (tile + 1) * PTN_TILE; row++) {
        double mass = mass_of(trial, row, first);
        if (!(mass > 0.0)) continue;
        before += mass;
        last = row;
        if (unit * total < before) break;
    }
    return last;
}

/* The first row that equals no seed: where squared distances are all 0 to the last digit. */
static int64_t first_other_row(const ptn_trial *trial, int32_t seeds)
{
    const ptn_sample *sample = trial->sample;
    int64_t cols = sample->cols;
    for (int64_t row = 0; row < sample->tiles * PTN_TILE; row++) {
        const float *a = sample->values + row / PTN_TILE * cols * PTN_TILE + row % PTN_TILE;
        bool other = sample->masses[row] > 0.0;
        for (int32_t j = 0; other && j < seeds; j++) {
            const float *b = sample->values + trial->rows[j] / PTN_TILE * cols * PTN_TILE + trial->rows[j] % PTN_TILE;
            int64_t c = 0;
            while (c < cols && a[c * PTN_TILE] == b[c * PTN_TILE]) c++;
            other = c < cols;
        }
        if (other) return row;
    }
    return 0;
}

static double add_up(const double lanes[PTN_TILE])
{
    double sum = 0.0;
    for (int l = 0; l < PTN_TILE; l++) sum += lanes[l];
    return sum;
}

/* Makes a row the next seed. */
static void take(ptn_trial *trial, int32_t j, int64_t row)
{
    const ptn_sample *sample = trial->sample;
    double lanes[PTN_TILE];
    trial->rows[j] = row;
    ptn_sample_row(trial->point, sample, row);
    ptn_seeding_step step = {sample->values, sample->masses, trial->point, sample->cols, sample->tiles, j == 0};
    sample->kernels->nearest(trial->nearest, trial->nearest, trial->mass, lanes, &step);
}

/* The best of the rows drawn for seed j. */
static int64_t choose(ptn_trial *trial, int32_t j, uint64_t seed, uint64_t start)
{
    const ptn_sample *sample = trial->sample;
    int32_t trials = j == 0 ? 1 : 2 + (int32_t)ptn_log1p((double)j);
    int64_t best = -1;
    double least = HUGE_VAL;
    for (int32_t t = 0; t < trials && t < MOST_TRIALS; t++) {
        double lanes[PTN_TILE];
        uint64_t step_number = (uint64_t)j * MOST_TRIALS + (uint64_t)t;
        int64_t row = draw(trial, ptn_random_unit(seed, start, step_number), j == 0);
        if (row < 0) return first_other_row(trial, j);
        if (trials == 1) return row;
        ptn_sample_row(trial->point, sample, row);
        ptn_seeding_step step = {sample->values, sample->masses, trial->point, sample->cols, sample->tiles, false};
        sample->kernels->nearest(NULL, trial->nearest, NULL, lanes, &step);
        double potential = add_up(lanes);
        if (best >= 0 && !(potential < least)) continue;
        least = potential;
        best = row;
    }
    return best;
}

void ptn_seed(ptn_trial *trial, int32_t k, uint64_t seed, uint64_t start)
{
    const ptn_sample *sample = trial->sample;
    for (int64_t t = 0; t < sample->tiles; t++) {
        double mass = 0.0;
        for (int l = 0; l < PTN_TILE; l++) mass += sample->masses[t * PTN_TILE + l];
        trial->mass[t] = mass;
    }
    for (int32_t j = 0; j < k; j++) take(trial, j, choose(trial, j, seed, start));
}
