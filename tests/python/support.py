# SPDX-License-Identifier: GPL-3.0-or-later
"""What the package's tests share: the package itself, and the order lines of a shop as arrays.

PATRON_LIBRARY in the environment is the built library, SEGMENT the driver, MAKE_SHOP the sample shop's program.
"""
import csv
import functools
import io
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGE = os.path.join(ROOT, "lib", "python", "src")
sys.path.insert(0, PACKAGE)

try:
    import numpy as np
except ImportError:
    print(f"SKIPPED: {sys.executable} has no numpy; on Debian: apt-get install python3-numpy")
    sys.exit(77)

import patron  # noqa: E402

NUMBERS = ("quantity", "unit_price", "discount")
COLUMNS = {"customer": "customer_id", "order": "order_id", "time": "timestamp", "quantity": "quantity",
           "unit_price": "unit_price", "product": "product_id", "category": "category", "discount": "discount"}


@functools.cache
def shop_text(customers=300):
    """The sample shop as CSV."""
    return subprocess.run([os.environ["MAKE_SHOP"], "--customers", str(customers)], check=True, capture_output=True,
                          timeout=60).stdout.decode()


@functools.cache
def _shop(customers):
    lines = list(csv.DictReader(io.StringIO(shop_text(customers))))
    arrays = {name: np.array([line[name] for line in lines]) for name in lines[0]}
    for name in NUMBERS:
        arrays[name] = arrays[name].astype(np.float64)
    arrays["timestamp"] = arrays["timestamp"].astype("datetime64[s]")
    return arrays


def shop(customers=300):
    """The same as a dictionary of arrays, the caller's own."""
    return {name: array.copy() for name, array in _shop(customers).items()}


def segmented(arrays=None, **more):
    """patron.segment over them."""
    return patron.segment(shop() if arrays is None else arrays, **{**COLUMNS, **more})


@functools.cache
def driver(customers=300, *arguments):
    """What the driver says of the same shop, from its JSON."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as file:
        file.write(shop_text(customers))
        file.flush()
        done = subprocess.run([os.environ["SEGMENT"], "--json", "-", *arguments, file.name], check=True,
                              capture_output=True, timeout=120)
    return json.loads(done.stdout)
