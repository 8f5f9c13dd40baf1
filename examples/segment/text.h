/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A borrowed piece of text: bytes and a length, no NUL needed. Letters and digits are ASCII's, whatever the locale. */
#ifndef SEGMENT_TEXT_H
#define SEGMENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
    const char *bytes;
    size_t length;
};

static inline struct text text_of(const char *string) { return (struct text){string, strlen(string)}; }

static inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

static inline bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static inline char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; }

static inline struct text text_trim(struct text text)
{
    while (text.length > 0 && is_blank(text.bytes[0])) text.bytes++, text.length--;
    while (text.length > 0 && is_blank(text.bytes[text.length - 1])) text.length--;
    return text;
}

static inline bool text_equal(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static inline bool text_equal_nocase(struct text a, struct text b)
{
    if (a.length != b.length) return false;
    for (size_t i = 0; i < a.length; i++) {
        if (lower(a.bytes[i]) != lower(b.bytes[i])) return false;
    }
    return true;
}

#endif
