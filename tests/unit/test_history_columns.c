/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How lines lie in the log has no effect: neighbours of one order that are gathered together, and columns that become
   wide when a value does not fit. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "base/hash.h"
#include "history/history.h"
#include "support/order_lines.h"
#include "support/suite.h"
#include "support/table.h"
#include "support/text_column.h"

enum { LINES = 30000, CUSTOMERS = 700, AS_OF_S = 40000000 };

static const char rfm[] = "recency_days,frequency,monetary_gross,monetary_net,tenure_days,average_order_value,"
                          "btyd_x,btyd_t_x,recent_orders,days_between_variation,best_quarter_share,"
                          "largest_order_share";

/* Columns of a batch. */
typedef struct lines {
    int64_t customer[LINES], order[LINES], time_s[LINES], amount[LINES], discount[LINES];
    double quantity[LINES];
    uint8_t ordered[(LINES + 7) / 8]; /* validity of orders */
} lines;

static lines made, shuffled;

/* Orders of some lines each, one after the other, with returns, adjustments, zeros and lines after the as-of among
   them; some without an order id. */
static void make_lines(uint64_t *state)
{
    memset(&made, 0, sizeof made);
    for (int64_t i = 0, left = 0; i < LINES; i++) {
        bool starts = left == 0;
        left = starts ? test_below(state, 6) : left - 1;
        made.customer[i] = starts ? test_below(state, CUSTOMERS) : made.customer[i - 1];
        made.order[i] = starts ? test_below(state, 5000) : made.order[i - 1];
        made.time_s[i] =
            starts || test_below(state, 20) == 0 ? test_below(state, AS_OF_S + AS_OF_S / 20) : made.time_s[i - 1];
        int64_t kind = test_below(state, 12);
        made.amount[i] = kind == 0 ? 0 : (kind == 1 ? -1 : 1) * test_below(state, 2000000);
        made.quantity[i] = kind == 2 ? -1.0 : kind == 3 ? 0.0 : (double)(1 + test_below(state, 9));
        if (made.order[i] % 10 != 0) made.ordered[i / 8] |= (uint8_t)(1u << (i % 8));
    }
}

static void copy_line(lines *to, int64_t at, const lines *from, int64_t i)
{
    to->customer[at] = from->customer[i];
    to->order[at] = from->order[i];
    to->time_s[at] = from->time_s[i];
    to->amount[at] = from->amount[i];
    to->discount[at] = from->discount[i];
    to->quantity[at] = from->quantity[i];
    uint8_t bit = (uint8_t)(1u << (at % 8));
    bool there = (from->ordered[i / 8] >> (i % 8) & 1) != 0;
    to->ordered[at / 8] = (uint8_t)(there ? to->ordered[at / 8] | bit : to->ordered[at / 8] & ~bit);
}

static void shuffle(uint64_t *state)
{
    static int32_t order[LINES];
    for (int32_t i = 0; i < LINES; i++) order[i] = i;
    for (int64_t i = LINES - 1; i > 0; i--) {
        int64_t j = test_below(state, i + 1);
        int32_t t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (int64_t i = 0; i < LINES; i++) copy_line(&shuffled, i, &made, order[i]);
}

/* Rows from … of the lines; `from` is a multiple of 8. */
static patron_status append(patron_history *history, const lines *l, int64_t from, int64_t rows,
                            const patron_context *context)
{
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    orders.rows = rows;
    orders.customer_number = l->customer + from;
    orders.order_number = l->order + from;
    orders.order_validity = l->ordered + from / 8;
    orders.time_s = l->time_s + from;
    orders.amount = l->amount + from;
    orders.discount = l->discount + from;
    orders.quantity = l->quantity + from;
    return patron_history_append(history, &orders, context, NULL);
}

static patron_history *history_of(const lines *l, int64_t batch, int32_t zero_amount, int32_t threads)
{
    patron_history *history;
    patron_history_options options;
    patron_context context;
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    patron_history_options_init(&options, sizeof options);
    options.zero_amount = zero_amount;
    ck_assert_int_eq(patron_history_create(&history, &options, &context, NULL), PATRON_OK);
    for (int64_t from = 0; from < LINES; from += batch)
        ck_assert_int_eq(append(history, l, from, LINES - from < batch ? LINES - from : batch, &context), PATRON_OK);
    return history;
}

/* Of these columns (all where none is named): values of those of `rfm`, ids and audit. */
static uint64_t fingerprint(const patron_history *history, const char *columns, int32_t threads)
{
    patron_features *features;
    patron_features_options options;
    patron_context context;
    patron_audit audit = {.size = sizeof audit};
    patron_text ids;
    char names[sizeof rfm];
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    patron_features_options_init(&options, sizeof options);
    options.columns = columns;
    options.as_of_s = AS_OF_S;
    ck_assert_int_eq(patron_features_build(&features, history, &options, &context, NULL), PATRON_OK);
    const patron_matrix *matrix = patron_features_matrix(features);
    int64_t rows = patron_features_customer_count(features), cols = patron_matrix_column_count(matrix);
    const double *values = patron_matrix_values(matrix);
    uint64_t hash = PTN_HASH_START;
    memcpy(names, rfm, sizeof rfm);
    for (char *rest = names, *name; (name = strtok_r(rest, ",", &rest)) != NULL;) {
        int64_t column = patron_matrix_find(matrix, name);
        ck_assert_int_ge(column, 0);
        for (int64_t r = 0; r < rows; r++) hash = ptn_hash_doubles(hash, values + r * cols + column, 1);
    }
    ck_assert_int_eq(patron_features_customer_ids(&ids, features, NULL), PATRON_OK);
    hash = ptn_hash_bytes(hash, ids.bytes, ids.offsets[rows]);
    ck_assert_int_eq(patron_features_audit(&audit, features, NULL), PATRON_OK);
    hash = ptn_hash_bytes(hash, (const uint8_t *)&audit, sizeof audit);
    patron_features_free(features);
    return hash;
}

/* rfm needs no single line, so its lines are gathered in runs; the whole catalogue's are not. */
START_TEST(test_runs_of_lines_change_nothing)
{
    uint64_t state = 5;
    for (int32_t zero = PATRON_ZERO_AMOUNT_DROP; zero <= PATRON_ZERO_AMOUNT_KEEP; zero++) {
        make_lines(&state);
        shuffle(&state);
        patron_history *together = history_of(&made, LINES, zero, 2), *apart = history_of(&shuffled, 4096, zero, 3);
        uint64_t want = fingerprint(apart, NULL, 1);
        ck_assert_uint_eq(fingerprint(together, NULL, 2), want);
        ck_assert_uint_eq(fingerprint(together, rfm, 1), want);
        ck_assert_uint_eq(fingerprint(together, rfm, 3), want);
        ck_assert_uint_eq(fingerprint(apart, rfm, 2), want);
        uint8_t *one = malloc(LINES), *other = malloc(LINES);
        int64_t counts[2][PATRON_FATE_COUNT] = {{0}};
        ck_assert_int_eq(patron_history_fates(one, together, AS_OF_S, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(patron_history_fates(other, apart, AS_OF_S, NULL, NULL), PATRON_OK);
        for (int64_t i = 0; i < LINES; i++) {
            counts[0][one[i]]++;
            counts[1][other[i]]++;
            bool later = made.time_s[i] > AS_OF_S;
            ck_assert_int_eq(one[i] == PATRON_FATE_AFTER_AS_OF, later);
            if (!later && made.quantity[i] < 0.0 && made.amount[i] != 0) ck_assert_int_eq(one[i], PATRON_FATE_RETURN);
        }
        ck_assert_mem_eq(counts[0], counts[1], sizeof counts[0]);
        free(other);
        free(one);
        patron_history_free(apart);
        patron_history_free(together);
    }
}
END_TEST

/* Sums of neighbours that are beyond int64_t are told as any customer's are. */
START_TEST(test_a_run_beyond_int64_names_its_customer)
{
    patron_history *history;
    patron_features *features;
    patron_features_options options;
    patron_error error;
    memset(&made, 0, sizeof made);
    for (int64_t i = 0; i < 4; i++) {
        made.customer[i] = 7;
        made.amount[i] = INT64_MAX / 2;
        made.quantity[i] = 1.0;
    }
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append(history, &made, 0, 4, NULL), PATRON_OK);
    patron_features_options_init(&options, sizeof options);
    options.columns = rfm;
    ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, &error), PATRON_OUT_OF_RANGE);
    ck_assert_ptr_nonnull(strstr(error.message, "customer 7"));
    patron_history_free(history);
}
END_TEST

/* In each quarter of the lines another column gets a value that does not fit. */
static void widen_lines(void)
{
    made.amount[LINES / 4] = INT64_C(1) << 40;
    made.order[LINES / 2] = INT64_C(1) << 50;
    made.order[LINES / 2 + 1] = -3;
    made.quantity[LINES / 4 * 3] = 0.25;
    made.quantity[LINES / 4 * 3 + 1] = 40000.0;
    made.discount[LINES - 1] = INT64_C(1) << 33;
}

START_TEST(test_wide_values_may_come_at_any_time)
{
    uint64_t state = 9;
    make_lines(&state);
    widen_lines();
    shuffle(&state);
    patron_history *late = history_of(&made, 2048, PATRON_ZERO_AMOUNT_DROP, 2),
                   *early = history_of(&shuffled, LINES, PATRON_ZERO_AMOUNT_DROP, 1);
    const uint32_t all = PTN_WIDE_AMOUNT | PTN_WIDE_ORDER | PTN_WIDE_QUANTITY | PTN_WIDE_DISCOUNT;
    ck_assert_uint_eq(late->wide, all);
    ck_assert_uint_eq(early->wide, all);
    for (int64_t i = 0; i < LINES; i++) {
        ck_assert_int_eq(ptn_line_amount(late, i), made.amount[i]);
        ck_assert_double_eq(ptn_line_quantity(late, i), made.quantity[i]);
        ck_assert_int_eq(ptn_line_discount(late, i), made.discount[i]);
        bool ordered = (made.ordered[i / 8] >> (i % 8) & 1) != 0;
        ck_assert_uint_eq(ptn_line_order(late, i), ordered ? (uint64_t)made.order[i] : 0);
    }
    ck_assert_uint_eq(fingerprint(late, NULL, 2), fingerprint(early, NULL, 1));
    ck_assert_uint_eq(fingerprint(late, rfm, 2), fingerprint(early, rfm, 1));
    for (int32_t c = 0; c < 20; c++) {
        char id[12];
        int length = snprintf(id, sizeof id, "%d", (int)c);
        ck_assert_int_eq(patron_history_forget(late, (const uint8_t *)id, length, NULL, NULL), PATRON_OK);
        ck_assert_int_eq(patron_history_forget(early, (const uint8_t *)id, length, NULL, NULL), PATRON_OK);
    }
    ck_assert_uint_eq(fingerprint(late, rfm, 1), fingerprint(early, rfm, 2));
    patron_history_free(early);
    patron_history_free(late);
}
END_TEST

/* Memory that is full of a byte at first, each block behind its size; of a block given back with the sought number in
   it, how many bytes at its end still are. */
enum { FRESH = 0xA5, HEADER = 16 };

typedef struct watched {
    uint32_t sought;
    int64_t found, untouched;
} watched;

static void *watched_allocate(void *user, size_t bytes)
{
    uint8_t *block = malloc(bytes + HEADER);
    (void)user;
    if (block == NULL) return NULL;
    memcpy(block, &bytes, sizeof bytes);
    memset(block + HEADER, FRESH, bytes);
    return block + HEADER;
}

static void watched_deallocate(void *user, void *block)
{
    watched *w = user;
    uint8_t *items = block;
    size_t bytes;
    memcpy(&bytes, items - HEADER, sizeof bytes);
    int64_t end = (int64_t)bytes, untouched = 0;
    for (int64_t i = 0; i + 4 <= end; i += 4) w->found += memcmp(items + i, &w->sought, 4) == 0;
    while (untouched < end && items[end - 1 - untouched] == FRESH) untouched++;
    if (untouched > w->untouched) w->untouched = untouched;
    free(items - HEADER);
}

static void *watched_reallocate(void *user, void *block, size_t bytes)
{
    size_t before;
    void *more = watched_allocate(user, bytes);
    memcpy(&before, (uint8_t *)block - HEADER, sizeof before);
    if (more == NULL) return NULL;
    memcpy(more, block, before < bytes ? before : bytes);
    watched_deallocate(user, block);
    return more;
}

/* Order ids, those of a failed append too, are wiped from a column that becomes wide; its room beyond them is left
   alone. */
START_TEST(test_a_column_that_becomes_wide_is_wiped_as_far_as_it_was_written)
{
    enum { FEW = 100, FAILED = 100, ROWS = 20000 };
    static int64_t customer[ROWS], order[ROWS], time_s[ROWS], amount[ROWS];
    watched w = {.sought = 1234567891};
    patron_context context;
    patron_history *history;
    patron_orders orders;
    patron_context_init(&context, sizeof context);
    context.allocate = watched_allocate;
    context.reallocate = watched_reallocate;
    context.deallocate = watched_deallocate;
    context.allocator_user = &w;
    for (int64_t i = 0; i < ROWS; i++) order[i] = w.sought;
    patron_orders_init(&orders, sizeof orders);
    orders.customer_number = customer;
    orders.order_number = order;
    orders.time_s = time_s;
    orders.amount = amount;
    orders.rows = FEW;
    ck_assert_int_eq(patron_history_create(&history, NULL, &context, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, &context, NULL), PATRON_OK);
    orders.rows = ROWS;
    time_s[FAILED] = INT64_MAX;
    ck_assert_int_eq(patron_history_append(history, &orders, &context, NULL), PATRON_OUT_OF_RANGE);
    time_s[FAILED] = 0;
    orders.rows = 1;
    order[0] = INT64_C(1) << 50;
    w.found = w.untouched = 0;
    ck_assert_int_eq(patron_history_append(history, &orders, &context, NULL), PATRON_OK);
    ck_assert_uint_ne(history->wide & PTN_WIDE_ORDER, 0);
    ck_assert_int_eq(w.found, 0);
    ck_assert_int_gt(w.untouched, (ROWS - FEW - (1 << 13)) * 3);
    patron_history_free(history);
}
END_TEST

/* The whole catalogue's features, of the customers in the order of their ids. */
static patron_features *all_features(const patron_history *history)
{
    patron_features *features;
    patron_features_options options;
    patron_features_options_init(&options, sizeof options);
    options.as_of_s = AS_OF_S;
    ck_assert_int_eq(patron_features_build(&features, history, &options, NULL, NULL), PATRON_OK);
    return features;
}

/* The least and the most that narrow columns hold are of the same size to every feature as they are in wide ones. */
START_TEST(test_the_ends_of_narrow_columns)
{
    static const int64_t amounts[] = {INT32_MIN, INT32_MAX, INT32_MIN + 1, 1, -1, 20000};
    static const double quantities[] = {32767.0, -32767.0, 1.0, 3.0};
    static const uint8_t forgotten[] = "999999";
    uint64_t state = 17;
    patron_history *histories[2];
    patron_features *features[2];
    make_lines(&state);
    for (int64_t i = 0; i < LINES; i++) {
        if (test_below(&state, 3) == 0) made.amount[i] = amounts[test_below(&state, 6)];
        if (test_below(&state, 3) == 0) made.quantity[i] = quantities[test_below(&state, 4)];
        made.discount[i] = test_below(&state, 3) == 0 ? INT32_MAX : test_below(&state, 900);
    }
    for (int32_t wide = 0; wide < 2; wide++) {
        ck_assert_int_eq(patron_history_create(&histories[wide], NULL, NULL, NULL), PATRON_OK);
        if (wide == 1) {
            memset(&shuffled, 0, sizeof shuffled);
            shuffled.customer[0] = 999999;
            shuffled.amount[0] = shuffled.discount[0] = INT64_C(1) << 40;
            shuffled.quantity[0] = 0.5;
            ck_assert_int_eq(append(histories[1], &shuffled, 0, 1, NULL), PATRON_OK);
            ck_assert_int_eq(patron_history_forget(histories[1], forgotten, 6, NULL, NULL), PATRON_OK);
        }
        ck_assert_int_eq(append(histories[wide], &made, 0, LINES, NULL), PATRON_OK);
        const uint32_t of_numbers = PTN_WIDE_AMOUNT | PTN_WIDE_QUANTITY | PTN_WIDE_DISCOUNT;
        ck_assert_uint_eq(histories[wide]->wide & of_numbers, wide == 0 ? 0 : of_numbers);
        features[wide] = all_features(histories[wide]);
    }
    const patron_matrix *narrow = patron_features_matrix(features[0]), *other = patron_features_matrix(features[1]);
    int64_t rows = patron_features_customer_count(features[0]), cols = patron_matrix_column_count(narrow);
    ck_assert_int_eq(rows, patron_features_customer_count(features[1]));
    for (int64_t c = 0; c < cols; c++)
        for (int64_t r = 0; r < rows; r++)
            if (memcmp(patron_matrix_values(narrow) + r * cols + c, patron_matrix_values(other) + r * cols + c, 8) != 0)
                ck_abort_msg("column %d, row %d", (int)c, (int)r);
    for (int32_t wide = 0; wide < 2; wide++) {
        patron_features_free(features[wide]);
        patron_history_free(histories[wide]);
    }
}
END_TEST

/* Lines of one customer, each of a category, or a channel, that nobody else has, and then of 20 customers. Its id comes
   last, as do those texts. */
static patron_history *history_of_texts(int64_t alone, bool of_channels)
{
    enum { BUYERS = 20, REAL = 4000, FEW = 12 };
    uint64_t state = 23;
    patron_history *history;
    patron_orders orders;
    text_column texts[2];
    int64_t rows = alone + REAL, *customers = calloc((size_t)rows, sizeof *customers);
    int64_t *times = calloc((size_t)rows, sizeof *times), *amounts = calloc((size_t)rows, sizeof *amounts);
    for (int32_t c = 0; c < 2; c++) text_column_open(&texts[c]);
    for (int64_t i = 0; i < rows; i++) {
        char text[32];
        int64_t real = i - alone, which = real < FEW ? real : test_below(&state, FEW);
        int length = snprintf(text, sizeof text, real < 0 ? "x%d" : "real%d", (int)(real < 0 ? i : which));
        customers[i] = real < 0 ? 999 : 1 + real % BUYERS;
        times[i] = real < 0 ? 0 : real / 7 * 20000;
        amounts[i] = 1 + (real < 0 ? i : test_below(&state, 100000));
        text_column_add(&texts[of_channels], text, length);
        text_column_add(&texts[!of_channels], text, real < 0 ? 1 : length);
    }
    patron_orders_init(&orders, sizeof orders);
    orders.rows = rows;
    orders.customer_number = customers;
    orders.time_s = times;
    orders.amount = amounts;
    orders.category = text_column_view(&texts[0]);
    orders.channel = text_column_view(&texts[1]);
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(ptn_intern_count(of_channels ? &history->channels : &history->categories), alone + FEW);
    for (int32_t c = 0; c < 2; c++) text_column_free(&texts[c]);
    free(amounts);
    free(times);
    free(customers);
    return history;
}

/* A line's category and channel are told by 16 bits where there are few enough of them, and by more where not. */
START_TEST(test_texts_at_the_end_of_what_16_bits_tell)
{
    static const int64_t alone[] = {0, 65535 - 12, 65535 - 11, 65535 - 10, 65535 - 4, 66000};
    for (int32_t of_channels = 0; of_channels < 2; of_channels++) {
        patron_features *first = NULL;
        for (size_t a = 0; a < sizeof alone / sizeof *alone; a++) {
            patron_history *history = history_of_texts(alone[a], of_channels != 0);
            patron_features *features = all_features(history);
            int64_t cols = patron_matrix_column_count(patron_features_matrix(features));
            ck_assert_int_eq(patron_features_customer_count(features), alone[a] == 0 ? 20 : 21);
            if (a == 0) first = features;
            const double *values = patron_matrix_values(patron_features_matrix(features)),
                         *wanted = patron_matrix_values(patron_features_matrix(first));
            for (int64_t i = 0; i < 20 * cols; i++)
                if (memcmp(&values[i], &wanted[i], sizeof *values) != 0)
                    ck_abort_msg("%d others: row %d, column %d is %a, not %a", (int)alone[a], (int)(i / cols),
                                 (int)(i % cols), values[i], wanted[i]);
            if (a > 0) patron_features_free(features);
            patron_history_free(history);
        }
        patron_features_free(first);
    }
}
END_TEST

/* A batch of these lines: with money as doubles where `values`; with quantities and discounts where `every`; each row
   read by itself where `alone`, since a column of returns is there. */
static void append_as(patron_history *history, int64_t from, int64_t rows, bool values, bool every, bool alone)
{
    static const uint8_t none[LINES];
    static double amounts[LINES], discounts[LINES];
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    for (int64_t i = from; i < from + rows; i++) {
        amounts[i] = (double)made.amount[i] / 10000.0;
        discounts[i] = (double)made.discount[i] / 10000.0;
    }
    orders.rows = rows;
    orders.customer_number = made.customer + from;
    orders.order_number = made.order + from;
    orders.time_s = made.time_s + from;
    if (values) {
        orders.amount_value = amounts + from;
        if (every) orders.discount_value = discounts + from;
    } else {
        orders.amount = made.amount + from;
        if (every) orders.discount = made.discount + from;
    }
    if (every) orders.quantity = made.quantity + from;
    if (alone) orders.is_return = none;
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
}

/* What is read without a branch a row is what is read row by row, to the bit, in narrow and wide columns. */
START_TEST(test_rows_read_together_and_alone_are_the_same)
{
    uint64_t state = 11;
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    for (int32_t wide = 0; wide < 4; wide++) {
        patron_history *histories[2];
        options.zero_amount = wide % 2 == 0 ? PATRON_ZERO_AMOUNT_DROP : PATRON_ZERO_AMOUNT_KEEP;
        make_lines(&state);
        for (int64_t i = 0; i < LINES; i++) {
            made.discount[i] = test_below(&state, 2001) - 1000;
            if (i % 300 == 7) made.quantity[i] = -0.0;
            if (wide > 0 && i % 1000 == 3) made.quantity[i] = 0.125;
            if (wide > 1 && i % 1000 == 5) made.amount[i] = -(INT64_C(1) << 40);
            if (wide > 2 && i % 1000 == 9) made.discount[i] = -(INT64_C(1) << 41);
        }
        for (int32_t alone = 0; alone < 2; alone++) {
            ck_assert_int_eq(patron_history_create(&histories[alone], &options, NULL, NULL), PATRON_OK);
            for (int32_t part = 0; part < 4; part++)
                append_as(histories[alone], part * (LINES / 4), LINES / 4 - part, part % 2 != 0, part > 0 && part < 3,
                          alone != 0);
        }
        const patron_history *a = histories[0], *b = histories[1];
        int64_t count = ptn_history_lines(a);
        ck_assert_int_eq(count, ptn_history_lines(b));
        ck_assert_uint_eq(a->wide, b->wide);
        ck_assert_int_eq(a->last_s, b->last_s);
        ck_assert_mem_eq(a->stamp.items, b->stamp.items, (size_t)count * 8);
        for (int64_t i = 0; i < count; i++) {
            double quantities[2] = {ptn_line_quantity(a, i), ptn_line_quantity(b, i)};
            ck_assert_mem_eq(&quantities[0], &quantities[1], sizeof(double));
            ck_assert_int_eq(ptn_line_amount(a, i), ptn_line_amount(b, i));
            ck_assert_int_eq(ptn_line_discount(a, i), ptn_line_discount(b, i));
            ck_assert_int_ge(ptn_line_discount(a, i), 0);
            ck_assert_uint_eq(ptn_line_order(a, i), ptn_line_order(b, i));
        }
        patron_history_free(histories[0]);
        patron_history_free(histories[1]);
    }
}
END_TEST

/* Products of 1 to 20 bytes, some beginning or ending alike, more than a memo has places for, each its own. */
START_TEST(test_texts_of_every_length_keep_apart)
{
    enum { TEXTS = 20000, LONGEST = 20 };
    static uint8_t bytes[TEXTS * LONGEST];
    static int64_t offsets[TEXTS + 1];
    uint64_t state = 13;
    patron_history *history;
    patron_orders orders;
    make_lines(&state);
    for (int64_t i = 0; i < TEXTS; i++) {
        int64_t length = 1 + test_below(&state, LONGEST);
        uint8_t *text = bytes + offsets[i];
        memset(text, 'a', (size_t)length);
        for (int64_t b = 0; b < 2; b++) text[test_below(&state, length)] = (uint8_t)('b' + test_below(&state, 20));
        offsets[i + 1] = offsets[i] + length;
    }
    patron_orders_init(&orders, sizeof orders);
    orders.rows = TEXTS;
    orders.customer_number = made.customer;
    orders.time_s = made.time_s;
    orders.amount = made.amount;
    /* Without a byte to spare, so that a look beyond the end is found. */
    uint8_t *tight = malloc((size_t)offsets[TEXTS]);
    memcpy(tight, bytes, (size_t)offsets[TEXTS]);
    orders.product = (patron_text){tight, offsets, NULL};
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    for (int64_t i = 0; i < TEXTS; i++) {
        uint8_t text[PTN_KEY_TEXT];
        const uint8_t *found;
        int64_t length = ptn_intern_get(&found, text, &history->products, ptn_line_product(history, i));
        ck_assert_int_eq(length, offsets[i + 1] - offsets[i]);
        ck_assert_mem_eq(found, bytes + offsets[i], (size_t)length);
    }
    free(tight);
    patron_history_free(history);
}
END_TEST

START_TEST(test_forgetting_keeps_narrow_columns)
{
    uint64_t state = 10;
    make_lines(&state);
    patron_history *all = history_of(&made, LINES, PATRON_ZERO_AMOUNT_DROP, 1), *rest;
    ck_assert_int_eq(patron_history_forget(all, (const uint8_t *)"3", 1, NULL, NULL), PATRON_OK);
    int64_t kept = 0;
    for (int64_t i = 0; i < LINES; i++)
        if (made.customer[i] != 3) copy_line(&shuffled, kept++, &made, i);
    ck_assert_int_eq(patron_history_create(&rest, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append(rest, &shuffled, 0, kept, NULL), PATRON_OK);
    ck_assert_uint_eq(all->wide, 0);
    for (int64_t i = 0; i < kept; i++) {
        ck_assert_int_eq(ptn_line_amount(all, i), ptn_line_amount(rest, i));
        ck_assert_uint_eq(ptn_line_order(all, i), ptn_line_order(rest, i));
        ck_assert_double_eq(ptn_line_quantity(all, i), ptn_line_quantity(rest, i));
    }
    ck_assert_uint_eq(fingerprint(all, NULL, 1), fingerprint(rest, NULL, 1));
    patron_history_free(rest);
    patron_history_free(all);
}
END_TEST

START_TEST(test_memory_failure_while_widening_leaves_the_lines)
{
    uint64_t state = 11;
    meter m = {.allowed = INT64_MAX, .callbacks = INT64_MAX};
    int32_t failures = 0;
    patron_history *history, *want;
    make_lines(&state);
    patron_context context = meter_context(&m);
    ck_assert_int_eq(patron_history_create(&want, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(append(want, &made, 0, LINES / 8 * 8, NULL), PATRON_OK);
    const uint64_t before = fingerprint(want, NULL, 1);
    ck_assert_int_eq(patron_history_create(&history, NULL, &context, NULL), PATRON_OK);
    ck_assert_int_eq(append(history, &made, 0, LINES / 8 * 8, &context), PATRON_OK);
    widen_lines();
    for (int32_t allowed = 0;; allowed++) {
        m.allowed = allowed;
        patron_status status = append(history, &made, LINES / 4 / 8 * 8, LINES / 2, &context);
        m.allowed = INT64_MAX;
        if (status == PATRON_OK) break;
        ck_assert_int_eq(status, PATRON_OUT_OF_MEMORY);
        ck_assert_uint_eq(fingerprint(history, NULL, 1), before);
        failures++;
    }
    ck_assert_int_gt(failures, 3);
    ck_assert_int_eq(append(want, &made, LINES / 4 / 8 * 8, LINES / 2, NULL), PATRON_OK);
    ck_assert_uint_eq(fingerprint(history, NULL, 1), fingerprint(want, NULL, 1));
    patron_history_free(history);
    ck_assert_int_eq(m.live, 0);
    patron_history_free(want);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("columns of a history");
    TCase *tests = tcase_create("columns of a history");
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_runs_of_lines_change_nothing);
    tcase_add_test(tests, test_a_run_beyond_int64_names_its_customer);
    tcase_add_test(tests, test_wide_values_may_come_at_any_time);
    tcase_add_test(tests, test_a_column_that_becomes_wide_is_wiped_as_far_as_it_was_written);
    tcase_add_test(tests, test_the_ends_of_narrow_columns);
    tcase_add_test(tests, test_texts_at_the_end_of_what_16_bits_tell);
    tcase_add_test(tests, test_rows_read_together_and_alone_are_the_same);
    tcase_add_test(tests, test_texts_of_every_length_keep_apart);
    tcase_add_test(tests, test_forgetting_keeps_narrow_columns);
    tcase_add_test(tests, test_memory_failure_while_widening_leaves_the_lines);
    return run_suite(suite);
}
