/* SPDX-License-Identifier: GPL-3.0-or-later */
/* patron: which few kinds of customers does a shop have, who is each of them, and who will spend the most, again and
   again?

     orders -> history -> features -> scaler -> kmeans -> silhouette -> segment -> persona -> report

   Include this header for everything; each of the others may be included alone. Every function says what it needs,
   who owns what, and which status it can return; the rules that hold for all are in status.h and context.h. */
#ifndef PATRON_PATRON_H
#define PATRON_PATRON_H

#include <patron/arrow.h>
#include <patron/context.h>
#include <patron/features.h>
#include <patron/history.h>
#include <patron/kmeans.h>
#include <patron/matrix.h>
#include <patron/persona.h>
#include <patron/pipeline.h>
#include <patron/report.h>
#include <patron/scaler.h>
#include <patron/segment.h>
#include <patron/silhouette.h>
#include <patron/status.h>
#include <patron/version.h>

#endif
