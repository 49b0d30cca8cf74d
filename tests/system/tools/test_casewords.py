# SPDX-License-Identifier: MIT
"""tools/lib/casewords.py: what a case of the matrix and its outcome say, in words."""

import glob
import os
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import casewords                        # noqa: E402


class Words(unittest.TestCase):
    """What a case says, in words."""

    def test_each_bit_of_the_error_code_has_its_name_and_number(self):
        for number, (name, bit, long, one, _) in enumerate(casewords.ERROR):
            self.assertEqual(bit, 1 << number)
            self.assertEqual(casewords.side("#PF(%s)" % name),
                             "a page fault with error code %02XH (%s: %s)" % (bit, long, one))
        self.assertEqual(casewords.side("#PF(0)"), "a page fault with error code 00H (no bit set)")

    def test_other_outcomes(self):
        for text, words in (("none", "no fault"), ("#DF", "a double fault"),
                            ("vector-13(1a)", "exception 13 with error code 1AH"),
                            ("none,D=wrong,A=0", "no fault, with the wrong dirty flag, with the accessed flag clear"),
                            ("none|#PF(P)", "no fault or a page fault with error code 01H (P: the page was present)"),
                            ("something new", "something new")):
            self.assertEqual(casewords.side(text), words)

    def test_the_difference_names_each_wrong_bit_alone(self):
        self.assertEqual(casewords.difference("#PF(P+W+PK)", "#PF(P+U+PK)"), [
            "W/R (bit 1) is 0 (the access was a read); it must be 1 (the access was a write)",
            "U/S (bit 2) is 1 (a user-mode access); it must be 0 (a supervisor-mode access)"])
        self.assertEqual(casewords.difference("#PF(P)", "none"), [])
        self.assertEqual(casewords.difference("#PF(P)", "#PF(P),CR2=elsewhere"), [])

    def test_rights_are_told_by_key(self):
        for value, words in ((0, "no key is restricted"), (4, "key 1: AD"), (0xfffffffc, "keys 1-15: AD+WD"),
                             (0x80000011, "keys 0, 2: AD; key 15: WD")):
            self.assertEqual(casewords.rights(value), words)

    def test_an_entrys_key_counts_only_in_a_leaf(self):
        for name, value, words in (("PTE", 0x8800000000000001, "P, XD, key 1"),
                                   ("PDE", 0x4800000000000027, "P, R/W, U/S, A, key 9 (ignored here)"),
                                   ("PDE", 0x48000000000020c3, "P, R/W, D, PS, key 9, bit 13, which is reserved"),
                                   ("PDE", 3, "P, R/W"), ("PTE", 0x80 | 1, "P, key 0")):
            self.assertEqual(casewords.entry(name, value), words)

    def test_each_own_access_is_the_name_of_a_kind(self):
        text = ""
        for path in glob.glob(os.path.join(TOP, "tests", "matrix", "*.[ch]")):
            with open(path, encoding="utf-8") as file:
                text += file.read()
        for name in casewords.OWN:
            self.assertIn('"%s"' % name, text)


if __name__ == "__main__":
    unittest.main()
