/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fingerprints: 64 bits over numbers in order. Equal numbers (by their bits, -0 as 0) give equal fingerprints; made to
   notice a difference, not to resist an attacker. */
#ifndef PTN_BASE_HASH_H
#define PTN_BASE_HASH_H

#include <stdint.h>

#define PTN_HASH_START UINT64_C(0x9E3779B97F4A7C15)

uint64_t ptn_hash_u64(uint64_t hash, uint64_t value);
uint64_t ptn_hash_doubles(uint64_t hash, const double *values, int64_t count);
uint64_t ptn_hash_labels(uint64_t hash, const int32_t *labels, int64_t count);
uint64_t ptn_hash_bytes(uint64_t hash, const uint8_t *bytes, int64_t count); /* eight at a time: little-endian */

#endif
