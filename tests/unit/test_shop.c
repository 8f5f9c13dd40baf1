/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sample shop: the same bytes everywhere, each customer apart from the others, and behaviour a reader recognises.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/adjusted_rand.h"
#include "shop/draw.h"
#include "shop/shop.h"
#include "support/suite.h"

static void open_shop(shop_ledger *shop, int64_t customers, uint64_t seed)
{
    shop_options options;
    shop_options_init(&options);
    options.customers = customers;
    options.seed = seed;
    ck_assert(shop_make(shop, &options));
}

static char *orders_text(const shop_ledger *shop, bool dirty, size_t *length)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, length);
    ck_assert(shop_write_orders(file, shop, dirty));
    ck_assert_int_eq(fclose(file), 0);
    return text;
}

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *text, size_t length)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001B3);
    return hash;
}

/* Other bytes here mean that other machines, compilers or versions no longer see the same shop. */
START_TEST(test_same_bytes_everywhere)
{
    static const uint64_t PINNED[2] = {UINT64_C(0x79367FE60D398D08), UINT64_C(0x0A897742BC87D5D2)};
    shop_ledger shop;
    open_shop(&shop, 500, 1);
    for (int dirty = 0; dirty < 2; dirty++) {
        size_t length;
        char *text = orders_text(&shop, dirty, &length);
        ck_assert_msg(hash_of(text, length) == PINNED[dirty], "dirty %d: the shop's bytes are 0x%016llX", dirty,
                      (unsigned long long)hash_of(text, length));
        free(text);
    }
    shop_free(&shop);
}
END_TEST

START_TEST(test_customers_do_not_depend_on_their_number)
{
    shop_ledger few, many;
    open_shop(&few, 100, 7);
    open_shop(&many, 400, 7);
    int64_t next = 0;
    for (int64_t row = 0; row < many.rows; row++) {
        if (many.customer[row] >= SHOP_FIRST_CUSTOMER + few.customers) continue;
        ck_assert_int_lt(next, few.rows);
        ck_assert_int_eq(many.customer[row], few.customer[next]);
        ck_assert_int_eq(many.order[row], few.order[next]);
        ck_assert_int_eq(many.time_s[row], few.time_s[next]);
        ck_assert_int_eq(many.product[row], few.product[next]);
        ck_assert_int_eq(many.amount[row], few.amount[next]);
        next++;
    }
    ck_assert_int_eq(next, few.rows);
    ck_assert_mem_eq(few.kind, many.kind, (size_t)few.customers);
    shop_free(&few);
    shop_free(&many);
}
END_TEST

START_TEST(test_seeds_are_other_shops)
{
    shop_ledger one, two;
    open_shop(&one, 50, 1);
    open_shop(&two, 50, 2);
    ck_assert(one.rows != two.rows || memcmp(one.time_s, two.time_s, (size_t)one.rows * sizeof *one.time_s) != 0);
    shop_free(&one);
    shop_free(&two);
}
END_TEST

START_TEST(test_lines_are_by_time_and_add_up)
{
    shop_ledger shop;
    open_shop(&shop, 500, 3);
    for (int64_t row = 0; row < shop.rows; row++) {
        if (row > 0) ck_assert_int_le(shop.time_s[row - 1], shop.time_s[row]);
        ck_assert_int_gt(shop.unit_price[row], 0);
        ck_assert_int_eq(shop.unit_price[row] % 100, 0);
        ck_assert_int_ge(shop.discount[row], 0);
        ck_assert(shop.quantity[row] != 0.0);
        ck_assert(shop.amount[row] == shop.unit_price[row] * (int64_t)shop.quantity[row]);
        ck_assert_ptr_nonnull(shop_product_get(shop.product[row]));
    }
    shop_free(&shop);
}
END_TEST

/* Every return goes back on an earlier purchase of that order and product, and never brings back more. */
START_TEST(test_returns_follow_their_purchase)
{
    shop_ledger shop;
    open_shop(&shop, 500, 4);
    int64_t returns = 0;
    for (int64_t row = 0; row < shop.rows; row++) {
        if (shop.quantity[row] > 0.0) continue;
        double bought = 0.0;
        for (int64_t before = 0; before < row; before++) {
            if (shop.order[before] == shop.order[row] && shop.product[before] == shop.product[row])
                bought += shop.quantity[before];
        }
        ck_assert(bought + shop.quantity[row] >= 0.0);
        returns++;
    }
    ck_assert_int_gt(returns, 50);
    shop_free(&shop);
}
END_TEST

/* Shares of lines and customers as the kinds say; bands are some five standard errors wide. */
START_TEST(test_kinds_behave_as_described)
{
    shop_ledger shop;
    open_shop(&shop, 3000, 5);
    int64_t customers[SHOP_KINDS] = {0}, lines[SHOP_KINDS] = {0}, discounts[SHOP_KINDS] = {0};
    int64_t returns[SHOP_KINDS] = {0}, once[SHOP_KINDS] = {0};
    int64_t *last_order = calloc(3000, sizeof *last_order);
    bool *again = calloc(3000, sizeof *again);
    for (int64_t row = 0; row < shop.rows; row++) {
        int64_t who = shop.customer[row] - SHOP_FIRST_CUSTOMER;
        int kind = shop.kind[who];
        again[who] |= last_order[who] != 0 && last_order[who] != shop.order[row];
        last_order[who] = shop.order[row];
        lines[kind]++;
        discounts[kind] += shop.discount[row] > 0;
        returns[kind] += shop.quantity[row] < 0.0;
    }
    for (int64_t who = 0; who < 3000; who++) {
        ck_assert_int_ne(last_order[who], 0);
        customers[shop.kind[who]]++;
        once[shop.kind[who]] += !again[who];
    }
    static const double SHARE[] = {0.20, 0.45, 0.35}, OFF[] = {0.10, 0.68, 0.08}, BACK[] = {0.02, 0.05, 0.06};
    static const double ONCE[] = {0.01, 0.02, 0.96};
    for (int kind = 0; kind < SHOP_KINDS; kind++) {
        ck_assert_double_eq_tol((double)customers[kind] / 3000, SHARE[kind], 0.045);
        ck_assert_double_eq_tol((double)discounts[kind] / (double)lines[kind], OFF[kind], 0.03);
        ck_assert_double_eq_tol((double)returns[kind] / (double)lines[kind], BACK[kind], 0.02);
        ck_assert_double_eq_tol((double)once[kind] / (double)customers[kind], ONCE[kind], 0.03);
    }
    free(last_order);
    free(again);
    shop_free(&shop);
}
END_TEST

START_TEST(test_dirt_is_a_few_lines_in_a_thousand)
{
    shop_ledger shop;
    size_t clean_length, length;
    open_shop(&shop, 1000, 6);
    char *clean = orders_text(&shop, false, &clean_length), *dirty = orders_text(&shop, true, &length);
    int64_t missing = 0, twice = 0, unreadable = 0, zero = 0, broken = 0, rows = 0;
    for (char *line = strtok(dirty, "\n"), *before = NULL; line != NULL; before = line, line = strtok(NULL, "\n")) {
        rows++;
        missing += line[0] == ',';
        twice += before != NULL && strcmp(before, line) == 0;
        unreadable += strstr(line, ",n/a,") != NULL;
        zero += strstr(line, ",0.00,") != NULL;
        broken += strchr(line, '\xE9') != NULL && strstr(line, "Caf\xE9") != NULL;
    }
    ck_assert_ptr_null(strstr(clean, "n/a"));
    ck_assert_int_eq(rows - 1 - twice, shop.rows);
    double thousands = (double)shop.rows / 1000.0;
    ck_assert_double_eq_tol((double)missing / thousands, 4.0, 2.0);
    ck_assert_double_eq_tol((double)twice / thousands, 3.0, 2.0);
    ck_assert_double_eq_tol((double)zero / thousands, 2.0, 1.5);
    ck_assert_double_eq_tol((double)unreadable / thousands, 1.0, 0.9);
    ck_assert_double_eq_tol((double)broken / thousands, 1.0, 0.9);
    free(clean);
    free(dirty);
    shop_free(&shop);
}
END_TEST

START_TEST(test_texts_are_the_catalogue)
{
    shop_ledger shop;
    shop_text products, categories;
    open_shop(&shop, 20, 8);
    ck_assert(shop_product_text(&products, &shop, false));
    ck_assert(shop_product_text(&categories, &shop, true));
    for (int64_t row = 0; row < shop.rows; row++) {
        const shop_product *product = shop_product_get(shop.product[row]);
        int64_t length = products.offsets[row + 1] - products.offsets[row];
        ck_assert_int_eq(length, (int64_t)strlen(product->name));
        ck_assert_mem_eq(products.bytes + products.offsets[row], product->name, (size_t)length);
        length = categories.offsets[row + 1] - categories.offsets[row];
        ck_assert_mem_eq(categories.bytes + categories.offsets[row], product->category, (size_t)length);
    }
    shop_text_free(&products);
    shop_text_free(&categories);
    shop_free(&shop);
}
END_TEST

START_TEST(test_fixed_logarithm_and_exponential)
{
    for (double x = 1e-300; x < 1e300; x *= 3.7)
        ck_assert_double_eq_tol(fixed_log(x), log(x), 4e-16 * fabs(log(x)) + 4e-16);
    for (double x = -300.0; x < 300.0; x += 0.37) ck_assert_double_eq_tol(fixed_exp(x), exp(x), 1e-13 * exp(x));
}
END_TEST

/* Mean and variance of each distribution, within five standard errors of 200,000 draws. */
START_TEST(test_draws_have_their_moments)
{
    enum { DRAWS = 200000 };
    static const struct {
        double shape, b; /* b = 0: gamma(shape), b < 0: exponential, else beta(shape, b) */
        double mean, variance;
    } CASES[] = {{0.3, 0, 0.3, 0.3},         {1, 0, 1, 1}, {8, 0, 8, 8}, {1, -1, 1, 1}, {0.3, 60, 0.3 / 60.3, 8.07e-5},
                 {16, 1, 16.0 / 17, 3.08e-3}};
    for (size_t c = 0; c < sizeof CASES / sizeof CASES[0]; c++) {
        double sum = 0.0, squares = 0.0, shape = CASES[c].shape, b = CASES[c].b;
        for (uint64_t i = 0; i < DRAWS; i++) {
            draw d = draw_open(11, i, 3, c);
            double x = b < 0 ? draw_exponential(&d) : b > 0 ? draw_beta(&d, shape, b) : draw_gamma(&d, shape);
            sum += x;
            squares += x * x;
        }
        double mean = sum / DRAWS, variance = squares / DRAWS - mean * mean;
        ck_assert_double_eq_tol(mean, CASES[c].mean, 5.0 * sqrt(CASES[c].variance / DRAWS));
        ck_assert_double_eq_tol(variance / CASES[c].variance, 1.0, 0.06);
    }
}
END_TEST

START_TEST(test_adjusted_rand_of_known_labelings)
{
    /* The table of Hubert & Arabie's form worked by hand: 6 rows, two labelings that share 2 of 3 and 6 pairs. */
    const int32_t left[] = {0, 0, 0, 1, 1, 1}, same[] = {1, 1, 1, 0, 0, 0}, right[] = {0, 0, 1, 1, 2, 2};
    ck_assert_double_eq(adjusted_rand(left, same, 6), 1.0);
    ck_assert_double_eq_tol(adjusted_rand(left, right, 6), (2.0 - 6.0 * 3.0 / 15.0) / (4.5 - 6.0 * 3.0 / 15.0), 1e-15);
}
END_TEST

START_TEST(test_options_out_of_range_are_refused)
{
    shop_ledger shop;
    shop_options options;
    shop_options_init(&options);
    options.days = 29;
    ck_assert(!shop_make(&shop, &options));
    shop_options_init(&options);
    options.customers = -1;
    ck_assert(!shop_make(&shop, &options));
    ck_assert_ptr_null(shop.kind);
    open_shop(&shop, 0, 1);
    ck_assert_int_eq(shop.rows, 0);
    shop_free(&shop);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shop");
    TCase *tests = tcase_create("shop");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_same_bytes_everywhere);
    tcase_add_test(tests, test_customers_do_not_depend_on_their_number);
    tcase_add_test(tests, test_seeds_are_other_shops);
    tcase_add_test(tests, test_lines_are_by_time_and_add_up);
    tcase_add_test(tests, test_returns_follow_their_purchase);
    tcase_add_test(tests, test_kinds_behave_as_described);
    tcase_add_test(tests, test_dirt_is_a_few_lines_in_a_thousand);
    tcase_add_test(tests, test_texts_are_the_catalogue);
    tcase_add_test(tests, test_fixed_logarithm_and_exponential);
    tcase_add_test(tests, test_draws_have_their_moments);
    tcase_add_test(tests, test_adjusted_rand_of_known_labelings);
    tcase_add_test(tests, test_options_out_of_range_are_refused);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
