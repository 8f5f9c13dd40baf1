/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Student's t. Rounded up to a multiple of 2^-20, so that what decides by it is the same on any machine. */
#ifndef PTN_NUMERIC_STUDENT_H
#define PTN_NUMERIC_STUDENT_H

/* t such that |T| > t with probability `outside` (1e-12 to 1), T with `freedom` >= 1 degrees of freedom (any number).
 */
double ptn_student_outside(double outside, double freedom);

#endif
