/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows to cluster. Each is made from (kind, seed, number of the row) alone, so it does not depend on how many rows
   there are, and the same seed gives the same bytes on any machine (shop/draw.h). Values are rounded to float32, so
   that float32 and float64 hold the same numbers, unless `fine` is set. */
#ifndef BENCH_GENERATE_H
#define BENCH_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    GENERATE_PURCHASE, /* a shop's customers: logarithms, scaled; correlated, five kinds that overlap */
    GENERATE_BLOBS,    /* five clusters far from each other, of 10 to 30 % of the rows */
    GENERATE_GAUSSIAN, /* one round cloud: nothing to find */
    GENERATE_FAR,      /* purchase, and one row of each 20,000 in a cluster so far away that it must not be missed */
    GENERATE_OPTIMA,   /* sixteen equal clusters on the corners of a box nearly cubic: many optima, nearly equal */
    GENERATE_SORTED,   /* purchase, sorted by the first column */
    GENERATE_PERIODIC, /* purchase, with the kinds in strict rotation, 64 rows a turn */
    GENERATE_OUTLIER,  /* purchase, with one value at a million standard deviations */
    GENERATE_UNEQUAL,  /* purchase, with one column a million times larger than the others */
    GENERATE_KINDS,
    GENERATE_MOST_COLS = 1024
};

typedef struct generator {
    int32_t kind;
    bool fine; /* values keep what float32 has no room for */
    int64_t cols;
    uint64_t seed;
    double mean[GENERATE_MOST_COLS]; /* purchase's columns before scaling */
    double deviation[GENERATE_MOST_COLS];
} generator;

/* "purchase", …; and back: -1 where there is no such kind. */
const char *generate_name(int32_t kind);
int32_t generate_find(const char *name);

void generate_open(generator *g, int32_t kind, uint64_t seed, int64_t cols, bool fine);

/* Row `row` before any sorting: `cols` numbers. */
void generate_row(double *out, const generator *g, int64_t row);

/* All rows, row-major, into floats or doubles; false when there is no memory (for sorting) or no threads. */
bool generate_rows(void *values, const generator *g, int64_t rows, bool doubles, int32_t threads);

#endif
