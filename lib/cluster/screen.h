/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Screening: many starts on a sample, for all k at once.

   A start draws one row of seeds, as many as the largest k needs; the first k of them begin its run for k. Each run
   goes on over the sample until hardly a label changes, in one thread; starts are shared among threads. On a sample
   further starts cost little, so there are more of them, in rounds, for each k until its best optimum has been reached
   several times: where starts agree there is nothing else to be found, where they do not the best may be yet to come.
   From the second round on every other start goes on from the best so far, with one centroid elsewhere. Where starts of
   a round did not agree, what they ended in is gone on from by moves along borders (cluster/border.h): starts agree
   that come to the same so. What is found for a k does not depend on the others. */
#ifndef PTN_CLUSTER_SCREEN_H
#define PTN_CLUSTER_SCREEN_H

#include "cluster/accelerate.h"
#include "cluster/sample.h"

/* Ends of a k that are gone on from, at most. */
enum { PTN_MOST_SHARP = 32 };

typedef struct ptn_screen {
    int32_t k_min, k_max, starts; /* starts: run */
    int32_t most;                 /* starts there is room for; where sharp runs ended comes behind them */
    int64_t cols, each;           /* each: numbers of all a start's centroids */
    double *centroids;            /* ends x (k_min x cols, …, k_max x cols): where runs ended, packed units */
    double *seeds;                /* starts x (k_max x cols): where they began */
    double *inertia;              /* ends x (k_max - k_min + 1), of the sample */
    int32_t *tried;               /* k_max - k_min + 1: the starts that were run for each k, the first ones */
    int32_t *sharp;               /* k_max - k_min + 1 x PTN_MOST_SHARP: the starts that were gone on from ... */
    int32_t *sharp_count;         /* ... and how many of each k */
} ptn_screen;

typedef struct ptn_screen_plan {
    int32_t k_min, k_max, starts, max_iter;
    int32_t rounds; /* of so many starts, at most */
    uint64_t seed;
} ptn_screen_plan;

/* Runs the starts. To be closed, also after a failure. PATRON_OUT_OF_MEMORY, PATRON_TOO_LARGE, PATRON_CANCELLED. */
patron_status ptn_screen_run(ptn_screen *screen, const ptn_sample *sample, const ptn_screen_plan *plan, ptn_team *team,
                             patron_error *error);
void ptn_screen_close(ptn_screen *screen, const ptn_memory *memory);

/* Centroids where a run for k ended; the start that it was of; that start's first k seeds. */
const double *ptn_screen_centroids(const ptn_screen *screen, int32_t end, int32_t k);
int32_t ptn_screen_start(const ptn_screen *screen, int32_t end, int32_t k);
const double *ptn_screen_seeds(const ptn_screen *screen, int32_t start);

/* The ends of runs for k that are worth going on with, best first: those within `tolerance` (relative) of the best,
   one of each that lie together, at most `most`. Returns how many. */
int32_t ptn_screen_distinct(int32_t *ends, const ptn_screen *screen, const ptn_sample *sample, int32_t k, int32_t most,
                            double tolerance);

/* Goes on with these runs for k on a finer sample, in place of where they ended; the others are out. Errors as for
   ptn_screen_run. */
patron_status ptn_screen_refine(ptn_screen *screen, const ptn_sample *sample, int32_t k, const int32_t *ends,
                                int32_t count, const ptn_screen_plan *plan, ptn_team *team, patron_error *error);

/* The other ends of a k are out. */
void ptn_screen_keep(ptn_screen *screen, int32_t k, const int32_t *ends, int32_t count);

/* One thread's state. */
typedef struct ptn_trial {
    const ptn_sample *sample;
    double *centroids, *sums; /* k_max x cols, as what follows */
    double *next, *ahead;     /* where to go */
    double *best;             /* the best so far */
    ptn_history history;      /* where it has been */
    double *pairs;            /* what that lies in */
    double *weights;          /* k_max */
    double *mass;             /* tiles */
    float *nearest;           /* rows: squared distance to the nearest seed */
    float *point;             /* cols */
    double *scratch;          /* cols */
    int64_t *rows;            /* k_max: the seeds */
    uint8_t *labels;
    float *bounds; /* of tiles */
    ptn_active *active;
    float *floats;                 /* of the filter */
    struct ptn_border_row *border; /* rows */
} ptn_trial;

/* From seeding.c. Greedy k-means++ over the sample: rows of k seeds; numbers are drawn from (seed, start). */
void ptn_seed(ptn_trial *trial, int32_t k, uint64_t seed, uint64_t start);

#endif
