/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which table of kernels this machine can run. The compiler's run-time library asks CPUID and XGETBV when the program
   is loaded, so that a processor's registers count only where the operating system saves them. A file of its own: a
   test that wants another level defines the function itself. */
#include "kernels/kernels.h"

const ptn_kernels *ptn_kernels_here(void)
{
#if defined(__x86_64__) && !defined(PTN_SCALAR_ONLY)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
        return &ptn_kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &ptn_kernels_avx2;
#endif
    return &ptn_kernels_scalar;
}
