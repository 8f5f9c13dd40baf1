/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target over committed inputs, and over each of them cut short, without libFuzzer:
     replay FOLDER */
#include <dirent.h>
#include <limits.h>

#include "fuzz/fuzz.h"

enum { LARGEST_INPUT = 1 << 16, CUTS = 4 };

static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = exactly(size); /* of its own size, as libFuzzer gives it */
    if (size > 0) memcpy(copy, bytes, size);
    HOLDS(LLVMFuzzerTestOneInput(copy, size) == 0);
    free(copy);
}

int main(int count, char **words)
{
    static uint8_t bytes[LARGEST_INPUT];
    int64_t inputs = 0;
    HOLDS(count == 2);
    DIR *folder = opendir(words[1]);
    HOLDS(folder != NULL);
    run(bytes, 0);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[PATH_MAX];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", words[1], entry->d_name);
        FILE *file = fopen(path, "rb");
        HOLDS(file != NULL);
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        printf("%s\n", entry->d_name); /* the last one named is the one that failed */
        fflush(stdout);
        run(bytes, size);
        for (size_t cut = 1; cut < CUTS; cut++) run(bytes, size * cut / CUTS);
        inputs++;
    }
    closedir(folder);
    printf("%lld inputs replayed, each whole and cut short\n", (long long)inputs);
    return inputs > 0 ? 0 : 1;
}
