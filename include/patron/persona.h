/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Persona: who a segment is.

   A segment's name is one or two words and a given name that starts with the same letter ("Frugal Fred"). Each word is
   a claim about a feature, true of the segment's median against the shop's (of the segment set apart: of each of its
   customers); the given name claims nothing. Where none of the features
   that words are about is there, the name is "Group 1", which claims nothing. Names are distinct within a segmentation
   and depend on the medians alone, not on seed or row order. */
#ifndef PATRON_PERSONA_H
#define PATRON_PERSONA_H

#include <patron/segment.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a claim is true of. */
enum {
    PATRON_CLAIM_MEDIAN = 0, /* the segment's median lies clearly above or below the shop's, or close to it */
    PATRON_CLAIM_BELOW = 1   /* each customer of the segment has a value below `bound`; the medians may be equal */
};

/* One word of a name, and what makes it true. */
typedef struct patron_claim {
    size_t size;           /* sizeof(patron_claim) */
    const char *word;      /* as "Frugal" */
    const char *feature;   /* as "monetary_gross" */
    const char *meaning;   /* one sentence: what the word says of the segment */
    int32_t direction;     /* 1: the segment's median is above the shop's, -1: below, 0: close to it */
    int32_t kind;          /* PATRON_CLAIM_… */
    double segment_median; /* in the feature's unit; NaN where the features do not hold it */
    double shop_median;
    double bound; /* of PATRON_CLAIM_BELOW, in the feature's unit; else NaN */
} patron_claim;

/* How many words of segment `id`'s name are claims (0 when there is no such segment; never fails), and claim `index`
   from 0. Strings are constant. PATRON_INVALID_ARGUMENT: NULL, no such segment or claim, or a size that is not one.
   Thread-safe. */
PATRON_API int32_t patron_persona_claim_count(const patron_segmentation *segmentation, int32_t id);
PATRON_API patron_status patron_persona_claim(patron_claim *claim, const patron_segmentation *segmentation, int32_t id,
                                              int32_t index, patron_error *error);

#ifdef __cplusplus
}
#endif

#endif
