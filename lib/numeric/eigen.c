/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Eigenvalues of a symmetric matrix by GSL: Householder tridiagonalisation, then implicit QR (Golub & Van Loan 8.3).
   GSL's workspace is two arrays, allocated here so that they come from the host's allocator. */
#include "numeric/eigen.h"

#include <math.h>

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>

#include "base/error.h"

static void sort_descending(double *values, int64_t count)
{
    for (int64_t i = 1; i < count; i++) {
        double value = values[i];
        int64_t j = i;
        for (; j > 0 && values[j - 1] < value; j--) values[j] = values[j - 1];
        values[j] = value;
    }
}

patron_status ptn_symmetric_eigenvalues(double *eigenvalues, double *matrix, int64_t order, const ptn_memory *memory,
                                        patron_error *error)
{
    void *diagonal = NULL, *beside = NULL;
    if (order < 1) return ptn_fail(error, PATRON_INVALID_ARGUMENT, "a matrix of order %lld", (long long)order);
    for (int64_t i = 0; i < order * order; i++)
        if (!isfinite(matrix[i]))
            return ptn_fail(error, PATRON_NOT_FINITE, "eigenvalues of a matrix that is not finite");

    patron_status status = ptn_allocate(&diagonal, memory, order, sizeof(double), "a diagonal", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&beside, memory, order, sizeof(double), "a diagonal", error);
    if (status != PATRON_OK) goto cleanup;

    gsl_eigen_symm_workspace workspace = {.size = (size_t)order, .d = diagonal, .sd = beside};
    gsl_matrix_view view = gsl_matrix_view_array(matrix, (size_t)order, (size_t)order);
    gsl_vector_view values = gsl_vector_view_array(eigenvalues, (size_t)order);
    int result = gsl_eigen_symm(&view.matrix, &values.vector, &workspace);
    if (result == GSL_ENOMEM)
        status = ptn_fail_memory(error, (size_t)order * sizeof(double), "eigenvalues");
    else if (result != GSL_SUCCESS)
        status = ptn_fail(error, PATRON_NUMERIC, "eigenvalues were not found: %s", gsl_strerror(result));
    else
        sort_descending(eigenvalues, order);

cleanup:
    ptn_free(memory, beside);
    ptn_free(memory, diagonal);
    return status;
}
