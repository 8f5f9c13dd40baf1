/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support.h"

void bench_data_init(bench_data *data, int64_t rows)
{
    memset(data, 0, sizeof *data);
    patron_rows_init(&data->rows, sizeof data->rows);
    data->rows.rows = rows;
    data->rows.cols = 8;
    data->rows.type = PATRON_FLOAT32;
}

void bench_data_take(bench_data *data, int option, const char *text)
{
    if (option == 'r') data->rows.rows = bench_whole("rows", text, 1, INT64_C(1) << 32);
    if (option == 'c') data->rows.cols = bench_whole("cols", text, 1, GENERATE_MOST_COLS);
    if (option == 's') data->seed = (uint64_t)bench_whole("seed", text, 0, INT64_MAX);
    if (option == 'i') data->input = text;
    if (option == 'o') data->output = text;
    if (option == 'f') data->fine = true;
    if (option == 'D' && (data->kind = generate_find(text)) < 0) bench_refuse("--data is %s; see --help", text);
    if (option != 'd') return;
    if (strcmp(text, "f32") != 0 && strcmp(text, "f64") != 0) bench_refuse("--dtype is %s; give f32 or f64", text);
    data->rows.type = strcmp(text, "f64") == 0 ? PATRON_FLOAT64 : PATRON_FLOAT32;
}

void bench_data_check(const bench_data *data, int32_t repeats)
{
    if (data->fine && data->rows.type != PATRON_FLOAT64) bench_refuse("--fine needs --dtype f64");
    if (data->fine && data->input != NULL) bench_refuse("--fine is about rows that are made; --input has its own");
    if (repeats == 0 && data->output == NULL) bench_refuse("--repeats 0 does nothing without --output");
    if (data->rows.rows > INT64_MAX / 8 / data->rows.cols) bench_refuse("so many rows do not fit");
}

const char *bench_data_type(const bench_data *data) { return data->rows.type == PATRON_FLOAT64 ? "f64" : "f32"; }

const char *bench_data_name(const bench_data *data) { return data->input != NULL ? "file" : generate_name(data->kind); }

size_t bench_data_value(const bench_data *data)
{
    return data->rows.type == PATRON_FLOAT64 ? sizeof(double) : sizeof(float);
}

void *bench_read_file(const char *path, size_t wanted, size_t *bytes)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &about) != 0) bench_refuse("%s cannot be read", path);
    *bytes = (size_t)about.st_size;
    if (wanted != 0 && *bytes != wanted) bench_refuse("%s has %zu bytes; expected are %zu", path, *bytes, wanted);
    void *block = bench_memory(*bytes, 1);
    if (fread(block, 1, *bytes, file) != *bytes) bench_refuse("%s cannot be read", path);
    fclose(file);
    return block;
}

static void write_file(const char *path, const void *block, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(block, 1, bytes, file) != bytes || fclose(file) != 0)
        bench_fail("%s cannot be written", path);
}

void bench_data_make(bench_data *data, int32_t threads)
{
    static generator g;
    size_t bytes, value = bench_data_value(data), width = value * (size_t)data->rows.cols;
    if (data->input != NULL) {
        data->rows.values = bench_read_file(data->input, 0, &bytes);
        if (bytes == 0 || bytes % width != 0)
            bench_refuse("%s has %zu bytes, which are no rows of %" PRId64 " %s", data->input, bytes, data->rows.cols,
                         bench_data_type(data));
        data->rows.rows = (int64_t)(bytes / width);
    } else {
        void *values = bench_memory((size_t)(data->rows.rows * data->rows.cols), value);
        generate_open(&g, data->kind, data->seed, data->rows.cols, data->fine);
        if (!generate_rows(values, &g, data->rows.rows, data->rows.type == PATRON_FLOAT64, threads))
            bench_fail("no memory or no threads to make rows");
        data->rows.values = values;
    }
    if (data->output != NULL) write_file(data->output, data->rows.values, (size_t)data->rows.rows * width);
}

void bench_read_k(int32_t *k_min, int32_t *k_max, const char *text, int32_t least, int32_t most)
{
    char first[32];
    const char *dots = strstr(text, "..");
    size_t length = dots == NULL ? strlen(text) : (size_t)(dots - text);
    if (length >= sizeof first) bench_refuse("--k is %s; give MIN..MAX", text);
    memcpy(first, text, length);
    first[length] = '\0';
    *k_min = (int32_t)bench_whole("k", first, least, INT32_MAX);
    *k_max = dots == NULL ? *k_min : (int32_t)bench_whole("k", dots + 2, *k_min, INT32_MAX);
    if (*k_max - *k_min >= most) bench_refuse("--k is %s; at most %d at once", text, (int)most);
}
