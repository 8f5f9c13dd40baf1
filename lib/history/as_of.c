/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "history/as_of.h"

#include "base/error.h"

/* The instant of the last line that is kept, duplicates and cancellations aside; INT64_MIN where there is none. */
static int64_t last_instant(const patron_history *h)
{
    const int64_t *stamps = h->stamp.items;
    int64_t last_s = INT64_MIN;
    if (!h->ignores) return h->last_s;
    for (int64_t i = 0; i < ptn_history_lines(h); i++) {
        int64_t time_s = ptn_stamp_time(stamps[i]);
        if (time_s > last_s && !ptn_history_drops(h, ptn_line_amount(h, i)) && !ptn_history_ignores(h, i))
            last_s = time_s;
    }
    return last_s;
}

patron_status ptn_as_of_find(int64_t *used, const patron_history *history, int64_t as_of_s, patron_error *error)
{
    if (as_of_s != PATRON_AS_OF_LAST && (as_of_s > PATRON_MOST_TIME_S || as_of_s < -PATRON_MOST_TIME_S))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "as_of_s is %lld; give seconds since 1970 within 2.6e11, or PATRON_AS_OF_LAST",
                        (long long)as_of_s);
    *used = as_of_s;
    if (as_of_s == PATRON_AS_OF_LAST) *used = last_instant(history);
    if (*used == INT64_MIN) *used = INT64_MAX;
    return PATRON_OK;
}

int64_t ptn_as_of_window(int64_t as_of_s, int64_t days)
{
    if (days == 0 || as_of_s == INT64_MAX || days > 4 * PATRON_MOST_TIME_S / 86400) return INT64_MIN;
    return as_of_s - days * 86400;
}
