/* SPDX-License-Identifier: GPL-3.0-or-later */
/* docs/features.md, made of patron_feature_info.

   feature_page check FILE   says, and fails, when the page is not what the catalogue says
   feature_page write FILE   writes it */
#include <patron/patron.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 118 };

static const char head[] =
    "# Features\n"
    "\n"
    "What `patron_features_build` says of each customer with an order, in the order of its columns. This page is made\n"
    "of `patron_feature_info`: `build/tests/docs/feature_page write docs/features.md` writes it anew, and a test "
    "holds\n"
    "it to the library. How lines, orders, days, windows and policies are defined is said in `patron/history.h` and\n"
    "`patron/features.h`.\n";

/* Words in lines of at most WIDTH columns. */
static void write_wrapped(FILE *out, const char *text)
{
    int used = 0;
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (used > 0 && used + 1 + length > WIDTH) {
            fputc('\n', out);
            used = 0;
        }
        used += fprintf(out, "%s%.*s", used == 0 ? "" : " ", length, text);
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static bool write_page(FILE *out)
{
    fputs(head, out);
    for (int64_t i = 0; i < patron_feature_count(); i++) {
        char text[1000];
        patron_column column = {.size = sizeof column};
        if (patron_feature_info(&column, i, NULL) != PATRON_OK) return false;
        fprintf(out, "\n## %s\n\n", column.name);
        write_wrapped(out, column.definition);
        snprintf(text, sizeof text, "- unit: %s", column.unit);
        fputc('\n', out);
        write_wrapped(out, text);
        snprintf(text, sizeof text, "- range: %s", column.range);
        write_wrapped(out, text);
        snprintf(text, sizeof text, "- missing (NaN): %s", column.missing);
        write_wrapped(out, text);
    }
    return !ferror(out);
}

/* The first line that differs, from 1; 0 when none does. */
static int64_t first_difference(FILE *file, const char *page)
{
    int64_t line = 1;
    for (;; page++) {
        int c = fgetc(file);
        if (c == EOF || c != (unsigned char)*page) return c == EOF && *page == '\0' ? 0 : line;
        line += c == '\n';
    }
}

int main(int argc, char **argv)
{
    bool write = argc == 3 && strcmp(argv[1], "write") == 0;
    if (argc != 3 || (!write && strcmp(argv[1], "check") != 0)) {
        fputs("usage: feature_page check|write FILE\n", stderr);
        return 2;
    }
    char *page = NULL;
    size_t length = 0;
    FILE *made = open_memstream(&page, &length), *file = fopen(argv[2], write ? "w" : "r");
    bool good = made != NULL && write_page(made);
    if (made != NULL) good = fclose(made) == 0 && good;
    if (file == NULL) {
        perror(argv[2]);
        good = false;
    } else if (good && write) {
        good = fputs(page, file) >= 0;
    } else if (good) {
        int64_t line = first_difference(file, page);
        if (line > 0)
            fprintf(stderr, "%s: line %lld is not what the catalogue says; write it anew with %s write\n", argv[2],
                    (long long)line, argv[0]);
        good = line == 0;
    }
    if (file != NULL) good = fclose(file) == 0 && good;
    free(page);
    return good ? 0 : 1;
}
