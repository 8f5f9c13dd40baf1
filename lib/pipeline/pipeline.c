/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole way, one call for each arrow; nothing is computed here.

     history -> features -> scaler -> k-means -> silhouette -> segments -> personas */
#include <patron/pipeline.h>

#include "base/error.h"
#include "base/floating.h"
#include "persona/naming.h"
#include "segment/segmentation.h"

static patron_status segment(patron_segmentation **segmentation, const patron_features *features,
                             const patron_segment_options *options, const patron_context *context,
                             const ptn_context *read, patron_error *error)
{
    patron_segmentation *s = NULL;
    patron_status status = ptn_segmentation_begin(&s, features, options, read, error);
    if (status == PATRON_OK) status = ptn_segmentation_scale(s, context, error);
    if (status == PATRON_OK) status = ptn_segmentation_cluster(s, context, error);
    if (status == PATRON_OK) status = ptn_segmentation_score(s, context, error);
    if (status == PATRON_OK) status = ptn_segmentation_choose(s, error);
    if (status != PATRON_OK) {
        patron_segmentation_free(s);
        return status;
    }
    ptn_persona_name(s);
    *segmentation = s;
    return PATRON_OK;
}

patron_status patron_segmentation_fit(patron_segmentation **segmentation, const patron_features *features,
                                      const patron_segment_options *options, const patron_context *context,
                                      patron_error *error)
{
    ptn_context read;
    fenv_t host;
    ptn_ok(error);
    if (segmentation == NULL) return ptn_fail_null(error, "segmentation");
    *segmentation = NULL;
    patron_status status = ptn_context_read(&read, context, error);
    if (status != PATRON_OK) return status;
    ptn_floating_enter(&host);
    status = segment(segmentation, features, options, context, &read, error);
    ptn_floating_leave(&host);
    return status;
}

patron_status patron_segment(patron_segmentation **segmentation, const patron_history *history,
                             const patron_segment_options *options, const patron_context *context, patron_error *error)
{
    patron_segment_options chosen;
    patron_features_options at;
    patron_features *features = NULL;
    ptn_ok(error);
    if (segmentation == NULL) return ptn_fail_null(error, "segmentation");
    *segmentation = NULL;
    patron_segment_options_init(&chosen, sizeof chosen);
    patron_status status = ptn_struct_read(&chosen, sizeof chosen, options, "options", error);
    if (status != PATRON_OK) return status;

    patron_features_options_init(&at, sizeof at);
    at.as_of_s = chosen.as_of_s;
    at.recent_days = chosen.recent_days;
    at.window_days = chosen.window_days;
    status = patron_features_build(&features, history, &at, context, error);
    if (status == PATRON_OK) status = patron_segmentation_fit(segmentation, features, options, context, error);
    patron_features_free(features);
    return status;
}
