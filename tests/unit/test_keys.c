/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ids as keys of 64 bits: the same text the same key, and back; the order of texts; tables whose hashes collide. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/intern.h"
#include "history/memo.h"
#include "support/order_lines.h"
#include "support/suite.h"

static uint32_t key_of(uint64_t *bits, const char *text)
{
    return ptn_key_of_text(bits, (const uint8_t *)text, (int64_t)strlen(text));
}

START_TEST(test_kinds_of_known_texts)
{
    static const struct {
        const char *text;
        uint32_t kind;
    } known[] = {{"0", PTN_KEY_NUMBER},
                 {"-1", PTN_KEY_NUMBER},
                 {"9223372036854775807", PTN_KEY_NUMBER},
                 {"-9223372036854775808", PTN_KEY_NUMBER},
                 {"9223372036854775808", PTN_KEY_LONG},
                 {"-9223372036854775809", PTN_KEY_LONG},
                 {"18446744073709551616", PTN_KEY_LONG},
                 {"99999999999999999999", PTN_KEY_LONG},
                 {"-0", PTN_KEY_SHORT},
                 {"007", PTN_KEY_SHORT},
                 {"-", PTN_KEY_SHORT},
                 {"--1", PTN_KEY_SHORT},
                 {"1-", PTN_KEY_SHORT},
                 {"C536379", PTN_KEY_SHORT},
                 {"abcdefghij", PTN_KEY_SHORT},
                 {"abcdefghijk", PTN_KEY_LONG},
                 {"00000000001", PTN_KEY_LONG},
                 {"+1", PTN_KEY_LONG},
                 {" 1", PTN_KEY_LONG},
                 {"1.5", PTN_KEY_LONG},
                 {"\xC3\xA9", PTN_KEY_LONG}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint64_t bits;
        uint8_t text[PTN_KEY_TEXT];
        ck_assert_msg(key_of(&bits, known[i].text) == known[i].kind, "%s", known[i].text);
        if (known[i].kind == PTN_KEY_LONG) continue;
        int64_t length = ptn_key_text(text, known[i].kind, bits);
        ck_assert_int_eq(length, (int64_t)strlen(known[i].text));
        ck_assert_int_eq(ptn_key_length(known[i].kind, bits), length);
        ck_assert_mem_eq(text, known[i].text, (size_t)length);
    }
}
END_TEST

/* A random text of letters that keys have room for, many of them numbers, many with equal beginnings. */
static void draw_text(char text[24], uint64_t *state)
{
    static const char letters[] = "-0019AZ_az";
    int64_t length = 1 + test_below(state, 12), digits = test_below(state, 2);
    for (int64_t i = 0; i < length; i++)
        text[i] = digits != 0 ? (char)('0' + test_below(state, 10)) : letters[test_below(state, 10)];
    text[length] = '\0';
}

START_TEST(test_places_are_in_the_order_of_texts)
{
    uint64_t state = 1;
    int compared = 0;
    for (int i = 0; i < 200000; i++) {
        char a[24], b[24];
        uint64_t x, y;
        draw_text(a, &state);
        draw_text(b, &state);
        uint32_t m = key_of(&x, a), n = key_of(&y, b);
        if (m == PTN_KEY_LONG || n == PTN_KEY_LONG) continue;
        int sign = strcmp(a, b);
        uint64_t p = ptn_key_place(m, x), q = ptn_key_place(n, y);
        if (strlen(a) > PTN_KEY_SHORT_BYTES && strlen(b) > PTN_KEY_SHORT_BYTES && p == q) continue;
        ck_assert_msg((p > q) - (p < q) == (sign > 0) - (sign < 0), "%s %s", a, b);
        ck_assert_int_eq(m == n && x == y, sign == 0);
        compared++;
    }
    ck_assert_int_gt(compared, 100000);
}
END_TEST

static int text_of(char text[64], int32_t i)
{
    static const char *const before[] = {"", "short_", "a text that is long, number "};
    return snprintf(text, 64, "%s%d", before[i % 3], (int)i);
}

/* With every hash the same few, texts still get one number each, and keep it when others go. */
START_TEST(test_colliding_hashes_change_nothing)
{
    enum { TEXTS = 1500 };
    static const uint64_t masks[] = {0, 7, UINT64_MAX};
    ptn_context context;
    ck_assert_int_eq(ptn_context_read(&context, NULL, NULL), PATRON_OK);
    for (size_t m = 0; m < sizeof masks / sizeof *masks; m++) {
        ptn_siphash_key key;
        ptn_intern intern;
        int32_t numbers[TEXTS], number;
        char text[64];
        ptn_siphash_key_make(&key);
        ptn_intern_open(&intern, "texts", &key);
        intern.hash_mask = masks[m];
        for (int32_t i = 0; i < 2 * TEXTS; i++) {
            int length = text_of(text, i % TEXTS);
            ck_assert_int_eq(ptn_intern_text(&number, &intern, (const uint8_t *)text, length, &context.memory, NULL),
                             PATRON_OK);
            ck_assert_int_eq(number, i % TEXTS);
        }
        for (int32_t i = 0, next = 0; i < TEXTS; i++) numbers[i] = i % 5 == 0 ? -1 : next++;
        ptn_intern_keep(&intern, numbers);
        for (int32_t i = 0; i < TEXTS; i++) {
            int length = text_of(text, i);
            ck_assert_int_eq(ptn_intern_find(&intern, (const uint8_t *)text, length), numbers[i]);
        }
        ptn_intern_truncate(&intern, 100);
        ck_assert_int_eq(ptn_intern_count(&intern), 100);
        for (int32_t i = 0; i < TEXTS; i++) {
            int length = text_of(text, i);
            ck_assert_int_eq(ptn_intern_find(&intern, (const uint8_t *)text, length),
                             numbers[i] < 100 ? numbers[i] : PTN_INTERN_MISSING);
        }
        ptn_intern_free(&intern, &context.memory);
    }
}
END_TEST

START_TEST(test_numbers_are_written_as_printed)
{
    int64_t power = 1;
    for (int i = 0; i < 19; i++, power = i < 19 ? power * 10 : power)
        for (int64_t near = -1; near <= 1; near++)
            for (int sign = -1; sign <= 1; sign += 2) {
                int64_t value = sign * (power + near);
                char said[32];
                uint8_t text[PTN_KEY_TEXT];
                int64_t length = ptn_key_text(text, PTN_KEY_NUMBER, (uint64_t)value);
                ck_assert_int_eq(length, snprintf(said, sizeof said, "%lld", (long long)value));
                ck_assert_mem_eq(text, said, (size_t)length);
            }
}
END_TEST

static int refuse(void *user, const char *stage, double fraction)
{
    (void)stage, (void)fraction;
    return *(const int *)user;
}

/* Threads that move slots lose none, and a growth that is cancelled changes nothing. */
START_TEST(test_a_team_widens_a_table)
{
    enum { TEXTS = 60000, MORE = 400000 };
    patron_context asked;
    ptn_context context;
    ptn_siphash_key key;
    ptn_intern intern;
    ptn_team team;
    int stop = 1;
    int32_t number;
    char text[64];
    patron_context_init(&asked, sizeof asked);
    asked.threads = 3;
    asked.progress = refuse;
    asked.progress_user = &stop;
    ck_assert_int_eq(ptn_context_read(&context, &asked, NULL), PATRON_OK);
    ptn_team_open(&team, &context);
    ptn_siphash_key_make(&key);
    ptn_intern_open(&intern, "texts", &key);
    for (int32_t i = 0; i < TEXTS; i++) {
        int length = text_of(text, i);
        ck_assert_int_eq(ptn_intern_text(&number, &intern, (const uint8_t *)text, length, &context.memory, NULL),
                         PATRON_OK);
    }
    int64_t slots = intern.slot_count;
    for (int turn = 0; turn < 2; turn++) {
        ck_assert_int_eq(ptn_intern_widen(&intern, MORE, &team, &context.memory, NULL),
                         stop != 0 ? PATRON_CANCELLED : PATRON_OK);
        ck_assert_int_eq(intern.slot_count, stop != 0 ? slots : 1 << 20);
        for (int32_t i = 0; i < TEXTS; i++) {
            int length = text_of(text, i);
            ck_assert_int_eq(ptn_intern_find(&intern, (const uint8_t *)text, length), i);
        }
        stop = 0;
    }
    ptn_intern_free(&intern, &context.memory);
    ptn_team_close(&team);
}
END_TEST

/* Texts that threads meet in a table together. */
typedef struct meeting {
    ptn_intern intern;
    ptn_intern_range *ranges;
    int64_t from, block, texts; /* text i of this turn is from + i; each is met in two blocks */
    int32_t *numbers;           /* that were said: in the first block, and in the second */
} meeting;

static void meet(void *argument, int64_t block, int32_t worker)
{
    meeting *m = argument;
    int64_t blocks = m->texts / m->block;
    for (int64_t i = block % blocks * m->block, end = i + m->block; i < end; i++) {
        ptn_wanted_text wanted = {.bits = (uint64_t)(m->from + i), .kind = PTN_KEY_NUMBER};
        wanted.hash = ptn_intern_hash(&m->intern, wanted.kind, wanted.bits);
        m->numbers[block / blocks * m->texts + i] = ptn_intern_meet(&m->intern, &wanted, true, &m->ranges[worker]);
    }
}

/* What threads have taken and not used is given back: numbers stay 0, 1, … and each text has one, whatever the room.
   An index leads to those from before, and to some of the new ones. */
START_TEST(test_threads_number_texts_together)
{
    enum { TEXTS = 40000, BLOCK = 100, THREADS = 4, TURNS = 3, SPARE = THREADS * PTN_INTERN_RANGE };
    static int32_t numbers[2 * TEXTS], renamed[SPARE];
    static ptn_intern_range ranges[THREADS];
    static const int64_t rooms[TURNS] = {TEXTS + SPARE, 700, 1}; /* the last two are not enough */
    meeting m = {.block = BLOCK, .texts = TEXTS, .numbers = numbers, .ranges = ranges};
    patron_context asked;
    ptn_context context;
    ptn_siphash_key key;
    ptn_team team;
    patron_context_init(&asked, sizeof asked);
    asked.threads = THREADS;
    ck_assert_int_eq(ptn_context_read(&context, &asked, NULL), PATRON_OK);
    ptn_team_open(&team, &context);
    ptn_siphash_key_make(&key);
    ptn_intern_open(&m.intern, "texts", &key);
    for (int turn = 0; turn < TURNS; turn++) {
        int64_t before = ptn_intern_count(&m.intern);
        if (_i == 1) ck_assert_int_eq(ptn_intern_make_index(&m.intern, &context.memory, NULL), PATRON_OK);
        ck_assert((m.intern.index != NULL) == (_i == 1 && turn > 0));
        ck_assert(_i == 0 || turn != 1 || (m.intern.indexed > TEXTS && m.intern.indexed < TEXTS * 3 / 2));
        ck_assert_int_eq(ptn_intern_reserve(&m.intern, TEXTS + SPARE, 0, &context.memory, NULL), PATRON_OK);
        ptn_intern_share(&m.intern);
        m.intern.room = before + rooms[turn];
        ck_assert_int_eq(ptn_team_run(&team, "texts", 0.0, 1.0, 2 * TEXTS / BLOCK, meet, &m, NULL), PATRON_OK);
        int64_t left = ptn_intern_own(&m.intern, ranges, THREADS, renamed), count = ptn_intern_count(&m.intern);
        ck_assert_int_le(left, SPARE);
        ck_assert_int_le(count - before, rooms[turn]);
        ck_assert_int_ge(count - before + SPARE, rooms[turn]);
        for (int64_t i = 0; i < 2 * TEXTS; i++) {
            char text[64];
            int length = snprintf(text, sizeof text, "%lld", (long long)(m.from + i % TEXTS));
            int32_t number = numbers[i], found = ptn_intern_find(&m.intern, (const uint8_t *)text, length);
            if (number >= count) {
                ck_assert_int_lt(number - count, left);
                number = renamed[number - count];
            }
            if (number >= 0 || turn == 0) ck_assert_int_eq(number, found);
            if (found < 0) continue;
            ck_assert_int_lt(found, count);
            ck_assert_uint_eq(((const uint64_t *)m.intern.bits.items)[found], (uint64_t)(m.from + i % TEXTS));
        }
        for (int w = 0; w < THREADS; w++) ck_assert_int_eq(ranges[w].end, ranges[w].next);
        m.from += TEXTS / 2; /* half of them are known the next time */
    }
    ptn_intern_free(&m.intern, &context.memory);
    ptn_team_close(&team);
}
END_TEST

/* A memo says the number that was kept, or none; texts that differ in their end or length alone are others. */
START_TEST(test_a_memo_says_what_was_kept)
{
    enum { TEXTS = 4000, FIRST_BITS = 6, BITS = 5, WORD_BITS = 4 };
    static ptn_memo_text firsts[1 << FIRST_BITS], places[1 << BITS];
    static uint64_t words[1 << WORD_BITS];
    static uint8_t texts[TEXTS + 8][PTN_MEMO_BYTES];
    const ptn_memo memo = {firsts, places, words, FIRST_BITS, BITS, WORD_BITS};
    uint64_t state = 3;
    int64_t known = 0;
    for (int64_t length = 1; length <= PTN_MEMO_BYTES; length++) {
        /* One behind the other, of few letters, zeros among them. */
        uint8_t *all = &texts[0][0];
        int32_t numbers[100];
        uint8_t unknown[101];
        for (int64_t i = 0; i < (TEXTS + 8) * PTN_MEMO_BYTES; i++) all[i] = (uint8_t)test_below(&state, 3);
        for (int64_t from = 0; from + 100 <= TEXTS; from += 100) {
            const uint8_t *first = all + from * length;
            int32_t left = ptn_memo_find_each(numbers, unknown, &memo, first, length, 100);
            for (int32_t i = 0, next = 0; i < 100; i++) {
                int32_t number = (int32_t)length; /* what number a text is to have: its digits and length */
                for (int64_t b = 0; b < length; b++) number = number * 3 + first[i * length + b];
                ck_assert_int_eq(ptn_memo_find(&memo, first + i * length, length, false),
                                 ptn_memo_find(&memo, first + i * length, length, true));
                bool kept = numbers[i] >= 0;
                if (kept) ck_assert_int_eq(numbers[i], number);
                if (!kept) ck_assert_int_eq(numbers[i], PTN_INTERN_NEW);
                known += kept;
                ck_assert(kept || (next < left && unknown[next] == i));
                next += !kept;
                ptn_memo_keep(&memo, first + i * length, length, number);
                ck_assert_int_eq(ptn_memo_find(&memo, first + i * length, length, true), number);
            }
        }
    }
    ck_assert_int_gt(known, TEXTS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keys");
    TCase *tests = tcase_create("keys");
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, test_kinds_of_known_texts);
    tcase_add_test(tests, test_places_are_in_the_order_of_texts);
    tcase_add_test(tests, test_colliding_hashes_change_nothing);
    tcase_add_test(tests, test_numbers_are_written_as_printed);
    tcase_add_test(tests, test_a_team_widens_a_table);
    tcase_add_loop_test(tests, test_threads_number_texts_together, 0, 2);
    tcase_add_test(tests, test_a_memo_says_what_was_kept);
    return run_suite(suite);
}
