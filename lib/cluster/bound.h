/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lower bound on the inertia of any clustering: the trace of the weighted scatter about the mean, less its k - 1
   largest eigenvalues (Ding & He 2004). Rounded down by more than all rounding can add, so that it never exceeds an
   inertia. */
#ifndef PTN_CLUSTER_BOUND_H
#define PTN_CLUSTER_BOUND_H

#include "cluster/lloyd.h"

typedef struct ptn_bound {
    double *eigenvalues; /* cols, largest first, packed units; NULL: too costly to find */
    int64_t cols;
    double trace, margin;
} ptn_bound;

/* Finds the eigenvalues, from the caller's values; they are left out, and every bound is 0, for more than 64 columns or
   more than 2^34 rows x columns^2, where the products would cost more than the fit. `weights`: of rows, of ordinary
   size, or NULL. To be closed, also after a failure. PATRON_OUT_OF_MEMORY, PATRON_NUMERIC, PATRON_CANCELLED. */
patron_status ptn_bound_open(ptn_bound *bound, ptn_passes *passes, const double *weights, patron_error *error);

/* The bound for k clusters, in packed units; >= 0. */
double ptn_bound_for(const ptn_bound *bound, int32_t k);

void ptn_bound_close(ptn_bound *bound, const ptn_memory *memory);

#endif
