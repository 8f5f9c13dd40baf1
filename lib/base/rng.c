/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Philox4x32-10: ten rounds of two 32 x 32 -> 64 bit products, keys bumped by Weyl constants. */
#include "base/rng.h"

uint64_t ptn_random(uint64_t seed, uint64_t stream, uint64_t step)
{
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    uint32_t c0 = (uint32_t)step, c1 = (uint32_t)(step >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = (uint64_t)0xD2511F53u * c0;
        uint64_t product1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ key0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
        c3 = (uint32_t)product0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return (uint64_t)c1 << 32 | c0;
}

double ptn_random_unit(uint64_t seed, uint64_t stream, uint64_t step)
{
    return (double)(ptn_random(seed, stream, step) >> 11) * 0x1p-53;
}
