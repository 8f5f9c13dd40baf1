/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ids as keys of 64 bits: the same text the same key, and back; the order of texts; tables whose hashes collide. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/intern.h"
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

enum { MET = 30000, CALLS = 4 };

typedef struct meeting {
    ptn_intern intern;
    char texts[MET][24];
    ptn_wanted_text wanted[MET];
    int32_t numbers[CALLS][MET], count;
    int32_t begun; /* calls */
} meeting;

/* Each call meets all texts; two begin together, where there are threads for that. */
static void meet_all(void *argument, int64_t call, int32_t worker)
{
    meeting *m = argument;
    int32_t others = __atomic_fetch_add(&m->begun, 1, __ATOMIC_RELAXED);
    (void)worker;
    for (int32_t i = 0; others == 0 && i < 1000 && __atomic_load_n(&m->begun, __ATOMIC_RELAXED) < 2; i++) sched_yield();
    for (int32_t i = 0; i < m->count; i++) m->numbers[call][i] = ptn_intern_meet(&m->intern, &m->wanted[i], true);
}

/* A text has the number that every call was told, if any, and there are no more than there is room for. */
static void check_meeting(const meeting *m, int64_t room)
{
    int64_t given = 0;
    ck_assert_int_eq(ptn_intern_count(&m->intern), room);
    for (int32_t i = 0; i < m->count; i++) {
        uint8_t text[PTN_KEY_TEXT];
        const uint8_t *bytes;
        int32_t number = ptn_intern_find(&m->intern, (const uint8_t *)m->texts[i], (int64_t)strlen(m->texts[i]));
        for (int32_t c = 0; c < CALLS; c++)
            if (m->numbers[c][i] != PTN_INTERN_MISSING && m->numbers[c][i] != number)
                ck_abort_msg("text %d is %d, and %d to call %d", (int)i, (int)number, (int)m->numbers[c][i], (int)c);
        if (number < 0) continue;
        given++;
        int64_t length = ptn_intern_get(&bytes, text, &m->intern, number);
        ck_assert_int_eq(length, (int64_t)strlen(m->texts[i]));
        ck_assert_mem_eq(bytes, m->texts[i], (size_t)length);
    }
    ck_assert_int_eq(given, room);
}

/* Threads that add the same texts at once, also with one and the same hash. */
START_TEST(test_threads_add_texts_at_once)
{
    static const struct {
        uint64_t mask;
        int32_t count, room;
    } turns[] = {{0, 600, 500}, {UINT64_MAX, MET, MET}, {UINT64_MAX, MET, MET - 1000}, {UINT64_MAX, MET, MET}};
    static meeting m;
    patron_context asked;
    ptn_context context;
    ptn_team team;
    patron_context_init(&asked, sizeof asked);
    asked.threads = 4;
    ck_assert_int_eq(ptn_context_read(&context, &asked, NULL), PATRON_OK);
    ptn_team_open(&team, &context);
    for (size_t t = 0; t < sizeof turns / sizeof *turns; t++) {
        ptn_siphash_key key;
        ptn_siphash_key_make(&key);
        ptn_intern_open(&m.intern, "texts", &key);
        m.intern.hash_mask = turns[t].mask;
        m.intern.most = turns[t].room;
        m.count = turns[t].count;
        m.begun = 0;
        ck_assert_int_eq(ptn_intern_reserve(&m.intern, m.count, 0, &context.memory, NULL), PATRON_OK);
        for (int32_t i = 0; i < m.count; i++) {
            int length = snprintf(m.texts[i], sizeof m.texts[i], "%s%d", i % 2 == 0 ? "" : "id", (int)i);
            ptn_intern_want(&m.wanted[i], &m.intern, (const uint8_t *)m.texts[i], length);
        }
        ptn_intern_share(&m.intern);
        ck_assert_int_eq(ptn_team_run(&team, "test", 0.0, 1.0, CALLS, meet_all, &m, NULL), PATRON_OK);
        ptn_intern_own(&m.intern);
        check_meeting(&m, turns[t].room);
        ptn_intern_free(&m.intern, &context.memory);
    }
    ptn_team_close(&team);
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
    tcase_add_test(tests, test_threads_add_texts_at_once);
    return run_suite(suite);
}
