# SPDX-License-Identifier: GPL-3.0-or-later
"""The public API as the headers declare it and the compiler lays it out: constants, structs, callbacks, functions.

The headers go through the compiler's preprocessor; what a declaration is, is read from its text; every size, offset
and value is asked of the compiler, by a program that prints them.
"""
import os
import re
import subprocess
import tempfile
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

Field = namedtuple("Field", "name type count offset bytes")            # count: of an array, else 0
Struct = namedtuple("Struct", "name bytes fields")                     # fields None: opaque
Function = namedtuple("Function", "name result arguments")             # arguments: (type, name)
# Structs that the Arrow specification lays out, not we.
FOREIGN = re.compile(r"struct Arrow(Schema|Array|ArrayStream) \{")

Api = namedtuple("Api", "constants structs callbacks functions")       # dictionaries by name, in the headers' order


def _preprocessed(compiler, folders):
    """The text of the public headers alone, without comments, macros expanded."""
    run = subprocess.run([*compiler, "-E", "-std=c11", *[f"-I{f}" for f in folders], "-x", "c", "-"],
                         input="#include <patron/patron.h>\n", capture_output=True, text=True, check=True)
    kept, ours = [], False
    for line in run.stdout.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            ours = os.path.basename(os.path.dirname(marker.group(1))) == "patron"
        elif ours:
            kept.append(line)
    text = re.sub(r"__attribute__\s*\(\(.*?\)\)\)", " ", " ".join(kept))
    return re.sub(r"\s+", " ", text)


def _declarations(text):
    depth, start = 0, 0
    for at, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if character == ";" and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    if text[start:].strip():
        raise ValueError(f"cannot read: {text[start:].strip()}")


def _typed(declarator):
    """'const char *name[3]' as ('const char *', 'name', 3)."""
    match = re.fullmatch(r"(.*?[\s*])(\w+)\s*(?:\[\s*(\d+)\s*\])?", declarator.strip())
    if not match or "," in declarator or "(" in declarator:
        raise ValueError(f"cannot read: {declarator}")
    type_ = re.sub(r"\s*\*\s*", "*", match.group(1).strip())
    return re.sub(r"([^*])\*", r"\1 *", type_), match.group(2), int(match.group(3) or 0)


def _arguments(text):
    return [] if text.strip() in ("", "void") else [_typed(part)[:2] for part in text.split(",")]


def _parse(text):
    names, structs, callbacks, functions = [], {}, {}, {}
    for declaration in _declarations(text):
        enum = re.fullmatch(r"enum \{(.*)\}", declaration)
        struct = re.fullmatch(r"typedef struct (\w+) \{(.*)\} (\w+)", declaration)
        opaque = re.fullmatch(r"typedef struct (\w+) (\w+)", declaration)
        callback = re.fullmatch(r"typedef (.+?)\( ?\* ?(\w+)\) ?\((.*)\)", declaration)
        function = re.fullmatch(r"([\w\s*]+?[\s*])(patron_\w+) ?\((.*)\)", declaration)
        if enum:
            names += [part.split("=")[0].strip() for part in enum.group(1).split(",") if part.strip()]
        elif struct:
            structs[struct.group(3)] = [_typed(f) for f in struct.group(2).split(";") if f.strip()]
        elif opaque:
            structs.setdefault(opaque.group(2), None)
        elif callback:
            callbacks[callback.group(2)] = Function(callback.group(2), _typed(callback.group(1) + " x")[0],
                                                    _arguments(callback.group(3)))
        elif function:
            functions[function.group(2)] = Function(function.group(2), _typed(function.group(1) + " x")[0],
                                                    _arguments(function.group(3)))
        elif declaration != "typedef int32_t patron_status" and not FOREIGN.match(declaration):
            raise ValueError(f"cannot read: {declaration}")
    return names, structs, callbacks, functions


def _macros(folders):
    """Names of the macros that are values."""
    names = []
    for folder in folders:
        place = os.path.join(folder, "patron")
        for header in sorted(name for name in os.listdir(place) if name.endswith(".h")):
            with open(os.path.join(place, header), encoding="utf-8") as file:
                names += re.findall(r"^#define (PATRON_\w+)[ \t]+\S", file.read(), re.M)
    return [name for name in dict.fromkeys(names) if name not in ("PATRON_API", "PATRON_NAMED_ENUM")]


def _asked(compiler, folders, names, structs):
    """What the compiler says: a dictionary of 'constant NAME', 'size S', 'offset S.F', 'bytes S.F'."""
    lines = ["#include <patron/patron.h>", "#include <stdio.h>", "",
             "static void whole(const char *name, long long v) { printf(\"constant %s\\t%lld\\n\", name, v); }",
             "static void real(const char *name, double v) { printf(\"constant %s\\t%.17g\\n\", name, v); }",
             "static void text(const char *name, const char *v) { printf(\"constant %s\\t\\\"%s\\\"\\n\", name, v); }",
             "int main(void)", "{"]
    lines += [f"    _Generic(({name}), char *: text, double: real, default: whole)(\"{name}\", {name});"
              for name in names]
    for struct, fields in structs.items():
        if fields is None:
            continue
        lines.append(f"    printf(\"size {struct}\\t%zu\\n\", sizeof({struct}));")
        for _, field, _ in fields:
            lines.append(f"    printf(\"offset {struct}.{field}\\t%zu\\n\", offsetof({struct}, {field}));")
            lines.append(f"    printf(\"bytes {struct}.{field}\\t%zu\\n\", sizeof((({struct} *)0)->{field}));")
    lines += ["    return 0;", "}", ""]
    with tempfile.TemporaryDirectory(prefix="patron-api-") as place:
        source, program = os.path.join(place, "ask.c"), os.path.join(place, "ask")
        with open(source, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        subprocess.run([*compiler, "-std=c11", *[f"-I{f}" for f in folders], "-o", program, source], check=True)
        output = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return dict(line.split("\t") for line in output.splitlines())


def value(text):
    """A constant as Python has it."""
    if text.startswith('"'):
        return text[1:-1]
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)


def read(compiler, folders):
    """The Api that `compiler` (a list, as ["gcc"]) sees in the include folders."""
    names, structs, callbacks, functions = _parse(_preprocessed(compiler, folders))
    names = _macros(folders) + names
    said = _asked(compiler, folders, names, structs)
    laid_out = {}
    for struct, fields in structs.items():
        laid_out[struct] = Struct(struct, None, None) if fields is None else Struct(
            struct, int(said[f"size {struct}"]),
            [Field(name, type_, count, int(said[f"offset {struct}.{name}"]), int(said[f"bytes {struct}.{name}"]))
             for type_, name, count in fields])
    return Api({name: value(said[f"constant {name}"]) for name in names}, laid_out, callbacks, functions)
