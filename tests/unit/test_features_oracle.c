/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fates, audit and features of random histories under random policies: they are the oracle's. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "features/catalogue.h"
#include "support/code_texts.h"
#include "support/order_lines.h"
#include "support/range.h"
#include "support/suite.h"

enum { MOST_LINES = 40 };

static patron_history *history_with(const oracle_options *how)
{
    patron_history *history;
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    options.zero_amount = how->keep_zero ? PATRON_ZERO_AMOUNT_KEEP : PATRON_ZERO_AMOUNT_DROP;
    options.duplicates = how->drop_duplicates ? PATRON_DUPLICATES_DROP : PATRON_DUPLICATES_KEEP;
    options.utc_offset_s = how->utc_offset_s;
    options.order_gap_s = how->order_gap_s;
    options.match_cancellations = how->match_cancellations;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, NULL), PATRON_OK);
    return history;
}

static void expect_audit(const patron_audit *got, const patron_audit *want)
{
    ck_assert_int_eq(got->as_of_s, want->as_of_s);
    ck_assert_int_eq(got->first_s, want->first_s);
    ck_assert_int_eq(got->last_s, want->last_s);
    ck_assert_int_eq(got->rows_read, want->rows_read);
    ck_assert_int_eq(got->rows_kept, want->rows_kept);
    for (int32_t f = 0; f < PATRON_FATE_COUNT; f++) ck_assert_int_eq(got->fates[f], want->fates[f]);
    ck_assert_int_eq(got->adjustments, want->adjustments);
    ck_assert_int_eq(got->amounts_rounded, 0);
    ck_assert_int_eq(got->customers, want->customers);
    ck_assert_int_eq(got->customers_with_order, want->customers_with_order);
    ck_assert_int_eq(got->customers_without_order, want->customers_without_order);
    ck_assert_int_eq(got->customers_below_min_orders, want->customers_below_min_orders);
    ck_assert_int_eq(got->orders, want->orders);
    ck_assert_int_eq(got->gross, want->gross);
    ck_assert_int_eq(got->returns, want->returns);
    ck_assert_int_eq(got->net, want->net);
}

/* The text of a customer's code is the oracle's, and every code is somebody's. */
static void expect_first_categories(const patron_features *features, const oracle_result *want)
{
    int64_t column = patron_matrix_find(patron_features_matrix(features), "first_category"), most = -1;
    for (int64_t row = 0; row < want->rows; row++) {
        double code = patron_matrix_values(patron_features_matrix(features))[row * ORACLE_FEATURES + column];
        ck_assert(code_stands_for(features, row, want->customers[row].first_category));
        if (code > (double)most) most = (int64_t)code;
    }
    ck_assert_int_eq(code_count(features), most + 1);
}

static void expect_customers(const patron_features *features, const oracle_result *want)
{
    const double *values = patron_matrix_values(patron_features_matrix(features));
    patron_text ids;
    ck_assert_int_eq(patron_features_customer_count(features), want->rows);
    ck_assert_int_eq(patron_features_customer_ids(&ids, features, NULL), PATRON_OK);
    ck_assert_ptr_null(ids.validity);
    for (int64_t row = 0; row < want->rows; row++) {
        const oracle_customer *c = &want->customers[row];
        patron_customer_value value = {.size = sizeof value};
        const uint8_t *bytes;
        int64_t length;
        ck_assert_int_eq(patron_features_customer_id(&bytes, &length, features, row, NULL), PATRON_OK);
        ck_assert_int_eq(length, (int64_t)strlen(c->id));
        ck_assert_mem_eq(bytes, c->id, (size_t)length);
        ck_assert_ptr_eq(bytes, ids.bytes + ids.offsets[row]);
        ck_assert_int_eq(length, ids.offsets[row + 1] - ids.offsets[row]);
        ck_assert_int_eq(patron_features_find(features, (const uint8_t *)c->id, length), row);
        ck_assert_int_eq(patron_features_value(&value, features, row, NULL), PATRON_OK);
        ck_assert_int_eq(value.gross, c->gross);
        ck_assert_int_eq(value.returns, c->returns);
        ck_assert_int_eq(value.net, c->gross - c->returns);
        ck_assert_int_eq(value.recurring, c->recurring);
        ck_assert_int_eq(value.orders, c->orders);
        for (int64_t i = 0; i < ORACLE_FEATURES; i++) {
            double got = values[row * ORACLE_FEATURES + i], want_it = c->features[i];
            /* The last ones are not exact in double; the oracle's own way to them is the rougher one. */
            double tolerance =
                i < 12 ? 0.0 : 1e-7 * (got > 1.0 ? got : 1.0) * (i == 14 || i == 19 || i == 34) + 1e-13 * fabs(got);
            if (!(fabs(got - want_it) <= tolerance) && !(isnan(got) && isnan(want_it)))
                ck_abort_msg("customer %s, %s: %.17g, not %.17g", c->id, ptn_catalogue()[i].name, got, c->features[i]);
            if (!isnan(got) && !range_holds(ptn_catalogue()[i].range, got))
                ck_abort_msg("%s: %.17g is not %s", ptn_catalogue()[i].name, got, ptn_catalogue()[i].range);
        }
    }
}

/* Of a batch's optional columns any may be missing. */
static void leave_out_columns(oracle_line *lines, int64_t count, uint64_t *state)
{
    bool channel = test_below(state, 4) == 0, product = test_below(state, 4) == 0, category = test_below(state, 4) == 0,
         discount = test_below(state, 3) == 0;
    for (int64_t i = 0; i < count; i++) {
        if (product) lines[i].product = NULL;
        if (channel) lines[i].channel = NULL;
        if (category) lines[i].category = NULL;
        if (!discount) continue;
        lines[i].discount = 0;
        lines[i].no_discount_column = true;
    }
}

/* One random history, in batches, by every function that judges it. */
static void compare_with_oracle(oracle_line *lines, int64_t count, const oracle_options *options, uint64_t *state)
{
    oracle_result want;
    int64_t batches[MOST_LINES], batch = 0;
    uint8_t fates[MOST_LINES + 1];
    patron_audit audit = {.size = sizeof audit};
    patron_error error;
    for (int64_t at = 0; at < count; at += batches[batch++]) {
        batches[batch] = 1 + test_below(state, count - at);
        leave_out_columns(lines + at, batches[batch], state);
    }
    oracle_options whole = *options; /* the history's own audit knows no window, nor fewest orders */
    whole.window_days = whole.min_orders = 0;
    oracle_build(&want, lines, count, &whole);
    patron_history *history = history_with(options);
    bool ignore_first = test_below(state, 2) == 0;
    if (ignore_first) ignore_product(history, options->ignored);
    batch = 0;
    for (int64_t at = 0; at < count; at += batches[batch++])
        ck_assert_int_eq(append_lines(history, lines + at, batches[batch], test_below(state, 2) == 0, NULL, NULL),
                         PATRON_OK);
    if (!ignore_first) ignore_product(history, options->ignored);
    ck_assert_int_eq(patron_history_row_count(history), count);
    ck_assert_int_eq(patron_history_audit(&audit, history, options->as_of_s, NULL, NULL), PATRON_OK);
    expect_audit(&audit, &want.audit);
    ck_assert_int_eq(patron_history_fates(fates, history, options->as_of_s, NULL, NULL), PATRON_OK);
    ck_assert_mem_eq(fates, want.fates, (size_t)count);
    oracle_free(&want);
    oracle_build(&want, lines, count, options);

    patron_features *features;
    patron_features_options wanted;
    patron_features_options_init(&wanted, sizeof wanted);
    wanted.as_of_s = options->as_of_s;
    wanted.recent_days = options->recent_days;
    wanted.window_days = options->window_days;
    wanted.min_orders = options->min_orders;
    patron_status status = patron_features_build(&features, history, &wanted, NULL, &error);
    patron_history_free(history);
    if (want.rows == 0) {
        ck_assert_int_eq(status, PATRON_NO_DATA);
        ck_assert_ptr_null(features);
    } else {
        ck_assert_int_eq(status, PATRON_OK);
        ck_assert_int_eq(patron_features_audit(&audit, features, NULL), PATRON_OK);
        expect_audit(&audit, &want.audit);
        expect_customers(features, &want);
        expect_first_categories(features, &want);
    }
    patron_features_free(features);
    oracle_free(&want);
}

START_TEST(test_fates_audit_and_features_are_the_oracle_s)
{
    static const int64_t offsets_s[] = {0, 3600, -3600, 86400, -86400, 19800};
    static const int64_t as_ofs_s[] = {PATRON_AS_OF_LAST, 0, 86400, 864000, -86401, -1000000, 10000000};
    static const int64_t gaps_s[] = {1, 2, 13600, 86400, 764000, INT64_MAX};
    static const int64_t recent_days[] = {1, 9, 10, 90}, window_days[] = {1, 2, 11, 4000, INT64_MAX};
    uint64_t state = 1;
    for (int round = 0; round < 8000; round++) {
        oracle_line lines[MOST_LINES];
        int64_t count = test_below(&state, MOST_LINES + 1);
        oracle_options options = {.keep_zero = test_below(&state, 2) == 0,
                                  .drop_duplicates = test_below(&state, 2) == 0,
                                  .utc_offset_s = offsets_s[test_below(&state, 6)],
                                  .match_cancellations = round % 7 < 3,
                                  .ignored = round % 6 == 0 ? "tea" : NULL,
                                  .order_gap_s = round % 4 == 0 ? gaps_s[test_below(&state, 6)] : 0,
                                  .as_of_s = as_ofs_s[test_below(&state, 2) * test_below(&state, 7)],
                                  .recent_days = recent_days[test_below(&state, 4)],
                                  .min_orders = round % 5 == 0 ? 1 + test_below(&state, 4) : 1,
                                  .window_days = round % 3 == 0 ? window_days[test_below(&state, 5)] : 0};
        random_lines(lines, count, &state);
        compare_with_oracle(lines, count, &options, &state);
    }
}
END_TEST

/* Lines of one customer, order and time side by side, as in most logs, and quantities that are whole. */
static void lie_together(oracle_line *lines, int64_t count, uint64_t *state)
{
    int64_t of_eight = 1 + test_below(state, 8); /* so many of eight follow the line before */
    for (int64_t i = 0; i < count; i++) {
        if (lines[i].quantity == 0.5) lines[i].quantity = 3;
        if (i == 0 || test_below(state, 8) >= of_eight) continue;
        lines[i].customer = lines[i - 1].customer;
        lines[i].order = lines[i - 1].order;
        lines[i].time_s = lines[i - 1].time_s;
    }
}

START_TEST(test_runs_of_lines_are_the_oracle_s)
{
    uint64_t state = 2;
    for (int round = 0; round < 4000; round++) {
        oracle_line lines[MOST_LINES];
        int64_t count = 1 + test_below(&state, MOST_LINES);
        oracle_options options = {.keep_zero = test_below(&state, 2) == 0,
                                  .drop_duplicates = round % 9 == 0,
                                  .utc_offset_s = round % 2 == 0 ? 0 : 19800,
                                  .match_cancellations = round % 11 == 0,
                                  .ignored = round % 4 == 0 ? "tea" : NULL,
                                  .order_gap_s = round % 5 == 0 ? 86400 : 0,
                                  .as_of_s = round % 3 == 0 ? 86400 : PATRON_AS_OF_LAST,
                                  .recent_days = 9,
                                  .min_orders = 1,
                                  .window_days = round % 7 == 0 ? 2 : 0};
        random_lines(lines, count, &state);
        lie_together(lines, count, &state);
        compare_with_oracle(lines, count, &options, &state);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("features and the oracle");
    TCase *tests = tcase_create("features and the oracle");
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_fates_audit_and_features_are_the_oracle_s);
    tcase_add_test(tests, test_runs_of_lines_are_the_oracle_s);
    return run_suite(suite);
}
