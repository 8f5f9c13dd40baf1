/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels that read order lines: narrow, narrow_keys, whole, money, stamps, hashes, times, numbers, offsets,
   short_keys. What is expected is written row by
   row here; what is written where a kernel says no has no meaning. */
#include "kernels/harness.h"

#include <math.h>
#include <string.h>

#include "base/siphash.h"
#include "history/key.h"

enum { CASES = 4000, MOST_ROWS = 140 };

static void lines_case(const char *kernel, int64_t count, int64_t odd)
{
    case_is(kernel, "%lld rows, odd one %lld", (long long)count, (long long)odd);
}

/* The row, of so many, that has an odd value in two cases of three; else -1. */
static int64_t draw_odd(int64_t count) { return count == 0 || draw_from(0, 2) == 0 ? -1 : draw_from(0, count - 1); }

/* A kernel must say whether all rows fit, and where they do, give what is wanted. */
static void check_said(const char *kernel, bool said, bool fits, const void *out, const void *wanted, int64_t count,
                       size_t size)
{
    if (said != fits) wrong("it says %d, not %d", said, fits);
    if (fits) same(kernel, out, wanted, count, size);
}

/* Numbers of 64 bits in 32, with a sign or, as keys, without. */
static void narrow_cases(const char *kernel, const ptn_kernels *table, bool keys)
{
    static const int64_t odds[] = {INT64_C(1) << 31,    -(INT64_C(1) << 31) - 1, INT64_MAX, INT64_MIN, INT64_C(1) << 32,
                                   -(INT64_C(1) << 31), (int64_t)UINT32_MAX,     INT32_MAX, -1,        0};
    const int64_t least = keys ? 0 : INT32_MIN, most = keys ? (int64_t)UINT32_MAX : INT32_MAX;
    for (int64_t number = 0; number < CASES; number++) {
        int64_t count = draw_from(0, MOST_ROWS), odd = draw_odd(count);
        int64_t *values = SPACE(int64_t, count);
        uint32_t *out = SPACE(uint32_t, count), *wanted = SPACE(uint32_t, count);
        bool fits = true;
        lines_case(kernel, count, odd);
        for (int64_t i = 0; i < count; i++) {
            values[i] = i == odd ? odds[draw() % (sizeof odds / sizeof *odds)] : draw_from(least, most);
            wanted[i] = (uint32_t)values[i];
            fits &= values[i] >= least && values[i] <= most;
        }
        bool said = keys ? table->narrow_keys(out, (const uint64_t *)values, count)
                         : table->narrow((int32_t *)out, values, count);
        check_said(kernel, said, fits, out, wanted, count, sizeof *out);
        space_check();
    }
}

void check_narrow(const ptn_kernels *table) { narrow_cases("narrow", table, false); }
void check_narrow_keys(const ptn_kernels *table) { narrow_cases("narrow_keys", table, true); }

void check_whole(const ptn_kernels *table)
{
    static const double odds[] = {0.5,      -0.5,        32767.0, -32767.0, 32768.0, -32768.0, 1e300, -2147483649.0,
                                  HUGE_VAL, (double)NAN, -0.0,    1e-300,   2.5,     65536.0,  1e12,  -HUGE_VAL};
    for (int64_t number = 0; number < CASES; number++) {
        int64_t count = draw_from(0, MOST_ROWS), odd = draw_odd(count);
        double *values = SPACE(double, count);
        int16_t *out = SPACE(int16_t, count), *wanted = SPACE(int16_t, count);
        bool fits = true;
        lines_case("whole", count, odd);
        for (int64_t i = 0; i < count; i++) {
            values[i] = i == odd ? odds[draw() % 16] : (double)draw_from(-32767, 32767);
            bool plain = fabs(values[i]) <= 32767.0 && floor(values[i]) == values[i];
            wanted[i] = plain ? (int16_t)values[i] : 0;
            fits &= plain;
        }
        check_said("whole", table->whole(out, values, count), fits, out, wanted, count, sizeof *out);
        space_check();
    }
}

void check_money(const ptn_kernels *table)
{
    static const double odds[] = {0.00001, 1e300,    -1e300,         (double)NAN, HUGE_VAL,       -HUGE_VAL,
                                  1e-300,  0x1p52,   225179981368.0, 0.1,         -0.0,           0.1 + 0.2,
                                  0x1p50,  0.000049, 999999.99995,   -1e-5,       -675539944106.0};
    for (int64_t number = 0; number < CASES; number++) {
        int64_t count = draw_from(0, MOST_ROWS), odd = draw_odd(count);
        double *values = SPACE(double, count);
        int64_t *out = SPACE(int64_t, count), *wanted = SPACE(int64_t, count);
        bool fits = true;
        lines_case("money", count, odd);
        for (int64_t i = 0; i < count; i++) {
            values[i] = (double)draw_from(-100000000, 100000000) / 10000.0;
            if (i == odd) values[i] = odds[draw() % (sizeof odds / sizeof *odds)];
            double units = nearbyint(values[i] * 10000.0);
            bool plain = fabs(values[i] * 10000.0) <= 0x1p51 && units / 10000.0 == values[i];
            wanted[i] = plain ? (int64_t)units : 0;
            fits &= plain;
        }
        check_said("money", table->money(out, values, count, 10000.0), fits, out, wanted, count, sizeof *out);
        space_check();
    }
}

void check_stamps(const ptn_kernels *table)
{
    enum { BITS = 8, ABOVE = 8, BELOW = 16 };
    for (int64_t number = 0; number < CASES; number++) {
        int64_t count = draw_from(0, MOST_ROWS), least = draw_from(-50, 50), most = least, last = draw_from(-50, 50);
        int64_t *times = SPACE(int64_t, count), *amounts = SPACE(int64_t, count);
        int64_t *out = SPACE(int64_t, count), *wanted = SPACE(int64_t, count), reach[2] = {least, most}, said = last;
        int16_t *quantities = SPACE(int16_t, count);
        uint8_t *flags = SPACE(uint8_t, count);
        bool zeros = draw() & 1, given = draw() & 1, far = draw_from(0, 3) == 0;
        int64_t all = draw() & 1 ? 2 : 0;
        case_is("stamps", "%lld rows, zeros %d, quantities %d", (long long)count, zeros, given);
        for (int64_t i = 0; i < count; i++) {
            times[i] = far ? (int64_t)draw() : draw_from(-260000000000, 260000000000);
            amounts[i] = draw_from(0, 1) * (int64_t)draw();
            quantities[i] = (int16_t)(draw_from(-1, 1) * draw_from(0, 32767));
            flags[i] = (uint8_t)(draw() % 4 << 5);
            int64_t bits = flags[i] | all;
            if (given) bits |= quantities[i] > 0 ? ABOVE : quantities[i] < 0 ? BELOW : 0;
            wanted[i] = (int64_t)((uint64_t)times[i] << BITS | (uint64_t)bits);
            least = times[i] < least ? times[i] : least;
            most = times[i] > most ? times[i] : most;
            if ((zeros || amounts[i] != 0) && times[i] > last) last = times[i];
        }
        const ptn_stamps lines = {times, amounts, flags, given ? quantities : NULL, all, ABOVE, BELOW, BITS, zeros};
        table->stamps(out, reach, &said, &lines, count);
        same("stamps", out, wanted, count, sizeof *out);
        if (reach[0] != least || reach[1] != most) wrong("the first or last time is another");
        /* Among all lines there may be times that were there before, which count no less. */
        if (zeros && reach[1] > last) last = reach[1];
        if (said != last) wrong("the last that counts is %lld, not %lld", (long long)said, (long long)last);
        space_check();
    }
}

void check_hashes(const ptn_kernels *table)
{
    for (int64_t number = 0; number < CASES; number++) {
        int64_t count = draw_from(0, MOST_ROWS);
        uint64_t *words = SPACE(uint64_t, count), *out = SPACE(uint64_t, count), *wanted = SPACE(uint64_t, count);
        uint8_t *lasts = SPACE(uint8_t, count);
        const uint64_t key[2] = {draw(), draw()};
        const ptn_siphash_key with = {key[0], key[1]};
        lines_case("hashes", count, -1);
        for (int64_t i = 0; i < count; i++) {
            words[i] = draw();
            lasts[i] = (uint8_t)draw();
            uint8_t bytes[9];
            for (int b = 0; b < 8; b++) bytes[b] = (uint8_t)(words[i] >> 8 * b);
            bytes[8] = lasts[i];
            wanted[i] = ptn_siphash(&with, bytes, 9);
        }
        table->hashes(out, words, lasts, count, key);
        same("hashes", out, wanted, count, sizeof *out);
        space_check();
    }
}

/* Of a time, with a sign: the quotient rounded down. */
static int64_t floor_of(int64_t value, int64_t unit) { return value / unit - (value % unit < 0); }

/* Times near the edges of seconds, near 0 and as far as doubles go, and beyond. */
static int64_t draw_time(int64_t unit, int32_t shift, int64_t most)
{
    static const int64_t ends[] = {INT64_MAX, INT64_MIN, 0, -1, 1};
    int64_t what = draw_from(0, 9);
    if (what == 0) return draw_from(-most - 9, most + 9) * (INT64_C(1) << shift);
    if (what == 1) return (draw_from(0, 1) == 0 ? most : -most) * (INT64_C(1) << shift) + draw_from(0, 1);
    if (what == 2) return ends[draw() % 5] / (draw_from(0, 3) == 0 ? 1 : unit);
    if (what < 6) return draw_from(-5, 5) * unit + draw_from(-2, 2);
    return draw_from(-4000000000, 4000000000) * unit + draw_from(-2, 2);
}

void check_times(const ptn_kernels *table)
{
    static const struct {
        int64_t odd;
        int32_t shift;
    } clocks[] = {{1, 0}, {125, 3}, {15625, 6}, {1953125, 9}, {(1 << 22) - 1, 4}};
    for (int64_t number = 0; number < CASES; number++) {
        int64_t count = draw_from(0, MOST_ROWS), which = draw_from(0, 4), odd = draw_odd(count);
        const ptn_clock clock = {(double)clocks[which].odd, clocks[which].shift, draw_from(-1, 1) * 3600};
        int64_t unit = clocks[which].odd << clock.shift;
        int64_t most = clocks[which].odd == 1 ? INT64_C(1) << 51 : (INT64_C(1) << 53) - (1 << 22);
        int64_t *values = SPACE(int64_t, count), *out = SPACE(int64_t, count), *wanted = SPACE(int64_t, count);
        bool near = true;
        lines_case("times", count, odd);
        for (int64_t i = 0; i < count; i++) {
            bool far = true;
            while (far) {
                values[i] = draw_time(unit, clock.shift, most);
                int64_t units = floor_of(values[i], INT64_C(1) << clock.shift);
                far = units > most || units < -most;
                if (i == odd) break;
            }
            near &= !far;
            wanted[i] = (int64_t)((uint64_t)floor_of(values[i], unit) - (uint64_t)clock.late);
        }
        bool said = table->times(out, values, count, &clock);
        if (said != near) wrong("it says %d, not %d", said, near);
        if (near) same("times", out, wanted, count, sizeof *out);
        space_check();
    }
}

void check_numbers(const ptn_kernels *table)
{
    static const double odds[] = {(double)NAN, -(double)NAN, HUGE_VAL, -HUGE_VAL, 0.0, -0.0, 1e300};
    for (int64_t number = 0; number < CASES; number++) {
        int64_t count = draw_from(0, MOST_ROWS), odd = draw_odd(count);
        double *values = SPACE(double, count);
        bool all = true;
        lines_case("numbers", count, odd);
        for (int64_t i = 0; i < count; i++) {
            values[i] = i == odd ? odds[draw() % 7] : (double)draw_from(-1000, 1000);
            all &= !isnan(values[i]);
        }
        bool said = table->numbers(values, count);
        if (said != all) wrong("it says %d, not %d", said, all);
        space_check();
    }
}

void check_offsets(const ptn_kernels *table)
{
    for (int64_t number = 0; number < CASES; number++) {
        int64_t count = draw_from(0, MOST_ROWS), odd = draw_odd(count + 1);
        int32_t *values = SPACE(int32_t, count + 1), least = (int32_t)draw_from(0, 1) * (INT32_MAX - 3 * MOST_ROWS);
        int64_t *out = SPACE(int64_t, count + 1);
        bool fine = true;
        lines_case("offsets", count, odd);
        for (int64_t i = 0; i <= count; i++) {
            values[i] = i == 0 ? least : values[i - 1] + (int32_t)draw_from(0, 2);
            if (i == odd)
                values[i] = draw_from(0, 1) == 0 ? -(int32_t)draw_from(1, INT32_MAX) : (int32_t)draw_from(0, least);
            fine &= i == 0 ? values[i] >= 0 : values[i] >= values[i - 1];
        }
        bool said = table->offsets(out, values, count);
        if (said != fine) wrong("it says %d, not %d", said, fine);
        for (int64_t i = 0; fine && i <= count; i++)
            if (out[i] != values[i]) wrong("offset %lld is %lld", (long long)i, (long long)out[i]);
        space_check();
    }
}

/* Letters of keys, and the bytes beside them. */
static uint8_t draw_letter(bool any)
{
    static const uint8_t letters[] = "-09AZ_azbmCP17",
                         beside[] = {',', '.', '/', ':', '@', '[', '^', '`', '{', 0, 127, 128, 255};
    if (!any) return letters[draw() % 14];
    return draw_from(0, 1) == 0 ? beside[draw() % sizeof beside] : (uint8_t)draw();
}

void check_short_keys(const ptn_kernels *table)
{
    for (int64_t number = 0; number < CASES; number++) {
        int64_t count = draw_from(0, MOST_ROWS), length = draw_from(1, PTN_KEY_SHORT_BYTES);
        uint64_t *heads = SPACE(uint64_t, count), *tails = SPACE(uint64_t, count);
        uint64_t *out = SPACE(uint64_t, count), *odd = SPACE(uint64_t, count);
        uint8_t *texts = SPACE(uint8_t, 16 * count);
        lines_case("short_keys", count, length);
        for (int64_t i = 0; i < count; i++) {
            for (int b = 0; b < 16; b++) texts[16 * i + b] = draw_letter(b >= length || draw_from(0, 40) == 0);
            heads[i] = tails[i] = 0;
            for (int b = 0; b < 8; b++) {
                heads[i] |= (uint64_t)texts[16 * i + b] << 8 * b;
                tails[i] |= (uint64_t)texts[16 * i + 8 + b] << 8 * b;
            }
        }
        table->short_keys(out, odd, heads, tails, length, count);
        for (int64_t i = 0; i < count; i++) {
            uint64_t bits = 0;
            uint32_t key = ptn_key_of_text(&bits, texts + 16 * i, length);
            if (key != PTN_KEY_NUMBER && (odd[i] == 0) != (key == PTN_KEY_SHORT)) wrong("text %lld", (long long)i);
            if (key == PTN_KEY_SHORT && out[i] != bits) wrong("the bits of text %lld", (long long)i);
        }
        space_check();
    }
}
