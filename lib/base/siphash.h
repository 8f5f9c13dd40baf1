/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SipHash-1-3 (Aumasson & Bernstein 2012): a keyed hash of bytes. With a key the sender of the bytes does not know, ids
   cannot be made to collide. Only tables use it; no result depends on the key. */
#ifndef PTN_BASE_SIPHASH_H
#define PTN_BASE_SIPHASH_H

#include <stdint.h>

typedef struct ptn_siphash_key {
    uint64_t k0, k1;
} ptn_siphash_key;

/* A fresh key from the system's random numbers; where there are none yet, from what differs between processes. */
void ptn_siphash_key_make(ptn_siphash_key *key);

uint64_t ptn_siphash(const ptn_siphash_key *key, const uint8_t *bytes, int64_t length);

static inline uint64_t ptn_siphash_rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static inline void ptn_siphash_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = ptn_siphash_rotate(v[1], 13) ^ v[0];
    v[0] = ptn_siphash_rotate(v[0], 32);
    v[2] += v[3];
    v[3] = ptn_siphash_rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = ptn_siphash_rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = ptn_siphash_rotate(v[1], 17) ^ v[2];
    v[2] = ptn_siphash_rotate(v[2], 32);
}

static inline void ptn_siphash_start(uint64_t v[4], const ptn_siphash_key *key)
{
    v[0] = key->k0 ^ UINT64_C(0x736f6d6570736575);
    v[1] = key->k1 ^ UINT64_C(0x646f72616e646f6d);
    v[2] = key->k0 ^ UINT64_C(0x6c7967656e657261);
    v[3] = key->k1 ^ UINT64_C(0x7465646279746573);
}

static inline void ptn_siphash_absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    ptn_siphash_round(v);
    v[0] ^= word;
}

static inline uint64_t ptn_siphash_end(uint64_t v[4])
{
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) ptn_siphash_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The hash of nine bytes: the word, little-endian, and the byte `last`. */
static inline uint64_t ptn_siphash_word(const ptn_siphash_key *key, uint64_t word, uint64_t last)
{
    uint64_t v[4];
    ptn_siphash_start(v, key);
    ptn_siphash_absorb(v, word);
    ptn_siphash_absorb(v, UINT64_C(9) << 56 | last);
    return ptn_siphash_end(v);
}

#endif
