/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kernel of one level, against the oracle and the scalar table:

       test_kernels LEVEL [KERNEL]      scalar, avx2 or avx512; exit 77 where this machine cannot run it
       test_kernels --bench             nanoseconds for a row or an order line of each kernel at each level

   PATRON_SEED in the environment chooses other random numbers. */
#include "kernels/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/level.h"
#include "support/suite.h"

static const struct {
    const char *name;
    void (*check)(const ptn_kernels *table);
} tests[] = {{"measure", check_measure},    {"pack", check_pack},
             {"norms", check_norms},        {"scatter", check_scatter},
             {"assign", check_assign},      {"bounds", check_bounds},
             {"sums", check_sums},          {"step_sums", check_step_sums},
             {"nearest", check_nearest},    {"exact_sums", check_exact_sums},
             {"inertia", check_inertia},    {"logs", check_logs},
             {"pairs", check_pairs},        {"expected", check_expected},
             {"narrow", check_narrow},      {"narrow_keys", check_narrow_keys},
             {"whole", check_whole},        {"money", check_money},
             {"stamps", check_stamps},      {"hashes", check_hashes},
             {"times", check_times},        {"numbers", check_numbers},
             {"offsets", check_offsets},    {"short_keys", check_short_keys},
             {"line_bits", check_line_bits}};

/* assign has two. */
_Static_assert(sizeof tests / sizeof *tests == KERNELS + 1, "each kernel of the table has a test here");

int main(int count, char **arguments)
{
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    const ptn_kernels *tables[3];
    if (count == 2 && strcmp(arguments[1], "--bench") == 0) {
        for (int l = 0; l < 3; l++) tables[l] = level_table(levels[l]);
        bench_all(tables, 3);
        return EXIT_SUCCESS;
    }
    if (count < 2 || count > 3) {
        fprintf(stderr, "Usage: test_kernels LEVEL [KERNEL] | --bench\n");
        return 2;
    }
    const ptn_kernels *table = level_table(arguments[1]);
    int done = 0;
    if (table == NULL) return SKIPPED;
    for (size_t t = 0; t < sizeof tests / sizeof *tests; t++) {
        if (count == 3 && strcmp(arguments[2], tests[t].name) != 0) continue;
        draw_begin((uint64_t)asked_for("PATRON_SEED", 1));
        tests[t].check(table);
        printf("%s: %s holds\n", table->name, tests[t].name);
        done++;
    }
    return done > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
