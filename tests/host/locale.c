/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host that changes its locale between calls, to one that writes 0,5 for a half: history, segments and the summary
   are the same bytes, and JSON, wherever the change falls; and the locale stays the host's. */
#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

#ifdef HOST_SANITIZED /* the C library does not free the words of LOCPATH where it finds no locale */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void) { return "leak:argz_add_sep\n"; }
#endif

static const char german[] = "de_DE.UTF-8";

/* Makes the locale in a folder of its own where the machine has none; false if that is not possible. */
static int make_german(char *folder)
{
    char target[128];
    snprintf(target, sizeof target, "%s/%s", folder, german);
    pid_t child = fork();
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stdout);
        (void)!freopen("/dev/null", "w", stderr);
        execlp("localedef", "localedef", "-i", "de_DE", "-f", "UTF-8", target, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return child > 0 && setenv("LOCPATH", folder, 1) == 0 && setlocale(LC_ALL, german) != NULL;
}

/* The C library reads a locale's files once, so they may go as soon as it is set. */
static void remove_folder(const char *folder)
{
    char command[160];
    snprintf(command, sizeof command, "/bin/rm -rf '%s'", folder);
    CHECK(system(command) == 0);
}

static void check_locale(const char *name, const char *half)
{
    char text[16];
    CHECK(strcmp(setlocale(LC_ALL, NULL), name) == 0);
    snprintf(text, sizeof text, "%.1f", 0.5);
    CHECK(strcmp(text, half) == 0);
}

static void set_locale(const char *name)
{
    CHECK(setlocale(LC_ALL, name) != NULL);
    check_locale(name, strcmp(name, german) == 0 ? "0,5" : "0.5");
}

/* The whole way, the locale of each of its four steps by the bits of `which`; the summary, to be freed. */
static char *summary(const patron_orders *orders, int which)
{
    patron_history *history = NULL;
    patron_segmentation *segmentation = NULL;
    patron_document *document = NULL;
    const char *const names[] = {"C", german};
    set_locale(names[which & 1]);
    CHECK(patron_history_create(&history, NULL, NULL, NULL) == PATRON_OK);
    set_locale(names[which >> 1 & 1]);
    CHECK(patron_history_append(history, orders, NULL, NULL) == PATRON_OK);
    set_locale(names[which >> 2 & 1]);
    CHECK(patron_segment(&segmentation, history, NULL, NULL, NULL) == PATRON_OK);
    set_locale(names[which >> 3 & 1]);
    CHECK(patron_report_json(&document, segmentation, history, NULL, NULL) == PATRON_OK);
    check_locale(names[which >> 3 & 1], which >> 3 & 1 ? "0,5" : "0.5");
    char *text = strdup(patron_document_text(document));
    CHECK(text != NULL && strlen(text) == (size_t)patron_document_length(document));
    patron_document_free(document);
    patron_segmentation_free(segmentation);
    patron_history_free(history);
    return text;
}

/* A locale of the calling thread alone, as servers have them. */
static void check_thread_locale(const patron_orders *orders, const char *plain)
{
    locale_t own = newlocale(LC_ALL_MASK, german, (locale_t)0);
    CHECK(own != (locale_t)0);
    patron_history *history = NULL;
    patron_segmentation *segmentation = NULL;
    patron_document *document = NULL;
    set_locale("C");
    locale_t before = uselocale(own);
    CHECK(patron_history_create(&history, NULL, NULL, NULL) == PATRON_OK);
    CHECK(patron_history_append(history, orders, NULL, NULL) == PATRON_OK);
    CHECK(patron_segment(&segmentation, history, NULL, NULL, NULL) == PATRON_OK);
    CHECK(patron_report_json(&document, segmentation, history, NULL, NULL) == PATRON_OK);
    CHECK(strcmp(patron_document_text(document), plain) == 0);
    CHECK(uselocale(before) == own);
    patron_document_free(document);
    patron_segmentation_free(segmentation);
    patron_history_free(history);
    freelocale(own);
}

int main(void)
{
    char folder[] = "/tmp/patron-locale-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    if (setlocale(LC_ALL, german) == NULL && !make_german(folder)) {
        remove_folder(folder);
        puts("SKIPPED: there is no locale de_DE.UTF-8, and localedef cannot make it (Debian: apt-get install locales)");
        return HOST_SKIPPED;
    }
    shop_ledger shop;
    shop_options options;
    shop_options_init(&options);
    options.customers = 300;
    CHECK(shop_make(&shop, &options));
    patron_orders orders = host_orders(&shop);

    char *plain = summary(&orders, 0);
    for (int which = 1; which < 16; which++) {
        char *other = summary(&orders, which);
        CHECK(strcmp(plain, other) == 0);
        free(other);
    }
    check_thread_locale(&orders, plain);
    json_t *read = json_loads(plain, JSON_REJECT_DUPLICATES, NULL);
    CHECK(json_is_object(read) && json_object_size(read) > 5);
    json_decref(read);
    printf("%zu bytes of JSON, the same for each of 16 ways to change between C and %s\n", strlen(plain), german);
    remove_folder(folder);
    free(plain);
    shop_free(&shop);
    return 0;
}
