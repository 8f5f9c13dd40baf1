/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Naming: words that are true of a segment, and a given name that starts as the last word does.

   A word claims that the segment's median of one feature lies clearly above or below the shop's: with both medians
   shifted by the smallest step there is (one day, one order, 1/10,000 of a currency unit, so that medians of 0 can be
   compared), their ratio is at least MARGIN. A name takes the strongest claim of how recently or how long they buy,
   then the strongest claim of what they are worth; with neither, "Typical", which claims that spend is within MARGIN of
   the shop's. Where a better segment already has these words, the next strongest true ones are taken, so that words
   tell segments apart. Everything follows from medians alone: no seed, no cluster number, no row order.

   The segment set apart has one word, which claims what set it apart: that each of its customers has fewer orders than
   the minimum. Where most of the shop is like that, its median is the shop's, so no comparison would be true. */
#include "persona/naming.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <patron/persona.h>

#include "base/error.h"
#include "features/features.h"
#include "matrix/matrix.h"

#define MARGIN 1.25

enum { THEME_TIME, THEME_WORTH, THEME_NONE, THEME_APART, GIVEN_NAMES = 4 };

typedef struct word {
    const char *text;
    const char *feature;
    int32_t theme;
    int32_t direction;
    const char *meaning;
    const char *given[GIVEN_NAMES];
} word;

static const word vocabulary[] = {
    {"Active",
     "recency_days",
     THEME_TIME,
     -1,
     "bought more recently than is typical here",
     {"Alice", "Adam", "Anna", "Albert"}},
    {"Lapsed",
     "recency_days",
     THEME_TIME,
     1,
     "bought last longer ago than is typical here",
     {"Larry", "Lena", "Louis", "Laura"}},
    {"Longtime",
     "tenure_days",
     THEME_TIME,
     1,
     "bought first longer ago than is typical here",
     {"Leo", "Linda", "Lars", "Lily"}},
    {"New",
     "tenure_days",
     THEME_TIME,
     -1,
     "bought first more recently than is typical here",
     {"Nina", "Ned", "Nora", "Nick"}},
    {"Lavish",
     "monetary_gross",
     THEME_WORTH,
     1,
     "spent more in all than is typical here",
     {"Lucy", "Luke", "Lola", "Liam"}},
    {"Frugal",
     "monetary_gross",
     THEME_WORTH,
     -1,
     "spent less in all than is typical here",
     {"Fred", "Fiona", "Felix", "Freda"}},
    {"Frequent",
     "frequency",
     THEME_WORTH,
     1,
     "ordered more often than is typical here",
     {"Frank", "Flora", "Finn", "Faye"}},
    {"Occasional",
     "frequency",
     THEME_WORTH,
     -1,
     "ordered less often than is typical here",
     {"Olivia", "Oscar", "Olga", "Otto"}},
    {"Grand",
     "average_order_value",
     THEME_WORTH,
     1,
     "spent more on an order than is typical here",
     {"Grace", "George", "Gina", "Gus"}},
    {"Modest",
     "average_order_value",
     THEME_WORTH,
     -1,
     "spent less on an order than is typical here",
     {"Mia", "Max", "Molly", "Mark"}},
    {"Typical", "monetary_gross", THEME_NONE, 0, "spent about what is typical here", {"Tina", "Tom", "Tessa", "Theo"}},
    {"One-Time",
     "frequency",
     THEME_APART,
     -1,
     "ordered once, and so is not grouped with the others",
     {"Otto", "Ona", "Orla", "Ozzie"}},
    {"Seldom",
     "frequency",
     THEME_APART,
     -1,
     "ordered fewer times than the minimum, and so is not grouped with the others",
     {"Sam", "Sally", "Sid", "Stella"}},
};

enum { WORDS = sizeof vocabulary / sizeof vocabulary[0], ONE_TIME = WORDS - 2, SELDOM = WORDS - 1 };

/* The medians a word compares; false where the feature is not there or has no median. */
static bool medians(const patron_segmentation *s, int32_t id, const word *w, double *segment, double *shop)
{
    int64_t column = patron_matrix_find(s->features->matrix, w->feature);
    if (column < 0) return false;
    *segment = ptn_segmentation_median(s, id, column);
    *shop = ptn_segmentation_median(s, s->count, column);
    return isfinite(*segment) && isfinite(*shop) && *segment >= 0.0 && *shop >= 0.0;
}

/* How many times the medians differ in the word's direction (>= MARGIN: the claim holds), else 0. */
static double strength(const patron_segmentation *s, int32_t id, const word *w)
{
    double segment, shop;
    if (!medians(s, id, w, &segment, &shop)) return 0.0;
    int64_t column = patron_matrix_find(s->features->matrix, w->feature);
    bool money = strcmp(s->features->matrix->columns[column].unit, "currency") == 0;
    double step = money ? 1.0 / PATRON_MONEY_UNIT : 1.0;
    double ratio = (segment + step) / (shop + step);
    if (w->direction == 0) return ratio < MARGIN && ratio > 1.0 / MARGIN ? 1.0 : 0.0;
    if (w->direction < 0) ratio = 1.0 / ratio;
    return ratio >= MARGIN ? ratio : 0.0;
}

/* The claims of a theme that hold for a segment, strongest first (the vocabulary's order among equals). */
typedef struct claims {
    int32_t words[WORDS];
    double strengths[WORDS];
    int32_t count;
} claims;

static void collect(claims *list, const patron_segmentation *s, int32_t id, int32_t theme)
{
    list->count = 0;
    for (int32_t w = 0; w < WORDS; w++) {
        double found = vocabulary[w].theme == theme ? strength(s, id, &vocabulary[w]) : 0.0;
        if (found <= 0.0) continue;
        int32_t at = list->count++;
        for (; at > 0 && list->strengths[at - 1] < found; at--) {
            list->words[at] = list->words[at - 1];
            list->strengths[at] = list->strengths[at - 1];
        }
        list->words[at] = w;
        list->strengths[at] = found;
    }
}

/* Puts claim `time` and claim `worth` of the lists into the title (an index beyond a list: no word of that theme). */
static void combine(ptn_title *title, const claims *time, const claims *worth, int32_t time_index, int32_t worth_index)
{
    title->word_count = 0;
    if (time_index < time->count) title->words[title->word_count++] = time->words[time_index];
    if (worth_index < worth->count) title->words[title->word_count++] = worth->words[worth_index];
}

/* Whether no better segment has just these words. */
static bool words_are_free(const patron_segmentation *s, int32_t id)
{
    const ptn_title *title = &s->titles[id];
    for (int32_t other = 0; other < id; other++)
        if (s->titles[other].word_count == title->word_count &&
            memcmp(s->titles[other].words, title->words, (size_t)title->word_count * sizeof title->words[0]) == 0)
            return false;
    return true;
}

/* The strongest pair that no better segment has; else a weaker pair, a single word, or in the end the strongest again.
 */
static void choose_words(patron_segmentation *s, int32_t id)
{
    ptn_title *title = &s->titles[id];
    claims time, worth;
    collect(&time, s, id, THEME_TIME);
    collect(&worth, s, id, THEME_WORTH);
    if (time.count + worth.count == 0) collect(&worth, s, id, THEME_NONE);
    for (int32_t sum = 0; sum < time.count + worth.count; sum++)
        for (int32_t i = 0; i <= sum && i <= time.count; i++) {
            if (sum - i > worth.count) continue;
            combine(title, &time, &worth, i, sum - i);
            if (words_are_free(s, id)) return;
        }
    combine(title, &time, &worth, 0, 0);
}

static void say_what_set_apart(patron_segmentation *s, int32_t id)
{
    s->titles[id].word_count = 1;
    s->titles[id].words[0] = s->options.minimum_orders == 2 ? ONE_TIME : SELDOM;
}

static bool given_is_free(const patron_segmentation *s, int32_t id, const char *given)
{
    size_t length = strlen(given);
    for (int32_t other = 0; other < id; other++) {
        const char *name = s->titles[other].name;
        size_t at = strlen(name);
        if (at >= length && strcmp(name + at - length, given) == 0) return false;
    }
    return true;
}

/* Words, then the first given name that no better segment has; when all are taken, the first with a number. With no
   word at all: "Group 1". */
static void write_name(patron_segmentation *s, int32_t id)
{
    ptn_title *title = &s->titles[id];
    char words[PTN_NAME_BYTES - 16] = "", given[16];
    if (title->word_count == 0) {
        snprintf(title->name, sizeof title->name, "Group %d", (int)id + 1);
        return;
    }
    for (int32_t i = 0; i < title->word_count; i++) {
        size_t used = strlen(words);
        snprintf(words + used, sizeof words - used, "%s ", vocabulary[title->words[i]].text);
    }
    const word *last = &vocabulary[title->words[title->word_count - 1]];
    for (int32_t i = 0; i < GIVEN_NAMES + PTN_MOST_SEGMENTS; i++) {
        if (i < GIVEN_NAMES)
            snprintf(given, sizeof given, "%s", last->given[i]);
        else
            snprintf(given, sizeof given, "%s %d", last->given[0], (int)i - GIVEN_NAMES + 2);
        if (given_is_free(s, id, given)) break;
    }
    snprintf(title->name, sizeof title->name, "%s%s", words, given);
}

void ptn_persona_name(patron_segmentation *segmentation)
{
    for (int32_t id = 0; id < segmentation->count; id++) {
        if (id == ptn_segmentation_set_apart(segmentation))
            say_what_set_apart(segmentation, id);
        else
            choose_words(segmentation, id);
        write_name(segmentation, id);
    }
}

int32_t patron_persona_claim_count(const patron_segmentation *segmentation, int32_t id)
{
    return segmentation == NULL || id < 0 || id >= segmentation->count ? 0 : segmentation->titles[id].word_count;
}

patron_status patron_persona_claim(patron_claim *claim, const patron_segmentation *segmentation, int32_t id,
                                   int32_t index, patron_error *error)
{
    ptn_ok(error);
    if (segmentation == NULL) return ptn_fail_null(error, "segmentation");
    if (index < 0 || index >= patron_persona_claim_count(segmentation, id))
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "segment %d's name has no claim %d; it has %d", (int)id,
                        (int)index, (int)patron_persona_claim_count(segmentation, id));

    const word *w = &vocabulary[segmentation->titles[id].words[index]];
    patron_claim found = {
        .size = sizeof found, .word = w->text, .feature = w->feature, .meaning = w->meaning, .direction = w->direction};
    found.bound = found.segment_median = found.shop_median = (double)NAN;
    medians(segmentation, id, w, &found.segment_median, &found.shop_median);
    if (w->theme == THEME_APART) {
        found.kind = PATRON_CLAIM_BELOW;
        found.bound = (double)segmentation->options.minimum_orders;
        if (!(found.segment_median < found.shop_median)) found.direction = 0;
    }
    return ptn_struct_write(claim, &found, sizeof found, "claim", error);
}
