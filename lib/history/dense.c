/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "history/dense.h"

#include <string.h>

enum { PIECES = 1000, BLOCK = 16384 };

typedef struct job {
    const ptn_intern *ids;
    uint64_t most;
    int32_t *owners; /* of each number its customer + 1, or 0 */
    int32_t *order;
    uint8_t *lengths;
    int64_t starts[PIECES + 1]; /* of each piece, among all; counts at first */
} job;

/* Where a piece's walk is. */
typedef struct walk {
    const job *job;
    int64_t at;
} walk;

static void clear_block(void *argument, int64_t block, int32_t worker)
{
    job *j = argument;
    uint64_t from = (uint64_t)block * BLOCK, left = j->most + 1 - from;
    size_t bytes = (left < BLOCK ? left : BLOCK) * sizeof *j->owners;
    (void)worker;
    ptn_touch(j->owners + from, bytes);
    memset(j->owners + from, 0, bytes);
}

static void own_block(void *argument, int64_t block, int32_t worker)
{
    job *j = argument;
    const uint64_t *numbers = j->ids->bits.items;
    int64_t count = ptn_intern_count(j->ids), end = (block + 1) * BLOCK < count ? (block + 1) * BLOCK : count;
    (void)worker;
    for (int64_t i = block * BLOCK; i < end; i++) j->owners[numbers[i]] = (int32_t)i + 1;
}

/* The number that a piece begins with, which is all of it if it has one or two digits: 0, 1, 10, 100, 101, … 109, 11,
   110, …, 19, 190, …, 2, 20, …: 111 pieces for each first digit. */
static uint32_t first_of(int64_t piece)
{
    uint32_t first = (uint32_t)(piece - 1) / 111, rest = (uint32_t)(piece - 1) % 111;
    if (piece == 0) return 0;
    if (rest == 0) return first + 1;
    uint32_t second = (rest - 1) / 11, third = (rest - 1) % 11, two = (first + 1) * 10 + second;
    return third == 0 ? two : two * 10 + third - 1;
}

static void count_piece(void *argument, int64_t piece, int32_t worker)
{
    job *j = argument;
    uint64_t from = first_of(piece), end = from + 1;
    int64_t count = 0;
    (void)worker;
    while (from <= j->most) {
        for (uint64_t n = from; n < end && n <= j->most; n++) count += j->owners[n] != 0;
        if (from < 100) break;
        from *= 10; /* most is far below 2^63: there are not so many ids */
        end *= 10;
    }
    j->starts[piece] = count;
}

static inline void tell(walk *w, uint64_t number, uint32_t digits)
{
    int32_t owner = w->job->owners[number];
    if (owner == 0) return;
    w->job->order[w->at] = owner - 1;
    w->job->lengths[w->at++] = (uint8_t)digits;
}

/* A number, and those that begin with its digits. */
static void tell_from(walk *w, uint64_t number, uint32_t digits)
{
    uint64_t most = w->job->most, first = number * 10, last = first + 9 < most ? first + 9 : most;
    tell(w, number, digits);
    for (uint64_t n = first; n <= last; n++) {
        if (n > most / 10)
            tell(w, n, digits + 1);
        else
            tell_from(w, n, digits + 1);
    }
}

static void tell_piece(void *argument, int64_t piece, int32_t worker)
{
    const job *j = argument;
    uint32_t first = first_of(piece);
    walk w = {j, j->starts[piece]};
    (void)worker;
    if (first > j->most) return;
    if (first < 100)
        tell(&w, first, ptn_digits(first));
    else
        tell_from(&w, first, 3);
}

/* Whose each number is, where the table's index does not tell. */
static patron_status find_owners(job *j, ptn_team *team, const char *stage, double from, double to, patron_error *error)
{
    int64_t count = ptn_intern_count(j->ids), numbers = (int64_t)j->most + 1;
    const ptn_wanted wanted = {&j->owners, numbers, sizeof *j->owners, "customers"};
    patron_status status = ptn_allocate_each(&wanted, 1, false, &team->context->memory, error);
    if (status == PATRON_OK)
        status = ptn_team_run_apart(team, stage, from, from, (numbers + BLOCK - 1) / BLOCK, clear_block, j, error);
    if (status != PATRON_OK) return status;
    return ptn_team_run(team, stage, from, to, (count + BLOCK - 1) / BLOCK, own_block, j, error);
}

patron_status ptn_dense_rank(int32_t *order, uint8_t *lengths, const ptn_intern *ids, uint64_t most, ptn_team *team,
                             const char *stage, double from, double to, patron_error *error)
{
    job j = {.ids = ids, .most = most, .order = order, .lengths = lengths};
    const ptn_memory *memory = &team->context->memory;
    bool told = ids->index_texts == ptn_intern_count(ids);
    int64_t at = 0;
    patron_status status = PATRON_OK;
    if (told)
        j.owners = ids->index;
    else
        status = find_owners(&j, team, stage, from, to, error);
    if (status == PATRON_OK) status = ptn_team_run(team, stage, to, to, PIECES, count_piece, &j, error);
    for (int64_t piece = 0; piece <= PIECES; piece++) {
        int64_t of = j.starts[piece];
        j.starts[piece] = at;
        at += of;
    }
    if (status == PATRON_OK) status = ptn_team_run(team, stage, to, to, PIECES, tell_piece, &j, error);
    if (told) return status;
    if (j.owners != NULL) ptn_wipe(j.owners, ((size_t)most + 1) * sizeof *j.owners);
    ptn_free(memory, j.owners);
    return status;
}
