/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lower bound on the inertia.

   The margin: with u = 2^-53, spans of b rows and B spans, the scatter's entries are wrong by at most (b + B + few) u
   trace (its error's norm is at most that of |Z|'|Z|, hence the trace), tridiagonalisation and QR by a small multiple of
   d u trace, and the inertia it is compared with by as much as the scatter. */
#include "cluster/bound.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "numeric/eigen.h"

enum { MOST_COLS = 64 };

typedef struct scatter_job {
    const ptn_packed *packed;
    const double *weights;
    double *parts; /* for each span padded x padded products and cols sums */
    int64_t padded;
} scatter_job;

static void scatter_span(void *opaque, int64_t span, int32_t worker)
{
    scatter_job *job = opaque;
    const ptn_packed *packed = job->packed;
    int64_t from, to, each = job->padded * job->padded;
    double *products = job->parts + span * (each + packed->cols);
    (void)worker;
    ptn_packed_span(packed, span, &from, &to);
    memset(products, 0, (size_t)(each + packed->cols) * sizeof *products);
    for (int64_t row = from; row < to; row += 512) { /* which stay in the cache for all pairs of columns */
        int64_t count = row + 512 < to ? 512 : to - row;
        packed->kernels->scatter(products, products + each, &packed->source, row, count,
                                 job->weights == NULL ? NULL : job->weights + row, packed->frame.centre,
                                 packed->frame.inverse_unit);
    }
}

/* The lower triangle of the scatter about the mean. */
static void gather(double *scatter, double *sum, const scatter_job *job, double weight)
{
    int64_t cols = job->packed->cols, each = job->padded * job->padded;
    memset(scatter, 0, (size_t)(cols * cols) * sizeof *scatter);
    memset(sum, 0, (size_t)cols * sizeof *sum);
    for (int64_t s = 0; s < job->packed->spans; s++) {
        const double *products = job->parts + s * (each + cols);
        for (int64_t a = 0; a < cols; a++) {
            sum[a] += products[each + a];
            for (int64_t b = 0; b <= a; b++) scatter[a * cols + b] += products[a * job->padded + b];
        }
    }
    for (int64_t a = 0; a < cols; a++)
        for (int64_t b = 0; b <= a; b++) scatter[a * cols + b] -= sum[a] * sum[b] / weight;
}

patron_status ptn_bound_open(ptn_bound *bound, ptn_passes *passes, const double *weights, patron_error *error)
{
    const ptn_packed *packed = passes->packed;
    const ptn_memory *memory = &passes->team->context->memory;
    int64_t cols = packed->cols, padded = (cols + 7) / 8 * 8;
    void *eigenvalues = NULL, *parts = NULL, *scratch = NULL;
    double from, to, weight = 0.0, around = 0.0;
    memset(bound, 0, sizeof *bound);
    if (cols > MOST_COLS || packed->rows > (INT64_C(1) << 34) / (cols * cols)) return PATRON_OK;
    for (int64_t i = 0; weights != NULL && i < packed->rows; i++) weight += weights[i];
    if (weights == NULL) weight = (double)packed->rows;
    patron_status status = ptn_allocate(&eigenvalues, memory, cols, sizeof(double), "eigenvalues", error);
    bound->eigenvalues = eigenvalues;
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&parts, memory, packed->spans * (padded * padded + cols), sizeof(double), "products", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&scratch, memory, (cols + 1) * cols, sizeof(double), "a scatter matrix", error);
    if (status != PATRON_OK) goto cleanup;
    scatter_job job = {packed, weights, parts, padded};
    ptn_passes_progress(passes, &from, &to);
    status = ptn_team_run(passes->team, "kmeans", from, to, packed->spans, scatter_span, &job, error);
    if (status != PATRON_OK) goto cleanup;

    double *scatter = scratch, *sum = scatter + cols * cols;
    gather(scatter, sum, &job, weight);
    bound->cols = cols;
    for (int64_t c = 0; c < cols; c++) {
        bound->trace += scatter[c * cols + c];
        around += sum[c] * sum[c] / weight;
    }
    double steps = (double)(packed->rows / packed->spans + 1 + packed->spans) + 32.0 * (double)cols + 64.0;
    bound->margin = 2.0 * steps * 0x1p-52 * (bound->trace + 2.0 * around);
    /* GSL splits the matrix where an entry is small beside its neighbours on the diagonal, and never where these have
       underflowed: with the trace added to them it always ends. */
    for (int64_t c = 0; c < cols; c++) scatter[c * cols + c] += bound->trace;
    status = ptn_symmetric_eigenvalues(bound->eigenvalues, scatter, cols, memory, error);
    for (int64_t c = 0; status == PATRON_OK && c < cols; c++) bound->eigenvalues[c] -= bound->trace;

cleanup:
    ptn_free(memory, scratch);
    ptn_free(memory, parts);
    return status;
}

double ptn_bound_for(const ptn_bound *bound, int32_t k)
{
    double rest = bound->trace - bound->margin;
    if (bound->eigenvalues == NULL || (int64_t)k - 1 >= bound->cols) return 0.0;
    for (int32_t i = 0; i < k - 1; i++) rest -= bound->eigenvalues[i];
    return rest > 0.0 ? rest : 0.0;
}

void ptn_bound_close(ptn_bound *bound, const ptn_memory *memory)
{
    ptn_free(memory, bound->eigenvalues);
    memset(bound, 0, sizeof *bound);
}
