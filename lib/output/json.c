/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The summary of a segmentation as JSON, by jansson. Renders structs, computes nothing.

   jansson reports a failed allocation by NULL, also from nested calls: every value is made first and given to put(),
   which takes it over and remembers a failure; at the end there is either a whole document or PATRON_OUT_OF_MEMORY. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <patron/kmeans.h>
#include <patron/report.h>
#include <patron/scaler.h>
#include <patron/version.h>

#include "base/calendar.h"
#include "base/error.h"
#include "base/floating.h"
#include "features/features.h"
#include "matrix/matrix.h"
#include "segment/segmentation.h"

struct patron_document {
    ptn_memory memory;
    char *text;
    int64_t length;
};

/* What fewer customers share points at them, and is not told. */
enum { LEAST_TOLD = 5 };

/* A document under construction: `failed` once anything could not be had. */
typedef struct writer {
    bool failed;
} writer;

/* Takes over `value`, also on failure; either may be NULL. */
static void put(writer *w, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0) w->failed = true;
}

static void push(writer *w, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0) w->failed = true;
}

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *money(int64_t value) { return json_real((double)value / (double)PATRON_MONEY_UNIT); }

/* A local instant as "2011-12-10T12:50:00". */
static json_t *instant(int64_t time_s)
{
    char text[96];
    int64_t days = time_s / 86400 - (time_s % 86400 < 0), second = time_s - days * 86400, year;
    int32_t month, day;
    ptn_civil(days, &year, &month, &day);
    snprintf(text, sizeof text, "%s%04lld-%02d-%02dT%02d:%02d:%02d", year < 0 ? "-" : "",
             (long long)(year < 0 ? -year : year), (int)month, (int)day, (int)(second / 3600), (int)(second / 60 % 60),
             (int)(second % 60));
    return json_string(text);
}

static const char *pick(const char *const *names, int32_t count, int32_t index)
{
    return index >= 0 && index < count ? names[index] : "";
}

static json_t *options_json(writer *w, const patron_segmentation *s)
{
    static const char *const fills[] = {"reject", "zero", "mean", "median"};
    static const char *const transforms[] = {"none", "log1p"};
    static const char *const scales[] = {"none", "zscore", "robust"};
    const patron_segment_options *o = &s->options;
    const patron_history_options *history = &s->features->history_options;
    json_t *json = json_object();
    put(w, json, "features", json_string(o->features));
    put(w, json, "recent_days", json_integer(o->recent_days));
    put(w, json, "window_days", json_integer(o->window_days));
    put(w, json, "fill", json_string(pick(fills, 4, o->fill)));
    put(w, json, "transform", json_string(pick(transforms, 2, o->transform)));
    put(w, json, "scale", json_string(pick(scales, 3, o->scale)));
    put(w, json, "winsor_low", number(o->winsor_low));
    put(w, json, "winsor_high", number(o->winsor_high));
    put(w, json, "k_min", json_integer(o->k_min));
    put(w, json, "k_max", json_integer(o->k_max));
    put(w, json, "smallest_share", number(o->smallest_share));
    put(w, json, "minimum_orders", json_integer(o->minimum_orders));
    put(w, json, "exact_pairs", json_integer(o->exact_pairs));
    put(w, json, "n_init", json_integer(o->n_init));
    put(w, json, "max_iter", json_integer(o->max_iter));
    put(w, json, "tol", number(o->tol));
    /* JSON readers lose integers beyond 2^53; such a seed is written as text. */
    if (o->seed <= (UINT64_C(1) << 53)) {
        put(w, json, "seed", json_integer((json_int_t)o->seed));
    } else {
        char text[24];
        snprintf(text, sizeof text, "%llu", (unsigned long long)o->seed);
        put(w, json, "seed", json_string(text));
    }
    put(w, json, "zero_amount", json_string(history->zero_amount == PATRON_ZERO_AMOUNT_KEEP ? "keep" : "drop"));
    put(w, json, "duplicates", json_string(history->duplicates == PATRON_DUPLICATES_DROP ? "drop" : "keep"));
    put(w, json, "strict", json_boolean(history->strict));
    put(w, json, "rejected_listed", json_integer(history->rejected_listed));
    put(w, json, "match_cancellations", json_boolean(history->match_cancellations));
    put(w, json, "only_currency", s->features->only_currency ? json_string(s->features->currency) : json_null());
    put(w, json, "order_gap_s", json_integer(history->order_gap_s));
    put(w, json, "utc_offset_s", json_integer(history->utc_offset_s));
    return json;
}

static json_t *rejected_json(writer *w, const patron_history *history, int64_t count)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < count; i++) {
        patron_rejected rejected = {.size = sizeof rejected};
        if (patron_history_rejected(&rejected, history, i, NULL) != PATRON_OK) break;
        json_t *json = json_object();
        put(w, json, "row", json_integer(rejected.row));
        put(w, json, "line", rejected.line < 0 ? json_null() : json_integer(rejected.line));
        put(w, json, "column", json_string(patron_field_name(rejected.field)));
        put(w, json, "reason", json_string(patron_reason_text(rejected.reason)));
        push(w, list, json);
    }
    return list;
}

static json_t *audit_json(writer *w, const patron_audit *audit, int64_t utc_offset_s, const patron_history *history)
{
    json_t *json = json_object(), *fates = json_object();
    put(w, json, "rows_read", json_integer(audit->rows_read));
    put(w, json, "rows_kept", json_integer(audit->rows_kept));
    for (int32_t f = 0; f < PATRON_FATE_COUNT; f++) put(w, fates, patron_fate_name(f), json_integer(audit->fates[f]));
    put(w, json, "fates", fates);
    put(w, json, "first", audit->rows_kept == 0 ? json_null() : instant(audit->first_s + utc_offset_s));
    put(w, json, "last", audit->rows_kept == 0 ? json_null() : instant(audit->last_s + utc_offset_s));
    put(w, json, "adjustments", json_integer(audit->adjustments));
    put(w, json, "amounts_rounded", json_integer(audit->amounts_rounded));
    put(w, json, "customers", json_integer(audit->customers));
    put(w, json, "customers_with_order", json_integer(audit->customers_with_order));
    put(w, json, "customers_without_order", json_integer(audit->customers_without_order));
    put(w, json, "customers_below_min_orders", json_integer(audit->customers_below_min_orders));
    put(w, json, "orders", json_integer(audit->orders));
    put(w, json, "gross", money(audit->gross));
    put(w, json, "returns", money(audit->returns));
    put(w, json, "net", money(audit->net));
    if (history != NULL) put(w, json, "first_rejected", rejected_json(w, history, audit->rejected_listed));
    return json;
}

static json_t *candidates_json(writer *w, const patron_segmentation *s)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < s->candidate_count; i++) {
        patron_candidate candidate = {.size = sizeof candidate};
        if (patron_segmentation_candidate(&candidate, s, i, NULL) != PATRON_OK) continue;
        json_t *json = json_object();
        put(w, json, "k", json_integer(candidate.k));
        put(w, json, "inertia", number(candidate.inertia));
        put(w, json, "inertia_lower_bound", number(candidate.inertia_lower_bound));
        put(w, json, "silhouette", number(candidate.silhouette));
        put(w, json, "silhouette_half_width", number(candidate.silhouette_half_width));
        put(w, json, "smallest_share", number(candidate.smallest_share));
        put(w, json, "converged", json_boolean(candidate.converged));
        put(w, json, "feasible", json_boolean(candidate.feasible));
        put(w, json, "reason", json_string(candidate.reason));
        push(w, list, json);
    }
    return list;
}

static json_t *choice_json(writer *w, const patron_choice *choice)
{
    json_t *json = json_object();
    put(w, json, "method", json_string(choice->estimated ? "estimate" : "exact"));
    put(w, json, "certain", json_boolean(choice->certain));
    put(w, json, "level", number(choice->level));
    put(w, json, "rival_k", choice->rival_k == 0 ? json_null() : json_integer(choice->rival_k));
    put(w, json, "difference", number(choice->difference));
    put(w, json, "half_width", number(choice->half_width));
    put(w, json, "rows_used", json_integer(choice->rows_used));
    return json;
}

static json_t *statistics_json(writer *w, const patron_segmentation *s, int32_t id, bool mean)
{
    const patron_matrix *matrix = s->features->matrix;
    const double *values = (mean ? s->means : s->medians) + id * matrix->cols;
    json_t *json = json_object();
    for (int64_t c = 0; c < matrix->cols; c++)
        if (matrix->columns[c].role != PATRON_ROLE_IGNORE && matrix->columns[c].kind == PATRON_KIND_NUMBER)
            put(w, json, matrix->columns[c].name, number(values[c]));
    return json;
}

/* A code as its text, a month as its number. */
static json_t *common_value_json(const patron_features *features, int64_t column, double value)
{
    patron_text texts;
    int64_t count;
    if (features->matrix->columns[column].kind != PATRON_KIND_CODE) return json_integer((json_int_t)value);
    if (patron_features_code_texts(&texts, &count, features, column, NULL) != PATRON_OK) return NULL;
    const int64_t *ends = texts.offsets + (int64_t)value;
    return json_stringn((const char *)texts.bytes + ends[0], (size_t)(ends[1] - ends[0]));
}

/* What most customers of a segment have in each column of months or codes. */
static json_t *most_common_json(writer *w, const patron_segmentation *s, int32_t id)
{
    const patron_matrix *matrix = s->features->matrix;
    json_t *json = json_object();
    for (int64_t c = 0; c < matrix->cols; c++) {
        const patron_common_value *common = &s->commons[id * matrix->cols + c];
        if (matrix->columns[c].role == PATRON_ROLE_IGNORE || matrix->columns[c].kind == PATRON_KIND_NUMBER) continue;
        if (common->customers < LEAST_TOLD) {
            put(w, json, matrix->columns[c].name, json_null());
            continue;
        }
        json_t *told = json_object();
        put(w, told, "value", common_value_json(s->features, c, common->value));
        put(w, told, "customers", json_integer(common->customers));
        put(w, told, "share", number((double)common->customers / (double)s->segments[id].customers));
        put(w, json, matrix->columns[c].name, told);
    }
    return json;
}

static json_t *columns_json(writer *w, const patron_matrix *matrix)
{
    static const char *const roles[] = {"cluster", "profile", "ignore"};
    static const char *const kinds[] = {"number", "month", "code"};
    json_t *list = json_array();
    for (int64_t c = 0; c < matrix->cols; c++) {
        json_t *json = json_object();
        put(w, json, "name", json_string(matrix->columns[c].name));
        put(w, json, "unit", json_string(matrix->columns[c].unit));
        put(w, json, "role", json_string(pick(roles, 3, matrix->columns[c].role)));
        put(w, json, "kind", json_string(pick(kinds, 3, matrix->columns[c].kind)));
        push(w, list, json);
    }
    return list;
}

static json_t *claims_json(writer *w, const patron_segmentation *s, int32_t id)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < patron_persona_claim_count(s, id); i++) {
        patron_claim claim = {.size = sizeof claim};
        if (patron_persona_claim(&claim, s, id, i, NULL) != PATRON_OK) continue;
        json_t *json = json_object();
        put(w, json, "word", json_string(claim.word));
        put(w, json, "feature", json_string(claim.feature));
        put(w, json, "meaning", json_string(claim.meaning));
        put(w, json, "segment_median", number(claim.segment_median));
        put(w, json, "shop_median", number(claim.shop_median));
        put(w, json, "bound", number(claim.bound));
        push(w, list, json);
    }
    return list;
}

static json_t *segments_json(writer *w, const patron_segmentation *s)
{
    json_t *list = json_array();
    for (int32_t id = 0; id < s->count; id++) {
        const patron_segment_info *info = &s->segments[id];
        json_t *json = json_object();
        put(w, json, "id", json_integer(id));
        put(w, json, "name", json_string(info->name));
        put(w, json, "set_apart", json_boolean(info->set_apart));
        put(w, json, "claims", claims_json(w, s, id));
        put(w, json, "customers", json_integer(info->customers));
        put(w, json, "share", number(info->share));
        put(w, json, "revenue_gross", money(info->revenue_gross));
        put(w, json, "revenue_net", money(info->revenue_net));
        put(w, json, "revenue_share", number(info->revenue_share));
        put(w, json, "recurring_mean", number(info->recurring_mean / (double)PATRON_MONEY_UNIT));
        put(w, json, "silhouette", number(info->silhouette));
        put(w, json, "silhouette_half_width", number(info->silhouette_half_width));
        put(w, json, "mean", statistics_json(w, s, id, true));
        put(w, json, "median", statistics_json(w, s, id, false));
        put(w, json, "most_common", most_common_json(w, s, id));
        push(w, list, json);
    }
    return list;
}

static json_t *summary_json(writer *w, const patron_segmentation *s, const patron_audit *audit,
                            const patron_history *history)
{
    int64_t utc_offset_s = s->features->history_options.utc_offset_s;
    char fingerprint[24];
    json_t *json = json_object(), *features = json_array();
    snprintf(fingerprint, sizeof fingerprint, "%016llx", (unsigned long long)patron_fingerprint(s));
    put(w, json, "version", json_string(PATRON_VERSION));
    put(w, json, "fingerprint", json_string(fingerprint));
    put(w, json, "as_of", instant(audit->as_of_s + utc_offset_s));
    put(w, json, "options", options_json(w, s));
    put(w, json, "audit", audit_json(w, audit, utc_offset_s, history));
    put(w, json, "customers", json_integer(patron_features_customer_count(s->features)));
    for (int64_t i = 0; i < s->column_count; i++)
        push(w, features, json_string(s->features->matrix->columns[s->columns[i]].name));
    put(w, json, "features", features);
    put(w, json, "columns", columns_json(w, s->features->matrix));
    put(w, json, "k", json_integer(s->candidates[s->chosen].k));
    put(w, json, "silhouette", number(patron_segmentation_silhouette(s)));
    put(w, json, "choice", choice_json(w, &s->choice));
    put(w, json, "candidates", candidates_json(w, s));
    put(w, json, "segments", segments_json(w, s));
    return json;
}

/* Where the text goes. It remembers a failure: jansson 2.14 goes on when a key could not be written. */
typedef struct sink {
    ptn_array bytes;
    const ptn_memory *memory;
    patron_status status;
    patron_error *error;
} sink;

static int append(const char *bytes, size_t length, void *user)
{
    sink *to = user;
    if (to->status != PATRON_OK) return -1;
    to->status = ptn_array_reserve(&to->bytes, to->memory, (int64_t)length, 1, "a document", to->error);
    if (to->status != PATRON_OK) return -1;
    memcpy((char *)to->bytes.items + to->bytes.count, bytes, length);
    to->bytes.count += (int64_t)length;
    return 0;
}

/* The document, in memory of the caller's allocator. */
static patron_status render(patron_document **document, const json_t *json, const ptn_memory *memory,
                            patron_error *error)
{
    void *block = NULL;
    sink to = {.memory = memory, .error = error};
    int dumped = json_dump_callback(json, append, &to, JSON_INDENT(2));
    if (dumped == 0) append("\n", 2, &to); /* with a NUL */
    patron_status status = to.status;
    if (status == PATRON_OK && dumped != 0)
        status = ptn_fail(error, PATRON_OUT_OF_MEMORY, "no memory to render the summary; free some");
    if (status == PATRON_OK)
        status = ptn_allocate_zero(&block, memory, 1, sizeof(patron_document), "a document", error);
    if (status != PATRON_OK) {
        ptn_array_free(&to.bytes, memory);
        return status;
    }
    patron_document *made = block;
    made->memory = *memory;
    made->text = to.bytes.items;
    made->length = to.bytes.count - 1;
    *document = made;
    return PATRON_OK;
}

patron_status patron_report_json(patron_document **document, const patron_segmentation *segmentation,
                                 const patron_history *history, const patron_context *context, patron_error *error)
{
    ptn_context read;
    patron_audit audit = {.size = sizeof audit};
    writer w = {false};
    ptn_ok(error);
    if (document == NULL) return ptn_fail_null(error, "document");
    *document = NULL;
    if (segmentation == NULL) return ptn_fail_null(error, "segmentation");
    patron_status status = ptn_context_read(&read, context, error);
    if (status == PATRON_OK) status = patron_features_audit(&audit, segmentation->features, error);
    if (status != PATRON_OK) return status;

    fenv_t host;
    ptn_floating_enter(&host); /* money is divided and numbers are written in decimals: both round */
    json_t *json = summary_json(&w, segmentation, &audit, history);
    if (w.failed || json == NULL)
        status = ptn_fail(error, PATRON_OUT_OF_MEMORY, "no memory to build the summary; free some");
    else
        status = render(document, json, &read.memory, error);
    json_decref(json);
    ptn_floating_leave(&host);
    return status;
}

const char *patron_document_text(const patron_document *document) { return document == NULL ? NULL : document->text; }

int64_t patron_document_length(const patron_document *document) { return document == NULL ? 0 : document->length; }

void patron_document_free(patron_document *document)
{
    if (document == NULL) return;
    ptn_memory memory = document->memory;
    ptn_free(&memory, document->text);
    ptn_free(&memory, document);
}
