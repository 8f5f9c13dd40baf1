/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The segments as a short table that a marketer reads in a minute. */
#ifndef SEGMENT_TABLE_H
#define SEGMENT_TABLE_H

#include "segment/orders.h"

struct table_style {
    bool colour;
    bool utf8; /* bars of blocks rather than of # */
};

/* Writes the table to an open file descriptor. `written` names the files that were written beside it; NULL for none.
   Returns 0, or an exit code after having said why. */
int table_write(int descriptor, const patron_segmentation *segmentation, const struct orders_seen *seen,
                const char *name, const char *const written[2], struct table_style style);

#endif
