/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "segment/shown.h"
#include "segment/terminal.h"

enum { LONGEST = 1 << 14 };

static const char *program = "segment";

void program_named(const char *path)
{
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    if (name != NULL && name[0] != '\0') program = name;
}

const char *program_name(void) { return program; }

int fail(int code, const char *format, ...)
{
    va_list arguments;
    char message[LONGEST];
    progress_clear();
    va_start(arguments, format);
    if (vsnprintf(message, sizeof message, format, arguments) < 0) message[0] = '\0';
    va_end(arguments);
    print_shown(stderr, program);
    fputs(": ", stderr);
    print_shown(stderr, message);
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
