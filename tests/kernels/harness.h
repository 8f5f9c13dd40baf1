/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One harness for all kernels: random numbers, memory with guards, complaints that tell how to see them again, timing.

   Memory comes from slots between pages that must not be touched:

       | no access | …  guard bytes | what was asked for | guard bytes … | no access |
       | no access | …                   guard bytes | what was asked for | no access |   half of the time

   so that a kernel that reads beyond an array's end dies there, and one that writes is found by the bytes. */
#ifndef PATRON_TEST_KERNELS_HARNESS_H
#define PATRON_TEST_KERNELS_HARNESS_H

#include "kernels/kernels.h"

#include <stddef.h>

/* How many kernels a table has: whoever lists them says whether all are there. */
enum { KERNELS = (sizeof(ptn_kernels) - offsetof(ptn_kernels, measure)) / sizeof(void (*)(void)) };

/* Random numbers: always the same for a seed and a case. */
void draw_begin(uint64_t seed);
uint64_t draw(void);
int64_t draw_from(int64_t least, int64_t most);
double draw_unit(void); /* -1 … 1 */

/* Kinds of numbers that rows are made of. */
typedef enum kind { PLAIN, TIES, FAR_OFFSET, DENORMAL, LARGE, MIXED, KINDS } kind;
double draw_value(kind what, bool narrow);

/* Memory for `count` things of `size` bytes, filled with noise, until space_check. */
void *space(int64_t count, size_t size);
#define SPACE(type, count) ((type *)space(count, sizeof(type)))

/* From now on nothing ends where memory does: a masked load that reaches there is right, and slow. */
void spaces_apart(void);

/* A copy of the same size, elsewhere. */
void *space_copy(const void *from, int64_t count, size_t size);
#define COPY(type, from, count) ((type *)space_copy(from, count, sizeof(type)))

/* Complains if a guard byte was written; gives all memory back. */
void space_check(void);

/* What is being tested, for complaints. */
void case_is(const char *kernel, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Complains, and ends the program. */
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Complains unless the bytes are the same. */
void same(const char *what, const void *got, const void *reference, int64_t count, size_t size);

/* Complains unless |got - wanted| <= allowed. */
void near(const char *what, double got, double wanted, double allowed);

/* Rows as the caller holds them, with their plain copy: NaN wherever a kernel has no business. */
typedef struct given_rows {
    ptn_source source;
    int64_t first, count;
    double *plain;   /* count x cols */
    double *weights; /* count, or NULL */
} given_rows;
given_rows given_make(kind what, int64_t count, int64_t cols, bool narrow, bool weighted);

/* Packed rows: whole steps, in tiles and plainly; all padding rows are zeros. */
typedef struct tile_rows {
    int64_t tiles, cols, rows;
    float *values, *plain;
    double *step;     /* cols */
    int32_t *weights; /* or NULL; their sum is at most 2^30 */
} tile_rows;
tile_rows tiles_make(kind what, int64_t tiles, int64_t cols, bool weighted);

/* Each kernel's test, against the oracle and the scalar table. */
void check_measure(const ptn_kernels *table);
void check_pack(const ptn_kernels *table);
void check_exact_sums(const ptn_kernels *table);
void check_inertia(const ptn_kernels *table);
void check_pairs(const ptn_kernels *table);
void check_expected(const ptn_kernels *table);
void check_logs(const ptn_kernels *table);
void check_line_bits(const ptn_kernels *table);
void check_narrow(const ptn_kernels *table);
void check_narrow_keys(const ptn_kernels *table);
void check_whole(const ptn_kernels *table);
void check_money(const ptn_kernels *table);
void check_stamps(const ptn_kernels *table);
void check_hashes(const ptn_kernels *table);
void check_times(const ptn_kernels *table);
void check_numbers(const ptn_kernels *table);
void check_offsets(const ptn_kernels *table);
void check_short_keys(const ptn_kernels *table);
void check_norms(const ptn_kernels *table);
void check_scatter(const ptn_kernels *table);
void check_sums(const ptn_kernels *table);
void check_step_sums(const ptn_kernels *table);
void check_nearest(const ptn_kernels *table);
void check_assign(const ptn_kernels *table);
void check_bounds(const ptn_kernels *table);

/* The nanoseconds of each kernel of the tables (NULL: not there) for a row or an order line, on standard output. */
void bench_all(const ptn_kernels *const *tables, int32_t count);

#endif
