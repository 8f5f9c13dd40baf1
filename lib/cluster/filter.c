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

/* Numbers of the clusters are kept among the floats: they are of the same size. */
_Static_assert(sizeof(float) == sizeof(int32_t), "a block of floats holds numbers too");

int64_t ptn_filter_floats(int32_t k, int64_t cols) { return (cols + 3) * places_of(k) + cols; }

void ptn_filter_place(ptn_filter *filter, void *block, int32_t k, int64_t cols)
{
    memset(filter, 0, sizeof *filter);
    filter->cols = cols;
    filter->k = k;
    filter->group = group_of(k);
    filter->weights = block;
    filter->offsets = filter->weights + cols * places_of(k);
    filter->wrong = filter->offsets + places_of(k);
    filter->origin = filter->wrong + places_of(k);
    filter->numbers = (int32_t *)block + (cols + 2) * places_of(k) + cols;
}

/* Where the weight of the cluster in a place is, in column c. */
static float *weight_at(const ptn_filter *filter, int32_t place, int64_t c)
{
    int32_t group = filter->group;
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

/* The largest squared distance that a packed row can have to a centroid, in packed units. */
static double farthest_from(const ptn_frame *frame, const double *centroid)
{
    double sum = 0.0;
    for (int64_t c = 0; c < frame->cols; c++) {
        double p = (centroid[c] - frame->centre[c]) * frame->inverse_unit;
        sum += (frame->reach[c] + fabs(p)) * (frame->reach[c] + fabs(p));
    }
    return sum;
}

/* How far the rule's distance to a centroid can be from the exact one. */
static double rule_of(const ptn_frame *frame, const double *centroid)
{
    return (double)(frame->cols + 5) * 0x1p-53 * farthest_from(frame, centroid) + (double)frame->cols * 0x1p-1060;
}

/* Sets the cluster in a place; false if floats cannot hold it. */
static bool set_cluster(ptn_filter *filter, const ptn_frame *frame, const double *origin, const double *centroid,
                        double margin, int32_t place)
{
    int64_t cols = frame->cols;
    double depth = (double)(cols < STRETCH ? cols : STRETCH) + (double)(cols / STRETCH) + 6.0;
    double offset = 0.0, squares = 0.0, size = 0.0, packing = 0.0, largest = 0.0;
    for (int64_t c = 0; c < cols; c++) {
        double p = (centroid[c] - frame->centre[c]) * frame->inverse_unit, weight = 2.0 * (p - origin[c]);
        offset += (origin[c] - p) * (origin[c] + p);
        squares += origin[c] * origin[c] + p * p;
        size += fabs(weight) * frame->reach[c];
        packing += fabs(weight) * frame->step[c] / 2.0;
        largest = fmax(largest, fabs(weight));
        *weight_at(filter, place, c) = (float)weight;
    }
    double wrong = depth * 0x1p-24 * (fabs(offset) + size) + packing + (double)(cols + 4) * 0x1p-52 * squares +
                   (double)cols * 0x1p-140 + rule_of(frame, centroid);
    filter->offsets[place] = (float)offset;
    filter->wrong[place] = (float)(SAFE * (wrong + margin));
    return largest < 1e30 && fabs(offset) < 1e30 && wrong + margin < 1e30;
}

static void set_aside(ptn_filter *filter, int32_t place)
{
    for (int64_t c = 0; c < filter->cols; c++) *weight_at(filter, place, c) = 0.0f;
    filter->offsets[place] = -0x1p120f;
    filter->wrong[place] = 0.0f;
}

double ptn_filter_farthest(const ptn_frame *frame, const double *centroids, int32_t k)
{
    double farthest = 0.0;
    for (int32_t j = 0; j < k; j++) farthest = fmax(farthest, farthest_from(frame, centroids + j * frame->cols));
    return farthest;
}

/* The centroid from which scores are counted: the one nearest the centre, so that a far cluster makes only its own
   score inexact. */
static int32_t choose_origin(const ptn_frame *frame, const double *centroids, int32_t k)
{
    int32_t best = 0;
    double least = farthest_from(frame, centroids);
    for (int32_t j = 1; j < k; j++) {
        double here = farthest_from(frame, centroids + j * frame->cols);
        if (!(here < least) || equals_one_before(centroids, j, frame->cols)) continue;
        least = here;
        best = j;
    }
    return best;
}

/* Sets all clusters but the origin; *twins says whether some are set aside. False: numbers that floats cannot hold. */
static bool set_clusters(ptn_filter *filter, bool *twins, const ptn_frame *frame, const double *centroids,
                         const double *margins, const double *origin)
{
    bool fits = true;
    *twins = false;
    for (int32_t place = 0; place < places_of(filter->k); place++) {
        int32_t j = place < filter->first ? place : place + 1;
        filter->numbers[place] = j < filter->k ? j : 0;
        if (j >= filter->k || equals_one_before(centroids, j, frame->cols)) {
            *twins = *twins || j < filter->k;
            set_aside(filter, place);
        } else {
            double margin = margins == NULL ? 0.0 : margins[j];
            fits = set_cluster(filter, frame, origin, centroids + j * frame->cols, margin, place) && fits;
        }
    }
    return fits;
}

/* The most that two clusters' margins add up to. */
static double largest_two(const double *margins, int32_t k)
{
    double first = 0.0, second = 0.0;
    for (int32_t j = 0; margins != NULL && j < k; j++) {
        second = fmax(second, fmin(margins[j], first));
        first = fmax(first, margins[j]);
    }
    return first + second;
}

/* How far apart distances d_1 < d_2 must be for the rule to see it: with r the rounding of both, D_2 - D_1 > r, which
   is so where (d_2 - d_1)^2 > r, and where (d_2 - d_1) d > r for a d that the larger one is never below. Of two
   clusters the one whose distances may be larger has half of r at least. */
static double rule_gap(const ptn_frame *frame, const double *centroids, int32_t k)
{
    double gap = 0.0;
    for (int32_t j = 0; j < k; j++) {
        const double *centroid = centroids + j * frame->cols;
        double rule = 2.0 * rule_of(frame, centroid), least = 0.0;
        for (int64_t c = 0; c < frame->cols; c++) {
            double beyond = fabs((centroid[c] - frame->centre[c]) * frame->inverse_unit) - frame->reach[c];
            if (beyond > 0.0) least += beyond * beyond;
        }
        double here = sqrt(rule);
        if (least > 0.0) here = fmin(here, rule / sqrt(least));
        gap = fmax(gap, here);
    }
    return gap;
}

void ptn_filter_set(ptn_filter *filter, const ptn_frame *frame, const double *centroids, double travelled,
                    const double *margins, double *scratch)
{
    int64_t cols = frame->cols;
    double *origin = scratch, packing = 0.0, farthest = ptn_filter_farthest(frame, centroids, filter->k);
    bool twins;
    filter->first = choose_origin(frame, centroids, filter->k);
    const double *first = centroids + filter->first * cols;
    for (int64_t c = 0; c < cols; c++) {
        origin[c] = (first[c] - frame->centre[c]) * frame->inverse_unit;
        filter->origin[c] = (float)origin[c];
        packing += frame->step[c] * frame->step[c];
    }
    bool fits = set_clusters(filter, &twins, frame, centroids, margins, origin);
    double most = largest_two(margins, filter->k), own = margins == NULL ? 0.0 : margins[filter->first];
    filter->doubt = (float)(SAFE * (rule_of(frame, first) + own));
    filter->slack = (float)(SAFE * (double)(cols + 8) * 0x1p-23 * farthest_from(frame, first) + 1e-30);
    /* A row keeps its label if its distances to the nearest two centroids stay farther apart than packing can bring
       them together (half the diagonal of a step for each) and the rule's rounding can turn. With margins, farther than
       those too: D_2 - D_1 >= (d_2 - d_1)^2. */
    double passed = travelled * (1.0 + 0x1p-20) + sqrt(packing) + SAFE * rule_gap(frame, centroids, filter->k) +
                    sqrt(SAFE * most) + 0x1p-40 * sqrt(farthest);
    filter->passed = (float)(passed * (1.0 + 0x1p-20));
    filter->travelled = twins ? -HUGE_VALF : (float)travelled; /* twins may part: no bound holds then */
    if (fits && farthest < 1e30 && most < 1e30) return;
    /* Numbers that floats cannot hold: everything is in doubt. */
    memset(filter->origin, 0, (size_t)cols * sizeof *filter->origin);
    for (int32_t place = 0; place < places_of(filter->k); place++) set_aside(filter, place);
    filter->slack = 1.0f;
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
