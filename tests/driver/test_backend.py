# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend example runs and finds the two kinds of customers it made up."""
import os
import re
import subprocess
import unittest


class Backend(unittest.TestCase):
    def test_it_finds_the_regulars(self):
        done = subprocess.run([os.environ.get("BACKEND", "build/examples/backend")], capture_output=True, text=True,
                              timeout=60, check=True)
        segments = re.findall(r"^segment (\d+): (.+), (\d+) customers, (\d+) % of revenue$", done.stdout, re.M)
        self.assertEqual([(s[0], s[2]) for s in segments], [("0", "50"), ("1", "150")])
        self.assertIn("customer 1004 is in segment 0", done.stdout)
        self.assertEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main()
