# SPDX-License-Identifier: GPL-3.0-or-later
"""The ctypes declarations of lib/python say what the headers say: every constant, struct, field, callback, function.

check_declarations.py COMPILER FOLDER …          compares; says the line that is missing or wrong
check_declarations.py --write COMPILER FOLDER …  writes the lines as they should be; tests/abi/update.sh does that
The folders are those to include from. tests/python/test_declarations.py proves that it finds what is wrong.
"""
import ctypes
import os
import re
import shlex
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "abi"), os.path.join(ROOT, "lib", "python", "src", "patron")]

import public_api  # noqa: E402

DECLARATIONS = os.path.join(ROOT, "lib", "python", "src", "patron", "_declarations.py")

PLAIN = {"int32_t": "c_int32", "int64_t": "c_int64", "uint8_t": "c_uint8", "uint64_t": "c_uint64", "size_t": "c_size_t",
         "double": "c_double", "char": "c_char", "patron_status": "c_int32"}


def class_name(name):
    """patron_kmeans_options is KmeansOptions."""
    return "".join(part.capitalize() for part in name.removeprefix("patron_").split("_"))


def expression(type_, api, count=0):
    """A C type as the declarations write it."""
    if count:
        return f"{expression(type_, api)} * {count}"
    words = re.sub(r"\bconst\b", "", type_).replace(" ", "")
    base, stars = words.rstrip("*"), words.count("*")
    if stars and base.startswith("structArrow"):  # of the Arrow specification: an address that others hand out
        base, stars = "c_void_p", stars - 1
    elif stars and base in ("char", "void"):
        base, stars = {"char": "c_char_p", "void": "c_void_p"}[base], stars - 1
    elif base == "void":
        return "None"
    elif base in PLAIN:
        base = PLAIN[base]
    elif base in api.structs or base in api.callbacks:
        base = class_name(base)
    else:
        raise ValueError(f"check_declarations.py does not know the type {type_}; add it to PLAIN")
    return "P(" * stars + base + ")" * stars


def tuple_of(items):
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def function_line(name, parts):
    """An entry of FUNCTIONS, in lines of at most 120 columns."""
    text, rows = f'    "{name}": {tuple_of(parts)},', []
    while len(text) > 118:
        at = text.rindex(", ", 0, 118) + 1
        rows.append(text[:at])
        text = " " * 8 + text[at:].strip()
    return "\n".join([*rows, text])


def lines(api):
    """(kind, name) to the text of the declaration, in the order they are declared."""
    wanted = {}
    for name, value in api.constants.items():
        wanted["constant", name] = f"{name} = " + (f'"{value}"' if isinstance(value, str) else repr(value))
    for function in api.callbacks.values():
        parts = [expression(function.result, api)] + [expression(type_, api) for type_, _ in function.arguments]
        wanted["callback", function.name] = f"{class_name(function.name)} = ctypes.CFUNCTYPE({', '.join(parts)})"
    for struct in api.structs.values():
        if struct.fields is None:
            wanted["handle", struct.name] = f'{class_name(struct.name)} = _handle("{class_name(struct.name)}")'
            continue
        fields = [f'("{f.name}", {expression(f.type, api, f.count)})' for f in struct.fields]
        wanted["struct", struct.name] = (f"class {class_name(struct.name)}(ctypes.Structure):\n    _fields_ = [\n"
                                         + "".join(f"        {field},\n" for field in fields) + "    ]")
    for function in api.functions.values():
        parts = [expression(function.result, api)] + [expression(type_, api) for type_, _ in function.arguments]
        wanted["function", function.name] = function_line(function.name, parts)
    return wanted


def evaluated(text, declared):
    """A type as the declarations would have it; None when they lack what it names."""
    try:
        return eval(text, {"ctypes": ctypes}, vars(declared))
    except NameError:
        return None


def struct_problems(struct, api, declared):
    kind = getattr(declared, class_name(struct.name))
    problems, where = [], f"{class_name(struct.name)} ({struct.name})"
    if ctypes.sizeof(kind) != struct.bytes:
        problems.append(f"{where} has {ctypes.sizeof(kind)} bytes, in C {struct.bytes}")
    here, there = [field[0] for field in kind._fields_], [field.name for field in struct.fields]
    problems += [f"{where} has the field {name}, which C does not have" for name in here if name not in there]
    types = dict(field[:2] for field in kind._fields_)
    for at, field in enumerate(struct.fields):
        wanted = expression(field.type, api, field.count)
        if field.name not in types:
            after = f"after {there[at - 1]}" if at else "first"
            problems.append(f'{where} lacks, {after}, the line:\n        ("{field.name}", {wanted}),')
            continue
        place = getattr(kind, field.name)
        if (place.offset, place.size) != (field.offset, field.bytes):
            problems.append(f"{where}.{field.name} lies at {place.offset} with {place.size} bytes, in C at "
                            f"{field.offset} with {field.bytes}")
        if types[field.name] is not evaluated(wanted, declared):
            problems.append(f"{where}.{field.name} is {types[field.name].__name__}; C says {wanted}")
    return problems


def compare(api, declared):
    """What is wrong with the declarations, a list of sentences."""
    problems = []
    for (kind, name), line in lines(api).items():
        here = name if kind in ("constant", "function") else class_name(name)
        if here not in (declared.FUNCTIONS if kind == "function" else vars(declared)):
            problems.append(f"{kind} {name} is missing; add the line:\n{line}")
        elif kind == "constant" and getattr(declared, name) != api.constants[name]:
            problems.append(f"{name} is {getattr(declared, name)}; C says: {line}")
        elif kind == "struct":
            problems += struct_problems(api.structs[name], api, declared)
        elif kind == "callback":
            made = evaluated(line.split(" = ")[1], declared)
            one = getattr(declared, here)
            if made is None or (one._restype_, one._argtypes_) != (made._restype_, made._argtypes_):
                problems.append(f"callback {name} differs; C says:\n{line}")
        elif kind == "function":
            made = evaluated(line.strip().rstrip(",").split(": ", 1)[1], declared)
            if tuple(declared.FUNCTIONS[name]) != made:
                problems.append(f"function {name} differs; C says:\n{line}")
    problems += [f"function {name} is declared; C does not have it" for name in declared.FUNCTIONS
                 if name not in api.functions]
    known = {class_name(name) for name in [*api.structs, *api.callbacks]}
    problems += [f"{name} is declared; C does not have it" for name, what in vars(declared).items()
                 if (name.startswith("PATRON_") and name not in api.constants)
                 or (isinstance(what, type) and issubclass(what, ctypes.Structure) and name not in known)]
    return problems


def packaging_problems(api):
    """pyproject.toml has the library's version."""
    with open(os.path.join(ROOT, "lib", "python", "pyproject.toml"), encoding="utf-8") as file:
        version = re.search(r'^version = "(.*)"$', file.read(), re.M)
    if not version or version.group(1) != api.constants["PATRON_VERSION"]:
        return [f'lib/python/pyproject.toml: the line should be: version = "{api.constants["PATRON_VERSION"]}"']
    return []


def written(api, text):
    """The text of the declarations, brought up to date: what stands before the first constant stays."""
    wanted, parts = lines(api), {}
    for (kind, name), line in wanted.items():
        # Each enum begins at 0, and so may the version's numbers.
        gap = kind == "constant" and parts.get(kind) and api.constants[name] == 0 \
            and name not in ("PATRON_VERSION_MINOR", "PATRON_VERSION_PATCH")
        parts.setdefault("struct" if kind == "handle" else kind, []).append("\n" + line if gap else line)
    sections = ["\n".join(parts["constant"]) + "\n\n" + "\n".join(parts["callback"]), *parts["struct"],
                "# name: (result, argument, …)\nFUNCTIONS = {\n" + "\n".join(parts["function"]) + "\n}\n"]
    return text[:re.search(r"^PATRON_", text, re.M).start()] + "\n\n\n".join(sections)


def main(arguments):
    writing = arguments[0] == "--write"
    compiler, *folders = arguments[1:] if writing else arguments
    api = public_api.read(shlex.split(compiler), folders)
    if writing:
        with open(DECLARATIONS, encoding="utf-8") as file:
            text = file.read()
        with open(DECLARATIONS, "w", encoding="utf-8") as file:
            file.write(written(api, text))
        return 0
    import _declarations as declared
    problems = compare(api, declared) + packaging_problems(api)
    for problem in problems:
        print(f"lib/python/src/patron/_declarations.py: {problem}")
    print(f"{len(problems)} problems; tests/abi/update.sh writes these lines" if problems else
          f"fine: {len(api.functions)} functions, {len(api.structs)} structs and handles, {len(api.callbacks)} "
          f"callbacks, {len(api.constants)} constants are declared as in C")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
