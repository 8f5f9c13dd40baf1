/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What codes of first_category stand for. */
#ifndef PATRON_TEST_CODE_TEXTS_H
#define PATRON_TEST_CODE_TEXTS_H

#include <stdbool.h>

#include <patron/features.h>

/* Whether the code in a row stands for this text; NULL: is missing. */
bool code_stands_for(const patron_features *features, int64_t row, const char *text);

/* How many codes there are. */
int64_t code_count(const patron_features *features);

/* Whether both features have the same texts for the same codes. */
bool same_code_texts(const patron_features *a, const patron_features *b);

#endif
