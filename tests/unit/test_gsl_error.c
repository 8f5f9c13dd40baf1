/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GSL fails within the library: it comes back with a status instead of ending the process, which its own handler does.
 */
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

#include "support/suite.h"

START_TEST(test_gsl_comes_back_from_a_failure)
{
    gsl_sf_result result = {0.0, 0.0};
    ck_assert_ptr_null(gsl_eigen_symm_alloc(0));
    ck_assert_int_eq(gsl_sf_lngamma_e(0.0, &result), GSL_EDOM);
    ck_assert(isnan(result.val));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("GSL errors");
    TCase *tests = tcase_create("GSL errors");
    tcase_add_test(tests, test_gsl_comes_back_from_a_failure);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
