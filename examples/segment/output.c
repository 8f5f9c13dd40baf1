/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patron/version.h>

#include "segment/failure.h"
#include "segment/shown.h"
#include "segment/terminal.h"

static bool write_all(int descriptor, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

int output_text(int descriptor, const char *bytes, size_t length)
{
    if (write_all(descriptor, bytes, length)) return 0;
    return fail(EXIT_IO, "%s cannot be written: %s", descriptor == STDERR_FILENO ? "standard error" : "standard output",
                strerror(errno));
}

int output_version(void)
{
    char text[128];
    int length = snprintf(text, sizeof text, "%s, patron %s\n", SHOWN(text_of(program_name()), 60), patron_version());
    return output_text(STDOUT_FILENO, text, (size_t)length);
}

/* The folder of a path, to be freed; NULL without memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* The file behind a symbolic link, which is to stay one; to be freed, NULL without memory. */
static char *resolve(const char *path)
{
    char *real = realpath(path, NULL);
    return real != NULL || errno == ENOMEM ? real : strdup(path);
}

static int fail_write(const char *path) { return fail(EXIT_IO, "%s: cannot be written: %s", path, strerror(errno)); }

int output_check(const char *option, const char *path, const char *input)
{
    struct stat output_status, input_status;
    if (strcmp(path, "-") == 0) return 0;
    bool there = stat(path, &output_status) == 0;
    if (there && S_ISDIR(output_status.st_mode)) {
        errno = EISDIR;
        return fail_write(path);
    }
    bool same = there && S_ISREG(output_status.st_mode) &&
                (strcmp(input, "-") == 0 ? fstat(STDIN_FILENO, &input_status) : stat(input, &input_status)) == 0 &&
                input_status.st_dev == output_status.st_dev && input_status.st_ino == output_status.st_ino;
    if (same) return fail(EXIT_USAGE, "--%s %s: this is the file to be read; give another name", option, path);
    if (there && !S_ISREG(output_status.st_mode)) return 0;

    char *real = resolve(path), *folder = real == NULL ? NULL : folder_of(real);
    int code = 0;
    if (folder == NULL)
        code = fail_memory();
    else if (access(folder, W_OK | X_OK) != 0)
        code = fail_write(path);
    free(folder);
    free(real);
    return code;
}

/* A rename is on disk when its folder is. Not every file system can sync one; the file itself is safe either way. */
static void sync_folder(const char *folder)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    (void)fsync(descriptor);
    close(descriptor);
}

/* The path with its folder's links followed, so that two names of one file that is not there yet are equal; to be
   freed, NULL without memory or without that folder. */
static char *canonical(const char *path)
{
    char *canonical_path = NULL, *folder = folder_of(path), *real = folder == NULL ? NULL : realpath(folder, NULL);
    const char *slash = strrchr(path, '/');
    if (real != NULL && asprintf(&canonical_path, "%s/%s", real, slash == NULL ? path : slash + 1) < 0)
        canonical_path = NULL;
    free(real);
    free(folder);
    return canonical_path;
}

bool output_same(const char *a, const char *b)
{
    struct stat a_status, b_status;
    if (strcmp(a, "-") == 0 || strcmp(b, "-") == 0) return false;
    if (stat(a, &a_status) == 0 && stat(b, &b_status) == 0)
        return S_ISREG(a_status.st_mode) && a_status.st_dev == b_status.st_dev && a_status.st_ino == b_status.st_ino;
    char *real_a = canonical(a), *real_b = canonical(b);
    bool same = real_a != NULL && real_b != NULL && strcmp(real_a, real_b) == 0;
    free(real_b);
    free(real_a);
    return same;
}

enum { BUFFER = 1 << 16 };

struct output {
    const char *path;
    char *real, *folder; /* what is renamed to, and where; NULL for what is written directly */
    char *temporary;     /* NULL once it has become `real` */
    int descriptor;      /* -1 once closed */
    size_t used;
    char buffer[BUFFER];
};

static int open_temporary(struct output *output)
{
    output->real = resolve(output->path);
    output->folder = output->real == NULL ? NULL : folder_of(output->real);
    if (output->folder == NULL || asprintf(&output->temporary, "%s/.segment-XXXXXX", output->folder) < 0) {
        output->temporary = NULL;
        return fail_memory();
    }
    output->descriptor = mkostemp(output->temporary, O_CLOEXEC);
    if (output->descriptor >= 0) return 0;
    int code = fail_write(output->path);
    free(output->temporary);
    output->temporary = NULL;
    return code;
}

int output_open(struct output **output, const char *path)
{
    struct stat status;
    struct output *opened = calloc(1, sizeof *opened);
    int code = 0;
    *output = opened;
    if (opened == NULL) return fail_memory();
    opened->path = path;
    opened->descriptor = -1;
    if (strcmp(path, "-") == 0) {
        opened->path = "standard output";
        opened->descriptor = STDOUT_FILENO;
    } else if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        opened->descriptor = open(path, O_WRONLY | O_CLOEXEC);
        if (opened->descriptor < 0) code = fail_write(path);
    } else {
        code = open_temporary(opened);
    }
    return code;
}

static int flush(struct output *output)
{
    size_t used = output->used;
    output->used = 0;
    if (interrupted()) return fail(interrupt_code(), "interrupted; nothing was written");
    return write_all(output->descriptor, output->buffer, used) ? 0 : fail_write(output->path);
}

int output_add(struct output *output, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t piece = BUFFER - output->used < length ? BUFFER - output->used : length;
        memcpy(output->buffer + output->used, bytes, piece);
        output->used += piece;
        bytes += piece;
        length -= piece;
        int code = output->used == BUFFER ? flush(output) : 0;
        if (code != 0) return code;
    }
    return 0;
}

/* A file that is replaced keeps who may read it; a new one is as any new file. */
static mode_t mode_of(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0) return status.st_mode & 0777;
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

int output_complete(struct output *output)
{
    int code = flush(output), descriptor = output->descriptor;
    if (code != 0) return code;
    if (descriptor == STDOUT_FILENO) return 0;
    if (output->temporary != NULL) {
        if (fchmod(descriptor, mode_of(output->real)) != 0 || fsync(descriptor) != 0) return fail_write(output->path);
    }
    output->descriptor = -1;
    return close(descriptor) == 0 ? 0 : fail_write(output->path);
}

int output_publish(struct output *output)
{
    if (output->temporary == NULL) return 0;
    if (rename(output->temporary, output->real) != 0) return fail_write(output->path);
    free(output->temporary);
    output->temporary = NULL;
    sync_folder(output->folder);
    return 0;
}

void output_close(struct output *output)
{
    if (output == NULL) return;
    if (output->descriptor >= 0 && output->descriptor != STDOUT_FILENO) close(output->descriptor);
    if (output->temporary != NULL) unlink(output->temporary);
    free(output->temporary);
    free(output->folder);
    free(output->real);
    free(output);
}
