/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lower bound on the inertia.

   The scatter is that of the packed values. With Z the packed rows and E what packing changed, a partition's inertia is
   |P Z| ^ 2 for a projection P, and |P (Z + E)| >= |P Z| - |E|, with |E|^2 at most the weight times half a step
   squared, added up over columns. The rounding margin: with u = 2^-53, blocks of b rows and B blocks, the scatter's
   entries are wrong by at most (b + B + few) u trace (its error's norm is at most that of |Z|'|Z|, hence the trace),
   tridiagonalisation and QR by a small multiple of d u trace. */
#include "cluster/bound.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "numeric/eigen.h"

/* The lower triangle of the scatter about the mean. */
static void gather(double *scatter, double *sum, const ptn_packed *packed)
{
    int64_t cols = packed->cols;
    memcpy(sum, packed->total, (size_t)cols * sizeof *sum);
    for (int64_t a = 0; a < cols; a++)
        for (int64_t b = 0; b < cols; b++) scatter[a * cols + b] = b <= a ? packed->products[a * (a + 1) / 2 + b] : 0.0;
    for (int64_t e = 0; e < packed->exception_count; e++) {
        for (int64_t a = 0; a < cols; a++) {
            double x = ptn_packed_exact(packed, packed->exceptions[e], a), weight = packed->exception_weight[e];
            sum[a] += weight * x;
            for (int64_t b = 0; b <= a; b++)
                scatter[a * cols + b] += weight * x * ptn_packed_exact(packed, packed->exceptions[e], b);
        }
    }
    for (int64_t a = 0; a < cols; a++)
        for (int64_t b = 0; b <= a; b++) scatter[a * cols + b] -= sum[a] * sum[b] / packed->total_weight;
}

patron_status ptn_bound_open(ptn_bound *bound, const ptn_packed *packed, const ptn_memory *memory, patron_error *error)
{
    int64_t cols = packed->cols;
    void *eigenvalues = NULL, *scratch = NULL;
    memset(bound, 0, sizeof *bound);
    if (packed->products == NULL || !packed->whole) return PATRON_OK;
    patron_status status = ptn_allocate(&eigenvalues, memory, cols, sizeof(double), "eigenvalues", error);
    bound->eigenvalues = eigenvalues;
    if (status != PATRON_OK) return status;
    status = ptn_allocate(&scratch, memory, (cols + 1) * cols, sizeof(double), "a scatter matrix", error);
    if (status != PATRON_OK) return status;

    double *scatter = scratch, *sum = scatter + cols * cols, around = 0.0, steps = 0.0;
    gather(scatter, sum, packed);
    bound->cols = cols;
    for (int64_t c = 0; c < cols; c++) {
        bound->trace += scatter[c * cols + c];
        around += sum[c] * sum[c] / packed->total_weight;
        steps += packed->frame.step[c] * packed->frame.step[c];
    }
    bound->packing = sqrt(packed->total_weight * steps / 4.0) * (1.0 + 0x1p-20);
    double terms = (double)(packed->block_tiles * PTN_TILE + packed->blocks) + (double)packed->exception_count +
                   32.0 * (double)cols + 64.0;
    bound->margin = 2.0 * terms * 0x1p-52 * (bound->trace + 2.0 * around);
    /* GSL splits the matrix where an entry is small beside its neighbours on the diagonal, and never where these have
       underflowed: with the trace added to them it always ends. */
    for (int64_t c = 0; c < cols; c++) scatter[c * cols + c] += bound->trace;
    status = ptn_symmetric_eigenvalues(bound->eigenvalues, scatter, cols, memory, error);
    for (int64_t c = 0; status == PATRON_OK && c < cols; c++) bound->eigenvalues[c] -= bound->trace;
    ptn_free(memory, scratch);
    return status;
}

double ptn_bound_for(const ptn_bound *bound, int32_t k)
{
    double rest = bound->trace - bound->margin;
    if (bound->eigenvalues == NULL || (int64_t)k - 1 >= bound->cols) return 0.0;
    for (int32_t i = 0; i < k - 1; i++) rest -= bound->eigenvalues[i];
    rest = rest > 0.0 ? sqrt(rest) - bound->packing : 0.0;
    return rest > 0.0 ? rest * rest * (1.0 - 0x1p-50) : 0.0;
}

void ptn_bound_close(ptn_bound *bound, const ptn_memory *memory)
{
    ptn_free(memory, bound->eigenvalues);
    memset(bound, 0, sizeof *bound);
}
