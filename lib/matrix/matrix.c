/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A matrix with named columns. */
#include "matrix/matrix.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"

patron_status ptn_matrix_create(patron_matrix **matrix, int64_t rows, int64_t cols, const ptn_memory *memory,
                                patron_error *error)
{
    void *block = NULL, *values = NULL, *columns = NULL;
    int64_t elements;
    *matrix = NULL;
    if (!ptn_mul_i64(&elements, rows, cols))
        return ptn_fail(error, PATRON_TOO_LARGE, "a matrix of %lld x %lld is more than memory can address",
                        (long long)rows, (long long)cols);
    patron_status status = ptn_allocate_zero(&block, memory, 1, sizeof(patron_matrix), "a matrix", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&values, memory, elements, sizeof(double), "matrix values", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate_zero(&columns, memory, cols, sizeof(patron_column), "matrix columns", error);
    if (status != PATRON_OK) goto cleanup;

    patron_matrix *made = block;
    made->memory = *memory;
    made->rows = rows;
    made->cols = cols;
    made->values = values;
    made->columns = columns;
    *matrix = made;
    return PATRON_OK;

cleanup:
    ptn_free(memory, columns);
    ptn_free(memory, values);
    ptn_free(memory, block);
    return status;
}

patron_status ptn_matrix_copy(patron_matrix **copy, const patron_matrix *matrix, const ptn_memory *memory,
                              patron_error *error)
{
    patron_status status = ptn_matrix_create(copy, matrix->rows, matrix->cols, memory, error);
    if (status != PATRON_OK) return status;
    memcpy((*copy)->values, matrix->values, (size_t)(matrix->rows * matrix->cols) * sizeof(double));
    memcpy((*copy)->columns, matrix->columns, (size_t)matrix->cols * sizeof(patron_column));
    return PATRON_OK;
}

void ptn_matrix_free(patron_matrix *matrix)
{
    if (matrix == NULL) return;
    ptn_memory memory = matrix->memory;
    ptn_free(&memory, matrix->columns);
    ptn_free(&memory, matrix->values);
    ptn_free(&memory, matrix);
}

int64_t patron_matrix_row_count(const patron_matrix *matrix) { return matrix == NULL ? 0 : matrix->rows; }

int64_t patron_matrix_column_count(const patron_matrix *matrix) { return matrix == NULL ? 0 : matrix->cols; }

patron_status patron_matrix_column(patron_column *column, const patron_matrix *matrix, int64_t index,
                                   patron_error *error)
{
    ptn_ok(error);
    if (matrix == NULL) return ptn_fail_null(error, "matrix");
    if (index < 0 || index >= matrix->cols)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "there is no column %lld; the matrix has %lld",
                        (long long)index, (long long)matrix->cols);
    return ptn_struct_write(column, &matrix->columns[index], sizeof *column, "column", error);
}

int64_t patron_matrix_find(const patron_matrix *matrix, const char *name)
{
    if (matrix == NULL || name == NULL) return -1;
    for (int64_t i = 0; i < matrix->cols; i++)
        if (strcmp(matrix->columns[i].name, name) == 0) return i;
    return -1;
}

const double *patron_matrix_values(const patron_matrix *matrix) { return matrix == NULL ? NULL : matrix->values; }

patron_status patron_matrix_view(patron_rows *rows, const patron_matrix *matrix, patron_error *error)
{
    patron_rows view;
    ptn_ok(error);
    if (matrix == NULL) return ptn_fail_null(error, "matrix");
    patron_rows_init(&view, sizeof view);
    view.values = matrix->values;
    view.rows = matrix->rows;
    view.cols = matrix->cols;
    view.row_stride = matrix->cols;
    return ptn_struct_write(rows, &view, sizeof view, "rows", error);
}
