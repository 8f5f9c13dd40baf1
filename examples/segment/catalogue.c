/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/catalogue.h"

#include <patron/patron.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "segment/failure.h"
#include "segment/output.h"

enum { WIDTH = 80, INDENT = 4 };

/* Words in lines of at most WIDTH columns. */
static void write_wrapped(FILE *out, const char *text)
{
    int used = 0;
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (used + 1 + length > WIDTH) {
            fputc('\n', out);
            used = 0;
        }
        used += fprintf(out, "%*s%.*s", used == 0 ? INDENT : 1, "", length, text);
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static int write_features(FILE *out)
{
    patron_error error;
    for (int64_t i = 0; i < patron_feature_count(); i++) {
        char text[400];
        patron_column column = {.size = sizeof column};
        if (patron_feature_info(&column, i, &error) != PATRON_OK) return fail_library("--list-features", &error);
        fprintf(out, "%s%s%s%s\n", column.name, column.unit[0] == '\0' ? "" : " (", column.unit,
                column.unit[0] == '\0' ? "" : ")");
        write_wrapped(out, column.definition);
        snprintf(text, sizeof text, "Range: %s.", column.range);
        write_wrapped(out, text);
        snprintf(text, sizeof text, "Missing: %s.", column.missing);
        write_wrapped(out, text);
    }
    return 0;
}

int catalogue_write(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) return fail_memory();
    int code = write_features(out);
    bool complete = !ferror(out);
    if (fclose(out) != 0 || !complete) code = fail_memory();
    if (code == 0) code = output_text(STDOUT_FILENO, text, length);
    free(text);
    return code;
}
