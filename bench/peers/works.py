# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared: works by name, each a list of cases; a case is one array, one question and who answers it."""
import dataclasses

# A peer, and its tol: None is its own default. Ours has tol = 0 everywhere: it stops when no label changes.
LLOYD, ELKAN, INTELEX = ("sklearn-lloyd", None), ("sklearn-elkan", None), ("sklearnex", None)
LLOYD_0, ELKAN_0, INTELEX_0 = ("sklearn-lloyd", 0.0), ("sklearn-elkan", 0.0), ("sklearnex", 0.0)
FAISS, OPENCV, R = ("faiss", None), ("opencv", None), ("R", None)
SILHOUETTE, SAMPLED, R_SILHOUETTE = ("sklearn-silhouette", None), ("sklearn-sample-10000", None), ("R-silhouette", None)
FLOAT32_ONLY = ("faiss", "opencv")


@dataclasses.dataclass(frozen=True)
class Case:
    work: str
    data: str
    rows: int
    cols: int
    dtype: str
    peers: tuple
    k_min: int = 2
    k_max: int = 4
    n_init: int = 10
    strict: bool = False
    fine: bool = False      # float64 that float32 has no room for
    same_start: bool = False  # everyone starts from the same centroids: rows spread over the array
    max_iter: int = 300
    score: str = ""         # not a fit, but a score of the labels that ours finds: "silhouette" or "estimate"
    half_width: float = 0   # asked of the estimate, at 99 %

    @property
    def k(self):
        return self.k_min if self.k_min == self.k_max else f"{self.k_min}..{self.k_max}"


def _both(work, rows, peers, **more):
    """The same case for both types; who takes float32 only is left out of float64."""
    for dtype in ("f32", "f64"):
        able = tuple(p for p in peers if dtype == "f32" or p[0] not in FLOAT32_ONLY)
        yield Case(work, more.get("data", "purchase"), rows, 8, dtype, able,
                   **{name: value for name, value in more.items() if name != "data"})


def _sweep(work, rows):
    yield from _both(work, rows, (LLOYD, ELKAN, INTELEX, FAISS, OPENCV, R, LLOYD_0, ELKAN_0, INTELEX_0))


def _quality(data):
    yield Case(data, data, 1000000, 8, "f32", (LLOYD, INTELEX, FAISS, OPENCV, LLOYD_0, INTELEX_0))


def _dims():
    for cols in (2, 4, 16, 24, 64):
        for n_init in (1, 10):
            yield Case("dims", "purchase", 1000000, cols, "f32", (LLOYD, INTELEX), n_init=n_init)


def _clusters():
    for k in (8, 16, 64):
        for n_init in (1, 10):
            yield Case("clusters", "purchase", 1000000, 8, "f32", (LLOYD, INTELEX), k_min=k, k_max=k, n_init=n_init)


def _silhouettes():
    for cols in (8, 2, 4, 16, 32, 64):
        yield Case("silhouette", "purchase", 40000, cols, "f32", (SILHOUETTE,), k_min=3, k_max=3, score="silhouette")
    yield Case("silhouette", "purchase", 40000, 8, "f32", (SILHOUETTE,), score="silhouette")
    # R's cluster::silhouette wants all distances in memory.
    yield Case("silhouette", "purchase", 10000, 8, "f64", (SILHOUETTE, R_SILHOUETTE), k_min=3, k_max=3,
               score="silhouette")


def _estimates():
    for rows, half_width in ((10000000, 2e-4), (200000, 1e-4)):
        yield Case("estimate", "purchase", rows, 8, "f32", (SAMPLED,), k_min=3, k_max=3, score="estimate",
                   half_width=half_width)


WORKS = {
    "sweep-1e6": [*_sweep("sweep-1e6", 1000000),
                  Case("sweep-1e6", "purchase", 1000000, 8, "f64", (LLOYD, INTELEX), fine=True)],
    "sweep-1e7": list(_sweep("sweep-1e7", 10000000)),
    "strict": list(_both("strict", 1000000, (LLOYD, LLOYD_0), strict=True)),
    "one-run": list(_both("one-run", 10000000, (INTELEX_0, LLOYD_0), k_min=4, k_max=4, n_init=1, strict=True,
                          same_start=True, max_iter=1000)),
    "dims": list(_dims()),
    "clusters": list(_clusters()),
    "silhouette": list(_silhouettes()),
    "estimate": list(_estimates()),
    **{name: list(_quality(name)) for name in ("optima", "far", "sorted", "periodic", "gaussian", "blobs")},
}
