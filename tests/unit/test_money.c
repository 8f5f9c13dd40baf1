/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money from doubles and price x quantity, and the small parts the log is built on: ids, UTF-8, hashing, sorting. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "base/context.h"
#include "base/siphash.h"
#include "base/utf8.h"
#include "history/history.h"
#include "history/intern.h"
#include "history/money.h"
#include "support/order_lines.h"
#include "support/suite.h"

static int64_t money_of(double value, bool expect_rounded)
{
    int64_t money;
    bool rounded;
    if (!ptn_money_from_value(&money, &rounded, value) || rounded != expect_rounded)
        ck_abort_msg("%.17g is refused, or its rounding not told", value);
    return money;
}

START_TEST(test_every_amount_of_four_decimals_and_fifteen_digits_is_exact)
{
    char text[40];
    for (int64_t m = -200000; m <= 200000; m++) {
        snprintf(text, sizeof text, "%s%lld.%04lld", m < 0 ? "-" : "", llabs(m) / 10000, llabs(m) % 10000);
        if (money_of(strtod(text, NULL), false) != m) ck_abort_msg("%s", text);
    }
    uint64_t state = 3;
    for (int i = 0; i < 200000; i++) {
        int64_t m = test_below(&state, INT64_C(1000000000000000));
        snprintf(text, sizeof text, "%lld.%04lld", (long long)m / 10000, (long long)m % 10000);
        if (money_of(strtod(text, NULL), false) != m) ck_abort_msg("%s", text);
    }
}
END_TEST

START_TEST(test_more_than_four_decimals_are_rounded_half_to_even_and_told)
{
    /* Sixteenths of 1/10,000 that doubles hold exactly: k + 1/2 in units of 2^-4 currency units x 10,000 = 625. */
    ck_assert_int_eq(money_of(0.03125, true), 312);
    ck_assert_int_eq(money_of(0.09375, true), 938);
    ck_assert_int_eq(money_of(-0.03125, true), -312);
    ck_assert_int_eq(money_of(-0.09375, true), -938);
    ck_assert_int_eq(money_of(1.00006, true), 10001);
    /* Decimal ties, which doubles do not hold: the decimal that was written counts. */
    for (int64_t k = 0; k < 100000; k++) {
        double value = (double)(10 * k + 5) / 1e5;
        ck_assert_int_eq(money_of(value, true), k + (k % 2));
        ck_assert_int_eq(money_of(-value, true), -(k + k % 2));
    }
    ck_assert_int_eq(money_of(1e-9, true), 0);
    ck_assert_int_eq(money_of(-0.0, false), 0);
}
END_TEST

START_TEST(test_money_beyond_int64_is_refused)
{
    int64_t money = 7;
    bool rounded;
    ck_assert(!ptn_money_from_value(&money, &rounded, 1e15));
    ck_assert(!ptn_money_from_value(&money, &rounded, -1e15));
    ck_assert(!ptn_money_from_value(&money, &rounded, 1e308));
    ck_assert(!ptn_money_from_price_value(&money, &rounded, 1e308, 1e12));
    ck_assert(!ptn_money_from_price_value(&money, &rounded, 1e6, 1e12));
    ck_assert(!ptn_money_from_price(&money, &rounded, INT64_MAX, 1.0000010000000001));
    ck_assert(!ptn_money_from_price(&money, &rounded, INT64_MAX, 2));
    ck_assert(!ptn_money_from_price(&money, &rounded, INT64_MIN, 1));
    ck_assert_int_eq(money, 7);
    ck_assert(ptn_money_from_price(&money, &rounded, INT64_MAX, -1));
    ck_assert_int_eq(money, -INT64_MAX);
    ck_assert(ptn_money_from_value(&money, &rounded, 9.22e14));
}
END_TEST

__extension__ typedef __int128 wide;

/* price and quantity as their decimals' digits: exact = p x q / 10^(places - 4) rounded half to even. */
static void expect_product(int64_t p, int price_places, int64_t q, int quantity_places)
{
    static const int64_t ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    wide product = (wide)p * q, scale = 1, half;
    int places = price_places + quantity_places;
    int64_t money;
    bool rounded;
    for (int i = places; i < 4; i++) product *= 10;
    for (int i = 4; i < places; i++) scale *= 10;
    wide down = product / scale, rest = product % scale;
    if (rest < 0) down--, rest += scale;
    half = 2 * rest;
    int64_t want = (int64_t)(half > scale || (half == scale && (down & 1) != 0) ? down + 1 : down);
    double price = (double)p / (double)ten[price_places], quantity = (double)q / (double)ten[quantity_places];
    if (!ptn_money_from_price_value(&money, &rounded, price, quantity) || money != want || rounded != (rest != 0))
        ck_abort_msg("%.17g x %.17g is %lld, not %lld", price, quantity, (long long)money, (long long)want);
    if (price_places > 4) return;
    if (!ptn_money_from_price(&money, &rounded, p * ten[4 - price_places], quantity) || money != want ||
        rounded != (rest != 0))
        ck_abort_msg("%lld x %.17g is %lld, not %lld", (long long)p, quantity, (long long)money, (long long)want);
}

START_TEST(test_price_times_quantity_is_exact_for_decimals)
{
    uint64_t state = 11;
    static const int64_t prices[] = {100, 10000, 100000000};
    for (int i = 0; i < 300000; i++) {
        int64_t p = test_below(&state, 2 * prices[i % 3]) - prices[i % 3] / 8;
        int64_t q = test_below(&state, 4000000) - 1000000;
        expect_product(p, (int)test_below(&state, 9), q, (int)test_below(&state, 7));
    }
    expect_product(25, 2, 2, 4); /* 0.25 x 0.0002 = 0.00005: half, to 0 */
    expect_product(75, 2, 2, 4); /* 0.00015: half, to 0.0002 */
    expect_product(-75, 2, 2, 4);
    expect_product(1, 1, 3, 0);
    expect_product(80995, 0, 104, 2);
}
END_TEST

START_TEST(test_products_that_are_no_decimals_are_rounded_and_told)
{
    int64_t money;
    bool rounded;
    ck_assert(ptn_money_from_price_value(&money, &rounded, 1.0 / 3.0, 3));
    ck_assert_int_eq(money, 10000);
    ck_assert(rounded);
    ck_assert(ptn_money_from_price(&money, &rounded, 10000, 1.0 / 3.0));
    ck_assert_int_eq(money, 3333);
    ck_assert(rounded);
}
END_TEST

/* Values of the reference implementation with the key 0. */
START_TEST(test_hash_is_siphash_1_3)
{
    static const struct {
        const char *text;
        int64_t length;
        uint64_t hash;
    } known[] = {{"", 0, UINT64_C(0xd1fba762150c532c)},
                 {"\0", 1, UINT64_C(0x68a914128e01e473)},
                 {"siphash", 7, UINT64_C(0x8264ceeccb16bcbe)},
                 {"digest-sip_hash", 15, UINT64_C(0xce31007e34130c0a)}};
    ptn_siphash_key key = {0, 0};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ck_assert_uint_eq(ptn_siphash(&key, (const uint8_t *)known[i].text, known[i].length), known[i].hash);
}
END_TEST

/* Whether the encoding of one code point is the text; by arithmetic, not by ranges. */
static bool encodes(const uint8_t *bytes, int64_t length)
{
    uint32_t code = length == 1   ? bytes[0]
                    : length == 2 ? bytes[0] & 0x1Fu
                    : length == 3 ? bytes[0] & 0x0Fu
                                  : bytes[0] & 0x07u;
    static const uint8_t mask[] = {0, 0x80, 0xE0, 0xF0, 0xF8}, mark[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if ((bytes[0] & mask[length]) != mark[length]) return false;
    for (int64_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) return false;
        code = code << 6 | (bytes[i] & 0x3Fu);
    }
    return code >= least[length] && code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
}

START_TEST(test_utf8_is_what_unicode_says)
{
    /* Every lead byte with bytes at the edges of every range behind it. */
    static const uint8_t edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    for (int lead = 0; lead < 256; lead++)
        for (int i = 0; i < 11 * 11 * 11; i++) {
            uint8_t text[4] = {(uint8_t)lead, edges[i % 11], edges[i / 11 % 11], edges[i / 121]};
            for (int64_t length = 1; length <= 4; length++) {
                /* Split into code points by trying; at most one split can work, since no encoding begins another. */
                bool reach[5] = {true};
                for (int64_t at = 0; at < length; at++)
                    for (int64_t n = 1; reach[at] && n <= length - at; n++)
                        if (encodes(text + at, n)) reach[at + n] = true;
                if (ptn_utf8_valid(text, length) != reach[length])
                    ck_abort_msg("%02x %02x %02x %02x, %d bytes", text[0], text[1], text[2], text[3], (int)length);
            }
        }
    ck_assert_int_eq(ptn_utf8_broken_at((const uint8_t *)"0123456789\xC3", 11), 10);
    ck_assert_int_eq(ptn_utf8_broken_at((const uint8_t *)"01234567\xC3\xA9 \xED\xA0\x80", 14), 11);
    ck_assert(ptn_utf8_valid(NULL, 0));
}
END_TEST

START_TEST(test_interning_gives_each_text_one_number)
{
    ptn_context context;
    ptn_siphash_key key;
    ptn_intern intern;
    int32_t number;
    char text[32];
    ck_assert_int_eq(ptn_context_read(&context, NULL, NULL), PATRON_OK);
    ptn_siphash_key_make(&key);
    ptn_intern_open(&intern, "texts", &key);
    for (int round = 0; round < 2; round++)
        for (int32_t i = 0; i < 50000; i++) {
            int length = snprintf(text, sizeof text, "%d", (int)i - 25000);
            if ((i + round) % 2 == 0)
                ck_assert_int_eq(ptn_intern_integer(&number, &intern, i - 25000, &context.memory, NULL), PATRON_OK);
            else
                ck_assert_int_eq(
                    ptn_intern_text(&number, &intern, (const uint8_t *)text, length, &context.memory, NULL), PATRON_OK);
            ck_assert_int_eq(number, i);
            const uint8_t *bytes;
            uint8_t room[PTN_KEY_TEXT];
            ck_assert_int_eq(ptn_intern_get(&bytes, room, &intern, i), length);
            ck_assert_mem_eq(bytes, text, (size_t)length);
        }
    ck_assert_int_eq(ptn_intern_count(&intern), 50000);
    ck_assert_int_eq(ptn_intern_text(&number, &intern, (const uint8_t *)"\xFF", 1, &context.memory, NULL), PATRON_OK);
    ck_assert_int_eq(number, PTN_INTERN_NOT_UTF8);
    ck_assert_int_eq(ptn_intern_integer(&number, &intern, INT64_MIN, &context.memory, NULL), PATRON_OK);
    const uint8_t *bytes;
    uint8_t room[PTN_KEY_TEXT];
    ck_assert_int_eq(ptn_intern_get(&bytes, room, &intern, number), 20);
    ck_assert_mem_eq(bytes, "-9223372036854775808", 20);

    patron_error error;
    intern.most = 50001;
    ck_assert_int_eq(ptn_intern_integer(&number, &intern, 0, &context.memory, &error), PATRON_OK);
    ck_assert_int_eq(ptn_intern_integer(&number, &intern, 999999, &context.memory, &error), PATRON_TOO_LARGE);
    ck_assert_int_eq(ptn_intern_count(&intern), 50001);
    ptn_intern_free(&intern, &context.memory);
}
END_TEST

#define NUMBER_LESS(a, b, context) (++*(context)->compared, *(a) < *(b))
typedef struct sort_counter {
    int64_t *compared;
} sort_counter;
#define SORT_NAME    sort_numbers
#define SORT_TYPE    int64_t
#define SORT_CONTEXT sort_counter
#define SORT_LESS    NUMBER_LESS
#include "base/sort_template.h"

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

START_TEST(test_sort_sorts_whatever_it_is_given_in_n_log_n)
{
    uint64_t state = 17;
    int64_t *items = calloc(20000, sizeof *items), *want = calloc(20000, sizeof *want), compared = 0;
    sort_counter counter = {&compared};
    for (int round = 0; round < 300; round++) {
        int64_t n = round < 100 ? round : test_below(&state, 20000),
                values = 1 + test_below(&state, round % 2 ? 5 : n + 1);
        for (int64_t i = 0; i < n; i++)
            items[i] = round % 5 == 0   ? i
                       : round % 5 == 1 ? -i
                       : round % 5 == 2 ? (i < n / 2 ? i : n - i) /* an organ pipe */
                                        : test_below(&state, values);
        memcpy(want, items, (size_t)n * sizeof *items);
        qsort(want, (size_t)n, sizeof *want, by_number);
        compared = 0;
        sort_numbers(items, n, &counter);
        ck_assert_mem_eq(items, want, (size_t)n * sizeof *items);
        ck_assert(n < 2 || (double)compared <= 5.0 * (double)n * log2((double)n) + 20.0 * (double)n);
    }
    free(items);
    free(want);
}
END_TEST

START_TEST(test_local_days_are_floored)
{
    ck_assert_int_eq(ptn_local_day(0, 0), 0);
    ck_assert_int_eq(ptn_local_day(86399, 0), 0);
    ck_assert_int_eq(ptn_local_day(86399, 1), 1);
    ck_assert_int_eq(ptn_local_day(-1, 0), -1);
    ck_assert_int_eq(ptn_local_day(-86400, 0), -1);
    ck_assert_int_eq(ptn_local_day(-86401, 0), -2);
    ck_assert_int_eq(ptn_local_day(0, -1), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("money");
    TCase *tests = tcase_create("money");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_every_amount_of_four_decimals_and_fifteen_digits_is_exact);
    tcase_add_test(tests, test_more_than_four_decimals_are_rounded_half_to_even_and_told);
    tcase_add_test(tests, test_money_beyond_int64_is_refused);
    tcase_add_test(tests, test_price_times_quantity_is_exact_for_decimals);
    tcase_add_test(tests, test_products_that_are_no_decimals_are_rounded_and_told);
    tcase_add_test(tests, test_hash_is_siphash_1_3);
    tcase_add_test(tests, test_utf8_is_what_unicode_says);
    tcase_add_test(tests, test_interning_gives_each_text_one_number);
    tcase_add_test(tests, test_sort_sorts_whatever_it_is_given_in_n_log_n);
    tcase_add_test(tests, test_local_days_are_floored);
    return run_suite(suite);
}
