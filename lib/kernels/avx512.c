/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels for AVX-512 (F, BW, DQ, VL). */
#include "kernels/kernels.h"

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))),                   \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#endif

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define KERNELS ptn_kernels_avx512
#define NAME    "avx512"
#define INLINE  static inline __attribute__((always_inline))

typedef __m512 vf;
typedef __mmask16 vm;
typedef __m512i vi;
typedef __m512i vs;
typedef __m512d vd;

INLINE vf vf_load(const float *from) { return _mm512_loadu_ps(from); }
INLINE void vf_store(float *to, vf a) { _mm512_storeu_ps(to, a); }
INLINE vf vf_set(float value) { return _mm512_set1_ps(value); }
INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
INLINE vm vf_above(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
INLINE uint16_t vm_bits(vm a) { return a; }
INLINE vf vf_root_inverse(vf a) { return _mm512_rsqrt14_ps(a); }
INLINE float vf_least(vf a) { return _mm512_reduce_min_ps(a); }
INLINE vf vf_pick(vm where, vf a, vf other) { return _mm512_mask_blend_ps(where, other, a); }
INLINE vi vi_set(int32_t value) { return _mm512_set1_epi32(value); }
INLINE vi vi_pick(vm where, int32_t value, vi other) { return _mm512_mask_set1_epi32(other, where, value); }
INLINE void vi_store(uint8_t *to, vi a) { _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8(a)); }
INLINE uint16_t vi_differs(vi a, const uint8_t *labels)
{
    return _mm_cmpneq_epi8_mask(_mm512_cvtepi32_epi8(a), _mm_loadu_si128((const __m128i *)(const void *)labels));
}
INLINE uint16_t labels_are(const uint8_t *labels, int32_t value)
{
    return _mm_cmpeq_epi8_mask(_mm_loadu_si128((const __m128i *)(const void *)labels), _mm_set1_epi8((char)value));
}

INLINE vs vs_zero(void) { return _mm512_setzero_si512(); }
INLINE vs vs_from(vf a) { return _mm512_cvtps_epi32(a); }
INLINE vs vs_add_where(vs sum, uint16_t where, vs a) { return _mm512_mask_add_epi32(sum, where, sum, a); }
INLINE int64_t vs_total(vs a)
{
    __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(a));
    return _mm512_reduce_add_epi64(_mm512_add_epi64(low, _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(a, 1))));
}

INLINE vd vd_zero(void) { return _mm512_setzero_pd(); }
INLINE vd vd_set(double value) { return _mm512_set1_pd(value); }
INLINE vd vd_load(const double *from) { return _mm512_loadu_pd(from); }
INLINE void vd_store(double *to, vd a) { _mm512_storeu_pd(to, a); }
INLINE __mmask8 first(int64_t count) { return (__mmask8)((1u << count) - 1u); }
INLINE vd vd_load_part(const double *from, int64_t count) { return _mm512_maskz_loadu_pd(first(count), from); }
INLINE vd vd_load_narrow(const float *from, int64_t count)
{
    return _mm512_cvtps_pd(_mm256_maskz_loadu_ps(first(count), from));
}
INLINE void vd_store_part(double *to, vd a, int64_t count) { _mm512_mask_storeu_pd(to, first(count), a); }
INLINE vd vd_add(vd a, vd b) { return _mm512_add_pd(a, b); }
INLINE vd vd_sub(vd a, vd b) { return _mm512_sub_pd(a, b); }
INLINE vd vd_mul(vd a, vd b) { return _mm512_mul_pd(a, b); }
INLINE vd vd_div(vd a, vd b) { return _mm512_div_pd(a, b); }
INLINE vd vd_rest(vd product, vd a, vd b) { return _mm512_fmsub_pd(a, b, product); }
INLINE vd vd_max(vd a, vd b) { return _mm512_max_pd(a, b); }
INLINE vd vd_min(vd a, vd b) { return _mm512_min_pd(a, b); }
INLINE bool vd_beyond(vd a, vd b) { return _mm512_cmp_pd_mask(_mm512_abs_pd(a), b, _CMP_NLE_UQ) != 0; }
INLINE void vd_store_narrow(float *to, vd a) { _mm256_storeu_ps(to, _mm512_cvtpd_ps(a)); }
INLINE vd vd_half(vf a, int half)
{
    return _mm512_cvtps_pd(half ? _mm512_extractf32x8_ps(a, 1) : _mm512_castps512_ps256(a));
}
INLINE vd vd_from_int32(const int32_t *from)
{
    return _mm512_cvtepi32_pd(_mm256_loadu_si256((const __m256i *)(const void *)from));
}
INLINE vd vd_add_where(vd sum, uint8_t where, vd a) { return _mm512_mask_add_pd(sum, where, sum, a); }
INLINE vf vf_fused(vf a, vf b, vf c) { return vf_fma(a, b, c); }
INLINE vf vf_root(vf a) { return _mm512_sqrt_ps(a); }
INLINE vf vf_divide(vf a, vf b) { return _mm512_div_ps(a, b); }

/* Lines at, at + 1, … at + 7 of those from `first` on, none of which is the log's first. */
INLINE void eight_lines(ptn_line_bits *out, const ptn_lines *l, int64_t first, int32_t at)
{
    int64_t i = first + at;
    __m512i stamps = _mm512_loadu_si512(l->stamps + i), before = _mm512_loadu_si512(l->stamps + i - 1);
    __m256i customers = _mm256_loadu_si256((const __m256i *)(const void *)(l->customers + i));
    __mmask8 differs = _mm512_test_epi64_mask(_mm512_xor_si512(stamps, before), _mm512_set1_epi64(l->told_by));
    differs |=
        _mm256_cmpneq_epi32_mask(customers, _mm256_loadu_si256((const __m256i *)(const void *)(l->customers + i - 1)));
    if (l->orders != NULL)
        differs |= _mm256_cmpneq_epi32_mask(_mm256_loadu_si256((const __m256i *)(const void *)(l->orders + i)),
                                            _mm256_loadu_si256((const __m256i *)(const void *)(l->orders + i - 1)));
    if (l->wide_orders != NULL)
        differs |= _mm512_cmpneq_epi64_mask(_mm512_loadu_si512(l->wide_orders + i),
                                            _mm512_loadu_si512(l->wide_orders + i - 1));
    __mmask8 negative, zero;
    if (l->wide_amounts != NULL) {
        __m512i amounts = _mm512_loadu_si512(l->wide_amounts + i);
        negative = _mm512_movepi64_mask(amounts);
        zero = _mm512_testn_epi64_mask(amounts, amounts);
    } else {
        __m256i amounts = _mm256_loadu_si256((const __m256i *)(const void *)(l->amounts + i));
        negative = _mm256_cmplt_epi32_mask(amounts, _mm256_setzero_si256());
        zero = _mm256_testn_epi32_mask(amounts, amounts);
    }
    out->starts |= (uint64_t)differs << at;
    out->some |= (uint64_t)_mm512_test_epi64_mask(stamps, _mm512_set1_epi64(l->some)) << at;
    out->back |= (uint64_t)_mm512_test_epi64_mask(stamps, _mm512_set1_epi64(l->back)) << at;
    out->later |= (uint64_t)_mm512_cmpgt_epi64_mask(stamps, _mm512_set1_epi64(l->last)) << at;
    out->negative |= (uint64_t)negative << at;
    out->zero |= (uint64_t)zero << at;
}

#define PAIR_QUERIES 4
#define SCATTER_SIDE 4
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
