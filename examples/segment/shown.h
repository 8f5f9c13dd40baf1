/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text from files as a terminal may have it: control characters (below U+0020, U+007F, U+0080 … U+009F) and bytes that
   are no UTF-8 become '?', so that no header, id or file name moves the cursor or breaks a line. */
#ifndef SEGMENT_SHOWN_H
#define SEGMENT_SHOWN_H

#include <stdio.h>

#include "segment/text.h"

enum { SHOWN_BYTES = 64 };

struct shown {
    char bytes[SHOWN_BYTES]; /* ends in NUL */
};

/* The beginning of a text: at most `limit` bytes, fewer than SHOWN_BYTES, and whole characters. */
struct shown text_shown(struct text text, size_t limit);

/* The same for printf's "%s". */
#define SHOWN(text, limit) (text_shown((text), (limit)).bytes)

/* All of a string. */
void print_shown(FILE *out, const char *string);

#endif
