/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A history's audit, for tests that need it to succeed. */
#ifndef PATRON_TEST_AUDIT_H
#define PATRON_TEST_AUDIT_H

#include <patron/history.h>

/* Its padding is zero, so that two may be compared byte by byte. */
patron_audit audit_of(const patron_history *history, int64_t as_of_s);

#endif
