/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of order lines, as the log holds them: plain loops without a branch, which a compiler makes into what the
   level has. They say at the end whether all was as expected, and leave what was not to the caller. */
#include "base/siphash.h"

/* Adding it and taking it away rounds a double to an integer, half to even; the integer is then the difference of the
   sum's bits and its own. For magnitudes up to 2^51. */
#define ROUNDER 0x1.8p52

static bool narrow(int32_t *out, const int64_t *values, int64_t count)
{
    int64_t lost = 0;
    for (int64_t i = 0; i < count; i++) {
        out[i] = (int32_t)values[i];
        lost |= values[i] ^ out[i];
    }
    return lost == 0;
}

static bool narrow_keys(uint32_t *out, const uint64_t *values, int64_t count)
{
    uint64_t all = 0;
    for (int64_t i = 0; i < count; i++) {
        out[i] = (uint32_t)values[i];
        all |= values[i];
    }
    return all <= UINT32_MAX;
}

static bool whole(int16_t *out, const double *values, int64_t count)
{
    int32_t lost = 0;
    for (int64_t i = 0; i < count; i++) {
        int32_t number = fabs(values[i]) <= INT16_MAX ? (int32_t)values[i] : 0;
        out[i] = (int16_t)number;
        lost |= (double)number != values[i];
    }
    return lost == 0;
}

static bool money(int64_t *out, const double *values, int64_t count, double unit)
{
    const double rounder = ROUNDER;
    int64_t nothing;
    int32_t wrong = 0;
    memcpy(&nothing, &rounder, sizeof nothing);
    for (int64_t i = 0; i < count; i++) {
        double units = values[i] * unit, sum = units + rounder;
        int64_t bits;
        wrong |= !(fabs(units) <= 0x1p51) | ((sum - rounder) / unit != values[i]);
        memcpy(&bits, &sum, sizeof bits);
        out[i] = (int64_t)((uint64_t)bits - (uint64_t)nothing);
    }
    return wrong == 0;
}

static void stamps(int64_t *restrict out, int64_t reach[2], int64_t *last, const ptn_stamps *lines, int64_t count)
{
    const int64_t *times = lines->times, *amounts = lines->amounts;
    const int64_t all = lines->all, above = lines->above, below = lines->below;
    const int16_t *quantities = lines->quantities;
    const uint8_t *flags = lines->flags;
    const int32_t bits = lines->bits;
    int64_t least = reach[0], most = reach[1], latest = *last;
    for (int64_t i = 0; i < count; i++) least = times[i] < least ? times[i] : least;
    for (int64_t i = 0; i < count; i++) most = times[i] > most ? times[i] : most;
    if (!lines->zeros)
        for (int64_t i = 0; i < count; i++) {
            int64_t none = -(int64_t)(amounts[i] == 0), kept = (times[i] & ~none) | (INT64_MIN & none);
            latest = kept > latest ? kept : latest;
        }
    else if (most > latest)
        latest = most;
    for (int64_t i = 0; i < count; i++) out[i] = (int64_t)((uint64_t)times[i] << bits) | flags[i] | all;
    if (quantities != NULL)
        for (int64_t i = 0; i < count; i++) {
            int64_t quantity = quantities[i];
            out[i] |= (-(int64_t)((uint64_t)quantity >> 63) & below) | (-(int64_t)((uint64_t)-quantity >> 63) & above);
        }
    reach[0] = least;
    reach[1] = most;
    *last = latest;
}

static void hashes(uint64_t *out, const uint64_t *words, const uint8_t *lasts, int64_t count, const uint64_t key[2])
{
    const ptn_siphash_key with = {key[0], key[1]};
    for (int64_t i = 0; i < count; i++) out[i] = ptn_siphash_word(&with, words[i], lasts[i]);
}

/* Shifted first, the rest is a whole number that a double holds; its quotient by `odd`, rounded to a whole number, is
   the one wanted or the next, which a remainder below 0 tells. Products and remainders are exact, as
   all are below 2^53, and quotients are below 2^51. */
static bool times(int64_t *restrict out, const int64_t *restrict values, int64_t count, const ptn_clock *clock)
{
    const double rounder = ROUNDER, odd = clock->odd, share = 1.0 / clock->odd;
    const int64_t late = clock->late;
    const int32_t shift = clock->shift;
    const uint64_t most = (uint64_t)ptn_clock_reach(clock);
    int64_t nothing;
    uint64_t far = 0;
    memcpy(&nothing, &rounder, sizeof nothing);
    for (int64_t i = 0; i < count; i++) {
        int64_t units = values[i] >> shift, bits; /* keeps its sign with every compiler this is built by */
        double number = (double)units, sum = number * share + rounder, rest = number - (sum - rounder) * odd;
        far |= (uint64_t)units + most > 2 * most;
        memcpy(&bits, &sum, sizeof bits);
        out[i] = (int64_t)((uint64_t)bits - (uint64_t)nothing - (uint64_t)(rest < 0.0) - (uint64_t)late);
    }
    return far == 0;
}

static bool numbers(const double *values, int64_t count)
{
    int64_t none = 0;
    for (int64_t i = 0; i < count; i++) none |= -(int64_t)(values[i] != values[i]);
    return none == 0;
}

static bool offsets(int64_t *restrict out, const int32_t *restrict values, int64_t count)
{
    int32_t wrong = values[0];
    for (int64_t i = 0; i < count; i++) wrong |= -(int32_t)(values[i + 1] < values[i]);
    for (int64_t i = 0; i <= count; i++) out[i] = values[i];
    return wrong >= 0;
}
#undef ROUNDER

/* Eight bytes at a time, each in a byte of a word. A byte of at most 127 that is c or more keeps its high bit, once
   set, when c is taken away; so a text's bytes are told apart by what they lie between. */
#define EACH_BYTE(value)  (UINT64_C(0x0101010101010101) * (value))
#define FROM(high, least) ((high)-EACH_BYTE(least))

/* The codes of bytes, six bits each, the first byte's on top; *odd gets a bit where one has none. */
static inline uint64_t code_bytes(uint64_t bytes, uint64_t *odd)
{
    uint64_t high = bytes | EACH_BYTE(0x80), one = EACH_BYTE(1);
    uint64_t digit = FROM(high, '0'), capital = FROM(high, 'A'), line = FROM(high, '_'), small = FROM(high, 'a');
    uint64_t inside = FROM(high, '-') ^ FROM(high, '-' + 1) ^ digit ^ FROM(high, '9' + 1) ^ capital ^
                      FROM(high, 'Z' + 1) ^ line ^ FROM(high, '_' + 1) ^ small ^ FROM(high, 'z' + 1);
    uint64_t capitals = capital >> 7 & one;
    *odd |= (bytes | ~inside) & EACH_BYTE(0x80);
    uint64_t codes = bytes - EACH_BYTE('-') - ((digit >> 7 & one) << 1) - ((capitals << 3) - capitals) -
                     ((line >> 7 & one) << 2) - (small >> 7 & one);
    codes = (codes & UINT64_C(0x003F003F003F003F)) << 6 | (codes >> 8 & UINT64_C(0x003F003F003F003F));
    codes = (codes & UINT64_C(0x00000FFF00000FFF)) << 12 | (codes >> 16 & UINT64_C(0x00000FFF00000FFF));
    return (codes & UINT64_C(0x0000000000FFFFFF)) << 24 | codes >> 32;
}

static void short_keys(uint64_t *restrict out, uint64_t *restrict odd, const uint64_t *restrict heads,
                       const uint64_t *restrict tails, int64_t length, int64_t count)
{
    /* Bytes beyond the end become '-', whose code is 0. */
    const uint64_t head_rest = length < 8 ? UINT64_MAX << 8 * length : 0,
                   tail_rest = length <= 8 ? UINT64_MAX : UINT64_MAX << 8 * (length - 8);
    const uint64_t head_padding = head_rest & EACH_BYTE('-'), tail_padding = tail_rest & EACH_BYTE('-');
    for (int64_t i = 0; i < count; i++) {
        uint64_t wrong = 0, head = (heads[i] & ~head_rest) | head_padding,
                 tail = (tails[i] & ~tail_rest) | tail_padding;
        uint64_t codes = code_bytes(head, &wrong) << 16;
        out[i] = codes | code_bytes(tail, &wrong) >> 32 | (uint64_t)length;
        odd[i] = wrong;
    }
}
#undef FROM
#undef EACH_BYTE
