# SPDX-License-Identifier: GPL-3.0-or-later
"""--forget: what is written is what would be written of a shop that never had the customer."""
import os
import unittest

from driver import Driver, shop, shop_rows

AS_OF = ("--as-of", "2024-12-31")


class Forget(Driver):
    def outputs(self, folder, content, *arguments):
        """Bytes of the JSON, of the segments' file, and of the table."""
        os.makedirs(self.path(folder), exist_ok=True)
        path, made = self.file(content, f"{folder}/orders.csv"), []
        names = [self.path(f"{folder}/out.{kind}") for kind in ("json", "csv")]
        done = self.run_segment(*AS_OF, *arguments, "--json", names[0], "--segments", names[1], path)
        for name in names:
            with open(name, "rb") as file:
                made.append(file.read())
        return [*made, done.stdout.replace(self.path(folder).encode(), b"")]

    def test_as_if_never_seen(self):
        bad = [["c004", "late", "2025-03-01 10:00:00", "1", "1"], ["c004", "x", "never", "1", "1"],
               ["c004", "x", "2024-01-01 10:00:00", "one", "1"], ["c004", "x"]]
        rows = shop_rows()
        others = [row for row in rows if row[0] not in ("c004", "c007")]
        plain = self.outputs("a", shop(rows=others))
        content = shop(rows=others + [row for row in rows if row[0] in ("c004", "c007")] + bad)
        self.assertNotEqual(self.outputs("b", content), plain)
        self.assertEqual(self.outputs("b", content, "--forget", "c004", "--forget", " c007 "), plain)
        for text in ("c004\nc007\n", "\ufeffc004\r\n\r\n \"c007\" \r\n", "c007\nc004\nc007"):
            with self.subTest(text=text):
                self.assertEqual(self.outputs("b", content, "--forget-file", self.file(text, "who.txt")), plain)
        self.assertEqual(self.outputs("b", content, "--forget=c004", "--forget-file",
                                      self.file("c007\nc004\n", "who.txt")), plain)
        for made in plain:
            self.assertNotIn(b"c004", made)

    def test_an_unknown_id_is_an_error_and_nothing_is_written(self):
        path, out = self.file(shop()), self.path("out.json")
        for arguments, says in ((("--forget", "c999"), ("--forget c999", "nothing was written")),
                                (("--forget", "c00"), ("--forget c00:",)),
                                (("--forget-file", self.file("c001\n\nc999\n", "who.txt")),
                                 ("who.txt: line 3", "c999", "nothing was written")),
                                (("--forget-file", self.file("c001,c002\n", "two.txt")), ("two.txt: line 1", "one id")),
                                (("--forget-file", self.file('"c001"x\n', "bad.txt")), ("bad.txt: line 1", "quotes"))):
            with self.subTest(arguments=arguments):
                done = self.run_segment(*arguments, "--json", out, path, code=3, says=says)
                self.assertEqual(done.stdout, b"")
                self.assertFalse(os.path.exists(out))
        self.run_segment("--forget-file", self.path("none.txt"), path, code=4, says="none.txt")
        self.run_segment("--forget-file", path, "--json", path, self.file(shop(), "b.csv"), code=2, says="to be read")

    def test_ids_with_delimiters_bytes_and_nobody_left(self):
        rows = [["c004" if row[0] == "x" else row[0], *row[1:]] for row in shop_rows()]
        odd = shop(rows=rows + [['"a,b"', "o", "2024-05-05 10:00:00", "1", "2"],
                                ["n\0l", "o", "2024-05-05 10:00:00", "1", "2"],
                                ["Jürgen", "o", "2024-05-05 10:00:00", "1", "2"]])
        plain = self.outputs("a", shop())
        self.assertEqual(self.outputs("b", odd, "--forget-file", self.file('"a,b"\nn\0l\nJürgen\n', "who.txt")), plain)
        self.assertEqual(self.outputs("b", odd, "--forget", "a,b", "--forget=Jürgen", "--forget-file",
                                      self.file("n\0l", "who.txt")), plain)
        one = [row for row in shop_rows() if row[0] == "c004"]
        self.fails(shop(rows=one), "--forget", "c004", says="orders.csv")

    def test_the_joined_file_has_no_row_of_them(self):
        rows = shop_rows()
        others = shop(rows=[row for row in rows if row[0] not in ("c004", "c007")])
        crm = [f"c{i:03d},{i}\n" for i in range(40)] + ["nobody,1\n"]
        def join(keep):
            return ("--join", self.file("customer_id,age\n" + "".join(row for row in crm if keep(row[:4])), "crm.csv"))
        plain = self.outputs("a", others, *join(lambda c: c not in ("c004", "c007")))
        self.assertIn(b"38 customers have a row, 0 none; left out: 1 without an order\n", plain[2])
        crm.insert(1, "c007,2\n")
        who = self.file("c007\nc004\n", "who.txt")
        self.assertEqual(self.outputs("b", shop(), *join(lambda c: True), "--forget-file", who), plain)
        self.run_segment(*join(lambda c: c in ("c004", "c007")), "--forget-file", who, self.file(shop()), code=3,
                         says="crm.csv: has no rows to join besides")

    def test_a_file_from_standard_input_and_an_empty_one(self):
        plain = self.outputs("a", shop())
        self.assertEqual(self.outputs("b", shop(), "--forget-file", self.file("\n", "who.txt")), plain)
        self.run_segment("--forget-file", "-", self.file(shop()), stdin="c001\n")


if __name__ == "__main__":
    unittest.main()
