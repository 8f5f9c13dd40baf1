/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Features as a caller sees them: the handle's life, ids and values. */
#include "features/features.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "matrix/matrix.h"

void patron_features_options_init(patron_features_options *options, size_t size)
{
    patron_features_options defaults;
    memset(&defaults, 0, sizeof defaults);
    defaults.as_of_s = PATRON_AS_OF_LAST;
    defaults.recent_days = 90;
    defaults.min_orders = 1;
    ptn_struct_init(options, size, &defaults, sizeof defaults);
}

patron_status ptn_days_check(int64_t recent_days, int64_t window_days, patron_error *error)
{
    if (recent_days <= 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "recent_days is %lld; give 1 day or more",
                        (long long)recent_days);
    if (window_days < 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "window_days is %lld; give a number of days, or 0 for the whole history",
                        (long long)window_days);
    return PATRON_OK;
}

const patron_matrix *patron_features_matrix(const patron_features *features)
{
    return features == NULL ? NULL : features->matrix;
}

int64_t patron_features_customer_count(const patron_features *features)
{
    return features == NULL ? 0 : features->rows;
}

patron_status patron_features_code_texts(patron_text *texts, int64_t *count, const patron_features *features,
                                         int64_t column, patron_error *error)
{
    ptn_ok(error);
    if (texts != NULL) *texts = (patron_text){NULL, NULL, NULL};
    if (count != NULL) *count = 0;
    if (texts == NULL) return ptn_fail_null(error, "texts");
    if (count == NULL) return ptn_fail_null(error, "count");
    if (features == NULL) return ptn_fail_null(error, "features");
    const patron_matrix *matrix = features->matrix;
    if (column < 0 || column >= matrix->cols)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "there is no column %lld; there are %lld", (long long)column,
                        (long long)matrix->cols);
    if (matrix->columns[column].kind != PATRON_KIND_CODE)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "column %s has numbers, not codes; ask for a column of PATRON_KIND_CODE",
                        matrix->columns[column].name);
    *texts = (patron_text){features->code_bytes, features->code_ends, NULL};
    *count = features->codes;
    return PATRON_OK;
}

static patron_status check_row(const patron_features *features, int64_t row, patron_error *error)
{
    ptn_ok(error);
    if (features == NULL) return ptn_fail_null(error, "features");
    if (row < 0 || row >= features->rows)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "there is no customer in row %lld; there are %lld rows",
                        (long long)row, (long long)features->rows);
    return PATRON_OK;
}

patron_status patron_features_customer_ids(patron_text *ids, const patron_features *features, patron_error *error)
{
    ptn_ok(error);
    if (ids == NULL) return ptn_fail_null(error, "ids");
    *ids = (patron_text){NULL, NULL, NULL};
    if (features == NULL) return ptn_fail_null(error, "features");
    *ids = (patron_text){features->id_bytes, features->id_ends, NULL};
    return PATRON_OK;
}

patron_status patron_features_customer_id(const uint8_t **bytes, int64_t *length, const patron_features *features,
                                          int64_t row, patron_error *error)
{
    if (bytes != NULL) *bytes = NULL;
    if (length != NULL) *length = 0;
    patron_status status = check_row(features, row, error);
    if (status != PATRON_OK) return status;
    if (bytes == NULL) return ptn_fail_null(error, "bytes");
    if (length == NULL) return ptn_fail_null(error, "length");
    *bytes = features->id_bytes + features->id_ends[row];
    *length = features->id_ends[row + 1] - features->id_ends[row];
    return PATRON_OK;
}

int64_t patron_features_find(const patron_features *features, const uint8_t *bytes, int64_t length)
{
    if (features == NULL || bytes == NULL || length <= 0) return -1;
    int64_t low = 0, high = features->rows;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int64_t size = features->id_ends[middle + 1] - features->id_ends[middle];
        int sign = ptn_compare_texts(features->id_bytes + features->id_ends[middle], size, bytes, length);
        if (sign == 0) return middle;
        if (sign < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

patron_status patron_features_value(patron_customer_value *value, const patron_features *features, int64_t row,
                                    patron_error *error)
{
    patron_status status = check_row(features, row, error);
    if (status != PATRON_OK) return status;
    const ptn_value *v = &features->values[row];
    const patron_customer_value said = {.size = sizeof said,
                                        .gross = v->gross,
                                        .returns = v->returns,
                                        .net = v->gross - v->returns,
                                        .recurring = v->recurring,
                                        .orders = v->orders};
    return ptn_struct_write(value, &said, sizeof *value, "value", error);
}

patron_status patron_features_audit(patron_audit *audit, const patron_features *features, patron_error *error)
{
    ptn_ok(error);
    if (features == NULL) return ptn_fail_null(error, "features");
    return ptn_struct_write(audit, &features->audit, sizeof *audit, "audit", error);
}

patron_status ptn_features_copy(patron_features **copy, const patron_features *features, const ptn_memory *memory,
                                patron_error *error)
{
    void *block;
    int64_t rows = features->rows, bytes = features->id_ends[rows];
    *copy = NULL;
    patron_status status = ptn_allocate(&block, memory, 1, sizeof(patron_features), "features", error);
    if (status != PATRON_OK) return status;
    patron_features *made = block;
    *made = *features;
    made->memory = *memory;
    made->id_bytes = NULL;
    made->id_ends = NULL;
    made->values = NULL;
    made->matrix = NULL;
    made->names = NULL;
    made->code_bytes = NULL;
    made->code_ends = NULL;

    status = ptn_allocate(&block, memory, rows + 1, sizeof *made->id_ends, "customer ids", error);
    if (status != PATRON_OK) goto cleanup;
    made->id_ends = memcpy(block, features->id_ends, (size_t)(rows + 1) * sizeof *made->id_ends);
    status = ptn_allocate(&block, memory, bytes, 1, "customer ids", error);
    if (status != PATRON_OK) goto cleanup;
    made->id_bytes = memcpy(block, features->id_bytes, (size_t)bytes);
    status = ptn_allocate(&block, memory, rows, sizeof *made->values, "customers' money", error);
    if (status != PATRON_OK) goto cleanup;
    made->values = memcpy(block, features->values, (size_t)rows * sizeof *made->values);
    status = ptn_matrix_copy(&made->matrix, features->matrix, memory, error);
    if (status != PATRON_OK) goto cleanup;
    if (features->joined > 0) {
        status = ptn_allocate(&block, memory, features->name_bytes, 1, "column names", error);
        if (status != PATRON_OK) goto cleanup;
        made->names = memcpy(block, features->names, (size_t)features->name_bytes);
        ptn_features_point_names(made);
    }
    if (features->code_ends != NULL) {
        int64_t ends = features->codes + 1, of_texts = features->code_ends[features->codes];
        status = ptn_allocate(&block, memory, ends, sizeof *made->code_ends, "texts of codes", error);
        if (status != PATRON_OK) goto cleanup;
        made->code_ends = memcpy(block, features->code_ends, (size_t)ends * sizeof *made->code_ends);
        status = ptn_allocate(&block, memory, of_texts, 1, "texts of codes", error);
        if (status != PATRON_OK) goto cleanup;
        made->code_bytes = memcpy(block, features->code_bytes, (size_t)of_texts);
    }
    *copy = made;
    return PATRON_OK;

cleanup:
    patron_features_free(made);
    return status;
}

void ptn_features_point_names(patron_features *features)
{
    patron_matrix *matrix = features->matrix;
    const char *name = features->names;
    for (int64_t c = matrix->cols - features->joined; c < matrix->cols; c++) {
        matrix->columns[c].name = name;
        name += strlen(name) + 1;
    }
}

void patron_features_free(patron_features *features)
{
    if (features == NULL) return;
    ptn_memory memory = features->memory;
    if (features->id_bytes != NULL) ptn_wipe(features->id_bytes, (size_t)features->id_ends[features->rows]);
    ptn_free(&memory, features->id_bytes);
    ptn_free(&memory, features->id_ends);
    ptn_free(&memory, features->values);
    ptn_matrix_free(features->matrix);
    ptn_free(&memory, features->names);
    if (features->code_bytes != NULL) ptn_wipe(features->code_bytes, (size_t)features->code_ends[features->codes]);
    ptn_free(&memory, features->code_bytes);
    ptn_free(&memory, features->code_ends);
    ptn_free(&memory, features);
}
