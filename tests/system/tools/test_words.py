# SPDX-License-Identifier: MIT
"""The command line's words: what their table's reader takes and refuses, and who shows them."""

import os
import subprocess
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import words        # noqa: E402

SMALL = """\
/* A comment, with "quotes". */
static const struct option_value modes[] = {
	{ MODE_A, "a" }, /* one { */
	{ 7, "b" },
};

const struct option_word option_words[] = {
	{ "mode", "a", "what "
	  "it is", CHOICE(policy.mode, modes) },
%s};
"""


def small(row=""):
    """A table with one word, and perhaps another row."""
    return SMALL % row


class Reader(unittest.TestCase):
    """Small tables, good and bad."""

    def test_a_table(self):
        self.assertEqual(words.parse(small()),
                         [words.Word("mode", "a", "what it is", ["a", "b"], "")])

    def test_every_kind(self):
        for kind, names, form in [
                ("MASK(m, modes)", ["a", "b"], "a list of them"),
                ("NUMBER(n, 1, 9)", [], "1 to 9"), ("LIMIT(n, 9)", ["max"], "1 to 9"),
                ("NUMBER64(n)", [], "a number of 64 bits, decimal or 0x"),
                ("SIZE(n)", [], "SIZE[K|M|G|T]; 0: all"),
                ("RANGES(r, 8)", [], "START+SIZE[,...], up to 8"),
                ("TEXT(t, 9, \"A[,A]\")", [], "A[,A], up to 9 bytes")]:
            with self.subTest(kind):
                read = words.parse(small('	{ "w", "", "h", %s },\n' % kind))[1]
                self.assertEqual(read, words.Word("w", "", "h", names, form))

    def test_refused(self):
        for row, why in [
                ('{ "w", "", "h", GUESS(n) },', r"line 10: w: .* does not know GUESS\(field\)"),
                ('{ "w", "", "h", NUMBER(n) },', r"does not know NUMBER\(field\)"),
                ('{ "w", "", "h", CHOICE(n, none) },', r"does not know CHOICE\(field, none\)"),
                ('{ "w", "", NUMBER64(n) },', "line 10: a word is"),
                ('{ "w", "", "h", NULL },', "line 10: a word is"),
                ('{ W, "", "h", SIZE(n) },', "line 10: a word is"),
                ('{ .name = "w" },', "line 10: not part of a table"),
                ('{ "w", "", "a\\"b", SIZE(n) },', "line 10: a backslash"),
                ("FOO", "line 10: `FOO` between two rows"), ("{},", "a word is"),
                ("#if 0", "line 10: not part of a table"),
                ('{ "mode", "", "h", SIZE(n) },', "one twice: mode, mode")]:
            with self.subTest(row), self.assertRaisesRegex(words.Bad, why):
                words.parse(small("	%s\n" % row))

    def test_refused_lists_and_files(self):
        for text, why in [("", "no table"), (small() + small(), "more than one"),
                          (small().replace('7, "b"', '"b", 7'), "line 4: a value is"),
                          (small().replace("MODE_A,", "MODE_A |"), "line 3: not part")]:
            with self.subTest(why), self.assertRaisesRegex(words.Bad, why):
                words.parse(text)


class Shown(unittest.TestCase):
    """The kernel's own words, in the document and in the help."""

    def test_every_row_is_read(self):
        with open(words.SOURCE, encoding="utf-8") as file:
            table = file.read().partition("option_words[] = {")[2]
        read = words.read()
        self.assertEqual(len(read), table.count("{"))
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
        self.assertEqual(words.markdown(words.parse(small('{ "w", "", "a|b", SIZE(n) },'))), """\
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
