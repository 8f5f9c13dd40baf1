/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fewer passes to the same kind of end: Anderson acceleration of Lloyd's iteration (Walker & Ni 2011; for k-means Zhang
   et al. 2018).

   With x the centroids labels were made by and g the means of those labels, an iteration takes x to g. Near an optimum
   that is nearly linear, so from a few pairs (x, g) one can tell where it will end: the combination of past g whose
   combination of g - x is smallest. A pass from there costs what any other costs. Whether it was worth it shows in the
   inertia; if that does not fall, or no label changes, the next pass is a plain one, and only plain passes end a run.
 */
#ifndef PTN_CLUSTER_ACCELERATE_H
#define PTN_CLUSTER_ACCELERATE_H

#include <stdbool.h>
#include <stdint.h>

enum { PTN_PAIRS = 4 };

typedef struct ptn_history {
    int64_t size;  /* k x cols */
    int32_t pairs; /* kept */
    int32_t next;  /* where the next goes */
    double *x, *g; /* PTN_PAIRS x size */
} ptn_history;

/* Doubles that a history needs. */
int64_t ptn_history_doubles(int64_t size);
void ptn_history_place(ptn_history *history, double *block, int64_t size);
void ptn_history_clear(ptn_history *history);

/* The means noted last. */
void ptn_history_last(double *out, const ptn_history *history);

/* Notes a pair, and puts into `out` where to go; false, and `out` untouched, where there is nothing to go by. `scale`
   makes columns of k x cols numbers commensurable: that of each cluster's coordinates. */
bool ptn_history_step(double *out, ptn_history *history, const double *x, const double *g, const double *scale,
                      int64_t cols);

#endif
