/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nearest centroid of rows that may be new: the rule of the fit, so rows of the fit get the fit's labels.

   Rows are packed as the fit's were, a tile at a time, and go through its filter; the rule itself decides what is in
   doubt and what lies beyond the fit's rows. */
#include <math.h>

#include "cluster/given.h"
#include "cluster/tile.h"

_Static_assert(PTN_LANES * sizeof(double) == PTN_TILE * sizeof(float), "the scratch holds a tile");

/* The nearest centroid, or -1 where the row is not finite or every squared distance overflows. */
static int32_t nearest(const ptn_given *given, int64_t row)
{
    int64_t cols = given->rows.cols;
    const double *centroids = given->kmeans->centroids;
    double unit = given->kmeans->frame.inverse_unit, best = HUGE_VAL;
    int32_t label = -1;
    for (int32_t j = 0; j < given->kmeans->result.k; j++) {
        double sum = 0.0;
        for (int64_t c = 0; c < cols; c++) {
            double difference = (ptn_rows_at(&given->rows, row, c) - centroids[j * cols + c]) * unit;
            sum += difference * difference;
        }
        if (sum < best) {
            best = sum;
            label = j;
        }
    }
    return label;
}

static int64_t predict(const ptn_given *given, int64_t from, int64_t to, int32_t worker)
{
    const ptn_kernels *kernels = ptn_kernels_here();
    const patron_kmeans *kmeans = given->kmeans;
    const patron_rows *rows = &given->rows;
    ptn_source source = {rows->values, rows->cols, rows->row_stride, rows->type == PATRON_FLOAT32};
    float *tile = (float *)(void *)(given->scratch + worker * rows->cols * PTN_LANES);
    int32_t *labels = given->out;
    static const uint8_t none[PTN_TILE] = {0};
    for (int64_t row = from; row < to; row += PTN_TILE) {
        int64_t count = to - row < PTN_TILE ? to - row : PTN_TILE;
        ptn_active found = {0}; /* stays so where all labels are 0 and beyond doubt */
        uint32_t unsure = kernels->pack(tile, &source, row, count, kmeans->frame.centre, kmeans->frame.inverse_unit,
                                        kmeans->frame.step, kmeans->frame.reach);
        kernels->assign(&found, &kmeans->filter, tile, none, NULL, 1);
        unsure |= found.doubt;
        for (int64_t l = 0; l < count; l++) {
            labels[row + l] = unsure >> l & 1 ? nearest(given, row + l) : found.labels[l];
            if (labels[row + l] < 0) return row + l;
        }
    }
    return -1;
}

patron_status patron_kmeans_predict(int32_t *labels, const patron_kmeans *kmeans, const patron_rows *rows,
                                    const patron_context *context, patron_error *error)
{
    static const ptn_given_work work = {predict, "predict", "labels", "label", "every centroid", false};
    return ptn_given_run(labels, &work, kmeans, rows, context, error);
}
