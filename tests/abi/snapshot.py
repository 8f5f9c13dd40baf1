# SPDX-License-Identifier: GPL-3.0-or-later
"""What callers see, as text: so that it changes on purpose only.

snapshot.py print COMPILER BUILD      prints it, as the headers and the programs in the folder BUILD have it now
snapshot.py compare COMPILER BUILD    compares it with abi.txt; says what differs, and what that means for callers
"""
import json
import os
import re
import shlex
import struct
import subprocess
import sys
import tempfile

import public_api

HERE = os.path.dirname(os.path.abspath(__file__))
KEPT = os.path.join(HERE, "abi.txt")
SKIPPED = 77
TITLE = ["# SPDX-License-Identifier: GPL-3.0-or-later",
         "# What callers see. Written by tests/abi/update.sh; a test compares it with what is there.",
         "# Structs: offset, bytes, name and type of each field, on 64-bit Linux."]


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def of_headers(api):
    """The sections that the headers tell."""
    sections = {"constants": [f"{name} = {json.dumps(value)}" for name, value in api.constants.items()
                              if not name.startswith("PATRON_VERSION")]}
    lines = []
    for one in sorted(api.structs.values()):
        if one.fields is None:
            lines.append(f"{one.name}: opaque")
            continue
        lines.append(f"{one.name}: {one.bytes} bytes")
        lines += [f"{one.name}: {f.offset:4} {f.bytes:4}  {f.name}  {f.type}{f'[{f.count}]' if f.count else ''}"
                  for f in one.fields]
    sections["structs"] = lines
    for name, functions in (("callbacks", api.callbacks), ("functions", api.functions)):
        sections[name] = [f"{f.result} {f.name}({', '.join(type_ for type_, _ in f.arguments) or 'void'})"
                          .replace("* patron", "*patron") for _, f in sorted(functions.items())]
    return sections


KINDS = {dict: "object", list: "list", str: "text", bool: "true or false", int: "number", float: "number",
         type(None): "null"}


def walk(value, path, found):
    """Collects each key's path and kinds. What is named after a feature is one entry."""
    found.setdefault(path, set()).add(KINDS[type(value)])
    if isinstance(value, dict):
        for key, inner in value.items():
            of_features = path.endswith((".mean", ".median", ".most_common"))
            walk(inner, f"{path}.FEATURE" if of_features else f"{path}.{key}", found)
    elif isinstance(value, list):
        for inner in value:
            walk(inner, f"{path}[]", found)


def of_programs(build):
    """The sections that the library's file and the driver tell."""
    needed = re.search(r"\(SONAME\).*\[(.*)\]", output("readelf", "-d", os.path.join(build, "libpatron.so")))
    sections = {"soname": [needed.group(1) if needed else "none"]}
    driver = os.path.join(build, "examples", "segment")
    text = output(driver, "--help")
    options = [" ".join(match) for match in re.findall(r"^ +(?:-\w, )?(--[\w-]+)(?: ([A-Z][^ \n]*))?", text, re.M)]
    sections["driver options"] = sorted(option.strip() for option in options)
    codes = re.search(r"^Exit codes: (.*?)\.$", text, re.M | re.S)
    sections["driver exit codes"] = re.sub(r"\s+", " ", codes.group(1)).split(", ") if codes else []
    with tempfile.TemporaryDirectory(prefix="patron-abi-") as folder:
        orders, table = os.path.join(folder, "orders.csv"), os.path.join(folder, "segments.csv")
        with open(orders, "wb") as file:
            file.write(subprocess.run([os.path.join(build, "examples", "make_shop"), "--customers", "300", "--dirty"],
                                      check=True, capture_output=True, timeout=60).stdout)
        more = ["--segments", table] if "--segments" in text else []
        summary, found = json.loads(output(driver, *more, "--json", "-", orders)), {}
        walk(summary, "", found)
        sections["json"] = sorted(f"{path}: {' or '.join(sorted(kinds))}" for path, kinds in found.items() if path)
        features = [name for what in ("mean", "most_common") for name in summary["segments"][0][what]]
        sections["features"] = sorted(features)
        if more:
            with open(table, encoding="utf-8-sig") as file:
                sections["segments table"] = [name for name in file.readline().strip().split(",")
                                              if name not in features]
    return sections


def text_of(sections):
    return "\n".join(TITLE) + "\n" + "".join(f"\n[{name}]\n" + "".join(f"{line}\n" for line in lines)
                                             for name, lines in sections.items())


def parse(text):
    sections, lines = {}, []
    for line in text.splitlines():
        if re.fullmatch(r"\[.*\]", line):
            lines = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return sections


def harmless(line, before, now):
    """True when callers that were built before do not mind that this line is gone: a struct that begins with its size
    has more fields, after those it had; a reserved field got a meaning; a list of constants got longer."""
    bytes_ = re.fullmatch(r"(\w+): (\d+) bytes", line)
    if bytes_:
        name, count = bytes_.groups()
        fields = [field for field in before if field.startswith(f"{name}: ") and field != line]
        later = [int(m.group(1)) for m in (re.fullmatch(rf"{name}: (\d+) bytes", other) for other in now) if m]
        return bool(later and later[0] > int(count) and fields and re.search(r": +0 +8  size  size_t$", fields[0])
                    and all(field in now or harmless(field, before, now) for field in fields))
    reserved = re.fullmatch(r"(\w+: +\d+ +\d+)  reserved  \w+", line)
    if reserved:
        return any(other.startswith(reserved.group(1) + "  ") for other in now)
    longer = re.fullmatch(r"(\w+_COUNT) = (\d+)", line)
    return bool(longer and any(m and int(m.group(1)) > int(longer.group(2)) for m in
                               (re.fullmatch(rf"{longer.group(1)} = (\d+)", other) for other in now)))


def differences(before, now):
    """(lines of a diff, True when callers that were built before break)."""
    lines, breaks = [], False
    for section in dict.fromkeys([*before, *now]):
        old, new = before.get(section, []), now.get(section, [])
        gone, come = [line for line in old if line not in new], [line for line in new if line not in old]
        if gone or come:
            lines += [f"[{section}]", *(f"- {line}" for line in gone), *(f"+ {line}" for line in come)]
        breaks = breaks or not all(harmless(line, old, new) for line in gone)
    return lines, breaks


def main(what, compiler, build):
    if struct.calcsize("P") != 8:
        print("SKIPPED: abi.txt is for 64-bit machines")
        return SKIPPED
    includes = [os.path.join(public_api.ROOT, "include"), os.path.join(build, "include")]
    now = {**of_headers(public_api.read(shlex.split(compiler), includes)), **of_programs(build)}
    if what == "print":
        print(text_of(now), end="")
        return 0
    with open(KEPT, encoding="utf-8") as file:
        lines, breaks = differences(parse(file.read()), now)
    if not lines:
        print(f"fine: {sum(map(len, now.values()))} lines of tests/abi/abi.txt are as they were")
        return 0
    print("What callers see is not what tests/abi/abi.txt says:\n", *lines, "", sep="\n")
    print("A line is gone or changed: CALLERS THAT WERE BUILT BEFORE BREAK." if breaks else
          "There are only new lines, or sized structs that grew at their ends: older callers go on working.")
    print("If this is meant: bash tests/abi/update.sh; commit abi.txt with the change, and tell users in CHANGELOG.md.")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
