/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records on their way to many places at once: a stage for each place collects a line of cache, which then goes to
   memory in one piece and past the cache. A processor that writes parts of many lines must read each of them first, and
   270 MB written so to 611 places took 156 ms, 16 ms in whole lines (measured).

       stage      . . r1 r1 r2 r2 r2 …        the line that the next record belongs to, and room beyond it
       memory     x x | … line … | … line …   x: before the first record, somebody else's

   What a stage holds is as far into it as it belongs into its line. */
#ifndef PTN_HISTORY_STAGE_H
#define PTN_HISTORY_STAGE_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Bytes of a line; of a copy at a time, which may go beyond a record. */
enum { PTN_STAGE_LINE = 64, PTN_STAGE_STEP = 16 };

/* A line goes to memory; both are at a line's start. */
static inline void ptn_stage_send(uint8_t *to, const uint8_t *from)
{
#if defined(__SSE2__)
    for (int i = 0; i < PTN_STAGE_LINE; i += 16)
        _mm_stream_si128((__m128i *)(void *)(to + i), _mm_load_si128((const __m128i *)(const void *)(from + i)));
#else
    memcpy(to, from, PTN_STAGE_LINE);
#endif
}

/* Where in a line memory begins. */
static inline uint32_t ptn_stage_within(const void *to) { return (uint32_t)((uintptr_t)to % PTN_STAGE_LINE); }

/* Puts `bytes` that belong to `to` on the stage, and sends the lines that are full. `stage` has room for a line and the
   bytes and a step more, which are read from `from` too; *head is where the stage's line begins to be the caller's. */
static inline __attribute__((always_inline)) void ptn_stage_put(uint8_t *stage, uint8_t *head, void *to,
                                                                const void *from, uint32_t bytes)
{
    uint32_t at = ptn_stage_within(to), end = at + bytes, line = 0;
    for (uint32_t i = 0; i < bytes; i += PTN_STAGE_STEP)
        memcpy(stage + at + i, (const uint8_t *)from + i, PTN_STAGE_STEP);
    if (end < PTN_STAGE_LINE) return;
    if (*head != 0) {
        memcpy((uint8_t *)to - (at - *head), stage + *head, (size_t)(PTN_STAGE_LINE - *head));
        *head = 0;
        line = PTN_STAGE_LINE;
    }
    for (; line + PTN_STAGE_LINE <= end; line += PTN_STAGE_LINE)
        ptn_stage_send((uint8_t *)to + ((int64_t)line - at), stage + line);
    memcpy(stage, stage + line, PTN_STAGE_LINE);
}

/* The rest, where `to` is where the next record would go. */
static inline void ptn_stage_end(const uint8_t *stage, uint8_t head, void *to)
{
    uint32_t at = ptn_stage_within(to);
    if (at > head) memcpy((uint8_t *)to - (at - head), stage + head, at - head);
}

/* All that was sent is there for other threads, once they are told. */
static inline void ptn_stage_settle(void)
{
#if defined(__SSE2__)
    _mm_sfence();
#endif
}

#endif
