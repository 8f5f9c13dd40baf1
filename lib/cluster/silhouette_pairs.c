/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The exact silhouette in float: several labelings in one sweep over the pairs of rows, in O(n) memory.

   Rows are packed by joint label (cluster/joint.h). Work is the pairs of stripes (I, J), I <= J. Each distance is
   computed once and counts for both of its rows: for those of I as part of the sum to J's cell, and the other way
   round. The sums of a pair of stripes are made in a fixed order, rounded to a multiple of a power of two, and added to
   the rows' as whole numbers (int64) under a lock: neither threads nor instruction sets nor symmetry leave a trace in
   the bits.

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
#include "cluster/joint.h"

enum {
    MOST_CELLS = 256, /* more is slow, as stripes become short */
    SCORE_ROWS = 256, /* places scored together */
    LOCKS = 64
};

typedef struct pairs_job {
    ptn_joint joint;
    const ptn_kernels *kernels;
    int64_t *sums; /* clusters x tiles x PTN_TILE, in units of 1 / scale */
    pthread_mutex_t lock[LOCKS];
} pairs_job;

/* Adds a stripe's sums to what its rows have for the clusters of a cell. */
static void add_sums(pairs_job *job, const ptn_stripe *to, int32_t cell, const double *sums)
{
    const ptn_joint *joint = &job->joint;
    int64_t places = joint->tiles * PTN_TILE, first = to->first * PTN_TILE;
    pthread_mutex_t *lock = &job->lock[to->first / PTN_STRIPE % LOCKS];
    pthread_mutex_lock(lock);
    for (int64_t r = 0; r < to->tiles * PTN_TILE; r++) {
        int64_t sum = llrint(sums[r] * joint->scale);
        for (int32_t l = 0; l < joint->count; l++)
            job->sums[joint->columns[cell * (int64_t)joint->count + l] * places + first + r] += sum;
    }
    pthread_mutex_unlock(lock);
}

/* Block `block` is the pair of stripes (I, J) of the upper triangle, counted J by J. */
static void add_pairs(void *opaque, int64_t block, int32_t worker)
{
    pairs_job *job = opaque;
    ptn_joint *joint = &job->joint;
    int64_t j = (int64_t)((sqrt(8.0 * (double)block + 1.0) - 1.0) / 2.0);
    while (j * (j + 1) / 2 > block) j--;
    while ((j + 1) * (j + 2) / 2 <= block) j++;
    const ptn_stripe *left = &joint->stripe[block - j * (j + 1) / 2], *right = &joint->stripe[j];
    double left_sums[PTN_STRIPE_ROWS] = {0}, right_sums[PTN_STRIPE_ROWS] = {0};
    int64_t tile = joint->cols * PTN_TILE;
    for (int64_t t = 0; t < left->tiles; t++) {
        if (t % 8 == 0 && ptn_team_poll(joint->scored->team, worker)) return;
        int64_t query = left->first + t, first = left == right ? t + 1 : 0;
        ptn_pairs pairs = {.query =
                               ptn_joint_move(joint, joint->values + query * tile, left->cell, right->cell, worker),
                           .query_weights = joint->weights + query * PTN_TILE,
                           .cols = joint->cols};
        if (left == right) { /* the tile with itself: all of it, for its rows as queries alone */
            pairs.members = pairs.query;
            pairs.member_weights = pairs.query_weights;
            pairs.tiles = 1;
            job->kernels->pairs(left_sums + t * PTN_TILE, NULL, &pairs);
        }
        pairs.members = joint->values + (right->first + first) * tile;
        pairs.member_weights = joint->weights + (right->first + first) * PTN_TILE;
        pairs.tiles = right->tiles - first;
        job->kernels->pairs(left_sums + t * PTN_TILE, right_sums + first * PTN_TILE, &pairs);
    }
    add_sums(job, left, right->cell, left_sums);
    add_sums(job, right, left->cell, right_sums);
}

static void score_places(void *opaque, int64_t block, int32_t worker)
{
    pairs_job *job = opaque;
    ptn_joint *joint = &job->joint;
    int64_t from = block * SCORE_ROWS, to = from + SCORE_ROWS, places = joint->tiles * PTN_TILE;
    for (int64_t place = from; place < to && place < places; place++) {
        int64_t i = joint->source[place], before = 0;
        if (i < 0) continue;
        if (ptn_team_poll(joint->scored->team, worker)) return;
        const double *far = ptn_joint_far(joint, i, worker);
        double norm = (double)joint->deviation[i] * joint->zoom;
        for (int32_t l = 0; l < joint->count; before += joint->labelings[l++].k)
            joint->labelings[l].scores[i] =
                ptn_joint_score(joint, i, l, before, job->sums + place, places, far, norm, worker);
    }
}

static void score_far(void *opaque, int64_t block, int32_t worker)
{
    ptn_joint *joint = &((pairs_job *)opaque)->joint;
    for (int32_t l = 0; l < joint->count; l++)
        joint->labelings[l].scores[joint->far[block]] = ptn_joint_score_double(joint, joint->far[block], l, worker);
}

static patron_status sweep_pairs(pairs_job *job, patron_error *error)
{
    const ptn_scored *scored = job->joint.scored;
    int64_t stripes = job->joint.stripes, places = job->joint.tiles * PTN_TILE;
    double middle = scored->from + 0.98 * (scored->to - scored->from);
    for (int i = 0; i < LOCKS; i++) pthread_mutex_init(&job->lock[i], NULL);
    patron_status status = ptn_team_run(scored->team, "silhouette", scored->from, middle, stripes * (stripes + 1) / 2,
                                        add_pairs, job, error);
    for (int i = 0; i < LOCKS; i++) pthread_mutex_destroy(&job->lock[i]);
    if (status != PATRON_OK) return status;
    status = ptn_team_run(scored->team, "silhouette", middle, scored->to, (places + SCORE_ROWS - 1) / SCORE_ROWS,
                          score_places, job, error);
    if (status == PATRON_OK)
        status = ptn_team_run(scored->team, "silhouette", scored->to, scored->to, job->joint.far_count, score_far, job,
                              error);
    ptn_joint_count_double(&job->joint);
    return status;
}

patron_status ptn_silhouette_pairs(int32_t *taken, ptn_labeling *labelings, int32_t count, const ptn_scored *scored,
                                   patron_error *error)
{
    const ptn_memory *memory = &scored->team->context->memory;
    pairs_job job = {.kernels = ptn_kernels_here()};
    int64_t sums;
    *taken = 0;
    patron_status status = ptn_joint_open(&job.joint, labelings, count, MOST_CELLS, scored, error);
    if (status == PATRON_OK && job.joint.count > 0) {
        if (!ptn_mul_i64(&sums, job.joint.tiles * PTN_TILE, job.joint.clusters)) sums = -1;
        const ptn_wanted wanted = {&job.sums, sums, sizeof *job.sums, "rows to score"};
        status = ptn_allocate_each(&wanted, 1, true, memory, error);
        if (status == PATRON_OK) status = sweep_pairs(&job, error);
        *taken = job.joint.count;
    }
    ptn_free(memory, job.sums);
    ptn_joint_close(&job.joint);
    return status;
}
