# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds libpatron and loads it: the file that PATRON_LIBRARY names, else one beside this package, else the system's.

The library must be of the version that was declared, and have every function that was declared.
"""
import ctypes
import os

from . import _declarations as c

NAME = f"libpatron.so.{c.PATRON_VERSION_MAJOR}"


def _load():
    named = os.environ.get("PATRON_LIBRARY")
    if named:
        places = [named]
    else:
        here = os.path.dirname(os.path.abspath(__file__))
        places = [path for path in (os.path.join(here, name) for name in (NAME, "libpatron.so"))
                  if os.path.exists(path)] or [NAME]
    try:
        return ctypes.CDLL(places[0]), places[0]
    except OSError as error:
        raise ImportError(f"patron: the library could not be loaded ({error}); set PATRON_LIBRARY to the file, as "
                          f"PATRON_LIBRARY=build/libpatron.so") from None


def _declare(library, path):
    """Gives each function its arguments and result."""
    library.patron_version.restype = c.c_char_p
    version = library.patron_version().decode()
    # Until 1.0 a minor version may change what callers see; a library that is older may lack what is declared here.
    numbers, wanted = ([int(part) for part in text.split(".")] for text in (version, c.PATRON_VERSION))
    if numbers[:2] != wanted[:2] or numbers < wanted:
        raise ImportError(f"patron: {path} is version {version}; this package is for {c.PATRON_VERSION}")
    missing = [name for name in c.FUNCTIONS if not hasattr(library, name)]
    if missing:
        raise ImportError(f"patron: {path} lacks {', '.join(missing)}; build it again")
    for name, (result, *arguments) in c.FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library, version


library, version = _declare(*_load())
