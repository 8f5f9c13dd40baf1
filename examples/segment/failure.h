/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the program ends, and how it says why: one sentence on standard error, and an exit code that a script can tell
   apart. */
#ifndef SEGMENT_FAILURE_H
#define SEGMENT_FAILURE_H

#include <patron/patron.h>

enum {
    EXIT_OK = 0,
    EXIT_USAGE = 2,        /* the command line */
    EXIT_DATA = 3,         /* what the file holds */
    EXIT_IO = 4,           /* reading or writing it */
    EXIT_MEMORY = 5,       /* memory or size */
    EXIT_INTERRUPTED = 130 /* SIGINT; for SIGTERM 143 */
};

/* What the program is called in messages: the last part of argv[0], which is borrowed. */
void program_named(const char *path);
const char *program_name(void);

/* Prints "PROGRAM: MESSAGE" as a terminal may have it, and returns `code`, so that a caller may `return fail(…)`. */
int fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Out of memory, in the same words everywhere. */
int fail_memory(void);

/* A failed call of the library: `path` and the error's message, and the exit code for its status. */
int fail_library(const char *path, const patron_error *error);

#endif
