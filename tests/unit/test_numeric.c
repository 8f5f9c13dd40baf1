/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the library takes from GSL and CBLAS. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>

#include "base/context.h"
#include "numeric/blas.h"
#include "numeric/eigen.h"
#include "support/suite.h"
#include "support/table.h"

static ptn_memory plain_memory(void)
{
    ptn_context context;
    ck_assert_int_eq(ptn_context_read(&context, NULL, NULL), PATRON_OK);
    return context.memory;
}

START_TEST(test_gsl_errors_come_back_as_numbers)
{
    gsl_error("a reason", __FILE__, __LINE__, GSL_EINVAL); /* GSL's own would abort here */
}
END_TEST

START_TEST(test_known_eigenvalues)
{
    ptn_memory memory = plain_memory();
    double matrix[] = {2, 0, 0, 1, 3, 0, 0, 1, 2}, values[3]; /* the lower triangle counts */
    ck_assert_int_eq(ptn_symmetric_eigenvalues(values, matrix, 3, &memory, NULL), PATRON_OK);
    ck_assert_double_eq_tol(values[0], 4.0, 1e-14);
    ck_assert_double_eq_tol(values[1], 2.0, 1e-14);
    ck_assert_double_eq_tol(values[2], 1.0, 1e-14);
    double one[] = {-7.0};
    ck_assert_int_eq(ptn_symmetric_eigenvalues(values, one, 1, &memory, NULL), PATRON_OK);
    ck_assert_double_eq(values[0], -7.0);
}
END_TEST

/* The second difference of length n has the eigenvalues 2 - 2 cos(i pi / (n + 1)). */
START_TEST(test_eigenvalues_of_a_chain)
{
    enum { N = 60 };
    ptn_memory memory = plain_memory();
    double *matrix = calloc(N * N, sizeof *matrix), values[N];
    for (int i = 0; i < N; i++) {
        matrix[i * N + i] = 2.0;
        if (i > 0) matrix[i * N + i - 1] = -1.0;
    }
    ck_assert_int_eq(ptn_symmetric_eigenvalues(values, matrix, N, &memory, NULL), PATRON_OK);
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(values[i], 2.0 - 2.0 * cos((N - i) * acos(-1.0) / (N + 1)), 1e-13);
    free(matrix);
}
END_TEST

START_TEST(test_what_has_no_eigenvalues_is_a_status)
{
    ptn_memory memory = plain_memory();
    double matrix[] = {1, 0, (double)NAN, 1}, values[2];
    ck_assert_int_eq(ptn_symmetric_eigenvalues(values, matrix, 0, &memory, NULL), PATRON_INVALID_ARGUMENT);
    ck_assert_int_eq(ptn_symmetric_eigenvalues(values, matrix, 2, &memory, NULL), PATRON_NOT_FINITE);
    for (int64_t allowed = 0; allowed < 3; allowed++) {
        double good[] = {1, 0, 0.5, 1};
        meter m = {.allowed = allowed, .callbacks = INT64_MAX};
        patron_context given = meter_context(&m);
        ptn_context context;
        ck_assert_int_eq(ptn_context_read(&context, &given, NULL), PATRON_OK);
        ck_assert_int_eq(ptn_symmetric_eigenvalues(values, good, 2, &context.memory, NULL),
                         allowed < 2 ? PATRON_OUT_OF_MEMORY : PATRON_OK);
        ck_assert_int_eq(m.live, 0);
    }
}
END_TEST

START_TEST(test_scatter_is_the_sum_of_products)
{
    table t = table_make(37, 5, 2, 1);
    double scatter[25] = {0};
    ck_assert_int_eq(ptn_scatter_add(scatter, t.values, 30, 5, NULL), PATRON_OK);
    ck_assert_int_eq(ptn_scatter_add(scatter, t.values + 150, 7, 5, NULL), PATRON_OK);
    for (int a = 0; a < 5; a++) {
        for (int b = 0; b < 5; b++) {
            long double sum = 0.0L;
            for (int i = 0; i < 37; i++) sum += (long double)t.values[i * 5 + a] * (long double)t.values[i * 5 + b];
            if (b <= a) ck_assert_double_eq_tol(scatter[a * 5 + b], (double)sum, 1e-10);
            if (b > a) ck_assert_double_eq(scatter[a * 5 + b], 0.0);
        }
    }
    ck_assert_int_eq(ptn_scatter_add(scatter, t.values, INT64_C(1) << 31, 5, NULL), PATRON_TOO_LARGE);
    ck_assert_int_eq(ptn_scatter_add(scatter, t.values, 0, 5, NULL), PATRON_OK);
    table_free(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("numeric");
    TCase *tests = tcase_create("numeric");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_gsl_errors_come_back_as_numbers);
    tcase_add_test(tests, test_known_eigenvalues);
    tcase_add_test(tests, test_eigenvalues_of_a_chain);
    tcase_add_test(tests, test_what_has_no_eigenvalues_is_a_status);
    tcase_add_test(tests, test_scatter_is_the_sum_of_products);
    return run_suite(suite);
}
