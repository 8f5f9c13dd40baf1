/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Short ids as numbers of 64 bits, and back. */
#include "history/key.h"

#include <string.h>

enum { CODE_BITS = 6, LENGTH_BITS = 4, NO_CODE = 64 };

/* 00 … 99 */
#define TEN(tens) tens "0" tens "1" tens "2" tens "3" tens "4" tens "5" tens "6" tens "7" tens "8" tens "9"
static const char pairs[201] =
    TEN("0") TEN("1") TEN("2") TEN("3") TEN("4") TEN("5") TEN("6") TEN("7") TEN("8") TEN("9");
#undef TEN

static const uint8_t letters[65] = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/* Codes of bytes; NO_CODE where a byte has none. */
static const uint8_t codes[256] = {
#define X 64
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  0,  X,  X,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
    X,  X,  X,  X,  X,  X,  X,  11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
    33, 34, 35, 36, X,  X,  X,  X,  37, X,  38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56,
    57, 58, 59, 60, 61, 62, 63, X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
    X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,  X,
#undef X
};

/* Whether the text is what an int64_t prints as: no blanks, no plus, no zero in front, no -0. */
static bool number_of(uint64_t *bits, const uint8_t *bytes, int64_t length)
{
    bool negative = bytes[0] == '-';
    int64_t at = negative, digits = length - negative;
    uint64_t value = 0, most = (uint64_t)INT64_MAX + negative;
    if (digits < 1 || digits > 19 || (bytes[at] == '0' && length > 1)) return false;
    for (; at < length; at++) {
        uint64_t digit = (uint64_t)bytes[at] - '0';
        if (digit > 9) return false;
        value = value * 10 + digit; /* at most 19 digits: below 2^64 */
    }
    if (value > most) return false;
    *bits = negative ? UINT64_C(0) - value : value;
    return true;
}

uint32_t ptn_key_of_text(uint64_t *bits, const uint8_t *bytes, int64_t length)
{
    uint64_t packed = 0;
    uint8_t seen = 0;
    if (length > PTN_KEY_TEXT) return PTN_KEY_LONG;
    if (bytes[0] <= '9' && number_of(bits, bytes, length)) return PTN_KEY_NUMBER;
    if (length > PTN_KEY_SHORT_BYTES) return PTN_KEY_LONG;
    for (int64_t i = 0; i < length; i++) {
        uint8_t code = codes[bytes[i]];
        seen |= code;
        packed = packed << CODE_BITS | (code & 63u);
    }
    if ((seen & NO_CODE) != 0) return PTN_KEY_LONG;
    *bits = packed << (CODE_BITS * (PTN_KEY_SHORT_BYTES - length) + LENGTH_BITS) | (uint64_t)length;
    return PTN_KEY_SHORT;
}

#define TEN(zeros) UINT64_C(1##zeros), UINT64_C(1##zeros##0), UINT64_C(1##zeros##00), UINT64_C(1##zeros##000)
const uint64_t ptn_powers_of_ten[20] = {TEN(), TEN(0000), TEN(00000000), TEN(000000000000), TEN(0000000000000000)};
#undef TEN

int64_t ptn_key_length(uint32_t kind, uint64_t bits)
{
    if (kind == PTN_KEY_SHORT) return (int64_t)(bits & 15u);
    bool negative = bits >> 63 != 0;
    return negative + (int64_t)ptn_digits(negative ? UINT64_C(0) - bits : bits);
}

void ptn_key_write(uint8_t *text, uint32_t kind, uint64_t bits, int64_t length)
{
    if (kind == PTN_KEY_SHORT) {
        for (int64_t i = 0; i < length; i++) text[i] = letters[bits >> (64 - CODE_BITS * (i + 1)) & 63u];
        return;
    }
    bool negative = bits >> 63 != 0;
    uint64_t value = negative ? UINT64_C(0) - bits : bits;
    int64_t i = length;
    for (; value >= 100; value /= 100) {
        i -= 2;
        memcpy(text + i, &pairs[2 * (value % 100)], 2);
    }
    if (value >= 10)
        memcpy(text + i - 2, &pairs[2 * value], 2);
    else
        text[i - 1] = (uint8_t)('0' + value);
    if (negative) text[0] = '-';
}

int64_t ptn_key_text(uint8_t text[PTN_KEY_TEXT], uint32_t kind, uint64_t bits)
{
    int64_t length = ptn_key_length(kind, bits);
    ptn_key_write(text, kind, bits, length);
    return length;
}

uint64_t ptn_key_place(uint32_t kind, uint64_t bits)
{
    uint8_t text[PTN_KEY_TEXT];
    uint64_t packed = 0;
    if (kind == PTN_KEY_SHORT) return bits;
    int64_t length = ptn_key_text(text, kind, bits);
    for (int64_t i = 0; i < PTN_KEY_SHORT_BYTES; i++) packed = packed << CODE_BITS | (i < length ? codes[text[i]] : 0u);
    return packed << LENGTH_BITS |
           (uint64_t)(length < PTN_KEY_SHORT_BYTES ? length : PTN_KEY_SHORT_BYTES + (length > PTN_KEY_SHORT_BYTES));
}
