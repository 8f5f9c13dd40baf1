/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What customers are called changes nothing, as long as their ids keep their order; nor does the order of lines, nor
   how many threads there are: the same segments, the same words, the same summary to the byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "property/made_shop.h"
#include "support/order_lines.h"
#include "support/suite.h"
#include "support/text_column.h"

enum { SHOPS = 60, FIRST = 10000, MOST_IDS = 10000, ID_BYTES = 48 };

/* What a segmentation says, as one text. */
typedef struct result {
    patron_document *document;
    uint64_t fingerprint;
    int32_t *labels;
    int64_t customers;
} result;

static result result_of(const patron_history *history, int32_t threads)
{
    result r;
    patron_context context;
    patron_segmentation *segmentation;
    patron_segment_options options;
    patron_error error;
    patron_context_init(&context, sizeof context);
    context.threads = threads;
    patron_segment_options_init(&options, sizeof options);
    options.smallest_share = 0.0;
    options.minimum_orders = 2;
    ck_assert_msg(patron_segment(&segmentation, history, &options, &context, &error) == PATRON_OK, "%s", error.message);
    ck_assert_int_eq(patron_report_json(&r.document, segmentation, NULL, NULL, NULL), PATRON_OK);
    r.fingerprint = patron_fingerprint(segmentation);
    r.customers = patron_features_customer_count(patron_segmentation_features(segmentation));
    r.labels = malloc((size_t)r.customers * sizeof *r.labels);
    memcpy(r.labels, patron_segmentation_labels(segmentation), (size_t)r.customers * sizeof *r.labels);
    patron_segmentation_free(segmentation);
    return r;
}

static void result_free(result *r)
{
    patron_document_free(r->document);
    free(r->labels);
}

static void compare(result *one, result other)
{
    ck_assert_uint_eq(one->fingerprint, other.fingerprint);
    ck_assert_int_eq(one->customers, other.customers);
    ck_assert_mem_eq(one->labels, other.labels, (size_t)one->customers * sizeof *one->labels);
    ck_assert_str_eq(patron_document_text(one->document), patron_document_text(other.document));
    result_free(&other);
}

/* New ids for the numbers FIRST …, rising: each begins as the last one did, up to some byte, and goes on with a greater
   one, so that lengths and bytes vary. */
static void rising_ids(char (*ids)[ID_BYTES], uint64_t *state)
{
    int64_t length = 1;
    strcpy(ids[0], "0");
    for (int64_t i = 1; i < MOST_IDS; i++) {
        memcpy(ids[i], ids[i - 1], ID_BYTES);
        if (length < 40 && test_below(state, 3) > 0) {
            ids[i][length++] = (char)('!' + test_below(state, 8));
        } else {
            while (ids[i][length - 1] == '~') length--;
            ids[i][length - 1]++;
        }
        ids[i][length] = '\0';
        ck_assert_int_gt(strcmp(ids[i], ids[i - 1]), 0);
    }
}

/* The shop's history with other ids, its lines in the order given, in two batches. */
static patron_history *renamed(const made_shop *shop, char (*ids)[ID_BYTES], const int64_t *order)
{
    patron_history *history;
    patron_orders orders;
    made_shop moved = {0};
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    moved.order = malloc(5 * sizeof(int64_t) * (size_t)shop->rows);
    moved.time_s = moved.order + shop->rows;
    moved.amount = moved.time_s + shop->rows;
    moved.discount = moved.amount + shop->rows;
    moved.quantity = malloc(sizeof(double) * (size_t)shop->rows);
    for (int part = 0; part < 2; part++) {
        int64_t from = part * shop->rows / 3, to = part == 0 ? shop->rows / 3 : shop->rows;
        text_column customers;
        text_column_open(&customers);
        for (int64_t i = from; i < to; i++) {
            int64_t at = order[i];
            const char *id = ids[shop->customer[at] - FIRST];
            text_column_add(&customers, id, (int64_t)strlen(id));
            moved.order[i - from] = shop->order[at];
            moved.time_s[i - from] = shop->time_s[at];
            moved.amount[i - from] = shop->amount[at];
            moved.discount[i - from] = shop->discount[at];
            moved.quantity[i - from] = shop->quantity[at];
        }
        patron_orders_init(&orders, sizeof orders);
        orders.rows = to - from;
        orders.customer_id = text_column_view(&customers);
        orders.order_number = moved.order;
        orders.time_s = moved.time_s;
        orders.amount = moved.amount;
        orders.discount = moved.discount;
        orders.quantity = moved.quantity;
        ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
        text_column_free(&customers);
    }
    free(moved.order);
    free(moved.quantity);
    return history;
}

START_TEST(test_other_ids_in_the_same_order_change_nothing)
{
    char(*ids)[ID_BYTES] = malloc((size_t)MOST_IDS * ID_BYTES);
    for (uint64_t seed = 1; seed <= SHOPS; seed++) {
        uint64_t state = seed;
        made_shop shop = made_shop_of(seed);
        patron_history *history = made_shop_history(&shop);
        result plain = result_of(history, 1);
        compare(&plain, result_of(history, 4));
        patron_history_free(history);

        rising_ids(ids, &state);
        int64_t *order = malloc((size_t)shop.rows * sizeof *order);
        for (int64_t i = 0; i < shop.rows; i++) order[i] = i;
        for (int64_t i = shop.rows - 1; i > 0; i--) {
            int64_t other = test_below(&state, i + 1), kept = order[i];
            order[i] = order[other];
            order[other] = kept;
        }
        history = renamed(&shop, ids, order);
        compare(&plain, result_of(history, 1 + (int32_t)(seed % 3)));
        patron_history_free(history);
        free(order);
        result_free(&plain);
        made_shop_free(&shop);
    }
    free(ids);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("renaming");
    TCase *tests = tcase_create("renaming");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 800);
    tcase_add_test(tests, test_other_ids_in_the_same_order_change_nothing);
    return run_suite(suite);
}
