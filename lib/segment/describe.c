/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the chosen segments are worth and what is typical of them; from that, their numbers.

   Segment 0 has the highest mean net revenue after the customer's first purchase day: what a customer brings again and
   again, not what one lucky order brought. Ties go to the higher total net revenue, then to k-means' own order. The
   customers set apart come last. Money is added in integers, exactly; means and medians in the order of the customers.
 */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "features/features.h"
#include "matrix/matrix.h"
#include "numeric/order.h"
#include "segment/segmentation.h"

/* A cluster's customers and money. */
typedef struct tally {
    int32_t cluster;
    int64_t customers, gross, net, recurring;
} tally;

/* One tally for each of `count` labels. */
static patron_status add_up(tally *tallies, int32_t count, const patron_segmentation *s, patron_error *error)
{
    for (int32_t j = 0; j < count; j++) tallies[j] = (tally){.cluster = j};
    for (int64_t i = 0; i < s->features->matrix->rows; i++) {
        patron_customer_value value = {.size = sizeof value};
        tally *t = &tallies[s->labels[i]];
        patron_status status = patron_features_value(&value, s->features, i, error);
        if (status != PATRON_OK) return status;
        t->customers++;
        if (!ptn_add_i64(&t->gross, t->gross, value.gross) || !ptn_add_i64(&t->net, t->net, value.net) ||
            !ptn_add_i64(&t->recurring, t->recurring, value.recurring))
            return ptn_fail(error, PATRON_OUT_OF_RANGE,
                            "a segment's revenue is beyond 9.2e14 currency units; use a "
                            "larger unit");
    }
    return PATRON_OK;
}

static double recurring_mean(const tally *t)
{
    return t->customers == 0 ? (double)NAN : (double)t->recurring / (double)t->customers;
}

static bool before(const tally *a, const tally *b)
{
    double worth_a = recurring_mean(a), worth_b = recurring_mean(b);
    if (worth_a != worth_b) return worth_a > worth_b;
    if (a->net != b->net) return a->net > b->net;
    return a->cluster < b->cluster;
}

/* Insertion sort: at most 64 segments. */
static void rank(tally *tallies, int32_t count)
{
    for (int32_t i = 1; i < count; i++) {
        tally moved = tallies[i];
        int32_t j = i;
        for (; j > 0 && before(&moved, &tallies[j - 1]); j--) tallies[j] = tallies[j - 1];
        tallies[j] = moved;
    }
}

static void fill_segment(patron_segmentation *s, int32_t id, const tally *t, int64_t shop_gross)
{
    patron_segment_info *info = &s->segments[id];
    memset(info, 0, sizeof *info);
    info->size = sizeof *info;
    info->id = id;
    info->name = s->titles[id].name;
    info->customers = t->customers;
    info->share = (double)t->customers / (double)s->features->matrix->rows;
    info->revenue_gross = t->gross;
    info->revenue_net = t->net;
    info->revenue_share = shop_gross == 0 ? (double)NAN : (double)t->gross / (double)shop_gross;
    info->recurring_mean = recurring_mean(t);
    info->set_apart = id == ptn_segmentation_set_apart(s);
    info->silhouette = info->set_apart ? (double)NAN : s->candidates[s->chosen].cluster_means[t->cluster];
    info->silhouette_half_width = info->set_apart ? (double)NAN : s->candidates[s->chosen].half_widths[t->cluster];
}

/* Of finite values, whose sum need not be. */
static double mean_of(const double *values, int64_t count, double sum)
{
    double mean = 0.0;
    if (count == 0) return (double)NAN;
    if (isfinite(sum)) return sum / (double)count;
    for (int64_t i = 0; i < count; i++) mean += values[i] / (double)count;
    return mean;
}

/* The most common of sorted values, the lowest of several. */
static patron_common_value most_common(const double *values, int64_t count)
{
    patron_common_value found = {.size = sizeof found, .value = (double)NAN, .known = count};
    for (int64_t i = 0, from = 0; i < count; i++) {
        if (i + 1 < count && values[i + 1] == values[i]) continue;
        if (i + 1 - from > found.customers) {
            found.value = values[from];
            found.customers = i + 1 - from;
        }
        from = i + 1;
    }
    return found;
}

/* Mean, median and most common value of each column for the customers of segment `id` (-1: all), missing values left
   out. */
static void summarise(patron_segmentation *s, int32_t id, double *scratch)
{
    const patron_matrix *matrix = s->features->matrix;
    int64_t row = id == -1 ? s->count : id;
    for (int64_t c = 0; c < matrix->cols; c++) {
        int64_t count = 0;
        double sum = 0.0;
        for (int64_t i = 0; i < matrix->rows; i++) {
            double value = matrix->values[i * matrix->cols + c];
            if ((id != -1 && s->labels[i] != id) || isnan(value)) continue;
            scratch[count++] = value;
            sum += value;
        }
        bool numbers = matrix->columns[c].kind == PATRON_KIND_NUMBER;
        s->means[row * matrix->cols + c] = numbers ? mean_of(scratch, count, sum) : (double)NAN;
        ptn_sort(scratch, count);
        s->medians[row * matrix->cols + c] = numbers ? ptn_median_sorted(scratch, count) : (double)NAN;
        s->commons[row * matrix->cols + c] = most_common(scratch, count);
    }
}

static patron_status allocate(patron_segmentation *s, double **scratch, patron_error *error)
{
    const patron_matrix *matrix = s->features->matrix;
    void *block;
    *scratch = NULL;
    patron_status status = ptn_allocate(&block, &s->memory, matrix->rows, sizeof *s->labels, "labels", error);
    if (status != PATRON_OK) return status;
    s->labels = block;
    status = ptn_allocate(&block, &s->memory, matrix->rows, sizeof *s->silhouettes, "silhouettes", error);
    if (status != PATRON_OK) return status;
    s->silhouettes = block;
    status = ptn_allocate(&block, &s->memory, s->count + 1, (size_t)matrix->cols * sizeof(double), "means", error);
    if (status != PATRON_OK) return status;
    s->means = block;
    status = ptn_allocate(&block, &s->memory, s->count + 1, (size_t)matrix->cols * sizeof(double), "medians", error);
    if (status != PATRON_OK) return status;
    s->medians = block;
    status = ptn_allocate(&block, &s->memory, s->count + 1, (size_t)matrix->cols * sizeof *s->commons, "common values",
                          error);
    if (status != PATRON_OK) return status;
    s->commons = block;
    status = ptn_allocate(&block, &s->memory, matrix->rows, sizeof(double), "sorted values", error);
    if (status == PATRON_OK) *scratch = block;
    return status;
}

/* Each customer's cluster, k for those set apart, and silhouette. */
static void label_customers(patron_segmentation *s, const ptn_candidate *candidate)
{
    for (int64_t i = 0; i < s->features->matrix->rows; i++) {
        s->labels[i] = candidate->k;
        s->silhouettes[i] = (double)NAN;
    }
    for (int64_t i = 0; i < s->grouped_count; i++) {
        s->labels[s->grouped[i]] = candidate->labels[i];
        if (candidate->scores != NULL) s->silhouettes[s->grouped[i]] = candidate->scores[i];
    }
}

/* Ranks the clusters and turns their numbers into the segments'. */
static patron_status number_segments(patron_segmentation *s, const ptn_candidate *candidate, patron_error *error)
{
    tally tallies[PTN_MOST_SEGMENTS + 1];
    int64_t shop_gross = 0;
    patron_status status = add_up(tallies, s->count, s, error);
    if (status != PATRON_OK) return status;
    for (int32_t j = 0; j < s->count; j++)
        if (!ptn_add_i64(&shop_gross, shop_gross, tallies[j].gross))
            return ptn_fail(error, PATRON_OUT_OF_RANGE,
                            "the shop's revenue is beyond 9.2e14 currency units; use a "
                            "larger unit");

    rank(tallies, candidate->k);
    for (int32_t id = 0; id < candidate->k; id++) s->segment_of[tallies[id].cluster] = id;
    for (int32_t id = 0; id < s->count; id++) fill_segment(s, id, &tallies[id], shop_gross);
    for (int64_t i = 0; i < s->features->matrix->rows; i++)
        if (s->labels[i] < candidate->k) s->labels[i] = s->segment_of[s->labels[i]];
    return PATRON_OK;
}

patron_status ptn_segmentation_describe(patron_segmentation *s, patron_error *error)
{
    const ptn_candidate *candidate = &s->candidates[s->chosen];
    double *scratch;
    s->count = candidate->k + (s->options.minimum_orders > 1);
    patron_status status = allocate(s, &scratch, error);
    if (status != PATRON_OK) return status;
    label_customers(s, candidate);
    status = number_segments(s, candidate, error);
    for (int32_t id = -1; status == PATRON_OK && id < s->count; id++) summarise(s, id, scratch);
    ptn_free(&s->memory, scratch);
    return status;
}
