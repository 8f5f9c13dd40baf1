/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many different rows there are, as far as it matters. */
#ifndef PTN_CLUSTER_DISTINCT_H
#define PTN_CLUSTER_DISTINCT_H

#include "matrix/rows.h"

/* The number of distinct rows of weight > 0, or `cap` (>= 0) if there are at least so many; -0 equals 0. Rows are
   checked (ptn_rows_read) and finite. Stops at the cap, so it is cheap where rows differ. PATRON_TOO_LARGE,
   PATRON_OUT_OF_MEMORY. */
patron_status ptn_kmeans_distinct(int64_t *distinct, const patron_rows *rows, int64_t cap, const ptn_memory *memory,
                                  patron_error *error);

#endif
