# SPDX-License-Identifier: MIT
"""tools/lib/tables.py: generated tables in documents and as CSV; sentences that repeat a figure; progress."""

import io
import os
import sys
import tempfile
import unittest
from unittest import mock

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import tables                       # noqa: E402
from progress import Progress       # noqa: E402

HEAD, ROWS = ["place", "scope", "cost"], [["stack", "a : b", "+12"], ["stack", "c", "1,024"], ["slot", "a : b", 7]]
BEGIN = "<!-- costs: from here on written by `make bench` -->"
END = "<!-- costs: to here -->"
DOCUMENT = "before\n\n%s\n\n%s\n\n%s\n\nafter\n" % (BEGIN, "\n".join(tables.markdown(HEAD, ROWS)), END)


def problems(more, document=DOCUMENT):
    """What is wrong with the document and a sentence."""
    return ["%d: %s" % found for found in tables.wrong(document + more)]


class Documents(unittest.TestCase):
    """Tables between markers."""

    def test_a_table_replaces_only_the_text_between_its_markers(self):
        other = DOCUMENT.replace("costs", "others").replace("+12", "+99")
        once = tables.replace(DOCUMENT + other, "costs", "\nnew\n")
        self.assertEqual(once, "before\n\n%s\n\nnew\n\n%s\n\nafter\n%s" % (BEGIN, END, other))
        self.assertEqual(tables.replace(once, "costs", "\nnew\n"), once)

    def test_markers_that_are_not_there_once_each_and_in_order_are_refused(self):
        for text in ("", BEGIN, END, END + "\n" + BEGIN, "\n".join((BEGIN, BEGIN, END)), "x" + BEGIN + "\n" + END,
                     "\n".join((BEGIN, END, BEGIN, END)), DOCUMENT.replace("costs", "cost")):
            with self.assertRaisesRegex(tables.Bad, "does not have the two markers"):
                tables.replace(text, "costs", "new")

    def test_all_tables_are_written_or_none(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.md")
            with open(path, "w", encoding="utf-8") as file:
                file.write(DOCUMENT)
            with self.assertRaises(tables.Bad):
                tables.write(path, {"costs": ["new"], "lost": ["new"]})
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), DOCUMENT)
            tables.write(path, {"costs": tables.markdown(HEAD, ROWS, pad=True)})
            with open(path, encoding="utf-8") as file:
                padded = file.read()
            self.assertEqual(tables.parse(padded), tables.parse(DOCUMENT))
            self.assertIn("| stack | a : b |   +12 |\n| stack |     c | 1,024 |\n", padded)

    def test_a_written_table_is_read_back(self):
        self.assertEqual(tables.parse(DOCUMENT), {"costs": [HEAD] + [[str(c) for c in row] for row in ROWS]})

    def test_good_markers_pass(self):
        self.assertEqual(problems(""), [])
        self.assertEqual(problems(DOCUMENT.replace("costs", "others")), [])

    def test_markers_out_of_form_are_reported(self):
        for bad, about in ((DOCUMENT.replace(END, ""), "14: costs has no end"),
                           (DOCUMENT.replace(BEGIN, ""), "11: the markers of costs do not come once"),
                           (DOCUMENT + DOCUMENT, "16: the markers of costs do not come once"),
                           (DOCUMENT.replace(END, END.replace("costs", "cost")), "11: the markers of cost do not"),
                           (DOCUMENT.replace(END, "  " + END), "11: not a marker"),
                           (DOCUMENT.replace("written by `make bench`", "written"), "3: not a marker")):
            found = problems("", bad)
            self.assertTrue(found and found[0].startswith(about), (about, found))


class Quotes(unittest.TestCase):
    """Sentences that repeat a figure."""

    def test_a_sentence_with_the_tables_figure_passes(self):
        for where, said in (("slot; cost", "7 times"), ("costs; stack; c; cost", "1024."), ("stack; a : b; cost", "+12,"),
                            ("stack; c;\n  cost", "1,024"), ("least; cost", "7"), ("most; cost", "1024")):
            where = where if where.startswith("costs") else "costs; " + where
            self.assertEqual(problems("It is <!-- = %s -->%s\n" % (where, said)), [], said)

    def test_a_sentence_with_another_figure_is_reported_with_both(self):
        for said in ("8", "+7", "-7", "77", "7.0", "0.7", "about 7", ""):
            self.assertEqual(len(problems("It is <!-- = costs; slot; cost -->%s\n" % said)), 1, said)
        self.assertEqual(len(problems("It is <!-- = costs; stack; a : b; cost -->12\n")), 1, "the table has +12")
        self.assertEqual(problems("\nIt is <!-- = costs; slot; cost -->8 times\n"),
                         ["15: the sentence says 8, the table 7 (costs; slot; cost)"])

    def test_a_sentence_about_a_lost_cell_is_reported(self):
        for where in ("cost; slot; cost", "costs; slots; cost", "costs; slot; costs", "costs; stack; cost", "costs; cost",
                      "costs", "costs; slot; a : b; 8; cost"):
            found = problems("It is <!-- = %s -->7\n" % where)
            self.assertTrue(len(found) == 1 and "no" in found[0], (where, found))

    def test_least_and_most_leave_out_words_and_the_rows_in_bold(self):
        more = "| **all** | x | 9999 |\n| **few** | x | 1 |\n| none | x | - |\n"
        document = DOCUMENT.replace("\n\n" + END, "\n" + more + "\n" + END)
        for row, said in (("least", "7"), ("most", "1024"), ("**all**", "9999"), ("none", "-")):
            found = problems("It is <!-- = costs; %s; cost -->%s\n" % (row, said), document)
            self.assertEqual(found, [] if said != "-" else ["17: the sentence says no figure, the table - (costs; none; cost)"])

    def test_an_edited_table_is_seen_through_its_sentences(self):
        text = "It is <!-- = costs; slot; cost -->7.\n"
        self.assertEqual(len(problems(text, DOCUMENT.replace("| 7 |", "| 6 |"))), 1)

    def test_experiments_md_has_every_table_and_quotes_them(self):
        with open(tables.DOCUMENT, encoding="utf-8") as file:
            document = file.read()
        self.assertEqual(list(tables.wrong(document)), [])
        self.assertEqual(set(tables.parse(document)), {
            "exposure", "windows", "late", "nesting", "saved", "saved-costs-qemu", "saved-costs-bochs", "bench",
            "revoke", "ranges", "hits", "hits-factors", "hits-instructions", "writes", "writes-windows",
            "writes-crossover", "stray", "hide", "hide-growth", "hide-work", "copies",
            "failures", "failures-callers", "private-paths", "private-fatal", "private-uses", "private-costs"})
        self.assertGreater(len(tables.QUOTE.findall(document)), 12)


class Csv(unittest.TestCase):
    """Tables for programs."""

    def test_a_saved_table_is_loaded_again(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(tables, "FOLDER", folder):
            tables.save("costs", HEAD, [["a, b", '"', 7]])
            self.assertEqual(tables.load("costs", folder), (HEAD, [["a, b", '"', "7"]]))
            self.assertIsNone(tables.load("lost", folder))

    def test_a_broken_table_is_refused(self):
        for text in ("", "a,b\n1\n", "a,b\n1,2,3\n"):
            with tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, "x.csv"), "w", encoding="utf-8") as file:
                    file.write(text)
                with self.assertRaises(tables.Bad, msg=text):
                    tables.load("x", folder)


class Steps(unittest.TestCase):
    """The progress of a long command."""

    def test_the_estimate_follows_the_steps_that_are_done(self):
        times, out = iter((100, 100, 110, 160, 1000)), io.StringIO()
        progress = Progress([5, 1, 1, 3], lambda: next(times), out)
        for what in ("build", "boot", "run", "tell"):
            progress.step(what)
        self.assertEqual(out.getvalue().splitlines(), [
            "[1/4] build", "[2/4] boot, about 10 s left", "[3/4] run, about 40 s left", "[4/4] tell, about 6 min left"])


if __name__ == "__main__":
    unittest.main()
