/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels for AVX2 with FMA: sixteen lanes are two registers of eight floats, eight are two of four doubles. */
#include "kernels/kernels.h"

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define KERNELS ptn_kernels_avx2
#define NAME    "avx2"
#define INLINE  static inline __attribute__((always_inline))

typedef struct vf {
    __m256 a, b;
} vf;
typedef vf vm; /* all bits of a lane, or none */
typedef struct vi {
    __m256i a, b;
} vi;
typedef vi vs;
typedef struct vd {
    __m256d a, b;
} vd;

#define BOTH(type, call_a, call_b) ((type){call_a, call_b})

INLINE vf vf_load(const float *from) { return BOTH(vf, _mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)); }
INLINE void vf_store(float *to, vf v)
{
    _mm256_storeu_ps(to, v.a);
    _mm256_storeu_ps(to + 8, v.b);
}
INLINE vf vf_set(float value) { return BOTH(vf, _mm256_set1_ps(value), _mm256_set1_ps(value)); }
INLINE vf vf_add(vf x, vf y) { return BOTH(vf, _mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)); }
INLINE vf vf_sub(vf x, vf y) { return BOTH(vf, _mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)); }
INLINE vf vf_mul(vf x, vf y) { return BOTH(vf, _mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)); }
INLINE vf vf_fma(vf x, vf y, vf z) { return BOTH(vf, _mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)); }
INLINE vf vf_max(vf x, vf y) { return BOTH(vf, _mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)); }
INLINE vf vf_min(vf x, vf y) { return BOTH(vf, _mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)); }
INLINE vm vf_above(vf x, vf y)
{
    return BOTH(vm, _mm256_cmp_ps(x.a, y.a, _CMP_GT_OQ), _mm256_cmp_ps(x.b, y.b, _CMP_GT_OQ));
}
INLINE uint16_t vm_bits(vm x)
{
    return (uint16_t)((uint32_t)_mm256_movemask_ps(x.a) | (uint32_t)_mm256_movemask_ps(x.b) << 8);
}
INLINE vf vf_root_inverse(vf x) { return BOTH(vf, _mm256_rsqrt_ps(x.a), _mm256_rsqrt_ps(x.b)); }
INLINE float vf_least(vf x)
{
    __m256 eight = _mm256_min_ps(x.a, x.b);
    __m128 four = _mm_min_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    four = _mm_min_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_min_ss(four, _mm_shuffle_ps(four, four, 1)));
}
INLINE vf vf_pick(vm where, vf x, vf other)
{
    return BOTH(vf, _mm256_blendv_ps(other.a, x.a, where.a), _mm256_blendv_ps(other.b, x.b, where.b));
}
INLINE vi vi_set(int32_t value) { return BOTH(vi, _mm256_set1_epi32(value), _mm256_set1_epi32(value)); }
INLINE vi vi_pick(vm where, int32_t value, vi other)
{
    __m256i v = _mm256_set1_epi32(value);
    return BOTH(vi, _mm256_blendv_epi8(other.a, v, _mm256_castps_si256(where.a)),
                _mm256_blendv_epi8(other.b, v, _mm256_castps_si256(where.b)));
}
INLINE __m128i vi_bytes(vi x)
{
    __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(x.a, x.b), 0xD8);
    return _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}
INLINE void vi_store(uint8_t *to, vi x) { _mm_storeu_si128((__m128i *)(void *)to, vi_bytes(x)); }
INLINE uint16_t vi_differs(vi x, const uint8_t *labels)
{
    __m128i same = _mm_cmpeq_epi8(vi_bytes(x), _mm_loadu_si128((const __m128i *)(const void *)labels));
    return (uint16_t) ~(uint32_t)_mm_movemask_epi8(same);
}
INLINE uint16_t labels_are(const uint8_t *labels, int32_t value)
{
    __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)labels), _mm_set1_epi8((char)value));
    return (uint16_t)_mm_movemask_epi8(same);
}

INLINE vs vs_zero(void) { return vi_set(0); }
INLINE vs vs_from(vf x) { return BOTH(vs, _mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)); }
INLINE vs vs_add_where(vs sum, uint16_t where, vs x)
{
    __m256i low = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128), high = _mm256_slli_epi32(low, 8);
    __m256i bits = _mm256_set1_epi32(where);
    __m256i a = _mm256_cmpeq_epi32(_mm256_and_si256(bits, low), low);
    __m256i b = _mm256_cmpeq_epi32(_mm256_and_si256(bits, high), high);
    return BOTH(vs, _mm256_add_epi32(sum.a, _mm256_and_si256(x.a, a)),
                _mm256_add_epi32(sum.b, _mm256_and_si256(x.b, b)));
}
INLINE int64_t vs_total(vs x)
{
    int32_t lane[16];
    int64_t total = 0;
    _mm256_storeu_si256((__m256i *)(void *)lane, x.a);
    _mm256_storeu_si256((__m256i *)(void *)(lane + 8), x.b);
    for (int l = 0; l < 16; l++) total += lane[l];
    return total;
}

INLINE vd vd_zero(void) { return BOTH(vd, _mm256_setzero_pd(), _mm256_setzero_pd()); }
INLINE vd vd_set(double value) { return BOTH(vd, _mm256_set1_pd(value), _mm256_set1_pd(value)); }
INLINE vd vd_load(const double *from) { return BOTH(vd, _mm256_loadu_pd(from), _mm256_loadu_pd(from + 4)); }
INLINE void vd_store(double *to, vd x)
{
    _mm256_storeu_pd(to, x.a);
    _mm256_storeu_pd(to + 4, x.b);
}
/* Lanes `from` … from + 3 of the first `count`. */
INLINE __m256i first(int64_t count, int from)
{
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(from, from + 1, from + 2, from + 3));
}
INLINE vd vd_load_part(const double *from, int64_t count)
{
    if (count == 8) return vd_load(from);
    return BOTH(vd, _mm256_maskload_pd(from, first(count, 0)), _mm256_maskload_pd(from + 4, first(count, 4)));
}
INLINE vd vd_load_narrow(const float *from, int64_t count)
{
    float part[8] = {0};
    if (count < 8) {
        memcpy(part, from, (size_t)count * sizeof *part);
        from = part;
    }
    return BOTH(vd, _mm256_cvtps_pd(_mm_loadu_ps(from)), _mm256_cvtps_pd(_mm_loadu_ps(from + 4)));
}
INLINE void vd_store_part(double *to, vd x, int64_t count)
{
    _mm256_maskstore_pd(to, first(count, 0), x.a);
    _mm256_maskstore_pd(to + 4, first(count, 4), x.b);
}
INLINE vd vd_add(vd x, vd y) { return BOTH(vd, _mm256_add_pd(x.a, y.a), _mm256_add_pd(x.b, y.b)); }
INLINE vd vd_sub(vd x, vd y) { return BOTH(vd, _mm256_sub_pd(x.a, y.a), _mm256_sub_pd(x.b, y.b)); }
INLINE vd vd_mul(vd x, vd y) { return BOTH(vd, _mm256_mul_pd(x.a, y.a), _mm256_mul_pd(x.b, y.b)); }
INLINE vd vd_div(vd x, vd y) { return BOTH(vd, _mm256_div_pd(x.a, y.a), _mm256_div_pd(x.b, y.b)); }
INLINE vd vd_rest(vd product, vd x, vd y)
{
    return BOTH(vd, _mm256_fmsub_pd(x.a, y.a, product.a), _mm256_fmsub_pd(x.b, y.b, product.b));
}
INLINE vd vd_max(vd x, vd y) { return BOTH(vd, _mm256_max_pd(x.a, y.a), _mm256_max_pd(x.b, y.b)); }
INLINE vd vd_min(vd x, vd y) { return BOTH(vd, _mm256_min_pd(x.a, y.a), _mm256_min_pd(x.b, y.b)); }
INLINE bool vd_beyond(vd x, vd y)
{
    __m256d sign = _mm256_set1_pd(-0.0);
    __m256d a = _mm256_cmp_pd(_mm256_andnot_pd(sign, x.a), y.a, _CMP_NLE_UQ);
    __m256d b = _mm256_cmp_pd(_mm256_andnot_pd(sign, x.b), y.b, _CMP_NLE_UQ);
    return _mm256_movemask_pd(_mm256_or_pd(a, b)) != 0;
}
INLINE void vd_store_narrow(float *to, vd x)
{
    _mm_storeu_ps(to, _mm256_cvtpd_ps(x.a));
    _mm_storeu_ps(to + 4, _mm256_cvtpd_ps(x.b));
}
INLINE vd vd_half(vf x, int half)
{
    __m256 h = half ? x.b : x.a;
    return BOTH(vd, _mm256_cvtps_pd(_mm256_castps256_ps128(h)), _mm256_cvtps_pd(_mm256_extractf128_ps(h, 1)));
}
INLINE vd vd_from_int32(const int32_t *from)
{
    return BOTH(vd, _mm256_cvtepi32_pd(_mm_loadu_si128((const __m128i *)(const void *)from)),
                _mm256_cvtepi32_pd(_mm_loadu_si128((const __m128i *)(const void *)(from + 4))));
}
INLINE vd vd_add_where(vd sum, uint8_t where, vd x)
{
    __m256i bits = _mm256_set1_epi64x(where), low = _mm256_setr_epi64x(1, 2, 4, 8);
    __m256i high = _mm256_setr_epi64x(16, 32, 64, 128);
    __m256d a = _mm256_castsi256_pd(_mm256_cmpeq_epi64(_mm256_and_si256(bits, low), low));
    __m256d b = _mm256_castsi256_pd(_mm256_cmpeq_epi64(_mm256_and_si256(bits, high), high));
    return BOTH(vd, _mm256_add_pd(sum.a, _mm256_and_pd(x.a, a)), _mm256_add_pd(sum.b, _mm256_and_pd(x.b, b)));
}
INLINE vf vf_fused(vf x, vf y, vf z) { return vf_fma(x, y, z); }
INLINE vf vf_root(vf x) { return BOTH(vf, _mm256_sqrt_ps(x.a), _mm256_sqrt_ps(x.b)); }
INLINE vf vf_divide(vf x, vf y) { return BOTH(vf, _mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)); }

/* Of lines: eight of four bytes, and a bit for each that has one. */
INLINE __m256i lines_load(const void *from) { return _mm256_loadu_si256((const __m256i *)from); }
INLINE uint32_t lines_narrow(__m256i x) { return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(x)); }
/* Two times four of eight. */
INLINE uint32_t lines_wide(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(low)) |
           (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(high)) << 4;
}
INLINE uint32_t lines_zero(__m256i low, __m256i high)
{
    __m256i zero = _mm256_setzero_si256();
    return lines_wide(_mm256_cmpeq_epi64(low, zero), _mm256_cmpeq_epi64(high, zero));
}

/* Lines at, at + 1, … at + 7 of those from `first` on, none of which is the log's first. */
INLINE void eight_lines(ptn_line_bits *out, const ptn_lines *l, int64_t first, int32_t at)
{
    int64_t i = first + at;
    __m256i low = lines_load(l->stamps + i), high = lines_load(l->stamps + i + 4);
    __m256i told_by = _mm256_set1_epi64x(l->told_by), some = _mm256_set1_epi64x(l->some),
            back = _mm256_set1_epi64x(l->back), last = _mm256_set1_epi64x(l->last);
    __m256i low_differs = _mm256_xor_si256(low, lines_load(l->stamps + i - 1));
    __m256i high_differs = _mm256_xor_si256(high, lines_load(l->stamps + i + 3));
    uint32_t same = lines_zero(_mm256_and_si256(low_differs, told_by), _mm256_and_si256(high_differs, told_by));
    same &= lines_narrow(_mm256_cmpeq_epi32(lines_load(l->customers + i), lines_load(l->customers + i - 1)));
    if (l->orders != NULL)
        same &= lines_narrow(_mm256_cmpeq_epi32(lines_load(l->orders + i), lines_load(l->orders + i - 1)));
    if (l->wide_orders != NULL) {
        const uint64_t *o = l->wide_orders + i;
        same &= lines_zero(_mm256_xor_si256(lines_load(o), lines_load(o - 1)),
                           _mm256_xor_si256(lines_load(o + 4), lines_load(o + 3)));
    }
    if (l->wide_amounts != NULL) {
        __m256i a = lines_load(l->wide_amounts + i), b = lines_load(l->wide_amounts + i + 4);
        out->negative |= (uint64_t)lines_wide(a, b) << at;
        out->zero |= (uint64_t)lines_zero(a, b) << at;
    } else {
        __m256i amounts = lines_load(l->amounts + i);
        out->negative |= (uint64_t)lines_narrow(amounts) << at;
        out->zero |= (uint64_t)lines_narrow(_mm256_cmpeq_epi32(amounts, _mm256_setzero_si256())) << at;
    }
    out->starts |= (uint64_t)(same ^ 255u) << at;
    out->some |= (uint64_t)(lines_zero(_mm256_and_si256(low, some), _mm256_and_si256(high, some)) ^ 255u) << at;
    out->back |= (uint64_t)(lines_zero(_mm256_and_si256(low, back), _mm256_and_si256(high, back)) ^ 255u) << at;
    out->later |= (uint64_t)lines_wide(_mm256_cmpgt_epi64(low, last), _mm256_cmpgt_epi64(high, last)) << at;
}

#define PAIR_QUERIES 2
#define SCATTER_SIDE 2
#include "kernels/nodes.h"
#include "kernels/pairs.h"
#include "kernels/turn.h"

#include "kernels/template.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
