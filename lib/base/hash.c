/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A multiply-and-shift mix (the finaliser of splitmix64, Steele, Lea & Flood 2014) chained over 64-bit words. */
#include "base/hash.h"

#include <string.h>

uint64_t ptn_hash_u64(uint64_t hash, uint64_t value)
{
    uint64_t x = (hash ^ value) + UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

uint64_t ptn_hash_doubles(uint64_t hash, const double *values, int64_t count)
{
    hash = ptn_hash_u64(hash, (uint64_t)count);
    for (int64_t i = 0; i < count; i++) {
        double value = values[i] == 0.0 ? 0.0 : values[i];
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        hash = ptn_hash_u64(hash, bits);
    }
    return hash;
}

uint64_t ptn_hash_labels(uint64_t hash, const int32_t *labels, int64_t count)
{
    hash = ptn_hash_u64(hash, (uint64_t)count);
    for (int64_t i = 0; i < count; i++) hash = ptn_hash_u64(hash, (uint64_t)(uint32_t)labels[i]);
    return hash;
}

uint64_t ptn_hash_bytes(uint64_t hash, const uint8_t *bytes, int64_t count)
{
    int64_t i = 0;
    hash = ptn_hash_u64(hash, (uint64_t)count);
    for (; i + 8 <= count; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        hash = ptn_hash_u64(hash, word);
    }
    for (; i < count; i++) hash = ptn_hash_u64(hash, bytes[i]);
    return hash;
}
