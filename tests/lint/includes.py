# SPDX-License-Identifier: GPL-3.0-or-later
"""Includes point down only: a folder of lib includes those below it, and never what it must not know.

includes.py              looks at lib and include
includes.py --self-test  proves that wrong includes are found
"""
import re
import sys

from common import files, finish, text_of, without_comments

# What a folder may include besides itself. The order is the line that data takes.
BELOW = {
    "base": [],
    "kernels": ["base"],
    "numeric": ["base"],
    "matrix": ["kernels", "numeric", "base"],
    "history": ["matrix", "kernels", "numeric", "base"],
    "features": ["history", "matrix", "kernels", "numeric", "base"],
    "cluster": ["matrix", "kernels", "numeric", "base"],
    "value": ["matrix", "kernels", "numeric", "base"],
    "segment": ["cluster", "value", "features", "history", "matrix", "kernels", "numeric", "base"],
    "persona": ["segment", "cluster", "value", "features", "history", "matrix", "kernels", "numeric", "base"],
    "output": ["persona", "segment", "cluster", "value", "features", "history", "matrix", "kernels", "numeric", "base"],
    "pipeline": ["output", "persona", "segment", "cluster", "value", "features", "history", "matrix", "kernels",
                 "numeric", "base"],
}

# The folder that a public header speaks for; includes of it are includes of that folder.
PUBLIC = {"status": "base", "context": "base", "version": "base", "matrix": "matrix", "scaler": "matrix",
          "history": "history", "arrow": "history", "features": "features", "kmeans": "cluster",
          "silhouette": "cluster", "value": "value", "segment": "segment", "persona": "persona", "model": "output",
          "report": "output", "pipeline": "pipeline"}

# Headers of other software, and the folders that may include them. stdio is for snprintf: see calls.py.
FOREIGN = [(re.compile(r"^gsl/|^cblas\.h$|^openblas"), {"numeric"}),
           (re.compile(r"^jansson\.h$"), {"output"}),
           (re.compile(r"^(csv|check)\.h$|^(sqlite3|libpq)"), set()),
           (re.compile(r"^pthread\.h$"), {"base"}),
           (re.compile(r"^(signal|locale|setjmp)\.h$"), {"base"})]


def target_of(name):
    """The folder of lib that an include reaches, None for the system's, "" for patron.h itself."""
    match = re.match(r"^patron/(\w+)\.h$", name)
    if match:
        return "" if match.group(1) == "patron" else PUBLIC.get(match.group(1), f"unknown public header {name}")
    folder = name.split("/")[0]
    return folder if "/" in name and folder in BELOW else None


def check(path, text):
    parts = path.split("/")
    if path.startswith("include/patron/"):
        stem = parts[-1].split(".")[0]
        folder = PUBLIC.get(stem)
        if stem == "patron":
            return []
        if folder is None:
            return [f"{path}: includes.py does not know which folder this header speaks for"]
    else:
        folder = parts[1]
        if folder not in BELOW:
            return [f"{path}: includes.py does not know the folder {folder}"]
    problems = []
    for number, line in enumerate(without_comments(text, strings=False).split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        quote, name = match.groups()
        target = target_of(name)
        if target == "":
            problems.append(f"{path}:{number}: includes patron.h; name the header that is needed")
        elif target is not None and target != folder and target not in BELOW[folder]:
            problems.append(f"{path}:{number}: {folder} must not include {name}, which belongs to {target}")
        if path.startswith("include/") and quote == '"':
            problems.append(f'{path}:{number}: a public header includes "{name}", which is not installed')
        if quote == '"' and target is None:
            problems.append(f'{path}:{number}: include "{name}" by its path from lib, as "folder/file.h"')
        for pattern, folders in FOREIGN:
            if quote == "<" and pattern.search(name) and folder not in folders:
                problems.append(f"{path}:{number}: {folder} must not include <{name}>")
    return problems


def self_test():
    wrong = [("lib/base/x.c", '#include "matrix/rows.h"'), ("lib/cluster/x.c", '#include "history/order.h"'),
             ("lib/cluster/x.c", "#include <patron/history.h>"), ("lib/cluster/x.c", '#include "value/bgnbd.h"'),
             ("lib/value/x.c", "#include <patron/kmeans.h>"), ("lib/segment/x.c", '#include "persona/naming.h"'),
             ("lib/matrix/x.c", "#include <gsl/gsl_sort.h>"), ("lib/cluster/x.c", "#include <cblas.h>"),
             ("lib/segment/x.c", "  #  include <jansson.h>"), ("lib/output/x.c", '#include "pipeline/pipeline.h"'),
             ("lib/base/x.c", '#include "rng.h"'), ("lib/history/x.c", "#include <csv.h>"),
             ("lib/newfolder/x.c", ""), ("include/patron/kmeans.h", "#include <patron/features.h>"),
             ("include/patron/matrix.h", '#include "base/rng.h"'), ("lib/base/x.c", "#include <patron/patron.h>")]
    right = [("lib/cluster/x.c", '#include "matrix/rows.h"\n#include "base/rng.h"\n#include <patron/kmeans.h>'),
             ("lib/numeric/x.c", "#include <gsl/gsl_eigen.h>\n#include <cblas.h>"),
             ("lib/output/x.c", "#include <jansson.h>"), ("lib/base/x.c", '/* #include "matrix/rows.h" */'),
             ("lib/pipeline/x.c", '#include "segment/segmentation.h"\n#include <string.h>')]
    problems = [f"not found: {path}: {text}" for path, text in wrong if not check(path, text)]
    problems += [f"found though right: {p}" for path, text in right for p in check(path, text)]
    finish(problems, f"{len(wrong)} wrong includes found, {len(right)} right ones let pass")


if __name__ == "__main__":
    if "--self-test" in sys.argv:
        self_test()
    looked_at = [p for p in files("lib", "include", suffixes=(".c", ".h", ".in")) if not p.startswith("lib/cmake/")
                 and not p.startswith("lib/python/")]
    finish([problem for path in looked_at for problem in check(path, text_of(path))], f"{len(looked_at)} files")
