/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the program has to do with its terminal and its signals: progress, colour, bars, and the wish to stop. */
#ifndef SEGMENT_TERMINAL_H
#define SEGMENT_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/* From now on SIGINT and SIGTERM are remembered (a second one kills), and a closed pipe or a file size limit is an
   error of write() rather than the end. */
void signals_install(void);

/* Whether one of them came. */
bool interrupted(void);

/* The exit code that says so: 130, or 143. */
int interrupt_code(void);

/* A patron_progress: one line on standard error, only if that is a terminal; not 0 once interrupted. */
int32_t progress_report(void *user, const char *stage, double fraction);

/* Takes the line away before anything else is written. */
void progress_clear(void);

/* Whether text for this file descriptor may be coloured: a terminal that is not dumb, and NO_COLOR not set. */
bool colour_wanted(int descriptor);

/* Whether the environment asks for UTF-8 (LC_ALL, else LC_CTYPE, else LANG). */
bool utf8_wanted(void);

#endif
