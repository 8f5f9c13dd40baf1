/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Estimates of silhouettes for callers: options, looks until one may stop, intervals; and the exact engine where all
   rows would be scored. Unbiased for any surrogate fixed beforehand, as the difference estimator of survey sampling is
   (Cassel, Särndal & Wretman 1976). */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/floating.h"
#include "cluster/estimate.h"

void patron_silhouette_estimate_options_init(patron_silhouette_estimate_options *options, size_t size)
{
    patron_silhouette_estimate_options defaults;
    memset(&defaults, 0, sizeof defaults);
    defaults.half_width = 1e-3;
    defaults.level = 0.99;
    ptn_struct_init(options, size, &defaults, sizeof defaults);
}

/* What a call is about. */
typedef struct estimation {
    patron_silhouette_estimate_options options;
    ptn_context context;
    ptn_scored scored;
    ptn_team team;
    ptn_labeling *labelings; /* count */
    int32_t count;
    double *totals, *extremes;
    ptn_estimate estimate;
    bool exact;                        /* estimate was left to the exact engine, and is in */
    patron_silhouette_result *results; /* count */
    double *means;                     /* of all clusters */
    double start;
} estimation;

static patron_status read_options(estimation *n, const patron_silhouette_estimate_options *options, bool zero,
                                  patron_error *error)
{
    patron_silhouette_estimate_options_init(&n->options, sizeof n->options);
    patron_status status = ptn_struct_read(&n->options, sizeof n->options, options, "options", error);
    if (status != PATRON_OK) return status;
    if (!(n->options.half_width >= 0.0) || (!zero && n->options.half_width == 0.0))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "half_width is %g; give a number above 0, such as 0.001",
                        n->options.half_width);
    if (!(n->options.level >= 0.5 && n->options.level <= 0.999999))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "level is %g; give a number from 0.5 to 0.999999",
                        n->options.level);
    if (n->options.most_rows < 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "most_rows is %lld; give 0 for the default, or a number",
                        (long long)n->options.most_rows);
    return PATRON_OK;
}

static patron_status check_shape(estimation *n, const patron_rows *rows, const int32_t *k, int64_t *clusters,
                                 patron_error *error)
{
    *clusters = 0;
    patron_status status = ptn_rows_read(&n->scored.rows, rows, error);
    if (status == PATRON_OK && n->scored.rows.rows == 0)
        status = ptn_fail(error, PATRON_NO_DATA, "there are no rows to score; give at least two");
    for (int32_t l = 0; status == PATRON_OK && l < n->count; l++) {
        if (k[l] < 1) status = ptn_fail(error, PATRON_INVALID_ARGUMENT, "k is %d; give at least 1", (int)k[l]);
        *clusters += k[l];
    }
    return status;
}

/* Everything checked, and the engine open; or, where every row would be scored, the exact engine's results. */
static patron_status begin(estimation *n, const patron_rows *rows, const int32_t *labels, const int32_t *k,
                           const patron_context *context, patron_error *error)
{
    const ptn_memory *memory = &n->context.memory;
    int64_t cols, clusters, before = 0, extremes;
    patron_status status = check_shape(n, rows, k, &clusters, error);
    if (status != PATRON_OK) return status;
    cols = n->scored.rows.cols;
    if (!ptn_mul_i64(&extremes, 3, cols)) extremes = -1;
    const ptn_wanted list[] = {{&n->labelings, n->count, sizeof *n->labelings, "labelings"},
                               {&n->results, n->count, sizeof *n->results, "results"},
                               {&n->totals, clusters, sizeof *n->totals, "cluster weights"},
                               {&n->means, clusters, sizeof *n->means, "cluster means"},
                               {&n->extremes, extremes, sizeof *n->extremes, "extremes"}};
    status = ptn_allocate_each(list, sizeof list / sizeof *list, true, memory, error);
    if (status == PATRON_OK) status = ptn_silhouette_check_weights(&n->scored.rows, &n->scored.weight, error);
    for (int32_t l = 0; status == PATRON_OK && l < n->count; before += k[l++]) {
        n->labelings[l] =
            (ptn_labeling){.labels = labels + l * n->scored.rows.rows, .k = k[l], .total = n->totals + before};
        status = ptn_silhouette_check_labels(&n->labelings[l], &n->scored, error);
        n->results[l].size = sizeof *n->results;
    }
    if (status != PATRON_OK) return status;
    n->scored.footing.offset = n->extremes;
    status = ptn_footing_find(&n->scored.footing, n->extremes + cols, n->extremes + 2 * cols, &n->scored.rows,
                              n->scored.team, error);
    if (status != PATRON_OK) return status;
    ptn_wish wish = {.half_width = n->options.half_width, .most = n->options.most_rows, .seed = n->options.seed};
    status = ptn_estimate_open(&n->estimate, n->labelings, n->count, &n->scored, &wish, error);
    if (status != PATRON_OK || !n->estimate.whole) return status;
    n->exact = true;
    return patron_silhouette_sweep(n->results, NULL, n->means, rows, labels, k, n->count, context, error);
}

static void end(estimation *n)
{
    const ptn_memory *memory = &n->context.memory;
    if (n->estimate.scored != NULL) ptn_estimate_close(&n->estimate);
    ptn_free(memory, n->extremes);
    ptn_free(memory, n->means);
    ptn_free(memory, n->totals);
    ptn_free(memory, n->results);
    ptn_free(memory, n->labelings);
}

static int64_t rows_scored(const estimation *n) { return n->exact ? n->scored.rows.rows : n->estimate.sample.count; }

/* Whether no row that counts was left out. */
static bool scored_all(const estimation *n)
{
    if (!n->exact && n->estimate.control.phases) return false;
    for (int32_t h = 0; !n->exact && h < n->estimate.strata_count; h++)
        if (n->estimate.strata[h].drawn < n->estimate.strata[h].rows) return false;
    return true;
}

static void give(patron_silhouette_estimate_result *result, const estimation *n, int32_t l, int32_t look)
{
    const ptn_labeling *labeling = &n->labelings[l];
    result->level = n->options.level;
    result->interval = scored_all(n) ? PATRON_INTERVAL_EXACT : PATRON_INTERVAL_CLT;
    result->looks = n->exact ? 0 : look;
    result->rows_used = rows_scored(n);
    for (int32_t j = 0; j < labeling->k; j++) result->clusters += labeling->total[j] > 0.0;
    result->empty = labeling->k - result->clusters;
    result->mean = n->results[l].mean;
    if (n->exact) return;
    ptn_sum_estimate sum = ptn_estimate_sum(&n->estimate, l, -1, -1);
    result->mean = sum.sum / n->scored.weight;
    result->half_width = ptn_sum_half_width(&sum, n->options.level, look) / n->scored.weight;
}

/* Each cluster's mean and half-width; of one labeling. */
static void give_clusters(double *means, double *half_widths, const estimation *n, int32_t look)
{
    for (int32_t j = 0; j < n->labelings[0].k; j++) {
        double total = n->labelings[0].total[j], mean = n->means[j], half_width = 0.0;
        if (!n->exact) {
            ptn_sum_estimate sum = ptn_estimate_sum(&n->estimate, 0, -1, j);
            mean = sum.sum / total;
            half_width = ptn_sum_half_width(&sum, n->options.level, look) / total;
        }
        if (means != NULL) means[j] = total > 0.0 ? mean : (double)NAN;
        if (half_widths != NULL) half_widths[j] = total > 0.0 ? half_width : (double)NAN;
    }
}

/* One look more; where every row is scored already, there is nothing more to see. */
static patron_status look_again(bool *spent, int32_t *look, estimation *n, patron_error *error)
{
    *spent = n->exact;
    *look += 1;
    return n->exact ? PATRON_OK : ptn_estimate_look(spent, &n->estimate, *look, error);
}

static patron_status estimate(estimation *n, patron_silhouette_estimate_result *result, double *cluster_means,
                              double *cluster_half_widths, patron_error *error)
{
    patron_silhouette_estimate_result found = {.size = sizeof found};
    bool spent;
    int32_t look = 0;
    do {
        memset(&found, 0, sizeof found);
        patron_status status = look_again(&spent, &look, n, error);
        if (status != PATRON_OK) return status;
        give(&found, n, 0, look);
    } while (!spent && found.half_width > n->options.half_width);
    give_clusters(cluster_means, cluster_half_widths, n, look);
    found.seconds = ptn_now_s() - n->start;
    patron_status status = ptn_struct_write(result, &found, sizeof found, "result", error);
    if (status != PATRON_OK || found.half_width <= n->options.half_width) return status;
    return ptn_fail(error, PATRON_BUDGET_SPENT,
                    "after %lld rows the half-width is %g, not yet %g; allow more rows by most_rows, or ask for less",
                    (long long)found.rows_used, found.half_width, n->options.half_width);
}

patron_status patron_silhouette_estimate(patron_silhouette_estimate_result *result, double *cluster_means,
                                         double *cluster_half_widths, const patron_rows *rows, const int32_t *labels,
                                         int32_t k, const patron_silhouette_estimate_options *options,
                                         const patron_context *context, patron_error *error)
{
    estimation n = {.count = 1, .start = ptn_now_s()};
    patron_silhouette_estimate_result nothing = {.size = sizeof nothing};
    fenv_t host;
    ptn_ok(error);
    if (labels == NULL) return ptn_fail_null(error, "labels");
    patron_status status = ptn_struct_write(result, &nothing, sizeof nothing, "result", error);
    if (status == PATRON_OK) status = read_options(&n, options, false, error);
    if (status == PATRON_OK) status = ptn_context_read(&n.context, context, error);
    if (status != PATRON_OK) return status;
    ptn_floating_enter(&host);
    ptn_team_open(&n.team, &n.context);
    n.scored.team = &n.team;
    status = begin(&n, rows, labels, &k, context, error);
    if (status == PATRON_OK) status = estimate(&n, result, cluster_means, cluster_half_widths, error);
    end(&n);
    ptn_team_close(&n.team);
    ptn_floating_leave(&host);
    return status;
}

/* Labeling l's mean less that of `less`, and the half-width of the difference, all pairs of labelings together being
   wrong as seldom as one interval would be. */
static double difference_of(double *half_width, const estimation *n, int32_t l, int32_t less, int32_t look)
{
    double pairs = (double)n->count * (double)(n->count - 1) / 2.0;
    *half_width = 0.0;
    if (n->exact) return n->results[l].mean - n->results[less].mean;
    ptn_sum_estimate sum = ptn_estimate_sum(&n->estimate, l, less, -1);
    *half_width = ptn_sum_half_width(&sum, 1.0 - (1.0 - n->options.level) / pairs, look) / n->scored.weight;
    return sum.sum / n->scored.weight;
}

static void compare_at(patron_silhouette_comparison *found, const estimation *n, int32_t look)
{
    double least = HUGE_VAL, widest = 0.0, half_width;
    found->best = 0;
    for (int32_t l = 1; l < n->count; l++)
        if (difference_of(&half_width, n, l, found->best, look) > 0.0) found->best = l;
    found->certain = 1;
    for (int32_t l = 0; l < n->count; l++) {
        if (l == found->best) continue;
        double difference = difference_of(&half_width, n, found->best, l, look);
        if (!(difference > half_width)) {
            found->certain = 0;
            if (half_width > widest) widest = half_width;
        }
        if (!(difference - half_width < least)) continue;
        least = difference - half_width;
        found->rival = l;
        found->difference = difference;
        found->half_width = half_width;
    }
    found->ended = found->certain                    ? PATRON_COMPARED_CERTAIN
                   : widest <= n->options.half_width ? PATRON_COMPARED_CLOSE
                                                     : PATRON_COMPARED_BUDGET;
}

static patron_silhouette_estimate_result *result_at(patron_silhouette_estimate_result *results, int32_t l)
{
    return (patron_silhouette_estimate_result *)(void *)((char *)results + (size_t)l * results->size);
}

static patron_status compare(estimation *n, patron_silhouette_comparison *comparison,
                             patron_silhouette_estimate_result *results, patron_error *error)
{
    patron_silhouette_comparison found;
    bool spent;
    int32_t look = 0;
    do {
        memset(&found, 0, sizeof found);
        patron_status status = look_again(&spent, &look, n, error);
        if (status != PATRON_OK) return status;
        compare_at(&found, n, look);
    } while (!spent && found.ended == PATRON_COMPARED_BUDGET);
    found.level = n->options.level;
    found.interval = scored_all(n) ? PATRON_INTERVAL_EXACT : PATRON_INTERVAL_CLT;
    found.looks = n->exact ? 0 : look;
    found.rows_used = rows_scored(n);
    found.seconds = ptn_now_s() - n->start;
    for (int32_t l = 0; results != NULL && l < n->count; l++) {
        patron_silhouette_estimate_result one = {.size = sizeof one};
        give(&one, n, l, look);
        one.seconds = found.seconds;
        patron_status status = ptn_struct_write(result_at(results, l), &one, sizeof one, "results", error);
        if (status != PATRON_OK) return status;
    }
    return ptn_struct_write(comparison, &found, sizeof found, "comparison", error);
}

static patron_status check_outputs(patron_silhouette_comparison *comparison, patron_silhouette_estimate_result *results,
                                   int32_t count, patron_error *error)
{
    patron_silhouette_comparison nothing = {.size = sizeof nothing};
    patron_silhouette_estimate_result none = {.size = sizeof none};
    patron_status status = ptn_struct_write(comparison, &nothing, sizeof nothing, "comparison", error);
    for (int32_t l = 0; status == PATRON_OK && results != NULL && l < count; l++) {
        status = ptn_struct_write(l == 0 ? results : result_at(results, l), &none, sizeof none, "results", error);
        if (status == PATRON_OK && result_at(results, l)->size != results->size)
            status = ptn_fail(error, PATRON_INVALID_ARGUMENT, "results have different sizes; set all to the same");
    }
    return status;
}

patron_status patron_silhouette_compare(patron_silhouette_comparison *comparison,
                                        patron_silhouette_estimate_result *results, const patron_rows *rows,
                                        const int32_t *labels, const int32_t *k, int32_t count,
                                        const patron_silhouette_estimate_options *options,
                                        const patron_context *context, patron_error *error)
{
    estimation n = {.count = count, .start = ptn_now_s()};
    fenv_t host;
    ptn_ok(error);
    if (labels == NULL) return ptn_fail_null(error, "labels");
    if (k == NULL) return ptn_fail_null(error, "k");
    if (count < 2)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "there are %d labelings; give at least 2 to compare",
                        (int)count);
    patron_status status = check_outputs(comparison, results, count, error);
    if (status == PATRON_OK) status = read_options(&n, options, true, error);
    if (status == PATRON_OK) status = ptn_context_read(&n.context, context, error);
    if (status != PATRON_OK) return status;
    ptn_floating_enter(&host);
    ptn_team_open(&n.team, &n.context);
    n.scored.team = &n.team;
    status = begin(&n, rows, labels, k, context, error);
    if (status == PATRON_OK) status = compare(&n, comparison, results, error);
    end(&n);
    ptn_team_close(&n.team);
    ptn_floating_leave(&host);
    return status;
}
