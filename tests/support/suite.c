/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    if (getenv("CK_FORK") == NULL) srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

char *data_file(const char *name)
{
    const char *folder = getenv("PATRON_DATA");
    char *path = NULL;
    if (folder == NULL) folder = PATRON_DATA_DIR;
    if (asprintf(&path, "%s/%s", folder, name) < 0) return NULL;
    if (access(path, R_OK) == 0) return path;
    printf("SKIPPED: %s is not there; set PATRON_DATA to the folder that holds it\n", path);
    free(path);
    return NULL;
}

char *data_file_unpacked(const char *name)
{
    char packed[256], *command = NULL, *target = NULL;
    snprintf(packed, sizeof packed, "%s.xz", name);
    char *source = data_file(packed);
    if (source == NULL) return NULL;
    const char *folder = getenv("TMPDIR");
    if (asprintf(&target, "%s/patron-%s.XXXXXX", folder == NULL ? "/tmp" : folder, name) < 0) abort();
    int handle = mkstemp(target);
    if (handle < 0) abort();
    close(handle);
    if (asprintf(&command, "xz -dkc '%s' > '%s'", source, target) < 0) abort();
    if (system(command) != 0) abort();
    free(command);
    free(source);
    return target;
}

int64_t asked_for(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    char *end = NULL;
    if (text == NULL || *text == '\0') return otherwise;
    long long number = strtoll(text, &end, 10);
    if (*end == '\0' && number > 0) return number;
    fprintf(stderr, "%s is %s; give a whole number > 0\n", name, text);
    exit(EXIT_FAILURE);
}

void need_at(int holds, const char *condition, const char *file, int line)
{
    if (holds) return;
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, condition);
    exit(EXIT_FAILURE);
}
