/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the driver reads a field: decimals against strtod, dates against timegm, records against what was written. */
#include <math.h>
#include <patron/history.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "segment/csv_file.h"
#include "segment/decimal.h"
#include "segment/money.h"
#include "segment/when.h"
#include "support/suite.h"

static int reason_of(const char *text, char point)
{
    double value;
    return decimal_parse(&value, text_of(text), point);
}

static double value_of(const char *text, char point)
{
    double value = -1.0;
    ck_assert_msg(decimal_parse(&value, text_of(text), point) == PATRON_REASON_NONE, "%s", text);
    return value;
}

START_TEST(test_decimals_are_the_nearest_double)
{
    char text[80];
    srand(7);
    for (int i = 0; i < 200000; i++) {
        int length = 0, whole = rand() % 12, part = rand() % 12;
        if (rand() % 2) text[length++] = rand() % 2 ? '-' : '+';
        for (int d = 0; d <= whole; d++) text[length++] = (char)('0' + rand() % 10);
        if (part > 0) text[length++] = '.';
        for (int d = 0; d < part; d++) text[length++] = (char)('0' + rand() % 10);
        if (rand() % 4 == 0) length += snprintf(text + length, 12, "%c%d", rand() % 2 ? 'e' : 'E', rand() % 80 - 40);
        text[length] = '\0';
        double value = value_of(text, '.'), wanted = strtod(text, NULL);
        ck_assert_msg(memcmp(&value, &wanted, sizeof value) == 0 || wanted == 0.0, "%s: %.17g", text, value);
    }
}
END_TEST

START_TEST(test_decimals_with_a_comma_and_at_the_edges)
{
    ck_assert(value_of("2,55", ',') == 2.55);
    ck_assert(value_of("123456789012345678,25", ',') == 123456789012345678.25);
    ck_assert(value_of(".5", '.') == 0.5);
    ck_assert(value_of("5.", '.') == 5.0);
    ck_assert(value_of("-0", '.') == 0.0);
    ck_assert(value_of("000012.50", '.') == 12.5);
    ck_assert(value_of("1e-400", '.') == 0.0);
    ck_assert_int_eq(reason_of("1e400", '.'), PATRON_REASON_OUT_OF_RANGE);
    ck_assert_int_eq(reason_of("1e99999999999999999999", '.'), PATRON_REASON_OUT_OF_RANGE);
}
END_TEST

START_TEST(test_what_is_no_decimal)
{
    static const char *const texts[] = {"",      "-",     "+",   ".",   "e5",   "1e",       "1e+",   "1,5",
                                        "1.2.3", "1 000", "nan", "NaN", "inf",  "-inf",     "0x10",  "(1.00)",
                                        "$1",    "1€",    "--1", "1-",  "1.5x", "1,000.00", "1_000", "1 "};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(reason_of(texts[i], '.') == PATRON_REASON_UNREADABLE, "%s", texts[i]);
    ck_assert_int_eq(reason_of("1.5", ','), PATRON_REASON_UNREADABLE);
}
END_TEST

static void check_print(double value, char point, const char *wanted)
{
    char text[DECIMAL_PRINTED];
    decimal_print(text, value, point);
    ck_assert_str_eq(text, wanted);
}

START_TEST(test_printed_decimals_are_short_and_read_back)
{
    check_print(0.0, '.', "0");
    check_print(-0.0, '.', "0");
    check_print(-5.0, '.', "-5");
    check_print(0.1, '.', "0.1");
    check_print(0.05, ',', "0,05");
    check_print(-1234.5678, ',', "-1234,5678");
    check_print(0.1 + 0.2, '.', "0.30000000000000004");
    check_print(1.0 / 3.0, ',', "0,3333333333333333");
    check_print(123456789012345.0, '.', "123456789012345");
    check_print(1e22, ',', "1e+22");
    check_print(2.5e-7, ',', "2,5e-07");
    check_print(1.7976931348623157e308, '.', "1.7976931348623157e+308");
    check_print((double)NAN, '.', "");
    check_print((double)INFINITY, '.', "");
    srand(11);
    for (int i = 0; i < 50000; i++) {
        char text[DECIMAL_PRINTED];
        double value = i % 3 == 0 ? (rand() % 2000000000 - 1000000000) / 10000.0
                                  : ldexp((double)rand() / RAND_MAX - 0.5, rand() % 200 - 100);
        if (i % 3 == 2) value /= 3.0;
        decimal_print(text, value, ',');
        ck_assert_msg(value_of(text, ',') == value, "%.17g: %s", value, text);
        char fifteen[40];
        snprintf(fifteen, sizeof fifteen, "%.15g", value);
        if (strtod(fifteen, NULL) == value) ck_assert_msg(strlen(text) <= strlen(fifteen) + 4, "%s", text);
    }
}
END_TEST

START_TEST(test_every_day_from_1850_to_2150)
{
    for (int64_t day = -43830; day < 65744; day++) {
        char text[40], shown[40];
        int64_t time_s = -1;
        time_t seconds = (time_t)(day * 86400);
        struct tm broken;
        gmtime_r(&seconds, &broken);
        strftime(text, sizeof text, "%Y-%m-%d", &broken);
        ck_assert_int_eq(when_parse(&time_s, text_of(text)), WHEN_DATE);
        ck_assert_int_eq(time_s, day * 86400);
        when_print(shown, sizeof shown, time_s, false);
        ck_assert_str_eq(shown, text);
        strftime(text, sizeof text, "%d %b %Y %I:%M:%S %p", &broken);
        ck_assert(when_parse_format(&time_s, text_of(text), "%d %b %Y %I:%M:%S %p"));
        ck_assert_int_eq(time_s, day * 86400);
    }
}
END_TEST

static void check_when(const char *text, enum when_form form, int64_t time_s)
{
    int64_t got = 0;
    ck_assert_msg(when_parse(&got, text_of(text)) == form, "%s", text);
    if (form != WHEN_NONE && form != WHEN_DAY_MONTH) ck_assert_msg(got == time_s, "%s: %lld", text, (long long)got);
}

START_TEST(test_forms_of_time)
{
    check_when("2011-12-09", WHEN_DATE, 1323388800);
    check_when("20111209", WHEN_COMPACT, 1323388800);
    check_when("2011-12-09 12:50:00", WHEN_DATE_TIME, 1323435000);
    check_when("2011-12-09T12:50", WHEN_DATE_TIME, 1323435000);
    check_when("2011-12-09 12:50:00.999", WHEN_DATE_TIME, 1323435000);
    check_when("2011-12-09T12:50:00Z", WHEN_ZONED, 1323435000);
    check_when("2011-12-09T12:50:00+01:00", WHEN_ZONED, 1323431400);
    check_when("2011-12-09 12:50:00 -0530", WHEN_ZONED, 1323454800);
    check_when("2011-12-09T12:50:00.5+02", WHEN_ZONED, 1323427800);
    check_when("0001-01-01", WHEN_DATE, -62135596800);
    check_when("9999-12-31T23:59:60", WHEN_DATE_TIME, 253402300800);
    static const char *const none[] = {"",
                                       "2011",
                                       "2011-02-30",
                                       "2011-13-01",
                                       "2011-00-10",
                                       "2011-1-2",
                                       "2011-12-09 24:00",
                                       "2011-12-09 12:60",
                                       "20111232",
                                       "2011-12-09x",
                                       "2011-12-09T",
                                       "2011-12-09 12",
                                       "1323435000",
                                       "2011-12-09 12:50:00.",
                                       "2011-12-09T12:50+1",
                                       "0000-01-01",
                                       "2100-02-29",
                                       "9 Dec 2011",
                                       "2011-12-09T12:50:61"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) check_when(none[i], WHEN_NONE, 0);
    static const char *const ambiguous[] = {"01/12/2010", "1/2/10",         "13.01.2010",
                                            "01-12-2010", "12/1/2010 8:26", "31/12/2010T08:26:00"};
    for (size_t i = 0; i < sizeof ambiguous / sizeof ambiguous[0]; i++) check_when(ambiguous[i], WHEN_DAY_MONTH, 0);
}
END_TEST

START_TEST(test_advice_reads_the_text_it_is_given_for)
{
    static const char *const texts[] = {"01/12/2010", "1.2.10", "12/1/2010 8:26", "31-12-2010T08:26:00"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char advice[48];
        int64_t time_s;
        when_advice(advice, sizeof advice, text_of(texts[i]), true);
        ck_assert_msg(when_parse_format(&time_s, text_of(texts[i]), advice), "%s: %s", texts[i], advice);
    }
}
END_TEST

START_TEST(test_time_formats)
{
    int64_t time_s;
    ck_assert(when_parse_format(&time_s, text_of("9/12/2011 12:50"), "%d/%m/%Y %H:%M"));
    ck_assert_int_eq(time_s, 1323435000);
    ck_assert(when_parse_format(&time_s, text_of("12/09/11 12:50:00 PM"), "%D %I:%M:%S %p"));
    ck_assert_int_eq(time_s, 1323435000);
    ck_assert(when_parse_format(&time_s, text_of("12/09/11 12:50:00am"), "%D %I:%M:%S%p"));
    ck_assert_int_eq(time_s, 1323391800);
    ck_assert(when_parse_format(&time_s, text_of("2011-12-09T12:50:00.123+0100"), "%FT%T.%f%z"));
    ck_assert_int_eq(time_s, 1323431400);
    ck_assert(when_parse_format(&time_s, text_of("-86400"), "%s"));
    ck_assert_int_eq(time_s, -86400);
    ck_assert(when_parse_format(&time_s, text_of("December 9, 2011"), "%B %e, %Y"));
    ck_assert_int_eq(time_s, 1323388800);
    ck_assert(when_parse_format(&time_s, text_of("MAY 9 2011 100%"), "%b %d %Y 100%%"));
    ck_assert(when_parse_format(&time_s, text_of("01.01.68"), "%d.%m.%y") && time_s == 3092601600);
    ck_assert(when_parse_format(&time_s, text_of("01.01.69"), "%d.%m.%y") && time_s == -31536000);
    ck_assert(!when_parse_format(&time_s, text_of("9/12/2011"), "%d/%m/%Y %H:%M"));
    ck_assert(!when_parse_format(&time_s, text_of("9/12/2011 12:50x"), "%d/%m/%Y %H:%M"));
    ck_assert(!when_parse_format(&time_s, text_of("31/02/2011"), "%d/%m/%Y"));
    ck_assert(!when_parse_format(&time_s, text_of("01/02/2011 13:00 PM"), "%d/%m/%Y %I:%M %p"));
    ck_assert_ptr_null(when_format_problem("%d/%m/%Y %H:%M"));
    ck_assert_ptr_null(when_format_problem("%s"));
    ck_assert_ptr_nonnull(when_format_problem("%d/%m"));
    ck_assert_ptr_nonnull(when_format_problem("%Y-%m-%d %Q"));
    ck_assert_ptr_nonnull(when_format_problem("%Y-%m-%d %"));
    ck_assert_ptr_nonnull(when_format_problem("%F %I:%M"));
}
END_TEST

/* What a file came to: each record as "LINE:field|field|\n". */
static char seen[4096];

static int note(const struct record *record, void *user)
{
    (void)user;
    size_t used = strlen(seen);
    used += (size_t)snprintf(seen + used, sizeof seen - used, "%lld%s", (long long)record->line,
                             record->malformed ? "!" : ":");
    for (size_t i = 0; i < record->fields && !record->malformed; i++) {
        struct text field = record_field(record, i);
        ck_assert_ptr_nonnull(field.bytes); /* also of an empty one: its length may be added */
        used += (size_t)snprintf(seen + used, sizeof seen - used, "%.*s|",
                                 (int)(field.length < 1000 ? field.length : 1000), field.bytes);
    }
    snprintf(seen + used, sizeof seen - used, "\n");
    return 0;
}

static int read_text_as(const char *text, size_t length, char delimiter, int32_t encoding)
{
    char path[] = "/tmp/patron-fields-XXXXXX";
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, text, length), (ssize_t)length);
    close(descriptor);
    seen[0] = '\0';
    int code = csv_file_read(path, (struct csv_form){delimiter, encoding}, note, NULL);
    unlink(path);
    return code;
}

static int read_text(const char *text, size_t length, char delimiter)
{
    return read_text_as(text, length, delimiter, CSV_UTF8);
}

static void check_records(const char *text, char delimiter, const char *wanted)
{
    ck_assert_int_eq(read_text(text, strlen(text), delimiter), 0);
    ck_assert_str_eq(seen, wanted);
}

START_TEST(test_records_know_the_line_they_begin_on)
{
    check_records("a,b\n1,2\n3,4", ',', "1:a|b|\n2:1|2|\n3:3|4|\n");
    check_records("a,b\r\n1,2\r\n\r\n3,4\r\n", ',', "1:a|b|\n2:1|2|\n4:3|4|\n");
    check_records("a,b\r1,2\r\r3,4\r", ',', "1:a|b|\n2:1|2|\n4:3|4|\n");
    check_records("a,b\n\n   \n\"x\ny\",\"p\r\nq\"\n3,4\n", ',', "1:a|b|\n4:x\ny|p\r\nq|\n7:3|4|\n");
    check_records("\xEF\xBB\xBF"
                  "a;b\n\"1;\"\"2\";3\n",
                  ';', "1:a|b|\n2:1;\"2|3|\n");
    check_records("a\tb\n\t\n x \ty z\n", '\t', "1:a|b|\n2:||\n3:x|y z|\n");
    check_records(",\n1,\n", ',', "1:||\n2:1||\n"); /* the first record has no byte */
    check_records("", ',', "");
    check_records("\n\n", ',', "");
}
END_TEST

START_TEST(test_quotes_that_do_not_fit)
{
    check_records("a,b\n5\" pipe,2\n3,4\n", ',', "1:a|b|\n2:5\" pipe|2|\n3:3|4|\n");
    check_records("a,b\n\"x\"y,2\n3,4\n", ',', "1:a|b|\n2!\n3:3|4|\n");
    check_records("a,b\n\"x\\\"y\",2\r\n3,4\r\n", ',', "1:a|b|\n2!\n3:3|4|\n");
    check_records("a,b\n\"x\n\"y,2\n3,4\n", ',', "1:a|b|\n2!\n4:3|4|\n");
    ck_assert_int_eq(read_text("a,b\n1,\"x\n3,4\n", 13, ','), 3);
    ck_assert_int_eq(read_text("a,b\n1,\"", 7, ','), 3);
    ck_assert_int_eq(read_text("\xFF\xFE"
                               "a\0",
                               4, ','),
                     3);
}
END_TEST

/* A file larger than a block of reading, with line ends at every place of a block's end. */
START_TEST(test_blocks_do_not_show)
{
    for (size_t extra = 0; extra < 4; extra++) {
        size_t length = (1 << 18) + 6, at = 0;
        char *text = malloc(length + 8), wanted[64];
        memset(text, ' ', length);
        memcpy(text + (1 << 18) - extra - 4, "x,\r\ny,\"\r\n\"", 10);
        at = (1 << 18) - extra + 6;
        ck_assert_int_eq(read_text(text, at, ','), 0);
        snprintf(wanted, sizeof wanted, "1:x||\n2:y|\r\n|\n");
        ck_assert_str_eq(seen, wanted);
        free(text);
    }
}
END_TEST

START_TEST(test_encodings)
{
    static const char text[] = "a;\xFC\n\x80;\xA4\n";
    ck_assert_int_eq(read_text_as(text, sizeof text - 1, ';', CSV_LATIN1), 0);
    ck_assert_str_eq(seen, "1:a|\u00FC|\n2:\xC2\x80|\u00A4|\n");
    ck_assert_int_eq(read_text_as(text, sizeof text - 1, ';', CSV_CP1252), 0);
    ck_assert_str_eq(seen, "1:a|\u00FC|\n2:\u20AC|\u00A4|\n");
    ck_assert_int_eq(read_text_as("\xEF\xBB\xBF;\n", 5, ';', CSV_LATIN1), 3);
    size_t length = (1 << 18) * 2 + 9; /* more than a block of what becomes longer */
    char *long_text = malloc(length);
    memset(long_text, '\x93', length);
    memcpy(long_text + length - 2, ";x", 2);
    ck_assert_int_eq(read_text_as(long_text, length, ';', CSV_CP1252), 0);
    free(long_text);
    ck_assert_int_eq(strncmp(seen, "1:\u201C\u201C", 8), 0);
    ck_assert_str_eq(seen + strlen(seen) - 4, "|x|\n");
}
END_TEST

START_TEST(test_grouped_numbers)
{
    char out[GROUPED];
    ck_assert_str_eq(grouped(out, 0), "0");
    ck_assert_str_eq(grouped(out, 999), "999");
    ck_assert_str_eq(grouped(out, -1234567), "-1,234,567");
    ck_assert_str_eq(grouped(out, INT64_MIN), "-9,223,372,036,854,775,808");
    ck_assert_str_eq(grouped_money(out, 89114079040), "8,911,407.90");
    ck_assert_str_eq(grouped_money(out, 50), "0.00");
    ck_assert_str_eq(grouped_money(out, 150), "0.02");
    ck_assert_str_eq(grouped_money(out, 251), "0.03");
    ck_assert_str_eq(grouped_money(out, -9999999), "-1,000.00");
    ck_assert_str_eq(grouped_money(out, INT64_MIN), "-922,337,203,685,477.58");
    ck_assert_str_eq(grouped_number(out, 2.0), "2");
    ck_assert_str_eq(grouped_number(out, 1234.56), "1,234.6");
    ck_assert_str_eq(grouped_number(out, -0.01), "0");
    ck_assert_str_eq(grouped_number(out, (double)NAN), "-");
    ck_assert_str_eq(grouped_number(out, 1e300), "1e+300");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fields");
    TCase *tests = tcase_create("fields");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_decimals_are_the_nearest_double);
    tcase_add_test(tests, test_decimals_with_a_comma_and_at_the_edges);
    tcase_add_test(tests, test_what_is_no_decimal);
    tcase_add_test(tests, test_printed_decimals_are_short_and_read_back);
    tcase_add_test(tests, test_every_day_from_1850_to_2150);
    tcase_add_test(tests, test_forms_of_time);
    tcase_add_test(tests, test_advice_reads_the_text_it_is_given_for);
    tcase_add_test(tests, test_time_formats);
    tcase_add_test(tests, test_records_know_the_line_they_begin_on);
    tcase_add_test(tests, test_quotes_that_do_not_fit);
    tcase_add_test(tests, test_blocks_do_not_show);
    tcase_add_test(tests, test_encodings);
    tcase_add_test(tests, test_grouped_numbers);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
