/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: each label is the nearest returned centroid's, for the fit and for predict, to the last bit.

   Some 2e7 rows are labelled by the library and by the oracle; PATRON_ASSIGNMENTS in the environment asks for more. The
   centroids come in kinds that are hard to compare with; the rows lie where two of them are equally far or nearly so,
   on the centroids, around them, and anywhere. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "oracle/oracle_kmeans.h"
#include "support/fitted.h"
#include "support/suite.h"

enum { MOST_COLS = 40, MOST_K = 20, PREDICTED_ROWS = 60000, FITTED_ROWS = 12000 };

static const int64_t DEFAULT_ASSIGNMENTS = 20000000;

/* A generator of its own, so that test data do not depend on the library. */
static uint64_t state = 1;

static uint64_t next_bits(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double next_unit(void) { return (double)(next_bits() >> 11) * 0x1p-53; }

static int64_t next_below(int64_t end) { return (int64_t)((next_bits() >> 32) * (uint64_t)end >> 32); }

/* What makes centroids hard to tell apart. */
typedef enum kind {
    ROUND,      /* nothing */
    LATTICE,    /* small whole numbers: most rows tie */
    FAR_OFF,    /* an offset of 1e9 that swallows half the digits */
    UNEQUAL,    /* columns from 1e-6 to 1e6 */
    EXTREME,    /* columns of 1e150 and 1e-150, whose squares cannot be added */
    OUTLIER,    /* one value at a million times the spread */
    DENORMAL,   /* multiples of the smallest number */
    NEIGHBOURS, /* pairs of centroids one ulp apart */
    FLAT,       /* all but one column constant */
    KINDS
} kind;

/* Centroids and what they were made of. */
typedef struct model {
    kind kind;
    int64_t cols;
    int32_t k;
    bool narrow; /* all values are float32's */
    double size[MOST_COLS], offset[MOST_COLS];
    double centroids[MOST_K * MOST_COLS];
} model;

static double on_grid(const model *m, double value)
{
    if (m->kind == LATTICE) value = rint(value);
    return m->narrow ? (double)(float)value : value;
}

static double anywhere(const model *m, int64_t col)
{
    double value = (next_unit() + next_unit() - 1.0) * 8.0;
    if (m->kind == FLAT && col > 0) return m->offset[col];
    if (m->kind == LATTICE) value *= 0.5;
    return on_grid(m, value * m->size[col] + m->offset[col]);
}

static model make_model(kind of, int64_t cols, int32_t k, bool narrow)
{
    model m = {.kind = of, .cols = cols, .k = k, .narrow = narrow && of != EXTREME && of != DENORMAL};
    for (int64_t c = 0; c < cols; c++) {
        m.size[c] = 1.0;
        if (of == UNEQUAL) m.size[c] = pow(10.0, (double)(next_below(13) - 6));
        if (of == EXTREME) m.size[c] = c % 2 ? 1e-150 : 1e149;
        if (of == DENORMAL) m.size[c] = 0x1p-1068;
        if (of == FAR_OFF) m.offset[c] = narrow ? 1e4 : 1.7e9;
        if (of == FLAT && c > 0) m.offset[c] = 0.1 * (double)c;
    }
    for (int32_t j = 0; j < k; j++) {
        double *centroid = m.centroids + j * cols;
        for (int64_t c = 0; c < cols; c++) centroid[c] = anywhere(&m, c);
        if (of == NEIGHBOURS && j % 2 == 1) {
            memcpy(centroid, centroid - cols, (size_t)cols * sizeof *centroid);
            int64_t c = next_below(cols);
            centroid[c] = m.narrow ? (double)nextafterf((float)centroid[c], HUGE_VALF) : nextafter(centroid[c], 1e9);
        }
    }
    if (of == OUTLIER) m.centroids[next_below(k * cols)] = 1e6;
    return m;
}

/* One row where a label may be decided wrongly. */
static void make_row(double *row, const model *m)
{
    int64_t a = next_below(m->k), b = next_below(m->k), how = next_below(8);
    const double *one = m->centroids + a * m->cols, *other = m->centroids + b * m->cols;
    double noise = how == 3 ? 0.5 : how == 4 ? 0x1p-24 : how == 5 ? 0x1p-40 : 0.0;
    for (int64_t c = 0; c < m->cols; c++) {
        double value = how == 0 ? anywhere(m, c) : how == 1 ? one[c] : 0.5 * one[c] + 0.5 * other[c];
        if (noise > 0.0) value += noise * m->size[c] * (next_unit() - 0.5);
        row[c] = how < 2 ? value : m->narrow ? (double)(float)value : value;
    }
    if (how < 6) return; /* 2: the bisector; 6 and 7: one ulp beside it, in one column */
    int64_t c = next_below(m->cols);
    double towards = how == 6 ? -DBL_MAX : DBL_MAX;
    row[c] = m->narrow ? (double)nextafterf((float)row[c], (float)towards > 0.0f ? FLT_MAX : -FLT_MAX)
                       : nextafter(row[c], towards);
}

/* The power of two by which differences are multiplied before they are squared: the widest column's spread comes near
   1. Where exactly does not matter but for squares that vanish, and none of these kinds lies near that. */
static double scale_of(const double *values, int64_t rows, int64_t cols)
{
    double widest = 0.0;
    int exponent = 0;
    for (int64_t c = 0; c < cols; c++) {
        double low = HUGE_VAL, high = -HUGE_VAL;
        for (int64_t i = 0; i < rows; i++) {
            low = fmin(low, values[i * cols + c]);
            high = fmax(high, values[i * cols + c]);
        }
        widest = fmax(widest, high - low);
    }
    if (widest > 0.0) frexp(widest, &exponent);
    return ldexp(1.0, exponent < -1000 ? 1000 : -exponent);
}

/* A view of the table as it is, or in float32 with gaps of NaN between rows (to be freed). */
static patron_rows view_of(const table *t, bool narrow, void **block)
{
    patron_rows rows = table_view(t);
    *block = NULL;
    if (!narrow) return rows;
    rows.row_stride = t->cols + 3;
    float *values = malloc((size_t)(t->rows * rows.row_stride) * sizeof *values);
    for (int64_t i = 0; i < t->rows; i++)
        for (int64_t c = 0; c < rows.row_stride; c++)
            values[i * rows.row_stride + c] = c < t->cols ? (float)t->values[i * t->cols + c] : (float)NAN;
    rows.values = *block = values;
    rows.type = PATRON_FLOAT32;
    return rows;
}

static void same_labels(const int32_t *got, const int32_t *wanted, int64_t rows, const model *m, const char *what)
{
    if (memcmp(got, wanted, (size_t)rows * sizeof *got) == 0) return;
    for (int64_t i = 0; i < rows; i++)
        ck_assert_msg(got[i] == wanted[i], "%s, kind %d, %lld columns, k %d: row %lld has label %d; nearest is %d",
                      what, (int)m->kind, (long long)m->cols, (int)m->k, (long long)i, (int)got[i], (int)wanted[i]);
}

/* A fit whose rows are the centroids, each a cluster of its own, is a model with just these centroids. */
static int64_t predict_against(const model *m, int64_t count)
{
    table given = {(double *)(uintptr_t)m->centroids, m->k, m->cols};
    table t = {malloc((size_t)(count * m->cols) * sizeof(double)), count, m->cols};
    int32_t *got = malloc((size_t)count * sizeof *got), *wanted = malloc((size_t)count * sizeof *wanted);
    void *block;
    patron_kmeans_options options = starts(1);
    options.initial_centroids = m->centroids;
    options.max_iter = 1;
    patron_rows rows = table_view(&given);
    fitted f = fit(&rows, m->k, &options, 1);
    for (int64_t i = 0; i < count; i++) make_row(t.values + i * m->cols, m);
    rows = view_of(&t, m->narrow, &block);
    patron_context context;
    patron_context_init(&context, sizeof context);
    context.threads = 1 + (int32_t)(next_bits() >> 63);
    ck_assert_int_eq(patron_kmeans_predict(got, f.handle, &rows, &context, NULL), PATRON_OK);
    oracle_nearest_rows(wanted, t.values, count, m->cols, patron_kmeans_centroids(f.handle), m->k,
                        scale_of(m->centroids, m->k, m->cols));
    same_labels(got, wanted, count, m, "predict");
    release(&f);
    free(block);
    free(got);
    free(wanted);
    table_free(&t);
    return count;
}

/* A fit of rows around the centroids, ended after `max_iter` passes: its labels belong to the centroids it returns. */
static int64_t fit_around(const model *m, int64_t count, int32_t max_iter, bool weighted)
{
    table t = {malloc((size_t)(count * m->cols) * sizeof(double)), count, m->cols};
    double *weights = malloc((size_t)count * sizeof *weights);
    int32_t *wanted = malloc((size_t)count * sizeof *wanted);
    void *block;
    for (int64_t i = 0; i < count; i++) {
        make_row(t.values + i * m->cols, m);
        if (i > 0 && i % 16 == 0) /* a copy of an earlier row */
            memcpy(t.values + i * m->cols, t.values + next_below(i) * m->cols, (size_t)m->cols * sizeof(double));
        weights[i] = (double)next_below(4) * (m->kind == ROUND ? 0.37 : 1.0);
    }
    patron_rows rows = view_of(&t, m->narrow, &block);
    if (weighted) rows.weights = weights;
    patron_kmeans_options options = starts(2);
    options.seed = next_bits();
    options.max_iter = max_iter;
    if (max_iter % 2 == 0) options.initial_centroids = m->centroids;
    fitted f = fit(&rows, m->k, &options, 1 + max_iter % 3);
    double scale = scale_of(t.values, count, m->cols);
    oracle_nearest_rows(wanted, t.values, count, m->cols, patron_kmeans_centroids(f.handle), m->k, scale);
    same_labels(f.labels, wanted, count, m, "fit");
    int32_t *predicted = malloc((size_t)count * sizeof *predicted);
    ck_assert_int_eq(patron_kmeans_predict(predicted, f.handle, &rows, NULL, NULL), PATRON_OK);
    same_labels(predicted, wanted, count, m, "predict of the fit's rows");
    free(predicted);
    release(&f);
    free(block);
    free(wanted);
    free(weights);
    table_free(&t);
    return 2 * count;
}

START_TEST(test_oracles_agree)
{
    table t = table_make(1000, 7, 4, 1);
    int32_t labels[1000];
    for (int64_t e = 0; e < 7000; e += 3) t.values[e] = rint(t.values[e]);
    for (int32_t k = 1; k <= MOST_K; k++) {
        for (int power = -300; power <= 300; power += 300) {
            oracle_nearest_rows(labels, t.values, t.rows, t.cols, t.values + 7, k, ldexp(1.0, power));
            for (int64_t i = 0; i < t.rows; i++)
                ck_assert_int_eq(labels[i], oracle_nearest(t.values + 7 * i, t.values + 7, k, 7));
        }
    }
    table_free(&t);
}
END_TEST

/* Small shapes come up most; every fourth has up to 40 columns and 20 centroids. */
static model next_model(int64_t round)
{
    bool large = round % 4 == 3;
    int64_t cols = 1 + next_below(large ? MOST_COLS : 10);
    int32_t k = 1 + (int32_t)next_below(large ? MOST_K : 6);
    return make_model((kind)(round % KINDS), cols, k, next_below(3) == 0);
}

/* Lattices and denormals of one column have few values (-0 is 0): centroids that are equal would be no clusters. */
static bool all_differ(const model *m)
{
    for (int32_t j = 1; j < m->k; j++) {
        for (int32_t l = 0; l < j; l++) {
            int64_t c = 0;
            while (c < m->cols && m->centroids[j * m->cols + c] == m->centroids[l * m->cols + c]) c++;
            if (c == m->cols) return false;
        }
    }
    return true;
}

START_TEST(test_labels_are_the_nearest_centroids)
{
    int64_t wanted = asked_for("PATRON_ASSIGNMENTS", DEFAULT_ASSIGNMENTS), done = 0;
    int64_t of_kind[KINDS] = {0};
    for (int64_t round = 0; done < wanted; round++) {
        model m = next_model(round);
        if (!all_differ(&m)) continue;
        int64_t before = done;
        done += predict_against(&m, m.cols * m.k > 60 ? PREDICTED_ROWS / 8 : PREDICTED_ROWS);
        if (round % 5 == 0) done += fit_around(&m, FITTED_ROWS, 1 + (int32_t)(round / 5 % 7), round % 2 == 1);
        of_kind[m.kind] += done - before;
    }
    printf("%lld labels are as they should be\n", (long long)done);
    for (int of = 0; of < KINDS; of++) ck_assert_int_gt(of_kind[of], wanted / KINDS / 4);
}
END_TEST

/* More rows than any sample holds, most of them ties. */
START_TEST(test_labels_of_many_rows_are_too)
{
    for (int of = ROUND; of <= FAR_OFF; of++) {
        model m = make_model((kind)of, 3, 4, false);
        fit_around(&m, 200000, 5, of == LATTICE);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kmeans_labels");
    TCase *tests = tcase_create("kmeans_labels");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 36000);
    tcase_add_test(tests, test_oracles_agree);
    tcase_add_test(tests, test_labels_are_the_nearest_centroids);
    tcase_add_test(tests, test_labels_of_many_rows_are_too);
    return run_suite(suite);
}
