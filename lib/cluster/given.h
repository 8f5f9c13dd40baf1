/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows given to a k-means that is fitted: what predict and transform have in common. */
#ifndef PTN_CLUSTER_GIVEN_H
#define PTN_CLUSTER_GIVEN_H

#include <stdbool.h>

#include "cluster/kmeans.h"
#include "matrix/rows.h"

/* What a task works on; it writes to its rows of `out` alone. */
typedef struct ptn_given {
    const patron_kmeans *kmeans;
    patron_rows rows;
    void *out;
    double *scratch; /* for each worker cols x PTN_LANES (cluster/tile.h) numbers, not initialised */
} ptn_given;

/* Does rows from … to - 1. Returns the first that could not be done (it is not finite, or too far off), or -1. */
typedef int64_t (*ptn_given_task)(const ptn_given *given, int64_t from, int64_t to, int32_t worker);

/* What is done with rows, and its words in messages. */
typedef struct ptn_given_work {
    ptn_given_task task;
    const char *stage; /* "predict" */
    const char *out;   /* "labels" */
    const char *wish;  /* there are no rows "to label" */
    const char *far;   /* its squared distance to "every centroid" overflows */
    bool per_centroid; /* `out` holds k numbers a row, else one */
} ptn_given_work;

/* Checks everything, runs the task over blocks of rows in the right floating-point modes, and names the first row that
   could not be done. PATRON_INVALID_ARGUMENT, PATRON_NO_DATA, PATRON_NOT_FINITE and PATRON_OUT_OF_RANGE (error->row),
   PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_given_run(void *out, const ptn_given_work *work, const patron_kmeans *kmeans, const patron_rows *rows,
                            const patron_context *context, patron_error *error);

#endif
