/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A team of threads that lives inside one call. */
#include "base/threads.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/error.h"

/* Who waits looks so often before it sleeps: some 50 microseconds, as runs follow closely and waking takes as long. */
enum { LOOKS = 1000 };

static void pause_briefly(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#endif
}

/* What is looked at is asked again under the lock. */
static void look_for_run(const ptn_team *team, int64_t seen)
{
    for (int i = 0; i < LOOKS && atomic_load_explicit(&team->run, memory_order_relaxed) == seen; i++) pause_briefly();
}

static void look_for_end(const ptn_team *team)
{
    for (int i = 0; i < LOOKS && atomic_load_explicit(&team->busy, memory_order_relaxed) > 0; i++) pause_briefly();
}

/* The block that is taken n-th. The first parts are longer by one where not all are alike. */
static int64_t block_of(const ptn_team *team, int64_t n)
{
    if (team->parts == 1) return n;
    int64_t each = team->blocks / team->parts, longer = team->blocks % team->parts, part = n % team->parts;
    return part * each + (part < longer ? part : longer) + n / team->parts;
}

static void work(ptn_team *team, int32_t worker)
{
    while (!atomic_load_explicit(&team->stop, memory_order_relaxed)) {
        int64_t block = atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed);
        if (block >= team->blocks) return;
        team->task(team->job, block_of(team, block), worker);
    }
}

/* A worker's life. Its number is what it finds in team->started when it starts; the starter waits for it to be taken.
 */
static void *serve(void *argument)
{
    ptn_team *team = argument;
    pthread_mutex_lock(&team->lock);
    int32_t worker = ++team->started;
    int64_t seen = team->run;
    pthread_cond_broadcast(&team->end);
    for (;;) {
        while (!team->leave && team->run == seen) pthread_cond_wait(&team->begin, &team->lock);
        if (team->leave) break;
        seen = team->run;
        pthread_mutex_unlock(&team->lock);
        work(team, worker);
        pthread_mutex_lock(&team->lock);
        if (--team->busy == 0) pthread_cond_broadcast(&team->end);
        pthread_mutex_unlock(&team->lock);
        look_for_run(team, seen);
        pthread_mutex_lock(&team->lock);
    }
    pthread_mutex_unlock(&team->lock);
    return NULL;
}

/* Starts the threads once; with no memory or no threads to be had, the team is the calling thread alone. */
static void start(ptn_team *team)
{
    int32_t wanted = team->context->threads - 1;
    sigset_t all, before;
    void *block;
    if (team->tried || wanted < 1) return;
    team->tried = true;
    if (ptn_allocate(&block, &team->context->memory, wanted, sizeof *team->threads, "threads", NULL) != PATRON_OK)
        return;
    team->threads = block;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int32_t i = 0; i < wanted; i++) {
        if (pthread_create(&team->threads[i], NULL, serve, team) != 0) break;
        pthread_mutex_lock(&team->lock);
        while (team->started < i + 1) pthread_cond_wait(&team->end, &team->lock);
        pthread_mutex_unlock(&team->lock);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void ptn_team_open(ptn_team *team, const ptn_context *context)
{
    memset(team, 0, sizeof *team);
    team->context = context;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->begin, NULL);
    pthread_cond_init(&team->end, NULL);
}

double ptn_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Asks the callback. What it is told never runs backwards within a stage: not by a rounding, nor where work is done
   again that was thought to be over. */
static patron_status tell(ptn_team *team, double fraction)
{
    if (fraction > team->reached) team->reached = fmin(fraction, 1.0);
    return ptn_progress(team->context, team->stage, team->reached, team->error);
}

/* The same, at most every 10 ms. */
static void ask(ptn_team *team, double fraction)
{
    if (team->context->progress == NULL || team->status != PATRON_OK) return;
    double time_s = ptn_now_s();
    if (time_s - team->asked_s < 0.01) return;
    team->asked_s = time_s;
    team->status = tell(team, team->from + (team->to - team->from) * fraction);
    if (team->status != PATRON_OK) atomic_store_explicit(&team->stop, true, memory_order_relaxed);
}

bool ptn_team_poll(ptn_team *team, int32_t worker)
{
    if (worker == 0) ask(team, team->fraction);
    return atomic_load_explicit(&team->stop, memory_order_relaxed);
}

/* The calling thread's share: work, and between blocks the callback. */
static void lead(ptn_team *team)
{
    while (team->status == PATRON_OK) {
        int64_t block = atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed);
        if (block >= team->blocks) return;
        team->fraction = (double)block / (double)team->blocks;
        team->task(team->job, block_of(team, block), 0);
        ask(team, (double)(block + 1) / (double)team->blocks);
    }
}

static patron_status run(ptn_team *team, const char *stage, double from, double to, int64_t blocks, bool apart,
                         ptn_task task, void *job, patron_error *error)
{
    if (team->stage == NULL || strcmp(team->stage, stage) != 0) team->reached = 0.0;
    team->stage = stage;
    team->from = from;
    team->to = to;
    team->error = error;
    team->status = PATRON_OK;
    patron_status status = tell(team, from);
    if (status != PATRON_OK || blocks <= 0) return status;
    if (blocks > 1) start(team);
    team->asked_s = team->context->progress == NULL ? 0.0 : ptn_now_s();

    pthread_mutex_lock(&team->lock);
    team->task = task;
    team->job = job;
    team->blocks = blocks;
    atomic_store(&team->next, 0);
    atomic_store(&team->stop, false);
    bool together = team->started > 0 && blocks > 1;
    team->parts = apart && together ? team->started + 1 : 1;
    if (together) {
        team->busy = team->started;
        team->run++;
        pthread_cond_broadcast(&team->begin);
    }
    pthread_mutex_unlock(&team->lock);

    lead(team);

    if (together) look_for_end(team);
    pthread_mutex_lock(&team->lock);
    while (together && team->busy > 0) pthread_cond_wait(&team->end, &team->lock);
    pthread_mutex_unlock(&team->lock);
    return team->status;
}

patron_status ptn_team_run(ptn_team *team, const char *stage, double from, double to, int64_t blocks, ptn_task task,
                           void *job, patron_error *error)
{
    return run(team, stage, from, to, blocks, false, task, job, error);
}

patron_status ptn_team_run_apart(ptn_team *team, const char *stage, double from, double to, int64_t blocks,
                                 ptn_task task, void *job, patron_error *error)
{
    return run(team, stage, from, to, blocks, true, task, job, error);
}

void ptn_team_close(ptn_team *team)
{
    pthread_mutex_lock(&team->lock);
    team->leave = true;
    team->run++; /* for those who look */
    pthread_cond_broadcast(&team->begin);
    pthread_mutex_unlock(&team->lock);
    for (int32_t i = 0; i < team->started; i++) pthread_join(team->threads[i], NULL);
    ptn_free(&team->context->memory, team->threads);
    pthread_cond_destroy(&team->end);
    pthread_cond_destroy(&team->begin);
    pthread_mutex_destroy(&team->lock);
    memset(team, 0, sizeof *team);
}
