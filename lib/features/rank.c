/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sorting customers by id: buckets between splitters taken from a sample, each sorted on its own (sample sort: Frazer &
   McKellar 1970).

   What is compared first is a number of 64 bits in the order of the ids:

       ids are                    prefix
       all numbers >= 0           the number with zeros behind it, 19 digits long; then the length decides
       all of short keys          ptn_key_place
       others                     their first eight bytes, big-endian

   Where it does not decide, the bytes do. Ids differ, so the order is total, and the same whatever the buckets. A
   bucket is spread over slots, each a range of prefixes as wide as the others, before its slots are sorted. */
#include "features/rank.h"

#include <string.h>

enum { BUCKETS = 256, SAMPLE = 16 * BUCKETS, SMALL = 8192, BLOCK = 16384, FILL_BLOCK = 64, SLOTS = 4096 };

enum { BY_NUMBER, BY_PLACE, BY_BYTES };

typedef struct ranking {
    const ptn_purchases *purchases;
    const ptn_intern *ids;
    int32_t by;
    int64_t count;
    ptn_ranked *from, *to; /* unsorted, and in the end sorted; by bucket */
    ptn_ranked splitters[BUCKETS - 1];
    uint64_t prefixes[BUCKETS - 1]; /* of the splitters */
    uint8_t *buckets;               /* of each unsorted one */
    int64_t *places;                /* blocks x BUCKETS: how many, then where the next goes */
    int64_t starts[BUCKETS + 1];
} ranking;

static bool id_less(const ptn_ranked *a, const ptn_ranked *b, const ranking *r)
{
    if (a->prefix != b->prefix) return a->prefix < b->prefix;
    if (r->by == BY_NUMBER) return a->length < b->length;
    return ptn_intern_compare(r->ids, a->customer, b->customer) < 0;
}

#define SORT_NAME    sort_by_id
#define SORT_TYPE    ptn_ranked
#define SORT_CONTEXT ranking
#define SORT_LESS    id_less
#include "base/sort_template.h"

/* How the ids can be compared: those of customers without an order do not matter, but do no harm. */
static int32_t choose_order(const ptn_intern *ids)
{
    const uint8_t *kinds = ids->kinds.items;
    const uint64_t *bits = ids->bits.items;
    int32_t by = BY_NUMBER;
    for (int64_t i = 0; i < ptn_intern_count(ids); i++) {
        if (kinds[i] == PTN_KEY_LONG) return BY_BYTES;
        if (kinds[i] != PTN_KEY_NUMBER || bits[i] >> 63 != 0) by = BY_PLACE;
    }
    return by;
}

/* 10^0 … 10^18. */
static const uint64_t powers_of_ten[19] = {UINT64_C(1),
                                           UINT64_C(10),
                                           UINT64_C(100),
                                           UINT64_C(1000),
                                           UINT64_C(10000),
                                           UINT64_C(100000),
                                           UINT64_C(1000000),
                                           UINT64_C(10000000),
                                           UINT64_C(100000000),
                                           UINT64_C(1000000000),
                                           UINT64_C(10000000000),
                                           UINT64_C(100000000000),
                                           UINT64_C(1000000000000),
                                           UINT64_C(10000000000000),
                                           UINT64_C(100000000000000),
                                           UINT64_C(1000000000000000),
                                           UINT64_C(10000000000000000),
                                           UINT64_C(100000000000000000),
                                           UINT64_C(1000000000000000000)};

static uint32_t digits_of(uint64_t number)
{
    uint32_t digits = 1;
    while (digits < 19 && number >= powers_of_ten[digits]) digits++;
    return digits;
}

static void fill_one(ptn_ranked *out, const ranking *r, int32_t customer)
{
    uint32_t kind = ((const uint8_t *)r->ids->kinds.items)[customer];
    uint64_t bits = ((const uint64_t *)r->ids->bits.items)[customer], prefix = 0;
    uint32_t length = 0;
    if (r->by == BY_NUMBER) {
        length = digits_of(bits);
        prefix = bits * powers_of_ten[19 - length];
    } else if (r->by == BY_PLACE) {
        prefix = ptn_key_place(kind, bits);
    } else {
        const uint8_t *bytes;
        uint8_t text[PTN_KEY_TEXT];
        int64_t size = ptn_intern_get(&bytes, text, r->ids, customer);
        for (int64_t i = 0; i < 8; i++) prefix = prefix << 8 | (i < size ? bytes[i] : 0u);
    }
    *out = (ptn_ranked){prefix, customer, length};
}

/* The customers with an order, as they are numbered. */
static void fill_block(void *argument, int64_t block, int32_t worker)
{
    ranking *r = argument;
    const ptn_purchases *p = r->purchases;
    int64_t end = (block + 1) * FILL_BLOCK < p->groups ? (block + 1) * FILL_BLOCK : p->groups;
    int64_t last = end << p->shift < p->count ? end << p->shift : p->count;
    int64_t at = p->ranked[block * FILL_BLOCK];
    (void)worker;
    for (int64_t c = (block * FILL_BLOCK) << p->shift; c < last; c++)
        if (p->customers[c].orders >= p->min_orders) fill_one(&r->from[at++], r, (int32_t)c);
}

/* The bucket: how many splitters are not after it. */
static uint32_t bucket_of(const ranking *r, const ptn_ranked *one)
{
    uint32_t at = 0;
    for (uint32_t step = BUCKETS / 2; step > 0; step /= 2)
        if (!id_less(one, &r->splitters[at + step - 1], r)) at += step;
    return at;
}

/* The same by prefixes alone: ids with equal ones share a bucket. */
static inline uint32_t bucket_of_prefix(const uint64_t prefixes[BUCKETS - 1], uint64_t prefix)
{
    uint32_t at = 0;
    for (uint32_t step = BUCKETS / 2; step > 0; step /= 2) at += prefixes[at + step - 1] <= prefix ? step : 0;
    return at;
}

static int64_t block_end(const ranking *r, int64_t block)
{
    return (block + 1) * BLOCK < r->count ? (block + 1) * BLOCK : r->count;
}

static void classify_block(void *argument, int64_t block, int32_t worker)
{
    ranking *r = argument;
    int64_t *counts = r->places + block * BUCKETS;
    (void)worker;
    memset(counts, 0, BUCKETS * sizeof *counts);
    for (int64_t i = block * BLOCK; i < block_end(r, block); i++) {
        uint32_t bucket =
            r->by == BY_BYTES ? bucket_of(r, &r->from[i]) : bucket_of_prefix(r->prefixes, r->from[i].prefix);
        r->buckets[i] = (uint8_t)bucket;
        counts[bucket]++;
    }
}

static void place_block(void *argument, int64_t block, int32_t worker)
{
    ranking *r = argument;
    int64_t *places = r->places + block * BUCKETS;
    (void)worker;
    for (int64_t i = block * BLOCK; i < block_end(r, block); i++) r->to[places[r->buckets[i]]++] = r->from[i];
}

/* From r->to into r->from. */
static void sort_bucket(void *argument, int64_t bucket, int32_t worker)
{
    ranking *r = argument;
    const ptn_ranked *in = r->to + r->starts[bucket];
    ptn_ranked *out = r->from + r->starts[bucket];
    int64_t count = r->starts[bucket + 1] - r->starts[bucket];
    uint64_t least = UINT64_MAX, most = 0;
    uint32_t ends[SLOTS] = {0}, at = 0;
    int32_t shift = 0;
    (void)worker;
    if (count > UINT32_MAX) {
        memcpy(out, in, (size_t)count * sizeof *out);
        sort_by_id(out, count, r);
        return;
    }
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

static void choose_splitters(ranking *r)
{
    ptn_ranked sample[SAMPLE];
    for (int64_t i = 0; i < SAMPLE; i++) sample[i] = r->from[i * (r->count / SAMPLE)];
    sort_by_id(sample, SAMPLE, r);
    for (int64_t b = 1; b < BUCKETS; b++) r->splitters[b - 1] = sample[b * (SAMPLE / BUCKETS)];
    for (int64_t b = 0; b < BUCKETS - 1; b++) r->prefixes[b] = r->splitters[b].prefix;
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
    status =
        ptn_team_run(team, stage, from + 0.4 * (to - from), from + 0.5 * (to - from), blocks, place_block, r, error);
    if (status != PATRON_OK) return status;
    return ptn_team_run(team, stage, from + 0.5 * (to - from), to, BUCKETS, sort_bucket, r, error);
}

patron_status ptn_rank(ptn_ranked **ranked, const ptn_purchases *purchases, const ptn_intern *ids, ptn_team *team,
                       const char *stage, double from, double to, patron_error *error)
{
    ranking r = {.purchases = purchases, .ids = ids, .count = purchases->ranked[purchases->groups]};
    const ptn_memory *memory = &team->context->memory;
    int64_t blocks = (r.count + BLOCK - 1) / BLOCK;
    bool small = r.count <= SMALL;
    const ptn_wanted wanted[] = {{&r.from, r.count, sizeof *r.from, "customers"},
                                 {&r.to, r.count, sizeof *r.to, "customers"},
                                 {&r.buckets, r.count, sizeof *r.buckets, "customers"},
                                 {&r.places, blocks * BUCKETS, sizeof *r.places, "customers"}};
    *ranked = NULL;
    r.by = choose_order(ids);
    patron_status status = ptn_allocate_each(wanted, small ? 1 : 4, false, memory, error);
    if (status == PATRON_OK)
        status = ptn_team_run(team, stage, from, from, (purchases->groups + FILL_BLOCK - 1) / FILL_BLOCK, fill_block,
                              &r, error);
    if (status == PATRON_OK && small) {
        sort_by_id(r.from, r.count, &r);
        *ranked = r.from;
        return PATRON_OK;
    }
    if (status == PATRON_OK) status = sort_buckets(&r, team, stage, from, to, error);
    ptn_free(memory, r.places);
    ptn_free(memory, r.buckets);
    ptn_rank_free(r.to, r.count, memory);
    if (status == PATRON_OK)
        *ranked = r.from;
    else
        ptn_rank_free(r.from, r.count, memory);
    return status;
}

void ptn_rank_free(ptn_ranked *ranked, int64_t count, const ptn_memory *memory)
{
    if (ranked != NULL) ptn_wipe(ranked, (size_t)count * sizeof *ranked);
    ptn_free(memory, ranked);
}
