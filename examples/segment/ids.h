/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of ids: from the command line, and from files with one id a line. */
#ifndef SEGMENT_IDS_H
#define SEGMENT_IDS_H

#include <stdint.h>

#include "segment/csv_file.h"
#include "segment/text.h"

struct id {
    char *bytes;
    size_t length;
    int64_t line; /* of the file; 0: on the command line */
};

/* {0} is an empty one; free with ids_free. */
struct ids {
    struct id *ids;
    size_t count, capacity;
    const char *name; /* of the file, for messages */
};

/* Adds a copy. Returns 0, or an exit code after having said why; so do the others. */
int ids_add(struct ids *ids, struct text text, int64_t line);

/* Adds those of a file, trimmed; empty lines are skipped. */
int ids_read(struct ids *ids, const char *path, struct csv_form form);

static inline struct text id_text(const struct id *id) { return (struct text){id->bytes, id->length}; }

void ids_free(struct ids *ids);

#endif
