# SPDX-License-Identifier: GPL-3.0-or-later
"""The shop's own columns, joined by customer id: described by, grouped by, or left alone; who is missing is counted."""
import unittest

from support import driver, np, patron, segmented

IDS = segmented().customer_ids
AGE = np.arange(len(IDS)) % 60 + 18.0


class Attributes(unittest.TestCase):
    def test_a_profile_describes_and_changes_no_group(self):
        result = segmented(attributes=(IDS, {"age": AGE}))
        self.assertEqual(result.fingerprint, driver()["fingerprint"])
        np.testing.assert_array_equal(result.features["age"], AGE)
        self.assertEqual(result.segments[0].median["age"], np.median(AGE[result.labels == 0]))
        self.assertEqual(result.joined, {"rows": len(IDS), "customers_matched": len(IDS), "customers_without_row": 0,
                                         "ids_without_order": 0, "rows_without_id": 0})
        self.assertIsNone(segmented().joined)

    def test_order_and_kind_of_ids_do_not_matter(self):
        mixed = np.random.default_rng(3).permutation(len(IDS))
        for ids in (IDS[mixed], IDS[mixed].astype(np.int64), IDS[mixed].tolist()):
            result = segmented(attributes=(ids, {"age": AGE[mixed]}))
            np.testing.assert_array_equal(result.features["age"], AGE)

    def test_a_cluster_column_groups(self):
        one = segmented(attributes=(IDS, {"age": AGE, "height": AGE * 2}), roles={"age": "cluster", "height": "ignore"})
        self.assertEqual(one.grouped_by[-1], "age")
        self.assertNotEqual(one.fingerprint, driver()["fingerprint"])
        alone = segmented(attributes=(IDS, {"age": AGE}), roles={"age": "cluster"}, features="")
        self.assertEqual(alone.grouped_by, ["age"])

    def test_as_of_and_recent_days_reach_the_features(self):
        options = {"as_of": "2024-12-31", "recent_days": 30}
        plain = segmented(**options)
        ids = plain.customer_ids
        result = segmented(attributes=(ids, {"age": np.arange(len(ids))}), **options)
        self.assertEqual(result.fingerprint, plain.fingerprint)
        np.testing.assert_array_equal(result.features.values[:, :-1], plain.features.values)

    def test_who_is_on_one_side_alone_is_counted(self):
        ids = np.array([*IDS[5:], "nobody", None], dtype=object)
        result = segmented(attributes=(ids, {"age": np.append(AGE[5:], [1, 2])}))
        self.assertEqual(result.joined, {"rows": len(ids), "customers_matched": len(IDS) - 5,
                                         "customers_without_row": 5, "ids_without_order": 1, "rows_without_id": 1})
        self.assertEqual(np.isnan(result.features["age"]).sum(), 5)

    def test_refusals(self):
        for words, attributes, roles in (
                ("age has 2 values, attributes has 300 ids", (IDS, {"age": [1, 2]}), None),
                ("has no columns", (IDS, {}), None),
                ("has no column height", (IDS, {"age": AGE}), {"height": "cluster"}),
                ("role is 'friend'; choose one of cluster, profile, ignore", (IDS, {"age": AGE}), {"age": "friend"}),
                ("", (["a", "a"], {"age": [1, 2]}), None), ("", ([], {"age": []}), None),
                ("", (IDS, {"frequency": AGE}), None), ("", (IDS, {"age": AGE * np.inf}), None)):
            with self.subTest(words), self.assertRaisesRegex(patron.PatronError, words):
                segmented(attributes=attributes, roles=roles)
        with self.assertRaisesRegex(TypeError, "give attributes"):
            segmented(roles={"age": "cluster"})
        with self.assertRaisesRegex(TypeError, "age is 'b' in row 0; give numbers"):
            segmented(attributes=(["a"], {"age": ["b"]}))


if __name__ == "__main__":
    unittest.main()
