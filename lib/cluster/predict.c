/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nearest centroid of rows that may be new: the rule of the fit, so rows of the fit get the fit's labels.
   Differences are brought near 1 by the fit's power of two before they are squared. */
#include <math.h>

#include "base/error.h"
#include "base/floating.h"
#include "base/threads.h"
#include "cluster/kmeans.h"
#include "matrix/rows.h"

enum { BLOCK_ROWS = 4096 };

typedef struct predict_job {
    int32_t *labels;
    const patron_kmeans *kmeans;
    const patron_rows *rows;
    int64_t *bad; /* for each block, the first row that could not be done, or -1 */
} predict_job;

/* The nearest centroid, or -1 where the row is not finite or every squared distance overflows. */
static int32_t nearest(const predict_job *job, int64_t row)
{
    int64_t cols = job->rows->cols;
    const double *centroids = job->kmeans->centroids;
    double unit = job->kmeans->inverse_unit, best = HUGE_VAL;
    int32_t label = -1;
    for (int32_t j = 0; j < job->kmeans->result.k; j++) {
        double sum = 0.0;
        for (int64_t c = 0; c < cols; c++) {
            double difference = (ptn_rows_at(job->rows, row, c) - centroids[j * cols + c]) * unit;
            sum += difference * difference;
        }
        if (sum < best) {
            best = sum;
            label = j;
        }
    }
    return label;
}

static void predict_block(void *opaque, int64_t block, int32_t worker)
{
    predict_job *job = opaque;
    int64_t from = block * BLOCK_ROWS, to = from + BLOCK_ROWS;
    if (to > job->rows->rows) to = job->rows->rows;
    (void)worker;
    job->bad[block] = -1;
    for (int64_t i = from; i < to; i++) {
        job->labels[i] = nearest(job, i);
        if (job->labels[i] >= 0) continue;
        job->bad[block] = i;
        return;
    }
}

static patron_status check(const predict_job *job, int64_t blocks, patron_error *error)
{
    for (int64_t b = 0; b < blocks; b++) {
        int64_t row = job->bad[b];
        if (row < 0) continue;
        for (int64_t c = 0; c < job->rows->cols; c++) {
            double value = ptn_rows_at(job->rows, row, c);
            if (!isfinite(value))
                return ptn_fail_row(error, PATRON_NOT_FINITE, row, -1,
                                    "row %lld, column %lld: the value is %s; fill or leave out such rows first",
                                    (long long)row, (long long)c, isnan(value) ? "NaN" : "infinite");
        }
        return ptn_fail_row(error, PATRON_OUT_OF_RANGE, row, -1,
                            "row %lld: its squared distance to every centroid overflows; leave it out", (long long)row);
    }
    return PATRON_OK;
}

static patron_status predict(int32_t *labels, const patron_kmeans *kmeans, const patron_rows *rows,
                             const patron_context *context, patron_error *error)
{
    patron_rows view;
    ptn_context read;
    ptn_team team;
    void *bad;
    ptn_ok(error);
    if (labels == NULL) return ptn_fail_null(error, "labels");
    if (kmeans == NULL) return ptn_fail_null(error, "kmeans");
    patron_status status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    status = ptn_rows_read(&view, rows, error);
    if (status != PATRON_OK) return status;
    if (view.cols != kmeans->result.cols)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "rows have %lld columns; the centroids have %lld",
                        (long long)view.cols, (long long)kmeans->result.cols);
    if (view.rows == 0) return ptn_fail(error, PATRON_NO_DATA, "there are no rows to label; give at least one");

    int64_t blocks = view.rows / BLOCK_ROWS + (view.rows % BLOCK_ROWS != 0);
    status = ptn_allocate(&bad, &read.memory, blocks, sizeof(int64_t), "block results", error);
    if (status != PATRON_OK) return status;
    predict_job job = {labels, kmeans, &view, bad};
    ptn_team_open(&team, &read);
    status = ptn_team_run(&team, "predict", 0.0, 1.0, blocks, predict_block, &job, error);
    ptn_team_close(&team);
    if (status == PATRON_OK) status = check(&job, blocks, error);
    ptn_free(&read.memory, bad);
    return status;
}

patron_status patron_kmeans_predict(int32_t *labels, const patron_kmeans *kmeans, const patron_rows *rows,
                                    const patron_context *context, patron_error *error)
{
    fenv_t host;
    ptn_floating_enter(&host);
    patron_status status = predict(labels, kmeans, rows, context, error);
    ptn_floating_leave(&host);
    return status;
}

patron_status patron_kmeans_transform(double *distances, const patron_kmeans *kmeans, const patron_rows *rows,
                                      const patron_context *context, patron_error *error)
{
    (void)distances, (void)kmeans, (void)rows, (void)context;
    return ptn_fail(error, PATRON_INVALID_ARGUMENT, "not there yet");
}
