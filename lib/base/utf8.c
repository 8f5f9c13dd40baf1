/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checking UTF-8. */
#include "base/utf8.h"

#include <string.h>

/* Length of the well-formed sequence at the start of `bytes`, or 0. The second byte's range depends on the first. */
static int64_t sequence(const uint8_t *bytes, int64_t left)
{
    uint8_t lead = bytes[0], low = 0x80, high = 0xBF;
    int64_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length < 2) return length;
    if (length > left) return 0;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    if (bytes[1] < low || bytes[1] > high) return 0;
    for (int64_t i = 2; i < length; i++)
        if (bytes[i] < 0x80 || bytes[i] > 0xBF) return 0;
    return length;
}

int64_t ptn_utf8_broken_at(const uint8_t *bytes, int64_t length)
{
    int64_t at = 0;
    while (at < length) {
        uint64_t eight;
        if (at + 8 <= length) {
            memcpy(&eight, bytes + at, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += 8;
                continue;
            }
        }
        int64_t step = sequence(bytes + at, length - at);
        if (step == 0) return at;
        at += step;
    }
    return -1;
}
