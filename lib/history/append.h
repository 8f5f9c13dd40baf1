/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows taken into the log: what appending columns and appending an Arrow stream share. */
#ifndef PTN_HISTORY_APPEND_H
#define PTN_HISTORY_APPEND_H

#include "base/threads.h"
#include "history/reader.h"

/* Appends orders->rows rows, all of them or none, with a team that the caller closes. With `source`, `orders` says only
   which columns there are, by pointers that are not NULL, and rows come from the source. `first` is added to rows in
   messages. The caller has called ptn_floating_enter, and has checked the columns of texts. */
patron_status ptn_append(patron_history *history, const patron_orders *orders, const ptn_batch_source *source,
                         int64_t first, ptn_team *team, patron_error *error);

#endif
