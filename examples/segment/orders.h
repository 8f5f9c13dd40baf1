/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a CSV file to a history: the columns are found, the fields read, the rows handed on in batches. A row that
   cannot be read is handed on as such, so that the library's audit counts it. */
#ifndef SEGMENT_ORDERS_H
#define SEGMENT_ORDERS_H

#include "segment/columns.h"
#include "segment/options.h"

/* What reading saw, beside the history. */
struct orders_seen {
    struct columns columns;
};

/* Reads all of options->input into the history. Returns 0, or an exit code after having said why. Free *seen with
   orders_seen_free in either case. */
int orders_read(patron_history *history, struct orders_seen *seen, const struct options *options,
                const patron_context *context);

void orders_seen_free(struct orders_seen *seen);

#endif
