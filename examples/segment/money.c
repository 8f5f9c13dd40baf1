/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/money.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <patron/history.h>

static const char *group_digits(char out[GROUPED], bool negative, uint64_t whole, const char *rest)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)whole);
    char *at = out;
    if (negative) *at++ = '-';
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0) *at++ = ',';
        *at++ = digits[i];
    }
    strcpy(at, rest);
    return out;
}

static uint64_t magnitude(int64_t number) { return number < 0 ? 0 - (uint64_t)number : (uint64_t)number; }

const char *grouped(char out[GROUPED], int64_t number) { return group_digits(out, number < 0, magnitude(number), ""); }

const char *grouped_money(char out[GROUPED], int64_t money)
{
    char rest[8];
    uint64_t hundredth = PATRON_MONEY_UNIT / 100, size = magnitude(money);
    uint64_t cents = size / hundredth, left = size % hundredth;
    if (2 * left > hundredth || (2 * left == hundredth && cents % 2 == 1)) cents++;
    snprintf(rest, sizeof rest, ".%02u", (unsigned)(cents % 100));
    return group_digits(out, money < 0 && cents > 0, cents / 100, rest);
}

const char *grouped_number(char out[GROUPED], double number)
{
    char rest[8] = "";
    if (!isfinite(number) || fabs(number) > 9e15) {
        if (isfinite(number))
            snprintf(out, GROUPED, "%.3g", number);
        else
            strcpy(out, "-");
        return out;
    }
    uint64_t tenths = (uint64_t)llrint(10.0 * fabs(number));
    if (tenths % 10 != 0) snprintf(rest, sizeof rest, ".%u", (unsigned)(tenths % 10));
    return group_digits(out, number < 0.0 && tenths > 0, tenths / 10, rest);
}
