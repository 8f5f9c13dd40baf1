/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing the sample: block masses are known from packing, so each block of rows knows which parts begin in it. */
#include "cluster/sample.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/rng.h"

/* Rows for each cluster of a tier; a quarter of them where the sample would have more values than that. */
enum { ROWS_A_CLUSTER = 1024, LEAST_ROWS_A_CLUSTER = 256, MANY_VALUES = 1 << 21 };

/* Streams of random numbers: starts use 0, 1, …. */
static const uint64_t SAMPLE_STREAM = UINT64_C(1) << 63;

/* Values are kept within what squares in float can hold. */
#define MOST_VALUE 0x1p50f

typedef struct draw_job {
    const ptn_packed *packed;
    int64_t wanted;
    double total_mass; /* of all rows: 1 or so */
    double each_row;   /* a row's uniform mass for each unit of weight */
    double each_square;
    double *before; /* mass before each block; blocks + 1 */
    int64_t *rows;  /* wanted: the row drawn in each part */
    double *mass;   /* wanted: its mass */
    float *values;  /* wanted x cols: its values */
    uint64_t seed;
} draw_job;

int32_t ptn_sample_tier(int32_t k) { return k <= 16 ? 16 : k <= 64 ? 64 : PTN_MOST_CLUSTERS; }

int64_t ptn_sample_rows(int64_t rows, int64_t cols, int32_t k, int32_t finer)
{
    int64_t tier = ptn_sample_tier(k), wanted = ROWS_A_CLUSTER * tier;
    if (wanted > MANY_VALUES / cols) wanted = MANY_VALUES / cols;
    if (wanted < LEAST_ROWS_A_CLUSTER * tier) wanted = LEAST_ROWS_A_CLUSTER * tier;
    if (wanted > ROWS_A_CLUSTER * tier) wanted = ROWS_A_CLUSTER * tier;
    wanted *= finer;
    return rows < wanted + wanted / 2 ? rows : wanted;
}

/* The masses of a tile's rows, and their sum by a fixed tree. */
static double tile_masses(double masses[PTN_TILE], float norms[PTN_TILE], const draw_job *job, int64_t tile)
{
    const ptn_packed *packed = job->packed;
    int64_t left = packed->rows - tile * PTN_TILE;
    double sum[PTN_TILE];
    packed->kernels->norms(norms, packed->values + tile * packed->cols * PTN_TILE, 1, packed->cols);
    for (int l = 0; l < PTN_TILE; l++) masses[l] = job->each_row + job->each_square * (double)norms[l];
    if (packed->weights != NULL)
        for (int l = 0; l < PTN_TILE; l++) masses[l] *= (double)packed->weights[tile * PTN_TILE + l];
    for (int l = 0; l < PTN_TILE; l++)
        if (l >= left) masses[l] = 0.0;
    for (int l = 0; l < 8; l++) sum[l] = masses[l] + masses[l + 8];
    for (int l = 0; l < 4; l++) sum[l] += sum[l + 4];
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/* Notes a row for a part, with its values, which are at hand now. */
static void take_row(draw_job *job, int64_t part, int64_t row, double mass)
{
    int64_t cols = job->packed->cols;
    const float *from = job->packed->values + row / PTN_TILE * cols * PTN_TILE + row % PTN_TILE;
    float *out = job->values + part * cols;
    job->rows[part] = row;
    job->mass[part] = mass;
    for (int64_t c = 0; c < cols; c++) out[c] = from[c * PTN_TILE];
}

/* Goes through a block's rows with the parts that begin in it; a part's draw lies in it or behind. */
static void draw_block(void *opaque, int64_t block, int32_t worker)
{
    draw_job *job = opaque;
    const ptn_packed *packed = job->packed;
    int64_t from, to, last = -1;
    double at = job->before[block], end = job->before[block + 1], part = job->total_mass / (double)job->wanted;
    double last_mass = 0.0;
    (void)worker;
    ptn_packed_range(packed, block, &from, &to);
    /* The first part whose draw can lie here. */
    int64_t next = (int64_t)(at / part) - 1;
    if (next < 0) next = 0;
    while (next < job->wanted && ((double)next + ptn_random_unit(job->seed, SAMPLE_STREAM, (uint64_t)next)) * part < at)
        next++;
    double draw = ((double)next + ptn_random_unit(job->seed, SAMPLE_STREAM, (uint64_t)next)) * part;
    for (int64_t t = from; t < to && next < job->wanted && draw < end; t++) {
        float norms[PTN_TILE];
        double masses[PTN_TILE], mass = tile_masses(masses, norms, job, t);
        if (draw >= at + mass && t + 1 < to) { /* nothing is drawn here */
            at += mass;
            continue;
        }
        double begin = at;
        for (int l = 0; l < PTN_TILE; l++) {
            if (masses[l] > 0.0) {
                last = t * PTN_TILE + l;
                last_mass = masses[l];
            }
            begin += masses[l];
            while (masses[l] > 0.0 && next < job->wanted && draw < begin && draw < end) {
                take_row(job, next++, t * PTN_TILE + l, masses[l]);
                draw = ((double)next + ptn_random_unit(job->seed, SAMPLE_STREAM, (uint64_t)next)) * part;
            }
        }
        at += mass;
    }
    /* What rounding of the sums left over. */
    for (; next < job->wanted && draw < end && last >= 0; next++) {
        take_row(job, next, last, last_mass);
        draw = ((double)(next + 1) + ptn_random_unit(job->seed, SAMPLE_STREAM, (uint64_t)(next + 1))) * part;
    }
}

static void weigh_row(ptn_sample *sample, int64_t place, double weight)
{
    sample->rows++;
    sample->weights[place] = (int32_t)weight;
    sample->masses[place] = weight;
    sample->total += weight;
}

/* A further row: its values are `stride` apart. */
static void put_values(ptn_sample *sample, const float *values, int64_t stride, double weight)
{
    int64_t place = sample->rows, cols = sample->cols;
    float *out = sample->values + place / PTN_TILE * cols * PTN_TILE + place % PTN_TILE;
    for (int64_t c = 0; c < cols; c++) out[c * PTN_TILE] = values[c * stride];
    weigh_row(sample, place, weight);
}

/* All rows but exceptions, whose place in the tiles is all zeros. */
static void take_all(ptn_sample *sample, const ptn_packed *packed)
{
    int64_t cols = packed->cols, e = 0;
    for (int64_t row = 0; row < packed->rows; row++) {
        double weight = packed->weights == NULL ? 1.0 : (double)packed->weights[row];
        if (e < packed->exception_count && packed->exceptions[e] == row)
            e++;
        else if (weight > 0.0)
            put_values(sample, packed->values + row / PTN_TILE * cols * PTN_TILE + row % PTN_TILE, PTN_TILE, weight);
    }
}

/* The exceptions, in tiles of their own behind all others. */
static void take_exceptions(ptn_sample *sample, const ptn_packed *packed, double scale)
{
    int64_t cols = packed->cols, place;
    sample->apart = (sample->rows + PTN_TILE - 1) / PTN_TILE;
    place = sample->apart * PTN_TILE;
    for (int64_t e = 0; e < packed->exception_count; e++) {
        if (!(packed->exception_weight[e] > 0.0)) continue;
        double stands = rint(packed->exception_weight[e] * scale);
        float *out = sample->values + place / PTN_TILE * cols * PTN_TILE + place % PTN_TILE;
        for (int64_t c = 0; c < cols; c++) {
            double x = ptn_packed_exact(packed, packed->exceptions[e], c);
            out[c * PTN_TILE] = (float)fmax(-(double)MOST_VALUE, fmin((double)MOST_VALUE, x));
        }
        weigh_row(sample, place++, stands < 1.0 ? 1.0 : stands);
    }
    sample->tiles = (place + PTN_TILE - 1) / PTN_TILE;
}

/* Draws and weighs: the weight is the inverse of the row's chance, in units that keep their sum below 2^30. */
static patron_status draw_rows(ptn_sample *sample, const ptn_packed *packed, int64_t wanted, uint64_t seed,
                               ptn_team *team, patron_error *error)
{
    const ptn_memory *memory = &team->context->memory;
    void *before = NULL, *rows = NULL, *mass = NULL, *values = NULL;
    draw_job job = {.packed = packed, .wanted = wanted, .seed = seed};
    double squares = 0.0, weight = packed->total_weight, at = 0.0;
    int exponent;
    patron_status status = ptn_allocate(&before, memory, packed->blocks + 1, sizeof(double), "blocks", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&rows, memory, wanted, sizeof(int64_t), "a sample", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&mass, memory, wanted, sizeof(double), "a sample", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&values, memory, wanted * packed->cols, sizeof(float), "a sample", error);
    if (status != PATRON_OK) goto cleanup;
    job.before = before;
    job.rows = rows;
    job.mass = mass;
    job.values = values;
    memset(rows, 0xFF, (size_t)wanted * sizeof *job.rows);
    for (int64_t b = 0; b < packed->blocks; b++) squares += packed->mass[b];
    job.each_row = (squares > 0.0 ? 0.5 : 1.0) / weight;
    job.each_square = squares > 0.0 ? 0.5 / squares : 0.0;
    for (int64_t b = 0; b < packed->blocks; b++) {
        int64_t from, to;
        double rows_weight = 0.0;
        ptn_packed_range(packed, b, &from, &to);
        to = to * PTN_TILE < packed->rows ? to * PTN_TILE : packed->rows;
        if (packed->weights == NULL) rows_weight = (double)(to - from * PTN_TILE);
        for (int64_t i = from * PTN_TILE; packed->weights != NULL && i < to; i++)
            rows_weight += (double)packed->weights[i];
        job.before[b] = at;
        at += job.each_row * rows_weight + job.each_square * packed->mass[b];
    }
    job.before[packed->blocks] = job.total_mass = at;
    status = ptn_team_run(team, "kmeans", 0.08, 0.1, packed->blocks, draw_block, &job, error);
    if (status != PATRON_OK) goto cleanup;
    frexp(weight, &exponent);
    double scale = ldexp(1.0, 29 - exponent);
    for (int64_t i = 0; i < wanted; i++) {
        if (job.rows[i] < 0 || (packed->exception_count > 0 && ptn_packed_excepts(packed, job.rows[i]))) continue;
        double own = packed->weights == NULL ? 1.0 : (double)packed->weights[job.rows[i]];
        double stands = rint(own * (at / (double)wanted) / job.mass[i] * scale);
        put_values(sample, job.values + i * packed->cols, 1, stands < 1.0 ? 1.0 : stands);
    }
    take_exceptions(sample, packed, scale);

cleanup:
    ptn_free(memory, values);
    ptn_free(memory, mass);
    ptn_free(memory, rows);
    ptn_free(memory, before);
    return status;
}

static patron_status open_sample(ptn_sample *sample, const ptn_packed *packed, int64_t rows, const ptn_memory *memory,
                                 patron_error *error)
{
    int64_t cols = packed->cols, elements;
    void *values = NULL, *weights = NULL, *masses = NULL;
    memset(sample, 0, sizeof *sample);
    sample->kernels = packed->kernels;
    sample->cols = sample->frame.cols = cols;
    sample->frame.inverse_unit = 1.0;
    rows = (rows + PTN_TILE - 1) / PTN_TILE * PTN_TILE;
    rows += (packed->exception_count + PTN_TILE - 1) / PTN_TILE * PTN_TILE;
    if (!ptn_mul_i64(&elements, rows, cols))
        return ptn_fail(error, PATRON_TOO_LARGE, "a sample of %lld x %lld is more than memory can address",
                        (long long)rows, (long long)cols);
    patron_status status = ptn_allocate_zero(&sample->block, memory, 5 * cols, sizeof(double), "columns", error);
    if (status != PATRON_OK) return status;
    sample->frame.centre = sample->block;
    sample->frame.step = sample->frame.centre + cols;
    sample->frame.reach = sample->frame.step + cols;
    sample->sum = sample->frame.reach + cols;
    memcpy(sample->frame.reach, packed->frame.reach, (size_t)cols * sizeof(double));
    status = ptn_allocate_zero(&values, memory, elements, sizeof(float), "a sample", error);
    sample->values = values;
    if (status != PATRON_OK) return status;
    status = ptn_allocate_zero(&weights, memory, rows, sizeof(int32_t), "weights", error);
    sample->weights = weights;
    if (status != PATRON_OK) return status;
    status = ptn_allocate_zero(&masses, memory, rows, sizeof(double), "weights", error);
    sample->masses = masses;
    return status;
}

patron_status ptn_sample_draw(ptn_sample *sample, const ptn_packed *packed, int64_t wanted, uint64_t seed,
                              ptn_team *team, patron_error *error)
{
    const ptn_memory *memory = &team->context->memory;
    patron_status status = open_sample(sample, packed, wanted, memory, error);
    if (status != PATRON_OK) return status;
    if (wanted < packed->rows) {
        status = draw_rows(sample, packed, wanted, seed, team, error);
    } else {
        sample->whole = true;
        take_all(sample, packed);
        take_exceptions(sample, packed, 1.0);
    }
    double *squares = sample->sum + sample->cols;
    if (status == PATRON_OK)
        sample->kernels->scatter(squares, sample->sum, sample->values, sample->weights, sample->tiles, sample->cols,
                                 true);
    for (int64_t c = 0; c < sample->cols; c++) sample->square += squares[c];
    return status;
}

void ptn_sample_free(ptn_sample *sample, const ptn_memory *memory)
{
    ptn_free(memory, sample->masses);
    ptn_free(memory, sample->weights);
    ptn_free(memory, sample->values);
    ptn_free(memory, sample->block);
    memset(sample, 0, sizeof *sample);
}

void ptn_sample_row(float *out, const ptn_sample *sample, int64_t row)
{
    const float *from = sample->values + row / PTN_TILE * sample->cols * PTN_TILE + row % PTN_TILE;
    for (int64_t c = 0; c < sample->cols; c++) out[c] = from[c * PTN_TILE];
}
