/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Segmentation: how many kinds of customers there are, and who belongs to which.

   For every k of a range the customers are clustered and scored; the k with the highest mean silhouette among the
   feasible ones is chosen. Up to a number of pairs of customers (exact_pairs) silhouettes are exact. Beyond it they are
   estimated on a sample that all candidates share (patron_silhouette_compare), with intervals at 99 %; then single
   customers have no silhouette: the few that were computed are no basis to compare customers by. Segment 0 has the
   highest mean net revenue after the customer's first purchase day (the value that recurs), ties by total net revenue;
   and so on down. Each segment has a name, see persona.h.

   Customers with fewer orders than minimum_orders, one-time buyers say, can be set apart: they are not clustered, and
   make one more segment, the last. */
#ifndef PATRON_SEGMENT_H
#define PATRON_SEGMENT_H

#include <patron/features.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct patron_segment_options {
    size_t size;           /* sizeof(patron_segment_options) */
    int64_t as_of_s;       /* PATRON_AS_OF_LAST; used by patron_segment, which builds the features */
    const char *features;  /* NULL: "rfm". Names or presets, comma-separated: the columns that customers are grouped by,
                              besides the joined columns of PATRON_ROLE_CLUSTER; "": by those alone. Months and codes
                              (patron_column.kind) cannot be named: they describe segments */
    int32_t k_min;         /* 2 */
    int32_t k_max;         /* 4; 2 <= k_min <= k_max <= 64 */
    double smallest_share; /* 0.02: a k whose smallest segment has a smaller share of the customers that are clustered
                              is not feasible; 0 … 0.5 */
    int32_t fill;          /* PATRON_FILL_REJECT: what replaces a missing value, see scaler.h */
    int32_t transform;     /* PATRON_TRANSFORM_LOG1P */
    int32_t scale;         /* PATRON_SCALE_ZSCORE */
    int32_t n_init;        /* 10 */
    int32_t max_iter;      /* 300 */
    int32_t minimum_orders; /* 1, which everyone has; above: customers with fewer orders are set apart, and the rest is
                               clustered */
    double tol;             /* 0 */
    uint64_t seed;          /* 0 */
    double winsor_low;      /* 0: values below this quantile are drawn in to it, see scaler.h */
    double winsor_high;     /* 1: likewise above */
    int64_t recent_days;    /* 90; used by patron_segment: see patron_features_options */
    int64_t window_days;    /* 0; likewise */
    int64_t exact_pairs;    /* 40,000,000,000 (200,000 customers, some five seconds on two cores): where the square of
                               the customers that are clustered is more, silhouettes are estimated; 0: always */
} patron_segment_options;

/* The defaults named above. NULL is ignored. Never fails. Thread-safe. */
PATRON_API void patron_segment_options_init(patron_segment_options *options, size_t size);

typedef struct patron_segmentation patron_segmentation;

/* Number of segments: the chosen k, and with minimum_orders > 1 one more, number k, for the customers set apart (be
   there any or none). 0 for NULL. Never fails. Thread-safe. */
PATRON_API int32_t patron_segmentation_count(const patron_segmentation *segmentation);

/* A segment. Money in 1/10,000 currency units. */
typedef struct patron_segment_info {
    size_t size;       /* sizeof(patron_segment_info) */
    int32_t id;        /* 0 … count - 1, best first; the one set apart is last, whatever it is worth */
    int32_t set_apart; /* 1: the customers with fewer orders than minimum_orders; else 0 */
    const char *name;  /* UTF-8, owned by the segmentation */
    int64_t customers;
    double share;          /* of the customers */
    int64_t revenue_gross; /* purchases */
    int64_t revenue_net;   /* purchases less returns and adjustments */
    double revenue_share;  /* of the shop's gross revenue; NaN when that is 0 */
    double recurring_mean; /* net revenue after the first purchase day, mean of its customers, 1/10,000 currency units;
                              NaN without any */
    double silhouette;     /* mean of its customers; NaN where set apart */
    double silhouette_half_width; /* of its interval at 99 %; 0 where exact, NaN where set apart */
} patron_segment_info;

/* Segment `id` into *info, whose `size` must be set. PATRON_INVALID_ARGUMENT: NULL, no such segment, or a size that is
   not one. Thread-safe. */
PATRON_API patron_status patron_segmentation_segment(patron_segment_info *info, const patron_segmentation *segmentation,
                                                     int32_t id, patron_error *error);

/* A feature's mean and median over the customers of a segment (id -1: over all), leaving missing values out, in the
   feature's own unit; NaN when every value is missing, and for months and codes (patron_column.kind). `column` counts
   the columns of patron_segmentation_features' matrix. Either output may be NULL. PATRON_INVALID_ARGUMENT: no such
   segment or column. Thread-safe. */
PATRON_API patron_status patron_segmentation_statistic(double *mean, double *median,
                                                       const patron_segmentation *segmentation, int32_t id,
                                                       int64_t column, patron_error *error);

/* The value that most customers of a segment share, of any column: what there is to say of months and codes. */
typedef struct patron_common_value {
    size_t size;       /* sizeof(patron_common_value) */
    double value;      /* of several as common, the lowest; NaN when every value is missing */
    int64_t customers; /* who have it: where these are few, it points at them */
    int64_t known;     /* customers of the segment who have any value */
} patron_common_value;

/* The most common value of `column` in segment `id`, both as above. The text of a code is told by
   patron_features_code_texts of the segmentation's features. PATRON_INVALID_ARGUMENT: NULL, no such segment or column,
   or a size that is not one. Thread-safe. */
PATRON_API patron_status patron_segmentation_most_common(patron_common_value *common,
                                                         const patron_segmentation *segmentation, int32_t id,
                                                         int64_t column, patron_error *error);

/* The features as segmented, their columns' roles set: PATRON_ROLE_CLUSTER for those that customers are grouped by,
   PATRON_ROLE_IGNORE for those joined so, PATRON_ROLE_PROFILE for the others.
   Owned by the segmentation; NULL for NULL. Never fails. Thread-safe. */
PATRON_API const patron_features *patron_segmentation_features(const patron_segmentation *segmentation);

/* Each customer's segment and silhouette (NaN where set apart, and everywhere when silhouettes are estimated), in the
   order of the features' rows; owned by the
   segmentation; NULL for NULL. Never fail. Thread-safe. */
PATRON_API const int32_t *patron_segmentation_labels(const patron_segmentation *segmentation);
PATRON_API const double *patron_segmentation_silhouettes(const patron_segmentation *segmentation);

/* A number of segments that was tried. */
typedef struct patron_candidate {
    size_t size; /* sizeof(patron_candidate) */
    int32_t k;
    int32_t feasible;   /* 1: could be chosen */
    int32_t chosen;     /* 1: was */
    int32_t converged;  /* of k-means */
    const char *reason; /* why it is not feasible; "" when it is. Owned by the segmentation */
    double inertia;     /* of the scaled features; NaN, like the next three, when k-means could not be run */
    double inertia_lower_bound;
    double silhouette;            /* mean */
    double smallest_share;        /* of the customers that are clustered, in the smallest segment */
    double silhouette_half_width; /* of its interval at 99 %; 0 where exact */
} patron_candidate;

/* How many were tried (0 for NULL; never fails), and candidate `index` from 0, by rising k. PATRON_INVALID_ARGUMENT:
   NULL, no such candidate, or a size that is not one. Thread-safe. */
PATRON_API int32_t patron_segmentation_candidate_count(const patron_segmentation *segmentation);
PATRON_API patron_status patron_segmentation_candidate(patron_candidate *candidate,
                                                       const patron_segmentation *segmentation, int32_t index,
                                                       patron_error *error);

/* Mean silhouette of the chosen segmentation, over the customers that are clustered; NaN for NULL. Never fails.
 * Thread-safe. */
PATRON_API double patron_segmentation_silhouette(const patron_segmentation *segmentation);

/* How the choice came about. */
typedef struct patron_choice {
    size_t size;       /* sizeof(patron_choice) */
    int32_t estimated; /* 0: silhouettes are exact; 1: they are estimated, see patron_silhouette_compare */
    int32_t certain;   /* 1: every other feasible k is worse, by its exact silhouette or at the level */
    int32_t rival_k;   /* the feasible k most nearly as good; 0: there is no other */
    int32_t reserved;  /* 0 */
    double level;      /* 0.99; 1 where exact */
    double difference; /* of the chosen k's silhouette and the rival's, >= 0; NaN without a rival */
    double half_width; /* of that difference's interval; 0 where exact, NaN where the two were estimated apart */
    int64_t rows_used; /* customers whose silhouettes were computed for the comparison */
} patron_choice;

/* The choice's figures. PATRON_INVALID_ARGUMENT: NULL, or a size that is not one. Thread-safe. */
PATRON_API patron_status patron_segmentation_choice(patron_choice *choice, const patron_segmentation *segmentation,
                                                    patron_error *error);

/* The options as used, every default filled in; `features` is owned by the segmentation and names the joined columns
   that customers are grouped by too, as_of_s (never PATRON_AS_OF_LAST) and recent_days are those of the features.
   PATRON_INVALID_ARGUMENT: NULL, or a size that is not one. Thread-safe. */
PATRON_API patron_status patron_segmentation_options(patron_segment_options *options,
                                                     const patron_segmentation *segmentation, patron_error *error);

/* The segment of customers not seen before: `rows` holds the raw features of role CLUSTER, in the order of
   the options as used; `segments` is the caller's buffer of rows->rows numbers. Filled, transformed and scaled as
   fitted, then the nearest centroid: never the segment set apart. Errors as for patron_scaler_transform. Thread-safe.
 */
PATRON_API patron_status patron_segmentation_assign(int32_t *segments, const patron_segmentation *segmentation,
                                                    const patron_rows *rows, const patron_context *context,
                                                    patron_error *error);

/* The same for every customer of `features`, whose columns are found by name (PATRON_UNKNOWN_NAME when one is not
   there); those with fewer orders than minimum_orders go to the segment set apart. Thread-safe. */
PATRON_API patron_status patron_segmentation_assign_features(int32_t *segments, const patron_segmentation *segmentation,
                                                             const patron_features *features,
                                                             const patron_context *context, patron_error *error);

/* 64 bits over labels, centroids, inertia and silhouettes of every candidate: equal where those are equal to the bit. 0
   for NULL. Never fails. Thread-safe. */
PATRON_API uint64_t patron_fingerprint(const patron_segmentation *segmentation);

/* Frees it; NULL is fine. */
PATRON_API void patron_segmentation_free(patron_segmentation *segmentation);

#ifdef __cplusplus
}
#endif

#endif
