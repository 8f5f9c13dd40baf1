# SPDX-License-Identifier: GPL-3.0-or-later
"""The segments of a shop from Python, with numpy arrays.

usage: segment.py ORDERS.csv      (columns customer_id, order_id, timestamp, quantity, unit_price)
From the source tree: PYTHONPATH=lib/python/src PATRON_LIBRARY=build/libpatron.so python3 examples/segment.py ORDERS.csv
"""
import csv
import sys

import numpy as np
import patron

with open(sys.argv[1], newline="", encoding="utf-8") as file:
    lines = list(csv.DictReader(file))
orders = {name: np.array([line[name] for line in lines]) for name in lines[0]}
for name in ("quantity", "unit_price"):
    orders[name] = orders[name].astype(float)

result = patron.segment(orders, customer="customer_id", order="order_id", time="timestamp",
                        quantity="quantity", unit_price="unit_price")
print(result)                                           # a line for each segment, the best first

best = result.segments[0]
keep = result.customer_ids[result.labels == best.id]    # and result.silhouettes, result.features["frequency"] …
print(f"\nKeep the {len(keep)} of {best.name}: {', '.join(claim.meaning for claim in best.claims)}.")
print(f"They bring {best.revenue_share:.0%} of the revenue; half of them ordered {best.median['frequency']:g} times "
      "or more.")
print(f"Rows read: {result.audit['rows_read']}, used: {result.audit['rows_kept']}. Fingerprint {result.fingerprint}")
