/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A column of codes: 0, 1, … in the order of the bytes of the texts they stand for. */
#ifndef PTN_FEATURES_CODES_H
#define PTN_FEATURES_CODES_H

#include "base/threads.h"
#include "features/features.h"
#include "history/intern.h"

/* Makes codes of the numbers of `texts` in column `column` of the features' matrix, and keeps the texts with the
   features: those that occur there, no others. PATRON_OUT_OF_MEMORY, PATRON_CANCELLED. */
patron_status ptn_codes_make(patron_features *features, int64_t column, const ptn_intern *texts, ptn_team *team,
                             const char *stage, double from, double to, patron_error *error);

#endif
