/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole fits, and estimates of silhouettes, at a level of the caller's choice: this program defines ptn_kernels_here
   itself.

       kernels_fits LEVEL [THREADS …]           fits everything with each number of threads (default 1), prints names
                                                and fingerprints; fails where the number of threads makes a difference
       kernels_fits LEVEL THREADS … --like FILE also fails where they are not the file's
       kernels_fits LEVEL THREADS … --scalar    also fails where the scalar level with one thread gives others

   Exit 77 where this machine cannot run the level. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/kmeans.h>
#include <patron/silhouette.h>

#include "kernels/level.h"

enum { SKIPPED = 77, CASES = 19, FITS = 14, ESTIMATES = 17, MOST_K = 20 };

static const ptn_kernels *level;

const ptn_kernels *ptn_kernels_here(void) { return level; }

/* The rows: round groups about centres, each column with an offset and a scale. */
typedef struct work {
    const char *name;
    int64_t rows, cols;
    int32_t k, n_init, strict;
    double offset, scale; /* of all columns; scale 0: powers of ten */
    enum { ALL_ONE, WHOLE_WEIGHTS, REAL_WEIGHTS } weights;
    bool narrow;
    enum { GROUPS, LATTICE, OUTLIER } shape;
} work;

/* From FITS on the fingerprint is of the labels' estimated silhouette, from ESTIMATES on of exact ones. */
static const work works[CASES] = {
    {"two columns", 400, 2, 3, 10, 0, 0.0, 1.0, ALL_ONE, false, GROUPS},
    {"one column", 777, 1, 5, 4, 0, 0.0, 1.0, ALL_ONE, false, GROUPS},
    {"lattice, many ties", 900, 3, 7, 6, 0, 0.0, 1.0, ALL_ONE, false, LATTICE},
    {"whole weights", 1500, 5, 4, 5, 0, 0.0, 1.0, WHOLE_WEIGHTS, false, GROUPS},
    {"real weights", 1500, 9, 9, 5, 0, 0.0, 1.0, REAL_WEIGHTS, false, GROUPS},
    {"float rows", 3000, 8, 4, 5, 0, 0.0, 1.0, ALL_ONE, true, GROUPS},
    {"offset 1e9", 2000, 6, 5, 5, 0, 1e9, 1.0, ALL_ONE, false, GROUPS},
    {"unequal columns", 1200, 13, 10, 4, 0, 0.0, 0.0, ALL_ONE, false, GROUPS},
    {"tiny numbers", 600, 4, 3, 4, 0, 0.0, 1e-150, ALL_ONE, false, GROUPS},
    {"one value far out", 3000, 3, 4, 5, 0, 0.0, 1.0, REAL_WEIGHTS, false, OUTLIER},
    {"forty columns", 1000, 40, 20, 3, 0, 0.0, 1.0, ALL_ONE, false, GROUPS},
    {"screened", 100000, 4, 4, 4, 0, 0.0, 1.0, ALL_ONE, false, GROUPS},
    {"screened, weights", 26000, 7, 5, 2, 0, 5.0, 1.0, WHOLE_WEIGHTS, true, GROUPS},
    {"strict", 26000, 5, 6, 2, 1, 0.0, 1.0, ALL_ONE, false, GROUPS},
    {"estimate", 6000, 8, 3, 1, 0, 0.0, 1.0, ALL_ONE, false, GROUPS},
    {"estimate, weights", 8000, 3, 3, 1, 0, 1e6, 1.0, WHOLE_WEIGHTS, true, GROUPS},
    {"estimate, forty columns", 5000, 40, 3, 1, 0, 0.0, 0.0, ALL_ONE, false, GROUPS},
    {"silhouettes", 3001, 8, 3, 1, 0, 1e6, 1.0, ALL_ONE, false, GROUPS},
    {"silhouettes, weights", 2000, 5, 4, 1, 0, 0.0, 0.0, WHOLE_WEIGHTS, true, GROUPS},
};

static double next_unit(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) * 0x1p-53;
}

static double make_value(const work *w, uint64_t *state, int64_t group, int64_t col)
{
    static const double tens[] = {1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3};
    double value = 0.0;
    for (int draw = 0; draw < 6; draw++) value += next_unit(state) - 0.5;
    value += 2.0 * (double)((group * 7 + col * 3) % 5);
    if (w->shape == LATTICE) value = rint(value);
    value *= w->scale > 0.0 ? w->scale : tens[col % 7];
    return value + w->offset;
}

static void need(int holds, const char *name, const char *what)
{
    if (holds) return;
    printf("FAILED: %s: %s\n", name, what);
    exit(EXIT_FAILURE);
}

static uint64_t hash_of(const double *numbers, int64_t count)
{
    uint64_t hash = 0;
    for (int64_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &numbers[i], sizeof bits);
        hash = hash * UINT64_C(0x9E3779B97F4A7C15) + bits;
    }
    return hash;
}

/* The bits of every row's silhouette in two labelings at once, and of their means. */
static uint64_t score(const work *w, const patron_rows *rows, const int32_t *labels, const patron_context *context)
{
    patron_silhouette_result results[2] = {{.size = sizeof *results}, {.size = sizeof *results}};
    patron_error error = {.message = ""};
    const int32_t k[2] = {w->k, 2};
    int32_t *both = malloc(2 * (size_t)w->rows * sizeof *both);
    double *scores = malloc(2 * (size_t)w->rows * sizeof *scores);
    for (int64_t i = 0; i < w->rows; i++) {
        both[i] = labels[i];
        both[w->rows + i] = labels[i] == 0;
    }
    need(patron_silhouette_sweep(results, scores, NULL, rows, both, k, 2, context, &error) == PATRON_OK, w->name,
         error.message);
    need(results[0].in_double < w->rows / 2, w->name, "most rows were scored in double");
    const double means[2] = {results[0].mean, results[1].mean};
    uint64_t hash = hash_of(scores, 2 * w->rows) ^ hash_of(means, 2);
    free(scores);
    free(both);
    return hash;
}

/* The bits of the means that are estimated; those of intervals come from GSL. */
static uint64_t estimate(const work *w, const patron_rows *rows, const int32_t *labels, const patron_context *context)
{
    patron_silhouette_estimate_result result = {.size = sizeof result};
    patron_silhouette_estimate_options options;
    patron_error error = {.message = ""};
    double means[MOST_K + 1] = {0};
    patron_silhouette_estimate_options_init(&options, sizeof options);
    options.half_width = 1e-12;
    options.most_rows = 900;
    patron_status status =
        patron_silhouette_estimate(&result, means, NULL, rows, labels, w->k, &options, context, &error);
    need(status == PATRON_BUDGET_SPENT || status == PATRON_OK, w->name, error.message);
    need(result.looks > 1, w->name, "there was but one look");
    means[w->k] = result.mean;
    return hash_of(means, w->k + 1);
}

/* The fingerprint of a fit of the rows `w` describes. */
static uint64_t fit(const work *w, int32_t threads)
{
    uint64_t state = (uint64_t)w->rows * 31 + (uint64_t)w->cols;
    size_t cells = (size_t)(w->rows * w->cols);
    double *values = malloc(cells * sizeof *values), *weights = malloc((size_t)w->rows * sizeof *weights);
    float *floats = malloc(cells * sizeof *floats);
    for (int64_t i = 0; i < w->rows; i++) {
        int64_t group = (int64_t)(next_unit(&state) * (double)(w->k + 1));
        for (int64_t c = 0; c < w->cols; c++) {
            double value = make_value(w, &state, group, c);
            values[i * w->cols + c] = value;
            floats[i * w->cols + c] = (float)value;
        }
        weights[i] = w->weights == WHOLE_WEIGHTS ? (double)(i % 4) : 0.1 + next_unit(&state);
    }
    if (w->shape == OUTLIER) { /* 1e6 standard deviations away, and so light that they stay so: an exception */
        values[w->rows / 2 * w->cols] = 1e6;
        weights[w->rows / 2] = 1e-4;
    }

    patron_rows rows = {.size = sizeof rows, .values = w->narrow ? (const void *)floats : values};
    patron_kmeans_options options;
    patron_context context;
    patron_error error = {.message = ""};
    patron_kmeans_result result = {.size = sizeof result};
    patron_kmeans *handle = NULL;
    int32_t *labels = malloc((size_t)w->rows * sizeof *labels);
    rows.rows = w->rows;
    rows.cols = w->cols;
    rows.type = w->narrow ? PATRON_FLOAT32 : PATRON_FLOAT64;
    if (w->weights != ALL_ONE) rows.weights = weights;
    patron_kmeans_options_init(&options, sizeof options);
    options.n_init = w->n_init;
    options.strict = w->strict;
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    need(patron_kmeans_fit(&handle, labels, &rows, w->k, &options, &context, &error) == PATRON_OK, w->name,
         error.message);
    need(patron_kmeans_result_get(&result, handle, NULL) == PATRON_OK, w->name, "there is no result");
    patron_kmeans_free(handle);
    if (w >= works + ESTIMATES)
        result.fingerprint = score(w, &rows, labels, &context);
    else if (w >= works + FITS)
        result.fingerprint = estimate(w, &rows, labels, &context);
    free(labels);
    free(floats);
    free(weights);
    free(values);
    return result.fingerprint;
}

static void fit_all(uint64_t *fingerprints, const ptn_kernels *table, int32_t threads)
{
    level = table;
    for (int w = 0; w < CASES; w++) fingerprints[w] = fit(&works[w], threads);
}

static int compare(const uint64_t *got, const uint64_t *wanted, const char *whose)
{
    int differ = 0;
    for (int w = 0; w < CASES; w++) {
        if (got[w] == wanted[w]) continue;
        printf("FAILED: %s: %016llx, and %016llx %s\n", works[w].name, (unsigned long long)got[w],
               (unsigned long long)wanted[w], whose);
        differ++;
    }
    return differ;
}

/* Lines "fingerprint name"; those that begin with # are left out. */
static void read_pinned(uint64_t *fingerprints, const char *path)
{
    char line[200];
    FILE *file = fopen(path, "r");
    need(file != NULL, path, "cannot be read");
    memset(fingerprints, 0, CASES * sizeof *fingerprints);
    while (fgets(line, sizeof line, file) != NULL)
        for (int w = 0; w < CASES; w++) {
            char *end = NULL;
            unsigned long long fingerprint = strtoull(line, &end, 16);
            size_t length = strlen(works[w].name);
            if (*end == ' ' && strncmp(end + 1, works[w].name, length) == 0 && end[1 + length] == '\n')
                fingerprints[w] = fingerprint;
        }
    fclose(file);
}

int main(int count, char **arguments)
{
    uint64_t first[CASES], got[CASES];
    int differ = 0, fitted = 0;
    const ptn_kernels *table = level_table(count > 1 ? arguments[1] : "scalar");
    if (table == NULL) return SKIPPED;
    for (int a = 2; a < count && arguments[a][0] != '-'; a++) {
        fit_all(got, table, (int32_t)atoi(arguments[a]));
        if (fitted++ == 0) memcpy(first, got, sizeof first);
        differ += compare(got, first, "with the first number of threads");
    }
    if (fitted == 0) fit_all(first, table, 1);
    for (int w = 0; w < CASES; w++) printf("%016llx %s\n", (unsigned long long)first[w], works[w].name);
    for (int a = 2; a < count; a++) {
        if (strcmp(arguments[a], "--scalar") == 0) {
            fit_all(got, &ptn_kernels_scalar, 1);
            differ += compare(first, got, "by the scalar level");
        } else if (strcmp(arguments[a], "--like") == 0 && a + 1 < count) {
            read_pinned(got, arguments[++a]);
            differ += compare(first, got, "pinned");
        }
    }
    return differ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
