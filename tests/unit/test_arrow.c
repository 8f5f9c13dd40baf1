/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A history fed from Arrow streams is the history that the same rows make as plain columns, whatever the types, slices,
   chunks and dictionaries they come in. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "history/history.h"
#include "support/arrow_stream.h"
#include "support/audit.h"
#include "support/order_lines.h"
#include "support/suite.h"

enum { MOST_ROWS = 140000, COLUMNS = 10 };

static patron_history *new_history(int64_t utc_offset_s)
{
    patron_history *history;
    patron_history_options options;
    patron_history_options_init(&options, sizeof options);
    options.utc_offset_s = utc_offset_s;
    options.rejected_listed = MOST_ROWS;
    ck_assert_int_eq(patron_history_create(&history, &options, NULL, NULL), PATRON_OK);
    return history;
}

/* Audit, rejected rows, and every feature of every customer, bit for bit. */
static void check_same(const patron_history *a, const patron_history *b)
{
    patron_audit x = audit_of(a, PATRON_AS_OF_LAST), y = audit_of(b, PATRON_AS_OF_LAST);
    patron_features *f, *g;
    patron_features_options options;
    patron_rows v, w;
    patron_text i, j;
    ck_assert_mem_eq(&x, &y, sizeof x);
    for (int64_t at = 0; at < x.rejected_listed; at++) {
        patron_rejected r = {.size = sizeof r}, s = {.size = sizeof s};
        ck_assert_int_eq(patron_history_rejected(&r, a, at, NULL), PATRON_OK);
        ck_assert_int_eq(patron_history_rejected(&s, b, at, NULL), PATRON_OK);
        ck_assert_mem_eq(&r, &s, sizeof r);
    }
    patron_features_options_init(&options, sizeof options);
    options.columns = "all";
    patron_status status = patron_features_build(&f, a, &options, NULL, NULL);
    ck_assert_int_eq(status, patron_features_build(&g, b, &options, NULL, NULL));
    if (status != PATRON_OK) return;
    patron_rows_init(&v, sizeof v);
    patron_rows_init(&w, sizeof w);
    ck_assert_int_eq(patron_matrix_view(&v, patron_features_matrix(f), NULL), PATRON_OK);
    ck_assert_int_eq(patron_matrix_view(&w, patron_features_matrix(g), NULL), PATRON_OK);
    ck_assert_int_eq(v.rows, w.rows);
    ck_assert_int_eq(v.cols, w.cols);
    ck_assert_int_eq(memcmp(v.values, w.values, (size_t)(v.rows * v.cols) * 8), 0);
    ck_assert_int_eq(patron_features_customer_ids(&i, f, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_customer_ids(&j, g, NULL), PATRON_OK);
    ck_assert_mem_eq(i.offsets, j.offsets, (size_t)(v.rows + 1) * 8);
    ck_assert_mem_eq(i.bytes, j.bytes, (size_t)i.offsets[v.rows]);
    patron_features_free(f);
    patron_features_free(g);
}

static void append_source(patron_history *history, arrow_source *source, const patron_arrow_columns *columns)
{
    struct ArrowArrayStream stream;
    patron_error error;
    arrow_stream_open(&stream, source);
    patron_status status = patron_history_append_arrow(history, &stream, columns, NULL, &error);
    ck_assert_msg(status == PATRON_OK, "%s", error.message);
    ck_assert(stream.release == NULL);
    ck_assert_int_eq(source->live, 0);
}

/* Order lines as Arrow's cells: one column for each role. */
typedef struct sheet {
    arrow_cell *cells[COLUMNS];
    bool *gone;
    arrow_made_column columns[COLUMNS];
} sheet;

enum { CUSTOMER, ORDER, TIME, QUANTITY, AMOUNT, PRODUCT, CATEGORY, DISCOUNT, RETURN, CHANNEL };

static sheet make_sheet(const oracle_line *lines, int64_t rows)
{
    static const char *const names[COLUMNS] = {"customer", "order",    "time",     "quantity",  "amount",
                                               "product",  "category", "discount", "is_return", "channel"};
    sheet s;
    for (int c = 0; c < COLUMNS; c++) {
        s.cells[c] = calloc((size_t)rows + 1, sizeof **s.cells);
        ck_assert_ptr_nonnull(s.cells[c]);
        s.columns[c] = (arrow_made_column){.name = names[c], .format = "u", .cells = s.cells[c]};
    }
    s.gone = calloc((size_t)rows + 1, sizeof *s.gone);
    for (int64_t i = 0; i < rows; i++) {
        const oracle_line *l = &lines[i];
        const char *texts[] = {l->customer, l->order, l->product, l->category, l->channel};
        static const int places[] = {CUSTOMER, ORDER, PRODUCT, CATEGORY, CHANNEL};
        for (int t = 0; t < 5; t++) s.cells[places[t]][i] = (arrow_cell){.null = texts[t] == NULL, .text = texts[t]};
        if (l->customer != NULL) {
            s.cells[CUSTOMER][i].whole = strtoll(l->customer, NULL, 10);
            s.cells[CUSTOMER][i].real = strtod(l->customer, NULL);
        }
        s.cells[TIME][i].whole = l->time_s;
        s.cells[QUANTITY][i].real = l->quantity;
        s.cells[AMOUNT][i] = (arrow_cell){.whole = l->amount, .real = (double)l->amount / 1e4};
        s.cells[DISCOUNT][i] = (arrow_cell){.whole = l->discount, .real = (double)l->discount / 1e4};
        s.cells[RETURN][i].whole = l->flagged;
    }
    s.columns[TIME].format = "tss:UTC";
    s.columns[QUANTITY].format = "g";
    s.columns[AMOUNT].format = "d:18,4";
    s.columns[DISCOUNT].format = "d:18,4";
    s.columns[RETURN].format = "b";
    return s;
}

static void free_sheet(sheet *s)
{
    for (int c = 0; c < COLUMNS; c++) free(s->cells[c]);
    free(s->gone);
}

/* The column's integers times a factor, as another type of time or decimal has them. */
static void scale(sheet *s, int column, const char *format, int64_t factor, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) s->cells[column][i].whole *= factor;
    s->columns[column].format = format;
}

static void random_sheet(oracle_line *lines, int64_t rows, uint64_t *state)
{
    random_lines(lines, rows, state);
    for (int64_t i = 0; i < rows; i++) lines[i].unreadable = lines[i].no_discount_column = lines[i].inexact = false;
    if (rows == 0) return;
    lines[0].product = "tea"; /* so that the plain columns are given too */
    lines[0].category = "gifts";
    lines[0].channel = "web";
}

static const char *const text_formats[] = {"u", "U", "vu", "z", "Z"};
static const char *const number_formats[] = {"l", "i", "g", "d:38,0", "d:18,0,64", "d:9,0,32", "u"};
static const char *const index_formats[] = {NULL, NULL, NULL, "c", "C", "s", "S", "i", "I", "l", "L"};

/* A dictionary's index, or none; of one that counts the values of so many rows. */
static const char *random_index(int64_t rows, uint64_t *state)
{
    const char *format = index_formats[test_below(state, sizeof index_formats / sizeof *index_formats)];
    return format != NULL && strcmp(format, "c") == 0 && rows > 80 ? "C" : format;
}

static void check_sheet(sheet *s, arrow_source *source, const oracle_line *lines, uint64_t *state)
{
    patron_history *plain = new_history(3600), *arrow = new_history(3600);
    int64_t rows = source->rows;
    source->columns = s->columns;
    source->cols = COLUMNS;
    ck_assert_int_eq(append_lines(plain, lines, rows, false, NULL, NULL), PATRON_OK);
    append_source(arrow, source, NULL);
    check_same(plain, arrow);
    /* And once more behind what is there. */
    ck_assert_int_eq(append_lines(plain, lines, rows, true, NULL, NULL), PATRON_OK);
    source->batch = 1 + test_below(state, rows + 1);
    append_source(arrow, source, NULL);
    check_same(plain, arrow);
    patron_history_free(plain);
    patron_history_free(arrow);
}

START_TEST(test_any_layout_makes_the_history_that_plain_columns_make)
{
    static oracle_line lines[120];
    uint64_t state = 11;
    for (int round = 0; round < 250; round++) {
        int64_t rows = 1 + test_below(&state, 120);
        random_sheet(lines, rows, &state);
        for (int64_t i = 1; i < rows; i++)
            if (test_below(&state, 8) == 0) lines[i].category = ""; /* none */
        sheet s = make_sheet(lines, rows);
        arrow_source source = {.rows = rows, .count_nulls = round % 2 == 0};
        source.batch = test_below(&state, rows + 1);
        source.pad = test_below(&state, 12);
        source.struct_pad = test_below(&state, 3) * 5;
        bool numbers = test_below(&state, 2) == 0;
        s.columns[CUSTOMER].format =
            numbers ? number_formats[test_below(&state, 7)] : text_formats[test_below(&state, 5)];
        static const int texts[] = {ORDER, PRODUCT, CATEGORY};
        for (int t = 0; t < 3; t++) s.columns[texts[t]].format = text_formats[test_below(&state, 5)];
        for (int c = 0; c < COLUMNS; c++) s.columns[c].index = random_index(rows, &state);
        switch (test_below(&state, 5)) {
        case 0:
            scale(&s, TIME, "tsm:UTC", 1000, rows);
            break;
        case 1:
            scale(&s, TIME, "tsu:Europe/Berlin", 1000000, rows);
            break;
        case 2:
            scale(&s, TIME, "tsn:+02:00", 1000000000, rows);
            break;
        case 3:
            s.columns[TIME].format = "l";
            break;
        default:
            break;
        }
        switch (test_below(&state, 4)) {
        case 0:
            scale(&s, AMOUNT, "d:38,9", 100000, rows);
            break;
        case 1:
            s.columns[AMOUNT].format = "g";
            break;
        case 2:
            s.columns[AMOUNT].format = "d:18,4,64";
            break;
        default:
            break;
        }
        check_sheet(&s, &source, lines, &state);
        free_sheet(&s);
    }
}
END_TEST

START_TEST(test_many_rows_in_batches_of_any_size)
{
    static oracle_line lines[MOST_ROWS];
    uint64_t state = 5;
    static const int64_t batches[] = {0, 1000, 65536, 65537, 99999, 3}, grows[] = {0, 0, 0, 0, 0, 700};
    random_sheet(lines, MOST_ROWS, &state);
    for (int64_t i = 0; i < MOST_ROWS; i++) lines[i].time_s += 60 * i; /* else a customer has tens of thousands a day */
    sheet s = make_sheet(lines, MOST_ROWS);
    s.columns[PRODUCT].format = "vu";
    s.columns[CATEGORY].index = "i";
    patron_history *plain = new_history(0);
    ck_assert_int_eq(append_lines(plain, lines, MOST_ROWS, false, NULL, NULL), PATRON_OK);
    for (int b = 0; b < 6; b++) {
        patron_history *arrow = new_history(0);
        arrow_source source = {.columns = s.columns, .cols = COLUMNS, .rows = MOST_ROWS, .batch = batches[b], .pad = b};
        source.grows = grows[b];
        append_source(arrow, &source, NULL);
        check_same(plain, arrow);
        patron_history_free(arrow);
    }
    patron_history_free(plain);
    free_sheet(&s);
}
END_TEST

/* A table of few rows: customer, time, amount, and one column more. */
typedef struct small {
    arrow_cell customer[8], time[8], amount[8], more[8];
    arrow_made_column columns[4];
    arrow_source source;
} small;

static void make_small(small *s, int64_t rows, const char *more, const char *format)
{
    memset(s, 0, sizeof *s);
    for (int i = 0; i < 8; i++) {
        s->customer[i].whole = 1 + i % 2;
        s->time[i].whole = 86400 * i;
        s->amount[i] = (arrow_cell){.whole = 10000 * (i + 1), .real = i + 1.0};
    }
    s->columns[0] = (arrow_made_column){.name = "customer", .format = "l", .cells = s->customer};
    s->columns[1] = (arrow_made_column){.name = "time", .format = "l", .cells = s->time};
    s->columns[2] = (arrow_made_column){.name = "amount_exact", .format = "l", .cells = s->amount};
    s->columns[3] = (arrow_made_column){.name = more, .format = format, .cells = s->more};
    s->source = (arrow_source){.columns = s->columns, .cols = more == NULL ? 3 : 4, .rows = rows};
}

static patron_audit appended(small *s, int64_t utc_offset_s, const patron_arrow_columns *columns)
{
    patron_history *history = new_history(utc_offset_s);
    append_source(history, &s->source, columns);
    patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
    patron_history_free(history);
    return audit;
}

START_TEST(test_every_type_of_number_is_read)
{
    static const char *const whole[] = {"c", "C", "s", "S", "i", "I", "l", "L", "d:38,0", "d:9,0,32", "d:18,0,64"};
    static const char *const exact[] = {"c", "C", "s", "S", "i", "I", "l", "L"};
    small s;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        for (int indexed = 0; indexed < 2; indexed++) {
            make_small(&s, 4, "quantity", whole[i]);
            for (int r = 0; r < 4; r++) s.more[r].whole = r == 3 && strchr("CSIL", *whole[i]) == NULL ? -2 : r + 1;
            s.columns[2].name = "unit_price_exact";
            s.columns[3].index = indexed ? "s" : NULL;
            patron_audit audit = appended(&s, 0, NULL);
            bool negative = s.more[3].whole < 0;
            ck_assert_int_eq(audit.gross, 10000 * (1 + 4 + 9) + (negative ? 0 : 160000));
            ck_assert_int_eq(audit.returns, negative ? 80000 : 0);
            /* As money in currency units. */
            make_small(&s, 4, "amount", whole[i]);
            for (int r = 0; r < 4; r++) s.more[r].whole = 10 + r;
            s.columns[3].index = indexed ? "L" : NULL;
            ck_assert_int_eq(appended(&s, 0, NULL).gross, 460000);
            /* As line numbers, flags and ids. */
            if (strlen(whole[i]) == 1) {
                make_small(&s, 4, "is_return", whole[i]);
                s.more[1].whole = 100;
                s.more[2].null = true;
                s.columns[3].index = indexed ? "C" : NULL;
                ck_assert_int_eq(appended(&s, 0, NULL).returns, 20000);
            }
            make_small(&s, 4, "product", whole[i]);
            for (int r = 0; r < 4; r++) s.more[r] = (arrow_cell){.null = r == 0, .whole = r};
            ck_assert_int_eq(appended(&s, 0, NULL).orders, 4);
        }
    }
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        make_small(&s, 4, "discount_exact", exact[i]);
        for (int r = 0; r < 4; r++) s.more[r] = (arrow_cell){.null = r == 0, .whole = r};
        ck_assert_int_eq(appended(&s, 0, NULL).orders, 4);
    }
}
END_TEST

START_TEST(test_floats_are_money_and_quantities_by_the_rules_of_plain_columns)
{
    small s;
    make_small(&s, 3, "quantity", "f");
    s.columns[2].name = "unit_price";
    s.columns[2].format = "g";
    static const double prices[] = {0.1, 19.99, 2.5};
    for (int r = 0; r < 3; r++) {
        s.amount[r].real = prices[r];
        s.more[r].real = 3.0;
    }
    patron_audit audit = appended(&s, 0, NULL);
    ck_assert_int_eq(audit.gross, 3000 + 599700 + 75000);
    ck_assert_int_eq(audit.amounts_rounded, 0);
    /* 19.99 as float32 is 19.9899997…: rounded, and said so; 2.5 is exact. */
    s.columns[2].format = "f";
    audit = appended(&s, 0, NULL);
    ck_assert_int_eq(audit.gross, 3000 + 599700 + 75000);
    ck_assert_int_eq(audit.amounts_rounded, 2);
}
END_TEST

START_TEST(test_decimals_are_rounded_half_to_even_and_counted)
{
    small s;
    make_small(&s, 6, "amount", "d:38,6");
    static const int64_t values[] = {1000050, 1000150, 1000151, 1000049, 2000000, -1000050};
    for (int r = 0; r < 6; r++) s.more[r].whole = values[r];
    s.customer[4].null = true; /* an exact one of nobody */
    s.customer[3].null = true; /* a rounded one of nobody */
    patron_audit audit = appended(&s, 0, NULL);
    ck_assert_int_eq(audit.gross, 10000 + 10002 + 10002);
    ck_assert_int_eq(audit.returns, 10000);
    ck_assert_int_eq(audit.amounts_rounded, 5);
    ck_assert_int_eq(audit.fates[PATRON_FATE_NO_CUSTOMER], 2);
    /* A row is counted once, whichever of its columns was not exact. */
    static arrow_cell discounts[8];
    for (int r = 0; r < 8; r++) discounts[r].real = r == 0 || r == 3 ? 0.00001 : 0.5;
    arrow_made_column five[5];
    memcpy(five, s.columns, sizeof s.columns);
    five[4] = (arrow_made_column){.name = "discount", .format = "g", .cells = discounts};
    s.source.columns = five;
    s.source.cols = 5;
    ck_assert_int_eq(appended(&s, 0, NULL).amounts_rounded, 5);
    /* Far beyond 64 bits on the way, within them at the end; and a scale below 0. */
    make_small(&s, 2, "amount", "d:38,30");
    s.more[0].whole = (arrow_wide)1000000000000000 * 1000000000000000;
    s.more[1].whole = s.more[0].whole * 90000000;
    ck_assert_int_eq(appended(&s, 0, NULL).gross, 10000 + INT64_C(900000000000));
    make_small(&s, 2, "amount", "d:9,-3,32");
    s.more[0].whole = 5;
    s.more[1].whole = 0;
    ck_assert_int_eq(appended(&s, 0, NULL).gross, 50000000);
    /* Below 0 by the same rule, away from 0 too. */
    make_small(&s, 5, "amount", "d:38,6");
    static const int64_t below[] = {1000000, 1000000, -1000150, -1000151, -1000149};
    for (int r = 0; r < 5; r++) s.more[r].whole = below[r];
    audit = appended(&s, 0, NULL);
    ck_assert_int_eq(audit.returns, 10002 + 10002 + 10001);
    ck_assert_int_eq(audit.amounts_rounded, 3);
}
END_TEST

START_TEST(test_decimals_are_quantities_and_prices)
{
    static const struct {
        const char *format;
        int64_t value, gross; /* at a price of 1 */
    } quantities[] = {{"d:9,-2,32", 3, 3000000}, {"d:18,1,64", 15, 15000}, {"d:38,2", 225, 22500}};
    small s;
    for (size_t i = 0; i < sizeof quantities / sizeof *quantities; i++) {
        make_small(&s, 1, "quantity", quantities[i].format);
        s.columns[2].name = "unit_price_exact";
        s.more[0].whole = quantities[i].value;
        ck_assert_int_eq(appended(&s, 0, NULL).gross, quantities[i].gross);
    }
    /* A price of more than four places is rounded with its quantity, not before. */
    make_small(&s, 1, "quantity", "l");
    s.columns[2] = (arrow_made_column){.name = "unit_price", .format = "d:38,5", .cells = s.amount};
    s.amount[0].whole = 12345; /* 0.12345 */
    s.more[0].whole = 2;
    patron_audit audit = appended(&s, 0, NULL);
    ck_assert_int_eq(audit.gross, 2469);
    ck_assert_int_eq(audit.amounts_rounded, 0);
}
END_TEST

/* What lies behind a null is not looked at, even where it could not be taken. */
START_TEST(test_values_behind_nulls_are_not_looked_at)
{
    small s;
    make_small(&s, 4, "quantity", "g");
    s.columns[1].format = s.columns[2].format = "L";
    for (int r = 0; r < 4; r++) s.more[r].real = 1.0;
    s.time[1] = (arrow_cell){.null = true, .whole = UINT64_MAX};
    s.amount[2] = (arrow_cell){.null = true, .whole = UINT64_MAX};
    s.more[3] = (arrow_cell){.null = true, .real = 1e300};
    patron_audit audit = appended(&s, 0, NULL);
    ck_assert_int_eq(audit.fates[PATRON_FATE_UNREADABLE], 3);
    ck_assert_int_eq(audit.gross, 10000);
    /* Without a discount there is none. */
    make_small(&s, 4, "discount", "g");
    for (int r = 0; r < 4; r++) s.more[r].real = r == 1 ? (double)NAN : 1.0;
    s.more[2] = (arrow_cell){.null = true, .real = 1e300};
    ck_assert_int_eq(appended(&s, 0, NULL).fates[PATRON_FATE_PURCHASE], 4);
}
END_TEST

/* A row's number for its caller is -1 where there is none. */
START_TEST(test_lines_may_have_gaps)
{
    static const int64_t lines[] = {-1, 12, 13, -1};
    small s;
    patron_history *history = new_history(0);
    make_small(&s, 4, "line", "i");
    for (int r = 0; r < 4; r++) {
        s.more[r] = (arrow_cell){.null = lines[r] < 0, .whole = 11 + r};
        s.customer[r].null = true;
    }
    append_source(history, &s.source, NULL);
    for (int64_t i = 0; i < 4; i++) {
        patron_rejected r = {.size = sizeof r};
        ck_assert_int_eq(patron_history_rejected(&r, history, i, NULL), PATRON_OK);
        ck_assert_int_eq(r.row, i);
        ck_assert_int_eq(r.line, lines[i]);
    }
    patron_history_free(history);
}
END_TEST

START_TEST(test_times_are_rounded_down_and_local_ones_brought_to_utc)
{
    static const struct {
        const char *format;
        int64_t value, utc_s; /* with a store at UTC + 1 h */
    } times[] = {{"tss:UTC", 7200, 7200},
                 {"tss:", 7200, 3600},
                 {"tsm:", 7200999, 3600},
                 {"tsm:UTC", -1, -1},
                 {"tsu:", -1, -3601},
                 {"tsn:UTC", 1999999999, 1},
                 {"tsn:UTC", -1999999999, -2},
                 {"tdD", 1, 86400 - 3600},
                 {"tdD", -1, -86400 - 3600},
                 {"tdm", 86400000, 86400 - 3600},
                 {"l", 7200, 7200},
                 {"i", 7200, 7200}};
    small s;
    patron_arrow_columns columns;
    patron_arrow_columns_init(&columns, sizeof columns);
    ck_assert_int_eq(columns.naive_time, PATRON_NAIVE_LOCAL);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        make_small(&s, 1, NULL, NULL);
        s.columns[1].format = times[i].format;
        s.time[0].whole = times[i].value;
        ck_assert_int_eq(appended(&s, 3600, NULL).as_of_s, times[i].utc_s);
        columns.naive_time = PATRON_NAIVE_UTC;
        bool naive = times[i].format[0] == 't' && strchr(times[i].format, 'U') == NULL;
        ck_assert_int_eq(appended(&s, 3600, &columns).as_of_s, times[i].utc_s + (naive ? 3600 : 0));
        columns.naive_time = PATRON_NAIVE_LOCAL;
    }
}
END_TEST

/* Many together, around the edges of seconds, before and after 1970, and some so far that they are read alone. */
START_TEST(test_columns_of_times_are_rounded_down)
{
    enum { TIMES = 9000 };
    static const struct {
        const char *format;
        int64_t unit, most; /* most: seconds from 1970 */
    } kinds[] = {{"tss:", 1, 200000000000},
                 {"tsm:", 1000, 200000000000},
                 {"tsu:", 1000000, 200000000000},
                 {"tsn:", 1000000000, 9200000000},
                 {"tdm", 1000, 200000000000}};
    static arrow_cell ids[TIMES], times[TIMES], amounts[TIMES];
    const arrow_made_column columns[] = {
        {"customer", "l", NULL, ids}, {"time", NULL, NULL, times}, {"amount", "g", NULL, amounts}};
    uint64_t state = 21;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (int slice = 0; slice < 3; slice++) {
            arrow_made_column made[3];
            int64_t wanted[TIMES];
            memcpy(made, columns, sizeof made);
            made[1].format = kinds[k].format;
            for (int64_t i = 0; i < TIMES; i++) {
                bool far = test_below(&state, 1000) == 0;
                int64_t reach = far ? kinds[k].most : 3000000000, second = test_below(&state, 2 * reach) - reach;
                if (test_below(&state, 4) == 0) second = test_below(&state, 5) - 2;
                int64_t rest = test_below(&state, 3) == 0 ? 0 : test_below(&state, kinds[k].unit);
                if (test_below(&state, 3) == 0) rest = kinds[k].unit - 1;
                ids[i].whole = 1 + test_below(&state, 50);
                times[i].whole = second * kinds[k].unit + rest;
                times[i].null = slice == 2 && i % 97 == 5;
                amounts[i].real = 1.0;
                wanted[i] = second - 3600;
            }
            patron_history *history = new_history(3600);
            arrow_source source = {.columns = made, .cols = 3, .rows = TIMES, .pad = slice * 7};
            append_source(history, &source, NULL);
            for (int64_t i = 0, line = 0; i < TIMES; i++) {
                if (times[i].null) continue;
                int64_t stamp = ((const int64_t *)history->stamp.items)[line++];
                ck_assert_msg(ptn_stamp_time(stamp) == wanted[i], "%s row %d", kinds[k].format, (int)i);
            }
            patron_history_free(history);
        }
    }
}
END_TEST

START_TEST(test_what_is_missing_rejects_the_row_and_says_why)
{
    small s;
    bool gone[8] = {false};
    patron_history *history = new_history(0);
    static const struct {
        int64_t row;
        int32_t field, reason;
    } expected[] = {
        {0, PATRON_FIELD_TIME, PATRON_REASON_MISSING},     {1, PATRON_FIELD_AMOUNT, PATRON_REASON_MISSING},
        {2, PATRON_FIELD_AMOUNT, PATRON_REASON_MISSING},   {3, PATRON_FIELD_QUANTITY, PATRON_REASON_MISSING},
        {4, PATRON_FIELD_QUANTITY, PATRON_REASON_MISSING}, {5, PATRON_FIELD_CUSTOMER, PATRON_REASON_MISSING},
        {6, PATRON_FIELD_ROW, PATRON_REASON_MISSING}};
    make_small(&s, 8, "quantity", "g");
    s.columns[2].name = "amount";
    s.columns[2].format = "g";
    for (int r = 0; r < 8; r++) s.more[r].real = 1.0;
    s.time[0].null = true;
    s.amount[0].null = true; /* the time comes first */
    s.amount[1].null = true;
    s.amount[2].real = (double)NAN;
    s.more[3].null = true;
    s.more[4].real = (double)NAN;
    s.customer[5].null = true;
    gone[6] = true;
    s.source.gone = gone;
    append_source(history, &s.source, NULL);
    patron_audit audit = audit_of(history, PATRON_AS_OF_LAST);
    ck_assert_int_eq(audit.rows_read, 8);
    ck_assert_int_eq(audit.fates[PATRON_FATE_UNREADABLE], 6);
    ck_assert_int_eq(audit.fates[PATRON_FATE_NO_CUSTOMER], 1);
    ck_assert_int_eq(audit.fates[PATRON_FATE_PURCHASE], 1);
    for (int64_t i = 0; i < 7; i++) {
        patron_rejected r = {.size = sizeof r};
        ck_assert_int_eq(patron_history_rejected(&r, history, i, NULL), PATRON_OK);
        ck_assert_int_eq(r.row, expected[i].row);
        ck_assert_int_eq(r.field, expected[i].field);
        ck_assert_int_eq(r.reason, expected[i].reason);
    }
    /* A rejected row is still its customer's, and goes with it; the one that is null as a row is nobody's. */
    ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)"1", 1, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_row_count(history), 5);
    patron_history_free(history);
}
END_TEST

START_TEST(test_the_null_type_is_no_value)
{
    static const char *const optional[] = {"order",     "product", "category", "discount", "discount_exact",
                                           "is_return", "line",    "currency", "channel"};
    small s;
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
        make_small(&s, 4, optional[i], "n");
        ck_assert_int_eq(appended(&s, 0, NULL).orders, 4);
    }
    for (int c = 0; c < 3; c++) {
        make_small(&s, 4, NULL, NULL);
        s.columns[c].format = "n";
        patron_audit audit = appended(&s, 0, NULL);
        ck_assert_int_eq(audit.fates[c == 0 ? PATRON_FATE_NO_CUSTOMER : PATRON_FATE_UNREADABLE], 4);
    }
}
END_TEST

START_TEST(test_ids_beyond_int64_and_whole_floats_are_the_texts_of_their_digits)
{
    static const char *const texts[] = {"18446744073709551615", "-170141183460469231731687303715884105728", "7"};
    static const struct {
        const char *format;
        int text;
    } ids[] = {{"L", 0}, {"d:38,0", 1}, {"g", 2}, {"f", 2}, {"d:38,0", 2}, {"L", 2}};
    small s;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const char *text = texts[ids[i].text];
        patron_history *history = new_history(0);
        make_small(&s, 3, NULL, NULL);
        s.columns[0].format = ids[i].format;
        arrow_wide value = ids[i].text == 0   ? (arrow_wide)UINT64_MAX
                           : ids[i].text == 1 ? -((arrow_wide)INT64_MAX + 1) * ((arrow_wide)1 << 62) * 4
                                              : 7;
        for (int r = 0; r < 2; r++) s.customer[r] = (arrow_cell){.whole = value, .real = 7.0};
        s.customer[2] = (arrow_cell){.null = true};
        append_source(history, &s.source, NULL);
        ck_assert_int_eq(audit_of(history, PATRON_AS_OF_LAST).customers, 1);
        ck_assert_int_eq(patron_history_forget(history, (const uint8_t *)text, (int64_t)strlen(text), NULL, NULL),
                         PATRON_OK);
        patron_history_free(history);
    }
}
END_TEST

START_TEST(test_roles_are_found_by_name_or_as_named)
{
    patron_arrow_columns columns;
    small s;
    patron_arrow_columns_init(&columns, sizeof columns);
    make_small(&s, 4, "quantity", "l");
    for (int r = 0; r < 4; r++) s.more[r].whole = 2;
    s.columns[2].name = "unit_price_exact";
    ck_assert_int_eq(appended(&s, 0, NULL).gross, 2 * 100000);
    columns.quantity = ""; /* not this one */
    ck_assert_int_eq(appended(&s, 0, &columns).gross, 100000);
    columns.quantity = NULL;
    /* A named money is the money, though a column has another's name. */
    s.columns[3].name = "amount_exact";
    columns.unit_price_exact = "unit_price_exact";
    ck_assert_int_eq(appended(&s, 0, &columns).gross, 100000);
    columns.unit_price_exact = NULL;
    ck_assert_int_eq(appended(&s, 0, &columns).gross, 8);
    s.columns[0].name = "Kunde №";
    s.columns[3].name = "customer";
    columns.customer = "Kunde №";
    ck_assert_int_eq(appended(&s, 0, &columns).customers, 2);
}
END_TEST

START_TEST(test_a_stream_of_no_rows_adds_nothing)
{
    small s;
    make_small(&s, 0, NULL, NULL);
    ck_assert_int_eq(appended(&s, 0, NULL).rows_read, 0);
    make_small(&s, 3, NULL, NULL);
    s.source.fail_after = 99;
    ck_assert_int_eq(appended(&s, 0, NULL).rows_read, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arrow");
    TCase *tests = tcase_create("arrow");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_any_layout_makes_the_history_that_plain_columns_make);
    tcase_add_test(tests, test_many_rows_in_batches_of_any_size);
    tcase_add_test(tests, test_every_type_of_number_is_read);
    tcase_add_test(tests, test_floats_are_money_and_quantities_by_the_rules_of_plain_columns);
    tcase_add_test(tests, test_decimals_are_rounded_half_to_even_and_counted);
    tcase_add_test(tests, test_decimals_are_quantities_and_prices);
    tcase_add_test(tests, test_values_behind_nulls_are_not_looked_at);
    tcase_add_test(tests, test_lines_may_have_gaps);
    tcase_add_test(tests, test_times_are_rounded_down_and_local_ones_brought_to_utc);
    tcase_add_test(tests, test_columns_of_times_are_rounded_down);
    tcase_add_test(tests, test_what_is_missing_rejects_the_row_and_says_why);
    tcase_add_test(tests, test_the_null_type_is_no_value);
    tcase_add_test(tests, test_ids_beyond_int64_and_whole_floats_are_the_texts_of_their_digits);
    tcase_add_test(tests, test_roles_are_found_by_name_or_as_named);
    tcase_add_test(tests, test_a_stream_of_no_rows_adds_nothing);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
