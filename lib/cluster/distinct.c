/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distinct rows, counted in an open-addressing table of at most half load that holds the first `cap` different ones. */
#include "cluster/distinct.h"

#include <stdbool.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/hash.h"

static uint64_t hash_row(const patron_rows *rows, int64_t row)
{
    uint64_t hash = PTN_HASH_START;
    for (int64_t c = 0; c < rows->cols; c++) {
        double value = ptn_rows_at(rows, row, c) + 0.0; /* -0 becomes 0 */
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        hash = ptn_hash_u64(hash, bits);
    }
    return hash;
}

static bool same_row(const patron_rows *rows, int64_t a, int64_t b)
{
    for (int64_t c = 0; c < rows->cols; c++)
        if (ptn_rows_at(rows, a, c) != ptn_rows_at(rows, b, c)) return false;
    return true;
}

patron_status ptn_kmeans_distinct(int64_t *distinct, const patron_rows *rows, int64_t cap, const ptn_memory *memory,
                                  patron_error *error)
{
    void *block;
    int64_t size = 4, count = 0;
    *distinct = 0;
    if (cap > rows->rows) cap = rows->rows;
    while (size < 2 * cap && size < INT64_MAX / 4) size *= 2;
    patron_status status = ptn_allocate(&block, memory, size, sizeof(int64_t), "a table of rows", error);
    if (status != PATRON_OK) return status;
    int64_t *table = block; /* row number, or -1 */
    memset(table, 0xFF, (size_t)size * sizeof *table);

    for (int64_t i = 0; i < rows->rows && count < cap; i++) {
        if (rows->weights != NULL && rows->weights[i] == 0.0) continue;
        uint64_t slot = hash_row(rows, i) & (uint64_t)(size - 1);
        while (table[slot] >= 0 && !same_row(rows, table[slot], i)) slot = (slot + 1) & (uint64_t)(size - 1);
        if (table[slot] >= 0) continue;
        table[slot] = i;
        count++;
    }
    ptn_free(memory, block);
    *distinct = count;
    return PATRON_OK;
}
