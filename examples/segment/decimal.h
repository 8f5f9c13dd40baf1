/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decimal numbers, read and written the same way in any locale. */
#ifndef SEGMENT_DECIMAL_H
#define SEGMENT_DECIMAL_H

#include "segment/text.h"

/* The double nearest to [+-]digits[POINT digits][e[+-]digits], where `point` is '.' or ','. Nothing else is a number:
   no thousands separators, currency signs, parentheses, NaN. Returns PATRON_REASON_NONE, _UNREADABLE or _OUT_OF_RANGE
   (beyond what a double holds). */
int decimal_parse(double *value, struct text text, char point);

enum { DECIMAL_PRINTED = 40 };

/* The shortest decimal of 15 to 17 digits that decimal_parse reads as the same double; "" for NaN and infinities. */
void decimal_print(char out[DECIMAL_PRINTED], double value, char point);

#endif
