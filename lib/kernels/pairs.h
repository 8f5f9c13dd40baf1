/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel of pairs, written once over the vector operations that template.h names, and two more: vf_fused, a * b + c
   rounded once, and vf_root, the correctly rounded square root. A file that includes this says how many queries it has
   registers for: PAIR_QUERIES, a divisor of 16. The sums do not depend on that number. */

/* Members go through the registers in runs of so many tiles. */
enum { PAIR_RUN = 8 };

/* Queries q … q + PAIR_QUERIES - 1 against a run of tiles from `first`. */
INLINE void pair_run(double rows[PTN_TILE][8], vf *back, const ptn_pairs *p, int64_t first, int64_t count, int q,
                     const bool both)
{
    vf sum[PAIR_QUERIES];
    for (int g = 0; g < PAIR_QUERIES; g++) sum[g] = vf_set(0.0f);
    for (int64_t t = 0; t < count; t++) {
        const float *tile = p->members + (first + t) * p->cols * PTN_TILE, *query = p->query + q;
        vf square[PAIR_QUERIES], weight = vf_load(p->member_weights + (first + t) * PTN_TILE), column = back[t];
        for (int g = 0; g < PAIR_QUERIES; g++) square[g] = vf_set(0.0f);
        for (int64_t c = 0; c < p->cols; c++, tile += PTN_TILE, query += PTN_TILE) {
            vf x = vf_load(tile);
            for (int g = 0; g < PAIR_QUERIES; g++) {
                vf difference = vf_sub(x, vf_set(query[g]));
                square[g] = vf_fused(difference, difference, square[g]);
            }
        }
        for (int g = 0; g < PAIR_QUERIES; g++) {
            vf distance = vf_root(square[g]);
            sum[g] = vf_fused(weight, distance, sum[g]);
            if (both) column = vf_fused(vf_set(p->query_weights[q + g]), distance, column);
        }
        back[t] = column;
    }
    for (int g = 0; g < PAIR_QUERIES; g++)
        vd_store(rows[q + g], vd_add(vd_load(rows[q + g]), vd_add(vd_half(sum[g], 0), vd_half(sum[g], 1))));
}

INLINE double add_lanes(const double lane[8])
{
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

INLINE void pairs_of(double query_sums[PTN_TILE], double *member_sums, const ptn_pairs *p, const bool both)
{
    double rows[PTN_TILE][8] = {{0}};
    for (int64_t first = 0; first < p->tiles; first += PAIR_RUN) {
        int64_t count = p->tiles - first < PAIR_RUN ? p->tiles - first : PAIR_RUN;
        vf back[PAIR_RUN];
        for (int64_t t = 0; t < PAIR_RUN; t++) back[t] = vf_set(0.0f);
        for (int q = 0; q < PTN_TILE; q += PAIR_QUERIES) pair_run(rows, back, p, first, count, q, both);
        for (int64_t t = 0; both && t < count; t++) {
            double *to = member_sums + (first + t) * PTN_TILE;
            vd_store(to, vd_add(vd_load(to), vd_half(back[t], 0)));
            vd_store(to + 8, vd_add(vd_load(to + 8), vd_half(back[t], 1)));
        }
    }
    for (int q = 0; q < PTN_TILE; q++) query_sums[q] += add_lanes(rows[q]);
}

static void pairs(double query_sums[PTN_TILE], double *member_sums, const ptn_pairs *p)
{
    if (member_sums == NULL)
        pairs_of(query_sums, NULL, p, false);
    else
        pairs_of(query_sums, member_sums, p, true);
}
