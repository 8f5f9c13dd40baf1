/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random draws. Bits are SplitMix64 (Steele, Lea & Flood 2014) of a key and a counter; normals are Marsaglia's polar
   method, gammas Marsaglia & Tsang (2000), betas a ratio of gammas. */
#include "shop/draw.h"

#include <math.h>
#include <string.h>

static const double LN2 = 0x1.62e42fefa39efp-1;

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

draw draw_open(uint64_t seed, uint64_t customer, uint64_t purpose, uint64_t step)
{
    uint64_t key = mix(seed + UINT64_C(0x9E3779B97F4A7C15));
    key = mix(key ^ (customer + UINT64_C(0xD1B54A32D192ED03)));
    key = mix(key ^ (purpose << 48 ^ step) ^ UINT64_C(0x8CB92BA72F3D8DD7));
    return (draw){key, 0};
}

double draw_unit(draw *d)
{
    d->step++;
    uint64_t bits = mix(d->key + d->step * UINT64_C(0x9E3779B97F4A7C15));
    return ((double)(bits >> 12) + 0.5) * 0x1p-52;
}

int64_t draw_below(draw *d, int64_t count) { return (int64_t)(draw_unit(d) * (double)count); }

double draw_exponential(draw *d) { return -fixed_log(draw_unit(d)); }

static double draw_normal(draw *d)
{
    for (;;) {
        double x = 2.0 * draw_unit(d) - 1.0;
        double y = 2.0 * draw_unit(d) - 1.0;
        double square = x * x + y * y;
        if (square < 1.0 && square > 0.0) return x * sqrt(-2.0 * fixed_log(square) / square);
    }
}

double draw_gamma(draw *d, double shape)
{
    if (shape < 1.0) {
        double boost = fixed_exp(fixed_log(draw_unit(d)) / shape);
        return draw_gamma(d, shape + 1.0) * boost;
    }
    double third = shape - 1.0 / 3.0;
    double slope = 1.0 / sqrt(9.0 * third);
    for (;;) {
        double x = draw_normal(d);
        double v = 1.0 + slope * x;
        if (v <= 0.0) continue;
        v = v * v * v;
        if (fixed_log(draw_unit(d)) < 0.5 * x * x + third - third * v + third * fixed_log(v)) return third * v;
    }
}

double draw_beta(draw *d, double a, double b)
{
    double x = draw_gamma(d, a);
    double y = draw_gamma(d, b);
    return x / (x + y);
}

/* x = m 2^e with m in [sqrt(1/2), sqrt(2)); log m = 2 artanh((m - 1) / (m + 1)) by its series. */
double fixed_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52 & 0x7FF) - 1023;
    bits = (bits & UINT64_C(0xFFFFFFFFFFFFF)) | UINT64_C(0x3FF0000000000000);
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        exponent++;
    }
    double f = (m - 1.0) / (m + 1.0);
    double square = f * f;
    double series = 0.0;
    for (int n = 21; n >= 1; n -= 2) series = series * square + 1.0 / n;
    return exponent * LN2 + 2.0 * f * series;
}

/* x = n log 2 + r with |r| <= log(2) / 2; exp r by its series, times 2^n. */
double fixed_exp(double x)
{
    int n = (int)(x / LN2 + (x < 0.0 ? -0.5 : 0.5));
    double r = x - n * LN2;
    double series = 1.0;
    for (int term = 16; term >= 1; term--) series = 1.0 + series * r / term;
    if (n < -1022) return 0.0;
    if (n > 1023) n = 1023;
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return series * power;
}
