/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of all rows before any is scored: the sum of a surrogate over them, exactly or by two phases.

   With many rows even a surrogate takes long. Then all rows get a coarse one, and a large sample the fine one less the
   coarse one, whose mean has a variance that joins that of the interval: double sampling, with a difference in place of
   a regression (Cochran 1977, ch. 12; Särndal, Swensson & Wretman 1992, ch. 9).

       sum of scores = sum of coarse  +  N x mean of (fine - coarse)  +  N x mean of (score - fine)
                       all rows          rows of the first phase         rows that are scored

   by clusters of the first labeling. Small clusters have the fine one throughout. */
#ifndef PTN_CLUSTER_CONTROL_H
#define PTN_CLUSTER_CONTROL_H

#include "cluster/interval.h"
#include "cluster/stream.h"
#include "cluster/surrogate.h"

enum { PTN_LEFT_OUT = 1 }; /* a row's mark where no sample has it */

typedef struct ptn_control {
    ptn_stream *stream;
    const uint8_t *marks;   /* rows */
    const ptn_joint *whole; /* the stream's */
    ptn_surrogate fine, coarse;
    bool phases;     /* two of them: there is a coarse one */
    int64_t first;   /* rows that the first phase draws for look 1 */
    int64_t *counts; /* k of the first labeling: rows that can be drawn */
    uint8_t *small;  /* likewise: 1 where all its rows have the fine one */
    double *totals;  /* clusters of all labelings: of weight x the surrogate that all rows have */
    int64_t *sums;   /* likewise, for each worker, in steps of scores */
    double *blocks;  /* cells x (cols + 2) for each block: what the fine surrogate is calibrated by */
    double *scores;  /* two x count x PTN_TILE, for each worker */
    float *tile;     /* for each worker */

    /* What the first phase drew, for each chunk of it, and in the end in the first: by cluster of the first labeling
       rows; sums of weight x (fine - coarse) for each labeling; sums of products of those. */
    int64_t drawing;
    uint64_t seed, draw;
    int64_t *drawn;
    double *differences, *products;
} ptn_control;

/* Finds the surrogates: the fine one alone, or two where the model is of some rows and a `half_width` above 0 is asked
   for. counts[j]: rows of cluster j of the first labeling that can be drawn; others are marked. To be closed, also
   after a failure; the stream stays open as long. PATRON_OUT_OF_MEMORY, PATRON_TOO_LARGE, PATRON_CANCELLED. */
patron_status ptn_control_open(ptn_control *control, ptn_stream *stream, ptn_joint *model, int64_t *counts,
                               const uint8_t *marks, double half_width, patron_error *error);
void ptn_control_close(ptn_control *control);

/* What is wanted of each block, packed: coarse surrogates, and what the fine one is calibrated by. */
void ptn_control_add(ptn_control *control, int64_t block, const ptn_block *rows, int32_t worker);

/* After the last block, when the stream knows its far rows: calibrates, and adds up. PATRON_CANCELLED. */
patron_status ptn_control_total(ptn_control *control, patron_error *error);

/* Draws the first phase for look number `look`, twice as many rows at each further one. PATRON_CANCELLED. */
patron_status ptn_control_draw(ptn_control *control, int32_t look, uint64_t seed, patron_error *error);

/* Adds the sum over all rows of labeling l's surrogate, less that of `less` unless it is -1, over cluster `cluster` of
   the first labeling, or all (-1). */
void ptn_control_sum(ptn_sum_estimate *sum, const ptn_control *control, int32_t l, int32_t less, int32_t cluster);

/* A row's surrogates, one for each labeling: the fine ones, or those that all rows have; the worker's. */
const double *ptn_control_row(ptn_control *control, int64_t row, bool fine, int32_t worker);

#endif
