/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fates, audit and features by their definitions alone: slow, quadratic, sharing no code with the library. */
#ifndef PATRON_ORACLE_FEATURES_H
#define PATRON_ORACLE_FEATURES_H

#include <stdbool.h>

#include <patron/history.h>

enum { ORACLE_FEATURES = 38 };

/* A row as a shop would write it down. Texts are C strings; NULL is none. */
typedef struct oracle_line {
    const char *customer, *order, *product, *category, *channel;
    int64_t time_s, amount, discount; /* money in 1/10,000 */
    double quantity;
    bool flagged;            /* as a return */
    bool no_discount_column; /* nothing is known of its discount, which is 0 */
    bool inexact;            /* its money had more decimals than four */
    bool unreadable;         /* nothing else counts */
    int64_t line;            /* the caller's number of it; 0: not given */
} oracle_line;

typedef struct oracle_options {
    bool keep_zero, drop_duplicates;
    int64_t utc_offset_s;
    bool match_cancellations;
    const char *ignored; /* a product that is none; NULL: all are */
    int64_t order_gap_s; /* 0: a day is an order */
    int64_t as_of_s;     /* or PATRON_AS_OF_LAST */
    int64_t recent_days;
    int64_t window_days; /* 0: no window */
    int64_t min_orders;  /* customers with fewer are left out of the list */
} oracle_options;

typedef struct oracle_customer {
    const char *id;
    const char *first_category; /* NULL: none is known */
    int64_t gross, returns, recurring, orders;
    double features[ORACLE_FEATURES]; /* in the catalogue's order */
} oracle_customer;

typedef struct oracle_result {
    uint8_t *fates; /* one a line */
    patron_audit audit;
    oracle_customer *customers; /* with min_orders, by id */
    int64_t rows;               /* of them */
} oracle_result;

void oracle_build(oracle_result *result, const oracle_line *lines, int64_t count, const oracle_options *options);
void oracle_free(oracle_result *result);

#endif
