/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns of the shop's own, joined by customer id.

   Ids are interned, which finds the same id twice; each distinct one is then looked up among the customers, who are
   ordered by id. Customers without a row get NaN. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/utf8.h"
#include "features/catalogue.h"
#include "features/features.h"
#include "history/batch.h"
#include "history/intern.h"
#include "matrix/matrix.h"

void patron_attributes_init(patron_attributes *attributes, size_t size)
{
    patron_attributes defaults;
    memset(&defaults, 0, sizeof defaults);
    ptn_struct_init(attributes, size, &defaults, sizeof defaults);
}

static patron_status read_table(patron_attributes *out, const patron_attributes *attributes, patron_error *error)
{
    int64_t elements;
    size_t bytes;
    patron_attributes_init(out, sizeof *out);
    if (attributes == NULL) return ptn_fail_null(error, "attributes");
    patron_status status = ptn_struct_read(out, sizeof *out, attributes, "attributes", error);
    if (status != PATRON_OK) return status;
    if (out->rows < 0 || out->cols < 1)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "attributes has shape %lld x %lld; give rows >= 0 and cols >= 1", (long long)out->rows,
                        (long long)out->cols);
    if (!ptn_mul_i64(&elements, out->rows, out->cols) || !ptn_bytes(&bytes, elements, sizeof(double)) ||
        !ptn_bytes(&bytes, out->cols, sizeof(patron_column)))
        return ptn_fail(error, PATRON_TOO_LARGE, "attributes of %lld x %lld are more than memory can address",
                        (long long)out->rows, (long long)out->cols);
    if ((out->customer_id.offsets == NULL) == (out->customer_number == NULL))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "attributes has %s; give customer_id or customer_number",
                        out->customer_number == NULL ? "no customer column" : "two customer columns");
    if (out->names.offsets == NULL) return ptn_fail_null(error, "attributes->names");
    if (out->values == NULL && elements > 0) return ptn_fail_null(error, "attributes->values");
    status = ptn_batch_check_text(&out->customer_id, "customer_id", out->rows, error);
    return status == PATRON_OK ? ptn_batch_check_text(&out->names, "names", out->cols, error) : status;
}

static patron_status check_values(const patron_attributes *table, patron_error *error)
{
    for (int64_t c = 0; table->roles != NULL && c < table->cols; c++)
        if (table->roles[c] < PATRON_ROLE_CLUSTER || table->roles[c] > PATRON_ROLE_IGNORE)
            return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                            "the role of joined column %lld is %d; give PATRON_ROLE_CLUSTER, _PROFILE or _IGNORE",
                            (long long)c, (int)table->roles[c]);
    for (int64_t i = 0; i < table->rows * table->cols; i++)
        if (isinf(table->values[i]))
            return ptn_fail_row(error, PATRON_NOT_FINITE, i / table->cols, -1,
                                "row %lld, joined column %lld: the value is infinite; give a number, or NaN for none",
                                (long long)(i / table->cols), (long long)(i % table->cols));
    return PATRON_OK;
}

static bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

/* Whether the text can be written in a list of columns; NULL, or what is wrong with it. */
static const char *fault_of(const uint8_t *bytes, int64_t length)
{
    if (length == 0) return "is empty";
    if (!ptn_utf8_valid(bytes, length)) return "is not UTF-8";
    if (memchr(bytes, '\0', (size_t)length) != NULL) return "holds a NUL";
    if (memchr(bytes, ',', (size_t)length) != NULL) return "holds a comma, which lists of columns part names by";
    return is_blank(bytes[0]) || is_blank(bytes[length - 1]) ? "begins or ends with a blank" : NULL;
}

/* Copies the joined columns' names to features->names, after those of an earlier join, and points the columns there.
   Each must be new. */
static patron_status take_names(patron_features *features, const patron_attributes *table, patron_error *error)
{
    patron_matrix *matrix = features->matrix;
    char *end = features->names + features->name_bytes;
    for (int64_t c = 0; c < table->cols; c++) {
        const uint8_t *bytes = NULL;
        int64_t length = 0, chosen, indices[PTN_FEATURE_COUNT];
        if (!ptn_batch_text(&bytes, &length, &table->names, c)) length = 0;
        const char *fault = fault_of(bytes, length);
        if (fault != NULL)
            return ptn_fail(error, PATRON_INVALID_ARGUMENT, "the name of joined column %lld %s; give another",
                            (long long)c, fault);
        memcpy(end, bytes, (size_t)length);
        end[length] = '\0';
        if (ptn_columns_choose(indices, &chosen, end, ptn_catalogue(), PTN_FEATURE_COUNT, NULL) == PATRON_OK)
            return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                            "joined column %lld is called %s, as a feature or preset is; give another name",
                            (long long)c, end);
        for (int64_t other = 0; other < matrix->cols - table->cols + c; other++)
            if (strcmp(matrix->columns[other].name, end) == 0)
                return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                                "joined column %lld has the name of column %lld; give each a name of its own",
                                (long long)c, (long long)other);
        matrix->columns[matrix->cols - table->cols + c].name = end;
        end += length + 1;
    }
    features->name_bytes = end - features->names;
    features->joined += table->cols;
    ptn_features_point_names(features);
    return PATRON_OK;
}

/* A copy of `features` with room for the table's columns: their values NaN, their names still to be taken. */
static patron_status widen(patron_features **wide, const patron_features *features, const patron_attributes *table,
                           const ptn_memory *memory, patron_error *error)
{
    patron_matrix *matrix = NULL;
    patron_features *made;
    void *names = NULL;
    int64_t cols, bytes = table->names.offsets[table->cols] - table->names.offsets[0];
    const patron_matrix *old = features->matrix;
    if (!ptn_add_i64(&cols, old->cols, table->cols) || !ptn_add_i64(&bytes, bytes, table->cols) ||
        !ptn_add_i64(&bytes, bytes, features->name_bytes))
        return ptn_fail(error, PATRON_TOO_LARGE, "%lld more columns are more than memory can address",
                        (long long)table->cols);
    patron_status status = ptn_features_copy(&made, features, memory, error);
    if (status != PATRON_OK) return status;
    status = ptn_matrix_create(&matrix, old->rows, cols, memory, error);
    if (status == PATRON_OK) status = ptn_allocate(&names, memory, bytes, 1, "column names", error);
    if (status != PATRON_OK) {
        ptn_matrix_free(matrix);
        patron_features_free(made);
        return status;
    }

    memcpy(matrix->columns, old->columns, (size_t)old->cols * sizeof *old->columns);
    for (int64_t c = old->cols; c < cols; c++)
        matrix->columns[c] = (patron_column){sizeof(patron_column),
                                             NULL,
                                             "",
                                             "Joined by customer id.",
                                             "when the customer has no row, or the row no value",
                                             table->roles == NULL ? PATRON_ROLE_PROFILE : table->roles[c - old->cols],
                                             PATRON_KIND_NUMBER,
                                             "any number"};
    for (int64_t r = 0; r < old->rows; r++) {
        memcpy(matrix->values + r * cols, old->values + r * old->cols, (size_t)old->cols * sizeof(double));
        for (int64_t c = old->cols; c < cols; c++) matrix->values[r * cols + c] = (double)NAN;
    }
    if (made->names != NULL) memcpy(names, made->names, (size_t)made->name_bytes);
    ptn_free(memory, made->names);
    ptn_matrix_free(made->matrix);
    made->names = names;
    made->matrix = matrix;
    *wide = made;
    return PATRON_OK;
}

/* Interns the row's id; *number is PTN_INTERN_MISSING where there is none. */
static patron_status intern_row(int32_t *number, ptn_intern *ids, const patron_attributes *table, int64_t row,
                                const ptn_memory *memory, patron_error *error)
{
    const uint8_t *bytes;
    int64_t length;
    *number = PTN_INTERN_MISSING;
    if (table->customer_number != NULL)
        return ptn_batch_has(table->customer_validity, row)
                   ? ptn_intern_integer(number, ids, table->customer_number[row], memory, error)
                   : PATRON_OK;
    if (!ptn_batch_text(&bytes, &length, &table->customer_id, row)) return PATRON_OK;
    patron_status status = ptn_intern_text(number, ids, bytes, length, memory, error);
    if (status == PATRON_OK && *number == PTN_INTERN_NOT_UTF8)
        return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, row, -1,
                            "row %lld: the customer id is not UTF-8; convert the ids first", (long long)row);
    return status;
}

/* The row of each distinct id, by its number; rows without one are counted. */
static patron_status index_rows(int64_t *row_of, ptn_intern *ids, patron_join *report, const patron_attributes *table,
                                const ptn_memory *memory, patron_error *error)
{
    for (int64_t row = 0; row < table->rows; row++) {
        int32_t number;
        int64_t known = ptn_intern_count(ids);
        patron_status status = intern_row(&number, ids, table, row, memory, error);
        if (status != PATRON_OK) return status;
        if (number == PTN_INTERN_MISSING) {
            report->rows_without_id++;
        } else if (number < known) {
            return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, row, -1,
                                "rows %lld and %lld have the same customer id; keep one of them",
                                (long long)row_of[number], (long long)row);
        } else {
            row_of[number] = row;
        }
    }
    if (ptn_intern_count(ids) == 0)
        return ptn_fail(error, PATRON_NO_DATA, "none of the %lld rows to join has a customer id; give at least one",
                        (long long)table->rows);
    return PATRON_OK;
}

/* Copies the values of every id that is a customer. */
static void fill(patron_features *features, patron_join *report, const int64_t *row_of, const ptn_intern *ids,
                 const patron_attributes *table)
{
    patron_matrix *matrix = features->matrix;
    report->rows = table->rows;
    for (int64_t number = 0; number < ptn_intern_count(ids); number++) {
        const uint8_t *bytes;
        uint8_t text[PTN_KEY_TEXT];
        int64_t length = ptn_intern_get(&bytes, text, ids, (int32_t)number);
        int64_t customer = patron_features_find(features, bytes, length);
        if (customer < 0) {
            report->ids_without_order++;
            continue;
        }
        report->customers_matched++;
        memcpy(matrix->values + (customer + 1) * matrix->cols - table->cols,
               table->values + row_of[number] * table->cols, (size_t)table->cols * sizeof(double));
    }
    report->customers_without_row = matrix->rows - report->customers_matched;
}

static patron_status join(patron_features **joined, patron_join *report, const patron_features *features,
                          const patron_attributes *table, const ptn_memory *memory, patron_error *error)
{
    patron_features *made = NULL;
    void *row_of = NULL;
    ptn_siphash_key key;
    ptn_intern ids;
    ptn_siphash_key_make(&key);
    ptn_intern_open(&ids, "customer ids", &key);
    patron_status status = widen(&made, features, table, memory, error);
    if (status == PATRON_OK) status = take_names(made, table, error);
    if (status == PATRON_OK) status = ptn_allocate(&row_of, memory, table->rows, sizeof(int64_t), "rows", error);
    if (status == PATRON_OK) status = index_rows(row_of, &ids, report, table, memory, error);
    if (status == PATRON_OK) {
        fill(made, report, row_of, &ids, table);
        *joined = made;
        made = NULL;
    }
    ptn_free(memory, row_of);
    ptn_intern_free(&ids, memory);
    patron_features_free(made);
    return status;
}

patron_status patron_features_join(patron_features **joined, patron_join *report, const patron_features *features,
                                   const patron_attributes *attributes, const patron_context *context,
                                   patron_error *error)
{
    ptn_context read;
    patron_attributes table;
    patron_join found = {.size = sizeof found};
    ptn_ok(error);
    if (joined == NULL) return ptn_fail_null(error, "joined");
    *joined = NULL;
    if (features == NULL) return ptn_fail_null(error, "features");
    patron_status status = ptn_context_read(&read, context, error);
    if (status == PATRON_OK) status = read_table(&table, attributes, error);
    if (status == PATRON_OK) status = check_values(&table, error);
    if (status == PATRON_OK) status = join(joined, &found, features, &table, &read.memory, error);
    if (status == PATRON_OK && report != NULL) status = ptn_struct_write(report, &found, sizeof found, "report", error);
    if (status != PATRON_OK) {
        patron_features_free(*joined);
        *joined = NULL;
    }
    return status;
}
