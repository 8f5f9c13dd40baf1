/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exact silhouette in float: several labelings in one sweep over the pairs of rows, in O(n) memory.

   Rows are sorted by joint label: a cell is what no labeling tells apart, so every cluster of every labeling is a union
   of cells. Cells are padded with rows of weight 0 to whole tiles of sixteen rows, and cut into stripes:

       | cell 0: stripe 0 = 64 tiles | stripe 1 = … pad | cell 1: stripe 2 … pad | … |

   Work is the pairs of stripes (I, J), I <= J. Each distance is computed once and counts for both of its rows: for
   those of I as part of the sum to J's cell, and the other way round. The sums of a pair of stripes are made in a fixed
   order, rounded to a multiple of a power of two, and added to the rows' as whole numbers (int64) under a lock: neither
   threads nor instruction sets nor symmetry leave a trace in the bits.

   A packed value y is a row's distance to its cell's mean in a column, as a float. Between cells, queries are moved by
   the difference of the means first, in double. How wrong a mean distance D of a row to a cell can be, with u = 2^-24,
   d columns, R the mean |y| of the cell's rows:

       packing               u (|y| + R + D): being moved costs at most the distance to the mean, which is at most D
       differences, squares  (d / 2 + 1) u D
       root, sums            18 u D
       rounding to int64     2^-(G + 1) for each stripe of the cell, G the bits behind the point

   R <= 2 D by the triangle inequality, and |y| is at most the mean distance to the row's own cell: for one labeling
   packing is harmless whatever the data. Rows whose score could still move by more than 8e-7 by packing and rounding to
   int64 (in a cell much wider than their neighbourhood) are scored again in double. The other terms are rounding errors
   of either sign in each of n distances, which cancel. A score (b - a) / max(a, b) moves by no more than the sum of the
   relative errors of a and b, hence by less than 8e-7 + (d + 38) u; met are 2e-7 for a score, and 3e-9 for the mean
   (measured against the oracle at 1,500 rows, to 64 columns).

   Errors of few distances would not cancel in the mean. Far rows, over 32 mean deviations from their cell's mean (at
   most one in 256), are left out of the tiles: their distances are computed in double. Rows of few different values
   have few different distances; there the mean was met to 4e-8.
   Source: Rousseeuw 1987. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "cluster/silhouette.h"
#include "kernels/kernels.h"

enum {
    STRIPE = 64, /* tiles in a stripe */
    STRIPE_ROWS = STRIPE * PTN_TILE,
    MOST_CELLS = 256, /* more is slow, as stripes become short */
    CELL_ROWS = 64,   /* on average at least so many rows in a cell, or padding costs too much */
    MOST_LABELS = 256,
    SCORE_ROWS = 256, /* places scored together */
    LOCKS = 64,
    FAR = 32,        /* mean deviations in its cell that make a row a far one */
    FAR_SHARE = 256, /* at most one row in so many is */
    FAR_PASSES = 6
};

#define MOST_WEIGHT 0x1p30
#define MOST_SHIFT  8e-7    /* of a score, by packing and int64 */
#define LEAST_MEAN  0x1p-40 /* below, squares lose digits */

typedef struct stripe {
    int64_t first, tiles; /* in tiles */
    int32_t cell;
} stripe;

typedef struct pairs_job {
    const ptn_scored *scored;
    const ptn_kernels *kernels;
    ptn_labeling *labelings;
    int32_t count, cells;
    int64_t rows, cols, tiles, stripes, clusters;

    int32_t *cell;    /* rows: the cell of each; -1: a far row */
    float *deviation; /* rows: |y| */
    int64_t *far;     /* rows that are far from their cells, ascending */
    int64_t far_count;
    int32_t *refined;    /* MOST_CELLS x MOST_LABELS */
    int64_t *cell_first; /* MOST_CELLS + 1: in tiles */
    int64_t *columns;    /* cells x count: which of all the clusters a cell is part of, one in each labeling */
    double *centre;      /* cells x cols, on the footing */
    double zoom;         /* a power of two: packed values are so many times those on the footing */
    float *values;       /* tiles x cols x PTN_TILE */
    float *weights;      /* tiles x PTN_TILE; 0 for padding */
    float *norms;        /* likewise: |y| */
    int64_t *source;     /* likewise: row, or -1 */
    stripe *stripe;      /* stripes */
    float *moved;        /* a tile for each worker */

    int64_t *sums;   /* clusters x tiles x PTN_TILE, in units of 1 / scale */
    double *reach;   /* clusters: weighted mean of |y| */
    double *grain;   /* clusters: what rounding to int64 may change a mean distance by */
    double *scratch; /* 2 x clusters, for each worker */
    double scale;
    int64_t *in_double; /* count, for each worker: scores made in double */
    pthread_mutex_t lock[LOCKS];
} pairs_job;

/* Tells rows apart by one labeling more; false, with nothing changed, where there are too many cells. */
static bool refine_cells(pairs_job *job, int32_t l)
{
    const ptn_labeling *labeling = &job->labelings[l];
    int64_t k = labeling->k, size = job->cells * k, cells = 0;
    if (k > MOST_LABELS) return false;
    memset(job->refined, 0, (size_t)size * sizeof *job->refined);
    for (int64_t i = 0; i < job->rows; i++) job->refined[job->cell[i] * k + labeling->labels[i]] = 1;
    for (int64_t c = 0; c < size; c++) cells += job->refined[c];
    if (cells > MOST_CELLS || cells * CELL_ROWS > job->rows) return false;
    cells = 0;
    for (int64_t c = 0; c < size; c++) job->refined[c] = job->refined[c] != 0 ? (int32_t)cells++ : -1;
    for (int64_t i = 0; i < job->rows; i++) job->cell[i] = job->refined[job->cell[i] * k + labeling->labels[i]];
    job->cells = (int32_t)cells;
    return true;
}

/* Cells of as many labelings as go together. */
static void find_cells(pairs_job *job, int32_t count)
{
    memset(job->cell, 0, (size_t)job->rows * sizeof *job->cell);
    job->cells = 1;
    for (job->count = 0; job->count < count && refine_cells(job, job->count);) job->count++;
}

/* Where cells begin, and how many tiles and stripes they fill. */
static void place_cells(pairs_job *job)
{
    memset(job->cell_first, 0, (MOST_CELLS + 1) * sizeof *job->cell_first);
    for (int64_t i = 0; i < job->rows; i++)
        if (job->cell[i] >= 0) job->cell_first[job->cell[i] + (int64_t)1]++;
    job->stripes = 0;
    for (int32_t c = 0; c < job->cells; c++) {
        int64_t tiles = (job->cell_first[c + (int64_t)1] + PTN_TILE - 1) / PTN_TILE;
        job->cell_first[c + (int64_t)1] = job->cell_first[c] + tiles;
        job->stripes += (tiles + STRIPE - 1) / STRIPE;
    }
    job->tiles = job->cell_first[job->cells];
}

static void cut_stripes(pairs_job *job)
{
    int64_t s = 0;
    for (int32_t c = 0; c < job->cells; c++)
        for (int64_t t = job->cell_first[c]; t < job->cell_first[c + (int64_t)1]; t += STRIPE) {
            int64_t left = job->cell_first[c + (int64_t)1] - t;
            job->stripe[s++] = (stripe){t, left < STRIPE ? left : STRIPE, c};
        }
}

/* Means of the cells, and where their sums go. */
static void find_centres(pairs_job *job)
{
    int64_t counts[MOST_CELLS] = {0};
    memset(job->centre, 0, (size_t)(job->cells * job->cols) * sizeof *job->centre);
    for (int64_t i = 0; i < job->rows; i++) {
        if (job->cell[i] < 0) continue;
        double *centre = job->centre + job->cell[i] * job->cols;
        int64_t *columns = job->columns + job->cell[i] * (int64_t)job->count, before = 0;
        for (int64_t c = 0; c < job->cols; c++) centre[c] += ptn_scored_at(job->scored, i, c);
        if (counts[job->cell[i]]++ > 0) continue;
        for (int32_t l = 0; l < job->count; before += job->labelings[l++].k)
            columns[l] = before + job->labelings[l].labels[i];
    }
    for (int32_t cell = 0; cell < job->cells; cell++)
        for (int64_t c = 0; c < job->cols; c++)
            if (counts[cell] > 0) job->centre[cell * job->cols + c] /= (double)counts[cell];
}

/* Rows' distances to their cells' means, and the mean of those. */
static void find_deviations(pairs_job *job, double mean[MOST_CELLS])
{
    int64_t counts[MOST_CELLS] = {0};
    memset(mean, 0, MOST_CELLS * sizeof *mean);
    for (int64_t i = 0; i < job->rows; i++) {
        int32_t cell = job->cell[i];
        double square = 0.0;
        if (cell < 0) continue;
        for (int64_t c = 0; c < job->cols; c++) {
            double y = ptn_scored_at(job->scored, i, c) - job->centre[cell * job->cols + c];
            square += y * y;
        }
        job->deviation[i] = (float)sqrt(square);
        mean[cell] += sqrt(square);
        counts[cell]++;
    }
    for (int32_t c = 0; c < job->cells; c++)
        if (counts[c] > 0) mean[c] /= (double)counts[c];
}

static bool is_far(const pairs_job *job, const double mean[MOST_CELLS], int64_t i, double times)
{
    return job->cell[i] >= 0 && (double)job->deviation[i] > times * mean[job->cell[i]];
}

/* Centres without far rows, which hide one another: they are looked for again and again. Then the zoom. */
static void find_far(pairs_job *job)
{
    double mean[MOST_CELLS], widest = 0.0, between = 0.0;
    for (int pass = 0;; pass++) {
        int64_t found = INT64_MAX, most = job->rows / FAR_SHARE - job->far_count;
        find_centres(job);
        find_deviations(job, mean);
        double times = FAR / 2.0;
        while (found > most) {
            found = 0;
            times *= 2.0;
            for (int64_t i = 0; i < job->rows; i++) found += is_far(job, mean, i, times);
        }
        if (found == 0 || pass == FAR_PASSES) break;
        for (int64_t i = 0; i < job->rows; i++)
            if (is_far(job, mean, i, times)) job->cell[i] = -1;
        job->far_count += found;
    }
    for (int64_t i = 0; i < job->rows; i++)
        if (job->cell[i] >= 0) widest = fmax(widest, (double)job->deviation[i]);
    for (int32_t cell = 1; cell < job->cells; cell++) {
        double square = 0.0;
        for (int64_t c = 0; c < job->cols; c++) {
            double apart = job->centre[cell * job->cols + c] - job->centre[c];
            square += apart * apart;
        }
        between = fmax(between, sqrt(square));
    }
    int exponent = 0;
    frexp(widest + between, &exponent); /* no two rows of the tiles are farther apart than twice that */
    job->zoom = ldexp(1.0, -exponent);
    frexp(job->scored->weight * 2.001, &exponent);
    job->scale = ldexp(1.0, 61 - exponent);
}

/* Counting sort by cell, rows of a cluster in their order. cell_first is moved to the cells' ends, and back. */
static void pack_rows(pairs_job *job)
{
    int64_t places = job->tiles * PTN_TILE, next[MOST_CELLS], far = 0;
    memset(job->values, 0, (size_t)(places * job->cols) * sizeof *job->values);
    memset(job->weights, 0, (size_t)places * sizeof *job->weights);
    memset(job->norms, 0, (size_t)places * sizeof *job->norms);
    memset(job->source, 0xFF, (size_t)places * sizeof *job->source);
    memset(job->reach, 0, (size_t)job->clusters * sizeof *job->reach);
    for (int32_t c = 0; c < job->cells; c++) next[c] = job->cell_first[c] * PTN_TILE;
    for (int64_t i = 0; i < job->rows; i++) {
        int32_t cell = job->cell[i];
        if (cell < 0) {
            job->far[far++] = i;
            continue;
        }
        int64_t place = next[cell]++;
        const double *centre = job->centre + cell * job->cols;
        float *to = job->values + place / PTN_TILE * job->cols * PTN_TILE + place % PTN_TILE;
        double square = 0.0, weight = ptn_scored_weight(job->scored, i);
        for (int64_t c = 0; c < job->cols; c++) {
            double y = (ptn_scored_at(job->scored, i, c) - centre[c]) * job->zoom;
            to[c * PTN_TILE] = (float)y;
            square += y * y;
        }
        job->source[place] = i;
        job->weights[place] = (float)weight;
        job->norms[place] = (float)sqrt(square);
        for (int32_t l = 0; l < job->count; l++)
            job->reach[job->columns[cell * (int64_t)job->count + l]] += weight * sqrt(square);
    }
}

/* What is known of clusters before any distance. */
static void measure_clusters(pairs_job *job)
{
    memset(job->grain, 0, (size_t)job->clusters * sizeof *job->grain);
    for (int64_t s = 0; s < job->stripes; s++)
        for (int32_t l = 0; l < job->count; l++)
            job->grain[job->columns[job->stripe[s].cell * (int64_t)job->count + l]] += 0.5 / job->scale;
    int64_t at = 0;
    for (int32_t l = 0; l < job->count; l++)
        for (int32_t j = 0; j < job->labelings[l].k; j++, at++) {
            double total = job->labelings[l].total[j];
            job->reach[at] = total > 0.0 ? job->reach[at] / total : 0.0;
            job->grain[at] = total > 0.0 ? job->grain[at] / total : 0.0;
        }
}

/* Adds a stripe's sums to what its rows have for the clusters of a cell. */
static void add_sums(pairs_job *job, const stripe *to, int32_t cell, const double *sums)
{
    int64_t places = job->tiles * PTN_TILE, first = to->first * PTN_TILE;
    pthread_mutex_t *lock = &job->lock[to->first / STRIPE % LOCKS];
    pthread_mutex_lock(lock);
    for (int64_t r = 0; r < to->tiles * PTN_TILE; r++) {
        int64_t sum = llrint(sums[r] * job->scale);
        for (int32_t l = 0; l < job->count; l++)
            job->sums[job->columns[cell * (int64_t)job->count + l] * places + first + r] += sum;
    }
    pthread_mutex_unlock(lock);
}

/* A tile of queries as seen from the mean of another cell. */
static const float *move_tile(pairs_job *job, const float *tile, int32_t from, int32_t to, int32_t worker)
{
    if (from == to) return tile;
    float *moved = job->moved + worker * job->cols * PTN_TILE;
    for (int64_t c = 0; c < job->cols; c++) {
        double shift = (job->centre[from * job->cols + c] - job->centre[to * job->cols + c]) * job->zoom;
        for (int64_t r = 0; r < PTN_TILE; r++)
            moved[c * PTN_TILE + r] = (float)((double)tile[c * PTN_TILE + r] + shift);
    }
    return moved;
}

/* Block `block` is the pair of stripes (I, J) of the upper triangle, counted J by J. */
static void add_pairs(void *opaque, int64_t block, int32_t worker)
{
    pairs_job *job = opaque;
    int64_t j = (int64_t)((sqrt(8.0 * (double)block + 1.0) - 1.0) / 2.0);
    while (j * (j + 1) / 2 > block) j--;
    while ((j + 1) * (j + 2) / 2 <= block) j++;
    const stripe *left = &job->stripe[block - j * (j + 1) / 2], *right = &job->stripe[j];
    double left_sums[STRIPE_ROWS] = {0}, right_sums[STRIPE_ROWS] = {0};
    int64_t tile = job->cols * PTN_TILE;
    for (int64_t t = 0; t < left->tiles; t++) {
        if (t % 8 == 0 && ptn_team_poll(job->scored->team, worker)) return;
        int64_t query = left->first + t, first = left == right ? t + 1 : 0;
        ptn_pairs pairs = {.query = move_tile(job, job->values + query * tile, left->cell, right->cell, worker),
                           .query_weights = job->weights + query * PTN_TILE,
                           .cols = job->cols};
        if (left == right) { /* the tile with itself: all of it, for its rows as queries alone */
            pairs.members = pairs.query;
            pairs.member_weights = pairs.query_weights;
            pairs.tiles = 1;
            job->kernels->pairs(left_sums + t * PTN_TILE, NULL, &pairs);
        }
        pairs.members = job->values + (right->first + first) * tile;
        pairs.member_weights = job->weights + (right->first + first) * PTN_TILE;
        pairs.tiles = right->tiles - first;
        job->kernels->pairs(left_sums + t * PTN_TILE, right_sums + first * PTN_TILE, &pairs);
    }
    add_sums(job, left, right->cell, left_sums);
    add_sums(job, right, left->cell, right_sums);
}

/* The score of a row by one labeling, all in double; NaN where the call was cancelled. */
static double score_in_double(pairs_job *job, int64_t i, int32_t l, int32_t worker)
{
    const ptn_labeling *labeling = &job->labelings[l];
    double *sums = job->scratch + 2 * worker * job->clusters, nearest = HUGE_VAL;
    memset(sums, 0, (size_t)labeling->k * sizeof *sums);
    if (ptn_team_poll(job->scored->team, worker)) return (double)NAN;
    for (int64_t m = 0; m < job->rows; m++) {
        double square = 0.0;
        for (int64_t c = 0; c < job->cols; c++) {
            double difference = ptn_scored_at(job->scored, i, c) - ptn_scored_at(job->scored, m, c);
            square += difference * difference;
        }
        sums[labeling->labels[m]] += ptn_scored_weight(job->scored, m) * sqrt(square);
    }
    int32_t own = labeling->labels[i];
    for (int32_t j = 0; j < labeling->k; j++)
        if (j != own && labeling->total[j] > 0.0 && sums[j] / labeling->total[j] < nearest)
            nearest = sums[j] / labeling->total[j];
    job->in_double[worker * (int64_t)job->count + l]++;
    return ptn_silhouette_score(sums[own], labeling->total[own], ptn_scored_weight(job->scored, i), nearest);
}

/* Weighted sums of distances of row i to the far rows of each cluster, in double. */
static const double *sum_far(pairs_job *job, int64_t i, int32_t worker)
{
    double *sums = job->scratch + (2 * worker + 1) * job->clusters;
    memset(sums, 0, (size_t)job->clusters * sizeof *sums);
    for (int64_t f = 0; f < job->far_count; f++) {
        int64_t m = job->far[f], before = 0;
        double square = 0.0;
        for (int64_t c = 0; c < job->cols; c++) {
            double difference = ptn_scored_at(job->scored, i, c) - ptn_scored_at(job->scored, m, c);
            square += difference * difference;
        }
        for (int32_t l = 0; l < job->count; before += job->labelings[l++].k)
            sums[before + job->labelings[l].labels[m]] += ptn_scored_weight(job->scored, m) * sqrt(square) * job->zoom;
    }
    return sums;
}

/* The score of the row at a place by one labeling, whose clusters begin at `before`. */
static double score_place(pairs_job *job, int64_t place, int32_t l, int64_t before, const double *far, int32_t worker)
{
    const ptn_labeling *labeling = &job->labelings[l];
    int64_t places = job->tiles * PTN_TILE, i = job->source[place], near = before, at = before;
    int32_t own = labeling->labels[i];
    double norm = (double)job->norms[place], weight = ptn_scored_weight(job->scored, i), nearest = HUGE_VAL;
    double sum_own = (double)job->sums[(before + own) * places + place] / job->scale + far[before + own];
    for (int32_t j = 0; j < labeling->k; j++, at++) {
        double mean = ((double)job->sums[at * places + place] / job->scale + far[at]) / labeling->total[j];
        if (j == own || !(labeling->total[j] > 0.0) || !(mean < nearest)) continue;
        nearest = mean;
        near = at;
    }
    double others = weight > 0.0 ? labeling->total[own] - 1.0 : labeling->total[own];
    if (!(others > 0.0)) return 0.0;
    double share = labeling->total[own] / others, larger = fmax(sum_own / others, nearest);
    double packing = 0x1p-24 * (2.0 * norm + nearest + job->reach[near] + share * (norm + job->reach[before + own]));
    double rounding = job->grain[near] + share * job->grain[before + own];
    if (larger < LEAST_MEAN || packing + rounding > MOST_SHIFT * larger) return score_in_double(job, i, l, worker);
    return ptn_silhouette_score(sum_own, labeling->total[own], weight, nearest);
}

static void score_places(void *opaque, int64_t block, int32_t worker)
{
    pairs_job *job = opaque;
    int64_t from = block * SCORE_ROWS, to = from + SCORE_ROWS, places = job->tiles * PTN_TILE;
    for (int64_t place = from; place < to && place < places; place++) {
        int64_t i = job->source[place], before = 0;
        if (i < 0) continue;
        if (ptn_team_poll(job->scored->team, worker)) return;
        const double *far = sum_far(job, i, worker);
        for (int32_t l = 0; l < job->count; before += job->labelings[l++].k)
            job->labelings[l].scores[i] = score_place(job, place, l, before, far, worker);
    }
}

static void score_far(void *opaque, int64_t block, int32_t worker)
{
    pairs_job *job = opaque;
    for (int32_t l = 0; l < job->count; l++)
        job->labelings[l].scores[job->far[block]] = score_in_double(job, job->far[block], l, worker);
}

static patron_status allocate_sorted(pairs_job *job, const ptn_memory *memory, patron_error *error)
{
    int64_t places = job->tiles * PTN_TILE, threads = job->scored->team->context->threads, values, sums;
    if (!ptn_mul_i64(&values, places, job->cols)) values = -1;
    if (!ptn_mul_i64(&sums, places, job->clusters)) sums = -1;
    const ptn_wanted list[] = {{&job->values, values, sizeof *job->values, "rows to score"},
                               {&job->sums, sums, sizeof *job->sums, "rows to score"},
                               {&job->weights, places, sizeof *job->weights, "rows to score"},
                               {&job->norms, places, sizeof *job->norms, "rows to score"},
                               {&job->source, places, sizeof *job->source, "rows to score"},
                               {&job->stripe, job->stripes, sizeof *job->stripe, "rows to score"},
                               {&job->far, job->far_count, sizeof *job->far, "rows to score"},
                               {&job->moved, threads * job->cols * PTN_TILE, sizeof *job->moved, "rows to score"},
                               {&job->reach, job->clusters, sizeof *job->reach, "rows to score"},
                               {&job->grain, job->clusters, sizeof *job->grain, "rows to score"},
                               {&job->scratch, 2 * threads * job->clusters, sizeof *job->scratch, "rows to score"},
                               {&job->in_double, threads * job->count, sizeof *job->in_double, "rows to score"}};
    return ptn_allocate_each(list, sizeof list / sizeof *list, true, memory, error);
}

static patron_status sweep_pairs(pairs_job *job, patron_error *error)
{
    const ptn_scored *scored = job->scored;
    double middle = scored->from + 0.98 * (scored->to - scored->from);
    cut_stripes(job);
    pack_rows(job);
    measure_clusters(job);
    for (int i = 0; i < LOCKS; i++) pthread_mutex_init(&job->lock[i], NULL);
    patron_status status = ptn_team_run(scored->team, "silhouette", scored->from, middle,
                                        job->stripes * (job->stripes + 1) / 2, add_pairs, job, error);
    for (int i = 0; i < LOCKS; i++) pthread_mutex_destroy(&job->lock[i]);
    if (status != PATRON_OK) return status;
    status = ptn_team_run(scored->team, "silhouette", middle, scored->to,
                          (job->tiles * PTN_TILE + SCORE_ROWS - 1) / SCORE_ROWS, score_places, job, error);
    if (status == PATRON_OK)
        status =
            ptn_team_run(scored->team, "silhouette", scored->to, scored->to, job->far_count, score_far, job, error);
    for (int64_t w = 0; w < scored->team->context->threads; w++)
        for (int32_t l = 0; l < job->count; l++) job->labelings[l].in_double += job->in_double[w * job->count + l];
    return status;
}

patron_status ptn_silhouette_pairs(int32_t *taken, ptn_labeling *labelings, int32_t count, const ptn_scored *scored,
                                   patron_error *error)
{
    const ptn_memory *memory = &scored->team->context->memory;
    pairs_job job;
    *taken = 0;
    if (scored->rows.rows <= PTN_FEW_ROWS || scored->weight > MOST_WEIGHT) return PATRON_OK;
    memset(&job, 0, sizeof job);
    job.scored = scored;
    job.kernels = ptn_kernels_here();
    job.labelings = labelings;
    job.rows = scored->rows.rows;
    job.cols = scored->rows.cols;
    const ptn_wanted list[] = {{&job.cell, job.rows, sizeof *job.cell, "rows to score"},
                               {&job.refined, MOST_CELLS * MOST_LABELS, sizeof *job.refined, "rows to score"},
                               {&job.cell_first, MOST_CELLS + 1, sizeof *job.cell_first, "rows to score"}};
    patron_status status = ptn_allocate_each(list, 3, true, memory, error);
    if (status != PATRON_OK) goto cleanup;
    find_cells(&job, count);
    if (job.count == 0) goto cleanup;
    for (int32_t l = 0; l < job.count; l++) job.clusters += labelings[l].k;
    int64_t numbers;
    if (!ptn_mul_i64(&numbers, job.cells, job.cols)) numbers = -1;
    const ptn_wanted more[] = {{&job.columns, job.cells * (int64_t)job.count, sizeof *job.columns, "rows to score"},
                               {&job.centre, numbers, sizeof *job.centre, "rows to score"},
                               {&job.deviation, job.rows, sizeof *job.deviation, "rows to score"}};
    status = ptn_allocate_each(more, 3, true, memory, error);
    if (status != PATRON_OK) goto cleanup;
    find_far(&job);
    place_cells(&job);
    status = allocate_sorted(&job, memory, error);
    if (status == PATRON_OK) status = sweep_pairs(&job, error);
    *taken = job.count;

cleanup:
    ptn_free(memory, job.in_double);
    ptn_free(memory, job.scratch);
    ptn_free(memory, job.grain);
    ptn_free(memory, job.reach);
    ptn_free(memory, job.moved);
    ptn_free(memory, job.far);
    ptn_free(memory, job.deviation);
    ptn_free(memory, job.centre);
    ptn_free(memory, job.columns);
    ptn_free(memory, job.stripe);
    ptn_free(memory, job.source);
    ptn_free(memory, job.norms);
    ptn_free(memory, job.weights);
    ptn_free(memory, job.sums);
    ptn_free(memory, job.values);
    ptn_free(memory, job.cell_first);
    ptn_free(memory, job.refined);
    ptn_free(memory, job.cell);
    return status;
}
