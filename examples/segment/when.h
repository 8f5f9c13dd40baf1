/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instants as shops write them, read the same way in any locale: ISO 8601, or a format that the caller gives. The order
   of day and month is never guessed. */
#ifndef SEGMENT_WHEN_H
#define SEGMENT_WHEN_H

#include <stdint.h>

#include "segment/text.h"

enum when_form {
    WHEN_NONE,      /* not an instant, or no such day */
    WHEN_DATE,      /* 2011-12-09 */
    WHEN_COMPACT,   /* 20111209 */
    WHEN_DATE_TIME, /* 2011-12-09 12:50[:00[.000]], also with a T */
    WHEN_ZONED,     /* the same with Z or +01:00 or +0100 or +01 behind it: converted to UTC */
    WHEN_DAY_MONTH, /* 09/12/2011 or 9.12.11 or …: whether a day or a month comes first cannot be seen; no instant */
    WHEN_FORMATTED  /* as the caller's format says */
};

/* "a date", "a date and time with a zone", …: for messages. */
const char *when_form_name(enum when_form form);

/* The instant in seconds since the epoch, and the form it has. Without a zone the clock is taken as UTC's; a date is
   its midnight; parts of a second are cut off. */
enum when_form when_parse(int64_t *time_s, struct text text);

/* What a --time-format may say: NULL if `format` is one, else why not. Conversions, as strptime has them:
   %Y %m %d %e %H %I %M %S %y %b %B %p %T %R %D %F %z %f %s %%; a blank stands for any number of blanks. */
const char *when_format_problem(const char *format);

/* The instant of a text that has this format; false if it has not, or there is no such day. */
bool when_parse_format(int64_t *time_s, struct text text, const char *format);

/* Whether a text of such a form or, for WHEN_FORMATTED, of this format says which instant it is (by a zone, or as Unix
   time), rather than what a clock showed. */
bool when_zoned(enum when_form form, const char *format);

/* What a clock is ahead of UTC: +HH, +HHMM, +HH:MM, the same with -, or 0. False if it is none of these. */
bool when_parse_offset(int64_t *offset_s, struct text text);

/* "%d/%m/%Y %H:%M" or the like for a WHEN_DAY_MONTH text: what to advise. */
void when_advice(char *advice, size_t size, struct text text, bool day_first);

/* "2011-12-09", or "2011-12-09 12:50:00" with `clock`. */
void when_print(char *out, size_t size, int64_t time_s, bool clock);

#endif
