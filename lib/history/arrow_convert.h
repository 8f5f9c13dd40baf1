/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A part of an Arrow stream as the columns that a history takes. */
#ifndef PTN_HISTORY_ARROW_CONVERT_H
#define PTN_HISTORY_ARROW_CONVERT_H

#include "history/arrow_column.h"

/* What the columns of all parts share. */
typedef struct ptn_arrow_reader {
    ptn_arrow_column columns[PTN_ROLES];
    int64_t naive_offset_s;                 /* subtracted from times without a zone */
    uint8_t *fault, *fault_field, *rounded; /* PTN_ARROW_PART each */
    bool any_fault, any_rounded;            /* in this part */
} ptn_arrow_reader;

/* The part as order lines. They point into the stream's memory and the reader's blocks, and are good until the next
   part. reader->rounded says which rows had money that was rounded on the way, where any_rounded is set.
   PATRON_INVALID_ARGUMENT, PATRON_OUT_OF_RANGE, PATRON_TOO_LARGE, PATRON_OUT_OF_MEMORY. */
patron_status ptn_arrow_convert(patron_orders *orders, ptn_arrow_reader *reader, const ptn_arrow_part *part);

/* One column of texts of it: customers, orders, products or categories. */
patron_status ptn_arrow_convert_text(patron_text *texts, ptn_arrow_reader *reader, int32_t role,
                                     const ptn_arrow_part *part);

#endif
