# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be used is said, with the row where there is one; nothing is guessed, cut or rounded."""
import pickle
import unittest

from support import np, patron, segmented, shop

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
                ("time", ["yesterday", "now and then"], "give datetime64, or whole seconds"),
                ("amount", ["1", "2"], "amount is of type <U1; give numbers"),
                ("amount", [True, False], "amount is of type bool"),
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
        self.refused("not exact as float64 in row 0", "PATRON_INVALID_ARGUMENT", 0, amount=[2 ** 53 + 1, 1])
        self.refused("", "PATRON_OUT_OF_RANGE", 1, amount=[1.0, 1e300])
        self.refused("", time=[0, 2 ** 62])

    def test_times_that_are_not(self):
        self.refused("time is NaT in row 1", "PATRON_INVALID_ARGUMENT", 1,
                     time=np.array(["2024-01-01", "NaT"], dtype="datetime64[s]"))

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


if __name__ == "__main__":
    unittest.main()
