/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patron/version.h>

#include "segment/failure.h"
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
    char text[64];
    int length = snprintf(text, sizeof text, "segment, patron %s\n", patron_version());
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

int output_check(const char *path, const char *input)
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
    if (same) return fail(EXIT_USAGE, "--json %s: this is the file to be read; give another name", path);
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

static int fill_temporary(int descriptor, const char *temporary, const char *real, const char *bytes, size_t length)
{
    mode_t mask = umask(0);
    umask(mask);
    bool good = fchmod(descriptor, 0666 & ~mask) == 0 && write_all(descriptor, bytes, length) && fsync(descriptor) == 0;
    int reason = errno;
    if (close(descriptor) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (good && interrupted()) {
        unlink(temporary);
        return fail(interrupt_code(), "interrupted; nothing was written");
    }
    if (good && rename(temporary, real) == 0) return 0;
    if (!good) errno = reason;
    reason = errno;
    unlink(temporary);
    errno = reason;
    return fail_write(real);
}

static int replace_file(const char *path, const char *bytes, size_t length)
{
    char *temporary = NULL, *real = resolve(path), *folder = real == NULL ? NULL : folder_of(real);
    int code;
    if (folder == NULL || asprintf(&temporary, "%s/.segment-XXXXXX", folder) < 0) {
        temporary = NULL;
        code = fail_memory();
        goto cleanup;
    }
    int descriptor = mkostemp(temporary, O_CLOEXEC);
    if (descriptor < 0) {
        code = fail_write(path);
        goto cleanup;
    }
    code = fill_temporary(descriptor, temporary, real, bytes, length);
    if (code == 0) sync_folder(folder);
cleanup:
    free(temporary);
    free(folder);
    free(real);
    return code;
}

static int write_device(const char *path, const char *bytes, size_t length)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return fail_write(path);
    bool good = write_all(descriptor, bytes, length);
    int reason = errno;
    if (close(descriptor) != 0 && good) {
        good = false;
        reason = errno;
    }
    errno = reason;
    return good ? 0 : fail_write(path);
}

int output_file(const char *path, const char *bytes, size_t length)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) return write_device(path, bytes, length);
    return replace_file(path, bytes, length);
}
