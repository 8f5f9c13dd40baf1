/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building features: the customers with an order, in the order of their ids, and each column's formula on each of them.
 */
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/floating.h"
#include "features/catalogue.h"
#include "features/codes.h"
#include "features/features.h"
#include "history/history.h"
#include "history/purchases.h"
#include "history/rank.h"
#include "matrix/matrix.h"

/* Customers in a tile of a block of parallel work, which is one of ptn_purchases' groups. */
enum { TILE = 256 };
_Static_assert((int)PTN_SINK_ROWS == (int)PTN_FEATURE_ROWS, "what the sink is given is filled at once");

typedef struct builder {
    patron_features *features;
    const patron_history *history;
    ptn_purchases purchases;
    ptn_question question;
    ptn_feature_clock clock;
    int64_t chosen[PTN_FEATURE_COUNT];
    int64_t columns;
    int64_t blocks;
    int64_t *id_bytes; /* of each block */
} builder;

/* A block's customers, and its first row. */
typedef struct stretch {
    int64_t from, end, row;
} stretch;

static stretch stretch_of(const builder *b, int64_t block)
{
    const ptn_purchases *p = &b->purchases;
    int64_t end = (block + 1) << PTN_PURCHASES_SHIFT;
    return (stretch){block << PTN_PURCHASES_SHIFT, end < p->count ? end : p->count, p->ranked[block]};
}

/* Keys of ids of neighbours, looked up together: of those that have a row. */
typedef struct keys {
    int32_t numbers[TILE];
    uint64_t bits[TILE];
    uint8_t kinds[TILE];
    int64_t lengths[TILE];
    int32_t count;
} keys;

static int64_t length_of(const builder *b, int64_t customer)
{
    const ptn_purchases *p = &b->purchases;
    uint8_t length = p->lengths[customer];
    return length < PTN_RANK_LONG ? length : ptn_intern_length(&b->history->customers, p->order[customer]);
}

static void read_keys(keys *k, const builder *b, int64_t from, int64_t end)
{
    const ptn_intern *ids = &b->history->customers;
    k->count = 0;
    for (int64_t c = from; c < end; c++) {
        k->numbers[k->count] = b->purchases.order[c];
        k->lengths[k->count] = length_of(b, c);
        k->count += ptn_purchases_ranks(&b->purchases, c);
    }
    for (int32_t i = 0; i < k->count; i++) k->kinds[i] = ((const uint8_t *)ids->kinds.items)[k->numbers[i]];
    for (int32_t i = 0; i < k->count; i++) k->bits[i] = ((const uint64_t *)ids->bits.items)[k->numbers[i]];
}

/* The bytes of a block's ids. */
static void measure_ids(void *argument, int64_t block, int32_t worker)
{
    builder *b = argument;
    const stretch s = stretch_of(b, block);
    int64_t bytes = 0;
    (void)worker;
    for (int64_t c = s.from; c < s.end; c++)
        if (ptn_purchases_ranks(&b->purchases, c)) bytes += length_of(b, c);
    b->id_bytes[block] = bytes;
}

static inline void copy_id(uint8_t *to, const ptn_intern *ids, const keys *k, int32_t i)
{
    uint8_t text[PTN_KEY_TEXT];
    const uint8_t *bytes;
    if (k->kinds[i] != PTN_KEY_LONG) {
        ptn_key_write(to, k->kinds[i], k->bits[i], k->lengths[i]);
        return;
    }
    ptn_intern_get(&bytes, text, ids, k->numbers[i]);
    memcpy(to, bytes, (size_t)k->lengths[i]);
}

/* Their ends among all, and their bytes. id_bytes[block] is where the block's begin; the row before a block's first is
   the last of the block before, so it is left alone. */
static void copy_ids(void *argument, int64_t block, int32_t worker)
{
    builder *b = argument;
    patron_features *f = b->features;
    const stretch s = stretch_of(b, block);
    int64_t at = b->id_bytes[block], *ends = f->id_ends + s.row + 1;
    keys k;
    (void)worker;
    for (int64_t c = s.from; c < s.end; c += TILE) {
        read_keys(&k, b, c, s.end - c < TILE ? s.end : c + TILE);
        for (int32_t i = 0; i < k.count; i++) {
            copy_id(f->id_bytes + at, &b->history->customers, &k, i);
            at += k.lengths[i];
            *ends++ = at;
        }
    }
}

static patron_status fill_ids(builder *b, ptn_team *team, patron_error *error)
{
    void *memory_block;
    patron_features *f = b->features;
    const ptn_memory *memory = &team->context->memory;
    int64_t bytes = 0;
    const ptn_wanted wanted[] = {{&f->id_ends, f->rows + 1, sizeof *f->id_ends, "customer ids"},
                                 {&b->id_bytes, b->blocks, sizeof *b->id_bytes, "customer ids"}};
    patron_status status = ptn_allocate_each(wanted, 2, false, memory, error);
    if (status != PATRON_OK) return status;
    f->id_ends[0] = 0;
    status = ptn_team_run(team, "features", 0.85, 0.87, b->blocks, measure_ids, b, error);
    if (status != PATRON_OK) return status;
    for (int64_t i = 0; i < b->blocks; i++) {
        int64_t of = b->id_bytes[i];
        b->id_bytes[i] = bytes;
        bytes += of;
    }
    f->id_ends[f->rows] = bytes;
    status = ptn_allocate(&memory_block, memory, bytes, 1, "customer ids", error);
    if (status != PATRON_OK) return status;
    f->id_bytes = memory_block;
    return ptn_team_run_apart(team, "features", 0.87, 0.9, b->blocks, copy_ids, b, error);
}

/* The next customers that have a row, as many as are looked at together; *n goes past them. */
static void take_rows(ptn_feature_rows *rows, int64_t *n, const builder *b, int64_t end)
{
    const ptn_purchases *p = &b->purchases;
    rows->count = 0;
    for (; *n < end && rows->count < PTN_FEATURE_ROWS; ++*n) {
        if (!ptn_purchases_ranks(p, *n)) continue;
        rows->customers[rows->count] = &p->customers[*n];
        rows->habits[rows->count++] = p->habits == NULL ? NULL : &p->habits[*n];
    }
}

/* The rows from `row` on of customers looked at together. */
static void fill_some(const builder *b, int64_t row, const ptn_feature_rows *some)
{
    patron_features *f = b->features;
    for (int64_t i = 0; i < some->count; i++) {
        const ptn_customer *c = some->customers[i];
        f->values[row + i] = (ptn_value){c->gross, c->returns, c->recurring, c->orders};
    }
    for (int64_t i = 0; i < b->columns; i++)
        ptn_feature_fill(f->matrix->values + row * b->columns + i, b->columns, (int32_t)b->chosen[i], some, &b->clock);
}

static void touch_rows(void *argument, int64_t row, int64_t count)
{
    const builder *b = argument;
    patron_features *f = b->features;
    ptn_touch(f->values + row, (size_t)count * sizeof *f->values);
    ptn_touch(f->matrix->values + row * b->columns, (size_t)(count * b->columns) * sizeof *f->matrix->values);
}

/* What the sink does with customers as they are seen. */
static void take_customers(void *argument, int64_t row, const ptn_customer *customers, const ptn_habits *habits,
                           int64_t count)
{
    ptn_feature_rows some = {.count = count};
    for (int64_t i = 0; i < count; i++) {
        some.customers[i] = &customers[i];
        some.habits[i] = habits == NULL ? NULL : &habits[i];
    }
    fill_some(argument, row, &some);
}

static void fill_rows(void *argument, int64_t block, int32_t worker)
{
    builder *b = argument;
    const stretch s = stretch_of(b, block);
    int64_t row = s.row, n = s.from;
    (void)worker;
    touch_rows(b, row, b->purchases.ranked[block + 1] - row);
    while (n < s.end) {
        ptn_feature_rows some;
        take_rows(&some, &n, b, s.end);
        fill_some(b, row, &some);
        row += some.count;
    }
}

/* Room for the rows, which are known, and what formulas need besides customers. */
static patron_status make_rows(void *argument, const ptn_purchases *purchases, patron_error *error)
{
    builder *b = argument;
    patron_features *f = b->features;
    void *block;
    f->rows = purchases->ranked[purchases->groups];
    if (f->rows == 0) return PATRON_OK;
    b->clock.as_of_s = purchases->audit.as_of_s;
    b->clock.as_of_day = ptn_local_day(b->clock.as_of_s, b->history->options.utc_offset_s);
    patron_status status = ptn_allocate(&block, &f->memory, f->rows, sizeof *f->values, "customers' money", error);
    if (status != PATRON_OK) return status;
    f->values = block;
    status = ptn_matrix_create(&f->matrix, f->rows, b->columns, &f->memory, error);
    for (int64_t i = 0; status == PATRON_OK && i < b->columns; i++)
        f->matrix->columns[i] = ptn_catalogue()[b->chosen[i]];
    return status;
}

static patron_status fill(builder *b, ptn_team *team, patron_error *error)
{
    patron_features *f = b->features;
    int64_t codes = -1; /* their column, or -1 */
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
    b->blocks = b->purchases.groups;
    patron_status status = fill_ids(b, team, error);
    if (status != PATRON_OK) return status;
    if (!b->purchases.taken) status = make_rows(b, &b->purchases, error);
    if (status != PATRON_OK) return status;
    for (int64_t i = 0; i < b->columns; i++)
        if (f->matrix->columns[i].kind == PATRON_KIND_CODE) codes = i;
    if (!b->purchases.taken)
        status = ptn_team_run_apart(team, "features", 0.9, codes < 0 ? 1.0 : 0.98, b->blocks, fill_rows, b, error);
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
    const ptn_sink sink = {b, make_rows, touch_rows, take_customers};
    b->question.sink = &sink;
    ptn_team_open(&team, context);
    status = ptn_purchases_build(&b->purchases, NULL, b->history, &b->question, &team, "features", 0.85, error);
    if (status == PATRON_OK) {
        status = fill(b, &team, error);
        ptn_purchases_free(&b->purchases);
    }
    ptn_team_close(&team);
    ptn_free(&context->memory, b->id_bytes);
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
    b.question.by_id = true;
    for (int64_t i = 0; i < b.columns; i++) b.question.habits |= ptn_feature_needs((int32_t)b.chosen[i]);

    ptn_floating_enter(&host);
    status = build(features, &b, &known, error);
    ptn_floating_leave(&host);
    return status;
}
