/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times a history and its features: order lines made batch by batch, appended, and built; making them is not timed.

   usage: bench_features [--lines N] [--customers N] [--threads N] [--ids number|text] [--features rfm|all]
                         [--batch N] [--repeats N] [--seed N] [--json] [--output FOLDER]

   "rfm" is recency, frequency, money, tenure and order value, and needs customer, order, time, quantity and amount;
   with "all", the whole catalogue, products, categories, channels and discounts are appended too. Only a batch of lines
   is in memory beside the history, so --lines may be 1e9.

   --output writes the lines as columns of numbers (little-endian, a file each) and ends: bench/peers reads them. */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patron/patron.h>

#include "order_lines.h"
#include "support.h"

enum { APPEND, BUILD, BOTH, PARTS, MOST_REPEATS = 1000 };

static const char rfm_columns[] = "recency_days,frequency,monetary_gross,tenure_days,average_order_value";

typedef struct bench {
    order_lines_shop shop;
    patron_context context;
    int64_t batch;
    int32_t repeats;
    bool texts, all, json;
    const char *output;
    double seconds[PARTS][MOST_REPEATS];
    double peak_mib;
    const char *peak_from;
    int64_t customers; /* that have an order */
} bench;

/* A batch as the library takes it, and what it borrows. */
typedef struct stretch {
    order_lines lines;
    patron_orders orders;
    uint8_t *customer_bytes, *order_bytes, *product_bytes, *category_bytes, *channel_bytes;
    int64_t *id_offsets, *category_offsets, *channel_offsets;
} stretch;

static uint8_t product_names[ORDER_LINES_PRODUCTS * ORDER_LINES_ID_BYTES];

static void open_stretch(stretch *s, const bench *b)
{
    size_t n = (size_t)b->batch;
    memset(s, 0, sizeof *s);
    s->lines = order_lines_room(b->batch);
    s->id_offsets = bench_memory(n + 1, 8);
    for (int64_t i = 0; i <= b->batch; i++) s->id_offsets[i] = i * ORDER_LINES_ID_BYTES;
    s->customer_bytes = bench_memory(n, ORDER_LINES_ID_BYTES);
    s->order_bytes = bench_memory(n, ORDER_LINES_ID_BYTES);
    s->product_bytes = bench_memory(n, ORDER_LINES_ID_BYTES);
    s->category_offsets = bench_memory(n + 1, 8);
    for (int64_t i = 0; i <= b->batch; i++) s->category_offsets[i] = 3 * i;
    s->category_bytes = bench_memory(n, 3);
    s->channel_offsets = bench_memory(n + 1, 8);
    for (int64_t i = 0; i <= b->batch; i++) s->channel_offsets[i] = 2 * i;
    s->channel_bytes = bench_memory(n, 2);
    patron_orders *o = &s->orders;
    patron_orders_init(o, sizeof *o);
    if (b->texts) {
        o->customer_id = (patron_text){s->customer_bytes, s->id_offsets, NULL};
        o->order_id = (patron_text){s->order_bytes, s->id_offsets, NULL};
    } else {
        o->customer_number = s->lines.customer;
        o->order_number = s->lines.order;
    }
    o->time_s = s->lines.time_s;
    o->quantity = s->lines.quantity;
    o->amount = s->lines.amount;
    if (!b->all) return;
    o->discount = s->lines.discount;
    o->product = (patron_text){s->product_bytes, s->id_offsets, NULL};
    o->category = (patron_text){s->category_bytes, s->category_offsets, NULL};
    o->channel = (patron_text){s->channel_bytes, s->channel_offsets, NULL};
}

static void fill_stretch(stretch *s, const bench *b, int64_t first)
{
    int64_t left = b->shop.lines - first;
    s->orders.rows = left < b->batch ? left : b->batch;
    order_lines_make(&s->lines, &b->shop, first, s->orders.rows);
    if (b->texts) {
        order_lines_ids(s->customer_bytes, 'C', s->lines.customer, s->orders.rows);
        order_lines_ids(s->order_bytes, 'B', s->lines.order, s->orders.rows);
    }
    uint8_t *categories = s->category_bytes;
    for (int64_t i = 0; b->all && i < s->orders.rows; i++) {
        int32_t product = s->lines.product[i], category = product % ORDER_LINES_CATEGORIES;
        memcpy(s->product_bytes + i * ORDER_LINES_ID_BYTES, product_names + (size_t)product * ORDER_LINES_ID_BYTES,
               ORDER_LINES_ID_BYTES);
        categories[3 * i] = 'K';
        categories[3 * i + 1] = (uint8_t)('0' + category / 10);
        categories[3 * i + 2] = (uint8_t)('0' + category % 10);
        s->channel_bytes[2 * i] = 'N';
        s->channel_bytes[2 * i + 1] = (uint8_t)('0' + s->lines.channel[i]);
    }
}

static void close_stretch(stretch *s)
{
    order_lines_free(&s->lines);
    free(s->customer_bytes);
    free(s->order_bytes);
    free(s->product_bytes);
    free(s->id_offsets);
    free(s->category_bytes);
    free(s->category_offsets);
    free(s->channel_bytes);
    free(s->channel_offsets);
}

static void run(bench *b, stretch *s, double seconds[PARTS])
{
    patron_error error;
    patron_history *history;
    patron_features *features;
    patron_features_options options;
    bench_peak peak;
    bench_peak_start(&peak);
    bench_need(patron_history_create(&history, NULL, &b->context, &error), &error);
    seconds[APPEND] = 0.0;
    for (int64_t first = 0; first < b->shop.lines; first += b->batch) {
        fill_stretch(s, b, first);
        double start = bench_now();
        bench_need(patron_history_append(history, &s->orders, &b->context, &error), &error);
        seconds[APPEND] += bench_now() - start;
    }
    patron_features_options_init(&options, sizeof options);
    options.columns = b->all ? NULL : rfm_columns;
    double start = bench_now();
    bench_need(patron_features_build(&features, history, &options, &b->context, &error), &error);
    seconds[BUILD] = bench_now() - start;
    seconds[BOTH] = seconds[APPEND] + seconds[BUILD];
    double mib = bench_peak_mib(&peak);
    if (mib > b->peak_mib) b->peak_mib = mib;
    b->peak_from = peak.from;
    b->customers = patron_features_customer_count(features);
    patron_features_free(features);
    patron_history_free(history);
}

static void print(bench *b)
{
    static const char *const names[PARTS] = {[APPEND] = "append", [BUILD] = "build", [BOTH] = "both"};
    if (b->json)
        printf("{\"work\": \"features\", \"lines\": %" PRId64 ", \"customers\": %" PRId64 ", \"ids\": \"%s\", "
               "\"features\": \"%s\", \"threads\": %d, \"batch\": %" PRId64 ", \"repeats\": %d",
               b->shop.lines, b->customers, b->texts ? "text" : "number", b->all ? "all" : "rfm",
               (int)b->context.threads, b->batch, (int)b->repeats);
    else
        printf("%" PRId64 " order lines, %" PRId64 " customers with an order, %s ids, %s, %d threads, peak %.0f MiB\n",
               b->shop.lines, b->customers, b->texts ? "text" : "number", b->all ? "all" : "rfm",
               (int)b->context.threads, b->peak_mib);
    for (int part = APPEND; part < PARTS; part++) {
        double *all = b->seconds[part], median = bench_median(all, b->repeats);
        if (b->json)
            printf(", \"%s_s\": %.6f, \"%s_s_min\": %.6f, \"%s_s_max\": %.6f", names[part], median, names[part], all[0],
                   names[part], all[b->repeats - 1]);
        else
            printf("%-8s %10.3f s   (%.3f to %.3f)   %.1f ns a line\n", names[part], median, all[0],
                   all[b->repeats - 1], 1e9 * median / (double)b->shop.lines);
    }
    if (b->json)
        printf(", \"peak_mib\": %.1f, \"peak_from\": \"%s\", \"version\": \"%s\"}\n", b->peak_mib, b->peak_from,
               patron_version());
}

static FILE *open_column(const char *folder, const char *name)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) bench_refuse("--output is too long");
    FILE *file = fopen(path, "wb");
    if (file == NULL) bench_fail("%s cannot be written", path);
    return file;
}

static void write_columns(const bench *b)
{
    order_lines lines = order_lines_room(b->batch);
    const struct {
        const char *name;
        const void *values;
        size_t each;
    } columns[] = {{"customer.i64", lines.customer, 8}, {"order.i64", lines.order, 8},
                   {"time_s.i64", lines.time_s, 8},     {"quantity.f64", lines.quantity, 8},
                   {"amount.i64", lines.amount, 8},     {"discount.i64", lines.discount, 8},
                   {"product.i32", lines.product, 4},   {"channel.i32", lines.channel, 4}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    FILE *files[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) files[c] = open_column(b->output, columns[c].name);
    for (int64_t first = 0; first < b->shop.lines; first += b->batch) {
        int64_t left = b->shop.lines - first, rows = left < b->batch ? left : b->batch;
        order_lines_make(&lines, &b->shop, first, rows);
        for (int c = 0; c < COLUMNS; c++)
            if (fwrite(columns[c].values, columns[c].each, (size_t)rows, files[c]) != (size_t)rows)
                bench_fail("%s cannot be written", columns[c].name);
    }
    for (int c = 0; c < COLUMNS; c++)
        if (fclose(files[c]) != 0) bench_fail("%s cannot be written", columns[c].name);
    order_lines_free(&lines);
}

static bool chosen(const char *option, const char *text, const char *no, const char *yes)
{
    if (strcmp(text, no) != 0 && strcmp(text, yes) != 0)
        bench_refuse("--%s is %s; give %s or %s", option, text, no, yes);
    return strcmp(text, yes) == 0;
}

static void read_options(bench *b, int count, char **arguments)
{
    static const struct option known[] = {{"lines", required_argument, NULL, 'l'},
                                          {"customers", required_argument, NULL, 'c'},
                                          {"threads", required_argument, NULL, 't'},
                                          {"ids", required_argument, NULL, 'i'},
                                          {"features", required_argument, NULL, 'f'},
                                          {"batch", required_argument, NULL, 'b'},
                                          {"repeats", required_argument, NULL, 'r'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"output", required_argument, NULL, 'o'},
                                          {"json", no_argument, NULL, 'j'},
                                          {NULL, 0, NULL, 0}};
    b->shop = (order_lines_shop){.lines = 1000000, .customers = 100000, .seed = 1};
    patron_context_init(&b->context, sizeof b->context);
    b->batch = 1 << 20;
    b->repeats = 3;
    for (int c; (c = getopt_long(count, arguments, "", known, NULL)) != -1;) {
        if (c == 'l')
            b->shop.lines = bench_whole("lines", optarg, 1, 1000000000);
        else if (c == 'c')
            b->shop.customers = bench_whole("customers", optarg, 1, 999999999);
        else if (c == 't')
            b->context.threads = (int32_t)bench_whole("threads", optarg, 0, 1024);
        else if (c == 'i')
            b->texts = chosen("ids", optarg, "number", "text");
        else if (c == 'f')
            b->all = chosen("features", optarg, "rfm", "all");
        else if (c == 'b')
            b->batch = bench_whole("batch", optarg, 1, 1 << 28);
        else if (c == 'r')
            b->repeats = (int32_t)bench_whole("repeats", optarg, 1, MOST_REPEATS);
        else if (c == 's')
            b->shop.seed = (uint64_t)bench_whole("seed", optarg, 0, INT64_MAX);
        else if (c == 'o')
            b->output = optarg;
        else if (c == 'j')
            b->json = true;
        else
            bench_refuse("usage: bench_features [--lines N] [--customers N] [--threads N] [--ids number|text] "
                         "[--features rfm|all] [--batch N] [--repeats N] [--seed N] [--json] [--output FOLDER]");
    }
    if (b->batch > b->shop.lines) b->batch = b->shop.lines;
}

int main(int count, char **arguments)
{
    static bench b;
    stretch s;
    bench_name = "bench_features";
    read_options(&b, count, arguments);
    if (b.output != NULL) {
        write_columns(&b);
        return EXIT_SUCCESS;
    }
    int64_t numbers[ORDER_LINES_PRODUCTS];
    for (int64_t i = 0; i < ORDER_LINES_PRODUCTS; i++) numbers[i] = i;
    order_lines_ids(product_names, 'P', numbers, ORDER_LINES_PRODUCTS);
    open_stretch(&s, &b);
    for (int32_t i = 0; i < b.repeats; i++) {
        double seconds[PARTS];
        run(&b, &s, seconds);
        for (int part = APPEND; part < PARTS; part++) b.seconds[part][i] = seconds[part];
    }
    print(&b);
    close_stretch(&s);
    return EXIT_SUCCESS;
}
