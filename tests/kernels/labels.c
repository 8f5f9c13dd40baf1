/* SPDX-License-Identifier: GPL-3.0-or-later */
/* assign, with the filter it is meant for: scores may differ in their last bits from level to level, so it is held to
   the rule of labels (cluster/filter.h) in double, by a loop of the test's own.

     - a row that is not in doubt has the rule's label;
     - a tile that is not listed holds the rule's labels already;
     - a tile whose bound is above filter.passed may be left alone: its rows keep the rule's label, however centroids
       moved, if the two that moved most moved by no more than was said. */
#include "kernels/harness.h"

#include <math.h>
#include <string.h>

#include "cluster/filter.h"

enum { COLS = 40, MOST_K = 64 };

typedef struct problem {
    kind what;
    int64_t rows, cols, tiles;
    int32_t k;
    bool twins;
    bool fair; /* nothing about it is unusual: hardly a row may be in doubt */
    double *x; /* rows x cols, the caller's */
    double unit;
    ptn_frame frame;
    float *values;
    double *centroids;
    int32_t *rule; /* what the rule says for each row */
    uint8_t *labels;
    ptn_filter filter;
    double *margins; /* NULL, or those of the filter */
    double *scratch;
} problem;

/* What tests saw, so that they cannot pass by looking at nothing. */
static int64_t plain_rows, plain_doubts, tiles_passed, tiles_read;

/* The rule, written again. */
static int32_t rule_of(const problem *p, const double *centroids, int64_t row)
{
    int32_t label = 0;
    double best = HUGE_VAL;
    for (int32_t j = 0; j < p->k; j++) {
        double sum = 0.0;
        for (int64_t c = 0; c < p->cols; c++) {
            double difference = (p->x[row * p->cols + c] - centroids[j * p->cols + c]) * p->frame.inverse_unit;
            sum += difference * difference;
        }
        if (sum < best) {
            best = sum;
            label = j;
        }
    }
    return label;
}

static void make_rows(problem *p)
{
    p->x = SPACE(double, p->rows * p->cols);
    for (int64_t i = 0; i < p->rows; i++)
        for (int64_t c = 0; c < p->cols; c++) {
            double value = draw_value(p->what == MIXED ? PLAIN : p->what, false);
            if (p->what == MIXED) value = ldexp(value, (int)((c * 7) % 40) - 20) + (double)(c % 3);
            p->x[i * p->cols + c] = value;
        }
}

/* A footing as ptn_pack would choose it: no row is beyond its limits. */
static void make_frame(problem *p)
{
    ptn_frame *f = &p->frame;
    int bits = draw_from(0, 3) == 0 ? (int)draw_from(8, 22) : 23, exponent = 0;
    double widest = 0.0;
    p->fair = p->what == PLAIN && !p->twins && bits == 23;
    *f = (ptn_frame){p->cols, 0.0, SPACE(double, p->cols), SPACE(double, p->cols), SPACE(double, p->cols)};
    for (int64_t c = 0; c < p->cols; c++) {
        f->centre[c] = p->x[draw_from(0, p->rows - 1) * p->cols + c];
        f->reach[c] = 0.0;
        for (int64_t i = 0; i < p->rows; i++)
            f->reach[c] = fmax(f->reach[c], fabs(p->x[i * p->cols + c] - f->centre[c]));
        widest = fmax(widest, f->reach[c]);
    }
    if (widest > 0.0) frexp(widest, &exponent);
    exponent = exponent < -1000 ? -1000 : exponent;
    p->unit = ldexp(1.0, exponent);
    f->inverse_unit = ldexp(1.0, -exponent);
    for (int64_t c = 0; c < p->cols; c++) {
        int own = 0;
        double reach = f->reach[c] * f->inverse_unit;
        if (reach > 0.0) frexp(reach, &own);
        own = own < -100 ? -100 : own;
        f->step[c] = ldexp(1.0, own - bits);
        f->reach[c] = reach > 0.0 ? ldexp(1.0, own) : 0.0;
    }
}

static void pack_rows(problem *p)
{
    ptn_source source = {p->x, p->cols, p->cols, false};
    p->values = SPACE(float, p->tiles * p->cols * PTN_TILE);
    for (int64_t t = 0; t < p->tiles; t++) {
        int64_t left = p->rows - t * PTN_TILE;
        if (ptn_kernels_scalar.pack(p->values + t * p->cols * PTN_TILE, &source, t * PTN_TILE,
                                    left < PTN_TILE ? left : PTN_TILE, p->frame.centre, p->frame.inverse_unit,
                                    p->frame.step, p->frame.reach) != 0)
            wrong("a row does not fit its own footing");
    }
}

/* Rows, places between two rows, places anywhere; now and then one twice, and one far away. */
static void make_centroids(problem *p)
{
    int64_t cols = p->cols, all = p->k * cols;
    int32_t far = draw_from(0, 7) == 0 ? (int32_t)draw_from(0, p->k - 1) : -1;
    p->centroids = SPACE(double, all);
    p->fair = p->fair && far < 0;
    for (int32_t j = 0; j < p->k; j++) {
        double *to = p->centroids + j * cols;
        const double *a = p->x + draw_from(0, p->rows - 1) * cols, *b = p->x + draw_from(0, p->rows - 1) * cols;
        double share = draw_from(0, 2) == 0 ? 0.0 : draw() & 1 ? 0.5 : fabs(draw_unit());
        for (int64_t c = 0; c < cols; c++) to[c] = a[c] + share * (b[c] - a[c]);
        if (j == far && p->what != LARGE)
            for (int64_t c = 0; c < cols; c++) to[c] = p->frame.centre[c] + 1000.0 * (to[c] - p->frame.centre[c]);
        if (p->twins && j > 0 && draw_from(0, 3) == 0)
            memcpy(to, p->centroids + draw_from(0, j - 1) * cols, (size_t)cols * sizeof *to);
    }
}

static problem make_problem(const char *kernel, int64_t cols, int32_t k, int64_t tiles)
{
    problem p = {.what = (kind)draw_from(0, KINDS - 1), .cols = cols, .tiles = tiles, .k = k};
    p.rows = tiles * PTN_TILE - draw_from(0, PTN_TILE - 1);
    p.twins = draw_from(0, 5) == 0;
    case_is(kernel, "%lld rows x %lld, k = %d, kind %d%s", (long long)p.rows, (long long)cols, (int)k, (int)p.what,
            p.twins ? ", twins" : "");
    make_rows(&p);
    make_frame(&p);
    pack_rows(&p);
    make_centroids(&p);
    p.rule = SPACE(int32_t, p.rows);
    for (int64_t i = 0; i < p.rows; i++) p.rule[i] = rule_of(&p, p.centroids, i);
    p.labels = SPACE(uint8_t, tiles * PTN_TILE);
    ptn_filter_place(&p.filter, SPACE(float, ptn_filter_floats(k, cols)), k, cols);
    p.scratch = SPACE(double, cols);
    return p;
}

/* What assign said of tiles `active`, where it read all but those in `passed` (NULL: none). */
static double distance_to(const problem *p, int64_t row, int32_t j)
{
    double square = 0.0;
    for (int64_t c = 0; c < p->cols; c++) {
        double difference = (p->x[row * p->cols + c] - p->centroids[j * p->cols + c]) * p->frame.inverse_unit;
        square += difference * difference;
    }
    return square;
}

/* A row beyond doubt lies farther from every other cluster than from its own, by both margins. */
static void check_margins(const problem *p, int64_t row)
{
    double own = distance_to(p, row, p->rule[row]);
    for (int32_t j = 0; j < p->k; j++) {
        bool twin = false; /* of one before: it leaves the filter */
        for (int32_t i = 0; i < j; i++)
            twin = twin || memcmp(p->centroids + j * p->cols, p->centroids + i * p->cols,
                                  (size_t)p->cols * sizeof(double)) == 0;
        double apart = distance_to(p, row, j) - own, margins = p->margins[j] + p->margins[p->rule[row]];
        if (j != p->rule[row] && !twin && apart < margins * (1.0 - 1e-9))
            wrong("row %lld: beyond doubt, and %g from a border of %g", (long long)row, apart, margins);
    }
}

static void check_active(const problem *p, const ptn_active *active, int32_t count, const bool *passed)
{
    int32_t a = 0;
    for (int64_t t = 0; t < p->tiles; t++) {
        const ptn_active *here = a < count && active[a].tile == t ? &active[a++] : NULL;
        if (passed != NULL && passed[t] && here != NULL)
            wrong("tile %lld is beyond its bound, and listed", (long long)t);
        if (passed != NULL && passed[t]) continue;
        if (here != NULL && (here->changed | here->doubt) == 0) wrong("tile %lld is listed for nothing", (long long)t);
        for (int64_t l = 0; l < PTN_TILE; l++) {
            int64_t i = t * PTN_TILE + l;
            bool doubt = here != NULL && here->doubt >> l & 1;
            int32_t label = here != NULL ? here->labels[l] : p->labels[i];
            if (here != NULL && (here->changed >> l & 1) != (label != p->labels[i]))
                wrong("row %lld: changed is wrong", (long long)i);
            if (label >= p->k) wrong("row %lld: label %d of %d", (long long)i, (int)label, (int)p->k);
            if (i >= p->rows) continue;
            if (!doubt && label != p->rule[i])
                wrong("row %lld: label %d beyond doubt, %d by the rule", (long long)i, (int)label, (int)p->rule[i]);
            if (!doubt && here != NULL && p->margins != NULL) check_margins(p, i);
            plain_rows += p->fair;
            plain_doubts += p->fair && doubt;
        }
    }
    if (a != count) wrong("%d tiles listed, not in order", (int)count);
}

static void assign_case(const ptn_kernels *table, int64_t cols, int32_t k, int64_t tiles)
{
    problem p = make_problem("assign", cols, k, tiles);
    if (draw_from(0, 3) == 0) {
        p.margins = SPACE(double, k);
        for (int32_t j = 0; j < k; j++) p.margins[j] = draw_from(0, 2) == 0 ? fabs(draw_unit()) * 0.01 : 0.0;
        p.fair = false;
    }
    float *bounds = draw() & 1 ? SPACE(float, tiles) : NULL;
    ptn_active *active = SPACE(ptn_active, tiles);
    bool settled = draw() & 1;
    ptn_filter_set(&p.filter, &p.frame, p.centroids, fabs(draw_unit()), p.margins, p.scratch);
    for (int64_t i = 0; i < tiles * PTN_TILE; i++)
        p.labels[i] = (uint8_t)(settled && i < p.rows ? p.rule[i] : draw_from(0, k - 1));
    for (int64_t t = 0; bounds != NULL && t < tiles; t++) bounds[t] = -HUGE_VALF;
    int32_t count = table->assign(active, &p.filter, p.values, p.labels, bounds, (int32_t)tiles);
    check_active(&p, active, count, NULL);
    space_check();
}

void check_assign(const ptn_kernels *table)
{
    plain_rows = plain_doubts = 0;
    for (int64_t cols = 1; cols <= COLS; cols++)
        for (int32_t k = 1; k <= MOST_K; k++) assign_case(table, cols, k, draw_from(1, 3));
    for (int number = 0; number < 12; number++) {
        assign_case(table, 3 + number * 3, 256, 8);
        assign_case(table, 64 + number, 5, 10);
        assign_case(table, 120 + number * 3, 10, 6);
    }
    if (plain_doubts * 100 > plain_rows)
        wrong("%lld of %lld plain rows are in doubt", (long long)plain_doubts, (long long)plain_rows);
}

/* By how much the two centroids that moved most moved, in packed units. */
static double travel(const problem *p, const double *to)
{
    double first = 0.0, second = 0.0;
    for (int32_t j = 0; j < p->k; j++) {
        double square = 0.0;
        for (int64_t c = 0; c < p->cols; c++) {
            double shift = (to[j * p->cols + c] - p->centroids[j * p->cols + c]) * p->frame.inverse_unit;
            square += shift * shift;
        }
        double distance = sqrt(square) * (1.0 + 0x1p-30);
        second = fmax(second, fmin(distance, first));
        first = fmax(first, distance);
    }
    return first + second;
}

/* Moves centroid j by `distance` (packed units) away from a row, or nearer to it where that is negative. */
static void push(double *to, const problem *p, int32_t j, int64_t row, double distance)
{
    double square = 0.0;
    for (int64_t c = 0; c < p->cols; c++) {
        double difference = (p->centroids[j * p->cols + c] - p->x[row * p->cols + c]) * p->frame.inverse_unit;
        square += difference * difference;
    }
    for (int64_t c = 0; c < p->cols && square > 0.0; c++) {
        double difference = p->centroids[j * p->cols + c] - p->x[row * p->cols + c];
        to[j * p->cols + c] = p->centroids[j * p->cols + c] + difference * (distance / sqrt(square));
    }
}

/* Centroids that have moved by `room`, so as to turn the row of the tile that turns most easily. */
static double *move_centroids(const problem *p, int64_t tile, double room)
{
    double *to = COPY(double, p->centroids, p->k * p->cols), least = HUGE_VAL;
    int64_t weakest = tile * PTN_TILE;
    int32_t rival = 0;
    for (int64_t i = tile * PTN_TILE; i < p->rows && i < (tile + 1) * PTN_TILE; i++)
        for (int32_t j = 0; j < p->k; j++) {
            double own = 0.0, other = 0.0;
            for (int64_t c = 0; c < p->cols; c++) {
                double x = p->x[i * p->cols + c];
                own += pow((x - p->centroids[p->rule[i] * p->cols + c]) * p->frame.inverse_unit, 2.0);
                other += pow((x - p->centroids[j * p->cols + c]) * p->frame.inverse_unit, 2.0);
            }
            if (j == p->rule[i] || !(sqrt(other) - sqrt(own) < least)) continue;
            least = sqrt(other) - sqrt(own);
            weakest = i;
            rival = j;
        }
    for (int32_t j = 0; j < p->k; j++)
        push(to, p, j, weakest,
             j == p->rule[weakest] ? room / 2.0
             : j == rival          ? -room / 2.0
                                   : draw_unit() * room / 2.0);
    return to;
}

static void bounds_case(const ptn_kernels *table, int64_t cols, int32_t k, int64_t tiles)
{
    problem p = make_problem("bounds", cols, k, tiles);
    double travelled = draw() & 1 ? 0.0 : fabs(draw_unit()) * 4.0;
    float *bounds = SPACE(float, tiles);
    ptn_active *active = SPACE(ptn_active, tiles);
    bool *passed = SPACE(bool, tiles);
    ptn_filter_set(&p.filter, &p.frame, p.centroids, travelled, NULL, p.scratch);
    memset(p.labels, 0, (size_t)(tiles * PTN_TILE));
    for (int64_t i = 0; i < p.rows; i++) p.labels[i] = (uint8_t)p.rule[i];
    for (int64_t t = 0; t < tiles; t++) bounds[t] = -HUGE_VALF;
    check_active(&p, active, table->assign(active, &p.filter, p.values, p.labels, bounds, (int32_t)tiles), NULL);
    int64_t tile = draw_from(0, tiles - 1);
    double room = (double)bounds[tile] - travelled;
    if (room > 0.0 && room < HUGE_VAL && k > 1) {
        static const double shares[] = {0.3, 0.9, 0.99, 0.9999};
        double *to = move_centroids(&p, tile, room * shares[draw_from(0, 3)]);
        ptn_filter_set(&p.filter, &p.frame, to, travelled + travel(&p, to), NULL, p.scratch);
        float *before = COPY(float, bounds, tiles);
        for (int64_t i = 0; i < p.rows; i++) {
            int32_t label = rule_of(&p, to, i);
            if (bounds[i / PTN_TILE] > p.filter.passed && label != p.rule[i])
                wrong("row %lld went from %d to %d, and its tile's bound says no row would", (long long)i,
                      (int)p.rule[i], (int)label);
            p.rule[i] = label;
        }
        for (int64_t t = 0; t < tiles; t++) {
            passed[t] = bounds[t] > p.filter.passed;
            tiles_passed += passed[t];
        }
        check_active(&p, active, table->assign(active, &p.filter, p.values, p.labels, bounds, (int32_t)tiles), passed);
        for (int64_t t = 0; t < tiles; t++)
            if (passed[t]) same("the bound of a tile that was not read", bounds + t, before + t, 1, sizeof(float));
    }
    tiles_read += tiles;
    space_check();
}

void check_bounds(const ptn_kernels *table)
{
    tiles_passed = tiles_read = 0;
    for (int64_t cols = 1; cols <= COLS; cols++)
        for (int32_t k = 1; k <= MOST_K; k += k < 12 ? 1 : 4)
            for (int repeat = 0; repeat < 3; repeat++) bounds_case(table, cols, k, draw_from(1, 3));
    for (int number = 0; number < 12; number++) {
        bounds_case(table, 3 + number * 3, 256, 4);
        bounds_case(table, 64 + number * 6, 5, 6);
    }
    if (tiles_passed * 10 < tiles_read)
        wrong("only %lld of %lld tiles were passed over", (long long)tiles_passed, (long long)tiles_read);
}
