/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "segment/catalogue.h"
#include "segment/decimal.h"
#include "segment/failure.h"
#include "segment/help.h"
#include "segment/output.h"
#include "segment/when.h"

enum option_id {
    OPTION_COLUMN = 256, /* + PATRON_FIELD_… */
    OPTION_AS_OF = OPTION_COLUMN + PATRON_FIELD_COUNT,
    OPTION_K,
    OPTION_SMALLEST_SHARE,
    OPTION_FEATURES,
    OPTION_FILL,
    OPTION_MIN_ORDERS,
    OPTION_EXACT_PAIRS,
    OPTION_TRANSFORM,
    OPTION_SCALE,
    OPTION_WINSOR,
    OPTION_RECENT_DAYS,
    OPTION_WINDOW_DAYS,
    OPTION_JOIN,
    OPTION_JOIN_ID,
    OPTION_CLUSTER,
    OPTION_IGNORE,
    OPTION_FORGET,
    OPTION_FORGET_FILE,
    OPTION_LIST_FEATURES,
    OPTION_N_INIT,
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_ZERO_PRICE,
    OPTION_DUPLICATES,
    OPTION_ORDER_GAP,
    OPTION_ONLY_CURRENCY,
    OPTION_MATCH_CANCELLATIONS,
    OPTION_IGNORE_PRODUCTS,
    OPTION_IGNORE_PRODUCTS_FILE,
    OPTION_STRICT,
    OPTION_DELIMITER,
    OPTION_DECIMAL,
    OPTION_TIME_FORMAT,
    OPTION_UTC_OFFSET,
    OPTION_ENCODING,
    OPTION_JSON,
    OPTION_SEGMENTS,
    OPTION_BOM,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"customer", required_argument, NULL, OPTION_COLUMN + PATRON_FIELD_CUSTOMER},
    {"order", required_argument, NULL, OPTION_COLUMN + PATRON_FIELD_ORDER},
    {"time", required_argument, NULL, OPTION_COLUMN + PATRON_FIELD_TIME},
    {"quantity", required_argument, NULL, OPTION_COLUMN + PATRON_FIELD_QUANTITY},
    {"price", required_argument, NULL, OPTION_COLUMN + PATRON_FIELD_PRICE},
    {"amount", required_argument, NULL, OPTION_COLUMN + PATRON_FIELD_AMOUNT},
    {"product", required_argument, NULL, OPTION_COLUMN + PATRON_FIELD_PRODUCT},
    {"category", required_argument, NULL, OPTION_COLUMN + PATRON_FIELD_CATEGORY},
    {"discount", required_argument, NULL, OPTION_COLUMN + PATRON_FIELD_DISCOUNT},
    {"channel", required_argument, NULL, OPTION_COLUMN + PATRON_FIELD_CHANNEL},
    {"currency", required_argument, NULL, OPTION_COLUMN + PATRON_FIELD_CURRENCY},
    {"as-of", required_argument, NULL, OPTION_AS_OF},
    {"k", required_argument, NULL, OPTION_K},
    {"smallest-share", required_argument, NULL, OPTION_SMALLEST_SHARE},
    {"features", required_argument, NULL, OPTION_FEATURES},
    {"fill", required_argument, NULL, OPTION_FILL},
    {"min-orders", required_argument, NULL, OPTION_MIN_ORDERS},
    {"exact-pairs", required_argument, NULL, OPTION_EXACT_PAIRS},
    {"transform", required_argument, NULL, OPTION_TRANSFORM},
    {"scale", required_argument, NULL, OPTION_SCALE},
    {"winsor", required_argument, NULL, OPTION_WINSOR},
    {"recent-days", required_argument, NULL, OPTION_RECENT_DAYS},
    {"window-days", required_argument, NULL, OPTION_WINDOW_DAYS},
    {"join", required_argument, NULL, OPTION_JOIN},
    {"join-id", required_argument, NULL, OPTION_JOIN_ID},
    {"cluster", required_argument, NULL, OPTION_CLUSTER},
    {"ignore", required_argument, NULL, OPTION_IGNORE},
    {"forget", required_argument, NULL, OPTION_FORGET},
    {"forget-file", required_argument, NULL, OPTION_FORGET_FILE},
    {"list-features", no_argument, NULL, OPTION_LIST_FEATURES},
    {"n-init", required_argument, NULL, OPTION_N_INIT},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"zero-price", required_argument, NULL, OPTION_ZERO_PRICE},
    {"duplicates", required_argument, NULL, OPTION_DUPLICATES},
    {"order-gap", required_argument, NULL, OPTION_ORDER_GAP},
    {"match-cancellations", no_argument, NULL, OPTION_MATCH_CANCELLATIONS},
    {"only-currency", required_argument, NULL, OPTION_ONLY_CURRENCY},
    {"ignore-products", required_argument, NULL, OPTION_IGNORE_PRODUCTS},
    {"ignore-products-file", required_argument, NULL, OPTION_IGNORE_PRODUCTS_FILE},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"delimiter", required_argument, NULL, OPTION_DELIMITER},
    {"decimal", required_argument, NULL, OPTION_DECIMAL},
    {"time-format", required_argument, NULL, OPTION_TIME_FORMAT},
    {"utc-offset", required_argument, NULL, OPTION_UTC_OFFSET},
    {"encoding", required_argument, NULL, OPTION_ENCODING},
    {"json", required_argument, NULL, OPTION_JSON},
    {"segments", required_argument, NULL, OPTION_SEGMENTS},
    {"bom", no_argument, NULL, OPTION_BOM},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static int bad_value(const char *option, const char *value, const char *advice)
{
    return fail(EXIT_USAGE, "--%s %s: %s", option, value, advice);
}

/* Digits alone, at most `most`; *text is moved behind them. */
static bool whole_number(const char **text, uint64_t most, uint64_t *number)
{
    const char *at = *text;
    uint64_t value = 0;
    if (!is_digit(*at)) return false;
    for (; is_digit(*at); at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (most - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *number = value;
    *text = at;
    return value <= most;
}

static int parse_number(uint64_t *number, const char *option, const char *value, uint64_t least, uint64_t most)
{
    const char *at = value;
    if (whole_number(&at, most, number) && *at == '\0' && *number >= least) return 0;
    return fail(EXIT_USAGE, "--%s %s: give a whole number from %llu to %llu", option, value, (unsigned long long)least,
                (unsigned long long)most);
}

static int parse_int32(int32_t *number, const char *option, const char *value, uint64_t least, uint64_t most)
{
    uint64_t wide = 0;
    int code = parse_number(&wide, option, value, least, most);
    if (code == 0) *number = (int32_t)wide;
    return code;
}

static int parse_k(patron_segment_options *segment, const char *value)
{
    const char *at = value;
    uint64_t least, most;
    if (!whole_number(&at, 64, &least)) return bad_value("k", value, "give MIN..MAX from 2 to 64, as in 2..4");
    most = least;
    if (strncmp(at, "..", 2) == 0) {
        at += 2;
        if (!whole_number(&at, 64, &most)) return bad_value("k", value, "give MIN..MAX from 2 to 64, as in 2..4");
    }
    if (*at != '\0' || least < 2 || least > most)
        return bad_value("k", value, "give MIN..MAX from 2 to 64, as in 2..4");
    segment->k_min = (int32_t)least;
    segment->k_max = (int32_t)most;
    return 0;
}

static int parse_share(double *share, const char *value)
{
    int reason = decimal_parse(share, text_of(value), '.');
    if (reason == PATRON_REASON_NONE && *share >= 0.0 && *share <= 0.5) return 0;
    return bad_value("smallest-share", value, "give a share from 0 to 0.5, as in 0.02");
}

static int parse_winsor(patron_segment_options *segment, const char *value)
{
    const char *comma = strchr(value, ',');
    double low, high;
    if (comma != NULL && decimal_parse(&low, (struct text){value, (size_t)(comma - value)}, '.') == 0 &&
        decimal_parse(&high, text_of(comma + 1), '.') == 0 && low >= 0.0 && low < high && high <= 1.0) {
        segment->winsor_low = low;
        segment->winsor_high = high;
        return 0;
    }
    return bad_value("winsor", value, "give two quantiles, the lower one first, as in 0.01,0.99");
}

static int parse_int64(int64_t *number, const char *option, const char *value, uint64_t least, uint64_t most)
{
    uint64_t wide = 0;
    int code = parse_number(&wide, option, value, least, most);
    if (code == 0) *number = (int64_t)wide;
    return code;
}

static int add_forget(struct options *options, const char *value)
{
    if (text_trim(text_of(value)).length == 0) return bad_value("forget", value, "give a customer's id");
    options->forget[options->forget_count++] = value;
    return 0;
}

static int set_text(const char **text, const char *option, const char *value, const char *advice)
{
    *text = value;
    return value[0] != '\0' ? 0 : bad_value(option, value, advice);
}

static int parse_as_of(struct options *options, const char *value)
{
    enum when_form form = when_parse(&options->segment.as_of_s, text_trim(text_of(value)));
    if (form == WHEN_NONE || form == WHEN_DAY_MONTH)
        return bad_value("as-of", value, "give a date or an instant, as in 2011-12-09 or 2011-12-09T12:50:00");
    if (form == WHEN_DATE || form == WHEN_COMPACT) options->segment.as_of_s += 86400 - 1;
    options->as_of_zoned = form == WHEN_ZONED;
    options->as_of_local = form != WHEN_ZONED;
    return 0;
}

static int parse_utc_offset(struct options *options, const char *value)
{
    options->utc_offset = true;
    if (when_parse_offset(&options->history.utc_offset_s, text_trim(text_of(value)))) return 0;
    return bad_value("utc-offset", value, "give what the store's clock is ahead of UTC, as in +02:00, -05:00 or 0");
}

/* *number becomes the position of `value` among the words. */
static int parse_word(int32_t *number, const char *option, const char *value, const char *const *words)
{
    char list[80] = "";
    for (int32_t i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) == 0) {
            *number = i;
            return 0;
        }
        if (i > 0) strcat(list, words[i + 1] == NULL ? " or " : ", ");
        strcat(list, words[i]);
    }
    return fail(EXIT_USAGE, "--%s %s: give %s", option, value, list);
}

static int parse_delimiter(char *delimiter, const char *value)
{
    if (strcmp(value, "tab") == 0 || strcmp(value, "\\t") == 0) value = "\t";
    if (strlen(value) != 1 || strchr("\"\r\n", *value) != NULL || *value < 0 || is_digit(*value))
        return bad_value("delimiter", value, "give one ASCII character that is no quote and no digit, or tab");
    *delimiter = *value;
    return 0;
}

static int parse_decimal(char *decimal, const char *value)
{
    if (strcmp(value, ".") != 0 && strcmp(value, ",") != 0) return bad_value("decimal", value, "give . or ,");
    *decimal = *value;
    return 0;
}

static int parse_time_format(struct options *options, const char *value)
{
    const char *problem = when_format_problem(value);
    if (problem != NULL) return bad_value("time-format", value, problem);
    options->time_format = value;
    return 0;
}

static int parse_word_setting(struct options *options, int id, const char *value)
{
    /* in the order of PATRON_ZERO_AMOUNT_…, PATRON_DUPLICATES_…, PATRON_FILL_…, PATRON_TRANSFORM_…, PATRON_SCALE_…,
       CSV_… */
    static const char *const zero_words[] = {"drop", "keep", NULL}, *const duplicate_words[] = {"keep", "drop", NULL},
                             *const fill_words[] = {"reject", "zero", "mean", "median", NULL},
                             *const transform_words[] = {"none", "log1p", NULL},
                             *const scale_words[] = {"none", "zscore", "robust", NULL},
                             *const encoding_words[] = {"utf8", "latin1", "cp1252", NULL};
    switch (id) {
    case OPTION_FILL:
        return parse_word(&options->segment.fill, "fill", value, fill_words);
    case OPTION_TRANSFORM:
        return parse_word(&options->segment.transform, "transform", value, transform_words);
    case OPTION_SCALE:
        return parse_word(&options->segment.scale, "scale", value, scale_words);
    case OPTION_ZERO_PRICE:
        return parse_word(&options->history.zero_amount, "zero-price", value, zero_words);
    case OPTION_DUPLICATES:
        return parse_word(&options->history.duplicates, "duplicates", value, duplicate_words);
    default: /* OPTION_ENCODING */
        return parse_word(&options->form.encoding, "encoding", value, encoding_words);
    }
}

static int parse_setting(struct options *options, int id, const char *value)
{
    switch (id) {
    case OPTION_AS_OF:
        return parse_as_of(options, value);
    case OPTION_K:
        return parse_k(&options->segment, value);
    case OPTION_SMALLEST_SHARE:
        return parse_share(&options->segment.smallest_share, value);
    case OPTION_FEATURES:
        options->segment.features = value;
        return 0;
    case OPTION_MIN_ORDERS:
        return parse_int32(&options->segment.minimum_orders, "min-orders", value, 1, INT32_MAX);
    case OPTION_EXACT_PAIRS:
        return parse_int64(&options->segment.exact_pairs, "exact-pairs", value, 0, INT64_MAX);
    case OPTION_WINSOR:
        return parse_winsor(&options->segment, value);
    case OPTION_RECENT_DAYS:
        return parse_int64(&options->segment.recent_days, "recent-days", value, 1, 1000000);
    case OPTION_WINDOW_DAYS:
        return parse_int64(&options->segment.window_days, "window-days", value, 0, 1000000);
    case OPTION_ORDER_GAP:
        return parse_int64(&options->history.order_gap_s, "order-gap", value, 0, 1000000000);
    case OPTION_N_INIT:
        return parse_int32(&options->segment.n_init, "n-init", value, 1, 1000000);
    case OPTION_SEED:
        return parse_number(&options->segment.seed, "seed", value, 0, UINT64_MAX);
    case OPTION_THREADS:
        return parse_int32(&options->threads, "threads", value, 0, 1024);
    case OPTION_DELIMITER:
        return parse_delimiter(&options->form.delimiter, value);
    case OPTION_DECIMAL:
        return parse_decimal(&options->decimal, value);
    case OPTION_TIME_FORMAT:
        return parse_time_format(options, value);
    case OPTION_UTC_OFFSET:
        return parse_utc_offset(options, value);
    case OPTION_SEGMENTS:
        options->segments = value;
        return value[0] != '\0' && strcmp(value, "-") != 0 ? 0 : bad_value("segments", value, "give a file name");
    case OPTION_BOM:
        options->bom = true;
        return 0;
    case OPTION_JSON:
        options->json = value;
        return value[0] != '\0' ? 0 : bad_value("json", value, "give a file name, or -");
    case OPTION_MATCH_CANCELLATIONS:
        options->history.match_cancellations = 1;
        return 0;
    case OPTION_STRICT:
        options->history.strict = 1;
        return 0;
    default:
        return parse_word_setting(options, id, value);
    }
}

static int parse_option(struct options *options, int id, const char *value)
{
    if (id > OPTION_COLUMN && id < OPTION_COLUMN + PATRON_FIELD_COUNT) {
        options->columns[id - OPTION_COLUMN] = value;
        return 0;
    }
    switch (id) {
    case OPTION_JOIN:
        return set_text(&options->join, "join", value, "give a file name, or -");
    case OPTION_JOIN_ID:
        return set_text(&options->join_id, "join-id", value, "give the name of a column");
    case OPTION_CLUSTER:
        return set_text(&options->cluster, "cluster", value, "give names of columns, comma-separated");
    case OPTION_IGNORE:
        return set_text(&options->ignore, "ignore", value, "give names of columns, comma-separated");
    case OPTION_FORGET:
        return add_forget(options, value);
    case OPTION_FORGET_FILE:
        return set_text(&options->forget_file, "forget-file", value, "give a file name, or -");
    case OPTION_ONLY_CURRENCY:
        options->history.only_currency = value;
        return value[0] != '\0' && strlen(value) <= PATRON_MOST_CURRENCY_BYTES
                   ? 0
                   : bad_value("only-currency", value, "give a code, as in EUR");
    case OPTION_IGNORE_PRODUCTS:
        return set_text(&options->ignore_products, "ignore-products", value, "give codes, comma-separated");
    case OPTION_IGNORE_PRODUCTS_FILE:
        return set_text(&options->ignore_products_file, "ignore-products-file", value, "give a file name, or -");
    default:
        return parse_setting(options, id, value);
    }
}

static void set_defaults(struct options *options)
{
    *options = (struct options){.form = {.delimiter = ','}, .decimal = '.', .threads = 0};
    patron_history_options_init(&options->history, sizeof options->history);
    patron_segment_options_init(&options->segment, sizeof options->segment);
}

static int parse_operands(struct options *options, int argc, char **argv)
{
    if (optind == argc) return fail(EXIT_USAGE, "which file? Give ORDERS.csv, or - for standard input; see --help");
    if (argc - optind > 1) return fail(EXIT_USAGE, "give one file, not %d; see --help", argc - optind);
    options->input = argv[optind];
    return 0;
}

/* What only makes sense together, and what cannot be read twice. */
static int check_together(const struct options *options)
{
    if (options->join == NULL && (options->join_id != NULL || options->cluster != NULL || options->ignore != NULL))
        return fail(EXIT_USAGE, "--join-id, --cluster and --ignore are about the columns of --join FILE; give one");
    if (options->segment.features != NULL && text_trim(text_of(options->segment.features)).length == 0 &&
        options->cluster == NULL)
        return fail(EXIT_USAGE, "--features names none and --cluster is not there; there is nothing to group by");
    int from_stdin = strcmp(options->input, "-") == 0;
    from_stdin += options->join != NULL && strcmp(options->join, "-") == 0;
    from_stdin += options->forget_file != NULL && strcmp(options->forget_file, "-") == 0;
    from_stdin += options->ignore_products_file != NULL && strcmp(options->ignore_products_file, "-") == 0;
    return from_stdin <= 1 ? 0 : fail(EXIT_USAGE, "standard input (-) can be one file only");
}

static int write_help(void)
{
    int code = output_text(STDOUT_FILENO, "Usage: ", strlen("Usage: "));
    if (code == 0) code = output_text(STDOUT_FILENO, program_name(), strlen(program_name()));
    for (int i = 0; i < HELP_PARTS && code == 0; i++)
        code = output_text(STDOUT_FILENO, help_text[i], strlen(help_text[i]));
    return code;
}

bool options_parse(struct options *options, int argc, char **argv, int *code)
{
    int id;
    set_defaults(options);
    options->forget = calloc((size_t)argc + 1, sizeof *options->forget);
    if (options->forget == NULL) {
        *code = fail_memory();
        return false;
    }
    opterr = 0; /* the messages are ours */
    *code = 0;
    while (*code == 0 && (id = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (id == 'h' || id == OPTION_HELP) {
            *code = write_help();
            return false;
        }
        if (id == OPTION_VERSION || id == OPTION_LIST_FEATURES) {
            *code = id == OPTION_VERSION ? output_version() : catalogue_write();
            return false;
        }
        if (id == ':')
            *code = fail(EXIT_USAGE, "%s needs a value; see --help", argv[optind - 1]);
        else if (id == '?')
            *code = fail(EXIT_USAGE, "%s is no option, or takes no value; see --help", argv[optind - 1]);
        else
            *code = parse_option(options, id, optarg);
    }
    if (*code == 0) *code = parse_operands(options, argc, argv);
    if (*code == 0) *code = check_together(options);
    if (options->as_of_local) options->segment.as_of_s -= options->history.utc_offset_s;
    return *code == 0;
}

void options_free(struct options *options)
{
    free(options->forget);
    options->forget = NULL;
}
