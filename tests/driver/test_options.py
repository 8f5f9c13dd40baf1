# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: every option does what --help says, and a wrong one says what to do."""
import csv
import json
import random
import re
import unittest

from driver import HEADER, Driver, shop, shop_rows


class Options(Driver):
    def test_help_fits_a_terminal_and_names_every_option(self):
        for option in ("--help", "-h"):
            text = self.run_segment(option).stdout.decode()
            self.assertTrue(all(len(line) <= 80 for line in text.splitlines()))
        for option in ("customer order time quantity price amount product category discount as-of k features fill "
                       "smallest-share n-init seed threads zero-price duplicates strict delimiter decimal time-format "
                       "json segments bom encoding join join-id cluster ignore forget forget-file recent-days "
                       "ignore-products ignore-products-file match-cancellations "
                       "channel currency only-currency "
                       "min-orders window-days order-gap exact-pairs winsor transform scale list-features help "
                       "version").split():
            self.assertRegex(text, rf"(?m)^  (-h, )?--{option}\b")

    def test_version(self):
        self.assertRegex(self.run_segment("--version").stdout.decode(), r"^segment, patron \d+\.\d+\.\d+\n$")

    def test_usage_errors_say_what_to_do(self):
        path = self.file(shop())
        for arguments, says in (
                ([], "ORDERS.csv"), ([path, path], "one file"), (["--nonsense", path], "--help"),
                (["--winsor", "0.9,0.1", path], "lower one first"), (["--winsor", "0.5,0.5", path], "lower one first"),
                (["--winsor", "0.1", path], "lower one first"), (["--winsor", "-0.1,0.9", path], "two quantiles"),
                (["--winsor", "0,1.5", path], "two quantiles"), (["--winsor", "nan,1", path], "two quantiles"),
                (["--scale", "x", path], "none, zscore or robust"), (["--transform", "x", path], "none or log1p"),
                (["--exact-pairs", "-1", path], "from 0"),
                (["--min-orders", "0", path], "from 1"), (["--recent-days", "0", path], "from 1"),
                (["--window-days", "-1", path], "from 0"), (["--order-gap", "1h", path], "from 0"),
                (["--only-currency", "", path], "EUR"),
                (["--join", "", path], "file name"), (["--cluster", "age", path], "--join FILE"),
                (["--ignore", "age", path], "--join FILE"), (["--join-id", "id", path], "--join FILE"),
                (["--features", "", path], "nothing to group by"), (["--forget", " ", path], "customer's id"),
                (["--forget-file", "", path], "file name"), (["--join", "-", "-"], "one file only"),
                (["--forget-file=-", "-"], "one file only"),
                (["--json"], "needs a value"), (["--segments", "", path], "file name"),
                (["--segments=-", path], "file name"), (["--encoding", "utf16", path], "utf8, latin1 or cp1252"),
                (["--bom=1", path], "takes no value"), (["--strict=yes", path], "takes no value"),
                (["--k", "1..4", path], "2 to 64"), (["--k", "4..2", path], "2 to 64"),
                (["--k", "2..", path], "2 to 64"),
                (["--k", "x", path], "2 to 64"), (["--k", "2..65", path], "2 to 64"), (["--k=", path], "2 to 64"),
                (["--smallest-share", "0.6", path], "0 to 0.5"), (["--smallest-share=x", path], "0 to 0.5"),
                (["--n-init", "0", path], "from 1"), (["--n-init", "-1", path], "from 1"),
                (["--n-init", "99999999999999999999", path], "from 1"),
                (["--seed", "18446744073709551616", path], "18446744073709551615"), (["--seed", "1x", path], "whole"),
                (["--threads", "1025", path], "1024"), (["--zero-price", "perhaps", path], "drop or keep"),
                (["--duplicates", "perhaps", path], "keep or drop"),
                (["--fill", "x", path], "reject, zero, mean or median"),
                (["--delimiter", "ab", path], "one ASCII character"), (["--delimiter", '"', path], "one ASCII"),
                (["--delimiter", "", path], "one ASCII"), (["--delimiter", "é", path], "one ASCII"),
                (["--decimal", ";", path], ". or ,"), (["--as-of", "tomorrow", path], "2011-12-09"),
                *((["--utc-offset", bad, path], "+02:00")
                  for bad in ("2", "+2", "Z", "+24", "+02:60", "+02:00x", "", "-")),
                (["--as-of", "01/02/2024", path], "2011-12-09"), (["--as-of", "2024-02-30", path], "2011-12-09"),
                (["--time-format", "%d/%m", path], "a year, a month and a day"),
                (["--time-format", "%Q", path], "%Y"), (["--json", "", path], "file name"),
                (["--features", "recency_days,nonsense", path], "nonsense")):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.run_segment(*arguments, code=2, says=says).stdout, b"")

    def test_options_as_used_are_in_the_summary(self):
        used = self.summary(shop())["options"]
        for key, value in {"k_min": 2, "k_max": 4, "smallest_share": 0.02, "n_init": 10, "seed": 0, "fill": "reject",
                           "zero_amount": "drop", "duplicates": "keep", "strict": False}.items():
            self.assertEqual(used[key], value, key)
        used = self.summary(shop(), "--k=3", "--n-init=7", "--seed", "5", "--fill", "median", "--zero-price", "keep",
                            "--duplicates=drop", "--strict", "--features", "recency_days,frequency", "--threads", "2")
        self.assertEqual(used["features"], ["recency_days", "frequency"])
        used = used["options"]
        for key, value in {"k_min": 3, "k_max": 3, "n_init": 7, "seed": 5, "fill": "median", "zero_amount": "keep",
                           "duplicates": "drop", "strict": True}.items():
            self.assertEqual(used[key], value, key)

    def test_how_columns_are_scaled(self):
        plain = self.summary(shop())
        other = self.summary(shop(), "--scale", "robust", "--transform", "none", "--winsor", "0.05,0.95")
        for key, value in {"scale": "robust", "transform": "none", "winsor_low": 0.05, "winsor_high": 0.95}.items():
            self.assertEqual(other["options"][key], value, key)
        self.assertNotEqual(other["fingerprint"], plain["fingerprint"])
        same = self.summary(shop(), "--scale", "zscore", "--transform", "log1p", "--winsor", "0,1", "--min-orders", "1",
                            "--recent-days", "90")
        self.assertEqual(same["fingerprint"], plain["fingerprint"])
        self.assertEqual(self.summary(shop(), "--scale", "none")["options"]["scale"], "none")

    def test_silhouettes_are_estimated_when_that_is_asked(self):
        path, out = self.file(shop()), self.path("out.csv")
        done = self.run_segment("--exact-pairs", "0", "--segments", out, "--json", self.path("out.json"), path)
        with open(self.path("out.json"), encoding="utf-8") as file:
            summary = json.load(file)
        self.assertEqual((summary["choice"]["method"], summary["options"]["exact_pairs"]), ("estimate", 0))
        self.assertIn("silhouettes are estimates, within 0.0000 at 99 %", done.stdout.decode())
        with open(out, encoding="utf-8", newline="") as file:
            self.assertEqual({row[3] for row in csv.reader(file)}, {"silhouette", ""})
        exact = self.summary(shop())
        self.assertEqual(exact["choice"]["method"], "exact")
        self.assertAlmostEqual(summary["silhouette"], exact["silhouette"], places=12)
        self.assertNotIn("estimates", self.run_segment(path).stdout.decode())

    def test_recent_days(self):
        some, all_of_them = self.summary(shop(), "--recent-days", "30"), self.summary(shop(), "--recent-days", "9999")
        self.assertEqual(some["options"]["recent_days"], 30)
        for few, many in zip(some["segments"], all_of_them["segments"]):
            self.assertLess(few["mean"]["recent_orders"], many["mean"]["recent_orders"])
            self.assertEqual(many["mean"]["recent_orders"], many["mean"]["frequency"])

    def test_window_days(self):
        some, all_of_them = self.summary(shop(), "--window-days", "200"), self.summary(shop(), "--window-days", "0")
        self.assertEqual((some["options"]["window_days"], all_of_them["options"]["window_days"]), (200, 0))
        self.assertGreater(some["audit"]["fates"]["before_window"], 0)
        self.assertEqual(sum(some["audit"]["fates"].values()), some["audit"]["rows_read"])
        self.assertTrue(all(part["mean"]["tenure_days"] < 200 for part in some["segments"]))

    def test_ignored_products(self):
        rows = "".join(f"{c},2024-01-{d:02},{c * d},{p}\n" for c in range(1, 40) for d in range(1, 2 + c % 4)
                       for p in ("tea", '" POST, air"', "FEE"))
        text = "customer,date,amount,product\n" + rows
        codes = self.file('FEE\n\n"POST, air"\n', "codes")
        for arguments in (["--ignore-products", "FEE", "--ignore-products-file", codes],
                          ["--ignore-products-file", codes]):
            used = self.summary(text, *arguments)["audit"]
            self.assertEqual((used["fates"]["ignored_product"], used["fates"]["purchase"]),
                             (2 * rows.count("tea"), rows.count("tea")))
        self.assertEqual(self.summary(text, "--ignore-products", " FEE,x")["audit"]["fates"]["ignored_product"],
                         rows.count("tea"))

    def test_matched_cancellations(self):
        text = "customer,date,amount,quantity,product\n" + "".join(
            f"{c},2024-0{m}-01,{c},1,tea\n{c},2024-0{m}-02,{-c},-1,{'tea' if m % 2 else 'cup'}\n"
            for c in range(1, 40) for m in range(1, 3 + c % 4))
        plain, used = self.summary(text), self.summary(text, "--match-cancellations")
        self.assertEqual([one["options"]["match_cancellations"] for one in (plain, used)], [False, True])
        fates, before = used["audit"]["fates"], plain["audit"]["fates"]
        self.assertGreater(fates["cancelled"], 0)
        self.assertEqual(fates["cancelled"], fates["cancellation"])
        self.assertEqual(fates["cancelled"] + fates["purchase"], before["purchase"])
        self.assertEqual(used["audit"]["net"], plain["audit"]["net"])

    def test_one_currency(self):
        text = "customer,date,amount,Currency Code\n" + "".join(
            f"{c},2024-0{m}-01,{c},{('EUR', 'USD', '')[(c + m) % 3]}\n" for c in range(1, 40) for m in range(1, 6))
        self.run_segment(self.file(text), code=3, says=("EUR", "USD", "only_currency"))
        audit = self.summary(text, "--only-currency", "EUR")["audit"]
        self.assertEqual((audit["fates"]["unreadable"], audit["rows_read"]), (text.count("USD"), 195))
        self.assertEqual({(row["column"], row["reason"]) for row in audit["first_rejected"]},
                         {("Currency Code", "other currency")}
                         if audit["first_rejected"][0]["column"] != "currency" else {("currency", "other currency")})

    def test_order_gap(self):
        text = "customer,date,amount\n" + "".join(f"{c},2024-0{m}-01T{h}:00:00,{c}\n" for c in range(1, 30)
                                                  for m in range(1, 3 + c % 3) for h in (10, 11, 20))
        days = self.summary(text)["audit"]["orders"]
        used = self.summary(text, "--order-gap", "3600")
        self.assertEqual((used["audit"]["orders"], used["options"]["order_gap_s"]), (2 * days, 3600))
        self.assertEqual(self.summary(text, "--order-gap", "32400")["audit"]["orders"], days)

    def test_presets_and_the_list_of_features(self):
        self.assertEqual(self.summary(shop(), "--features", "behaviour")["features"],
                         ["recency_days", "frequency", "items_per_order"])
        text = self.run_segment("--list-features").stdout.decode()
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()))
        names = [line.split(" ")[0] for line in text.splitlines() if not line.startswith(" ")]
        first = self.summary(shop())["segments"][0]
        self.assertEqual(names, [*first["mean"], *first["most_common"]])
        self.assertEqual(text.count("    Missing: "), len(names))
        self.assertEqual(text.count("    Range: "), len(names))
        self.assertRegex(text, r"(?m)^recency_days \(days\)\n    \S")
        self.run_segment("--features", "rfm,cohort_month", self.file(shop()), code=2,
                         says=["cohort_month has months, which describe customers"])

    def test_customers_with_few_orders_are_set_apart(self):
        path, out = self.file(shop()), self.path("out.csv")
        done = self.run_segment("--min-orders", "2", "--segments", out, "--json", self.path("out.json"), path)
        with open(self.path("out.json"), encoding="utf-8") as file:
            summary = json.load(file)
        once = sorted({row[0] for row in shop_rows() if sum(row[0] == r[0] for r in shop_rows()) == 1})
        last = summary["segments"][-1]
        self.assertEqual((last["customers"], last["silhouette"]), (len(once), None))
        with open(out, encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row[1] == str(last["id"])]
        self.assertEqual(sorted(row[0] for row in rows), once)
        self.assertEqual({(row[2], row[3]) for row in rows}, {(last["name"], "")})
        table = done.stdout.decode()
        self.assertIn(f"in {len(summary['segments'])} segments, the last one set apart", table)
        self.assertIn("    set apart: fewer than 2 orders\n", table)
        self.fails(shop(), "--min-orders", "1000", says="set apart")
        nobody = shop(rows=[row for row in shop_rows() if row[0] not in once])
        table = self.run_segment("--min-orders", "2", self.file(nobody)).stdout.decode()
        self.assertRegex(table, r" 0 +0\.0%.*\n    set apart: fewer than 2 orders\n")
        self.assertIn("segments\n", self.run_segment(path).stdout.decode())

    def test_k_is_a_range_or_a_number(self):
        self.assertEqual([c["k"] for c in self.summary(shop(), "--k", "2..5")["candidates"]], [2, 3, 4, 5])
        summary = self.summary(shop(), "--k", "2")
        self.assertEqual([c["k"] for c in summary["candidates"]], [2])
        self.assertEqual((summary["k"], len(summary["segments"])), (2, 2))

    def test_a_k_with_a_segment_that_is_too_small_is_not_chosen(self):
        summary = self.summary(shop(), "--smallest-share", "0.2")
        self.assertEqual(summary["options"]["smallest_share"], 0.2)
        for candidate in summary["candidates"]:
            self.assertEqual(candidate["feasible"], candidate["smallest_share"] >= 0.2)
        self.fails(shop(), "--smallest-share", "0.5", says="orders.csv")

    def test_columns_by_name(self):
        plain = self.summary(shop())
        rows = [[*row, f"p{i % 7}", f"g{i % 3}", "0.50"] for i, row in enumerate(shop_rows())]
        given = self.summary(
            shop(rows=rows, header="who,basket,when it was,pieces,each,what,kind of it,off"), "--customer", "who",
            "--order=basket", "--time", "when it was", "--quantity", "PIECES", "--price", " each ", "--product", "what",
            "--category", "kind of it", "--discount", "off")
        for key in ("fingerprint", "customers", "as_of"):
            self.assertEqual(given[key], plain[key], key)

    def test_columns_by_usual_names(self):
        plain = self.summary(shop())
        for header in ("CustomerID,InvoiceNo,InvoiceDate,Quantity,UnitPrice",
                       "Customer ID,Invoice,InvoiceDate,Quantity,Price",
                       "household_id,basket_id,transaction_timestamp,quantity,price",
                       "CUSTOMER_ID , ORDER_ID , Date , QTY , unit_price",
                       "customer-id,Order Number,Order Date,Units,Item Price"):
            with self.subTest(header=header):
                self.assertEqual(self.summary(shop(header=header))["fingerprint"], plain["fingerprint"])

    def test_amount_wins_over_price(self):
        rows = [row + [f"{int(row[3]) * float(row[4]):.2f}"] for row in shop_rows()]
        for name in ("amount", "sales_value", "Amount"):
            with self.subTest(name=name):
                both = self.summary(shop(header=f"{HEADER},{name}", rows=rows))
                self.assertEqual(both["fingerprint"], self.summary(shop())["fingerprint"])
        for row in rows:
            row[-1] = "1000"
        amount = self.summary(shop(header=f"{HEADER},amount", rows=rows))
        self.assertEqual(amount["audit"]["gross"], 1000 * len(rows))
        price = self.summary(shop(header=f"{HEADER},amount", rows=rows), "--price", "price")
        self.assertEqual(price["audit"]["gross"], self.summary(shop())["audit"]["gross"])
        amount = self.summary(shop(header=f"{HEADER},sum", rows=rows), "--amount", "sum")
        self.assertEqual(amount["audit"]["gross"], 1000 * len(rows))

    def test_columns_that_are_missing(self):
        self.fails(shop(header="x,order_id,timestamp,quantity,price"),
                   says=("looks like the customer", "x, order_id, timestamp, quantity, price", "--customer NAME"))
        self.fails(shop(header="customer_id,order_id,x,quantity,price"), says=("looks like the time", "--time NAME"))
        self.fails(shop(header="customer_id,order_id,date,quantity,x"), says=("--amount NAME or --price NAME"))
        self.fails(shop(), "--customer", "who", says=("no column is named who", "customer_id", "--customer NAME"))
        self.fails(shop().replace(",", ";"), says=("customer", "--delimiter ';'"))

    def test_columns_that_are_there_twice(self):
        self.fails(shop(header="customer_id,Customer ID,timestamp,quantity,price"),
                   says=("2 columns may be the customer", "--customer NAME"))
        self.fails(shop(header="who,who,timestamp,quantity,price"), "--customer", "who", says="2 columns are named who")

    def test_without_quantity_and_order(self):
        rows = [[row[0], row[2], row[4]] for row in shop_rows()]
        summary = self.summary(shop(header="customer,date,amount", rows=rows))
        self.assertEqual(summary["audit"]["orders"], len({(row[0], row[1][:10]) for row in rows}))

    def test_delimiter_and_decimal(self):
        plain = self.summary(shop())["fingerprint"]
        german = shop().replace(",", ";").replace(".", ",")
        self.assertEqual(self.summary(german, "--delimiter", ";", "--decimal", ",")["fingerprint"], plain)
        for name in ("tab", "\\t", "\t"):
            self.assertEqual(self.summary(shop().replace(",", "\t"), "--delimiter", name)["fingerprint"], plain)
        self.assertEqual(self.summary(shop().replace(",", "|"), "--delimiter=|")["fingerprint"], plain)
        quoted = re.sub(r"(\d+)\.(\d\d)\n", r'"\1,\2"' + "\n", shop())
        self.assertEqual(self.summary(quoted, "--decimal", ",")["fingerprint"], plain)

    def test_seed_and_threads_and_line_order(self):
        rows = shop_rows(120)
        plain = self.summary(shop(rows=rows), "--threads", "1")["fingerprint"]
        for threads in (0, 2, 4, 8):
            self.assertEqual(self.summary(shop(rows=rows), "--threads", threads)["fingerprint"], plain)
        shuffled = list(rows)
        random.Random(3).shuffle(shuffled)
        self.assertEqual(self.summary(shop(rows=shuffled))["fingerprint"], plain)

    def test_zero_price_and_duplicates(self):
        rows = shop_rows()
        zero = rows + [["c001", "o-free", "2024-06-01 10:00:00", "1", "0.00"]] + [rows[0]] * 2
        fates = self.summary(shop(rows=zero))["audit"]["fates"]
        self.assertEqual((fates["zero_amount"], fates["duplicate"], fates["purchase"]), (1, 0, len(rows) + 2))
        fates = self.summary(shop(rows=zero), "--zero-price", "keep", "--duplicates", "drop")["audit"]["fates"]
        self.assertEqual((fates["zero_amount"], fates["duplicate"], fates["purchase"]), (0, 2, len(rows) + 1))

    def test_as_of(self):
        summary = self.summary(shop(), "--as-of", "2024-06-15")
        self.assertEqual(summary["as_of"], "2024-06-15T23:59:59")
        later = sum(row[2] > "2024-06-15 23:59:59" for row in shop_rows())
        self.assertEqual(summary["audit"]["fates"]["after_as_of"], later)
        self.assertEqual(self.summary(shop(), "--as-of", "2024-06-15T08:00")["as_of"], "2024-06-15T08:00:00")
        self.assertEqual(self.summary(shop(), "--as-of", "20240615")["as_of"], "2024-06-15T23:59:59")
        self.assertEqual(self.summary(shop())["as_of"].replace("T", " "), max(row[2] for row in shop_rows()))
        self.fails(shop(), "--as-of", "2024-06-15T08:00Z", code=2, says="have none")
        self.fails(shop(), "--as-of", "1999-01-01", says="orders.csv")

    def test_a_feature_chosen_twice(self):
        crm = self.file("customer_id,age\n" + "".join(f"c{i:03d},{i}\n" for i in range(40)), "crm.csv")
        for more in ((), ("--join", crm)):
            for names in ("rfm,frequency", "frequency,frequency"):
                self.fails(shop(), "--features", names, *more, code=2, says=("--features", "frequency is chosen twice"))
        self.fails(shop(), "--features", "rfm,age", "--cluster", "age", "--join", crm, "--features", "age,age", code=2,
                   says="--features")

    def test_fill(self):
        self.fails(shop(), "--features", "recency_days,btyd_spend", says="btyd_spend")
        for fill in ("zero", "mean", "median"):
            summary = self.summary(shop(), "--features", "recency_days,btyd_spend", "--fill", fill)
            self.assertEqual(summary["options"]["fill"], fill)


if __name__ == "__main__":
    unittest.main()
