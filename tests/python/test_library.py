# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the library: what is said when it is not there, is another version, or lacks a function.

PATRON_CC in the environment is the C compiler.
"""
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import PACKAGE
from patron._declarations import PATRON_VERSION

LIBRARY = os.environ["PATRON_LIBRARY"]


class Loading(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="patron-python-")
        self.addCleanup(shutil.rmtree, self.folder)

    def run_python(self, statement, library=None, package=PACKAGE):
        environment = {k: v for k, v in os.environ.items() if k not in ("PATRON_LIBRARY", "LD_LIBRARY_PATH")}
        environment["PYTHONPATH"] = package
        if library:
            environment["PATRON_LIBRARY"] = library
        return subprocess.run([sys.executable, "-B", "-c", statement], env=environment, capture_output=True, text=True,
                              timeout=60, check=False, cwd=self.folder)

    def stand_in(self, source):
        path = os.path.join(self.folder, "libother.so")
        subprocess.run([*shlex.split(os.environ["PATRON_CC"]), "-shared", "-fPIC", "-o", path, "-x", "c", "-"],
                       input=source, text=True, check=True)
        return path

    def refused(self, library, *words):
        done = self.run_python("import patron", library)
        self.assertEqual(done.returncode, 1)
        for word in ("ImportError", *words):
            self.assertIn(word, done.stderr)

    def test_the_file_that_is_named(self):
        done = self.run_python("import patron; print(patron.__version__)", LIBRARY)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^\d+\.\d+\.\d+\n$")

    def test_a_file_that_is_not_there(self):
        self.refused(os.path.join(self.folder, "none.so"), "could not be loaded", "set PATRON_LIBRARY to the file")

    def test_a_file_that_is_no_library(self):
        self.refused(__file__, "could not be loaded")

    def test_another_version(self):
        major, minor, _ = map(int, PATRON_VERSION.split("."))
        for version in (f"{major}.{minor - 1}.9", f"{major}.{minor + 1}.0", f"{major + 1}.{minor}.0"):
            library = self.stand_in(f'const char *patron_version(void) {{ return "{version}"; }}')
            self.refused(library, f"is version {version}; this package is for {PATRON_VERSION}")

    def test_a_library_that_lacks_functions(self):
        library = self.stand_in(f'const char *patron_version(void) {{ return "{PATRON_VERSION}"; }}')
        self.refused(library, "lacks patron_", "build it again")

    def test_a_library_beside_the_package(self):
        package = os.path.join(self.folder, "site")
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(LIBRARY, os.path.join(package, "patron", "libpatron.so.0"))
        done = self.run_python("import patron; print(patron.__version__)", package=package)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
