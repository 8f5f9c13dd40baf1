/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The surrogate: nodes measured, scores of tiles by them, added up.

   With u a row's place from a node's centre, sums of weight, |u|^2, |u|^4, u, u |u|^2 and u u' are moved to the node's
   mean afterwards: the centre is near it, so nothing cancels. The expansion is that of E sqrt(X) about E X to the
   second order. */
#include "cluster/surrogate.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "cluster/nodes.h"

enum {
    MOMENT_FAR = 1 << 14,  /* nodes are measured on so many far rows at most */
    MOMENT_CHUNKS = 16,    /* and one more for far rows */
    MOST_NUMBERS = 1 << 16 /* nodes x cols, unless there are more cells */
};

#define LEAST_SPREAD 1e-26 /* a node's tr S is at least that: roots and quotients of it stay within a float */

typedef struct moments_job {
    ptn_surrogate *surrogate;
    const double *centres;
    int64_t stride; /* numbers for each node: weight, |u|^2, |u|^4; u; u |u|^2; u u' */
    int64_t picks, far_picks;
    int64_t *pick;     /* tiles */
    double *stands;    /* for so many tiles each */
    double *sums;      /* (MOMENT_CHUNKS + 1) x nodes x stride */
    double *place, *u; /* cols, for each chunk */
} moments_job;

static void add_moments(const moments_job *job, double *sums, const double *y, int32_t cell, double weight, double *u)
{
    const ptn_surrogate *s = job->surrogate;
    int64_t cols = s->joint->cols;
    int64_t v = ptn_nodes_nearest(job->centres, s->first[cell], s->first[cell + (int64_t)1], y, cols);
    double *to = sums + v * job->stride, square = 0.0;
    for (int64_t c = 0; c < cols; c++) {
        u[c] = y[c] - job->centres[v * cols + c];
        square += u[c] * u[c];
    }
    to[0] += weight;
    to[1] += weight * square;
    to[2] += weight * square * square;
    double *first = to + 3, *third = first + cols, *second = third + cols;
    for (int64_t c = 0; c < cols; c++) {
        double product = weight * u[c];
        first[c] += product;
        third[c] += product * square;
        if (s->full)
            for (int64_t b = 0; b <= c; b++) *second++ += product * u[b];
        else
            *second++ += product * u[c];
    }
}

static void moments_chunk(void *opaque, int64_t chunk, int32_t worker)
{
    moments_job *job = opaque;
    ptn_joint *joint = job->surrogate->joint;
    double *sums = job->sums + chunk * job->surrogate->nodes * job->stride;
    double *y = job->place + chunk * joint->cols, *u = job->u + chunk * joint->cols;
    int64_t from = job->picks * chunk / MOMENT_CHUNKS, to = job->picks * (chunk + 1) / MOMENT_CHUNKS;
    int32_t cell = 0;
    for (int64_t p = from; chunk < MOMENT_CHUNKS && p < to; p++) {
        int64_t tile = job->pick[p];
        if (ptn_team_poll(joint->scored->team, worker)) return;
        while (joint->cell_first[cell + (int64_t)1] <= tile) cell++;
        for (int64_t r = 0; r < PTN_TILE; r++) {
            double weight = (double)joint->weights[tile * PTN_TILE + r] * job->stands[p];
            for (int64_t c = 0; c < joint->cols; c++)
                y[c] = (double)joint->values[(tile * joint->cols + c) * PTN_TILE + r];
            if (weight > 0.0) add_moments(job, sums, y, cell, weight, u);
        }
    }
    for (int64_t p = 0; chunk == MOMENT_CHUNKS && p < job->far_picks; p++) {
        int64_t row = joint->far[ptn_nodes_pick(p, job->far_picks, joint->far_count, 0, 0)];
        double weight = ptn_scored_weight(joint->scored, row) * ((double)joint->far_count / (double)job->far_picks);
        if (ptn_nodes_place(y, joint, row) && weight > 0.0)
            add_moments(job, sums, y, ptn_joint_cell(joint, row), weight, u);
    }
}

/* Moments about the mean, from those about the centre, as the kernel wants them. */
static void finish_node(ptn_surrogate *s, const double *centre, double *sums, int64_t v, double cell_weight)
{
    int64_t cols = s->joint->cols, at = 0;
    double weight = sums[0], *delta = sums + 3, *third = delta + cols, *second = third + cols;
    double square = 0.0, rest = 0.0, spread = 0.0;
    float *form = s->forms + v * s->form;
    s->shares[v] = 0.0f;
    for (int64_t c = 0; c < cols; c++) s->means[v * cols + c] = (float)centre[c];
    s->spreads[v] = (float)LEAST_SPREAD;
    if (!(weight > 0.0)) return;
    for (int64_t e = 1; e < 3 + 2 * cols + s->form; e++) sums[e] /= weight;
    for (int64_t c = 0; c < cols; c++) square += delta[c] * delta[c];
    for (int64_t a = 0; a < cols; a++) {
        /* q less 2 M delta, delta tr M, and with 2 delta |delta|^2 back; M = E u u' */
        double moved = third[a] - delta[a] * sums[1] + 2.0 * delta[a] * square;
        for (int64_t b = 0; b < cols; b++) {
            int64_t low = a < b ? a : b, high = a < b ? b : a;
            if (s->full)
                moved -= 2.0 * second[high * (high + 1) / 2 + low] * delta[b];
            else if (a == b)
                moved -= 2.0 * second[a] * delta[a];
        }
        s->slopes[v * cols + a] = (float)(-moved / 2.0);
        s->means[v * cols + a] = (float)(centre[a] + delta[a]);
        rest -= 4.0 * delta[a] * (third[a] - sums[1] * delta[a]);
    }
    for (int64_t a = 0; a < cols; a++)
        for (int64_t b = s->full ? 0 : a; b <= a; b++, at++) {
            double covariance = second[at] - delta[a] * delta[b];
            rest += (a == b ? 4.0 : 8.0) * delta[a] * delta[b] * covariance;
            if (a == b) spread += covariance;
            form[at] = (float)(a == b ? covariance / 2.0 : covariance);
        }
    rest += sums[2] - sums[1] * sums[1];
    s->rests[v] = (float)(rest > 0.0 ? rest / 8.0 : 0.0);
    if (spread > LEAST_SPREAD) s->spreads[v] = (float)spread;
    s->shares[v] = (float)(weight / cell_weight);
}

static void finish_nodes(moments_job *job)
{
    ptn_surrogate *s = job->surrogate;
    int64_t numbers = s->nodes * job->stride;
    for (int64_t chunk = 1; chunk <= MOMENT_CHUNKS; chunk++)
        for (int64_t e = 0; e < numbers; e++) job->sums[e] += job->sums[chunk * numbers + e];
    for (int32_t cell = 0; cell < s->joint->cells; cell++) {
        double weight = 0.0;
        for (int64_t v = s->first[cell]; v < s->first[cell + (int64_t)1]; v++) weight += job->sums[v * job->stride];
        for (int64_t v = s->first[cell]; v < s->first[cell + (int64_t)1]; v++)
            finish_node(s, job->centres + v * s->joint->cols, job->sums + v * job->stride, v, weight);
    }
}

/* Tiles of a cell that are measured. */
static int64_t picks_of(const ptn_surrogate *s, int32_t cell)
{
    const ptn_joint *joint = s->joint;
    int64_t tiles = joint->cell_first[cell + (int64_t)1] - joint->cell_first[cell];
    int64_t wanted = (int64_t)((double)(s->rows / PTN_TILE) * ((double)tiles / (double)joint->tiles)) + 16;
    return wanted < tiles ? wanted : tiles;
}

static patron_status measure_nodes(ptn_surrogate *s, const double *centres, patron_error *error)
{
    ptn_joint *joint = s->joint;
    const ptn_memory *memory = &joint->scored->team->context->memory;
    double at = joint->scored->from;
    moments_job job = {.surrogate = s, .centres = centres, .stride = 3 + 2 * joint->cols + s->form};
    int64_t numbers, chunks = MOMENT_CHUNKS + 1;
    for (int32_t cell = 0; cell < joint->cells; cell++) job.picks += picks_of(s, cell);
    job.far_picks = joint->far_count < MOMENT_FAR ? joint->far_count : MOMENT_FAR;
    if (!ptn_mul_i64(&numbers, chunks * s->nodes, job.stride)) numbers = -1;
    const ptn_wanted list[] = {{&job.pick, job.picks, sizeof *job.pick, "nodes"},
                               {&job.stands, job.picks, sizeof *job.stands, "nodes"},
                               {&job.place, chunks * joint->cols, sizeof *job.place, "nodes"},
                               {&job.u, chunks * joint->cols, sizeof *job.u, "nodes"},
                               {&job.sums, numbers, sizeof *job.sums, "nodes"}};
    patron_status status = ptn_allocate_each(list, sizeof list / sizeof *list, true, memory, error);
    if (status == PATRON_OK) {
        for (int32_t cell = 0, p = 0; cell < joint->cells; cell++) {
            int64_t tiles = joint->cell_first[cell + (int64_t)1] - joint->cell_first[cell];
            int64_t picks = picks_of(s, cell);
            for (int64_t i = 0; i < picks; i++, p++) {
                job.pick[p] =
                    joint->cell_first[cell] + ptn_nodes_pick(i, picks, tiles, 0, (uint64_t)(joint->cells + cell));
                job.stands[p] = (double)tiles / (double)picks;
            }
        }
        status = ptn_team_run(joint->scored->team, "silhouette", at, at, chunks, moments_chunk, &job, error);
    }
    if (status == PATRON_OK) finish_nodes(&job);
    ptn_free(memory, job.sums);
    ptn_free(memory, job.u);
    ptn_free(memory, job.place);
    ptn_free(memory, job.stands);
    ptn_free(memory, job.pick);
    return status;
}

/* Far rows by cell, and the weights of cells with them. */
static void sort_far(ptn_surrogate *s)
{
    const ptn_joint *joint = s->joint;
    int64_t next[PTN_MOST_CELLS];
    memset(s->far_first, 0, (size_t)(joint->cells + (int64_t)1) * sizeof *s->far_first);
    for (int64_t f = 0; f < joint->far_count; f++) s->far_first[ptn_joint_cell(joint, joint->far[f]) + (int64_t)1]++;
    for (int32_t c = 0; c < joint->cells; c++) {
        next[c] = s->far_first[c];
        s->far_first[c + (int64_t)1] += s->far_first[c];
        s->cell_weight[c] = 0.0;
    }
    for (int64_t f = 0; f < joint->far_count; f++) {
        int32_t cell = ptn_joint_cell(joint, joint->far[f]);
        s->far[next[cell]++] = joint->far[f];
        s->cell_weight[cell] += ptn_scored_weight(joint->scored, joint->far[f]);
    }
    for (int32_t c = 0; c < joint->cells; c++) {
        int64_t from = joint->cell_first[c] * PTN_TILE, to = joint->cell_first[c + (int64_t)1] * PTN_TILE;
        if (joint->scored->rows.weights == NULL) {
            for (; to > from && joint->source[to - 1] < 0; to--) {
            }
            s->cell_weight[c] += (double)(to - from);
            continue;
        }
        for (int64_t p = from; p < to; p++) s->cell_weight[c] += (double)joint->weights[p];
    }
}

/* Of each cluster, from those of the cells. */
static void add_weights(ptn_surrogate *s)
{
    const ptn_joint *joint = s->joint;
    memset(s->total, 0, (size_t)joint->clusters * sizeof *s->total);
    for (int32_t cell = 0; cell < joint->cells; cell++)
        for (int32_t l = 0; l < joint->count; l++)
            s->total[joint->columns[cell * (int64_t)joint->count + l]] += s->cell_weight[cell];
}

static patron_status allocate_nodes(ptn_surrogate *s, const ptn_memory *memory, patron_error *error)
{
    int64_t cols = s->joint->cols, threads = s->joint->scored->team->context->threads, numbers, forms, seen;
    s->form = s->full ? cols * (cols + 1) / 2 : cols;
    if (!ptn_mul_i64(&numbers, s->nodes, cols)) numbers = -1;
    if (!ptn_mul_i64(&forms, s->nodes, s->form)) forms = -1;
    if (!ptn_mul_i64(&seen, numbers, threads)) seen = -1;
    const ptn_wanted list[] = {
        {&s->means, numbers, sizeof *s->means, "nodes"},  {&s->slopes, numbers, sizeof *s->slopes, "nodes"},
        {&s->forms, forms, sizeof *s->forms, "nodes"},    {&s->spreads, s->nodes, sizeof *s->spreads, "nodes"},
        {&s->rests, s->nodes, sizeof *s->rests, "nodes"}, {&s->shares, s->nodes, sizeof *s->shares, "nodes"},
        {&s->seen, seen, sizeof *s->seen, "nodes"}};
    return ptn_allocate_each(list, sizeof list / sizeof *list, true, memory, error);
}

patron_status ptn_surrogate_open(ptn_surrogate *s, ptn_joint *joint, int32_t each, int64_t rows, patron_error *error)
{
    const ptn_memory *memory = &joint->scored->team->context->memory;
    int64_t threads = joint->scored->team->context->threads, most = 0;
    double *centres = NULL;
    memset(s, 0, sizeof *s);
    s->joint = joint;
    s->kernels = ptn_kernels_here();
    s->rows = rows;
    s->full = joint->cols <= PTN_FULL_COLS;
    for (int32_t l = 0; l < joint->count; l++)
        if (each * (int64_t)joint->labelings[l].k > most) most = each * (int64_t)joint->labelings[l].k;
    if (most > MOST_NUMBERS / joint->cols) most = MOST_NUMBERS / joint->cols;
    if (most < joint->cells) most = joint->cells;
    const ptn_wanted list[] = {{&s->first, joint->cells + (int64_t)1, sizeof *s->first, "nodes"},
                               {&s->cell_weight, joint->cells, sizeof *s->cell_weight, "nodes"},
                               {&s->far, joint->far_count, sizeof *s->far, "nodes"},
                               {&s->far_first, joint->cells + (int64_t)1, sizeof *s->far_first, "nodes"},
                               {&s->distances, threads * joint->clusters * PTN_TILE, sizeof *s->distances, "nodes"},
                               {&s->from, threads, sizeof *s->from, "nodes"},
                               {&s->total, joint->clusters, sizeof *s->total, "nodes"},
                               {&s->scratch, joint->cols + 2, sizeof *s->scratch, "nodes"}};
    patron_status status = ptn_allocate_each(list, sizeof list / sizeof *list, true, memory, error);
    if (status != PATRON_OK) return status;
    for (int64_t w = 0; w < threads; w++) s->from[w] = -1;
    sort_far(s);
    add_weights(s);
    status = ptn_nodes_find(&centres, s->first, most, joint, s->far, s->far_first, error);
    if (status != PATRON_OK) return status;
    s->nodes = s->first[joint->cells];
    status = allocate_nodes(s, memory, error);
    if (status == PATRON_OK) status = measure_nodes(s, centres, error);
    ptn_free(memory, centres);
    return status;
}

void ptn_surrogate_close(ptn_surrogate *s)
{
    const ptn_memory *memory = &s->joint->scored->team->context->memory;
    ptn_free(memory, s->seen);
    ptn_free(memory, s->shares);
    ptn_free(memory, s->rests);
    ptn_free(memory, s->spreads);
    ptn_free(memory, s->forms);
    ptn_free(memory, s->slopes);
    ptn_free(memory, s->means);
    ptn_free(memory, s->distances);
    ptn_free(memory, s->scratch);
    ptn_free(memory, s->total);
    ptn_free(memory, s->from);
    ptn_free(memory, s->far_first);
    ptn_free(memory, s->far);
    ptn_free(memory, s->cell_weight);
    ptn_free(memory, s->first);
}

static double add_lanes(const double lane[PTN_TILE])
{
    double sum = 0.0;
    for (int r = 0; r < PTN_TILE; r++) sum += lane[r];
    return sum;
}

void ptn_surrogate_measure(double *sums, const float *values, const float *weights, int64_t first, int64_t end,
                           int64_t cols)
{
    double square[PTN_TILE] = {0}, all[PTN_TILE] = {0};
    for (int64_t t = first; t < end; t++)
        for (int r = 0; r < PTN_TILE; r++) all[r] += (double)weights[t * PTN_TILE + r];
    for (int64_t c = 0; c < cols; c++) {
        double sum[PTN_TILE] = {0};
        for (int64_t t = first; t < end; t++)
            for (int r = 0; r < PTN_TILE; r++) {
                double y = (double)values[(t * cols + c) * PTN_TILE + r];
                double product = (double)weights[t * PTN_TILE + r] * y;
                sum[r] += product;
                square[r] += product * y;
            }
        sums[1 + c] += add_lanes(sum);
    }
    sums[0] += add_lanes(all);
    sums[1 + cols] += add_lanes(square);
}

/* Nodes of a cell, of whose rows the mean and the mean square distance to it are known before and after. */
static void move_nodes(ptn_surrogate *s, int32_t cell, const double *before, const double *after)
{
    int64_t cols = s->joint->cols;
    double was = before[1 + cols] / before[0], is = after[1 + cols] / after[0];
    for (int64_t c = 0; c < cols; c++) {
        was -= before[1 + c] / before[0] * (before[1 + c] / before[0]);
        is -= after[1 + c] / after[0] * (after[1 + c] / after[0]);
    }
    double stretch = was > 0.0 && is > 0.0 ? sqrt(is / was) : 1.0, square = stretch * stretch;
    for (int64_t v = s->first[cell]; v < s->first[cell + (int64_t)1]; v++) {
        for (int64_t c = 0; c < cols; c++) {
            float *mean = &s->means[v * cols + c], *slope = &s->slopes[v * cols + c];
            *mean = (float)(after[1 + c] / after[0] + stretch * ((double)*mean - before[1 + c] / before[0]));
            *slope = (float)(square * stretch * (double)*slope);
        }
        for (int64_t e = v * s->form; e < (v + 1) * s->form; e++) s->forms[e] = (float)(square * (double)s->forms[e]);
        s->rests[v] = (float)(square * square * (double)s->rests[v]);
        s->spreads[v] = (float)fmax(square * (double)s->spreads[v], LEAST_SPREAD);
    }
}

void ptn_surrogate_calibrate(ptn_surrogate *s, const double *sums)
{
    const ptn_joint *joint = s->joint;
    int64_t each = joint->cols + 2;
    double *before = s->scratch;
    for (int32_t cell = 0; cell < joint->cells; cell++, sums += each) {
        memset(before, 0, (size_t)each * sizeof *before);
        ptn_surrogate_measure(before, joint->values, joint->weights, joint->cell_first[cell],
                              joint->cell_first[cell + (int64_t)1], joint->cols);
        if (!(before[0] > 0.0) || !(sums[0] > 0.0)) continue;
        move_nodes(s, cell, before, sums);
        s->cell_weight[cell] *= sums[0] / before[0];
    }
    add_weights(s);
    for (int32_t w = 0; w < joint->scored->team->context->threads; w++) s->from[w] = -1;
}

/* The nodes' means from the mean of a cell; the worker's. */
static const float *means_from(ptn_surrogate *s, int32_t cell, int32_t worker)
{
    const ptn_joint *joint = s->joint;
    int64_t cols = joint->cols;
    float *seen = s->seen + worker * s->nodes * cols;
    if (s->from[worker] == cell) return seen;
    s->from[worker] = cell;
    for (int32_t to = 0; to < joint->cells; to++)
        for (int64_t v = s->first[to]; v < s->first[to + (int64_t)1]; v++)
            for (int64_t c = 0; c < cols; c++) {
                double shift = (joint->centre[to * cols + c] - joint->centre[cell * cols + c]) * joint->zoom;
                seen[v * cols + c] = (float)((double)s->means[v * cols + c] + shift);
            }
    return seen;
}

/* Mean distances of a tile of one cell to each cluster; the worker's. */
static const double *expect(ptn_surrogate *s, const float *tile, int32_t cell, int32_t worker)
{
    ptn_joint *joint = s->joint;
    double *distances = s->distances + worker * joint->clusters * PTN_TILE;
    const float *means = means_from(s, cell, worker);
    float expected[PTN_TILE];
    memset(distances, 0, (size_t)(joint->clusters * PTN_TILE) * sizeof *distances);
    for (int32_t to = 0; to < joint->cells; to++) {
        int64_t v = s->first[to];
        ptn_nodes nodes = {.means = means + v * joint->cols,
                           .slopes = s->slopes + v * joint->cols,
                           .forms = s->forms + v * s->form,
                           .spreads = s->spreads + v,
                           .rests = s->rests + v,
                           .shares = s->shares + v,
                           .cols = joint->cols,
                           .count = s->first[to + (int64_t)1] - v,
                           .full = s->full};
        if (!(s->cell_weight[to] > 0.0)) continue;
        s->kernels->expected(expected, tile, &nodes);
        for (int32_t l = 0; l < joint->count; l++) {
            double *sums = distances + joint->columns[to * (int64_t)joint->count + l] * PTN_TILE;
            for (int r = 0; r < PTN_TILE; r++) sums[r] += s->cell_weight[to] * (double)expected[r];
        }
    }
    return distances;
}

/* The scores of a tile by labeling l, whose clusters begin at `before`. */
static void score_tile(double scores[PTN_TILE], const ptn_surrogate *s, const double *distances, int32_t cell,
                       int32_t l, int64_t before)
{
    const ptn_labeling *labeling = &s->joint->labelings[l];
    int64_t own = s->joint->columns[cell * (int64_t)s->joint->count + l];
    double nearest[PTN_TILE];
    double round = 1.5 * 0x1p52 * PTN_SURROGATE_STEP; /* what is added to it is rounded to a multiple of the step */
    for (int r = 0; r < PTN_TILE; r++) nearest[r] = HUGE_VAL;
    for (int32_t j = 0; j < labeling->k; j++) {
        const double *sums = distances + (before + j) * PTN_TILE;
        if (before + j == own || !(s->total[before + j] > 0.0)) continue;
        double share = 1.0 / s->total[before + j];
        for (int r = 0; r < PTN_TILE; r++) {
            double mean = sums[r] * share;
            nearest[r] = mean < nearest[r] ? mean : nearest[r];
        }
    }
    for (int r = 0; r < PTN_TILE; r++) {
        double score = ptn_silhouette_score(distances[own * PTN_TILE + r], s->total[own], 1.0, nearest[r]);
        scores[r] = score >= -1.0 && score <= 1.0 ? (score + round) - round : 0.0;
    }
}

void ptn_surrogate_scores(double *scores, ptn_surrogate *s, const float *tile, int32_t cell, int32_t worker)
{
    const ptn_joint *joint = s->joint;
    const double *distances = expect(s, tile, cell, worker);
    int64_t before = 0;
    for (int32_t l = 0; l < joint->count; before += joint->labelings[l++].k)
        score_tile(scores + l * (int64_t)PTN_TILE, s, distances, cell, l, before);
}
