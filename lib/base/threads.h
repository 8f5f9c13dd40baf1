/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads: a team that is started and joined inside one call of the library.

   Work is cut into numbered blocks whose size does not depend on the number of threads; threads take the next block
   until none is left. Whoever writes results by block, and adds them in block order afterwards, gets the same bits from
   any number of threads.

       ptn_team team;
       ptn_team_open(&team, context);      cheap: threads start with the first run that needs them
       status = ptn_team_run(&team, "kmeans", 0.0, 1.0, blocks, task, job, error);      as often as wanted
       ptn_team_close(&team);              joins them

   The calling thread works too, as worker 0, and alone calls the context's callback. Workers run with all signals
   blocked, do not allocate and do not fail. When threads cannot be had, fewer do the work. */
#ifndef PTN_BASE_THREADS_H
#define PTN_BASE_THREADS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/context.h"

/* Does block `block`; `worker` is 0 … team threads - 1, for scratch space of its own. */
typedef void (*ptn_task)(void *job, int64_t block, int32_t worker);

typedef struct ptn_team {
    const ptn_context *context;
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    pthread_t *threads;   /* context->threads - 1, or NULL */
    int32_t started;      /* of them */
    _Atomic int32_t busy; /* workers still in this run */
    _Atomic int64_t run;  /* number of the run; workers wait for the next */
    bool leave;           /* workers end */
    bool tried;           /* starting was tried */
    ptn_task task;
    void *job;
    int64_t blocks;
    int64_t parts;        /* of the blocks, from which they are taken in turn */
    _Atomic int64_t next; /* how many are taken */
    _Atomic bool stop;    /* cancelled */

    const char *stage; /* of this run, for the callback; the calling thread's alone, as what follows */
    double from, to, fraction;
    double reached;       /* the most that it was told of the stage */
    double asked_s;       /* when the callback was last asked */
    patron_status status; /* what it said */
    patron_error *error;
} ptn_team;

/* Rows cut into chunks for a run: at least 65,536 in each but the last, at most 64 chunks. */
enum { PTN_MOST_CHUNKS = 64, PTN_CHUNK_ROWS = 65536 };

typedef struct ptn_chunks {
    int64_t rows, each, count;
} ptn_chunks;

static inline ptn_chunks ptn_chunks_of(int64_t rows)
{
    int64_t each = (rows + PTN_MOST_CHUNKS - 1) / PTN_MOST_CHUNKS;
    if (each < PTN_CHUNK_ROWS) each = PTN_CHUNK_ROWS;
    return (ptn_chunks){rows, each, (rows + each - 1) / each};
}

static inline int64_t ptn_chunk_from(const ptn_chunks *chunks, int64_t chunk) { return chunk * chunks->each; }

static inline int64_t ptn_chunk_end(const ptn_chunks *chunks, int64_t chunk)
{
    int64_t end = (chunk + 1) * chunks->each;
    return end < chunks->rows ? end : chunks->rows;
}

void ptn_team_open(ptn_team *team, const ptn_context *context);

/* Runs task(job, 0 … blocks - 1). Progress goes from `from` to `to`; the callback is asked at least every 10 ms of
   blocks, and once at the start. PATRON_CANCELLED: some blocks were not done. No other failure. */
patron_status ptn_team_run(ptn_team *team, const char *stage, double from, double to, int64_t blocks, ptn_task task,
                           void *job, patron_error *error);

/* The same for tasks that write to fresh memory, block after block: each thread begins in a part of its own, as the
   system has threads wait for each other that ask for neighbouring pages. */
patron_status ptn_team_run_apart(ptn_team *team, const char *stage, double from, double to, int64_t blocks,
                                 ptn_task task, void *job, patron_error *error);

/* For a task whose blocks are long: asks the callback where it may, and says whether to give up. */
bool ptn_team_poll(ptn_team *team, int32_t worker);

void ptn_team_close(ptn_team *team);

/* Seconds of a clock that only goes forward. */
double ptn_now_s(void);

#endif
