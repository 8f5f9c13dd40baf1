/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The civil date of a day: the Gregorian calendar, carried on without end both ways. */
#ifndef PTN_BASE_CALENDAR_H
#define PTN_BASE_CALENDAR_H

#include <stdint.h>

/* Of a day counted from 1970-01-01. There is a year 0. In eras of 400 years, and years that begin in March, so that a
   leap day is their last and five months have 153 days (as in Hinnant's date algorithms, 2013). */
static inline void ptn_civil(int64_t days, int64_t *year, int32_t *month, int32_t *day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month_from_march = (int32_t)((5 * of_year + 2) / 153);
    *day = (int32_t)(of_year - (153 * month_from_march + 2) / 5) + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

#endif
