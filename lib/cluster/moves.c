/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single-row moves, which leave local optima that Lloyd's iterations cannot.

   Moving weight u at x from cluster A to B changes the inertia by
       u W_B / (W_B + u) |x - c_B|^2 - u W_A / (W_A - u) |x - c_A|^2,
   the centroids moving along. A row of weight w is judged by one copy, u = min(w, 1), and moves as a whole: if the
   first copy gains, the others gain more; rows that are equal move together, so that copies are weights. The best move
   of all is made, so that the order of rows does not matter but for ties (the lowest row, the lowest cluster).
   Precondition: labels, counts and weights are those of the centroids. Source: Hartigan & Wong 1979; Telgarsky &
   Vattani 2010. */
#include "cluster/lloyd.h"

/* A move must gain this share of what the row costs, far above rounding, so that moves end. */
#define LEAST_GAIN 1e-9

static void judge_row(ptn_lloyd *lloyd, ptn_lloyd_block *best, int64_t row, double own, const double *distances,
                      int64_t stride)
{
    double weight = lloyd->data->weights[row], unit = weight < 1.0 ? weight : 1.0, least = 0.0;
    int32_t from = lloyd->labels[row], target = -1;
    double leave = unit * own * lloyd->weights[from].hi / (lloyd->weights[from].hi - unit);
    for (int32_t j = 0; j < lloyd->k; j++) {
        if (j == from) continue;
        double cost = unit * distances[j * stride] * lloyd->weights[j].hi / (lloyd->weights[j].hi + unit);
        if (target >= 0 && !(cost < least)) continue;
        least = cost;
        target = j;
    }
    double gain = leave - least;
    if (gain > LEAST_GAIN * leave && gain > best->gain) {
        best->gain = gain;
        best->row = row;
        best->target = target;
    }
}

/* The best move among a block's rows. */
static void judge_block(ptn_lloyd *lloyd, int64_t block)
{
    const ptn_packed *data = lloyd->data;
    ptn_lloyd_block *best = &lloyd->block[block];
    int64_t from = block * lloyd->block_tiles, to = from + lloyd->block_tiles;
    if (to > data->tiles) to = data->tiles;
    best->gain = 0.0;
    best->row = -1;
    for (int64_t t = from; t < to; t++) {
        double distances[PTN_MOST_CLUSTERS_TO_MOVE][PTN_LANES];
        for (int32_t j = 0; j < lloyd->k; j++)
            ptn_tile_distances(distances[j], data->values + t * data->cols * PTN_LANES,
                               lloyd->centroids + j * data->cols, 1, data->cols);
        for (int l = 0; l < PTN_LANES; l++) {
            int64_t row = t * PTN_LANES + l;
            if (data->weights[row] == 0.0 || lloyd->counts[lloyd->labels[row]] < 2) continue;
            judge_row(lloyd, best, row, distances[lloyd->labels[row]][l], &distances[0][l], PTN_LANES);
        }
    }
}

patron_status ptn_lloyd_move(bool *moved, ptn_lloyd *lloyd, patron_error *error)
{
    const ptn_lloyd_block *best = NULL;
    *moved = false;
    patron_status status = ptn_lloyd_pass(lloyd, judge_block, error);
    if (status != PATRON_OK) return status;
    for (int64_t b = 0; b < lloyd->blocks; b++)
        if (lloyd->block[b].row >= 0 && (best == NULL || lloyd->block[b].gain > best->gain)) best = &lloyd->block[b];
    if (best == NULL) return PATRON_OK;
    for (int64_t row = 0; row < lloyd->data->rows; row++)
        if (ptn_packed_same(lloyd->data, row, best->row)) lloyd->labels[row] = best->target;
    *moved = true;
    return PATRON_OK;
}
