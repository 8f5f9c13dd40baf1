# SPDX-License-Identifier: GPL-3.0-or-later
"""--join: the shop's own columns, found by customer id, to describe segments and to group by."""
import csv
import json
import unittest

from driver import Driver, shop, shop_rows


def crm(customers=40, header="customer_id,age,visits"):
    """A row for each customer, the last one's age missing."""
    rows = [f"c{c:03d},{20 + c % 50},{c % 4}.5" for c in range(customers)]
    rows[-1] = f"c{customers - 1:03d},,7"
    return "\n".join([header, *rows]) + "\n"


class Join(Driver):
    def joined(self, content, *arguments, orders=None, **more):
        """(summary, table) of a run with the joined file."""
        out = self.path("out.json")
        table = self.run_segment("--join", self.file(content, "crm.csv"), *arguments, "--json", out,
                                 self.file(orders or shop()), **more).stdout.decode()
        with open(out, encoding="utf-8") as file:
            return json.load(file), table

    def refused(self, content, *arguments, code=3, says=(), orders=None, lines=1):
        done = self.run_segment("--join", self.file(content, "crm.csv"), *arguments, self.file(orders or shop()),
                                code=code, says=says)
        self.assertEqual((done.stdout, done.stderr.count(b"\n")), (b"", lines))

    def roles(self, summary):
        return {column["name"]: column["role"] for column in summary["columns"]}

    def test_columns_describe_the_segments(self):
        summary, table = self.joined(crm())
        plain = self.summary(shop())
        self.assertEqual(summary["fingerprint"], plain["fingerprint"])
        self.assertEqual({self.roles(summary)[name] for name in ("age", "visits")}, {"profile"})
        for segment in summary["segments"]:
            self.assertGreaterEqual(segment["median"]["age"], 20)
        self.assertIn("  joined crm.csv: 40 customers have a row, 0 none\n", table)
        median = summary["segments"][0]["median"]
        self.assertIn(f"    median age {median['age']:g}, visits {median['visits']:g}\n", table)

    def test_columns_group_the_customers(self):
        summary, _ = self.joined(crm(), "--cluster", "visits")
        self.assertEqual(summary["features"], ["recency_days", "frequency", "monetary_gross", "visits"])
        self.assertEqual(self.roles(summary)["visits"], "cluster")
        alone, _ = self.joined(crm(), "--cluster", " VISITS", "--features", "")
        self.assertEqual(alone["features"], ["visits"])
        named, _ = self.joined(crm(), "--features", "frequency,visits")
        self.assertEqual(named["features"], ["frequency", "visits"])
        self.refused(crm(), "--cluster", "age", says=("has no age", "that is customer c039; --fill"), lines=2)
        filled, _ = self.joined(crm(), "--cluster", "age,visits", "--fill", "median")
        self.assertEqual(filled["features"][-2:], ["age", "visits"])
        self.refused(crm(), "--features", "nonsense", code=2, says="nonsense")

    def test_ignored_columns_and_those_without_a_name_are_not_read(self):
        content = "customer_id,name,age,,visits\n" + "".join(f"c{c:03d},Ann {c},{c},note,1\n" for c in range(40))
        self.refused(content, says=("crm.csv: line 2, column name: Ann 0 is no number", "--ignore name"))
        summary, _ = self.joined(content, "--ignore", "name")
        self.assertNotIn("name", self.roles(summary))
        self.assertEqual(list(self.roles(summary))[-2:], ["age", "visits"])
        self.refused(content, "--ignore", "name,age,visits", says="no column to join")

    def test_who_is_found_is_counted(self):
        lines = crm().splitlines()
        content = "\n".join(lines[:31] + ["x1,1,1", "x2,2,2", ",3,3", "c030,4,4"]) + "\n"
        _, table = self.joined(content)
        self.assertIn("  joined crm.csv: 31 customers have a row, 9 none; left out: 2 without an order, "
                      "1 without an id\n", table)
        out = self.path("segments.csv")
        self.run_segment("--join", self.path("crm.csv"), "--segments", out, self.path("orders.csv"))
        with open(out, encoding="utf-8", newline="") as file:
            rows = {row["customer_id"]: row for row in csv.DictReader(file)}
        self.assertEqual([rows[c]["age"] for c in ("c000", "c030", "c031", "c039")], ["20", "4", "", ""])
        self.assertEqual(rows["c001"]["visits"], "1.5")

    def test_the_column_of_ids(self):
        plain, _ = self.joined(crm())
        for header, arguments in (("Customer ID,age,visits", ()), ("who,age,visits", ("--join-id", "who")),
                                  ("WHO,age,visits", ("--join-id=who",)),
                                  ("Client,age,visits", ())):
            with self.subTest(header=header):
                summary, _ = self.joined(crm(header=header), *arguments)
                self.assertEqual(summary["segments"], plain["segments"])
        orders = shop(header="who,order_id,timestamp,quantity,price")
        summary, _ = self.joined(crm(header="who,age,visits"), "--customer", "who", orders=orders)
        self.assertEqual(summary["segments"], plain["segments"])
        summary, _ = self.joined(crm(), "--customer", "who", orders=orders)
        self.assertEqual(summary["segments"], plain["segments"])
        self.refused(crm(header="id,age,visits"), says=("looks like the customer", "--join-id NAME"))
        self.refused(crm(), "--join-id", "who", says=("no column is named who", "--join-id NAME"))
        self.refused(crm(), "--cluster", "customer_id", says="is the customers' id")
        self.refused(crm(), "--cluster", "weight", says=("no column is named weight", "--cluster NAME"))
        self.refused(crm(), "--cluster", "age", "--ignore", "age", code=2, says="in --cluster and in --ignore")
        self.refused(crm(header="customer_id,age,age"), "--cluster", "age", says="2 columns are named age")

    def test_bad_rows_have_their_line(self):
        head = crm()
        lines = len(head.splitlines())
        for row, says in (("c050,x,1", (f"line {lines + 1}, column age: x is no number",)),
                          ("c050,nan,1", (f"line {lines + 1}, column age: nan is no number",)),
                          ("c050,inf,1", ("column age: inf is no number",)),
                          ("c050,1e999,1", ("column age: 1e999 is out of range",)),
                          ("c050,1,1.000,50", (f"line {lines + 1}: has 4 fields, the header has 3",)),
                          ("c050,1", (f"line {lines + 1}: has 2 fields",)),
                          ('c050,"1"2,1', (f"line {lines + 1}: the quotes do not fit",)),
                          ("c003,1,1", (f"crm.csv: lines 5 and {lines + 1} have the same customer id, c003",)),
                          ('c050,"1', (f"line {lines + 1}", "never closed"))):
            with self.subTest(row=row):
                self.refused(head + row + "\n", says=says)
        self.refused(crm().encode() + b"\xff,1,1\n", says=(f"crm.csv: line {lines + 1}:", "UTF-8"))
        summary, _ = self.joined(crm() + 'x,"1","\n2"\n')
        self.assertEqual(summary["customers"], 40)

    def test_files_that_cannot_be_joined(self):
        self.refused("", says="crm.csv: is empty")
        self.refused("customer_id,age\n", says="no rows")
        self.refused("customer_id\nc001\n", says="no column to join")
        self.refused("customer_id,age\n,1\n,2\n", says=("crm.csv", "customer id"))
        self.refused("customer_id,frequency\nc001,1\n", says=("frequency", "another name"))
        self.refused("customer_id,age,age\nc001,1,2\n", says="a name of its own")
        self.run_segment("--join", self.path("none.csv"), self.file(shop()), code=4, says="none.csv")
        self.run_segment("--join", self.file(crm(), "crm.csv"), "--json", self.path("crm.csv"), self.file(shop()),
                         code=2, says="the file to be read")

    def test_ids_of_any_length_and_bytes(self):
        long, odd = "L" * (1 << 20), "c\0x"
        names = {"c000": long, "c001": odd}
        orders = shop(rows=[[names.get(row[0], row[0]), *row[1:]] for row in shop_rows()])
        _, table = self.joined(f"customer_id,age\n{long},1\n{odd},2\nc,3\n", orders=orders)
        self.assertIn("2 customers have a row, 38 none; left out: 1 without an order\n", table)

    def test_a_name_that_is_a_formula_is_defused_in_the_header(self):
        out = self.path("segments.csv")
        self.run_segment("--join", self.file(crm(header="customer_id,=1+1,-visits"), "crm.csv"), "--segments", out,
                         self.file(shop()))
        with open(out, encoding="utf-8", newline="") as file:
            self.assertEqual(next(csv.reader(file))[-2:], ["'=1+1", "'-visits"])

    def test_from_standard_input_and_as_the_orders_are_written(self):
        plain, _ = self.joined(crm())
        out = self.path("out.json")
        self.run_segment("--join", "-", "--json", out, self.file(shop()), stdin=crm())
        with open(out, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["segments"], plain["segments"])
        german = [text.replace(",", ";").replace(".", ",") for text in (shop(), crm())]
        summary, _ = self.joined("\ufeff" + german[1].replace("\n", "\r\n"), "--delimiter=;", "--decimal=,",
                                 orders=german[0])
        self.assertEqual(summary["segments"], plain["segments"])


if __name__ == "__main__":
    unittest.main()
