/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sorting customers by id: buckets between splitters taken from a sample, each sorted on its own (sample sort: Frazer &
   McKellar 1970).

   What is compared first is a number of 64 bits in the order of the ids:

       ids are                    prefix
       all numbers >= 0           the number with zeros behind it, 19 digits long; then the length decides
       all of short keys          ptn_key_place
       others                     their first eight bytes, big-endian

   Where it does not decide, the bytes do. Ids differ, so the order is total, and the same whatever the buckets. A
   bucket is spread over slots, each a range of prefixes as wide as the others, before its slots are sorted. Which
   bucket a prefix belongs to is found by cells, ranges of prefixes likewise, each of which has few splitters. */
#include "history/rank.h"

#include <string.h>

#include "history/dense.h"

/* EVEN: a bucket of so many times its share is no larger than most. */
enum { BUCKETS = 256, SAMPLE = 16 * BUCKETS, SMALL = 8192, BLOCK = 16384, SLOTS = 4096, CELLS = 4096, EVEN = 4 };

enum { BY_NUMBER, BY_PLACE, BY_BYTES };

/* An id to be sorted: `prefix` decides most comparisons, `length`, which is told, what it leaves open between numbers.
 */
typedef struct ranked {
    uint64_t prefix;
    int32_t customer;
    uint32_t length;
} ranked;

typedef struct ranking {
    const ptn_intern *ids;
    int32_t by;
    int64_t count;
    ranked *ids_of_buckets; /* bucket by bucket; of few ids, of one bucket: in the end sorted */
    ranked *scratch;        /* of each worker, a bucket's ids */
    int64_t room;           /* of the scratch: larger buckets are sorted in place */
    int32_t *order;         /* what is asked for */
    uint8_t *lengths;
    ranked splitters[BUCKETS - 1];
    uint64_t prefixes[BUCKETS - 1]; /* of the splitters */
    uint8_t cells[CELLS + 1];       /* splitters before the cell */
    int32_t shift;                  /* a cell is 2^shift prefixes, from prefixes[0] on */
    uint8_t *buckets;               /* of each id */
    int64_t *places;                /* blocks x BUCKETS: how many, then where the next goes */
    int64_t starts[BUCKETS + 1];
    bool placed; /* ids are, or some of them */
} ranking;

static bool id_less(const ranked *a, const ranked *b, const ranking *r)
{
    if (a->prefix != b->prefix) return a->prefix < b->prefix;
    if (r->by == BY_NUMBER) return a->length < b->length;
    if (a->customer == b->customer) return false;
    return ptn_intern_compare(r->ids, a->customer, b->customer) < 0;
}

#define SORT_NAME    sort_by_id
#define SORT_TYPE    ranked
#define SORT_CONTEXT ranking
#define SORT_LESS    id_less
#include "base/sort_template.h"

/* How the ids can be compared; *most is the largest where all are numbers. */
static int32_t choose_order(uint64_t *most, const ptn_intern *ids)
{
    const uint8_t *kinds = ids->kinds.items;
    const uint64_t *bits = ids->bits.items;
    int64_t count = ptn_intern_count(ids);
    int32_t by = BY_NUMBER;
    *most = 0;
    for (int64_t from = 0; from < count; from += BLOCK) {
        int64_t end = from + BLOCK < count ? from + BLOCK : count;
        uint32_t others = 0;
        for (int64_t i = from; i < end; i++) others |= kinds[i] ^ (uint32_t)PTN_KEY_NUMBER;
        for (int64_t i = from; i < end; i++) *most = bits[i] > *most ? bits[i] : *most;
        if (others != 0 && memchr(kinds + from, PTN_KEY_LONG, (size_t)(end - from)) != NULL) return BY_BYTES;
        if (others != 0) by = BY_PLACE;
    }
    return *most >> 63 != 0 ? BY_PLACE : by;
}

static void fill_one(ranked *out, const ranking *r, int32_t customer)
{
    uint32_t kind = ((const uint8_t *)r->ids->kinds.items)[customer];
    uint64_t bits = ((const uint64_t *)r->ids->bits.items)[customer], prefix = 0;
    uint32_t length;
    if (r->by == BY_NUMBER) {
        length = ptn_digits(bits);
        prefix = bits * ptn_powers_of_ten[19 - length];
    } else if (r->by == BY_PLACE) {
        length = (uint32_t)ptn_key_length(kind, bits);
        prefix = ptn_key_place(kind, bits);
    } else {
        const uint8_t *bytes;
        uint8_t text[PTN_KEY_TEXT];
        int64_t size = ptn_intern_get(&bytes, text, r->ids, customer);
        for (int64_t i = 0; i < 8; i++) prefix = prefix << 8 | (i < size ? bytes[i] : 0u);
        length = size < PTN_RANK_LONG ? (uint32_t)size : PTN_RANK_LONG;
    }
    *out = (ranked){prefix, customer, length};
}

static int64_t block_end(const ranking *r, int64_t block)
{
    return (block + 1) * BLOCK < r->count ? (block + 1) * BLOCK : r->count;
}

/* The bucket: how many splitters are not after it. */
static uint32_t bucket_of(const ranking *r, const ranked *one)
{
    uint32_t at = 0;
    for (uint32_t step = BUCKETS / 2; step > 0; step /= 2)
        if (!id_less(one, &r->splitters[at + step - 1], r)) at += step;
    return at;
}

/* The same by prefixes alone: ids with equal ones share a bucket. */
static inline uint32_t bucket_of_prefix(const ranking *r, uint64_t prefix)
{
    if (prefix < r->prefixes[0]) return 0;
    if (prefix >= r->prefixes[BUCKETS - 2]) return BUCKETS - 1;
    uint64_t cell = (prefix - r->prefixes[0]) >> r->shift;
    uint32_t from = r->cells[cell], to = r->cells[cell + 1];
    while (from < to) {
        uint32_t middle = (from + to) / 2;
        if (r->prefixes[middle] <= prefix)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void make_cells(ranking *r)
{
    uint64_t range = r->prefixes[BUCKETS - 2] - r->prefixes[0];
    uint32_t splitters = 0;
    r->shift = 0;
    while (range >> r->shift >= CELLS) r->shift++;
    for (uint64_t cell = 0; cell <= CELLS; cell++) {
        while (splitters < BUCKETS - 1 && (r->prefixes[splitters] - r->prefixes[0]) >> r->shift < cell) splitters++;
        r->cells[cell] = (uint8_t)splitters;
    }
}

static void classify_block(void *argument, int64_t block, int32_t worker)
{
    ranking *r = argument;
    int64_t *counts = r->places + block * BUCKETS;
    (void)worker;
    memset(counts, 0, BUCKETS * sizeof *counts);
    for (int64_t i = block * BLOCK; i < block_end(r, block); i++) {
        ranked one;
        fill_one(&one, r, (int32_t)i);
        uint32_t bucket = r->by == BY_BYTES ? bucket_of(r, &one) : bucket_of_prefix(r, one.prefix);
        r->buckets[i] = (uint8_t)bucket;
        counts[bucket]++;
    }
}

/* Made once more, not kept: memory for all of them costs more. */
static void place_block(void *argument, int64_t block, int32_t worker)
{
    ranking *r = argument;
    int64_t *places = r->places + block * BUCKETS;
    (void)worker;
    for (int64_t i = block * BLOCK; i < block_end(r, block); i++)
        fill_one(&r->ids_of_buckets[places[r->buckets[i]]++], r, (int32_t)i);
}

/* From `in` to `out`. */
static void sort_slots(ranked *out, const ranked *in, int64_t count, const ranking *r)
{
    uint64_t least = UINT64_MAX, most = 0;
    uint32_t ends[SLOTS] = {0}, at = 0;
    int32_t shift = 0;
    for (int64_t i = 0; i < count; i++) {
        if (in[i].prefix < least) least = in[i].prefix;
        if (in[i].prefix > most) most = in[i].prefix;
    }
    while (count > 0 && (most - least) >> shift >= SLOTS) shift++;
    for (int64_t i = 0; i < count; i++) ends[(in[i].prefix - least) >> shift]++;
    for (int32_t slot = 0; slot < SLOTS; slot++) {
        uint32_t of = ends[slot];
        ends[slot] = at;
        at += of;
    }
    for (int64_t i = 0; i < count; i++) out[ends[(in[i].prefix - least) >> shift]++] = in[i];
    for (int32_t slot = 0; slot < SLOTS; slot++) {
        uint32_t start = slot == 0 ? 0 : ends[slot - 1];
        if (ends[slot] - start > 1) sort_by_id(out + start, ends[slot] - start, r);
    }
}

static void tell_order(ranking *r, const ranked *sorted, int64_t first, int64_t count)
{
    for (int64_t i = 0; i < count; i++) r->order[first + i] = sorted[i].customer;
    for (int64_t i = 0; i < count; i++) r->lengths[first + i] = (uint8_t)sorted[i].length;
}

/* What is left of a bucket's ids is overwritten. */
static void sort_bucket(void *argument, int64_t bucket, int32_t worker)
{
    ranking *r = argument;
    int64_t first = r->starts[bucket], count = r->starts[bucket + 1] - first;
    ranked *ids = r->ids_of_buckets + first, *sorted = r->scratch + worker * r->room;
    if (count > r->room) {
        sort_by_id(ids, count, r);
        sorted = ids;
    } else {
        sort_slots(sorted, ids, count, r);
    }
    tell_order(r, sorted, first, count);
    ptn_wipe(sorted, (size_t)count * sizeof *sorted);
    ptn_wipe(ids, (size_t)count * sizeof *ids);
}

static void choose_splitters(ranking *r)
{
    ranked sample[SAMPLE];
    for (int64_t i = 0; i < SAMPLE; i++) fill_one(&sample[i], r, (int32_t)(i * (r->count / SAMPLE)));
    sort_by_id(sample, SAMPLE, r);
    for (int64_t b = 1; b < BUCKETS; b++) r->splitters[b - 1] = sample[b * (SAMPLE / BUCKETS)];
    for (int64_t b = 0; b < BUCKETS - 1; b++) r->prefixes[b] = r->splitters[b].prefix;
    make_cells(r);
    ptn_wipe(sample, sizeof sample);
}

static patron_status sort_buckets(ranking *r, ptn_team *team, const char *stage, double from, double to,
                                  patron_error *error)
{
    int64_t blocks = (r->count + BLOCK - 1) / BLOCK, at = 0;
    choose_splitters(r);
    patron_status status = ptn_team_run(team, stage, from, from + 0.4 * (to - from), blocks, classify_block, r, error);
    if (status != PATRON_OK) return status;
    for (int64_t bucket = 0; bucket < BUCKETS; bucket++) {
        r->starts[bucket] = at;
        for (int64_t b = 0; b < blocks; b++) {
            int64_t *place = &r->places[b * BUCKETS + bucket], count = *place;
            *place = at;
            at += count;
        }
    }
    r->starts[BUCKETS] = at;
    r->placed = true;
    status =
        ptn_team_run(team, stage, from + 0.4 * (to - from), from + 0.5 * (to - from), blocks, place_block, r, error);
    if (status != PATRON_OK) return status;
    return ptn_team_run(team, stage, from + 0.5 * (to - from), to, BUCKETS, sort_bucket, r, error);
}

/* Few ids: one bucket. */
static void sort_few(ranking *r)
{
    for (int64_t i = 0; i < r->count; i++) fill_one(&r->ids_of_buckets[i], r, (int32_t)i);
    sort_by_id(r->ids_of_buckets, r->count, r);
    tell_order(r, r->ids_of_buckets, 0, r->count);
    ptn_wipe(r->ids_of_buckets, (size_t)r->count * sizeof *r->ids_of_buckets);
}

patron_status ptn_rank(int32_t **order, uint8_t **lengths, const ptn_intern *ids, ptn_team *team, const char *stage,
                       double from, double to, patron_error *error)
{
    ranking r = {.ids = ids, .count = ptn_intern_count(ids)};
    const ptn_memory *memory = &team->context->memory;
    int64_t blocks = (r.count + BLOCK - 1) / BLOCK, workers = team->context->threads;
    uint64_t most;
    bool small = r.count <= SMALL;
    r.room = EVEN * (r.count / BUCKETS);
    const ptn_wanted told[] = {{order, r.count, sizeof **order, "customers"},
                               {lengths, r.count, sizeof **lengths, "customers"}};
    const ptn_wanted wanted[] = {{&r.ids_of_buckets, r.count, sizeof *r.ids_of_buckets, "customers"},
                                 {&r.scratch, workers * r.room, sizeof *r.scratch, "customers"},
                                 {&r.buckets, r.count, sizeof *r.buckets, "customers"},
                                 {&r.places, blocks * BUCKETS, sizeof *r.places, "customers"}};
    *order = NULL;
    *lengths = NULL;
    r.by = choose_order(&most, ids);
    patron_status status = ptn_allocate_each(told, 2, false, memory, error);
    if (status != PATRON_OK) return status;
    if (!small && r.by == BY_NUMBER && ptn_dense(r.count, most))
        return ptn_dense_rank(*order, *lengths, ids, most, team, stage, from, to, error);
    r.order = *order;
    r.lengths = *lengths;
    status = ptn_allocate_each(wanted, small ? 1 : 4, false, memory, error);
    if (status == PATRON_OK && small) sort_few(&r);
    if (status == PATRON_OK && !small) status = sort_buckets(&r, team, stage, from, to, error);
    if (status != PATRON_OK && r.placed) ptn_wipe(r.ids_of_buckets, (size_t)r.count * sizeof *r.ids_of_buckets);
    ptn_free(memory, r.places);
    ptn_free(memory, r.buckets);
    ptn_free(memory, r.scratch);
    ptn_free(memory, r.ids_of_buckets);
    return status;
}
