/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalogue's table and formulas, and choosing columns by name. */
#include "features/catalogue.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

/* Days, floored: the difference can be negative only where as-of lies before the order, which it never does. */
#define ELAPSED_DAYS(from_s) ((double)((t->as_of_s - (from_s)) / 86400))
#define CURRENCY(money)      ((double)(money) / PATRON_MONEY_UNIT)

/* name, unit, definition, when it is missing, formula over customer c and clock t */
#define FEATURES(X)                                                                                                    \
    X(recency_days, "days", "Elapsed time from the last order to the as-of, in whole days.", "never",                  \
      ELAPSED_DAYS(c->last_order_s))                                                                                   \
    X(tenure_days, "days", "Elapsed time from the first order to the as-of, in whole days.", "never",                  \
      ELAPSED_DAYS(c->first_order_s))                                                                                  \
    X(frequency, "orders", "Number of orders.", "never", (double)c->orders)                                            \
    X(monetary_gross, "currency", "Sum of purchases.", "never", CURRENCY(c->gross))                                    \
    X(monetary_returns, "currency", "Sum of returns and adjustments, as a number >= 0.", "never",                      \
      CURRENCY(c->returns))                                                                                            \
    X(monetary_net, "currency", "Purchases less returns and adjustments; can be negative.", "never",                   \
      CURRENCY(c->gross - c->returns))                                                                                 \
    X(monetary_recurring, "currency",                                                                                  \
      "Net revenue after the local day of the first purchase: purchases less returns and adjustments on later days.",  \
      "never", CURRENCY(c->recurring))                                                                                 \
    X(average_order_value, "currency", "Sum of purchases divided by the number of orders.", "never",                   \
      CURRENCY(c->gross) / (double)c->orders)                                                                          \
    X(btyd_x, "days", "Repeat purchase days: distinct local days with a purchase, less one.", "never",                 \
      (double)(c->purchase_days - 1))                                                                                  \
    X(btyd_t_x, "days", "Local calendar days from the first to the last purchase day.", "never",                       \
      (double)(c->last_day - c->first_day))                                                                            \
    X(btyd_T, "days", "Local calendar days from the first purchase day to the as-of.", "never",                        \
      (double)(t->as_of_day - c->first_day))                                                                           \
    X(btyd_spend, "currency", "Purchases on repeat purchase days, per such day.",                                      \
      "when there is no repeat purchase day",                                                                          \
      c->purchase_days > 1 ? CURRENCY(c->repeat_gross) / (double)(c->purchase_days - 1) : (double)NAN)

static const patron_column catalogue[] = {
#define COLUMN(name, unit, definition, missing, formula)                                                               \
    {sizeof(patron_column), #name, unit, definition, missing, PATRON_ROLE_PROFILE, 0},
    FEATURES(COLUMN)
#undef COLUMN
};
_Static_assert(sizeof catalogue / sizeof *catalogue == PTN_FEATURE_COUNT, "PTN_FEATURE_COUNT counts the catalogue");

static const struct preset {
    const char *name, *list;
} presets[] = {{"rfm", "recency_days,frequency,monetary_gross"}};
enum { PRESETS = sizeof presets / sizeof *presets };

const patron_column *ptn_catalogue(void) { return catalogue; }

int64_t patron_feature_count(void) { return PTN_FEATURE_COUNT; }

patron_status patron_feature_info(patron_column *column, int64_t index, patron_error *error)
{
    ptn_ok(error);
    if (index < 0 || index >= PTN_FEATURE_COUNT)
        return ptn_fail(error, PATRON_INVALID_ARGUMENT, "there is no feature %lld; there are %d", (long long)index,
                        (int)PTN_FEATURE_COUNT);
    return ptn_struct_write(column, &catalogue[index], sizeof *column, "column", error);
}

double ptn_feature_value(int32_t index, const ptn_customer *c, const ptn_feature_clock *t)
{
    enum {
#define NUMBER(name, unit, definition, missing, formula) NUMBER_##name,
        FEATURES(NUMBER)
#undef NUMBER
    };
    switch (index) {
#define CASE(name, unit, definition, missing, formula)                                                                 \
    case NUMBER_##name:                                                                                                \
        return formula;
        FEATURES(CASE)
#undef CASE
    default:
        return (double)NAN;
    }
}

/* A list being read. */
typedef struct choice {
    int64_t *indices, *chosen;
    const patron_column *columns;
    int64_t count;
    patron_error *error;
} choice;

static bool same_name(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

/* "NAME is no column; there are a, b, … and the presets rfm" */
static patron_status fail_unknown(const choice *c, const char *text, size_t length)
{
    char known[400] = "";
    size_t used = 0;
    for (int64_t i = 0; i < c->count + PRESETS; i++) {
        const char *name = i < c->count ? c->columns[i].name : presets[i - c->count].name;
        const char *before = i == 0 ? "" : i == c->count ? "; presets: " : ", ";
        size_t more = strlen(before) + strlen(name);
        if (used + more + sizeof ", …" > sizeof known) {
            memcpy(known + used, ", …", sizeof ", …");
            break;
        }
        memcpy(known + used, before, strlen(before));
        memcpy(known + used + strlen(before), name, strlen(name) + 1);
        used += more;
    }
    return ptn_fail(c->error, PATRON_UNKNOWN_NAME, "no column is called \"%.*s\"; there are %s",
                    length < 40 ? (int)length : 40, text, known);
}

static patron_status choose_column(choice *c, const char *text, size_t length)
{
    int64_t index = 0;
    while (index < c->count && !same_name(c->columns[index].name, text, length)) index++;
    if (index == c->count) return fail_unknown(c, text, length);
    for (int64_t i = 0; i < *c->chosen; i++)
        if (c->indices[i] == index)
            return ptn_fail(c->error, PATRON_INVALID_ARGUMENT, "column %s is chosen twice; name each once",
                            c->columns[index].name);
    c->indices[(*c->chosen)++] = index;
    return PATRON_OK;
}

static patron_status choose_preset(choice *c, const struct preset *preset)
{
    patron_status status = PATRON_OK;
    for (const char *at = preset->list; status == PATRON_OK; at++) {
        size_t length = strcspn(at, ",");
        status = choose_column(c, at, length);
        at += length;
        if (*at == '\0') break;
    }
    return status;
}

static patron_status choose_item(choice *c, const char *text, size_t length)
{
    static const char blanks[] = " \t\r\n";
    while (length > 0 && memchr(blanks, text[0], sizeof blanks - 1) != NULL) text++, length--;
    while (length > 0 && memchr(blanks, text[length - 1], sizeof blanks - 1) != NULL) length--;
    if (length == 0)
        return ptn_fail(c->error, PATRON_INVALID_ARGUMENT,
                        "a list of columns has an empty name; write names with one comma in between");
    for (int64_t i = 0; i < c->count; i++)
        if (same_name(c->columns[i].name, text, length)) return choose_column(c, text, length);
    for (int i = 0; i < PRESETS; i++)
        if (same_name(presets[i].name, text, length)) return choose_preset(c, &presets[i]);
    return fail_unknown(c, text, length);
}

patron_status ptn_columns_choose(int64_t *indices, int64_t *chosen, const char *list, const patron_column *columns,
                                 int64_t count, patron_error *error)
{
    choice c = {indices, chosen, columns, count, error};
    patron_status status = PATRON_OK;
    *chosen = 0;
    if (list == NULL) {
        for (int64_t i = 0; i < count; i++) indices[i] = i;
        *chosen = count;
        return PATRON_OK;
    }
    for (const char *at = list; status == PATRON_OK; at++) {
        size_t length = strcspn(at, ",");
        status = choose_item(&c, at, length);
        at += length;
        if (*at == '\0') break;
    }
    return status;
}
