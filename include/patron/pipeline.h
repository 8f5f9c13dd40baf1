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

#ifdef __cplusplus
}
#endif

#endif
