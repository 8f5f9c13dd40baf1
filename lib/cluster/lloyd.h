/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs of Lloyd's algorithm over all packed rows, several at a time.

   A run has centroids and labels of its own; a pass reads the packed rows once for all runs that still go on. Sums are
   kept up by the rows whose label changes, exactly (cluster/packed.h), so that passes may be cut and shared in any way.
   A tile of rows whose bound is above how far centroids have travelled since is not read. Source: Lloyd 1982; the bound
   is Hamerly's (2010), for sixteen rows at a time. */
#ifndef PTN_CLUSTER_LLOYD_H
#define PTN_CLUSTER_LLOYD_H

#include "cluster/accelerate.h"
#include "cluster/filter.h"

/* Tiles that a kernel looks at before its findings are worked off. */
enum { PTN_CHUNK = 64 };

typedef struct ptn_run {
    int32_t k, start;   /* start: which seeding, from 0 */
    double *centroids;  /* k x cols, in the caller's unit: what labels are decided by */
    double *next;       /* likewise, scratch */
    double *sums;       /* k x cols, of packed values; exceptions aside */
    double *weights;    /* k; exceptions aside */
    double *apart_sums; /* the exceptions', k x cols and k */
    double *apart_weights;
    uint8_t *labels; /* of rows, and of the padding */
    float *bounds;   /* of tiles */
    double *shares;  /* for each worker of the team: sums, weights, rows changed; k x cols + k + 1 */
    ptn_filter filter;
    void *memory_block, *filter_block;
    ptn_history history; /* for acceleration */
    bool ahead;          /* the centroids are where acceleration has put them, not means */
    bool plain;          /* the next update is a plain one */
    double before;       /* inertia of the pass before */
    double least;        /* the lowest so far */
    int32_t stale;       /* passes since then */

    bool begun;       /* labels are made */
    bool fresh;       /* the next pass adds up all rows, not only those whose label changes */
    int64_t changed;  /* rows of weight > 0 that the last pass gave another label */
    double travelled; /* how far the two centroids that moved most moved, added up over passes; packed units */
    double movement;  /* sum of squared shifts of the last update */
    double inertia;   /* of the labels about their means, in packed units, from packed values */
    int32_t iterations;
    bool converged, ended;
    ptn_array trace; /* of double: inertia after each iteration */
} ptn_run;

/* Allocates for packed rows; `centroids` is to be filled in. To be closed, also after a failure. */
patron_status ptn_run_open(ptn_run *run, const ptn_packed *packed, int32_t k, int32_t workers, const ptn_memory *memory,
                           patron_error *error);
void ptn_run_close(ptn_run *run, const ptn_memory *memory);

/* Memory for `count` workers' findings, for passes. */
typedef struct ptn_passes {
    const ptn_packed *packed;
    ptn_team *team;
    ptn_active *active; /* PTN_CHUNK for each worker */
    double *scratch;    /* cols */
    int64_t done;       /* passes so far */
    double from, to;    /* progress they take */
} ptn_passes;

patron_status ptn_passes_open(ptn_passes *passes, const ptn_packed *packed, ptn_team *team, patron_error *error);
void ptn_passes_close(ptn_passes *passes);

/* The stretch of progress that the next pass takes: how many there will be is not known, so pass p takes p / (p + 30)
   to (p + 1) / (p + 31) of what there is. */
void ptn_passes_progress(ptn_passes *passes, double *from, double *to);

/* Labels rows by each of the runs that have not ended, and brings their sums up to date. */
patron_status ptn_lloyd_pass(ptn_passes *passes, ptn_run *runs, int32_t count, patron_error *error);

/* The means of the run's labels become its centroids; empty clusters are given a row first. With `accelerate` they may
   go farther (run->ahead says so), unless run->plain. PATRON_OUT_OF_RANGE: rows too close together for k centroids.
   PATRON_CANCELLED. */
patron_status ptn_lloyd_update(ptn_passes *passes, ptn_run *run, bool accelerate, patron_error *error);

/* Replaces a run's centroids by run->next; keeps count of the movement. */
void ptn_run_move(ptn_run *run, const ptn_packed *packed);

/* From where acceleration has led, back to the means it went on from. */
void ptn_run_retreat(ptn_run *run, const ptn_packed *packed);

/* Notes run->inertia as that of one more iteration. */
patron_status ptn_run_note(ptn_run *run, const ptn_memory *memory, patron_error *error);

/* Whether a cluster has no row of weight. */
bool ptn_run_has_empty(const ptn_run *run);

/* From repair.c. Gives each cluster without a row of weight the row farthest from its centroid (the lowest of equals)
   among clusters that have two, its copies with it. Sums follow. PATRON_OUT_OF_RANGE: there are not enough such rows.
 */
patron_status ptn_lloyd_repair(ptn_passes *passes, ptn_run *run, patron_error *error);

/* Fails with PATRON_OUT_OF_RANGE: rows too close together for k centroids. */
patron_status ptn_lloyd_fail_close(const ptn_run *run, patron_error *error);

/* Gives a row another label, and its values to the other sum; the exceptions' sums are the caller's to renew, once. */
void ptn_run_relabel(ptn_run *run, const ptn_packed *packed, int64_t row, int32_t label);

/* The exceptions' sums anew, from their labels. */
void ptn_run_sum_exceptions(ptn_run *run, const ptn_packed *packed);

#endif
