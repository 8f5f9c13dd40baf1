# SPDX-License-Identifier: GPL-3.0-or-later
"""Each public header compiles alone, as C11 and as C++, without a warning.

headers.py c COMPILER FOLDER …      the folders are those to include from
headers.py c++ COMPILER FOLDER …    COMPILER may be empty: then the test is left out, and says so
"""
import os
import subprocess
import sys

from common import SKIPPED, finish

language, compiler, *folders = sys.argv[1:]
if not compiler:
    print(f"SKIPPED: there is no {language} compiler")
    sys.exit(SKIPPED)

headers = sorted({name for folder in folders for name in os.listdir(os.path.join(folder, "patron"))
                  if name.endswith(".h")})
standard = {"c": ["-x", "c", "-std=c11", "-Wstrict-prototypes"], "c++": ["-x", "c++", "-std=c++11"]}
problems = []
for header in headers:
    for text in (f"#include <patron/{header}>\n", f"#include <patron/{header}>\n#include <patron/{header}>\n"):
        command = [compiler, *standard[language], "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                   *[f"-I{folder}" for folder in folders], "-"]
        run = subprocess.run(command, input=text + "typedef int not_empty;\n", capture_output=True, text=True)
        if run.returncode != 0:
            problems.append(f"{header} as {language}:\n{run.stderr}")
            break
finish(problems, f"{len(headers)} headers as {language}")
