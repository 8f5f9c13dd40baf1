/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loaded before the C library: the second rename of the process fails, as on a disk that breaks between two files. */
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int rename(const char *from, const char *to)
{
    static int calls;
    if (++calls == 2) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_rename, from, to);
}
