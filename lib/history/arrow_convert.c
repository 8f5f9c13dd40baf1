/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of every type to what a history holds: ids to numbers or texts, times to seconds, money to 1/10,000. */
#include "history/arrow_convert.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "history/batch.h"

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

/* Places of money. */
enum { MONEY_PLACES = 4 };

/* Numbers up to here are exact as doubles. */
#define EXACT 9007199254740992.0

static bool has(const uint8_t *validity, int64_t row) { return ptn_batch_has(validity, row); }

/* A column on its way: what ptn_arrow_validity and ptn_arrow_values gave. */
typedef struct source {
    ptn_arrow_column *column;
    const ptn_arrow_part *part;
    const uint8_t *validity;
    const void *values; /* NULL for texts */
} source;

static patron_status open_source(source *s, ptn_arrow_column *column, const ptn_arrow_part *part)
{
    *s = (source){.column = column, .part = part};
    patron_status status = ptn_arrow_validity(&s->validity, column, part);
    if (status != PATRON_OK || ptn_arrow_in(column->field.type, PTN_ARROW_SET_TEXTS)) return status;
    return ptn_arrow_values(&s->values, column, s->validity, part);
}

static patron_status fail_value(const source *s, int64_t row, patron_status status, const char *what)
{
    return ptn_fail_row(s->part->error, status, s->part->first + row, -1, "row %lld: column '%.60s' %s",
                        (long long)(s->part->first + row), s->column->field.name, what);
}

/* A block of 8 bytes for each row. */
static patron_status numbers_block(void **block, const source *s)
{
    return ptn_arrow_block(block, s->column, PTN_BLOCK_NUMBERS, s->part->rows * 8, s->part);
}

#define EACH(kind, type, to)                                                                                           \
    case kind:                                                                                                         \
        for (int64_t i = 0; i < rows; i++) out[i] = (to)((const type *)s->values)[i];                                  \
        break;
#define EACH_INTEGER(to)                                                                                               \
    EACH(PTN_ARROW_INT8, int8_t, to)                                                                                   \
    EACH(PTN_ARROW_UINT8, uint8_t, to)                                                                                 \
    EACH(PTN_ARROW_INT16, int16_t, to)                                                                                 \
    EACH(PTN_ARROW_UINT16, uint16_t, to)                                                                               \
    EACH(PTN_ARROW_INT32, int32_t, to)                                                                                 \
    EACH(PTN_ARROW_UINT32, uint32_t, to)                                                                               \
    EACH(PTN_ARROW_INT64, int64_t, to)                                                                                 \
    EACH(PTN_ARROW_UINT64, uint64_t, to)

static ptn_arrow_type type_of(const source *s) { return s->column->field.type; }

/* The first row whose integer is beyond int64_t, or -1. */
static int64_t first_beyond(const source *s)
{
    const uint64_t *values = s->values;
    uint64_t all = 0;
    if (type_of(s).kind != PTN_ARROW_UINT64) return -1;
    for (int64_t i = 0; i < s->part->rows; i++) all |= values[i];
    if (all <= INT64_MAX) return -1;
    for (int64_t i = 0; i < s->part->rows; i++)
        if (values[i] > INT64_MAX && has(s->validity, i)) return i;
    return -1;
}

/* Integers as int64_t: the column's own, or copied. Those of rows without a value are of no meaning. */
static patron_status read_integers(const int64_t **numbers, const source *s)
{
    int64_t rows = s->part->rows, beyond = first_beyond(s);
    void *block;
    if (beyond >= 0) return fail_value(s, beyond, PATRON_OUT_OF_RANGE, "is beyond int64");
    *numbers = s->values;
    if (type_of(s).kind == PTN_ARROW_INT64 || type_of(s).kind == PTN_ARROW_NULLS) return PATRON_OK;
    patron_status status = numbers_block(&block, s);
    if (status != PATRON_OK) return status;
    int64_t *out = block;
    *numbers = out;
    switch (type_of(s).kind) {
        EACH_INTEGER(int64_t)
    default:
        break;
    }
    return PATRON_OK;
}

/* A decimal's integer. Those of 128 bits may lie at any multiple of 8. */
static int128 decimal_at(const source *s, int64_t row)
{
    uint64_t low;
    int64_t high;
    switch (type_of(s).kind) {
    case PTN_ARROW_DECIMAL32:
        return ((const int32_t *)s->values)[row];
    case PTN_ARROW_DECIMAL64:
        return ((const int64_t *)s->values)[row];
    default:
        memcpy(&low, (const uint8_t *)s->values + 16 * row, 8);
        memcpy(&high, (const uint8_t *)s->values + 16 * row + 8, 8);
        return (int128)((uint128)(uint64_t)high << 64 | low);
    }
}

static double power_of_ten(int32_t power)
{
    double value = 1.0;
    for (int32_t i = 0; i < power; i++) value *= 10.0;
    return value;
}

/* Numbers as doubles: nearest ones, but for decimals of more than 15 digits or 22 places. */
static patron_status read_doubles(const double **numbers, const source *s)
{
    int64_t rows = s->part->rows;
    ptn_arrow_type type = type_of(s);
    void *block;
    *numbers = s->values;
    if (type.kind == PTN_ARROW_FLOAT64 || type.kind == PTN_ARROW_NULLS) return PATRON_OK;
    patron_status status = numbers_block(&block, s);
    if (status != PATRON_OK) return status;
    double *out = block, power = power_of_ten(type.scale < 0 ? -type.scale : type.scale);
    *numbers = out;
    switch (type.kind) {
        EACH_INTEGER(double)
        EACH(PTN_ARROW_FLOAT32, float, double)
    default:
        for (int64_t i = 0; i < rows; i++) {
            double whole = (double)decimal_at(s, i);
            out[i] = type.scale < 0 ? whole * power : whole / power;
        }
        break;
    }
    return PATRON_OK;
}

/* ids */

/* Writes a number's digits so that they end before `end`; returns where they begin. */
static uint8_t *write_digits(uint8_t *end, int128 number)
{
    uint128 left = number < 0 ? (uint128)0 - (uint128)number : (uint128)number;
    for (; left > UINT64_MAX; left /= 10) *--end = (uint8_t)('0' + (int)(left % 10));
    uint64_t rest = (uint64_t)left;
    do {
        *--end = (uint8_t)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) *--end = '-';
    return end;
}

/* What read_ids made of an id column. */
typedef struct ids {
    patron_text text; /* offsets == NULL: numbers */
    const int64_t *numbers;
    const uint8_t *validity; /* of the numbers */
} ids;

/* A number as 128 bits, whatever its type; floats are whole, see read_whole_floats. */
static int128 whole_at(const source *s, int64_t row)
{
    switch (type_of(s).kind) {
    case PTN_ARROW_UINT64:
        return ((const uint64_t *)s->values)[row];
    default:
        return decimal_at(s, row);
    }
}

/* Numbers of which some do not fit int64_t, as texts. */
static patron_status write_numbers(ids *out, const source *s)
{
    int64_t rows = s->part->rows, total = 0;
    void *block, *text;
    patron_status status = ptn_arrow_block(&block, s->column, PTN_BLOCK_OFFSETS, (rows + 1) * 8, s->part);
    if (status == PATRON_OK)
        status = ptn_arrow_block(&text, s->column, PTN_BLOCK_BYTES, rows * PTN_ARROW_DIGITS, s->part);
    if (status != PATRON_OK) return status;
    int64_t *offsets = block;
    for (int64_t i = 0; i < rows; i++) {
        uint8_t digits[PTN_ARROW_DIGITS], *end = digits + PTN_ARROW_DIGITS;
        offsets[i] = total;
        if (!has(s->validity, i)) continue;
        const uint8_t *begin = write_digits(end, whole_at(s, i));
        memcpy((uint8_t *)text + total, begin, (size_t)(end - begin));
        total += end - begin;
    }
    offsets[rows] = total;
    *out = (ids){.text = {text, offsets, s->validity}};
    return PATRON_OK;
}

/* A column of whole numbers with gaps, as floats: NaN is a gap. Anything else between numbers is refused. */
static patron_status read_whole_floats(ids *out, const source *s)
{
    int64_t rows = s->part->rows;
    const double *values;
    void *block, *bits;
    patron_status status = read_doubles(&values, s);
    if (status == PATRON_OK) status = ptn_arrow_block(&block, s->column, PTN_BLOCK_WHOLE, rows * 8, s->part);
    if (status == PATRON_OK) status = ptn_arrow_block(&bits, s->column, PTN_BLOCK_THERE, (rows + 7) / 8, s->part);
    if (status != PATRON_OK) return status;
    int64_t *numbers = block;
    uint8_t *there = bits;
    memset(there, 0, (size_t)(rows + 7) / 8);
    for (int64_t i = 0; i < rows; i++) {
        numbers[i] = 0;
        if (!has(s->validity, i) || isnan(values[i])) continue;
        if (!(fabs(values[i]) <= EXACT) || floor(values[i]) != values[i])
            return fail_value(s, i, PATRON_INVALID_ARGUMENT,
                              "is a number that is not whole, or beyond 2^53; ids are whole numbers or texts");
        numbers[i] = (int64_t)values[i];
        there[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    *out = (ids){.numbers = numbers, .validity = there};
    return PATRON_OK;
}

static patron_status read_decimal_ids(ids *out, const source *s)
{
    void *block;
    patron_status status = numbers_block(&block, s);
    if (status != PATRON_OK) return status;
    int64_t *numbers = block;
    for (int64_t i = 0; i < s->part->rows; i++) {
        if (!has(s->validity, i)) continue;
        int128 number = decimal_at(s, i);
        if (number > INT64_MAX || number < INT64_MIN) return write_numbers(out, s);
        numbers[i] = (int64_t)number;
    }
    *out = (ids){.numbers = numbers, .validity = s->validity};
    return PATRON_OK;
}

static patron_status read_ids(ids *out, ptn_arrow_column *column, const ptn_arrow_part *part)
{
    source s;
    patron_status status = open_source(&s, column, part);
    *out = (ids){.validity = s.validity};
    if (status != PATRON_OK) return status;
    if (ptn_arrow_in(type_of(&s), PTN_ARROW_SET_TEXTS)) {
        ptn_arrow_texts texts;
        status = ptn_arrow_text(&texts, column, s.validity, part);
        out->text = (patron_text){texts.bytes, texts.offsets, s.validity};
        return status;
    }
    if (ptn_arrow_in(type_of(&s), PTN_ARROW_SET_FLOATS)) return read_whole_floats(out, &s);
    if (ptn_arrow_in(type_of(&s), PTN_ARROW_SET_DECIMALS)) return read_decimal_ids(out, &s);
    return first_beyond(&s) >= 0 ? write_numbers(out, &s) : read_integers(&out->numbers, &s);
}

/* A product or category, which a history takes as text only. */
static patron_status read_labels(patron_text *out, ptn_arrow_column *column, const ptn_arrow_part *part)
{
    ids found;
    patron_status status = read_ids(&found, column, part);
    if (status != PATRON_OK || found.text.offsets != NULL) {
        *out = found.text;
        return status;
    }
    /* Whatever they were, they are int64_t by now. */
    source s = {.column = column, .part = part, .validity = found.validity, .values = found.numbers};
    const ptn_arrow_type type = column->field.type;
    column->field.type = (ptn_arrow_type){.kind = PTN_ARROW_DECIMAL64};
    status = write_numbers(&found, &s);
    column->field.type = type;
    *out = found.text;
    return status;
}

/* faults */

/* The row is rejected, for the first reason found. */
static void fault(ptn_arrow_reader *r, int64_t row, int32_t field)
{
    if (!r->any_fault) {
        memset(r->fault, 0, PTN_ARROW_PART);
        memset(r->fault_field, 0, PTN_ARROW_PART);
        r->any_fault = true;
    }
    if (r->fault[row] != 0) return;
    r->fault[row] = PATRON_REASON_MISSING;
    r->fault_field[row] = (uint8_t)field;
}

/* Rows without a value are rejected. */
static void fault_nulls(ptn_arrow_reader *r, const uint8_t *validity, int64_t rows, int32_t field)
{
    if (validity == NULL) return;
    for (int64_t i = 0; i < rows; i++)
        if (!has(validity, i)) fault(r, i, field);
}

/* Whether none of the part's values is NaN. */
static bool all_numbers(const double *values, const ptn_arrow_part *part)
{
    bool all = true;
    for (int64_t at = 0; at < part->rows; at += PTN_ARROW_STEP) {
        int64_t rows = ptn_arrow_ask(values, at, part->rows, sizeof *values);
        all &= part->kernels->numbers(values + at, rows);
    }
    return all;
}

/* So are those that are NaN. */
static void fault_nans(ptn_arrow_reader *r, const double *values, const ptn_arrow_part *part, int32_t field)
{
    if (all_numbers(values, part)) return;
    for (int64_t i = 0; i < part->rows; i++)
        if (isnan(values[i])) fault(r, i, field);
}

/* times */

/* Rounded down: of a negative number the complement is divided, without a sign, and the result complemented. */
static inline int64_t floor_to(int64_t value, uint64_t unit)
{
    uint64_t sign = (uint64_t)(value >> 63);
    return (int64_t)((((uint64_t)value ^ sign) / unit) ^ sign);
}

/* The store's local time to UTC; what is out of range anyway stays so. */
static inline int64_t from_local(int64_t local_s, int64_t offset_s)
{
    const uint64_t most = 2 * (uint64_t)PATRON_MOST_TIME_S;
    bool far = (uint64_t)local_s + most > 2 * most;
    return far ? local_s : local_s - offset_s;
}

/* Units of a second. */
static uint64_t unit_of(int32_t kind)
{
    return kind == PTN_ARROW_STAMP_S    ? 1
           : kind == PTN_ARROW_STAMP_US ? 1000000
           : kind == PTN_ARROW_STAMP_NS ? 1000000000
                                        : 1000;
}

static ptn_clock clock_of(uint64_t unit, int64_t offset_s)
{
    ptn_clock clock = {.late = offset_s};
    for (; unit % 2 == 0; unit /= 2) clock.shift++;
    clock.odd = (double)unit;
    return clock;
}

/* Any times at all. */
static void read_far_times(int64_t *out, const int64_t *values, int64_t rows, uint64_t unit, int64_t offset_s)
{
    for (int64_t i = 0; i < rows; i++) out[i] = from_local(floor_to(values[i], unit), offset_s);
}

static patron_status read_times(const int64_t **times, const source *s, int64_t naive_offset_s)
{
    ptn_arrow_type type = type_of(s);
    int64_t rows = s->part->rows, offset = type.zoned ? 0 : naive_offset_s;
    const int64_t *values = s->values;
    void *block;
    if (!ptn_arrow_in(type, PTN_ARROW_SET_TIMES)) return read_integers(times, s);
    *times = values;
    if (type.kind == PTN_ARROW_STAMP_S && offset == 0) return PATRON_OK;
    patron_status status = numbers_block(&block, s);
    if (status != PATRON_OK) return status;
    int64_t *out = block;
    *times = out;
    if (type.kind == PTN_ARROW_DATE32) {
        for (int64_t i = 0; i < rows; i++)
            out[i] = from_local((int64_t)((const int32_t *)s->values)[i] * 86400, offset);
        return PATRON_OK;
    }
    uint64_t unit = unit_of(type.kind);
    const ptn_clock clock = clock_of(unit, offset);
    for (int64_t at = 0, count; at < rows; at += count) {
        count = ptn_arrow_ask(values, at, rows, sizeof *values);
        if (!s->part->kernels->times(out + at, values + at, count, &clock))
            read_far_times(out + at, values + at, count, unit, offset);
    }
    return PATRON_OK;
}

/* money */

static patron_status fail_money(const source *s, int64_t row)
{
    return fail_value(s, row, PATRON_OUT_OF_RANGE, "makes money beyond 922,337,203,685,477.5807; check its unit");
}

/* number x 10^power, power >= 0; false beyond int64_t. */
static bool scale_up(int64_t *money, int128 number, int32_t power)
{
    if (number > INT64_MAX || number < -INT64_MAX || (power > 18 && number != 0)) return false;
    for (; power > 0 && number != 0; power--) number *= 10;
    if (number > INT64_MAX || number < -INT64_MAX) return false;
    *money = (int64_t)number;
    return true;
}

/* number / 10^power, 0 < power <= 38, rounded half to even; *rounded where something was left. */
static bool scale_down(int64_t *money, bool *rounded, int128 number, int32_t power)
{
    int128 divisor = 1, units, rest;
    for (int32_t i = 0; i < power; i++) divisor *= 10;
    if (number <= INT64_MAX && number >= INT64_MIN && power <= 18) {
        units = (int64_t)number / (int64_t)divisor;
        rest = (int64_t)number % (int64_t)divisor;
    } else {
        units = number / divisor;
        rest = number % divisor;
    }
    int128 magnitude = rest < 0 ? -rest : rest, other = divisor - magnitude;
    *rounded = rest != 0;
    if (magnitude > other || (magnitude == other && units % 2 != 0)) units += number < 0 ? -1 : 1;
    if (units > INT64_MAX || units < -INT64_MAX) return false;
    *money = (int64_t)units;
    return true;
}

static void mark_rounded(ptn_arrow_reader *r, int64_t row)
{
    if (!r->any_rounded) memset(r->rounded, 0, PTN_ARROW_PART);
    r->any_rounded = true;
    r->rounded[row] = 1;
}

/* Integers and decimals in currency units, in 1/10,000. */
static patron_status read_money(const int64_t **money, ptn_arrow_reader *r, const source *s)
{
    int64_t rows = s->part->rows;
    bool decimals = ptn_arrow_in(type_of(s), PTN_ARROW_SET_DECIMALS);
    int32_t scale = decimals ? type_of(s).scale : 0;
    const int64_t *whole = NULL;
    void *block;
    patron_status status = decimals ? PATRON_OK : read_integers(&whole, s);
    if (status == PATRON_OK) status = numbers_block(&block, s);
    if (status != PATRON_OK) return status;
    int64_t *out = block;
    *money = out;
    for (int64_t i = 0; i < rows; i++) {
        bool rounded = false, fits = true;
        int128 number = decimals ? decimal_at(s, i) : whole[i];
        if (!has(s->validity, i))
            out[i] = 0;
        else if (scale <= MONEY_PLACES)
            fits = scale_up(&out[i], number, MONEY_PLACES - scale);
        else
            fits = scale_down(&out[i], &rounded, number, scale - MONEY_PLACES);
        if (!fits) return fail_money(s, i);
        if (rounded) mark_rounded(r, i);
    }
    return PATRON_OK;
}

/* A column of money in currency units: as doubles, or exact. Only amounts are rounded here. */
static patron_status read_units(const double **values, const int64_t **exact, ptn_arrow_reader *r, const source *s)
{
    ptn_arrow_type type = type_of(s);
    bool places = s->column->field.field != PATRON_FIELD_AMOUNT && type.scale > MONEY_PLACES;
    if (ptn_arrow_in(type, PTN_ARROW_SET_FLOATS) || places) return read_doubles(values, s);
    return type.kind == PTN_ARROW_NULLS ? read_integers(exact, s) : read_money(exact, r, s);
}

/* the columns */

static ptn_arrow_column *column_of(ptn_arrow_reader *r, int32_t role)
{
    return r->columns[role].array == NULL ? NULL : &r->columns[role];
}

static patron_status convert_time(patron_orders *o, ptn_arrow_reader *r, const ptn_arrow_part *part)
{
    source s;
    patron_status status = open_source(&s, &r->columns[PTN_ROLE_TIME], part);
    if (status == PATRON_OK) status = read_times(&o->time_s, &s, r->naive_offset_s);
    if (status == PATRON_OK) fault_nulls(r, s.validity, part->rows, PATRON_FIELD_TIME);
    return status;
}

static patron_status convert_quantity(patron_orders *o, ptn_arrow_reader *r, const ptn_arrow_part *part)
{
    source s;
    ptn_arrow_column *column = column_of(r, PTN_ROLE_QUANTITY);
    if (column == NULL) return PATRON_OK;
    patron_status status = open_source(&s, column, part);
    if (status == PATRON_OK) status = read_doubles(&o->quantity, &s);
    if (status != PATRON_OK) return status;
    fault_nulls(r, s.validity, part->rows, PATRON_FIELD_QUANTITY);
    if (ptn_arrow_in(type_of(&s), PTN_ARROW_SET_FLOATS)) fault_nans(r, o->quantity, part, PATRON_FIELD_QUANTITY);
    return PATRON_OK;
}

/* The line's money: the one of the four columns that was found. */
static patron_status convert_money(patron_orders *o, ptn_arrow_reader *r, const ptn_arrow_part *part)
{
    source s;
    int32_t role = PTN_ROLE_AMOUNT;
    while (column_of(r, role) == NULL) role++;
    bool price = role >= PTN_ROLE_PRICE, exact = role == PTN_ROLE_AMOUNT_EXACT || role == PTN_ROLE_PRICE_EXACT;
    const double **values = price ? &o->unit_price_value : &o->amount_value;
    const int64_t **money = price ? &o->unit_price : &o->amount;
    patron_status status = open_source(&s, &r->columns[role], part);
    if (status == PATRON_OK) status = exact ? read_integers(money, &s) : read_units(values, money, r, &s);
    if (status != PATRON_OK) return status;
    fault_nulls(r, s.validity, part->rows, s.column->field.field);
    if (*values != NULL) fault_nans(r, *values, part, s.column->field.field);
    return PATRON_OK;
}

/* Where there is no discount it is 0. */
static patron_status convert_discount(patron_orders *o, ptn_arrow_reader *r, const ptn_arrow_part *part)
{
    source s;
    bool exact = column_of(r, PTN_ROLE_DISCOUNT) == NULL;
    ptn_arrow_column *column = column_of(r, exact ? PTN_ROLE_DISCOUNT_EXACT : PTN_ROLE_DISCOUNT);
    void *block;
    if (column == NULL) return PATRON_OK;
    patron_status status = open_source(&s, column, part);
    if (status == PATRON_OK)
        status = exact ? read_integers(&o->discount, &s) : read_units(&o->discount_value, &o->discount, r, &s);
    if (status != PATRON_OK) return status;
    if (s.validity == NULL && (o->discount_value == NULL || all_numbers(o->discount_value, part))) return PATRON_OK;
    status = numbers_block(&block, &s);
    if (status != PATRON_OK) return status;
    if (o->discount_value != NULL) {
        double *out = block;
        for (int64_t i = 0; i < part->rows; i++)
            out[i] = has(s.validity, i) && !isnan(o->discount_value[i]) ? o->discount_value[i] : 0.0;
        o->discount_value = out;
    } else {
        int64_t *out = block;
        for (int64_t i = 0; i < part->rows; i++) out[i] = has(s.validity, i) ? o->discount[i] : 0;
        o->discount = out;
    }
    return PATRON_OK;
}

static patron_status convert_return(patron_orders *o, ptn_arrow_reader *r, const ptn_arrow_part *part)
{
    source s;
    const int64_t *numbers = NULL;
    ptn_arrow_column *column = column_of(r, PTN_ROLE_RETURN);
    void *block;
    if (column == NULL) return PATRON_OK;
    patron_status status = open_source(&s, column, part);
    bool flags = type_of(&s).kind == PTN_ARROW_BOOL;
    if (status == PATRON_OK && !flags) status = read_integers(&numbers, &s);
    if (status == PATRON_OK) status = ptn_arrow_block(&block, column, PTN_BLOCK_BYTES, part->rows, part);
    if (status != PATRON_OK) return status;
    uint8_t *out = block;
    for (int64_t i = 0; i < part->rows; i++)
        out[i] = has(s.validity, i) && (flags ? ((const uint8_t *)s.values)[i] != 0 : numbers[i] != 0);
    o->is_return = out;
    return PATRON_OK;
}

static patron_status convert_line(patron_orders *o, ptn_arrow_reader *r, const ptn_arrow_part *part)
{
    source s;
    ptn_arrow_column *column = column_of(r, PTN_ROLE_LINE);
    void *block;
    if (column == NULL) return PATRON_OK;
    patron_status status = open_source(&s, column, part);
    if (status == PATRON_OK) status = read_integers(&o->line, &s);
    if (status != PATRON_OK || s.validity == NULL) return status;
    status = numbers_block(&block, &s);
    if (status != PATRON_OK) return status;
    int64_t *out = block;
    for (int64_t i = 0; i < part->rows; i++) out[i] = has(s.validity, i) ? o->line[i] : -1;
    o->line = out;
    return PATRON_OK;
}

static patron_status convert_texts(patron_orders *o, ptn_arrow_reader *r, const ptn_arrow_part *part)
{
    ids found;
    patron_status status = read_ids(&found, &r->columns[PTN_ROLE_CUSTOMER], part);
    o->customer_id = found.text;
    o->customer_number = found.numbers;
    o->customer_validity = found.validity;
    if (status == PATRON_OK && column_of(r, PTN_ROLE_ORDER) != NULL) {
        status = read_ids(&found, &r->columns[PTN_ROLE_ORDER], part);
        o->order_id = found.text;
        o->order_number = found.numbers;
        o->order_validity = found.validity;
    }
    if (status == PATRON_OK && column_of(r, PTN_ROLE_PRODUCT) != NULL)
        status = read_labels(&o->product, &r->columns[PTN_ROLE_PRODUCT], part);
    if (status == PATRON_OK && column_of(r, PTN_ROLE_CATEGORY) != NULL)
        status = read_labels(&o->category, &r->columns[PTN_ROLE_CATEGORY], part);
    if (status == PATRON_OK && column_of(r, PTN_ROLE_CHANNEL) != NULL)
        status = read_labels(&o->channel, &r->columns[PTN_ROLE_CHANNEL], part);
    if (status == PATRON_OK && column_of(r, PTN_ROLE_CURRENCY) != NULL)
        status = read_labels(&o->currency, &r->columns[PTN_ROLE_CURRENCY], part);
    return status;
}

patron_status ptn_arrow_convert(patron_orders *orders, ptn_arrow_reader *reader, const ptn_arrow_part *part)
{
    static patron_status (*const steps[])(patron_orders *, ptn_arrow_reader *, const ptn_arrow_part *) = {
        convert_time, convert_quantity, convert_money, convert_discount, convert_return, convert_line, convert_texts};
    patron_status status = PATRON_OK;
    patron_orders_init(orders, sizeof *orders);
    orders->rows = part->rows;
    reader->any_fault = reader->any_rounded = false;
    fault_nulls(reader, part->validity, part->rows, PATRON_FIELD_ROW);
    for (size_t i = 0; status == PATRON_OK && i < sizeof steps / sizeof *steps; i++)
        status = steps[i](orders, reader, part);
    if (!reader->any_fault) return status;
    orders->fault = reader->fault;
    orders->fault_field = reader->fault_field;
    return status;
}

patron_status ptn_arrow_convert_text(patron_text *texts, ptn_arrow_reader *reader, int32_t role,
                                     const ptn_arrow_part *part)
{
    ids found;
    if (role == PTN_ROLE_PRODUCT || role == PTN_ROLE_CATEGORY || role == PTN_ROLE_CHANNEL)
        return read_labels(texts, &reader->columns[role], part);
    patron_status status = read_ids(&found, &reader->columns[role], part);
    *texts = found.text;
    return status;
}
