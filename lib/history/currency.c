/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "history/currency.h"

#include "base/error.h"
#include "base/utf8.h"

bool ptn_currency_readable(const patron_text *codes, int64_t row)
{
    const uint8_t *bytes;
    int64_t length;
    return !ptn_batch_text(&bytes, &length, codes, row) || ptn_utf8_valid(bytes, length);
}

bool ptn_currency_meet(ptn_currency *currency, const patron_text *codes, int64_t row)
{
    const uint8_t *bytes;
    int64_t length;
    if (!ptn_batch_text(&bytes, &length, codes, row)) return true;
    if (currency->length > 0) return ptn_currency_is(currency, codes, row);
    if (length > PATRON_MOST_CURRENCY_BYTES) return false;
    memcpy(currency->code, bytes, (size_t)length);
    currency->code[length] = '\0';
    currency->length = length;
    return true;
}

bool ptn_currency_join(ptn_currency *currency, const ptn_currency *named)
{
    if (named->length == 0) return true;
    if (currency->length == 0) *currency = *named;
    return currency->length == named->length && memcmp(currency->code, named->code, (size_t)named->length) == 0;
}

patron_status ptn_currency_fail(const ptn_currency *currency, const patron_text *codes, int64_t at, int64_t row,
                                int64_t line, const char *where, patron_error *error)
{
    const uint8_t *bytes = NULL;
    int64_t length = 0;
    ptn_batch_text(&bytes, &length, codes, at);
    if (length > PATRON_MOST_CURRENCY_BYTES)
        return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, row, line,
                            "%s: a currency of %lld bytes; a code has %d at most, as EUR has 3", where,
                            (long long)length, (int)PATRON_MOST_CURRENCY_BYTES);
    return ptn_fail_row(error, PATRON_INVALID_ARGUMENT, row, line,
                        "%s: the currency is %.*s, that of other lines %s; give a history one currency, or say which "
                        "lines to keep with only_currency",
                        where, (int)length, (const char *)bytes, currency->code);
}

patron_status ptn_currency_read(ptn_currency *currency, const char *text, patron_error *error)
{
    memset(currency, 0, sizeof *currency);
    if (text == NULL) return PATRON_OK;
    size_t length = strnlen(text, PATRON_MOST_CURRENCY_BYTES + 1);
    if (length == 0 || length > PATRON_MOST_CURRENCY_BYTES || !ptn_utf8_valid((const uint8_t *)text, (int64_t)length))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "only_currency is no code of 1 to %d bytes of UTF-8; give one as EUR, or NULL",
                        (int)PATRON_MOST_CURRENCY_BYTES);
    memcpy(currency->code, text, length);
    currency->length = (int64_t)length;
    return PATRON_OK;
}
