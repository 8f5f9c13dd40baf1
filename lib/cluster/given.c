/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows given to a k-means that is fitted: checks, blocks, and the row that is to blame. */
#include "cluster/given.h"

#include <math.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/floating.h"
#include "base/threads.h"
#include "cluster/tile.h"

enum { BLOCK_ROWS = 4096 };

typedef struct given_job {
    ptn_given given;
    ptn_given_task task;
    int64_t *bad; /* for each block, the first row that could not be done, or -1 */
} given_job;

static void given_block(void *opaque, int64_t block, int32_t worker)
{
    given_job *job = opaque;
    int64_t from = block * BLOCK_ROWS, to = from + BLOCK_ROWS;
    if (to > job->given.rows.rows) to = job->given.rows.rows;
    job->bad[block] = job->task(&job->given, from, to, worker);
}

static patron_status blame(const given_job *job, int64_t blocks, const char *far, patron_error *error)
{
    const patron_rows *rows = &job->given.rows;
    for (int64_t b = 0; b < blocks; b++) {
        int64_t row = job->bad[b];
        if (row < 0) continue;
        patron_status status = ptn_rows_check_finite(rows, row, row + 1, error);
        if (status != PATRON_OK) return status;
        return ptn_fail_row(error, PATRON_OUT_OF_RANGE, row, -1,
                            "row %lld: its squared distance to %s overflows; leave it out", (long long)row, far);
    }
    return PATRON_OK;
}

static patron_status check(const ptn_given *given, const ptn_given_work *work, patron_error *error)
{
    int64_t elements;
    size_t bytes;
    if (given->rows.cols != given->kmeans->result.cols)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "rows have %lld columns; the centroids have %lld",
                        (long long)given->rows.cols, (long long)given->kmeans->result.cols);
    if (given->rows.rows == 0)
        return ptn_fail(error, PATRON_NO_DATA, "there are no rows to %s; give at least one", work->wish);
    if (!ptn_mul_i64(&elements, given->rows.rows, work->per_centroid ? given->kmeans->result.k : 1) ||
        !ptn_bytes(&bytes, elements, sizeof(double)))
        return ptn_fail(error, PATRON_TOO_LARGE, "%lld rows x %d centroids are more than memory can address",
                        (long long)given->rows.rows, (int)given->kmeans->result.k);
    return PATRON_OK;
}

static patron_status run(given_job *job, const ptn_given_work *work, const ptn_context *context, patron_error *error)
{
    const ptn_memory *memory = &context->memory;
    int64_t blocks = job->given.rows.rows / BLOCK_ROWS + (job->given.rows.rows % BLOCK_ROWS != 0), lanes;
    void *bad = NULL, *scratch = NULL;
    ptn_team team;
    if (!ptn_mul_i64(&lanes, job->given.rows.cols, (int64_t)context->threads * PTN_LANES))
        return ptn_fail(error, PATRON_TOO_LARGE, "rows of %lld columns are more than memory can address",
                        (long long)job->given.rows.cols);
    patron_status status = ptn_allocate(&bad, memory, blocks, sizeof(int64_t), "block results", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&scratch, memory, lanes, sizeof(double), "rows side by side", error);
    if (status != PATRON_OK) goto cleanup;
    job->bad = bad;
    job->given.scratch = scratch;
    ptn_team_open(&team, context);
    status = ptn_team_run(&team, work->stage, 0.0, 1.0, blocks, given_block, job, error);
    ptn_team_close(&team);
    if (status == PATRON_OK) status = blame(job, blocks, work->far, error);

cleanup:
    ptn_free(memory, scratch);
    ptn_free(memory, bad);
    return status;
}

patron_status ptn_given_run(void *out, const ptn_given_work *work, const patron_kmeans *kmeans, const patron_rows *rows,
                            const patron_context *context, patron_error *error)
{
    given_job job = {.given = {.kmeans = kmeans, .out = out}, .task = work->task};
    ptn_context read;
    fenv_t host;
    ptn_ok(error);
    if (out == NULL) return ptn_fail_null(error, work->out);
    if (kmeans == NULL) return ptn_fail_null(error, "kmeans");
    ptn_floating_enter(&host);
    patron_status status = ptn_context_read(&read, context, error);
    if (status == PATRON_OK) status = ptn_rows_read(&job.given.rows, rows, error);
    if (status == PATRON_OK) status = check(&job.given, work, error);
    if (status == PATRON_OK) status = run(&job, work, &read, error);
    ptn_floating_leave(&host);
    return status;
}
