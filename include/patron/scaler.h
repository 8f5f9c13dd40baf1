/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scaler: puts columns on one footing before distances are taken, and back again for reports.

   Each column goes through four steps, each fitted on what the one before it gives: fill (what replaces NaN), winsorise
   (values beyond two quantiles are drawn in to them), transform, scale. Fitted on some rows, applied to any rows with
   the same columns, inverted for reports. All arithmetic is + - * / and square root in fixed order
   (the logarithm too), so that results are the same bits on any machine. */
#ifndef PATRON_SCALER_H
#define PATRON_SCALER_H

#include <patron/matrix.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What replaces a missing (NaN) value, before the transform. */
enum {
    PATRON_FILL_REJECT = 0, /* nothing: NaN is a status (default) */
    PATRON_FILL_ZERO = 1,
    PATRON_FILL_MEAN = 2,  /* of the column's values that are there, when fitted */
    PATRON_FILL_MEDIAN = 3 /* likewise; the mean of the two middle values for an even count; weights do not count */
};

enum {
    PATRON_TRANSFORM_NONE = 0,
    PATRON_TRANSFORM_LOG1P = 1 /* signed: sign(x) * log(1 + |x|); inverse sign(y) * (exp(|y|) - 1) */
};

enum {
    PATRON_SCALE_NONE = 0,
    PATRON_SCALE_ZSCORE = 1, /* (x - mean) / sd, sd with ddof 0; a constant column becomes 0 */
    PATRON_SCALE_ROBUST = 2  /* (x - median) / (third - first quartile), quartiles as for winsorising; where the
                                quartiles  are equal, x - median */
};

typedef struct patron_scaler_options {
    size_t size;                      /* sizeof(patron_scaler_options) */
    int32_t fill;                     /* PATRON_FILL_REJECT */
    int32_t transform;                /* PATRON_TRANSFORM_LOG1P */
    int32_t scale;                    /* PATRON_SCALE_ZSCORE */
    int32_t reserved;                 /* 0 */
    const int32_t *column_transforms; /* a PATRON_TRANSFORM_… for each column, instead of `transform`; NULL (default) */
    double winsor_low;                /* 0: values below this quantile of the filled column become it; 0: none do */
    double winsor_high;               /* 1: values above this quantile become it; 1: none do. 0 <= low < high <= 1.
                                         Quantiles of type 7 (Hyndman & Fan 1996), the default of R and numpy */
    const double *column_weights; /* multiplies each scaled column: `cols` numbers, finite and > 0; NULL (default): 1 */
} patron_scaler_options;

/* The defaults named above. NULL is ignored. Never fails. Thread-safe. */
PATRON_API void patron_scaler_options_init(patron_scaler_options *options, size_t size);

/* What was fitted for one column: y = (t(clipped x) - center) / scale * weight. */
typedef struct patron_scaler_column {
    size_t size;       /* sizeof(patron_scaler_column) */
    double fill;       /* replaces NaN, in the column's own unit; NaN with PATRON_FILL_REJECT */
    double center;     /* of the transformed values */
    double scale;      /* > 0; 1 for a constant column */
    int32_t transform; /* PATRON_TRANSFORM_… */
    int32_t reserved;  /* 0 */
    double low;        /* values below become it, in the column's own unit; -infinity where winsor_low is 0 */
    double high;       /* values above become it; infinity where winsor_high is 1 */
    double weight;     /* > 0 */
} patron_scaler_column;

typedef struct patron_scaler patron_scaler;

/* Fits a scaler; *scaler is the caller's, to be freed. Row weights count as copies in mean, sd and the
   quantiles of winsorising and PATRON_SCALE_ROBUST (weights that are not whole shift a quantile's position likewise).
   PATRON_INVALID_ARGUMENT (winsor_low >= winsor_high, a column weight <= 0, …), PATRON_NO_DATA (no rows, or a column to
   fill that has no value), PATRON_NOT_FINITE (an infinity, or NaN with PATRON_FILL_REJECT: error->row; a column
   weight), PATRON_OUT_OF_RANGE (values so large that their spread overflows), PATRON_OUT_OF_MEMORY. Thread-safe. */
PATRON_API patron_status patron_scaler_fit(patron_scaler **scaler, const patron_rows *rows,
                                           const patron_scaler_options *options, const patron_context *context,
                                           patron_error *error);

/* rows -> scaled (rows->rows x cols doubles, row-major, the caller's; may not overlap the input). Errors as for fit,
   and PATRON_INVALID_ARGUMENT for another number of columns. Thread-safe. */
PATRON_API patron_status patron_scaler_transform(double *scaled, const patron_scaler *scaler, const patron_rows *rows,
                                                 const patron_context *context, patron_error *error);

/* The way back: scaled rows -> values in their own units, shapes and errors as for transform (PATRON_OUT_OF_RANGE where
   a value overflows). A value that was filled stays filled, one that was drawn in stays at its bound. Thread-safe. */
PATRON_API patron_status patron_scaler_inverse(double *values, const patron_scaler *scaler, const patron_rows *rows,
                                               const patron_context *context, patron_error *error);

/* Number of columns; 0 for NULL. Never fails. Thread-safe. */
PATRON_API int64_t patron_scaler_column_count(const patron_scaler *scaler);

/* What was fitted for column `index`. PATRON_INVALID_ARGUMENT: NULL, no such column, or a size that is not one.
   Thread-safe. */
PATRON_API patron_status patron_scaler_column_get(patron_scaler_column *column, const patron_scaler *scaler,
                                                  int64_t index, patron_error *error);

/* Frees it; NULL is fine. */
PATRON_API void patron_scaler_free(patron_scaler *scaler);

#ifdef __cplusplus
}
#endif

#endif
