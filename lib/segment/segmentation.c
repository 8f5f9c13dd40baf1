/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A segmentation's beginning, its end, and what callers read from it. */
#include "segment/segmentation.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/floating.h"
#include "base/hash.h"
#include "features/catalogue.h"
#include "features/features.h"
#include "matrix/matrix.h"

void patron_segment_options_init(patron_segment_options *options, size_t size)
{
    patron_segment_options defaults;
    memset(&defaults, 0, sizeof defaults);
    defaults.as_of_s = PATRON_AS_OF_LAST;
    defaults.k_min = 2;
    defaults.k_max = 4;
    defaults.smallest_share = 0.02;
    defaults.fill = PATRON_FILL_REJECT;
    defaults.transform = PATRON_TRANSFORM_LOG1P;
    defaults.scale = PATRON_SCALE_ZSCORE;
    defaults.n_init = 10;
    defaults.max_iter = 300;
    defaults.recent_days = 90;
    defaults.minimum_orders = 1;
    defaults.winsor_high = 1.0;
    defaults.exact_pairs = INT64_C(40000000000);
    ptn_struct_init(options, size, &defaults, sizeof defaults);
}

static patron_status check_options(const patron_segment_options *options, patron_error *error)
{
    if (options->k_min < 2 || options->k_max < options->k_min || options->k_max > PTN_MOST_SEGMENTS)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "k from %d to %d is no range; give 2 <= k_min <= k_max <= %d",
                        (int)options->k_min, (int)options->k_max, (int)PTN_MOST_SEGMENTS);
    if (!(options->smallest_share >= 0.0 && options->smallest_share <= 0.5))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "smallest_share is not within 0 and 0.5");
    if (options->n_init < 1 || options->max_iter < 1 || !(options->tol >= 0.0 && isfinite(options->tol)))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "n_init and max_iter must be at least 1, tol finite and >= 0");
    if (options->minimum_orders < 1)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "minimum_orders is %d; give 1, or more to set customers apart",
                        (int)options->minimum_orders);
    if (options->exact_pairs < 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "exact_pairs is %lld; give a number of pairs, or 0",
                        (long long)options->exact_pairs);
    return ptn_days_check(options->recent_days, options->window_days, error);
}

/* Copies the options with the text they point to; the default preset is filled in. */
static patron_status take_options(patron_segmentation *s, const patron_segment_options *options, patron_error *error)
{
    void *block;
    patron_segment_options_init(&s->options, sizeof s->options);
    patron_status status = ptn_struct_read(&s->options, sizeof s->options, options, "options", error);
    if (status != PATRON_OK) return status;
    status = check_options(&s->options, error);
    if (status != PATRON_OK) return status;

    const char *text = s->options.features == NULL ? "rfm" : s->options.features;
    size_t bytes = strlen(text) + 1;
    status = ptn_allocate(&block, &s->memory, (int64_t)bytes, 1, "a list of features", error);
    if (status != PATRON_OK) return status;
    memcpy(block, text, bytes);
    s->features_text = block;
    s->options.features = s->features_text;
    return PATRON_OK;
}

/* Adds the joined columns of role CLUSTER that the list does not name, in the matrix's order; the list reported names
   them too. */
static patron_status add_joined_columns(patron_segmentation *s, patron_error *error)
{
    const patron_matrix *matrix = s->features->matrix;
    void *block;
    int64_t named = s->column_count;
    size_t bytes = strlen(s->features_text) + 1;
    for (int64_t c = matrix->cols - s->features->joined; c < matrix->cols; c++) {
        bool known = matrix->columns[c].role != PATRON_ROLE_CLUSTER;
        for (int64_t i = 0; i < named && !known; i++) known = s->columns[i] == c;
        if (known) continue;
        s->columns[s->column_count++] = c;
        bytes += strlen(matrix->columns[c].name) + 1;
    }
    if (s->column_count == named) return PATRON_OK;
    patron_status status = ptn_allocate(&block, &s->memory, (int64_t)bytes, 1, "a list of features", error);
    if (status != PATRON_OK) return status;
    char *text = block, *end = text;
    end += snprintf(end, bytes, "%s", s->features_text);
    for (int64_t i = named; i < s->column_count; i++)
        end += snprintf(end, bytes - (size_t)(end - text), "%s%s", end == text ? "" : ",",
                        matrix->columns[s->columns[i]].name);
    ptn_free(&s->memory, s->features_text);
    s->features_text = text;
    s->options.features = text;
    return PATRON_OK;
}

/* Whether customers may be grouped by the column. */
static patron_status check_column(const patron_column *column, patron_error *error)
{
    if (column->role == PATRON_ROLE_IGNORE)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "column %s has PATRON_ROLE_IGNORE and is not to be used; give it another role, or leave it out "
                        "of features",
                        column->name);
    if (column->kind != PATRON_KIND_NUMBER)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "column %s has %s, which describe customers and cannot group them; leave it out of features",
                        column->name, column->kind == PATRON_KIND_MONTH ? "months" : "codes");
    return PATRON_OK;
}

/* Finds the columns to group by: the list's, and the joined ones of role CLUSTER; says so in every column's role. */
static patron_status take_columns(patron_segmentation *s, patron_error *error)
{
    patron_matrix *matrix = s->features->matrix;
    void *block;
    patron_status status = ptn_allocate(&block, &s->memory, matrix->cols, sizeof *s->columns, "columns", error);
    if (status != PATRON_OK) return status;
    s->columns = block;
    if (s->features_text[0] != '\0')
        status =
            ptn_columns_choose(s->columns, &s->column_count, s->features_text, matrix->columns, matrix->cols, error);
    for (int64_t i = 0; status == PATRON_OK && i < s->column_count; i++)
        status = check_column(&matrix->columns[s->columns[i]], error);
    if (status == PATRON_OK) status = add_joined_columns(s, error);
    if (status != PATRON_OK) return status;
    if (s->column_count == 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "there is nothing to group by: features names no column, and no joined column has "
                        "PATRON_ROLE_CLUSTER");
    for (int64_t c = 0; c < matrix->cols; c++)
        if (matrix->columns[c].role == PATRON_ROLE_CLUSTER) matrix->columns[c].role = PATRON_ROLE_PROFILE;
    for (int64_t i = 0; i < s->column_count; i++) matrix->columns[s->columns[i]].role = PATRON_ROLE_CLUSTER;
    return PATRON_OK;
}

patron_status ptn_segmentation_pick(int64_t **picked, int64_t *count, const patron_segmentation *s,
                                    const patron_features *features, const ptn_memory *memory, patron_error *error)
{
    void *block;
    patron_status status = ptn_allocate(&block, memory, features->rows, sizeof **picked, "rows to group", error);
    if (status != PATRON_OK) return status;
    *picked = block;
    *count = 0;
    for (int64_t row = 0; row < features->rows; row++)
        if (features->values[row].orders >= s->options.minimum_orders) (*picked)[(*count)++] = row;
    return PATRON_OK;
}

static patron_status take_customers(patron_segmentation *s, patron_error *error)
{
    patron_status status = ptn_segmentation_pick(&s->grouped, &s->grouped_count, s, s->features, &s->memory, error);
    if (status == PATRON_OK && s->grouped_count == 0)
        return ptn_fail(error, PATRON_NO_SEGMENTS,
                        "none of the %lld customers has %d orders: all are set apart; lower minimum_orders",
                        (long long)s->features->rows, (int)s->options.minimum_orders);
    return status;
}

patron_status ptn_segmentation_begin(patron_segmentation **segmentation, const patron_features *features,
                                     const patron_segment_options *options, const ptn_context *context,
                                     patron_error *error)
{
    void *block;
    patron_audit audit = {.size = sizeof audit};
    *segmentation = NULL;
    if (features == NULL) return ptn_fail_null(error, "features");
    patron_status status =
        ptn_allocate_zero(&block, &context->memory, 1, sizeof(patron_segmentation), "a segmentation", error);
    if (status != PATRON_OK) return status;
    patron_segmentation *s = block;
    s->memory = context->memory;

    status = take_options(s, options, error);
    if (status == PATRON_OK) status = ptn_features_copy(&s->features, features, &s->memory, error);
    if (status == PATRON_OK) status = patron_features_audit(&audit, s->features, error);
    if (status == PATRON_OK) status = take_columns(s, error);
    if (status == PATRON_OK) status = take_customers(s, error);
    if (status != PATRON_OK) {
        patron_segmentation_free(s);
        return status;
    }
    s->options.as_of_s = audit.as_of_s;
    s->options.recent_days = s->features->recent_days;
    s->options.window_days = s->features->window_days;
    *segmentation = s;
    return PATRON_OK;
}

void patron_segmentation_free(patron_segmentation *segmentation)
{
    if (segmentation == NULL) return;
    patron_segmentation *s = segmentation;
    ptn_memory memory = s->memory;
    ptn_free(&memory, s->commons);
    ptn_free(&memory, s->medians);
    ptn_free(&memory, s->means);
    ptn_free(&memory, s->silhouettes);
    ptn_free(&memory, s->labels);
    for (int32_t i = 0; i < s->candidate_count; i++) patron_kmeans_free(s->candidates[i].kmeans);
    ptn_free(&memory, s->candidate_means);
    ptn_free(&memory, s->candidate_scores);
    ptn_free(&memory, s->candidate_labels);
    ptn_free(&memory, s->candidates);
    ptn_free(&memory, s->scaled);
    patron_scaler_free(s->scaler);
    ptn_free(&memory, s->grouped);
    ptn_free(&memory, s->columns);
    patron_features_free(s->features);
    ptn_free(&memory, s->features_text);
    ptn_free(&memory, s);
}

int32_t patron_segmentation_count(const patron_segmentation *segmentation)
{
    return segmentation == NULL ? 0 : segmentation->count;
}

patron_status patron_segmentation_segment(patron_segment_info *info, const patron_segmentation *segmentation,
                                          int32_t id, patron_error *error)
{
    ptn_ok(error);
    if (segmentation == NULL) return ptn_fail_null(error, "segmentation");
    if (id < 0 || id >= segmentation->count)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "there is no segment %d; they are numbered 0 to %d", (int)id,
                        (int)segmentation->count - 1);
    return ptn_struct_write(info, &segmentation->segments[id], sizeof *info, "info", error);
}

/* *at gets the place of a column's figures for a segment. */
static patron_status find_figures(int64_t *at, const patron_segmentation *segmentation, int32_t id, int64_t column,
                                  patron_error *error)
{
    ptn_ok(error);
    if (segmentation == NULL) return ptn_fail_null(error, "segmentation");
    int64_t cols = patron_matrix_column_count(patron_features_matrix(segmentation->features));
    if (id < -1 || id >= segmentation->count || column < 0 || column >= cols)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "there is no segment %d with column %lld; segments are -1 (all) to %d, columns 0 to %lld",
                        (int)id, (long long)column, (int)segmentation->count - 1, (long long)cols - 1);
    *at = (id == -1 ? segmentation->count : id) * cols + column;
    return PATRON_OK;
}

patron_status patron_segmentation_statistic(double *mean, double *median, const patron_segmentation *segmentation,
                                            int32_t id, int64_t column, patron_error *error)
{
    int64_t at = 0;
    patron_status status = find_figures(&at, segmentation, id, column, error);
    if (status != PATRON_OK) return status;
    if (mean != NULL) *mean = segmentation->means[at];
    if (median != NULL) *median = segmentation->medians[at];
    return PATRON_OK;
}

patron_status patron_segmentation_most_common(patron_common_value *common, const patron_segmentation *segmentation,
                                              int32_t id, int64_t column, patron_error *error)
{
    int64_t at = 0;
    patron_status status = find_figures(&at, segmentation, id, column, error);
    if (status != PATRON_OK) return status;
    return ptn_struct_write(common, &segmentation->commons[at], sizeof *common, "common", error);
}

const patron_features *patron_segmentation_features(const patron_segmentation *segmentation)
{
    return segmentation == NULL ? NULL : segmentation->features;
}

const int32_t *patron_segmentation_labels(const patron_segmentation *segmentation)
{
    return segmentation == NULL ? NULL : segmentation->labels;
}

const double *patron_segmentation_silhouettes(const patron_segmentation *segmentation)
{
    return segmentation == NULL ? NULL : segmentation->silhouettes;
}

int32_t patron_segmentation_candidate_count(const patron_segmentation *segmentation)
{
    return segmentation == NULL ? 0 : segmentation->candidate_count;
}

patron_status patron_segmentation_candidate(patron_candidate *candidate, const patron_segmentation *segmentation,
                                            int32_t index, patron_error *error)
{
    ptn_ok(error);
    if (segmentation == NULL) return ptn_fail_null(error, "segmentation");
    if (index < 0 || index >= segmentation->candidate_count)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "there is no candidate %d; they are numbered 0 to %d",
                        (int)index, (int)segmentation->candidate_count - 1);

    const ptn_candidate *from = &segmentation->candidates[index];
    patron_kmeans_result fit = {.size = sizeof fit};
    patron_candidate found = {.size = sizeof found, .inertia = (double)NAN, .inertia_lower_bound = (double)NAN};
    if (from->kmeans != NULL) {
        patron_status status = patron_kmeans_result_get(&fit, from->kmeans, error);
        if (status != PATRON_OK) return status;
        found.inertia = fit.inertia;
        found.inertia_lower_bound = fit.inertia_lower_bound;
        found.converged = fit.converged;
    }
    found.k = from->k;
    found.feasible = from->feasible;
    found.chosen = index == segmentation->chosen;
    found.reason = from->reason;
    found.silhouette = from->silhouette;
    found.smallest_share = from->smallest_share;
    found.silhouette_half_width = from->half_width;
    return ptn_struct_write(candidate, &found, sizeof found, "candidate", error);
}

double patron_segmentation_silhouette(const patron_segmentation *segmentation)
{
    return segmentation == NULL ? (double)NAN : segmentation->candidates[segmentation->chosen].silhouette;
}

patron_status patron_segmentation_choice(patron_choice *choice, const patron_segmentation *segmentation,
                                         patron_error *error)
{
    ptn_ok(error);
    if (segmentation == NULL) return ptn_fail_null(error, "segmentation");
    return ptn_struct_write(choice, &segmentation->choice, sizeof *choice, "choice", error);
}

patron_status patron_segmentation_options(patron_segment_options *options, const patron_segmentation *segmentation,
                                          patron_error *error)
{
    ptn_ok(error);
    if (segmentation == NULL) return ptn_fail_null(error, "segmentation");
    return ptn_struct_write(options, &segmentation->options, sizeof *options, "options", error);
}

uint64_t patron_fingerprint(const patron_segmentation *segmentation)
{
    if (segmentation == NULL) return 0;
    const patron_segmentation *s = segmentation;
    int64_t customers = patron_features_customer_count(s->features);
    uint64_t hash = ptn_hash_labels(PTN_HASH_START, s->labels, customers);
    for (int32_t i = 0; i < s->candidate_count; i++) {
        const ptn_candidate *candidate = &s->candidates[i];
        patron_kmeans_result fit = {.size = sizeof fit};
        if (candidate->kmeans == NULL || patron_kmeans_result_get(&fit, candidate->kmeans, NULL) != PATRON_OK) continue;
        hash = ptn_hash_u64(hash, fit.fingerprint);
        if (candidate->scores != NULL) hash = ptn_hash_doubles(hash, candidate->scores, s->grouped_count);
        hash = ptn_hash_doubles(hash, &candidate->silhouette, 1);
    }
    return hash;
}
