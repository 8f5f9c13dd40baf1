# SPDX-License-Identifier: GPL-3.0-or-later
"""Times patron and other implementations of k-means and silhouettes in turn on the same rows: ours, A, B, …, ours, ….

peers.py --bench PROGRAM --library FILE --folder FOLDER [options] WORK …    (all: every work; see works.py)

Writes FOLDER/results/WORK.jsonl, one line of JSON for each comparison, and FOLDER/results/machine.json. Seconds are
medians, from the array to the labels of every k. Repeat r of everyone has seed r. Inertia is recomputed from labels by
the same code for all, and scores are of the labels that ours finds; `…_inertia` is of seed 0, `…_inertia_best` and
`…_inertia_worst` are of all repeats. Peak memory is what a fit needed beyond what was resident before it, the input
included in the latter.
"""
import argparse
import dataclasses
import datetime
import json
import os
import platform
import queue
import shutil
import statistics
import subprocess
import sys
import threading
import time

import numpy as np

from works import WORKS

HERE = os.path.dirname(os.path.abspath(__file__))
REST = 0.3  # seconds between turns: threads of the last one that still wait, spinning, have given up by then
LOADING = 300  # seconds that reading rows and loading libraries may take


class Worker:
    """A process that has the rows and fits to them. When a job takes longer than `limit` seconds it is ended, and the
    next job starts another."""

    program = "worker.py"

    def __init__(self, name, options, **load):
        count = str(options.threads)
        self.environment = dict(os.environ, PATRON_LIBRARY=os.path.abspath(options.library), **{
            f"{part}_NUM_THREADS": count for part in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLIS", "VECLIB")},
            POLARS_MAX_THREADS=count)
        self.name, self.limit, self.load, self.process = name, options.limit, load, None
        self.loaded = self._start()

    def _start(self):
        self.process = subprocess.Popen([sys.executable, "-B", os.path.join(HERE, self.program), self.name], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1,
                                        env=self.environment)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, args=(self.process, self.lines), daemon=True).start()
        return self._exchange(self.load, max(self.limit, LOADING))

    @staticmethod
    def _read(process, lines):
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    def _exchange(self, job, limit):
        try:
            self.process.stdin.write(json.dumps(job) + "\n")
            line = self.lines.get(timeout=limit)
        except BrokenPipeError:
            line = None
        except queue.Empty:
            self.process.kill()
            self.process.wait()
            return {"error": f"took more than {limit:g} s"}
        return {"error": "its process ended"} if line is None else json.loads(line)

    def ask(self, **job):
        if self.process.poll() is not None:
            said = self._start()
            if "error" in said:
                return said
        return self._exchange(job, self.limit)

    def end(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()


class Turns:
    """What one competitor did in all of its turns."""

    def __init__(self, name, tol, worker, version):
        self.name, self.tol, self.worker, self.version = name, tol, worker, version
        self.answers, self.error, self.spent = [], None, 0.0

    def take(self, case, repeat, start, labels):
        if labels:
            said = self.worker.ask(score=case.score, half_width=case.half_width, seed=repeat, labels=labels)
        else:
            said = self.worker.ask(k_min=case.k_min, k_max=case.k_max, n_init=case.n_init, tol=self.tol, seed=repeat,
                                   max_iter=case.max_iter, strict=case.strict, start=start)
        if "error" in said:
            self.error = said["error"]
            print(f"  {self.name}: {self.error}", file=sys.stderr)
            return
        self.answers.append(said)
        self.spent += said["seconds"]

    def told(self, who):
        """Its part of a line; `who` is "ours" or "peer"."""
        if self.answers and "score" in self.answers[0]:
            return self._told_score(who)
        single = bool(self.answers) and len(self.answers[0]["inertia"]) == 1

        def plain(numbers):
            return numbers[0] if single else numbers

        if not self.answers:
            found = dict.fromkeys(("s", "s_min", "s_max", "inertia", "inertia_best", "inertia_worst", "iterations",
                                   "peak_mib"))
        else:
            seconds = [a["seconds"] for a in self.answers]
            by_k = list(zip(*(a["inertia"] for a in self.answers)))
            found = {"s": statistics.median(seconds), "s_min": min(seconds), "s_max": max(seconds),
                     "inertia": plain(self.answers[0]["inertia"]), "inertia_best": plain([min(x) for x in by_k]),
                     "inertia_worst": plain([max(x) for x in by_k]),
                     "iterations": plain(self.answers[0]["iterations"]),
                     "peak_mib": max(a["peak_mib"] for a in self.answers)}
        return {f"{who}_{name}": value for name, value in {**found, "repeats": len(self.answers)}.items()}


    def _told_score(self, who):
        seconds, first = [a["seconds"] for a in self.answers], self.answers[0]
        found = {"s": statistics.median(seconds), "s_min": min(seconds), "s_max": max(seconds), "score": first["score"],
                 "half_width": first["half_width"], "peak_mib": max(a["peak_mib"] for a in self.answers),
                 "scores": [a["score"] for a in self.answers], "repeats": len(self.answers)}
        return {f"{who}_{name}": value for name, value in found.items()}


def make_labels(case, path, worker):
    """The labels of every k that ours finds, a file each."""
    files = [f"{path}.labels-{k}" for k in range(case.k_min, case.k_max + 1)]
    if not all(os.path.exists(file) for file in files):
        said = worker.ask(k_min=case.k_min, k_max=case.k_max, n_init=1, tol=0.0, seed=0, max_iter=300, strict=False,
                          start=None, labels_to=files)
        if "error" in said:
            raise SystemExit(f"patron: {said['error']}")
    return files


def make_rows(case, options):
    """The case's rows as a file, made once; and the number of them, which --scale changes."""
    rows = max(int(case.rows * options.scale), 1000)
    name = f"{case.data}-{rows}x{case.cols}.{'fine-' if case.fine else ''}{case.dtype}"
    path = os.path.join(options.folder, "data", name)
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        subprocess.run([options.bench, "--data", case.data, "--rows", str(rows), "--cols", str(case.cols), "--dtype",
                        case.dtype, *(["--fine"] if case.fine else []), "--repeats", "0", "--output", path + ".part"],
                       check=True)
        os.replace(path + ".part", path)
    return path, rows


def same_start(case, path, rows):
    """k rows, evenly spread over the array."""
    values = np.memmap(path, dtype="<f4" if case.dtype == "f32" else "<f8", mode="r", shape=(rows, case.cols))
    return [[float(x) for x in values[(2 * i + 1) * rows // (2 * case.k_min)]] for i in range(case.k_min)]


def competitors(case, path, options):
    """Ours and the peers that can be asked, each with its process; one process for both tolerances of a peer."""
    workers, turns = {}, []
    for name, tol in (("patron", 0.0), *case.peers):
        if options.peers and name not in options.peers + ["patron"]:
            continue
        if name.startswith("R") and shutil.which("Rscript") is None:
            print("  SKIPPED: R: there is no Rscript", file=sys.stderr)
            continue
        if name not in workers:
            workers[name] = Worker(name, options, load=path, dtype=case.dtype, cols=case.cols,
                                   threads=options.threads)
        worker = workers[name]
        turns.append(Turns(name, tol, worker, worker.loaded.get("version")))
        turns[-1].error = worker.loaded.get("error")
        if turns[-1].error:
            print(f"  {name}: {turns[-1].error}", file=sys.stderr)
    return list(workers.values()), turns


def compare(case, options):
    """A line for each peer."""
    path, rows = make_rows(case, options)
    start = same_start(case, path, rows) if case.same_start else None
    workers, turns = competitors(case, path, options)
    labels = make_labels(case, path, turns[0].worker) if case.score else []
    for repeat in range(options.repeats):
        for one in turns:
            # Who is slow has fewer turns, and the line says how many; everyone has one.
            if one.error or (repeat > 0 and one.spent * (repeat + 1) / repeat > options.budget):
                continue
            time.sleep(REST)
            one.take(case, repeat, start, labels)
    for worker in workers:
        worker.end()
    ours = turns[0]
    if ours.error:
        raise SystemExit(f"patron: {ours.error}")
    for peer in turns[1:]:
        line = {"work": case.work, "data": case.data, "rows": rows, "cols": case.cols, "k": case.k,
                "dtype": case.dtype, "fine": case.fine, "n_init": case.n_init, "strict": case.strict,
                "same_start": case.same_start, "max_iter": case.max_iter, "threads": options.threads,
                "score": case.score, "half_width": case.half_width, "peer": peer.name,
                "peer_version": peer.version, "tol": peer.tol, "ours_version": ours.version,
                **ours.told("ours"), **peer.told("peer")}
        line["ratio"] = line["peer_s"] / line["ours_s"] if peer.answers else None
        line["error"] = peer.error
        yield line


def describe(options):
    """What it ran on."""
    def first(path, field):
        with open(path, encoding="utf-8") as file:
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith(field)), "unknown")

    memory = int(first("/proc/meminfo", "MemTotal").split()[0]) / 2 ** 20
    return {"cpu": first("/proc/cpuinfo", "model name"), "cores": len(os.sched_getaffinity(0)),
            "memory_gib": round(memory, 1), "kernel": f"{platform.system()} {platform.release()}",
            "compiler": options.compiler, "python": platform.python_version(), "threads": options.threads,
            "repeats": options.repeats, "budget_s": options.budget,
            "load": round(os.getloadavg()[0], 2), "date": datetime.date.today().isoformat()}


def read_options(doc, works, bench, limit):
    """`doc`: what the script is for; `bench`: what makes its data; `limit`: the default, seconds."""
    parser = argparse.ArgumentParser(description=doc.split("\n", maxsplit=1)[0])
    parser.add_argument("work", nargs="+", choices=[*works, "all"], metavar="WORK", help=f"{', '.join(works)} or all")
    parser.add_argument("--bench", required=True, help=bench)
    parser.add_argument("--library", required=True, help="libpatron.so")
    parser.add_argument("--folder", required=True, help="for data and results")
    parser.add_argument("--compiler", default="unknown", help="what the library was built with")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--budget", type=float, default=120, help="seconds for a competitor in a case (120)")
    parser.add_argument("--limit", type=float, default=limit, help=f"seconds for one turn, then it is ended ({limit})")
    parser.add_argument("--peers", type=lambda text: text.split(","), default=[], help="only these, as in faiss,R")
    parser.add_argument("--scale", type=float, default=1, help="of the sizes, to try it out")
    return parser.parse_args()


def run_works(options, works, lines_of):
    """Writes the machine, and for each work what lines_of(work) yields."""
    folder = os.path.join(options.folder, "results")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "machine.json"), "w", encoding="utf-8") as file:
        json.dump(describe(options), file, indent=1)
    for work in works if "all" in options.work else options.work:
        path = os.path.join(folder, f"{work}.jsonl")
        with open(path + ".part", "w", encoding="utf-8", buffering=1) as file:
            for line in lines_of(work):
                print(json.dumps(line))
                print(json.dumps(line), file=file)
        os.replace(path + ".part", path)


def main():
    options = read_options(__doc__, WORKS, "bench_kmeans, which makes the rows", 3600)

    def lines_of(work):
        for case in WORKS[work]:
            print("==", " ".join(f"{name}={value}" for name, value in dataclasses.asdict(case).items()
                                 if name != "peers"), file=sys.stderr)
            yield from compare(case, options)

    run_works(options, WORKS, lines_of)


if __name__ == "__main__":
    main()
