/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saving, setting and restoring the floating-point environment. */
#include "base/floating.h"

void ptn_floating_enter(fenv_t *host)
{
    fegetenv(host);
    fesetenv(FE_DFL_ENV);
}

void ptn_floating_leave(const fenv_t *host) { fesetenv(host); }
