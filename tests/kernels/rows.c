/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels that read the caller's rows: measure, pack, exact_sums, inertia; and logarithms. */
#include "kernels/harness.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "oracle/oracle_kernels.h"

enum { COLS = 40 };

static const char *kind_names[KINDS] = {"plain", "ties", "far offset", "denormal", "large", "mixed"};

/* Every number of columns, in every kind and layout, several times. */
typedef struct shape {
    int64_t cols;
    kind what;
    bool narrow, weighted;
} shape;

static bool next_shape(shape *s, int64_t number)
{
    s->cols = number % COLS + 1;
    s->what = (kind)(number / COLS % KINDS);
    s->narrow = number / COLS / KINDS % 2;
    s->weighted = number / COLS / KINDS / 2 % 2;
    return number < (int64_t)COLS * KINDS * 2 * 2;
}

static void shape_case(const char *kernel, const shape *s, int64_t count)
{
    case_is(kernel, "%lld rows x %lld, %s, %s, %s", (long long)count, (long long)s->cols, kind_names[s->what],
            s->narrow ? "float" : "double", s->weighted ? "weights" : "no weights");
}

/* Puts a value into a row as the caller holds it, and into the plain copy. */
static void poke(given_rows *g, int64_t row, int64_t col, double value)
{
    int64_t at = (g->first + row) * g->source.stride + col;
    unsigned char *place = (unsigned char *)(uintptr_t)g->source.values;
    float small = (float)value;
    if (g->source.narrow)
        memcpy(place + at * (int64_t)sizeof small, &small, sizeof small);
    else
        memcpy(place + at * (int64_t)sizeof value, &value, sizeof value);
    g->plain[row * g->source.cols + col] = g->source.narrow ? (double)small : value;
}

void check_measure(const ptn_kernels *table)
{
    shape s;
    for (int64_t number = 0; next_shape(&s, number); number++) {
        int64_t count = draw_from(1, 90), cols = s.cols;
        shape_case("measure", &s, count);
        given_rows g = given_make(s.what, count, cols, s.narrow, s.weighted);
        for (int64_t i = 0; s.weighted && i < count; i++) /* left out, whatever they hold */
            if (g.weights[i] == 0.0 && draw() & 1)
                poke(&g, i, draw_from(0, cols - 1), draw() & 1 ? (double)NAN : HUGE_VAL);
        double *shift = SPACE(double, cols), *start = SPACE(double, 6 * cols);
        for (int64_t c = 0; c < cols; c++) {
            shift[c] = draw_value(s.what, s.narrow);
            start[c] = draw() & 1 ? HUGE_VAL : draw_value(s.what, s.narrow);
            start[cols + c] = draw() & 1 ? -HUGE_VAL : start[c];
        }
        for (int64_t e = 2 * cols; e < 6 * cols; e++) start[e] = draw() & 1 ? 0.0 : draw_unit();
        double *stats[3];
        for (int v = 0; v < 3; v++) {
            double *low = stats[v] = COPY(double, start, 6 * cols), *sum = low + 2 * cols, *square = sum + 2 * cols;
            if (v == 2)
                oracle_measure(low, low + cols, sum, square, g.plain, count, cols, g.weights, shift);
            else
                (v == 0 ? table : &ptn_kernels_scalar)
                    ->measure(low, low + cols, sum, square, &g.source, g.first, count, g.weights, shift);
        }
        same("low, high, sum, square", stats[0], stats[1], 6 * cols, sizeof(double));
        same("low, high, sum, square (oracle)", stats[0], stats[2], 6 * cols, sizeof(double));
        space_check();
    }
}

/* Centres, steps and limits as ptn_pack makes them, some too narrow for the rows. */
static double make_frame(double *centre, double *step, double *limit, const shape *s)
{
    static const int wide_scale[KINDS] = {0, 2, 0, -1060, 450, 60}, narrow_scale[KINDS] = {0, 2, 7, -140, 60, 60};
    int scale = s->narrow ? narrow_scale[s->what] : wide_scale[s->what], unit = scale < -1000 ? -1000 : scale;
    for (int64_t c = 0; c < s->cols; c++) {
        int own = scale - unit + (draw_from(0, 15) == 0 ? (int)draw_from(-6, 0) : (int)draw_from(1, 3));
        own = own < -100 ? -100 : own;
        centre[c] = draw_value(s->what, s->narrow);
        step[c] = ldexp(1.0, own - (int)(draw() & 1 ? 23 : draw_from(1, 23)));
        limit[c] = draw_from(0, 40) == 0 ? 0.0 : ldexp(1.0, own);
    }
    return ldexp(1.0, -unit);
}

void check_pack(const ptn_kernels *table)
{
    shape s;
    for (int64_t number = 0; next_shape(&s, number); number++) {
        int64_t count = draw_from(1, PTN_TILE), cols = s.cols, cells = cols * PTN_TILE;
        static const double strange[] = {(double)NAN, HUGE_VAL, -HUGE_VAL, 1e38, -1e38, 0.0, -0.0};
        shape_case("pack", &s, count);
        given_rows g = given_make(s.what, count, cols, s.narrow, false);
        double *centre = SPACE(double, cols), *step = SPACE(double, cols), *limit = SPACE(double, cols);
        double inverse_unit = make_frame(centre, step, limit, &s);
        for (int64_t pokes = draw_from(0, 2); pokes > 0; pokes--)
            poke(&g, draw_from(0, count - 1), draw_from(0, cols - 1), strange[draw_from(0, 6)]);
        int64_t at = draw_from(0, cols - 1); /* at the limit, and just beyond it */
        if (limit[at] > 0.0) poke(&g, 0, at, centre[at] + (limit[at] + (draw() & 1 ? step[at] : 0.0)) / inverse_unit);
        float *tile = SPACE(float, cells), *reference = SPACE(float, cells), *plain = SPACE(float, cols);
        uint16_t beyond = table->pack(tile, &g.source, g.first, count, centre, inverse_unit, step, limit), wanted = 0;
        uint16_t scalar =
            ptn_kernels_scalar.pack(reference, &g.source, g.first, count, centre, inverse_unit, step, limit);
        same("tile", tile, reference, cells, sizeof(float));
        for (int64_t l = 0; l < PTN_TILE; l++) {
            memset(plain, 0, (size_t)cols * sizeof *plain);
            if (l < count && oracle_pack(plain, g.plain + l * cols, cols, centre, inverse_unit, step, limit))
                wanted = (uint16_t)(wanted | 1u << l);
            for (int64_t c = 0; c < cols; c++)
                near("a packed value", (double)tile[c * PTN_TILE + l], (double)plain[c], 0.0);
        }
        if (beyond != scalar || beyond != wanted) wrong("rows beyond: %x, %x, oracle %x", beyond, scalar, wanted);
        space_check();
    }
}

static uint8_t *make_labels(int64_t count, int32_t k)
{
    uint8_t *labels = SPACE(uint8_t, count);
    for (int64_t i = 0; i < count; i++) labels[i] = (uint8_t)draw_from(0, k - 1);
    return labels;
}

void check_exact_sums(const ptn_kernels *table)
{
    shape s;
    for (int64_t number = 0; next_shape(&s, number); number++) {
        int32_t k = number % 97 == 0 ? 256 : (int32_t)draw_from(1, 64);
        int64_t count = draw_from(1, 300), cols = s.cols, each = k * cols;
        shape_case("exact_sums", &s, count);
        given_rows g = given_make(s.what, count, cols, s.narrow, s.weighted);
        uint8_t *labels = make_labels(count, k);
        double *start = SPACE(double, each), *hi[2], *lo[2];
        for (int64_t e = 0; e < each; e++) start[e] = draw() & 1 ? 0.0 : draw_value(s.what, s.narrow);
        for (int v = 0; v < 2; v++) {
            hi[v] = COPY(double, start, each);
            lo[v] = SPACE(double, each);
            memset(lo[v], 0, (size_t)each * sizeof(double));
            (v == 0 ? table : &ptn_kernels_scalar)
                ->exact_sums(hi[v], lo[v], &g.source, g.first, count, labels, g.weights);
        }
        same("hi", hi[0], hi[1], each, sizeof(double));
        same("lo", lo[0], lo[1], each, sizeof(double));
        for (int64_t e = 0; e < each; e++) {
            oracle_sum error = oracle_exact_error(hi[0][e], lo[0][e], start[e], g.plain, count, cols, labels, g.weights,
                                                  (int32_t)(e / cols), e % cols);
            double n = 2.0 * (double)count + 4.0; /* rounding of rounding errors, and products near the denormals */
            near("hi + lo, less the sum", (double)error.value, 0.0,
                 n * n * 0x1p-106 * (double)error.size + (s.weighted ? n * 0x1p-1071 : 0.0));
        }
        space_check();
    }
}

void check_inertia(const ptn_kernels *table)
{
    static const int wide_unit[KINDS] = {0, 1, 0, -1000, 450, 60}, narrow_unit[KINDS] = {0, 1, 0, -140, 60, 60};
    shape s;
    for (int64_t number = 0; next_shape(&s, number); number++) {
        int32_t k = number % 97 == 0 ? 256 : (int32_t)draw_from(1, 64);
        int64_t count = draw_from(1, 100), cols = s.cols;
        double inverse_unit = ldexp(1.0, -(s.narrow ? narrow_unit : wide_unit)[s.what]);
        shape_case("inertia", &s, count);
        given_rows g = given_make(s.what, count, cols, s.narrow, s.weighted);
        int32_t together = (int32_t)draw_from(1, PTN_TOGETHER);
        double *start = SPACE(double, 8 * together), *lanes[2];
        ptn_clusters clusters[PTN_TOGETHER];
        for (int32_t r = 0; r < together; r++) {
            double *centroids = SPACE(double, (k * cols));
            for (int64_t e = 0; e < k * cols; e++) centroids[e] = draw_value(s.what, s.narrow);
            clusters[r] = (ptn_clusters){make_labels(count, k), centroids};
        }
        for (int l = 0; l < 8 * together; l++) start[l] = fabs(draw_unit());
        for (int v = 0; v < 2; v++) {
            lanes[v] = COPY(double, start, 8 * together);
            (v == 0 ? table : &ptn_kernels_scalar)
                ->inertia(lanes[v], &g.source, g.first, count, clusters, together, g.weights, inverse_unit);
        }
        same("lanes", lanes[0], lanes[1], 8 * together, sizeof(double));
        for (int l = 0; l < 8 * together; l++) {
            oracle_sum sum = oracle_lane_inertia(g.plain, count, cols, clusters[l / 8].labels, g.weights,
                                                 clusters[l / 8].centroids, inverse_unit, l % 8);
            double size = (double)sum.size + start[l];
            near("a lane", lanes[0][l], start[l] + (double)sum.value,
                 ((double)(count * cols) / 8.0 + 8.0) * 0x1p-52 * size);
        }
        space_check();
    }
}

void check_logs(const ptn_kernels *table)
{
    for (int64_t number = 0; number < 2000; number++) {
        int64_t count = draw_from(0, 70);
        case_is("logs", "count %lld", (long long)count);
        double *values = SPACE(double, count), *wanted = SPACE(double, count);
        for (int64_t i = 0; i < count; i++) {
            values[i] = ldexp(1.0 + fabs(draw_unit()), (int)draw_from(-70, number % 2 == 0 ? 8 : 900));
            if (draw_from(0, 9) == 0) values[i] = (double)draw_from(0, 3) / (double)draw_from(1, 3);
            wanted[i] = ptn_log1p(values[i]);
        }
        table->logs(values, count);
        same("logarithms", values, wanted, count, sizeof(double));
        space_check();
    }
}

/* Bit `k` of them is whether it holds. */
static void set_bit(uint64_t *bits, int32_t k, bool holds) { *bits |= (uint64_t)holds << k; }

void check_line_bits(const ptn_kernels *table)
{
    for (int64_t number = 0; number < 3000; number++) {
        int64_t lines = draw_from(1, 200), first = draw_from(0, 2) == 0 ? 0 : draw_from(0, lines - 1);
        int64_t most = lines - first < PTN_LINES ? lines - first : PTN_LINES, few = draw_from(1, 4);
        int32_t count = (int32_t)draw_from(0, most);
        int64_t *stamps = SPACE(int64_t, lines), *wide = SPACE(int64_t, lines);
        int32_t *customers = SPACE(int32_t, lines), *amounts = SPACE(int32_t, lines);
        uint64_t *keys = SPACE(uint64_t, lines);
        uint32_t *short_keys = SPACE(uint32_t, lines);
        ptn_lines l = {.stamps = stamps, .customers = customers, .told_by = ~INT64_C(31), .some = 8, .back = 17};
        ptn_line_bits got, wanted = {0};
        for (int64_t i = 0; i < lines; i++) {
            stamps[i] = draw_from(-2, 2) * (INT64_C(1) << (draw_from(0, 1) * 40 + 6)) + draw_from(0, 31);
            customers[i] = (int32_t)draw_from(0, few) - 1;
            wide[i] = draw_from(0, 4) == 0 ? INT64_MAX - draw_from(0, 1) : draw_from(-1, 1) * (INT64_C(1) << 40);
            if (draw_from(0, 4) == 0) wide[i] = draw_from(-2, 2);
            amounts[i] = draw_from(0, 4) == 0 ? INT32_MIN : (int32_t)draw_from(-1, 1);
            keys[i] = (uint64_t)draw_from(0, 1) << 63 | (uint64_t)draw_from(0, few - 1);
            short_keys[i] = (uint32_t)draw_from(0, 1) << 31;
            if (i == 0 || draw_from(0, 1) == 0) continue;
            stamps[i] = (stamps[i - 1] & l.told_by) | (stamps[i] & 31);
            customers[i] = customers[i - 1];
            keys[i] = keys[i - 1];
            short_keys[i] = short_keys[i - 1];
        }
        l.last = draw_from(0, 3) == 0 ? INT64_MAX : stamps[draw_from(0, lines - 1)];
        bool wide_amounts = draw_from(0, 1) == 0;
        int64_t orders = draw_from(0, 2);
        if (wide_amounts)
            l.wide_amounts = wide;
        else
            l.amounts = amounts;
        if (orders == 1) l.wide_orders = keys;
        if (orders == 2) l.orders = short_keys;
        case_is("line_bits", "%lld lines, %d from %lld, %s amounts, orders %lld", (long long)lines, (int)count,
                (long long)first, wide_amounts ? "wide" : "narrow", (long long)orders);
        wanted.starts = 1;
        for (int32_t k = 0; k < count; k++) {
            int64_t i = first + k, amount = wide_amounts ? wide[i] : amounts[i];
            set_bit(&wanted.starts, k,
                    k == 0 || stamps[i] >> 5 != stamps[i - 1] >> 5 || customers[i] != customers[i - 1] ||
                        (orders == 1 && keys[i] != keys[i - 1]) || (orders == 2 && short_keys[i] != short_keys[i - 1]));
            set_bit(&wanted.some, k, (stamps[i] >> 3) % 2 != 0);
            set_bit(&wanted.back, k, stamps[i] % 2 != 0 || (stamps[i] >> 4) % 2 != 0);
            set_bit(&wanted.later, k, stamps[i] > l.last);
            set_bit(&wanted.negative, k, amount < 0);
            set_bit(&wanted.zero, k, amount == 0);
        }
        table->line_bits(&got, &l, first, count);
        same("bits", &got, &wanted, 1, sizeof got);
        space_check();
    }
}
