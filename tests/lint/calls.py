# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that the library must not make: it never prints, ends the process, touches what is the host's, reads numbers by
the host's locale, or uses a function whose last bit or order differs between C libraries.

calls.py              looks at lib
calls.py --self-test  proves that such calls are found
"""
import re
import sys

from common import files, finish, text_of, without_comments

BANNED = {
    "prints": "printf vprintf fprintf vfprintf dprintf vdprintf puts fputs putchar putc fputc fwrite perror psignal",
    "ends the process": "exit _exit _Exit quick_exit abort assert longjmp raise kill atexit",
    "changes the host": "setlocale uselocale signal sigaction fesetround feenableexcept setenv putenv unsetenv chdir "
                        "umask srand srandom openblas_set_num_threads json_set_alloc_funcs json_object_seed "
                        "gsl_set_error_handler gsl_set_error_handler_off",
    "memory not by the context": "malloc calloc realloc free strdup strndup asprintf vasprintf alloca aligned_alloc "
                                 "posix_memalign reallocarray",
    "depends on the locale": "strtod strtof strtold atof atoi atol atoll sscanf strcoll toupper tolower isalpha "
                             "isdigit isspace isalnum strftime strptime",
    "depends on the clock or the host's time zone": "time clock gettimeofday localtime localtime_r gmtime mktime",
    "differs between C libraries": "qsort bsearch rand random drand48 log log2 log10 log1p exp exp2 expm1 pow sin cos "
                                   "tan cbrt hypot tgamma lgamma erf fma fmaf",
    "not safe in threads": "strtok strerror getenv",
}

# (file or folder, call): why it may.
ALLOWED = {
    ("lib/base/context.c", "malloc"): "the default allocator",
    ("lib/base/context.c", "realloc"): "the default allocator",
    ("lib/base/context.c", "free"): "the default allocator",
    ("lib/base/floating.c", "fesetround"): "sets rounding right for the call and gives the host's back",
    ("lib/value/", "log"): "BG/NBD is not among the values that are the same to the bit",
    ("lib/value/", "exp"): "as log",
    ("lib/value/", "pow"): "as log",
    ("lib/value/", "log1p"): "as log",
    ("lib/value/", "expm1"): "as log",
    ("lib/kernels/", "fmaf"): "exact by the C standard, and asked for",
}

WHY = {call: why for why, calls in BANNED.items() for call in calls.split()}
PATTERN = re.compile(r"(?<![\w.>])(" + "|".join(sorted(WHY, key=len, reverse=True)) + r")\s*\(")
STREAM = re.compile(r"(?<!\w)(stdout|stderr|stdin)(?!\w)")


def allowed(path, call):
    return any(path.startswith(place) and call == name for place, name in ALLOWED)


def check(path, text):
    problems = []
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        for match in PATTERN.finditer(line):
            if not allowed(path, match.group(1)):
                problems.append(f"{path}:{number}: {match.group(1)}: {WHY[match.group(1)]}")
        for match in STREAM.finditer(line):
            problems.append(f"{path}:{number}: {match.group(1)}: prints")
    return problems


def self_test():
    wrong = ['printf("x");', "  x = malloc (3);", "fputs(a, stderr);", "y = log(x);", "qsort(a, b, c, d);",
             "double z = strtod(t, NULL);", "if (x) abort();", "assert(x);", "FILE *f = stdout;"]
    right = ["snprintf(a, 3, b);", "/* printf(x) */", 'fail("malloc(3)");', "ptn_log(x);", "y = ptn_free(m, x);",
             "memory->free(x);", "memory.malloc(3);", "int exit_code;"]
    problems = [f"not found: {line}" for line in wrong if not check("lib/cluster/x.c", line)]
    problems += [f"found though right: {line}" for line in right if check("lib/cluster/x.c", line)]
    if check("lib/base/context.c", "malloc(3);"):
        problems.append("an exception is not let pass")
    finish(problems, f"{len(wrong)} wrong calls found, {len(right)} right ones let pass")


if __name__ == "__main__":
    if "--self-test" in sys.argv:
        self_test()
    looked_at = files("lib", suffixes=(".c", ".h"))
    finish([problem for path in looked_at for problem in check(path, text_of(path))], f"{len(looked_at)} files")
