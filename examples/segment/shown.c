/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/shown.h"

/* Bytes of the character that a text begins with (Unicode, table 3-7); 0: it is no UTF-8. */
static size_t character_length(struct text text)
{
    const unsigned char *at = (const unsigned char *)text.bytes;
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    unsigned least = at[0] == 0xE0 ? 0xA0 : at[0] == 0xF0 ? 0x90 : 0x80;
    unsigned most = at[0] == 0xED ? 0x9F : at[0] == 0xF4 ? 0x8F : 0xBF;
    if (length == 1) return 1;
    if (at[0] < 0xC2 || at[0] > 0xF4 || text.length < length || at[1] < least || at[1] > most) return 0;
    for (size_t i = 2; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) return 0;
    }
    return length;
}

/* Takes a character off a text that is not empty: what is shown for it. */
static struct text next_shown(struct text *text)
{
    struct text next = {text->bytes, character_length(*text)};
    unsigned char first = (unsigned char)text->bytes[0];
    bool control = next.length == 1 && (first < ' ' || first == 0x7F);
    control |= next.length == 2 && first == 0xC2 && (unsigned char)text->bytes[1] < 0xA0;
    size_t taken = next.length == 0 ? 1 : next.length;
    text->bytes += taken;
    text->length -= taken;
    return control || next.length == 0 ? text_of("?") : next;
}

struct shown text_shown(struct text text, size_t limit)
{
    struct shown shown = {""};
    size_t used = 0;
    if (limit >= SHOWN_BYTES) limit = SHOWN_BYTES - 1;
    while (text.length > 0) {
        struct text next = next_shown(&text);
        if (used + next.length > limit) break;
        memcpy(shown.bytes + used, next.bytes, next.length);
        used += next.length;
    }
    return shown;
}

void print_shown(FILE *out, const char *string)
{
    struct text text = text_of(string);
    while (text.length > 0) {
        struct text next = next_shown(&text);
        fwrite(next.bytes, 1, next.length, out);
    }
}
