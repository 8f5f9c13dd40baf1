# SPDX-License-Identifier: GPL-3.0-or-later
"""examples/segment.py runs and agrees with the driver; the README shows it as it is. A data frame will do."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

from support import PACKAGE, ROOT, driver, np, segmented, shop, shop_text

EXAMPLE = os.path.join(ROOT, "examples", "segment.py")


class Series:
    """As much of a data frame's column as is asked of one."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype=dtype)


class Frame:
    """As much of a data frame as is asked of one."""

    def __init__(self, columns):
        self.columns = columns

    def __getitem__(self, name):
        return Series(self.columns[name])


class Example(unittest.TestCase):
    def test_it_runs_and_agrees_with_the_driver(self):
        with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as file:
            file.write(shop_text())
            file.flush()
            done = subprocess.run([sys.executable, "-B", EXAMPLE, file.name], capture_output=True, text=True,
                                  timeout=60, env={**os.environ, "PYTHONPATH": PACKAGE}, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"Fingerprint {driver()['fingerprint']}", done.stdout)
        self.assertIn(driver()["segments"][0]["name"], done.stdout)

    def test_the_readme_shows_it(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
            shown = re.search(r"^## From Python\n.*?^```python\n(.*?)^```", file.read(), re.M | re.S).group(1)
        with open(EXAMPLE, encoding="utf-8") as file:
            self.assertIn(shown, file.read())

    def test_a_data_frame_will_do(self):
        arrays = shop()
        arrays["customer_id"] = arrays["customer_id"].astype(object)
        self.assertEqual(segmented(Frame(arrays)).fingerprint, driver()["fingerprint"])


if __name__ == "__main__":
    unittest.main()
