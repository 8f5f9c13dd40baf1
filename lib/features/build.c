/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building features: the customers with an order, sorted by id, and each column's formula on each of them. */
#include <string.h>

#include "base/error.h"
#include "base/floating.h"
#include "features/catalogue.h"
#include "features/features.h"
#include "history/history.h"
#include "history/purchases.h"
#include "matrix/matrix.h"

/* Rows in a block of parallel work. */
enum { BLOCK = 4096 };

/* A customer to be sorted: the id's first bytes, big-endian, decide most comparisons. */
typedef struct candidate {
    uint64_t prefix;
    int32_t customer;
} candidate;

typedef struct builder {
    patron_features *features;
    const patron_history *history;
    ptn_purchases purchases;
    ptn_question question;
    ptn_feature_clock clock;
    int64_t chosen[PTN_FEATURE_COUNT];
    int64_t columns;
    candidate *order; /* rows, by id */
} builder;

/* memcmp order, of equal beginnings the shorter first. */
static bool id_less(const candidate *a, const candidate *b, const ptn_intern *ids)
{
    const uint8_t *x, *y;
    if (a->prefix != b->prefix) return a->prefix < b->prefix;
    int64_t m = ptn_intern_get(&x, ids, a->customer), n = ptn_intern_get(&y, ids, b->customer);
    int sign = memcmp(x, y, (size_t)(m < n ? m : n));
    return sign != 0 ? sign < 0 : m < n;
}

#define SORT_NAME    sort_by_id
#define SORT_TYPE    candidate
#define SORT_CONTEXT ptn_intern
#define SORT_LESS    id_less
#include "base/sort_template.h"

static patron_status sort_customers(builder *b, const ptn_memory *memory, patron_error *error)
{
    void *block;
    const ptn_intern *ids = &b->history->customers;
    int64_t rows = 0;
    patron_status status =
        ptn_allocate(&block, memory, b->purchases.audit.customers_with_order, sizeof(candidate), "customers", error);
    if (status != PATRON_OK) return status;
    b->order = block;
    for (int64_t c = 0; c < b->purchases.count; c++) {
        const uint8_t *bytes;
        if (b->purchases.customers[c].orders == 0) continue;
        candidate *next = &b->order[rows++];
        int64_t length = ptn_intern_get(&bytes, ids, (int32_t)c);
        next->customer = (int32_t)c;
        next->prefix = 0;
        for (int64_t i = 0; i < 8; i++) next->prefix = next->prefix << 8 | (i < length ? bytes[i] : 0);
    }
    sort_by_id(b->order, rows, ids);
    return PATRON_OK;
}

static patron_status copy_ids(builder *b, const ptn_memory *memory, patron_error *error)
{
    void *block;
    patron_features *f = b->features;
    const uint8_t *bytes;
    patron_status status = ptn_allocate(&block, memory, f->rows + 1, sizeof *f->id_ends, "customer ids", error);
    if (status != PATRON_OK) return status;
    f->id_ends = block;
    f->id_ends[0] = 0;
    for (int64_t r = 0; r < f->rows; r++)
        f->id_ends[r + 1] = f->id_ends[r] + ptn_intern_get(&bytes, &b->history->customers, b->order[r].customer);
    status = ptn_allocate(&block, memory, f->id_ends[f->rows], 1, "customer ids", error);
    if (status != PATRON_OK) return status;
    f->id_bytes = block;
    for (int64_t r = 0; r < f->rows; r++) {
        int64_t length = ptn_intern_get(&bytes, &b->history->customers, b->order[r].customer);
        memcpy(f->id_bytes + f->id_ends[r], bytes, (size_t)length);
    }
    return PATRON_OK;
}

static void fill_rows(void *argument, int64_t block, int32_t worker)
{
    builder *b = argument;
    patron_features *f = b->features;
    int64_t end = (block + 1) * BLOCK < f->rows ? (block + 1) * BLOCK : f->rows;
    (void)worker;
    for (int64_t r = block * BLOCK; r < end; r++) {
        int32_t number = b->order[r].customer;
        const ptn_customer *c = &b->purchases.customers[number];
        const ptn_habits *h = b->purchases.habits == NULL ? NULL : &b->purchases.habits[number];
        patron_customer_value *value = &f->values[r];
        value->size = sizeof *value;
        value->gross = c->gross;
        value->returns = c->returns;
        value->net = c->gross - c->returns;
        value->recurring = c->recurring;
        value->orders = c->orders;
        for (int64_t i = 0; i < b->columns; i++)
            f->matrix->values[r * b->columns + i] = ptn_feature_value((int32_t)b->chosen[i], c, h, &b->clock);
    }
}

static patron_status fill(builder *b, ptn_team *team, patron_error *error)
{
    void *block;
    patron_features *f = b->features;
    const ptn_memory *memory = &team->context->memory;
    f->audit = b->purchases.audit;
    f->history_options = *ptn_history_options_of(b->history);
    f->recent_days = b->question.recent_days;
    f->rows = f->audit.customers_with_order;
    if (f->rows == 0)
        return ptn_fail(error, PATRON_NO_DATA,
                        "no customer has an order by the as-of, of %lld rows read; give purchases, or a later as-of",
                        (long long)f->audit.rows_read);
    patron_status status = sort_customers(b, memory, error);
    if (status != PATRON_OK) return status;
    status = copy_ids(b, memory, error);
    if (status != PATRON_OK) return status;
    status = ptn_allocate(&block, memory, f->rows, sizeof *f->values, "customers' money", error);
    if (status != PATRON_OK) return status;
    f->values = block;
    status = ptn_matrix_create(&f->matrix, f->rows, b->columns, memory, error);
    if (status != PATRON_OK) return status;
    for (int64_t i = 0; i < b->columns; i++) f->matrix->columns[i] = ptn_catalogue()[b->chosen[i]];

    b->clock.as_of_s = f->audit.as_of_s;
    b->clock.as_of_day = ptn_local_day(f->audit.as_of_s, f->history_options.utc_offset_s);
    return ptn_team_run(team, "features", 0.9, 1.0, (f->rows + BLOCK - 1) / BLOCK, fill_rows, b, error);
}

static patron_status build(patron_features **features, builder *b, const ptn_context *context, patron_error *error)
{
    ptn_team team;
    void *block;
    patron_status status = ptn_allocate_zero(&block, &context->memory, 1, sizeof(patron_features), "features", error);
    if (status != PATRON_OK) return status;
    b->features = block;
    b->features->memory = context->memory;
    ptn_team_open(&team, context);
    status = ptn_purchases_build(&b->purchases, NULL, b->history, &b->question, &team, "features", 0.9, error);
    if (status == PATRON_OK) {
        status = fill(b, &team, error);
        ptn_purchases_free(&b->purchases);
    }
    ptn_team_close(&team);
    if (b->order != NULL) ptn_wipe(b->order, (size_t)b->features->rows * sizeof *b->order); /* ids' first bytes */
    ptn_free(&context->memory, b->order);
    if (status == PATRON_OK)
        *features = b->features;
    else
        patron_features_free(b->features);
    return status;
}

patron_status patron_features_build(patron_features **features, const patron_history *history,
                                    const patron_features_options *options, const patron_context *context,
                                    patron_error *error)
{
    patron_features_options read;
    ptn_context known;
    fenv_t host;
    builder b;
    ptn_ok(error);
    if (features == NULL) return ptn_fail_null(error, "features");
    *features = NULL;
    if (history == NULL) return ptn_fail_null(error, "history");
    patron_status status = ptn_context_read(&known, context, error);
    if (status != PATRON_OK) return status;
    patron_features_options_init(&read, sizeof read);
    status = ptn_struct_read(&read, sizeof read, options, "features options", error);
    if (status != PATRON_OK) return status;
    status = ptn_recent_days_check(read.recent_days, error);
    if (status != PATRON_OK) return status;
    memset(&b, 0, sizeof b);
    b.history = history;
    status = ptn_columns_choose(b.chosen, &b.columns, read.columns, ptn_catalogue(), PTN_FEATURE_COUNT, error);
    if (status != PATRON_OK) return status;
    b.question.as_of_s = read.as_of_s;
    b.question.recent_days = read.recent_days;
    for (int64_t i = 0; i < b.columns; i++) b.question.habits |= ptn_feature_needs((int32_t)b.chosen[i]);

    ptn_floating_enter(&host);
    status = build(features, &b, &known, error);
    ptn_floating_leave(&host);
    return status;
}
