/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows taken into the log: what appending columns and appending an Arrow stream share. */
#ifndef PTN_HISTORY_APPEND_H
#define PTN_HISTORY_APPEND_H

#include "base/threads.h"
#include "history/reader.h"

/* What workers keep of texts from one append to the next. Zero it to begin. */
typedef struct ptn_memos {
    ptn_memo *memos;       /* of each worker, PTN_READER_MEMOS; or NULL */
    ptn_memo_text *places; /* of all memos, or NULL */
    uint64_t *words;       /* likewise */
    int64_t place_count, word_count;
} ptn_memos;

/* They are wiped, as they hold texts, and given back. */
void ptn_memos_close(ptn_memos *memos, const ptn_memory *memory);

/* Appends orders->rows rows, all of them or none, with a team that the caller closes. With `source`, `orders` says only
   which columns there are, by pointers that are not NULL, and rows come from the source. `first` is added to rows in
   messages. `memos` may be those of an append before that was not taken back, with the same columns and team. The
   caller has called ptn_floating_enter, and has checked the columns of texts. */
patron_status ptn_append(patron_history *history, const patron_orders *orders, const ptn_batch_source *source,
                         int64_t first, ptn_memos *memos, ptn_team *team, patron_error *error);

#endif
