/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nearest centroid of rows that may be new: the rule of the fit, so rows of the fit get the fit's labels.
   Differences are brought near 1 by the fit's power of two before they are squared. */
#include <math.h>

#include "cluster/given.h"

/* The nearest centroid, or -1 where the row is not finite or every squared distance overflows. */
static int32_t nearest(const ptn_given *given, int64_t row)
{
    int64_t cols = given->rows.cols;
    const double *centroids = given->kmeans->centroids;
    double unit = given->kmeans->inverse_unit, best = HUGE_VAL;
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
    int32_t *labels = given->out;
    (void)worker;
    for (int64_t i = from; i < to; i++) {
        labels[i] = nearest(given, i);
        if (labels[i] < 0) return i;
    }
    return -1;
}

patron_status patron_kmeans_predict(int32_t *labels, const patron_kmeans *kmeans, const patron_rows *rows,
                                    const patron_context *context, patron_error *error)
{
    static const ptn_given_work work = {predict, "predict", "labels", "label", "every centroid", false};
    return ptn_given_run(labels, &work, kmeans, rows, context, error);
}
