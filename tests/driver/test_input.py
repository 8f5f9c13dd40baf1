# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file may hold: forms of time, rows that cannot be read, and files that are no order lines."""
import calendar
import os
import re
import unittest
from datetime import datetime, timedelta

from driver import HEADER, Driver, shop, shop_rows


def with_times(change):
    return shop(rows=[[*row[:2], change(row[2]), *row[3:]] for row in shop_rows()])


class Times(Driver):
    def test_forms(self):
        plain = self.summary(shop())["fingerprint"]
        for change in (lambda t: t.replace(" ", "T"), lambda t: t[:-3], lambda t: t + ".250",
                       lambda t: t + "Z", lambda t: t + "+00:00", lambda t: f'" {t} "'):
            with self.subTest(form=change("2024-01-02 03:04:05")):
                self.assertEqual(self.summary(with_times(change))["fingerprint"], plain)
        dates = self.summary(with_times(lambda t: t[:10]))
        self.assertEqual(self.summary(with_times(lambda t: t[:10].replace("-", "")))["fingerprint"],
                         dates["fingerprint"])

    def test_zones_become_utc(self):
        self.assertEqual(self.summary(with_times(lambda t: t + "+02:00"), "--as-of", "2024-12-31T22:00:00Z")["as_of"],
                         "2024-12-31T22:00:00")
        latest = max(row[2] for row in shop_rows())
        hour = int(latest[11:13]) + 2
        self.assertEqual(self.summary(with_times(lambda t: t + "-0200"))["as_of"], f"{latest[:10]}T{hour:02d}:30:00")

    def features(self, content, *arguments):
        """Every customer's features, and (as of, first) as the table shows them."""
        out = self.path("segments.csv")
        table = self.run_segment(*arguments, "--segments", out, self.file(content)).stdout.decode()
        with open(out, encoding="utf-8") as file:
            return file.read(), re.search(r"orders from (\S+), seen as of ([-0-9]+ [:0-9]+)\n", table).groups()

    def test_days_are_the_stores(self):
        local = self.features(shop())
        for offset, hours in (("+05:30", 5.5), ("-11", -11), ("+1400", 14), ("0", 0)):
            def utc(text, form="%Y-%m-%dT%H:%M:%SZ", hours=hours):
                return (datetime.fromisoformat(text) - timedelta(hours=hours)).strftime(form)
            with self.subTest(offset=offset):
                where = ("--utc-offset", offset)
                self.assertEqual(self.features(shop(), *where), local)
                self.assertEqual(self.features(with_times(utc), *where), local)
                self.assertEqual(self.features(with_times(lambda t: t.replace("-", "/")), *where, "--time-format",
                                               "%Y/%m/%d %H:%M:%S"), local)
                self.assertEqual(self.features(with_times(lambda t: utc(t, "%Y/%m/%d %T +0000")), *where,
                                               "--time-format", "%Y/%m/%d %T %z"), local)
                self.assertEqual(self.features(with_times(lambda t: str(calendar.timegm(
                    (datetime.fromisoformat(t) - timedelta(hours=hours)).timetuple()))), *where, "--time-format", "%s"),
                                 local)
                self.assertEqual(self.summary(with_times(utc), *where)["as_of"].replace("T", " "), local[1][1])
        self.assertNotEqual(self.features(with_times(lambda t: t + "Z"), "--utc-offset=-11")[0], local[0])

    def test_as_of_is_on_the_stores_clock(self):
        plain, where = self.features(shop(), "--as-of", "2024-06-15"), ("--utc-offset", "+05:30")
        self.assertEqual(plain[1][1], "2024-06-15 23:59:59")
        zoned = with_times(lambda t: t + "+05:30")
        for content in (shop(), zoned):
            for when in ("2024-06-15", "20240615", "2024-06-15T23:59:59", "2024-06-15T18:29:59Z",
                         "2024-06-15T19:29:59+01"):
                self.assertEqual(self.features(content, "--as-of", when, *where), plain)
                self.assertEqual(self.features(content, *where, "--as-of", when), plain)
        self.assertEqual(self.summary(zoned, *where, "--as-of", "2024-06-15")["as_of"], "2024-06-15T23:59:59")

    def test_day_and_month_are_never_guessed(self):
        dmy = with_times(lambda t: f"{t[8:10]}/{t[5:7]}/{t[:4]} {t[11:16]}")
        message = self.fails(dmy, says=("orders.csv: line 2, column timestamp", "ambiguous",
                                        "'%d/%m/%Y %H:%M'", "'%m/%d/%Y %H:%M'"))
        self.assertEqual(len(message.splitlines()), 1)
        self.fails(with_times(lambda t: "13.1.24"), says=("ambiguous", "%d.%m.%y"))
        plain = self.summary(shop())["fingerprint"]
        self.assertEqual(self.summary(dmy, "--time-format", "%d/%m/%Y %H:%M")["fingerprint"], plain)
        mdy = with_times(lambda t: f"{int(t[5:7])}/{int(t[8:10])}/{t[:4]} {t[11:16]}")
        self.assertEqual(self.summary(mdy, "--time-format=%m/%d/%Y %H:%M")["fingerprint"], plain)

    def test_time_format_decides(self):
        summary = self.summary(shop(rows=shop_rows() + [["c1", "x", "01/02/2024", "1", "1"]]), "--time-format", "%F %T")
        self.assertEqual(self.rejected(summary), [(2 + len(shop_rows()), "time", "unreadable")])
        epoch = shop(rows=[[*row[:2], str(1700000000 + 86400 * i), *row[3:]] for i, row in enumerate(shop_rows())])
        last = self.summary(epoch, "--time-format", "%s")["as_of"]
        self.assertTrue(last.startswith("20"), last)
        self.fails(epoch, says=("line 2, timestamp: unreadable"))

    def test_forms_are_not_mixed(self):
        for other, name in (("2024-01-05", "a date (YYYY-MM-DD)"), ("20240105", "compact"),
                            ("2024-01-05T10:00Z", "zone"), ("05/01/2024", "order that is not known")):
            with self.subTest(other=other):
                rows = shop_rows() + [["c001", "x", other, "1", "1.00"]]
                self.fails(shop(rows=rows), says=("mixed date forms", f"line {len(rows) + 1}, column timestamp", name,
                                                  other, "a date and time"))

    def test_days_that_are_not_in_the_calendar(self):
        rows = [["c001", "x", day, "1", "1"] for day in
                ("2024-02-30 10:00:00", "2023-02-29 10:00:00", "2024-13-01 10:00:00", "soon", "")] + shop_rows()
        rows.append(["c001", "y", "2024-02-29 10:00:00", "1", "1"])
        self.assertEqual(self.rejected(self.summary(shop(rows=rows))),
                         [(2, "time", "unreadable"), (3, "time", "unreadable"), (4, "time", "unreadable"),
                          (5, "time", "unreadable"), (6, "time", "missing")])


class Encodings(Driver):
    def test_latin1_and_windows_1252(self):
        rows = [[f"Käufer {row[0]}", *row[1:]] for row in shop_rows()]
        plain = self.summary(shop(rows=rows, header=HEADER.replace("price", "Prämie")), "--price", "Prämie")
        for encoding in ("latin1", "cp1252"):
            text = shop(rows=rows, header=HEADER.replace("price", "Prämie")).encode(encoding)
            with self.subTest(encoding=encoding):
                got = self.summary(text, "--encoding", encoding, "--price", "Prämie")
                self.assertEqual(got["fingerprint"], plain["fingerprint"])
        out = self.path("out.csv")
        euro = shop(rows=[[f"{row[0]} €", *row[1:]] for row in shop_rows()])
        self.run_segment("--encoding=cp1252", "--segments", out, self.file(euro.encode("cp1252")))
        with open(out, encoding="utf-8", newline="") as file:
            self.assertIn("\r\nc000 €,", file.read())

    def test_the_byte_order_mark_decides(self):
        plain = self.summary(shop())["fingerprint"]
        self.assertEqual(self.summary("\ufeff" + shop())["fingerprint"], plain)
        self.fails("\ufeff" + shop(), "--encoding", "latin1", says="leave --encoding out")

    def test_a_file_as_a_german_spreadsheet_saves_it(self):
        def german(row):
            time = f"{row[2][8:10]}.{row[2][5:7]}.{row[2][:4]} {row[2][11:16]}"
            return [f"Müller {row[0]}", row[1], time, row[3], row[4].replace(".", ",")]
        header = "Kundennummer;Beleg;Datum;Menge;Preis"
        names = ("--customer", "Kundennummer", "--order=Beleg", "--time", "Datum", "--quantity", "Menge",
                 "--price=Preis")
        plain = self.summary(shop(rows=[[f"Müller {row[0]}", *row[1:]] for row in shop_rows()]))["fingerprint"]
        text = "".join(";".join(row) + "\r\n" for row in [header.split(";")] + [german(r) for r in shop_rows()])
        form = ("--delimiter", ";", "--decimal", ",", "--time-format", "%d.%m.%Y %H:%M", *names)
        for env in ({}, {"LC_ALL": "de_DE.UTF-8"}):
            self.assertEqual(self.summary("\ufeff" + text, *form, env=env)["fingerprint"], plain)
            self.assertEqual(self.summary(text.encode("cp1252"), *form, "--encoding", "cp1252",
                                          env=env)["fingerprint"], plain)


class Rows(Driver):
    good = ["c001", "x", "2024-03-01 10:00:00", "1", "1.00"]

    def bad(self, column, value):
        row = list(self.good)
        row[column] = value
        return row

    def test_rejected_rows_have_line_column_and_reason(self):
        rows = shop_rows(20) + [
            self.bad(3, "one"), self.bad(3, ""), self.bad(3, "1e13"), self.bad(4, "1,000.00"), self.bad(4, "£3"),
            self.bad(4, "nan"), self.bad(4, "1e300"), self.bad(4, ""), self.bad(2, "x"), self.bad(0, ""),
            self.good[:3], self.good + ["more"], self.good + ["", " "]]
        rows[-10] = self.bad(4, '"1,000.00"')
        first = len(shop_rows(20)) + 2
        summary = self.summary(shop(rows=rows))
        expected = [("quantity", "unreadable"), ("quantity", "missing"), ("quantity", "out of range"),
                    ("price", "unreadable"), ("price", "unreadable"), ("price", "unreadable"),
                    ("price", "out of range"), ("price", "missing"), ("time", "unreadable"), ("customer", "missing"),
                    ("row", "too few fields"), ("row", "unreadable")]
        self.assertEqual(self.rejected(summary), [(first + i, *e) for i, e in enumerate(expected)])
        audit = summary["audit"]
        self.assertEqual(audit["rows_read"], len(rows))
        self.assertEqual((audit["fates"]["unreadable"], audit["fates"]["no_customer"]), (11, 1))
        self.assertEqual(sum(audit["fates"].values()), len(rows))

    def test_lines_count_newlines_within_quotes(self):
        rows = shop_rows(20) + [["c001", '"two\nlines"', *self.good[2:]], self.bad(3, "x"),
                                ["c002", '"three\n\nlines"', self.good[2], "x", "1"], self.bad(4, "x")]
        at = len(shop_rows(20)) + 2
        expected = [(at + 2, "quantity", "unreadable"), (at + 3, "quantity", "unreadable"),
                    (at + 6, "price", "unreadable")]
        self.assertEqual(self.rejected(self.summary(shop(rows=rows))), expected)
        self.assertEqual(self.rejected(self.summary(shop(rows=rows).replace("\n", "\r\n"))), expected)

    def test_milliseconds_are_no_seconds(self):
        text = "customer_id,date,amount\n"
        for i in range(30):
            text += f"c{i},{1700000000 + i % 3 * 864000},{1 + i % 3 * 50}\n"
        summary = self.summary(text + "c1,1700000000000,5\n", "--time-format", "%s")
        self.assertEqual(self.rejected(summary), [(32, "time", "out of range")])
        self.assertEqual(summary["audit"]["rows_kept"], 30)

    def test_empty_lines_do_not_count_as_rows(self):
        text = shop().replace("\n", "\n\n") + "\n   \n" + ",".join(self.bad(3, "x"))
        summary = self.summary(text)
        self.assertEqual(summary["audit"]["rows_read"], len(shop_rows()) + 1)
        self.assertEqual(self.rejected(summary), [(text.count("\n") + 1, "quantity", "unreadable")])

    def test_byte_order_mark_and_line_ends(self):
        plain = self.summary(shop())["fingerprint"]
        for content in ("\ufeff" + shop(), shop(end="\r\n"), "\ufeff" + shop(end="\r\n"), shop(end="\r"),
                        shop().rstrip("\n"), shop(header=HEADER.replace("customer_id", '"customer_id"')),
                        "\ufeff" + shop(header=HEADER.replace("customer_id", '"customer_id"'))):
            self.assertEqual(self.summary(content)["fingerprint"], plain)
        self.fails(shop().encode("utf-16"), says="UTF-16")

    def test_ids_are_trimmed_and_otherwise_kept(self):
        rows = [[f'"  {row[0]}\t"', row[1], *row[2:]] for row in shop_rows()]
        self.assertEqual(self.summary(shop(rows=rows))["customers"], 40)
        rows = [["17850.0", *row[1:]] if i % 2 else ["17850", *row[1:]] for i, row in enumerate(shop_rows())]
        rows += shop_rows()
        self.assertEqual(self.summary(shop(rows=rows))["customers"], 42)

    def test_broken_utf8(self):
        content = shop().encode() + b"c\xff,o,2024-03-01 10:00:00,1,1\nc001,\xc3,2024-03-01 10:00:00,1,1\n"
        at = len(shop_rows()) + 2
        self.assertEqual(self.rejected(self.summary(content)),
                         [(at, "customer", "not UTF-8"), (at + 1, "order", "not UTF-8")])
        self.fails(content, "--strict", says=(f"line {at}",))
        table = self.run_segment(self.file(content)).stdout.decode()
        self.assertIn(f"  line {at} is not UTF-8: is the file written in --encoding cp1252 or latin1?\n", table)

    def test_nul_bytes_are_characters(self):
        summary = self.summary(shop().encode() + b"c\0x,o\0,2024-03-01 10:00:00,1,1\n")
        self.assertEqual((summary["customers"], self.rejected(summary)), (41, []))

    def test_strict_fails_at_the_first(self):
        rows = shop_rows()
        at = len(rows) + 2
        self.fails(shop(rows=rows + [self.bad(3, "x"), self.bad(4, "x")]), "--strict",
                   says=(f"line {at}", "quantity", "unreadable"))
        self.fails(shop(rows=rows + [self.bad(0, "")]), "--strict", says=(f"line {at}", "customer"))
        self.run_segment("--strict", self.file(shop()))

    def test_quotes(self):
        plain = self.summary(shop())["fingerprint"]
        quoted = shop(rows=[[f'"{field}"' for field in row] for row in shop_rows()])
        self.assertEqual(self.summary(quoted)["fingerprint"], plain)
        at = len(shop_rows()) + 2
        stray = self.summary(shop() + 'c001,5" pipe,2024-03-01 10:00:00,1,1\n')
        self.assertEqual(self.rejected(stray), [])
        bad = self.summary(shop() + 'c001,"5" pipe",2024-03-01 10:00:00,1,1\n' + ",".join(self.good) + "\n")
        self.assertEqual(self.rejected(bad), [(at, "row", "unreadable")])
        self.assertEqual(bad["audit"]["rows_read"], len(shop_rows()) + 2)
        self.fails(shop() + 'c001,"open,2024-03-01 10:00:00,1,1\nc002,', says=(f"line {at}", "never closed"))
        self.fails(shop() + '\n\nc001,x\n"', says=(f"line {at + 3}", "never closed"))
        self.fails(shop() + 'c001,"' + "open\n" * (4 << 20), says=(f"line {at}", "no end within 16 MB"))


class Files(Driver):
    def test_files_that_are_none(self):
        self.run_segment(self.path("missing.csv"), code=4, says="No such file")
        self.run_segment(self.folder, code=4, says="directory")
        self.run_segment("-", code=4, stdin=os.open(self.folder, os.O_RDONLY), says="directory")

    def test_files_without_rows(self):
        self.fails("", says=("is empty", "name the columns"))
        self.fails("\n \n", says="is empty")
        self.fails("\ufeff", says="is empty")
        self.fails(HEADER, says="no rows")
        self.fails(HEADER + "\r\n\r\n", says="no rows")

    def test_files_without_a_row_that_can_be_read(self):
        self.fails(shop(rows=[["c", "o", "x", "1", "1"]] * 3),
                   says=("3 rows unreadable", "line 2, timestamp: unreadable"))
        self.fails(shop(rows=[["", *row[1:]] for row in shop_rows()]),
                   says=("without a customer", "line 2, customer_id: missing"))
        self.fails(shop(rows=[["c", "o", "2024-01-01", "-1", "1"]]))

    def test_what_helps_when_no_row_can_be_read(self):
        rows = [row for row in shop_rows() if row[0] == "c004"]
        with_time = shop(rows=[[*row[:2], "yesterday", *row[3:]] for row in rows])
        with_price = shop(rows=[[*row[:4], '"1,5"'] for row in rows])
        not_utf8 = shop(rows=[["J\u00fcrgen", *row[1:]] for row in rows]).encode("latin-1")
        options = ("--time-format", "--decimal", "--delimiter", "--encoding cp1252", "latin1")
        for content, helps in ((with_time, options[:1]), (with_price, options[1:3]), (not_utf8, options[3:]),
                               (shop(rows=[["", *row[1:]] for row in rows]), ())):
            errors = self.fails(content, says="first: line 2, ")
            lines = errors.splitlines()
            self.assertEqual([option for option in options if option in errors], list(helps))
            first = [line.startswith("  first: ") for line in lines].index(True)
            self.assertEqual(len(lines) - first, 2 if helps else 1)

    def test_a_file_that_is_no_csv(self):
        self.fails(bytes(range(256)) * 64)
        self.fails("," * 70000 + "\n", says="more than 65536 fields")

    def test_one_customer_and_identical_customers(self):
        one = [["c", f"o{i}", f"2024-01-{i + 1:02d} 10:00:00", "1", str(i + 1)] for i in range(9)]
        self.assertRegex(self.fails(shop(rows=one)), "k|segment|customer")
        same = [[f"c{i}", f"o{i}", "2024-01-01 10:00:00", "1", "5"] for i in range(50)]
        self.assertRegex(self.fails(shop(rows=same)), "distinct|segment")

    def test_standard_input(self):
        import json
        plain = self.summary(shop())["fingerprint"]
        done = self.run_segment("--json", "-", "-", stdin=shop())
        self.assertEqual(json.loads(done.stdout)["fingerprint"], plain)
        self.assertIn("standard input", done.stderr.decode())
        self.run_segment("-", stdin=b"", code=3, says="standard input: is empty")


if __name__ == "__main__":
    unittest.main()
