/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/orders.h"

#include <math.h>

#include "segment/batch.h"
#include "segment/decimal.h"
#include "segment/failure.h"
#include "segment/shown.h"
#include "segment/when.h"

/* What the library takes: quantities up to 1e12, money that fits int64_t in 1/10,000. */
static const double largest_quantity = PATRON_MOST_QUANTITY, largest_money = 9.2e14;

struct reading {
    const struct options *options;
    const char *name;
    patron_history *history;
    const patron_context *context;
    struct orders_seen *seen;
    struct batch *batch; /* NULL until the header is read */
    enum when_form form; /* of the first time that could be read */
};

static int flush(struct reading *reading)
{
    patron_error error;
    if (reading->batch == NULL || batch_empty(reading->batch)) return 0;
    if (batch_append(reading->history, reading->batch, reading->context, &error) == PATRON_OK) return 0;
    return fail_library(reading->name, &error);
}

/* The row cannot be used. Whose it is stays known, so that forgetting a customer takes it along. */
static bool fault(struct row *row, int field, int reason)
{
    *row = (struct row){
        .line = row->line, .customer = row->customer, .fault = (uint8_t)reason, .fault_field = (uint8_t)field};
    return false;
}

/* The trimmed field of a role; empty when there is no such column. */
static struct text field_of(const struct reading *reading, const struct record *record, int role)
{
    int64_t index = reading->seen->columns.index[role];
    return index < 0 ? (struct text){"", 0} : text_trim(record_field(record, (size_t)index));
}

static int fail_ambiguous(const struct reading *reading, const struct record *record, struct text time)
{
    char day_first[48], month_first[48];
    when_advice(day_first, sizeof day_first, time, true);
    when_advice(month_first, sizeof month_first, time, false);
    return fail(EXIT_DATA,
                "%s: line %lld, column %s: %s is ambiguous, the day or the month may come first; "
                "give --time-format '%s' or '%s'",
                reading->name, (long long)record->line,
                SHOWN(text_of(reading->seen->columns.name[PATRON_FIELD_TIME]), 60), SHOWN(time, 40), day_first,
                month_first);
}

static int fail_mixed(const struct reading *reading, const struct record *record, struct text time, enum when_form form)
{
    return fail(EXIT_DATA,
                "%s: line %lld, column %s: mixed date forms: %s is %s, the lines before have %s; "
                "write all in one form",
                reading->name, (long long)record->line,
                SHOWN(text_of(reading->seen->columns.name[PATRON_FIELD_TIME]), 60), SHOWN(time, 40),
                when_form_name(form), when_form_name(reading->form));
}

/* The time of a row, or a fault; an exit code when the form of the dates is a problem of the file. */
static int read_time(struct reading *reading, const struct record *record, struct row *row)
{
    struct text time = field_of(reading, record, PATRON_FIELD_TIME);
    enum when_form form = WHEN_NONE;
    if (time.length == 0) {
        fault(row, PATRON_FIELD_TIME, PATRON_REASON_MISSING);
        return 0;
    }
    if (reading->options->time_format != NULL) {
        if (when_parse_format(&row->time_s, time, reading->options->time_format)) form = WHEN_FORMATTED;
    } else {
        form = when_parse(&row->time_s, time);
    }
    if (form == WHEN_NONE) {
        fault(row, PATRON_FIELD_TIME, PATRON_REASON_UNREADABLE);
        return 0;
    }
    if (reading->form != WHEN_NONE && form != reading->form) return fail_mixed(reading, record, time, form);
    if (form == WHEN_DAY_MONTH) return fail_ambiguous(reading, record, time);
    bool zoned = when_zoned(form, reading->options->time_format), known = zoned || reading->options->utc_offset;
    if (reading->form == WHEN_NONE && form != WHEN_FORMATTED && reading->options->as_of_zoned && !known)
        return fail(EXIT_USAGE, "--as-of has a zone, but the times of %s have none; give it without, or --utc-offset",
                    reading->name);
    if (!zoned) row->time_s -= reading->options->history.utc_offset_s;
    if (row->time_s > PATRON_MOST_TIME_S || row->time_s < -PATRON_MOST_TIME_S)
        fault(row, PATRON_FIELD_TIME, PATRON_REASON_OUT_OF_RANGE);
    reading->form = form;
    return 0;
}

/* A number of a row into *value, or a fault. An optional one may be empty: 0. */
static bool read_number(const struct reading *reading, const struct record *record, struct row *row, int role,
                        double *value, double largest)
{
    if (reading->seen->columns.index[role] < 0) return true;
    struct text text = field_of(reading, record, role);
    if (text.length == 0) return role == PATRON_FIELD_DISCOUNT || fault(row, role, PATRON_REASON_MISSING);
    int reason = decimal_parse(value, text, reading->options->decimal);
    if (reason == PATRON_REASON_NONE && fabs(*value) > largest) reason = PATRON_REASON_OUT_OF_RANGE;
    return reason == PATRON_REASON_NONE || fault(row, role, reason);
}

static bool read_numbers(const struct reading *reading, const struct record *record, struct row *row)
{
    row->quantity = 1.0;
    if (!read_number(reading, record, row, PATRON_FIELD_QUANTITY, &row->quantity, largest_quantity)) return false;
    if (!read_number(reading, record, row, PATRON_FIELD_AMOUNT, &row->amount, largest_money)) return false;
    if (!read_number(reading, record, row, PATRON_FIELD_PRICE, &row->price, largest_money)) return false;
    if (fabs(row->quantity * row->price) > largest_money)
        return fault(row, PATRON_FIELD_PRICE, PATRON_REASON_OUT_OF_RANGE);
    return read_number(reading, record, row, PATRON_FIELD_DISCOUNT, &row->discount, largest_money);
}

/* Too few fields are a fault; more than the header has are one if they say something. */
static bool check_fields(const struct reading *reading, const struct record *record, struct row *row)
{
    size_t expected = reading->seen->columns.count;
    if (record->malformed) return fault(row, PATRON_FIELD_ROW, PATRON_REASON_UNREADABLE);
    if (record->fields < expected) return fault(row, PATRON_FIELD_ROW, PATRON_REASON_TOO_FEW_FIELDS);
    for (size_t i = expected; i < record->fields; i++) {
        if (text_trim(record_field(record, i)).length > 0)
            return fault(row, PATRON_FIELD_ROW, PATRON_REASON_UNREADABLE);
    }
    return true;
}

static int read_row(struct reading *reading, const struct record *record, struct row *row)
{
    size_t customer = (size_t)reading->seen->columns.index[PATRON_FIELD_CUSTOMER];
    if (!record->malformed && customer < record->fields) row->customer = text_trim(record_field(record, customer));
    if (!check_fields(reading, record, row)) return 0;
    int code = read_time(reading, record, row);
    if (code != 0 || row->fault != 0 || !read_numbers(reading, record, row)) return code;
    row->order = field_of(reading, record, PATRON_FIELD_ORDER);
    row->product = field_of(reading, record, PATRON_FIELD_PRODUCT);
    row->category = field_of(reading, record, PATRON_FIELD_CATEGORY);
    row->channel = field_of(reading, record, PATRON_FIELD_CHANNEL);
    row->currency = field_of(reading, record, PATRON_FIELD_CURRENCY);
    return 0;
}

static int read_header(struct reading *reading, const struct record *record)
{
    if (record->malformed)
        return fail(EXIT_DATA, "%s: line %lld: the header's quotes do not fit", reading->name, (long long)record->line);
    int code = columns_find(&reading->seen->columns, record, reading->options->columns, reading->name);
    if (code != 0) return code;
    reading->batch = batch_create(&reading->seen->columns);
    return reading->batch == NULL ? fail_memory() : 0;
}

static int visit(const struct record *record, void *user)
{
    struct reading *reading = user;
    struct row row = {.line = record->line};
    if (reading->batch == NULL) return read_header(reading, record);
    int code = read_row(reading, record, &row);
    if (code != 0) return code;
    if (!batch_add(reading->batch, &row)) return fail_memory();
    return batch_full(reading->batch) ? flush(reading) : 0;
}

int orders_read(patron_history *history, struct orders_seen *seen, const struct options *options,
                const patron_context *context)
{
    struct reading reading = {.options = options,
                              .name = csv_file_name(options->input),
                              .history = history,
                              .context = context,
                              .seen = seen,
                              .form = WHEN_NONE};
    *seen = (struct orders_seen){0};
    int code = csv_file_read(options->input, options->form, visit, &reading);
    if (code == 0) code = flush(&reading);
    if (code == 0 && reading.batch == NULL)
        code = fail(EXIT_DATA, "%s: is empty; the first line has to name the columns", reading.name);
    if (code == 0 && patron_history_row_count(history) == 0)
        code = fail(EXIT_DATA, "%s: has a header, but no rows; there is nothing to segment", reading.name);
    batch_free(reading.batch);
    return code;
}

void orders_seen_free(struct orders_seen *seen) { columns_free(&seen->columns); }
