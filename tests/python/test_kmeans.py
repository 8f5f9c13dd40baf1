# SPDX-License-Identifier: GPL-3.0-or-later
"""k-means and silhouette alone: what they give agrees with the definition, from any array that holds the numbers."""
import unittest

from support import np, patron

CENTRES = np.array([[0.0, 0.0, 0.0], [8.0, 0.0, 1.0], [0.0, 9.0, -1.0]])


def blobs(rows=300, seed=1):
    random = np.random.default_rng(seed)
    return CENTRES[np.arange(rows) % 3] + random.normal(size=(rows, 3))


def distances(a, b):
    return np.sqrt(((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2))


class KMeans(unittest.TestCase):
    def test_fit_is_what_its_definition_says(self):
        X = blobs()
        model = patron.KMeans(3).fit(X)
        self.assertEqual(model.labels_.tolist(), distances(X, model.cluster_centers_).argmin(axis=1).tolist())
        for k in range(3):
            np.testing.assert_allclose(model.cluster_centers_[k], X[model.labels_ == k].mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(model.inertia_, (distances(X, model.cluster_centers_).min(axis=1) ** 2).sum(),
                                   rtol=1e-12)
        self.assertTrue(model.converged_)
        self.assertEqual(len(model.trace_), model.n_iter_)
        self.assertLessEqual(model.inertia_lower_bound_, model.inertia_)

    def test_predict_and_fit_predict(self):
        X = blobs()
        model = patron.KMeans(3)
        self.assertEqual(model.fit_predict(X).tolist(), model.labels_.tolist())
        self.assertEqual(model.predict(X).tolist(), model.labels_.tolist())
        self.assertEqual(model.predict(CENTRES).tolist(), model.predict(CENTRES.tolist()).tolist())
        for wrong in (X[:, :2], X[:0]):
            with self.assertRaises(patron.PatronError):
                model.predict(wrong)
        with self.assertRaisesRegex(ValueError, "not fitted"):
            patron.KMeans(2).predict(X)

    def test_transform_and_score(self):
        X, weights = blobs(), np.arange(300) % 4
        model = patron.KMeans(3).fit(X, sample_weight=weights)
        far = model.transform(X)
        self.assertEqual(far.shape, (300, 3))
        np.testing.assert_allclose(far, distances(X, model.cluster_centers_), rtol=1e-14)
        self.assertEqual(far[np.arange(300), model.labels_].tolist(), far.min(axis=1).tolist())
        self.assertEqual(model.transform(X[:1].tolist()).tolist(), far[:1].tolist())
        self.assertEqual(patron.KMeans(3).fit_transform(X, sample_weight=weights).tolist(), far.tolist())
        np.testing.assert_allclose(model.score(X, sample_weight=weights), -model.inertia_, rtol=1e-12)
        np.testing.assert_allclose(model.score(X), -(far.min(axis=1) ** 2).sum(), rtol=1e-12)
        for wrong in (X[:, :2], X[:0], X * np.nan):
            with self.assertRaises(patron.PatronError):
                model.transform(wrong)
        with self.assertRaises(patron.PatronError):
            model.score(X, sample_weight=weights[1:])
        with self.assertRaisesRegex(ValueError, "not fitted"):
            patron.KMeans(2).transform(X)

    def test_automatic_and_strict_starts(self):
        X = blobs()
        wanted = patron.KMeans(3).fit(X)
        self.assertEqual(patron.KMeans(3, n_init="auto").fit(X).fingerprint_, wanted.fingerprint_)
        self.assertEqual(patron.KMeans(3, strict=True).fit(X).fingerprint_, wanted.fingerprint_)
        self.assertEqual((wanted.screened_, wanted.sample_rows_), (False, 0))
        self.assertEqual(list(wanted.seconds_), ["pack", "screen", "polish", "finish"])
        self.assertTrue(all(seconds >= 0.0 for seconds in wanted.seconds_.values()))
        with self.assertRaisesRegex(TypeError, "n_init is 'many'; give a whole number"):
            patron.KMeans(3, n_init="many").fit(X)
        with self.assertRaisesRegex(TypeError, "strict is 'yes'; give a whole number"):
            patron.KMeans(3, strict="yes").fit(X)

    def test_same_bits_from_any_layout_and_any_number_of_threads(self):
        X = blobs()
        wanted = patron.KMeans(3, threads=1).fit(X).fingerprint_
        wide = np.zeros((300, 7))
        wide[:, 2:5] = X
        for name, same in (("columns first", np.asfortranarray(X)), ("a window", wide[:, 2:5]),
                           ("big-endian", X.astype(">f8")), ("lists", X.tolist()),
                           ("backwards twice", X[::-1, ::-1].copy()[::-1, ::-1])):
            with self.subTest(name):
                self.assertEqual(patron.KMeans(3).fit(same).fingerprint_, wanted)
        self.assertEqual(patron.KMeans(3, threads=2).fit(X).fingerprint_, wanted)

    def test_float32_is_taken_as_it_is(self):
        X = blobs().astype(np.float32)
        self.assertEqual(patron.KMeans(3).fit(X).fingerprint_, patron.KMeans(3).fit(X.astype(float)).fingerprint_)

    def test_weights_count_as_copies(self):
        X, weights = blobs(60), np.arange(60) % 3 + 1
        heavy = patron.KMeans(3, init=CENTRES).fit(X, sample_weight=weights)
        copied = patron.KMeans(3, init=CENTRES).fit(np.repeat(X, weights, axis=0))
        self.assertEqual(np.repeat(heavy.labels_, weights).tolist(), copied.labels_.tolist())
        np.testing.assert_allclose(heavy.inertia_, copied.inertia_, rtol=1e-12)

    def test_refusals(self):
        X = blobs(30)
        X[7, 1] = np.nan
        with self.assertRaises(patron.PatronError) as caught:
            patron.KMeans(3).fit(X)
        self.assertEqual((caught.exception.name, caught.exception.row), ("PATRON_NOT_FINITE", 7))
        X[7, 1] = 0
        for words, make, given in (("init is of shape", {"n_clusters": 3, "init": X[:2]}, {}),
                                   ("sample_weight has 2 values", {"n_clusters": 3}, {"sample_weight": [1, 2]}),
                                   ("", {"n_clusters": 0}, {}), ("", {"n_clusters": 31}, {}),
                                   ("", {"n_clusters": 3, "n_init": -1}, {})):
            with self.assertRaisesRegex(patron.PatronError, words):
                patron.KMeans(**make).fit(X, **given)
        with self.assertRaises(OverflowError):
            patron.KMeans(2 ** 32 + 2).fit(X)
        with self.assertRaisesRegex(TypeError, "X is of type <U1"):
            patron.KMeans(1).fit([["a"]])
        with self.assertRaisesRegex(TypeError, "init is of type <U1; give numbers"):
            patron.KMeans(1, init=[["1", "2", "3"]]).fit(X)
        with self.assertRaisesRegex(patron.PatronError, "X has 1 dimensions; give 2"):
            patron.KMeans(1).fit([1.0, 2.0])
        for empty in (np.empty((0, 3)), np.empty((3, 0))):
            with self.assertRaises(patron.PatronError):
                patron.KMeans(1).fit(empty)


class Silhouette(unittest.TestCase):
    def definition(self, X, labels):
        far, scores = distances(X, X), []
        for i, own in enumerate(labels):
            same = labels == own
            a = far[i, same].sum() / max(same.sum() - 1, 1)
            b = min(far[i, labels == other].mean() for other in set(labels) - {own})
            scores.append((b - a) / max(a, b) if same.sum() > 1 else 0.0)
        return np.array(scores)

    def test_it_is_what_its_definition_says(self):
        X = blobs(90)
        labels = patron.KMeans(3).fit_predict(X)
        wanted = self.definition(X, labels)
        np.testing.assert_allclose(patron.silhouette_samples(X, labels), wanted, atol=1e-12)
        self.assertAlmostEqual(patron.silhouette_score(X, labels), wanted.mean(), places=12)

    def test_labels_may_be_any_numbers_or_words(self):
        X = blobs(60)
        labels = np.arange(60) % 3
        wanted = patron.silhouette_score(X, labels)
        self.assertEqual(patron.silhouette_score(X, labels * 100 - 7), wanted)
        self.assertEqual(patron.silhouette_score(X, np.array(["a", "b", "c"])[labels]), wanted)

    def test_weights_count_as_copies(self):
        X, weights = blobs(30), np.arange(30) % 2 + 1
        labels = np.arange(30) % 3
        self.assertAlmostEqual(patron.silhouette_score(X, labels, sample_weight=weights),
                               patron.silhouette_score(np.repeat(X, weights, axis=0), np.repeat(labels, weights)),
                               places=12)

    def test_refusals(self):
        X = blobs(30)
        with self.assertRaises(patron.PatronError) as caught:
            patron.silhouette_score(X, np.zeros(30))
        self.assertEqual(caught.exception.name, "PATRON_ONE_CLUSTER")
        with self.assertRaisesRegex(patron.PatronError, "labels has 3 values, X has 30 rows"):
            patron.silhouette_samples(X, [0, 1, 2])

    def test_several_labelings_at_once(self):
        X = np.random.default_rng(4).normal(size=(1300, 3))
        labelings = [(X[:, 0] > 0).astype(int), np.where(X[:, 1] > 0, "up", np.where(X[:, 2] > 0, "left", "right"))]
        together = patron.silhouette_scores(X, labelings)
        for labels, score in zip(labelings, together):
            self.assertAlmostEqual(score, patron.silhouette_score(X, labels), delta=2e-8)
        self.assertEqual(patron.silhouette_scores(X, []), [])
        with self.assertRaises(patron.PatronError):
            patron.silhouette_scores(X, [labelings[0], [0, 1]])

    def test_other_scores_are_their_definitions(self):
        X = np.random.default_rng(5).normal(size=(60, 2)) + 1e6
        labels = np.arange(60) % 3
        X[labels == 1] += 3.0
        means = np.array([X[labels == j].mean(axis=0) for j in range(3)])
        squares = ((X[:, None] - X[None]) ** 2).sum(axis=2)
        to_means = np.sqrt(((X[:, None] - means[None]) ** 2).sum(axis=2))

        def score(distances, own):
            others = np.where(np.arange(3)[None] == labels[:, None], np.inf, distances).min(axis=1)
            return ((others - own) / np.maximum(own, others)).mean()

        pairs = np.array([squares[:, labels == j].mean(axis=1) for j in range(3)]).T
        self.assertAlmostEqual(patron.silhouette_squared_score(X, labels),
                               score(pairs, pairs[np.arange(60), labels] * 20 / 19), places=8)
        own = to_means[np.arange(60), labels]
        self.assertAlmostEqual(patron.silhouette_simplified_score(X, labels), score(to_means, own), places=8)
        between = 20 * ((means - X.mean(axis=0)) ** 2).sum()
        ratio = between / 2 / ((own ** 2).sum() / 57)
        self.assertAlmostEqual(patron.calinski_harabasz_score(X, labels), ratio, places=6)
        width = np.array([own[labels == j].mean() for j in range(3)])
        worst = [max((width[i] + width[j]) / np.linalg.norm(means[i] - means[j]) for j in range(3) if j != i)
                 for i in range(3)]
        self.assertAlmostEqual(patron.davies_bouldin_score(X, labels), np.mean(worst), places=8)
        with self.assertRaisesRegex(TypeError, "labels are not of one kind"):
            patron.silhouette_score(X, [1, "a"] * 15)
        with self.assertRaises(patron.PatronError):
            patron.silhouette_score(np.empty((0, 2)), [])

    def test_estimate_and_comparison(self):
        X = np.random.default_rng(6).normal(size=(9000, 3))
        X[:3000, 0] += 3.0
        labels = np.where(X[:, 0] > 1.5, "high", "low")
        exact = patron.silhouette_score(X, labels)
        found = patron.silhouette_estimate(X, labels, seed=3)
        self.assertAlmostEqual(found.mean, exact, delta=2 * found.half_width + 1e-7)
        self.assertEqual((found.level, found.interval, found.reached, found.clusters), (0.99, "clt", True, 2))
        self.assertLess(found.rows_used, 4500)
        samples = patron.silhouette_samples(X, labels)
        for name, mean, half_width in zip(("high", "low"), found.cluster_means, found.cluster_half_widths):
            self.assertAlmostEqual(mean, samples[labels == name].mean(), delta=2 * half_width + 1e-6)
        again = patron.silhouette_estimate(X, labels, seed=3, threads=1)
        self.assertEqual((again.mean, again.half_width), (found.mean, found.half_width))
        few = patron.silhouette_estimate(X[:500], labels[:500])
        self.assertEqual((few.mean, few.half_width, few.interval),
                         (patron.silhouette_score(X[:500], labels[:500]), 0.0, "exact"))
        spent = patron.silhouette_estimate(X, labels, half_width=1e-9, most_rows=700)
        self.assertEqual((spent.reached, spent.rows_used <= 700), (False, True))
        worse = (X[:, 1] > 0).astype(int)
        compared = patron.silhouette_compare(X, [worse, labels])
        self.assertEqual((compared.best, compared.rival, compared.certain, compared.ended), (1, 0, True, "certain"))
        self.assertAlmostEqual(compared.difference, exact - patron.silhouette_score(X, worse),
                               delta=2 * compared.half_width + 1e-7)
        self.assertEqual(len(compared.estimates), 2)
        with self.assertRaises(patron.PatronError) as caught:
            patron.silhouette_estimate(X, labels, level=2.0)
        self.assertEqual(caught.exception.name, "PATRON_INVALID_ARGUMENT")
        for wrong in ([labels], [labels, labels[1:]]):
            with self.assertRaises(patron.PatronError):
                patron.silhouette_compare(X, wrong)


if __name__ == "__main__":
    unittest.main()
