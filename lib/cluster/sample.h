/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows that starts are screened on: all of them, or a weighted sample that fits the cache.

   The sample is a lightweight coreset (Bachem, Lucic & Krause 2018): a row is drawn with probability half uniform and
   half by its share of the squared distances to the centre, and weighs the inverse, so that sums over the sample
   estimate sums over all rows whatever the centroids are, and a small far cluster is not missed. Draws are stratified:
   the rows' masses, in row order, are cut into as many equal parts as rows are wanted, and one row is drawn in each by
   a random number of its own, so that no pattern in the order of rows can meet a stride. Exceptions are all taken.

   Values are the packed ones, in the packed unit; what is computed from them is for choosing starts only. */
#ifndef PTN_CLUSTER_SAMPLE_H
#define PTN_CLUSTER_SAMPLE_H

#include "cluster/filter.h"

typedef struct ptn_sample {
    const ptn_kernels *kernels;
    int64_t rows, cols, tiles; /* the last tile of exceptions, and the last before, may not be full */
    int64_t apart;             /* the first tile of exceptions: tiles, where there are none */
    bool whole;                /* all rows of weight > 0, none of them standing for others */
    float *values;             /* tiles x cols x PTN_TILE */
    int32_t *weights;          /* tiles x PTN_TILE whole numbers; 0 for padding */
    double *masses;            /* the same numbers as doubles */
    double total;              /* of the weights */
    double *sum;               /* cols: weighted sums of the values */
    double square;             /* weighted sum of their squared norms */
    ptn_frame frame;           /* centre 0, unit 1, step 0: packed values are all there is */
    void *block;
} ptn_sample;

/* The largest k that is screened on the same sample as k. */
int32_t ptn_sample_tier(int32_t k);

/* The rows of the sample for k clusters: many for each cluster of the tier, fewer where columns are many; `finer` times
   that; or all. */
int64_t ptn_sample_rows(int64_t rows, int64_t cols, int32_t k, int32_t finer);

/* Draws a sample of `wanted` rows, or of all, by `seed`. To be freed, also after a failure. PATRON_OUT_OF_MEMORY,
 * PATRON_CANCELLED. */
patron_status ptn_sample_draw(ptn_sample *sample, const ptn_packed *packed, int64_t wanted, uint64_t seed,
                              ptn_team *team, patron_error *error);
void ptn_sample_free(ptn_sample *sample, const ptn_memory *memory);

/* A row's packed values; cols numbers. */
void ptn_sample_row(float *out, const ptn_sample *sample, int64_t row);

#endif
