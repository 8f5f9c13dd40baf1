/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Silhouette: labels checked, scored by the engine that fits, and summed up. */
#include <patron/silhouette.h>

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/exact.h"
#include "base/floating.h"
#include "cluster/silhouette.h"

/* What a call is about. */
typedef struct sweep {
    ptn_scored scored;
    ptn_labeling *labelings; /* count */
    int32_t count;
    int64_t clusters; /* of all labelings */
    double *totals;   /* clusters */
    ptn_dd *sums;     /* clusters: of weight x score */
    double *scores;   /* count x rows: the caller's, or `own` */
    double *own, *extremes;
} sweep;

patron_status ptn_silhouette_check_weight(double weight, int64_t row, patron_error *error)
{
    if (weight == floor(weight)) return PATRON_OK;
    return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, row, -1,
                        "row %lld: weight %g is not a whole number; a silhouette counts copies", (long long)row,
                        weight);
}

patron_status ptn_silhouette_check_sum(double all, patron_error *error)
{
    if (all <= 0x1p53) return PATRON_OK;
    return ptn_fail(error, PATRON_OUT_OF_RANGE, "the weights add up to %g, beyond what is counted exactly (2^53)", all);
}

patron_status ptn_silhouette_check_label(int32_t label, int32_t k, int64_t row, patron_error *error)
{
    if (label >= 0 && label < k) return PATRON_OK;
    return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, row, -1, "row %lld: label %d is not one of 0 to %d",
                        (long long)row, (int)label, (int)k - 1);
}

patron_status ptn_silhouette_check_weights(const patron_rows *rows, double *all, patron_error *error)
{
    *all = rows->weights == NULL ? (double)rows->rows : 0.0;
    for (int64_t i = 0; i < rows->rows && rows->weights != NULL; i++) {
        patron_status status = ptn_silhouette_check_weight(rows->weights[i], i, error);
        if (status != PATRON_OK) return status;
        *all += rows->weights[i];
    }
    return ptn_silhouette_check_sum(*all, error);
}

patron_status ptn_silhouette_check_labels(ptn_labeling *labeling, const ptn_scored *scored, patron_error *error)
{
    int32_t clusters = 0;
    memset(labeling->total, 0, (size_t)labeling->k * sizeof *labeling->total);
    for (int64_t i = 0; i < scored->rows.rows; i++) {
        patron_status status = ptn_silhouette_check_label(labeling->labels[i], labeling->k, i, error);
        if (status != PATRON_OK) return status;
        labeling->total[labeling->labels[i]] += ptn_scored_weight(scored, i);
    }
    for (int32_t j = 0; j < labeling->k; j++) clusters += labeling->total[j] > 0.0;
    if (clusters < 2) return ptn_fail(error, PATRON_ONE_CLUSTER, "all rows are in one cluster; a silhouette needs two");
    return PATRON_OK;
}

void ptn_silhouette_give(patron_silhouette_result *result, double *cluster_means, ptn_dd *sums,
                         const ptn_labeling *labeling, const ptn_scored *scored)
{
    ptn_dd all = {0.0, 0.0}, macro = {0.0, 0.0};
    memset(sums, 0, (size_t)labeling->k * sizeof *sums);
    for (int64_t i = 0; i < scored->rows.rows; i++) {
        ptn_dd *sum = &sums[labeling->labels[i]];
        ptn_dd product = ptn_two_product(ptn_scored_weight(scored, i), labeling->scores[i]);
        ptn_sum_add(sum, product.hi);
        sum->lo += product.lo;
    }
    for (int32_t j = 0; j < labeling->k; j++) {
        ptn_sum_add(&all, sums[j].hi);
        all.lo += sums[j].lo;
        bool used = labeling->total[j] > 0.0;
        double mean = used ? ptn_sum_value(sums[j]) / labeling->total[j] : (double)NAN;
        if (used) ptn_sum_add(&macro, mean);
        result->clusters += used;
        if (cluster_means != NULL) cluster_means[j] = mean;
    }
    result->mean = ptn_sum_value(all) / scored->weight;
    result->mean_macro = ptn_sum_value(macro) / (double)result->clusters;
    result->empty = labeling->k - result->clusters;
    result->in_double = labeling->in_double;
}

static patron_status score_all(sweep *s, patron_error *error)
{
    ptn_scored *scored = &s->scored;
    for (int32_t done = 0, taken; done < s->count; done += taken) {
        scored->from = (double)done / (double)s->count;
        scored->to = 1.0;
        patron_status status = ptn_silhouette_pairs(&taken, s->labelings + done, s->count - done, scored, error);
        if (status != PATRON_OK) return status;
        if (taken > 0) continue;
        scored->to = (double)(done + 1) / (double)s->count;
        status = ptn_silhouette_double(s->labelings + done, scored, error);
        if (status != PATRON_OK) return status;
        taken = 1;
    }
    return PATRON_OK;
}

static patron_status allocate_sweep(sweep *s, bool scores_wanted, const ptn_memory *memory, patron_error *error)
{
    int64_t extremes, scores;
    if (!ptn_mul_i64(&extremes, 3, s->scored.rows.cols)) extremes = -1;
    if (!ptn_mul_i64(&scores, s->scored.rows.rows, s->count)) scores = -1;
    const ptn_wanted wanted[] = {
        {&s->labelings, s->count, sizeof *s->labelings, "labelings"},
        {&s->totals, s->clusters, sizeof *s->totals, "cluster weights"},
        {&s->sums, s->clusters, sizeof *s->sums, "cluster sums"},
        {&s->extremes, extremes, sizeof *s->extremes, "extremes"},
        {&s->own, scores_wanted ? 0 : scores, sizeof *s->own, "scores"},
    };
    return ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, memory, error);
}

static patron_status run(sweep *s, const int32_t *labels, const int32_t *k, patron_error *error)
{
    ptn_scored *scored = &s->scored;
    int64_t cols = scored->rows.cols, before = 0;
    patron_status status = ptn_silhouette_check_weights(&scored->rows, &scored->weight, error);
    for (int32_t l = 0; status == PATRON_OK && l < s->count; l++) {
        s->labelings[l] = (ptn_labeling){.labels = labels + l * scored->rows.rows,
                                         .k = k[l],
                                         .total = s->totals + before,
                                         .scores = s->scores + l * scored->rows.rows};
        before += k[l];
        status = ptn_silhouette_check_labels(&s->labelings[l], scored, error);
    }
    if (status != PATRON_OK) return status;
    scored->footing.offset = s->extremes;
    status = ptn_footing_find(&scored->footing, s->extremes + cols, s->extremes + 2 * cols, &scored->rows, scored->team,
                              error);
    return status == PATRON_OK ? score_all(s, error) : status;
}

/* The result of labeling l; all of them are as large as the first. */
static patron_silhouette_result *result_at(patron_silhouette_result *results, int32_t l)
{
    return (patron_silhouette_result *)(void *)((char *)results + (size_t)l * results->size);
}

static patron_status silhouette(sweep *s, patron_silhouette_result *results, double *scores, double *cluster_means,
                                const int32_t *labels, const int32_t *k, const ptn_context *context,
                                patron_error *error)
{
    const ptn_memory *memory = &context->memory;
    double start = ptn_now_s();
    ptn_team team;
    ptn_team_open(&team, context);
    s->scored.team = &team;
    patron_status status = allocate_sweep(s, scores != NULL, memory, error);
    s->scores = scores == NULL ? s->own : scores;
    if (status == PATRON_OK) status = run(s, labels, k, error);
    for (int32_t l = 0; status == PATRON_OK && l < s->count; l++) {
        const ptn_labeling *labeling = &s->labelings[l];
        int64_t before = labeling->total - s->totals;
        patron_silhouette_result found = {.size = sizeof found};
        ptn_silhouette_give(&found, cluster_means == NULL ? NULL : cluster_means + before, s->sums, labeling,
                            &s->scored);
        found.seconds = ptn_now_s() - start;
        status = ptn_struct_write(result_at(results, l), &found, sizeof found, "results", error);
    }
    ptn_team_close(&team);
    ptn_free(memory, s->own);
    ptn_free(memory, s->extremes);
    ptn_free(memory, s->sums);
    ptn_free(memory, s->totals);
    ptn_free(memory, s->labelings);
    return status;
}

static patron_status check_results(patron_silhouette_result *results, int32_t count, patron_error *error)
{
    patron_silhouette_result nothing = {.size = sizeof nothing};
    for (int32_t l = 0; l < count; l++) {
        patron_status status =
            ptn_struct_write(l == 0 ? results : result_at(results, l), &nothing, sizeof nothing, "results", error);
        if (status != PATRON_OK) return status;
        if (result_at(results, l)->size != results->size)
            return ptn_fail(error, PATRON_INVALID_ARGUMENT, "results have different sizes; set all to the same");
    }
    return PATRON_OK;
}

patron_status patron_silhouette_sweep(patron_silhouette_result *results, double *scores, double *cluster_means,
                                      const patron_rows *rows, const int32_t *labels, const int32_t *k, int32_t count,
                                      const patron_context *context, patron_error *error)
{
    sweep s = {.count = count};
    ptn_context read;
    fenv_t host;
    ptn_ok(error);
    if (labels == NULL) return ptn_fail_null(error, "labels");
    if (k == NULL) return ptn_fail_null(error, "k");
    if (count < 1)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "there are %d labelings; give at least 1", (int)count);
    patron_status status = check_results(results, count, error);
    if (status == PATRON_OK) status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    ptn_floating_enter(&host);
    status = ptn_rows_read(&s.scored.rows, rows, error);
    if (status == PATRON_OK && s.scored.rows.rows == 0)
        status = ptn_fail(error, PATRON_NO_DATA, "there are no rows to score; give at least two");
    for (int32_t l = 0; status == PATRON_OK && l < count; l++) {
        if (k[l] < 1) status = ptn_fail(error, PATRON_INVALID_ARGUMENT, "k is %d; give at least 1", (int)k[l]);
        s.clusters += k[l];
    }
    if (status == PATRON_OK) status = silhouette(&s, results, scores, cluster_means, labels, k, &read, error);
    ptn_floating_leave(&host);
    return status;
}

patron_status patron_silhouette(patron_silhouette_result *result, double *scores, double *cluster_means,
                                const patron_rows *rows, const int32_t *labels, int32_t k,
                                const patron_context *context, patron_error *error)
{
    return patron_silhouette_sweep(result, scores, cluster_means, rows, labels, &k, 1, context, error);
}
