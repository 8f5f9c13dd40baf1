/* SPDX-License-Identifier: GPL-3.0-or-later */
/* segment: a shop's order lines in, its few kinds of customers out. Over the public API alone.

     command line -> orders (CSV) -> history -> features, own columns -> segments -> JSON, CSV, table

   See --help. The folder segment/ holds what any program needs that reads files and is run by people; what a store
   backend would write is in backend.c. */
#include <patron/patron.h>
#include <stdio.h>
#include <unistd.h>

#include "segment/failure.h"
#include "segment/forget.h"
#include "segment/ignored.h"
#include "segment/join.h"
#include "segment/options.h"
#include "segment/orders.h"
#include "segment/output.h"
#include "segment/rejected.h"
#include "segment/segments_file.h"
#include "segment/shown.h"
#include "segment/table.h"
#include "segment/terminal.h"
#include "segment/text.h"

/* A failed segmentation; where every row was rejected, the first of them says more than the total. */
static int fail_segmentation(const char *name, const patron_history *history, int64_t as_of_s,
                             const struct columns *columns, const patron_error *error)
{
    patron_audit audit = {.size = sizeof audit};
    int code = fail_library(name, error);
    if (error->status == PATRON_NO_DATA && patron_history_audit(&audit, history, as_of_s, NULL, NULL) == PATRON_OK) {
        for (int fate = 0; fate < PATRON_FATE_COUNT; fate++) {
            if (audit.fates[fate] > 0)
                fprintf(stderr, "  %lld row%s %s\n", (long long)audit.fates[fate], audit.fates[fate] == 1 ? "" : "s",
                        fate_words(fate));
        }
        if (audit.rejected_listed == 0) return code;
        fputs("  ", stderr);
        rejected_write_first(stderr, history, columns);
        fputc('\n', stderr);
        const char *advice = rejected_advice(history, audit.rejected_listed);
        if (advice != NULL) fprintf(stderr, "  %s\n", advice);
    }
    return code;
}

static int write_json(struct output *output, const patron_segmentation *segmentation, const patron_history *history,
                      const struct options *options, const patron_context *context)
{
    patron_document *document = NULL;
    patron_error error;
    if (patron_report_json(&document, segmentation, history, context, &error) != PATRON_OK)
        return fail_library(options->json, &error);
    int code = output_add(output, patron_document_text(document), (size_t)patron_document_length(document));
    patron_document_free(document);
    return code;
}

/* Both files are complete before one of them takes its place, so that a full disk leaves both as they were. */
static int write_files(const patron_segmentation *segmentation, const patron_history *history,
                       const struct options *options, const patron_context *context)
{
    struct output *segments = NULL, *json = NULL;
    int code = 0;
    if (options->segments != NULL) {
        code = output_open(&segments, options->segments);
        if (code == 0) code = segments_file_write(segments, segmentation, options);
        if (code == 0) code = output_complete(segments);
    }
    if (options->json != NULL && code == 0) {
        code = output_open(&json, options->json);
        if (code == 0) code = write_json(json, segmentation, history, options, context);
        if (code == 0) code = output_complete(json);
    }
    if (segments != NULL && code == 0) code = output_publish(segments);
    if (json != NULL && code == 0) {
        code = output_publish(json);
        if (code != 0 && segments != NULL) fail(code, "%s was written", options->segments);
    }
    output_close(json);
    output_close(segments);
    return code;
}

static int write_results(const patron_segmentation *segmentation, const patron_history *history,
                         const struct orders_seen *seen, const struct join *join, const struct options *options,
                         const patron_context *context)
{
    bool json_to_stdout = options->json != NULL && strcmp(options->json, "-") == 0;
    int table_to = json_to_stdout ? STDERR_FILENO : STDOUT_FILENO;
    struct table_style style = {.colour = colour_wanted(table_to), .utf8 = utf8_wanted()};
    struct table_facts facts = {.name = csv_file_name(options->input), .seen = seen, .join = join};
    facts.history = history;
    facts.utc_offset_s = options->history.utc_offset_s;
    facts.written[0] = options->segments;
    facts.written[1] = json_to_stdout ? NULL : options->json;
    int code = write_files(segmentation, history, options, context);
    if (code != 0) return code;
    progress_clear();
    return table_write(table_to, segmentation, &facts, style);
}

/* No output may be a file that is read. */
static int check_output(const char *option, const char *path, const struct options *options)
{
    const char *const others[] = {options->join, options->forget_file, options->ignore_products_file};
    int code = output_check(option, path, options->input);
    for (size_t i = 0; i < sizeof others / sizeof others[0] && code == 0; i++) {
        if (others[i] != NULL) code = output_check(option, path, others[i]);
    }
    return code;
}

/* What would make the outputs fail is found before the work. */
static int check_outputs(const struct options *options)
{
    int code = options->json == NULL ? 0 : check_output("json", options->json, options);
    if (options->segments == NULL || code != 0) return code;
    code = check_output("segments", options->segments, options);
    if (code == 0 && options->json != NULL && output_same(options->json, options->segments))
        code = fail(EXIT_USAGE, "--segments %s: this is the file of --json; give another name", options->segments);
    return code;
}

/* A name that is no feature, or is there twice, is found before the files are read: an empty history has no customers,
   but the names are looked at first. The columns of --join may be named too, and are not known yet. */
static int check_features(const patron_history *history, const struct options *options)
{
    patron_features_options wanted;
    patron_features *features = NULL;
    patron_error error;
    if (options->join != NULL) return 0;
    patron_features_options_init(&wanted, sizeof wanted);
    wanted.columns = options->segment.features;
    patron_status status = patron_features_build(&features, history, &wanted, NULL, &error);
    patron_features_free(features);
    bool named_wrong = status == PATRON_UNKNOWN_NAME || status == PATRON_INVALID_ARGUMENT;
    return named_wrong ? fail(EXIT_USAGE, "--features: %s", error.message) : 0;
}

/* The library numbers customers; people know their ids. */
static void say_customer(const patron_features *features, int64_t row)
{
    const uint8_t *bytes;
    int64_t length;
    if (patron_features_customer_id(&bytes, &length, features, row, NULL) != PATRON_OK) return;
    struct text id = {(const char *)bytes, (size_t)length};
    fprintf(stderr, "  that is customer %s; --fill says what replaces a missing value\n", SHOWN(id, 60));
}

/* What patron_segment does in one call, with the shop's own columns in between. */
static int segment(patron_segmentation **segmentation, const patron_history *history, const struct orders_seen *seen,
                   struct join *join, const struct options *options, const patron_context *context)
{
    const char *name = csv_file_name(options->input);
    patron_features_options wanted;
    patron_features *features = NULL;
    patron_error error;
    patron_features_options_init(&wanted, sizeof wanted);
    wanted.as_of_s = options->segment.as_of_s;
    wanted.recent_days = options->segment.recent_days;
    wanted.window_days = options->segment.window_days;
    if (patron_features_build(&features, history, &wanted, context, &error) != PATRON_OK)
        return fail_segmentation(name, history, wanted.as_of_s, &seen->columns, &error);
    int code = join_apply(&features, join, context);
    if (code == 0 && patron_segmentation_fit(segmentation, features, &options->segment, context, &error) != PATRON_OK) {
        if (error.status == PATRON_INVALID_ARGUMENT) /* with --join, its columns had to be known first */
            code = fail(EXIT_USAGE, "--features: %s", error.message);
        else
            code = fail_segmentation(name, history, wanted.as_of_s, &seen->columns, &error);
        if (error.status == PATRON_NOT_FINITE) say_customer(features, error.row);
    }
    patron_features_free(features);
    return code;
}

static int run(const struct options *options)
{
    patron_history *history = NULL;
    patron_segmentation *segmentation = NULL;
    struct orders_seen seen = {0};
    struct join join = {0};
    patron_context context;
    patron_error error;
    patron_context_init(&context, sizeof context);
    context.threads = options->threads;
    context.progress = progress_report;

    int code = check_outputs(options);
    if (code != 0) return code;
    if (patron_history_create(&history, &options->history, &context, &error) != PATRON_OK)
        return fail_library(csv_file_name(options->input), &error);
    code = check_features(history, options);
    if (code == 0) code = ignore_products(history, options, &context);
    if (code == 0) code = join_read(&join, options);
    if (code == 0) code = orders_read(history, &seen, options, &context);
    if (code == 0) code = forget_customers(history, &join, options, &context);
    if (code == 0) code = segment(&segmentation, history, &seen, &join, options, &context);
    if (code == 0) code = write_results(segmentation, history, &seen, &join, options, &context);

    progress_clear();
    patron_segmentation_free(segmentation);
    orders_seen_free(&seen);
    join_free(&join);
    patron_history_free(history);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    int code;
    program_named(argc > 0 ? argv[0] : NULL);
    signals_install();
    if (options_parse(&options, argc, argv, &code)) code = run(&options);
    options_free(&options);
    return code;
}
