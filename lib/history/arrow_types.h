/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an Arrow schema says: types from their format strings, and which column has which role. */
#ifndef PTN_HISTORY_ARROW_TYPES_H
#define PTN_HISTORY_ARROW_TYPES_H

#include <patron/arrow.h>

#include <stdbool.h>

enum {
    PTN_ARROW_NULLS,
    PTN_ARROW_BOOL,
    PTN_ARROW_INT8,
    PTN_ARROW_UINT8,
    PTN_ARROW_INT16,
    PTN_ARROW_UINT16,
    PTN_ARROW_INT32,
    PTN_ARROW_UINT32,
    PTN_ARROW_INT64,
    PTN_ARROW_UINT64,
    PTN_ARROW_FLOAT32,
    PTN_ARROW_FLOAT64,
    PTN_ARROW_DECIMAL32,
    PTN_ARROW_DECIMAL64,
    PTN_ARROW_DECIMAL128,
    PTN_ARROW_TEXT32, /* offsets of 32 bits */
    PTN_ARROW_TEXT64,
    PTN_ARROW_VIEW,
    PTN_ARROW_DATE32,
    PTN_ARROW_DATE64,
    PTN_ARROW_STAMP_S,
    PTN_ARROW_STAMP_MS,
    PTN_ARROW_STAMP_US,
    PTN_ARROW_STAMP_NS,
    PTN_ARROW_OTHER /* none that is read */
};

/* Sets of kinds, as bits. */
enum {
    PTN_ARROW_SET_NULLS = 1 << PTN_ARROW_NULLS,
    PTN_ARROW_SET_BOOL = 1 << PTN_ARROW_BOOL,
    PTN_ARROW_SET_INTS = (1 << (PTN_ARROW_UINT64 + 1)) - (1 << PTN_ARROW_INT8),
    PTN_ARROW_SET_FLOATS = 1 << PTN_ARROW_FLOAT32 | 1 << PTN_ARROW_FLOAT64,
    PTN_ARROW_SET_DECIMALS = 1 << PTN_ARROW_DECIMAL32 | 1 << PTN_ARROW_DECIMAL64 | 1 << PTN_ARROW_DECIMAL128,
    PTN_ARROW_SET_TEXTS = 1 << PTN_ARROW_TEXT32 | 1 << PTN_ARROW_TEXT64 | 1 << PTN_ARROW_VIEW,
    PTN_ARROW_SET_TIMES = (1 << (PTN_ARROW_STAMP_NS + 1)) - (1 << PTN_ARROW_DATE32)
};

typedef struct ptn_arrow_type {
    int32_t kind;  /* PTN_ARROW_… */
    int32_t scale; /* of decimals: the number is the integer / 10^scale */
    bool zoned;    /* of timestamps */
} ptn_arrow_type;

static inline bool ptn_arrow_in(ptn_arrow_type type, int32_t set) { return (set >> type.kind & 1) != 0; }

/* The type of a format string; PTN_ARROW_OTHER for all that is not read, or no format. */
ptn_arrow_type ptn_arrow_type_read(const char *format);

/* Bytes of a value; 1 for booleans (which take a bit), 16 for views, 0 for nulls and texts. */
int32_t ptn_arrow_width(ptn_arrow_type type);

/* The roles, in the order of patron_arrow_columns. */
enum {
    PTN_ROLE_CUSTOMER,
    PTN_ROLE_ORDER,
    PTN_ROLE_TIME,
    PTN_ROLE_QUANTITY,
    PTN_ROLE_AMOUNT,
    PTN_ROLE_AMOUNT_EXACT,
    PTN_ROLE_PRICE,
    PTN_ROLE_PRICE_EXACT,
    PTN_ROLE_PRODUCT,
    PTN_ROLE_CATEGORY,
    PTN_ROLE_CHANNEL,
    PTN_ROLE_CURRENCY,
    PTN_ROLE_DISCOUNT,
    PTN_ROLE_DISCOUNT_EXACT,
    PTN_ROLE_RETURN,
    PTN_ROLE_LINE,
    PTN_ROLES
};

/* A column that has a role. */
typedef struct ptn_arrow_field {
    int64_t child; /* -1: no column has it */
    const char *name;
    ptn_arrow_type type;  /* of its values, those of the dictionary where there is one */
    ptn_arrow_type index; /* with a dictionary */
    bool dictionary;
    int32_t field; /* PATRON_FIELD_… it is rejected for */
} ptn_arrow_field;

/* Finds the columns of the roles. Names are borrowed from the schema. PATRON_INVALID_ARGUMENT, PATRON_UNKNOWN_NAME. */
patron_status ptn_arrow_find(ptn_arrow_field fields[PTN_ROLES], const struct ArrowSchema *schema,
                             const patron_arrow_columns *columns, patron_error *error);

#endif
