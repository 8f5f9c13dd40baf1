/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantiles of Student's t, by GSL (Cornish-Fisher and Newton steps, after Hill 1970). */
#include "numeric/student.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

double ptn_student_outside(double outside, double freedom)
{
    double t = gsl_cdf_tdist_Qinv(outside / 2.0, freedom);
    return ceil(t * 0x1p20) * 0x1p-20;
}
