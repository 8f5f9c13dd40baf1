/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sort in place, written out for one type: introsort (Musser 1997), which never allocates (the C library's qsort
   may) and needs O(n log n) steps whatever the order given. What is sorted already is only looked at.

   Before each inclusion define, and after it find undefined:

       SORT_NAME                   the function's name: static void SORT_NAME(SORT_TYPE *items, int64_t count,
                                                                              const SORT_CONTEXT *context)
       SORT_TYPE, SORT_CONTEXT     types
       SORT_LESS(a, b, context)    *a goes before *b; make it a total order, since the sort is not stable */
#include <stdbool.h>
#include <stdint.h>

#define SORT_JOIN_(a, b)  a##_##b
#define SORT_JOIN(a, b)   SORT_JOIN_(a, b)
#define SORT_PART(suffix) SORT_JOIN(SORT_NAME, suffix)

static inline void SORT_PART(swap)(SORT_TYPE *a, SORT_TYPE *b)
{
    SORT_TYPE t = *a;
    *a = *b;
    *b = t;
}

static void SORT_PART(insert)(SORT_TYPE *items, int64_t count, const SORT_CONTEXT *context)
{
    for (int64_t i = 1; i < count; i++) {
        SORT_TYPE item = items[i];
        int64_t at = i;
        for (; at > 0 && SORT_LESS(&item, &items[at - 1], context); at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

static void SORT_PART(sink)(SORT_TYPE *items, int64_t at, int64_t count, const SORT_CONTEXT *context)
{
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= count) return;
        if (child + 1 < count && SORT_LESS(&items[child], &items[child + 1], context)) child++;
        if (!SORT_LESS(&items[at], &items[child], context)) return;
        SORT_PART(swap)(&items[at], &items[child]);
        at = child;
    }
}

static void SORT_PART(heap)(SORT_TYPE *items, int64_t count, const SORT_CONTEXT *context)
{
    for (int64_t at = count / 2; at-- > 0;) SORT_PART(sink)(items, at, count, context);
    for (int64_t end = count - 1; end > 0; end--) {
        SORT_PART(swap)(&items[0], &items[end]);
        SORT_PART(sink)(items, 0, end, context);
    }
}

/* Hoare's partition around the median of three: items 0 … result are not after items result + 1 … count - 1. */
static int64_t SORT_PART(split)(SORT_TYPE *items, int64_t count, const SORT_CONTEXT *context)
{
    SORT_TYPE *low = &items[0], *middle = &items[(count - 1) / 2], *high = &items[count - 1];
    if (SORT_LESS(middle, low, context)) SORT_PART(swap)(middle, low);
    if (SORT_LESS(high, middle, context)) SORT_PART(swap)(high, middle);
    if (SORT_LESS(middle, low, context)) SORT_PART(swap)(middle, low);
    SORT_TYPE pivot = *middle;
    int64_t i = -1, j = count;
    for (;;) {
        do i++;
        while (SORT_LESS(&items[i], &pivot, context));
        do j--;
        while (SORT_LESS(&pivot, &items[j], context));
        if (i >= j) return j;
        SORT_PART(swap)(&items[i], &items[j]);
    }
}

/* The shorter part by recursion, so that the stack stays logarithmic. */
static void SORT_PART(quick)(SORT_TYPE *items, int64_t count, int depth, const SORT_CONTEXT *context)
{
    while (count > 16) {
        if (depth-- == 0) {
            SORT_PART(heap)(items, count, context);
            return;
        }
        int64_t left = SORT_PART(split)(items, count, context) + 1;
        if (left <= count - left) {
            SORT_PART(quick)(items, left, depth, context);
            items += left;
            count -= left;
        } else {
            SORT_PART(quick)(items + left, count - left, depth, context);
            count = left;
        }
    }
    SORT_PART(insert)(items, count, context);
}

static void SORT_NAME(SORT_TYPE *items, int64_t count, const SORT_CONTEXT *context)
{
    int64_t run = 1;
    int depth = 0;
    while (run < count && !SORT_LESS(&items[run], &items[run - 1], context)) run++;
    if (run >= count) return;
    for (int64_t n = count; n > 1; n /= 2) depth += 2;
    SORT_PART(quick)(items, count, depth, context);
}

#undef SORT_PART
#undef SORT_JOIN
#undef SORT_JOIN_
#undef SORT_NAME
#undef SORT_TYPE
#undef SORT_CONTEXT
#undef SORT_LESS
