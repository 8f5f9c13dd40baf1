/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audit: what became of every row. */
#include <string.h>

#include "base/error.h"
#include "base/floating.h"
#include "history/history.h"
#include "history/purchases.h"

/* Works out the history at an as-of, in the library's floating-point modes and with a team of its own. */
static patron_status look(ptn_purchases *purchases, uint8_t *line_fates, const patron_history *history, int64_t as_of_s,
                          const patron_context *context, patron_error *error)
{
    const ptn_question question = {.as_of_s = as_of_s};
    ptn_context known;
    ptn_team team;
    fenv_t host;
    patron_status status = ptn_context_read(&known, context, error);
    if (status != PATRON_OK) return status;
    ptn_floating_enter(&host);
    ptn_team_open(&team, &known);
    status = ptn_purchases_build(purchases, line_fates, history, &question, &team, "audit", 1.0, error);
    ptn_team_close(&team);
    ptn_floating_leave(&host);
    return status;
}

patron_status patron_history_audit(patron_audit *audit, const patron_history *history, int64_t as_of_s,
                                   const patron_context *context, patron_error *error)
{
    ptn_purchases purchases;
    ptn_ok(error);
    if (audit == NULL) return ptn_fail_null(error, "audit");
    if (history == NULL) return ptn_fail_null(error, "history");
    patron_status status = look(&purchases, NULL, history, as_of_s, context, error);
    if (status != PATRON_OK) return status;
    status = ptn_struct_write(audit, &purchases.audit, sizeof *audit, "audit", error);
    ptn_purchases_free(&purchases);
    return status;
}

/* Spreads the lines' fates, which lie at the buffer's end, over the rows: a line is never written before it is read,
   since as many rows as lines are left at least. */
static void spread(uint8_t *fates, const patron_history *history)
{
    const ptn_rejection *rejected = history->rejected.items;
    const uint8_t *lines = fates + history->rejected.count;
    int64_t row = 0;
    for (int64_t i = 0; i < history->rejected.count; i++) {
        int64_t count = rejected[i].row - row;
        memmove(fates + row, lines, (size_t)count);
        lines += count;
        row += count;
        fates[row++] = rejected[i].fate;
    }
    memmove(fates + row, lines, (size_t)(ptn_history_rows(history) - row));
}

patron_status patron_history_fates(uint8_t *fates, const patron_history *history, int64_t as_of_s,
                                   const patron_context *context, patron_error *error)
{
    ptn_purchases purchases;
    ptn_ok(error);
    if (fates == NULL) return ptn_fail_null(error, "fates");
    if (history == NULL) return ptn_fail_null(error, "history");
    uint8_t *line_fates = fates + history->rejected.count;
    patron_status status = look(&purchases, line_fates, history, as_of_s, context, error);
    if (status != PATRON_OK) return status;
    ptn_purchases_free(&purchases);
    spread(fates, history);
    return PATRON_OK;
}
