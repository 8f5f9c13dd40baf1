/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: numbers at the edges of what it can hold, where promises once broke. */
#include <math.h>
#include <stdlib.h>

#include <patron/patron.h>

#include "support/fitted.h"
#include "support/suite.h"

START_TEST(test_columns_that_vanish_beside_others_keep_their_means)
{
    double values[] = {0, 1e-300, 1e149, 3e-300, 1e150, 2e-300, 1.1e150, 6e-300};
    table t = {values, 4, 2};
    patron_rows rows = table_view(&t);
    patron_kmeans_options options = starts(5);
    fitted f = fit(&rows, 2, &options, 1);
    const double *centroids = patron_kmeans_centroids(f.handle);
    ck_assert_double_eq(centroids[1], 2e-300);
    ck_assert_double_eq(centroids[3], 4e-300);
    release(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kmeans_corners");
    TCase *tests = tcase_create("kmeans_corners");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_columns_that_vanish_beside_others_keep_their_means);
    return run_suite(suite);
}
