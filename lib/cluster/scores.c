/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores of a labeling that centroids and moments give, in O(n k d): squared and simplified silhouettes, the variance
   ratio, and Davies-Bouldin's index.

   With W, m and S a cluster's weight, mean and sum of weighted squared distances to the mean, the sum of squared
   distances from x to its rows is W |x - m|^2 + S: every term is of centred values and none is subtracted from another,
   so an offset costs no digits. Values are on one footing (cluster/footing.h), so nothing overflows. */
#include <patron/silhouette.h>

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/exact.h"
#include "base/floating.h"
#include "cluster/silhouette.h"

/* What a call is about. */
typedef struct moments {
    ptn_scored scored;
    const int32_t *labels;
    int32_t k, clusters; /* clusters that have rows of weight > 0 */
    double *total;       /* k: weight */
    double *mean;        /* k x cols, on the footing; behind them a row of each cluster */
    double *square;      /* k: weighted sum of squared distances to the mean */
    double *distance;    /* k: the same of distances */
    ptn_dd *sums;        /* k: scratch */
    double *low;         /* 3 x cols: for the footing */
    bool squared;        /* which silhouette */
} moments;

/* Row by row: its label, then, where weights are copies, its weight. */
static patron_status check_labels(moments *m, bool copies, patron_error *error)
{
    patron_status status = PATRON_OK;
    m->clusters = 0;
    for (int64_t i = 0; i < m->scored.rows.rows; i++) {
        double weight = ptn_scored_weight(&m->scored, i);
        status = ptn_silhouette_check_label(m->labels[i], m->k, i, error);
        if (status == PATRON_OK && copies) status = ptn_silhouette_check_weight(weight, i, error);
        if (status != PATRON_OK) return status;
        m->total[m->labels[i]] += weight;
        m->scored.weight += weight;
    }
    if (copies) status = ptn_silhouette_check_sum(m->scored.weight, error);
    if (status != PATRON_OK) return status;
    for (int32_t j = 0; j < m->k; j++) m->clusters += m->total[j] > 0.0;
    if (m->clusters < 2) return ptn_fail(error, PATRON_ONE_CLUSTER, "all rows are in one cluster; a score needs two");
    return PATRON_OK;
}

/* A row's squared distance to a point. */
static double square_to(const moments *m, int64_t i, const double *point)
{
    double square = 0.0;
    for (int64_t c = 0; c < m->scored.rows.cols; c++) {
        double difference = ptn_scored_at(&m->scored, i, c) - point[c];
        square += difference * difference;
    }
    return square;
}

/* Clusters' means: sums about the cluster's first row, so that they are of the size of the cluster. */
static void find_means(moments *m)
{
    const patron_rows *rows = &m->scored.rows;
    int64_t cols = rows->cols, numbers = m->k * cols;
    double *first = m->mean + numbers; /* k x cols; whether there is one yet is in `square` */
    for (int64_t i = 0; i < rows->rows; i++) {
        int32_t j = m->labels[i];
        double weight = ptn_scored_weight(&m->scored, i);
        if (!(weight > 0.0)) continue;
        for (int64_t c = 0; c < cols; c++) {
            double x = ptn_scored_at(&m->scored, i, c);
            if (m->square[j] == 0.0) first[j * cols + c] = x;
            m->mean[j * cols + c] += weight * (x - first[j * cols + c]);
        }
        m->square[j] = 1.0;
    }
    for (int64_t e = 0; e < numbers; e++)
        if (m->total[e / cols] > 0.0) m->mean[e] = first[e] + m->mean[e] / m->total[e / cols];
    memset(m->square, 0, (size_t)m->k * sizeof *m->square);
    for (int64_t i = 0; i < rows->rows; i++) {
        int32_t j = m->labels[i];
        double weight = ptn_scored_weight(&m->scored, i), square = square_to(m, i, m->mean + j * cols);
        m->square[j] += weight * square;
        m->distance[j] += weight * sqrt(square);
    }
}

/* The mean distance, of whichever kind, of row i to a cluster. */
static double mean_to(const moments *m, int64_t i, int32_t j)
{
    double square = square_to(m, i, m->mean + j * m->scored.rows.cols);
    return m->squared ? square + m->square[j] / m->total[j] : sqrt(square);
}

static double score_row(const moments *m, int64_t i)
{
    int32_t own = m->labels[i];
    double weight = ptn_scored_weight(&m->scored, i), nearest = HUGE_VAL;
    if (!(m->total[own] > (weight > 0.0 ? 1.0 : 0.0))) return 0.0;
    for (int32_t j = 0; j < m->k; j++) {
        if (j == own || !(m->total[j] > 0.0)) continue;
        double mean = mean_to(m, i, j);
        nearest = mean < nearest ? mean : nearest;
    }
    double a = mean_to(m, i, own);
    if (m->squared) return ptn_silhouette_score(a * m->total[own], m->total[own], weight, nearest);
    double larger = a > nearest ? a : nearest;
    return larger > 0.0 ? (nearest - a) / larger : 0.0;
}

enum { ROWS_A_BLOCK = 1024 };

typedef struct score_job {
    const moments *moments;
    double *scores;
} score_job;

static void score_block(void *opaque, int64_t block, int32_t worker)
{
    const score_job *job = opaque;
    int64_t rows = job->moments->scored.rows.rows, from = block * ROWS_A_BLOCK, to = from + ROWS_A_BLOCK;
    (void)worker;
    for (int64_t i = from; i < to && i < rows; i++) {
        if (i % 64 == 0 && ptn_team_poll(job->moments->scored.team, worker)) return;
        job->scores[i] = score_row(job->moments, i);
    }
}

static patron_status allocate_moments(moments *m, const ptn_memory *memory, patron_error *error)
{
    int64_t cols = m->scored.rows.cols, numbers, extremes;
    if (!ptn_mul_i64(&numbers, 2 * (int64_t)m->k, cols)) numbers = -1;
    if (!ptn_mul_i64(&extremes, 3, cols)) extremes = -1;
    const ptn_wanted wanted[] = {
        {&m->total, m->k, sizeof *m->total, "clusters"},   {&m->mean, numbers, sizeof *m->mean, "clusters"},
        {&m->square, m->k, sizeof *m->square, "clusters"}, {&m->distance, m->k, sizeof *m->distance, "clusters"},
        {&m->sums, m->k, sizeof *m->sums, "clusters"},     {&m->low, extremes, sizeof *m->low, "clusters"}};
    return ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, true, memory, error);
}

static void free_moments(moments *m, const ptn_memory *memory)
{
    ptn_free(memory, m->low);
    ptn_free(memory, m->sums);
    ptn_free(memory, m->distance);
    ptn_free(memory, m->square);
    ptn_free(memory, m->mean);
    ptn_free(memory, m->total);
}

/* Checks everything and finds the moments. To be freed, also after a failure. */
static patron_status find_moments(moments *m, const patron_rows *rows, bool copies, const ptn_memory *memory,
                                  patron_error *error)
{
    patron_status status = ptn_rows_read(&m->scored.rows, rows, error);
    if (status == PATRON_OK && m->scored.rows.rows == 0)
        status = ptn_fail(error, PATRON_NO_DATA, "there are no rows to score; give at least two");
    if (status == PATRON_OK && m->k < 1)
        status = ptn_fail(error, PATRON_INVALID_ARGUMENT, "k is %d; give at least 1", (int)m->k);
    if (status == PATRON_OK) status = allocate_moments(m, memory, error);
    if (status == PATRON_OK) status = check_labels(m, copies, error);
    if (status != PATRON_OK) return status;
    int64_t cols = m->scored.rows.cols;
    m->scored.footing.offset = m->low;
    status =
        ptn_footing_find(&m->scored.footing, m->low + cols, m->low + 2 * cols, &m->scored.rows, m->scored.team, error);
    if (status == PATRON_OK) find_means(m);
    return status;
}

static patron_status silhouette(moments *m, patron_silhouette_result *result, double *scores, double *cluster_means,
                                const patron_rows *rows, const patron_context *context, patron_error *error)
{
    patron_silhouette_result found = {.size = sizeof found};
    ptn_context read;
    ptn_team team;
    fenv_t host;
    void *own = NULL;
    double start = ptn_now_s();
    ptn_ok(error);
    if (m->labels == NULL) return ptn_fail_null(error, "labels");
    patron_status status = ptn_struct_write(result, &found, sizeof found, "result", error);
    if (status == PATRON_OK) status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    ptn_floating_enter(&host);
    ptn_team_open(&team, &read);
    m->scored.team = &team;
    status = find_moments(m, rows, true, &read.memory, error);
    if (status == PATRON_OK && scores == NULL) {
        status = ptn_allocate(&own, &read.memory, m->scored.rows.rows, sizeof *scores, "scores", error);
        scores = own;
    }
    if (status == PATRON_OK) {
        score_job job = {m, scores};
        status = ptn_team_run(&team, "silhouette", 0.0, 1.0, (m->scored.rows.rows - 1) / ROWS_A_BLOCK + 1, score_block,
                              &job, error);
    }
    if (status == PATRON_OK) {
        ptn_labeling labeling = {m->labels, m->k, m->total, scores, m->scored.rows.rows};
        ptn_silhouette_give(&found, cluster_means, m->sums, &labeling, &m->scored);
        found.seconds = ptn_now_s() - start;
        status = ptn_struct_write(result, &found, sizeof found, "result", error);
    }
    ptn_team_close(&team);
    ptn_free(&read.memory, own);
    free_moments(m, &read.memory);
    ptn_floating_leave(&host);
    return status;
}

patron_status patron_silhouette_squared(patron_silhouette_result *result, double *scores, double *cluster_means,
                                        const patron_rows *rows, const int32_t *labels, int32_t k,
                                        const patron_context *context, patron_error *error)
{
    moments m = {.labels = labels, .k = k, .squared = true};
    return silhouette(&m, result, scores, cluster_means, rows, context, error);
}

patron_status patron_silhouette_simplified(patron_silhouette_result *result, double *scores, double *cluster_means,
                                           const patron_rows *rows, const int32_t *labels, int32_t k,
                                           const patron_context *context, patron_error *error)
{
    moments m = {.labels = labels, .k = k};
    return silhouette(&m, result, scores, cluster_means, rows, context, error);
}

/* Within is 0 where there is no freedom left, as then every row is its cluster. */
static double calinski_harabasz(const moments *m)
{
    int64_t cols = m->scored.rows.cols;
    double between = 0.0, within = 0.0;
    for (int64_t c = 0; c < cols; c++) {
        double sum = 0.0;
        for (int32_t j = 0; j < m->k; j++) sum += m->total[j] * m->mean[j * cols + c];
        sum /= m->scored.weight;
        for (int32_t j = 0; j < m->k; j++) {
            double difference = m->mean[j * cols + c] - sum;
            between += m->total[j] * difference * difference;
        }
    }
    for (int32_t j = 0; j < m->k; j++) within += m->square[j];
    double variance = within > 0.0 ? within / (m->scored.weight - (double)m->clusters) : 0.0;
    return between / (double)(m->clusters - 1) / variance;
}

static double davies_bouldin(const moments *m)
{
    int64_t cols = m->scored.rows.cols;
    double sum = 0.0;
    for (int32_t i = 0; i < m->k; i++) {
        double worst = 0.0;
        for (int32_t j = 0; m->total[i] > 0.0 && j < m->k; j++) {
            double apart = 0.0, wide = m->distance[i] / m->total[i];
            if (j == i || !(m->total[j] > 0.0)) continue;
            wide += m->distance[j] / m->total[j];
            for (int64_t c = 0; c < cols; c++) {
                double difference = m->mean[i * cols + c] - m->mean[j * cols + c];
                apart += difference * difference;
            }
            double ratio = wide > 0.0 ? wide / sqrt(apart) : 0.0;
            worst = ratio > worst ? ratio : worst;
        }
        sum += worst;
    }
    return sum / (double)m->clusters;
}

static patron_status index_of(double *value, double (*formula)(const moments *), bool copies, moments *m,
                              const patron_rows *rows, const patron_context *context, patron_error *error)
{
    ptn_context read;
    ptn_team team;
    fenv_t host;
    ptn_ok(error);
    if (value == NULL) return ptn_fail_null(error, "value");
    *value = (double)NAN;
    if (m->labels == NULL) return ptn_fail_null(error, "labels");
    patron_status status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    ptn_floating_enter(&host);
    ptn_team_open(&team, &read);
    m->scored.team = &team;
    status = find_moments(m, rows, copies, &read.memory, error);
    if (status == PATRON_OK) status = ptn_progress(&read, "score", 1.0, error);
    if (status == PATRON_OK) *value = formula(m);
    ptn_team_close(&team);
    free_moments(m, &read.memory);
    ptn_floating_leave(&host);
    return status;
}

patron_status patron_calinski_harabasz(double *value, const patron_rows *rows, const int32_t *labels, int32_t k,
                                       const patron_context *context, patron_error *error)
{
    moments m = {.labels = labels, .k = k};
    return index_of(value, calinski_harabasz, true, &m, rows, context, error);
}

patron_status patron_davies_bouldin(double *value, const patron_rows *rows, const int32_t *labels, int32_t k,
                                    const patron_context *context, patron_error *error)
{
    moments m = {.labels = labels, .k = k};
    return index_of(value, davies_bouldin, false, &m, rows, context, error);
}
