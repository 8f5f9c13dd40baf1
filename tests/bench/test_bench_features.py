# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_features runs, its JSON can be read, and its lines do not depend on how they are batched.

test_bench_features.py PROGRAM
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
SMALL = ("--lines", "5000", "--customers", "700")


def bench(*arguments, status=0):
    run = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60)
    assert run.returncode == status, (arguments, run.returncode, run.stderr)
    return run


def columns(*more):
    """The bytes of each column."""
    with tempfile.TemporaryDirectory() as folder:
        bench(*SMALL, *more, "--output", folder)
        found = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                found[name] = file.read()
        return found


class Program(unittest.TestCase):
    def test_says_what_it_did(self):
        for ids in ("number", "text"):
            for features in ("rfm", "all"):
                said = json.loads(bench(*SMALL, "--json", "--repeats", "2", "--threads", "2", "--ids", ids,
                                        "--features", features).stdout)
                self.assertEqual((said["lines"], said["ids"], said["features"], said["threads"]),
                                 (5000, ids, features, 2))
                self.assertTrue(400 < said["customers"] <= 700)
                self.assertLessEqual(said["both_s_min"], said["both_s"])
                self.assertGreater(said["append_s"], 0)
                self.assertGreater(said["build_s"], 0)
        self.assertIn("ns a line", bench(*SMALL, "--repeats", "1").stdout)

    def test_lines_are_the_same_in_any_batches(self):
        whole = columns()
        self.assertEqual({name: len(data) for name, data in whole.items()},
                         {name: 5000 * (4 if name.endswith(".i32") else 8) for name in whole})
        self.assertEqual(whole, columns("--batch", "777"))
        self.assertEqual(whole, columns("--batch", "1"))
        self.assertNotEqual(whole, columns("--seed", "2"))
        said = [json.loads(bench(*SMALL, "--json", "--batch", size).stdout) for size in ("1", "64", "9999")]
        self.assertEqual(len({one["customers"] for one in said}), 1)

    def test_refuses_what_it_does_not_know(self):
        self.assertIn("--lines is 0", bench("--lines", "0", status=2).stderr)
        self.assertIn("--ids is words", bench("--ids", "words", status=2).stderr)
        bench("--what", status=2)


if __name__ == "__main__":
    unittest.main()
