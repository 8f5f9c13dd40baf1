/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host that loads libpatron.so while it runs: the process is afterwards as it was. No thread is started by loading or
   outlives a call; nothing is printed; locale, floating-point environment, signal mask and handlers are unchanged; the
   results do not depend on the host's rounding; a forked child can call it; and it can be unloaded.

   process LIBPATRON.SO */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

#ifdef HOST_SANITIZED
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
enum { SIGNALS = 65, THREADS = 4, CHILD_SECONDS = 120 };

/* The functions used, found by name. */
#define FUNCTIONS(X)                                                                                                   \
    X(patron_context_init)                                                                                             \
    X(patron_rows_init)                                                                                                \
    X(patron_history_create)                                                                                           \
    X(patron_history_append)                                                                                           \
    X(patron_history_free)                                                                                             \
    X(patron_segment)                                                                                                  \
    X(patron_segmentation_segment)                                                                                     \
    X(patron_segmentation_statistic)                                                                                   \
    X(patron_segmentation_features)                                                                                    \
    X(patron_segmentation_assign_features)                                                                             \
    X(patron_segmentation_free)                                                                                        \
    X(patron_fingerprint)                                                                                              \
    X(patron_report_json)                                                                                              \
    X(patron_document_free)                                                                                            \
    X(patron_kmeans_fit)                                                                                               \
    X(patron_kmeans_free)

typedef struct library {
    void *handle;
#define MEMBER(name) __typeof__(&name) name;
    FUNCTIONS(MEMBER)
#undef MEMBER
} library;

static library load(const char *path)
{
    library patron;
    patron.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (patron.handle == NULL) fprintf(stderr, "%s\n", dlerror());
    CHECK(patron.handle != NULL);
#define FIND(name)                                                                                                     \
    *(void **)&patron.name = dlsym(patron.handle, #name);                                                              \
    CHECK(patron.name != NULL);
    FUNCTIONS(FIND)
#undef FIND
    return patron;
}

static int count_threads(void)
{
    int threads = 0;
    DIR *folder = opendir("/proc/self/task");
    CHECK(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) threads += entry->d_name[0] != '.';
    closedir(folder);
    return threads;
}

static bool mapped(const char *name)
{
    char line[4096];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) found |= strstr(line, name) != NULL;
    fclose(maps);
    return found;
}

/* What of the process is the host's. */
typedef struct state {
    int threads;
    char locale[256], directory[4096];
    int rounding, exceptions;
    sigset_t mask;
    struct sigaction handlers[SIGNALS];
} state;

static void read_state(state *now)
{
    memset(now, 0, sizeof *now);
    now->threads = count_threads();
    snprintf(now->locale, sizeof now->locale, "%s", setlocale(LC_ALL, NULL));
    CHECK(getcwd(now->directory, sizeof now->directory) != NULL);
    now->rounding = fegetround();
    now->exceptions = fetestexcept(FE_ALL_EXCEPT);
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &now->mask) == 0);
    for (int s = 1; s < SIGNALS; s++) sigaction(s, NULL, &now->handlers[s]); /* some numbers are the system's own */
}

static void check_state(const state *before)
{
    state now;
    read_state(&now);
    CHECK(now.threads == before->threads);
    CHECK(strcmp(now.locale, before->locale) == 0);
    CHECK(strcmp(now.directory, before->directory) == 0);
    CHECK(now.rounding == before->rounding);
    CHECK(now.exceptions == before->exceptions);
    CHECK(memcmp(&now.mask, &before->mask, sizeof now.mask) == 0);
    for (int s = 1; s < SIGNALS; s++) {
        CHECK(now.handlers[s].sa_handler == before->handlers[s].sa_handler);
        CHECK(now.handlers[s].sa_flags == before->handlers[s].sa_flags);
    }
}

static int most_threads; /* seen by the callback */

static int32_t watch(void *user, const char *stage, double fraction)
{
    (void)user;
    (void)stage;
    (void)fraction;
    int threads = count_threads();
    if (threads > most_threads) most_threads = threads;
    return 0;
}

static int flags_to_keep = -1; /* the host's floating-point exception flags; -1: not looked at */

static void expect(patron_status wanted, const char *name, patron_status status)
{
    if (status != wanted) dprintf(host_complaints, "%s gave %d, not %d\n", name, (int)status, (int)wanted);
    CHECK(status == wanted);
    if (flags_to_keep < 0 || fetestexcept(FE_ALL_EXCEPT) == flags_to_keep) return;
    dprintf(host_complaints, "%s changed the host's floating-point exception flags\n", name);
    CHECK(fetestexcept(FE_ALL_EXCEPT) == flags_to_keep);
}

/* The whole way, and a fit of its own, with some threads; gives the fingerprint. */
static uint64_t work(const library *patron, const shop_ledger *shop, const double *numbers, bool watched)
{
    patron_context context;
    patron_history *history = NULL;
    patron_segmentation *segmentation = NULL;
    patron_document *document = NULL;
    patron_kmeans *kmeans = NULL;
    patron_error error;
    patron->patron_context_init(&context, sizeof context);
    context.threads = THREADS;
    if (watched) context.progress = watch;

    patron_orders orders = host_orders(shop);
    expect(PATRON_OK, "patron_history_create", patron->patron_history_create(&history, NULL, &context, &error));
    expect(PATRON_OK, "patron_history_append", patron->patron_history_append(history, &orders, &context, &error));
    expect(PATRON_OK, "patron_segment", patron->patron_segment(&segmentation, history, NULL, &context, &error));
    expect(PATRON_OK, "patron_report_json",
           patron->patron_report_json(&document, segmentation, history, &context, &error));
    const patron_features *features = patron->patron_segmentation_features(segmentation);
    double mean, median;
    patron_segment_info info = {.size = sizeof info};
    expect(PATRON_OK, "patron_segmentation_segment",
           patron->patron_segmentation_segment(&info, segmentation, 0, &error));
    expect(PATRON_OK, "patron_segmentation_statistic",
           patron->patron_segmentation_statistic(&mean, &median, segmentation, 0, 0, &error));
    int32_t *segments = calloc((size_t)shop->customers, sizeof *segments);
    expect(PATRON_OK, "patron_segmentation_assign_features",
           patron->patron_segmentation_assign_features(segments, segmentation, features, &context, &error));
    free(segments);
    uint64_t fingerprint = patron->patron_fingerprint(segmentation);
    patron->patron_document_free(document);
    patron->patron_segmentation_free(segmentation);
    patron->patron_history_free(history);

    patron_rows rows;
    patron->patron_rows_init(&rows, sizeof rows);
    rows.values = numbers;
    rows.rows = 20000;
    rows.cols = 4;
    expect(PATRON_OK, "patron_kmeans_fit", patron->patron_kmeans_fit(&kmeans, NULL, &rows, 4, NULL, &context, &error));
    patron->patron_kmeans_free(kmeans);
    /* And calls that fail: they say so by their status alone. */
    expect(PATRON_INVALID_ARGUMENT, "patron_kmeans_fit",
           patron->patron_kmeans_fit(&kmeans, NULL, &rows, 0, NULL, &context, &error));
    expect(PATRON_INVALID_ARGUMENT, "patron_segment",
           patron->patron_segment(&segmentation, NULL, NULL, &context, NULL));
    return fingerprint;
}

static void on_usr1(int number) { (void)number; }

/* The host's own ways: a locale, a blocked signal, a handler, a rounding mode, a raised flag. */
static void take_own_ways(void)
{
    sigset_t mask;
    struct sigaction action = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
    if (setlocale(LC_ALL, "C.UTF-8") == NULL) setlocale(LC_ALL, "C");
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    CHECK(pthread_sigmask(SIG_BLOCK, &mask, NULL) == 0);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(fesetround(FE_UPWARD) == 0);
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_DIVBYZERO);
}

static void check_child(const library *patron, const shop_ledger *shop, const double *numbers, uint64_t fingerprint)
{
    int status = -1;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(CHILD_SECONDS);
        _exit(work(patron, shop, numbers, false) == fingerprint ? 0 : 9);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Both standard streams into a file, so that a single byte printed is seen; `kept` gets the old ones. */
static int hush(int kept[2])
{
    char name[] = "/tmp/patron-host.XXXXXX";
    int file = mkstemp(name);
    CHECK(file >= 0);
    unlink(name);
    fflush(NULL);
    for (int fd = 1; fd <= 2; fd++) {
        kept[fd - 1] = dup(fd);
        CHECK(kept[fd - 1] >= 0 && dup2(file, fd) == fd);
    }
    return file;
}

static int64_t unhush(int file, const int kept[2])
{
    struct stat about;
    fflush(NULL);
    CHECK(fstat(file, &about) == 0);
    for (int fd = 1; fd <= 2; fd++) {
        dup2(kept[fd - 1], fd);
        close(kept[fd - 1]);
    }
    close(file);
    return about.st_size;
}

int main(int count, char **words)
{
    if (count != 2) return 2;
    host_complaints = dup(2);
    shop_ledger shop;
    shop_options options;
    shop_options_init(&options);
    options.customers = 200;
    CHECK(shop_make(&shop, &options));
    double *numbers = host_numbers(20000, 4);

    state before;
    int threads = count_threads();
    library patron = load(words[1]);
    CHECK(count_threads() == threads);
    uint64_t fingerprint = work(&patron, &shop, numbers, false);
    CHECK(count_threads() == threads);

    int kept[2], file = hush(kept);
    take_own_ways();
    read_state(&before);
    flags_to_keep = before.exceptions;
    uint64_t rounded_up = work(&patron, &shop, numbers, false);
    flags_to_keep = -1;
    check_state(&before);
    int64_t printed = unhush(file, kept);
    fesetround(FE_TONEAREST);
    CHECK(printed == 0);
    CHECK(rounded_up == fingerprint);

    CHECK(work(&patron, &shop, numbers, true) == fingerprint);
    CHECK(most_threads >= threads && most_threads <= threads + THREADS - 1);
    check_child(&patron, &shop, numbers, fingerprint);
    CHECK(count_threads() == threads);

    CHECK(dlclose(patron.handle) == 0);
    /* A sanitizer keeps what it watches. */
    CHECK(SANITIZED || !mapped("libpatron.so"));
    patron = load(words[1]);
    CHECK(work(&patron, &shop, numbers, false) == fingerprint);
    dlclose(patron.handle);
    printf("%d threads before, %d at most during, %d after; nothing printed\n", threads, most_threads, count_threads());
    free(numbers);
    shop_free(&shop);
    return 0;
}
