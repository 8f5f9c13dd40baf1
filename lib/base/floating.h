/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The floating-point environment: results are the same bits only with round-to-nearest and denormals kept, whatever the
   host has set. Each public function that computes begins with ptn_floating_enter and ends with ptn_floating_leave,
   which gives the host back its modes and its exception flags. Threads started in between inherit the right modes. */
#ifndef PTN_BASE_FLOATING_H
#define PTN_BASE_FLOATING_H

#include <fenv.h>

void ptn_floating_enter(fenv_t *host);
void ptn_floating_leave(const fenv_t *host);

#endif
