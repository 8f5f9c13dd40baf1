/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing results so that a reader never sees half of one. What returns an int gives 0, or an exit code after having
   said why.

   open -> add ... -> complete -> publish -> close; close alone, at any point, leaves the old file as it was. */
#ifndef SEGMENT_OUTPUT_H
#define SEGMENT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `path` can be written later ("-" can), to fail before the work rather than after; and that it is not the
   file `input`, which would be lost. `option` is the one that named it. */
int output_check(const char *option, const char *path, const char *input);

/* Whether two paths are one file, also one that is not there yet. */
bool output_same(const char *a, const char *b);

struct output;

/* Begins a file: a temporary one in the same folder, which is renamed when all of it is there. What is no regular file
   (a device, a pipe, "-" for standard output) is written directly. `path` is borrowed until output_close, which is
   called in either case. */
int output_open(struct output **output, const char *path);

/* Adds text. Ends when interrupted. */
int output_add(struct output *output, const char *bytes, size_t length);

/* All of it is there: on the disk, under its temporary name. */
int output_complete(struct output *output);

/* Takes the place of the old file. */
int output_publish(struct output *output);

/* Removes what was not published, and frees. NULL is fine. */
void output_close(struct output *output);

/* The whole text to an open file descriptor. */
int output_text(int descriptor, const char *bytes, size_t length);

/* The version to standard output. */
int output_version(void);

#endif
