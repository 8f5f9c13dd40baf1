/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter: which rows' nearest centroid single-precision scores decide beyond doubt.

   The rule that labels obey, whatever computes them: the nearest of the given centroids is the lowest j with the least
   sum over columns, in order, of ((x - c_j) * 2^-e)^2, in double and without FMA, x the caller's value. That is a
   matter of 3 d operations for each row and cluster on the caller's memory. Instead, with packed row x' and packed
   centroids p_j, kernels compute

       s_j = w_j . x' + b_j,   w_j = 2 (p_j - o),   b_j = |o|^2 - |p_j|^2:   the exact value is D_o - D_j

   in float, o being one of the centroids, and the row goes to the highest if it leads by more than what the scores can
   be wrong by and what can separate them from the rule's distances. With u = 2^-24, v = 2^-53, depth the number of
   additions a term goes through, X_c the reach of column c, a score is wrong by at most

       float arithmetic, in any order, with FMA or not   (depth + 6) u (|b_j| + sum |w_jc| X_c)
       packing, half a step in each column               sum |w_jc| step_c / 2
       b_j computed in double                            (d + 4) v sum (o_c^2 + p_jc^2), twice
       the rule's own rounding                           (d + 5) v D_j,  D_j at most sum (X_c + |p_jc|)^2

   and the doubt is what the rule rounds D_o by (Higham 2002, section 3.1). The rest, some 1e-5 of the rows, is decided
   by the rule itself. A centroid equal to one before it can never win by the rule, and leaves the filter. */
#ifndef PTN_CLUSTER_FILTER_H
#define PTN_CLUSTER_FILTER_H

#include "cluster/packed.h"

/* Numbers that a filter for k centroids of so many columns holds; its floats are one block. */
int64_t ptn_filter_floats(int32_t k, int64_t cols);

/* Lays the filter's arrays into a block of that many floats. */
void ptn_filter_place(ptn_filter *filter, void *block, int32_t k, int64_t cols);

/* Sets the filter to centroids (k x cols, in the frame's outer unit). `travelled` is how far centroids have moved so
   far, see ptn_filter. `margins`: k numbers, or NULL, for who wants rows near a border too: those as well are in doubt
   whose two clusters' squared distances differ by less than the sum of the two margins. `scratch`: cols numbers. */
void ptn_filter_set(ptn_filter *filter, const ptn_frame *frame, const double *centroids, double travelled,
                    const double *margins, double *scratch);

/* The rule itself, for a row of the caller's. */
int32_t ptn_decide(const ptn_packed *packed, const double *centroids, int32_t k, int64_t row);

/* Its distance to one centroid, squared, in packed units. */
double ptn_decide_distance(const ptn_packed *packed, const double *centroid, int64_t row);

/* The largest squared distance, in packed units, that a packed row can have to one of the centroids. */
double ptn_filter_farthest(const ptn_frame *frame, const double *centroids, int32_t k);

#endif
