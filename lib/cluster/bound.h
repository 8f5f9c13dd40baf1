/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lower bound on the inertia of any clustering: the trace of the weighted scatter about the mean, less its k - 1
   largest eigenvalues (Ding & He 2004). Rounded down by more than all rounding can add, so that it never exceeds an
   inertia. */
#ifndef PTN_CLUSTER_BOUND_H
#define PTN_CLUSTER_BOUND_H

#include "cluster/packed.h"

typedef struct ptn_bound {
    double *eigenvalues; /* cols, largest first, packed units; NULL: too costly to find */
    int64_t cols;
    double trace, margin;
    double packing; /* how far packing can have moved the rows, all together: a norm */
} ptn_bound;

/* Finds the eigenvalues; they are left out, and every bound is 0, for more than 256 columns, for more than 64 columns
   and 2^33 rows x columns^2, where the products would cost more than the fit, and for weights that packing has rounded.
   To be closed, also after a failure. PATRON_OUT_OF_MEMORY, PATRON_NUMERIC, PATRON_CANCELLED. */
patron_status ptn_bound_open(ptn_bound *bound, const ptn_packed *packed, const ptn_context *context,
                             patron_error *error);

/* The bound for k clusters, in packed units; >= 0. */
double ptn_bound_for(const ptn_bound *bound, int32_t k);

void ptn_bound_close(ptn_bound *bound, const ptn_memory *memory);

#endif
