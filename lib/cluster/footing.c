/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One footing for all columns. */
#include "cluster/footing.h"

#include <math.h>

#include "base/checked.h"
#include "kernels/kernels.h"

enum { FIGURES = 6 };

typedef struct extremes_job {
    const ptn_kernels *kernels;
    ptn_source source;
    ptn_chunks chunks;
    double *figures; /* for each chunk low, high, two sums and two sums of squares, of the columns; at the end zeros */
} extremes_job;

static void measure_chunk(void *opaque, int64_t chunk, int32_t worker)
{
    extremes_job *job = opaque;
    int64_t cols = job->source.cols, from = ptn_chunk_from(&job->chunks, chunk);
    double *low = job->figures + chunk * FIGURES * cols, *high = low + cols, *sum = high + cols,
           *square = sum + 2 * cols;
    (void)worker;
    for (int64_t c = 0; c < cols; c++) {
        low[c] = HUGE_VAL;
        high[c] = -HUGE_VAL;
    }
    job->kernels->measure(low, high, sum, square, &job->source, from, ptn_chunk_end(&job->chunks, chunk) - from, NULL,
                          job->figures + job->chunks.count * FIGURES * cols);
}

/* The chunks' extremes together. Whether a value is not finite, or the sum of many is not, is asked row by row. */
static patron_status join(double *low, double *high, const extremes_job *job, const patron_rows *rows,
                          patron_error *error)
{
    bool finite = true;
    for (int64_t c = 0; c < rows->cols; c++) {
        low[c] = HUGE_VAL;
        high[c] = -HUGE_VAL;
        for (int64_t chunk = 0; chunk < job->chunks.count; chunk++) {
            const double *figures = job->figures + chunk * FIGURES * rows->cols + c;
            if (figures[0] < low[c]) low[c] = figures[0];
            if (figures[rows->cols] > high[c]) high[c] = figures[rows->cols];
            finite = finite && isfinite(figures[2 * rows->cols] + figures[3 * rows->cols]);
        }
        finite = finite && isfinite(low[c]) && isfinite(high[c]);
    }
    return finite ? PATRON_OK : ptn_rows_check_finite(rows, 0, rows->rows, error);
}

static patron_status find_extremes(double *low, double *high, const patron_rows *rows, ptn_team *team,
                                   patron_error *error)
{
    const ptn_memory *memory = &team->context->memory;
    extremes_job job = {.kernels = ptn_kernels_here(), .chunks = ptn_chunks_of(rows->rows)};
    job.source = (ptn_source){rows->values, rows->cols, rows->row_stride, rows->type == PATRON_FLOAT32};
    int64_t figures;
    void *block = NULL;
    if (!ptn_mul_i64(&figures, job.chunks.count * FIGURES + 1, rows->cols)) figures = -1;
    patron_status status = ptn_allocate_zero(&block, memory, figures, sizeof *job.figures, "extremes", error);
    job.figures = block;
    if (status == PATRON_OK)
        status = ptn_team_run(team, "score", 0.0, 0.0, job.chunks.count, measure_chunk, &job, error);
    if (status == PATRON_OK) status = join(low, high, &job, rows, error);
    ptn_free(memory, block);
    return status;
}

patron_status ptn_footing_find(ptn_footing *footing, double *low, double *high, const patron_rows *rows, ptn_team *team,
                               patron_error *error)
{
    patron_status status = find_extremes(low, high, rows, team, error);
    if (status != PATRON_OK) return status;
    double widest = 0.0; /* half the widest spread, as the whole of it may overflow */
    footing->square = 0.0;
    for (int64_t c = 0; c < rows->cols; c++) {
        double half = high[c] / 2.0 - low[c] / 2.0, spread = high[c] - low[c];
        if (half < spread && half == 0.0) half = spread; /* between denormals */
        if (half > widest) widest = half;
        footing->square += spread * spread;
        footing->offset[c] = 0.0;
        if (low[c] > 0.0 && high[c] / 2.0 <= low[c]) footing->offset[c] = low[c];
        if (high[c] < 0.0 && low[c] / 2.0 >= high[c]) footing->offset[c] = high[c];
    }
    int exponent = 0;
    if (widest > 0.0) frexp(widest, &exponent);
    exponent = exponent > 1000 ? 1000 : exponent < -1000 ? -1000 : exponent;
    footing->unit = ldexp(1.0, exponent);
    footing->inverse_unit = ldexp(1.0, -exponent);
    return PATRON_OK;
}
