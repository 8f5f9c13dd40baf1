/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "order_lines.h"

#include <math.h>
#include <stdlib.h>

#include "support.h"

enum { BY_ORDER, BY_LINE, BY_START }; /* purposes of draws */
enum { LONGEST_ORDER = 16, DAYS = 730 };

static const int64_t opening_s = 1688169600; /* 2023-07-01 */

/* A number from (seed, purpose, row): two rounds of the finaliser of splitmix64 (Steele, Lea & Flood 2014). */
static uint64_t draw(uint64_t seed, uint64_t purpose, int64_t row)
{
    uint64_t z = seed * UINT64_C(0x9E3779B97F4A7C15) + purpose * UINT64_C(0xD1B54A32D192ED03) + (uint64_t)row;
    for (int i = 0; i < 2; i++) {
        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        z ^= z >> 31;
    }
    return z;
}

static double unit(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }

/* Whether line `row` is the first of an order: one in three, and each sixteenth. */
static int starts(const order_lines_shop *shop, int64_t row)
{
    return row % LONGEST_ORDER == 0 || draw(shop->seed, BY_START, row) % 3 == 0;
}

/* What the lines of an order share. */
static void make_order(order_lines *c, int64_t at, const order_lines_shop *shop, int64_t start)
{
    uint64_t bits = draw(shop->seed, BY_ORDER, start);
    double u = unit(bits), share = u * u * sqrt(u);
    int64_t customer = 1 + (int64_t)(share * (double)shop->customers);
    /* Neighbours in activity are not neighbours in number. */
    int64_t scattered = (int64_t)((uint64_t)customer * 7919 % (uint64_t)shop->customers);
    c->customer[at] = 1 + (shop->customers % 7919 == 0 ? customer - 1 : scattered);
    c->order[at] = start + 1;
    c->time_s[at] =
        opening_s + (int64_t)((double)start / (double)shop->lines * (DAYS * 86400.0)) + (int64_t)(bits % 3600);
    /* Half of the orders come by the first, a third of the rest by each other. */
    int32_t of_six = (int32_t)(bits / 3600 % 6);
    c->channel[at] = of_six < 3 ? 0 : of_six - 2;
}

static void make_line(order_lines *c, int64_t at, const order_lines_shop *shop, int64_t row)
{
    uint64_t bits = draw(shop->seed, BY_LINE, row);
    double u = unit(bits);
    int32_t product = (int32_t)(u * u * ORDER_LINES_PRODUCTS);
    int64_t quantity = 1 + (int64_t)(bits % 7) * (int64_t)(bits / 7 % 2), cents = 95 + product * INT64_C(7919) % 9900;
    int64_t discount = bits / 16 % 10 == 0 ? cents * quantity / 5 : 0;
    int64_t sign = bits / 256 % 33 == 0 ? -1 : 1;
    c->product[at] = product;
    c->quantity[at] = (double)(sign * quantity);
    c->amount[at] = sign * (cents * quantity - discount) * 100;
    c->discount[at] = discount * 100;
}

order_lines order_lines_room(int64_t lines)
{
    size_t n = (size_t)lines;
    return (order_lines){bench_memory(n, 8), bench_memory(n, 8), bench_memory(n, 8), bench_memory(n, 8),
                         bench_memory(n, 8), bench_memory(n, 8), bench_memory(n, 4), bench_memory(n, 4)};
}

void order_lines_free(order_lines *columns)
{
    free(columns->customer);
    free(columns->order);
    free(columns->time_s);
    free(columns->quantity);
    free(columns->amount);
    free(columns->discount);
    free(columns->product);
    free(columns->channel);
}

void order_lines_make(order_lines *columns, const order_lines_shop *shop, int64_t first, int64_t count)
{
    int64_t start = first;
    while (!starts(shop, start)) start--;
    for (int64_t i = 0; i < count; i++) {
        if (starts(shop, first + i)) start = first + i;
        if (i == 0 || start == first + i) {
            make_order(columns, i, shop, start);
        } else {
            columns->customer[i] = columns->customer[i - 1];
            columns->order[i] = columns->order[i - 1];
            columns->time_s[i] = columns->time_s[i - 1];
            columns->channel[i] = columns->channel[i - 1];
        }
        make_line(columns, i, shop, first + i);
    }
}

void order_lines_ids(uint8_t *bytes, char letter, const int64_t *numbers, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint8_t *text = bytes + i * ORDER_LINES_ID_BYTES;
        int64_t left = numbers[i];
        text[0] = (uint8_t)letter;
        for (int digit = ORDER_LINES_ID_BYTES - 1; digit > 0; digit--) {
            text[digit] = (uint8_t)('0' + left % 10);
            left /= 10;
        }
    }
}
