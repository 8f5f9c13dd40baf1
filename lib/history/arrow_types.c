/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Format strings, as the Arrow C data interface lists them, and roles. */
#include "history/arrow_types.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* Most columns of a stream, and bytes of a name shown in a message. */
enum { MOST_COLUMNS = 1 << 20, LISTED_BYTES = 200 };

enum {
    IDS =
        PTN_ARROW_SET_NULLS | PTN_ARROW_SET_INTS | PTN_ARROW_SET_FLOATS | PTN_ARROW_SET_DECIMALS | PTN_ARROW_SET_TEXTS,
    NUMBERS = PTN_ARROW_SET_NULLS | PTN_ARROW_SET_INTS | PTN_ARROW_SET_FLOATS | PTN_ARROW_SET_DECIMALS,
    WHOLE = PTN_ARROW_SET_NULLS | PTN_ARROW_SET_INTS
};

static const char exact_money[] = "whole numbers of 1/10,000 currency units";

static const struct {
    const char *name;
    size_t offset; /* in patron_arrow_columns */
    int32_t kinds; /* sets of PTN_ARROW_… that it can be */
    int32_t field; /* PATRON_FIELD_… */
    const char *wanted;
} roles[PTN_ROLES] = {
    {"customer", offsetof(patron_arrow_columns, customer), IDS, PATRON_FIELD_CUSTOMER, "whole numbers or texts"},
    {"order", offsetof(patron_arrow_columns, order), IDS, PATRON_FIELD_ORDER, "whole numbers or texts"},
    {"time", offsetof(patron_arrow_columns, time), WHOLE | PTN_ARROW_SET_TIMES, PATRON_FIELD_TIME,
     "timestamps, dates or whole seconds since 1970"},
    {"quantity", offsetof(patron_arrow_columns, quantity), NUMBERS, PATRON_FIELD_QUANTITY, "numbers"},
    {"amount", offsetof(patron_arrow_columns, amount), NUMBERS, PATRON_FIELD_AMOUNT, "numbers"},
    {"amount_exact", offsetof(patron_arrow_columns, amount_exact), WHOLE, PATRON_FIELD_AMOUNT, exact_money},
    {"unit_price", offsetof(patron_arrow_columns, unit_price), NUMBERS, PATRON_FIELD_PRICE, "numbers"},
    {"unit_price_exact", offsetof(patron_arrow_columns, unit_price_exact), WHOLE, PATRON_FIELD_PRICE, exact_money},
    {"product", offsetof(patron_arrow_columns, product), IDS, PATRON_FIELD_PRODUCT, "whole numbers or texts"},
    {"category", offsetof(patron_arrow_columns, category), IDS, PATRON_FIELD_CATEGORY, "whole numbers or texts"},
    {"channel", offsetof(patron_arrow_columns, channel), IDS, PATRON_FIELD_CHANNEL, "whole numbers or texts"},
    {"currency", offsetof(patron_arrow_columns, currency), IDS, PATRON_FIELD_CURRENCY, "whole numbers or texts"},
    {"discount", offsetof(patron_arrow_columns, discount), NUMBERS, PATRON_FIELD_DISCOUNT, "numbers"},
    {"discount_exact", offsetof(patron_arrow_columns, discount_exact), WHOLE, PATRON_FIELD_DISCOUNT, exact_money},
    {"is_return", offsetof(patron_arrow_columns, is_return), WHOLE | PTN_ARROW_SET_BOOL, PATRON_FIELD_ROW,
     "booleans or whole numbers"},
    {"line", offsetof(patron_arrow_columns, line), WHOLE, PATRON_FIELD_ROW, "whole numbers"},
};

static const char *wanted_name(const patron_arrow_columns *columns, int32_t role)
{
    const char *name;
    memcpy(&name, (const char *)columns + roles[role].offset, sizeof name);
    return name;
}

/* A whole number of at most three digits at *at, which is moved behind it; false where there is none. */
static bool read_number(int32_t *number, const char **at)
{
    bool negative = **at == '-';
    const char *digits = *at + negative;
    int32_t value = 0, count = 0;
    for (; digits[count] >= '0' && digits[count] <= '9' && count < 3; count++) value = 10 * value + digits[count] - '0';
    *at = digits + count;
    *number = negative ? -value : value;
    return count > 0;
}

/* "19,4", "19,4,128": precision, scale, and the bits of the integer, 128 unless said. */
static ptn_arrow_type read_decimal(const char *at)
{
    ptn_arrow_type type = {.kind = PTN_ARROW_OTHER};
    int32_t precision, bits = 128;
    if (!read_number(&precision, &at) || *at++ != ',' || !read_number(&type.scale, &at)) return type;
    bool more = *at == ',';
    at += more;
    if (more && !read_number(&bits, &at)) return type;
    if (*at != '\0' || precision < 1 || precision > 38 || type.scale < -38 || type.scale > 38) return type;
    type.kind = bits == 32    ? PTN_ARROW_DECIMAL32
                : bits == 64  ? PTN_ARROW_DECIMAL64
                : bits == 128 ? PTN_ARROW_DECIMAL128
                              : PTN_ARROW_OTHER;
    return type;
}

ptn_arrow_type ptn_arrow_type_read(const char *format)
{
    static const struct {
        const char *format;
        int32_t kind;
    } plain[] = {
        {"n", PTN_ARROW_NULLS},  {"b", PTN_ARROW_BOOL},   {"c", PTN_ARROW_INT8},     {"C", PTN_ARROW_UINT8},
        {"s", PTN_ARROW_INT16},  {"S", PTN_ARROW_UINT16}, {"i", PTN_ARROW_INT32},    {"I", PTN_ARROW_UINT32},
        {"l", PTN_ARROW_INT64},  {"L", PTN_ARROW_UINT64}, {"f", PTN_ARROW_FLOAT32},  {"g", PTN_ARROW_FLOAT64},
        {"u", PTN_ARROW_TEXT32}, {"z", PTN_ARROW_TEXT32}, {"U", PTN_ARROW_TEXT64},   {"Z", PTN_ARROW_TEXT64},
        {"vu", PTN_ARROW_VIEW},  {"vz", PTN_ARROW_VIEW},  {"tdD", PTN_ARROW_DATE32}, {"tdm", PTN_ARROW_DATE64}};
    static const struct {
        const char *format;
        int32_t kind;
    } stamps[] = {{"tss:", PTN_ARROW_STAMP_S},
                  {"tsm:", PTN_ARROW_STAMP_MS},
                  {"tsu:", PTN_ARROW_STAMP_US},
                  {"tsn:", PTN_ARROW_STAMP_NS}};
    ptn_arrow_type type = {.kind = PTN_ARROW_OTHER};
    if (format == NULL) return type;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(format, plain[i].format) == 0) type.kind = plain[i].kind;
    for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) {
        if (strncmp(format, stamps[i].format, 4) != 0) continue;
        type.kind = stamps[i].kind;
        type.zoned = format[4] != '\0';
    }
    return strncmp(format, "d:", 2) == 0 ? read_decimal(format + 2) : type;
}

int32_t ptn_arrow_width(ptn_arrow_type type)
{
    switch (type.kind) {
    case PTN_ARROW_BOOL:
    case PTN_ARROW_INT8:
    case PTN_ARROW_UINT8:
        return 1;
    case PTN_ARROW_INT16:
    case PTN_ARROW_UINT16:
        return 2;
    case PTN_ARROW_INT32:
    case PTN_ARROW_UINT32:
    case PTN_ARROW_FLOAT32:
    case PTN_ARROW_DECIMAL32:
    case PTN_ARROW_DATE32:
        return 4;
    case PTN_ARROW_INT64:
    case PTN_ARROW_UINT64:
    case PTN_ARROW_FLOAT64:
    case PTN_ARROW_DECIMAL64:
    case PTN_ARROW_DATE64:
    case PTN_ARROW_STAMP_S:
    case PTN_ARROW_STAMP_MS:
    case PTN_ARROW_STAMP_US:
    case PTN_ARROW_STAMP_NS:
        return 8;
    case PTN_ARROW_DECIMAL128:
    case PTN_ARROW_VIEW:
        return 16;
    default:
        return 0;
    }
}

/* A format in words. */
static const char *type_words(const char *format)
{
    static const struct {
        const char *format, *words; /* the format begins so */
    } known[] = {{"+s", "struct"},      {"+l", "list"},
                 {"+L", "list"},        {"+v", "list"},
                 {"+w", "list"},        {"+m", "map"},
                 {"+u", "union"},       {"+r", "run-end encoded"},
                 {"e", "float16"},      {"d:", "decimal of a width that is not read"},
                 {"tt", "time of day"}, {"tD", "duration"},
                 {"ti", "interval"},    {"w:", "fixed-size binary"}};
    static const struct {
        int32_t set;
        const char *words;
    } read[] = {{PTN_ARROW_SET_NULLS, "null"},      {PTN_ARROW_SET_BOOL, "boolean"}, {PTN_ARROW_SET_INTS, "integer"},
                {PTN_ARROW_SET_FLOATS, "float"},    {PTN_ARROW_SET_TEXTS, "text"},   {PTN_ARROW_SET_TIMES, "timestamp"},
                {PTN_ARROW_SET_DECIMALS, "decimal"}};
    ptn_arrow_type type = ptn_arrow_type_read(format);
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        if (ptn_arrow_in(type, read[i].set)) return read[i].words;
    for (size_t i = 0; format != NULL && i < sizeof known / sizeof *known; i++)
        if (strncmp(format, known[i].format, strlen(known[i].format)) == 0) return known[i].words;
    return "unknown";
}

static const char *name_of(const struct ArrowSchema *column)
{
    return column == NULL || column->name == NULL ? "" : column->name;
}

/* The columns there are, for a message. */
static void list_names(char *text, size_t size, const struct ArrowSchema *schema)
{
    size_t at = 0;
    text[0] = '\0';
    for (int64_t i = 0; i < schema->n_children && at + 1 < size; i++) {
        int more = snprintf(text + at, size - at, "%s%.40s", i == 0 ? "" : ", ", name_of(schema->children[i]));
        at += more > 0 ? (size_t)more : 0;
    }
}

static patron_status fail_missing(int32_t role, const char *name, const struct ArrowSchema *schema, patron_error *error)
{
    char names[LISTED_BYTES];
    list_names(names, sizeof names, schema);
    if (name != NULL)
        return ptn_fail(error, PATRON_UNKNOWN_NAME, "the stream has no column '%.60s', which %s names; there are: %s",
                        name, roles[role].name, names);
    return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                    "the stream has no column '%s'; name the column that has this role, there are: %s",
                    roles[role].name, names);
}

static patron_status refuse_type(int32_t role, const char *name, const char *format, const char *what,
                                 patron_error *error)
{
    const char *words = type_words(format);
    if (ptn_arrow_type_read(format).kind == PTN_ARROW_OTHER)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "column '%.60s' (%s) is %s of type %s ('%.20s'); give %s", name,
                        roles[role].name, what, words, format == NULL ? "" : format, roles[role].wanted);
    return ptn_fail(error, PATRON_INVALID_ARGUMENT, "column '%.60s' (%s) is %s of type %s; give %s", name,
                    roles[role].name, what, words, roles[role].wanted);
}

static patron_status read_field(ptn_arrow_field *field, const struct ArrowSchema *column, int32_t role,
                                patron_error *error)
{
    const struct ArrowSchema *values = column->dictionary != NULL ? column->dictionary : column;
    const char *what = column->dictionary != NULL ? "a dictionary" : "a column";
    field->name = name_of(column);
    field->type = ptn_arrow_type_read(values->format);
    field->dictionary = column->dictionary != NULL;
    if (!ptn_arrow_in(field->type, roles[role].kinds) || values->dictionary != NULL)
        return refuse_type(role, field->name, values->format, what, error);
    if (ptn_arrow_in(field->type, PTN_ARROW_SET_DECIMALS) && roles[role].kinds == IDS && field->type.scale != 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "column '%.60s' (%s) has decimals with %d places; ids are whole numbers or texts", field->name,
                        roles[role].name, (int)field->type.scale);
    if (!field->dictionary) return PATRON_OK;
    field->index = ptn_arrow_type_read(column->format);
    if (ptn_arrow_in(field->index, PTN_ARROW_SET_INTS)) return PATRON_OK;
    return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                    "column '%.60s' (%s) is a dictionary whose index is of type %s; "
                    "an index is of integers",
                    field->name, roles[role].name, type_words(column->format));
}

static patron_status find_one(ptn_arrow_field *field, const struct ArrowSchema *schema, int32_t role, const char *name,
                              patron_error *error)
{
    const char *looked_for = name == NULL ? roles[role].name : name;
    *field = (ptn_arrow_field){.child = -1, .name = "", .field = roles[role].field};
    if (looked_for[0] == '\0') return PATRON_OK;
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (strcmp(name_of(schema->children[i]), looked_for) != 0) continue;
        if (field->child >= 0)
            return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                            "the stream has two columns '%.60s', %lld and %lld; rename the one that is not %s",
                            looked_for, (long long)field->child, (long long)i, roles[role].name);
        field->child = i;
    }
    if (field->child >= 0) return read_field(field, schema->children[field->child], role, error);
    return name == NULL ? PATRON_OK : fail_missing(role, name, schema, error);
}

/* One column of money: the one that is named, else the first there is. */
static patron_status find_money(ptn_arrow_field *fields, const struct ArrowSchema *schema,
                                const patron_arrow_columns *columns, int32_t first, int32_t last, patron_error *error)
{
    int32_t named = -1, found = -1;
    for (int32_t role = first; role <= last; role++) {
        const char *name = wanted_name(columns, role);
        if (name == NULL || name[0] == '\0') continue;
        if (named >= 0)
            return ptn_fail(error, PATRON_INVALID_ARGUMENT, "%s and %s are both named; give one of them",
                            roles[named].name, roles[role].name);
        named = role;
    }
    for (int32_t role = first; role <= last; role++) {
        const char *name = wanted_name(columns, role);
        bool wanted = named >= 0 ? role == named : found < 0;
        patron_status status = find_one(&fields[role], schema, role, wanted ? name : "", error);
        if (status != PATRON_OK) return status;
        if (fields[role].child >= 0) found = role;
    }
    if (found >= 0 || first != PTN_ROLE_AMOUNT) return PATRON_OK;
    return fail_missing(PTN_ROLE_AMOUNT, NULL, schema, error);
}

static patron_status check_schema(const struct ArrowSchema *schema, patron_error *error)
{
    if (schema->format == NULL || strcmp(schema->format, "+s") != 0)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT,
                        "the stream is of type %s; give one of record batches, a struct of columns",
                        type_words(schema->format));
    if (schema->n_children < 0 || schema->n_children > MOST_COLUMNS ||
        (schema->n_children > 0 && schema->children == NULL))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "the stream's schema is not in order: it has %lld children%s",
                        (long long)schema->n_children, schema->children == NULL ? " at NULL" : "");
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i] == NULL)
            return ptn_fail(error, PATRON_INVALID_ARGUMENT, "the stream's schema is not in order: child %lld is NULL",
                            (long long)i);
    return PATRON_OK;
}

patron_status ptn_arrow_find(ptn_arrow_field fields[PTN_ROLES], const struct ArrowSchema *schema,
                             const patron_arrow_columns *columns, patron_error *error)
{
    patron_status status = check_schema(schema, error);
    for (int32_t role = 0; status == PATRON_OK && role < PTN_ROLES; role++) {
        if (role == PTN_ROLE_AMOUNT || role == PTN_ROLE_DISCOUNT) {
            int32_t last = role == PTN_ROLE_AMOUNT ? PTN_ROLE_PRICE_EXACT : PTN_ROLE_DISCOUNT_EXACT;
            status = find_money(fields, schema, columns, role, last, error);
            role = last;
            continue;
        }
        status = find_one(&fields[role], schema, role, wanted_name(columns, role), error);
        if (status == PATRON_OK && fields[role].child < 0 && (role == PTN_ROLE_CUSTOMER || role == PTN_ROLE_TIME))
            return fail_missing(role, NULL, schema, error);
    }
    return status;
}
