/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A k-means fit for tests, and the promises any fit keeps. */
#ifndef PATRON_TEST_FITTED_H
#define PATRON_TEST_FITTED_H

#include <patron/kmeans.h>

#include "support/table.h"

/* A fit and all that comes with it. */
typedef struct fitted {
    patron_kmeans *handle;
    patron_kmeans_result result;
    int32_t *labels;
} fitted;

/* Fits; fails the test where that fails. */
fitted fit(const patron_rows *rows, int32_t k, const patron_kmeans_options *options, int32_t threads);
void release(fitted *f);

/* The defaults but for n_init. */
patron_kmeans_options starts(int32_t n_init);

/* Everything the header promises of any fit (means only of one that converged), against the oracle. */
void check_promises(const fitted *f, const table *t, const double *weights);

#endif
