/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter of labels, and the rule behind it. */
#include "cluster/filter.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What bounds are multiplied by for the rounding of the bounds themselves. */
#define SAFE 1.01

enum { STRETCH = 64 }; /* as in the kernels: columns added up before they join a score */

static int32_t group_of(int32_t k) { return k <= 2 ? 1 : k <= 5 ? k - 1 : 8; }

static int32_t places_of(int32_t k)
{
    int32_t group = group_of(k);
    return (k - 1 + group - 1) / group * group;
}

int64_t ptn_filter_floats(int32_t k, int64_t cols) { return (cols + 1) * places_of(k) + cols; }

void ptn_filter_place(ptn_filter *filter, float *block, int32_t k, int64_t cols)
{
    memset(filter, 0, sizeof *filter);
    filter->cols = cols;
    filter->k = k;
    filter->group = group_of(k);
    filter->weights = block;
    filter->offsets = block + cols * places_of(k);
    filter->origin = filter->offsets + places_of(k);
}

/* Where the weight of cluster j >= 1 in column c is. */
static float *weight_at(const ptn_filter *filter, int32_t j, int64_t c)
{
    int32_t place = j - 1, group = filter->group;
    return filter->weights + place / group * group * filter->cols + c * group + place % group;
}

static bool equals_one_before(const double *centroids, int32_t j, int64_t cols)
{
    for (int32_t i = 0; i < j; i++) {
        int64_t c = 0;
        while (c < cols && centroids[i * cols + c] == centroids[j * cols + c]) c++;
        if (c == cols) return true;
    }
    return false;
}

/* Sets cluster j; returns what its score can be wrong by, HUGE_VAL if floats cannot hold it. */
static double set_cluster(ptn_filter *filter, const ptn_frame *frame, const double *origin, const double *centroid,
                          int32_t j)
{
    int64_t cols = frame->cols;
    double depth = (double)(cols < STRETCH ? cols : STRETCH) + (double)(cols / STRETCH) + 3.0;
    double offset = 0.0, squares = 0.0, size = 0.0, packing = 0.0, largest = 0.0;
    for (int64_t c = 0; c < cols; c++) {
        double p = (centroid[c] - frame->centre[c]) * frame->inverse_unit, weight = 2.0 * (p - origin[c]);
        offset += (origin[c] - p) * (origin[c] + p);
        squares += origin[c] * origin[c] + p * p;
        size += fabs(weight) * frame->reach[c];
        packing += fabs(weight) * frame->step[c] / 2.0;
        largest = fmax(largest, fabs(weight));
        *weight_at(filter, j, c) = (float)weight;
    }
    if (!(largest < 1e30 && fabs(offset) < 1e30 && size < 1e30)) return HUGE_VAL;
    filter->offsets[j - 1] = (float)offset;
    return depth * 0x1p-24 * (fabs(offset) + size) + packing + (double)(cols + 4) * 0x1p-52 * squares +
           (double)cols * 0x1p-140;
}

static void set_aside(ptn_filter *filter, int32_t j)
{
    for (int64_t c = 0; c < filter->cols; c++) *weight_at(filter, j, c) = 0.0f;
    filter->offsets[j - 1] = -0x1p120f;
}

double ptn_filter_farthest(const ptn_frame *frame, const double *centroids, int32_t k)
{
    double farthest = 0.0;
    for (int32_t j = 0; j < k; j++) {
        double sum = 0.0;
        for (int64_t c = 0; c < frame->cols; c++) {
            double p = (centroids[j * frame->cols + c] - frame->centre[c]) * frame->inverse_unit;
            sum += (frame->reach[c] + fabs(p)) * (frame->reach[c] + fabs(p));
        }
        farthest = fmax(farthest, sum);
    }
    return farthest;
}

void ptn_filter_set(ptn_filter *filter, const ptn_frame *frame, const double *centroids, double travelled,
                    double margin, double *scratch)
{
    int64_t cols = frame->cols;
    double *origin = scratch, first = 0.0, second = 0.0, packing = 0.0;
    double farthest = ptn_filter_farthest(frame, centroids, filter->k);
    for (int64_t c = 0; c < cols; c++) {
        origin[c] = (centroids[c] - frame->centre[c]) * frame->inverse_unit;
        filter->origin[c] = (float)origin[c];
        packing += frame->step[c] * frame->step[c];
    }
    bool twins = false;
    for (int32_t j = 1; j <= places_of(filter->k); j++) {
        if (j >= filter->k || equals_one_before(centroids, j, cols)) {
            twins = twins || j < filter->k;
            set_aside(filter, j);
            continue;
        }
        double wrong = set_cluster(filter, frame, origin, centroids + j * cols, j);
        second = fmax(second, fmin(wrong, first));
        first = fmax(first, wrong);
    }
    double rule = (double)(cols + 5) * 0x1p-52 * farthest + (double)cols * 0x1p-1060;
    double doubt = SAFE * (first + second + rule) + margin;
    filter->slack = (float)(SAFE * ((double)(cols + 8) * 0x1p-23 * farthest + doubt) + 1e-30);
    /* A row keeps its label if its distances to the nearest two centroids stay farther apart than packing can bring
       them together (half the diagonal of a step for each) and the rule's rounding can turn: D_2 - D_1 >= (d_2 -
       d_1)^2. With a margin, farther than that too. */
    double passed = travelled * (1.0 + 0x1p-20) + sqrt(packing) + sqrt(SAFE * rule + margin) + 0x1p-40 * sqrt(farthest);
    filter->passed = (float)(passed * (1.0 + 0x1p-20));
    filter->travelled = twins ? -HUGE_VALF : (float)travelled; /* twins may part: no bound holds then */
    filter->doubt = (float)(doubt * (1.0 + 0x1p-20));
    if (farthest < 1e30 && doubt < 1e30) return;
    /* Numbers that floats cannot hold: everything is in doubt. */
    memset(filter->origin, 0, (size_t)cols * sizeof *filter->origin);
    for (int32_t j = 1; j <= places_of(filter->k); j++) set_aside(filter, j);
    filter->doubt = filter->passed = HUGE_VALF;
}

double ptn_decide_distance(const ptn_packed *packed, const double *centroid, int64_t row)
{
    double sum = 0.0;
    for (int64_t c = 0; c < packed->cols; c++) {
        double difference = (ptn_rows_at(&packed->given, row, c) - centroid[c]) * packed->frame.inverse_unit;
        sum += difference * difference;
    }
    return sum;
}

int32_t ptn_decide(const ptn_packed *packed, const double *centroids, int32_t k, int64_t row)
{
    int32_t label = 0;
    double best = ptn_decide_distance(packed, centroids, row);
    for (int32_t j = 1; j < k; j++) {
        double distance = ptn_decide_distance(packed, centroids + j * packed->cols, row);
        if (!(distance < best)) continue;
        best = distance;
        label = j;
    }
    return label;
}
