/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a surrogate's nodes lie: splits, then a short k-means, on a pool of rows of each cell. */
#ifndef PTN_CLUSTER_NODES_H
#define PTN_CLUSTER_NODES_H

#include "cluster/joint.h"

/* Centres of up to `most` nodes (>= cells), in packed units from their cells' means: *centres (nodes x cols) is to be
   freed; first[c] says where those of cell c begin (cells + 1 numbers). Far rows as the joint lists them by cell.
   PATRON_OUT_OF_MEMORY, PATRON_TOO_LARGE, PATRON_CANCELLED. */
patron_status ptn_nodes_find(double **centres, int64_t *first, int64_t most, ptn_joint *joint, const int64_t *far,
                             const int64_t *far_first, patron_error *error);

/* A row in packed units from its cell's mean; false where it is too far away for a node to take it in. */
bool ptn_nodes_place(double *out, const ptn_joint *joint, int64_t row);

/* Pick `pick` of `picks` among `count` things: one of each equal stretch, at random, the same whenever it is asked. */
int64_t ptn_nodes_pick(int64_t pick, int64_t picks, int64_t count, uint64_t seed, uint64_t stream);

/* Which of the centres first … end - 1 is nearest to a row. */
int64_t ptn_nodes_nearest(const double *centres, int64_t first, int64_t end, const double *row, int64_t cols);

#endif
