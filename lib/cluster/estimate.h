/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sample of rows scored exactly, less their surrogates: what estimates of silhouettes are made of. */
#ifndef PTN_CLUSTER_ESTIMATE_H
#define PTN_CLUSTER_ESTIMATE_H

#include "cluster/control.h"
#include "cluster/pilot.h"

typedef struct ptn_sampled {
    int64_t row;
    int32_t stratum; /* -1: one that is scored in any case */
} ptn_sampled;

/* What is asked for. */
typedef struct ptn_wish {
    double half_width; /* 0: any that the rows give */
    int64_t most;      /* see patron_silhouette_estimate_options; 0: the default */
    uint64_t seed;
    int64_t pilot; /* rows that more are planned by; 0: as many as are good */
} ptn_wish;

typedef struct ptn_estimate {
    const ptn_scored *scored;
    ptn_labeling *labelings;
    int32_t count;
    ptn_pilot pilot;
    ptn_joint joint; /* of the pilot */
    ptn_stream stream;
    ptn_control control;
    bool whole; /* every row is to be scored: the exact engine's work */
    bool odd;   /* some rows may be odd */
    uint64_t seed;
    int64_t most; /* rows in all */

    int32_t strata_count;
    ptn_stratum *strata; /* two for each label of the first labeling: of rows in its midst, and of odd ones */
    int64_t *rows;       /* of both */
    uint8_t *marks;      /* rows: PTN_LEFT_OUT, or 2: drawn */
    int64_t draw;        /* random numbers used */

    ptn_array sample;    /* ptn_sampled */
    ptn_array residuals; /* doubles, count for each of the sample: weight x (score less surrogate) */
    int64_t certain;     /* the first so many of the sample have stratum -1 */

    double *queries; /* a batch x cols, on the footing */
    uint8_t *near;   /* a batch: 1 where it is no far row */
    int64_t *sums;   /* clusters x a batch, for each worker: distances to rows in tiles */
    int64_t *reach;  /* clusters, for each worker: weight x |y| */
    int64_t from;    /* of the batch in the sample */
    int64_t batch;
    bool added; /* every block is in the totals */
} ptn_estimate;

/* Decides what is scored in any case and finds the surrogates; no row is scored yet. Where e->whole is set nothing else
   is. PATRON_INVALID_ARGUMENT (most), PATRON_TOO_LARGE, PATRON_OUT_OF_RANGE, PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. To
   be closed, also after a failure. */
patron_status ptn_estimate_open(ptn_estimate *e, ptn_labeling *labelings, int32_t count, const ptn_scored *scored,
                                const ptn_wish *wish, patron_error *error);
void ptn_estimate_close(ptn_estimate *e);

/* Draws and scores what look number `look` (from 1) asks for; *spent: no look after it asks for more. */
patron_status ptn_estimate_look(bool *spent, ptn_estimate *e, int32_t look, patron_error *error);

/* The sum over rows of weight x (score by labeling l, less that by `less` unless it is -1), over those with label
   `cluster` by the first labeling, or all (-1). */
ptn_sum_estimate ptn_estimate_sum(const ptn_estimate *e, int32_t l, int32_t less, int32_t cluster);

#endif
