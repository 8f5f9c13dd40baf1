/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "generate.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "shop/draw.h"

enum { BY_ROW, BY_BLOB, BY_COLUMN, BY_BLOCK, BY_SAMPLE }; /* purposes of draws */

/* The features that columns are made of; columns beyond them are mixtures, as a shop's own columns would be. */
enum {
    RECENCY,
    ORDERS,
    MONETARY,
    ORDER_VALUE,
    TENURE,
    GAP,
    UNITS,
    PRODUCTS,
    GAP_VARIATION,
    RECENT_ORDERS,
    ORDER_UNITS,
    CATEGORIES,
    DISCOUNT_SHARE,
    RETURN_SHARE,
    WEEKEND_SHARE,
    LARGEST_ORDER,
    FEATURES
};

enum {
    BLOBS = 5,
    CORNER_AXES = 4,
    FAR_BLOCK = 20000,
    TURN = 64,
    SAMPLE = 1 << 14,
    MOST_THREADS = 64,
    OUTLIER_ROW = 777
};

#define FAR_OFF 1e6

static const char *const names[GENERATE_KINDS] = {"purchase", "blobs",    "gaussian", "far",    "optima",
                                                  "sorted",   "periodic", "outlier",  "unequal"};

/* What a kind of customer does. Logarithms are natural. */
typedef struct customer_kind {
    double share;
    double log_rate, rate_spread; /* orders a year */
    double log_value, value_spread;
    double still_here; /* the probability of not having left */
    double items;      /* beyond the first, in an order */
    double discount, returns, weekend;
} customer_kind;

static const customer_kind customer_kinds[] = {
    {0.16, 3.00, 0.45, 3.47, 0.45, 0.90, 6.0, 0.10, 0.02, 0.30},  /* regulars */
    {0.34, 1.39, 0.60, 3.87, 0.60, 0.60, 2.5, 0.20, 0.05, 0.35},  /* now and then */
    {0.27, -0.22, 0.50, 4.09, 0.80, 0.25, 0.8, 0.15, 0.04, 0.45}, /* mostly once */
    {0.18, 1.95, 0.50, 2.89, 0.40, 0.70, 3.0, 0.70, 0.06, 0.25},  /* bargain hunters */
    {0.05, 2.64, 0.60, 4.79, 0.60, 0.85, 5.0, 0.05, 0.08, 0.30}   /* few who spend much */
};

const char *generate_name(int32_t kind) { return kind >= 0 && kind < GENERATE_KINDS ? names[kind] : "?"; }

int32_t generate_find(const char *name)
{
    for (int32_t kind = 0; kind < GENERATE_KINDS; kind++)
        if (strcmp(names[kind], name) == 0) return kind;
    return -1;
}

/* Marsaglia's polar method. */
static double normal(draw *d)
{
    for (;;) {
        double x = 2.0 * draw_unit(d) - 1.0, y = 2.0 * draw_unit(d) - 1.0, square = x * x + y * y;
        if (square < 1.0 && square > 0.0) return x * sqrt(-2.0 * fixed_log(square) / square);
    }
}

static double log_normal(draw *d, double mean, double spread) { return fixed_exp(mean + spread * normal(d)); }

static double log1(double x) { return fixed_log(1.0 + x); }

static double share(draw *d, double mean)
{
    double x = mean + 0.12 * normal(d);
    return x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x;
}

static const customer_kind *kind_at(double u)
{
    int32_t kind = 0, last = (int32_t)(sizeof customer_kinds / sizeof *customer_kinds) - 1;
    while (kind < last && u >= customer_kinds[kind].share) u -= customer_kinds[kind++].share;
    return &customer_kinds[kind];
}

/* One customer: when they came, whether they left, how often and for how much they bought. Orders are whole numbers,
   so that values repeat, as a shop's do. */
static void customer(double f[FEATURES], draw *d, const customer_kind *kind)
{
    double tenure = 30.0 + 1065.0 * draw_unit(d);
    double span = draw_unit(d) < kind->still_here ? tenure : tenure * draw_unit(d);
    double rate = log_normal(d, kind->log_rate, kind->rate_spread) / 365.0;
    double orders = 1.0 + floor(rate * span * log_normal(d, 0.0, 0.2));
    double recency = tenure - span + draw_exponential(d) * span / orders;
    double value = log_normal(d, kind->log_value, kind->value_spread);
    double order_units = 1.0 + kind->items * log_normal(d, 0.0, 0.4), units = floor(orders * order_units);
    double products = floor(1.0 + log_normal(d, 0.7 * log1(units), 0.25));
    f[RECENCY] = log1(floor(recency < tenure ? recency : tenure));
    f[ORDERS] = log1(orders);
    f[MONETARY] = log1(orders * value * log_normal(d, 0.0, 0.05));
    f[ORDER_VALUE] = log1(value);
    f[TENURE] = log1(floor(tenure));
    /* Who bought once has no gap; the median stands in, as the scaler's fill would have it. */
    f[GAP] = log1(orders > 1.5 ? span / (orders - 1.0) * log_normal(d, 0.0, 0.15) : 90.0);
    f[UNITS] = log1(units);
    f[PRODUCTS] = log1(products);
    f[GAP_VARIATION] = log1(orders > 2.5 ? log_normal(d, -0.3, 0.4) : 0.7);
    f[RECENT_ORDERS] = log1(recency < 90.0 ? floor(rate * 90.0 + draw_unit(d)) : 0.0);
    f[ORDER_UNITS] = log1(order_units);
    f[CATEGORIES] = log1(floor(1.0 + 0.4 * products * draw_unit(d)));
    f[DISCOUNT_SHARE] = share(d, kind->discount);
    f[RETURN_SHARE] = share(d, kind->returns);
    f[WEEKEND_SHARE] = share(d, kind->weekend);
    f[LARGEST_ORDER] = log1(value * (1.0 + 0.3 * log1(orders) * draw_exponential(d)));
}

static void purchase(double *out, const generator *g, draw *d, const customer_kind *kind)
{
    double f[FEATURES];
    customer(f, d, kind);
    for (int64_t c = 0; c < g->cols; c++) {
        if (c < FEATURES) {
            out[c] = f[c];
            continue;
        }
        draw mixture = draw_open(g->seed, (uint64_t)c, BY_COLUMN, 0);
        double first = f[draw_below(&mixture, FEATURES)], second = f[draw_below(&mixture, FEATURES)];
        double weight = draw_unit(&mixture);
        out[c] = weight * first + (1.0 - weight) * second + 0.5 * normal(d);
    }
}

static void scale(double *out, const generator *g)
{
    for (int64_t c = 0; c < g->cols; c++) out[c] = (out[c] - g->mean[c]) / g->deviation[c];
}

static void blob(double *out, const generator *g, draw *d)
{
    static const double shares[BLOBS] = {0.30, 0.25, 0.20, 0.15, 0.10};
    double u = draw_unit(d);
    uint64_t which = 0;
    while (which < BLOBS - 1 && u >= shares[which]) u -= shares[which++];
    draw centre = draw_open(g->seed, which, BY_BLOB, 0);
    for (int64_t c = 0; c < g->cols; c++) out[c] = 10.0 * normal(&centre) + normal(d);
}

/* Sides differ by 1 % from axis to axis, so that cutting along one is a little better than along the next. */
static void corner(double *out, const generator *g, draw *d)
{
    int64_t which = draw_below(d, 1 << CORNER_AXES);
    for (int64_t c = 0; c < g->cols; c++) {
        double side = c < CORNER_AXES ? 1.0 + 0.01 * (double)c : 0.0;
        out[c] = ((which >> (c < CORNER_AXES ? c : 0) & 1) != 0 ? side : -side) + 0.25 * normal(d);
    }
}

static bool is_far(const generator *g, int64_t row)
{
    draw d = draw_open(g->seed, (uint64_t)(row / FAR_BLOCK), BY_BLOCK, 0);
    return row % FAR_BLOCK == draw_below(&d, FAR_BLOCK);
}

void generate_row(double *out, const generator *g, int64_t row)
{
    draw d = draw_open(g->seed, (uint64_t)row, BY_ROW, 0);
    if (g->kind == GENERATE_BLOBS) {
        blob(out, g, &d);
    } else if (g->kind == GENERATE_OPTIMA) {
        corner(out, g, &d);
    } else if (g->kind == GENERATE_GAUSSIAN) {
        for (int64_t c = 0; c < g->cols; c++) out[c] = normal(&d);
    } else if (g->kind == GENERATE_FAR && is_far(g, row)) {
        /* So far that these few rows weigh more than all others together. */
        for (int64_t c = 0; c < g->cols; c++) out[c] = 150.0 + 0.5 * normal(&d);
    } else {
        double u = draw_unit(&d);
        if (g->kind == GENERATE_PERIODIC) u = ((double)(row % TURN) + 0.5) / TURN;
        purchase(out, g, &d, kind_at(u));
        scale(out, g);
    }
    if (g->kind == GENERATE_OUTLIER && row == OUTLIER_ROW) out[0] = FAR_OFF;
    if (g->kind == GENERATE_UNEQUAL) out[g->cols - 1] *= FAR_OFF;
    for (int64_t c = 0; !g->fine && c < g->cols; c++) out[c] = (double)(float)out[c];
}

/* Columns are scaled by the mean and deviation of a sample, so that a row does not depend on how many there are. */
void generate_open(generator *g, int32_t kind, uint64_t seed, int64_t cols, bool fine)
{
    double row[GENERATE_MOST_COLS];
    *g = (generator){.kind = kind, .fine = fine, .cols = cols, .seed = seed};
    for (int64_t i = 0; i < SAMPLE; i++) {
        draw d = draw_open(seed, (uint64_t)i, BY_SAMPLE, 0);
        double u = draw_unit(&d);
        purchase(row, g, &d, kind_at(u));
        for (int64_t c = 0; c < cols; c++) {
            double step = row[c] - g->mean[c];
            g->mean[c] += step / (double)(i + 1);
            g->deviation[c] += step * (row[c] - g->mean[c]);
        }
    }
    for (int64_t c = 0; c < cols; c++) g->deviation[c] = sqrt(g->deviation[c] / SAMPLE);
}

typedef struct filler {
    pthread_t thread;
    const generator *g;
    void *values;
    int64_t first, end;
    bool doubles;
} filler;

static void *fill(void *given)
{
    const filler *f = given;
    double row[GENERATE_MOST_COLS];
    int64_t cols = f->g->cols;
    for (int64_t r = f->first; r < f->end; r++) {
        generate_row(row, f->g, r);
        if (f->doubles) {
            memcpy((double *)f->values + r * cols, row, (size_t)cols * sizeof *row);
        } else {
            float *out = (float *)f->values + r * cols;
            for (int64_t c = 0; c < cols; c++) out[c] = (float)row[c];
        }
    }
    return NULL;
}

typedef struct place {
    double key;
    int64_t row;
} place;

static int by_key(const void *a, const void *b)
{
    const place *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : (x->row > y->row) - (x->row < y->row);
}

static bool sort_rows(void *values, int64_t rows, int64_t cols, bool doubles)
{
    size_t width = (size_t)cols * (doubles ? sizeof(double) : sizeof(float));
    place *order = calloc((size_t)rows + 1, sizeof *order);
    char *copy = malloc((size_t)rows * width + 1);
    if (order == NULL || copy == NULL) {
        free(order);
        free(copy);
        return false;
    }
    for (int64_t r = 0; r < rows; r++)
        order[r] = (place){doubles ? ((const double *)values)[r * cols] : (double)((const float *)values)[r * cols], r};
    qsort(order, (size_t)rows, sizeof *order, by_key);
    memcpy(copy, values, (size_t)rows * width);
    for (int64_t r = 0; r < rows; r++)
        memcpy((char *)values + (size_t)r * width, copy + (size_t)order[r].row * width, width);
    free(order);
    free(copy);
    return true;
}

bool generate_rows(void *values, const generator *g, int64_t rows, bool doubles, int32_t threads)
{
    filler fillers[MOST_THREADS];
    int32_t count = threads > MOST_THREADS ? MOST_THREADS : threads, started = 0;
    for (; started < count; started++) {
        filler *f = &fillers[started];
        *f = (filler){0, g, values, rows * started / count, rows * (started + 1) / count, doubles};
        if (pthread_create(&f->thread, NULL, fill, f) != 0) break;
    }
    for (int32_t t = 0; t < started; t++) pthread_join(fillers[t].thread, NULL);
    if (started < count) return false;
    return g->kind != GENERATE_SORTED || sort_rows(values, rows, g->cols, doubles);
}
