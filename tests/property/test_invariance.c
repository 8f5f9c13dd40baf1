/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows or columns permuted, columns shifted, rows copied or weighted: from the same initial centroids the same
   partition, with inertia and silhouettes equal to 1e-12.

   Values are multiples of 2^-16 below 2^6 and shifts whole numbers below 2^30, so that shifting is exact and what is
   compared is the same data. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "support/order_lines.h"
#include "support/suite.h"
#include "support/table.h"

enum { TABLES = 120, MOST_ROWS = 420, MOST_COPIES = 3, MOST_COLS = 9, MOST_K = 4 };

/* Tables beyond the first 120 in which copies once went another way than weights: by a single-row move, by an empty
   cluster. */
static uint64_t seed_of(uint64_t number)
{
    static const uint64_t more[] = {482, 2461};
    return number <= TABLES ? number : more[number - TABLES - 1];
}

/* Rows to be grouped, and where to begin. */
typedef struct problem {
    int64_t rows, cols;
    int32_t k;
    double values[MOST_ROWS * MOST_COPIES * MOST_COLS];
    double weights[MOST_ROWS];
    bool weighted;
    double centroids[MOST_K * MOST_COLS];
    int64_t origin[MOST_ROWS * MOST_COPIES]; /* which row of the first problem each is */
} problem;

typedef struct solution {
    int32_t labels[MOST_ROWS * MOST_COPIES];
    double scores[MOST_ROWS * MOST_COPIES];
    double inertia, silhouette, macro;
} solution;

static void make(problem *p, uint64_t seed)
{
    uint64_t state = seed;
    memset(p, 0, sizeof *p);
    p->rows = 20 + test_below(&state, MOST_ROWS - 20);
    p->cols = 1 + test_below(&state, MOST_COLS);
    p->k = 2 + (int32_t)(seed % 3);
    table t = table_make(p->rows, p->cols, 1 + (int64_t)(seed % 5), seed);
    for (int64_t i = 0; i < p->rows * p->cols; i++) {
        double value = t.values[i];
        if (seed % 4 == 3) value = fabs(value) * value / 8.0; /* heavier tails */
        p->values[i] = rint(value * 65536.0) / 65536.0;
    }
    for (int64_t i = 0; i < p->rows; i++) p->origin[i] = i;
    for (int32_t j = 0; j < p->k; j++)
        memcpy(p->centroids + j * p->cols, p->values + (j * p->rows / p->k + 3) * p->cols,
               (size_t)p->cols * sizeof(double));
    table_free(&t);
}

static void solve(solution *out, const problem *p)
{
    patron_rows rows;
    patron_kmeans *kmeans;
    patron_kmeans_options options;
    patron_kmeans_result fit = {.size = sizeof fit};
    patron_silhouette_result score = {.size = sizeof score};
    patron_error error;
    patron_rows_init(&rows, sizeof rows);
    rows.values = p->values;
    rows.rows = p->rows;
    rows.cols = p->cols;
    rows.weights = p->weighted ? p->weights : NULL;
    patron_kmeans_options_init(&options, sizeof options);
    options.initial_centroids = p->centroids;
    ck_assert_msg(patron_kmeans_fit(&kmeans, out->labels, &rows, p->k, &options, NULL, &error) == PATRON_OK, "%s",
                  error.message);
    ck_assert_int_eq(patron_kmeans_result_get(&fit, kmeans, NULL), PATRON_OK);
    ck_assert_msg(patron_silhouette(&score, out->scores, NULL, &rows, out->labels, p->k, NULL, &error) == PATRON_OK,
                  "%s", error.message);
    out->inertia = fit.inertia;
    out->silhouette = score.mean;
    out->macro = score.mean_macro;
    patron_kmeans_free(kmeans);
}

/* The same rows have the same label up to numbering, inertia and silhouettes agree. `b` solves the problem `p`, whose
   rows are those of `a`'s by origin. */
static void compare(const solution *a, const solution *b, const problem *p, const char *what, uint64_t seed)
{
    int32_t forth[MOST_K], back[MOST_K];
    for (int32_t j = 0; j < MOST_K; j++) forth[j] = back[j] = -1;
    for (int64_t i = 0; i < p->rows; i++) {
        int32_t x = a->labels[p->origin[i]], y = b->labels[i];
        if (forth[x] < 0) forth[x] = y;
        if (back[y] < 0) back[y] = x;
        ck_assert_msg(forth[x] == y && back[y] == x, "table %d, %s: row %d went elsewhere", (int)seed, what, (int)i);
        ck_assert_msg(fabs(a->scores[p->origin[i]] - b->scores[i]) <= 1e-12, "table %d, %s: row %d scores %g, not %g",
                      (int)seed, what, (int)i, b->scores[i], a->scores[p->origin[i]]);
    }
    ck_assert_msg(fabs(a->inertia - b->inertia) <= 1e-12 * a->inertia, "table %d, %s: inertia %.17g, not %.17g",
                  (int)seed, what, b->inertia, a->inertia);
    ck_assert_msg(fabs(a->silhouette - b->silhouette) <= 1e-12, "table %d, %s: silhouette", (int)seed, what);
    ck_assert_msg(fabs(a->macro - b->macro) <= 1e-12, "table %d, %s: macro silhouette", (int)seed, what);
}

static void shuffle(int64_t *order, int64_t count, uint64_t *state)
{
    for (int64_t i = 0; i < count; i++) order[i] = i;
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t other = test_below(state, i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

static problem first, other;
static solution expected, found;

START_TEST(test_rows_permuted)
{
    for (uint64_t number = 1; number <= TABLES + 2; number++) {
        uint64_t seed = seed_of(number), state = seed + 1;
        make(&first, seed);
        solve(&expected, &first);
        other = first;
        shuffle(other.origin, other.rows, &state);
        for (int64_t i = 0; i < other.rows; i++)
            memcpy(other.values + i * other.cols, first.values + other.origin[i] * other.cols,
                   (size_t)other.cols * sizeof(double));
        solve(&found, &other);
        compare(&expected, &found, &other, "rows permuted", seed);
    }
}
END_TEST

START_TEST(test_columns_permuted)
{
    for (uint64_t number = 1; number <= TABLES + 2; number++) {
        uint64_t seed = seed_of(number), state = seed + 2;
        int64_t order[MOST_COLS];
        make(&first, seed);
        solve(&expected, &first);
        other = first;
        shuffle(order, other.cols, &state);
        for (int64_t c = 0; c < other.cols; c++) {
            for (int64_t i = 0; i < other.rows; i++)
                other.values[i * other.cols + c] = first.values[i * other.cols + order[c]];
            for (int32_t j = 0; j < other.k; j++)
                other.centroids[j * other.cols + c] = first.centroids[j * other.cols + order[c]];
        }
        solve(&found, &other);
        compare(&expected, &found, &other, "columns permuted", seed);
    }
}
END_TEST

START_TEST(test_columns_shifted)
{
    for (uint64_t number = 1; number <= TABLES + 2; number++) {
        uint64_t seed = seed_of(number), state = seed + 3;
        make(&first, seed);
        solve(&expected, &first);
        other = first;
        for (int64_t c = 0; c < other.cols; c++) {
            double shift =
                (double)(test_below(&state, INT64_C(1) << (5 + seed % 26)) - (INT64_C(1) << (4 + seed % 26)));
            for (int64_t i = 0; i < other.rows; i++) other.values[i * other.cols + c] += shift;
            for (int32_t j = 0; j < other.k; j++) other.centroids[j * other.cols + c] += shift;
        }
        solve(&found, &other);
        compare(&expected, &found, &other, "columns shifted", seed);
    }
}
END_TEST

/* Each row up to three times: as copies, shuffled, and as a weight. */
START_TEST(test_copies_are_weights)
{
    for (uint64_t number = 1; number <= TABLES + 2; number++) {
        uint64_t seed = seed_of(number), state = seed + 4;
        int64_t order[MOST_ROWS * MOST_COPIES], copies = 0, from[MOST_ROWS * MOST_COPIES];
        make(&first, seed);
        first.weighted = true;
        for (int64_t i = 0; i < first.rows; i++) {
            first.weights[i] = (double)(1 + test_below(&state, MOST_COPIES));
            if (seed % 5 == 0 && i % 7 == 0) first.weights[i] = 0.0; /* no copy at all */
            for (int w = 0; w < (int)first.weights[i]; w++) from[copies++] = i;
        }
        solve(&expected, &first);
        other = first;
        other.weighted = false;
        other.rows = copies;
        shuffle(order, copies, &state);
        for (int64_t i = 0; i < copies; i++) {
            other.origin[i] = from[order[i]];
            memcpy(other.values + i * other.cols, first.values + other.origin[i] * other.cols,
                   (size_t)other.cols * sizeof(double));
        }
        solve(&found, &other);
        compare(&expected, &found, &other, "copies for weights", seed);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("invariance");
    TCase *tests = tcase_create("invariance");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 800);
    tcase_add_test(tests, test_rows_permuted);
    tcase_add_test(tests, test_columns_permuted);
    tcase_add_test(tests, test_columns_shifted);
    tcase_add_test(tests, test_copies_are_weights);
    return run_suite(suite);
}
