/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "segment/failure.h"
#include "segment/money.h"
#include "segment/output.h"
#include "segment/rejected.h"
#include "segment/shown.h"
#include "segment/when.h"

enum { WIDTH = 84, BAR = 14, MOST_CLAIMS = 64 * 4 };

struct table {
    FILE *out;
    const patron_segmentation *segmentation;
    const struct table_facts *facts;
    struct table_style style;
    patron_error error;
    int name_width;
};

static const char *paint(const struct table *table, const char *code) { return table->style.colour ? code : ""; }

#define BOLD(table)  paint(table, "\033[1m")
#define DIM(table)   paint(table, "\033[2m")
#define CYAN(table)  paint(table, "\033[36m")
#define GREEN(table) paint(table, "\033[32m")
#define PLAIN(table) paint(table, "\033[0m")

/* Columns on a terminal: code points, near enough for names. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text != '\0'; text++) width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void pad(const struct table *table, const char *text, int width)
{
    fprintf(table->out, "%s%*s", text, width > width_of(text) ? width - width_of(text) : 0, "");
}

/* A bar of BAR columns for a share of 0 … 1, in eighths of a column where the terminal has them. */
static void bar(const struct table *table, double share, const char *colour)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    double length = isfinite(share) ? fmin(fmax(share, 0.0), 1.0) * BAR : 0.0;
    int parts = (int)lrint(length * 8.0), used = 0;
    if (parts == 0 && share > 0.0) parts = 1;
    fputs(colour, table->out);
    if (table->style.utf8) {
        for (; used < parts / 8; used++) fputs("█", table->out);
        if (parts % 8 != 0) fputs(eighths[parts % 8], table->out), used++;
    } else {
        int whole = (parts + 4) / 8;
        if (whole == 0 && parts > 0) whole = 1;
        for (; used < whole; used++) fputc('#', table->out);
    }
    fprintf(table->out, "%s%*s", PLAIN(table), BAR - used, "");
}

static void percent(const struct table *table, double share)
{
    if (isfinite(share))
        fprintf(table->out, "%5.1f%% ", 100.0 * share);
    else
        fputs("     - ", table->out);
}

static double median(const struct table *table, int32_t id, const char *feature)
{
    double value = (double)NAN;
    const patron_matrix *matrix = patron_features_matrix(patron_segmentation_features(table->segmentation));
    int64_t column = patron_matrix_find(matrix, feature);
    if (column < 0) return (double)NAN;
    patron_status status = patron_segmentation_statistic(NULL, &value, table->segmentation, id, column, NULL);
    return status == PATRON_OK ? value : (double)NAN;
}

/* "  read as: customer = CustomerID, …", in lines of some WIDTH columns. */
static void write_columns(const struct table *table, const struct columns *columns)
{
    int used = fprintf(table->out, "  read as:");
    const char *separator = " ";
    for (int role = PATRON_FIELD_CUSTOMER; role < PATRON_FIELD_COUNT; role++) {
        const char *field = patron_field_name(role);
        if (columns->name[role] == NULL) continue;
        struct shown name = text_shown(text_of(columns->name[role]), 60);
        int width = width_of(field) + width_of(name.bytes) + 5;
        if (used > 12 && used + width > WIDTH) {
            separator = ",\n           ";
            used = 10;
        }
        fprintf(table->out, "%s%s = %s", separator, field, name.bytes);
        separator = ", ";
        used += width;
    }
    fputc('\n', table->out);
}

/* "  541,909 rows read, 406,789 used; left out: 135,080 without a customer, 40 of amount 0", and the first of those
   that could not be used. */
static void write_rows(const struct table *table, const patron_audit *audit)
{
    char number[GROUPED];
    fprintf(table->out, "  %s rows read, ", grouped(number, audit->rows_read));
    fprintf(table->out, "%s used", grouped(number, audit->rows_kept));
    const char *separator = "; left out: ";
    for (int fate = 0; fate < PATRON_FATE_RETURN; fate++) {
        if (audit->fates[fate] == 0) continue;
        fprintf(table->out, "%s%s %s", separator, grouped(number, audit->fates[fate]), fate_words(fate));
        separator = ", ";
    }
    fputc('\n', table->out);
    if (audit->rejected_listed == 0) return;
    fputs("    ", table->out);
    rejected_write_first(table->out, table->facts->history, &table->facts->seen->columns);
    fputs(audit->rejected_listed > 1 ? "; more with --json\n" : "\n", table->out);
}

/* The usual cause of a text that is not UTF-8, and the way out. */
static void write_encoding_hint(const struct table *table, const patron_audit *audit)
{
    for (int64_t i = 0; i < audit->rejected_listed; i++) {
        patron_rejected row = {.size = sizeof row};
        if (patron_history_rejected(&row, table->facts->history, i, NULL) != PATRON_OK) return;
        if (row.reason != PATRON_REASON_NOT_UTF8) continue;
        fprintf(table->out, "  line %lld is not UTF-8: is the file written in --encoding cp1252 or latin1?\n",
                (long long)row.line);
        return;
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* "  joined crm.csv: 38 customers have a row, 2 have none; left out: 5 rows of others, 1 without an id". */
static void write_join(const struct table *table, const struct join *join)
{
    char number[GROUPED];
    if (join->path == NULL) return;
    const patron_join *found = &join->found;
    fputs("  joined ", table->out);
    print_shown(table->out, base_name(csv_file_name(join->path)));
    fprintf(table->out, ": %s customer%s ", grouped(number, found->customers_matched),
            found->customers_matched == 1 ? " has" : "s have");
    fprintf(table->out, "a row, %s none", grouped(number, found->customers_without_row));
    const char *separator = "; left out: ";
    if (found->ids_without_order > 0) {
        fprintf(table->out, "%s%s without an order", separator, grouped(number, found->ids_without_order));
        separator = ", ";
    }
    if (found->rows_without_id > 0)
        fprintf(table->out, "%s%s without an id", separator, grouped(number, found->rows_without_id));
    fputc('\n', table->out);
}

static bool write_headline(struct table *table)
{
    const struct orders_seen *seen = table->facts->seen;
    char first[40], as_of[40], number[GROUPED];
    patron_audit audit = {.size = sizeof audit};
    const patron_features *features = patron_segmentation_features(table->segmentation);
    if (patron_features_audit(&audit, features, &table->error) != PATRON_OK) return false;
    int32_t count = patron_segmentation_count(table->segmentation);
    int64_t offset_s = table->facts->utc_offset_s;
    when_print(first, sizeof first, audit.first_s + offset_s, false);
    when_print(as_of, sizeof as_of, audit.as_of_s + offset_s, true);
    fprintf(table->out, "\n%s%s customers ", BOLD(table), grouped(number, audit.customers_with_order));
    patron_segment_info last = {.size = sizeof last};
    if (patron_segmentation_segment(&last, table->segmentation, count - 1, &table->error) != PATRON_OK) return false;
    fputs("of ", table->out);
    print_shown(table->out, base_name(table->facts->name));
    fprintf(table->out, " in %d segments%s%s\n\n", count, last.set_apart ? ", the last one set apart" : "",
            PLAIN(table));
    fprintf(table->out, "  %s orders from %s, ", grouped(number, audit.orders), first);
    fprintf(table->out, "seen as of %s\n", as_of);
    fprintf(table->out, "  revenue %s", grouped_money(number, audit.gross));
    fprintf(table->out, ", returned %s", grouped_money(number, audit.returns));
    fprintf(table->out, ", net %s\n", grouped_money(number, audit.net));
    write_rows(table, &audit);
    write_encoding_hint(table, &audit);
    write_columns(table, &seen->columns);
    write_join(table, table->facts->join);
    return true;
}

/* "    median age 41.5, visits 3", in lines of some WIDTH columns: what --join added. */
static void write_joined_medians(const struct table *table, int32_t id)
{
    const patron_matrix *matrix = patron_features_matrix(patron_segmentation_features(table->segmentation));
    int64_t columns = patron_matrix_column_count(matrix);
    const char *separator = "median ";
    int used = 4;
    if (table->facts->join->cols == 0) return;
    fprintf(table->out, "    %s", DIM(table));
    for (int64_t c = columns - table->facts->join->cols; c < columns; c++) {
        char number[GROUPED];
        double value = (double)NAN;
        patron_column column = {.size = sizeof column};
        if (patron_matrix_column(&column, matrix, c, NULL) != PATRON_OK ||
            patron_segmentation_statistic(NULL, &value, table->segmentation, id, c, NULL) != PATRON_OK)
            continue;
        grouped_number(number, value);
        struct shown name = text_shown(text_of(column.name), 60);
        int width = width_of(name.bytes) + width_of(number) + 3;
        if (used > 4 && used + width > WIDTH) {
            separator = ",\n    ";
            used = 4;
        }
        fprintf(table->out, "%s%s %s", separator, name.bytes, number);
        separator = ", ";
        used += width;
    }
    fprintf(table->out, "%s\n", PLAIN(table));
}

static void write_set_apart(const struct table *table)
{
    patron_segment_options options = {.size = sizeof options};
    if (patron_segmentation_options(&options, table->segmentation, NULL) != PATRON_OK) return;
    fprintf(table->out, "    %sset apart: fewer than %d orders%s\n", DIM(table), options.minimum_orders, PLAIN(table));
}

static void write_medians(const struct table *table, int32_t id)
{
    char number[GROUPED];
    double days = median(table, id, "recency_days");
    fprintf(table->out, "    %slast order %s day%s ago, ", DIM(table), grouped_number(number, days),
            days == 1.0 ? "" : "s");
    double orders = median(table, id, "frequency"), spent = median(table, id, "monetary_gross");
    fprintf(table->out, "%s order%s, ", grouped_number(number, orders), orders == 1.0 ? "" : "s");
    bool known = isfinite(spent) && fabs(spent) < 9e14;
    fprintf(table->out, "%s spent%s\n", known ? grouped_money(number, llrint(spent * PATRON_MONEY_UNIT)) : "-",
            PLAIN(table));
    write_joined_medians(table, id);
}

static void write_segment(const struct table *table, const patron_segment_info *info)
{
    char number[GROUPED];
    fprintf(table->out, "%3d %s", info->id, BOLD(table));
    pad(table, info->name, table->name_width);
    fprintf(table->out, "%s %10s ", PLAIN(table), grouped(number, info->customers));
    percent(table, info->share);
    bar(table, info->share, CYAN(table));
    fputc(' ', table->out);
    percent(table, info->revenue_share);
    bar(table, info->revenue_share, GREEN(table));
    if (isfinite(info->silhouette))
        fprintf(table->out, " %6.3f\n", info->silhouette);
    else
        fputs("      -\n", table->out);
    if (info->customers > 0) write_medians(table, info->id);
    if (info->set_apart) write_set_apart(table);
}

static bool write_segments(struct table *table)
{
    int32_t count = patron_segmentation_count(table->segmentation);
    patron_segment_info info;
    table->name_width = 12;
    for (int32_t id = 0; id < count; id++) {
        info = (patron_segment_info){.size = sizeof info};
        if (patron_segmentation_segment(&info, table->segmentation, id, &table->error) != PATRON_OK) return false;
        if (width_of(info.name) > table->name_width) table->name_width = width_of(info.name);
    }
    fprintf(table->out, "\n    %s%-*s  customers %-*s  share of revenue%*s  fit%s\n", BOLD(table), table->name_width,
            "segment", BAR + 6, " share", BAR - 8, "", PLAIN(table));
    for (int32_t id = 0; id < count; id++) {
        info = (patron_segment_info){.size = sizeof info};
        if (patron_segmentation_segment(&info, table->segmentation, id, &table->error) != PATRON_OK) return false;
        write_segment(table, &info);
    }
    return true;
}

static bool seen_before(const char *const *words, int count, const char *word)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0) return true;
    }
    return false;
}

static bool write_claims(struct table *table)
{
    const char *words[MOST_CLAIMS];
    int known = 0;
    int32_t count = patron_segmentation_count(table->segmentation);
    for (int32_t id = 0; id < count; id++) {
        int32_t claims = patron_persona_claim_count(table->segmentation, id);
        for (int32_t i = 0; i < claims && known < MOST_CLAIMS; i++) {
            patron_claim claim = {.size = sizeof claim};
            if (patron_persona_claim(&claim, table->segmentation, id, i, &table->error) != PATRON_OK) return false;
            if (seen_before(words, known, claim.word)) continue;
            fprintf(table->out, "%s  %s%s%s: %s\n", known == 0 ? "\n" : "", BOLD(table), claim.word, PLAIN(table),
                    claim.meaning);
            words[known++] = claim.word;
        }
    }
    return true;
}

/* How sure silhouettes are that were estimated. */
static bool write_choice(struct table *table)
{
    patron_choice choice = {.size = sizeof choice};
    double widest = 0.0;
    if (patron_segmentation_choice(&choice, table->segmentation, &table->error) != PATRON_OK) return false;
    for (int32_t i = 0; i < patron_segmentation_candidate_count(table->segmentation); i++) {
        patron_candidate candidate = {.size = sizeof candidate};
        if (patron_segmentation_candidate(&candidate, table->segmentation, i, &table->error) != PATRON_OK) return false;
        if (candidate.silhouette_half_width > widest) widest = candidate.silhouette_half_width;
    }
    if (choice.estimated)
        fprintf(table->out, "\n  %ssilhouettes are estimates, within %.4f at %.0f %%; the choice is %s%s\n", DIM(table),
                widest, 100.0 * choice.level, choice.certain ? "certain at that level" : "a close one", PLAIN(table));
    return true;
}

static bool write_candidates(struct table *table)
{
    int32_t count = patron_segmentation_candidate_count(table->segmentation);
    fprintf(table->out, "\n  %show many segments?  silhouette  smallest%s\n", BOLD(table), PLAIN(table));
    for (int32_t i = 0; i < count; i++) {
        patron_candidate candidate = {.size = sizeof candidate};
        patron_status status = patron_segmentation_candidate(&candidate, table->segmentation, i, &table->error);
        if (status != PATRON_OK) return false;
        fprintf(table->out, "  %s%17d   ", candidate.chosen ? BOLD(table) : "", candidate.k);
        if (isfinite(candidate.silhouette))
            fprintf(table->out, "%10.3f", candidate.silhouette);
        else
            fprintf(table->out, "%10s", "-");
        if (isfinite(candidate.smallest_share))
            fprintf(table->out, "%9.1f%%", 100.0 * candidate.smallest_share);
        else
            fprintf(table->out, "%10s", "-");
        if (candidate.chosen)
            fprintf(table->out, "  chosen%s", PLAIN(table));
        else if (!candidate.feasible)
            fprintf(table->out, "  not possible: %s", candidate.reason);
        fputc('\n', table->out);
    }
    return write_choice(table);
}

static void write_footer(const struct table *table, const char *const written[2])
{
    fprintf(table->out,
            "\n  %sfit, silhouette: -1 to 1, how well customers sit in their own segment rather than\n"
            "  the next. Days, orders and money of a segment are its medians.%s\n",
            DIM(table), PLAIN(table));
    const char *label = "\n  written:";
    for (int i = 0; i < 2; i++) {
        if (written[i] == NULL) continue;
        fprintf(table->out, "%s ", label);
        print_shown(table->out, written[i]);
        fputc('\n', table->out);
        label = "          ";
    }
    fputc('\n', table->out);
}

int table_write(int descriptor, const patron_segmentation *segmentation, const struct table_facts *facts,
                struct table_style style)
{
    struct table table = {.segmentation = segmentation, .facts = facts, .style = style};
    char *text = NULL;
    size_t length = 0;
    table.out = open_memstream(&text, &length);
    if (table.out == NULL) return fail_memory();
    bool good = write_headline(&table) && write_segments(&table) && write_claims(&table) && write_candidates(&table);
    if (good) write_footer(&table, facts->written);
    bool complete = !ferror(table.out);
    if (fclose(table.out) != 0) complete = false;
    int code;
    if (!good)
        code = fail_library(facts->name, &table.error);
    else
        code = complete ? output_text(descriptor, text, length) : fail_memory();
    free(text);
    return code;
}
