/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One start of k-means on packed rows: seeds, Lloyd's iterations, single-row moves.

   A ptn_lloyd is the state of one start and the scratch space it needs; many starts use it one after the other, or, on
   small data, several threads have one each. Either way work goes by the same fixed blocks of rows, added in block
   order, so results are the same bits. Centroids are kept in lexicographic order, so that labels are canonical at any
   time, and always are numbers that the caller's unit can hold, so that labels decided here fit the centroids returned.
 */
#ifndef PTN_CLUSTER_LLOYD_H
#define PTN_CLUSTER_LLOYD_H

#include "base/exact.h"
#include "base/threads.h"
#include "cluster/packed.h"

enum { PTN_MOST_TRIALS = 24, PTN_MOST_CLUSTERS_TO_MOVE = 64 };

/* What one block of rows adds in a pass. */
typedef struct ptn_lloyd_block {
    double inertia;                    /* weight x squared distance to the nearest centroid */
    double mass;                       /* seeding: what the block weighs in the draw */
    double potential[PTN_MOST_TRIALS]; /* seeding: inertia with each candidate */
    int64_t changed;                   /* rows of weight > 0 with another label */
    double gain;                       /* the best single-row move: gain, row, target */
    int64_t row;
    int32_t target;
} ptn_lloyd_block;

typedef struct ptn_lloyd {
    const ptn_packed *data;
    int32_t k;
    int64_t block_tiles, blocks;

    double *centroids;  /* k x cols, packed */
    double *next;       /* k x cols, scratch */
    int32_t *labels;    /* for each packed row, padding included */
    double *nearest;    /* likewise: squared distance to the nearest seed; scratch for repairs */
    int64_t *counts;    /* k: rows of weight > 0 */
    ptn_dd *weights;    /* k */
    int32_t *order;     /* 2 k, scratch */
    double *candidates; /* PTN_MOST_TRIALS x cols */
    int32_t trials;
    const double *seed; /* seeding: the centroid just chosen */

    ptn_lloyd_block *block;
    ptn_dd *block_sums;    /* blocks x k x cols */
    ptn_dd *block_weights; /* blocks x k */
    int64_t *block_counts; /* blocks x k */

    ptn_team *team;  /* NULL: the passes run in the calling thread */
    double from, to; /* progress of this start, with a team */
    int64_t passes;

    double inertia;  /* of labels and centroids; in packed units */
    double variance; /* mean of the columns' variances, for tol */
} ptn_lloyd;

/* How a start ends. */
typedef struct ptn_lloyd_plan {
    int32_t max_iter;
    double tol;
    ptn_array *trace;         /* of double, inertia after each iteration; NULL: not kept */
    const ptn_memory *memory; /* for the trace */
} ptn_lloyd_plan;

typedef struct ptn_lloyd_end {
    int32_t iterations;
    bool converged;
} ptn_lloyd_end;

/* Rows in a block: fixed by the data's shape, never by the number of threads. */
int64_t ptn_lloyd_block_tiles(int64_t tiles, int32_t k);

/* Allocates for `data` and k; to be closed, also after a failure. */
patron_status ptn_lloyd_open(ptn_lloyd *lloyd, const ptn_packed *data, int32_t k, const ptn_memory *memory,
                             patron_error *error);
void ptn_lloyd_close(ptn_lloyd *lloyd, const ptn_memory *memory);

/* Takes k x cols centroids in the caller's unit as the start. */
void ptn_lloyd_take(ptn_lloyd *lloyd, const double *centroids);

/* Puts centroids back into the caller's unit, exactly. */
void ptn_lloyd_give(double *centroids, const ptn_lloyd *lloyd);

/* Runs from lloyd->centroids (sorted) to the end; leaves labels, centroids and inertia. PATRON_CANCELLED (with a team),
   PATRON_OUT_OF_MEMORY (the trace), PATRON_OUT_OF_RANGE (rows too close together, beside the spread of all, for k
   centroids). */
patron_status ptn_lloyd_run(ptn_lloyd_end *end, ptn_lloyd *lloyd, const ptn_lloyd_plan *plan, patron_error *error);

/* Labels and inertia for the centroids at hand. PATRON_CANCELLED. */
patron_status ptn_lloyd_label(ptn_lloyd *lloyd, patron_error *error);

/* For the files of this engine: a pass over all blocks, sorting, and a row's packed values. */
typedef void (*ptn_lloyd_task)(ptn_lloyd *lloyd, int64_t block);
patron_status ptn_lloyd_pass(ptn_lloyd *lloyd, ptn_lloyd_task task, patron_error *error);
void ptn_lloyd_sort(ptn_lloyd *lloyd, bool relabel);
void ptn_lloyd_row(double *out, const ptn_packed *data, int64_t row);

/* From seeding.c. k-means++ seeds into lloyd->centroids, sorted; numbers drawn from (seed, start). PATRON_CANCELLED. */
patron_status ptn_lloyd_seed(ptn_lloyd *lloyd, uint64_t seed, uint64_t start, patron_error *error);

/* From repair.c. Gives each cluster without a row of weight the row farthest from its centroid (the first of equals)
   among clusters that have two; lloyd->counts must be right, and is kept right. */
void ptn_lloyd_repair(ptn_lloyd *lloyd);

/* From moves.c. Makes the single move of a row to another cluster that lowers the inertia most, centroids moving along;
 *moved says whether there is one. */
patron_status ptn_lloyd_move(bool *moved, ptn_lloyd *lloyd, patron_error *error);

#endif
