/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Structs of any size and content into every function that takes or fills one, over small data. Each struct lies in a
   block of exactly the size it claims, so that a sanitizer sees what reads or writes beyond it. Pointers among the
   fields are NULL or point to what the field asks for: the library cannot know more of them. */
#include <math.h>
#include <stddef.h>

#include "fuzz/fuzz.h"

enum { ROWS = 8, COLS = 3, LINES = 12, LARGEST_CLAIM = 65536 };

static double points[ROWS * COLS] = {0, 1, 2, 0, 1, 3, 9, 9, 9, 9, 8, 9, 0, 2, 2, 9, 9, 8, 4, 4, 4, 5, 4, 4};
static double weights[ROWS] = {1, 1, 2, 1, 0, 1, 3, 1};
static double scores[ROWS], means[64], other[ROWS * COLS];
static int32_t labels[ROWS * 70];
static int64_t numbers[LINES] = {1, 1, 1, 2, 2, 2, 3, 4, 5, 5, 6, 7}, times[LINES], amounts[LINES];

/* What the cases use; made once. */
static patron_history *history;
static patron_features *features;
static patron_segmentation *segmentation;
static patron_kmeans *kmeans;
static patron_scaler *scaler;

static patron_orders some_orders(void)
{
    patron_orders orders;
    patron_orders_init(&orders, sizeof orders);
    orders.rows = LINES;
    orders.customer_number = numbers;
    orders.time_s = times;
    orders.amount = amounts;
    return orders;
}

static patron_rows some_rows(void)
{
    patron_rows rows;
    patron_rows_init(&rows, sizeof rows);
    rows.values = points;
    rows.rows = ROWS;
    rows.cols = COLS;
    return rows;
}

static void prepare(void)
{
    if (history != NULL) return;
    patron_rows rows = some_rows();
    for (int i = 0; i < LINES; i++) {
        times[i] = (19000 + 9 * (i % 5)) * INT64_C(86400);
        amounts[i] = 10000 * (i < 6 ? 50 : 1 + i);
    }
    patron_orders orders = some_orders();
    HOLDS(patron_history_create(&history, NULL, NULL, NULL) == PATRON_OK);
    HOLDS(patron_history_append(history, &orders, NULL, NULL) == PATRON_OK);
    HOLDS(patron_features_build(&features, history, NULL, NULL, NULL) == PATRON_OK);
    HOLDS(patron_segment(&segmentation, history, NULL, NULL, NULL) == PATRON_OK);
    HOLDS(patron_kmeans_fit(&kmeans, NULL, &rows, 2, NULL, NULL, NULL) == PATRON_OK);
    HOLDS(patron_scaler_fit(&scaler, &rows, NULL, NULL, NULL) == PATRON_OK);
}

/* A size as a caller might claim it: the right one, less, more, none. */
static size_t take_claim(tape *t, size_t known)
{
    uint8_t kind = take_byte(t);
    if (kind < 128) return known;
    if (kind < 190) return (size_t)take_byte(t) % (known + 1);
    if (kind < 250) return known + take_byte(t);
    return (size_t)take_bits(t);
}

/* The struct in a block of its claimed size (a claim beyond what is allowed is refused unread). */
static void *claimed(tape *t, const void *full, size_t known, size_t claim)
{
    size_t bytes = claim > LARGEST_CLAIM ? known : claim < sizeof claim ? sizeof claim : claim;
    uint8_t *block = exactly(bytes);
    memcpy(block, full, bytes < known ? bytes : known);
    if (bytes > known && take_below(t, 4) == 3) block[bytes - 1] = take_byte(t);
    memcpy(block, &claim, sizeof claim);
    return block;
}

/* Changes some of the 4-byte words of a struct, its size left alone. */
static void scramble(tape *t, void *full, size_t known)
{
    static const int32_t edges[] = {0, 1, -1, 2, INT32_MIN, INT32_MAX, 0x7FF00000, 0x7FF80000};
    size_t words = (known - sizeof(size_t)) / 4;
    for (int32_t changes = take_below(t, 4); changes > 0; changes--) {
        size_t at = sizeof(size_t) + 4 * (take_byte(t) % words);
        int32_t word = take_below(t, 2) == 0 ? edges[take_below(t, 8)] : (int32_t)take_whole(t);
        memcpy((uint8_t *)full + at, &word, sizeof word);
    }
}

/* BLOCK: a TYPE with defaults, scrambled, its pointers put right by FIX, in a block of the size it claims. */
#define TAKE(type, block, init, fix)                                                                                   \
    type full_##block;                                                                                                 \
    init;                                                                                                              \
    scramble(t, &full_##block, sizeof full_##block);                                                                   \
    fix;                                                                                                               \
    size_t claim_##block = take_claim(t, sizeof full_##block);                                                         \
    type *block = claimed(t, &full_##block, sizeof full_##block, claim_##block);                                       \
    bool sized_##block =                                                                                               \
        claim_##block > sizeof(size_t) && claim_##block <= LARGEST_CLAIM && claim_##block % sizeof(size_t) == 0

static int64_t patience;
static patron_error error;

static patron_context plain(void)
{
    patience = 60;
    return fuzz_context(1, &patience);
}

static void try_context(tape *t)
{
    TAKE(patron_context, context, full_context = plain(), {
        patron_context sound = plain();
        bool none = take_below(t, 2) == 1;
        full_context.allocate = sound.allocate;
        full_context.reallocate = none ? NULL : sound.reallocate;
        full_context.deallocate = sound.deallocate;
        full_context.progress = none ? NULL : sound.progress;
        full_context.progress_user = sound.progress_user;
        full_context.allocator_user = NULL;
    });
    if (full_context.threads < 0 || full_context.threads > 16) { /* 1024 threads are fine, and slow */
        if (claim_context > offsetof(patron_context, threads) + 4 && full_context.threads <= 1024) {
            int32_t few = full_context.threads < 0 ? full_context.threads : 3;
            memcpy((uint8_t *)context + offsetof(patron_context, threads), &few, sizeof few);
        }
    }
    patron_history *made = NULL;
    patron_kmeans *fitted = NULL;
    patron_rows rows = some_rows();
    HOLDS(fuzz_ok(patron_history_create(&made, NULL, context, &error), &error) == (made != NULL));
    HOLDS(made == NULL || sized_context);
    patron_history_free(made);
    HOLDS(fuzz_ok(patron_kmeans_fit(&fitted, labels, &rows, 2, NULL, context, &error), &error) == (fitted != NULL));
    patron_kmeans_free(fitted);
    free(context);
}

/* Rows may claim any shape; what they point to is there only for shapes within it. */
static void fix_rows(patron_rows *rows, tape *t)
{
    int64_t stride = rows->row_stride == 0 ? rows->cols : rows->row_stride;
    bool inside = rows->rows <= ROWS && rows->cols <= COLS && stride <= COLS;
    bool refused = rows->rows < 0 || rows->cols < 1 || stride < rows->cols;
    if (!inside && !refused) *rows = some_rows();
    rows->values = take_below(t, 8) == 7 ? NULL : points;
    rows->weights = take_below(t, 3) == 2 ? weights : NULL;
}

static void try_rows(tape *t)
{
    TAKE(patron_rows, rows, full_rows = some_rows(), fix_rows(&full_rows, t));
    patron_context context = plain();
    patron_kmeans *fitted = NULL;
    patron_scaler *scaled = NULL;
    patron_silhouette_result result = {.size = sizeof result};
    int32_t k = take_below(t, 4) == 3 ? (int32_t)take_whole(t) : 1 + take_below(t, 3);
    int32_t few[ROWS] = {0, 0, 1, 1, 0, 1, 2, 2};
    HOLDS(fuzz_ok(patron_kmeans_fit(&fitted, labels, rows, k, NULL, &context, &error), &error) == (fitted != NULL));
    HOLDS(fitted == NULL || sized_rows);
    patron_kmeans_free(fitted);
    HOLDS(fuzz_ok(patron_scaler_fit(&scaled, rows, NULL, &context, &error), &error) == (scaled != NULL));
    patron_scaler_free(scaled);
    fuzz_ok(patron_kmeans_predict(labels, kmeans, rows, &context, &error), &error);
    fuzz_ok(patron_scaler_transform(other, scaler, rows, &context, &error), &error);
    fuzz_ok(patron_scaler_inverse(other, scaler, rows, &context, &error), &error);
    fuzz_ok(patron_segmentation_assign(labels, segmentation, rows, &context, &error), &error);
    for (int i = 0; i < ROWS; i++) few[i] = take_below(t, 16) == 15 ? (int32_t)take_whole(t) : few[i];
    if (fuzz_ok(patron_silhouette(&result, scores, k <= 64 ? means : NULL, rows, few, k, &context, &error), &error))
        HOLDS(isnan(result.mean) || (result.mean >= -1.0 && result.mean <= 1.0));
    free(rows);
}

static void try_orders(tape *t)
{
    TAKE(patron_orders, orders, full_orders = some_orders(), {
        patron_orders sound = some_orders();
        sound.rows = full_orders.rows > LINES ? LINES : full_orders.rows;
        if (take_below(t, 4) == 3) sound.time_s = NULL;
        full_orders = sound;
    });
    patron_context context = plain();
    patron_history *made = NULL;
    TAKE(patron_history_options, options, patron_history_options_init(&full_options, sizeof full_options),
         full_options.only_currency = (uintptr_t)full_options.only_currency % 4 == 3 ? "7" : NULL);
    HOLDS(fuzz_ok(patron_history_create(&made, options, &context, &error), &error) == (made != NULL));
    HOLDS(made == NULL || sized_options);
    if (made != NULL && fuzz_ok(patron_history_append(made, orders, &context, &error), &error)) {
        patron_features *built = NULL;
        HOLDS(sized_orders);
        HOLDS(fuzz_ok(patron_features_build(&built, made, NULL, &context, &error), &error) == (built != NULL));
        patron_features_free(built);
    }
    patron_history_free(made);
    free(options);
    free(orders);
}

/* A list of names, some of them right. */
static const char *take_names(tape *t, char text[64])
{
    static const char *const pieces[] = {"rfm", ",", "recency_days", "frequency", " ", "x", "monetary_gross", "\xFF"};
    text[0] = '\0';
    if (take_below(t, 3) == 0) return NULL;
    for (int32_t count = take_below(t, 5); count > 0; count--) {
        const char *piece = pieces[take_below(t, 8)];
        if (strlen(text) + strlen(piece) < 63) strcat(text, piece);
    }
    return text;
}

static void try_scaler_and_kmeans_options(tape *t)
{
    static int32_t transforms[COLS];
    double column_weights[COLS] = {1.0, 2.0, take_number(t)};
    for (int c = 0; c < COLS; c++) transforms[c] = take_below(t, 8) == 7 ? (int32_t)take_whole(t) : take_below(t, 2);
    TAKE(patron_scaler_options, options, patron_scaler_options_init(&full_options, sizeof full_options), {
        full_options.column_transforms = take_below(t, 2) == 1 ? transforms : NULL;
        full_options.column_weights = take_below(t, 4) == 3 ? column_weights : NULL;
    });
    TAKE(patron_kmeans_options, how, patron_kmeans_options_init(&full_how, sizeof full_how), {
        full_how.initial_centroids = take_below(t, 4) == 3 ? points : NULL;
        if (full_how.n_init > 500) full_how.n_init = 500; /* any number is fine, and slow */
    });
    patron_context context = plain();
    patron_rows rows = some_rows();
    patron_scaler *made = NULL;
    patron_kmeans *fitted[4] = {NULL};
    HOLDS(fuzz_ok(patron_scaler_fit(&made, &rows, options, &context, &error), &error) == (made != NULL));
    HOLDS(made == NULL || sized_options);
    if (made != NULL) fuzz_ok(patron_scaler_transform(other, made, &rows, &context, &error), &error);
    patron_scaler_free(made);
    int32_t k_min = 1 + take_below(t, 4), k_max = k_min + take_below(t, 3);
    bool fits = fuzz_ok(patron_kmeans_sweep(fitted, labels, &rows, k_min, k_max, how, &context, &error), &error);
    for (int32_t i = 0; i <= k_max - k_min; i++) {
        HOLDS(fits == (fitted[i] != NULL));
        patron_kmeans_free(fitted[i]);
    }
    fitted[0] = NULL;
    HOLDS(fuzz_ok(patron_kmeans_fit(fitted, labels, &rows, k_min, how, &context, &error), &error) ==
          (fitted[0] != NULL));
    HOLDS(fitted[0] == NULL || sized_how);
    patron_kmeans_free(fitted[0]);
    free(how);
    free(options);
}

static void try_features_and_segment_options(tape *t)
{
    char names[64], grouped[64];
    TAKE(patron_features_options, wanted, patron_features_options_init(&full_wanted, sizeof full_wanted),
         full_wanted.columns = take_names(t, names));
    TAKE(patron_segment_options, options, patron_segment_options_init(&full_options, sizeof full_options), {
        full_options.features = take_names(t, grouped);
        if (full_options.n_init > 500) full_options.n_init = 500;
    });
    patron_context context = plain();
    patron_features *built = NULL;
    patron_segmentation *made = NULL;
    HOLDS(fuzz_ok(patron_features_build(&built, history, wanted, &context, &error), &error) == (built != NULL));
    HOLDS(built == NULL || sized_wanted);
    HOLDS(fuzz_ok(patron_segment(&made, history, options, &context, &error), &error) == (made != NULL));
    HOLDS(made == NULL || sized_options);
    patron_segmentation_free(made);
    made = NULL;
    const patron_features *of = built != NULL ? built : features;
    HOLDS(fuzz_ok(patron_segmentation_fit(&made, of, options, &context, &error), &error) == (made != NULL));
    fuzz_ok(patron_segmentation_assign_features(labels, segmentation, of, &context, &error), &error);
    patron_segmentation_free(made);
    patron_features_free(built);
    free(options);
    free(wanted);
}

/* A text column of so many texts, each of some bytes of a small pool. */
static patron_text take_texts(tape *t, int64_t rows, const char *pool, int64_t *offsets)
{
    int64_t length = (int64_t)strlen(pool), at = 0;
    for (int64_t i = 0; i <= rows; i++) {
        offsets[i] = at;
        at += take_below(t, 4);
        if (at > length) at = length;
    }
    if (take_below(t, 16) == 15) offsets[rows] = take_below(t, (int32_t)length + 1) - INT64_C(1);
    return (patron_text){(const uint8_t *)pool, offsets, NULL};
}

static void try_join(tape *t)
{
    int64_t ids[LINES], id_offsets[LINES + 1], name_offsets[COLS + 1];
    double values[LINES * COLS];
    int32_t roles[COLS];
    patron_attributes sound;
    patron_attributes_init(&sound, sizeof sound);
    sound.rows = take_below(t, LINES + 1);
    sound.cols = 1 + take_below(t, COLS);
    for (int i = 0; i < LINES; i++) ids[i] = take_below(t, 8) == 7 ? take_whole(t) : i;
    for (int i = 0; i < LINES * COLS; i++) values[i] = take_number(t);
    for (int c = 0; c < COLS; c++) roles[c] = take_below(t, 8) == 7 ? (int32_t)take_whole(t) : take_below(t, 3);
    if (take_below(t, 2) == 0)
        sound.customer_number = ids;
    else
        sound.customer_id = take_texts(t, sound.rows, "123456712\xC3\xA9", id_offsets);
    sound.names = take_texts(t, sound.cols, "agerfm,\xFFsize", name_offsets);
    sound.values = take_below(t, 16) == 15 ? NULL : values;
    sound.roles = take_below(t, 2) == 1 ? roles : NULL;
    size_t claim = take_claim(t, sizeof sound);
    patron_attributes *attributes = claimed(t, &sound, sizeof sound, claim);
    patron_context context = plain();
    patron_features *joined = NULL;
    patron_segmentation *made = NULL;
    patron_join report = {.size = sizeof report};
    bool joins = fuzz_ok(patron_features_join(&joined, &report, features, attributes, &context, &error), &error);
    HOLDS(joins == (joined != NULL));
    if (joins) {
        int64_t customers = patron_features_customer_count(features);
        HOLDS(report.rows == report.customers_matched + report.ids_without_order + report.rows_without_id);
        HOLDS(customers == report.customers_matched + report.customers_without_row);
        HOLDS(patron_features_customer_count(joined) == customers);
        HOLDS(fuzz_ok(patron_segmentation_fit(&made, joined, NULL, &context, &error), &error) == (made != NULL));
    }
    patron_segmentation_free(made);
    patron_features_free(joined);
    free(attributes);
}

/* Result structs: filled up to what they claim, and refused where the claim or the number is none. */
#define FILL(type, call)                                                                                               \
    do {                                                                                                               \
        type zero;                                                                                                     \
        memset(&zero, 0, sizeof zero);                                                                                 \
        size_t claim = take_claim(t, sizeof zero);                                                                     \
        type *out = claimed(t, &zero, sizeof zero, claim);                                                             \
        if (fuzz_ok(call, &error)) HOLDS(claim > sizeof claim && claim <= LARGEST_CLAIM);                              \
        memcpy(&claim, out, sizeof claim);                                                                             \
        free(out);                                                                                                     \
    } while (0)

static void try_results(tape *t)
{
    patron_context context = plain();
    int64_t at = take_below(t, 4) == 3 ? take_whole(t) : take_below(t, 4);
    int32_t id = (int32_t)at;
    patron_rows rows = some_rows();
    int32_t two[ROWS] = {0, 0, 1, 1, 0, 1, 0, 1};
    double mean, median;
    patron_text texts;
    int64_t count;
    FILL(patron_audit, patron_history_audit(out, history, PATRON_AS_OF_LAST, &context, &error));
    FILL(patron_audit, patron_features_audit(out, features, &error));
    FILL(patron_rejected, patron_history_rejected(out, history, at, &error));
    FILL(patron_column, patron_feature_info(out, at, &error));
    FILL(patron_column, patron_matrix_column(out, patron_features_matrix(features), at, &error));
    FILL(patron_rows, patron_matrix_view(out, patron_features_matrix(features), &error));
    FILL(patron_customer_value, patron_features_value(out, features, at, &error));
    FILL(patron_scaler_column, patron_scaler_column_get(out, scaler, at, &error));
    FILL(patron_kmeans_result, patron_kmeans_result_get(out, kmeans, &error));
    FILL(patron_silhouette_result, patron_silhouette(out, NULL, NULL, &rows, two, 2, &context, &error));
    FILL(patron_segment_info, patron_segmentation_segment(out, segmentation, id, &error));
    FILL(patron_candidate, patron_segmentation_candidate(out, segmentation, id, &error));
    FILL(patron_segment_options, patron_segmentation_options(out, segmentation, &error));
    FILL(patron_claim, patron_persona_claim(out, segmentation, id, take_below(t, 4), &error));
    fuzz_ok(patron_segmentation_statistic(&mean, &median, segmentation, id, take_whole(t), &error), &error);
    FILL(patron_common_value, patron_segmentation_most_common(out, segmentation, id, at, &error));
    if (fuzz_ok(patron_features_code_texts(&texts, &count, features, take_below(t, 40), &error), &error))
        HOLDS(count >= 0 && texts.offsets[count] >= 0);
    HOLDS(patron_persona_claim_count(segmentation, id) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(tape *) = {
        try_context, try_rows, try_orders, try_scaler_and_kmeans_options, try_features_and_segment_options,
        try_results};
    tape t = {data, size, 0};
    prepare();
    uint8_t choice = take_byte(&t);
    (choice >= 240 ? try_join : tries[choice % (sizeof tries / sizeof *tries)])(&t);
    return 0;
}
