# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison finds each kind of change, and tells those that break callers from those that do not."""
import unittest

from snapshot import KEPT, differences, parse, text_of, walk

BEFORE = {
    "constants": ["PATRON_OK = 0", "PATRON_REASON_COUNT = 6", "PATRON_NO_DATA = 7"],
    "structs": ["patron_history: opaque", "patron_text: 16 bytes", "patron_text:    0    8  bytes  const uint8_t *",
                "patron_text:    8    8  offsets  const int64_t *", "patron_x: 16 bytes",
                "patron_x:    0    8  size  size_t", "patron_x:    8    4  reserved  int32_t",
                "patron_x:   12    4  rows  int32_t"],
    "functions": ["int64_t patron_count(void)"],
    "json": [".k: number"],
}


class Differences(unittest.TestCase):
    def changed(self, section, *lines, gone=()):
        return differences(BEFORE, {**BEFORE, section: [x for x in BEFORE[section] if x not in gone] + list(lines)})

    def test_nothing(self):
        self.assertEqual(differences(BEFORE, BEFORE), ([], False))

    def test_what_is_new_does_not_break(self):
        for section, line in (("functions", "void patron_new(void)"), ("json", ".new: text"),
                              ("constants", "PATRON_NEW = 14"), ("structs", "patron_new: opaque")):
            self.assertEqual(self.changed(section, line), ([f"[{section}]", f"+ {line}"], False))
        self.assertEqual(differences(BEFORE, {**BEFORE, "more": ["x"]}), (["[more]", "+ x"], False))

    def test_what_is_gone_breaks(self):
        for section, lines in BEFORE.items():
            self.assertEqual(self.changed(section, gone=lines[-1:]), ([f"[{section}]", f"- {lines[-1]}"], True))

    def test_what_changed_breaks(self):
        lines, breaks = self.changed("constants", "PATRON_NO_DATA = 8", gone=["PATRON_NO_DATA = 7"])
        self.assertEqual((lines, breaks), (["[constants]", "- PATRON_NO_DATA = 7", "+ PATRON_NO_DATA = 8"], True))

    def test_a_struct_with_its_size_may_grow_at_its_end(self):
        _, breaks = self.changed("structs", "patron_x: 24 bytes", "patron_x:   16    8  more  double",
                                 gone=["patron_x: 16 bytes"])
        self.assertFalse(breaks)

    def test_a_struct_without_its_size_may_not(self):
        _, breaks = self.changed("structs", "patron_text: 24 bytes", "patron_text:   16    8  more  double",
                                 gone=["patron_text: 16 bytes"])
        self.assertTrue(breaks)

    def test_a_field_may_not_move(self):
        _, breaks = self.changed("structs", "patron_x: 24 bytes", "patron_x:   12    4  new  int32_t",
                                 "patron_x:   16    4  rows  int32_t",
                                 gone=["patron_x: 16 bytes", "patron_x:   12    4  rows  int32_t"])
        self.assertTrue(breaks)

    def test_a_reserved_field_may_get_a_meaning_and_no_other_place(self):
        gone = ["patron_x:    8    4  reserved  int32_t"]
        self.assertFalse(self.changed("structs", "patron_x:    8    4  choice  int32_t", gone=gone)[1])
        self.assertTrue(self.changed("structs", "patron_x:    8    8  choice  int64_t", gone=gone)[1])

    def test_a_list_of_constants_may_get_longer_not_shorter(self):
        gone = ["PATRON_REASON_COUNT = 6"]
        self.assertFalse(self.changed("constants", "PATRON_REASON_COUNT = 7", gone=gone)[1])
        self.assertTrue(self.changed("constants", "PATRON_REASON_COUNT = 5", gone=gone)[1])

    def test_a_struct_may_not_shrink(self):
        _, breaks = self.changed("structs", "patron_x: 12 bytes", gone=["patron_x: 16 bytes"])
        self.assertTrue(breaks)


class Text(unittest.TestCase):
    def test_it_is_read_as_it_was_written(self):
        self.assertEqual(parse(text_of(BEFORE)), BEFORE)

    def test_the_kept_one_has_every_section(self):
        with open(KEPT, encoding="utf-8") as file:
            kept = parse(file.read())
        for section in ("constants", "structs", "callbacks", "functions", "soname", "driver options",
                        "driver exit codes", "json", "features"):
            self.assertTrue(kept.get(section), section)

    def test_keys_of_every_entry_are_found(self):
        found = {}
        walk({"a": [{"b": 1}, {"b": None, "c": "x"}], "mean": {"frequency": 1.5}}, "", found)
        self.assertEqual(found[".a[].b"], {"number", "null"})
        self.assertEqual(found[".a[].c"], {"text"})
        self.assertEqual(found[".mean.FEATURE"], {"number"})
        self.assertNotIn(".mean.frequency", found)


if __name__ == "__main__":
    unittest.main()
