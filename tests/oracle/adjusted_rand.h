/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adjusted Rand index of two labelings of the same rows (Hubert & Arabie 1985): 1 when they are the same up to
   numbering, 0 on average for labelings that have nothing to do with each other. */
#ifndef PATRON_TEST_ADJUSTED_RAND_H
#define PATRON_TEST_ADJUSTED_RAND_H

#include <stdint.h>

/* Labels are 0 … 15. */
double adjusted_rand(const int32_t *left, const int32_t *right, int64_t rows);

#endif
