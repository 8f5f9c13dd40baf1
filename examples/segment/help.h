/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_HELP_H
#define SEGMENT_HELP_H

/* What --help says behind "Usage: PROGRAM", for 80 columns. */
enum { HELP_PARTS = 2 };
extern const char *const help_text[HELP_PARTS];

#endif
