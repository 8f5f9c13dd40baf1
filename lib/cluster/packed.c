/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows packed for k-means: measured once, packed once. */
#include "cluster/packed.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

/* Where a column reaches beyond so many standard deviations it is asked whether few rows do that. */
#define FAR_OUT 32.0

/* Cuts at 2^-10, 2^-20, … of a column's reach, and the rows that may lie beyond: one in so many, for each column. */
enum { CUTS = 6, CUT_BITS = 10, ROWS_AN_EXCEPTION = 2048 };

enum { MOST_BITS = 23, MOST_SPANS = 256, LEAST_SPANS = 16, MOST_PRODUCT_COLS = 64, STRETCH = 32 };

/* What the passes of packing share. */
typedef struct pack_job {
    ptn_packed *packed;
    double *shift;    /* cols: a row of the greatest weight */
    double *stats;    /* for each span: low, high, 2 sums, 2 squares; 6 x cols */
    double *limit;    /* cols */
    uint16_t *beyond; /* for each tile, its exceptions */
    double *sums;     /* for each block: sums, and products or squares */
    int64_t each;     /* doubles of a block */
    const double *weights;
} pack_job;

void ptn_packed_range(const ptn_packed *packed, int64_t block, int64_t *from, int64_t *to)
{
    *from = block * packed->block_tiles;
    *to = *from + packed->block_tiles < packed->tiles ? *from + packed->block_tiles : packed->tiles;
}

void ptn_packed_span(const ptn_packed *packed, int64_t span, int64_t *from, int64_t *to)
{
    int64_t each = (packed->tiles + packed->spans - 1) / packed->spans * PTN_TILE;
    *from = span * each < packed->rows ? span * each : packed->rows;
    *to = *from + each < packed->rows ? *from + each : packed->rows;
}

bool ptn_packed_excepts(const ptn_packed *packed, int64_t row)
{
    int64_t from = 0, to = packed->exception_count;
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        if (packed->exceptions[middle] == row) return true;
        if (packed->exceptions[middle] < row)
            from = middle + 1;
        else
            to = middle;
    }
    return false;
}

static void measure_span(void *opaque, int64_t span, int32_t worker)
{
    pack_job *job = opaque;
    ptn_packed *packed = job->packed;
    int64_t from, to, cols = packed->cols;
    double *low = job->stats + span * 6 * cols, *high = low + cols, *sum = high + cols, *square = sum + 2 * cols;
    (void)worker;
    ptn_packed_span(packed, span, &from, &to);
    for (int64_t c = 0; c < cols; c++) {
        low[c] = HUGE_VAL;
        high[c] = -HUGE_VAL;
    }
    memset(sum, 0, (size_t)(4 * cols) * sizeof *sum);
    packed->kernels->measure(low, high, sum, square, &packed->source, from, to - from,
                             job->weights == NULL ? NULL : job->weights + from, job->shift);
}

static patron_status fail_range(patron_error *error)
{
    return ptn_fail(error, PATRON_OUT_OF_RANGE,
                    "squared distances between rows overflow; scale the columns, or divide them by a constant");
}

static patron_status fail_far(const ptn_packed *packed, int64_t row, patron_error *error)
{
    patron_status status = ptn_rows_check_finite(&packed->given, 0, packed->rows, error);
    if (status != PATRON_OK) return status;
    return ptn_fail_row(error, PATRON_OUT_OF_RANGE, row, -1,
                        "row %lld: its squared distance to the others overflows; leave it out", (long long)row);
}

/* The mean, on a grid of a 64th of the reach: values within a factor 2 of it lose nothing. */
static double round_mean(double mean, double reach)
{
    int exponent = 0;
    frexp(reach, &exponent);
    double grid = ldexp(1.0, exponent - 6);
    return grid > 0.0 && fabs(mean) / grid < 0x1p50 ? rint(mean / grid) * grid : mean;
}

/* A column's centre, its reach about it in the caller's unit, and its share of the variance. A column that reaches far
   out keeps its mean for now, and its reach as its limit. */
static void place_column(pack_job *job, int64_t c, double low, double high, double sum, double square, double weight)
{
    ptn_frame *frame = &job->packed->frame;
    double mean = job->shift[c] + sum / weight;
    double variance = square / weight - (sum / weight) * (sum / weight);
    if (!(mean >= low)) mean = low;
    if (mean > high) mean = high;
    double far = high - mean > mean - low ? high - mean : mean - low;
    frame->centre[c] = low;
    frame->reach[c] = job->limit[c] = 0.0;
    if (!(high > low)) return;
    if (variance > 0.0) job->packed->variance += variance / (double)job->packed->cols;
    if (variance > 0.0 && far > FAR_OUT * sqrt(variance)) {
        frame->centre[c] = mean;
        frame->reach[c] = job->limit[c] = far;
        return;
    }
    double rounded = round_mean(mean, far);
    if (rounded >= low && rounded <= high) frame->centre[c] = rounded;
    frame->reach[c] =
        high - frame->centre[c] > frame->centre[c] - low ? high - frame->centre[c] : frame->centre[c] - low;
}

/* Counts a span's rows between the cuts of columns that reach far out; the figures before are no longer needed. */
static void count_far(void *opaque, int64_t span, int32_t worker)
{
    pack_job *job = opaque;
    const ptn_packed *packed = job->packed;
    int64_t from, to;
    double *counts = job->stats + span * CUTS * packed->cols;
    (void)worker;
    ptn_packed_span(packed, span, &from, &to);
    memset(counts, 0, (size_t)(CUTS * packed->cols) * sizeof *counts);
    for (int64_t first = from; first < to; first += STRETCH) {
        int64_t end = first + STRETCH < to ? first + STRETCH : to;
        for (int64_t c = 0; c < packed->cols; c++) {
            if (job->limit[c] == 0.0) continue;
            for (int64_t i = first; i < end; i++) {
                double away = fabs(ptn_rows_at(&packed->given, i, c) - packed->frame.centre[c]), cut = job->limit[c];
                int32_t b = 0;
                do cut *= ldexp(1.0, -CUT_BITS);
                while (!(away > cut) && ++b < CUTS);
                if (b < CUTS) counts[c * CUTS + b]++;
            }
        }
    }
}

/* The nearest cut that few rows lie beyond becomes the column's reach. */
static void trim_column(pack_job *job, int64_t c)
{
    const ptn_packed *packed = job->packed;
    double beyond = 0.0, most = (double)(packed->rows / ROWS_AN_EXCEPTION / packed->cols), reach = job->limit[c];
    for (int32_t b = 0; b < CUTS; b++) {
        for (int64_t s = 0; s < packed->spans; s++) beyond += job->stats[(s * packed->cols + c) * CUTS + b];
        if (beyond > fmax(most, 1.0)) break;
        reach = job->limit[c] * ldexp(1.0, -CUT_BITS * (b + 1));
    }
    packed->frame.centre[c] = round_mean(packed->frame.centre[c], reach);
    packed->frame.reach[c] = reach * (1.0 + 0x1p-6);
}

/* Centres, unit and steps from the spans' figures. */
static patron_status place(pack_job *job, const double *extra, int64_t more, ptn_team *team, patron_error *error)
{
    ptn_packed *packed = job->packed;
    ptn_frame *frame = &packed->frame;
    int64_t cols = packed->cols;
    double weight = packed->weight_sum, widest = 0.0, spread = 0.0;
    bool finite = true, far_out = false;
    int exponent = 0, bits = MOST_BITS;
    packed->variance = 0.0;
    for (int64_t c = 0; c < cols; c++) {
        ptn_dd sum = {0}, square = {0};
        double low = HUGE_VAL, high = -HUGE_VAL;
        for (int64_t s = 0; s < packed->spans; s++) {
            const double *stats = job->stats + s * 6 * cols + c;
            low = stats[0] < low ? stats[0] : low;
            high = stats[cols] > high ? stats[cols] : high;
            ptn_sum_add(&sum, stats[2 * cols] + stats[3 * cols]);
            ptn_sum_add(&square, stats[4 * cols] + stats[5 * cols]);
        }
        finite = finite && isfinite(ptn_sum_value(sum)) && isfinite(low) && isfinite(high);
        place_column(job, c, low, high, ptn_sum_value(sum), ptn_sum_value(square), weight);
        for (int64_t i = 0; i < more; i++) {
            low = extra[i * cols + c] < low ? extra[i * cols + c] : low;
            high = extra[i * cols + c] > high ? extra[i * cols + c] : high;
        }
        spread += (high - low) * (high - low);
        far_out = far_out || job->limit[c] > 0.0;
    }
    if (!finite) {
        patron_status status = ptn_rows_check_finite(&packed->given, 0, packed->rows, error);
        return status != PATRON_OK ? status : fail_range(error);
    }
    if (!isfinite(4.0 * spread * fmax(packed->weight_sum, 1.0))) return fail_range(error);
    if (far_out) {
        patron_status status = ptn_team_run(team, "kmeans", 0.02, 0.02, packed->spans, count_far, job, error);
        if (status != PATRON_OK) return status;
    }
    for (int64_t c = 0; c < cols; c++) {
        if (job->limit[c] > 0.0) trim_column(job, c);
        widest = frame->reach[c] > widest ? frame->reach[c] : widest;
    }
    if (widest > 0.0) frexp(widest, &exponent);
    exponent = exponent > 1000 ? 1000 : exponent < -1000 ? -1000 : exponent;
    packed->unit = ldexp(1.0, exponent);
    frame->inverse_unit = ldexp(1.0, -exponent);
    packed->variance = packed->variance * frame->inverse_unit * frame->inverse_unit;
    while (bits > 1 && packed->total_weight > ldexp(1.0, 53 - bits)) bits--;
    for (int64_t c = 0; c < cols; c++) {
        int own = 0;
        double reach = frame->reach[c] * frame->inverse_unit;
        /* Not 0 where it underflows: that is for columns that are constant. */
        if (frame->reach[c] > 0.0) reach = fmax(reach, DBL_MIN);
        if (reach > 0.0) frexp(reach, &own);
        own = own < -100 ? -100 : own; /* floats have no smaller steps */
        frame->step[c] = ldexp(1.0, own - bits);
        job->limit[c] = reach > 0.0 ? ldexp(1.0, own) : 0.0;
        frame->reach[c] = job->limit[c];
    }
    return PATRON_OK;
}

static void pack_block(void *opaque, int64_t block, int32_t worker)
{
    pack_job *job = opaque;
    ptn_packed *packed = job->packed;
    const ptn_kernels *kernels = packed->kernels;
    const ptn_frame *frame = &packed->frame;
    int64_t from, to, cols = packed->cols;
    double *sum = job->sums + block * job->each, *products = sum + cols, square = 0.0;
    (void)worker;
    ptn_packed_range(packed, block, &from, &to);
    memset(sum, 0, (size_t)job->each * sizeof *sum);
    ptn_touch(packed->values + from * cols * PTN_TILE, (size_t)((to - from) * cols * PTN_TILE) * sizeof(float));
    for (int64_t first = from; first < to; first += STRETCH) {
        int64_t end = first + STRETCH < to ? first + STRETCH : to;
        for (int64_t t = first; t < end; t++) {
            int64_t left = packed->rows - t * PTN_TILE;
            job->beyond[t] = kernels->pack(packed->values + t * cols * PTN_TILE, &packed->source, t * PTN_TILE,
                                           left < PTN_TILE ? left : PTN_TILE, frame->centre, frame->inverse_unit,
                                           frame->step, job->limit);
        }
        kernels->scatter(products, sum, packed->values + first * cols * PTN_TILE,
                         packed->weights == NULL ? NULL : packed->weights + first * PTN_TILE, end - first, cols,
                         packed->products == NULL);
    }
    for (int64_t c = 0; c < cols; c++) square += products[packed->products == NULL ? c : c * (c + 3) / 2];
    packed->mass[block] = square;
}

/* Whole numbers in the weights' place: as they are where they can, else in a unit that keeps their sum below 2^29. */
static void take_weights(ptn_packed *packed, const double *weights)
{
    double sum = 0.0;
    int exponent = 0;
    bool whole = true;
    for (int64_t i = 0; i < packed->rows; i++) {
        sum += weights[i];
        whole = whole && weights[i] == floor(weights[i]);
    }
    packed->weight_sum = sum;
    packed->whole = whole && sum <= 0x1p30;
    if (!whole || sum > 0x1p30) {
        frexp(sum, &exponent);
        exponent = 29 - exponent;
    }
    memset(packed->weights, 0, (size_t)(packed->tiles * PTN_TILE) * sizeof *packed->weights);
    packed->total_weight = 0.0;
    for (int64_t i = 0; i < packed->rows; i++) {
        double weight = rint(ldexp(weights[i], exponent));
        if (weights[i] > 0.0 && weight < 1.0) weight = 1.0;
        packed->weights[i] = (int32_t)weight;
        packed->total_weight += weight;
    }
}

/* Lists the exceptions, and takes them out of the sums. */
static patron_status list_exceptions(pack_job *job, const ptn_memory *memory, patron_error *error)
{
    ptn_packed *packed = job->packed;
    int64_t count = 0;
    void *rows = NULL, *weights = NULL;
    for (int64_t t = 0; t < packed->tiles; t++) count += __builtin_popcount(job->beyond[t]);
    if (count == 0) return PATRON_OK;
    patron_status status = ptn_allocate(&rows, memory, count, sizeof(int64_t), "exceptions", error);
    packed->exceptions = rows;
    if (status != PATRON_OK) return status;
    status = ptn_allocate(&weights, memory, count, sizeof(double), "exceptions", error);
    packed->exception_weight = weights;
    if (status != PATRON_OK) return status;
    for (int64_t t = 0; t < packed->tiles; t++)
        for (int l = 0; job->beyond[t] >> l != 0; l++) {
            int64_t row = t * PTN_TILE + l, e = packed->exception_count;
            if (!(job->beyond[t] >> l & 1)) continue;
            packed->exceptions[e] = row;
            packed->exception_weight[e] = packed->weights == NULL ? 1.0 : (double)packed->weights[row];
            if (packed->weights != NULL) packed->weights[row] = 0;
            packed->exception_count++;
            double square = 0.0;
            for (int64_t c = 0; c < packed->cols; c++) {
                double x = ptn_packed_exact(packed, row, c);
                square += x * x;
            }
            /* Rows of weight 0 were not measured; others can lie farther out, in this unit, than squares reach. */
            if (!isfinite(4.0 * square * (packed->exception_weight[e] > 0.0 ? fmax(packed->weight_sum, 1.0) : 1.0)))
                return fail_far(packed, row, error);
            packed->square += packed->exception_weight[e] * square;
        }
    return PATRON_OK;
}

/* The blocks' sums, in order; those of the values themselves are exact. */
static void gather(pack_job *job)
{
    ptn_packed *packed = job->packed;
    ptn_dd square = {0};
    int64_t shared = packed->products == NULL ? packed->cols : job->each;
    for (int64_t b = 0; b < packed->blocks; b++) {
        const double *sums = job->sums + b * job->each;
        ptn_sum_add(&square, packed->mass[b]);
        for (int64_t e = 0; e < shared; e++) packed->total[e] += sums[e];
    }
    packed->square = ptn_sum_value(square);
}

static void shape(ptn_packed *packed)
{
    int64_t tiles = 2048 / packed->cols;
    packed->block_tiles = tiles < 4 ? 4 : tiles > 256 ? 256 : tiles;
    packed->blocks = (packed->tiles + packed->block_tiles - 1) / packed->block_tiles;
    packed->spans = (INT64_C(1) << 15) / packed->cols;
    if (packed->spans > MOST_SPANS) packed->spans = MOST_SPANS;
    if (packed->spans < LEAST_SPANS) packed->spans = LEAST_SPANS;
    if (packed->spans > packed->blocks) packed->spans = packed->blocks;
}

static patron_status allocate_all(pack_job *job, const ptn_memory *memory, patron_error *error)
{
    ptn_packed *packed = job->packed;
    int64_t elements, padded = packed->tiles * PTN_TILE, cols = packed->cols, products = 0;
    if (!ptn_mul_i64(&elements, padded, cols))
        return ptn_fail(error, PATRON_TOO_LARGE, "rows of %lld x %lld are more than memory can address",
                        (long long)packed->rows, (long long)cols);
    if (cols <= MOST_PRODUCT_COLS) products = cols * (cols + 1) / 2;
    job->each = cols + (products > 0 ? products : cols);
    const ptn_wanted wanted[] = {
        {&packed->values, elements, sizeof(float), "packed values"},
        {&packed->block, 4 * cols + products, sizeof(double), "columns"},
        {&packed->mass, packed->blocks, sizeof(double), "blocks"},
        {&packed->weights, packed->given.weights == NULL ? 0 : padded, sizeof(int32_t), "weights"},
        {&job->shift, 2 * cols, sizeof(double), "columns"},
        {&job->stats, packed->spans * 6 * cols, sizeof(double), "columns"},
        {&job->beyond, packed->tiles, sizeof(uint16_t), "exceptions"},
        {&job->sums, packed->blocks * job->each, sizeof(double), "products"},
    };
    patron_status status = ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, memory, error);
    if (status != PATRON_OK) return status;
    packed->frame.centre = packed->block;
    packed->frame.step = packed->frame.centre + cols;
    packed->frame.reach = packed->frame.step + cols;
    packed->total = packed->frame.reach + cols;
    if (products > 0) packed->products = packed->total + cols;
    memset(packed->total, 0, (size_t)(cols + products) * sizeof(double));
    job->limit = job->shift + cols;
    if (packed->given.weights == NULL) {
        ptn_free(memory, packed->weights);
        packed->weights = NULL;
    }
    return PATRON_OK;
}

patron_status ptn_pack(ptn_packed *packed, const patron_rows *rows, const double *extra, int64_t more,
                       const ptn_kernels *kernels, ptn_team *team, patron_error *error)
{
    const ptn_memory *memory = &team->context->memory;
    pack_job job;
    memset(packed, 0, sizeof *packed);
    memset(&job, 0, sizeof job);
    job.packed = packed;
    packed->kernels = kernels;
    packed->given = *rows;
    packed->rows = rows->rows;
    packed->cols = packed->frame.cols = rows->cols;
    packed->source = (ptn_source){rows->values, rows->cols, rows->row_stride, rows->type == PATRON_FLOAT32};
    packed->tiles = rows->rows / PTN_TILE + (rows->rows % PTN_TILE != 0);
    packed->weight_sum = packed->total_weight = (double)rows->rows;
    packed->whole = true;
    shape(packed);
    patron_status status = allocate_all(&job, memory, error);
    if (status != PATRON_OK) goto cleanup;
    if (packed->weights != NULL) take_weights(packed, rows->weights);
    job.weights = rows->weights;
    int64_t heaviest = 0; /* the variance is measured about this row: one that hardly counts could be anywhere */
    for (int64_t i = 1; rows->weights != NULL && i < rows->rows; i++)
        if (rows->weights[i] > rows->weights[heaviest]) heaviest = i;
    for (int64_t c = 0; c < packed->cols; c++) {
        double value = ptn_rows_at(rows, heaviest, c);
        job.shift[c] = isfinite(value) ? value : 0.0;
    }
    status = ptn_team_run(team, "kmeans", 0.0, 0.02, packed->spans, measure_span, &job, error);
    if (status != PATRON_OK) goto cleanup;
    status = place(&job, extra, more, team, error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_team_run(team, "kmeans", 0.02, 0.08, packed->blocks, pack_block, &job, error);
    if (status != PATRON_OK) goto cleanup;
    gather(&job);
    status = list_exceptions(&job, memory, error);

cleanup:
    ptn_free(memory, job.sums);
    ptn_free(memory, job.beyond);
    ptn_free(memory, job.stats);
    ptn_free(memory, job.shift);
    return status;
}

void ptn_packed_free(ptn_packed *packed, const ptn_memory *memory)
{
    ptn_free(memory, packed->exception_weight);
    ptn_free(memory, packed->exceptions);
    ptn_free(memory, packed->weights);
    ptn_free(memory, packed->mass);
    ptn_free(memory, packed->block);
    ptn_free(memory, packed->values);
    memset(packed, 0, sizeof *packed);
}
