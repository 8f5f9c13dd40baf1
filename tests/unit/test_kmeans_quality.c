/* SPDX-License-Identifier: GPL-3.0-or-later */
/* k-means: on data whose optimum is known, the default options find it from any seed. PATRON_SEEDS in the environment
   asks for more seeds. The optima are those of test_kmeans.c, found there from 100 starts. */
#include <stdio.h>
#include <stdlib.h>

#include <patron/patron.h>

#include "support/suite.h"
#include "support/table.h"

static const int64_t DEFAULT_SEEDS = 50;

static const struct data_set {
    const char *name;
    int64_t cols, rows;
    double optimum[4]; /* k = 2 … 5 */
} known[] = {
    {"clustering/iris.txt", 4, 150, {152.347951760358, 78.8514414261460, 57.2284732142857, 46.4461820512821}},
    {"clustering/ruspini.txt", 2, 75, {89337.832142857, 51063.4750456705, 12881.0512361466, 10126.7197881828}},
    {"clustering/german_postal.txt",
     3,
     89,
     {6.025472220938822e11, 2.94506562778027e11, 1.04474664100716e11, 5.97615267205269e10}},
};

enum { DATA_SETS = sizeof known / sizeof *known };

static table tables[DATA_SETS];

static void seeds_of(size_t d)
{
    int64_t seeds = asked_for("PATRON_SEEDS", DEFAULT_SEEDS), missed = 0;
    patron_kmeans_options options;
    patron_rows rows = table_view(&tables[d]);
    patron_context context;
    patron_kmeans_options_init(&options, sizeof options);
    patron_context_init(&context, sizeof context);
    context.threads = 2;
    ck_assert_int_eq(rows.rows, known[d].rows);
    for (int64_t seed = 0; seed < seeds; seed++) {
        patron_kmeans *handles[4];
        options.seed = (uint64_t)seed;
        ck_assert_int_eq(patron_kmeans_sweep(handles, NULL, &rows, 2, 5, &options, &context, NULL), PATRON_OK);
        for (int i = 0; i < 4; i++) {
            patron_kmeans_result result = {.size = sizeof result};
            double optimum = known[d].optimum[i];
            ck_assert_int_eq(patron_kmeans_result_get(&result, handles[i], NULL), PATRON_OK);
            patron_kmeans_free(handles[i]);
            ck_assert_double_ge(result.inertia, optimum * (1.0 - 1e-9)); /* else it was none */
            if (result.inertia <= optimum * (1.0 + 1e-9)) continue;
            missed++;
            printf("%s, k %d, seed %lld: inertia %.17g; %.17g can be had\n", known[d].name, 2 + i, (long long)seed,
                   result.inertia, optimum);
        }
    }
    ck_assert_msg(missed == 0, "%s: %lld of %lld fits missed the optimum", known[d].name, (long long)missed,
                  (long long)(4 * seeds));
}

START_TEST(test_any_seed_finds_the_optimum)
{
    if (tables[_i].rows > 0) seeds_of((size_t)_i);
}
END_TEST

int main(void)
{
    int64_t there = 0;
    for (size_t d = 0; d < DATA_SETS; d++) {
        tables[d] = table_read(known[d].name, known[d].cols);
        there += tables[d].rows > 0;
    }
    if (there == 0) return SKIPPED;
    Suite *suite = suite_create("kmeans_quality");
    TCase *tests = tcase_create("kmeans_quality");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 36000);
    tcase_add_loop_test(tests, test_any_seed_finds_the_optimum, 0, DATA_SETS);
    int code = run_suite(suite);
    for (size_t d = 0; d < DATA_SETS; d++) table_free(&tables[d]);
    return code == 0 && there < DATA_SETS ? SKIPPED : code;
}
