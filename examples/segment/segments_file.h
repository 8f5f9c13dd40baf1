/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is in which segment: a CSV file (RFC 4180) with a row for each customer.

   Texts that a spreadsheet would run as a formula get an apostrophe in front. One text's row never looks like
   another's: taking the apostrophe off a text that would be a formula without it gives the text back. */
#ifndef SEGMENT_SEGMENTS_FILE_H
#define SEGMENT_SEGMENTS_FILE_H

#include "segment/options.h"
#include "segment/output.h"

/* Whether a spreadsheet would take the text for a formula (OWASP, "CSV Injection"): its first character that is no
   blank, control character or quote is = + - @ or a full-width one of these, or there is a tab or the end of a line
   before it. A plain number is none: -5, +1.50. */
bool looks_like_formula(struct text text);

/* Adds the header and every customer. Returns 0, or an exit code after having said why. */
int segments_file_write(struct output *output, const patron_segmentation *segmentation, const struct options *options);

#endif
