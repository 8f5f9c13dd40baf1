/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --ignore-products, --ignore-products-file: codes of postage, vouchers and the like, which are no products. */
#ifndef SEGMENT_IGNORED_H
#define SEGMENT_IGNORED_H

#include "segment/options.h"

/* Tells the history. Returns 0, or an exit code after having said why. */
int ignore_products(patron_history *history, const struct options *options, const patron_context *context);

#endif
