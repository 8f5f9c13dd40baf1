/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs taken to their end. */
#include "cluster/polish.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "cluster/moves.h"

/* A run is given up when its inertia would stay above another's even if it fell for so many more iterations as in the
   last. */
#define PATIENCE 64.0

/* Single-row moves: as long as they gain on few rows; what they gain falls with the square of the number of rows, and
   beyond many it is below 1e-10 of the inertia (measured). */
enum { MOST_EXTRA_PASSES = 100, MOST_STALE = 10, FEW_ROWS = 65536, MANY_ROWS = 1 << 19, MOST_ROUNDS = 8 };

static const double *last_inertia(const ptn_run *run)
{
    return (const double *)run->trace.items + run->trace.count - 1;
}

static void give_up(ptn_run *run, ptn_passes *passes) { ptn_run_close(run, &passes->team->context->memory); }

/* Closes runs that will not win, by what they gained last. */
static void race(ptn_run *runs, int32_t count, ptn_passes *passes)
{
    for (int32_t r = 0; r < count; r++) {
        ptn_run *run = &runs[r];
        if (run->ended || run->trace.count < 2) continue;
        double gain = last_inertia(run)[-1] - run->inertia;
        if (gain < 0.0) continue; /* acceleration has gone too far: that says nothing of what is to come */
        for (int32_t s = 0; s < count; s++) {
            if (s == r || runs[s].k != run->k || !(runs[s].inertia < run->inertia - PATIENCE * gain)) continue;
            give_up(run, passes);
            break;
        }
    }
}

/* Lloyd's iterations on packed rows, all but the last of max_iter. Means are of packed values and labels of exact
   ones, so where packing is coarse beside the clusters they can go round in circles: runs whose inertia has long not
   fallen are left to exact passes. */
static patron_status iterate(ptn_run *runs, int32_t count, ptn_passes *passes, const ptn_polish_plan *plan,
                             patron_error *error)
{
    const ptn_memory *memory = &passes->team->context->memory;
    for (bool going = true, first = true; going; first = false) {
        bool rejected[PTN_MOST_CLUSTERS] = {0};
        patron_status status = ptn_lloyd_pass(passes, runs, count, error);
        if (status != PATRON_OK) return status;
        for (int32_t r = 0; r < count; r++) {
            ptn_run *run = &runs[r];
            if (run->ended) continue;
            rejected[r] = run->ahead && !(run->inertia < run->before) && run->changed != 0;
            if (rejected[r]) { /* back to the means that it went on from */
                ptn_run_retreat(run, passes->packed);
                continue;
            }
            if (!first) {
                run->iterations++;
                status = ptn_run_note(run, memory, error);
                if (status != PATRON_OK) return status;
                if (run->ahead && run->changed == 0) run->plain = true; /* labels are those of means no longer */
                run->converged =
                    !run->ahead &&
                    (run->changed == 0 || (plan->tol > 0.0 && run->movement <= plan->tol * passes->packed->variance));
            }
            run->stale = first || run->inertia < run->least ? 0 : run->stale + 1;
            if (run->stale == 0) run->least = run->inertia;
            run->before = run->inertia;
            run->ended = run->converged || run->stale > MOST_STALE || run->iterations >= plan->max_iter - 1;
        }
        if (plan->race) race(runs, count, passes);
        going = false;
        for (int32_t r = 0; r < count; r++) {
            if (runs[r].ended) continue;
            going = true;
            if (rejected[r]) continue;
            status = ptn_lloyd_update(passes, &runs[r], plan->accelerate, error);
            if (status != PATRON_OK) return status;
        }
    }
    return PATRON_OK;
}

/* Runs that are worth finishing: the best of each k, and those near it. */
static int32_t choose(ptn_run **list, ptn_figures **figures, ptn_run *runs, ptn_figures *all, int32_t count,
                      ptn_passes *passes, double keep)
{
    int32_t chosen = 0;
    for (int32_t r = 0; r < count; r++) {
        bool stays = runs[r].k > 0;
        for (int32_t s = 0; stays && s < count; s++) {
            if (s == r || runs[s].k != runs[r].k) continue;
            if (runs[s].inertia * (1.0 + keep) < runs[r].inertia) stays = false;
            if (keep == 0.0 && runs[s].inertia == runs[r].inertia && s < r) stays = false;
        }
        if (runs[r].k == 0) continue;
        if (!stays) {
            runs[r].inertia = HUGE_VAL; /* beats no one from here on */
            continue;
        }
        list[chosen] = &runs[r];
        figures[chosen++] = &all[r];
    }
    for (int32_t r = 0; r < count; r++)
        if (runs[r].inertia == HUGE_VAL) give_up(&runs[r], passes);
    return chosen;
}

/* Exact centroids, then labels by them, and again while labels change. `again` says which runs still need it; one that
   has `counted` set makes a full iteration of the first round. */
static patron_status settle(ptn_run **runs, ptn_figures **figures, bool *again, const bool *counted, int32_t count,
                            ptn_passes *passes, const ptn_polish_plan *plan, patron_error *error)
{
    const ptn_memory *memory = &passes->team->context->memory;
    for (int64_t round = 0;; round++) {
        ptn_run *now[PTN_MOST_CLUSTERS];
        ptn_figures *theirs[PTN_MOST_CLUSTERS];
        int32_t left = 0;
        for (int32_t r = 0; r < count; r++) {
            if (!again[r]) continue;
            if (ptn_run_has_empty(runs[r])) {
                patron_status status = ptn_lloyd_repair(passes, runs[r], error);
                if (status != PATRON_OK) return status;
                if (round > (int64_t)MOST_EXTRA_PASSES + plan->max_iter + runs[r]->k)
                    return ptn_lloyd_fail_close(runs[r], error);
            }
            now[left] = runs[r];
            theirs[left++] = figures[r];
        }
        if (left == 0) return PATRON_OK;
        patron_status status = ptn_exact_means(passes, now, theirs, left, plan->weights, error);
        for (int32_t r = 0; status == PATRON_OK && r < left; r++) { /* one by one: they lie apart */
            now[r]->ended = false;
            status = ptn_lloyd_pass(passes, now[r], 1, error);
            now[r]->ended = true;
        }
        if (status != PATRON_OK) return status;
        for (int32_t r = 0; r < count; r++) {
            ptn_run *run = runs[r];
            if (!again[r]) continue;
            bool changed = run->changed != 0, empty = ptn_run_has_empty(run);
            if (run->iterations == 0 || (run->iterations < plan->max_iter && (changed || (counted[r] && round == 0)))) {
                run->iterations++;
                status = ptn_run_note(run, memory, error);
                if (status != PATRON_OK) return status;
            }
            run->converged = !changed || (run->converged && plan->tol > 0.0 && !empty);
            again[r] = empty || (!run->converged && run->iterations < plan->max_iter);
        }
    }
}

/* The inertia noted on the way is that of packed values: the trace is made to end at the exact one, and not to rise. */
static void set_trace(ptn_run *run, double exact)
{
    double *trace = run->trace.items, least = exact, difference = exact - run->inertia;
    for (int64_t i = run->trace.count - 1; i >= 0; i--) {
        trace[i] = i == run->trace.count - 1 ? exact : fmax(trace[i] + difference, least);
        least = trace[i];
    }
    run->inertia = exact;
}

static patron_status finish(ptn_run **runs, ptn_figures **figures, int32_t count, ptn_passes *passes,
                            const ptn_polish_plan *plan, patron_error *error)
{
    bool again[PTN_MOST_CLUSTERS] = {0}, counted[PTN_MOST_CLUSTERS] = {0}, moving[PTN_MOST_CLUSTERS] = {0};
    for (int32_t r = 0; r < count; r++) {
        again[r] = moving[r] = true;
        counted[r] = !runs[r]->converged;
    }
    patron_status status = settle(runs, figures, again, counted, count, passes, plan, error);
    for (int32_t round = 0; status == PATRON_OK; round++) {
        bool any = false;
        for (int32_t r = 0; status == PATRON_OK && r < count; r++) {
            ptn_run *run = runs[r];
            int64_t moved = 0;
            moving[r] = moving[r] && run->k > 1 && run->converged && run->changed == 0 &&
                        run->iterations < plan->max_iter && passes->packed->rows <= MANY_ROWS &&
                        (passes->packed->rows <= FEW_ROWS || round < MOST_ROUNDS);
            if (moving[r]) status = ptn_moves(&moved, passes, run, figures[r], plan->weights, error);
            moving[r] = moved > 0;
            again[r] = counted[r] = moving[r];
            any = any || moving[r];
        }
        if (status != PATRON_OK || !any) break;
        status = settle(runs, figures, again, counted, count, passes, plan, error);
    }
    for (int32_t r = 0; status == PATRON_OK && r < count; r++) {
        double inertia = figures[r]->inertia;
        if (runs[r]->changed != 0 || inertia < 0.0)
            status = ptn_exact_inertia(&inertia, passes, runs[r], plan->weights, error);
        if (status == PATRON_OK) set_trace(runs[r], inertia);
    }
    return status;
}

patron_status ptn_polish(ptn_run *runs, ptn_figures *figures, int32_t count, ptn_passes *passes,
                         const ptn_polish_plan *plan, patron_error *error)
{
    ptn_run *list[PTN_MOST_CLUSTERS];
    ptn_figures *theirs[PTN_MOST_CLUSTERS];
    patron_status status = iterate(runs, count, passes, plan, error);
    if (status != PATRON_OK) return status;
    int32_t chosen = choose(list, theirs, runs, figures, count, passes, plan->keep);
    status = finish(list, theirs, chosen, passes, plan, error);
    if (status == PATRON_OK) choose(list, theirs, runs, figures, count, passes, 0.0);
    return status;
}
