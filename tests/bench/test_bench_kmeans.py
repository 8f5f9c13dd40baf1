# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_kmeans runs, its JSON can be read, and its rows are the ones that were asked for.

test_bench_kmeans.py PROGRAM
"""
import array
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
FEW = ("--repeats", "1", "--threads", "1", "--n-init", "2")


def bench(*arguments, status=0):
    run = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60)
    assert run.returncode == status, (arguments, run.returncode, run.stderr)
    return run


def lines(*arguments):
    return [json.loads(line) for line in bench(*FEW, "--json", *arguments).stdout.splitlines()]


class Program(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def rows(self, kind, count, width, *more):
        """The rows of a kind, as tuples."""
        bench("--data", kind, "--rows", str(count), "--cols", str(width), "--repeats", "0", "--output",
              self.path("rows"), *more)
        values = array.array("d" if "f64" in more else "f")
        with open(self.path("rows"), "rb") as file:
            values.frombytes(file.read())
        self.assertEqual(len(values), count * width)
        return list(zip(*[iter(values)] * width))

    def test_json(self):
        found = lines("--rows", "5000")
        self.assertEqual([(line["work"], line["k"]) for line in found],
                         [("kmeans_fit", 2), ("kmeans_fit", 3), ("kmeans_fit", 4), ("kmeans_sweep", "2..4")])
        for line in found:
            self.assertEqual((line["rows"], line["cols"], line["dtype"]), (5000, 8, "f32"))
            self.assertGreater(line["seconds_median"], 0)
            self.assertGreaterEqual(line["peak_mib"], 0)
        for fit, inertia, fingerprint in zip(found, found[3]["inertia"], found[3]["fingerprint"]):
            self.assertLessEqual(fit["inertia_lower_bound"], fit["inertia"])
            self.assertEqual(len(fit["fingerprint"]), len(fingerprint))
            self.assertGreater(inertia, 0)

    def test_both_types_hold_the_same_rows(self):
        self.assertEqual(self.rows("purchase", 300, 20), self.rows("purchase", 300, 20, "--dtype", "f64"))
        self.assertNotEqual(self.rows("purchase", 300, 20),
                            self.rows("purchase", 300, 20, "--dtype", "f64", "--fine"))

    def test_rows_do_not_depend_on_how_many_there_are(self):
        for kind in ("purchase", "blobs", "gaussian", "far", "optima", "periodic"):
            self.assertEqual(self.rows(kind, 100, 3, "--threads", "2"), self.rows(kind, 400, 3)[:100], kind)

    def test_kinds(self):
        purchase = self.rows("purchase", 500, 4)
        self.assertEqual(self.rows("sorted", 500, 4), sorted(purchase, key=lambda row: row[0]))
        self.assertEqual(sum(row[0] > 100 for row in self.rows("far", 40000, 1)), 2)
        self.assertNotEqual(purchase, self.rows("purchase", 500, 4, "--seed", "1"))

    def test_files(self):
        self.rows("blobs", 600, 3)
        made, = lines("--data", "blobs", "--rows", "600", "--cols", "3", "--k", "4")
        read, = lines("--input", self.path("rows"), "--cols", "3", "--k", "4")
        self.assertEqual(made["fingerprint"], read["fingerprint"])
        with open(self.path("init"), "wb") as file:
            array.array("d", range(12)).tofile(file)
        started, = lines("--input", self.path("rows"), "--cols", "3", "--k", "4", "--init", self.path("init"))
        self.assertTrue(started["converged"])
        bench("--input", self.path("rows"), "--cols", "7", status=2)
        bench("--input", self.path("none"), "--cols", "7", status=2)

    def test_table(self):
        said = bench(*FEW, "--rows", "1000", "--cols", "2", "--k", "2..3", "--bandwidth").stdout
        self.assertEqual(len(said.splitlines()), 7, said)
        self.assertIn("GB/s", said)

    def test_bandwidth(self):
        line, predict = lines("--rows", "1000", "--k", "3", "--bandwidth")[-2:]
        self.assertEqual((line["work"], line["n_init"], line["bytes"]), ("bandwidth", 1, 32000))
        self.assertGreater(line["sum_gb_s"], 0)
        self.assertEqual((predict["work"], predict["k"], predict["bytes"]), ("predict", 3, 32000))
        self.assertGreater(predict["gb_s"], 0)

    def test_bad_options(self):
        for wrong in (["--rows", "x"], ["--rows", "0"], ["--k", "4..2"], ["--k", ""], ["--data", "none"],
                      ["--dtype", "f16"], ["--fine"], ["--tol", "-1"], ["--only", "k"], ["more"], ["--unknown"],
                      ["--k", "2..3", "--init", "file"], ["--repeats", "0"]):
            self.assertNotEqual(bench(*wrong, status=2).stderr, "", wrong)


if __name__ == "__main__":
    unittest.main()
