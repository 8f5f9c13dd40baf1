# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be used is said, with the row where there is one; nothing is guessed, cut or rounded."""
import datetime
import decimal
import pickle
import unittest

from support import np, patron, segmented, shop

from patron import _columns  # as support found it

BASE = {"customer": [1, 2], "time": [0, 86400], "amount": [1.0, 2.0]}


class Refusals(unittest.TestCase):
    def refused(self, words, name=None, row=None, error=patron.PatronError, **change):
        with self.assertRaisesRegex(error, words) as caught:
            patron.segment(**{**BASE, **change})
        if name:
            self.assertEqual((caught.exception.name, caught.exception.row), (name, row))
        return caught.exception

    def test_nan_and_infinite_numbers(self):
        for column in ("amount", "unit_price", "quantity", "discount"):
            money = {"amount": None} if column == "unit_price" else {}
            for value, name in ((np.nan, "PATRON_NOT_FINITE"), (np.inf, "PATRON_NOT_FINITE")):
                error = self.refused("row 1", name, 1, **{**money, column: [1.0, value]})
                self.assertEqual(error.status, 5)
        error = self.refused("row 1", "PATRON_NOT_FINITE", 1, amount=[1.0, None])
        self.assertIn("give a number, or leave the row out", error.message)

    def test_lengths_that_differ(self):
        self.refused("time has 3 values, customer has 2", "PATRON_INVALID_ARGUMENT", time=[1, 2, 3])
        self.refused("product has 1 values", "PATRON_INVALID_ARGUMENT", product=["a"])

    def test_types_that_are_not_taken(self):
        for column, values, words in (
                ("customer", [True, False], "customer is of type bool"),
                ("customer", [1.5, 2.0], "customer is 1.5 in row 0"),
                ("customer", [("a", 1), None], "customer is"),
                ("customer", np.array([1j, 2]), "customer is of type complex"),
                ("time", [1.0, 2.0], "time is of type float64; give datetime64"),
                ("amount", np.array(["1", "2"]), "amount is of type <U1; give numbers"),
                ("amount", ["1", "2"], "amount is '1' in row 0; give numbers"),
                ("amount", [1, "2"], "amount is '2' in row 1; give numbers"),
                ("amount", np.array([1.5, "2"], dtype=object), "amount is '2' in row 1; give numbers"),
                ("amount", [1, b"2"], "amount is b'2' in row 1; give numbers"),
                ("amount", [True, False], "amount is of type bool"),
                ("amount", [1.5, True], "amount is True in row 1; give numbers"),
                ("quantity", [1, np.True_], "quantity is True in row 1; give numbers"),
                ("quantity", np.array([True, 2], dtype=object), "quantity is True in row 0; give numbers"),
                ("amount_exact", [1, True], "amount_exact is of type object; give whole numbers"),
                ("customer", [1, True], "customer is True in row 1"),
                ("customer", [1.5, "a"], "customer is 1.5 in row 0; give texts"),
                ("is_return", [True, None], "is_return is of type object; give True and False"),
                ("amount", [object(), 2], "amount is of type object"),
                ("amount_exact", [1.0, 2.0], "whole numbers of 1/10,000"),
                ("product", [1.0, 2.0], "product is of type float64; give texts"),
                ("customer", "customer_id", "customer is the name of a column; give orders"),
                ("quantity", np.ma.masked_array([1.0, 2.0], [False, True]), "masked")):
            with self.subTest(column=column, values=values):
                try:
                    column_values = {column: values}
                    self.refused(words, error=TypeError, **column_values)
                except ValueError:  # numpy itself refuses ragged sequences
                    self.assertIsInstance(values[0], tuple)

    def test_numbers_beyond_their_type(self):
        self.refused("beyond int64 in row 1", "PATRON_INVALID_ARGUMENT", 1,
                     customer=np.array([1, 2 ** 63], dtype=np.uint64))
        for row, values in ((0, [2 ** 53 + 1, 1]), (1, [None, 2 ** 53 + 1]), (1, [1, -10 ** 400])):
            self.refused(f"not exact as float64 in row {row}", "PATRON_INVALID_ARGUMENT", row, amount=values)
        self.refused("beyond int64 in row 1", "PATRON_INVALID_ARGUMENT", 1,
                     time=np.array([0, 2 ** 63], dtype=np.uint64))
        self.refused("give whole seconds within int64", error=TypeError, time=[0, 2 ** 70])
        self.refused("", "PATRON_OUT_OF_RANGE", 1, amount=[1.0, 1e300])
        self.refused("", time=[0, 2 ** 62])

    def test_times_that_are_not(self):
        self.refused("time is NaT in row 1", "PATRON_INVALID_ARGUMENT", 1,
                     time=np.array(["2024-01-01", "NaT"], dtype="datetime64[s]"))

        for value in (None, np.datetime64("NaT"), float("nan")):
            self.refused("time is NaT in row 1", "PATRON_INVALID_ARGUMENT", 1, time=[datetime.date(2024, 1, 1), value])

    def test_texts_that_numpy_would_guess_at(self):
        for text in ("1722470400", "20240506", "2024", "2024-05", "today", "now", "NaT", "", "yesterday", "2024-02-30",
                     "2024-05-31T25:00", "2024-05-31T12", "2024-05-31\0", "2024-05-31\n", "2024-05-31T12:50+24:00",
                     "2024-05-31Z", "31.05.2024", "05/31/2024", "\u0662\u0660\u0662\u0664-05-31"):
            for values in (["2024-01-01", text], np.array(["2024-01-01", text], dtype=object)):
                with self.subTest(text):
                    error = self.refused("in row 1 .*; give datetime64", error=TypeError, time=values)
                    self.assertIn(f"time is {text!r} ", str(error))
            with self.subTest(text=text), self.assertRaisesRegex(TypeError, "as_of is .* in row 0"):
                patron.segment(**BASE, as_of=text)

    def test_numbers_among_times(self):
        for row, values in ((0, [5, "2024-01-01"]), (1, ["2024-01-01", 5]), (1, [np.datetime64("2024-01-01"), 5]),
                            (1, [datetime.date(2024, 1, 1), 5.0]), (0, [True, 5]), (0, [5, None])):
            with self.subTest(values=values):
                self.refused(f"time is {values[row]!r} in row {row} ", error=TypeError, time=values)
        self.refused("time is b'2024-01-01' in row 0 ", error=TypeError, time=[b"2024-01-01", 5])

    def test_tables_where_columns_are_wanted(self):
        self.refused("amount has 2 dimensions", amount=[[1.0], [2.0]])
        self.refused("time has 0 dimensions", time=5)

    def test_no_rows(self):
        self.refused("", "PATRON_NO_DATA", customer=[], time=[], amount=[])

    def test_no_segments(self):
        error = self.refused("", customer=[1, 1, 1], time=[1, 2, 3], amount=[1, 1, 1])
        self.assertIn(error.name, ("PATRON_NO_SEGMENTS", "PATRON_NO_DATA", "PATRON_TOO_FEW_DISTINCT"))

    def test_columns_that_are_needed(self):
        self.refused("no money; give amount, amount_exact, unit_price or unit_price_exact$", "PATRON_INVALID_ARGUMENT",
                     amount=None)
        self.refused("time is None; give when", "PATRON_INVALID_ARGUMENT", time=None)
        self.refused("customer is None; give who", "PATRON_INVALID_ARGUMENT", customer=None)

    def test_columns_that_orders_lacks(self):
        table = {"who": [1, 2], "when": [0, 86400]}
        for orders in (table, np.array([(1, 0)], dtype=[("who", int), ("when", int)])):
            with self.assertRaisesRegex(KeyError, "no column cost, which amount names; there are who, when"):
                patron.segment(orders, customer="who", time="when", amount="cost")
        with self.assertRaisesRegex(TypeError, "orders is a list; give a data frame or a dictionary"):
            patron.segment([1, 2], customer="who", time="when", amount="cost")

    def test_options(self):
        self.refused("does not know the option colour", error=TypeError, colour=3)
        self.refused("does not know the option size", error=TypeError, size=3)
        self.refused("fill is 'average'; choose one of reject, zero, mean, median", fill="average")
        self.refused("k_min is 4294967298", error=OverflowError, k_min=2 ** 32 + 2)
        self.refused("seed is -1", error=OverflowError, seed=-1)
        for value in (2.5, 2.0, "2", b"2", [2]):
            self.refused("k_min is .*; give a whole number", error=TypeError, k_min=value)
        self.refused("tol is '0'; give a number", error=TypeError, tol="0")
        self.refused("option k; give k_min and k_max", error=TypeError, k=3)
        for value in (3, ["frequency", 3], b"rfm"):
            self.refused("features is .*; give names or presets", error=TypeError, features=value)
        self.refused("as_of is .*None for the last", "PATRON_INVALID_ARGUMENT", as_of=2 ** 60)
        self.refused("threads is", error=OverflowError, threads=2 ** 32 + 1)
        self.refused("", "PATRON_INVALID_ARGUMENT", threads=5000)
        self.refused("", "PATRON_INVALID_ARGUMENT", k_min=1)
        self.refused("colour", "PATRON_UNKNOWN_NAME", features="colour")

    def test_numbers_of_numpy_are_numbers(self):
        self.assertEqual(segmented(k_min=np.int64(3), k_max=np.int8(3), smallest_share=np.float32(0)).options["k_min"],
                         3)

    def test_strict_names_row_and_line(self):
        error = self.refused("", "PATRON_ROW_REJECTED", 1, customer=["a", None], strict=1, line=[10, 20])
        self.assertEqual(error.line, 20)

    def test_half_a_surrogate_pair_is_set_aside_and_counted(self):
        arrays = shop()
        arrays["customer_id"] = arrays["customer_id"].astype(object)
        arrays["customer_id"][4] = "\ud800"
        result = segmented(arrays)
        self.assertEqual(result.audit["first_rejected"][0]["reason"], "not UTF-8")

    def test_inputs_are_never_written(self):
        arrays = shop()
        for array in arrays.values():
            array.flags.writeable = False
        before = {name: array.copy() for name, array in arrays.items()}
        segmented(arrays)
        for name, array in arrays.items():
            self.assertTrue((array == before[name]).all())

    def test_an_error_can_be_sent_to_another_process(self):
        error = self.refused("row 1", amount=[1.0, np.nan])
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((again.status, again.name, again.row, again.message),
                         (error.status, error.name, error.row, error.message))


class Taken(unittest.TestCase):
    """What lies next to what is refused."""

    def test_times(self):
        zone = datetime.timezone(datetime.timedelta(hours=2))
        for second, value in (
                (1717113600, "2024-05-31"), (1717159800, "2024-05-31T12:50"), (1717159801, "2024-05-31 12:50:01"),
                (1717159801, "2024-05-31T12:50:01.123456789"), (1717159800, "2024-05-31T12:50Z"),
                (1717159800, "2024-05-31T14:50:00+02:00"), (1717159800, "2024-05-31T14:50+0200"),
                (1717159800, "2024-05-31T14:50+02"), (1717159800, "2024-05-31T11:20:00-01:30"),
                (1717113600, datetime.date(2024, 5, 31)), (1717159800, datetime.datetime(2024, 5, 31, 12, 50)),
                (1717159800, datetime.datetime(2024, 5, 31, 14, 50, tzinfo=zone)), (-1, "1969-12-31T23:59:59.5"),
                (1717113600, np.datetime64("2024-05-31")), (1717113600, np.datetime64("2024-05-31", "ns"))):
            for values in ([value, "2024-01-01"], [value], np.array([value, "2024-01-01"], dtype=object)):
                with self.subTest(value=value):
                    self.assertEqual(_columns.time("time", values)[0], second)

    def test_whole_seconds_as_objects(self):
        for values in ([1722470400, 5], (1722470400, np.int64(5))):
            found = _columns.time("time", np.array(values, dtype=object))
            self.assertEqual((found.dtype, found.tolist()), (np.int64, [1722470400, 5]))

    def test_ids_that_differ_by_their_end_stay_apart(self):
        for values in (["a\0", "a", "a\0\0"], ("a\0", "a", "a\0\0"), [b"a\0", b"a", b"a\0\0"]):
            data, offsets, validity = _columns.identity("customer", values)
            self.assertEqual((data.tobytes(), offsets.tolist(), validity), (b"a\0aa\0\0", [0, 2, 3, 6], None))

    def test_ids_among_which_none_is(self):
        data, offsets, validity = _columns.identity("customer", ["a", float("nan"), 7])
        self.assertEqual((data.tobytes(), offsets.tolist(), validity.tolist()), (b"a7", [0, 1, 1, 2], [0b101]))

    def test_numbers_and_flags_as_objects(self):
        self.assertEqual(_columns.real("amount", [decimal.Decimal("1.5"), 2]).tolist(), [1.5, 2.0])
        for values in ([True, 0], np.array([True, False], dtype=object)):
            self.assertEqual(_columns.flag("is_return", values).tolist(), [1, 0])


if __name__ == "__main__":
    unittest.main()
