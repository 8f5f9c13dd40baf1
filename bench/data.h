/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows that benchmarks of clustering work on, and the options that say which: made, or read from a file. */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

#include <stdbool.h>

#include <patron/matrix.h>

#include "generate.h"

typedef struct bench_data {
    patron_rows rows; /* its values are to be freed */
    int32_t kind;
    bool fine;
    uint64_t seed;
    const char *input, *output; /* or NULL */
} bench_data;

/* The options' entries for getopt_long, and their help. */
#define BENCH_DATA_OPTIONS                                                                                             \
    {"rows", required_argument, NULL, 'r'}, {"cols", required_argument, NULL, 'c'},                                    \
        {"seed", required_argument, NULL, 's'}, {"dtype", required_argument, NULL, 'd'},                               \
        {"input", required_argument, NULL, 'i'}, {"output", required_argument, NULL, 'o'},                             \
        {"data", required_argument, NULL, 'D'},                                                                        \
    {                                                                                                                  \
        "fine", no_argument, NULL, 'f'                                                                                 \
    }
#define BENCH_DATA_USAGE                                                                                               \
    "  --data KIND              purchase, blobs, gaussian, far, optima, sorted, periodic,\n"                           \
    "                           outlier or unequal\n"                                                                  \
    "  --input FILE             rows from a file: raw, row-major, of --dtype; how many follows from its size\n"        \
    "  --output FILE            writes the rows as --input reads them; with --repeats 0 nothing is timed\n"            \
    "  --dtype f32|f64          of the caller's array: f32; both hold the same values\n"                               \
    "  --fine                   f64 with all of its bits, not the values of f32\n"

void bench_data_init(bench_data *data, int64_t rows);

/* Takes one of those options; others are left alone. */
void bench_data_take(bench_data *data, int option, const char *text);

/* Refuses what does not go together; then makes or reads the rows, and writes them where that is asked. */
void bench_data_check(const bench_data *data, int32_t repeats);
void bench_data_make(bench_data *data, int32_t threads);

/* "f32" or "f64"; "file", or the kind's name. */
const char *bench_data_type(const bench_data *data);
const char *bench_data_name(const bench_data *data);

/* Bytes of a value. */
size_t bench_data_value(const bench_data *data);

/* The bytes of a file, exactly `wanted` of them unless that is 0. To be freed. */
void *bench_read_file(const char *path, size_t wanted, size_t *bytes);

/* --k MIN..MAX, or one number; `most` of them at most. */
void bench_read_k(int32_t *k_min, int32_t *k_max, const char *text, int32_t least, int32_t most);

#endif
