/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sample of rows that does not depend on the caller's seed: what is decided by it is decided beforehand. */
#include "cluster/pilot.h"

#include <string.h>

#include "base/checked.h"
#include "cluster/nodes.h"

enum { RUN = 16, BLOCK = 256 }; /* rows; runs */

#define STREAM 0x70696c6f74u /* of random numbers */

static size_t width_of(const patron_rows *rows)
{
    return rows->type == PATRON_FLOAT32 ? sizeof(float) : sizeof(double);
}

static void copy_block(void *opaque, int64_t block, int32_t worker)
{
    ptn_pilot *pilot = opaque;
    const patron_rows *rows = &pilot->all->rows;
    int64_t cols = rows->cols, end = (block + 1) * BLOCK;
    size_t width = width_of(rows);
    (void)worker;
    for (int64_t p = block * BLOCK; p < end && p < pilot->picks; p++) {
        int64_t row = RUN * ptn_nodes_pick(p, pilot->picks, rows->rows / RUN, 0, STREAM), to = p * RUN;
        for (int64_t r = 0; r < RUN; r++)
            memcpy((char *)pilot->values + (size_t)((to + r) * cols) * width,
                   (const char *)rows->values + (size_t)((row + r) * rows->row_stride) * width, (size_t)cols * width);
        for (int32_t l = 0; l < pilot->count; l++)
            memcpy(pilot->labels + l * pilot->picks * RUN + to, pilot->all_labelings[l].labels + row,
                   RUN * sizeof *pilot->labels);
        if (rows->weights != NULL) memcpy(pilot->weights + to, rows->weights + row, RUN * sizeof *pilot->weights);
    }
}

/* The weights of the clusters, and of all. */
static void add_weights(ptn_pilot *pilot)
{
    ptn_scored *scored = &pilot->scored;
    scored->weight = 0.0;
    for (int64_t i = 0; i < scored->rows.rows; i++) {
        double weight = ptn_scored_weight(scored, i);
        scored->weight += weight;
        for (int32_t l = 0; l < pilot->count; l++) pilot->labelings[l].total[pilot->labelings[l].labels[i]] += weight;
    }
}

static patron_status copy_rows(ptn_pilot *pilot, patron_error *error)
{
    ptn_scored *scored = &pilot->scored;
    const ptn_memory *memory = &scored->team->context->memory;
    int64_t rows = pilot->picks * RUN, cols = scored->rows.cols, values, labels, clusters = 0;
    bool weighted = scored->rows.weights != NULL;
    for (int32_t l = 0; l < pilot->count; l++) clusters += pilot->all_labelings[l].k;
    if (!ptn_mul_i64(&values, rows, cols)) values = -1;
    if (!ptn_mul_i64(&labels, rows, pilot->count)) labels = -1;
    const ptn_wanted list[] = {{&pilot->values, values, width_of(&scored->rows), "sampled rows"},
                               {&pilot->labels, labels, sizeof *pilot->labels, "sampled rows"},
                               {&pilot->weights, weighted ? rows : 0, sizeof *pilot->weights, "sampled rows"}};
    const ptn_wanted zeros[] = {{&pilot->labelings, pilot->count, sizeof *pilot->labelings, "sampled rows"},
                                {&pilot->totals, clusters, sizeof *pilot->totals, "sampled rows"}};
    pilot->labelings = NULL;
    patron_status status = ptn_allocate_each(list, sizeof list / sizeof *list, false, memory, error);
    if (status == PATRON_OK) status = ptn_allocate_each(zeros, sizeof zeros / sizeof *zeros, true, memory, error);
    if (status == PATRON_OK)
        status = ptn_team_run(scored->team, "silhouette", scored->from, scored->from,
                              (pilot->picks + BLOCK - 1) / BLOCK, copy_block, pilot, error);
    if (status != PATRON_OK) return status;
    scored->rows.values = pilot->values;
    scored->rows.rows = rows;
    scored->rows.row_stride = cols;
    if (weighted) scored->rows.weights = pilot->weights;
    double *total = pilot->totals;
    for (int32_t l = 0; l < pilot->count; total += pilot->all_labelings[l++].k)
        pilot->labelings[l] =
            (ptn_labeling){.labels = pilot->labels + l * rows, .k = pilot->all_labelings[l].k, .total = total};
    add_weights(pilot);
    return PATRON_OK;
}

patron_status ptn_pilot_open(ptn_pilot *pilot, const ptn_scored *scored, ptn_labeling *labelings, int32_t count,
                             int64_t most, patron_error *error)
{
    *pilot = (ptn_pilot){.scored = *scored,
                         .labelings = labelings,
                         .all = scored,
                         .all_labelings = labelings,
                         .count = count,
                         .picks = most / RUN,
                         .part = scored->rows.rows > most};
    return pilot->part ? copy_rows(pilot, error) : PATRON_OK;
}

void ptn_pilot_close(ptn_pilot *pilot)
{
    if (!pilot->part) return;
    const ptn_memory *memory = &pilot->scored.team->context->memory;
    ptn_free(memory, pilot->totals);
    ptn_free(memory, pilot->labelings);
    ptn_free(memory, pilot->weights);
    ptn_free(memory, pilot->labels);
    ptn_free(memory, pilot->values);
}
