/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows packed in float for Euclidean distances between many pairs, by several labelings at once; the ground of the
   exact silhouette of many rows and of its estimate.

   Rows are sorted by joint label: a cell is what no labeling tells apart, so every cluster of every labeling is a union
   of cells. Cells are padded with rows of weight 0 to whole tiles of sixteen rows, and cut into stripes:

       | cell 0: stripe 0 = 64 tiles | stripe 1 = … pad | cell 1: stripe 2 … pad | … |

   A packed value y is a row's distance to its cell's mean in a column, times the zoom, as a float. Far rows, over 32
   mean deviations from their cell's mean (at most one in 256), are left out of the tiles. */
#ifndef PTN_CLUSTER_JOINT_H
#define PTN_CLUSTER_JOINT_H

#include "cluster/silhouette.h"
#include "kernels/kernels.h"

enum {
    PTN_STRIPE = 64, /* tiles in a stripe */
    PTN_STRIPE_ROWS = PTN_STRIPE * PTN_TILE,
    PTN_MOST_CELLS = 1024, /* what ptn_joint_open may be asked for */
    PTN_MOST_LABELS = 256
};

#define PTN_MOST_WEIGHT 0x1p30 /* of all rows */

typedef struct ptn_stripe {
    int64_t first, tiles; /* in tiles */
    int32_t cell;
} ptn_stripe;

typedef struct ptn_joint {
    const ptn_scored *scored;
    ptn_labeling *labelings;
    int32_t count, cells;                         /* labelings taken: 0 where the rows are nothing for floats */
    int64_t rows, cols, tiles, stripes, clusters; /* clusters: of all labelings taken, one after the other */

    int32_t *cell;    /* rows: the cell of each; -1 - cell: a far row */
    float *deviation; /* rows: distance to the cell's mean, on the footing */
    int64_t *far;     /* rows that are far from their cells, ascending */
    int64_t far_count;
    int32_t *refined;    /* cells x PTN_MOST_LABELS */
    int64_t *cell_first; /* PTN_MOST_CELLS + 1: in tiles */
    int64_t *columns;    /* cells x count: which of all the clusters a cell is part of, one in each labeling */
    double *centre;      /* cells x cols, on the footing */
    double zoom;         /* a power of two: packed values are so many times those on the footing */
    float *values;       /* tiles x cols x PTN_TILE */
    float *weights;      /* tiles x PTN_TILE; 0 for padding */
    int64_t *source;     /* likewise: row, or -1 */
    ptn_stripe *stripe;  /* stripes */
    float *moved;        /* a tile for each worker */

    double *reach;      /* clusters: weighted mean of |y| */
    double *grain;      /* clusters: what rounding sums of stripes to int64 may change a mean distance by */
    double *scratch;    /* 2 x clusters, for each worker */
    double scale;       /* sums of packed distances in units of 1 / scale fit an int64 */
    int64_t *in_double; /* count, for each worker: scores made in double */

    ptn_chunks chunks;           /* what is done by them is added up in their order */
    int64_t *chunk_counts;       /* chunks x cells: rows, far ones left out */
    double *chunk_sums;          /* chunks x cells x cols */
    double *chunk_deviations;    /* chunks x cells */
    double mean[PTN_MOST_CELLS]; /* deviation */
    double times;                /* mean deviations that make a row a far one */
} ptn_joint;

/* Packs the rows by the first joint->count of `count` labelings, as many as go together in at most `most` cells; 0 of
   them where the rows are nothing for this (up to 1,024 of them, over 256 labels, weights of over 2^30 in all, cells
   of few rows). To be closed, also after a failure. PATRON_OUT_OF_MEMORY, PATRON_TOO_LARGE, PATRON_CANCELLED. */
patron_status ptn_joint_open(ptn_joint *joint, ptn_labeling *labelings, int32_t count, int32_t most,
                             const ptn_scored *scored, patron_error *error);
void ptn_joint_close(ptn_joint *joint);

/* The cell of a row, far or not. */
static inline int32_t ptn_joint_cell(const ptn_joint *joint, int64_t row)
{
    int32_t cell = joint->cell[row];
    return cell < 0 ? -1 - cell : cell;
}

/* A tile of cell `from` as seen from the mean of cell `to`: the tile itself, or the worker's copy. */
const float *ptn_joint_move(ptn_joint *joint, const float *tile, int32_t from, int32_t to, int32_t worker);

/* Weighted sums of packed distances of a row to the far rows of each cluster, in double: the worker's numbers. */
const double *ptn_joint_far(ptn_joint *joint, int64_t row, int32_t worker);

/* The score of a row by labeling l, whose clusters begin at `before`: sums[c * stride] is that of its distances to the
   rows of cluster c in the tiles, `far` that to the others; `norm` the row's packed distance to its cell's mean. In
   double throughout where floats would not do. */
double ptn_joint_score(ptn_joint *joint, int64_t row, int32_t l, int64_t before, const int64_t *sums, int64_t stride,
                       const double *far, double norm, int32_t worker);

/* The same all in double; NaN where the call was cancelled. */
double ptn_joint_score_double(ptn_joint *joint, int64_t row, int32_t l, int32_t worker);

/* Adds up how many scores were made in double. */
void ptn_joint_count_double(ptn_joint *joint);

#endif
