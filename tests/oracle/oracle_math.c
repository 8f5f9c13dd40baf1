/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle_math.h"

#include <math.h>

#pragma GCC diagnostic ignored "-Wdouble-promotion" /* an oracle is more precise on purpose */

static oracle_quad ln2(void)
{
    oracle_quad sum = 0, power = 1; /* sum of 2^-n / n */
    for (int n = 1; n < 130; n++) {
        power /= 2;
        sum += power / n;
    }
    return sum;
}

oracle_quad oracle_log1p(double x)
{
    static oracle_quad log2;
    if (log2 == 0) log2 = ln2();
    int halvings = 0;
    oracle_quad y = (oracle_quad)x; /* the argument is 1 + y, times 2^halvings */
    while (2 * y > 1) {
        y = (y - 1) / 2;
        halvings++;
    }
    while (10 * y < -3) {
        y = 2 * y + 1;
        halvings--;
    }
    oracle_quad s = y / (2 + y), power = s, sum = 0;
    for (int n = 1; n < 90; n += 2) {
        sum += power / n;
        power *= s * s;
    }
    return 2 * sum + halvings * log2;
}

oracle_quad oracle_expm1(double x)
{
    int doublings = 0;
    oracle_quad y = (oracle_quad)x;
    while (10 * y > 1 || 10 * y < -1) {
        y /= 2;
        doublings++;
    }
    oracle_quad power = 1, sum = 0;
    for (int n = 1; n < 40; n++) {
        power *= y / n;
        sum += power;
    }
    while (doublings-- > 0) sum *= sum + 2; /* exp(2y) - 1 */
    return sum;
}

double oracle_ulps(double value, oracle_quad exact)
{
    oracle_quad error = (oracle_quad)value - exact;
    double size = fabs((double)exact);
    int exponent;
    frexp(size, &exponent);
    oracle_quad ulp = (oracle_quad)ldexp(1.0, exponent - 53 < -1074 ? -1074 : exponent - 53);
    return (double)((error < 0 ? -error : error) / ulp);
}
