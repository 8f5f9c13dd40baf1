/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A segmentation while it is made, station by station, and as the caller keeps it.

   The pipeline calls, in this order: begin, scale, cluster, score, choose; then the persona layer fills `titles`. Each
   call needs what the ones before it left; after a failure the only thing to do is to free. */
#ifndef PTN_SEGMENT_SEGMENTATION_H
#define PTN_SEGMENT_SEGMENTATION_H

#include <patron/kmeans.h>
#include <patron/scaler.h>
#include <patron/segment.h>

#include <stdbool.h>

#include "base/context.h"

enum { PTN_MOST_SEGMENTS = 64, PTN_MOST_WORDS = 2, PTN_NAME_BYTES = 64, PTN_REASON_BYTES = 128 };

/* A k that was tried. Owns its k-means; labels and silhouettes are slices of the segmentation's. */
typedef struct ptn_candidate {
    int32_t k;
    bool feasible;
    char reason[PTN_REASON_BYTES];
    patron_kmeans *kmeans; /* NULL: there are not enough distinct customers */
    int32_t *labels;       /* grouped_count; numbered as k-means does */
    double *scores;        /* grouped_count: silhouettes; NULL where they are estimated */
    double *cluster_means; /* k: silhouettes, and */
    double *half_widths;   /* k: of their intervals; both of the chosen one alone where they are estimated */
    double silhouette, half_width;
    double smallest_share;
} ptn_candidate;

/* A segment's name. `words` index the persona layer's vocabulary. */
typedef struct ptn_title {
    char name[PTN_NAME_BYTES];
    int32_t words[PTN_MOST_WORDS];
    int32_t word_count;
} ptn_title;

struct patron_segmentation {
    ptn_memory memory;
    patron_segment_options options; /* as used; options.features is features_text */
    char *features_text;
    patron_features *features; /* a copy, its columns' roles set */
    int64_t *columns;          /* column_count: the matrix's columns that customers are grouped by */
    int64_t column_count;
    int64_t *grouped; /* grouped_count: the rows of customers who have enough orders to be clustered */
    int64_t grouped_count;
    patron_scaler *scaler;
    double *scaled; /* grouped_count x column_count; freed once the choice is made */

    ptn_candidate *candidates; /* candidate_count, by rising k */
    int32_t candidate_count;
    int32_t fitted;            /* the first so many have a k-means */
    int32_t *candidate_labels; /* fitted x grouped_count, what candidates' labels, scores and means are slices of */
    double *candidate_scores;
    double *candidate_means; /* of all their clusters; behind them as many half-widths */
    int32_t chosen;          /* index of the chosen candidate */
    patron_choice choice;

    int32_t count;                                       /* segments, the one set apart too */
    int32_t segment_of[PTN_MOST_SEGMENTS];               /* of each cluster of the chosen candidate */
    patron_segment_info segments[PTN_MOST_SEGMENTS + 1]; /* best first; `name` points to titles */
    ptn_title titles[PTN_MOST_SEGMENTS + 1];
    int32_t *labels;              /* customers: the segment of each */
    double *silhouettes;          /* customers; NaN where set apart */
    double *means, *medians;      /* (count + 1) x matrix columns; the last row is the shop */
    patron_common_value *commons; /* likewise */
};

/* Takes a copy of the features and of the options, checks them, finds the columns to group by and sets the roles, and
   the customers to group. */
patron_status ptn_segmentation_begin(patron_segmentation **segmentation, const patron_features *features,
                                     const patron_segment_options *options, const ptn_context *context,
                                     patron_error *error);

/* features -> scaler: fits it and scales the columns to group by. */
patron_status ptn_segmentation_scale(patron_segmentation *segmentation, const patron_context *context,
                                     patron_error *error);

/* scaler -> k-means: every k of the range that has enough distinct customers. */
patron_status ptn_segmentation_cluster(patron_segmentation *segmentation, const patron_context *context,
                                       patron_error *error);

/* k-means -> silhouette: says which candidates are feasible, scores each, exactly or by an estimate, and chooses. */
patron_status ptn_segmentation_score(patron_segmentation *segmentation, const patron_context *context,
                                     patron_error *error);

/* silhouette -> segments: takes the chosen k, numbers its segments by worth and describes them. PATRON_NO_SEGMENTS. */
patron_status ptn_segmentation_choose(patron_segmentation *segmentation, patron_error *error);

/* Money, means, medians and numbering of the chosen candidate; part of choose. */
patron_status ptn_segmentation_describe(patron_segmentation *segmentation, patron_error *error);

/* The rows of the customers who have at least options.minimum_orders. *picked is to be freed. */
patron_status ptn_segmentation_pick(int64_t **picked, int64_t *count, const patron_segmentation *s,
                                    const patron_features *features, const ptn_memory *memory, patron_error *error);

/* The values of `columns` (column_count of the matrix's, in the order of options.features) in `count` picked rows,
   gathered into contiguous rows. *rows is to be freed. */
patron_status ptn_segmentation_gather(double **rows, const patron_segmentation *s, const patron_matrix *matrix,
                                      const int64_t *columns, const int64_t *picked, int64_t count,
                                      const ptn_memory *memory, patron_error *error);

/* Says which customer and feature a missing value among `count` gathered rows belongs to, in place of the scaler's row
   and column. PATRON_OK where there is none, or a fill was chosen; PATRON_NOT_FINITE. */
patron_status ptn_segmentation_name_missing(const patron_segmentation *s, const double *values,
                                            const patron_matrix *matrix, const int64_t *columns, const int64_t *picked,
                                            int64_t count, patron_error *error);

/* The segment of the customers set apart, or -1 where there is none. */
static inline int32_t ptn_segmentation_set_apart(const patron_segmentation *s)
{
    return s->options.minimum_orders > 1 ? s->count - 1 : -1;
}

/* The median of a column for a segment; id == count is the shop. */
static inline double ptn_segmentation_median(const patron_segmentation *s, int32_t id, int64_t column)
{
    return s->medians[id * patron_matrix_column_count(patron_features_matrix(s->features)) + column];
}

#endif
