/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that could not be used, in words. */
#ifndef SEGMENT_REJECTED_H
#define SEGMENT_REJECTED_H

#include <stdio.h>

#include "segment/columns.h"

/* "without a customer", …: what stands behind a count of rows of this PATRON_FATE_…. */
const char *fate_words(int fate);

/* "first: line 329, unit_price: unreadable", with the header's own name; nothing if there is no such row. */
void rejected_write_first(FILE *out, const patron_history *history, const struct columns *columns);

/* The option that helps against the first of the listed rows that one helps against; NULL without. */
const char *rejected_advice(const patron_history *history, int64_t listed);

#endif
