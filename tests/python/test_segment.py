# SPDX-License-Identifier: GPL-3.0-or-later
"""patron.segment from arrays says what the driver says from the same lines as CSV, to the bit."""
import json
import math
import unittest

from support import COLUMNS, driver, np, patron, segmented, shop


class SameAsTheDriver(unittest.TestCase):
    def test_fingerprint_from_text_ids(self):
        for threads in (1, 2):
            self.assertEqual(segmented(threads=threads).fingerprint, driver()["fingerprint"])

    def test_fingerprint_from_number_ids(self):
        arrays = shop()
        for name in ("customer_id", "order_id"):
            arrays[name] = arrays[name].astype(np.int64)
        result = segmented(arrays)
        self.assertEqual(result.fingerprint, driver()["fingerprint"])
        self.assertEqual(result.customer_ids.dtype, np.int64)
        self.assertEqual(result.customer_ids.tolist(), [int(i) for i in segmented().customer_ids])

    def test_fingerprint_from_shuffled_lines(self):
        arrays = shop()
        order = np.random.default_rng(7).permutation(len(arrays["customer_id"]))
        for threads in (1, 2):
            result = segmented({name: array[order] for name, array in arrays.items()}, threads=threads)
            self.assertEqual(result.fingerprint, driver()["fingerprint"])

    def test_fingerprint_from_every_kind_of_column(self):
        arrays, kinds = shop(), {}
        kinds["bytes"] = {"customer_id": np.char.encode(arrays["customer_id"])}
        kinds["lists"] = {name: array.tolist() for name, array in arrays.items()}
        kinds["objects"] = {"customer_id": arrays["customer_id"].astype(object)}
        kinds["floats as ids"] = {"customer_id": arrays["customer_id"].astype(float)}
        kinds["whole numbers as products"] = {"product_id": np.unique(arrays["product_id"], return_inverse=True)[1]}
        kinds["seconds"] = {"timestamp": arrays["timestamp"].astype(np.int64)}
        kinds["nanoseconds"] = {"timestamp": arrays["timestamp"].astype("datetime64[ns]")}
        kinds["ISO texts"] = {"timestamp": np.datetime_as_string(arrays["timestamp"])}
        kinds["big-endian"] = {"timestamp": arrays["timestamp"].astype(">M8[s]"),
                               "unit_price": arrays["unit_price"].astype(">f8"),
                               "quantity": arrays["quantity"].astype(">i4"),
                               "customer_id": arrays["customer_id"].astype(">U20")}
        kinds["every second of twice as many"] = {name: np.repeat(array, 2)[::2] for name, array in arrays.items()}
        kinds["backwards twice"] = {name: array[::-1].copy()[::-1] for name, array in arrays.items()}
        for kind, change in kinds.items():
            with self.subTest(kind):
                self.assertEqual(segmented({**arrays, **change}).fingerprint, driver()["fingerprint"])

    def test_exact_money(self):
        arrays = shop()
        result = segmented(arrays, unit_price=None, discount=None,
                           unit_price_exact=np.rint(arrays["unit_price"] * 10000).astype(np.int64),
                           discount_exact=np.rint(arrays["discount"] * 10000).astype(np.int64))
        self.assertEqual(result.fingerprint, driver()["fingerprint"])

    def test_ignored_products_are_the_driver_s(self):
        codes = sorted(set(shop()["product_id"].tolist()))[:3]
        result = segmented(ignore_products=codes)
        self.assertEqual(result.fingerprint, driver(300, "--ignore-products", ",".join(codes))["fingerprint"])
        self.assertGreater(result.audit["fates"]["ignored_product"], 0)

    def test_choice(self):
        choice = segmented().choice
        self.assertEqual((choice.estimated, choice.level, choice.half_width), (False, 1.0, 0.0))
        self.assertEqual(json.loads(segmented().to_json())["choice"]["method"], "exact")
        few = segmented(exact_pairs=0)  # so few customers are all scored
        self.assertEqual(few.choice.estimated, True)
        self.assertAlmostEqual(few.silhouette, segmented().silhouette, places=12)
        self.assertTrue(np.isnan(few.silhouettes).all())
        self.assertEqual(few.labels.tolist(), segmented().labels.tolist())

    def test_json_is_the_drivers(self):
        self.assertEqual(json.loads(segmented().to_json()), driver())

    def test_options_reach_the_library(self):
        mine = segmented(k_min=3, k_max=3, features=["recency_days", "average_order_value"], transform="none", seed=5,
                         n_init=3, as_of="2024-12-31")
        self.assertEqual(mine.options["features"], "recency_days,average_order_value")
        self.assertEqual((mine.options["k_min"], mine.options["transform"], mine.options["seed"]), (3, "none", 5))
        self.assertEqual(json.loads(mine.to_json())["as_of"], "2024-12-31T23:59:59")
        theirs = driver(300, "--k", "3..3", "--features", "recency_days,frequency", "--as-of", "2024-12-31")
        mine = segmented(k_min=3, k_max=3, features="recency_days,frequency", as_of=np.datetime64("2024-12-31"))
        self.assertEqual(mine.fingerprint, theirs["fingerprint"])


class Result(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.result, cls.summary = segmented(), driver()

    def test_segments_are_those_of_the_summary(self):
        self.assertEqual(len(self.result), self.summary["k"])
        for mine, theirs in zip(self.result.segments, self.summary["segments"], strict=True):
            shared = (vars(mine).keys() & theirs.keys()) - {"claims", "most_common"}
            self.assertLessEqual({"name", "customers", "share", "revenue_net", "recurring_mean", "silhouette", "mean"},
                                 shared)
            for name in shared:
                value = getattr(mine, name)
                if isinstance(value, dict):  # what no customer has is NaN, and null in JSON
                    value = {key: None if isinstance(v, float) and math.isnan(v) else v for key, v in value.items()}
                self.assertEqual(value, theirs[name], name)
            self.assertEqual([claim.word for claim in mine.claims], [claim["word"] for claim in theirs["claims"]])
            for name, common in theirs["most_common"].items():
                found = mine.most_common[name]
                self.assertEqual(common, {"value": found.value, "customers": found.customers,
                                          "share": found.customers / mine.customers} if found.customers >= 5 else None)

    def test_candidates_are_those_of_the_summary(self):
        for mine, theirs in zip(self.result.candidates, self.summary["candidates"], strict=True):
            self.assertEqual((mine.k, mine.silhouette, bool(mine.feasible), mine.reason),
                             (theirs["k"], theirs["silhouette"], theirs["feasible"], theirs["reason"]))
        self.assertEqual([x.k for x in self.result.candidates if x.chosen], [self.summary["k"]])

    def test_arrays_have_one_entry_a_customer(self):
        count = self.summary["customers"]
        r = self.result
        self.assertEqual([len(r.labels), len(r.silhouettes), len(r.customer_ids), len(r.features.values)], [count] * 4)
        self.assertEqual(sorted(set(r.customer_ids)), list(r.customer_ids))
        self.assertEqual(np.bincount(r.labels).tolist(), [s.customers for s in r.segments])
        self.assertTrue(math.isclose(r.silhouettes.mean(), r.silhouette, rel_tol=1e-12))
        self.assertEqual(r.silhouette, self.summary["silhouette"])

    def test_features_are_named(self):
        features = self.result.features
        self.assertEqual(features.values.shape[1], len(features.names))
        for segment in self.result.segments:
            self.assertEqual(np.median(features["frequency"][self.result.labels == segment.id]),
                             segment.median["frequency"])
        self.assertEqual(features.columns[features.names.index("recency_days")].unit, "days")
        with self.assertRaisesRegex(KeyError, "there are recency_days"):
            features["colour"]

    def test_customers_began_in_a_month_and_with_a_category(self):
        began, lines = {}, shop()
        rows = zip(lines["timestamp"], lines["category"], lines["customer_id"], lines["quantity"], lines["unit_price"])
        for time, category, customer, quantity, price in sorted(rows, key=lambda row: (row[0], row[1])):
            if quantity >= 0 and price > 0:
                began.setdefault(customer, (int(str(time)[:7].replace("-", "")), category))
        features, ids = self.result.features, self.result.customer_ids
        self.assertEqual(features["cohort_month"].tolist(), [began[customer][0] for customer in ids])
        self.assertEqual(features.texts("first_category").tolist(), [began[customer][1] for customer in ids])
        self.assertEqual(features.codes, {"first_category": sorted({began[customer][1] for customer in ids})})
        for segment in self.result.segments:
            self.assertNotIn("first_category", {**segment.mean, **segment.median})
            mine, counts = segment.most_common["first_category"], {}
            for text in features.texts("first_category")[self.result.labels == segment.id]:
                counts[text] = counts.get(text, 0) + 1
            self.assertEqual((mine.customers, mine.known), (max(counts.values()), segment.customers))
            self.assertEqual(counts[mine.value], mine.customers)
        with self.assertRaisesRegex(TypeError, "frequency has numbers, not codes"):
            features.texts("frequency")
        with self.assertRaisesRegex(KeyError, "colour"):
            features.texts("colour")
        with self.assertRaisesRegex(patron.PatronError, "first_category has codes, which describe customers"):
            segmented(features="rfm,first_category")

    def test_without_categories_there_are_no_codes(self):
        result = segmented(category=None)
        self.assertEqual(result.features.codes, {"first_category": []})
        self.assertEqual(set(result.features.texts("first_category").tolist()), {None})
        self.assertEqual(result.segments[0].most_common["first_category"], patron.CommonValue(None, 0, 0))

    def test_audit_and_text(self):
        self.assertEqual(self.result.audit, self.summary["audit"])
        for segment in self.result.segments:
            self.assertIn(segment.name, str(self.result))
        self.assertIn("300 customers", repr(self.result))

    def test_customers_seen_before_are_assigned_where_they_are(self):
        wanted = [self.result.features[name] for name in self.result.grouped_by]
        self.assertEqual(self.result.assign(np.column_stack(wanted)).tolist(), self.result.labels.tolist())
        for wrong in (np.zeros((2, 5)), np.empty((0, 3))):
            with self.assertRaises(patron.PatronError):
                self.result.assign(wrong)

    def test_customers_with_few_orders_are_set_apart(self):
        result = segmented(minimum_orders=2)
        *others, last = result.segments
        self.assertEqual([s.set_apart for s in result.segments], [False] * len(others) + [True])
        self.assertTrue(math.isnan(last.silhouette))
        apart = result.labels == last.id
        self.assertTrue((result.features["frequency"][apart] < 2).all() and apart.any())
        np.testing.assert_array_equal(np.isnan(result.silhouettes), apart)
        self.assertIn(last.name, str(result))

    def test_columns_need_no_table(self):
        arrays = shop()
        result = patron.segment(**{argument: arrays[name] for argument, name in COLUMNS.items()})
        self.assertEqual(result.fingerprint, self.summary["fingerprint"])

    def test_rows_without_a_customer_are_counted_and_listed(self):
        arrays = shop()
        arrays["customer_id"] = arrays["customer_id"].astype(object)
        arrays["customer_id"][[3, 8]] = None, ""
        result = segmented(arrays, line=np.arange(2, 2 + len(arrays["timestamp"])))
        self.assertEqual(result.audit["fates"]["no_customer"], 2)
        self.assertEqual([(r["row"], r["line"]) for r in result.audit["first_rejected"]], [(3, 5), (8, 10)])

    def test_numbers_with_gaps_stay_numbers(self):
        arrays = shop()
        for name in ("customer_id", "order_id"):
            arrays[name] = arrays[name].astype(float)
        arrays["customer_id"][5] = np.nan
        arrays["order_id"][9] = np.nan
        result = segmented(arrays)
        self.assertEqual(result.audit["fates"]["no_customer"], 1)
        self.assertEqual(result.customer_ids.dtype, np.int64)


if __name__ == "__main__":
    unittest.main()
