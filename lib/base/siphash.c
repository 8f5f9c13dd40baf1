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

static uint64_t rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

uint64_t ptn_siphash(const ptn_siphash_key *key, const uint8_t *bytes, int64_t length)
{
    uint64_t v[4] = {key->k0 ^ UINT64_C(0x736f6d6570736575), key->k1 ^ UINT64_C(0x646f72616e646f6d),
                     key->k0 ^ UINT64_C(0x6c7967656e657261), key->k1 ^ UINT64_C(0x7465646279746573)};
    uint64_t last = (uint64_t)length << 56;
    int64_t at = 0;
    for (; at + 8 <= length; at += 8) {
        uint64_t word = 0;
        for (int i = 0; i < 8; i++) word |= (uint64_t)bytes[at + i] << 8 * i;
        absorb(v, word);
    }
    for (int i = 0; at + i < length; i++) last |= (uint64_t)bytes[at + i] << 8 * i;
    absorb(v, last);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
