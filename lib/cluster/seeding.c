/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greedy k-means++ seeding.

   The first seed is a row drawn by weight; each further one is the best of 2 + floor(ln k) rows drawn by weight x
   squared distance to the nearest seed so far. A row of weight w is drawn as w copies would be: draws go through the
   inverse of the cumulated weights. Draw t of seed j is number j * PTN_MOST_TRIALS + t of stream `start`, whatever came
   before. Source: Arthur & Vassilvitskii 2007, with the several trials of their section 5. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/rng.h"
#include "cluster/lloyd.h"

static void block_range(const ptn_lloyd *lloyd, int64_t block, int64_t *from, int64_t *to)
{
    *from = block * lloyd->block_tiles;
    *to = *from + lloyd->block_tiles < lloyd->data->tiles ? *from + lloyd->block_tiles : lloyd->data->tiles;
}

/* Before the first seed a row's mass is its weight. */
static void begin_block(ptn_lloyd *lloyd, int64_t block)
{
    int64_t from, to;
    double mass[PTN_LANES] = {0};
    block_range(lloyd, block, &from, &to);
    for (int64_t t = from; t < to; t++) {
        for (int l = 0; l < PTN_LANES; l++) {
            lloyd->nearest[t * PTN_LANES + l] = 1.0;
            mass[l] += lloyd->data->weights[t * PTN_LANES + l];
        }
    }
    lloyd->block[block].mass = ptn_add_lanes(mass);
}

/* After a seed: distances to the nearest, and the mass they make. */
static void nearest_block(ptn_lloyd *lloyd, int64_t block)
{
    const ptn_packed *data = lloyd->data;
    int64_t from, to;
    double mass[PTN_LANES] = {0}, distance[PTN_LANES];
    bool first = lloyd->trials == 0;
    block_range(lloyd, block, &from, &to);
    for (int64_t t = from; t < to; t++) {
        double *nearest = lloyd->nearest + t * PTN_LANES;
        const double *weights = data->weights + t * PTN_LANES;
        ptn_tile_distances(distance, data->values + t * data->cols * PTN_LANES, lloyd->seed, 1, data->cols);
        for (int l = 0; l < PTN_LANES; l++) {
            double least = first || distance[l] < nearest[l] ? distance[l] : nearest[l];
            nearest[l] = least;
            mass[l] += weights[l] * least;
        }
    }
    lloyd->block[block].mass = ptn_add_lanes(mass);
}

/* What the mass would be with each candidate. */
static void trial_block(ptn_lloyd *lloyd, int64_t block)
{
    const ptn_packed *data = lloyd->data;
    int64_t from, to;
    double distance[PTN_LANES];
    block_range(lloyd, block, &from, &to);
    for (int32_t trial = 0; trial < lloyd->trials; trial++) {
        const double *candidate = lloyd->candidates + trial * data->cols;
        double sum[PTN_LANES] = {0};
        for (int64_t t = from; t < to; t++) {
            const double *nearest = lloyd->nearest + t * PTN_LANES, *weights = data->weights + t * PTN_LANES;
            ptn_tile_distances(distance, data->values + t * data->cols * PTN_LANES, candidate, 1, data->cols);
            for (int l = 0; l < PTN_LANES; l++) {
                double least = distance[l] < nearest[l] ? distance[l] : nearest[l];
                sum[l] += weights[l] * least;
            }
        }
        lloyd->block[block].potential[trial] = ptn_add_lanes(sum);
    }
}

/* The row at `unit` (0 … 1) of the cumulated mass, or -1 where there is none. */
static int64_t draw(const ptn_lloyd *lloyd, double unit)
{
    const ptn_packed *data = lloyd->data;
    double total = 0.0, before = 0.0;
    int64_t block = -1, last = -1, from, to;
    for (int64_t b = 0; b < lloyd->blocks; b++) total += lloyd->block[b].mass;
    for (int64_t b = 0; b < lloyd->blocks; b++) { /* the block that holds it; the last with mass if rounding hides it */
        if (!(lloyd->block[b].mass > 0.0)) continue;
        if (block >= 0) before += lloyd->block[block].mass;
        block = b;
        if (unit * total < before + lloyd->block[b].mass) break;
    }
    if (block < 0) return -1;
    block_range(lloyd, block, &from, &to);
    for (int64_t i = from * PTN_LANES; i < to * PTN_LANES; i++) {
        double mass = data->weights[i] * lloyd->nearest[i];
        if (!(mass > 0.0)) continue;
        before += mass;
        last = i;
        if (unit * total < before) break;
    }
    return last;
}

/* Where squared distances are all 0 to the last digit: the first row that is no seed yet. */
static int64_t first_other_row(const ptn_lloyd *lloyd, int32_t seeds)
{
    const ptn_packed *data = lloyd->data;
    for (int64_t i = 0; i < data->rows; i++) {
        bool other = data->weights[i] > 0.0;
        for (int32_t j = 0; other && j < seeds; j++) {
            bool same = true;
            for (int64_t c = 0; same && c < data->cols; c++)
                same = ptn_packed_at(data, i, c) == lloyd->centroids[j * data->cols + c];
            other = !same;
        }
        if (other) return i;
    }
    return 0;
}

/* Draws candidates for seed j and puts the best in its place. */
static patron_status choose(ptn_lloyd *lloyd, int32_t j, int32_t trials, uint64_t seed, uint64_t start,
                            patron_error *error)
{
    int64_t cols = lloyd->data->cols;
    int32_t best = 0;
    double least = HUGE_VAL;
    lloyd->trials = j == 0 ? 1 : trials;
    for (int32_t t = 0; t < lloyd->trials; t++) {
        uint64_t step = (uint64_t)j * PTN_MOST_TRIALS + (uint64_t)t;
        int64_t row = draw(lloyd, ptn_random_unit(seed, start, step));
        if (row < 0) {
            row = first_other_row(lloyd, j);
            lloyd->trials = 1;
        }
        ptn_lloyd_row(lloyd->candidates + t * cols, lloyd->data, row);
    }
    if (lloyd->trials > 1) {
        patron_status status = ptn_lloyd_pass(lloyd, trial_block, error);
        if (status != PATRON_OK) return status;
    }
    for (int32_t t = 0; lloyd->trials > 1 && t < lloyd->trials; t++) {
        double potential = 0.0;
        for (int64_t b = 0; b < lloyd->blocks; b++) potential += lloyd->block[b].potential[t];
        if (potential < least) {
            least = potential;
            best = t;
        }
    }
    memcpy(lloyd->centroids + j * cols, lloyd->candidates + best * cols, (size_t)cols * sizeof(double));
    lloyd->seed = lloyd->centroids + j * cols;
    return PATRON_OK;
}

patron_status ptn_lloyd_seed(ptn_lloyd *lloyd, uint64_t seed, uint64_t start, patron_error *error)
{
    int32_t trials = 2 + (int32_t)ptn_log1p((double)lloyd->k - 1.0);
    patron_status status = ptn_lloyd_pass(lloyd, begin_block, error);
    for (int32_t j = 0; status == PATRON_OK && j < lloyd->k; j++) {
        status = choose(lloyd, j, trials, seed, start, error);
        if (status != PATRON_OK || j == lloyd->k - 1) break;
        if (j == 0) lloyd->trials = 0; /* says that `nearest` holds nothing yet */
        status = ptn_lloyd_pass(lloyd, nearest_block, error);
    }
    if (status == PATRON_OK) ptn_lloyd_sort(lloyd, false);
    return status;
}
