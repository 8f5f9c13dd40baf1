/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches of any shape into a history, and what is told of it afterwards: a refused batch leaves it as it was, every
   row has one fate, and audit, fates, lists, features and segments agree with each other. */
#include <math.h>

#include "fuzz/fuzz.h"

enum { MOST_ROWS = 40, MOST_BATCHES = 3, COLUMNS = 48, POOL = 64, MOST_LISTED = 4 };

/* What a batch borrows; each column has exactly its size. */
typedef struct batch {
    patron_orders orders;
    void *columns[COLUMNS];
    int32_t count;
} batch;

static void *column(batch *b, size_t each)
{
    HOLDS(b->count < COLUMNS);
    return b->columns[b->count++] = exactly((size_t)b->orders.rows * each);
}

static const uint8_t *bits(batch *b, tape *t)
{
    if (take_below(t, 3) != 0) return NULL;
    uint8_t *made = b->columns[b->count++] = exactly((size_t)(b->orders.rows + 7) / 8);
    for (int64_t i = 0; i < (b->orders.rows + 7) / 8; i++) made[i] = take_byte(t);
    return made;
}

/* Offsets that mostly rise; sometimes any, but never beyond the bytes, which the library cannot know. */
static patron_text texts(batch *b, tape *t)
{
    static const char common[POOL + 1] =
        "12a1b2\xC3\xA9tea cup10 20 30\xFFid-1id-2id-3\xE2\x82\xAC 0000000000000000000001";
    int64_t rows = b->orders.rows, at = 0;
    uint8_t *bytes = b->columns[b->count++] = exactly(POOL);
    int64_t *offsets = b->columns[b->count++] = exactly((size_t)(rows + 1) * sizeof *offsets);
    int32_t longest = 1 + take_below(t, 6);
    bool any = take_below(t, 16) == 15;
    for (int i = 0; i < POOL; i++) bytes[i] = (uint8_t)common[i];
    for (int32_t changes = take_below(t, 4); changes > 0; changes--) bytes[take_below(t, POOL)] = take_byte(t);
    for (int64_t i = 0; i <= rows; i++) {
        offsets[i] = any ? (int64_t)take_below(t, POOL + 8) - 7 : at;
        if (!any) at += take_below(t, longest + 1);
        if (at > POOL) at = POOL;
    }
    return (patron_text){bytes, offsets, bits(b, t)};
}

static const int64_t *wholes(batch *b, tape *t)
{
    int64_t *made = column(b, sizeof *made);
    for (int64_t i = 0; i < b->orders.rows; i++) made[i] = take_whole(t);
    return made;
}

static const double *numbers(batch *b, tape *t)
{
    double *made = column(b, sizeof *made);
    for (int64_t i = 0; i < b->orders.rows; i++) made[i] = take_number(t);
    return made;
}

static const uint8_t *flags(batch *b, tape *t)
{
    uint8_t *made = column(b, 1);
    for (int64_t i = 0; i < b->orders.rows; i++) made[i] = take_below(t, 4) == 3 ? take_byte(t) : 0;
    return made;
}

/* Days around a common one, so that customers come back. */
static const int64_t *times(batch *b, tape *t)
{
    int64_t *made = column(b, sizeof *made);
    for (int64_t i = 0; i < b->orders.rows; i++) {
        uint8_t day = take_byte(t);
        made[i] = day < 250 ? 19000 * INT64_C(86400) + day * INT64_C(40000) : take_whole(t);
    }
    return made;
}

static void make_batch(batch *b, tape *t)
{
    memset(b, 0, sizeof *b);
    patron_orders *o = &b->orders;
    patron_orders_init(o, sizeof *o);
    o->rows = take_below(t, MOST_ROWS);
    int32_t with = take_byte(t) << 8 | take_byte(t);
    if (with & 1) {
        o->customer_id = texts(b, t);
    } else if (take_below(t, 16) != 15) {
        o->customer_number = wholes(b, t);
        o->customer_validity = bits(b, t);
    }
    if (with & 2) o->order_id = texts(b, t);
    if ((with & 6) == 4) o->order_number = wholes(b, t);
    if (take_below(t, 16) != 15) o->time_s = times(b, t);
    if (with & 8) o->quantity = numbers(b, t);
    int32_t money = take_below(t, 8);
    if (money < 3) o->amount = wholes(b, t);
    if (money == 3 || money == 4) o->amount_value = numbers(b, t);
    if (money == 5) o->unit_price = wholes(b, t);
    if (money == 6) o->unit_price_value = numbers(b, t);
    if (with & 16) o->product = texts(b, t);
    if (with & 32) o->category = texts(b, t);
    if ((with & 80) == 80) o->channel = texts(b, t);
    if ((with & 48) == 48) o->currency = texts(b, t);
    if (with & 64) o->discount = wholes(b, t);
    if (with & 128) o->discount_value = numbers(b, t);
    if (with & 256) o->is_return = flags(b, t);
    if (with & 512) o->line = wholes(b, t);
    if (with & 1024) o->fault = flags(b, t);
    if (with & 2048) o->fault_field = flags(b, t);
    if ((with & 0xF000) == 0xF000) o->rows = take_whole(t) > 0 ? 0 : -1;
}

static void free_batch(batch *b)
{
    for (int32_t i = 0; i < b->count; i++) free(b->columns[i]);
}

static void check_fates(const patron_audit *audit, const patron_history *history, int64_t as_of_s,
                        const patron_context *context)
{
    int64_t rows = patron_history_row_count(history), seen[PATRON_FATE_COUNT] = {0}, sum = 0;
    patron_error error;
    uint8_t *fates = exactly((size_t)rows);
    HOLDS(fuzz_ok(patron_history_fates(fates, history, as_of_s, context, &error), &error));
    for (int64_t i = 0; i < rows; i++) {
        HOLDS(fates[i] < PATRON_FATE_COUNT);
        seen[fates[i]]++;
    }
    for (int f = 0; f < PATRON_FATE_COUNT; f++) {
        HOLDS(seen[f] == audit->fates[f]);
        sum += audit->fates[f];
    }
    HOLDS(sum == audit->rows_read && sum == rows);
    HOLDS(audit->rows_kept == audit->fates[PATRON_FATE_RETURN] + audit->fates[PATRON_FATE_PURCHASE]);
    HOLDS(audit->adjustments <= audit->fates[PATRON_FATE_RETURN]);
    HOLDS(audit->customers == audit->customers_with_order + audit->customers_without_order);
    HOLDS(audit->customers_without_order >= 0 && audit->orders >= audit->customers_with_order);
    HOLDS(audit->net == audit->gross - audit->returns && audit->gross >= 0 && audit->returns >= 0);
    HOLDS(audit->rows_kept == 0 || (audit->first_s <= audit->last_s && audit->last_s <= audit->as_of_s));
    patron_rejected rejected = {.size = sizeof rejected};
    for (int64_t i = 0, before = -1; i < audit->rejected_listed; i++, before = rejected.row) {
        HOLDS(fuzz_ok(patron_history_rejected(&rejected, history, i, &error), &error));
        HOLDS(rejected.row > before && rejected.row < rows && fates[rejected.row] <= PATRON_FATE_NO_CUSTOMER);
        HOLDS(rejected.reason > 0 && patron_reason_text(rejected.reason)[0] != '\0');
    }
    HOLDS(!fuzz_ok(patron_history_rejected(&rejected, history, audit->rejected_listed, &error), &error));
    free(fates);
}

static void check_features(const patron_features *features, const patron_audit *audit)
{
    int64_t customers = patron_features_customer_count(features), gross = 0, returns = 0, orders = 0, before_length = 0;
    const uint8_t *id, *before = NULL;
    int64_t length;
    patron_error error;
    HOLDS(customers == audit->customers_with_order && customers > 0);
    HOLDS(patron_matrix_row_count(patron_features_matrix(features)) == customers);
    for (int64_t i = 0; i < customers; i++, before = id, before_length = length) {
        patron_customer_value value = {.size = sizeof value};
        HOLDS(fuzz_ok(patron_features_value(&value, features, i, &error), &error));
        HOLDS(fuzz_ok(patron_features_customer_id(&id, &length, features, i, &error), &error));
        HOLDS(length > 0 && patron_features_find(features, id, length) == i);
        if (i > 0) {
            int order = memcmp(before, id, (size_t)(length < before_length ? length : before_length));
            HOLDS(order < 0 || (order == 0 && before_length < length));
        }
        HOLDS(value.orders > 0 && value.net == value.gross - value.returns);
        gross += value.gross;
        returns += value.returns;
        orders += value.orders;
    }
    HOLDS(gross == audit->gross && returns == audit->returns && orders == audit->orders);
}

static void check_segments(const patron_segmentation *s, const patron_history *history, const patron_context *context)
{
    int32_t count = patron_segmentation_count(s);
    int64_t customers = patron_features_customer_count(patron_segmentation_features(s)), sum = 0;
    patron_document *document = NULL;
    patron_error error;
    HOLDS(count >= 2 && count <= 4 && patron_fingerprint(s) != 0);
    for (int32_t id = 0; id < count; id++) {
        patron_segment_info info = {.size = sizeof info};
        HOLDS(fuzz_ok(patron_segmentation_segment(&info, s, id, &error), &error));
        HOLDS(info.customers > 0 && info.name[0] != '\0' && info.silhouette >= -1.0 && info.silhouette <= 1.0);
        sum += info.customers;
    }
    HOLDS(sum == customers);
    for (int64_t i = 0; i < customers; i++)
        HOLDS(patron_segmentation_labels(s)[i] >= 0 && patron_segmentation_labels(s)[i] < count);
    if (!fuzz_ok(patron_report_json(&document, s, history, context, &error), &error)) return;
    const char *text = patron_document_text(document);
    HOLDS((int64_t)strlen(text) == patron_document_length(document) && text[0] == '{');
    patron_document_free(document);
}

static void check(const patron_history *history, tape *t, const patron_context *context)
{
    patron_audit audit = {.size = sizeof audit};
    patron_features *features = NULL;
    patron_segmentation *segmentation = NULL;
    patron_features_options wanted;
    patron_segment_options options;
    patron_error error;
    uint8_t day = take_byte(t);
    int64_t as_of_s = day < 100   ? PATRON_AS_OF_LAST
                      : day < 240 ? 19000 * INT64_C(86400) + day * INT64_C(40000)
                                  : take_whole(t);
    bool told = fuzz_ok(patron_history_audit(&audit, history, as_of_s, context, &error), &error);
    if (told) check_fates(&audit, history, as_of_s, context);
    patron_features_options_init(&wanted, sizeof wanted);
    wanted.as_of_s = as_of_s;
    patron_status status = patron_features_build(&features, history, &wanted, context, &error);
    HOLDS(fuzz_ok(status, &error) == (features != NULL));
    HOLDS(status != PATRON_OK || told);
    if (status == PATRON_OK) check_features(features, &audit);
    HOLDS(status != PATRON_NO_DATA || !told || audit.customers_with_order == 0);
    patron_features_free(features);
    patron_segment_options_init(&options, sizeof options);
    options.as_of_s = as_of_s;
    options.n_init = 2;
    options.fill = take_below(t, 4);
    status = patron_segment(&segmentation, history, &options, context, &error);
    HOLDS(fuzz_ok(status, &error) == (segmentation != NULL));
    if (segmentation != NULL) check_segments(segmentation, history, context);
    patron_segmentation_free(segmentation);
}

/* A customer who is forgotten is gone, rows and all, and is then unknown. */
static void forget(patron_history *history, tape *t, const patron_context *context)
{
    patron_features *features = NULL;
    const uint8_t *id;
    int64_t length, before = patron_history_row_count(history);
    patron_error error;
    if (!fuzz_ok(patron_features_build(&features, history, NULL, context, &error), &error)) return;
    int64_t row = take_byte(t) % patron_features_customer_count(features);
    HOLDS(fuzz_ok(patron_features_customer_id(&id, &length, features, row, &error), &error));
    HOLDS(fuzz_ok(patron_history_forget(history, id, length, context, &error), &error));
    HOLDS(patron_history_row_count(history) < before);
    HOLDS(patron_history_forget(history, id, length, context, &error) == PATRON_UNKNOWN_CUSTOMER);
    patron_features *after = NULL;
    if (fuzz_ok(patron_features_build(&after, history, NULL, context, &error), &error))
        HOLDS(patron_features_find(after, id, length) == -1);
    patron_features_free(after);
    patron_features_free(features);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tape t = {data, size, 0};
    patron_history *history = NULL;
    patron_history_options options;
    patron_error error;
    int64_t patience = 1 << 20;
    uint8_t choice = take_byte(&t);
    patron_context context = fuzz_context(1 + (choice >> 7), &patience);
    patron_history_options_init(&options, sizeof options);
    options.zero_amount = choice & 1;
    options.duplicates = choice >> 1 & 1;
    options.strict = (choice >> 2 & 7) == 7;
    options.rejected_listed = take_below(&t, MOST_LISTED);
    if ((choice & 12) == 4) options.only_currency = "7";
    options.match_cancellations = choice >> 6 & 1;
    options.order_gap_s = (choice >> 5 & 3) * INT64_C(40000);
    options.utc_offset_s = (take_byte(&t) - INT64_C(128)) * 675;
    HOLDS(fuzz_ok(patron_history_create(&history, &options, &context, &error), &error));
    for (int32_t batches = 1 + take_below(&t, MOST_BATCHES); batches > 0; batches--) {
        batch b;
        int64_t before = patron_history_row_count(history);
        make_batch(&b, &t);
        bool taken = fuzz_ok(patron_history_append(history, &b.orders, &context, &error), &error);
        HOLDS(patron_history_row_count(history) == before + (taken ? b.orders.rows : 0));
        HOLDS(error.row < b.orders.rows || error.row == -1);
        free_batch(&b);
    }
    check(history, &t, &context);
    while (take_below(&t, 3) == 2) {
        forget(history, &t, &context);
        check(history, &t, &context);
    }
    patron_history_free(history);
    return 0;
}
