# SPDX-License-Identifier: GPL-3.0-or-later
"""What the driver's tests share: running it, small shops as CSV, and reading what it says.

SEGMENT in the environment is the built driver, BACKEND the built backend example.
"""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

SEGMENT = os.environ.get("SEGMENT", "build/examples/segment")
HEADER = "customer_id,order_id,timestamp,quantity,price"


def shop_rows(customers=40):
    """Order lines of regulars (every fourth customer) and of passers-by, as lists of fields."""
    rows = []
    for c in range(customers):
        orders = 10 + c % 5 if c % 4 == 0 else 1 + c % 2
        for o in range(orders):
            month, day = 1 + (o * 2 + c) % 12, 1 + (c * 7 + o) % 28
            rows.append([f"c{c:03d}", f"o{c:03d}-{o}", f"2024-{month:02d}-{day:02d} {8 + c % 12:02d}:30:00",
                         str(1 + (c + o) % 3), f"{5 + (c * 13 + o * 5) % 60}.{(c + o) % 100:02d}"])
    return rows


def shop(customers=40, header=HEADER, rows=None, end="\n"):
    """The same as the text of a CSV file."""
    rows = shop_rows(customers) if rows is None else rows
    return end.join([header] + [",".join(row) for row in rows]) + end


def german_locale(folder):
    """An environment whose locale writes 0,5 for a half, made in `folder`; None where it cannot be made."""
    tool = shutil.which("localedef")
    target = os.path.join(folder, "de_DE.UTF-8")
    if tool is None:
        return None
    subprocess.run([tool, "-i", "de_DE", "-f", "UTF-8", target], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=False)
    return {"LC_ALL": "de_DE.UTF-8", "LOCPATH": folder} if os.path.isdir(target) else None


class Driver(unittest.TestCase):
    """A test with a folder of its own."""

    maxDiff = 4000

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="patron-driver-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, content, name="orders.csv"):
        data = content.encode() if isinstance(content, str) else content
        with open(self.path(name), "wb") as out:
            out.write(data)
        return self.path(name)

    def run_segment(self, *arguments, code=0, stdin=subprocess.DEVNULL, env=None, says=(), **more):
        """Runs the driver, checks its exit code and that standard error has each of `says`."""
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG")}
        environment.update(env or {})
        if isinstance(stdin, (str, bytes)):
            more["input"] = stdin.encode() if isinstance(stdin, str) else stdin
        else:
            more["stdin"] = stdin
        more.setdefault("stdout", subprocess.PIPE)
        done = subprocess.run([SEGMENT, *map(str, arguments)], stderr=subprocess.PIPE, env=environment, timeout=300,
                              check=False, **more)
        errors = done.stderr.decode("utf-8", "replace")
        self.assertEqual(done.returncode, code, errors)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, errors)
        if code != 0:
            self.assertTrue(errors.startswith("segment: "), errors)
        return done

    def summary(self, content, *arguments, **more):
        """The JSON of a run over a CSV text."""
        path = self.file(content)
        done = self.run_segment(*arguments, "--json", "-", path, **more)
        return json.loads(done.stdout)

    def fails(self, content, *arguments, code=3, says=()):
        """The run over a CSV text ends with this code and says so; nothing on standard output."""
        done = self.run_segment(*arguments, self.file(content), code=code, says=says)
        self.assertEqual(done.stdout, b"")
        return done.stderr.decode("utf-8", "replace")

    def rejected(self, summary):
        """The list of rejected rows as (line, column, reason)."""
        return [(r["line"], r["column"], r["reason"]) for r in summary["audit"]["first_rejected"]]
