/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/audit.h"

#include <check.h>
#include <string.h>

patron_audit audit_of(const patron_history *history, int64_t as_of_s)
{
    patron_audit audit;
    patron_error error;
    memset(&audit, 0, sizeof audit);
    audit.size = sizeof audit;
    ck_assert_msg(patron_history_audit(&audit, history, as_of_s, NULL, &error) == PATRON_OK, "%s", error.message);
    return audit;
}
