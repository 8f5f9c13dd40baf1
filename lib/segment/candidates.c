/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From features to a chosen number of segments: scale, cluster for each k, score, choose.

   The choice (Rousseeuw 1987): the k with the highest mean silhouette among those whose smallest segment holds at least
   options.smallest_share of the customers that are clustered; the smaller k on equal scores. What is not feasible keeps
   its reason. Beyond options.exact_pairs silhouettes are estimated, those of the feasible candidates on the same
   customers until the best of them is certain or the others are as good to CLOSE. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <patron/silhouette.h>

#include "base/checked.h"
#include "base/error.h"
#include "cluster/distinct.h"
#include "features/features.h"
#include "matrix/matrix.h"
#include "segment/segmentation.h"

/* Of estimated silhouettes: the level of their intervals, the difference below which two candidates are as good as one
   another, and the half-width that is enough for what is only shown. */
#define LEVEL 0.99
#define CLOSE 1e-4
#define WIDE  1e-3

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

static patron_status list_candidates(patron_segmentation *s, patron_error *error)
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
        candidate->silhouette = candidate->half_width = candidate->smallest_share = (double)NAN;
    }
    return PATRON_OK;
}

/* What the candidates that will be fitted are slices of. */
static patron_status prepare(patron_segmentation *s, patron_error *error)
{
    int64_t customers = s->grouped_count, labels, clusters = 0;
    bool exact = (double)customers * (double)customers <= (double)s->options.exact_pairs;
    if (!ptn_mul_i64(&labels, customers, s->fitted)) labels = -1;
    for (int32_t i = 0; i < s->fitted; i++) clusters += s->candidates[i].k;
    s->choice.estimated = !exact;
    const ptn_wanted list[] = {{&s->candidate_labels, labels, sizeof *s->candidate_labels, "labels"},
                               {&s->candidate_means, 2 * clusters, sizeof *s->candidate_means, "silhouettes"},
                               {&s->candidate_scores, labels, sizeof *s->candidate_scores, "silhouettes"}};
    patron_status status = ptn_allocate_each(list, exact ? 3 : 2, false, &s->memory, error);
    if (status != PATRON_OK) return status;
    memset(s->candidate_means, 0, (size_t)(2 * clusters) * sizeof *s->candidate_means);
    double *means = s->candidate_means;
    for (int32_t i = 0; i < s->fitted; means += s->candidates[i++].k) {
        s->candidates[i].labels = s->candidate_labels + i * customers;
        s->candidates[i].cluster_means = means;
        s->candidates[i].half_widths = means + clusters;
        if (exact) s->candidates[i].scores = s->candidate_scores + i * customers;
    }
    return PATRON_OK;
}

patron_status ptn_segmentation_cluster(patron_segmentation *s, const patron_context *context, patron_error *error)
{
    int64_t distinct = 0;
    patron_rows view;
    patron_kmeans_options options;
    patron_kmeans *fits[PTN_MOST_SEGMENTS];
    patron_status status = list_candidates(s, error);
    if (status != PATRON_OK) return status;

    view_of(&view, s->scaled, s->grouped_count, s->column_count);
    status = ptn_kmeans_distinct(&distinct, &view, s->options.k_max, &s->memory, error);
    if (status != PATRON_OK) return status;
    for (int32_t i = 0; i < s->candidate_count; i++) {
        s->fitted += s->candidates[i].k <= distinct;
        if (s->candidates[i].k > distinct)
            snprintf(s->candidates[i].reason, PTN_REASON_BYTES, "only %lld distinct customer%s", (long long)distinct,
                     distinct == 1 ? "" : "s");
    }
    if (s->fitted == 0) return PATRON_OK;
    status = prepare(s, error);
    if (status != PATRON_OK) return status;

    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = s->options.n_init;
    options.max_iter = s->options.max_iter;
    options.tol = s->options.tol;
    options.seed = s->options.seed;
    status = patron_kmeans_sweep(fits, s->candidate_labels, &view, s->options.k_min, s->candidates[s->fitted - 1].k,
                                 &options, context, error);
    for (int32_t i = 0; status == PATRON_OK && i < s->fitted; i++) s->candidates[i].kmeans = fits[i];
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

static patron_status score_exactly(patron_segmentation *s, const patron_rows *view, const patron_context *context,
                                   patron_error *error)
{
    int32_t k[PTN_MOST_SEGMENTS];
    patron_silhouette_result results[PTN_MOST_SEGMENTS];
    for (int32_t i = 0; i < s->fitted; i++) {
        k[i] = s->candidates[i].k;
        results[i].size = sizeof *results;
    }
    patron_status status = patron_silhouette_sweep(results, s->candidate_scores, s->candidate_means, view,
                                                   s->candidate_labels, k, s->fitted, context, error);
    for (int32_t i = 0; status == PATRON_OK && i < s->fitted; i++) {
        s->candidates[i].silhouette = results[i].mean;
        s->candidates[i].half_width = 0.0;
    }
    return status;
}

/* A budget that is spent is no failure here: the interval says what is known. */
static patron_status estimate_one(ptn_candidate *candidate, bool clusters, const patron_rows *view,
                                  const patron_silhouette_estimate_options *options, const patron_context *context,
                                  patron_error *error)
{
    patron_silhouette_estimate_result result = {.size = sizeof result};
    patron_status status = patron_silhouette_estimate(&result, clusters ? candidate->cluster_means : NULL,
                                                      clusters ? candidate->half_widths : NULL, view, candidate->labels,
                                                      candidate->k, options, context, error);
    if (status == PATRON_BUDGET_SPENT) status = ptn_ok(error);
    if (status != PATRON_OK || isfinite(candidate->silhouette)) return status;
    candidate->silhouette = result.mean;
    candidate->half_width = result.half_width;
    return PATRON_OK;
}

/* Feasible candidates against one another, on the same sampled customers. Where they are too many for that they are
   left without a silhouette, to be estimated one by one. */
static patron_status compare_feasible(patron_segmentation *s, const patron_rows *view,
                                      const patron_silhouette_estimate_options *options, const patron_context *context,
                                      patron_error *error)
{
    int32_t k[PTN_MOST_SEGMENTS], at[PTN_MOST_SEGMENTS], count = 0;
    int64_t customers = s->grouped_count;
    patron_silhouette_comparison comparison = {.size = sizeof comparison};
    patron_silhouette_estimate_result results[PTN_MOST_SEGMENTS];
    int32_t *labels = NULL;
    for (int32_t i = 0; i < s->fitted; i++) {
        if (!s->candidates[i].feasible) continue;
        k[count] = s->candidates[i].k;
        results[count].size = sizeof *results;
        at[count++] = i;
    }
    if (count < 2) return PATRON_OK;
    const ptn_wanted wanted = {&labels, customers * count, sizeof *labels, "labels"};
    patron_status status = PATRON_OK;
    if (count < s->fitted) status = ptn_allocate_each(&wanted, 1, false, &s->memory, error);
    if (status != PATRON_OK) return status;
    for (int32_t i = 0; labels != NULL && i < count; i++)
        memcpy(labels + i * customers, s->candidates[at[i]].labels, (size_t)customers * sizeof *labels);
    status = patron_silhouette_compare(&comparison, results, view, labels != NULL ? labels : s->candidate_labels, k,
                                       count, options, context, error);
    ptn_free(&s->memory, labels);
    if (status == PATRON_TOO_LARGE) return ptn_ok(error);
    if (status != PATRON_OK) return status;
    for (int32_t i = 0; i < count; i++) {
        s->candidates[at[i]].silhouette = results[i].mean;
        s->candidates[at[i]].half_width = results[i].half_width;
    }
    s->choice.certain = comparison.certain;
    s->choice.half_width = comparison.half_width;
    s->choice.rows_used = comparison.rows_used;
    s->choice.rival_k = k[comparison.rival];
    return PATRON_OK;
}

/* The feasible candidate with the highest silhouette, the first of equals; -1 where there is none. */
static int32_t find_best(const patron_segmentation *s, int32_t but)
{
    int32_t best = -1;
    for (int32_t i = 0; i < s->fitted; i++) {
        const ptn_candidate *candidate = &s->candidates[i];
        if (!candidate->feasible || i == but) continue;
        if (best < 0 || candidate->silhouette > s->candidates[best].silhouette) best = i;
    }
    return best;
}

static patron_status estimate_all(patron_segmentation *s, const patron_rows *view, const patron_context *context,
                                  patron_error *error)
{
    patron_silhouette_estimate_options options;
    patron_silhouette_estimate_options_init(&options, sizeof options);
    options.seed = s->options.seed;
    options.level = LEVEL;
    options.half_width = CLOSE;
    patron_status status = compare_feasible(s, view, &options, context, error);
    options.half_width = WIDE;
    for (int32_t i = 0; status == PATRON_OK && i < s->fitted; i++)
        if (isnan(s->candidates[i].silhouette))
            status = estimate_one(&s->candidates[i], false, view, &options, context, error);
    s->chosen = find_best(s, -1);
    if (status == PATRON_OK && s->chosen >= 0)
        status = estimate_one(&s->candidates[s->chosen], true, view, &options, context, error);
    return status;
}

/* Candidates that were fitted are the first ones. */
patron_status ptn_segmentation_score(patron_segmentation *s, const patron_context *context, patron_error *error)
{
    patron_rows view;
    patron_choice *choice = &s->choice;
    s->chosen = -1;
    if (s->fitted == 0) return PATRON_OK;
    view_of(&view, s->scaled, s->grouped_count, s->column_count);
    for (int32_t i = 0; i < s->fitted; i++) judge(&s->candidates[i], s->grouped_count, s->options.smallest_share);
    choice->size = sizeof *choice;
    choice->level = choice->estimated ? LEVEL : 1.0;
    choice->half_width = choice->estimated ? (double)NAN : 0.0;
    choice->difference = (double)NAN;
    patron_status status =
        choice->estimated ? estimate_all(s, &view, context, error) : score_exactly(s, &view, context, error);
    if (status != PATRON_OK) return status;
    s->chosen = find_best(s, -1);
    int32_t rival = find_best(s, s->chosen);
    if (!choice->estimated) choice->rows_used = s->grouped_count;
    for (int32_t i = 0; i < s->fitted; i++)
        if (s->candidates[i].k == choice->rival_k) rival = i;
    if (s->chosen >= 0 && rival >= 0) {
        choice->rival_k = s->candidates[rival].k;
        choice->difference = s->candidates[s->chosen].silhouette - s->candidates[rival].silhouette;
        if (!choice->estimated) choice->certain = choice->difference > 0.0;
    } else {
        choice->certain = s->chosen >= 0;
    }
    return PATRON_OK;
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
    if (s->chosen < 0) return fail_all(s, error);
    ptn_free(&s->memory, s->scaled);
    s->scaled = NULL;
    return ptn_segmentation_describe(s, error);
}
