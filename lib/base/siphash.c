/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SipHash with one round a word and three at the end, as Rust's and Python's tables use it. */
#include "base/siphash.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

void ptn_siphash_key_make(ptn_siphash_key *key)
{
    struct timespec now;
    if (getrandom(key, sizeof *key, GRND_NONBLOCK) == (ssize_t)sizeof *key) return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    key->k0 = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 32;
    key->k1 = (uint64_t)(uintptr_t)&now ^ (uint64_t)(uintptr_t)key << 20;
}

/* Eight bytes, little-endian. */
static uint64_t word_at(const uint8_t *bytes)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
#else
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) word |= (uint64_t)bytes[i] << 8 * i;
    return word;
#endif
}

uint64_t ptn_siphash(const ptn_siphash_key *key, const uint8_t *bytes, int64_t length)
{
    uint64_t v[4], last = (uint64_t)length << 56;
    int64_t at = 0;
    ptn_siphash_start(v, key);
    for (; at + 8 <= length; at += 8) ptn_siphash_absorb(v, word_at(bytes + at));
    for (int i = 0; at + i < length; i++) last |= (uint64_t)bytes[at + i] << 8 * i;
    ptn_siphash_absorb(v, last);
    return ptn_siphash_end(v);
}
