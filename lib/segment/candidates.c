/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From features to a chosen number of segments: scale, cluster for each k, score, choose.

   The choice (Rousseeuw 1987): the k with the highest mean silhouette among those whose smallest segment holds at least
   options.smallest_share of the customers that are clustered; the smaller k on equal scores. What is not feasible keeps
   its reason. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <patron/silhouette.h>

#include "base/error.h"
#include "cluster/distinct.h"
#include "features/features.h"
#include "matrix/matrix.h"
#include "segment/segmentation.h"

patron_status ptn_segmentation_gather(double **rows, const patron_segmentation *s, const patron_matrix *matrix,
                                      const int64_t *columns, const int64_t *picked, int64_t count,
                                      const ptn_memory *memory, patron_error *error)
{
    void *block;
    *rows = NULL;
    patron_status status =
        ptn_allocate(&block, memory, count, (size_t)s->column_count * sizeof(double), "rows to group", error);
    if (status != PATRON_OK) return status;
    double *values = block;
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = 0; c < s->column_count; c++)
            values[i * s->column_count + c] = matrix->values[picked[i] * matrix->cols + columns[c]];
    *rows = values;
    return PATRON_OK;
}

static void view_of(patron_rows *view, const double *values, int64_t rows, int64_t cols)
{
    patron_rows_init(view, sizeof *view);
    view->values = values;
    view->rows = rows;
    view->cols = view->row_stride = cols;
}

patron_status ptn_segmentation_name_missing(const patron_segmentation *s, const double *values,
                                            const patron_matrix *matrix, const int64_t *columns, const int64_t *picked,
                                            int64_t count, patron_error *error)
{
    if (s->options.fill != PATRON_FILL_REJECT) return PATRON_OK;
    for (int64_t i = 0; i < count * s->column_count; i++) {
        if (!isnan(values[i])) continue;
        const patron_column *column = &matrix->columns[columns[i % s->column_count]];
        int64_t row = picked[i / s->column_count];
        return ptn_fail_row(error, PATRON_NOT_FINITE, row, -1,
                            "customer %lld has no %s (%s); choose a fill, or leave the feature out", (long long)row,
                            column->name, column->missing);
    }
    return PATRON_OK;
}

patron_status ptn_segmentation_scale(patron_segmentation *s, const patron_context *context, patron_error *error)
{
    const patron_matrix *matrix = s->features->matrix;
    double *raw = NULL;
    void *block = NULL;
    patron_rows view;
    patron_scaler_options options;
    patron_status status =
        ptn_segmentation_gather(&raw, s, matrix, s->columns, s->grouped, s->grouped_count, &s->memory, error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_segmentation_name_missing(s, raw, matrix, s->columns, s->grouped, s->grouped_count, error);
    if (status != PATRON_OK) goto cleanup;

    view_of(&view, raw, s->grouped_count, s->column_count);
    patron_scaler_options_init(&options, sizeof options);
    options.fill = s->options.fill;
    options.transform = s->options.transform;
    options.scale = s->options.scale;
    options.winsor_low = s->options.winsor_low;
    options.winsor_high = s->options.winsor_high;
    status = patron_scaler_fit(&s->scaler, &view, &options, context, error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&block, &s->memory, s->grouped_count, (size_t)s->column_count * sizeof(double), "scaled rows",
                          error);
    if (status != PATRON_OK) goto cleanup;
    s->scaled = block;
    status = patron_scaler_transform(s->scaled, s->scaler, &view, context, error);

cleanup:
    ptn_free(&s->memory, raw);
    return status;
}

/* Memory for every candidate, so that what follows only fills it. */
static patron_status prepare(patron_segmentation *s, int64_t customers, patron_error *error)
{
    void *block;
    int32_t count = s->options.k_max - s->options.k_min + 1;
    patron_status status = ptn_allocate_zero(&block, &s->memory, count, sizeof(ptn_candidate), "candidates", error);
    if (status != PATRON_OK) return status;
    s->candidates = block;
    s->candidate_count = count;
    for (int32_t i = 0; i < count; i++) {
        ptn_candidate *candidate = &s->candidates[i];
        candidate->k = s->options.k_min + i;
        candidate->silhouette = candidate->smallest_share = (double)NAN;
        status = ptn_allocate(&block, &s->memory, customers, sizeof *candidate->labels, "labels", error);
        if (status != PATRON_OK) return status;
        candidate->labels = block;
        status = ptn_allocate(&block, &s->memory, customers, sizeof *candidate->scores, "silhouettes", error);
        if (status != PATRON_OK) return status;
        candidate->scores = block;
        status = ptn_allocate(&block, &s->memory, candidate->k, sizeof *candidate->cluster_means, "silhouettes", error);
        if (status != PATRON_OK) return status;
        candidate->cluster_means = block;
    }
    return PATRON_OK;
}

patron_status ptn_segmentation_cluster(patron_segmentation *s, const patron_context *context, patron_error *error)
{
    int64_t customers = s->grouped_count, distinct = 0;
    patron_rows view;
    patron_kmeans_options options;
    patron_kmeans *fits[PTN_MOST_SEGMENTS];
    void *labels = NULL;
    patron_status status = prepare(s, customers, error);
    if (status != PATRON_OK) return status;

    view_of(&view, s->scaled, customers, s->column_count);
    status = ptn_kmeans_distinct(&distinct, &view, s->options.k_max, &s->memory, error);
    if (status != PATRON_OK) return status;
    int32_t k_max = distinct < s->options.k_max ? (int32_t)distinct : s->options.k_max;
    for (int32_t i = 0; i < s->candidate_count; i++)
        if (s->candidates[i].k > k_max)
            snprintf(s->candidates[i].reason, PTN_REASON_BYTES, "only %lld distinct customer%s", (long long)distinct,
                     distinct == 1 ? "" : "s");
    if (k_max < s->options.k_min) return PATRON_OK;

    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = s->options.n_init;
    options.max_iter = s->options.max_iter;
    options.tol = s->options.tol;
    options.seed = s->options.seed;
    int32_t fitted = k_max - s->options.k_min + 1;
    status = ptn_allocate(&labels, &s->memory, customers, (size_t)fitted * sizeof(int32_t), "labels", error);
    if (status != PATRON_OK) return status;
    status = patron_kmeans_sweep(fits, labels, &view, s->options.k_min, k_max, &options, context, error);
    for (int32_t i = 0; status == PATRON_OK && i < fitted; i++) {
        s->candidates[i].kmeans = fits[i];
        memcpy(s->candidates[i].labels, (int32_t *)labels + i * customers, (size_t)customers * sizeof(int32_t));
    }
    ptn_free(&s->memory, labels);
    return status;
}

/* The share of the smallest segment, and whether it is large enough. */
static void judge(ptn_candidate *candidate, int64_t customers, double smallest_share)
{
    const int64_t *sizes = patron_kmeans_sizes(candidate->kmeans);
    int64_t smallest = customers;
    char percent[16];
    for (int32_t j = 0; j < candidate->k; j++)
        if (sizes[j] < smallest) smallest = sizes[j];
    candidate->smallest_share = (double)smallest / (double)customers;
    candidate->feasible = candidate->smallest_share >= smallest_share;
    if (candidate->feasible) return;
    /* Not by %g: the reason is part of the summary, whose bytes do not depend on the host's locale. */
    int hundredths = (int)(10000.0 * smallest_share + 0.5);
    snprintf(percent, sizeof percent, "%d.%02d", hundredths / 100, hundredths % 100);
    if (hundredths % 100 == 0) percent[strlen(percent) - 3] = '\0';
    snprintf(candidate->reason, PTN_REASON_BYTES, "the smallest segment has %lld of %lld customers, below %s %%",
             (long long)smallest, (long long)customers, percent);
}

/* Candidates that were fitted are the first ones: labels and scores of all of them go through one block each. */
patron_status ptn_segmentation_score(patron_segmentation *s, const patron_context *context, patron_error *error)
{
    int64_t customers = s->grouped_count, clusters = 0;
    int32_t fitted = 0, k[PTN_MOST_SEGMENTS];
    patron_silhouette_result results[PTN_MOST_SEGMENTS];
    void *labels = NULL, *scores = NULL, *means = NULL;
    patron_rows view;
    view_of(&view, s->scaled, customers, s->column_count);
    for (; fitted < s->candidate_count && s->candidates[fitted].kmeans != NULL; fitted++) {
        k[fitted] = s->candidates[fitted].k;
        clusters += k[fitted];
        results[fitted].size = sizeof *results;
    }
    if (fitted == 0) return PATRON_OK;
    patron_status status =
        ptn_allocate(&labels, &s->memory, customers, (size_t)fitted * sizeof(int32_t), "labels", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&scores, &s->memory, customers, (size_t)fitted * sizeof(double), "silhouettes", error);
    if (status != PATRON_OK) goto cleanup;
    status = ptn_allocate(&means, &s->memory, clusters, sizeof(double), "silhouettes", error);
    if (status != PATRON_OK) goto cleanup;
    for (int32_t i = 0; i < fitted; i++)
        memcpy((int32_t *)labels + i * customers, s->candidates[i].labels, (size_t)customers * sizeof(int32_t));
    status = patron_silhouette_sweep(results, scores, means, &view, labels, k, fitted, context, error);
    if (status != PATRON_OK) goto cleanup;
    clusters = 0;
    for (int32_t i = 0; i < fitted; i++) {
        ptn_candidate *candidate = &s->candidates[i];
        memcpy(candidate->scores, (double *)scores + i * customers, (size_t)customers * sizeof(double));
        memcpy(candidate->cluster_means, (double *)means + clusters, (size_t)k[i] * sizeof(double));
        clusters += k[i];
        candidate->silhouette = results[i].mean;
        judge(candidate, customers, s->options.smallest_share);
    }

cleanup:
    ptn_free(&s->memory, means);
    ptn_free(&s->memory, scores);
    ptn_free(&s->memory, labels);
    return status;
}

/* "k = 2: …; k = 3: …", as far as it fits. */
static patron_status fail_all(const patron_segmentation *s, patron_error *error)
{
    char reasons[360] = "";
    for (int32_t i = 0; i < s->candidate_count; i++) {
        size_t used = strlen(reasons);
        snprintf(reasons + used, sizeof reasons - used, "%sk = %d: %s", i == 0 ? "" : "; ", (int)s->candidates[i].k,
                 s->candidates[i].reason);
    }
    return ptn_fail(
        error, PATRON_NO_SEGMENTS,
        "these customers fall into no segments; use more data, other features or a lower smallest_share (%s)", reasons);
}

patron_status ptn_segmentation_choose(patron_segmentation *s, patron_error *error)
{
    s->chosen = -1;
    for (int32_t i = 0; i < s->candidate_count; i++) {
        const ptn_candidate *candidate = &s->candidates[i];
        if (!candidate->feasible) continue;
        if (s->chosen < 0 || candidate->silhouette > s->candidates[s->chosen].silhouette) s->chosen = i;
    }
    if (s->chosen < 0) return fail_all(s, error);
    ptn_free(&s->memory, s->scaled);
    s->scaled = NULL;
    return ptn_segmentation_describe(s, error);
}
