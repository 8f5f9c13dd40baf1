/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantiles by counting: eight passes over the bytes of the values' bits, from the highest, find the value at a
   position. With weights the position counts in units of weight, so that whole weights are copies. */
#include "matrix/quantile.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Bits whose order as unsigned numbers is the doubles' order. */
static uint64_t order_key(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double weight_at(const ptn_sample *sample, int64_t row)
{
    if (isnan(sample->values[row])) return 0.0;
    return sample->weights == NULL ? 1.0 : sample->weights[row];
}

double ptn_sample_weight(const ptn_sample *sample)
{
    double weight = 0.0;
    for (int64_t i = 0; i < sample->rows; i++) weight += weight_at(sample, i);
    return weight;
}

/* The value whose copies cover `position` (from 0) when all are laid out by size. Weights that are not whole may leave
   a rest after the last byte, by rounding: then the last one that is there is meant. */
static double value_at(const ptn_sample *sample, double position)
{
    uint64_t prefix = 0, mask = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        double weights[256] = {0.0};
        for (int64_t i = 0; i < sample->rows; i++) {
            double weight = weight_at(sample, i);
            uint64_t key = order_key(sample->values[i]);
            if (weight > 0.0 && (key & mask) == prefix) weights[key >> shift & 255] += weight;
        }
        uint64_t byte = 0, last = 0;
        for (; byte < 256; byte++) {
            if (weights[byte] > 0.0) last = byte;
            if (position < weights[byte]) break;
            position -= weights[byte];
        }
        if (byte == 256) {
            byte = last;
            position = weights[last];
        }
        prefix |= byte << shift;
        mask |= UINT64_C(255) << shift;
    }
    uint64_t bits = prefix >> 63 ? prefix & ~(UINT64_C(1) << 63) : ~prefix;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double ptn_quantile(const ptn_sample *sample, double weight, double p)
{
    double position = p * fmax(weight - 1.0, 0.0), below = floor(position), part = position - below;
    double low = value_at(sample, below);
    if (part == 0.0) return low;
    double high = value_at(sample, below + 1.0), spread = high - low;
    if (!isfinite(spread)) return low * (1.0 - part) + high * part;
    return part < 0.5 ? low + spread * part : high - spread * (1.0 - part);
}

double ptn_median(const ptn_sample *sample, double weight)
{
    double middle = fmax(weight - 1.0, 0.0) / 2.0, low = value_at(sample, floor(middle));
    double high = middle == floor(middle) ? low : value_at(sample, floor(middle) + 1.0), sum = low + high;
    return isfinite(sum) ? sum / 2.0 : low / 2.0 + high / 2.0;
}
