/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All rows in blocks that are packed where they are worked on, in a worker's own memory: as a joint packs them, but no
   copy of all of them is ever made.

   Cells, their means and the zoom are those of a joint of all rows or of some (cluster/pilot.h). Rows are far ones
   where it would say so, where they would leave its range, and where they are of no cell that it knows. */
#ifndef PTN_CLUSTER_STREAM_H
#define PTN_CLUSTER_STREAM_H

#include "cluster/joint.h"

/* Rows of one block, sorted by cell, in tiles; zeros where there is none, at the end of a cell or for a far row. */
typedef struct ptn_block {
    float *values, *weights;
    int64_t *row;   /* of each place: -1 where there is none */
    int64_t *first; /* cells + 1: in tiles */
    double *reach;  /* cells: the sum of weight x |y| */
    int64_t *far;   /* rows that are in no tile */
    int64_t far_count;
    int32_t *cell; /* scratch: of each row */
    int64_t *list;
} ptn_block;

typedef struct ptn_stream {
    const ptn_scored *scored;
    const ptn_joint *model;
    ptn_joint whole;     /* the model's cells with all rows' weights and far rows: what makes scores; it has no tiles */
    int64_t each, count; /* rows of a block; blocks */
    int32_t *ways;       /* by labeling, from what labels so far make to what they make with one more, or -1 */
    int64_t *far_from;   /* count + 1: whoever packs block b sets [b + 1] to its far rows; then where they begin */
    ptn_block *block;    /* one for each worker */
    float *values, *weights;
    int64_t *row, *first, *far, *list;
    double *reach, *limit; /* limit: for each cell, the highest |y|^2 in a tile */
    int32_t *cell;
} ptn_stream;

/* The model stays open as long. To be closed, also after a failure. PATRON_OUT_OF_MEMORY, PATRON_TOO_LARGE. */
patron_status ptn_stream_open(ptn_stream *stream, const ptn_joint *model, ptn_labeling *labelings,
                              const ptn_scored *scored, patron_error *error);
void ptn_stream_close(ptn_stream *stream);

/* The cell of a row, or -1. */
int32_t ptn_stream_cell(const ptn_stream *stream, int64_t row);

/* Row `row` packed for a cell, its values at to[0], to[stride], …; the square of its packed distance |y| to the
   cell's mean. */
double ptn_stream_place(float *to, int64_t stride, const ptn_stream *stream, int64_t row, int32_t cell);

/* *norm: |y| of a row of a cell. Whether it is in a tile, not a far row. */
bool ptn_stream_near(double *norm, const ptn_stream *stream, int64_t row, int32_t cell);

/* Packs block `block`; or the first `count` rows of the worker's list, of which only those of no cell are far ones. */
const ptn_block *ptn_stream_pack(ptn_stream *stream, int64_t block, int32_t worker);
const ptn_block *ptn_stream_pack_list(ptn_stream *stream, int64_t count, int32_t worker);

/* When far_from is set for every block: lists the far rows in stream->whole. PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_stream_find_far(ptn_stream *stream, patron_error *error);

#endif
