/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hot loops of clustering and of reading order lines, and logarithms: one table of functions, filled once for each
   instruction set.

   `ptn_kernels_here` chooses by what the processor and the operating system support; the scalar table is always there
   and is what the others are checked against. All tables give the same results: what ends up in a result is computed
   by the same IEEE operations in the same order, lane by lane; scores of the filter may differ in their last bits, but
   never decide alone (see ptn_filter).

   Packed rows lie in tiles of sixteen rows, column by column:

       tile 0                                        tile 1
       | c0: r0 r1 … r15 | c1: r0 … r15 | … |        | c0: r16 … r31 | … |        the last one padded with zeros */
#ifndef PTN_KERNELS_KERNELS_H
#define PTN_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

enum { PTN_TILE = 16, PTN_MOST_CLUSTERS = 256, PTN_FEW = 9 };

/* Rows as the caller holds them. */
typedef struct ptn_source {
    const void *values; /* row-major doubles, or floats */
    int64_t cols, stride;
    bool narrow; /* floats */
} ptn_source;

/* What to look for when rows are labelled: scores s_j = w_j . x + b_j, the squared distance to the origin, which is one
   of the centroids, less that to centroid j, so the highest is the nearest; the origin's own is 0. A score is wrong by
   at most `wrong`; a row is in doubt unless its best score, less what it is wrong by, leads every other, more what that
   is wrong by, by more than `doubt`. Weights, offsets and wrongs of the other clusters come in groups, padded with
   clusters that never win. */
typedef struct ptn_filter {
    int64_t cols;
    int32_t k, group; /* clusters in a group: k - 1 up to 4, then 8 */
    float *weights;   /* groups x cols x group */
    float *offsets;   /* groups x group */
    float *wrong;     /* groups x group */
    int32_t *numbers; /* groups x group: their clusters' numbers */
    float *origin;    /* cols */
    int32_t first;    /* the origin's number */
    float doubt;
    float slack;     /* added to a row's squared distance to the origin, it is not too small */
    float passed;    /* a tile whose bound is above this keeps its labels */
    float travelled; /* what a new bound is counted from */
} ptn_filter;

/* A tile that needs a look: labels the scores give, lanes where they differ from the labels at hand, lanes in doubt. */
typedef struct ptn_active {
    int32_t tile;
    uint16_t changed, doubt;
    uint8_t labels[PTN_TILE];
} ptn_active;

/* A step of D^2 seeding over weighted packed rows; lane l of the sums adds rows l, l + 16, …. */
typedef struct ptn_seeding_step {
    const float *values;
    const double *weights; /* of rows; padding has 0 */
    const float *point;    /* the candidate, cols */
    int64_t cols, tiles;
    bool first; /* there is no seed yet: distances are to the candidate alone */
} ptn_seeding_step;

/* Labels of rows, and the clusters' centroids, k x cols. */
typedef struct ptn_clusters {
    const uint8_t *labels;
    const double *centroids;
} ptn_clusters;

/* So many are looked at together. */
enum { PTN_TOGETHER = 4 };

/* Pairs of rows in tiles of `cols` columns: one tile of queries against `tiles` tiles of members. */
typedef struct ptn_pairs {
    const float *query, *members; /* where their tiles begin */
    const float *query_weights, *member_weights;
    int64_t cols, tiles;
} ptn_pairs;

/* Groups of rows, by their moments: mean, covariance S, q = E[u |u|^2] with u = row - mean, and the variance of |u|^2.
   Where a row's place e from the mean has m = |e|^2 + tr S, its mean distance to the group's rows is nearly
   sqrt(m) - V / (8 m sqrt(m)) with V = 4 e'Se - 4 e'q + Var |u|^2. */
typedef struct ptn_nodes {
    const float *means, *slopes; /* count x cols; slopes: -q / 2 */
    const float *forms;          /* S / 2: with `full` its lower triangle, what is off the diagonal twice; else that */
    const float *spreads;        /* count: tr S, > 0 */
    const float *rests;          /* count: Var |u|^2 / 8 */
    const float *shares;         /* count: what each counts for */
    int64_t cols, count;
    bool full;
} ptn_nodes;

/* Lines of an order log: what their stamps are made of. */
typedef struct ptn_stamps {
    const int64_t *times, *amounts;
    const uint8_t *flags;      /* of each line */
    const int16_t *quantities; /* or NULL */
    int64_t all, above, below; /* flags of all lines, of those whose quantity is above 0, or below */
    int32_t bits;              /* of all flags */
    bool zeros;                /* lines whose amount is 0 count for the last time too */
} ptn_stamps;

/* Times in units of which 2^shift x odd are a second, odd 1 or 5 to 2^22; seconds less `late` are wanted. */
typedef struct ptn_clock {
    double odd;
    int32_t shift;
    int64_t late;
} ptn_clock;

/* How far from 0 times may be, / 2^shift. */
static inline int64_t ptn_clock_reach(const ptn_clock *clock)
{
    return clock->odd == 1.0 ? INT64_C(1) << 51 : (INT64_C(1) << 53) - (INT64_C(1) << 22);
}

/* Up to so many columns the whole covariance is used. */
enum { PTN_FULL_COLS = 16 };

/* The columns of an order log. */
typedef struct ptn_lines {
    const int64_t *stamps;
    const int32_t *customers;
    const int64_t *wide_amounts; /* these, or the next */
    const int32_t *amounts;
    const uint64_t *wide_orders; /* these, or the next, or none */
    const uint32_t *orders;
    int64_t told_by, some, back; /* bits of a stamp: neighbours of one run agree in them; see ptn_line_bits */
    int64_t last;                /* stamps above it are later */
} ptn_lines;

/* A bit for each of up to PTN_LINES lines. */
enum { PTN_LINES = 64 };
typedef struct ptn_line_bits {
    uint64_t starts;         /* differs from the line before in customer, order or stamp; or is the first asked for */
    uint64_t some, back;     /* its stamp has one of those bits */
    uint64_t later;          /* its stamp is */
    uint64_t negative, zero; /* its amount is */
} ptn_line_bits;

typedef struct ptn_kernels {
    const char *name;

    /* Column by column, low, high, sum and sum of squares of (value - shift) over `count` rows from `first`, added to
       what is there; sums in row order, even and odd rows apart (2 x cols each). `weights`: of these rows, or NULL;
       rows of weight 0 are left out. */
    void (*measure)(double *low, double *high, double *sum, double *square, const ptn_source *rows, int64_t first,
                    int64_t count, const double *weights, const double *shift);

    /* A tile of `count` <= 16 rows: (value - centre) * inverse_unit rounded to a multiple of the column's step, zeros
       beyond. Returns the rows (bit l: row first + l) with a value beyond the limit, or NaN: their lanes are zeros. */
    uint16_t (*pack)(float *tile, const ptn_source *rows, int64_t first, int64_t count, const double *centre,
                     double inverse_unit, const double *step, const double *limit);

    /* Squared norms of rows, no FMA, in column order. */
    void (*norms)(float *out, const float *values, int64_t tiles, int64_t cols);

    /* Weighted sums of packed columns and of their products over the tiles, added to what is there: `sum` cols numbers,
       `products` (a, b) at a (a + 1) / 2 + b for b <= a, or with `squares` the squares alone, cols numbers. `weights`:
       of rows, or NULL. */
    void (*scatter)(double *products, double *sum, const float *values, const int32_t *weights, int64_t tiles,
                    int64_t cols, bool squares);

    /* Lists the tiles that need a look; returns their number. Tiles below their bound are read, others left alone.
       `bounds` may be NULL; else those of tiles that are read are set. */
    int32_t (*assign)(ptn_active *active, const ptn_filter *filter, const float *values, const uint8_t *labels,
                      float *bounds, int32_t tiles);

    /* Sums of packed values over rows with each label 1 … k - 1 into sums (k x cols doubles, added to), exact while
       they stay below 2^53 steps. `weights`: of rows, or NULL. Label 0 is the caller's, from the total. */
    void (*sums)(double *sums, const float *values, const uint8_t *labels, const int32_t *weights, int64_t tiles,
                 int64_t cols, int32_t k);

    /* The same for at most 128 tiles of values that are at most 2^23 steps, and k of at most PTN_FEW, without weights;
       and the number of rows with each of these labels into counts. */
    void (*step_sums)(double *sums, double *counts, const float *values, const uint8_t *labels, const double *step,
                      int64_t tiles, int64_t cols, int32_t k);

    /* With the candidate as a further seed: `nearest` (may be `out`) becomes `out`, tile masses and lane sums of
       weight x squared distance are set. */
    void (*nearest)(float *out, const float *nearest, double *mass, double lanes[PTN_TILE],
                    const ptn_seeding_step *step);

    /* By label, over `count` rows from `first` in row order: hi + lo, k x cols each, the sums of values in twice the
       precision, added to what is there. `weights`: of rows, or NULL. */
    void (*exact_sums)(double *hi, double *lo, const ptn_source *rows, int64_t first, int64_t count,
                       const uint8_t *labels, const double *weights);

    /* lanes[c % 8] += weight * ((value - centroid) * inverse_unit)^2, row by row; for each of up to PTN_TOGETHER
       clusterings, 8 lanes each. */
    void (*inertia)(double *lanes, const ptn_source *rows, int64_t first, int64_t count, const ptn_clusters *clusters,
                    int32_t clusterings, const double *weights, double inverse_unit);

    /* Euclidean distances between rows, each used for both of its ends: query_sums[q] += weight of the member x
       distance over all members, member_sums[m] += weight of the query x distance over the tile of queries, unless that
       is NULL. A distance is the correctly rounded root of squares added by FMA in column order, in float. Sums are of
       at most 16 floats in order, then of doubles in order. */
    void (*pairs)(double query_sums[PTN_TILE], double *member_sums, const ptn_pairs *pairs);

    /* The sum over nodes of share x the mean distance a tile's rows are expected to have to the node's, never below 0.
     */
    void (*expected)(float out[PTN_TILE], const float *tile, const ptn_nodes *nodes);

    /* Each value x >= 0, below 2^1000, becomes ptn_log1p(x), bit by bit. */
    void (*logs)(double *values, int64_t count);

    /* Each value in fewer bits; false where one does not fit, or is no whole number: then what is written is of no
       meaning. */
    bool (*narrow)(int32_t *out, const int64_t *values, int64_t count);
    bool (*narrow_keys)(uint32_t *out, const uint64_t *values, int64_t count);
    bool (*whole)(int16_t *out, const double *values, int64_t count);

    /* Each value x unit, a whole number of magnitude up to 2^51; false where one is not the double nearest to such a
       number / unit. */
    bool (*money)(int64_t *out, const double *values, int64_t count, double unit);

    /* Each line's time x 2^bits, and its flags in those bits. `reach` is made to hold the first and the last time,
       `last` to be no less than the last that counts. */
    void (*stamps)(int64_t *out, int64_t reach[2], int64_t *last, const ptn_stamps *lines, int64_t count);

    /* ptn_siphash_word of each word and byte. */
    void (*hashes)(uint64_t *out, const uint64_t *words, const uint8_t *lasts, int64_t count, const uint64_t key[2]);

    /* The seconds of each time, rounded down; false where one is further from 0 than ptn_clock_reach says: then what is
       written is of no meaning. */
    bool (*times)(int64_t *out, const int64_t *values, int64_t count, const ptn_clock *clock);

    /* Whether none of the values is NaN. */
    bool (*numbers)(const double *values, int64_t count);

    /* `count` + 1 offsets, widened; false where one is negative or less than the one before. */
    bool (*offsets)(int64_t *out, const int32_t *values, int64_t count);

    /* The bits of SHORT keys (history/key.h) of texts of 1 to 10 bytes, all of one length: the first eight bytes of
       each, and the ninth and tenth, lowest first, whatever lies beyond the end. odd[i] is not 0 where a text has other
       bytes than such keys have. */
    void (*short_keys)(uint64_t *out, uint64_t *odd, const uint64_t *heads, const uint64_t *tails, int64_t length,
                       int64_t count);

    /* Of `count` <= PTN_LINES lines from line `first` of the log on; what belongs to none is 0. */
    void (*line_bits)(ptn_line_bits *out, const ptn_lines *lines, int64_t first, int32_t count);
} ptn_kernels;

extern const ptn_kernels ptn_kernels_scalar;
#if defined(__x86_64__)
extern const ptn_kernels ptn_kernels_avx2;
extern const ptn_kernels ptn_kernels_avx512;
#endif

/* The best table this machine can run. */
const ptn_kernels *ptn_kernels_here(void);

#endif
