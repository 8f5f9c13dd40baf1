/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the unit that makes square roots can do: a silhouette takes one for each pair of rows. */
#ifndef BENCH_ROOTS_H
#define BENCH_ROOTS_H

#include <stdint.h>

/* Square roots of floats a second that `threads` threads make when they do nothing else, at the widest instructions of
   this machine, for some `seconds`. */
double bench_roots_per_second(int32_t threads, double seconds);

/* What those instructions are called. */
const char *bench_roots_name(void);

#endif
