# SPDX-License-Identifier: MIT
"""The command line's words: what their rows' reader takes and refuses, and who shows them."""

import os
import re
import subprocess
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import words        # noqa: E402

SMALL = """\
/* A comment, with "quotes". */
#ifndef ENUM
#define ENUM(...)
#endif
ENUM(mode,
     VALUE(MODE_A, "a") /* one ( */
     VALUE(MODE_B, "b")
     COUNT(MODES))
POLICY(enum mode, mode, "mode", "a", CHOICE(mode), "what "
       "it is")
%s
#undef ENUM
"""


def small(row=""):
    """Rows with one word, and perhaps another row."""
    return SMALL % row


class Reader(unittest.TestCase):
    """Small files of rows, good and bad."""

    def test_a_table(self):
        read, = words.parse(small())
        self.assertEqual(read[:5], ("mode", "a", "what it is", ["a", "b"], ""))

    def test_every_kind(self):
        for kind, names, form, good, bad in [
                ("CHOICE(mode)", ["a", "b"], "", "b", "a,b"),
                ("MASK(mode)", ["a", "b"], "a list of them", "b,a", "a,c"),
                ("NUMBER(1, 9)", [], "1 to 9", "9 0x9 1", "0 10 9x x 0x -1"),
                ("LIMIT(9)", ["max"], "1 to 9", "max 9", "maximum 10 0"),
                ("NUMBER64", [], "a number of 64 bits, decimal or 0x", "0 0Xffffffffffffffff",
                 "18446744073709551616 ff"),
                ("SIZE", [], "SIZE[K|M|G|T]; 0: all", "0 7 0x10k 12M 1T", "12Q M 16777216T -1"),
                ("RANGES(2)", [], "START+SIZE[,...], up to 2", "1M+2 1M+2,0x5G+3K",
                 "1M 1M+ +2 1+2,3+4,5+6"),
                ("TEXT(9, \"A[,A]\")", [], "A[,A], up to 9 bytes", "123456789", "1234567890")]:
            read = words.parse(small('WORD(char[9], f, "w", "", %s, "h")' % kind))[1]
            with self.subTest(kind):
                self.assertEqual(read[:5], ("w", "", "h", names, form))
            for value, fits in [(v, True) for v in good.split()] + [(v, False) for v in bad.split()]:
                with self.subTest(kind, value=value):
                    self.assertEqual(bool(read.fits(value)), fits)

    def test_objections(self):
        read = words.parse(small('WORD(u32, f, "count", "", NUMBER(1, 9), "h")'))
        for word, why in [
                ("count=3", None), ("mode=b", None),
                ("count=0", "count=0: count= takes 1 to 9"),
                ("mode=c", "mode=c: mode= takes a|b"),
                ("cuont=3", "cuont=3: no such word; did you mean count=?; the words are mode, count"),
                ("zzz=3", "zzz=3: no such word; the words are mode, count")]:
            with self.subTest(word):
                self.assertEqual(words.objection(read, word), why)

    def test_every_list(self):
        for row in ['NAMES(n, VALUE(true, "x") VALUE(7, "y"))',
                    'ENUM(n, FLAG(X, 1, "x") FLAG(Y, 2, "y"))']:
            with self.subTest(row):
                read = words.parse(small(row + 'WORD(u32, f, "w", "", CHOICE(n), "h")'))[1]
                self.assertEqual(read[:5], ("w", "", "h", ["x", "y"], ""))

    def test_refused(self):
        for row, why in [
                ('WORD(u8, f, "w", "", GUESS, "h")', r"line 11: w: .* does not know GUESS\(\)"),
                ('WORD(u8, f, "w", "", NUMBER(1), "h")', r"does not know NUMBER\(1\)"),
                ('WORD(u8, f, "w", "", CHOICE(none), "h")', r"does not know CHOICE\(none\)"),
                ('WORD(u8, f, "w", NUMBER64, "h")', r"line 11: the form is WORD\(type, field"),
                ('POLICY(u8, f, "w", "", "h")', r"line 11: the form is POLICY\(type, field"),
                ('WORD(u8, f, W, "", SIZE, "h")', "line 11: the form is WORD"),
                ('WORD(u8, "w", "", SIZE, "h")', "line 11: the form is WORD"),
                ('WORD(u8, f, "w", "", SIZE, "h"', "line 11: `WORD` is not closed"),
                ('WORD(u8 *, f, "w", "", SIZE, "h")', "line 11: not part of a row"),
                ('WORD(u8, f, "w", "", SIZE, "a\\"b")', "line 11: a backslash"),
                ('VALUE(A, "a")', "line 11: a row is ENUM, NAMES, WORD, POLICY"),
                ('ENUM(n, VALUE("b", 7))', "line 11: the form is ENUM"),
                ('ENUM(n, VALUE(7, "b"))', "line 11: the form is ENUM"),
                ('ENUM(n, COUNT(N) VALUE(B, "b"))', "line 11: the form is ENUM"),
                ('NAMES(n, VALUE(B, "b") COUNT(N))', "line 11: the form is NAMES"),
                ("NAMES(n, VALUE(B | 1, \"b\"))", "line 11: not part of a row"),
                ("FOO", "line 11: `FOO` is not closed"),
                ("FOO BAR", "line 11: `BAR` between two rows"),
                (";", "line 11: not part of a row"), (",", "line 11: `,` between two rows"),
                ("#if 0", "line 11: not part of a row"),
                ("#define VALUE(...)", "line 11: not part of a row"),
                ('WORD(u8, f, "mode", "", SIZE, "h")', "one twice: mode, mode")]:
            with self.subTest(row), self.assertRaisesRegex(words.Bad, why):
                words.parse(small(row))

    def test_refused_files(self):
        for text, why in [("", "no words"), (small() + small(), "one twice")]:
            with self.subTest(why), self.assertRaisesRegex(words.Bad, why):
                words.parse(text)


class Shown(unittest.TestCase):
    """The kernel's own words, in the document and in the help."""

    def test_every_row_is_read(self):
        with open(words.SOURCE, encoding="utf-8") as file:
            starts = re.findall(r"^(?:WORD|POLICY)\(", file.read(), re.M)
        read = words.read()
        self.assertEqual(len(read), len(starts))
        for word in read:
            self.assertTrue(word.help and (word.names or word.form), word)

    def test_the_document_has_this_table(self):
        with open(words.DOCUMENT, encoding="utf-8") as file:
            document = file.read()
        self.assertEqual(document, words.replace(document, words.read()), "mended by: make words")

    def test_a_document_without_markers(self):
        for text in ("", words.BEGIN, words.END + words.BEGIN, 2 * (words.BEGIN + words.END)):
            with self.assertRaisesRegex(words.Bad, "two markers"):
                words.replace(text, words.read())

    def test_the_table(self):
        self.assertEqual(words.markdown(words.parse(small('WORD(u8, f, "w", "", SIZE, "a|b")'))), """\
| key | values | default | meaning |
|---|---|---|---|
| `mode` | `a` `b` | `a` | what it is |
| `w` | SIZE[K\\|M\\|G\\|T]; 0: all | | a\\|b |""")

    def test_help_lists_them(self):
        for command in (["tools/run", "--help"], ["tools/words"]):
            said = subprocess.run([sys.executable, *command], cwd=TOP, check=True, text=True,
                                  stdout=subprocess.PIPE).stdout
            self.assertIn(words.listing(words.read()), said)
        self.assertIn("  pks=off|strict|relaxed|silent (relaxed)\n      how the kernel", said)
        self.assertIn("\n  cpus=max, 1 to 4096 (max)\n", said)


if __name__ == "__main__":
    unittest.main()
