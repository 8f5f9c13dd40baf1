/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --join: a file of the shop's own columns, a row for each customer. Every column besides the id is numbers, an empty
   field being none; those of --ignore are not read, nor those without a name. */
#ifndef SEGMENT_JOIN_H
#define SEGMENT_JOIN_H

#include "segment/options.h"

/* What was read, row by row, and who was found in the orders. */
struct join {
    const char *path; /* NULL: there is no such file */
    int64_t rows, cols;
    uint8_t *ids; /* one after another … */
    int64_t *id_offsets;
    int64_t *lines;
    double *values;
    uint8_t *names;
    int64_t *name_offsets;
    int32_t *roles;
    patron_join found;
};

/* Reads the file. Returns 0, or an exit code after having said why. Free with join_free in either case. */
int join_read(struct join *join, const struct options *options);

/* Takes out every row whose id is `named`, as if the file did not have it. */
void join_leave_out(struct join *join, bool (*named)(struct text id, void *user), void *user);

/* Replaces *features by the same with the columns joined, and fills join->found. Returns 0, or an exit code after
   having said why. */
int join_apply(patron_features **features, struct join *join, const patron_context *context);

void join_free(struct join *join);

#endif
