# SPDX-License-Identifier: GPL-3.0-or-later
"""A real shop, end to end: UCI Online Retail (Chen, Sain & Guo 2012), 541,909 order lines of a UK gift wholesaler.

The figures were counted independently of patron. Without the data set the tests are skipped; PATRON_DATA names the
folder that holds online_retail.csv.xz.
"""
import json
import lzma
import os
import random
import sys
import tempfile
import unittest

from driver import Driver

DATA = os.environ.get("PATRON_DATA") or os.path.join(os.environ.get("PATRON_SOURCE", "."), "..", "shared", "data")
PACKED = os.path.join(DATA, "online_retail.csv.xz")
OPTIONS = ("--features", "rfm", "--as-of", "2011-12-10T12:50:00", "--zero-price", "drop", "--duplicates", "keep")


class Retail(Driver):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="patron-retail-")
        cls.orders = os.path.join(cls.place.name, "online_retail.csv")
        with lzma.open(PACKED) as packed, open(cls.orders, "wb") as out:
            out.write(packed.read())

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def run_retail(self, *arguments, path=None):
        return json.loads(self.run_segment(*OPTIONS, *arguments, "--json", "-", path or self.orders).stdout)

    def test_figures(self):
        summary = self.run_retail("--n-init", "100")
        audit = summary["audit"]
        self.assertEqual({fate: rows for fate, rows in audit["fates"].items() if rows > 0},
                         {"no_customer": 135080, "zero_amount": 40, "return_or_adjustment": 8905, "purchase": 397884})
        for key, value in {"rows_read": 541909, "rows_kept": 406789, "customers": 4372, "customers_with_order": 4338,
                           "customers_without_order": 34, "orders": 18532, "gross": 8911407.904, "returns": 600930.850,
                           "net": 8310477.054}.items():
            self.assertEqual(audit[key], value, key)
        self.assertEqual((summary["customers"], summary["as_of"]), (4338, "2011-12-10T12:50:00"))
        self.assertEqual(len(audit["first_rejected"]), 100)
        self.assertEqual({(r["column"], r["reason"]) for r in audit["first_rejected"]}, {("customer", "missing")})
        self.assertEqual(audit["first_rejected"][0]["line"], 624)
        for candidate, k, inertia, silhouette, tolerance in zip(
                summary["candidates"], (2, 3, 4), (6481.2236524, 4867.7552232, 3937.9532860),
                (0.4329401813, 0.3367839756, 0.3358677375), (1e-6, 1e-3, 1e-3)):
            self.assertEqual(candidate["k"], k)
            self.assertLessEqual(candidate["inertia"], inertia * (1 + 1e-5))
            self.assertAlmostEqual(candidate["silhouette"], silhouette, delta=tolerance)
        self.assertEqual(summary["k"], 2)
        self.assertEqual(sorted(s["customers"] for s in summary["segments"]), [1667, 2671])
        self.assertEqual(len({s["name"] for s in summary["segments"]}), 2)

    def test_other_policies(self):
        audit = self.run_retail("--zero-price", "keep", "--k", "2")["audit"]
        self.assertEqual((audit["customers_with_order"], audit["orders"]), (4339, 18536))
        audit = self.run_retail("--duplicates", "drop", "--k", "2")["audit"]
        self.assertEqual(audit["fates"]["purchase"], 392690)

    def test_same_for_any_line_order_and_thread_count(self):
        with open(self.orders, "rb") as file:
            header, *lines = file.read().split(b"\n")
        lines = [line for line in lines if line]
        random.Random(1).shuffle(lines)
        shuffled = self.file(b"\n".join([header, *lines]))
        summary = self.run_retail("--threads", "1")
        for threads, path in ((2, None), (4, None), (8, None), (1, shuffled), (2, shuffled)):
            other = self.run_retail("--threads", threads, path=path)
            self.assertEqual(other["fingerprint"], summary["fingerprint"])
            self.assertEqual(other["segments"], summary["segments"])


if __name__ == "__main__":
    if not os.path.exists(PACKED):
        print(f"SKIPPED: {PACKED} is not there; set PATRON_DATA to the folder that holds it")
        sys.exit(77)
    unittest.main()
