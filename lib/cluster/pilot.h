/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Some of the rows, copied: what is found out about many rows is found out on them. */
#ifndef PTN_CLUSTER_PILOT_H
#define PTN_CLUSTER_PILOT_H

#include "cluster/silhouette.h"

typedef struct ptn_pilot {
    bool part;         /* fewer than all rows; else `scored` and `labelings` are the caller's */
    ptn_scored scored; /* the footing of all rows */
    ptn_labeling *labelings;
    const ptn_scored *all;
    const ptn_labeling *all_labelings;
    int32_t count;
    int64_t picks; /* runs of rows */
    void *values;  /* rows x cols, of the caller's type */
    double *weights, *totals;
    int32_t *labels; /* rows for each labeling */
} ptn_pilot;

/* All rows, or about `most` of them: runs of sixteen, one at random from each of equal stretches, the same whenever it
   is asked. To be closed, also after a failure. PATRON_OUT_OF_MEMORY, PATRON_TOO_LARGE, PATRON_CANCELLED. */
patron_status ptn_pilot_open(ptn_pilot *pilot, const ptn_scored *scored, ptn_labeling *labelings, int32_t count,
                             int64_t most, patron_error *error);
void ptn_pilot_close(ptn_pilot *pilot);

#endif
