/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gives every segment of a segmentation its name. */
#ifndef PTN_PERSONA_NAMING_H
#define PTN_PERSONA_NAMING_H

#include "segment/segmentation.h"

/* segments -> personas: fills the titles. Cannot fail. */
void ptn_persona_name(patron_segmentation *segmentation);

#endif
