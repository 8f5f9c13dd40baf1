/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lower bound on the inertia.

   The margin: with u = 2^-52, block sums of b rows and B blocks, the scatter's entries are wrong by at most
   (b + B + few) u trace (its error's norm is at most that of |Z|'|Z|, hence the trace), tridiagonalisation and QR by a
   small multiple of d u trace, and the inertia it is compared with by as much as the scatter. */
#include "cluster/bound.h"

#include <math.h>
#include <string.h>

#include "base/exact.h"
#include "numeric/blas.h"
#include "numeric/eigen.h"

enum { BLOCK_ROWS = 1024, MOST_COLS = 256 };

static void find_mean(double *mean, const ptn_packed *data)
{
    for (int64_t c = 0; c < data->cols; c++) {
        ptn_dd sum = {0.0, 0.0}, weight = {0.0, 0.0};
        for (int64_t i = 0; i < data->rows; i++) {
            ptn_dd product = ptn_two_product(data->weights[i], ptn_packed_at(data, i, c));
            ptn_sum_add(&sum, product.hi);
            sum.lo += product.lo;
            ptn_sum_add(&weight, data->weights[i]);
        }
        mean[c] = ptn_sum_value(sum) / ptn_sum_value(weight);
    }
}

/* The lower triangle of the scatter about the mean; `block` is scratch for BLOCK_ROWS rows. */
static patron_status find_scatter(double *scatter, double *block, const double *mean, const ptn_packed *data,
                                  patron_error *error)
{
    int64_t cols = data->cols;
    memset(scatter, 0, (size_t)(cols * cols) * sizeof *scatter);
    for (int64_t from = 0; from < data->rows; from += BLOCK_ROWS) {
        int64_t count = data->rows - from < BLOCK_ROWS ? data->rows - from : BLOCK_ROWS;
        for (int64_t i = 0; i < count; i++) {
            double root = sqrt(data->weights[from + i]);
            for (int64_t c = 0; c < cols; c++)
                block[i * cols + c] = root * (ptn_packed_at(data, from + i, c) - mean[c]);
        }
        patron_status status = ptn_scatter_add(scatter, block, count, cols, error);
        if (status != PATRON_OK) return status;
    }
    return PATRON_OK;
}

patron_status ptn_bound_open(ptn_bound *bound, const ptn_packed *data, const ptn_memory *memory, patron_error *error)
{
    void *eigenvalues = NULL, *scratch = NULL;
    int64_t cols = data->cols;
    memset(bound, 0, sizeof *bound);
    if (cols > MOST_COLS || data->rows > (INT64_C(1) << 35) / (cols * cols)) return PATRON_OK;
    patron_status status = ptn_allocate(&eigenvalues, memory, cols, sizeof(double), "eigenvalues", error);
    if (status != PATRON_OK) return status;
    bound->eigenvalues = eigenvalues;
    bound->cols = cols;
    status = ptn_allocate(&scratch, memory, (1 + cols + BLOCK_ROWS) * cols, sizeof(double), "a scatter matrix", error);
    if (status != PATRON_OK) return status;

    double *mean = scratch, *scatter = mean + cols, *block = scatter + cols * cols;
    find_mean(mean, data);
    status = find_scatter(scatter, block, mean, data, error);
    for (int64_t c = 0; c < cols; c++) bound->trace += scatter[c * cols + c];
    double steps = (double)(BLOCK_ROWS + data->rows / BLOCK_ROWS) + 32.0 * (double)cols + 64.0;
    bound->margin = 4.0 * steps * 0x1p-52 * bound->trace;
    /* The mean is off by rounding too, whatever the trace: by e, the trace is too large by W e^2. */
    double weight = 0.0, shift = 0.0;
    for (int64_t i = 0; i < data->rows; i++) weight += data->weights[i];
    for (int64_t c = 0; c < cols; c++) shift += mean[c] * mean[c];
    bound->margin += weight * shift * 0x1p-100;
    /* GSL splits the matrix where an entry is small beside its neighbours on the diagonal, and never where these have
       underflowed: with the trace added to them it always ends. */
    for (int64_t c = 0; c < cols; c++) scatter[c * cols + c] += bound->trace;
    if (status == PATRON_OK) status = ptn_symmetric_eigenvalues(bound->eigenvalues, scatter, cols, memory, error);
    for (int64_t c = 0; status == PATRON_OK && c < cols; c++) bound->eigenvalues[c] -= bound->trace;
    ptn_free(memory, scratch);
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
