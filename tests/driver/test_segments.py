# SPDX-License-Identifier: GPL-3.0-or-later
"""--segments: who is in which segment, as a CSV file that any reader reads and no spreadsheet runs."""
import csv
import os
import resource
import stat
import subprocess
import unittest

from driver import Driver, german_locale, shop, shop_rows

FIRST = ["customer_id", "segment", "name", "silhouette"]


def with_ids(ids):
    """The shop, its first customers called by these ids."""
    names = {f"c{i:03d}": name for i, name in enumerate(ids)}
    quoted = {old: '"' + new.replace('"', '""') + '"' for old, new in names.items()}
    return shop(rows=[[quoted.get(row[0], row[0]), *row[1:]] for row in shop_rows()])


class Segments(Driver):
    def segments(self, content, *arguments, delimiter=",", **more):
        """(header, rows) of the file."""
        out = self.path("segments.csv")
        self.run_segment(*arguments, "--segments", out, self.file(content), **more)
        with open(out, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter=delimiter, strict=True))
        return rows[0], rows[1:]

    def test_a_row_for_each_customer(self):
        header, rows = self.segments(shop())
        summary = self.summary(shop())
        self.assertEqual(header[:4], FIRST)
        first = summary["segments"][0]
        self.assertEqual(header[4:], [*first["mean"], *first["most_common"]])
        self.assertEqual([row[0] for row in rows], [f"c{i:03d}" for i in range(40)])
        for segment in summary["segments"]:
            own = [row for row in rows if row[1] == str(segment["id"])]
            self.assertEqual((len(own), {row[2] for row in own}), (segment["customers"], {segment["name"]}))
            self.assertAlmostEqual(sum(float(row[3]) for row in own) / len(own), segment["silhouette"], 12)
            gross = header.index("monetary_gross")
            self.assertAlmostEqual(sum(float(row[gross]) for row in own), segment["revenue_gross"], 6)

    def test_codes_are_texts_and_no_formulas(self):
        lines = ["customer,order,date,price,category",
                 "a,1,2024-05-01T10:00:00,9,Tea", "a,2,2024-07-01T10:00:00,9,Cups",
                 "b,3,2024-06-30T23:00:00,5,=1+1", 'c,4,2024-06-01T00:00:00,5,"Mugs, large"',
                 "d,5,2024-07-01T00:00:00,900,"]
        header, rows = self.segments("\n".join(lines) + "\n", "--k", "2", "--utc-offset", "+01:00")
        month, category = header.index("cohort_month"), header.index("first_category")
        self.assertEqual([(row[month], row[category]) for row in rows],
                         [("202405", "Tea"), ("202406", "'=1+1"), ("202406", "Mugs, large"), ("202407", "")])

    def test_numbers_are_the_doubles_and_missing_ones_are_empty(self):
        header, rows = self.segments(shop())
        for row in rows:
            for name, text in zip(header[3:], row[3:]):
                self.assertEqual(text.strip(), text)
                if text != "":
                    self.assertIn(text, (repr(float(text)), f"{float(text):.15g}", f"{float(text):.16g}",
                                         f"{float(text):.17g}"), name)
        spend, orders = header.index("btyd_spend"), header.index("btyd_x")
        self.assertEqual({row[spend] == "" for row in rows if row[orders] == "0"}, {True})
        self.assertEqual({row[spend] == "" for row in rows if row[orders] != "0"}, {False})

    def test_delimiter_and_decimal_are_those_of_the_orders(self):
        german = shop().replace(",", ";").replace(".", ",")
        plain = self.segments(shop())
        os.mkdir(self.path("locale"))
        for env in ({}, german_locale(self.path("locale")) or {"LC_ALL": "de_DE.UTF-8"}):
            header, rows = self.segments(german, "--delimiter", ";", "--decimal", ",", delimiter=";", env=env)
            self.assertEqual(header, plain[0])
            self.assertEqual([[*row[:3], *(v.replace(",", ".") for v in row[3:])] for row in rows], plain[1])
        quoted = shop().replace(".", ",")
        quoted = "\n".join(",".join(line.split(",")[:4] + ['"' + ",".join(line.split(",")[4:]) + '"'])
                           for line in quoted.splitlines())
        header, rows = self.segments(quoted.replace('"price"', "price"), "--decimal", ",")
        self.assertEqual([[*row[:3], *(v.replace(",", ".") for v in row[3:])] for row in rows], plain[1])

    def test_line_ends_and_byte_order_mark(self):
        out, path = self.path("out.csv"), self.file(shop())
        self.run_segment("--segments", out, path)
        with open(out, "rb") as file:
            plain = file.read()
        self.assertEqual((plain.count(b"\r\n"), plain.count(b"\n"), plain[-2:]), (41, 41, b"\r\n"))
        self.assertTrue(plain.startswith(b"customer_id,segment,"))
        self.run_segment("--bom", "--segments", out, path)
        with open(out, "rb") as file:
            self.assertEqual(file.read(), b"\xef\xbb\xbf" + plain)

    def test_texts_are_quoted(self):
        ids = ["a,b", 'say "hi"', "two\nlines", "cr\rlf", "semi;colon", "nul\0byte", "plain", "ünïcödé", "a" * 100000]
        _, rows = self.segments(with_ids(ids[:5] + ids[6:]))
        self.assertEqual({row[0] for row in rows} & set(ids), set(ids) - {"nul\0byte"})
        out = self.path("segments.csv")
        self.run_segment("--segments", out, self.file(with_ids(ids)))
        with open(out, "rb") as file:
            self.assertIn(b'\n"nul\0byte",', file.read())

    def test_no_separator_of_another_country_is_bare(self):
        ids = ["x;=HYPERLINK(1)", "y|=1", "z\t=1", "w,=1"]
        for delimiter, name in ((",", ","), (";", ";"), ("\t", "tab"), ("|", "|")):
            content, out = shop().replace(",", delimiter), self.path("segments.csv")
            for i, new in enumerate(ids):
                content = content.replace(f"c{i:03d}{delimiter}", f'"{new}"{delimiter}')
            self.run_segment("--delimiter", name, "--segments", out, self.file(content))
            with open(out, "rb") as file:
                lines = file.read().splitlines()
            for new in ids:
                self.assertEqual(sum(line.startswith(f'"{new}"'.encode()) for line in lines), 1, (name, new))
        out = self.path("segments.csv")
        german = shop().replace(",", ";").replace(".", ",")
        self.run_segment("--delimiter", ";", "--decimal", ",", "--segments", out, self.file(german))
        with open(out, "rb") as file:
            self.assertNotIn(b'"', file.read())

    def test_formulas_are_defused_and_can_be_told_apart(self):
        formulas = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "'=1", '"=1', "' =x", "=cmd|' /C calc'!A0", "-", "+",
                    "--5", "-5-5", "-5.", "＝1", "＋x", "－x", "＠x", "'-5", "-1e5", "-2\t3"]
        texts = ["-5", "+49123", "-1.50", "a=b", "'quoted'", "5-3", "x@y", "007"]
        _, rows = self.segments(with_ids(formulas + texts))
        shown = {row[0] for row in rows}
        self.assertEqual(len(shown), 40)
        for text in formulas:
            self.assertIn("'" + text, shown)
            self.assertNotIn(text, shown - {"'" + other for other in formulas})
        for text in texts:
            self.assertIn(text, shown)
            self.assertNotIn("'" + text, shown)


class Files(Driver):
    def test_both_files_and_the_table_names_them(self):
        path, out, json = self.file(shop()), self.path("out.csv"), self.path("out.json")
        table = self.run_segment("--segments", out, "--json", json, path).stdout.decode()
        self.assertIn(f"  written: {out}\n           {json}\n", table)
        piped = self.run_segment("--segments", out, "--json", "-", path)
        self.assertIn(f"  written: {out}\n", piped.stderr.decode())
        with open(json, "rb") as file:
            self.assertEqual(file.read(), piped.stdout)
        self.assertEqual(sorted(os.listdir(self.folder)), ["orders.csv", "out.csv", "out.json"])
        self.run_segment("--segments", "/dev/null", path)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))

    def test_one_name_for_two_things(self):
        path, out = self.file(shop()), self.path("out.csv")
        self.run_segment("--segments", path, path, code=2, says=("--segments", "the file to be read"))
        self.run_segment("--segments", out, "--json", out, path, code=2, says="the file of --json")
        self.run_segment("--segments", out, "--json", self.path("./out.csv"), path, code=2, says="the file of --json")
        os.symlink(self.folder, self.path("link"))
        self.run_segment("--segments", self.path("link/out.csv"), "--json", out, path, code=2, says="of --json")
        self.file("old", "out.csv")
        os.link(out, self.path("hard.csv"))
        self.run_segment("--segments", self.path("hard.csv"), "--json", out, path, code=2, says="of --json")
        self.assertEqual(sorted(os.listdir(self.folder)), ["hard.csv", "link", "orders.csv", "out.csv"])

    def both(self, code=4, says=(), **more):
        """Both files fail: the old ones stay."""
        path, out, json = self.file(shop()), self.file("old", "out.csv"), self.file("old", "out.json")
        self.run_segment("--segments", out, "--json", json, path, code=code, says=says, **more)
        for name in (out, json):
            with open(name, encoding="utf-8") as file:
                self.assertEqual(file.read(), "old", name)
        self.assertEqual(sorted(os.listdir(self.folder)), ["orders.csv", "out.csv", "out.json"])

    def test_a_disk_that_is_full_for_either_leaves_both(self):
        path = self.file(shop())
        self.run_segment("--segments", self.path("a.csv"), "--json", self.path("a.json"), path)
        sizes = [os.stat(self.path(name)).st_size for name in ("a.csv", "a.json")]
        os.unlink(self.path("a.csv"))
        os.unlink(self.path("a.json"))
        self.assertLess(sizes[0], sizes[1])
        for limit, name in ((1024, "out.csv"), (sizes[0] + 1, "out.json")):
            self.both(says=(name, "File too large"),
                      preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))

    def test_what_was_written_when_the_second_fails(self):
        shim = os.environ.get("FAIL_RENAME", "")
        if os.environ.get("PATRON_SANITIZE") or not shim:
            self.skipTest("sanitizers want to be loaded first")
        path, out, json = self.file(shop()), self.file("old", "out.csv"), self.file("old", "out.json")
        done = self.run_segment("--segments", out, "--json", json, path, code=4, env={"LD_PRELOAD": shim},
                                says=("out.json: cannot be written: Input/output error", "out.csv was written"))
        self.assertEqual(done.stdout, b"")
        with open(json, encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")
        with open(out, encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("customer_id,"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["orders.csv", "out.csv", "out.json"])

    def test_where_nothing_can_be_written(self):
        path = self.file(shop())
        self.run_segment("--segments", self.path("no/such.csv"), path, code=4, says="No such file")
        self.run_segment("--segments", self.folder, path, code=4, says="directory")
        self.run_segment("--segments", "/dev/full", path, code=4, says=("/dev/full", "No space left"))
        with open("/dev/full", "wb") as full:
            self.run_segment("--segments", self.path("out.csv"), "--json", "-", path, stdout=full, code=4,
                             says="No space left")
        self.assertEqual(os.listdir(self.folder), ["orders.csv"])
        self.run_segment("--segments", self.path("out.csv"), self.file("a,b\n1,2\n"), code=3)
        self.assertEqual(os.listdir(self.folder), ["orders.csv"])

    def test_a_closed_pipe_is_an_error(self):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as closed:
            self.run_segment("--segments", f"/dev/fd/{closed.fileno()}", self.file(shop(2000)), code=4,
                             pass_fds=[closed.fileno()], says="Broken pipe", stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    unittest.main()
