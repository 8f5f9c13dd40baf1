/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

table table_read(const char *name, int64_t cols)
{
    table t = {NULL, 0, cols};
    char line[4096], *path = data_file(name);
    if (path == NULL) return t;
    FILE *file = fopen(path, "r");
    if (file == NULL) abort();
    while (fgets(line, sizeof line, file) != NULL) {
        char *at = line, *end;
        if (line[0] == '#' || strspn(line, " \t\r\n") == strlen(line)) continue;
        t.values = realloc(t.values, (size_t)((t.rows + 1) * cols) * sizeof(double));
        for (int64_t c = 0; c < cols; c++, at = end) {
            t.values[t.rows * cols + c] = strtod(at, &end);
            if (end == at) abort();
        }
        t.rows++;
    }
    fclose(file);
    free(path);
    return t;
}

/* A generator of its own, so that test data do not depend on the library. */
static double next_unit(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) * 0x1p-53;
}

table table_make(int64_t rows, int64_t cols, int64_t groups, uint64_t seed)
{
    table t = {malloc((size_t)(rows * cols) * sizeof(double)), rows, cols};
    uint64_t state = seed * 2654435761u + 12345;
    for (int64_t i = 0; i < rows; i++) {
        int64_t group = (int64_t)(next_unit(&state) * (double)groups);
        for (int64_t c = 0; c < cols; c++) {
            double value = 0.0;
            for (int draw = 0; draw < 6; draw++) value += next_unit(&state) - 0.5;
            t.values[i * cols + c] = value + 3.0 * (double)((group * 7 + c * 3) % 5);
        }
    }
    return t;
}

void table_free(table *t)
{
    free(t->values);
    t->values = NULL;
}

patron_rows table_view(const table *t)
{
    patron_rows rows;
    memset(&rows, 0, sizeof rows);
    rows.size = sizeof rows;
    rows.values = t->values;
    rows.rows = t->rows;
    rows.cols = t->cols;
    return rows;
}

static void *meter_allocate(void *user, size_t bytes)
{
    meter *m = user;
    if (m->allowed-- <= 0) return NULL;
    m->live++;
    return malloc(bytes);
}

static void *meter_reallocate(void *user, void *block, size_t bytes)
{
    meter *m = user;
    if (m->allowed-- <= 0) return NULL;
    if (block == NULL) m->live++;
    return realloc(block, bytes);
}

static void meter_deallocate(void *user, void *block)
{
    meter *m = user;
    if (block != NULL) m->live--;
    free(block);
}

static int32_t meter_progress(void *user, const char *stage, double fraction)
{
    meter *m = user;
    ck_assert_ptr_nonnull(stage);
    ck_assert(fraction >= 0.0 && fraction <= 1.0);
    m->called++;
    return m->callbacks-- <= 0;
}

patron_context meter_context(meter *m)
{
    patron_context context;
    memset(&context, 0, sizeof context);
    context.size = sizeof context;
    context.threads = 1;
    context.allocate = meter_allocate;
    context.reallocate = meter_reallocate;
    context.deallocate = meter_deallocate;
    context.allocator_user = m;
    context.progress = meter_progress;
    context.progress_user = m;
    return context;
}
