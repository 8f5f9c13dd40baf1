/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/code_texts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t column_of(const patron_features *features)
{
    return patron_matrix_find(patron_features_matrix(features), "first_category");
}

static patron_text texts_of(const patron_features *features, int64_t *count)
{
    patron_text texts;
    if (patron_features_code_texts(&texts, count, features, column_of(features), NULL) != PATRON_OK) abort();
    return texts;
}

bool code_stands_for(const patron_features *features, int64_t row, const char *text)
{
    int64_t count;
    const patron_matrix *matrix = patron_features_matrix(features);
    patron_text texts = texts_of(features, &count);
    double code = patron_matrix_values(matrix)[row * patron_matrix_column_count(matrix) + column_of(features)];
    if (text == NULL || isnan(code)) return text == NULL && isnan(code);
    if (!(code >= 0 && code < (double)count && code == floor(code))) return false;
    const int64_t *ends = texts.offsets + (int64_t)code;
    return ends[1] - ends[0] == (int64_t)strlen(text) && memcmp(texts.bytes + ends[0], text, strlen(text)) == 0;
}

int64_t code_count(const patron_features *features)
{
    int64_t count;
    texts_of(features, &count);
    return count;
}

bool same_code_texts(const patron_features *a, const patron_features *b)
{
    int64_t count, others;
    patron_text x = texts_of(a, &count), y = texts_of(b, &others);
    return count == others && memcmp(x.offsets, y.offsets, (size_t)(count + 1) * sizeof *x.offsets) == 0 &&
           memcmp(x.bytes, y.bytes, (size_t)x.offsets[count]) == 0;
}
