# SPDX-License-Identifier: GPL-3.0-or-later
"""patron.segment from Arrow tables of pyarrow, polars, DuckDB and pandas says what it says from arrays, to the bit.

What is not installed is skipped, and said to be.
"""
import datetime
import importlib.util
import sys
import unittest

from support import COLUMNS, driver, np, patron, segmented, shop

HAVE = {name: importlib.util.find_spec(name) is not None for name in ("pyarrow", "polars", "duckdb", "pandas")}
if not any(HAVE[name] for name in ("pyarrow", "polars")):
    print(f"SKIPPED: {sys.executable} has neither pyarrow nor polars")
    sys.exit(77)
if HAVE["pyarrow"]:
    import pyarrow as pa
if HAVE["polars"]:
    import polars as pl


def need(name):
    return unittest.skipUnless(HAVE[name], f"{name} is not installed")


class Stream:
    """Nothing but the stream of a table, as any library may hand it out; counts how often."""

    def __init__(self, table):
        self.table, self.taken = table, 0

    def __arrow_c_stream__(self, requested_schema=None):
        self.taken += 1
        return self.table.__arrow_c_stream__(requested_schema)


def table():
    return pa.table(shop())


def polars_frame(arrays):
    """polars takes no datetime64 in seconds."""
    return pl.DataFrame({name: array.astype("datetime64[us]") if array.dtype.kind == "M" else array
                         for name, array in arrays.items()})


def exact(result):
    return result.fingerprint, result.audit["rows_read"], result.customer_ids.tolist(), result.features.values.tobytes()


@need("pyarrow")
class PyArrow(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.expected = exact(segmented())

    def check(self, orders, **more):
        self.assertEqual(exact(segmented(orders, **more)), self.expected)

    def test_a_table_is_what_its_arrays_are(self):
        self.check(table())
        self.assertEqual(segmented(table()).fingerprint, driver()["fingerprint"])
        self.check(table(), threads=1)

    def test_every_type_of_text(self):
        for type_ in (pa.string(), pa.large_string(), pa.string_view(), pa.binary(),
                      pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.large_string())):
            with self.subTest(str(type_)):
                orders = table()
                for name in ("customer_id", "order_id", "product_id", "category"):
                    column = orders[name].cast(type_.value_type if pa.types.is_dictionary(type_) else type_)
                    if pa.types.is_dictionary(type_):
                        if len(column.unique()) > 100 and type_.index_type == pa.int8():
                            continue
                        column = column.dictionary_encode().cast(type_)
                    orders = orders.set_column(orders.schema.get_field_index(name), name, column)
                self.check(orders)

    def test_every_type_of_time(self):
        orders = table()
        at, column = orders.schema.get_field_index("timestamp"), orders["timestamp"]
        for type_ in (pa.timestamp("ms"), pa.timestamp("us", "UTC"), pa.timestamp("ns", "Europe/Berlin"), pa.int64()):
            with self.subTest(str(type_)):
                self.check(orders.set_column(at, "timestamp", column.cast(type_)))

    def test_numbers_as_floats_decimals_and_integers(self):
        orders = table()
        for name, type_ in (("unit_price", pa.decimal128(18, 4)), ("unit_price", pa.decimal128(12, 2)),
                            ("quantity", pa.int8()), ("quantity", pa.float32()), ("quantity", pa.decimal128(5, 0)),
                            ("discount", pa.decimal128(9, 3))):
            with self.subTest(f"{name} as {type_}"):
                at = orders.schema.get_field_index(name)
                self.check(orders.set_column(at, name, orders[name].cast(type_)))

    def test_chunks_and_slices(self):
        orders, rows = table(), len(table())
        pieces = pa.concat_tables([orders.slice(0, 1), orders.slice(1, 2), orders.slice(3, rows // 3),
                                   orders.slice(3 + rows // 3)])
        self.check(pieces)
        double = pa.concat_tables([orders.slice(5), orders])
        self.check(double.slice(rows - 5))
        self.check(pa.RecordBatchReader.from_batches(orders.schema, orders.to_batches(max_chunksize=77)))

    def test_number_ids_come_back_as_numbers(self):
        orders = table()
        at = orders.schema.get_field_index("customer_id")
        wanted = sorted(int(i) for i in segmented().customer_ids)
        for type_ in (pa.int64(), pa.uint32(), pa.uint64(), pa.float64(), pa.decimal128(20, 0)):
            column = orders["customer_id"].cast(pa.int64()).cast(type_)
            ids = segmented(orders.set_column(at, "customer_id", column)).customer_ids
            self.assertEqual(ids.dtype, np.int64, str(type_))
            self.assertEqual(sorted(ids.tolist()), wanted)
        beyond = pa.array([2 ** 64 - 1] * 20 + list(range(20)) * 2, pa.uint64())
        orders = pa.table({"c": beyond, "t": list(range(60)), "a": [float(1 + i % 7) for i in range(60)]})
        ids = patron.segment(orders, customer="c", time="t", amount="a", minimum_orders=1, k_min=2, k_max=2,
                             smallest_share=0).customer_ids
        self.assertIn("18446744073709551615", ids.tolist())

    def test_rows_with_gaps_are_counted(self):
        orders = table()
        rows = len(orders)
        gaps = pa.array([None if i < 3 else v for i, v in enumerate(orders["unit_price"].to_pylist())])
        orders = orders.set_column(orders.schema.get_field_index("unit_price"), "unit_price", gaps)
        audit = segmented(orders).audit
        self.assertEqual((audit["rows_read"], audit["fates"]["unreadable"]), (rows, 3))
        with self.assertRaisesRegex(patron.PatronError, "row 0: price is missing"):
            segmented(orders, strict=1)

    def test_what_is_wrong_is_named(self):
        orders = table()
        with self.assertRaisesRegex(KeyError, "no column 'client', which customer names; there are: customer_id"):
            segmented(orders, customer="client")
        with self.assertRaisesRegex(patron.PatronError, r"column 'category' \(quantity\) is a column of type text"):
            segmented(orders, quantity="category")
        with self.assertRaisesRegex(patron.PatronError, "no column 'amount'"):
            segmented(orders, unit_price=None)
        with self.assertRaisesRegex(patron.PatronError, "type struct"):
            segmented(orders.append_column("s", pa.array([{"x": 1}] * len(orders))), quantity="s")

    def test_an_error_of_the_stream_is_told(self):
        orders = table()

        def batches():
            yield from orders.to_batches(max_chunksize=500)[:2]
            raise ValueError("the source went away")

        with self.assertRaisesRegex(patron.PatronError, "the source went away") as caught:
            segmented(pa.RecordBatchReader.from_batches(orders.schema, batches()))
        self.assertEqual(caught.exception.name, "PATRON_SOURCE_FAILED")

    def test_a_callers_exception_ends_it(self):
        def stop(stage, fraction):
            raise RuntimeError("enough")

        before = pa.total_allocated_bytes()
        orders = Stream(table())
        with self.assertRaisesRegex(RuntimeError, "enough"):
            segmented(orders, progress=stop)
        self.assertEqual(orders.taken, 1)
        del orders
        self.assertLessEqual(pa.total_allocated_bytes(), before)

    def test_columns_beside_names_are_arrays_as_ever(self):
        orders = table()
        self.check(orders, quantity=np.array(orders["quantity"]))


@need("polars")
class Polars(unittest.TestCase):
    def test_a_frame_is_what_its_arrays_are(self):
        expected = exact(segmented())
        frame = polars_frame(shop())
        self.assertEqual(exact(segmented(frame)), expected)
        self.assertEqual(exact(segmented(frame.with_columns(pl.col("category").cast(pl.Categorical)))), expected)
        self.assertEqual(exact(segmented(frame.with_columns(pl.col("customer_id").cast(pl.UInt32)))),
                         exact(segmented({**shop(), "customer_id": shop()["customer_id"].astype(np.int64)})))
        pieces = pl.concat([frame[:100], frame[100:101], frame[101:]], rechunk=False)
        self.assertEqual(exact(segmented(pieces)), expected)


@need("duckdb")
class DuckDB(unittest.TestCase):
    @need("polars")
    def test_a_relation_is_what_its_arrays_are(self):
        import duckdb
        frame = polars_frame(shop())
        relation = duckdb.sql("SELECT *, unit_price::DECIMAL(18, 4) AS price FROM frame")
        if not hasattr(relation, "__arrow_c_stream__"):
            self.skipTest("this duckdb hands out no stream")
        self.assertEqual(len(frame), segmented(relation, unit_price="price").audit["rows_read"])
        self.assertEqual(segmented(relation, unit_price="price").fingerprint, driver()["fingerprint"])


@need("pandas")
class Pandas(unittest.TestCase):
    def test_a_frame_is_what_its_arrays_are(self):
        import pandas
        self.assertEqual(exact(segmented(pandas.DataFrame(shop()))), exact(segmented()))

    @need("pyarrow")
    def test_its_stream_too(self):
        import pandas
        frame = pandas.DataFrame(shop())
        if not hasattr(frame, "__arrow_c_stream__"):
            self.skipTest("this pandas hands out no stream")
        self.assertEqual(exact(segmented(Stream(frame))), exact(segmented()))


class Times(unittest.TestCase):
    @need("polars")
    def test_times_without_a_zone_are_utc_as_arrays_are(self):
        arrays = {"c": np.arange(40) % 5, "t": np.datetime64("2024-05-31T23:30:00") + np.arange(40) * 3600,
                  "a": 1.0 + np.arange(40) % 7}
        how = {"customer": "c", "time": "t", "amount": "a", "minimum_orders": 1, "utc_offset_s": 7200}
        frame = polars_frame(arrays)
        self.assertEqual(exact(patron.segment(frame, **how)), exact(patron.segment(arrays, **how)))
        dates = frame.with_columns(pl.col("t").dt.date())
        plain = {**arrays, "t": [datetime.datetime.combine(day, datetime.time()) for day in dates["t"]]}
        self.assertEqual(exact(patron.segment(dates, **how)), exact(patron.segment(plain, **how)))


if __name__ == "__main__":
    unittest.main()
