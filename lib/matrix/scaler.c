/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scaler: fill, winsorise, transform and scale, fitted column by column, each on what the step before gives.

   Mean and variance in two passes over deviations from the column's minimum, divided by a power of two near the
   column's spread: a constant column gives exactly 0, an offset does not cancel, and squares neither overflow nor
   vanish. Sums go by fixed blocks of rows, added in block order, so that any number of threads gives the same bits.
   Source: the corrected two-pass variance of Chan, Golub & LeVeque 1983. */
#include <patron/scaler.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/floating.h"
#include "base/math.h"
#include "base/threads.h"
#include "matrix/quantile.h"
#include "matrix/rows.h"

enum { BLOCK_ROWS = 4096 };

struct patron_scaler {
    ptn_memory memory;
    int64_t cols;
    patron_scaler_column *columns;
};

/* What one block of rows adds. */
typedef struct partial {
    int64_t infinite, missing; /* first row with an infinity, with NaN; -1: none */
    int64_t count;             /* values that are there, of rows with weight */
    double low, high;          /* of them */
    double weight, sum, squares;
} partial;

typedef enum phase { GATHER, EXTREMES, SUM, SQUARES, FILL, TRANSFORM } phase;

typedef struct fit_job {
    const patron_rows *rows;
    int64_t col;
    double *values; /* the column, NaN where missing */
    partial *partials;
    phase phase;
    double low, unit, mean;   /* deviations are (value - low) * unit; their mean */
    double fill, bottom, top; /* what replaces NaN; the bounds that values are drawn in to */
    int32_t transform;
} fit_job;

/* What was learnt of a column; `spread` 0 is a constant. */
typedef struct moments {
    double mean, sd, spread;
    int64_t count;
} moments;

static double transform_value(double value, int32_t transform)
{
    if (transform == PATRON_TRANSFORM_NONE) return value;
    return value < 0.0 ? -ptn_log1p(-value) : ptn_log1p(value);
}

static double inverse_value(double value, int32_t transform)
{
    if (transform == PATRON_TRANSFORM_NONE) return value;
    return value < 0.0 ? -ptn_expm1(-value) : ptn_expm1(value);
}

static void gather(fit_job *job, partial *out, int64_t from, int64_t to)
{
    out->infinite = out->missing = -1;
    for (int64_t i = from; i < to; i++) {
        double value = ptn_rows_at(job->rows, i, job->col);
        job->values[i] = value;
        if (isinf(value) && out->infinite < 0) out->infinite = i;
        if (isnan(value) && out->missing < 0) out->missing = i;
    }
}

static void find_extremes(fit_job *job, partial *out, int64_t from, int64_t to)
{
    const double *weights = job->rows->weights;
    out->count = 0;
    out->low = HUGE_VAL;
    out->high = -HUGE_VAL;
    for (int64_t i = from; i < to; i++) {
        double value = job->values[i];
        if (isnan(value) || (weights != NULL && weights[i] == 0.0)) continue;
        out->count++;
        if (value < out->low) out->low = value;
        if (value > out->high) out->high = value;
    }
}

static void add_deviations(fit_job *job, partial *out, int64_t from, int64_t to)
{
    const double *weights = job->rows->weights;
    bool squares = job->phase == SQUARES;
    out->weight = out->sum = out->squares = 0.0;
    for (int64_t i = from; i < to; i++) {
        double weight = weights == NULL ? 1.0 : weights[i];
        if (isnan(job->values[i]) || weight == 0.0) continue;
        double deviation = (job->values[i] - job->low) * job->unit - job->mean;
        out->weight += weight;
        out->sum += weight * deviation;
        if (squares) out->squares += weight * deviation * deviation;
    }
}

/* Draws a value in to the bounds. */
static double clip(double value, double bottom, double top)
{
    if (value < bottom) return bottom;
    return value > top ? top : value;
}

static void fill_block(fit_job *job, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++)
        if (isnan(job->values[i])) job->values[i] = job->fill;
}

static void transform_block(fit_job *job, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++)
        job->values[i] = transform_value(clip(job->values[i], job->bottom, job->top), job->transform);
}

static void fit_block(void *opaque, int64_t block, int32_t worker)
{
    fit_job *job = opaque;
    int64_t from = block * BLOCK_ROWS, to = from + BLOCK_ROWS;
    if (to > job->rows->rows) to = job->rows->rows;
    (void)worker;
    if (job->phase == GATHER)
        gather(job, &job->partials[block], from, to);
    else if (job->phase == EXTREMES)
        find_extremes(job, &job->partials[block], from, to);
    else if (job->phase == FILL)
        fill_block(job, from, to);
    else if (job->phase == TRANSFORM)
        transform_block(job, from, to);
    else
        add_deviations(job, &job->partials[block], from, to);
}

static int64_t block_count(int64_t rows) { return (rows + BLOCK_ROWS - 1) / BLOCK_ROWS; }

static patron_status run(fit_job *job, phase what, ptn_team *team, patron_error *error)
{
    double cols = (double)job->rows->cols;
    job->phase = what;
    return ptn_team_run(team, "scaler", (double)job->col / cols, (double)(job->col + 1) / cols,
                        block_count(job->rows->rows), fit_block, job, error);
}

/* 2^-e with |x| < 2^e, within what a double holds. */
static double unit_for(double x)
{
    int exponent;
    frexp(x, &exponent);
    return ldexp(1.0, exponent < -1000 ? 1000 : -exponent);
}

/* Mean and standard deviation of job->values. */
static patron_status measure(moments *out, fit_job *job, ptn_team *team, patron_error *error)
{
    int64_t blocks = block_count(job->rows->rows);
    double low = HUGE_VAL, high = -HUGE_VAL;
    memset(out, 0, sizeof *out);
    patron_status status = run(job, EXTREMES, team, error);
    if (status != PATRON_OK) return status;
    for (int64_t b = 0; b < blocks; b++) {
        out->count += job->partials[b].count;
        if (job->partials[b].low < low) low = job->partials[b].low;
        if (job->partials[b].high > high) high = job->partials[b].high;
    }
    if (out->count == 0) return PATRON_OK;
    out->mean = low;
    out->spread = high - low;
    if (out->spread == 0.0) return PATRON_OK;
    if (!isfinite(out->spread))
        return ptn_fail(error, PATRON_OUT_OF_RANGE,
                        "column %lld: the values run from %g to %g, and their spread overflows; divide the column by a "
                        "constant",
                        (long long)job->col, low, high);

    double unit = unit_for(out->spread), mean = 0.0;
    job->low = low;
    job->unit = unit;
    for (int pass = 0; pass < 2; pass++) {
        double weight = 0.0, sum = 0.0, squares = 0.0;
        job->mean = mean;
        status = run(job, pass == 0 ? SUM : SQUARES, team, error);
        if (status != PATRON_OK) return status;
        for (int64_t b = 0; b < blocks; b++) {
            weight += job->partials[b].weight;
            sum += job->partials[b].sum;
            squares += job->partials[b].squares;
        }
        double rest = sum / weight;
        mean += rest;
        if (pass == 1) out->sd = sqrt(fmax(squares / weight - rest * rest, 0.0)) / unit;
    }
    out->mean = fmin(fmax(low + mean / unit, low), high);
    if (out->sd == 0.0) out->sd = 0x1p-1074; /* between two neighbouring denormals */
    return PATRON_OK;
}

/* What replaces NaN in job->values. */
static patron_status find_fill(double *fill, fit_job *job, int32_t how, ptn_team *team, patron_error *error)
{
    moments raw;
    patron_status status;
    int64_t count = 0;
    *fill = how == PATRON_FILL_ZERO ? 0.0 : (double)NAN;
    if (how != PATRON_FILL_MEAN && how != PATRON_FILL_MEDIAN) return PATRON_OK;
    if (how == PATRON_FILL_MEDIAN) {
        ptn_sample there = {job->values, NULL, job->rows->rows};
        count = (int64_t)ptn_sample_weight(&there);
        if (count > 0) *fill = ptn_median(&there, (double)count);
    } else {
        status = measure(&raw, job, team, error);
        if (status != PATRON_OK) return status;
        count = raw.count;
        *fill = raw.mean;
    }
    if (count == 0)
        return ptn_fail(error, PATRON_NO_DATA, "column %lld has no value to fill its missing ones from; leave it out",
                        (long long)job->col);
    return PATRON_OK;
}

static patron_status fail_value(patron_error *error, int64_t row, int64_t col, double value)
{
    return ptn_fail_row(error, PATRON_NOT_FINITE, row, -1, "row %lld, column %lld: the value is %s; %s", (long long)row,
                        (long long)col, isnan(value) ? "NaN" : "infinite",
                        isnan(value) ? "choose a fill, or leave out such rows first" : "leave out such rows first");
}

/* The first row of the gathered column that cannot be taken. */
static patron_status check_column(const fit_job *job, bool reject, patron_error *error)
{
    for (int64_t b = 0; b < block_count(job->rows->rows); b++) {
        int64_t row = job->partials[b].infinite;
        if (reject && job->partials[b].missing >= 0 && (row < 0 || job->partials[b].missing < row))
            row = job->partials[b].missing;
        if (row >= 0) return fail_value(error, row, job->col, job->values[row]);
    }
    return PATRON_OK;
}

/* The bounds of the filled column; a quantile at 0 or 1 leaves its side open. */
static void find_bounds(fit_job *job, const patron_scaler_options *options)
{
    ptn_sample filled = {job->values, job->rows->weights, job->rows->rows};
    double weight = ptn_sample_weight(&filled);
    job->bottom = options->winsor_low > 0.0 ? ptn_quantile(&filled, weight, options->winsor_low) : -HUGE_VAL;
    job->top = options->winsor_high < 1.0 ? ptn_quantile(&filled, weight, options->winsor_high) : HUGE_VAL;
    if (job->top < job->bottom) job->top = job->bottom; /* quantiles an ulp apart, rounded the other way */
}

/* Median and interquartile range of the transformed column. */
static patron_status measure_robust(patron_scaler_column *column, const fit_job *job, patron_error *error)
{
    ptn_sample made = {job->values, job->rows->weights, job->rows->rows};
    double weight = ptn_sample_weight(&made);
    double low = ptn_quantile(&made, weight, 0.25), high = ptn_quantile(&made, weight, 0.75);
    if (!isfinite(high - low))
        return ptn_fail(error, PATRON_OUT_OF_RANGE,
                        "column %lld: the quartiles are %g and %g, and their spread overflows; divide the column by a "
                        "constant",
                        (long long)job->col, low, high);
    column->center = ptn_median(&made, weight);
    if (high > low) column->scale = high - low;
    return PATRON_OK;
}

static patron_status measure_zscore(patron_scaler_column *column, fit_job *job, ptn_team *team, patron_error *error)
{
    moments fitted;
    patron_status status = measure(&fitted, job, team, error);
    if (status != PATRON_OK) return status;
    column->center = fitted.mean;
    if (fitted.spread > 0.0) column->scale = fitted.sd;
    return PATRON_OK;
}

static patron_status fit_column(patron_scaler_column *column, fit_job *job, const patron_scaler_options *options,
                                ptn_team *team, patron_error *error)
{
    patron_status status = run(job, GATHER, team, error);
    if (status != PATRON_OK) return status;
    status = check_column(job, options->fill == PATRON_FILL_REJECT, error);
    if (status != PATRON_OK) return status;
    status = find_fill(&job->fill, job, options->fill, team, error);
    if (status != PATRON_OK) return status;
    if (options->fill != PATRON_FILL_REJECT) status = run(job, FILL, team, error);
    if (status != PATRON_OK) return status;
    find_bounds(job, options);

    job->transform = options->column_transforms == NULL ? options->transform : options->column_transforms[job->col];
    status = run(job, TRANSFORM, team, error);
    if (status != PATRON_OK) return status;

    column->size = sizeof *column;
    column->fill = job->fill;
    column->low = job->bottom;
    column->high = job->top;
    column->center = 0.0;
    column->scale = 1.0;
    column->weight = options->column_weights == NULL ? 1.0 : options->column_weights[job->col];
    column->transform = job->transform;
    if (options->scale == PATRON_SCALE_ROBUST) return measure_robust(column, job, error);
    return options->scale == PATRON_SCALE_ZSCORE ? measure_zscore(column, job, team, error) : PATRON_OK;
}

void patron_scaler_options_init(patron_scaler_options *options, size_t size)
{
    patron_scaler_options defaults;
    memset(&defaults, 0, sizeof defaults);
    defaults.fill = PATRON_FILL_REJECT;
    defaults.transform = PATRON_TRANSFORM_LOG1P;
    defaults.scale = PATRON_SCALE_ZSCORE;
    defaults.winsor_high = 1.0;
    ptn_struct_init(options, size, &defaults, sizeof defaults);
}

static patron_status fail_choice(patron_error *error, const char *name, int32_t value, int32_t most)
{
    return ptn_fail(error, PATRON_INVALID_ARGUMENT, "scaler options: %s is %d; give 0 to %d", name, (int)value,
                    (int)most);
}

static patron_status check_quantiles(const patron_scaler_options *options, patron_error *error)
{
    double low = options->winsor_low, high = options->winsor_high;
    if (!(low >= 0.0 && low <= 1.0 && high >= 0.0 && high <= 1.0))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "scaler options: winsor_low is %g and winsor_high %g; give numbers within 0 and 1", low, high);
    if (low >= high)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "scaler options: the quantiles cross: winsor_low is %g and winsor_high %g; give low < high",
                        low, high);
    return PATRON_OK;
}

static patron_status check_column_options(const patron_scaler_options *options, int64_t cols, patron_error *error)
{
    const int32_t *transforms = options->column_transforms;
    const double *weights = options->column_weights;
    for (int64_t c = 0; transforms != NULL && c < cols; c++)
        if (transforms[c] < 0 || transforms[c] > PATRON_TRANSFORM_LOG1P)
            return fail_choice(error, "a column's transform", transforms[c], PATRON_TRANSFORM_LOG1P);
    for (int64_t c = 0; weights != NULL && c < cols; c++) {
        if (!isfinite(weights[c]))
            return ptn_fail(error, PATRON_NOT_FINITE,
                            "scaler options: the weight of column %lld is not finite; give a number > 0", (long long)c);
        if (weights[c] <= 0.0)
            return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                            "scaler options: the weight of column %lld is %g; give a number > 0, or leave the column "
                            "out",
                            (long long)c, weights[c]);
    }
    return PATRON_OK;
}

static patron_status read_options(patron_scaler_options *out, const patron_scaler_options *options, int64_t cols,
                                  patron_error *error)
{
    patron_scaler_options_init(out, sizeof *out);
    patron_status status = ptn_struct_read(out, sizeof *out, options, "scaler options", error);
    if (status != PATRON_OK) return status;
    if (out->fill < 0 || out->fill > PATRON_FILL_MEDIAN)
        return fail_choice(error, "fill", out->fill, PATRON_FILL_MEDIAN);
    if (out->transform < 0 || out->transform > PATRON_TRANSFORM_LOG1P)
        return fail_choice(error, "transform", out->transform, PATRON_TRANSFORM_LOG1P);
    if (out->scale < 0 || out->scale > PATRON_SCALE_ROBUST)
        return fail_choice(error, "scale", out->scale, PATRON_SCALE_ROBUST);
    if (out->reserved != 0) return fail_choice(error, "reserved", out->reserved, 0);
    status = check_quantiles(out, error);
    return status == PATRON_OK ? check_column_options(out, cols, error) : status;
}

static patron_status fail_no_rows(patron_error *error)
{
    return ptn_fail(error, PATRON_NO_DATA, "there are no rows to scale; give at least one");
}

static patron_status fit(patron_scaler **scaler, const patron_rows *rows, const patron_scaler_options *options,
                         const ptn_context *context, patron_error *error)
{
    void *block = NULL, *columns = NULL, *values = NULL, *partials = NULL;
    ptn_team team;
    ptn_team_open(&team, context);
    patron_status status = ptn_allocate_zero(&block, &context->memory, 1, sizeof(patron_scaler), "a scaler", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate_zero(&columns, &context->memory, rows->cols, sizeof(patron_scaler_column), "columns", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&values, &context->memory, rows->rows, sizeof(double), "values", error);
    if (status != PATRON_OK) goto cleanup;
    status =
        ptn_allocate_zero(&partials, &context->memory, block_count(rows->rows), sizeof(partial), "partial sums", error);
    if (status != PATRON_OK) goto cleanup;

    fit_job job = {.rows = rows, .values = values, .partials = partials};
    for (job.col = 0; job.col < rows->cols; job.col++) {
        status = fit_column((patron_scaler_column *)columns + job.col, &job, options, &team, error);
        if (status != PATRON_OK) goto cleanup;
    }
    patron_scaler *made = block;
    made->memory = context->memory;
    made->cols = rows->cols;
    made->columns = columns;
    *scaler = made;
    block = columns = NULL;

cleanup:
    ptn_team_close(&team);
    ptn_free(&context->memory, partials);
    ptn_free(&context->memory, values);
    ptn_free(&context->memory, columns);
    ptn_free(&context->memory, block);
    return status;
}

patron_status patron_scaler_fit(patron_scaler **scaler, const patron_rows *rows, const patron_scaler_options *options,
                                const patron_context *context, patron_error *error)
{
    patron_rows view;
    patron_scaler_options chosen;
    ptn_context read;
    fenv_t host;
    ptn_ok(error);
    if (scaler == NULL) return ptn_fail_null(error, "scaler");
    *scaler = NULL;
    patron_status status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    ptn_floating_enter(&host);
    status = ptn_rows_read(&view, rows, error);
    if (status == PATRON_OK && view.rows == 0) status = fail_no_rows(error);
    if (status == PATRON_OK) status = read_options(&chosen, options, view.cols, error);
    if (status == PATRON_OK) status = fit(scaler, &view, &chosen, &read, error);
    ptn_floating_leave(&host);
    return status;
}

/* Transforming, and the way back. */
typedef struct apply_job {
    double *out;
    const patron_scaler *scaler;
    const patron_rows *rows;
    bool inverse;
    int64_t *bad; /* for each block, the first element that could not be done, or -1 */
} apply_job;

static double apply_value(const patron_scaler_column *column, double value, bool inverse)
{
    if (inverse) return inverse_value(value / column->weight * column->scale + column->center, column->transform);
    if (isnan(value)) value = column->fill;
    if (isinf(value)) return value; /* refused, not drawn in */
    value = transform_value(clip(value, column->low, column->high), column->transform);
    return (value - column->center) / column->scale * column->weight;
}

static void apply_block(void *opaque, int64_t block, int32_t worker)
{
    apply_job *job = opaque;
    int64_t from = block * BLOCK_ROWS, to = from + BLOCK_ROWS, cols = job->rows->cols;
    if (to > job->rows->rows) to = job->rows->rows;
    (void)worker;
    job->bad[block] = -1;
    for (int64_t i = from; i < to; i++) {
        for (int64_t c = 0; c < cols; c++) {
            double value = ptn_rows_at(job->rows, i, c);
            double result = apply_value(&job->scaler->columns[c], value, job->inverse);
            job->out[i * cols + c] = result;
            if ((!isfinite(value) && !(isnan(value) && isfinite(result))) || !isfinite(result)) {
                job->bad[block] = i * cols + c;
                return;
            }
        }
    }
}

static patron_status check_applied(const apply_job *job, patron_error *error)
{
    for (int64_t b = 0; b < block_count(job->rows->rows); b++) {
        if (job->bad[b] < 0) continue;
        int64_t row = job->bad[b] / job->rows->cols, col = job->bad[b] % job->rows->cols;
        double value = ptn_rows_at(job->rows, row, col);
        if (!isfinite(value)) return fail_value(error, row, col, value);
        return ptn_fail_row(error, PATRON_OUT_OF_RANGE, row, -1,
                            "row %lld, column %lld: %g overflows when it is %s; leave out such rows first",
                            (long long)row, (long long)col, value, job->inverse ? "put back" : "scaled");
    }
    return PATRON_OK;
}

static patron_status apply(double *out, const patron_scaler *scaler, const patron_rows *rows, bool inverse,
                           const patron_context *context, patron_error *error)
{
    patron_rows view;
    ptn_context read;
    ptn_team team;
    void *bad = NULL;
    ptn_ok(error);
    if (out == NULL) return ptn_fail_null(error, inverse ? "values" : "scaled");
    if (scaler == NULL) return ptn_fail_null(error, "scaler");
    patron_status status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    status = ptn_rows_read(&view, rows, error);
    if (status != PATRON_OK) return status;
    if (view.cols != scaler->cols)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "rows have %lld columns; the scaler was fitted on %lld",
                        (long long)view.cols, (long long)scaler->cols);
    if (view.rows == 0) return fail_no_rows(error);

    status = ptn_allocate(&bad, &read.memory, block_count(view.rows), sizeof(int64_t), "block results", error);
    if (status != PATRON_OK) return status;
    apply_job job = {out, scaler, &view, inverse, bad};
    ptn_team_open(&team, &read);
    status = ptn_team_run(&team, "scaler", 0.0, 1.0, block_count(view.rows), apply_block, &job, error);
    ptn_team_close(&team);
    if (status == PATRON_OK) status = check_applied(&job, error);
    ptn_free(&read.memory, bad);
    return status;
}

patron_status patron_scaler_transform(double *scaled, const patron_scaler *scaler, const patron_rows *rows,
                                      const patron_context *context, patron_error *error)
{
    fenv_t host;
    ptn_floating_enter(&host);
    patron_status status = apply(scaled, scaler, rows, false, context, error);
    ptn_floating_leave(&host);
    return status;
}

patron_status patron_scaler_inverse(double *values, const patron_scaler *scaler, const patron_rows *rows,
                                    const patron_context *context, patron_error *error)
{
    fenv_t host;
    ptn_floating_enter(&host);
    patron_status status = apply(values, scaler, rows, true, context, error);
    ptn_floating_leave(&host);
    return status;
}

int64_t patron_scaler_column_count(const patron_scaler *scaler) { return scaler == NULL ? 0 : scaler->cols; }

patron_status patron_scaler_column_get(patron_scaler_column *column, const patron_scaler *scaler, int64_t index,
                                       patron_error *error)
{
    ptn_ok(error);
    if (scaler == NULL) return ptn_fail_null(error, "scaler");
    if (index < 0 || index >= scaler->cols)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "there is no column %lld; the scaler has %lld",
                        (long long)index, (long long)scaler->cols);
    return ptn_struct_write(column, &scaler->columns[index], sizeof *column, "column", error);
}

void patron_scaler_free(patron_scaler *scaler)
{
    if (scaler == NULL) return;
    ptn_memory memory = scaler->memory;
    ptn_free(&memory, scaler->columns);
    ptn_free(&memory, scaler);
}
