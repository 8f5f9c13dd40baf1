/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random numbers without state: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011) of a key and a counter.

   The number for (seed, stream, step) is the same wherever, whenever and by whichever thread it is asked for. */
#ifndef PTN_BASE_RNG_H
#define PTN_BASE_RNG_H

#include <stdint.h>

/* 64 random bits for (seed, stream, step). */
uint64_t ptn_random(uint64_t seed, uint64_t stream, uint64_t step);

/* Uniform in [0, 1): the upper 53 bits of ptn_random, exact. */
double ptn_random_unit(uint64_t seed, uint64_t stream, uint64_t step);

#endif
