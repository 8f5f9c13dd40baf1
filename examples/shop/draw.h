/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random draws that come out the same on any machine: counter-based bits, and distributions made of + - x / and square
   roots only. */
#ifndef SHOP_DRAW_H
#define SHOP_DRAW_H

#include <stdint.h>

/* A sequence of draws for one purpose of one customer: draw i depends on the key and i alone. */
typedef struct draw {
    uint64_t key;
    uint64_t step;
} draw;

draw draw_open(uint64_t seed, uint64_t customer, uint64_t purpose, uint64_t step);

double draw_unit(draw *d);                     /* uniform in (0, 1) */
int64_t draw_below(draw *d, int64_t count);    /* uniform in 0 … count - 1 */
double draw_exponential(draw *d);              /* mean 1 */
double draw_gamma(draw *d, double shape);      /* scale 1 */
double draw_beta(draw *d, double a, double b); /* in (0, 1) */

/* Natural logarithm of x > 0 (normal numbers), and exponential of |x| < 700; to about 1e-15, in a fixed order. */
double fixed_log(double x);
double fixed_exp(double x);

#endif
