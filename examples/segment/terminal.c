/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/terminal.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "segment/failure.h"

static volatile sig_atomic_t caught_signal;
static bool line_shown;

static void remember(int number) { caught_signal = number; }

/* Without SA_RESTART, so that a read from a pipe that never ends is left at once. */
static void install(int number)
{
    struct sigaction action, before;
    if (sigaction(number, NULL, &before) != 0 || before.sa_handler == SIG_IGN) return;
    memset(&action, 0, sizeof action);
    action.sa_handler = remember;
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void signals_install(void)
{
    install(SIGINT);
    install(SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

bool interrupted(void) { return caught_signal != 0; }

int interrupt_code(void) { return caught_signal == SIGTERM ? 128 + SIGTERM : EXIT_INTERRUPTED; }

static bool terminal(int descriptor)
{
    const char *kind = getenv("TERM");
    return isatty(descriptor) == 1 && (kind == NULL || strcmp(kind, "dumb") != 0);
}

int32_t progress_report(void *user, const char *stage, double fraction)
{
    static double shown_s;
    static int shows = -1;
    (void)user;
    if (interrupted()) return 1;
    if (shows < 0) shows = terminal(STDERR_FILENO) ? 1 : 0;
    if (shows == 0) return 0;

    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    double now_s = (double)clock.tv_sec + (double)clock.tv_nsec * 1e-9;
    if (line_shown && now_s - shown_s < 0.1) return 0;
    shown_s = now_s;
    line_shown = true;
    if (isfinite(fraction))
        fprintf(stderr, "\r%-24.24s %3.0f %%", stage, 100.0 * fraction);
    else
        fprintf(stderr, "\r%-30.30s", stage);
    fflush(stderr);
    return 0;
}

void progress_clear(void)
{
    if (!line_shown) return;
    fprintf(stderr, "\r%-40s\r", "");
    fflush(stderr);
    line_shown = false;
}

bool colour_wanted(int descriptor)
{
    const char *refused = getenv("NO_COLOR");
    return (refused == NULL || refused[0] == '\0') && terminal(descriptor);
}

bool utf8_wanted(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return false;
}
