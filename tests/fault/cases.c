/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One case for each public function, on a shop of seven customers: small, so that the loops stay fast under sanitizers.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fault/fault.h"
#include "support/arrow_stream.h"
#include "support/suite.h"

enum { LINES = 24, CUSTOMERS = 7, ROWS = 7, COLS = 2 };

#define DAY 86400

/* Customers 1-3 buy often and much, 4-7 once or twice; one line has no product, one is a return, one has a bad
 * category. */
static int64_t customer_numbers[LINES] = {1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 7};
static int64_t order_numbers[LINES] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                                       13, 14, 15, 16, 16, 17, 17, 18, 18, 19, 19, 19};
static int64_t times[LINES], amounts[LINES];
static double quantities[LINES];
static const uint8_t texts[] = "tea"
                               "cup"
                               "\xFF\xFE\xFD";
static int64_t product_offsets[LINES + 1], category_offsets[LINES + 1];
static const uint8_t line_ids[LINES + 1] = "AAAAABBBBBCCCCCDDEEFFGGG";
static int64_t id_offsets[LINES + 1];

static patron_orders orders;
static patron_attributes attributes;
static patron_history *history;
static patron_features *features, *joined;
static patron_segmentation *segmentation;
static patron_kmeans *kmeans;
static patron_scaler *scaler;
static patron_document *document;
static patron_rows rows;

static double points[ROWS * COLS] = {0.0, 0.0, 0.5, 0.0, 0.0, 0.5, 9.0, 9.0, 9.5, 9.0, 9.0, 9.5, 9.25, 9.0};
static int32_t labels[ROWS] = {0, 0, 0, 1, 1, 1, 1};

/* What the shop knows of its customers; 99 is none. */
static const int64_t name_offsets[3] = {0, 3, 6};
static const int64_t joined_numbers[ROWS] = {1, 2, 3, 4, 5, 6, 99};
static const int32_t roles[COLS] = {PATRON_ROLE_CLUSTER, PATRON_ROLE_PROFILE};

static void fill_columns(void)
{
    for (int64_t i = 0; i < LINES; i++) {
        int64_t customer = customer_numbers[i];
        times[i] = 18000 * (int64_t)DAY + (customer <= 3 ? 20 * i : 3 * customer) * (int64_t)DAY;
        amounts[i] = (customer <= 3 ? 1000000 : 50000) + 1000 * i;
        quantities[i] = 1.0;
        product_offsets[i + 1] = i == 0 ? 0 : 3;
        product_offsets[i] = 0;
        id_offsets[i + 1] = i + 1;
    }
    quantities[4] = -1.0;
    amounts[4] = -amounts[4];
    for (int64_t i = 0; i <= LINES; i++) product_offsets[i] = i == 0 ? 0 : 3;
    for (int64_t i = 0; i <= LINES; i++) category_offsets[i] = i < LINES - 1 ? 3 : i == LINES ? 9 : 6;
}

void fault_begin(void)
{
    fill_columns();
    patron_orders_init(&orders, sizeof orders);
    orders.rows = LINES;
    orders.customer_number = customer_numbers;
    orders.order_number = order_numbers;
    orders.time_s = times;
    orders.quantity = quantities;
    orders.amount = amounts;
    orders.product = (patron_text){texts, product_offsets, NULL};
    orders.category = (patron_text){texts, category_offsets, NULL};
    patron_rows_init(&rows, sizeof rows);
    rows.values = points;
    rows.rows = ROWS;
    rows.cols = COLS;
    patron_attributes_init(&attributes, sizeof attributes);
    attributes.rows = ROWS;
    attributes.customer_number = joined_numbers;
    attributes.cols = COLS;
    attributes.names = (patron_text){texts, name_offsets, NULL};
    attributes.values = points;
    attributes.roles = roles;
    ck_assert_int_eq(patron_history_create(&history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_history_append(history, &orders, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_build(&features, history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_features_join(&joined, NULL, features, &attributes, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_segment(&segmentation, history, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_kmeans_fit(&kmeans, NULL, &rows, 2, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_scaler_fit(&scaler, &rows, NULL, NULL, NULL), PATRON_OK);
    ck_assert_int_eq(patron_report_json(&document, segmentation, history, NULL, NULL), PATRON_OK);
}

void fault_end(void)
{
    patron_document_free(document);
    patron_scaler_free(scaler);
    patron_kmeans_free(kmeans);
    patron_segmentation_free(segmentation);
    patron_features_free(joined);
    patron_features_free(features);
    patron_history_free(history);
}

/* A function that makes a handle: NULL on failure, freed on success. */
#define MAKES(name, type, call)                                                                                        \
    static patron_status run_##name(const patron_context *context, patron_error *error)                                \
    {                                                                                                                  \
        type *made = (type *)(uintptr_t)0xDEAD;                                                                        \
        patron_status status = call;                                                                                   \
        ck_assert_msg((status == PATRON_OK) == (made != NULL), #name " leaves a handle on failure");                   \
        type##_free(made);                                                                                             \
        return status;                                                                                                 \
    }

/* A function that fills what the caller owns. */
#define FILLS(name, declare, call)                                                                                     \
    static patron_status run_##name(const patron_context *context, patron_error *error)                                \
    {                                                                                                                  \
        declare;                                                                                                       \
        (void)context;                                                                                                 \
        (void)error;                                                                                                   \
        return call;                                                                                                   \
    }

/* A function that cannot fail: `holds` says what it must give. */
#define GIVES(name, holds)                                                                                             \
    static patron_status run_##name(const patron_context *context, patron_error *error)                                \
    {                                                                                                                  \
        (void)context;                                                                                                 \
        (void)error;                                                                                                   \
        ck_assert(holds);                                                                                              \
        return PATRON_OK;                                                                                              \
    }

/* An options struct's defaults, also for a caller that knows half of it, and NULL. */
#define INITS(name, type)                                                                                              \
    static patron_status run_##name(const patron_context *context, patron_error *error)                                \
    {                                                                                                                  \
        type made;                                                                                                     \
        (void)context;                                                                                                 \
        (void)error;                                                                                                   \
        memset(&made, 0xFF, sizeof made);                                                                              \
        name(NULL, sizeof made);                                                                                       \
        name(&made, sizeof made);                                                                                      \
        ck_assert_uint_eq(made.size, sizeof made);                                                                     \
        name(&made, offsetof(type, size) + 2 * sizeof made.size);                                                      \
        ck_assert_uint_eq(made.size, 2 * sizeof made.size);                                                            \
        return PATRON_OK;                                                                                              \
    }

INITS(patron_context_init, patron_context)
INITS(patron_rows_init, patron_rows)
INITS(patron_orders_init, patron_orders)
INITS(patron_arrow_columns_init, patron_arrow_columns)
INITS(patron_history_options_init, patron_history_options)
INITS(patron_features_options_init, patron_features_options)
INITS(patron_attributes_init, patron_attributes)
INITS(patron_scaler_options_init, patron_scaler_options)
INITS(patron_kmeans_options_init, patron_kmeans_options)
INITS(patron_segment_options_init, patron_segment_options)

GIVES(patron_version, strcmp(patron_version(), PATRON_VERSION) == 0)
GIVES(patron_status_text, strlen(patron_status_text(PATRON_OK)) > 0)
GIVES(patron_status_name, strcmp(patron_status_name(PATRON_OK), "PATRON_OK") == 0)
GIVES(patron_field_name,
      strcmp(patron_field_name(PATRON_FIELD_CUSTOMER), "customer") == 0 && patron_field_name(-1)[0] == 0)
GIVES(patron_reason_text,
      strcmp(patron_reason_text(PATRON_REASON_MISSING), "missing") == 0 && patron_reason_text(99)[0] == 0)
GIVES(patron_fate_name, strcmp(patron_fate_name(PATRON_FATE_PURCHASE), "purchase") == 0 && patron_fate_name(-1)[0] == 0)

/* history */
MAKES(patron_history_create, patron_history, patron_history_create(&made, NULL, context, error))

/* Appends one batch with number ids and one with text ids; a failed append must leave the rows as they were. */
static patron_status run_patron_history_append(const patron_context *context, patron_error *error)
{
    patron_history *made = NULL;
    patron_orders more = orders;
    int64_t had = 0;
    patron_status status = patron_history_create(&made, NULL, context, error);
    if (status != PATRON_OK) return status;
    more.customer_number = NULL;
    more.customer_id = (patron_text){line_ids, id_offsets, NULL};
    status = patron_history_append(made, &orders, context, error);
    if (status == PATRON_OK) {
        had = LINES;
        status = patron_history_append(made, &more, context, error);
        if (status == PATRON_OK) had += LINES;
    }
    ck_assert_int_eq(patron_history_row_count(made), had);
    patron_history_free(made);
    return status;
}

/* Two batches, of which the second may be the one that fails: then neither is kept; all is released in any case. */
static patron_status run_patron_history_append_arrow(const patron_context *context, patron_error *error)
{
    static const arrow_cell ids[4] = {{.text = "a"}, {.text = "b"}, {.null = true}, {.text = "c"}},
                            when[4] = {{.whole = 1}, {.whole = 2}, {.whole = 3}, {.null = true}},
                            money[4] = {{.whole = 100}, {.whole = 205}, {.whole = 300}, {.whole = 400}};
    static const arrow_made_column columns[] = {{"customer", "u", NULL, ids},      {"time", "tsm:", NULL, when},
                                                {"amount", "d:18,6", NULL, money}, {"product", "l", NULL, when},
                                                {"category", "vu", "c", ids},      {"discount", "n", NULL, ids},
                                                {"order", "g", NULL, money}};
    arrow_source source = {.columns = columns, .cols = 7, .rows = 4, .batch = 2};
    struct ArrowArrayStream stream;
    patron_history *made = NULL;
    patron_status status = patron_history_create(&made, NULL, context, error);
    if (status != PATRON_OK) return status;
    arrow_stream_open(&stream, &source);
    status = patron_history_append_arrow(made, &stream, NULL, context, error);
    ck_assert_int_eq(patron_history_row_count(made), status == PATRON_OK ? 4 : 0);
    ck_assert_int_eq(source.live, 0);
    patron_history_free(made);
    return status;
}

/* A failed call must leave the customer's rows where they were. */
static patron_status run_patron_history_forget(const patron_context *context, patron_error *error)
{
    patron_history *made = NULL;
    patron_status status = patron_history_create(&made, NULL, context, error);
    if (status != PATRON_OK) return status;
    status = patron_history_append(made, &orders, context, error);
    if (status == PATRON_OK) {
        status = patron_history_forget(made, (const uint8_t *)"4", 1, context, error);
        ck_assert_int_eq(patron_history_row_count(made), status == PATRON_OK ? LINES - 2 : LINES);
    }
    patron_history_free(made);
    return status;
}

/* A failed call must leave no merge behind: the same one goes well afterwards, and so does its reverse. */
static patron_status run_patron_history_merge(const patron_context *context, patron_error *error)
{
    static const uint8_t other[] = "an id longer than a key holds";
    patron_history *made = NULL;
    patron_status status = patron_history_create(&made, NULL, context, error);
    if (status != PATRON_OK) return status;
    status = patron_history_append(made, &orders, context, error);
    if (status == PATRON_OK) {
        status = patron_history_merge(made, (const uint8_t *)"4", 1, other, sizeof other - 1, context, error);
        patron_status reverse =
            patron_history_merge(made, other, sizeof other - 1, (const uint8_t *)"4", 1, NULL, NULL);
        ck_assert(status != PATRON_OK ? reverse != PATRON_INVALID_ARGUMENT : reverse == PATRON_INVALID_ARGUMENT);
    }
    patron_history_free(made);
    return status;
}

static patron_status run_patron_history_ignore_products(const patron_context *context, patron_error *error)
{
    static const uint8_t bytes[] = "teaa product longer than a key holds";
    const int64_t offsets[3] = {0, 3, sizeof bytes - 1};
    const patron_text products = {bytes, offsets, NULL};
    patron_audit audit = {.size = sizeof audit};
    patron_history *made = NULL;
    patron_status status = patron_history_create(&made, NULL, context, error);
    if (status != PATRON_OK) return status;
    status = patron_history_append(made, &orders, context, error);
    if (status == PATRON_OK) status = patron_history_ignore_products(made, &products, 2, context, error);
    if (status == PATRON_OK) status = patron_history_audit(&audit, made, PATRON_AS_OF_LAST, context, error);
    ck_assert(status != PATRON_OK || audit.fates[PATRON_FATE_IGNORED_PRODUCT] > 0);
    patron_history_free(made);
    return status;
}

static patron_status run_patron_history_free(const patron_context *context, patron_error *error)
{
    (void)context;
    (void)error;
    patron_history_free(NULL);
    return PATRON_OK;
}

GIVES(patron_history_row_count, patron_history_row_count(history) == LINES && patron_history_row_count(NULL) == 0)
FILLS(patron_history_audit, patron_audit audit = {.size = sizeof audit},
      patron_history_audit(&audit, history, PATRON_AS_OF_LAST, context, error))
FILLS(patron_history_fates, uint8_t fates[LINES],
      patron_history_fates(fates, history, PATRON_AS_OF_LAST, context, error))
FILLS(patron_history_rejected, patron_rejected rejected = {.size = sizeof rejected},
      patron_history_rejected(&rejected, history, 0, error))

/* features */
MAKES(patron_features_build, patron_features, patron_features_build(&made, history, NULL, context, error))
GIVES(patron_feature_count, patron_feature_count() > 0)
FILLS(patron_feature_info, patron_column column = {.size = sizeof column}, patron_feature_info(&column, 0, error))
GIVES(patron_features_matrix, patron_features_matrix(features) != NULL && patron_features_matrix(NULL) == NULL)
GIVES(patron_features_customer_count, patron_features_customer_count(features) == CUSTOMERS)
FILLS(patron_features_customer_id, const uint8_t *bytes;
      int64_t length, patron_features_customer_id(&bytes, &length, features, 0, error))
FILLS(patron_features_customer_ids, patron_text ids, patron_features_customer_ids(&ids, features, error))
FILLS(patron_features_code_texts, patron_text texts_of_codes;
      int64_t count,
      patron_features_code_texts(&texts_of_codes, &count, features,
                                 patron_matrix_find(patron_features_matrix(features), "first_category"), error))
GIVES(patron_features_find, patron_features_find(features, (const uint8_t *)"2", 1) == 1)
FILLS(patron_features_value, patron_customer_value value = {.size = sizeof value},
      patron_features_value(&value, features, 0, error))
FILLS(patron_features_audit, patron_audit audit = {.size = sizeof audit},
      patron_features_audit(&audit, features, error))
/* Joins to what is joined already, whose names must be owned anew. */
static patron_status run_patron_features_join(const patron_context *context, patron_error *error)
{
    static const uint8_t more_names[] = "agetax";
    patron_features *made = (patron_features *)(uintptr_t)0xDEAD;
    patron_join report = {.size = sizeof report};
    patron_attributes more = attributes;
    more.names.bytes = more_names;
    patron_status status = patron_features_join(&made, &report, joined, &more, context, error);
    ck_assert_msg((status == PATRON_OK) == (made != NULL), "patron_features_join leaves a handle on failure");
    patron_features_free(made);
    return status;
}

GIVES(patron_features_free, (patron_features_free(NULL), true))

/* matrix */
GIVES(patron_matrix_row_count, patron_matrix_row_count(patron_features_matrix(features)) == CUSTOMERS)
GIVES(patron_matrix_column_count,
      patron_matrix_column_count(patron_features_matrix(features)) == patron_feature_count())
FILLS(patron_matrix_column, patron_column column = {.size = sizeof column},
      patron_matrix_column(&column, patron_features_matrix(features), 0, error))
GIVES(patron_matrix_find, patron_matrix_find(patron_features_matrix(features), "recency_days") == 0)
GIVES(patron_matrix_values, patron_matrix_values(patron_features_matrix(features)) != NULL)
FILLS(patron_matrix_view, patron_rows view;
      patron_rows_init(&view, sizeof view), patron_matrix_view(&view, patron_features_matrix(features), error))

/* scaler */
static patron_status run_patron_scaler_fit(const patron_context *context, patron_error *error)
{
    patron_scaler *made = (patron_scaler *)(uintptr_t)0xDEAD;
    patron_scaler_options options;
    double holes[ROWS * COLS];
    patron_rows view = rows;
    memcpy(holes, points, sizeof holes);
    holes[3] = (double)NAN;
    view.values = holes;
    patron_scaler_options_init(&options, sizeof options);
    options.fill = PATRON_FILL_MEDIAN;
    patron_status status = patron_scaler_fit(&made, &view, &options, context, error);
    ck_assert((status == PATRON_OK) == (made != NULL));
    patron_scaler_free(made);
    return status;
}

FILLS(patron_scaler_transform, double out[ROWS * COLS], patron_scaler_transform(out, scaler, &rows, context, error))
FILLS(patron_scaler_inverse, double out[ROWS * COLS], patron_scaler_inverse(out, scaler, &rows, context, error))
GIVES(patron_scaler_column_count, patron_scaler_column_count(scaler) == COLS)
FILLS(patron_scaler_column_get, patron_scaler_column column = {.size = sizeof column},
      patron_scaler_column_get(&column, scaler, 0, error))
GIVES(patron_scaler_free, (patron_scaler_free(NULL), true))

/* kmeans, silhouette */
MAKES(patron_kmeans_fit, patron_kmeans, patron_kmeans_fit(&made, NULL, &rows, 2, NULL, context, error))

static patron_status run_patron_kmeans_sweep(const patron_context *context, patron_error *error)
{
    patron_kmeans *made[3] = {kmeans, kmeans, kmeans};
    int32_t found[3 * ROWS];
    patron_status status = patron_kmeans_sweep(made, found, &rows, 2, 4, NULL, context, error);
    for (int i = 0; i < 3; i++) {
        ck_assert((status == PATRON_OK) == (made[i] != NULL));
        patron_kmeans_free(made[i]);
    }
    return status;
}

FILLS(patron_kmeans_result_get, patron_kmeans_result result = {.size = sizeof result},
      patron_kmeans_result_get(&result, kmeans, error))
GIVES(patron_kmeans_centroids, patron_kmeans_centroids(kmeans) != NULL && patron_kmeans_centroids(NULL) == NULL)
GIVES(patron_kmeans_sizes, patron_kmeans_sizes(kmeans)[0] == 3 && patron_kmeans_sizes(NULL) == NULL)
GIVES(patron_kmeans_trace, patron_kmeans_trace(kmeans)[0] >= 0.0 && patron_kmeans_trace(NULL) == NULL)
FILLS(patron_kmeans_predict, int32_t found[ROWS], patron_kmeans_predict(found, kmeans, &rows, context, error))
FILLS(patron_kmeans_transform, double found[ROWS * 2], patron_kmeans_transform(found, kmeans, &rows, context, error))
GIVES(patron_kmeans_default_n_init, patron_kmeans_default_n_init(INT64_MAX) == 10)
GIVES(patron_kmeans_free, (patron_kmeans_free(NULL), true))
FILLS(patron_silhouette, patron_silhouette_result result = {.size = sizeof result}; double scores[ROWS];
      double means[2], patron_silhouette(&result, scores, means, &rows, labels, 2, context, error))
FILLS(patron_silhouette_squared, patron_silhouette_result result = {.size = sizeof result},
      patron_silhouette_squared(&result, NULL, NULL, &rows, labels, 2, context, error))
FILLS(patron_silhouette_simplified, patron_silhouette_result result = {.size = sizeof result},
      patron_silhouette_simplified(&result, NULL, NULL, &rows, labels, 2, context, error))
FILLS(patron_calinski_harabasz, double value, patron_calinski_harabasz(&value, &rows, labels, 2, context, error))
FILLS(patron_davies_bouldin, double value, patron_davies_bouldin(&value, &rows, labels, 2, context, error))

/* Two labelings of rows enough for the engine of many rows. */
static patron_status run_patron_silhouette_sweep(const patron_context *context, patron_error *error)
{
    enum { MANY = 1100 };
    static double values[MANY];
    static int32_t several[2 * MANY];
    static const int32_t k[2] = {2, 3};
    patron_silhouette_result results[2] = {{.size = sizeof *results}, {.size = sizeof *results}};
    patron_rows view;
    for (int64_t i = 0; i < MANY; i++) {
        values[i] = (double)(i % 97);
        several[i] = (int32_t)(i % 2);
        several[MANY + i] = (int32_t)(i % 3);
    }
    patron_rows_init(&view, sizeof view);
    view.values = values;
    view.rows = MANY;
    view.cols = 1;
    return patron_silhouette_sweep(results, NULL, NULL, &view, several, k, 2, context, error);
}

GIVES(patron_silhouette_estimate_options_init, (patron_silhouette_estimate_options_init(NULL, 0), true))

/* Two labelings of more rows than are all scored. */
enum { SAMPLED = 4200 };
static double sampled_values[SAMPLED];
static int32_t sampled_labels[2 * SAMPLED];

static patron_rows sampled_rows(void)
{
    patron_rows view;
    for (int64_t i = 0; i < SAMPLED; i++) {
        sampled_values[i] = (double)(i % 197);
        sampled_labels[i] = i % 197 > 80;
        sampled_labels[SAMPLED + i] = i % 197 > 120;
    }
    patron_rows_init(&view, sizeof view);
    view.values = sampled_values;
    view.rows = SAMPLED;
    view.cols = 1;
    return view;
}

static patron_status run_patron_silhouette_estimate(const patron_context *context, patron_error *error)
{
    patron_silhouette_estimate_result result = {.size = sizeof result};
    double means[2], half_widths[2];
    patron_rows view = sampled_rows();
    return patron_silhouette_estimate(&result, means, half_widths, &view, sampled_labels, 2, NULL, context, error);
}

static patron_status run_patron_silhouette_compare(const patron_context *context, patron_error *error)
{
    static const int32_t k[2] = {2, 2};
    patron_silhouette_comparison comparison = {.size = sizeof comparison};
    patron_rows view = sampled_rows();
    return patron_silhouette_compare(&comparison, NULL, &view, sampled_labels, k, 2, NULL, context, error);
}

/* segment, persona, pipeline, report */
MAKES(patron_segment, patron_segmentation, patron_segment(&made, history, NULL, context, error))

static patron_status run_patron_segmentation_fit(const patron_context *context, patron_error *error)
{
    patron_segmentation *made = (patron_segmentation *)(uintptr_t)0xDEAD;
    patron_segment_options options;
    patron_segment_options_init(&options, sizeof options);
    options.fill = PATRON_FILL_MEDIAN;
    options.scale = PATRON_SCALE_ROBUST;
    options.winsor_high = 0.9;
    options.minimum_orders = 2;
    options.exact_pairs = 0;
    patron_status status = patron_segmentation_fit(&made, joined, &options, context, error);
    ck_assert_msg((status == PATRON_OK) == (made != NULL), "patron_segmentation_fit leaves a handle on failure");
    patron_segmentation_free(made);
    return status;
}

GIVES(patron_segmentation_count, patron_segmentation_count(segmentation) >= 2)
FILLS(patron_segmentation_segment, patron_segment_info info = {.size = sizeof info},
      patron_segmentation_segment(&info, segmentation, 0, error))
FILLS(patron_segmentation_most_common, patron_common_value common = {.size = sizeof common},
      patron_segmentation_most_common(&common, segmentation, -1, 0, error))
FILLS(patron_segmentation_statistic, double mean;
      double median, patron_segmentation_statistic(&mean, &median, segmentation, -1, 0, error))
GIVES(patron_segmentation_features, patron_segmentation_features(segmentation) != NULL)
GIVES(patron_segmentation_labels, patron_segmentation_labels(segmentation)[CUSTOMERS - 1] >= 0)
GIVES(patron_segmentation_silhouettes, patron_segmentation_silhouettes(segmentation)[0] <= 1.0)
GIVES(patron_segmentation_candidate_count, patron_segmentation_candidate_count(segmentation) == 3)
FILLS(patron_segmentation_candidate, patron_candidate candidate = {.size = sizeof candidate},
      patron_segmentation_candidate(&candidate, segmentation, 0, error))
GIVES(patron_segmentation_silhouette, patron_segmentation_silhouette(segmentation) > 0.0)
FILLS(patron_segmentation_choice, patron_choice choice = {.size = sizeof choice},
      patron_segmentation_choice(&choice, segmentation, error))
FILLS(patron_segmentation_options, patron_segment_options options = {.size = sizeof options},
      patron_segmentation_options(&options, segmentation, error))

static patron_status run_patron_segmentation_assign(const patron_context *context, patron_error *error)
{
    double raw[2 * 3] = {1.0, 5.0, 500.0, 90.0, 1.0, 5.0};
    int32_t segments[2];
    patron_rows view;
    patron_rows_init(&view, sizeof view);
    view.values = raw;
    view.rows = 2;
    view.cols = 3;
    return patron_segmentation_assign(segments, segmentation, &view, context, error);
}

FILLS(patron_segmentation_assign_features, int32_t segments[CUSTOMERS],
      patron_segmentation_assign_features(segments, segmentation, features, context, error))
GIVES(patron_fingerprint, patron_fingerprint(segmentation) != 0 && patron_fingerprint(NULL) == 0)
GIVES(patron_segmentation_free, (patron_segmentation_free(NULL), true))
GIVES(patron_persona_claim_count, patron_persona_claim_count(segmentation, 0) > 0)
FILLS(patron_persona_claim, patron_claim claim = {.size = sizeof claim},
      patron_persona_claim(&claim, segmentation, 0, 0, error))
MAKES(patron_report_json, patron_document, patron_report_json(&made, segmentation, history, context, error))
GIVES(patron_document_text, patron_document_text(document)[0] == '{')
GIVES(patron_document_length, patron_document_length(document) == (int64_t)strlen(patron_document_text(document)))
GIVES(patron_document_free, (patron_document_free(NULL), true))

#define CASE(name)                                                                                                     \
    {                                                                                                                  \
#name, run_##name                                                                                              \
    }

const fault_case fault_cases[] = {
    CASE(patron_context_init),
    CASE(patron_feature_count),
    CASE(patron_feature_info),
    CASE(patron_features_options_init),
    CASE(patron_features_build),
    CASE(patron_features_matrix),
    CASE(patron_features_customer_count),
    CASE(patron_features_customer_id),
    CASE(patron_features_customer_ids),
    CASE(patron_features_code_texts),
    CASE(patron_features_find),
    CASE(patron_features_value),
    CASE(patron_features_audit),
    CASE(patron_attributes_init),
    CASE(patron_features_join),
    CASE(patron_features_free),
    CASE(patron_field_name),
    CASE(patron_reason_text),
    CASE(patron_fate_name),
    CASE(patron_orders_init),
    CASE(patron_history_options_init),
    CASE(patron_history_create),
    CASE(patron_history_append),
    CASE(patron_history_append_arrow),
    CASE(patron_arrow_columns_init),
    CASE(patron_history_row_count),
    CASE(patron_history_audit),
    CASE(patron_history_fates),
    CASE(patron_history_rejected),
    CASE(patron_history_forget),
    CASE(patron_history_merge),
    CASE(patron_history_ignore_products),
    CASE(patron_history_free),
    CASE(patron_kmeans_options_init),
    CASE(patron_kmeans_fit),
    CASE(patron_kmeans_sweep),
    CASE(patron_kmeans_result_get),
    CASE(patron_kmeans_centroids),
    CASE(patron_kmeans_sizes),
    CASE(patron_kmeans_trace),
    CASE(patron_kmeans_predict),
    CASE(patron_kmeans_transform),
    CASE(patron_kmeans_default_n_init),
    CASE(patron_kmeans_free),
    CASE(patron_rows_init),
    CASE(patron_matrix_row_count),
    CASE(patron_matrix_column_count),
    CASE(patron_matrix_column),
    CASE(patron_matrix_find),
    CASE(patron_matrix_values),
    CASE(patron_matrix_view),
    CASE(patron_persona_claim_count),
    CASE(patron_persona_claim),
    CASE(patron_segment),
    CASE(patron_segmentation_fit),
    CASE(patron_report_json),
    CASE(patron_document_text),
    CASE(patron_document_length),
    CASE(patron_document_free),
    CASE(patron_scaler_options_init),
    CASE(patron_scaler_fit),
    CASE(patron_scaler_transform),
    CASE(patron_scaler_inverse),
    CASE(patron_scaler_column_count),
    CASE(patron_scaler_column_get),
    CASE(patron_scaler_free),
    CASE(patron_segment_options_init),
    CASE(patron_segmentation_count),
    CASE(patron_segmentation_segment),
    CASE(patron_segmentation_most_common),
    CASE(patron_segmentation_statistic),
    CASE(patron_segmentation_features),
    CASE(patron_segmentation_labels),
    CASE(patron_segmentation_silhouettes),
    CASE(patron_segmentation_candidate_count),
    CASE(patron_segmentation_candidate),
    CASE(patron_segmentation_silhouette),
    CASE(patron_segmentation_choice),
    CASE(patron_segmentation_options),
    CASE(patron_segmentation_assign),
    CASE(patron_segmentation_assign_features),
    CASE(patron_fingerprint),
    CASE(patron_segmentation_free),
    CASE(patron_silhouette),
    CASE(patron_silhouette_sweep),
    CASE(patron_silhouette_estimate_options_init),
    CASE(patron_silhouette_estimate),
    CASE(patron_silhouette_compare),
    CASE(patron_silhouette_squared),
    CASE(patron_silhouette_simplified),
    CASE(patron_calinski_harabasz),
    CASE(patron_davies_bouldin),
    CASE(patron_status_text),
    CASE(patron_status_name),
    CASE(patron_version),
    {NULL, NULL},
};
