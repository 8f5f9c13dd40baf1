/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/segments_file.h"

#include <math.h>
#include <stdio.h>

#include "segment/decimal.h"
#include "segment/failure.h"

struct writing {
    struct output *output;
    char delimiter, decimal;
    bool row_begun;
    int code; /* not 0: stop */
};

static void add(struct writing *writing, const char *bytes, size_t length)
{
    if (writing->code == 0) writing->code = output_add(writing->output, bytes, length);
}

/* A field, quoted where it has to be, also for any of the characters in `quoted_for`; `prefix` stands before it. */
static void add_field(struct writing *writing, const char *prefix, struct text text, const char *quoted_for)
{
    bool quoted = false;
    if (writing->row_begun) add(writing, &writing->delimiter, 1);
    writing->row_begun = true;
    for (size_t i = 0; i < text.length && !quoted; i++) {
        char c = text.bytes[i];
        quoted = c == writing->delimiter || c == '"' || (unsigned char)c < ' ' || strchr(quoted_for, c) != NULL;
    }
    if (!quoted) {
        add(writing, prefix, strlen(prefix));
        add(writing, text.bytes, text.length);
        return;
    }
    add(writing, "\"", 1);
    add(writing, prefix, strlen(prefix));
    while (text.length > 0) {
        const char *quote = memchr(text.bytes, '"', text.length);
        size_t piece = quote == NULL ? text.length : (size_t)(quote - text.bytes) + 1;
        add(writing, text.bytes, piece);
        if (quote != NULL) add(writing, "\"", 1);
        text.bytes += piece;
        text.length -= piece;
    }
    add(writing, "\"", 1);
}

/* [+-]digits[. or , digits] */
static bool plain_number(struct text text)
{
    size_t at = 0, digits = 0;
    bool point = false;
    if (text.length > 0 && (text.bytes[0] == '-' || text.bytes[0] == '+')) at++;
    for (; at < text.length; at++) {
        if (is_digit(text.bytes[at]))
            digits++;
        else if (!point && digits > 0 && (text.bytes[at] == '.' || text.bytes[at] == ','))
            point = true;
        else
            return false;
    }
    return digits > 0 && is_digit(text.bytes[text.length - 1]);
}

bool looks_like_formula(struct text text)
{
    static const char *const signs[] = {"=",           "+", "-", "@", "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D",
                                        "\xEF\xBC\xA0"}; /* U+FF1D, FF0B, FF0D, FF20 */
    if (plain_number(text)) return false;
    while (text.length > 0 && ((unsigned char)text.bytes[0] <= ' ' || strchr("\"'", text.bytes[0]))) {
        if (strchr("\t\r\n", text.bytes[0]) != NULL && text.bytes[0] != '\0') return true;
        text.bytes++;
        text.length--;
    }
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t length = strlen(signs[i]);
        if (text.length >= length && memcmp(text.bytes, signs[i], length) == 0) return true;
    }
    return false;
}

/* A text holds no bare separator of any list: a spreadsheet in another country splits at another one, and would take
   what is behind it for a field of its own, or for a formula. Numbers may have a decimal comma. */
static void add_text(struct writing *writing, struct text text)
{
    add_field(writing, looks_like_formula(text) ? "'" : "", text, ",;|\t");
}

static void add_number(struct writing *writing, double value)
{
    char text[DECIMAL_PRINTED];
    decimal_print(text, value, writing->decimal);
    add_field(writing, "", text_of(text), "");
}

static void end_row(struct writing *writing)
{
    add(writing, "\r\n", 2);
    writing->row_begun = false;
}

static patron_status column_info(patron_column *column, const patron_matrix *matrix, int64_t index, patron_error *error)
{
    *column = (patron_column){.size = sizeof *column};
    return patron_matrix_column(column, matrix, index, error);
}

static patron_status add_header(struct writing *writing, const patron_matrix *matrix, patron_error *error)
{
    static const char *const first[] = {"customer_id", "segment", "name", "silhouette"};
    patron_column column;
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) add_text(writing, text_of(first[i]));
    for (int64_t c = 0; c < patron_matrix_column_count(matrix); c++) {
        if (column_info(&column, matrix, c, error) != PATRON_OK) return error->status;
        if (column.role != PATRON_ROLE_IGNORE) add_text(writing, text_of(column.name));
    }
    end_row(writing);
    return PATRON_OK;
}

static patron_status add_customer(struct writing *writing, const patron_segmentation *segmentation, int64_t row,
                                  patron_error *error)
{
    const patron_features *features = patron_segmentation_features(segmentation);
    patron_segment_info info = {.size = sizeof info};
    const uint8_t *id;
    int64_t length;
    int32_t label = patron_segmentation_labels(segmentation)[row];
    if (patron_features_customer_id(&id, &length, features, row, error) != PATRON_OK ||
        patron_segmentation_segment(&info, segmentation, label, error) != PATRON_OK)
        return error->status;
    add_text(writing, (struct text){(const char *)id, (size_t)length});
    add_number(writing, (double)label);
    add_text(writing, text_of(info.name));
    add_number(writing, patron_segmentation_silhouettes(segmentation)[row]);
    return PATRON_OK;
}

/* A code as its text; nothing where there is none. */
static patron_status add_code(struct writing *writing, const patron_features *features, int64_t column, double code,
                              patron_error *error)
{
    patron_text texts;
    int64_t count;
    struct text text = {"", 0};
    patron_status status = patron_features_code_texts(&texts, &count, features, column, error);
    if (status != PATRON_OK) return status;
    if (!isnan(code)) {
        const int64_t *ends = texts.offsets + (int64_t)code;
        text = (struct text){(const char *)texts.bytes + ends[0], (size_t)(ends[1] - ends[0])};
    }
    add_text(writing, text);
    return PATRON_OK;
}

static patron_status add_values(struct writing *writing, const patron_features *features, int64_t row,
                                patron_error *error)
{
    const patron_matrix *matrix = patron_features_matrix(features);
    int64_t columns = patron_matrix_column_count(matrix);
    const double *values = patron_matrix_values(matrix) + row * columns;
    patron_column column;
    for (int64_t c = 0; c < columns; c++) {
        if (column_info(&column, matrix, c, error) != PATRON_OK) return error->status;
        if (column.role == PATRON_ROLE_IGNORE) continue;
        if (column.kind != PATRON_KIND_CODE)
            add_number(writing, values[c]);
        else if (add_code(writing, features, c, values[c], error) != PATRON_OK)
            return error->status;
    }
    end_row(writing);
    return PATRON_OK;
}

int segments_file_write(struct output *output, const patron_segmentation *segmentation, const struct options *options)
{
    const patron_features *features = patron_segmentation_features(segmentation);
    struct writing writing = {.output = output, .delimiter = options->form.delimiter, .decimal = options->decimal};
    patron_error error;
    if (options->bom) add(&writing, "\xEF\xBB\xBF", 3);
    patron_status status = add_header(&writing, patron_features_matrix(features), &error);
    for (int64_t row = 0; row < patron_features_customer_count(features) && writing.code == 0; row++) {
        if (status == PATRON_OK) status = add_customer(&writing, segmentation, row, &error);
        if (status == PATRON_OK) status = add_values(&writing, features, row, &error);
        if (status != PATRON_OK) return fail_library(options->segments, &error);
    }
    return writing.code;
}
