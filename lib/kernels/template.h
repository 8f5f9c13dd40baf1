/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels, written once over a file's vector operations:

       vf  16 floats, the rows of a tile        vm  a condition on each of them       vi  a label for each
       vs  16 whole numbers of 32 bits
       vd  8 doubles: 8 columns of one row as the caller holds it, or half a tile's rows

   A file that includes this defines those types, the operations on them, and KERNELS, NAME and INLINE. */
#include <float.h>

enum { LINE = 64 /* bytes of memory had at once */, ROWS_AHEAD = 2048, SHORT_ROW = 256 /* bytes */ };

/* Columns c … c + count - 1 of a row. */
INLINE vd load_columns(const ptn_source *rows, int64_t row, int64_t c, int64_t count)
{
    int64_t at = row * rows->stride + c;
    return rows->narrow ? vd_load_narrow((const float *)rows->values + at, count)
                        : vd_load_part((const double *)rows->values + at, count);
}

INLINE int64_t columns_from(int64_t c, int64_t cols) { return cols - c < 8 ? cols - c : 8; }

static void measure(double *low, double *high, double *sum, double *square, const ptn_source *rows, int64_t first_row,
                    int64_t count, const double *weights, const double *shift)
{
    for (int64_t c = 0; c < rows->cols; c += 8) {
        int64_t n = columns_from(c, rows->cols);
        vd least = vd_load_part(low + c, n), most = vd_load_part(high + c, n), from = vd_load_part(shift + c, n);
        vd sums[2], squares[2];
        for (int h = 0; h < 2; h++) {
            sums[h] = vd_load_part(sum + h * rows->cols + c, n);
            squares[h] = vd_load_part(square + h * rows->cols + c, n);
        }
        for (int64_t i = 0; i < count; i++) {
            vd x = load_columns(rows, first_row + i, c, n), offset = vd_sub(x, from);
            vd product = vd_mul(offset, offset);
            if (weights != NULL) {
                if (weights[i] == 0.0) continue;
                offset = vd_mul(offset, vd_set(weights[i]));
                product = vd_mul(product, vd_set(weights[i]));
            }
            least = vd_min(x, least);
            most = vd_max(x, most);
            if (i & 1) {
                sums[1] = vd_add(sums[1], offset);
                squares[1] = vd_add(squares[1], product);
            } else {
                sums[0] = vd_add(sums[0], offset);
                squares[0] = vd_add(squares[0], product);
            }
        }
        vd_store_part(low + c, least, n);
        vd_store_part(high + c, most, n);
        for (int h = 0; h < 2; h++) {
            vd_store_part(sum + h * rows->cols + c, sums[h], n);
            vd_store_part(square + h * rows->cols + c, squares[h], n);
        }
    }
}

/* Eight columns of up to 16 rows, side by side; says whether a value is beyond its limit. */
INLINE bool pack_rows(float turned[PTN_TILE][8], const ptn_source *rows, int64_t first_row, const int64_t count,
                      int64_t c, const int64_t n, const double *centre, double inverse_unit, const double *step,
                      const double *limit)
{
    vd from = vd_load_part(centre + c, n), most = vd_load_part(limit + c, n), scale = vd_set(inverse_unit);
    vd round = vd_mul(vd_load_part(step + c, n), vd_set(0x1.8p52));
    bool beyond = false;
    for (int64_t l = 0; l < count; l++) {
        vd x = vd_mul(vd_sub(load_columns(rows, first_row + l, c, n), from), scale);
        x = vd_sub(vd_add(x, round), round);
        beyond |= vd_beyond(x, most);
        vd_store_narrow(turned[l], x);
    }
    return beyond;
}

/* The rows of a tile with a value beyond its limit, or NaN. */
static uint16_t find_beyond(const ptn_source *rows, int64_t first_row, int64_t count, const double *centre,
                            double inverse_unit, const double *step, const double *limit)
{
    uint32_t beyond = 0;
    float one[PTN_TILE][8];
    for (int64_t l = 0; l < count; l++)
        for (int64_t c = 0; c < rows->cols; c += 8) {
            int64_t n = columns_from(c, rows->cols);
            beyond |= (uint32_t)pack_rows(one, rows, first_row + l, 1, c, n, centre, inverse_unit, step, limit) << l;
        }
    return (uint16_t)beyond;
}

/* Asks for what lies ROWS_AHEAD bytes behind so many short rows, which is next to be read: what the processor foresees
   by itself ends with a page. Long rows it foresees well enough, and what lies between rows far apart is not read. */
INLINE void ask_ahead(const ptn_source *rows, int64_t row, int64_t count)
{
    uintptr_t each = rows->narrow ? sizeof(float) : sizeof(double), stride = (uintptr_t)rows->stride * each;
    uintptr_t from = (uintptr_t)rows->values + (uintptr_t)row * stride + ROWS_AHEAD,
              end = from + (uintptr_t)count * stride;
    for (; stride <= SHORT_ROW && from < end; from += LINE) __builtin_prefetch((const void *)from);
}

static uint16_t pack(float *tile, const ptn_source *rows, int64_t first_row, int64_t count, const double *centre,
                     double inverse_unit, const double *step, const double *limit)
{
    float turned[PTN_TILE][8];
    bool any = false;
    int64_t c = 0;
    ask_ahead(rows, first_row, count);
    for (; count == PTN_TILE && c + 8 <= rows->cols; c += 8) {
        any |= pack_rows(turned, rows, first_row, PTN_TILE, c, 8, centre, inverse_unit, step, limit);
        turn_columns(tile + c * PTN_TILE, turned);
    }
    for (; c < rows->cols; c += 8) {
        int64_t n = columns_from(c, rows->cols);
        memset(turned, 0, sizeof turned);
        any |= pack_rows(turned, rows, first_row, count, c, n, centre, inverse_unit, step, limit);
        for (int64_t i = 0; i < n; i++)
            for (int l = 0; l < PTN_TILE; l++) tile[(c + i) * PTN_TILE + l] = turned[l][i];
    }
    if (!any) return 0;
    uint32_t beyond = find_beyond(rows, first_row, count, centre, inverse_unit, step, limit);
    for (int l = 0; beyond >> l != 0; l++)
        for (c = 0; (beyond >> l & 1) && c < rows->cols; c++) tile[c * PTN_TILE + l] = 0.0f;
    return (uint16_t)beyond;
}

static void norms(float *out, const float *values, int64_t tiles, int64_t cols)
{
    for (int64_t t = 0; t < tiles; t++) {
        const float *tile = values + t * cols * PTN_TILE;
        vf sum = vf_set(0.0f);
        for (int64_t c = 0; c < cols; c++) {
            vf x = vf_load(tile + c * PTN_TILE);
            sum = vf_add(sum, vf_mul(x, x));
        }
        vf_store(out + t * PTN_TILE, sum);
    }
}

/* The halves of 16 floats, times their rows' weights where there are any. */
INLINE void load_halves(vd *low, vd *high, const float *values, const int32_t *weights)
{
    vf x = vf_load(values);
    *low = vd_half(x, 0);
    *high = vd_half(x, 1);
    if (weights == NULL) return;
    *low = vd_mul(*low, vd_from_int32(weights));
    *high = vd_mul(*high, vd_from_int32(weights + 8));
}

/* Weights of tile t. */
INLINE const int32_t *weights_at(const int32_t *weights, int64_t t)
{
    return weights == NULL ? NULL : weights + t * PTN_TILE;
}

/* Columns a … with columns b …, SCATTER_SIDE of each; with `diagonal` a is b, and products are those on and below the
   diagonal. */
INLINE void scatter_block(double *products, const float *values, const int32_t *weights, int64_t tiles, int64_t cols,
                          int64_t a, int64_t b, const bool diagonal)
{
    vd sum[SCATTER_SIDE][SCATTER_SIDE];
    double lanes[8];
    for (int i = 0; i < SCATTER_SIDE; i++)
        for (int j = 0; j < SCATTER_SIDE; j++) sum[i][j] = vd_zero();
    for (int64_t t = 0; t < tiles; t++) {
        const float *tile = values + t * cols * PTN_TILE;
        vd low[SCATTER_SIDE], high[SCATTER_SIDE];
        for (int i = 0; i < SCATTER_SIDE; i++)
            load_halves(&low[i], &high[i], tile + (a + i) * PTN_TILE, weights_at(weights, t));
        for (int j = 0; j < SCATTER_SIDE; j++) {
            vf y = vf_load(tile + (b + j) * PTN_TILE);
            vd y_low = vd_half(y, 0), y_high = vd_half(y, 1);
            for (int i = diagonal ? j : 0; i < SCATTER_SIDE; i++)
                sum[i][j] = vd_add(sum[i][j], vd_add(vd_mul(low[i], y_low), vd_mul(high[i], y_high)));
        }
    }
    for (int i = 0; i < SCATTER_SIDE; i++)
        for (int j = 0; j < (diagonal ? i + 1 : SCATTER_SIDE); j++) {
            vd_store(lanes, sum[i][j]);
            products[(a + i) * (a + i + 1) / 2 + b + j] += add_lanes(lanes);
        }
}

/* Column a with column b. */
INLINE void scatter_pair(double *product, const float *values, const int32_t *weights, int64_t tiles, int64_t cols,
                         int64_t a, int64_t b)
{
    vd sum = vd_zero();
    double lanes[8];
    for (int64_t t = 0; t < tiles; t++) {
        const float *tile = values + t * cols * PTN_TILE;
        vd low, high;
        vf y = vf_load(tile + b * PTN_TILE);
        load_halves(&low, &high, tile + a * PTN_TILE, weights_at(weights, t));
        sum = vd_add(sum, vd_add(vd_mul(low, vd_half(y, 0)), vd_mul(high, vd_half(y, 1))));
    }
    vd_store(lanes, sum);
    *product += add_lanes(lanes);
}

INLINE void scatter_sum(double *sum, const float *values, const int32_t *weights, int64_t tiles, int64_t cols,
                        int64_t c)
{
    vd total = vd_zero();
    double lanes[8];
    for (int64_t t = 0; t < tiles; t++) {
        vd low, high;
        load_halves(&low, &high, values + (t * cols + c) * PTN_TILE, weights_at(weights, t));
        total = vd_add(total, vd_add(low, high));
    }
    vd_store(lanes, total);
    sum[c] += add_lanes(lanes);
}

static void scatter(double *products, double *sum, const float *values, const int32_t *weights, int64_t tiles,
                    int64_t cols, bool squares)
{
    int64_t blocked = squares ? 0 : cols / SCATTER_SIDE * SCATTER_SIDE;
    for (int64_t c = 0; c < cols; c++) {
        scatter_sum(sum, values, weights, tiles, cols, c);
        if (squares) scatter_pair(products + c, values, weights, tiles, cols, c, c);
    }
    for (int64_t a = 0; a < blocked; a += SCATTER_SIDE) {
        for (int64_t b = 0; b < a; b += SCATTER_SIDE)
            scatter_block(products, values, weights, tiles, cols, a, b, false);
        scatter_block(products, values, weights, tiles, cols, a, a, true);
    }
    for (int64_t a = blocked; !squares && a < cols; a++)
        for (int64_t b = 0; b <= a; b++)
            scatter_pair(products + a * (a + 1) / 2 + b, values, weights, tiles, cols, a, b);
}

/* Columns whose products are added up before they join the score: a long row's rounding errors stay few. */
enum { STRETCH = 64 };

INLINE void group_scores(vf *scores, const float *tile, const float *weights, const float *offsets, int64_t cols,
                         const int group)
{
    int64_t end = cols < STRETCH ? cols : STRETCH;
    for (int g = 0; g < group; g++) scores[g] = vf_set(offsets[g]);
    for (int64_t c = 0; c < end; c++) {
        vf x = vf_load(tile + c * PTN_TILE);
        for (int g = 0; g < group; g++) scores[g] = vf_fma(vf_set(weights[c * group + g]), x, scores[g]);
    }
    for (int64_t from = STRETCH; from < cols; from += STRETCH) {
        vf part[8];
        end = cols < from + STRETCH ? cols : from + STRETCH;
        for (int g = 0; g < group; g++) part[g] = vf_set(0.0f);
        for (int64_t c = from; c < end; c++) {
            vf x = vf_load(tile + c * PTN_TILE);
            for (int g = 0; g < group; g++) part[g] = vf_fma(vf_set(weights[c * group + g]), x, part[g]);
        }
        for (int g = 0; g < group; g++) scores[g] = vf_add(scores[g], part[g]);
    }
}

/* How far centroids may move, in sum of the two that move most, before a row of the tile can change its label. With D_1
   the squared distance to its centroid and m what all others are farther by at least, d_2 - d_1 = (D_2 - D_1) / (d_2 +
   d_1) is least at D_2 = D_1 + m, hence at least m / 2 sqrt(D_1 + m). Rounded down. */
INLINE float bound_of(const ptn_filter *filter, const float *tile, vf margin, vf best, vf best_above)
{
    vf square = vf_set(filter->slack);
    for (int64_t c = 0; c < filter->cols; c++) {
        vf difference = vf_sub(vf_load(tile + c * PTN_TILE), vf_set(filter->origin[c]));
        square = vf_fma(difference, difference, square);
    }
    vf nearest_square = vf_add(vf_sub(square, best), vf_sub(best_above, best));
    vf farther = vf_mul(vf_add(nearest_square, vf_max(margin, vf_set(0.0f))), vf_set(1.0f + 0x1p-8f));
    vf gap = vf_mul(vf_sub(margin, vf_set(filter->doubt)), vf_root_inverse(farther));
    return vf_least(gap) * (0.5f - 0x1p-8f) + filter->travelled;
}

/* Tiles looked at together, and how many tiles ahead memory is asked for the next: where bounds let most of them be
   skipped, the processor does not guess which are read. */
enum { DUE_AT_ONCE = 64, AHEAD = 8, MOST_FETCHED = 32 };

/* Lists the tiles below their bound from `from` on. */
INLINE int32_t list_due(int32_t *due, const float *bounds, float passed, int32_t from, int32_t tiles)
{
    int32_t end = tiles - from < DUE_AT_ONCE ? tiles : from + DUE_AT_ONCE, found = 0;
    for (int32_t t = from; t < end; t++) {
        due[found] = t;
        found += bounds == NULL || !(bounds[t] > passed);
    }
    return found;
}

/* Asks for a tile's memory. */
INLINE void fetch_tile(const float *tile, int64_t cols)
{
    int64_t lines = cols < MOST_FETCHED ? cols : MOST_FETCHED;
    for (int64_t c = 0; c < lines; c++) __builtin_prefetch(tile + c * PTN_TILE);
}

INLINE int32_t assign_groups(ptn_active *active, const ptn_filter *filter, const float *values, const uint8_t *labels,
                             float *bounds, int32_t tiles, const int group, const bool one)
{
    int32_t count = 0, due[DUE_AT_ONCE];
    int64_t cols = filter->cols;
    vf least = vf_set(filter->doubt);
    for (int32_t from = 0; from < tiles; from += DUE_AT_ONCE) {
        int32_t found = list_due(due, bounds, filter->passed, from, tiles);
        for (int32_t i = 0; i < found; i++) {
            int32_t t = due[i];
            const float *tile = values + t * cols * PTN_TILE;
            if (i + AHEAD < found) fetch_tile(values + due[i + AHEAD] * cols * PTN_TILE, cols);
            vf best = vf_set(0.0f), best_above = best, second = vf_set(-0x1p126f), scores[8];
            vi label = vi_set(filter->first);
            for (int32_t j = 0; j < filter->k - 1; j += group) {
                group_scores(scores, tile, filter->weights + j * cols, filter->offsets + j, cols, group);
                for (int g = 0; g < group; g++) {
                    vf above = vf_add(scores[g], vf_set(filter->wrong[j + g]));
                    vm higher = vf_above(scores[g], best);
                    second = vf_max(second, vf_pick(higher, best_above, above));
                    best_above = vf_pick(higher, above, best_above);
                    best = vf_max(best, scores[g]);
                    label = vi_pick(higher, filter->numbers[j + g], label);
                }
                if (one) break;
            }
            vf margin = vf_sub(vf_sub(best, second), vf_sub(best_above, best));
            uint16_t doubt = (uint16_t)~vm_bits(vf_above(margin, least));
            uint16_t changed = vi_differs(label, labels + (int64_t)t * PTN_TILE);
            if (bounds != NULL) bounds[t] = bound_of(filter, tile, margin, best, best_above);
            if ((changed | doubt) == 0) continue;
            active[count].tile = t;
            active[count].changed = changed;
            active[count].doubt = doubt;
            vi_store(active[count].labels, label);
            count++;
        }
    }
    return count;
}

static int32_t assign(ptn_active *active, const ptn_filter *filter, const float *values, const uint8_t *labels,
                      float *bounds, int32_t tiles)
{
    switch (filter->group) {
    case 1:
        return assign_groups(active, filter, values, labels, bounds, tiles, 1, filter->k == 2);
    case 2:
        return assign_groups(active, filter, values, labels, bounds, tiles, 2, true);
    case 3:
        return assign_groups(active, filter, values, labels, bounds, tiles, 3, true);
    case 4:
        return assign_groups(active, filter, values, labels, bounds, tiles, 4, true);
    default:
        return assign_groups(active, filter, values, labels, bounds, tiles, 8, false);
    }
}

/* With up to PTN_FEW clusters a pass with a condition for each pays. */
INLINE void sums_by_condition(double *sums, const float *values, const uint8_t *labels, const int32_t *weights,
                              int64_t tiles, int64_t cols, const int32_t k)
{
    for (int64_t c = 0; c < cols; c++) {
        vd sum[PTN_FEW];
        double lanes[8];
        for (int32_t j = 1; j < k; j++) sum[j] = vd_zero();
        for (int64_t t = 0; t < tiles; t++) {
            vd low, high;
            load_halves(&low, &high, values + (t * cols + c) * PTN_TILE, weights_at(weights, t));
            for (int32_t j = 1; j < k; j++) {
                uint16_t where = labels_are(labels + t * PTN_TILE, j);
                sum[j] = vd_add_where(sum[j], (uint8_t)where, low);
                sum[j] = vd_add_where(sum[j], (uint8_t)(where >> 8), high);
            }
        }
        for (int32_t j = 1; j < k; j++) {
            vd_store(lanes, sum[j]);
            sums[j * cols + c] += add_lanes(lanes);
        }
    }
}

static void sums_by_row(double *sums, const float *values, const uint8_t *labels, const int32_t *weights, int64_t tiles,
                        int64_t cols)
{
    for (int64_t i = 0; i < tiles * PTN_TILE; i++) {
        const float *row = values + i / PTN_TILE * cols * PTN_TILE + i % PTN_TILE;
        double *sum = sums + labels[i] * cols, weight = weights == NULL ? 1.0 : (double)weights[i];
        if (labels[i] == 0) continue;
        for (int64_t c = 0; c < cols; c++) sum[c] += weight * (double)row[c * PTN_TILE];
    }
}

static void sums(double *sums_out, const float *values, const uint8_t *labels, const int32_t *weights, int64_t tiles,
                 int64_t cols, int32_t k)
{
    switch (k) {
    case 1:
        return;
    case 2:
        sums_by_condition(sums_out, values, labels, weights, tiles, cols, 2);
        return;
    case 3:
        sums_by_condition(sums_out, values, labels, weights, tiles, cols, 3);
        return;
    case 4:
        sums_by_condition(sums_out, values, labels, weights, tiles, cols, 4);
        return;
    default:
        if (k <= PTN_FEW)
            sums_by_condition(sums_out, values, labels, weights, tiles, cols, k);
        else
            sums_by_row(sums_out, values, labels, weights, tiles, cols);
    }
}

INLINE void step_sums_of(double *sums_out, double *counts, const float *values, const uint8_t *labels,
                         const double *step, int64_t tiles, int64_t cols, const int32_t k)
{
    uint16_t where[128][PTN_FEW];
    int64_t count[PTN_FEW] = {0};
    for (int64_t t = 0; t < tiles; t++)
        for (int32_t j = 1; j < k; j++) {
            where[t][j] = labels_are(labels + t * PTN_TILE, j);
            count[j] += __builtin_popcount(where[t][j]);
        }
    for (int32_t j = 1; j < k; j++) counts[j] += (double)count[j];
    for (int64_t c = 0; c < cols; c++) {
        vs sum[PTN_FEW];
        vf scale = vf_set((float)(1.0 / step[c]));
        for (int32_t j = 1; j < k; j++) sum[j] = vs_zero();
        for (int64_t t = 0; t < tiles; t++) {
            const float *column = values + (t * cols + c) * PTN_TILE;
            vs x = vs_from(vf_mul(vf_load(column), scale));
            __builtin_prefetch(column + tiles * cols * PTN_TILE, 0, 2); /* what is read next, while memory is idle */
            for (int32_t j = 1; j < k; j++) sum[j] = vs_add_where(sum[j], where[t][j], x);
        }
        for (int32_t j = 1; j < k; j++) sums_out[j * cols + c] += (double)vs_total(sum[j]) * step[c];
    }
}

/* In whole steps: 32 bits hold the sum of 128 numbers of up to 2^23, and one more bit. */
static void step_sums(double *sums_out, double *counts, const float *values, const uint8_t *labels, const double *step,
                      int64_t tiles, int64_t cols, int32_t k)
{
    switch (k) {
    case 1:
        return;
    case 2:
        step_sums_of(sums_out, counts, values, labels, step, tiles, cols, 2);
        return;
    case 3:
        step_sums_of(sums_out, counts, values, labels, step, tiles, cols, 3);
        return;
    case 4:
        step_sums_of(sums_out, counts, values, labels, step, tiles, cols, 4);
        return;
    default:
        step_sums_of(sums_out, counts, values, labels, step, tiles, cols, k);
    }
}

static void nearest(float *out, const float *before, double *mass, double lanes[PTN_TILE], const ptn_seeding_step *step)
{
    vd total[2] = {vd_zero(), vd_zero()};
    for (int64_t t = 0; t < step->tiles; t++) {
        const float *tile = step->values + t * step->cols * PTN_TILE;
        vf square = vf_set(0.0f);
        double both[8];
        for (int64_t c = 0; c < step->cols; c++) {
            vf difference = vf_sub(vf_load(tile + c * PTN_TILE), vf_set(step->point[c]));
            square = vf_add(square, vf_mul(difference, difference));
        }
        if (!step->first) square = vf_min(square, vf_load(before + t * PTN_TILE));
        vd low = vd_mul(vd_half(square, 0), vd_load(step->weights + t * PTN_TILE));
        vd high = vd_mul(vd_half(square, 1), vd_load(step->weights + t * PTN_TILE + 8));
        total[0] = vd_add(total[0], low);
        total[1] = vd_add(total[1], high);
        vd_store(both, vd_add(low, high));
        if (mass != NULL) mass[t] = add_lanes(both);
        if (out != NULL) vf_store(out + t * PTN_TILE, square);
    }
    vd_store(lanes, total[0]);
    vd_store(lanes + 8, total[1]);
}

/* The parts of a 53-bit number: high of 26 bits, and the rest. */
INLINE vd high_part(vd a)
{
    vd c = vd_mul(vd_set(0x1.0000002p27), a);
    return vd_sub(c, vd_sub(c, a));
}

/* a * b - product, exactly. */
INLINE vd product_rest(vd product, vd a, vd b)
{
    vd a_high = high_part(a), a_low = vd_sub(a, a_high), b_high = high_part(b), b_low = vd_sub(b, b_high);
    vd rest = vd_sub(product, vd_mul(a_high, b_high));
    rest = vd_sub(vd_sub(rest, vd_mul(a_low, b_high)), vd_mul(a_high, b_low));
    return vd_sub(vd_mul(a_low, b_low), rest);
}

static void exact_sums(double *hi, double *lo, const ptn_source *rows, int64_t first_row, int64_t count,
                       const uint8_t *labels, const double *weights)
{
    for (int64_t c = 0; c < rows->cols; c += 8) {
        int64_t n = columns_from(c, rows->cols);
        for (int64_t i = 0; i < count; i++) {
            vd x = load_columns(rows, first_row + i, c, n);
            double *high = hi + labels[i] * rows->cols + c, *low = lo + labels[i] * rows->cols + c;
            vd sum = vd_load_part(high, n), rest = vd_load_part(low, n);
            if (weights != NULL) {
                vd weight = vd_set(weights[i]), product = vd_mul(weight, x);
                rest = vd_add(rest, product_rest(product, weight, x));
                x = product;
            }
            vd more = vd_add(sum, x), part = vd_sub(more, sum);
            rest = vd_add(rest, vd_add(vd_sub(sum, vd_sub(more, part)), vd_sub(x, part)));
            vd_store_part(high, more, n);
            vd_store_part(low, rest, n);
        }
    }
}

INLINE void inertia_of(double *lanes, const ptn_source *rows, int64_t first_row, int64_t count,
                       const ptn_clusters *clusters, const double *weights, double inverse_unit, const int clusterings)
{
    vd total[PTN_TOGETHER], scale = vd_set(inverse_unit);
    for (int r = 0; r < clusterings; r++) total[r] = vd_load(lanes + 8 * r);
    for (int64_t c = 0; c < rows->cols; c += 8) {
        int64_t n = columns_from(c, rows->cols);
        for (int64_t i = 0; i < count; i++) {
            vd x = load_columns(rows, first_row + i, c, n);
            for (int r = 0; r < clusterings; r++) {
                const double *centroid = clusters[r].centroids + clusters[r].labels[i] * rows->cols + c;
                vd difference = vd_mul(vd_sub(x, vd_load_part(centroid, n)), scale);
                vd square = vd_mul(difference, difference);
                if (weights != NULL) square = vd_mul(square, vd_set(weights[i]));
                total[r] = vd_add(total[r], square);
            }
        }
    }
    for (int r = 0; r < clusterings; r++) vd_store(lanes + 8 * r, total[r]);
}

/* Sums of one clustering wait for each other, those of several do not. */
static void inertia(double *lanes, const ptn_source *rows, int64_t first_row, int64_t count,
                    const ptn_clusters *clusters, int32_t clusterings, const double *weights, double inverse_unit)
{
    switch (clusterings) {
    case 1:
        inertia_of(lanes, rows, first_row, count, clusters, weights, inverse_unit, 1);
        return;
    case 2:
        inertia_of(lanes, rows, first_row, count, clusters, weights, inverse_unit, 2);
        return;
    case 3:
        inertia_of(lanes, rows, first_row, count, clusters, weights, inverse_unit, 3);
        return;
    default:
        inertia_of(lanes, rows, first_row, count, clusters, weights, inverse_unit, 4);
    }
}

#include "kernels/line_bits.h"
#include "kernels/lines.h"
#include "kernels/logs.h"

const ptn_kernels KERNELS = {.name = NAME,
                             .measure = measure,
                             .pack = pack,
                             .norms = norms,
                             .scatter = scatter,
                             .assign = assign,
                             .sums = sums,
                             .step_sums = step_sums,
                             .nearest = nearest,
                             .exact_sums = exact_sums,
                             .inertia = inertia,
                             .pairs = pairs,
                             .expected = expected,
                             .logs = logs,
                             .narrow = narrow,
                             .narrow_keys = narrow_keys,
                             .whole = whole,
                             .money = money,
                             .stamps = stamps,
                             .hashes = hashes,
                             .times = times,
                             .numbers = numbers,
                             .offsets = offsets,
                             .short_keys = short_keys,
                             .line_bits = line_bits};
