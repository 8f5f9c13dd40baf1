/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/when.h"

#include <stdio.h>
#include <stdlib.h>

enum { DAY_S = 86400, HOUR_S = 3600, MINUTE_S = 60 };

/* An instant in pieces; -1 where nothing was said. */
struct pieces {
    int64_t epoch_s;
    bool epoch_given;
    int year, month, day, hour, minute, second;
    int half; /* of the day: 0 am, 1 pm */
    int offset_s;
};

/* A text, and how far it is read. */
struct cursor {
    const char *at, *end;
};

static bool digits(struct cursor *cursor, int least, int most, int *number)
{
    int count = 0, value = 0;
    while (count < most && cursor->at < cursor->end && is_digit(*cursor->at)) {
        value = value * 10 + (*cursor->at++ - '0');
        count++;
    }
    *number = value;
    return count >= least;
}

static bool literal(struct cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c) return false;
    cursor->at++;
    return true;
}

static void blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && is_blank(*cursor->at)) cursor->at++;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar (Howard Hinnant, chrono-compatible low-level date
   algorithms). */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* The instant, if there is one. Second 60 is the leap second: the next minute's first. */
static bool assemble(int64_t *time_s, const struct pieces *pieces)
{
    if (pieces->epoch_given) {
        *time_s = pieces->epoch_s;
        return true;
    }
    if (pieces->year < 1 || pieces->month < 1 || pieces->month > 12 || pieces->day < 1) return false;
    if (pieces->day > days_in_month(pieces->year, pieces->month)) return false;
    int hour = pieces->hour < 0 ? 0 : pieces->hour;
    int minute = pieces->minute < 0 ? 0 : pieces->minute;
    int second = pieces->second < 0 ? 0 : pieces->second;
    if (pieces->half >= 0) {
        if (hour < 1 || hour > 12) return false;
        hour = hour % 12 + 12 * pieces->half;
    }
    if (hour > 23 || minute > 59 || second > 60) return false;
    *time_s = days_from_civil(pieces->year, pieces->month, pieces->day) * DAY_S + (int64_t)hour * HOUR_S +
              (int64_t)minute * MINUTE_S + second - pieces->offset_s;
    return true;
}

static const struct pieces nothing = {0, false, -1, -1, -1, -1, -1, -1, -1, 0};

/* Z, or +HH, +HHMM, +HH:MM. */
static bool zone(struct cursor *cursor, int *offset_s)
{
    int hours, minutes = 0;
    if (literal(cursor, 'Z') || literal(cursor, 'z')) {
        *offset_s = 0;
        return true;
    }
    bool west = literal(cursor, '-');
    if (!west && !literal(cursor, '+')) return false;
    if (!digits(cursor, 2, 2, &hours)) return false;
    if (literal(cursor, ':') || (cursor->at < cursor->end && is_digit(*cursor->at))) {
        if (!digits(cursor, 2, 2, &minutes)) return false;
    }
    if (hours > 23 || minutes > 59) return false;
    *offset_s = (hours * HOUR_S + minutes * MINUTE_S) * (west ? -1 : 1);
    return true;
}

const char *when_form_name(enum when_form form)
{
    switch (form) {
    case WHEN_DATE:
        return "a date (YYYY-MM-DD)";
    case WHEN_COMPACT:
        return "a compact date (YYYYMMDD)";
    case WHEN_DATE_TIME:
        return "a date and time";
    case WHEN_ZONED:
        return "a date and time with a zone";
    case WHEN_DAY_MONTH:
        return "a date with day and month in an order that is not known";
    case WHEN_FORMATTED:
        return "as --time-format says";
    default:
        return "no date";
    }
}

/* d/d/yyyy, d.d.yy, d-d-yyyy …, with or without a clock behind it. */
static bool looks_like_day_month(struct text text)
{
    struct cursor cursor = {text.bytes, text.bytes + text.length};
    int number;
    if (!digits(&cursor, 1, 2, &number) || cursor.at == cursor.end) return false;
    char separator = *cursor.at;
    if (separator != '/' && separator != '.' && separator != '-') return false;
    cursor.at++;
    if (!digits(&cursor, 1, 2, &number) || !literal(&cursor, separator)) return false;
    if (!digits(&cursor, 2, 4, &number)) return false;
    return cursor.at == cursor.end || is_blank(*cursor.at) || *cursor.at == 'T';
}

static enum when_form parse_clock(struct cursor *cursor, struct pieces *pieces)
{
    if (!digits(cursor, 2, 2, &pieces->hour) || !literal(cursor, ':')) return WHEN_NONE;
    if (!digits(cursor, 2, 2, &pieces->minute)) return WHEN_NONE;
    if (literal(cursor, ':')) {
        if (!digits(cursor, 2, 2, &pieces->second)) return WHEN_NONE;
        if (literal(cursor, '.') || literal(cursor, ',')) {
            int ignored;
            if (!digits(cursor, 1, 1, &ignored)) return WHEN_NONE;
            while (cursor->at < cursor->end && is_digit(*cursor->at)) cursor->at++;
        }
    }
    if (cursor->at == cursor->end) return WHEN_DATE_TIME;
    blanks(cursor);
    if (!zone(cursor, &pieces->offset_s) || cursor->at != cursor->end) return WHEN_NONE;
    return WHEN_ZONED;
}

enum when_form when_parse(int64_t *time_s, struct text text)
{
    struct cursor cursor = {text.bytes, text.bytes + text.length};
    struct pieces pieces = nothing;
    enum when_form form = WHEN_NONE;
    if (looks_like_day_month(text)) return WHEN_DAY_MONTH;
    if (!digits(&cursor, 4, 4, &pieces.year)) return WHEN_NONE;
    bool compact = text.length == 8 && is_digit(*cursor.at);
    if (!compact && !literal(&cursor, '-')) return WHEN_NONE;
    if (!digits(&cursor, 2, 2, &pieces.month)) return WHEN_NONE;
    if (!compact && !literal(&cursor, '-')) return WHEN_NONE;
    if (!digits(&cursor, 2, 2, &pieces.day)) return WHEN_NONE;
    if (cursor.at == cursor.end) {
        form = compact ? WHEN_COMPACT : WHEN_DATE;
    } else if (literal(&cursor, 'T') || literal(&cursor, 't') || literal(&cursor, ' ')) {
        blanks(&cursor);
        form = parse_clock(&cursor, &pieces);
    }
    return form != WHEN_NONE && assemble(time_s, &pieces) ? form : WHEN_NONE;
}

static bool month_name(struct cursor *cursor, int *month)
{
    static const char *const names[] = {"january", "february", "march",     "april",   "may",      "june",
                                        "july",    "august",   "september", "october", "november", "december"};
    for (int m = 0; m < 12; m++) {
        size_t left = (size_t)(cursor->end - cursor->at), whole = strlen(names[m]);
        for (size_t length = whole;; length = 3) {
            if (left >= length &&
                text_equal_nocase((struct text){cursor->at, length}, (struct text){names[m], length})) {
                cursor->at += length;
                *month = m + 1;
                return true;
            }
            if (length == 3) break;
        }
    }
    return false;
}

static bool half_of_day(struct cursor *cursor, int *half)
{
    if (cursor->end - cursor->at < 2 || lower(cursor->at[1]) != 'm') return false;
    char first = lower(cursor->at[0]);
    if (first != 'a' && first != 'p') return false;
    *half = first == 'p';
    cursor->at += 2;
    return true;
}

static bool epoch(struct cursor *cursor, struct pieces *pieces)
{
    bool negative = literal(cursor, '-');
    int64_t value = 0;
    int count = 0;
    for (; cursor->at < cursor->end && is_digit(*cursor->at) && count < 14; cursor->at++, count++)
        value = value * 10 + (*cursor->at - '0');
    pieces->epoch_s = negative ? -value : value;
    pieces->epoch_given = true;
    return count > 0;
}

static bool parse_pattern(struct cursor *cursor, const char *format, struct pieces *pieces);

static bool parse_conversion(struct cursor *cursor, char conversion, struct pieces *pieces)
{
    switch (conversion) {
    case 'Y':
        return digits(cursor, 4, 4, &pieces->year);
    case 'y': /* POSIX: 69 … 99 are of the 20th century */
        if (!digits(cursor, 2, 2, &pieces->year)) return false;
        pieces->year += pieces->year < 69 ? 2000 : 1900;
        return true;
    case 'm':
        return digits(cursor, 1, 2, &pieces->month);
    case 'e':
        blanks(cursor);
        return digits(cursor, 1, 2, &pieces->day);
    case 'd':
        return digits(cursor, 1, 2, &pieces->day);
    case 'H':
    case 'I':
        return digits(cursor, 1, 2, &pieces->hour);
    case 'M':
        return digits(cursor, 1, 2, &pieces->minute);
    case 'S':
        return digits(cursor, 1, 2, &pieces->second);
    case 'b':
    case 'B':
        return month_name(cursor, &pieces->month);
    case 'p':
        return half_of_day(cursor, &pieces->half);
    case 'T':
        return parse_pattern(cursor, "%H:%M:%S", pieces);
    case 'R':
        return parse_pattern(cursor, "%H:%M", pieces);
    case 'D':
        return parse_pattern(cursor, "%m/%d/%y", pieces);
    case 'F':
        return parse_pattern(cursor, "%Y-%m-%d", pieces);
    case 'z':
        return zone(cursor, &pieces->offset_s);
    case 'f': {
        int ignored;
        if (!digits(cursor, 1, 1, &ignored)) return false;
        while (cursor->at < cursor->end && is_digit(*cursor->at)) cursor->at++;
        return true;
    }
    case 's':
        return epoch(cursor, pieces);
    default:
        return literal(cursor, '%');
    }
}

static bool parse_pattern(struct cursor *cursor, const char *format, struct pieces *pieces)
{
    for (; *format != '\0'; format++) {
        if (is_blank(*format)) {
            blanks(cursor);
        } else if (*format == '%') {
            if (!parse_conversion(cursor, *++format, pieces)) return false;
        } else if (!literal(cursor, *format)) {
            return false;
        }
    }
    return true;
}

bool when_parse_format(int64_t *time_s, struct text text, const char *format)
{
    struct cursor cursor = {text.bytes, text.bytes + text.length};
    struct pieces pieces = nothing;
    return parse_pattern(&cursor, format, &pieces) && cursor.at == cursor.end && assemble(time_s, &pieces);
}

const char *when_format_problem(const char *format)
{
    bool year = false, month = false, day = false, half = false, twelve = false, whole = false;
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') continue;
        at++;
        if (*at == '\0' || strchr("YymdeHIMSbBpTRDFzfs%", *at) == NULL)
            return "it may have %Y %m %d %e %H %I %M %S %y %b %B %p %T %R %D %F %z %f %s and %%";
        year |= strchr("YyDF", *at) != NULL;
        month |= strchr("mbBDF", *at) != NULL;
        day |= strchr("deDF", *at) != NULL;
        half |= *at == 'p';
        twelve |= *at == 'I';
        whole |= *at == 's';
    }
    if (half != twelve) return "%I and %p go together";
    if (!whole && !(year && month && day)) return "it needs a year, a month and a day, or %s";
    return NULL;
}

bool when_zoned(enum when_form form, const char *format)
{
    if (form != WHEN_FORMATTED) return form == WHEN_ZONED;
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') continue;
        at++;
        if (*at == 'z' || *at == 's') return true;
        if (*at == '\0') break;
    }
    return false;
}

bool when_parse_offset(int64_t *offset_s, struct text text)
{
    struct cursor cursor = {text.bytes, text.bytes + text.length};
    int seconds = 0;
    bool good = text_equal(text, text_of("0")) ? literal(&cursor, '0')
                                               : text.length > 1 && is_digit(text.bytes[1]) && zone(&cursor, &seconds);
    *offset_s = seconds;
    return good && cursor.at == cursor.end;
}

void when_advice(char *advice, size_t size, struct text text, bool day_first)
{
    struct cursor cursor = {text.bytes, text.bytes + text.length};
    int number;
    digits(&cursor, 1, 2, &number);
    char separator = *cursor.at++;
    digits(&cursor, 1, 2, &number);
    cursor.at++;
    const char *begin = cursor.at;
    digits(&cursor, 2, 4, &number);
    const char *year = cursor.at - begin == 4 ? "%Y" : "%y";
    const char *clock = "";
    if (cursor.at < cursor.end) {
        int colons = 0;
        for (const char *at = cursor.at; at < cursor.end; at++) colons += *at == ':';
        clock = *cursor.at == 'T' ? (colons > 1 ? "T%H:%M:%S" : "T%H:%M") : (colons > 1 ? " %H:%M:%S" : " %H:%M");
    }
    snprintf(advice, size, "%s%c%s%c%s%s", day_first ? "%d" : "%m", separator, day_first ? "%m" : "%d", separator, year,
             clock);
}

void when_print(char *out, size_t size, int64_t time_s, bool clock)
{
    int64_t days = time_s / DAY_S, rest = time_s % DAY_S;
    if (rest < 0) rest += DAY_S, days--;
    int64_t shifted = days + 719468; /* the inverse of days_from_civil */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    int month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    long long year = (long long)(year_of_era + era * 400 + (month <= 2));
    int written = snprintf(out, size, "%04lld-%02d-%02d", year, month, day);
    if (clock && written > 0 && (size_t)written < size)
        snprintf(out + written, size - (size_t)written, " %02d:%02d:%02d", (int)(rest / HOUR_S),
                 (int)(rest % HOUR_S / MINUTE_S), (int)(rest % MINUTE_S));
}
