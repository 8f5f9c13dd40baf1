/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single-row moves, which leave local optima that Lloyd's iterations cannot. */
#ifndef PTN_CLUSTER_MOVES_H
#define PTN_CLUSTER_MOVES_H

#include "cluster/exact.h"

/* Moves rows to other clusters, one after the other, as long as each lowers the inertia; *moved says how many. The
   run's labels must be those of its centroids, these and `figures` exact. Afterwards centroids are old. */
patron_status ptn_moves(int64_t *moved, ptn_passes *passes, ptn_run *run, const ptn_figures *figures,
                        const double *weights, patron_error *error);

#endif
