/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/failure.h"

#include <stdarg.h>
#include <stdio.h>

#include "segment/terminal.h"

int fail(int code, const char *format, ...)
{
    va_list arguments;
    progress_clear();
    fputs("segment: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return code;
}

int fail_memory(void) { return fail(EXIT_MEMORY, "out of memory; free some, or split the file by customer"); }

static int exit_code(patron_status status)
{
    switch (status) {
    case PATRON_OK:
        return EXIT_OK;
    case PATRON_OUT_OF_MEMORY:
    case PATRON_TOO_LARGE:
        return EXIT_MEMORY;
    case PATRON_CANCELLED:
        return interrupt_code();
    case PATRON_UNKNOWN_NAME: /* of --features */
        return EXIT_USAGE;
    default:
        return EXIT_DATA;
    }
}

int fail_library(const char *path, const patron_error *error)
{
    if (error->status == PATRON_CANCELLED) return fail(interrupt_code(), "interrupted; nothing was written");
    const char *message = error->message[0] != '\0' ? error->message : patron_status_text(error->status);
    return fail(exit_code(error->status), "%s: %s", path, message);
}
