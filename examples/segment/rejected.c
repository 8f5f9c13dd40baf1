/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/rejected.h"

#include "segment/shown.h"

const char *fate_words(int fate)
{
    static const char *const words[PATRON_FATE_COUNT] = {
        [PATRON_FATE_UNREADABLE] = "unreadable",
        [PATRON_FATE_NO_CUSTOMER] = "without a customer",
        [PATRON_FATE_AFTER_AS_OF] = "later",
        [PATRON_FATE_DUPLICATE] = "duplicate",
        [PATRON_FATE_ZERO_AMOUNT] = "of amount 0",
        [PATRON_FATE_RETURN] = "of returns or adjustments",
        [PATRON_FATE_PURCHASE] = "of purchases",
        [PATRON_FATE_BEFORE_WINDOW] = "before the window",
        [PATRON_FATE_CANCELLED] = "cancelled",
        [PATRON_FATE_CANCELLATION] = "of cancellations",
        [PATRON_FATE_IGNORED_PRODUCT] = "of ignored products",
    };
    return words[fate];
}

void rejected_write_first(FILE *out, const patron_history *history, const struct columns *columns)
{
    patron_rejected row = {.size = sizeof row};
    if (patron_history_rejected(&row, history, 0, NULL) != PATRON_OK) return;
    const char *name = columns->name[row.field] != NULL ? columns->name[row.field] : patron_field_name(row.field);
    fprintf(out, "first: line %lld, %s: %s", (long long)row.line, SHOWN(text_of(name), 60),
            patron_reason_text(row.reason));
}

static const char *advice_for(const patron_rejected *row)
{
    if (row->reason == PATRON_REASON_NOT_UTF8)
        return "is the file written in another encoding? Give --encoding cp1252 or --encoding latin1";
    if (row->reason != PATRON_REASON_UNREADABLE) return NULL;
    switch (row->field) {
    case PATRON_FIELD_TIME:
        return "--time-format says how times are written, as in --time-format '%d/%m/%Y %H:%M'";
    case PATRON_FIELD_QUANTITY:
    case PATRON_FIELD_AMOUNT:
    case PATRON_FIELD_PRICE:
    case PATRON_FIELD_DISCOUNT:
        return "--decimal says the sign in numbers, . or , and --delimiter what stands between fields";
    default:
        return NULL;
    }
}

const char *rejected_advice(const patron_history *history, int64_t listed)
{
    const char *advice = NULL;
    for (int64_t i = 0; i < listed && advice == NULL; i++) {
        patron_rejected row = {.size = sizeof row};
        if (patron_history_rejected(&row, history, i, NULL) == PATRON_OK) advice = advice_for(&row);
    }
    return advice;
}
