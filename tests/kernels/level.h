/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Levels by name, where this machine and build have them. */
#ifndef PATRON_TEST_KERNELS_LEVEL_H
#define PATRON_TEST_KERNELS_LEVEL_H

#include <stdio.h>
#include <string.h>

#include "kernels/kernels.h"

/* From detect.c, under another name: the best table this machine can run. */
const ptn_kernels *ptn_kernels_detected(void);

/* A level's table; NULL, after a line that says so, where it cannot be had. */
static inline const ptn_kernels *level_table(const char *name)
{
    const ptn_kernels *best = ptn_kernels_detected();
    if (strcmp(name, "scalar") == 0) return &ptn_kernels_scalar;
#if defined(__x86_64__) && !defined(PTN_SCALAR_ONLY)
    if (strcmp(name, "avx2") == 0 && best != &ptn_kernels_scalar) return &ptn_kernels_avx2;
    if (strcmp(name, "avx512") == 0 && best == &ptn_kernels_avx512) return &ptn_kernels_avx512;
#endif
    printf("SKIPPED: level %s: the best this machine and build can run is %s\n", name, best->name);
    return NULL;
}

#endif
