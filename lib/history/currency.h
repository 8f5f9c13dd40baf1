/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one currency of a history: the one asked for, or the only one that its lines name. */
#ifndef PTN_HISTORY_CURRENCY_H
#define PTN_HISTORY_CURRENCY_H

#include "history/batch.h"
#include "history/history.h"

/* Whether a row's code is this one. Rows without a code are in the history's currency. */
static inline bool ptn_currency_is(const ptn_currency *currency, const patron_text *codes, int64_t row)
{
    const uint8_t *bytes;
    int64_t length;
    return !ptn_batch_text(&bytes, &length, codes, row) ||
           (length == currency->length && memcmp(bytes, currency->code, (size_t)length) == 0);
}

/* Whether a row's code can be one: UTF-8; true where there is none. */
bool ptn_currency_readable(const patron_text *codes, int64_t row);

/* Takes the row's code, if it has one, for the history's, if there is none yet; false where it is another, or longer
   than PATRON_MOST_CURRENCY_BYTES. */
bool ptn_currency_meet(ptn_currency *currency, const patron_text *codes, int64_t row);

/* Takes what some lines name for the history's, if there is none yet; false where both are there and differ. */
bool ptn_currency_join(ptn_currency *currency, const ptn_currency *named);

/* Says what is wrong with the code at a place in the column, which is not `currency`. `row` and `line` are as the
   caller counts, and in `where`, as "row 17". */
patron_status ptn_currency_fail(const ptn_currency *currency, const patron_text *codes, int64_t at, int64_t row,
                                int64_t line, const char *where, patron_error *error);

/* Reads the option only_currency, NULL or a text. PATRON_INVALID_ARGUMENT. */
patron_status ptn_currency_read(ptn_currency *currency, const char *text, patron_error *error);

#endif
