/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <patron/version.h>

const char *patron_version(void) { return PATRON_VERSION; }
