# SPDX-License-Identifier: GPL-3.0-or-later
"""The library from Python, by ctypes alone: no wheel, no compiler, nothing but the standard library.

usage: segment.py libpatron.so ORDERS.csv      (columns customer_id, order_id, timestamp, quantity, unit_price)
"""
import csv
import ctypes as c
import datetime
import sys


class Text(c.Structure):
    _fields_ = [("bytes", c.c_char_p), ("offsets", c.POINTER(c.c_int64)), ("validity", c.c_void_p)]


class Orders(c.Structure):
    _fields_ = [("size", c.c_size_t), ("rows", c.c_int64), ("customer_id", Text), ("customer_number", c.c_void_p),
                ("customer_validity", c.c_void_p), ("order_id", Text), ("order_number", c.c_void_p),
                ("time_s", c.POINTER(c.c_int64)), ("quantity", c.POINTER(c.c_double)), ("amount", c.c_void_p),
                ("amount_value", c.c_void_p), ("unit_price", c.c_void_p), ("unit_price_value", c.POINTER(c.c_double)),
                ("product", Text), ("category", Text)] + [
                    (name, c.c_void_p)
                    for name in ("discount", "discount_value", "is_return", "line", "fault", "fault_field")]


class Error(c.Structure):
    _fields_ = [("status", c.c_int32), ("reserved", c.c_int32), ("row", c.c_int64), ("line", c.c_int64),
                ("byte", c.c_int64), ("message", c.c_char * 480)]


class Info(c.Structure):
    _fields_ = [("size", c.c_size_t), ("id", c.c_int32), ("reserved", c.c_int32), ("name", c.c_char_p),
                ("customers", c.c_int64), ("share", c.c_double), ("revenue_gross", c.c_int64),
                ("revenue_net", c.c_int64), ("revenue_share", c.c_double), ("recurring_mean", c.c_double),
                ("silhouette", c.c_double)]


def text_column(values):
    encoded = [value.encode() for value in values]
    offsets = (c.c_int64 * (len(encoded) + 1))()
    for i, value in enumerate(encoded):
        offsets[i + 1] = offsets[i] + len(value)
    return Text(b"".join(encoded), offsets, None)


def seconds(text):
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp())


def main(library, path):
    patron = c.CDLL(library)
    patron.patron_fingerprint.restype = c.c_uint64
    with open(path, newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    n = len(lines)
    orders = Orders(size=c.sizeof(Orders), rows=n)
    orders.customer_id = text_column([line["customer_id"] for line in lines])
    orders.order_id = text_column([line["order_id"] for line in lines])
    orders.time_s = (c.c_int64 * n)(*(seconds(line["timestamp"]) for line in lines))
    orders.quantity = (c.c_double * n)(*(float(line["quantity"]) for line in lines))
    orders.unit_price_value = (c.c_double * n)(*(float(line["unit_price"]) for line in lines))

    history, result, error = c.c_void_p(), c.c_void_p(), Error()

    def need(status):
        if status != 0:
            sys.exit(error.message.decode())

    need(patron.patron_history_create(c.byref(history), None, None, c.byref(error)))
    need(patron.patron_history_append(history, c.byref(orders), None, c.byref(error)))
    need(patron.patron_segment(c.byref(result), history, None, None, c.byref(error)))
    for i in range(patron.patron_segmentation_count(result)):
        info = Info(size=c.sizeof(Info))
        need(patron.patron_segmentation_segment(c.byref(info), result, i, c.byref(error)))
        print(f"{info.name.decode():28} {info.customers:7} customers  {info.revenue_share:6.1%} of revenue")
    print(f"fingerprint {patron.patron_fingerprint(result):016x}")
    patron.patron_segmentation_free(result)
    patron.patron_history_free(history)


if __name__ == "__main__":
    main(*sys.argv[1:])
