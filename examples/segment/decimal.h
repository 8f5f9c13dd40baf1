/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decimal numbers, read the same way in any locale. */
#ifndef SEGMENT_DECIMAL_H
#define SEGMENT_DECIMAL_H

#include "segment/text.h"

/* The double nearest to [+-]digits[POINT digits][e[+-]digits], where `point` is '.' or ','. Nothing else is a number:
   no thousands separators, currency signs, parentheses, NaN. Returns PATRON_REASON_NONE, _UNREADABLE or _OUT_OF_RANGE
   (beyond what a double holds). */
int decimal_parse(double *value, struct text text, char point);

#endif
