/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/fitted.h"

#include <math.h>
#include <stdlib.h>

#include "oracle/oracle_kmeans.h"
#include "support/suite.h"

fitted fit(const patron_rows *rows, int32_t k, const patron_kmeans_options *options, int32_t threads)
{
    fitted f = {.result = {.size = sizeof f.result}, .labels = malloc((size_t)rows->rows * sizeof(int32_t))};
    patron_context context;
    patron_error error;
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    patron_status status = patron_kmeans_fit(&f.handle, f.labels, rows, k, options, &context, &error);
    ck_assert_msg(status == PATRON_OK, "%s", error.message);
    ck_assert_int_eq(patron_kmeans_result_get(&f.result, f.handle, NULL), PATRON_OK);
    return f;
}

void release(fitted *f)
{
    patron_kmeans_free(f->handle);
    free(f->labels);
}

patron_kmeans_options starts(int32_t n_init)
{
    patron_kmeans_options options;
    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = n_init;
    return options;
}

void check_promises(const fitted *f, const table *t, const double *weights)
{
    const double *centroids = patron_kmeans_centroids(f->handle), *trace = patron_kmeans_trace(f->handle);
    int64_t *sizes = calloc((size_t)f->result.k, sizeof *sizes), *weighty = calloc((size_t)f->result.k, sizeof *sizes);
    for (int64_t i = 0; i < t->rows; i++) {
        ck_assert_int_eq(f->labels[i], oracle_nearest(t->values + i * t->cols, centroids, f->result.k, t->cols));
        sizes[f->labels[i]]++;
        weighty[f->labels[i]] += weights == NULL || weights[i] > 0.0;
    }
    for (int32_t j = 0; j < f->result.k; j++) {
        ck_assert_int_eq(sizes[j], patron_kmeans_sizes(f->handle)[j]);
        ck_assert_int_gt(weighty[j], 0);
        for (int64_t c = 0; f->result.converged && c < t->cols; c++) {
            double mean = (double)oracle_mean(t->values, weights, t->rows, t->cols, f->labels, j, c);
            double got = centroids[j * t->cols + c];
            ck_assert_double_le(fabs(got - mean), 4e-16 * fabs(mean) + 1e-15);
        }
    }
    double inertia = (double)oracle_inertia(t->values, weights, t->rows, t->cols, f->labels, centroids);
    ck_assert_double_le(fabs(f->result.inertia - inertia), 1e-12 * inertia);
    ck_assert_double_le(f->result.inertia_lower_bound, f->result.inertia);
    ck_assert_double_ge(f->result.inertia_lower_bound, 0.0);
    ck_assert_double_eq(trace[f->result.iterations - 1], f->result.inertia);
    for (int32_t i = 1; i < f->result.iterations; i++) ck_assert_double_le(trace[i], trace[i - 1] * (1.0 + 1e-14));
    for (int32_t j = 1; j < f->result.k; j++) { /* lexicographic */
        int64_t c = 0;
        while (c < t->cols && centroids[j * t->cols + c] == centroids[(j - 1) * t->cols + c]) c++;
        ck_assert(c == t->cols || centroids[(j - 1) * t->cols + c] < centroids[j * t->cols + c]);
    }
    free(weighty);
    free(sizes);
}
