/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Empty clusters: each gets the row that its centroid serves worst. It takes the inertia down by that row's share, so
   iterations that repair still end. Deterministic: the farthest row, the lowest number among equals; from a cluster
   that keeps another row; at most one row for each cluster, its copies with it, so that copies are weights. */
#include "cluster/lloyd.h"

/* Gives a row and its copies to cluster j; without the copies where they are all its cluster has. */
static void take(ptn_lloyd *lloyd, int64_t row, int32_t j)
{
    const ptn_packed *data = lloyd->data;
    int32_t from = lloyd->labels[row];
    int64_t copies = 0;
    for (int64_t i = 0; i < data->rows; i++)
        copies += data->weights[i] > 0.0 && lloyd->labels[i] == from && ptn_packed_same(data, i, row);
    bool all = copies == lloyd->counts[from];
    for (int64_t i = 0; i < data->rows; i++) {
        if (i != row && (all || lloyd->labels[i] != from || !ptn_packed_same(data, i, row))) continue;
        lloyd->counts[from] -= data->weights[i] > 0.0;
        lloyd->counts[j] += data->weights[i] > 0.0;
        lloyd->labels[i] = j;
        lloyd->nearest[i] = 0.0;
    }
}

void ptn_lloyd_repair(ptn_lloyd *lloyd)
{
    const ptn_packed *data = lloyd->data;
    for (int64_t i = 0; i < data->rows; i++) {
        double sum = 0.0;
        for (int64_t c = 0; c < data->cols; c++) {
            double difference = ptn_packed_at(data, i, c) - lloyd->centroids[lloyd->labels[i] * data->cols + c];
            sum += difference * difference;
        }
        lloyd->nearest[i] = sum;
    }
    for (int32_t j = 0; j < lloyd->k; j++) {
        int64_t farthest = -1;
        if (lloyd->counts[j] > 0) continue;
        for (int64_t i = 0; i < data->rows; i++) {
            if (data->weights[i] == 0.0 || lloyd->counts[lloyd->labels[i]] < 2) continue;
            if (farthest < 0 || lloyd->nearest[i] > lloyd->nearest[farthest]) farthest = i;
        }
        if (farthest < 0) return;
        take(lloyd, farthest, j);
    }
}
