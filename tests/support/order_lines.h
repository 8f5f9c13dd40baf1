/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The oracle's order lines, made up at random and handed to the library in batches. */
#ifndef PATRON_TEST_ORDER_LINES_H
#define PATRON_TEST_ORDER_LINES_H

#include "oracle/oracle_features.h"

/* The next number of a small generator (splitmix64), and one below `limit`. */
uint64_t test_random(uint64_t *state);
int64_t test_below(uint64_t *state, int64_t limit);

/* Lines that try everything: few values for each column, so that equal lines, shared orders and days, returns,
   adjustments, zeros, missing ids and unreadable rows all occur. Texts are constant strings. */
void random_lines(oracle_line *lines, int64_t count, uint64_t *state);

/* Appends lines[0 … count - 1] as one batch. with_numbers: the customers, all of them digits, go as integers. A
   product, category or discount column that says nothing of any line is not given. */
patron_status append_lines(patron_history *history, const oracle_line *lines, int64_t count, bool with_numbers,
                           const patron_context *context, patron_error *error);

/* Tells the history that a product is none; NULL: does nothing. */
void ignore_product(patron_history *history, const char *product);

/* Puts the lines into a random order. */
void shuffle_lines(oracle_line *lines, int64_t count, uint64_t *state);

#endif
