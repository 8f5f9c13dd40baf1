/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --forget, --forget-file: customers who asked to be forgotten are, before anything is built or written. */
#ifndef SEGMENT_FORGET_H
#define SEGMENT_FORGET_H

#include "segment/join.h"
#include "segment/options.h"

/* Forgets every id given, and leaves its row out of the join; one given twice is forgotten once. Returns 0, or an exit
   code after having said why: also when an id is no customer's, since a request that was mistyped is one that was not
   met. */
int forget_customers(patron_history *history, struct join *join, const struct options *options,
                     const patron_context *context);

#endif
