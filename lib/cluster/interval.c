/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals for a stratified mean (Cochran 1977, 5.4: variance with the correction for a finite population; 5.9: its
   degrees of freedom, after Satterthwaite 1946). Look j may be wrong with probability alpha / (j (j + 1)); these add up
   to alpha, so by Bonferroni the level holds at whatever look one stops, as sizes do not depend on what was seen. */
#include "cluster/interval.h"

#include <math.h>

#include "numeric/student.h"

/* Rows wanted when `each` of the largest stratum, of `largest` rows, are. */
static int64_t plan(ptn_stratum *strata, int32_t count, int64_t largest, double each)
{
    int64_t all = 0;
    for (int32_t h = 0; h < count; h++) {
        ptn_stratum *s = &strata[h];
        double wanted = ceil(each * ((double)s->rows / (double)largest));
        if (wanted < (double)s->least) wanted = (double)s->least;
        s->wanted = wanted > 0.5 * (double)s->rows ? s->rows : (int64_t)wanted;
        all += s->wanted;
    }
    return all;
}

int64_t ptn_strata_plan(ptn_stratum *strata, int32_t count, int32_t look, int64_t most)
{
    const ptn_stratum *largest = &strata[0];
    for (int32_t h = 1; h < count; h++)
        if (strata[h].rows > largest->rows) largest = &strata[h];
    if (largest->rows == 0) return plan(strata, count, 1, 0.0);
    double high = ldexp((double)largest->least, look - 1), low = 0.0;
    if (high > (double)largest->rows) high = (double)largest->rows;
    int64_t all = plan(strata, count, largest->rows, high);
    if (all <= most) return all;
    while (high - low > 0.5) {
        double middle = 0.5 * (low + high);
        if (plan(strata, count, largest->rows, middle) <= most)
            low = middle;
        else
            high = middle;
    }
    return plan(strata, count, largest->rows, low);
}

void ptn_sum_add_stratum(ptn_sum_estimate *sum, const ptn_stratum *stratum, double mean, double square)
{
    double rows = (double)stratum->rows, drawn = (double)stratum->drawn;
    sum->sum += rows * mean;
    if (stratum->drawn >= stratum->rows) return;
    if (stratum->drawn < 2) {
        sum->variance = HUGE_VAL;
        return;
    }
    double part = rows * (rows - drawn) * (square / (drawn - 1.0)) / drawn;
    /* 1 / freedom is the sum of (part / variance)^2 / (drawn - 1): kept as variance^2 / freedom. */
    double before = sum->freedom > 0.0 ? sum->variance * sum->variance / sum->freedom : 0.0;
    double after = before + part * part / (drawn - 1.0);
    sum->variance += part;
    sum->freedom = after > 0.0 ? sum->variance * sum->variance / after : 0.0;
}

double ptn_sum_half_width(const ptn_sum_estimate *sum, double level, int32_t look)
{
    if (!(sum->variance > 0.0)) return 0.0;
    if (!isfinite(sum->variance)) return HUGE_VAL;
    double outside = (1.0 - level) / ((double)look * ((double)look + 1.0));
    return ptn_student_outside(outside, sum->freedom >= 1.0 ? sum->freedom : 1.0) * sqrt(sum->variance);
}
