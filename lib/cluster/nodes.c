/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes: leaves of a tree that always splits the leaf with the highest sum of squares, across the column that has most
   of it, at its mean (Su & Dy 2007, "var-part"); then a few passes of k-means within the cell. */
#include "cluster/nodes.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/rng.h"

enum {
    POOL_ROWS = 256, /* for each node */
    POOL_CELL = 512, /* of each cell, at least */
    POOL_FAR = 1024, /* of a cell's far rows, at most */
    LEAF_ROWS = 8,   /* fewer are not split */
    PASSES = 5
};

#define TOO_FAR 1e6 /* in packed units: fourth powers must stay within a float */

typedef struct leaf {
    int64_t from, count; /* in `order` */
    int32_t cell, axis;
    double weight, squares, middle; /* middle: the mean of column `axis` */
} leaf;

typedef struct node_pool {
    ptn_joint *joint;
    const int64_t *far, *far_first;
    int64_t cols, rows, leaves, most;
    int64_t *cell_first; /* cells + 1: rows of the pool */
    double *values;      /* rows x cols */
    double *weights;     /* rows: of those each stands for */
    int64_t *order;      /* rows */
    leaf *leaf;          /* most */
    double *sums;        /* most x cols */
    double *counts;      /* most */
    double *centres;     /* most x cols */
    int64_t *first;      /* cells + 1 */
} node_pool;

int64_t ptn_nodes_pick(int64_t pick, int64_t picks, int64_t count, uint64_t seed, uint64_t stream)
{
    if (picks >= count) return pick;
    /* count < 2^53 and what is rounded stays below it. */
    double place = ((double)pick + ptn_random_unit(seed, stream, (uint64_t)pick)) * ((double)count / (double)picks);
    int64_t found = (int64_t)place;
    return found < count ? found : count - 1;
}

bool ptn_nodes_place(double *out, const ptn_joint *joint, int64_t row)
{
    const double *centre = joint->centre + ptn_joint_cell(joint, row) * joint->cols;
    bool near = true;
    for (int64_t c = 0; c < joint->cols; c++) {
        out[c] = (ptn_scored_at(joint->scored, row, c) - centre[c]) * joint->zoom;
        near &= fabs(out[c]) < TOO_FAR;
    }
    return near;
}

static int64_t tiles_of(const ptn_joint *joint, int32_t cell)
{
    return joint->cell_first[cell + (int64_t)1] - joint->cell_first[cell];
}

/* Tiles and far rows of a cell that go into the pool. */
static int64_t tiles_wanted(const node_pool *pool, int32_t cell)
{
    int64_t tiles = tiles_of(pool->joint, cell);
    double rows = (double)POOL_ROWS * (double)pool->most * ((double)tiles / (double)pool->joint->tiles);
    int64_t wanted = (int64_t)(rows > POOL_CELL ? rows : POOL_CELL) / PTN_TILE + 1;
    return wanted < tiles ? wanted : tiles;
}

static int64_t far_wanted(const node_pool *pool, int32_t cell)
{
    int64_t count = pool->far_first[cell + (int64_t)1] - pool->far_first[cell];
    return count < POOL_FAR ? count : POOL_FAR;
}

static void add_row(node_pool *pool, int64_t row, double stands_for)
{
    double weight = ptn_scored_weight(pool->joint->scored, row);
    if (!(weight > 0.0) || !ptn_nodes_place(pool->values + pool->rows * pool->cols, pool->joint, row)) return;
    pool->order[pool->rows] = pool->rows;
    pool->weights[pool->rows++] = weight * stands_for;
}

static void fill_pool(node_pool *pool)
{
    const ptn_joint *joint = pool->joint;
    for (int32_t cell = 0; cell < joint->cells; cell++) {
        int64_t tiles = tiles_of(joint, cell), wanted = tiles_wanted(pool, cell), far = far_wanted(pool, cell);
        int64_t far_count = pool->far_first[cell + (int64_t)1] - pool->far_first[cell];
        pool->cell_first[cell] = pool->rows;
        for (int64_t p = 0; p < wanted; p++) {
            int64_t tile = joint->cell_first[cell] + ptn_nodes_pick(p, wanted, tiles, 0, (uint64_t)cell);
            for (int64_t r = tile * PTN_TILE; r < (tile + 1) * PTN_TILE; r++)
                if (joint->source[r] >= 0) add_row(pool, joint->source[r], (double)tiles / (double)wanted);
        }
        for (int64_t p = 0; p < far; p++)
            add_row(pool, pool->far[pool->far_first[cell] + ptn_nodes_pick(p, far, far_count, 0, (uint64_t)cell)],
                    (double)far_count / (double)far);
    }
    pool->cell_first[joint->cells] = pool->rows;
}

/* Its weight, sum of squares, and the column with most of that. */
static void measure_leaf(node_pool *pool, leaf *l)
{
    double widest = 0.0;
    l->weight = l->squares = 0.0;
    l->axis = 0;
    for (int64_t c = 0; c < pool->cols; c++) {
        double sum = 0.0, square = 0.0, weight = 0.0;
        for (int64_t i = l->from; i < l->from + l->count; i++) {
            sum += pool->weights[pool->order[i]] * pool->values[pool->order[i] * pool->cols + c];
            weight += pool->weights[pool->order[i]];
        }
        double mean = weight > 0.0 ? sum / weight : 0.0;
        for (int64_t i = l->from; i < l->from + l->count; i++) {
            double u = pool->values[pool->order[i] * pool->cols + c] - mean;
            square += pool->weights[pool->order[i]] * u * u;
        }
        l->weight = weight;
        l->squares += square;
        if (!(square > widest)) continue;
        widest = square;
        l->axis = (int32_t)c;
        l->middle = mean;
    }
    if (l->count < LEAF_ROWS || !(widest > 0.0)) l->squares = 0.0; /* not to be split */
}

static void split_leaf(node_pool *pool, leaf *l)
{
    int64_t low = l->from, high = l->from + l->count;
    while (low < high) {
        if (pool->values[pool->order[low] * pool->cols + l->axis] <= l->middle) {
            low++;
            continue;
        }
        int64_t row = pool->order[--high];
        pool->order[high] = pool->order[low];
        pool->order[low] = row;
    }
    int64_t left = low - l->from;
    if (left == 0 || left == l->count) {
        l->squares = 0.0;
        return;
    }
    leaf *right = &pool->leaf[pool->leaves++];
    *right = (leaf){.from = low, .count = l->count - left, .cell = l->cell};
    l->count = left;
    measure_leaf(pool, l);
    measure_leaf(pool, right);
}

/* The leaf with the highest sum of squares, of a cell or (-1) of all; NULL where none can be split. */
static leaf *widest_leaf(node_pool *pool, int32_t cell)
{
    leaf *widest = NULL;
    for (int64_t i = 0; i < pool->leaves; i++) {
        leaf *l = &pool->leaf[i];
        if ((cell >= 0 && l->cell != cell) || !(l->squares > 0.0)) continue;
        if (widest == NULL || l->squares > widest->squares) widest = l;
    }
    return widest;
}

/* Half of the nodes are shared out evenly among cells, the others go where squares are. */
static void grow_leaves(node_pool *pool)
{
    int32_t cells = pool->joint->cells;
    int64_t even = pool->most / (2 * (int64_t)cells);
    leaf *l;
    for (int32_t cell = 0; cell < cells; cell++) {
        int64_t from = pool->cell_first[cell];
        pool->leaf[pool->leaves] =
            (leaf){.from = from, .count = pool->cell_first[cell + (int64_t)1] - from, .cell = cell};
        measure_leaf(pool, &pool->leaf[pool->leaves++]);
    }
    for (int32_t cell = 0; cell < cells; cell++)
        for (int64_t nodes = 1; nodes < even && (l = widest_leaf(pool, cell)) != NULL;) {
            int64_t before = pool->leaves;
            split_leaf(pool, l);
            nodes += pool->leaves - before;
        }
    while (pool->leaves < pool->most && (l = widest_leaf(pool, -1)) != NULL) split_leaf(pool, l);
}

/* Leaves in the order of their cells, and their means. */
static void place_nodes(node_pool *pool)
{
    int64_t at = 0;
    for (int32_t cell = 0; cell < pool->joint->cells; cell++) {
        pool->first[cell] = at;
        for (int64_t i = 0; i < pool->leaves; i++) {
            const leaf *l = &pool->leaf[i];
            if (l->cell != cell) continue;
            double *centre = pool->centres + at++ * pool->cols;
            memset(centre, 0, (size_t)pool->cols * sizeof *centre);
            for (int64_t r = l->from; r < l->from + l->count; r++)
                for (int64_t c = 0; c < pool->cols; c++)
                    centre[c] += pool->weights[pool->order[r]] * pool->values[pool->order[r] * pool->cols + c];
            for (int64_t c = 0; c < pool->cols && l->weight > 0.0; c++) centre[c] /= l->weight;
        }
    }
    pool->first[pool->joint->cells] = at;
}

int64_t ptn_nodes_nearest(const double *centres, int64_t first, int64_t end, const double *row, int64_t cols)
{
    int64_t found = first;
    double least = HUGE_VAL;
    for (int64_t v = first; v < end; v++) {
        const double *centre = centres + v * cols;
        double square = 0.0;
        for (int64_t c = 0; c < cols; c++) square += (row[c] - centre[c]) * (row[c] - centre[c]);
        if (!(square < least)) continue;
        least = square;
        found = v;
    }
    return found;
}

static void improve_cell(void *opaque, int64_t block, int32_t worker)
{
    node_pool *pool = opaque;
    int32_t cell = (int32_t)block;
    int64_t first = pool->first[cell], nodes = pool->first[cell + (int64_t)1] - first, cols = pool->cols;
    for (int pass = 0; pass < PASSES && nodes > 1; pass++) {
        if (ptn_team_poll(pool->joint->scored->team, worker)) return;
        memset(pool->sums + first * cols, 0, (size_t)(nodes * cols) * sizeof *pool->sums);
        memset(pool->counts + first, 0, (size_t)nodes * sizeof *pool->counts);
        for (int64_t i = pool->cell_first[cell]; i < pool->cell_first[cell + (int64_t)1]; i++) {
            const double *row = pool->values + i * cols;
            int64_t v = ptn_nodes_nearest(pool->centres, first, first + nodes, row, cols);
            for (int64_t c = 0; c < cols; c++) pool->sums[v * cols + c] += pool->weights[i] * row[c];
            pool->counts[v] += pool->weights[i];
        }
        for (int64_t e = first * cols; e < (first + nodes) * cols; e++)
            if (pool->counts[e / cols] > 0.0) pool->centres[e] = pool->sums[e] / pool->counts[e / cols];
    }
}

static patron_status allocate_pool(node_pool *pool, const ptn_memory *memory, patron_error *error)
{
    int64_t rows = 0, numbers, nodes;
    for (int32_t cell = 0; cell < pool->joint->cells; cell++)
        rows += tiles_wanted(pool, cell) * PTN_TILE + far_wanted(pool, cell);
    rows++; /* a row is looked at where the next would go */
    if (!ptn_mul_i64(&numbers, rows, pool->cols)) numbers = -1;
    if (!ptn_mul_i64(&nodes, pool->most, pool->cols)) nodes = -1;
    const ptn_wanted list[] = {{&pool->cell_first, pool->joint->cells + (int64_t)1, sizeof(int64_t), "nodes"},
                               {&pool->values, numbers, sizeof *pool->values, "nodes"},
                               {&pool->weights, rows, sizeof *pool->weights, "nodes"},
                               {&pool->order, rows, sizeof *pool->order, "nodes"},
                               {&pool->leaf, pool->most, sizeof *pool->leaf, "nodes"},
                               {&pool->sums, nodes, sizeof *pool->sums, "nodes"},
                               {&pool->counts, pool->most, sizeof *pool->counts, "nodes"},
                               {&pool->centres, nodes, sizeof *pool->centres, "nodes"}};
    return ptn_allocate_each(list, sizeof list / sizeof *list, false, memory, error);
}

patron_status ptn_nodes_find(double **centres, int64_t *first, int64_t most, ptn_joint *joint, const int64_t *far,
                             const int64_t *far_first, patron_error *error)
{
    const ptn_memory *memory = &joint->scored->team->context->memory;
    node_pool pool = {
        .joint = joint, .far = far, .far_first = far_first, .cols = joint->cols, .most = most, .first = first};
    patron_status status = allocate_pool(&pool, memory, error);
    if (status == PATRON_OK) {
        double at = joint->scored->from;
        fill_pool(&pool);
        grow_leaves(&pool);
        place_nodes(&pool);
        status = ptn_team_run(joint->scored->team, "silhouette", at, at, joint->cells, improve_cell, &pool, error);
    }
    if (status == PATRON_OK) {
        *centres = pool.centres;
        pool.centres = NULL;
    }
    ptn_free(memory, pool.centres);
    ptn_free(memory, pool.counts);
    ptn_free(memory, pool.sums);
    ptn_free(memory, pool.leaf);
    ptn_free(memory, pool.order);
    ptn_free(memory, pool.weights);
    ptn_free(memory, pool.values);
    ptn_free(memory, pool.cell_first);
    return status;
}
