/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pipeline: the whole way in one call, from a history to named segments. */
#ifndef PATRON_PIPELINE_H
#define PATRON_PIPELINE_H

#include <patron/persona.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Builds every feature of the catalogue at options->as_of_s, scales the ones of options->features, clusters, scores,
   chooses and names. *segmentation is the caller's, to be freed; the history may be freed before it. Errors as for
   patron_features_build and patron_segmentation_fit. Thread-safe for one history in several threads. */
PATRON_API patron_status patron_segment(patron_segmentation **segmentation, const patron_history *history,
                                        const patron_segment_options *options, const patron_context *context,
                                        patron_error *error);

/* Segments the customers of `features`. *segmentation is the caller's, to be freed; it keeps what it needs of
   `features`, which may be freed. Grouped by are the columns that options->features names and the joined ones of
   PATRON_ROLE_CLUSTER; the others describe the segments, except those of PATRON_ROLE_IGNORE, which may not be named.
   PATRON_INVALID_ARGUMENT (also: nothing to group by, months or codes to group by), PATRON_UNKNOWN_NAME,
   PATRON_NOT_FINITE (a missing value and PATRON_FILL_REJECT), PATRON_NO_SEGMENTS (the message says why each k failed),
   and what scaler, k-means and silhouette give. Thread-safe. */
PATRON_API patron_status patron_segmentation_fit(patron_segmentation **segmentation, const patron_features *features,
                                                 const patron_segment_options *options, const patron_context *context,
                                                 patron_error *error);

#ifdef __cplusplus
}
#endif

#endif
