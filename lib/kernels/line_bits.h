/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is to be known of the lines of an order log, a bit for each; included by each level, after its eight_lines. */

/* `n` lines from the tile's line `at` on, one by one, with no branch a line. */
INLINE void some_lines(ptn_line_bits *out, const ptn_lines *l, int64_t first, int32_t at, int32_t n)
{
    for (int32_t k = at; k < at + n; k++) {
        int64_t i = first + k, before = i > 0 ? i - 1 : 0, stamp = l->stamps[i];
        int64_t amount = l->wide_amounts != NULL ? l->wide_amounts[i] : l->amounts[i];
        uint64_t differs = (uint64_t)((stamp ^ l->stamps[before]) & l->told_by);
        differs |= (uint32_t)(l->customers[i] ^ l->customers[before]);
        if (l->wide_orders != NULL) differs |= l->wide_orders[i] ^ l->wide_orders[before];
        if (l->orders != NULL) differs |= l->orders[i] ^ l->orders[before];
        out->starts |= (uint64_t)(differs != 0) << k;
        out->some |= (uint64_t)((stamp & l->some) != 0) << k;
        out->back |= (uint64_t)((stamp & l->back) != 0) << k;
        out->later |= (uint64_t)(stamp > l->last) << k;
        out->negative |= (uint64_t)(amount < 0) << k;
        out->zero |= (uint64_t)(amount == 0) << k;
    }
}

static void line_bits(ptn_line_bits *out, const ptn_lines *l, int64_t first, int32_t count)
{
    int32_t at = 0;
    memset(out, 0, sizeof *out);
    if (first == 0) { /* there is none before it */
        at = count < 8 ? count : 8;
        some_lines(out, l, first, 0, at);
    }
    for (; at + 8 <= count; at += 8) eight_lines(out, l, first, at);
    some_lines(out, l, first, at, count - at);
    out->starts |= 1;
}
