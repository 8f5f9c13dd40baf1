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

#endif
