# SPDX-License-Identifier: MIT
"""tools/lib/charts.py: each figure of a table is in its picture, at its place, and below it as text."""

import os
import re
import sys
import tempfile
import unittest
import xml.etree.ElementTree

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
for folder in ("tools/lib", "tests/system/report", "tests/system/tools"):
    sys.path.insert(0, os.path.join(TOP, folder))

import charts           # noqa: E402
import sample           # noqa: E402
import tables           # noqa: E402
import test_report      # noqa: E402

BOOT = "CPUs,RAM,`mem=`,to memory,to the first test\n"


class Pictures(unittest.TestCase):
    """Pictures of the documents' own tables."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as build:
            sample.pictures(build)
            cls.folder = os.path.join(build, "experiments")
            cls.html = charts.section(cls.folder)
            cls.tables = {c.table: tables.load(c.table, cls.folder) for c in charts.CHARTS}
        cls.root = test_report.Tree(cls.html).root

    def test_every_figure_has_its_sign_and_a_text(self):
        svgs, texts = list(self.root.all("svg")), list(self.root.all("details"))
        self.assertEqual((len(svgs), len(texts)), (len(charts.CHARTS),) * 2)
        for chart, svg, words in zip(charts.CHARTS, svgs, texts):
            head, rows = self.tables[chart.table]
            rows = [r for r in rows if "**" not in r[0]]
            wanted = [row[head.index(c)] for row in rows for c in chart.columns if charts.figure(row[head.index(c)]) is not None]
            shown = [t.text() for t in svg.all("title")]
            self.assertEqual([t.rpartition(": ")[2] for t in shown], wanted, chart.table)
            self.assertEqual(len(list(svg.all("text", class_="name"))), len(rows))
            for row in rows:
                self.assertIn("".join(row), words.raw().replace("\n", ""))
            self.assertIn(chart.title, svg.attributes["aria-label"])
            self.assertEqual(svg.attributes["role"], "img")

    def test_the_pictures_are_well_formed_and_use_no_style_of_their_own(self):
        for svg in self.html.split("<svg")[1:]:
            xml.etree.ElementTree.fromstring("<svg" + svg.split("</svg>")[0] + "</svg>")
        self.assertNotRegex(self.html, r"style=|href=|src=")

    def test_a_larger_figure_is_further_right(self):
        for svg in self.root.all("svg"):
            found = []
            for sign in svg.all("text", class_="sign"):
                value = charts.figure(sign.one("title").text().rpartition(": ")[2])
                found.append((value, float(sign.attributes["x"].rstrip("%"))))
            found.sort()
            places = [place for _, place in found]
            self.assertEqual(places, sorted(places))
            self.assertTrue(0 < places[0] and places[-1] < 97, places)
            for (less, left), (more, right) in zip(found, found[1:]):
                self.assertTrue(right > left or more <= 0 or more < less * 1.01, (less, more))

    def test_a_missing_table_names_its_command(self):
        with tempfile.TemporaryDirectory() as nothing:
            html = charts.section(nothing)
        self.assertNotIn("<svg", html)
        self.assertEqual(re.findall(r'class="command">([^<]*)<', html), [c.command for c in charts.CHARTS])
        with open(os.path.join(TOP, "host.mk"), encoding="utf-8") as file:
            targets = re.findall(r"^([a-z-]+):", file.read(), re.M)
        self.assertLessEqual({c.command for c in charts.CHARTS}, {"make " + t for t in targets})


class Cells(unittest.TestCase):
    """Figures, scales and foreign tables."""

    def test_figures_are_read(self):
        for cell, value in (("27/28", 28), ("+8/+9", 9), ("68 (2)", 68), ("1,024", 1024), ("-3", -3), ("7.5", 7.5),
                            ("", None), ("-", None), ("all", None), ("0", 0)):
            self.assertEqual(charts.figure(cell), value, cell)

    def test_a_scale_holds_any_figures(self):
        for figures in ([], [0], [1], [1000], [0.2, 3], [5, 10 ** 9], [-4, 2]):
            scale = charts.Scale(figures)
            for value in figures:
                self.assertTrue(2 <= scale.x(value) <= 95.01, (figures, value))
            labels = [label for _, label in scale.ticks()]
            self.assertEqual(labels[0], "0")
            self.assertEqual(len(labels), len(set(labels)))
        self.assertEqual([label for _, label in charts.Scale([0.2, 20000]).ticks()],
                         ["0", "0.1", "1", "10", "100", "1k", "10k", "100k"])

    def test_a_foreign_table_is_refused_or_escaped(self):
        evil = "</svg><script>alert(1)</script>"
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "boot-times.csv")
            with open(path, "w", encoding="utf-8") as file:
                file.write(BOOT + "1,%s,0,1,%s\n" % (evil, "2" + evil))
            html = charts.section(folder)
            self.assertNotIn("<script", html)
            self.assertIn("&lt;script", html)
            for bad in (BOOT.replace("RAM", "ROM"), BOOT.replace("RAM", "CPUs"), BOOT + "1,2\n"):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(bad)
                with self.assertRaisesRegex(tables.Bad, "boot-times.csv"):
                    charts.section(folder)


if __name__ == "__main__":
    unittest.main()
