/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A matrix with named columns, owned by another handle and lent to the caller. */
#ifndef PTN_MATRIX_MATRIX_H
#define PTN_MATRIX_MATRIX_H

#include <patron/matrix.h>

#include "base/context.h"

struct patron_matrix {
    ptn_memory memory;
    int64_t rows;
    int64_t cols;
    double *values;         /* rows x cols, row-major */
    patron_column *columns; /* cols; strings are constant, not owned */
};

/* A matrix with `cols` columns to be named, and values to be filled in, by the maker. To be freed. PATRON_TOO_LARGE,
   PATRON_OUT_OF_MEMORY. */
patron_status ptn_matrix_create(patron_matrix **matrix, int64_t rows, int64_t cols, const ptn_memory *memory,
                                patron_error *error);

/* A copy, with memory of its own. */
patron_status ptn_matrix_copy(patron_matrix **copy, const patron_matrix *matrix, const ptn_memory *memory,
                              patron_error *error);

void ptn_matrix_free(patron_matrix *matrix);

#endif
