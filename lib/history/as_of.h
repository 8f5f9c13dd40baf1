/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The as-of and the window before it. */
#ifndef PTN_HISTORY_AS_OF_H
#define PTN_HISTORY_AS_OF_H

#include "history/history.h"

/* The as-of as used: the last kept line's instant unless given. INT64_MAX where there is no such line.
   PATRON_INVALID_ARGUMENT. */
patron_status ptn_as_of_find(int64_t *used, const patron_history *history, int64_t as_of_s, patron_error *error);

/* The last instant before the window; INT64_MIN where there is none. */
int64_t ptn_as_of_window(int64_t as_of_s, int64_t days);

#endif
