# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared: works by name, each a list of cases; a case is one array, one question and who answers it."""
import dataclasses

# A peer, and its tol: None is its own default. Ours has tol = 0 everywhere: it stops when no label changes.
LLOYD, ELKAN, INTELEX = ("sklearn-lloyd", None), ("sklearn-elkan", None), ("sklearnex", None)
LLOYD_0, ELKAN_0, INTELEX_0 = ("sklearn-lloyd", 0.0), ("sklearn-elkan", 0.0), ("sklearnex", 0.0)
FAISS, OPENCV, R = ("faiss", None), ("opencv", None), ("R", None)
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


WORKS = {
    "sweep-1e6": [*_sweep("sweep-1e6", 1000000),
                  Case("sweep-1e6", "purchase", 1000000, 8, "f64", (LLOYD, INTELEX), fine=True)],
    "sweep-1e7": list(_sweep("sweep-1e7", 10000000)),
    "strict": list(_both("strict", 1000000, (LLOYD, LLOYD_0), strict=True)),
    "one-run": list(_both("one-run", 10000000, (INTELEX_0, LLOYD_0), k_min=4, k_max=4, n_init=1, strict=True,
                          same_start=True, max_iter=1000)),
    "dims": list(_dims()),
    "clusters": list(_clusters()),
    **{name: list(_quality(name)) for name in ("optima", "far", "sorted", "periodic", "gaussian", "blobs")},
}
