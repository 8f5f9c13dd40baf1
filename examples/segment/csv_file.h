/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A CSV file (RFC 4180, by libcsv) as a stream of records, each with the line it begins on.

   Its bytes are UTF-8 or become it. Lines end in LF, CRLF or CR; empty lines are left out; a UTF-8 byte order mark is
   skipped. A record whose quotes do not fit (text behind a closing quote) is handed on as malformed, and reading goes
   on at the next line. A quote within an unquoted field is an ordinary character. */
#ifndef SEGMENT_CSV_FILE_H
#define SEGMENT_CSV_FILE_H

#include <stdint.h>

#include "segment/text.h"

struct record {
    int64_t line;       /* where it begins, from 1; newlines within quotes count */
    const char *bytes;  /* its fields one after another … */
    const size_t *ends; /* … field i ends before byte ends[i] */
    size_t fields;
    bool malformed; /* its quotes do not fit; the fields are not to be used */
};

/* Field `index` of a record. */
struct text record_field(const struct record *record, size_t index);

/* Called for each record, the header too; anything but 0 ends the reading. */
typedef int (*record_visitor)(const struct record *record, void *user);

/* How a file's bytes are text. */
enum csv_encoding {
    CSV_UTF8,
    CSV_LATIN1, /* ISO 8859-1 */
    CSV_CP1252  /* windows-1252; its five bytes without a character are the control characters of ISO 8859-1 */
};

struct csv_form {
    char delimiter;
    int32_t encoding; /* CSV_… */
};

/* Reads all of `path` ("-": standard input) in the calling thread; tells the terminal how far it is, and stops when
   interrupted. Returns 0, what the visitor returned, or an exit code after having said why. */
int csv_file_read(const char *path, struct csv_form form, record_visitor visit, void *user);

/* "standard input" for "-". */
const char *csv_file_name(const char *path);

#endif
