/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs on a sample, one thread each. The order of every sum is fixed, so the bits are the same whichever thread ran
   it. */
#include "cluster/screen.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/rng.h"
#include "cluster/border.h"
#include "cluster/centroids.h"
#include "cluster/lloyd.h"
#include "cluster/sums.h"

/* A run on a sample ends when rows of this share of the weight, or less, change their label: what is left to gain is
   below what the sample can tell. */
#define HARDLY_ANY 0x1p-10

/* So many starts that end in the best optimum, of those of the first round and of more; swaps of a start; iterations
   after which a run is accelerated, which most have ended before; moves along borders from where a run has ended, and
   numbers of the centroids of a run that is so gone on with, at most. */
enum { ENOUGH = 8, ENOUGH_LATER = 6, SWAPS = 2, LONG = 12, MOVES = 8, MOST_NUMBERS = 256 };

/* What a move along a border must gain, as a share of the inertia; how far above the best such runs begin. */
#define WORTH_IT  0x1p-14
#define NEAR_BEST 1.03

/* Random numbers of swaps: starts use streams 0, 1, …, and the sample 2^63. */
static const uint64_t SWAP_STREAM = UINT64_C(1) << 62;

typedef struct screen_job {
    ptn_screen *screen;
    const ptn_sample *sample;
    const ptn_screen_plan *plan;
    ptn_trial *trials; /* one for each worker */
    ptn_team *team;
    int64_t first;                   /* start of this round */
    bool going[PTN_MOST_CLUSTERS];   /* by k - k_min: those still tried */
    int32_t best[PTN_MOST_CLUSTERS]; /* likewise: the best end of the rounds before */
    int32_t hits[PTN_MOST_CLUSTERS]; /* likewise: starts that reached it */
    const int32_t *ends;             /* to refine */
    int32_t k;
    int32_t *leaders; /* starts x (k_max - k_min + 1): the place among the sharp ones of who ended there first; or -1 */
    int32_t before[PTN_MOST_CLUSTERS]; /* by k - k_min: sharp ones of the rounds before */
} screen_job;

/* The nearest centroid of a row of the sample, in double, the lowest on ties. */
static int32_t decide(const ptn_trial *trial, int32_t k, int64_t row)
{
    const ptn_sample *sample = trial->sample;
    const float *values = sample->values + row / PTN_TILE * sample->cols * PTN_TILE + row % PTN_TILE;
    double best = HUGE_VAL;
    int32_t label = 0;
    for (int32_t j = 0; j < k; j++) {
        double sum = 0.0;
        for (int64_t c = 0; c < sample->cols; c++) {
            double difference = (double)values[c * PTN_TILE] - trial->centroids[j * sample->cols + c];
            sum += difference * difference;
        }
        if (!(sum < best)) continue;
        best = sum;
        label = j;
    }
    return label;
}

/* Works off one tile; returns the weight that changed its label. */
static double settle(ptn_trial *trial, int32_t k, const ptn_active *active, int64_t tile, bool fresh)
{
    const ptn_sample *sample = trial->sample;
    int64_t cols = sample->cols;
    double changed = 0.0;
    if (fresh && active->doubt == 0) {
        memcpy(trial->labels + tile * PTN_TILE, active->labels, PTN_TILE);
        return 0.0;
    }
    for (uint32_t lanes = (uint32_t)active->changed | active->doubt; lanes != 0; lanes &= lanes - 1) {
        int lane = __builtin_ctz(lanes);
        int64_t row = tile * PTN_TILE + lane;
        int32_t before = trial->labels[row];
        int32_t label = active->doubt >> lane & 1 ? decide(trial, k, row) : active->labels[lane];
        double weight = sample->masses[row];
        if (label == before) continue;
        trial->labels[row] = (uint8_t)label;
        if (fresh) continue;
        ptn_move_values(trial->sums, sample->values, cols, row, weight, before, label);
        trial->weights[before] -= weight;
        trial->weights[label] += weight;
        changed += weight;
    }
    return changed;
}

static void sum_all(ptn_trial *trial, int32_t k)
{
    const ptn_sample *sample = trial->sample;
    int64_t cols = sample->cols;
    double parts[4][PTN_MOST_CLUSTERS]; /* by turns: to add to what was just added to has to wait for it */
    memset(trial->sums, 0, (size_t)(k * cols) * sizeof *trial->sums);
    for (int p = 0; p < 4; p++) memset(parts[p], 0, (size_t)k * sizeof **parts);
    for (int64_t t = 0; t < sample->tiles; t += PTN_CHUNK)
        sample->kernels->sums(trial->sums, sample->values + t * cols * PTN_TILE, trial->labels + t * PTN_TILE,
                              sample->weights + t * PTN_TILE,
                              t + PTN_CHUNK < sample->tiles ? PTN_CHUNK : sample->tiles - t, cols, k);
    for (int64_t i = 0; i < sample->tiles * PTN_TILE; i++) parts[i & 3][trial->labels[i]] += sample->masses[i];
    for (int32_t j = 0; j < k; j++) trial->weights[j] = parts[0][j] + parts[1][j] + parts[2][j] + parts[3][j];
    for (int64_t c = 0; c < cols; c++) { /* the first cluster has what the others have not */
        trial->sums[c] = sample->sum[c];
        for (int32_t j = 1; j < k; j++) trial->sums[c] -= trial->sums[j * cols + c];
    }
}

/* Labels rows by trial->centroids, exceptions one by one; returns the weight that changed its label. */
static double look(ptn_trial *trial, int32_t k, const ptn_filter *filter, bool fresh)
{
    const ptn_sample *sample = trial->sample;
    double changed = 0.0;
    for (int64_t t = 0; t < sample->apart; t += PTN_CHUNK) {
        int64_t end = t + PTN_CHUNK < sample->apart ? t + PTN_CHUNK : sample->apart;
        int32_t found = sample->kernels->assign(trial->active, filter, sample->values + t * sample->cols * PTN_TILE,
                                                trial->labels + t * PTN_TILE, trial->bounds + t, (int32_t)(end - t));
        for (int32_t a = 0; a < found; a++)
            changed += settle(trial, k, &trial->active[a], t + trial->active[a].tile, fresh);
    }
    for (int64_t t = sample->apart; t < sample->tiles; t++)
        changed += settle(trial, k, &(const ptn_active){.doubt = UINT16_MAX}, t, fresh);
    if (fresh) sum_all(trial, k);
    return changed;
}

/* Of the labels, about their means. */
static double inertia_now(const ptn_trial *trial, int32_t k)
{
    int64_t cols = trial->sample->cols;
    double inertia = trial->sample->square;
    for (int32_t j = 0; j < k; j++) {
        double square = 0.0;
        for (int64_t c = 0; c < cols; c++) square += trial->sums[j * cols + c] * trial->sums[j * cols + c];
        if (trial->weights[j] > 0.0) inertia -= square / trial->weights[j];
    }
    return inertia > 0.0 ? inertia : 0.0;
}

/* The means of the labels into trial->next, or what is ahead of them; whether it is. An empty cluster stays where it
   is. */
static bool next_centroids(ptn_trial *trial, int32_t k, bool accelerate)
{
    int64_t cols = trial->sample->cols;
    for (int32_t j = 0; j < k; j++)
        for (int64_t e = j * cols; e < (j + 1) * cols; e++)
            trial->next[e] = trial->weights[j] > 0.0 ? trial->sums[e] / trial->weights[j] : trial->centroids[e];
    if (!accelerate ||
        !ptn_history_step(trial->ahead, &trial->history, trial->centroids, trial->next, trial->weights, cols))
        return false;
    memcpy(trial->next, trial->ahead, (size_t)(k * cols) * sizeof *trial->next);
    return true;
}

/* Goes to trial->next; returns how far the two centroids that moved most moved, added up. */
static double move(ptn_trial *trial, int32_t k)
{
    double movement,
        travelled = ptn_centroids_travel(&movement, trial->centroids, trial->next, k, trial->sample->cols, 1.0);
    memcpy(trial->centroids, trial->next, (size_t)(k * trial->sample->cols) * sizeof *trial->centroids);
    return travelled;
}

/* From trial->centroids to the end; returns the inertia. */
static double run(ptn_trial *trial, int32_t k, const screen_job *job, int32_t worker)
{
    const ptn_sample *sample = trial->sample;
    ptn_filter filter;
    double enough = sample->whole ? 0.0 : HARDLY_ANY * sample->total, travelled = 0.0, before = HUGE_VAL;
    bool ahead = false;
    ptn_filter_place(&filter, trial->floats, k, sample->cols);
    ptn_history_place(&trial->history, trial->pairs, k * sample->cols);
    memset(trial->labels, 0, (size_t)(sample->tiles * PTN_TILE));
    for (int64_t t = 0; t < sample->tiles; t++) trial->bounds[t] = -HUGE_VALF;
    for (int32_t iteration = 0; iteration <= job->plan->max_iter; iteration++) {
        ptn_filter_set(&filter, &sample->frame, trial->centroids, travelled, NULL, trial->scratch);
        double changed = look(trial, k, &filter, iteration == 0), inertia = inertia_now(trial, k);
        if ((iteration > 0 && changed <= enough) || ptn_team_poll(job->team, worker)) break;
        if (ahead && !(inertia < before)) { /* back to the means that it went on from */
            ptn_history_last(trial->next, &trial->history);
            ptn_history_clear(&trial->history);
            ahead = false;
        } else {
            before = inertia;
            ahead = next_centroids(trial, k, !sample->whole && iteration >= LONG);
        }
        travelled += move(trial, k);
    }
    next_centroids(trial, k, false);
    move(trial, k);
    return inertia_now(trial, k);
}

static double *centroids_of(const ptn_screen *screen, int64_t start, int32_t k)
{
    int64_t before = ((int64_t)k * (k - 1) - (int64_t)screen->k_min * (screen->k_min - 1)) / 2;
    return screen->centroids + start * screen->each + before * screen->cols;
}

/* Not where one more round is likely to be enough. */
static bool sharpens(const screen_job *job, int32_t k)
{
    int32_t i = k - job->screen->k_min;
    return job->going[i] && job->hits[i] < ENOUGH_LATER && k > 1 && k * job->screen->cols <= MOST_NUMBERS;
}

static double *inertia_of(const ptn_screen *screen, int64_t start, int32_t k)
{
    return screen->inertia + start * (screen->k_max - screen->k_min + 1) + k - screen->k_min;
}

/* Where the start went that is at this place among the sharp ones. */
static int32_t sharp_end(const ptn_screen *screen, int32_t place) { return screen->most + place; }

/* The ends of a k, one after another, from -1 on; -1 behind the last. */
static int32_t next_end(const ptn_screen *screen, int32_t end, int32_t k)
{
    int32_t i = k - screen->k_min, next = end + 1;
    if (next >= screen->tried[i] && next < screen->most) next = screen->most;
    return next < screen->most + screen->sharp_count[i] ? next : -1;
}

/* A start's run for k, from these centroids; what it ends in is kept. */
static void run_from(const double *centroids, screen_job *job, int64_t start, int32_t k, int32_t worker)
{
    ptn_trial *trial = &job->trials[worker];
    size_t bytes = (size_t)(k * job->screen->cols) * sizeof(double);
    memcpy(trial->centroids, centroids, bytes);
    *inertia_of(job->screen, start, k) = run(trial, k, job, worker);
    memcpy(centroids_of(job->screen, start, k), trial->centroids, bytes);
}

/* Whether a start of this number goes on from the best of the rounds before. */
static bool swaps(const screen_job *job, int64_t start) { return start >= job->plan->starts && start % 2 == 1; }

/* Puts one centroid of the best optimum so far in the place of a seed, a few times, and keeps what is better (Franti
   2018): from there the best is a few such steps away, while most starts that begin anew end farther off. */
static void swap_some(screen_job *job, ptn_trial *trial, int64_t start, int32_t k, int32_t worker)
{
    ptn_screen *screen = job->screen;
    int64_t cols = screen->cols, from = job->best[k - screen->k_min];
    size_t bytes = (size_t)(k * cols) * sizeof(double);
    double *best = centroids_of(screen, start, k), *least = inertia_of(screen, start, k);
    const double *seeds = screen->seeds + start * screen->k_max * cols;
    memcpy(best, centroids_of(screen, from, k), bytes);
    *least = *inertia_of(screen, from, k);
    for (int32_t t = 0; t < SWAPS && !ptn_team_poll(job->team, worker); t++) {
        uint64_t step = (uint64_t)start * PTN_MOST_CLUSTERS + (uint64_t)t;
        int64_t out = (int64_t)(ptn_random_unit(job->plan->seed, SWAP_STREAM + (uint64_t)k, 2 * step) * k);
        int64_t in = (int64_t)(ptn_random_unit(job->plan->seed, SWAP_STREAM + (uint64_t)k, 2 * step + 1) * k);
        memcpy(trial->centroids, best, bytes);
        memcpy(trial->centroids + out * cols, seeds + in * cols, (size_t)cols * sizeof(double));
        double inertia = run(trial, k, job, worker);
        if (!(inertia < *least)) continue;
        *least = inertia;
        memcpy(best, trial->centroids, bytes);
    }
}

/* Goes on from where a start ended, while rows at a border can be moved together with some gain. If that is better for
   the rows, not for the sample alone, the start has ended there. */
static void sharpen(screen_job *job, int32_t place, int32_t k, int32_t worker)
{
    ptn_screen *screen = job->screen;
    ptn_trial *trial = &job->trials[worker];
    int32_t start = screen->sharp[(k - screen->k_min) * PTN_MOST_SHARP + place], to = sharp_end(screen, place);
    size_t bytes = (size_t)(k * screen->cols) * sizeof(double);
    double *ended = centroids_of(screen, start, k), *best = centroids_of(screen, to, k);
    double *least = inertia_of(screen, to, k);
    memcpy(best, ended, bytes);
    *least = *inertia_of(screen, start, k);
    memcpy(trial->centroids, ended, bytes);
    double inertia = run(trial, k, job, worker);
    for (int32_t m = 0; m < MOVES && !ptn_team_poll(job->team, worker); m++) {
        if (ptn_border_move(trial, k, WORTH_IT * inertia) == 0.0) break;
        next_centroids(trial, k, false);
        move(trial, k);
        inertia = run(trial, k, job, worker);
        if (!(inertia < *least)) break;
        *least = inertia;
        memcpy(best, trial->centroids, bytes);
    }
    if (!(*least < *inertia_of(screen, start, k)) || !ptn_border_certain(job->sample, ended, best, k)) return;
    *inertia_of(screen, start, k) = *least;
    memcpy(ended, best, bytes);
}

static void do_start(void *opaque, int64_t block, int32_t worker)
{
    screen_job *job = opaque;
    int64_t start = job->first + block;
    ptn_screen *screen = job->screen;
    ptn_trial *trial = &job->trials[worker];
    int64_t cols = screen->cols;
    double *seeds = screen->seeds + start * screen->k_max * cols;
    int32_t most = screen->k_max;
    while (!job->going[most - screen->k_min]) most--;
    ptn_seed(trial, most, job->plan->seed, (uint64_t)start);
    for (int32_t j = 0; j < most; j++) {
        ptn_sample_row(trial->point, trial->sample, trial->rows[j]);
        for (int64_t c = 0; c < cols; c++) seeds[j * cols + c] = (double)trial->point[c];
    }
    for (int32_t k = screen->k_min; k <= most; k++) {
        if (ptn_team_poll(job->team, worker)) return;
        if (!job->going[k - screen->k_min]) continue;
        if (swaps(job, start))
            swap_some(job, trial, start, k, worker);
        else
            run_from(seeds, job, start, k, worker);
    }
}

static void refine_start(void *opaque, int64_t block, int32_t worker)
{
    screen_job *job = opaque;
    int32_t end = job->ends[block];
    run_from(centroids_of(job->screen, end, job->k), job, end, job->k, worker);
}

const double *ptn_screen_centroids(const ptn_screen *screen, int32_t end, int32_t k)
{
    return centroids_of(screen, end, k);
}

int32_t ptn_screen_start(const ptn_screen *screen, int32_t end, int32_t k)
{
    return end < screen->most ? end : screen->sharp[(k - screen->k_min) * PTN_MOST_SHARP + end - screen->most];
}

const double *ptn_screen_seeds(const ptn_screen *screen, int32_t start)
{
    return screen->seeds + start * (int64_t)screen->k_max * screen->cols;
}

static patron_status open_trial(ptn_trial *trial, const ptn_sample *sample, int32_t k, const ptn_memory *memory,
                                patron_error *error)
{
    int64_t cols = sample->cols, rows = sample->tiles * PTN_TILE;
    trial->sample = sample;
    const ptn_wanted wanted[] = {
        {&trial->centroids, k * cols, sizeof(double), "centroids"},
        {&trial->next, k * cols, sizeof(double), "centroids"},
        {&trial->ahead, k * cols, sizeof(double), "centroids"},
        {&trial->pairs, ptn_history_doubles(k * cols), sizeof(double), "centroids"},
        {&trial->sums, k * cols, sizeof(double), "sums"},
        {&trial->weights, k, sizeof(double), "sums"},
        {&trial->mass, sample->tiles, sizeof(double), "distances"},
        {&trial->nearest, rows, sizeof(float), "distances"},
        {&trial->point, cols, sizeof(float), "columns"},
        {&trial->scratch, cols, sizeof(double), "columns"},
        {&trial->rows, k, sizeof(int64_t), "seeds"},
        {&trial->labels, rows, 1, "labels"},
        {&trial->bounds, sample->tiles, sizeof(float), "bounds"},
        {&trial->active, PTN_CHUNK, sizeof(ptn_active), "tiles"},
        {&trial->floats, ptn_filter_floats(k, cols), sizeof(float), "scores"},
        {&trial->border, rows, sizeof *trial->border, "rows at borders"},
    };
    return ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, memory, error);
}

static void close_trial(ptn_trial *trial, const ptn_memory *memory)
{
    ptn_free(memory, trial->border);
    ptn_free(memory, trial->floats);
    ptn_free(memory, trial->active);
    ptn_free(memory, trial->bounds);
    ptn_free(memory, trial->labels);
    ptn_free(memory, trial->rows);
    ptn_free(memory, trial->scratch);
    ptn_free(memory, trial->point);
    ptn_free(memory, trial->nearest);
    ptn_free(memory, trial->mass);
    ptn_free(memory, trial->weights);
    ptn_free(memory, trial->sums);
    ptn_free(memory, trial->pairs);
    ptn_free(memory, trial->ahead);
    ptn_free(memory, trial->next);
    ptn_free(memory, trial->centroids);
}

/* Whether two optima lie together: each centroid of one has one of the other near it, beside how far rows are from
   theirs. */
static bool together(const double *a, const double *b, int32_t k, int64_t cols, double near)
{
    for (int32_t i = 0; i < k; i++) {
        double least = HUGE_VAL;
        for (int32_t j = 0; j < k; j++) {
            double square = 0.0;
            for (int64_t c = 0; c < cols; c++) {
                double difference = a[i * cols + c] - b[j * cols + c];
                square += difference * difference;
            }
            least = fmin(least, square);
        }
        if (least > near) return false;
    }
    return true;
}

/* How near each other centroids of one optimum are, squared. */
static double nearness(const ptn_sample *sample, double inertia)
{
    return (sample->whole ? 1e-12 : 1e-3) * inertia / sample->total;
}

static int32_t best_of(const ptn_screen *screen, int32_t k)
{
    int32_t best = 0;
    for (int32_t e = 0; e >= 0; e = next_end(screen, e, k))
        if (*inertia_of(screen, e, k) < *inertia_of(screen, best, k)) best = e;
    return best;
}

/* Whether a start ended in the best optimum, or where one did that came to it by moves along borders. */
static bool reached(const screen_job *job, int32_t start, int32_t k, int32_t best, double near)
{
    const ptn_screen *screen = job->screen;
    int32_t leader = job->leaders[start * (screen->k_max - screen->k_min + INT64_C(1)) + k - screen->k_min];
    const double *to = centroids_of(screen, best, k);
    return together(centroids_of(screen, start, k), to, k, screen->cols, near) ||
           (leader >= 0 && together(centroids_of(screen, sharp_end(screen, leader), k), to, k, screen->cols, near));
}

/* How many starts that began anew have reached the best optimum of a k: as many as are enough, or less. */
static int32_t count_hits(const screen_job *job, int32_t k, int32_t best, int32_t enough)
{
    const ptn_screen *screen = job->screen;
    int32_t hits = 0;
    double near = nearness(job->sample, *inertia_of(screen, best, k));
    for (int32_t s = 0; hits < enough && s < screen->starts; s++)
        hits += !swaps(job, s) && reached(job, s, k, best, near);
    return hits;
}

static void close_trials(ptn_trial *trials, int32_t count, const ptn_memory *memory)
{
    for (int32_t w = 0; trials != NULL && w < count; w++) close_trial(&trials[w], memory);
    ptn_free(memory, trials);
}

/* One for each worker; to be closed, also after a failure. */
static patron_status open_trials(ptn_trial **trials, int32_t count, const ptn_sample *sample, int32_t k,
                                 const ptn_memory *memory, patron_error *error)
{
    void *block;
    patron_status status = ptn_allocate_zero(&block, memory, count, sizeof(ptn_trial), "threads", error);
    *trials = block;
    for (int32_t w = 0; status == PATRON_OK && w < count; w++)
        status = open_trial(&(*trials)[w], sample, k, memory, error);
    return status;
}

/* Of the starts since job->first, those whose runs for k are to be sharpened: the first of each that ended together,
   unless one that is sharp already ended there. */
static void find_leaders(screen_job *job, int32_t k)
{
    const ptn_screen *screen = job->screen;
    int32_t i = k - screen->k_min;
    int64_t range = screen->k_max - screen->k_min + 1;
    int32_t *sharp = screen->sharp + i * PTN_MOST_SHARP, *count = &screen->sharp_count[i];
    double best = *inertia_of(screen, job->best[i], k), near = nearness(job->sample, best);
    for (int32_t s = (int32_t)job->first; s < screen->starts; s++) {
        const double *ended = centroids_of(screen, s, k);
        int32_t at = 0;
        if (!(*inertia_of(screen, s, k) <= NEAR_BEST * best)) continue;
        while (at < *count && !together(ended, centroids_of(screen, sharp[at], k), k, screen->cols, near) &&
               (at >= job->before[i] ||
                !together(ended, centroids_of(screen, sharp_end(screen, at), k), k, screen->cols, near)))
            at++;
        if (at == PTN_MOST_SHARP) continue;
        if (at == *count) sharp[(*count)++] = s;
        job->leaders[s * range + i] = at;
    }
}

/* The round's runs for each k, one after another: block counts those that are new among the sharp ones. */
static void sharpen_one(void *opaque, int64_t block, int32_t worker)
{
    screen_job *job = opaque;
    int32_t i = 0;
    for (; block >= job->screen->sharp_count[i] - job->before[i]; i++)
        block -= job->screen->sharp_count[i] - job->before[i];
    sharpen(job, job->before[i] + (int32_t)block, job->screen->k_min + i, worker);
}

/* Where the starts of a round did not agree, goes on from where they ended. */
static patron_status sharpen_round(screen_job *job, double progress, patron_error *error)
{
    ptn_screen *screen = job->screen;
    int32_t range = screen->k_max - screen->k_min + 1;
    int64_t all = 0;
    memcpy(job->before, screen->sharp_count, (size_t)range * sizeof *job->before);
    for (int32_t i = 0; i < range; i++) {
        if (sharpens(job, screen->k_min + i)) find_leaders(job, screen->k_min + i);
        all += screen->sharp_count[i] - job->before[i];
    }
    return ptn_team_run(job->team, "kmeans", progress, progress, all, sharpen_one, job, error);
}

/* Which k need more starts; whether any does. */
static bool settle_round(screen_job *job)
{
    ptn_screen *screen = job->screen;
    bool any = false;
    int32_t enough = screen->starts > job->plan->starts ? ENOUGH_LATER : ENOUGH;
    for (int32_t i = 0; i <= screen->k_max - screen->k_min; i++) {
        if (!job->going[i]) continue;
        screen->tried[i] = screen->starts;
        job->best[i] = best_of(screen, screen->k_min + i);
        job->hits[i] = count_hits(job, screen->k_min + i, job->best[i], enough);
        job->going[i] = job->hits[i] < enough;
        any = any || job->going[i];
    }
    return any;
}

/* Rounds of starts, for each k until it needs no more. */
static patron_status run_rounds(screen_job *job, int64_t most, patron_error *error)
{
    ptn_screen *screen = job->screen;
    bool any = true;
    int32_t range = screen->k_max - screen->k_min + 1, starts = job->plan->starts;
    for (int64_t i = 0; i < most * range; i++) job->leaders[i] = -1;
    for (int32_t i = 0; i < range; i++) {
        job->going[i] = true;
        screen->tried[i] = screen->sharp_count[i] = 0;
    }
    while (any && screen->starts < most) {
        double from = 0.1 + 0.2 * screen->starts / (double)most,
               to = 0.1 + 0.2 * (screen->starts + starts) / (double)most;
        job->first = screen->starts;
        patron_status status = ptn_team_run(job->team, "kmeans", from, to, starts, do_start, job, error);
        if (status != PATRON_OK) return status;
        screen->starts += starts;
        any = settle_round(job);
        if (any && job->plan->rounds > 1) {
            status = sharpen_round(job, to, error);
            if (status != PATRON_OK) return status;
            any = settle_round(job);
        }
    }
    return PATRON_OK;
}

patron_status ptn_screen_run(ptn_screen *screen, const ptn_sample *sample, const ptn_screen_plan *plan, ptn_team *team,
                             patron_error *error)
{
    const ptn_memory *memory = &team->context->memory;
    int32_t workers = team->context->threads, range = plan->k_max - plan->k_min + 1;
    int64_t clusters = ((int64_t)plan->k_max * (plan->k_max + 1) - (int64_t)plan->k_min * (plan->k_min - 1)) / 2;
    int64_t all, seeds, most = (int64_t)plan->starts * plan->rounds, ends;
    int32_t *leaders = NULL;
    ptn_trial *trials = NULL;
    memset(screen, 0, sizeof *screen);
    screen->k_min = plan->k_min;
    screen->k_max = plan->k_max;
    if (most > INT32_MAX - PTN_MOST_SHARP) most = plan->starts;
    ends = most + (plan->rounds > 1 ? PTN_MOST_SHARP : 0);
    screen->most = (int32_t)most;
    screen->cols = sample->cols;
    screen->each = clusters * sample->cols;
    if (!ptn_mul_i64(&all, screen->each, ends) || !ptn_mul_i64(&seeds, most, plan->k_max * sample->cols))
        return ptn_fail(error, PATRON_TOO_LARGE, "%d starts are more than memory can address", (int)plan->starts);
    const ptn_wanted wanted[] = {
        {&screen->centroids, all, sizeof(double), "starts"},
        {&screen->seeds, seeds, sizeof(double), "starts"},
        {&screen->inertia, ends * range, sizeof(double), "starts"},
        {&screen->tried, range, sizeof(int32_t), "starts"},
        {&screen->sharp, (int64_t)range * PTN_MOST_SHARP, sizeof(int32_t), "starts"},
        {&screen->sharp_count, range, sizeof(int32_t), "starts"},
        {&leaders, most * range, sizeof(int32_t), "starts"},
    };
    patron_status status = ptn_allocate_each(wanted, sizeof wanted / sizeof *wanted, false, memory, error);
    if (status == PATRON_OK) status = open_trials(&trials, workers, sample, plan->k_max, memory, error);
    screen_job job = {
        .screen = screen, .sample = sample, .plan = plan, .trials = trials, .team = team, .leaders = leaders};
    if (status == PATRON_OK) status = run_rounds(&job, most, error);
    ptn_free(memory, leaders);
    close_trials(trials, workers, memory);
    return status;
}

void ptn_screen_keep(ptn_screen *screen, int32_t k, const int32_t *ends, int32_t count)
{
    for (int32_t e = 0; e >= 0; e = next_end(screen, e, k)) {
        bool stays = false;
        for (int32_t i = 0; i < count; i++) stays = stays || ends[i] == e;
        if (!stays) *inertia_of(screen, e, k) = HUGE_VAL;
    }
}

patron_status ptn_screen_refine(ptn_screen *screen, const ptn_sample *sample, int32_t k, const int32_t *ends,
                                int32_t count, const ptn_screen_plan *plan, ptn_team *team, patron_error *error)
{
    const ptn_memory *memory = &team->context->memory;
    int32_t workers = team->context->threads;
    ptn_trial *trials = NULL;
    patron_status status = open_trials(&trials, workers, sample, k, memory, error);
    screen_job job = {.screen = screen, .sample = sample, .plan = plan, .trials = trials, .team = team};
    job.ends = ends;
    job.k = k;
    if (status == PATRON_OK) status = ptn_team_run(team, "kmeans", 0.3, 0.3, count, refine_start, &job, error);
    close_trials(trials, workers, memory);
    ptn_screen_keep(screen, k, ends, count);
    return status;
}

void ptn_screen_close(ptn_screen *screen, const ptn_memory *memory)
{
    ptn_free(memory, screen->sharp_count);
    ptn_free(memory, screen->sharp);
    ptn_free(memory, screen->tried);
    ptn_free(memory, screen->inertia);
    ptn_free(memory, screen->seeds);
    ptn_free(memory, screen->centroids);
    memset(screen, 0, sizeof *screen);
}

int32_t ptn_screen_distinct(int32_t *ends, const ptn_screen *screen, const ptn_sample *sample, int32_t k, int32_t most,
                            double tolerance)
{
    int32_t count = 0, last_end = -1;
    double last = -1.0, best = 0.0;
    while (count < most) { /* the next in order of inertia, then of start */
        int32_t next = -1;
        double least = HUGE_VAL;
        for (int32_t e = 0; e >= 0; e = next_end(screen, e, k)) {
            double inertia = *inertia_of(screen, e, k);
            if (inertia < last || (inertia == last && e <= last_end) || !(inertia < least)) continue;
            least = inertia;
            next = e;
        }
        if (next < 0) break;
        if (count == 0) best = least;
        if (count > 0 && least > best * (1.0 + tolerance)) break;
        last = least;
        last_end = next;
        bool other = true;
        double near = nearness(sample, least);
        for (int32_t i = 0; other && i < count; i++)
            other = !together(ptn_screen_centroids(screen, next, k), ptn_screen_centroids(screen, ends[i], k), k,
                              screen->cols, near);
        if (other) ends[count++] = next;
    }
    return count;
}
