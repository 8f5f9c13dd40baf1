/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalogue's table and formulas, and choosing columns by name.

   Why preset "behaviour" is recency_days, frequency and items_per_order: how people buy rather than for how much. Its
   rules: defined for everyone in any shop, one-time buyers too, so that it needs no fill and no optional column; no two
   columns that say the same; no column whose spread is noise. Correlations are of signed log1p values, as clustered,
   over the 4,338 customers of UCI Online Retail, 34 % of whom bought once.

       taken
       recency_days       still here, or gone
       frequency          how often
       items_per_order    how much at a time, in things (in lines where no quantity is given): a direction of its own,
                          0.15 with frequency and -0.16 with recency_days; monetary_gross, which is frequency
                          times order value, has 0.81 with frequency

       left out
       monetary_*         how much, not how; average_order_value has 0.81 with items_per_order
       tenure_days        the age of the account, not a habit; so is btyd_T, and btyd_x is frequency by the day
       recent_orders      -0.82 with recency_days, 0.73 with frequency
       distinct_products  needs a column that a shop may not have, as category_* do; 0.62 with frequency
       days_between_*     missing for one-time buyers (variation for 54 %), as is overdue_ratio: a fill would make them
                          the group. overdue_ratio runs to 5e5 where the only gap is of minutes
       weekend_share      0 or 1 for whoever bought once: k-means spends a segment of 14 % on one or two Sunday orders
       return_rate        0 for 64 %, with a thin tail to 11 standard deviations that log1p cannot tame in a share;
                          return_value_share likewise. A segment of 4 % goes to the returners, whatever else
                          they do; a shop that wants that writes "behaviour, return_rate"
       discount_share     needs a column, and says as much of the shop's campaigns as of the customer */
#include "features/catalogue.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/calendar.h"
#include "base/error.h"
#include "base/utf8.h"

/* Days, floored: the difference can be negative only where as-of lies before the order, which it never does. */
#define ELAPSED_DAYS(from_s) ((double)((t->as_of_s - (from_s)) / 86400))
#define CURRENCY(money)      ((double)(money) / PATRON_MONEY_UNIT)
#define SPAN_S               ((double)(c->last_order_s - c->first_order_s))
#define MISSING              ((double)NAN)
#define WHOLE                "whole numbers, "

/* name, unit, range, definition, when it is missing, PTN_HABIT_… it needs, formula over customer c, habits h and clock
 * t */
#define NUMBERS(X)                                                                                                     \
    X(recency_days, "days", WHOLE ">= 0", "Elapsed time from the last order to the as-of, in whole days.", "never",    \
      NONE, ELAPSED_DAYS(c->last_order_s))                                                                             \
    X(tenure_days, "days", WHOLE ">= 0", "Elapsed time from the first order to the as-of, in whole days.", "never",    \
      NONE, ELAPSED_DAYS(c->first_order_s))                                                                            \
    X(frequency, "orders", WHOLE ">= 1", "Number of orders.", "never", NONE, (double)c->orders)                        \
    X(monetary_gross, "currency", ">= 0", "Sum of purchases.", "never", NONE, CURRENCY(c->gross))                      \
    X(monetary_returns, "currency", ">= 0", "Sum of returns and adjustments, as a number >= 0.", "never", NONE,        \
      CURRENCY(c->returns))                                                                                            \
    X(monetary_net, "currency", "any number", "Purchases less returns and adjustments; can be negative.", "never",     \
      NONE, CURRENCY(c->gross - c->returns))                                                                           \
    X(monetary_recurring, "currency", "any number",                                                                    \
      "Net revenue after the local day of the first purchase: purchases less returns and adjustments on later days.",  \
      "never", NONE, CURRENCY(c->recurring))                                                                           \
    X(average_order_value, "currency", ">= 0", "Sum of purchases divided by the number of orders.", "never", NONE,     \
      CURRENCY(c->gross) / (double)c->orders)                                                                          \
    X(btyd_x, "days", WHOLE ">= 0", "Repeat purchase days: distinct local days with a purchase, less one.", "never",   \
      NONE, (double)(c->purchase_days - 1))                                                                            \
    X(btyd_t_x, "days", WHOLE ">= 0", "Local calendar days from the first to the last purchase day.", "never", NONE,   \
      (double)(c->last_day - c->first_day))                                                                            \
    X(btyd_T, "days", WHOLE ">= 0", "Local calendar days from the first purchase day to the as-of.", "never", NONE,    \
      (double)(t->as_of_day - c->first_day))                                                                           \
    X(btyd_spend, "currency", ">= 0", "Purchases on repeat purchase days, per such day.",                              \
      "when there is no repeat purchase day", NONE,                                                                    \
      if_known(c->purchase_days > 1, CURRENCY(c->repeat_gross) / (double)(c->purchase_days - 1)))                      \
    X(days_between_mean, "days", ">= 0",                                                                               \
      "Mean time between the customer's successive orders, in days of 86,400 seconds.", "with fewer than 2 orders",    \
      NONE, if_known(c->orders > 1, SPAN_S / ((double)(c->orders - 1) * 86400.0)))                                     \
    X(days_between_median, "days", ">= 0",                                                                             \
      "Median time between the customer's successive orders, in days of 86,400 seconds; of an even number, the mean "  \
      "of the middle two.",                                                                                            \
      "with fewer than 2 orders", RHYTHM, if_known(c->orders > 1, (double)h->twice_median_gap_s / 172800.0))           \
    X(days_between_variation, "ratio", ">= 0",                                                                         \
      "Standard deviation (of the gaps there are, no correction) of the time between successive orders, divided by "   \
      "its mean: 0 is a clock, 1 is chance.",                                                                          \
      "with fewer than 3 orders, or when all are at one instant", RHYTHM, h->gap_variation)                            \
    X(recent_orders, "orders", WHOLE ">= 0",                                                                           \
      "Number of orders less than recent_days (an option; 90) times 86,400 seconds before the as-of.", "never",        \
      RHYTHM, (double)h->recent_orders)                                                                                \
    X(items_per_order, "items", ">= 0", "Sum of the quantities of purchase lines divided by the number of orders.",    \
      "never", LINES, h->items / (double)c->orders)                                                                    \
    X(distinct_products, "products", WHOLE ">= 1", "Number of different products in purchase lines.",                  \
      "when no purchase line has a product", PRODUCTS, h->products > 0 ? (double)h->products : MISSING)                \
    X(category_count, "categories", WHOLE ">= 1", "Number of different categories in purchase lines.",                 \
      "when no purchase line has a category", CATEGORIES, h->categories > 0 ? (double)h->categories : MISSING)         \
    X(category_entropy, "nats", ">= 0",                                                                                \
      "Entropy of how the money of purchase lines that have a category divides among categories: 0 for one, ln k for " \
      "k with equal shares.",                                                                                          \
      "when no money was spent on a line with a category", CATEGORIES, h->category_entropy)                            \
    X(top_category_share, "share", "0 to 1",                                                                           \
      "Share of the category most was spent on, in the money of purchase lines that have a category.",                 \
      "when no money was spent on a line with a category", CATEGORIES, h->top_category_share)                          \
    X(discount_share, "share", "0 to 1",                                                                               \
      "Share of the purchase lines that came with a discount column whose discount is not 0.",                         \
      "when no purchase line came with a discount column", LINES,                                                      \
      h->discount_lines > 0 ? (double)h->discounted_lines / (double)h->discount_lines : MISSING)                       \
    X(return_rate, "share", "0 to 1",                                                                                  \
      "Lines that are returns, as a share of returns and purchases; adjustments are neither.", "never", LINES,         \
      (double)h->return_lines / ((double)h->return_lines + (double)h->purchase_lines))                                 \
    X(return_value_share, "share", ">= 0",                                                                             \
      "Value of the returns, adjustments left out, divided by the sum of purchases; above 1 when more was returned "   \
      "than bought.",                                                                                                  \
      "when the sum of purchases is 0", LINES, c->gross > 0 ? (double)h->return_value / (double)c->gross : MISSING)    \
    X(weekend_share, "share", "0 to 1", "Share of the orders whose local day is a Saturday or a Sunday.", "never",     \
      RHYTHM, (double)h->weekend_orders / (double)c->orders)                                                           \
    X(overdue_ratio, "ratio", ">= 0",                                                                                  \
      "Time since the last order divided by the customer's mean time between orders: above 1, the next order is "      \
      "overdue.",                                                                                                      \
      "with fewer than 2 orders, or when all are at one instant", NONE,                                                \
      if_known(c->last_order_s > c->first_order_s,                                                                     \
               (double)(t->as_of_s - c->last_order_s) * (double)(c->orders - 1) / SPAN_S))                             \
    X(days_since_previous_order, "days", ">= 0",                                                                       \
      "Time from the order before the last to the last order, in days of 86,400 seconds; 0 or more.",                  \
      "with fewer than 2 orders", RHYTHM, if_known(c->orders > 1, (double)h->last_gap_s / 86400.0))                    \
    X(order_trend, "ratio", "-1 to 1",                                                                                 \
      "Orders in the last half of the time from the first order to the as-of less those in the first half, divided "   \
      "by all orders: from -1, all at the beginning, to 1; an order in the very middle is in the first half.",         \
      "with fewer than 2 orders", RHYTHM,                                                                              \
      if_known(c->orders > 1, (double)(2 * (int64_t)h->late_orders - c->orders) / (double)c->orders))                  \
    X(best_quarter_share, "share", "0.25 to 1",                                                                        \
      "Share of the purchases made in the calendar quarter (the first is January to March; those of all years count "  \
      "together, by local time) in which most was spent: from 0.25 to 1.",                                             \
      "with fewer than 2 orders, or when the sum of purchases is 0", SEASONS,                                          \
      if_known((c->orders > 1) & (c->gross > 0), (double)h->best_quarter / (double)c->gross))                          \
    X(evening_share, "share", "0 to 1", "Share of the orders placed from 18:00 to midnight, local time: from 0 to 1.", \
      "never", RHYTHM, (double)h->evening_orders / (double)c->orders)                                                  \
    X(repeat_product_share, "share", "0 to 1",                                                                         \
      "Share of the purchase lines with a product whose product another such line of the customer, counted before, "   \
      "has: 0 when each product was bought once, below 1.",                                                            \
      "when no purchase line has a product", PRODUCTS,                                                                 \
      h->product_lines > 0 ? (double)(h->product_lines - h->products) / (double)h->product_lines : MISSING)            \
    X(discount_depth, "share", "0 to 1",                                                                               \
      "Discounts of the purchase lines that came with a discount column, as a share of what these came to before "     \
      "discount: from 0 to 1.",                                                                                        \
      "when no purchase line came with a discount column, or all are of amount and discount 0", LINES,                 \
      h->discount_depth)                                                                                               \
    X(largest_order_share, "share", "0 to 1",                                                                          \
      "Share of the purchases in the order with most of them: above 0, at most 1.", "when the sum of purchases is 0",  \
      LARGEST, c->gross > 0 ? (double)c->largest_order / (double)c->gross : MISSING)                                   \
    X(top_channel_share, "share", "0 to 1",                                                                            \
      "Share of the orders placed through the channel most were placed through, among those that have a channel.",     \
      "when no order has a channel", CHANNELS, h->top_channel_share)                                                   \
    X(channel_entropy, "nats", ">= 0",                                                                                 \
      "Entropy of how the orders that have a channel divide among channels: 0 for one, ln k for k with equal shares.", \
      "when no order has a channel", CHANNELS, h->channel_entropy)                                                     \
    X(price_level, "ratio", ">= 0",                                                                                    \
      "What was paid in purchase lines that have a category and a quantity above 0, divided by what the same "         \
      "quantities would have cost at each category's mean price of a unit, which is the money of all customers' such " \
      "lines divided by their quantity: above 1, the dearer things of the categories.",                                \
      "when no purchase line has a category and a quantity above 0, or the prices of all their categories are 0",      \
      PRICES, h->price_level)

#define MONTHS(X)                                                                                                      \
    X(cohort_month, "month", "any whole number",                                                                       \
      "Calendar month, by local time, of the first purchase known by the as-of (within the window, where there is "    \
      "one), as year x 100 + month: 202603 is March 2026. For describing customers, not for grouping them.",           \
      "never", NONE, month_of(c->first_day))

/* By the history's numbers, which codes.c makes codes of. */
#define CODES(X)                                                                                                       \
    X(first_category, "code", WHOLE ">= 0",                                                                            \
      "Category of the first purchase line that has one and is known by the as-of (within the window, where there is " \
      "one); of several at one instant, the one whose bytes come first. As a code: the categories that customers "     \
      "began with are 0, 1, 2 and so on in the order of their bytes, and patron_features_code_texts gives their "      \
      "texts. For describing customers, not for grouping them.",                                                       \
      "when no purchase line has a category", FIRST, h->first_category >= 0 ? (double)h->first_category : MISSING)

#define FEATURES(X) NUMBERS(X) MONTHS(X) CODES(X)

/* The value, or MISSING, which about half of the customers are, so that a branch would often be foreseen wrongly. */
static inline double if_known(bool known, double value)
{
    const double missing = MISSING;
    uint64_t bits, others, mask = UINT64_C(0) - known;
    memcpy(&bits, &value, sizeof bits);
    memcpy(&others, &missing, sizeof others);
    bits = (bits & mask) | (others & ~mask);
    memcpy(&value, &bits, sizeof bits);
    return value;
}

/* Of a local day, as PATRON_KIND_MONTH. */
static double month_of(int64_t local_day)
{
    int64_t year;
    int32_t month, day;
    ptn_civil(local_day, &year, &month, &day);
    return (double)(year * 100 + month);
}

static const patron_column catalogue[] = {
#define COLUMN(kind, name, unit, range, definition, missing)                                                           \
    {sizeof(patron_column), #name, unit, definition, missing, PATRON_ROLE_PROFILE, kind, range},
#define NUMBER(name, unit, range, definition, missing, needs, formula)                                                 \
    COLUMN(PATRON_KIND_NUMBER, name, unit, range, definition, missing)
#define MONTH(name, unit, range, definition, missing, needs, formula)                                                  \
    COLUMN(PATRON_KIND_MONTH, name, unit, range, definition, missing)
#define CODE(name, unit, range, definition, missing, needs, formula)                                                   \
    COLUMN(PATRON_KIND_CODE, name, unit, range, definition, missing)
    NUMBERS(NUMBER) MONTHS(MONTH) CODES(CODE)
#undef CODE
#undef MONTH
#undef NUMBER
#undef COLUMN
};
_Static_assert(sizeof catalogue / sizeof *catalogue == PTN_FEATURE_COUNT, "PTN_FEATURE_COUNT counts the catalogue");

static const struct preset {
    const char *name, *list;
} presets[] = {{"rfm", "recency_days,frequency,monetary_gross"},
               {"behaviour", "recency_days,frequency,items_per_order"}};
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

int32_t ptn_feature_needs(int32_t index)
{
    static const int32_t all[] = {
#define NEEDS(name, unit, range, definition, missing, needs, formula) PTN_HABIT_##needs,
        FEATURES(NEEDS)
#undef NEEDS
    };
    return all[index];
}

void ptn_feature_fill(double *values, int64_t stride, int32_t index, const ptn_feature_rows *rows,
                      const ptn_feature_clock *t)
{
    enum {
#define NUMBER(name, unit, range, definition, missing, needs, formula) NUMBER_##name,
        FEATURES(NUMBER)
#undef NUMBER
    };
    switch (index) {
#define CASE(name, unit, range, definition, missing, needs, formula)                                                   \
    case NUMBER_##name:                                                                                                \
        for (int64_t r = 0; r < rows->count; r++) {                                                                    \
            const ptn_customer *c = rows->customers[r];                                                                \
            const ptn_habits *h = rows->habits[r];                                                                     \
            (void)c, (void)h;                                                                                          \
            values[r * stride] = formula;                                                                              \
        }                                                                                                              \
        return;
        FEATURES(CASE)
#undef CASE
    default:
        return;
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

/* "no column is called NAME; there are the presets rfm, … and a, b, …" */
static patron_status fail_unknown(const choice *c, const char *text, size_t length)
{
    char known[380] = "";
    size_t used = 0;
    for (int64_t i = 0; i < PRESETS + c->count; i++) {
        const char *name = i < PRESETS ? presets[i].name : c->columns[i - PRESETS].name;
        const char *before = i == 0 ? "" : i == PRESETS ? " and " : ", ";
        size_t more = strlen(before) + strlen(name);
        if (used + more + sizeof ", …" > sizeof known) {
            memcpy(known + used, ", …", sizeof ", …");
            break;
        }
        memcpy(known + used, before, strlen(before));
        memcpy(known + used + strlen(before), name, strlen(name) + 1);
        used += more;
    }
    size_t shown = length < 40 ? length : 40;
    while (shown > 0 && shown < length && ((unsigned char)text[shown] & 0xC0) == 0x80) shown--;
    if (!ptn_utf8_valid((const uint8_t *)text, (int64_t)shown))
        return ptn_fail(c->error, PATRON_UNKNOWN_NAME, "a name is not UTF-8; there are the presets %s", known);
    return ptn_fail(c->error, PATRON_UNKNOWN_NAME, "no column is called \"%.*s\"; there are the presets %s", (int)shown,
                    text, known);
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
