/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the driver's file, with some of its options: it ends with a history whose rows are all accounted for, or
   with an exit code and a message. The bytes are also read as single numbers and instants. */
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include <getopt.h>

#include "fuzz/fuzz.h"
#include "segment/decimal.h"
#include "segment/failure.h"
#include "segment/options.h"
#include "segment/orders.h"
#include "segment/when.h"

static void check_fields(struct text text)
{
    double value = 0.0;
    int64_t time_s = 0, again = 0;
    char shown[64], advice[48];
    if (text.length > 64) text.length = 64;
    for (int i = 0; i < 2; i++) {
        int reason = decimal_parse(&value, text, i == 0 ? '.' : ',');
        HOLDS(reason == PATRON_REASON_OUT_OF_RANGE || reason == PATRON_REASON_UNREADABLE ||
              (reason == PATRON_REASON_NONE && isfinite(value)));
        when_advice(advice, sizeof advice, text, i == 0);
    }
    enum when_form form = when_parse(&time_s, text);
    HOLDS(when_form_name(form) != NULL);
    if (form == WHEN_NONE || form == WHEN_DAY_MONTH) return;
    when_print(shown, sizeof shown, time_s, true);
    HOLDS(when_parse(&again, text_of(shown)) == WHEN_DATE_TIME && again == time_s);
}

static void read_file(char *path, tape *t)
{
    static const char *const choices[] = {
        "--delimiter=;",      "--delimiter=tab",   "--decimal=,",      "--strict",
        "--zero-price=keep",  "--duplicates=drop", "--customer=a",     "--time=b",
        "--amount=c",         "--price=d",         "--order=e",        "--time-format=%d/%m/%Y %H:%M",
        "--time-format=%s",   "--quantity=f",      "--product=g",      "--time-format=%b%e",
        "--as-of=2011-12-09", "--discount=h",      "--encoding=latin1"};
    enum { CHOICES = sizeof choices / sizeof *choices, MOST = 5 };
    char program[] = "segment", text[MOST][40], *words[MOST + 3] = {program};
    int count = 1, code = 0;
    struct options options;
    struct orders_seen seen = {0};
    patron_history *history = NULL;
    patron_error error;
    int64_t patience = 1 << 20;
    patron_context context = fuzz_context(1, &patience);
    for (int32_t left = take_below(t, MOST + 1); left > 0; left--, count++) {
        snprintf(text[count - 1], sizeof text[0], "%s", choices[take_below(t, CHOICES)]);
        words[count] = text[count - 1];
    }
    words[count++] = path;
    optind = 0;
    HOLDS(options_parse(&options, count, words, &code) == (code == 0));
    if (code != 0) {
        options_free(&options);
        return;
    }
    HOLDS(fuzz_ok(patron_history_create(&history, &options.history, &context, &error), &error));
    code = orders_read(history, &seen, &options, &context);
    HOLDS(code == 0 || code == EXIT_USAGE || code == EXIT_DATA || code == EXIT_IO || code == EXIT_MEMORY);
    if (code == 0) {
        patron_audit audit = {.size = sizeof audit};
        int64_t sum = 0;
        HOLDS(patron_history_row_count(history) > 0);
        if (fuzz_ok(patron_history_audit(&audit, history, PATRON_AS_OF_LAST, &context, &error), &error)) {
            for (int f = 0; f < PATRON_FATE_COUNT; f++) sum += audit.fates[f];
            HOLDS(sum == patron_history_row_count(history));
        }
    }
    orders_seen_free(&seen);
    patron_history_free(history);
    options_free(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool quiet;
    tape t = {data, size, 0};
    char path[64];
    if (!quiet) stderr = fopen("/dev/null", "w"); /* the driver's messages; a sanitizer writes past it */
    quiet = true;
    /* The choices of options come last, so that the file is readable. */
    t.at = size > 6 ? size - 6 : 0;
    int file = memfd_create("fuzz", 0);
    HOLDS(file >= 0 && write(file, data, t.at) == (ssize_t)t.at);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    size_t length = t.at;
    read_file(path, &t);
    close(file);
    check_fields((struct text){(const char *)data, length});
    return 0;
}
