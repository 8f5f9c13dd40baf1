/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The segments as a short table that a marketer reads in a minute. */
#ifndef SEGMENT_TABLE_H
#define SEGMENT_TABLE_H

#include "segment/join.h"
#include "segment/orders.h"

struct table_style {
    bool colour;
    bool utf8; /* bars of blocks rather than of # */
};

/* What the table tells besides the segments. */
struct table_facts {
    const char *name; /* of the orders */
    const struct orders_seen *seen;
    const struct join *join;
    const patron_history *history;
    int64_t utc_offset_s;   /* the store's clock, which the table shows */
    const char *written[2]; /* files written beside it; NULL for none */
};

/* Writes the table to an open file descriptor. Returns 0, or an exit code after having said why. */
int table_write(int descriptor, const patron_segmentation *segmentation, const struct table_facts *facts,
                struct table_style style);

#endif
