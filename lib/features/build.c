/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building features: the customers with an order, sorted by id, and each column's formula on each of them. */
#include <string.h>

#include "base/error.h"
#include "base/floating.h"
#include "features/catalogue.h"
#include "features/codes.h"
#include "features/features.h"
#include "features/rank.h"
#include "history/history.h"
#include "history/purchases.h"
#include "matrix/matrix.h"

/* Rows in a block of parallel work; how many ahead customers are asked for; bytes that come at once. */
enum { BLOCK = 4096, AHEAD = 16, LINE = 64 };

typedef struct builder {
    patron_features *features;
    const patron_history *history;
    ptn_purchases purchases;
    ptn_question question;
    ptn_feature_clock clock;
    int64_t chosen[PTN_FEATURE_COUNT];
    int64_t columns;
    ptn_ranked *order; /* rows, by id */
    int64_t *id_bytes; /* of each block */
} builder;

static int64_t block_end(const builder *b, int64_t block)
{
    return (block + 1) * BLOCK < b->features->rows ? (block + 1) * BLOCK : b->features->rows;
}

/* The lengths of a block's ids, summed up within the block. */
static void measure_ids(void *argument, int64_t block, int32_t worker)
{
    builder *b = argument;
    int64_t *ends = b->features->id_ends, end = 0;
    (void)worker;
    for (int64_t r = block * BLOCK; r < block_end(b, block); r++)
        ends[r + 1] = end += ptn_intern_length(&b->history->customers, b->order[r].customer);
    b->id_bytes[block] = end;
}

/* Their ends among all, and their bytes. id_bytes[block] is where the block's begin; the row before a block's first is
   the last of the block before, so it is left alone. */
static void copy_ids(void *argument, int64_t block, int32_t worker)
{
    builder *b = argument;
    patron_features *f = b->features;
    int64_t at = b->id_bytes[block];
    (void)worker;
    for (int64_t r = block * BLOCK; r < block_end(b, block); r++) {
        const uint8_t *bytes;
        uint8_t text[PTN_KEY_TEXT];
        int64_t length = ptn_intern_get(&bytes, text, &b->history->customers, b->order[r].customer);
        memcpy(f->id_bytes + at, bytes, (size_t)length);
        f->id_ends[r + 1] = at += length;
    }
}

static patron_status fill_ids(builder *b, ptn_team *team, patron_error *error)
{
    void *memory_block;
    patron_features *f = b->features;
    const ptn_memory *memory = &team->context->memory;
    int64_t blocks = (f->rows + BLOCK - 1) / BLOCK, bytes = 0;
    const ptn_wanted wanted[] = {{&f->id_ends, f->rows + 1, sizeof *f->id_ends, "customer ids"},
                                 {&b->id_bytes, blocks, sizeof *b->id_bytes, "customer ids"}};
    patron_status status = ptn_allocate_each(wanted, 2, false, memory, error);
    if (status != PATRON_OK) return status;
    f->id_ends[0] = 0;
    status = ptn_team_run(team, "features", 0.85, 0.87, blocks, measure_ids, b, error);
    if (status != PATRON_OK) return status;
    for (int64_t i = 0; i < blocks; i++) {
        int64_t of = b->id_bytes[i];
        b->id_bytes[i] = bytes;
        bytes += of;
    }
    f->id_ends[f->rows] = bytes;
    status = ptn_allocate(&memory_block, memory, bytes, 1, "customer ids", error);
    if (status != PATRON_OK) return status;
    f->id_bytes = memory_block;
    return ptn_team_run(team, "features", 0.87, 0.9, blocks, copy_ids, b, error);
}

/* Customers lie as they were numbered, rows by id: a row's customer is asked for well before it is read. */
static void ask_for(const builder *b, int64_t row)
{
    int32_t number = b->order[row].customer;
    const char *customer = (const char *)&b->purchases.customers[number];
    for (size_t at = 0; at < sizeof(ptn_customer); at += LINE) __builtin_prefetch(customer + at);
    __builtin_prefetch(customer + sizeof(ptn_customer) - 1);
    if (b->purchases.habits == NULL) return;
    const char *habits = (const char *)&b->purchases.habits[number];
    for (size_t at = 0; at < sizeof(ptn_habits); at += LINE) __builtin_prefetch(habits + at);
    __builtin_prefetch(habits + sizeof(ptn_habits) - 1);
}

static void fill_values(patron_customer_value *value, const ptn_customer *c)
{
    value->size = sizeof *value;
    value->gross = c->gross;
    value->returns = c->returns;
    value->net = c->gross - c->returns;
    value->recurring = c->recurring;
    value->orders = c->orders;
}

static void fill_rows(void *argument, int64_t block, int32_t worker)
{
    builder *b = argument;
    patron_features *f = b->features;
    int64_t first = block * BLOCK, end = block_end(b, block);
    ptn_feature_rows rows;
    (void)worker;
    for (int64_t r = first; r < end && r < first + AHEAD; r++) ask_for(b, r);
    for (int64_t from = first; from < end; from += rows.count) {
        rows.count = end - from < PTN_FEATURE_ROWS ? end - from : PTN_FEATURE_ROWS;
        for (int64_t r = 0; r < rows.count; r++) {
            int32_t number = b->order[from + r].customer;
            if (from + r + AHEAD < end) ask_for(b, from + r + AHEAD);
            rows.customers[r] = &b->purchases.customers[number];
            rows.habits[r] = b->purchases.habits == NULL ? NULL : &b->purchases.habits[number];
            fill_values(&f->values[from + r], rows.customers[r]);
        }
        for (int64_t i = 0; i < b->columns; i++)
            ptn_feature_fill(f->matrix->values + from * b->columns + i, b->columns, (int32_t)b->chosen[i], &rows,
                             &b->clock);
    }
}

static patron_status fill(builder *b, ptn_team *team, patron_error *error)
{
    void *block;
    patron_features *f = b->features;
    int64_t codes = -1; /* their column, or -1 */
    const ptn_memory *memory = &team->context->memory;
    f->audit = b->purchases.audit;
    f->history_options = *ptn_history_options_of(b->history);
    f->only_currency = f->history_options.only_currency != NULL;
    f->history_options.only_currency = NULL; /* the history's own memory */
    memcpy(f->currency, b->history->currency.code, sizeof f->currency);
    f->recent_days = b->question.recent_days;
    f->window_days = b->question.window_days;
    f->rows = b->purchases.ranked[b->purchases.groups];
    if (f->rows == 0 && f->audit.customers_with_order > 0)
        return ptn_fail(error, PATRON_NO_DATA,
                        "none of the %lld customers with an order has %lld orders; lower min_orders",
                        (long long)f->audit.customers_with_order, (long long)b->question.min_orders);
    if (f->rows == 0)
        return ptn_fail(
            error, PATRON_NO_DATA,
            "no customer has an order by the as-of%s, of %lld rows read; give purchases, %sor a later as-of",
            f->window_days > 0 ? " within the window" : "", (long long)f->audit.rows_read,
            f->window_days > 0 ? "a longer window, " : "");
    patron_status status =
        ptn_rank(&b->order, &b->purchases, &b->history->customers, team, "features", 0.75, 0.85, error);
    if (status != PATRON_OK) return status;
    status = fill_ids(b, team, error);
    if (status != PATRON_OK) return status;
    status = ptn_allocate(&block, memory, f->rows, sizeof *f->values, "customers' money", error);
    if (status != PATRON_OK) return status;
    f->values = block;
    status = ptn_matrix_create(&f->matrix, f->rows, b->columns, memory, error);
    if (status != PATRON_OK) return status;
    for (int64_t i = 0; i < b->columns; i++) {
        f->matrix->columns[i] = ptn_catalogue()[b->chosen[i]];
        if (f->matrix->columns[i].kind == PATRON_KIND_CODE) codes = i;
    }

    b->clock.as_of_s = f->audit.as_of_s;
    b->clock.as_of_day = ptn_local_day(f->audit.as_of_s, f->history_options.utc_offset_s);
    status =
        ptn_team_run(team, "features", 0.9, codes < 0 ? 1.0 : 0.98, (f->rows + BLOCK - 1) / BLOCK, fill_rows, b, error);
    if (status != PATRON_OK || codes < 0) return status;
    return ptn_codes_make(f, codes, &b->history->categories, team, "features", 0.98, 1.0, error);
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
    status = ptn_purchases_build(&b->purchases, NULL, b->history, &b->question, &team, "features", 0.75, error);
    if (status == PATRON_OK) {
        status = fill(b, &team, error);
        ptn_purchases_free(&b->purchases);
    }
    ptn_team_close(&team);
    ptn_free(&context->memory, b->id_bytes);
    ptn_rank_free(b->order, b->features->rows, &context->memory);
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
    status = ptn_days_check(read.recent_days, read.window_days, error);
    if (status != PATRON_OK) return status;
    if (read.min_orders < 1)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "min_orders is %lld; give 1 order or more",
                        (long long)read.min_orders);
    memset(&b, 0, sizeof b);
    b.history = history;
    status = ptn_columns_choose(b.chosen, &b.columns, read.columns, ptn_catalogue(), PTN_FEATURE_COUNT, error);
    if (status != PATRON_OK) return status;
    b.question.as_of_s = read.as_of_s;
    b.question.recent_days = read.recent_days;
    b.question.window_days = read.window_days;
    b.question.min_orders = read.min_orders;
    for (int64_t i = 0; i < b.columns; i++) b.question.habits |= ptn_feature_needs((int32_t)b.chosen[i]);

    ptn_floating_enter(&host);
    status = build(features, &b, &known, error);
    ptn_floating_leave(&host);
    return status;
}
