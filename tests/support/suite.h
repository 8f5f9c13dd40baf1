/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running a Check suite the way every test program does. Tests run in this process (no fork), so that sanitizers and
   debuggers see them; CK_FORK=yes in the environment changes that. */
#ifndef PATRON_TEST_SUITE_H
#define PATRON_TEST_SUITE_H

#include <check.h>
#include <stdint.h>

/* Runs the suite, prints a line for each failure, frees it; returns the exit code for main. */
int run_suite(Suite *suite);

/* Where the real data sets lie: the environment's PATRON_DATA, else beside the project. NULL when `name` is not there,
   after a line "SKIPPED: …" on standard output. The string is the caller's to free. */
char *data_file(const char *name);

/* Decompresses NAME.xz of the data sets into a temporary file and gives its path (remove and free it), or NULL as
 * above. */
char *data_file_unpacked(const char *name);

/* The number in the environment variable `name`, for tests that can do more than they do by default; `otherwise` where
   it is not set. */
int64_t asked_for(const char *name, int64_t otherwise);

/* For what is read before the suite runs, where Check's assertions cannot be used: ends the program, saying where. */
#define need(condition) need_at((condition) != 0, #condition, __FILE__, __LINE__)
void need_at(int holds, const char *condition, const char *file, int line);

/* Exit code of a test that was left out; ctest shows it as skipped. */
#define SKIPPED 77

#endif
