# SPDX-License-Identifier: GPL-3.0-or-later
"""One implementation in a process of its own: reads an array, and fits when it is told to.

Told by lines of JSON on standard input, answers by lines of JSON on what was standard output. A process of its own
keeps one implementation's threads, memory and patches away from the next one's.

worker.py NAME      patron, sklearn-lloyd, sklearn-elkan, sklearnex, faiss, opencv or R; for scores of labels patron,
                    sklearn-silhouette, sklearn-sample-10000 or R-silhouette
"""
import ctypes
import gc
import importlib.metadata
import json
import math
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SMALL = 20000  # rows of the first fit, which loads libraries and starts threads


# ours, as include/patron declares it

class Context(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), *((name, ctypes.c_void_p) for name in (
        "allocate", "reallocate", "deallocate", "allocator_user", "progress", "progress_user")),
        ("threads", ctypes.c_int32), ("reserved", ctypes.c_int32)]


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int32), ("reserved", ctypes.c_int32), ("row", ctypes.c_int64),
                ("line", ctypes.c_int64), ("byte", ctypes.c_int64), ("message", ctypes.c_char * 480)]


class Rows(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("values", ctypes.c_void_p), ("rows", ctypes.c_int64),
                ("cols", ctypes.c_int64), ("row_stride", ctypes.c_int64), ("type", ctypes.c_int32),
                ("reserved", ctypes.c_int32), ("weights", ctypes.c_void_p)]


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("n_init", ctypes.c_int32), ("max_iter", ctypes.c_int32),
                ("tol", ctypes.c_double), ("seed", ctypes.c_uint64), ("initial_centroids", ctypes.c_void_p),
                ("strict", ctypes.c_int32), ("reserved", ctypes.c_int32)]


class Result(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("rows", ctypes.c_int64), ("cols", ctypes.c_int64),
                ("k", ctypes.c_int32), ("iterations", ctypes.c_int32), ("converged", ctypes.c_int32),
                ("best_start", ctypes.c_int32), ("inertia", ctypes.c_double),
                ("inertia_lower_bound", ctypes.c_double), ("fingerprint", ctypes.c_uint64)]


class SilhouetteResult(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("mean", ctypes.c_double), ("mean_macro", ctypes.c_double)]


class EstimateOptions(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("half_width", ctypes.c_double), ("level", ctypes.c_double),
                ("most_rows", ctypes.c_int64), ("seed", ctypes.c_uint64)]


class EstimateResult(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("mean", ctypes.c_double), ("half_width", ctypes.c_double),
                ("level", ctypes.c_double), ("interval", ctypes.c_int32), ("looks", ctypes.c_int32),
                ("rows_used", ctypes.c_int64)]


class Patron:
    def __init__(self, threads):
        self.library = ctypes.CDLL(os.environ["PATRON_LIBRARY"])
        self.library.patron_version.restype = ctypes.c_char_p
        self.version = self.library.patron_version().decode()
        self.threads = threads

    def _struct(self, kind, initialise):
        struct = kind()
        getattr(self.library, initialise)(ctypes.byref(struct), ctypes.c_size_t(ctypes.sizeof(struct)))
        return struct

    def _need(self, status, error):
        if status != 0:
            raise RuntimeError(error.message.decode())

    def _given(self, values):
        context, rows = self._struct(Context, "patron_context_init"), self._struct(Rows, "patron_rows_init")
        assert context.threads == 1, "these declarations are not the library's"
        context.threads = self.threads
        rows.values, (rows.rows, rows.cols) = values.ctypes.data, values.shape
        rows.type = 1 if values.dtype == np.float32 else 0
        return context, rows

    def score(self, values, labels, job):
        """The exact silhouette of every labeling in one sweep, or the estimate of one: scores, half-widths."""
        (context, rows), error, count = self._given(values), Error(), len(labels)
        given = np.ascontiguousarray(np.concatenate(labels), dtype=np.int32)
        k = (ctypes.c_int32 * count)(*(int(one.max()) + 1 for one in labels))
        common = ctypes.byref(rows), ctypes.c_void_p(given.ctypes.data)
        if job["score"] == "silhouette":
            results = (SilhouetteResult * count)()
            for result in results:
                result.size = ctypes.sizeof(SilhouetteResult)
            self._need(self.library.patron_silhouette_sweep(results, None, None, *common, k, ctypes.c_int32(count),
                                                            ctypes.byref(context), ctypes.byref(error)), error)
            return [result.mean for result in results], [0.0] * count
        options = self._struct(EstimateOptions, "patron_silhouette_estimate_options_init")
        options.half_width, options.seed = job["half_width"], job["seed"]
        result = EstimateResult(size=ctypes.sizeof(EstimateResult))
        self._need(self.library.patron_silhouette_estimate(ctypes.byref(result), None, None, *common, k[0],
                                                           ctypes.byref(options), ctypes.byref(context),
                                                           ctypes.byref(error)), error)
        return [result.mean], [result.half_width]

    def fit(self, values, job):
        """From the array to every k's labels. The buffer of labels is made here, so that it counts as ours."""
        (context, rows), error = self._given(values), Error()
        options = self._struct(Options, "patron_kmeans_options_init")
        assert options.max_iter == 300, "these declarations are not the library's"
        options.n_init, options.max_iter, options.seed = job["n_init"], job["max_iter"], job["seed"]
        options.strict = int(job["strict"])
        if job["start"] is not None:
            start = np.array(job["start"], dtype=np.float64)
            options.initial_centroids = start.ctypes.data
        first, last = job["k_min"], job["k_max"]
        count = last - first + 1
        labels, fits = np.empty((count, len(values)), dtype=np.int32), (ctypes.c_void_p * count)()
        common = ctypes.byref(options), ctypes.byref(context), ctypes.byref(error)
        into = fits, ctypes.c_void_p(labels.ctypes.data), ctypes.byref(rows)
        if count == 1:
            status = self.library.patron_kmeans_fit(*into, ctypes.c_int32(first), *common)
        else:
            status = self.library.patron_kmeans_sweep(*into, ctypes.c_int32(first), ctypes.c_int32(last), *common)
        self._need(status, error)
        iterations = []
        for fit in fits:
            result = Result(size=ctypes.sizeof(Result))
            self._need(self.library.patron_kmeans_result_get(ctypes.byref(result), ctypes.c_void_p(fit),
                                                             ctypes.byref(error)), error)
            iterations.append(result.iterations)
            self.library.patron_kmeans_free(ctypes.c_void_p(fit))
        return list(labels), iterations


# the others: one k at a time

class EachK:
    def fit(self, values, job):
        found = [self.one(values, k, job) for k in range(job["k_min"], job["k_max"] + 1)]
        return [labels for labels, _ in found], [iterations for _, iterations in found]


class Sklearn(EachK):
    def __init__(self, threads, algorithm):
        import sklearn.cluster
        self.KMeans, self.algorithm, self.version = sklearn.cluster.KMeans, algorithm, version("scikit-learn")

    def one(self, values, k, job):
        start = "k-means++" if job["start"] is None else np.array(job["start"], dtype=values.dtype)
        model = self.KMeans(k, init=start, n_init=job["n_init"], max_iter=job["max_iter"], random_state=job["seed"],
                            algorithm=self.algorithm, **({} if job["tol"] is None else {"tol": job["tol"]}))
        model.fit(values)
        self.check(model)
        return model.labels_, int(model.n_iter_)

    def check(self, model):
        pass


class Sklearnex(Sklearn):
    def __init__(self, threads):
        import daal4py
        from sklearnex.cluster import KMeans
        daal4py.daalinit(nthreads=threads)
        self.KMeans, self.algorithm, self.version = KMeans, "lloyd", version("scikit-learn-intelex")

    def check(self, model):
        # It hands what it cannot do to scikit-learn, in silence.
        assert hasattr(model, "_onedal_estimator"), "fell back to scikit-learn"


class Faiss(EachK):
    """As many passes as the others may have; it stops before that when the objective stays the same."""

    def __init__(self, threads):
        import faiss
        faiss.omp_set_num_threads(threads)
        self.faiss, self.version = faiss, version("faiss-cpu")

    def one(self, values, k, job):
        kmeans = self.faiss.Kmeans(values.shape[1], k, niter=job["max_iter"], nredo=job["n_init"],
                                   seed=job["seed"] + 1, max_points_per_centroid=len(values))
        kmeans.train(values)
        return kmeans.index.search(values, 1)[1].ravel(), len(kmeans.obj)  # passes of all its starts


class OpenCV(EachK):
    """It has no default criterion: scikit-learn's in its terms. It makes at most 100 passes, whatever is asked."""

    def __init__(self, threads):
        import cv2
        cv2.setNumThreads(threads)
        self.cv2, self.version = cv2, version("opencv-python-headless")

    def one(self, values, k, job):
        cv2 = self.cv2
        cv2.setRNGSeed(job["seed"] + 1)
        shift = math.sqrt(1e-4 * float(np.mean(np.var(values, axis=0))))
        stop = cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, min(job["max_iter"], 100), shift
        labels = cv2.kmeans(values, k, None, stop, job["n_init"], cv2.KMEANS_PP_CENTERS)[1]
        return labels.ravel(), None


class R:
    """R's kmeans (Hartigan & Wong), on one thread: it has no other. R times itself, from the matrix to labels."""

    def __init__(self, threads):
        said = subprocess.run(["Rscript", "--version"], capture_output=True, text=True, check=True)
        self.version = (said.stdout + said.stderr).split("version ")[-1].split()[0]

    def fit(self, values, job):
        labels, iterations, seconds, peaks = [], [], 0.0, []
        with tempfile.TemporaryDirectory() as folder:
            rows, out = os.path.join(folder, "rows"), os.path.join(folder, "labels")
            values.astype(np.float64).tofile(rows)
            for k in range(job["k_min"], job["k_max"] + 1):
                run = subprocess.run(["Rscript", os.path.join(HERE, "peer_r.R"), rows, str(len(values)),
                                      str(values.shape[1]), str(k), str(job["n_init"]), str(job["max_iter"]),
                                      str(job["seed"]), out], capture_output=True, text=True)
                if run.returncode != 0:
                    raise RuntimeError(run.stderr[-500:])
                said = json.loads(run.stdout.splitlines()[-1])
                labels.append(np.fromfile(out, dtype=np.int32) - 1)
                iterations.append(said["iterations"])
                seconds += said["seconds"]
                peaks.append(said["peak_mib"])
        self.measured = seconds, max(peaks)
        return labels, iterations


class SklearnSilhouette:
    """silhouette_score of each labeling, one after the other; of a sample of 10,000 rows where that is asked."""

    def __init__(self, threads, sample):
        from sklearn.metrics import silhouette_score
        self.silhouette_score, self.sample, self.version = silhouette_score, sample, version("scikit-learn")

    def score(self, values, labels, job):
        sample = {} if self.sample is None else {"sample_size": min(self.sample, len(values))}
        return [float(self.silhouette_score(values, one, random_state=job["seed"], **sample)) for one in labels], None


class RSilhouette(R):
    """R's cluster::silhouette of dist(rows), which it times itself."""

    def score(self, values, labels, job):
        found, seconds, peaks = [], 0.0, []
        with tempfile.TemporaryDirectory() as folder:
            rows, given = os.path.join(folder, "rows"), os.path.join(folder, "labels")
            values.astype(np.float64).tofile(rows)
            for one in labels:
                (one.astype(np.int32) + 1).tofile(given)
                run = subprocess.run(["Rscript", os.path.join(HERE, "peer_silhouette.R"), rows, str(len(values)),
                                      str(values.shape[1]), given], capture_output=True, text=True)
                if run.returncode != 0:
                    raise RuntimeError(run.stderr[-500:])
                said = json.loads(run.stdout.splitlines()[-1])
                found.append(said["score"])
                seconds += said["seconds"]
                peaks.append(said["peak_mib"])
        self.measured = seconds, max(peaks)
        return found, None


def version(package):
    return importlib.metadata.version(package)


MAKE = {"patron": Patron, "sklearn-lloyd": lambda threads: Sklearn(threads, "lloyd"),
        "sklearn-elkan": lambda threads: Sklearn(threads, "elkan"), "sklearnex": Sklearnex, "faiss": Faiss,
        "opencv": OpenCV, "R": R, "sklearn-silhouette": lambda threads: SklearnSilhouette(threads, None),
        "sklearn-sample-10000": lambda threads: SklearnSilhouette(threads, 10000), "R-silhouette": RSilhouette}


# what is measured

def status_mib(field):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field)) / 1024


def peak_start():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed and kept would be used again unseen
    resident = status_mib("VmRSS:")
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
    return resident


def inertia(values, labels):
    """Of the labels and their clusters' means, in double whatever the values are: means, then squared distances."""
    k, rows = int(labels.max()) + 1, len(values)
    sums, sizes = np.zeros((k, values.shape[1])), np.zeros(k)
    pieces = [slice(at, min(at + 65536, rows)) for at in range(0, rows, 65536)]
    for piece in pieces:
        block, of = values[piece].astype(np.float64), labels[piece]
        sizes += np.bincount(of, minlength=k)
        for column in range(values.shape[1]):
            sums[:, column] += np.bincount(of, weights=block[:, column], minlength=k)
    means = sums / np.maximum(sizes, 1)[:, None]
    return math.fsum(float(np.sum((values[piece].astype(np.float64) - means[labels[piece]]) ** 2))
                     for piece in pieces)


def answer(implementation, values, job):
    given = [np.fromfile(path, dtype=np.uint8).astype(np.int32) for path in job.get("labels", [])]
    before = peak_start()
    start = time.perf_counter()
    found = implementation.score(values, given, job) if given else implementation.fit(values, job)
    seconds = time.perf_counter() - start
    peak = max(status_mib("VmHWM:") - before, 0.0)
    if hasattr(implementation, "measured"):
        seconds, peak = implementation.measured
    if given:
        return {"seconds": seconds, "peak_mib": peak, "score": found[0], "half_width": found[1]}
    labels, iterations = found
    for path, one in zip(job.get("labels_to", []), labels):
        one.astype(np.uint8).tofile(path)
    return {"seconds": seconds, "peak_mib": peak, "iterations": iterations,
            "inertia": [inertia(values, one) for one in labels]}


def main():
    name = sys.argv[1]
    # Libraries print what they like to standard output; answers go past them.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    implementation, values, cold = None, None, True
    for line in sys.stdin:
        job = json.loads(line)
        try:
            if "load" in job:
                os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:job["threads"]])
                values = np.fromfile(job["load"], dtype="<f4" if job["dtype"] == "f32" else "<f8")
                values = values.reshape(-1, job["cols"])
                implementation = MAKE[name](job["threads"])
                said = {"version": implementation.version}
            else:
                if cold and "labels_to" not in job:
                    few = np.ascontiguousarray(values[:SMALL])
                    if "labels" in job:
                        implementation.score(few[:1000], [np.arange(1000) % 2], job)
                    else:
                        implementation.fit(few, job)
                    cold = False
                said = answer(implementation, values, job)
        except Exception as exception:  # one that cannot is a line of the table, not the end of it
            said = {"error": f"{type(exception).__name__}: {exception}"[:300]}
        print(json.dumps(said), file=answers)


if __name__ == "__main__":
    main()
