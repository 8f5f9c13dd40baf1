/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrow streams of any schema, and arrays that say of themselves what is not so: they are refused, or every row has a
   fate; the history is whole or as it was; all is released once. Buffers are as long as the true format needs, since
   the interface does not say how long they are: what is changed never makes a reader trust more than is there. */
#include <errno.h>

#include "fuzz/fuzz.h"
#include "support/arrow_stream.h"

enum { MOST_COLUMNS = 12, MOST_ROWS = 24, NAME = 24 };

static tape *spoiler; /* choices of spoil, which the stream calls */
static int32_t formats_wide[MOST_COLUMNS];

typedef struct made {
    arrow_made_column columns[MOST_COLUMNS];
    char formats[MOST_COLUMNS][NAME];
    arrow_cell cells[MOST_COLUMNS][MOST_ROWS];
    bool gone[MOST_ROWS];
} made;

static void choose_format(char *format, tape *t)
{
    static const char *const known[] = {"n",  "b",  "c",   "C",   "s",    "S",       "i",    "I",
                                        "l",  "L",  "f",   "g",   "u",    "z",       "U",    "Z",
                                        "vu", "vu", "tdD", "tdm", "tss:", "tsm:UTC", "tsu:", "tsn:x"};
    int32_t kind = take_below(t, 40);
    if (kind < 24) {
        strcpy(format, known[kind]);
    } else if (kind < 34) {
        static const char *const bits[] = {"", ",128", ",64", ",32", ",256", ",,"};
        snprintf(format, NAME, "d:%d,%d%s", take_below(t, 42), take_below(t, 90) - 45, bits[take_below(t, 6)]);
    } else {
        /* Never one of the text or view formats with more buffers than such an array has. */
        for (int i = take_below(t, 6); i > 0; i--) *format++ = (char)(1 + take_below(t, 126));
        *format = '\0';
    }
}

static void choose_cells(arrow_cell *cells, int64_t rows, tape *t)
{
    static const char *const texts[] = {"",         "7",        "tea",           "a category of many bytes",
                                        "\xC3\xA9", "\xFF\xFE", "12345678901234"};
    for (int64_t i = 0; i < rows; i++) {
        cells[i] = (arrow_cell){.null = take_below(t, 8) == 7, .text = texts[take_below(t, 7)]};
        cells[i].whole = take_whole(t);
        if (take_below(t, 16) == 15) cells[i].whole *= (arrow_wide)take_whole(t);
        cells[i].real = take_number(t);
    }
}

static int64_t wrong_count(tape *t, int64_t length)
{
    static const int64_t edges[] = {-1, INT64_MIN, INT64_MAX, INT64_MAX - 7, INT64_C(1) << 60, 0};
    int32_t kind = take_below(t, 8);
    return kind < 6 ? edges[kind] : length > 0 ? take_below(t, (int32_t)length) : 0;
}

/* Fewer, negative or impossible counts; buffers, children and dictionaries that are not there. */
static void spoil_array(struct ArrowArray *array, tape *t)
{
    switch (take_below(t, 12)) {
    case 0:
        array->length = wrong_count(t, array->length);
        break;
    case 1:
        array->offset = wrong_count(t, array->offset + 1);
        break;
    case 2:
        array->null_count = wrong_count(t, array->length + 1);
        break;
    case 3:
        array->n_buffers = take_below(t, 3) - 1 < array->n_buffers ? take_below(t, 3) - 1 : -1;
        break;
    case 4:
        array->n_children = wrong_count(t, array->n_children + 1);
        break;
    case 5:
        array->buffers = NULL;
        break;
    case 6:
        if (array->n_buffers > 0) array->buffers[take_below(t, (int32_t)array->n_buffers)] = NULL;
        break;
    case 7:
        array->dictionary = NULL;
        break;
    case 8:
        array->children = NULL;
        break;
    case 9:
        if (array->n_children > 0 && array->children != NULL)
            array->children[take_below(t, (int32_t)array->n_children)] = NULL;
        break;
    default:
        break;
    }
}

/* Bytes that a reader must not trust: of views, and of the indices of a dictionary. */
static void spoil_bytes(struct ArrowArray *array, tape *t, int32_t width)
{
    if (width == 0 || array->n_buffers < 2 || array->buffers == NULL || array->buffers[1] == NULL) return;
    int64_t bytes = (array->offset + array->length) * width;
    uint8_t *values = (uint8_t *)(uintptr_t)array->buffers[1];
    for (int32_t i = take_below(t, 8); i > 0 && bytes > 0; i--) values[take_bits(t) % (uint64_t)bytes] = take_byte(t);
}

static void spoil(struct ArrowArray *batch, int64_t number)
{
    tape *t = spoiler;
    (void)number;
    for (int64_t i = 0; i < batch->n_children; i++) {
        if (take_below(t, 4) == 3) spoil_bytes(batch->children[i], t, formats_wide[i]);
        if (take_below(t, 4) != 3) continue;
        struct ArrowArray *d = batch->children[i]->dictionary;
        spoil_array(d != NULL && take_below(t, 2) == 1 ? d : batch->children[i], t);
    }
    if (take_below(t, 4) == 3) spoil_array(batch, t);
}

static void spoil_schema(struct ArrowSchema *schema)
{
    tape *t = spoiler;
    struct ArrowSchema *one =
        schema->n_children > 0 ? schema->children[take_below(t, (int32_t)schema->n_children)] : schema;
    switch (take_below(t, 12)) {
    case 0:
        one->name = NULL;
        break;
    case 1:
        one->format = NULL;
        break;
    case 2:
        schema->n_children = wrong_count(t, schema->n_children + 1);
        break;
    case 3:
        schema->children = NULL;
        break;
    case 4:
        if (schema->n_children > 0) schema->children[take_below(t, (int32_t)schema->n_children)] = NULL;
        break;
    case 5:
        schema->format = take_below(t, 2) == 0 ? NULL : "+l";
        break;
    default:
        break;
    }
}

static void make(made *m, arrow_source *source, tape *t)
{
    static const char *const names[] = {
        "customer",   "time",         "amount", "order",     "quantity", "product",  "category", "discount",
        "unit_price", "amount_exact", "line",   "is_return", "currency", "customer", "",         "unit_price_exact"};
    static const char *const indices[] = {"c", "C", "s", "S", "i", "I", "l", "L", "g", "u"};
    static const int32_t widths[] = {1, 1, 2, 2, 4, 4, 8, 8, 0, 0};
    *source = (arrow_source){
        .columns = m->columns, .cols = take_below(t, MOST_COLUMNS + 1), .rows = take_below(t, MOST_ROWS + 1)};
    for (int64_t c = 0; c < source->cols; c++) {
        bool usual = take_below(t, 4) != 3;
        m->columns[c] = (arrow_made_column){
            .name = names[usual ? c : take_below(t, 16)], .format = m->formats[c], .cells = m->cells[c]};
        choose_format(m->formats[c], t);
        if (usual && c < 3) strcpy(m->formats[c], c == 0 ? "u" : "l");
        choose_cells(m->cells[c], source->rows, t);
        int32_t index = take_below(t, 24);
        formats_wide[c] = strcmp(m->formats[c], "vu") == 0 ? 16 : 0;
        if (index >= 10) continue;
        m->columns[c].index = indices[index];
        formats_wide[c] = widths[index];
    }
    for (int64_t i = 0; i < source->rows; i++) m->gone[i] = take_below(t, 8) == 7;
    if (take_below(t, 4) == 3) source->gone = m->gone;
    source->batch = take_below(t, 8);
    source->pad = take_below(t, 4);
    source->struct_pad = take_below(t, 3);
    source->count_nulls = take_below(t, 2) != 0;
    source->fail_after = take_below(t, 4);
    source->code = take_below(t, 16) == 15 ? EIO : 0;
    source->last_error = "an error";
    if (take_below(t, 3) == 2) source->spoil = spoil;
    if (take_below(t, 8) == 7) source->spoil_schema = spoil_schema;
}

/* Every row that is in has one fate. */
static void check_fates(const patron_history *history, const patron_context *context)
{
    patron_audit audit;
    patron_error error;
    int64_t fates = 0;
    memset(&audit, 0, sizeof audit);
    audit.size = sizeof audit;
    if (!fuzz_ok(patron_history_audit(&audit, history, PATRON_AS_OF_LAST, context, &error), &error)) return;
    for (int i = 0; i < PATRON_FATE_COUNT; i++) fates += audit.fates[i];
    HOLDS(fates == audit.rows_read);
    HOLDS(audit.rows_read == patron_history_row_count(history));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tape t = {data, size, 0};
    int64_t patience = 1000;
    patron_context context = fuzz_context(1 + take_below(&t, 2), &patience);
    patron_history_options options;
    patron_history *history;
    patron_arrow_columns columns;
    patron_error error;
    made *m = exactly(sizeof *m);
    spoiler = &t;
    patron_history_options_init(&options, sizeof options);
    options.strict = take_below(&t, 16) == 15;
    options.utc_offset_s = 3600 * (take_below(&t, 3) - 1);
    HOLDS(patron_history_create(&history, &options, &context, NULL) == PATRON_OK);
    patron_arrow_columns_init(&columns, sizeof columns);
    for (int32_t streams = 1 + take_below(&t, 3); streams > 0; streams--) {
        arrow_source source;
        struct ArrowArrayStream stream;
        int64_t before = patron_history_row_count(history);
        memset(m, 0, sizeof *m);
        make(m, &source, &t);
        columns.naive_time = take_below(&t, 2);
        columns.quantity = take_below(&t, 8) == 7 ? "" : NULL;
        arrow_stream_open(&stream, &source);
        bool ok = fuzz_ok(patron_history_append_arrow(history, &stream, &columns, &context, &error), &error);
        HOLDS(stream.release == NULL && source.live == 0);
        if (!ok) HOLDS(patron_history_row_count(history) == before);
        if (ok && source.spoil == NULL) HOLDS(patron_history_row_count(history) == before + source.rows);
        check_fates(history, &context);
    }
    patron_history_free(history);
    free(m);
    return 0;
}
