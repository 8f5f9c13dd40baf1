/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The distance of each row to each centroid.

   Rows are laid side by side, so that loops over them fill vectors; each row's own sum still runs over its columns in
   order, as in predict, so a row's least distance is the one to its label. */
#include <math.h>
#include <string.h>

#include "cluster/given.h"
#include "cluster/tile.h"

/* Up to PTN_LANES rows column by column; where there are fewer, the last stands in. */
static void lay_out(double *lanes, const patron_rows *rows, int64_t from, int64_t count)
{
    for (int64_t l = 0; l < PTN_LANES; l++) {
        int64_t row = from + (l < count ? l : count - 1);
        for (int64_t c = 0; c < rows->cols; c++) lanes[c * PTN_LANES + l] = ptn_rows_at(rows, row, c);
    }
}

/* In pairs, as in tile.h, with the differences brought near 1: compilers do not keep eight sums in registers. */
static void distances_to(double *distances, const double *lanes, const double *centroid, int64_t cols,
                         double inverse_unit)
{
    ptn_pair sum0 = {0}, sum1 = {0}, sum2 = {0}, sum3 = {0}, inverse = {inverse_unit, inverse_unit};
    double unit = 1.0 / inverse_unit; /* both are powers of two */
    for (int64_t c = 0; c < cols; c++, lanes += PTN_LANES) {
        ptn_pair value = {centroid[c], centroid[c]};
        ptn_pair difference0 = (ptn_pair_load(lanes) - value) * inverse;
        ptn_pair difference1 = (ptn_pair_load(lanes + 2) - value) * inverse;
        ptn_pair difference2 = (ptn_pair_load(lanes + 4) - value) * inverse;
        ptn_pair difference3 = (ptn_pair_load(lanes + 6) - value) * inverse;
        sum0 += difference0 * difference0;
        sum1 += difference1 * difference1;
        sum2 += difference2 * difference2;
        sum3 += difference3 * difference3;
    }
    memcpy(distances, &sum0, sizeof sum0);
    memcpy(distances + 2, &sum1, sizeof sum1);
    memcpy(distances + 4, &sum2, sizeof sum2);
    memcpy(distances + 6, &sum3, sizeof sum3);
    for (int l = 0; l < PTN_LANES; l++) distances[l] = sqrt(distances[l]) * unit;
}

/* The first of `count` rows that has a distance which is not finite, or `count`. */
static int64_t first_bad(const double *distances, int64_t count, int32_t k)
{
    for (int64_t e = 0; e < count * k; e++)
        if (!isfinite(distances[e])) return e / k;
    return count;
}

static int64_t transform(const ptn_given *given, int64_t from, int64_t to, int32_t worker)
{
    int64_t cols = given->rows.cols;
    int32_t k = given->kmeans->result.k;
    double *lanes = given->scratch + worker * cols * PTN_LANES, column[PTN_LANES];
    for (int64_t i = from; i < to; i += PTN_LANES) {
        int64_t count = to - i < PTN_LANES ? to - i : PTN_LANES;
        double *out = (double *)given->out + i * k;
        lay_out(lanes, &given->rows, i, count);
        for (int32_t j = 0; j < k; j++) {
            distances_to(column, lanes, given->kmeans->centroids + j * cols, cols, given->kmeans->frame.inverse_unit);
            for (int64_t l = 0; l < count; l++) out[l * k + j] = column[l];
        }
        int64_t bad = first_bad(out, count, k);
        if (bad < count) return i + bad;
    }
    return -1;
}

patron_status patron_kmeans_transform(double *distances, const patron_kmeans *kmeans, const patron_rows *rows,
                                      const patron_context *context, patron_error *error)
{
    static const ptn_given_work work = {transform, "transform", "distances", "measure", "a centroid", true};
    return ptn_given_run(distances, &work, kmeans, rows, context, error);
}
