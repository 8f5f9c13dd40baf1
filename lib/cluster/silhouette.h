/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exact silhouette's two engines: in double, one labeling at a time, for few rows; and in float, many pairs at a
   time and several labelings together, with everything that float could spoil done again in double. */
#ifndef PTN_CLUSTER_SILHOUETTE_H
#define PTN_CLUSTER_SILHOUETTE_H

#include <patron/silhouette.h>

#include "base/exact.h"
#include "base/threads.h"
#include "cluster/footing.h"

/* Up to so many rows the engine in double is as good: it has no packing to do. */
enum { PTN_FEW_ROWS = 1024 };

/* One way of telling the rows apart. */
typedef struct ptn_labeling {
    const int32_t *labels; /* one for each row, 0 … k - 1 */
    int32_t k;
    double *total;     /* k: the clusters' weights */
    double *scores;    /* rows; what the engines fill */
    int64_t in_double; /* scores that were computed in double */
} ptn_labeling;

/* What all labelings share. */
typedef struct ptn_scored {
    patron_rows rows;
    ptn_footing footing;
    double weight; /* of all rows */
    ptn_team *team;
    double from, to; /* progress */
} ptn_scored;

/* With w_i the row's weight, W its cluster's: a = sum / (W - 1), as its copies but one are its neighbours; 0 where W
   <= 1. A row of weight 0 asks where it would sit: a = sum / W, no copy of it being there to leave out; 0 where no row
   of weight has its label. */
static inline double ptn_silhouette_score(double sum_own, double total_own, double weight, double nearest)
{
    double others = weight > 0.0 ? total_own - 1.0 : total_own;
    if (!(others > 0.0)) return 0.0;
    double a = sum_own / others, larger = a > nearest ? a : nearest;
    return larger > 0.0 ? (nearest - a) / larger : 0.0;
}

/* Value (row, col) on one footing. */
static inline double ptn_scored_at(const ptn_scored *scored, int64_t row, int64_t col)
{
    return (ptn_rows_at(&scored->rows, row, col) - scored->footing.offset[col]) * scored->footing.inverse_unit;
}

static inline double ptn_scored_weight(const ptn_scored *scored, int64_t row)
{
    return scored->rows.weights == NULL ? 1.0 : scored->rows.weights[row];
}

/* That a weight is a whole number, that a sum of them is at most 2^53, that a label is one of 0 to k - 1.
   PATRON_INVALID_ARGUMENT (error->row), PATRON_OUT_OF_RANGE. */
patron_status ptn_silhouette_check_weight(double weight, int64_t row, patron_error *error);
patron_status ptn_silhouette_check_sum(double all, patron_error *error);
patron_status ptn_silhouette_check_label(int32_t label, int32_t k, int64_t row, patron_error *error);

/* That weights are whole numbers; *all: their sum, at most 2^53. PATRON_INVALID_ARGUMENT, PATRON_OUT_OF_RANGE. */
patron_status ptn_silhouette_check_weights(const patron_rows *rows, double *all, patron_error *error);

/* That labels are in range; the clusters' weights, of which at least two have any. PATRON_INVALID_ARGUMENT,
   PATRON_ONE_CLUSTER. */
patron_status ptn_silhouette_check_labels(ptn_labeling *labeling, const ptn_scored *scored, patron_error *error);

/* Sums a labeling's scores up: rows of a cluster in their order, clusters in theirs. `sums`: scratch, k numbers;
   `cluster_means`: k numbers, or NULL. */
void ptn_silhouette_give(patron_silhouette_result *result, double *cluster_means, ptn_dd *sums,
                         const ptn_labeling *labeling, const ptn_scored *scored);

/* In double. PATRON_OUT_OF_MEMORY, PATRON_TOO_LARGE, PATRON_CANCELLED. */
patron_status ptn_silhouette_double(ptn_labeling *labeling, const ptn_scored *scored, patron_error *error);

/* In float, the first *taken of `count` labelings; 0 where the rows are nothing for this engine. As above. */
patron_status ptn_silhouette_pairs(int32_t *taken, ptn_labeling *labelings, int32_t count, const ptn_scored *scored,
                                   patron_error *error);

#endif
