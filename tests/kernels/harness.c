/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernels/harness.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 48, GUARD = 64, CANARY = 0xC5 };
static const size_t slot_bytes = (size_t)3 << 20;

static struct {
    uint64_t state, seed;
    char title[200];
    unsigned char *memory;
    size_t page;
    int used;
    bool apart;
    struct {
        unsigned char *start;
        size_t bytes, after; /* after: guard bytes that follow */
    } slots[SLOTS];
} now;

/* SplitMix64 (Steele, Lea & Flood 2014). */
uint64_t draw(void)
{
    uint64_t z = (now.state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void draw_begin(uint64_t seed)
{
    now.seed = seed;
    now.state = seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
}

int64_t draw_from(int64_t least, int64_t most) { return least + (int64_t)(draw() % (uint64_t)(most - least + 1)); }

double draw_unit(void) { return (double)((int64_t)draw() >> 11) * 0x1p-52; }

double draw_value(kind what, bool narrow)
{
    double unit = draw_unit();
    switch (what) {
    case TIES:
        return (double)draw_from(-3, 3);
    case FAR_OFFSET:
        return 1e9 + unit;
    case DENORMAL:
        return ldexp(unit, narrow ? -140 : -1060);
    case LARGE:
        return ldexp(unit, narrow ? 60 : 450);
    case MIXED:
        return draw_from(0, 7) == 0 ? copysign(0.0, unit) : ldexp(unit, (int)draw_from(-60, 60));
    default:
        return unit;
    }
}

/* A kernel that reaches beyond an array ends here. */
static void tell_fault(int number)
{
    static const char text[] = "\nFAILED: memory that is no array's was touched: ";
    (void)number;
    if (write(STDOUT_FILENO, text, sizeof text - 1) < 0 || write(STDOUT_FILENO, now.title, strlen(now.title)) < 0 ||
        write(STDOUT_FILENO, "\n", 1) < 0)
        _exit(2);
    _exit(EXIT_FAILURE);
}

static void map_slots(void)
{
    signal(SIGSEGV, tell_fault);
    now.page = (size_t)sysconf(_SC_PAGESIZE);
    size_t each = slot_bytes + now.page;
    void *memory = mmap(NULL, SLOTS * each + now.page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) abort();
    now.memory = (unsigned char *)memory + now.page;
    for (size_t s = 0; s < SLOTS; s++)
        if (mprotect(now.memory + s * each, slot_bytes, PROT_READ | PROT_WRITE) != 0) abort();
}

void *space(int64_t count, size_t size)
{
    size_t bytes = (size_t)count * size, after = 0;
    if (now.memory == NULL) map_slots();
    if (now.used == SLOTS || bytes + 2 * GUARD + 64 > slot_bytes) wrong("the harness has too little memory");
    if (now.apart || draw() & 1) after = GUARD + (size_t)draw_from(0, 15) * size % 64;
    unsigned char *end = now.memory + (size_t)now.used * (slot_bytes + now.page) + slot_bytes;
    unsigned char *start = end - after - bytes;
    memset(start - GUARD, CANARY, GUARD);
    for (size_t b = 0; b < bytes; b++) start[b] = (unsigned char)(b * 151 + 77);
    memset(end - after, CANARY, after);
    now.slots[now.used].start = start;
    now.slots[now.used].bytes = bytes;
    now.slots[now.used++].after = after;
    return start;
}

void spaces_apart(void) { now.apart = true; }

void *space_copy(const void *from, int64_t count, size_t size)
{
    void *to = space(count, size);
    memcpy(to, from, (size_t)count * size);
    return to;
}

void space_check(void)
{
    for (int s = 0; s < now.used; s++) {
        const unsigned char *start = now.slots[s].start, *end = start + now.slots[s].bytes;
        for (size_t b = 1; b <= GUARD; b++)
            if (start[-(ptrdiff_t)b] != CANARY) wrong("array %d: byte -%zu was written", s, b);
        for (size_t b = 0; b < now.slots[s].after; b++)
            if (end[b] != CANARY)
                wrong("array %d of %zu bytes: byte %zu after its end was written", s, now.slots[s].bytes, b);
    }
    now.used = 0;
}

void case_is(const char *kernel, const char *format, ...)
{
    va_list arguments;
    int length = snprintf(now.title, sizeof now.title, "%s, ", kernel);
    va_start(arguments, format);
    vsnprintf(now.title + length, sizeof now.title - (size_t)length, format, arguments);
    va_end(arguments);
}

void wrong(const char *format, ...)
{
    va_list arguments;
    printf("FAILED: %s (seed %llu): ", now.title, (unsigned long long)now.seed);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    exit(EXIT_FAILURE);
}

void same(const char *what, const void *got, const void *reference, int64_t count, size_t size)
{
    const unsigned char *a = got, *b = reference;
    for (int64_t i = 0; i < count; i++) {
        if (memcmp(a + (size_t)i * size, b + (size_t)i * size, size) == 0) continue;
        if (size == sizeof(double)) {
            double x, y;
            memcpy(&x, a + (size_t)i * size, size);
            memcpy(&y, b + (size_t)i * size, size);
            wrong("%s[%lld] is %a, and %a by the reference", what, (long long)i, x, y);
        }
        wrong("%s[%lld] is not that of the reference", what, (long long)i);
    }
}

void near(const char *what, double got, double wanted, double allowed)
{
    if (!(fabs(got - wanted) <= allowed)) wrong("%s is %a; %a would be right, to %a", what, got, wanted, allowed);
}

given_rows given_make(kind what, int64_t count, int64_t cols, bool narrow, bool weighted)
{
    given_rows g = {.first = draw_from(0, 20), .count = count};
    int64_t stride = cols + (draw() & 1 ? draw_from(1, 9) : 0), all = (g.first + count - 1) * stride + cols;
    double *wide = narrow ? NULL : SPACE(double, all);
    float *floats = narrow ? SPACE(float, all) : NULL;
    g.plain = SPACE(double, (count * cols));
    for (int64_t e = 0; e < all; e++) {
        int64_t row = e / stride - g.first, c = e % stride;
        double value = row < 0 || c >= cols ? (double)NAN : draw_value(what, narrow);
        if (narrow) value = (double)(floats[e] = (float)value);
        if (!narrow) wide[e] = value;
        if (row >= 0 && c < cols) g.plain[row * cols + c] = value;
    }
    g.source = (ptn_source){narrow ? (void *)floats : (void *)wide, cols, stride, narrow};
    if (!weighted) return g;
    g.weights = SPACE(double, count);
    for (int64_t i = 0; i < count; i++) {
        int64_t which = draw_from(0, 3);
        g.weights[i] = which == 0 ? 0.0 : which == 1 ? (double)draw_from(1, 9) : fabs(draw_unit()) * 5.0;
    }
    return g;
}

tile_rows tiles_make(kind what, int64_t tiles, int64_t cols, bool weighted)
{
    tile_rows t = {.tiles = tiles, .cols = cols, .rows = tiles * PTN_TILE - draw_from(0, PTN_TILE - 1)};
    int64_t all = tiles * PTN_TILE, most_weight = (INT64_C(1) << 30) / all;
    t.values = SPACE(float, (all * cols));
    t.plain = SPACE(float, (all * cols));
    t.step = SPACE(double, cols);
    if (weighted) t.weights = SPACE(int32_t, all);
    for (int64_t c = 0; c < cols; c++)
        t.step[c] = ldexp(1.0, what == DENORMAL ? -123 : what == PLAIN ? -23 : (int)draw_from(-60, -23));
    for (int64_t i = 0; i < all; i++) {
        if (weighted) t.weights[i] = i >= t.rows || draw_from(0, 5) == 0 ? 0 : (int32_t)draw_from(1, most_weight);
        for (int64_t c = 0; c < cols; c++) {
            int64_t steps = what == TIES ? draw_from(-3, 3) : draw_from(-(1 << 23), 1 << 23);
            if (what == LARGE) steps = draw() & 1 ? 1 << 23 : draw() & 1 ? -(1 << 23) : 0;
            if (i >= t.rows) steps = 0;
            float value = (float)((double)steps * t.step[c]);
            t.plain[i * cols + c] = value;
            t.values[(i / PTN_TILE * cols + c) * PTN_TILE + i % PTN_TILE] = value;
        }
    }
    return t;
}
