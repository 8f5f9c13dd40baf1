# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables that hand themselves out as Arrow streams (the PyCapsule interface): pyarrow, polars, DuckDB and others. Their
memory is read where it lies; pyarrow is not needed."""
import ctypes

from . import _declarations as c
from ._call import PatronError, invalid, new, work
from ._library import library

# The arguments of segment(), as patron_arrow_columns has them.
ROLES = [name for name, _ in c.ArrowColumns._fields_ if name not in ("size", "naive_time", "reserved")]
WHOLE = frozenset("cCsSiIlLfg")  # formats of numbers, beside decimals


class Schema(ctypes.Structure):
    """The struct ArrowSchema."""


Schema._fields_ = [("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_void_p),
                   ("flags", ctypes.c_int64), ("n_children", ctypes.c_int64),
                   ("children", ctypes.POINTER(ctypes.POINTER(Schema))), ("dictionary", ctypes.POINTER(Schema)),
                   ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))), ("private_data", ctypes.c_void_p)]


class Stream(ctypes.Structure):
    """The struct ArrowArrayStream, as far as it is needed here."""


Stream._fields_ = [("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Schema))),
                   ("get_next", ctypes.c_void_p), ("get_last_error", ctypes.c_void_p), ("release", ctypes.c_void_p),
                   ("private_data", ctypes.c_void_p)]

_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def readable(orders, columns):
    """True for a table that is an Arrow stream and whose columns are given by name. Data frames of pandas are not read
    so: they would need pyarrow."""
    return hasattr(orders, "__arrow_c_stream__") and type(orders).__module__.split(".")[0] != "pandas" and \
        all(what is None or isinstance(what, str) for what in columns.values())


def _numbers(stream, customer):
    """True when the column `customer` is of numbers."""
    schema = Schema()
    if stream.contents.get_schema(stream, ctypes.byref(schema)) != 0:
        return False  # the library will find the same, and say so
    try:
        for at in range(schema.n_children if schema.children else 0):
            child = schema.children[at].contents
            if child.name == customer:
                values = (child.dictionary.contents if child.dictionary else child).format.decode()
                return values in WHOLE or values.startswith("d:")
        return False
    finally:
        if schema.release:
            schema.release(ctypes.byref(schema))


def append(history, orders, columns, **how):
    """Appends the table to a history's handle; returns whether its customers are numbers. `columns` are names by
    argument, None for those that were not given."""
    names = {name: (columns.get(name) or "").encode() for name in ROLES}
    if not names["customer"] or not names["time"]:
        raise invalid("customer and time are needed; give the names of their columns")
    # A naive datetime64 of numpy is UTC, and so are Arrow's times without a zone: one answer for one table.
    chosen = new(c.ArrowColumns, naive_time=c.PATRON_NAIVE_UTC, **names)
    capsule = orders.__arrow_c_stream__()
    stream = ctypes.cast(_pointer(capsule, b"arrow_array_stream"), ctypes.POINTER(Stream))
    numbers = _numbers(stream, names["customer"])
    try:
        work(library.patron_history_append_arrow, history.pointer, stream, ctypes.byref(chosen), **how)
    except PatronError as error:
        if error.status == c.PATRON_UNKNOWN_NAME:
            raise KeyError(error.message) from None
        raise
    finally:
        del capsule
    return numbers
