/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/order_lines.h"

#include <stdlib.h>
#include <string.h>

#include "support/text_column.h"

uint64_t test_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

int64_t test_below(uint64_t *state, int64_t limit) { return (int64_t)(test_random(state) % (uint64_t)limit); }

static const char *pick(const char *const *from, int64_t count, uint64_t *state)
{
    return from[test_below(state, count)];
}

void random_lines(oracle_line *lines, int64_t count, uint64_t *state)
{
    static const char *const customers[] = {"7", "12", "120", "-3", "12345678", "123456789", "1234567891", NULL};
    static const char *const orders[] = {NULL, NULL, "A", "B", "C", "Ü"};
    static const char *const products[] = {NULL, "tea", "cup"};
    static const char *const categories[] = {NULL, "drinks", "china", "gifts"};
    static const char *const channels[] = {NULL, "web", "shop", "a channel of many bytes"};
    static const double quantities[] = {1, 1, 1, 2, 0.5, 0, -1, -2};
    static const int64_t amounts[] = {10000, 10000, 25000, 5, 0, -10000, -1, 123456789};
    static const int64_t times[] = {0, 1, 86399, 86400, 100000, -1, -86400, -86401, 864000, 864001, 900000};
    /* Each history has few customers and instants of its own, so that lines meet. */
    int64_t many = 1 + test_below(state, 8), instants = 1 + test_below(state, 11);
    for (int64_t i = 0; i < count; i++) {
        oracle_line *l = &lines[i];
        memset(l, 0, sizeof *l);
        l->customer = pick(customers, many, state);
        l->order = pick(orders, 6, state);
        l->product = pick(products, 3, state);
        l->category = pick(categories, 4, state);
        uint64_t own = *state ^ UINT64_C(0xC4A77E1); /* so that the other columns are as they were without it */
        l->channel = pick(channels, 4, &own);
        l->time_s = times[test_below(state, instants)];
        l->quantity = quantities[test_below(state, 8)];
        l->amount = amounts[test_below(state, 8)];
        l->discount = test_below(state, 4) == 0 ? 500 : 0;
        l->flagged = test_below(state, 12) == 0;
        l->unreadable = test_below(state, 25) == 0;
    }
}

void shuffle_lines(oracle_line *lines, int64_t count, uint64_t *state)
{
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t j = test_below(state, i + 1);
        oracle_line t = lines[i];
        lines[i] = lines[j];
        lines[j] = t;
    }
}

static void add_text(text_column *column, const char *text)
{
    text_column_add(column, text, text == NULL ? 0 : (int64_t)strlen(text));
}

void ignore_product(patron_history *history, const char *product)
{
    const int64_t offsets[2] = {0, product == NULL ? 0 : (int64_t)strlen(product)};
    const patron_text text = {(const uint8_t *)product, offsets, NULL};
    if (product != NULL && patron_history_ignore_products(history, &text, 1, NULL, NULL) != PATRON_OK) abort();
}

/* The numeric columns of a batch, in one block each. */
typedef struct numbers {
    int64_t *customer, *time_s, *amount, *discount, *line;
    double *quantity, *value;
    bool inexact, numbered; /* a line is */
    uint8_t *flagged, *fault, *validity;
} numbers;

static void *filled(int64_t count, size_t each)
{
    void *block = calloc((size_t)count + 1, each);
    if (block == NULL) abort();
    return block;
}

static void fill_numbers(numbers *n, const oracle_line *lines, int64_t count)
{
    n->customer = filled(count, 8);
    n->time_s = filled(count, 8);
    n->amount = filled(count, 8);
    n->discount = filled(count, 8);
    n->quantity = filled(count, 8);
    n->value = filled(count, 8);
    n->line = filled(count, 8);
    n->inexact = n->numbered = false;
    n->flagged = filled(count, 1);
    n->fault = filled(count, 1);
    n->validity = filled(count / 8, 1);
    for (int64_t i = 0; i < count; i++) {
        const oracle_line *l = &lines[i];
        if (l->customer != NULL) {
            n->customer[i] = strtoll(l->customer, NULL, 10);
            n->validity[i / 8] = (uint8_t)(n->validity[i / 8] | 1u << i % 8);
        }
        n->time_s[i] = l->time_s;
        n->amount[i] = l->amount;
        n->value[i] = (double)l->amount / 1e4 + (l->inexact ? 1e-5 : 0.0);
        n->inexact |= l->inexact;
        n->line[i] = l->line;
        n->numbered |= l->line != 0;
        n->discount[i] = i % 2 == 0 ? l->discount : -l->discount;
        n->quantity[i] = l->quantity == 0.0 && i % 2 == 0 ? -0.0 : l->quantity;
        n->flagged[i] = (uint8_t)(l->flagged ? 1 + i % 255 : 0);
        n->fault[i] = (uint8_t)(l->unreadable ? PATRON_REASON_UNREADABLE : 0);
    }
}

static void free_numbers(numbers *n)
{
    free(n->customer);
    free(n->time_s);
    free(n->amount);
    free(n->discount);
    free(n->quantity);
    free(n->value);
    free(n->line);
    free(n->flagged);
    free(n->fault);
    free(n->validity);
}

/* Whether a line of the batch has a product (category) or a known discount: else the column is not given. */
static bool any_product(const oracle_line *lines, int64_t count)
{
    while (count > 0 && lines[count - 1].product == NULL) count--;
    return count > 0;
}

static bool any_category(const oracle_line *lines, int64_t count)
{
    while (count > 0 && lines[count - 1].category == NULL) count--;
    return count > 0;
}

static bool any_channel(const oracle_line *lines, int64_t count)
{
    while (count > 0 && lines[count - 1].channel == NULL) count--;
    return count > 0;
}

static bool any_discount(const oracle_line *lines, int64_t count)
{
    while (count > 0 && lines[count - 1].no_discount_column) count--;
    return count > 0;
}

patron_status append_lines(patron_history *history, const oracle_line *lines, int64_t count, bool with_numbers,
                           const patron_context *context, patron_error *error)
{
    text_column texts[5];
    numbers n;
    patron_orders orders;
    for (int i = 0; i < 5; i++) text_column_open(&texts[i]);
    for (int64_t i = 0; i < count; i++) {
        add_text(&texts[0], lines[i].customer);
        add_text(&texts[1], lines[i].order);
        add_text(&texts[2], lines[i].product);
        add_text(&texts[3], lines[i].category);
        add_text(&texts[4], lines[i].channel);
    }
    fill_numbers(&n, lines, count);
    patron_orders_init(&orders, sizeof orders);
    orders.rows = count;
    if (with_numbers) {
        orders.customer_number = n.customer;
        orders.customer_validity = n.validity;
    } else {
        orders.customer_id = text_column_view(&texts[0]);
    }
    orders.order_id = text_column_view(&texts[1]);
    if (any_product(lines, count)) orders.product = text_column_view(&texts[2]);
    if (any_category(lines, count)) orders.category = text_column_view(&texts[3]);
    if (any_channel(lines, count)) orders.channel = text_column_view(&texts[4]);
    orders.time_s = n.time_s;
    if (n.inexact)
        orders.amount_value = n.value;
    else
        orders.amount = n.amount;
    if (n.numbered) orders.line = n.line;
    if (any_discount(lines, count)) orders.discount = n.discount;
    orders.quantity = n.quantity;
    orders.is_return = n.flagged;
    orders.fault = n.fault;
    patron_status status = patron_history_append(history, &orders, context, error);
    for (int i = 0; i < 5; i++) text_column_free(&texts[i]);
    free_numbers(&n);
    return status;
}
