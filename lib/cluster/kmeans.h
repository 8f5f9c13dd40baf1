/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fitted k-means. */
#ifndef PTN_CLUSTER_KMEANS_H
#define PTN_CLUSTER_KMEANS_H

#include <patron/kmeans.h>

#include "cluster/filter.h"

struct patron_kmeans {
    ptn_memory memory;
    patron_kmeans_result result;
    double *centroids; /* k x cols, in the caller's unit */
    int64_t *sizes;    /* k */
    double *trace;     /* iterations */
    ptn_frame frame;   /* how the fit's rows were packed, as new ones are */
    ptn_filter filter; /* for these centroids */
    void *filter_block;
};

#endif
