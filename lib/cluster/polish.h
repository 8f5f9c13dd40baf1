/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs taken to their end on all rows: Lloyd's iterations on packed rows, several runs sharing passes; then exact
   centroids and labels; then single-row moves, and so on until nothing changes. */
#ifndef PTN_CLUSTER_POLISH_H
#define PTN_CLUSTER_POLISH_H

#include "cluster/exact.h"

typedef struct ptn_polish_plan {
    int32_t max_iter;
    double tol;
    const double *weights; /* of rows, of ordinary size; NULL */
    double keep;           /* runs whose inertia is within this share of the best of their k are finished too */
    bool accelerate;       /* passes may start from where they seem to lead: fewer of them, to another path */
    bool race;             /* runs that cannot become the best of their k are given up on the way */
} ptn_polish_plan;

/* From their centroids, runs (all fresh) go to the end. For each k the best lives on, with exact centroids and labels;
   the others are closed. figures[i] belongs to runs[i] and holds k numbers each. PATRON_OUT_OF_RANGE, PATRON_CANCELLED,
   PATRON_OUT_OF_MEMORY. */
patron_status ptn_polish(ptn_run *runs, ptn_figures *figures, int32_t count, ptn_passes *passes,
                         const ptn_polish_plan *plan, patron_error *error);

#endif
