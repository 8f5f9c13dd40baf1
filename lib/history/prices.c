/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "history/prices.h"

#include "base/error.h"

enum { BLOCK = 1 << 18 };

__extension__ typedef __int128 int128;

typedef struct category_sums {
    ptn_quantity_sum quantity;
    int128 amount;
} category_sums;

typedef struct job {
    const ptn_grouping *grouping;
    const uint8_t *fates;
    int64_t categories;
    category_sums *sums; /* of each worker */
} job;

/* `narrow`: amounts, quantities and categories are, or quantities are 1; a constant, as the loop is the whole work.
   `plain`: what a line is by itself decides, and nothing special is asked for. */
static inline __attribute__((always_inline)) void add_lines(const job *j, category_sums *sums, int64_t from,
                                                            int64_t end, bool narrow, bool plain)
{
    const patron_history *h = j->grouping->history;
    const uint8_t *categories = h->category.items;
    const int32_t *amounts = h->amount.items;
    const int64_t *stamps = h->stamp.items;
    const int64_t as_of_s = j->grouping->as_of_s;
    const int16_t *quantities = h->quantity.items;
    const bool drops = ptn_history_drops(h, 0);
    for (int64_t i = from; i < end; i++) {
        int64_t stamp = stamps[i], amount = narrow ? amounts[i] : ptn_line_amount(h, i);
        uint32_t flags = ptn_stamp_flags(stamp);
        int32_t category = narrow ? categories[i] - 1 : ptn_line_category(h, i);
        if (category < 0 || (flags & PTN_LINE_SOME) == 0) continue;
        if (plain) {
            bool counts = ptn_stamp_time(stamp) <= as_of_s && (flags & PTN_LINE_RETURN) == 0 && amount >= drops;
            if (!counts) continue;
        } else if (j->fates == NULL ? ptn_groups_kind(j->grouping, i) < PTN_KIND_PURCHASE
                                    : j->fates[i] != PATRON_FATE_PURCHASE) {
            continue;
        }
        category_sums *s = &sums[category];
        s->amount += amount;
        if (narrow)
            s->quantity.whole += quantities == NULL ? 1 : quantities[i];
        else
            ptn_quantity_add(&s->quantity, ptn_line_quantity(h, i));
    }
}

static void add_block(void *argument, int64_t block, int32_t worker)
{
    const job *j = argument;
    const patron_history *h = j->grouping->history;
    category_sums *sums = j->sums + worker * j->categories;
    int64_t from = block * BLOCK, end = from + BLOCK < ptn_history_lines(h) ? from + BLOCK : ptn_history_lines(h);
    bool narrow = (h->wide & (PTN_WIDE_AMOUNT | PTN_WIDE_QUANTITY | PTN_WIDE_CATEGORY)) == 0;
    if (j->fates != NULL || ptn_groups_special(j->grouping))
        add_lines(j, sums, from, end, false, false);
    else if (narrow)
        add_lines(j, sums, from, end, true, true);
    else
        add_lines(j, sums, from, end, false, true);
}

patron_status ptn_prices_make(double **prices, const ptn_grouping *grouping, const uint8_t *fates, ptn_team *team,
                              const char *stage, patron_error *error)
{
    const patron_history *h = grouping->history;
    const ptn_memory *memory = &team->context->memory;
    int64_t count = ptn_intern_count(&h->categories), workers = team->context->threads;
    job j = {.grouping = grouping, .fates = fates, .categories = count};
    void *block = NULL;
    *prices = NULL;
    if (h->category.items == NULL || count == 0) return PATRON_OK;
    const ptn_wanted wanted = {&j.sums, workers * count, sizeof *j.sums, "categories"};
    patron_status status = ptn_allocate_each(&wanted, 1, true, memory, error);
    if (status == PATRON_OK) status = ptn_allocate(&block, memory, count, sizeof **prices, "categories", error);
    if (status == PATRON_OK)
        status = ptn_team_run(team, stage, 0.0, 0.0, (ptn_history_lines(h) + BLOCK - 1) / BLOCK, add_block, &j, error);
    for (int64_t c = 0; status == PATRON_OK && c < count; c++) {
        category_sums all = {{0, 0}, 0};
        for (int64_t w = 0; w < workers; w++) {
            const category_sums *its = &j.sums[w * count + c];
            all.amount += its->amount;
            all.quantity.steps += its->quantity.steps;
            all.quantity.whole += its->quantity.whole;
        }
        double quantity = ptn_quantity_value(&all.quantity);
        ((double *)block)[c] = quantity > 0.0 ? (double)all.amount / quantity : (double)NAN;
    }
    ptn_free(memory, j.sums);
    if (status == PATRON_OK)
        *prices = block;
    else
        ptn_free(memory, block);
    return status;
}

patron_status ptn_prices_of(double **prices, const ptn_price_sum *sums, int64_t categories, int32_t workers,
                            const ptn_memory *memory, patron_error *error)
{
    void *block;
    patron_status status = ptn_allocate(&block, memory, categories, sizeof **prices, "categories", error);
    if (status != PATRON_OK) return status;
    *prices = block;
    for (int64_t c = 0; c < categories; c++) {
        ptn_price_sum all = {0, 0};
        for (int32_t w = 0; w < workers; w++) {
            all.amount += sums[w * categories + c].amount;
            all.quantity += sums[w * categories + c].quantity;
        }
        (*prices)[c] = all.quantity > 0 ? (double)all.amount / (double)all.quantity : (double)NAN;
    }
    return PATRON_OK;
}
