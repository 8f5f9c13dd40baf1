# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_silhouette runs, and its JSON can be read.

test_bench_silhouette.py PROGRAM
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))


def bench(*arguments, status=0):
    run = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60)
    assert run.returncode == status, (arguments, run.returncode, run.stderr)
    return run


class Program(unittest.TestCase):
    def test_each_k_and_the_sweep_agree(self):
        text = bench("--rows", "1500", "--cols", "3", "--repeats", "2", "--threads", "2", "--json").stdout
        *alone, together = [json.loads(line) for line in text.splitlines()]
        self.assertEqual([line["k"] for line in alone], [2, 3, 4])
        self.assertEqual(together["k"], "2..4")
        self.assertEqual(together["work"], "silhouette_sweep")
        for line, score in zip(alone, together["score"]):
            self.assertAlmostEqual(line["score"], score, delta=2e-8)
            self.assertGreater(line["pairs_per_second"], 0.0)

    def test_labels_from_files_and_estimates(self):
        with tempfile.TemporaryDirectory() as folder:
            rows, one, two = (os.path.join(folder, name) for name in ("rows", "one", "two"))
            bench("--rows", "6000", "--cols", "2", "--data", "blobs", "--repeats", "0", "--output", rows)
            for path, k in ((one, 2), (two, 3)):
                with open(path, "wb") as file:
                    file.write(bytes(i % k for i in range(6000)))
            files = ("--input", rows, "--cols", "2", "--labels", one, "--labels", two, "--repeats", "1", "--json")
            exact = [json.loads(line) for line in bench(*files).stdout.splitlines()]
            self.assertEqual([line["k"] for line in exact], [2, 3, "2..3"])
            self.assertEqual((exact[0]["half_width"], exact[0]["level"], exact[0]["rows_used"]), (0, 1, 6000))
            estimates = [json.loads(line) for line in bench(*files, "--estimate", "1e-3").stdout.splitlines()]
            self.assertEqual([line["work"] for line in estimates], ["silhouette_estimate"] * 2)
            for line, truth in zip(estimates, exact):
                self.assertEqual(line["level"], 0.99)
                self.assertLess(line["rows_used"], 3000)
                self.assertAlmostEqual(line["score"], truth["score"], delta=2 * line["half_width"] + 1e-7)
            self.assertIn("5", bench("--rows", "5", "--labels", one, status=2).stderr)

    def test_wrong_options_are_refused(self):
        for wrong in (["--k", "1"], ["--rows", "x"], ["--data", "nothing"], ["more"]):
            self.assertIn("bench_silhouette", bench(*wrong, status=2).stderr)


if __name__ == "__main__":
    unittest.main()
