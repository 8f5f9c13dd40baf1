/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys: an id as 64 bits and a kind, the same id always the same key, different ids different ones.

       kind    which texts                                       bits
       NUMBER  the decimal digits of an int64_t, as printed      the number
       SHORT   others of up to 10 bytes of - 0-9 A-Z _ a-z       six bits a byte from the top, in the order of the
                                                                 bytes, then four bits of length
       LONG    all others                                        what a table of texts makes of them

   So most ids of shops need no table of texts, a number needs none of its digits, and numbers and texts of digits meet.
   The bits of SHORT keys are in the order of the texts. */
#ifndef PTN_HISTORY_KEY_H
#define PTN_HISTORY_KEY_H

#include <stdbool.h>
#include <stdint.h>

enum { PTN_KEY_NONE, PTN_KEY_NUMBER, PTN_KEY_SHORT, PTN_KEY_LONG };

enum {
    PTN_KEY_TEXT = 20,       /* bytes of a NUMBER's text at most, and of a SHORT one's */
    PTN_KEY_SHORT_BYTES = 10 /* of a SHORT one's at most */
};

/* The key of a text of length > 0: its kind; *bits is left alone for PTN_KEY_LONG. */
uint32_t ptn_key_of_text(uint64_t *bits, const uint8_t *bytes, int64_t length);

/* The text of a NUMBER or SHORT key, of which no byte more is written; its length is returned. */
int64_t ptn_key_text(uint8_t text[PTN_KEY_TEXT], uint32_t kind, uint64_t bits);

/* Its length alone. */
int64_t ptn_key_length(uint32_t kind, uint64_t bits);

/* The text, where its length is known. */
void ptn_key_write(uint8_t *text, uint32_t kind, uint64_t bits, int64_t length);

/* 10^0 … 10^19. */
extern const uint64_t ptn_powers_of_ten[20];

/* How many digits a number has: log10 of 2 is 1233 / 4096, as near as 64 bits need (Anderson, Bit Twiddling Hacks). A
   power of ten is even, so that the lowest bit makes no difference but for 0. */
static inline uint32_t ptn_digits(uint64_t number)
{
    uint32_t guess = (uint32_t)(64 - __builtin_clzll(number | 1)) * 1233u >> 12;
    return guess + ((number | 1) >= ptn_powers_of_ten[guess]);
}

/* Where the text of a NUMBER or SHORT key stands among all such texts, in the order of their bytes (of equal beginnings
   the shorter first). Only NUMBERs of more than 10 bytes can stand in the same place. */
uint64_t ptn_key_place(uint32_t kind, uint64_t bits);

#endif
