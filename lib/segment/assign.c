/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The segment of customers not seen before: the scaler and the centroids as fitted, then the segment's number. */
#include "base/error.h"
#include "base/floating.h"
#include "features/features.h"
#include "matrix/matrix.h"
#include "matrix/rows.h"
#include "segment/segmentation.h"

static patron_status assign(int32_t *segments, const patron_segmentation *s, const patron_rows *rows,
                            const patron_context *context, const ptn_memory *memory, patron_error *error)
{
    patron_rows scaled;
    void *block;
    patron_status status =
        ptn_allocate(&block, memory, rows->rows, (size_t)s->column_count * sizeof(double), "scaled rows", error);
    if (status != PATRON_OK) return status;
    status = patron_scaler_transform(block, s->scaler, rows, context, error);
    if (status == PATRON_OK) {
        patron_rows_init(&scaled, sizeof scaled);
        scaled.values = block;
        scaled.rows = rows->rows;
        scaled.cols = s->column_count;
        status = patron_kmeans_predict(segments, s->candidates[s->chosen].kmeans, &scaled, context, error);
    }
    for (int64_t i = 0; status == PATRON_OK && i < rows->rows; i++) segments[i] = s->segment_of[segments[i]];
    ptn_free(memory, block);
    return status;
}

patron_status patron_segmentation_assign(int32_t *segments, const patron_segmentation *segmentation,
                                         const patron_rows *rows, const patron_context *context, patron_error *error)
{
    ptn_context read;
    patron_rows view;
    ptn_ok(error);
    if (segmentation == NULL) return ptn_fail_null(error, "segmentation");
    patron_status status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    status = ptn_rows_read(&view, rows, error);
    if (status != PATRON_OK) return status;
    if (segments == NULL && view.rows > 0) return ptn_fail_null(error, "segments");
    if (view.cols != segmentation->column_count)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "rows have %lld columns; these segments are made of %lld (%s)",
                        (long long)view.cols, (long long)segmentation->column_count, segmentation->features_text);
    return assign(segments, segmentation, &view, context, &read.memory, error);
}

/* Moves the segments of the picked rows, which lie at the front, to their places; the others get `rest`. Backwards: a
   row never lies before its place at the front. */
static void spread(int32_t *segments, int64_t rows, const int64_t *picked, int64_t count, int32_t rest)
{
    for (int64_t row = rows - 1; row >= 0; row--)
        segments[row] = count > 0 && picked[count - 1] == row ? segments[--count] : rest;
}

patron_status patron_segmentation_assign_features(int32_t *segments, const patron_segmentation *segmentation,
                                                  const patron_features *features, const patron_context *context,
                                                  patron_error *error)
{
    ptn_context read;
    patron_rows view;
    void *block = NULL;
    int64_t *picked = NULL, count = 0;
    double *rows = NULL;
    ptn_ok(error);
    if (segmentation == NULL) return ptn_fail_null(error, "segmentation");
    if (features == NULL) return ptn_fail_null(error, "features");
    if (segments == NULL) return ptn_fail_null(error, "segments");
    const patron_segmentation *s = segmentation;
    patron_status status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    status = ptn_allocate(&block, &read.memory, s->column_count, sizeof(int64_t), "columns", error);
    if (status != PATRON_OK) return status;

    int64_t *columns = block;
    for (int64_t i = 0; status == PATRON_OK && i < s->column_count; i++) {
        const char *name = s->features->matrix->columns[s->columns[i]].name;
        columns[i] = patron_matrix_find(features->matrix, name);
        if (columns[i] < 0)
            status =
                ptn_fail(error, PATRON_UNKNOWN_NAME,
                         "these features have no column %s, which the segments are made of; build them with it", name);
    }
    if (status == PATRON_OK) status = ptn_segmentation_pick(&picked, &count, s, features, &read.memory, error);
    if (status == PATRON_OK)
        status = ptn_segmentation_gather(&rows, s, features->matrix, columns, picked, count, &read.memory, error);
    if (status == PATRON_OK)
        status = ptn_segmentation_name_missing(s, rows, features->matrix, columns, picked, count, error);
    if (status == PATRON_OK && count > 0) {
        patron_rows_init(&view, sizeof view);
        view.values = rows;
        view.rows = count;
        view.cols = s->column_count;
        status = assign(segments, s, &view, context, &read.memory, error);
    }
    if (status == PATRON_OK) spread(segments, features->rows, picked, count, ptn_segmentation_set_apart(s));
    ptn_free(&read.memory, rows);
    ptn_free(&read.memory, picked);
    ptn_free(&read.memory, block);
    return status;
}
