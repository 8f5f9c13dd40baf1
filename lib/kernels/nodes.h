/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel of expected distances, written once over the operations that template.h and pairs.h name, and vf_divide,
   correctly rounded. Lanes do not depend on one another: a row gets the same number in any tile. */

INLINE void expected_of(float out[PTN_TILE], const float *tile, const ptn_nodes *nodes, const int64_t cols,
                        const bool full)
{
    const float *mean = nodes->means, *slope = nodes->slopes, *form = nodes->forms;
    vf sum = vf_set(0.0f), e[PTN_FULL_COLS];
    for (int64_t v = 0; v < nodes->count; v++, mean += cols, slope += cols) {
        vf square = vf_set(nodes->spreads[v]), spread = vf_set(nodes->rests[v]);
        for (int64_t c = 0; c < cols; c++) {
            vf difference = vf_sub(vf_load(tile + c * PTN_TILE), vf_set(mean[c]));
            square = vf_fused(difference, difference, square);
            spread = vf_fused(vf_set(slope[c]), difference, spread);
            vf inner = difference;
            if (full) {
                e[c] = difference;
                inner = vf_mul(vf_set(*form++), e[0]);
                for (int64_t b = 1; b <= c; b++) inner = vf_fused(vf_set(*form++), e[b], inner);
            } else {
                inner = vf_mul(vf_set(*form++), difference);
            }
            spread = vf_fused(inner, difference, spread);
        }
        vf root = vf_root(square);
        vf distance = vf_max(vf_sub(root, vf_divide(spread, vf_mul(square, root))), vf_set(0.0f));
        sum = vf_fused(vf_set(nodes->shares[v]), distance, sum);
    }
    vf_store(out, sum);
}

static void expected(float out[PTN_TILE], const float *tile, const ptn_nodes *nodes)
{
    if (nodes->full && nodes->cols == 8)
        expected_of(out, tile, nodes, 8, true);
    else if (nodes->full)
        expected_of(out, tile, nodes, nodes->cols, true);
    else
        expected_of(out, tile, nodes, nodes->cols, false);
}
