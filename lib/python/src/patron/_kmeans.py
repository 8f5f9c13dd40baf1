# SPDX-License-Identifier: GPL-3.0-or-later
"""k-means and silhouette alone, in the manner of scikit-learn."""
import ctypes
import dataclasses

import numpy as np

from . import _columns
from . import _declarations as c
from ._call import PatronError, as_c, call, create, invalid, new, options, work
from ._library import library


class KMeans:
    """k groups of rows that lie close to their group's mean.

    n_clusters; n_init: seedings tried, 0 or "auto" as many as the rows ask for; init: None (k-means++), or the
    centroids to start from; max_iter; tol: 0 stops when no label changes; seed; strict: True runs every seeding on all
    rows, however many there are; threads: 0 is every core, and the result is the same for any number.
    After fit: labels_, cluster_centers_, inertia_, n_iter_, converged_, inertia_lower_bound_, trace_ (the inertia after
    each iteration), fingerprint_; n_init_ (seedings tried), screened_ (True: on a sample of sample_rows_ rows, and
    polished_ of the optima found there on all rows), seconds_ (wall-clock time by stage: pack, screen, polish, finish).
    """

    def __init__(self, n_clusters, *, n_init=0, init=None, max_iter=300, tol=0.0, seed=0, strict=False, threads=0):
        self.n_clusters, self.n_init, self.init, self.max_iter = n_clusters, n_init, init, max_iter
        self.tol, self.seed, self.strict, self.threads = tol, seed, strict, threads

    def fit(self, X, y=None, sample_weight=None):  # y: as scikit-learn has it, not used
        """Fits to the rows of X, which count sample_weight times each."""
        clusters = as_c("n_clusters", c.c_int32, self.n_clusters)
        view, kept, (count, width) = _columns.rows("X", X, sample_weight)
        automatic = isinstance(self.n_init, str) and self.n_init == "auto"
        given = {"n_init": 0 if automatic else self.n_init, "max_iter": self.max_iter, "tol": self.tol,
                 "seed": self.seed, "strict": self.strict}
        if self.init is not None:
            start = _columns.plain("init", self.init, 2)
            if start.dtype.kind not in "fiu":
                _columns.refuse("init", start, "numbers")
            start = np.ascontiguousarray(start, dtype=np.float64)
            if start.shape != (clusters, width):
                raise invalid(f"init is of shape {start.shape}; give {(clusters, width)}")
            kept.append(start)
            given["initial_centroids"] = _columns.pointer(start, c.c_double)
        chosen = options(c.KmeansOptions, library.patron_kmeans_options_init, given)
        labels = np.empty(max(count, 1), dtype=np.int32)
        handle = create(c.Kmeans, library.patron_kmeans_free, library.patron_kmeans_fit,
                        _columns.pointer(labels, c.c_int32), ctypes.byref(view), clusters, ctypes.byref(chosen),
                        threads=self.threads)
        del kept
        result = new(c.KmeansResult)
        call(library.patron_kmeans_result_get, ctypes.byref(result), handle.pointer)
        self._handle, self.labels_, self.n_features_in_ = handle, labels, width
        self.cluster_centers_ = np.ctypeslib.as_array(library.patron_kmeans_centroids(handle.pointer),
                                                      shape=(result.k, width)).copy()
        self.trace_ = np.ctypeslib.as_array(library.patron_kmeans_trace(handle.pointer),
                                            shape=(result.iterations,)).copy()
        self.inertia_, self.n_iter_, self.converged_ = result.inertia, result.iterations, bool(result.converged)
        self.inertia_lower_bound_ = result.inertia_lower_bound
        self.fingerprint_ = f"{result.fingerprint:016x}"
        self.n_init_, self.screened_, self.sample_rows_ = result.n_init, bool(result.screened), result.sample_rows
        self.polished_ = result.polished
        self.seconds_ = {"pack": result.pack_s, "screen": result.screen_s, "polish": result.polish_s,
                         "finish": result.finish_s}
        return self

    def _given(self, X, sample_weight=None):
        """The fitted handle, and rows as _columns.rows has them."""
        if not hasattr(self, "_handle"):
            raise ValueError("this KMeans is not fitted yet; call fit first")
        return self._handle.pointer, *_columns.rows("X", X, sample_weight)

    def predict(self, X):
        """The nearest centroid of each row."""
        handle, view, kept, (count, _) = self._given(X)
        labels = np.empty(max(count, 1), dtype=np.int32)
        work(library.patron_kmeans_predict, _columns.pointer(labels, c.c_int32), handle, ctypes.byref(view),
             threads=self.threads)
        del kept
        return labels[:count]

    def transform(self, X):
        """The distance of each row to each centroid."""
        return self._distances(X, None)

    def _distances(self, X, sample_weight):
        """transform; the weights are checked, and change nothing."""
        handle, view, kept, (count, _) = self._given(X, sample_weight)
        distances = np.empty((max(count, 1), len(self.cluster_centers_)))
        work(library.patron_kmeans_transform, _columns.pointer(distances, c.c_double), handle, ctypes.byref(view),
             threads=self.threads)
        del kept
        return distances[:count]

    def score(self, X, y=None, sample_weight=None):
        """Less the inertia of these rows: the sum of squared distances to the nearest centroid, negative."""
        squares = self._distances(X, sample_weight).min(axis=1) ** 2
        return -float(squares.sum() if sample_weight is None else squares @ np.asarray(sample_weight, dtype=float))

    def fit_predict(self, X, y=None, sample_weight=None):
        """fit, and then labels_."""
        return self.fit(X, y, sample_weight).labels_

    def fit_transform(self, X, y=None, sample_weight=None):
        """fit, and then transform of the same rows."""
        return self.fit(X, y, sample_weight).transform(X)


def _labeled(X, labels, sample_weight):
    """Rows as _columns.rows has them, labels as numbers from 0, and how many there are."""
    view, kept, (count, _) = _columns.rows("X", X, sample_weight)
    try:
        names, numbers = np.unique(_columns.plain("labels", labels), return_inverse=True)
    except TypeError as error:
        raise TypeError(f"labels are not of one kind ({error}); give numbers or texts") from None
    if len(numbers) != count:
        raise invalid(f"labels has {len(numbers)} values, X has {count} rows")
    return view, kept, np.ascontiguousarray(numbers, dtype=np.int32), max(len(names), 1)


def _silhouette(function, X, labels, sample_weight, threads, scores):
    view, kept, numbers, k = _labeled(X, labels, sample_weight)
    result = new(c.SilhouetteResult)
    work(function, ctypes.byref(result), scores and _columns.pointer(scores[0], c.c_double), None, ctypes.byref(view),
         _columns.pointer(numbers, c.c_int32), k, threads=threads)
    del kept
    return result


def _index(function, X, labels, sample_weight):
    view, kept, numbers, k = _labeled(X, labels, sample_weight)
    value = c.c_double()
    work(function, ctypes.byref(value), ctypes.byref(view), _columns.pointer(numbers, c.c_int32), k, threads=1)
    del kept
    return value.value


def silhouette_score(X, labels, *, sample_weight=None, threads=0):
    """The mean over rows of how well each sits in its own cluster (Euclidean, exact); weights count as copies."""
    return _silhouette(library.patron_silhouette, X, labels, sample_weight, threads, None).mean


def silhouette_scores(X, labelings, *, sample_weight=None, threads=0):
    """silhouette_score for each of several labelings of the same rows, all in about the time of one."""
    given = [_labeled(X, labels, sample_weight) for labels in labelings]
    if not given:
        return []
    view, kept, _, _ = given[0]
    numbers = np.concatenate([labels for _, _, labels, _ in given])
    k = np.array([count for _, _, _, count in given], dtype=np.int32)
    results = (c.SilhouetteResult * len(given))()
    for result in results:
        result.size = ctypes.sizeof(c.SilhouetteResult)
    work(library.patron_silhouette_sweep, results, None, None, ctypes.byref(view), _columns.pointer(numbers, c.c_int32),
         _columns.pointer(k, c.c_int32), len(given), threads=threads)
    del kept
    return [result.mean for result in results]


@dataclasses.dataclass(frozen=True)
class SilhouetteEstimate:
    """The mean silhouette: mean - half_width to mean + half_width holds the exact one at `level`. interval: "clt" or
    "exact"; reached: half_width is as narrow as asked; rows_used: rows that were scored, exactly. cluster_means and
    cluster_half_widths: of each label's rows, in the order of np.unique(labels)."""
    mean: float
    half_width: float
    level: float
    interval: str
    reached: bool
    looks: int
    rows_used: int
    clusters: int
    seconds: float
    cluster_means: object = None
    cluster_half_widths: object = None


@dataclasses.dataclass(frozen=True)
class SilhouetteComparison:
    """The labeling with the highest mean silhouette, `best`, and the `rival` most nearly as good (both from 0);
    difference: of their means, to half_width at `level`; certain: every other labeling is worse, at the level; ended:
    "certain", "close" (all differences are known to the half-width asked) or "budget"; estimates: of each labeling."""
    best: int
    rival: int
    difference: float
    half_width: float
    level: float
    certain: bool
    ended: str
    interval: str
    looks: int
    rows_used: int
    seconds: float
    estimates: list


def _word(prefix, value):
    """The name of a choice: PATRON_INTERVAL_CLT is "clt"."""
    return next(name.removeprefix(prefix).lower() for name, number in vars(c).items()
                if name.startswith(prefix) and number == value)


def _estimate_options(**given):
    return options(c.SilhouetteEstimateOptions, library.patron_silhouette_estimate_options_init, given)


def _estimate(result, asked, **more):
    names = ("mean", "half_width", "level", "looks", "rows_used", "clusters", "seconds")
    return SilhouetteEstimate(**{name: getattr(result, name) for name in names}, **more,
                              interval=_word("PATRON_INTERVAL_", result.interval), reached=result.half_width <= asked)


def silhouette_estimate(X, labels, *, half_width=None, level=None, most_rows=None, seed=None, sample_weight=None,
                        threads=0, progress=None):
    """silhouette_score of millions of rows, with an interval: a SilhouetteEstimate. Up to most_rows rows are scored
    exactly, until the interval at `level` (0.99) is +- half_width (1e-3); see patron/silhouette.h."""
    view, kept, numbers, k = _labeled(X, labels, sample_weight)
    asked = _estimate_options(half_width=half_width, level=level, most_rows=most_rows, seed=seed)
    result, means, half_widths = new(c.SilhouetteEstimateResult), np.empty(k), np.empty(k)
    try:
        work(library.patron_silhouette_estimate, ctypes.byref(result), _columns.pointer(means, c.c_double),
             _columns.pointer(half_widths, c.c_double), ctypes.byref(view), _columns.pointer(numbers, c.c_int32), k,
             ctypes.byref(asked), threads=threads, progress=progress)
    except PatronError as error:
        if error.status != c.PATRON_BUDGET_SPENT:
            raise
    del kept
    return _estimate(result, asked.half_width, cluster_means=means, cluster_half_widths=half_widths)


def silhouette_compare(X, labelings, *, half_width=None, level=None, most_rows=None, seed=None, sample_weight=None,
                       threads=0, progress=None):
    """Which of several labelings of the same rows has the highest silhouette_score, estimated on rows that all of them
    share, until that is certain: a SilhouetteComparison."""
    given = [_labeled(X, labels, sample_weight) for labels in labelings]
    if len(given) < 2:
        raise invalid("labelings has fewer than two; give what is to be compared")
    view, kept, _, _ = given[0]
    numbers = np.concatenate([labels for _, _, labels, _ in given])
    k = np.array([count for _, _, _, count in given], dtype=np.int32)
    asked = _estimate_options(half_width=half_width, level=level, most_rows=most_rows, seed=seed)
    comparison, results = new(c.SilhouetteComparison), (c.SilhouetteEstimateResult * len(given))()
    for result in results:
        result.size = ctypes.sizeof(c.SilhouetteEstimateResult)
    work(library.patron_silhouette_compare, ctypes.byref(comparison), results, ctypes.byref(view),
         _columns.pointer(numbers, c.c_int32), _columns.pointer(k, c.c_int32), len(given), ctypes.byref(asked),
         threads=threads, progress=progress)
    del kept
    names = ("best", "rival", "difference", "half_width", "level", "looks", "rows_used", "seconds")
    return SilhouetteComparison(**{name: getattr(comparison, name) for name in names},
                                certain=bool(comparison.certain), ended=_word("PATRON_COMPARED_", comparison.ended),
                                interval=_word("PATRON_INTERVAL_", comparison.interval),
                                estimates=[_estimate(result, asked.half_width) for result in results])


def silhouette_samples(X, labels, *, sample_weight=None, threads=0):
    """Each row's silhouette."""
    scores = np.empty(max(len(X), 1))
    _silhouette(library.patron_silhouette, X, labels, sample_weight, threads, [scores])
    return scores[:len(X)]


def silhouette_squared_score(X, labels, *, sample_weight=None, threads=0):
    """The silhouette of squared Euclidean distances, exact, in time proportional to the rows: Spark's score."""
    return _silhouette(library.patron_silhouette_squared, X, labels, sample_weight, threads, None).mean


def silhouette_simplified_score(X, labels, *, sample_weight=None, threads=0):
    """The simplified silhouette: by distances to the clusters' means, not to their rows."""
    return _silhouette(library.patron_silhouette_simplified, X, labels, sample_weight, threads, None).mean


def calinski_harabasz_score(X, labels, *, sample_weight=None):
    """The variance ratio: higher is better; weights count as copies."""
    return _index(library.patron_calinski_harabasz, X, labels, sample_weight)


def davies_bouldin_score(X, labels, *, sample_weight=None):
    """The mean over clusters of how much each overlaps with another: lower is better."""
    return _index(library.patron_davies_bouldin, X, labels, sample_weight)
