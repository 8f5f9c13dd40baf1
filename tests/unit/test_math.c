/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own log1p and expm1. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/rng.h"
#include "oracle/oracle_math.h"
#include "support/suite.h"

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Magnitudes from 2^low to 2^high, all exponents alike. */
static double any_size(uint64_t step, int low, int high)
{
    uint64_t random = ptn_random(11, 5, step);
    return ldexp(1.0 + (double)(random >> 12) * 0x1p-52, low + (int)(random % (uint64_t)(high - low)));
}

START_TEST(test_log1p_is_within_half_an_ulp)
{
    double worst = 0.0;
    for (uint64_t i = 0; i < 40000; i++) {
        double x = i & 1 ? any_size(i, -60, 1023) : any_size(i, -12, 20);
        double ulps = oracle_ulps(ptn_log1p(x), oracle_log1p(x));
        if (ulps > worst) worst = ulps;
    }
    ck_assert_double_le(worst, 0.5000001);
    for (uint64_t i = 0; i < 40000; i++) {
        double x = -ptn_random_unit(3, 3, i);
        ck_assert_double_le(oracle_ulps(ptn_log1p(x), oracle_log1p(x)), 0.5000001);
    }
}
END_TEST

START_TEST(test_expm1_is_within_half_an_ulp)
{
    double worst = 0.0;
    for (uint64_t i = 0; i < 40000; i++) {
        double x = i & 1 ? any_size(i, -60, 9) : 40.0 * ptn_random_unit(1, 2, i);
        if (x > 709.0) x = 709.0 - 1.0 / x;
        if (i % 5 == 0) x = -x;
        double ulps = oracle_ulps(ptn_expm1(x), oracle_expm1(x));
        if (ulps > worst) worst = ulps;
    }
    ck_assert_double_le(worst, 0.5000001);
}
END_TEST

START_TEST(test_ends_of_the_range)
{
    double least = from_bits(1), same[] = {0.0, -0.0, least, -least, 0x1p-1022, 0x1p-60, -0x1p-55};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        ck_assert(memcmp(&(double){ptn_log1p(same[i])}, &same[i], sizeof(double)) == 0);
        ck_assert(memcmp(&(double){ptn_expm1(same[i])}, &same[i], sizeof(double)) == 0);
    }
    ck_assert_double_le(oracle_ulps(ptn_log1p(1e308), oracle_log1p(1e308)), 0.5000001);
    ck_assert_double_le(oracle_ulps(ptn_log1p(1.7976931348623157e308), oracle_log1p(1.7976931348623157e308)),
                        0.5000001);
    ck_assert_double_infinite(ptn_log1p(HUGE_VAL));
    ck_assert_double_infinite(ptn_log1p(-1.0));
    ck_assert_double_nan(ptn_log1p(-1.5));
    ck_assert_double_nan(ptn_log1p((double)NAN));
    ck_assert_double_nan(ptn_expm1((double)NAN));
    ck_assert_double_infinite(ptn_expm1(710.0));
    ck_assert_double_infinite(ptn_expm1(HUGE_VAL));
    ck_assert_double_finite(ptn_expm1(709.78));
    ck_assert_double_eq(ptn_expm1(-HUGE_VAL), -1.0);
    ck_assert_double_eq(ptn_expm1(-50.0), -1.0);
}
END_TEST

START_TEST(test_neither_ever_falls)
{
    for (uint64_t i = 0; i < 40000; i++) {
        double x = any_size(i, -40, 1000), y = any_size(i, -40, 9);
        for (int step = 0; step < 4; step++) {
            double next = nextafter(x, HUGE_VAL);
            ck_assert_double_le(ptn_log1p(x), ptn_log1p(next));
            x = next;
            next = nextafter(y, HUGE_VAL);
            ck_assert_double_le(ptn_expm1(y), ptn_expm1(next));
            y = next;
        }
    }
}
END_TEST

/* One rounding of log1p(x) is worth ulp(log1p x) (1 + x) in x: half an ulp of y is at most y 2^-53. */
START_TEST(test_expm1_undoes_log1p)
{
    for (uint64_t i = 0; i < 40000; i++) {
        double x = any_size(i, -40, 60), y = ptn_log1p(x);
        ck_assert_double_le(fabs(ptn_expm1(y) - x), 0x1p-53 * (y * (1.0 + x) + 2.0 * x));
    }
}
END_TEST

/* Correctly rounded values, by 60-digit arithmetic: any build gives these bits. */
START_TEST(test_bits_are_these)
{
    ck_assert_double_eq(ptn_log1p(1.0), 0x1.62e42fefa39efp-1);
    ck_assert_double_eq(ptn_expm1(1.0), 0x1.b7e151628aed3p+0);
    ck_assert_double_eq(ptn_log1p(280206.02), 0x1.9162950e5b81ap+3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("math");
    TCase *tests = tcase_create("math");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_log1p_is_within_half_an_ulp);
    tcase_add_test(tests, test_expm1_is_within_half_an_ulp);
    tcase_add_test(tests, test_ends_of_the_range);
    tcase_add_test(tests, test_neither_ever_falls);
    tcase_add_test(tests, test_expm1_undoes_log1p);
    tcase_add_test(tests, test_bits_are_these);
    return run_suite(suite);
}
