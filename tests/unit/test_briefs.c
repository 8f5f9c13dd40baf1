/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines gathered as briefs say, to the bit, what lines gathered whole do, up to the last number that a brief holds. */
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "features/features.h"
#include "history/groups.h"
#include "matrix/matrix.h"
#include "support/order_lines.h"
#include "support/suite.h"

enum { CUSTOMERS = 3000, DIGITS = 6 };

/* How many texts there are of each kind; 0: the column is not given. */
typedef struct numbers {
    int64_t products, categories, channels;
    bool brief; /* they fit */
} numbers;

/* `count` texts of DIGITS digits, each of `of` texts in turn, a few lines of them missing. */
static patron_text texts(int64_t count, int64_t of)
{
    uint8_t *bytes = malloc((size_t)(count * DIGITS));
    int64_t *offsets = malloc((size_t)(count + 1) * sizeof *offsets), at = 0;
    patron_text text = {.bytes = bytes, .offsets = offsets};
    for (int64_t i = 0; i < count; i++) {
        int64_t number = i % of;
        offsets[i] = at;
        if (i >= of && i % 7 == 0) continue;
        for (int d = DIGITS; d-- > 0; number /= 10) bytes[at + d] = (uint8_t)('0' + number % 10);
        at += DIGITS;
    }
    offsets[count] = at;
    return text;
}

static void free_texts(const patron_text *text)
{
    free((void *)(uintptr_t)text->bytes);
    free((void *)(uintptr_t)text->offsets);
}

/* Runs of up to nine lines. The last line is of a customer of its own, without texts; its quantity is not whole where
   `halves`, so that no briefs are made. */
static patron_history *history_of(const numbers *n, bool halves)
{
    int64_t most = n->products > n->categories ? n->products : n->categories;
    if (n->channels > most) most = n->channels;
    int64_t lines = most + 20000, *columns = malloc((size_t)(4 * lines) * sizeof *columns);
    double *quantity = malloc((size_t)lines * sizeof *quantity);
    uint64_t state = 11;
    patron_history *history;
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    patron_text product = texts(lines, n->products > 0 ? n->products : 1),
                category = texts(lines, n->categories > 0 ? n->categories : 1),
                channel = texts(lines, n->channels > 0 ? n->channels : 1);
    for (int64_t i = 0; i < lines; i++) {
        bool again = i > 0 && i % 9 != 0 && test_below(&state, 3) > 0;
        columns[i] = again ? columns[i - 1] : 1 + test_below(&state, CUSTOMERS);
        columns[lines + i] = again ? columns[lines + i - 1] : test_below(&state, 1000 * 86400);
        columns[2 * lines + i] = (test_below(&state, 9) == 0 ? -1 : 1) * test_below(&state, INT32_MAX);
        columns[3 * lines + i] = test_below(&state, 3) == 0 ? test_below(&state, INT32_MAX) : 0;
        quantity[i] = test_below(&state, 20) == 0 ? -(double)test_below(&state, 9) : (double)test_below(&state, 32767);
    }
    columns[lines - 1] = CUSTOMERS + 1;
    ((int64_t *)(uintptr_t)product.offsets)[lines] = product.offsets[lines - 1];
    ((int64_t *)(uintptr_t)category.offsets)[lines] = category.offsets[lines - 1];
    ((int64_t *)(uintptr_t)channel.offsets)[lines] = channel.offsets[lines - 1];
    columns[3 * lines - 1] = 10000;
    quantity[lines - 1] = halves ? 1.5 : 1.0;
    orders.rows = lines;
    orders.customer_number = columns;
    orders.time_s = columns + lines;
    orders.amount = columns + 2 * lines;
    orders.discount = columns + 3 * lines;
    orders.quantity = quantity;
    if (n->products > 0) orders.product = product;
    if (n->categories > 0) orders.category = category;
    if (n->channels > 0) orders.channel = channel;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    free_texts(&product);
    free_texts(&category);
    free_texts(&channel);
    free(quantity);
    free(columns);
    return history;
}

START_TEST(test_briefs_say_what_lines_do)
{
    static const numbers all[] = {
        {0, 0, 0, true},
        {1, 1, 1, true},
        {0, 3, 0, true},
        {7, 0, 4, true},
        {500, 8, 7, true},
        {131071, 16383, 16383, true},  /* 17 + 14 + 14 bits, all that there are */
        {16383, 16383, 131071, true},  /* with the widest numbers at the upper end */
        {131072, 16383, 16383, false}, /* a bit more */
        {131071, 16384, 16383, false},
        {131071, 16383, 16384, false},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        patron_history *histories[2];
        patron_features *features[2];
        for (int halves = 0; halves < 2; halves++) {
            histories[halves] = history_of(&all[i], halves != 0);
            const ptn_grouping grouping = {.history = histories[halves], .details = true};
            ck_assert(ptn_groups_brief(&grouping) == (all[i].brief && halves == 0));
            ck_assert_int_eq(patron_features_build(&features[halves], histories[halves], NULL, NULL, NULL), PATRON_OK);
        }
        const patron_matrix *a = features[0]->matrix, *b = features[1]->matrix;
        ck_assert_int_eq(a->rows, b->rows);
        ck_assert_int_gt(a->rows, CUSTOMERS / 2);
        int64_t other = -1; /* the row of the line that differs */
        for (int64_t r = 0; r < a->rows; r++) {
            if (memcmp(a->values + r * a->cols, b->values + r * b->cols, (size_t)a->cols * sizeof *a->values) == 0)
                continue;
            ck_assert_int_lt(other, 0);
            other = r;
        }
        ck_assert_int_ge(other, 0);
        ck_assert_int_eq(features[0]->id_ends[other + 1] - features[0]->id_ends[other], 4);
        ck_assert_mem_eq(features[0]->id_bytes + features[0]->id_ends[other], "3001", 4);
        for (int halves = 0; halves < 2; halves++) {
            patron_features_free(features[halves]);
            patron_history_free(histories[halves]);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("briefs");
    TCase *tests = tcase_create("briefs");
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_briefs_say_what_lines_do);
    return run_suite(suite);
}
