# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file says its licence and keeps to the page; the project speaks of itself alone.

text.py licence    an SPDX line among the first five
text.py page       lines of at most 120 columns, no tabs, no blanks at line ends; functions and files not too long
text.py words      nothing that only makes sense on one machine
text.py format F   clang-format, given as F, would change nothing
"""
import os
import re
import subprocess
import sys

from common import ROOT, SKIPPED, files, finish, text_of, without_comments

SOURCES = (".c", ".h", ".in", ".py", ".sh", ".cmake", "CMakeLists.txt", "/run")
LONGEST = {"line": 120, "function": 80, "file": 700}
NO_LICENCE = re.compile(r"(^|/)(LICENSE|\.gitignore|\.editorconfig|\.clang-format|debian-packages\.txt)$|\.md$|"
                        r"^tests/golden/.*\.(csv|json|txt)$|^tests/fuzz/.*/|\.(csv|svg|png)$")
LONG_LINES = re.compile(r"\.md$|(^|/)LICENSE$|\.(csv|json|svg|toml)$|\.cmake$")

# Home folders, addresses of private networks, and leftovers.
WORDS = [(re.compile(r"(?<![\w.$}])/(home|Users|root|work)/"), "an absolute path of one machine"),
         (re.compile(r"\b(10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+)\b"), "an address of a private network"),
         (re.compile(r"\b(FIXME|XXX|HACK)\b|\bTODO\b"), "a leftover"),
         (re.compile(r"^(<<<<<<<|>>>>>>>) ", re.M), "a merge conflict")]


def is_text(path):
    with open(os.path.join(ROOT, path), "rb") as file:
        return b"\0" not in file.read(4096)


def licence():
    looked_at = [p for p in files() if not NO_LICENCE.search(p) and is_text(p)]
    finish([f"{p}: no SPDX-License-Identifier in its first five lines" for p in looked_at
            if "SPDX-License-Identifier:" not in "\n".join(text_of(p).split("\n")[:5])], f"{len(looked_at)} files")


def functions(text):
    """(line, length) of each function body: from a "{" at the start of a line to the next "}" there."""
    start = None
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            yield start, number - start
            start = None


def page():
    problems, looked_at = [], [p for p in files() if p.endswith(SOURCES) and is_text(p)]
    for path in looked_at:
        text = text_of(path)
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if len(line) > LONGEST["line"] and not LONG_LINES.search(path):
                problems.append(f"{path}:{number}: {len(line)} columns; at most {LONGEST['line']}")
            if "\t" in line or line != line.rstrip():
                problems.append(f"{path}:{number}: a tab, or a blank at the end of the line")
        if len(lines) > LONGEST["file"]:
            problems.append(f"{path}: {len(lines)} lines; a file tells one thing in at most {LONGEST['file']}")
        if text and not text.endswith("\n"):
            problems.append(f"{path}: does not end with a line feed")
        if path.endswith((".c", ".h")):
            problems += [f"{path}:{at}: a function of {length} lines; at most {LONGEST['function']}"
                         for at, length in functions(text) if length > LONGEST["function"]]
    finish(problems, f"{len(looked_at)} files")


def words():
    looked_at = [p for p in files() if is_text(p) and not p.endswith("tests/lint/text.py")]
    problems = []
    for path in looked_at:
        text = text_of(path)
        for pattern, what in WORDS:
            problems += [f"{path}:{text.count(chr(10), 0, m.start()) + 1}: {what}: {m.group(0).strip()}"
                         for m in pattern.finditer(text)]
    finish(problems, f"{len(looked_at)} files")


def layout(tool):
    if not tool:
        print("SKIPPED: there is no clang-format-14")
        sys.exit(SKIPPED)
    looked_at = [p for p in files("include", "lib", "examples", "tests", "bench", suffixes=(".c", ".h"))
                 if os.path.exists(os.path.join(ROOT, p))]
    run = subprocess.run([tool, "--dry-run", "-Werror", *looked_at], cwd=ROOT, capture_output=True, text=True)
    wrong = sorted(set(re.findall(r"^(\S+?):\d+:\d+: ", run.stderr, re.M)))
    if run.returncode != 0 and not wrong:
        wrong = [run.stderr]
    finish([f"{p}: run clang-format-14 -i on it" for p in wrong], f"{len(looked_at)} files")


if __name__ == "__main__":
    {"licence": licence, "page": page, "words": words, "format": lambda: layout(sys.argv[2])}[sys.argv[1]]()
