# SPDX-License-Identifier: GPL-3.0-or-later
"""What the built library shows and keeps, as nm sees it.

symbols.py exports NM LIBPATRON.SO    exactly the functions that the public headers declare leave it
symbols.py private NM LIBPATRON.SO    GSL, BLAS and jansson are inside: the library asks the process for none of them
symbols.py state NM OBJECT …          no object of ours has a variable that can change
symbols.py names NM OBJECT …          what objects share is called patron_… or ptn_…
"""
import re
import subprocess
import sys

from common import files, finish, text_of, without_comments


def symbols(nm, *arguments):
    """(object, kind, name) of each symbol."""
    output = subprocess.run([nm, "-A", *arguments], check=True, capture_output=True, text=True).stdout
    for line in output.splitlines():
        match = re.match(r"^(.*?):\s*(?:[0-9a-fA-F]+)?\s+(\w)\s+(\S+)$", line)
        if match is None:
            sys.exit(f"this nm writes other lines than GNU's: {line}")
        yield match.groups()


def declared():
    """The functions marked PATRON_API in the headers."""
    names = set()
    for path in files("include", suffixes=(".h", ".in")):
        for match in re.finditer(r"^PATRON_API\s[^;]*?\b(patron_\w+)\s*\(", without_comments(text_of(path)), re.M):
            names.add(match.group(1))
    return names


def exports(nm, library):
    defined = {name.split("@")[0] for _, kind, name in symbols(nm, "-D", "--defined-only", library)}
    wanted = declared()
    problems = [f"exported, but no header declares it: {name}" for name in sorted(defined - wanted)]
    problems += [f"declared, but not exported: {name}" for name in sorted(wanted - defined)]
    finish(problems, f"{len(defined)} functions leave the library, all declared")


def private(nm, library):
    wanted = [name for _, _, name in symbols(nm, "-D", "--undefined-only", library)]
    problems = [f"asked of the process: {name}" for name in wanted
                if re.match(r"^_*(gsl|cblas|json|jsonp|openblas|blas|goto|csv)_|^(x?erbla|[sdcz]ge[mv]{2})_?$", name)]
    finish(problems, f"{len(wanted)} functions are asked of the process, none of them GSL's, BLAS's or jansson's")


# Instrumentation puts variables of its own into objects.
FOREIGN = re.compile(r"^(__odr_asan|__gcov|__prof|\.L|_\.|__asan|__sanitizer|__ubsan|__tsan|\$|asan\.|___asan)")


def state(nm, objects):
    """By section: .data.rel.ro holds constants that hold addresses, and is read-only once the library is loaded."""
    problems, seen = [], 0
    for place in objects:
        output = subprocess.run([nm, "-f", "sysv", "--defined-only", place], check=True, capture_output=True, text=True)
        for line in output.stdout.splitlines():
            fields = [field.strip() for field in line.split("|")]
            if len(fields) != 7 or fields[0].startswith("DW.ref.") or FOREIGN.search(fields[0]):
                continue
            name, section = fields[0], fields[6]
            seen += section != ""
            if re.match(r"\.t?(data|bss)|\*COM\*", section) and not section.startswith(".data.rel.ro"):
                problems.append(f"{place.split('/')[-1]}: {name} can change ({section})")
    if seen <= len(objects):
        problems.append("this nm names no sections, as GNU's does")
    finish(problems, f"{seen} symbols of {len(objects)} objects")


def names(nm, objects):
    problems = [f"{place.split('/')[-1]}: {name} should be called ptn_{name}"
                for place, kind, name in symbols(nm, "--defined-only", "--extern-only", *objects)
                if not name.startswith(("patron_", "ptn_")) and name != "gsl_error" and not FOREIGN.search(name)]
    finish(problems, f"{len(objects)} objects")


if __name__ == "__main__":
    what, tool, *rest = sys.argv[1:]
    if what == "exports":
        exports(tool, rest[0])
    elif what == "private":
        private(tool, rest[0])
    elif what == "state":
        state(tool, rest)
    else:
        names(tool, rest)
