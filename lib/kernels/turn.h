/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sixteen rows of eight columns made columns of a tile: two squares of eight by eight, each turned by pairs, by fours
   and by halves. For AVX2 and what has it. */

INLINE void turn_square(float *out, float rows[8][8])
{
    __m256 pair[8], four[8];
    for (int i = 0; i < 4; i++) {
        __m256 even = _mm256_loadu_ps(rows[2 * i]), odd = _mm256_loadu_ps(rows[2 * i + 1]);
        pair[2 * i] = _mm256_unpacklo_ps(even, odd);
        pair[2 * i + 1] = _mm256_unpackhi_ps(even, odd);
    }
    for (int i = 0; i < 2; i++) {
        four[4 * i] = _mm256_shuffle_ps(pair[4 * i], pair[4 * i + 2], 0x44);
        four[4 * i + 1] = _mm256_shuffle_ps(pair[4 * i], pair[4 * i + 2], 0xEE);
        four[4 * i + 2] = _mm256_shuffle_ps(pair[4 * i + 1], pair[4 * i + 3], 0x44);
        four[4 * i + 3] = _mm256_shuffle_ps(pair[4 * i + 1], pair[4 * i + 3], 0xEE);
    }
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(out + i * PTN_TILE, _mm256_permute2f128_ps(four[i], four[i + 4], 0x20));
        _mm256_storeu_ps(out + (i + 4) * PTN_TILE, _mm256_permute2f128_ps(four[i], four[i + 4], 0x31));
    }
}

INLINE void turn_columns(float *tile, float rows[PTN_TILE][8])
{
    turn_square(tile, rows);
    turn_square(tile + 8, rows + 8);
}
