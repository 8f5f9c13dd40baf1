/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a history, and what can be read of it without working anything out. */
#include "history/history.h"

#include <string.h>

#include "base/error.h"
#include "history/currency.h"

#define TEXT_CASE(name, number, text)                                                                                  \
    case name:                                                                                                         \
        return text;

const char *patron_field_name(int32_t field)
{
    switch (field) {
        PATRON_FIELD_LIST(TEXT_CASE)
    default:
        return "";
    }
}

const char *patron_reason_text(int32_t reason)
{
    switch (reason) {
        PATRON_REASON_LIST(TEXT_CASE)
    default:
        return "";
    }
}

const char *patron_fate_name(int32_t fate)
{
    switch (fate) {
        PATRON_FATE_LIST(TEXT_CASE)
    default:
        return "";
    }
}
#undef TEXT_CASE

void patron_orders_init(patron_orders *orders, size_t size)
{
    patron_orders defaults;
    memset(&defaults, 0, sizeof defaults);
    ptn_struct_init(orders, size, &defaults, sizeof defaults);
}

void patron_history_options_init(patron_history_options *options, size_t size)
{
    patron_history_options defaults;
    memset(&defaults, 0, sizeof defaults);
    defaults.zero_amount = PATRON_ZERO_AMOUNT_DROP;
    defaults.duplicates = PATRON_DUPLICATES_KEEP;
    defaults.rejected_listed = 100;
    ptn_struct_init(options, size, &defaults, sizeof defaults);
}

static patron_status read_options(patron_history_options *out, ptn_currency *currency,
                                  const patron_history_options *options, patron_error *error)
{
    patron_history_options_init(out, sizeof *out);
    patron_status status = ptn_struct_read(out, sizeof *out, options, "history options", error);
    if (status != PATRON_OK) return status;
    if (out->zero_amount != PATRON_ZERO_AMOUNT_DROP && out->zero_amount != PATRON_ZERO_AMOUNT_KEEP)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "zero_amount is %d; give PATRON_ZERO_AMOUNT_DROP or PATRON_ZERO_AMOUNT_KEEP",
                        (int)out->zero_amount);
    if (out->duplicates != PATRON_DUPLICATES_KEEP && out->duplicates != PATRON_DUPLICATES_DROP)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "duplicates is %d; give PATRON_DUPLICATES_KEEP or PATRON_DUPLICATES_DROP",
                        (int)out->duplicates);
    if (out->strict != 0 && out->strict != 1)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "strict is %d; give 0 or 1", (int)out->strict);
    if (out->rejected_listed < 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "rejected_listed is %d; give 0 or more",
                        (int)out->rejected_listed);
    if (out->match_cancellations != 0 && out->match_cancellations != 1)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "match_cancellations is %d; give 0 or 1",
                        (int)out->match_cancellations);
    if (out->order_gap_s < 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "order_gap_s is %lld; give a number of seconds, or 0 for an order a day",
                        (long long)out->order_gap_s);
    if (out->utc_offset_s < -86400 || out->utc_offset_s > 86400)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "utc_offset_s is %lld; give -86400 to 86400 seconds",
                        (long long)out->utc_offset_s);
    return ptn_currency_read(currency, out->only_currency, error);
}

patron_status patron_history_create(patron_history **history, const patron_history_options *options,
                                    const patron_context *context, patron_error *error)
{
    patron_history_options read;
    ptn_currency currency;
    ptn_context known;
    ptn_siphash_key key;
    void *block;
    ptn_ok(error);
    if (history == NULL) return ptn_fail_null(error, "history");
    *history = NULL;
    patron_status status = ptn_context_read(&known, context, error);
    if (status != PATRON_OK) return status;
    status = read_options(&read, &currency, options, error);
    if (status != PATRON_OK) return status;
    status = ptn_allocate_zero(&block, &known.memory, 1, sizeof(patron_history), "a history", error);
    if (status != PATRON_OK) return status;

    patron_history *made = block;
    made->memory = known.memory;
    made->options = read;
    made->currency = currency;
    if (read.only_currency != NULL) made->options.only_currency = made->currency.code;
    made->last_s = INT64_MIN;
    ptn_siphash_key_make(&key);
    ptn_intern_open(&made->customers, "customer ids", &key);
    ptn_intern_open(&made->orders, "order ids", &key);
    ptn_intern_open(&made->products, "products", &key);
    ptn_intern_open(&made->categories, "categories", &key);
    ptn_intern_open(&made->channels, "channels", &key);
    *history = made;
    return PATRON_OK;
}

void patron_history_free(patron_history *history)
{
    if (history == NULL) return;
    ptn_memory memory = history->memory;
    ptn_column columns[PTN_HISTORY_COLUMNS];
    ptn_history_columns(columns, history);
    for (int i = 0; i < PTN_HISTORY_COLUMNS; i++) ptn_array_free(columns[i].array, &memory);
    ptn_array_free(&history->rejected, &memory);
    ptn_array_free(&history->merged, &memory);
    ptn_array_free(&history->ignored, &memory);
    ptn_intern_free(&history->customers, &memory);
    ptn_intern_free(&history->orders, &memory);
    ptn_intern_free(&history->products, &memory);
    ptn_intern_free(&history->categories, &memory);
    ptn_intern_free(&history->channels, &memory);
    ptn_free(&memory, history);
}

/* One column; what was ever written to it is wiped, since an order's key is an id. The rest of it nobody has touched.
 */
static patron_status widen(patron_history *h, ptn_array *column, uint32_t bit, int64_t lines, patron_error *error)
{
    const bool of_texts = bit >= PTN_WIDE_PRODUCT;
    size_t each = ptn_history_width(h, column);
    void *block = NULL;
    if (column->items != NULL) {
        patron_status status =
            ptn_allocate(&block, &h->memory, column->capacity, of_texts ? 4 : 8, "order lines", error);
        if (status != PATRON_OK) return status;
    }
    for (int64_t i = 0; block != NULL && i < lines; i++) {
        if (of_texts)
            ((int32_t *)block)[i] = ptn_text_at(column->items, each, i);
        else if (bit == PTN_WIDE_AMOUNT)
            ((int64_t *)block)[i] = ptn_line_amount(h, i);
        else if (bit == PTN_WIDE_ORDER)
            ((uint64_t *)block)[i] = ptn_line_order(h, i);
        else if (bit == PTN_WIDE_QUANTITY)
            ((double *)block)[i] = ptn_line_quantity(h, i);
        else
            ((int64_t *)block)[i] = ptn_line_discount(h, i);
    }
    if (block != NULL) {
        ptn_wipe(column->items, (size_t)(h->reached < column->capacity ? h->reached : column->capacity) * each);
        ptn_free(&h->memory, column->items);
        column->items = block;
    }
    h->wide |= bit;
    return PATRON_OK;
}

patron_status ptn_history_widen(patron_history *h, uint32_t columns, int64_t lines, patron_error *error)
{
    ptn_array *const all[] = {&h->amount,  &h->order,    &h->quantity, &h->discount,
                              &h->product, &h->category, &h->channel};
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++) {
        if ((columns & ~h->wide & 1u << i) == 0) continue;
        patron_status status = widen(h, all[i], 1u << i, lines, error);
        if (status != PATRON_OK) return status;
    }
    return PATRON_OK;
}

int64_t patron_history_row_count(const patron_history *history)
{
    return history == NULL ? 0 : ptn_history_rows(history);
}

const patron_history_options *ptn_history_options_of(const patron_history *history) { return &history->options; }

patron_status patron_history_rejected(patron_rejected *rejected, const patron_history *history, int64_t index,
                                      patron_error *error)
{
    ptn_ok(error);
    if (history == NULL) return ptn_fail_null(error, "history");
    if (index < 0 || index >= ptn_history_listed(history))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "there is no rejected row %lld; %lld are listed",
                        (long long)index, (long long)ptn_history_listed(history));
    const ptn_rejection *kept = (const ptn_rejection *)history->rejected.items + index;
    const patron_rejected listed = {sizeof listed, kept->row, kept->line, kept->field, kept->reason};
    return ptn_struct_write(rejected, &listed, sizeof *rejected, "rejected", error);
}
