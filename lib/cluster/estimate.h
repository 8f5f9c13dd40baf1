/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sample of rows scored exactly, less their surrogates: what estimates of silhouettes are made of. */
#ifndef PTN_CLUSTER_ESTIMATE_H
#define PTN_CLUSTER_ESTIMATE_H

#include "cluster/interval.h"
#include "cluster/surrogate.h"

typedef struct ptn_sampled {
    int64_t row;
    int32_t stratum; /* -1: one that is scored in any case */
} ptn_sampled;

typedef struct ptn_estimate {
    const ptn_scored *scored;
    ptn_labeling *labelings;
    int32_t count;
    ptn_joint joint;
    ptn_surrogate surrogate;
    bool whole; /* every row is to be scored: the exact engine's work */
    uint64_t seed;
    int64_t most; /* rows in all */

    int32_t strata_count;
    ptn_stratum *strata; /* two for each label of the first labeling: of rows in its midst, and of odd ones */
    uint8_t *taken;      /* rows: 1 sampled, or not to be drawn */
    int64_t draw;        /* random numbers used */
    double *totals;      /* clusters of all labelings: of weight x surrogate */

    ptn_array sample;    /* ptn_sampled */
    ptn_array residuals; /* doubles, count for each of the sample: weight x (score less surrogate) */
    int64_t certain;     /* the first so many of the sample have stratum -1 */

    double *queries; /* a batch x cols */
    int64_t *sums;   /* clusters x a batch, for each worker */
    int64_t from;    /* of the batch in the sample */
    int64_t batch;
} ptn_estimate;

/* Decides what is scored in any case, finds the surrogate and adds it up over all rows; no row is scored yet. `most`:
   see the options; 0: the default. Where e->whole is set nothing else is.
   PATRON_INVALID_ARGUMENT (most), PATRON_TOO_LARGE, PATRON_OUT_OF_RANGE, PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. To be
   closed, also after a failure. */
patron_status ptn_estimate_open(ptn_estimate *e, ptn_labeling *labelings, int32_t count, const ptn_scored *scored,
                                int64_t most, uint64_t seed, patron_error *error);
void ptn_estimate_close(ptn_estimate *e);

/* Draws and scores what look number `look` (from 1) asks for; *spent: no look after it asks for more. */
patron_status ptn_estimate_look(bool *spent, ptn_estimate *e, int32_t look, patron_error *error);

/* The sum over rows of weight x (score by labeling l, less that by `less` unless it is -1), over those with label
   `cluster` by the first labeling, or all (-1). */
ptn_sum_estimate ptn_estimate_sum(const ptn_estimate *e, int32_t l, int32_t less, int32_t cluster);

#endif
