/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fitted k-means. */
#ifndef PTN_CLUSTER_KMEANS_H
#define PTN_CLUSTER_KMEANS_H

#include <patron/kmeans.h>

#include "base/context.h"

struct patron_kmeans {
    ptn_memory memory;
    patron_kmeans_result result;
    double *centroids;   /* k x cols, in the caller's unit */
    int64_t *sizes;      /* k */
    double *trace;       /* iterations */
    double inverse_unit; /* a power of two that keeps squared distances in range */
};

#endif
