/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status texts, and filling the caller's patron_error. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(patron_error) == 512, "patron_error has 512 bytes, for good");

const char *patron_status_text(patron_status status)
{
    switch (status) {
#define CASE(name, number, text)                                                                                       \
    case name:                                                                                                         \
        return text;
        PATRON_STATUS_LIST(CASE)
#undef CASE
    default:
        return "unknown status";
    }
}

const char *patron_status_name(patron_status status)
{
    switch (status) {
#define CASE(name, number, text)                                                                                       \
    case name:                                                                                                         \
        return #name;
        PATRON_STATUS_LIST(CASE)
#undef CASE
    default:
        return "PATRON_UNKNOWN";
    }
}

patron_status ptn_ok(patron_error *error)
{
    if (error != NULL) {
        memset(error, 0, sizeof *error);
        error->row = error->line = error->byte = -1;
    }
    return PATRON_OK;
}

/* A message that was cut must still be UTF-8: drop a broken last character. */
static void end_on_character(char *message, size_t size)
{
    size_t length = strlen(message), start = length;
    if (length + 1 < size) return;
    while (start > 0 && ((unsigned char)message[start - 1] & 0xC0) == 0x80) start--;
    if (start == 0) return;
    unsigned char lead = (unsigned char)message[start - 1];
    size_t want = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (length - (start - 1) < want) message[start - 1] = '\0';
}

PTN_PRINTF(5, 0)
static patron_status fail(patron_error *error, patron_status status, int64_t row, int64_t line, const char *format,
                          va_list arguments)
{
    if (error != NULL) {
        ptn_ok(error);
        error->status = status;
        error->row = row;
        error->line = line;
        vsnprintf(error->message, sizeof error->message, format, arguments);
        end_on_character(error->message, sizeof error->message);
    }
    return status;
}

patron_status ptn_fail(patron_error *error, patron_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail(error, status, -1, -1, format, arguments);
    va_end(arguments);
    return status;
}

patron_status ptn_fail_row(patron_error *error, patron_status status, int64_t row, int64_t line, const char *format,
                           ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail(error, status, row, line, format, arguments);
    va_end(arguments);
    return status;
}

patron_status ptn_fail_null(patron_error *error, const char *name)
{
    return ptn_fail(error, PATRON_INVALID_ARGUMENT, "%s is NULL; it is needed", name);
}

patron_status ptn_fail_memory(patron_error *error, size_t bytes, const char *what)
{
    return ptn_fail(error, PATRON_OUT_OF_MEMORY, "no memory for %zu bytes of %s; free some, or use fewer rows", bytes,
                    what);
}
