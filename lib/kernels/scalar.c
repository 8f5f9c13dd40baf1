/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels for any machine: lanes are array elements, and the compiler does what it can. */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

#define KERNELS ptn_kernels_scalar
#define NAME    "scalar"
#define INLINE  static inline

typedef struct vf {
    float lane[16];
} vf;
typedef uint16_t vm;
typedef struct vi {
    uint8_t lane[16];
} vi;
typedef struct vs {
    int32_t lane[16];
} vs;
typedef struct vd {
    double lane[8];
} vd;

#define EACH(count) for (int l = 0; l < (count); l++)

INLINE vf vf_load(const float *from)
{
    vf out;
    memcpy(&out, from, sizeof out);
    return out;
}
INLINE void vf_store(float *to, vf a) { memcpy(to, &a, sizeof a); }
INLINE vf vf_set(float value)
{
    vf out;
    EACH(16) out.lane[l] = value;
    return out;
}
INLINE vf vf_add(vf a, vf b)
{
    EACH(16) a.lane[l] += b.lane[l];
    return a;
}
INLINE vf vf_sub(vf a, vf b)
{
    EACH(16) a.lane[l] -= b.lane[l];
    return a;
}
INLINE vf vf_mul(vf a, vf b)
{
    EACH(16) a.lane[l] *= b.lane[l];
    return a;
}
/* a * b + c, rounded once or twice: for scores only. */
INLINE vf vf_fma(vf a, vf b, vf c)
{
    EACH(16) c.lane[l] += a.lane[l] * b.lane[l];
    return c;
}
INLINE vf vf_max(vf a, vf b)
{
    EACH(16) a.lane[l] = a.lane[l] > b.lane[l] ? a.lane[l] : b.lane[l];
    return a;
}
INLINE vf vf_min(vf a, vf b)
{
    EACH(16) a.lane[l] = a.lane[l] < b.lane[l] ? a.lane[l] : b.lane[l];
    return a;
}
INLINE vm vf_above(vf a, vf b)
{
    uint32_t out = 0;
    EACH(16) out |= (uint32_t)(a.lane[l] > b.lane[l]) << l;
    return (vm)out;
}
INLINE uint16_t vm_bits(vm a) { return a; }
/* About 1 / sqrt(a), to 11 bits. */
INLINE vf vf_root_inverse(vf a)
{
    EACH(16) a.lane[l] = 1.0f / sqrtf(a.lane[l]);
    return a;
}
INLINE float vf_least(vf a)
{
    float least = a.lane[0];
    EACH(16) least = a.lane[l] < least ? a.lane[l] : least;
    return least;
}
INLINE vf vf_pick(vm where, vf a, vf other)
{
    EACH(16) other.lane[l] = where >> l & 1 ? a.lane[l] : other.lane[l];
    return other;
}
INLINE vi vi_set(int32_t value)
{
    vi out;
    EACH(16) out.lane[l] = (uint8_t)value;
    return out;
}
INLINE vi vi_pick(vm where, int32_t value, vi other)
{
    EACH(16) other.lane[l] = where >> l & 1 ? (uint8_t)value : other.lane[l];
    return other;
}
INLINE void vi_store(uint8_t *to, vi a) { memcpy(to, &a, sizeof a); }
/* Bit l: the bytes differ. */
INLINE uint16_t vi_differs(vi a, const uint8_t *labels)
{
    uint32_t out = 0;
    EACH(16) out |= (uint32_t)(a.lane[l] != labels[l]) << l;
    return (uint16_t)out;
}
INLINE uint16_t labels_are(const uint8_t *labels, int32_t value)
{
    uint32_t out = 0;
    EACH(16) out |= (uint32_t)(labels[l] == value) << l;
    return (uint16_t)out;
}

INLINE vs vs_zero(void) { return (vs){{0}}; }
INLINE vs vs_from(vf a)
{
    vs out;
    EACH(16) out.lane[l] = (int32_t)a.lane[l];
    return out;
}
INLINE vs vs_add_where(vs sum, uint16_t where, vs a)
{
    EACH(16) sum.lane[l] += where >> l & 1 ? a.lane[l] : 0;
    return sum;
}
INLINE int64_t vs_total(vs a)
{
    int64_t total = 0;
    EACH(16) total += a.lane[l];
    return total;
}

INLINE vd vd_zero(void) { return (vd){{0}}; }
INLINE vd vd_set(double value)
{
    vd out;
    EACH(8) out.lane[l] = value;
    return out;
}
INLINE vd vd_load(const double *from)
{
    vd out;
    memcpy(&out, from, sizeof out);
    return out;
}
INLINE void vd_store(double *to, vd a) { memcpy(to, &a, sizeof a); }
/* The first `count` <= 8 numbers, then zeros. */
INLINE vd vd_load_part(const double *from, int64_t count)
{
    vd out = vd_zero();
    EACH(count) out.lane[l] = from[l];
    return out;
}
INLINE vd vd_load_narrow(const float *from, int64_t count)
{
    vd out = vd_zero();
    EACH(count) out.lane[l] = (double)from[l];
    return out;
}
INLINE void vd_store_part(double *to, vd a, int64_t count) { EACH(count) to[l] = a.lane[l]; }
INLINE vd vd_add(vd a, vd b)
{
    EACH(8) a.lane[l] += b.lane[l];
    return a;
}
INLINE vd vd_sub(vd a, vd b)
{
    EACH(8) a.lane[l] -= b.lane[l];
    return a;
}
INLINE vd vd_mul(vd a, vd b)
{
    EACH(8) a.lane[l] *= b.lane[l];
    return a;
}
INLINE vd vd_div(vd a, vd b)
{
    EACH(8) a.lane[l] /= b.lane[l];
    return a;
}
#define vd_rest product_rest /* template.h's: there is no fused one to be had */
INLINE vd vd_max(vd a, vd b)
{
    EACH(8) a.lane[l] = a.lane[l] > b.lane[l] ? a.lane[l] : b.lane[l];
    return a;
}
INLINE vd vd_min(vd a, vd b)
{
    EACH(8) a.lane[l] = a.lane[l] < b.lane[l] ? a.lane[l] : b.lane[l];
    return a;
}
/* Whether |a| <= b does not hold somewhere. */
INLINE bool vd_beyond(vd a, vd b)
{
    bool out = false;
    EACH(8) out |= !(fabs(a.lane[l]) <= b.lane[l]);
    return out;
}
INLINE void vd_store_narrow(float *to, vd a) { EACH(8) to[l] = (float)a.lane[l]; }
INLINE vd vd_half(vf a, int half)
{
    vd out;
    EACH(8) out.lane[l] = (double)a.lane[half * 8 + l];
    return out;
}
INLINE vd vd_from_int32(const int32_t *from)
{
    vd out;
    EACH(8) out.lane[l] = (double)from[l];
    return out;
}
INLINE vd vd_add_where(vd sum, uint8_t where, vd a)
{
    EACH(8) sum.lane[l] += where >> l & 1 ? a.lane[l] : 0.0;
    return sum;
}
/* Of pairs: rounded as the vector units round. */
INLINE vf vf_fused(vf a, vf b, vf c)
{
    EACH(16) c.lane[l] = fmaf(a.lane[l], b.lane[l], c.lane[l]);
    return c;
}
INLINE vf vf_root(vf a)
{
    EACH(16) a.lane[l] = sqrtf(a.lane[l]);
    return a;
}
INLINE vf vf_divide(vf a, vf b)
{
    EACH(16) a.lane[l] /= b.lane[l];
    return a;
}

/* Sixteen rows of eight columns made columns of a tile. */
INLINE void turn_columns(float *tile, float rows[PTN_TILE][8])
{
    for (int c = 0; c < 8; c++) EACH(16) tile[c * PTN_TILE + l] = rows[l][c];
}

/* Of lines: one by one. */
INLINE void some_lines(ptn_line_bits *out, const ptn_lines *l, int64_t first, int32_t at, int32_t n);
INLINE void eight_lines(ptn_line_bits *out, const ptn_lines *l, int64_t first, int32_t at)
{
    some_lines(out, l, first, at, 8);
}

#define PAIR_QUERIES 1
#define SCATTER_SIDE 2
#include "kernels/nodes.h"
#include "kernels/pairs.h"
#include "kernels/template.h"
