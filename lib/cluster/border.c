/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/border.h"

#include <math.h>
#include <string.h>

#include "cluster/sums.h"

/* Rows whose squared distance to another centroid is not more than so many times that to their own are tried. */
#define REACH 2.0

/* Standard errors. */
#define CERTAIN 3.0

/* What is known of a tile's rows. */
typedef struct tile_distances {
    double own[PTN_TILE], other[PTN_TILE]; /* squared: to the centroid of the label, and to the nearest other */
    int16_t to[PTN_TILE];
} tile_distances;

/* Of a tile's rows to one centroid. */
static void measure_one(double squares[PTN_TILE], const float *values, const double *centroid, int64_t cols)
{
    for (int lane = 0; lane < PTN_TILE; lane++) squares[lane] = 0.0;
    for (int64_t c = 0; c < cols; c++)
        for (int lane = 0; lane < PTN_TILE; lane++) {
            double difference = (double)values[c * PTN_TILE + lane] - centroid[c];
            squares[lane] += difference * difference;
        }
}

static void measure(tile_distances *out, const ptn_trial *trial, int32_t k, int64_t tile)
{
    const ptn_sample *sample = trial->sample;
    const float *values = sample->values + tile * sample->cols * PTN_TILE;
    const uint8_t *labels = trial->labels + tile * PTN_TILE;
    for (int lane = 0; lane < PTN_TILE; lane++) out->other[lane] = HUGE_VAL;
    for (int32_t j = 0; j < k; j++) {
        double squares[PTN_TILE];
        measure_one(squares, values, trial->centroids + j * sample->cols, sample->cols);
        for (int lane = 0; lane < PTN_TILE; lane++) {
            if (labels[lane] == j) {
                out->own[lane] = squares[lane];
            } else if (squares[lane] < out->other[lane]) {
                out->other[lane] = squares[lane];
                out->to[lane] = (int16_t)j;
            }
        }
    }
}

static int64_t find_rows(ptn_border_row *rows, const ptn_trial *trial, int32_t k)
{
    const ptn_sample *sample = trial->sample;
    int64_t count = 0;
    for (int64_t t = 0; t < sample->tiles; t++) {
        tile_distances d;
        measure(&d, trial, k, t);
        for (int lane = 0; lane < PTN_TILE; lane++) {
            int64_t row = t * PTN_TILE + lane;
            if (sample->weights[row] == 0 || !(d.other[lane] <= REACH * d.own[lane])) continue;
            rows[count++] = (ptn_border_row){d.own[lane] > 0.0 ? d.other[lane] / d.own[lane] : 0.0, (int32_t)row,
                                             trial->labels[row], d.to[lane]};
        }
    }
    return count;
}

/* Squared distances of a tile's rows to the nearest of the centroids. */
static void find_nearest(double out[PTN_TILE], const ptn_sample *sample, const double *centroids, int32_t k,
                         int64_t tile)
{
    const float *values = sample->values + tile * sample->cols * PTN_TILE;
    for (int lane = 0; lane < PTN_TILE; lane++) out[lane] = HUGE_VAL;
    for (int32_t j = 0; j < k; j++) {
        double squares[PTN_TILE];
        measure_one(squares, values, centroids + j * sample->cols, sample->cols);
        for (int lane = 0; lane < PTN_TILE; lane++) out[lane] = squares[lane] < out[lane] ? squares[lane] : out[lane];
    }
}

bool ptn_border_certain(const ptn_sample *sample, const double *before, const double *after, int32_t k)
{
    double gain = 0.0, squares = 0.0;
    for (int64_t t = 0; t < sample->tiles; t++) {
        double first[PTN_TILE], second[PTN_TILE];
        find_nearest(first, sample, before, k, t);
        find_nearest(second, sample, after, k, t);
        for (int lane = 0; lane < PTN_TILE; lane++) {
            double gained = sample->masses[t * PTN_TILE + lane] * (first[lane] - second[lane]);
            gain += gained;
            squares += gained * gained;
        }
    }
    double variance = squares - gain * gain / (double)sample->rows;
    return gain > 0.0 && gain * gain > CERTAIN * CERTAIN * variance;
}

static bool goes_before(const ptn_border_row *a, const ptn_border_row *b, const void *none)
{
    (void)none;
    if (a->from != b->from) return a->from < b->from;
    if (a->to != b->to) return a->to < b->to;
    if (a->ratio != b->ratio) return a->ratio < b->ratio;
    return a->row < b->row;
}

#define SORT_NAME    sort_rows
#define SORT_TYPE    ptn_border_row
#define SORT_CONTEXT void
#define SORT_LESS    goes_before
#include "base/sort_template.h"

static double square_of(const double *sum, double weight, int64_t cols)
{
    double square = 0.0;
    for (int64_t c = 0; c < cols; c++) square += sum[c] * sum[c];
    return square / weight;
}

/* How many of the rows, which are all of one pair, to move, and what that gains. */
static int64_t find_most(double *gain, ptn_trial *trial, const ptn_border_row *rows, int64_t count)
{
    const ptn_sample *sample = trial->sample;
    int64_t cols = sample->cols, most = 0;
    double *from = trial->next, *to = trial->next + cols;
    double from_weight = trial->weights[rows->from], to_weight = trial->weights[rows->to];
    memcpy(from, trial->sums + rows->from * cols, (size_t)cols * sizeof *from);
    memcpy(to, trial->sums + rows->to * cols, (size_t)cols * sizeof *to);
    *gain = 0.0;
    if (!(to_weight > 0.0)) return 0;
    double before = square_of(from, from_weight, cols) + square_of(to, to_weight, cols);
    for (int64_t i = 0; i < count; i++) {
        int64_t row = rows[i].row;
        double mass = sample->masses[row];
        const float *values = sample->values + row / PTN_TILE * cols * PTN_TILE + row % PTN_TILE;
        from_weight -= mass;
        to_weight += mass;
        if (!(from_weight > 0.0)) break;
        for (int64_t c = 0; c < cols; c++) {
            double value = mass * (double)values[c * PTN_TILE];
            from[c] -= value;
            to[c] += value;
        }
        double gained = square_of(from, from_weight, cols) + square_of(to, to_weight, cols) - before;
        if (!(gained > *gain)) continue;
        *gain = gained;
        most = i + 1;
    }
    return most;
}

double ptn_border_move(ptn_trial *trial, int32_t k, double least)
{
    const ptn_sample *sample = trial->sample;
    ptn_border_row *rows = trial->border;
    int64_t count = find_rows(rows, trial, k), first = 0, most = 0;
    double best = least;
    sort_rows(rows, count, NULL);
    for (int64_t i = 0, end; i < count; i = end) {
        double gain;
        for (end = i + 1; end < count && rows[end].from == rows[i].from && rows[end].to == rows[i].to;) end++;
        int64_t some = find_most(&gain, trial, rows + i, end - i);
        if (!(gain > best)) continue;
        best = gain;
        first = i;
        most = some;
    }
    for (int64_t i = first; i < first + most; i++) {
        const ptn_border_row *r = &rows[i];
        double mass = sample->masses[r->row];
        ptn_move_values(trial->sums, sample->values, sample->cols, r->row, mass, r->from, r->to);
        trial->weights[r->from] -= mass;
        trial->weights[r->to] += mass;
        trial->labels[r->row] = (uint8_t)r->to;
    }
    return most > 0 ? best : 0.0;
}
