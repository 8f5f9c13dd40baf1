/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prices and quantities have few digits: their digits are an integer that a double holds exactly, divided by a power of
   ten that it holds exactly too, and one division rounds correctly (Clinger 1990). The others go to strtod_l in the C
   locale. */
#include "segment/decimal.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <patron/history.h>

enum { LONGEST = 200, MANTISSA_DIGITS = 15, EXACT_POWER = 22 };

static const double powers_of_ten[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* What the characters say, before any arithmetic. */
struct parts {
    bool negative;
    uint64_t mantissa; /* of all digits, while `digits` <= MANTISSA_DIGITS */
    int digits;        /* significant ones */
    int exponent;      /* of ten, to multiply the mantissa by */
};

static bool scan_exponent(struct parts *parts, struct text text, size_t at)
{
    int exponent = 0;
    bool negative = at < text.length && text.bytes[at] == '-';
    if (at < text.length && (text.bytes[at] == '-' || text.bytes[at] == '+')) at++;
    if (at == text.length) return false;
    for (; at < text.length; at++) {
        if (!is_digit(text.bytes[at])) return false;
        if (exponent < 100000) exponent = exponent * 10 + (text.bytes[at] - '0');
    }
    parts->exponent += negative ? -exponent : exponent;
    return true;
}

static bool scan(struct parts *parts, struct text text, char point)
{
    size_t at = 0;
    bool any = false, behind_point = false;
    *parts = (struct parts){0};
    if (at < text.length && (text.bytes[at] == '-' || text.bytes[at] == '+')) parts->negative = text.bytes[at++] == '-';
    for (; at < text.length; at++) {
        char c = text.bytes[at];
        if (is_digit(c)) {
            any = true;
            if (parts->digits > 0 || c != '0') parts->digits++;
            if (parts->digits <= MANTISSA_DIGITS) parts->mantissa = parts->mantissa * 10 + (uint64_t)(c - '0');
            if (behind_point) parts->exponent--;
        } else if (c == point && !behind_point) {
            behind_point = true;
        } else {
            break;
        }
    }
    if (!any) return false;
    if (at == text.length) return true;
    return lower(text.bytes[at]) == 'e' && scan_exponent(parts, text, at + 1);
}

/* The text is known to be a number, so strtod_l reads all of it. */
static bool convert_slowly(double *value, struct text text, char point)
{
    static locale_t c_locale;
    char copy[LONGEST + 1];
    if (c_locale == (locale_t)0) c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0) return false;
    memcpy(copy, text.bytes, text.length);
    copy[text.length] = '\0';
    char *found = memchr(copy, point, text.length);
    if (found != NULL) *found = '.';
    *value = strtod_l(copy, NULL, c_locale);
    return true;
}

int decimal_parse(double *value, struct text text, char point)
{
    struct parts parts;
    *value = 0.0;
    if (text.length > LONGEST || !scan(&parts, text, point)) return PATRON_REASON_UNREADABLE;
    if (parts.digits == 0) return PATRON_REASON_NONE;
    if (parts.digits <= MANTISSA_DIGITS && abs(parts.exponent) <= EXACT_POWER) {
        double mantissa = (double)parts.mantissa;
        double size =
            parts.exponent < 0 ? mantissa / powers_of_ten[-parts.exponent] : mantissa * powers_of_ten[parts.exponent];
        *value = parts.negative ? -size : size;
        return PATRON_REASON_NONE;
    }
    if (!convert_slowly(value, text, point)) return PATRON_REASON_UNREADABLE;
    return isfinite(*value) ? PATRON_REASON_NONE : PATRON_REASON_OUT_OF_RANGE;
}

/* Numbers of at most 15 digits are distinct doubles, so a decimal of 15 digits that reads back is the shortest. Whole
   numbers and money are found by one exact division, the others by trying. */
enum { PLACES = 10000 };

static bool print_places(char out[DECIMAL_PRINTED], double value, char point)
{
    if (!(fabs(value) < 1e11)) return false;
    int64_t scaled = llrint(fabs(value) * PLACES);
    if ((double)scaled / PLACES != fabs(value)) return false;
    int width = 4, part = (int)(scaled % PLACES);
    for (; width > 0 && part % 10 == 0; width--) part /= 10;
    const char *sign = value < 0.0 ? "-" : "";
    if (width == 0)
        snprintf(out, DECIMAL_PRINTED, "%s%lld", sign, (long long)(scaled / PLACES));
    else
        snprintf(out, DECIMAL_PRINTED, "%s%lld%c%0*d", sign, (long long)(scaled / PLACES), point, width, part);
    return true;
}

/* snprintf's decimal sign is the locale's, and may have several bytes. */
static void set_point(char *text, char point)
{
    char *to = text;
    bool set = false;
    for (const char *from = text; *from != '\0'; from++) {
        if (is_digit(*from) || strchr("+-e", *from) != NULL) {
            *to++ = *from;
        } else if (!set) {
            *to++ = point;
            set = true;
        }
    }
    *to = '\0';
}

void decimal_print(char out[DECIMAL_PRINTED], double value, char point)
{
    double again = 0.0;
    out[0] = '\0';
    if (!isfinite(value) || print_places(out, value, point)) return;
    for (int digits = MANTISSA_DIGITS; digits <= MANTISSA_DIGITS + 2; digits++) {
        snprintf(out, DECIMAL_PRINTED, "%.*g", digits, value);
        set_point(out, point);
        if (decimal_parse(&again, text_of(out), point) == PATRON_REASON_NONE && again == value) return;
    }
}
