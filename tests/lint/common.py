# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lint scripts share: the project's files, and saying what is wrong."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEFT_OUT = re.compile(r"(^|/)(\.git|build[^/]*|__pycache__|\.venv|node_modules)(/|$)")
SKIPPED = 77


def files(*folders, suffixes=None):
    """Paths below the root, relative to it, of the files in these folders (all when none is named)."""
    found = []
    for folder in folders or ("",):
        for here, subfolders, names in os.walk(os.path.join(ROOT, folder)):
            inside = os.path.relpath(here, ROOT)
            subfolders[:] = [s for s in sorted(subfolders) if not LEFT_OUT.search(os.path.normpath(f"{inside}/{s}"))]
            for name in sorted(names):
                path = os.path.normpath(os.path.join(inside, name))
                if name != ".git" and (suffixes is None or name.endswith(suffixes)):
                    found.append(path)
    return found


def text_of(path):
    with open(os.path.join(ROOT, path), "rb") as file:
        return file.read().decode("utf-8", "replace")


def without_comments(text, strings=True):
    """C text with comments (and, if asked, the insides of strings) blanked; lines keep their numbers."""
    def blank(match):
        word = match.group(0)
        if word[0] in "\"'":
            return word[0] + " " * (len(word) - 2) + word[0] if strings else word
        return re.sub(r"[^\n]", " ", word)
    return re.sub(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def finish(problems, done):
    """Prints what is wrong, or what was looked at; ends the program."""
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else f"fine: {done}")
    sys.exit(1 if problems else 0)
