/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Report: a segmentation as a text that others can read. Renders, computes nothing. */
#ifndef PATRON_REPORT_H
#define PATRON_REPORT_H

#include <patron/persona.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct patron_document patron_document;

/* The summary as JSON (UTF-8, indented, keys in a fixed order): version, fingerprint, as_of, options (as used), audit,
   customers, features (grouped by), columns (name, unit, role and kind of each), k (clustered), candidates, segments
   (with the mean and median of every column of numbers that is not PATRON_ROLE_IGNORE, and of those of months and codes
   the most common value, a code as its text, with the customers who have it and their share of the segment; null where
   they are fewer than 5). Numbers that have no value are null; money is in currency units. `history` may be NULL: then
   the list of rejected rows, which only it knows, is left out. *document is the caller's, to be freed.
   PATRON_INVALID_ARGUMENT, PATRON_OUT_OF_MEMORY. Thread-safe. */
PATRON_API patron_status patron_report_json(patron_document **document, const patron_segmentation *segmentation,
                                            const patron_history *history, const patron_context *context,
                                            patron_error *error);

/* Its bytes, followed by a NUL that patron_document_length does not count; owned by the document; NULL and 0 for NULL.
   Never fail. Thread-safe. */
PATRON_API const char *patron_document_text(const patron_document *document);
PATRON_API int64_t patron_document_length(const patron_document *document);

/* Frees it; NULL is fine. */
PATRON_API void patron_document_free(patron_document *document);

#ifdef __cplusplus
}
#endif

#endif
