# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds features of customers with patron, DuckDB, polars and pandas in turn from the same Arrow table: ours, peer A,
peer B, …, ours, …, and compares every value.

features.py --bench PROGRAM --library FILE --folder FOLDER [options] WORK …    (all: every work)

Writes FOLDER/results/WORK.jsonl, a line of JSON for each comparison. Seconds are medians, from the table in memory to
a column of each feature; cpu_s are those of all threads, which a busy machine disturbs less. max_difference is that of
the value that differs most: |ours - theirs| over the greatest of both and 1; where one has no value and the other has,
it is infinite.
"""
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import time

import numpy as np

import peers

PEERS = ("duckdb", "duckdb-table", "polars", "polars-streaming", "pandas")

# work: (lines, customers to draw from, ids, the whole catalogue). Some one in eight customers never comes.
WORKS = {
    "features-rfm-1e7": (10000000, 1150000, "number", False),
    "features-rfm-text-1e7": (10000000, 1150000, "text", False),
    "features-all-1e7": (10000000, 1150000, "number", True),
    "features-all-text-1e7": (10000000, 1150000, "text", True),
}


class Worker(peers.Worker):
    program = "features_worker.py"


class Turns:
    """What one competitor did in all of its turns."""

    def __init__(self, name, worker):
        self.name, self.worker = name, worker
        self.version, self.error = worker.loaded.get("version"), worker.loaded.get("error")
        self.answers, self.spent = [], 0.0

    def take(self, save):
        said = self.worker.ask(save=save)
        self.error = said.get("error")
        if self.error is None:
            self.answers.append(said)
            self.spent += said["seconds"]

    def median(self, what):
        return statistics.median(a[what] for a in self.answers) if self.answers else None

    def peak(self):
        return max(a["peak_mib"] for a in self.answers) if self.answers else None


def make_lines(options, lines, customers):
    folder = os.path.join(options.folder, "data", f"lines-{lines}x{customers}")
    if not os.path.exists(os.path.join(folder, "channel.i32")):  # the newest column: an older folder is made anew
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder + ".part", exist_ok=True)
        subprocess.run([options.bench, "--lines", str(lines), "--customers", str(customers), "--output",
                        folder + ".part"], check=True)
        os.replace(folder + ".part", folder)
    return folder


def read(path):
    with open(path + ".names", encoding="utf-8") as file:
        return json.load(file), np.load(path + ".npy")


def difference(ours, theirs):
    """(the greatest difference, of which feature): of the same customers, and of the columns that ours has, else
    infinite."""
    (names, mine), (their_names, other) = ours, theirs
    if len(mine) != len(other) or not np.array_equal(mine[:, 0], other[:, 0]):
        return math.inf, f"{len(mine)} customers and {len(other)}, or others"
    if not set(names) <= set(their_names):
        return math.inf, "columns: " + ", ".join(sorted(set(names) - set(their_names)))
    worst = 0.0, ""
    for at, name in enumerate(names):
        x, y = mine[:, 1 + at], other[:, 1 + their_names.index(name)]
        if (np.isnan(x) != np.isnan(y)).any():
            return math.inf, f"{name} is missing for others"
        there = ~np.isnan(x)
        x, y = x[there], y[there]
        if len(x):
            apart = float(np.max(np.abs(x - y) / np.maximum(np.maximum(np.abs(x), np.abs(y)), 1.0)))
            worst = max(worst, (apart, name))
    return worst


def competitors(options, folder, ids, every):
    for name in ("patron", *PEERS):
        if name != "patron" and (options.peers and name not in options.peers or every and name == "pandas"):
            continue
        one = Turns(name, Worker(name, options, load=folder, ids=ids, every=every, threads=options.threads))
        if one.error:
            print(f"  {name}: {one.error}", file=sys.stderr)
        yield one


def compare(work, options):
    """A line for each peer."""
    lines, customers, ids, every = WORKS[work]
    lines, customers = max(int(lines * options.scale), 1000), max(int(customers * options.scale), 100)
    folder = make_lines(options, lines, customers)
    turns, saved = list(competitors(options, folder, ids, every)), {}
    for repeat in range(options.repeats):
        for one in turns:
            # Who is slow has fewer turns, and the line says how many; everyone has one.
            if one.error or (repeat > 0 and one.spent * (repeat + 1) / repeat > options.budget):
                continue
            time.sleep(peers.REST)
            saved[one.name] = os.path.join(options.folder, f"values-{one.name}")
            one.take(saved[one.name] if repeat == 0 else None)
            if one.error:
                print(f"  {one.name}: {one.error}", file=sys.stderr)
    for one in turns:
        one.worker.end()
    ours = turns[0]
    if ours.error:
        raise SystemExit(f"patron: {ours.error}")
    mine = read(saved["patron"])
    for peer in turns[1:]:
        apart, feature = difference(mine, read(saved[peer.name])) if peer.answers else (None, None)
        line = {"work": work, "lines": lines, "customers": len(mine[1]), "ids": ids, "features": len(mine[0]),
                "threads": options.threads, "peer": peer.name, "peer_version": peer.version,
                "ours_version": ours.version, "ours_s": ours.median("seconds"),
                "ours_append_s": ours.median("append_s"), "peer_s": peer.median("seconds"), "ratio": None,
                "ours_cpu_s": ours.median("cpu_s"), "peer_cpu_s": peer.median("cpu_s"),
                "max_difference": apart, "differs_most": feature, "ours_peak_mib": ours.peak(),
                "peer_peak_mib": peer.peak(), "ours_repeats": len(ours.answers), "peer_repeats": len(peer.answers),
                "error": peer.error}
        if peer.answers:
            line["ratio"] = line["peer_s"] / line["ours_s"]
        yield line


def main():
    options = peers.read_options(__doc__, WORKS, "bench_features, which makes the lines", 600)

    def lines_of(work):
        print("==", work, file=sys.stderr)
        yield from compare(work, options)

    peers.run_works(options, WORKS, lines_of)


if __name__ == "__main__":
    main()
