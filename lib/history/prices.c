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

static void add_block(void *argument, int64_t block, int32_t worker)
{
    const job *j = argument;
    const patron_history *h = j->grouping->history;
    const int32_t *categories = h->category.items;
    const int64_t *stamps = h->stamp.items;
    category_sums *sums = j->sums + worker * j->categories;
    int64_t end = (block + 1) * BLOCK < ptn_history_lines(h) ? (block + 1) * BLOCK : ptn_history_lines(h);
    for (int64_t i = block * BLOCK; i < end; i++) {
        if (categories[i] < 0 || (ptn_stamp_flags(stamps[i]) & PTN_LINE_SOME) == 0) continue;
        if (j->fates == NULL ? ptn_groups_kind(j->grouping, i) < PTN_KIND_PURCHASE
                             : j->fates[i] != PATRON_FATE_PURCHASE)
            continue;
        sums[categories[i]].amount += ptn_line_amount(h, i);
        ptn_quantity_add(&sums[categories[i]].quantity, ptn_line_quantity(h, i));
    }
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
