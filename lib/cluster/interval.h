/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stratified sample whose sizes are planned before the first draw, and intervals from it. */
#ifndef PTN_CLUSTER_INTERVAL_H
#define PTN_CLUSTER_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/* Rows of one kind that a sample is drawn from. */
typedef struct ptn_stratum {
    int64_t rows;   /* that can be drawn */
    int64_t drawn;  /* so far */
    int64_t wanted; /* at this look */
    int64_t least;  /* that are wanted at the first */
} ptn_stratum;

/* A sum over all rows of the strata, as a sample tells it. */
typedef struct ptn_sum_estimate {
    double sum, variance;
    double freedom; /* Satterthwaite's; >= 1 */
} ptn_sum_estimate;

/* How many rows to draw of each stratum by look number `look` (from 1): its `least` at least; of the largest stratum
   its least at the first look and twice as many at each further one, of the others by their shares; all of a stratum
   where that is more than half. Never more than `most` in all (most >= what the first look takes): a look that would
   take more is cut down to it, and the one after is the same. Returns how many that are. */
int64_t ptn_strata_plan(ptn_stratum *strata, int32_t count, int32_t look, int64_t most);

/* Adds a stratum: `mean` and `square` are the mean and the sum of squared differences to it of its drawn rows. */
void ptn_sum_add_stratum(ptn_sum_estimate *sum, const ptn_stratum *stratum, double mean, double square);

/* The half-width of the interval at look `look` of as many as there may be, the level being kept over all of them. */
double ptn_sum_half_width(const ptn_sum_estimate *sum, double level, int32_t look);

#endif
