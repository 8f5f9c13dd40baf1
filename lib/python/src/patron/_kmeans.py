# SPDX-License-Identifier: GPL-3.0-or-later
"""k-means and silhouette alone, in the manner of scikit-learn."""
import ctypes

import numpy as np

from . import _columns
from . import _declarations as c
from ._call import as_c, call, create, invalid, new, options, work
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
