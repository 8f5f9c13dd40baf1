/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a feature's range says: "any number", "any whole number", ">= 0", "> 0" or "0 to 1", before which "whole
   numbers, " may stand. */
#ifndef PATRON_TEST_RANGE_H
#define PATRON_TEST_RANGE_H

#include <stdbool.h>

/* Whether the value is within; fails the test where the range cannot be read. */
bool range_holds(const char *range, double value);

#endif
