/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/range.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool range_holds(const char *range, double value)
{
    static const char whole[] = "whole numbers, ";
    const char *at = range;
    double low, high;
    int used = 0;
    if (strncmp(at, whole, sizeof whole - 1) == 0) {
        at += sizeof whole - 1;
        if (value != floor(value)) return false;
    }
    if (strcmp(at, "any number") == 0) return isfinite(value);
    if (strcmp(at, "any whole number") == 0) return isfinite(value) && value == floor(value);
    if (sscanf(at, ">= %lf%n", &low, &used) == 1 && at[used] == '\0') return value >= low && isfinite(value);
    if (sscanf(at, "> %lf%n", &low, &used) == 1 && at[used] == '\0') return value > low && isfinite(value);
    if (sscanf(at, "%lf to %lf%n", &low, &high, &used) == 2 && at[used] == '\0') return value >= low && value <= high;
    ck_abort_msg("a range that cannot be read: %s", range);
    return false;
}
