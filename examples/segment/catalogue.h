/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --list-features: what can be known of a customer. */
#ifndef SEGMENT_CATALOGUE_H
#define SEGMENT_CATALOGUE_H

/* Writes name, unit, definition and what makes a value missing of every feature to standard output. Returns 0, or an
   exit code after having said why. */
int catalogue_write(void);

#endif
