# SPDX-License-Identifier: GPL-3.0-or-later
"""What an analyst has, as the columns that the library borrows. Nothing given is written; what was made of it lives as
long as the Orders (or Rows) that point to it."""
import collections.abc
import ctypes
import datetime
import re

import numpy as np

from . import _declarations as c
from ._call import invalid, new

MOST_EXACT = 2 ** 53  # whole numbers up to this are exact as float64
ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.]\d+)?)?)(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?",
                 re.ASCII)


def _mixed(values):
    """True for a list that numpy would make alike: "a\\0" would lose its end, True among numbers become 1, and a number
    among texts its digits."""
    if hasattr(values, "__array__") or isinstance(values, (str, bytes)) or \
            not isinstance(values, collections.abc.Sequence):
        return False
    kinds = set(map(type, values))
    return any(issubclass(kind, (str, bytes)) for kind in kinds) or \
        len(kinds) > 1 and not kinds.isdisjoint((bool, np.bool_))


def _objects(values):
    array = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        array[row] = value
    return array


def plain(name, values, dimensions=1):
    """As an array of so many dimensions."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise TypeError(f"{name} is a masked array; give the values that are there, or NaN for the others")
    array = _objects(values) if _mixed(values) else np.asarray(values)
    if array.ndim != dimensions:
        raise invalid(f"{name} has {array.ndim} dimensions; give {dimensions}")
    return array


def refuse(name, array, wanted):
    raise TypeError(f"{name} is of type {array.dtype}; give {wanted}")


def whole(name, values, wanted="whole numbers"):
    """int64; nothing is rounded, nothing wraps."""
    array = plain(name, values)
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iu":
        refuse(name, array, wanted)
    if int(array.max()) > np.iinfo(np.int64).max:
        raise invalid(f"{name} is beyond int64 in row {int(array.argmax())}", int(array.argmax()))
    return np.ascontiguousarray(array, dtype=np.int64)


def exact(name, values):
    """Money as whole numbers of 1/10,000 currency units."""
    return whole(name, values, "whole numbers of 1/10,000 currency units")


def _refuse_inexact(name, row):
    raise invalid(f"{name} is not exact as float64 in row {row}; give smaller numbers", row)


def _check_numbers(name, values):
    """Refuses the objects that float() takes for numbers, and the whole numbers that it rounds."""
    for row, value in enumerate(values):
        if isinstance(value, (str, bytes, bool, np.bool_)):
            raise TypeError(f"{name} is {value!r:.60} in row {row}; give numbers")
        if isinstance(value, int) and abs(value) > MOST_EXACT:
            _refuse_inexact(name, row)


def real(name, values):
    """float64. Decimal and None are let in; None is NaN, which the library refuses and says where."""
    array = plain(name, values)
    if array.dtype.kind == "O":
        _check_numbers(name, array.tolist())
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            refuse(name, array, "numbers")
    if array.dtype.kind not in "fiu":
        refuse(name, array, "numbers")
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8 and array.size:
        beyond = (array > MOST_EXACT) | ((array < -MOST_EXACT) if array.dtype.kind == "i" else False)
        if beyond.any():
            _refuse_inexact(name, int(beyond.argmax()))
    return np.ascontiguousarray(array, dtype=np.float64)


def flag(name, values):
    """uint8."""
    array = plain(name, values)
    if array.dtype.kind == "O" and all(isinstance(value, (bool, np.bool_, int)) for value in array.tolist()):
        array = array.astype(bool)
    if array.dtype.kind not in "biu" and array.size:
        refuse(name, array, "True and False")
    return np.ascontiguousarray(array.astype(bool), dtype=np.uint8)


def _instant(value):
    """A datetime, date or ISO 8601 text as numpy has it without a zone, in UTC; ValueError for all else, also for what
    numpy would guess."""
    if isinstance(value, str):
        match = ISO.fullmatch(value)
        if match is None:
            raise ValueError("no ISO 8601 text")
        day, clock, zone = match.groups()
        instant = np.datetime64(day + ("T" + clock if clock else ""), "us")
        if zone and zone != "Z":
            digits = zone[1:].replace(":", "").ljust(4, "0")
            offset = np.timedelta64(int(digits[:2]) * 60 + int(digits[2:]), "m")
            instant = instant - offset if zone[0] == "+" else instant + offset
        return instant
    if _missing(value):
        return np.datetime64("NaT")
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if isinstance(value, (datetime.date, np.datetime64)):
        return value
    raise ValueError("a number, which not all are" if isinstance(value, (int, float)) else "neither a time nor a text")


def _instants(name, values):
    instants = np.empty(len(values), dtype="datetime64[us]")
    for row, value in enumerate(values):
        try:
            instants[row] = _instant(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"{name} is {value!r:.60} in row {row} ({error}); give datetime64, or whole seconds, or "
                            "ISO 8601 texts such as 2024-05-31 or 2024-05-31T12:50:00") from None
    return instants


def time(name, values):
    """int64 seconds since 1970 from datetime64, datetime, ISO 8601 texts, or whole seconds."""
    array = plain(name, values)
    if array.dtype.kind == "O" and array.size:
        objects = array.tolist()
        if all(isinstance(value, (int, np.integer)) and not isinstance(value, bool) for value in objects):
            return whole(name, np.array(objects), "whole seconds within int64")
        array = _instants(name, objects)
    if array.dtype.kind in "iu" or array.size == 0:
        return whole(name, array)
    if array.dtype.kind == "U":
        array = _instants(name, array.tolist())
    if array.dtype.kind != "M":
        refuse(name, array, "datetime64, datetime, ISO 8601 texts, or whole seconds")
    missing = np.isnat(array)
    if missing.any():
        row = int(missing.argmax())
        raise invalid(f"{name} is NaT in row {row}; leave such rows out", row)
    return np.ascontiguousarray(array.astype("datetime64[s]"), dtype=np.int64)


def as_of(value, utc_offset_s):
    """An instant in seconds. A bare date is the last second of that day in the store's local time."""
    if value is None:
        return None
    day = (isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
           or isinstance(value, np.datetime64) and np.datetime_data(value)[0] == "D"
           or isinstance(value, str) and len(value) == 10)
    seconds = int(time("as_of", [value])[0])
    return seconds + 86399 - int(utc_offset_s or 0) if day else seconds


def _missing(value):
    return value is None or isinstance(value, float) and value != value or type(value).__name__ in ("NAType", "NaTType")


def _encoded(name, array):
    """Each value's bytes, None where there is none."""
    if array.dtype.kind == "U":
        return [value.encode("utf-8", "surrogatepass") for value in array.tolist()]
    if array.dtype.kind == "S":
        return array.tolist()
    if array.dtype.kind in "iu":
        return [b"%d" % value for value in array.tolist()]
    texts = []
    for row, value in enumerate(array.tolist()):
        if _missing(value):
            texts.append(None)
        elif isinstance(value, str):
            # Half of a surrogate pair becomes bytes that are not UTF-8: the library sets such rows aside and says so.
            texts.append(value.encode("utf-8", "surrogatepass"))
        elif isinstance(value, bytes):
            texts.append(value)
        elif isinstance(value, (int, np.integer)) and not isinstance(value, bool):
            texts.append(b"%d" % value)
        else:
            raise TypeError(f"{name} is {value!r} in row {row}; give texts, or None where there is none")
    return texts


def text(name, values):
    """(bytes, offsets, validity or None), as Arrow holds texts. Whole numbers are their decimal digits."""
    array = plain(name, values)
    if array.dtype.kind not in "OUSiu" and array.size:
        refuse(name, array, "texts")
    texts = _encoded(name, array) if array.size else []
    valid = np.fromiter((value is not None for value in texts), dtype=bool, count=len(texts))
    texts = [value or b"" for value in texts]
    offsets = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)), out=offsets[1:])
    data = np.frombuffer(b"".join(texts) or b"\0", dtype=np.uint8)
    return data, offsets, None if valid.all() else np.packbits(valid, bitorder="little")


def identity(name, values):
    """Ids: int64 from whole numbers, else as texts. Whole numbers held as floats, NaN where there is none, are what
    reading a file with gaps makes of numbers: they are taken as numbers again."""
    array = plain(name, values)
    if array.dtype.kind == "f" and array.size:
        there = ~np.isnan(array)
        wrong = there & ~((np.abs(array) <= MOST_EXACT) & (np.floor(array) == array))
        if wrong.any():
            raise TypeError(f"{name} is {array[wrong][0]} in row {int(wrong.argmax())}; ids are whole numbers or texts")
        if there.all():
            return array.astype(np.int64)
        return text(name, np.array([int(v) if ok else None for v, ok in zip(array.tolist(), there)], dtype=object))
    return whole(name, array) if array.dtype.kind in "iu" or array.size == 0 else text(name, array)


# argument: (what makes a column of it, the field for texts, the field for numbers)
COLUMNS = {
    "customer": (identity, "customer_id", "customer_number"),
    "time": (time, None, "time_s"),
    "amount": (real, None, "amount_value"),
    "amount_exact": (exact, None, "amount"),
    "unit_price": (real, None, "unit_price_value"),
    "unit_price_exact": (exact, None, "unit_price"),
    "quantity": (real, None, "quantity"),
    "order": (identity, "order_id", "order_number"),
    "product": (text, "product", None),
    "category": (text, "category", None),
    "channel": (text, "channel", None),
    "currency": (text, "currency", None),
    "discount": (real, None, "discount_value"),
    "discount_exact": (exact, None, "discount"),
    "is_return": (flag, None, "is_return"),
    "line": (whole, None, "line"),
}


def pointer(array, type_):
    """To an array's first element; the array must be kept by the caller."""
    return array.ctypes.data_as(ctypes.POINTER(type_))


def _text(column):
    data, offsets, validity = column
    return c.Text(pointer(data, c.c_uint8), pointer(offsets, c.c_int64),
                  None if validity is None else pointer(validity, c.c_uint8))


def texts(name, values):
    """(Text, their number, what it points to) of a list of texts."""
    column = text(name, values)
    return _text(column), len(column[1]) - 1, column


def _names(table):
    """The names of a table's columns, None where it has no such thing."""
    if hasattr(table, "keys"):  # a dictionary, a pandas data frame
        return list(table.keys())
    for there in ("column_names", "columns"):
        if hasattr(table, there):
            return list(getattr(table, there))
    return getattr(getattr(table, "dtype", None), "names", None)


def chosen(table, given):
    """The arguments of COLUMNS, those that name a column of the table as that column."""
    names = _names(table)
    if names is None:
        raise TypeError(f"orders is a {type(table).__name__}; give a data frame or a dictionary of columns")
    for argument, what in given.items():
        if isinstance(what, str) and what not in names:
            raise KeyError(f"orders has no column {what}, which {argument} names; there are "
                           f"{', '.join(map(str, names)) or 'none'}")
    return {argument: table[what] if isinstance(what, str) else what for argument, what in given.items()}


def _check_needed(given):
    for argument, what in (("customer", "who bought each line"), ("time", "when each line was bought")):
        if given[argument] is None:
            raise invalid(f"{argument} is None; give {what}")
    money = ("amount", "amount_exact", "unit_price", "unit_price_exact")
    if all(given[argument] is None for argument in money):
        raise invalid(f"there is no money; give {', '.join(money[:-1])} or {money[-1]}")


def orders(given):
    """(Orders, what it points to) from the arguments of COLUMNS that are not None."""
    _check_needed(given)
    struct, kept, first = new(c.Orders), [], None
    for name, values in given.items():
        if values is None:
            continue
        make, text_field, number_field = COLUMNS[name]
        column = make(name, values)
        if isinstance(column, tuple):
            rows = len(column[1]) - 1
            setattr(struct, text_field, _text(column))
        else:
            rows = len(column)
            field = dict(c.Orders._fields_)[number_field]
            # An empty column is there, though it has no first element.
            some = column if rows else np.zeros(1, dtype=column.dtype)
            setattr(struct, number_field, pointer(some, field._type_))
            kept.append(some)
        if first is None:
            first, struct.rows = name, rows
        elif rows != struct.rows:
            raise invalid(f"{name} has {rows} values, {first} has {struct.rows}; columns are of one length")
        kept.append(column)
    return struct, kept


def attributes(ids, table, roles):
    """(Attributes, what it points to) from customer ids and columns of numbers by name."""
    names = [str(name) for name in table]
    unknown = [name for name in roles if name not in names]
    if unknown or not names:
        raise invalid(f"attributes has no column {unknown[0]}" if unknown else "attributes has no columns; give some")
    who = identity("attributes", ids)
    count = len(who[1]) - 1 if isinstance(who, tuple) else len(who)
    values = np.empty((count, len(names)))
    for at, name in enumerate(table):
        column = real(names[at], table[name])
        if len(column) != count:
            raise invalid(f"{names[at]} has {len(column)} values, attributes has {count} ids; give as many")
        values[:, at] = column
    kept = [who, values, text("names", np.array(names, dtype=object)),
            np.array([roles.get(name, c.PATRON_ROLE_PROFILE) for name in names], dtype=np.int32)]
    struct = new(c.Attributes, rows=count, cols=len(names), names=_text(kept[2]),
                 values=pointer(values, c.c_double), roles=pointer(kept[3], c.c_int32))
    if isinstance(who, tuple):
        struct.customer_id = _text(who)
    else:
        kept.append(who if count else np.zeros(1, dtype=np.int64))
        struct.customer_number = pointer(kept[-1], c.c_int64)
    return struct, kept


def rows(name, values, weights=None):
    """(Rows, what it points to, shape) from a table of numbers; float32 stays so, whole numbers become float64."""
    array = plain(name, values, 2)
    if array.dtype.kind not in "fiu":
        refuse(name, array, "numbers")
    array = np.ascontiguousarray(array, dtype=np.float32 if array.dtype.itemsize <= 4 and array.dtype.kind == "f"
                                 else np.float64)
    struct = new(c.Rows, rows=array.shape[0], cols=array.shape[1], values=array.ctypes.data,
                 type=c.PATRON_FLOAT32 if array.dtype == np.float32 else c.PATRON_FLOAT64)
    kept = [array]
    if weights is not None:
        kept.append(real("sample_weight", weights))
        if len(kept[1]) != len(array):
            raise invalid(f"sample_weight has {len(kept[1])} values, {name} has {len(array)} rows")
        struct.weights = pointer(kept[1], c.c_double)
    return struct, kept, array.shape
