# SPDX-License-Identifier: GPL-3.0-or-later
"""bench_silhouette runs, and its JSON can be read.

test_bench_silhouette.py PROGRAM
"""
import json
import os
import subprocess
import sys
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

    def test_wrong_options_are_refused(self):
        for wrong in (["--k", "1"], ["--rows", "x"], ["--data", "nothing"], ["more"]):
            self.assertIn("bench_silhouette", bench(*wrong, status=2).stderr)


if __name__ == "__main__":
    unittest.main()
