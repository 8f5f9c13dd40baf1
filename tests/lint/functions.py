# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/functions.md says, for each public function, which tests and fuzz targets reach it.

functions.py check   fails when a declared function has no line there, when a file named does not mention it, or when
                     nothing but the memory-failure test does
functions.py write   writes the table anew
"""
import os
import re
import sys

from common import ROOT, files, finish, text_of, without_comments

TABLE = "tests/functions.md"
HEAD = """# Public functions and what reaches them

Each function of `include/patron` and the tests and fuzz targets that call it. `ctest -R lint.functions` holds it to the
headers and to the files; `python3 tests/lint/functions.py write` writes it anew.

| function | reached by |
|---|---|
"""
# The memory-failure test has every function (tests/fault/coverage.py); that alone is not enough.
EVERYWHERE = "fault/cases.c"


def declared():
    names = set()
    for path in files("include", suffixes=(".h", ".in")):
        for match in re.finditer(r"^PATRON_API\s[^;]*?\b(patron_\w+)\s*\(", without_comments(text_of(path)), re.M):
            names.add(match.group(1))
    return names


def mentions():
    """file below tests -> the public names in it, comments left out"""
    found = {}
    for path in files("tests", suffixes=(".c", ".py")):
        inside = path[len("tests/"):]
        if inside.split("/")[0] in ("lint", "support", "oracle"):
            continue
        text = text_of(path)
        text = without_comments(text) if path.endswith(".c") else re.sub(r"#[^\n]*", "", text)
        found[inside] = set(re.findall(r"\bpatron_\w+", text))
    return found


def write():
    found = mentions()
    with open(os.path.join(ROOT, TABLE), "w", encoding="utf-8") as file:
        file.write(HEAD)
        for name in sorted(declared()):
            file.write(f"| `{name}` | {', '.join(f'`{path}`' for path in sorted(found) if name in found[path])} |\n")


def check():
    found, wanted, rows, problems = mentions(), declared(), {}, []
    for number, line in enumerate(text_of(TABLE).split("\n"), 1):
        match = re.match(r"^\| `(patron_\w+)` \| (.*) \|$", line)
        if not match:
            continue
        name, named = match.group(1), re.findall(r"`([^`]+)`", match.group(2))
        if name in rows:
            problems.append(f"{TABLE}:{number}: {name} has two lines")
        rows[name] = named
        problems += [f"{TABLE}:{number}: tests/{path} does not mention {name}" for path in named
                     if name not in found.get(path, ())]
        if not set(named) - {EVERYWHERE}:
            problems.append(f"{TABLE}:{number}: {name} is reached by no test but the memory-failure one")
    problems += [f"{TABLE}: no line for {name}: name the tests that reach it" for name in sorted(wanted - set(rows))]
    problems += [f"{TABLE}: {name} is declared by no header" for name in sorted(set(rows) - wanted)]
    finish(problems, f"{len(wanted)} public functions, each reached by a test")


if __name__ == "__main__":
    {"check": check, "write": write}[sys.argv[1]]()
