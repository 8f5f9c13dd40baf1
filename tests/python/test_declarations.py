# SPDX-License-Identifier: GPL-3.0-or-later
"""check_declarations.py finds what is wrong: each test spoils one declaration and reads what is said.

PATRON_CC in the environment is the C compiler, PATRON_INCLUDE the folders to include from, separated by colons.
"""
import copy
import ctypes
import os
import shlex
import types
import unittest
from unittest import mock

import check_declarations
import public_api
import _declarations

API = public_api.read(shlex.split(os.environ["PATRON_CC"]), os.environ["PATRON_INCLUDE"].split(":"))


class Checker(unittest.TestCase):
    def setUp(self):
        self.spoiled = types.SimpleNamespace(**{k: v for k, v in vars(_declarations).items() if k != "FUNCTIONS"},
                                             FUNCTIONS=dict(_declarations.FUNCTIONS))

    def says(self, *texts):
        problems = "\n".join(check_declarations.compare(API, self.spoiled))
        for text in texts:
            self.assertIn(text, problems)

    def with_fields(self, name, fields):
        self.spoiled.__dict__[name] = type(name, (ctypes.Structure,), {"_fields_": fields})

    def test_declarations_are_right_as_they_are(self):
        self.assertEqual(check_declarations.compare(API, self.spoiled), [])

    def test_the_headers_are_read_in_full(self):
        marked = 0
        for folder in os.environ["PATRON_INCLUDE"].split(":"):
            for header in os.listdir(os.path.join(folder, "patron")):
                with open(os.path.join(folder, "patron", header), encoding="utf-8") as file:
                    marked += sum(line.startswith("PATRON_API ") for line in file) if header.endswith(".h") else 0
        self.assertEqual(len(API.functions), marked)

    def test_a_missing_function_is_said_with_its_line(self):
        del self.spoiled.FUNCTIONS["patron_history_append"]
        self.says('"patron_history_append": (c_int32, P(History), P(Orders), P(Context), P(Error)),')

    def test_a_wrong_number_of_arguments_is_found(self):
        self.spoiled.FUNCTIONS["patron_fingerprint"] = (ctypes.c_uint64,)
        self.says("function patron_fingerprint differs")

    def test_a_wrong_kind_of_argument_is_found(self):
        self.spoiled.FUNCTIONS["patron_matrix_find"] = (ctypes.c_int64, ctypes.POINTER(_declarations.Features),
                                                        ctypes.c_char_p)
        self.says("function patron_matrix_find differs")

    def test_a_wrong_result_is_found(self):
        self.spoiled.FUNCTIONS["patron_fingerprint"] = (ctypes.c_int32, ctypes.POINTER(_declarations.Segmentation))
        self.says("function patron_fingerprint differs")

    def test_a_function_that_c_lacks_is_found(self):
        self.spoiled.FUNCTIONS["patron_nothing"] = (None,)
        self.says("function patron_nothing is declared; C does not have it")

    def test_a_missing_last_field_is_found_by_size_and_name(self):
        self.with_fields("Rows", _declarations.Rows._fields_[:-1])
        self.says("Rows (patron_rows) has 48 bytes, in C 56", "lacks, after reserved, the line",
                  '("weights", P(c_double)),')

    def test_swapped_fields_of_one_size_are_found(self):
        fields = list(_declarations.HistoryOptions._fields_)
        fields[1], fields[2] = fields[2], fields[1]
        self.with_fields("HistoryOptions", fields)
        self.says("HistoryOptions (patron_history_options).zero_amount lies at 12 with 4 bytes, in C at 8 with 4")

    def test_a_field_of_another_type_and_one_size_is_found(self):
        fields = [("tol", ctypes.c_int64) if field[0] == "tol" else field
                  for field in _declarations.KmeansOptions._fields_]
        self.with_fields("KmeansOptions", fields)
        self.says("KmeansOptions (patron_kmeans_options).tol is c_long; C says c_double")

    def test_a_field_too_many_is_found(self):
        self.with_fields("Text", [*_declarations.Text._fields_, ("extra", ctypes.c_int64)])
        self.says("has the field extra, which C does not have")

    def test_a_wrong_and_a_missing_constant_are_found(self):
        self.spoiled.PATRON_NO_DATA = 8
        del self.spoiled.PATRON_FILL_MEDIAN
        self.says("PATRON_NO_DATA is 8; C says: PATRON_NO_DATA = 7", "add the line:\nPATRON_FILL_MEDIAN = 3")

    def test_a_missing_struct_is_said_with_its_fields(self):
        del self.spoiled.Claim
        self.says("struct patron_claim is missing", "class Claim(ctypes.Structure):", '("word", c_char_p),')

    def test_a_wrong_callback_is_found(self):
        self.spoiled.Progress = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_char_p)
        self.says("callback patron_progress differs")

    def test_a_new_c_function_over_new_structs_is_asked_for(self):
        api = copy.deepcopy(API)
        api.structs["patron_coming"] = public_api.Struct("patron_coming", 16, [
            public_api.Field("size", "size_t", 0, 0, 8), public_api.Field("ids", "const int64_t *", 0, 8, 8)])
        api.functions["patron_coming_use"] = public_api.Function(
            "patron_coming_use", "patron_status", [("const patron_coming *", "coming")])
        problems = "\n".join(check_declarations.compare(api, self.spoiled))
        self.assertIn("class Coming(ctypes.Structure):", problems)
        self.assertIn('"patron_coming_use": (c_int32, P(Coming)),', problems)

    def test_declarations_are_as_they_would_be_written(self):
        with open(check_declarations.DECLARATIONS, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(check_declarations.written(API, text), text)
        self.assertEqual(check_declarations.written(API, text[:text.index("PATRON_OK")]), text)

    def test_the_package_has_the_version_of_the_library(self):
        self.assertEqual(check_declarations.packaging_problems(API), [])
        with mock.patch.dict(API.constants, PATRON_VERSION="9.9.9"):
            self.assertIn('version = "9.9.9"', check_declarations.packaging_problems(API)[0])


if __name__ == "__main__":
    unittest.main()
