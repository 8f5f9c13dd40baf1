/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts and money as people read them: 8,911,407.90. */
#ifndef SEGMENT_MONEY_H
#define SEGMENT_MONEY_H

#include <stdint.h>

enum { GROUPED = 40 }; /* bytes that hold any of them */

/* A count with thousands separators. */
const char *grouped(char out[GROUPED], int64_t number);

/* Money in 1/10,000 of the unit, exact, rounded half to even to two decimals. */
const char *grouped_money(char out[GROUPED], int64_t money);

/* A median as it may be: whole numbers as such, others with one decimal; "-" for NaN. */
const char *grouped_number(char out[GROUPED], double number);

#endif
