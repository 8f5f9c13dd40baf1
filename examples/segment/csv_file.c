/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libcsv is fed one physical line at a time, so that the line of whatever it reports is known. */
#include "segment/csv_file.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "segment/failure.h"
#include "segment/terminal.h"

enum { BLOCK = 1 << 18, LARGEST_RECORD = 1 << 24, MOST_FIELDS = 1 << 16 };

struct reader {
    const char *name;
    enum csv_encoding encoding;
    record_visitor visit;
    void *user;
    struct csv_parser parser;
    char *bytes; /* of the record's fields so far */
    size_t length, capacity;
    size_t *ends;
    size_t fields, field_capacity;
    int64_t line;        /* being parsed, from 1 */
    int64_t record_line; /* where the record began */
    int64_t field_line;  /* where the field being read began */
    size_t record_size;  /* bytes of the file it took so far */
    bool ends_in_cr;     /* the last byte parsed was a CR: an LF now belongs to it */
    bool skip_line;      /* the record was malformed; go on at the next line */
    int code;            /* not 0: stop */
};

struct text record_field(const struct record *record, size_t index)
{
    size_t begin = index == 0 ? 0 : record->ends[index - 1];
    return (struct text){record->bytes + begin, record->ends[index] - begin};
}

const char *csv_file_name(const char *path) { return strcmp(path, "-") == 0 ? "standard input" : path; }

static bool room_for(struct reader *reader, size_t length)
{
    if (reader->bytes == NULL || reader->length + length > reader->capacity) { /* a text, be it empty, has bytes */
        size_t capacity = 2 * (reader->length + length) + 1024;
        char *bytes = realloc(reader->bytes, capacity);
        if (bytes == NULL) return false;
        reader->bytes = bytes;
        reader->capacity = capacity;
    }
    if (reader->fields == reader->field_capacity) {
        size_t capacity = 2 * reader->field_capacity + 32;
        size_t *ends = realloc(reader->ends, capacity * sizeof *ends);
        if (ends == NULL) return false;
        reader->ends = ends;
        reader->field_capacity = capacity;
    }
    return true;
}

static void end_field(void *bytes, size_t length, void *user)
{
    struct reader *reader = user;
    if (reader->code != 0) return;
    if (reader->fields == MOST_FIELDS) {
        reader->code = fail(EXIT_DATA, "%s: line %lld has more than %d fields; is this a CSV file?", reader->name,
                            (long long)reader->line, MOST_FIELDS);
        return;
    }
    if (!room_for(reader, length)) {
        reader->code = fail_memory();
        return;
    }
    if (length > 0) memcpy(reader->bytes + reader->length, bytes, length);
    reader->length += length;
    reader->ends[reader->fields++] = reader->length;
    reader->field_line = reader->line;
}

static void visit_record(struct reader *reader, bool malformed)
{
    struct record record = {reader->record_line, reader->bytes, reader->ends, reader->fields, malformed};
    if (reader->code == 0) reader->code = reader->visit(&record, reader->user);
    reader->length = reader->fields = reader->record_size = 0;
}

static void end_record(int terminator, void *user)
{
    (void)terminator;
    visit_record(user, false);
}

/* libcsv, being strict, stopped at a quote. In an unquoted field it is an ordinary character; behind a closing quote
   nobody knows what was meant, and guessing would swallow the lines up to the next quote. */
static size_t pass_quote(struct reader *reader, const char *bytes, size_t length)
{
    if (!reader->parser.quoted) {
        csv_set_opts(&reader->parser, 0);
        size_t parsed = csv_parse(&reader->parser, bytes, 1, end_field, end_record, reader);
        csv_set_opts(&reader->parser, CSV_STRICT);
        return parsed;
    }
    csv_set_opts(&reader->parser, 0);
    csv_fini(&reader->parser, NULL, NULL, NULL);
    csv_set_opts(&reader->parser, CSV_STRICT);
    visit_record(reader, true);
    reader->skip_line = true;
    return length;
}

/* A line or a piece of one, without anything behind its end. */
static void parse_piece(struct reader *reader, const char *bytes, size_t length)
{
    if (reader->skip_line) return;
    if (reader->record_size == 0) reader->record_line = reader->field_line = reader->line;
    reader->record_size += length;
    if (reader->record_size > LARGEST_RECORD) {
        reader->code =
            fail(EXIT_DATA, "%s: line %lld: the field that begins here has no end within %d MB; is a quote missing?",
                 reader->name, (long long)reader->field_line, LARGEST_RECORD >> 20);
        return;
    }
    while (length > 0 && reader->code == 0) {
        size_t parsed = csv_parse(&reader->parser, bytes, length, end_field, end_record, reader);
        bytes += parsed;
        length -= parsed;
        if (length == 0) break;
        if (csv_error(&reader->parser) != CSV_EPARSE) {
            reader->code = fail_memory();
            break;
        }
        parsed = pass_quote(reader, bytes, length);
        bytes += parsed;
        length -= parsed;
    }
}

/* The line is over: between records, the next one begins anew. */
static void end_line(struct reader *reader)
{
    reader->line++;
    reader->skip_line = false;
    if (!reader->parser.quoted) reader->length = reader->fields = reader->record_size = 0;
}

static void parse_block(struct reader *reader, const char *bytes, size_t length)
{
    while (length > 0 && reader->code == 0) {
        if (reader->ends_in_cr) {
            reader->ends_in_cr = false;
            if (*bytes == '\n') { /* the second half of a CRLF; within quotes it belongs to the field */
                if (reader->parser.quoted) parse_piece(reader, bytes, 1);
                bytes++;
                length--;
                end_line(reader);
                continue;
            }
            end_line(reader);
        }
        const char *feed = memchr(bytes, '\n', length);
        size_t piece = feed == NULL ? length : (size_t)(feed - bytes) + 1;
        const char *carriage = memchr(bytes, '\r', piece);
        if (carriage != NULL) piece = (size_t)(carriage - bytes) + 1;
        parse_piece(reader, bytes, piece);
        if (carriage != NULL)
            reader->ends_in_cr = true;
        else if (feed != NULL)
            end_line(reader);
        bytes += piece;
        length -= piece;
    }
}

static void end_file(struct reader *reader)
{
    if (reader->code != 0) return;
    csv_set_opts(&reader->parser, CSV_STRICT | CSV_STRICT_FINI);
    if (csv_fini(&reader->parser, end_field, end_record, reader) != 0)
        reader->code = fail(EXIT_DATA,
                            "%s: line %lld: a quote opened here is never closed; close it, or double it (\"\") "
                            "if it is a part of the text",
                            reader->name, (long long)reader->field_line);
}

/* The code points of windows-1252 from 0x80 to 0x9F (WHATWG, index windows-1252). */
static const uint16_t cp1252[32] = {0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
                                    0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

/* A block of one byte a character as UTF-8, up to three bytes each; the length. */
static size_t transcode(char *out, const char *block, size_t length, enum csv_encoding encoding)
{
    char *at = out;
    for (size_t i = 0; i < length; i++) {
        unsigned code = (unsigned char)block[i];
        if (encoding == CSV_CP1252 && code >= 0x80 && code < 0xA0) code = cp1252[code - 0x80];
        if (code < 0x80) {
            *at++ = (char)code;
        } else if (code < 0x800) {
            *at++ = (char)(0xC0 | code >> 6);
            *at++ = (char)(0x80 | (code & 0x3F));
        } else {
            *at++ = (char)(0xE0 | code >> 12);
            *at++ = (char)(0x80 | (code >> 6 & 0x3F));
            *at++ = (char)(0x80 | (code & 0x3F));
        }
    }
    return (size_t)(at - out);
}

/* The first bytes: without the byte order mark, and not of UTF-16. */
static size_t begin_file(struct reader *reader, const char *bytes, size_t length)
{
    if (length >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0))
        reader->code = fail(EXIT_DATA, "%s: this is UTF-16; save it as UTF-8", reader->name);
    if (length < 3 || memcmp(bytes, "\xEF\xBB\xBF", 3) != 0) return 0;
    if (reader->encoding != CSV_UTF8)
        reader->code = fail(EXIT_DATA, "%s: begins with UTF-8's byte order mark, so it is UTF-8; leave --encoding out",
                            reader->name);
    return 3;
}

/* Reads until the block is full or the file ends, so that a slow pipe gives no short first block. */
static int fill_block(const char *name, int descriptor, char *block, size_t *length)
{
    *length = 0;
    while (*length < BLOCK) {
        if (interrupted()) return fail(interrupt_code(), "interrupted; nothing was written");
        ssize_t got = read(descriptor, block + *length, BLOCK - *length);
        if (got == 0) break;
        if (got > 0)
            *length += (size_t)got;
        else if (errno != EINTR)
            return fail(EXIT_IO, "%s: cannot be read: %s", name, strerror(errno));
    }
    return 0;
}

/* `block` holds what is read, `text` three times as much, the same as UTF-8. */
static int read_all(struct reader *reader, int descriptor, char *block, char *text)
{
    struct stat status;
    double size = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) ? (double)status.st_size : -1.0,
           done = 0.0;
    for (size_t length = BLOCK; length == BLOCK && reader->code == 0;) {
        int code = fill_block(reader->name, descriptor, block, &length);
        if (code != 0) return code;
        size_t begin = done > 0.0 ? 0 : begin_file(reader, block, length);
        if (reader->encoding == CSV_UTF8)
            parse_block(reader, block + begin, length - begin);
        else
            parse_block(reader, text, transcode(text, block, length, reader->encoding));
        done += (double)length;
        progress_report(NULL, "reading", size > 0.0 ? done / size : (double)NAN);
    }
    end_file(reader);
    return reader->code;
}

int csv_file_read(const char *path, struct csv_form form, record_visitor visit, void *user)
{
    struct reader reader = {.name = csv_file_name(path), .visit = visit, .user = user, .line = 1};
    reader.encoding = (enum csv_encoding)form.encoding;
    int descriptor = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return fail(EXIT_IO, "%s: cannot be opened: %s", path, strerror(errno));

    char *block = malloc((size_t)BLOCK * (form.encoding == CSV_UTF8 ? 1 : 4));
    csv_init(&reader.parser, CSV_STRICT);
    csv_set_delim(&reader.parser, (unsigned char)form.delimiter);
    csv_set_blk_size(&reader.parser, 1 << 16);
    int code = block == NULL ? fail_memory() : read_all(&reader, descriptor, block, block + BLOCK);

    csv_free(&reader.parser);
    free(reader.ends);
    free(reader.bytes);
    free(block);
    if (descriptor != STDIN_FILENO) close(descriptor);
    return code;
}
