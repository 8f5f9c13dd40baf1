/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing results so that a reader never sees half of one. Each returns 0, or an exit code after having said why. */
#ifndef SEGMENT_OUTPUT_H
#define SEGMENT_OUTPUT_H

#include <stddef.h>

/* Whether `path` can be written later ("-" can), to fail before the work rather than after; and that it is not the
   file `input`, which would be lost. */
int output_check(const char *path, const char *input);

/* The whole text to `path`: to a temporary file in the same folder, synced, then renamed; so the old file stays as it
   was until the new one is complete. What is no regular file (a device, a pipe) is written directly. */
int output_file(const char *path, const char *bytes, size_t length);

/* The whole text to an open file descriptor. */
int output_text(int descriptor, const char *bytes, size_t length);

/* The version to standard output. */
int output_version(void);

#endif
